//! Administrators > Administrator roles (screens.md 4.10): list, the choice of a kind, deletion; `edit.rs` has the
//! editor with the permission tree.

mod edit;

pub use edit::{add, detail, edit, new};

use crate::{
    access::{Administration, Ground, Permit},
    domain::{
        administrator_role::{AdministratorRole, Kind},
        identity_store::IdentityStore,
        permissions::{
            AdministratorRoleAdd, AdministratorRoleDelete, AdministratorRoleEdit, AdministratorRoleView, AdministratorView, EventView,
            Permission,
        },
    },
    problem::Problem,
    store::{
        Once, View,
        administrator_roles::{self, Holder, Listed},
        paging::Slice,
    },
    web::{
        export,
        form::{Form, Nothing},
        frame::{Ask, Crumb, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        me::first_store,
        note::Note,
        optional,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

/// Where the list is.
const LIST: &str = "/admin/administrator-roles";

fn at(role: &AdministratorRole) -> String {
    format!("{LIST}/{}", role.id)
}

/// The steps to a page under the list; the list itself only for those who may open it.
fn crumbs(may: May, last: &str) -> Vec<Crumb> {
    let list = if may.view { crumb(LIST, "Administrator roles") } else { here("Administrator roles") };
    vec![first_crumb(may), list, here(last)]
}

fn first_crumb(may: May) -> Crumb {
    if may.people { crumb("/admin/administrators", "Administrators") } else { here("Administrators") }
}

/// What the viewer may do with administrator roles; what they may not is absent (D-12).
#[derive(Clone, Copy)]
struct May {
    view: bool,
    add: bool,
    edit: bool,
    delete: bool,
    /// Whether they may see who holds a role.
    administrators: bool,
    /// Whether the list of administrators is there for them.
    people: bool,
    events: bool,
}

impl May {
    fn of(ask: &Ask) -> Result<Self, Problem> {
        let actor = ask.actor()?;
        Ok(Self {
            view: actor.may(&AdministratorRoleView::LEAF),
            add: actor.may(&AdministratorRoleAdd::LEAF),
            edit: actor.may(&AdministratorRoleEdit::LEAF),
            delete: actor.may(&AdministratorRoleDelete::LEAF),
            administrators: actor.may(&AdministratorView::LEAF),
            people: Administration::reach(actor).is_some(),
            events: actor.may(&EventView::LEAF),
        })
    }
}

fn role_json(listed: &Listed) -> serde_json::Value {
    let Listed { role, held, passed_on } = listed;
    json!({
        "id": role.id, "name": role.terms.name, "description": role.terms.description, "kind": role.kind.word(),
        "permissions": role.terms.permissions.leaves().map(|leaf| leaf.code).collect::<Vec<_>>(),
        "held_by": held, "passed_on_by": passed_on,
        "rev": role.rev, "changed": role.changed_at.rfc3339(), "changed_by": role.changed_by,
    })
}

#[derive(Template)]
#[template(path = "console/administrator_roles/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    query: Query,
    roles: Slice<Listed>,
    pager: Pager,
    may: May,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.roles, &self.pager, role_json)
    }

    fn sort(&self) -> &str {
        match self.query.get("sort") {
            "" => "name",
            sort => sort,
        }
    }

    fn narrowed(&self) -> bool {
        ["q", "type", "unused"].iter().any(|word| !self.query.get(word).is_empty())
    }

    /// Whether nobody has made a role yet.
    fn only_given(&self) -> bool {
        !self.narrowed() && self.roles.total.count <= 1
    }

    fn kinds() -> Vec<(&'static str, &'static str)> {
        Kind::ALL.iter().map(|kind| (kind.word(), kind.label())).collect()
    }
}

/// Reads the filters of the list.
fn filter(query: &mut Query) -> administrator_roles::Filter {
    let sort = query.one_of("sort", &["name", "-name", "changed", "-changed"]);
    administrator_roles::Filter {
        q: query.search(),
        kind: query.choice("type", Kind::from_word),
        unused: query.one_of("unused", &["1"]) == "1",
        by_change: sort.ends_with("changed"),
        descending: sort.starts_with('-'),
    }
}

/// `GET /admin/administrator-roles`
pub async fn list(permit: Permit<AdministratorRoleView>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query);
    let paging = query.paging(ask.rows());
    let (first, roles) = ask
        .house
        .work(move |db| db.read(&permit, |view| Ok((first_store(view)?, administrator_roles::list(view, &filter, &paging)?))))
        .await?;
    if let Some(last) = past_end(&query, &roles) {
        return Ok(see_other(&ask.req, &last));
    }
    let may = May::of(&ask)?;
    let f = ask.frame("administrator-roles", first.as_ref(), vec![first_crumb(may), here("Administrator roles")]);
    let (pager, address) = (Pager::new(&query, &roles), query.address());
    Ok(page(List { f, query, roles, pager, may }).replaces(address).respond_to(&ask.req))
}

/// `POST /admin/administrator-roles/export`: what the list shows, all of it.
pub async fn export(permit: Permit<AdministratorRoleView>, ask: Ask, form: Form<export::Fields>) -> Result<HttpResponse, Problem> {
    let filter = filter(&mut ask.query());
    let columns =
        ["Id", "Name", "Description", "Type", "Permissions", "Held by", "Can be passed on by", "Changed", "Changed by"].map(str::to_owned);
    let sheet = export::Sheet { name: "administrator-roles", columns: columns.to_vec() };
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        move |view, paging| administrator_roles::list(view, &filter, paging),
        |listed: &Listed| {
            let (role, terms) = (&listed.role, &listed.role.terms);
            vec![
                role.id.clone(),
                terms.name.clone(),
                terms.description.clone(),
                role.kind.label().to_owned(),
                terms.permissions.codes(),
                listed.held.to_string(),
                listed.passed_on.to_string(),
                role.changed_at.rfc3339(),
                role.changed_by.clone().unwrap_or_default(),
            ]
        },
    )
    .await
}

#[derive(Template)]
#[template(path = "console/administrator_roles/choose.html", blocks = ["content"])]
struct Choose {
    f: Frame,
}
view!(Choose, as_content);

/// `GET /admin/administrator-roles/new`: which kind; it is fixed from then on (D-2).
pub async fn choose(permit: Permit<AdministratorRoleAdd>, ask: Ask) -> Result<HttpResponse, Problem> {
    let first = ask.house.work(move |db| db.read(&permit, first_store)).await?;
    let f = ask.frame("administrator-roles", first.as_ref(), crumbs(May::of(&ask)?, "Add administrator role"));
    Ok(page(Choose { f }).whole().respond_to(&ask.req))
}

/// Who holds the role, as far as the viewer may see it; nobody for who may not see administrators.
fn holders<G: Ground>(view: &mut View<'_, G>, listed: &Listed) -> Result<Vec<Holder>, Problem> {
    if listed.held == 0 {
        return Ok(Vec::new());
    }
    let found = optional(view.also::<AdministratorView, _>(|view| administrator_roles::holders(view, listed.role.key, 5)))?;
    Ok(found.unwrap_or_default())
}

#[derive(Template)]
#[template(path = "console/administrator_roles/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    role: AdministratorRole,
    held: i64,
    holders: Vec<Holder>,
    may: May,
}
view!(Delete, as_dialog);

impl Delete {
    fn unscoped(&self) -> &'static str {
        self.role.kind.unscoped()
    }

    fn held_by(&self) -> String {
        administrator_roles::held_by(self.held)
    }
}

/// `GET /admin/administrator-roles/{role}/delete`
pub async fn confirm_delete(permit: Permit<AdministratorRoleDelete>, ask: Ask, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (first, listed, holders): (Option<IdentityStore>, Listed, Vec<Holder>) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let listed = administrator_roles::find(view, &id)?;
                administrator_roles::not_given(&listed.role)?;
                let holders = holders(view, &listed)?;
                Ok((first_store(view)?, listed, holders))
            })
        })
        .await?;
    let may = May::of(&ask)?;
    let f = ask.frame("administrator-roles", first.as_ref(), crumbs(may, "Delete"));
    Ok(page(Delete { f, held: listed.held, role: listed.role, holders, may }).respond_to(&ask.req))
}

/// `POST /admin/administrator-roles/{role}/delete`
pub async fn delete(
    permit: Permit<AdministratorRoleDelete>,
    ask: Ask,
    id: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    if let Some(answer) = ask.seen_before(form.once.as_deref()).await? {
        return Ok(answer);
    }
    let to = if May::of(&ask)?.view { LIST } else { "/admin" };
    let deleted = ask
        .house
        .work(move |db| db.write_once(&permit, form.once.as_deref(), |tx| Ok((administrator_roles::delete(tx, &id)?, to.to_owned()))))
        .await?;
    match deleted {
        Once::Before(to) => Ok(see_other(&ask.req, &to)),
        Once::Now(role) => ask.led_to(to, Note::new(format!("{} is deleted.", role.terms.name))),
    }
}
