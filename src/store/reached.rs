//! Accounts in reach, cheaply for every reader (quality.md): whoever reaches few gets theirs gathered and sorted, whoever
//! reaches many gets the index of names walked, and a count up to a limit says which it is.
//! What a search or a filter finds is gathered likewise where it is little; where a search finds more, it stands in the order
//! of finding.

use super::{
    accounts::{self, Account, Filter, Sight, Sort, Way},
    conn::Conn,
    kept::Fresh,
    paging::{self, Cursor, EXACT, Order, Paging, Placed, Slice, Sorted, Total},
    sql::Sql,
    tree,
};
use crate::{
    access::{Area, Bound, Reach},
    domain::{
        key::{AccountKey, OrganizationKey, StoreKey},
        time::Time,
    },
    problem::Problem,
};
use diesel::{QueryableByName, sql_types::BigInt};
use std::{collections::HashMap, sync::Arc};

/// Two ways to the same accounts of a store; conditions on `a` follow.
pub(super) struct Reached {
    /// For a page in some order.
    pub rows: Sql,
    /// For counting up to a limit.
    pub count: Sql,
    /// Of which store they are all, where nothing keeps any of them from the reader.
    pub all_of: Option<StoreKey>,
    /// Whether they are few, and nothing more is asked of them than to be in reach: then they are kept in order of names.
    pub few: bool,
    /// Whether what the filter searches for is found already.
    searched: bool,
    /// The order of finding, where the search found more than are sorted.
    found: Option<Order>,
}

impl Reached {
    /// Adds the same to both.
    pub fn each(mut self, mut add: impl FnMut(&mut Sql)) -> Self {
        add(&mut self.rows);
        add(&mut self.count);
        self.few = false;
        self
    }

    /// Adds the conditions of the filter for which they were found.
    pub fn narrowed(self, conn: &Conn, filter: &Filter, sight: &Sight, now: Time, pair: Option<OrganizationKey>) -> Self {
        if filter.is_empty() {
            return self;
        }
        let searched = self.searched;
        let narrowed = self.each(|from| {
            if !searched {
                filter.add_search(conn, from);
            }
            filter.add_rest(from, sight, now, pair);
        });
        Self { all_of: None, ..narrowed }
    }

    /// How many they are: by the count that is kept where they are all, else counted up to the limit.
    pub fn total(&self, conn: &mut Conn, fresh: &Fresh) -> Result<Total, Problem> {
        match self.all_of {
            _ if self.few => Ok(Total::exactly(by_name(conn, fresh, &self.rows)?.len() as i64)),
            Some(store) => accounts::all_of(conn, fresh, store),
            None => paging::total(conn, &self.count),
        }
    }

    /// A page of them. `total` is asked for where they can be counted.
    pub fn slice(
        &self,
        conn: &mut Conn,
        fresh: &Fresh,
        sort: Sort,
        paging: &Paging,
        total: impl FnOnce(&mut Conn) -> Result<Total, Problem>,
    ) -> Result<Slice<Account>, Problem> {
        let columns = Sql::new(accounts::COLUMNS);
        let Some(order) = self.found else {
            let total = total(conn)?;
            if self.few && matches!(sort, Sort::Name | Sort::NameDown) {
                let all = by_name(conn, fresh, &self.rows)?;
                if let Some(slice) = kept_slice(conn, &all, sort.order(), paging, total)? {
                    return Ok(slice);
                }
            }
            return paging::slice_of(conn, &columns, &self.rows, total, sort.order(), paging);
        };
        let mut slice: Slice<Account> = paging::slice_of(conn, &columns, &self.rows, Total::exactly(0), order, paging)?;
        // As many as were seen so far; past the end none, and that leads to the first page.
        let seen = if slice.rows.is_empty() { 0 } else { (slice.number - 1) * slice.per + slice.rows.len() as i64 };
        slice.total = Total { count: seen, exact: slice.last.is_none() };
        slice.many = true;
        Ok(slice)
    }
}

/// A page out of all of them by name; none where its cursor names nobody among them.
fn kept_slice(conn: &mut Conn, all: &[AccountKey], order: Order, paging: &Paging, total: Total) -> Result<Option<Slice<Account>>, Problem> {
    let place = |cursor: &Cursor| {
        let place = all.iter().position(|key| key.0 == cursor.1).filter(|_| matches!(cursor.0, Sorted::Text(_)))?;
        Some(if order.descending { all.len() - 1 - place } else { place })
    };
    let per = paging.per as usize;
    let (start, end) = match (&paging.before, &paging.after) {
        (Some(before), _) => place(before).map(|place| (place.saturating_sub(per), place)),
        (None, Some(after)) => place(after).map(|place| (place + 1, place + 1 + per)),
        (None, None) => {
            let start = ((paging.number - 1) * paging.per).clamp(0, EXACT) as usize;
            Some((start, start + per))
        }
    }
    .unwrap_or_default();
    if end == 0 {
        return Ok(None);
    }
    let at = |place: usize| if order.descending { all.len().checked_sub(place + 1) } else { Some(place) };
    let shown: Vec<AccountKey> = (start..end).filter_map(|place| all.get(at(place)?).copied()).collect();
    let mut found: HashMap<AccountKey, Account> = accounts::by_keys(conn, &shown)?.into_iter().map(|row| (row.key, row)).collect();
    let rows: Vec<Account> = shown.iter().filter_map(|key| found.remove(key)).collect();
    let cursor = |row: Option<&Account>| row.map(|row| row.cursor(&order).encode());
    let first = (paging.number > 1).then(|| cursor(rows.first())).flatten();
    let last = (end < all.len()).then(|| cursor(rows.last())).flatten();
    Ok(Some(Slice { first, last, rows, number: paging.number, per: paging.per, total, many: false }))
}

/// What finds accounts without looking at all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Search,
    Filter,
    Membership,
}

/// The accounts of a store that lie in reach (P-3); with `at`, those that are members of an organization, or of any below
/// it. What `filter` asks for helps to choose the way; its conditions are still to be added.
pub(super) fn of_store(
    conn: &mut Conn,
    fresh: &Fresh,
    store: StoreKey,
    sight: &Sight,
    at: Option<(OrganizationKey, bool)>,
    filter: &Filter,
    now: Time,
) -> Result<Reached, Problem> {
    let reach = sight.reach;
    let mut walk = Sql::new("FROM accounts a WHERE a.store = ");
    walk.bind(store).push(" AND ").account_in_reach(reach, "a.key");
    add_at(&mut walk, at);
    let areas = match (at, reach) {
        (Some((organization, below)), _) => {
            let bound = Bound { organization, min: 0, max: (!below).then_some(0) };
            vec![Area::Within { bounds: vec![bound], root_too: true }]
        }
        (None, Reach::Everywhere) => Vec::new(),
        (None, Reach::In(areas)) => areas.iter().map(|(area, _)| area.clone()).collect(),
    };
    let members = match areas.is_empty() {
        true => None,
        false => {
            let root = tree::kept_root(conn, fresh)?;
            (!areas.iter().any(|area| is_all(area, root))).then(|| members(&areas, root))
        }
    };
    let search = match filter.hits(conn, store) {
        Some(hits) => Some((By::Search, looked_up(conn, hits)?)),
        None => None,
    };
    let filters = filter.ways(store, sight, now).into_iter().map(|way| (By::Filter, way));
    let members = members.map(|accounts| (By::Membership, Way { accounts, repeats: true }));
    let ways: Vec<(By, Way)> = search.into_iter().chain(filters).chain(members).collect();
    let mut least: Option<(i64, &(By, Way))> = None;
    for way in &ways {
        let counted = counted(&way.1.accounts);
        // Whom somebody reaches is asked by every list; what is found, only by this one.
        let many = if way.0 == By::Membership { fresh.ask(counted, |sql| sql.number(conn))? } else { counted.number(conn)? };
        if many <= EXACT && least.is_none_or(|(least, _)| many < least) {
            least = Some((many, way));
        }
    }
    let gather = |(by, way): &(By, Way)| {
        let mut gather = gathered(way, store);
        if *by != By::Membership || at.is_some() {
            gather.push(" AND ").account_in_reach(reach, "a.key");
        }
        if *by != By::Membership {
            add_at(&mut gather, at);
        }
        gather
    };
    let plain = Reached { count: walk.clone(), rows: walk, all_of: None, few: false, searched: false, found: None };
    match (least, ways.first()) {
        (Some((_, way)), _) => {
            let gather = gather(way);
            let few = way.0 == By::Membership && at.is_none() && filter.is_empty();
            Ok(Reached { count: gather.clone(), rows: gather, few, searched: way.0 == By::Search, ..plain })
        }
        (None, Some((By::Search, _))) => {
            let Some((mut found, order)) = filter.found(conn, store)? else { return Ok(plain) };
            found.push(" AND ").account_in_reach(reach, "a.key");
            add_at(&mut found, at);
            Ok(Reached { count: found.clone(), rows: found, searched: true, found: Some(order), ..plain })
        }
        (None, Some(way)) => Ok(Reached { count: gather(way), ..plain }),
        (None, None) => {
            // Of the built-in store, whoever reaches all below root does not reach the members of root.
            let all = at.is_none() && (*reach == Reach::Everywhere || !is_built_in(conn, fresh, store)?);
            Ok(Reached { all_of: all.then_some(store), ..plain })
        }
    }
}

/// Those of the accounts that a statement finds, few of them, that are of the store and in reach; with `at` as in
/// [`of_store`].
pub(super) fn of_these(way: &Way, store: StoreKey, reach: &Reach, at: Option<(OrganizationKey, bool)>) -> Reached {
    let mut rows = gathered(way, store);
    rows.push(" AND ").account_in_reach(reach, "a.key");
    add_at(&mut rows, at);
    Reached { count: rows.clone(), rows, all_of: None, few: false, searched: false, found: None }
}

/// Adds the condition that the account is a member of an organization, or of any below it.
pub(super) fn add_at(from: &mut Sql, at: Option<(OrganizationKey, bool)>) {
    let Some((organization, below)) = at else { return };
    from.push(" AND EXISTS (SELECT 1 FROM memberships lm JOIN organization_closure lc ON lc.descendant = lm.organization WHERE lm.account = a.key AND lc.ancestor = ");
    from.bind(organization).push(if below { ")" } else { " AND lc.depth = 0)" });
}

fn is_built_in(conn: &mut Conn, fresh: &Fresh, store: StoreKey) -> Result<bool, Problem> {
    let mut sql = Sql::new("SELECT count(*) AS n FROM identity_stores WHERE built_in AND key = ");
    sql.bind(store);
    Ok(fresh.ask(sql, |sql| sql.number(conn))? > 0)
}

/// How many hits of a search are remembered for the rest of its page.
const REMEMBERED: usize = 128;

/// What a search finds. Where it is little, it is looked up once, and not again for the count, the total and the page.
fn looked_up(conn: &mut Conn, hits: Sql) -> Result<Way, Problem> {
    let mut sql = Sql::new("SELECT account AS key FROM (");
    sql.append(&hits).push(&format!(") hit LIMIT {}", REMEMBERED + 1));
    let keys = sql.load::<Key>(conn)?;
    if keys.len() > REMEMBERED {
        return Ok(Way { accounts: hits, repeats: true });
    }
    let mut accounts = Sql::new("SELECT key AS account FROM accounts WHERE key IN ");
    accounts.list(keys.iter().map(|row| row.key.0));
    Ok(Way { accounts, repeats: false })
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = BigInt)]
    key: AccountKey,
}

/// The accounts that were gathered, by name.
fn by_name(conn: &mut Conn, fresh: &Fresh, gathered: &Sql) -> Result<Arc<Vec<AccountKey>>, Problem> {
    let mut sql = Sql::new("SELECT a.key ");
    sql.append(gathered).push(" ORDER BY a.name_sort, a.key");
    if let Some(known) = fresh.find(&sql) {
        return Ok(known);
    }
    let keys: Vec<AccountKey> = sql.clone().load::<Key>(conn)?.into_iter().map(|row| row.key).collect();
    let bytes = keys.len() * size_of::<AccountKey>();
    Ok(fresh.keep(sql, keys, bytes))
}

/// Counts the rows that a statement finds, to one more than are sorted.
fn counted(accounts: &Sql) -> Sql {
    let mut counted = Sql::new("SELECT count(*) AS n FROM (SELECT 1 FROM (");
    counted.append(accounts).push(&format!(") member LIMIT {}) counted", EXACT + 1));
    counted
}

/// The accounts of a store that a statement finds. A cross join keeps SQLite from turning it round.
fn gathered(way: &Way, store: StoreKey) -> Sql {
    let mut from = Sql::new(if way.repeats { "FROM (SELECT DISTINCT account FROM (" } else { "FROM (SELECT account FROM (" });
    from.append(&way.accounts).push(") member) reached CROSS JOIN accounts a WHERE a.key = reached.account AND a.store = ").bind(store);
    from
}

/// Whether an area also has the accounts without a membership (P-3): all below root.
fn is_all(area: &Area, root: OrganizationKey) -> bool {
    match area {
        Area::Root | Area::Tree(_) => false,
        Area::Within { bounds, .. } => bounds.iter().all(|bound| bound.organization == root && bound.max.is_none() && bound.min <= 1),
    }
}

/// Accounts with a membership in one of the areas, some of them more than once.
fn members(areas: &[Area], root: OrganizationKey) -> Sql {
    let mut sql = Sql::new("");
    for (place, area) in areas.iter().enumerate() {
        if place > 0 {
            sql.push(" UNION ALL ");
        }
        match (area, area.top()) {
            (_, Some(top)) => {
                sql.push("SELECT gm.account FROM organization_closure gc CROSS JOIN memberships gm WHERE gc.ancestor = ");
                sql.bind(top).push(" AND gm.organization = gc.descendant AND ");
                sql.in_reach(&Reach::In(vec![(area.clone(), None)]), "gc.descendant");
            }
            (Area::Within { .. } | Area::Tree(_), None) => {
                sql.push("SELECT gm.account FROM memberships gm");
            }
            (Area::Root, None) => {
                sql.push("SELECT gm.account FROM memberships gm WHERE gm.organization = ").bind(root);
            }
        }
    }
    sql
}
