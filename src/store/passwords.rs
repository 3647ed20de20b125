//! Passwords that are forgotten, sent for or set by somebody else (I-6), and the letters that tell of it.

use super::{
    accounts::Account,
    authenticators::{self, Redeemed, Target},
    conn::Conn,
    links::{self, Purpose},
    mails,
    schema::{accounts, identifiers, identity_stores},
    sessions, sign_in,
    targets::{self, ActedOn},
    transaction::{Reader, Tx},
};
use crate::{
    access::{Ground, Side, system::Recovering},
    domain::{
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

/// How long a reset link works, in seconds (I-6).
pub const RESET_LASTS: i64 = 30 * 60;
/// How long the first link of an account that was made by hand works, in seconds: as an invitation's (I-1).
const FIRST_LASTS: i64 = 7 * 24 * 3600;

/// Tells an account of a change of its credentials at the e-mail address that it has confirmed, if it has one (P-6).
pub(super) fn notify<G: Ground>(tx: &mut Tx<G>, account: AccountKey, what: impl Into<String>) -> Result<(), Problem> {
    let at = tx.now();
    let (name, email): (String, Option<String>) =
        accounts::table.find(account).select((accounts::name, accounts::email)).first(tx.conn())?;
    if let Some(to) = email
        && is_confirmed(tx.conn(), account, "email")?
    {
        mails::post(tx, Some(account), &Letter { to, name, says: Says::Notice { what: what.into(), at } })?;
    }
    Ok(())
}

/// Whether the account's owner has confirmed its identifier of this kind (P-6).
pub(super) fn is_confirmed(conn: &mut Conn, account: AccountKey, kind: &str) -> Result<bool, Problem> {
    use identifiers as i;
    let found: i64 =
        i::table.filter(i::account.eq(account)).filter(i::kind.eq(kind)).filter(i::confirmed.eq(true)).count().get_result(conn)?;
    Ok(found > 0)
}

/// Sends a link by which the owner of an account sets a new password (I-6); to an account that is invited, its first one.
/// The password that it has goes on working.
///
/// # Errors
/// [`Problem::Conflict`] for an account that is disabled or has no address that counts; [`Problem::NotFound`] and
/// [`Problem::Forbidden`] as every act (P-3, P-4).
pub fn send_reset<S: Side>(tx: &mut Tx<S::ResetPassword>, store: &IdentityStore, id: &str) -> Result<Account, Problem> {
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let account = &found.account;
    let by = tx.permit().person()?.name.clone();
    let first = account.status == Status::Invited;
    if account.status == Status::Disabled {
        return Err(Problem::Conflict(format!("{} is disabled. Enable the account first.", account.title())));
    }
    let Some(to) = account.email.clone() else {
        return Err(Problem::Conflict(format!("{} has no e-mail address to send a link to.", account.title())));
    };
    // P-6: an address counts once its owner has confirmed it. Of an account that nobody has used yet the mailbox is the owner.
    if !first && !is_confirmed(tx.conn(), account.key, "email")? {
        return Err(Problem::Conflict(format!("{} has not confirmed the e-mail address yet, so no link goes there.", account.title())));
    }
    let lasts = if first { FIRST_LASTS } else { RESET_LASTS };
    post_link(tx, account.key, to, account.name.clone(), Some(by), lasts)?;
    tx.record(found.subjects(Event::done("account.password_reset"), store.key))?;
    Ok(found.account)
}

fn post_link<G: Ground>(
    tx: &mut Tx<G>,
    account: AccountKey,
    to: String,
    name: String,
    by: Option<String>,
    lasts: i64,
) -> Result<(), Problem> {
    links::kill(tx.conn(), Purpose::Reset, account)?;
    let ends = tx.now().plus_seconds(lasts);
    let token = links::make(tx, Purpose::Reset, account, None, ends)?;
    mails::post(tx, Some(account), &Letter { to, name, says: Says::PasswordReset { by, token, ends } })
}

/// An account whose password somebody may set, for the page that asks for it: with what a password must not hold.
///
/// # Errors
/// As [`set`].
pub fn to_set<S: Side>(tx: &mut Tx<S::ResetPassword>, store: &IdentityStore, id: &str) -> Result<Account, Problem> {
    settable::<S>(tx, store, id).map(|found| found.account)
}

fn settable<S: Side>(tx: &mut Tx<S::ResetPassword>, store: &IdentityStore, id: &str) -> Result<ActedOn, Problem> {
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    if found.account.status == Status::Invited {
        return Err(Problem::Conflict("Nobody else sets the first password of an invited account (I-1). Send a link instead.".into()));
    }
    Ok(found)
}

/// Sets a password for somebody else, hashed: they choose a new one at the next sign-in, every session of theirs ends, and
/// they are told (I-6).
///
/// # Errors
/// [`Problem::Conflict`] for an invited account (I-1); [`Problem::NotFound`] and [`Problem::Forbidden`] as every act.
pub fn set<S: Side>(tx: &mut Tx<S::ResetPassword>, store: &IdentityStore, id: &str, hash: &str) -> Result<Account, Problem> {
    let found = settable::<S>(tx, store, id)?;
    let by = tx.permit().person()?.name.clone();
    put(tx, found.account.key, hash, true)?;
    let ended = sessions::end_all(tx.conn(), found.account.key, None)?;
    notify(tx, found.account.key, format!("Your password was set by {by}. You choose a new one when you sign in next."))?;
    tx.record(found.subjects(Event::done("account.password"), store.key).with("sessions_ended", ended))?;
    Ok(found.account)
}

/// Writes a password; the open links to reset one die with the old one (I-2).
fn put<G: Ground>(tx: &mut Tx<G>, account: AccountKey, hash: &str, change: bool) -> Result<(), Problem> {
    use accounts as a;
    let now = tx.now();
    diesel::update(a::table.find(account))
        .set((a::password_hash.eq(hash), a::change_password.eq(change), a::locked_until.eq(None::<i64>), a::changed_at.eq(now)))
        .execute(tx.conn())?;
    links::kill(tx.conn(), Purpose::Reset, account)
}

/// Sends a link to whoever forgot a password, where the identifier names an active account with a confirmed address (I-6).
/// That it names none is recorded likewise, and takes as long.
///
/// # Errors
/// [`Problem::NotFound`] when the given store does not exist.
pub fn forgot(tx: &mut Tx<Recovering>, store: Option<&str>, identifier: &str) -> Result<(), Problem> {
    let candidate = sign_in::named(tx.conn(), store, identifier)?;
    let Some(candidate) = candidate.filter(|candidate| candidate.status == Status::Active) else {
        return tx.record(Event::refused("account.password_reset")).map(|_| ());
    };
    let (name, email): (String, Option<String>) =
        accounts::table.find(candidate.account).select((accounts::name, accounts::email)).first(tx.conn())?;
    let event = Subject::of("account", &candidate.id).in_store(candidate.store);
    match email {
        Some(to) if is_confirmed(tx.conn(), candidate.account, "email")? => {
            post_link(tx, candidate.account, to, name, None, RESET_LASTS)?;
            tx.record(Event::done("account.password_reset").on(event)).map(|_| ())
        }
        _ => tx.record(Event::refused("account.password_reset").on(event)).map(|_| ()),
    }
}

/// Whose password a link sets.
#[derive(Clone, Debug)]
pub struct Resetting {
    /// Name.
    pub name: String,
    /// E-mail identifier.
    pub email: Option<String>,
    /// User name identifier.
    pub username: Option<String>,
    /// The slug of the store, for signing in.
    pub store: String,
    /// Whether it is the first password of the account.
    pub first: bool,
    /// The public id of the account.
    pub id: String,
    /// The second factors that are enrolled: one of them is asked for (I-6).
    pub factors: Vec<Target>,
}

fn opened(conn: &mut Conn, token: &str, now: Time) -> Result<(AccountKey, String, StoreKey, Resetting), Problem> {
    use accounts as a;
    let link = links::find(conn, Purpose::Reset, token, now)?;
    type Row = (String, StoreKey, String, Option<String>, Option<String>, Status);
    let (id, store, name, email, username, status): Row =
        a::table.find(link.account).select((a::id, a::store, a::name, a::email, a::username, a::status)).first(conn)?;
    if status == Status::Disabled {
        return Err(Problem::NotFound);
    }
    let slug = identity_stores::table.find(store).select(identity_stores::slug).first(conn)?;
    let factors = authenticators::enrolled(conn, link.account)?;
    let first = status == Status::Invited;
    Ok((link.account, id.clone(), store, Resetting { name, email, username, store: slug, first, id, factors }))
}

/// What a link to reset a password is about. Opening it uses nothing up.
///
/// # Errors
/// [`Problem::NotFound`] when it does not work (any more).
pub fn open(reader: &mut impl Reader<Recovering>, token: &str) -> Result<Resetting, Problem> {
    let now = reader.now();
    opened(reader.conn(), token, now).map(|(_, _, _, found)| found)
}

/// Sends a code to a second factor of the account that a link is about (I-6).
///
/// # Errors
/// [`Problem::NotFound`] when the link does not work, or there is no such factor; [`Problem::TooMany`] half a minute after
/// the last code.
pub fn send_code(tx: &mut Tx<Recovering>, token: &str, factor: &str) -> Result<Target, Problem> {
    let now = tx.now();
    let (account, id, store, found) = opened(tx.conn(), token, now)?;
    let target = found.factors.into_iter().find(|one| one.id == factor).ok_or(Problem::NotFound)?;
    authenticators::send_to(tx, account, &target)?;
    tx.record(Event::done("session.code").on(Subject::of("account", id).in_store(store)).with("kind", target.kind.word()))?;
    Ok(target)
}

/// What became of a new password.
#[derive(Clone, Debug)]
pub enum Reset {
    /// It is set.
    Done(Resetting),
    /// The code of the second factor is wrong, or none that works; the password is as it was.
    Wrong,
    /// The code was wrong once too often and works no more; the password is as it was.
    UsedUp,
}

/// Sets the password that the owner of a link chose, hashed, once the code of a second factor is right, where one is enrolled
/// (I-6); `second` is the factor's id and the code. Every session ends. The first one makes the account active and
/// confirms its address, as the link came from that mailbox (I-1, P-6).
///
/// # Errors
/// [`Problem::NotFound`] when the link does not work (any more).
pub fn reset(tx: &mut Tx<Recovering>, token: &str, hash: &str, second: (&str, &str)) -> Result<Reset, Problem> {
    let now = tx.now();
    let (account, id, store, found) = opened(tx.conn(), token, now)?;
    if !found.factors.is_empty() {
        let redeemed = match found.factors.iter().find(|one| one.id == second.0) {
            Some(target) => authenticators::redeem_from(tx, account, target, second.1)?,
            None => Redeemed::Wrong,
        };
        if redeemed != Redeemed::Right {
            tx.record(Event::refused("account.own_password").on(Subject::of("account", &id).in_store(store)))?;
            return Ok(if redeemed == Redeemed::Wrong { Reset::Wrong } else { Reset::UsedUp });
        }
    }
    put(tx, account, hash, false)?;
    if found.first {
        use identifiers as i;
        diesel::update(accounts::table.find(account)).set(accounts::status.eq(Status::Active)).execute(tx.conn())?;
        diesel::update(i::table.filter(i::account.eq(account)).filter(i::kind.eq("email")))
            .set(i::confirmed.eq(true))
            .execute(tx.conn())?;
    }
    let ended = sessions::end_all(tx.conn(), account, None)?;
    if !found.first {
        notify(tx, account, "Your password was changed by a link that was sent to you.")?;
    }
    let action = if found.first { "account.first_password" } else { "account.own_password" };
    let event = Event::done(action).on(Subject::of("account", &id).in_store(store)).with("sessions_ended", ended);
    tx.record_as(event, (id, text::line(&found.name)))?;
    Ok(Reset::Done(found))
}
