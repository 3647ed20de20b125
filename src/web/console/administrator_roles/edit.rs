//! The editor of an administrator role: name, description, and the permission tree (screens.md 3.7).

use super::{LIST, May, at, crumbs, holders, role_json};
use crate::{
    access::{Console, Ground, Permit},
    domain::{
        Refusal,
        administrator_role::{AdministratorRole, Kind, Terms},
        identity_store::IdentityStore,
        permissions::{AdministratorRoleAdd, AdministratorRoleEdit, AdministratorRoleView, Group, Leaf, Part, PermissionSet, leaf, tree},
        text,
    },
    problem::Problem,
    store::{
        Once, View,
        administrator_roles::{self, Effect, Holder, Listed, Saved},
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame},
        me::first_store,
        note::Note,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The fields of the editor.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    kind: String,
    name: String,
    description: String,
    perm: Vec<String>,
    rev: Option<i32>,
    /// A button that changes the boxes without saving: `all:1.2`, `none:1`, `add:user.view`.
    op: String,
    /// The mark of the effect that was confirmed (Z-11).
    confirmed: Option<String>,
}

impl Fields {
    fn of(terms: &Terms, rev: Option<i32>) -> Self {
        Self { name: terms.name.clone(), description: terms.description.clone(), perm: codes(terms.permissions), rev, ..Self::default() }
    }

    fn permissions(&self) -> PermissionSet {
        self.perm.iter().filter_map(|code| leaf(code)).collect()
    }

    fn terms(&self, kind: Kind) -> Result<Terms, Faults> {
        if let Some(unknown) = self.perm.iter().find(|code| leaf(code).is_none()) {
            let shown: String = unknown.chars().take(60).collect();
            return Err(Faults::one(Refusal::at("perm", format!("There is no permission “{shown}”."))));
        }
        let terms = Terms { name: self.name.clone(), description: self.description.clone(), permissions: self.permissions() };
        terms.check(kind).map_err(Faults)
    }

    /// What a button of the form asks for instead of saving; works without script.
    fn operate(&mut self, kind: Kind) -> bool {
        let now = self.permissions();
        let then = match self.op.split_once(':') {
            Some(("all", place)) => now.union(within(kind, place)),
            Some(("none", place)) => now.without(within(kind, place)),
            Some(("add", code)) => now.union(leaf(code).into_iter().collect()),
            // After a session has ended amid the form: to check, not yet to save.
            _ if self.op == "review" => now,
            _ => return false,
        };
        self.perm = codes(then);
        true
    }
}

fn codes(permissions: PermissionSet) -> Vec<String> {
    permissions.leaves().map(|leaf| leaf.code.to_owned()).collect()
}

/// What a part of the tree contains, by its number: `1` or `1.2`.
fn within(kind: Kind, place: &str) -> PermissionSet {
    let (group, part) = place.split_once('.').map_or((place, None), |(group, part)| (group, Some(part)));
    let groups = tree(kind.permissions());
    let parts = groups.iter().filter(|one| one.number.to_string() == group).flat_map(|group| &group.parts);
    let sets = parts.filter(|one| part.is_none_or(|part| one.number.to_string() == part)).map(Part::set);
    sets.fold(PermissionSet::NONE, PermissionSet::union)
}

#[derive(Template)]
#[template(path = "console/administrator_roles/edit.html", blocks = ["content"])]
struct Edit {
    f: Frame,
    kind: Kind,
    listed: Option<Listed>,
    fields: Fields,
    holders: Vec<Holder>,
    /// Whether the viewer holds it themselves.
    own: bool,
    /// Whether name and description are open.
    editable: bool,
    /// Whether the boxes are, too (D-11).
    open: bool,
    may: May,
    faults: Faults,
    theirs: Option<Theirs>,
}
view!(Edit, as_content, json);

impl Edit {
    fn json(&self) -> serde_json::Value {
        self.listed.as_ref().map_or(serde_json::Value::Null, |listed| {
            let mut reading = role_json(listed);
            if let (false, Some(fields)) = (self.may.view, reading.as_object_mut()) {
                // A holder reads what the role holds, not who else has it (D-1).
                fields.retain(|name, _| !name.ends_with("_by") || name == "changed_by");
            }
            reading
        })
    }

    fn title(&self) -> String {
        self.listed.as_ref().map_or_else(|| format!("New {}", self.kind.label().to_lowercase()), |listed| listed.role.terms.name.clone())
    }

    fn action(&self) -> String {
        self.listed.as_ref().map_or_else(|| LIST.to_owned(), |listed| at(&listed.role))
    }

    fn back(&self) -> String {
        match &self.listed {
            Some(listed) => at(&listed.role),
            None if self.may.view => LIST.to_owned(),
            None => "/admin".to_owned(),
        }
    }

    fn rev(&self) -> i32 {
        self.theirs.as_ref().map(|theirs| theirs.role.rev).or(self.fields.rev).unwrap_or_default()
    }

    fn held(&self) -> i64 {
        self.listed.as_ref().map_or(0, |listed| listed.held)
    }

    fn unscoped(&self) -> &'static str {
        self.kind.unscoped()
    }

    fn held_by(&self) -> String {
        administrator_roles::held_by(self.held())
    }

    /// Everything that a role of the kind may hold.
    fn whole(&self) -> PermissionSet {
        self.kind.permissions()
    }

    fn groups(&self) -> Vec<Group> {
        tree(self.kind.permissions())
    }

    fn has(&self, leaf: &Leaf) -> bool {
        self.fields.perm.iter().any(|code| code == leaf.code)
    }

    /// Whether the stored role has it: what "unsaved" is measured by.
    fn stored(&self, leaf: &Leaf) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.role.terms.permissions.has(leaf))
    }

    /// "12 of 15".
    fn share(&self, of: &PermissionSet) -> String {
        format!("{} of {}", self.ticked(of), of.count())
    }

    fn ticked(&self, of: &PermissionSet) -> u32 {
        of.without(of.without(self.fields.permissions())).count()
    }

    fn is_full(&self, of: &PermissionSet) -> bool {
        self.ticked(of) == of.count()
    }

    /// The leaves that are ticked and of no use, as this one is not.
    fn useless(&self, view: &Leaf, acting: &[&Leaf]) -> Vec<&'static str> {
        if self.has(view) { Vec::new() } else { acting.iter().filter(|leaf| self.has(leaf)).map(|leaf| leaf.label).collect() }
    }

    fn effect_line(&self) -> String {
        match (self.listed.is_some(), self.held()) {
            (false, _) | (_, 0) => "At least one permission has to stay on.".into(),
            (_, held) => format!("Saving changes what {} can do, right away.", text::count(held, "administrator", "administrators")),
        }
    }
}

/// What somebody else saved meanwhile.
struct Theirs {
    role: AdministratorRole,
    differences: Vec<(&'static str, String, String)>,
}

impl Theirs {
    fn new(role: AdministratorRole, mine: &Fields) -> Self {
        let (theirs, mine_too) = (role.terms.permissions, mine.permissions());
        let pairs = [
            ("Name", role.terms.name.clone(), mine.name.clone()),
            ("Description", role.terms.description.clone(), mine.description.clone()),
            ("Permissions the other lacks", labels(theirs.without(mine_too)), labels(mine_too.without(theirs))),
        ];
        let differences = pairs.into_iter().filter(|(_, theirs, mine)| theirs != mine).collect();
        Self { role, differences }
    }
}

fn labels(permissions: PermissionSet) -> String {
    permissions.leaves().map(|leaf| leaf.label).collect::<Vec<_>>().join(", ")
}

/// What the editor draws, apart from what was typed.
struct Editing {
    first: Option<IdentityStore>,
    kind: Kind,
    listed: Option<Listed>,
    holders: Vec<Holder>,
    own: bool,
}

impl Editing {
    fn of_kind<G: Ground>(view: &mut View<'_, G>, kind: Kind) -> Result<Self, Problem> {
        Ok(Self { first: first_store(view)?, kind, listed: None, holders: Vec::new(), own: false })
    }

    fn of<G: Ground>(view: &mut View<'_, G>, listed: Listed) -> Result<Self, Problem> {
        let (holders, own) = (holders(view, &listed)?, administrator_roles::is_own(view, &listed.role)?);
        Ok(Self { first: first_store(view)?, kind: listed.role.kind, listed: Some(listed), holders, own })
    }

    fn show(self, ask: &Ask, fields: Fields, faults: Faults, theirs: Option<Theirs>, status: StatusCode) -> Result<HttpResponse, Problem> {
        let may = May::of(ask)?;
        let editable = self.listed.is_none() || (may.edit && self.kind != Kind::Super);
        // D-11: nobody but a super administrator changes what a role of their own holds.
        let open = editable && (!self.own || ask.actor()?.is_super());
        let last = match &self.listed {
            Some(listed) => listed.role.terms.name.clone(),
            None => "Add administrator role".to_owned(),
        };
        let f = ask.frame("administrator-roles", self.first.as_ref(), crumbs(may, &last));
        let Self { kind, listed, holders, own, .. } = self;
        let view = Edit { f, kind, listed, fields, holders, own, editable, open, may, faults, theirs };
        Ok(page(view).status(status).whole().respond_to(&ask.req))
    }
}

/// The kinds that people make (D-2).
fn kind_to_make(word: &str) -> Option<Kind> {
    Kind::from_word(word).filter(|kind| *kind != Kind::Super)
}

/// `GET /admin/administrator-roles/new/{kind}`
pub async fn new(permit: Permit<AdministratorRoleAdd>, ask: Ask, kind: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = kind_to_make(&kind).ok_or(Problem::NotFound)?;
    let query = ask.query();
    let from = query.get("from").to_owned();
    let (editing, copied) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let editing = Editing::of_kind(view, kind)?;
                if from.is_empty() {
                    return Ok((editing, None));
                }
                let copied = view.also::<AdministratorRoleView, _>(|view| administrator_roles::find(view, &from))?.role;
                administrator_roles::not_given(&copied)?;
                Ok((editing, Some(copied.terms)))
            })
        })
        .await?;
    let fields = match copied {
        Some(terms) => {
            let name: String = format!("Copy of {}", terms.name).chars().take(64).collect();
            let beyond = terms.permissions.without(kind.permissions());
            Fields::of(&Terms { name, permissions: terms.permissions.without(beyond), ..terms }, None)
        }
        None => Fields::default(),
    };
    editing.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

/// `POST /admin/administrator-roles`
pub async fn add(permit: Permit<AdministratorRoleAdd>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (mut fields, once) = (form.fields, form.once);
    let Some(kind) = kind_to_make(&fields.kind) else {
        return Err(Problem::Refused(Refusal::at("kind", "Choose the type of the role first.")));
    };
    let operated = fields.operate(kind);
    let terms = if operated { Err(Faults::default()) } else { fields.terms(kind) };
    let may = May::of(&ask)?;
    let done = match terms {
        Err(faults) => Err(faults),
        Ok(terms) => {
            let done = ask
                .act(permit, once, move |tx| {
                    let role = administrator_roles::add(tx, kind, &terms)?;
                    let to = if may.view { at(&role) } else { "/admin".to_owned() };
                    Ok(((role, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((role, to))) => {
            let note = Note::new(format!("{} is ready.", role.terms.name));
            // Nobody holds it yet, so nobody else could pass it on (D-9).
            let note = if ask.actor()?.is_super() {
                note.link(format!("/admin/administrators/new?role={}", role.id), "Give it to somebody")
            } else {
                note
            };
            ask.led_to(&to, note)
        }
        Err(faults) => {
            let permit = ask.permit::<AdministratorRoleAdd>()?;
            let editing = ask.house.work(move |db| db.read(&permit, |view| Editing::of_kind(view, kind))).await?;
            let status = if operated { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            editing.show(&ask, fields, faults, None, status)
        }
    }
}

/// `GET /admin/administrator-roles/{role}`: the editor; to read for whoever may not edit, and for holders (D-1).
pub async fn detail(permit: Permit<Console>, ask: Ask, id: Path<String>) -> Result<HttpResponse, Problem> {
    let editing = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let listed = administrator_roles::find_to_read(view, &id)?;
                Editing::of(view, listed)
            })
        })
        .await?;
    let fields = match &editing.listed {
        Some(listed) => Fields::of(&listed.role.terms, Some(listed.role.rev)),
        None => Fields::default(),
    };
    editing.show(&ask, fields, Faults::default(), None, StatusCode::OK)
}

#[derive(Template)]
#[template(path = "console/administrator_roles/confirm.html", blocks = ["content"])]
struct Confirm {
    f: Frame,
    title: String,
    fields: Fields,
    action: String,
    effect: Effect,
    changed: bool,
}
view!(Confirm, as_content);

/// `POST /admin/administrator-roles/{role}`
pub async fn edit(permit: Permit<AdministratorRoleEdit>, ask: Ask, id: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (id, mut fields, once) = (id.into_inner(), form.fields, form.once);
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    let id_too = id.clone();
    let (permit, editing) = ask
        .house
        .work(move |db| {
            let editing = db.read(&permit, |view| {
                let listed = administrator_roles::find(view, &id_too)?;
                administrator_roles::not_given(&listed.role)?;
                Editing::of(view, listed)
            })?;
            Ok((permit, editing))
        })
        .await?;
    if fields.operate(editing.kind) {
        return editing.show(&ask, fields, Faults::default(), None, StatusCode::OK);
    }
    let (terms, rev) = match (fields.terms(editing.kind), fields.rev) {
        (Ok(terms), Some(rev)) => (terms, rev),
        (Ok(_), None) => {
            let faults = Faults::one(administrator_roles::missing_rev());
            return editing.show(&ask, fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY);
        }
        (Err(faults), _) => return editing.show(&ask, fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let to = if May::of(&ask)?.view { format!("{LIST}/{id}") } else { "/admin".to_owned() };
    let (mark, to_too, name) = (fields.confirmed.clone(), to.clone(), terms.name.clone());
    let saved = ask
        .house
        .work(move |db| {
            db.write_once(&permit, once.as_deref(), |tx| Ok((administrator_roles::edit(tx, &id, rev, &terms, mark.as_deref())?, to_too)))
        })
        .await;
    let saved = match faults(saved)? {
        Ok(Once::Before(to)) => return Ok(see_other(&ask.req, &to)),
        Ok(Once::Now(saved)) => saved,
        Err(faults) => return editing.show(&ask, fields, faults, None, StatusCode::UNPROCESSABLE_ENTITY),
    };
    match saved {
        Saved::Stale(role) => {
            let theirs = Theirs::new(role, &fields);
            editing.show(&ask, fields, Faults::default(), Some(theirs), StatusCode::CONFLICT)
        }
        Saved::Confirm(effect) => {
            let changed = fields.confirmed.is_some();
            let f = ask.frame("administrator-roles", editing.first.as_ref(), crumbs(May::of(&ask)?, "Confirm"));
            let action = editing.listed.as_ref().map(|listed| at(&listed.role)).unwrap_or_default();
            let status = if changed { StatusCode::CONFLICT } else { StatusCode::OK };
            Ok(page(Confirm { f, title: name, fields, action, effect, changed }).status(status).whole().respond_to(&ask.req))
        }
        Saved::Done(role, effect, event) => {
            let note = Note::new(format!("{} saved.", role.terms.name));
            let note = match effect.accounts {
                0 => note,
                accounts => note.more(format!("{} affected.", text::count(accounts, "administrator is", "administrators are"))),
            };
            ask.led_to(&to, note.undo(event))
        }
    }
}
