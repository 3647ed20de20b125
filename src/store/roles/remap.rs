//! A role that is held is replaced by another one everywhere and deleted, in one step (R-6, Z-8).

use super::{delete, find, holders::assigned};
use crate::{
    access::{
        confer,
        rank::{self, Above},
    },
    domain::{
        Refusal,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        permissions::OrganizationRoleDelete,
        rights::Rights,
        role::Role,
        time::Time,
    },
    problem::Problem,
    store::{
        accounts, holdings, role_assignments,
        sql::Sql,
        transaction::{Reader, Tx},
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use serde_json::json;
use std::collections::BTreeSet;

/// What re-mapping a role's assignments to another role does (W-2).
#[derive(Clone, Debug)]
pub struct Remap {
    /// The role that goes.
    pub role: Role,
    /// The one that its holders hold then.
    pub to: Role,
    /// Accounts that hold it.
    pub accounts: usize,
    /// Organizations in which they do.
    pub organizations: usize,
    /// Assignments of accounts that hold both at one organization: they become one, as long as the two together.
    pub merged: usize,
    /// Rights that they gain.
    pub gained: Rights,
    /// Rights that they lose.
    pub lost: Rights,
}

impl Remap {
    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{}.{}.{}.{}", self.accounts, self.organizations, self.merged, self.role.rev, self.to.rev)
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = Text)]
    account_id: String,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    organization_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Bool)]
    both: bool,
}

fn rows(reader: &mut impl Reader<OrganizationRoleDelete>, role: RoleKey, to: RoleKey) -> Result<Vec<Row>, Problem> {
    let now = reader.now();
    let mut sql = Sql::new(
        "SELECT ra.account, a.id AS account_id, ra.organization, o.id AS organization_id, ra.starts, ra.ends, \
         EXISTS (SELECT 1 FROM role_assignments t WHERE t.organization = ra.organization AND t.account = ra.account AND t.role = ",
    );
    sql.bind(to).push(" AND (t.ends IS NULL OR t.ends > ").bind(now);
    sql.push(")) AS both FROM role_assignments ra JOIN accounts a ON a.key = ra.account JOIN organizations o ON o.key = ra.organization WHERE ra.role = ");
    sql.bind(role).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now).push(") ORDER BY ra.organization, ra.account");
    sql.load(reader.conn())
}

/// What re-mapping would do, when the person may: each assignment is taken and given as by hand (C-1, C-2, P-4).
///
/// # Errors
/// A refusal at `to` for a role that is none of the store's others; [`Problem::Forbidden`] where one of the assignments
/// is not the person's to take or to give.
pub fn remap_effect(reader: &mut impl Reader<OrganizationRoleDelete>, store: &IdentityStore, id: &str, to: &str) -> Result<Remap, Problem> {
    judged(reader, store, id, to).map(|(remap, _)| remap)
}

fn judged(
    reader: &mut impl Reader<OrganizationRoleDelete>,
    store: &IdentityStore,
    id: &str,
    to: &str,
) -> Result<(Remap, Vec<Row>), Problem> {
    let now = reader.now();
    let role = find(reader, store, id)?;
    let to = match find(reader, store, to) {
        Ok(found) if found.key != role.key => found,
        Ok(_) | Err(Problem::NotFound) => return Err(Refusal::at("to", "Choose another role of this store.").into()),
        Err(problem) => return Err(problem),
    };
    let rows = rows(reader, role.key, to.key)?;
    let actor = reader.permit().person()?.clone();
    for (at, until) in assigned(reader, role.key)? {
        let forbidden = |uncovered: confer::Uncovered| Problem::Forbidden(uncovered.0);
        confer::may_withdraw(&actor, role.terms.rights, &at, until).map_err(forbidden)?;
        confer::may_confer(&actor, to.terms.rights, &at, until).map_err(forbidden)?;
    }
    let keys: Vec<AccountKey> = rows.iter().map(|row| row.account).collect::<BTreeSet<_>>().into_iter().collect();
    let held = holdings::of(reader.conn(), &keys, now)?;
    let none = rank::Holdings::default();
    let above: Option<(AccountKey, Above)> =
        keys.iter().find_map(|key| rank::may_act_on(&actor, *key, held.get(key).unwrap_or(&none)).err().map(|above| (*key, above)));
    if let Some((key, above)) = above {
        let names: Vec<String> = accounts::by_keys(reader.conn(), &[key])?.iter().map(|account| account.title().to_owned()).collect();
        return Err(Problem::Forbidden(format!("{}: {}", names.join(""), above.reason())));
    }
    let (old, new) = (role.terms.rights, to.terms.rights);
    let remap = Remap {
        accounts: keys.len(),
        organizations: rows.iter().map(|row| row.organization).collect::<BTreeSet<_>>().len(),
        merged: rows.iter().filter(|row| row.both).count(),
        gained: new.without(old),
        lost: old.without(new),
        role,
        to,
    };
    Ok((remap, rows))
}

/// How re-mapping went.
#[derive(Clone, Debug)]
pub enum Remapped {
    /// Done.
    Done(Remap),
    /// This is what it would do: to be confirmed first (W-2, Z-11).
    Confirm(Remap),
}

/// Gives every holder of a role another one in its place, with the same dates, and deletes it; all or nothing (Z-8).
///
/// # Errors
/// As [`remap_effect`].
pub fn remap(
    tx: &mut Tx<OrganizationRoleDelete>,
    store: &IdentityStore,
    id: &str,
    to: &str,
    confirmed: Option<&str>,
) -> Result<Remapped, Problem> {
    let now = tx.now();
    let (remap, rows) = judged(tx, store, id, to)?;
    if confirmed != Some(remap.mark().as_str()) {
        return Ok(Remapped::Confirm(remap));
    }
    let by = tx.permit().person()?.name.clone();
    role_assignments::move_all(tx.conn(), remap.role.key, remap.to.key, &by, now)?;
    let time = |time: Option<Time>| time.map(Time::rfc3339);
    let before: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            json!({ "account": row.account_id, "organization": row.organization_id, "starts": time(row.starts), "ends": time(row.ends) })
        })
        .collect();
    let mut event = Event::done("role.remap")
        .on(Subject::of("role", &remap.role.id).in_store(store.key))
        .on(Subject::of("role", &remap.to.id).in_store(store.key))
        .with("role", remap.role.terms.name.as_str())
        .with("to", remap.to.terms.name.as_str())
        .with("accounts", remap.accounts)
        .with("merged", remap.merged)
        .with("before", before);
    for row in &rows {
        event = event.on(Subject::of("account", &row.account_id).at(row.organization).in_store(store.key));
    }
    tx.record(event)?;
    delete(tx, store, id)?;
    Ok(Remapped::Done(remap))
}
