//! Administrator roles (D-1 to D-5). They are things of the tenant (D-7): whoever may see one may see all of them;
//! whoever holds one may read that one.

use super::{
    conn::Conn,
    grants, holdings,
    identity_stores::like,
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    schema::{administrator_roles, grants as granted},
    sql::Sql,
    transaction::{Reader, Tx},
};
use crate::{
    access::{Console, Ground, confer, rank},
    domain::{
        Refusal,
        administrator_role::{AdministratorRole, Kind, Terms, name_taken},
        event::{Event, Subject},
        key::*,
        permissions::{
            AdministratorRoleAdd, AdministratorRoleDelete, AdministratorRoleEdit, AdministratorRoleView, AdministratorView, Permission,
            PermissionSet,
        },
        text,
        time::{Period, Time},
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde_json::json;
use std::collections::BTreeSet;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: AdministratorRoleKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    name_sort: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Text)]
    kind: Kind,
    #[diesel(sql_type = Text)]
    permissions: String,
    #[diesel(sql_type = Integer)]
    rev: i32,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
    #[diesel(sql_type = Nullable<Text>)]
    changed_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    held: i64,
    #[diesel(sql_type = BigInt)]
    passed_on: i64,
}

impl Placed for Row {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            "r.changed_at" => Sorted::Int(self.changed_at.micros()),
            _ => Sorted::Text(self.name_sort.clone()),
        };
        Cursor(sorted, self.key.0)
    }
}

impl Row {
    fn listed(self) -> Result<Listed, Problem> {
        let permissions = match self.kind {
            Kind::Super => PermissionSet::ALL,
            Kind::Root | Kind::Other => PermissionSet::parse(&self.permissions)
                .map_err(|code| Problem::Internal(anyhow::anyhow!("a stored role holds the unknown permission {code}")))?,
        };
        let role = AdministratorRole {
            key: self.key,
            id: self.id,
            kind: self.kind,
            terms: Terms { name: self.name, description: self.description, permissions },
            rev: self.rev,
            changed_at: self.changed_at,
            changed_by: self.changed_by,
        };
        Ok(Listed { role, held: self.held, passed_on: self.passed_on })
    }
}

/// A role in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The role.
    pub role: AdministratorRole,
    /// How many accounts hold it: by a grant that has not ended.
    pub held: i64,
    /// How many of them may pass it on.
    pub passed_on: i64,
}

/// A grant `g` that has not ended: it counts as held, also before it starts.
fn held(sql: &mut Sql, now: Time) -> &mut Sql {
    sql.push("(g.ends IS NULL OR g.ends > ").bind(now).push(")")
}

fn columns(now: Time) -> Sql {
    let mut sql = Sql::new(
        "SELECT r.key, r.id, r.name, r.name_sort, r.description, r.kind, r.permissions, r.rev, r.changed_at, r.changed_by, \
         (SELECT count(DISTINCT g.account) FROM grants g WHERE g.role = r.key AND ",
    );
    held(&mut sql, now).push(") AS held, (SELECT count(DISTINCT g.account) FROM grants g WHERE g.role = r.key AND g.cascading AND ");
    held(&mut sql, now).push(") AS passed_on");
    sql
}

/// What narrows and orders the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name.
    pub q: String,
    /// Only roles of this kind.
    pub kind: Option<Kind>,
    /// Only roles that nobody holds.
    pub unused: bool,
    /// By last change instead of by name.
    pub by_change: bool,
    /// Reversed.
    pub descending: bool,
}

/// The administrator roles.
///
/// # Errors
/// What the database says.
pub fn list(reader: &mut impl Reader<AdministratorRoleView>, filter: &Filter, paging: &Paging) -> Result<Slice<Listed>, Problem> {
    let now = reader.now();
    let mut from = Sql::new("FROM administrator_roles r WHERE TRUE");
    if !filter.q.is_empty() {
        let part = format!("%{}%", like(&text::search(&filter.q)));
        from.push(" AND r.name_sort LIKE ").bind(part).push(" ESCAPE '\\'");
    }
    if let Some(kind) = filter.kind {
        from.push(" AND r.kind = ").bind(kind.word());
    }
    if filter.unused {
        from.push(" AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.role = r.key AND ");
        held(&mut from, now).push(")");
    }
    let order =
        Order { column: if filter.by_change { "r.changed_at" } else { "r.name_sort" }, key: "r.key", descending: filter.descending };
    let Slice { rows, number, per, total, first, last, many } =
        paging::slice_with::<Row>(reader.conn(), &columns(now), &from, order, paging)?;
    let rows = rows.into_iter().map(Row::listed).collect::<Result<_, _>>()?;
    Ok(Slice { rows, number, per, total, first, last, many })
}

fn find_in(conn: &mut Conn, id: &str, now: Time) -> Result<Listed, Problem> {
    let mut sql = columns(now);
    sql.push(" FROM administrator_roles r WHERE r.id = ").bind(id);
    sql.load::<Row>(conn)?.pop().ok_or(Problem::NotFound)?.listed()
}

/// A role, for whoever may do something with administrator roles: they are all things of the tenant, so `G` is any of
/// the permissions that deal with them.
///
/// # Errors
/// [`Problem::NotFound`] when there is none.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, id: &str) -> Result<Listed, Problem> {
    let now = reader.now();
    find_in(reader.conn(), id, now)
}

/// A role to read: for whoever may see administrator roles, and for its holders (D-1).
///
/// # Errors
/// [`Problem::NotFound`] for everybody else.
pub fn find_to_read(reader: &mut impl Reader<Console>, id: &str) -> Result<Listed, Problem> {
    let sees = reader.permit().person()?.may(&AdministratorRoleView::LEAF);
    let listed = find(reader, id)?;
    if sees || is_own(reader, &listed.role)? { Ok(listed) } else { Err(Problem::NotFound) }
}

/// Whether the person holds the role themselves. What their grant was handed on with is the same role (D-9).
///
/// # Errors
/// What the database says.
pub fn is_own<G: Ground>(reader: &mut impl Reader<G>, role: &AdministratorRole) -> Result<bool, Problem> {
    let (now, account) = (reader.now(), reader.permit().person()?.account);
    let mut sql = Sql::new("SELECT count(*) AS n FROM grants g WHERE g.role = ");
    held(sql.bind(role.key.0).push(" AND g.account = ").bind(account).push(" AND "), now);
    Ok(sql.number(reader.conn())? > 0)
}

/// Somebody who holds a role, by one grant.
#[derive(Clone, Debug, QueryableByName)]
pub struct Holder {
    /// The account's key, for the colour of its picture.
    #[diesel(sql_type = BigInt)]
    pub key: AccountKey,
    /// What the account is called.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The organization that owns the scope; none: without a scope.
    #[diesel(sql_type = Nullable<Text>)]
    pub organization: Option<String>,
    /// The scope's name.
    #[diesel(sql_type = Nullable<Text>)]
    pub scope: Option<String>,
    /// Whether they may pass it on.
    #[diesel(sql_type = Bool)]
    pub cascading: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

impl Holder {
    /// The dates of the grant.
    pub fn period(&self) -> Period {
        Period { starts: self.starts, ends: self.ends }
    }
}

/// Who holds the role in the reader's reach, up to `most`, by name.
///
/// # Errors
/// What the database says.
pub fn holders(reader: &mut impl Reader<AdministratorView>, role: AdministratorRoleKey, most: i64) -> Result<Vec<Holder>, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(
        "SELECT a.key, coalesce(nullif(a.name, ''), a.email, a.username, '') AS name, o.name AS organization, s.name AS scope, \
         g.cascading, g.starts, g.ends FROM grants g JOIN accounts a ON a.key = g.account LEFT JOIN scopes s ON s.key = g.scope \
         LEFT JOIN organizations o ON o.key = s.organization WHERE g.role = ",
    );
    held(sql.bind(role.0).push(" AND "), now).push(" AND ");
    // A grant without a scope is a thing of the root organization (D-7).
    sql.in_reach(permit.reach(), "coalesce(s.organization, (SELECT key FROM organizations WHERE parent IS NULL))");
    sql.push(" ORDER BY a.name_sort, g.key LIMIT ").bind(most);
    sql.load(conn)
}

fn name_is_taken(conn: &mut Conn, name: &str, but: Option<AdministratorRoleKey>) -> Result<bool, Problem> {
    let other: Option<AdministratorRoleKey> = administrator_roles::table
        .filter(administrator_roles::name_folded.eq(text::fold(name)))
        .select(administrator_roles::key)
        .first(conn)
        .optional()?;
    Ok(other.is_some() && other != but)
}

/// Makes a role of a kind that is fixed from then on (D-2). Its permissions must be the maker's own (D-11).
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] for permissions that are not covered, and for the predefined kind.
pub fn add(tx: &mut Tx<AdministratorRoleAdd>, kind: Kind, terms: &Terms) -> Result<AdministratorRole, Problem> {
    if kind == Kind::Super {
        return Err(given());
    }
    if name_is_taken(tx.conn(), &terms.name, None)? {
        return Err(name_taken(&terms.name).into());
    }
    may_change(tx, None, terms.permissions)?;
    let (id, now) = (tx.chance().id("arole"), tx.now());
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    let key: AdministratorRoleKey = diesel::insert_into(administrator_roles::table)
        .values((
            administrator_roles::id.eq(&id),
            administrator_roles::kind.eq(kind),
            values(terms),
            administrator_roles::rev.eq(1),
            administrator_roles::created_at.eq(now),
            administrator_roles::changed_at.eq(now),
            administrator_roles::changed_by.eq(&by),
        ))
        .returning(administrator_roles::key)
        .get_result(tx.conn())?;
    tx.record(Event::done("administrator_role.add").on(Subject::of("administrator_role", &id)).with("after", describe(kind, terms)))?;
    Ok(AdministratorRole { key, id, kind, terms: terms.clone(), rev: 1, changed_at: now, changed_by: by })
}

type Values<'a> = (
    diesel::dsl::Eq<administrator_roles::name, &'a str>,
    diesel::dsl::Eq<administrator_roles::name_folded, String>,
    diesel::dsl::Eq<administrator_roles::name_sort, String>,
    diesel::dsl::Eq<administrator_roles::description, &'a str>,
    diesel::dsl::Eq<administrator_roles::permissions, String>,
);

fn values(terms: &Terms) -> Values<'_> {
    (
        administrator_roles::name.eq(terms.name.as_str()),
        administrator_roles::name_folded.eq(text::fold(&terms.name)),
        administrator_roles::name_sort.eq(text::search(&terms.name)),
        administrator_roles::description.eq(terms.description.as_str()),
        administrator_roles::permissions.eq(terms.permissions.codes()),
    )
}

fn describe(kind: Kind, terms: &Terms) -> serde_json::Value {
    json!({ "name": terms.name, "description": terms.description, "kind": kind.word(), "permissions": terms.permissions.codes() })
}

/// Nobody changes the predefined role (D-5).
fn given() -> Problem {
    Problem::Forbidden("The super administrator role is given by the product. Nobody changes, copies or deletes it.".into())
}

/// Refuses what would change or copy the predefined role (D-5).
///
/// # Errors
/// [`Problem::Forbidden`] for it.
pub fn not_given(role: &AdministratorRole) -> Result<(), Problem> {
    if role.is_given() { Err(given()) } else { Ok(()) }
}

/// What saving a held role does: whom it concerns, and what they gain and lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// How many accounts hold the role.
    pub accounts: i64,
    /// Permissions they gain.
    pub gained: PermissionSet,
    /// Permissions they lose.
    pub lost: PermissionSet,
}

impl Effect {
    /// Whether what anybody may do changes.
    pub fn matters(&self) -> bool {
        self.accounts > 0 && !(self.gained.is_empty() && self.lost.is_empty())
    }

    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{:x}.{:x}", self.accounts, self.gained.bits(), self.lost.bits())
    }
}

/// What changing the role to these terms would do.
pub fn effect(listed: &Listed, terms: &Terms) -> Effect {
    let before = listed.role.terms.permissions;
    Effect { accounts: listed.held, gained: terms.permissions.without(before), lost: before.without(terms.permissions) }
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done, with the event that can be undone.
    Done(AdministratorRole, Effect, String),
    /// It is held, and this is what saving would do: to be confirmed first (Z-11).
    Confirm(Effect),
    /// Somebody saved another version meanwhile.
    Stale(AdministratorRole),
}

/// Changes a role. `rev` is the version that the person saw, `confirmed` the mark of the effect they confirmed.
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] for the predefined role, and for permissions that are not the
/// person's to give or take there (D-11, C-2).
pub fn edit(tx: &mut Tx<AdministratorRoleEdit>, id: &str, rev: i32, terms: &Terms, confirmed: Option<&str>) -> Result<Saved, Problem> {
    let now = tx.now();
    let listed = find_in(tx.conn(), id, now)?;
    let role = &listed.role;
    not_given(role)?;
    if role.rev != rev {
        return Ok(Saved::Stale(listed.role));
    }
    if name_is_taken(tx.conn(), &terms.name, Some(role.key))? {
        return Err(name_taken(&terms.name).into());
    }
    may_change(tx, Some(role.key), role.terms.touched(terms))?;
    let effect = effect(&listed, terms);
    if effect.matters() && confirmed != Some(effect.mark().as_str()) {
        return Ok(Saved::Confirm(effect));
    }
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    diesel::update(administrator_roles::table.find(role.key))
        .set((
            values(terms),
            administrator_roles::rev.eq(role.rev + 1),
            administrator_roles::changed_at.eq(now),
            administrator_roles::changed_by.eq(&by),
        ))
        .execute(tx.conn())?;
    let event = tx.record(
        Event::done("administrator_role.edit")
            .on(Subject::of("administrator_role", &role.id))
            .with("before", describe(role.kind, &role.terms))
            .with("after", describe(role.kind, terms))
            .with("accounts", effect.accounts)
            .with("rev", role.rev + 1),
    )?;
    let role = AdministratorRole { terms: terms.clone(), rev: role.rev + 1, changed_at: now, changed_by: by, ..listed.role };
    Ok(Saved::Done(role, effect, event))
}

/// D-11, and C-2 with Z-10: permissions are added and taken only by who holds them wherever the role is granted, and
/// outranks none of them who hold it. A role that is being made is granted nowhere.
fn may_change<G: Ground>(tx: &mut Tx<G>, role: Option<AdministratorRoleKey>, touched: PermissionSet) -> Result<(), Problem> {
    if touched.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let held = match role {
        Some(role) => grants::of_role(tx.conn(), role, now)?,
        None => Vec::new(),
    };
    let people: BTreeSet<AccountKey> = held.iter().map(|grant| grant.account).collect();
    let actor = tx.permit().person()?.clone();
    confer::may_change_permissions(&actor, role.unwrap_or(AdministratorRoleKey(0)), touched, &held, now)
        .map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    if actor.is_super() || people.is_empty() {
        return Ok(());
    }
    let people: Vec<AccountKey> = people.into_iter().collect();
    for (account, holdings) in holdings::of(tx.conn(), &people, now)? {
        rank::may_act_on(&actor, account, &holdings).map_err(|_| {
            Problem::Forbidden("Somebody who holds this role holds more than you do. Only someone with those rights may change it.".into())
        })?;
    }
    Ok(())
}

/// Deletes a role that nobody holds (D-4); grants of it that have ended go with it.
///
/// # Errors
/// [`Problem::Conflict`] while it is held; [`Problem::Forbidden`] for the predefined one.
pub fn delete(tx: &mut Tx<AdministratorRoleDelete>, id: &str) -> Result<AdministratorRole, Problem> {
    let now = tx.now();
    let Listed { role, held, .. } = find_in(tx.conn(), id, now)?;
    not_given(&role)?;
    if held > 0 {
        return Err(Problem::Conflict(format!("{}. Take it from them first.", held_by(held))));
    }
    diesel::delete(granted::table.filter(granted::role.eq(role.key))).execute(tx.conn())?;
    diesel::delete(administrator_roles::table.find(role.key)).execute(tx.conn())?;
    tx.record(
        Event::done("administrator_role.delete")
            .on(Subject::of("administrator_role", &role.id))
            .with("before", describe(role.kind, &role.terms)),
    )?;
    Ok(role)
}

/// "4 administrators hold it".
pub fn held_by(held: i64) -> String {
    text::count(held, "administrator holds it", "administrators hold it")
}

/// The refusal for a form without a version.
pub fn missing_rev() -> Refusal {
    Refusal::at("rev", "The page was incomplete. Load it again.")
}
