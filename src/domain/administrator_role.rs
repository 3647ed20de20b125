//! Administrator roles, scopes and grants: what makes an account an administrator (D-*).

use super::{
    Refusal, Refusals,
    account::words,
    key::AdministratorRoleKey,
    organization,
    permissions::{LEAVES, PermissionSet},
    time::Time,
};

/// The kind of an administrator role, fixed when it is made (D-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The predefined role that holds every permission everywhere (D-5).
    Super,
    /// Also manages the root organization and the tenant-wide things.
    Root,
    /// Specific organizations, never root.
    Other,
}
words!(Kind { Super "super" Root "root" Other "other" });

impl Kind {
    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Super => SUPER_ADMINISTRATOR,
            Self::Root => "Root administrator role",
            Self::Other => "Other administrator role",
        }
    }

    /// Where its holders work, as a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Super => "Sees and changes everything, in every organization",
            Self::Root => "Works on the root organization and the things of the whole tenant, and in the holder’s scope",
            Self::Other => "Works in every organization in the holder’s scope, never in root",
        }
    }

    /// Where a grant of it without a scope reaches (D-7).
    pub const fn unscoped(self) -> &'static str {
        match self {
            Self::Super => "Everything",
            Self::Root | Self::Other => "The root organization alone",
        }
    }

    /// Every permission that a role of this kind may hold (rights.md B).
    pub fn permissions(self) -> PermissionSet {
        LEAVES.iter().filter(|leaf| self != Self::Other || !leaf.root_only).collect()
    }
}

/// An administrator role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdministratorRole {
    /// Key inside.
    pub key: AdministratorRoleKey,
    /// Public id, `arole_…`.
    pub id: String,
    /// Its kind (D-2).
    pub kind: Kind,
    /// What people may change; of the predefined role nothing (D-5).
    pub terms: Terms,
    /// Version, for edits that cross.
    pub rev: i32,
    /// Last change.
    pub changed_at: Time,
    /// Who made it; none: the system.
    pub changed_by: Option<String>,
}

impl AdministratorRole {
    /// Whether it is the predefined one, which nobody changes (D-5).
    pub fn is_given(&self) -> bool {
        self.kind == Kind::Super
    }

    /// "14 of 37": of all that a role of its kind may hold.
    pub fn share(&self) -> String {
        format!("{} of {}", self.terms.permissions.count(), self.kind.permissions().count())
    }
}

/// What a person decides about an administrator role.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Terms {
    /// 3 to 64 characters, unique in the tenant (D-2).
    pub name: String,
    /// Up to 1,024 characters, shown under the name.
    pub description: String,
    /// At least one leaf.
    pub permissions: PermissionSet,
}

impl Terms {
    /// Checks what was typed for a role of this kind (D-2).
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(self, kind: Kind) -> Result<Self, Refusals> {
        let name = organization::name_of(&self.name, 3);
        let description = organization::description(&self.description);
        let beyond = self.permissions.without(kind.permissions());
        let permissions = match beyond.leaves().next() {
            Some(leaf) => Err(Refusal::at("perm", format!("“{}” exists only in root administrator roles.", leaf.label))),
            None if self.permissions.is_empty() => Err(Refusal::at("perm", "Keep at least one permission, or delete the role.")),
            None => Ok(self.permissions),
        };
        match (name, description, permissions) {
            (Ok(name), Ok(description), Ok(permissions)) => Ok(Self { name, description, permissions }),
            (name, description, permissions) => Err([name.err(), description.err(), permissions.err()].into_iter().flatten().collect()),
        }
    }

    /// Every permission that is in one of the two and not in both: what D-11 asks about.
    pub fn touched(&self, other: &Self) -> PermissionSet {
        self.permissions.without(other.permissions).union(other.permissions.without(self.permissions))
    }
}

/// The words for a name that is taken (D-2).
pub fn name_taken(name: &str) -> Refusal {
    Refusal::at("name", format!("A role called “{name}” already exists. Choose another name."))
}

/// The name of the predefined role (D-5).
pub const SUPER_ADMINISTRATOR: &str = "Super administrator";

/// How far a scope goes from the organization that owns it (D-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeReach {
    /// The organization alone.
    This,
    /// It and its direct children.
    ThisAndChildren,
    /// It and all below.
    ThisAndBelow,
    /// Its direct children only.
    Children,
    /// All below only.
    Below,
}
words!(ScopeReach {
    This "this" ThisAndChildren "this_and_children" ThisAndBelow "this_and_below" Children "children" Below "below"
});

impl ScopeReach {
    /// Where that is, for the owner's name.
    pub fn at(self, owner: &str) -> String {
        match self {
            Self::This => owner.to_owned(),
            Self::ThisAndChildren => format!("{owner} and those directly below it"),
            Self::ThisAndBelow => format!("{owner} and all below it"),
            Self::Children => format!("those directly below {owner}"),
            Self::Below => format!("all below {owner}"),
        }
    }

    /// From which to which distance below the owner it goes; none: without end.
    pub const fn distances(self) -> (i32, Option<i32>) {
        match self {
            Self::This => (0, Some(0)),
            Self::ThisAndChildren => (0, Some(1)),
            Self::ThisAndBelow => (0, None),
            Self::Children => (1, Some(1)),
            Self::Below => (1, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::permissions::{ApplicationView, Permission, UserView};

    #[test]
    fn a_role_holds_at_least_one_permission_and_only_those_of_its_kind() {
        let terms = |permissions: &[&crate::domain::permissions::Leaf]| Terms {
            name: " Night watch ".into(),
            description: String::new(),
            permissions: permissions.iter().copied().collect(),
        };
        let both = [&UserView::LEAF, &ApplicationView::LEAF];
        assert_eq!(terms(&both).check(Kind::Root).map(|terms| terms.name), Ok("Night watch".into()));
        assert_eq!(terms(&both).check(Kind::Other).unwrap_err()[0].field, "perm");
        assert_eq!(terms(&[]).check(Kind::Root).unwrap_err()[0].message, "Keep at least one permission, or delete the role.");
        let wrong = Terms { name: "x".into(), description: "x".repeat(1025), ..Terms::default() };
        assert_eq!(
            wrong.check(Kind::Other).unwrap_err().iter().map(|refusal| refusal.field).collect::<Vec<_>>(),
            ["name", "description", "perm"]
        );
    }

    #[test]
    fn an_other_role_lacks_what_belongs_to_root_and_nothing_else() {
        let lacking = Kind::Root.permissions().without(Kind::Other.permissions());
        assert!(lacking.leaves().all(|leaf| leaf.root_only) && lacking.count() > 10);
        assert_eq!(Kind::Root.permissions(), PermissionSet::ALL);
    }
}
