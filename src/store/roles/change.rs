//! Roles made, changed and deleted by hand, and what a change does (R-1 to R-7, D-11).

use super::{
    Listed, find, find_listed,
    holders::{assigned, nobody_above},
    name_is_taken,
};
use crate::{
    access::{Ground, confer},
    domain::{
        Refusal,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        permissions::{OrganizationRoleAdd, OrganizationRoleDelete, OrganizationRoleEdit},
        rights::Rights,
        role::{Role, Terms, name_taken},
        text,
    },
    problem::Problem,
    store::{
        schema::roles,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::{prelude::*, sql_types::BigInt};
use serde_json::json;

/// Makes a role. Its cells must be the maker's to give (D-11).
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] for cells that are not covered.
pub fn add(tx: &mut Tx<OrganizationRoleAdd>, store: &IdentityStore, terms: &Terms) -> Result<Role, Problem> {
    if name_is_taken(tx, store.key, &terms.name, None)? {
        return Err(name_taken(&terms.name).into());
    }
    let none = Terms { rights: Rights::NONE, ..Terms::default() };
    may_change(tx, None, &none, terms)?;
    let (id, now) = (tx.chance().id("role"), tx.now());
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    let key: RoleKey = diesel::insert_into(roles::table)
        .values((
            roles::id.eq(&id),
            roles::store.eq(store.key),
            values(terms),
            roles::rev.eq(1),
            roles::created_at.eq(now),
            roles::changed_at.eq(now),
            roles::changed_by.eq(&by),
        ))
        .returning(roles::key)
        .get_result(tx.conn())?;
    tx.record(Event::done("role.add").on(Subject::of("role", &id).in_store(store.key)).with("after", describe(terms)))?;
    Ok(Role { key, id, store: store.key, terms: terms.clone(), rev: 1, changed_at: now, changed_by: by })
}

type Values<'a> = (
    diesel::dsl::Eq<roles::name, &'a str>,
    diesel::dsl::Eq<roles::name_folded, String>,
    diesel::dsl::Eq<roles::name_sort, String>,
    diesel::dsl::Eq<roles::description, &'a str>,
    diesel::dsl::Eq<roles::auto_every, bool>,
    diesel::dsl::Eq<roles::auto_first, bool>,
    diesel::dsl::Eq<roles::rights, i32>,
);

/// The columns that hold what a person decides.
fn values(terms: &Terms) -> Values<'_> {
    (
        roles::name.eq(terms.name.as_str()),
        roles::name_folded.eq(text::fold(&terms.name)),
        roles::name_sort.eq(text::search(&terms.name)),
        roles::description.eq(terms.description.as_str()),
        roles::auto_every.eq(terms.auto_every),
        roles::auto_first.eq(terms.auto_first),
        roles::rights.eq(i32::from(terms.rights.bits())),
    )
}

fn describe(terms: &Terms) -> serde_json::Value {
    json!({
        "name": terms.name, "description": terms.description,
        "auto_every": terms.auto_every, "auto_first": terms.auto_first, "rights": terms.rights.codes(),
    })
}

/// What saving a held role does: who is concerned, and what they gain and lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// How many accounts hold the role.
    pub accounts: i64,
    /// At how many organizations.
    pub organizations: i64,
    /// Cells they gain.
    pub gained: Rights,
    /// Cells they lose.
    pub lost: Rights,
}

impl Effect {
    /// Whether anybody's rights change.
    pub fn matters(&self) -> bool {
        self.accounts > 0 && !(self.gained.is_empty() && self.lost.is_empty())
    }

    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{}.{}.{}", self.accounts, self.organizations, self.gained.bits(), self.lost.bits())
    }
}

/// What changing the role from its terms to these would do.
///
/// # Errors
/// What the database says.
pub fn effect<G: Ground>(reader: &mut impl Reader<G>, role: &Role, terms: &Terms) -> Result<Effect, Problem> {
    #[derive(QueryableByName)]
    struct Counts {
        #[diesel(sql_type = BigInt)]
        accounts: i64,
        #[diesel(sql_type = BigInt)]
        organizations: i64,
    }
    let now = reader.now();
    let mut sql = Sql::new(
        "SELECT count(DISTINCT account) AS accounts, count(DISTINCT organization) AS organizations FROM role_assignments WHERE role = ",
    );
    sql.bind(role.key).push(" AND (ends IS NULL OR ends > ").bind(now).push(")");
    let counts = sql.load::<Counts>(reader.conn())?.pop().ok_or(Problem::NotFound)?;
    Ok(Effect {
        accounts: counts.accounts,
        organizations: counts.organizations,
        gained: terms.rights.without(role.terms.rights),
        lost: role.terms.rights.without(terms.rights),
    })
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done, with the event that can be undone.
    Done(Role, Effect, String),
    /// It is held, and this is what saving would do: to be confirmed first (R-7, Z-11).
    Confirm(Effect),
    /// Somebody saved another version meanwhile.
    Stale(Role),
}

/// Changes a role. `rev` is the version that the person saw, `confirmed` the mark of the effect they confirmed.
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] for cells that are not covered (D-11).
pub fn edit(
    tx: &mut Tx<OrganizationRoleEdit>,
    store: &IdentityStore,
    id: &str,
    rev: i32,
    terms: &Terms,
    confirmed: Option<&str>,
) -> Result<Saved, Problem> {
    let now = tx.now();
    let role = find(tx, store, id)?;
    if role.rev != rev {
        return Ok(Saved::Stale(role));
    }
    if name_is_taken(tx, store.key, &terms.name, Some(role.key))? {
        return Err(name_taken(&terms.name).into());
    }
    may_change(tx, Some(&role), &role.terms, terms)?;
    let effect = effect(tx, &role, terms)?;
    if effect.matters() && confirmed != Some(effect.mark().as_str()) {
        return Ok(Saved::Confirm(effect));
    }
    let by = tx.permit().actor().map(|actor| actor.name.clone());
    diesel::update(roles::table.find(role.key))
        .set((values(terms), roles::rev.eq(role.rev + 1), roles::changed_at.eq(now), roles::changed_by.eq(&by)))
        .execute(tx.conn())?;
    let event = tx.record(
        Event::done("role.edit")
            .on(Subject::of("role", &role.id).in_store(store.key))
            .with("before", describe(&role.terms))
            .with("after", describe(terms))
            .with("accounts", effect.accounts)
            .with("organizations", effect.organizations)
            .with("rev", role.rev + 1),
    )?;
    let role = Role { terms: terms.clone(), rev: role.rev + 1, changed_at: now, changed_by: by, ..role };
    Ok(Saved::Done(role, effect, event))
}

/// D-11: cells may be added and taken only by who covers them wherever the role is assigned, and in the whole
/// store where it is given automatically, before or after.
fn may_change<G: Ground>(tx: &mut Tx<G>, role: Option<&Role>, before: &Terms, after: &Terms) -> Result<(), Problem> {
    let newly_automatic = after.automatic() && (after.auto_every, after.auto_first) != (before.auto_every, before.auto_first);
    let touched = if newly_automatic { before.touched(after).union(after.rights) } else { before.touched(after) };
    if touched.is_empty() || tx.permit().person()?.is_super() {
        return Ok(());
    }
    let assigned = match role {
        Some(role) => assigned(tx, role.key)?,
        None => Vec::new(),
    };
    let root = if before.automatic() || after.automatic() {
        let key = tree::root(tx.conn())?;
        Some(tree::lineage(tx.conn(), key)?)
    } else {
        None
    };
    let actor = tx.permit().person()?.clone();
    confer::may_change_cells(&actor, touched, assigned.iter().map(|(at, until)| (at, *until)), root.as_ref())
        .map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    match role {
        Some(role) => nobody_above(tx, &actor, role.key),
        None => Ok(()),
    }
}

/// Deletes a role that nobody holds; rows of assignments that have ended go with it.
///
/// # Errors
/// [`Problem::Conflict`] while it is held.
pub fn delete(tx: &mut Tx<OrganizationRoleDelete>, store: &IdentityStore, id: &str) -> Result<Role, Problem> {
    use crate::store::schema::{invitation_roles, role_assignments, selection_drafts};
    let Listed { role, held } = find_listed(tx, store, id)?;
    if held > 0 {
        let accounts = text::count(held, "account still holds it", "accounts still hold it");
        return Err(Problem::Conflict(format!("{accounts}. Take it from them first.")));
    }
    diesel::delete(role_assignments::table.filter(role_assignments::role.eq(role.key))).execute(tx.conn())?;
    diesel::delete(selection_drafts::table.filter(selection_drafts::role.eq(role.key))).execute(tx.conn())?;
    // What an invitation promised is left out when it is accepted (I-1).
    diesel::delete(invitation_roles::table.filter(invitation_roles::role.eq(role.key))).execute(tx.conn())?;
    diesel::delete(roles::table.find(role.key)).execute(tx.conn())?;
    tx.record(Event::done("role.delete").on(Subject::of("role", &role.id).in_store(store.key)).with("before", describe(&role.terms)))?;
    Ok(role)
}

/// Adds the recommended roles to a store that has none. Their names, in order.
///
/// # Errors
/// [`Problem::Conflict`] when the store has roles already; as [`add`].
pub fn add_templates(tx: &mut Tx<OrganizationRoleAdd>, store: &IdentityStore) -> Result<Vec<String>, Problem> {
    let existing: i64 = roles::table.filter(roles::store.eq(store.key)).count().get_result(tx.conn())?;
    if existing > 0 {
        return Err(Problem::Conflict("This store has roles already. Make further ones from a template one by one.".into()));
    }
    crate::domain::rights::templates()
        .into_iter()
        .map(|template| {
            let terms =
                Terms { name: template.name.into(), description: template.description.into(), rights: template.rights, ..Terms::default() };
            add(tx, store, &terms).map(|role| role.terms.name)
        })
        .collect()
}

/// The refusal for a form without a version.
pub fn missing_rev() -> Refusal {
    Refusal::at("rev", "The page was incomplete. Load it again.")
}
