//! Filters of the accounts list beyond search and statuses (screens.md 4.6): a role that is held, verification, second
//! factors, when accounts were made. Each tells of an account only what the reader may know of it, and what may find few
//! finds them by an index.

use super::Filter;
use crate::{
    access::{Ground, Permit, Reach, Side},
    domain::{
        account::{MembershipStatus, Status},
        key::{OrganizationKey, StoreKey},
        time::Time,
    },
    store::{reached, sql::Sql},
};

/// What the reader may be told of accounts.
pub(in crate::store) struct Sight<'p> {
    /// Where they see accounts and what these hold (P-3).
    pub reach: &'p Reach,
    /// Where they see authenticators.
    authenticators: Option<Reach>,
}

impl<'p> Sight<'p> {
    /// Of whoever sees accounts on that side.
    pub fn of<S: Side>(permit: &'p Permit<S::See>) -> Self {
        Self { reach: permit.reach(), authenticators: permit.actor().and_then(|actor| S::SeeAuthenticators::reach(actor)) }
    }
}

/// Accounts that a condition finds by an index.
pub(in crate::store) struct Way {
    /// Selects their keys as `account`.
    pub accounts: Sql,
    /// Whether it may find one of them more than once.
    pub repeats: bool,
}

/// The role with a public id, which follows.
const ROLE: &str = "(SELECT key FROM roles WHERE id = ";

impl Filter {
    /// The conditions on `a`. The + before a column keeps SQLite from finding by it what is too many to be sorted.
    pub(super) fn add_further(&self, from: &mut Sql, sight: &Sight, now: Time) {
        if !self.role.is_empty() {
            // The + keeps SQLite from looking through everybody who holds the role.
            from.push(" AND EXISTS (SELECT 1 FROM role_assignments fr WHERE fr.account = a.key AND +fr.role = ");
            from.push(ROLE).bind(self.role.as_str()).push(") AND (fr.ends IS NULL OR fr.ends > ").bind(now).push(") AND ");
            from.in_reach(sight.reach, "fr.organization").push(")");
        }
        match self.verified.as_str() {
            "yes" => _ = from.push(" AND EXISTS (SELECT 1 FROM verifications fv WHERE fv.account = a.key AND fv.verified)"),
            "no" => _ = from.push(" AND NOT EXISTS (SELECT 1 FROM verifications fv WHERE fv.account = a.key AND fv.verified)"),
            "revoked" => _ = from.push(" AND EXISTS (SELECT 1 FROM verifications fv WHERE fv.account = a.key AND NOT fv.verified)"),
            _ => {}
        }
        if self.factor == "none" {
            // Who may not see the authenticators of an account does not learn that it has none.
            match &sight.authenticators {
                Some(reach) => _ = from.push(" AND ").account_in_reach(reach, "a.key").push(" AND +a.factors = 0"),
                None => _ = from.push(" AND FALSE"),
            }
        }
        if let Some(start) = self.from {
            from.push(" AND +a.created_at >= ").bind(start);
        }
        if let Some(end) = self.to {
            from.push(" AND +a.created_at < ").bind(end);
        }
        reached::add_at(from, self.at());
    }

    /// What it narrows to, as the store asks for it.
    pub(in crate::store) fn at(&self) -> Option<(OrganizationKey, bool)> {
        self.within.map(|(organization, below)| (OrganizationKey(organization), below))
    }

    /// The ways to what may be few of a store. The conditions themselves are still to be added.
    pub(in crate::store) fn ways(&self, store: StoreKey, sight: &Sight, now: Time) -> Vec<Way> {
        let mut ways = Vec::new();
        let mut way = |repeats, accounts| ways.push(Way { accounts, repeats });
        let of_store = || {
            let mut sql = Sql::new("SELECT key AS account FROM accounts WHERE store = ");
            sql.bind(store);
            sql
        };
        if !self.role.is_empty() {
            // By the pairs, as one of another reach may be held by half a million.
            let mut sql = Sql::new("SELECT hr.account FROM pairs hp CROSS JOIN role_assignments hr WHERE hp.role = ");
            sql.push(ROLE).bind(self.role.as_str()).push(") AND ").in_reach(sight.reach, "hp.organization");
            sql.push(" AND hr.organization = hp.organization AND hr.role = hp.role AND (hr.ends IS NULL OR hr.ends > ").bind(now).push(")");
            way(true, sql);
        }
        match self.verified.as_str() {
            "yes" => way(false, Sql::new("SELECT account FROM verifications WHERE verified = TRUE")),
            "revoked" => way(false, Sql::new("SELECT account FROM verifications WHERE verified = FALSE")),
            _ => {}
        }
        if self.factor == "none" {
            let mut sql = of_store();
            sql.push(" AND factors = 0");
            way(false, sql);
        }
        if self.from.is_some() || self.to.is_some() {
            let mut sql = of_store();
            if let Some(start) = self.from {
                sql.push(" AND created_at >= ").bind(start);
            }
            if let Some(end) = self.to {
                sql.push(" AND created_at < ").bind(end);
            }
            way(false, sql);
        }
        match self.authn.as_str() {
            "locked" => {
                let mut sql = of_store();
                sql.push(" AND locked_until > ").bind(now);
                way(false, sql);
            }
            word if Status::from_word(word).is_some_and(|status| status != Status::Active) => {
                // The index knows only who is not active.
                let mut sql = of_store();
                sql.push(" AND status <> 'active' AND status = ").bind(word);
                way(false, sql);
            }
            _ => {}
        }
        if MembershipStatus::from_word(&self.authz) == Some(MembershipStatus::Blocked) {
            let mut sql = Sql::new("SELECT hb.account FROM memberships hb WHERE hb.status = 'blocked' AND ");
            sql.in_reach(sight.reach, "hb.organization");
            way(true, sql);
        }
        ways
    }
}
