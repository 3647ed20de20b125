//! `/admin`: what needs attention, what happened, what an administrator can reach, and how to begin (screens.md 4.3).

use crate::{
    access::{Administration, Console, Permit},
    domain::{
        identity_store::{IdentityStore, Opens},
        permissions::{EventView, InvitationView, OrganizationRoleView, OrganizationView, UserView},
        text,
    },
    problem::Problem,
    store::{
        accounts,
        event_log::{self, Recorded},
        grants,
        home::{self, SetUp},
        identity_stores, invitations, organizations,
        paging::Total,
        roles,
    },
    web::{
        frame::{Ask, Frame, here},
        list,
        me::first_store,
        optional,
        page::{Page, page, view},
    },
};
use askama::Template;

/// The page.
#[derive(Template)]
#[template(path = "console/home.html", blocks = ["content"])]
pub struct Show {
    f: Frame,
    store: Option<IdentityStore>,
    organizations: Option<Total>,
    accounts: Option<Total>,
    /// What needs attention: words and where it is.
    attention: Vec<(String, String)>,
    /// What happened last.
    recent: Option<Vec<Recorded>>,
    /// The organizations nearest to the top that they may look at.
    scope: Vec<organizations::Choice>,
    set_up: Option<SetUp>,
    opens: Opens,
    is_super: bool,
}
view!(Show, as_content);

impl Show {
    fn says(&self, event: &Recorded) -> String {
        super::events::says(event)
    }

    fn base(&self) -> String {
        self.store.as_ref().map_or_else(String::new, |store| format!("/admin/stores/{}", store.slug))
    }

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
    let slug = ask.query().get("store").to_owned();
    let actor = ask.actor()?.clone();
    let is_super = actor.is_super();
    let mut view = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = if slug.is_empty() { first_store(view)? } else { Some(identity_stores::find(view, &slug)?) };
                let set_up = if is_super { Some(home::set_up(view)?).filter(|set_up| !set_up.is_done()) } else { None };
                let recent = optional(view.also::<EventView, _>(|view| event_log::latest(view, 10)))?;
                let mut found = Found { store, set_up, recent, ..Found::default() };
                let Some(store) = &found.store else { return Ok(found) };
                let base = format!("/admin/stores/{}", store.slug);
                let key = store.key;
                found.organizations = optional(view.also::<OrganizationView, _>(|view| organizations::count(view, key)))?;
                found.accounts = optional(view.also::<UserView, _>(|view| accounts::count(view, key)))?;
                if !is_super {
                    let choices = optional(view.also::<OrganizationView, _>(|view| organizations::nearest(view, key, 10)))?;
                    found.scope = choices.unwrap_or_default();
                }
                let mut note = |total: Option<Total>, one: &str, many: &str, href: String| {
                    if let Some(total) = total.filter(|total| total.count > 0) {
                        found.attention.push((numbered(total, one, many), href));
                    }
                };
                if !store.built_in {
                    let alone = optional(view.also::<OrganizationView, _>(|view| organizations::without_admins(view, key)))?;
                    note(
                        alone,
                        "organization without an org admin",
                        "organizations without an org admin",
                        format!("{base}/organizations?admins=none&view=list"),
                    );
                    let closed = optional(view.also::<OrganizationRoleView, _>(|view| roles::without_minimum(view, key)))?;
                    note(
                        closed,
                        "role that cannot open accounts",
                        "roles that cannot open accounts",
                        format!("{base}/roles?minimum=missing"),
                    );
                }
                let locked = optional(view.also::<UserView, _>(|view| accounts::locked(view, key)))?;
                note(locked, "locked account", "locked accounts", format!("{base}/accounts?authn=locked"));
                let ending = optional(view.also::<InvitationView, _>(|view| invitations::ending(view, key)))?;
                note(
                    ending,
                    "invitation that ends within three days",
                    "invitations that end within three days",
                    format!("{base}/invitations?ending=1"),
                );
                let bare = optional(view.also::<Administration, _>(|view| grants::without_factor(view)))?;
                note(
                    bare,
                    "administrator without a second factor",
                    "administrators without a second factor",
                    "/admin/administrators?factor=none".into(),
                );
                Ok(found)
            })
        })
        .await?;
    let f = ask.frame("home", view.store.as_ref(), vec![here("Home")]);
    let opens = view.store.as_ref().map(|store| store.opens).unwrap_or_default();
    Ok(page(Show {
        f,
        store: view.store.take(),
        organizations: view.organizations,
        accounts: view.accounts,
        attention: view.attention,
        recent: view.recent,
        scope: view.scope,
        set_up: view.set_up,
        opens,
        is_super,
    }))
}

/// What was read for the page.
#[derive(Default)]
struct Found {
    store: Option<IdentityStore>,
    organizations: Option<Total>,
    accounts: Option<Total>,
    attention: Vec<(String, String)>,
    recent: Option<Vec<Recorded>>,
    scope: Vec<organizations::Choice>,
    set_up: Option<SetUp>,
}
