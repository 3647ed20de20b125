//! Pairs taken away, after a confirmation with the effect.

use super::{Chosen, base, chosen, crumbs, pair_address, wanted};
use crate::{
    access::Permit,
    domain::{permissions::RoleAssignmentEdit, text},
    problem::Problem,
    store::{
        Once, identity_stores, organizations,
        role_assignments::{self, Removal, Wanted},
        roles,
    },
    web::{
        form::Form,
        frame::{Ask, Frame},
        note::Note,
        page::{encode, page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde::Deserialize;

/// The fields of taking.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Take {
    org: String,
    role: String,
    account: Vec<String>,
}

#[derive(Template)]
#[template(path = "console/role_assignments/remove.html", blocks = ["dialog"])]
struct Remove {
    f: Frame,
    base: String,
    chosen: Chosen,
    ids: Vec<String>,
    removal: Removal,
}
view!(Remove, as_dialog);

impl Remove {
    fn count(&self) -> i64 {
        self.removal.accounts.len() as i64
    }

    fn back(&self) -> String {
        format!("{}/role-assignments?org={}&role={}", self.base, self.chosen.wanted.organization.id, self.chosen.wanted.role.id)
    }
}

/// `GET /admin/stores/{store}/role-assignments/remove`: the confirmation with the effect.
pub async fn confirm_remove(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let fields: Take = serde_html_form::from_str(ask.req.query_string()).unwrap_or_default();
    if fields.account.is_empty() {
        let query = ask.query();
        let back = format!("/admin/stores/{}/role-assignments?org={}&role={}", slug, encode(query.get("org")), encode(query.get("role")));
        let mut response = see_other(&ask.req, &back);
        response.add_cookie(&Note::new("Select at least one account first.").cookie(&ask.house)).map_err(Problem::internal)?;
        return Ok(response);
    }
    let (store, chosen, removal, ids) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let wanted = wanted(view, &store, &fields.org, &fields.role)?;
                let removal = role_assignments::preview_removal(view, &wanted, &fields.account)?;
                Ok((store, chosen(view, wanted)?, removal, fields.account))
            })
        })
        .await?;
    let f = ask.frame("role-assignments", Some(&store), crumbs(&store, Some("Remove")));
    Ok(page(Remove { f, base: base(&store), chosen, ids, removal }).respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/role-assignments/remove`
pub async fn remove(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>, form: Form<Take>) -> Result<HttpResponse, Problem> {
    let (fields, once) = (form.fields, form.once);
    if let Some(answer) = ask.seen_before(once.as_deref()).await? {
        return Ok(answer);
    }
    let removed = ask
        .house
        .work(move |db| {
            db.write_once(&permit, once.as_deref(), |tx| {
                let store = identity_stores::find_with_roles(tx, &slug)?;
                let organization = organizations::find(tx, store.key, &fields.org)?;
                let wanted = Wanted { organization, role: roles::find(tx, &store, &fields.role)? };
                let removed = role_assignments::remove(tx, &wanted, &fields.account)?;
                let to = pair_address(&base(&store), &wanted.organization, &wanted.role);
                Ok(((to.clone(), wanted, removed), to))
            })
        })
        .await?;
    let (back, wanted, removed) = match removed {
        Once::Before(to) => return Ok(see_other(&ask.req, &to)),
        Once::Now(done) => done,
    };
    let (removed, event) = removed;
    let words = match removed {
        0 => format!("Nothing to do: none of them held {} in {}.", wanted.role.terms.name, wanted.organization.name),
        many => format!(
            "{} no longer {} {} in {}.",
            text::count(many as i64, "account", "accounts"),
            if many == 1 { "holds" } else { "hold" },
            wanted.role.terms.name,
            wanted.organization.name
        ),
    };
    let note = Note::new(words);
    ask.led_to(&back, if removed > 0 { note.undo(event) } else { note })
}
