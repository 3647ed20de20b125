//! Stores, what belongs to them, and the tree (S-1, S-2, O-*, R-*).

use super::{Wrong, pairs};
use crate::{
    domain::{
        identity_store::{self, ADMINISTRATORS},
        key::*,
        mail_domain,
        organization::Lineage,
        rights::Rights,
        text,
    },
    problem::Problem,
    store::{
        conn::Conn,
        schema::{account_groups, attributes, identity_stores, organization_closure, organization_domains, organizations, roles},
    },
};
use diesel::prelude::*;
use std::collections::HashMap;

/// The stores, and which of them is built in.
pub(super) struct Stores {
    names: HashMap<StoreKey, String>,
    built_in: Option<StoreKey>,
}

impl Stores {
    /// Its name, for sentences.
    pub fn name(&self, key: StoreKey) -> &str {
        self.names.get(&key).map_or("?", String::as_str)
    }
}

pub(super) fn stores(conn: &mut Conn, wrong: &mut Wrong) -> Result<Stores, Problem> {
    use identity_stores as s;
    let rows: Vec<(StoreKey, String, String, String, bool, i64)> =
        s::table.order(s::key).select((s::key, s::name, s::name_folded, s::slug, s::built_in, s::accounts)).load(conn)?;
    let built_in: Vec<StoreKey> = rows.iter().filter(|row| row.4).map(|row| row.0).collect();
    if built_in.len() != 1 {
        wrong.say("stores", || format!("There are {} built-in stores; there must be one.", built_in.len()));
    }
    let counted: Vec<(StoreKey, i64)> = {
        use crate::store::schema::accounts as a;
        a::table.group_by(a::store).select((a::store, diesel::dsl::count_star())).load(conn)?
    };
    let counted: HashMap<StoreKey, i64> = counted.into_iter().collect();
    for (key, name, folded, slug, is_built_in, count) in &rows {
        wrong.same("stores", folded, &text::fold(name), || format!("The folded name of the store “{name}” is wrong."));
        let right = counted.get(key).copied().unwrap_or(0);
        wrong.same("counts", *count, right, || format!("The store “{name}” says it has {count} accounts; it has {right}."));
        wrong.same("stores", *is_built_in, slug == ADMINISTRATORS.1, || format!("The store “{name}” has the slug “{slug}”."));
    }
    let stores = Stores { names: rows.into_iter().map(|row| (row.0, row.1)).collect(), built_in: built_in.first().copied() };
    parts(conn, wrong, &stores)?;
    Ok(stores)
}

/// Attributes, groups and organization roles.
fn parts(conn: &mut Conn, wrong: &mut Wrong, stores: &Stores) -> Result<(), Problem> {
    use attributes as a;
    let rows: Vec<(StoreKey, String, bool, bool, String)> =
        a::table.order((a::store, a::name)).select((a::store, a::name, a::portal_visible, a::portal_editable, a::choices)).load(conn)?;
    for (store, name, visible, editable, choices) in rows {
        if editable && !visible {
            wrong.say("attributes", || {
                format!("The attribute “{name}” of “{}” can be edited in the portal but not seen there (S-2).", stores.name(store))
            });
        }
        if serde_json::from_str::<Vec<String>>(&choices).is_err() {
            wrong.say("attributes", || format!("The choices of the attribute “{name}” of “{}” cannot be read.", stores.name(store)));
        }
    }
    use account_groups as g;
    let rows: Vec<(StoreKey, String, String)> = g::table.order(g::key).select((g::store, g::name, g::name_folded)).load(conn)?;
    for (store, name, folded) in rows {
        wrong.same("groups", folded, text::fold(&name), || {
            format!("The folded name of the group “{name}” of “{}” is wrong.", stores.name(store))
        });
    }
    use roles as r;
    let rows: Vec<(String, StoreKey, String, String, String, i32)> =
        r::table.order(r::key).select((r::id, r::store, r::name, r::name_folded, r::name_sort, r::rights)).load(conn)?;
    for (id, store, name, folded, sort, rights) in rows {
        let right = (text::fold(&name), text::search(&name));
        wrong.same("roles", (folded, sort), right, || format!("The folded names of the role {id} (“{name}”) are wrong."));
        let known = u16::try_from(rights).map_or(Rights::NONE, Rights::from_bits);
        if known.is_empty() || i32::from(known.bits()) != rights {
            wrong.say("roles", || format!("The role {id} (“{name}”) holds no access right, or one that is unknown (R-4)."));
        }
        if Some(store) == stores.built_in {
            wrong.say("roles", || format!("The role {id} (“{name}”) is in Administrators, which has no organization roles."));
        }
    }
    Ok(())
}

/// The tree by its parents.
pub(super) struct Tree {
    parents: HashMap<OrganizationKey, Option<OrganizationKey>>,
}

impl Tree {
    /// Itself and its ancestors, as the parents say.
    pub fn lineage(&self, key: OrganizationKey) -> Lineage {
        let up = std::iter::successors(Some(key), |here| self.parents.get(here).copied().flatten());
        // Parents that go round in a circle are reported with the depths; here they must only end.
        let ancestors: Vec<(OrganizationKey, i32)> = up.take(self.parents.len().min(10_000)).zip(0..).collect();
        Lineage { organization: key, is_root: ancestors.len() == 1, ancestors, active: true }
    }
}

type Row = (OrganizationKey, String, StoreKey, Option<OrganizationKey>, (String, String, String), i32, String);

/// The tree: one root, depths, stores, names, and the closure in both directions.
pub(super) fn check(conn: &mut Conn, wrong: &mut Wrong, stores: &Stores) -> Result<Tree, Problem> {
    use organizations as o;
    let rows: Vec<Row> = o::table
        .order(o::key)
        .select((o::key, o::id, o::store, o::parent, (o::name, o::name_folded, o::name_sort), o::depth, o::metadata))
        .load(conn)?;
    let roots = rows.iter().filter(|row| row.3.is_none()).count();
    if roots != 1 {
        wrong.say("organizations", || format!("There are {roots} root organizations; there must be one."));
    }
    let by_key: HashMap<OrganizationKey, &Row> = rows.iter().map(|row| (row.0, row)).collect();
    for (_, id, store, parent, (name, folded, sort), depth, metadata) in &rows {
        let right = (text::fold(name), text::search(name));
        wrong.same("organizations", (folded, sort), (&right.0, &right.1), || {
            format!("The folded names of the organization {id} (“{name}”) are wrong.")
        });
        if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(metadata).is_err() {
            wrong.say("organizations", || format!("The metadata of the organization {id} cannot be read."));
        }
        let above = parent.and_then(|parent| by_key.get(&parent));
        let right = above.map_or(0, |above| above.5 + 1);
        wrong.same("organizations", *depth, right, || format!("The organization {id} has depth {depth}; its parent makes it {right}."));
        let fits = match above {
            None => Some(*store) == stores.built_in,
            Some(above) if above.3.is_none() => Some(*store) != stores.built_in,
            Some(above) => *store == above.2,
        };
        if !fits {
            wrong.say("organizations", || {
                format!("The organization {id} (“{name}”) lives in the store “{}”, where its parent does not let it.", stores.name(*store))
            });
        }
    }
    let ids: HashMap<OrganizationKey, String> = rows.iter().map(|row| (row.0, row.1.clone())).collect();
    let tree = Tree { parents: rows.iter().map(|row| (row.0, row.3)).collect() };
    for part in rows.chunks(5_000) {
        closure(conn, wrong, &tree, &ids, part)?;
    }
    ways_in(conn, wrong, &by_key, stores)?;
    kept(conn, wrong)?;
    pairs(
        conn,
        wrong,
        "role assignments",
        "SELECT a.id AS one, o.id AS other FROM role_assignments ra JOIN organizations o ON o.key = ra.organization \
         JOIN roles r ON r.key = ra.role JOIN accounts a ON a.key = ra.account JOIN identity_stores s ON s.key = o.store \
         WHERE r.store <> o.store OR a.store <> o.store OR s.built_in OR ra.starts >= ra.ends LIMIT 1000",
        |account, organization| {
            format!(
                "The role assignment of the account {account} at the organization {organization} joins different stores, is in Administrators, or ends before it starts (A-1)."
            )
        },
    )?;
    Ok(tree)
}

/// O-1: slugs and mail domains, by which people find their organization. That each is unique in its store the database keeps.
fn ways_in(conn: &mut Conn, wrong: &mut Wrong, by_key: &HashMap<OrganizationKey, &Row>, stores: &Stores) -> Result<(), Problem> {
    use organizations as o;
    let slugs: Vec<(OrganizationKey, String)> =
        o::table.filter(o::slug.is_not_null()).order(o::key).select((o::key, o::slug.assume_not_null())).load(conn)?;
    for (key, slug) in slugs {
        let Some(organization) = by_key.get(&key) else { continue };
        if organization.3.is_none() {
            wrong.say("slugs", || format!("The root organization has the slug “{slug}”; nobody registers there (O-1)."));
        } else if identity_store::slug(&slug).as_deref() != Ok(slug.as_str()) {
            wrong.say("slugs", || format!("The slug “{slug}” of the organization {} is none (O-1).", organization.1));
        }
    }
    use organization_domains as d;
    let domains: Vec<(OrganizationKey, StoreKey, String)> =
        d::table.order((d::organization, d::domain)).select((d::organization, d::store, d::domain)).load(conn)?;
    let mut counts: HashMap<OrganizationKey, usize> = HashMap::new();
    for (key, store, domain) in domains {
        let Some(organization) = by_key.get(&key) else { continue };
        if mail_domain::check(&domain).as_deref() != Ok(domain.as_str()) {
            wrong.say("domains", || format!("The domain “{domain}” of the organization {} is none of its own (O-1).", organization.1));
        }
        if organization.2 != store || organization.3.is_none() {
            let there = stores.name(store);
            wrong.say("domains", || {
                format!("The domain “{domain}” in “{there}” leads to the organization {}, which is not there (O-1).", organization.1)
            });
        }
        *counts.entry(key).or_default() += 1;
    }
    for (key, count) in counts {
        if count > mail_domain::MOST {
            let id = by_key.get(&key).map_or("?", |organization| organization.1.as_str());
            wrong.say("domains", || format!("The organization {id} has {count} domains; {} is the most (O-1).", mail_domain::MOST));
        }
    }
    Ok(())
}

/// O-4: the closure of these organizations is what their parents say, no more and no less.
fn closure(conn: &mut Conn, wrong: &mut Wrong, tree: &Tree, ids: &HashMap<OrganizationKey, String>, part: &[Row]) -> Result<(), Problem> {
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return Ok(()) };
    use organization_closure as c;
    let rows: Vec<(OrganizationKey, OrganizationKey, i32)> =
        c::table.filter(c::descendant.ge(first.0)).filter(c::descendant.le(last.0)).load(conn)?;
    let mut stored: HashMap<OrganizationKey, Vec<(OrganizationKey, i32)>> = HashMap::new();
    for (ancestor, descendant, depth) in rows {
        stored.entry(descendant).or_default().push((ancestor, depth));
    }
    let id = |key: OrganizationKey| ids.get(&key).map_or("?", String::as_str);
    for row in part {
        let mut right = tree.lineage(row.0).ancestors;
        let mut stored = stored.remove(&row.0).unwrap_or_default();
        right.sort();
        stored.sort();
        if let Some((above, _)) = right.iter().find(|step| !stored.contains(step)) {
            wrong.say("the closure of the tree", || format!("The closure lacks that {} stands below {} (O-4).", row.1, id(*above)));
        }
        if let Some((above, depth)) = stored.iter().find(|step| !right.contains(step)) {
            wrong.say("the closure of the tree", || {
                format!("The closure says that {} stands {depth} below {}, which is not so (O-4).", row.1, id(*above))
            });
        }
    }
    Ok(())
}

/// What triggers keep, beside what they keep it of.
fn kept(conn: &mut Conn, wrong: &mut Wrong) -> Result<(), Problem> {
    pairs(
        conn,
        wrong,
        "counts",
        "SELECT o.id AS one, r.id AS other FROM (SELECT organization, role, sum(assignments) AS assignments, sum(lasting) AS lasting, max(given_at) AS given_at FROM (\
           SELECT organization, role, count(*) AS assignments, count(*) - count(ends) AS lasting, max(given_at) AS given_at \
             FROM role_assignments GROUP BY organization, role \
           UNION ALL SELECT organization, role, 0, 0, NULL FROM pairs) counted GROUP BY organization, role) c \
         JOIN organizations o ON o.key = c.organization JOIN roles r ON r.key = c.role \
         LEFT JOIN pairs p ON p.organization = c.organization AND p.role = c.role \
         WHERE p.role IS NULL OR c.assignments = 0 OR p.assignments <> c.assignments OR p.lasting <> c.lasting OR p.given_at < c.given_at LIMIT 1000",
        |organization, role| format!("The count of those who hold the role {role} at the organization {organization} is wrong."),
    )?;
    pairs(
        conn,
        wrong,
        "counts",
        "SELECT r.id AS one, r.name AS other FROM roles r LEFT JOIN (SELECT role, count(DISTINCT account) AS lasting FROM role_assignments \
         WHERE ends IS NULL GROUP BY role) c ON c.role = r.key WHERE r.lasting <> coalesce(c.lasting, 0) LIMIT 1000",
        |id, name| format!("The count of those who hold the role {id} (“{name}”) is wrong."),
    )?;
    pairs(
        conn,
        wrong,
        "counts",
        "SELECT s.slug AS one, s.name AS other FROM identity_stores s LEFT JOIN (SELECT store, count(*) AS organizations FROM organizations \
         GROUP BY store) c ON c.store = s.key WHERE s.organizations <> coalesce(c.organizations, 0) LIMIT 1000",
        |_, name| format!("The store “{name}” has another number of organizations than it says."),
    )?;
    pairs(
        conn,
        wrong,
        "counts",
        "SELECT o.id AS one, o.name AS other FROM organizations o LEFT JOIN (SELECT organization, count(*) AS members FROM memberships \
         GROUP BY organization) c ON c.organization = o.key WHERE o.members <> coalesce(c.members, 0) LIMIT 1000",
        |id, name| format!("The organization {id} (“{name}”) has another number of members than it says."),
    )?;
    pairs(
        conn,
        wrong,
        "counts",
        "SELECT a.id AS one, a.name AS other FROM accounts a LEFT JOIN (SELECT account, count(*) AS factors FROM authenticators \
         WHERE confirmed_at IS NOT NULL GROUP BY account) c ON c.account = a.key WHERE a.factors <> coalesce(c.factors, 0) LIMIT 1000",
        |id, name| format!("The account {id} (“{name}”) has another number of second factors than it says."),
    )?;
    pairs(
        conn,
        wrong,
        "first persons",
        "SELECT o.id AS one, o.name AS other FROM organizations o WHERE NOT o.peopled AND (EXISTS (SELECT 1 FROM memberships m \
         WHERE m.organization = o.key) OR EXISTS (SELECT 1 FROM role_assignments a WHERE a.organization = o.key)) LIMIT 1000",
        |id, name| {
            format!("The organization {id} (“{name}”) has members or assignments, but a stranger could still be its first person (A-7).")
        },
    )
}
