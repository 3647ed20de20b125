//! Accounts: lists, the picker's candidates and the detail page. Only what lies in the reader's reach of
//! `user.view` is found (P-3).

mod change;
mod filter;
mod memberships;
mod status;
mod together;

pub use change::{Act, Acts, Edited, MemberActs, Saved, acts, add, edit_profile, member_acts, set_groups};
pub(super) use change::{Born, create, edited as edited_of, enroll, free};
pub(super) use filter::{Sight, Way};
pub use memberships::{EndsToo, Switched, block, held_below, join, leave, membership_status};
pub use status::{Changed, GoesToo, delete, end_sessions, goes_too, may_delete, set_enabled};
pub use together::{Together, end_sessions_of, together};

use super::{
    conn::Conn,
    kept::{Fresh, Path},
    paging::{self, Cursor, EXACT, Order, Paging, Placed, Slice, Sorted, Total},
    reached::{self, Reached},
    sql::Sql,
    transaction::Reader,
    tree,
};
use crate::{
    access::{Ground, InConsole, Permit, Reach, Side},
    domain::{
        account::{MembershipStatus, Status},
        attribute,
        key::*,
        organization::{Organization, Step, path_text},
        permissions::UserView,
        role_assignment::Given,
        text,
        time::{Period, Time},
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// An account as lists show it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Account {
    /// Key inside.
    #[diesel(sql_type = BigInt)]
    pub key: AccountKey,
    /// Public id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its folded form.
    #[diesel(sql_type = Text)]
    name_sort: String,
    /// E-mail identifier.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// User name identifier.
    #[diesel(sql_type = Nullable<Text>)]
    pub username: Option<String>,
    /// Authentication status.
    #[diesel(sql_type = Text)]
    pub status: Status,
    /// Password sign-ins are refused until then.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub locked_until: Option<Time>,
    /// Last sign-in.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_sign_in_at: Option<Time>,
}

impl Account {
    /// Name, or the main identifier without one.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { self.identifier() } else { &self.name }
    }

    /// The same, for who may not see what it signs in by.
    fn without_identifiers(self) -> Self {
        let name = if self.name.is_empty() { "Account without a name".to_owned() } else { self.name };
        Self { name, email: None, username: None, ..self }
    }

    /// The main identifier.
    pub fn identifier(&self) -> &str {
        self.email.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }

    /// Until when password sign-ins are refused, while they are.
    pub fn locked(&self, now: Time) -> Option<Time> {
        self.locked_until.filter(|until| *until > now)
    }
}

pub(super) const COLUMNS: &str =
    "SELECT a.key, a.id, a.name, a.name_sort, a.email, a.username, a.status, a.locked_until, a.last_sign_in_at";

impl Placed for Account {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            LAST => Sorted::Int(self.last_sign_in_at.map_or(0, Time::micros)),
            "a.key" | "s.rowid" => Sorted::Int(self.key.0),
            _ => Sorted::Text(self.name_sort.clone()),
        };
        Cursor(sorted, self.key.0)
    }
}

const LAST: &str = "coalesce(a.last_sign_in_at, 0)";

/// How lists of accounts are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// By name, reversed.
    NameDown,
    /// Longest away first.
    Last,
    /// Latest first.
    LastDown,
}

impl Sort {
    /// From the word in the address.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "name" => Self::Name,
            "-name" => Self::NameDown,
            "last" => Self::Last,
            "-last" => Self::LastDown,
            _ => return None,
        })
    }

    /// The word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameDown => "-name",
            Self::Last => "last",
            Self::LastDown => "-last",
        }
    }

    pub(super) const fn order(self) -> Order {
        let column = match self {
            Self::Name | Self::NameDown => "a.name_sort",
            Self::Last | Self::LastDown => LAST,
        };
        Order { column, key: "a.key", descending: matches!(self, Self::NameDown | Self::LastDown) }
    }
}

/// Filters that lists and the picker share; as they stand in addresses and, frozen, in drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Part of a name, e-mail or user name.
    pub q: String,
    /// `active`, `invited`, `locked` or `disabled`.
    pub authn: String,
    /// `active` or `blocked`: of any membership in sight; `none`: without a membership.
    pub authz: String,
    /// `inside`, `outside` or `none`: against the organization of the pair (the picker).
    pub member: String,
    /// Whether the search looks at names alone: for who may not see what accounts sign in by.
    pub names_only: bool,
    /// The id of a role that is held now, where the reader sees it.
    pub role: String,
    /// `yes`, `no` or `revoked`: verified by hand (P-7).
    pub verified: String,
    /// `none`: without a second factor that counts (P-6).
    pub factor: String,
    /// Made from this instant on.
    pub from: Option<Time>,
    /// Made before this instant.
    pub to: Option<Time>,
    /// Members of the organization with this key, and with the flag of any below it: what is selected of such a list.
    pub within: Option<(i64, bool)>,
}

impl Filter {
    /// Whether anything narrows the list.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn add(&self, conn: &Conn, from: &mut Sql, sight: &Sight, now: Time, pair: Option<OrganizationKey>) {
        self.add_search(conn, from);
        self.add_rest(from, sight, now, pair);
    }

    /// Everything but the search.
    pub(super) fn add_rest(&self, from: &mut Sql, sight: &Sight, now: Time, pair: Option<OrganizationKey>) {
        self.add_further(from, sight, now);
        match self.authn.as_str() {
            "locked" => {
                from.push(" AND a.status = 'active' AND a.locked_until > ").bind(now);
            }
            "active" => {
                from.push(" AND a.status = 'active' AND (a.locked_until IS NULL OR a.locked_until <= ").bind(now).push(")");
            }
            word if Status::from_word(word).is_some() => {
                from.push(" AND a.status = ").bind(word);
            }
            _ => {}
        }
        match self.authz.as_str() {
            "none" => {
                from.push(" AND NOT EXISTS (SELECT 1 FROM memberships fm WHERE fm.account = a.key)");
            }
            word if MembershipStatus::from_word(word).is_some() => {
                from.push(" AND EXISTS (SELECT 1 FROM memberships fm WHERE fm.account = a.key AND fm.status = ").bind(word);
                from.push(" AND ").in_reach(sight.reach, "fm.organization").push(")");
            }
            _ => {}
        }
        let Some(pair) = pair else { return };
        const INSIDE: &str = "EXISTS (SELECT 1 FROM memberships pm JOIN organization_closure pc ON pc.descendant = pm.organization WHERE pm.account = a.key AND pc.ancestor = ";
        match self.member.as_str() {
            "inside" => {
                from.push(" AND ").push(INSIDE).bind(pair).push(")");
            }
            "outside" => {
                from.push(" AND EXISTS (SELECT 1 FROM memberships om WHERE om.account = a.key) AND NOT ").push(INSIDE).bind(pair).push(")");
            }
            "none" => {
                from.push(" AND NOT EXISTS (SELECT 1 FROM memberships om WHERE om.account = a.key)");
            }
            _ => {}
        }
    }

    /// The accounts that a search finds by an index, some of them more than once: of up to two letters in this store; of
    /// more, on SQLite, in any store. PostgreSQL plans that by itself.
    pub(super) fn hits(&self, conn: &Conn, store: StoreKey) -> Option<Sql> {
        let q = text::search(&self.q);
        if q.is_empty() || self.names_only {
            return None;
        }
        if text::length(&q) < 3 {
            let end = format!("{q}\u{10FFFF}");
            let mut sql = Sql::new("SELECT key AS account FROM accounts WHERE store = ");
            sql.bind(store).push(" AND name_sort >= ").bind(q.as_str()).push(" AND name_sort < ").bind(end.as_str());
            sql.push(" UNION ALL SELECT account FROM identifiers WHERE store = ").bind(store);
            sql.push(" AND folded >= ").bind(q.as_str()).push(" AND folded < ").bind(end.as_str());
            return Some(sql);
        }
        matches!(conn, Conn::Sqlite(_)).then(|| {
            let mut sql = Sql::new("SELECT rowid AS account FROM account_search WHERE account_search MATCH ");
            sql.bind(phrase(&q));
            sql
        })
    }

    /// The same for more than can be sorted, in the order of finding: read as far as a page goes; conditions on `a` follow.
    pub(super) fn found(&self, conn: &mut Conn, store: StoreKey) -> Result<Option<(Sql, Order)>, Problem> {
        let q = text::search(&self.q);
        let mut sql = Sql::default();
        if text::length(&q) >= 3 {
            sql.push("FROM account_search s CROSS JOIN accounts a ON a.key = s.rowid WHERE s.search MATCH ").bind(phrase(&q));
            sql.push(" AND a.store = ").bind(store);
            let order = Order { column: "s.rowid", key: "s.rowid", descending: false };
            return Ok(matches!(conn, Conn::Sqlite(_)).then_some((sql, order)));
        }
        // By name, where the names alone are too many; otherwise names first and then identifiers, up to the limit.
        let named = |sql: &mut Sql| {
            sql.push("FROM accounts a WHERE a.store = ").bind(store).push(" AND a.name_sort >= ").bind(q.as_str());
            sql.push(" AND a.name_sort < ").bind(format!("{q}\u{10FFFF}"));
        };
        named(&mut sql);
        if paging::total(conn, &sql)?.exact
            && let Some(hits) = self.hits(conn, store)
        {
            sql = Sql::new("FROM (SELECT DISTINCT account FROM (");
            sql.append(&hits)
                .push(&format!(" LIMIT {EXACT}) found) reached CROSS JOIN accounts a WHERE a.key = reached.account AND a.store = "));
            sql.bind(store);
        }
        Ok(Some((sql, Sort::Name.order())))
    }

    /// One or two letters match starts of names and identifiers; more match anywhere (quality.md).
    pub(super) fn add_search(&self, conn: &Conn, from: &mut Sql) {
        let q = text::search(&self.q);
        if q.is_empty() {
            return;
        }
        if self.names_only {
            let part = format!("%{}%", super::identity_stores::like(&q));
            from.push(" AND a.name_sort LIKE ").bind(part).push(" ESCAPE '\\'");
            return;
        }
        if text::length(&q) < 3 {
            let end = format!("{q}\u{10FFFF}");
            from.push(" AND (a.name_sort >= ").bind(q.as_str()).push(" AND a.name_sort < ").bind(end.as_str());
            from.push(" OR EXISTS (SELECT 1 FROM identifiers i WHERE i.account = a.key AND i.folded >= ");
            from.bind(q.as_str()).push(" AND i.folded < ").bind(end.as_str()).push("))");
            return;
        }
        match conn {
            Conn::Sqlite(_) => from.push(" AND instr(a.search, ").bind(q).push(") > 0"),
            // How to go about it hangs on how often the letters occur.
            Conn::Postgres(_) => from.push(" AND a.search LIKE ").bind(format!("%{}%", super::identity_stores::like(&q))).single(),
        };
    }
}

/// A text as one phrase of the index of SQLite.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A membership as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization's id; none where the reader may not open it.
    pub organization_id: String,
    /// From the top to the organization.
    pub path: Path,
    /// Authorization status.
    pub status: MembershipStatus,
    /// Whether the organization and all above it are active.
    pub effectively_active: bool,
    /// Since when.
    pub since: Time,
}

impl Membership {
    /// The organization's name.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", |step| &step.name)
    }

    /// Whether it is blocked (S-4).
    pub fn is_blocked(&self) -> bool {
        self.status == MembershipStatus::Blocked
    }

    /// The path above it.
    pub fn above(&self) -> String {
        path_text(self.path.split_last().map_or(&[], |(_, above)| above))
    }
}

/// An account in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The account.
    pub account: Account,
    /// Its memberships in the reader's reach, by path.
    pub memberships: Vec<Membership>,
    /// The names of the roles it holds, in reach.
    pub roles: Vec<String>,
}

/// The accounts of a store in reach. In the portal without identifiers and roles, but for the identifiers that the reader
/// may see (rights.md A).
///
/// # Errors
/// What the database says.
pub fn list<S: Side>(
    reader: &mut impl Reader<S::See>,
    store: StoreKey,
    filter: &Filter,
    at: Option<(&Organization, bool)>,
    sort: Sort,
    paging: &Paging,
) -> Result<Slice<Listed>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = Sight::of::<S>(permit);
    let at = at.map(|(organization, below)| (organization.key, below));
    let reached = reached::of_store(conn, &fresh, store, &sight, at, filter, now)?.narrowed(conn, filter, &sight, now, None);
    listed::<S>(conn, &fresh, permit, &reached, sort, paging, now)
}

/// A page of what was found, with what lists show of it.
pub(super) fn listed<S: Side>(
    conn: &mut Conn,
    fresh: &Fresh,
    permit: &Permit<S::See>,
    reached: &Reached,
    sort: Sort,
    paging: &Paging,
    now: Time,
) -> Result<Slice<Listed>, Problem> {
    let reach = permit.reach();
    let slice = reached.slice(conn, fresh, sort, paging, |conn| reached.total(conn, fresh))?;
    let keys: Vec<AccountKey> = slice.rows.iter().map(|account| account.key).collect();
    let mut memberships = memberships_of(conn, fresh, reach, &keys)?;
    let (mut roles, named) = if S::PORTAL {
        (HashMap::new(), identified::<S, _>(conn, permit, &keys)?)
    } else {
        (role_names(conn, reach, &keys, now)?, HashSet::new())
    };
    Ok(slice.map(|account| Listed {
        memberships: memberships.remove(&account.key).unwrap_or_default(),
        roles: roles.remove(&account.key).unwrap_or_default(),
        account: if S::PORTAL && !named.contains(&account.key) { account.without_identifiers() } else { account },
    }))
}

/// Whether the person may see the identifiers of an account that was found.
///
/// # Errors
/// What the database says.
pub fn sees_identifiers<S: Side, G: Ground>(reader: &mut impl Reader<G>, account: &Account) -> Result<bool, Problem> {
    let (conn, permit) = reader.parts();
    Ok(!S::PORTAL || !identified::<S, G>(conn, permit, &[account.key])?.is_empty())
}

/// Those of the accounts whose identifiers the person may see on that side.
fn identified<S: Side, G: Ground>(conn: &mut Conn, permit: &Permit<G>, of: &[AccountKey]) -> Result<HashSet<AccountKey>, Problem> {
    match permit.actor().and_then(|actor| S::SeeIdentifiers::reach(actor)) {
        Some(reach) => in_reach(conn, &reach, of),
        None => Ok(HashSet::new()),
    }
}

#[derive(QueryableByName)]
struct MembershipRow {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    status: MembershipStatus,
    #[diesel(sql_type = Bool)]
    inactive: bool,
    #[diesel(sql_type = BigInt)]
    created_at: Time,
}

/// The memberships of these accounts in reach, each list by path: two queries, or one where the paths are kept.
pub(super) fn memberships_of(
    conn: &mut Conn,
    fresh: &Fresh,
    reach: &Reach,
    of: &[AccountKey],
) -> Result<HashMap<AccountKey, Vec<Membership>>, Problem> {
    let mut sql = Sql::new(
        "SELECT m.account, m.organization, o.id, m.status, m.created_at, \
         EXISTS (SELECT 1 FROM organization_closure x JOIN organizations xo ON xo.key = x.ancestor WHERE x.descendant = o.key AND NOT xo.active) AS inactive \
         FROM memberships m JOIN organizations o ON o.key = m.organization WHERE m.account IN ",
    );
    sql.list(of.iter().map(|key| key.0)).push(" AND ").in_reach(reach, "m.organization");
    let rows: Vec<MembershipRow> = sql.load(conn)?;
    let paths = tree::kept_paths(conn, fresh, rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let mut found: HashMap<AccountKey, Vec<Membership>> = HashMap::new();
    for row in rows {
        found.entry(row.account).or_default().push(Membership {
            organization_id: row.id,
            path: paths.get(&row.organization).cloned().unwrap_or_default(),
            status: row.status,
            effectively_active: !row.inactive,
            since: row.created_at,
        });
    }
    for list in found.values_mut() {
        list.sort_by_cached_key(|membership| text::search(&path_text(&membership.path)));
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct RoleName {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = Text)]
    name: String,
}

fn role_names(conn: &mut Conn, reach: &Reach, of: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Vec<String>>, Problem> {
    let mut sql = Sql::new(
        "SELECT DISTINCT ra.account, r.name, r.name_sort FROM role_assignments ra JOIN roles r ON r.key = ra.role WHERE (ra.ends IS NULL OR ra.ends > ",
    );
    sql.bind(now).push(") AND ra.account IN ").list(of.iter().map(|key| key.0)).push(" AND ").in_reach(reach, "ra.organization");
    sql.push(" ORDER BY ra.account, r.name_sort");
    let mut found: HashMap<AccountKey, Vec<String>> = HashMap::new();
    for row in sql.load::<RoleName>(conn)? {
        found.entry(row.account).or_default().push(row.name);
    }
    Ok(found)
}

/// The accounts of a store with these ids that lie in reach; what is missing does not exist for the reader.
pub(super) fn by_ids(conn: &mut Conn, reach: &Reach, store: StoreKey, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let mut found = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new(COLUMNS);
        // The + keeps SQLite from walking through the names of the whole store.
        sql.push(" FROM accounts a WHERE +a.store = ").bind(store).push(" AND ").account_in_reach(reach, "a.key").push(" AND a.id IN ");
        sql.values(ids.iter().map(String::as_str)).push(" ORDER BY a.name_sort, a.key");
        found.extend(sql.load::<Account>(conn)?);
    }
    Ok(found)
}

/// The accounts with these keys, wherever they are.
pub(super) fn by_keys(conn: &mut Conn, keys: &[AccountKey]) -> Result<Vec<Account>, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM accounts a WHERE a.key IN ").list(keys.iter().map(|key| key.0));
    sql.load(conn)
}

/// Those of the ids that lie in reach, whatever their store, in the order of their names.
pub(super) fn by_ids_anywhere(conn: &mut Conn, reach: &Reach, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let mut found: Vec<Account> = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" FROM accounts a WHERE ").account_in_reach(reach, "a.key").push(" AND a.id IN (NULL");
        for id in ids {
            sql.push(", ").bind(id.as_str());
        }
        sql.push(")");
        found.extend(sql.load::<Account>(conn)?);
    }
    found.sort_by(|a, b| (&a.name_sort, a.key).cmp(&(&b.name_sort, b.key)));
    found.dedup_by_key(|account| account.key);
    Ok(found)
}

/// Which of these accounts lie in the reach.
pub(super) fn in_reach(conn: &mut Conn, reach: &Reach, of: &[AccountKey]) -> Result<HashSet<AccountKey>, Problem> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        key: AccountKey,
    }
    let mut found = HashSet::new();
    for keys in of.chunks(10_000) {
        let mut sql = Sql::new("SELECT a.key FROM accounts a WHERE ");
        sql.account_in_reach(reach, "a.key").push(" AND a.key IN ").list(keys.iter().map(|key| key.0));
        found.extend(sql.load::<Key>(conn)?.into_iter().map(|row| row.key));
    }
    Ok(found)
}

/// One account in reach.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Account, Problem> {
    let (conn, permit) = reader.parts();
    by_ids(conn, permit.reach(), store, &[id.to_owned()])?.pop().ok_or(Problem::NotFound)
}

/// Those of the ids that lie in reach, whatever their store, by name.
///
/// # Errors
/// What the database says.
pub fn some(reader: &mut impl Reader<UserView>, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let (conn, permit) = reader.parts();
    by_ids_anywhere(conn, permit.reach(), ids)
}

/// Those of these accounts that are in reach, by name.
///
/// # Errors
/// What the database says.
pub fn these(reader: &mut impl Reader<UserView>, store: StoreKey, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let (conn, permit) = reader.parts();
    by_ids(conn, permit.reach(), store, ids)
}

/// Which of these accounts the person may look at: those without the permission may look at none.
///
/// # Errors
/// What the database says.
pub fn visible<G: Ground>(reader: &mut impl Reader<G>, of: &[AccountKey]) -> Result<HashSet<AccountKey>, Problem> {
    use crate::domain::permissions::Permission;
    let (conn, permit) = reader.parts();
    match permit.actor().and_then(|actor| actor.reach_of(&UserView::LEAF)) {
        Some(reach) => in_reach(conn, &reach, of),
        None => Ok(HashSet::new()),
    }
}

/// A role that an account holds, as its page shows it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Held {
    /// The role's id.
    #[diesel(sql_type = Text)]
    pub role_id: String,
    /// The role's name.
    #[diesel(sql_type = Text)]
    pub role: String,
    /// The organization's key.
    #[diesel(sql_type = BigInt)]
    pub organization: OrganizationKey,
    /// The organization's id.
    #[diesel(sql_type = Text)]
    pub organization_id: String,
    /// First instant.
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    /// First instant after.
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// How it came about.
    #[diesel(sql_type = Text)]
    pub given: Given,
    /// By whom.
    #[diesel(sql_type = Nullable<Text>)]
    pub given_by: Option<String>,
    /// When.
    #[diesel(sql_type = BigInt)]
    pub given_at: Time,
}

impl Held {
    /// Its dates.
    pub fn period(&self) -> Period {
        Period { starts: self.starts, ends: self.ends }
    }
}

/// What an account's page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The account.
    pub account: Account,
    /// Profile attributes: label and value, in the order of the schema; all of them (S-2: the console shows all).
    pub attributes: Vec<(String, String)>,
    /// The names of its groups.
    pub groups: Vec<String>,
    /// Its memberships in reach.
    pub memberships: Vec<Membership>,
    /// How many memberships lie outside reach.
    pub outside: i64,
    /// The roles it holds in reach, each with its organization's path.
    pub roles: Vec<(Held, Vec<Step>)>,
    /// When it was made.
    pub created_at: Time,
    /// Whether a password is set.
    pub has_password: bool,
}

/// An account's page. In the portal with the attributes that are for it (S-2), without roles, and without identifiers where
/// the reader may not see them.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn detail<S: Side>(reader: &mut impl Reader<S::See>, store: StoreKey, id: &str) -> Result<Detail, Problem> {
    #[derive(QueryableByName)]
    struct More {
        #[diesel(sql_type = Text)]
        attributes: String,
        #[diesel(sql_type = BigInt)]
        created_at: Time,
        #[diesel(sql_type = Bool)]
        has_password: bool,
        #[diesel(sql_type = BigInt)]
        memberships: i64,
    }
    let account = find(reader, store, id)?;
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let reach = permit.reach();
    let mut sql = Sql::new(
        "SELECT a.attributes, a.created_at, a.password_hash IS NOT NULL AS has_password, \
         (SELECT count(*) FROM memberships m WHERE m.account = a.key) AS memberships FROM accounts a WHERE a.key = ",
    );
    sql.bind(account.key);
    let more = sql.load::<More>(conn)?.pop().ok_or(Problem::NotFound)?;
    let values: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&more.attributes).map_err(Problem::internal)?;
    let attributes = super::identity_stores::attributes(conn, store)?
        .into_iter()
        .filter(|attribute| !S::PORTAL || attribute.portal_visible)
        .map(|attribute| {
            let value = attribute::shown(values.get(&attribute.name));
            (attribute.label, value)
        })
        .collect();
    let groups = groups_of(conn, account.key)?;
    let memberships = memberships_of(conn, &fresh, reach, &[account.key])?.remove(&account.key).unwrap_or_default();
    let roles = if S::PORTAL { Vec::new() } else { held(conn, reach, account.key, now)? };
    let account = match S::PORTAL && identified::<S, _>(conn, permit, &[account.key])?.is_empty() {
        true => account.without_identifiers(),
        false => account,
    };
    Ok(Detail {
        attributes,
        groups,
        outside: more.memberships - memberships.len() as i64,
        memberships,
        roles,
        created_at: more.created_at,
        has_password: more.has_password,
        account,
    })
}

/// The names of an account's groups.
fn groups_of(conn: &mut Conn, account: AccountKey) -> Result<Vec<String>, Problem> {
    #[derive(QueryableByName)]
    struct Group {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql =
        Sql::new("SELECT g.name FROM account_group_members m JOIN account_groups g ON g.key = m.account_group WHERE m.account = ");
    sql.bind(account).push(" ORDER BY g.name_folded");
    Ok(sql.load::<Group>(conn)?.into_iter().map(|row| row.name).collect())
}

fn held(conn: &mut Conn, reach: &Reach, account: AccountKey, now: Time) -> Result<Vec<(Held, Vec<Step>)>, Problem> {
    let mut sql = Sql::new(
        "SELECT r.id AS role_id, r.name AS role, o.key AS organization, o.id AS organization_id, ra.starts, ra.ends, ra.reason, ra.given, ra.given_by, ra.given_at \
         FROM role_assignments ra JOIN roles r ON r.key = ra.role JOIN organizations o ON o.key = ra.organization WHERE (ra.ends IS NULL OR ra.ends > ",
    );
    sql.bind(now)
        .push(") AND ra.account = ")
        .bind(account)
        .push(" AND ")
        .in_reach(reach, "ra.organization")
        .push(" ORDER BY r.name_sort, o.name_sort, o.key LIMIT 200");
    let rows: Vec<Held> = sql.load(conn)?;
    let paths = tree::paths(conn, rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let path = paths.get(&row.organization).cloned().unwrap_or_default();
            (row, path)
        })
        .collect())
}

/// How many accounts of the store lie in reach, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn count(reader: &mut impl Reader<UserView>, store: StoreKey) -> Result<Total, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    reached::of_store(conn, &fresh, store, &Sight::of::<InConsole>(permit), None, &Filter::default(), now)?.total(conn, &fresh)
}

/// How many accounts a store has, by the count that is kept.
pub(super) fn all_of(conn: &mut Conn, fresh: &Fresh, store: StoreKey) -> Result<Total, Problem> {
    let mut sql = Sql::new("SELECT accounts AS n FROM identity_stores WHERE key = ");
    sql.bind(store);
    fresh.ask(sql, |sql| sql.number(conn)).map(Total::exactly)
}

/// An account with what its forms edit, in reach.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn edited<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Edited, Problem> {
    let now = reader.now();
    let account = find(reader, store, id)?;
    change::edited(reader.conn(), account, now)
}

/// How many accounts of the store in reach are locked now, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn locked(reader: &mut impl Reader<UserView>, store: StoreKey) -> Result<Total, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut from = Sql::new("FROM accounts a WHERE a.locked_until > ");
    from.bind(now).push(" AND a.status = 'active' AND a.store = ").bind(store).push(" AND ").account_in_reach(permit.reach(), "a.key");
    paging::total(conn, &from)
}
