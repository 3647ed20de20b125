//! Acts that change the ground under grants and assignments: a scope's reach (D-6), what a role holds (D-11), an
//! organization's parent (O-2).

use super::rules::{ACTIVATE, ADD_SCOPE, Assignment, Brand, CELLS, EDIT_CELLS, EDIT_PERMISSIONS, EDIT_SCOPE, Grant, LEAVES, MOVE};
use bailiwick::domain::administrator_role::{Kind, ScopeReach};

impl Brand {
    /// Another reach for a scope, and what becomes of what exceeds it then.
    pub fn reshape(&self, by: usize, scope: usize, reach: ScopeReach, keep: bool) -> Option<Self> {
        let (owner, before) = self.scopes[scope];
        if !self.may(by, EDIT_SCOPE, owner) {
            return None;
        }
        let uses = |one: usize| self.grants[one].scope == Some(scope);
        let ended = |one: usize| self.over(self.grants[one].dates);
        // Nobody edits what their own grant hangs on.
        if self.of(by).any(|own| !ended(own) && self.chain(own).into_iter().any(uses)) {
            return None;
        }
        let mut after = self.clone();
        after.scopes[scope].1 = reach;
        if reach == before {
            return Some(after);
        }
        let (grown, to_be) = (self.grown(), after.grown());
        let widens = grown.places().any(|place| to_be.says(scope, place) && !grown.says(scope, place));
        let narrows = grown.places().any(|place| !to_be.says(scope, place) && grown.says(scope, place));
        // A grant with the new reach, to be made anew.
        let mut anew = self.clone();
        anew.scopes.push((owner, reach));
        for one in self.stored().filter(|one| uses(*one) && !ended(*one)) {
            let wanted = Grant { scope: Some(anew.scopes.len() - 1), ..self.grants[one] };
            if widens {
                anew.may_give(by, &wanted, None)?;
            }
            if narrows {
                self.may_revoke(by, one)?;
            }
            if !to_be.lies_inside(one) {
                return None;
            }
        }
        let hangs = |one: usize| uses(one) || (!uses(one) && self.grants[one].through.is_some_and(uses));
        let outside: Vec<usize> = self.stored().filter(|one| hangs(*one) && !to_be.lies_inside(*one)).collect();
        let exceeding: Vec<usize> = outside.iter().copied().filter(|one| !ended(*one)).collect();
        // What has ended is in nobody's way; it goes, and what hung on it.
        let mut gone: Vec<usize> = outside.iter().copied().filter(|one| ended(*one)).collect();
        gone.extend(gone.clone().into_iter().flat_map(|one| self.below(one)));
        if keep {
            for one in &exceeding {
                after.grants[*one].through = self.kept_under(by, *one)?;
            }
        } else {
            for one in &exceeding {
                self.may_revoke(by, *one)?;
            }
            after.take(by, &exceeding, false)?;
        }
        gone.into_iter().for_each(|one| after.grants[one].gone = true);
        Some(after)
    }

    /// Whether the scope of a grant lies inside those of the grants above it (D-9), in a grown tree.
    fn lies_inside(&self, grant: usize) -> bool {
        let other = self.kind(grant) == Kind::Other;
        let Some(scope) = self.grants[grant].scope else { return true };
        let mut said = self.places().filter(|place| self.says(scope, *place) && !(other && *place == 0));
        said.all(|place| self.above(grant).into_iter().all(|upper| self.grants[upper].scope.is_some_and(|theirs| self.says(theirs, place))))
    }

    /// A scope beside the others (D-6).
    pub fn keep_scope(&self, by: usize, owner: usize, reach: ScopeReach) -> Option<Self> {
        let mut after = self.clone();
        after.scopes.push((owner, reach));
        self.may(by, ADD_SCOPE, owner).then_some(after)
    }

    /// Other permissions for an administrator role (D-11).
    pub fn rewrite(&self, by: usize, role: usize, leaves: u16) -> Option<Self> {
        let (kind, before) = self.administrator_roles[role];
        if !self.holds(by, EDIT_PERMISSIONS) || kind == Kind::Super {
            return None;
        }
        let touched = before ^ leaves;
        let mut held = self.stored().filter(|grant| self.grants[*grant].role == role && !self.over(self.grants[*grant].dates));
        let theirs = |leaf: usize| touched & (1 << leaf) == 0 || self.holds(by, leaf);
        // Nobody edits a role of their own; what theirs was handed on with is the same role.
        let allowed = |grant: usize| self.may_act_on(by, self.grants[grant].who) && self.grown().covers_leaves(by, touched, grant);
        let mut after = self.clone();
        after.administrator_roles[role].1 = leaves;
        (touched == 0 || self.is_super(by) || ((0..LEAVES.len()).all(theirs) && held.all(allowed))).then_some(after)
    }

    /// Other cells for an organization role (D-11, C-2).
    pub fn redraw(&self, by: usize, role: usize, cells: u8) -> Option<Self> {
        if !self.holds(by, EDIT_CELLS) {
            return None;
        }
        let touched = self.roles[role] ^ cells;
        let mut needed = CELLS.iter().enumerate().filter(|(cell, _)| touched & (1 << cell) != 0);
        let theirs = needed.all(|(cell, (_, leaves))| self.has_cell_somewhere(by, cell) || leaves.iter().all(|leaf| self.holds(by, *leaf)));
        let mut held = self.assignments.iter().filter(|held| held.role == role && !self.over(held.dates));
        let grown = self.grown();
        let allowed = |held: &Assignment| self.may_act_on(by, held.who) && grown.covers_cells(by, touched, held.at, held.dates.1);
        let mut after = self.clone();
        after.roles[role] = cells;
        (touched == 0 || self.is_super(by) || (theirs && held.all(allowed))).then_some(after)
    }

    /// An organization under another parent (O-2): who moves it could give and take by hand what others gain and lose,
    /// and gains nothing.
    pub fn relocate(&self, by: usize, place: usize, under: usize) -> Option<Self> {
        let old = self.parent[place]?;
        let mut after = self.clone();
        after.parent[place] = Some(under);
        let (was, will) = (self.grown(), after.grown());
        let whole = was.places().filter(|below| was.is_below(*below, place)).all(|below| was.may(by, MOVE, below));
        if old == under || self.is_below(under, place) || !whole || !self.may(by, MOVE, old) || !self.may(by, MOVE, under) {
            return None;
        }
        let mut concerned = Vec::new();
        let mut own_gain = false;
        let mut by_hand = true;
        for who in 0..self.people.len() {
            for (cell, _) in CELLS.iter().enumerate() {
                let (before, then) = (self.has_until(who, cell, place), after.has_until(who, cell, place));
                if before != then {
                    let until = before.max(then).filter(|until| *until < i64::MAX);
                    concerned.push(who);
                    own_gain |= who == by && then > before;
                    by_hand &= self.may_confer(by, 1 << cell, place, until);
                }
            }
        }
        if self.is_super(by) {
            return (!own_gain).then_some(after);
        }
        for grant in self.stored().filter(|grant| !self.over(self.grants[*grant].dates)) {
            let reached = |brand: &Self| -> Vec<bool> {
                let lives = brand.lives_inside(grant);
                std::iter::once(lives).chain(brand.places().map(|place| lives && brand.reaches(grant, place))).collect()
            };
            let (before, then) = (reached(&was), reached(&will));
            if before != then {
                concerned.push(self.grants[grant].who);
                own_gain |= self.grants[grant].who == by && before.iter().zip(&then).any(|(before, then)| *then && !before);
                by_hand &= self.may_revoke(by, grant).is_some();
            }
        }
        let on = self.all_on(under);
        if self.on[place] && on != self.all_on(old) {
            by_hand &= self.may_turn(by, place, on) && (on || after.may(by, ACTIVATE, place));
        }
        (by_hand && !own_gain && concerned.into_iter().all(|who| self.may_act_on(by, who))).then_some(after)
    }

    /// Until when somebody holds a cell there, whether or not it takes effect now.
    fn has_until(&self, who: usize, cell: usize, place: usize) -> Option<i64> {
        let held = self.assignments.iter().filter(|held| held.who == who && self.is_below(place, held.at) && !self.over(held.dates));
        held.filter(|held| self.roles[held.role] & (1 << cell) != 0).map(|held| held.dates.1.unwrap_or(i64::MAX)).max()
    }
}
