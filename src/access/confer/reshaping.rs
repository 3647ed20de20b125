//! The reach of a scope that grants use, changed (D-6).

use super::{
    Uncovered,
    delegation::{HeldGrant, Proposed, Recipient, may_grant, may_grant_through, may_revoke, scope_place},
};
use crate::{
    access::{Area, Bound, actor::Actor, rank::Holdings, reach::Reach, standing},
    domain::{
        administrator_role::{Kind, ScopeReach},
        key::{GrantKey, ScopeKey},
        organization::Lineage,
        time::Time,
    },
};

/// A scope and the reach that it is to get.
#[derive(Clone, Copy, Debug)]
pub struct Reshaped<'a> {
    /// The scope.
    pub scope: ScopeKey,
    /// Where its owner stands.
    pub owner: &'a Lineage,
    /// Its reach until now.
    pub before: ScopeReach,
    /// Its reach to come.
    pub after: ScopeReach,
}

impl Reshaped<'_> {
    /// Whether it goes somewhere new.
    pub fn widens(&self) -> bool {
        !self.before.covers(self.after)
    }

    /// Whether it no longer goes somewhere.
    pub fn narrows(&self) -> bool {
        !self.after.covers(self.before)
    }

    fn reach_of(&self, scope: &standing::Scope) -> ScopeReach {
        if scope.key == self.scope { self.after } else { scope.reach }
    }

    /// Whether the grant still lies inside those that it was made through (D-9).
    pub fn keeps_inside(&self, held: &HeldGrant) -> bool {
        let grant = &held.grant;
        let (Some(scope), Some(owner)) = (&grant.scope, &held.owner) else { return true };
        let Some(place) = scope_place(grant.kind, self.reach_of(scope), owner, None) else { return true };
        grant.above.iter().all(|upper| {
            let Some(theirs) = &upper.scope else { return upper.kind == Kind::Super };
            let (min, max) = self.reach_of(theirs).distances();
            // D-7: for a role of kind other the place leaves root out already.
            let area = Area::Within { bounds: vec![Bound { organization: theirs.owner, min, max }], root_too: true };
            Reach::In(vec![(area, None)]).covers(&place)
        })
    }
}

/// Whether a grant of the actor's own, or one that theirs was handed on through, uses the scope: then they do not edit it,
/// and make a copy instead (D-6).
pub fn hangs_on(actor: &Actor, scope: ScopeKey, now: Time) -> bool {
    let uses = |used: &Option<standing::Scope>| used.as_ref().is_some_and(|used| used.key == scope);
    let held = actor.grants.iter().filter(|grant| !grant.period.ended(now));
    held.into_iter().any(|grant| uses(&grant.scope) || grant.above.iter().any(|upper| uses(&upper.scope)))
}

/// Whether the actor may give the scope its new reach for the holder of this grant (D-6): where it goes somewhere new they
/// could make the grant anew with it, where it no longer goes somewhere they could revoke it.
///
/// # Errors
/// What is missing.
pub fn may_reshape(actor: &Actor, change: &Reshaped, held: &HeldGrant, holdings: &Holdings) -> Result<(), Uncovered> {
    if change.widens() {
        let proposed = Proposed { scope: Some((change.after, change.owner)), ..held.proposed() };
        may_grant(actor, &proposed, &recipient(held, holdings))?;
    }
    if change.narrows() {
        may_revoke(actor, held, holdings)?;
    }
    Ok(())
}

/// Whether the actor could make the grant anew exactly as it is stored, and under which grant of their own it then hangs;
/// none: under nothing, for a super administrator (D-10).
///
/// # Errors
/// What is missing.
pub fn may_keep(actor: &Actor, held: &HeldGrant, holdings: &Holdings) -> Result<Option<GrantKey>, Uncovered> {
    let through = may_revoke(actor, held, holdings)?;
    may_grant_through(actor, through, &held.proposed(), &recipient(held, holdings))
}

fn recipient<'a>(held: &'a HeldGrant, holdings: &'a Holdings) -> Recipient<'a> {
    // No grant with a scope makes a super administrator, so whether they are active in root is not asked.
    Recipient { account: held.account, memberships: &held.memberships, in_root: false, holdings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{
            people::{administrator, grant, lineage, through},
            standing::Grant,
        },
        domain::key::AccountKey,
    };
    use ScopeReach::{Below, Children, This, ThisAndBelow, ThisAndChildren};

    const NOW: Time = Time::from_micros(100);

    fn held(grant: Grant, owner: &Lineage) -> HeldGrant {
        HeldGrant {
            id: String::new(),
            account: AccountKey(2),
            title: String::new(),
            role: String::new(),
            grant,
            owner: Some(owner.clone()),
            memberships: vec![lineage(&[2, 1])],
        }
    }

    /// D-9, D-10: inside each grant above, those that use the scope itself with its new reach.
    #[test]
    fn another_reach_stays_inside_everything_that_the_grant_was_made_through() {
        let two = lineage(&[2, 1]);
        let at = |key: i64, reach| Grant { key: GrantKey(key), ..grant(1, Kind::Other, Some((2, reach))) };
        let other_scope = |mut grant: Grant| {
            grant.scope.as_mut().unwrap().key = ScopeKey(9);
            grant
        };
        let keeps = |lower: Grant, above: &[&Grant], after| {
            let change = Reshaped { scope: ScopeKey(9), owner: &two, before: This, after };
            change.keeps_inside(&held(through(lower, above), &two))
        };
        let (wide, narrow) = (at(2, ThisAndBelow), at(3, ThisAndChildren));
        let lower = other_scope(at(1, This));
        assert!(keeps(lower.clone(), &[&wide], ThisAndBelow) && keeps(lower.clone(), &[&narrow], Children));
        assert!(!keeps(lower.clone(), &[&narrow], Below));
        assert!(!keeps(lower.clone(), &[&wide, &narrow], ThisAndBelow), "the grant above that one binds too");
        assert!(keeps(lower.clone(), &[&other_scope(at(2, This))], ThisAndBelow), "the one above changes with it");
        assert!(!keeps(at(1, ThisAndBelow), &[&other_scope(at(2, This))], ThisAndChildren), "it is the one above that gets smaller");
        let bare = grant(2, Kind::Root, None);
        assert!(!keeps(Grant { kind: Kind::Root, ..lower.clone() }, &[&bare], This), "root alone covers no scope (D-7)");
        assert!(keeps(bare.clone(), &[&bare], This));
        assert!(Reshaped { scope: ScopeKey(9), owner: &two, before: This, after: Children }.widens());
        assert!(Reshaped { scope: ScopeKey(9), owner: &two, before: This, after: Children }.narrows());
    }

    /// D-6.
    #[test]
    fn nobody_edits_the_scope_of_a_grant_that_theirs_was_handed_on_through() {
        let upper = grant(2, Kind::Other, Some((2, ThisAndBelow)));
        let mut own = through(grant(1, Kind::Other, Some((3, This))), &[&upper]);
        let hangs = |own: &Grant, scope: i64| hangs_on(&administrator(vec![own.clone()], &[&[2, 1]], NOW), ScopeKey(scope), NOW);
        assert!(hangs(&own, 3) && hangs(&own, 2) && !hangs(&own, 4));
        own.period.ends = Some(NOW);
        assert!(!hangs(&own, 3) && !hangs(&own, 2), "theirs has ended");
    }

    /// D-10: what is kept they could make anew exactly as it is, under the grant of theirs that it then hangs on.
    #[test]
    fn a_grant_is_kept_by_who_could_make_it_anew_under_their_own() {
        let two = lineage(&[2, 1]);
        let keeps = |mine: &Grant, lower: Grant| {
            let actor = administrator(vec![mine.clone()], &[&[2, 1]], NOW);
            may_keep(&actor, &held(through(lower, &[mine]), &two), &Holdings::default()).ok()
        };
        let (wide, narrow) = (grant(1, Kind::Other, Some((2, ThisAndBelow))), grant(1, Kind::Other, Some((2, This))));
        assert_eq!(keeps(&wide, grant(3, Kind::Other, Some((2, ThisAndBelow)))), Some(Some(GrantKey(1))));
        assert_eq!(keeps(&narrow, grant(3, Kind::Other, Some((2, ThisAndBelow)))), None, "it reaches farther than theirs");
    }
}
