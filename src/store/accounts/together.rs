//! Acts on several accounts at once: what one does, for its confirmation (screens.md 3.5, W-2), and their sessions ended.

use super::{
    Account,
    status::{Judged, judged, subjects},
};
use crate::{
    access::{Side, target::Off},
    domain::{account::Status, event::Event, identity_store::IdentityStore, key::AccountKey},
    problem::Problem,
    store::{
        events,
        schema::sessions,
        sql::Sql,
        transaction::{Reader, Tx},
    },
};
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Text},
};
use sha2::{Digest, Sha256};

/// Accounts that somebody means to act on together, each judged (P-3, P-4).
#[derive(Clone, Debug)]
pub struct Together {
    /// Those that may be acted on, by name.
    pub accounts: Vec<Account>,
    /// Names of those among them that are disabled or enabled already, as is wanted.
    pub already: Vec<String>,
    /// What the others hold, which takes no effect while they are disabled: the name of a role or administrator role, and
    /// how many of them hold it.
    pub held: Vec<(String, i64)>,
    /// Sessions of theirs.
    pub sessions: i64,
    /// How many are gone or out of sight.
    pub gone: usize,
    /// Names of those that may not be acted on, with the reason.
    pub off: Vec<(String, Off)>,
}

impl Together {
    /// How many of them are not as is wanted.
    pub fn affected(&self) -> usize {
        self.accounts.len() - self.already.len()
    }

    /// A short form to notice a change between confirmation and act (Z-11): of who they are, what is done to them and what
    /// they hold. Sessions come and go, and are left out.
    pub fn mark(&self) -> String {
        let mut all = Sha256::new();
        for account in &self.accounts {
            all.update(format!("{} {}\n", account.id, account.status == Status::Disabled));
        }
        for (name, count) in &self.held {
            all.update(format!("{count} {name}\n"));
        }
        all.update(format!("{} {}", self.gone, self.off.len()));
        events::hex(&all.finalize())
    }
}

/// What an act on these accounts would meet and do; with `on` it enables, otherwise it disables or signs out.
///
/// # Errors
/// What the database says.
pub fn together<S: Side>(
    reader: &mut impl Reader<S::Switch>,
    store: &IdentityStore,
    ids: &[String],
    on: bool,
) -> Result<Together, Problem> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let now = reader.now();
    let Judged { accounts, gone, off } = judged::<S>(reader, store, ids)?;
    let (affected, already): (Vec<&Account>, Vec<&Account>) =
        accounts.iter().partition(|account| (account.status == Status::Disabled) == on);
    let already = already.iter().map(|account| account.title().to_owned()).collect();
    let keys = || affected.iter().map(|account| account.key.0);
    let mut sql = Sql::new(
        "SELECT r.name, count(DISTINCT ra.account) AS n FROM role_assignments ra JOIN roles r ON r.key = ra.role WHERE (ra.ends IS NULL OR ra.ends > ",
    );
    sql.bind(now).push(") AND ra.account IN ").list(keys());
    sql.push(
        " GROUP BY r.key, r.name UNION ALL SELECT r.name, count(DISTINCT g.account) AS n FROM grants g JOIN administrator_roles r ON r.key = g.role \
         WHERE (g.ends IS NULL OR g.ends > ",
    );
    sql.bind(now).push(") AND g.account IN ").list(keys()).push(" GROUP BY r.key, r.name ORDER BY n DESC, name");
    let held = sql.load::<Held>(reader.conn())?.into_iter().map(|row| (row.name, row.n)).collect();
    let mut sql = Sql::new("SELECT count(*) AS n FROM sessions WHERE account IN ");
    sql.list(accounts.iter().map(|account| account.key.0));
    let sessions = sql.number(reader.conn())?;
    Ok(Together { already, held, sessions, gone, off, accounts })
}

/// Ends every session of these accounts, all or none. How many were ended.
///
/// # Errors
/// [`Problem::Conflict`] when one of them may not be acted on (any more).
pub fn end_sessions_of<S: Side>(tx: &mut Tx<S::Switch>, store: &IdentityStore, ids: &[String]) -> Result<usize, Problem> {
    let Judged { accounts, gone, off } = judged::<S>(tx, store, ids)?;
    if gone > 0 || !off.is_empty() {
        return Err(Problem::Conflict("Nothing was done: not every one of these accounts may be acted on.".into()));
    }
    use sessions as s;
    let keys: Vec<AccountKey> = accounts.iter().map(|account| account.key).collect();
    let mut ended = 0;
    for keys in keys.chunks(10_000) {
        ended += diesel::delete(s::table.filter(s::account.eq_any(keys))).execute(tx.conn())?;
    }
    let all: Vec<&Account> = accounts.iter().collect();
    let names: Vec<String> = all.iter().map(|account| account.title().to_owned()).collect();
    let event = subjects(tx.conn(), Event::done("account.sessions").with("accounts", names).with("ended", ended), store.key, &all)?;
    tx.record(event)?;
    Ok(ended)
}
