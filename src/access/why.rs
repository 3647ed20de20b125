//! Why, and why not: decisions return their reason (W-1).

use super::{
    effective,
    reach::Reach,
    standing::{self, Awake, Grant, Memberships},
};
use crate::domain::{account::Status, administrator_role::Kind, organization::Lineage, time::Time};

/// Why a grant does not let its holder act: the first condition that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Powerless {
    /// The account is invited or disabled.
    Account(Status),
    /// The grant has no effect now.
    Asleep(standing::Asleep),
    /// It has, but not there.
    Elsewhere,
}

/// Whether what the grant's role holds can be used at an organization now; anywhere, where none is named.
///
/// # Errors
/// The first condition that fails.
pub fn acts(grant: &Grant, status: Status, memberships: &Memberships, at: Option<&Lineage>, now: Time) -> Result<(), Powerless> {
    if status != Status::Active {
        return Err(Powerless::Account(status));
    }
    let Awake { areas, until } = standing::awake(grant, memberships, now).map_err(Powerless::Asleep)?;
    let there =
        |place: &Lineage| grant.kind == Kind::Super || Reach::In(areas.into_iter().map(|area| (area, until)).collect()).contains(place);
    if at.is_none_or(there) { Ok(()) } else { Err(Powerless::Elsewhere) }
}

/// The reason in words, with the name of the organization that was asked about.
pub fn grant_powerless(powerless: Powerless, at: &str, when: impl Fn(Time) -> String) -> String {
    match powerless {
        Powerless::Account(Status::Disabled) => "The account is disabled.".into(),
        Powerless::Account(_) => "The account has not accepted its invitation yet.".into(),
        Powerless::Asleep(asleep) => grant_sleeps(asleep, when),
        Powerless::Elsewhere => format!("It does not reach {at}."),
    }
}

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
