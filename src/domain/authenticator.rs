//! Second factors: where a code is sent at sign-in (I-4, P-6).

use super::{
    Refusal,
    account::{self, words},
    letter::{self, Channel},
};

/// What a code is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A phone.
    Phone,
}
words!(Kind { Email "email" Phone "phone" });

/// How many an account may have.
pub const MOST: i64 = 5;

/// How long a code works, in minutes.
pub const MINUTES: u32 = 10;

/// Wrong tries after which a code works no more.
pub const TRIES: i32 = 5;

/// Seconds between two codes to one account.
pub const PAUSE: i64 = 30;

impl Kind {
    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Phone => "Phone",
        }
    }

    /// How codes travel.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Email => Channel::Mail,
            Self::Phone => Channel::Sms,
        }
    }

    /// A checked address or number.
    ///
    /// # Errors
    /// Says at the field `value` what is wrong.
    pub fn check(self, typed: &str) -> Result<String, Refusal> {
        let checked = match self {
            Self::Email => account::email(typed),
            Self::Phone => letter::phone(typed),
        };
        checked.map_err(|refusal| Refusal { field: "value", ..refusal })
    }

    /// Enough of it to tell which one it is, for somebody who has only shown a password.
    pub fn hint(self, value: &str) -> String {
        match self {
            Self::Email => {
                let (name, domain) = value.rsplit_once('@').unwrap_or((value, ""));
                format!("{}•••@{domain}", name.chars().take(1).collect::<String>())
            }
            Self::Phone => {
                let digits: Vec<char> = value.chars().collect();
                format!("•••{}", digits[digits.len().saturating_sub(2)..].iter().collect::<String>())
            }
        }
    }
}

/// What was typed, as digits alone; none where it cannot be a code.
pub fn code(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    (digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_tells_which_one_it_is_and_not_what_it_is() {
        assert_eq!(Kind::Email.hint("ana.silva@acme.example"), "a•••@acme.example");
        assert_eq!(Kind::Email.hint("ä@x.example"), "ä•••@x.example");
        assert_eq!(Kind::Phone.hint("+4533123456"), "•••56");
        assert_eq!(Kind::Phone.check("33").unwrap_err().field, "value");
    }

    #[test]
    fn a_code_has_six_digits_however_it_is_spaced() {
        assert_eq!(code(" 123 456 ").as_deref(), Some("123456"));
        assert_eq!(code("123-456").as_deref(), Some("123456"));
        for wrong in ["", "12345", "1234567", "12345x", "١٢٣٤٥٦"] {
            assert_eq!(code(wrong), None, "{wrong}");
        }
    }
}
