//! Nobody acts on an account unless everything it holds is covered by what they can use now (P-4).

use super::{actor::Actor, confer, reach::Place, standing};
use crate::domain::{key::AccountKey, organization::Lineage, rights::Rights, time::Time};

/// Everything an account holds, whether or not it takes effect now: only what has ended is left out.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// Role assignments: cells, at, until.
    pub assignments: Vec<(Rights, Lineage, Option<Time>)>,
    /// Grants, each with the lineage of its scope's owner.
    pub grants: Vec<(standing::Grant, Option<Lineage>)>,
}

/// Why the actor may not act on the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above {
    /// It is they themselves; `/me` is the page for that.
    Oneself,
    /// It holds something that they do not.
    HoldsMore,
}

impl Above {
    /// The reason beside a control that is off.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Oneself => "This is you. Nobody assigns anything to themselves.",
            Self::HoldsMore => "Holds more than you do, so only someone with those rights may change what it holds.",
        }
    }
}

/// Whether the actor may act on the account that holds this (P-4). Equal is covered; a super administrator
/// covers everybody but is still not to act on themselves.
///
/// # Errors
/// [`Above`] says why not.
pub fn may_act_on(actor: &Actor, account: AccountKey, holdings: &Holdings) -> Result<(), Above> {
    if actor.account == account {
        return Err(Above::Oneself);
    }
    if actor.is_super() || covers(actor, holdings) { Ok(()) } else { Err(Above::HoldsMore) }
}

/// Whether what the actor can use covers all of this (P-4); their own too, where it would wake up again (C-1).
pub fn covers(actor: &Actor, holdings: &Holdings) -> bool {
    let assignments =
        holdings.assignments.iter().all(|(rights, at, until)| confer::covers_cells(actor, *rights, &Place::tree(at, *until)).is_ok());
    assignments && holdings.grants.iter().all(|(grant, owner)| confer::covers_grant(actor, grant, grant.permissions, owner.as_ref()))
}
