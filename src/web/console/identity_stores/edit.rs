//! Identity stores made, edited and deleted, with their attributes and groups (screens.md 4.4, S-1, S-2).

use super::frame_of;
use crate::{
    access::Permit,
    domain::{
        Refusal,
        attribute::Attribute,
        identity_store::AttributeType,
        permissions::{IdentityStoreAdd, IdentityStoreDelete, IdentityStoreEdit, IdentityStoreView},
        text,
    },
    problem::Problem,
    store::{
        identity_stores::{self, Detail, GroupChange, Saved, Terms},
        roles,
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        me::first_store,
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The fields of a new store.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    name: String,
    slug: String,
}

#[derive(Template)]
#[template(path = "console/identity_stores/new.html", blocks = ["content"])]
struct NewPage {
    f: Frame,
    fields: New,
    faults: Faults,
}
view!(NewPage, as_content);

async fn show_new(ask: &Ask, fields: New, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreAdd>()?;
    let first = ask.house.work(move |db| db.read(&permit, first_store)).await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = ask.frame("stores", first.as_ref(), vec![crumb("/admin/stores", "Identity stores"), here("New identity store")]);
    Ok(page(NewPage { f, fields, faults }).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/new`
pub async fn new(_: Permit<IdentityStoreAdd>, ask: Ask) -> Result<HttpResponse, Problem> {
    show_new(&ask, New::default(), Faults::default()).await
}

/// `POST /admin/stores`
pub async fn add(permit: Permit<IdentityStoreAdd>, ask: Ask, form: Form<New>) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    let typed = fields.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::add(tx, &typed.name, &typed.slug)?;
            let to = format!("/admin/stores/{}", store.slug);
            Ok(((store, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((store, to))) => {
            let note = Note::new(format!("{} is set up.", store.name)).more("Next: an organization, and the roles of its org admins.");
            let to = if ask.permit::<IdentityStoreView>().is_ok() { to } else { "/admin/stores".into() };
            ask.led_to(&to, note)
        }
        Err(faults) => show_new(&ask, fields, faults).await,
    }
}

/// The fields of the settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    name: String,
    self_registration: Option<String>,
    organization_registration: Option<String>,
    rev: Option<i32>,
}

#[derive(Template)]
#[template(path = "console/identity_stores/settings.html", blocks = ["content"])]
struct SettingsPage {
    f: Frame,
    detail: Detail,
    /// The roles that people who register get by themselves.
    automatic: Vec<roles::Automatic>,
    /// Where registration begins.
    joins_at: String,
    fields: Settings,
    may_delete: bool,
    faults: Faults,
    stale: bool,
}
view!(SettingsPage, as_content);

async fn show_settings(
    ask: &Ask,
    slug: String,
    fields: Option<Settings>,
    faults: Faults,
    stale: bool,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    use crate::domain::permissions::Permission;
    let permit = ask.permit::<IdentityStoreView>()?;
    let (detail, automatic) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let detail = identity_stores::detail(view, &slug)?;
                let automatic = roles::automatic(view, &detail.listed.store)?;
                Ok((detail, automatic))
            })
        })
        .await?;
    let store = &detail.listed.store;
    let on = |switch: bool| switch.then(|| "on".to_owned());
    let fields = fields.unwrap_or_else(|| Settings {
        name: store.name.clone(),
        self_registration: on(store.self_registration),
        organization_registration: on(store.organization_registration),
        rev: Some(detail.rev),
    });
    let f = frame_of(ask, store, Some("Settings"));
    let may_delete = ask.actor()?.may(&IdentityStoreDelete::LEAF);
    let joins_at = format!("{}/join/{}", ask.house.outside.public_url, store.slug);
    let view = SettingsPage { f, detail, automatic, joins_at, fields, may_delete, faults, stale };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/settings`
pub async fn settings_form(_: Permit<IdentityStoreEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_settings(&ask, slug.into_inner(), None, Faults::default(), false, StatusCode::OK).await
}

/// `POST /admin/stores/{store}/settings`
pub async fn settings(
    permit: Permit<IdentityStoreEdit>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Settings>,
) -> Result<HttpResponse, Problem> {
    let (slug, fields) = (slug.into_inner(), form.fields);
    let Some(rev) = fields.rev else {
        let faults = Faults::one(Refusal::at("", "The page was incomplete. Load it again."));
        return show_settings(&ask, slug, Some(fields), faults, false, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let on = |switch: &Option<String>| switch.as_deref() == Some("on");
    let terms = Terms {
        name: fields.name.clone(),
        self_registration: on(&fields.self_registration),
        organization_registration: on(&fields.organization_registration),
    };
    let slug_too = slug.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let saved = identity_stores::edit(tx, &slug_too, rev, &terms)?;
            Ok((saved, format!("/admin/stores/{slug_too}/settings")))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(Saved::Done(store))) => {
            ask.led_to(&format!("/admin/stores/{}/settings", store.slug), Note::new(format!("The settings of {} are saved.", store.name)))
        }
        Ok(Acted::Now(Saved::Stale(rev))) => {
            let fields = Settings { rev: Some(rev), ..fields };
            show_settings(&ask, slug, Some(fields), Faults::default(), true, StatusCode::CONFLICT).await
        }
        Err(faults) => show_settings(&ask, slug, Some(fields), faults, false, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}

/// An attribute as typed.
#[derive(Clone, Debug, Default)]
struct Typed {
    key: String,
    label: String,
    kind: String,
    choices: String,
    required: bool,
    personal: bool,
    portal: String,
}

impl Typed {
    fn of(attribute: &Attribute) -> Self {
        let portal = match (attribute.portal_visible, attribute.portal_editable) {
            (_, true) => "editable",
            (true, false) => "visible",
            (false, false) => "hidden",
        };
        Self {
            key: attribute.name.clone(),
            label: attribute.label.clone(),
            kind: attribute.kind.word().to_owned(),
            choices: attribute.choices.join("\n"),
            required: attribute.required,
            personal: attribute.personal,
            portal: portal.to_owned(),
        }
    }

    /// Of the pairs of a form, those whose names end in `.KEY` (or, for a new one, stand alone).
    fn read(pairs: &[(String, String)], key: Option<&str>) -> Self {
        let name = |field: &str| key.map_or_else(|| field.to_owned(), |key| format!("{field}.{key}"));
        let get = |field: &str| pairs.iter().find(|(given, _)| *given == name(field)).map_or("", |(_, value)| value).to_owned();
        Self {
            key: key.map_or_else(|| get("key"), str::to_owned),
            label: get("label"),
            kind: get("type"),
            choices: get("choices"),
            required: get("required") == "on",
            personal: get("personal") == "on",
            portal: get("portal"),
        }
    }

    fn check(&self) -> Result<Attribute, Faults> {
        let kind = AttributeType::from_word(&self.kind).ok_or_else(|| Faults::one(Refusal::at("type", "Choose one of the types.")))?;
        if !["hidden", "visible", "editable"].contains(&self.portal.as_str()) {
            return Err(Faults::one(Refusal::at("portal", "Choose hidden, visible or editable.")));
        }
        let choices = text::paragraph(&self.choices).lines().map(str::to_owned).filter(|choice| !choice.trim().is_empty()).collect();
        Attribute {
            name: self.key.trim().to_owned(),
            label: self.label.clone(),
            kind,
            required: self.required,
            choices,
            portal_visible: self.portal != "hidden",
            portal_editable: self.portal == "editable",
            personal: self.personal,
        }
        .check()
        .map_err(Faults)
    }

    fn is_hidden_but_required(&self) -> bool {
        self.required && self.portal == "hidden"
    }

    fn is_choice(&self) -> bool {
        self.kind == AttributeType::Choice.word()
    }

    fn kind_label(&self) -> &'static str {
        AttributeType::from_word(&self.kind).map_or("", AttributeType::label)
    }
}

#[derive(Template)]
#[template(path = "console/identity_stores/attributes.html", blocks = ["content"])]
struct Attributes {
    f: Frame,
    detail: Detail,
    rows: Vec<Typed>,
    new: Typed,
    faults: Faults,
    editable: bool,
}
view!(Attributes, as_content);

async fn show_attributes(
    ask: &Ask,
    slug: String,
    typed: Option<&[(String, String)]>,
    new: Typed,
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreView>()?;
    let detail = ask.house.work(move |db| db.read(&permit, |view| identity_stores::detail(view, &slug))).await?;
    let rows = detail
        .attributes
        .iter()
        .map(|attribute| match typed {
            Some(pairs) => Typed { kind: attribute.kind.word().to_owned(), ..Typed::read(pairs, Some(&attribute.name)) },
            None => Typed::of(attribute),
        })
        .collect();
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let editable = ask.permit::<IdentityStoreEdit>().is_ok() && !detail.listed.store.built_in;
    let f = frame_of(ask, &detail.listed.store, Some("Attributes"));
    Ok(page(Attributes { f, detail, rows, new, faults, editable }).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/attributes`
pub async fn attributes_form(_: Permit<IdentityStoreView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let new = Typed { portal: "hidden".into(), kind: "text".into(), ..Typed::default() };
    show_attributes(&ask, slug.into_inner(), None, new, Faults::default()).await
}

/// `POST /admin/stores/{store}/attributes`: `op=add`, `op=delete:KEY`, or save what is there.
pub async fn attributes(
    permit: Permit<IdentityStoreEdit>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let (slug, pairs, once) = (slug.into_inner(), form.fields, form.once);
    let op = pairs.iter().find(|(name, _)| name == "op").map_or("", |(_, value)| value).to_owned();
    let to = format!("/admin/stores/{slug}/attributes");
    let done = if op == "add" {
        let typed = Typed::read(&pairs, None);
        match typed.check() {
            Err(faults) => return show_attributes(&ask, slug, None, typed, faults).await,
            Ok(attribute) => {
                let slug_too = slug.clone();
                let done = ask
                    .act(permit, once, move |tx| {
                        identity_stores::add_attribute(tx, &slug_too, &attribute)?;
                        Ok((format!("{} is added.", attribute.label), to))
                    })
                    .await;
                match faults(done)? {
                    Ok(done) => done,
                    Err(faults) => return show_attributes(&ask, slug, None, typed, faults).await,
                }
            }
        }
    } else if let Some(key) = op.strip_prefix("delete:").map(str::to_owned) {
        let slug_too = slug.clone();
        ask.act(permit, once, move |tx| {
            let (_, label) = identity_stores::delete_attribute(tx, &slug_too, &key)?;
            Ok((format!("{label} is deleted."), to))
        })
        .await?
    } else {
        let keys: Vec<&str> = pairs.iter().filter_map(|(name, _)| name.strip_prefix("label.")).collect();
        let mut wanted = Vec::new();
        let mut wrong = Vec::new();
        let (slug_too, permit_view) = (slug.clone(), ask.permit::<IdentityStoreView>()?);
        let known = ask.house.work(move |db| db.read(&permit_view, |view| identity_stores::detail(view, &slug_too))).await?.attributes;
        for attribute in known.iter().filter(|attribute| keys.contains(&attribute.name.as_str())) {
            let typed = Typed { kind: attribute.kind.word().to_owned(), ..Typed::read(&pairs, Some(&attribute.name)) };
            match typed.check() {
                // No choice goes while accounts may have it.
                Ok(mut checked) => {
                    let kept: Vec<String> = attribute.choices.iter().filter(|choice| !checked.choices.contains(choice)).cloned().collect();
                    checked.choices.extend(kept);
                    wanted.push(checked);
                }
                Err(faults) => {
                    wrong.extend(faults.0.into_iter().map(|refusal| Refusal::at("", format!("{}: {}", attribute.label, refusal.message))))
                }
            }
        }
        if !wrong.is_empty() {
            return show_attributes(
                &ask,
                slug,
                Some(&pairs),
                Typed { portal: "hidden".into(), kind: "text".into(), ..Typed::default() },
                Faults(wrong),
            )
            .await;
        }
        let slug_too = slug.clone();
        let done = ask
            .act(permit, once, move |tx| {
                let (_, count) = identity_stores::edit_attributes(tx, &slug_too, &wanted)?;
                Ok((format!("{} saved.", text::count(count as i64, "attribute is", "attributes are")), to))
            })
            .await;
        match faults(done)? {
            Ok(done) => done,
            Err(faults) => {
                let new = Typed { portal: "hidden".into(), kind: "text".into(), ..Typed::default() };
                return show_attributes(&ask, slug, Some(&pairs), new, faults).await;
            }
        }
    };
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now(words) => ask.led_to(&format!("/admin/stores/{slug}/attributes"), Note::new(words)),
    }
}

/// The fields of a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Group {
    op: String,
    group: String,
    name: String,
}

#[derive(Template)]
#[template(path = "console/identity_stores/groups.html", blocks = ["content"])]
struct Groups {
    f: Frame,
    detail: Detail,
    fields: Group,
    faults: Faults,
    editable: bool,
}
view!(Groups, as_content);

async fn show_groups(ask: &Ask, slug: String, fields: Group, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreView>()?;
    let detail = ask.house.work(move |db| db.read(&permit, |view| identity_stores::detail(view, &slug))).await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let editable = ask.permit::<IdentityStoreEdit>().is_ok() && !detail.listed.store.built_in;
    let f = frame_of(ask, &detail.listed.store, Some("Groups"));
    Ok(page(Groups { f, detail, fields, faults, editable }).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/groups`
pub async fn groups_form(_: Permit<IdentityStoreView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_groups(&ask, slug.into_inner(), Group::default(), Faults::default()).await
}

/// `POST /admin/stores/{store}/groups`: `op=add`, `op=rename` or `op=delete`.
pub async fn groups(permit: Permit<IdentityStoreEdit>, ask: Ask, slug: Path<String>, form: Form<Group>) -> Result<HttpResponse, Problem> {
    let (slug, fields) = (slug.into_inner(), form.fields);
    let (change, words) = match fields.op.as_str() {
        "add" => (GroupChange::Add(fields.name.clone()), format!("The group {} is added.", fields.name.trim())),
        "rename" => {
            (GroupChange::Rename(fields.group.clone(), fields.name.clone()), format!("The group is called {} now.", fields.name.trim()))
        }
        "delete" => (GroupChange::Delete(fields.group.clone()), format!("The group {} is deleted.", fields.group)),
        _ => return Err(Problem::Unreadable("This form cannot be read. Load the page again.".into())),
    };
    let slug_too = slug.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            identity_stores::change_group(tx, &slug_too, &change)?;
            Ok(((), format!("/admin/stores/{slug_too}/groups")))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(())) => ask.led_to(&format!("/admin/stores/{slug}/groups"), Note::new(words)),
        Err(faults) => show_groups(&ask, slug, fields, faults).await,
    }
}

/// The field of deleting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deletion {
    confirm: String,
}

#[derive(Template)]
#[template(path = "console/identity_stores/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    detail: Detail,
    typed: String,
    faults: Faults,
}
view!(Delete, as_dialog);

impl Delete {
    fn is_empty(&self) -> bool {
        self.detail.listed.accounts == 0 && self.detail.listed.organizations == 0
    }
}

async fn show_delete(ask: &Ask, slug: String, typed: String, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreView>()?;
    let detail = ask.house.work(move |db| db.read(&permit, |view| identity_stores::detail(view, &slug))).await?;
    if detail.listed.store.built_in {
        return Err(Problem::Conflict("The store Administrators is built in and stays.".into()));
    }
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of(ask, &detail.listed.store, Some("Delete"));
    Ok(page(Delete { f, detail, typed, faults }).status(status).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/delete`
pub async fn confirm_delete(_: Permit<IdentityStoreDelete>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_delete(&ask, slug.into_inner(), String::new(), Faults::default()).await
}

/// `POST /admin/stores/{store}/delete`
pub async fn delete(
    permit: Permit<IdentityStoreDelete>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Deletion>,
) -> Result<HttpResponse, Problem> {
    let (slug, typed) = (slug.into_inner(), form.fields.confirm);
    let (slug_too, typed_too) = (slug.clone(), typed.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::delete(tx, &slug_too, &typed_too)?;
            Ok((store, "/admin/stores".to_owned()))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(store)) => ask.led_to("/admin/stores", Note::new(format!("{} is deleted.", store.name))),
        Err(faults) => show_delete(&ask, slug, typed, faults).await,
    }
}
