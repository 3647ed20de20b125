//! The people of a world file: accounts with what hangs on them, and whoever is invited.

use super::active;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An account. Its key is its e-mail, else its user name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// One identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The other; one of the two is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The person's name.
    pub name: String,
    /// Only on import; never exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The Argon2id hash, in exports with `--with-secrets`, and taken on import instead of a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// A new password is due at the next sign-in (I-6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_password: Option<bool>,
    /// `invited`, `active` or `disabled`; without it, what fits: `active` with a password, else `invited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Password sign-ins are refused until then (S-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<String>,
    /// Last sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<String>,
    /// By key.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// `email`, `username`: identifiers that somebody else set and the owner has not confirmed (P-6); the others count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed: Vec<String>,
    /// Identifiers that are to take the place of these, and wait for the owner to confirm them (P-6).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<IdentifierChange>,
    /// P-7; none: nobody has verified the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// E-mail and phone authenticators (P-6).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authenticators: Vec<Authenticator>,
    /// S-7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<Membership>,
}

/// A membership.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Path; `[]` is root.
    pub organization: Vec<String>,
    /// `active` or `blocked`.
    #[serde(default = "active")]
    pub status: String,
}

/// An identifier that waits to be confirmed. It never comes in as confirmed, and no link to confirm it exists before it is
/// entered anew.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierChange {
    /// `email` or `username`.
    pub kind: String,
    /// What it is to become.
    pub value: String,
    /// The name of whoever wants it; none: the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was entered, RFC 3339; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Until when it waits, RFC 3339; without it, 7 days from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Who verified an account, or revoked that (P-7).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// `verified` or `revoked`.
    pub status: String,
    /// The name of whoever did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// `hand` or `import`.
    #[serde(default = "import")]
    pub how: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// RFC 3339; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

fn import() -> String {
    "import".into()
}

/// A second factor to which codes are sent. Type and value make its key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticator {
    /// `email` or `phone`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The address or number.
    pub value: String,
    /// Since when it counts, RFC 3339; without it, its owner has yet to confirm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<String>,
    /// The name of whoever added it; none: the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_by: Option<String>,
    /// RFC 3339; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<String>,
}

/// An invitation (I-1). Organization, address and `created` make its key; of those that wait there is one for each
/// organization and address. Its link is in no file: one that waits has none until it is sent again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// In exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The address.
    pub email: String,
    /// The store, by name; not needed for root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Path; `[]` is root.
    pub organization: Vec<String>,
    /// Identifier of whoever promises; without it, nobody does, and it cannot be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<String>,
    /// The store of their account, by name; by default Administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by_store: Option<String>,
    /// What they were called; without it, what they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by_name: Option<String>,
    /// Whether they invited in the portal, where no roles are promised.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub portal: bool,
    /// `pending`, `accepted`, `declined` or `withdrawn`. That one has ended is told by `valid_until`.
    #[serde(default = "pending")]
    pub status: String,
    /// Into the mail as it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Organization roles that are promised, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// For the account that comes about, by key.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// For the account that comes about, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// RFC 3339; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was sent last, RFC 3339; without it, when it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// RFC 3339; without it, 7 days after it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// When it was answered or withdrawn, RFC 3339; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<String>,
}

fn pending() -> String {
    "pending".into()
}
