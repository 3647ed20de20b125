//! "Why?" and "why not?": whence an account has an access right or a permission, step by step (W-1).

use super::administrators::{self, grant_json};
use crate::{
    access::{Administration, Console, Permit, effective::Lacking, why},
    domain::{
        permissions::{self, AdministratorRoleView, Leaf, OrganizationRoleView, OrganizationView, Permission, UserView},
        rights::Cell,
        time::Time,
    },
    problem::Problem,
    store::{
        accounts, grants, identity_stores, organizations, scopes,
        scopes::Owner,
        why::{self as chains, Link, Source},
    },
    web::{
        frame::{Ask, Frame, crumb, here},
        me::first_store,
        optional,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder};
use askama::Template;
use serde_json::{Value, json};
use std::collections::HashSet;

#[derive(Template)]
#[template(path = "console/why.html", blocks = ["content"])]
struct Why {
    f: Frame,
    /// Id and name of the account.
    who: (String, String),
    /// The name and the code of what is asked about.
    what: (String, String),
    at: Option<Owner>,
    /// The first condition that fails; none: they may.
    lacking: Option<String>,
    chain: Chain,
    /// Organizations to which a link may lead.
    open: HashSet<String>,
    may_open_roles: bool,
    /// What else can be asked about: the name of its field, and each code with its words.
    choices: (&'static str, Vec<(String, String)>),
}
view!(Why, as_content, json);

/// What gives it, or would, each with the reason why it does not.
enum Chain {
    Right(Vec<(Source, Option<String>)>),
    Permission(Vec<(Link, Option<String>)>),
}

impl Why {
    fn json(&self) -> Value {
        let names = |path: &[crate::domain::organization::Step]| path.iter().map(|step| step.name.clone()).collect::<Vec<_>>();
        let mut found = json!({
            "account": { "id": self.who.0, "name": self.who.1 },
            "organization": self.at.as_ref().map(|at| json!({ "id": at.id, "path": names(&at.path) })),
            "holds": self.lacking.is_none(), "why_not": self.lacking,
        });
        found[self.choices.0] = json!(self.what.1);
        found["chain"] = match &self.chain {
            Chain::Right(sources) => sources
                .iter()
                .map(|(source, lacking)| {
                    let (period, how) = (source.period, source.how.as_ref());
                    json!({
                        "role": source.role_id, "role_name": source.role, "organization": source.organization_id,
                        "path": names(&source.path), "inherited_over": source.over,
                        "starts": period.starts.map(Time::rfc3339), "ends": period.ends.map(Time::rfc3339),
                        "given": how.map(|how| how.given.word()), "given_by": how.and_then(|how| how.by.as_deref()),
                        "given_at": how.map(|how| how.at.rfc3339()), "reason": how.map(|how| how.reason.as_str()),
                        "why_not": lacking,
                    })
                })
                .collect(),
            Chain::Permission(links) => links
                .iter()
                .map(|(link, lacking)| {
                    let mut found = grant_json(&link.grant);
                    found["through"] = link.above.iter().map(|upper| upper.as_ref().map_or(Value::Null, grant_json)).collect();
                    found["why_not"] = json!(lacking);
                    found
                })
                .collect(),
        };
        found
    }

    fn slug(&self) -> &str {
        self.at.as_ref().map_or("", |at| at.slug.as_str())
    }

    fn above(&self) -> String {
        self.at.as_ref().map(|at| crate::domain::organization::above_text(&at.path)).unwrap_or_default()
    }

    fn is_open(&self, id: &str) -> bool {
        self.open.contains(id)
    }
}

/// `GET /admin/why?account=&org=&right=`, or with `perm=`: for whoever may see the account and the organization; of a
/// permission, for whoever may know of the grants (`administrator.view`), and without `org` anywhere.
pub async fn show(permit: Permit<Console>, ask: Ask) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let (account, org) = (query.get("account").to_owned(), query.get("org").to_owned());
    match (Cell::from_code(query.get("right")), permissions::leaf(query.get("perm"))) {
        (Some(cell), None) => right(permit, &ask, account, org, cell).await,
        (None, Some(leaf)) => permission(permit, &ask, account, org, leaf).await,
        _ => Err(Problem::NotFound),
    }
}

async fn right(permit: Permit<Console>, ask: &Ask, id: String, org: String, cell: Cell) -> Result<HttpResponse, Problem> {
    let (store, account, at, lacking, sources, open) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let at = view.also::<OrganizationView, _>(|view| scopes::owner(view, &org))?;
                let (store, account, (lacking, sources)) = view.also::<UserView, _>(|view| {
                    let store = identity_stores::find(view, &at.slug)?;
                    let account = accounts::find(view, store.key, &id)?;
                    let found = chains::right(view, &account, &at, cell)?;
                    Ok((store, account, found))
                })?;
                let ids: Vec<&str> = sources.iter().map(|source| source.organization_id.as_str()).chain([at.id.as_str()]).collect();
                let open = view.also::<OrganizationView, _>(|view| organizations::within(view, store.key, &ids))?;
                Ok((store, account, at, lacking.err(), sources, open))
            })
        })
        .await?;
    let base = format!("/admin/stores/{}/accounts", store.slug);
    let crumbs = vec![crumb(base.as_str(), "Accounts"), crumb(format!("{base}/{}?tab=roles", account.id), account.title()), here("Why")];
    let f = ask.frame("accounts", Some(&store), crumbs);
    let when = |time: Time| f.when(&time).text;
    let lacking = lacking.map(|lacking| match lacking {
        Lacking::Nothing => format!("No role that holds it was given to this account at {} or above.", at.name()),
        Lacking::Asleep(asleep) => why::assignment_sleeps(asleep, when),
    });
    let sources = sources.into_iter().map(|source| {
        let words = source.asleep.map(|asleep| why::assignment_sleeps(asleep, when));
        (source, words)
    });
    let chain = Chain::Right(sources.collect());
    let choices = Cell::ALL.iter().map(|cell| (cell.code(), cell.label())).collect();
    let may_open_roles = ask.actor()?.may(&OrganizationRoleView::LEAF);
    let (who, what) = ((account.id.clone(), account.title().to_owned()), (cell.label(), cell.code()));
    Ok(page(Why { f, who, what, at: Some(at), lacking, chain, open, may_open_roles, choices: ("right", choices) }).respond_to(&ask.req))
}

async fn permission(permit: Permit<Console>, ask: &Ask, id: String, org: String, leaf: &'static Leaf) -> Result<HttpResponse, Problem> {
    let (first, who, at, links) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let at = match org.as_str() {
                    "" => None,
                    org => Some(view.also::<OrganizationView, _>(|view| scopes::owner(view, org))?),
                };
                let (named, links) = view.also::<Administration, _>(|view| {
                    let found = grants::of_account(view, &id)?;
                    let named = found.first().map(|grant| (grant.account_id.clone(), grant.title.clone()));
                    Ok((named, chains::permission(view, found, at.as_ref(), leaf)?))
                })?;
                let who = match named {
                    Some(who) => who,
                    None => {
                        let seen = optional(view.also::<UserView, _>(|view| accounts::some(view, std::slice::from_ref(&id))))?;
                        let account = seen.and_then(|mut seen| seen.pop()).ok_or(Problem::NotFound)?;
                        (account.id.clone(), account.title().to_owned())
                    }
                };
                Ok((first_store(view)?, who, at, links))
            })
        })
        .await?;
    let crumbs = vec![
        crumb(administrators::BASE, "Administrators"),
        crumb(format!("{}/{}", administrators::BASE, who.0), who.1.as_str()),
        here("Why"),
    ];
    let f = ask.frame("administrators", first.as_ref(), crumbs);
    let place = at.as_ref().map_or("", Owner::name).to_owned();
    let words = |powerless| why::grant_powerless(powerless, &place, |time| f.when(&time).text);
    let may = links.iter().any(|link| link.powerless.is_none());
    let lacking = (!may).then(|| match chains::nearest(&links) {
        Some(powerless) => words(powerless),
        None => "No administrator role that you know of gives it to this account.".to_owned(),
    });
    let links = links.into_iter().map(|link| {
        let words = link.powerless.map(words);
        (link, words)
    });
    let chain = Chain::Permission(links.collect());
    let choices = permissions::LEAVES.iter().map(|leaf| (leaf.code.to_owned(), named(leaf))).collect();
    let may_open_roles = ask.actor()?.may(&AdministratorRoleView::LEAF);
    let open = at.iter().map(|at| at.id.clone()).collect();
    let what = (named(leaf), leaf.code.to_owned());
    Ok(page(Why { f, who, what, at, lacking, chain, open, may_open_roles, choices: ("perm", choices) }).respond_to(&ask.req))
}

/// A permission with its place in the tree, as some labels say little alone.
fn named(leaf: &Leaf) -> String {
    format!("{} › {}", leaf.path.join(" › "), leaf.label)
}
