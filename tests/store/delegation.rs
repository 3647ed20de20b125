//! Delegation in random brands (D-*, C-*, O-2, S-5, P-3, P-4): people give, hand on, change and take back administrator
//! roles, edit them and their scopes, assign roles, move organizations, block, disable, switch off and delete, as far as
//! they may. After every step the program and the naive
//! rules agree about what was done and what everybody may now do and see, and nobody has got more than was theirs to get.
//!
//! A failing case is printed in its smallest form with its steps; told to `tell`, it becomes a test with a name.

mod acts;
mod drawings;
mod found;
mod program;
mod rules;
mod shape;
mod world;

use crate::{database::Database, place::Content};
use drawings::{Drawing, Step, drawing};
use program::Program;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use rules::{Brand, CELLS};

/// What one account may do at one organization.
#[derive(Clone, Copy, Default)]
struct Can {
    leaves: u16,
    cells: u8,
    /// The administrator roles that it may hand on there; 1 is that of super administrators.
    roles: u16,
    /// The permissions that it may hand on there.
    handed: u16,
}

impl Brand {
    /// Of each account, at each organization.
    fn everything(&self) -> Vec<Vec<Can>> {
        let awake: Vec<usize> = self.stored().filter(|grant| self.awake(*grant)).collect();
        let can = |who: usize, place: usize| {
            let mut can = Can { cells: self.rights(who, place), ..Can::default() };
            for grant in awake.iter().copied().filter(|grant| self.grants[*grant].who == who && self.reaches(*grant, place)) {
                let role = self.grants[grant].role;
                can.leaves |= self.administrator_roles[role].1;
                if self.grants[grant].cascading || role == 0 {
                    can.roles |= 1 << role;
                    can.handed |= self.administrator_roles[role].1;
                }
            }
            can
        };
        (0..self.people.len()).map(|who| self.places().map(|place| can(who, place)).collect()).collect()
    }

    /// Whether a living chain from what a super administrator gave lets the account have the permission there (D-10):
    /// walked downwards, with nothing asked of statuses.
    fn descends(&self, who: usize, leaf: usize, place: usize) -> bool {
        let alive = |grant: usize| {
            let (starts, ends) = self.grants[grant].dates;
            starts.is_none_or(|starts| starts <= self.now) && ends.is_none_or(|ends| ends > self.now)
        };
        let says = |grant: usize| match self.kind(grant) {
            bailiwick::domain::administrator_role::Kind::Super => true,
            _ if place == 0 => true,
            _ => self.grants[grant].scope.is_some_and(|scope| self.says(scope, place)),
        };
        let mut reached: Vec<usize> = self.stored().filter(|grant| self.grants[*grant].through.is_none()).collect();
        reached.retain(|grant| alive(*grant) && says(*grant));
        while let Some(grant) = reached.pop() {
            let role = self.grants[grant].role;
            if self.grants[grant].who == who && self.administrator_roles[role].1 & (1 << leaf) != 0 {
                return true;
            }
            let below = self.stored().filter(|lower| self.grants[*lower].through == Some(grant) && self.grants[*lower].role == role);
            reached.extend(below.filter(|lower| self.grants[grant].cascading && alive(*lower) && says(*lower)));
        }
        false
    }
}

/// C-1: whatever anybody may do after somebody's act that they might not do before, that somebody might do there; now,
/// and for as long as it lasts.
fn nobody_gains_more(before: &Brand, after: &Brand, by: usize) -> Result<(), TestCaseError> {
    for minutes in [0, 7, 25, 45, 1_000] {
        let (was, is) = (before.later(minutes).everything(), after.later(minutes).everything());
        for who in 0..before.people.len() {
            for place in before.places() {
                let (old, new, theirs) = (was[who][place], is[who][place], was[by][place]);
                let leaves = new.leaves & !old.leaves & !theirs.leaves;
                // To hand on a role is no more than to hand on everything that it holds (P-4, Z-2).
                let more = |role: &usize| after.administrator_roles[*role].1 & !theirs.handed != 0;
                let gained = new.roles & !old.roles & !theirs.roles;
                let roles: Vec<usize> =
                    (0..after.administrator_roles.len()).filter(|role| gained & (1 << role) != 0).filter(more).collect();
                let gained = new.cells & !old.cells;
                let needed = CELLS.iter().enumerate().filter(|(cell, _)| gained & (1 << cell) != 0).flat_map(|(_, (_, leaves))| *leaves);
                let cells: Vec<_> = needed.filter(|leaf| theirs.leaves & (1 << **leaf) == 0).collect();
                prop_assert!(
                    leaves == 0 && roles.is_empty() && cells.is_empty(),
                    "By A{} A{} gets at O{} in {} minutes what A{} did not have: {:b}, {:?}, {:?}",
                    by,
                    who,
                    place,
                    minutes,
                    by,
                    leaves,
                    roles,
                    cells
                );
            }
        }
    }
    Ok(())
}

/// How often what was tried was done.
#[derive(Default)]
struct Count {
    tried: usize,
    done: usize,
}

/// The brand and the steps to come, told to both.
fn tell(at: &Database, mut brand: Brand, mut next: impl FnMut(&Brand) -> Option<Step>) -> Result<Count, TestCaseError> {
    let mut program = Program::new(at, &brand);
    let mut told = Vec::new();
    let mut count = Count::default();
    while let Some(step) = next(&brand) {
        told.push(step);
        one_step(&mut program, &mut brand, step, &mut count).map_err(|error| match error {
            TestCaseError::Fail(why) => TestCaseError::fail(format!("{why}\nafter {told:?}\nnow {brand:?}")),
            other => other,
        })?;
    }
    program.compare_rights(&brand, (0..brand.people.len()).flat_map(|who| brand.places().map(move |place| (who, place))))?;
    program.check()?;
    Ok(count)
}

fn one_step(program: &mut Program, brand: &mut Brand, step: Step, count: &mut Count) -> Result<(), TestCaseError> {
    let before = brand.clone();
    match step {
        Step::Wait(minutes) => {
            program.wait(minutes);
            brand.now += minutes;
        }
        Step::Act { by, act } => {
            let after = brand.after(by, act);
            let done = program.does(brand, by, act);
            prop_assert_eq!(done, after.is_some(), "done by the program, and by the rules");
            count.tried += 1;
            if let Some(after) = after {
                count.done += 1;
                if !brand.is_super(by) {
                    nobody_gains_more(brand, &after, by)?;
                }
                *brand = after;
                program.learn(brand, act);
                program.check()?;
            }
        }
    }
    prop_assert!(brand.lasting() > 0, "no super administrator is left");
    program.compare(brand)?;
    let places = || brand.places();
    let changed = (0..brand.people.len()).flat_map(|who| places().map(move |place| (who, place)));
    program.compare_rights(brand, changed.filter(|(who, place)| brand.rights(*who, *place) != before.rights(*who, *place)))
}

fn try_brands(cases: u32, database: impl Fn() -> Option<Database>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() });
    let tried = runner.run(&drawing(), |drawing: Drawing| {
        let Some(mut at) = database() else { return Ok(()) };
        at.may_be_unsound();
        let mut tries = drawing.tries.iter();
        tell(&at, drawing.brand(), |brand| tries.next().map(|tried| brand.settle(tried))).map(|_| ())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_people_do_in_random_brands_the_naive_rules_say_the_same() {
    try_brands(200, || Some(Database::sqlite(Content::Ground)));
}

#[test]
fn postgresql_lets_people_do_the_same() {
    try_brands(12, || Database::postgres(Content::Ground));
}
