//! Identity stores as everything but their own page needs them, and their page.

mod change;

pub use change::{GroupChange, Saved, Terms, add, add_attribute, change_group, delete, delete_attribute, edit, edit_attributes};

use super::{
    conn::Conn,
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    schema::{attributes, identity_stores},
    sql::Sql,
    transaction::Reader,
};
use crate::{
    access::{Actor, Ground, Permit, Reach},
    domain::{
        attribute::Attribute,
        identity_store::{AttributeType, IdentityStore, Opens},
        key::StoreKey,
        organization::Organization,
        permissions::{
            IdentityStoreView, InvitationView, OrganizationRoleView, OrganizationView, Permission, RoleAssignmentEdit, RoleAssignmentView,
            UserAdd, UserBlock, UserView,
        },
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: StoreKey,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    name_folded: String,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Bool)]
    built_in: bool,
    #[diesel(sql_type = Bool)]
    self_registration: bool,
    #[diesel(sql_type = Bool)]
    organization_registration: bool,
    #[diesel(sql_type = BigInt)]
    organizations: i64,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
    #[diesel(embed)]
    opens: OpensRow,
}

#[derive(QueryableByName)]
struct OpensRow {
    #[diesel(sql_type = Bool)]
    opens_organizations: bool,
    #[diesel(sql_type = Bool)]
    opens_accounts: bool,
    #[diesel(sql_type = Bool)]
    opens_invitations: bool,
    #[diesel(sql_type = Bool)]
    opens_roles: bool,
    #[diesel(sql_type = Bool)]
    opens_role_assignments: bool,
    #[diesel(sql_type = Bool)]
    opens_adds_accounts: bool,
    #[diesel(sql_type = Bool)]
    opens_blocks_accounts: bool,
    #[diesel(sql_type = Bool)]
    opens_assigns: bool,
}

impl Placed for Row {
    fn cursor(&self, _: &Order) -> Cursor {
        Cursor(Sorted::Text(self.name_folded.clone()), self.key.0)
    }
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        let Row {
            key, name, slug, built_in, self_registration, organization_registration, organizations, accounts, changed_at, opens, ..
        } = row;
        // The built-in store has no organization roles (domain.md, Words).
        let opens = Opens {
            organizations: opens.opens_organizations,
            accounts: opens.opens_accounts,
            invitations: opens.opens_invitations,
            roles: opens.opens_roles && !built_in,
            role_assignments: opens.opens_role_assignments && !built_in,
            adds_accounts: opens.opens_adds_accounts,
            blocks_accounts: opens.opens_blocks_accounts,
            assigns: opens.opens_assigns && !built_in,
        };
        let store = IdentityStore { key, name, slug, built_in, self_registration, organization_registration, opens };
        Self { store, organizations, accounts, changed_at }
    }
}

/// A store with its numbers.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The store.
    pub store: IdentityStore,
    /// How many organizations live in it.
    pub organizations: i64,
    /// How many accounts.
    pub accounts: i64,
    /// Last change.
    pub changed_at: Time,
}

const COLUMNS: &str = "SELECT s.key, s.name, s.name_folded, s.slug, s.built_in, s.self_registration, s.organization_registration, \
     s.organizations, s.accounts, s.changed_at";

/// The columns of [`Row`] for whoever holds the permit: what they may open is asked of each store with them.
fn columns<G: Ground>(permit: &Permit<G>) -> Sql {
    columns_for(permit.actor().map(|actor| &**actor), permit.reach())
}

fn columns_for(actor: Option<&Actor>, found_through: &Reach) -> Sql {
    let mut sql = Sql::new(COLUMNS);
    for (leaf, name) in [
        (&OrganizationView::LEAF, "organizations"),
        (&UserView::LEAF, "accounts"),
        (&InvitationView::LEAF, "invitations"),
        (&OrganizationRoleView::LEAF, "roles"),
        (&RoleAssignmentView::LEAF, "role_assignments"),
        (&UserAdd::LEAF, "adds_accounts"),
        (&UserBlock::LEAF, "blocks_accounts"),
        (&RoleAssignmentEdit::LEAF, "assigns"),
    ] {
        sql.push(", ");
        match actor.and_then(|actor| actor.reach_of(leaf)) {
            // The store itself was found through this reach.
            Some(reach) if reach == *found_through => _ = sql.push("TRUE"),
            Some(reach) => _ = sql.append(&has_some(&reach)),
            None => _ = sql.push("FALSE"),
        }
        sql.push(" AS opens_").push(name);
    }
    sql.push(" ");
    sql
}

/// The condition that the reach has an organization in store `s`; any store will do for whoever sees the tenant-wide things
/// (D-7).
fn has_some(reach: &Reach) -> Sql {
    let mut sql = Sql::new("");
    if reach.tenant() {
        sql.push("TRUE");
    } else {
        sql.push("EXISTS (SELECT 1 FROM organizations so WHERE so.store = s.key AND ").in_reach(reach, "so.key").push(")");
    }
    sql
}

/// Stores in which the reach has an organization.
pub(super) fn visible(reach: &Reach) -> Sql {
    let mut from = Sql::new("FROM identity_stores s WHERE ");
    from.append(&has_some(reach));
    from
}

/// What a list of stores is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of a name.
    pub q: String,
    /// What people may do there by themselves: `join`, `new` (register an organization) or `off` (neither).
    pub selfservice: String,
}

impl Filter {
    /// Whether it keeps nothing away.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The stores that the reader may know of.
///
/// # Errors
/// What the database says.
pub fn list<G: Ground>(reader: &mut impl Reader<G>, filter: &Filter, paging: &Paging) -> Result<Slice<Listed>, Problem> {
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    let mut from = visible(permit.reach());
    let mut key = columns(permit);
    key.append(&from).push(&format!(" page {} of {}", paging.number, paging.per));
    let plain = filter.is_empty() && paging.after.is_none() && paging.before.is_none();
    if plain && let Some(known) = fresh.find::<Slice<Listed>>(&key) {
        return Ok(Slice::clone(&known));
    }
    if !filter.q.is_empty() {
        from.push(" AND s.name_folded LIKE ").bind(format!("%{}%", like(&text::fold(&filter.q)))).push(" ESCAPE '\\'");
    }
    from.push(match &*filter.selfservice {
        "join" => " AND s.self_registration",
        "new" => " AND s.organization_registration",
        "off" => " AND NOT s.self_registration AND NOT s.organization_registration",
        _ => "",
    });
    let order = Order { column: "s.name_folded", key: "s.key", descending: false };
    let slice = paging::slice_with::<Row>(conn, &columns(permit), &from, order, paging)?.map(Listed::from);
    if plain {
        fresh.keep(key, slice.clone(), slice.rows.len() * 400);
    }
    Ok(slice)
}

/// The store with this slug, where the reader may know of it.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, slug: &str) -> Result<IdentityStore, Problem> {
    let fresh = reader.fresh()?;
    let (conn, permit) = reader.parts();
    let mut sql = columns(permit);
    sql.append(&visible(permit.reach())).push(" AND s.slug = ").bind(slug);
    fresh.ask(sql, |sql| sql.load::<Row>(conn)?.pop().map(|row| Listed::from(row).store).ok_or(Problem::NotFound))
}

/// Keys and slugs of the stores that the reader may know of, for links.
///
/// # Errors
/// What the database says.
pub fn slugs<G: Ground>(reader: &mut impl Reader<G>) -> Result<Vec<(StoreKey, String)>, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = columns(permit);
    sql.append(&visible(permit.reach())).push(" ORDER BY s.key");
    Ok(sql.load::<Row>(conn)?.into_iter().map(|row| (row.key, row.slug)).collect())
}

/// As [`find`], by the key that events and drafts keep.
///
/// # Errors
/// As [`find`].
pub(super) fn find_by_key<G: Ground>(reader: &mut impl Reader<G>, key: StoreKey) -> Result<IdentityStore, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = columns(permit);
    sql.append(&visible(permit.reach())).push(" AND s.key = ").bind(key);
    sql.load::<Row>(conn)?.pop().map(|row| Listed::from(row).store).ok_or(Problem::NotFound)
}

/// The store of an organization that was found.
pub(super) fn of_organization<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<IdentityStore, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = columns(permit);
    sql.push("FROM identity_stores s WHERE s.key = ").bind(organization.store);
    sql.load::<Row>(conn)?.pop().map(|row| Listed::from(row).store).ok_or(Problem::NotFound)
}

/// As [`find`], and a store that has organization roles: not Administrators (domain.md, Words).
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find_with_roles<G: Ground>(reader: &mut impl Reader<G>, slug: &str) -> Result<IdentityStore, Problem> {
    find(reader, slug).and_then(|store| if store.built_in { Err(Problem::NotFound) } else { Ok(store) })
}

/// What a store's page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The store with its numbers.
    pub listed: Listed,
    /// Its attributes in their order.
    pub attributes: Vec<Attribute>,
    /// Its groups, each with how many accounts are in it.
    pub groups: Vec<(String, i64)>,
    /// Version, for edits that cross.
    pub rev: i32,
}

#[derive(QueryableByName)]
struct Group {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    members: i64,
}

/// A store's page.
///
/// # Errors
/// [`Problem::NotFound`] when there is no such store.
pub fn detail(reader: &mut impl Reader<IdentityStoreView>, slug: &str) -> Result<Detail, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = columns(permit);
    sql.append(&visible(permit.reach())).push(" AND s.slug = ").bind(slug);
    let listed: Listed = sql.load::<Row>(conn)?.pop().ok_or(Problem::NotFound)?.into();
    let attributes = attributes(conn, listed.store.key)?;
    let mut sql = Sql::new(
        "SELECT g.name AS name, (SELECT count(*) FROM account_group_members m WHERE m.account_group = g.key) AS members \
         FROM account_groups g WHERE g.store = ",
    );
    sql.bind(listed.store.key).push(" ORDER BY g.name_folded");
    let groups = sql.load::<Group>(conn)?.into_iter().map(|row| (row.name, row.members)).collect();
    let rev = change::rev(conn, listed.store.key)?;
    Ok(Detail { listed, attributes, groups, rev })
}

/// The schema of a store, in its order.
pub(super) fn attributes(conn: &mut Conn, store: StoreKey) -> Result<Vec<Attribute>, Problem> {
    use attributes as a;
    type Row = (String, String, AttributeType, bool, String, bool, bool, bool);
    let rows: Vec<Row> = a::table
        .filter(a::store.eq(store))
        .order((a::position, a::name))
        .select((a::name, a::label, a::kind, a::required, a::choices, a::portal_visible, a::portal_editable, a::personal))
        .load(conn)?;
    rows.into_iter()
        .map(|(name, label, kind, required, choices, portal_visible, portal_editable, personal)| {
            let choices = serde_json::from_str(&choices).map_err(Problem::internal)?;
            Ok(Attribute { name, label, kind, required, choices, portal_visible, portal_editable, personal })
        })
        .collect()
}

/// The key of the built-in store.
pub(super) fn administrators(conn: &mut Conn) -> Result<StoreKey, Problem> {
    Ok(identity_stores::table.filter(identity_stores::built_in.eq(true)).select(identity_stores::key).first(conn)?)
}

/// Text for LIKE … ESCAPE '\'.
pub(super) fn like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The schema of a store that was found, for the forms of its accounts.
///
/// # Errors
/// What the database says.
pub fn schema<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore) -> Result<Vec<Attribute>, Problem> {
    attributes(reader.conn(), store.key)
}

/// The names of a store's groups, for the forms of its accounts.
///
/// # Errors
/// What the database says.
pub fn group_names<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore) -> Result<Vec<String>, Problem> {
    use super::schema::account_groups as g;
    Ok(g::table.filter(g::store.eq(store.key)).order(g::name_folded).select(g::name).load(reader.conn())?)
}
