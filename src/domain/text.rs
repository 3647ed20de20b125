//! The one place where names are folded, sort keys and search text are made (S-3); both databases store
//! and compare what comes out of here, bytewise.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// NFKC and case-folded and trimmed: two identifiers or names that fold alike are the same one.
pub fn fold(text: &str) -> String {
    let once: String = text.trim().nfkc().collect();
    let folded: String = caseless::default_case_fold_str(&once).nfkc().collect();
    folded.trim().to_owned()
}

/// Folded and without accents, inner white space made single: what search looks through, so that "ana" finds
/// Anaïs, and what lists are sorted by.
pub fn search(text: &str) -> String {
    let plain: String = fold(text).nfd().filter(|letter| !is_combining_mark(*letter)).map(unaccent).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters that Unicode does not take apart into a letter and an accent.
fn unaccent(letter: char) -> char {
    match letter {
        'ł' => 'l',
        'ø' => 'o',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        other => other,
    }
}

/// Trimmed, composed (NFC), without control characters (line breaks become spaces): how a name is stored.
pub fn line(text: &str) -> String {
    text.nfc().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect::<String>().trim().to_owned()
}

/// Trimmed and composed, line breaks as `\n`: how longer text is stored.
pub fn paragraph(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect::<String>().trim().to_owned()
}

/// Whether it holds something that no name holds: control characters, or marks that turn the direction of text
/// and so could make a name read as another.
pub fn has_unprintable(text: &str) -> bool {
    text.chars().any(|letter| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFD}')
    })
}

/// How many characters a person would count, near enough: Unicode scalar values.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// "1 account", "4 accounts": the number with thousands separated and the noun in its form.
pub fn count(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// 1204 as "1,204".
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

/// "Ann, Bob and 3 more": the first few of a list.
pub fn first_few(words: &[String], most: usize) -> String {
    let shown = words.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    if words.len() > most { format!("{shown} and {} more", words.len() - most) } else { shown }
}

/// A name from inside as a heading: "auto_first" as "Auto first".
pub fn heading(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Up to two initials for the round picture of a person.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let letters = match words.as_slice() {
        [] => return "?".into(),
        [one] => vec![*one],
        [first, .., last] => vec![*first, *last],
    };
    letters.iter().filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect()
}

/// A cell that no spreadsheet takes for a formula.
pub fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_ignores_case_accents_and_spacing() {
        for (typed, stored) in [
            ("ana", "Anaïs Bonnet"),
            ("wisniewska", "Joanna  Wiśniewska"),
            ("lodz", "Łódź"),
            ("strasse", "Große Straße"),
            ("ＡＮＡ", "Ana Kovač"),
            ("soren", "Søren"),
        ] {
            assert!(search(stored).contains(&search(typed)), "{typed} in {stored}");
        }
    }

    #[test]
    fn folding_is_stable() {
        for name in ["Straße", "ǅ", "İstanbul", " A ", "ﬁ", "Å", "ΑΣ"] {
            assert_eq!(fold(&fold(name)), fold(name), "{name}");
        }
        assert_eq!(fold("STRASSE"), fold("straße"));
    }

    #[test]
    fn numbers_and_initials_read_well() {
        assert_eq!(thousands(1_204), "1,204");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(count(1, "account", "accounts"), "1 account");
        assert_eq!(initials("Ana Maria Kovač"), "AK");
        assert_eq!(initials("Cher"), "C");
        assert_eq!(initials(""), "?");
    }
}
