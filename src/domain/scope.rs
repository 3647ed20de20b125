//! Scopes: named boundaries of management (D-6).

use super::{
    Refusal, Refusals,
    administrator_role::ScopeReach,
    key::{OrganizationKey, ScopeKey},
    organization,
    time::Time,
};

/// A scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Key inside.
    pub key: ScopeKey,
    /// Public id, `scope_…`.
    pub id: String,
    /// The organization that owns it.
    pub owner: OrganizationKey,
    /// What people may change.
    pub terms: Terms,
    /// Version, for edits that cross.
    pub rev: i32,
    /// Last change.
    pub changed_at: Time,
    /// Who made it; none: the system.
    pub changed_by: Option<String>,
}

/// What a person decides about a scope, beside who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// 3 to 64 characters, unique in its organization.
    pub name: String,
    /// Up to 1,024 characters, shown under the name.
    pub description: String,
    /// How far it goes.
    pub reach: ScopeReach,
}

/// What was typed about a scope.
#[derive(Clone, Debug, Default)]
pub struct Typed<'a> {
    /// See [`Terms`].
    pub name: &'a str,
    /// See [`Terms`].
    pub description: &'a str,
    /// The word of a reach.
    pub reach: &'a str,
    /// `all`; nothing counts as that.
    pub access_roles: &'a str,
}

impl Terms {
    /// Checks what was typed (D-6).
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(typed: &Typed) -> Result<Self, Refusals> {
        let name = organization::name_of(typed.name, 3);
        let description = organization::description(typed.description);
        let reach = ScopeReach::from_word(typed.reach).ok_or_else(|| Refusal::at("reach", "Choose how far the scope goes."));
        let access_roles = match typed.access_roles {
            "" | "all" => Ok(()),
            "chosen" => Err(Refusal::at("access_roles", "Access roles do not exist yet, so a scope covers the holders of all of them.")),
            _ => Err(Refusal::at("access_roles", "Choose all access roles.")),
        };
        match (name, description, reach, access_roles) {
            (Ok(name), Ok(description), Ok(reach), Ok(())) => Ok(Self { name, description, reach }),
            (name, description, reach, access_roles) => {
                Err([name.err(), description.err(), reach.err(), access_roles.err()].into_iter().flatten().collect())
            }
        }
    }
}

impl ScopeReach {
    /// What it covers, for a person.
    pub const fn label(self) -> &'static str {
        match self {
            Self::This => "This organization only",
            Self::ThisAndChildren => "It and its direct children",
            Self::ThisAndBelow => "It and all below",
            Self::Children => "Its direct children only",
            Self::Below => "All below only",
        }
    }

    /// The same as a sentence under the label.
    pub const fn about(self) -> &'static str {
        match self {
            Self::This => "Nothing below it, now or later.",
            Self::ThisAndChildren => "One step down, and children added later.",
            Self::ThisAndBelow => "Every step down, and whatever is added later.",
            Self::Children => "One step down, without the organization itself.",
            Self::Below => "Every step down, without the organization itself.",
        }
    }

    /// Whether it goes to what stands so many steps below its owner.
    pub fn goes_to(self, distance: i32) -> bool {
        let (min, max) = self.distances();
        distance >= min && max.is_none_or(|max| distance <= max)
    }

    /// What both cover of the same organization; none: nothing.
    pub fn both(self, other: Self) -> Option<Self> {
        let ((from, to), (other_from, other_to)) = (self.distances(), other.distances());
        let min = from.max(other_from);
        let max = match (to, other_to) {
            (Some(to), Some(other)) => Some(to.min(other)),
            (to, other) => to.or(other),
        };
        Self::ALL.iter().copied().find(|reach| reach.distances() == (min, max))
    }

    /// Whether the other goes nowhere that this does not.
    pub fn covers(self, other: Self) -> bool {
        self.both(other) == Some(other)
    }
}

/// The words for a name that is taken (D-6).
pub fn name_taken(name: &str, owner: &str) -> Refusal {
    Refusal::at("name", format!("{owner} has a scope called “{name}” already. Choose another name."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let fields = |typed: &Typed| -> Vec<&'static str> {
            Terms::check(typed).map_or_else(|refusals| refusals.iter().map(|refusal| refusal.field).collect(), |_| Vec::new())
        };
        let good = Typed { name: " All of Acme ", description: "", reach: "this_and_below", access_roles: "all" };
        assert_eq!(Terms::check(&good).unwrap().name, "All of Acme");
        assert!(fields(&Typed { access_roles: "", ..good.clone() }).is_empty());
        let long = "x".repeat(1_025);
        assert_eq!(
            fields(&Typed { name: "ab", description: &long, reach: "everywhere", access_roles: "chosen" }),
            ["name", "description", "reach", "access_roles"]
        );
    }

    #[test]
    fn what_two_reaches_share_is_what_their_distances_share() {
        for one in ScopeReach::ALL {
            for two in ScopeReach::ALL {
                let shared = one.both(*two);
                for distance in 0..4 {
                    let both = one.goes_to(distance) && two.goes_to(distance);
                    assert_eq!(shared.is_some_and(|shared| shared.goes_to(distance)), both, "{one:?} {two:?} {distance}");
                }
                assert_eq!(one.covers(*two), (0..4).all(|distance| !two.goes_to(distance) || one.goes_to(distance)));
            }
        }
    }
}
