//! The rules of delegation once more, deliberately naive: plain lists, parents and walking; everything is asked anew.
//! No code of `access` is used. Whatever has to hold for children that come later too is asked in a tree that has them.

use bailiwick::domain::{
    administrator_role::{Kind, ScopeReach},
    permissions::*,
    rights::Cell,
};

/// Minutes since the beginning: `[starts, ends)`.
pub type Dates = (Option<i64>, Option<i64>);

/// The permissions that roles are made of here, and their places in it.
pub const LEAVES: [Leaf; 16] = [
    UserView::LEAF,
    UserBlock::LEAF,
    UserDelete::LEAF,
    UserEdit::LEAF,
    InvitationCreate::LEAF,
    OrganizationView::LEAF,
    OrganizationActivate::LEAF,
    RoleAssignmentEdit::LEAF,
    AdministratorView::LEAF,
    ScopeView::LEAF,
    ScopeEdit::LEAF,
    OrganizationEdit::LEAF,
    ScopeAdd::LEAF,
    OrganizationRoleView::LEAF,
    OrganizationRoleEdit::LEAF,
    AdministratorRoleEdit::LEAF,
];
pub const VIEW: usize = 0;
pub const BLOCK: usize = 1;
pub const DELETE: usize = 2;
pub const EDIT: usize = 3;
pub const INVITE: usize = 4;
pub const ACTIVATE: usize = 6;
pub const ASSIGN: usize = 7;
pub const ADMINISTRATORS: usize = 8;
pub const SCOPES: usize = 9;
pub const EDIT_SCOPE: usize = 10;
pub const MOVE: usize = 11;
pub const ADD_SCOPE: usize = 12;
pub const EDIT_CELLS: usize = 14;
pub const EDIT_PERMISSIONS: usize = 15;
/// All but the last, which exist in root roles alone.
pub const OF_OTHER: u16 = (1 << 13) - 1;

/// The cells that organization roles are made of here, each with the permissions that cover it (rights.md C).
pub const CELLS: [(Cell, &[usize]); 4] = [
    (Cell::ManagementRead, &[VIEW]),
    (Cell::ManagementWrite, &[EDIT, BLOCK, INVITE]),
    (Cell::ManagementDelete, &[DELETE]),
    (Cell::VerificationWrite, &[EDIT]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Disabled,
    Gone,
}

#[derive(Clone, Debug)]
pub struct Person {
    /// In the store Administrators; else in Customers.
    pub of_root: bool,
    pub status: Status,
    /// Where, and whether blocked there.
    pub memberships: Vec<(usize, bool)>,
}

#[derive(Clone, Copy, Debug)]
pub struct Assignment {
    pub who: usize,
    pub at: usize,
    pub role: usize,
    pub dates: Dates,
}

#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub who: usize,
    pub role: usize,
    pub scope: Option<usize>,
    pub cascading: bool,
    pub dates: Dates,
    pub through: Option<usize>,
    /// Revoked. It stays in the list, so that numbers last.
    pub gone: bool,
}

impl Grant {
    /// That of a super administrator, for good.
    pub fn of_super(who: usize) -> Self {
        Self { who, role: 0, scope: None, cascading: false, dates: (None, None), through: None, gone: false }
    }
}

/// A brand at an instant. Things are named by their places in these lists; organization 0 is root, administrator role 0
/// is that of super administrators.
#[derive(Clone, Debug)]
pub struct Brand {
    pub now: i64,
    /// Of each organization.
    pub parent: Vec<Option<usize>>,
    pub on: Vec<bool>,
    pub people: Vec<Person>,
    /// Of organization roles: which of [`CELLS`].
    pub roles: Vec<u8>,
    pub assignments: Vec<Assignment>,
    /// Of administrator roles: which of [`LEAVES`].
    pub administrator_roles: Vec<(Kind, u16)>,
    pub scopes: Vec<(usize, ScopeReach)>,
    pub grants: Vec<Grant>,
}

/// Whether what ends at `ours` lasts as long as what ends at `theirs`.
pub fn outlasts(ours: Option<i64>, theirs: Option<i64>) -> bool {
    ours.unwrap_or(i64::MAX) >= theirs.unwrap_or(i64::MAX)
}

/// The tree (O-*).
impl Brand {
    /// How many steps up from one to the other, if it stands above.
    pub fn steps(&self, from: usize, up_to: usize) -> Option<usize> {
        let (mut place, mut steps) = (from, 0);
        while place != up_to {
            place = self.parent[place]?;
            steps += 1;
        }
        Some(steps)
    }

    pub fn is_below(&self, place: usize, top: usize) -> bool {
        self.steps(place, top).is_some()
    }

    pub fn all_on(&self, place: usize) -> bool {
        self.on[place] && self.parent[place].is_none_or(|parent| self.all_on(parent))
    }

    pub fn places(&self) -> std::ops::Range<usize> {
        0..self.parent.len()
    }

    /// The same brand with three generations to come below every organization: deeper than any limit of a scope.
    pub fn grown(&self) -> Self {
        let mut grown = self.clone();
        for place in self.places() {
            let mut bottom = place;
            for _ in 0..3 {
                grown.parent.push(Some(bottom));
                grown.on.push(true);
                bottom = grown.parent.len() - 1;
            }
        }
        grown
    }

    /// The same brand after so many minutes in which nobody does anything.
    pub fn later(&self, minutes: i64) -> Self {
        Self { now: self.now + minutes, ..self.clone() }
    }

    /// Whether a scope says that it reaches the organization (D-6).
    pub fn says(&self, scope: usize, place: usize) -> bool {
        let (owner, reach) = self.scopes[scope];
        let Some(steps) = self.steps(place, owner) else { return false };
        match reach {
            ScopeReach::This => steps == 0,
            ScopeReach::ThisAndChildren => steps <= 1,
            ScopeReach::ThisAndBelow => true,
            ScopeReach::Children => steps == 1,
            ScopeReach::Below => steps >= 1,
        }
    }
}

/// What takes effect now (S-5, D-5, D-7, D-10).
impl Brand {
    pub fn is_active(&self, who: usize) -> bool {
        self.people[who].status == Status::Active
    }

    pub fn is_member(&self, who: usize, place: usize) -> bool {
        self.people[who].memberships.contains(&(place, false))
    }

    fn is_blocked(&self, who: usize, place: usize) -> bool {
        self.people[who].memberships.contains(&(place, true))
    }

    fn runs(&self, (starts, ends): Dates) -> bool {
        starts.is_none_or(|starts| starts <= self.now) && !self.over((starts, ends))
    }

    pub fn over(&self, (_, ends): Dates) -> bool {
        ends.is_some_and(|ends| ends <= self.now)
    }

    pub fn kind(&self, grant: usize) -> Kind {
        self.administrator_roles[self.grants[grant].role].0
    }

    fn has(&self, grant: usize, leaf: usize) -> bool {
        self.administrator_roles[self.grants[grant].role].1 & (1 << leaf) != 0
    }

    /// Every grant that is stored, those that have ended too.
    pub fn stored(&self) -> impl Iterator<Item = usize> {
        (0..self.grants.len()).filter(|grant| !self.grants[*grant].gone)
    }

    pub fn of(&self, who: usize) -> impl Iterator<Item = usize> {
        self.stored().filter(move |grant| self.grants[*grant].who == who)
    }

    /// The grants above one, the nearest first.
    pub fn above(&self, grant: usize) -> Vec<usize> {
        let mut above = Vec::new();
        let mut next = self.grants[grant].through;
        while let Some(upper) = next {
            above.push(upper);
            next = self.grants[upper].through;
        }
        above
    }

    pub fn chain(&self, grant: usize) -> Vec<usize> {
        [vec![grant], self.above(grant)].concat()
    }

    /// Everything that was handed on through one, all the way down.
    pub fn below(&self, grant: usize) -> Vec<usize> {
        self.stored().filter(|other| self.above(*other).contains(&grant)).collect()
    }

    pub fn awake(&self, grant: usize) -> bool {
        let own = &self.grants[grant];
        let kind = self.kind(grant);
        !own.gone
            && self.is_active(own.who)
            && self.chain(grant).into_iter().all(|one| self.runs(self.grants[one].dates))
            && (kind == Kind::Other || self.is_member(own.who, 0))
            && own.scope.is_none_or(|scope| {
                let owner = self.scopes[scope].0;
                self.all_on(owner) && !self.is_blocked(own.who, owner)
            })
            && self.lives_inside(grant)
    }

    /// Whether its holder is an active member of an organization within what it was made through (D-10).
    pub fn lives_inside(&self, grant: usize) -> bool {
        let own = &self.grants[grant];
        own.through.is_none_or(|upper| {
            self.places().any(|place| {
                let inside = match self.grants[upper].scope {
                    _ if place == 0 => self.kind(grant) == Kind::Root,
                    Some(scope) => self.says(scope, place),
                    None => false,
                };
                inside && self.is_member(own.who, place)
            })
        })
    }

    /// Where the grant reaches while it is awake.
    pub fn reaches(&self, grant: usize, place: usize) -> bool {
        match self.kind(grant) {
            Kind::Super => true,
            // D-7: a root role reaches root, whatever its scope says; one of kind other never does.
            kind if place == 0 => kind == Kind::Root,
            _ => self.chain(grant).into_iter().all(|one| self.grants[one].scope.is_some_and(|scope| self.says(scope, place))),
        }
    }

    /// Until when, after the chain.
    pub fn lasts(&self, grant: usize, until: Option<i64>) -> bool {
        self.chain(grant).into_iter().all(|one| outlasts(self.grants[one].dates.1, until))
    }

    pub fn is_super(&self, who: usize) -> bool {
        self.of(who).any(|grant| self.kind(grant) == Kind::Super && self.awake(grant))
    }

    pub fn holds(&self, who: usize, leaf: usize) -> bool {
        self.of(who).any(|grant| self.has(grant, leaf) && self.awake(grant))
    }

    pub fn may(&self, who: usize, leaf: usize, place: usize) -> bool {
        self.of(who).any(|grant| self.has(grant, leaf) && self.reaches(grant, place) && self.awake(grant))
    }

    /// The grants that somebody may hand on now (D-9).
    pub fn to_hand_on(&self, who: usize) -> Vec<usize> {
        self.of(who).filter(|grant| self.grants[*grant].cascading && self.awake(*grant)).collect()
    }

    /// The effective rights of an account at an organization.
    pub fn rights(&self, who: usize, place: usize) -> u8 {
        let held = self.assignments.iter().filter(|held| {
            held.who == who
                && self.is_below(place, held.at)
                && self.runs(held.dates)
                && self.all_on(place)
                && !self.is_blocked(who, held.at)
        });
        let all = held.fold(0, |all, held| all | self.roles[held.role]);
        if self.is_active(who) { all } else { 0 }
    }
}

/// Covering, rank and sight (C-*, P-3, P-4, Z-2).
impl Brand {
    /// Whether the grants together have the permission at all these places of a grown tree, until then.
    fn covered(&self, by: &[usize], leaf: usize, mut places: impl Iterator<Item = usize>, until: Option<i64>) -> bool {
        let by: Vec<usize> = by.iter().copied().filter(|grant| self.has(*grant, leaf) && self.lasts(*grant, until)).collect();
        places.all(|place| by.iter().any(|grant| self.reaches(*grant, place)))
    }

    fn usable(&self, who: usize) -> Vec<usize> {
        self.of(who).filter(|grant| self.awake(*grant)).collect()
    }

    /// Whether a role of their own holds the cell at an organization and all below it, until then.
    fn has_cell(&self, who: usize, cell: usize, at: usize, until: Option<i64>) -> bool {
        let mut own = self.assignments.iter().filter(|held| held.who == who && self.roles[held.role] & (1 << cell) != 0);
        let holds = |held: &Assignment| self.is_below(at, held.at) && self.runs(held.dates) && outlasts(held.dates.1, until);
        self.is_active(who) && self.all_on(at) && own.any(|held| holds(held) && !self.is_blocked(who, held.at))
    }

    /// The same anywhere.
    pub fn has_cell_somewhere(&self, who: usize, cell: usize) -> bool {
        self.places().any(|place| self.has_cell(who, cell, place, Some(self.now)))
    }

    pub fn covers_cells(&self, who: usize, cells: u8, at: usize, until: Option<i64>) -> bool {
        let mine = self.usable(who);
        let below = || self.places().filter(|place| self.is_below(*place, at));
        CELLS.iter().enumerate().filter(|(cell, _)| cells & (1 << cell) != 0).all(|(cell, (_, leaves))| {
            self.has_cell(who, cell, at, until) || leaves.iter().all(|leaf| self.covered(&mine, *leaf, below(), until))
        })
    }

    /// Whether somebody may give these cells at an organization and all below it, until then (C-1, A-8).
    pub fn may_confer(&self, who: usize, cells: u8, at: usize, until: Option<i64>) -> bool {
        let grown = self.grown();
        let mine = grown.usable(who);
        let below = grown.places().filter(|place| grown.is_below(*place, at));
        // Whoever is a super administrator now covers what outlasts their role too (P-4, rights.md C).
        self.is_super(who) || (grown.covered(&mine, ASSIGN, below, until) && grown.covers_cells(who, cells, at, until))
    }

    /// Whether what somebody can use covers what a grant says, wherever it says it, as it is stored (P-4).
    pub fn covers_grant(&self, who: usize, grant: usize) -> bool {
        self.covers_leaves(who, self.administrator_roles[self.grants[grant].role].1, grant)
    }

    /// The same of these permissions alone, whether or not its role has them.
    pub fn covers_leaves(&self, who: usize, leaves: u16, grant: usize) -> bool {
        let Grant { scope, cascading, dates, .. } = self.grants[grant];
        let kind = self.kind(grant);
        let mine: Vec<usize> = self.usable(who).into_iter().filter(|own| !cascading || self.grants[*own].cascading).collect();
        let said = |place: usize| match kind {
            Kind::Super => true,
            kind if place == 0 => kind == Kind::Root,
            _ => scope.is_some_and(|scope| self.says(scope, place)),
        };
        (0..LEAVES.len()).filter(|leaf| leaves & (1 << leaf) != 0).all(|leaf| {
            // A scope may reach nothing at all. Whoever does not hold the permission does not cover that either (P-4).
            mine.iter().any(|own| self.has(*own, leaf)) && self.covered(&mine, leaf, self.places().filter(|place| said(*place)), dates.1)
        })
    }

    /// Whether somebody covers everything that an account holds (P-4).
    pub fn outranks_nobody(&self, who: usize, account: usize) -> bool {
        if self.is_super(who) {
            return true;
        }
        let grown = self.grown();
        grown
            .of(account)
            .filter(|grant| !grown.over(grown.grants[*grant].dates))
            .all(|grant| grown.kind(grant) != Kind::Super && grown.covers_grant(who, grant))
            && grown
                .assignments
                .iter()
                .filter(|held| held.who == account && !grown.over(held.dates))
                .all(|held| grown.covers_cells(who, grown.roles[held.role], held.at, held.dates.1))
    }

    /// Rank: nobody acts on themselves, or on somebody who holds more (P-4).
    pub fn may_act_on(&self, who: usize, account: usize) -> bool {
        who != account && self.outranks_nobody(who, account)
    }

    /// Whether somebody has the permission over those who belong to no organization (P-3).
    fn everywhere(&self, who: usize, leaf: usize) -> bool {
        self.of(who).any(|grant| {
            let whole = |one: usize| {
                self.kind(one) == Kind::Super
                    || self.grants[one].scope.is_some_and(|scope| {
                        let (owner, reach) = self.scopes[scope];
                        owner == 0 && matches!(reach, ScopeReach::ThisAndBelow | ScopeReach::Below)
                    })
            };
            self.has(grant, leaf) && self.awake(grant) && self.chain(grant).into_iter().all(whole)
        })
    }

    pub fn exists(&self, who: usize) -> bool {
        self.people[who].status != Status::Gone
    }

    /// Whether the administrator sees the account (P-3).
    pub fn sees(&self, who: usize, account: usize) -> bool {
        let places = &self.people[account].memberships;
        self.exists(account)
            && if places.is_empty() { self.everywhere(who, VIEW) } else { places.iter().any(|(place, _)| self.may(who, VIEW, *place)) }
    }

    /// Whether somebody may use the permission on the account itself (P-3).
    pub fn may_use_on(&self, who: usize, leaf: usize, account: usize) -> bool {
        let places = &self.people[account].memberships;
        let reached =
            if places.is_empty() { self.everywhere(who, leaf) } else { places.iter().all(|(place, _)| self.may(who, leaf, *place)) };
        self.holds(who, leaf) && self.sees(who, account) && reached && self.may_act_on(who, account)
    }

    /// Whether somebody sees the grant: in reach of `administrator.view` (D-12), or their own, or handed on through it.
    pub fn sees_grant(&self, who: usize, grant: usize) -> bool {
        // A grant without a scope is a thing of the root organization (D-7).
        let owner = self.grants[grant].scope.map_or(0, |scope| self.scopes[scope].0);
        !self.grants[grant].gone
            && (self.is_super(who)
                || self.may(who, ADMINISTRATORS, owner)
                || self.chain(grant).into_iter().any(|one| self.grants[one].who == who))
    }

    /// How many super administrators keep D-5.
    pub fn lasting(&self) -> usize {
        let lasts = |grant: &usize| self.kind(*grant) == Kind::Super && self.grants[*grant].dates == (None, None) && self.awake(*grant);
        self.stored().filter(lasts).count()
    }
}
