//! Writing accounts with all that hangs on them.

use super::{People, Plan, list_of, terms::Terms};
use crate::{
    domain::{account::Status, key::*, text, world},
    problem::Problem,
    store::{
        conn::{Conn, on_each},
        schema::{account_group_members, accounts, identifiers, identity_stores, memberships},
        sign_in::search_text,
        sql::Sql,
        world::{
            At,
            import::{
                BINDS, State, Work, insert_all,
                stores::{Store, Stores},
                upsert_all,
            },
            rows::AccountRow,
        },
    },
};
use diesel::prelude::*;

/// Writes accounts with all that hangs on them.
pub(in crate::store::world::import) fn write(
    work: &mut Work,
    file: &world::World,
    stores: &Stores,
    people: People,
    dry_run: bool,
    hash: &dyn Fn(&str) -> Result<String, Problem>,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Problem> {
    let total: usize = people.sections.iter().map(|section| section.plans.len()).sum();
    let mut done = 0;
    free(work.tx.conn(), &people.freed)?;
    for section in &people.sections {
        let store = &stores.list[section.store];
        let list = list_of(file, section.of);
        let mut ended: Vec<i64> = Vec::new();
        for plans in section.plans.chunks(BINDS / 17) {
            let (mut added, mut changed) = (Vec::new(), Vec::new());
            for plan in plans {
                let account = &list[plan.index];
                let password_hash = match (&account.password, plan.state) {
                    (_, State::Same) => continue,
                    (Some(_), _) if dry_run => Some(String::new()),
                    (Some(password), _) => Some(hash(password)?),
                    (None, _) => account.password_hash.clone().or_else(|| plan.old.as_ref()?.password_hash.clone()),
                };
                let row = row(work, store, account, plan, password_hash)?;
                match &plan.old {
                    None => added.push(row),
                    Some(old) => {
                        // S-6, I-6: disabling and a new password end the sessions.
                        if old.status != row.status && row.status != Status::Active || old.password_hash != row.password_hash {
                            ended.push(row.key.0);
                        }
                        changed.push(row);
                    }
                }
            }
            let conn = work.tx.conn();
            use accounts as a;
            insert_all!(conn, a::table, 17, added);
            upsert_all!(
                conn,
                a::table,
                17,
                changed,
                a::key,
                [
                    a::name,
                    a::name_sort,
                    a::email,
                    a::username,
                    a::search,
                    a::status,
                    a::locked_until,
                    a::password_hash,
                    a::change_password,
                    a::attributes,
                    a::last_sign_in_at,
                    a::rev,
                    a::changed_at,
                ]
            );
            let before = done;
            done += plans.len();
            if total >= 10_000 && (done == total || before / 50_000 != done / 50_000) {
                progress(&format!("{} of {} accounts written", text::thousands(done as i64), text::thousands(total as i64)));
            }
        }
        for keys in ended.chunks(BINDS) {
            let mut sql = Sql::new("DELETE FROM sessions WHERE account IN ");
            sql.list(keys.iter().copied());
            sql.execute(work.tx.conn())?;
        }
        let new = section.plans.iter().filter(|plan| plan.state == State::Added).count();
        use identity_stores as s;
        diesel::update(s::table.find(store.entry.row.key)).set(s::accounts.eq(s::accounts + new as i64)).execute(work.tx.conn())?;
    }
    let conn = work.tx.conn();
    people.keys.close(conn)?;
    // In the order of their table, which is then written from its start to its end.
    let mut taken = people.taken;
    taken.sort_by(|one, other| (one.store, &one.folded).cmp(&(other.store, &other.folded)));
    insert_all!(conn, identifiers::table, 5, taken);
    people.hanging.write(conn)?;
    use memberships as m;
    upsert_all!(conn, m::table, 4, people.memberships, (m::account, m::organization), [m::status]);
    insert_all!(conn, account_group_members::table, 2, people.groups);
    Ok(())
}

fn row(
    work: &mut Work,
    store: &Store,
    account: &world::Account,
    plan: &Plan,
    password_hash: Option<String>,
) -> Result<AccountRow, Problem> {
    let old = plan.old.as_deref();
    let terms = Terms::check(&mut work.faults, At::TOP, store, account, old)?
        .ok_or_else(|| Problem::Internal(anyhow::anyhow!("an account that was found good has a fault")))?;
    let Terms { name, email, username, status, locked_until, last_sign_in_at, change_password, attributes } = terms;
    Ok(AccountRow {
        key: plan.key,
        id: old.map_or_else(|| work.tx.chance().id("acc"), |old| old.id.clone()),
        store: store.entry.row.key,
        name_sort: text::search(&name),
        search: search_text(&name, email.as_deref(), username.as_deref()),
        name,
        email,
        username,
        status,
        locked_until,
        password_hash,
        change_password,
        attributes,
        last_sign_in_at,
        rev: old.map_or(1, |old| old.rev + 1),
        created_at: old.map_or(work.now, |old| old.created_at),
        changed_at: work.now,
    })
}

/// Deletes the identifiers that were replaced.
fn free(conn: &mut Conn, freed: &[(StoreKey, String)]) -> Result<(), Problem> {
    for part in freed.chunk_by(|one, other| one.0 == other.0).flat_map(|of_store| of_store.chunks(BINDS / 2)) {
        let folded: Vec<&str> = part.iter().map(|(_, folded)| folded.as_str()).collect();
        diesel::delete(identifiers::table.filter(identifiers::store.eq(part[0].0)).filter(identifiers::folded.eq_any(folded)))
            .execute(conn)?;
    }
    Ok(())
}
