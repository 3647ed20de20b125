//! The editor of a role, with the access-right matrix.

use super::{Fields, May, base, crumbs, role_json, template};
use crate::{
    access::{Ground, Permit},
    domain::{
        identity_store::IdentityStore,
        permissions::{OrganizationRoleAdd, OrganizationRoleView},
        rights::{Cell, Rights},
        role::{Role, Terms},
        text,
    },
    problem::Problem,
    store::{
        View, identity_stores,
        roles::{self, Listed, Use},
    },
    web::{
        form::Faults,
        frame::{Ask, Frame},
        optional,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;

#[derive(Template)]
#[template(path = "console/roles/edit.html", blocks = ["content"])]
struct Edit {
    f: Frame,
    base: String,
    store: IdentityStore,
    role: Option<Role>,
    held: i64,
    fields: Fields,
    used: Vec<Use>,
    used_in: i64,
    may: May,
    faults: Faults,
    theirs: Option<Theirs>,
}
view!(Edit, as_content, json);

impl Edit {
    fn json(&self) -> serde_json::Value {
        self.role.as_ref().map_or(serde_json::Value::Null, |role| role_json(role, self.held))
    }
}

/// What somebody else saved meanwhile.
pub(super) struct Theirs {
    role: Role,
    differences: Vec<(&'static str, String, String)>,
}

impl Theirs {
    pub(super) fn new(role: Role, mine: &Fields) -> Self {
        let words = |on: bool| if on { "yes".to_owned() } else { "no".to_owned() };
        let theirs = &role.terms;
        let pairs = [
            ("Name", theirs.name.clone(), mine.name.clone()),
            ("Description", theirs.description.clone(), mine.description.clone()),
            ("Access rights", labels(theirs.rights), labels(mine.rights())),
            ("To everyone who registers", words(theirs.auto_every), words(mine.auto_every.is_some())),
            ("To the first person", words(theirs.auto_first), words(mine.auto_first.is_some())),
        ];
        let differences = pairs.into_iter().filter(|(_, theirs, mine)| theirs != mine).collect();
        Self { role, differences }
    }
}

fn labels(rights: Rights) -> String {
    rights.cells().map(Cell::label).collect::<Vec<_>>().join(", ")
}

impl Edit {
    fn title(&self) -> String {
        self.role.as_ref().map_or_else(|| "New role".into(), |role| role.terms.name.clone())
    }

    fn action(&self) -> String {
        match &self.role {
            Some(role) => format!("{}/roles/{}", self.base, role.id),
            None => format!("{}/roles", self.base),
        }
    }

    fn rev(&self) -> i32 {
        self.theirs.as_ref().map(|theirs| theirs.role.rev).or(self.fields.rev).unwrap_or_default()
    }

    fn effect_line(&self) -> String {
        match self.held {
            0 => "Nobody holds this role yet.".into(),
            held => format!("Saving changes what {} can do, right away.", text::count(held, "account", "accounts")),
        }
    }
}

/// What the editor of a role is drawn from.
pub(super) struct Editing {
    pub(super) store: IdentityStore,
    pub(super) listed: Option<Listed>,
    pub(super) used: (Vec<Use>, i64),
}

impl Editing {
    pub(super) fn show(
        self,
        ask: &Ask,
        fields: Fields,
        faults: Faults,
        theirs: Option<Theirs>,
        status: StatusCode,
    ) -> Result<HttpResponse, Problem> {
        let held = self.listed.as_ref().map_or(0, |listed| listed.held);
        let role = self.listed.map(|listed| listed.role);
        let last = role.as_ref().map_or("New role", |role| role.terms.name.as_str()).to_owned();
        let view = Edit {
            f: ask.frame("roles", Some(&self.store), crumbs(&self.store, &last)),
            base: base(&self.store),
            store: self.store,
            role,
            held,
            fields,
            used: self.used.0,
            used_in: self.used.1,
            may: May::of(ask)?,
            faults,
            theirs,
        };
        Ok(page(view).status(status).whole().respond_to(&ask.req))
    }
}

pub(super) fn load<G: Ground>(view: &mut View<'_, G>, slug: &str, id: Option<&str>) -> Result<Editing, Problem> {
    let store = identity_stores::find_with_roles(view, slug)?;
    let listed = id.map(|id| roles::find_listed(view, &store, id)).transpose()?;
    let used = match &listed {
        Some(listed) => optional(view.also::<OrganizationRoleView, _>(|view| roles::used(view, listed.role.key, 5)))?.unwrap_or_default(),
        None => (Vec::new(), 0),
    };
    Ok(Editing { store, listed, used })
}

/// `GET /admin/stores/{store}/roles/new`
pub async fn new(permit: Permit<OrganizationRoleAdd>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let from = query.get("from").to_owned();
    let (editing, copied) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let editing = load(view, &slug, None)?;
                let copied = if from.is_empty() { None } else { Some(roles::find(view, &editing.store, &from)?) };
                Ok((editing, copied))
            })
        })
        .await?;
    let fields = match (copied, template(query.get("template"))) {
        (Some(role), _) => {
            let name: String = format!("Copy of {}", role.terms.name).chars().take(64).collect();
            Fields::of(&Terms { name, auto_every: false, auto_first: false, ..role.terms }, None)
        }
        (None, Some(template)) => Fields::of(
            &Terms { name: template.name.into(), description: template.description.into(), rights: template.rights, ..Terms::default() },
            None,
        ),
        (None, None) => Fields::default(),
    };
    editing.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

/// `GET /admin/stores/{store}/roles/{role}`: the editor; to read for whoever may not edit.
pub async fn detail(permit: Permit<OrganizationRoleView>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let editing = ask.house.work(move |db| db.read(&permit, |view| load(view, &slug, Some(&id)))).await?;
    let fields = match &editing.listed {
        Some(listed) => Fields::of(&listed.role.terms, Some(listed.role.rev)),
        None => Fields::default(),
    };
    editing.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}
