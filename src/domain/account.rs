//! Accounts: people who can sign in (S-3, S-4).

use super::{Refusal, Refusals, text};
use serde_json::{Map, Value};

/// Authentication status (S-4); `locked` is a time beside it, not a status of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Made by form or import, no password yet.
    Invited,
    /// Can sign in.
    Active,
    /// Cannot.
    Disabled,
}

/// Authorization status, per organization, on the membership (S-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipStatus {
    /// What the account holds here takes effect.
    Active,
    /// Suspended (S-5).
    Blocked,
}

macro_rules! words {
    ($type:ident { $($variant:ident $word:literal)+ }) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the stored word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words!(Status { Invited "invited" Active "active" Disabled "disabled" });
words!(MembershipStatus { Active "active" Blocked "blocked" });

/// A checked person's name: 1 to 128 characters on one line.
///
/// # Errors
/// Says at the field `name` what is wrong.
pub fn person_name(typed: &str) -> Result<String, Refusal> {
    let name = text::line(typed);
    match text::length(&name) {
        _ if text::has_unprintable(&name) => Err(Refusal::at("name", "The name holds characters that cannot be printed. Remove them.")),
        0 => Err(Refusal::at("name", "Enter a name.")),
        1..=128 => Ok(name),
        _ => Err(Refusal::at("name", "Shorten the name to 128 characters.")),
    }
}

/// A checked e-mail address: something, an at sign, a domain; 254 characters at most.
///
/// # Errors
/// Says at the field `email` what is wrong.
pub fn email(typed: &str) -> Result<String, Refusal> {
    let address = text::line(typed);
    let wrong = || Refusal::at("email", "Enter an e-mail address like name@company.example.");
    if text::length(&address) > 254 {
        return Err(Refusal::at("email", "Shorten the e-mail address to 254 characters."));
    }
    let (local, domain) = address.rsplit_once('@').ok_or_else(wrong)?;
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\@".contains(c));
    let dotted = domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    if plain(local) && plain(domain) && dotted && domain.contains('.') && !text::has_unprintable(typed) {
        Ok(address)
    } else {
        Err(wrong())
    }
}

/// A checked user name: 2 to 64 characters without white space and without an at sign (S-3).
///
/// # Errors
/// Says at the field `username` what is wrong.
pub fn username(typed: &str) -> Result<String, Refusal> {
    let name = text::line(typed);
    if name.contains('@') {
        return Err(Refusal::at("username", "A user name has no @ sign; that is for e-mail addresses."));
    }
    if name.contains(char::is_whitespace) || text::has_unprintable(typed) {
        return Err(Refusal::at("username", "A user name has no spaces and no control characters."));
    }
    match text::length(&name) {
        2..=64 => Ok(name),
        _ => Err(Refusal::at("username", "A user name has 2 to 64 characters.")),
    }
}

/// What a person decides about an account (S-3), but for its profile attributes' schema.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Terms {
    /// The person's name.
    pub name: String,
    /// E-mail identifier.
    pub email: Option<String>,
    /// User name identifier.
    pub username: Option<String>,
    /// Profile attributes by key.
    pub attributes: Map<String, Value>,
}

/// Checked identifiers, as typed; empty: none. One of the two is needed (S-3).
///
/// # Errors
/// Every field that is wrong.
pub fn identifiers(email_typed: &str, username_typed: &str) -> Result<(Option<String>, Option<String>), Refusals> {
    let given = |typed: &str| !typed.trim().is_empty();
    let email = given(email_typed).then(|| email(email_typed)).transpose();
    let username = given(username_typed).then(|| username(username_typed)).transpose();
    match (email, username) {
        (Ok(None), Ok(None)) => Err(vec![Refusal::at("email", "Enter an e-mail address or a user name; one of the two is needed.")]),
        (Ok(email), Ok(username)) => Ok((email, username)),
        (email, username) => Err([email.err(), username.err()].into_iter().flatten().collect()),
    }
}

/// The words for an identifier that another account of the store has (S-3).
pub fn identifier_taken(field: &'static str, typed: &str) -> Refusal {
    Refusal::at(field, format!("“{typed}” belongs to another account of this store."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_could_reach_pass_and_others_do_not() {
        for good in ["ann@acme.example", "a.b+c@x-y.example", " zoë@städte.example "] {
            assert!(email(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ann",
            "@acme.example",
            "ann@",
            "ann@acme",
            "a b@acme.example",
            "a@b@c.example\u{0}",
            "ann@-x.example",
            "ann@x..example",
            "<a@b.example>",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_user_name_is_never_an_address() {
        assert!(username("ann@acme").is_err());
        assert_eq!(username(" ann "), Ok("ann".into()));
    }
}
