//! Where a permission holds, and whether one place covers another.

use crate::domain::{
    key::OrganizationKey,
    organization::Lineage,
    time::{Time, lasts_as_long},
};

/// A part of the tree: from `min` to `max` steps below an organization (D-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    /// The organization at the top.
    pub organization: OrganizationKey,
    /// Nearest distance that is inside; 0 is the organization itself.
    pub min: i32,
    /// Farthest distance that is inside; none: all below.
    pub max: Option<i32>,
}

impl Bound {
    /// The organization and all below it, present and future.
    pub const fn tree(organization: OrganizationKey) -> Self {
        Self { organization, min: 0, max: None }
    }

    fn contains(&self, place: &Lineage) -> bool {
        place.distance_to(self.organization).is_some_and(|distance| distance >= self.min && self.max.is_none_or(|max| distance <= max))
    }

    /// Which distances below `top` lie inside, when this bound's organization is `top` or above it; a negative last one
    /// where it ends above `top`.
    /// A bound that starts below `top` tells nothing about children `top` gets later, so it counts as none.
    fn below(&self, top: &Lineage) -> Option<(i32, Option<i32>)> {
        let distance = top.distance_to(self.organization)?;
        Some(((self.min - distance).max(0), self.max.map(|max| max - distance)))
    }
}

/// One place where something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// The root organization and the tenant-wide things (D-7).
    Root,
    /// An organization and all below it that are active: where a role assignment holds (A-2, S-5).
    Tree(OrganizationKey),
    /// What lies inside every one of the bounds: a grant's own scope and those it was made through (D-10).
    /// Without `root_too` the root organization is left out, whatever the bounds say (D-7).
    Within {
        /// All of them must hold.
        bounds: Vec<Bound>,
        /// Whether the root organization may be inside.
        root_too: bool,
    },
}

impl Area {
    /// The organization below which all of it lies, if it is bound by one.
    pub(crate) fn top(&self) -> Option<OrganizationKey> {
        match self {
            Self::Root => None,
            Self::Tree(top) => Some(*top),
            Self::Within { bounds, .. } => bounds.first().map(|bound| bound.organization),
        }
    }

    fn contains(&self, place: &Lineage) -> bool {
        match self {
            Self::Root => place.is_root,
            Self::Tree(top) => place.active && Bound::tree(*top).contains(place),
            Self::Within { bounds, root_too } => (*root_too || !place.is_root) && bounds.iter().all(|bound| bound.contains(place)),
        }
    }

    /// The distances below `top` that lie inside, now and for children it gets later.
    pub(crate) fn below(&self, top: &Lineage) -> Option<(i32, Option<i32>)> {
        match self {
            Self::Root => top.is_root.then_some((0, Some(0))),
            Self::Tree(tree) => Bound::tree(*tree).below(top).filter(|_| top.active),
            Self::Within { bounds, root_too } => {
                let (mut min, mut max) = (i32::from(top.is_root && !root_too), None::<i32>);
                for bound in bounds {
                    let (from, to) = bound.below(top)?;
                    min = min.max(from);
                    max = match (max, to) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
                max.is_none_or(|max| min <= max).then_some((min, max))
            }
        }
    }
}

/// A place that has to be covered: distances `min..=max` below an organization, until an instant.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The organization at the top, with its ancestors.
    pub top: &'a Lineage,
    /// Nearest distance.
    pub min: i32,
    /// Farthest distance; none: all below, present and future.
    pub max: Option<i32>,
    /// Until when; none: for good.
    pub until: Option<Time>,
}

impl<'a> Place<'a> {
    /// An organization and all below it: where a role assignment holds.
    pub const fn tree(top: &'a Lineage, until: Option<Time>) -> Self {
        Self { top, min: 0, max: None, until }
    }
}

/// Where an actor holds a permission: the union of its areas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere: super administrators, and work without a person.
    Everywhere,
    /// In these areas, each until its end.
    In(Vec<(Area, Option<Time>)>),
}

impl Reach {
    /// Whether this very organization lies inside.
    pub fn contains(&self, place: &Lineage) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(areas) => areas.iter().any(|(area, _)| area.contains(place)),
        }
    }

    /// Whether the tenant-wide things lie inside: they count as things of the root organization (D-7).
    pub fn tenant(&self) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(areas) => areas.iter().any(|(area, _)| *area == Area::Root),
        }
    }

    /// Whether it covers the whole place, for children it gets later too, to its end (Z-2: by the union).
    pub fn covers(&self, place: &Place) -> bool {
        let Self::In(areas) = self else { return true };
        let mut parts: Vec<(i32, Option<i32>)> =
            areas.iter().filter(|(_, until)| lasts_as_long(*until, place.until)).filter_map(|(area, _)| area.below(place.top)).collect();
        parts.sort_by_key(|(min, _)| *min);
        let mut next = place.min;
        for (min, max) in parts {
            if min > next {
                return false;
            }
            match max {
                None => return true,
                Some(max) => next = next.max(max + 1),
            }
            if place.max.is_some_and(|max| next > max) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(organization: i64, above: &[i64]) -> Lineage {
        let ancestors = std::iter::once(organization)
            .chain(above.iter().copied())
            .enumerate()
            .map(|(distance, key)| (OrganizationKey(key), distance as i32))
            .collect();
        Lineage { organization: OrganizationKey(organization), ancestors, is_root: above.is_empty(), active: true }
    }

    fn within(parts: &[(i64, i32, Option<i32>)]) -> (Area, Option<Time>) {
        let bounds = parts.iter().map(|&(key, min, max)| Bound { organization: OrganizationKey(key), min, max }).collect();
        (Area::Within { bounds, root_too: false }, None)
    }

    #[test]
    fn a_subtree_is_covered_from_above_by_a_union_and_never_from_below() {
        // 1 root, 2 below it, 3 below 2, 4 below 3.
        let three = lineage(3, &[2, 1]);
        let whole = Place::tree(&three, None);
        let covers = |areas: Vec<(Area, Option<Time>)>| Reach::In(areas).covers(&whole);
        assert!(covers(vec![within(&[(2, 0, None)])]));
        assert!(covers(vec![within(&[(3, 0, Some(0))]), within(&[(3, 1, None)])]), "this and below, of two grants");
        assert!(covers(vec![within(&[(2, 1, Some(1))]), within(&[(1, 3, None)])]));
        assert!(!covers(vec![within(&[(3, 0, Some(1))])]), "children alone miss grandchildren");
        assert!(!covers(vec![within(&[(3, 0, Some(0))]), within(&[(4, 0, None)])]), "the next child would be missed");
        assert!(!covers(vec![within(&[(2, 0, None), (2, 0, Some(1))])]), "both bounds must hold");
        assert!(!covers(vec![]));
        assert!(Reach::Everywhere.covers(&whole));
    }

    #[test]
    fn what_ends_sooner_does_not_cover() {
        let two = lineage(2, &[1]);
        let reach = Reach::In(vec![(within(&[(2, 0, None)]).0, Some(Time::from_micros(50)))]);
        assert!(reach.covers(&Place::tree(&two, Some(Time::from_micros(50)))));
        assert!(!reach.covers(&Place::tree(&two, Some(Time::from_micros(51)))));
        assert!(!reach.covers(&Place::tree(&two, None)));
    }

    #[test]
    fn an_other_role_never_reaches_root_and_a_root_role_does() {
        let root = lineage(1, &[]);
        let all = Reach::In(vec![within(&[(1, 0, None)])]);
        assert!(!all.contains(&root) && !all.tenant());
        assert!(all.contains(&lineage(2, &[1])));
        assert!(!all.covers(&Place::tree(&root, None)));
        let with_root = Reach::In(vec![(Area::Root, None), within(&[(1, 0, None)])]);
        assert!(with_root.contains(&root) && with_root.tenant() && with_root.covers(&Place::tree(&root, None)));
    }
    /// A-2, S-5: an organization and all below it, as far as they are active.
    #[test]
    fn a_role_reaches_where_it_was_given_and_all_below_that_is_active() {
        let of_two = Reach::In(vec![(Area::Tree(OrganizationKey(2)), None)]);
        let reaches = |place: &Lineage| (of_two.contains(place), of_two.covers(&Place::tree(place, None)));
        let (two, three) = (lineage(2, &[1]), lineage(3, &[2, 1]));
        assert_eq!((reaches(&two), reaches(&three)), ((true, true), (true, true)));
        assert_eq!((reaches(&lineage(1, &[])), reaches(&lineage(5, &[1]))), ((false, false), (false, false)));
        assert_eq!(reaches(&Lineage { active: false, ..three }), (false, false));
    }
}
