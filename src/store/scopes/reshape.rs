//! Another reach for a scope that grants use: what it does to whom (W-2), and to what they handed on (D-10).

use super::{Listed, Reached, reached_from};
use crate::{
    access::{
        confer::{self, HeldGrant, Reshaped, Uncovered},
        rank::Holdings,
    },
    domain::{administrator_role::ScopeReach, key::*, permissions::ScopeEdit},
    problem::Problem,
    store::{
        conn::Conn,
        grants::{self, HandedOnThen},
        holdings,
        paging::Total,
        schema::grants as given,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Text},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A grant that was handed on through one that no longer covers it (D-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeding {
    /// Key inside.
    pub key: GrantKey,
    /// Public id.
    pub id: String,
    /// Its holder's name.
    pub holder: String,
    /// Its role's name.
    pub role: String,
    /// Its scope's name and reach: what it reaches when it is kept.
    pub scope: String,
    /// See [`Exceeding::scope`].
    pub reach: ScopeReach,
    /// How many grants were handed on through it in turn.
    pub below: usize,
    /// Where the owner of its scope stands.
    pub(super) at: Option<OrganizationKey>,
}

/// What saving another reach does (W-2): for whom, and where they gain and lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Accounts that hold a grant with the scope.
    pub administrators: i64,
    /// The first of their names.
    pub names: Vec<String>,
    /// What it reaches now.
    pub before: Reached,
    /// What it will reach.
    pub after: Reached,
    /// Organizations that come in.
    pub gained: Total,
    /// Organizations that go out.
    pub lost: Total,
    /// What was handed on and exceeds it then.
    pub exceeding: Vec<Exceeding>,
    /// Why that cannot all be revoked; none: it can.
    pub not_revoked: Option<String>,
    /// Why that cannot all be kept; none: it can.
    pub not_kept: Option<String>,
    /// The grants with the scope.
    held: Vec<GrantKey>,
}

impl Effect {
    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        let count = |total: Total| (total.count, total.exact);
        (&self.held, count(self.gained), count(self.lost), count(self.after.organizations)).hash(&mut hasher);
        for one in &self.exceeding {
            (one.key, one.below).hash(&mut hasher);
        }
        (&self.not_revoked, &self.not_kept).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// The grants around a scope that is to get another reach.
pub(super) struct Around {
    pub effect: Effect,
    /// Grants that go whatever is chosen: they have ended, and would no longer lie inside what they were made through.
    ended: Vec<HeldGrant>,
    /// What exceeds it then, each with the person's own grant to hang it under; none: under nothing.
    exceeding: Vec<(HeldGrant, Option<GrantKey>)>,
}

/// Judges what another reach does to everybody whose grant uses the scope, and to what they handed on (D-6, D-10).
pub(super) fn around(tx: &mut Tx<ScopeEdit>, found: &Listed, after: ScopeReach, all: Vec<HeldGrant>) -> Result<Around, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let conn = tx.conn();
    let at = tree::lineage(conn, found.owner.key)?;
    let (before, scope) = (found.scope.terms.reach, found.scope.key);
    let change = Reshaped { scope, owner: &at, before, after };
    let keys: Vec<GrantKey> = all.iter().map(|held| held.grant.key).collect();
    let handed_on = grants::below(conn, &keys)?;
    let accounts: HashSet<AccountKey> = all.iter().chain(&handed_on).map(|held| held.account).collect();
    let accounts: Vec<AccountKey> = accounts.into_iter().collect();
    let holdings = holdings::of(conn, &accounts, now)?;
    let nothing = Holdings::default();
    let of = |held: &HeldGrant| holdings.get(&held.account).unwrap_or(&nothing);
    let forbidden = |uncovered: Uncovered| Problem::Forbidden(uncovered.0);

    let (ended, used): (Vec<HeldGrant>, Vec<HeldGrant>) = all.into_iter().partition(|held| held.grant.period.ended(now));
    for held in &used {
        confer::may_reshape(&actor, &change, held, of(held)).map_err(forbidden)?;
        if !change.keeps_inside(held) {
            return Err(Problem::Conflict(format!(
                "{} holds this scope through a grant that does not reach as far. Widen that one first, or make a copy of the scope.",
                held.title
            )));
        }
    }
    let mut gone: Vec<HeldGrant> = ended.into_iter().filter(|held| !change.keeps_inside(held)).collect();
    let mut exceeding = Vec::new();
    let mut below = Vec::new();
    let (mut not_revoked, mut not_kept) = (None, None);
    // What uses the scope itself changes with it; what hangs lower lies inside what it hangs on.
    let uses = |held: &HeldGrant| held.grant.scope.as_ref().is_some_and(|used| used.key == scope);
    let direct = |held: &HeldGrant| held.grant.above.first().is_some_and(|upper| keys.contains(&upper.key));
    for held in handed_on.iter().filter(|held| direct(held) && !uses(held) && !change.keeps_inside(held)) {
        if held.grant.period.ended(now) {
            gone.push(held.clone());
            continue;
        }
        let because = |uncovered: Uncovered| format!("{}: {}", held.title, uncovered.0);
        let key = held.grant.key;
        let lower = handed_on.iter().filter(|lower| lower.grant.above.iter().any(|upper| upper.key == key));
        below.push(lower.clone().count());
        for one in std::iter::once(held).chain(lower.filter(|lower| !lower.grant.period.ended(now))) {
            if let Err(uncovered) = confer::may_revoke(&actor, one, of(one)) {
                not_revoked.get_or_insert_with(|| format!("{}: {}", one.title, uncovered.0));
            }
        }
        let under = confer::may_keep(&actor, held, of(held)).map_err(because).unwrap_or_else(|reason| {
            not_kept.get_or_insert(reason);
            None
        });
        exceeding.push((held.clone(), under));
    }
    if let (Some(reason), Some(_)) = (&not_revoked, &not_kept) {
        return Err(Problem::Forbidden(reason.clone()));
    }
    let shown = named(conn, &exceeding, &below)?;
    let names: BTreeMap<AccountKey, &str> = used.iter().map(|held| (held.account, held.title.as_str())).collect();
    let (was, will) = (reached_from(conn, at.organization, before)?, reached_from(conn, at.organization, after)?);
    let both = match before.both(after) {
        Some(both) => reached_from(conn, at.organization, both)?.organizations.count,
        None => 0,
    };
    let but_both = |total: Total| Total { count: (total.count - both).max(0), exact: total.exact };
    let effect = Effect {
        administrators: names.len() as i64,
        names: names.values().take(12).map(|name| (*name).to_owned()).collect(),
        before: was,
        after: will,
        gained: but_both(will.organizations),
        lost: but_both(was.organizations),
        exceeding: shown,
        not_revoked,
        not_kept,
        held: used.iter().map(|held| held.grant.key).collect(),
    };
    Ok(Around { effect, ended: gone, exceeding })
}

/// With the names of role and scope.
fn named(conn: &mut Conn, those: &[(HeldGrant, Option<GrantKey>)], below: &[usize]) -> Result<Vec<Exceeding>, Problem> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = BigInt)]
        key: GrantKey,
        #[diesel(sql_type = Text)]
        role: String,
        #[diesel(sql_type = Text)]
        scope: String,
    }
    let mut sql = Sql::new(
        "SELECT g.key, r.name AS role, s.name AS scope FROM grants g JOIN administrator_roles r ON r.key = g.role \
         JOIN scopes s ON s.key = g.scope WHERE g.key IN ",
    );
    sql.list(those.iter().map(|(held, _)| held.grant.key.0));
    let rows: Vec<Named> = sql.load(conn)?;
    let mut names: HashMap<GrantKey, (String, String)> = rows.into_iter().map(|row| (row.key, (row.role, row.scope))).collect();
    let exceeding = those.iter().zip(below).filter_map(|((held, _), below)| {
        let (role, scope) = names.remove(&held.grant.key)?;
        let (reach, at) = (held.grant.scope.as_ref()?.reach, held.owner.as_ref().map(|owner| owner.organization));
        Some(Exceeding { key: held.grant.key, id: held.id.clone(), holder: held.title.clone(), role, scope, reach, below: *below, at })
    });
    Ok(exceeding.collect())
}

impl Around {
    /// Does with what exceeds as was chosen (D-10).
    pub fn settle(self, tx: &mut Tx<ScopeEdit>, then: HandedOnThen) -> Result<Effect, Problem> {
        let now = tx.now();
        let actor = tx.permit().person()?.clone();
        let conn = tx.conn();
        if !self.exceeding.is_empty() {
            let refused = if then == HandedOnThen::Keep { &self.effect.not_kept } else { &self.effect.not_revoked };
            if let Some(reason) = refused {
                return Err(Problem::Forbidden(reason.clone()));
            }
            match then {
                HandedOnThen::Keep => {
                    for (held, under) in &self.exceeding {
                        diesel::update(given::table.find(held.grant.key))
                            .set((given::through.eq(under), given::rev.eq(given::rev + 1)))
                            .execute(conn)?;
                    }
                }
                HandedOnThen::Revoke => {
                    let exceeding: Vec<HeldGrant> = self.exceeding.into_iter().map(|(held, _)| held).collect();
                    grants::take(conn, &actor, &exceeding, then, now)?;
                }
            }
        }
        if !self.ended.is_empty() {
            // What hangs on a grant that has ended got nothing from it any more.
            let mut gone: Vec<GrantKey> = self.ended.iter().map(|held| held.grant.key).collect();
            let lower = grants::below(conn, &gone)?;
            gone.extend(lower.iter().map(|held| held.grant.key));
            diesel::delete(given::table.filter(given::key.eq_any(gone))).execute(conn)?;
        }
        Ok(self.effect)
    }
}
