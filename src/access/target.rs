//! Acting on an account: the right in every organization it belongs to (P-3), and rank (P-4).

use super::{
    actor::Actor,
    permit::Ground,
    rank::{self, Above, Holdings},
    reach::Place,
};
use crate::domain::{key::AccountKey, organization::Lineage, text, time::Time};

/// An account that somebody wants to act on.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account.
    pub account: AccountKey,
    /// Where it is a member, whatever the status of membership or organization.
    pub memberships: Vec<Lineage>,
    /// What it holds.
    pub holdings: Holdings,
    /// The root organization.
    pub root: Lineage,
    /// The instant of the question.
    pub now: Time,
}

/// Why a control is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Rank (P-4).
    Above(Above),
    /// So many of its organizations lie outside the actor's reach for this; which ones is not told (P-3).
    Outside(usize),
    /// It belongs to no organization, and only those who reach everything act on such accounts (P-3).
    Unaffiliated,
}

impl Off {
    /// The reason beside a control that is off.
    pub fn reason(self) -> String {
        match self {
            Self::Above(Above::Oneself) => "This is you. Your own page is “Your account”.".into(),
            Self::Above(Above::HoldsMore) => "Holds more than you do, so only someone with those rights may do this.".into(),
            Self::Outside(count) => format!(
                "Belongs to {} outside your reach, so only someone who looks after all of them may do this.",
                text::count(count as i64, "organization", "organizations")
            ),
            Self::Unaffiliated => "Belongs to no organization, so only someone who looks after the whole store may do this.".into(),
        }
    }
}

/// Whether the actor may do on the account itself what the ground is for (P-3, P-4).
///
/// # Errors
/// [`Off`] says why not.
pub fn may_act<G: Ground>(actor: &Actor, target: &Target) -> Result<(), Off> {
    rank::may_act_on(actor, target.account, &target.holdings).map_err(Off::Above)?;
    let Some(reach) = G::reach(actor) else { return Err(Off::Outside(target.memberships.len())) };
    let outside = target.memberships.iter().filter(|place| !reach.contains(place)).count();
    if outside > 0 {
        return Err(Off::Outside(outside));
    }
    let everything = Place { top: &target.root, min: 1, max: None, until: Some(target.now) };
    if target.memberships.is_empty() && !reach.covers(&everything) { Err(Off::Unaffiliated) } else { Ok(()) }
}

/// Whether the actor may do on the account's membership in one organization what the ground is for: the right there
/// alone, and rank (P-3, P-10).
///
/// # Errors
/// [`Off`] says why not.
pub fn may_act_at<G: Ground>(actor: &Actor, target: &Target, place: &Lineage) -> Result<(), Off> {
    rank::may_act_on(actor, target.account, &target.holdings).map_err(Off::Above)?;
    if G::reach(actor).is_some_and(|reach| reach.contains(place)) { Ok(()) } else { Err(Off::Outside(1)) }
}
