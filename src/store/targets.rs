//! Accounts that somebody wants to act on: where they belong and what they hold, in a constant number of queries.

use super::{
    accounts::{self, Account},
    conn::Conn,
    holdings,
    schema::memberships,
    transaction::{Reader, Tx},
    tree,
};
use crate::{
    access::{
        Ground, Side,
        target::{self, Target},
    },
    domain::{
        event::{Event, Subject},
        key::*,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// The accounts as targets.
pub(super) fn of(conn: &mut Conn, accounts: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Target>, Problem> {
    let mut rows: Vec<(AccountKey, OrganizationKey)> = Vec::new();
    for keys in accounts.chunks(10_000) {
        let found = memberships::table.filter(memberships::account.eq_any(keys)).select((memberships::account, memberships::organization));
        rows.extend(found.load::<(AccountKey, OrganizationKey)>(conn)?);
    }
    let root = tree::root(conn)?;
    let places: HashSet<OrganizationKey> = rows.iter().map(|row| row.1).chain([root]).collect();
    let lineages = tree::lineages(conn, places)?;
    let root = lineages.get(&root).cloned().ok_or(Problem::NotFound)?;
    let mut holdings = holdings::of(conn, accounts, now)?;
    let mut found: HashMap<AccountKey, Target> = accounts
        .iter()
        .map(|&account| {
            let holdings = holdings.remove(&account).unwrap_or_default();
            (account, Target { account, memberships: Vec::new(), holdings, root: root.clone(), now })
        })
        .collect();
    for (account, organization) in rows {
        if let (Some(target), Some(place)) = (found.get_mut(&account), lineages.get(&organization)) {
            target.memberships.push(place.clone());
        }
    }
    Ok(found)
}

/// One account as a target.
pub(super) fn one(conn: &mut Conn, account: AccountKey, now: Time) -> Result<Target, Problem> {
    of(conn, &[account], now)?.remove(&account).ok_or(Problem::NotFound)
}

/// An account that was found in sight and may be acted on.
pub(super) struct ActedOn {
    pub account: Account,
    pub target: Target,
}

impl ActedOn {
    /// The account as a subject in each of its organizations, so that each of them sees the event (E-3).
    pub fn subjects(&self, mut event: Event, store: StoreKey) -> Event {
        let subject = || Subject::of("account", &self.account.id).in_store(store);
        if self.target.memberships.is_empty() {
            event = event.on(subject());
        }
        for place in &self.target.memberships {
            event = event.on(subject().at(place.organization));
        }
        event.with("account", self.account.title())
    }
}

/// An account in the person's sight on that side (P-3), as a target.
///
/// # Errors
/// [`Problem::NotFound`] out of sight.
pub(super) fn seen<S: Side, G: Ground>(tx: &mut Tx<G>, store: StoreKey, id: &str) -> Result<ActedOn, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let reach = S::See::reach(&actor).ok_or(Problem::NotFound)?;
    let account = accounts::by_ids(tx.conn(), &reach, store, &[id.to_owned()])?.pop().ok_or(Problem::NotFound)?;
    let target = one(tx.conn(), account.key, now)?;
    Ok(ActedOn { account, target })
}

/// An account on which the person may do what `G` is for: in every organization it belongs to (P-3), and not above them (P-4).
///
/// # Errors
/// [`Problem::NotFound`] out of sight; [`Problem::Forbidden`] with the reason where they may only look.
pub(super) fn acted_on<S: Side, G: Ground>(tx: &mut Tx<G>, store: StoreKey, id: &str) -> Result<ActedOn, Problem> {
    let found = seen::<S, G>(tx, store, id)?;
    may(tx, &found)?;
    Ok(found)
}

fn may<G: Ground>(tx: &Tx<G>, found: &ActedOn) -> Result<(), Problem> {
    target::may_act::<G>(tx.permit().person()?, &found.target)
        .map_err(|off| Problem::Forbidden(format!("{}: {}", found.account.title(), off.reason())))
}
