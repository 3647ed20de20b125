//! Acts that change the ground under grants: a scope's reach (D-6), an organization's parent (O-2).

use super::rules::{Brand, EDIT_SCOPE, Grant, MOVE};
use bailiwick::domain::administrator_role::ScopeReach;

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
        let other = self.kind(grant) == bailiwick::domain::administrator_role::Kind::Other;
        let Some(scope) = self.grants[grant].scope else { return true };
        let mut said = self.places().filter(|place| self.says(scope, *place) && !(other && *place == 0));
        said.all(|place| self.above(grant).into_iter().all(|upper| self.grants[upper].scope.is_some_and(|theirs| self.says(theirs, place))))
    }

    /// An organization under another parent, as far as the places are concerned. Who would gain and lose what is judged by
    /// what comes of it: nobody gains more than the mover had there, and the mover gains nothing (O-2, C-1).
    pub fn relocate(&self, by: usize, place: usize, under: usize) -> Option<Self> {
        let old = self.parent[place]?;
        let whole = self.places().filter(|below| self.is_below(*below, place)).all(|below| self.may(by, MOVE, below));
        let allowed = old != under && !self.is_below(under, place) && whole && self.may(by, MOVE, old) && self.may(by, MOVE, under);
        let mut after = self.clone();
        after.parent[place] = Some(under);
        allowed.then_some(after)
    }
}
