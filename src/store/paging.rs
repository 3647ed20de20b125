//! Page by page through long lists: by a cursor to the neighbour, by number within the first 10,000 rows.

use super::{conn::Conn, sql::Sql};
use crate::problem::Problem;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::deserialize::QueryableByName;
use serde::{Deserialize, Serialize};

/// Numbers of pages and totals are exact up to here.
pub const EXACT: i64 = 10_000;

/// The place of a row in its order: the sorted value and the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub Sorted, pub i64);

/// A sorted value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sorted {
    /// Text, compared bytewise.
    Text(String),
    /// A number or an instant.
    Int(i64),
}

impl Cursor {
    /// As it stands in an address.
    pub fn encode(&self) -> String {
        serde_json::to_vec(self).map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
    }

    /// From an address; none when it is not one of ours.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// Which page is asked for.
#[derive(Clone, Debug)]
pub struct Paging {
    /// Rows a page: 25, 50 or 100.
    pub per: i64,
    /// Its number, from 1: what is shown, and without a cursor what is sought.
    pub number: i64,
    /// The rows behind this one.
    pub after: Option<Cursor>,
    /// The rows before this one.
    pub before: Option<Cursor>,
}

impl Paging {
    /// The first page.
    pub const fn first(per: i64) -> Self {
        Self { per, number: 1, after: None, before: None }
    }
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The number, or the limit where it was reached.
    pub count: i64,
    /// Whether it is all of them.
    pub exact: bool,
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The page's number.
    pub number: i64,
    /// Rows a page.
    pub per: i64,
    /// How many in all.
    pub total: Total,
    /// Whether there are too many to sort: they stand in the order of finding.
    pub many: bool,
    /// Where the page begins, to go before it.
    pub first: Option<String>,
    /// Where the page ends, to go on; none on the last page.
    pub last: Option<String>,
}

impl Total {
    /// All of them.
    pub const fn exactly(count: i64) -> Self {
        Self { count, exact: true }
    }
}

impl<T> Slice<T> {
    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Slice<U> {
        Slice {
            rows: self.rows.into_iter().map(change).collect(),
            number: self.number,
            per: self.per,
            total: self.total,
            many: self.many,
            first: self.first,
            last: self.last,
        }
    }

    /// The number of the last page, as far as it is known.
    pub fn pages(&self) -> i64 {
        ((self.total.count + self.per - 1) / self.per).max(1)
    }
}

/// How a list is ordered: by a column and then by the key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub column: &'static str,
    pub key: &'static str,
    pub descending: bool,
}

/// A row that knows its place.
pub(super) trait Placed {
    fn cursor(&self, order: &Order) -> Cursor;
}

/// Loads one page. `columns` starts a statement, `from` goes on with FROM and WHERE.
pub(super) fn slice<R>(conn: &mut Conn, columns: &str, from: &Sql, order: Order, paging: &Paging) -> Result<Slice<R>, Problem>
where
    R: QueryableByName<<Conn as diesel::Connection>::Backend> + Placed + 'static,
{
    slice_with(conn, &Sql::new(columns), from, order, paging)
}

/// As [`slice`], for columns that hold values of their own.
pub(super) fn slice_with<R>(conn: &mut Conn, columns: &Sql, from: &Sql, order: Order, paging: &Paging) -> Result<Slice<R>, Problem>
where
    R: QueryableByName<<Conn as diesel::Connection>::Backend> + Placed + 'static,
{
    let total = total(conn, from)?;
    slice_of(conn, columns, from, total, order, paging)
}

/// As [`slice_with`], where it is known how many there are.
pub(super) fn slice_of<R>(
    conn: &mut Conn,
    columns: &Sql,
    from: &Sql,
    total: Total,
    order: Order,
    paging: &Paging,
) -> Result<Slice<R>, Problem>
where
    R: QueryableByName<<Conn as diesel::Connection>::Backend> + Placed + 'static,
{
    let backwards = paging.before.is_some();
    let falling = order.descending != backwards;
    let mut sql = columns.clone();
    sql.push(" ").append(from);
    // A cursor of another order is none.
    let textual = order.column.ends_with("name_sort") || order.column.ends_with("name_folded");
    let fits = |cursor: &&Cursor| matches!(cursor.0, Sorted::Text(_)) == textual;
    if let Some(Cursor(value, key)) = paging.before.as_ref().or(paging.after.as_ref()).filter(fits) {
        let sign = if falling { "<" } else { ">" };
        if order.column == order.key {
            sql.push(" AND ").push(order.key).push(sign).bind(*key);
        } else {
            sql.push(" AND (").push(order.column).push(", ").push(order.key).push(") ").push(sign).push(" (");
            match value {
                Sorted::Text(text) => sql.bind(text.as_str()),
                Sorted::Int(number) => sql.bind(*number),
            };
            sql.push(", ").bind(*key).push(")");
        }
    }
    let direction = if falling { " DESC" } else { "" };
    sql.push(" ORDER BY ").push(order.column).push(direction);
    if order.column != order.key {
        sql.push(", ").push(order.key).push(direction);
    }
    // In the text, so that a plan that is kept is made for so few.
    sql.push(&format!(" LIMIT {}", paging.per + 1));
    if paging.before.is_none() && paging.after.is_none() && paging.number > 1 {
        sql.push(" OFFSET ").bind(((paging.number - 1) * paging.per).min(EXACT));
    }
    let mut rows: Vec<R> = sql.load(conn)?;
    let more = rows.len() as i64 > paging.per;
    rows.truncate(paging.per as usize);
    if backwards {
        rows.reverse();
    }
    let cursor = |row: Option<&R>| row.map(|row| row.cursor(&order).encode());
    let first = (paging.number > 1).then(|| cursor(rows.first())).flatten();
    let last = (more || backwards).then(|| cursor(rows.last())).flatten();
    Ok(Slice { first, last, rows, number: paging.number, per: paging.per, total, many: false })
}

/// Counts up to the limit (quality.md: never a scan).
pub(super) fn total(conn: &mut Conn, from: &Sql) -> Result<Total, Problem> {
    let mut sql = Sql::new("SELECT count(*) AS n FROM (SELECT 1 ");
    sql.append(from).push(&format!(" LIMIT {}) counted", EXACT + 1));
    let count = sql.number(conn)?;
    Ok(Total { count: count.min(EXACT), exact: count <= EXACT })
}
