//! Administrator roles, scopes and grants: what makes an account an administrator (D-*).

use super::account::words;

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

/// What people read of a kind.
pub const fn kind_label(kind: &Kind) -> &'static str {
    match kind {
        Kind::Super => "Super administrator",
        Kind::Root => "Root administrator role",
        Kind::Other => "Other administrator role",
    }
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
