//! Accounts: list and detail (screens.md 4.6).

mod assign;
mod import;
mod new;

pub use assign::assign;
pub(in crate::web) use assign::assign_to;
pub use import::{import, import_form, preview, result, upload};
pub use new::{add, new};

use crate::{
    access::{InConsole, Permit},
    domain::{
        account::Status,
        identity_store::IdentityStore,
        organization::{above_text, path_text},
        permissions::{InvitationCreate, OrganizationView, Permission, RoleAssignmentView, UserEdit, UserView, UserViewEvents},
        rights::Cell,
        time::Time,
    },
    problem::Problem,
    store::{
        View,
        accounts::{self, Filter, MemberActs, Sort},
        effective,
        event_log::{self, Recorded},
        identifiers::Pending,
        identity_stores,
        organizations::{self, Choice},
        paging::Slice,
        sessions::{self, Session},
        verifications::{self, Verification},
    },
    web::{
        accounts::{Chips, Factors, Listing, May, Screens, Wanted},
        export::{self, Sheet},
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        optional,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;
use std::collections::HashSet;

fn base(store: &IdentityStore) -> String {
    format!("/admin/stores/{}", store.slug)
}

fn account_json(account: &accounts::Account) -> serde_json::Value {
    json!({
        "id": account.id, "name": account.name, "email": account.email, "username": account.username,
        "status": account.status.word(), "locked_until": account.locked_until.map(Time::rfc3339),
        "last_sign_in": account.last_sign_in_at.map(Time::rfc3339),
    })
}

fn membership_json(membership: &accounts::Membership) -> serde_json::Value {
    json!({
        "organization": membership.organization_id, "path": membership.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
        "status": membership.status.word(), "since": membership.since.rfc3339(),
    })
}

/// The machine reading of an account in a list.
pub(in crate::web) fn listed_json(listed: &accounts::Listed) -> serde_json::Value {
    let mut found = account_json(&listed.account);
    found["memberships"] = json!(listed.memberships.iter().map(membership_json).collect::<Vec<_>>());
    found["roles"] = json!(listed.roles);
    found
}

/// Reads the filters that lists of accounts share.
pub(in crate::web) fn filter(query: &mut Query) -> Filter {
    Filter {
        q: query.search(),
        authn: query.one_of("authn", &["active", "invited", "locked", "disabled"]),
        authz: query.one_of("authz", &["active", "blocked", "none"]),
        member: query.one_of("member", &["inside", "outside", "none"]),
        ..Filter::default()
    }
}

#[derive(Template)]
#[template(path = "console/accounts/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    sort: Sort,
    accounts: Slice<accounts::Listed>,
    pager: Pager,
    at: Option<String>,
    chips: Chips,
    narrowed: bool,
    may_add: bool,
    may_import: bool,
    /// Whether anything can be done to several accounts at once.
    choosable: bool,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.accounts, &self.pager, listed_json)
    }
}

/// `GET /admin/stores/{store}/accounts`
pub async fn list(permit: Permit<UserView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut wanted = InConsole::wanted(&ask, &mut query)?;
    let sort = wanted.sort;
    let paging = query.paging(ask.rows());
    let (listing, filter, accounts) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let listing = InConsole::listing(view, &slug, &mut wanted)?;
                let store = listing.spot.store.key;
                let accounts = accounts::list::<InConsole>(view, store, &wanted.filter, listing.at(), sort, &paging)?;
                Ok((listing, wanted.filter, accounts))
            })
        })
        .await?;
    query.choice("role", |id| (filter.role == id).then_some(()));
    if let Some(last) = past_end(&query, &accounts) {
        return Ok(see_other(&ask.req, &last));
    }
    let Listing { spot, at, chips, switches, assigns } = listing;
    let f = InConsole::frame(&ask, &spot, vec![here("Accounts")]);
    let pager = Pager::new(&query, &accounts);
    let (base, address, at) = (spot.base, query.address(), at.map(|(at, _)| at.name));
    let may_add = spot.store.opens.adds_accounts;
    let (may_import, narrowed, choosable) = (may_add && !spot.store.built_in, !filter.is_empty(), switches || assigns);
    let list = List { f, base, query, sort, accounts, pager, at, chips, narrowed, may_add, may_import, choosable };
    Ok(page(list).replaces(address).respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/accounts/export`: what the list shows, all of it.
pub async fn export(permit: Permit<UserView>, ask: Ask, slug: Path<String>, form: Form<export::Fields>) -> Result<HttpResponse, Problem> {
    let mut wanted = InConsole::wanted(&ask, &mut ask.query())?;
    let permit_too = ask.permit::<UserView>()?;
    let (listing, Wanted { filter, sort, .. }) = ask
        .house
        .work(move |db| {
            db.read(&permit_too, |view| {
                let listing = InConsole::listing(view, &slug, &mut wanted)?;
                Ok((listing, wanted))
            })
        })
        .await?;
    let columns =
        ["Id", "Name", "E-mail", "User name", "Authentication", "Locked until", "Organizations", "Authorization", "Roles", "Last sign-in"];
    let sheet = Sheet { name: "accounts", columns: columns.map(str::to_owned).to_vec() };
    let format = export::Format::from_word(&form.fields.format);
    let time = |time: Option<Time>| time.map(Time::rfc3339).unwrap_or_default();
    export::send(
        &ask,
        permit,
        sheet,
        format,
        move |view, paging| accounts::list::<InConsole>(view, listing.spot.store.key, &filter, listing.at(), sort, paging),
        move |listed: &accounts::Listed| {
            let account = &listed.account;
            let paths: Vec<String> = listed.memberships.iter().map(|membership| path_text(&membership.path)).collect();
            let statuses: Vec<&str> = listed.memberships.iter().map(|membership| membership.status.word()).collect();
            vec![
                account.id.clone(),
                account.name.clone(),
                account.email.clone().unwrap_or_default(),
                account.username.clone().unwrap_or_default(),
                account.status.word().to_owned(),
                time(account.locked_until),
                paths.join("; "),
                statuses.join("; "),
                listed.roles.join("; "),
                time(account.last_sign_in_at),
            ]
        },
    )
    .await
}

/// An organization's id, its name, what stands above it, and the rights that an account has there.
type Can = (String, String, String, Vec<Cell>);

#[derive(Template)]
#[template(path = "console/accounts/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    base: String,
    tab: String,
    detail: accounts::Detail,
    /// Organizations on this tab to which a link may lead.
    open: HashSet<String>,
    built_in: bool,
    may: May,
    /// Of each visible membership, by organization.
    member: Vec<MemberActs>,
    /// Organizations to join it to; none where the person may not.
    joins: Vec<Choice>,
    /// The groups of the store.
    groups: Vec<String>,
    sessions: Vec<Session>,
    confirmed: (bool, bool),
    pending: Vec<Pending>,
    verification: Option<Verification>,
    factors: Option<Factors>,
    /// The rights it has where a role was given and the person may look, each place with its id, name and what stands above.
    can: Vec<Can>,
    /// What happened to it; none on other tabs.
    events: Option<(Slice<Recorded>, Pager)>,
    may_see_events: bool,
}
view!(Show, as_content, json);

/// The machine reading of an account's page.
pub(in crate::web) fn detail_json(detail: &accounts::Detail) -> serde_json::Value {
    let mut found = account_json(&detail.account);
    found["memberships"] = json!(detail.memberships.iter().map(membership_json).collect::<Vec<_>>());
    found["memberships_outside"] = json!(detail.outside);
    found["groups"] = json!(detail.groups);
    found["attributes"] = json!(detail.attributes.iter().cloned().collect::<std::collections::BTreeMap<_, _>>());
    let role = |(held, path): &(accounts::Held, Vec<crate::domain::organization::Step>)| {
        json!({
            "role": held.role_id, "role_name": held.role, "organization": held.organization_id,
            "path": path.iter().map(|step| &step.name).collect::<Vec<_>>(),
            "starts": held.period().starts.map(Time::rfc3339), "ends": held.period().ends.map(Time::rfc3339),
            "reason": held.reason, "given": held.given.word(), "given_by": held.given_by, "given_at": held.given_at.rfc3339(),
        })
    };
    found["roles"] = json!(detail.roles.iter().map(role).collect::<Vec<_>>());
    found
}

impl Show {
    fn json(&self) -> serde_json::Value {
        let mut found = detail_json(&self.detail);
        if self.is_tab("roles") {
            let rights = |cells: &[Cell]| cells.iter().map(|cell| cell.code()).collect::<Vec<_>>();
            let can = self.can.iter().map(|(id, _, _, cells)| json!({ "organization": id, "rights": rights(cells) }));
            found["can"] = can.collect();
        }
        if let Some((events, pager)) = &self.events {
            found["events"] = reading(events, pager, super::events::event_json);
        }
        found
    }
}

impl Show {
    /// "Can sign in. Holds 2 roles in 3 organizations."
    fn sentence(&self) -> String {
        let account = &self.detail.account;
        let sign_in = match account.status {
            Status::Active if account.locked(self.f.now()).is_some() => "Cannot sign in with a password for now.",
            Status::Active if self.detail.has_password => "Can sign in.",
            Status::Active => "Is active, but has no password yet.",
            Status::Invited => "Was invited and has no password yet.",
            Status::Disabled => "Cannot sign in.",
        };
        let mut places: Vec<_> = self.detail.roles.iter().map(|(held, _)| &held.organization_id).collect();
        places.sort();
        places.dedup();
        let mut roles: Vec<_> = self.detail.roles.iter().map(|(held, _)| &held.role_id).collect();
        roles.sort();
        roles.dedup();
        let holds = match roles.len() {
            0 => "Holds no role.".to_owned(),
            roles => format!(
                "Holds {} in {}.",
                crate::domain::text::count(roles as i64, "role", "roles"),
                crate::domain::text::count(places.len() as i64, "organization", "organizations")
            ),
        };
        format!("{sign_in} {holds}")
    }
}

impl Show {
    fn is_tab(&self, word: &str) -> bool {
        self.tab == word
    }

    /// Whether a link may lead to an organization.
    fn is_open(&self, id: &str) -> bool {
        self.open.contains(id)
    }

    fn in_group(&self, name: &str) -> bool {
        self.detail.groups.iter().any(|group| group == name)
    }

    /// What may be done with a membership.
    fn acts_at(&self, id: &str) -> Option<&MemberActs> {
        self.member.iter().find(|acts| acts.organization == id)
    }

    fn says(&self, event: &Recorded) -> String {
        super::events::says(event)
    }

    fn is_disabled(&self) -> bool {
        self.detail.account.status == Status::Disabled
    }

    /// I-1: nobody changes how an invited account signs in.
    fn is_invited(&self) -> bool {
        self.detail.account.status == Status::Invited
    }
}

/// What the account can do now at each of these organizations where it was given something.
fn effective(view: &mut View<'_, UserView>, detail: &accounts::Detail, places: &HashSet<String>) -> Result<Vec<Can>, Problem> {
    let mut at: Vec<_> = detail.roles.iter().filter(|(held, _)| places.contains(&held.organization_id)).collect();
    at.sort_by_key(|(held, path)| (path_text(path), held.organization));
    at.dedup_by_key(|(held, _)| held.organization);
    let keys: Vec<_> = at.iter().map(|(held, _)| held.organization).collect();
    let mut rights = effective::at_each(view, detail.account.key, &keys)?;
    let shown = at.into_iter().filter_map(|(held, path)| {
        let cells: Vec<Cell> = rights.remove(&held.organization)?.cells().collect();
        let name = path.last().map(|step| step.name.clone()).unwrap_or_default();
        (!cells.is_empty()).then(|| (held.organization_id.clone(), name, above_text(path), cells))
    });
    Ok(shown.collect())
}

/// `GET /admin/stores/{store}/accounts/{account}`
pub async fn detail(permit: Permit<UserView>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let mut query = ask.query();
    let may_see_events = ask.actor()?.may(&UserViewEvents::LEAF);
    let tabs: &[&str] = if may_see_events { &["sign-in", "roles", "memberships", "events"] } else { &["sign-in", "roles", "memberships"] };
    let tab = query.one_of("tab", tabs);
    let paging = query.paging(ask.rows());
    let tab_too = tab.clone();
    let actor = ask.actor()?.clone();
    let may_join = actor.may(&UserEdit::LEAF) && actor.may(&InvitationCreate::LEAF);
    let (store, detail, acts, member, joins, groups, sessions, confirmed, pending, verification, factors, events, open, can) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let detail = accounts::detail::<InConsole>(view, store.key, &id)?;
                let acts = accounts::acts(view, &detail.account)?;
                let (mut member, mut joins, mut groups, mut sessions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                let (mut confirmed, mut events, mut open, mut can) = ((true, true), None, HashSet::new(), Vec::new());
                let (mut pending, mut verification, mut factors) = (Vec::new(), None, None);
                match tab_too.as_str() {
                    "roles" => {
                        let ids: Vec<&str> = detail.roles.iter().map(|(held, _)| held.organization_id.as_str()).collect();
                        let seen = view.also::<RoleAssignmentView, _>(|view| organizations::within(view, store.key, &ids));
                        open = optional(seen)?.unwrap_or_default();
                        let places = view.also::<OrganizationView, _>(|view| organizations::within(view, store.key, &ids));
                        can = effective(view, &detail, &optional(places)?.unwrap_or_default())?;
                    }
                    "memberships" => {
                        let ids: Vec<&str> = detail.memberships.iter().map(|member| member.organization_id.as_str()).collect();
                        open = optional(view.also::<OrganizationView, _>(|view| organizations::within(view, store.key, &ids)))?
                            .unwrap_or_default();
                        member = accounts::member_acts::<InConsole>(&acts, &detail);
                        if may_join && !store.built_in {
                            joins = view.also::<UserEdit, _>(|view| organizations::choices(view, store.key))?.0;
                            joins.retain(|choice| !detail.memberships.iter().any(|member| member.organization_id == choice.id));
                        }
                    }
                    "sign-in" => {
                        sessions = sessions::of(view, &detail.account)?;
                        let edited = accounts::edited(view, store.key, &id)?;
                        (confirmed, pending) = (edited.confirmed, edited.pending);
                        factors = Some(Factors::of::<InConsole, _>(view, &acts, &detail.account)?);
                    }
                    "events" => {
                        let found = view.also::<UserViewEvents, _>(|view| event_log::of_account(view, &detail.account, &paging))?;
                        events = Some(found);
                    }
                    "" => {
                        groups = identity_stores::group_names(view, &store)?;
                        verification = verifications::find(view, &detail.account)?;
                    }
                    _ => {}
                }
                Ok((store, detail, acts, member, joins, groups, sessions, confirmed, pending, verification, factors, events, open, can))
            })
        })
        .await?;
    let may = May::of::<InConsole>(&acts);
    let base = base(&store);
    let f = ask.frame("accounts", Some(&store), vec![crumb(format!("{base}/accounts"), "Accounts"), here(detail.account.title())]);
    let built_in = store.built_in;
    if let Some(last) = events.as_ref().and_then(|events| past_end(&query, events)) {
        return Ok(see_other(&ask.req, &last));
    }
    let events = events.map(|events| {
        let pager = Pager::new(&query, &events);
        (events, pager)
    });
    let view = Show {
        f,
        base,
        tab,
        detail,
        open,
        built_in,
        may,
        member,
        joins,
        groups,
        sessions,
        confirmed,
        pending,
        verification,
        factors: factors.filter(Factors::any),
        can,
        events,
        may_see_events,
    };
    Ok(page(view).whole().respond_to(&ask.req))
}
