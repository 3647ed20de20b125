//! What the house writes to people, as data: it becomes words only when it is sent. Links in letters carry single-use
//! tokens (I-2), so a letter that waits is kept sealed.

use super::{Refusal, account::words, time::Time};
use serde::{Deserialize, Serialize};

/// How a letter reaches its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By e-mail.
    Mail,
    /// As a text to a phone.
    Sms,
}
words!(Channel { Mail "mail" Sms "sms" });

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits to be sent, or to be tried again.
    Waiting,
    /// The mail server took it.
    Sent,
    /// It was refused, or given up.
    Failed,
}
words!(Status { Waiting "waiting" Sent "sent" Failed "failed" });

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The e-mail address or phone number.
    pub to: String,
    /// What the reader is called; may be empty.
    pub name: String,
    /// What it says.
    pub says: Says,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// I-1. `/invite/{token}`
    Invitation {
        /// Where to.
        organization: String,
        /// Who invites.
        inviter: String,
        /// What they wrote; may be empty.
        message: String,
        /// Of the link.
        token: String,
        /// Until when it works.
        ends: Time,
    },
    /// I-6. `/signin/reset/{token}`
    PasswordReset {
        /// The administrator or org admin who asked for it; none: the person.
        by: Option<String>,
        /// Of the link.
        token: String,
        /// Until when it works.
        ends: Time,
    },
    /// P-6, to the new address. `/confirm/{token}`
    ConfirmIdentifier {
        /// Who set it; none: the person.
        by: Option<String>,
        /// Of the link.
        token: String,
        /// Until when it works.
        ends: Time,
    },
    /// P-6, to the old address: it is going to be replaced. `/cancel/{token}`
    IdentifierChanging {
        /// The new address.
        new: String,
        /// Who set it.
        by: String,
        /// Of the link that cancels.
        token: String,
        /// Until when it works.
        ends: Time,
    },
    /// P-6: a credential was changed.
    Notice {
        /// A whole sentence: "Your password was set by Marta Silva."
        what: String,
        /// When.
        at: Time,
    },
    /// I-4, P-6: a code for the second step of signing in, or the proof that an authenticator is the owner's.
    Code {
        /// Six digits.
        code: String,
        /// How long it works.
        minutes: u32,
    },
    /// I-3. `/join/confirm/{token}`
    ConfirmRegistration {
        /// Where to.
        organization: String,
        /// Of the link.
        token: String,
        /// Until when it works.
        ends: Time,
    },
    /// I-3: somebody registered with an address that has an account already; nothing was changed.
    AlreadyRegistered {
        /// Where to.
        organization: String,
        /// Of the link that leads there, once they have signed in.
        token: String,
        /// Until when it works.
        ends: Time,
    },
    /// Of the settings page.
    Test {
        /// Who asked for it.
        by: String,
    },
}

/// Days for which a letter without an end of its own is of use.
const USEFUL_DAYS: i64 = 7;

impl Says {
    /// One line that says what it is about, without anything secret.
    pub fn subject(&self) -> String {
        let subject = match self {
            Self::Invitation { organization, inviter, .. } => format!("{inviter} invites you to {organization}"),
            Self::PasswordReset { .. } => "Set a new password".into(),
            Self::ConfirmIdentifier { .. } => "Confirm your e-mail address".into(),
            Self::IdentifierChanging { .. } => "Your e-mail address is about to change".into(),
            Self::Notice { .. } => "Your account was changed".into(),
            Self::Code { .. } => "Your code".into(),
            Self::ConfirmRegistration { organization, .. } => format!("Confirm that you join {organization}"),
            Self::AlreadyRegistered { .. } => "You already have an account".into(),
            Self::Test { .. } => "Test".into(),
        };
        // What people typed must stay on this line.
        subject.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
    }

    /// Until when it is of any use to its reader, if it is written now.
    pub fn useful_until(&self, now: Time) -> Time {
        match self {
            Self::Invitation { ends, .. }
            | Self::PasswordReset { ends, .. }
            | Self::ConfirmIdentifier { ends, .. }
            | Self::IdentifierChanging { ends, .. }
            | Self::ConfirmRegistration { ends, .. }
            | Self::AlreadyRegistered { ends, .. } => *ends,
            Self::Code { minutes, .. } => now.plus_seconds(i64::from(*minutes) * 60),
            Self::Notice { .. } | Self::Test { .. } => now.plus_seconds(USEFUL_DAYS * 24 * 3600),
        }
    }
}

/// A checked phone number in the form in which gateways take it: a plus, the code of the country, the number.
///
/// # Errors
/// Says at the field `phone` what is wrong.
pub fn phone(typed: &str) -> Result<String, Refusal> {
    let wrong = || Refusal::at("phone", "Enter a phone number with the code of its country, like +45 33 12 34 56.");
    let plain: String = typed.trim().chars().filter(|letter| !" -./()".contains(*letter)).collect();
    let digits = plain.strip_prefix('+').ok_or_else(wrong)?;
    let right = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    if right { Ok(plain) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_told_with_its_country() {
        for good in ["+45 33 12 34 56", " +4533123456", "+45-(33)/12.34.56"] {
            assert_eq!(phone(good).unwrap(), "+4533123456");
        }
        for bad in ["33 12 34 56", "+45", "+0045 33123456", "+45 call me", "", "+4533123456789012", "+45\u{661}33123456"] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_subject_holds_no_second_line_and_no_secret() {
        let ends = Time::from_micros(9_000_000);
        let says = Says::Invitation {
            organization: "Nord\r\nBcc: all@brand.example".into(),
            inviter: "Marta".into(),
            message: String::new(),
            token: "hush".into(),
            ends,
        };
        assert_eq!(says.subject(), "Marta invites you to Nord  Bcc: all@brand.example");
        assert_eq!(says.useful_until(Time::from_micros(0)), ends);
        let code = Says::Code { code: "123456".into(), minutes: 10 };
        assert!(!code.subject().contains("123456"));
        assert_eq!(code.useful_until(Time::from_micros(0)), Time::from_micros(600_000_000));
        let there_and_back: Says = serde_json::from_str(&serde_json::to_string(&says).unwrap()).unwrap();
        assert_eq!(there_and_back, says);
    }
}
