//! Growing waits after failures, per account and per address (I-4). Never a permanent lock-out.

use super::{conn::Conn, conn::on_each, schema::throttles, transaction::Note};
use crate::{domain::time::Time, problem::Problem};
use diesel::prelude::*;

/// Failures that are free.
const FREE: i32 = 5;
/// Failures are forgotten after a quiet hour.
const FORGET: i64 = 3600;

/// How long one has to wait after this many failures, in seconds: 30, 60, 120 … at most 15 minutes.
pub const fn wait(failures: i32) -> i64 {
    if failures < FREE {
        return 0;
    }
    let steps = if failures - FREE > 5 { 5 } else { failures - FREE };
    let seconds = 30 << steps;
    if seconds > 900 { 900 } else { seconds }
}

/// Seconds still to wait for any of these names; 0: go on.
///
/// # Errors
/// What the database says.
pub fn remaining(note: &mut Note, names: &[String]) -> Result<i64, Problem> {
    let now = note.now();
    let until: Option<i64> =
        throttles::table.filter(throttles::name.eq_any(names)).select(diesel::dsl::max(throttles::blocked_until)).first(note.conn())?;
    Ok(until.map_or(0, |until| ((until - now.micros()).max(0) + 999_999) / 1_000_000))
}

/// Counts a failure for each of the names.
///
/// # Errors
/// What the database says.
pub fn fail(note: &mut Note, names: &[String]) -> Result<(), Problem> {
    count(note, names, FREE)
}

/// Counts a try for each of the names, of which so many are free.
///
/// # Errors
/// What the database says.
pub fn count(note: &mut Note, names: &[String], free: i32) -> Result<(), Problem> {
    let now = note.now();
    diesel::delete(throttles::table.filter(throttles::changed_at.lt(now.plus_seconds(-FORGET).micros()))).execute(note.conn())?;
    // In one order, so that two who fail at once do not wait for each other.
    let mut names: Vec<&String> = names.iter().collect();
    names.sort();
    for name in names {
        let failures: i32 = on_each!(note.conn(), |conn| diesel::insert_into(throttles::table)
            .values((
                throttles::name.eq(name),
                throttles::failures.eq(1),
                throttles::blocked_until.eq(0_i64),
                throttles::changed_at.eq(now.micros()),
            ))
            .on_conflict(throttles::name)
            .do_update()
            .set((throttles::failures.eq(throttles::failures + 1), throttles::changed_at.eq(now.micros())))
            .returning(throttles::failures)
            .get_result(conn))?;
        let until = now.plus_seconds(wait(failures - free + FREE)).micros();
        diesel::update(throttles::table.find(name)).set(throttles::blocked_until.eq(until)).execute(note.conn())?;
    }
    Ok(())
}

/// After a success: forgets the failures of the account, and takes back the one of the address, so that nobody
/// clears an address by signing in to an account of their own.
///
/// # Errors
/// What the database says.
pub fn succeed(note: &mut Note, account: &str, address: Option<&str>) -> Result<(), Problem> {
    diesel::delete(throttles::table.find(account)).execute(note.conn())?;
    if let Some(address) = address {
        diesel::update(throttles::table.find(address).filter(throttles::failures.gt(0)))
            .set(throttles::failures.eq(throttles::failures - 1))
            .execute(note.conn())?;
    }
    Ok(())
}

/// Deletes failures that count no longer; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    let old = throttles::changed_at.lt(now.plus_seconds(-FORGET).micros());
    Ok(diesel::delete(throttles::table.filter(old)).execute(conn)?)
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn the_wait_grows_from_half_a_minute_to_a_quarter_of_an_hour() {
        assert_eq!([1, 4, 5, 6, 7, 8, 9, 10, 99].map(wait), [0, 0, 30, 60, 120, 240, 480, 900, 900]);
    }
}
