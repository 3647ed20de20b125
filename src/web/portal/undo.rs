//! Taking back what an org admin just did (W-3).

use crate::{
    access::{InPortal, OrgAdmin, Permit, Side},
    problem::Problem,
    store::{
        event_log, portal,
        undo::{self as acts, Kind},
    },
    web::{
        form::{Form, Nothing},
        frame::{Acted, Ask},
        note::Note,
    },
};
use actix_web::{HttpResponse, web::Path};

/// `POST /portal/o/{organization}/events/{event}/undo`: a new act by whoever does it, under the right of the reverse act.
pub async fn undo(permit: Permit<OrgAdmin>, ask: Ask, path: Path<(String, String)>, form: Form<Nothing>) -> Result<HttpResponse, Problem> {
    let (organization, id) = path.into_inner();
    let (place, event) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let place = portal::here(view, &organization, None)?;
                Ok((place, event_log::to_undo(view, &id)?))
            })
        })
        .await?;
    let to = format!("{}/accounts", super::base(&place));
    let once = form.once;
    let done = match event.undoable() {
        Some(Kind::Membership) => {
            let permit = ask.permit::<<InPortal as Side>::Block>()?;
            ask.act(permit, once, move |tx| acts::membership::<InPortal>(tx, &event).map(|(_, words)| ((to.clone(), words), to))).await?
        }
        Some(Kind::Status) => {
            let permit = ask.permit::<<InPortal as Side>::Switch>()?;
            ask.act(permit, once, move |tx| acts::status::<InPortal>(tx, &event).map(|(_, words)| ((to.clone(), words), to))).await?
        }
        _ => return Err(Problem::Conflict("This cannot be undone.".into())),
    };
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((to, words)) => ask.led_to(&to, Note::new(words)),
    }
}
