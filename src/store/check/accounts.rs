//! Accounts with what hangs on them (S-3, S-7).

use super::{Wrong, organizations::Stores, pairs};
use crate::{
    domain::{key::*, text},
    problem::Problem,
    store::{
        conn::Conn,
        schema::{accounts, identifier_changes, identifiers},
        sign_in::search_text,
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

type Row = (AccountKey, String, StoreKey, (String, String, String), Option<String>, Option<String>, String);

/// How many accounts are looked at together.
const PIECE: i64 = 20_000;

pub(super) fn check(conn: &mut Conn, wrong: &mut Wrong, stores: &Stores) -> Result<(), Problem> {
    use accounts as a;
    let mut after = AccountKey(i64::MIN);
    loop {
        let rows: Vec<Row> = a::table
            .filter(a::key.gt(after))
            .order(a::key)
            .limit(PIECE)
            .select((a::key, a::id, a::store, (a::name, a::name_sort, a::search), a::email, a::username, a::attributes))
            .load(conn)?;
        let Some(last) = rows.last().map(|row| row.0) else { break };
        piece(conn, wrong, stores, &rows, after, last)?;
        after = last;
    }
    pairs(
        conn,
        wrong,
        "memberships",
        "SELECT a.id AS one, o.id AS other FROM memberships m JOIN accounts a ON a.key = m.account JOIN organizations o ON o.key = m.organization \
         WHERE a.store <> o.store LIMIT 1000",
        |account, organization| format!("The account {account} is a member of the organization {organization} of another store (S-7)."),
    )?;
    pairs(
        conn,
        wrong,
        "statuses",
        "SELECT a.id AS one, a.status AS other FROM accounts a WHERE a.status = 'invited' \
         AND (a.password_hash IS NOT NULL OR a.last_sign_in_at IS NOT NULL) LIMIT 1000",
        |account, status| format!("The account {account} is {status}, but has a password or signed in (S-4, I-1)."),
    )?;
    pairs(
        conn,
        wrong,
        "second factors",
        "SELECT a.id AS one, f.value AS other FROM authenticators f JOIN accounts a ON a.key = f.account WHERE a.status = 'invited' LIMIT 1000",
        |account, value| format!("The account {account} is invited, but has the second factor {value} (I-1)."),
    )?;
    pairs(
        conn,
        wrong,
        "changes of identifiers",
        "SELECT a.id AS one, c.new_value AS other FROM identifier_changes c JOIN accounts a ON a.key = c.account WHERE c.confirmed_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM identifiers i WHERE i.account = c.account AND i.kind = c.kind AND NOT i.confirmed) LIMIT 1000",
        |account, value| format!("“{value}” of the account {account} is said to wait for its owner, but does not (P-6)."),
    )?;
    pairs(
        conn,
        wrong,
        "groups",
        "SELECT a.id AS one, g.name AS other FROM account_group_members m JOIN accounts a ON a.key = m.account \
         JOIN account_groups g ON g.key = m.account_group WHERE a.store <> g.store LIMIT 1000",
        |account, group| format!("The account {account} is in the group “{group}” of another store."),
    )
}

fn piece(conn: &mut Conn, wrong: &mut Wrong, stores: &Stores, rows: &[Row], after: AccountKey, last: AccountKey) -> Result<(), Problem> {
    use identifier_changes as c;
    use identifiers as i;
    let stored: Vec<(AccountKey, StoreKey, String, String, bool)> = i::table
        .filter(i::account.gt(after))
        .filter(i::account.le(last))
        .select((i::account, i::store, i::folded, i::kind, i::confirmed))
        .load(conn)?;
    let values = |row: &Row| [("email", row.4.clone()), ("username", row.5.clone())].map(|(kind, typed)| (row.0, kind, typed));
    let current: HashMap<(AccountKey, String), String> =
        rows.iter().flat_map(values).filter_map(|(account, kind, typed)| Some(((account, kind.to_owned()), text::fold(&typed?)))).collect();
    let mut of: HashMap<AccountKey, Vec<(StoreKey, String, String)>> = HashMap::new();
    // What waits to be confirmed stands beside what counts, and nowhere else (P-6).
    let waiting: HashSet<(AccountKey, String)> = c::table
        .filter(c::account.gt(after))
        .filter(c::account.le(last))
        .filter(c::confirmed_at.is_null())
        .select((c::account, c::new_value))
        .load::<(AccountKey, String)>(conn)?
        .into_iter()
        .map(|(account, new)| (account, text::fold(&new)))
        .collect();
    for (account, store, folded, kind, confirmed) in stored {
        let counts = current.get(&(account, kind.clone())) == Some(&folded);
        if confirmed || counts || !waiting.contains(&(account, folded.clone())) {
            of.entry(account).or_default().push((store, folded, kind));
        }
    }
    for (key, id, store, (name, sort, search), email, username, attributes) in rows {
        let right = (text::search(name), search_text(name, email.as_deref(), username.as_deref()));
        wrong.same("accounts", (sort, search), (&right.0, &right.1), || {
            format!("The sort or search text of the account {id} is wrong (S-3).")
        });
        if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(attributes).is_err() {
            wrong.say("accounts", || format!("The attributes of the account {id} cannot be read."));
        }
        let mut right: Vec<(StoreKey, String, String)> = [("email", email), ("username", username)]
            .into_iter()
            .filter_map(|(kind, typed)| Some((*store, text::fold(typed.as_deref()?), kind.to_owned())))
            .collect();
        if right.is_empty() {
            wrong.say("identifiers", || {
                format!("The account {id} of “{}” has neither an e-mail address nor a user name (S-3).", stores.name(*store))
            });
        }
        let mut stored = of.remove(key).unwrap_or_default();
        right.sort();
        stored.sort();
        wrong.same("identifiers", stored, right, || {
            format!("The identifiers of the account {id} of “{}” are not its e-mail address and user name (S-3).", stores.name(*store))
        });
    }
    Ok(())
}
