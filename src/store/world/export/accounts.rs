//! Accounts of an export, with what hangs on them.

use super::{People, Places, date, parsed};
use crate::{
    domain::{account::MembershipStatus, key::*, text, time::Time, world},
    problem::Problem,
    store::{
        conn::Conn,
        schema::{accounts, authenticators, identifier_changes, identifiers, verifications},
        sql::Sql,
        world::rows::{AccountRow, AuthenticatorRow, ChangeRow, VerificationRow},
    },
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use std::collections::HashMap;

#[derive(QueryableByName)]
struct GroupOf {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = Text)]
    name_folded: String,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct MembershipOf {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    status: MembershipStatus,
}

/// The accounts of a store, in the order of their keys.
pub(super) fn of_store(
    conn: &mut Conn,
    places: &Places,
    store: StoreKey,
    with_secrets: bool,
    hanging: &mut Hanging,
    people: &mut People,
) -> Result<Vec<world::Account>, Problem> {
    let mut groups: HashMap<AccountKey, Vec<(String, String)>> = HashMap::new();
    let mut sql = Sql::new(
        "SELECT m.account, g.name_folded, g.name FROM account_group_members m JOIN account_groups g ON g.key = m.account_group WHERE g.store = ",
    );
    sql.bind(store);
    for row in sql.load::<GroupOf>(conn)? {
        groups.entry(row.account).or_default().push((row.name_folded, row.name));
    }
    let mut joined: HashMap<AccountKey, Vec<(OrganizationKey, MembershipStatus)>> = HashMap::new();
    let mut sql = Sql::new(
        "SELECT m.account, m.organization, m.status FROM memberships m JOIN organizations o ON o.key = m.organization WHERE o.store = ",
    );
    sql.bind(store);
    for row in sql.load::<MembershipOf>(conn)? {
        joined.entry(row.account).or_default().push((row.organization, row.status));
    }
    let rows: Vec<AccountRow> = accounts::table.filter(accounts::store.eq(store)).select(AccountRow::as_select()).load(conn)?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let identifier = row.email.clone().or_else(|| row.username.clone()).unwrap_or_default();
        let order = text::fold(&identifier);
        people.insert(row.key, (store, identifier));
        let mut groups = groups.remove(&row.key).unwrap_or_default();
        groups.sort();
        let mut memberships = Vec::new();
        for (organization, status) in joined.remove(&row.key).unwrap_or_default() {
            memberships.push((places.get(organization)?, status));
        }
        memberships.sort_by(|one, other| one.0.folded.cmp(&other.0.folded));
        let memberships = memberships
            .into_iter()
            .map(|(place, status)| world::Membership { organization: place.path.clone(), status: status.word().into() })
            .collect();
        let unconfirmed = hanging.unconfirmed(&row);
        let account = world::Account {
            id: Some(row.id),
            email: row.email,
            username: row.username,
            name: row.name,
            password: None,
            password_hash: row.password_hash.filter(|_| with_secrets),
            change_password: row.change_password.then_some(true),
            status: Some(row.status.word().into()),
            locked_until: date(row.locked_until),
            last_sign_in: date(row.last_sign_in_at),
            attributes: parsed(&row.attributes)?,
            groups: groups.into_iter().map(|(_, name)| name).collect(),
            unconfirmed,
            changes: hanging.changes.remove(&row.key).unwrap_or_default(),
            verification: hanging.verifications.remove(&row.key),
            authenticators: hanging.authenticators.remove(&row.key).unwrap_or_default(),
            memberships,
        };
        list.push((order, account));
    }
    list.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(list.into_iter().map(|(_, account)| account).collect())
}

/// What few accounts have, of all stores.
pub(super) struct Hanging {
    /// Identifiers that nobody has confirmed, folded.
    unconfirmed: HashMap<AccountKey, Vec<String>>,
    changes: HashMap<AccountKey, Vec<world::IdentifierChange>>,
    verifications: HashMap<AccountKey, world::Verification>,
    authenticators: HashMap<AccountKey, Vec<world::Authenticator>>,
}

impl Hanging {
    pub fn load(conn: &mut Conn, now: Time) -> Result<Self, Problem> {
        use authenticators as f;
        use identifier_changes as c;
        use identifiers as i;
        use verifications as v;
        let mut all =
            Self { unconfirmed: HashMap::new(), changes: HashMap::new(), verifications: HashMap::new(), authenticators: HashMap::new() };
        let waiting: Vec<(AccountKey, String)> = i::table.filter(i::confirmed.eq(false)).select((i::account, i::folded)).load(conn)?;
        for (account, folded) in waiting {
            all.unconfirmed.entry(account).or_default().push(folded);
        }
        let rows: Vec<ChangeRow> = c::table
            .filter(c::confirmed_at.is_null())
            .filter(c::cancel_until.gt(now))
            .order((c::account, c::kind, c::key))
            .select(ChangeRow::as_select())
            .load(conn)?;
        for row in rows {
            all.changes.entry(row.account).or_default().push(world::IdentifierChange {
                kind: row.kind,
                value: row.new_value,
                by: row.changed_by,
                asked: Some(row.created_at.rfc3339()),
                until: Some(row.cancel_until.rfc3339()),
            });
        }
        for row in v::table.load::<VerificationRow>(conn)? {
            all.verifications.insert(
                row.account,
                world::Verification {
                    status: if row.verified { "verified" } else { "revoked" }.into(),
                    by: row.verified_by,
                    how: row.how,
                    reason: row.reason,
                    at: Some(row.at.rfc3339()),
                },
            );
        }
        let rows: Vec<AuthenticatorRow> =
            f::table.order((f::account, f::kind, f::value)).select(AuthenticatorRow::as_select()).load(conn)?;
        for row in rows {
            all.authenticators.entry(row.account).or_default().push(world::Authenticator {
                kind: row.kind.word().into(),
                value: row.value,
                confirmed: date(row.confirmed_at),
                added_by: row.added_by,
                added: Some(row.created_at.rfc3339()),
            });
        }
        Ok(all)
    }

    /// Which of the account's own identifiers wait to be confirmed. What is to take their place waits under `changes`.
    fn unconfirmed(&self, row: &AccountRow) -> Vec<String> {
        let Some(waiting) = self.unconfirmed.get(&row.key) else { return Vec::new() };
        let waits = |typed: &Option<String>| typed.as_deref().is_some_and(|typed| waiting.contains(&text::fold(typed)));
        [("email", waits(&row.email)), ("username", waits(&row.username))]
            .into_iter()
            .filter(|(_, waits)| *waits)
            .map(|(kind, _)| kind.to_owned())
            .collect()
    }
}
