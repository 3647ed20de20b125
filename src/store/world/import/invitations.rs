//! Invitations (I-1). No link goes into the database by a file: one that waits has none until it is sent again. What was
//! answered or withdrawn stays as it is, so that an older file revives nothing.

use super::{
    BINDS, Keys, State, Work, accounts::People, administrators::owner, attributes, insert_all, instant, organizations::Tree, stores::Stores,
};
use crate::{
    domain::{
        account,
        invitation::{self, LASTS, Status},
        key::*,
        text,
        time::Time,
        world,
    },
    problem::Problem,
    store::{
        conn::{Conn, on_each},
        schema::{accounts, invitation_roles, invitations},
        world::{
            At,
            rows::{InvitationRow, PromiseRow},
        },
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// An invitation as it will be.
struct Planned {
    row: InvitationRow,
    state: State,
    /// Whose promise a new one is, and what they were called, where the file says so.
    inviter: (Option<AccountKey>, Option<String>),
    roles: Vec<RoleKey>,
}

/// The invitations to be written.
pub(super) struct Invitations {
    planned: Vec<Planned>,
    keys: Keys,
}

type Place = (OrganizationKey, String);

/// What is there already.
struct There {
    rows: HashMap<i64, InvitationRow>,
    roles: HashMap<i64, Vec<RoleKey>>,
    by_key: HashMap<(Place, Time), i64>,
    waiting: HashMap<Place, i64>,
}

impl There {
    fn load(conn: &mut Conn, file: &world::World) -> Result<Self, Problem> {
        let mut all = Self { rows: HashMap::new(), roles: HashMap::new(), by_key: HashMap::new(), waiting: HashMap::new() };
        if file.invitations.is_empty() {
            return Ok(all);
        }
        for row in invitations::table.load::<InvitationRow>(conn)? {
            let place = (row.organization, row.email_folded.clone());
            if row.status == Status::Pending.word() {
                all.waiting.insert(place.clone(), row.key);
            }
            all.by_key.insert((place, row.created_at), row.key);
            all.rows.insert(row.key, row);
        }
        for row in invitation_roles::table.load::<PromiseRow>(conn)? {
            all.roles.entry(row.invitation).or_default().push(row.role);
        }
        Ok(all)
    }
}

/// Reads what is there and lays the file over it.
pub(super) fn judge(work: &mut Work, file: &world::World, stores: &Stores, tree: &Tree, people: &People) -> Result<Invitations, Problem> {
    let conn = work.tx.conn();
    let keys = Keys::of(conn, "invitations")?;
    let mut there = There::load(conn, file)?;
    let mut all = Invitations { planned: Vec::new(), keys };
    let mut seen: HashSet<i64> = HashSet::new();
    let top = At::TOP.key("invitations");
    for (index, wanted) in file.invitations.iter().enumerate() {
        let at = top.index(index);
        let Some(new) = terms(work, (stores, tree, people), at, wanted)? else { continue };
        let place = (new.row.organization, new.row.email_folded.clone());
        let waits = new.row.status == Status::Pending.word();
        let found = match &wanted.created {
            Some(_) => there.by_key.get(&(place.clone(), new.row.created_at)).copied(),
            None => there.waiting.get(&place).copied(),
        };
        let old = found.and_then(|found| there.rows.get(&found));
        let answered = old.is_some_and(|old| old.status != Status::Pending.word());
        let taken = waits && !answered && there.waiting.get(&place).is_some_and(|key| Some(*key) != found);
        if taken || found.is_some_and(|found| !seen.insert(found)) {
            work.faults.add(at.key("email"), format!("“{}” stands here twice, or is invited there already (I-1).", wanted.email));
            continue;
        }
        let planned = match old {
            Some(old) => over(old, there.roles.get(&old.key), new),
            None => Planned { row: InvitationRow { key: all.keys.give(), ..new.row }, ..new },
        };
        let key = planned.row.key;
        seen.insert(key);
        there.by_key.insert((place.clone(), planned.row.created_at), key);
        if planned.row.status == Status::Pending.word() {
            there.waiting.insert(place, key);
        } else if there.waiting.get(&place) == Some(&key) {
            there.waiting.remove(&place);
        }
        work.summary.invitations.note(planned.state);
        all.planned.push(planned);
    }
    Ok(all)
}

/// What the file says, checked; none after a fault.
fn terms(
    work: &mut Work,
    (stores, tree, people): (&Stores, &Tree, &People),
    at: At,
    wanted: &world::Invitation,
) -> Result<Option<Planned>, Problem> {
    let now = work.now;
    let faults = &mut work.faults;
    let email = faults.sift(at.key("email"), account::email(&wanted.email));
    let message = faults.sift(at.key("message"), invitation::message(&wanted.message));
    let status = Status::from_word(&wanted.status);
    if status.is_none() {
        faults.add(at.key("status"), "The status of an invitation is pending, accepted, declined or withdrawn.");
    }
    let created = instant(faults, at.key("created"), wanted.created.as_deref());
    let sent = instant(faults, at.key("sent"), wanted.sent.as_deref());
    let ends = instant(faults, at.key("valid_until"), wanted.valid_until.as_deref());
    let settled = instant(faults, at.key("settled"), wanted.settled.as_deref());
    let inviter = inviter(work, stores, people, at, wanted);
    let Some(place) = owner(&mut work.faults, (stores, tree), at, wanted.store.as_deref(), &wanted.organization) else { return Ok(None) };
    let organization = &tree.list[place].row;
    let Some(store) = stores.list.iter().find(|store| store.entry.row.key == organization.store) else { return Ok(None) };
    let (mut roles, mut groups, mut good) = (Vec::new(), Vec::new(), true);
    for (index, name) in wanted.roles.iter().enumerate() {
        let at = at.key("roles");
        match store.roles.get(&text::fold(name)).map(|role| role.row.key) {
            Some(_) if wanted.portal => {
                work.faults.add(at.index(index), "No roles are promised in the portal (P-5).");
                good = false;
            }
            Some(role) if roles.contains(&role) => {
                work.faults.add(at.index(index), format!("“{name}” stands here twice."));
                good = false;
            }
            Some(role) => roles.push(role),
            None => {
                work.faults.missing(at.index(index), "role", organization.store, name, format!("The store has no role “{name}”."));
                good = false;
            }
        }
    }
    for (index, name) in wanted.groups.iter().enumerate() {
        let at = at.key("groups");
        match store.groups.get(&text::fold(name)) {
            Some(group) => groups.push(group.row.name.clone()),
            None => {
                work.faults.missing(at.index(index), "group", organization.store, name, format!("The store has no group “{name}”."));
                good = false;
            }
        }
    }
    roles.sort_unstable();
    let attributes = attributes::values(&mut work.faults, at, store, None, &wanted.attributes)?.filter(|_| good);
    let (Some(email), Some(message), Some(status), Some(attributes), Some(inviter)) = (email, message, status, attributes, inviter) else {
        return Ok(None);
    };
    let (Some(created), Some(sent), Some(ends), Some(settled)) = (created, sent, ends, settled) else { return Ok(None) };
    let created_at = created.unwrap_or(now);
    let sent_at = sent.unwrap_or(created_at);
    let row = InvitationRow {
        key: 0,
        id: work.tx.chance().id("inv"),
        store: organization.store,
        organization: organization.key,
        email_folded: text::fold(&email),
        email,
        message,
        attributes,
        group_names: serde_json::to_string(&groups).map_err(Problem::internal)?,
        invited_by: String::new(),
        invited_by_name: String::new(),
        portal: wanted.portal,
        status: status.word().to_owned(),
        token: None,
        sent_at,
        ends_at: ends.unwrap_or(sent_at.plus_seconds(LASTS)),
        created_at,
        settled_at: (status != Status::Pending).then(|| settled.unwrap_or(now)),
    };
    Ok(Some(Planned { row, state: State::Added, inviter, roles }))
}

/// Who promises, and what they were called; none after a fault.
fn inviter(
    work: &mut Work,
    stores: &Stores,
    people: &People,
    at: At,
    wanted: &world::Invitation,
) -> Option<(Option<AccountKey>, Option<String>)> {
    let faults = &mut work.faults;
    let name = match &wanted.invited_by_name {
        Some(typed) if !typed.is_empty() => Some(faults.sift(at.key("invited_by_name"), account::person_name(typed))?),
        _ => None,
    };
    let Some(identifier) = &wanted.invited_by else { return Some((None, name)) };
    let store = match &wanted.invited_by_store {
        None => stores.administrators,
        Some(name) => match stores.find(name) {
            Some(found) => found,
            None => {
                faults.missing(
                    at.key("invited_by_store"),
                    "store",
                    crate::store::world::TENANT,
                    name,
                    format!("There is no store “{name}”."),
                );
                return None;
            }
        },
    };
    let row = &stores.list[store].entry.row;
    let found = people.find(row.key, identifier);
    if found.is_none() {
        faults.add(at.key("invited_by"), format!("There is no account “{identifier}” in the store “{}”.", row.name));
    }
    found.map(|found| (Some(found), name))
}

/// The file's terms over those that are there. Who promises stays (I-1), and so does the link; what was answered or
/// withdrawn stays as it is.
fn over(old: &InvitationRow, roles: Option<&Vec<RoleKey>>, new: Planned) -> Planned {
    let mut before = roles.cloned().unwrap_or_default();
    before.sort_unstable();
    let kept = Planned { row: old.clone(), state: State::Same, inviter: (None, None), roles: before };
    if old.status != Status::Pending.word() {
        return kept;
    }
    let row = InvitationRow {
        key: old.key,
        id: old.id.clone(),
        email: old.email.clone(),
        invited_by: old.invited_by.clone(),
        invited_by_name: old.invited_by_name.clone(),
        portal: old.portal,
        token: old.token.clone(),
        created_at: old.created_at,
        ..new.row
    };
    if row == kept.row && new.roles == kept.roles {
        return kept;
    }
    Planned { row, state: State::Changed, inviter: (None, None), roles: new.roles }
}

/// Writes what is new and what is other; the accounts are there already.
pub(super) fn write(work: &mut Work, all: &Invitations) -> Result<(), Problem> {
    use invitations as i;
    let conn = work.tx.conn();
    let inviters: HashSet<AccountKey> = all.planned.iter().filter_map(|one| one.inviter.0).collect();
    let mut names: HashMap<AccountKey, (String, String)> = HashMap::new();
    for keys in inviters.into_iter().collect::<Vec<_>>().chunks(BINDS) {
        use accounts as a;
        let rows: Vec<(AccountKey, String, String)> = a::table.filter(a::key.eq_any(keys)).select((a::key, a::id, a::name)).load(conn)?;
        names.extend(rows.into_iter().map(|(key, id, name)| (key, (id, name))));
    }
    let mut added = Vec::new();
    let mut promised = Vec::new();
    for Planned { row, state, inviter: (account, called), roles } in &all.planned {
        let mut row = row.clone();
        match state {
            State::Same => continue,
            State::Added => {
                let (id, name) = account.and_then(|account| names.get(&account)).cloned().unwrap_or_default();
                row.invited_by = id;
                row.invited_by_name = called.clone().unwrap_or(name);
            }
            State::Changed => {
                diesel::update(i::table.find(row.key))
                    .set((
                        (i::message.eq(&row.message), i::attributes.eq(&row.attributes), i::group_names.eq(&row.group_names)),
                        (
                            i::status.eq(&row.status),
                            i::settled_at.eq(row.settled_at),
                            i::sent_at.eq(row.sent_at),
                            i::ends_at.eq(row.ends_at),
                        ),
                    ))
                    .execute(conn)?;
                diesel::delete(invitation_roles::table.filter(invitation_roles::invitation.eq(row.key))).execute(conn)?;
            }
        }
        promised.extend(roles.iter().map(|role| PromiseRow { invitation: row.key, role: *role }));
        if *state == State::Added {
            added.push(row);
        }
    }
    insert_all!(conn, i::table, 18, added);
    insert_all!(conn, invitation_roles::table, 2, promised);
    all.keys.close(conn)
}
