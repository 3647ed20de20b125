//! Role assignments (A-*): pairs, holders, giving and taking.

use super::{
    accounts::{self, Account},
    conn::{Conn, on_each},
    holdings,
    kept::{Fresh, Path},
    organizations,
    paging::{self, Paging, Slice, Total},
    reached::{self, Reached},
    sql::Sql,
    transaction::{Reader, Tx},
    tree,
};
use crate::{
    access::{
        InConsole, Permit, Reach, confer,
        rank::{self, Above},
    },
    domain::{
        event::{Event, Subject},
        key::*,
        organization::{Lineage, Organization, Step},
        permissions::{Permission, RoleAssignmentEdit, RoleAssignmentView, UserView},
        role::Role,
        role_assignment::{Given, MOST_AT_ONCE},
        time::{Period, Time},
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// A pair that somebody holds.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The organization's id.
    pub organization_id: String,
    /// From the top to the organization.
    pub path: Path,
    /// The role's id.
    pub role_id: String,
    /// The role's name.
    pub role: String,
    /// How many accounts hold it there directly.
    pub accounts: i64,
    /// How many organizations stand below.
    pub below: i64,
    /// Last gift.
    pub changed_at: Time,
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    organization_id: String,
    #[diesel(sql_type = Text)]
    role_id: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
}

/// The pairs of a store that somebody holds, in reach, by organization and role; one of the two may be chosen.
///
/// # Errors
/// What the database says.
pub fn pairs(
    reader: &mut impl Reader<RoleAssignmentView>,
    store: StoreKey,
    organization: Option<OrganizationKey>,
    role: Option<RoleKey>,
    paging: &Paging,
) -> Result<Slice<Pair>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    // What has an end is looked at only where nobody holds it without.
    let held = |from: &mut Sql| {
        from.push(" AND (p.lasting > 0 OR EXISTS (SELECT 1 FROM role_assignments e WHERE e.organization = p.organization AND e.role = p.role AND e.ends > ");
        from.bind(now).push("))");
        if let Some(role) = role {
            from.push(" AND p.role = ").bind(role);
        }
    };
    let mut from = organizations::reached(conn, &fresh, store, permit.reach())?;
    if let Some(organization) = organization {
        from.push(" AND o.key = ").bind(organization);
    }
    // Of a whole store, by its roles alone: they are few, and no organization has to be looked at.
    let mut counted = Sql::new("FROM roles r CROSS JOIN pairs p WHERE p.role = r.key AND r.store = ");
    counted.bind(store);
    if organization.is_some() || *permit.reach() != Reach::Everywhere {
        counted = Sql::new("FROM (SELECT o.key ");
        counted.append(&from).push(") o CROSS JOIN pairs p WHERE p.organization = o.key");
    }
    held(&mut counted);
    let total = paging::total(conn, &counted)?;
    let mut sql = Sql::new(
        "SELECT p.organization, o.id AS organization_id, r.id AS role_id, r.name AS role, p.given_at AS changed_at, p.lasting + (SELECT count(*) \
         FROM role_assignments e WHERE e.organization = p.organization AND e.role = p.role AND e.ends > ",
    );
    sql.bind(now).push(") AS accounts, (SELECT count(*) FROM organization_closure b WHERE b.ancestor = p.organization AND b.depth > 0) AS below FROM (SELECT o.key, o.id, o.name_sort ");
    sql.append(&from).push(") o CROSS JOIN pairs p CROSS JOIN roles r WHERE p.organization = o.key AND r.key = p.role");
    held(&mut sql);
    sql.push(&format!(" ORDER BY o.name_sort, o.key, r.name_sort, r.key LIMIT {} OFFSET ", paging.per + 1))
        .bind((paging.number - 1) * paging.per);
    let mut rows: Vec<PairRow> = sql.load(conn)?;
    let more = rows.len() as i64 > paging.per;
    rows.truncate(paging.per as usize);
    let paths = tree::kept_paths(conn, &fresh, rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let rows = rows
        .into_iter()
        .map(|row| Pair {
            path: paths.get(&row.organization).cloned().unwrap_or_default(),
            organization_id: row.organization_id,
            role_id: row.role_id,
            role: row.role,
            accounts: row.accounts,
            below: row.below,
            changed_at: row.changed_at,
        })
        .collect();
    let (first, last) = ((paging.number > 1).then(String::new), more.then(String::new));
    Ok(Slice { rows, number: paging.number, per: paging.per, total, many: false, first, last })
}

/// Somebody who holds the pair, directly or through an organization above.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The account.
    pub account: Account,
    /// Whether the reader may open the account's page.
    pub visible: bool,
    /// Its memberships in the reader's reach of `user.view`.
    pub memberships: Vec<accounts::Membership>,
    /// Where it was given: nothing for here.
    pub from: Option<Step>,
    /// Whether the reader may open that place.
    pub from_open: bool,
    /// Its dates.
    pub period: Period,
    /// Why.
    pub reason: String,
    /// How it came about.
    pub given: Given,
    /// By whom.
    pub given_by: Option<String>,
    /// When.
    pub given_at: Time,
    /// Why the reader cannot take it away, where they could otherwise.
    pub above: Option<Above>,
}

#[derive(QueryableByName)]
struct HolderRow {
    #[diesel(embed)]
    account: Account,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    given: Given,
    #[diesel(sql_type = Nullable<Text>)]
    given_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    given_at: Time,
}

impl paging::Placed for HolderRow {
    fn cursor(&self, order: &paging::Order) -> paging::Cursor {
        self.account.cursor(order)
    }
}

fn holder_columns() -> String {
    format!("{}, ra.organization, ra.starts, ra.ends, ra.reason, ra.given, ra.given_by, ra.given_at", accounts::COLUMNS)
}

/// Who holds the pair: those to whom it was given here, page by page, and up to 100 of those who hold it through
/// an organization above, with how many these are.
#[derive(Clone, Debug)]
pub struct Holders {
    /// Given here.
    pub direct: Slice<Holder>,
    /// Given above.
    pub inherited: Vec<Holder>,
    /// How many hold it through an organization above.
    pub inherited_total: Total,
}

/// Who holds the pair.
///
/// # Errors
/// What the database says.
pub fn holders(
    reader: &mut impl Reader<RoleAssignmentView>,
    organization: &Organization,
    role: RoleKey,
    q: &str,
    paging: &Paging,
) -> Result<Holders, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let filter = accounts::Filter { q: q.to_owned(), ..accounts::Filter::default() };
    let from = |conn: &Conn, inherited: bool| {
        let mut from = Sql::new("FROM role_assignments ra JOIN accounts a ON a.key = ra.account WHERE (ra.ends IS NULL OR ra.ends > ");
        from.bind(now).push(") AND ra.role = ").bind(role);
        if inherited {
            from.push(" AND ra.organization IN (SELECT c.ancestor FROM organization_closure c WHERE c.depth > 0 AND c.descendant = ")
                .bind(organization.key)
                .push(")");
        } else {
            from.push(" AND ra.organization = ").bind(organization.key);
        }
        filter.add_search(conn, &mut from);
        from
    };
    let columns = holder_columns();
    let order = accounts::Sort::Name.order();
    let rows = from(conn, false);
    let held = if q.is_empty() { held_by(conn, organization.key, role, now)? } else { paging::total(conn, &rows)? };
    let direct = paging::slice_of::<HolderRow>(conn, &Sql::new(&columns), &rows, held, order, paging)?;
    let inherited = paging::slice::<HolderRow>(conn, &columns, &from(conn, true), order, &Paging::first(100))?;

    let reach = permit.actor().and_then(|actor| actor.reach_of(&UserView::LEAF)).unwrap_or(Reach::In(Vec::new()));
    let keys: Vec<AccountKey> = direct.rows.iter().chain(&inherited.rows).map(|row| row.account.key).collect();
    let memberships = accounts::memberships_of(conn, &fresh, &reach, &keys)?;
    let paths = tree::paths(conn, inherited.rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let open = open_places(conn, permit.reach(), paths.keys().copied())?;
    let held = holdings::of(conn, &keys, now)?;
    let actor = permit.person()?.clone();
    let visible = accounts::visible(reader, &keys)?;
    let mut holder = |row: HolderRow| {
        let none = rank::Holdings::default();
        Holder {
            visible: visible.contains(&row.account.key),
            memberships: memberships.get(&row.account.key).cloned().unwrap_or_default(),
            from: (row.organization != organization.key)
                .then(|| paths.get(&row.organization).and_then(|path| path.last().cloned()))
                .flatten(),
            from_open: open.contains(&row.organization),
            period: Period { starts: row.starts, ends: row.ends },
            reason: row.reason,
            given: row.given,
            given_by: row.given_by,
            given_at: row.given_at,
            above: rank::may_act_on(&actor, row.account.key, held.get(&row.account.key).unwrap_or(&none)).err(),
            account: row.account,
        }
    };
    let total = inherited.total;
    let result = Holders {
        direct: direct.map(&mut holder),
        inherited: inherited.rows.into_iter().map(&mut holder).collect(),
        inherited_total: total,
    };
    Ok(result)
}

/// Which of the places lie in reach.
fn open_places(conn: &mut Conn, reach: &Reach, of: impl IntoIterator<Item = OrganizationKey>) -> Result<HashSet<OrganizationKey>, Problem> {
    let lineages = tree::lineages(conn, of)?;
    Ok(lineages.into_iter().filter(|(_, lineage)| reach.contains(lineage)).map(|(key, _)| key).collect())
}

/// How many hold the pair directly.
///
/// # Errors
/// What the database says.
pub fn count(reader: &mut impl Reader<RoleAssignmentView>, organization: &Organization, role: RoleKey) -> Result<Total, Problem> {
    let now = reader.now();
    held_by(reader.conn(), organization.key, role, now)
}

/// How many hold the pair directly: the count that is kept of those without an end, and those whose end lies ahead.
fn held_by(conn: &mut Conn, organization: OrganizationKey, role: RoleKey, now: Time) -> Result<Total, Problem> {
    let mut sql = Sql::new("SELECT CAST(coalesce((SELECT p.lasting FROM pairs p WHERE p.organization = ");
    sql.bind(organization)
        .push(" AND p.role = ")
        .bind(role)
        .push("), 0) + (SELECT count(*) FROM role_assignments e WHERE e.organization = ");
    sql.bind(organization).push(" AND e.role = ").bind(role).push(" AND e.ends > ").bind(now).push(") AS bigint) AS n");
    sql.number(conn).map(Total::exactly)
}

/// Somebody who could get the pair.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The account.
    pub account: Account,
    /// Its memberships in reach.
    pub memberships: Vec<accounts::Membership>,
    /// The organization above through which it holds the role already.
    pub inherited_from: Option<Step>,
    /// The names of other roles it holds here.
    pub other_roles: Vec<String>,
    /// Why it cannot be chosen.
    pub above: Option<Above>,
}

/// The pair of an organization and a role.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where.
    pub organization: Organization,
    /// What.
    pub role: Role,
}

/// The condition of the *Unassigned roles* tab: accounts of the store, in reach (Z-4), that do not hold the pair
/// directly, narrowed by the filter.
pub(super) fn unassigned(
    conn: &mut Conn,
    fresh: &Fresh,
    sight: &accounts::Sight,
    wanted: &Wanted,
    filter: &accounts::Filter,
    now: Time,
) -> Result<Reached, Problem> {
    let reached = reached::of_store(conn, fresh, wanted.organization.store, sight, None, filter, now)?;
    let reached = reached.narrowed(conn, filter, sight, now, Some(wanted.organization.key));
    Ok(reached.each(|from| {
        from.push(" AND NOT EXISTS (SELECT 1 FROM role_assignments ua WHERE ua.organization = ").bind(wanted.organization.key);
        from.push(" AND ua.role = ")
            .bind(wanted.role.key)
            .push(" AND ua.account = a.key AND (ua.ends IS NULL OR ua.ends > ")
            .bind(now)
            .push("))");
    }))
}

/// The candidates for the pair, page by page. With `only`, just these.
///
/// # Errors
/// What the database says.
pub fn candidates(
    reader: &mut impl Reader<UserView>,
    wanted: &Wanted,
    filter: &accounts::Filter,
    only: Option<&str>,
    sort: accounts::Sort,
    paging: &Paging,
) -> Result<Slice<Candidate>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = accounts::Sight::of::<InConsole>(permit);
    let mut reached = unassigned(conn, &fresh, &sight, wanted, filter, now)?;
    if let Some(draft) = only {
        let selected = super::selections::selected(conn, &sight, draft, wanted, now)?;
        reached = reached.each(|from| _ = from.push(" AND ").append(&selected));
    }
    let slice = reached.slice(conn, &fresh, sort, paging, |conn| match (reached.all_of, only) {
        // The pair's holders are accounts of its store.
        (Some(store), None) => {
            let held = held_by(conn, wanted.organization.key, wanted.role.key, now)?;
            Ok(Total::exactly(accounts::all_of(conn, &fresh, store)?.count - held.count))
        }
        _ => paging::total(conn, &reached.count),
    })?;
    let Slice { rows, number, per, total, many, first, last } = slice;
    let rows = described(conn, &fresh, permit, wanted, rows, now)?;
    Ok(Slice { rows, number, per, total, many, first, last })
}

/// The people of a confirmation: those of the ids that are in reach, by name.
///
/// # Errors
/// What the database says.
pub fn people(reader: &mut impl Reader<UserView>, wanted: &Wanted, ids: &[String]) -> Result<Vec<Candidate>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let rows = accounts::by_ids(conn, permit.reach(), wanted.organization.store, ids)?;
    described(conn, &fresh, permit, wanted, rows, now)
}

/// With everything about them that the choice needs: a constant number of queries.
fn described(
    conn: &mut Conn,
    fresh: &Fresh,
    permit: &Permit<UserView>,
    wanted: &Wanted,
    rows: Vec<Account>,
    now: Time,
) -> Result<Vec<Candidate>, Problem> {
    let keys: Vec<AccountKey> = rows.iter().map(|account| account.key).collect();
    let mut memberships = accounts::memberships_of(conn, fresh, permit.reach(), &keys)?;
    let inherited = inherited_from(conn, wanted, &keys, now)?;
    let other = other_roles(conn, wanted, &keys, now)?;
    let held = holdings::of(conn, &keys, now)?;
    let actor = permit.person()?;
    let none = rank::Holdings::default();
    Ok(rows
        .into_iter()
        .map(|account| Candidate {
            memberships: memberships.remove(&account.key).unwrap_or_default(),
            inherited_from: inherited.get(&account.key).cloned(),
            other_roles: other.get(&account.key).cloned().unwrap_or_default(),
            above: rank::may_act_on(actor, account.key, held.get(&account.key).unwrap_or(&none)).err(),
            account,
        })
        .collect())
}

/// Through which organization above each of the accounts holds the role; the nearest one.
fn inherited_from(conn: &mut Conn, wanted: &Wanted, of: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Step>, Problem> {
    #[derive(QueryableByName)]
    struct From {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = BigInt)]
        key: OrganizationKey,
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql = Sql::new(
        "SELECT ra.account, o.key, o.id, o.name FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor \
         JOIN organizations o ON o.key = c.ancestor WHERE c.depth > 0 AND c.descendant = ",
    );
    // The + keeps SQLite from looking through everybody who holds the role.
    sql.bind(wanted.organization.key).push(" AND +ra.role = ").bind(wanted.role.key);
    sql.push(" AND (ra.ends IS NULL OR ra.ends > ")
        .bind(now)
        .push(") AND ra.account IN ")
        .list(of.iter().map(|key| key.0))
        .push(" ORDER BY c.depth DESC");
    // The nearest comes last and stays.
    Ok(sql.load::<From>(conn)?.into_iter().map(|row| (row.account, Step { key: row.key, id: row.id, name: row.name })).collect())
}

/// The names of the other roles that each of the accounts holds here, directly.
fn other_roles(conn: &mut Conn, wanted: &Wanted, of: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Vec<String>>, Problem> {
    #[derive(QueryableByName)]
    struct Other {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql = Sql::new("SELECT ra.account, r.name FROM role_assignments ra JOIN roles r ON r.key = ra.role WHERE ra.organization = ");
    sql.bind(wanted.organization.key).push(" AND ra.role <> ").bind(wanted.role.key);
    sql.push(" AND (ra.ends IS NULL OR ra.ends > ")
        .bind(now)
        .push(") AND ra.account IN ")
        .list(of.iter().map(|key| key.0))
        .push(" ORDER BY r.name_sort");
    let mut found: HashMap<AccountKey, Vec<String>> = HashMap::new();
    for row in sql.load::<Other>(conn)? {
        found.entry(row.account).or_default().push(row.name);
    }
    Ok(found)
}

/// How giving went.
#[derive(Clone, Debug)]
pub enum Gave {
    /// Done: how many now hold it by this act, and the names of those who already did.
    Done {
        /// Accounts that got it.
        given: usize,
        /// Names of those who held it already.
        already: Vec<String>,
        /// The event.
        event: String,
    },
    /// Nothing was done: some vanished or left reach, or may not be acted on.
    Not(Trouble),
}

/// Why nothing was done.
#[derive(Clone, Debug, Default)]
pub struct Trouble {
    /// How many of the chosen are gone or out of reach.
    pub gone: usize,
    /// Names of those whom the person may not act on, each with the reason.
    pub above: Vec<(String, Above)>,
    /// Ids of the rest: to them it could be given.
    pub rest: Vec<String>,
}

/// Gives the pair to these accounts, all or none. `frozen` is how many were confirmed, where a draft knows.
///
/// # Errors
/// [`Problem::Forbidden`] when the role is more than the giver holds there.
pub fn add(
    tx: &mut Tx<RoleAssignmentEdit>,
    wanted: &Wanted,
    ids: &[String],
    frozen: usize,
    period: Period,
    reason: &str,
) -> Result<Gave, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let at = organizations::lineage(tx.conn(), &wanted.organization)?;
    confer::may_confer(&actor, wanted.role.terms.rights, &at, period.ends).map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    let Some(reach) = actor.reach_of(&UserView::LEAF) else {
        return Err(Problem::Forbidden("Assigning needs the permission “View user information” too.".into()));
    };
    let found = accounts::by_ids(tx.conn(), &reach, wanted.organization.store, ids)?;
    let wanted_ids: HashSet<&String> = ids.iter().collect();
    let above = above(tx.conn(), &actor, &found, now)?;
    // Who was deleted is in no list any more, so the number that was confirmed tells.
    let expected = wanted_ids.len().max(frozen);
    if found.len() < expected || !above.is_empty() {
        let held_back: HashSet<&str> = above.iter().map(|(account, _)| account.id.as_str()).collect();
        return Ok(Gave::Not(Trouble {
            gone: expected - found.len(),
            rest: found.iter().filter(|account| !held_back.contains(account.id.as_str())).map(|account| account.id.clone()).collect(),
            above: above.iter().map(|(account, above)| (account.title().to_owned(), *above)).collect(),
        }));
    }
    if found.len() > MOST_AT_ONCE {
        return Err(Problem::Conflict("Assign in parts: at most 10,000 at once.".into()));
    }
    let held = held_directly(tx.conn(), wanted, &found, now)?;
    let (already, new): (Vec<Account>, Vec<Account>) = found.into_iter().partition(|account| held.contains_key(&account.key));
    insert(tx.conn(), wanted, &new, period, reason, &actor.name, now)?;
    let mut event = Event::done("role_assignment.add")
        .on(Subject::of("organization", &wanted.organization.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .on(Subject::of("role", &wanted.role.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .with("organization", wanted.organization.name.as_str())
        .with("role", wanted.role.terms.name.as_str())
        .with("rights", wanted.role.terms.rights.codes())
        .with("starts", period.starts.map(Time::rfc3339))
        .with("ends", period.ends.map(Time::rfc3339))
        .with("reason", reason)
        .with("accounts", new.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>())
        .with("already", already.len());
    for account in &new {
        event = event.on(Subject::of("account", &account.id).at(wanted.organization.key).in_store(wanted.organization.store));
    }
    let event = tx.record(event)?;
    Ok(Gave::Done { given: new.len(), already: already.iter().map(|account| account.title().to_owned()).collect(), event })
}

/// Those of the accounts whom the actor may not act on (P-4).
fn above<'a>(conn: &mut Conn, actor: &crate::access::Actor, of: &'a [Account], now: Time) -> Result<Vec<(&'a Account, Above)>, Problem> {
    // A super administrator covers everybody, so nothing has to be read for them.
    let held =
        if actor.is_super() { HashMap::new() } else { holdings::of(conn, &of.iter().map(|account| account.key).collect::<Vec<_>>(), now)? };
    let none = rank::Holdings::default();
    Ok(of
        .iter()
        .filter_map(|account| {
            rank::may_act_on(actor, account.key, held.get(&account.key).unwrap_or(&none)).err().map(|above| (account, above))
        })
        .collect())
}

/// Which of the accounts hold the pair directly, each with its end.
fn held_directly(conn: &mut Conn, wanted: &Wanted, of: &[Account], now: Time) -> Result<HashMap<AccountKey, Option<Time>>, Problem> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = Nullable<BigInt>)]
        ends: Option<Time>,
    }
    let mut sql = Sql::new("SELECT account, ends FROM role_assignments WHERE organization = ");
    sql.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND (ends IS NULL OR ends > ").bind(now);
    sql.push(") AND account IN ").list(of.iter().map(|account| account.key.0));
    Ok(sql.load::<Held>(conn)?.into_iter().map(|row| (row.account, row.ends)).collect())
}

/// One statement for all of them; a row that has ended is renewed.
/// Gives a role as an invitation promised it, where it is not held already (I-1).
pub(super) fn give_by_invitation(
    conn: &mut Conn,
    organization: OrganizationKey,
    role: RoleKey,
    account: AccountKey,
    by: &str,
    now: Time,
) -> Result<(), Problem> {
    give(conn, organization, role, account, Given::Invitation, Some(by), now)
}

/// Gives a role for good, where it is not held already without an end.
pub(super) fn give(
    conn: &mut Conn,
    organization: OrganizationKey,
    role: RoleKey,
    account: AccountKey,
    given: Given,
    by: Option<&str>,
    now: Time,
) -> Result<(), Problem> {
    use super::schema::role_assignments as ra;
    let row = (
        (
            ra::organization.eq(organization),
            ra::role.eq(role),
            ra::account.eq(account),
            ra::starts.eq(None::<i64>),
            ra::ends.eq(None::<i64>),
        ),
        (ra::reason.eq(""), ra::given.eq(given), ra::given_by.eq(by), ra::given_at.eq(now)),
    );
    on_each!(conn, |conn| diesel::insert_into(ra::table)
        .values(row)
        .on_conflict((ra::organization, ra::role, ra::account))
        .do_update()
        .set((ra::starts.eq(None::<i64>), ra::ends.eq(None::<i64>), ra::given.eq(given), ra::given_by.eq(by), ra::given_at.eq(now)))
        .execute(conn))?;
    Ok(())
}

fn insert(conn: &mut Conn, wanted: &Wanted, to: &[Account], period: Period, reason: &str, by: &str, now: Time) -> Result<(), Problem> {
    if to.is_empty() {
        return Ok(());
    }
    let mut sql =
        Sql::new("INSERT INTO role_assignments (organization, role, account, starts, ends, reason, given, given_by, given_at) SELECT ");
    sql.bind(wanted.organization.key).push(", ").bind(wanted.role.key).push(", a.key");
    for instant in [period.starts, period.ends] {
        match instant {
            Some(instant) => sql.push(", ").bind(instant),
            None => sql.push(", CAST(NULL AS bigint)"),
        };
    }
    sql.push(", ").bind(reason).push(", ").bind(Given::Hand.word()).push(", ").bind(by).push(", ").bind(now);
    sql.push(" FROM accounts a WHERE a.key IN ").list(to.iter().map(|account| account.key.0));
    sql.push(
        " ON CONFLICT (organization, role, account) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, reason = excluded.reason, \
         given = excluded.given, given_by = excluded.given_by, given_at = excluded.given_at",
    );
    sql.execute(conn).map(|_| ())
}

/// What taking the pair away does, for the confirmation (W-2).
#[derive(Clone, Debug)]
pub struct Removal {
    /// Those who would lose it.
    pub accounts: Vec<Account>,
    /// How many of them still hold the role here through an organization above.
    pub still_inherited: usize,
    /// How many of the chosen do not hold it (any more).
    pub gone: usize,
    /// Those whom the person may not act on.
    pub above: Vec<(String, Above)>,
    /// How long the longest of these assignments lasts; none: for good.
    until: Option<Time>,
}

/// C-2: who takes could give, for as long as it would have lasted.
fn may_withdraw(actor: &crate::access::Actor, wanted: &Wanted, at: &Lineage, removal: &Removal) -> Result<(), Problem> {
    confer::may_withdraw(actor, wanted.role.terms.rights, at, removal.until).map_err(|uncovered| Problem::Forbidden(uncovered.0))
}

/// What taking the pair from these accounts would do.
///
/// # Errors
/// As [`remove`].
pub fn preview_removal(reader: &mut impl Reader<RoleAssignmentEdit>, wanted: &Wanted, ids: &[String]) -> Result<Removal, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let actor = permit.person()?;
    let at = organizations::lineage(conn, &wanted.organization)?;
    let removal = removal(conn, actor, wanted, ids, now)?;
    may_withdraw(actor, wanted, &at, &removal)?;
    Ok(removal)
}

fn removal(conn: &mut Conn, actor: &crate::access::Actor, wanted: &Wanted, ids: &[String], now: Time) -> Result<Removal, Problem> {
    // Who holds it here is in sight of whoever may take it away, wherever their memberships lie.
    let mut accounts = accounts::by_ids(conn, &Reach::Everywhere, wanted.organization.store, ids)?;
    let held = held_directly(conn, wanted, &accounts, now)?;
    accounts.retain(|account| held.contains_key(&account.key));
    let until = held.values().copied().max_by_key(|ends| ends.map_or(i64::MAX, Time::micros)).flatten();
    let chosen: HashSet<&String> = ids.iter().collect();
    let keys: Vec<AccountKey> = accounts.iter().map(|account| account.key).collect();
    let still_inherited = inherited_from(conn, wanted, &keys, now)?.len();
    let above = above(conn, actor, &accounts, now)?.into_iter().map(|(account, above)| (account.title().to_owned(), above)).collect();
    Ok(Removal { gone: chosen.len() - accounts.len(), still_inherited, above, accounts, until })
}

/// A row as it was before it was taken away.
#[derive(Clone, Debug)]
pub(super) struct Former {
    pub account: String,
    pub period: Period,
    pub reason: String,
    pub given: Given,
    pub given_by: Option<String>,
    pub given_at: Time,
}

#[derive(QueryableByName)]
struct FormerRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    given: Given,
    #[diesel(sql_type = Nullable<Text>)]
    given_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    given_at: Time,
}

/// Takes the pair from these accounts, all or none (A-5, C-2). How many lost it by this act; those who did not
/// hold it any more count as done.
///
/// # Errors
/// [`Problem::Forbidden`] when the role is more than the person holds there, or an account holds more than they.
pub fn remove(tx: &mut Tx<RoleAssignmentEdit>, wanted: &Wanted, ids: &[String]) -> Result<(usize, String), Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let at = organizations::lineage(tx.conn(), &wanted.organization)?;
    let removal = removal(tx.conn(), &actor, wanted, ids, now)?;
    may_withdraw(&actor, wanted, &at, &removal)?;
    if let Some((name, above)) = removal.above.first() {
        return Err(Problem::Forbidden(format!("{name}: {}", above.reason())));
    }
    let keys = || removal.accounts.iter().map(|account| account.key.0);
    let mut sql = Sql::new(
        "SELECT a.id, ra.starts, ra.ends, ra.reason, ra.given, ra.given_by, ra.given_at FROM role_assignments ra JOIN accounts a ON a.key = ra.account WHERE ra.organization = ",
    );
    sql.bind(wanted.organization.key).push(" AND ra.role = ").bind(wanted.role.key).push(" AND ra.account IN ").list(keys());
    let former: Vec<serde_json::Value> = sql
        .load::<FormerRow>(tx.conn())?
        .into_iter()
        .map(|row| {
            json!({
                "account": row.id, "starts": row.starts.map(Time::rfc3339), "ends": row.ends.map(Time::rfc3339),
                "reason": row.reason, "given": row.given.word(), "given_by": row.given_by, "given_at": row.given_at.rfc3339(),
            })
        })
        .collect();
    let mut sql = Sql::new("DELETE FROM role_assignments WHERE organization = ");
    sql.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND account IN ").list(keys());
    let removed = sql.execute(tx.conn())?;
    let mut event = Event::done("role_assignment.remove")
        .on(Subject::of("organization", &wanted.organization.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .on(Subject::of("role", &wanted.role.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .with("organization", wanted.organization.name.as_str())
        .with("role", wanted.role.terms.name.as_str())
        .with("before", former);
    for account in &removal.accounts {
        event = event.on(Subject::of("account", &account.id).at(wanted.organization.key).in_store(wanted.organization.store));
    }
    let event = tx.record(event)?;
    Ok((removed, event))
}

/// How many of these accounts hold the pair just as it was given at that instant.
pub(super) fn given_at(tx: &mut Tx<RoleAssignmentEdit>, wanted: &Wanted, ids: &[String], at: Time) -> Result<usize, Problem> {
    let accounts = accounts::by_ids(tx.conn(), &Reach::Everywhere, wanted.organization.store, ids)?;
    let mut sql = Sql::new("SELECT count(*) AS n FROM role_assignments WHERE organization = ");
    sql.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND given_at = ").bind(at);
    sql.push(" AND given = 'hand' AND account IN ").list(accounts.iter().map(|account| account.key.0));
    Ok(sql.number(tx.conn())? as usize)
}

/// Gives back what was taken, row by row as it was; all or none, each judged now (W-3, C-1).
///
/// # Errors
/// [`Problem::Conflict`] when an account is gone or holds the pair again; [`Problem::Forbidden`] as [`add`].
pub(super) fn restore(tx: &mut Tx<RoleAssignmentEdit>, wanted: &Wanted, former: &[Former]) -> Result<usize, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let at = organizations::lineage(tx.conn(), &wanted.organization)?;
    let ids: Vec<String> = former.iter().map(|row| row.account.clone()).collect();
    let accounts = accounts::by_ids(tx.conn(), &Reach::Everywhere, wanted.organization.store, &ids)?;
    let mut there = Sql::new("SELECT count(*) AS n FROM role_assignments WHERE organization = ");
    there.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND account IN ");
    there.list(accounts.iter().map(|account| account.key.0));
    if accounts.len() != former.len() || there.number(tx.conn())? > 0 {
        return Err(Problem::Conflict("This can no longer be undone: somebody changed it since.".into()));
    }
    if let Some((account, above)) = above(tx.conn(), &actor, &accounts, now)?.first() {
        return Err(Problem::Forbidden(format!("{}: {}", account.title(), above.reason())));
    }
    let mut event = Event::done("role_assignment.add")
        .on(Subject::of("organization", &wanted.organization.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .on(Subject::of("role", &wanted.role.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .with("organization", wanted.organization.name.as_str())
        .with("role", wanted.role.terms.name.as_str())
        .with("rights", wanted.role.terms.rights.codes())
        .with("accounts", accounts.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>());
    for account in &accounts {
        let Some(row) = former.iter().find(|row| row.account == account.id) else { continue };
        confer::may_confer(&actor, wanted.role.terms.rights, &at, row.period.ends).map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
        use super::schema::role_assignments as ra;
        diesel::insert_into(ra::table)
            .values((
                (ra::organization.eq(wanted.organization.key), ra::role.eq(wanted.role.key), ra::account.eq(account.key)),
                (ra::starts.eq(row.period.starts), ra::ends.eq(row.period.ends), ra::reason.eq(&row.reason)),
                (ra::given.eq(row.given), ra::given_by.eq(&row.given_by), ra::given_at.eq(row.given_at)),
            ))
            .execute(tx.conn())?;
        event = event.on(Subject::of("account", &account.id).at(wanted.organization.key).in_store(wanted.organization.store));
    }
    tx.record(event)?;
    Ok(accounts.len())
}

/// Moves every assignment of a role that has not ended to another role, with its dates and reason. Where the account
/// holds that one at the organization already, the two become one that lasts as long as both together.
pub(super) fn move_all(conn: &mut Conn, from: RoleKey, to: RoleKey, by: &str, now: Time) -> Result<(), Problem> {
    let mut sql = Sql::new(
        "INSERT INTO role_assignments (organization, role, account, starts, ends, reason, given, given_by, given_at) SELECT ra.organization, ",
    );
    sql.bind(to).push(", ra.account, ra.starts, ra.ends, ra.reason, ").bind(Given::Hand.word()).push(", ").bind(by).push(", ").bind(now);
    sql.push(" FROM role_assignments ra WHERE ra.role = ").bind(from).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") ON CONFLICT (organization, role, account) DO UPDATE SET given = excluded.given, given_by = excluded.given_by, given_at = excluded.given_at");
    for (column, wider) in [("starts", "<"), ("ends", ">")] {
        // A row that has ended is not held: it is renewed. Without an instant there is no bound.
        sql.push(", ").push(column).push(" = CASE WHEN role_assignments.ends <= ").bind(now).push(" THEN excluded.").push(column);
        sql.push(" WHEN role_assignments.")
            .push(column)
            .push(" IS NULL OR excluded.")
            .push(column)
            .push(" IS NULL THEN NULL WHEN excluded.");
        sql.push(column).push(" ").push(wider).push(" role_assignments.").push(column).push(" THEN excluded.").push(column);
        sql.push(" ELSE role_assignments.").push(column).push(" END");
    }
    sql.push(", reason = CASE WHEN role_assignments.ends <= ").bind(now).push(" THEN excluded.reason ELSE role_assignments.reason END");
    sql.execute(conn)?;
    let mut sql = Sql::new("DELETE FROM role_assignments WHERE role = ");
    sql.bind(from);
    sql.execute(conn).map(|_| ())
}

/// Somebody through whom an organization is administered: for its page.
#[derive(Clone, Debug)]
pub struct OrgAdmin {
    /// The holder.
    pub holder: Holder,
    /// The role's id.
    pub role_id: String,
    /// The role's name.
    pub role: String,
}

/// Everybody who holds a role at the organization, here or above, up to 200; nearest first.
///
/// # Errors
/// What the database says.
pub fn org_admins(reader: &mut impl Reader<RoleAssignmentView>, organization: &Organization) -> Result<Vec<OrgAdmin>, Problem> {
    #[derive(QueryableByName)]
    struct AdminRow {
        #[diesel(embed)]
        holder: HolderRow,
        #[diesel(sql_type = Text)]
        role_id: String,
        #[diesel(sql_type = Text)]
        role: String,
        #[diesel(sql_type = Integer)]
        depth: i32,
        #[diesel(sql_type = Bool)]
        shown: bool,
    }
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(&holder_columns());
    sql.push(", r.id AS role_id, r.name AS role, c.depth, ").in_reach(permit.reach(), "c.descendant");
    sql.push(
        " AS shown FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor JOIN roles r ON r.key = ra.role \
         JOIN accounts a ON a.key = ra.account WHERE c.descendant = ",
    );
    sql.bind(organization.key).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") ORDER BY c.depth, r.name_sort, a.name_sort, a.key LIMIT 200");
    let rows: Vec<AdminRow> = sql.load::<AdminRow>(conn)?.into_iter().filter(|row| row.shown).collect();
    let paths = tree::paths(conn, rows.iter().map(|row| row.holder.organization).collect::<HashSet<_>>())?;
    let open = open_places(conn, permit.reach(), paths.keys().copied())?;
    let keys: Vec<AccountKey> = rows.iter().map(|row| row.holder.account.key).collect();
    let visible = accounts::visible(reader, &keys)?;
    Ok(rows
        .into_iter()
        .map(|AdminRow { holder: row, role_id, role, depth, .. }| OrgAdmin {
            holder: Holder {
                visible: visible.contains(&row.account.key),
                memberships: Vec::new(),
                from: (depth > 0).then(|| paths.get(&row.organization).and_then(|path| path.last().cloned())).flatten(),
                from_open: open.contains(&row.organization),
                period: Period { starts: row.starts, ends: row.ends },
                reason: row.reason,
                given: row.given,
                given_by: row.given_by,
                given_at: row.given_at,
                above: None,
                account: row.account,
            },
            role_id,
            role,
        })
        .collect())
}
