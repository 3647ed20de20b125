//! Invitations of an export; the hashes of their links stay where they are.

use super::{People, Places, date, parsed};
use crate::{
    domain::{key::*, text, world},
    problem::Problem,
    store::{
        conn::Conn,
        schema::{account_groups, accounts, attributes, invitation_roles, invitations, roles},
        world::rows::{InvitationRow, PromiseRow, StoreRow},
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// In the order of their stores, organizations, addresses and when they were created; root's come first.
pub(super) fn all(
    conn: &mut Conn,
    places: &Places,
    stores: &HashMap<StoreKey, &StoreRow>,
    people: &People,
) -> Result<Vec<world::Invitation>, Problem> {
    use invitations as i;
    let rows: Vec<InvitationRow> = i::table.load(conn)?;
    let inviters = inviters(conn, &rows)?;
    let mut promised = promises(conn)?;
    let known = Known::load(conn)?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let place = places.get(row.organization)?;
        let store = stores.get(&row.store).filter(|store| !store.built_in);
        let inviter = inviters.get(&row.invited_by).and_then(|account| people.get(account));
        let inviters_store = inviter.and_then(|(store, _)| stores.get(store)).filter(|store| !store.built_in);
        let mut attributes = parsed(&row.attributes)?;
        attributes.retain(|key, _| known.attributes.contains(&(row.store, key.clone())));
        let mut groups: Vec<String> = serde_json::from_str(&row.group_names).map_err(Problem::internal)?;
        groups.retain(|name| known.groups.contains(&(row.store, text::fold(name))));
        let order = (store.map(|store| store.name_folded.clone()), &place.folded, row.email_folded, row.created_at, row.key);
        let invitation = world::Invitation {
            id: Some(row.id),
            email: row.email,
            store: store.map(|store| store.name.clone()),
            organization: place.path.clone(),
            invited_by: inviter.map(|(_, identifier)| identifier.clone()),
            invited_by_store: inviters_store.map(|store| store.name.clone()),
            invited_by_name: Some(row.invited_by_name),
            portal: row.portal,
            status: row.status,
            message: row.message,
            roles: promised.remove(&row.key).unwrap_or_default(),
            attributes,
            groups,
            created: Some(row.created_at.rfc3339()),
            sent: Some(row.sent_at.rfc3339()),
            valid_until: Some(row.ends_at.rfc3339()),
            settled: date(row.settled_at),
        };
        list.push((order, invitation));
    }
    list.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(list.into_iter().map(|(_, invitation)| invitation).collect())
}

/// The accounts of those who invited, where they are there still.
fn inviters(conn: &mut Conn, of: &[InvitationRow]) -> Result<HashMap<String, AccountKey>, Problem> {
    use accounts as a;
    let ids: Vec<&str> = of.iter().map(|row| row.invited_by.as_str()).collect::<HashSet<_>>().into_iter().collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(10_000) {
        found.extend(a::table.filter(a::id.eq_any(ids)).select((a::id, a::key)).load::<(String, AccountKey)>(conn)?);
    }
    Ok(found)
}

/// The names of the roles that each promises.
fn promises(conn: &mut Conn) -> Result<HashMap<i64, Vec<String>>, Problem> {
    let names: HashMap<RoleKey, String> =
        roles::table.select((roles::key, roles::name)).load::<(RoleKey, String)>(conn)?.into_iter().collect();
    let mut promised: HashMap<i64, Vec<String>> = HashMap::new();
    for row in invitation_roles::table.load::<PromiseRow>(conn)? {
        promised.entry(row.invitation).or_default().extend(names.get(&row.role).cloned());
    }
    for names in promised.values_mut() {
        names.sort();
    }
    Ok(promised)
}

/// What there is still of what invitations may name: the rest comes to nothing when they are accepted.
struct Known {
    attributes: HashSet<(StoreKey, String)>,
    groups: HashSet<(StoreKey, String)>,
}

impl Known {
    fn load(conn: &mut Conn) -> Result<Self, Problem> {
        use account_groups as g;
        use attributes as a;
        Ok(Self {
            attributes: a::table.select((a::store, a::name)).load::<(StoreKey, String)>(conn)?.into_iter().collect(),
            groups: g::table.select((g::store, g::name_folded)).load::<(StoreKey, String)>(conn)?.into_iter().collect(),
        })
    }
}
