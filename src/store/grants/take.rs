//! Grants changed and taken back, with what was handed on through them (D-10).

use super::{Terms, below, judged, list};
use crate::{
    access::{
        Actor, HandingOn,
        confer::{self, HeldGrant, Recipient},
    },
    domain::{
        Refusal,
        event::{Event, Subject},
        key::*,
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        holdings,
        schema::grants,
        set_up::keep_a_super_administrator,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::prelude::*;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// What becomes of grants that were handed on through one that goes or shrinks (D-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HandedOnThen {
    /// They go too.
    #[default]
    Revoke,
    /// They hang under the person's own grant of that chain, or under nothing for a super administrator.
    Keep,
}

/// What was handed on through a grant, for the question what becomes of it.
#[derive(Clone, Debug, Default)]
pub struct HandedOn {
    /// Whose grants hang on it, all the way down: name, and how many steps below.
    pub people: Vec<(String, usize)>,
    /// Why they cannot all be revoked; none: they can.
    pub not_revoked: Option<String>,
    /// Why they cannot all be kept; none: they can.
    pub not_kept: Option<String>,
}

impl HandedOn {
    /// A short form to notice a change between confirmation and act (Z-11).
    pub fn mark(&self) -> String {
        let names: Vec<&str> = self.people.iter().map(|(name, _)| name.as_str()).collect();
        format!("{}.{}", names.len(), text::fold(&names.join(",")))
    }
}

/// What hangs on grants that go, judged for the person who takes them.
struct Judged {
    /// Everything below, those that have ended too.
    below: Vec<HeldGrant>,
    /// Of these, what hangs directly on a grant that goes, each with the person's own grant to hang it under; or why it
    /// cannot be kept.
    direct: HashMap<GrantKey, Result<Option<GrantKey>, String>>,
    not_revoked: Option<String>,
}

impl Judged {
    fn not_kept(&self) -> Option<String> {
        self.below.iter().find_map(|grant| self.direct.get(&grant.grant.key)?.clone().err())
    }

    fn handed_on(&self, gone: &HashSet<GrantKey>) -> HandedOn {
        let depth = |grant: &HeldGrant| grant.grant.above.iter().take_while(|upper| !gone.contains(&upper.key)).count() + 1;
        HandedOn {
            people: self.below.iter().map(|grant| (grant.title.clone(), depth(grant))).collect(),
            not_revoked: self.not_revoked.clone(),
            not_kept: self.not_kept(),
        }
    }
}

fn judge(conn: &mut Conn, actor: &Actor, gone: &HashSet<GrantKey>, now: Time) -> Result<Judged, Problem> {
    let keys: Vec<GrantKey> = gone.iter().copied().collect();
    let mut below = below(conn, &keys)?;
    below.retain(|grant| !gone.contains(&grant.grant.key));
    let holders: Vec<AccountKey> = below.iter().map(|grant| grant.account).collect::<HashSet<_>>().into_iter().collect();
    let holdings = if holders.is_empty() { HashMap::new() } else { holdings::of(conn, &holders, now)? };
    let none = crate::access::rank::Holdings::default();
    let mut direct = HashMap::new();
    let mut not_revoked = None;
    for grant in &below {
        let held = holdings.get(&grant.account).unwrap_or(&none);
        let ended = grant.grant.period.ended(now);
        let revoked = confer::may_revoke(actor, grant, held);
        if !ended && let Err(uncovered) = &revoked {
            not_revoked.get_or_insert_with(|| format!("{}: {}", grant.title, uncovered.0));
        }
        if grant.grant.above.first().is_some_and(|upper| gone.contains(&upper.key)) {
            let kept = revoked.and_then(|mine| {
                let to = Recipient { account: grant.account, memberships: &grant.memberships, in_root: false, holdings: held };
                if ended { Ok(mine) } else { confer::may_grant_through(actor, mine, &grant.proposed(), &to) }
            });
            direct.insert(grant.grant.key, kept.map_err(|uncovered| format!("{}: {}", grant.title, uncovered.0)));
        }
    }
    Ok(Judged { below, direct, not_revoked })
}

/// What was handed on through any grant of an account, for the question what becomes of it when the account goes (E-4).
pub(in crate::store) fn handed_on_by(conn: &mut Conn, actor: &Actor, account: AccountKey, now: Time) -> Result<HandedOn, Problem> {
    let gone: HashSet<GrantKey> = grants::table.filter(grants::account.eq(account)).select(grants::key).load(conn)?.into_iter().collect();
    Ok(if gone.is_empty() { HandedOn::default() } else { judge(conn, actor, &gone, now)?.handed_on(&gone) })
}

/// Takes these grants away, and what was handed on through them as the person chose (D-10). That they themselves may be
/// taken is the caller's question. Those that went, the given ones first; and the names of those that were kept.
pub(in crate::store) fn take(
    conn: &mut Conn,
    actor: &Actor,
    gone: &[HeldGrant],
    then: HandedOnThen,
    now: Time,
) -> Result<(Vec<HeldGrant>, Vec<String>), Problem> {
    let keys: HashSet<GrantKey> = gone.iter().map(|grant| grant.grant.key).collect();
    let judged = judge(conn, actor, &keys, now)?;
    let mut all: Vec<HeldGrant> = gone.to_vec();
    let mut kept = Vec::new();
    match then {
        HandedOnThen::Revoke => {
            if let Some(reason) = judged.not_revoked {
                return Err(Problem::Forbidden(reason));
            }
            all.extend(judged.below);
        }
        HandedOnThen::Keep => {
            for grant in &judged.below {
                let Some(to) = judged.direct.get(&grant.grant.key) else { continue };
                let to = to.clone().map_err(Problem::Forbidden)?;
                diesel::update(grants::table.find(grant.grant.key)).set(grants::through.eq(to)).execute(conn)?;
                kept.push(grant.title.clone());
            }
        }
    }
    // Those farthest down first: each names the one above it.
    let mut order: Vec<(usize, GrantKey)> = all.iter().map(|grant| (grant.grant.above.len(), grant.grant.key)).collect();
    order.sort_by(|a, b| b.cmp(a));
    for (_, key) in order {
        diesel::delete(grants::table.find(key)).execute(conn)?;
    }
    keep_a_super_administrator(conn)?;
    Ok((all, kept))
}

/// A grant in sight that the person may change or revoke, and as the holder of which grant above it.
fn acted_on(conn: &mut Conn, actor: &Actor, id: &str, now: Time) -> Result<(list::Listed, HeldGrant, Option<GrantKey>), Problem> {
    let listed = list::seen(conn, actor, id)?;
    let mut those = Sql::new("g.key = ");
    those.bind(listed.key.0);
    let held = judged(conn, &those)?.pop().ok_or(Problem::NotFound)?;
    let holdings = holdings::of(conn, &[held.account], now)?.remove(&held.account).unwrap_or_default();
    let mine = confer::may_revoke(actor, &held, &holdings).map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    Ok((listed, held, mine))
}

/// What revoking the grant would take along, for the confirmation (W-2); and how many role assignments its holder made,
/// which stay (Z-7).
///
/// # Errors
/// [`Problem::NotFound`] out of sight; [`Problem::Forbidden`] where they may only look.
pub fn handed_on(reader: &mut impl Reader<HandingOn>, id: &str) -> Result<(list::Listed, HandedOn, i64), Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let (listed, held, _) = acted_on(conn, &actor, id, now)?;
    let gone = HashSet::from([held.grant.key]);
    let handed_on = judge(conn, &actor, &gone, now)?.handed_on(&gone);
    let mut made = Sql::new(
        "SELECT count(*) AS n FROM (SELECT DISTINCT s.id, s.organization FROM events e JOIN event_subjects s ON s.event = e.key \
         WHERE e.actor = ",
    );
    made.bind(listed.account_id.as_str())
        .push(" AND e.action = 'role_assignment.add' AND e.outcome = 'done' AND s.noun = 'account' LIMIT 1001) made");
    Ok((listed, handed_on, made.number(conn)?))
}

/// How revoking went.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// The grant as it was.
    pub grant: list::Listed,
    /// How many others went with it.
    pub others: usize,
    /// How many that hung on it were kept.
    pub kept: usize,
}

/// Revokes a grant (D-10). `confirmed` is the mark of what the confirmation named, where there was one.
///
/// # Errors
/// As [`handed_on`]; [`Problem::Conflict`] when that changed meanwhile (Z-11), or no super administrator would be left.
pub fn revoke(tx: &mut Tx<HandingOn>, id: &str, then: HandedOnThen, confirmed: Option<&str>) -> Result<Revoked, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let (listed, held, _) = acted_on(tx.conn(), &actor, id, now)?;
    if let Some(confirmed) = confirmed {
        let gone = HashSet::from([held.grant.key]);
        if judge(tx.conn(), &actor, &gone, now)?.handed_on(&gone).mark() != confirmed {
            return Err(Problem::Conflict("What was handed on through this grant has changed meanwhile. Look again.".into()));
        }
    }
    let (gone, kept) = take(tx.conn(), &actor, std::slice::from_ref(&held), then, now)?;
    let mut event = about(tx.conn(), Event::done("grant.revoke"), &gone)?
        .with("role", listed.role.1.as_str())
        .with("account", listed.title.as_str())
        .with("before", described(&listed));
    if gone.len() > 1 {
        event = event.with("revoked_too", gone.iter().skip(1).map(|grant| grant.title.clone()).collect::<Vec<_>>());
    }
    if !kept.is_empty() {
        event = event.with("kept", kept.clone());
    }
    tx.record(event)?;
    Ok(Revoked { grant: listed, others: gone.len() - 1, kept: kept.len() })
}

/// Each grant and its holder as subjects, where the owner of its scope stands (E-3).
pub(super) fn about(conn: &mut Conn, mut event: Event, of: &[HeldGrant]) -> Result<Event, Problem> {
    let root = tree::root(conn)?;
    let ids = super::holders(conn, of)?;
    for grant in of {
        let place = grant.owner.as_ref().map_or(root, |owner| owner.organization);
        event = event.on(Subject::of("grant", &grant.id).at(place));
        if let Some((id, store)) = ids.get(&grant.account) {
            event = event.on(Subject::of("account", id).at(place).in_store(*store));
        }
    }
    Ok(event)
}

fn described(grant: &list::Listed) -> serde_json::Value {
    json!({
        "role": grant.role.1, "scope": grant.scope.as_ref().map(|scope| scope.name.clone()),
        "where": grant.scope.as_ref().map(list::ScopeOf::place), "cascading": grant.cascading,
        "starts": grant.period.starts.map(Time::rfc3339), "ends": grant.period.ends.map(Time::rfc3339), "reason": grant.reason,
    })
}

/// How an edit went.
#[derive(Clone, Debug)]
pub enum Edited {
    /// Done.
    Done(list::Listed),
    /// Somebody changed it since the form was loaded.
    Stale(list::Listed),
    /// This was handed on and would exceed it: what becomes of that is to be said first (D-10).
    Ask(list::Listed, HandedOn),
}

/// Changes dates, cascading and reason of a grant: for permission as revoking and making it anew, while id and chain stay
/// (Z-6).
///
/// # Errors
/// As [`revoke`]; a refusal at `ends` or `cascading` for what the person could not give.
pub fn edit(tx: &mut Tx<HandingOn>, id: &str, rev: i32, terms: &Terms, then: Option<HandedOnThen>) -> Result<Edited, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let (listed, held, mine) = acted_on(tx.conn(), &actor, id, now)?;
    if listed.rev != rev {
        return Ok(Edited::Stale(listed));
    }
    let terms = terms.for_kind(listed.role.2)?;
    let holdings = holdings::of(tx.conn(), &[held.account], now)?.remove(&held.account).unwrap_or_default();
    let in_root = super::in_root(tx.conn(), &[held.account])?.contains(&held.account);
    let to = Recipient { account: held.account, memberships: &held.memberships, in_root, holdings: &holdings };
    let mut proposed = held.proposed();
    (proposed.cascading, proposed.ends) = (terms.cascading, terms.period.ends);
    confer::may_grant_through(&actor, mine, &proposed, &to).map_err(|uncovered| Refusal::at("ends", uncovered.0))?;
    // D-9: inside the dates of the very grant that it was made through, and handed on only where that may be.
    if let Some(upper) = held.grant.above.first() {
        let starts = upper.period.starts.filter(|theirs| terms.period.starts.is_none_or(|ours| ours < *theirs));
        if starts.is_some() {
            return Err(Refusal::at("starts", "It would start before the grant that it was made through.").into());
        }
        if !crate::domain::time::lasts_as_long(upper.period.ends, terms.period.ends) {
            return Err(Refusal::at("ends", "It would end after the grant that it was made through.").into());
        }
    }
    let exceeds = |grant: &HeldGrant| {
        let (ours, theirs) = (terms.period, grant.grant.period);
        !terms.cascading
            || !crate::domain::time::lasts_as_long(ours.ends, theirs.ends)
            || ours.starts.is_some_and(|starts| theirs.starts.is_none_or(|theirs| theirs < starts))
    };
    let narrower = {
        let mut children: Vec<HeldGrant> = below(tx.conn(), &[listed.key])?;
        children.retain(|grant| grant.grant.above.first().is_some_and(|upper| upper.key == listed.key) && exceeds(grant));
        children
    };
    if !narrower.is_empty() {
        let Some(then) = then else {
            // What exceeds goes with all that hangs on it, or hangs under the person's own grant as it is.
            let keys: HashSet<GrantKey> = narrower.iter().map(|grant| grant.grant.key).collect();
            let judged = judge(tx.conn(), &actor, &HashSet::from([listed.key]), now)?;
            let under =
                |grant: &HeldGrant| keys.contains(&grant.grant.key) || grant.grant.above.iter().any(|upper| keys.contains(&upper.key));
            let mut handed_on = judged.handed_on(&HashSet::from([listed.key]));
            handed_on.people = judged
                .below
                .iter()
                .filter(|grant| under(grant))
                .map(|grant| (grant.title.clone(), grant.grant.above.iter().position(|upper| upper.key == listed.key).unwrap_or(0) + 1))
                .collect();
            return Ok(Edited::Ask(listed, handed_on));
        };
        match then {
            HandedOnThen::Keep => {
                let judged = judge(tx.conn(), &actor, &HashSet::from([listed.key]), now)?;
                for grant in &narrower {
                    let to = judged.direct.get(&grant.grant.key).cloned().unwrap_or(Ok(None)).map_err(Problem::Forbidden)?;
                    diesel::update(grants::table.find(grant.grant.key)).set(grants::through.eq(to)).execute(tx.conn())?;
                }
            }
            HandedOnThen::Revoke => {
                take_each(tx.conn(), &actor, &narrower, now)?;
            }
        }
    }
    diesel::update(grants::table.find(listed.key))
        .set((
            grants::cascading.eq(terms.cascading),
            grants::starts.eq(terms.period.starts),
            grants::ends.eq(terms.period.ends),
            grants::reason.eq(&terms.reason),
            grants::rev.eq(rev + 1),
        ))
        .execute(tx.conn())?;
    keep_a_super_administrator(tx.conn())?;
    let after = list::seen(tx.conn(), &actor, id)?;
    let mut event = about(tx.conn(), Event::done("grant.edit"), std::slice::from_ref(&held))?
        .with("role", listed.role.1.as_str())
        .with("account", listed.title.as_str())
        .with("before", described(&listed))
        .with("after", described(&after));
    if !narrower.is_empty() {
        let name = if then == Some(HandedOnThen::Keep) { "kept" } else { "revoked_too" };
        event = event.with(name, narrower.iter().map(|grant| grant.title.clone()).collect::<Vec<_>>());
    }
    tx.record(event)?;
    Ok(Edited::Done(after))
}

/// Takes grants that exceed one that shrinks, with all that hangs on them: each must be the person's to revoke.
fn take_each(conn: &mut Conn, actor: &Actor, of: &[HeldGrant], now: Time) -> Result<(), Problem> {
    let holders: Vec<AccountKey> = of.iter().map(|grant| grant.account).collect();
    let holdings = holdings::of(conn, &holders, now)?;
    let none = crate::access::rank::Holdings::default();
    for grant in of.iter().filter(|grant| !grant.grant.period.ended(now)) {
        confer::may_revoke(actor, grant, holdings.get(&grant.account).unwrap_or(&none))
            .map_err(|uncovered| Problem::Forbidden(format!("{}: {}", grant.title, uncovered.0)))?;
    }
    take(conn, actor, of, HandedOnThen::Revoke, now).map(|_| ())
}
