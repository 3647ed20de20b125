//! Selections that survive searching, paging and everything else (screens.md 3.6): a draft on the server, made
//! by the first POST, for its owner alone, for a day.

use super::{
    accounts::{self, Filter, Listed, Sight, Sort, Way},
    conn::{Conn, on_each},
    kept::Fresh,
    paging::{self, Paging, Slice},
    reached::{self, Reached},
    role_assignments::{Wanted, unassigned},
    schema::{selection_drafts, selection_items},
    sql::Sql,
    transaction::{Note, Reader},
};
use crate::{
    access::{Ground, InConsole, Side},
    clock::Chance,
    domain::{key::*, permissions::UserView, role_assignment::MOST_AT_ONCE, time::Time},
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};
use std::collections::{HashMap, HashSet};

/// How long a draft is kept, in seconds.
const LIFE: i64 = 24 * 3600;

/// A selection.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id in addresses.
    pub id: String,
    /// The store it chooses from.
    pub store: StoreKey,
    /// The organization and the role that those who are chosen are to get; none: something else is to be done with them.
    pub pair: Option<(OrganizationKey, RoleKey)>,
    /// What it matches, when everything that matches is selected.
    pub matching: Option<Filter>,
    /// How many accounts were settled for the confirmation, once they are.
    pub frozen: Option<usize>,
}

type DraftRow = (String, StoreKey, Option<OrganizationKey>, Option<RoleKey>, Option<String>, Option<i32>);

impl TryFrom<DraftRow> for Draft {
    type Error = Problem;
    fn try_from((id, store, organization, role, matching, frozen): DraftRow) -> Result<Self, Problem> {
        let matching = matching.map(|text| serde_json::from_str(&text)).transpose().map_err(Problem::internal)?;
        Ok(Self { id, store, pair: organization.zip(role), matching, frozen: frozen.and_then(|many| many.try_into().ok()) })
    }
}

fn find_in(conn: &mut Conn, owner: AccountKey, store: StoreKey, id: &str, now: Time) -> Result<Option<Draft>, Problem> {
    use selection_drafts as d;
    d::table
        .find(id)
        .filter(d::account.eq(owner))
        .filter(d::store.eq(store))
        .filter(d::expires_at.gt(now))
        .select((d::id, d::store, d::organization, d::role, d::matching, d::frozen))
        .first::<DraftRow>(conn)
        .optional()?
        .map(Draft::try_from)
        .transpose()
}

/// The reader's own draft in this store, if it is still there.
///
/// # Errors
/// What the database says.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Option<Draft>, Problem> {
    let now = reader.now();
    let owner = reader.permit().person()?.account;
    find_in(reader.conn(), owner, store, id, now)
}

/// What accounts are chosen for.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    /// The store they are of.
    pub store: StoreKey,
    /// The pair that they are to get, where it is that.
    pub pair: Option<(OrganizationKey, RoleKey)>,
}

impl Wanted {
    /// Choosing who gets it.
    pub fn purpose(&self) -> Purpose {
        Purpose { store: self.organization.store, pair: Some((self.organization.key, self.role.key)) }
    }
}

/// What a post of the picker changes.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Of these rows, which were on the page …
    pub seen: Vec<AccountKey>,
    /// … these are ticked.
    pub ticked: Vec<AccountKey>,
    /// Clears everything first, and with a filter selects everything that matches it.
    pub replace: Option<Option<Filter>>,
}

/// Makes or changes the draft. Each post is complete and may arrive twice. Its id.
///
/// # Errors
/// What the database says.
pub fn change(
    note: &mut Note,
    chance: &Chance,
    owner: AccountKey,
    id: Option<&str>,
    purpose: Purpose,
    change: &Change,
) -> Result<String, Problem> {
    use selection_drafts as d;
    let now = note.now();
    let Purpose { store, pair } = purpose;
    let (organization, role) = pair.unzip();
    let existing = match id {
        Some(id) => find_in(note.conn(), owner, store, id, now)?,
        None => None,
    };
    let expires = now.plus_seconds(LIFE);
    let id = match existing {
        Some(draft) => {
            // Another pair keeps the accounts (screens.md 3.6); they are checked again by every later step.
            diesel::update(d::table.find(&draft.id))
                .set((d::organization.eq(organization), d::role.eq(role), d::frozen.eq(None::<i32>), d::expires_at.eq(expires)))
                .execute(note.conn())?;
            draft.id
        }
        None => {
            let id = chance.id("draft");
            diesel::delete(d::table.filter(d::account.eq(owner)).filter(d::expires_at.le(now))).execute(note.conn())?;
            diesel::insert_into(d::table)
                .values((
                    d::id.eq(&id),
                    d::account.eq(owner),
                    d::store.eq(store),
                    d::organization.eq(organization),
                    d::role.eq(role),
                    d::matching.eq(None::<String>),
                    d::frozen.eq(None::<i32>),
                    d::expires_at.eq(expires),
                ))
                .execute(note.conn())?;
            id
        }
    };
    if let Some(matching) = &change.replace {
        let matching = matching.as_ref().map(serde_json::to_string).transpose().map_err(Problem::internal)?;
        diesel::update(d::table.find(&id)).set(d::matching.eq(matching)).execute(note.conn())?;
        diesel::delete(selection_items::table.filter(selection_items::draft.eq(&id))).execute(note.conn())?;
        return Ok(id);
    }
    let ticked: HashSet<AccountKey> = change.ticked.iter().copied().collect();
    // Each row once: PostgreSQL refuses to touch one twice in a statement.
    let seen: HashSet<AccountKey> = change.seen.iter().copied().collect();
    let items: Vec<(AccountKey, bool)> = seen.into_iter().map(|key| (key, ticked.contains(&key))).collect();
    put(note.conn(), &id, &items)?;
    Ok(id)
}

#[derive(Insertable)]
#[diesel(table_name = selection_items)]
#[diesel(treat_none_as_default_value = false)]
struct Item<'a> {
    draft: &'a str,
    account: AccountKey,
    included: bool,
}

fn put(conn: &mut Conn, draft: &str, items: &[(AccountKey, bool)]) -> Result<(), Problem> {
    use diesel::upsert::excluded;
    for items in items.chunks(5_000) {
        let rows: Vec<Item> = items.iter().map(|&(account, included)| Item { draft, account, included }).collect();
        on_each!(conn, |conn| diesel::insert_into(selection_items::table)
            .values(&rows)
            .on_conflict((selection_items::draft, selection_items::account))
            .do_update()
            .set(selection_items::included.eq(excluded(selection_items::included)))
            .execute(conn))?;
    }
    Ok(())
}

/// The keys of those of the ids that are accounts of the store in reach; a form may name anything.
///
/// # Errors
/// What the database says.
pub fn keys<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, ids: &[String]) -> Result<HashMap<String, AccountKey>, Problem> {
    let (conn, permit) = reader.parts();
    let found = super::accounts::by_ids(conn, permit.reach(), store, ids)?;
    Ok(found.into_iter().map(|account| (account.id, account.key)).collect())
}

/// The condition that an account `a` is selected by the draft.
pub(super) fn selected(conn: &mut Conn, sight: &Sight, draft: &str, wanted: &Wanted, now: Time) -> Result<Sql, Problem> {
    let matching: Option<String> = selection_drafts::table.find(draft).select(selection_drafts::matching).first(conn)?;
    let item = |included: bool| {
        let mut sql = Sql::new("EXISTS (SELECT 1 FROM selection_items si WHERE si.account = a.key AND si.draft = ");
        sql.bind(draft).push(" AND si.included = ").bind(included).push(")");
        sql
    };
    let Some(matching) = matching else { return Ok(item(true)) };
    let filter: Filter = serde_json::from_str(&matching).map_err(Problem::internal)?;
    let mut sql = Sql::new("(");
    sql.append(&item(true)).push(" OR (TRUE");
    filter.add(conn, &mut sql, sight, now, Some(wanted.organization.key));
    sql.push(" AND NOT ").append(&item(false)).push("))");
    Ok(sql)
}

/// Everybody in sight whom the draft selects, of members of an organization or of any below it where one is given.
fn reached(
    conn: &mut Conn,
    fresh: &Fresh,
    sight: &Sight,
    draft: &Draft,
    at: Option<OrganizationKey>,
    now: Time,
) -> Result<Reached, Problem> {
    let items = |included: bool| {
        let mut sql = Sql::new("SELECT si.account FROM selection_items si WHERE si.draft = ");
        sql.bind(draft.id.as_str()).push(" AND si.included = ").bind(included);
        sql
    };
    let at = at.map(|organization| (organization, true));
    let Some(filter) = &draft.matching else {
        return Ok(reached::of_these(&Way { accounts: items(true), repeats: false }, draft.store, sight.reach, at));
    };
    let matching = reached::of_store(conn, fresh, draft.store, sight, filter.at().or(at), filter, now)?;
    let matching = matching.narrowed(conn, filter, sight, now, None).each(|from| {
        from.push(" AND a.key NOT IN (").append(&items(false)).push(")");
    });
    if paging::total(conn, &matching.count)?.exact {
        let mut accounts = Sql::new("SELECT a.key AS account ");
        accounts.append(&matching.count).push(" UNION ALL ").append(&items(true));
        return Ok(reached::of_these(&Way { accounts, repeats: true }, draft.store, sight.reach, at));
    }
    // So many that they are not far apart in the store.
    let mut selected = Sql::new(" AND (a.key IN (");
    selected.append(&items(true)).push(") OR (TRUE");
    filter.add(conn, &mut selected, sight, now, None);
    selected.push(" AND a.key NOT IN (").append(&items(false)).push(")))");
    Ok(reached::of_store(conn, fresh, draft.store, sight, at, &Filter::default(), now)?.each(|from| _ = from.append(&selected)))
}

/// Counts what was chosen of a list of accounts, and tells which of the rows are in it.
///
/// # Errors
/// What the database says.
pub fn count<S: Side>(
    reader: &mut impl Reader<S::See>,
    draft: &Draft,
    at: Option<OrganizationKey>,
    rows: &[AccountKey],
) -> Result<Selected, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let reached = reached(conn, &fresh, &Sight::of::<S>(permit), draft, at, now)?;
    selected_of(conn, &reached, rows)
}

/// What was chosen of a list of accounts, as the list shows it, narrowed by the filter.
///
/// # Errors
/// What the database says.
pub fn list<S: Side>(
    reader: &mut impl Reader<S::See>,
    draft: &Draft,
    at: Option<OrganizationKey>,
    filter: &Filter,
    sort: Sort,
    paging: &Paging,
) -> Result<Slice<Listed>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = Sight::of::<S>(permit);
    let reached = reached(conn, &fresh, &sight, draft, at, now)?.narrowed(conn, filter, &sight, now, None);
    accounts::listed::<S>(conn, &fresh, permit, &reached, sort, paging, now)
}

/// Everybody who was chosen of a list of accounts, up to one more than may be acted on at once.
///
/// # Errors
/// What the database says.
pub fn settle<S: Side>(reader: &mut impl Reader<S::See>, draft: &Draft, at: Option<OrganizationKey>) -> Result<Vec<AccountKey>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT a.key ");
    sql.append(&reached(conn, &fresh, &Sight::of::<S>(permit), draft, at, now)?.rows).push(&format!(" LIMIT {}", MOST_AT_ONCE + 1));
    Ok(sql.load::<Key>(conn)?.into_iter().map(|row| row.key).collect())
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = BigInt)]
    key: AccountKey,
}

fn selected_of(conn: &mut Conn, reached: &Reached, rows: &[AccountKey]) -> Result<Selected, Problem> {
    let total = paging::total(conn, &reached.count)?;
    let mut sql = Sql::new("SELECT a.key ");
    sql.append(&reached.rows).push(" AND a.key IN ").list(rows.iter().map(|key| key.0));
    let ticked = sql.load::<Key>(conn)?.into_iter().map(|row| row.key).collect();
    Ok(Selected { count: total.count, exact: total.exact, ticked })
}

/// How many are selected, and which of these rows are.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// Of all pages, counted to the limit.
    pub count: i64,
    /// Whether that is all of them.
    pub exact: bool,
    /// Of the rows asked about.
    pub ticked: HashSet<AccountKey>,
}

/// Counts the selection, and tells which of the rows are in it. Who meanwhile got the pair, or left reach, is not.
///
/// # Errors
/// What the database says.
pub fn read(reader: &mut impl Reader<UserView>, draft: &Draft, wanted: &Wanted, rows: &[AccountKey]) -> Result<Selected, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = Sight::of::<InConsole>(permit);
    let selected = selected(conn, &sight, &draft.id, wanted, now)?;
    let reached = unassigned(conn, &fresh, &sight, wanted, &Filter::default(), now)?.each(|from| _ = from.push(" AND ").append(&selected));
    selected_of(conn, &reached, rows)
}

/// The ids of everything that is selected now, up to one more than may be assigned at once.
///
/// # Errors
/// What the database says.
pub fn resolve(reader: &mut impl Reader<UserView>, draft: &Draft, wanted: &Wanted) -> Result<Vec<(AccountKey, String)>, Problem> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        key: AccountKey,
        #[diesel(sql_type = Text)]
        id: String,
    }
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT a.key, a.id ");
    let sight = Sight::of::<InConsole>(permit);
    let selected = selected(conn, &sight, &draft.id, wanted, now)?;
    let reached = unassigned(conn, &fresh, &sight, wanted, &Filter::default(), now)?.each(|from| _ = from.push(" AND ").append(&selected));
    sql.append(&reached.rows).push(" ORDER BY a.name_sort, a.key LIMIT ").bind(MOST_AT_ONCE as i64 + 1);
    Ok(sql.load::<Found>(conn)?.into_iter().map(|row| (row.key, row.id)).collect())
}

/// Settles the list: from now on exactly these are selected, whoever matches later.
///
/// # Errors
/// What the database says.
pub fn freeze(note: &mut Note, draft: &str, keys: &[AccountKey]) -> Result<(), Problem> {
    use selection_drafts as d;
    let conn = note.conn();
    diesel::delete(selection_items::table.filter(selection_items::draft.eq(draft))).execute(conn)?;
    put(conn, draft, &keys.iter().map(|key| (*key, true)).collect::<Vec<_>>())?;
    diesel::update(d::table.find(draft)).set((d::matching.eq(None::<String>), d::frozen.eq(Some(keys.len() as i32)))).execute(conn)?;
    Ok(())
}

/// The ids of the accounts that were settled, whether or not they may still be assigned.
///
/// # Errors
/// What the database says.
pub fn frozen<G: Ground>(reader: &mut impl Reader<G>, draft: &Draft) -> Result<Vec<String>, Problem> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Bool)]
        included: bool,
    }
    let mut sql = Sql::new("SELECT a.id, si.included FROM selection_items si JOIN accounts a ON a.key = si.account WHERE si.draft = ");
    sql.bind(draft.id.as_str()).push(" ORDER BY a.name_sort, a.key");
    Ok(sql.load::<Found>(reader.conn())?.into_iter().filter(|row| row.included).map(|row| row.id).collect())
}

/// Deletes selections that have expired, with what they hold; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use selection_drafts as d;
    Ok(diesel::delete(d::table.filter(d::expires_at.le(now))).execute(conn)?)
}
