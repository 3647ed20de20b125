//! The attributes of the accounts of an identity store (S-2).

use super::frame_of;
use crate::{
    access::Permit,
    domain::{
        Refusal,
        attribute::Attribute,
        identity_store::AttributeType,
        permissions::{IdentityStoreEdit, IdentityStoreView},
        text,
    },
    problem::Problem,
    store::identity_stores::{self, Detail},
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame},
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;

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
