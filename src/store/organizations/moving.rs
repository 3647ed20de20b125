//! An organization moved to another parent (O-2): every inherited right follows the new tree at once, so it counts as
//! conferring what somebody gains and withdrawing what somebody loses.

use super::{
    Effect, Organization,
    change::{Parent, above, free_name},
    effect, find, lineage,
    switching::{nobody_above, subtrees},
};
use crate::{
    access::{Actor, Place, confer, confer::HeldGrant, rank, standing},
    domain::{
        Refusal,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::{Lineage, Step, path_text},
        permissions::{OrganizationActivate, OrganizationEdit, Permission},
        rights::Rights,
        text,
        time::{Time, lasts_as_long},
    },
    problem::Problem,
    store::{
        actors,
        conn::Conn,
        grants, holdings,
        schema::organizations,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Integer, Nullable, Text},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Something that an account gains or loses by a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Whose.
    pub account: AccountKey,
    /// The account's name.
    pub name: String,
    /// What: "Customer support, from Globex".
    pub what: String,
}

/// What moving would do, for the confirmation (W-2).
#[derive(Clone, Debug)]
pub struct MoveEffect {
    /// The organization itself and those below it.
    pub organizations: i64,
    /// Where it stands now, as text; empty: at the top level.
    pub from: String,
    /// Where it would stand.
    pub to: String,
    /// Who gains what.
    pub gains: Vec<Shift>,
    /// Who loses what.
    pub losses: Vec<Shift>,
    /// Whether it would begin (true) or cease (false) to be effectively active, and what that does.
    pub switches: Option<(bool, Effect)>,
    /// Why the person may not do it; none: they may.
    pub off: Option<String>,
}

impl MoveEffect {
    /// How many accounts gain something.
    pub fn gainers(&self) -> i64 {
        people(&self.gains).len() as i64
    }

    /// How many accounts lose something.
    pub fn losers(&self) -> i64 {
        people(&self.losses).len() as i64
    }

    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        let switches = self.switches.as_ref().map(|(on, effect)| format!("{on}.{}", effect.mark())).unwrap_or_default();
        format!("{}.{}.{}.{}.{switches}", text::fold(&self.to), self.organizations, self.gains.len(), self.losses.len())
    }
}

fn people(shifts: &[Shift]) -> HashSet<AccountKey> {
    shifts.iter().map(|shift| shift.account).collect()
}

/// Everything that a move is judged by.
struct Plan {
    organization: Organization,
    at: Lineage,
    to_be: Lineage,
    old: Parent,
    new: Parent,
    effect: MoveEffect,
    /// Cells that somebody gains and loses by inheritance, with their ends.
    gained: Vec<(AccountKey, Rights, Option<Time>)>,
    lost: Vec<(AccountKey, Rights, Option<Time>)>,
    /// Grants that reach other organizations than before.
    grants: Vec<HeldGrant>,
    /// Those of them that gain.
    wider: HashSet<AccountKey>,
}

/// What moving it there would do. `parent` is the id of the new parent; nothing: the top level.
///
/// # Errors
/// A refusal at `parent`; [`Problem::NotFound`] and [`Problem::Forbidden`] out of reach.
pub fn move_effect(
    reader: &mut impl Reader<OrganizationEdit>,
    store: &IdentityStore,
    id: &str,
    parent: &str,
) -> Result<(Organization, MoveEffect), Problem> {
    let now = reader.now();
    let mut plan = plan(reader, store, id, parent)?;
    let actor = reader.permit().person()?.clone();
    plan.effect.off = match judge(reader.conn(), &actor, &plan, now) {
        Err(Problem::Forbidden(reason)) => Some(reason),
        judged => judged.map(|()| None)?,
    };
    Ok((plan.organization, plan.effect))
}

/// How moving went.
#[derive(Clone, Debug)]
pub enum Moved {
    /// Done.
    Done(Organization),
    /// It stands there already.
    Already(Organization),
    /// This is what it would do: to be confirmed first (W-2, Z-11).
    Confirm(Organization, Box<MoveEffect>),
}

/// Moves an organization with all below it to another parent of its store, or to the top level (O-2). `confirmed` is the
/// mark of the effect that was confirmed.
///
/// # Errors
/// A refusal at `parent`; [`Problem::Forbidden`] where somebody gains or loses what the person could not give or take by
/// hand, and where they themselves gain.
pub fn relocate(
    tx: &mut Tx<OrganizationEdit>,
    store: &IdentityStore,
    id: &str,
    parent: &str,
    confirmed: Option<&str>,
) -> Result<Moved, Problem> {
    let now = tx.now();
    let plan = plan(tx, store, id, parent)?;
    if plan.old.key == plan.new.key {
        return Ok(Moved::Already(plan.organization));
    }
    let actor = tx.permit().person()?.clone();
    judge(tx.conn(), &actor, &plan, now)?;
    if confirmed != Some(plan.effect.mark().as_str()) {
        return Ok(Moved::Confirm(plan.organization, Box::new(plan.effect)));
    }
    let key = plan.organization.key;
    let conn = tx.conn();
    let mut sql = Sql::new(
        "DELETE FROM organization_closure WHERE descendant IN (SELECT s.descendant FROM organization_closure s WHERE s.ancestor = ",
    );
    sql.bind(key)
        .push(") AND ancestor IN (SELECT u.ancestor FROM organization_closure u WHERE u.descendant = ")
        .bind(plan.old.key)
        .push(")");
    sql.execute(conn)?;
    let mut sql = Sql::new(
        "INSERT INTO organization_closure (ancestor, descendant, depth) SELECT u.ancestor, s.descendant, u.depth + s.depth + 1 \
         FROM organization_closure u CROSS JOIN organization_closure s WHERE u.descendant = ",
    );
    sql.bind(plan.new.key).push(" AND s.ancestor = ").bind(key);
    sql.execute(conn)?;
    let deeper = i64::from(plan.new.depth - plan.old.depth);
    let mut sql = Sql::new("UPDATE organizations SET depth = depth + ");
    sql.bind(deeper).push(" WHERE key IN (SELECT s.descendant FROM organization_closure s WHERE s.ancestor = ").bind(key).push(")");
    sql.execute(conn)?;
    use organizations as o;
    diesel::update(o::table.find(key)).set((o::parent.eq(plan.new.key), o::rev.eq(o::rev + 1), o::changed_at.eq(now))).execute(conn)?;
    let mut event = Event::done("organization.move").on(Subject::of("organization", &plan.organization.id).at(key).in_store(store.key));
    for parent in [&plan.old, &plan.new] {
        event = event.on(Subject::of("organization", &parent.id).at(parent.key).in_store(store.key));
    }
    let names = |shifts: &[Shift]| shifts.iter().take(200).map(|shift| format!("{}: {}", shift.name, shift.what)).collect::<Vec<_>>();
    tx.record(
        event
            .with("organization", plan.organization.name.as_str())
            .with("before", plan.effect.from.as_str())
            .with("after", plan.effect.to.as_str())
            .with("organizations", plan.effect.organizations)
            .with("gained", names(&plan.effect.gains))
            .with("lost", names(&plan.effect.losses)),
    )?;
    let depth = plan.organization.depth + plan.new.depth - plan.old.depth;
    Ok(Moved::Done(Organization { depth, ..plan.organization }))
}

fn plan(reader: &mut impl Reader<OrganizationEdit>, store: &IdentityStore, id: &str, parent: &str) -> Result<Plan, Problem> {
    let now = reader.now();
    let organization = find(reader, store.key, id)?;
    let at = lineage(reader.conn(), &organization)?;
    if at.is_root {
        return Err(Problem::Conflict("The root organization cannot be moved (O-3).".into()));
    }
    let reach = reader.permit().reach().clone();
    let conn = reader.conn();
    let old = above(conn, &at)?;
    let new = new_parent(reader, store, parent)?;
    // O-2: on the organization with all below it, on the old parent and on the new one.
    let whole = Place { until: Some(now), ..Place::tree(&at, None) };
    if !reach.covers(&whole) || !reach.contains(&old.lineage) || !reach.contains(&new.lineage) {
        return Err(Problem::Forbidden(
            "Moving needs “Edit organization” on this organization and all below it, where it stands now and where it shall stand.".into(),
        ));
    }
    let conn = reader.conn();
    if new.lineage.distance_to(organization.key).is_some() {
        return Err(Refusal::at("parent", "An organization cannot be below itself.").into());
    }
    if old.key != new.key {
        free_name(conn, store.key, &new, &organization.name, Some(organization.key)).map_err(|problem| match problem {
            Problem::Refused(refusal) => Refusal::at("parent", refusal.message).into(),
            problem => problem,
        })?;
    }
    let mut to_be = vec![(organization.key, 0)];
    to_be.extend(new.lineage.ancestors.iter().map(|(key, depth)| (*key, depth + 1)));
    let to_be =
        Lineage { organization: organization.key, ancestors: to_be, is_root: false, active: new.lineage.active && organization.active };
    let inside = subtrees(conn, &[organization.key])?;
    let (kept_on, goes_on) = (all_on(conn, old.key)?, all_on(conn, new.key)?);
    let mut effect = MoveEffect {
        organizations: inside.len() as i64,
        from: path(conn, &old)?,
        to: path(conn, &new)?,
        gains: Vec::new(),
        losses: Vec::new(),
        switches: None,
        off: None,
    };
    let (gained, lost) = inherited(conn, organization.key, (&old, &new), now, &mut effect)?;
    let (grants, wider) = reaching(conn, &at, &to_be, &inside, now, &mut effect)?;
    if kept_on != goes_on && organization.active {
        effect.switches = Some((goes_on, self::effect(reader, &organization)?));
    }
    Ok(Plan { organization, at, to_be, old, new, effect, gained, lost, grants, wider })
}

/// The new parent: an organization of the same store in reach, or root for the top level.
fn new_parent(reader: &mut impl Reader<OrganizationEdit>, store: &IdentityStore, id: &str) -> Result<Parent, Problem> {
    let root = tree::root(reader.conn())?;
    use organizations as o;
    let root_id: String = o::table.find(root).select(o::id).first(reader.conn())?;
    let key = if id.is_empty() || id == root_id {
        root
    } else {
        match find(reader, store.key, id) {
            Err(Problem::NotFound) => return Err(Refusal::at("parent", "Choose an organization of this store in your reach.").into()),
            found => found?.key,
        }
    };
    let conn = reader.conn();
    let (id, name, depth): (String, String, i32) = o::table.find(key).select((o::id, o::name, o::depth)).first(conn)?;
    Ok(Parent { key, id, name, depth, lineage: tree::lineage(conn, key)? })
}

fn path(conn: &mut Conn, parent: &Parent) -> Result<String, Problem> {
    if parent.lineage.is_root {
        return Ok(String::new());
    }
    let steps: Vec<Step> = tree::paths(conn, [parent.key])?.remove(&parent.key).unwrap_or_default();
    Ok(path_text(&steps))
}

/// Whether an organization and all above it are active (S-5).
fn all_on(conn: &mut Conn, of: OrganizationKey) -> Result<bool, Problem> {
    let mut sql = Sql::new(
        "SELECT count(*) AS n FROM organization_closure c JOIN organizations o ON o.key = c.ancestor WHERE NOT o.active AND c.descendant = ",
    );
    sql.bind(of);
    Ok(sql.number(conn)? == 0)
}

#[derive(QueryableByName)]
struct Inherited {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

type Cells = Vec<(AccountKey, Rights, Option<Time>)>;

/// What role assignments above the old and the new place make of it: who gains and loses which cells. What was given
/// at the organization itself moves along.
fn inherited(
    conn: &mut Conn,
    organization: OrganizationKey,
    (old, new): (&Parent, &Parent),
    now: Time,
    effect: &mut MoveEffect,
) -> Result<(Cells, Cells), Problem> {
    let path = |parent: &Parent| -> HashSet<OrganizationKey> {
        std::iter::once(organization).chain(parent.lineage.ancestors.iter().map(|(key, _)| *key)).collect()
    };
    let (before, after) = (path(old), path(new));
    let mut sql = Sql::new(
        "SELECT ra.account, a.name, ra.organization, o.name AS place, r.name AS role, r.rights, ra.ends FROM role_assignments ra \
         JOIN accounts a ON a.key = ra.account JOIN roles r ON r.key = ra.role JOIN organizations o ON o.key = ra.organization \
         WHERE ra.organization IN ",
    );
    sql.list(before.union(&after).map(|key| key.0)).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") ORDER BY a.name_sort, a.key, r.name_sort");
    let rows: Vec<Inherited> = sql.load(conn)?;
    let mut held: HashMap<AccountKey, Vec<&Inherited>> = HashMap::new();
    for row in &rows {
        held.entry(row.account).or_default().push(row);
    }
    // What of a row is not held as long at another place of the other path.
    let fresh = |row: &Inherited, there: &HashSet<OrganizationKey>| {
        let others = held[&row.account].iter().filter(|other| there.contains(&other.organization) && lasts_as_long(other.ends, row.ends));
        others.fold(Rights::from_bits(row.rights as u16), |left, other| left.without(Rights::from_bits(other.rights as u16)))
    };
    let (mut gained, mut lost) = (Vec::new(), Vec::new());
    for row in &rows {
        let (was, will) = (before.contains(&row.organization), after.contains(&row.organization));
        let (there, cells, shifts) = match (was, will) {
            (false, true) => (&before, &mut gained, &mut effect.gains),
            (true, false) => (&after, &mut lost, &mut effect.losses),
            _ => continue,
        };
        let rights = fresh(row, there);
        if !rights.is_empty() {
            cells.push((row.account, rights, row.ends));
            shifts.push(Shift { account: row.account, name: row.name.clone(), what: format!("{}, from {}", row.role, row.place) });
        }
    }
    Ok((gained, lost))
}

/// The grants that reach other organizations inside than before, and which accounts gain by that (D-6, D-10).
fn reaching(
    conn: &mut Conn,
    at: &Lineage,
    to_be: &Lineage,
    inside: &BTreeSet<OrganizationKey>,
    now: Time,
    effect: &mut MoveEffect,
) -> Result<(Vec<HeldGrant>, HashSet<AccountKey>), Problem> {
    let above: BTreeSet<OrganizationKey> = at.ancestors.iter().chain(&to_be.ancestors).map(|(key, _)| *key).collect();
    let held = grants::reaching_from(conn, &above, now)?;
    let standings = actors::memberships_of(conn, held.iter().map(|grant| grant.account))?;
    let nowhere = standing::Memberships::default();
    // Where an organization inside will stand.
    let moved = |place: &Lineage| {
        let Some(steps) = place.distance_to(at.organization) else { return place.clone() };
        let below = place.ancestors.iter().filter(|(_, depth)| *depth < steps).copied();
        let ancestors = below.chain(to_be.ancestors.iter().map(|(key, depth)| (*key, depth + steps))).collect();
        Lineage { ancestors, ..place.clone() }
    };
    let (mut touched, mut wider) = (Vec::new(), HashSet::new());
    for grant in held {
        let before = standings.get(&grant.account).unwrap_or(&nowhere);
        let after = standing::Memberships { active: before.active.iter().map(moved).collect(), blocked: before.blocked.clone() };
        // The end of the subtree that it is seen from: the organization that moves, or the owner of its scope inside.
        let top = grant.owner.as_ref().filter(|owner| inside.contains(&owner.organization)).unwrap_or(at);
        // What they hold counts, whether or not it takes effect now (P-4): a grant that starts tomorrow gains today.
        // Where they live decides on it as a whole (D-10), whatever it reaches here.
        let (lived, lives) = (standing::lives_inside(&grant.grant, before), standing::lives_inside(&grant.grant, &after));
        let areas = grant.grant.areas();
        let reach = |lives: bool, top: &Lineage| areas.iter().filter(|_| lives).filter_map(|area| area.below(top)).collect::<Vec<_>>();
        let (was, will) = (reach(lived, top), reach(lives, &moved(top)));
        if was == will && lives == lived {
            continue;
        }
        let what = format!("{}, as an administrator", grant.role);
        let shift = Shift { account: grant.account, name: grant.title.clone(), what };
        if (lives && !lived) || !within(&will, &was) {
            wider.insert(grant.account);
            effect.gains.push(shift.clone());
        }
        if (lived && !lives) || !within(&was, &will) {
            effect.losses.push(shift);
        }
        touched.push(grant);
    }
    Ok((touched, wider))
}

/// Whether every distance of the one lies in the other.
fn within(these: &[(i32, Option<i32>)], those: &[(i32, Option<i32>)]) -> bool {
    let last = these.iter().chain(those).map(|(min, max)| max.unwrap_or(*min) + 1).max().unwrap_or(0);
    let has = |parts: &[(i32, Option<i32>)], distance: i32| {
        parts.iter().any(|(min, max)| *min <= distance && max.is_none_or(|max| distance <= max))
    };
    (0..=last).all(|distance| !has(these, distance) || has(those, distance))
}

/// O-2, C-1, C-2: whoever could not do each of these by hand is refused, and nobody moves anything so that they gain.
fn judge(conn: &mut Conn, actor: &Actor, plan: &Plan, now: Time) -> Result<(), Problem> {
    let mine = plan.gained.iter().any(|(account, ..)| *account == actor.account) || plan.wider.contains(&actor.account);
    if mine && !(actor.is_super() && plan.gained.iter().all(|(account, ..)| *account != actor.account)) {
        return Err(Problem::Forbidden("You would gain rights by this yourself. Ask somebody who would not.".into()));
    }
    if actor.is_super() {
        return Ok(());
    }
    let told = |uncovered: confer::Uncovered| Problem::Forbidden(uncovered.0);
    for (_, rights, until) in &plan.gained {
        confer::may_confer(actor, *rights, &plan.at, *until).map_err(told)?;
    }
    for (_, rights, until) in &plan.lost {
        confer::may_withdraw(actor, *rights, &plan.at, *until).map_err(told)?;
    }
    let concerned: HashSet<AccountKey> =
        plan.gained.iter().chain(&plan.lost).map(|(account, ..)| *account).chain(plan.grants.iter().map(|grant| grant.account)).collect();
    let held = holdings::of(conn, &concerned.into_iter().collect::<Vec<_>>(), now)?;
    let nothing = rank::Holdings::default();
    for (account, holdings) in &held {
        if rank::may_act_on(actor, *account, holdings).is_err() {
            return Err(Problem::Forbidden(
                "Somebody who gains or loses rights by this holds more than you do, so only someone with those rights may move it.".into(),
            ));
        }
    }
    for grant in &plan.grants {
        confer::may_revoke(actor, grant, held.get(&grant.account).unwrap_or(&nothing)).map_err(told)?;
    }
    if let Some((on, _)) = plan.effect.switches {
        let inside = subtrees(conn, &[plan.organization.key])?;
        if !on && !actor.keeps_without(&OrganizationActivate::LEAF, &inside, &plan.to_be) {
            return Err(Problem::Forbidden("Your own permission hangs on this organization, which would become inactive.".into()));
        }
        nobody_above(conn, actor, &[plan.organization.key], on, now)?;
    }
    Ok(())
}

/// Whether the person may move something to the top level: they reach root.
///
/// # Errors
/// What the database says.
pub fn may_reach_top(reader: &mut impl Reader<OrganizationEdit>) -> Result<bool, Problem> {
    let (conn, permit) = reader.parts();
    let root = tree::root(conn)?;
    let lineage = tree::lineage(conn, root)?;
    Ok(permit.reach().contains(&lineage))
}
