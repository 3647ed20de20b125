//! Administrators (screens.md 4.11): who holds which administrator role where, and what they can do by it.

mod new;

pub use new::{add, confirm, people, role};

use crate::{
    access::{Actor, Administration, Ground, HandingOn, Permit, why},
    domain::{
        administrator_role::Kind,
        permissions::{AdministratorRoleView, EventView, Permission},
        time::Time,
    },
    problem::Problem,
    store::{
        grants::{self, Can, Filter, Listed, Sort},
        paging::Slice,
    },
    web::{
        export,
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        me::first_store,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

/// Where the pages of administrators stand.
pub(super) const BASE: &str = "/admin/administrators";

/// What is said to end soon, in seconds.
const SOON: i64 = 30 * 24 * 3600;

#[derive(Template)]
#[template(path = "console/administrators/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    query: Query,
    grants: Slice<Listed>,
    pager: Pager,
    may_add: bool,
    may_open_roles: bool,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.grants, &self.pager, grant_json)
    }

    fn sort(&self) -> &str {
        match self.query.get("sort") {
            "" => "name",
            sort => sort,
        }
    }

    fn narrowed(&self) -> bool {
        ["q", "role", "scope", "org", "type", "super", "ending", "cascading", "status", "factor"]
            .iter()
            .any(|word| !self.query.get(word).is_empty())
    }
}

/// The machine reading of a grant.
pub(super) fn grant_json(grant: &Listed) -> serde_json::Value {
    json!({
        "id": grant.id, "rev": grant.rev,
        "account": { "id": grant.account_id, "name": grant.title, "identifier": grant.identifier, "store": grant.store },
        "role": { "id": grant.role.0, "name": grant.role.1, "kind": grant.role.2.word() },
        "scope": grant.scope.as_ref().map(|scope| json!({
            "id": scope.id, "name": scope.name, "reach": scope.reach.word(), "organization": scope.owner_id,
        })),
        "cascading": grant.cascading, "starts": grant.period.starts.map(Time::rfc3339), "ends": grant.period.ends.map(Time::rfc3339),
        "reason": grant.reason, "given_by": grant.given_by, "given_at": grant.given_at.rfc3339(), "second_factor": grant.factor,
    })
}

/// Whether the names of administrator roles lead to their pages.
fn may_open_roles(actor: &Actor) -> bool {
    actor.may(&AdministratorRoleView::LEAF)
}

/// Reads the filters of the list.
fn filter(query: &mut Query, now: Time) -> Filter {
    let sort = query.choice("sort", |word| {
        Some(match word {
            "name" => Sort::Name,
            "-name" => Sort::NameDown,
            "ends" => Sort::Ends,
            "-given" => Sort::Given,
            _ => return None,
        })
    });
    let kind = query.choice("type", Kind::from_word);
    let only_super = query.one_of("super", &["1"]) == "1";
    Filter {
        q: query.search(),
        role: query.get("role").to_owned(),
        scope: query.get("scope").to_owned(),
        organization: query.get("org").to_owned(),
        kind: if only_super { Some(Kind::Super) } else { kind },
        cascading: query.one_of("cascading", &["1"]) == "1",
        ends_before: (query.one_of("ending", &["1"]) == "1").then(|| now.plus_seconds(SOON)),
        ended: query.one_of("status", &["ended"]) == "ended",
        factorless: query.one_of("factor", &["none"]) == "none",
        sort: sort.unwrap_or_default(),
    }
}

/// `GET /admin/administrators`
pub async fn list(permit: Permit<Administration>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query, ask.house.db.clock.now());
    let paging = query.paging(ask.rows());
    let (first, grants) =
        ask.house.work(move |db| db.read(&permit, |view| Ok((first_store(view)?, grants::list(view, &filter, &paging)?)))).await?;
    if let Some(last) = past_end(&query, &grants) {
        return Ok(see_other(&ask.req, &last));
    }
    let f = ask.frame("administrators", first.as_ref(), vec![here("Administrators")]);
    let (pager, address) = (Pager::new(&query, &grants), query.address());
    let may_add = HandingOn::reach(ask.actor()?).is_some();
    let may_open_roles = may_open_roles(ask.actor()?);
    Ok(page(List { f, query, grants, pager, may_add, may_open_roles }).replaces(address).respond_to(&ask.req))
}

/// `POST /admin/administrators/export`: what the list shows, all of it.
pub async fn export(permit: Permit<Administration>, ask: Ask, form: Form<export::Fields>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query, ask.house.db.clock.now());
    let columns = [
        "Id",
        "Account id",
        "Administrator",
        "Identifier",
        "Identity store",
        "Role",
        "Type",
        "Scope",
        "Where",
        "May pass on",
        "From",
        "Until",
        "Reason",
        "Given by",
        "Given",
        "Last sign-in",
        "Second factor",
    ];
    let sheet = export::Sheet { name: "administrators", columns: columns.map(str::to_owned).to_vec() };
    let time = |time: Option<Time>| time.map(Time::rfc3339).unwrap_or_default();
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        move |view, paging| grants::list(view, &filter, paging),
        move |grant: &Listed| {
            vec![
                grant.id.clone(),
                grant.account_id.clone(),
                grant.title.clone(),
                grant.identifier.clone(),
                grant.store.clone(),
                grant.role.1.clone(),
                grant.role.2.word().to_owned(),
                grant.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default(),
                grant.scope.as_ref().map(grants::ScopeOf::place).unwrap_or_default(),
                if grant.cascading { "yes" } else { "no" }.to_owned(),
                time(grant.period.starts),
                time(grant.period.ends),
                grant.reason.clone(),
                grant.given_by.clone().unwrap_or_default(),
                grant.given_at.rfc3339(),
                time(grant.last_sign_in_at),
                if grant.factor { "yes" } else { "no" }.to_owned(),
            ]
        },
    )
    .await
}

#[derive(Template)]
#[template(path = "console/administrators/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    /// Each grant, with the reason why it has no effect now.
    grants: Vec<(Listed, Option<String>)>,
    can: Vec<Can>,
    may_open_account: bool,
    may_open_roles: bool,
    may_see_events: bool,
}
view!(Show, as_content, json);

impl Show {
    fn json(&self) -> serde_json::Value {
        let grants = self.grants.iter().map(|(grant, asleep)| {
            let mut found = grant_json(grant);
            found["asleep"] = json!(asleep);
            found
        });
        let can = self.can.iter().map(|can| {
            let by = can.by.iter().map(|place| self.grants[*place].0.id.as_str()).collect::<Vec<_>>();
            (can.leaf.code.to_owned(), json!(by))
        });
        json!({ "grants": grants.collect::<Vec<_>>(), "can": can.collect::<serde_json::Map<_, _>>() })
    }

    fn who(&self) -> &Listed {
        &self.grants[0].0
    }

    fn by(&self, can: &Can) -> String {
        let mut names: Vec<String> = can
            .by
            .iter()
            .map(|place| {
                let grant = &self.grants[*place].0;
                match &grant.scope {
                    Some(scope) => format!("{}: {}", grant.role.1, scope.place()),
                    None => grant.role.1.clone(),
                }
            })
            .collect();
        names.dedup();
        names.join("; ")
    }

    /// The permissions under the headings of the tree.
    fn groups(&self) -> Vec<(String, Vec<&Can>)> {
        let mut groups: Vec<(String, Vec<&Can>)> = Vec::new();
        for can in &self.can {
            let heading = can.leaf.path.join(" › ");
            match groups.last_mut() {
                Some((last, leaves)) if *last == heading => leaves.push(can),
                _ => groups.push((heading, vec![can])),
            }
        }
        groups
    }
}

/// `GET /admin/administrators/{account}`: roles with their scopes, and what each permission comes from (W-1).
pub async fn detail(permit: Permit<Administration>, ask: Ask, account: Path<String>) -> Result<HttpResponse, Problem> {
    let id = account.into_inner();
    let (first, grants, mut sleeping, can, seen) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let grants = grants::of_account(view, &id)?;
                let account = grants.first().ok_or(Problem::NotFound)?.account;
                let sleeping = grants::sleeping(view, account)?;
                let can = grants::can(view, account, &grants)?;
                let seen = crate::store::accounts::visible(view, &[account])?.contains(&account);
                Ok((first_store(view)?, grants, sleeping, can, seen))
            })
        })
        .await?;
    let f = ask.frame("administrators", first.as_ref(), vec![crumb(BASE, "Administrators"), here(grants[0].title.as_str())]);
    let grants = grants
        .into_iter()
        .map(|grant| {
            let asleep = sleeping.remove(&grant.key).flatten();
            let words = asleep.map(|asleep| why::grant_sleeps(asleep, |time| f.when(&time).text));
            (grant, words)
        })
        .collect();
    let actor = ask.actor()?;
    let view =
        Show { f, grants, can, may_open_account: seen, may_open_roles: may_open_roles(actor), may_see_events: actor.may(&EventView::LEAF) };
    Ok(page(view).whole().respond_to(&ask.req))
}
