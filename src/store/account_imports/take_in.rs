//! Lists taken in: all good lines in one transaction, and what became of each.

use super::{Counts, Judged, Plan, Upload, judge};
use crate::{
    domain::{
        account::{MembershipStatus, Status},
        account_list::List,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        permissions::UserAdd,
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        accounts,
        conn::on_each,
        schema::{account_group_members, account_imports, accounts as account_rows, identifiers, identity_stores, memberships},
        sign_in::search_text,
        targets,
        transaction::Tx,
    },
};
use diesel::prelude::*;
use std::collections::HashMap;

/// How taking a list in went.
#[derive(Clone, Debug)]
pub enum Taken {
    /// Done.
    Done(Counts),
    /// What it would do is other than what was confirmed (Z-11), or lines are wrong that were not to be left out.
    Other(Vec<Judged>),
}

/// Takes a list in: all good lines in one transaction; lines that are wrong are left out when that was confirmed, else
/// nothing is done. `confirmed` is the mark of the preview.
///
/// # Errors
/// What the database says.
pub fn take_in(
    tx: &mut Tx<UserAdd>,
    store: &IdentityStore,
    upload: &Upload,
    list: &List,
    confirmed: &str,
    leave_out: bool,
) -> Result<Taken, Problem> {
    let judged = judge(tx, store, list)?;
    let counts = Counts::of(&judged);
    if counts.mark() != confirmed || (counts.wrong > 0 && !leave_out) || counts.added + counts.changed == 0 {
        return Ok(Taken::Other(judged));
    }
    let plans: Vec<&Plan> = judged.iter().filter_map(|line| line.plan.as_ref()).collect();
    let ids = write(tx, store, &plans)?;
    let mut event = Event::done("account.import")
        .with("file", upload.name.as_str())
        .with("added", counts.added)
        .with("changed", counts.changed)
        .with("left_out", counts.wrong)
        .on(Subject::of("identity_store", &store.slug).in_store(store.key));
    for (id, places) in ids {
        if places.is_empty() {
            event = event.on(Subject::of("account", &id).in_store(store.key));
        }
        for place in places {
            event = event.on(Subject::of("account", &id).at(place).in_store(store.key));
        }
    }
    tx.record(event)?;
    use account_imports as i;
    diesel::update(i::table.find(&upload.id)).set(i::result.eq(Some(result(list, &judged)?))).execute(tx.conn())?;
    Ok(Taken::Done(counts))
}

/// The list with what became of each line, as a file.
fn result(list: &List, judged: &[Judged]) -> Result<String, Problem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut heading = list.heading.clone();
    heading.extend(["Line".to_owned(), "Result".to_owned(), "Why".to_owned()]);
    writer.write_record(&heading).map_err(Problem::internal)?;
    for (line, judged) in list.lines.iter().zip(judged) {
        let mut cells: Vec<String> = line.cells.iter().map(|cell| text::defused(cell)).collect();
        cells.resize(list.heading.len(), String::new());
        cells.extend([line.number.to_string(), judged.does.word().to_owned(), judged.words.join("; ")]);
        writer.write_record(&cells).map_err(Problem::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Problem::internal(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Ids of what was written, each with the organizations it belongs to.
type Written = Vec<(String, Vec<OrganizationKey>)>;

fn write(tx: &mut Tx<UserAdd>, store: &IdentityStore, plans: &[&Plan]) -> Result<Written, Problem> {
    let now = tx.now();
    let mut written = Written::new();
    let mut keys: Vec<(AccountKey, &Plan)> = Vec::new();
    let (new, there): (Vec<&&Plan>, Vec<&&Plan>) = plans.iter().partition(|plan| plan.account.is_none());
    for part in new.chunks(500) {
        keys.extend(insert(tx, store, part, now, &mut written)?);
    }
    diesel::update(identity_stores::table.find(store.key))
        .set(identity_stores::accounts.eq(identity_stores::accounts + new.len() as i64))
        .execute(tx.conn())?;
    use account_rows as a;
    for plan in there {
        let Some(key) = plan.account else { continue };
        let search = search_text(&plan.name, plan.email.as_deref(), plan.username.as_deref());
        diesel::update(a::table.find(key))
            .set((
                (a::name.eq(&plan.name), a::name_sort.eq(text::search(&plan.name)), a::search.eq(search)),
                (a::rev.eq(a::rev + 1), a::changed_at.eq(now)),
            ))
            .execute(tx.conn())?;
        if let Some(attributes) = &plan.attributes {
            let text = serde_json::to_string(attributes).map_err(Problem::internal)?;
            diesel::update(a::table.find(key)).set(a::attributes.eq(text)).execute(tx.conn())?;
        }
        keys.push((key, plan));
    }
    use account_group_members as g;
    use memberships as m;
    let joins: Vec<_> = keys
        .iter()
        .flat_map(|(key, plan)| plan.joins.iter().map(move |place| (*key, *place)))
        .map(|(key, place)| (m::account.eq(key), m::organization.eq(place), m::status.eq(MembershipStatus::Active), m::created_at.eq(now)))
        .collect();
    for part in joins.chunks(5_000) {
        on_each!(tx.conn(), |conn| diesel::insert_into(m::table).values(part.to_vec()).execute(conn))?;
    }
    let grouped: Vec<_> = keys
        .iter()
        .flat_map(|(key, plan)| plan.groups.iter().map(move |group| (g::account.eq(*key), g::account_group.eq(*group))))
        .collect();
    for part in grouped.chunks(5_000) {
        on_each!(tx.conn(), |conn| diesel::insert_into(g::table).values(part.to_vec()).execute(conn))?;
    }
    let there: Vec<AccountKey> = keys.iter().filter(|(_, plan)| plan.account.is_some()).map(|(key, _)| *key).collect();
    let targets = targets::of(tx.conn(), &there, now)?;
    for part in there.chunks(10_000) {
        for account in accounts::by_keys(tx.conn(), part)? {
            let places = targets.get(&account.key).map(|target| target.memberships.iter().map(|place| place.organization).collect());
            written.push((account.id, places.unwrap_or_default()));
        }
    }
    Ok(written)
}

/// Inserts new accounts with their identifiers, in two statements and one to learn their keys.
fn insert<'p>(
    tx: &mut Tx<UserAdd>,
    store: &IdentityStore,
    plans: &[&&'p Plan],
    now: Time,
    written: &mut Written,
) -> Result<Vec<(AccountKey, &'p Plan)>, Problem> {
    use account_rows as a;
    let ids: Vec<String> = plans.iter().map(|_| tx.chance().id("acc")).collect();
    let mut rows = Vec::with_capacity(plans.len());
    for (id, plan) in ids.iter().zip(plans) {
        let attributes = serde_json::to_string(&plan.attributes.clone().unwrap_or_default()).map_err(Problem::internal)?;
        rows.push((
            (a::id.eq(id.clone()), a::store.eq(store.key), a::name.eq(&plan.name), a::name_sort.eq(text::search(&plan.name))),
            (
                a::email.eq(plan.email.clone()),
                a::username.eq(plan.username.clone()),
                a::search.eq(search_text(&plan.name, plan.email.as_deref(), plan.username.as_deref())),
            ),
            (
                a::status.eq(Status::Invited),
                a::locked_until.eq(None::<i64>),
                a::password_hash.eq(None::<String>),
                a::change_password.eq(false),
            ),
            (a::attributes.eq(attributes), a::last_sign_in_at.eq(None::<i64>)),
            (a::rev.eq(1), a::created_at.eq(now), a::changed_at.eq(now)),
        ));
    }
    on_each!(tx.conn(), |conn| diesel::insert_into(a::table).values(rows).execute(conn))?;
    let found: Vec<(String, AccountKey)> = a::table.filter(a::id.eq_any(&ids)).select((a::id, a::key)).load(tx.conn())?;
    let by_id: HashMap<String, AccountKey> = found.into_iter().collect();
    let mut keys = Vec::with_capacity(plans.len());
    use identifiers as i;
    let mut names = Vec::new();
    for (id, plan) in ids.into_iter().zip(plans) {
        let key = by_id.get(&id).copied().ok_or(Problem::NotFound)?;
        for (kind, typed) in [("email", &plan.email), ("username", &plan.username)] {
            if let Some(typed) = typed {
                names.push((
                    i::store.eq(store.key),
                    i::folded.eq(text::fold(typed)),
                    i::account.eq(key),
                    i::kind.eq(kind),
                    i::confirmed.eq(false),
                ));
            }
        }
        written.push((id, plan.joins.clone()));
        keys.push((key, **plan));
    }
    on_each!(tx.conn(), |conn| diesel::insert_into(i::table).values(names).execute(conn))?;
    Ok(keys)
}
