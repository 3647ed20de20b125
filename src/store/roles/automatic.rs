//! The roles that registration gives away.

use crate::{
    access::Ground,
    domain::{
        identity_store::IdentityStore,
        rights::{Level, Rights},
    },
    problem::Problem,
    store::{schema::roles, transaction::Reader},
};
use diesel::prelude::*;

/// A role that registration gives away, for the words beside its switches.
#[derive(Clone, Debug)]
pub struct Automatic {
    /// Public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Only to the first person in each organization.
    pub first_only: bool,
    /// What it holds.
    pub rights: Rights,
}

impl Automatic {
    /// Whether people who register could delete something by it.
    pub fn deletes(&self) -> bool {
        self.rights.at(Level::Delete) > 0
    }
}

/// Whether people who register could delete something by one of these.
pub fn some_delete(roles: &[Automatic]) -> bool {
    roles.iter().any(Automatic::deletes)
}

/// The roles that registration gives away in a store, by name.
///
/// # Errors
/// What the database says.
pub fn automatic<G: Ground>(reader: &mut impl Reader<G>, store: &IdentityStore) -> Result<Vec<Automatic>, Problem> {
    let found: Vec<(String, String, bool, i32)> = roles::table
        .filter(roles::store.eq(store.key))
        .filter(roles::auto_every.eq(true).or(roles::auto_first.eq(true)))
        .order((roles::name_sort, roles::key))
        .select((roles::id, roles::name, roles::auto_every, roles::rights))
        .load(reader.conn())?;
    let automatic = |(id, name, every, rights): (String, String, bool, i32)| Automatic {
        id,
        name,
        first_only: !every,
        rights: Rights::from_bits(rights as u16),
    };
    Ok(found.into_iter().map(automatic).collect())
}
