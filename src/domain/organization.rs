//! Organizations: nodes of the one tree (O-*).

use super::{
    Refusal, Refusals,
    account::words,
    identity_store,
    key::{OrganizationKey, StoreKey},
    mail_domain, text,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whether an organization is switched on itself; that its ancestors are too is computed when asked (S-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// On.
    Active,
    /// Off, with all below it.
    Inactive,
}
words!(Status { Active "active" Inactive "inactive" });

/// An organization as everything but its own page needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Key inside.
    pub key: OrganizationKey,
    /// Public id, `org_…`.
    pub id: String,
    /// The store it lives in.
    pub store: StoreKey,
    /// Its name.
    pub name: String,
    /// Its own switch.
    pub active: bool,
    /// How many steps below root: root is 0.
    pub depth: i32,
}

/// Where an organization stands: itself (distance 0) and its ancestors up to root, with their distances.
/// Everything that `access` decides about places, it decides from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The organization.
    pub organization: OrganizationKey,
    /// Itself and its ancestors with the distance to each.
    pub ancestors: Vec<(OrganizationKey, i32)>,
    /// Whether it is the root organization.
    pub is_root: bool,
    /// Whether it and all its ancestors are active (S-5).
    pub active: bool,
}

/// A step of a path: an organization above another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Key inside.
    pub key: OrganizationKey,
    /// Public id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The names of a path, from the top: "Nordhavn Freight › Poland".
pub fn path_text(path: &[Step]) -> String {
    path.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(" › ")
}

impl Lineage {
    /// Where its parent stands; none for root.
    pub fn parent(&self) -> Option<Self> {
        let ancestors: Vec<_> = self.ancestors.iter().filter(|(_, depth)| *depth > 0).map(|(key, depth)| (*key, depth - 1)).collect();
        let organization = ancestors.iter().find(|(_, depth)| *depth == 0)?.0;
        // What hangs on it being active is asked of a lineage that was read for it.
        Some(Self { organization, is_root: ancestors.len() == 1, ancestors, active: self.active })
    }

    /// How far above (0 is the organization itself) the other stands, if it does.
    pub fn distance_to(&self, other: OrganizationKey) -> Option<i32> {
        self.ancestors.iter().find(|(key, _)| *key == other).map(|(_, distance)| *distance)
    }
}

/// The names above the last step of a path.
pub fn above_text(path: &[Step]) -> String {
    path_text(path.split_last().map_or(&[], |(_, above)| above))
}

/// A checked organization name (O-1): 2 to 64 characters.
///
/// # Errors
/// Says at the field `name` what is wrong.
pub fn name(typed: &str) -> Result<String, Refusal> {
    name_of(typed, 2)
}

/// A checked name of 64 characters at most and `least` at least, on one line.
///
/// # Errors
/// Says at the field `name` what is wrong.
pub fn name_of(typed: &str, least: usize) -> Result<String, Refusal> {
    let name = text::line(typed);
    let length = text::length(&name);
    if text::has_unprintable(&name) {
        Err(Refusal::at("name", "The name holds characters that cannot be printed. Remove them."))
    } else if length == 0 {
        Err(Refusal::at("name", "Enter a name."))
    } else if length < least || length > 64 || text::fold(&name).is_empty() {
        Err(Refusal::at("name", format!("A name has {least} to 64 characters; this one has {length}.")))
    } else {
        Ok(name)
    }
}

/// The letters and digits of join codes, which nobody mistakes for each other: five bits each.
pub const JOIN_LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// How many of them a join code has: 50 bits.
pub const JOIN_LENGTH: usize = 10;

/// A checked join code (I-3), however it is spaced and written.
///
/// # Errors
/// Says at the field `join_code` that it is none.
pub fn join_code(typed: &str) -> Result<String, Refusal> {
    let code = plain_code(typed);
    let good = code.len() == JOIN_LENGTH && code.bytes().all(|letter| JOIN_LETTERS.contains(&letter));
    good.then_some(code).ok_or_else(|| Refusal::at("join_code", format!("“{typed}” is no join code: {JOIN_LENGTH} letters and digits.")))
}

/// A code as it is kept, from what was typed.
pub fn plain_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

/// A checked description: 1,024 characters at most.
///
/// # Errors
/// Says at the field `description` what is wrong.
pub fn description(typed: &str) -> Result<String, Refusal> {
    let description = text::paragraph(typed);
    if text::has_unprintable(&description) {
        Err(Refusal::at("description", "The description holds characters that cannot be printed. Remove them."))
    } else if text::length(&description) > 1024 {
        Err(Refusal::at(
            "description",
            format!("Shorten the description to 1,024 characters; it has {}.", text::thousands(text::length(&description) as i64)),
        ))
    } else {
        Ok(description)
    }
}

/// A checked external identifier (O-1): 1 to 128 characters on one line.
///
/// # Errors
/// Says at the field `external_id` what is wrong.
pub fn external_id(typed: &str) -> Result<String, Refusal> {
    let id = text::line(typed);
    if text::has_unprintable(typed) || id.is_empty() || text::length(&id) > 128 {
        return Err(Refusal::at("external_id", "An external identifier has 1 to 128 printable characters."));
    }
    Ok(id)
}

/// Most pairs of metadata (O-1).
pub const MOST_METADATA: usize = 50;

/// A checked pair of metadata (O-1): key 1 to 64 of `a-z 0-9 - _ .`, value at most 512 characters.
///
/// # Errors
/// Says at the field `metadata` what is wrong.
pub fn metadata_pair(key: &str, value: &str) -> Result<(), Refusal> {
    let plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
    if !(1..=64).contains(&key.len()) || !plain {
        Err(Refusal::at("metadata", "The key of a metadata pair has 1 to 64 of a-z, 0-9, dash, underscore and dot."))
    } else if text::length(value) > 512 || text::has_unprintable(value) {
        Err(Refusal::at("metadata", "The value of a metadata pair is text of at most 512 printable characters."))
    } else {
        Ok(())
    }
}

/// What a person decides about an organization (O-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// 2 to 64 characters, unique among its siblings of one store.
    pub name: String,
    /// At most 1,024 characters.
    pub description: String,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// At most 50 pairs.
    pub metadata: BTreeMap<String, String>,
    /// People may register into it; effective only when the store's switch is on too.
    pub self_registration: bool,
    /// Its org admins may create children; effective only when the store's switch is on too.
    pub organization_registration: bool,
    /// Its part of the registration link, unique in the store; none: made from the name.
    pub slug: Option<String>,
    /// E-mail domains that belong to it, unique in the store.
    pub domains: BTreeSet<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            external_id: None,
            metadata: BTreeMap::new(),
            self_registration: true,
            organization_registration: true,
            slug: None,
            domains: BTreeSet::new(),
        }
    }
}

/// What was typed about an organization.
#[derive(Clone, Debug, Default)]
pub struct Typed<'a> {
    /// See [`Terms`].
    pub name: &'a str,
    /// See [`Terms`].
    pub description: &'a str,
    /// See [`Terms`].
    pub external_id: &'a str,
    /// A pair a line, `key = value`.
    pub metadata: &'a str,
    /// See [`Terms`].
    pub self_registration: bool,
    /// See [`Terms`].
    pub organization_registration: bool,
    /// See [`Terms`].
    pub slug: &'a str,
    /// Separated by commas, spaces or lines.
    pub domains: &'a str,
}

impl Terms {
    /// Checks what was typed (O-1).
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(typed: &Typed) -> Result<Self, Refusals> {
        let mut refusals = Vec::new();
        let mut keep = |refusal: Refusal| refusals.push(refusal);
        let name = name(typed.name).map_err(&mut keep).unwrap_or_default();
        let description = description(typed.description).map_err(&mut keep).unwrap_or_default();
        let given = |typed: &str| !typed.trim().is_empty();
        let external_id = given(typed.external_id).then(|| external_id(typed.external_id).map_err(&mut keep).ok()).flatten();
        let slug = given(typed.slug).then(|| identity_store::slug(typed.slug.trim()).map_err(&mut keep).ok()).flatten();
        let domains = mail_domain::list(typed.domains).map_err(&mut keep).unwrap_or_default();
        let metadata = metadata_lines(typed.metadata).map_err(&mut keep).unwrap_or_default();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let (self_registration, organization_registration) = (typed.self_registration, typed.organization_registration);
        Ok(Self { name, description, external_id, metadata, self_registration, organization_registration, slug, domains })
    }

    /// The pairs of metadata as a person types them.
    pub fn metadata_text(&self) -> String {
        self.metadata.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("\n")
    }

    /// The domains as a person types them.
    pub fn domains_text(&self) -> String {
        self.domains.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

fn metadata_lines(typed: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let mut pairs = BTreeMap::new();
    for line in text::paragraph(typed).lines().filter(|line| !line.trim().is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            return Err(Refusal::at("metadata", "Write a pair a line, like crm.id = 4711."));
        };
        let (key, value) = (key.trim(), value.trim());
        metadata_pair(key, value)?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Refusal::at("metadata", format!("The key “{key}” stands here twice.")));
        }
    }
    if pairs.len() > MOST_METADATA {
        return Err(Refusal::at("metadata", format!("An organization has at most 50 pairs of metadata; these are {}.", pairs.len())));
    }
    Ok(pairs)
}

/// The slug that a name suggests: its letters and digits, joined by dashes; "organization" where it has none.
pub fn slug_of(name: &str) -> String {
    let plain: String = text::search(name).chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let slug: String = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-").chars().take(36).collect();
    let slug = slug.trim_matches('-').to_owned();
    if identity_store::slug(&slug).is_ok() { slug } else { format!("org-{slug}").trim_end_matches('-').to_owned() }
}

/// The words for a name that a sibling has (O-1).
pub fn name_taken(name: &str, parent: &str) -> Refusal {
    Refusal::at("name", format!("There is an organization called “{name}” under {parent} already. Choose another name."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_and_a_good_form_is_taken_whole() {
        let wrong = Typed { name: "x", metadata: "Key = 1", domains: "gmail.com", slug: "New!", ..Typed::default() };
        let fields: Vec<&str> = Terms::check(&wrong).unwrap_err().iter().map(|refusal| refusal.field).collect();
        assert_eq!(fields, ["name", "slug", "domains", "metadata"]);
        let good = Typed {
            name: " Nordhavn Freight ",
            metadata: "crm.id = 47=11\n\n tier=gold",
            domains: "Nordhavn.example, freight.example\nnordhavn.example",
            ..Typed::default()
        };
        let terms = Terms::check(&good).unwrap();
        assert_eq!(terms.name, "Nordhavn Freight");
        assert_eq!(terms.metadata_text(), "crm.id = 47=11\ntier = gold");
        assert_eq!(terms.domains_text(), "freight.example, nordhavn.example");
    }

    #[test]
    fn a_join_code_counts_however_it_is_written() {
        assert_eq!(join_code("abcde-23456").as_deref(), Ok("ABCDE23456"));
        for wrong in ["", "ABCDE2345", "ABCDE234567", "ABCDE2345O", "ABCDE23451"] {
            assert_eq!(join_code(wrong).unwrap_err().field, "join_code", "{wrong}");
        }
    }

    #[test]
    fn a_name_suggests_a_slug() {
        for (name, slug) in [
            ("Nordhavn Freight", "nordhavn-freight"),
            ("O'Hara & Söhne", "o-hara-sohne"),
            ("新", "org"),
            ("New", "org-new"),
            ("x", "org-x"),
        ] {
            assert_eq!(slug_of(name), slug);
            assert!(identity_store::slug(&slug_of(name)).is_ok(), "{name}");
        }
    }
}
