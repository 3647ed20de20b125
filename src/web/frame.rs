//! What stands around every page: sidebar, breadcrumb, person, and what forms need.

use super::{
    House,
    csrf::Secret,
    files,
    form::{self, Reviewed},
    list::Query,
    note::Note,
    page::{is_fragment, see_other},
    session::{self, Visitor},
    when::{self, When, when},
};
use crate::{
    access::{Actor, Administration, Ground, Permit},
    domain::{
        identity_store::IdentityStore,
        permissions::{AdministratorRoleView, EventView, Permission, ScopeView, SettingsView},
        settings::General,
        text,
        time::Time,
    },
    problem::Problem,
    store::{Once, Tx},
};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, web::Data};
use std::{
    future::{Ready, ready},
    rc::Rc,
    sync::Arc,
};

/// What a handler knows of the request besides its permit.
pub struct Ask {
    /// The request.
    pub req: HttpRequest,
    /// Everything a handler can reach.
    pub house: Data<House>,
    /// Who asks.
    pub visitor: Rc<Visitor>,
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let house = req.app_data::<Data<House>>().cloned().ok_or_else(|| Problem::Internal(anyhow::anyhow!("no house")));
        ready(house.map(|house| Self { req: req.clone(), house, visitor: session::of(req) }))
    }
}

impl Ask {
    /// The query of the address.
    pub fn query(&self) -> Query {
        Query::read(&self.req)
    }

    /// Rows a page, as the person likes.
    pub fn rows(&self) -> i64 {
        i64::from(self.visitor.preferences.per_page)
    }

    /// The person.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] when nobody is signed in.
    pub fn actor(&self) -> Result<&Arc<Actor>, Problem> {
        self.visitor.actor.as_ref().ok_or(Problem::SignedOut)
    }

    /// Where a form that was sent before led, so that the second post gets the first one's result.
    ///
    /// # Errors
    /// What the database says.
    pub async fn seen_before(&self, sent: Option<&str>) -> Result<Option<HttpResponse>, Problem> {
        let Some(sent) = sent.map(str::to_owned) else { return Ok(None) };
        let account = self.actor()?.account;
        let led = self.house.work(move |db| db.led_before(account, &sent)).await?;
        Ok(led.map(|to| see_other(&self.req, &to)))
    }

    /// Does what a form asks for, once: under its permit, in one transaction. `work` names beside its answer the address
    /// that it leads to, where a second post of the same form goes too.
    ///
    /// # Errors
    /// Whatever the work says, and then nothing is changed.
    pub async fn act<G: Ground, T: Send + 'static>(
        &self,
        permit: Permit<G>,
        once: Option<String>,
        work: impl FnOnce(&mut Tx<'_, G>) -> Result<(T, String), Problem> + Send + 'static,
    ) -> Result<Acted<T>, Problem> {
        if let Some(answer) = self.seen_before(once.as_deref()).await? {
            return Ok(Acted::Before(answer));
        }
        Ok(match self.house.work(move |db| db.write_once(&permit, once.as_deref(), work)).await? {
            Once::Before(to) => Acted::Before(see_other(&self.req, &to)),
            Once::Now(done) => Acted::Now(done),
        })
    }

    /// A permit of the same person for something else, to draw a page again after a form failed.
    ///
    /// # Errors
    /// As [`crate::access::Actor::permit`].
    pub fn permit<G: Ground>(&self) -> Result<Permit<G>, Problem> {
        Ok(self.actor()?.permit::<G>(self.visitor.origin.clone())?)
    }

    /// Leads on after an act, with a note.
    ///
    /// # Errors
    /// Only when the note cannot be carried.
    pub fn led_to(&self, to: &str, note: Note) -> Result<HttpResponse, Problem> {
        let mut response = see_other(&self.req, to);
        response.add_cookie(&note.cookie(&self.house)).map_err(Problem::internal)?;
        Ok(response)
    }

    /// The frame of a page of the console.
    pub fn frame(&self, here: &'static str, store: Option<&IdentityStore>, crumbs: Vec<Crumb>) -> Frame {
        Frame::new(self, here, store, crumbs)
    }
}

/// What became of a form that may arrive twice.
pub enum Acted<T> {
    /// It came before; this is its answer.
    Before(HttpResponse),
    /// It was done now.
    Now(T),
}

/// A step of the breadcrumb.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// Where it leads; none: here, or to a page that the person may not open.
    pub href: Option<String>,
    /// What it says.
    pub words: String,
}

/// A step that leads somewhere.
pub fn crumb(href: impl Into<String>, words: impl Into<String>) -> Crumb {
    Crumb { href: Some(href.into()), words: words.into() }
}

/// The last step.
pub fn here(words: impl Into<String>) -> Crumb {
    Crumb { href: None, words: words.into() }
}

/// An entry of the sidebar.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it leads.
    pub href: String,
    /// The icon's name.
    pub icon: &'static str,
    /// What it says.
    pub words: &'static str,
    /// Whether this page belongs to it.
    pub current: bool,
}

/// A group of the sidebar.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its heading; none for the first.
    pub heading: &'static str,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// The bar of the portal.
#[derive(Clone, Debug)]
pub struct PortalBar {
    /// The organization; none while one is to be chosen.
    pub name: Option<String>,
    /// The names above it.
    pub above: String,
    /// What the addresses of its pages begin with.
    pub base: String,
}

/// What stands around a page, and what its parts need: the token, the viewer's zone, addresses of files.
pub struct Frame {
    /// What the product is called here, and whom people may ask.
    pub brand: Arc<General>,
    /// The stylesheet.
    pub css: &'static str,
    /// The script.
    pub js: &'static str,
    /// htmx.
    pub htmx: &'static str,
    /// The sprite of icons.
    pub icons: &'static str,
    /// The font, to load early.
    pub font: &'static str,
    /// `device`, `light` or `dark`.
    pub appearance: String,
    /// `comfortable` or `compact`.
    pub density: String,
    /// Whether single keys are shortcuts.
    pub shortcuts: bool,
    /// Whether the script is to tell us the browser's zone.
    pub learn_zone: bool,
    /// The token for forms.
    pub csrf: String,
    /// An id against double posting.
    pub once: String,
    /// The person's name.
    pub name: String,
    /// What they are.
    pub standing: &'static str,
    /// The store of this page.
    pub store: Option<(String, String)>,
    /// Where the store switcher leads.
    pub switch: String,
    /// The sidebar; in the portal, the tabs.
    pub nav: Vec<Group>,
    /// Whether the person may enter the console.
    pub console: bool,
    /// In the portal, what its bar shows.
    pub portal: Option<PortalBar>,
    /// The breadcrumb.
    pub crumbs: Vec<Crumb>,
    /// Whether only a part of the page is asked for: a dialog then opens over the page that is there.
    pub fragment: bool,
    /// The note after an act.
    pub note: Option<Note>,
    /// This page, for forms that come back to it.
    pub address: String,
    /// "Printed 23 Nov 2026, 10:04 CET by …".
    pub printed: String,
    /// The short name of the viewer's zone now.
    pub zone_name: String,
    now: Time,
    zone: jiff::tz::TimeZone,
}

impl Frame {
    fn new(ask: &Ask, current: &'static str, store: Option<&IdentityStore>, crumbs: Vec<Crumb>) -> Self {
        let visitor = &ask.visitor;
        let chance = &ask.house.db.chance;
        let now = ask.house.db.clock.now();
        let secret = visitor.csrf.clone().or_else(|| form::before_sign_in(&ask.req)).unwrap_or_else(|| Secret::new(chance));
        let name = visitor.actor.as_ref().map_or_else(String::new, |actor| actor.name.clone());
        let standing = match &visitor.actor {
            Some(actor) if actor.is_super() => "Super administrator",
            Some(actor) if actor.is_administrator() => "Administrator",
            Some(actor) if actor.is_org_admin() => "Org admin",
            _ => "Account",
        };
        let address = ask.req.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        let printed = when(now, &visitor.zone).text;
        let nav = visitor.actor.as_ref().map_or_else(Vec::new, |actor| nav(actor, store, current));
        // D-12: what is missing in the sidebar is no step to go back to either.
        let offered = |href: &str| nav.iter().flat_map(|group| &group.entries).any(|entry| entry.href == href);
        let mut crumbs = crumbs;
        for crumb in &mut crumbs {
            crumb.href = crumb.href.take().filter(|href| !href.ends_with("/organizations") || offered(href));
        }
        Self {
            brand: ask.house.db.general(),
            css: files::url("bailiwick.css"),
            js: files::url("bailiwick.js"),
            htmx: files::url("vendor/htmx-4.0.1.min.js"),
            icons: files::url("icons.svg"),
            font: files::url("inter.woff2"),
            appearance: visitor.preferences.appearance.clone(),
            density: visitor.preferences.density.clone(),
            shortcuts: visitor.preferences.shortcuts,
            learn_zone: visitor.learn_zone,
            csrf: secret.token(chance),
            once: chance.id("once"),
            standing,
            store: store.map(|store| (store.name.clone(), store.slug.clone())),
            switch: format!("/admin/stores?next={current}"),
            nav,
            console: visitor.actor.as_ref().is_some_and(|actor| actor.is_administrator()),
            portal: None,
            crumbs,
            fragment: is_fragment(&ask.req),
            note: match ask.req.extensions().get::<Reviewed>() {
                Some(Reviewed) => Some(Note::new("You were signed out. Your entries are still here; check and save.")),
                None => Note::read(&ask.req),
            },
            printed: format!("Printed {printed} by {name} from {address}"),
            zone_name: visitor.zone.to_offset_info(now.timestamp()).abbreviation().to_owned(),
            name,
            address,
            now,
            zone: visitor.zone.clone(),
        }
    }

    /// An instant, in the viewer's zone.
    pub fn when(&self, time: &Time) -> When {
        when(*time, &self.zone)
    }

    /// An instant, in the viewer's zone, to the second.
    pub fn moment(&self, time: &Time) -> When {
        when::moment(*time, &self.zone)
    }

    /// Whether an instant is still to come.
    pub fn is_ahead(&self, time: &Time) -> bool {
        *time > self.now
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The person's initials.
    pub fn initials(&self) -> String {
        text::initials(&self.name)
    }
}

/// Only what exists and what the person may open (D-12).
fn nav(actor: &Actor, store: Option<&IdentityStore>, current: &'static str) -> Vec<Group> {
    let entry = |href: String, icon, words, name| Entry { href, icon, words, current: name == current };
    let portal = || Group { heading: "Portal", entries: vec![entry("/portal".into(), "assignment", "Your organizations", "portal")] };
    if !actor.is_administrator() {
        return if actor.is_org_admin() { vec![portal()] } else { Vec::new() };
    }
    let mut groups = vec![Group { heading: "", entries: vec![entry("/admin".into(), "home", "Home", "home")] }];
    if let Some(store) = store {
        let base = format!("/admin/stores/{}", store.slug);
        let mut entries = Vec::new();
        // Of this very store: elsewhere they may hold other permissions.
        let opens = store.opens;
        if opens.organizations {
            entries.push(entry(format!("{base}/organizations"), "organization", "Organizations", "organizations"));
        }
        if opens.accounts {
            entries.push(entry(format!("{base}/accounts"), "accounts", "Accounts", "accounts"));
        }
        if opens.invitations {
            entries.push(entry(format!("{base}/invitations"), "invitation", "Invitations", "invitations"));
        }
        if opens.roles {
            entries.push(entry(format!("{base}/roles"), "role", "Roles", "roles"));
        }
        if opens.role_assignments {
            entries.push(entry(format!("{base}/role-assignments"), "assignment", "Role assignments", "role-assignments"));
        }
        groups.push(Group { heading: "Organizations", entries });
    }
    let mut administration = Vec::new();
    if Administration::reach(actor).is_some() {
        administration.push(entry("/admin/administrators".into(), "administrator", "Administrators", "administrators"));
    }
    if actor.may(&AdministratorRoleView::LEAF) {
        administration.push(entry("/admin/administrator-roles".into(), "key", "Administrator roles", "administrator-roles"));
    }
    if actor.may(&ScopeView::LEAF) {
        administration.push(entry("/admin/scopes".into(), "scope", "Scopes", "scopes"));
    }
    groups.push(Group { heading: "Administrators", entries: administration });
    let mut system = vec![entry("/admin/stores".into(), "store", "Identity stores", "stores")];
    if actor.may(&EventView::LEAF) {
        system.push(entry("/admin/events".into(), "events", "Event log", "events"));
    }
    if actor.may(&SettingsView::LEAF) {
        system.push(entry("/admin/settings".into(), "settings", "Settings", "settings"));
    }
    groups.push(Group { heading: "System", entries: system });
    if actor.is_org_admin() {
        groups.push(portal());
    }
    groups.retain(|group| !group.entries.is_empty());
    groups
}
