//! Lists of accounts taken in (I-7): kept until they are confirmed, judged line by line as the person's own acts, done
//! in one transaction. The same judgement makes the preview and the act.

use super::{
    accounts::{self, Account},
    conn::{Conn, on_each},
    organizations, paging,
    schema::{account_group_members, account_groups, account_imports, accounts as account_rows, identifiers, identity_stores, memberships},
    sign_in::search_text,
    targets,
    transaction::{Note, Reader, Tx},
    tree,
};
use crate::{
    access::{
        Actor, Place, Reach, rank,
        target::{Target, may_act},
    },
    clock::Chance,
    domain::{
        account::{MembershipStatus, Status},
        account_list::{Line, List},
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::{Lineage, Organization},
        permissions::{InvitationCreate, Permission, UserAdd, UserEdit, UserView},
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

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

/// Everything that lines are judged against, read in a constant number of queries for any number of lines.
struct Known {
    by_identifier: HashMap<String, AccountKey>,
    accounts: HashMap<AccountKey, (Account, Map<String, Value>)>,
    targets: HashMap<AccountKey, Target>,
    in_sight: HashSet<AccountKey>,
    places: HashMap<Vec<String>, (Organization, Lineage)>,
    groups: HashMap<String, (i64, String)>,
    in_groups: HashSet<(AccountKey, i64)>,
    alone_is_fine: bool,
}

/// What each line would do.
///
/// # Errors
/// What the database says.
pub fn judge(reader: &mut impl Reader<UserAdd>, store: &IdentityStore, list: &List) -> Result<Vec<Judged>, Problem> {
    let actor = reader.permit().person()?.clone();
    let add = reader.permit().reach().clone();
    let known = read(reader, store, list)?;
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut changed: HashMap<AccountKey, usize> = HashMap::new();
    Ok(list
        .lines
        .iter()
        .map(|line| {
            let mut judged = one(&actor, &add, &known, list, line);
            // By its e-mail in one line and by its user name in another, it is the same account.
            if let Some(first) = judged.plan.as_ref().and_then(|plan| plan.account).and_then(|key| changed.insert(key, line.number)) {
                judged.does = Does::Wrong;
                judged.words = vec![format!("Line {first} changes the same account.")];
                judged.plan = None;
            }
            for typed in [&line.terms.email, &line.terms.username].into_iter().flatten() {
                if let Some(first) = seen.insert(text::fold(typed), line.number) {
                    judged.does = Does::Wrong;
                    judged.words = vec![format!("“{typed}” stands in line {first} already.")];
                    judged.plan = None;
                }
            }
            judged
        })
        .collect())
}

fn read(reader: &mut impl Reader<UserAdd>, store: &IdentityStore, list: &List) -> Result<Known, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let reach = reader.permit().reach().clone();
    let conn = reader.conn();
    let folded: Vec<String> =
        list.lines.iter().flat_map(|line| [&line.terms.email, &line.terms.username]).flatten().map(|typed| text::fold(typed)).collect();
    let mut by_identifier = HashMap::new();
    for part in folded.chunks(10_000) {
        use identifiers as i;
        let rows: Vec<(String, AccountKey)> =
            i::table.filter(i::store.eq(store.key)).filter(i::folded.eq_any(part)).select((i::folded, i::account)).load(conn)?;
        by_identifier.extend(rows);
    }
    let keys: Vec<AccountKey> = by_identifier.values().copied().collect::<HashSet<_>>().into_iter().collect();
    let mut found = HashMap::new();
    let mut in_groups = HashSet::new();
    for part in keys.chunks(10_000) {
        let rows = accounts::by_keys(conn, part)?;
        use account_rows as a;
        let profiles: Vec<(AccountKey, String)> = a::table.filter(a::key.eq_any(part)).select((a::key, a::attributes)).load(conn)?;
        let mut profiles: HashMap<AccountKey, String> = profiles.into_iter().collect();
        for account in rows {
            let attributes = serde_json::from_str(&profiles.remove(&account.key).unwrap_or_default()).unwrap_or_default();
            found.insert(account.key, (account, attributes));
        }
        let rows: Vec<(AccountKey, i64)> = account_group_members::table.filter(account_group_members::account.eq_any(part)).load(conn)?;
        in_groups.extend(rows);
    }
    let targets = targets::of(conn, &keys, now)?;
    let view = actor.reach_of(&UserView::LEAF).unwrap_or(Reach::In(Vec::new()));
    let in_sight = accounts::in_reach(conn, &view, &keys)?;
    let groups: Vec<(i64, String, String)> = account_groups::table
        .filter(account_groups::store.eq(store.key))
        .select((account_groups::key, account_groups::name_folded, account_groups::name))
        .load(conn)?;
    let groups = groups.into_iter().map(|(key, folded, name)| (folded, (key, name))).collect();
    let named: HashSet<Vec<String>> =
        list.lines.iter().flat_map(|line| &line.organizations).map(|path| path.iter().map(|step| text::fold(step)).collect()).collect();
    let places = organizations::by_paths(conn, store.key, &named)?;
    let root = tree::root(conn)?;
    let root = tree::lineage(conn, root)?;
    let alone_is_fine = reach.covers(&Place { top: &root, min: 1, max: None, until: Some(now) });
    Ok(Known { by_identifier, accounts: found, targets, in_sight, places, groups, in_groups, alone_is_fine })
}

fn one(actor: &Actor, add: &Reach, known: &Known, list: &List, line: &Line) -> Judged {
    let terms = &line.terms;
    let typed = terms.email.as_deref().or(terms.username.as_deref()).unwrap_or_default();
    let who = if terms.name.is_empty() { typed.to_owned() } else { format!("{} ({typed})", terms.name) };
    let edit = actor.reach_of(&UserEdit::LEAF).unwrap_or(Reach::In(Vec::new()));
    let mut words = line.faults.clone();
    let mut places = Vec::new();
    for path in &line.organizations {
        let folded: Vec<String> = path.iter().map(|step| text::fold(step)).collect();
        // One that they may neither add to nor edit in is none for them.
        let sees = |place: &&(Organization, Lineage)| add.contains(&place.1) || edit.contains(&place.1);
        match known.places.get(&folded).filter(sees) {
            Some(place) if places.iter().any(|(there, _): &&(Organization, Lineage)| there.key == place.0.key) => {}
            Some(place) => places.push(place),
            None => words.push(format!("There is no organization {} in your reach.", path.join(" › "))),
        }
    }
    let mut groups = Vec::new();
    for name in &line.groups {
        match known.groups.get(&text::fold(name)) {
            Some((key, _)) if groups.contains(key) => {}
            Some((key, _)) => groups.push(*key),
            None => words.push(format!("This store has no group “{name}”.")),
        }
    }
    let owner = |typed: &Option<String>| typed.as_ref().and_then(|typed| known.by_identifier.get(&text::fold(typed)).copied());
    let account = match (owner(&terms.email), owner(&terms.username)) {
        (Some(one), Some(other)) if one != other => {
            words.push("E-mail and user name belong to two different accounts.".into());
            None
        }
        (Some(one), _) | (None, Some(one)) => Some(one),
        (None, None) => None,
    };
    let wrong = |words: Vec<String>| Judged { number: line.number, who: who.clone(), does: Does::Wrong, words, plan: None };
    if !words.is_empty() {
        return wrong(words);
    }
    match account {
        None => match new(add, known, list, line, &places) {
            Err(reason) => wrong(vec![reason]),
            Ok(()) => Judged {
                number: line.number,
                who: who.clone(),
                does: Does::Add,
                words: places.iter().map(|(organization, _)| format!("member of {}", organization.name)).collect(),
                plan: Some(Plan {
                    account: None,
                    name: terms.name.clone(),
                    email: terms.email.clone(),
                    username: terms.username.clone(),
                    attributes: Some(terms.attributes.clone()),
                    joins: places.iter().map(|(organization, _)| organization.key).collect(),
                    groups,
                }),
            },
        },
        Some(key) => match change(actor, known, line, key, &places, &groups) {
            Err(reason) => wrong(vec![reason]),
            Ok((words, plan)) => {
                let does = if words.is_empty() { Does::Nothing } else { Does::Change };
                Judged { number: line.number, who: who.clone(), does, words, plan: (does == Does::Change).then_some(plan) }
            }
        },
    }
}

/// Whether the person may add this account: as by hand.
fn new(add: &Reach, known: &Known, list: &List, line: &Line, places: &[&(Organization, Lineage)]) -> Result<(), String> {
    if line.terms.name.is_empty() {
        return Err(
            if list.names { "A new account needs a name." } else { "A new account needs a name; the list has no such column." }.into()
        );
    }
    if let Some((organization, _)) = places.iter().find(|(_, at)| !add.contains(at)) {
        return Err(format!("You may not add accounts to {}.", organization.name));
    }
    if places.is_empty() && !known.alone_is_fine {
        return Err("A new account needs an organization; accounts without one are for those who look after the whole store.".into());
    }
    Ok(())
}

/// What the line changes of an account that is there, and whether the person may: as by hand (P-3, P-4, P-10).
fn change(
    actor: &Actor,
    known: &Known,
    line: &Line,
    key: AccountKey,
    places: &[&(Organization, Lineage)],
    groups: &[i64],
) -> Result<(Vec<String>, Plan), String> {
    let (Some((account, profile)), Some(target)) = (known.accounts.get(&key), known.targets.get(&key)) else {
        return Err("The account cannot be read.".into());
    };
    if !known.in_sight.contains(&key) {
        return Err("This sign-in name belongs to an account that is not in your reach. Invite it instead.".into());
    }
    let mut words = Vec::new();
    for (typed, there, label) in [(&line.terms.email, &account.email, "e-mail"), (&line.terms.username, &account.username, "user name")] {
        if let Some(typed) = typed
            && there.as_ref().map(|there| text::fold(there)) != Some(text::fold(typed))
        {
            return Err(format!("The account has another {label}. A list does not change how somebody signs in."));
        }
    }
    let mut plan = Plan {
        account: Some(key),
        name: account.name.clone(),
        email: account.email.clone(),
        username: account.username.clone(),
        attributes: None,
        joins: Vec::new(),
        groups: Vec::new(),
    };
    if !line.terms.name.is_empty() && line.terms.name != account.name {
        words.push(format!("name: {} → {}", account.name, line.terms.name));
        plan.name = line.terms.name.clone();
    }
    let mut attributes = profile.clone();
    for (name, value) in &line.terms.attributes {
        if attributes.get(name) != Some(value) {
            words.push(format!("{name}: {}", crate::domain::attribute::shown(Some(value))));
            attributes.insert(name.clone(), value.clone());
        }
    }
    if attributes != *profile {
        plan.attributes = Some(attributes);
    }
    plan.groups = groups.iter().copied().filter(|group| !known.in_groups.contains(&(key, *group))).collect();
    if !plan.groups.is_empty() {
        words.push(text::count(plan.groups.len() as i64, "group", "groups"));
    }
    if !words.is_empty() {
        may_act::<UserEdit>(actor, target).map_err(|off| off.reason())?;
    }
    for (organization, at) in places.iter().copied() {
        if target.memberships.iter().any(|member| member.organization == organization.key) {
            continue;
        }
        rank::may_act_on(actor, key, &target.holdings).map_err(|above| crate::access::target::Off::Above(above).reason())?;
        let reach = |leaf| actor.reach_of(leaf).unwrap_or(Reach::In(Vec::new()));
        let edit = reach(&UserEdit::LEAF);
        let knows = target.memberships.iter().any(|member| edit.contains(member)) || (target.memberships.is_empty() && known.alone_is_fine);
        if !knows || !edit.contains(at) || !reach(&InvitationCreate::LEAF).contains(at) {
            return Err(format!("You may not make it a member of {} by hand. Invite it instead.", organization.name));
        }
        plan.joins.push(organization.key);
        words.push(format!("member of {}", organization.name));
    }
    Ok((words, plan))
}

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
