//! The pairs, who holds one of them, and the same as files.

use super::{Chosen, Pairing, base, chosen, crumbs, given_by, may_give};
use crate::{
    access::Permit,
    domain::{
        identity_store::IdentityStore,
        permissions::{Permission, RoleAssignmentEdit, RoleAssignmentView, UserView},
        time::Time,
    },
    problem::Problem,
    store::{
        View, identity_stores, organizations,
        paging::{EXACT, Paging, Slice},
        role_assignments::{self, Holder, Holders, Pair, Wanted},
        roles, selections,
    },
    web::{
        export,
        form::Form,
        frame::{Ask, Frame},
        list::{Pager, Query, past_end, reading, total},
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "console/role_assignments/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    pairing: Pairing,
    pairs: Option<Slice<Pair>>,
    chosen: Option<Chosen>,
    holders: Option<Holders>,
    pager: Pager,
    kept: Option<(i64, String)>,
    may_edit: bool,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        let holder = |holder: &Holder| {
            json!({
                "account": holder.account.id, "name": holder.account.name, "email": holder.account.email, "username": holder.account.username,
                "from": holder.from.as_ref().map(|step| &step.id),
                "starts": holder.period.starts.map(Time::rfc3339), "ends": holder.period.ends.map(Time::rfc3339),
                "reason": holder.reason, "given": holder.given.word(), "given_by": holder.given_by, "given_at": holder.given_at.rfc3339(),
            })
        };
        match (&self.pairs, &self.holders) {
            (Some(pairs), _) => reading(pairs, &self.pager, |pair| {
                json!({
                    "organization": pair.organization_id, "path": pair.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
                    "role": pair.role_id, "role_name": pair.role, "accounts": pair.accounts, "below": pair.below,
                })
            }),
            (_, Some(holders)) => {
                let mut found = reading(&holders.direct, &self.pager, holder);
                found["inherited"] = json!(holders.inherited.iter().map(holder).collect::<Vec<_>>());
                found["inherited_total"] = json!(holders.inherited_total.count);
                found
            }
            (None, None) => serde_json::Value::Null,
        }
    }
}

impl List {
    fn pair_href(&self, pair: &Pair) -> String {
        format!("{}/role-assignments?org={}&role={}", self.base, pair.organization_id, pair.role_id)
    }

    fn assign_href(&self) -> String {
        format!("{}/role-assignments/unassigned?org={}&role={}", self.base, self.query.get("org"), self.query.get("role"))
    }

    /// "30 accounts", for the tab.
    fn held(&self) -> Option<String> {
        self.holders.as_ref().map(|holders| total(holders.direct.total))
    }

    fn removable(&self) -> bool {
        self.may_edit && self.holders.as_ref().is_some_and(|holders| holders.direct.rows.iter().any(|holder| holder.above.is_none()))
    }
}

/// `GET /admin/stores/{store}/role-assignments`
pub async fn list(permit: Permit<RoleAssignmentView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let (org, role, q, draft) = (query.get("org").to_owned(), query.get("role").to_owned(), query.search(), query.get("d").to_owned());
    let find = query.get("find").chars().take(200).collect::<String>();
    let paging = query.paging(ask.rows());
    let (store, pairing, pairs, chosen, holders, kept) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let at = if org.is_empty() { None } else { Some(organizations::find(view, store.key, &org)?) };
                let (organizations, more) = organizations::choices_for(view, store.key, &find, at.as_ref())?;
                let pairing = Pairing { organizations, more: more || !find.is_empty(), roles: roles::choices(view, store.key)? };
                let what = if role.is_empty() { None } else { Some(roles::find(view, &store, &role)?) };
                match (at, what) {
                    (Some(organization), Some(role)) => {
                        let holders = role_assignments::holders(view, &organization, role.key, &q, &paging)?;
                        let chosen = chosen(view, Wanted { organization, role })?;
                        let kept = kept(view, &store, &draft, &chosen.wanted)?;
                        Ok((store, pairing, None, Some(chosen), Some(holders), kept))
                    }
                    (at, what) => {
                        // Pairs are sought by number alone.
                        let paging =
                            Paging { after: None, before: None, number: paging.number.min(EXACT / paging.per + 1), per: paging.per };
                        let pairs = role_assignments::pairs(view, store.key, at.map(|at| at.key), what.map(|what| what.key), &paging)?;
                        Ok((store, pairing, Some(pairs), None, None, None))
                    }
                }
            })
        })
        .await?;
    let end = match (&pairs, &holders) {
        (Some(pairs), _) => past_end(&query, pairs),
        (_, Some(holders)) => past_end(&query, &holders.direct),
        _ => None,
    };
    if let Some(last) = end {
        return Ok(see_other(&ask.req, &last));
    }
    let pager = match (&pairs, &holders) {
        (Some(pairs), _) => Pager::new(&query, pairs),
        (_, Some(holders)) => Pager::new(&query, &holders.direct),
        _ => return Err(Problem::NotFound),
    };
    let actor = ask.actor()?;
    let may_edit = match &chosen {
        // D-12: where the person could not give this role here, the buttons are absent.
        Some(chosen) => may_give(actor, chosen, ask.house.db.clock.now()),
        None => actor.may(&RoleAssignmentEdit::LEAF) && actor.may(&UserView::LEAF),
    };
    let f = ask.frame("role-assignments", Some(&store), crumbs(&store, None));
    let (base, address) = (base(&store), query.address());
    let view = List { f, base, query, pairing, pairs, chosen, holders, pager, kept, may_edit };
    Ok(page(view).replaces(address).respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/role-assignments/export`: who holds the pair here directly; without a pair, the pairs.
pub async fn export(
    permit: Permit<RoleAssignmentView>,
    ask: Ask,
    slug: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let (org, role, q) = (query.get("org").to_owned(), query.get("role").to_owned(), query.search());
    let format = export::Format::from_word(&form.fields.format);
    let permit_too = ask.permit::<RoleAssignmentView>()?;
    let (store, at, what) = ask
        .house
        .work(move |db| {
            db.read(&permit_too, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let at = if org.is_empty() { None } else { Some(organizations::find(view, store.key, &org)?) };
                let what = if role.is_empty() { None } else { Some(roles::find(view, &store, &role)?) };
                Ok((store, at, what))
            })
        })
        .await?;
    if let (Some(at), Some(what)) = (at.clone(), what.clone()) {
        let columns = ["Account id", "Name", "E-mail", "User name", "Role", "Organization", "Starts", "Ends", "Reason", "Given by", "When"];
        let sheet = export::Sheet { name: "role-assignments", columns: columns.map(str::to_owned).to_vec() };
        let (role, organization, key) = (what.terms.name.clone(), at.name.clone(), what.key);
        let time = |time: Option<Time>| time.map(Time::rfc3339).unwrap_or_default();
        return export::send(
            &ask,
            permit,
            sheet,
            format,
            move |view, paging| role_assignments::holders(view, &at, key, &q, paging).map(|holders| holders.direct),
            move |holder: &Holder| {
                vec![
                    holder.account.id.clone(),
                    holder.account.name.clone(),
                    holder.account.email.clone().unwrap_or_default(),
                    holder.account.username.clone().unwrap_or_default(),
                    role.clone(),
                    organization.clone(),
                    time(holder.period.starts),
                    time(holder.period.ends),
                    holder.reason.clone(),
                    given_by(holder),
                    holder.given_at.rfc3339(),
                ]
            },
        )
        .await;
    }
    let columns = ["Organization id", "Organization", "Role id", "Role", "Accounts", "Below it", "Last change"];
    let sheet = export::Sheet { name: "role-assignment-pairs", columns: columns.map(str::to_owned).to_vec() };
    let (at, what) = (at.map(|at| at.key), what.map(|what| what.key));
    export::send(
        &ask,
        permit,
        sheet,
        format,
        move |view, paging| role_assignments::pairs(view, store.key, at, what, paging),
        |pair: &Pair| {
            vec![
                pair.organization_id.clone(),
                crate::domain::organization::path_text(&pair.path),
                pair.role_id.clone(),
                pair.role.clone(),
                pair.accounts.to_string(),
                pair.below.to_string(),
                pair.changed_at.rfc3339(),
            ]
        },
    )
    .await
}

/// "4 accounts still selected": the draft that the picker left behind.
fn kept(
    view: &mut View<'_, RoleAssignmentView>,
    store: &IdentityStore,
    draft: &str,
    wanted: &Wanted,
) -> Result<Option<(i64, String)>, Problem> {
    if draft.is_empty() {
        return Ok(None);
    }
    let found = view.also::<UserView, _>(|view| match selections::find(view, store.key, draft)? {
        Some(draft) => Ok(Some((selections::read(view, &draft, wanted, &[])?.count, draft.id))),
        None => Ok(None),
    });
    match found {
        Ok(kept) => Ok(kept.filter(|(count, _)| *count > 0)),
        Err(Problem::NotFound | Problem::Forbidden(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}
