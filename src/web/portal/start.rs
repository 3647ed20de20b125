//! Where an org admin lands, and the switcher between organizations (screens.md P1).

use crate::{
    access::{Myself, OrgAdmin, Permit},
    problem::Problem,
    store::{
        organizations::Choice,
        portal::{self, Managed},
    },
    web::{
        form::{Form, Nothing},
        frame::{Ask, Frame},
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "portal/start.html", blocks = ["results"])]
struct Start {
    f: Frame,
    q: String,
    managed: Vec<Managed>,
    found: Vec<Choice>,
    more: bool,
    /// Somebody without any organization role that takes effect.
    nothing: bool,
}
view!(Start, as_results, json);

impl Start {
    fn json(&self) -> serde_json::Value {
        let managed = |managed: &Managed| {
            json!({
                "organization": managed.id, "path": managed.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
                "roles": managed.roles, "rights": managed.rights.cells().map(crate::domain::rights::Cell::code).collect::<Vec<_>>(),
                "favourite": managed.favourite,
            })
        };
        json!({
            "rows": self.managed.iter().map(managed).collect::<Vec<_>>(),
            "found": self.found.iter().map(|choice| json!({ "organization": choice.id, "path": choice.path })).collect::<Vec<_>>(),
        })
    }
}

/// `GET /portal`: straight to the one organization that somebody manages, else the switcher. Everybody who is signed in may
/// ask, and is told when there is none.
pub async fn start(permit: Permit<Myself>, ask: Ask) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let q = query.search();
    let (q_too, admin) = (q.clone(), ask.actor()?.is_org_admin());
    let (managed, (found, more)) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                if !admin {
                    return Ok((Vec::new(), (Vec::new(), false)));
                }
                view.also::<OrgAdmin, _>(|view| {
                    let found = if q_too.is_empty() { (Vec::new(), false) } else { portal::search(view, &q_too)? };
                    Ok((portal::managed(view)?, found))
                })
            })
        })
        .await?;
    // The switcher itself is asked for by its word.
    if let ([only], true) = (managed.as_slice(), query.get("choose").is_empty() && q.is_empty()) {
        let part = if only.rights.opens_accounts() { "accounts" } else { "me" };
        return Ok(see_other(&ask.req, &format!("/portal/o/{}/{part}", only.id)));
    }
    let f = super::frame(&ask, "start", None, Vec::new());
    Ok(page(Start { f, q, nothing: managed.is_empty(), managed, found, more }).respond_to(&ask.req))
}

/// `POST /portal/o/{organization}/favourite`: puts an organization at the top of the switcher, or back.
pub async fn favourite(permit: Permit<OrgAdmin>, ask: Ask, organization: Path<String>, _: Form<Nothing>) -> Result<HttpResponse, Problem> {
    let account = ask.actor()?.account;
    ask.house
        .work(move |db| {
            let here = db.read(&permit, |view| portal::here(view, &organization, None))?;
            db.note(|note| portal::toggle_favourite(note, account, here.organization.key))
        })
        .await?;
    Ok(see_other(&ask.req, "/portal?choose=1"))
}
