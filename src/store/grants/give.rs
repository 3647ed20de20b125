//! Administrator roles given to accounts (D-5, D-7 to D-9).

use super::{in_root, take::about};
use crate::{
    access::{
        Actor, Ground, HandingOn,
        confer::{self, HeldGrant, Proposed, Recipient},
        rank::Holdings,
    },
    domain::{
        Refusal,
        account::Status,
        administrator_role::{Kind, ScopeReach},
        event::Event,
        key::*,
        organization::Lineage,
        permissions::{AdministratorRoleView, Permission, PermissionSet, ScopeView, UserView},
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        accounts::{self, Account},
        conn::Conn,
        holdings,
        schema::{administrator_roles, grants, scopes},
        set_up::keep_a_super_administrator,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// What a person decides about a grant besides account, role and scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Whether it may be handed on (D-9).
    pub cascading: bool,
    /// Its dates.
    pub period: Period,
    /// Why, up to 512 characters.
    pub reason: String,
}

impl Terms {
    /// The same, if a role of this kind can be given so (D-5).
    pub(super) fn for_kind(&self, kind: Kind) -> Result<Self, Problem> {
        if kind == Kind::Super && self.cascading {
            return Err(Refusal::at("cascading", "The role of super administrators is never handed on by cascading (D-5).").into());
        }
        Ok(self.clone())
    }
}

/// The role and the scope of a grant to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The role.
    pub role: RoleOf,
    /// The scope, where the role needs or takes one.
    pub scope: Option<ScopeChosen>,
}

/// An administrator role to be given.
#[derive(Clone, Debug)]
pub struct RoleOf {
    /// Key inside.
    pub key: AdministratorRoleKey,
    /// Public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its permissions.
    pub permissions: PermissionSet,
}

/// A scope to be given.
#[derive(Clone, Debug)]
pub struct ScopeChosen {
    /// Key inside.
    pub key: ScopeKey,
    /// Public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How far it goes.
    pub reach: ScopeReach,
    /// Where its owner stands.
    pub owner: Lineage,
    /// The owner's path, as text.
    pub path: String,
}

impl ScopeChosen {
    /// Where it holds, in words.
    pub fn place(&self) -> String {
        self.reach.at(&self.path)
    }
}

/// How giving went.
#[derive(Clone, Debug)]
pub enum Given {
    /// Done: to these; and those who held the very grant before.
    Done(Vec<Account>, Vec<Account>),
    /// Nothing was done: how many accounts are gone or out of sight, and whom it cannot be given to, with the reason.
    Not(usize, Vec<(String, String)>),
}

/// Gives a role to accounts, for a scope: all or none. Who holds that very grant already counts as success and keeps it as
/// it is; one that has ended is renewed (A-4, Z-6).
///
/// # Errors
/// Refusals at `role`, `scope` and `cascading`.
pub fn give(tx: &mut Tx<HandingOn>, ids: &[String], role: &str, scope: &str, terms: &Terms) -> Result<Given, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let wanted = previewed(tx, role, scope)?;
    let terms = terms.for_kind(wanted.role.kind)?;
    if terms.period.ended(now) {
        return Err(Refusal::at("ends", "This end has passed already.").into());
    }
    let (found, gone) = people(tx.conn(), &actor, ids)?;
    let judged = judge(tx.conn(), &actor, &wanted, &terms, &found, now)?;
    let off: Vec<(String, String)> = found
        .iter()
        .zip(&judged)
        .filter_map(|(account, judged)| Some((account.title().to_owned(), judged.as_ref().err()?.0.clone())))
        .collect();
    if gone > 0 || !off.is_empty() || found.is_empty() {
        return Ok(Given::Not(gone, off));
    }
    let (mut given, mut already, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for (account, through) in found.into_iter().zip(judged) {
        let through = through.map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
        match put(tx, &wanted, &terms, account.key, through)? {
            Some(key) => {
                keys.push(key);
                given.push(account);
            }
            None => already.push(account),
        }
    }
    keep_a_super_administrator(tx.conn())?;
    let mut those = Sql::new("g.key IN ");
    those.list(keys.iter().map(|key| key.0));
    let held: Vec<HeldGrant> = super::judged(tx.conn(), &those)?;
    let event = about(tx.conn(), Event::done("grant.add"), &held)?
        .with("role", wanted.role.name.as_str())
        .with("accounts", given.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>())
        .with("already", already.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>())
        .with("scope", wanted.scope.as_ref().map(|scope| scope.name.clone()))
        .with("where", wanted.scope.as_ref().map(ScopeChosen::place))
        .with("cascading", terms.cascading)
        .with("starts", terms.period.starts.map(Time::rfc3339))
        .with("ends", terms.period.ends.map(Time::rfc3339))
        .with("reason", terms.reason.as_str());
    tx.record(event)?;
    Ok(Given::Done(given, already))
}

/// Role and scope as somebody named them, where they go together (D-7) and the person may know of them.
///
/// # Errors
/// Refusals at `role` and `scope`.
pub fn previewed<G: Ground>(reader: &mut impl Reader<G>, role: &str, scope: &str) -> Result<Wanted, Problem> {
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let role = role_of(conn, &actor, role)?.ok_or_else(|| Refusal::at("role", "Choose a role that you may give."))?;
    let scope = if scope.is_empty() {
        None
    } else {
        let found = scope_of(conn, &actor, scope)?;
        Some(found.ok_or_else(|| Refusal::at("scope", "There is no such scope in your reach. Choose another one."))?)
    };
    match (role.kind, &scope) {
        (Kind::Super, Some(_)) => Err(Refusal::at("scope", "The role of super administrators has no scope: it holds everywhere.").into()),
        (Kind::Other, None) => Err(Refusal::at("scope", "Choose a scope: this role acts in chosen organizations only.").into()),
        _ => Ok(Wanted { role, scope }),
    }
}

fn role_of(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Option<RoleOf>, Problem> {
    use administrator_roles as r;
    type Row = (AdministratorRoleKey, String, String, Kind, String);
    let found: Option<Row> =
        r::table.filter(r::id.eq(id)).select((r::key, r::id, r::name, r::kind, r::permissions)).first(conn).optional()?;
    let Some((key, id, name, kind, codes)) = found else { return Ok(None) };
    let known = actor.is_super() || actor.may(&AdministratorRoleView::LEAF) || actor.grants.iter().any(|grant| grant.role == key);
    let permissions = match kind {
        Kind::Super => PermissionSet::ALL,
        Kind::Root | Kind::Other => PermissionSet::parse(&codes).unwrap_or_default(),
    };
    Ok(known.then_some(RoleOf { key, id, name, kind, permissions }))
}

fn scope_of(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Option<ScopeChosen>, Problem> {
    use scopes as s;
    let found: Option<(ScopeKey, String, String, ScopeReach, OrganizationKey)> =
        s::table.filter(s::id.eq(id)).select((s::key, s::id, s::name, s::reach, s::organization)).first(conn).optional()?;
    let Some((key, id, name, reach, owner)) = found else { return Ok(None) };
    let owner = tree::lineage(conn, owner)?;
    let mine = actor.grants.iter().any(|grant| grant.scope.as_ref().is_some_and(|scope| scope.key == key));
    let known = mine
        || actor.reach_of(&ScopeView::LEAF).is_some_and(|seen| seen.contains(&owner))
        || HandingOn::reach(actor).is_some_and(|seen| seen.contains(&owner));
    if !known {
        return Ok(None);
    }
    let path = tree::paths(conn, [owner.organization])?.remove(&owner.organization).unwrap_or_default();
    Ok(Some(ScopeChosen { key, id, name, reach, owner, path: crate::domain::organization::path_text(&path) }))
}

/// The accounts in sight, in the order of their names; and how many of the ids are not.
fn people(conn: &mut Conn, actor: &Actor, ids: &[String]) -> Result<(Vec<Account>, usize), Problem> {
    let wanted: HashSet<&String> = ids.iter().collect();
    let Some(reach) = actor.reach_of(&UserView::LEAF) else { return Ok((Vec::new(), wanted.len())) };
    let found = accounts::by_ids_anywhere(conn, &reach, ids)?;
    let gone = wanted.len() - found.len();
    Ok((found, gone))
}

type Verdict = Result<Option<GrantKey>, confer::Uncovered>;

fn judge(conn: &mut Conn, actor: &Actor, wanted: &Wanted, terms: &Terms, of: &[Account], now: Time) -> Result<Vec<Verdict>, Problem> {
    let keys: Vec<AccountKey> = of.iter().map(|account| account.key).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let held = holdings::of(conn, &keys, now)?;
    let members = super::members(conn, &keys)?;
    let rooted = in_root(conn, &keys)?;
    let proposed = Proposed {
        role: wanted.role.key,
        kind: wanted.role.kind,
        scope: wanted.scope.as_ref().map(|scope| (scope.reach, &scope.owner)),
        cascading: terms.cascading,
        ends: terms.period.ends,
    };
    let (nothing, nowhere): (Holdings, Vec<Lineage>) = Default::default();
    Ok(keys
        .iter()
        .map(|key| {
            let to = Recipient {
                account: *key,
                memberships: members.get(key).unwrap_or(&nowhere),
                in_root: rooted.contains(key),
                holdings: held.get(key).unwrap_or(&nothing),
            };
            confer::may_grant(actor, &proposed, &to)
        })
        .collect())
}

/// An account, with the reason why it cannot get what is to be given.
pub type Judged = (Account, Option<String>);

/// Whom of these accounts the person may give it to, each with the reason why not; and how many are out of sight.
///
/// # Errors
/// As [`previewed`].
pub fn may_hand_on(
    reader: &mut impl Reader<HandingOn>,
    ids: &[String],
    wanted: &Wanted,
    terms: &Terms,
) -> Result<(Vec<Judged>, usize), Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let (found, gone) = people(conn, &actor, ids)?;
    let verdicts = judge(conn, &actor, wanted, terms, &found, now)?;
    Ok((found.into_iter().zip(verdicts.into_iter().map(|verdict| verdict.err().map(|uncovered| uncovered.0))).collect(), gone))
}

/// Writes one grant; nothing when the account holds that very one already.
fn put(
    tx: &mut Tx<HandingOn>,
    wanted: &Wanted,
    terms: &Terms,
    account: AccountKey,
    through: Option<GrantKey>,
) -> Result<Option<GrantKey>, Problem> {
    use grants as g;
    let now = tx.now();
    let by = tx.permit().person()?.name.clone();
    let scope = wanted.scope.as_ref().map(|scope| scope.key);
    let those = g::table.filter(g::role.eq(wanted.role.key)).filter(g::account.eq(account));
    let there: Option<(GrantKey, Option<Time>, i32)> = match scope {
        Some(scope) => those.filter(g::scope.eq(scope)).select((g::key, g::ends, g::rev)).first(tx.conn()).optional()?,
        None => those.filter(g::scope.is_null()).select((g::key, g::ends, g::rev)).first(tx.conn()).optional()?,
    };
    // D-9: inside the dates of the grant it is made through, whose start has passed.
    let upper: Option<Option<Time>> = match through {
        Some(through) => g::table.find(through).select(g::starts).first(tx.conn()).optional()?,
        None => None,
    };
    let starts = match upper.flatten() {
        Some(theirs) => Some(terms.period.starts.unwrap_or(now).max(theirs)),
        None => terms.period.starts,
    };
    match there {
        Some((_, ends, _)) if ends.is_none_or(|ends| ends > now) => Ok(None),
        Some((key, _, rev)) => {
            // What was handed on through it ended with it, and has nothing to do with what it is now (D-10).
            diesel::update(g::table.filter(g::through.eq(key))).set(g::through.eq(None::<GrantKey>)).execute(tx.conn())?;
            diesel::update(g::table.find(key))
                .set((
                    (g::cascading.eq(terms.cascading), g::through.eq(through), g::starts.eq(starts), g::ends.eq(terms.period.ends)),
                    (g::reason.eq(&terms.reason), g::given_by.eq(Some(by)), g::given_at.eq(now), g::rev.eq(rev + 1)),
                ))
                .execute(tx.conn())?;
            Ok(Some(key))
        }
        None => {
            let id = tx.chance().id("grant");
            let key: GrantKey = diesel::insert_into(g::table)
                .values((
                    (g::id.eq(id), g::role.eq(wanted.role.key), g::account.eq(account), g::scope.eq(scope)),
                    (g::cascading.eq(terms.cascading), g::through.eq(through), g::starts.eq(starts), g::ends.eq(terms.period.ends)),
                    (g::reason.eq(&terms.reason), g::given_by.eq(Some(by)), g::given_at.eq(now)),
                ))
                .returning(g::key)
                .get_result(tx.conn())?;
            Ok(Some(key))
        }
    }
}

/// A scope that the person may choose, by id.
///
/// # Errors
/// What the database says.
pub fn scope_to_choose(reader: &mut impl Reader<HandingOn>, id: &str) -> Result<Option<ScopeChosen>, Problem> {
    let actor = reader.permit().person()?.clone();
    scope_of(reader.conn(), &actor, id)
}

/// How many organizations a scope reaches now, for a role of that kind (D-7).
///
/// # Errors
/// What the database says.
pub fn reached<G: Ground>(reader: &mut impl Reader<G>, scope: &ScopeChosen, kind: Kind) -> Result<i64, Problem> {
    let Some(place) = confer::scope_place(kind, scope.reach, &scope.owner, None) else { return Ok(0) };
    let mut sql = Sql::new("SELECT count(*) AS n FROM organization_closure WHERE ancestor = ");
    sql.bind(scope.owner.organization).push(" AND depth >= ").bind(i64::from(place.min));
    if let Some(max) = place.max {
        sql.push(" AND depth <= ").bind(i64::from(max));
    }
    sql.number(reader.conn())
}

/// For whom of them the grant would have no effect yet, with the first reason (S-5, D-7).
///
/// # Errors
/// What the database says.
pub fn waiting(reader: &mut impl Reader<HandingOn>, wanted: &Wanted, of: &[&Account]) -> Result<Vec<(String, &'static str)>, Problem> {
    let conn = reader.conn();
    let keys: Vec<AccountKey> = of.iter().map(|account| account.key).collect();
    let rooted = in_root(conn, &keys)?;
    Ok(of
        .iter()
        .filter_map(|account| {
            let reason = if account.status == Status::Disabled {
                "is disabled"
            } else if account.status == Status::Invited {
                "has not accepted the invitation yet"
            } else if wanted.role.kind == Kind::Root && !rooted.contains(&account.key) {
                "is no active member of the root organization, where alone this role acts"
            } else {
                return None;
            };
            Some((account.title().to_owned(), reason))
        })
        .collect())
}

/// The roles that the person may give: all for a super administrator, else those they hold with cascading rights (D-9).
///
/// # Errors
/// What the database says.
pub fn roles(reader: &mut impl Reader<HandingOn>) -> Result<Vec<RoleOf>, Problem> {
    let actor = reader.permit().person()?.clone();
    use administrator_roles as r;
    type Row = (AdministratorRoleKey, String, String, Kind, String);
    let rows: Vec<Row> = r::table.order(r::name_folded).select((r::key, r::id, r::name, r::kind, r::permissions)).load(reader.conn())?;
    let mine = |key: AdministratorRoleKey| actor.usable.iter().any(|usable| usable.role == key && usable.cascading);
    Ok(rows
        .into_iter()
        .filter(|row| actor.is_super() || mine(row.0))
        .map(|(key, id, name, kind, codes)| {
            let permissions = if kind == Kind::Super { PermissionSet::ALL } else { PermissionSet::parse(&codes).unwrap_or_default() };
            RoleOf { key, id, name, kind, permissions }
        })
        .collect())
}

/// The scopes to choose from when a role is given: those in sight whose name, owner or words hold `q`, up to `most`; and
/// whether there are more.
///
/// # Errors
/// What the database says.
pub fn scopes_to_choose(reader: &mut impl Reader<HandingOn>, q: &str, most: usize) -> Result<(Vec<ScopeChosen>, bool), Problem> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        key: ScopeKey,
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        reach: ScopeReach,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        organization: OrganizationKey,
    }
    let actor = reader.permit().person()?.clone();
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(
        "SELECT s.key, s.id, s.name, s.reach, s.organization FROM scopes s JOIN organizations o ON o.key = s.organization WHERE (",
    );
    sql.in_reach(permit.reach(), "s.organization");
    if let Some(reach) = actor.reach_of(&ScopeView::LEAF) {
        sql.push(" OR ").in_reach(&reach, "s.organization");
    }
    sql.push(" OR s.key IN ").list(actor.grants.iter().filter_map(|grant| grant.scope.as_ref().map(|scope| scope.key.0))).push(")");
    if !q.is_empty() {
        let part = format!("%{}%", crate::store::identity_stores::like(&crate::domain::text::search(q)));
        sql.push(" AND (s.name_sort LIKE ").bind(part.clone()).push(" ESCAPE '\\' OR o.name_sort LIKE ").bind(part).push(" ESCAPE '\\')");
    }
    sql.push(" ORDER BY o.depth, o.name_sort, s.name_sort, s.key LIMIT ").bind(most as i64 + 1);
    let mut rows: Vec<Row> = sql.load(conn)?;
    let more = rows.len() > most;
    rows.truncate(most);
    let owners: HashSet<OrganizationKey> = rows.iter().map(|row| row.organization).collect();
    let lineages = tree::lineages(conn, owners.iter().copied())?;
    let paths: HashMap<OrganizationKey, String> =
        tree::paths(conn, owners)?.into_iter().map(|(key, path)| (key, crate::domain::organization::path_text(&path))).collect();
    let chosen = rows
        .into_iter()
        .filter_map(|row| {
            Some(ScopeChosen {
                key: row.key,
                id: row.id,
                name: row.name,
                reach: row.reach,
                owner: lineages.get(&row.organization)?.clone(),
                path: paths.get(&row.organization).cloned().unwrap_or_default(),
            })
        })
        .collect();
    Ok((chosen, more))
}
