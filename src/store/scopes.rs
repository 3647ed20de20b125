//! Scopes (D-6): lists, what they reach, and who may own one. Only those that an organization in the reader's reach owns
//! are found.

mod change;
mod reshape;

pub use change::{Saved, Wanted, add, delete, edit, may_be_edited};
pub use reshape::{Effect, Exceeding};

use super::{
    conn::Conn,
    identity_stores::like,
    paging::{self, Cursor, EXACT, Order, Paging, Placed, Slice, Sorted, Total},
    sql::Sql,
    transaction::Reader,
    tree,
};
use crate::{
    access::{Ground, Permit, Reach},
    domain::{
        administrator_role::ScopeReach,
        key::*,
        organization::Step,
        permissions::{Leaf, OrganizationView, Permission, ScopeDelete, ScopeEdit, ScopeView},
        scope::{Scope, Terms},
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use std::fmt::Write;

/// An organization that owns a scope, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Key inside.
    pub key: OrganizationKey,
    /// Public id.
    pub id: String,
    /// From the top to itself; root's is itself.
    pub path: Vec<Step>,
    /// Its store.
    pub store: StoreKey,
    /// The store's part of addresses.
    pub slug: String,
    /// The store's name.
    pub store_name: String,
    /// Whether it is the root organization.
    pub is_root: bool,
}

impl Owner {
    /// Its name.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", |step| step.name.as_str())
    }
}

#[derive(QueryableByName)]
struct OwnerRow {
    #[diesel(sql_type = BigInt)]
    owner: OrganizationKey,
    #[diesel(sql_type = Text)]
    owner_id: String,
    #[diesel(sql_type = BigInt)]
    store: StoreKey,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    store_name: String,
    #[diesel(sql_type = Bool)]
    is_root: bool,
}

const OWNER: &str = "o.key AS owner, o.id AS owner_id, o.store, i.slug, i.name AS store_name, o.parent IS NULL AS is_root";

impl OwnerRow {
    fn at(self, path: Vec<Step>) -> Owner {
        let Self { owner, owner_id, store, slug, store_name, is_root } = self;
        Owner { key: owner, id: owner_id, path, store, slug, store_name, is_root }
    }
}

/// How much a scope reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Organizations.
    pub organizations: Total,
    /// Accounts with a membership in one of them; what root owns and goes all below has those without one too (P-3).
    pub accounts: Total,
}

#[derive(QueryableByName)]
struct ReachedRow {
    #[diesel(sql_type = BigInt)]
    organizations: i64,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
}

impl From<ReachedRow> for Reached {
    fn from(row: ReachedRow) -> Self {
        let total = |count: i64| Total { count: count.abs(), exact: count >= 0 };
        let accounts = total(row.accounts);
        Self {
            organizations: Total { count: row.organizations.min(EXACT), exact: row.organizations <= EXACT },
            // What was not counted to its end is told as at least the limit of all lists.
            accounts: if accounts.exact { accounts } else { Total { count: accounts.count.min(EXACT), exact: false } },
        }
    }
}

/// Memberships that are read to count the accounts behind them.
const MOST_MEMBERSHIPS: i64 = 2 * EXACT;

/// The columns `organizations` and `accounts` of a scope `s` whose owner is `o`; a count of accounts below zero was not
/// counted to its end. Each is bounded, whatever the size of the tree.
fn reached_columns() -> String {
    const CHILDREN: &str = "SELECT 1 FROM organizations k WHERE k.parent = s.organization";
    const TREE: &str = "SELECT 1 FROM organization_closure c WHERE c.ancestor = s.organization";
    const HERE: &str = "SELECT m.account FROM memberships m WHERE m.organization = s.organization";
    const IN_CHILDREN: &str =
        "SELECT m.account FROM organizations k CROSS JOIN memberships m WHERE k.parent = s.organization AND m.organization = k.key";
    // A cross join keeps SQLite from turning it round.
    const IN_TREE: &str = "SELECT m.account FROM organization_closure c CROSS JOIN memberships m WHERE c.ancestor = s.organization AND m.organization = c.descendant";
    let most = EXACT + 1;
    let number = |from: &str| format!("(SELECT count(*) FROM ({from} LIMIT {most}) n)");
    let people = |from: &str| {
        let rows = MOST_MEMBERSHIPS + 1;
        format!(
            "(SELECT CASE WHEN count(*) > {MOST_MEMBERSHIPS} THEN -count(DISTINCT n.account) ELSE count(DISTINCT n.account) END \
             FROM (SELECT u.account FROM ({from}) u LIMIT {rows}) n)"
        )
    };
    let (mut organizations, mut accounts) = (String::from("CASE s.reach"), String::from("CASE"));
    // The stores keep count of their accounts; those of Administrators belong to root alone, or to nothing.
    let stored = |which: &str| format!("(SELECT CAST(coalesce(sum(t.accounts), 0) AS BIGINT) FROM identity_stores t WHERE {which})");
    let unaffiliated = "(SELECT count(*) FROM identity_stores t CROSS JOIN accounts a WHERE t.built_in AND a.store = t.key \
         AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.account = a.key))";
    let root = [(ScopeReach::ThisAndBelow, stored("TRUE")), (ScopeReach::Below, format!("{} + {unaffiliated}", stored("NOT t.built_in")))];
    for (reach, all) in root {
        // Writing to a String cannot fail.
        let _ = write!(accounts, " WHEN o.parent IS NULL AND s.reach = '{}' THEN {all}", reach.word());
    }
    for reach in ScopeReach::ALL {
        let (number, people) = match reach {
            ScopeReach::This => ("1".to_owned(), people(HERE)),
            ScopeReach::Children => (number(CHILDREN), people(IN_CHILDREN)),
            ScopeReach::ThisAndChildren => (format!("1 + {}", number(CHILDREN)), people(&format!("{HERE} UNION ALL {IN_CHILDREN}"))),
            ScopeReach::Below => (number(&format!("{TREE} AND c.depth > 0")), people(&format!("{IN_TREE} AND c.depth > 0"))),
            ScopeReach::ThisAndBelow => (number(TREE), people(IN_TREE)),
        };
        let word = reach.word();
        let _ = write!(organizations, " WHEN '{word}' THEN {number}");
        let _ = write!(accounts, " WHEN s.reach = '{word}' THEN {people}");
    }
    format!("{organizations} END AS organizations, {accounts} END AS accounts")
}

/// What a scope of this owner would reach.
///
/// # Errors
/// What the database says.
pub fn reached<G: Ground>(reader: &mut impl Reader<G>, owner: &Owner, reach: ScopeReach) -> Result<Reached, Problem> {
    reached_from(reader.conn(), owner.key, reach)
}

fn reached_from(conn: &mut Conn, owner: OrganizationKey, reach: ScopeReach) -> Result<Reached, Problem> {
    let mut sql = Sql::new("SELECT ");
    sql.push(&reached_columns()).push(" FROM (SELECT ").bind(owner).push(" AS organization, ").bind(reach.word());
    sql.push(" AS reach) s JOIN organizations o ON o.key = s.organization");
    Ok(sql.load::<ReachedRow>(conn)?.pop().ok_or(Problem::NotFound)?.into())
}

/// What the reader may do with a scope, by where its owner stands (D-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// Open the owner's page.
    pub open: bool,
    /// Edit it.
    pub edit: bool,
    /// Delete it.
    pub delete: bool,
}

/// A scope in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The scope.
    pub scope: Scope,
    /// Who owns it.
    pub owner: Owner,
    /// What the reader may do with it.
    pub may: May,
    /// What it reaches.
    pub reached: Reached,
    /// How many accounts hold a grant that uses it and has not ended.
    pub administrators: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: ScopeKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    name_sort: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Text)]
    reach: ScopeReach,
    #[diesel(sql_type = Integer)]
    rev: i32,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
    #[diesel(sql_type = Nullable<Text>)]
    changed_by: Option<String>,
    #[diesel(sql_type = Bool)]
    open: bool,
    #[diesel(sql_type = Bool)]
    edit: bool,
    #[diesel(sql_type = Bool)]
    remove: bool,
    #[diesel(sql_type = BigInt)]
    administrators: i64,
    #[diesel(embed)]
    owner: OwnerRow,
    #[diesel(embed)]
    reached: ReachedRow,
}

impl Placed for Row {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            "s.changed_at" => Sorted::Int(self.changed_at.micros()),
            _ => Sorted::Text(self.name_sort.clone()),
        };
        Cursor(sorted, self.key.0)
    }
}

impl Row {
    fn listed(self, path: Vec<Step>) -> Listed {
        let terms = Terms { name: self.name, description: self.description, reach: self.reach };
        let may = May { open: self.open, edit: self.edit, delete: self.remove };
        let (key, id, owner) = (self.key, self.id, self.owner.owner);
        let scope = Scope { key, id, owner, terms, rev: self.rev, changed_at: self.changed_at, changed_by: self.changed_by };
        Listed { scope, owner: self.owner.at(path), may, reached: self.reached.into(), administrators: self.administrators }
    }
}

/// What narrows and orders the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name.
    pub q: String,
    /// Only those of this organization.
    pub owner: Option<OrganizationKey>,
    /// Only those that no grant uses.
    pub unused: bool,
    /// By last change instead of by name.
    pub by_change: bool,
    /// Reversed.
    pub descending: bool,
}

fn columns<G: Ground>(permit: &Permit<G>, now: Time) -> Sql {
    // Work without a person may nothing.
    let reach = |leaf: &Leaf| permit.actor().and_then(|actor| actor.reach_of(leaf)).unwrap_or(Reach::In(Vec::new()));
    let mut sql = Sql::new("SELECT s.key, s.id, s.name, s.name_sort, s.description, s.reach, s.rev, s.changed_at, s.changed_by, ");
    sql.push(OWNER).push(", ").push(&reached_columns());
    sql.push(", (SELECT count(DISTINCT g.account) FROM grants g WHERE g.scope = s.key AND (g.ends IS NULL OR g.ends > ").bind(now);
    sql.push(")) AS administrators");
    for (leaf, name) in [(&OrganizationView::LEAF, "open"), (&ScopeEdit::LEAF, "edit"), (&ScopeDelete::LEAF, "remove")] {
        sql.push(", ").in_reach(&reach(leaf), "s.organization").push(" AS ").push(name);
    }
    sql
}

const FROM: &str = "FROM scopes s JOIN organizations o ON o.key = s.organization JOIN identity_stores i ON i.key = o.store WHERE ";

/// The scopes in the reader's reach.
///
/// # Errors
/// What the database says.
pub fn list(reader: &mut impl Reader<ScopeView>, filter: &Filter, paging: &Paging) -> Result<Slice<Listed>, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut from = Sql::new(FROM);
    from.in_reach(permit.reach(), "s.organization");
    if !filter.q.is_empty() {
        from.push(" AND s.name_sort LIKE ").bind(format!("%{}%", like(&text::search(&filter.q)))).push(" ESCAPE '\\'");
    }
    if let Some(owner) = filter.owner {
        from.push(" AND s.organization = ").bind(owner);
    }
    if filter.unused {
        from.push(" AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.scope = s.key AND (g.ends IS NULL OR g.ends > ").bind(now).push("))");
    }
    let order =
        Order { column: if filter.by_change { "s.changed_at" } else { "s.name_sort" }, key: "s.key", descending: filter.descending };
    let slice = paging::slice_with::<Row>(conn, &columns(permit, now), &from, order, paging)?;
    let mut paths = tree::paths(conn, slice.rows.iter().map(|row| row.owner.owner))?;
    let path = |paths: &mut std::collections::HashMap<OrganizationKey, Vec<Step>>, key| paths.get(&key).cloned().unwrap_or_default();
    Ok(slice.map(|row| {
        let path = path(&mut paths, row.owner.owner);
        row.listed(path)
    }))
}

/// The scope with this id, where its owner lies in the reach of the reader's permit.
///
/// # Errors
/// [`Problem::NotFound`] outside it; [`Problem::Forbidden`] where the person may see it but not do this (Z-5).
pub fn find<G: Ground>(reader: &mut impl Reader<G>, id: &str) -> Result<Listed, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    if let Some(found) = find_in(conn, permit, permit.reach(), id, now)? {
        return Ok(found);
    }
    match permit.actor().and_then(|actor| G::seen(actor)) {
        Some((reach, what)) if find_in(conn, permit, &reach, id, now)?.is_some() => {
            Err(Problem::Forbidden(format!("This needs {what} here, which yours does not reach. Who gave it to you can extend it.")))
        }
        _ => Err(Problem::NotFound),
    }
}

fn find_in<G: Ground>(conn: &mut Conn, permit: &Permit<G>, reach: &Reach, id: &str, now: Time) -> Result<Option<Listed>, Problem> {
    let mut sql = columns(permit, now);
    sql.push(" ").push(FROM).push("s.id = ").bind(id).push(" AND ").in_reach(reach, "s.organization");
    let Some(row) = sql.load::<Row>(conn)?.pop() else { return Ok(None) };
    let path = tree::paths(conn, [row.owner.owner])?.remove(&row.owner.owner).unwrap_or_default();
    Ok(Some(row.listed(path)))
}

/// The organization with this id as the owner of a scope, of whatever store, in the reach of the reader's permit.
///
/// # Errors
/// [`Problem::NotFound`] outside it.
pub fn owner<G: Ground>(reader: &mut impl Reader<G>, id: &str) -> Result<Owner, Problem> {
    let mut condition = Sql::new("o.id = ");
    condition.bind(id);
    owners_by(reader, &condition, 1)?.pop().ok_or(Problem::NotFound)
}

/// How many organizations a form offers at once.
const OFFERED: usize = 20;

/// Organizations that a form offers as the owner: the chosen one, and the first of those that match, nearest to the top;
/// the flag tells whether there are more.
///
/// # Errors
/// What the database says.
pub fn owners<G: Ground>(reader: &mut impl Reader<G>, q: &str, chosen: &str) -> Result<(Vec<Owner>, bool), Problem> {
    let mut condition = Sql::new("TRUE");
    if !q.is_empty() {
        condition = Sql::new("o.name_sort LIKE ");
        condition.bind(format!("%{}%", like(&text::search(q)))).push(" ESCAPE '\\'");
    }
    let mut found = owners_by(reader, &condition, OFFERED as i64 + 1)?;
    let more = found.len() > OFFERED;
    found.truncate(OFFERED);
    if !chosen.is_empty() {
        let known = found.iter().position(|owner| owner.id == chosen).map(|at| found.remove(at));
        match known.map_or_else(|| owner(reader, chosen), Ok) {
            Ok(chosen) => found.insert(0, chosen),
            Err(Problem::NotFound) => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok((found, more))
}

fn owners_by<G: Ground>(reader: &mut impl Reader<G>, condition: &Sql, most: i64) -> Result<Vec<Owner>, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT ");
    // Store by store, so that each is read through its index.
    sql.push(OWNER).push(" FROM identity_stores i CROSS JOIN organizations o WHERE o.store = i.key AND ").append(condition);
    sql.push(" AND ").in_reach(permit.reach(), "o.key").push(" ORDER BY o.depth, o.name_sort, o.key LIMIT ").bind(most);
    let rows: Vec<OwnerRow> = sql.load(conn)?;
    let mut paths = tree::paths(conn, rows.iter().map(|row| row.owner))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let path = paths.remove(&row.owner).unwrap_or_default();
            row.at(path)
        })
        .collect())
}

/// How many scopes an organization owns.
///
/// # Errors
/// What the database says.
pub fn count_of(reader: &mut impl Reader<ScopeView>, organization: OrganizationKey) -> Result<i64, Problem> {
    let mut sql = Sql::new("SELECT count(*) AS n FROM scopes WHERE organization = ");
    sql.bind(organization);
    sql.number(reader.conn())
}
