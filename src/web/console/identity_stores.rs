//! Identity stores: the list, which is also the store switcher, and their page (screens.md 4.4).

mod attributes;
mod delete;
mod groups;
mod new;
mod settings;

pub use attributes::{attributes, attributes_form};
pub use delete::{confirm_delete, delete};
pub use groups::{groups, groups_form};
pub use new::{add, new};
pub use settings::{settings, settings_form};

use crate::{
    access::{Actor, Console, Permit},
    domain::{
        identity_store::IdentityStore,
        permissions::{
            IdentityStoreAdd, IdentityStoreEdit, IdentityStoreView, OrganizationRoleView, OrganizationView, Permission, RoleAssignmentView,
            UserView,
        },
    },
    problem::Problem,
    store::{identity_stores, paging::Slice},
    web::{
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        me::first_store,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "console/identity_stores/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    query: Query,
    stores: Slice<identity_stores::Listed>,
    pager: Pager,
    narrowed: bool,
    next: &'static str,
    may: May,
    may_add: bool,
}
view!(List, as_results, json);

/// Which pages of a store the viewer may open (D-12).
#[derive(Clone, Copy)]
struct May {
    open: bool,
    organizations: bool,
    accounts: bool,
    roles: bool,
    assignments: bool,
}

impl May {
    fn of(actor: &Actor) -> Self {
        Self {
            open: actor.may(&IdentityStoreView::LEAF),
            organizations: actor.may(&OrganizationView::LEAF),
            accounts: actor.may(&UserView::LEAF),
            roles: actor.may(&OrganizationRoleView::LEAF),
            assignments: actor.may(&RoleAssignmentView::LEAF),
        }
    }

    /// Where choosing the store leads: to the page that is wanted, else to the first one that there is for them.
    fn way(self, store: &IdentityStore, wanted: &str) -> Option<String> {
        let pages = [
            ("", self.open),
            ("/organizations", self.organizations),
            ("/accounts", self.accounts),
            ("/roles", self.roles && !store.built_in),
            ("/role-assignments", self.assignments && !store.built_in),
        ];
        // Administrators has accounts where other stores have roles.
        let wanted = if store.built_in && wanted.starts_with("/role") { "/accounts" } else { wanted };
        let open = || pages.iter().filter(|(_, may)| *may).map(|(page, _)| *page);
        open().find(|page| *page == wanted).or_else(|| open().next()).map(|page| format!("/admin/stores/{}{page}", store.slug))
    }
}

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.stores, &self.pager, |listed| {
            let store = &listed.store;
            json!({
                "name": store.name, "slug": store.slug, "built_in": store.built_in,
                "self_registration": store.self_registration, "organization_registration": store.organization_registration,
            })
        })
    }
}

/// Where choosing a store leads: to the same kind of page there (screens.md 3.1).
fn next_page(word: &str) -> &'static str {
    match word {
        "organizations" => "/organizations",
        "accounts" => "/accounts",
        "roles" => "/roles",
        "role-assignments" => "/role-assignments",
        _ => "",
    }
}

impl List {
    fn href(&self, listed: &identity_stores::Listed) -> Option<String> {
        self.may.way(&listed.store, self.next)
    }
}

/// `GET /admin/stores`
pub async fn list(permit: Permit<Console>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = identity_stores::Filter { q: query.search(), selfservice: query.one_of("selfservice", &["join", "new", "off"]) };
    let (narrowed, paging) = (!filter.is_empty(), query.paging(ask.rows()));
    let next = query.choice("next", |word| Some(next_page(word))).unwrap_or_default();
    let (stores, first) =
        ask.house.work(move |db| db.read(&permit, |view| Ok((identity_stores::list(view, &filter, &paging)?, first_store(view)?)))).await?;
    if let Some(last) = past_end(&query, &stores) {
        return Ok(see_other(&ask.req, &last));
    }
    let may = May::of(ask.actor()?);
    let f = ask.frame("stores", first.as_ref(), vec![here("Identity stores")]);
    let pager = Pager::new(&query, &stores);
    let address = query.address();
    let may_add = ask.actor()?.may(&IdentityStoreAdd::LEAF);
    Ok(page(List { f, query, stores, pager, narrowed, next, may, may_add }).replaces(address).respond_to(&ask.req))
}

#[derive(Template)]
#[template(path = "console/identity_stores/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    detail: identity_stores::Detail,
    may: May,
    may_edit: bool,
}
view!(Show, as_content, json);

impl Show {
    fn json(&self) -> serde_json::Value {
        let store = &self.detail.listed.store;
        json!({
            "name": store.name, "slug": store.slug, "built_in": store.built_in,
            "self_registration": store.self_registration, "organization_registration": store.organization_registration,
            "organizations": self.detail.listed.organizations, "accounts": self.detail.listed.accounts,
            "groups": self.detail.groups.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "attributes": self.detail.attributes.iter().map(|attribute| json!({
                "key": attribute.name, "label": attribute.label, "type": attribute.kind.word(), "required": attribute.required,
                "choices": attribute.choices, "portal_visible": attribute.portal_visible, "portal_editable": attribute.portal_editable,
                "personal": attribute.personal,
            })).collect::<Vec<_>>(),
        })
    }
}

/// The frame of a store's page, or of one below it.
fn frame_of(ask: &Ask, store: &IdentityStore, last: Option<&str>) -> Frame {
    let mut crumbs = vec![crumb("/admin/stores", "Identity stores")];
    match last {
        Some(last) => {
            crumbs.push(crumb(format!("/admin/stores/{}", store.slug), store.name.clone()));
            crumbs.push(here(last));
        }
        None => crumbs.push(here(store.name.clone())),
    }
    ask.frame("stores", Some(store), crumbs)
}

/// `GET /admin/stores/{store}`
pub async fn detail(permit: Permit<IdentityStoreView>, ask: Ask, slug: Path<String>) -> Result<impl Responder, Problem> {
    let detail = ask.house.work(move |db| db.read(&permit, |view| identity_stores::detail(view, &slug))).await?;
    let f = frame_of(&ask, &detail.listed.store, None);
    let may_edit = ask.actor()?.may(&IdentityStoreEdit::LEAF);
    let may = May::of(ask.actor()?);
    Ok(page(Show { f, detail, may, may_edit }).whole())
}
