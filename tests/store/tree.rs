//! The tree: its closure, lineages, paths and depths (O-4).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    domain::{
        key::OrganizationKey,
        organization::path_text,
        permissions::{OrganizationView, RoleAssignmentEdit},
    },
    problem::Problem,
    store::organizations::{self, Node},
};
use serde_json::json;
use std::collections::BTreeSet;

/// The closure as the parents alone say it.
fn naive_closure(at: &Database) -> BTreeSet<(i64, i64, i64)> {
    let parents: Vec<(i64, i64)> = at
        .pairs("SELECT CAST(key AS text) AS t, coalesce(CAST(parent AS text), '0') AS u FROM organizations")
        .into_iter()
        .map(|(key, parent)| (key.parse().unwrap(), parent.parse().unwrap()))
        .collect();
    let parent_of = |key: i64| parents.iter().find(|(own, _)| *own == key).map_or(0, |(_, parent)| *parent);
    let mut closure = BTreeSet::new();
    for (key, _) in &parents {
        let (mut above, mut distance) = (*key, 0);
        while above != 0 {
            closure.insert((above, *key, distance));
            (above, distance) = (parent_of(above), distance + 1);
        }
    }
    closure
}

fn stored_closure(at: &Database) -> BTreeSet<(i64, i64, i64)> {
    at.texts(
        "SELECT CAST(ancestor AS text) || ' ' || CAST(descendant AS text) || ' ' || CAST(depth AS text) AS t FROM organization_closure",
    )
    .into_iter()
    .map(|row| {
        let mut numbers = row.split(' ').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap())
    })
    .collect()
}

/// Adds `Deep/L02/…/L64`: the last one stands 64 steps below root.
fn dig(at: &Database) -> Vec<String> {
    let names: Vec<String> = (1..=64).map(|level| if level == 1 { "Deep".to_owned() } else { format!("L{level:02}") }).collect();
    let organizations: Vec<_> = (1..=64).rev().map(|length| json!({ "path": names[..length] })).collect();
    at.import(json!({ "bailiwick": 1, "identity_stores": [{
        "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true, "organizations": organizations,
    }] }));
    names
}

#[test]
fn the_closure_says_what_the_parents_say() {
    for at in Database::each() {
        dig(&at);
        assert_eq!(stored_closure(&at), naive_closure(&at), "{}", at.name());
        let wrong = at.number("SELECT count(*) AS n FROM organizations o WHERE o.depth <> (SELECT max(c.depth) FROM organization_closure c WHERE c.descendant = o.key)");
        assert_eq!(wrong, 0, "depths on {}", at.name());
    }
}

#[test]
fn an_organization_64_deep_knows_everybody_above_it_and_the_top_everybody_below() {
    for at in Database::each() {
        let names = dig(&at);
        let permit = at.permit::<OrganizationView>(SUPER);
        let (top, bottom) = (at.organization("Deep"), at.organization(&names.join("/")));
        let lineage = at.db.read(&permit, |view| organizations::lineage_of(view, &bottom)).unwrap();
        assert_eq!(lineage.ancestors.len(), 65, "itself, 63 above it, and root");
        assert_eq!(lineage.ancestors.iter().map(|(_, distance)| *distance).collect::<Vec<_>>(), (0..=64).collect::<Vec<_>>());
        assert_eq!((lineage.distance_to(top.key), lineage.distance_to(bottom.key), lineage.is_root), (Some(63), Some(0), false));
        assert_eq!(lineage.distance_to(OrganizationKey(-1)), None);

        let path = at.db.read(&permit, |view| organizations::path(view, &bottom)).unwrap();
        assert_eq!(path_text(&path), names.join(" › "), "root is no step of a path");
        let (below, count) = at.db.read(&permit, |view| organizations::below(view, &top, 5)).unwrap();
        assert_eq!((below.len(), count), (5, 63));

        let forest = at.db.read(&permit, |view| organizations::forest(view, top.store)).unwrap();
        let mut node: &Node = forest.iter().find(|node| node.organization.id == top.id).unwrap();
        for _ in 1..64 {
            assert_eq!(node.children.len(), 1);
            node = &node.children[0];
        }
        assert_eq!(node.organization.id, bottom.id);
    }
}

#[test]
fn ancestors_and_paths_cost_one_query_however_deep() {
    for at in Database::each() {
        let names = dig(&at);
        let permit = at.permit::<OrganizationView>(SUPER);
        let cost = |path: &str| {
            let organization = at.organization(path);
            let before = at.db.queries();
            at.db
                .read(&permit, |view| {
                    organizations::lineage_of(view, &organization)?;
                    organizations::path(view, &organization)
                })
                .unwrap();
            at.db.queries() - before
        };
        assert_eq!(cost("Acme"), cost(&names.join("/")), "{}", at.name());
    }
}

#[test]
fn a_forest_hangs_from_the_topmost_that_one_may_see() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1,
            "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
                "accounts": [{ "email": "nell@acme.example", "name": "Nell", "status": "active", "memberships": [{ "organization": ["Acme"] }] }] }],
            "scopes": [{ "name": "Below North", "store": "Customers", "organization": ["Acme", "North"], "reach": "below" },
                { "name": "South", "store": "Customers", "organization": ["Acme", "South"], "reach": "this" }],
            "grants": [
                { "role": "Viewer", "store": "Customers", "account": "nell@acme.example",
                  "scope": { "store": "Customers", "organization": ["Acme", "North"], "name": "Below North" } },
                { "role": "Viewer", "store": "Customers", "account": "nell@acme.example",
                  "scope": { "store": "Customers", "organization": ["Acme", "South"], "name": "South" } }] }));
        let store = at.customers().key;
        let forest = at.db.read(&at.permit::<OrganizationView>("nell@acme.example"), |view| organizations::forest(view, store)).unwrap();
        let tops: Vec<(&str, &str)> = forest.iter().map(|node| (node.above.as_str(), node.organization.name.as_str())).collect();
        assert_eq!(tops, [("Acme", "South"), ("Acme › North", "Plant 7")], "{}", at.name());
        assert_eq!(forest[1].children.len(), 1);
    }
}

#[test]
fn what_lies_outside_is_not_found_and_what_is_only_seen_is_forbidden() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1,
            "scopes": [{ "name": "South", "store": "Customers", "organization": ["Acme", "South"], "reach": "this" }],
            "grants": [{ "role": "Helper", "store": "Customers", "account": "vera@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme", "South"], "name": "South" } }] }));
        let store = at.customers().key;
        let found = |who: &str, path: &str| {
            at.db
                .read(&at.permit::<RoleAssignmentEdit>(who), |view| organizations::find(view, store, &at.org(path)))
                .map(|found| found.name)
        };
        assert_eq!(found("vera@acme.example", "Acme/South").unwrap(), "South");
        assert!(matches!(found("vera@acme.example", "Acme/North"), Err(Problem::Forbidden(_))), "seen, not to be changed");
        assert!(matches!(found("vera@acme.example", "Globex"), Err(Problem::NotFound)), "not even seen");
        // An id of another store does not exist in this one.
        let partners = at.org_of("partners", "Zeta");
        let other = at.db.read(&at.permit::<OrganizationView>(SUPER), |view| organizations::find(view, store, &partners));
        assert!(matches!(other, Err(Problem::NotFound)));
        let root = at.texts("SELECT id AS t FROM organizations WHERE parent IS NULL").remove(0);
        let administrators = at.store("administrators").key;
        let seen = |who: &str| at.db.read(&at.permit::<OrganizationView>(who), |view| organizations::find(view, administrators, &root));
        assert!(seen(SUPER).is_ok());
        assert!(matches!(seen(INSIDE), Err(Problem::NotFound)), "a role of kind other never reaches root");
    }
}
