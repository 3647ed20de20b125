//! People who register by themselves (I-3), and the roles that they get by it. No account exists before the e-mail
//! address is confirmed. The link in the mail shows whose mailbox it is; the password, typed once more, shows which of the
//! registrations with that address is theirs: so nobody registers somebody else with a password of their own.

mod confirm;

use confirm::in_use;
pub use confirm::{Candidate, Joined, Opened, confirm, confirm_mine, open};

use super::{
    conn::Conn,
    identity_stores, links, mails,
    schema::{identity_stores as stores, organization_domains, organizations, registrations},
    settings,
    transaction::{Reader, Tx},
    tree,
};
use crate::{
    access::system::Joining,
    domain::{
        attribute::Attribute,
        event::{Event, Subject},
        key::*,
        letter::{Letter, Says},
        organization, text,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;
use serde_json::{Map, Value};

/// How long a registration waits to be confirmed, in seconds.
const LASTS: i64 = 24 * 3600;
/// After how many seconds a letter may be asked for again (screens.md R4).
const AGAIN_AFTER: i64 = 30;
/// In how many seconds an address gets one letter because somebody registers, and one because they ask again.
const ONE_IN: i64 = 3600;

/// A store whose registration is open.
#[derive(Clone, Debug)]
pub struct Lobby {
    key: StoreKey,
    /// Its name.
    pub name: String,
    /// Its part of the address.
    pub slug: String,
    /// Whether people may join organizations.
    pub joins: bool,
    /// Whether people may register organizations.
    pub founds: bool,
}

fn lobby_of(conn: &mut Conn, slug: &str) -> Result<Lobby, Problem> {
    use stores as s;
    let found: Option<(StoreKey, String, String, bool, bool)> = s::table
        .filter(s::slug.eq(slug))
        .filter(s::built_in.eq(false))
        .select((s::key, s::name, s::slug, s::self_registration, s::organization_registration))
        .first(conn)
        .optional()?;
    match found {
        Some((key, name, slug, joins, founds)) if joins || founds => Ok(Lobby { key, name, slug, joins, founds }),
        _ => Err(Problem::NotFound),
    }
}

/// Where registration into a store begins.
///
/// # Errors
/// [`Problem::NotFound`] where nobody may register.
pub fn lobby(reader: &mut impl Reader<Joining>, store: &str) -> Result<Lobby, Problem> {
    lobby_of(reader.conn(), store)
}

/// An organization that people may join.
#[derive(Clone, Debug)]
struct Hall {
    key: OrganizationKey,
    id: String,
    name: String,
}

/// O-1, S-5: the organization's switch and its store's are on, and it is effectively active.
fn hall(conn: &mut Conn, lobby: &Lobby, key: OrganizationKey) -> Result<Hall, Problem> {
    use organizations as o;
    let (id, name, open): (String, String, bool) = o::table
        .find(key)
        .filter(o::store.eq(lobby.key))
        .select((o::id, o::name, o::self_registration))
        .first(conn)
        .optional()?
        .ok_or(Problem::NotFound)?;
    let at = tree::lineage(conn, key)?;
    if lobby.joins && open && at.active && !at.is_root { Ok(Hall { key, id, name }) } else { Err(Problem::NotFound) }
}

/// The organization that an address names: by its slug, or by its id where it has none.
fn addressed(conn: &mut Conn, lobby: &Lobby, word: &str) -> Result<Hall, Problem> {
    use organizations as o;
    let key: Option<OrganizationKey> =
        o::table.filter(o::store.eq(lobby.key)).filter(o::slug.eq(word).or(o::id.eq(word))).select(o::key).first(conn).optional()?;
    hall(conn, lobby, key.ok_or(Problem::NotFound)?)
}

/// What a form of registration asks, and for where.
#[derive(Clone, Debug)]
pub struct Door {
    /// The store.
    pub lobby: Lobby,
    hall: Option<Hall>,
    /// The attributes that are asked: those that must be filled in, and those that the portal may edit (S-2).
    pub schema: Vec<Attribute>,
    /// What people agree to; empty: nothing is asked.
    pub consent: String,
}

impl Door {
    /// The name of the organization; none where a new one is registered.
    pub fn organization(&self) -> Option<&str> {
        self.hall.as_ref().map(|hall| hall.name.as_str())
    }
}

fn door_of(conn: &mut Conn, store: &str, organization: Option<&str>) -> Result<Door, Problem> {
    let lobby = lobby_of(conn, store)?;
    let hall = match organization {
        Some(word) => Some(addressed(conn, &lobby, word)?),
        None if lobby.founds => None,
        None => return Err(Problem::NotFound),
    };
    let schema = identity_stores::attributes(conn, lobby.key)?;
    let schema = schema.into_iter().filter(|attribute| attribute.required || attribute.portal_editable).collect();
    Ok(Door { lobby, hall, schema, consent: settings::consent(conn)? })
}

/// The way into an organization, or without one that of registering a new one.
///
/// # Errors
/// [`Problem::NotFound`] where it is closed: switched off for store or organization, inactive, or never there.
pub fn door(reader: &mut impl Reader<Joining>, store: &str, organization: Option<&str>) -> Result<Door, Problem> {
    door_of(reader.conn(), store, organization)
}

/// Where a code leads, or else the domain of an e-mail address: the organization's word in addresses.
///
/// # Errors
/// [`Problem::NotFound`] where nobody may register.
pub fn way(reader: &mut impl Reader<Joining>, store: &str, email: &str, code: &str) -> Result<Option<String>, Problem> {
    let conn = reader.conn();
    let lobby = lobby_of(conn, store)?;
    use organization_domains as d;
    use organizations as o;
    let code = organization::plain_code(code);
    let found: Option<OrganizationKey> = if code.is_empty() {
        let domain = text::fold(email).rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
        d::table.find((lobby.key, domain)).select(d::organization).first(conn).optional()?
    } else {
        o::table.filter(o::store.eq(lobby.key)).filter(o::join_code.eq(code)).select(o::key).first(conn).optional()?
    };
    let Some(key) = found else { return Ok(None) };
    match hall(conn, &lobby, key) {
        Ok(hall) => {
            let slug: Option<String> = o::table.find(hall.key).select(o::slug).first(conn)?;
            Ok(Some(slug.unwrap_or(hall.id)))
        }
        Err(Problem::NotFound) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Whoever registers, checked.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// The password, hashed.
    pub hash: String,
    /// Profile attributes.
    pub attributes: Map<String, Value>,
    /// The name of the organization that they register, where they register one.
    pub new_organization: String,
}

/// Keeps a registration and writes to the address: a link to confirm it, or one to sign in and join where it has an account.
/// Both leave a row, an event and a letter, and an address gets one letter an hour by this, so that nothing tells the two apart and nobody is flooded.
///
/// # Errors
/// As [`door`].
pub fn begin(tx: &mut Tx<Joining>, store: &str, organization: Option<&str>, newcomer: &Newcomer) -> Result<(), Problem> {
    use registrations as r;
    let now = tx.now();
    let door = door_of(tx.conn(), store, organization)?;
    let folded = text::fold(&newcomer.email);
    let known = in_use(tx.conn(), door.lobby.key, &folded)?.is_some();
    let lately: i64 = r::table
        .filter(r::email_folded.eq(&folded))
        .filter(r::sent_at.gt(now.plus_seconds(-ONE_IN).micros()))
        .count()
        .get_result(tx.conn())?;
    let writes = lately == 0;
    let (id, token, ends) = (tx.chance().id("reg"), tx.chance().token(), now.plus_seconds(LASTS));
    let attributes = serde_json::to_string(&newcomer.attributes).map_err(Problem::internal)?;
    let new = door.hall.is_none().then_some(newcomer.new_organization.as_str());
    let place = door.hall.as_ref().map(|hall| hall.key);
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(&id), r::store.eq(door.lobby.key), r::organization.eq(place), r::new_organization.eq(new)),
            (r::email.eq(&newcomer.email), r::email_folded.eq(&folded), r::name.eq(if known { "" } else { &newcomer.name })),
            r::password_hash.eq((!known).then_some(&newcomer.hash)),
            (r::attributes.eq(if known { "{}" } else { &attributes }), r::consent.eq(&door.consent)),
            (r::token.eq(writes.then(|| links::hash(&token))), r::letters.eq(i32::from(writes))),
            (r::sent_at.eq(writes.then_some(now)), r::ends_at.eq(ends), r::created_at.eq(now)),
        ))
        .execute(tx.conn())?;
    let name = door.organization().unwrap_or(&newcomer.new_organization).to_owned();
    if writes {
        post(tx, &newcomer.email, if known { "" } else { &newcomer.name }, name.clone(), known, token, ends)?;
    }
    let subject = Subject::of("registration", &id).in_store(door.lobby.key);
    let subject = place.map_or(subject.clone(), |place| subject.at(place));
    let event = if known { Event::refused("registration.add") } else { Event::done("registration.add") };
    tx.record(event.on(subject).with("email", newcomer.email.as_str()).with("organization", name)).map(|_| ())
}

/// The letter with the link: to confirm the address, or to sign in first where it is known.
fn post(tx: &mut Tx<Joining>, to: &str, name: &str, organization: String, known: bool, token: String, ends: Time) -> Result<(), Problem> {
    let says =
        if known { Says::AlreadyRegistered { organization, token, ends } } else { Says::ConfirmRegistration { organization, token, ends } };
    mails::post(tx, None, &Letter { to: to.to_owned(), name: name.to_owned(), says })
}

/// Sends the letter of the last registration with an address again, with a new link; the old one is dead (I-2). The seconds
/// that are still to wait, where it is too soon. Whether there is such a registration, nobody learns.
///
/// # Errors
/// [`Problem::NotFound`] where nobody may register.
pub fn again(tx: &mut Tx<Joining>, store: &str, email: &str) -> Result<i64, Problem> {
    use registrations as r;
    let now = tx.now();
    let lobby = lobby_of(tx.conn(), store)?;
    let folded = text::fold(email);
    type Row = (i64, String, String, String, Option<String>, Option<OrganizationKey>, Option<String>);
    let last: Option<Row> = r::table
        .filter(r::email_folded.eq(&folded))
        .filter(r::store.eq(lobby.key))
        .filter(r::ends_at.gt(now.micros()))
        .order(r::key.desc())
        .select((r::key, r::id, r::email, r::name, r::password_hash, r::organization, r::new_organization))
        .first(tx.conn())
        .optional()?;
    let Some((key, id, email, name, hash, organization, new)) = last else { return Ok(0) };
    let sent: Vec<(Time, i32)> = r::table
        .filter(r::email_folded.eq(&folded))
        .filter(r::sent_at.gt(now.plus_seconds(-ONE_IN).micros()))
        .select((r::sent_at.assume_not_null(), r::letters))
        .load(tx.conn())?;
    let until = sent.iter().map(|(at, _)| at.plus_seconds(AGAIN_AFTER)).max();
    if let Some(until) = until.filter(|until| *until > now) {
        return Ok((until.micros() - now.micros() + 999_999) / 1_000_000);
    }
    if sent.iter().map(|(_, letters)| letters).sum::<i32>() > 1 {
        return Ok(0);
    }
    let (token, ends) = (tx.chance().token(), now.plus_seconds(LASTS));
    diesel::update(r::table.filter(r::email_folded.eq(&folded)).filter(r::store.eq(lobby.key)))
        .set(r::token.eq(None::<String>))
        .execute(tx.conn())?;
    diesel::update(r::table.find(key))
        .set(((r::token.eq(Some(links::hash(&token))), r::letters.eq(r::letters + 1)), (r::sent_at.eq(Some(now)), r::ends_at.eq(ends))))
        .execute(tx.conn())?;
    let place = match organization {
        Some(key) => organizations::table.find(key).select(organizations::name).first(tx.conn())?,
        None => new.unwrap_or_default(),
    };
    post(tx, &email, &name, place, hash.is_none(), token, ends)?;
    let subject = Subject::of("registration", &id).in_store(lobby.key);
    let subject = organization.map_or(subject.clone(), |place| subject.at(place));
    tx.record(Event::done("registration.resend").on(subject).with("email", email))?;
    Ok(0)
}

/// Deletes registrations that nobody confirmed; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use registrations as r;
    Ok(diesel::delete(r::table.filter(r::ends_at.le(now.micros()))).execute(conn)?)
}
