//! Lines judged: what each does, and whether the person may do it as by hand.

use super::{Does, Judged, Plan};
use crate::{
    access::{
        Actor, Place, Reach, rank,
        target::{Target, may_act},
    },
    domain::{
        account_list::{Line, List},
        identity_store::IdentityStore,
        key::*,
        organization::{Lineage, Organization},
        permissions::{InvitationCreate, Permission, UserAdd, UserEdit, UserView},
        text,
    },
    problem::Problem,
    store::{
        accounts::{self, Account},
        organizations,
        schema::{account_group_members, account_groups, accounts as account_rows, identifiers},
        targets,
        transaction::Reader,
        tree,
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

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
