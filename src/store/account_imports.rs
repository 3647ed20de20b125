//! Lists of accounts taken in (I-7): kept until they are confirmed, judged line by line as the person's own acts, done
//! in one transaction. The same judgement makes the preview and the act.

mod judge;
mod take_in;

pub use judge::judge;
pub use take_in::{Taken, take_in};

use super::{
    conn::Conn,
    paging,
    schema::account_imports,
    transaction::{Note, Reader},
};
use crate::{
    clock::Chance,
    domain::{identity_store::IdentityStore, key::*, permissions::UserAdd, time::Time},
    problem::Problem,
};
use diesel::prelude::*;
use serde_json::{Map, Value};

/// How long a list is kept, in seconds.
const LIFE: i64 = 24 * 3600;

/// A list that was uploaded.
#[derive(Clone, Debug, Queryable)]
pub struct Upload {
    /// Public id.
    pub id: String,
    /// Its store.
    pub store: StoreKey,
    /// The name of the file.
    pub name: String,
    /// What it holds.
    pub body: String,
    /// What became of it, as a file; none until it is confirmed.
    pub result: Option<String>,
}

/// Keeps an uploaded list for its owner. Its id.
///
/// # Errors
/// What the database says.
pub fn keep(note: &mut Note, chance: &Chance, owner: AccountKey, store: StoreKey, name: &str, body: &str) -> Result<String, Problem> {
    use account_imports as i;
    let now = note.now();
    let id = chance.id("list");
    diesel::delete(i::table.filter(i::account.eq(owner)).filter(i::expires_at.le(now))).execute(note.conn())?;
    diesel::insert_into(i::table)
        .values((
            (i::id.eq(&id), i::account.eq(owner), i::store.eq(store), i::name.eq(name), i::body.eq(body)),
            (i::result.eq(None::<String>), i::expires_at.eq(now.plus_seconds(LIFE))),
        ))
        .execute(note.conn())?;
    Ok(id)
}

/// A list of the reader's own.
///
/// # Errors
/// [`Problem::NotFound`] for another's, one of another store, or one that has expired.
pub fn find(reader: &mut impl Reader<UserAdd>, store: &IdentityStore, id: &str) -> Result<Upload, Problem> {
    use account_imports as i;
    let now = reader.now();
    let owner = reader.permit().person()?.account;
    Ok(i::table
        .find(id)
        .filter(i::account.eq(owner))
        .filter(i::store.eq(store.key))
        .filter(i::expires_at.gt(now))
        .select((i::id, i::store, i::name, i::body, i::result))
        .first(reader.conn())?)
}

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It adds an account.
    Add,
    /// It changes one.
    Change,
    /// It says what is there already.
    Nothing,
    /// It cannot be done.
    Wrong,
}

impl Does {
    /// As the result says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "added",
            Self::Change => "changed",
            Self::Nothing => "as it was",
            Self::Wrong => "left out",
        }
    }
}

/// A line, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its number in the file.
    pub number: usize,
    /// Whom it is about.
    pub who: String,
    /// What it does.
    pub does: Does,
    /// What is wrong, or what it changes, in words.
    pub words: Vec<String>,
    plan: Option<Plan>,
}

#[derive(Clone, Debug)]
struct Plan {
    account: Option<AccountKey>,
    name: String,
    email: Option<String>,
    username: Option<String>,
    attributes: Option<Map<String, Value>>,
    joins: Vec<OrganizationKey>,
    groups: Vec<i64>,
}

/// How many lines do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts added.
    pub added: usize,
    /// Accounts changed.
    pub changed: usize,
    /// Lines that say what is there already.
    pub same: usize,
    /// Lines that cannot be done.
    pub wrong: usize,
}

impl Counts {
    /// Of judged lines.
    pub fn of(judged: &[Judged]) -> Self {
        let count = |does: Does| judged.iter().filter(|line| line.does == does).count();
        Self { added: count(Does::Add), changed: count(Does::Change), same: count(Does::Nothing), wrong: count(Does::Wrong) }
    }

    /// A short form to notice a change between preview and act (Z-11).
    pub fn mark(&self) -> String {
        format!("{}.{}.{}.{}", self.added, self.changed, self.same, self.wrong)
    }
}

/// Judged lines, page by page: the wrong ones first, then the others, each in the order of the file.
pub fn slice(mut judged: Vec<Judged>, paging: &paging::Paging, wrong_only: bool) -> paging::Slice<Judged> {
    if wrong_only {
        judged.retain(|line| line.does == Does::Wrong);
    }
    judged.sort_by_key(|line| (line.does != Does::Wrong, line.number));
    let count = judged.len() as i64;
    let total = paging::Total { count, exact: true };
    let start = ((paging.number - 1) * paging.per).clamp(0, count) as usize;
    let rows: Vec<Judged> = judged.into_iter().skip(start).take(paging.per as usize).collect();
    let more = (start + rows.len()) < count as usize;
    let (first, last) = ((paging.number > 1).then(String::new), more.then(String::new));
    paging::Slice { rows, number: paging.number, per: paging.per, total, many: false, first, last }
}

/// Deletes lists that have expired; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use account_imports as i;
    Ok(diesel::delete(i::table.filter(i::expires_at.le(now))).execute(conn)?)
}
