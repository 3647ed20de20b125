//! Accounts in reach, cheaply for every reader (quality.md): whoever reaches few gets theirs gathered and sorted, whoever
//! reaches many gets the index of names walked, and a count up to a limit says which it is.
//! What a search finds is gathered likewise where it is little.

use super::{
    accounts::{self, Account, Filter, Sort},
    conn::Conn,
    paging::{self, EXACT, Paging, Slice},
    sql::Sql,
    tree,
};
use crate::{
    access::{Area, Bound, Reach},
    domain::{
        key::{OrganizationKey, StoreKey},
        organization::Organization,
    },
    problem::Problem,
};

/// Two ways to the same accounts of a store; conditions on `a` follow.
pub(super) struct Reached {
    /// For a page in some order.
    pub rows: Sql,
    /// For counting up to a limit.
    pub count: Sql,
}

impl Reached {
    /// Adds the same to both.
    pub fn each(mut self, mut add: impl FnMut(&mut Sql)) -> Self {
        add(&mut self.rows);
        add(&mut self.count);
        self
    }

    /// A page of them.
    pub fn slice(&self, conn: &mut Conn, sort: Sort, paging: &Paging) -> Result<Slice<Account>, Problem> {
        paging::slice_counted(conn, &Sql::new(accounts::COLUMNS), &self.rows, &self.count, sort.order(), paging)
    }
}

/// The accounts of a store that lie in reach (P-3); with `at`, those that are members of an organization, or of any below
/// it. What `filter` searches for helps to choose the way; its conditions are still to be added.
pub(super) fn of_store(
    conn: &mut Conn,
    store: StoreKey,
    reach: &Reach,
    at: Option<(&Organization, bool)>,
    filter: &Filter,
) -> Result<Reached, Problem> {
    if let Some(hits) = filter.hits(conn)
        && is_few(conn, &hits)?
    {
        let mut gather = gathered(&hits, store);
        gather.push(" AND ").account_in_reach(reach, "a.key");
        add_at(&mut gather, at);
        return Ok(Reached { count: gather.clone(), rows: gather });
    }
    let mut walk = Sql::new("FROM accounts a WHERE a.store = ");
    walk.bind(store).push(" AND ").account_in_reach(reach, "a.key");
    add_at(&mut walk, at);
    let areas = match (at, reach) {
        (Some((organization, below)), _) => {
            let bound = Bound { organization: organization.key, min: 0, max: (!below).then_some(0) };
            vec![Area::Within { bounds: vec![bound], root_too: true }]
        }
        (None, Reach::Everywhere) => Vec::new(),
        (None, Reach::In(areas)) => areas.iter().map(|(area, _)| area.clone()).collect(),
    };
    if areas.is_empty() {
        return Ok(Reached { count: walk.clone(), rows: walk });
    }
    let root = tree::root(conn)?;
    if areas.iter().any(|area| is_all(area, root)) {
        return Ok(Reached { count: walk.clone(), rows: walk });
    }
    let members = members(&areas, root);
    let few = is_few(conn, &members)?;
    let mut gather = gathered(&members, store);
    if at.is_some() {
        gather.push(" AND ").account_in_reach(reach, "a.key");
    }
    Ok(Reached { rows: if few { gather.clone() } else { walk }, count: gather })
}

/// Adds the condition that the account is a member of an organization, or of any below it.
fn add_at(from: &mut Sql, at: Option<(&Organization, bool)>) {
    let Some((organization, below)) = at else { return };
    from.push(" AND EXISTS (SELECT 1 FROM memberships lm JOIN organization_closure lc ON lc.descendant = lm.organization WHERE lm.account = a.key AND lc.ancestor = ");
    from.bind(organization.key).push(if below { ")" } else { " AND lc.depth = 0)" });
}

/// Whether a statement finds so few accounts that sorting them is quicker than walking an index.
fn is_few(conn: &mut Conn, accounts: &Sql) -> Result<bool, Problem> {
    let mut counted = Sql::new("SELECT count(*) AS n FROM (SELECT 1 FROM (");
    counted.append(accounts).push(") member LIMIT ").bind(EXACT + 1).push(") counted");
    Ok(counted.number(conn)? <= EXACT)
}

/// The accounts of a store that a statement finds. A cross join keeps SQLite from turning it round.
fn gathered(accounts: &Sql, store: StoreKey) -> Sql {
    let mut from = Sql::new("FROM (SELECT DISTINCT account FROM (");
    from.append(accounts).push(") member) reached CROSS JOIN accounts a WHERE a.key = reached.account AND a.store = ").bind(store);
    from
}

/// Whether an area also has the accounts without a membership (P-3): all below root.
fn is_all(area: &Area, root: OrganizationKey) -> bool {
    match area {
        Area::Root => false,
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
        match area {
            Area::Within { bounds, .. } if !bounds.is_empty() => {
                sql.push("SELECT gm.account FROM organization_closure gc CROSS JOIN memberships gm WHERE gc.ancestor = ");
                sql.bind(bounds[0].organization).push(" AND gm.organization = gc.descendant AND ");
                sql.in_reach(&Reach::In(vec![(area.clone(), None)]), "gc.descendant");
            }
            Area::Within { .. } => {
                sql.push("SELECT gm.account FROM memberships gm");
            }
            Area::Root => {
                sql.push("SELECT gm.account FROM memberships gm WHERE gm.organization = ").bind(root);
            }
        }
    }
    sql
}
