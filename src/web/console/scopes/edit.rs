//! Scopes made, copied and edited (screens.md 4.12, D-6).

use super::{BASE, May, choice, crumbs, listed_json};
use crate::{
    access::{Ground, Permit},
    domain::{
        Refusal,
        administrator_role::ScopeReach,
        identity_store::IdentityStore,
        organization::path_text,
        permissions::{ScopeAdd, ScopeEdit, ScopeView},
        scope::{Scope, Terms, Typed},
        text,
    },
    problem::Problem,
    store::{
        View,
        grants::HandedOnThen,
        scopes::{self, Effect, Listed, Owner, Reached, Saved, Wanted},
    },
    web::{
        console::administrators::BASE as ADMINISTRATORS,
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame},
        me::first_store,
        note::Note,
        page::{is_fragment, own_path, page, view},
    },
};
use actix_web::{
    HttpResponse, Responder,
    http::{Method, StatusCode},
    web::Path,
};
use askama::Template;
use serde::Deserialize;

/// The fields of the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    name: String,
    description: String,
    org: String,
    reach: String,
    access_roles: String,
    /// Part of an organization's name, to find the owner.
    org_q: String,
    /// Where to go on with the new scope: the page that needed it.
    next: String,
    rev: Option<i32>,
    /// A button that saves nothing: `find` an organization, `preview` the reach, `review` after a session has ended.
    op: String,
    /// The mark of the effect that was confirmed (Z-11).
    confirmed: Option<String>,
    /// What becomes of what exceeds it then (D-10).
    handed_on: String,
}

impl Fields {
    fn of(scope: &Scope, owner: &Owner) -> Self {
        Self {
            name: scope.terms.name.clone(),
            description: scope.terms.description.clone(),
            org: owner.id.clone(),
            reach: scope.terms.reach.word().into(),
            rev: Some(scope.rev),
            ..Self::default()
        }
    }

    fn terms(&self) -> Result<Terms, Faults> {
        let typed = Typed { name: &self.name, description: &self.description, reach: &self.reach, access_roles: &self.access_roles };
        let org = self.org.is_empty().then(|| Refusal::at("org", "Choose the organization that owns it."));
        match (Terms::check(&typed), org) {
            (Ok(terms), None) => Ok(terms),
            (checked, org) => Err(Faults(checked.err().into_iter().flatten().chain(org).collect())),
        }
    }

    fn is_reach(&self, reach: &ScopeReach) -> bool {
        self.reach == reach.word()
    }

    /// Whether a button asks for something else than saving.
    fn operates(&self) -> bool {
        ["find", "preview", "review"].contains(&self.op.as_str())
    }

    fn back(&self) -> &str {
        own_path(&self.next).unwrap_or(BASE)
    }
}

/// An organization that the form offers.
struct Offer {
    owner: Owner,
    path: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "console/scopes/edit.html", blocks = ["owners"])]
struct Edit {
    f: Frame,
    listed: Option<Listed>,
    fields: Fields,
    offers: Vec<Offer>,
    more: bool,
    chosen: Option<(Owner, ScopeReach, Reached)>,
    may: May,
    /// Whether the person may edit it, as far as permissions go.
    may_edit: bool,
    /// Whether a grant of theirs hangs on it, so that they make a copy instead (D-6).
    hangs: bool,
    faults: Faults,
    theirs: Option<Theirs>,
}
view!(Edit, as_owners, json);

/// A scope made while a role is given: the same form in a dialog over that page, where there is script.
#[derive(Template)]
#[template(path = "console/scopes/spot.html", blocks = ["content"])]
struct Spot {
    f: Frame,
    fields: Fields,
    offers: Vec<Offer>,
    more: bool,
}
view!(Spot, as_content);

/// The page where a role is given, with everything that is chosen there: what a dialog over it was asked with.
fn under(query: &str) -> String {
    let words: Vec<&str> = query.split('&').filter(|word| !word.starts_with("spot=")).collect();
    format!("{ADMINISTRATORS}/new/role?{}", words.join("&"))
}

/// What somebody else saved meanwhile.
struct Theirs {
    scope: Scope,
    differences: Vec<(&'static str, String, String)>,
}

impl Theirs {
    fn new(found: Listed, mine: &Fields, my_owner: Option<&str>) -> Self {
        let terms = &found.scope.terms;
        let reach = ScopeReach::from_word(&mine.reach).map_or("", ScopeReach::label);
        let owner = found.owner.name().to_owned();
        let my_owner = my_owner.map_or_else(|| owner.clone(), str::to_owned);
        let pairs = [
            ("Name", terms.name.clone(), mine.name.clone()),
            ("Description", terms.description.clone(), mine.description.clone()),
            ("Organization", owner, my_owner),
            ("Reach", terms.reach.label().to_owned(), reach.to_owned()),
        ];
        Self { differences: pairs.into_iter().filter(|(_, theirs, mine)| theirs != mine).collect(), scope: found.scope }
    }
}

impl Edit {
    fn json(&self) -> serde_json::Value {
        self.listed.as_ref().map_or(serde_json::Value::Null, listed_json)
    }

    fn title(&self) -> String {
        self.listed.as_ref().map_or_else(|| "New scope".into(), |listed| listed.scope.terms.name.clone())
    }

    fn action(&self) -> String {
        self.listed.as_ref().map_or_else(|| BASE.to_owned(), |listed| format!("{BASE}/{}", listed.scope.id))
    }

    /// Where typing a part of an organization's name looks for it.
    fn finder(&self) -> String {
        self.listed.as_ref().map_or_else(|| format!("{BASE}/new"), |listed| format!("{BASE}/{}", listed.scope.id))
    }

    fn editable(&self) -> bool {
        self.listed.is_none() || (self.may_edit && !self.hangs)
    }

    fn used(&self) -> i64 {
        self.listed.as_ref().map_or(0, |listed| listed.administrators)
    }

    fn rev(&self) -> i32 {
        self.theirs.as_ref().map(|theirs| theirs.scope.rev).or(self.fields.rev).unwrap_or_default()
    }

    fn effect_line(&self) -> String {
        match self.used() {
            0 => "No administrator uses this scope yet.".into(),
            used => {
                let people = text::count(used, "administrator", "administrators");
                format!("Another reach changes where {people} may act. You see how before it is saved.")
            }
        }
    }
}

/// What the form needs beside its fields.
struct Around {
    store: Option<IdentityStore>,
    listed: Option<Listed>,
    offers: (Vec<Owner>, bool),
    chosen: Option<(Owner, ScopeReach, Reached)>,
    hangs: bool,
}

/// Loads the scope, where there is one, and the organizations that `G` offers for it.
fn around<G: Ground>(view: &mut View<'_, G>, id: Option<&str>, fields: &Fields) -> Result<Around, Problem> {
    let listed = id.map(|id| scopes::find(view, id)).transpose()?;
    let hangs = listed.as_ref().is_some_and(|listed| !scopes::may_be_edited(view, &listed.scope));
    let q: String = fields.org_q.trim().chars().take(200).collect();
    let offers = match &listed {
        // While it is used its owner is fixed.
        Some(listed) if listed.administrators > 0 || hangs || !listed.may.edit => (vec![listed.owner.clone()], false),
        _ => scopes::owners(view, &q, &fields.org)?,
    };
    let chosen = match choice(view, &fields.org, &fields.reach) {
        Err(Problem::NotFound) => None,
        chosen => chosen?,
    };
    Ok(Around { store: first_store(view)?, listed, offers, chosen, hangs })
}

impl Around {
    fn show(self, ask: &Ask, fields: Fields, faults: Faults, theirs: Option<Listed>, status: StatusCode) -> Result<HttpResponse, Problem> {
        let last = self.listed.as_ref().map_or("New scope", |listed| listed.scope.terms.name.as_str()).to_owned();
        let (owners, more) = self.offers;
        let offer = |owner: Owner| Offer { path: path_text(&owner.path), chosen: owner.id == fields.org, owner };
        let offers: Vec<Offer> = owners.into_iter().map(offer).collect();
        let mine = offers.iter().find(|offer| offer.chosen).map(|offer| offer.owner.name());
        let theirs = theirs.map(|found| Theirs::new(found, &fields, mine));
        let may_edit = self.listed.as_ref().is_some_and(|listed| listed.may.edit);
        let view = Edit {
            f: ask.frame("scopes", self.store.as_ref(), crumbs(ask, &last)?),
            listed: self.listed,
            offers,
            more,
            chosen: self.chosen,
            may: May::of(ask.actor()?),
            may_edit,
            hangs: self.hangs,
            faults,
            theirs,
            fields,
        };
        let page = page(view).status(status);
        // Only a look at the form can be for its organizations alone.
        let page = if *ask.req.method() == Method::POST { page.whole() } else { page };
        Ok(page.respond_to(&ask.req))
    }
}

/// `GET /admin/scopes/new`: empty, of an organization `?org=`, as a copy `?from=`, or for a page that needs one `?next=`.
pub async fn new(permit: Permit<ScopeAdd>, ask: Ask) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let word = |name: &str| query.get(name).to_owned();
    let spot = query.is("spot", "1") && is_fragment(&ask.req);
    let next = if spot { under(ask.req.query_string()) } else { query.get("next").to_owned() };
    let (from, next) = (word("from"), own_path(&next).unwrap_or_default().to_owned());
    let fields = Fields { name: word("name"), org: word("org"), reach: word("reach"), org_q: word("org_q"), next, ..Fields::default() };
    let (around, fields) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let fields = if from.is_empty() {
                    fields
                } else {
                    let found = view.also::<ScopeView, _>(|view| scopes::find(view, &from))?;
                    let name = format!("Copy of {}", found.scope.terms.name).chars().take(64).collect();
                    Fields { name, rev: None, next: fields.next, org_q: fields.org_q, ..Fields::of(&found.scope, &found.owner) }
                };
                Ok((around(view, None, &fields)?, fields))
            })
        })
        .await?;
    if spot {
        let (owners, more) = around.offers;
        let offer = |owner: Owner| Offer { path: path_text(&owner.path), chosen: owner.id == fields.org, owner };
        let offers = owners.into_iter().map(offer).collect();
        let f = ask.frame("administrators", None, crumbs(&ask, "New scope")?);
        return Ok(page(Spot { f, fields, offers, more }).respond_to(&ask.req));
    }
    around.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

/// `GET /admin/scopes/{scope}`: the form; to read for whoever may not edit.
pub async fn detail(permit: Permit<ScopeView>, ask: Ask, id: Path<String>) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let (org, org_q) = (query.get("org").to_owned(), query.get("org_q").to_owned());
    let (around, fields) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let listed = scopes::find(view, &id)?;
                let mut fields = Fields { org_q, ..Fields::of(&listed.scope, &listed.owner) };
                if !org.is_empty() {
                    fields.org = org;
                }
                let around = if listed.may.edit {
                    view.also::<ScopeEdit, _>(|view| around(view, Some(&id), &fields))?
                } else {
                    around(view, Some(&id), &fields)?
                };
                Ok((around, fields))
            })
        })
        .await?;
    around.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

/// `POST /admin/scopes`
pub async fn add(permit: Permit<ScopeAdd>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    let again = async |fields: Fields, faults: Faults, status: StatusCode| {
        let permit = ask.permit::<ScopeAdd>()?;
        let (around, fields) = ask.house.work(move |db| db.read(&permit, |view| Ok((around(view, None, &fields)?, fields)))).await?;
        around.show(&ask, fields, faults, None, status)
    };
    if fields.operates() {
        return again(fields, Faults::default(), StatusCode::OK).await;
    }
    let terms = match fields.terms() {
        Ok(terms) => terms,
        Err(faults) => return again(fields, faults, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let (org, next, views) = (fields.org.clone(), own_path(&fields.next).map(str::to_owned), May::of(ask.actor()?).view);
    let done = ask
        .act(permit, form.once, move |tx| {
            let scope = scopes::add(tx, &org, &terms)?;
            let to = match &next {
                Some(next) => with_scope(next, &scope.id),
                None if views => format!("{BASE}/{}", scope.id),
                None => "/admin".to_owned(),
            };
            Ok(((scope, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((scope, to))) => ask.led_to(&to, Note::new(format!("{} is ready.", scope.terms.name))),
        Err(faults) => again(fields, faults, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}

/// The address of the page that needed a scope, with the new one chosen.
fn with_scope(next: &str, id: &str) -> String {
    let next = next.split('#').next().unwrap_or_default();
    let (path, query) = next.split_once('?').unwrap_or((next, ""));
    // Several accounts may have been chosen there, under one name.
    let others = query.split('&').filter(|word| !word.is_empty() && !word.starts_with("scope="));
    let words: Vec<String> = others.map(str::to_owned).chain([format!("scope={id}")]).collect();
    format!("{path}?{}", words.join("&"))
}

#[derive(Template)]
#[template(path = "console/scopes/confirm.html", blocks = ["content"])]
struct Confirm {
    f: Frame,
    listed: Listed,
    wanted: ScopeReach,
    fields: Fields,
    effect: Effect,
    changed: bool,
}
view!(Confirm, as_content);

impl Confirm {
    fn action(&self) -> String {
        format!("{BASE}/{}", self.listed.scope.id)
    }

    fn people(&self) -> String {
        text::count(self.effect.administrators, "administrator", "administrators")
    }

    /// "3 grants were".
    fn many(&self, grants: usize) -> String {
        text::count(grants as i64, "grant was", "grants were")
    }

    /// Which answer is chosen: the one before, where it can be.
    fn is_kept(&self) -> bool {
        self.effect.not_kept.is_none() && (self.fields.handed_on == "keep" || self.effect.not_revoked.is_some())
    }
}

/// `POST /admin/scopes/{scope}`
pub async fn edit(permit: Permit<ScopeEdit>, ask: Ask, id: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (fields, id) = (form.fields, id.into_inner());
    let again = async |fields: Fields, faults: Faults, theirs: Option<Listed>, status: StatusCode| {
        let permit = ask.permit::<ScopeEdit>()?;
        let id = id.clone();
        let (around, fields) = ask.house.work(move |db| db.read(&permit, |view| Ok((around(view, Some(&id), &fields)?, fields)))).await?;
        around.show(&ask, fields, faults, theirs, status)
    };
    if fields.operates() {
        return again(fields, Faults::default(), None, StatusCode::OK).await;
    }
    let handed_on = match fields.handed_on.as_str() {
        "" | "revoke" => Ok(HandedOnThen::Revoke),
        "keep" => Ok(HandedOnThen::Keep),
        _ => Err(Refusal::at("", "Choose to revoke or to keep what was handed on.")),
    };
    let checked = match (fields.terms(), handed_on, fields.rev) {
        (Ok(terms), Ok(handed_on), Some(rev)) => Ok((Wanted { org: fields.org.clone(), terms, handed_on }, rev)),
        (Err(faults), ..) => Err(faults),
        (_, Err(refusal), _) => Err(Faults::one(refusal)),
        (_, _, None) => Err(Faults::one(Refusal::at("", "The page was incomplete. Load it again."))),
    };
    let (wanted, rev) = match checked {
        Ok(checked) => checked,
        Err(faults) => return again(fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let reach = wanted.terms.reach;
    let views = May::of(ask.actor()?).view;
    let (id_too, confirmed) = (id.clone(), fields.confirmed.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let saved = scopes::edit(tx, &id_too, rev, &wanted, confirmed.as_deref())?;
            let to = if views { format!("{BASE}/{id_too}") } else { "/admin".to_owned() };
            Ok(((saved, to.clone()), to))
        })
        .await;
    let (saved, to) = match faults(done)? {
        Ok(Acted::Before(answer)) => return Ok(answer),
        Ok(Acted::Now(done)) => done,
        Err(faults) => return again(fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    match saved {
        Saved::Done(scope, effect) => {
            let note = Note::new(format!("{} saved.", scope.terms.name));
            let note = match effect.map(|effect| effect.administrators) {
                None => note,
                Some(people) => note.more(format!("{} affected.", text::count(people, "administrator is", "administrators are"))),
            };
            ask.led_to(&to, note)
        }
        Saved::Stale(theirs) => again(fields, Faults::default(), Some(*theirs), StatusCode::CONFLICT).await,
        Saved::Confirm(listed, effect) => {
            let permit = ask.permit::<ScopeEdit>()?;
            let first = ask.house.work(move |db| db.read(&permit, first_store)).await?;
            let f = ask.frame("scopes", first.as_ref(), crumbs(&ask, "Confirm")?);
            // Without a mark it is a plain button; with an old one the effect changed since it was shown.
            let changed = fields.confirmed.is_some();
            let status = if changed { StatusCode::CONFLICT } else { StatusCode::OK };
            let view = Confirm { f, listed: *listed, wanted: reach, fields, effect, changed };
            Ok(page(view).status(status).whole().respond_to(&ask.req))
        }
    }
}
