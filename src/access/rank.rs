//! Nobody acts on an account unless everything it holds is covered by what they can use now (P-4).

use super::{actor::Actor, confer, reach::Place, standing};
use crate::domain::{key::AccountKey, organization::Lineage, rights::Rights, time::Time};

/// Everything an account holds, whether or not it takes effect now: only what has ended is left out.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// Role assignments: cells, at, until.
    pub assignments: Vec<(Rights, Lineage, Option<Time>)>,
    /// Grants, each with the lineage of its scope's owner.
    pub grants: Vec<(standing::Grant, Option<Lineage>)>,
}

/// Why the actor may not act on the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above {
    /// It is they themselves; `/me` is the page for that.
    Oneself,
    /// It holds something that they do not.
    HoldsMore,
}

impl Above {
    /// The reason beside a control that is off.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Oneself => "This is you. Nobody assigns anything to themselves.",
            Self::HoldsMore => "Holds more than you do, so only someone with those rights may change what it holds.",
        }
    }
}

/// Whether the actor may act on the account that holds this (P-4). Equal is covered; a super administrator
/// covers everybody but is still not to act on themselves.
///
/// # Errors
/// [`Above`] says why not.
pub fn may_act_on(actor: &Actor, account: AccountKey, holdings: &Holdings) -> Result<(), Above> {
    if actor.account == account {
        return Err(Above::Oneself);
    }
    if actor.is_super() || covers(actor, holdings) { Ok(()) } else { Err(Above::HoldsMore) }
}

/// Whether what the actor can use covers all of this (P-4); their own too, where it would wake up again (C-1).
pub fn covers(actor: &Actor, holdings: &Holdings) -> bool {
    let assignments =
        holdings.assignments.iter().all(|(rights, at, until)| confer::covers_cells(actor, *rights, &Place::tree(at, *until)).is_ok());
    assignments && holdings.grants.iter().all(|(grant, owner)| confer::covers_grant(actor, grant, grant.permissions, owner.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::people::{administrator, grant, lineage},
        domain::{
            administrator_role::{Kind, ScopeReach},
            permissions::{Permission, PermissionSet, UserView},
            rights::Cell,
        },
    };
    use standing::Grant;

    const NOW: Time = Time::from_micros(100);
    const SOON: Option<Time> = Some(Time::from_micros(200));
    const LATER: Option<Time> = Some(Time::from_micros(201));

    fn until(mut grant: Grant, ends: Option<Time>) -> Grant {
        grant.period.ends = ends;
        grant
    }

    fn looks(grant: Grant) -> Grant {
        Grant { permissions: PermissionSet::of(&UserView::LEAF), ..grant }
    }

    /// P-4: everything, in the same or a wider place, for as long, and to hand on where it may be handed on.
    #[test]
    fn whoever_acts_on_an_administrator_covers_the_whole_of_what_they_hold() {
        use ScopeReach::{This, ThisAndBelow};
        let covers = |mine: &Grant, theirs: &Grant| {
            let owner = theirs.scope.as_ref().map(|scope| if scope.owner.0 == 1 { lineage(&[1]) } else { lineage(&[scope.owner.0, 1]) });
            let holdings = Holdings { grants: vec![(theirs.clone(), owner)], ..Holdings::default() };
            covers(&administrator(vec![mine.clone()], &[&[1], &[2, 1]], NOW), &holdings)
        };
        let (of_root, bare) = (grant(1, Kind::Root, Some((1, ThisAndBelow))), grant(1, Kind::Root, None));
        let (of_all, of_two) = (grant(1, Kind::Other, Some((1, ThisAndBelow))), grant(1, Kind::Other, Some((2, ThisAndBelow))));
        for equal in [&of_root, &bare, &of_all, &of_two] {
            assert!(covers(equal, equal), "{equal:?}");
        }
        let of_super = grant(1, Kind::Super, None);
        assert!(covers(&of_super, &of_super) && covers(&of_super, &of_root));
        assert!(!covers(&of_root, &of_super), "who holds every permission everywhere is no super administrator yet");
        assert!(covers(&of_root, &of_two) && covers(&of_all, &of_two) && !covers(&of_two, &of_all));
        assert!(!covers(&of_all, &looks(bare.clone())), "whoever never reaches root does not cover who looks at it (D-7)");
        assert!(covers(&of_root, &looks(bare.clone())));
        assert!(covers(&bare, &bare) && !covers(&bare, &of_root), "and who has root alone, nobody below");
        assert!(!covers(&looks(of_two.clone()), &of_two) && covers(&of_two, &looks(of_two.clone())));
        assert!(!covers(&Grant { cascading: false, ..of_two.clone() }, &of_two), "theirs may be handed on");
        assert!(covers(&of_two, &Grant { cascading: false, ..of_two.clone() }));
        for held in [&bare, &of_two] {
            assert!(covers(&until(held.clone(), SOON), &until(held.clone(), SOON)));
            assert!(!covers(&until(held.clone(), SOON), &until(held.clone(), LATER)), "theirs lasts longer");
            assert!(!covers(&until(held.clone(), SOON), held));
        }
        let nothing = grant(1, Kind::Other, Some((1, This)));
        assert!(covers(&of_two, &nothing), "it reaches nothing (D-7)");
        assert!(!covers(&looks(of_two), &nothing), "but it names permissions that they do not hold");
    }

    #[test]
    fn whoever_acts_on_an_org_admin_covers_their_roles_for_as_long_and_nobody_acts_on_themselves() {
        let mine = until(grant(1, Kind::Other, Some((2, ScopeReach::ThisAndBelow))), SOON);
        let actor = administrator(vec![mine], &[&[2, 1]], NOW);
        let may = |account: i64, at: &[i64], until: Option<Time>| {
            let assignments = vec![(Rights::from_iter([Cell::ManagementWrite]), lineage(at), until)];
            may_act_on(&actor, AccountKey(account), &Holdings { assignments, ..Holdings::default() })
        };
        assert_eq!(may(2, &[3, 2, 1], SOON), Ok(()));
        assert_eq!(may(2, &[3, 2, 1], LATER), Err(Above::HoldsMore));
        assert_eq!(may(2, &[5, 1], SOON), Err(Above::HoldsMore));
        assert_eq!(may(1, &[3, 2, 1], SOON), Err(Above::Oneself));
        let of_super = administrator(vec![grant(1, Kind::Super, None)], &[&[1]], NOW);
        assert_eq!(may_act_on(&of_super, AccountKey(1), &Holdings::default()), Err(Above::Oneself), "not even a super administrator");
    }
}
