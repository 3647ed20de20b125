//! The *Unassigned roles* tab (screens.md 4.9, 3.6): the picker, its selection, and the confirmation.

use super::{
    accounts::filter,
    role_assignments::{Chosen, base, chosen, crumbs, may_give, pair_address, wanted},
};
use crate::{
    access::{Ground, Permit},
    domain::{
        identity_store::IdentityStore,
        key::AccountKey,
        organization::{Step, above_text},
        permissions::{RoleAssignmentEdit, RoleAssignmentView, UserView},
        role_assignment::MOST_AT_ONCE,
        text,
    },
    problem::Problem,
    store::{
        View as Reading,
        accounts::{Filter, Sort},
        identity_stores, organizations,
        paging::{Paging, Slice, Total},
        role_assignments::{self, Candidate, Trouble, Wanted},
        roles,
        selections::{self, Change, Draft, Selected},
    },
    web::{
        form::{Faults, Form},
        frame::{Ask, Frame},
        list::{Pager, Query, past_end, reading, total},
        note::Note,
        page::{View, page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

#[derive(Template)]
#[template(path = "console/unassigned/list.html", blocks = ["results", "selbar"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    filter: Filter,
    sort: Sort,
    chosen: Chosen,
    candidates: Slice<Candidate>,
    pager: Pager,
    draft: Option<Draft>,
    selected: Selected,
    held: Total,
    only: bool,
    /// Whether only a tick changed, so that the rows stay as they are on the page and no quick second tick is lost.
    ticks: bool,
}

impl View for List {
    fn fragment(&self) -> askama::Result<String> {
        if self.ticks { self.as_selbar().render() } else { self.as_results().render() }
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
    fn ticked(&self, candidate: &Candidate) -> bool {
        self.selected.ticked.contains(&candidate.account.key)
    }

    fn back(&self) -> String {
        let pair = pair_address(&self.base, &self.chosen.wanted.organization, &self.chosen.wanted.role);
        match &self.draft {
            Some(draft) => format!("{pair}&d={}", draft.id),
            None => pair,
        }
    }

    fn selected_text(&self) -> String {
        if self.selected.exact {
            text::thousands(self.selected.count)
        } else {
            format!("more than {}", text::thousands(self.selected.count))
        }
    }

    fn total(&self) -> String {
        total(self.candidates.total)
    }

    fn all_matching(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| draft.matching.is_some())
    }

    fn narrowed(&self) -> bool {
        !self.filter.is_empty()
    }

    /// The filter's own address parts, kept by the form.
    fn kept(&self) -> Vec<(&'static str, String)> {
        let Filter { authn, authz, member, .. } = self.filter.clone();
        let sort = if self.sort == Sort::Name { String::new() } else { self.sort.word().to_owned() };
        let only = if self.only { "selected".to_owned() } else { String::new() };
        let per = self.query.get("per").to_owned();
        [("authn", authn), ("authz", authz), ("member", member), ("sort", sort), ("show", only), ("per", per)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}

/// The pair of a draft, if both are still there and in reach.
pub(super) fn wanted_of<G: Ground>(view: &mut Reading<'_, G>, store: &IdentityStore, draft: &Draft) -> Result<Wanted, Problem> {
    let (organization, role) = draft.pair.ok_or(Problem::NotFound)?;
    let organization = organizations::find_by_key(view, organization)?;
    let role = roles::find_by_key(view, store, role)?;
    Ok(Wanted { organization, role })
}

/// What a change of the picker does to the page and its address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Other rows, a step of its own in the history.
    Push,
    /// Other rows in the place of these.
    Replace,
    /// The same rows.
    Tick,
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
    let (org, role, draft) = (query.get("org").to_owned(), query.get("role").to_owned(), query.get("d").to_owned());
    if org.is_empty() || role.is_empty() {
        let mut response = see_other(&ask.req, &format!("/admin/stores/{slug}/role-assignments"));
        response.add_cookie(&Note::new("Choose an organization and a role first.").cookie(&ask.house)).map_err(Problem::internal)?;
        return Ok(response);
    }
    let filter = filter(&mut query);
    let sort = query.choice("sort", Sort::from_word).unwrap_or_default();
    let only = query.one_of("show", &["selected"]) == "selected";
    let paging = query.paging(ask.rows());
    let filter_too = filter.clone();
    let seen = ask
        .house
        .work(move |db| db.read(&permit, |view| load(view, &slug, (&org, &role), &draft, &filter_too, only, sort, &paging)))
        .await?;
    if let Some(last) = past_end(&query, &seen.candidates) {
        return Ok(see_other(&ask.req, &last));
    }
    // The form leads on by the cursor of the page that it shows.
    let f = ask.frame("role-assignments", Some(&seen.store), crumbs(&seen.store, Some("Assign accounts")));
    let pager = Pager::new(&query, &seen.candidates);
    let (base, address) = (base(&seen.store), query.address());
    let Seen { chosen, candidates, draft, selected, held, .. } = seen;
    let view = List { f, base, query, filter, sort, chosen, candidates, pager, draft, selected, held, only, ticks: turn == Turn::Tick };
    let page = page(view);
    let page = if turn == Turn::Push { page.pushes(address) } else { page.replaces(address) };
    Ok(page.respond_to(&ask.req))
}

#[allow(clippy::too_many_arguments, reason = "each is one word of the address")]
fn load(
    view: &mut Reading<'_, RoleAssignmentEdit>,
    slug: &str,
    (org, role): (&str, &str),
    draft: &str,
    filter: &Filter,
    only: bool,
    sort: Sort,
    paging: &Paging,
) -> Result<Seen, Problem> {
    let store = identity_stores::find_with_roles(view, slug)?;
    let pair = wanted(view, &store, org, role)?;
    let chosen = chosen(view, pair)?;
    if !may_give(view_actor(view)?, &chosen, view.now()) {
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
        let draft = if draft.is_empty() { None } else { selections::find(view, store.key, draft)? };
        let shown = match (&draft, only) {
            (Some(draft), true) => Some(draft.id.as_str()),
            _ => None,
        };
        let candidates = role_assignments::candidates(view, &chosen.wanted, filter, shown, sort, paging)?;
        let keys: Vec<AccountKey> = candidates.rows.iter().map(|candidate| candidate.account.key).collect();
        let selected = match &draft {
            Some(draft) => selections::read(view, draft, &chosen.wanted, &keys)?,
            None => Selected { exact: true, ..Selected::default() },
        };
        Ok(Seen { store, chosen, candidates, draft, selected, held })
    })
}

fn view_actor<'v, G: Ground>(view: &'v Reading<'_, G>) -> Result<&'v crate::access::Actor, Problem> {
    use crate::store::Reader;
    view.permit().person().map(|actor| &**actor)
}

/// The fields of the picker: where it stands, what was seen and ticked, and the button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pick {
    d: String,
    org: String,
    role: String,
    q: String,
    authn: String,
    authz: String,
    member: String,
    sort: String,
    show: String,
    per: String,
    page: String,
    was: String,
    first: String,
    last: String,
    go: String,
    seen: Vec<String>,
    sel: Vec<String>,
}

impl Pick {
    fn filter(&self) -> Filter {
        Filter { q: self.q.clone(), authn: self.authn.clone(), authz: self.authz.clone(), member: self.member.clone(), ..Filter::default() }
    }

    /// The canonical address that this post leads to.
    fn address(&self, base: &str, draft: &str) -> String {
        let query = Query::parse(&format!("{base}/role-assignments/unassigned"), "");
        let (mut sort, mut show, mut page, mut after, mut before) = (self.sort.as_str(), self.show.as_str(), "", "", "");
        let current: i64 = self.page.parse().unwrap_or(1);
        // Another search starts at its first page, whatever button led there.
        let moved = self.q.trim() != self.was.trim();
        match self.go.split_once(':') {
            Some(("page", number)) if !moved => {
                page = if number == "1" { "" } else { number };
                if number.parse() == Ok(current + 1) {
                    after = &self.last;
                } else if number.parse() == Ok(current - 1) && !page.is_empty() {
                    before = &self.first;
                }
            }
            Some(("sort", word)) => sort = if word == "name" { "" } else { word },
            Some(("show", word)) => show = if word == "selected" { word } else { "" },
            _ if self.go.is_empty() && !moved => page = if self.page == "1" { "" } else { &self.page },
            _ => {}
        }
        query.with_all(&[
            ("org", &self.org),
            ("role", &self.role),
            ("q", self.q.trim()),
            ("authn", &self.authn),
            ("authz", &self.authz),
            ("member", &self.member),
            ("sort", sort),
            ("show", show),
            ("per", &self.per),
            ("page", page),
            ("after", after),
            ("before", before),
            ("d", draft),
        ])
    }
}

/// `POST /admin/stores/{store}/role-assignments/selection`: of what was seen, this is ticked.
pub async fn select(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>, form: Form<Pick>) -> Result<HttpResponse, Problem> {
    let (slug, pick) = (slug.into_inner(), form.fields);
    let owner = ask.actor()?.account;
    let (slug_too, pick_too) = (slug.clone(), pick.clone());
    let (permit, store, draft) = ask
        .house
        .work(move |db| {
            let (store, wanted, keys) = db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug_too)?;
                let wanted = wanted(view, &store, &pick_too.org, &pick_too.role)?;
                let mut ids = pick_too.seen.clone();
                ids.extend(pick_too.sel.iter().cloned());
                if ids.len() > 2 * MOST_AT_ONCE {
                    return Err(Problem::TooLarge);
                }
                let keys = view.also::<UserView, _>(|view| selections::keys(view, store.key, &ids))?;
                Ok((store, wanted, keys))
            })?;
            let known = |ids: &[String]| ids.iter().filter_map(|id| keys.get(id).copied()).collect::<Vec<_>>();
            let replace = match pick_too.go.as_str() {
                "select:matching" => Some(Some(pick_too.filter())),
                "select:none" => Some(None),
                _ => None,
            };
            // A tick without its row's hidden field counts as seen.
            let mut seen = known(&pick_too.seen);
            seen.extend(known(&pick_too.sel));
            let change = Change { seen, ticked: known(&pick_too.sel), replace };
            let given = (!pick_too.d.is_empty()).then_some(pick_too.d.as_str());
            let id = db.note(|note| selections::change(note, &db.chance, owner, given, wanted.purpose(), &change))?;
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
        let to = format!("{base}/role-assignments/confirm?d={draft}");
        if crate::web::page::is_fragment(&ask.req) {
            return dialog(permit, &ask, slug, &draft).await;
        }
        return Ok(see_other(&ask.req, &to));
    }
    let address = pick.address(&base, &draft);
    if crate::web::page::is_fragment(&ask.req) {
        let (path, words) = address.split_once('?').unwrap_or((&address, ""));
        let moved = pick.q.trim() != pick.was.trim();
        let turn = match pick.go.as_str() {
            "" if !moved => Turn::Tick,
            go if ["page:", "sort:", "show:"].iter().any(|start| go.starts_with(start)) => Turn::Push,
            _ => Turn::Replace,
        };
        return show(permit, &ask, slug, Query::parse(path, words), turn).await;
    }
    Ok(see_other(&ask.req, &address))
}

/// What was typed in the confirmation.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub starts: String,
    pub ends: String,
    pub reason: String,
}

#[derive(Template)]
#[template(path = "console/unassigned/confirm.html", blocks = ["dialog"])]
struct Confirm {
    f: Frame,
    base: String,
    chosen: Chosen,
    draft: String,
    /// Sent by the form itself where there is no draft, or only some of it is left.
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

async fn dialog(permit: Permit<RoleAssignmentEdit>, ask: &Ask, slug: String, draft: &str) -> Result<HttpResponse, Problem> {
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
    draw(ask, &store, prepared, draft.id, Vec::new(), Typed::default(), Faults::default(), None, StatusCode::OK)
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
fn prepare(view: &mut Reading<'_, RoleAssignmentEdit>, wanted: Wanted, ids: &[String], too_many: bool) -> Result<Prepared, Problem> {
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
        .filter(|person| person.account.status != crate::domain::account::Status::Active || person.account.locked(now).is_some())
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

#[allow(clippy::too_many_arguments, reason = "each is one thing that the dialog shows")]
fn draw(
    ask: &Ask,
    store: &IdentityStore,
    prepared: Prepared,
    draft: String,
    ids: Vec<String>,
    typed: Typed,
    faults: Faults,
    trouble: Option<Trouble>,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let f = ask.frame("role-assignments", Some(store), crumbs(store, Some("Confirm")));
    let Prepared { chosen, people, count, outside, asleep, with_others, inherited, too_many } = prepared;
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
#[allow(clippy::too_many_arguments, reason = "each is one thing that the dialog shows")]
pub(super) async fn ask_again(
    ask: &Ask,
    permit: Permit<RoleAssignmentEdit>,
    store: IdentityStore,
    wanted: Wanted,
    ids: Vec<String>,
    draft: &str,
    typed: Typed,
    faults: Faults,
    trouble: Option<Trouble>,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    // What is left is sent by the form itself; the draft still names those who are gone.
    let left = trouble.as_ref().map_or(ids, |trouble| trouble.rest.clone());
    let left_too = left.clone();
    let prepared = ask.house.work(move |db| db.read(&permit, |view| prepare(view, wanted, &left_too, false))).await?;
    draw(ask, &store, prepared, draft.to_owned(), left, typed, faults, trouble, status)
}
