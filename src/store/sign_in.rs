//! Signing in (I-4) and one's own password.

use super::{
    conn::Conn,
    links::{self, Purpose},
    passwords,
    schema::{accounts, identifiers, identity_stores},
    sessions,
    transaction::{Reader, Tx},
};
use crate::{
    access::{Myself, system::SigningIn},
    domain::{
        account::Status,
        event::{Event, Subject},
        key::{AccountKey, StoreKey},
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;

/// An account that an identifier names.
#[derive(Clone, Debug, Queryable)]
pub struct Candidate {
    /// Key inside.
    pub account: AccountKey,
    /// Public id.
    pub id: String,
    /// Its store.
    pub store: StoreKey,
    /// Authentication status.
    pub status: Status,
    /// Password sign-ins are refused until then.
    pub locked_until: Option<Time>,
    /// The Argon2id hash.
    pub password_hash: Option<String>,
    /// A new password is due.
    pub change_password: bool,
}

/// The account that the identifier names: in the given store; else the one that is unique over all stores, else the
/// one in Administrators, else none (I-4). An identifier that somebody else set counts once its owner has confirmed
/// it (P-6).
///
/// # Errors
/// [`Problem::NotFound`] when the given store does not exist.
pub fn candidate(reader: &mut impl Reader<SigningIn>, store: Option<&str>, identifier: &str) -> Result<Option<Candidate>, Problem> {
    named(reader.conn(), store, identifier)
}

/// The same, for other work that starts from an identifier.
pub(super) fn named(conn: &mut Conn, store: Option<&str>, identifier: &str) -> Result<Option<Candidate>, Problem> {
    let folded = text::fold(&identifier.replace('\0', ""));
    let named: Vec<(AccountKey, StoreKey)> = match store {
        Some(slug) => {
            let store: StoreKey = identity_stores::table.filter(identity_stores::slug.eq(slug)).select(identity_stores::key).first(conn)?;
            identifiers::table
                .find((store, &folded))
                .filter(identifiers::confirmed.eq(true))
                .select((identifiers::account, identifiers::store))
                .load(conn)?
        }
        None => identifiers::table
            .filter(identifiers::folded.eq(&folded))
            .filter(identifiers::confirmed.eq(true))
            .select((identifiers::account, identifiers::store))
            .limit(50)
            .load(conn)?,
    };
    let account = match named.as_slice() {
        [(account, _)] => *account,
        [] => return Ok(None),
        several => {
            let administrators = super::identity_stores::administrators(conn)?;
            match several.iter().find(|(_, store)| *store == administrators) {
                Some((account, _)) => *account,
                None => return Ok(None),
            }
        }
    };
    by_key(conn, account)
}

fn by_key(conn: &mut Conn, account: AccountKey) -> Result<Option<Candidate>, Problem> {
    use accounts as a;
    Ok(a::table
        .find(account)
        .select((a::key, a::id, a::store, a::status, a::locked_until, a::password_hash, a::change_password))
        .first(conn)
        .optional()?)
}

/// The account that has shown its password, at the second step.
///
/// # Errors
/// What the database says.
pub fn candidate_of(reader: &mut impl Reader<SigningIn>, account: AccountKey) -> Result<Option<Candidate>, Problem> {
    by_key(reader.conn(), account)
}

/// Whether the store exists, for its own sign-in page.
///
/// # Errors
/// What the database says.
pub fn store_name(reader: &mut impl Reader<SigningIn>, slug: &str) -> Result<Option<String>, Problem> {
    let slug = slug.replace('\0', "");
    Ok(identity_stores::table.filter(identity_stores::slug.eq(slug)).select(identity_stores::name).first(reader.conn()).optional()?)
}

/// Records a successful sign-in, while the account is still active.
///
/// # Errors
/// [`Problem::SignedOut`] when it no longer is.
pub fn succeed(tx: &mut Tx<SigningIn>, account: AccountKey) -> Result<(), Problem> {
    let now = tx.now();
    let found: Option<(String, StoreKey, String)> = accounts::table
        .find(account)
        .filter(accounts::status.eq(Status::Active))
        .select((accounts::id, accounts::store, accounts::name))
        .first(tx.conn())
        .optional()?;
    let (id, store, name) = found.ok_or(Problem::SignedOut)?;
    diesel::update(accounts::table.find(account)).set(accounts::last_sign_in_at.eq(now)).execute(tx.conn())?;
    tx.record_as(Event::done("session.start").on(Subject::of("account", &id).in_store(store)), (id, name)).map(|_| ())
}

/// Records a failed sign-in, against the account if the identifier names one.
///
/// # Errors
/// What the database says.
pub fn fail(tx: &mut Tx<SigningIn>, account: Option<&Candidate>) -> Result<(), Problem> {
    let mut event = Event::refused("session.start");
    if let Some(candidate) = account {
        event = event.on(Subject::of("account", &candidate.id).in_store(candidate.store));
    }
    tx.record(event).map(|_| ())
}

/// What `/me` shows and checks of oneself.
#[derive(Clone, Debug, Queryable)]
pub struct Own {
    /// Name.
    pub name: String,
    /// E-mail identifier.
    pub email: Option<String>,
    /// User name identifier.
    pub username: Option<String>,
    /// The Argon2id hash.
    pub password_hash: Option<String>,
    /// A new password is due.
    pub change_password: bool,
    /// Version.
    pub rev: i32,
}

/// One's own account.
///
/// # Errors
/// What the database says.
pub fn own(reader: &mut impl Reader<Myself>) -> Result<Own, Problem> {
    use accounts as a;
    let me = reader.permit().person()?.account;
    Ok(a::table.find(me).select((a::name, a::email, a::username, a::password_hash, a::change_password, a::rev)).first(reader.conn())?)
}

/// Changes one's own password, which the caller has hashed after checking the old one; ends the other sessions.
///
/// # Errors
/// What the database says.
pub fn change_password(tx: &mut Tx<Myself>, hash: &str, keep_session: &str) -> Result<(), Problem> {
    let me = tx.permit().person()?.clone();
    let now = tx.now();
    diesel::update(accounts::table.find(me.account))
        .set((accounts::password_hash.eq(hash), accounts::change_password.eq(false), accounts::changed_at.eq(now)))
        .execute(tx.conn())?;
    let ended = sessions::end_all(tx.conn(), me.account, Some(keep_session))?;
    links::kill(tx.conn(), Purpose::Reset, me.account)?;
    passwords::notify(tx, me.account, "You changed your password.")?;
    tx.record(Event::done("account.own_password").on(Subject::of("account", &me.id).in_store(me.store)).with("sessions_ended", ended))
        .map(|_| ())
}

/// Changes one's own name.
///
/// # Errors
/// [`Problem::Conflict`] when the account was changed since it was shown.
pub fn change_name(tx: &mut Tx<Myself>, name: &str, rev: i32) -> Result<(), Problem> {
    use accounts as a;
    let me = tx.permit().person()?.clone();
    let now = tx.now();
    let (before, old, email, username): (String, i32, Option<String>, Option<String>) =
        a::table.find(me.account).select((a::name, a::rev, a::email, a::username)).first(tx.conn())?;
    if old != rev {
        return Err(Problem::Conflict("Your account was changed meanwhile. Load the page again.".into()));
    }
    let search = search_text(name, email.as_deref(), username.as_deref());
    diesel::update(a::table.find(me.account))
        .set((a::name.eq(name), a::name_sort.eq(text::search(name)), a::search.eq(search), a::rev.eq(old + 1), a::changed_at.eq(now)))
        .execute(tx.conn())?;
    let event =
        Event::done("account.own_profile").on(Subject::of("account", &me.id).in_store(me.store)).with("before", before).with("after", name);
    tx.record(event).map(|_| ())
}

/// The one text that search looks through (S-3).
pub(super) fn search_text(name: &str, email: Option<&str>, username: Option<&str>) -> String {
    [Some(name), email, username].into_iter().flatten().map(text::search).collect::<Vec<_>>().join("\n")
}
