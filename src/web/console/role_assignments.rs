//! Organizations > Role assignments (screens.md 4.9): pairs, holders, giving and taking.

use super::unassigned;
use crate::{
    access::{Ground, Permit, confer},
    domain::{
        Refusal,
        identity_store::IdentityStore,
        organization::{Lineage, Organization, Step},
        permissions::{Permission, RoleAssignmentEdit, RoleAssignmentView, UserView},
        role::Role,
        role_assignment::{self, Given, MOST_AT_ONCE},
        text,
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        Once, View, identity_stores, organizations,
        paging::{EXACT, Paging, Slice},
        role_assignments::{self, Gave, Holder, Holders, Pair, Removal, Wanted},
        roles, selections,
    },
    web::{
        export,
        form::{Faults, Form},
        frame::{Ask, Crumb, Frame, crumb, here},
        list::{Pager, Query, past_end, reading, total},
        note::Note,
        page::{encode, page, see_other, view},
        when,
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

/// What the choice of a pair needs, on both tabs.
pub(super) struct Pairing {
    /// Organizations to choose from.
    pub organizations: Vec<organizations::Choice>,
    /// Whether the list has to be searched: it holds not all of them.
    pub more: bool,
    /// Roles to choose from: id and name.
    pub roles: Vec<(String, String)>,
}

/// Everything about the chosen pair that both tabs show.
pub(super) struct Chosen {
    pub wanted: Wanted,
    pub path: Vec<Step>,
    pub lineage: Lineage,
    pub below: Vec<String>,
    pub below_count: i64,
}

pub(super) fn base(store: &IdentityStore) -> String {
    format!("/admin/stores/{}", store.slug)
}

pub(super) fn crumbs(store: &IdentityStore, last: Option<&str>) -> Vec<Crumb> {
    let base = base(store);
    let mut crumbs = vec![crumb(format!("{base}/organizations"), "Organizations")];
    match last {
        None => crumbs.push(here("Role assignments")),
        Some(last) => {
            crumbs.push(crumb(format!("{base}/role-assignments"), "Role assignments"));
            crumbs.push(here(last));
        }
    }
    crumbs
}

/// The pair that an address names, in the reach of the permit.
pub(super) fn wanted<G: Ground>(view: &mut View<'_, G>, store: &IdentityStore, org: &str, role: &str) -> Result<Wanted, Problem> {
    Ok(Wanted { organization: organizations::find(view, store.key, org)?, role: roles::find(view, store, role)? })
}

pub(super) fn chosen<G: Ground>(view: &mut View<'_, G>, wanted: Wanted) -> Result<Chosen, Problem> {
    let path = organizations::path(view, &wanted.organization)?;
    let (below, below_count) = organizations::below(view, &wanted.organization, 200)?;
    let lineage = organizations::lineage_of(view, &wanted.organization)?;
    Ok(Chosen { wanted, path, lineage, below, below_count })
}

#[derive(Template)]
#[template(path = "console/role_assignments/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    pairing: Pairing,
    pairs: Option<Slice<Pair>>,
    chosen: Option<Chosen>,
    holders: Option<Holders>,
    pager: Pager,
    kept: Option<(i64, String)>,
    may_edit: bool,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        let holder = |holder: &Holder| {
            json!({
                "account": holder.account.id, "name": holder.account.name, "email": holder.account.email, "username": holder.account.username,
                "from": holder.from.as_ref().map(|step| &step.id),
                "starts": holder.period.starts.map(Time::rfc3339), "ends": holder.period.ends.map(Time::rfc3339),
                "reason": holder.reason, "given": holder.given.word(), "given_by": holder.given_by, "given_at": holder.given_at.rfc3339(),
            })
        };
        match (&self.pairs, &self.holders) {
            (Some(pairs), _) => reading(pairs, &self.pager, |pair| {
                json!({
                    "organization": pair.organization_id, "path": pair.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
                    "role": pair.role_id, "role_name": pair.role, "accounts": pair.accounts, "below": pair.below,
                })
            }),
            (_, Some(holders)) => {
                let mut found = reading(&holders.direct, &self.pager, holder);
                found["inherited"] = json!(holders.inherited.iter().map(holder).collect::<Vec<_>>());
                found["inherited_total"] = json!(holders.inherited_total.count);
                found
            }
            (None, None) => serde_json::Value::Null,
        }
    }
}

impl List {
    fn pair_href(&self, pair: &Pair) -> String {
        format!("{}/role-assignments?org={}&role={}", self.base, pair.organization_id, pair.role_id)
    }

    fn assign_href(&self) -> String {
        format!("{}/role-assignments/unassigned?org={}&role={}", self.base, self.query.get("org"), self.query.get("role"))
    }

    /// "30 accounts", for the tab.
    fn held(&self) -> Option<String> {
        self.holders.as_ref().map(|holders| total(holders.direct.total))
    }

    fn removable(&self) -> bool {
        self.may_edit && self.holders.as_ref().is_some_and(|holders| holders.direct.rows.iter().any(|holder| holder.above.is_none()))
    }
}

/// `GET /admin/stores/{store}/role-assignments`
pub async fn list(permit: Permit<RoleAssignmentView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let (org, role, q, draft) = (query.get("org").to_owned(), query.get("role").to_owned(), query.search(), query.get("d").to_owned());
    let find = query.get("find").chars().take(200).collect::<String>();
    let paging = query.paging(ask.rows());
    let (store, pairing, pairs, chosen, holders, kept) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let at = if org.is_empty() { None } else { Some(organizations::find(view, store.key, &org)?) };
                let (organizations, more) = organizations::choices_for(view, store.key, &find, at.as_ref())?;
                let pairing = Pairing { organizations, more: more || !find.is_empty(), roles: roles::choices(view, store.key)? };
                let what = if role.is_empty() { None } else { Some(roles::find(view, &store, &role)?) };
                match (at, what) {
                    (Some(organization), Some(role)) => {
                        let holders = role_assignments::holders(view, &organization, role.key, &q, &paging)?;
                        let chosen = chosen(view, Wanted { organization, role })?;
                        let kept = kept(view, &store, &draft, &chosen.wanted)?;
                        Ok((store, pairing, None, Some(chosen), Some(holders), kept))
                    }
                    (at, what) => {
                        // Pairs are sought by number alone.
                        let paging =
                            Paging { after: None, before: None, number: paging.number.min(EXACT / paging.per + 1), per: paging.per };
                        let pairs = role_assignments::pairs(view, store.key, at.map(|at| at.key), what.map(|what| what.key), &paging)?;
                        Ok((store, pairing, Some(pairs), None, None, None))
                    }
                }
            })
        })
        .await?;
    let end = match (&pairs, &holders) {
        (Some(pairs), _) => past_end(&query, pairs),
        (_, Some(holders)) => past_end(&query, &holders.direct),
        _ => None,
    };
    if let Some(last) = end {
        return Ok(see_other(&ask.req, &last));
    }
    let pager = match (&pairs, &holders) {
        (Some(pairs), _) => Pager::new(&query, pairs),
        (_, Some(holders)) => Pager::new(&query, &holders.direct),
        _ => return Err(Problem::NotFound),
    };
    let actor = ask.actor()?;
    let may_edit = match &chosen {
        // D-12: where the person could not give this role here, the buttons are absent.
        Some(chosen) => may_give(actor, chosen, ask.house.db.clock.now()),
        None => actor.may(&RoleAssignmentEdit::LEAF) && actor.may(&UserView::LEAF),
    };
    let f = ask.frame("role-assignments", Some(&store), crumbs(&store, None));
    let (base, address) = (base(&store), query.address());
    let view = List { f, base, query, pairing, pairs, chosen, holders, pager, kept, may_edit };
    Ok(page(view).replaces(address).respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/role-assignments/export`: who holds the pair here directly; without a pair, the pairs.
pub async fn export(
    permit: Permit<RoleAssignmentView>,
    ask: Ask,
    slug: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let (org, role, q) = (query.get("org").to_owned(), query.get("role").to_owned(), query.search());
    let format = export::Format::from_word(&form.fields.format);
    let permit_too = ask.permit::<RoleAssignmentView>()?;
    let (store, at, what) = ask
        .house
        .work(move |db| {
            db.read(&permit_too, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let at = if org.is_empty() { None } else { Some(organizations::find(view, store.key, &org)?) };
                let what = if role.is_empty() { None } else { Some(roles::find(view, &store, &role)?) };
                Ok((store, at, what))
            })
        })
        .await?;
    if let (Some(at), Some(what)) = (at.clone(), what.clone()) {
        let columns = ["Account id", "Name", "E-mail", "User name", "Role", "Organization", "Starts", "Ends", "Reason", "Given by", "When"];
        let sheet = export::Sheet { name: "role-assignments", columns: columns.map(str::to_owned).to_vec() };
        let (role, organization, key) = (what.terms.name.clone(), at.name.clone(), what.key);
        let time = |time: Option<Time>| time.map(Time::rfc3339).unwrap_or_default();
        return export::send(
            &ask,
            permit,
            sheet,
            format,
            move |view, paging| role_assignments::holders(view, &at, key, &q, paging).map(|holders| holders.direct),
            move |holder: &Holder| {
                vec![
                    holder.account.id.clone(),
                    holder.account.name.clone(),
                    holder.account.email.clone().unwrap_or_default(),
                    holder.account.username.clone().unwrap_or_default(),
                    role.clone(),
                    organization.clone(),
                    time(holder.period.starts),
                    time(holder.period.ends),
                    holder.reason.clone(),
                    given_by(holder),
                    holder.given_at.rfc3339(),
                ]
            },
        )
        .await;
    }
    let columns = ["Organization id", "Organization", "Role id", "Role", "Accounts", "Below it", "Last change"];
    let sheet = export::Sheet { name: "role-assignment-pairs", columns: columns.map(str::to_owned).to_vec() };
    let (at, what) = (at.map(|at| at.key), what.map(|what| what.key));
    export::send(
        &ask,
        permit,
        sheet,
        format,
        move |view, paging| role_assignments::pairs(view, store.key, at, what, paging),
        |pair: &Pair| {
            vec![
                pair.organization_id.clone(),
                crate::domain::organization::path_text(&pair.path),
                pair.role_id.clone(),
                pair.role.clone(),
                pair.accounts.to_string(),
                pair.below.to_string(),
                pair.changed_at.rfc3339(),
            ]
        },
    )
    .await
}

/// Whether the person could give this role here, for a while at least: what A-8 will ask again when they do.
pub(super) fn may_give(actor: &crate::access::Actor, chosen: &Chosen, now: Time) -> bool {
    actor.may(&UserView::LEAF) && confer::may_confer(actor, chosen.wanted.role.terms.rights, &chosen.lineage, Some(now)).is_ok()
}

/// "4 accounts still selected": the draft that the picker left behind.
fn kept(
    view: &mut View<'_, RoleAssignmentView>,
    store: &IdentityStore,
    draft: &str,
    wanted: &Wanted,
) -> Result<Option<(i64, String)>, Problem> {
    if draft.is_empty() {
        return Ok(None);
    }
    let found = view.also::<UserView, _>(|view| match selections::find(view, store.key, draft)? {
        Some(draft) => Ok(Some((selections::read(view, &draft, wanted, &[])?.count, draft.id))),
        None => Ok(None),
    });
    match found {
        Ok(kept) => Ok(kept.filter(|(count, _)| *count > 0)),
        Err(Problem::NotFound | Problem::Forbidden(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}

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
pub(super) fn terms(ask: &Ask, starts: &str, ends: &str, reason: &str) -> Result<(Period, String), Faults> {
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
                let wanted = unassigned::wanted_of(view, &store, &draft)?;
                Ok((store, wanted, ids, draft.frozen.unwrap_or(0)))
            })?;
            Ok((permit, found.0, found.1, found.2, found.3))
        })
        .await?;
    let typed = unassigned::Typed { starts: fields.starts.clone(), ends: fields.ends.clone(), reason: fields.reason.clone() };
    if review && !ids.is_empty() {
        // A session ended amid the confirmation: it is asked for once more.
        let nothing = Faults::default();
        return unassigned::ask_again(&ask, permit, store, wanted, ids, &fields.d, typed, nothing, None, StatusCode::OK).await;
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
            return unassigned::ask_again(
                &ask,
                permit,
                store,
                wanted,
                ids,
                &fields.d,
                typed,
                faults,
                None,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await;
        }
    };
    let (wanted_too, ids_too) = (wanted.clone(), ids.clone());
    let (permit, gave) = ask
        .house
        .work(move |db| {
            let gave = db.write_once(&permit, once.as_deref(), |tx| {
                // Found again under the lock: the pair may have changed or left reach.
                let organization = organizations::find(tx, wanted_too.organization.store, &wanted_too.organization.id)?;
                let store = identity_stores::find_with_roles(tx, &slug)?;
                let role = roles::find(tx, &store, &wanted_too.role.id)?;
                let to = pair_address(&base(&store), &organization, &role);
                let gave = role_assignments::add(tx, &Wanted { organization, role }, &ids_too, frozen, period, &reason)?;
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
            unassigned::ask_again(
                &ask,
                permit,
                store,
                wanted,
                ids,
                &fields.d,
                typed,
                Faults::default(),
                Some(trouble),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
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

/// The fields of taking.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Take {
    org: String,
    role: String,
    account: Vec<String>,
}

#[derive(Template)]
#[template(path = "console/role_assignments/remove.html", blocks = ["dialog"])]
struct Remove {
    f: Frame,
    base: String,
    chosen: Chosen,
    ids: Vec<String>,
    removal: Removal,
}
view!(Remove, as_dialog);

impl Remove {
    fn count(&self) -> i64 {
        self.removal.accounts.len() as i64
    }

    fn back(&self) -> String {
        format!("{}/role-assignments?org={}&role={}", self.base, self.chosen.wanted.organization.id, self.chosen.wanted.role.id)
    }
}

/// `GET /admin/stores/{store}/role-assignments/remove`: the confirmation with the effect.
pub async fn confirm_remove(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let fields: Take = serde_html_form::from_str(ask.req.query_string()).unwrap_or_default();
    if fields.account.is_empty() {
        let query = ask.query();
        let back = format!("/admin/stores/{}/role-assignments?org={}&role={}", slug, encode(query.get("org")), encode(query.get("role")));
        let mut response = see_other(&ask.req, &back);
        response.add_cookie(&Note::new("Select at least one account first.").cookie(&ask.house)).map_err(Problem::internal)?;
        return Ok(response);
    }
    let (store, chosen, removal, ids) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let wanted = wanted(view, &store, &fields.org, &fields.role)?;
                let removal = role_assignments::preview_removal(view, &wanted, &fields.account)?;
                Ok((store, chosen(view, wanted)?, removal, fields.account))
            })
        })
        .await?;
    let f = ask.frame("role-assignments", Some(&store), crumbs(&store, Some("Remove")));
    Ok(page(Remove { f, base: base(&store), chosen, ids, removal }).respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/role-assignments/remove`
pub async fn remove(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>, form: Form<Take>) -> Result<HttpResponse, Problem> {
    let (fields, once) = (form.fields, form.once);
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    let removed = ask
        .house
        .work(move |db| {
            db.write_once(&permit, once.as_deref(), |tx| {
                let store = identity_stores::find_with_roles(tx, &slug)?;
                let organization = organizations::find(tx, store.key, &fields.org)?;
                let wanted = Wanted { organization, role: roles::find(tx, &store, &fields.role)? };
                let removed = role_assignments::remove(tx, &wanted, &fields.account)?;
                let to = pair_address(&base(&store), &wanted.organization, &wanted.role);
                Ok(((to.clone(), wanted, removed), to))
            })
        })
        .await?;
    let (back, wanted, removed) = match removed {
        Once::Before(to) => return Ok(see_other(&ask.req, &to)),
        Once::Now(done) => done,
    };
    let (removed, event) = removed;
    let words = match removed {
        0 => format!("Nothing to do: none of them held {} in {}.", wanted.role.terms.name, wanted.organization.name),
        many => format!(
            "{} no longer {} {} in {}.",
            text::count(many as i64, "account", "accounts"),
            if many == 1 { "holds" } else { "hold" },
            wanted.role.terms.name,
            wanted.organization.name
        ),
    };
    let note = Note::new(words);
    ask.led_to(&back, if removed > 0 { note.undo(event) } else { note })
}

/// Who gave it, or how it came about.
pub(super) fn given_by(holder: &Holder) -> String {
    giver(&holder.given_by, holder.given)
}

/// The giver's name, or how it came about without one.
pub(in crate::web) fn giver(by: &Option<String>, given: Given) -> String {
    match (by, given) {
        (Some(by), _) => by.clone(),
        (None, Given::Import) => "Import".into(),
        (None, Given::Automatic) => "Automatic".into(),
        (None, Given::Invitation) => "Invitation".into(),
        (None, Given::Hand) => "–".into(),
    }
}

/// The pair of an organization and a role, when both are known.
pub(super) fn pair_address(base: &str, organization: &Organization, role: &Role) -> String {
    format!("{base}/role-assignments?org={}&role={}", organization.id, role.id)
}
