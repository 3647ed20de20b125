//! The confirmation of what the *Unassigned roles* tab has chosen: to whom the role is given, and what is worth a warning.

use super::wanted_of;
use crate::{
    access::Permit,
    domain::{
        account::Status,
        identity_store::IdentityStore,
        organization::{Step, above_text},
        permissions::{RoleAssignmentEdit, UserView},
        role_assignment::MOST_AT_ONCE,
        text,
    },
    problem::Problem,
    store::{
        View, identity_stores,
        role_assignments::{self, Candidate, Trouble, Wanted},
        selections,
    },
    web::{
        console::role_assignments::{Chosen, base, chosen, crumbs},
        form::Faults,
        frame::{Ask, Frame},
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;

/// What was typed in the confirmation.
#[derive(Clone, Debug, Default)]
pub(in crate::web::console) struct Typed {
    pub starts: String,
    pub ends: String,
    pub reason: String,
}

/// What was sent to give the pair, and what was wrong with it; of a confirmation that was not sent yet, the draft alone.
#[derive(Default)]
pub(in crate::web::console) struct Attempt {
    /// The draft that names the accounts, where there is one.
    pub draft: String,
    /// Sent by the form itself where there is no draft, or only some of it is left.
    pub ids: Vec<String>,
    pub typed: Typed,
    /// What was wrong with what was typed.
    pub faults: Faults,
    /// Why nothing was done.
    pub trouble: Option<Trouble>,
}

#[derive(Template)]
#[template(path = "console/unassigned/confirm.html", blocks = ["dialog"])]
struct Confirm {
    f: Frame,
    base: String,
    chosen: Chosen,
    draft: String,
    ids: Vec<String>,
    people: Vec<Candidate>,
    count: i64,
    outside: Vec<String>,
    asleep: Vec<String>,
    with_others: Vec<(String, String)>,
    inherited: i64,
    typed: Typed,
    faults: Faults,
    trouble: Option<Trouble>,
    too_many: bool,
}
view!(Confirm, as_dialog);

impl Confirm {
    fn title(&self) -> String {
        format!("Give {} the {} role?", text::count(self.count, "account", "accounts"), self.chosen.wanted.role.terms.name)
    }

    fn back(&self) -> String {
        let pair = format!(
            "{}/role-assignments/unassigned?org={}&role={}",
            self.base, self.chosen.wanted.organization.id, self.chosen.wanted.role.id
        );
        if self.draft.is_empty() { pair } else { format!("{pair}&d={}", self.draft) }
    }

    fn where_above(&self) -> String {
        above_text(&self.chosen.path)
    }
}

/// `GET /admin/stores/{store}/role-assignments/confirm`
pub async fn confirm(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let draft = ask.query().get("d").to_owned();
    dialog(permit, &ask, slug.into_inner(), &draft).await
}

/// The confirmation of what the draft holds.
pub(super) async fn dialog(permit: Permit<RoleAssignmentEdit>, ask: &Ask, slug: String, draft: &str) -> Result<HttpResponse, Problem> {
    let draft = draft.to_owned();
    let (store, view) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let found = view.also::<UserView, _>(|view| selections::find(view, store.key, &draft))?.ok_or(Problem::NotFound)?;
                let wanted = wanted_of(view, &store, &found)?;
                let resolved = view.also::<UserView, _>(|view| selections::resolve(view, &found, &wanted))?;
                let too_many = resolved.len() > MOST_AT_ONCE;
                let ids: Vec<String> = resolved.into_iter().take(MOST_AT_ONCE).map(|(_, id)| id).collect();
                let prepared = prepare(view, wanted, &ids, too_many)?;
                Ok((store, (found, prepared)))
            })
        })
        .await?;
    let (draft, prepared) = view;
    draw(ask, &store, prepared, Attempt { draft: draft.id, ..Attempt::default() }, StatusCode::OK)
}

struct Prepared {
    chosen: Chosen,
    people: Vec<Candidate>,
    count: i64,
    outside: Vec<String>,
    asleep: Vec<String>,
    with_others: Vec<(String, String)>,
    inherited: i64,
    too_many: bool,
}

/// What the confirmation shows: who, where, what, and what is worth a warning. Warnings look at the first 100.
fn prepare(view: &mut View<'_, RoleAssignmentEdit>, wanted: Wanted, ids: &[String], too_many: bool) -> Result<Prepared, Problem> {
    let chosen = chosen(view, wanted)?;
    let sample: Vec<String> = ids.iter().take(100).cloned().collect();
    let people = view.also::<UserView, _>(|view| role_assignments::people(view, &chosen.wanted, &sample))?;
    let now = view.now();
    let place = chosen.wanted.organization.key;
    let inside = |path: &[Step]| path.iter().any(|step| step.key == place);
    let outside = people
        .iter()
        .filter(|person| !person.memberships.iter().any(|membership| inside(&membership.path)))
        .map(|person| {
            let from =
                person.memberships.first().map_or("no organization in your reach".to_owned(), |membership| membership.name().to_owned());
            format!("{} ({from})", person.account.title())
        })
        .collect();
    let asleep = people
        .iter()
        .filter(|person| person.account.status != Status::Active || person.account.locked(now).is_some())
        .map(|person| person.account.title().to_owned())
        .collect();
    let with_others = people
        .iter()
        .filter(|person| !person.other_roles.is_empty())
        .map(|person| (person.account.title().to_owned(), person.other_roles.join(", ")))
        .collect();
    let inherited = people.iter().filter(|person| person.inherited_from.is_some()).count() as i64;
    Ok(Prepared { chosen, count: ids.len() as i64, people, outside, asleep, with_others, inherited, too_many })
}

fn draw(ask: &Ask, store: &IdentityStore, prepared: Prepared, attempt: Attempt, status: StatusCode) -> Result<HttpResponse, Problem> {
    let f = ask.frame("role-assignments", Some(store), crumbs(store, Some("Confirm")));
    let Prepared { chosen, people, count, outside, asleep, with_others, inherited, too_many } = prepared;
    let Attempt { draft, ids, typed, faults, trouble } = attempt;
    let view = Confirm {
        f,
        base: base(store),
        chosen,
        draft,
        ids,
        people,
        count,
        outside,
        asleep,
        with_others,
        inherited,
        typed,
        faults,
        trouble,
        too_many,
    };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// The dialog once more, after a post that could not be done: with what was typed, and with what is left.
pub(in crate::web::console) async fn ask_again(
    ask: &Ask,
    permit: Permit<RoleAssignmentEdit>,
    store: IdentityStore,
    wanted: Wanted,
    mut attempt: Attempt,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    // What is left is sent by the form itself; the draft still names those who are gone.
    if let Some(trouble) = &attempt.trouble {
        attempt.ids = trouble.rest.clone();
    }
    let ids = attempt.ids.clone();
    let prepared = ask.house.work(move |db| db.read(&permit, |view| prepare(view, wanted, &ids, false))).await?;
    draw(ask, &store, prepared, attempt, status)
}
