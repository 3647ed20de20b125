//! Organizations > Role assignments (screens.md 4.9): pairs, holders, giving and taking.

mod give;
mod list;
mod take;

pub(super) use give::terms;
pub use give::{Assign, assign};
pub use list::{export, list};
pub use take::{Take, confirm_remove, remove};

use crate::{
    access::{Ground, confer},
    domain::{
        identity_store::IdentityStore,
        organization::{Lineage, Organization, Step},
        permissions::{Permission, UserView},
        role::Role,
        role_assignment::Given,
        time::Time,
    },
    problem::Problem,
    store::{
        View, organizations,
        role_assignments::{Holder, Wanted},
        roles,
    },
    web::frame::{Crumb, crumb, here},
};

/// What the choice of a pair needs, on both tabs.
pub(super) struct Pairing {
    /// Organizations to choose from.
    pub organizations: Vec<organizations::Choice>,
    /// Whether the list has to be searched: it holds not all of them.
    pub more: bool,
    /// Roles to choose from: id and name.
    pub roles: Vec<(String, String)>,
}

/// Everything about the chosen pair that both tabs show.
pub(super) struct Chosen {
    pub wanted: Wanted,
    pub path: Vec<Step>,
    pub lineage: Lineage,
    pub below: Vec<String>,
    pub below_count: i64,
}

pub(super) fn base(store: &IdentityStore) -> String {
    format!("/admin/stores/{}", store.slug)
}

pub(super) fn crumbs(store: &IdentityStore, last: Option<&str>) -> Vec<Crumb> {
    let base = base(store);
    let mut crumbs = vec![crumb(format!("{base}/organizations"), "Organizations")];
    match last {
        None => crumbs.push(here("Role assignments")),
        Some(last) => {
            crumbs.push(crumb(format!("{base}/role-assignments"), "Role assignments"));
            crumbs.push(here(last));
        }
    }
    crumbs
}

/// The pair that an address names, in the reach of the permit.
pub(super) fn wanted<G: Ground>(view: &mut View<'_, G>, store: &IdentityStore, org: &str, role: &str) -> Result<Wanted, Problem> {
    Ok(Wanted { organization: organizations::find(view, store.key, org)?, role: roles::find(view, store, role)? })
}

pub(super) fn chosen<G: Ground>(view: &mut View<'_, G>, wanted: Wanted) -> Result<Chosen, Problem> {
    let path = organizations::path(view, &wanted.organization)?;
    let (below, below_count) = organizations::below(view, &wanted.organization, 200)?;
    let lineage = organizations::lineage_of(view, &wanted.organization)?;
    Ok(Chosen { wanted, path, lineage, below, below_count })
}

/// Whether the person could give this role here, for a while at least: what A-8 will ask again when they do.
pub(super) fn may_give(actor: &crate::access::Actor, chosen: &Chosen, now: Time) -> bool {
    actor.may(&UserView::LEAF) && confer::may_confer(actor, chosen.wanted.role.terms.rights, &chosen.lineage, Some(now)).is_ok()
}

/// Who gave it, or how it came about.
pub(super) fn given_by(holder: &Holder) -> String {
    giver(&holder.given_by, holder.given)
}

/// The giver's name, or how it came about without one.
pub(in crate::web) fn giver(by: &Option<String>, given: Given) -> String {
    match (by, given) {
        (Some(by), _) => by.clone(),
        (None, Given::Import) => "Import".into(),
        (None, Given::Automatic) => "Automatic".into(),
        (None, Given::Invitation) => "Invitation".into(),
        (None, Given::Hand) => "–".into(),
    }
}

/// The pair of an organization and a role, when both are known.
pub(super) fn pair_address(base: &str, organization: &Organization, role: &Role) -> String {
    format!("{base}/role-assignments?org={}&role={}", organization.id, role.id)
}
