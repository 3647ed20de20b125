//! Accounts in the portal: of an organization, or with those below it (screens.md P2, P3).

use crate::{
    access::{InPortal, Permit, Portal},
    domain::{account::Status, organization::path_text, rights::ManagementRead, time::Time},
    problem::Problem,
    store::{
        accounts::{self, MemberActs, Sort},
        identifiers::Pending,
        identity_stores,
        organizations::Choice,
        paging::Slice,
        portal::{self, Here},
        sessions::{self, Session},
        verifications::Verification,
    },
    web::{
        accounts::{Chips, Factors, Listing, May, Screens, Wanted},
        export::{self, Sheet},
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;

#[derive(Template)]
#[template(path = "portal/accounts/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    here: Here,
    query: Query,
    sort: Sort,
    accounts: Slice<accounts::Listed>,
    pager: Pager,
    chips: Chips,
    below: bool,
    /// Whether several may be disabled, enabled and signed out together.
    choosable: bool,
}
view!(List, as_results, json);

impl List {
    fn base(&self) -> String {
        super::base(&self.here)
    }

    fn invites(&self) -> bool {
        self.here.rights.has(crate::domain::rights::Cell::ManagementWrite)
    }

    fn narrowed(&self) -> bool {
        ["q", "authn", "authz", "below"].iter().any(|word| !self.query.get(word).is_empty())
    }

    fn json(&self) -> serde_json::Value {
        reading(&self.accounts, &self.pager, crate::web::console::accounts::listed_json)
    }
}

/// `GET /portal/o/{organization}/accounts`
pub async fn list(permit: Permit<Portal<ManagementRead>>, ask: Ask, organization: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut wanted = InPortal::wanted(&ask, &mut query)?;
    let (sort, below) = (wanted.sort, wanted.below);
    let paging = query.paging(ask.rows());
    let (listing, accounts) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let listing = InPortal::listing(view, &organization, &mut wanted)?;
                let store = listing.spot.store.key;
                let accounts = accounts::list::<InPortal>(view, store, &wanted.filter, listing.at(), sort, &paging)?;
                Ok((listing, accounts))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &accounts) {
        return Ok(see_other(&ask.req, &last));
    }
    let Listing { spot, chips, switches: choosable, .. } = listing;
    let f = InPortal::frame(&ask, &spot, vec![here("Accounts")]);
    let place = spot.here.ok_or(Problem::NotFound)?;
    let pager = Pager::new(&query, &accounts);
    let address = query.address();
    Ok(page(List { f, here: place, query, sort, accounts, pager, chips, below, choosable }).replaces(address).respond_to(&ask.req))
}

/// `POST /portal/o/{organization}/accounts/export`: what the list shows, all of it.
pub async fn export(
    permit: Permit<Portal<ManagementRead>>,
    ask: Ask,
    organization: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let mut wanted = InPortal::wanted(&ask, &mut ask.query())?;
    let permit_too = ask.permit::<Portal<ManagementRead>>()?;
    let (listing, Wanted { filter, sort, .. }) = ask
        .house
        .work(move |db| {
            db.read(&permit_too, |view| {
                let listing = InPortal::listing(view, &organization, &mut wanted)?;
                Ok((listing, wanted))
            })
        })
        .await?;
    let columns = ["Id", "Name", "E-mail", "User name", "Authentication", "Organizations", "Authorization", "Last sign-in"];
    let sheet = Sheet { name: "accounts", columns: columns.map(str::to_owned).to_vec() };
    let format = export::Format::from_word(&form.fields.format);
    export::send(
        &ask,
        permit,
        sheet,
        format,
        move |view, paging| accounts::list::<InPortal>(view, listing.spot.store.key, &filter, listing.at(), sort, paging),
        move |listed: &accounts::Listed| {
            let account = &listed.account;
            let paths: Vec<String> = listed.memberships.iter().map(|membership| path_text(&membership.path)).collect();
            let statuses: Vec<&str> = listed.memberships.iter().map(|membership| membership.status.word()).collect();
            vec![
                account.id.clone(),
                account.name.clone(),
                account.email.clone().unwrap_or_default(),
                account.username.clone().unwrap_or_default(),
                account.status.word().to_owned(),
                paths.join("; "),
                statuses.join("; "),
                account.last_sign_in_at.map(Time::rfc3339).unwrap_or_default(),
            ]
        },
    )
    .await
}

#[derive(Template)]
#[template(path = "portal/accounts/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    base: String,
    detail: accounts::Detail,
    may: May,
    member: Vec<MemberActs>,
    joins: Vec<Choice>,
    groups: Vec<String>,
    sessions: Vec<Session>,
    confirmed: (bool, bool),
    pending: Vec<Pending>,
    verification: Option<Verification>,
    factors: Factors,
}
view!(Show, as_content, json);

impl Show {
    fn in_group(&self, name: &str) -> bool {
        self.detail.groups.iter().any(|group| group == name)
    }

    fn acts_at(&self, id: &str) -> Option<&MemberActs> {
        self.member.iter().find(|acts| acts.organization == id)
    }

    fn is_disabled(&self) -> bool {
        self.detail.account.status == Status::Disabled
    }

    /// I-1: nobody changes how an invited account signs in.
    fn is_invited(&self) -> bool {
        self.detail.account.status == Status::Invited
    }

    fn json(&self) -> serde_json::Value {
        crate::web::console::accounts::detail_json(&self.detail)
    }
}

/// `GET /portal/o/{organization}/accounts/{account}`
pub async fn detail(permit: Permit<Portal<ManagementRead>>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (organization, id) = path.into_inner();
    let (place, detail, acts, joins, groups, sessions, edited, factors) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let place = portal::here(view, &organization, Some(&id))?;
                let store = &place.store;
                let detail = accounts::detail::<InPortal>(view, store.key, &id)?;
                let acts = accounts::acts(view, &detail.account)?;
                let groups = identity_stores::group_names(view, store)?;
                let sessions = sessions::of(view, &detail.account)?;
                let edited = accounts::edited(view, store.key, &id)?;
                let factors = Factors::of::<InPortal, _>(view, &acts, &detail.account)?;
                let mut joins = if acts.joins::<InPortal>() { portal::joins(view, &place)? } else { Vec::new() };
                joins.retain(|choice| !detail.memberships.iter().any(|member| member.organization_id == choice.id));
                Ok((place, detail, acts, joins, groups, sessions, edited, factors))
            })
        })
        .await?;
    let base = super::base(&place);
    let crumbs = vec![crumb(format!("{base}/accounts"), "Accounts"), here(detail.account.title())];
    let f = super::frame(&ask, "accounts", Some(&place), crumbs);
    let member = accounts::member_acts::<InPortal>(&acts, &detail);
    let may = May::of::<InPortal>(&acts);
    let (confirmed, verification) = (edited.confirmed, edited.verification);
    // What is to become of an identifier is seen by who sees identifiers.
    let pending = if may.sees_identifiers { edited.pending } else { Vec::new() };
    let view = Show { f, base, may, member, detail, joins, groups, sessions, confirmed, pending, verification, factors };
    Ok(page(view).whole().respond_to(&ask.req))
}
