//! Organizations: nodes of the one tree (O-*).

use super::{
    Refusal,
    account::words,
    key::{OrganizationKey, StoreKey},
    text,
};

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
