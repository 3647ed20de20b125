//! What happened in the demo before one looks at it: people sign in, make a role, give it, take it back. Each act
//! goes through the same doors as in the console, at a time of its own, so that the event log tells a true story.

use crate::{
    access::{Actor, Origin, system},
    clock::Clock,
    domain::{
        event::{Event, Subject},
        permissions::{OrganizationRoleAdd, OrganizationRoleEdit, Permission, RoleAssignmentEdit, UserView},
        rights::Cell,
        role::Terms,
        time::Period,
    },
    problem::Problem,
    store::{
        Db, accounts, actors, events, identity_stores, organizations,
        paging::Paging,
        role_assignments::{self, Wanted},
        roles, sign_in,
    },
};
use std::sync::Arc;

/// Days before now at which the demo's database was filled.
pub(super) const BEGAN: i64 = 210;

const STORE: &str = "partners";
const ROLE: &str = "Night desk";

/// The database, with a clock that stands so many hours before now.
pub(super) fn at(db: &Db, hours_ago: i64) -> Db {
    let instant = db.clock.now().plus_seconds(-hours_ago * 3600);
    let mut past = db.clone();
    past.clock = Clock::from_fn(move || instant);
    past
}

/// Tells the story.
///
/// # Errors
/// What an act says; the demo is broken then.
pub(super) fn tell(db: &Db) -> Result<(), Problem> {
    let [ines, clara, marta, agnieszka, henrik] = [
        "ines.ferreira@meridian.example",
        "clara.nystrom@meridian.example",
        "marta.silva@nordhavn.example",
        "agnieszka.nowicka@nordhavn.example",
        "henrik.solberg@halden.example",
    ];
    let day = 24;
    sign_in(&at(db, 30 * day + 3), clara)?;
    make_role(&at(db, 30 * day + 2), clara)?;
    sign_in(&at(db, 21 * day + 5), marta)?;
    give(&at(db, 21 * day + 4), marta, "Poland", 4, "Covers the night shift in Gdańsk.")?;
    fail(&at(db, 20 * day + 9), henrik)?;
    sign_in(&at(db, 20 * day + 9), henrik)?;
    sign_in(&at(db, 14 * day + 6), ines)?;
    widen_role(&at(db, 14 * day + 5), ines)?;
    sign_in(&at(db, 6 * day + 7), agnieszka)?;
    refuse(&at(db, 6 * day + 6), agnieszka)?;
    sign_in(&at(db, 2 * day + 2), marta)?;
    take_one(&at(db, 2 * day + 1), marta, "Poland")?;
    sign_in(&at(db, 5), ines)
}

fn origin(who: &str) -> Origin {
    let (address, agent) = match who.split('@').nth(1) {
        Some("meridian.example") => ("203.0.113.24", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Firefox/145.0"),
        Some("nordhavn.example") => ("198.51.100.77", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/143.0"),
        _ => ("192.0.2.140", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Safari/605.1"),
    };
    Origin { address: Some(address.into()), agent: Some(agent.into()), request: None }
}

fn candidate(db: &Db, who: &str) -> Result<sign_in::Candidate, Problem> {
    db.read(&system::signing_in(Origin::default()), |view| sign_in::candidate(view, None, who))?.ok_or(Problem::NotFound)
}

fn actor(db: &Db, who: &str) -> Result<Arc<Actor>, Problem> {
    let account = candidate(db, who)?.account;
    db.read(&system::signing_in(Origin::default()), |view| actors::find(view, account))?.map(Arc::new).ok_or(Problem::NotFound)
}

fn sign_in(db: &Db, who: &str) -> Result<(), Problem> {
    let account = candidate(db, who)?.account;
    db.write(&system::signing_in(origin(who)), |tx| sign_in::succeed(tx, account))
}

fn fail(db: &Db, who: &str) -> Result<(), Problem> {
    let candidate = candidate(db, who)?;
    db.write(&system::signing_in(origin(who)), |tx| sign_in::fail(tx, Some(&candidate)))
}

fn refuse(db: &Db, who: &str) -> Result<(), Problem> {
    let actor = actor(db, who)?;
    let event = Event::refused("act.refuse")
        .on(Subject::of("account", &actor.id).in_store(actor.store))
        .with("path", format!("/admin/stores/{STORE}/role-assignments"))
        .with("needed", RoleAssignmentEdit::LEAF.label);
    db.write(&system::refusing(origin(who)), |tx| events::record_refusal(tx, &actor, event))
}

fn make_role(db: &Db, who: &str) -> Result<(), Problem> {
    let permit = actor(db, who)?.permit::<OrganizationRoleAdd>(origin(who))?;
    let terms = Terms {
        name: ROLE.into(),
        description: "Keeps the night shift running: profiles and resets.".into(),
        rights: [Cell::ManagementRead, Cell::AuthenticatorsRead].into_iter().collect(),
        ..Terms::default()
    };
    db.write(&permit, |tx| {
        let store = identity_stores::find_with_roles(tx, STORE)?;
        roles::add(tx, &store, &terms).map(|_| ())
    })
}

fn widen_role(db: &Db, who: &str) -> Result<(), Problem> {
    let permit = actor(db, who)?.permit::<OrganizationRoleEdit>(origin(who))?;
    db.write(&permit, |tx| {
        let store = identity_stores::find_with_roles(tx, STORE)?;
        let role = roles::find_by_name(tx, &store, ROLE)?;
        let rights = role.terms.rights.union([Cell::AuthenticatorsWrite].into_iter().collect());
        let terms = Terms { rights, ..role.terms.clone() };
        let mark = roles::effect(tx, &role, &terms)?.mark();
        roles::edit(tx, &store, &role.id, role.rev, &terms, Some(&mark)).map(|_| ())
    })
}

/// The pair of the story's role with the organization of this name.
fn pair(tx: &mut crate::store::Tx<RoleAssignmentEdit>, organization: &str) -> Result<Wanted, Problem> {
    let store = identity_stores::find_with_roles(tx, STORE)?;
    let role = roles::find_by_name(tx, &store, ROLE)?;
    let (choices, _) = organizations::choices(tx, store.key)?;
    let choice = choices.iter().find(|choice| choice.path.ends_with(organization)).ok_or(Problem::NotFound)?;
    Ok(Wanted { organization: organizations::find(tx, store.key, &choice.id)?, role })
}

fn give(db: &Db, who: &str, organization: &str, many: usize, reason: &str) -> Result<(), Problem> {
    let permit = actor(db, who)?.permit::<RoleAssignmentEdit>(origin(who))?;
    db.write(&permit, |tx| {
        let wanted = pair(tx, organization)?;
        let filter = accounts::Filter { authn: "active".into(), member: "inside".into(), ..accounts::Filter::default() };
        let found = tx.also::<UserView, _>(|view| {
            role_assignments::candidates(view, &wanted, &filter, None, accounts::Sort::Name, &Paging::first(25))
        })?;
        let ids: Vec<String> =
            found.rows.into_iter().filter(|candidate| candidate.above.is_none()).take(many).map(|candidate| candidate.account.id).collect();
        role_assignments::add(tx, &wanted, &ids, 0, Period::ALWAYS, reason).map(|_| ())
    })
}

fn take_one(db: &Db, who: &str, organization: &str) -> Result<(), Problem> {
    let permit = actor(db, who)?.permit::<RoleAssignmentEdit>(origin(who))?;
    db.write(&permit, |tx| {
        let wanted = pair(tx, organization)?;
        let holders = tx.also::<crate::domain::permissions::RoleAssignmentView, _>(|view| {
            role_assignments::holders(view, &wanted.organization, wanted.role.key, "", &Paging::first(25))
        })?;
        let ids: Vec<String> = holders.direct.rows.into_iter().take(1).map(|holder| holder.account.id).collect();
        role_assignments::remove(tx, &wanted, &ids).map(|_| ())
    })
}
