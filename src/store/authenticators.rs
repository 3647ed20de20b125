//! Second factors (I-4, P-6): e-mail addresses and phones to which codes are sent. What somebody else adds counts once its
//! owner has confirmed it, so that the right to add never becomes the right to take over.

use super::{
    accounts::Account,
    actors,
    conn::{Conn, on_each},
    mails, passwords,
    schema::{accounts, authenticators, codes},
    settings, sign_in,
    targets::{self, ActedOn},
    transaction::{Reader, Tx},
};
use crate::{
    access::{Ground, Myself, Side, system::SigningIn},
    domain::{
        Refusal,
        account::Status,
        authenticator::{Kind, MINUTES, MOST, PAUSE, TRIES},
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::{AccountKey, StoreKey},
        letter::{Channel, Letter, Says},
        settings::Demanded,
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Authenticator {
    /// Public id.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The address or number.
    pub value: String,
    /// Since when it counts; none: its owner has not confirmed it.
    pub confirmed_at: Option<Time>,
    /// Who added it; none: its owner.
    pub added_by: Option<String>,
    /// Since when it is there.
    pub created_at: Time,
}

/// What a code is for.
#[derive(Clone, Copy)]
enum Purpose {
    SignIn,
    Confirm,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Confirm => "confirm",
        }
    }
}

fn all(conn: &mut Conn, account: AccountKey) -> Result<Vec<Authenticator>, Problem> {
    use authenticators as a;
    Ok(a::table
        .filter(a::account.eq(account))
        .order(a::key)
        .select((a::id, a::kind, a::value, a::confirmed_at, a::added_by, a::created_at))
        .load(conn)?)
}

/// The factors of an account that was found, under the ground by which they are seen.
///
/// # Errors
/// What the database says.
pub fn of<G: Ground>(reader: &mut impl Reader<G>, account: &Account) -> Result<Vec<Authenticator>, Problem> {
    all(reader.conn(), account.key)
}

/// One's own.
///
/// # Errors
/// What the database says.
pub fn own(reader: &mut impl Reader<Myself>) -> Result<Vec<Authenticator>, Problem> {
    let me = reader.permit().person()?.account;
    all(reader.conn(), me)
}

/// The e-mail address that an account has confirmed.
fn confirmed_email(conn: &mut Conn, account: AccountKey) -> Result<Option<String>, Problem> {
    let email: Option<String> = accounts::table.find(account).select(accounts::email).first(conn)?;
    Ok(if passwords::is_confirmed(conn, account, "email")? { email } else { None })
}

fn put<G: Ground>(tx: &mut Tx<G>, account: AccountKey, kind: Kind, value: &str, by: Option<&str>) -> Result<String, Problem> {
    use authenticators as a;
    let now = tx.now();
    let there = all(tx.conn(), account)?;
    if there.iter().any(|one| one.kind == kind && text::fold(&one.value) == text::fold(value)) {
        return Err(Refusal::at("value", format!("“{value}” is a second factor of this account already.")).into());
    }
    if there.len() as i64 >= MOST {
        return Err(Refusal::at("value", format!("An account has {MOST} second factors at most. Remove one first.")).into());
    }
    let id = tx.chance().id("factor");
    diesel::insert_into(a::table)
        .values((
            (a::id.eq(&id), a::account.eq(account), a::kind.eq(kind), a::value.eq(value)),
            (a::confirmed_at.eq(None::<i64>), a::added_by.eq(by), a::created_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(id)
}

fn take(conn: &mut Conn, account: AccountKey, id: &str) -> Result<Authenticator, Problem> {
    use authenticators as a;
    let found = all(conn, account)?.into_iter().find(|one| one.id == id).ok_or(Problem::NotFound)?;
    // A code that was sent to it stays: adding it again must not send another one at once.
    diesel::delete(a::table.filter(a::account.eq(account)).filter(a::id.eq(id))).execute(conn)?;
    Ok(found)
}

/// I-1: nobody else sets an authenticator on an account that its owner has not accepted.
fn accepted(found: ActedOn) -> Result<ActedOn, Problem> {
    match found.account.status {
        Status::Invited => Err(Problem::Conflict(format!(
            "{} is invited. Nobody sets a second factor before its owner has accepted.",
            found.account.title()
        ))),
        Status::Active | Status::Disabled => Ok(found),
    }
}

/// Adds a factor to somebody else's account: it counts once its owner has confirmed it.
///
/// # Errors
/// [`Problem::NotFound`] out of sight; [`Problem::Forbidden`] with the reason (P-3, P-4); [`Problem::Conflict`] for an
/// invited account; a refusal at `value` for one that is there already.
pub fn add<S: Side>(
    tx: &mut Tx<S::AddAuthenticators>,
    store: &IdentityStore,
    id: &str,
    kind: Kind,
    value: &str,
) -> Result<Account, Problem> {
    let found = accepted(targets::acted_on::<S, _>(tx, store.key, id)?)?;
    let by = tx.permit().person()?.name.clone();
    put(tx, found.account.key, kind, value, Some(&by))?;
    tx.record(found.subjects(Event::done("authenticator.add"), store.key).with("kind", kind.word()).with("value", value))?;
    let what =
        format!("{by} added {value} as a second factor of your account. It counts once you have confirmed it on the page of your account.");
    passwords::notify(tx, found.account.key, what)?;
    Ok(found.account)
}

/// Takes a factor from somebody else's account.
///
/// # Errors
/// [`Problem::NotFound`] out of sight or without such a factor; [`Problem::Forbidden`] with the reason (P-3, P-4);
/// [`Problem::Conflict`] for an invited account.
pub fn delete<S: Side>(
    tx: &mut Tx<S::DeleteAuthenticators>,
    store: &IdentityStore,
    id: &str,
    authenticator: &str,
) -> Result<(Account, Authenticator), Problem> {
    let found = accepted(targets::acted_on::<S, _>(tx, store.key, id)?)?;
    let by = tx.permit().person()?.name.clone();
    let gone = take(tx.conn(), found.account.key, authenticator)?;
    let event = found.subjects(Event::done("authenticator.delete"), store.key).with("kind", gone.kind.word()).with("value", &*gone.value);
    tx.record(event)?;
    passwords::notify(tx, found.account.key, format!("{by} removed {} from the second factors of your account.", gone.value))?;
    Ok((found.account, gone))
}

fn about_me(tx: &Tx<Myself>, action: &'static str) -> Result<Event, Problem> {
    let me = tx.permit().person()?;
    Ok(Event::done(action).on(Subject::of("account", &me.id).in_store(me.store)).with("account", me.name.as_str()))
}

/// Adds a factor of one's own, and sends it a code, if none was sent a moment ago: it counts once the code has come back.
///
/// # Errors
/// A refusal at `value` for one that is there already.
pub fn add_own(tx: &mut Tx<Myself>, kind: Kind, value: &str) -> Result<String, Problem> {
    let me = tx.permit().person()?.account;
    let id = put(tx, me, kind, value, None)?;
    let event = about_me(tx, "authenticator.add")?.with("kind", kind.word()).with("value", value);
    tx.record(event)?;
    match send(tx, me, Purpose::Confirm, &id, kind, value) {
        // It is there all the same; the page offers to send one later.
        Ok(()) | Err(Problem::TooMany(_)) => Ok(id),
        Err(problem) => Err(problem),
    }
}

/// Sends a code to a factor of one's own that does not count yet.
///
/// # Errors
/// [`Problem::NotFound`] without such a factor; [`Problem::TooMany`] half a minute after the last one.
pub fn send_own(tx: &mut Tx<Myself>, id: &str) -> Result<Authenticator, Problem> {
    let me = tx.permit().person()?.account;
    let one = all(tx.conn(), me)?.into_iter().find(|one| one.id == id && one.confirmed_at.is_none()).ok_or(Problem::NotFound)?;
    send(tx, me, Purpose::Confirm, &one.id, one.kind, &one.value)?;
    let event = about_me(tx, "authenticator.code")?.with("value", one.value.as_str());
    tx.record(event)?;
    Ok(one)
}

/// Confirms a factor of one's own by the code that was sent to it. Whether the code was right.
///
/// # Errors
/// [`Problem::NotFound`] without such a factor.
pub fn confirm_own(tx: &mut Tx<Myself>, id: &str, code: &str) -> Result<bool, Problem> {
    let (me, now) = (tx.permit().person()?.account, tx.now());
    let one = all(tx.conn(), me)?.into_iter().find(|one| one.id == id && one.confirmed_at.is_none()).ok_or(Problem::NotFound)?;
    let right = redeem(tx, me, Purpose::Confirm, id, code)? == Redeemed::Right;
    if right {
        diesel::update(authenticators::table.filter(authenticators::id.eq(id)))
            .set(authenticators::confirmed_at.eq(Some(now)))
            .execute(tx.conn())?;
        let event = about_me(tx, "authenticator.confirm")?.with("value", one.value.as_str());
        tx.record(event)?;
        passwords::notify(tx, me, format!("You confirmed {} as a second factor of your account.", one.value))?;
    } else {
        let event = Event { outcome: crate::domain::event::Outcome::Refused, ..about_me(tx, "authenticator.confirm")? };
        tx.record(event)?;
    }
    Ok(right)
}

/// Takes a factor of one's own away.
///
/// # Errors
/// [`Problem::NotFound`] without such a factor.
pub fn delete_own(tx: &mut Tx<Myself>, id: &str) -> Result<Authenticator, Problem> {
    let me = tx.permit().person()?.account;
    let gone = take(tx.conn(), me, id)?;
    let event = about_me(tx, "authenticator.delete")?.with("kind", gone.kind.word()).with("value", gone.value.as_str());
    tx.record(event)?;
    passwords::notify(tx, me, format!("You removed {} from the second factors of your account.", gone.value))?;
    Ok(gone)
}

/// Takes every factor from an account: for who is locked out, from the command line.
pub(super) fn forget(conn: &mut Conn, account: AccountKey) -> Result<usize, Problem> {
    diesel::delete(codes::table.filter(codes::account.eq(account))).execute(conn)?;
    Ok(diesel::delete(authenticators::table.filter(authenticators::account.eq(account))).execute(conn)?)
}

/// Where a code can be sent of what an account has enrolled: to the factors that its owner has confirmed.
pub(super) fn enrolled(conn: &mut Conn, account: AccountKey) -> Result<Vec<Target>, Problem> {
    let counting = all(conn, account)?.into_iter().filter(|one| one.confirmed_at.is_some());
    Ok(counting.map(|one| Target { id: one.id, kind: one.kind, value: one.value }).collect())
}

/// Sends a code there, for somebody who has shown a link of theirs.
pub(super) fn send_to<G: Ground>(tx: &mut Tx<G>, account: AccountKey, target: &Target) -> Result<(), Problem> {
    send(tx, account, Purpose::SignIn, &target.id, target.kind, &target.value)
}

/// Whether a code that was sent there has come back.
pub(super) fn redeem_from<G: Ground>(tx: &mut Tx<G>, account: AccountKey, target: &Target, code: &str) -> Result<Redeemed, Problem> {
    redeem(tx, account, Purpose::SignIn, &target.id, code)
}

/// Where a code can be sent at sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The authenticator's id, or [`Target::ADDRESS`].
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The address or number.
    pub value: String,
}

impl Target {
    /// The account's own e-mail address, where a factor is demanded and none is there.
    pub const ADDRESS: &'static str = "address";
}

/// What signing in to an account needs beside the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A code, sent to one of these.
    Code(Vec<Target>),
    /// A factor is demanded, and there is nowhere to send a code to.
    Unreachable,
}

fn needs(conn: &mut Conn, account: AccountKey, now: Time) -> Result<Needs, Problem> {
    let mut targets = enrolled(conn, account)?;
    if targets.is_empty() {
        let demanded = match settings::sign_in(conn)?.factor {
            Demanded::Nobody => false,
            Demanded::All => true,
            Demanded::Administrators => actors::load(conn, account, now)?.is_some_and(|actor| actor.is_administrator()),
        };
        if !demanded {
            return Ok(Needs::Nothing);
        }
        match confirmed_email(conn, account)? {
            Some(value) => targets.push(Target { id: Target::ADDRESS.into(), kind: Kind::Email, value }),
            None => return Ok(Needs::Unreachable),
        }
    }
    Ok(Needs::Code(targets))
}

/// What signing in to an account needs beside the password (I-4).
///
/// # Errors
/// What the database says.
pub fn needed(reader: &mut impl Reader<SigningIn>, account: AccountKey) -> Result<Needs, Problem> {
    let now = reader.now();
    needs(reader.conn(), account, now)
}

/// Sends a code for signing in.
///
/// # Errors
/// [`Problem::NotFound`] where it cannot be sent any more; [`Problem::TooMany`] half a minute after the last one.
pub fn send_code(tx: &mut Tx<SigningIn>, account: AccountKey, target: &str) -> Result<(), Problem> {
    let now = tx.now();
    let Needs::Code(targets) = needs(tx.conn(), account, now)? else { return Err(Problem::NotFound) };
    let target = targets.into_iter().find(|one| one.id == target).ok_or(Problem::NotFound)?;
    send(tx, account, Purpose::SignIn, &target.id, target.kind, &target.value)?;
    let (id, store): (String, StoreKey) = accounts::table.find(account).select((accounts::id, accounts::store)).first(tx.conn())?;
    tx.record(Event::done("session.code").on(Subject::of("account", id).in_store(store)).with("kind", target.kind.word())).map(|_| ())
}

/// What a code that was typed turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Right, and now used up.
    Right,
    /// Wrong, or there is none that works.
    Wrong,
    /// Wrong once too often: it works no more.
    UsedUp,
}

/// Checks the code for signing in. When it is right, the sign-in is done and recorded; else its failure is.
///
/// # Errors
/// [`Problem::SignedOut`] when the account is no longer active.
pub fn redeem_code(tx: &mut Tx<SigningIn>, candidate: &sign_in::Candidate, target: &str, code: &str) -> Result<Redeemed, Problem> {
    let now = tx.now();
    let still = match needs(tx.conn(), candidate.account, now)? {
        Needs::Code(targets) => targets.iter().any(|one| one.id == target),
        Needs::Nothing | Needs::Unreachable => false,
    };
    let redeemed = if still { redeem(tx, candidate.account, Purpose::SignIn, target, code)? } else { Redeemed::UsedUp };
    if redeemed == Redeemed::Right {
        diesel::delete(codes::table.filter(codes::account.eq(candidate.account)).filter(codes::purpose.eq(Purpose::SignIn.word())))
            .execute(tx.conn())?;
        sign_in::succeed(tx, candidate.account)?;
    } else {
        sign_in::fail(tx, Some(candidate))?;
    }
    Ok(redeemed)
}

/// The name under which a code is marked: for another account, purpose or target it is another mark.
fn name_of(account: AccountKey, purpose: Purpose, target: &str) -> String {
    format!("code {} {} {target}", account.0, purpose.word())
}

fn send<G: Ground>(tx: &mut Tx<G>, account: AccountKey, purpose: Purpose, target: &str, kind: Kind, value: &str) -> Result<(), Problem> {
    use codes as c;
    let now = tx.now();
    // Whichever factor it goes to, and for whatever it is.
    let last: Option<Time> =
        c::table.filter(c::account.eq(account)).order(c::sent_at.desc()).select(c::sent_at).first(tx.conn()).optional()?;
    if let Some(wait) = last.map(|last| PAUSE - now.seconds_since(last)).filter(|wait| *wait > 0) {
        return Err(Problem::TooMany(wait));
    }
    let number = u64::from_be_bytes(tx.chance().bytes());
    // The bias of the remainder is far below one in a million millions.
    let code = format!("{:06}", number % 1_000_000);
    let mark = tx.seal().mark(&name_of(account, purpose, target), &code);
    let ends = now.plus_seconds(i64::from(MINUTES) * 60);
    on_each!(tx.conn(), |conn| diesel::insert_into(c::table)
        .values((
            (c::account.eq(account), c::purpose.eq(purpose.word()), c::target.eq(target)),
            (c::mark.eq(&mark), c::tries.eq(0), c::sent_at.eq(now), c::ends_at.eq(ends)),
        ))
        .on_conflict((c::account, c::purpose, c::target))
        .do_update()
        .set((c::mark.eq(&mark), c::tries.eq(0), c::sent_at.eq(now), c::ends_at.eq(ends)))
        .execute(conn))?;
    let name: String = accounts::table.find(account).select(accounts::name).first(tx.conn())?;
    let letter = Letter { to: value.to_owned(), name, says: Says::Code { code, minutes: MINUTES } };
    match kind.channel() {
        Channel::Mail => mails::post(tx, Some(account), &letter),
        Channel::Sms => mails::text(tx, Some(account), &letter),
    }
}

fn redeem<G: Ground>(tx: &mut Tx<G>, account: AccountKey, purpose: Purpose, target: &str, code: &str) -> Result<Redeemed, Problem> {
    use codes as c;
    use subtle::ConstantTimeEq;
    let now = tx.now();
    let mark = tx.seal().mark(&name_of(account, purpose, target), code);
    let row = c::table.find((account, purpose.word(), target));
    let found: Option<(String, i32)> = row.filter(c::ends_at.gt(now)).select((c::mark, c::tries)).first(tx.conn()).optional()?;
    let Some((expected, tries)) = found else { return Ok(Redeemed::Wrong) };
    if tries >= TRIES {
        return Ok(Redeemed::UsedUp);
    }
    if expected.as_bytes().ct_eq(mark.as_bytes()).into() {
        diesel::delete(row).execute(tx.conn())?;
        return Ok(Redeemed::Right);
    }
    // The row stays when it is used up: the next code has its pause to keep.
    diesel::update(row).set(c::tries.eq(tries + 1)).execute(tx.conn())?;
    Ok(if tries + 1 >= TRIES { Redeemed::UsedUp } else { Redeemed::Wrong })
}

/// Deletes codes that work no more; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    Ok(diesel::delete(codes::table.filter(codes::ends_at.le(now))).execute(conn)?)
}
