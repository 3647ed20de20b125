//! From the facts of grants to what they allow now: S-5, D-5, D-7, D-10, computed each time it is asked.

use super::{
    actor::Usable,
    reach::{Area, Bound},
};
use crate::domain::{
    administrator_role::{Kind, ScopeReach},
    key::{AdministratorRoleKey, GrantKey, OrganizationKey, ScopeKey},
    organization::Lineage,
    permissions::PermissionSet,
    time::{Period, Time},
};

/// A scope as a grant uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The scope.
    pub key: ScopeKey,
    /// The organization that owns it.
    pub owner: OrganizationKey,
    /// How far it goes.
    pub reach: ScopeReach,
    /// Whether the owner and all its ancestors are active (S-5).
    pub owner_active: bool,
}

impl Scope {
    fn bound(&self) -> Bound {
        let (min, max) = self.reach.distances();
        Bound { organization: self.owner, min, max }
    }
}

/// A grant as it is stored, with what it hangs on.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The grant.
    pub key: GrantKey,
    /// Its role.
    pub role: AdministratorRoleKey,
    /// Its role's kind.
    pub kind: Kind,
    /// Its role's permissions.
    pub permissions: PermissionSet,
    /// Its scope; none for the super role and for root roles without one.
    pub scope: Option<Scope>,
    /// Its dates.
    pub period: Period,
    /// Whether it may be handed on.
    pub cascading: bool,
    /// The grant it was made through, that one's, and so on up (D-10).
    pub above: Vec<Upper>,
}

/// A grant above another in its chain: only its scope and dates bind the lower one (D-10).
#[derive(Clone, Debug)]
pub struct Upper {
    /// The grant.
    pub key: GrantKey,
    /// Its scope.
    pub scope: Option<Scope>,
    /// Its dates.
    pub period: Period,
    /// The kind of its role.
    pub kind: Kind,
}

/// The holder's memberships, as far as grants hang on them.
#[derive(Clone, Debug, Default)]
pub struct Memberships {
    /// Where they are an active member, each with its ancestors.
    pub active: Vec<Lineage>,
    /// Where they are blocked.
    pub blocked: Vec<OrganizationKey>,
}

impl Memberships {
    fn in_root(&self) -> bool {
        self.active.iter().any(|place| place.is_root)
    }

    fn inside(&self, area: &Area) -> bool {
        self.active.iter().any(|place| super::Reach::In(vec![(area.clone(), None)]).contains(place))
    }
}

/// The first condition that fails, where a grant has no effect now (W-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asleep {
    /// It has not started; `above`: one that it was made through has not.
    Until {
        /// The start.
        starts: Time,
        /// Whether that is a date of the chain above.
        above: bool,
    },
    /// It has ended; `above`: one that it was made through has.
    Since {
        /// The end.
        ends: Time,
        /// Whether that is a date of the chain above.
        above: bool,
    },
    /// Its holder is no active member of the root organization (D-5, D-7).
    NotInRoot,
    /// The organization that owns its scope, or one above that, is inactive (S-5).
    OwnerInactive,
    /// Its holder is blocked in the organization that owns its scope (S-5).
    Blocked,
    /// Its holder has no active membership inside the grant that it was made through (D-10).
    Outside,
}

/// What an effective grant reaches, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awake {
    /// Where; nothing for the super role, which needs no place.
    pub areas: Vec<Area>,
    /// Until when, after the chain above; none: for good.
    pub until: Option<Time>,
}

/// What a holder can do now by the grants they hold: the super grant, if one is effective, and the rest.
/// The holder's own status is not asked here: whoever is not active cannot be signed in (S-6).
pub fn standing(grants: &[Grant], memberships: &Memberships, now: Time) -> (Option<GrantKey>, Vec<Usable>) {
    let mut super_grant = None;
    let mut usable = Vec::new();
    for grant in grants {
        let Ok(Awake { areas, until }) = awake(grant, memberships, now) else { continue };
        if grant.kind == Kind::Super {
            super_grant = super_grant.or(Some(grant.key));
        }
        let one =
            |area| Usable { grant: grant.key, role: grant.role, permissions: grant.permissions, area, until, cascading: grant.cascading };
        usable.extend(areas.into_iter().map(one));
    }
    (super_grant, usable)
}

/// Where one grant reaches now, after S-5, D-5, D-7 and D-10.
///
/// # Errors
/// [`Asleep`] names the first condition that fails.
pub fn awake(grant: &Grant, memberships: &Memberships, now: Time) -> Result<Awake, Asleep> {
    let periods = std::iter::once((grant.period, false)).chain(grant.above.iter().map(|upper| (upper.period, true)));
    for (period, above) in periods {
        if let Some(ends) = period.ends.filter(|ends| *ends <= now) {
            return Err(Asleep::Since { ends, above });
        }
        if let Some(starts) = period.starts.filter(|starts| *starts > now) {
            return Err(Asleep::Until { starts, above });
        }
    }
    // D-5, D-7: the super role and root roles act only while their holder is an active member of root.
    if grant.kind != Kind::Other && !memberships.in_root() {
        return Err(Asleep::NotInRoot);
    }
    // S-5: the grant as a whole hangs on the owner of its scope, what it says of root too.
    if let Some(scope) = &grant.scope {
        if !scope.owner_active {
            return Err(Asleep::OwnerInactive);
        }
        if memberships.blocked.contains(&scope.owner) {
            return Err(Asleep::Blocked);
        }
    }
    if !lives_inside(grant, memberships) {
        return Err(Asleep::Outside);
    }
    let until = grant.above.iter().fold(grant.period, |period, upper| period.within(upper.period)).ends;
    Ok(Awake { areas: grant.areas(), until })
}

/// Whether its holder is an active member of an organization that the grant it was made through reaches (D-10); a root
/// role reaches root besides its scope (D-7). What was made through nothing asks for no such thing.
pub fn lives_inside(grant: &Grant, memberships: &Memberships) -> bool {
    let Some(upper) = grant.above.first() else { return true };
    match &upper.scope {
        Some(scope) => {
            let area = Area::Within { bounds: vec![scope.bound()], root_too: upper.kind == Kind::Root };
            memberships.inside(&area) || (upper.kind == Kind::Root && memberships.in_root())
        }
        None => memberships.in_root(),
    }
}

impl Grant {
    /// Where it reaches while it is awake: its scope inside those above it (D-10), and root for a root role (D-7).
    pub fn areas(&self) -> Vec<Area> {
        let mut found = Vec::new();
        let root_too = self.kind == Kind::Root;
        if root_too {
            found.push(Area::Root);
        }
        if let Some(scope) = &self.scope {
            let uppers = self.above.iter().filter_map(|upper| upper.scope.as_ref()).map(Scope::bound);
            // D-7: above a scope stands a scope; an upper grant of a root role without one covers no organization but root.
            let unscoped = self.above.iter().any(|upper| upper.scope.is_none() && upper.kind != Kind::Super);
            if !unscoped {
                found.push(Area::Within { bounds: std::iter::once(scope.bound()).chain(uppers).collect(), root_too });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::people::lineage;

    fn grant(kind: Kind, scope: Option<(i64, ScopeReach)>) -> Grant {
        Grant {
            key: GrantKey(1),
            role: AdministratorRoleKey(1),
            kind,
            permissions: PermissionSet::ALL,
            scope: scope.map(|(owner, reach)| Scope { key: ScopeKey(1), owner: OrganizationKey(owner), reach, owner_active: true }),
            period: Period::ALWAYS,
            cascading: false,
            above: Vec::new(),
        }
    }

    fn member_of(paths: &[&[i64]]) -> Memberships {
        Memberships { active: paths.iter().map(|path| lineage(path)).collect(), blocked: Vec::new() }
    }

    const NOW: Time = Time::from_micros(100);

    #[test]
    fn root_roles_and_the_super_role_sleep_while_their_holder_is_not_an_active_member_of_root() {
        for kind in [Kind::Super, Kind::Root] {
            let held = [grant(kind, None)];
            let (as_super, usable) = standing(&held, &member_of(&[&[1]]), NOW);
            assert!(as_super.is_some() || !usable.is_empty());
            let (as_super, usable) = standing(&held, &member_of(&[&[2, 1]]), NOW);
            assert!(as_super.is_none() && usable.is_empty());
        }
    }

    #[test]
    fn a_grant_sleeps_outside_its_dates_when_its_owner_is_inactive_or_its_holder_is_blocked_there() {
        let awake = grant(Kind::Other, Some((2, ScopeReach::ThisAndBelow)));
        let member = member_of(&[&[2, 1]]);
        assert_eq!(standing(std::slice::from_ref(&awake), &member, NOW).1.len(), 1);

        let mut early = awake.clone();
        early.period.starts = Some(Time::from_micros(101));
        let mut over = awake.clone();
        over.period.ends = Some(NOW);
        let mut inactive = awake.clone();
        inactive.scope.as_mut().unwrap().owner_active = false;
        for sleeping in [early, over, inactive] {
            assert!(standing(&[sleeping], &member, NOW).1.is_empty());
        }
        let blocked = Memberships { blocked: vec![OrganizationKey(2)], ..member };
        assert!(standing(&[awake], &blocked, NOW).1.is_empty());
    }

    #[test]
    fn what_was_handed_on_stays_inside_what_it_was_made_through() {
        let mut lower = grant(Kind::Other, Some((2, ScopeReach::ThisAndBelow)));
        lower.above.push(Upper {
            key: GrantKey(2),
            scope: Some(Scope { key: ScopeKey(2), owner: OrganizationKey(2), reach: ScopeReach::ThisAndChildren, owner_active: false }),
            period: Period { starts: None, ends: Some(Time::from_micros(150)) },
            kind: Kind::Other,
        });
        let member = member_of(&[&[3, 2, 1]]);
        let (_, usable) = standing(std::slice::from_ref(&lower), &member, NOW);
        assert_eq!(usable[0].until, Some(Time::from_micros(150)));
        let reach = crate::access::Reach::In(vec![(usable[0].area.clone(), None)]);
        assert!(reach.contains(&lineage(&[3, 2, 1])));
        assert!(!reach.contains(&lineage(&[4, 3, 2, 1])), "narrowed to children by the upper grant");
        assert!(standing(std::slice::from_ref(&lower), &member_of(&[&[9, 1]]), NOW).1.is_empty(), "its holder has left the scope");
        assert!(standing(&[lower], &member, Time::from_micros(150)).1.is_empty(), "the upper grant has ended");
    }

    /// D-7: a grant without a scope covers only another without one, whatever the lower one has got.
    #[test]
    fn what_was_handed_on_through_a_grant_of_root_alone_reaches_root_alone() {
        let mut lower = grant(Kind::Root, Some((2, ScopeReach::ThisAndBelow)));
        let member = member_of(&[&[1]]);
        assert_eq!(standing(std::slice::from_ref(&lower), &member, NOW).1.len(), 2, "through nothing it reaches its scope too");
        lower.above.push(Upper { key: GrantKey(2), scope: None, period: Period::ALWAYS, kind: Kind::Root });
        let (_, usable) = standing(&[lower], &member, NOW);
        assert_eq!(usable.iter().map(|usable| &usable.area).collect::<Vec<_>>(), [&Area::Root]);
    }
}
