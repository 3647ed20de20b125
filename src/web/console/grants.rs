//! One grant (screens.md 4.12): whom it came through, what was handed on through it, changing it and taking it back.

use super::administrators::{BASE, grant_json};
use crate::{
    access::{Administration, HandingOn, Permit, why},
    domain::{Refusal, text},
    problem::Problem,
    store::grants::{self, Edited, HandedOn, HandedOnThen, Listed, Revoked, Terms},
    web::{
        console::role_assignments,
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Crumb, Frame, crumb, here},
        me::first_store,
        note::Note,
        page::{page, view},
        when::to_field,
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

/// What a person changes about a grant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    cascading: String,
    starts: String,
    ends: String,
    reason: String,
    rev: Option<i32>,
    handed_on: String,
}

impl Fields {
    fn of(grant: &Listed, ask: &Ask) -> Self {
        let zone = &ask.visitor.zone;
        Self {
            cascading: if grant.cascading { "on".into() } else { String::new() },
            starts: grant.period.starts.map(|starts| to_field(starts, zone, false)).unwrap_or_default(),
            ends: grant.period.ends.map(|ends| to_field(ends, zone, true)).unwrap_or_default(),
            reason: grant.reason.clone(),
            rev: Some(grant.rev),
            handed_on: String::new(),
        }
    }

    fn is_cascading(&self) -> bool {
        self.cascading == "on"
    }

    fn keeps(&self) -> bool {
        self.handed_on == "keep"
    }

    fn then(&self) -> Option<HandedOnThen> {
        match self.handed_on.as_str() {
            "revoke" => Some(HandedOnThen::Revoke),
            "keep" => Some(HandedOnThen::Keep),
            _ => None,
        }
    }
}

fn crumbs(grant: &Listed, last: &str) -> Vec<Crumb> {
    vec![
        crumb(BASE, "Administrators"),
        crumb(format!("{BASE}/{}", grant.account_id), grant.title.as_str()),
        here(if last.is_empty() { grant.role.1.as_str() } else { last }),
    ]
}

#[derive(Template)]
#[template(path = "console/grants/detail.html", blocks = ["content"])]
struct Detail {
    f: Frame,
    grant: Listed,
    above: Vec<Option<Listed>>,
    below: Vec<(String, usize)>,
    asleep: Option<String>,
    /// Why the person may only look; none: they may change it.
    off: Option<String>,
    fields: Fields,
    faults: Faults,
    stale: bool,
    /// The question of what was handed on and would exceed the grant (D-10).
    question: Option<HandedOn>,
}
view!(Detail, as_content, json);

impl Detail {
    fn json(&self) -> serde_json::Value {
        let mut found = grant_json(&self.grant);
        found["asleep"] = json!(self.asleep);
        found["through"] = json!(self.above.iter().map(|grant| grant.as_ref().map(|grant| grant.id.as_str())).collect::<Vec<_>>());
        found["handed_on"] = json!(self.below.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
        found
    }

    fn rev(&self) -> i32 {
        if self.stale { self.grant.rev } else { self.fields.rev.unwrap_or(self.grant.rev) }
    }

    /// The chain from the top down to this grant, each with how deep it stands.
    fn chain(&self) -> Vec<(Option<&Listed>, usize)> {
        let count = self.above.len();
        self.above.iter().rev().enumerate().map(|(depth, grant)| (grant.as_ref(), depth.min(4) + usize::from(count == 0))).collect()
    }
}

/// `GET /admin/grants/{grant}`
pub async fn detail(permit: Permit<Administration>, ask: Ask, grant: Path<String>) -> Result<HttpResponse, Problem> {
    show(&ask, permit, grant.into_inner(), Attempt::default(), StatusCode::OK).await
}

/// What was sent, and why it is not done yet; nothing where somebody only looks.
#[derive(Default)]
struct Attempt {
    fields: Option<Fields>,
    faults: Faults,
    stale: bool,
    question: Option<HandedOn>,
}

async fn show(
    ask: &Ask,
    permit: Permit<Administration>,
    id: String,
    attempt: Attempt,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let handing = ask.permit::<HandingOn>().ok();
    let (first, grant, above, asleep, judged) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let grant = grants::find(view, &id)?;
                let above = grants::above(view, &grant)?;
                let asleep = grants::sleeping(view, grant.account)?.remove(&grant.key).flatten();
                let judged = match handing {
                    Some(_) => view.also::<HandingOn, _>(|view| grants::handed_on(view, &id)).map(|(_, handed_on, _)| handed_on),
                    None => Err(Problem::Forbidden("You may only look at grants.".into())),
                };
                Ok((first_store(view)?, grant, above, asleep, judged))
            })
        })
        .await?;
    let (off, below) = match judged {
        Ok(handed_on) => (None, handed_on.people),
        Err(Problem::Forbidden(reason)) => (Some(reason), Vec::new()),
        Err(problem) => return Err(problem),
    };
    let Attempt { fields, faults, stale, question } = attempt;
    let fields = fields.unwrap_or_else(|| Fields::of(&grant, ask));
    let f = ask.frame("administrators", first.as_ref(), crumbs(&grant, ""));
    let asleep = asleep.map(|asleep| why::grant_sleeps(asleep, |time| f.when(&time).text));
    let view = Detail { f, grant, above, below, asleep, off, fields, faults, stale, question };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

/// `POST /admin/grants/{grant}`: dates, cascading and reason (Z-6).
pub async fn edit(permit: Permit<HandingOn>, ask: Ask, grant: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (id, fields) = (grant.into_inner(), form.fields);
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let again = |attempt: Attempt, status: StatusCode| {
        let (ask, id) = (&ask, id.clone());
        async move { show(ask, ask.permit()?, id, attempt, status).await }
    };
    let wrong = |fields: Fields, faults: Faults| again(Attempt { fields: Some(fields), faults, ..Attempt::default() }, unprocessable);
    let Some(rev) = fields.rev else {
        let faults = Faults::one(Refusal::at("rev", "The page was incomplete. Load it again."));
        return wrong(fields, faults).await;
    };
    let (period, reason) = match role_assignments::terms(&ask, &fields.starts, &fields.ends, &fields.reason) {
        Ok(terms) => terms,
        Err(faults) => return wrong(fields, faults).await,
    };
    let (terms, then, id_too) = (Terms { cascading: fields.is_cascading(), period, reason }, fields.then(), id.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let edited = grants::edit(tx, &id_too, rev, &terms, then)?;
            Ok((edited, format!("/admin/grants/{id_too}")))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(Edited::Done(grant))) => {
            ask.led_to(&format!("/admin/grants/{}", grant.id), Note::new(format!("{} of {} saved.", grant.role.1, grant.title)))
        }
        Ok(Acted::Now(Edited::Stale(_))) => {
            again(Attempt { fields: Some(fields), stale: true, ..Attempt::default() }, StatusCode::CONFLICT).await
        }
        Ok(Acted::Now(Edited::Ask(_, question))) => {
            again(Attempt { fields: Some(fields), question: Some(question), ..Attempt::default() }, StatusCode::CONFLICT).await
        }
        Err(faults) => wrong(fields, faults).await,
    }
}

/// The fields of revoking.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Revoke {
    handed_on: String,
    confirmed: Option<String>,
}

#[derive(Template)]
#[template(path = "console/grants/revoke.html", blocks = ["dialog"])]
struct ConfirmRevoke {
    f: Frame,
    grant: Listed,
    handed_on: HandedOn,
    /// How many role assignments its holder made.
    made: i64,
}
view!(ConfirmRevoke, as_dialog);

/// `GET /admin/grants/{grant}/revoke`: what goes with it (D-10).
pub async fn confirm_revoke(permit: Permit<HandingOn>, ask: Ask, grant: Path<String>) -> Result<HttpResponse, Problem> {
    let (first, (grant, handed_on, made)) =
        ask.house.work(move |db| db.read(&permit, |view| Ok((first_store(view)?, grants::handed_on(view, &grant)?)))).await?;
    let f = ask.frame("administrators", first.as_ref(), crumbs(&grant, "Revoke"));
    Ok(page(ConfirmRevoke { f, grant, handed_on, made }).respond_to(&ask.req))
}

/// `POST /admin/grants/{grant}/revoke`
pub async fn revoke(permit: Permit<HandingOn>, ask: Ask, grant: Path<String>, form: Form<Revoke>) -> Result<HttpResponse, Problem> {
    let (id, fields) = (grant.into_inner(), form.fields);
    let then = if fields.handed_on == "keep" { HandedOnThen::Keep } else { HandedOnThen::Revoke };
    let done = ask
        .act(permit, form.once, move |tx| {
            let revoked = grants::revoke(tx, &id, then, fields.confirmed.as_deref())?;
            Ok((revoked, BASE.to_owned()))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now(Revoked { grant, others, kept }) => {
            let mut note = Note::new(format!("{} no longer holds {}.", grant.title, grant.role.1));
            if others > 0 {
                note = note
                    .more(format!("It was taken from {} who got it through them, too.", text::count(others as i64, "person", "people")));
            } else if kept > 0 {
                note = note.more(format!("{} who got it through them keep it.", text::count(kept as i64, "person", "people")));
            }
            ask.led_to(BASE, note)
        }
    }
}
