//! The list of roles, with how many hold each.

use super::{COLUMNS, Row};
use crate::{
    access::Ground,
    domain::{
        identity_store::IdentityStore,
        key::*,
        permissions::OrganizationRoleView,
        rights::{Cell, Rights},
        role::Role,
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        identity_stores::like,
        kept::Fresh,
        paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
        sql::Sql,
        transaction::Reader,
    },
};
use diesel::{prelude::*, sql_types::BigInt};
use std::{collections::HashMap, sync::Arc};

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
        let part = format!("%{}%", like(&text::search(&filter.q)));
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

/// A role of a store, as [`super::find`] finds it, with how many hold it.
///
/// # Errors
/// As [`super::find`].
pub fn find_listed<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, id: &str) -> Result<Listed, Problem> {
    let mut sql = listed_columns(reader.now());
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.id = ").bind(id);
    sql.load::<ListedRow>(reader.conn())?.pop().map(Listed::from).ok_or(Problem::NotFound)
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
