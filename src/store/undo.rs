//! Taking an act back (W-3): a new act by the person who does it, judged now by every rule, and only while the object
//! stands exactly as the act left it.

use super::{
    accounts::{self, Changed},
    administrator_roles,
    conn::Conn,
    event_log::Recorded,
    identity_stores,
    organizations::{self, Switched, SwitchedTogether},
    role_assignments::{self, Former, Wanted},
    roles::{self, Saved},
    sql::Sql,
    transaction::Tx,
};
use crate::{
    access::{Ground, Side},
    domain::{
        administrator_role,
        event::Outcome,
        identity_store::IdentityStore,
        permissions::{AdministratorRoleEdit, OrganizationActivate, OrganizationRoleEdit, PermissionSet, RoleAssignmentEdit},
        rights::{Cell, Rights},
        role::Terms,
        role_assignment::Given,
        time::{Period, Time},
    },
    problem::Problem,
};
use serde_json::Value;

/// What kind of act an event is, for the permit under which it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A role given or taken.
    Assignment,
    /// A role edited.
    Role,
    /// An administrator role edited.
    AdministratorRole,
    /// A membership blocked or unblocked.
    Membership,
    /// An account disabled or enabled.
    Status,
    /// An organization activated or deactivated.
    Organization,
}

impl Recorded {
    /// What it is, if it can be taken back at all.
    pub fn undoable(&self) -> Option<Kind> {
        if self.outcome != Outcome::Done {
            return None;
        }
        Some(match self.action.as_str() {
            "role_assignment.add" | "role_assignment.remove" => Kind::Assignment,
            "role.edit" => Kind::Role,
            "administrator_role.edit" => Kind::AdministratorRole,
            "membership.block" | "membership.unblock" => Kind::Membership,
            "account.disable" | "account.enable" => Kind::Status,
            "organization.activate" | "organization.deactivate" => Kind::Organization,
            _ => return None,
        })
    }

    /// The id of the first thing of this kind that it touched.
    fn subject(&self, noun: &str) -> Result<&str, Problem> {
        self.subjects.iter().find(|subject| subject.noun == noun).map(|subject| subject.id.as_str()).ok_or_else(moved_on)
    }

    fn detail_list(&self, name: &str) -> Vec<String> {
        let list = self.detail.get(name).and_then(Value::as_array);
        list.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
    }

    fn detail_text(&self, name: &str) -> &str {
        self.detail.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

fn moved_on() -> Problem {
    Problem::Conflict("This can no longer be undone: it was changed since.".into())
}

/// Nothing of the same kind happened since to what the event touched.
fn newest<G: Ground>(tx: &mut Tx<G>, event: &Recorded, noun: &str, family: [&str; 2]) -> Result<(), Problem> {
    let mut sql = Sql::new(
        "SELECT count(*) AS n FROM event_subjects mine JOIN event_subjects s ON s.noun = mine.noun AND s.id = mine.id \
         AND (s.organization = mine.organization OR mine.organization IS NULL OR s.organization IS NULL) \
         JOIN events e ON e.key = s.event WHERE mine.event = ",
    );
    sql.bind(event.key).push(" AND mine.noun = ").bind(noun).push(" AND s.event > ").bind(event.key);
    sql.push(" AND e.outcome = 'done' AND e.action IN (").bind(family[0]).push(", ").bind(family[1]).push(")");
    if sql.number(tx.conn())? > 0 { Err(moved_on()) } else { Ok(()) }
}

/// The ids of every account that the event touched.
fn accounts_of(conn: &mut Conn, event: &Recorded) -> Result<Vec<String>, Problem> {
    #[derive(diesel::QueryableByName)]
    struct Id {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let mut sql = Sql::new("SELECT DISTINCT id FROM event_subjects WHERE noun = 'account' AND event = ");
    sql.bind(event.key);
    Ok(sql.load::<Id>(conn)?.into_iter().map(|row| row.id).collect())
}

/// The store in which the event happened, where the person may know of it.
fn store_of<G: Ground>(tx: &mut Tx<G>, event: &Recorded) -> Result<IdentityStore, Problem> {
    let mut sql = Sql::new("SELECT coalesce(max(store), 0) AS n FROM event_subjects WHERE event = ");
    sql.bind(event.key);
    let key = crate::domain::key::StoreKey(sql.number(tx.conn())?);
    identity_stores::find_by_key(tx, key)
}

/// Takes back that a role was given or taken. The address of the pair, and what was done in words.
///
/// # Errors
/// [`Problem::Conflict`] when something moved on; as giving and taking by hand.
pub fn assignment(tx: &mut Tx<RoleAssignmentEdit>, event: &Recorded) -> Result<(String, String), Problem> {
    let store = store_of(tx, event)?;
    let organization = organizations::find(tx, store.key, event.subject("organization")?)?;
    let role = roles::find(tx, &store, event.subject("role")?).map_err(|_| moved_on())?;
    let wanted = Wanted { organization, role };
    let to = format!("/admin/stores/{}/role-assignments?org={}&role={}", store.slug, wanted.organization.id, wanted.role.id);
    let (role, place) = (&wanted.role.terms.name, &wanted.organization.name);
    tx.undoing(&event.id);
    if event.action == "role_assignment.add" {
        let ids = accounts_of(tx.conn(), event)?;
        let untouched = role_assignments::given_at(tx, &wanted, &ids, event.at)?;
        if ids.is_empty() || untouched != ids.len() {
            return Err(moved_on());
        }
        let (removed, _) = role_assignments::remove(tx, &wanted, &ids)?;
        return Ok((to, format!("Undone: {removed} no longer hold {role} in {place}.")));
    }
    let former: Option<Vec<Former>> =
        event.detail.get("before").and_then(Value::as_array).map(|rows| rows.iter().filter_map(former).collect());
    let former = former.filter(|rows| !rows.is_empty()).ok_or_else(moved_on)?;
    let restored = role_assignments::restore(tx, &wanted, &former)?;
    Ok((to, format!("Undone: {restored} hold {role} in {place} again.")))
}

fn former(row: &Value) -> Option<Former> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let time = |name: &str| text(name).and_then(Time::parse);
    Some(Former {
        account: text("account")?.to_owned(),
        period: Period { starts: time("starts"), ends: time("ends") },
        reason: text("reason").unwrap_or_default().to_owned(),
        given: Given::from_word(text("given")?)?,
        given_by: text("given_by").map(str::to_owned),
        given_at: time("given_at")?,
    })
}

/// Takes back an edit of a role.
///
/// # Errors
/// [`Problem::Conflict`] when it was edited since; as editing by hand (D-11).
pub fn role(tx: &mut Tx<OrganizationRoleEdit>, event: &Recorded) -> Result<(String, String), Problem> {
    let store = store_of(tx, event)?;
    let id = event.subject("role")?.to_owned();
    let role = roles::find(tx, &store, &id).map_err(|_| moved_on())?;
    let left = event.detail.get("rev").and_then(Value::as_i64);
    if left != Some(i64::from(role.rev)) {
        return Err(moved_on());
    }
    let before = event.detail.get("before").and_then(terms).ok_or_else(moved_on)?;
    let mark = roles::effect(tx, &role, &before)?.mark();
    tx.undoing(&event.id);
    match roles::edit(tx, &store, &id, role.rev, &before, Some(&mark))? {
        Saved::Done(role, ..) => {
            Ok((format!("/admin/stores/{}/roles/{}", store.slug, role.id), format!("Undone: {} is as it was.", role.terms.name)))
        }
        Saved::Confirm(_) | Saved::Stale(_) => Err(moved_on()),
    }
}

fn terms(before: &Value) -> Option<Terms> {
    let text = |name: &str| before.get(name).and_then(Value::as_str);
    let on = |name: &str| before.get(name).and_then(Value::as_bool).unwrap_or_default();
    let rights: Rights = text("rights")?.split_whitespace().filter_map(Cell::from_code).collect();
    Some(Terms {
        name: text("name")?.to_owned(),
        description: text("description").unwrap_or_default().to_owned(),
        auto_every: on("auto_every"),
        auto_first: on("auto_first"),
        rights,
    })
}

/// Takes back an edit of an administrator role.
///
/// # Errors
/// [`Problem::Conflict`] when it was edited since; as editing by hand (D-11).
pub fn administrator_role(tx: &mut Tx<AdministratorRoleEdit>, event: &Recorded) -> Result<(String, String), Problem> {
    use administrator_roles::Saved;
    let id = event.subject("administrator_role")?.to_owned();
    let listed = administrator_roles::find(tx, &id).map_err(|_| moved_on())?;
    if event.detail.get("rev").and_then(Value::as_i64) != Some(i64::from(listed.role.rev)) {
        return Err(moved_on());
    }
    let before = event.detail.get("before").and_then(administrator_terms).ok_or_else(moved_on)?;
    let mark = administrator_roles::effect(&listed, &before).mark();
    tx.undoing(&event.id);
    match administrator_roles::edit(tx, &id, listed.role.rev, &before, Some(&mark))? {
        Saved::Done(role, ..) => {
            Ok((format!("/admin/administrator-roles/{}", role.id), format!("Undone: {} is as it was.", role.terms.name)))
        }
        Saved::Confirm(_) | Saved::Stale(_) => Err(moved_on()),
    }
}

fn administrator_terms(before: &Value) -> Option<administrator_role::Terms> {
    let text = |name: &str| before.get(name).and_then(Value::as_str);
    Some(administrator_role::Terms {
        name: text("name")?.to_owned(),
        description: text("description").unwrap_or_default().to_owned(),
        permissions: PermissionSet::parse(text("permissions")?).ok()?,
    })
}

/// Takes back that a membership was blocked or unblocked.
///
/// # Errors
/// [`Problem::Conflict`] when something moved on; as blocking by hand.
pub fn membership<S: Side>(tx: &mut Tx<S::Block>, event: &Recorded) -> Result<(String, String), Problem> {
    let store = store_of(tx, event)?;
    newest(tx, event, "account", ["membership.block", "membership.unblock"])?;
    if event.detail_text("before") == event.detail_text("after") {
        return Err(moved_on());
    }
    let (id, organization) = (event.subject("account")?.to_owned(), event.subject("organization")?.to_owned());
    tx.undoing(&event.id);
    let switched = accounts::block::<S>(tx, &store, &id, &organization, event.action == "membership.unblock")?;
    if !switched.changed {
        return Err(moved_on());
    }
    let words = if event.action == "membership.unblock" { "blocked" } else { "active" };
    Ok((
        format!("/admin/stores/{}/accounts/{id}?tab=memberships", store.slug),
        format!("Undone: {} is {words} in {} again.", switched.account.title(), switched.organization.name),
    ))
}

/// Takes back that accounts were disabled or enabled: those whose status the act changed.
///
/// # Errors
/// [`Problem::Conflict`] when something moved on; [`Problem::Forbidden`] for those above the person.
pub fn status<S: Side>(tx: &mut Tx<S::Switch>, event: &Recorded) -> Result<(String, String), Problem> {
    let store = store_of(tx, event)?;
    newest(tx, event, "account", ["account.disable", "account.enable"])?;
    let ids = event.detail_list("changed");
    if ids.is_empty() {
        return Err(moved_on());
    }
    tx.undoing(&event.id);
    let on = event.action == "account.disable";
    match accounts::set_enabled::<S>(tx, &store, &ids, on, &event.detail_list("were_active"))? {
        Changed::Done { changed, already, .. } if already.is_empty() => {
            let to = match changed.as_slice() {
                [one] => format!("/admin/stores/{}/accounts/{}", store.slug, one.id),
                _ => format!("/admin/stores/{}/accounts", store.slug),
            };
            let words = if on { "enabled" } else { "disabled" };
            Ok((to, format!("Undone: {} {words} again.", crate::domain::text::count(changed.len() as i64, "account is", "accounts are"))))
        }
        Changed::Not { off, .. } if !off.is_empty() => {
            let (name, off) = &off[0];
            Err(Problem::Forbidden(format!("{name}: {}", off.reason())))
        }
        _ => Err(moved_on()),
    }
}

/// Takes back that an organization was activated or deactivated.
///
/// # Errors
/// [`Problem::Conflict`] when something moved on; as switching by hand.
pub fn organization(tx: &mut Tx<OrganizationActivate>, event: &Recorded) -> Result<(String, String), Problem> {
    let store = store_of(tx, event)?;
    newest(tx, event, "organization", ["organization.activate", "organization.deactivate"])?;
    let on = event.action == "organization.deactivate";
    let words = if on { "active" } else { "inactive" };
    let ids = event.detail_list("changed");
    if !ids.is_empty() {
        let found = organizations::together(tx, &store, &ids, on)?;
        if let Some((name, reason)) = found.off.first() {
            return Err(Problem::Forbidden(format!("{name}: {reason}")));
        }
        tx.undoing(&event.id);
        return match organizations::switch_together(tx, &store, &ids, on, Some(&found.mark()))? {
            SwitchedTogether::Done(count, _) if count == ids.len() => {
                let count = crate::domain::text::count(count as i64, "organization is", "organizations are");
                Ok((format!("/admin/stores/{}/organizations?view=list", store.slug), format!("Undone: {count} {words} again.")))
            }
            _ => Err(moved_on()),
        };
    }
    let id = event.subject("organization")?.to_owned();
    let organization = organizations::find(tx, store.key, &id)?;
    let mark = organizations::effect(tx, &organization)?.mark();
    tx.undoing(&event.id);
    match organizations::switch(tx, &store, &id, on, Some(&mark))? {
        Switched::Done(organization, _) => {
            Ok((format!("/admin/stores/{}/organizations/{id}", store.slug), format!("Undone: {} is {words} again.", organization.name)))
        }
        Switched::Already(_) | Switched::Confirm(..) => Err(moved_on()),
    }
}
