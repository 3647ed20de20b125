//! What makes a good password (I-4).

use super::{Refusal, text};

/// Fewest and most characters of a password.
pub const LENGTH: (usize, usize) = (12, 256);

/// Checks a new password: 12 to 256 characters, not common, not made of words of its context
/// (the person's name and addresses, the product's name).
///
/// # Errors
/// Says at the field `password` what is wrong.
pub fn check(typed: &str, context: &[&str]) -> Result<(), Refusal> {
    let (least, most) = LENGTH;
    let length = text::length(typed);
    if length < least {
        return Err(Refusal::at("password", format!("Use at least {least} characters; a few words in a row are easiest to remember.")));
    }
    if length > most {
        return Err(Refusal::at("password", format!("Use at most {most} characters.")));
    }
    let words: Vec<&str> = context
        .iter()
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| text::length(word) > 2)
        .chain(["bailiwick", "password", "admin", "console"])
        .collect();
    // What is left without the words of its context has to be something by itself.
    let mut left = text::search(typed);
    for word in &words {
        left = left.replace(&text::search(word), "");
    }
    let guessable =
        || Refusal::at("password", "This password is too easy to guess: it is common, repeats itself or uses your name. Choose another.");
    if left.chars().filter(|letter| letter.is_alphanumeric()).count() < 8 {
        return Err(guessable());
    }
    // zxcvbn's time grows with the length; what comes after 100 characters makes nothing weaker.
    let start: String = typed.chars().take(100).collect();
    if zxcvbn::zxcvbn(&start, &words).score() < zxcvbn::Score::Three {
        return Err(guessable());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_personal_passwords_are_refused() {
        for bad in ["short", "password1234", "aaaaaaaaaaaaaaaa", "ines.ferreira1", "bailiwick admin", "123456789012"] {
            assert!(check(bad, &["Inês Ferreira", "ines.ferreira@brand.example"]).is_err(), "{bad}");
        }
        assert!(check("copper kettle sings 7 times", &["Ann"]).is_ok());
        assert!(check(&"correct horse battery staple ".repeat(9), &[]).is_err(), "over 256");
    }
}
