//! Links in mails (I-2): a random single-use token, of which only the hash is kept. Opening one uses nothing up; using,
//! replacing or withdrawing it kills it.

use super::{conn::Conn, schema::links, transaction::Tx};
use crate::{
    access::Ground,
    domain::{account::words, key::AccountKey, time::Time},
    problem::Problem,
};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Setting a new password (I-6).
    Reset,
    /// Confirming an identifier that is to be changed (P-6).
    Confirm,
    /// Cancelling that (P-6).
    Cancel,
}
words!(Purpose { Reset "reset" Confirm "confirm" Cancel "cancel" });

/// A link that works now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Whose it is.
    pub account: AccountKey,
    /// The change of an identifier that it is about.
    pub change: Option<i64>,
}

/// What is kept of a token.
pub(super) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new link; its token goes into a letter and is kept nowhere.
pub(super) fn make<G: Ground>(
    tx: &mut Tx<G>,
    purpose: Purpose,
    account: AccountKey,
    change: Option<i64>,
    ends: Time,
) -> Result<String, Problem> {
    use links as l;
    let now = tx.now();
    let token = tx.chance().token();
    diesel::insert_into(l::table)
        .values((
            l::hash.eq(hash(&token)),
            l::purpose.eq(purpose.word()),
            l::account.eq(account),
            l::identifier_change.eq(change),
            l::ends_at.eq(ends),
            l::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(token)
}

/// The link with this token, while it works.
///
/// # Errors
/// [`Problem::NotFound`] when it was used, replaced, withdrawn or has ended, or never was.
pub(super) fn find(conn: &mut Conn, purpose: Purpose, token: &str, now: Time) -> Result<Link, Problem> {
    use links as l;
    let found: Option<(AccountKey, Option<i64>)> = l::table
        .find(hash(token))
        .filter(l::purpose.eq(purpose.word()))
        .filter(l::ends_at.gt(now.micros()))
        .select((l::account, l::identifier_change))
        .first(conn)
        .optional()?;
    found.map(|(account, change)| Link { account, change }).ok_or(Problem::NotFound)
}

/// Kills the links of an account that are for this.
pub(super) fn kill(conn: &mut Conn, purpose: Purpose, account: AccountKey) -> Result<(), Problem> {
    use links as l;
    diesel::delete(l::table.filter(l::account.eq(account)).filter(l::purpose.eq(purpose.word()))).execute(conn)?;
    Ok(())
}

/// Kills those about a change of an identifier that are for this; without a purpose all.
pub(super) fn kill_of_change(conn: &mut Conn, change: i64, purpose: Option<Purpose>) -> Result<(), Problem> {
    use links as l;
    let of = l::table.filter(l::identifier_change.eq(change));
    match purpose {
        Some(purpose) => diesel::delete(of.filter(l::purpose.eq(purpose.word()))).execute(conn)?,
        None => diesel::delete(of).execute(conn)?,
    };
    Ok(())
}

/// Deletes links that have ended; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use links as l;
    Ok(diesel::delete(l::table.filter(l::ends_at.le(now.micros()))).execute(conn)?)
}
