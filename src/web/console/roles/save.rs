//! Roles made and changed by the editor, with a confirmation where it matters to somebody.

use super::{
    Fields, May, base, crumbs,
    editor::{Theirs, load},
};
use crate::{
    access::Permit,
    domain::{
        identity_store::IdentityStore,
        permissions::{OrganizationRoleAdd, OrganizationRoleEdit, OrganizationRoleView, Permission},
        rights::{Level, Rights},
        role::Terms,
        text,
    },
    problem::Problem,
    store::{
        Once, identity_stores,
        roles::{self, Effect, Saved},
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Ask, Frame},
        note::Note,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;

#[derive(Template)]
#[template(path = "console/roles/confirm.html", blocks = ["content"])]
struct Confirm {
    f: Frame,
    title: String,
    fields: Fields,
    action: String,
    effect: Effect,
    everyone: bool,
    mark: String,
    /// Whether the effect is another than the one that was confirmed (Z-11).
    changed: bool,
}
view!(Confirm, as_content);

impl Confirm {
    fn back(&self) -> String {
        if self.action.ends_with("/roles") { format!("{}/new", self.action) } else { self.action.clone() }
    }

    fn show(self, ask: &Ask) -> Result<HttpResponse, Problem> {
        let status = if self.changed { StatusCode::CONFLICT } else { StatusCode::OK };
        Ok(page(self).status(status).whole().respond_to(&ask.req))
    }
}

/// What stands around a confirmation.
fn frame(ask: &Ask, store: &IdentityStore) -> Frame {
    ask.frame("roles", Some(store), crumbs(store, "Confirm"))
}

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
            let confirm = Confirm {
                f: frame(&ask, &editing.store),
                title: terms.name,
                fields,
                action: format!("{}/roles", base(&editing.store)),
                effect,
                everyone: true,
                mark: "everyone".into(),
                changed: false,
            };
            return confirm.show(&ask);
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
        let action = format!("{}/roles/{id}", base(&store));
        return Confirm { f: frame(&ask, &store), title: name, fields, action, effect, everyone, mark, changed: false }.show(&ask);
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
            let action = format!("{}/roles/{id}", base(&store));
            Confirm { f: frame(&ask, &store), title: name, fields, action, effect, everyone, mark, changed }.show(&ask)
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
