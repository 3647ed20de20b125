//! Invitations sent, sent again, withdrawn and answered (I-1, P-5). No account exists before its owner accepts.

mod answer;
mod list;
mod send;

pub use answer::{Opened, accept_mine, accept_new, decline, open};
pub use list::{Filter, Listed, Row, ending, list, roles_to_promise};
pub use send::{Gifts, Outcome, invite, resend, withdraw};

use super::{
    conn::Conn,
    schema::{invitation_roles, invitations, roles},
    sql::Sql,
    transaction::Tx,
};
use crate::{
    access::Ground,
    domain::{invitation::Status, key::*, rights::Rights, time::Time},
    problem::Problem,
};
use diesel::{prelude::*, sql_types::BigInt};
use std::collections::HashMap;

fn role_names(conn: &mut Conn, of: &[i64]) -> Result<HashMap<i64, Vec<String>>, Problem> {
    use invitation_roles as ir;
    use roles as r;
    let rows: Vec<(i64, RoleKey)> = ir::table.filter(ir::invitation.eq_any(of)).select((ir::invitation, ir::role)).load(conn)?;
    let keys: Vec<RoleKey> = rows.iter().map(|(_, role)| *role).collect();
    let names: HashMap<RoleKey, String> =
        r::table.filter(r::key.eq_any(keys)).select((r::key, r::name)).load::<(RoleKey, String)>(conn)?.into_iter().collect();
    let mut found: HashMap<i64, Vec<String>> = HashMap::new();
    for (invitation, role) in rows {
        found.entry(invitation).or_default().extend(names.get(&role).cloned());
    }
    for list in found.values_mut() {
        list.sort();
    }
    Ok(found)
}

/// The hash of the token stays, so that whoever opens the link is told what became of it; it does nothing any more.
fn settle<G: Ground>(tx: &mut Tx<G>, key: i64, status: Status) -> Result<(), Problem> {
    use invitations as i;
    let now = tx.now();
    diesel::update(i::table.find(key)).set((i::status.eq(status.word()), i::settled_at.eq(Some(now.micros())))).execute(tx.conn())?;
    Ok(())
}

/// Withdraws what waits for an address whose account is deleted (S-8).
pub(super) fn withdraw_of(conn: &mut Conn, account: AccountKey, now: Time) -> Result<(), Problem> {
    let mut sql = Sql::new("UPDATE invitations SET status = 'withdrawn', settled_at = ");
    sql.bind(now).push(
        " WHERE status = 'pending' AND EXISTS (SELECT 1 FROM identifiers d WHERE d.store = invitations.store \
         AND d.folded = invitations.email_folded AND d.account = ",
    );
    sql.bind(account).push(")");
    sql.execute(conn).map(|_| ())
}

/// What pending invitations promise to these accounts: cells, at, until (P-4).
pub(super) fn promised_to(conn: &mut Conn, of: &[AccountKey], now: Time) -> Result<Vec<(AccountKey, OrganizationKey, Rights)>, Problem> {
    #[derive(QueryableByName)]
    struct Promise {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = BigInt)]
        organization: OrganizationKey,
        #[diesel(sql_type = diesel::sql_types::Integer)]
        rights: i32,
    }
    let mut sql = Sql::new(
        "SELECT d.account, i.organization, r.rights FROM identifiers d CROSS JOIN invitations i CROSS JOIN invitation_roles ir \
         CROSS JOIN roles r WHERE i.store = d.store AND i.email_folded = d.folded AND i.status = 'pending' AND ir.invitation = i.key \
         AND r.key = ir.role AND i.ends_at > ",
    );
    sql.bind(now).push(" AND d.account IN ").list(of.iter().map(|key| key.0));
    let row = |row: Promise| (row.account, row.organization, Rights::from_bits(row.rights as u16));
    Ok(sql.load::<Promise>(conn)?.into_iter().map(row).collect())
}
