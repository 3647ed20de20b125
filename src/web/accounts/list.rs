//! What lists of accounts share on either side: what their addresses ask for, and where they are (screens.md 4.6, P2).

use super::Spot;
use crate::{
    domain::organization::Organization,
    store::accounts::{Filter, Sort},
};

/// What the address of a list asks for, as far as that is told without the database.
pub struct Wanted {
    /// Its filters and search.
    pub filter: Filter,
    /// Its order.
    pub sort: Sort,
    /// The id of an organization that narrows it; in the portal none, as its address has one already.
    pub org: String,
    /// Whether what lies below the organization is in it.
    pub below: bool,
}

/// Where a list is, and what is offered there.
pub struct Listing {
    /// The store, and in the portal the organization.
    pub spot: Spot,
    /// The organization that narrows it, and whether what lies below is in it.
    pub at: Option<(Organization, bool)>,
    /// Its filters.
    pub chips: Chips,
    /// Whether several may be disabled, enabled and signed out together.
    pub switches: bool,
    /// Whether several may be given a role together.
    pub assigns: bool,
}

impl Listing {
    /// What narrows it, as the store asks for it.
    pub fn at(&self) -> Option<(&Organization, bool)> {
        self.at.as_ref().map(|(at, below)| (at, *below))
    }
}

/// The filters that a list offers.
pub struct Chips {
    /// Whether it is a list of the portal.
    pub portal: bool,
    /// The roles to choose from: id and name.
    pub roles: Vec<(String, String)>,
    /// Whether the person may see who has second factors.
    pub factors: bool,
}
