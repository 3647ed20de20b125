//! Answers to forms that are sent twice (screens.md 3.2): the second post gets the first one's result. Kept in the
//! transaction of the act, so that two posts at the same moment are one act too.

use super::{conn::Conn, conn::on_each, schema::once_keys};
use crate::{
    domain::{key::AccountKey, time::Time},
    problem::Problem,
};
use diesel::prelude::*;

/// How long a result is kept, in seconds.
const LIFE: i64 = 24 * 3600;

/// Where the first post of this form led, if it was sent before.
pub(super) fn find(conn: &mut Conn, account: AccountKey, sent: &str, now: Time) -> Result<Option<String>, Problem> {
    Ok(once_keys::table
        .find((account, sent))
        .filter(once_keys::created_at.gt(now.plus_seconds(-LIFE)))
        .select(once_keys::location)
        .first(conn)
        .optional()?)
}

/// Keeps where a form led.
pub(super) fn keep(conn: &mut Conn, account: AccountKey, sent: &str, to: &str, now: Time) -> Result<(), Problem> {
    let old = once_keys::created_at.le(now.plus_seconds(-LIFE));
    diesel::delete(once_keys::table.filter(once_keys::account.eq(account)).filter(old)).execute(conn)?;
    on_each!(conn, |conn| diesel::insert_into(once_keys::table)
        .values((once_keys::account.eq(account), once_keys::once.eq(sent), once_keys::location.eq(to), once_keys::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// Deletes results that are kept no longer; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    Ok(diesel::delete(once_keys::table.filter(once_keys::created_at.le(now.plus_seconds(-LIFE)))).execute(conn)?)
}
