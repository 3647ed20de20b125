//! The transaction that makes a registration final: account, membership and automatic roles together.

use super::{Hall, hall, lobby_of};
use crate::{
    access::{Ground, Myself, system::Joining},
    domain::{
        Refusal,
        account::{Status, Terms},
        event::{Event, Subject},
        invitation,
        key::*,
        organization,
        rights::Rights,
        role_assignment::Given,
        time::Time,
    },
    problem::Problem,
    store::{
        accounts::{Born, create, enroll},
        conn::Conn,
        links, organizations, passwords, role_assignments,
        schema::{
            accounts as people, identifiers, identity_stores as stores, invitations, organizations as places, registrations,
            role_assignments as held, roles,
        },
        transaction::{Reader, Tx},
    },
};
use diesel::prelude::*;

/// At most this many registrations with one address can be confirmed: the newest.
const MOST: i64 = 10;

/// What a link is about.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The e-mail address that it confirms.
    pub email: String,
    /// The organization that is joined, or that is to be made.
    pub organization: String,
    /// Whether it is to be made.
    pub is_new: bool,
    /// The registrations that it can confirm: whoever knows the password of one made it.
    pub candidates: Vec<Candidate>,
    /// The account that has the address and that somebody uses: they sign in and join with it.
    pub known: Option<AccountKey>,
    /// The slug of the store, for signing in.
    pub store: String,
}

/// A registration that waits.
#[derive(Clone, Debug)]
pub struct Candidate {
    key: i64,
    /// The hash of the password that was chosen.
    pub hash: String,
}

type Link = (StoreKey, String, String, Option<OrganizationKey>, Option<String>);

fn link(conn: &mut Conn, token: &str, now: Time) -> Result<Link, Problem> {
    use registrations as r;
    r::table
        .filter(r::token.eq(links::hash(token)))
        .filter(r::ends_at.gt(now.micros()))
        .select((r::store, r::email, r::email_folded, r::organization, r::new_organization))
        .first(conn)
        .optional()?
        .ok_or(Problem::NotFound)
}

/// What a link confirms. Opening it uses nothing up (I-2).
///
/// # Errors
/// [`Problem::NotFound`] when it was used or replaced or has ended, or never was.
pub fn open(reader: &mut impl Reader<Joining>, token: &str) -> Result<Opened, Problem> {
    use registrations as r;
    let now = reader.now();
    let conn = reader.conn();
    let (store, email, folded, organization, new) = link(conn, token, now)?;
    let waiting: Vec<(i64, Option<String>)> = r::table
        .filter(r::store.eq(store))
        .filter(r::email_folded.eq(&folded))
        .filter(r::password_hash.is_not_null())
        .filter(r::ends_at.gt(now.micros()))
        .order(r::key.desc())
        .limit(MOST)
        .select((r::key, r::password_hash))
        .load(conn)?;
    let candidates = waiting.into_iter().filter_map(|(key, hash)| Some(Candidate { key, hash: hash? })).collect();
    let (organization, is_new) = match organization {
        Some(key) => (places::table.find(key).select(places::name).first(conn)?, false),
        None => (new.unwrap_or_default(), true),
    };
    let known = in_use(conn, store, &folded)?;
    let store = stores::table.find(store).select(stores::slug).first(conn)?;
    Ok(Opened { email, organization, is_new, candidates, known, store })
}

/// The account of the store with this address that somebody uses; an invited one waits for its owner.
pub(super) fn in_use(conn: &mut Conn, store: StoreKey, folded: &str) -> Result<Option<AccountKey>, Problem> {
    let named: Option<AccountKey> = identifiers::table.find((store, folded)).select(identifiers::account).first(conn).optional()?;
    let Some(account) = named else { return Ok(None) };
    let status: Status = people::table.find(account).select(people::status).first(conn)?;
    Ok((status != Status::Invited).then_some(account))
}

/// What a registration came to.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The account, which is active now.
    pub account: AccountKey,
    /// The organization that it is a member of.
    pub organization: String,
    /// Names of the roles that it was given.
    pub roles: Vec<String>,
    /// What they hold together.
    pub rights: Rights,
    /// Whether it was a member there before: then nothing was given.
    pub already: bool,
}

/// Makes a registration final: the account is active and its address confirmed, it is a member, and holds what is given
/// automatically. `name` is what the new organization shall be called, where one is registered.
///
/// # Errors
/// [`Problem::NotFound`] for a link that does not work; a refusal at `organization` when the name is taken;
/// [`Problem::Conflict`] when registration was closed meanwhile, or the address has an account now.
pub fn confirm(tx: &mut Tx<Joining>, token: &str, chosen: &Candidate, name: &str) -> Result<Joined, Problem> {
    use registrations as r;
    let now = tx.now();
    let (store, email, folded, ..) = link(tx.conn(), token, now)?;
    type Row = (String, String, Option<String>, String, String, Option<OrganizationKey>);
    let (id, person, hash, attributes, consent, organization): Row = r::table
        .find(chosen.key)
        .filter(r::store.eq(store))
        .filter(r::email_folded.eq(&folded))
        .filter(r::ends_at.gt(now.micros()))
        .select((r::id, r::name, r::password_hash, r::attributes, r::consent, r::organization))
        .first(tx.conn())
        .optional()?
        .ok_or(Problem::NotFound)?;
    let hash = hash.ok_or(Problem::NotFound)?;
    let (hall, founded) = place(tx, store, organization, name)?;
    let attributes = serde_json::from_str(&attributes).map_err(Problem::internal)?;
    let terms = Terms { name: person, email: Some(email.clone()), username: None, attributes };
    let (account, account_id, name) = owner(tx, store, &folded, &terms, &hash)?;
    let (joined, event) = join(tx, store, (account, &account_id), (hall, founded))?;
    forget(tx.conn(), store, &folded)?;
    let event = event.on(Subject::of("registration", &id).in_store(store)).with("email", email).with("consent", consent);
    tx.record_as(event, (account_id, name))?;
    Ok(joined)
}

/// Joins with the account that is signed in and has the address of the link: the membership, and what is given automatically
/// where it is a new one. Nothing else of the account changes, and no way of joining changes a membership that is there (P-10).
///
/// # Errors
/// As [`confirm`]; [`Problem::Forbidden`] for another account, or while its owner has not confirmed the address.
pub fn confirm_mine(tx: &mut Tx<Myself>, token: &str, name: &str) -> Result<Joined, Problem> {
    use registrations as r;
    let now = tx.now();
    let me = tx.permit().person()?.clone();
    let (store, email, folded, organization, _) = link(tx.conn(), token, now)?;
    if in_use(tx.conn(), store, &folded)? != Some(me.account) || !passwords::is_confirmed(tx.conn(), me.account, "email")? {
        return Err(Problem::Forbidden(format!("This link is for {email}. Sign in with that account.")));
    }
    let (id, consent): (String, String) = r::table.filter(r::token.eq(links::hash(token))).select((r::id, r::consent)).first(tx.conn())?;
    let place = place(tx, store, organization, name)?;
    let (joined, event) = join(tx, store, (me.account, &me.id), place)?;
    forget(tx.conn(), store, &folded)?;
    let event = event.on(Subject::of("registration", &id).in_store(store)).with("email", email).with("consent", consent);
    tx.record(event)?;
    Ok(joined)
}

/// The membership and the automatic roles, with the event that tells of them.
fn join<G: Ground>(
    tx: &mut Tx<G>,
    store: StoreKey,
    (account, account_id): (AccountKey, &str),
    (hall, founded): (Hall, bool),
) -> Result<(Joined, Event), Problem> {
    let now = tx.now();
    let first = is_first(tx.conn(), hall.key, now)?;
    // never to an account that already was a member there.
    let new = enroll(tx.conn(), account, hall.key, now)?;
    let given = if new { give(tx, store, hall.key, account, first)? } else { Vec::new() };
    let there = |subject: Subject| subject.at(hall.key).in_store(store);
    let roles: Vec<String> = given.iter().map(|(name, _)| name.clone()).collect();
    let event = Event::done("registration.confirm")
        .on(there(Subject::of("account", account_id)))
        .on(there(Subject::of("organization", &hall.id)))
        .with("organization", hall.name.as_str())
        .with("founded", founded)
        .with("first_person", first)
        .with("roles", roles.clone());
    let rights = given.iter().fold(Rights::NONE, |all, (_, rights)| all.union(*rights));
    Ok((Joined { account, organization: hall.name, roles, rights, already: !new }, event))
}

/// Deletes the registrations with an address: one of them is final.
fn forget(conn: &mut Conn, store: StoreKey, folded: &str) -> Result<(), Problem> {
    use registrations as r;
    diesel::delete(r::table.filter(r::store.eq(store)).filter(r::email_folded.eq(folded))).execute(conn)?;
    Ok(())
}

/// The organization that was chosen, while people may join it still; or the new one, and whether it is.
fn place<G: Ground>(tx: &mut Tx<G>, store: StoreKey, organization: Option<OrganizationKey>, name: &str) -> Result<(Hall, bool), Problem> {
    let closed = || Problem::Conflict("Registration was closed there meanwhile. Nothing was done.".into());
    let slug: String = stores::table.find(store).select(stores::slug).first(tx.conn())?;
    let open = |answer: Result<_, Problem>| match answer {
        Err(Problem::NotFound) => Err(closed()),
        answer => answer,
    };
    let lobby = match lobby_of(tx.conn(), &slug) {
        Err(Problem::NotFound) => return Err(closed()),
        lobby => lobby?,
    };
    if let Some(key) = organization {
        return Ok((open(hall(tx.conn(), &lobby, key))?, false));
    }
    if !lobby.founds {
        return Err(closed());
    }
    let at_organization = |refusal: Refusal| Refusal { field: "organization", ..refusal };
    let name = organization::name(name).map_err(at_organization)?;
    match organizations::found(tx, store, &name) {
        Ok(made) => Ok((Hall { key: made.key, id: made.id, name: made.name }, true)),
        Err(Problem::Refused(refusal)) => Err(at_organization(refusal).into()),
        Err(problem) => Err(problem),
    }
}

/// The account with its id and name: a new one, or the one that was made for the address and that nobody used yet.
fn owner(tx: &mut Tx<Joining>, store: StoreKey, folded: &str, terms: &Terms, hash: &str) -> Result<(AccountKey, String, String), Problem> {
    use people as a;
    let now = tx.now();
    let named: Option<AccountKey> = identifiers::table.find((store, folded)).select(identifiers::account).first(tx.conn()).optional()?;
    let Some(key) = named else {
        let (key, id) = create(tx, store, &Born { terms, status: Status::Active, password_hash: Some(hash), confirmed: true })?;
        return Ok((key, id, terms.name.clone()));
    };
    let (id, name, status): (String, String, Status) = a::table.find(key).select((a::id, a::name, a::status)).first(tx.conn())?;
    if status != Status::Invited {
        return Err(Problem::Conflict("This address has an account already. Sign in with it.".into()));
    }
    diesel::update(a::table.find(key))
        .set((a::status.eq(Status::Active), a::password_hash.eq(hash), a::changed_at.eq(now)))
        .execute(tx.conn())?;
    diesel::update(identifiers::table.filter(identifiers::account.eq(key)).filter(identifiers::kind.eq("email")))
        .set(identifiers::confirmed.eq(true))
        .execute(tx.conn())?;
    Ok((key, id, name))
}

/// nobody was a member or held a role there ever. Nor is anybody invited, who would find a stranger in charge.
fn is_first(conn: &mut Conn, organization: OrganizationKey, now: Time) -> Result<bool, Problem> {
    use invitations as i;
    let peopled: bool = places::table.find(organization).select(places::peopled).first(conn)?;
    let invited: i64 = i::table
        .filter(i::organization.eq(organization))
        .filter(i::status.eq(invitation::Status::Pending.word()))
        .filter(i::ends_at.gt(now.micros()))
        .count()
        .get_result(conn)?;
    Ok(!peopled && invited == 0)
}

/// Gives the automatic roles of the store: their names and what each holds.
fn give<G: Ground>(
    tx: &mut Tx<G>,
    store: StoreKey,
    organization: OrganizationKey,
    account: AccountKey,
    first: bool,
) -> Result<Vec<(String, Rights)>, Problem> {
    use roles as r;
    let now = tx.now();
    let automatic: Vec<(RoleKey, String, i32, bool)> = r::table
        .filter(r::store.eq(store))
        .filter(r::auto_every.eq(true).or(r::auto_first.eq(true)))
        .order((r::name_sort, r::key))
        .select((r::key, r::name, r::rights, r::auto_every))
        .load(tx.conn())?;
    let mut given = Vec::new();
    for (role, name, rights, every) in automatic {
        if !every && !first {
            continue;
        }
        // What somebody gave by hand stays as they gave it.
        let has: i64 = held::table
            .filter(held::organization.eq(organization))
            .filter(held::role.eq(role))
            .filter(held::account.eq(account))
            .count()
            .get_result(tx.conn())?;
        if has == 0 {
            role_assignments::give(tx.conn(), organization, role, account, Given::Automatic, None, now)?;
            given.push((name, Rights::from_bits(rights as u16)));
        }
    }
    Ok(given)
}
