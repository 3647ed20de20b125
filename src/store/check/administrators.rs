//! Administrator roles, scopes and grants (D-*).

use super::{Wrong, organizations::Tree};
use crate::{
    domain::{
        administrator_role::{Kind, ScopeReach},
        key::*,
        organization::Lineage,
        permissions::PermissionSet,
        text,
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        conn::Conn,
        schema::{administrator_roles, grants, memberships, organizations, scopes},
        set_up::lasting_super_administrators,
        world::chain::{self, Link},
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

struct Scope {
    owner: Lineage,
    reach: ScopeReach,
}

pub(super) fn check(conn: &mut Conn, wrong: &mut Wrong, tree: &Tree) -> Result<(), Problem> {
    let kinds = roles(conn, wrong)?;
    let scopes = owned(conn, wrong, tree)?;
    given(conn, wrong, &kinds, &scopes)?;
    let held: i64 = {
        let of: Vec<AdministratorRoleKey> = kinds.iter().filter(|(_, kind)| **kind == Kind::Super).map(|(key, _)| *key).collect();
        grants::table.filter(grants::role.eq_any(of)).count().get_result(conn)?
    };
    if held > 0 && lasting_super_administrators(conn)? == 0 {
        wrong.say("super administrators", || {
            "No super administrator can be relied on: one must be active, with a password, an active member of root, and hold the role without start and end (D-5).".into()
        });
    }
    Ok(())
}

fn roles(conn: &mut Conn, wrong: &mut Wrong) -> Result<HashMap<AdministratorRoleKey, Kind>, Problem> {
    use administrator_roles as r;
    type Role = (AdministratorRoleKey, String, String, (String, String), Kind, String);
    let rows: Vec<Role> =
        r::table.order(r::key).select((r::key, r::id, r::name, (r::name_folded, r::name_sort), r::kind, r::permissions)).load(conn)?;
    if !rows.iter().any(|row| row.4 == Kind::Super) {
        wrong.say("administrator roles", || "The role of super administrators is missing (D-5).".into());
    }
    for (_, id, name, folded, kind, codes) in &rows {
        wrong.same("administrator roles", folded, &(text::fold(name), text::search(name)), || {
            format!("The folded name of the administrator role {id} (“{name}”) is wrong.")
        });
        let sentence = match (kind, PermissionSet::parse(codes)) {
            (Kind::Super, _) if codes.is_empty() => continue,
            (Kind::Super, _) => "is predefined and stores no permissions (rights.md B)".to_owned(),
            (_, Err(code)) => format!("holds the unknown permission {code}"),
            (_, Ok(set)) if set.is_empty() => "holds no permission (D-2)".to_owned(),
            (Kind::Other, Ok(set)) if set.leaves().any(|leaf| leaf.root_only) => {
                "is of kind other and holds a permission that only root roles have".to_owned()
            }
            (_, Ok(set)) if set.codes() != *codes => "stores its permissions out of order".to_owned(),
            _ => continue,
        };
        wrong.say("administrator roles", || format!("The administrator role {id} (“{name}”) {sentence}."));
    }
    Ok(rows.into_iter().map(|row| (row.0, row.4)).collect())
}

fn owned(conn: &mut Conn, wrong: &mut Wrong, tree: &Tree) -> Result<HashMap<ScopeKey, Scope>, Problem> {
    use scopes as s;
    type Owned = (ScopeKey, String, OrganizationKey, String, (String, String), ScopeReach);
    let rows: Vec<Owned> =
        s::table.order(s::key).select((s::key, s::id, s::organization, s::name, (s::name_folded, s::name_sort), s::reach)).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(key, id, owner, name, folded, reach)| {
            wrong.same("scopes", folded, (text::fold(&name), text::search(&name)), || {
                format!("The folded name of the scope {id} (“{name}”) is wrong.")
            });
            (key, Scope { owner: tree.lineage(owner), reach })
        })
        .collect())
}

type Row = (GrantKey, String, AdministratorRoleKey, AccountKey, Option<ScopeKey>, bool, Option<GrantKey>, Option<Time>, Option<Time>);

/// Every grant under those it was made through (D-7 to D-10).
fn given(
    conn: &mut Conn,
    wrong: &mut Wrong,
    kinds: &HashMap<AdministratorRoleKey, Kind>,
    scopes: &HashMap<ScopeKey, Scope>,
) -> Result<(), Problem> {
    use grants as g;
    let rows: Vec<Row> = g::table
        .order(g::key)
        .select((g::key, g::id, g::role, g::account, g::scope, g::cascading, g::through, g::starts, g::ends))
        .load(conn)?;
    let root: Option<OrganizationKey> =
        organizations::table.filter(organizations::parent.is_null()).select(organizations::key).first(conn).optional()?;
    let in_root: HashSet<AccountKey> = match root {
        Some(root) => {
            memberships::table.filter(memberships::organization.eq(root)).select(memberships::account).load(conn)?.into_iter().collect()
        }
        None => HashSet::new(),
    };
    let by_key: HashMap<GrantKey, &Row> = rows.iter().map(|row| (row.0, row)).collect();
    for row in &rows {
        let (id, account) = (&row.1, row.3);
        let mut links = vec![link(row, kinds, scopes)];
        let mut seen = HashSet::from([row.0]);
        let mut up = row.6;
        while let Some(upper) = up.and_then(|key| by_key.get(&key)) {
            if !seen.insert(upper.0) {
                wrong.say("grants", || format!("The grants that {id} was made through lead back to themselves (D-10)."));
                break;
            }
            links.push(link(upper, kinds, scopes));
            up = upper.6;
        }
        for (_, sentence) in chain::judge(&links) {
            wrong.say("grants", || format!("The grant {id} is wrong: {sentence}"));
        }
        if matches!((row.7, row.8), (Some(starts), Some(ends)) if starts >= ends) {
            wrong.say("grants", || format!("The grant {id} ends before it starts (Z-1)."));
        }
        if links[0].kind == Kind::Super && !in_root.contains(&account) {
            wrong.say("grants", || format!("The grant {id} makes a super administrator of an account that is no member of root (D-5)."));
        }
    }
    Ok(())
}

fn link<'a>(row: &Row, kinds: &HashMap<AdministratorRoleKey, Kind>, scopes: &'a HashMap<ScopeKey, Scope>) -> Link<'a> {
    Link {
        role: row.2,
        kind: kinds.get(&row.2).copied().unwrap_or(Kind::Other),
        account: row.3,
        scope: row.4.and_then(|scope| scopes.get(&scope)).map(|scope| (&scope.owner, scope.reach)),
        cascading: row.5,
        period: Period { starts: row.7, ends: row.8 },
    }
}
