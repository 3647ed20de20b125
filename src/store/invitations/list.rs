//! Reading invitations: the list of a store, and what the form of a new one offers.

use super::role_names;
use crate::{
    access::{Ground, InConsole, Reach, Side},
    domain::{identity_store::IdentityStore, invitation::Status, key::*, organization::Step, text, time::Time},
    problem::Problem,
    store::{
        conn::Conn,
        identity_stores,
        paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
        schema::roles,
        sql::Sql,
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use std::collections::HashSet;

/// An invitation in a list.
#[derive(Clone, Debug, QueryableByName)]
pub struct Listed {
    #[diesel(sql_type = BigInt)]
    pub(super) key: i64,
    /// Public id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The address.
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = BigInt)]
    pub(super) organization: OrganizationKey,
    /// The name of the organization.
    #[diesel(sql_type = Text)]
    pub place: String,
    /// Who promised.
    #[diesel(sql_type = Text)]
    pub invited_by_name: String,
    #[diesel(sql_type = Text)]
    pub(super) status: String,
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

/// How soon an invitation ends that needs attention, in seconds (screens.md 4.3).
const SOON: i64 = 3 * 24 * 3600;

/// What narrows the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that wait.
    pub waiting: bool,
    /// Only those that wait and end within three days.
    pub ending: bool,
    /// A part of the address.
    pub q: String,
    /// At this organization or below it.
    pub below: Option<OrganizationKey>,
}

impl Filter {
    fn add(&self, from: &mut Sql, now: Time) {
        if self.waiting || self.ending {
            from.push(" AND i.status = 'pending' AND i.ends_at > ").bind(now);
        }
        if self.ending {
            from.push(" AND i.ends_at < ").bind(now.plus_seconds(SOON));
        }
        if let Some(top) = self.below {
            from.push(" AND EXISTS (SELECT 1 FROM organization_closure u WHERE u.descendant = i.organization AND u.ancestor = ");
            from.bind(top).push(")");
        }
        let q = text::fold(&self.q);
        if !q.is_empty() {
            from.push(" AND i.email_folded LIKE ").bind(format!("%{}%", identity_stores::like(&q))).push(" ESCAPE '\\'");
        }
    }
}

/// The invitations of a store in reach, the newest first.
///
/// # Errors
/// What the database says.
pub fn list<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, filter: &Filter, paging: &Paging) -> Result<Slice<Row>, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut from = Sql::new("FROM invitations i JOIN organizations o ON o.key = i.organization WHERE i.store = ");
    from.bind(store).push(" AND ").in_reach(permit.reach(), "i.organization");
    filter.add(&mut from, now);
    let slice = paging::slice::<Listed>(conn, COLUMNS, &from, NEWEST, paging)?;
    let paths = tree::paths(conn, slice.rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let mut names = role_names(conn, &slice.rows.iter().map(|row| row.key).collect::<Vec<_>>())?;
    Ok(slice.map(|invitation| Row {
        path: paths.get(&invitation.organization).cloned().unwrap_or_default(),
        roles: names.remove(&invitation.key).unwrap_or_default(),
        invitation,
    }))
}

/// An invitation of a store in reach.
pub(super) fn find<G: Ground>(tx: &mut Tx<G>, store: StoreKey, id: &str) -> Result<Listed, Problem> {
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

/// How many invitations of a store in reach end soon, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn ending<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey) -> Result<paging::Total, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut from = Sql::new("FROM invitations i WHERE i.store = ");
    from.bind(store).push(" AND ").in_reach(permit.reach(), "i.organization");
    Filter { ending: true, ..Filter::default() }.add(&mut from, now);
    paging::total(conn, &from)
}
