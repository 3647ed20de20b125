//! Who asks, and what they ask about.

use crate::database::Database;
use bailiwick::{
    access::{Actor, Ground, Origin, Permit, system},
    domain::{
        identity_store::IdentityStore,
        key::{AccountKey, OrganizationKey},
        organization::Organization,
        permissions::{OrganizationView, RoleAssignmentView},
        role::Role,
    },
    store::{actors, identity_stores, organizations, role_assignments::Wanted, roles},
};
use std::sync::Arc;

/// The super administrator of the small world.
pub const SUPER: &str = "su@brand.example";
/// An administrator of Acme: sees accounts and organizations, gives and takes roles.
pub const INSIDE: &str = "ina@acme.example";
/// The same of Globex.
pub const OUTSIDE: &str = "uwe@globex.example";

impl Database {
    /// The key of an account, by e-mail or user name; of twins, the first.
    pub fn account_key(&self, identifier: &str) -> AccountKey {
        AccountKey(self.number(&format!("SELECT min(key) AS n FROM accounts WHERE coalesce(email, username) = '{identifier}'")))
    }

    /// Somebody with everything they can use now.
    pub fn actor(&self, identifier: &str) -> Arc<Actor> {
        let account = self.account_key(identifier);
        let found = self.db.read(&system::signing_in(Origin::default()), |view| actors::find(view, account)).unwrap();
        Arc::new(found.unwrap_or_else(|| panic!("{identifier} cannot act")))
    }

    /// Somebody's proof that they may.
    pub fn permit<G: Ground>(&self, identifier: &str) -> Permit<G> {
        let denied = |denied| panic!("{identifier} may not {}: {denied:?}", G::NAME);
        self.actor(identifier).permit(Origin::default()).unwrap_or_else(denied)
    }

    /// A store, as the super administrator finds it.
    pub fn store(&self, slug: &str) -> IdentityStore {
        self.db.read(&self.permit::<OrganizationView>(SUPER), |view| identity_stores::find(view, slug)).unwrap()
    }

    /// The store Customers.
    pub fn customers(&self) -> IdentityStore {
        self.store("customers")
    }

    /// An organization of Customers, by its path.
    pub fn organization(&self, path: &str) -> Organization {
        let store = self.customers().key;
        self.db.read(&self.permit::<OrganizationView>(SUPER), |view| organizations::find(view, store, &self.org(path))).unwrap()
    }

    /// A role of Customers, by name.
    pub fn role_named(&self, name: &str) -> Role {
        let store = self.customers();
        self.db.read(&self.permit::<RoleAssignmentView>(SUPER), |view| roles::find_by_name(view, &store, name)).unwrap()
    }

    /// A pair of Customers.
    pub fn wanted(&self, path: &str, role: &str) -> Wanted {
        Wanted { organization: self.organization(path), role: self.role_named(role) }
    }

    /// The ids of accounts of Customers.
    pub fn accounts<const N: usize>(&self, identifiers: [&str; N]) -> Vec<String> {
        identifiers.into_iter().map(|identifier| self.acc(identifier)).collect()
    }

    /// The key of an organization of Customers.
    pub fn organization_key(&self, path: &str) -> OrganizationKey {
        self.organization(path).key
    }
}
