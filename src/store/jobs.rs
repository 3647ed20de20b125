//! Work that the house does by itself. However many processes there are, each job runs once when it is due: whoever
//! moves its clock in the table `jobs` does it, in the same transaction.

use super::{
    account_imports, authenticators,
    conn::{Conn, Db, on_each},
    identifiers, links, mails, once, registrations,
    schema::jobs,
    selections, sessions, throttles,
};
use crate::{domain::time::Time, problem::Problem};
use diesel::prelude::*;

/// Seconds between two clean-ups.
pub const EVERY: i64 = 15 * 60;

/// What a clean-up took away: rows that nobody could use any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Sessions over a limit.
    pub sessions: usize,
    /// Selections in the picker that expired.
    pub drafts: usize,
    /// Results of forms sent twice.
    pub once_keys: usize,
    /// Failures that count no longer.
    pub throttles: usize,
    /// Lists of accounts that expired.
    pub account_imports: usize,
    /// Links in mails that have ended.
    pub links: usize,
    /// Changes of identifiers that nobody confirmed, or that can no longer be cancelled.
    pub identifier_changes: usize,
    /// Codes that work no more.
    pub codes: usize,
    /// Letters that were sent or given up long ago.
    pub mails: usize,
    /// Registrations that nobody confirmed.
    pub registrations: usize,
}

/// Takes away what has ended or expired, if that is due and no other process does it; else nothing. No right depends
/// on what goes: it was over before.
///
/// # Errors
/// What the database says.
pub fn clean_up(db: &Db) -> Result<Option<Cleaned>, Problem> {
    db.note(|note| {
        let now = note.now();
        if !claim(note.conn(), "clean-up", now, EVERY)? {
            return Ok(None);
        }
        Ok(Some(Cleaned {
            sessions: sessions::clean(note.conn(), now)?,
            drafts: selections::clean(note.conn(), now)?,
            once_keys: once::clean(note.conn(), now)?,
            throttles: throttles::clean(note.conn(), now)?,
            account_imports: account_imports::clean(note.conn(), now)?,
            links: links::clean(note.conn(), now)?,
            identifier_changes: identifiers::clean(note.conn(), now)?,
            codes: authenticators::clean(note.conn(), now)?,
            mails: mails::clean(note.conn(), now)?,
            registrations: registrations::clean(note.conn(), now)?,
        }))
    })
}

/// Whether the job is due and ours. The row is locked until the transaction ends, so that nobody else sees it as due.
fn claim(conn: &mut Conn, name: &str, now: Time, every: i64) -> Result<bool, Problem> {
    on_each!(conn, |conn| diesel::insert_into(jobs::table)
        .values((jobs::name.eq(name), jobs::ran_at.eq(0_i64)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    let due = jobs::ran_at.le(now.plus_seconds(-every).micros());
    Ok(diesel::update(jobs::table.find(name)).filter(due).set(jobs::ran_at.eq(now.micros())).execute(conn)? == 1)
}
