//! Nobody acts on an account unless everything it holds is covered by what they can use now (P-4).

use super::{
    actor::Actor,
    confer,
    reach::{Place, Reach},
    standing,
};
use crate::domain::{administrator_role::Kind, key::AccountKey, organization::Lineage, rights::Rights, time::Time};

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
    if actor.is_super() {
        return Ok(());
    }
    let assignments =
        holdings.assignments.iter().all(|(rights, at, until)| confer::covers_cells(actor, *rights, &Place::tree(at, *until)).is_ok());
    if assignments && holdings.grants.iter().all(|(grant, owner)| covers_grant(actor, grant, owner.as_ref())) {
        Ok(())
    } else {
        Err(Above::HoldsMore)
    }
}

fn covers_grant(actor: &Actor, grant: &standing::Grant, owner: Option<&Lineage>) -> bool {
    if grant.kind == Kind::Super {
        return false;
    }
    grant.permissions.leaves().all(|leaf| {
        let Some(reach) = actor.reach_where(|usable| usable.permissions.has(leaf) && (!grant.cascading || usable.cascading)) else {
            return false;
        };
        let root = grant.kind != Kind::Root || covers_root(&reach, grant.period.ends);
        let scope = match (&grant.scope, owner) {
            (Some(scope), Some(owner)) => {
                let (min, max) = scope.reach.distances();
                reach.covers(&Place { top: owner, min, max, until: grant.period.ends })
            }
            (Some(_), None) => false,
            // A grant without a scope covers only another without one (D-7): root is all it has.
            (None, _) => true,
        };
        root && scope
    })
}

/// Whether the reach has root and the tenant-wide things until then.
fn covers_root(reach: &Reach, until: Option<Time>) -> bool {
    match reach {
        Reach::Everywhere => true,
        Reach::In(areas) => areas.iter().any(|(area, ends)| *area == super::Area::Root && crate::domain::time::lasts_as_long(*ends, until)),
    }
}
