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
    let mut anywhere = true;
    for (at, until) in assigned {
        anywhere = false;
        covers_cells(actor, touched, &Place::tree(at, until))?;
    }
    if let Some(root) = automatic {
        anywhere = false;
        // Every organization of a store, present and future, lies below root.
        covers_cells(actor, touched, &Place { top: root, min: 1, max: None, until: None })?;
    }
    if anywhere {
        for cell in touched.cells().filter(|cell| actor.reach_of_cell(*cell).is_none()) {
            if let Some(leaf) = permissions::covering(cell).iter().find(|leaf| !actor.may(leaf)) {
                return Err(lacks(cell, leaf));
            }
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
