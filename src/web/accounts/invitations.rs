//! Invitations on either side: sent to many addresses at once with an answer for each, sent again, withdrawn (I-1, P-5).

use super::{Field, Fields, Screens};
use crate::{
    access::{Ground, Permit},
    domain::{Refusal, attribute::Attribute, identity_store::IdentityStore, invitation},
    problem::Problem,
    store::{
        Reader, identity_stores,
        invitations::{self, Filter, Gifts, Outcome, Row},
        organizations::Choice,
        paging::Slice,
        portal as places,
    },
    web::{
        export::{self, Sheet},
        form::{Faults, Form, Nothing, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        note::Note,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde_json::{Map, json};

#[derive(Template)]
#[template(path = "accounts/invitations/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    all: bool,
    invitations: Slice<Row>,
    pager: Pager,
    may_invite: bool,
    may_resend: bool,
    may_withdraw: bool,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.invitations, &self.pager, |row| {
            json!({
                "id": row.invitation.id, "email": row.invitation.email, "path": row.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
                "roles": row.roles, "invited_by": row.invitation.invited_by_name, "status": row.invitation.status().word(),
                "sent": row.invitation.sent_at.rfc3339(), "ends": row.invitation.ends_at.rfc3339(),
            })
        })
    }
}

/// Whether the address asks for all, and what narrows the list.
fn narrowed(query: &mut Query) -> (bool, Filter) {
    let all = query.one_of("tab", &["all"]) == "all";
    let ending = query.one_of("ending", &["1"]) == "1";
    (all, Filter { waiting: !all, ending, q: query.search(), below: None })
}

/// `GET …/invitations`: those that wait, or all.
pub async fn list<S: Screens>(permit: Permit<S::SeeInvitations>, ask: Ask, place: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let (all, mut filter) = narrowed(&mut query);
    let paging = query.paging(ask.rows());
    let (spot, invitations) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let spot = S::spot(view, &place, None)?;
                filter.below = spot.here.as_ref().map(|here| here.organization.key);
                let invitations = invitations::list(view, spot.store.key, &filter, &paging)?;
                Ok((spot, invitations))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &invitations) {
        return Ok(see_other(&ask.req, &last));
    }
    let f = S::frame_at(&ask, &spot, "invitations", vec![here("Invitations")]);
    let pager = Pager::new(&query, &invitations);
    let address = query.address();
    let view = List {
        f,
        base: spot.base,
        query,
        all,
        invitations,
        pager,
        may_invite: ask.permit::<S::Invite>().is_ok(),
        may_resend: ask.permit::<S::Resend>().is_ok(),
        may_withdraw: ask.permit::<S::Withdraw>().is_ok(),
    };
    Ok(page(view).replaces(address).respond_to(&ask.req))
}

/// `POST …/invitations/export`: what the list shows, all of it.
pub async fn export<S: Screens>(
    permit: Permit<S::SeeInvitations>,
    ask: Ask,
    place: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let (_, mut filter) = narrowed(&mut ask.query());
    let permit_too = ask.permit::<S::SeeInvitations>()?;
    let spot = ask.house.work(move |db| db.read(&permit_too, |view| S::spot(view, &place, None))).await?;
    let columns = ["E-mail", "Organization", "Roles", "Sent by", "Sent", "Ends", "State"];
    let sheet = Sheet { name: "invitations", columns: columns.map(str::to_owned).to_vec() };
    let format = export::Format::from_word(&form.fields.format);
    filter.below = spot.here.as_ref().map(|here| here.organization.key);
    let store = spot.store.key;
    export::send(
        &ask,
        permit,
        sheet,
        format,
        move |view, paging| invitations::list(view, store, &filter, paging),
        |row: &Row| {
            vec![
                row.invitation.email.clone(),
                crate::domain::organization::path_text(&row.path),
                row.roles.join("; "),
                row.invitation.invited_by_name.clone(),
                row.invitation.sent_at.rfc3339(),
                row.invitation.ends_at.rfc3339(),
                row.invitation.status().word().to_owned(),
            ]
        },
    )
    .await
}

/// What became of an address, for the page after.
struct Answered {
    email: String,
    /// Sent, or why not.
    sent: bool,
    words: String,
    /// An invitation that waits, to be sent again.
    again: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/invitations/new.html", blocks = ["content"])]
struct New {
    f: Frame,
    base: String,
    places: Vec<Choice>,
    more_places: bool,
    /// Roles to promise: id and name.
    roles: Vec<(String, String)>,
    /// What the inviter may say of the account that comes about.
    attributes: Vec<Field>,
    groups: Vec<String>,
    answers: Vec<Answered>,
    fields: Fields,
    faults: Faults,
    may_resend: bool,
}
view!(New, as_content);

impl New {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    fn is_ticked(&self, name: &str, value: &str) -> bool {
        self.fields.all(name).iter().any(|ticked| ticked == value)
    }

    fn sent(&self) -> usize {
        self.answers.iter().filter(|answer| answer.sent).count()
    }
}

/// The attributes that the inviter may say: in the portal only those that it may edit, and is shown (S-2). None must be
/// filled in: whoever is invited is asked for what is left open.
fn sayable<S: Screens, G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore) -> Result<Vec<Attribute>, Problem> {
    let schema = identity_stores::schema(reader, store)?.into_iter();
    let sayable = schema.filter(|attribute| !S::PORTAL || attribute.portal_editable);
    Ok(sayable.map(|attribute| Attribute { required: false, ..attribute }).collect())
}

async fn show<S: Screens>(
    ask: &Ask,
    place: String,
    mut fields: Fields,
    answers: Vec<Answered>,
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<S::Invite>()?;
    let (spot, (places, more_places), roles, schema, groups) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let spot = S::spot(view, &place, None)?;
                let places = places::inviting(view, &spot.store, spot.here.as_ref())?;
                let roles = S::roles_to_promise(view, &spot.store)?;
                let schema = sayable::<S, _>(view, &spot.store)?;
                let groups = identity_stores::group_names(view, &spot.store)?;
                Ok((spot, places, roles, schema, groups))
            })
        })
        .await?;
    if let (true, Some(here)) = (fields.get("org").is_empty(), &spot.here) {
        fields.set("org", here.organization.id.clone());
    }
    let base = spot.base.clone();
    let f = S::frame_at(ask, &spot, "invitations", vec![crumb(format!("{base}/invitations"), "Invitations"), here("Invite")]);
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let may_resend = ask.permit::<S::Resend>().is_ok();
    let attributes = Field::all(&schema, &fields);
    let view = New { f, base, places, more_places, roles, attributes, groups, answers, fields, faults, may_resend };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

/// `GET …/invitations/new`
pub async fn new<S: Screens>(_: Permit<S::Invite>, ask: Ask, place: Path<String>) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::default();
    fields.set("org", ask.query().get("org"));
    show::<S>(&ask, place.into_inner(), fields, Vec::new(), Faults::default()).await
}

/// `POST …/invitations`: the good ones are sent even where others fail; those stay in the form.
pub async fn invite<S: Screens>(
    permit: Permit<S::Invite>,
    ask: Ask,
    place: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let (fields, place) = (Fields(form.fields), place.into_inner());
    let (permit_too, place_too) = (ask.permit::<S::Invite>()?, place.clone());
    let schema = ask
        .house
        .work(move |db| {
            db.read(&permit_too, |view| {
                let spot = S::spot(view, &place_too, None)?;
                sayable::<S, _>(view, &spot.store)
            })
        })
        .await?;
    let checked = (
        invitation::addresses(fields.get("emails")),
        invitation::message(fields.get("message")),
        fields.attributes(&schema, &Map::new(), false),
    );
    let (addresses, message, attributes) = match checked {
        (Ok(addresses), Ok(message), Ok(attributes)) => (addresses, message, attributes),
        (addresses, message, attributes) => {
            let wrong = attributes.err().map(|faults| faults.0).unwrap_or_default();
            let faults = Faults(addresses.err().into_iter().chain(message.err()).chain(wrong).collect());
            return show::<S>(&ask, place, fields, Vec::new(), faults).await;
        }
    };
    let gifts = Gifts { roles: fields.all("role"), attributes, groups: fields.all("group") };
    let (good, bad): (Vec<_>, Vec<_>) = addresses.into_iter().partition(Result::is_ok);
    let good: Vec<String> = good.into_iter().flatten().collect();
    let bad: Vec<(String, String)> = bad.into_iter().filter_map(Result::err).collect();
    if good.is_empty() {
        let faults = Faults(bad.into_iter().take(20).map(|(typed, words)| Refusal::at("emails", format!("{typed}: {words}"))).collect());
        return show::<S>(&ask, place, fields, Vec::new(), faults).await;
    }
    let (place_too, org) = (place.clone(), fields.get("org").to_owned());
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place_too, None)?;
            let org = match &spot.here {
                Some(here) if org.is_empty() => here.organization.id.clone(),
                _ => org.clone(),
            };
            let (organization, answers) = invitations::invite::<S>(tx, &spot.store, &org, &good, &gifts, &message)?;
            let to = format!("{}/invitations", spot.base);
            Ok(((organization, answers, to.clone()), to))
        })
        .await;
    let done = match faults(done) {
        Err(Problem::NotFound) => Err(Faults::one(Refusal::at("org", "Choose an organization to invite to."))),
        done => done?,
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((organization, answers, to))) => {
            let all_sent = bad.is_empty() && answers.iter().all(|(_, outcome)| *outcome == Outcome::Sent);
            if all_sent {
                let many = crate::domain::text::count(answers.len() as i64, "invitation is", "invitations are");
                return ask.led_to(&to, Note::new(format!("{many} on the way to {}.", organization.name)));
            }
            let (answers, emails) = answered(answers, bad);
            let mut fields = fields;
            fields.set("emails", emails);
            show::<S>(&ask, place, fields, answers, Faults::default()).await
        }
        Err(faults) => show::<S>(&ask, place, fields, Vec::new(), faults).await,
    }
}

/// What became of each, and those that stay in the form.
fn answered(answers: Vec<(String, Outcome)>, bad: Vec<(String, String)>) -> (Vec<Answered>, String) {
    let mut stay = Vec::new();
    let mut all: Vec<Answered> = answers
        .into_iter()
        .map(|(email, outcome)| match outcome {
            Outcome::Sent => Answered { email, sent: true, words: "Sent".into(), again: None },
            Outcome::Member => Answered { email, sent: false, words: "Is a member there already".into(), again: None },
            Outcome::Waiting(id) => Answered { email, sent: false, words: "Was invited already".into(), again: Some(id) },
        })
        .collect();
    for (typed, words) in bad {
        stay.push(typed.clone());
        all.push(Answered { email: typed, sent: false, words, again: None });
    }
    (all, stay.join("\n"))
}

/// `POST …/invitations/{invitation}/resend`
pub async fn resend<S: Screens>(
    permit: Permit<S::Resend>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, None)?;
            let found = invitations::resend::<S>(tx, &spot.store, &id)?;
            let to = format!("{}/invitations", spot.base);
            Ok(((found.email, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((email, to)) => ask.led_to(
            &to,
            Note::new(format!("The invitation of {email} is on its way again.")).more("The link from before does not work any more."),
        ),
    }
}

/// `POST …/invitations/{invitation}/withdraw`
pub async fn withdraw<S: Screens>(
    permit: Permit<S::Withdraw>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, None)?;
            let found = invitations::withdraw::<S>(tx, &spot.store, &id)?;
            let to = format!("{}/invitations", spot.base);
            Ok(((found.email, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((email, to)) => ask.led_to(&to, Note::new(format!("The invitation of {email} is withdrawn."))),
    }
}
