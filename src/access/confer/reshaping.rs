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
