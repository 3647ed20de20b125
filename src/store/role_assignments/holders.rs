//! Who holds a pair, and through whom an organization is administered.

use super::pairs::held_by;
use crate::{
    access::{
        Reach,
        rank::{self, Above},
    },
    domain::{
        key::*,
        organization::{Organization, Step},
        permissions::{Permission, RoleAssignmentView, UserView},
        role_assignment::Given,
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        accounts::{self, Account},
        conn::Conn,
        holdings,
        paging::{self, Paging, Slice, Total},
        sql::Sql,
        transaction::Reader,
        tree,
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use std::collections::HashSet;

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
