//! Organizations > Roles (screens.md 4.8): list, editor with the access-right matrix, deletion.

mod delete;

pub use delete::{confirm_delete, delete};

use crate::{
    access::{Ground, Permit, confer},
    domain::{
        Refusal,
        identity_store::IdentityStore,
        permissions::{
            OrganizationRoleAdd, OrganizationRoleDelete, OrganizationRoleEdit, OrganizationRoleView, Permission, RoleAssignmentView,
        },
        rights::{self, Cell, Level, Rights, Template as RoleTemplate},
        role::{Role, Terms},
        text,
    },
    problem::Problem,
    store::{
        Once, View, identity_stores,
        paging::Slice,
        roles::{self, Effect, Listed, Saved, Use},
    },
    web::{
        export,
        form::{Faults, Form, Nothing, faults},
        frame::{Ask, Crumb, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        note::Note,
        optional,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

#[derive(Template)]
#[template(path = "console/roles/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    roles: Slice<Listed>,
    pager: Pager,
    may: May,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.roles, &self.pager, |listed| role_json(&listed.role, listed.held))
    }
}

impl List {
    fn sort(&self) -> &str {
        match self.query.get("sort") {
            "" => "name",
            sort => sort,
        }
    }

    fn narrowed(&self) -> bool {
        ["q", "auto", "right", "unused", "minimum"].iter().any(|word| !self.query.get(word).is_empty())
    }

    fn right_options() -> Vec<(String, String)> {
        Cell::ALL.iter().map(|cell| (cell.code(), cell.label())).collect()
    }
}

fn role_json(role: &Role, held: i64) -> serde_json::Value {
    json!({
        "id": role.id, "name": role.terms.name, "description": role.terms.description,
        "auto_every": role.terms.auto_every, "auto_first": role.terms.auto_first,
        "rights": role.terms.rights.cells().map(Cell::code).collect::<Vec<_>>(),
        "held_by": held, "rev": role.rev, "changed": role.changed_at.rfc3339(), "changed_by": role.changed_by,
    })
}

/// What the viewer may do with roles; what they may not is absent (D-12).
#[derive(Clone, Copy)]
struct May {
    add: bool,
    /// Whether every cell of the recommended roles is theirs to give (D-11).
    templates: bool,
    edit: bool,
    delete: bool,
    assignments: bool,
}

impl May {
    fn of(ask: &Ask) -> Result<Self, Problem> {
        let actor = ask.actor()?;
        let recommended = rights::templates().into_iter().fold(Rights::NONE, |all, template| all.union(template.rights));
        Ok(Self {
            add: actor.may(&OrganizationRoleAdd::LEAF),
            templates: actor.is_super() || confer::may_change_cells(actor, recommended, [], None).is_ok(),
            edit: actor.may(&OrganizationRoleEdit::LEAF),
            delete: actor.may(&OrganizationRoleDelete::LEAF),
            assignments: actor.may(&RoleAssignmentView::LEAF),
        })
    }
}

/// `GET /admin/stores/{store}/roles`
pub async fn list(permit: Permit<OrganizationRoleView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query);
    let paging = query.paging(ask.rows());
    let (store, roles) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let roles = roles::list(view, store.key, &filter, &paging)?;
                Ok((store, roles))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &roles) {
        return Ok(see_other(&ask.req, &last));
    }
    let base = base(&store);
    let f = ask.frame("roles", Some(&store), vec![crumb(format!("{base}/organizations"), "Organizations"), here("Roles")]);
    let (pager, address, may) = (Pager::new(&query, &roles), query.address(), May::of(&ask)?);
    Ok(page(List { f, base, query, roles, pager, may }).replaces(address).respond_to(&ask.req))
}

/// Reads the filters of the list.
fn filter(query: &mut Query) -> roles::Filter {
    let sort = query.one_of("sort", &["name", "-name", "changed", "-changed"]);
    roles::Filter {
        q: query.search(),
        auto: query.one_of("auto", &["every", "first", "none"]),
        right: query.choice("right", Cell::from_code),
        unused: query.one_of("unused", &["1"]) == "1",
        without_minimum: query.one_of("minimum", &["missing"]) == "missing",
        by_change: sort.ends_with("changed"),
        descending: sort.starts_with('-'),
    }
}

/// `POST /admin/stores/{store}/roles/export`: what the list shows, all of it.
pub async fn export(
    permit: Permit<OrganizationRoleView>,
    ask: Ask,
    slug: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query);
    let permit_too = ask.permit::<OrganizationRoleView>()?;
    let store = ask.house.work(move |db| db.read(&permit_too, |view| identity_stores::find_with_roles(view, &slug))).await?;
    let columns =
        ["Id", "Name", "Description", "Rights", "To everyone who registers", "To the first person", "Held by", "Changed", "Changed by"];
    let sheet = export::Sheet { name: "roles", columns: columns.map(str::to_owned).to_vec() };
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        move |view, paging| roles::list(view, store.key, &filter, paging),
        move |listed: &Listed| {
            let (role, terms) = (&listed.role, &listed.role.terms);
            vec![
                role.id.clone(),
                terms.name.clone(),
                terms.description.clone(),
                terms.rights.codes(),
                yes(terms.auto_every),
                yes(terms.auto_first),
                listed.held.to_string(),
                role.changed_at.rfc3339(),
                role.changed_by.clone().unwrap_or_default(),
            ]
        },
    )
    .await
}

fn base(store: &IdentityStore) -> String {
    format!("/admin/stores/{}", store.slug)
}

fn crumbs(store: &IdentityStore, last: &str) -> Vec<Crumb> {
    let base = base(store);
    vec![crumb(format!("{base}/organizations"), "Organizations"), crumb(format!("{base}/roles"), "Roles"), here(last)]
}

/// The fields of the editor.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    name: String,
    description: String,
    auto_every: Option<String>,
    auto_first: Option<String>,
    right: Vec<String>,
    template: String,
    rev: Option<i32>,
    /// A button that changes the boxes without saving: `all-read`, `clear`, `template`.
    op: String,
    /// The mark of the effect that was confirmed.
    confirmed: Option<String>,
}

impl Fields {
    fn of(terms: &Terms, rev: Option<i32>) -> Self {
        Self {
            name: terms.name.clone(),
            description: terms.description.clone(),
            auto_every: terms.auto_every.then(|| "on".into()),
            auto_first: terms.auto_first.then(|| "on".into()),
            right: terms.rights.cells().map(Cell::code).collect(),
            rev,
            ..Self::default()
        }
    }

    fn rights(&self) -> Rights {
        self.right.iter().filter_map(|code| Cell::from_code(code)).collect()
    }

    fn has(&self, cell: &Cell) -> bool {
        self.rights().has(*cell)
    }

    fn terms(&self) -> Result<Terms, Faults> {
        if let Some(unknown) = self.right.iter().find(|code| Cell::from_code(code).is_none()) {
            let shown: String = unknown.chars().take(60).collect();
            return Err(Faults::one(Refusal::at("right", format!("There is no access right “{shown}”."))));
        }
        let terms = Terms {
            name: self.name.clone(),
            description: self.description.clone(),
            auto_every: self.auto_every.as_deref() == Some("on"),
            auto_first: self.auto_first.as_deref() == Some("on"),
            rights: self.rights(),
        };
        terms.check().map_err(Faults)
    }

    /// What a button of the form asks for instead of saving; works without script.
    fn operate(&mut self) -> bool {
        match self.op.as_str() {
            "all-read" => {
                let reads = Cell::ALL.iter().filter(|cell| cell.level() == Level::Read).copied();
                self.right = self.rights().union(reads.collect()).cells().map(Cell::code).collect();
            }
            "clear" => self.right.clear(),
            "template" => match template(&self.template) {
                Some(template) => self.right = template.rights.cells().map(Cell::code).collect(),
                None => self.right.clear(),
            },
            // After a session has ended amid the form: to check, not yet to save.
            "review" => {}
            _ => return false,
        }
        true
    }

    /// The template whose cells these are.
    fn matching(&self) -> &'static str {
        let rights = self.rights();
        rights::templates().iter().find(|template| template.rights == rights).map_or("", |template| template.code)
    }
}

fn template(code: &str) -> Option<RoleTemplate> {
    rights::templates().into_iter().find(|template| template.code == code)
}

#[derive(Template)]
#[template(path = "console/roles/edit.html", blocks = ["content"])]
struct Edit {
    f: Frame,
    base: String,
    store: IdentityStore,
    role: Option<Role>,
    held: i64,
    fields: Fields,
    used: Vec<Use>,
    used_in: i64,
    may: May,
    faults: Faults,
    theirs: Option<Theirs>,
    notice: Option<&'static str>,
}
view!(Edit, as_content, json);

impl Edit {
    fn json(&self) -> serde_json::Value {
        self.role.as_ref().map_or(serde_json::Value::Null, |role| role_json(role, self.held))
    }
}

/// What somebody else saved meanwhile.
struct Theirs {
    role: Role,
    differences: Vec<(&'static str, String, String)>,
}

impl Theirs {
    fn new(role: Role, mine: &Fields) -> Self {
        let words = |on: bool| if on { "yes".to_owned() } else { "no".to_owned() };
        let theirs = &role.terms;
        let pairs = [
            ("Name", theirs.name.clone(), mine.name.clone()),
            ("Description", theirs.description.clone(), mine.description.clone()),
            ("Access rights", labels(theirs.rights), labels(mine.rights())),
            ("To everyone who registers", words(theirs.auto_every), words(mine.auto_every.is_some())),
            ("To the first person", words(theirs.auto_first), words(mine.auto_first.is_some())),
        ];
        let differences = pairs.into_iter().filter(|(_, theirs, mine)| theirs != mine).collect();
        Self { role, differences }
    }
}

fn labels(rights: Rights) -> String {
    rights.cells().map(Cell::label).collect::<Vec<_>>().join(", ")
}

impl Edit {
    fn title(&self) -> String {
        self.role.as_ref().map_or_else(|| "New role".into(), |role| role.terms.name.clone())
    }

    fn action(&self) -> String {
        match &self.role {
            Some(role) => format!("{}/roles/{}", self.base, role.id),
            None => format!("{}/roles", self.base),
        }
    }

    fn rev(&self) -> i32 {
        self.theirs.as_ref().map(|theirs| theirs.role.rev).or(self.fields.rev).unwrap_or_default()
    }

    fn effect_line(&self) -> String {
        match self.held {
            0 => "Nobody holds this role yet.".into(),
            held => format!("Saving changes what {} can do, right away.", text::count(held, "account", "accounts")),
        }
    }
}

struct Editing {
    store: IdentityStore,
    listed: Option<Listed>,
    used: (Vec<Use>, i64),
}

impl Editing {
    fn show(self, ask: &Ask, fields: Fields, faults: Faults, theirs: Option<Theirs>, status: StatusCode) -> Result<HttpResponse, Problem> {
        self.show_with(ask, fields, faults, theirs, status, None)
    }

    fn show_with(
        self,
        ask: &Ask,
        fields: Fields,
        faults: Faults,
        theirs: Option<Theirs>,
        status: StatusCode,
        notice: Option<&'static str>,
    ) -> Result<HttpResponse, Problem> {
        let held = self.listed.as_ref().map_or(0, |listed| listed.held);
        let role = self.listed.map(|listed| listed.role);
        let last = role.as_ref().map_or("New role", |role| role.terms.name.as_str()).to_owned();
        let view = Edit {
            f: ask.frame("roles", Some(&self.store), crumbs(&self.store, &last)),
            base: base(&self.store),
            store: self.store,
            role,
            held,
            fields,
            used: self.used.0,
            used_in: self.used.1,
            may: May::of(ask)?,
            faults,
            theirs,
            notice,
        };
        Ok(page(view).status(status).whole().respond_to(&ask.req))
    }
}

fn load<G: Ground>(view: &mut View<'_, G>, slug: &str, id: Option<&str>) -> Result<Editing, Problem> {
    let store = identity_stores::find_with_roles(view, slug)?;
    let listed = id.map(|id| roles::find_listed(view, &store, id)).transpose()?;
    let used = match &listed {
        Some(listed) => optional(view.also::<OrganizationRoleView, _>(|view| roles::used(view, listed.role.key, 5)))?.unwrap_or_default(),
        None => (Vec::new(), 0),
    };
    Ok(Editing { store, listed, used })
}

/// `GET /admin/stores/{store}/roles/new`
pub async fn new(permit: Permit<OrganizationRoleAdd>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let from = query.get("from").to_owned();
    let (editing, copied) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let editing = load(view, &slug, None)?;
                let copied = if from.is_empty() { None } else { Some(roles::find(view, &editing.store, &from)?) };
                Ok((editing, copied))
            })
        })
        .await?;
    let fields = match (copied, template(query.get("template"))) {
        (Some(role), _) => {
            let name: String = format!("Copy of {}", role.terms.name).chars().take(64).collect();
            Fields::of(&Terms { name, auto_every: false, auto_first: false, ..role.terms }, None)
        }
        (None, Some(template)) => Fields::of(
            &Terms { name: template.name.into(), description: template.description.into(), rights: template.rights, ..Terms::default() },
            None,
        ),
        (None, None) => Fields::default(),
    };
    editing.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

/// `GET /admin/stores/{store}/roles/{role}`: the editor; to read for whoever may not edit.
pub async fn detail(permit: Permit<OrganizationRoleView>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let editing = ask.house.work(move |db| db.read(&permit, |view| load(view, &slug, Some(&id)))).await?;
    let fields = match &editing.listed {
        Some(listed) => Fields::of(&listed.role.terms, Some(listed.role.rev)),
        None => Fields::default(),
    };
    editing.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

#[derive(Template)]
#[template(path = "console/roles/confirm.html", blocks = ["content"])]
struct Confirm {
    f: Frame,
    title: String,
    fields: Fields,
    action: String,
    back: String,
    effect: Effect,
    everyone: bool,
    mark: String,
    changed: bool,
}
view!(Confirm, as_content);

/// Everyone who registers could delete accounts: that is confirmed once more (screens.md 4.8).
fn everyone_deletes(terms: &Terms) -> bool {
    terms.auto_every && terms.rights.at(Level::Delete) > 0
}

/// `POST /admin/stores/{store}/roles`
pub async fn add(permit: Permit<OrganizationRoleAdd>, ask: Ask, slug: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (mut fields, once) = (form.fields, form.once);
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    let slug = slug.into_inner();
    let operated = fields.operate();
    let terms = if operated { Err(Faults::default()) } else { fields.terms() };
    let reread = (permit.actor().cloned(), permit.origin().clone());
    let (store, done) = match terms {
        Err(faults) => (None, Err(faults)),
        Ok(terms) if everyone_deletes(&terms) && fields.confirmed.as_deref() != Some("everyone") => {
            let editing = ask.house.work(move |db| db.read(&permit, |view| load(view, &slug, None))).await?;
            let effect = Effect { accounts: 0, organizations: 0, gained: Rights::NONE, lost: Rights::NONE };
            return confirm(
                &ask,
                &editing.store,
                &terms.name,
                fields,
                format!("{}/roles", base(&editing.store)),
                effect,
                true,
                "everyone".into(),
                false,
            );
        }
        Ok(terms) => {
            let slug = slug.clone();
            let done = ask
                .house
                .work(move |db| {
                    db.write_once(&permit, once.as_deref(), |tx| {
                        let store = identity_stores::find_with_roles(tx, &slug)?;
                        let role = roles::add(tx, &store, &terms)?;
                        let to = format!("{}/roles/{}", base(&store), role.id);
                        Ok(((store, role), to))
                    })
                })
                .await;
            match faults(done)? {
                Ok(Once::Before(to)) => return Ok(see_other(&ask.req, &to)),
                Ok(Once::Now((store, role))) => (Some(store), Ok(role)),
                Err(faults) => (None, Err(faults)),
            }
        }
    };
    match (store, done) {
        (Some(store), Ok(role)) => {
            let base = base(&store);
            let note = Note::new(format!("{} is ready.", role.terms.name));
            let note = if May::of(&ask)?.assignments {
                note.link(format!("{base}/role-assignments?role={}", role.id), "Assign it to accounts")
            } else {
                note
            };
            ask.led_to(&format!("{base}/roles/{}", role.id), note)
        }
        (_, done) => {
            let faults = done.err().unwrap_or_default();
            let (Some(actor), origin) = reread else { return Err(Problem::SignedOut) };
            let permit = actor.permit::<OrganizationRoleAdd>(origin)?;
            let editing = ask.house.work(move |db| db.read(&permit, |view| load(view, &slug, None))).await?;
            let status = if operated { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            editing.show(&ask, fields, faults, None, status)
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "each is one thing that the confirmation shows")]
fn confirm(
    ask: &Ask,
    store: &IdentityStore,
    title: &str,
    fields: Fields,
    action: String,
    effect: Effect,
    everyone: bool,
    mark: String,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let f = ask.frame("roles", Some(store), crumbs(store, "Confirm"));
    let status = if changed { StatusCode::CONFLICT } else { StatusCode::OK };
    let back = if action.ends_with("/roles") { format!("{action}/new") } else { action.clone() };
    let view = Confirm { f, title: title.to_owned(), fields, action, back, effect, everyone, mark, changed };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/roles/{role}`
pub async fn edit(
    permit: Permit<OrganizationRoleEdit>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), mut fields, once) = (path.into_inner(), form.fields, form.once);
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    let (slug_too, id_too) = (slug.clone(), id.clone());
    let (permit, editing) =
        ask.house.work(move |db| db.read(&permit, |view| load(view, &slug_too, Some(&id_too))).map(|editing| (permit, editing))).await?;
    if fields.operate() {
        return editing.show(&ask, fields, Faults::default(), None, StatusCode::OK);
    }
    let terms = match (fields.terms(), fields.rev) {
        (Ok(terms), Some(rev)) => Ok((terms, rev)),
        (Ok(_), None) => Err(Faults::one(roles::missing_rev())),
        (Err(faults), _) => Err(faults),
    };
    let (terms, rev) = match terms {
        Ok(found) => found,
        Err(faults) => return editing.show(&ask, fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let everyone = everyone_deletes(&terms) && editing.listed.as_ref().is_some_and(|listed| !everyone_deletes(&listed.role.terms));
    let mark = fields.confirmed.clone().map(|mark| mark.trim_start_matches("everyone ").to_owned());
    let everyone_confirmed = fields.confirmed.as_deref().is_some_and(|mark| mark.starts_with("everyone"));
    let name = terms.name.clone();
    let (store, terms_too) = (editing.store.clone(), terms.clone());
    if everyone && !everyone_confirmed {
        let role = editing.listed.as_ref().map(|listed| listed.role.clone()).ok_or(Problem::NotFound)?;
        let effect = ask.house.work(move |db| db.read(&permit, |view| roles::effect(view, &role, &terms_too))).await?;
        let mark = format!("everyone {}", effect.mark());
        return confirm(&ask, &store, &name, fields, format!("{}/roles/{id}", base(&store)), effect, true, mark, false);
    }
    let store_too = store.clone();
    let id_too = id.clone();
    // Whoever may change it need not be one who may look at it.
    let sees = ask.actor()?.may(&OrganizationRoleView::LEAF);
    let to = if sees { format!("{}/roles/{id}", base(&store)) } else { "/admin".to_owned() };
    let to_too = to.clone();
    let saved = ask
        .house
        .work(move |db| {
            db.write_once(&permit, once.as_deref(), |tx| Ok((roles::edit(tx, &store_too, &id_too, rev, &terms, mark.as_deref())?, to_too)))
        })
        .await;
    let saved = match faults(saved)? {
        Ok(Once::Before(to)) => return Ok(see_other(&ask.req, &to)),
        Ok(Once::Now(saved)) => Ok(saved),
        Err(faults) => Err(faults),
    };
    match saved {
        Err(faults) => editing.show(&ask, fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY),
        Ok(Saved::Stale(role)) => {
            let theirs = Theirs::new(role, &fields);
            editing.show(&ask, fields, Faults::default(), Some(theirs), StatusCode::CONFLICT)
        }
        Ok(Saved::Confirm(effect)) => {
            let changed = fields.confirmed.is_some();
            let mark = if everyone { format!("everyone {}", effect.mark()) } else { effect.mark() };
            confirm(&ask, &store, &name, fields, format!("{}/roles/{id}", base(&store)), effect, everyone, mark, changed)
        }
        Ok(Saved::Done(role, effect, event)) => {
            let note = Note::new(format!("{} saved.", role.terms.name));
            let note = match effect.accounts {
                0 => note,
                accounts => note.more(format!("{} affected.", text::count(accounts, "account is", "accounts are"))),
            };
            let note = note.undo(event);
            ask.led_to(&to, note)
        }
    }
}

/// `POST /admin/stores/{store}/roles/templates`: the recommended roles, into a store that has none.
pub async fn add_templates(
    permit: Permit<OrganizationRoleAdd>,
    ask: Ask,
    slug: Path<String>,
    _: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (store, names) = ask
        .house
        .work(move |db| {
            db.write(&permit, |tx| {
                let store = identity_stores::find_with_roles(tx, &slug)?;
                roles::add_templates(tx, &store).map(|names| (store, names))
            })
        })
        .await?;
    ask.led_to(&format!("{}/roles", base(&store)), Note::new(format!("{} are ready.", names.join(", "))))
}
