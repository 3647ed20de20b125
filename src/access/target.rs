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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{
            Bound,
            people::{below_root, lineage, somebody, tree},
        },
        domain::{
            key::OrganizationKey,
            permissions::{Permission, UserBlock, UserView},
            rights::{Cell, Rights},
        },
    };

    const NOW: Time = Time::from_micros(100);
    const BLOCK: &[crate::domain::permissions::Leaf] = &[UserBlock::LEAF];

    fn member_of(paths: &[&[i64]]) -> Target {
        let memberships = paths.iter().map(|path| lineage(path)).collect();
        Target { account: AccountKey(2), memberships, holdings: Holdings::default(), root: lineage(&[1]), now: NOW }
    }

    #[test]
    fn an_account_is_acted_on_with_the_right_in_every_organization_it_belongs_to_and_a_membership_with_the_right_there() {
        let of_two = somebody(&[(BLOCK, tree(2), None)], &[]);
        let may = |paths: &[&[i64]]| may_act::<UserBlock>(&of_two, &member_of(paths));
        assert_eq!(may(&[&[2, 1], &[3, 2, 1]]), Ok(()));
        assert_eq!(may(&[&[3, 2, 1], &[5, 1]]), Err(Off::Outside(1)));
        assert_eq!(may(&[&[5, 1], &[6, 5, 1]]), Err(Off::Outside(2)));
        assert_eq!(may_act::<UserView>(&of_two, &member_of(&[&[2, 1], &[3, 2, 1]])), Err(Off::Outside(2)), "they do not hold it at all");
        let both = member_of(&[&[3, 2, 1], &[5, 1]]);
        assert_eq!(may_act_at::<UserBlock>(&of_two, &both, &both.memberships[0]), Ok(()));
        assert_eq!(may_act_at::<UserBlock>(&of_two, &both, &both.memberships[1]), Err(Off::Outside(1)));
    }

    #[test]
    fn who_belongs_nowhere_is_acted_on_by_who_reaches_all_below_root_at_this_moment() {
        let may = |bounds: Vec<Bound>, until| may_act::<UserBlock>(&somebody(&[(BLOCK, bounds, until)], &[]), &member_of(&[]));
        assert_eq!(may(below_root(), None), Ok(()));
        assert_eq!(may(below_root(), Some(NOW.plus_seconds(1))), Ok(()), "what ends tomorrow counts today");
        assert_eq!(may(tree(2), None), Err(Off::Unaffiliated));
        let top_level = vec![Bound { organization: OrganizationKey(1), min: 1, max: Some(1) }];
        assert_eq!(may(top_level, None), Err(Off::Unaffiliated));
    }

    #[test]
    fn nobody_acts_on_themselves_or_on_who_holds_more_neither_as_a_whole_nor_in_one_organization() {
        let actor = somebody(&[(BLOCK, tree(2), None)], &[]);
        let there = lineage(&[3, 2, 1]);
        let mut above = member_of(&[&[3, 2, 1]]);
        above.holdings.assignments.push((Rights::from_iter([Cell::ManagementRead]), there.clone(), None));
        let oneself = Target { account: actor.account, ..member_of(&[&[3, 2, 1]]) };
        for (target, why) in [(above, Above::HoldsMore), (oneself, Above::Oneself)] {
            assert_eq!(may_act::<UserBlock>(&actor, &target), Err(Off::Above(why)));
            assert_eq!(may_act_at::<UserBlock>(&actor, &target, &there), Err(Off::Above(why)));
        }
    }
}
