//! What accounts hold, for rank (P-4): a constant number of queries for any number of accounts.

use super::{actors, conn::Conn, invitations, sql::Sql, tree};
use crate::{
    access::rank::Holdings,
    domain::{key::*, rights::Rights, time::Time},
    problem::Problem,
};
use diesel::sql_types::{BigInt, Integer, Nullable};
use std::collections::{HashMap, HashSet};

#[derive(diesel::QueryableByName)]
struct Held {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

/// Everything that each of the accounts holds and that has not ended, whether or not it takes effect now; and what pending
/// invitations promise to it.
pub(super) fn of(conn: &mut Conn, accounts: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Holdings>, Problem> {
    let mut sql = Sql::new(
        "SELECT a.account, a.organization, r.rights, a.ends FROM role_assignments a JOIN roles r ON r.key = a.role WHERE (a.ends IS NULL OR a.ends > ",
    );
    sql.bind(now).push(") AND a.account IN ").list(accounts.iter().map(|key| key.0));
    let held: Vec<Held> = sql.load(conn)?;
    let promised = invitations::promised_to(conn, accounts, now)?;
    let grants = actors::grants(conn, accounts.iter().copied())?;
    let places: HashSet<OrganizationKey> = held
        .iter()
        .map(|row| row.organization)
        .chain(promised.iter().map(|(_, organization, _)| *organization))
        .chain(grants.values().flatten().filter_map(|grant| grant.scope.as_ref().map(|scope| scope.owner)))
        .collect();
    let lineages = tree::lineages(conn, places)?;
    let mut found: HashMap<AccountKey, Holdings> = HashMap::new();
    for row in held {
        if let Some(at) = lineages.get(&row.organization) {
            found.entry(row.account).or_default().assignments.push((Rights::from_bits(row.rights as u16), at.clone(), row.ends));
        }
    }
    for (account, organization, rights) in promised {
        if let Some(at) = lineages.get(&organization) {
            found.entry(account).or_default().assignments.push((rights, at.clone(), None));
        }
    }
    for (account, grants) in grants {
        let holdings = found.entry(account).or_default();
        for grant in grants.into_iter().filter(|grant| !grant.period.ended(now)) {
            let owner = grant.scope.as_ref().and_then(|scope| lineages.get(&scope.owner)).cloned();
            holdings.grants.push((grant, owner));
        }
    }
    Ok(found)
}
