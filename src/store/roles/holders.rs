//! Who holds a role, where a change of it is judged.

use crate::{
    access::{Actor, Ground, rank},
    domain::{key::*, organization::Lineage, time::Time},
    problem::Problem,
    store::{
        holdings,
        schema::role_assignments,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable},
};

/// Where the role is held, each organization with the latest end there.
pub(super) fn assigned<G: Ground>(reader: &mut impl Reader<G>, role: RoleKey) -> Result<Vec<(Lineage, Option<Time>)>, Problem> {
    #[derive(QueryableByName)]
    struct At {
        #[diesel(sql_type = BigInt)]
        organization: OrganizationKey,
        #[diesel(sql_type = BigInt)]
        open: i64,
        #[diesel(sql_type = Nullable<BigInt>)]
        ends: Option<Time>,
    }
    let mut sql = Sql::new("SELECT organization, count(*) - count(ends) AS open, max(ends) AS ends FROM role_assignments WHERE role = ");
    sql.bind(role).push(" AND (ends IS NULL OR ends > ").bind(reader.now()).push(") GROUP BY organization");
    let rows: Vec<At> = sql.load(reader.conn())?;
    let mut lineages = tree::lineages(reader.conn(), rows.iter().map(|row| row.organization))?;
    Ok(rows
        .into_iter()
        .filter_map(|row| lineages.remove(&row.organization).map(|lineage| (lineage, if row.open > 0 { None } else { row.ends })))
        .collect())
}

/// C-2, Z-10: nobody who holds the role outranks the one who changes what it holds.
pub(super) fn nobody_above<G: Ground>(tx: &mut Tx<G>, actor: &Actor, role: RoleKey) -> Result<(), Problem> {
    use role_assignments as ra;
    let now = tx.now();
    let holders: Vec<AccountKey> =
        ra::table.filter(ra::role.eq(role).and(ra::ends.is_null().or(ra::ends.gt(now)))).select(ra::account).distinct().load(tx.conn())?;
    for accounts in holders.chunks(5_000) {
        for (account, holdings) in holdings::of(tx.conn(), accounts, now)? {
            rank::may_act_on(actor, account, &holdings).map_err(|_| {
                Problem::Forbidden(
                    "Somebody who holds this role holds more than you do. Only someone with those rights may change it.".into(),
                )
            })?;
        }
    }
    Ok(())
}
