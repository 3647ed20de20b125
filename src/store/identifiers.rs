//! What accounts sign in by, and changing it (P-6): what somebody else sets counts once its owner has confirmed it, and what
//! was there can be had back for seven days. So the right to edit never becomes the right to take over.

use super::{
    accounts::{Edited, Saved, edited_of, free},
    conn::Conn,
    links::{self, Purpose},
    mails, passwords,
    schema::{accounts, identifier_changes, identifiers, verifications},
    set_up::keep_a_super_administrator,
    sign_in::search_text,
    targets,
    transaction::{Reader, Tx},
};
use crate::{
    access::{Ground, Myself, Side, system::Recovering},
    domain::{
        Refusal,
        account::Status,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::{AccountKey, StoreKey},
        letter::{Letter, Says},
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;
use serde_json::json;

/// How long a change waits for its owner, and how long it can be cancelled, in seconds.
pub(super) const LASTS: i64 = 7 * 24 * 3600;

/// A change that waits for the owner of the account to confirm it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Pending {
    key: i64,
    /// Public id.
    pub id: String,
    /// `email` or `username`.
    pub kind: String,
    /// What it is to become.
    pub new: String,
    /// Who wants it; none: the owner.
    pub by: Option<String>,
    /// Until when it waits.
    pub until: Time,
}

/// The changes that wait, of one account.
pub(super) fn pending_of(conn: &mut Conn, account: AccountKey, now: Time) -> Result<Vec<Pending>, Problem> {
    use identifier_changes as c;
    Ok(c::table
        .filter(c::account.eq(account))
        .filter(c::confirmed_at.is_null())
        .filter(c::cancel_until.gt(now.micros()))
        .order(c::kind)
        .select((c::key, c::id, c::kind, c::new_value, c::changed_by, c::cancel_until))
        .load(conn)?)
}

/// One's own changes that wait, for `/me`.
///
/// # Errors
/// What the database says.
pub fn own_pending(reader: &mut impl Reader<Myself>) -> Result<Vec<Pending>, Problem> {
    let now = reader.now();
    let me = reader.permit().person()?.account;
    pending_of(reader.conn(), me, now)
}

/// An account as a change finds it.
struct Old {
    key: AccountKey,
    store: StoreKey,
    name: String,
    email: Option<String>,
    username: Option<String>,
}

impl Old {
    fn read(conn: &mut Conn, account: AccountKey) -> Result<Self, Problem> {
        use accounts as a;
        type Row = (StoreKey, String, Option<String>, Option<String>);
        let (store, name, email, username): Row = a::table.find(account).select((a::store, a::name, a::email, a::username)).first(conn)?;
        Ok(Self { key: account, store, name, email, username })
    }

    fn value(&self, kind: &str) -> Option<&String> {
        if kind == "email" { self.email.as_ref() } else { self.username.as_ref() }
    }

    /// Writes what it signs in by now.
    fn write(&self, conn: &mut Conn, now: Time) -> Result<(), Problem> {
        use accounts as a;
        let search = search_text(&self.name, self.email.as_deref(), self.username.as_deref());
        diesel::update(a::table.find(self.key))
            .set((
                a::email.eq(&self.email),
                a::username.eq(&self.username),
                a::search.eq(search),
                a::rev.eq(a::rev + 1),
                a::changed_at.eq(now),
            ))
            .execute(conn)?;
        Ok(())
    }

    fn set(&mut self, kind: &str, value: Option<String>) {
        if kind == "email" {
            self.email = value;
        } else {
            self.username = value;
        }
    }
}

/// Changes e-mail and user name for somebody else: a new one counts once its owner has confirmed it, and the old one until
/// then; the owner is told at the old address, and can cancel (P-6). Setting back what is there withdraws a change that waits.
///
/// # Errors
/// A refusal at the field; [`Problem::NotFound`] out of sight; [`Problem::Forbidden`] with the reason;
/// [`Problem::Conflict`] for an invited account (I-1), and where no super administrator who can sign in would be left (D-5).
pub fn set<S: Side>(
    tx: &mut Tx<S::EditIdentifiers>,
    store: &IdentityStore,
    id: &str,
    rev: i32,
    email: Option<&str>,
    username: Option<&str>,
) -> Result<Saved, Problem> {
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let by = tx.permit().person()?.name.clone();
    let now = tx.now();
    let before: Edited = edited_of(tx.conn(), found.account.clone(), now)?;
    if before.rev != rev {
        return Ok(Saved::Stale(Box::new(before)));
    }
    if found.account.status == Status::Invited {
        return Err(Problem::Conflict("Nobody changes how an invited account signs in before its owner has accepted (I-1).".into()));
    }
    let mut old = Old::read(tx.conn(), found.account.key)?;
    let changed = change(tx, &mut old, &before.pending, [("email", email), ("username", username)], Some(&by))?;
    if !changed {
        return Err(Refusal::at("", "Nothing was changed: these are the sign-in names it has.").into());
    }
    old.write(tx.conn(), now)?;
    keep_a_super_administrator(tx.conn())?;
    let event = found
        .subjects(Event::done("account.identifiers"), store.key)
        .with("before", json!({ "email": found.account.email, "username": found.account.username }))
        .with("after", json!({ "email": email, "username": username }));
    tx.record(event)?;
    let mut account = found.account;
    (account.email, account.username) = (old.email, old.username);
    Ok(Saved::Done(account))
}

/// Changes one's own e-mail and user name, after a proof of the password: the user name at once, the e-mail once it is
/// confirmed from its mailbox.
///
/// # Errors
/// A refusal at the field; [`Problem::Conflict`] when the account was changed meanwhile.
pub fn set_own(tx: &mut Tx<Myself>, rev: i32, email: Option<&str>, username: Option<&str>) -> Result<(), Problem> {
    let me = tx.permit().person()?.clone();
    let now = tx.now();
    let found: i32 = accounts::table.find(me.account).select(accounts::rev).first(tx.conn())?;
    if found != rev {
        return Err(Problem::Conflict("Your account was changed meanwhile. Load the page again.".into()));
    }
    let pending = pending_of(tx.conn(), me.account, now)?;
    let mut old = Old::read(tx.conn(), me.account)?;
    let before = json!({ "email": old.email, "username": old.username });
    if !change(tx, &mut old, &pending, [("email", email), ("username", username)], None)? {
        return Err(Refusal::at("", "Nothing was changed: these are the sign-in names you have.").into());
    }
    old.write(tx.conn(), now)?;
    keep_a_super_administrator(tx.conn())?;
    let event = Event::done("account.own_identifiers")
        .on(Subject::of("account", &me.id).in_store(me.store))
        .with("before", before)
        .with("after", json!({ "email": email, "username": username }));
    tx.record(event).map(|_| ())
}

/// Makes each kind what is wanted, as far as it may be at once. Whether anything was changed.
fn change<G: Ground>(
    tx: &mut Tx<G>,
    old: &mut Old,
    pending: &[Pending],
    wanted: [(&'static str, Option<&str>); 2],
    by: Option<&str>,
) -> Result<bool, Problem> {
    use identifiers as i;
    let mut changed = false;
    for (kind, new) in wanted {
        let current = old.value(kind).cloned();
        let waiting = pending.iter().find(|pending| pending.kind == kind);
        if current.as_deref() == new {
            if let Some(waiting) = waiting {
                drop_pending(tx.conn(), old, waiting.key, kind)?;
                changed = true;
            }
            continue;
        }
        if waiting.is_some_and(|waiting| Some(waiting.new.as_str()) == new) {
            continue;
        }
        changed = true;
        if let Some(waiting) = waiting {
            drop_pending(tx.conn(), old, waiting.key, kind)?;
        }
        let Some(new) = new else {
            diesel::delete(i::table.filter(i::account.eq(old.key)).filter(i::kind.eq(kind))).execute(tx.conn())?;
            let who = by.map_or_else(String::new, |by| format!(" by {by}"));
            passwords::notify(tx, old.key, format!("{} was removed from your account{who}.", current.unwrap_or_default()))?;
            old.set(kind, None);
            continue;
        };
        // Another spelling of the same identifier stays confirmed.
        if current.as_deref().is_some_and(|current| text::fold(current) == text::fold(new)) {
            old.set(kind, Some(new.to_owned()));
            continue;
        }
        free(tx.conn(), old.store, kind, new, Some(old.key))?;
        replace(tx, old, kind, current, new, by)?;
    }
    Ok(changed)
}

/// Puts a new identifier beside the old one, to be confirmed; in the place of one that was never confirmed.
fn replace<G: Ground>(
    tx: &mut Tx<G>,
    old: &mut Old,
    kind: &'static str,
    current: Option<String>,
    new: &str,
    by: Option<&str>,
) -> Result<(), Problem> {
    use identifiers as i;
    let now = tx.now();
    let until = now.plus_seconds(LASTS);
    let counts = passwords::is_confirmed(tx.conn(), old.key, kind)?;
    // One's own user name needs no mailbox.
    let at_once = by.is_none() && kind == "username";
    // What was never confirmed makes room.
    let in_place = at_once || (current.is_some() && !counts);
    if in_place {
        diesel::delete(i::table.filter(i::account.eq(old.key)).filter(i::kind.eq(kind))).execute(tx.conn())?;
    }
    diesel::insert_into(i::table)
        .values((i::store.eq(old.store), i::folded.eq(text::fold(new)), i::account.eq(old.key), i::kind.eq(kind), i::confirmed.eq(at_once)))
        .execute(tx.conn())?;
    use identifier_changes as c;
    let change: i64 = diesel::insert_into(c::table)
        .values((
            (c::id.eq(tx.chance().id("change")), c::account.eq(old.key), c::kind.eq(kind)),
            (c::old_value.eq(current.filter(|_| counts)), c::new_value.eq(new), c::changed_by.eq(by)),
            (c::created_at.eq(now), c::confirmed_at.eq(at_once.then_some(now.micros())), c::cancel_until.eq(until)),
        ))
        .returning(c::key)
        .get_result(tx.conn())?;
    let told = match &old.email {
        Some(email) if passwords::is_confirmed(tx.conn(), old.key, "email")? => Some(email.clone()),
        _ => None,
    };
    if let Some(to) = told {
        let token = links::make(tx, Purpose::Cancel, old.key, Some(change), until)?;
        let by = by.unwrap_or("you").to_owned();
        let says = Says::IdentifierChanging { new: new.to_owned(), by, token, ends: until };
        mails::post(tx, Some(old.key), &Letter { to, name: old.name.clone(), says })?;
    }
    if kind == "email" {
        let token = links::make(tx, Purpose::Confirm, old.key, Some(change), until)?;
        let says = Says::ConfirmIdentifier { by: by.map(str::to_owned), token, ends: until };
        mails::post(tx, Some(old.key), &Letter { to: new.to_owned(), name: old.name.clone(), says })?;
    }
    if in_place {
        old.set(kind, Some(new.to_owned()));
        void(tx.conn(), old.key)?;
    }
    Ok(())
}

/// P-7: changing an identifier voids the verification and the open links.
fn void(conn: &mut Conn, account: AccountKey) -> Result<(), Problem> {
    diesel::delete(verifications::table.find(account)).execute(conn)?;
    links::kill(conn, Purpose::Reset, account)
}

/// Takes away a change that waits, and its identifier.
fn drop_pending(conn: &mut Conn, old: &Old, change: i64, kind: &str) -> Result<(), Problem> {
    use identifiers as i;
    links::kill_of_change(conn, change, None)?;
    diesel::delete(identifier_changes::table.find(change)).execute(conn)?;
    let waits = i::table.filter(i::account.eq(old.key)).filter(i::kind.eq(kind)).filter(i::confirmed.eq(false));
    // What was never confirmed and is all there is stays.
    if passwords::is_confirmed(conn, old.key, kind)? || old.value(kind).is_none() {
        diesel::delete(waits).execute(conn)?;
    }
    Ok(())
}

/// A change as a link or its owner finds it.
#[derive(Clone, Debug)]
pub struct Change {
    key: i64,
    account: AccountKey,
    /// `email` or `username`.
    pub kind: String,
    /// What it was, where that counted.
    pub old: Option<String>,
    /// What it becomes.
    pub new: String,
    /// Who wants it; none: the owner.
    pub by: Option<String>,
    /// Whether it counts already.
    pub confirmed: bool,
    /// The public id of the account, for the log.
    pub account_id: String,
    /// The name of the account.
    pub name: String,
    /// The hash of the account's password, which whoever confirms has to know.
    pub password_hash: Option<String>,
}

fn change_of(conn: &mut Conn, key: i64) -> Result<Change, Problem> {
    use accounts as a;
    use identifier_changes as c;
    type Row = (AccountKey, String, Option<String>, String, Option<String>, Option<i64>);
    let (account, kind, old, new, by, confirmed): Row =
        c::table.find(key).select((c::account, c::kind, c::old_value, c::new_value, c::changed_by, c::confirmed_at)).first(conn)?;
    let (account_id, name, password_hash): (String, String, Option<String>) =
        a::table.find(account).select((a::id, a::name, a::password_hash)).first(conn)?;
    Ok(Change { key, account, kind, old, new, by, confirmed: confirmed.is_some(), account_id, name, password_hash })
}

/// What a link in a letter is about; opening it uses nothing up.
///
/// # Errors
/// [`Problem::NotFound`] when it does not work (any more).
pub fn open(reader: &mut impl Reader<Recovering>, purpose: Purpose, token: &str) -> Result<Change, Problem> {
    let now = reader.now();
    let link = links::find(reader.conn(), purpose, token, now)?;
    change_of(reader.conn(), link.change.ok_or(Problem::NotFound)?)
}

/// Confirms the change behind a link, by somebody who has shown that they know the account's password.
///
/// # Errors
/// [`Problem::NotFound`] when the link does not work (any more).
pub fn confirm(tx: &mut Tx<Recovering>, token: &str) -> Result<Change, Problem> {
    let now = tx.now();
    let link = links::find(tx.conn(), Purpose::Confirm, token, now)?;
    let change = change_of(tx.conn(), link.change.ok_or(Problem::NotFound)?)?;
    make_count(tx, &change)?;
    let event = Event::done("account.confirm").with("kind", change.kind.as_str()).with("after", change.new.as_str());
    record_of(tx, &change, event)?;
    Ok(change)
}

/// Confirms one's own user name that somebody else wants, or refuses it.
///
/// # Errors
/// [`Problem::NotFound`] when it does not wait (any more).
pub fn answer_own(tx: &mut Tx<Myself>, id: &str, yes: bool) -> Result<(), Problem> {
    let now = tx.now();
    let me = tx.permit().person()?.clone();
    let pending = pending_of(tx.conn(), me.account, now)?.into_iter().find(|pending| pending.id == id).ok_or(Problem::NotFound)?;
    let change = change_of(tx.conn(), pending.key)?;
    let event = if yes && change.kind == "username" {
        make_count(tx, &change)?;
        "account.confirm"
    } else if yes {
        return Err(Problem::Conflict("An e-mail address is confirmed by the link that was sent to it.".into()));
    } else {
        let old = Old::read(tx.conn(), me.account)?;
        drop_pending(tx.conn(), &old, pending.key, &change.kind)?;
        "account.cancel"
    };
    let event = Event::done(event).on(Subject::of("account", &me.id).in_store(me.store));
    tx.record(event.with("kind", change.kind.as_str()).with("after", change.new.as_str())).map(|_| ())
}

/// Lets the new identifier count in the place of the old one.
fn make_count<G: Ground>(tx: &mut Tx<G>, change: &Change) -> Result<(), Problem> {
    use identifier_changes as c;
    use identifiers as i;
    let now = tx.now();
    let of = i::table.filter(i::account.eq(change.account)).filter(i::kind.eq(&change.kind));
    diesel::delete(of.filter(i::folded.ne(text::fold(&change.new)))).execute(tx.conn())?;
    diesel::update(i::table.filter(i::account.eq(change.account)).filter(i::folded.eq(text::fold(&change.new))))
        .set(i::confirmed.eq(true))
        .execute(tx.conn())?;
    let mut old = Old::read(tx.conn(), change.account)?;
    old.set(&change.kind, Some(change.new.clone()));
    old.write(tx.conn(), now)?;
    diesel::update(c::table.find(change.key)).set(c::confirmed_at.eq(Some(now.micros()))).execute(tx.conn())?;
    links::kill_of_change(tx.conn(), change.key, Some(Purpose::Confirm))?;
    void(tx.conn(), change.account)?;
    keep_a_super_administrator(tx.conn())
}

/// Takes a change back by the link that went to the old address: before it counts it never will; after that the old
/// identifier counts again, and every session ends.
///
/// # Errors
/// [`Problem::NotFound`] when the link does not work (any more); [`Problem::Conflict`] when the old identifier belongs to
/// another account by now.
pub fn cancel(tx: &mut Tx<Recovering>, token: &str) -> Result<Change, Problem> {
    use identifiers as i;
    let now = tx.now();
    let link = links::find(tx.conn(), Purpose::Cancel, token, now)?;
    let change = change_of(tx.conn(), link.change.ok_or(Problem::NotFound)?)?;
    let mut account = Old::read(tx.conn(), change.account)?;
    if change.confirmed {
        if let Some(old) = &change.old {
            free(tx.conn(), account.store, "email", old, Some(change.account))
                .map_err(|_| Problem::Conflict(format!("{old} belongs to another account by now. Ask who looks after your account.")))?;
        }
        diesel::delete(i::table.filter(i::account.eq(change.account)).filter(i::kind.eq(&change.kind))).execute(tx.conn())?;
        if let Some(old) = &change.old {
            diesel::insert_into(i::table)
                .values((
                    i::store.eq(account.store),
                    i::folded.eq(text::fold(old)),
                    i::account.eq(change.account),
                    i::kind.eq(&change.kind),
                    i::confirmed.eq(true),
                ))
                .execute(tx.conn())?;
        }
        account.set(&change.kind, change.old.clone());
        account.write(tx.conn(), now)?;
        void(tx.conn(), change.account)?;
        super::sessions::end_all(tx.conn(), change.account, None)?;
        links::kill_of_change(tx.conn(), change.key, None)?;
        diesel::delete(identifier_changes::table.find(change.key)).execute(tx.conn())?;
        keep_a_super_administrator(tx.conn())?;
    } else {
        drop_pending(tx.conn(), &account, change.key, &change.kind)?;
    }
    let event = Event::done("account.cancel").with("kind", change.kind.as_str()).with("after", change.new.as_str());
    record_of(tx, &change, event)?;
    Ok(change)
}

fn record_of(tx: &mut Tx<Recovering>, change: &Change, event: Event) -> Result<(), Problem> {
    let store: StoreKey = accounts::table.find(change.account).select(accounts::store).first(tx.conn())?;
    let event = event.on(Subject::of("account", &change.account_id).in_store(store));
    tx.record_as(event, (change.account_id.clone(), change.name.clone())).map(|_| ())
}

/// Takes away changes that nobody confirmed in time, and forgets those that can no longer be cancelled; for the job that
/// cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use identifier_changes as c;
    let over: Vec<(i64, AccountKey, String)> =
        c::table.filter(c::cancel_until.le(now.micros())).select((c::key, c::account, c::kind)).limit(10_000).load(conn)?;
    for (key, account, kind) in &over {
        let old = Old::read(conn, *account)?;
        drop_pending(conn, &old, *key, kind)?;
    }
    Ok(over.len())
}
