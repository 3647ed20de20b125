//! What is done with an account, on either side: administrators do it in the console, org admins in the portal. One
//! handler per act, whose permit is the act's ground on that side (rights.md A, B).

mod act;
mod authenticators;
mod data;
mod fields;
mod identifiers;
/// Invitations.
pub mod invitations;
mod may;
mod password;
mod profile;
mod verification;

pub use act::{block, confirm_delete, confirm_leave, delete, disable, enable, end_sessions, groups, join, leave, unblock};
pub use authenticators::{Factors, add_authenticator, confirm_delete_authenticator, delete_authenticator, new_authenticator};
pub use data::{data, data_form};
pub use fields::{Field, Fields};
pub use identifiers::{identifiers, identifiers_form};
pub use may::May;
pub use password::{confirm_reset, password, password_form, send_reset};
pub(super) use profile::around;
pub use profile::{profile, profile_form};
pub use verification::{unverify, unverify_form, verify, verify_form};

use super::{
    frame::{Ask, Crumb, Frame},
    portal,
};
use crate::{
    access::{Ground, InConsole, InPortal, Side},
    domain::identity_store::IdentityStore,
    problem::Problem,
    store::{
        Reader, identity_stores, invitations as store_invitations,
        portal::{self as places, Here},
    },
};

/// Where the address of a request says that accounts are.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The store.
    pub store: IdentityStore,
    /// What the addresses there begin with.
    pub base: String,
    /// In the portal, the organization.
    pub here: Option<Here>,
}

/// A side as its addresses and pages have it.
pub trait Screens: Side {
    /// What the address names: a store in the console; in the portal an organization, in which or below which the account
    /// has to be a member.
    ///
    /// # Errors
    /// [`Problem::NotFound`] out of reach.
    fn spot<G: Ground>(reader: &mut impl Reader<G>, place: &str, account: Option<&str>) -> Result<Spot, Problem>;

    /// The frame of a page about accounts there.
    fn frame(ask: &Ask, spot: &Spot, crumbs: Vec<Crumb>) -> Frame {
        Self::frame_at(ask, spot, "accounts", crumbs)
    }

    /// The frame of a page there, under this entry of the menu.
    fn frame_at(ask: &Ask, spot: &Spot, current: &'static str, crumbs: Vec<Crumb>) -> Frame;

    /// The roles that an invitation may promise there: id and name. None in the portal (P-5).
    ///
    /// # Errors
    /// What the database says.
    fn roles_to_promise(reader: &mut impl Reader<Self::Invite>, store: &IdentityStore) -> Result<Vec<(String, String)>, Problem>;

    /// What leads from an account's address to a part of its page.
    fn part(name: &str) -> String;
}

impl Screens for InConsole {
    fn spot<G: Ground>(reader: &mut impl Reader<G>, place: &str, _: Option<&str>) -> Result<Spot, Problem> {
        let store = identity_stores::find(reader, place)?;
        Ok(Spot { base: format!("/admin/stores/{}", store.slug), store, here: None })
    }

    fn frame_at(ask: &Ask, spot: &Spot, current: &'static str, crumbs: Vec<Crumb>) -> Frame {
        ask.frame(current, Some(&spot.store), crumbs)
    }

    fn roles_to_promise(reader: &mut impl Reader<Self::Invite>, store: &IdentityStore) -> Result<Vec<(String, String)>, Problem> {
        store_invitations::roles_to_promise(reader, store)
    }

    fn part(name: &str) -> String {
        match name {
            "sign-in" | "memberships" => format!("?tab={name}"),
            _ => format!("#{name}"),
        }
    }
}

impl Screens for InPortal {
    fn spot<G: Ground>(reader: &mut impl Reader<G>, place: &str, account: Option<&str>) -> Result<Spot, Problem> {
        let here = places::here(reader, place, account)?;
        Ok(Spot { base: format!("/portal/o/{}", here.organization.id), store: here.store.clone(), here: Some(here) })
    }

    fn frame_at(ask: &Ask, spot: &Spot, current: &'static str, crumbs: Vec<Crumb>) -> Frame {
        portal::frame(ask, current, spot.here.as_ref(), crumbs)
    }

    fn roles_to_promise(_: &mut impl Reader<Self::Invite>, _: &IdentityStore) -> Result<Vec<(String, String)>, Problem> {
        Ok(Vec::new())
    }

    fn part(name: &str) -> String {
        format!("#{name}")
    }
}
