//! Administrators: who holds which administrator role where (screens.md 4.11).

use super::in_sight;
use crate::{
    access::{Actor, Administration, Ground},
    domain::{
        administrator_role::{Kind, ScopeReach},
        key::*,
        organization::Step,
        text,
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        conn::Conn,
        identity_stores::like,
        paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
        sql::Sql,
        transaction::Reader,
        tree,
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use std::collections::{HashMap, HashSet};

/// What narrows and orders the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name, e-mail or user name.
    pub q: String,
    /// Of this role, by id.
    pub role: String,
    /// With this scope, by id.
    pub scope: String,
    /// With a scope that this organization owns, by id.
    pub organization: String,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Only what may be handed on.
    pub cascading: bool,
    /// Only what ends before this instant.
    pub ends_before: Option<Time>,
    /// What has ended, instead of what is held.
    pub ended: bool,
    /// Only of accounts without a second factor that counts.
    pub factorless: bool,
    /// The order.
    pub sort: Sort,
}

/// How the list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    /// By the holder's name.
    #[default]
    Name,
    /// The same, reversed.
    NameDown,
    /// What ends first.
    Ends,
    /// The newest first.
    Given,
}

impl Sort {
    fn order(self) -> Order {
        let (column, descending) = match self {
            Self::Name => ("a.name_sort", false),
            Self::NameDown => ("a.name_sort", true),
            Self::Ends => (ENDS, false),
            Self::Given => ("g.given_at", true),
        };
        Order { column, key: "g.key", descending }
    }
}

/// What has no end comes last.
const ENDS: &str = "coalesce(g.ends, 9223372036854775807)";

/// A grant in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The grant.
    pub key: GrantKey,
    /// Its public id.
    pub id: String,
    /// Its version.
    pub rev: i32,
    /// The holder: key, for the colour of the picture.
    pub account: AccountKey,
    /// The holder's id.
    pub account_id: String,
    /// The holder's name, or main identifier without one.
    pub title: String,
    /// The holder's main identifier.
    pub identifier: String,
    /// The slug of the holder's store.
    pub store: String,
    /// When they signed in last.
    pub last_sign_in_at: Option<Time>,
    /// Whether they have a second factor that counts.
    pub factor: bool,
    /// The role: id, name, kind.
    pub role: (String, String, Kind),
    /// The scope, where there is one.
    pub scope: Option<ScopeOf>,
    /// Whether it may be handed on.
    pub cascading: bool,
    /// Its dates.
    pub period: Period,
    /// Why it was given.
    pub reason: String,
    /// By whom; none: by the system.
    pub given_by: Option<String>,
    /// When.
    pub given_at: Time,
    /// The grant it was made through (D-10).
    pub through: Option<GrantKey>,
}

/// The scope of a grant, as lists show it.
#[derive(Clone, Debug)]
pub struct ScopeOf {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How far it goes.
    pub reach: ScopeReach,
    /// The owner's key.
    pub owner: OrganizationKey,
    /// The owner's id.
    pub owner_id: String,
    /// The slug of the owner's store.
    pub store: String,
    /// From the top to the owner.
    pub path: Vec<Step>,
}

impl ScopeOf {
    /// Where it holds, in words.
    pub fn place(&self) -> String {
        self.reach.at(self.path.last().map_or("root", |step| step.name.as_str()))
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: GrantKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Integer)]
    rev: i32,
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = Text)]
    account_id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    name_sort: String,
    #[diesel(sql_type = Text)]
    identifier: String,
    #[diesel(sql_type = Text)]
    store: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_sign_in_at: Option<Time>,
    #[diesel(sql_type = Bool)]
    factor: bool,
    #[diesel(sql_type = Text)]
    role_id: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    kind: Kind,
    #[diesel(sql_type = Nullable<Text>)]
    scope_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    scope: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reach: Option<ScopeReach>,
    #[diesel(sql_type = Nullable<BigInt>)]
    owner: Option<OrganizationKey>,
    #[diesel(sql_type = Nullable<Text>)]
    owner_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    owner_store: Option<String>,
    #[diesel(sql_type = Bool)]
    cascading: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Nullable<Text>)]
    given_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    given_at: Time,
    #[diesel(sql_type = Nullable<BigInt>)]
    through: Option<GrantKey>,
}

impl Placed for Row {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            "g.given_at" => Sorted::Int(self.given_at.micros()),
            ENDS => Sorted::Int(self.ends.map_or(i64::MAX, Time::micros)),
            _ => Sorted::Text(self.name_sort.clone()),
        };
        Cursor(sorted, self.key.0)
    }
}

const COLUMNS: &str = "SELECT g.key, g.id, g.rev, g.account, a.id AS account_id, a.name, a.name_sort, \
     coalesce(a.email, a.username, '') AS identifier, st.slug AS store, a.last_sign_in_at, \
     EXISTS (SELECT 1 FROM authenticators f WHERE f.account = g.account AND f.confirmed_at IS NOT NULL) AS factor, r.id AS role_id, r.name AS role, r.kind, \
     s.id AS scope_id, s.name AS scope, s.reach, s.organization AS owner, o.id AS owner_id, os.slug AS owner_store, \
     g.cascading, g.starts, g.ends, g.reason, g.given_by, g.given_at, g.through ";

const FROM: &str = "FROM grants g JOIN accounts a ON a.key = g.account JOIN identity_stores st ON st.key = a.store \
     JOIN administrator_roles r ON r.key = g.role LEFT JOIN scopes s ON s.key = g.scope \
     LEFT JOIN organizations o ON o.key = s.organization LEFT JOIN identity_stores os ON os.key = o.store WHERE TRUE";

type Paths = HashMap<OrganizationKey, Vec<Step>>;

fn owners(conn: &mut Conn, rows: &[Row]) -> Result<Paths, Problem> {
    tree::paths(conn, rows.iter().filter_map(|row| row.owner).collect::<HashSet<_>>())
}

fn listed(row: Row, paths: &Paths) -> Listed {
    let scope = match (row.scope_id, row.scope, row.reach, row.owner, row.owner_id, row.owner_store) {
        (Some(id), Some(name), Some(reach), Some(owner), Some(owner_id), Some(store)) => {
            Some(ScopeOf { id, name, reach, owner, owner_id, store, path: paths.get(&owner).cloned().unwrap_or_default() })
        }
        _ => None,
    };
    Listed {
        key: row.key,
        id: row.id,
        rev: row.rev,
        account: row.account,
        account_id: row.account_id,
        title: if row.name.is_empty() { row.identifier.clone() } else { row.name },
        identifier: row.identifier,
        store: row.store,
        last_sign_in_at: row.last_sign_in_at,
        factor: row.factor,
        role: (row.role_id, row.role, row.kind),
        scope,
        cascading: row.cascading,
        period: Period { starts: row.starts, ends: row.ends },
        reason: row.reason,
        given_by: row.given_by,
        given_at: row.given_at,
        through: row.through,
    }
}

/// The grants that the reader may know of.
///
/// # Errors
/// What the database says.
pub fn list(reader: &mut impl Reader<Administration>, filter: &Filter, paging: &Paging) -> Result<Slice<Listed>, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let mut from = Sql::new(FROM);
    in_sight(&mut from, &actor);
    from.push(if filter.ended { " AND g.ends <= " } else { " AND (g.ends IS NULL OR g.ends > " }).bind(now);
    if !filter.ended {
        from.push(")");
    }
    if !filter.q.is_empty() {
        let part = format!("%{}%", like(&text::search(&filter.q)));
        from.push(" AND a.search LIKE ").bind(part).push(" ESCAPE '\\'");
    }
    for (column, wanted) in [("r.id", &filter.role), ("s.id", &filter.scope), ("o.id", &filter.organization)] {
        if !wanted.is_empty() {
            from.push(" AND ").push(column).push(" = ").bind(wanted.as_str());
        }
    }
    if let Some(kind) = filter.kind {
        from.push(" AND r.kind = ").bind(kind.word());
    }
    if filter.cascading {
        from.push(" AND g.cascading");
    }
    if let Some(before) = filter.ends_before {
        from.push(" AND g.ends < ").bind(before);
    }
    if filter.factorless {
        from.push(FACTORLESS);
    }
    let rows = paging::slice::<Row>(conn, COLUMNS, &from, filter.sort.order(), paging)?;
    let paths = owners(conn, &rows.rows)?;
    Ok(rows.map(|row| listed(row, &paths)))
}

/// I-4: whoever has not confirmed one has none.
const FACTORLESS: &str = " AND NOT EXISTS (SELECT 1 FROM authenticators f WHERE f.account = g.account AND f.confirmed_at IS NOT NULL)";

/// How many administrators that the reader may know of have no second factor, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn without_factor(reader: &mut impl Reader<Administration>) -> Result<paging::Total, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let mut held = Sql::new(FROM);
    in_sight(&mut held, &actor);
    held.push(" AND (g.ends IS NULL OR g.ends > ").bind(now).push(")").push(FACTORLESS);
    let mut from = Sql::new("FROM (SELECT DISTINCT g.account ");
    from.append(&held).push(") d");
    paging::total(reader.conn(), &from)
}

fn some(conn: &mut Conn, from: &Sql) -> Result<Vec<Listed>, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.append(from).push(" ORDER BY g.key");
    let rows: Vec<Row> = sql.load(conn)?;
    let paths = owners(conn, &rows)?;
    Ok(rows.into_iter().map(|row| listed(row, &paths)).collect())
}

/// Every grant of an account that the reader may know of, those that ended too.
///
/// # Errors
/// What the database says.
pub fn of_account(reader: &mut impl Reader<Administration>, account: &str) -> Result<Vec<Listed>, Problem> {
    let actor = reader.permit().person()?.clone();
    let mut from = Sql::new(FROM);
    from.push(" AND a.id = ").bind(account);
    in_sight(&mut from, &actor);
    some(reader.conn(), &from)
}

/// A grant that the reader may know of, by id.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, id: &str) -> Result<Listed, Problem> {
    let actor = reader.permit().person()?.clone();
    seen(reader.conn(), &actor, id)
}

pub(super) fn seen(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Listed, Problem> {
    let mut from = Sql::new(FROM);
    from.push(" AND g.id = ").bind(id);
    in_sight(&mut from, actor);
    some(conn, &from)?.pop().ok_or(Problem::NotFound)
}

/// The grants above one, the nearest first (D-10); those that the reader may not know of as nothing.
///
/// # Errors
/// What the database says.
pub fn above(reader: &mut impl Reader<Administration>, grant: &Listed) -> Result<Vec<Option<Listed>>, Problem> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        key: GrantKey,
    }
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let mut sql = Sql::new("WITH RECURSIVE up (key, through, level) AS (SELECT u.key, u.through, 0 FROM grants u WHERE u.key = ");
    sql.bind(grant.key.0).push(
        " UNION ALL SELECT u.key, u.through, up.level + 1 FROM up JOIN grants u ON u.key = up.through WHERE up.level < 1000) \
         SELECT key FROM up WHERE level > 0 ORDER BY level",
    );
    let chain: Vec<GrantKey> = sql.load::<Key>(conn)?.into_iter().map(|row| row.key).collect();
    let mut seen = seen_of(conn, &actor, chain.iter().copied())?;
    Ok(chain.into_iter().map(|key| seen.remove(&key)).collect())
}

/// Those of these grants that the person may know of.
pub(in crate::store) fn seen_of(
    conn: &mut Conn,
    actor: &Actor,
    keys: impl IntoIterator<Item = GrantKey>,
) -> Result<HashMap<GrantKey, Listed>, Problem> {
    let mut from = Sql::new(FROM);
    from.push(" AND g.key IN ").list(keys.into_iter().map(|key| key.0));
    in_sight(&mut from, actor);
    Ok(some(conn, &from)?.into_iter().map(|grant| (grant.key, grant)).collect())
}
