//! Accounts made and edited by hand (screens.md 4.6, S-3, P-6).

use super::base;
use crate::{
    access::{Ground, Permit},
    domain::{
        Refusal,
        account::{self, Terms},
        attribute::{self, Attribute},
        identity_store::{AttributeType, IdentityStore},
        permissions::{UserAdd, UserEdit, UserView},
    },
    problem::Problem,
    store::{
        View, accounts,
        accounts::{Edited, Saved},
        identity_stores,
        organizations::{self, Choice},
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
use serde_json::{Map, Value};

/// The fields of a form with attributes: names that the store's schema decides, so they come as pairs.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.clone()).collect()
    }

    fn rev(&self) -> Option<i32> {
        self.get("rev").parse().ok()
    }

    /// What was typed for an attribute; none when the form had no such field.
    fn attribute(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field.strip_prefix("attr.") == Some(name)).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(field, _)| field != name);
        self.0.push((name.to_owned(), value.into()));
    }

    fn of(edited: &Edited, schema: &[Attribute]) -> Self {
        let mut fields = Self::default();
        fields.set("name", &edited.terms.name);
        fields.set("email", edited.terms.email.clone().unwrap_or_default());
        fields.set("username", edited.terms.username.clone().unwrap_or_default());
        fields.set("rev", edited.rev.to_string());
        for attribute in schema {
            fields.set(&format!("attr.{}", attribute.name), attribute::shown(edited.terms.attributes.get(&attribute.name)));
        }
        fields
    }

    /// The attributes over those that are there; faults at their fields.
    fn attributes(&self, schema: &[Attribute], old: &Map<String, Value>, all: bool) -> Result<Map<String, Value>, Faults> {
        let given = |name: &str| self.attribute(name).or(all.then_some(""));
        attribute::typed_over(schema, old, given).map_err(|wrong| {
            let place = |name: &str| schema.iter().position(|attribute| attribute.name == name).unwrap_or_default();
            Faults(wrong.into_iter().map(|(name, message)| Refusal::at(FIELDS[place(&name).min(FIELDS.len() - 1)], message)).collect())
        })
    }
}

/// The ids of the fields of attributes, by their place in the schema: a refusal names a field of ours.
static FIELDS: std::sync::LazyLock<Vec<&'static str>> =
    std::sync::LazyLock::new(|| (0..attribute::MOST).map(|place| &*Box::leak(format!("attr-{place}").into_boxed_str())).collect());

/// An attribute as a form shows it.
struct Field {
    attribute: Attribute,
    id: &'static str,
    value: String,
}

impl Field {
    fn all(schema: &[Attribute], fields: &Fields) -> Vec<Self> {
        schema
            .iter()
            .zip(FIELDS.iter())
            .map(|(attribute, id)| Self {
                attribute: attribute.clone(),
                id,
                value: fields.attribute(&attribute.name).unwrap_or_default().to_owned(),
            })
            .collect()
    }

    fn name(&self) -> String {
        format!("attr.{}", self.attribute.name)
    }

    fn is_multiline(&self) -> bool {
        self.attribute.kind == AttributeType::Multiline
    }

    /// The values to choose from, where it is a choice or yes or no.
    fn options(&self) -> Vec<String> {
        match self.attribute.kind {
            AttributeType::Choice => self.attribute.choices.clone(),
            AttributeType::YesNo => vec!["Yes".into(), "No".into()],
            _ => Vec::new(),
        }
    }

    fn kind(&self) -> &'static str {
        match self.attribute.kind {
            AttributeType::Email => "email",
            AttributeType::Phone => "tel",
            AttributeType::Date => "date",
            AttributeType::Url => "url",
            _ => "text",
        }
    }
}

#[derive(Template)]
#[template(path = "console/accounts/edit.html", blocks = ["content"])]
struct Edit {
    f: Frame,
    base: String,
    store: IdentityStore,
    /// Id and title of the account; none for a new one.
    account: Option<(String, String)>,
    places: Vec<Choice>,
    more_places: bool,
    attributes: Vec<Field>,
    fields: Fields,
    faults: Faults,
    stale: bool,
}
view!(Edit, as_content);

impl Edit {
    fn title(&self) -> &str {
        self.account.as_ref().map_or("New account", |(_, title)| title)
    }

    fn action(&self) -> String {
        match &self.account {
            Some((id, _)) => format!("{}/accounts/{id}/profile", self.base),
            None => format!("{}/accounts", self.base),
        }
    }

    fn back(&self) -> String {
        match &self.account {
            Some((id, _)) => format!("{}/accounts/{id}", self.base),
            None => format!("{}/accounts", self.base),
        }
    }

    fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    fn joins(&self, id: &str) -> bool {
        self.fields.all("org").iter().any(|chosen| chosen == id)
    }
}

struct Around {
    store: IdentityStore,
    schema: Vec<Attribute>,
    edited: Option<Edited>,
    places: (Vec<Choice>, bool),
}

fn around<G: Ground>(view: &mut View<'_, G>, slug: &str, id: Option<&str>) -> Result<Around, Problem> {
    let store = identity_stores::find(view, slug)?;
    let schema = identity_stores::schema(view, &store)?;
    let edited = id.map(|id| view.also::<UserView, _>(|view| accounts::edited(view, store.key, id))).transpose()?;
    let places = if edited.is_none() && !store.built_in { organizations::choices(view, store.key)? } else { (Vec::new(), false) };
    Ok(Around { store, schema, edited, places })
}

impl Around {
    fn show(self, ask: &Ask, fields: Fields, faults: Faults, stale: bool, status: StatusCode) -> Result<HttpResponse, Problem> {
        let base = base(&self.store);
        let account = self.edited.map(|edited| (edited.account.id.clone(), edited.account.title().to_owned()));
        let mut crumbs = vec![crumb(format!("{base}/accounts"), "Accounts")];
        match &account {
            Some((id, title)) => {
                crumbs.push(crumb(format!("{base}/accounts/{id}"), title.clone()));
                crumbs.push(here("Edit"));
            }
            None => crumbs.push(here("New account")),
        }
        let view = Edit {
            f: ask.frame("accounts", Some(&self.store), crumbs),
            base,
            attributes: Field::all(&self.schema, &fields),
            store: self.store,
            account,
            places: self.places.0,
            more_places: self.places.1,
            fields,
            faults,
            stale,
        };
        Ok(page(view).status(status).whole().respond_to(&ask.req))
    }
}

/// `GET /admin/stores/{store}/accounts/new`
pub async fn new(permit: Permit<UserAdd>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let org = ask.query().get("org").to_owned();
    let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, None))).await?;
    let mut fields = Fields::default();
    fields.set("org", org);
    around.show(&ask, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST /admin/stores/{store}/accounts`
pub async fn add(
    permit: Permit<UserAdd>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let (fields, once, slug) = (Fields(form.fields), form.once, slug.into_inner());
    let (slug_too, permit) = (slug.clone(), permit);
    let (permit, around) =
        ask.house.work(move |db| db.read(&permit, |view| around(view, &slug_too, None)).map(|around| (permit, around))).await?;
    let terms = terms(&fields, &around.schema);
    let done = match terms {
        Err(faults) => Err(faults),
        Ok(terms) => {
            let organizations = fields.all("org");
            let done = ask
                .act(permit, once, move |tx| {
                    let store = identity_stores::find(tx, &slug)?;
                    let made = accounts::add(tx, &store, &terms, &organizations)?;
                    let to = format!("{}/accounts/{}", base(&store), made.id);
                    Ok(((made, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((made, to))) => {
            let note = Note::new(format!("{} is added.", made.title()))
                .more("It is invited: it has no password yet, and its sign-in names count once their owner has confirmed them.");
            let to = if ask.permit::<UserView>().is_ok() { to } else { "/admin".into() };
            ask.led_to(&to, note)
        }
        Err(faults) => around.show(&ask, fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

fn terms(fields: &Fields, schema: &[Attribute]) -> Result<Terms, Faults> {
    let name = account::person_name(fields.get("name")).map_err(|refusal| vec![refusal]);
    let identifiers = account::identifiers(fields.get("email"), fields.get("username"));
    let attributes = fields.attributes(schema, &Map::new(), true).map_err(|faults| faults.0);
    match (name, identifiers, attributes) {
        (Ok(name), Ok((email, username)), Ok(attributes)) => Ok(Terms { name, email, username, attributes }),
        (name, identifiers, attributes) => {
            Err(Faults([name.err(), identifiers.err(), attributes.err()].into_iter().flatten().flatten().collect()))
        }
    }
}

/// `GET /admin/stores/{store}/accounts/{account}/profile`
pub async fn profile_form(permit: Permit<UserEdit>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, Some(&id)))).await?;
    let fields = around.edited.as_ref().map_or_else(Fields::default, |edited| Fields::of(edited, &around.schema));
    around.show(&ask, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST /admin/stores/{store}/accounts/{account}/profile`
pub async fn profile(
    permit: Permit<UserEdit>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), mut fields, once) = (path.into_inner(), Fields(form.fields), form.once);
    let (slug_too, id_too) = (slug.clone(), id.clone());
    let (permit, around) =
        ask.house.work(move |db| db.read(&permit, |view| around(view, &slug_too, Some(&id_too))).map(|around| (permit, around))).await?;
    let old = around.edited.as_ref().map(|edited| edited.terms.attributes.clone()).unwrap_or_default();
    let checked = match (account::person_name(fields.get("name")), fields.attributes(&around.schema, &old, false), fields.rev()) {
        (Ok(name), Ok(attributes), Some(rev)) => Ok((name, attributes, rev)),
        (Ok(_), Ok(_), None) => Err(Faults::one(Refusal::at("", "The page was incomplete. Load it again."))),
        (name, attributes, _) => {
            Err(Faults(name.err().into_iter().chain(attributes.err().map(|faults| faults.0).unwrap_or_default()).collect()))
        }
    };
    let done = match checked {
        Err(faults) => Err(faults),
        Ok((name, attributes, rev)) => {
            let done = ask
                .act(permit, once, move |tx| {
                    let store = identity_stores::find(tx, &slug)?;
                    let saved = accounts::edit_profile(tx, &store, &id, rev, &name, &attributes)?;
                    let to = format!("{}/accounts/{id}", base(&store));
                    Ok(((saved, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Saved::Done(account), to))) => ask.led_to(&to, Note::new(format!("The profile of {} is saved.", account.title()))),
        Ok(Acted::Now((Saved::Stale(theirs), _))) => {
            fields.set("rev", theirs.rev.to_string());
            around.show(&ask, fields, Faults::default(), true, StatusCode::CONFLICT)
        }
        Err(faults) => around.show(&ask, fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

#[derive(Template)]
#[template(path = "console/accounts/identifiers.html", blocks = ["dialog"])]
struct Identifiers {
    f: Frame,
    base: String,
    edited: Edited,
    fields: Fields,
    faults: Faults,
    stale: bool,
}
view!(Identifiers, as_dialog);

impl Identifiers {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }
}

fn show_identifiers(
    ask: &Ask,
    around: Around,
    fields: Fields,
    faults: Faults,
    stale: bool,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let base = base(&around.store);
    let edited = around.edited.ok_or(Problem::NotFound)?;
    let crumbs = vec![
        crumb(format!("{base}/accounts"), "Accounts"),
        crumb(format!("{base}/accounts/{}", edited.account.id), edited.account.title()),
        here("Sign-in names"),
    ];
    let f = ask.frame("accounts", Some(&around.store), crumbs);
    Ok(page(Identifiers { f, base, edited, fields, faults, stale }).status(status).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/accounts/{account}/identifiers`
pub async fn identifiers_form(permit: Permit<UserEdit>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, Some(&id)))).await?;
    let fields = around.edited.as_ref().map_or_else(Fields::default, |edited| Fields::of(edited, &[]));
    show_identifiers(&ask, around, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST /admin/stores/{store}/accounts/{account}/identifiers`
pub async fn identifiers(
    permit: Permit<UserEdit>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), mut fields, once) = (path.into_inner(), Fields(form.fields), form.once);
    let checked = match (account::identifiers(fields.get("email"), fields.get("username")), fields.rev()) {
        (Ok(identifiers), Some(rev)) => Ok((identifiers, rev)),
        (Ok(_), None) => Err(Faults::one(Refusal::at("", "The page was incomplete. Load it again."))),
        (Err(refusals), _) => Err(Faults(refusals)),
    };
    let done = match checked {
        Err(faults) => Err(faults),
        Ok(((email, username), rev)) => {
            let (slug, id) = (slug.clone(), id.clone());
            let done = ask
                .act(permit, once, move |tx| {
                    let store = identity_stores::find(tx, &slug)?;
                    let saved = accounts::set_identifiers(tx, &store, &id, rev, email.as_deref(), username.as_deref())?;
                    let to = format!("{}/accounts/{id}?tab=sign-in", base(&store));
                    Ok(((saved, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    let again = async |fields: Fields, faults: Faults, stale: bool, status: StatusCode| {
        let permit = ask.permit::<UserEdit>()?;
        let around = ask.house.work(move |db| db.read(&permit, |view| around(view, &slug, Some(&id)))).await?;
        show_identifiers(&ask, around, fields, faults, stale, status)
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Saved::Done(account), to))) => {
            let note = Note::new(format!("The sign-in names of {} are changed.", account.title()))
                .more("A new one counts once its owner has confirmed it.");
            ask.led_to(&to, note)
        }
        Ok(Acted::Now((Saved::Stale(theirs), _))) => {
            fields.set("rev", theirs.rev.to_string());
            again(fields, Faults::default(), true, StatusCode::CONFLICT).await
        }
        Err(faults) => again(fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
