//! Accounts: list and detail, to read (screens.md 4.6).

use crate::{
    access::Permit,
    domain::{
        account::Status,
        permissions::{OrganizationView, Permission, UserView},
        time::Time,
    },
    problem::Problem,
    store::{
        accounts::{self, Filter, Sort},
        identity_stores, organizations,
        paging::Slice,
    },
    web::{
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

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
pub(super) fn listed_json(listed: &accounts::Listed) -> serde_json::Value {
    let mut found = account_json(&listed.account);
    found["memberships"] = json!(listed.memberships.iter().map(membership_json).collect::<Vec<_>>());
    found["roles"] = json!(listed.roles);
    found
}

/// Reads the filters that lists of accounts share.
pub(super) fn filter(query: &mut Query) -> Filter {
    Filter {
        q: query.search(),
        authn: query.one_of("authn", &["active", "invited", "locked", "disabled"]),
        authz: query.one_of("authz", &["active", "blocked", "none"]),
        member: query.one_of("member", &["inside", "outside", "none"]),
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
    let filter = filter(&mut query);
    let sort = query.choice("sort", Sort::from_word).unwrap_or_default();
    let below = query.one_of("below", &["1"]) == "1";
    let org = query.get("org").to_owned();
    let paging = query.paging(ask.rows());
    let (store, at, accounts) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let at = if org.is_empty() { None } else { Some(organizations::find(view, store.key, &org)?) };
                let accounts = accounts::list(view, store.key, &filter, at.as_ref().map(|at| (at, below)), sort, &paging)?;
                Ok((store, at, accounts))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &accounts) {
        return Ok(see_other(&ask.req, &last));
    }
    let f = ask.frame("accounts", Some(&store), vec![here("Accounts")]);
    let pager = Pager::new(&query, &accounts);
    let (base, address, at) = (format!("/admin/stores/{}", store.slug), query.address(), at.map(|at| at.name));
    Ok(page(List { f, base, query, sort, accounts, pager, at }).replaces(address).respond_to(&ask.req))
}

#[derive(Template)]
#[template(path = "console/accounts/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    base: String,
    tab: String,
    detail: accounts::Detail,
    may_open_organizations: bool,
    built_in: bool,
}
view!(Show, as_content, json);

impl Show {
    fn json(&self) -> serde_json::Value {
        let detail = &self.detail;
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

/// `GET /admin/stores/{store}/accounts/{account}`
pub async fn detail(permit: Permit<UserView>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let mut query = ask.query();
    let tab = query.one_of("tab", &["roles", "memberships"]);
    let (store, detail) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let detail = accounts::detail(view, store.key, &id)?;
                Ok((store, detail))
            })
        })
        .await?;
    let base = format!("/admin/stores/{}", store.slug);
    let f = ask.frame("accounts", Some(&store), vec![crumb(format!("{base}/accounts"), "Accounts"), here(detail.account.title())]);
    let may_open_organizations = ask.actor()?.may(&OrganizationView::LEAF);
    Ok(page(Show { f, base, tab, detail, may_open_organizations, built_in: store.built_in }).whole().respond_to(&ask.req))
}
