//! Organization roles (R-*). They count as things of the root organization (D-7), so whoever may see one may
//! see those of every store.

mod automatic;
mod holders;
mod remap;

pub use automatic::{Automatic, automatic, some_delete};
use holders::{assigned, nobody_above};
pub use remap::{Remap, Remapped, remap, remap_effect};

use super::{
    conn::Conn,
    kept::Fresh,
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    schema::roles,
    sql::Sql,
    transaction::{Reader, Tx},
    tree,
};
use crate::{
    access::{Ground, confer},
    domain::{
        Refusal,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::Step,
        permissions::{OrganizationRoleAdd, OrganizationRoleDelete, OrganizationRoleEdit, OrganizationRoleView},
        rights::{Cell, Rights},
        role::{Role, Terms, name_taken},
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: RoleKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    store: StoreKey,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    name_sort: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Bool)]
    auto_every: bool,
    #[diesel(sql_type = Bool)]
    auto_first: bool,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = Integer)]
    rev: i32,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
    #[diesel(sql_type = Nullable<Text>)]
    changed_by: Option<String>,
}

#[derive(QueryableByName)]
struct ListedRow {
    #[diesel(embed)]
    role: Row,
    #[diesel(sql_type = BigInt)]
    held: i64,
}

impl Placed for ListedRow {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            "r.changed_at" => Sorted::Int(self.role.changed_at.micros()),
            _ => Sorted::Text(self.role.name_sort.clone()),
        };
        Cursor(sorted, self.role.key.0)
    }
}

impl From<Row> for Role {
    fn from(row: Row) -> Self {
        let terms = Terms {
            name: row.name,
            description: row.description,
            auto_every: row.auto_every,
            auto_first: row.auto_first,
            rights: Rights::from_bits(row.rights as u16),
        };
        Self { key: row.key, id: row.id, store: row.store, terms, rev: row.rev, changed_at: row.changed_at, changed_by: row.changed_by }
    }
}

impl From<ListedRow> for Listed {
    fn from(row: ListedRow) -> Self {
        Self { role: row.role.into(), held: row.held }
    }
}

/// A role in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The role.
    pub role: Role,
    /// How many accounts hold it.
    pub held: i64,
}

const COLUMNS: &str = "SELECT r.key, r.id, r.store, r.name, r.name_sort, r.description, r.auto_every, r.auto_first, r.rights, r.rev, r.changed_at, r.changed_by";

/// Until when those hold a role who hold it only up to an end, of every role of a store: each account once, by its last end.
type Ends = HashMap<RoleKey, Vec<Time>>;

/// Those of them that lie ahead.
fn ends(conn: &mut Conn, fresh: &Fresh, store: StoreKey, now: Time) -> Result<Arc<Ends>, Problem> {
    #[derive(QueryableByName)]
    struct End {
        #[diesel(sql_type = BigInt)]
        role: RoleKey,
        #[diesel(sql_type = BigInt)]
        ends: Time,
    }
    let mut key = Sql::new("ends of the roles of ");
    key.bind(store);
    if let Some(known) = fresh.find(&key) {
        return Ok(known);
    }
    let mut sql =
        Sql::new("SELECT ra.role, max(ra.ends) AS ends FROM roles r CROSS JOIN role_assignments ra WHERE ra.role = r.key AND r.store = ");
    // The + keeps SQLite from looking through everybody who holds the role instead of through what the account holds.
    sql.bind(store).push(" AND ra.ends > ").bind(now).push(
        " AND NOT EXISTS (SELECT 1 FROM role_assignments l WHERE l.account = ra.account AND +l.role = ra.role AND l.ends IS NULL) \
         GROUP BY ra.role, ra.account",
    );
    let mut found = Ends::new();
    for End { role, ends } in sql.load::<End>(conn)? {
        found.entry(role).or_default().push(ends);
    }
    let bytes = found.values().map(|ends| 80 + ends.len() * size_of::<Time>()).sum();
    Ok(fresh.keep(key, found, bytes))
}

/// The columns with how many hold it: the count that is kept of those who hold it without an end, and those who hold
/// it only up to an end ahead.
fn listed_columns(now: Time) -> Sql {
    let mut sql = Sql::new(COLUMNS);
    sql.push(", r.lasting + (SELECT count(DISTINCT ra.account) FROM role_assignments ra WHERE ra.role = r.key AND ra.ends > ").bind(now);
    // The + keeps SQLite from looking through everybody who holds the role instead of through what the account holds.
    sql.push(
        " AND NOT EXISTS (SELECT 1 FROM role_assignments l WHERE l.account = ra.account AND +l.role = ra.role AND l.ends IS NULL)) AS held",
    );
    sql
}

/// What narrows and orders the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name or description.
    pub q: String,
    /// `every`, `first` or `none`.
    pub auto: String,
    /// Only roles with this cell.
    pub right: Option<Cell>,
    /// Only roles that nobody holds.
    pub unused: bool,
    /// Only roles that do not open the accounts list.
    pub without_minimum: bool,
    /// By last change instead of by name.
    pub by_change: bool,
    /// Reversed.
    pub descending: bool,
}

/// The roles of a store.
///
/// # Errors
/// What the database says.
pub fn list(
    reader: &mut impl Reader<OrganizationRoleView>,
    store: StoreKey,
    filter: &Filter,
    paging: &Paging,
) -> Result<Slice<Listed>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let conn = reader.conn();
    let mut from = Sql::new("FROM roles r WHERE r.store = ");
    from.bind(store);
    if !filter.q.is_empty() {
        let part = format!("%{}%", super::identity_stores::like(&text::search(&filter.q)));
        from.push(" AND r.name_sort LIKE ").bind(part).push(" ESCAPE '\\'");
    }
    match filter.auto.as_str() {
        "every" => from.push(" AND r.auto_every"),
        "first" => from.push(" AND r.auto_first"),
        "none" => from.push(" AND NOT r.auto_every AND NOT r.auto_first"),
        _ => &mut from,
    };
    if let Some(cell) = filter.right {
        let bit = i64::from(Rights::from_iter([cell]).bits());
        from.push(" AND (r.rights & ").bind(bit).push(") <> 0");
    }
    if filter.without_minimum {
        no_minimum(&mut from);
    }
    if filter.unused {
        from.push(" AND r.lasting = 0 AND NOT EXISTS (SELECT 1 FROM role_assignments ra WHERE ra.role = r.key AND ra.ends > ")
            .bind(now)
            .push(")");
    }
    let order =
        Order { column: if filter.by_change { "r.changed_at" } else { "r.name_sort" }, key: "r.key", descending: filter.descending };
    let mut columns = Sql::new(COLUMNS);
    columns.push(", r.lasting AS held");
    let slice = paging::slice_with::<ListedRow>(conn, &columns, &from, order, paging)?;
    let ends = ends(conn, &fresh, store, now)?;
    Ok(slice.map(|row| {
        let passing = ends.get(&row.role.key).map_or(0, |ends| ends.iter().filter(|end| **end > now).count());
        Listed { held: row.held + passing as i64, role: row.role.into() }
    }))
}

/// How many roles of the store do not open the accounts list.
///
/// # Errors
/// What the database says.
pub fn without_minimum(reader: &mut impl Reader<OrganizationRoleView>, store: StoreKey) -> Result<paging::Total, Problem> {
    let fresh = reader.fresh()?;
    let mut from = Sql::new("FROM roles r WHERE r.store = ");
    from.bind(store);
    no_minimum(&mut from);
    fresh.ask(from.clone(), |_| paging::total(reader.conn(), &from))
}

fn no_minimum(from: &mut Sql) {
    let bit = i64::from(Rights::from_iter([Cell::ManagementRead]).bits());
    from.push(" AND (r.rights & ").bind(bit).push(") = 0");
}

/// A role of a store. Who may assign roles somewhere in the store must name them, so `G` is any permission that
/// deals with roles; the store was found through the reader's reach.
///
/// # Errors
/// [`Problem::NotFound`] when the store has no such role.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, id: &str) -> Result<Role, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.id = ").bind(id);
    one(sql, reader.conn())
}

/// As [`find`], with how many hold it.
///
/// # Errors
/// As [`find`].
pub fn find_listed<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, id: &str) -> Result<Listed, Problem> {
    let mut sql = listed_columns(reader.now());
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.id = ").bind(id);
    sql.load::<ListedRow>(reader.conn())?.pop().map(Listed::from).ok_or(Problem::NotFound)
}

/// As [`find`], by name.
///
/// # Errors
/// As [`find`].
pub fn find_by_name<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, name: &str) -> Result<Role, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.name_folded = ").bind(text::fold(name));
    one(sql, reader.conn())
}

/// As [`find`], by the key that a draft keeps.
///
/// # Errors
/// As [`find`].
pub fn find_by_key<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, key: RoleKey) -> Result<Role, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.key = ").bind(key);
    one(sql, reader.conn())
}

fn one(sql: Sql, conn: &mut Conn) -> Result<Role, Problem> {
    sql.load::<Row>(conn)?.pop().map(Role::from).ok_or(Problem::NotFound)
}

/// The roles to choose from in a form: id and name, by name.
///
/// # Errors
/// What the database says.
pub fn choices<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey) -> Result<Vec<(String, String)>, Problem> {
    Ok(roles::table
        .filter(roles::store.eq(store))
        .order((roles::name_sort, roles::key))
        .select((roles::id, roles::name))
        .load(reader.conn())?)
}

/// Where a role is assigned.
#[derive(Clone, Debug)]
pub struct Use {
    /// The organization's id.
    pub organization_id: String,
    /// From the top to the organization.
    pub path: Vec<Step>,
    /// How many accounts hold it there.
    pub accounts: i64,
    /// How many organizations stand below.
    pub below: i64,
}

#[derive(QueryableByName)]
struct UseRow {
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
}

/// Where the role is assigned, most holders first, up to `most`; and in how many organizations in all.
///
/// # Errors
/// What the database says.
pub fn used(reader: &mut impl Reader<OrganizationRoleView>, role: RoleKey, most: i64) -> Result<(Vec<Use>, i64), Problem> {
    let now = reader.now();
    let conn = reader.conn();
    let mut count = Sql::new("SELECT count(DISTINCT ra.organization) AS n FROM role_assignments ra WHERE ra.role = ");
    count.bind(role).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now).push(")");
    let count = count.number(conn)?;
    let mut sql = Sql::new(
        "SELECT ra.organization, o.id, count(*) AS accounts, \
         (SELECT count(*) FROM organization_closure b WHERE b.ancestor = ra.organization AND b.depth > 0) AS below \
         FROM role_assignments ra JOIN organizations o ON o.key = ra.organization WHERE ra.role = ",
    );
    sql.bind(role).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") GROUP BY ra.organization, o.id ORDER BY count(*) DESC, ra.organization LIMIT ").bind(most);
    let rows: Vec<UseRow> = sql.load(conn)?;
    let mut paths = tree::paths(conn, rows.iter().map(|row| row.organization))?;
    let uses = rows
        .into_iter()
        .map(|row| Use {
            path: paths.remove(&row.organization).unwrap_or_default(),
            organization_id: row.id,
            accounts: row.accounts,
            below: row.below,
        })
        .collect();
    Ok((uses, count))
}

/// Whether the name is taken in the store by another role.
///
/// # Errors
/// What the database says.
pub fn name_is_taken<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, name: &str, but: Option<RoleKey>) -> Result<bool, Problem> {
    let other: Option<RoleKey> = roles::table
        .filter(roles::store.eq(store))
        .filter(roles::name_folded.eq(text::fold(name)))
        .select(roles::key)
        .first(reader.conn())
        .optional()?;
    Ok(other.is_some() && other != but)
}

/// Makes a role. Its cells must be the maker's to give (D-11).
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] for cells that are not covered.
pub fn add(tx: &mut Tx<OrganizationRoleAdd>, store: &IdentityStore, terms: &Terms) -> Result<Role, Problem> {
    if name_is_taken(tx, store.key, &terms.name, None)? {
        return Err(name_taken(&terms.name).into());
    }
    let none = Terms { rights: Rights::NONE, ..Terms::default() };
    may_change(tx, None, &none, terms)?;
    let (id, now) = (tx.chance().id("role"), tx.now());
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    let key: RoleKey = diesel::insert_into(roles::table)
        .values((
            roles::id.eq(&id),
            roles::store.eq(store.key),
            values(terms),
            roles::rev.eq(1),
            roles::created_at.eq(now),
            roles::changed_at.eq(now),
            roles::changed_by.eq(&by),
        ))
        .returning(roles::key)
        .get_result(tx.conn())?;
    tx.record(Event::done("role.add").on(Subject::of("role", &id).in_store(store.key)).with("after", describe(terms)))?;
    Ok(Role { key, id, store: store.key, terms: terms.clone(), rev: 1, changed_at: now, changed_by: by })
}

type Values<'a> = (
    diesel::dsl::Eq<roles::name, &'a str>,
    diesel::dsl::Eq<roles::name_folded, String>,
    diesel::dsl::Eq<roles::name_sort, String>,
    diesel::dsl::Eq<roles::description, &'a str>,
    diesel::dsl::Eq<roles::auto_every, bool>,
    diesel::dsl::Eq<roles::auto_first, bool>,
    diesel::dsl::Eq<roles::rights, i32>,
);

/// The columns that hold what a person decides.
pub(super) fn values(terms: &Terms) -> Values<'_> {
    (
        roles::name.eq(terms.name.as_str()),
        roles::name_folded.eq(text::fold(&terms.name)),
        roles::name_sort.eq(text::search(&terms.name)),
        roles::description.eq(terms.description.as_str()),
        roles::auto_every.eq(terms.auto_every),
        roles::auto_first.eq(terms.auto_first),
        roles::rights.eq(i32::from(terms.rights.bits())),
    )
}

fn describe(terms: &Terms) -> serde_json::Value {
    json!({
        "name": terms.name, "description": terms.description,
        "auto_every": terms.auto_every, "auto_first": terms.auto_first, "rights": terms.rights.codes(),
    })
}

/// What saving a held role does: who is concerned, and what they gain and lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// How many accounts hold the role.
    pub accounts: i64,
    /// At how many organizations.
    pub organizations: i64,
    /// Cells they gain.
    pub gained: Rights,
    /// Cells they lose.
    pub lost: Rights,
}

impl Effect {
    /// Whether anybody's rights change.
    pub fn matters(&self) -> bool {
        self.accounts > 0 && !(self.gained.is_empty() && self.lost.is_empty())
    }

    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{}.{}.{}", self.accounts, self.organizations, self.gained.bits(), self.lost.bits())
    }
}

/// What changing the role from its terms to these would do.
///
/// # Errors
/// What the database says.
pub fn effect<G: Ground>(reader: &mut impl Reader<G>, role: &Role, terms: &Terms) -> Result<Effect, Problem> {
    #[derive(QueryableByName)]
    struct Counts {
        #[diesel(sql_type = BigInt)]
        accounts: i64,
        #[diesel(sql_type = BigInt)]
        organizations: i64,
    }
    let now = reader.now();
    let mut sql = Sql::new(
        "SELECT count(DISTINCT account) AS accounts, count(DISTINCT organization) AS organizations FROM role_assignments WHERE role = ",
    );
    sql.bind(role.key).push(" AND (ends IS NULL OR ends > ").bind(now).push(")");
    let counts = sql.load::<Counts>(reader.conn())?.pop().ok_or(Problem::NotFound)?;
    Ok(Effect {
        accounts: counts.accounts,
        organizations: counts.organizations,
        gained: terms.rights.without(role.terms.rights),
        lost: role.terms.rights.without(terms.rights),
    })
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done, with the event that can be undone.
    Done(Role, Effect, String),
    /// It is held, and this is what saving would do: to be confirmed first (R-7, Z-11).
    Confirm(Effect),
    /// Somebody saved another version meanwhile.
    Stale(Role),
}

/// Changes a role. `rev` is the version that the person saw, `confirmed` the mark of the effect they confirmed.
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] for cells that are not covered (D-11).
pub fn edit(
    tx: &mut Tx<OrganizationRoleEdit>,
    store: &IdentityStore,
    id: &str,
    rev: i32,
    terms: &Terms,
    confirmed: Option<&str>,
) -> Result<Saved, Problem> {
    let now = tx.now();
    let role = find(tx, store, id)?;
    if role.rev != rev {
        return Ok(Saved::Stale(role));
    }
    if name_is_taken(tx, store.key, &terms.name, Some(role.key))? {
        return Err(name_taken(&terms.name).into());
    }
    may_change(tx, Some(&role), &role.terms, terms)?;
    let effect = effect(tx, &role, terms)?;
    if effect.matters() && confirmed != Some(effect.mark().as_str()) {
        return Ok(Saved::Confirm(effect));
    }
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    diesel::update(roles::table.find(role.key))
        .set((values(terms), roles::rev.eq(role.rev + 1), roles::changed_at.eq(now), roles::changed_by.eq(&by)))
        .execute(tx.conn())?;
    let event = tx.record(
        Event::done("role.edit")
            .on(Subject::of("role", &role.id).in_store(store.key))
            .with("before", describe(&role.terms))
            .with("after", describe(terms))
            .with("accounts", effect.accounts)
            .with("organizations", effect.organizations)
            .with("rev", role.rev + 1),
    )?;
    let role = Role { terms: terms.clone(), rev: role.rev + 1, changed_at: now, changed_by: by, ..role };
    Ok(Saved::Done(role, effect, event))
}

/// D-11: cells may be added and taken only by who covers them wherever the role is assigned, and in the whole
/// store where it is given automatically, before or after.
fn may_change<G: Ground>(tx: &mut Tx<G>, role: Option<&Role>, before: &Terms, after: &Terms) -> Result<(), Problem> {
    let newly_automatic = after.automatic() && (after.auto_every, after.auto_first) != (before.auto_every, before.auto_first);
    let touched = if newly_automatic { before.touched(after).union(after.rights) } else { before.touched(after) };
    if touched.is_empty() || tx.permit().person()?.is_super() {
        return Ok(());
    }
    let assigned = match role {
        Some(role) => assigned(tx, role.key)?,
        None => Vec::new(),
    };
    let root = if before.automatic() || after.automatic() {
        let key = tree::root(tx.conn())?;
        Some(tree::lineage(tx.conn(), key)?)
    } else {
        None
    };
    let actor = tx.permit().person()?.clone();
    confer::may_change_cells(&actor, touched, assigned.iter().map(|(at, until)| (at, *until)), root.as_ref())
        .map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    match role {
        Some(role) => nobody_above(tx, &actor, role.key),
        None => Ok(()),
    }
}

/// Deletes a role that nobody holds; rows of assignments that have ended go with it.
///
/// # Errors
/// [`Problem::Conflict`] while it is held.
pub fn delete(tx: &mut Tx<OrganizationRoleDelete>, store: &IdentityStore, id: &str) -> Result<Role, Problem> {
    use super::schema::{invitation_roles, role_assignments, selection_drafts};
    let Listed { role, held } = find_listed(tx, store, id)?;
    if held > 0 {
        let accounts = text::count(held, "account still holds it", "accounts still hold it");
        return Err(Problem::Conflict(format!("{accounts}. Take it from them first.")));
    }
    diesel::delete(role_assignments::table.filter(role_assignments::role.eq(role.key))).execute(tx.conn())?;
    diesel::delete(selection_drafts::table.filter(selection_drafts::role.eq(role.key))).execute(tx.conn())?;
    // What an invitation promised is left out when it is accepted (I-1).
    diesel::delete(invitation_roles::table.filter(invitation_roles::role.eq(role.key))).execute(tx.conn())?;
    diesel::delete(roles::table.find(role.key)).execute(tx.conn())?;
    tx.record(Event::done("role.delete").on(Subject::of("role", &role.id).in_store(store.key)).with("before", describe(&role.terms)))?;
    Ok(role)
}

/// Adds the recommended roles to a store that has none. Their names, in order.
///
/// # Errors
/// [`Problem::Conflict`] when the store has roles already; as [`add`].
pub fn add_templates(tx: &mut Tx<OrganizationRoleAdd>, store: &IdentityStore) -> Result<Vec<String>, Problem> {
    let existing: i64 = roles::table.filter(roles::store.eq(store.key)).count().get_result(tx.conn())?;
    if existing > 0 {
        return Err(Problem::Conflict("This store has roles already. Make further ones from a template one by one.".into()));
    }
    crate::domain::rights::templates()
        .into_iter()
        .map(|template| {
            let terms =
                Terms { name: template.name.into(), description: template.description.into(), rights: template.rights, ..Terms::default() };
            add(tx, store, &terms).map(|role| role.terms.name)
        })
        .collect()
}

/// The refusal for a form without a version.
pub fn missing_rev() -> Refusal {
    Refusal::at("rev", "The page was incomplete. Load it again.")
}
