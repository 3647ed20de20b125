//! What an org admin may do here, and whence (screens.md P7).

use crate::{
    access::{OrgAdmin, Permit},
    domain::rights::Cell,
    problem::Problem,
    store::portal::{self, Given, Here},
    web::{
        frame::{Ask, Frame, here},
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "portal/access.html", blocks = ["content"])]
struct Access {
    f: Frame,
    here: Here,
    given: Vec<Given>,
}
view!(Access, as_content, json);

impl Access {
    fn has(&self, cell: &Cell) -> bool {
        self.here.rights.has(*cell)
    }

    /// Rights that are of no use without the minimum right.
    fn is_shut(&self) -> bool {
        !self.here.rights.opens_accounts()
    }

    fn json(&self) -> serde_json::Value {
        let given = |given: &Given| {
            json!({
                "role": given.role, "organization": given.organization, "inherited": given.distance > 0,
                "rights": given.rights.cells().map(Cell::code).collect::<Vec<_>>(),
                "ends": given.ends.map(crate::domain::time::Time::rfc3339), "given_by": given.given_by,
            })
        };
        json!({
            "organization": self.here.organization.id, "rights": self.here.rights.cells().map(Cell::code).collect::<Vec<_>>(),
            "roles": self.given.iter().map(given).collect::<Vec<_>>(),
        })
    }
}

/// `GET /portal/o/{organization}/me`
pub async fn access(permit: Permit<OrgAdmin>, ask: Ask, organization: Path<String>) -> Result<HttpResponse, Problem> {
    let (place, given) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let place = portal::here(view, &organization, None)?;
                let given = portal::given(view, &place)?;
                Ok((place, given))
            })
        })
        .await?;
    let f = super::frame(&ask, "access", Some(&place), vec![here("My access")]);
    Ok(page(Access { f, here: place, given }).whole().respond_to(&ask.req))
}
