//! The gift of an organization role at an organization to an account (A-*).

use super::{Refusal, account::words, text};

/// How an assignment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// By a person in the console.
    Hand,
    /// By registration.
    Automatic,
    /// By an invitation that was accepted.
    Invitation,
    /// By an import.
    Import,
}
words!(Given { Hand "hand" Automatic "automatic" Invitation "invitation" Import "import" });

/// At most this many accounts in one act (screens.md 3.6).
pub const MOST_AT_ONCE: usize = 10_000;

/// A checked reason: 512 characters at most.
///
/// # Errors
/// Says at the field `reason` what is wrong.
pub fn reason(typed: &str) -> Result<String, Refusal> {
    let reason = text::paragraph(typed);
    if text::has_unprintable(&reason) {
        Err(Refusal::at("reason", "The reason holds characters that cannot be printed. Remove them."))
    } else if text::length(&reason) > 512 {
        Err(Refusal::at("reason", format!("Shorten the reason to 512 characters; it has {}.", text::length(&reason))))
    } else {
        Ok(reason)
    }
}
