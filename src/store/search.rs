//! One search over everything that a person may see (screens.md 4.17): one query for each kind of thing.

use super::{
    accounts::{self, Account},
    identity_stores::like,
    sql::Sql,
    transaction::Reader,
    tree,
};
use crate::{
    domain::{
        key::*,
        organization::{Step, path_text},
        permissions::{AdministratorRoleView, OrganizationRoleView, OrganizationView, UserView},
        text,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Slug of its store; empty for things of the tenant.
    pub store: String,
    /// Public id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// A second line: path or identifier.
    pub more: String,
}

/// What was found of one kind, and whether there is more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The first of them.
    pub found: Vec<Found>,
    /// Whether there are more than these.
    pub more: bool,
}

/// How many of each kind are shown.
const SHOWN: usize = 5;

impl Group {
    fn of(mut found: Vec<Found>) -> Self {
        let more = found.len() > SHOWN;
        found.truncate(SHOWN);
        Self { found, more }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    more: String,
}

/// Organizations in reach, by name or external id.
///
/// # Errors
/// What the database says.
pub fn organizations(reader: &mut impl Reader<OrganizationView>, q: &str) -> Result<Group, Problem> {
    let (conn, permit) = reader.parts();
    let part = format!("%{}%", like(&text::search(q)));
    let mut sql =
        Sql::new("SELECT o.key, s.slug, o.id, o.name, '' AS more FROM organizations o JOIN identity_stores s ON s.key = o.store WHERE ");
    sql.in_reach(permit.reach(), "o.key").push(" AND (o.name_sort LIKE ").bind(part.clone()).push(" ESCAPE '\\' OR o.external_id LIKE ");
    sql.bind(part).push(" ESCAPE '\\') ORDER BY o.name_sort, o.key LIMIT ").bind(SHOWN as i64 + 1);
    let rows: Vec<Row> = sql.load(conn)?;
    let paths = tree::paths(conn, rows.iter().map(|row| OrganizationKey(row.key)))?;
    let path = |key: i64| -> &[Step] { paths.get(&OrganizationKey(key)).map_or(&[], Vec::as_slice) };
    Ok(Group::of(
        rows.into_iter().map(|row| Found { more: path_text(path(row.key)), store: row.slug, id: row.id, title: row.name }).collect(),
    ))
}

/// Accounts in reach, by name, e-mail or user name.
///
/// # Errors
/// What the database says.
pub fn accounts(reader: &mut impl Reader<UserView>, q: &str) -> Result<Group, Problem> {
    #[derive(QueryableByName)]
    struct InStore {
        #[diesel(embed)]
        account: Account,
        #[diesel(sql_type = Text)]
        slug: String,
    }
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(accounts::COLUMNS);
    sql.push(", s.slug FROM accounts a JOIN identity_stores s ON s.key = a.store WHERE ").account_in_reach(permit.reach(), "a.key");
    accounts::Filter { q: q.to_owned(), ..accounts::Filter::default() }.add_search(conn, &mut sql);
    sql.push(" ORDER BY a.name_sort, a.key LIMIT ").bind(SHOWN as i64 + 1);
    let rows: Vec<InStore> = sql.load(conn)?;
    let found = rows.into_iter().map(|InStore { account, slug }| Found {
        title: account.title().to_owned(),
        more: account.identifier().to_owned(),
        id: account.id,
        store: slug,
    });
    Ok(Group::of(found.collect()))
}

/// Organization roles, by name.
///
/// # Errors
/// What the database says.
pub fn roles(reader: &mut impl Reader<OrganizationRoleView>, q: &str) -> Result<Group, Problem> {
    let mut sql = Sql::new(
        "SELECT r.key, s.slug, r.id, r.name, s.name AS more FROM roles r JOIN identity_stores s ON s.key = r.store WHERE r.name_sort LIKE ",
    );
    sql.bind(format!("%{}%", like(&text::search(q)))).push(" ESCAPE '\\' ORDER BY r.name_sort, r.key LIMIT ").bind(SHOWN as i64 + 1);
    let rows: Vec<Row> = sql.load(reader.conn())?;
    Ok(Group::of(rows.into_iter().map(|row| Found { store: row.slug, id: row.id, title: row.name, more: row.more }).collect()))
}

/// Administrator roles, by name.
///
/// # Errors
/// What the database says.
pub fn administrator_roles(reader: &mut impl Reader<AdministratorRoleView>, q: &str) -> Result<Group, Problem> {
    let mut sql =
        Sql::new("SELECT r.key, '' AS slug, r.id, r.name, r.description AS more FROM administrator_roles r WHERE r.name_sort LIKE ");
    sql.bind(format!("%{}%", like(&text::search(q)))).push(" ESCAPE '\\' ORDER BY r.name_sort, r.key LIMIT ").bind(SHOWN as i64 + 1);
    let rows: Vec<Row> = sql.load(reader.conn())?;
    Ok(Group::of(rows.into_iter().map(|row| Found { store: row.slug, id: row.id, title: row.name, more: row.more }).collect()))
}
