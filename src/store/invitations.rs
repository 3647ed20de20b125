//! Invitations sent, sent again, withdrawn and answered (I-1, P-5). No account exists before its owner accepts.

use super::{
    accounts::{Born, create, enroll},
    actors,
    conn::Conn,
    identity_stores, links, mails, organizations,
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    role_assignments,
    schema::{accounts as people, identifiers, invitation_roles, invitations, memberships, organizations as places, roles},
    sql::Sql,
    transaction::{Reader, Tx},
    tree,
};
use crate::{
    access::{Actor, Ground, InConsole, InPortal, Myself, Reach, Side, confer, system::Inviting},
    domain::{
        Refusal,
        account::{self, Terms},
        event::{Event, Subject},
        identity_store::IdentityStore,
        invitation::{LASTS, Status},
        key::*,
        letter::{Letter, Says},
        organization::{Lineage, Organization, Step},
        rights::Rights,
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use std::collections::{HashMap, HashSet};

/// What became of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The invitation is on its way.
    Sent,
    /// An account with this address is a member there.
    Member,
    /// An invitation to this address waits already; its id.
    Waiting(String),
}

/// Invites these addresses, each with its own answer; roles only where the inviter may give them there (P-5, C-1).
///
/// # Errors
/// [`Problem::NotFound`] and [`Problem::Forbidden`] for the organization; a refusal at `role` for one that is none;
/// [`Problem::Forbidden`] for roles that are not the inviter's to give.
pub fn invite<S: Side>(
    tx: &mut Tx<S::Invite>,
    store: &IdentityStore,
    organization: &str,
    emails: &[String],
    role_ids: &[String],
    message: &str,
) -> Result<(Organization, Vec<(String, Outcome)>), Problem> {
    let organization = organizations::find(tx, store.key, organization)?;
    let at = tree::lineage(tx.conn(), organization.key)?;
    if !at.active {
        return Err(Problem::Conflict(format!("{} is inactive. Activate it before inviting people.", organization.name)));
    }
    let promised = promised::<S>(tx, store, &at, role_ids)?;
    let inviter = tx.permit().person()?.clone();
    let now = tx.now();
    let folded: Vec<String> = emails.iter().map(|email| text::fold(email)).collect();
    let members = member_addresses(tx.conn(), store.key, organization.key, &folded)?;
    let waiting = waiting(tx.conn(), organization.key, &folded, now)?;
    let (mut answers, mut sent) = (Vec::new(), Vec::new());
    for (email, folded) in emails.iter().zip(&folded) {
        let outcome = if members.contains(folded) {
            Outcome::Member
        } else if let Some(id) = waiting.get(folded) {
            Outcome::Waiting(id.clone())
        } else {
            let id = put(tx, store, &organization, email, &promised, message, &inviter, S::PORTAL)?;
            sent.push((id, email.clone()));
            Outcome::Sent
        };
        answers.push((email.clone(), outcome));
    }
    if sent.is_empty() {
        return Ok((organization, answers));
    }
    let mut event = Event::done("invitation.add")
        .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
        .with("organization", organization.name.as_str())
        .with("emails", sent.iter().map(|(_, email)| email.clone()).collect::<Vec<_>>())
        .with("roles", promised.iter().map(|(_, name, _)| name.clone()).collect::<Vec<_>>());
    for (id, _) in &sent {
        event = event.on(Subject::of("invitation", id).at(organization.key).in_store(store.key));
    }
    tx.record(event)?;
    Ok((organization, answers))
}

type Promised = Vec<(RoleKey, String, Rights)>;

fn promised<S: Side>(tx: &mut Tx<S::Invite>, store: &IdentityStore, at: &Lineage, ids: &[String]) -> Result<Promised, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    if S::PORTAL || store.built_in {
        return Err(Problem::Forbidden("Roles are given with an invitation by administrators who may give them.".into()));
    }
    use roles as r;
    let found: Vec<(RoleKey, String, i32, String)> = r::table
        .filter(r::store.eq(store.key))
        .filter(r::id.eq_any(ids))
        .order(r::name_sort)
        .select((r::key, r::name, r::rights, r::id))
        .load(tx.conn())?;
    if ids.iter().any(|id| !found.iter().any(|row| row.3 == *id)) {
        return Err(Refusal::at("role", "One of these roles does not exist any more. Choose again.").into());
    }
    let actor = tx.permit().person()?.clone();
    for (_, name, rights, _) in &found {
        confer::may_confer(&actor, Rights::from_bits(*rights as u16), at, None)
            .map_err(|uncovered| Problem::Forbidden(format!("{name} is not yours to give there: {}", uncovered.0)))?;
    }
    Ok(found.into_iter().map(|(key, name, rights, _)| (key, name, Rights::from_bits(rights as u16))).collect())
}

fn member_addresses(
    conn: &mut Conn,
    store: StoreKey,
    organization: OrganizationKey,
    folded: &[String],
) -> Result<HashSet<String>, Problem> {
    use identifiers as i;
    use memberships as m;
    let named: Vec<(AccountKey, String)> = i::table
        .filter(i::store.eq(store))
        .filter(i::folded.eq_any(folded))
        .filter(i::confirmed.eq(true))
        .select((i::account, i::folded))
        .load(conn)?;
    let keys: Vec<AccountKey> = named.iter().map(|(key, _)| *key).collect();
    let inside: Vec<AccountKey> =
        m::table.filter(m::organization.eq(organization)).filter(m::account.eq_any(keys)).select(m::account).load(conn)?;
    Ok(named.into_iter().filter(|(key, _)| inside.contains(key)).map(|(_, folded)| folded).collect())
}

/// The invitations to these addresses that wait; those that have ended make room for new ones.
fn waiting(conn: &mut Conn, organization: OrganizationKey, folded: &[String], now: Time) -> Result<HashMap<String, String>, Problem> {
    use invitations as i;
    let of = i::table
        .filter(i::organization.eq(organization))
        .filter(i::email_folded.eq_any(folded))
        .filter(i::status.eq(Status::Pending.word()));
    let found: Vec<(String, String, i64)> = of.select((i::email_folded, i::id, i::ends_at)).load(conn)?;
    let (waits, over): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, _, ends)| *ends > now.micros());
    let over: Vec<String> = over.into_iter().map(|(_, id, _)| id).collect();
    diesel::update(i::table.filter(i::id.eq_any(over)))
        .set((i::status.eq(Status::Withdrawn.word()), i::token.eq(None::<String>), i::settled_at.eq(Some(now.micros()))))
        .execute(conn)?;
    Ok(waits.into_iter().map(|(folded, id, _)| (folded, id)).collect())
}

#[allow(clippy::too_many_arguments, reason = "the columns of one row")]
fn put<G: Ground>(
    tx: &mut Tx<G>,
    store: &IdentityStore,
    organization: &Organization,
    email: &str,
    promised: &Promised,
    message: &str,
    inviter: &Actor,
    portal: bool,
) -> Result<String, Problem> {
    use invitations as i;
    let now = tx.now();
    let (id, token, ends) = (tx.chance().id("inv"), tx.chance().token(), now.plus_seconds(LASTS));
    let key: i64 = diesel::insert_into(i::table)
        .values((
            (i::id.eq(&id), i::store.eq(store.key), i::organization.eq(organization.key)),
            (i::email.eq(email), i::email_folded.eq(text::fold(email)), i::message.eq(message)),
            (i::attributes.eq("{}"), i::group_names.eq("[]"), i::invited_by.eq(&inviter.id), i::invited_by_name.eq(&inviter.name)),
            (i::portal.eq(portal), i::status.eq(Status::Pending.word()), i::token.eq(Some(links::hash(&token)))),
            (i::sent_at.eq(now), i::ends_at.eq(ends), i::created_at.eq(now), i::settled_at.eq(None::<i64>)),
        ))
        .returning(i::key)
        .get_result(tx.conn())?;
    use invitation_roles as r;
    for (role, ..) in promised {
        diesel::insert_into(r::table).values((r::invitation.eq(key), r::role.eq(*role))).execute(tx.conn())?;
    }
    post(tx, email, &organization.name, &inviter.name, message, token, ends)?;
    Ok(id)
}

fn post<G: Ground>(
    tx: &mut Tx<G>,
    email: &str,
    organization: &str,
    inviter: &str,
    message: &str,
    token: String,
    ends: Time,
) -> Result<(), Problem> {
    let says = Says::Invitation { organization: organization.into(), inviter: inviter.into(), message: message.into(), token, ends };
    mails::post(tx, None, &Letter { to: email.to_owned(), name: String::new(), says })
}

/// An invitation in a list.
#[derive(Clone, Debug, QueryableByName)]
pub struct Listed {
    #[diesel(sql_type = BigInt)]
    key: i64,
    /// Public id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The address.
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    /// The name of the organization.
    #[diesel(sql_type = Text)]
    pub place: String,
    /// Who promised.
    #[diesel(sql_type = Text)]
    pub invited_by_name: String,
    #[diesel(sql_type = Text)]
    status: String,
    /// When it was sent last.
    #[diesel(sql_type = BigInt)]
    pub sent_at: Time,
    /// Until when its link works.
    #[diesel(sql_type = BigInt)]
    pub ends_at: Time,
    #[diesel(sql_type = BigInt)]
    created_at: Time,
}

impl Listed {
    /// What became of it.
    pub fn status(&self) -> Status {
        Status::from_word(&self.status).unwrap_or(Status::Withdrawn)
    }

    /// Whether it waits for an answer that can still come.
    pub fn waits(&self, now: Time) -> bool {
        self.status() == Status::Pending && self.ends_at > now
    }
}

impl Placed for Listed {
    fn cursor(&self, _: &Order) -> Cursor {
        Cursor(Sorted::Int(self.created_at.micros()), self.key)
    }
}

const COLUMNS: &str =
    "SELECT i.key, i.id, i.email, i.organization, o.name AS place, i.invited_by_name, i.status, i.sent_at, i.ends_at, i.created_at";
const NEWEST: Order = Order { column: "i.created_at", key: "i.key", descending: true };

/// An invitation with the path of its organization and the names of the roles that it promises.
#[derive(Clone, Debug)]
pub struct Row {
    /// The invitation.
    pub invitation: Listed,
    /// From the top to the organization.
    pub path: Vec<Step>,
    /// Names of the promised roles.
    pub roles: Vec<String>,
}

/// The invitations of a store in reach, the newest first; only those that wait, or only below an organization.
///
/// # Errors
/// What the database says.
pub fn list<G: Ground>(
    reader: &mut impl Reader<G>,
    store: StoreKey,
    waiting: bool,
    q: &str,
    below: Option<OrganizationKey>,
    paging: &Paging,
) -> Result<Slice<Row>, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut from = Sql::new("FROM invitations i JOIN organizations o ON o.key = i.organization WHERE i.store = ");
    from.bind(store).push(" AND ").in_reach(permit.reach(), "i.organization");
    if waiting {
        from.push(" AND i.status = 'pending' AND i.ends_at > ").bind(now);
    }
    if let Some(top) = below {
        from.push(" AND EXISTS (SELECT 1 FROM organization_closure u WHERE u.descendant = i.organization AND u.ancestor = ");
        from.bind(top).push(")");
    }
    let q = text::fold(q);
    if !q.is_empty() {
        from.push(" AND i.email_folded LIKE ").bind(format!("%{}%", identity_stores::like(&q))).push(" ESCAPE '\\'");
    }
    let slice = paging::slice::<Listed>(conn, COLUMNS, &from, NEWEST, paging)?;
    let paths = tree::paths(conn, slice.rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let mut names = role_names(conn, &slice.rows.iter().map(|row| row.key).collect::<Vec<_>>())?;
    Ok(slice.map(|invitation| Row {
        path: paths.get(&invitation.organization).cloned().unwrap_or_default(),
        roles: names.remove(&invitation.key).unwrap_or_default(),
        invitation,
    }))
}

fn role_names(conn: &mut Conn, of: &[i64]) -> Result<HashMap<i64, Vec<String>>, Problem> {
    use invitation_roles as ir;
    use roles as r;
    let rows: Vec<(i64, RoleKey)> = ir::table.filter(ir::invitation.eq_any(of)).select((ir::invitation, ir::role)).load(conn)?;
    let keys: Vec<RoleKey> = rows.iter().map(|(_, role)| *role).collect();
    let names: HashMap<RoleKey, String> =
        r::table.filter(r::key.eq_any(keys)).select((r::key, r::name)).load::<(RoleKey, String)>(conn)?.into_iter().collect();
    let mut found: HashMap<i64, Vec<String>> = HashMap::new();
    for (invitation, role) in rows {
        found.entry(invitation).or_default().extend(names.get(&role).cloned());
    }
    for list in found.values_mut() {
        list.sort();
    }
    Ok(found)
}

/// An invitation of a store in reach.
fn find<G: Ground>(tx: &mut Tx<G>, store: StoreKey, id: &str) -> Result<Listed, Problem> {
    let find_in = |conn: &mut Conn, reach: &Reach| {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" FROM invitations i JOIN organizations o ON o.key = i.organization WHERE i.store = ").bind(store);
        sql.push(" AND i.id = ").bind(id).push(" AND ").in_reach(reach, "i.organization");
        sql.load::<Listed>(conn).map(|mut rows| rows.pop())
    };
    let (actor, reach) = (tx.permit().person()?.clone(), tx.permit().reach().clone());
    if let Some(found) = find_in(tx.conn(), &reach)? {
        return Ok(found);
    }
    match G::seen(&actor) {
        Some((reach, what)) if find_in(tx.conn(), &reach)?.is_some() => Err(Problem::Forbidden(format!("This needs {what} there."))),
        _ => Err(Problem::NotFound),
    }
}

/// Sends an invitation again: a new link and a new term, and the old link is dead. Who promises stays who they were (I-1).
///
/// # Errors
/// [`Problem::Conflict`] when it was answered or withdrawn; [`Problem::NotFound`] and [`Problem::Forbidden`].
pub fn resend<S: Side>(tx: &mut Tx<S::Resend>, store: &IdentityStore, id: &str) -> Result<Listed, Problem> {
    use invitations as i;
    let found = find(tx, store.key, id)?;
    if found.status() != Status::Pending {
        return Err(Problem::Conflict(format!("The invitation of {} is {} already.", found.email, found.status)));
    }
    let now = tx.now();
    let (token, ends) = (tx.chance().token(), now.plus_seconds(LASTS));
    let message: String = diesel::update(i::table.find(found.key))
        .set((i::token.eq(Some(links::hash(&token))), i::sent_at.eq(now), i::ends_at.eq(ends)))
        .returning(i::message)
        .get_result(tx.conn())?;
    post(tx, &found.email, &found.place, &found.invited_by_name, &message, token, ends)?;
    record(tx, store, &found, "invitation.resend")?;
    Ok(found)
}

/// Withdraws an invitation: its link is dead (I-1).
///
/// # Errors
/// As [`resend`].
pub fn withdraw<S: Side>(tx: &mut Tx<S::Withdraw>, store: &IdentityStore, id: &str) -> Result<Listed, Problem> {
    let found = find(tx, store.key, id)?;
    if found.status() != Status::Pending {
        return Err(Problem::Conflict(format!("The invitation of {} is {} already.", found.email, found.status)));
    }
    settle(tx, found.key, Status::Withdrawn)?;
    record(tx, store, &found, "invitation.withdraw")?;
    Ok(found)
}

fn record<G: Ground>(tx: &mut Tx<G>, store: &IdentityStore, found: &Listed, action: &'static str) -> Result<(), Problem> {
    let event = Event::done(action)
        .on(Subject::of("invitation", &found.id).at(found.organization).in_store(store.key))
        .with("email", found.email.as_str())
        .with("organization", found.place.as_str());
    tx.record(event).map(|_| ())
}

/// The hash of the token stays, so that whoever opens the link is told what became of it; it does nothing any more.
fn settle<G: Ground>(tx: &mut Tx<G>, key: i64, status: Status) -> Result<(), Problem> {
    use invitations as i;
    let now = tx.now();
    diesel::update(i::table.find(key)).set((i::status.eq(status.word()), i::settled_at.eq(Some(now.micros())))).execute(tx.conn())?;
    Ok(())
}

/// Withdraws what waits for an address whose account is deleted (S-8).
pub(super) fn withdraw_of(conn: &mut Conn, account: AccountKey, now: Time) -> Result<(), Problem> {
    let mut sql = Sql::new("UPDATE invitations SET status = 'withdrawn', settled_at = ");
    sql.bind(now).push(
        " WHERE status = 'pending' AND EXISTS (SELECT 1 FROM identifiers d WHERE d.store = invitations.store \
         AND d.folded = invitations.email_folded AND d.account = ",
    );
    sql.bind(account).push(")");
    sql.execute(conn).map(|_| ())
}

/// What pending invitations promise to these accounts: cells, at, until (P-4).
pub(super) fn promised_to(conn: &mut Conn, of: &[AccountKey], now: Time) -> Result<Vec<(AccountKey, OrganizationKey, Rights)>, Problem> {
    #[derive(QueryableByName)]
    struct Promise {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = BigInt)]
        organization: OrganizationKey,
        #[diesel(sql_type = diesel::sql_types::Integer)]
        rights: i32,
    }
    let mut sql = Sql::new(
        "SELECT d.account, i.organization, r.rights FROM identifiers d CROSS JOIN invitations i CROSS JOIN invitation_roles ir \
         CROSS JOIN roles r WHERE i.store = d.store AND i.email_folded = d.folded AND i.status = 'pending' AND ir.invitation = i.key \
         AND r.key = ir.role AND i.ends_at > ",
    );
    sql.bind(now).push(" AND d.account IN ").list(of.iter().map(|key| key.0));
    let row = |row: Promise| (row.account, row.organization, Rights::from_bits(row.rights as u16));
    Ok(sql.load::<Promise>(conn)?.into_iter().map(row).collect())
}

/// An invitation as its link finds it.
#[derive(Clone, Debug)]
pub struct Opened {
    key: i64,
    id: String,
    organization_key: OrganizationKey,
    inviter: String,
    portal: bool,
    /// The address.
    pub email: String,
    /// The store.
    pub store: (StoreKey, String, String),
    /// The name of the organization.
    pub organization: String,
    /// Who invites.
    pub inviter_name: String,
    /// What they wrote.
    pub message: String,
    /// What became of it.
    pub status: Status,
    /// Until when the link works.
    pub ends: Time,
    /// Names of the roles that it promises.
    pub roles: Vec<String>,
    /// The account of the store that has this address, where there is one.
    existing: Option<(AccountKey, String, account::Status)>,
    /// Why it cannot be accepted though it waits.
    pub hindered: Option<&'static str>,
}

impl Opened {
    /// Whether it waits for an answer now.
    pub fn waits(&self, now: Time) -> bool {
        self.status == Status::Pending && self.ends > now
    }

    /// Whether whoever accepts has to sign in: the address has an account that somebody uses.
    pub fn asks_to_sign_in(&self) -> bool {
        self.existing.as_ref().is_some_and(|(_, _, status)| *status != account::Status::Invited)
    }

    /// Whether that account is this one.
    pub fn is_for(&self, account: AccountKey) -> bool {
        self.existing.as_ref().is_some_and(|(key, ..)| *key == account)
    }
}

fn opened(conn: &mut Conn, token: &str, now: Time) -> Result<Opened, Problem> {
    use super::schema::identity_stores as s;
    use invitations as i;
    type Row = ((i64, String, StoreKey, OrganizationKey), (String, String, String), (String, String, bool, String, Time));
    let ((key, id, store, organization), (email, folded, message), (inviter, inviter_name, portal, status, ends)): Row = i::table
        .filter(i::token.eq(links::hash(token)))
        .select((
            (i::key, i::id, i::store, i::organization),
            (i::email, i::email_folded, i::message),
            (i::invited_by, i::invited_by_name, i::portal, i::status, i::ends_at),
        ))
        .first(conn)
        .optional()?
        .ok_or(Problem::NotFound)?;
    let (slug, store_name): (String, String) = s::table.find(store).select((s::slug, s::name)).first(conn)?;
    let name: String = places::table.find(organization).select(places::name).first(conn)?;
    let named: Option<AccountKey> = identifiers::table.find((store, &folded)).select(identifiers::account).first(conn).optional()?;
    let existing = match named {
        Some(account) => people::table.find(account).select((people::key, people::id, people::status)).first(conn).optional()?,
        None => None,
    };
    let at = tree::lineage(conn, organization)?;
    let actor = inviting(conn, &inviter, now)?;
    let hindered = if !at.active {
        Some("The organization is inactive at present.")
    } else if !actor.as_ref().is_some_and(|actor| still_invites(actor, portal, &at)) {
        Some("Who invited you may no longer invite people there.")
    } else {
        None
    };
    let roles = role_names(conn, &[key])?.remove(&key).unwrap_or_default();
    Ok(Opened {
        key,
        id,
        organization_key: organization,
        inviter,
        portal,
        email,
        store: (store, slug, store_name),
        organization: name,
        inviter_name,
        message,
        status: Status::from_word(&status).unwrap_or(Status::Withdrawn),
        ends,
        roles,
        existing,
        hindered,
    })
}

/// Who invited, with what they can use now; none when they are gone or not active.
fn inviting(conn: &mut Conn, id: &str, now: Time) -> Result<Option<Actor>, Problem> {
    let key: Option<AccountKey> = people::table.filter(people::id.eq(id)).select(people::key).first(conn).optional()?;
    match key {
        Some(key) => actors::load(conn, key, now),
        None => Ok(None),
    }
}

fn still_invites(actor: &Actor, portal: bool, at: &Lineage) -> bool {
    let reach = if portal { <InPortal as Side>::Invite::reach(actor) } else { <InConsole as Side>::Invite::reach(actor) };
    reach.is_some_and(|reach| reach.contains(at))
}

/// What a link is about; opening it uses nothing up (I-2).
///
/// # Errors
/// [`Problem::NotFound`] for a link that was replaced or never was.
pub fn open(reader: &mut impl Reader<Inviting>, token: &str) -> Result<Opened, Problem> {
    let now = reader.now();
    opened(reader.conn(), token, now)
}

fn to_answer(conn: &mut Conn, token: &str, now: Time) -> Result<Opened, Problem> {
    let found = opened(conn, token, now)?;
    match found.hindered {
        _ if !found.waits(now) => Err(Problem::Conflict("This invitation was answered, withdrawn or has ended.".into())),
        Some(why) => Err(Problem::Conflict(why.into())),
        None => Ok(found),
    }
}

/// Accepts for somebody who has no account that they use: the account comes about, active, with the address confirmed, as
/// the link came from its mailbox. The key of the account.
///
/// # Errors
/// [`Problem::NotFound`] and [`Problem::Conflict`] for a link that does not work; for an address with an account in use.
pub fn accept_new(tx: &mut Tx<Inviting>, token: &str, name: &str, hash: &str) -> Result<AccountKey, Problem> {
    let now = tx.now();
    let found = to_answer(tx.conn(), token, now)?;
    let store = found.store.0;
    let (account, id) = match &found.existing {
        None => {
            let terms = Terms { name: name.to_owned(), email: Some(found.email.clone()), ..Terms::default() };
            create(tx, store, &Born { terms: &terms, status: account::Status::Active, password_hash: Some(hash), confirmed: true })?
        }
        // Made by hand and used by nobody yet: this is its owner's first password.
        Some((key, id, account::Status::Invited)) => {
            use people as a;
            diesel::update(a::table.find(*key))
                .set((a::status.eq(account::Status::Active), a::password_hash.eq(hash), a::changed_at.eq(now)))
                .execute(tx.conn())?;
            diesel::update(identifiers::table.filter(identifiers::account.eq(*key)).filter(identifiers::kind.eq("email")))
                .set(identifiers::confirmed.eq(true))
                .execute(tx.conn())?;
            (*key, id.clone())
        }
        Some(_) => return Err(Problem::Conflict("This address has an account. Sign in to accept.".into())),
    };
    let (conferred, left_out) = join(tx, &found, account)?;
    let name: String = people::table.find(account).select(people::name).first(tx.conn())?;
    let event = accepted(&found, &id, conferred, left_out);
    tx.record_as(event, (id, name))?;
    Ok(account)
}

/// Accepts for the account that is signed in and has the address: the membership, and what was promised, nothing else (I-1).
///
/// # Errors
/// As [`accept_new`]; [`Problem::Forbidden`] for another account.
pub fn accept_mine(tx: &mut Tx<Myself>, token: &str) -> Result<String, Problem> {
    let now = tx.now();
    let me = tx.permit().person()?.clone();
    let found = to_answer(tx.conn(), token, now)?;
    if !found.is_for(me.account) || !super::passwords::is_confirmed(tx.conn(), me.account, "email")? {
        return Err(Problem::Forbidden(format!("This invitation is for {}. Sign in with that account.", found.email)));
    }
    let (conferred, left_out) = join(tx, &found, me.account)?;
    tx.record(accepted(&found, &me.id, conferred, left_out))?;
    Ok(found.organization)
}

fn accepted(found: &Opened, account: &str, conferred: Vec<String>, left_out: Vec<String>) -> Event {
    let place = |subject: Subject| subject.at(found.organization_key).in_store(found.store.0);
    Event::done("invitation.accept")
        .on(place(Subject::of("invitation", &found.id)))
        .on(place(Subject::of("account", account)))
        .with("email", found.email.as_str())
        .with("organization", found.organization.as_str())
        .with("roles", conferred)
        .with("left_out", left_out)
}

/// The membership, where there is none, and the roles that the inviter may still give (I-1, C-1). The names of those
/// given, and of those left out.
fn join<G: Ground>(tx: &mut Tx<G>, found: &Opened, account: AccountKey) -> Result<(Vec<String>, Vec<String>), Problem> {
    let now = tx.now();
    enroll(tx.conn(), account, found.organization_key, now)?;
    settle(tx, found.key, Status::Accepted)?;
    let at = tree::lineage(tx.conn(), found.organization_key)?;
    let inviter = inviting(tx.conn(), &found.inviter, now)?;
    use invitation_roles as ir;
    use roles as r;
    let keys: Vec<RoleKey> = ir::table.filter(ir::invitation.eq(found.key)).select(ir::role).load(tx.conn())?;
    let promised: Vec<(RoleKey, String, i32)> =
        r::table.filter(r::key.eq_any(keys)).order(r::name_sort).select((r::key, r::name, r::rights)).load(tx.conn())?;
    let (mut given, mut left_out) = (Vec::new(), Vec::new());
    for (role, name, rights) in promised {
        let may = inviter.as_ref().is_some_and(|actor| {
            !found.portal && actor.account != account && confer::may_confer(actor, Rights::from_bits(rights as u16), &at, None).is_ok()
        });
        if may {
            role_assignments::give_by_invitation(tx.conn(), found.organization_key, role, account, &found.inviter_name, now)?;
            given.push(name);
        } else {
            left_out.push(name);
        }
    }
    Ok((given, left_out))
}

/// Declines an invitation.
///
/// # Errors
/// As [`accept_new`].
pub fn decline(tx: &mut Tx<Inviting>, token: &str) -> Result<Opened, Problem> {
    let now = tx.now();
    let found = opened(tx.conn(), token, now)?;
    if !found.waits(now) {
        return Err(Problem::Conflict("This invitation was answered, withdrawn or has ended.".into()));
    }
    settle(tx, found.key, Status::Declined)?;
    let event = Event::done("invitation.decline")
        .on(Subject::of("invitation", &found.id).at(found.organization_key).in_store(found.store.0))
        .with("email", found.email.as_str())
        .with("organization", found.organization.as_str());
    tx.record(event)?;
    Ok(found)
}

/// The roles of a store that the person may give at every place where they invite, for the form; by name.
///
/// # Errors
/// What the database says.
pub fn roles_to_promise(
    reader: &mut impl Reader<<InConsole as Side>::Invite>,
    store: &IdentityStore,
) -> Result<Vec<(String, String)>, Problem> {
    use crate::domain::permissions::{Permission, RoleAssignmentEdit};
    let may = reader.permit().person()?.may(&RoleAssignmentEdit::LEAF);
    if !may || store.built_in {
        return Ok(Vec::new());
    }
    use roles as r;
    Ok(r::table.filter(r::store.eq(store.key)).order(r::name_sort).limit(200).select((r::id, r::name)).load(reader.conn())?)
}

/// How many invitations of a store in reach wait, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn count_waiting<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey) -> Result<paging::Total, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut from = Sql::new("FROM invitations i WHERE i.status = 'pending' AND i.store = ");
    from.bind(store).push(" AND i.ends_at > ").bind(now).push(" AND ").in_reach(permit.reach(), "i.organization");
    paging::total(conn, &from)
}
