//! The *Unassigned roles* tab (screens.md 4.9, 3.6): the picker, its selection, and the confirmation.

mod confirm;

pub use confirm::confirm;
pub(super) use confirm::{Attempt, Typed, ask_again};

use super::{
    accounts::filter,
    role_assignments::{Chosen, base, chosen, crumbs, may_give, pair_address, wanted},
};
use crate::{
    access::{Ground, Permit},
    domain::{
        identity_store::IdentityStore,
        key::AccountKey,
        permissions::{RoleAssignmentEdit, RoleAssignmentView, UserView},
        role_assignment::MOST_AT_ONCE,
    },
    problem::Problem,
    store::{
        Reader, View as Reading,
        accounts::{Filter, Sort},
        identity_stores, organizations,
        paging::{Paging, Slice, Total},
        role_assignments::{self, Candidate, Wanted},
        roles,
        selections::{self, Draft, Selected},
    },
    web::{
        choosing::{Choice, Pick, Turn},
        form::Form,
        frame::{Ask, Frame},
        list::{Pager, Query, past_end, reading, total},
        note::Note,
        page::{View, is_fragment, see_other},
    },
};
use actix_web::{HttpResponse, web::Path};
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "console/unassigned/list.html", blocks = ["results", "selbar"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    sort: Sort,
    chosen: Chosen,
    candidates: Slice<Candidate>,
    pager: Pager,
    choice: Choice,
    held: Total,
    narrowed: bool,
}

impl View for List {
    fn fragment(&self) -> askama::Result<String> {
        if self.choice.ticks { self.as_selbar().render() } else { self.as_results().render() }
    }

    fn reading(&self) -> Option<serde_json::Value> {
        Some(reading(&self.candidates, &self.pager, |candidate| {
            json!({
                "account": candidate.account.id, "name": candidate.account.name, "email": candidate.account.email,
                "username": candidate.account.username, "status": candidate.account.status.word(),
                "inherited_from": candidate.inherited_from.as_ref().map(|step| &step.id),
                "may_be_chosen": candidate.above.is_none(),
            })
        }))
    }
}

impl List {
    fn back(&self) -> String {
        let pair = pair_address(&self.base, &self.chosen.wanted.organization, &self.chosen.wanted.role);
        match &self.choice.draft {
            Some(draft) => format!("{pair}&d={}", draft.id),
            None => pair,
        }
    }

    /// Where the form posts to.
    fn action(&self) -> String {
        format!("{}/role-assignments/selection", self.base)
    }

    fn total(&self) -> String {
        total(self.candidates.total)
    }
}

/// The pair of a draft, if both are still there and in reach.
pub(super) fn wanted_of<G: Ground>(view: &mut Reading<'_, G>, store: &IdentityStore, draft: &Draft) -> Result<Wanted, Problem> {
    let (organization, role) = draft.pair.ok_or(Problem::NotFound)?;
    let organization = organizations::find_by_key(view, organization)?;
    let role = roles::find_by_key(view, store, role)?;
    Ok(Wanted { organization, role })
}

/// What an address asks for.
struct Sought {
    org: String,
    role: String,
    draft: String,
    filter: Filter,
    only: bool,
    sort: Sort,
    paging: Paging,
}

impl Sought {
    fn read(query: &mut Query, rows: i64) -> Self {
        Self {
            org: query.get("org").to_owned(),
            role: query.get("role").to_owned(),
            draft: query.get("d").to_owned(),
            filter: filter(query),
            sort: query.choice("sort", Sort::from_word).unwrap_or_default(),
            only: query.one_of("show", &["selected"]) == "selected",
            paging: query.paging(rows),
        }
    }
}

struct Seen {
    store: IdentityStore,
    chosen: Chosen,
    candidates: Slice<Candidate>,
    draft: Option<Draft>,
    selected: Selected,
    held: Total,
}

/// `GET /admin/stores/{store}/role-assignments/unassigned`
pub async fn list(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show(permit, &ask, slug.into_inner(), ask.query(), Turn::Replace).await
}

async fn show(permit: Permit<RoleAssignmentEdit>, ask: &Ask, slug: String, mut query: Query, turn: Turn) -> Result<HttpResponse, Problem> {
    if query.get("org").is_empty() || query.get("role").is_empty() {
        let mut response = see_other(&ask.req, &format!("/admin/stores/{slug}/role-assignments"));
        response.add_cookie(&Note::new("Choose an organization and a role first.").cookie(&ask.house)).map_err(Problem::internal)?;
        return Ok(response);
    }
    let sought = Sought::read(&mut query, ask.rows());
    let (only, sort, narrowed) = (sought.only, sought.sort, !sought.filter.is_empty());
    let seen = ask.house.work(move |db| db.read(&permit, |view| load(view, &slug, &sought))).await?;
    if let Some(last) = past_end(&query, &seen.candidates) {
        return Ok(see_other(&ask.req, &last));
    }
    // The form leads on by the cursor of the page that it shows.
    let f = ask.frame("role-assignments", Some(&seen.store), crumbs(&seen.store, Some("Assign accounts")));
    let pager = Pager::new(&query, &seen.candidates);
    let (base, address) = (base(&seen.store), query.address());
    let Seen { chosen, candidates, draft, selected, held, .. } = seen;
    let choice = Choice { draft, selected, only, ticks: turn == Turn::Tick };
    let view = List { f, base, query, sort, chosen, candidates, pager, choice, held, narrowed };
    Ok(turn.show(view, address, &ask.req))
}

fn load(view: &mut Reading<'_, RoleAssignmentEdit>, slug: &str, sought: &Sought) -> Result<Seen, Problem> {
    let store = identity_stores::find_with_roles(view, slug)?;
    let pair = wanted(view, &store, &sought.org, &sought.role)?;
    let chosen = chosen(view, pair)?;
    if !may_give(view.permit().person()?, &chosen, view.now()) {
        return Err(Problem::Forbidden(format!(
            "The role {} holds more than you do at {} and below. Nobody hands out more than they hold.",
            chosen.wanted.role.terms.name, chosen.wanted.organization.name
        )));
    }
    let held =
        view.also::<RoleAssignmentView, _>(|view| role_assignments::count(view, &chosen.wanted.organization, chosen.wanted.role.key));
    let held = match held {
        Ok(held) => held,
        Err(Problem::NotFound) => Total { count: 0, exact: true },
        Err(problem) => return Err(problem),
    };
    view.also::<UserView, _>(|view| {
        let draft = if sought.draft.is_empty() { None } else { selections::find(view, store.key, &sought.draft)? };
        let shown = match (&draft, sought.only) {
            (Some(draft), true) => Some(draft.id.as_str()),
            _ => None,
        };
        let candidates = role_assignments::candidates(view, &chosen.wanted, &sought.filter, shown, sought.sort, &sought.paging)?;
        let keys: Vec<AccountKey> = candidates.rows.iter().map(|candidate| candidate.account.key).collect();
        let selected = match &draft {
            Some(draft) => selections::read(view, draft, &chosen.wanted, &keys)?,
            None => Selected { exact: true, ..Selected::default() },
        };
        Ok(Seen { store, chosen, candidates, draft, selected, held })
    })
}

/// `POST /admin/stores/{store}/role-assignments/selection`: of what was seen, this is ticked.
pub async fn select(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>, form: Form<Pick>) -> Result<HttpResponse, Problem> {
    let (slug, pick) = (slug.into_inner(), form.fields);
    let owner = ask.actor()?.account;
    let matching = filter(&mut pick.query(""));
    let (slug_too, pick_too) = (slug.clone(), pick.clone());
    let (permit, store, draft) = ask
        .house
        .work(move |db| {
            let (store, wanted, keys) = db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug_too)?;
                let wanted = wanted(view, &store, &pick_too.org, &pick_too.role)?;
                let ids = pick_too.ids()?;
                let keys = view.also::<UserView, _>(|view| selections::keys(view, store.key, &ids))?;
                Ok((store, wanted, keys))
            })?;
            let change = pick_too.change(&keys, matching);
            let id = db.note(|note| selections::change(note, &db.chance, owner, pick_too.draft(), wanted.purpose(), &change))?;
            if pick_too.go != "confirm" {
                return Ok((permit, store, id));
            }
            // Frozen: what matches later is not added.
            let keys = db.read(&permit, |view| {
                view.also::<UserView, _>(|view| {
                    let draft = selections::find(view, store.key, &id)?.ok_or(Problem::NotFound)?;
                    selections::resolve(view, &draft, &wanted)
                })
            })?;
            if keys.len() <= MOST_AT_ONCE && !keys.is_empty() {
                let keys: Vec<AccountKey> = keys.iter().map(|(key, _)| *key).collect();
                db.note(|note| selections::freeze(note, &id, &keys))?;
            }
            Ok((permit, store, id))
        })
        .await?;
    let base = base(&store);
    if pick.go == "confirm" {
        if is_fragment(&ask.req) {
            return confirm::dialog(permit, &ask, slug, &draft).await;
        }
        return Ok(see_other(&ask.req, &format!("{base}/role-assignments/confirm?d={draft}")));
    }
    let address = pick.address(&format!("{base}/role-assignments/unassigned"), &draft);
    if is_fragment(&ask.req) {
        let (path, words) = address.split_once('?').unwrap_or((&address, ""));
        return show(permit, &ask, slug, Query::parse(path, words), pick.turn()).await;
    }
    Ok(see_other(&ask.req, &address))
}
