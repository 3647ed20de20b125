//! The join code of an organization (I-3).

use super::base;
use crate::{
    access::Permit,
    domain::permissions::{OrganizationEdit, OrganizationView},
    problem::Problem,
    store::{identity_stores, organizations},
    web::{
        form::{Form, Nothing},
        frame::{Acted, Ask},
        note::Note,
    },
};
use actix_web::{HttpResponse, web::Path};

/// `POST /admin/stores/{store}/organizations/{organization}/join-code`: a new one; the old one works no more.
pub async fn renew_code(
    permit: Permit<OrganizationEdit>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let organization = organizations::renew_code(tx, &store, &id)?;
            let to = format!("{}/organizations/{id}", base(&store));
            Ok(((organization, to.clone()), to))
        })
        .await?;
    let (organization, to) = match done {
        Acted::Before(answer) => return Ok(answer),
        Acted::Now(done) => done,
    };
    // Whoever edits need not be allowed to look.
    let to = if ask.permit::<OrganizationView>().is_ok() { to } else { "/admin".to_owned() };
    ask.led_to(&to, Note::new(format!("{} has a new join code. An older one works no more.", organization.name)))
}
