//! Identity stores as everything but their own page needs them, and their page.

use super::{
    conn::Conn,
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    schema::{account_groups, attributes, identity_stores},
    sql::Sql,
    transaction::Reader,
};
use crate::{
    access::{Ground, Reach},
    domain::{
        identity_store::{AttributeType, IdentityStore},
        key::StoreKey,
        permissions::IdentityStoreView,
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
}

impl Placed for Row {
    fn cursor(&self, _: &Order) -> Cursor {
        Cursor(Sorted::Text(self.name_folded.clone()), self.key.0)
    }
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        let Row { key, name, slug, built_in, self_registration, organization_registration, organizations, accounts, changed_at, .. } = row;
        let store = IdentityStore { key, name, slug, built_in, self_registration, organization_registration };
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
     (SELECT count(*) FROM organizations o WHERE o.store = s.key) AS organizations, s.accounts, s.changed_at";

/// Stores in which the reach has an organization; all of them for whoever sees the tenant-wide things (D-7).
fn visible(reach: &Reach) -> Sql {
    let mut from = Sql::new("FROM identity_stores s WHERE ");
    if reach.tenant() {
        from.push("TRUE");
    } else {
        from.push("EXISTS (SELECT 1 FROM organizations so WHERE so.store = s.key AND ").in_reach(reach, "so.key").push(")");
    }
    from
}

/// The stores that the reader may know of.
///
/// # Errors
/// What the database says.
pub fn list<G: Ground>(reader: &mut impl Reader<G>, q: &str, paging: &Paging) -> Result<Slice<Listed>, Problem> {
    let (conn, permit) = reader.parts();
    let mut from = visible(permit.reach());
    if !q.is_empty() {
        from.push(" AND s.name_folded LIKE ").bind(format!("%{}%", like(&text::fold(q)))).push(" ESCAPE '\\'");
    }
    let order = Order { column: "s.name_folded", key: "s.key", descending: false };
    Ok(paging::slice::<Row>(conn, COLUMNS, &from, order, paging)?.map(Listed::from))
}

/// The store with this slug, where the reader may know of it.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, slug: &str) -> Result<IdentityStore, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(COLUMNS);
    sql.push(" ").append(&visible(permit.reach())).push(" AND s.slug = ").bind(slug);
    sql.load::<Row>(conn)?.pop().map(|row| Listed::from(row).store).ok_or(Problem::NotFound)
}

/// As [`find`], and a store that has organization roles: not Administrators (domain.md, Words).
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find_with_roles<G: Ground>(reader: &mut impl Reader<G>, slug: &str) -> Result<IdentityStore, Problem> {
    find(reader, slug).and_then(|store| if store.built_in { Err(Problem::NotFound) } else { Ok(store) })
}

/// An attribute of a store's schema (S-2).
#[derive(Clone, Debug, Queryable)]
pub struct Attribute {
    /// Its key.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it holds.
    pub kind: AttributeType,
    /// Must be filled in.
    pub required: bool,
    /// Shown in the portal.
    pub portal_visible: bool,
    /// Accepted from the portal.
    pub portal_editable: bool,
    /// Personal data.
    pub personal: bool,
}

/// What a store's page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The store with its numbers.
    pub listed: Listed,
    /// Its attributes in their order.
    pub attributes: Vec<Attribute>,
    /// The names of its groups.
    pub groups: Vec<String>,
}

/// A store's page.
///
/// # Errors
/// [`Problem::NotFound`] when there is no such store.
pub fn detail(reader: &mut impl Reader<IdentityStoreView>, slug: &str) -> Result<Detail, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(COLUMNS);
    sql.push(" ").append(&visible(permit.reach())).push(" AND s.slug = ").bind(slug);
    let listed: Listed = sql.load::<Row>(conn)?.pop().ok_or(Problem::NotFound)?.into();
    let attributes = attributes(conn, listed.store.key)?;
    let groups = account_groups::table
        .filter(account_groups::store.eq(listed.store.key))
        .order(account_groups::name_folded)
        .select(account_groups::name)
        .load(conn)?;
    Ok(Detail { listed, attributes, groups })
}

/// The schema of a store.
pub(super) fn attributes(conn: &mut Conn, store: StoreKey) -> Result<Vec<Attribute>, Problem> {
    use attributes as a;
    Ok(a::table
        .filter(a::store.eq(store))
        .order((a::position, a::name))
        .select((a::name, a::label, a::kind, a::required, a::portal_visible, a::portal_editable, a::personal))
        .load(conn)?)
}

/// The key of the built-in store.
pub(super) fn administrators(conn: &mut Conn) -> Result<StoreKey, Problem> {
    Ok(identity_stores::table.filter(identity_stores::built_in.eq(true)).select(identity_stores::key).first(conn)?)
}

/// Text for LIKE … ESCAPE '\'.
pub(super) fn like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
