//! Who asks.

use super::{
    permit::{Denied, Ground, Origin, Permit},
    reach::{Area, Reach},
    standing,
};
use crate::domain::{
    key::{AccountKey, AdministratorRoleKey, GrantKey, OrganizationKey, RoleKey, StoreKey},
    organization::Lineage,
    permissions::{Leaf, PermissionSet},
    rights::{Cell, Rights},
    time::Time,
};
use std::{collections::BTreeSet, sync::Arc};

/// What one effective grant lets its holder do now, in one area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    /// The grant, for the log.
    pub grant: GrantKey,
    /// Its role.
    pub role: AdministratorRoleKey,
    /// The permissions of its role.
    pub permissions: PermissionSet,
    /// Where.
    pub area: Area,
    /// Until when; none: for good.
    pub until: Option<Time>,
    /// Whether it may be handed on.
    pub cascading: bool,
}

/// One role assignment that takes effect now (S-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableRole {
    /// The role.
    pub role: RoleKey,
    /// Its cells.
    pub rights: Rights,
    /// The organization where it was given: it holds there and in all below.
    pub at: OrganizationKey,
    /// Until when; none: for good.
    pub until: Option<Time>,
}

/// A signed-in person with everything they can use at this moment. Read anew for every request, and once
/// more inside every transaction (C-3); never kept in the session (S-6).
#[derive(Clone, Debug)]
pub struct Actor {
    /// Key inside.
    pub account: AccountKey,
    /// Public id.
    pub id: String,
    /// Name, for the frame and the log.
    pub name: String,
    /// Main identifier.
    pub identifier: String,
    /// The store they belong to.
    pub store: StoreKey,
    /// Whether they have to choose a new password before anything else: somebody set theirs (I-6).
    pub change_password: bool,
    /// The grant that makes them a super administrator, if one does (D-5).
    pub super_grant: Option<GrantKey>,
    /// What their other grants allow.
    pub usable: Vec<Usable>,
    /// What their organization roles allow.
    pub roles: Vec<UsableRole>,
    /// Their grants as they are stored, those without effect too: nobody changes what they hang on (D-6, D-11).
    pub grants: Vec<standing::Grant>,
}

impl Actor {
    /// Whether they hold the predefined role, effective now.
    pub fn is_super(&self) -> bool {
        self.super_grant.is_some()
    }

    /// Whether any grant of theirs is effective: they may enter the console.
    pub fn is_administrator(&self) -> bool {
        self.is_super() || !self.usable.is_empty()
    }

    /// Where they hold the permission; none: nowhere.
    pub fn reach_of(&self, leaf: &Leaf) -> Option<Reach> {
        self.reach_where(|usable| usable.permissions.has(leaf))
    }

    /// Where any grant that passes holds.
    pub(super) fn reach_where(&self, passes: impl Fn(&Usable) -> bool) -> Option<Reach> {
        if self.is_super() {
            return Some(Reach::Everywhere);
        }
        let areas: Vec<_> = self.usable.iter().filter(|usable| passes(usable)).map(|usable| (usable.area.clone(), usable.until)).collect();
        (!areas.is_empty()).then_some(Reach::In(areas))
    }

    /// Whether any organization role of theirs is effective: they may enter the portal (P-1).
    pub fn is_org_admin(&self) -> bool {
        !self.roles.is_empty()
    }

    /// Where they hold the access right by their organization roles; none: nowhere.
    pub fn reach_of_cell(&self, cell: Cell) -> Option<Reach> {
        self.reach_of_roles(|rights| rights.has(cell))
    }

    /// Everything that their roles allow at an organization now: the union over it and its ancestors.
    pub fn rights_at(&self, place: &Lineage) -> Rights {
        let there = |role: &&UsableRole| Reach::In(vec![(Area::Tree(role.at), role.until)]).contains(place);
        self.roles.iter().filter(there).fold(Rights::NONE, |all, role| all.union(role.rights))
    }

    /// Where a role of theirs that passes holds.
    pub(super) fn reach_of_roles(&self, passes: impl Fn(Rights) -> bool) -> Option<Reach> {
        let those = self.roles.iter().filter(|role| passes(role.rights));
        let areas: Vec<_> = those.map(|role| (Area::Tree(role.at), role.until)).collect();
        (!areas.is_empty()).then_some(Reach::In(areas))
    }

    /// Whether they would still hold the permission there if every scope that these organizations own fell asleep (S-5:
    /// nobody deactivates what their own permission for it depends on).
    pub fn keeps_without(&self, leaf: &Leaf, owners: &BTreeSet<OrganizationKey>, there: &Lineage) -> bool {
        let asleep = |usable: &Usable| match &usable.area {
            Area::Root | Area::Tree(_) => false,
            // The first bound is the grant's own scope; those above it do not sleep with their owners (D-10).
            Area::Within { bounds, .. } => bounds.first().is_some_and(|own| owners.contains(&own.organization)),
        };
        self.reach_where(|usable| usable.permissions.has(leaf) && !asleep(usable)).is_some_and(|reach| reach.contains(there))
    }

    /// Whether they hold the permission anywhere: whether a page or button is there for them (D-12).
    pub fn may(&self, leaf: &Leaf) -> bool {
        self.is_super() || self.usable.iter().any(|usable| usable.permissions.has(leaf))
    }

    /// The grant through which they hold the permission, for the log (E-1).
    pub fn grant_for(&self, leaf: &Leaf) -> Option<GrantKey> {
        self.super_grant.or_else(|| self.usable.iter().find(|usable| usable.permissions.has(leaf)).map(|usable| usable.grant))
    }

    /// Proof that they hold `G`, with the reach they hold it in. Nothing else makes one.
    ///
    /// # Errors
    /// [`Denied`] when they hold it nowhere.
    pub fn permit<G: Ground>(self: &Arc<Self>, origin: Origin) -> Result<Permit<G>, Denied> {
        match G::reach(self) {
            Some(reach) => Ok(Permit::for_actor(Arc::clone(self), reach, origin)),
            None => Err(Denied::of::<G>(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{
            Bound,
            people::{lineage, somebody, tree},
        },
        domain::permissions::{OrganizationActivate, OrganizationView, Permission},
    };

    /// S-5: what a permission depends on is the owner of the grant's own scope, and nobody above it (D-10).
    #[test]
    fn a_permission_is_kept_unless_the_scope_that_gives_it_there_falls_asleep() {
        let there = lineage(&[3, 2, 1]);
        let keeps = |grants: &[(&[Leaf], Vec<Bound>)], owners: &[i64]| {
            let grants: Vec<_> = grants.iter().map(|(leaves, bounds)| (*leaves, bounds.clone(), None)).collect();
            let owners = owners.iter().map(|owner| OrganizationKey(*owner)).collect();
            somebody(&grants, &[]).keeps_without(&OrganizationActivate::LEAF, &owners, &there)
        };
        let (activate, view): (&[Leaf], &[Leaf]) = (&[OrganizationActivate::LEAF], &[OrganizationView::LEAF]);
        assert!(keeps(&[(activate, tree(2))], &[3, 4]));
        assert!(!keeps(&[(activate, tree(3))], &[3, 4]));
        assert!(keeps(&[(activate, tree(3)), (activate, tree(2))], &[3, 4]), "another grant stays awake");
        assert!(!keeps(&[(activate, tree(3)), (view, tree(2))], &[3, 4]), "it does not hold that");
        assert!(!keeps(&[(activate, tree(3)), (activate, tree(5))], &[3, 4]), "it does not reach there");
        assert!(keeps(&[(activate, [tree(2), tree(3)].concat())], &[3, 4]), "the owner above may sleep (D-10)");
    }
}
