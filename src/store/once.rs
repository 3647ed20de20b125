//! Answers to forms that are sent twice (screens.md 3.2): the second post gets the first one's result.

use super::{conn::on_each, schema::once_keys, transaction::Note};
use crate::{domain::key::AccountKey, problem::Problem};
use diesel::prelude::*;

/// How long a result is kept, in seconds.
const LIFE: i64 = 24 * 3600;

/// Where the first post of this form led, if it was sent before.
///
/// # Errors
/// What the database says.
pub fn find(note: &mut Note, account: AccountKey, once: &str) -> Result<Option<String>, Problem> {
    let since = note.now().plus_seconds(-LIFE);
    Ok(once_keys::table
        .find((account, once))
        .filter(once_keys::created_at.gt(since))
        .select(once_keys::location)
        .first(note.conn())
        .optional()?)
}

/// Keeps where a form led.
///
/// # Errors
/// What the database says.
pub fn keep(note: &mut Note, account: AccountKey, once: &str, location: &str) -> Result<(), Problem> {
    let now = note.now();
    diesel::delete(once_keys::table.filter(once_keys::account.eq(account)).filter(once_keys::created_at.le(now.plus_seconds(-LIFE))))
        .execute(note.conn())?;
    on_each!(note.conn(), |conn| diesel::insert_into(once_keys::table)
        .values((once_keys::account.eq(account), once_keys::once.eq(once), once_keys::location.eq(location), once_keys::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}
