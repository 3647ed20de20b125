//! Invitations into an organization (I-1).

use super::{
    Refusal,
    account::{self, words},
    text,
};
use std::collections::HashSet;

/// What became of an invitation. That it has ended is told by its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for an answer.
    Pending,
    /// Accepted.
    Accepted,
    /// Declined by who was invited.
    Declined,
    /// Withdrawn.
    Withdrawn,
}
words!(Status { Pending "pending" Accepted "accepted" Declined "declined" Withdrawn "withdrawn" });

/// How long an invitation is valid, in seconds.
pub const LASTS: i64 = 7 * 24 * 3600;

/// Most addresses at once.
pub const MOST: usize = 200;

/// What was typed and is no address, with what is wrong.
pub type Wrong = (String, String);

/// The addresses that were typed, one per line or apart by commas, each once: checked, or with what is wrong.
///
/// # Errors
/// Says at the field `emails` that there are none or too many.
pub fn addresses(typed: &str) -> Result<Vec<Result<String, Wrong>>, Refusal> {
    let mut seen = HashSet::new();
    let parts = typed.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|part| !part.is_empty());
    let found: Vec<&str> = parts.filter(|part| seen.insert(text::fold(part))).take(MOST + 1).collect();
    match found.len() {
        0 => Err(Refusal::at("emails", "Enter the e-mail addresses to invite.")),
        1..=MOST => Ok(found
            .into_iter()
            .map(|one| account::email(one).map_err(|refusal| (one.chars().take(254).collect(), refusal.message)))
            .collect()),
        _ => Err(Refusal::at("emails", format!("Invite {MOST} people at a time at most."))),
    }
}

/// A checked message: 500 characters at most.
///
/// # Errors
/// Says at the field `message` what is wrong.
pub fn message(typed: &str) -> Result<String, Refusal> {
    let message = text::paragraph(typed);
    if text::has_unprintable(&message) {
        Err(Refusal::at("message", "The message holds characters that cannot be printed. Remove them."))
    } else if text::length(&message) > 500 {
        Err(Refusal::at("message", "Shorten the message to 500 characters."))
    } else {
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_apart_by_lines_and_commas_and_count_once() {
        let found = addresses("ann@acme.example, ANN@acme.example\nbo@acme.example;nobody").unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[1], Ok("bo@acme.example".into()));
        assert_eq!(found[2].as_ref().unwrap_err().0, "nobody");
        assert!(addresses(" \n,").is_err());
        let many: String = (0..=MOST).map(|number| format!("p{number}@acme.example\n")).collect();
        assert!(addresses(&many).is_err());
    }
}
