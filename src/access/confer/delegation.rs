//! Administrator roles handed out, handed on and taken back (D-5 to D-11).

use super::Uncovered;
use crate::{
    access::{
        Area,
        actor::{Actor, Usable},
        rank::{self, Above, Holdings},
        reach::{Place, Reach},
        standing,
    },
    domain::{
        administrator_role::{Kind, ScopeReach},
        key::{AccountKey, AdministratorRoleKey, GrantKey},
        organization::Lineage,
        permissions::PermissionSet,
        time::{Time, lasts_as_long},
    },
};

/// A grant that has not ended, with what judging it needs.
#[derive(Clone, Debug)]
pub struct HeldGrant {
    /// Public id.
    pub id: String,
    /// Its holder.
    pub account: AccountKey,
    /// The holder's name.
    pub title: String,
    /// The role's name.
    pub role: String,
    /// What is stored, with its chain above.
    pub grant: standing::Grant,
    /// Where the owner of its scope stands.
    pub owner: Option<Lineage>,
    /// Where its holder is a member, whatever the status.
    pub memberships: Vec<Lineage>,
}

impl HeldGrant {
    /// As it would have to be made anew.
    pub fn proposed(&self) -> Proposed<'_> {
        let grant = &self.grant;
        Proposed {
            role: grant.role,
            kind: grant.kind,
            scope: grant.scope.as_ref().and_then(|scope| Some((scope.reach, self.owner.as_ref()?))),
            cascading: grant.cascading,
            ends: grant.period.ends,
        }
    }
}

/// A grant that somebody wants to make.
#[derive(Clone, Copy, Debug)]
pub struct Proposed<'a> {
    /// The role.
    pub role: AdministratorRoleKey,
    /// Its kind.
    pub kind: Kind,
    /// The reach of its scope, and where the owner of that stands.
    pub scope: Option<(ScopeReach, &'a Lineage)>,
    /// Whether it may be handed on.
    pub cascading: bool,
    /// Until when; none: for good.
    pub ends: Option<Time>,
}

/// Whom somebody wants to give a grant.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The account.
    pub account: AccountKey,
    /// Where it is a member, whatever the status.
    pub memberships: &'a [Lineage],
    /// Whether it is an active member of the root organization.
    pub in_root: bool,
    /// What it holds.
    pub holdings: &'a Holdings,
}

/// The place that a scope covers for a role of that kind; none where it covers nothing, because a role of kind other
/// never reaches root (D-7).
pub fn scope_place<'a>(kind: Kind, reach: ScopeReach, owner: &'a Lineage, until: Option<Time>) -> Option<Place<'a>> {
    let (min, max) = reach.distances();
    let min = if owner.is_root && kind == Kind::Other { min.max(1) } else { min };
    max.is_none_or(|max| min <= max).then_some(Place { top: owner, min, max, until })
}

/// Whether the actor may give this to them (D-8, D-9), and through which grant of their own; none: through nothing, by a
/// super administrator.
///
/// # Errors
/// What is missing.
pub fn may_grant(actor: &Actor, proposed: &Proposed, to: &Recipient) -> Result<Option<GrantKey>, Uncovered> {
    grant_by(actor, proposed, to, |_| true)
}

/// As [`may_grant`], through this very grant of the actor's: for a chain that stays (D-10).
///
/// # Errors
/// As [`may_grant`].
pub fn may_grant_through(
    actor: &Actor,
    through: Option<GrantKey>,
    proposed: &Proposed,
    to: &Recipient,
) -> Result<Option<GrantKey>, Uncovered> {
    grant_by(actor, proposed, to, |usable| Some(usable.grant) == through)
}

fn grant_by(actor: &Actor, proposed: &Proposed, to: &Recipient, by: impl Fn(&Usable) -> bool) -> Result<Option<GrantKey>, Uncovered> {
    match rank::may_act_on(actor, to.account, to.holdings) {
        Ok(()) => {}
        Err(Above::Oneself) => return refuse("Nobody gives an administrator role to themselves."),
        Err(above @ Above::HoldsMore) => return refuse(above.reason()),
    }
    if proposed.kind == Kind::Super {
        return if !actor.is_super() {
            refuse("Only a super administrator makes another one.")
        } else if !to.in_root {
            refuse("Only active members of the root organization become super administrators.")
        } else {
            Ok(None)
        };
    }
    if actor.is_super() {
        return Ok(None);
    }
    let mut mine: Vec<&Usable> =
        actor.usable.iter().filter(|usable| usable.role == proposed.role && usable.cascading && by(usable)).collect();
    mine.sort_by_key(|usable| usable.grant);
    // The first thing that fails in the grant that comes nearest says what is missing.
    let mut nearest = (0, "You may not pass this role on: that needs a grant of your own with cascading rights.");
    for areas in mine.chunk_by(|a, b| a.grant == b.grant) {
        match through(areas, actor, proposed, to) {
            Ok(()) => return Ok(Some(areas[0].grant)),
            Err(missing) if missing.0 > nearest.0 => nearest = missing,
            Err(_) => {}
        }
    }
    refuse(nearest.1)
}

fn refuse<T>(reason: &str) -> Result<T, Uncovered> {
    Err(Uncovered(reason.to_owned()))
}

/// Whether one grant, with all its areas, is as wide as what is proposed (D-9, Z-2); else how near it came, and why not.
fn through(mine: &[&Usable], actor: &Actor, proposed: &Proposed, to: &Recipient) -> Result<(), (u8, &'static str)> {
    let reach = Reach::In(mine.iter().map(|usable| (usable.area.clone(), None)).collect());
    let scoped = actor.grants.iter().any(|grant| grant.key == mine[0].grant && grant.scope.is_some());
    let covered = match proposed.scope {
        // D-7: a grant without a scope covers only another without one, and is covered only by such.
        None => !scoped,
        Some((kind, owner)) => scoped && scope_place(proposed.kind, kind, owner, None).is_none_or(|place| reach.covers(&place)),
    };
    if !covered {
        return Err((1, "This scope reaches farther than the grant through which you could pass the role on."));
    }
    if !lasts_as_long(mine[0].until, proposed.ends) {
        return Err((2, "It would last longer than the grant through which you pass the role on."));
    }
    if !to.memberships.iter().any(|place| reach.contains(place)) {
        return Err((3, "They belong to no organization within the grant through which you pass the role on."));
    }
    Ok(())
}

/// Whether the actor may change or revoke the grant (D-10, D-11, C-2), and as the holder of which grant above it; none:
/// as a super administrator.
///
/// # Errors
/// What is missing.
pub fn may_revoke(actor: &Actor, held: &HeldGrant, holdings: &Holdings) -> Result<Option<GrantKey>, Uncovered> {
    match rank::may_act_on(actor, held.account, holdings) {
        Ok(()) => {}
        Err(Above::Oneself) => return refuse("This is your own grant. Nobody changes or revokes what they hold themselves."),
        Err(above @ Above::HoldsMore) => return refuse(above.reason()),
    }
    if actor.grants.iter().any(|own| own.above.iter().any(|upper| upper.key == held.grant.key)) {
        return refuse("A grant of your own was handed on through it. Nobody changes or revokes what theirs hangs on.");
    }
    if actor.is_super() {
        return Ok(None);
    }
    // C-2: who takes it away could give it, so their own must still be one that may be handed on.
    let mine = |key: GrantKey| actor.usable.iter().any(|usable| usable.grant == key && usable.cascading);
    match held.grant.above.iter().find(|upper| mine(upper.key)) {
        Some(upper) => Ok(Some(upper.key)),
        None => refuse("Only super administrators, and those through whose grants it was handed on, may change or revoke it."),
    }
}

/// Whether the actor may add these permissions to the administrator role or take them from it (D-11): they hold each of
/// them, effective now, in every place where the role is granted; anywhere, where nobody holds it. That no holder
/// outranks them is [`rank`]'s question, which every caller asks too.
///
/// # Errors
/// The first thing that is missing.
pub fn may_change_permissions(
    actor: &Actor,
    role: AdministratorRoleKey,
    touched: PermissionSet,
    held: &[HeldGrant],
    now: Time,
) -> Result<(), Uncovered> {
    if actor.is_super() {
        return Ok(());
    }
    if actor.grants.iter().any(|grant| grant.role == role && !grant.period.ended(now)) {
        return refuse("You hold this role yourself, so you may change only its name and description.");
    }
    if let Some(leaf) = touched.leaves().find(|leaf| !actor.may(leaf)) {
        return Err(Uncovered(format!("You do not hold “{}” yourself. Nobody hands out more than they hold.", leaf.label)));
    }
    for grant in held {
        if !covers_grant(actor, &grant.grant, touched, grant.owner.as_ref()) {
            return Err(Uncovered(format!(
                "{} holds this role where you do not hold what changes, or for longer. Nobody hands out more than they hold.",
                grant.title
            )));
        }
    }
    Ok(())
}

/// Whether the actor can use each of the permissions, at this moment, wherever the grant reaches as it is stored, as long
/// as it lasts, and to hand on where it may be handed on (P-4).
pub(in crate::access) fn covers_grant(actor: &Actor, grant: &standing::Grant, permissions: PermissionSet, owner: Option<&Lineage>) -> bool {
    if actor.is_super() {
        return true;
    }
    if grant.kind == Kind::Super {
        return false;
    }
    let until = grant.period.ends;
    permissions.leaves().all(|leaf| {
        let Some(reach) = actor.reach_where(|usable| usable.permissions.has(leaf) && (!grant.cascading || usable.cascading)) else {
            return false;
        };
        let root = grant.kind != Kind::Root || covers_root(&reach, until);
        let scope = match (&grant.scope, owner) {
            (Some(scope), Some(owner)) => scope_place(grant.kind, scope.reach, owner, until).is_none_or(|place| reach.covers(&place)),
            (Some(_), None) => false,
            // Root is all it has (D-7).
            (None, _) => true,
        };
        root && scope
    })
}

/// Whether the reach has root and the tenant-wide things until then.
fn covers_root(reach: &Reach, until: Option<Time>) -> bool {
    match reach {
        Reach::Everywhere => true,
        Reach::In(areas) => areas.iter().any(|(area, ends)| *area == Area::Root && lasts_as_long(*ends, until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::people::{administrator, grant, lineage, through},
        domain::permissions::{Permission, UserEdit, UserView},
    };
    use standing::Grant;

    const NOW: Time = Time::from_micros(100);
    const LATER: Time = Time::from_micros(200);
    const OTHER: AdministratorRoleKey = AdministratorRoleKey(2);

    fn proposed<'a>(kind: Kind, at: Option<(ScopeReach, &'a Lineage)>) -> Proposed<'a> {
        Proposed { role: AdministratorRoleKey(1), kind, scope: at, cascading: false, ends: None }
    }

    /// To account 2, a member there that holds nothing.
    fn gives(actor: &Actor, proposed: &Proposed, member_of: &Lineage) -> Result<i64, String> {
        let to = Recipient {
            account: AccountKey(2),
            memberships: std::slice::from_ref(member_of),
            in_root: member_of.is_root,
            holdings: &Holdings::default(),
        };
        may_grant(actor, proposed, &to).map(|through| through.map_or(0, |grant| grant.0)).map_err(|why| why.0)
    }

    use ScopeReach::{Below, This, ThisAndBelow};

    /// D-9, Z-2: exactly one grant covers what is handed on; its union with others of the same role does not.
    #[test]
    fn a_role_is_handed_on_through_one_grant_of_it_that_covers_all_of_the_new_one() {
        let (two, three, five) = (lineage(&[2, 1]), lineage(&[3, 2, 1]), lineage(&[5, 1]));
        let all_of_two = proposed(Kind::Other, Some((ThisAndBelow, &two)));
        let mut mine = vec![grant(1, Kind::Other, Some((2, This))), grant(2, Kind::Other, Some((2, Below)))];
        let as_administrator = |grants: &[Grant]| administrator(grants.to_vec(), &[&[2, 1]], NOW);
        assert!(gives(&as_administrator(&mine), &all_of_two, &two).is_err(), "two that cover it together");
        mine.push(grant(3, Kind::Other, Some((2, ThisAndBelow))));
        assert_eq!(gives(&as_administrator(&mine), &all_of_two, &two), Ok(3));
        assert_eq!(gives(&as_administrator(&mine), &proposed(Kind::Other, Some((This, &two))), &two), Ok(1), "the oldest that fits");
        let to =
            Recipient { account: AccountKey(2), memberships: std::slice::from_ref(&two), in_root: false, holdings: &Holdings::default() };
        let this = proposed(Kind::Other, Some((This, &two)));
        let by = |key: i64| may_grant_through(&as_administrator(&mine), Some(GrantKey(key)), &this, &to);
        assert_eq!(by(3), Ok(Some(GrantKey(3))), "the chain that it stands in stays (D-10)");
        assert!(by(2).is_err() && by(4).is_err());

        let other = Proposed { role: OTHER, ..all_of_two };
        assert!(gives(&as_administrator(&mine), &other, &two).is_err(), "another role");
        mine[2].cascading = false;
        assert!(gives(&as_administrator(&mine), &all_of_two, &two).is_err(), "without cascading rights");
        mine[2].cascading = true;
        mine[2].period.ends = Some(LATER);
        assert!(gives(&as_administrator(&mine), &all_of_two, &two).is_err(), "for longer");
        assert_eq!(gives(&as_administrator(&mine), &Proposed { ends: Some(LATER), ..all_of_two }, &two), Ok(3));
        let short = Proposed { ends: Some(LATER), ..all_of_two };
        let narrow = grant(4, Kind::Other, Some((2, This)));
        let elsewhere = gives(&as_administrator(&[mine[2].clone(), narrow]), &short, &five).unwrap_err();
        assert!(elsewhere.contains("no organization within"), "the grant that comes nearest says what is missing: {elsewhere}");
        assert_eq!(gives(&as_administrator(&mine), &short, &three), Ok(3), "below counts as within");
    }

    /// D-7: a grant without a scope covers only another without one; one of kind other never reaches root.
    #[test]
    fn a_root_role_without_a_scope_is_handed_on_through_one_without_and_one_with_a_scope_through_one_with() {
        let root = lineage(&[1]);
        let (bare, scoped) = (grant(1, Kind::Root, None), grant(2, Kind::Root, Some((1, ThisAndBelow))));
        let by = |grants: &[&Grant], at: Option<(ScopeReach, &Lineage)>| {
            let actor = administrator(grants.iter().map(|grant| (*grant).clone()).collect(), &[&[1]], NOW);
            gives(&actor, &proposed(Kind::Root, at), &root).ok()
        };
        assert_eq!(by(&[&bare, &scoped], None), Some(1), "whatever else they hold");
        assert_eq!(by(&[&scoped], None), None);
        assert_eq!(by(&[&bare, &scoped], Some((This, &root))), Some(2));
        assert_eq!(by(&[&bare], Some((This, &root))), None);
        let other = administrator(vec![grant(3, Kind::Other, Some((2, This)))], &[&[2, 1]], NOW);
        assert_eq!(gives(&other, &proposed(Kind::Other, Some((This, &root))), &lineage(&[2, 1])), Ok(3), "that reaches nothing");
        assert!(gives(&other, &proposed(Kind::Other, Some((Below, &root))), &lineage(&[2, 1])).is_err());
    }

    /// D-5, D-8.
    #[test]
    fn super_administrators_are_made_by_others_of_active_members_of_root() {
        let (root, two) = (lineage(&[1]), lineage(&[2, 1]));
        let wanted = proposed(Kind::Super, None);
        let by_super = administrator(vec![grant(1, Kind::Super, None)], &[&[1]], NOW);
        assert_eq!(gives(&by_super, &wanted, &root), Ok(0), "through nothing");
        assert!(gives(&by_super, &wanted, &two).is_err());
        let mut all_but = grant(1, Kind::Root, Some((1, ThisAndBelow)));
        all_but.role = OTHER;
        assert!(gives(&administrator(vec![all_but], &[&[1]], NOW), &wanted, &root).is_err());
    }

    /// D-10, D-11, C-2.
    #[test]
    fn a_grant_is_revoked_by_who_holds_one_above_it_that_may_be_handed_on_and_is_awake() {
        let two = lineage(&[2, 1]);
        let (top, mid) = (grant(1, Kind::Other, Some((2, ThisAndBelow))), grant(2, Kind::Other, Some((2, ThisAndBelow))));
        let low = through(grant(3, Kind::Other, Some((2, ThisAndBelow))), &[&mid, &top]);
        let held = HeldGrant {
            id: String::new(),
            account: AccountKey(2),
            title: String::new(),
            role: String::new(),
            grant: through(grant(4, Kind::Other, Some((2, This))), &[&low, &mid, &top]),
            owner: Some(two.clone()),
            memberships: vec![two],
        };
        let by = |grants: &[&Grant]| {
            let all = grants.iter().map(|grant| (*grant).clone()).collect();
            may_revoke(&administrator(all, &[&[2, 1]], NOW), &held, &Holdings::default()).ok().flatten().map(|grant| grant.0)
        };
        assert_eq!(by(&[&low]), Some(3));
        assert_eq!(by(&[&top, &low]), Some(3), "as the holder of the nearest of theirs");
        assert_eq!(by(&[]), None, "of another chain");
        assert_eq!(by(&[&Grant { cascading: false, ..low.clone() }]), None, "they could not give it any more");
        let mut asleep = low.clone();
        asleep.scope.as_mut().unwrap().owner_active = false;
        assert_eq!(by(&[&asleep]), None, "theirs has no effect now");
        assert_eq!(by(&[&low, &through(grant(5, Kind::Other, Some((2, This))), &[&held.grant, &low])]), None, "theirs hangs on it");
    }
    /// D-11.
    #[test]
    fn a_permission_is_added_to_a_role_of_others_by_who_holds_it_wherever_the_role_is_granted() {
        let (two, five) = (lineage(&[2, 1]), lineage(&[5, 1]));
        let held = |at: i64, owner: &Lineage| HeldGrant {
            id: String::new(),
            account: AccountKey(2),
            title: String::new(),
            role: String::new(),
            grant: Grant { role: OTHER, cascading: false, ..grant(7, Kind::Other, Some((at, ThisAndBelow))) },
            owner: Some(owner.clone()),
            memberships: Vec::new(),
        };
        let changes = |mine: &Grant, role, held: &[HeldGrant]| {
            let actor = administrator(vec![mine.clone()], &[&[2, 1]], NOW);
            may_change_permissions(&actor, role, PermissionSet::of(&UserView::LEAF), held, NOW).is_ok()
        };
        let mine = grant(1, Kind::Other, Some((2, ThisAndBelow)));
        assert!(changes(&mine, OTHER, &[held(2, &two)]));
        assert!(!changes(&mine, OTHER, &[held(2, &two), held(5, &five)]));
        assert!(changes(&mine, OTHER, &[]), "nobody holds it: anywhere will do");
        let lacks = Grant { permissions: PermissionSet::of(&UserEdit::LEAF), ..mine.clone() };
        assert!(!changes(&lacks, OTHER, &[]), "they hold it nowhere");
        assert!(!changes(&mine, mine.role, &[]), "a role of their own");
        let mut asleep = mine.clone();
        asleep.scope.as_mut().unwrap().owner_active = false;
        let awake = Grant { key: GrantKey(2), role: AdministratorRoleKey(3), ..mine.clone() };
        let both = administrator(vec![asleep, awake], &[&[2, 1]], NOW);
        let refused = may_change_permissions(&both, mine.role, PermissionSet::of(&UserView::LEAF), &[], NOW);
        assert!(refused.is_err(), "theirs, though it has no effect now");
    }
}
