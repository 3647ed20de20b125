//! Whence somebody has a right, and why not (W-1): what `access/why.rs` judges, with the names of everything on the way.

use super::{
    accounts::Account,
    actors,
    effective::hold,
    grants::{self, Listed},
    schema::accounts,
    scopes::Owner,
    sql::Sql,
    transaction::Reader,
    tree,
};
use crate::{
    access::{
        Administration,
        effective::{Asleep, Lacking},
        why::{self, Powerless},
    },
    domain::{
        account::Status,
        key::*,
        organization::Step,
        permissions::{Leaf, Permission, RoleAssignmentView, UserView},
        rights::Cell,
        role_assignment::Given,
        time::{Period, Time},
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use std::collections::{HashMap, HashSet};

#[derive(Clone, Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    role: RoleKey,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    role_id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    organization_id: String,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    given: Given,
    #[diesel(sql_type = Nullable<Text>)]
    given_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    given_at: Time,
}

/// A role assignment that gives a right, or would.
#[derive(Clone, Debug)]
pub struct Source {
    /// The role's id.
    pub role_id: String,
    /// Its name.
    pub role: String,
    /// The id of the organization where it was given.
    pub organization_id: String,
    /// From the top to there.
    pub path: Vec<Step>,
    /// The names of the organizations between there and the one asked about, from above: those over which it is inherited.
    pub over: Vec<String>,
    /// Its dates.
    pub period: Period,
    /// Who gave it, how, when and why; none: it was given out of the reader's reach.
    pub how: Option<How>,
    /// Why it has no effect now; none: it has.
    pub asleep: Option<Asleep>,
}

/// How an assignment came about.
#[derive(Clone, Debug)]
pub struct How {
    /// By hand or otherwise.
    pub given: Given,
    /// By whom.
    pub by: Option<String>,
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
}

/// Whether an account holds an access right at an organization, and by what. Both were found through the reader's own
/// permits.
///
/// # Errors
/// What the database says.
pub fn right(
    reader: &mut impl Reader<UserView>,
    account: &Account,
    at: &Owner,
    cell: Cell,
) -> Result<(Result<(), Lacking>, Vec<Source>), Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let hold = hold(conn, account.key, at.key)?;
    let mut sql = Sql::new(
        "SELECT ra.role, ra.organization, r.id AS role_id, r.name, o.id AS organization_id, ra.reason, ra.given, ra.given_by, ra.given_at \
         FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor JOIN roles r ON r.key = ra.role \
         JOIN organizations o ON o.key = ra.organization WHERE c.descendant = ",
    );
    sql.bind(at.key).push(" AND ra.account = ").bind(account.key);
    let rows: Vec<Row> = sql.load(conn)?;
    let mut rows: HashMap<(OrganizationKey, RoleKey), Row> = rows.into_iter().map(|row| ((row.organization, row.role), row)).collect();
    let places: HashSet<OrganizationKey> = hold.assigned.iter().map(|assigned| assigned.at).collect();
    let paths = tree::paths(conn, places.iter().copied())?;
    let lineages = tree::lineages(conn, places)?;
    let reach = actor.reach_of(&RoleAssignmentView::LEAF);
    let sources = hold.assigned.iter().filter(|assigned| assigned.rights.has(cell)).filter_map(|assigned| {
        let row = rows.remove(&(assigned.at, assigned.role))?;
        let path = paths.get(&assigned.at).cloned().unwrap_or_default();
        let below = at.path.len().saturating_sub(usize::try_from(assigned.distance).unwrap_or(0));
        let seen = reach.as_ref().zip(lineages.get(&assigned.at)).is_some_and(|(reach, place)| reach.contains(place));
        Some(Source {
            role_id: row.role_id,
            role: row.name,
            organization_id: row.organization_id,
            path,
            over: at.path.iter().skip(below).map(|step| step.name.clone()).collect(),
            period: assigned.period,
            how: seen.then_some(How { given: row.given, by: row.given_by, at: row.given_at, reason: row.reason }),
            asleep: hold.asleep(assigned, now),
        })
    });
    Ok((hold.has(cell, now), sources.collect()))
}

/// A grant whose role has the permission.
#[derive(Clone, Debug)]
pub struct Link {
    /// The grant.
    pub grant: Listed,
    /// What it was made through, the nearest first; what the reader may not know of as nothing (D-10).
    pub above: Vec<Option<Listed>>,
    /// Why it does not let its holder act there; none: it does.
    pub powerless: Option<Powerless>,
}

/// By which of the grants that the reader may know of an account can use a permission at an organization, or anywhere.
///
/// # Errors
/// What the database says.
pub fn permission(
    reader: &mut impl Reader<Administration>,
    grants: Vec<Listed>,
    at: Option<&Owner>,
    leaf: &Leaf,
) -> Result<Vec<Link>, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let Some(account) = grants.first().map(|grant| grant.account) else { return Ok(Vec::new()) };
    let status: Status = accounts::table.find(account).select(accounts::status).first(conn)?;
    let mut those = Sql::new("g.account = ");
    those.bind(account);
    let mut judged: HashMap<GrantKey, _> = actors::grants_where(conn, &those)?.into_iter().map(|(_, grant)| (grant.key, grant)).collect();
    let memberships = actors::memberships(conn, account)?;
    let place = at.map(|at| tree::lineage(conn, at.key)).transpose()?;
    let uppers: HashSet<GrantKey> = judged.values().flat_map(|grant| grant.above.iter().map(|upper| upper.key)).collect();
    let seen = grants::seen_of(conn, &actor, uppers)?;
    let links = grants.into_iter().filter_map(|listed| {
        let grant = judged.remove(&listed.key).filter(|grant| grant.permissions.has(leaf))?;
        let above = grant.above.iter().map(|upper| seen.get(&upper.key).cloned()).collect();
        let powerless = why::acts(&grant, status, &memberships, place.as_ref(), now).err();
        Some(Link { grant: listed, above, powerless })
    });
    Ok(links.collect())
}

/// The first condition that fails where none of the links lets the holder act: of the one that comes nearest to it.
pub fn nearest(links: &[Link]) -> Option<Powerless> {
    links.iter().filter_map(|link| link.powerless).max_by_key(|powerless| match powerless {
        Powerless::Account(_) => 0,
        Powerless::Asleep(_) => 1,
        Powerless::Elsewhere => 2,
    })
}
