//! The list of organizations, and counts of them.

use super::{Row, add_search, reached};
use crate::{
    access::{Ground, Reach},
    domain::{
        key::*,
        organization::{Organization, Status},
        permissions::OrganizationView,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        kept::{Fresh, Path},
        paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
        sql::Sql,
        transaction::Reader,
        tree,
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Text},
};
use std::collections::HashMap;

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
pub(super) struct ListedRow {
    #[diesel(embed)]
    pub(super) base: Row,
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

pub(super) fn columns(now: Time) -> Sql {
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

pub(super) fn listed(row: ListedRow, paths: &mut HashMap<OrganizationKey, Path>) -> Listed {
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
