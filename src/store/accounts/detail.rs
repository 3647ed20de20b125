//! An account's page.

use super::{Account, Membership, find, list::identified, memberships_of};
use crate::{
    access::{Reach, Side},
    domain::{
        attribute,
        key::*,
        organization::Step,
        role_assignment::Given,
        time::{Period, Time},
    },
    problem::Problem,
    store::{conn::Conn, identity_stores, sql::Sql, transaction::Reader, tree},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use std::collections::HashSet;

/// A role that an account holds, as its page shows it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Held {
    /// The role's id.
    #[diesel(sql_type = Text)]
    pub role_id: String,
    /// The role's name.
    #[diesel(sql_type = Text)]
    pub role: String,
    /// The organization's key.
    #[diesel(sql_type = BigInt)]
    pub organization: OrganizationKey,
    /// The organization's id.
    #[diesel(sql_type = Text)]
    pub organization_id: String,
    /// First instant.
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    /// First instant after.
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// How it came about.
    #[diesel(sql_type = Text)]
    pub given: Given,
    /// By whom.
    #[diesel(sql_type = Nullable<Text>)]
    pub given_by: Option<String>,
    /// When.
    #[diesel(sql_type = BigInt)]
    pub given_at: Time,
}

impl Held {
    /// Its dates.
    pub fn period(&self) -> Period {
        Period { starts: self.starts, ends: self.ends }
    }
}

/// What an account's page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The account.
    pub account: Account,
    /// Profile attributes: label and value, in the order of the schema; all of them (S-2: the console shows all).
    pub attributes: Vec<(String, String)>,
    /// The names of its groups.
    pub groups: Vec<String>,
    /// Its memberships in reach.
    pub memberships: Vec<Membership>,
    /// How many memberships lie outside reach.
    pub outside: i64,
    /// The roles it holds in reach, each with its organization's path.
    pub roles: Vec<(Held, Vec<Step>)>,
    /// When it was made.
    pub created_at: Time,
    /// Whether a password is set.
    pub has_password: bool,
}

/// An account's page. In the portal with the attributes that are for it (S-2), without roles, and without identifiers where
/// the reader may not see them.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn detail<S: Side>(reader: &mut impl Reader<S::See>, store: StoreKey, id: &str) -> Result<Detail, Problem> {
    #[derive(QueryableByName)]
    struct More {
        #[diesel(sql_type = Text)]
        attributes: String,
        #[diesel(sql_type = BigInt)]
        created_at: Time,
        #[diesel(sql_type = Bool)]
        has_password: bool,
        #[diesel(sql_type = BigInt)]
        memberships: i64,
    }
    let account = find(reader, store, id)?;
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let reach = permit.reach();
    let mut sql = Sql::new(
        "SELECT a.attributes, a.created_at, a.password_hash IS NOT NULL AS has_password, \
         (SELECT count(*) FROM memberships m WHERE m.account = a.key) AS memberships FROM accounts a WHERE a.key = ",
    );
    sql.bind(account.key);
    let more = sql.load::<More>(conn)?.pop().ok_or(Problem::NotFound)?;
    let values: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&more.attributes).map_err(Problem::internal)?;
    let attributes = identity_stores::attributes(conn, store)?
        .into_iter()
        .filter(|attribute| !S::PORTAL || attribute.portal_visible)
        .map(|attribute| {
            let value = attribute::shown(values.get(&attribute.name));
            (attribute.label, value)
        })
        .collect();
    let groups = groups_of(conn, account.key)?;
    let memberships = memberships_of(conn, &fresh, reach, &[account.key])?.remove(&account.key).unwrap_or_default();
    let roles = if S::PORTAL { Vec::new() } else { held(conn, reach, account.key, now)? };
    let account = match S::PORTAL && identified::<S, _>(conn, permit, &[account.key])?.is_empty() {
        true => account.without_identifiers(),
        false => account,
    };
    Ok(Detail {
        attributes,
        groups,
        outside: more.memberships - memberships.len() as i64,
        memberships,
        roles,
        created_at: more.created_at,
        has_password: more.has_password,
        account,
    })
}

/// The names of an account's groups.
pub(super) fn groups_of(conn: &mut Conn, account: AccountKey) -> Result<Vec<String>, Problem> {
    #[derive(QueryableByName)]
    struct Group {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql =
        Sql::new("SELECT g.name FROM account_group_members m JOIN account_groups g ON g.key = m.account_group WHERE m.account = ");
    sql.bind(account).push(" ORDER BY g.name_folded");
    Ok(sql.load::<Group>(conn)?.into_iter().map(|row| row.name).collect())
}

fn held(conn: &mut Conn, reach: &Reach, account: AccountKey, now: Time) -> Result<Vec<(Held, Vec<Step>)>, Problem> {
    let mut sql = Sql::new(
        "SELECT r.id AS role_id, r.name AS role, o.key AS organization, o.id AS organization_id, ra.starts, ra.ends, ra.reason, ra.given, ra.given_by, ra.given_at \
         FROM role_assignments ra JOIN roles r ON r.key = ra.role JOIN organizations o ON o.key = ra.organization WHERE (ra.ends IS NULL OR ra.ends > ",
    );
    sql.bind(now)
        .push(") AND ra.account = ")
        .bind(account)
        .push(" AND ")
        .in_reach(reach, "ra.organization")
        .push(" ORDER BY r.name_sort, o.name_sort, o.key LIMIT 200");
    let rows: Vec<Held> = sql.load(conn)?;
    let paths = tree::paths(conn, rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let path = paths.get(&row.organization).cloned().unwrap_or_default();
            (row, path)
        })
        .collect())
}
