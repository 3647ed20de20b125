//! Why, and why not: decisions return their reason (W-1).

use super::{effective, standing};
use crate::domain::{account::Status, time::Time};

/// The reason in words. `when` writes an instant as its reader likes it.
pub fn assignment_sleeps(asleep: effective::Asleep, when: impl Fn(Time) -> String) -> String {
    use effective::Asleep;
    match asleep {
        Asleep::Account(Status::Disabled) => "The account is disabled.".into(),
        Asleep::Account(_) => "The account has not accepted its invitation yet.".into(),
        Asleep::Organization => "The organization, or one above it, is inactive.".into(),
        Asleep::Until(starts) => format!("It starts on {}.", when(starts)),
        Asleep::Since(ends) => format!("It ended on {}.", when(ends)),
        Asleep::Blocked => "The account is blocked where the role was given.".into(),
    }
}

/// The same for a grant.
pub fn grant_sleeps(asleep: standing::Asleep, when: impl Fn(Time) -> String) -> String {
    use standing::Asleep;
    match asleep {
        Asleep::Until { starts, above: false } => format!("It starts on {}.", when(starts)),
        Asleep::Until { starts, above: true } => format!("What it was handed on through starts on {}.", when(starts)),
        Asleep::Since { ends, above: false } => format!("It ended on {}.", when(ends)),
        Asleep::Since { ends, above: true } => format!("What it was handed on through ended on {}.", when(ends)),
        Asleep::NotInRoot => "The holder is no active member of the root organization.".into(),
        Asleep::OwnerInactive => "The organization that owns its scope, or one above that, is inactive.".into(),
        Asleep::Blocked => "The holder is blocked in the organization that owns its scope.".into(),
        Asleep::Outside => "The holder belongs to no organization within what it was handed on through.".into(),
    }
}
