//! Filters of the accounts list beyond search and statuses (screens.md 4.6): a role that is held, verification, second
//! factors, when accounts were made. Each tells of an account only what the reader may know of it, and what may find few
//! finds them by an index.

use crate::{
    access::{Ground, Permit, Reach, Side},
    domain::{
        account::{MembershipStatus, Status},
        key::{OrganizationKey, StoreKey},
        time::Time,
    },
    store::{conn::Conn, reached, sql::Sql},
};
use serde::{Deserialize, Serialize};

/// Filters that lists and the picker share; as they stand in addresses and, frozen, in drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Part of a name, e-mail or user name.
    pub q: String,
    /// `active`, `invited`, `locked` or `disabled`.
    pub authn: String,
    /// `active` or `blocked`: of any membership in sight; `none`: without a membership.
    pub authz: String,
    /// `inside`, `outside` or `none`: against the organization of the pair (the picker).
    pub member: String,
    /// Whether the search looks at names alone: for who may not see what accounts sign in by.
    pub names_only: bool,
    /// The id of a role that is held now, where the reader sees it.
    pub role: String,
    /// `yes`, `no` or `revoked`: verified by hand (P-7).
    pub verified: String,
    /// `none`: without a second factor that counts (P-6).
    pub factor: String,
    /// Made from this instant on.
    pub from: Option<Time>,
    /// Made before this instant.
    pub to: Option<Time>,
    /// Members of the organization with this key, and with the flag of any below it: what is selected of such a list.
    pub within: Option<(i64, bool)>,
}

impl Filter {
    /// Whether anything narrows the list.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(in crate::store) fn add(&self, conn: &Conn, from: &mut Sql, sight: &Sight, now: Time, pair: Option<OrganizationKey>) {
        self.add_search(conn, from);
        self.add_rest(from, sight, now, pair);
    }

    /// Everything but the search.
    pub(in crate::store) fn add_rest(&self, from: &mut Sql, sight: &Sight, now: Time, pair: Option<OrganizationKey>) {
        self.add_further(from, sight, now);
        match self.authn.as_str() {
            "locked" => {
                from.push(" AND a.status = 'active' AND a.locked_until > ").bind(now);
            }
            "active" => {
                from.push(" AND a.status = 'active' AND (a.locked_until IS NULL OR a.locked_until <= ").bind(now).push(")");
            }
            word if Status::from_word(word).is_some() => {
                from.push(" AND a.status = ").bind(word);
            }
            _ => {}
        }
        match self.authz.as_str() {
            "none" => {
                from.push(" AND NOT EXISTS (SELECT 1 FROM memberships fm WHERE fm.account = a.key)");
            }
            word if MembershipStatus::from_word(word).is_some() => {
                from.push(" AND EXISTS (SELECT 1 FROM memberships fm WHERE fm.account = a.key AND fm.status = ").bind(word);
                from.push(" AND ").in_reach(sight.reach, "fm.organization").push(")");
            }
            _ => {}
        }
        let Some(pair) = pair else { return };
        const INSIDE: &str = "EXISTS (SELECT 1 FROM memberships pm JOIN organization_closure pc ON pc.descendant = pm.organization WHERE pm.account = a.key AND pc.ancestor = ";
        match self.member.as_str() {
            "inside" => {
                from.push(" AND ").push(INSIDE).bind(pair).push(")");
            }
            "outside" => {
                from.push(" AND EXISTS (SELECT 1 FROM memberships om WHERE om.account = a.key) AND NOT ").push(INSIDE).bind(pair).push(")");
            }
            "none" => {
                from.push(" AND NOT EXISTS (SELECT 1 FROM memberships om WHERE om.account = a.key)");
            }
            _ => {}
        }
    }
}

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
