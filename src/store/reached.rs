//! Accounts in reach, cheaply for every reader (quality.md): whoever reaches few gets theirs gathered and sorted, whoever
//! reaches many gets the index of names walked, and a count up to a limit says which it is.
//! What a search or a filter finds is gathered likewise where it is little; where a search finds more, it stands in the order
//! of finding.

use super::{
    accounts::{self, Account, Filter, Sight, Sort, Way},
    conn::Conn,
    paging::{self, EXACT, Order, Paging, Slice, Total},
    sql::Sql,
    tree,
};
use crate::{
    access::{Area, Bound, Reach},
    domain::{
        key::{OrganizationKey, StoreKey},
        time::Time,
    },
    problem::Problem,
};

/// Two ways to the same accounts of a store; conditions on `a` follow.
pub(super) struct Reached {
    /// For a page in some order.
    pub rows: Sql,
    /// For counting up to a limit.
    pub count: Sql,
    /// Of which store they are all, where nothing keeps any of them from the reader.
    pub all_of: Option<StoreKey>,
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
        self
    }

    /// Adds the conditions of the filter for which they were found.
    pub fn narrowed(self, conn: &Conn, filter: &Filter, sight: &Sight, now: Time, pair: Option<OrganizationKey>) -> Self {
        let searched = self.searched;
        let narrowed = self.each(|from| {
            if !searched {
                filter.add_search(conn, from);
            }
            filter.add_rest(from, sight, now, pair);
        });
        Self { all_of: narrowed.all_of.filter(|_| filter.is_empty()), ..narrowed }
    }

    /// How many they are: by the count that is kept where they are all, else counted up to the limit.
    pub fn total(&self, conn: &mut Conn) -> Result<Total, Problem> {
        match self.all_of {
            Some(store) => accounts::all_of(conn, store),
            None => paging::total(conn, &self.count),
        }
    }

    /// A page of them. `total` is asked for where they can be counted.
    pub fn slice(
        &self,
        conn: &mut Conn,
        sort: Sort,
        paging: &Paging,
        total: impl FnOnce(&mut Conn) -> Result<Total, Problem>,
    ) -> Result<Slice<Account>, Problem> {
        let columns = Sql::new(accounts::COLUMNS);
        let Some(order) = self.found else {
            let total = total(conn)?;
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
            let root = tree::root(conn)?;
            (!areas.iter().any(|area| is_all(area, root))).then(|| members(&areas, root))
        }
    };
    let search = filter.hits(conn, store).map(|accounts| (By::Search, Way { accounts, repeats: true }));
    let filters = filter.ways(store, sight, now).into_iter().map(|way| (By::Filter, way));
    let members = members.map(|accounts| (By::Membership, Way { accounts, repeats: true }));
    let ways: Vec<(By, Way)> = search.into_iter().chain(filters).chain(members).collect();
    let mut least: Option<(i64, &(By, Way))> = None;
    for way in &ways {
        let many = up_to(conn, &way.1.accounts)?;
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
    let plain = Reached { count: walk.clone(), rows: walk, all_of: None, searched: false, found: None };
    match (least, ways.first()) {
        (Some((_, way)), _) => {
            let gather = gather(way);
            Ok(Reached { count: gather.clone(), rows: gather, searched: way.0 == By::Search, ..plain })
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
            let all = at.is_none() && (*reach == Reach::Everywhere || !is_built_in(conn, store)?);
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
    Reached { count: rows.clone(), rows, all_of: None, searched: false, found: None }
}

/// Adds the condition that the account is a member of an organization, or of any below it.
pub(super) fn add_at(from: &mut Sql, at: Option<(OrganizationKey, bool)>) {
    let Some((organization, below)) = at else { return };
    from.push(" AND EXISTS (SELECT 1 FROM memberships lm JOIN organization_closure lc ON lc.descendant = lm.organization WHERE lm.account = a.key AND lc.ancestor = ");
    from.bind(organization).push(if below { ")" } else { " AND lc.depth = 0)" });
}

fn is_built_in(conn: &mut Conn, store: StoreKey) -> Result<bool, Problem> {
    let mut sql = Sql::new("SELECT count(*) AS n FROM identity_stores WHERE built_in AND key = ");
    sql.bind(store);
    Ok(sql.number(conn)? > 0)
}

/// How many rows a statement finds, counted to one more than are sorted.
fn up_to(conn: &mut Conn, accounts: &Sql) -> Result<i64, Problem> {
    let mut counted = Sql::new("SELECT count(*) AS n FROM (SELECT 1 FROM (");
    counted.append(accounts).push(&format!(") member LIMIT {}) counted", EXACT + 1));
    counted.number(conn)
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
