//! Accounts made and edited by hand (S-3).

use super::{Account, detail::groups_of};
use crate::{
    access::{
        Actor, Ground, Reach, Side, rank,
        target::{Off, Target, may_act, may_act_at},
    },
    domain::{
        Refusal,
        account::{self, MembershipStatus, Status, Terms},
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
        organization::Organization,
        permissions::{InvitationCreate, Permission, UserAdd},
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::{Conn, on_each},
        identifiers::{self, Pending},
        organizations,
        schema::{account_group_members, account_groups, accounts, identifiers as rows, identity_stores, memberships},
        sign_in::search_text,
        targets,
        transaction::{Reader, Tx},
        tree,
        verifications::{self, Verification},
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Makes an account, invited and without a password (S-4), as a member of these organizations.
///
/// # Errors
/// A refusal at the field; [`Problem::Forbidden`] where the person may not add to one of the organizations.
pub fn add(tx: &mut Tx<UserAdd>, store: &IdentityStore, terms: &Terms, organizations: &[String]) -> Result<Account, Problem> {
    let now = tx.now();
    let places = joined(tx, store, organizations)?;
    for (field, typed) in [("email", &terms.email), ("username", &terms.username)] {
        if let Some(typed) = typed {
            free(tx.conn(), store.key, field, typed, None)?;
        }
    }
    let (key, id) = create(tx, store.key, &Born { terms, status: Status::Invited, password_hash: None, confirmed: false })?;
    for place in &places {
        enroll(tx.conn(), key, place.key, now)?;
    }
    let mut event = Event::done("account.add")
        .with("account", terms.name.as_str())
        .with("after", json!({ "name": terms.name, "email": terms.email, "username": terms.username, "attributes": terms.attributes }))
        .with("organizations", places.iter().map(|place| place.name.clone()).collect::<Vec<_>>());
    if places.is_empty() {
        event = event.on(Subject::of("account", &id).in_store(store.key));
    }
    for place in &places {
        event = event.on(Subject::of("account", &id).at(place.key).in_store(store.key));
    }
    tx.record(event)?;
    super::by_ids(tx.conn(), &Reach::Everywhere, store.key, &[id])?.pop().ok_or(Problem::NotFound)
}

/// How an account comes about.
pub(in crate::store) struct Born<'a> {
    /// What its owner, or whoever makes it, says.
    pub terms: &'a Terms,
    /// Invited, or active for who chose a password.
    pub status: Status,
    /// That password.
    pub password_hash: Option<&'a str>,
    /// Whether its owner has shown that the e-mail is theirs (P-6).
    pub confirmed: bool,
}

/// Writes a new account with its identifiers, which are free. Its key and id.
pub(in crate::store) fn create<G: Ground>(tx: &mut Tx<G>, store: StoreKey, born: &Born) -> Result<(AccountKey, String), Problem> {
    use accounts as a;
    let now = tx.now();
    let Born { terms, status, password_hash, confirmed } = *born;
    let id = tx.chance().id("acc");
    let key: AccountKey = diesel::insert_into(a::table)
        .values((
            (a::id.eq(&id), a::store.eq(store), a::name.eq(&terms.name), a::name_sort.eq(text::search(&terms.name))),
            (
                a::email.eq(&terms.email),
                a::username.eq(&terms.username),
                a::search.eq(search_text(&terms.name, terms.email.as_deref(), terms.username.as_deref())),
            ),
            (a::status.eq(status), a::locked_until.eq(None::<i64>), a::password_hash.eq(password_hash), a::change_password.eq(false)),
            (a::attributes.eq(written(&terms.attributes)?), a::last_sign_in_at.eq(None::<i64>)),
            (a::rev.eq(1), a::created_at.eq(now), a::changed_at.eq(now)),
        ))
        .returning(a::key)
        .get_result(tx.conn())?;
    for (kind, typed) in [("email", &terms.email), ("username", &terms.username)] {
        if let Some(typed) = typed {
            put_identifier(tx.conn(), store, key, kind, typed, confirmed)?;
        }
    }
    diesel::update(identity_stores::table.find(store))
        .set(identity_stores::accounts.eq(identity_stores::accounts + 1))
        .execute(tx.conn())?;
    Ok((key, id))
}

/// Makes an account a member, where it is none: no way of joining changes a membership that is there (P-10).
pub(in crate::store) fn enroll(conn: &mut Conn, account: AccountKey, organization: OrganizationKey, now: Time) -> Result<bool, Problem> {
    use memberships as m;
    let row = (m::account.eq(account), m::organization.eq(organization), m::status.eq(MembershipStatus::Active), m::created_at.eq(now));
    let made = on_each!(conn, |conn| diesel::insert_into(m::table).values(row).on_conflict_do_nothing().execute(conn))?;
    Ok(made > 0)
}

/// The organizations that a new account joins: each in the reach of the permit. An account of Administrators joins
/// root (S-7); one without any is for those who look after the whole store (P-3).
fn joined(tx: &mut Tx<UserAdd>, store: &IdentityStore, ids: &[String]) -> Result<Vec<Organization>, Problem> {
    let root = tree::root(tx.conn())?;
    let root_place = tree::lineage(tx.conn(), root)?;
    if store.built_in {
        let actor = tx.permit().person()?;
        let invites = actor.reach_of(&InvitationCreate::LEAF).is_some_and(|reach| reach.contains(&root_place));
        if !tx.permit().reach().contains(&root_place) || !invites {
            return Err(Problem::Forbidden(
                "Only administrators who may add and invite to the root organization add accounts here.".into(),
            ));
        }
        return Ok(vec![organizations::find_by_key(tx, root)?]);
    }
    let mut places: Vec<Organization> = Vec::new();
    for id in ids.iter().filter(|id| !id.is_empty()) {
        let place = match organizations::find(tx, store.key, id) {
            Err(Problem::NotFound | Problem::Forbidden(_)) => {
                return Err(Refusal::at("org", "Choose organizations that you may add accounts to.").into());
            }
            found => found?,
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.is_empty() && !covers_everyone(tx, &root_place)? {
        return Err(Refusal::at("org", "Choose an organization; accounts without one are for those who look after the whole store.").into());
    }
    Ok(places)
}

fn covers_everyone(tx: &Tx<UserAdd>, root: &crate::domain::organization::Lineage) -> Result<bool, Problem> {
    use crate::access::Place;
    Ok(tx.permit().reach().covers(&Place { top: root, min: 1, max: None, until: Some(tx.now()) }))
}

fn written(attributes: &Map<String, Value>) -> Result<String, Problem> {
    serde_json::to_string(attributes).map_err(Problem::internal)
}

/// S-3: one namespace per store.
pub(in crate::store) fn free(
    conn: &mut Conn,
    store: StoreKey,
    field: &'static str,
    typed: &str,
    but: Option<AccountKey>,
) -> Result<(), Problem> {
    let owner: Option<AccountKey> = rows::table.find((store, text::fold(typed))).select(rows::account).first(conn).optional()?;
    if owner.is_some() && owner != but { Err(account::identifier_taken(field, typed).into()) } else { Ok(()) }
}

/// Writes an identifier; one that somebody else sets counts once its owner has confirmed it (P-6).
fn put_identifier(conn: &mut Conn, store: StoreKey, account: AccountKey, kind: &str, typed: &str, confirmed: bool) -> Result<(), Problem> {
    use rows as i;
    diesel::insert_into(i::table)
        .values((i::store.eq(store), i::folded.eq(text::fold(typed)), i::account.eq(account), i::kind.eq(kind), i::confirmed.eq(confirmed)))
        .execute(conn)?;
    Ok(())
}

/// An account with everything that its forms edit.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The account.
    pub account: Account,
    /// What people decide about it.
    pub terms: Terms,
    /// The names of its groups.
    pub groups: Vec<String>,
    /// Whether its owner has confirmed e-mail and user name.
    pub confirmed: (bool, bool),
    /// Changes of these that wait for its owner (P-6).
    pub pending: Vec<Pending>,
    /// Whether somebody verified it by hand, or revoked that.
    pub verification: Option<Verification>,
    /// Version, for edits that cross.
    pub rev: i32,
}

/// The account with what its forms edit.
pub(in crate::store) fn edited(conn: &mut Conn, account: Account, now: Time) -> Result<Edited, Problem> {
    use accounts as a;
    let (attributes, rev): (String, i32) = a::table.find(account.key).select((a::attributes, a::rev)).first(conn)?;
    let attributes = serde_json::from_str(&attributes).map_err(Problem::internal)?;
    let kinds: Vec<(String, bool)> = rows::table.filter(rows::account.eq(account.key)).select((rows::kind, rows::confirmed)).load(conn)?;
    let (counts, unconfirmed): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|(_, confirmed)| *confirmed);
    let groups = groups_of(conn, account.key)?;
    let pending = identifiers::pending_of(conn, account.key, now)?;
    let verification = verifications::of(conn, account.key)?;
    // What waits has a row of its own, beside the one that counts.
    let confirmed = |kind: &str| !unconfirmed.iter().any(|(word, _)| word == kind) || counts.iter().any(|(word, _)| word == kind);
    Ok(Edited {
        terms: Terms { name: account.name.clone(), email: account.email.clone(), username: account.username.clone(), attributes },
        groups,
        pending,
        verification,
        confirmed: (confirmed("email"), confirmed("username")),
        rev,
        account,
    })
}

/// How saving an edit went.
#[derive(Clone, Debug)]
pub enum Saved {
    /// Done.
    Done(Account),
    /// Somebody saved another version meanwhile.
    Stale(Box<Edited>),
}

/// Changes name and profile attributes.
///
/// # Errors
/// [`Problem::NotFound`] out of sight; [`Problem::Forbidden`] with the reason where the person may only look.
pub fn edit_profile<S: Side>(
    tx: &mut Tx<S::EditProfile>,
    store: &IdentityStore,
    id: &str,
    rev: i32,
    name: &str,
    attributes: &Map<String, Value>,
) -> Result<Saved, Problem> {
    let now = tx.now();
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let before = edited(tx.conn(), found.account.clone(), now)?;
    if before.rev != rev {
        return Ok(Saved::Stale(Box::new(before)));
    }
    let search = search_text(name, found.account.email.as_deref(), found.account.username.as_deref());
    use accounts as a;
    diesel::update(a::table.find(found.account.key))
        .set((
            a::name.eq(name),
            a::name_sort.eq(text::search(name)),
            a::search.eq(search),
            a::attributes.eq(written(attributes)?),
            a::rev.eq(rev + 1),
            a::changed_at.eq(now),
        ))
        .execute(tx.conn())?;
    let event = found
        .subjects(Event::done("account.profile"), store.key)
        .with("before", json!({ "name": before.terms.name, "attributes": before.terms.attributes }))
        .with("after", json!({ "name": name, "attributes": attributes }));
    tx.record(event)?;
    Ok(Saved::Done(Account { name: name.to_owned(), ..found.account }))
}

/// Puts the account into these groups of its store, and out of the others.
///
/// # Errors
/// A refusal at `group` for a name that is none; as [`edit_profile`].
pub fn set_groups<S: Side>(tx: &mut Tx<S::EditGroups>, store: &IdentityStore, id: &str, names: &[String]) -> Result<Account, Problem> {
    let now = tx.now();
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let before = edited(tx.conn(), found.account.clone(), now)?.groups;
    let all: Vec<(i64, String)> = account_groups::table
        .filter(account_groups::store.eq(store.key))
        .order(account_groups::name_folded)
        .select((account_groups::key, account_groups::name))
        .load(tx.conn())?;
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|(_, known)| known == *name)) {
        let shown: String = unknown.chars().take(64).collect();
        return Err(Refusal::at("group", format!("This store has no group “{shown}”.")).into());
    }
    let wanted: Vec<&(i64, String)> = all.iter().filter(|(_, name)| names.contains(name)).collect();
    use account_group_members as g;
    diesel::delete(g::table.filter(g::account.eq(found.account.key))).execute(tx.conn())?;
    let rows: Vec<_> = wanted.iter().map(|(key, _)| (g::account.eq(found.account.key), g::account_group.eq(*key))).collect();
    on_each!(tx.conn(), |conn| diesel::insert_into(g::table).values(rows).execute(conn))?;
    let after: Vec<String> = wanted.iter().map(|(_, name)| name.clone()).collect();
    let event = found.subjects(Event::done("account.groups"), store.key).with("before", before).with("after", after);
    tx.record(event)?;
    Ok(found.account)
}

/// What the person may do with an account, for its page: absent, off with the reason, or on (D-12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// They do not hold the permission anywhere.
    Absent,
    /// They hold it, but not for this account now.
    Off(String),
    /// They may.
    On,
}

impl Act {
    /// Whether they may.
    pub fn is_on(&self) -> bool {
        *self == Self::On
    }

    /// Why not, where it is off.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Off(reason) => Some(reason),
            Self::Absent | Self::On => None,
        }
    }
}

/// What the reader may do with an account that was found, act by act.
#[derive(Clone, Debug)]
pub struct Acts {
    actor: Arc<Actor>,
    target: Target,
}

impl Acts {
    /// What the ground is for, on the account itself (P-3, P-4).
    pub fn of<G: Ground>(&self) -> Act {
        let Some(reach) = G::reach(&self.actor) else { return Act::Absent };
        match may_act::<G>(&self.actor, &self.target) {
            Ok(()) => Act::On,
            // A right held elsewhere alone is none here (D-12).
            Err(Off::Outside(_)) if !self.target.memberships.iter().any(|place| reach.contains(place)) => Act::Absent,
            Err(off) => Act::Off(off.reason()),
        }
    }

    /// Whether the ground is held in any organization that it belongs to: for looking, rank does not count (P-3, P-4).
    pub fn sees<G: Ground>(&self) -> bool {
        G::reach(&self.actor).is_some_and(|reach| self.target.memberships.iter().any(|place| reach.contains(place)))
    }

    /// Whether it may be added to further organizations: edited where it belongs already, and not above them (P-10).
    pub fn joins<S: Side>(&self) -> bool {
        let ranked = rank::may_act_on(&self.actor, self.target.account, &self.target.holdings).is_ok();
        ranked && self.sees::<S::Join>()
    }

    /// What the ground is for, on the membership there.
    pub fn at<G: Ground>(&self, organization: OrganizationKey) -> Act {
        let Some(place) = self.target.memberships.iter().find(|place| place.organization == organization) else { return Act::Absent };
        match may_act_at::<G>(&self.actor, &self.target, place) {
            _ if !G::reach(&self.actor).is_some_and(|reach| reach.contains(place)) => Act::Absent,
            Ok(()) => Act::On,
            Err(off) => Act::Off(off.reason()),
        }
    }
}

/// What the reader may do with an account that was found.
///
/// # Errors
/// What the database says.
pub fn acts<G: Ground>(reader: &mut impl Reader<G>, account: &Account) -> Result<Acts, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    Ok(Acts { actor, target: targets::one(reader.conn(), account.key, now)? })
}

/// What the person may do with one membership.
#[derive(Clone, Debug)]
pub struct MemberActs {
    /// The organization's id.
    pub organization: String,
    /// Blocking and unblocking.
    pub block: Act,
    /// Removing.
    pub remove: Act,
}

/// What the reader may do with each visible membership of an account: the right there alone, and rank (P-3, P-10).
pub fn member_acts<S: Side>(acts: &Acts, detail: &super::Detail) -> Vec<MemberActs> {
    let of = |membership: &super::Membership| {
        let key = membership.path.last()?.key;
        let (block, remove) = (acts.at::<S::Block>(key), acts.at::<S::Remove>(key));
        Some(MemberActs { organization: membership.organization_id.clone(), block, remove })
    };
    detail.memberships.iter().filter_map(of).collect()
}
