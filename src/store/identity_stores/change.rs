//! Identity stores made, edited and deleted, with their attributes and groups (S-1, S-2).

use super::{attributes, find};
use crate::{
    access::{Ground, confer},
    domain::{
        Refusal,
        attribute::{Attribute, MOST},
        event::{Event, Subject},
        identity_store::{self, ADMINISTRATORS, IdentityStore, Opens},
        key::StoreKey,
        organization::name_of,
        permissions::{IdentityStoreAdd, IdentityStoreDelete, IdentityStoreEdit},
        rights::Rights,
        text,
    },
    problem::Problem,
    store::{
        conn::Conn,
        schema::{account_group_members, account_groups, identity_stores, organizations, role_assignments, roles, selection_drafts},
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::prelude::*;
use serde_json::json;

/// What a person decides about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// 2 to 64 characters, unique (S-1).
    pub name: String,
    /// People may register into an existing organization.
    pub self_registration: bool,
    /// People may register a new organization; org admins may create children.
    pub organization_registration: bool,
}

/// Makes a store, with both switches off.
///
/// # Errors
/// A refusal at the field.
pub fn add(tx: &mut Tx<IdentityStoreAdd>, name: &str, slug: &str) -> Result<IdentityStore, Problem> {
    let now = tx.now();
    let name = name_of(name, 2)?;
    let slug = identity_store::slug(slug.trim())?;
    free_name(tx.conn(), &name, None)?;
    use identity_stores as s;
    let taken: i64 = s::table.filter(s::slug.eq(&slug)).count().get_result(tx.conn())?;
    if taken > 0 {
        return Err(Refusal::at("slug", format!("Another store has the slug “{slug}”.")).into());
    }
    let key: StoreKey = diesel::insert_into(s::table)
        .values((
            (s::name.eq(&name), s::name_folded.eq(text::fold(&name)), s::slug.eq(&slug), s::built_in.eq(false)),
            (s::self_registration.eq(false), s::organization_registration.eq(false), s::accounts.eq(0_i64)),
            (s::rev.eq(1), s::created_at.eq(now), s::changed_at.eq(now)),
        ))
        .returning(s::key)
        .get_result(tx.conn())?;
    tx.record(Event::done("identity_store.add").on(Subject::of("identity_store", &slug).in_store(key)).with("name", name.as_str()))?;
    Ok(IdentityStore {
        key,
        name,
        slug,
        built_in: false,
        self_registration: false,
        organization_registration: false,
        opens: Opens::default(),
    })
}

fn free_name(conn: &mut Conn, name: &str, but: Option<StoreKey>) -> Result<(), Problem> {
    use identity_stores as s;
    let folded = text::fold(name);
    let other: Option<StoreKey> = s::table.filter(s::name_folded.eq(&folded)).select(s::key).first(conn).optional()?;
    if other.is_some() && other != but {
        return Err(Refusal::at("name", format!("There is a store called “{name}” already. Choose another name.")).into());
    }
    Ok(())
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done.
    Done(IdentityStore),
    /// Somebody saved another version meanwhile: its version.
    Stale(i32),
}

/// Changes name and switches. `rev` is the version that the person saw.
///
/// # Errors
/// A refusal at the field: switching registration on gives automatic roles away, which must be the person's to give
/// (A-7, C-1). [`Problem::Conflict`] for the built-in store.
pub fn edit(tx: &mut Tx<IdentityStoreEdit>, slug: &str, rev: i32, wanted: &Terms) -> Result<Saved, Problem> {
    let store = editable(tx, slug)?;
    let now = tx.now();
    let old = self::rev(tx.conn(), store.key)?;
    if old != rev {
        return Ok(Saved::Stale(old));
    }
    let name = name_of(&wanted.name, 2)?;
    free_name(tx.conn(), &name, Some(store.key))?;
    // Founders get the automatic roles too.
    for (field, on, was) in [
        ("self_registration", wanted.self_registration, store.self_registration),
        ("organization_registration", wanted.organization_registration, store.organization_registration),
    ] {
        if on && !was {
            confers_registration(tx, &store, field)?;
        }
    }
    use identity_stores as s;
    diesel::update(s::table.find(store.key))
        .set((
            (s::name.eq(&name), s::name_folded.eq(text::fold(&name))),
            (s::self_registration.eq(wanted.self_registration), s::organization_registration.eq(wanted.organization_registration)),
            (s::rev.eq(old + 1), s::changed_at.eq(now)),
        ))
        .execute(tx.conn())?;
    let described =
        |name: &str, store: (bool, bool)| json!({ "name": name, "self_registration": store.0, "organization_registration": store.1 });
    tx.record(
        Event::done("identity_store.edit")
            .on(Subject::of("identity_store", &store.slug).in_store(store.key))
            .with("name", name.as_str())
            .with("before", described(&store.name, (store.self_registration, store.organization_registration)))
            .with("after", described(&name, (wanted.self_registration, wanted.organization_registration))),
    )?;
    let (self_registration, organization_registration) = (wanted.self_registration, wanted.organization_registration);
    Ok(Saved::Done(IdentityStore { name, self_registration, organization_registration, ..store }))
}

/// The version of a store.
pub(super) fn rev(conn: &mut Conn, store: StoreKey) -> Result<i32, Problem> {
    Ok(identity_stores::table.find(store).select(identity_stores::rev).first(conn)?)
}

fn editable<G: Ground>(tx: &mut Tx<G>, slug: &str) -> Result<IdentityStore, Problem> {
    let store = find(tx, slug)?;
    if store.built_in {
        return Err(Problem::Conflict(format!("The store {} is built in and stays as it is.", ADMINISTRATORS.0)));
    }
    Ok(store)
}

/// A-7, C-1: whoever registers in any organization of the store would get its automatic roles.
fn confers_registration(tx: &mut Tx<IdentityStoreEdit>, store: &IdentityStore, field: &'static str) -> Result<(), Problem> {
    if tx.permit().person()?.is_super() {
        return Ok(());
    }
    let automatic: Vec<(String, i32)> = roles::table
        .filter(roles::store.eq(store.key))
        .filter(roles::auto_every.eq(true).or(roles::auto_first.eq(true)))
        .select((roles::name, roles::rights))
        .load(tx.conn())?;
    let root = tree::root(tx.conn())?;
    let root = tree::lineage(tx.conn(), root)?;
    let actor = tx.permit().person()?;
    for (name, rights) in automatic {
        confer::may_change_cells(actor, Rights::from_bits(rights as u16), [], Some(&root)).map_err(|_| {
            Refusal::at(field, format!("People who register would get the role {name}, which holds more than you do in this store."))
        })?;
    }
    Ok(())
}

fn touched(tx: &mut Tx<IdentityStoreEdit>, store: &IdentityStore) -> Result<(), Problem> {
    let now = tx.now();
    use identity_stores as s;
    diesel::update(s::table.find(store.key)).set((s::rev.eq(s::rev + 1), s::changed_at.eq(now))).execute(tx.conn())?;
    Ok(())
}

fn described(attribute: &Attribute) -> serde_json::Value {
    json!({
        "key": attribute.name, "label": attribute.label, "type": attribute.kind.word(), "required": attribute.required,
        "choices": attribute.choices, "portal_visible": attribute.portal_visible, "portal_editable": attribute.portal_editable,
        "personal": attribute.personal,
    })
}

/// Adds an attribute to the schema, checked, behind the others (S-2).
///
/// # Errors
/// A refusal at the field.
pub fn add_attribute(tx: &mut Tx<IdentityStoreEdit>, slug: &str, attribute: &Attribute) -> Result<IdentityStore, Problem> {
    let store = editable(tx, slug)?;
    let there = attributes(tx.conn(), store.key)?;
    if there.iter().any(|known| known.name == attribute.name) {
        return Err(Refusal::at("key", format!("There is an attribute with the key “{}” already.", attribute.name)).into());
    }
    if there.len() >= MOST {
        return Err(Refusal::at("key", "A store has at most 100 attributes.").into());
    }
    let mut last = Sql::new("SELECT CAST(coalesce(max(position), 0) + 1 AS bigint) AS n FROM attributes WHERE store = ");
    last.bind(store.key);
    let position = last.number(tx.conn())? as i32;
    use crate::store::schema::attributes as a;
    diesel::insert_into(a::table)
        .values((
            (a::store.eq(store.key), a::name.eq(&attribute.name), a::label.eq(&attribute.label), a::kind.eq(attribute.kind)),
            (a::required.eq(attribute.required), a::choices.eq(serde_json::to_string(&attribute.choices).map_err(Problem::internal)?)),
            (a::portal_visible.eq(attribute.portal_visible), a::portal_editable.eq(attribute.portal_editable)),
            (a::personal.eq(attribute.personal), a::position.eq(position)),
        ))
        .execute(tx.conn())?;
    touched(tx, &store)?;
    tx.record(
        Event::done("attribute.add")
            .on(Subject::of("identity_store", &store.slug).in_store(store.key))
            .with("attribute", attribute.label.as_str())
            .with("after", described(attribute)),
    )?;
    Ok(store)
}

/// Changes label, switches and choices of the attributes that are there, all at once; key and type are fixed, and no
/// choice goes while accounts may have it.
///
/// # Errors
/// As [`add_attribute`].
pub fn edit_attributes(tx: &mut Tx<IdentityStoreEdit>, slug: &str, wanted: &[Attribute]) -> Result<(IdentityStore, usize), Problem> {
    let store = editable(tx, slug)?;
    let mut changes = Vec::new();
    use crate::store::schema::attributes as a;
    for before in attributes(tx.conn(), store.key)? {
        let Some(after) = wanted.iter().find(|attribute| attribute.name == before.name) else { continue };
        if *after == before {
            continue;
        }
        diesel::update(a::table.find((store.key, &before.name)))
            .set((
                (a::label.eq(&after.label), a::required.eq(after.required), a::personal.eq(after.personal)),
                (a::portal_visible.eq(after.portal_visible), a::portal_editable.eq(after.portal_editable)),
                a::choices.eq(serde_json::to_string(&after.choices).map_err(Problem::internal)?),
            ))
            .execute(tx.conn())?;
        changes.push(json!({ "before": described(&before), "after": described(after) }));
    }
    if changes.is_empty() {
        return Err(Refusal::at("", "Nothing was changed.").into());
    }
    touched(tx, &store)?;
    let count = changes.len();
    tx.record(Event::done("attribute.edit").on(Subject::of("identity_store", &store.slug).in_store(store.key)).with("changes", changes))?;
    Ok((store, count))
}

/// Deletes an attribute that no account has a value of.
///
/// # Errors
/// [`Problem::Conflict`] while accounts have values; [`Problem::NotFound`] without such an attribute.
pub fn delete_attribute(tx: &mut Tx<IdentityStoreEdit>, slug: &str, name: &str) -> Result<(IdentityStore, String), Problem> {
    let store = editable(tx, slug)?;
    let attribute = attributes(tx.conn(), store.key)?.into_iter().find(|known| known.name == name).ok_or(Problem::NotFound)?;
    let mut used = Sql::new("SELECT count(*) AS n FROM accounts WHERE store = ");
    used.bind(store.key).push(" AND attributes LIKE ").bind(format!("%\"{}\":%", super::like(name))).push(" ESCAPE '\\'");
    let used = used.number(tx.conn())?;
    if used > 0 {
        let accounts = text::count(used, "account has", "accounts have");
        return Err(Problem::Conflict(format!("{accounts} a value of {}. Empty it there first.", attribute.label)));
    }
    use crate::store::schema::attributes as a;
    diesel::delete(a::table.find((store.key, name))).execute(tx.conn())?;
    touched(tx, &store)?;
    tx.record(
        Event::done("attribute.delete")
            .on(Subject::of("identity_store", &store.slug).in_store(store.key))
            .with("attribute", attribute.label.as_str())
            .with("before", described(&attribute)),
    )?;
    Ok((store, attribute.label))
}

/// What happens to a group. Groups are labels: no right depends on them (S-1).
#[derive(Clone, Debug)]
pub enum GroupChange {
    /// A new one with this name.
    Add(String),
    /// The one of the first name gets the second.
    Rename(String, String),
    /// It goes, from every account that has it.
    Delete(String),
}

/// Changes the groups of a store.
///
/// # Errors
/// A refusal at `name`; [`Problem::NotFound`] without such a group.
pub fn change_group(tx: &mut Tx<IdentityStoreEdit>, slug: &str, change: &GroupChange) -> Result<IdentityStore, Problem> {
    let store = editable(tx, slug)?;
    use account_groups as g;
    let known = |conn: &mut Conn, name: &str| -> Result<Option<i64>, Problem> {
        Ok(g::table.filter(g::store.eq(store.key)).filter(g::name_folded.eq(text::fold(name))).select(g::key).first(conn).optional()?)
    };
    let fresh = |conn: &mut Conn, typed: &str, but: Option<i64>| -> Result<String, Problem> {
        let name = name_of(typed, 1)?;
        let other = known(conn, &name)?;
        if other.is_some() && other != but {
            return Err(Refusal::at("name", format!("There is a group called “{name}” already.")).into());
        }
        Ok(name)
    };
    let event = match change {
        GroupChange::Add(typed) => {
            let name = fresh(tx.conn(), typed, None)?;
            diesel::insert_into(g::table)
                .values((g::store.eq(store.key), g::name.eq(&name), g::name_folded.eq(text::fold(&name))))
                .execute(tx.conn())?;
            Event::done("group.add").with("group", name)
        }
        GroupChange::Rename(old, typed) => {
            let key = known(tx.conn(), old)?.ok_or(Problem::NotFound)?;
            let name = fresh(tx.conn(), typed, Some(key))?;
            diesel::update(g::table.find(key)).set((g::name.eq(&name), g::name_folded.eq(text::fold(&name)))).execute(tx.conn())?;
            Event::done("group.edit").with("before", old.as_str()).with("group", name)
        }
        GroupChange::Delete(name) => {
            let key = known(tx.conn(), name)?.ok_or(Problem::NotFound)?;
            let members =
                diesel::delete(account_group_members::table.filter(account_group_members::account_group.eq(key))).execute(tx.conn())?;
            diesel::delete(g::table.find(key)).execute(tx.conn())?;
            Event::done("group.delete").with("group", name.as_str()).with("members", members)
        }
    };
    touched(tx, &store)?;
    tx.record(event.on(Subject::of("identity_store", &store.slug).in_store(store.key)))?;
    Ok(store)
}

/// Deletes a store in which nobody and nothing lives; its roles, attributes and groups go with it. `typed` is its name,
/// typed to confirm.
///
/// # Errors
/// [`Problem::Conflict`] while it has accounts or organizations; a refusal at `confirm` for another name.
pub fn delete(tx: &mut Tx<IdentityStoreDelete>, slug: &str, typed: &str) -> Result<IdentityStore, Problem> {
    let store = editable(tx, slug)?;
    let accounts: i64 = identity_stores::table.find(store.key).select(identity_stores::accounts).first(tx.conn())?;
    let places: i64 = organizations::table.filter(organizations::store.eq(store.key)).count().get_result(tx.conn())?;
    if accounts > 0 || places > 0 {
        return Err(Problem::Conflict(format!(
            "{} has {} and {}. Only an empty store can be deleted.",
            store.name,
            text::count(accounts, "account", "accounts"),
            text::count(places, "organization", "organizations")
        )));
    }
    if text::fold(typed) != text::fold(&store.name) {
        return Err(Refusal::at("confirm", format!("Type “{}” to confirm.", store.name)).into());
    }
    let of_store: Vec<crate::domain::key::RoleKey> = roles::table.filter(roles::store.eq(store.key)).select(roles::key).load(tx.conn())?;
    diesel::delete(role_assignments::table.filter(role_assignments::role.eq_any(&of_store))).execute(tx.conn())?;
    diesel::delete(selection_drafts::table.filter(selection_drafts::store.eq(store.key))).execute(tx.conn())?;
    for table in ["roles", "attributes", "account_groups", "account_imports", "organization_domains", "registrations"] {
        let mut sql = Sql::new("DELETE FROM ");
        sql.push(table).push(" WHERE store = ").bind(store.key);
        sql.execute(tx.conn())?;
    }
    diesel::delete(identity_stores::table.find(store.key)).execute(tx.conn())?;
    tx.record(
        Event::done("identity_store.delete")
            .on(Subject::of("identity_store", &store.slug).in_store(store.key))
            .with("name", store.name.as_str()),
    )?;
    Ok(store)
}
