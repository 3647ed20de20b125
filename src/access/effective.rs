//! What an account's role assignments let it do at an organization now: A-2 and S-5, computed each time it is asked.

use crate::domain::{
    account::Status,
    key::{OrganizationKey, RoleKey},
    rights::{Cell, Rights},
    time::{Period, Time},
};

/// A role assignment that holds at an organization: given there or at one of its ancestors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The role.
    pub role: RoleKey,
    /// Its cells.
    pub rights: Rights,
    /// Where it was given.
    pub at: OrganizationKey,
    /// How many steps that is above the organization asked about.
    pub distance: i32,
    /// Its dates.
    pub period: Period,
    /// Whether the account is blocked where it was given.
    pub blocked: bool,
}

/// Everything that the rights of one account at one organization hang on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The account's authentication status.
    pub status: Status,
    /// Whether the organization and all its ancestors are active.
    pub active: bool,
    /// Its assignments there, the nearest first; those that ended too, for the reasons (W-1).
    pub assigned: Vec<Assigned>,
}

/// The first condition that fails (W-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asleep {
    /// The account is invited or disabled.
    Account(Status),
    /// The organization or one of its ancestors is inactive. That says it for where the role was given too, which is
    /// one of them.
    Organization,
    /// It has not started.
    Until(Time),
    /// It has ended.
    Since(Time),
    /// The account's membership where it was given is blocked.
    Blocked,
}

impl Hold {
    /// Why the assignment has no effect now; none: it has (S-5).
    pub fn asleep(&self, assigned: &Assigned, now: Time) -> Option<Asleep> {
        let Period { starts, ends } = assigned.period;
        if self.status != Status::Active {
            Some(Asleep::Account(self.status))
        } else if !self.active {
            Some(Asleep::Organization)
        } else if let Some(ends) = ends.filter(|ends| *ends <= now) {
            Some(Asleep::Since(ends))
        } else if let Some(starts) = starts.filter(|starts| *starts > now) {
            Some(Asleep::Until(starts))
        } else {
            assigned.blocked.then_some(Asleep::Blocked)
        }
    }

    /// The effective rights: the union over the organization and its ancestors.
    pub fn rights(&self, now: Time) -> Rights {
        let awake = self.assigned.iter().filter(|assigned| self.asleep(assigned, now).is_none());
        awake.fold(Rights::NONE, |all, assigned| all.union(assigned.rights))
    }
}

/// Why an account does not hold a cell somewhere: the first condition that fails (W-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// No role that has it was given there or above.
    Nothing,
    /// What was given has no effect now.
    Asleep(Asleep),
}

impl Hold {
    /// Whether the account holds the cell now, by whichever of its assignments.
    ///
    /// # Errors
    /// The first condition that fails, of what was given nearest.
    pub fn has(&self, cell: Cell, now: Time) -> Result<(), Lacking> {
        let mut first = None;
        for assigned in self.assigned.iter().filter(|assigned| assigned.rights.has(cell)) {
            match self.asleep(assigned, now) {
                None => return Ok(()),
                Some(asleep) => first = first.or(Some(asleep)),
            }
        }
        Err(first.map_or(Lacking::Nothing, Lacking::Asleep))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(100);

    fn hold() -> Hold {
        let assigned = |cell: Cell, distance: i32| Assigned {
            role: RoleKey(1),
            rights: Rights::from_iter([cell]),
            at: OrganizationKey(i64::from(distance)),
            distance,
            period: Period::ALWAYS,
            blocked: false,
        };
        Hold { status: Status::Active, active: true, assigned: vec![assigned(Cell::ManagementRead, 0), assigned(Cell::IdentitiesRead, 3)] }
    }

    #[test]
    fn rights_add_up_over_the_organization_and_those_above_it() {
        assert_eq!(hold().rights(NOW), Rights::from_iter([Cell::ManagementRead, Cell::IdentitiesRead]));
    }

    #[test]
    fn the_first_condition_that_fails_is_named() {
        let first = |change: &dyn Fn(&mut Hold)| {
            let mut hold = hold();
            change(&mut hold);
            hold.asleep(&hold.assigned[0], NOW)
        };
        assert_eq!(first(&|_| ()), None);
        assert_eq!(first(&|hold| hold.status = Status::Disabled), Some(Asleep::Account(Status::Disabled)));
        assert_eq!(first(&|hold| hold.active = false), Some(Asleep::Organization));
        assert_eq!(first(&|hold| hold.assigned[0].period.ends = Some(NOW)), Some(Asleep::Since(NOW)));
        let later = Time::from_micros(101);
        assert_eq!(first(&|hold| hold.assigned[0].period.starts = Some(later)), Some(Asleep::Until(later)));
        assert_eq!(first(&|hold| hold.assigned[0].period.starts = Some(NOW)), None, "it starts now");
        assert_eq!(first(&|hold| hold.assigned[0].blocked = true), Some(Asleep::Blocked));
    }

    #[test]
    fn what_is_held_by_one_assignment_is_held_whatever_becomes_of_another() {
        let mut two = hold();
        two.assigned[1].rights = Rights::from_iter([Cell::ManagementRead]);
        two.assigned[0].blocked = true;
        assert_eq!(two.has(Cell::ManagementRead, NOW), Ok(()));
        two.assigned[1].period.ends = Some(NOW);
        assert_eq!(two.has(Cell::ManagementRead, NOW), Err(Lacking::Asleep(Asleep::Blocked)), "the nearest one says why");
        assert_eq!(two.has(Cell::IdentitiesRead, NOW), Err(Lacking::Nothing));
    }
}
