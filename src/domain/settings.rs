//! Settings of the installation, a section a page (screens.md 4.16).

use super::{Refusal, Refusals, account::words, text};
use serde::{Deserialize, Serialize};

/// Of whom a second factor is demanded at sign-in (I-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demanded {
    /// Only of those who have one.
    #[default]
    Nobody,
    /// Of everybody who holds a grant.
    Administrators,
    /// Of everybody.
    All,
}
words!(Demanded { Nobody "nobody" Administrators "administrators" All "all" });

impl Demanded {
    /// As the page says it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nobody => "Nobody",
            Self::Administrators => "Administrators",
            Self::All => "Everybody",
        }
    }

    /// What it means.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Nobody => "Who has a second factor uses it; nobody else is asked.",
            Self::Administrators => "Whoever holds an administrator role.",
            Self::All => "Org admins and everybody else too.",
        }
    }
}

/// What every page and mail says of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct General {
    /// What the product is called here.
    pub product: String,
    /// Whom people may ask; may be empty.
    pub contact: String,
}

impl Default for General {
    fn default() -> Self {
        Self { product: "Bailiwick".into(), contact: String::new() }
    }
}

/// How people sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignIn {
    /// Minutes without a request after which a session ends (I-5).
    pub idle_minutes: i64,
    /// Hours after which it ends in any case.
    pub absolute_hours: i64,
    /// Of whom a second factor is demanded.
    pub factor: Demanded,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 12, factor: Demanded::Nobody }
    }
}

/// What people read who register (I-3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// What they agree to; empty: nothing is asked.
    pub consent: String,
}

/// A section of the settings.
pub trait Section: Default + Serialize + serde::de::DeserializeOwned + PartialEq {
    /// By which it is stored.
    const NAME: &'static str;

    /// The same in the form in which it is kept.
    ///
    /// # Errors
    /// What is wrong, at its fields.
    fn check(self) -> Result<Self, Refusals>;
}

/// The longest session there can be, in hours: a week.
pub const LONGEST_SESSION: i64 = 168;

impl Section for General {
    const NAME: &'static str = "general";

    fn check(self) -> Result<Self, Refusals> {
        let (product, contact) = (text::line(&self.product), text::paragraph(&self.contact));
        let mut refusals = Refusals::new();
        match text::length(&product) {
            _ if text::has_unprintable(&product) => {
                refusals.push(Refusal::at("product", "The name holds characters that cannot be printed."))
            }
            0 => refusals.push(Refusal::at("product", "Enter a name.")),
            1..=40 => {}
            _ => refusals.push(Refusal::at("product", "Shorten the name to 40 characters.")),
        }
        if text::length(&contact) > 200 {
            refusals.push(Refusal::at("contact", "Shorten this to 200 characters."));
        }
        if contact.lines().any(text::has_unprintable) {
            refusals.push(Refusal::at("contact", "This holds characters that cannot be printed."));
        }
        if refusals.is_empty() { Ok(Self { product, contact }) } else { Err(refusals) }
    }
}

impl Section for SignIn {
    const NAME: &'static str = "sign_in";

    fn check(self) -> Result<Self, Refusals> {
        let mut refusals = Refusals::new();
        if !(5..=1440).contains(&self.idle_minutes) {
            refusals.push(Refusal::at("idle_minutes", "Enter 5 to 1,440 minutes."));
        }
        if !(1..=LONGEST_SESSION).contains(&self.absolute_hours) {
            refusals.push(Refusal::at("absolute_hours", "Enter 1 to 168 hours."));
        } else if self.idle_minutes > self.absolute_hours * 60 {
            refusals.push(Refusal::at("idle_minutes", "This is longer than the whole session may be."));
        }
        if refusals.is_empty() { Ok(self) } else { Err(refusals) }
    }
}

impl Section for Registration {
    const NAME: &'static str = "registration";

    fn check(self) -> Result<Self, Refusals> {
        let consent = text::paragraph(&self.consent);
        if text::length(&consent) > 4000 {
            return Err(vec![Refusal::at("consent", "Shorten the text to 4,000 characters.")]);
        }
        if consent.lines().any(text::has_unprintable) {
            return Err(vec![Refusal::at("consent", "The text holds characters that cannot be printed.")]);
        }
        Ok(Self { consent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_holds_what_pages_can_show_and_sessions_can_last() {
        let general = General { product: "  Brand\tConsole ".into(), contact: "help@brand.example".into() }.check().unwrap();
        assert_eq!(general.product, "Brand Console");
        for bad in ["", "x".repeat(41).as_str(), "Bad\u{202E}name"] {
            assert!(General { product: bad.into(), contact: String::new() }.check().is_err(), "{bad}");
        }
        let sign_in = |idle_minutes, absolute_hours| SignIn { idle_minutes, absolute_hours, ..SignIn::default() }.check().is_ok();
        assert!(sign_in(5, 1) && sign_in(60, 1) && sign_in(1440, 168));
        assert!(!sign_in(4, 1) && !sign_in(61, 1) && !sign_in(30, 0) && !sign_in(30, 169) && !sign_in(1441, 168));
        assert!(Registration { consent: "x".repeat(4001) }.check().is_err());
    }
}
