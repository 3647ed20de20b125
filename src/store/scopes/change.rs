//! Scopes made, edited and deleted (D-6).

use super::{
    Listed, Owner, find, owner,
    reshape::{self, Effect},
};
use crate::{
    access::{Ground, confer},
    domain::{
        Refusal,
        event::{Event, Subject},
        key::*,
        permissions::{ScopeAdd, ScopeDelete, ScopeEdit},
        scope::{Scope, Terms, name_taken},
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        grants::{self, HandedOnThen},
        schema::{grants as given, scopes},
        sql::Sql,
        transaction::{Reader, Tx},
    },
};
use diesel::prelude::*;
use serde_json::{Value, json};

/// Makes a scope (D-6). Its organization is one where the maker may.
///
/// # Errors
/// A refusal at the field.
pub fn add(tx: &mut Tx<ScopeAdd>, org: &str, terms: &Terms) -> Result<Scope, Problem> {
    let owner = owner_named(tx, org)?;
    name_is_free(tx.conn(), &owner, terms, None)?;
    let (id, now) = (tx.chance().id("scope"), tx.now());
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    let key: ScopeKey = diesel::insert_into(scopes::table)
        .values((
            (scopes::id.eq(&id), scopes::organization.eq(owner.key), scopes::rev.eq(1), scopes::created_at.eq(now)),
            values(terms),
            (scopes::changed_at.eq(now), scopes::changed_by.eq(&by)),
        ))
        .returning(scopes::key)
        .get_result(tx.conn())?;
    tx.record(
        Event::done("scope.add")
            .on(subject(&id, &owner))
            .with("scope", terms.name.as_str())
            .with("organization", owner.name())
            .with("after", describe(terms, &owner)),
    )?;
    Ok(Scope { key, id, owner: owner.key, terms: terms.clone(), rev: 1, changed_at: now, changed_by: by })
}

/// The organization that a form names as the owner.
fn owner_named<G: Ground>(reader: &mut impl Reader<G>, id: &str) -> Result<Owner, Problem> {
    match owner(reader, id) {
        Err(Problem::NotFound) => Err(Refusal::at("org", "Choose an organization where you may keep scopes.").into()),
        found => found,
    }
}

fn name_is_free(conn: &mut Conn, owner: &Owner, terms: &Terms, but: Option<ScopeKey>) -> Result<(), Problem> {
    let other: Option<ScopeKey> = scopes::table
        .filter(scopes::organization.eq(owner.key))
        .filter(scopes::name_folded.eq(text::fold(&terms.name)))
        .select(scopes::key)
        .first(conn)
        .optional()?;
    if other.is_some() && other != but { Err(name_taken(&terms.name, owner.name()).into()) } else { Ok(()) }
}

type Values<'a> = (
    diesel::dsl::Eq<scopes::name, &'a str>,
    diesel::dsl::Eq<scopes::name_folded, String>,
    diesel::dsl::Eq<scopes::name_sort, String>,
    diesel::dsl::Eq<scopes::description, &'a str>,
    diesel::dsl::Eq<scopes::reach, &'static str>,
);

/// The columns that hold what a person decides.
fn values(terms: &Terms) -> Values<'_> {
    (
        scopes::name.eq(terms.name.as_str()),
        scopes::name_folded.eq(text::fold(&terms.name)),
        scopes::name_sort.eq(text::search(&terms.name)),
        scopes::description.eq(terms.description.as_str()),
        scopes::reach.eq(terms.reach.word()),
    )
}

/// By its owner, so that whoever reads the log of that organization finds it (E-3).
fn subject(id: &str, owner: &Owner) -> Subject {
    Subject::of("scope", id).at(owner.key).in_store(owner.store)
}

fn describe(terms: &Terms, owner: &Owner) -> Value {
    json!({
        "name": terms.name, "description": terms.description, "organization": owner.name(), "reach": terms.reach.word(),
        "access_roles": "all",
    })
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done; with the effect, where grants use it and its reach changed.
    Done(Scope, Option<Effect>),
    /// Grants use it, and this is what saving would do: to be confirmed first (D-6, Z-11).
    Confirm(Box<Listed>, Effect),
    /// Somebody saved another version meanwhile.
    Stale(Box<Listed>),
}

/// What a person wants a scope to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The id of the organization that is to own it.
    pub org: String,
    /// The rest.
    pub terms: Terms,
    /// What becomes of what exceeds it then.
    pub handed_on: HandedOnThen,
}

/// Whether the person may edit the scope as far as their own grants go: nobody edits what theirs hang on (D-6).
pub fn may_be_edited<G: Ground>(reader: &impl Reader<G>, scope: &Scope) -> bool {
    let now = reader.now();
    reader.permit().actor().is_some_and(|actor| !confer::hangs_on(actor, scope.key, now))
}

/// Changes a scope. `rev` is the version that the person saw, `confirmed` the mark of the effect they confirmed.
///
/// # Errors
/// As [`find`]; a refusal at the field; [`Problem::Forbidden`] for a scope that their own grant hangs on, and for a reach
/// that they could not give or take for each of its holders; [`Problem::Conflict`] where it would reach farther than what
/// it was handed on through.
pub fn edit(tx: &mut Tx<ScopeEdit>, id: &str, rev: i32, wanted: &Wanted, confirmed: Option<&str>) -> Result<Saved, Problem> {
    let found = find(tx, id)?;
    if !may_be_edited(tx, &found.scope) {
        return Err(Problem::Forbidden(HANGS.into()));
    }
    if found.scope.rev != rev {
        return Ok(Saved::Stale(Box::new(found)));
    }
    let owner = owner_named(tx, &wanted.org)?;
    let all = grants::of_scope(tx.conn(), found.scope.key)?;
    if owner.key != found.owner.key && !all.is_empty() {
        return Err(
            Refusal::at("org", "Administrators use this scope, so it stays with its organization. Make a copy for another one.").into()
        );
    }
    name_is_free(tx.conn(), &owner, &wanted.terms, Some(found.scope.key))?;
    let effect = if wanted.terms.reach != found.scope.terms.reach && !all.is_empty() {
        let around = reshape::around(tx, &found, wanted.terms.reach, all)?;
        if around.effect.administrators > 0 && confirmed != Some(around.effect.mark().as_str()) {
            return Ok(Saved::Confirm(Box::new(found), around.effect));
        }
        let effect = around.settle(tx, wanted.handed_on)?;
        (effect.administrators > 0).then_some(effect)
    } else {
        None
    };
    let (scope, now) = (found.scope, tx.now());
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    diesel::update(scopes::table.find(scope.key))
        .set((
            (scopes::organization.eq(owner.key), values(&wanted.terms)),
            (scopes::rev.eq(scope.rev + 1), scopes::changed_at.eq(now), scopes::changed_by.eq(&by)),
        ))
        .execute(tx.conn())?;
    let mut event = Event::done("scope.edit").on(subject(&scope.id, &owner));
    if owner.key != found.owner.key {
        event = event.on(subject(&scope.id, &found.owner));
    }
    event = event
        .with("scope", wanted.terms.name.as_str())
        .with("organization", owner.name())
        .with("before", describe(&scope.terms, &found.owner))
        .with("after", describe(&wanted.terms, &owner));
    if let Some(effect) = &effect {
        event = event.with("administrators", effect.administrators);
        if !effect.exceeding.is_empty() {
            let what = if wanted.handed_on == HandedOnThen::Keep { "kept" } else { "revoked_too" };
            event = event.with(what, effect.exceeding.iter().map(|one| one.holder.clone()).collect::<Vec<_>>());
        }
        for one in &effect.exceeding {
            let grant = Subject::of("grant", &one.id);
            event = event.on(match one.at {
                Some(at) => grant.at(at),
                None => grant,
            });
        }
    }
    tx.record(event)?;
    let scope = Scope { owner: owner.key, terms: wanted.terms.clone(), rev: scope.rev + 1, changed_at: now, changed_by: by, ..scope };
    Ok(Saved::Done(scope, effect))
}

/// Why a person does not edit a scope.
const HANGS: &str = "Your own grant hangs on this scope, so you do not change it. Make a copy instead.";

/// Deletes a scope that no grant uses; rows of grants that have ended go with it.
///
/// # Errors
/// As [`find`]; [`Problem::Conflict`] while a grant uses it.
pub fn delete(tx: &mut Tx<ScopeDelete>, id: &str) -> Result<Scope, Problem> {
    let now = tx.now();
    let Listed { scope, owner, administrators, .. } = find(tx, id)?;
    if administrators > 0 {
        let people = text::count(administrators, "administrator still uses it", "administrators still use it");
        return Err(Problem::Conflict(format!("{people}. Take it from them first.")));
    }
    forget_ended(tx.conn(), scope.key, now)?;
    let left: i64 = given::table.filter(given::scope.eq(scope.key)).count().get_result(tx.conn())?;
    if left > 0 {
        return Err(Problem::Conflict("What was handed on through a grant of it that has ended is still there. Revoke that first.".into()));
    }
    diesel::delete(scopes::table.find(scope.key)).execute(tx.conn())?;
    tx.record(
        Event::done("scope.delete")
            .on(subject(&scope.id, &owner))
            .with("scope", scope.terms.name.as_str())
            .with("organization", owner.name())
            .with("before", describe(&scope.terms, &owner)),
    )?;
    Ok(scope)
}

/// Removes the ended grants of a scope that nothing was handed on through, from the ends of their chains upwards.
fn forget_ended(conn: &mut Conn, scope: ScopeKey, now: Time) -> Result<(), Problem> {
    loop {
        let mut sql = Sql::new("DELETE FROM grants WHERE scope = ");
        sql.bind(scope)
            .push(" AND ends <= ")
            .bind(now)
            .push(" AND NOT EXISTS (SELECT 1 FROM grants lower WHERE lower.through = grants.key)");
        if sql.execute(conn)? == 0 {
            return Ok(());
        }
    }
}
