//! What few accounts have: verifications (P-7), second factors, and identifiers that wait to be confirmed (P-6).

use super::{One, People, Plan};
use crate::{
    domain::{
        account::{self, Status},
        authenticator::{self, Kind},
        key::*,
        role_assignment, text,
        time::Time,
        world,
    },
    problem::Problem,
    store::{
        conn::{Conn, on_each},
        identifiers::LASTS,
        schema::{authenticators, identifier_changes, identifiers, links, verifications},
        world::{
            import::{BINDS, Work, insert_all, instant, upsert_all},
            rows::{AuthenticatorRow, ChangeRow, IdentifierRow, VerificationRow},
        },
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// What is to be written.
#[derive(Default)]
pub(super) struct Rows {
    verifications: Vec<VerificationRow>,
    authenticators: Vec<AuthenticatorRow>,
    /// By their ids: those that count now.
    confirmed: Vec<(String, Time)>,
    changes: Vec<ChangeRow>,
    /// Changes in whose place others came, by their ids.
    replaced: Vec<String>,
}

/// What is there, of the accounts that the file says something of.
pub(super) struct Hanging {
    store: StoreKey,
    verifications: HashMap<AccountKey, VerificationRow>,
    authenticators: HashMap<AccountKey, Vec<AuthenticatorRow>>,
    changes: HashMap<(AccountKey, &'static str), ChangeRow>,
    /// Whether each identifier counts, by account and folded.
    identifiers: HashMap<(AccountKey, String), bool>,
}

impl Hanging {
    pub fn of(conn: &mut Conn, store: StoreKey, list: &[world::Account], plans: &[Plan]) -> Result<Self, Problem> {
        let some =
            |account: &world::Account| !account.changes.is_empty() || !account.authenticators.is_empty() || account.verification.is_some();
        let keys: Vec<AccountKey> =
            plans.iter().filter(|plan| plan.old.is_some() && some(&list[plan.index])).map(|plan| plan.key).collect();
        let mut found = Self {
            store,
            verifications: HashMap::new(),
            authenticators: HashMap::new(),
            changes: HashMap::new(),
            identifiers: HashMap::new(),
        };
        for keys in keys.chunks(BINDS / 2) {
            use authenticators as f;
            use identifier_changes as c;
            use identifiers as i;
            use verifications as v;
            let rows: Vec<VerificationRow> = v::table.filter(v::account.eq_any(keys)).load(conn)?;
            found.verifications.extend(rows.into_iter().map(|row| (row.account, row)));
            let rows: Vec<AuthenticatorRow> =
                f::table.filter(f::account.eq_any(keys)).order(f::key).select(AuthenticatorRow::as_select()).load(conn)?;
            for row in rows {
                found.authenticators.entry(row.account).or_default().push(row);
            }
            let rows: Vec<ChangeRow> =
                c::table.filter(c::account.eq_any(keys)).filter(c::confirmed_at.is_null()).select(ChangeRow::as_select()).load(conn)?;
            found.changes.extend(rows.into_iter().map(|row| {
                let kind = if row.kind == "email" { "email" } else { "username" };
                ((row.account, kind), row)
            }));
            let rows: Vec<(AccountKey, String, bool)> =
                i::table.filter(i::account.eq_any(keys)).select((i::account, i::folded, i::confirmed)).load(conn)?;
            found.identifiers.extend(rows.into_iter().map(|(account, folded, confirmed)| ((account, folded), confirmed)));
        }
        Ok(found)
    }

    /// Judges what hangs on an account; whether the file changes any of it.
    pub fn judge(&self, work: &mut Work, people: &mut People, known: &mut HashMap<String, AccountKey>, one: One) -> bool {
        let One { at, account, terms, .. } = one;
        for (field, empty) in [("authenticators", account.authenticators.is_empty()), ("changes", account.changes.is_empty())] {
            if terms.status == Status::Invited && !empty {
                work.faults.add(at.key(field), "Nobody sets this of an account that its owner has not accepted yet (I-1).");
                return false;
            }
        }
        let verified = self.verification(work, people, one);
        let factors = self.authenticators(work, people, one);
        let waits = self.changes(work, people, known, one);
        verified || factors || waits
    }

    fn verification(&self, work: &mut Work, people: &mut People, One { at, account, plan, .. }: One) -> bool {
        let Some(wanted) = &account.verification else { return false };
        let at = at.key("verification");
        let faults = &mut work.faults;
        let verified = match wanted.status.as_str() {
            "verified" => true,
            "revoked" => false,
            _ => {
                faults.add(at.key("status"), "A verification is verified or revoked.");
                return false;
            }
        };
        if !["hand", "import"].contains(&wanted.how.as_str()) {
            faults.add(at.key("how"), "Say hand or import.");
            return false;
        }
        let reason = faults.sift(at.key("reason"), role_assignment::reason(&wanted.reason));
        let by = match &wanted.by {
            Some(typed) => faults.sift(at.key("by"), account::person_name(typed)).map(Some),
            None => Some(None),
        };
        let time = instant(faults, at.key("at"), wanted.at.as_deref());
        let (Some(reason), Some(by), Some(time)) = (reason, by, time) else { return false };
        let old = self.verifications.get(&plan.key);
        let row = VerificationRow {
            account: plan.key,
            verified,
            verified_by: by,
            how: wanted.how.clone(),
            reason,
            at: time.or(old.map(|old| old.at)).unwrap_or(work.now),
        };
        if old == Some(&row) {
            return false;
        }
        people.hanging.verifications.push(row);
        true
    }

    /// What is there is never taken from its owner: a factor that counts goes on counting.
    fn authenticators(&self, work: &mut Work, people: &mut People, One { at, account, plan, .. }: One) -> bool {
        let at = at.key("authenticators");
        let none = Vec::new();
        let there = self.authenticators.get(&plan.key).unwrap_or(&none);
        let mut seen: HashSet<(&str, String)> = there.iter().map(|row| (row.kind.word(), text::fold(&row.value))).collect();
        let mut named: HashSet<(&str, String)> = HashSet::new();
        let mut changed = false;
        for (index, wanted) in account.authenticators.iter().enumerate() {
            let at = at.index(index);
            let faults = &mut work.faults;
            let Some(kind) = Kind::from_word(&wanted.kind) else {
                faults.add(at.key("type"), "The type of an authenticator is email or phone.");
                continue;
            };
            let value = faults.sift(at.key("value"), kind.check(&wanted.value));
            let confirmed = instant(faults, at.key("confirmed"), wanted.confirmed.as_deref());
            let added = instant(faults, at.key("added"), wanted.added.as_deref());
            let by = match &wanted.added_by {
                Some(typed) => faults.sift(at.key("added_by"), account::person_name(typed)).map(Some),
                None => Some(None),
            };
            let (Some(value), Some(confirmed_at), Some(added), Some(added_by)) = (value, confirmed, added, by) else { continue };
            let folded = text::fold(&value);
            if !named.insert((kind.word(), folded.clone())) {
                faults.add(at.key("value"), format!("“{value}” stands here twice."));
                continue;
            }
            if let Some(old) = there.iter().find(|row| row.kind == kind && text::fold(&row.value) == folded) {
                if let (None, Some(confirmed)) = (old.confirmed_at, confirmed_at) {
                    people.hanging.confirmed.push((old.id.clone(), confirmed));
                    changed = true;
                }
                continue;
            }
            seen.insert((kind.word(), folded));
            if seen.len() as i64 > authenticator::MOST {
                faults.add(at, format!("An account has {} second factors at most.", authenticator::MOST));
                continue;
            }
            let id = work.tx.chance().id("factor");
            let created_at = added.unwrap_or(work.now);
            people.hanging.authenticators.push(AuthenticatorRow { id, account: plan.key, kind, value, confirmed_at, added_by, created_at });
            changed = true;
        }
        changed
    }

    /// What waits stays so: no file makes it count (P-6).
    fn changes(&self, work: &mut Work, people: &mut People, known: &mut HashMap<String, AccountKey>, one: One) -> bool {
        let One { at, account, terms, plan } = one;
        let at = at.key("changes");
        let mut named: HashSet<&str> = HashSet::new();
        let mut changed = false;
        for (index, wanted) in account.changes.iter().enumerate() {
            let at = at.index(index);
            let faults = &mut work.faults;
            let (kind, checked, current) = match wanted.kind.as_str() {
                "email" => ("email", account::email(&wanted.value), &terms.email),
                "username" => ("username", account::username(&wanted.value), &terms.username),
                _ => {
                    faults.add(at.key("kind"), "Say email or username.");
                    continue;
                }
            };
            let value = faults.sift(at.key("value"), checked);
            let asked = instant(faults, at.key("asked"), wanted.asked.as_deref());
            let until = instant(faults, at.key("until"), wanted.until.as_deref());
            let by = match &wanted.by {
                Some(typed) => faults.sift(at.key("by"), account::person_name(typed)).map(Some),
                None => Some(None),
            };
            let (Some(value), Some(asked), Some(until), Some(by)) = (value, asked, until, by) else { continue };
            if !named.insert(kind) {
                faults.add(at.key("kind"), "Of each kind one change waits at most.");
                continue;
            }
            let folded = text::fold(&value);
            let old = self.changes.get(&(plan.key, kind));
            if old.is_some_and(|old| text::fold(&old.new_value) == folded) {
                continue;
            }
            let counts = |own: &String| match self.identifiers.get(&(plan.key, text::fold(own))) {
                Some(confirmed) => *confirmed,
                None => !account.unconfirmed.iter().any(|word| word == kind),
            };
            match current {
                Some(own) if text::fold(own) == folded => {
                    // Where it counts in the database, its owner has confirmed it since the file was written.
                    if counts(own) && plan.old.is_none() {
                        faults.add(at.key("value"), format!("“{value}” waits to be confirmed; name its kind under “unconfirmed”."));
                    }
                    if counts(own) {
                        continue;
                    }
                }
                Some(own) if !counts(own) => {
                    faults.add(at.key("value"), format!("“{own}” was never confirmed; what takes its place stands in its place."));
                    continue;
                }
                _ => {
                    if known.get(&folded).is_some() {
                        faults.add(at.key("value"), format!("“{value}” is an identifier of another account of this store."));
                        continue;
                    }
                    known.insert(folded.clone(), plan.key);
                    let row = IdentifierRow { store: self.store, folded, account: plan.key, kind, confirmed: false };
                    people.taken.push(row);
                }
            }
            if let Some(old) = old {
                let before = text::fold(&old.new_value);
                if current.as_deref().is_none_or(|own| text::fold(own) != before) {
                    known.remove(&before);
                    people.freed.push((self.store, before));
                }
                people.hanging.replaced.push(old.id.clone());
            }
            people.hanging.changes.push(ChangeRow {
                id: work.tx.chance().id("change"),
                account: plan.key,
                kind: kind.to_owned(),
                old_value: current.clone().filter(|own| counts(own)),
                new_value: value,
                changed_by: by,
                created_at: asked.unwrap_or(work.now),
                confirmed_at: None,
                cancel_until: until.unwrap_or(work.now.plus_seconds(LASTS)),
            });
            changed = true;
        }
        changed
    }
}

impl Rows {
    /// Writes them; the accounts are there already.
    pub fn write(&self, conn: &mut Conn) -> Result<(), Problem> {
        use authenticators as f;
        use identifier_changes as c;
        use verifications as v;
        upsert_all!(conn, v::table, 6, self.verifications, v::account, [v::verified, v::verified_by, v::how, v::reason, v::at]);
        insert_all!(conn, f::table, 7, self.authenticators);
        for (id, at) in &self.confirmed {
            diesel::update(f::table.filter(f::id.eq(id))).set(f::confirmed_at.eq(Some(*at))).execute(conn)?;
        }
        for ids in self.replaced.chunks(BINDS) {
            let keys: Vec<i64> = c::table.filter(c::id.eq_any(ids)).select(c::key).load(conn)?;
            diesel::delete(links::table.filter(links::identifier_change.eq_any(keys))).execute(conn)?;
            diesel::delete(c::table.filter(c::id.eq_any(ids))).execute(conn)?;
        }
        insert_all!(conn, c::table, 9, self.changes);
        Ok(())
    }
}
