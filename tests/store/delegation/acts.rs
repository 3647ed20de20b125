//! What people do, as the naive rules judge it: refused, or the brand as it stands afterwards.
//!
//! A further kind of act is a variant of [`Act`] with its rule here or in `shape.rs`, its call in `program.rs`, and its
//! weight among the drawings in `drawings.rs`.

use super::rules::{ACTIVATE, ASSIGN, Assignment, BLOCK, Brand, DELETE, Dates, EDIT, Grant, INVITE, SCOPES, Status, outlasts};
use bailiwick::domain::administrator_role::{Kind, ScopeReach};

/// What somebody does. Dates are absolute.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Give {
        to: usize,
        role: usize,
        scope: Option<usize>,
        cascading: bool,
        dates: Dates,
    },
    Revoke {
        grant: usize,
        keep: bool,
    },
    /// `keep`: what becomes of what exceeds it, where that was said.
    Edit {
        grant: usize,
        cascading: bool,
        dates: Dates,
        keep: Option<bool>,
    },
    Assign {
        to: usize,
        role: usize,
        at: usize,
        dates: Dates,
    },
    Unassign {
        from: usize,
        role: usize,
        at: usize,
    },
    Block {
        who: usize,
        place: usize,
        on: bool,
    },
    Enable {
        who: usize,
        on: bool,
    },
    Switch {
        place: usize,
        on: bool,
    },
    Delete {
        who: usize,
        keep: bool,
    },
    Join {
        who: usize,
        place: usize,
    },
    Leave {
        who: usize,
        place: usize,
        keep: bool,
    },
    Reshape {
        scope: usize,
        reach: ScopeReach,
        keep: bool,
    },
    /// As a copy of another one is made.
    KeepScope {
        owner: usize,
        reach: ScopeReach,
    },
    Move {
        place: usize,
        under: usize,
    },
    /// An administrator role with other permissions.
    Rewrite {
        role: usize,
        leaves: u16,
    },
    /// An organization role with other cells.
    Redraw {
        role: usize,
        cells: u8,
    },
}

impl Brand {
    /// The brand after somebody did it; none: refused, or nothing to do.
    pub fn after(&self, by: usize, act: Act) -> Option<Self> {
        if !self.is_active(by) {
            return None;
        }
        let done = match act {
            Act::Give { to, role, scope, cascading, dates } => {
                self.give(by, Grant { who: to, role, scope, cascading, dates, through: None, gone: false })
            }
            Act::Revoke { grant, keep } => self.revoke(by, grant, keep),
            Act::Edit { grant, cascading, dates, keep } => self.edit(by, grant, cascading, dates, keep),
            Act::Assign { to, role, at, dates } => self.assign(by, Assignment { who: to, at, role, dates }),
            Act::Unassign { from, role, at } => self.unassign(by, from, role, at),
            Act::Block { who, place, on } => self.block(by, who, place, on),
            Act::Enable { who, on } => self.enable(by, who, on),
            Act::Switch { place, on } => self.switch(by, place, on),
            Act::Delete { who, keep } => self.delete(by, who, keep),
            Act::Join { who, place } => self.join(by, who, place),
            Act::Leave { who, place, keep } => self.leave(by, who, place, keep),
            Act::Reshape { scope, reach, keep } => self.reshape(by, scope, reach, keep),
            Act::KeepScope { owner, reach } => self.keep_scope(by, owner, reach),
            Act::Move { place, under } => self.relocate(by, place, under),
            Act::Rewrite { role, leaves } => self.rewrite(by, role, leaves),
            Act::Redraw { role, cells } => self.redraw(by, role, cells),
        };
        // D-5: whatever would leave none is refused.
        done.filter(|after| after.lasting() > 0)
    }
}

/// Grants (D-7 to D-11).
impl Brand {
    /// Through which grant somebody may give this (D-8, D-9): none, through nothing; of their own, the oldest that fits.
    /// With `within`, through that one alone.
    pub fn may_give(&self, by: usize, given: &Grant, within: Option<Option<usize>>) -> Option<Option<usize>> {
        if !self.may_act_on(by, given.who) {
            return None;
        }
        if self.administrator_roles[given.role].0 == Kind::Super {
            return (self.is_super(by) && self.is_member(given.who, 0)).then_some(None);
        }
        if self.is_super(by) {
            return Some(None);
        }
        let grown = self.grown();
        let fits = |own: &usize| {
            let mine = &self.grants[*own];
            let other = self.administrator_roles[given.role].0 == Kind::Other;
            let covered = match given.scope {
                // D-7: a grant without a scope covers only another without one.
                None => mine.scope.is_none(),
                Some(scope) => {
                    let mut said = grown.places().filter(|place| grown.says(scope, *place) && !(other && *place == 0));
                    mine.scope.is_some() && said.all(|place| grown.reaches(*own, place))
                }
            };
            mine.role == given.role
                && covered
                && self.lasts(*own, given.dates.1)
                && self.people[given.who].memberships.iter().any(|(place, _)| self.reaches(*own, *place))
        };
        let mine = self.to_hand_on(by).into_iter().filter(|own| within.is_none_or(|within| within == Some(*own)));
        mine.filter(fits).min().map(Some)
    }

    fn give(&self, by: usize, mut given: Grant) -> Option<Self> {
        let kind = self.administrator_roles[given.role].0;
        let sound = match kind {
            Kind::Super => given.scope.is_none() && !given.cascading,
            Kind::Root => true,
            Kind::Other => given.scope.is_some(),
        };
        // D-12: what they cannot see they cannot choose: the account, and the scope, unless a grant of theirs has it.
        let knows = |scope: usize| {
            let owner = self.scopes[scope].0;
            self.is_super(by)
                || self.may(by, SCOPES, owner)
                || self.of(by).any(|own| self.grants[own].scope == Some(scope))
                || self.to_hand_on(by).into_iter().any(|own| self.reaches(own, owner))
        };
        if !sound || self.over(given.dates) || !self.sees(by, given.who) || !given.scope.is_none_or(knows) {
            return None;
        }
        given.through = self.may_give(by, &given, None)?;
        let mut after = self.clone();
        // D-9: inside the dates of the grant it is made through.
        if let Some(theirs) = given.through.and_then(|upper| self.grants[upper].dates.0) {
            given.dates.0 = Some(given.dates.0.unwrap_or(self.now).max(theirs));
        }
        let there = self.of(given.who).find(|one| (self.grants[*one].role, self.grants[*one].scope) == (given.role, given.scope));
        match there {
            // Z-6: they have it already.
            Some(one) if !self.over(self.grants[one].dates) => {}
            Some(one) => {
                after.grants[one] = given;
                // What was handed on through it ended with it, and has nothing to do with what it is now.
                after.grants.iter_mut().filter(|other| other.through == Some(one)).for_each(|other| other.through = None);
            }
            None => after.grants.push(given),
        }
        Some(after)
    }

    /// As the holder of which grant above it somebody may change or revoke a grant (D-10, D-11): none, as a super
    /// administrator.
    pub fn may_revoke(&self, by: usize, grant: usize) -> Option<Option<usize>> {
        let above_own = self.below(grant).into_iter().any(|lower| self.grants[lower].who == by);
        if above_own || !self.may_act_on(by, self.grants[grant].who) {
            return None;
        }
        if self.is_super(by) {
            return Some(None);
        }
        // C-2: who takes it away could give it.
        let mine = self.to_hand_on(by);
        self.above(grant).into_iter().find(|upper| mine.contains(upper)).map(Some)
    }

    /// Takes grants away, and what hangs on them (D-10).
    pub fn take(&mut self, by: usize, gone: &[usize], keep: bool) -> Option<()> {
        let below: Vec<usize> =
            self.stored().filter(|one| !gone.contains(one) && self.above(*one).iter().any(|upper| gone.contains(upper))).collect();
        let before = self.clone();
        for one in below {
            let ended = before.over(before.grants[one].dates);
            if !keep {
                if !ended {
                    before.may_revoke(by, one)?;
                }
                self.grants[one].gone = true;
            } else if before.grants[one].through.is_some_and(|upper| gone.contains(&upper)) {
                self.grants[one].through = before.kept_under(by, one)?;
            }
        }
        gone.iter().for_each(|one| self.grants[*one].gone = true);
        Some(())
    }

    /// What a grant hangs under when somebody keeps it whose upper one goes: only who could make it anew as it is.
    pub fn kept_under(&self, by: usize, grant: usize) -> Option<Option<usize>> {
        let under = self.may_revoke(by, grant)?;
        if self.over(self.grants[grant].dates) {
            return Some(under);
        }
        self.may_give(by, &self.grants[grant], Some(under))
    }

    /// Being in the dialogs about grants at all (D-8, D-9).
    pub fn hands_on(&self, by: usize) -> bool {
        self.is_super(by) || !self.to_hand_on(by).is_empty()
    }

    fn revoke(&self, by: usize, grant: usize, keep: bool) -> Option<Self> {
        if !self.hands_on(by) || !self.sees_grant(by, grant) {
            return None;
        }
        self.may_revoke(by, grant)?;
        let mut after = self.clone();
        after.take(by, &[grant], keep)?;
        Some(after)
    }

    /// Z-6: for permission, revoking and making anew.
    fn edit(&self, by: usize, grant: usize, cascading: bool, dates: Dates, keep: Option<bool>) -> Option<Self> {
        if !self.hands_on(by) || !self.sees_grant(by, grant) || (self.kind(grant) == Kind::Super && cascading) {
            return None;
        }
        let under = self.may_revoke(by, grant)?;
        let wanted = Grant { cascading, dates, ..self.grants[grant] };
        self.may_give(by, &wanted, Some(under))?;
        let inside = |theirs: Dates, ours: Dates| {
            outlasts(theirs.1, ours.1) && theirs.0.is_none_or(|theirs| ours.0.is_some_and(|ours| ours >= theirs))
        };
        if wanted.through.is_some_and(|upper| !inside(self.grants[upper].dates, dates)) {
            return None;
        }
        let exceeding: Vec<usize> = self
            .stored()
            .filter(|one| self.grants[*one].through == Some(grant) && (!cascading || !inside(dates, self.grants[*one].dates)))
            .collect();
        let mut after = self.clone();
        if !exceeding.is_empty() {
            if keep? {
                for one in exceeding {
                    after.grants[one].through = self.kept_under(by, one)?;
                }
            } else {
                for one in exceeding.iter().filter(|one| !self.over(self.grants[**one].dates)) {
                    self.may_revoke(by, *one)?;
                }
                after.take(by, &exceeding, false)?;
            }
        }
        after.grants[grant] = wanted;
        Some(after)
    }
}

/// Role assignments (A-*).
impl Brand {
    fn assign(&self, by: usize, given: Assignment) -> Option<Self> {
        let allowed = self.may_confer(by, self.roles[given.role], given.at, given.dates.1)
            && self.sees(by, given.who)
            && !self.people[given.who].of_root
            && self.may_act_on(by, given.who);
        if !allowed {
            return None;
        }
        let mut after = self.clone();
        let there = after.assignments.iter_mut().find(|held| (held.who, held.at, held.role) == (given.who, given.at, given.role));
        match there {
            Some(held) if !self.over(held.dates) => {}
            Some(held) => *held = given,
            None => after.assignments.push(given),
        }
        Some(after)
    }

    fn unassign(&self, by: usize, from: usize, role: usize, at: usize) -> Option<Self> {
        let held = |held: &Assignment| (held.who, held.at, held.role) == (from, at, role) && !self.over(held.dates);
        let until = self.assignments.iter().find(|one| held(one)).map(|held| held.dates.1);
        if !self.holds(by, ASSIGN) || !self.may_confer(by, self.roles[role], at, until.flatten()) {
            return None;
        }
        let mut after = self.clone();
        // Who does not hold it any more counts as done.
        if until.is_some() {
            if !self.may_act_on(by, from) {
                return None;
            }
            after.assignments.retain(|one| !held(one));
        }
        Some(after)
    }
}

/// Accounts, memberships, organizations (S-4, S-5, P-10, E-4).
impl Brand {
    fn block(&self, by: usize, who: usize, place: usize, on: bool) -> Option<Self> {
        if !self.sees(by, who) || !self.may(by, BLOCK, place) || !self.may_act_on(by, who) {
            return None;
        }
        let mut after = self.clone();
        after.people[who].memberships.iter_mut().find(|(there, _)| *there == place)?.1 = on;
        Some(after)
    }

    fn enable(&self, by: usize, who: usize, on: bool) -> Option<Self> {
        if !self.may_use_on(by, BLOCK, who) {
            return None;
        }
        let mut after = self.clone();
        after.people[who].status = if on { Status::Active } else { Status::Disabled };
        Some(after)
    }

    fn delete(&self, by: usize, who: usize, keep: bool) -> Option<Self> {
        if !self.may_use_on(by, DELETE, who) {
            return None;
        }
        let held: Vec<usize> = self.of(who).collect();
        for grant in held.iter().filter(|grant| !self.over(self.grants[**grant].dates)) {
            self.may_revoke(by, *grant)?;
        }
        let mut after = self.clone();
        after.take(by, &held, keep)?;
        after.assignments.retain(|assignment| assignment.who != who);
        after.people[who].memberships.clear();
        after.people[who].status = Status::Gone;
        Some(after)
    }

    fn of_store(&self, who: usize, place: usize) -> bool {
        self.people[who].of_root == (place == 0)
    }

    fn join(&self, by: usize, who: usize, place: usize) -> Option<Self> {
        let memberships = &self.people[who].memberships;
        let knows = if memberships.is_empty() {
            self.may_use_on(by, EDIT, who)
        } else {
            memberships.iter().any(|(there, _)| self.may(by, EDIT, *there))
        };
        let allowed = self.sees(by, who)
            && self.of_store(who, place)
            && knows
            && self.may(by, EDIT, place)
            && self.may(by, INVITE, place)
            && self.may_act_on(by, who)
            && memberships.iter().all(|(there, _)| *there != place);
        let mut after = self.clone();
        after.people[who].memberships.push((place, false));
        allowed.then_some(after)
    }

    /// P-10: what is held there and below ends with it, unless it is to be kept.
    fn leave(&self, by: usize, who: usize, place: usize, keep: bool) -> Option<Self> {
        if !self.sees(by, who) || !self.may(by, EDIT, place) || !self.may_act_on(by, who) {
            return None;
        }
        let (_, blocked) = *self.people[who].memberships.iter().find(|(there, _)| *there == place)?;
        let ends = |held: &Assignment| held.who == who && self.is_below(held.at, place) && !self.over(held.dates);
        // D-5: that role is for members of root only.
        if place == 0 && self.of(who).any(|grant| self.kind(grant) == Kind::Super && !self.over(self.grants[grant].dates)) {
            return None;
        }
        if blocked && self.assignments.iter().any(|held| ends(held) && held.at == place) {
            return None;
        }
        let mut after = self.clone();
        if !keep {
            let all = self.assignments.iter().filter(|held| ends(held));
            if !all.into_iter().all(|held| self.may_confer(by, self.roles[held.role], held.at, held.dates.1)) {
                return None;
            }
            after.assignments.retain(|held| !ends(held));
        }
        after.people[who].memberships.retain(|(there, _)| *there != place);
        // What has ended of that role goes too.
        let ended: Vec<usize> = self.of(who).filter(|grant| place == 0 && self.kind(*grant) == Kind::Super).collect();
        ended.into_iter().for_each(|grant| after.grants[grant].gone = true);
        Some(after)
    }

    fn switch(&self, by: usize, place: usize, on: bool) -> Option<Self> {
        if place == 0 || self.on[place] == on || !self.may(by, ACTIVATE, place) {
            return None;
        }
        let mut after = self.clone();
        after.on[place] = on;
        // S-5: nobody switches off what their own permission for it hangs on.
        let allowed = self.may_turn(by, place, on) && (on || after.may(by, ACTIVATE, place));
        (allowed || self.is_super(by)).then_some(after)
    }

    /// Whether an organization is somebody's to begin or cease to be active, as far as those are concerned who hold
    /// something through it (S-5).
    pub fn may_turn(&self, by: usize, place: usize, on: bool) -> bool {
        let held = |at: usize| self.is_below(at, place);
        let grants = self.stored().filter(|grant| !self.over(self.grants[*grant].dates));
        let through: Vec<usize> =
            grants.filter(|grant| self.grants[*grant].scope.is_some_and(|scope| held(self.scopes[scope].0))).collect();
        let assigned: Vec<&Assignment> = self.assignments.iter().filter(|one| !self.over(one.dates)).collect();
        // Nobody who holds something through it holds more than the one who switches it.
        let mut holders =
            through.iter().map(|grant| self.grants[*grant].who).chain(assigned.iter().filter(|one| held(one.at)).map(|one| one.who));
        let nobody_above = holders.all(|who| who == by || self.outranks_nobody(by, who));
        // C-1: nobody switches on what would give themselves more, and what holds there again is theirs to give. An
        // assignment above is asked there alone, and its holder may hold more.
        let grown = self.grown();
        let regained = || {
            through.iter().filter(|grant| self.grants[**grant].who == by).all(|grant| grown.covers_grant(by, *grant))
                && assigned.iter().filter(|one| held(one.at) || self.is_below(place, one.at)).all(|one| {
                    let at = if held(one.at) { one.at } else { place };
                    self.may_confer(by, self.roles[one.role], at, one.dates.1)
                })
        };
        nobody_above && (!on || regained())
    }
}
