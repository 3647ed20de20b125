//! Screens of org admins: what their organization roles open, for their organizations and all below (P-*).

mod access;
mod accounts;
mod organizations;
mod start;
mod undo;

pub use access::access;
pub use accounts::{detail, export, list};
pub use organizations::{add, list as organizations, new};
pub use start::{favourite, start};
pub use undo::undo;

use super::frame::{Ask, Crumb, Entry, Frame, Group, PortalBar};
use crate::store::portal::Here;

/// The frame of a page of the portal: the switcher and the tabs instead of the sidebar.
pub(super) fn frame(ask: &Ask, current: &'static str, here: Option<&Here>, crumbs: Vec<Crumb>) -> Frame {
    let mut f = ask.frame(current, None, crumbs);
    let entry = |base: &str, part: &str, icon, words, name| Entry { href: format!("{base}/{part}"), icon, words, current: name == current };
    f.nav = here.map_or_else(Vec::new, |here| {
        let base = base(here);
        let mut entries = Vec::new();
        if here.rights.opens_accounts() {
            entries.push(entry(&base, "accounts", "accounts", "Accounts", "accounts"));
            entries.push(entry(&base, "invitations", "invitation", "Invitations", "invitations"));
        }
        entries.push(entry(&base, "organizations", "organization", "Organizations", "organizations"));
        entries.push(entry(&base, "me", "key", "My access", "access"));
        vec![Group { heading: "", entries }]
    });
    f.portal = Some(PortalBar {
        name: here.map(|here| here.organization.name.clone()),
        above: here.map(|here| crate::domain::organization::above_text(&here.path)).unwrap_or_default(),
        base: here.map(base).unwrap_or_default(),
    });
    f
}

/// What the addresses of an organization in the portal begin with.
fn base(here: &Here) -> String {
    format!("/portal/o/{}", here.organization.id)
}
