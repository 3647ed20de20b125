//! The one question of every path that gives or takes a right (C-*): does what the actor can use now cover
//! exactly that, there?

mod delegation;
mod reshaping;

pub(super) use delegation::covers_grant;
pub use delegation::{HeldGrant, Proposed, Recipient, may_change_permissions, may_grant, may_grant_through, may_revoke, scope_place};
pub use reshaping::{Reshaped, hangs_on, may_keep, may_reshape};

use super::{actor::Actor, reach::Place};
use crate::domain::{
    organization::Lineage,
    permissions::{self, Leaf, Permission, RoleAssignmentEdit},
    rights::{Cell, Rights},
    time::Time,
};

/// Why not: the first thing that is missing, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncovered(pub String);

/// Whether the actor may give an organization role with these cells at the organization and all below it,
/// until then (A-8, C-1).
///
/// # Errors
/// The first cell that the actor's own rights do not cover there.
pub fn may_confer(actor: &Actor, rights: Rights, at: &Lineage, until: Option<Time>) -> Result<(), Uncovered> {
    let place = Place::tree(at, until);
    covers(actor, &RoleAssignmentEdit::LEAF, &place)?;
    covers_cells(actor, rights, &place)
}

/// Whether the actor may take such a role away: they could give it (C-2). That its holder does not outrank
/// them is [`super::rank`]'s question, which every caller asks too.
///
/// # Errors
/// As [`may_confer`].
pub fn may_withdraw(actor: &Actor, rights: Rights, at: &Lineage, until: Option<Time>) -> Result<(), Uncovered> {
    may_confer(actor, rights, at, until)
}

/// Whether the actor may add these cells to a role or take them from it (D-11): they hold them by rights.md C
/// at every place where the role is assigned; at the whole store where it is given automatically; anywhere,
/// where nobody holds it.
///
/// # Errors
/// The first cell that is not covered, and where.
pub fn may_change_cells<'a>(
    actor: &Actor,
    touched: Rights,
    assigned: impl IntoIterator<Item = (&'a Lineage, Option<Time>)>,
    automatic: Option<&Lineage>,
) -> Result<(), Uncovered> {
    for (at, until) in assigned {
        covers_cells(actor, touched, &Place::tree(at, until))?;
    }
    if let Some(root) = automatic {
        // Every organization of a store, present and future, lies below root.
        covers_cells(actor, touched, &Place { top: root, min: 1, max: None, until: None })?;
    }
    // What is held at one of those places is held anywhere, so this asks something only where there is none.
    for cell in touched.cells().filter(|cell| actor.reach_of_cell(*cell).is_none()) {
        if let Some(leaf) = permissions::covering(cell).iter().find(|leaf| !actor.may(leaf)) {
            return Err(lacks(cell, leaf));
        }
    }
    Ok(())
}

/// Whether every cell is covered at the place: by the same cell of the actor's own roles, or by the permissions that
/// stand for it (rights.md C).
pub(super) fn covers_cells(actor: &Actor, rights: Rights, place: &Place) -> Result<(), Uncovered> {
    rights.cells().filter(|cell| !actor.reach_of_cell(*cell).is_some_and(|reach| reach.covers(place))).try_for_each(|cell| {
        permissions::covering(cell).iter().try_for_each(|leaf| covers(actor, leaf, place).map_err(|_| lacks(cell, leaf)))
    })
}

fn covers(actor: &Actor, leaf: &Leaf, place: &Place) -> Result<(), Uncovered> {
    if actor.reach_of(leaf).is_some_and(|reach| reach.covers(place)) {
        Ok(())
    } else {
        Err(Uncovered(format!("You need “{}” at this organization and all below it, for as long as this lasts.", leaf.label)))
    }
}

fn lacks(cell: Cell, leaf: &Leaf) -> Uncovered {
    Uncovered(format!(
        "The role holds {}, which needs your own “{}” at every organization it reaches, for as long as it lasts. Nobody hands out more than they hold.",
        cell.label(),
        leaf.label
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{
            Bound,
            people::{Uses, below_root, lineage, somebody, tree},
        },
        domain::permissions::{InvitationCreate, UserBlock, UserEdit, UserView},
    };

    const SOON: Option<Time> = Some(Time::from_micros(50));
    const LATER: Option<Time> = Some(Time::from_micros(51));

    const ASSIGN: Leaf = RoleAssignmentEdit::LEAF;
    const READ: &[Cell] = &[Cell::ManagementRead];

    /// A-8, C-1, rights.md C: what a person hands out they hold by roles or by grants, there and in all below, to its end.
    #[test]
    fn whoever_hands_out_a_right_holds_it_there_and_below_for_as_long_by_a_role_or_by_grants() {
        let there = lineage(&[3, 2, 1]);
        let assigns = |leaves: &[Leaf], roles: &[Uses<Cell, i64>], cells: &[Cell], until: Option<Time>| {
            let leaves: Vec<Leaf> = std::iter::once(ASSIGN).chain(leaves.iter().copied()).collect();
            may_confer(&somebody(&[(&leaves, tree(2), None)], roles), Rights::from_iter(cells.iter().copied()), &there, until).is_ok()
        };
        assert!(assigns(&[UserView::LEAF], &[], READ, None), "by the permission that stands for it");
        assert!(assigns(&[], &[(READ, 2, None)], READ, None), "by the same right of their own, held above");
        assert!(!assigns(&[], &[(READ, 4, None)], READ, None), "held below only");
        assert!(!assigns(&[], &[(READ, 2, None)], &[Cell::IdentitiesRead], None), "another right");
        assert!(!assigns(&[], &[(READ, 2, SOON)], READ, LATER), "they lose it sooner");
        assert!(assigns(&[], &[(READ, 2, SOON)], READ, SOON));
        let write = [Cell::ManagementWrite];
        assert!(!assigns(&[UserEdit::LEAF, UserBlock::LEAF], &[], &write, None), "three permissions stand for it");
        assert!(assigns(&[UserEdit::LEAF, UserBlock::LEAF, InvitationCreate::LEAF], &[], &write, None));
        assert!(assigns(&[UserView::LEAF], &[(&write, 3, None)], &[Cell::ManagementRead, Cell::ManagementWrite], None), "by both together");
        let elsewhere = lineage(&[5, 1]);
        let actor = somebody(&[(&[ASSIGN, UserView::LEAF], tree(2), None)], &[]);
        assert!(may_withdraw(&actor, Rights::from_iter(READ.iter().copied()), &there, None).is_ok());
        assert!(may_withdraw(&actor, Rights::from_iter(READ.iter().copied()), &elsewhere, None).is_err(), "who takes could give (C-2)");
    }

    /// D-11: in every place where the role is assigned, for as long; the whole store where it is automatic; anywhere where
    /// nobody holds it.
    #[test]
    fn whoever_changes_a_role_holds_what_changes_wherever_it_is_held() {
        let (root, there, elsewhere) = (lineage(&[1]), lineage(&[3, 2, 1]), lineage(&[5, 1]));
        let changes = |grants: &[Uses<Leaf, Vec<Bound>>],
                       roles: &[Uses<Cell, i64>],
                       cell: Cell,
                       held: &[(&Lineage, Option<Time>)],
                       automatic: bool| {
            let held = held.iter().copied();
            may_change_cells(&somebody(grants, roles), Rights::from_iter([cell]), held, automatic.then_some(&root)).is_ok()
        };
        let view: &[Leaf] = &[UserView::LEAF];
        let (seen, written) = (Cell::ManagementRead, Cell::ManagementWrite);

        assert!(changes(&[(view, tree(2), None)], &[], seen, &[], false), "nobody holds it: anywhere will do");
        assert!(changes(&[], &[(READ, 5, None)], seen, &[], false), "by a role of their own too");
        assert!(!changes(&[(&[ASSIGN], tree(2), None)], &[], seen, &[], false), "they hold it nowhere");
        let two: &[Leaf] = &[UserEdit::LEAF, UserBlock::LEAF];
        assert!(!changes(&[(two, tree(2), None)], &[], written, &[], false), "three permissions stand for it");
        assert!(changes(&[(two, tree(2), None), (&[InvitationCreate::LEAF], tree(5), None)], &[], written, &[], false));

        assert!(changes(&[(view, tree(2), SOON)], &[], seen, &[(&there, SOON)], false));
        assert!(!changes(&[(view, tree(2), SOON)], &[], seen, &[(&there, LATER)], false), "it is held for longer");
        assert!(!changes(&[(view, tree(2), None)], &[], seen, &[(&there, None), (&elsewhere, None)], false), "not at the second place");
        assert!(changes(&[(view, tree(2), None)], &[(READ, 5, None)], seen, &[(&there, None), (&elsewhere, None)], false));

        assert!(changes(&[(view, below_root(), None)], &[], seen, &[], true), "root itself is of no store that has roles (D-7)");
        assert!(!changes(&[(view, tree(2), None)], &[], seen, &[], true), "automatic: the whole store");
        assert!(!changes(&[(view, below_root(), LATER)], &[], seen, &[], true), "and for good");
    }
}
