//! Verification by hand (P-7): never stands in for control of a mailbox.

use super::{
    accounts::Account,
    conn::Conn,
    schema::verifications,
    targets,
    transaction::{Reader, Tx},
};
use crate::{
    access::{Ground, Side},
    domain::{Refusal, event::Event, identity_store::IdentityStore, key::AccountKey, text, time::Time},
    problem::Problem,
};
use diesel::prelude::*;

/// Who verified an account, or revoked that.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Verification {
    /// Verified; otherwise revoked.
    pub verified: bool,
    /// By whom.
    pub by: Option<String>,
    /// `hand` or `import`.
    pub how: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Time,
}

pub(super) fn of(conn: &mut Conn, account: AccountKey) -> Result<Option<Verification>, Problem> {
    use verifications as v;
    Ok(v::table.find(account).select((v::verified, v::verified_by, v::how, v::reason, v::at)).first(conn).optional()?)
}

/// The verification of an account that was found; none: nobody has verified it.
///
/// # Errors
/// What the database says.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, account: &Account) -> Result<Option<Verification>, Problem> {
    of(reader.conn(), account.key)
}

/// A checked reason: 1 to 512 characters.
///
/// # Errors
/// Says at the field `reason` what is wrong.
fn reason(typed: &str) -> Result<String, Refusal> {
    let reason = text::paragraph(typed);
    match text::length(&reason) {
        _ if text::has_unprintable(&reason) => {
            Err(Refusal::at("reason", "The reason holds characters that cannot be printed. Remove them."))
        }
        0 => Err(Refusal::at("reason", "Say why: it is kept with the decision.")),
        1..=512 => Ok(reason),
        _ => Err(Refusal::at("reason", "Shorten the reason to 512 characters.")),
    }
}

/// Verifies an account by hand, or revokes that (P-7).
///
/// # Errors
/// A refusal at `reason`; [`Problem::Conflict`] where there is nothing to revoke; [`Problem::NotFound`] and [`Problem::Forbidden`] as every act.
pub fn set<S: Side>(tx: &mut Tx<S::Verify>, store: &IdentityStore, id: &str, verified: bool, typed: &str) -> Result<Account, Problem> {
    use verifications as v;
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let reason = reason(typed)?;
    let (now, by) = (tx.now(), tx.permit().person()?.name.clone());
    let before = of(tx.conn(), found.account.key)?;
    if !verified && !before.as_ref().is_some_and(|before| before.verified) {
        return Err(Problem::Conflict(format!("{} is not verified.", found.account.title())));
    }
    diesel::delete(v::table.find(found.account.key)).execute(tx.conn())?;
    diesel::insert_into(v::table)
        .values((
            v::account.eq(found.account.key),
            v::verified.eq(verified),
            v::verified_by.eq(&by),
            v::how.eq("hand"),
            v::reason.eq(&reason),
            v::at.eq(now),
        ))
        .execute(tx.conn())?;
    let event = found
        .subjects(Event::done(if verified { "account.verify" } else { "account.unverify" }), store.key)
        .with("reason", reason)
        .with("before", before.map(|before| if before.verified { "verified" } else { "revoked" }));
    tx.record(event)?;
    Ok(found.account)
}
