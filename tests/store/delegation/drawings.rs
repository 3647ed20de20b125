//! Random brands and what people try there. Numbers that name something are taken modulo how many there are.

use super::{
    acts::Act,
    rules::{
        ACTIVATE, ADD_SCOPE, ASSIGN, BLOCK, Brand, DELETE, Dates, EDIT, EDIT_CELLS, EDIT_PERMISSIONS, EDIT_SCOPE, Grant, LEAVES, MOVE,
        OF_OTHER, Person, Status,
    },
};
use bailiwick::domain::administrator_role::{Kind, ScopeReach};
use proptest::{collection::vec, option, prelude::*};

/// A brand as it is drawn. Accounts 0 and 1 are super administrators, of whom 0 has the role for good.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Of each organization but root: its parent among those before it.
    organizations: Vec<usize>,
    /// Of each further account: whether of root, and where it is a member.
    people: Vec<(bool, Vec<usize>)>,
    roles: Vec<u8>,
    /// Whether of kind root, and which of [`LEAVES`].
    administrator_roles: Vec<(bool, u16)>,
    /// The owners of scopes with each of the five reaches.
    scopes: Vec<usize>,
    pub tries: Vec<Try>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Give,
    Revoke,
    Edit,
    Assign,
    Unassign,
    Block,
    Enable,
    Switch,
    Delete,
    Join,
    Leave,
    Reshape,
    KeepScope,
    Move,
    Rewrite,
    Redraw,
    Wait,
}

/// What somebody tries. Who is `apt` does what they may do at all, where somebody may.
#[derive(Clone, Debug)]
pub struct Try {
    what: What,
    by: usize,
    apt: bool,
    numbers: [usize; 3],
    scope: Option<usize>,
    yes: bool,
    then: Option<bool>,
    /// From the moment of the act.
    dates: Dates,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Wait(i64),
    Act { by: usize, act: Act },
}

const DEEPEST: usize = 4;

fn number() -> impl Strategy<Value = usize> {
    any::<u8>().prop_map(usize::from)
}

fn dates() -> impl Strategy<Value = Dates> {
    let starts = prop_oneof![6 => Just(None), 1 => Just(Some(-10)), 1 => Just(Some(0)), 1 => Just(Some(5))];
    let ends = prop_oneof![5 => Just(None), 1 => Just(Some(10)), 1 => Just(Some(30)), 1 => Just(Some(60)), 1 => Just(Some(-5))];
    // What ends before it starts is refused before it comes here.
    (starts, ends)
        .prop_map(|(starts, ends)| if ends.is_some() && starts.unwrap_or(-20) >= ends.unwrap() { (None, ends) } else { (starts, ends) })
}

/// First some are made administrators, so that others than super administrators have something to do.
fn tries() -> impl Strategy<Value = Vec<Try>> {
    let given = vec(a_try(Just(What::Give)), 0..8);
    (given, vec(a_try(what()), 1..26)).prop_map(|(given, then)| given.into_iter().chain(then).collect())
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        9 => Just(What::Give),
        4 => Just(What::Revoke),
        4 => Just(What::Edit),
        2 => Just(What::Assign),
        1 => Just(What::Unassign),
        2 => Just(What::Block),
        2 => Just(What::Enable),
        3 => Just(What::Switch),
        1 => Just(What::Delete),
        1 => Just(What::Join),
        1 => Just(What::Leave),
        2 => Just(What::Reshape),
        1 => Just(What::KeepScope),
        3 => Just(What::Move),
        3 => Just(What::Rewrite),
        2 => Just(What::Redraw),
        2 => Just(What::Wait),
    ]
}

fn a_try(what: impl Strategy<Value = What>) -> impl Strategy<Value = Try> {
    let apt = prop::bool::weighted(0.85);
    let flags = (prop::bool::weighted(0.6), option::weighted(0.7, any::<bool>()));
    (what, number(), apt, [number(), number(), number()], option::weighted(0.8, number()), flags, dates())
        .prop_map(|(what, by, apt, numbers, scope, (yes, then), dates)| Try { what, by, apt, numbers, scope, yes, then, dates })
}

pub fn drawing() -> impl Strategy<Value = Drawing> {
    let permissions = prop_oneof![2 => Just(u16::MAX), 2 => any::<u16>().prop_map(|leaves| leaves | 1), 1 => any::<u16>()];
    (
        vec(number(), 2..8),
        vec((prop::bool::weighted(0.3), vec(number(), 0..3)), 4..7),
        vec(1_u8..16, 2),
        vec((prop::bool::weighted(0.35), permissions), 3..5),
        vec(prop_oneof![1 => Just(0), 3 => number()], ScopeReach::ALL.len()),
        tries(),
    )
        .prop_map(|(organizations, people, roles, administrator_roles, scopes, tries)| Drawing {
            organizations,
            people,
            roles,
            administrator_roles,
            scopes,
            tries,
        })
}

impl Drawing {
    /// The brand before anybody did anything.
    pub fn brand(&self) -> Brand {
        let mut parent: Vec<Option<usize>> = vec![None];
        let mut depth = vec![0];
        for drawn in &self.organizations {
            let under = drawn % parent.len();
            let under = if depth[under] == DEEPEST { 0 } else { under };
            parent.push(Some(under));
            depth.push(depth[under] + 1);
        }
        let count = parent.len();
        let of_root = || Person { of_root: true, status: Status::Active, memberships: vec![(0, false)] };
        let mut people = vec![of_root(), of_root()];
        people.extend(self.people.iter().map(|(root, places)| {
            let mut memberships: Vec<(usize, bool)> = places.iter().map(|place| (1 + place % (count - 1), false)).collect();
            memberships.sort_unstable();
            memberships.dedup();
            if *root { of_root() } else { Person { of_root: false, status: Status::Active, memberships } }
        }));
        let mut administrator_roles = vec![(Kind::Super, u16::MAX)];
        administrator_roles.extend(self.administrator_roles.iter().map(|&(root, leaves)| {
            let (kind, all) = if root { (Kind::Root, u16::MAX) } else { (Kind::Other, OF_OTHER) };
            (kind, if leaves & all == 0 { 1 } else { leaves & all })
        }));
        Brand {
            now: 0,
            on: vec![true; count],
            parent,
            people,
            roles: self.roles.clone(),
            assignments: Vec::new(),
            administrator_roles,
            scopes: self.scopes.iter().zip(ScopeReach::ALL).map(|(owner, reach)| (owner % count, *reach)).collect(),
            grants: [0, 1].map(Grant::of_super).to_vec(),
        }
    }
}

fn pick(from: &[usize], number: usize) -> Option<usize> {
    (!from.is_empty()).then(|| from[number % from.len()])
}

/// What a try means in a brand as it stands.
impl Brand {
    fn everybody(&self) -> Vec<usize> {
        (0..self.people.len()).filter(|who| self.exists(*who)).collect()
    }

    /// Who does it: the apt, and those who are no super administrators rather than those who are.
    fn doer(&self, tried: &Try) -> usize {
        let ground = |who: &usize| {
            self.is_active(*who)
                && match tried.what {
                    What::Give | What::Revoke | What::Edit => self.hands_on(*who),
                    What::Assign | What::Unassign => self.holds(*who, ASSIGN),
                    What::Block | What::Enable => self.holds(*who, BLOCK),
                    What::Switch => self.holds(*who, ACTIVATE),
                    What::Delete => self.holds(*who, DELETE),
                    What::Join | What::Leave => self.holds(*who, EDIT),
                    What::Reshape => self.holds(*who, EDIT_SCOPE),
                    What::KeepScope => self.holds(*who, ADD_SCOPE),
                    What::Move => self.holds(*who, MOVE),
                    What::Rewrite => self.holds(*who, EDIT_PERMISSIONS),
                    What::Redraw => self.holds(*who, EDIT_CELLS),
                    What::Wait => true,
                }
        };
        let mut apt = self.everybody();
        if tried.apt {
            apt.retain(ground);
            if apt.iter().any(|who| !self.is_super(*who)) && !tried.by.is_multiple_of(4) {
                apt.retain(|who| !self.is_super(*who));
            }
        }
        pick(&apt, tried.by / 4).unwrap_or(0)
    }

    pub fn settle(&self, tried: &Try) -> Step {
        let by = self.doer(tried);
        let [a, b, c] = tried.numbers;
        let dates = (tried.dates.0.map(|starts| self.now + starts), tried.dates.1.map(|ends| self.now + ends));
        let anybody = pick(&self.everybody(), a).unwrap_or(0);
        let seen: Vec<usize> = self.everybody().into_iter().filter(|who| *who != by && self.sees(by, *who)).collect();
        let who = pick(&seen, a).filter(|_| tried.apt).unwrap_or(anybody);
        let membership = pick(&self.people[who].memberships.iter().map(|(place, _)| *place).collect::<Vec<_>>(), b);
        let place = b % self.parent.len();
        let role = b % self.roles.len();
        let at = 1 + c % (self.parent.len() - 1);
        let on = tried.yes;
        let keep = !tried.yes;
        let act = match tried.what {
            What::Wait => return Step::Wait([1, 5, 10, 31][a % 4]),
            What::Give => self.giving(by, tried, who, dates),
            What::Revoke => Act::Revoke { grant: self.somebodys(by, tried), keep },
            What::Edit => Act::Edit { grant: self.somebodys(by, tried), cascading: tried.yes, dates, keep: tried.then },
            What::Assign => Act::Assign { to: who, role, at, dates: (dates.0, dates.1.filter(|ends| *ends > self.now)) },
            What::Unassign => match (!self.assignments.is_empty()).then(|| self.assignments[a % self.assignments.len()]) {
                Some(held) => Act::Unassign { from: held.who, role: held.role, at: held.at },
                None => Act::Unassign { from: who, role, at },
            },
            What::Block => Act::Block { who, place: membership.unwrap_or(place), on },
            What::Enable => {
                let off: Vec<usize> = self.everybody().into_iter().filter(|who| !self.is_active(*who)).collect();
                Act::Enable { who: pick(&off, a).filter(|_| on).unwrap_or(who), on }
            }
            What::Switch => {
                let off: Vec<usize> = self.places().filter(|place| !self.on[*place]).collect();
                let place = pick(&off, b).filter(|_| on).unwrap_or(place);
                Act::Switch { place, on: !self.on[place] }
            }
            What::Delete => Act::Delete { who, keep },
            What::Join => Act::Join { who, place: if self.people[who].of_root { 0 } else { at } },
            What::Leave => Act::Leave { who, place: membership.unwrap_or(place), keep },
            What::Reshape => Act::Reshape { scope: a % self.scopes.len(), reach: ScopeReach::ALL[b % ScopeReach::ALL.len()], keep },
            What::KeepScope => Act::KeepScope { owner: place, reach: ScopeReach::ALL[a % ScopeReach::ALL.len()] },
            What::Move => Act::Move { place: at, under: place },
            What::Rewrite => self.rewriting(by, tried),
            What::Redraw => Act::Redraw { role, cells: 1 + (a % 15) as u8 },
        };
        Step::Act { by, act }
    }

    /// Somebody with a grant to hand on mostly does that.
    fn giving(&self, by: usize, tried: &Try, to: usize, dates: Dates) -> Act {
        let [_, b, c] = tried.numbers;
        let drawn = tried.scope.map(|scope| scope % self.scopes.len());
        let cascading = tried.yes || tried.then == Some(true);
        let mine = self.to_hand_on(by);
        if let Some(own) = pick(&mine, b).filter(|_| tried.apt) {
            let own = &self.grants[own];
            let scope = if c % 3 == 0 { own.scope } else { drawn.filter(|_| own.scope.is_some()).or(own.scope) };
            let ends = dates.1.or(own.dates.1);
            return Act::Give {
                to,
                role: own.role,
                scope,
                cascading,
                dates: (dates.0.filter(|starts| ends.is_none_or(|ends| *starts < ends)), ends),
            };
        }
        let rare = c % 16 == 0;
        let role = if rare { b % self.administrator_roles.len() } else { 1 + b % (self.administrator_roles.len() - 1) };
        let scope = match self.administrator_roles[role].0 {
            Kind::Super if tried.apt => None,
            Kind::Other if tried.apt => drawn.or(Some(c % self.scopes.len())),
            _ => drawn,
        };
        Act::Give { to, role, scope, cascading: cascading && !(role == 0 && tried.apt), dates }
    }

    /// One permission more or less: for the apt, one of their own in a role that they do not hold.
    fn rewriting(&self, by: usize, tried: &Try) -> Act {
        let [a, b, c] = tried.numbers;
        let others: Vec<usize> =
            (1..self.administrator_roles.len()).filter(|role| !self.of(by).any(|own| self.grants[own].role == *role)).collect();
        let role = pick(&others, b).filter(|_| tried.apt).unwrap_or(b % self.administrator_roles.len());
        let (kind, before) = self.administrator_roles[role];
        let all = if kind == Kind::Other { OF_OTHER } else { u16::MAX };
        let mine: Vec<usize> = (0..LEAVES.len()).filter(|leaf| all & (1 << leaf) != 0 && self.holds(by, *leaf)).collect();
        let leaf = pick(&mine, a).filter(|_| tried.apt).unwrap_or(a % LEAVES.len());
        let leaves = (before ^ (1 << leaf)) & all;
        // A few change much at once.
        let leaves = if c % 8 == 0 { leaves ^ (c as u16) << 3 & all } else { leaves };
        Act::Rewrite { role, leaves: if leaves == 0 { 1 } else { leaves } }
    }

    /// A grant to change: for the apt, one that they see and do not hold; of these mostly one in the middle of a chain.
    fn somebodys(&self, by: usize, tried: &Try) -> usize {
        let [a, b, _] = tried.numbers;
        let stored: Vec<usize> = self.stored().collect();
        let apt: Vec<usize> = stored.iter().copied().filter(|grant| self.grants[*grant].who != by && self.sees_grant(by, *grant)).collect();
        let chained: Vec<usize> = apt.iter().copied().filter(|grant| !self.below(*grant).is_empty()).collect();
        let apt = pick(&chained, b).filter(|_| a % 2 == 0).or(pick(&apt, b));
        apt.filter(|_| tried.apt).or(pick(&stored, b)).unwrap_or(0)
    }
}
