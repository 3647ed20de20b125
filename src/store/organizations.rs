//! Organizations: lists, the tree and their page. Only what lies in the reader's reach is found.

mod change;
mod joining;
mod moving;
mod switching;

pub(super) use change::registers_organizations;
pub use change::{Bound, Edited, Saved, add, bound, delete, edit, edited, may_add_top};
pub(super) use joining::found;
pub use joining::renew_code;
pub use moving::{MoveEffect, Moved, Shift, may_reach_top, move_effect, relocate};
pub use switching::{Effect, Switched, SwitchedTogether, Together, effect, switch, switch_together, together};

use super::{
    conn::Conn,
    identity_stores::like,
    kept::{Fresh, Path},
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    sql::Sql,
    transaction::Reader,
    tree,
};
use crate::{
    access::{Ground, Reach},
    domain::{
        key::*,
        organization::{Lineage, Organization, Status, Step},
        permissions::OrganizationView,
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use std::collections::{BTreeSet, HashMap, HashSet};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    store: StoreKey,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Integer)]
    depth: i32,
}

impl From<Row> for Organization {
    fn from(Row { key, id, store, name, active, depth }: Row) -> Self {
        Self { key, id, store, name, active, depth }
    }
}

const ROW: &str = "SELECT o.key, o.id, o.store, o.name, o.active, o.depth FROM organizations o WHERE ";

/// The organization with this id, in the reach of the reader's permit.
///
/// # Errors
/// [`Problem::NotFound`] outside it; [`Problem::Forbidden`] where the person may see it but not do this (Z-5).
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Organization, Problem> {
    let (conn, permit) = reader.parts();
    if let Some(found) = find_in(conn, permit.reach(), store, id)? {
        return Ok(found);
    }
    match permit.actor().and_then(|actor| G::seen(actor)) {
        Some((reach, what)) if find_in(conn, &reach, store, id)?.is_some() => {
            Err(Problem::Forbidden(format!("This needs {what} here, which yours does not reach. Who gave it to you can extend it.")))
        }
        _ => Err(Problem::NotFound),
    }
}

/// As [`find`], by the key that a draft keeps.
///
/// # Errors
/// As [`find`].
pub fn find_by_key<G: Ground>(reader: &mut impl Reader<G>, key: OrganizationKey) -> Result<Organization, Problem> {
    let mut sql = Sql::new(ROW);
    sql.push("o.key = ").bind(key);
    let found = sql.load::<Row>(reader.conn())?.pop().ok_or(Problem::NotFound)?;
    find(reader, found.store, &found.id)
}

fn find_in(conn: &mut Conn, reach: &Reach, store: StoreKey, id: &str) -> Result<Option<Organization>, Problem> {
    let mut sql = Sql::new(ROW);
    sql.push("o.id = ").bind(id).push(" AND o.store = ").bind(store).push(" AND ").in_reach(reach, "o.key");
    Ok(sql.load::<Row>(conn)?.pop().map(Organization::from))
}

/// The organization with this id, of whatever store, in reach.
pub(super) fn in_reach(conn: &mut Conn, reach: &Reach, id: &str) -> Result<Option<Organization>, Problem> {
    let mut sql = Sql::new(ROW);
    sql.push("o.id = ").bind(id).push(" AND ").in_reach(reach, "o.key");
    Ok(sql.load::<Row>(conn)?.pop().map(Organization::from))
}

/// Those of a store with these ids that lie in reach, by name.
fn these(conn: &mut Conn, reach: &Reach, store: StoreKey, ids: &BTreeSet<&str>) -> Result<Vec<Organization>, Problem> {
    let mut sql = Sql::new(ROW);
    // The + keeps SQLite from walking through the names of the whole store.
    sql.push("+o.store = ").bind(store).push(" AND ").in_reach(reach, "o.key").push(" AND o.id IN ");
    sql.values(ids.iter().copied()).push(" ORDER BY o.name_sort, o.key");
    Ok(sql.load::<Row>(conn)?.into_iter().map(Organization::from).collect())
}

/// Those of these organizations that lie in the reach of the reader's permit, by public id: where a link may lead.
///
/// # Errors
/// What the database says.
pub fn within<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, ids: &[&str]) -> Result<HashSet<String>, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(ROW);
    sql.push("o.store = ").bind(store).push(" AND ").in_reach(permit.reach(), "o.key").push(" AND o.id IN (NULL");
    for id in ids {
        sql.push(", ").bind(*id);
    }
    sql.push(")");
    Ok(sql.load::<Row>(conn)?.into_iter().map(|row| row.id).collect())
}

/// The organizations of a store at the ends of these folded paths, each with its lineage.
pub(super) fn by_paths(
    conn: &mut Conn,
    store: StoreKey,
    wanted: &HashSet<Vec<String>>,
) -> Result<HashMap<Vec<String>, (Organization, Lineage)>, Problem> {
    let mut ends: Vec<String> = wanted.iter().filter_map(|path| path.last().cloned()).collect();
    ends.sort();
    ends.dedup();
    let mut rows: Vec<Row> = Vec::new();
    for ends in ends.chunks(5_000) {
        let mut sql = Sql::new(ROW);
        sql.push("o.store = ").bind(store).push(" AND o.parent IS NOT NULL AND o.name_folded IN ").values(ends.iter().map(String::as_str));
        rows.extend(sql.load::<Row>(conn)?);
    }
    let keys: Vec<OrganizationKey> = rows.iter().map(|row| row.key).collect();
    let paths = tree::paths(conn, keys.iter().copied())?;
    let mut lineages = tree::lineages(conn, keys)?;
    let mut found = HashMap::new();
    for row in rows {
        let path: Vec<String> = paths.get(&row.key).map_or(&[][..], Vec::as_slice).iter().map(|step| text::fold(&step.name)).collect();
        if let (true, Some(lineage)) = (wanted.contains(&path), lineages.remove(&row.key)) {
            found.insert(path, (row.into(), lineage));
        }
    }
    Ok(found)
}

/// A choice for a form: an organization with its path.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Public id.
    pub id: String,
    /// Its path as text.
    pub path: String,
}

/// The organizations to choose from for a list: up to 50 whose name or external id holds what is sought, and the
/// chosen one, by path; the flag tells whether there are more.
///
/// # Errors
/// What the database says.
pub fn choices_for<G: Ground>(
    reader: &mut impl Reader<G>,
    store: StoreKey,
    sought: &str,
    chosen: Option<&Organization>,
) -> Result<(Vec<Choice>, bool), Problem> {
    const MOST: usize = 50;
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT o.key, o.id, o.store, o.name, o.active, o.depth ");
    sql.append(&reached(conn, &fresh, store, permit.reach())?);
    add_search(&mut sql, sought);
    sql.push(&format!(" ORDER BY o.name_sort, o.key LIMIT {}", MOST + 1));
    let mut rows: Vec<Organization> = sql.load::<Row>(conn)?.into_iter().map(Organization::from).collect();
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    if let Some(chosen) = chosen
        && !rows.iter().any(|row| row.key == chosen.key)
    {
        rows.insert(0, chosen.clone());
    }
    let mut paths = tree::paths(conn, rows.iter().map(|row| row.key))?;
    let choice = |row: Organization| Choice {
        path: crate::domain::organization::path_text(&paths.remove(&row.key).unwrap_or_default()),
        id: row.id,
    };
    let mut choices: Vec<Choice> = rows.into_iter().map(choice).collect();
    // Read from the top down, as one types it.
    choices.sort_by_cached_key(|choice| text::search(&choice.path));
    Ok((choices, more))
}

/// Organizations of any store in reach whose name holds what is sought, up to 50, by path; and whether there are more.
pub(super) fn choices_anywhere(conn: &mut Conn, reach: &Reach, sought: &str) -> Result<(Vec<Choice>, bool), Problem> {
    const MOST: usize = 50;
    let mut sql = Sql::new("SELECT o.key, o.id, o.store, o.name, o.active, o.depth FROM organizations o WHERE ");
    sql.in_reach(reach, "o.key");
    add_search(&mut sql, sought);
    sql.push(&format!(" ORDER BY o.name_sort, o.key LIMIT {}", MOST + 1));
    let mut rows: Vec<Row> = sql.load(conn)?;
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    Ok((by_path(conn, rows)?, more))
}

/// An organization and those below it that lie in reach, up to 500, by path; only those below which organizations may be
/// registered, where that is asked for.
pub(super) fn choices_below(conn: &mut Conn, reach: &Reach, top: OrganizationKey, founding: bool) -> Result<(Vec<Choice>, bool), Problem> {
    const MOST: usize = 500;
    let mut sql = Sql::new(
        "SELECT o.key, o.id, o.store, o.name, o.active, o.depth FROM organization_closure u CROSS JOIN organizations o \
         WHERE o.key = u.descendant AND u.ancestor = ",
    );
    sql.bind(top).push(" AND ").in_reach(reach, "o.key");
    sql.push(if founding { " AND o.organization_registration" } else { "" });
    sql.push(&format!(" ORDER BY u.depth, o.name_sort, o.key LIMIT {}", MOST + 1));
    let mut rows: Vec<Row> = sql.load(conn)?;
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    Ok((by_path(conn, rows)?, more))
}

/// These as choices, by path.
fn by_path(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Choice>, Problem> {
    let mut paths = tree::paths(conn, rows.iter().map(|row| row.key))?;
    let mut choice =
        |row: Row| Choice { path: crate::domain::organization::path_text(&paths.remove(&row.key).unwrap_or_default()), id: row.id };
    let mut choices: Vec<Choice> = rows.into_iter().map(&mut choice).collect();
    choices.sort_by_cached_key(|choice| text::search(&choice.path));
    Ok(choices)
}

/// Adds the condition that a name or an external id holds what is sought.
fn add_search(from: &mut Sql, sought: &str) {
    if sought.is_empty() {
        return;
    }
    let part = format!("%{}%", like(&text::search(sought)));
    from.push(" AND (o.name_sort LIKE ").bind(part.clone()).push(" ESCAPE '\\' OR o.external_id LIKE ").bind(part).push(" ESCAPE '\\')");
}

/// The organizations to choose from in a form, up to 500 and by path; the flag tells whether there are more.
///
/// # Errors
/// What the database says.
pub fn choices<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey) -> Result<(Vec<Choice>, bool), Problem> {
    const MOST: i64 = 500;
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    by_depth(conn, &fresh, permit.reach(), store, MOST)
}

/// Up to so many of the organizations in reach, those nearest to the top, by path; and whether there are more.
fn by_depth(conn: &mut Conn, fresh: &Fresh, reach: &Reach, store: StoreKey, most: i64) -> Result<(Vec<Choice>, bool), Problem> {
    let mut sql = Sql::new("SELECT o.key, o.id, o.store, o.name, o.active, o.depth ");
    sql.append(&reached(conn, fresh, store, reach)?).push(&format!(" ORDER BY o.depth, o.name_sort, o.key LIMIT {}", most + 1));
    if let Some(known) = fresh.find::<(Vec<Choice>, bool)>(&sql) {
        return Ok(Clone::clone(&*known));
    }
    let mut rows: Vec<Row> = sql.clone().load(conn)?;
    let more = rows.len() as i64 > most;
    rows.truncate(most as usize);
    let found = (by_path(conn, rows)?, more);
    let bytes = found.0.iter().map(|choice| 80 + choice.id.len() + choice.path.len()).sum();
    fresh.keep(sql, found.clone(), bytes);
    Ok(found)
}

/// An organization in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The organization.
    pub organization: Organization,
    /// From the top to itself.
    pub path: Path,
    /// Whether it and all its ancestors are active (S-5).
    pub effectively_active: bool,
    /// Members here.
    pub accounts: i64,
    /// Accounts that hold a role here or above.
    pub org_admins: i64,
    /// Organizations below it.
    pub below: i64,
    /// When it was made.
    pub created_at: Time,
}

#[derive(QueryableByName)]
struct ListedRow {
    #[diesel(embed)]
    base: Row,
    #[diesel(sql_type = Text)]
    name_sort: String,
    #[diesel(sql_type = Bool)]
    inactive: bool,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    org_admins: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
    #[diesel(sql_type = BigInt)]
    created_at: Time,
}

impl Placed for ListedRow {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            "o.created_at" => Sorted::Int(self.created_at.micros()),
            "o.members" => Sorted::Int(self.accounts),
            _ => Sorted::Text(self.name_sort.clone()),
        };
        Cursor(sorted, self.base.key.0)
    }
}

/// What narrows and orders the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name or external id.
    pub q: String,
    /// By its own switch.
    pub status: Option<Status>,
    /// Only those without an org admin.
    pub without_admins: bool,
    /// Only this one and those below it.
    pub under: Option<OrganizationKey>,
    /// Only the children of this one.
    pub parent: Option<OrganizationKey>,
    /// By what it is ordered.
    pub by: By,
    /// Reversed.
    pub descending: bool,
}

/// By what the list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// By name.
    #[default]
    Name,
    /// By how many members it has.
    Accounts,
    /// By when it was made.
    Creation,
}

impl Filter {
    /// Whether nothing narrows the list.
    pub fn is_plain(&self) -> bool {
        self.q.is_empty() && self.status.is_none() && !self.without_admins && self.parent.is_none() && self.under.is_none()
    }
}

fn columns(now: Time) -> Sql {
    let mut sql = Sql::new(
        "SELECT o.key, o.id, o.store, o.name, o.active, o.depth, o.name_sort, o.created_at, \
         EXISTS (SELECT 1 FROM organization_closure x JOIN organizations xo ON xo.key = x.ancestor WHERE x.descendant = o.key AND NOT xo.active) AS inactive, \
         o.members AS accounts, \
         (SELECT count(*) FROM organization_closure b WHERE b.ancestor = o.key AND b.depth > 0) AS below, ",
    );
    sql.push("(SELECT count(DISTINCT ra.account) FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor WHERE c.descendant = o.key AND (ra.ends IS NULL OR ra.ends > ");
    sql.bind(now).push(")) AS org_admins ");
    sql
}

/// How many organizations a store has, by the count that is kept.
fn all_of(conn: &mut Conn, fresh: &Fresh, store: StoreKey) -> Result<paging::Total, Problem> {
    let mut sql = Sql::new("SELECT organizations AS n FROM identity_stores WHERE key = ");
    sql.bind(store);
    fresh.ask(sql, |sql| sql.number(conn)).map(paging::Total::exactly)
}

/// So many are gathered and sorted for a list; where there are more, the names are walked.
const FEW: i64 = 500;

/// The organizations of a store in reach, the cheaper way; conditions on `o` follow.
pub(super) fn reached(conn: &mut Conn, fresh: &Fresh, store: StoreKey, reach: &Reach) -> Result<Sql, Problem> {
    let mut walk = Sql::new("FROM organizations o WHERE o.store = ");
    walk.bind(store).push(" AND ").in_reach(reach, "o.key");
    let Reach::In(areas) = reach else { return Ok(walk) };
    let mut inside = Sql::default();
    for (area, _) in areas {
        // Root is alone, and in no list of a store's organizations but its own.
        let Some(top) = area.top() else { return Ok(walk) };
        inside.push(if inside.is_empty() { "SELECT" } else { " UNION SELECT" });
        inside.push(" ic.descendant AS key FROM organization_closure ic WHERE ic.ancestor = ").bind(top);
    }
    if inside.is_empty() {
        return Ok(walk);
    }
    let mut counted = Sql::new("SELECT count(*) AS n FROM (SELECT 1 FROM (");
    counted.append(&inside).push(&format!(") inside LIMIT {}) counted", FEW + 1));
    if fresh.ask(counted, |sql| sql.number(conn))? > FEW {
        return Ok(walk);
    }
    let mut gather = Sql::new("FROM (");
    gather.append(&inside).push(") inside CROSS JOIN organizations o WHERE o.key = inside.key AND o.store = ").bind(store);
    gather.push(" AND ").in_reach(reach, "o.key");
    Ok(gather)
}

/// The organizations of a store in the reader's reach.
///
/// # Errors
/// What the database says.
pub fn list<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, filter: &Filter, paging: &Paging) -> Result<Slice<Listed>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let mut from = reached(conn, &fresh, store, permit.reach())?;
    add_search(&mut from, &filter.q);
    if let Some(status) = filter.status {
        from.push(if status == Status::Active { " AND o.active" } else { " AND NOT o.active" });
    }
    if let Some(parent) = filter.parent {
        from.push(" AND o.parent = ").bind(parent);
    }
    if let Some(top) = filter.under {
        from.push(" AND EXISTS (SELECT 1 FROM organization_closure u WHERE u.descendant = o.key AND u.ancestor = ").bind(top).push(")");
    }
    if filter.without_admins {
        no_admin(&mut from, now);
    }
    let column = match filter.by {
        By::Name => "o.name_sort",
        By::Accounts => "o.members",
        By::Creation => "o.created_at",
    };
    let order = Order { column, key: "o.key", descending: filter.descending };
    let columns = columns(now);
    let total = match filter.is_plain() {
        true if *permit.reach() == Reach::Everywhere => all_of(conn, &fresh, store)?,
        true => kept_total(conn, &fresh, &from)?,
        false => paging::total(conn, &from)?,
    };
    let slice = paging::slice_of::<ListedRow>(conn, &columns, &from, total, order, paging)?;
    let mut paths = tree::kept_paths(conn, &fresh, slice.rows.iter().map(|row| row.base.key))?;
    Ok(slice.map(|row| listed(row, &mut paths)))
}

fn listed(row: ListedRow, paths: &mut HashMap<OrganizationKey, Path>) -> Listed {
    Listed {
        path: paths.remove(&row.base.key).unwrap_or_default(),
        effectively_active: !row.inactive,
        accounts: row.accounts,
        org_admins: row.org_admins,
        below: row.below,
        created_at: row.created_at,
        organization: row.base.into(),
    }
}

/// A node of the tree as it is drawn: in the order of drawing, with how deep it stands on the page.
#[derive(Clone, Debug)]
pub struct Node {
    /// The organization.
    pub organization: Organization,
    /// How many steps below the top node that it hangs under.
    pub level: usize,
    /// The path above a top node, which the reader sees but cannot open.
    pub above: String,
    /// The nodes below it.
    pub children: Vec<Node>,
}

/// The organizations of a store in reach as a forest: what has no visible parent is a top node (screens.md 4.5).
///
/// # Errors
/// What the database says.
pub fn forest(reader: &mut impl Reader<OrganizationView>, store: StoreKey) -> Result<Vec<Node>, Problem> {
    #[derive(QueryableByName)]
    struct NodeRow {
        #[diesel(embed)]
        base: Row,
        #[diesel(sql_type = Nullable<BigInt>)]
        parent: Option<OrganizationKey>,
    }
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT o.key, o.id, o.store, o.name, o.active, o.depth, o.parent FROM organizations o WHERE o.store = ");
    sql.bind(store).push(" AND ").in_reach(permit.reach(), "o.key").push(" ORDER BY o.depth DESC, o.name_sort DESC, o.key DESC");
    let rows: Vec<NodeRow> = sql.load(conn)?;
    let visible: HashSet<OrganizationKey> = rows.iter().map(|row| row.base.key).collect();
    let is_top = |row: &NodeRow| row.parent.is_none_or(|parent| !visible.contains(&parent));
    let mut paths = tree::paths(conn, rows.iter().filter(|row| is_top(row)).map(|row| row.base.key))?;
    // Deepest first: when a node comes, its children are all there.
    let mut waiting: HashMap<OrganizationKey, Vec<Node>> = HashMap::new();
    let mut tops = Vec::new();
    for row in rows {
        let top = is_top(&row);
        let mut children = waiting.remove(&row.base.key).unwrap_or_default();
        children.reverse();
        let mut path = if top { paths.remove(&row.base.key).unwrap_or_default() } else { Vec::new() };
        path.pop();
        let node = Node { organization: row.base.into(), level: 0, above: crate::domain::organization::path_text(&path), children };
        match row.parent {
            Some(parent) if !top => waiting.entry(parent).or_default().push(node),
            _ => tops.push(node),
        }
    }
    tops.sort_by_cached_key(|node| text::search(&format!("{} {}", node.above, node.organization.name)));
    Ok(tops)
}

/// The organizations of a store in reach that stand nearest to the top, by path.
///
/// # Errors
/// What the database says.
pub fn nearest(reader: &mut impl Reader<OrganizationView>, store: StoreKey, most: i64) -> Result<Vec<Choice>, Problem> {
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    Ok(by_depth(conn, &fresh, permit.reach(), store, most)?.0)
}

/// How many organizations of the store in reach have no org admin, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn without_admins(reader: &mut impl Reader<OrganizationView>, store: StoreKey) -> Result<paging::Total, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let mut from = Sql::new("FROM organizations o WHERE o.store = ");
    from.bind(store).push(" AND ").in_reach(permit.reach(), "o.key");
    // Time alone changes it when the next of the assignments that are ahead of their end ends.
    let key = from.clone();
    if let Some(known) = fresh.find::<(paging::Total, Time, Time)>(&key)
        && (known.1..known.2).contains(&now)
    {
        return Ok(known.0);
    }
    let mut next = Sql::new("SELECT coalesce(min(n.ends), ");
    next.bind(i64::MAX).push(") AS n FROM (SELECT (SELECT min(e.ends) FROM role_assignments e WHERE e.role = r.key AND e.ends > ");
    next.bind(now).push(") AS ends FROM roles r) n");
    let next = Time::from_micros(next.number(conn)?);
    no_admin(&mut from, now);
    let total = paging::total(conn, &from)?;
    fresh.keep(key, (total, now, next), 100);
    Ok(total)
}

/// The condition that nobody holds a role here or above.
fn no_admin(from: &mut Sql, now: Time) {
    from.push(" AND NOT EXISTS (SELECT 1 FROM organization_closure ac JOIN role_assignments ar ON ar.organization = ac.ancestor WHERE ac.descendant = o.key AND (ar.ends IS NULL OR ar.ends > ");
    from.bind(now).push("))");
}

/// How many organizations of the store lie in reach, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn count<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey) -> Result<paging::Total, Problem> {
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    if *permit.reach() == Reach::Everywhere {
        return all_of(conn, &fresh, store);
    }
    let from = reached(conn, &fresh, store, permit.reach())?;
    kept_total(conn, &fresh, &from)
}

/// How many they are, counted to the limit, where that hangs on nothing but what is kept.
fn kept_total(conn: &mut Conn, fresh: &Fresh, from: &Sql) -> Result<paging::Total, Problem> {
    let mut key = Sql::new("count ");
    key.append(from);
    fresh.ask(key, |_| paging::total(conn, from))
}

/// What an organization's page shows beside its lists.
#[derive(Clone, Debug)]
pub struct Detail {
    /// As in the list.
    pub listed: Listed,
    /// O-1.
    pub description: String,
    /// O-1.
    pub external_id: Option<String>,
    /// O-1.
    pub metadata: Vec<(String, String)>,
    /// O-1.
    pub self_registration: bool,
    /// O-1.
    pub organization_registration: bool,
    /// O-1: its part of the registration link.
    pub slug: Option<String>,
    /// I-3: by which people find it who may join.
    pub join_code: Option<String>,
    /// O-1: its e-mail domains.
    pub domains: Vec<String>,
    /// Which steps of the path the reader may open.
    pub open: Vec<bool>,
}

/// An organization's page.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn detail(reader: &mut impl Reader<OrganizationView>, store: StoreKey, id: &str) -> Result<Detail, Problem> {
    #[derive(QueryableByName)]
    struct DetailRow {
        #[diesel(embed)]
        listed: ListedRow,
        #[diesel(sql_type = Text)]
        description: String,
        #[diesel(sql_type = Nullable<Text>)]
        external_id: Option<String>,
        #[diesel(sql_type = Text)]
        metadata: String,
        #[diesel(sql_type = Bool)]
        self_registration: bool,
        #[diesel(sql_type = Bool)]
        organization_registration: bool,
        #[diesel(sql_type = Nullable<Text>)]
        slug: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        join_code: Option<String>,
    }
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut sql = columns(now);
    sql.push(
        ", o.description, o.external_id, o.metadata, o.self_registration, o.organization_registration, o.slug, o.join_code FROM organizations o \
         WHERE o.id = ",
    );
    sql.bind(id).push(" AND o.store = ").bind(store).push(" AND ").in_reach(permit.reach(), "o.key");
    let row = sql.load::<DetailRow>(conn)?.pop().ok_or(Problem::NotFound)?;
    let organization = row.listed.base.key;
    let mut paths = tree::kept_paths(conn, &Fresh::default(), [organization])?;
    let listed = listed(row.listed, &mut paths);
    let lineages = tree::lineages(conn, listed.path.iter().map(|step| step.key))?;
    let open = listed.path.iter().map(|step| lineages.get(&step.key).is_some_and(|place| permit.reach().contains(place))).collect();
    let metadata: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&row.metadata).map_err(Problem::internal)?;
    let metadata =
        metadata.into_iter().map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect();
    Ok(Detail {
        listed,
        description: row.description,
        external_id: row.external_id,
        metadata,
        self_registration: row.self_registration,
        organization_registration: row.organization_registration,
        slug: row.slug,
        join_code: row.join_code,
        domains: change::domains(conn, organization)?,
        open,
    })
}

/// Where an organization that was found stands, with its ancestors up to root.
///
/// # Errors
/// What the database says.
pub fn lineage_of<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<Lineage, Problem> {
    lineage(reader.conn(), organization)
}

pub(super) fn lineage(conn: &mut Conn, organization: &Organization) -> Result<Lineage, Problem> {
    tree::lineage(conn, organization.key)
}

/// The names of the organizations below one, up to a number of them, by name; and how many there are.
///
/// # Errors
/// What the database says.
pub fn below<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization, most: i64) -> Result<(Vec<String>, i64), Problem> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let conn = reader.conn();
    let count = tree::below(conn, organization.key)?;
    let mut sql = Sql::new(
        "SELECT o.name FROM organization_closure c JOIN organizations o ON o.key = c.descendant WHERE c.depth > 0 AND c.ancestor = ",
    );
    sql.bind(organization.key).push(" ORDER BY o.name_sort, o.key LIMIT ").bind(most);
    Ok((sql.load::<Name>(conn)?.into_iter().map(|row| row.name).collect(), count))
}

/// The path of an organization, from the top to itself.
///
/// # Errors
/// What the database says.
pub fn path<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<Vec<Step>, Problem> {
    Ok(tree::paths(reader.conn(), [organization.key])?.remove(&organization.key).unwrap_or_default())
}
