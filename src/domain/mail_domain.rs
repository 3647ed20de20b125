//! E-mail domains that belong to an organization (O-1): whoever has mail there may be told that it is theirs.

use super::{Refusal, text};
use std::collections::BTreeSet;

/// Providers where anybody gets an address: such a domain belongs to no organization.
const PUBLIC: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "bluewin.ch",
    "comcast.net",
    "duck.com",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "onet.pl",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "sapo.pt",
    "seznam.cz",
    "t-online.de",
    "telenet.be",
    "tuta.com",
    "tutanota.com",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// Most domains of one organization.
pub const MOST: usize = 50;

/// A checked domain, folded: labels of letters, digits and dashes with a dot between, at most 253 characters, not
/// one of a public provider.
///
/// # Errors
/// Says at the field `domains` what is wrong.
pub fn check(typed: &str) -> Result<String, Refusal> {
    let domain = text::fold(typed);
    let shown: String = domain.chars().take(60).collect();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    if domain.len() > 253 || !domain.contains('.') || !domain.split('.').all(label) {
        return Err(Refusal::at("domains", format!("“{shown}” is no e-mail domain. Write it like company.example.")));
    }
    if PUBLIC.contains(&domain.as_str()) {
        return Err(Refusal::at("domains", format!("Anybody can have an address at {shown}, so it cannot belong to one organization.")));
    }
    Ok(domain)
}

/// A checked list, separated by commas, white space or lines.
///
/// # Errors
/// As [`check`], for the first that is wrong; and when there are more than 50.
pub fn list(typed: &str) -> Result<BTreeSet<String>, Refusal> {
    let domains = typed
        .split(|letter: char| letter.is_whitespace() || letter == ',' || letter == ';')
        .filter(|part| !part.is_empty())
        .map(|part| check(part.trim_start_matches('@')))
        .collect::<Result<BTreeSet<String>, Refusal>>()?;
    if domains.len() > MOST {
        return Err(Refusal::at("domains", format!("An organization has at most 50 domains; these are {}.", domains.len())));
    }
    Ok(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_ones_own_pass_and_those_of_everybody_do_not() {
        for good in ["acme.example", "ACME.Example", "städte.example", "a-b.c.example"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["acme", "a@b.example", "-a.example", "a..example", "GMail.com", "web.de", "a b.example", ""] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(PUBLIC.is_sorted());
    }
}
