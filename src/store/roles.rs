//! Organization roles (R-*). They count as things of the root organization (D-7), so whoever may see one may
//! see those of every store.

mod automatic;
mod change;
mod holders;
mod list;
mod remap;
mod used;

pub use automatic::{Automatic, automatic, some_delete};
pub use change::{Effect, Saved, add, add_templates, delete, edit, effect, missing_rev};
pub use list::{Filter, Listed, find_listed, list, without_minimum};
pub use remap::{Remap, Remapped, remap, remap_effect};
pub use used::{Use, used};

use super::{conn::Conn, schema::roles, sql::Sql, transaction::Reader};
use crate::{
    access::Ground,
    domain::{
        identity_store::IdentityStore,
        key::*,
        rights::Rights,
        role::{Role, Terms},
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: RoleKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    store: StoreKey,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    name_sort: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Bool)]
    auto_every: bool,
    #[diesel(sql_type = Bool)]
    auto_first: bool,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = Integer)]
    rev: i32,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
    #[diesel(sql_type = Nullable<Text>)]
    changed_by: Option<String>,
}

impl From<Row> for Role {
    fn from(row: Row) -> Self {
        let terms = Terms {
            name: row.name,
            description: row.description,
            auto_every: row.auto_every,
            auto_first: row.auto_first,
            rights: Rights::from_bits(row.rights as u16),
        };
        Self { key: row.key, id: row.id, store: row.store, terms, rev: row.rev, changed_at: row.changed_at, changed_by: row.changed_by }
    }
}

const COLUMNS: &str = "SELECT r.key, r.id, r.store, r.name, r.name_sort, r.description, r.auto_every, r.auto_first, r.rights, r.rev, r.changed_at, r.changed_by";

/// A role of a store. Who may assign roles somewhere in the store must name them, so `G` is any permission that
/// deals with roles; the store was found through the reader's reach.
///
/// # Errors
/// [`Problem::NotFound`] when the store has no such role.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, id: &str) -> Result<Role, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.id = ").bind(id);
    one(sql, reader.conn())
}

/// As [`find`], by name.
///
/// # Errors
/// As [`find`].
pub fn find_by_name<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, name: &str) -> Result<Role, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.name_folded = ").bind(text::fold(name));
    one(sql, reader.conn())
}

/// As [`find`], by the key that a draft keeps.
///
/// # Errors
/// As [`find`].
pub fn find_by_key<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore, key: RoleKey) -> Result<Role, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM roles r WHERE r.store = ").bind(store.key).push(" AND r.key = ").bind(key);
    one(sql, reader.conn())
}

fn one(sql: Sql, conn: &mut Conn) -> Result<Role, Problem> {
    sql.load::<Row>(conn)?.pop().map(Role::from).ok_or(Problem::NotFound)
}

/// The roles to choose from in a form: id and name, by name.
///
/// # Errors
/// What the database says.
pub fn choices<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey) -> Result<Vec<(String, String)>, Problem> {
    Ok(roles::table
        .filter(roles::store.eq(store))
        .order((roles::name_sort, roles::key))
        .select((roles::id, roles::name))
        .load(reader.conn())?)
}

/// Whether the name is taken in the store by another role.
///
/// # Errors
/// What the database says.
pub fn name_is_taken<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, name: &str, but: Option<RoleKey>) -> Result<bool, Problem> {
    let other: Option<RoleKey> = roles::table
        .filter(roles::store.eq(store))
        .filter(roles::name_folded.eq(text::fold(name)))
        .select(roles::key)
        .first(reader.conn())
        .optional()?;
    Ok(other.is_some() && other != but)
}
