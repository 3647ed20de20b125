//! Giving a role to several accounts of the list: which one and where is asked, and then the picker goes on with them
//! selected (screens.md 4.6, 4.9).

use crate::{
    access::{InConsole, Permit},
    domain::permissions::{RoleAssignmentEdit, UserView},
    problem::Problem,
    store::{
        accounts::{self, Account},
        organizations, roles,
    },
    web::{
        accounts::{Chosen, Screens, settled},
        console::role_assignments::Pairing,
        frame::{Ask, Frame, crumb, here},
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;

#[derive(Template)]
#[template(path = "console/accounts/assign.html", blocks = ["dialog"])]
struct Assign {
    f: Frame,
    base: String,
    back: String,
    draft: String,
    accounts: Vec<Account>,
    gone: usize,
    pairing: Pairing,
}
view!(Assign, as_dialog);

impl Assign {
    fn may_go_on(&self) -> bool {
        !self.accounts.is_empty() && !self.pairing.organizations.is_empty() && !self.pairing.roles.is_empty()
    }
}

/// `GET /admin/stores/{store}/accounts/assign?d=`
pub async fn assign(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    assign_to(permit, &ask, slug.into_inner(), Chosen::read(&ask)).await
}

/// Asks for the pair, then leads to the picker with those who were chosen.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub(in crate::web) async fn assign_to(
    permit: Permit<RoleAssignmentEdit>,
    ask: &Ask,
    slug: String,
    chosen: Chosen,
) -> Result<HttpResponse, Problem> {
    let chosen_too = chosen.clone();
    let (spot, ids, accounts, pairing) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let (spot, ids) = settled::<InConsole, _>(view, &slug, &chosen_too)?;
                if spot.store.built_in {
                    return Err(Problem::NotFound);
                }
                let accounts = view.also::<UserView, _>(|view| accounts::these(view, spot.store.key, &ids))?;
                let (organizations, more) = organizations::choices(view, spot.store.key)?;
                let pairing = Pairing { organizations, more, roles: roles::choices(view, spot.store.key)? };
                Ok((spot, ids, accounts, pairing))
            })
        })
        .await?;
    let base = &spot.base;
    if ids.is_empty() {
        return chosen.nobody(ask, base);
    }
    let (back, draft, gone) = (chosen.back(base), chosen.draft().to_owned(), ids.len() - accounts.len());
    let f = InConsole::frame(ask, &spot, vec![crumb(format!("{base}/accounts"), "Accounts"), here("Assign a role")]);
    Ok(page(Assign { f, base: spot.base, back, draft, accounts, gone, pairing }).respond_to(&ask.req))
}
