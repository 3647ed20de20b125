//! Organizations > Roles (screens.md 4.8): list, editor with the access-right matrix, deletion.

mod delete;
mod editor;
mod list;
mod save;

pub use delete::{confirm_delete, delete};
pub use editor::{detail, new};
pub use list::{export, list};
pub use save::{add, edit};

use crate::{
    access::{Permit, confer},
    domain::{
        Refusal,
        identity_store::IdentityStore,
        permissions::{OrganizationRoleAdd, OrganizationRoleDelete, OrganizationRoleEdit, Permission, RoleAssignmentView},
        rights::{self, Cell, Level, Rights, Template as RoleTemplate},
        role::{Role, Terms},
    },
    problem::Problem,
    store::{identity_stores, roles},
    web::{
        form::{Faults, Form, Nothing},
        frame::{Ask, Crumb, crumb, here},
        note::Note,
    },
};
use actix_web::{HttpResponse, web::Path};
use serde::Deserialize;
use serde_json::json;

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
