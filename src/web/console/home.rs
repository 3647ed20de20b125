//! `/admin`: what an administrator can reach from here.

use crate::{
    access::{Console, Permit},
    domain::permissions::{OrganizationRoleView, OrganizationView, Permission, RoleAssignmentView, UserView},
    domain::text,
    problem::Problem,
    store::{
        accounts, identity_stores, organizations,
        paging::{Paging, Total},
    },
    web::{
        frame::{Ask, Frame, here},
        list,
        me::first_store,
        page::{Page, page, view},
    },
};
use askama::Template;

/// The page.
#[derive(Template)]
#[template(path = "console/home.html", blocks = ["content"])]
pub struct Show {
    f: Frame,
    stores: Vec<Store>,
    more: bool,
    is_super: bool,
    roles: bool,
    assignments: bool,
}
view!(Show, as_content);

struct Store {
    name: String,
    slug: String,
    built_in: bool,
    organizations: Option<Total>,
    accounts: Option<Total>,
}

impl Store {
    fn numbers(&self) -> String {
        let organizations = self.organizations.map(|total| numbered(total, "organization", "organizations"));
        let accounts = self.accounts.map(|total| numbered(total, "account", "accounts"));
        [organizations, accounts].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn numbered(total: Total, one: &str, many: &str) -> String {
    if total.exact { text::count(total.count, one, many) } else { format!("{} {many}", list::total(total)) }
}

/// `GET /admin`
pub async fn show(permit: Permit<Console>, ask: Ask) -> Result<Page<Show>, Problem> {
    let (stores, more, first) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let found = identity_stores::list(view, "", &Paging::first(25))?;
                let more = found.last.is_some();
                let mut stores = Vec::new();
                for listed in found.rows.into_iter().take(8) {
                    let key = listed.store.key;
                    stores.push(Store {
                        organizations: optional(view.also::<OrganizationView, _>(|view| organizations::count(view, key)))?,
                        accounts: optional(view.also::<UserView, _>(|view| accounts::count(view, key)))?,
                        name: listed.store.name,
                        slug: listed.store.slug,
                        built_in: listed.store.built_in,
                    });
                }
                Ok((stores, more, first_store(view)?))
            })
        })
        .await?;
    let actor = ask.actor()?;
    let (is_super, roles, assignments) = (actor.is_super(), actor.may(&OrganizationRoleView::LEAF), actor.may(&RoleAssignmentView::LEAF));
    let f = ask.frame("home", first.as_ref(), vec![here("Home")]);
    Ok(page(Show { f, stores, more, is_super, roles, assignments }))
}

/// What somebody may not see is absent (D-12).
fn optional<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Problem::NotFound | Problem::Forbidden(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}
