//! Organizations made, edited and deleted (O-1, O-3).

use super::{find, lineage};
use crate::{
    access::{Ground, Side, confer},
    domain::{
        Refusal,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::{self, Lineage, Organization, Terms},
        permissions::{OrganizationAdd, OrganizationDelete, OrganizationEdit},
        rights::Rights,
        text,
    },
    problem::Problem,
    store::{
        conn::{Conn, on_each},
        schema::{organization_closure, organization_domains, organizations, roles, selection_drafts},
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An organization with everything that its form edits.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The organization.
    pub organization: Organization,
    /// What people decide about it.
    pub terms: Terms,
    /// Version, for edits that cross.
    pub rev: i32,
}

/// The organization with its terms, in the reach of the permit.
///
/// # Errors
/// As [`find`].
pub fn edited<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Edited, Problem> {
    let organization = find(reader, store, id)?;
    let (terms, rev) = terms(reader.conn(), organization.key)?;
    Ok(Edited { organization, terms, rev })
}

fn terms(conn: &mut Conn, key: OrganizationKey) -> Result<(Terms, i32), Problem> {
    use organizations as o;
    type Row = (String, String, Option<String>, String, bool, bool, Option<String>, i32);
    let (name, description, external_id, metadata, self_registration, organization_registration, slug, rev): Row = o::table
        .find(key)
        .select((o::name, o::description, o::external_id, o::metadata, o::self_registration, o::organization_registration, o::slug, o::rev))
        .first(conn)?;
    let metadata: Map<String, Value> = serde_json::from_str(&metadata).map_err(Problem::internal)?;
    let metadata =
        metadata.into_iter().map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect();
    let domains = domains(conn, key)?.into_iter().collect();
    Ok((Terms { name, description, external_id, metadata, self_registration, organization_registration, slug, domains }, rev))
}

/// The e-mail domains of an organization, by name.
pub(super) fn domains(conn: &mut Conn, of: OrganizationKey) -> Result<Vec<String>, Problem> {
    use organization_domains as d;
    Ok(d::table.filter(d::organization.eq(of)).order(d::domain).select(d::domain).load(conn)?)
}

/// Makes an organization below `parent`, or at the top level without one.
///
/// # Errors
/// A refusal at the field; as [`find`] for the parent.
pub fn add<S: Side>(
    tx: &mut Tx<S::AddOrganization>,
    store: &IdentityStore,
    parent: Option<&str>,
    terms: &Terms,
) -> Result<Organization, Problem> {
    if store.built_in {
        return Err(Problem::Conflict("The store Administrators holds the root organization alone.".into()));
    }
    let parent = parent_of(tx, store, parent)?;
    if S::PORTAL {
        founds_children(tx.conn(), store, parent.key)?;
    }
    let slug = fresh_terms(tx.conn(), store.key, &parent, terms, None)?;
    let place =
        Lineage { organization: OrganizationKey(0), ancestors: below(&parent.lineage), is_root: false, active: parent.lineage.active };
    let mut terms = terms.clone();
    match confers_registration(tx, store, &place, false, terms.self_registration) {
        // C-1: what it would give to those who register is not the org admin's to give, so it starts switched off.
        Err(Problem::Refused(_)) if S::PORTAL => terms.self_registration = false,
        answer => answer?,
    }
    let terms = &terms;
    let (key, id) = insert(tx, store.key, &parent, terms, &slug)?;
    tx.record(
        Event::done("organization.add")
            .on(Subject::of("organization", &id).at(key).in_store(store.key))
            .on(Subject::of("organization", &parent.id).at(parent.key).in_store(store.key))
            .with("organization", terms.name.as_str())
            .with("parent", parent.name.as_str())
            .with("after", described(terms, Some(&slug))),
    )?;
    Ok(Organization { key, id, store: store.key, name: terms.name.clone(), active: true, depth: parent.depth + 1 })
}

/// Writes a new organization below its parent. Its key and id.
pub(super) fn insert<G: Ground>(
    tx: &mut Tx<G>,
    store: StoreKey,
    parent: &Parent,
    terms: &Terms,
    slug: &str,
) -> Result<(OrganizationKey, String), Problem> {
    let now = tx.now();
    let id = tx.chance().id("org");
    use organizations as o;
    let key: OrganizationKey = diesel::insert_into(o::table)
        .values((
            (o::id.eq(&id), o::store.eq(store), o::parent.eq(Some(parent.key)), o::active.eq(true), o::depth.eq(parent.depth + 1)),
            values(terms, slug)?,
            (o::rev.eq(1), o::created_at.eq(now), o::changed_at.eq(now)),
        ))
        .returning(o::key)
        .get_result(tx.conn())?;
    let mut sql = Sql::new("INSERT INTO organization_closure (ancestor, descendant, depth) SELECT c.ancestor, ");
    sql.bind(key).push(", c.depth + 1 FROM organization_closure c WHERE c.descendant = ").bind(parent.key);
    sql.execute(tx.conn())?;
    use organization_closure as c;
    diesel::insert_into(c::table).values((c::ancestor.eq(key), c::descendant.eq(key), c::depth.eq(0))).execute(tx.conn())?;
    set_domains(tx.conn(), store, key, terms)?;
    Ok((key, id))
}

/// An organization that another stands or shall stand below.
pub(super) struct Parent {
    pub key: OrganizationKey,
    pub id: String,
    pub name: String,
    pub depth: i32,
    pub lineage: Lineage,
}

/// Itself and its ancestors, one step farther: those of a child of it.
fn below(parent: &Lineage) -> Vec<(OrganizationKey, i32)> {
    std::iter::once((OrganizationKey(0), 0)).chain(parent.ancestors.iter().map(|(key, depth)| (*key, depth + 1))).collect()
}

/// The parent that a form names; none: root, which the person must reach then.
fn parent_of<G: Ground>(tx: &mut Tx<G>, store: &IdentityStore, id: Option<&str>) -> Result<Parent, Problem> {
    if let Some(id) = id {
        let found = match find(tx, store.key, id) {
            Err(Problem::NotFound) => return Err(Refusal::at("parent", "Choose an organization that you may add to.").into()),
            found => found?,
        };
        let lineage = lineage(tx.conn(), &found)?;
        return Ok(Parent { key: found.key, id: found.id, name: found.name, depth: found.depth, lineage });
    }
    let top = top(tx.conn())?;
    if !tx.permit().reach().contains(&top.lineage) {
        return Err(Refusal::at(
            "parent",
            "Choose an organization to add it below; only administrators of the root organization add at the top level.",
        )
        .into());
    }
    Ok(top)
}

/// The root organization, below which the top level is.
pub(super) fn top(conn: &mut Conn) -> Result<Parent, Problem> {
    let root = tree::root(conn)?;
    let lineage = tree::lineage(conn, root)?;
    let (id, name): (String, String) = organizations::table.find(root).select((organizations::id, organizations::name)).first(conn)?;
    Ok(Parent { key: root, id, name, depth: 0, lineage })
}

/// P-8: org admins make children only where the store and the parent let organizations be registered.
fn founds_children(conn: &mut Conn, store: &IdentityStore, parent: OrganizationKey) -> Result<(), Problem> {
    if !(store.organization_registration && registers_organizations(conn, parent)?) {
        return Err(Problem::Conflict("Setting up organizations is switched off here. The brand can switch it on.".into()));
    }
    Ok(())
}

/// Whether an organization's own switch lets organizations be registered below it.
pub(in crate::store) fn registers_organizations(conn: &mut Conn, organization: OrganizationKey) -> Result<bool, Problem> {
    Ok(organizations::table.find(organization).select(organizations::organization_registration).first(conn)?)
}

/// Whether nothing else below the parent has the name (O-1).
pub(super) fn free_name(
    conn: &mut Conn,
    store: StoreKey,
    parent: &Parent,
    name: &str,
    but: Option<OrganizationKey>,
) -> Result<(), Problem> {
    use organizations as o;
    let other: Option<OrganizationKey> = o::table
        .filter(o::store.eq(store))
        .filter(o::parent.eq(parent.key))
        .filter(o::name_folded.eq(text::fold(name)))
        .select(o::key)
        .first(conn)
        .optional()?;
    if other.is_some() && other != but {
        return Err(organization::name_taken(name, if parent.depth == 0 { "the top level" } else { &parent.name }).into());
    }
    Ok(())
}

/// Checks what must be unique, and says the slug: the one that was typed, else one from the name that is free.
pub(super) fn fresh_terms(
    conn: &mut Conn,
    store: StoreKey,
    parent: &Parent,
    terms: &Terms,
    but: Option<OrganizationKey>,
) -> Result<String, Problem> {
    free_name(conn, store, parent, &terms.name, but)?;
    fresh_domains(conn, store, terms, but)?;
    free_slug(conn, store, terms, but)
}

fn fresh_domains(conn: &mut Conn, store: StoreKey, terms: &Terms, but: Option<OrganizationKey>) -> Result<(), Problem> {
    use organization_domains as d;
    let wanted: Vec<&String> = terms.domains.iter().collect();
    let taken: Vec<(String, OrganizationKey)> =
        d::table.filter(d::store.eq(store)).filter(d::domain.eq_any(wanted)).select((d::domain, d::organization)).load(conn)?;
    match taken.into_iter().find(|(_, owner)| Some(*owner) != but) {
        Some((domain, _)) => Err(Refusal::at("domains", format!("{domain} belongs to another organization of this store.")).into()),
        None => Ok(()),
    }
}

fn free_slug(conn: &mut Conn, store: StoreKey, terms: &Terms, but: Option<OrganizationKey>) -> Result<String, Problem> {
    use organizations as o;
    let mut owner = |slug: &str| -> Result<Option<OrganizationKey>, Problem> {
        Ok(o::table.filter(o::store.eq(store)).filter(o::slug.eq(slug)).select(o::key).first(conn).optional()?)
    };
    if let Some(slug) = &terms.slug {
        let found = owner(slug)?;
        return if found.is_none() || found == but {
            Ok(slug.clone())
        } else {
            Err(Refusal::at("slug", format!("Another organization of this store has the slug “{slug}”.")).into())
        };
    }
    let plain = organization::slug_of(&terms.name);
    for number in 1.. {
        let slug = if number == 1 { plain.clone() } else { format!("{}-{number}", plain.chars().take(32).collect::<String>()) };
        let found = owner(&slug)?;
        if found.is_none() || found == but {
            return Ok(slug);
        }
    }
    Err(Problem::Conflict("No slug is free.".into()))
}

type Values = (
    diesel::dsl::Eq<organizations::name, String>,
    diesel::dsl::Eq<organizations::name_folded, String>,
    diesel::dsl::Eq<organizations::name_sort, String>,
    diesel::dsl::Eq<organizations::description, String>,
    diesel::dsl::Eq<organizations::external_id, Option<String>>,
    diesel::dsl::Eq<organizations::metadata, String>,
    diesel::dsl::Eq<organizations::self_registration, bool>,
    diesel::dsl::Eq<organizations::organization_registration, bool>,
    diesel::dsl::Eq<organizations::slug, Option<String>>,
);

/// The columns that hold what a person decides.
fn values(terms: &Terms, slug: &str) -> Result<Values, Problem> {
    use organizations as o;
    Ok((
        o::name.eq(terms.name.clone()),
        o::name_folded.eq(text::fold(&terms.name)),
        o::name_sort.eq(text::search(&terms.name)),
        o::description.eq(terms.description.clone()),
        o::external_id.eq(terms.external_id.clone()),
        o::metadata.eq(serde_json::to_string(&terms.metadata).map_err(Problem::internal)?),
        o::self_registration.eq(terms.self_registration),
        o::organization_registration.eq(terms.organization_registration),
        o::slug.eq((!slug.is_empty()).then(|| slug.to_owned())),
    ))
}

fn set_domains(conn: &mut Conn, store: StoreKey, key: OrganizationKey, terms: &Terms) -> Result<(), Problem> {
    use organization_domains as d;
    diesel::delete(d::table.filter(d::organization.eq(key))).execute(conn)?;
    let rows: Vec<_> = terms.domains.iter().map(|domain| (d::store.eq(store), d::domain.eq(domain), d::organization.eq(key))).collect();
    on_each!(conn, |conn| diesel::insert_into(d::table).values(rows).execute(conn))?;
    Ok(())
}

fn described(terms: &Terms, slug: Option<&str>) -> Value {
    json!({
        "name": terms.name, "description": terms.description, "external_id": terms.external_id, "metadata": terms.metadata,
        "self_registration": terms.self_registration, "organization_registration": terms.organization_registration,
        "slug": slug, "domains": terms.domains,
    })
}

/// A-7, C-1: switching registration on, where automatic roles would be given, is conferring them there.
fn confers_registration<G: Ground>(tx: &mut Tx<G>, store: &IdentityStore, at: &Lineage, before: bool, after: bool) -> Result<(), Problem> {
    if before || !after || !store.self_registration || tx.permit().person()?.is_super() {
        return Ok(());
    }
    let automatic: Vec<(String, i32)> = roles::table
        .filter(roles::store.eq(store.key))
        .filter(roles::auto_every.eq(true).or(roles::auto_first.eq(true)))
        .select((roles::name, roles::rights))
        .load(tx.conn())?;
    let actor = tx.permit().person()?;
    for (name, rights) in automatic {
        confer::may_confer(actor, Rights::from_bits(rights as u16), at, None).map_err(|_| {
            Refusal::at(
                "self_registration",
                format!("People who register here would get the role {name}, which holds more than you do. Leave this off, or ask a super administrator."),
            )
        })?;
    }
    Ok(())
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done.
    Done(Organization),
    /// Somebody saved another version meanwhile.
    Stale(Box<Edited>),
}

/// Changes an organization. `rev` is the version that the person saw.
///
/// # Errors
/// A refusal at the field; as [`find`].
pub fn edit(tx: &mut Tx<OrganizationEdit>, store: &IdentityStore, id: &str, rev: i32, wanted: &Terms) -> Result<Saved, Problem> {
    let now = tx.now();
    let Edited { organization, terms: before, rev: old } = edited(tx, store.key, id)?;
    if old != rev {
        return Ok(Saved::Stale(Box::new(Edited { organization, terms: before, rev: old })));
    }
    let at = lineage(tx.conn(), &organization)?;
    let mut wanted = wanted.clone();
    let slug = if at.is_root {
        // Nobody registers into root, and no mail domain leads there.
        wanted = Terms { self_registration: false, organization_registration: false, slug: None, domains: BTreeSet::new(), ..wanted };
        String::new()
    } else {
        let parent = above(tx.conn(), &at)?;
        fresh_terms(tx.conn(), store.key, &parent, &wanted, Some(organization.key))?
    };
    confers_registration(tx, store, &at, before.self_registration, wanted.self_registration)?;
    use organizations as o;
    diesel::update(o::table.find(organization.key))
        .set((values(&wanted, &slug)?, o::rev.eq(old + 1), o::changed_at.eq(now)))
        .execute(tx.conn())?;
    set_domains(tx.conn(), store.key, organization.key, &wanted)?;
    tx.record(
        Event::done("organization.edit")
            .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
            .with("organization", wanted.name.as_str())
            .with("before", described(&before, before.slug.as_deref()))
            .with("after", described(&wanted, Some(&slug))),
    )?;
    Ok(Saved::Done(Organization { name: wanted.name, ..organization }))
}

/// The organization directly above one that is not root.
pub(super) fn above(conn: &mut Conn, at: &Lineage) -> Result<Parent, Problem> {
    let key = at.ancestors.iter().find(|(_, depth)| *depth == 1).map(|(key, _)| *key).ok_or(Problem::NotFound)?;
    use organizations as o;
    let (id, name, depth): (String, String, i32) = o::table.find(key).select((o::id, o::name, o::depth)).first(conn)?;
    Ok(Parent { key, id, name, depth, lineage: tree::lineage(conn, key)? })
}

/// What keeps an organization from being deleted (O-3), each with its count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Organizations directly below.
    pub children: i64,
    /// Members.
    pub members: i64,
    /// Role assignments that have not ended.
    pub assignments: i64,
    /// Scopes that it owns.
    pub scopes: i64,
    /// Invitations that wait.
    pub invitations: i64,
}

impl Bound {
    /// Whether nothing keeps it.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }
}

/// What keeps it from being deleted.
///
/// # Errors
/// What the database says.
pub fn bound<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<Bound, Problem> {
    let now = reader.now();
    let conn = reader.conn();
    let count = |conn: &mut Conn, table: &str, column: &str, dated: bool| {
        let mut sql = Sql::new("SELECT count(*) AS n FROM ");
        sql.push(table).push(" WHERE ").push(column).push(" = ").bind(organization.key);
        if dated {
            sql.push(" AND (ends IS NULL OR ends > ").bind(now).push(")");
        }
        sql.number(conn)
    };
    Ok(Bound {
        children: count(conn, "organizations", "parent", false)?,
        members: count(conn, "memberships", "organization", false)?,
        assignments: count(conn, "role_assignments", "organization", true)?,
        scopes: count(conn, "scopes", "organization", false)?,
        invitations: {
            let mut sql = Sql::new("SELECT count(*) AS n FROM invitations WHERE status = 'pending' AND organization = ");
            sql.bind(organization.key).push(" AND ends_at > ").bind(now);
            sql.number(conn)?
        },
    })
}

/// Deletes an organization that nothing hangs on (O-3); its id is never used again (S-8). `typed` is its name, typed
/// to confirm.
///
/// # Errors
/// [`Problem::Conflict`] while something hangs on it, and for root; a refusal at `confirm` for another name.
pub fn delete(tx: &mut Tx<OrganizationDelete>, store: &IdentityStore, id: &str, typed: &str) -> Result<Organization, Problem> {
    let Edited { organization, terms, .. } = edited(tx, store.key, id)?;
    let at = lineage(tx.conn(), &organization)?;
    if at.is_root {
        return Err(Problem::Conflict("The root organization cannot be deleted (O-3).".into()));
    }
    if !bound(tx, &organization)?.is_free() {
        return Err(Problem::Conflict(format!("{} cannot be deleted while something hangs on it.", organization.name)));
    }
    if text::fold(typed) != text::fold(&organization.name) {
        return Err(Refusal::at("confirm", format!("Type “{}” to confirm.", organization.name)).into());
    }
    let key = organization.key;
    let conn = tx.conn();
    let parent = above(conn, &at)?;
    for statement in [
        "DELETE FROM role_assignments WHERE organization = ",
        "DELETE FROM organization_domains WHERE organization = ",
        "DELETE FROM invitations WHERE organization = ",
        "DELETE FROM registrations WHERE organization = ",
        "DELETE FROM favourites WHERE organization = ",
        "DELETE FROM organization_closure WHERE descendant = ",
    ] {
        let mut sql = Sql::new(statement);
        sql.bind(key);
        sql.execute(conn)?;
    }
    diesel::delete(selection_drafts::table.filter(selection_drafts::organization.eq(key))).execute(conn)?;
    diesel::delete(organizations::table.find(key)).execute(conn)?;
    tx.record(
        Event::done("organization.delete")
            .on(Subject::of("organization", &organization.id).at(key).in_store(store.key))
            // Who looks after the parent sees that it is gone.
            .on(Subject::of("organization", &parent.id).at(parent.key).in_store(store.key))
            .with("organization", organization.name.as_str())
            .with("before", described(&terms, terms.slug.as_deref())),
    )?;
    Ok(organization)
}

/// Whether the person may add at the top level of a store: they reach the root organization.
///
/// # Errors
/// What the database says.
pub fn may_add_top(reader: &mut impl Reader<OrganizationAdd>) -> Result<bool, Problem> {
    let (conn, permit) = reader.parts();
    let root = tree::root(conn)?;
    let lineage = tree::lineage(conn, root)?;
    Ok(permit.reach().contains(&lineage))
}
