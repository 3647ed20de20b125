//! Somebody and somewhere, for the tests of this folder.

use super::{
    Actor, Area, Bound, Usable, UsableRole,
    standing::{self, Grant, Memberships, Scope, Upper},
};
use crate::domain::{
    administrator_role::{Kind, ScopeReach},
    key::{AccountKey, AdministratorRoleKey, GrantKey, OrganizationKey, RoleKey, ScopeKey, StoreKey},
    organization::Lineage,
    permissions::{Leaf, PermissionSet},
    rights::{Cell, Rights},
    time::{Period, Time},
};

/// An organization, by its key and those above it up to root.
pub fn lineage(path: &[i64]) -> Lineage {
    let ancestors = path.iter().enumerate().map(|(distance, key)| (OrganizationKey(*key), distance as i32)).collect();
    Lineage { organization: OrganizationKey(path[0]), ancestors, is_root: path.len() == 1, active: true }
}

/// An organization and all below it.
pub fn tree(organization: i64) -> Vec<Bound> {
    vec![Bound::tree(OrganizationKey(organization))]
}

/// All below root, where organization 1 is root.
pub fn below_root() -> Vec<Bound> {
    vec![Bound { organization: OrganizationKey(1), min: 1, max: None }]
}

/// What one grant or one role lets somebody use: what, where, and until when.
pub type Uses<'a, What, Where> = (&'a [What], Where, Option<Time>);

/// Account 1 with what its grants and its roles let it use.
pub fn somebody(grants: &[Uses<Leaf, Vec<Bound>>], roles: &[Uses<Cell, i64>]) -> Actor {
    let grant = |(number, (leaves, bounds, until)): (usize, &Uses<Leaf, Vec<Bound>>)| Usable {
        grant: GrantKey(number as i64),
        role: AdministratorRoleKey(1),
        permissions: PermissionSet::from_iter(*leaves),
        area: Area::Within { bounds: bounds.clone(), root_too: false },
        until: *until,
        cascading: false,
    };
    let role = |(cells, at, until): &Uses<Cell, i64>| UsableRole {
        role: RoleKey(1),
        rights: Rights::from_iter(cells.iter().copied()),
        at: OrganizationKey(*at),
        until: *until,
    };
    Actor {
        account: AccountKey(1),
        id: String::new(),
        name: String::new(),
        identifier: String::new(),
        store: StoreKey(1),
        change_password: false,
        super_grant: None,
        usable: grants.iter().enumerate().map(grant).collect(),
        roles: roles.iter().map(role).collect(),
        grants: Vec::new(),
    }
}

/// Account 1, a member of these organizations, with what these grants let it do now.
pub fn administrator(grants: Vec<Grant>, member_of: &[&[i64]], now: Time) -> Actor {
    let memberships = Memberships { active: member_of.iter().map(|path| lineage(path)).collect(), blocked: Vec::new() };
    let (super_grant, usable) = standing::standing(&grants, &memberships, now);
    Actor { super_grant, usable, grants, ..somebody(&[], &[]) }
}

fn scope((owner, reach): (i64, ScopeReach)) -> Scope {
    Scope { key: ScopeKey(owner), owner: OrganizationKey(owner), reach, owner_active: true }
}

/// A grant of role 1, which has every permission, with cascading rights, for good, through nothing.
pub fn grant(key: i64, kind: Kind, at: Option<(i64, ScopeReach)>) -> Grant {
    Grant {
        key: GrantKey(key),
        role: AdministratorRoleKey(1),
        kind,
        permissions: PermissionSet::ALL,
        scope: at.map(scope),
        period: Period::ALWAYS,
        cascading: true,
        above: Vec::new(),
    }
}

/// The same, handed on through these, the nearest first.
pub fn through(mut lower: Grant, above: &[&Grant]) -> Grant {
    let upper = |grant: &&Grant| Upper { key: grant.key, scope: grant.scope.clone(), period: grant.period, kind: grant.kind };
    lower.above = above.iter().map(upper).collect();
    lower
}
