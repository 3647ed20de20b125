//! The words and rules of the product (the numbers are those of the domain specification).

/// A person who can sign in.
pub mod account;
/// Lists of accounts as people keep them.
pub mod account_list;
/// A set of permissions for administrators, and its grants with their scopes.
pub mod administrator_role;
/// Attributes of a store's schema and their values.
pub mod attribute;
/// Second factors.
pub mod authenticator;
/// What is written about every change.
pub mod event;
/// Hosts in addresses.
pub mod host;
/// Identity stores and their attributes.
pub mod identity_store;
/// Invitations into an organization.
pub mod invitation;
/// Keys: the small integers by which rows know each other.
pub mod key;
/// What the house writes to people.
pub mod letter;
/// E-mail domains of organizations.
pub mod mail_domain;
/// Nodes of the one tree of the tenant.
pub mod organization;
/// What makes a good password.
pub mod password;
/// Catalog B: the permissions of administrator roles.
pub mod permissions;
/// Catalog A: the access rights of organization roles.
pub mod rights;
/// Organization roles.
pub mod role;
/// The gift of an organization role.
pub mod role_assignment;
/// Named boundaries of management.
pub mod scope;
/// Settings of the installation.
pub mod settings;
/// Names, identifiers and search text in the one form in which they are compared.
pub mod text;
/// Instants.
pub mod time;

/// The world file: everything, as JSON.
pub mod world;

use std::fmt;

/// A rule said no: the field it concerns (empty for the form as a whole) and a sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the form's field.
    pub field: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Refusal {
    /// A refusal at a field.
    pub fn at(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// All refusals of one form, in the order of its fields.
pub type Refusals = Vec<Refusal>;
