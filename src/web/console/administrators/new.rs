//! Giving an administrator role in three steps: people, role and scope, confirmation. Everything that was chosen stands in
//! the address, so it survives search, paging, reload and Back, and needs no script (screens.md 4.11).

use super::BASE;
use crate::{
    access::{Actor, HandingOn, InConsole, Permit},
    domain::{
        administrator_role::Kind,
        permissions::{Permission, ScopeAdd, UserView},
        text,
    },
    problem::Problem,
    store::{
        accounts::{self, Account, Sort},
        grants::{self, Given, RoleOf, ScopeChosen, Terms, Wanted},
        identity_stores,
        paging::{Paging, Slice},
    },
    web::{
        console::role_assignments,
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        list::Pager,
        me::first_store,
        note::Note,
        page::{encode, page, view},
        proof,
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, Responder, http::StatusCode};
use askama::Template;
use serde::Deserialize;

/// Most accounts in one act: what an address can carry.
const MOST: usize = 50;

/// How many scopes are offered at a time.
const SCOPES: usize = 50;

/// What was chosen so far; the words of the address, and of the form at the end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    account: Vec<String>,
    store: String,
    /// Part of a name, for the people.
    q: String,
    /// Part of a name, for the scopes.
    find: String,
    role: String,
    scope: String,
    cascading: String,
    starts: String,
    ends: String,
    reason: String,
    password: String,
}

impl Chosen {
    fn read(ask: &Ask) -> Self {
        // Whatever comes twice or is unknown, what was chosen stays.
        let pairs: Vec<(String, String)> = serde_html_form::from_str(ask.req.query_string()).unwrap_or_default();
        let mut chosen = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "account" => chosen.account.push(value),
                "store" => chosen.store = value,
                "q" => chosen.q = value,
                "find" => chosen.find = value,
                "role" => chosen.role = value,
                "scope" => chosen.scope = value,
                "cascading" => chosen.cascading = value,
                "starts" => chosen.starts = value,
                "ends" => chosen.ends = value,
                "reason" => chosen.reason = value,
                _ => {}
            }
        }
        chosen.tidy();
        chosen
    }

    fn tidy(&mut self) {
        let mut seen = std::collections::HashSet::new();
        self.account.retain(|id| !id.is_empty() && id.len() <= 40 && seen.insert(id.clone()));
        for word in [
            &mut self.q,
            &mut self.find,
            &mut self.reason,
            &mut self.role,
            &mut self.scope,
            &mut self.starts,
            &mut self.ends,
            &mut self.store,
        ] {
            word.retain(|c| !c.is_control());
        }
        for word in [&mut self.q, &mut self.find] {
            *word = word.trim().chars().take(200).collect();
        }
    }

    /// The address of a step with all that was chosen.
    fn at(&self, path: &str) -> String {
        let mut words: Vec<String> = self.account.iter().map(|id| format!("account={}", encode(id))).collect();
        let rest = [
            ("role", &self.role),
            ("scope", &self.scope),
            ("cascading", &self.cascading),
            ("starts", &self.starts),
            ("ends", &self.ends),
            ("reason", &self.reason),
        ];
        words.extend(rest.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", encode(value))));
        format!("{BASE}/{path}?{}", words.join("&"))
    }

    fn is_cascading(&self) -> bool {
        self.cascading == "on"
    }

    fn terms(&self, ask: &Ask) -> Result<Terms, Faults> {
        let (period, reason) = role_assignments::terms(ask, &self.starts, &self.ends, &self.reason)?;
        Ok(Terms { cascading: self.is_cascading(), period, reason })
    }

    /// Everything besides the accounts that a form carries on.
    fn carried(&self) -> Vec<(&'static str, String)> {
        let words = [
            ("role", &self.role),
            ("scope", &self.scope),
            ("cascading", &self.cascading),
            ("starts", &self.starts),
            ("ends", &self.ends),
            ("reason", &self.reason),
        ];
        words.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, value.clone())).collect()
    }
}

fn crumbs(last: &str) -> Vec<crate::web::frame::Crumb> {
    vec![crumb(BASE, "Administrators"), here(last)]
}

#[derive(Template)]
#[template(path = "console/administrators/people.html", blocks = ["content"])]
struct People {
    f: Frame,
    chosen: Chosen,
    /// Those who were chosen and can be seen.
    picked: Vec<Account>,
    stores: Vec<(String, String)>,
    accounts: Slice<Account>,
    pager: Pager,
    me: String,
    too_many: bool,
}
view!(People, as_content);

impl People {
    fn is_chosen(&self, account: &Account) -> bool {
        self.chosen.account.contains(&account.id)
    }

    /// Those who were chosen and are not in the rows of this page.
    fn elsewhere(&self) -> Vec<&Account> {
        self.picked.iter().filter(|account| self.accounts.rows.iter().all(|row| row.id != account.id)).collect()
    }

    fn words(&self) -> String {
        text::count(self.picked.len() as i64, "account chosen", "accounts chosen")
    }
}

/// `GET /admin/administrators/new`: whom.
pub async fn people(permit: Permit<HandingOn>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut chosen = Chosen::read(&ask);
    let mut query = ask.query();
    let (per, number) =
        (ask.rows(), query.choice("page", |page| page.parse::<i64>().ok().filter(|page| (1..=400).contains(page))).unwrap_or(1));
    let sent = chosen.clone();
    let (first, stores, slug, accounts, picked) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let first = first_store(view)?;
                view.also::<UserView, _>(|view| {
                    let stores = identity_stores::list(view, &identity_stores::Filter::default(), &Paging::first(100))?.rows;
                    let stores: Vec<(String, String)> = stores.into_iter().map(|listed| (listed.store.slug, listed.store.name)).collect();
                    let asked = stores.iter().find(|(slug, _)| *slug == sent.store).or_else(|| stores.first());
                    let slug = asked.ok_or(Problem::NotFound)?.0.clone();
                    let store = identity_stores::find(view, &slug)?;
                    let filter = accounts::Filter { q: sent.q.clone(), ..accounts::Filter::default() };
                    let paging = Paging { number, ..Paging::first(per) };
                    let found = accounts::list::<InConsole>(view, store.key, &filter, None, Sort::Name, &paging)?;
                    let picked = accounts::some(view, &sent.account)?;
                    Ok((first, stores, slug, found.map(|listed| listed.account), picked))
                })
            })
        })
        .await
        .map_err(|problem| match problem {
            // Who may hand a role on but look at nobody has nobody to hand it to.
            Problem::NotFound => Problem::Forbidden(
                "This needs the permission “View user information” besides. A super administrator can give it to you.".into(),
            ),
            problem => problem,
        })?;
    chosen.store = slug;
    let too_many = chosen.account.len() > MOST;
    let f = ask.frame("administrators", first.as_ref(), crumbs("Add administrator"));
    let pager = Pager::new(&query, &accounts);
    let me = ask.actor()?.id.clone();
    Ok(page(People { f, chosen, picked, stores, accounts, pager, me, too_many }).whole().respond_to(&ask.req))
}

#[derive(Template)]
#[template(path = "console/administrators/role.html", blocks = ["content"])]
struct Role {
    f: Frame,
    chosen: Chosen,
    roles: Vec<RoleOf>,
    scopes: Vec<ScopeChosen>,
    more: bool,
    may_add_scope: bool,
    /// Whether anything may be handed on to be handed on: always for what somebody holds with cascading rights.
    faults: Faults,
}
view!(Role, as_content);

impl Role {
    fn new_scope(&self) -> String {
        format!("/admin/scopes/new?next={}", encode(&self.chosen.at("new/role")))
    }

    fn count(role: &RoleOf) -> String {
        match role.kind {
            Kind::Super => "Can see and change everything, in every organization".into(),
            _ => text::count(role.permissions.leaves().count() as i64, "permission", "permissions"),
        }
    }
}

/// `GET /admin/administrators/new/role`: which role, with which scope, how long.
pub async fn role(permit: Permit<HandingOn>, ask: Ask) -> Result<HttpResponse, Problem> {
    let chosen = Chosen::read(&ask);
    show_role(&ask, permit, chosen, Faults::default(), StatusCode::OK).await
}

async fn show_role(
    ask: &Ask,
    permit: Permit<HandingOn>,
    chosen: Chosen,
    faults: Faults,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let (find, scope) = (chosen.find.clone(), chosen.scope.clone());
    let (first, roles, scopes, more) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let roles = grants::roles(view)?;
                let (mut scopes, more) = grants::scopes_to_choose(view, &find, SCOPES)?;
                // What was chosen stays on the page, whatever is searched for.
                if !scope.is_empty()
                    && scopes.iter().all(|one| one.id != scope)
                    && let Some(one) = grants::scope_to_choose(view, &scope)?
                {
                    scopes.insert(0, one);
                }
                Ok((first_store(view)?, roles, scopes, more))
            })
        })
        .await?;
    let may_add_scope = ask.actor()?.may(&ScopeAdd::LEAF);
    let f = ask.frame("administrators", first.as_ref(), crumbs("Role and scope"));
    Ok(page(Role { f, chosen, roles, scopes, more, may_add_scope, faults }).status(status).whole().respond_to(&ask.req))
}

#[derive(Template)]
#[template(path = "console/administrators/confirm.html", blocks = ["dialog"])]
struct Confirm {
    f: Frame,
    chosen: Chosen,
    wanted: Wanted,
    terms: Terms,
    /// Each with the reason why they cannot get it.
    people: Vec<(Account, Option<String>)>,
    gone: usize,
    /// How many organizations the scope reaches now.
    reached: i64,
    /// Those for whom it has no effect yet, with the reason.
    waiting: Vec<(String, &'static str)>,
    proof_due: bool,
    faults: Faults,
}
view!(Confirm, as_dialog);

impl Confirm {
    fn able(&self) -> usize {
        self.people.iter().filter(|(_, off)| off.is_none()).count()
    }

    fn stuck(&self) -> bool {
        self.gone > 0 || self.able() < self.people.len() || self.people.is_empty()
    }

    fn title(&self) -> String {
        format!("Give {} the {} role?", text::count(self.people.len() as i64, "account", "accounts"), self.wanted.role.name)
    }

    fn is_super(&self) -> bool {
        self.wanted.role.kind == Kind::Super
    }

    /// "Marta Silva may pass this role on, inside this scope."
    fn example(&self) -> String {
        let who = self.people.first().map_or("Who gets it", |(account, _)| account.title());
        if self.terms.cascading {
            format!("{who} may pass this role on, inside this scope and as long as it lasts, to people who belong there.")
        } else {
            format!("{who} may not pass this role on.")
        }
    }
}

/// `GET /admin/administrators/confirm`: who, what, where, and what of it has no effect yet (W-2).
pub async fn confirm(permit: Permit<HandingOn>, ask: Ask) -> Result<HttpResponse, Problem> {
    let chosen = Chosen::read(&ask);
    if chosen.account.is_empty() || chosen.account.len() > MOST {
        return Ok(crate::web::page::see_other(&ask.req, &chosen.at("new")));
    }
    ask_first(&ask, permit, chosen, Faults::default(), StatusCode::OK).await
}

async fn ask_first(
    ask: &Ask,
    permit: Permit<HandingOn>,
    chosen: Chosen,
    mut found: Faults,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let terms = match chosen.terms(ask) {
        Ok(terms) => terms,
        Err(faults) => return show_role(ask, permit, chosen, faults, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let (sent, terms_too) = (chosen.clone(), terms.clone());
    let read = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let wanted = grants::previewed(view, &sent.role, &sent.scope)?;
                let (people, gone) = grants::may_hand_on(view, &sent.account, &wanted, &terms_too)?;
                let reached = match &wanted.scope {
                    Some(scope) => grants::reached(view, scope, wanted.role.kind)?,
                    None => 0,
                };
                let accounts: Vec<&Account> = people.iter().map(|(account, _)| account).collect();
                let waiting = grants::waiting(view, &wanted, &accounts)?;
                Ok((first_store(view)?, wanted, people, gone, reached, waiting))
            })
        })
        .await;
    let (first, wanted, people, gone, reached, waiting) = match faults(read)? {
        Ok(read) => read,
        Err(faults) => return show_role(ask, ask.permit()?, chosen, faults, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    if wanted.role.kind == Kind::Super && terms.cascading {
        found = Faults::one(crate::domain::Refusal::at("cascading", "The role of super administrators is never handed on by cascading."));
        return show_role(ask, ask.permit()?, chosen, found, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let proof_due = wanted.role.kind == Kind::Super && proof::is_due(ask);
    let f = ask.frame("administrators", first.as_ref(), crumbs("Confirm"));
    let view = Confirm { f, chosen, wanted, terms, people, gone, reached, waiting, proof_due, faults: found };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `POST /admin/administrators`
pub async fn add(permit: Permit<HandingOn>, ask: Ask, session: Session, form: Form<Chosen>) -> Result<HttpResponse, Problem> {
    let (mut chosen, once) = (form.fields, form.once);
    chosen.tidy();
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    if form.review {
        return show_role(&ask, permit, chosen, Faults::default(), StatusCode::OK).await;
    }
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    if chosen.account.is_empty() || chosen.account.len() > MOST {
        let words = if chosen.account.is_empty() {
            "Choose at least one account.".into()
        } else {
            format!("Choose at most {MOST} accounts at once.")
        };
        return show_role(&ask, permit, chosen, Faults::one(crate::domain::Refusal::at("", words)), unprocessable).await;
    }
    let terms = match chosen.terms(&ask) {
        Ok(terms) => terms,
        Err(faults) => return show_role(&ask, permit, chosen, faults, unprocessable).await,
    };
    // I-5: the super role asks for the password again.
    if is_super(&ask, &chosen.role).await?
        && let Err(faults) = proof::check(&ask, &session, &chosen.password).await?
    {
        return ask_first(&ask, permit, chosen, faults, unprocessable).await;
    }
    chosen.password.clear();
    let sent = chosen.clone();
    let work = ask
        .act(permit, once, move |tx| {
            let done = grants::give(tx, &sent.account, &sent.role, &sent.scope, &terms)?;
            let wanted = grants::previewed(tx, &sent.role, &sent.scope)?;
            Ok(((done, wanted), format!("{BASE}?role={}", encode(&sent.role))))
        })
        .await;
    match faults(work)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Given::Not(..), _))) => ask_first(&ask, ask.permit()?, chosen, Faults::default(), unprocessable).await,
        Ok(Acted::Now((Given::Done(given, already), wanted))) => {
            let now_hold = match given.as_slice() {
                [one] => format!("{} now holds {}", one.title(), wanted.role.name),
                many => format!("{} now hold {}", text::count(many.len() as i64, "account", "accounts"), wanted.role.name),
            };
            let place = wanted.scope.as_ref().map_or(String::new(), |scope| format!(" for {}", scope.place()));
            let mut note = Note::new(format!("{now_hold}{place}."));
            if !already.is_empty() {
                let names: Vec<String> = already.iter().map(|account| account.title().to_owned()).collect();
                note = note.more(format!("{} held it already and keeps it as it is.", text::first_few(&names, 6)));
            }
            ask.led_to(&format!("{BASE}?role={}", encode(&wanted.role.id)), note)
        }
        Err(faults) => show_role(&ask, ask.permit()?, chosen, faults, unprocessable).await,
    }
}

/// Whether the role is the one of super administrators, for who may give it.
async fn is_super(ask: &Ask, role: &str) -> Result<bool, Problem> {
    let actor: &Actor = ask.actor()?;
    if !actor.is_super() {
        return Ok(false);
    }
    let (permit, role) = (ask.permit::<HandingOn>()?, role.to_owned());
    let roles = ask.house.work(move |db| db.read(&permit, |view| grants::roles(view))).await?;
    Ok(roles.iter().any(|one| one.id == role && one.kind == Kind::Super))
}
