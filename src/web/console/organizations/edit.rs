//! Organizations made and edited (screens.md 4.5, O-1).

use super::base;
use crate::{
    access::{Ground, InConsole, Permit},
    domain::{
        Refusal,
        identity_store::IdentityStore,
        organization::{self, Organization, Terms},
        permissions::{OrganizationAdd, OrganizationEdit, OrganizationView},
    },
    problem::Problem,
    store::{
        View, identity_stores,
        organizations::{self, Choice, Edited, Saved},
        roles,
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The fields of the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    parent: String,
    name: String,
    description: String,
    external_id: String,
    metadata: String,
    slug: String,
    domains: String,
    self_registration: Option<String>,
    organization_registration: Option<String>,
    rev: Option<i32>,
}

impl Fields {
    fn of(terms: &Terms, rev: Option<i32>) -> Self {
        let on = |switch: bool| switch.then(|| "on".to_owned());
        Self {
            parent: String::new(),
            name: terms.name.clone(),
            description: terms.description.clone(),
            external_id: terms.external_id.clone().unwrap_or_default(),
            metadata: terms.metadata_text(),
            slug: terms.slug.clone().unwrap_or_default(),
            domains: terms.domains_text(),
            self_registration: on(terms.self_registration),
            organization_registration: on(terms.organization_registration),
            rev,
        }
    }

    fn terms(&self) -> Result<Terms, Faults> {
        let on = |switch: &Option<String>| switch.as_deref() == Some("on");
        Terms::check(&organization::Typed {
            name: &self.name,
            description: &self.description,
            external_id: &self.external_id,
            metadata: &self.metadata,
            self_registration: on(&self.self_registration),
            organization_registration: on(&self.organization_registration),
            slug: &self.slug,
            domains: &self.domains,
        })
        .map_err(Faults)
    }
}

#[derive(Template)]
#[template(path = "console/organizations/edit.html", blocks = ["content"])]
struct Edit {
    f: Frame,
    base: String,
    store: IdentityStore,
    organization: Option<Organization>,
    is_root: bool,
    parents: Vec<Choice>,
    more_parents: bool,
    may_add_top: bool,
    /// The roles that people who register get by themselves.
    automatic: Vec<roles::Automatic>,
    fields: Fields,
    faults: Faults,
    stale: bool,
}
view!(Edit, as_content);

impl Edit {
    fn title(&self) -> String {
        self.organization.as_ref().map_or_else(|| "New organization".into(), |organization| organization.name.clone())
    }

    fn action(&self) -> String {
        match &self.organization {
            Some(organization) => format!("{}/organizations/{}", self.base, organization.id),
            None => format!("{}/organizations", self.base),
        }
    }
}

/// What the form needs beside its fields.
struct Around {
    store: IdentityStore,
    edited: Option<Edited>,
    is_root: bool,
    parents: (Vec<Choice>, bool),
    may_add_top: bool,
    automatic: Vec<roles::Automatic>,
}

fn around<G: Ground>(view: &mut View<'_, G>, slug: &str, id: Option<&str>) -> Result<Around, Problem> {
    let store = identity_stores::find(view, slug)?;
    let edited = id.map(|id| organizations::edited(view, store.key, id)).transpose()?;
    let is_root = match &edited {
        Some(edited) => organizations::lineage_of(view, &edited.organization)?.is_root,
        None => false,
    };
    let (parents, may_add_top) = match edited {
        Some(_) => ((Vec::new(), false), false),
        None => (organizations::choices(view, store.key)?, view.also::<OrganizationAdd, _>(|view| organizations::may_add_top(view))?),
    };
    let automatic = roles::automatic(view, &store)?;
    Ok(Around { store, edited, is_root, parents, may_add_top, automatic })
}

impl Around {
    fn show(self, ask: &Ask, fields: Fields, faults: Faults, stale: bool, status: StatusCode) -> Result<HttpResponse, Problem> {
        let base = base(&self.store);
        let organization = self.edited.map(|edited| edited.organization);
        let mut crumbs = vec![crumb(format!("{base}/organizations"), "Organizations")];
        match &organization {
            Some(organization) => {
                crumbs.push(crumb(format!("{base}/organizations/{}", organization.id), organization.name.clone()));
                crumbs.push(here("Edit"));
            }
            None => crumbs.push(here("New organization")),
        }
        let view = Edit {
            f: ask.frame("organizations", Some(&self.store), crumbs),
            base,
            store: self.store,
            organization,
            is_root: self.is_root,
            parents: self.parents.0,
            more_parents: self.parents.1,
            may_add_top: self.may_add_top,
            automatic: self.automatic,
            fields,
            faults,
            stale,
        };
        Ok(page(view).status(status).whole().respond_to(&ask.req))
    }
}

/// `GET /admin/stores/{store}/organizations/new`
pub async fn new(permit: Permit<OrganizationAdd>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let parent = ask.query().get("parent").to_owned();
    let around = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let around = around(view, &slug, None)?;
                if around.store.built_in { Err(Problem::NotFound) } else { Ok(around) }
            })
        })
        .await?;
    let fields = Fields { parent, ..Fields::of(&Terms::default(), None) };
    around.show(&ask, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST /admin/stores/{store}/organizations`
pub async fn add(permit: Permit<OrganizationAdd>, ask: Ask, slug: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (fields, slug) = (form.fields, slug.into_inner());
    let done = match fields.terms() {
        Err(faults) => Err(faults),
        Ok(terms) => {
            let (slug, parent) = (slug.clone(), fields.parent.clone());
            let done = ask
                .act(permit, form.once, move |tx| {
                    let store = identity_stores::find(tx, &slug)?;
                    let parent = (!parent.is_empty()).then_some(parent.as_str());
                    let made = organizations::add::<InConsole>(tx, &store, parent, &terms)?;
                    let to = format!("{}/organizations/{}", base(&store), made.id);
                    Ok(((store, made, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    let made = match done {
        Ok(Acted::Before(answer)) => return Ok(answer),
        Ok(Acted::Now(made)) => made,
        Err(faults) => {
            let permit = ask.permit::<OrganizationAdd>()?;
            let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, None))).await?;
            return around.show(&ask, fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let (store, made, to) = made;
    let note = Note::new(format!("{} is set up.", made.name));
    // Whoever adds need not be allowed to look or to assign.
    let note = if ask.actor()?.may(&<crate::domain::permissions::RoleAssignmentEdit as crate::domain::permissions::Permission>::LEAF) {
        note.link(format!("{}/role-assignments?org={}", base(&store), made.id), "Assign an org admin")
    } else {
        note
    };
    if ask.permit::<OrganizationView>().is_err() {
        return ask.led_to("/admin", note);
    }
    ask.led_to(&to, note)
}

/// `GET /admin/stores/{store}/organizations/{organization}/edit`
pub async fn edit_form(permit: Permit<OrganizationEdit>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, Some(&id)))).await?;
    let fields = around.edited.as_ref().map_or_else(Fields::default, |edited| Fields::of(&edited.terms, Some(edited.rev)));
    around.show(&ask, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST /admin/stores/{store}/organizations/{organization}`
pub async fn edit(
    permit: Permit<OrganizationEdit>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), fields) = (path.into_inner(), form.fields);
    let terms = match (fields.terms(), fields.rev) {
        (Ok(terms), Some(rev)) => Ok((terms, rev)),
        (Ok(_), None) => Err(Faults::one(Refusal::at("", "The page was incomplete. Load it again."))),
        (Err(faults), _) => Err(faults),
    };
    let done = match terms {
        Err(faults) => Err(faults),
        Ok((terms, rev)) => {
            let (slug, id) = (slug.clone(), id.clone());
            let done = ask
                .act(permit, form.once, move |tx| {
                    let store = identity_stores::find(tx, &slug)?;
                    let saved = organizations::edit(tx, &store, &id, rev, &terms)?;
                    let to = format!("{}/organizations/{id}", base(&store));
                    Ok(((saved, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    let again = async |fields: Fields, faults: Faults, stale: bool, status: StatusCode| {
        let permit = ask.permit::<OrganizationEdit>()?;
        let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, Some(&id)))).await?;
        around.show(&ask, fields, faults, stale, status)
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Saved::Done(saved), to))) => ask.led_to(&to, Note::new(format!("{} is saved.", saved.name))),
        Ok(Acted::Now((Saved::Stale(theirs), _))) => {
            again(Fields { rev: Some(theirs.rev), ..fields }, Faults::default(), true, StatusCode::CONFLICT).await
        }
        Err(faults) => again(fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
