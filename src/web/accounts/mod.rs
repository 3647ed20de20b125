//! What is done with an account, on either side: administrators do it in the console, org admins in the portal. One
//! handler per act, whose permit is the act's ground on that side (rights.md A, B).

mod act;
mod authenticators;
mod choose;
mod data;
mod fields;
mod identifiers;
/// Invitations.
pub mod invitations;
mod list;
mod may;
mod password;
mod profile;
mod together;
mod verification;

pub use act::{block, confirm_delete, confirm_leave, delete, disable, enable, end_sessions, groups, join, leave, unblock};
pub use authenticators::{Factors, add_authenticator, confirm_delete_authenticator, delete_authenticator, new_authenticator};
pub use choose::{choose, select};
pub use data::{data, data_form};
pub use fields::{Field, Fields};
pub use identifiers::{identifiers, identifiers_form};
pub use list::{Chips, Listing, Wanted};
pub use may::May;
pub use password::{confirm_reset, password, password_form, send_reset};
pub(super) use profile::around;
pub use profile::{profile, profile_form};
pub use together::{
    Chosen, confirm_disable_all, confirm_enable_all, confirm_end_all_sessions, disable_all, enable_all, end_all_sessions, settled,
};
pub use verification::{unverify, unverify_form, verify, verify_form};

use super::{
    console,
    frame::{Ask, Crumb, Frame},
    list::Query,
    portal,
};
use crate::{
    access::{Ground, InConsole, InPortal, Side},
    domain::{
        identity_store::IdentityStore,
        key::OrganizationKey,
        permissions::{Permission, UserViewAuthenticators},
        rights::Cell,
    },
    problem::Problem,
    store::{
        Reader, View,
        accounts::{Filter, Sort},
        identity_stores, invitations as store_invitations, organizations,
        portal::{self as places, Here},
        roles,
    },
};
use actix_web::HttpResponse;

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

impl Spot {
    /// The organization to which its lists keep, with all below it.
    pub fn within(&self) -> Option<OrganizationKey> {
        self.here.as_ref().map(|here| here.organization.key)
    }
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

    /// What the address of a list of accounts asks for.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in.
    fn wanted(ask: &Ask, query: &mut Query) -> Result<Wanted, Problem>;

    /// Where that list is. What it asks for in vain, as there is no such role, narrows nothing.
    ///
    /// # Errors
    /// [`Problem::NotFound`] out of reach.
    fn listing(view: &mut View<'_, Self::See>, place: &str, wanted: &mut Wanted) -> Result<Listing, Problem>;

    /// Asks which role the chosen are to get, and where. Nobody gives roles in the portal.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] for who may not.
    fn assign(ask: &Ask, place: &str, chosen: Chosen) -> impl Future<Output = Result<HttpResponse, Problem>>;
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

    fn wanted(ask: &Ask, query: &mut Query) -> Result<Wanted, Problem> {
        // Who may not see authenticators is not told who has none.
        let factors: &[&str] = if ask.actor()?.may(&UserViewAuthenticators::LEAF) { &["none"] } else { &[] };
        let filter = Filter {
            role: query.get("role").to_owned(),
            verified: query.one_of("verified", &["yes", "no", "revoked"]),
            factor: query.one_of("factor", factors),
            from: query.instant("from", &ask.visitor.zone, false),
            to: query.instant("to", &ask.visitor.zone, true),
            ..console::accounts::filter(query)
        };
        let sort = query.choice("sort", Sort::from_word).unwrap_or_default();
        Ok(Wanted { filter, sort, org: query.get("org").to_owned(), below: query.one_of("below", &["1"]) == "1" })
    }

    fn listing(view: &mut View<'_, Self::See>, place: &str, wanted: &mut Wanted) -> Result<Listing, Problem> {
        let spot = Self::spot(view, place, None)?;
        let (store, opens) = (spot.store.key, spot.store.opens);
        let at = if wanted.org.is_empty() { None } else { Some((organizations::find(view, store, &wanted.org)?, wanted.below)) };
        let roles = if opens.roles || opens.role_assignments { roles::choices(view, store)? } else { Vec::new() };
        if !roles.iter().any(|(id, _)| *id == wanted.filter.role) {
            wanted.filter.role.clear();
        }
        let factors = view.permit().person()?.may(&UserViewAuthenticators::LEAF);
        let chips = Chips { portal: false, roles, factors };
        Ok(Listing { spot, at, chips, switches: opens.blocks_accounts, assigns: opens.assigns })
    }

    async fn assign(ask: &Ask, place: &str, chosen: Chosen) -> Result<HttpResponse, Problem> {
        console::accounts::assign_to(ask.permit()?, ask, place.to_owned(), chosen).await
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

    fn wanted(_: &Ask, query: &mut Query) -> Result<Wanted, Problem> {
        let filter = Filter {
            q: query.search(),
            authn: query.one_of("authn", &["active", "invited", "locked", "disabled"]),
            authz: query.one_of("authz", &["active", "blocked"]),
            ..Filter::default()
        };
        let sort = query.choice("sort", Sort::from_word).unwrap_or_default();
        // With those below, unless the address says otherwise.
        Ok(Wanted { filter, sort, org: String::new(), below: query.one_of("below", &["0"]) != "0" })
    }

    fn listing(view: &mut View<'_, Self::See>, place: &str, wanted: &mut Wanted) -> Result<Listing, Problem> {
        let here = places::here(view, place, None)?;
        // without the minimum right there, nothing about its accounts, even where they are seen elsewhere.
        if !here.rights.opens_accounts() {
            let words = "Your role does not open the accounts list here (it lacks Account management: Read).";
            return Err(Problem::Forbidden(words.into()));
        }
        // Whoever may not see identifiers does not find people by them either.
        wanted.filter.names_only = !here.rights.has(Cell::IdentitiesRead);
        let (at, switches) = (Some((here.organization.clone(), wanted.below)), here.rights.has(Cell::ManagementWrite));
        let spot = Spot { base: format!("/portal/o/{}", here.organization.id), store: here.store.clone(), here: Some(here) };
        let chips = Chips { portal: true, roles: Vec::new(), factors: false };
        Ok(Listing { spot, at, chips, switches, assigns: false })
    }

    async fn assign(_: &Ask, _: &str, _: Chosen) -> Result<HttpResponse, Problem> {
        Err(Problem::NotFound)
    }
}
