//! Pairs given: dates and reason, and the act.

use super::{base, pair_address, wanted};
use crate::{
    access::Permit,
    domain::{
        Refusal,
        permissions::{RoleAssignmentEdit, UserView},
        role_assignment::{self, MOST_AT_ONCE},
        text,
        time::Period,
    },
    problem::Problem,
    store::{
        Once, identity_stores, organizations,
        role_assignments::{self, Gave, Wanted},
        roles, selections,
    },
    web::{
        console::unassigned::{Attempt, Typed, ask_again, wanted_of},
        form::{Faults, Form},
        frame::Ask,
        note::Note,
        page::see_other,
        when,
    },
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use serde::Deserialize;

/// The fields of giving: a draft, or the pair and its accounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Assign {
    d: String,
    org: String,
    role: String,
    account: Vec<String>,
    starts: String,
    ends: String,
    reason: String,
}

/// Dates and reason as typed, checked; of role assignments and of grants alike.
pub(in crate::web::console) fn terms(ask: &Ask, starts: &str, ends: &str, reason: &str) -> Result<(Period, String), Faults> {
    let mut faults = Vec::new();
    let mut date = |name, typed: &str, end| match typed.trim() {
        "" => None,
        typed => {
            let found = when::from_field(typed, &ask.visitor.zone, end);
            if found.is_none() {
                faults.push(Refusal::at(name, "Enter a date like 2026-11-23, or leave it empty."));
            }
            found
        }
    };
    let (starts, ends) = (date("starts", starts, false), date("ends", ends, true));
    let now = ask.house.db.clock.now();
    if ends.is_some_and(|ends| ends <= now) {
        faults.push(Refusal::at("ends", "The end lies in the past, so nobody would get anything."));
    } else if let (Some(starts), Some(ends)) = (starts, ends)
        && starts >= ends
    {
        faults.push(Refusal::at("ends", "The end lies before the start."));
    }
    match role_assignment::reason(reason) {
        Ok(reason) if faults.is_empty() => Ok((Period { starts, ends }, reason)),
        Ok(_) => Err(Faults(faults)),
        Err(refusal) => {
            faults.push(refusal);
            Err(Faults(faults))
        }
    }
}

/// `POST /admin/stores/{store}/role-assignments`
pub async fn assign(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>, form: Form<Assign>) -> Result<HttpResponse, Problem> {
    let (fields, once, review) = (form.fields, form.once, form.review);
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    let slug = slug.into_inner();
    // The pair and the accounts: of the draft, unless the form names accounts itself.
    let (slug_too, fields_too) = (slug.clone(), fields.clone());
    let (permit, store, wanted, ids, frozen) = ask
        .house
        .work(move |db| {
            let found = db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug_too)?;
                if fields_too.d.is_empty() || !fields_too.account.is_empty() {
                    let wanted = wanted(view, &store, &fields_too.org, &fields_too.role)?;
                    return Ok((store, wanted, fields_too.account, 0));
                }
                let (draft, ids) = view.also::<UserView, _>(|view| {
                    let draft = selections::find(view, store.key, &fields_too.d)?.ok_or(Problem::NotFound)?;
                    let ids = selections::frozen(view, &draft)?;
                    Ok((draft, ids))
                })?;
                let wanted = wanted_of(view, &store, &draft)?;
                Ok((store, wanted, ids, draft.frozen.unwrap_or(0)))
            })?;
            Ok((permit, found.0, found.1, found.2, found.3))
        })
        .await?;
    let typed = Typed { starts: fields.starts.clone(), ends: fields.ends.clone(), reason: fields.reason.clone() };
    let attempt = Attempt { draft: fields.d, ids: ids.clone(), typed, ..Attempt::default() };
    if review && !ids.is_empty() {
        // A session ended amid the confirmation: it is asked for once more.
        return ask_again(&ask, permit, store, wanted, attempt, StatusCode::OK).await;
    }
    let chosen_faults = match (ids.len(), terms(&ask, &fields.starts, &fields.ends, &fields.reason)) {
        (0, _) => Err(Faults::one(Refusal::at("", "Select at least one account."))),
        (many, _) if many > MOST_AT_ONCE => Err(Faults::one(Refusal::at("", "Assign in parts: at most 10,000 at once."))),
        (_, Err(faults)) => Err(faults),
        (_, Ok(terms)) => Ok(terms),
    };
    let (period, reason) = match chosen_faults {
        Ok(terms) => terms,
        Err(faults) => {
            return ask_again(&ask, permit, store, wanted, Attempt { faults, ..attempt }, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let wanted_too = wanted.clone();
    let (permit, gave) = ask
        .house
        .work(move |db| {
            let gave = db.write_once(&permit, once.as_deref(), |tx| {
                // Found again under the lock: the pair may have changed or left reach.
                let organization = organizations::find(tx, wanted_too.organization.store, &wanted_too.organization.id)?;
                let store = identity_stores::find_with_roles(tx, &slug)?;
                let role = roles::find(tx, &store, &wanted_too.role.id)?;
                let to = pair_address(&base(&store), &organization, &role);
                let gave = role_assignments::add(tx, &Wanted { organization, role }, &ids, frozen, period, &reason)?;
                Ok((gave, to))
            })?;
            Ok((permit, gave))
        })
        .await?;
    let gave = match gave {
        Once::Before(to) => return Ok(see_other(&ask.req, &to)),
        Once::Now(gave) => gave,
    };
    match gave {
        Gave::Not(trouble) => {
            let attempt = Attempt { trouble: Some(trouble), ..attempt };
            ask_again(&ask, permit, store, wanted, attempt, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Gave::Done { given, already, event } => {
            let (role, organization) = (&wanted.role.terms.name, &wanted.organization.name);
            let pair = pair_address(&base(&store), &wanted.organization, &wanted.role);
            let words = match given {
                0 => format!("Nothing to do: they hold {role} in {organization} already."),
                1 => format!("1 account now holds {role} in {organization}."),
                many => format!("{} accounts now hold {role} in {organization}.", text::thousands(many as i64)),
            };
            let mut note = Note::new(words);
            if given > 0 {
                note = note.undo(event);
            }
            if !already.is_empty() {
                let names = already.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
                let more = if already.len() > 5 { format!(" and {} more", already.len() - 5) } else { String::new() };
                note = note.more(format!("{} already did: {names}{more}.", already.len()));
            }
            let note = note.link(
                format!("{}/role-assignments/unassigned?org={}&role={}", base(&store), wanted.organization.id, wanted.role.id),
                "Assign more",
            );
            ask.led_to(&pair, note)
        }
    }
}
