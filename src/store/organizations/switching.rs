//! Organizations switched off and on, one or several together (S-5).

use super::{find, find::these, lineage};
use crate::{
    access::{
        Actor, Ground, confer,
        rank::{self, Above},
    },
    domain::{
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::{Lineage, Organization},
        permissions::{OrganizationActivate, Permission},
        rights::Rights,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        holdings,
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
use std::collections::BTreeSet;

const ROOT: &str = "The root organization is always active (O-3).";

/// So many of those who lose or regain rights are named.
const NAMES: i64 = 200;

/// What switching an organization off or on does, for the confirmation (W-2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Organizations that switch with it: itself and those below, but for those that something else keeps off.
    pub organizations: i64,
    /// Accounts with a membership there.
    pub accounts: i64,
    /// Accounts that hold a role assignment there.
    pub org_admins: i64,
    /// Accounts that hold a grant whose scope is owned there.
    pub administrators: i64,
    /// How many lose or regain rights by the one or the other.
    pub people: i64,
    /// Names of the first of them, at most [`NAMES`].
    pub names: Vec<String>,
}

impl Effect {
    /// How many of the people are not named.
    pub fn unnamed(&self) -> i64 {
        self.people - self.names.len() as i64
    }

    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{}.{}.{}", self.organizations, self.accounts, self.org_admins, self.administrators)
    }
}

/// What switching it would do.
///
/// # Errors
/// What the database says.
pub fn effect<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<Effect, Problem> {
    effect_of(reader, &[organization.key])
}

/// What switching them together would do.
fn effect_of<G: Ground>(reader: &mut impl Reader<G>, keys: &[OrganizationKey]) -> Result<Effect, Problem> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = BigInt)]
        people: i64,
    }
    let now = reader.now();
    let conn = reader.conn();
    let these = || keys.iter().map(|key| key.0);
    let mut sql = Sql::new(
        "SELECT count(DISTINCT c.descendant) AS n FROM organization_closure c WHERE NOT EXISTS (SELECT 1 FROM organization_closure u \
         JOIN organizations uo ON uo.key = u.ancestor WHERE u.descendant = c.descendant AND NOT uo.active AND uo.key NOT IN ",
    );
    sql.list(these()).push(") AND c.ancestor IN ").list(these());
    let organizations = sql.number(conn)?;
    let mut sql = Sql::new(
        "SELECT count(DISTINCT m.account) AS n FROM organization_closure c JOIN memberships m ON m.organization = c.descendant WHERE c.ancestor IN ",
    );
    sql.list(these());
    let accounts = sql.number(conn)?;
    let holders = |conn: &mut Conn, joined: &str| {
        let mut sql = Sql::new("SELECT count(DISTINCT x.account) AS n FROM organization_closure c ");
        sql.push(joined).push(" WHERE c.ancestor IN ").list(these()).push(" AND (x.ends IS NULL OR x.ends > ").bind(now).push(")");
        sql.number(conn)
    };
    let org_admins = holders(conn, "JOIN role_assignments x ON x.organization = c.descendant")?;
    let administrators = holders(conn, "JOIN scopes s ON s.organization = c.descendant JOIN grants x ON x.scope = s.key")?;
    let mut sql = Sql::new("SELECT a.name, count(*) OVER () AS people FROM accounts a WHERE a.key IN (");
    sql.append(&held_through(keys, now)).push(") ORDER BY a.name_sort, a.key LIMIT ").bind(NAMES);
    let rows = sql.load::<Name>(conn)?;
    let people = rows.first().map_or(0, |row| row.people);
    let names = rows.into_iter().map(|row| row.name).collect();
    Ok(Effect { organizations, accounts, org_admins, administrators, people, names })
}

/// The keys of everybody who holds an assignment or grant through these organizations or those below them.
fn held_through(keys: &[OrganizationKey], now: Time) -> Sql {
    let these = || keys.iter().map(|key| key.0);
    let mut sql = Sql::new(
        "SELECT ra.account FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.descendant WHERE c.ancestor IN ",
    );
    sql.list(these()).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(
        ") UNION SELECT g.account FROM organization_closure c JOIN scopes s ON s.organization = c.descendant JOIN grants g ON g.scope = s.key WHERE c.ancestor IN ",
    );
    sql.list(these()).push(" AND (g.ends IS NULL OR g.ends > ").bind(now).push(")");
    sql
}

/// How switching went.
#[derive(Clone, Debug)]
pub enum Switched {
    /// Done, with the event that can be undone.
    Done(Organization, String),
    /// It stands so already.
    Already(Organization),
    /// This is what it would do: to be confirmed first (W-2, Z-11).
    Confirm(Organization, Effect),
}

/// Switches an organization off or on (S-5). `confirmed` is the mark of the effect that was confirmed.
///
/// # Errors
/// [`Problem::Conflict`] for root, and for one that the person's own permission hangs on; [`Problem::Forbidden`]
/// when somebody who loses or regains rights by it outranks them (P-4, C-1).
pub fn switch(
    tx: &mut Tx<OrganizationActivate>,
    store: &IdentityStore,
    id: &str,
    on: bool,
    confirmed: Option<&str>,
) -> Result<Switched, Problem> {
    let now = tx.now();
    let organization = find(tx, store.key, id)?;
    let at = lineage(tx.conn(), &organization)?;
    if at.is_root {
        return Err(Problem::Conflict(ROOT.into()));
    }
    if organization.active == on {
        return Ok(Switched::Already(organization));
    }
    let effect = effect(tx, &organization)?;
    if confirmed != Some(effect.mark().as_str()) {
        return Ok(Switched::Confirm(organization, effect));
    }
    let actor = tx.permit().person()?.clone();
    may_switch(tx.conn(), &actor, &[&at], on, now)?;
    set_active(tx, &[organization.key], on)?;
    let event = tx.record(
        Event::done(if on { "organization.activate" } else { "organization.deactivate" })
            .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
            .with("organization", organization.name.as_str())
            .with("organizations", effect.organizations)
            .with("accounts", effect.accounts)
            .with("org_admins", effect.org_admins)
            .with("administrators", effect.administrators),
    )?;
    Ok(Switched::Done(Organization { active: on, ..organization }, event))
}

/// S-5, P-4: whether the person may switch these, all together.
fn may_switch(conn: &mut Conn, actor: &Actor, these: &[&Lineage], on: bool, now: Time) -> Result<(), Problem> {
    if actor.is_super() {
        return Ok(());
    }
    let keys: Vec<OrganizationKey> = these.iter().map(|at| at.organization).collect();
    let below = subtrees(conn, &keys)?;
    if !on && !these.iter().all(|at| actor.keeps_without(&OrganizationActivate::LEAF, &below, at)) {
        return Err(Problem::Conflict(
            "Your own permission to do this hangs on this organization, so you could not switch it on again. Ask somebody above.".into(),
        ));
    }
    nobody_above(conn, actor, &keys, on, now)
}

/// These organizations with all below them.
pub(super) fn subtrees(conn: &mut Conn, of: &[OrganizationKey]) -> Result<BTreeSet<OrganizationKey>, Problem> {
    #[derive(QueryableByName)]
    struct Inside {
        #[diesel(sql_type = BigInt)]
        descendant: OrganizationKey,
    }
    let mut sql = Sql::new("SELECT descendant FROM organization_closure WHERE ancestor IN ");
    sql.list(of.iter().map(|key| key.0));
    Ok(sql.load::<Inside>(conn)?.into_iter().map(|row| row.descendant).collect())
}

#[derive(QueryableByName)]
struct HeldAt {
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

/// S-5, P-4: nobody who loses or regains rights by switching these outranks the person; and what is regained is the person's to
/// confer (C-1), also on themselves.
pub(super) fn nobody_above(
    conn: &mut Conn,
    actor: &Actor,
    organizations: &[OrganizationKey],
    regained: bool,
    now: Time,
) -> Result<(), Problem> {
    #[derive(QueryableByName)]
    struct Who {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
    }
    let accounts: Vec<AccountKey> = held_through(organizations, now).load::<Who>(conn)?.into_iter().map(|row| row.account).collect();
    for accounts in accounts.chunks(5_000) {
        let mut held = holdings::of(conn, accounts, now)?;
        let mine = held.remove(&actor.account).unwrap_or_default();
        if regained && !wakes_nothing(conn, actor, organizations, mine)? {
            return Err(Problem::Forbidden(
                "A grant of your own would take effect again that gives you more than you have. Ask somebody above.".into(),
            ));
        }
        for (account, holdings) in &held {
            if rank::may_act_on(actor, *account, holdings) == Err(Above::HoldsMore) {
                return Err(Problem::Forbidden(
                    "Somebody holds more than you do through this organization, so only someone with those rights may switch it.".into(),
                ));
            }
        }
    }
    if !regained {
        return Ok(());
    }
    // What was given above holds there again too: it is asked where that begins.
    let mut sql = Sql::new(
        "SELECT DISTINCT ra.organization, r.rights, ra.ends FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.descendant \
         JOIN roles r ON r.key = ra.role WHERE c.ancestor IN ",
    );
    let these = || organizations.iter().map(|key| key.0);
    sql.list(these()).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now).push(
        ") UNION SELECT c.descendant, r.rights, ra.ends FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor \
         JOIN roles r ON r.key = ra.role WHERE c.depth > 0 AND c.descendant IN ",
    );
    sql.list(these()).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now).push(")");
    let rows: Vec<HeldAt> = sql.load(conn)?;
    let lineages = tree::lineages(conn, rows.iter().map(|row| row.organization).collect::<BTreeSet<_>>())?;
    for row in rows {
        let Some(at) = lineages.get(&row.organization) else { continue };
        confer::may_confer(actor, Rights::from_bits(row.rights as u16), at, row.ends)
            .map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    }
    Ok(())
}

/// Whether no grant of the actor's own with a scope owned there or below gives more than they can use (C-1).
fn wakes_nothing(conn: &mut Conn, actor: &Actor, organizations: &[OrganizationKey], mut mine: rank::Holdings) -> Result<bool, Problem> {
    let inside = subtrees(conn, organizations)?;
    mine.assignments.clear();
    mine.grants.retain(|(grant, _)| grant.scope.as_ref().is_some_and(|scope| inside.contains(&scope.owner)));
    Ok(rank::covers(actor, &mine))
}

fn set_active(tx: &mut Tx<OrganizationActivate>, keys: &[OrganizationKey], on: bool) -> Result<(), Problem> {
    let now = tx.now();
    use organizations as o;
    diesel::update(o::table.filter(o::key.eq_any(keys)))
        .set((o::active.eq(on), o::rev.eq(o::rev + 1), o::changed_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Organizations that somebody means to switch together, each judged (S-5, P-4).
#[derive(Clone, Debug)]
pub struct Together {
    /// Those that would be switched, by name.
    pub organizations: Vec<Organization>,
    /// Names of those that stand so already.
    pub already: Vec<String>,
    /// What switching them does.
    pub effect: Effect,
    /// How many are gone, or out of reach.
    pub gone: usize,
    /// Names of those that may not be switched, with the reason.
    pub off: Vec<(String, String)>,
}

impl Together {
    /// Whether every one of them may be switched.
    pub fn is_whole(&self) -> bool {
        self.gone == 0 && self.off.is_empty()
    }

    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{}", self.organizations.len(), self.effect.mark())
    }
}

/// What switching these organizations would meet and do.
///
/// # Errors
/// What the database says.
pub fn together(
    reader: &mut impl Reader<OrganizationActivate>,
    store: &IdentityStore,
    ids: &[String],
    on: bool,
) -> Result<Together, Problem> {
    let now = reader.now();
    let wanted: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let actor = reader.permit().person()?.clone();
    let (conn, permit) = reader.parts();
    let found = these(conn, permit.reach(), store.key, &wanted)?;
    let gone = wanted.len() - found.len();
    let (already, found): (Vec<Organization>, Vec<Organization>) = found.into_iter().partition(|organization| organization.active == on);
    let lineages = tree::lineages(conn, found.iter().map(|organization| organization.key))?;
    let all: Vec<&Lineage> = lineages.values().filter(|at| !at.is_root).collect();
    // Together first, as mostly nothing stands in the way of any; else one by one, to say of which.
    let free = may_switch(conn, &actor, &all, on, now).is_ok();
    let (mut organizations, mut off) = (Vec::new(), Vec::new());
    for organization in found {
        let at = lineages.get(&organization.key).ok_or(Problem::NotFound)?;
        let judged = if at.is_root {
            Err(Problem::Conflict(ROOT.into()))
        } else if free {
            Ok(())
        } else {
            may_switch(conn, &actor, &[at], on, now)
        };
        match judged {
            Ok(()) => organizations.push(organization),
            Err(Problem::Conflict(reason) | Problem::Forbidden(reason)) => off.push((organization.name, reason)),
            Err(problem) => return Err(problem),
        }
    }
    // Each of them alone would leave the person their permission, and all of them together would not.
    if !free && !off.iter().any(|(_, reason)| reason != ROOT) {
        let those: Vec<&Lineage> = organizations.iter().filter_map(|organization| lineages.get(&organization.key)).collect();
        may_switch(conn, &actor, &those, on, now)?;
    }
    let keys: Vec<OrganizationKey> = organizations.iter().map(|organization| organization.key).collect();
    let effect = effect_of(reader, &keys)?;
    Ok(Together { organizations, already: already.into_iter().map(|organization| organization.name).collect(), effect, gone, off })
}

/// How switching several together went.
#[derive(Clone, Debug)]
pub enum SwitchedTogether {
    /// Done: how many, with the event that can be undone.
    Done(usize, String),
    /// This is what it would do: to be confirmed first (W-2, Z-11).
    Confirm(Box<Together>),
}

/// Switches organizations off or on, all or none (S-5). `confirmed` is the mark of the effect that was confirmed.
///
/// # Errors
/// As [`together`].
pub fn switch_together(
    tx: &mut Tx<OrganizationActivate>,
    store: &IdentityStore,
    ids: &[String],
    on: bool,
    confirmed: Option<&str>,
) -> Result<SwitchedTogether, Problem> {
    let found = together(tx, store, ids, on)?;
    if !found.is_whole() || confirmed != Some(found.mark().as_str()) {
        return Ok(SwitchedTogether::Confirm(Box::new(found)));
    }
    let Together { organizations, effect, .. } = found;
    let keys: Vec<OrganizationKey> = organizations.iter().map(|organization| organization.key).collect();
    set_active(tx, &keys, on)?;
    let event = organizations.iter().fold(
        Event::done(if on { "organization.activate" } else { "organization.deactivate" })
            .with("names", organizations.iter().map(|organization| organization.name.clone()).collect::<Vec<_>>())
            .with("changed", organizations.iter().map(|organization| organization.id.clone()).collect::<Vec<_>>())
            .with("organizations", effect.organizations)
            .with("accounts", effect.accounts)
            .with("org_admins", effect.org_admins)
            .with("administrators", effect.administrators),
        |event, organization| event.on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key)),
    );
    Ok(SwitchedTogether::Done(organizations.len(), tx.record(event)?))
}
