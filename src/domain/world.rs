//! The world file (http.md): everything that an installation knows, as JSON, with names as keys. `id` appears in
//! exports only and is ignored on import. Unknown keys are refused; sections whose feature does not exist yet
//! are refused by name.

mod people;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use people::{Account, Authenticator, IdentifierChange, Invitation, Membership, Verification};

/// The whole file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The version of the format: 1.
    pub bailiwick: u32,
    /// All stores but Administrators.
    #[serde(default)]
    pub identity_stores: Vec<Store>,
    /// The root organization and its people.
    #[serde(default)]
    pub root: Root,
    /// All but the predefined one.
    #[serde(default)]
    pub administrator_roles: Vec<AdministratorRole>,
    /// Scopes.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// Grants.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Refused while not empty, as the next three.
    #[serde(default)]
    pub applications: Vec<Value>,
    /// See `applications`.
    #[serde(default)]
    pub access_roles: Vec<Value>,
    /// See `applications`.
    #[serde(default)]
    pub organization_access_roles: Vec<Value>,
    /// See `applications`.
    #[serde(default)]
    pub access_role_assignments: Vec<Value>,
    /// Invitations.
    #[serde(default)]
    pub invitations: Vec<Invitation>,
}

/// The root organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its name; unchanged when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its people: accounts of the store Administrators. Each is a member of root.
    #[serde(default)]
    pub accounts: Vec<Account>,
}

/// An identity store with what lives in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Key.
    pub name: String,
    /// Fixed once made.
    pub slug: String,
    /// S-1.
    #[serde(default)]
    pub self_registration: bool,
    /// S-1.
    #[serde(default)]
    pub organization_registration: bool,
    /// S-2.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// Labels for accounts.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Organization roles.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Organizations; order does not matter.
    #[serde(default)]
    pub organizations: Vec<Organization>,
    /// Accounts.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// Role assignments.
    #[serde(default)]
    pub role_assignments: Vec<RoleAssignment>,
}

/// S-2.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Key: 1 to 40 of `a-z 0-9 _`.
    pub key: String,
    /// What people read.
    pub label: String,
    /// `text`, `multiline`, `email`, `phone`, `date`, `number`, `choice`, `yes_no`, `url`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Must be filled in.
    #[serde(default)]
    pub required: bool,
    /// For `choice`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Shown in the portal.
    #[serde(default)]
    pub portal_visible: bool,
    /// Accepted from the portal; implies visible.
    #[serde(default)]
    pub portal_editable: bool,
    /// Personal data.
    #[serde(default)]
    pub personal: bool,
}

/// A label for accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Key.
    pub name: String,
}

/// An organization role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Key.
    pub name: String,
    ///
    #[serde(default)]
    pub description: String,
    ///
    #[serde(default)]
    pub auto_every: bool,
    ///
    #[serde(default)]
    pub auto_first: bool,
    /// Codes of cells, `account_management:READ`.
    pub rights: Vec<String>,
}

/// An organization below root.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Key: names from the one below root down to itself.
    pub path: Vec<String>,
    /// O-1.
    #[serde(default)]
    pub description: String,
    /// `active` or `inactive`.
    #[serde(default = "active")]
    pub status: String,
    /// O-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// O-1.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// O-1.
    #[serde(default = "yes")]
    pub self_registration: bool,
    /// O-1.
    #[serde(default = "yes")]
    pub organization_registration: bool,
    /// O-1: its part of the registration link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// O-1: e-mail domains that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// I-3: by which people find it; unchanged when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_code: Option<String>,
    /// there was a member or an assignment once, or its first person; for good, so a file only ever switches it on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub peopled: bool,
}

fn active() -> String {
    "active".into()
}

fn yes() -> bool {
    true
}

/// A role assignment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    /// Name.
    pub role: String,
    /// Path.
    pub organization: Vec<String>,
    /// Identifier in this store.
    pub account: String,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    ///
    #[serde(default)]
    pub reason: String,
}

/// An administrator role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdministratorRole {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Key.
    pub name: String,
    /// `root` or `other`; fixed.
    pub kind: String,
    /// D-2.
    #[serde(default)]
    pub description: String,
    /// Codes of leaves.
    pub permissions: Vec<String>,
}

/// A scope.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Key, with the organization.
    pub name: String,
    /// The owner's store, by name; not needed for root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The owner's path; `[]` is root.
    pub organization: Vec<String>,
    /// D-6.
    #[serde(default)]
    pub description: String,
    /// `this`, `this_and_children`, `this_and_below`, `children` or `below`.
    pub reach: String,
    /// `"all"`; a list is refused while there are no access roles.
    #[serde(default = "all")]
    pub access_roles: Value,
}

fn all() -> Value {
    Value::from("all")
}

/// A grant. Role, account and scope make its key (Z-6).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name; `Super administrator` is the predefined one.
    pub role: String,
    /// Identifier.
    pub account: String,
    /// The account's store, by name; by default Administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// D-9.
    #[serde(default)]
    pub cascading: bool,
    /// The name by which other grants of this file call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The `key` of the grant that it was made through (D-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// D-7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<GrantScope>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// A scope, by what names it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantScope {
    /// The owner's store, by name; not needed for root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The owner's path.
    pub organization: Vec<String>,
    /// Its name.
    pub name: String,
}
