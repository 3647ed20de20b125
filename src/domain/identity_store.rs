//! Identity stores and their attributes (S-1, S-2).

use super::{Refusal, account::words, key::StoreKey};
use serde::{Deserialize, Serialize};

/// An identity store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityStore {
    /// Key inside.
    pub key: StoreKey,
    /// Its name.
    pub name: String,
    /// Its part of every address; fixed.
    pub slug: String,
    /// Whether it is the built-in store of administrators, which has no organization roles (domain.md, Words).
    pub built_in: bool,
    /// People may register into an existing organization.
    pub self_registration: bool,
    /// People may register a new organization; org admins may create children.
    pub organization_registration: bool,
    /// What of it the person who asks may open.
    pub opens: Opens,
}

/// What somebody may open and do in a store: that whose permission they hold somewhere in it (D-12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opens {
    /// Organizations.
    pub organizations: bool,
    /// Accounts.
    pub accounts: bool,
    /// Invitations.
    pub invitations: bool,
    /// Organization roles.
    pub roles: bool,
    /// Role assignments.
    pub role_assignments: bool,
    /// Adding accounts.
    pub adds_accounts: bool,
    /// Disabling accounts and ending their sessions.
    pub blocks_accounts: bool,
    /// Giving roles.
    pub assigns: bool,
}

/// Name and slug of the built-in store.
pub const ADMINISTRATORS: (&str, &str) = ("Administrators", "administrators");

/// What an attribute holds (S-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A date.
    Date,
    /// A number.
    Number,
    /// One of the choices.
    Choice,
    /// Yes or no.
    YesNo,
    /// A web address.
    Url,
}
words!(AttributeType {
    Text "text" Multiline "multiline" Email "email" Phone "phone" Date "date" Number "number" Choice "choice" YesNo "yes_no" Url "url"
});

impl AttributeType {
    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Multiline => "Multi-line text",
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Date => "Date",
            Self::Number => "Number",
            Self::Choice => "Choice",
            Self::YesNo => "Yes or no",
            Self::Url => "Web address",
        }
    }
}

/// A checked slug: 2 to 40 of `a-z 0-9 -`, not one of the words that addresses use (S-1).
///
/// # Errors
/// Says at the field `slug` what is wrong.
pub fn slug(typed: &str) -> Result<String, Refusal> {
    const RESERVED: &[&str] = &["new", "check", "factor", "reset", "enrol", "organization", "administrators", "confirm", "sent"];
    let good = (2..=40).contains(&typed.len())
        && typed.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !typed.starts_with('-')
        && !typed.ends_with('-');
    if !good {
        Err(Refusal::at("slug", "A slug has 2 to 40 small letters, digits and dashes, e.g. customers."))
    } else if RESERVED.contains(&typed) {
        Err(Refusal::at("slug", format!("“{typed}” is a word of our addresses. Choose another slug.")))
    } else {
        Ok(typed.to_owned())
    }
}
