//! Organization roles: sets of access rights for org admins (R-*).

use super::{
    Refusal, Refusals,
    key::{RoleKey, StoreKey},
    organization,
    rights::Rights,
    time::Time,
};

/// An organization role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Key inside.
    pub key: RoleKey,
    /// Public id, `role_…`.
    pub id: String,
    /// The store that owns it.
    pub store: StoreKey,
    /// What people may change.
    pub terms: Terms,
    /// Version, for edits that cross.
    pub rev: i32,
    /// Last change.
    pub changed_at: Time,
    /// Who made it; none: the system.
    pub changed_by: Option<String>,
}

/// What a person decides about a role.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Terms {
    /// 3 to 64 characters, unique in the store.
    pub name: String,
    /// Up to 1,024 characters, shown under the name.
    pub description: String,
    /// Given to everyone who registers into an existing organization.
    pub auto_every: bool,
    /// Given to the first person who does.
    pub auto_first: bool,
    /// At least one cell.
    pub rights: Rights,
}

impl Terms {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(self) -> Result<Self, Refusals> {
        let name = organization::name_of(&self.name, 3);
        let description = organization::description(&self.description);
        let rights = if self.rights.is_empty() { Err(Refusal::at("right", "Pick at least one right.")) } else { Ok(self.rights) };
        match (name, description, rights) {
            (Ok(name), Ok(description), Ok(rights)) => Ok(Self { name, description, rights, ..self }),
            (name, description, rights) => Err([name.err(), description.err(), rights.err()].into_iter().flatten().collect()),
        }
    }

    /// Whether registration gives it away.
    pub const fn automatic(&self) -> bool {
        self.auto_every || self.auto_first
    }

    /// Every cell that is in one of the two and not in both: what D-11 asks about.
    pub fn touched(&self, other: &Self) -> Rights {
        self.rights.without(other.rights).union(other.rights.without(self.rights))
    }
}

/// The words for a name that is taken.
pub fn name_taken(name: &str) -> Refusal {
    Refusal::at("name", format!("A role called “{name}” already exists in this store. Choose another name."))
}
