//! What the random brands found, told in its smallest form.

use super::{
    acts::Act::{self, *},
    drawings::Step,
    rules::{ACTIVATE, BLOCK, Brand, EDIT_CELLS, EDIT_PERMISSIONS, Grant, MOVE, OF_OTHER, Person, Status, VIEW},
    tell,
};
use crate::{database::Database, place::Content};
use bailiwick::domain::administrator_role::{Kind, ScopeReach};

const ALL: usize = 1;
const SWITCHES: usize = 2;
const EVERYTHING: usize = 3;
const MOVES: usize = 4;
const WRITES: usize = 5;
const LOOKS: usize = 6;
const ALL_OF_1: Option<usize> = Some(0);
const TWO: Option<usize> = Some(1);
const CHILDREN_OF_1: Option<usize> = Some(2);
const CHILDREN_OF_2: Option<usize> = Some(3);
const ALL_OF_0: Option<usize> = Some(4);
const ALWAYS: (Option<i64>, Option<i64>) = (None, None);

/// root – 1 – 2, and 3 beside 2; two super administrators, one account in 1, two in 2, one more in root.
fn brand() -> Brand {
    let person = |place| Person { of_root: place == 0, status: Status::Active, memberships: vec![(place, false)] };
    Brand {
        now: 0,
        parent: vec![None, Some(0), Some(1), Some(1)],
        on: vec![true; 4],
        people: [0, 0, 1, 2, 2, 0].map(person).to_vec(),
        roles: vec![1, 8],
        assignments: Vec::new(),
        administrator_roles: vec![
            (Kind::Super, u16::MAX),
            (Kind::Other, OF_OTHER),
            (Kind::Other, 1 << VIEW | 1 << ACTIVATE),
            (Kind::Root, u16::MAX),
            (Kind::Other, 1 << VIEW | 1 << MOVE),
            (Kind::Root, 1 << VIEW | 1 << EDIT_CELLS | 1 << EDIT_PERMISSIONS),
            (Kind::Other, 1 << VIEW),
        ],
        scopes: vec![
            (1, ScopeReach::ThisAndBelow),
            (2, ScopeReach::This),
            (1, ScopeReach::Children),
            (2, ScopeReach::Children),
            (0, ScopeReach::ThisAndBelow),
        ],
        grants: [0, 1].map(Grant::of_super).to_vec(),
    }
}

fn give(to: usize, role: usize, scope: Option<usize>, dates: (Option<i64>, Option<i64>)) -> Act {
    Give { to, role, scope, cascading: true, dates }
}

/// Tells it on every database. Each act comes with who does it, and whether that is done; a number is minutes that pass.
fn on_each(steps: &[(usize, Result<Act, i64>, bool)]) {
    for at in Database::on_each(Content::Ground) {
        let mut left = steps.iter();
        let told = tell(&at, brand(), |brand| {
            let (by, next, done) = left.next()?;
            Some(match next {
                Ok(act) => {
                    assert_eq!(brand.after(*by, *act).is_some(), *done, "A{by} {act:?}");
                    Step::Act { by: *by, act: *act }
                }
                Err(minutes) => Step::Wait(*minutes),
            })
        });
        told.unwrap_or_else(|error| panic!("{error} on {}", at.name()));
    }
}

#[test]
fn nobody_is_removed_from_root_while_they_are_a_super_administrator() {
    on_each(&[
        (0, Ok(Leave { who: 1, place: 0, keep: false }), false),
        (0, Ok(Revoke { grant: 1, keep: false }), true),
        (0, Ok(Leave { who: 1, place: 0, keep: false }), true),
    ]);
}

#[test]
fn nothing_is_left_of_a_super_administrator_whose_role_ended_before_they_left_root() {
    on_each(&[
        (0, Ok(Edit { grant: 1, cascading: false, dates: (None, Some(-5)), keep: None }), true),
        (0, Ok(Leave { who: 1, place: 0, keep: true }), true),
    ]);
}

#[test]
fn what_is_handed_on_starts_no_earlier_than_what_it_was_handed_on_through() {
    on_each(&[
        (0, Ok(give(2, ALL, ALL_OF_1, (Some(0), None))), true),
        (0, Err(5), true),
        (2, Ok(give(3, ALL, TWO, (Some(-10), None))), true),
    ]);
}

#[test]
fn a_grant_that_is_renewed_has_nothing_to_do_with_what_was_handed_on_before_it_ended() {
    on_each(&[
        (0, Ok(give(2, ALL, ALL_OF_1, (None, Some(10)))), true),
        (2, Ok(give(3, ALL, TWO, (None, Some(10)))), true),
        (0, Err(10), true),
        (0, Ok(Give { to: 2, role: ALL, scope: ALL_OF_1, cascading: false, dates: (Some(10), None) }), true),
    ]);
}

#[test]
fn nobody_changes_or_revokes_a_grant_that_their_own_was_handed_on_through() {
    on_each(&[
        (0, Ok(give(2, ALL, ALL_OF_1, ALWAYS)), true),
        (2, Ok(give(3, ALL, ALL_OF_1, ALWAYS)), true),
        (3, Ok(give(2, ALL, TWO, ALWAYS)), true),
        (2, Ok(Edit { grant: 3, cascading: true, dates: ALWAYS, keep: None }), false),
        (2, Ok(Revoke { grant: 3, keep: false }), false),
        (0, Ok(Revoke { grant: 3, keep: false }), true),
    ]);
}

#[test]
fn nobody_switches_on_an_organization_that_gives_themselves_more() {
    on_each(&[
        (0, Ok(give(2, SWITCHES, ALL_OF_1, ALWAYS)), true),
        (0, Ok(give(2, ALL, TWO, ALWAYS)), true),
        (0, Ok(Switch { place: 2, on: false }), true),
        (2, Ok(Switch { place: 2, on: true }), false),
        (0, Ok(Switch { place: 2, on: true }), true),
    ]);
}

#[test]
fn who_switches_an_organization_on_could_give_the_roles_that_hold_there_again_from_above() {
    on_each(&[
        (0, Ok(give(2, SWITCHES, CHILDREN_OF_1, ALWAYS)), true),
        (0, Ok(Assign { to: 3, role: 1, at: 1, dates: ALWAYS }), true),
        (2, Ok(Switch { place: 2, on: false }), true),
        (2, Ok(Switch { place: 2, on: true }), false),
        (0, Ok(give(2, ALL, ALL_OF_1, ALWAYS)), true),
        (2, Ok(Switch { place: 2, on: true }), true),
    ]);
}

#[test]
fn nobody_moves_an_organization_under_a_grant_that_starts_later_and_is_not_theirs_to_give() {
    on_each(&[
        (0, Ok(give(2, ALL, ALL_OF_1, ALWAYS)), true),
        (0, Ok(Give { to: 3, role: ALL, scope: CHILDREN_OF_2, cascading: false, dates: (Some(5), None) }), true),
        (2, Ok(Move { place: 3, under: 2 }), false),
        (0, Ok(Move { place: 3, under: 2 }), true),
    ]);
}

#[test]
fn who_gains_by_a_move_nothing_but_what_they_hold_there_already_does_not_stand_in_its_way() {
    let assign = |at: usize| Assign { to: 4, role: 0, at, dates: ALWAYS };
    on_each(&[
        (0, Ok(give(2, MOVES, ALL_OF_1, ALWAYS)), true),
        (0, Ok(assign(3)), true),
        (2, Ok(Move { place: 2, under: 3 }), false),
        (0, Ok(assign(2)), true),
        (2, Ok(Move { place: 2, under: 3 }), true),
    ]);
}

#[test]
fn who_held_a_role_until_it_ended_may_change_it_again() {
    let rewrite = Rewrite { role: ALL, leaves: 1 << VIEW };
    on_each(&[
        (0, Ok(give(5, EVERYTHING, ALL_OF_0, ALWAYS)), true),
        (0, Ok(give(5, ALL, ALL_OF_0, (None, Some(10)))), true),
        (5, Ok(rewrite), false),
        (0, Err(10), true),
        (5, Ok(rewrite), true),
    ]);
}

#[test]
fn nobody_changes_an_organization_role_while_somebody_who_holds_it_holds_more_than_they_do() {
    on_each(&[
        (0, Ok(Give { to: 5, role: EVERYTHING, scope: ALL_OF_0, cascading: false, dates: ALWAYS }), true),
        (0, Ok(Assign { to: 3, role: 1, at: 1, dates: ALWAYS }), true),
        (5, Ok(Redraw { role: 1, cells: 9 }), true),
        (0, Ok(give(3, SWITCHES, ALL_OF_1, ALWAYS)), true),
        (5, Ok(Redraw { role: 1, cells: 8 }), false),
        (0, Ok(Redraw { role: 1, cells: 8 }), true),
    ]);
}

#[test]
fn nobody_hands_on_a_role_by_another_one_that_they_may_hand_on() {
    on_each(&[
        (0, Ok(Give { to: 2, role: ALL, scope: ALL_OF_1, cascading: false, dates: ALWAYS }), true),
        (0, Ok(give(2, SWITCHES, ALL_OF_1, ALWAYS)), true),
        (2, Ok(give(3, ALL, TWO, ALWAYS)), false),
        (2, Ok(give(3, SWITCHES, TWO, ALWAYS)), true),
    ]);
}

#[test]
fn nobody_adds_a_permission_to_a_role_that_is_held_where_they_do_not_hold_it() {
    let rewrite = Rewrite { role: LOOKS, leaves: 1 << VIEW | 1 << BLOCK };
    on_each(&[
        (0, Ok(give(5, WRITES, ALL_OF_0, ALWAYS)), true),
        (0, Ok(give(5, ALL, TWO, ALWAYS)), true),
        (0, Ok(give(2, LOOKS, ALL_OF_1, ALWAYS)), true),
        (5, Ok(rewrite), false),
        (0, Ok(give(5, ALL, ALL_OF_1, ALWAYS)), true),
        (5, Ok(rewrite), true),
    ]);
}

#[test]
fn nobody_adds_a_right_to_an_organization_role_that_is_held_where_they_do_not_cover_it() {
    let redraw = Redraw { role: 0, cells: 9 };
    on_each(&[
        (0, Ok(give(5, WRITES, ALL_OF_0, ALWAYS)), true),
        (0, Ok(give(5, ALL, TWO, ALWAYS)), true),
        (0, Ok(Assign { to: 3, role: 0, at: 1, dates: ALWAYS }), true),
        (5, Ok(redraw), false),
        (0, Ok(give(5, ALL, ALL_OF_1, ALWAYS)), true),
        (5, Ok(redraw), true),
    ]);
}

#[test]
fn an_organization_is_switched_on_by_who_gets_nothing_by_it_but_another_role_with_what_they_may_hand_on_there() {
    on_each(&[
        (0, Ok(give(2, ALL, ALL_OF_1, ALWAYS)), true),
        (0, Ok(give(2, SWITCHES, TWO, ALWAYS)), true),
        (0, Ok(Switch { place: 2, on: false }), true),
        (2, Ok(Switch { place: 2, on: true }), true),
    ]);
}
