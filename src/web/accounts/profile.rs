//! The profile of an account, edited (S-2, S-3).

use super::{Field, Fields, Screens, Spot};
use crate::{
    access::{Ground, Permit},
    domain::{
        Refusal, account,
        attribute::{self, Attribute},
        identity_store::IdentityStore,
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

#[derive(Template)]
#[template(path = "accounts/edit.html", blocks = ["content"])]
pub struct Edit {
    f: Frame,
    base: String,
    store: IdentityStore,
    /// Id and title of the account; none for a new one.
    account: Option<(String, String)>,
    places: Vec<Choice>,
    more_places: bool,
    /// What may be looked at here and is changed elsewhere (S-2).
    fixed: Vec<(String, String)>,
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

/// What stands around the form.
pub struct Around {
    pub(crate) spot: Spot,
    /// The attributes that the form edits.
    pub(crate) schema: Vec<Attribute>,
    pub(crate) edited: Option<Edited>,
    places: (Vec<Choice>, bool),
    fixed: Vec<(String, String)>,
}

/// Reads it: of an account, or for a new one.
pub(crate) fn around<S: Screens, G: Ground>(view: &mut View<'_, G>, place: &str, id: Option<&str>) -> Result<Around, Problem> {
    let spot = S::spot(view, place, id)?;
    let schema = identity_stores::schema(view, &spot.store)?;
    let edited = id.map(|id| view.also::<S::See, _>(|view| accounts::edited(view, spot.store.key, id))).transpose()?;
    let places = if edited.is_none() && !spot.store.built_in { organizations::choices(view, spot.store.key)? } else { (Vec::new(), false) };
    // S-2: the portal accepts only what the switches allow, and is not even shown the rest.
    let (schema, fixed): (Vec<Attribute>, Vec<Attribute>) = schema
        .into_iter()
        .filter(|attribute| !S::PORTAL || attribute.portal_visible)
        .partition(|attribute| !S::PORTAL || attribute.portal_editable);
    let shown = |attribute: Attribute| {
        let value = edited.as_ref().map(|edited| attribute::shown(edited.terms.attributes.get(&attribute.name))).unwrap_or_default();
        (attribute.label, value)
    };
    let fixed = fixed.into_iter().map(shown).collect();
    Ok(Around { spot, schema, edited, places, fixed })
}

impl Around {
    /// The page.
    pub(crate) fn show<S: Screens>(
        self,
        ask: &Ask,
        fields: Fields,
        faults: Faults,
        stale: bool,
        status: StatusCode,
    ) -> Result<HttpResponse, Problem> {
        let base = self.spot.base.clone();
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
            f: S::frame(ask, &self.spot, crumbs),
            base,
            attributes: Field::all(&self.schema, &fields),
            store: self.spot.store,
            account,
            places: self.places.0,
            more_places: self.places.1,
            fixed: self.fixed,
            fields,
            faults,
            stale,
        };
        Ok(page(view).status(status).whole().respond_to(&ask.req))
    }
}

/// `GET …/accounts/{account}/profile`
pub async fn profile_form<S: Screens>(
    permit: Permit<S::EditProfile>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let around = ask.house.work(move |db| db.read(&permit, |view| around::<S, _>(view, &place, Some(&id)))).await?;
    let fields = around.edited.as_ref().map_or_else(Fields::default, |edited| Fields::of(edited, &around.schema));
    around.show::<S>(&ask, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST …/accounts/{account}/profile`
pub async fn profile<S: Screens>(
    permit: Permit<S::EditProfile>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), mut fields, once) = (path.into_inner(), Fields(form.fields), form.once);
    let (place_too, id_too) = (place.clone(), id.clone());
    let (permit, around) = ask
        .house
        .work(move |db| db.read(&permit, |view| around::<S, _>(view, &place_too, Some(&id_too))).map(|around| (permit, around)))
        .await?;
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
                    let spot = S::spot(tx, &place, Some(&id))?;
                    let saved = accounts::edit_profile::<S>(tx, &spot.store, &id, rev, &name, &attributes)?;
                    let to = format!("{}/accounts/{id}", spot.base);
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
            around.show::<S>(&ask, fields, Faults::default(), true, StatusCode::CONFLICT)
        }
        Err(faults) => around.show::<S>(&ask, fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY),
    }
}
