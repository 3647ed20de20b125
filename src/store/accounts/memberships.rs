//! Memberships made, blocked and ended by hand (S-4, S-7, P-10).

use super::Account;
use crate::{
    access::{
        Ground, Side, confer,
        target::{Off, may_act, may_act_at},
    },
    domain::{
        account::MembershipStatus,
        administrator_role::Kind,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::{Lineage, Organization},
        rights::Rights,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        grants, organizations,
        schema::memberships,
        set_up::keep_a_super_administrator,
        sql::Sql,
        targets::{self, ActedOn},
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Integer, Nullable, Text},
};

/// The organization that a form names: in the person's reach of the permission, or root for those who reach it.
fn place<G: Ground>(tx: &mut Tx<G>, store: &IdentityStore, id: &str) -> Result<(Organization, Lineage), Problem> {
    let organization = organizations::find(tx, store.key, id)?;
    let lineage = tree::lineage(tx.conn(), organization.key)?;
    Ok((organization, lineage))
}

fn forbidden(found: &ActedOn, off: Off) -> Problem {
    Problem::Forbidden(format!("{}: {}", found.account.title(), off.reason()))
}

fn may_here<G: Ground>(tx: &Tx<G>, found: &ActedOn, at: &Lineage) -> Result<(), Problem> {
    may_act_at::<G>(tx.permit().person()?, &found.target, at).map_err(|off| forbidden(found, off))
}

fn status(conn: &mut Conn, account: AccountKey, organization: OrganizationKey) -> Result<Option<MembershipStatus>, Problem> {
    Ok(memberships::table.find((account, organization)).select(memberships::status).first(conn).optional()?)
}

/// Joins an account to an organization of its store (P-10): by somebody who may edit it in one it belongs to, and
/// edit and invite in the new one.
///
/// # Errors
/// [`Problem::Conflict`] when it is a member already, in whatever status; [`Problem::Forbidden`] with the reason.
pub fn join<S: Side>(
    tx: &mut Tx<S::Join>,
    store: &IdentityStore,
    id: &str,
    organization: &str,
) -> Result<(Account, Organization), Problem> {
    let now = tx.now();
    let found = targets::seen::<S, _>(tx, store.key, id)?;
    let (organization, at) = place(tx, store, organization)?;
    may_here(tx, &found, &at)?;
    let actor = tx.permit().person()?.clone();
    let reach = tx.permit().reach();
    let knows = found.target.memberships.iter().any(|place| reach.contains(place));
    // Whoever looks after the whole store reaches accounts without membership too (P-3).
    let alone = found.target.memberships.is_empty() && may_act::<S::Join>(&actor, &found.target).is_ok();
    if !(knows || alone) {
        return Err(Problem::Forbidden("You may not edit this account in any organization it belongs to. Invite it instead.".into()));
    }
    // S-7: to root only those add who invite to root.
    if !S::Invite::reach(&actor).is_some_and(|reach| reach.contains(&at)) {
        return Err(Problem::Forbidden(format!("This needs the right to invite people to {} too.", organization.name)));
    }
    if status(tx.conn(), found.account.key, organization.key)?.is_some() {
        return Err(Problem::Conflict(format!("{} is a member of {} already.", found.account.title(), organization.name)));
    }
    use memberships as m;
    diesel::insert_into(m::table)
        .values((
            m::account.eq(found.account.key),
            m::organization.eq(organization.key),
            m::status.eq(MembershipStatus::Active),
            m::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    let event = found
        .subjects(Event::done("membership.add"), store.key)
        .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
        .with("organization", organization.name.as_str());
    tx.record(event)?;
    Ok((found.account, organization))
}

/// The status of an account's membership in an organization that was found; none: no member.
///
/// # Errors
/// What the database says.
pub fn membership_status<G: Ground>(
    reader: &mut impl Reader<G>,
    account: &Account,
    organization: &Organization,
) -> Result<Option<MembershipStatus>, Problem> {
    status(reader.conn(), account.key, organization.key)
}

/// A role assignment at an organization or below it, which ends with the membership.
#[derive(Clone, Debug, QueryableByName)]
pub struct EndsToo {
    /// The role's name.
    #[diesel(sql_type = Text)]
    pub role: String,
    /// The organization's name.
    #[diesel(sql_type = Text)]
    pub organization: String,
    #[diesel(sql_type = BigInt)]
    place: OrganizationKey,
    #[diesel(sql_type = BigInt)]
    role_key: RoleKey,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

/// What an account holds at an organization and below, which removing its membership lists (P-10).
///
/// # Errors
/// [`Problem::NotFound`] out of sight.
pub fn held_below<G: Ground>(reader: &mut impl Reader<G>, account: &Account, organization: &Organization) -> Result<Vec<EndsToo>, Problem> {
    let now = reader.now();
    below(reader.conn(), account.key, organization.key, now)
}

fn below(conn: &mut Conn, account: AccountKey, organization: OrganizationKey, now: Time) -> Result<Vec<EndsToo>, Problem> {
    let mut sql = Sql::new(
        "SELECT r.name AS role, o.name AS organization, o.key AS place, r.key AS role_key, r.rights, ra.ends FROM role_assignments ra \
         JOIN organization_closure c ON c.descendant = ra.organization JOIN roles r ON r.key = ra.role JOIN organizations o ON o.key = ra.organization \
         WHERE ra.account = ",
    );
    sql.bind(account).push(" AND c.ancestor = ").bind(organization).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") ORDER BY c.depth, o.name_sort, r.name_sort");
    sql.load(conn)
}

/// Ends a membership (P-10), and by default what the account holds there and below.
///
/// # Errors
/// [`Problem::Conflict`] for a blocked one with assignments, for one that is gone, and for that of a super administrator
/// in root (D-5); [`Problem::Forbidden`] with the reason.
pub fn leave<S: Side>(
    tx: &mut Tx<S::Remove>,
    store: &IdentityStore,
    id: &str,
    organization: &str,
    keep_roles: bool,
) -> Result<(Account, Organization), Problem> {
    let now = tx.now();
    let found = targets::seen::<S, _>(tx, store.key, id)?;
    let (organization, at) = place(tx, store, organization)?;
    may_here(tx, &found, &at)?;
    let Some(status) = status(tx.conn(), found.account.key, organization.key)? else {
        return Err(Problem::Conflict(format!("{} is no member of {} any more.", found.account.title(), organization.name)));
    };
    if at.is_root && found.target.holdings.grants.iter().any(|(grant, _)| grant.kind == Kind::Super) {
        return Err(Problem::Conflict(format!(
            "{} is a super administrator, and that needs a membership here (D-5). Revoke that role first.",
            found.account.title()
        )));
    }
    let held = below(tx.conn(), found.account.key, organization.key, now)?;
    if status == MembershipStatus::Blocked && held.iter().any(|held| held.place == organization.key) {
        return Err(Problem::Conflict(format!(
            "{} is blocked in {} and holds roles there. Take these away first.",
            found.account.title(),
            organization.name
        )));
    }
    let mut ended = Vec::new();
    if !keep_roles {
        let actor = tx.permit().person()?.clone();
        for held in &held {
            let place = tree::lineage(tx.conn(), held.place)?;
            // C-2: whoever ends it could take it away by hand.
            confer::may_withdraw(&actor, Rights::from_bits(held.rights as u16), &place, held.ends).map_err(|uncovered| {
                Problem::Forbidden(format!("{} in {} is not yours to take: {}", held.role, held.organization, uncovered.0))
            })?;
            let mut sql = Sql::new("DELETE FROM role_assignments WHERE organization = ");
            sql.bind(held.place).push(" AND role = ").bind(held.role_key).push(" AND account = ").bind(found.account.key);
            sql.execute(tx.conn())?;
            ended.push(format!("{} in {}", held.role, held.organization));
        }
    }
    diesel::delete(memberships::table.find((found.account.key, organization.key))).execute(tx.conn())?;
    if at.is_root {
        keep_a_super_administrator(tx.conn())?;
        grants::forget_ended_super(tx.conn(), found.account.key, now)?;
    }
    let event = found
        .subjects(Event::done("membership.remove"), store.key)
        .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
        .with("organization", organization.name.as_str())
        .with("before", status.word())
        .with("roles_ended", ended);
    tx.record(event)?;
    Ok((found.account, organization))
}

/// How blocking or unblocking went.
#[derive(Clone, Debug)]
pub struct Switched {
    /// The account.
    pub account: Account,
    /// The organization.
    pub organization: Organization,
    /// Whether it was otherwise before.
    pub changed: bool,
    /// The event.
    pub event: String,
}

/// Blocks or unblocks a membership (S-4): by somebody who may in that organization, and whom the account does not
/// outrank; unblocking revives what it holds (P-4). Blocking what is blocked is recorded all the same (W-3).
///
/// # Errors
/// [`Problem::Conflict`] when it is no member, and where no super administrator would be left (D-5);
/// [`Problem::Forbidden`] with the reason.
pub fn block<S: Side>(tx: &mut Tx<S::Block>, store: &IdentityStore, id: &str, organization: &str, on: bool) -> Result<Switched, Problem> {
    let found = targets::seen::<S, _>(tx, store.key, id)?;
    let (organization, at) = place(tx, store, organization)?;
    may_here(tx, &found, &at)?;
    let Some(before) = status(tx.conn(), found.account.key, organization.key)? else {
        return Err(Problem::Conflict(format!("{} is no member of {} any more.", found.account.title(), organization.name)));
    };
    let after = if on { MembershipStatus::Blocked } else { MembershipStatus::Active };
    diesel::update(memberships::table.find((found.account.key, organization.key))).set(memberships::status.eq(after)).execute(tx.conn())?;
    if at.is_root {
        keep_a_super_administrator(tx.conn())?;
    }
    let event = Event::done(if on { "membership.block" } else { "membership.unblock" })
        .on(Subject::of("account", &found.account.id).at(organization.key).in_store(store.key))
        .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
        .with("account", found.account.title())
        .with("organization", organization.name.as_str())
        .with("before", before.word())
        .with("after", after.word());
    let event = tx.record(event)?;
    Ok(Switched { account: found.account, organization, changed: before != after, event })
}
