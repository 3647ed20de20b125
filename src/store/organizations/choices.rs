//! Organizations to choose from, in forms and for lists.

use super::{Row, add_search, reached};
use crate::{
    access::{Ground, Reach},
    domain::{key::*, organization::Organization, permissions::OrganizationView, text},
    problem::Problem,
    store::{conn::Conn, kept::Fresh, sql::Sql, transaction::Reader, tree},
};

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
pub(in crate::store) fn choices_anywhere(conn: &mut Conn, reach: &Reach, sought: &str) -> Result<(Vec<Choice>, bool), Problem> {
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
pub(in crate::store) fn choices_below(
    conn: &mut Conn,
    reach: &Reach,
    top: OrganizationKey,
    founding: bool,
) -> Result<(Vec<Choice>, bool), Problem> {
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

/// The organizations of a store in reach that stand nearest to the top, by path.
///
/// # Errors
/// What the database says.
pub fn nearest(reader: &mut impl Reader<OrganizationView>, store: StoreKey, most: i64) -> Result<Vec<Choice>, Problem> {
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    Ok(by_depth(conn, &fresh, permit.reach(), store, most)?.0)
}
