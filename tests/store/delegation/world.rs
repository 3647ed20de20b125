//! A brand of the naive rules as a world file.

use super::rules::{Brand, CELLS, LEAVES, Person};
use serde_json::{Value, json};

/// What an account signs in with.
pub fn email(who: usize) -> String {
    if who == 0 { "su@brand.example".to_owned() } else { format!("a{who}@x.example") }
}

fn path(brand: &Brand, place: usize) -> Vec<String> {
    let Some(parent) = brand.parent[place] else { return Vec::new() };
    let mut path = path(brand, parent);
    path.push(format!("O{place}"));
    path
}

/// A brand whose only grants are those of its super administrators; everybody has the password with this hash.
pub fn world(brand: &Brand, hash: &str) -> Value {
    let people = |of_root: bool| -> Vec<Value> {
        let chosen = brand.people.iter().enumerate().filter(|(_, person)| person.of_root == of_root);
        let one = |(who, person): (usize, &Person)| {
            let memberships: Vec<Value> =
                person.memberships.iter().map(|(place, _)| json!({ "organization": path(brand, *place) })).collect();
            json!({ "email": email(who), "name": format!("A{who}"), "status": "active", "memberships": memberships, "password_hash": hash })
        };
        chosen.map(one).collect()
    };
    let roles = brand.roles.iter().enumerate().map(|(number, cells)| {
        let cells: Vec<String> = (0..CELLS.len()).filter(|cell| cells & (1 << cell) != 0).map(|cell| CELLS[cell].0.code()).collect();
        json!({ "name": format!("Role {number}"), "rights": cells })
    });
    let organizations = brand.places().skip(1).map(|place| json!({ "path": path(brand, place) }));
    let administrator_roles = brand.administrator_roles.iter().enumerate().skip(1).map(|(number, (kind, leaves))| {
        let codes: Vec<&str> = (0..LEAVES.len()).filter(|leaf| leaves & (1 << leaf) != 0).map(|leaf| LEAVES[leaf].code).collect();
        json!({ "name": format!("Administrator {number}"), "kind": kind.word(), "permissions": codes })
    });
    let scopes = brand.scopes.iter().enumerate().map(|(number, (owner, reach))| {
        let store = (*owner > 0).then_some("Customers");
        json!({ "name": format!("Scope {number}"), "store": store, "organization": path(brand, *owner), "reach": reach.word() })
    });
    let grants = brand.grants.iter().map(|grant| json!({ "role": "Super administrator", "account": email(grant.who) }));
    json!({ "bailiwick": 1,
        "identity_stores": [{ "name": "Customers", "slug": "customers", "roles": roles.collect::<Vec<_>>(),
            "organizations": organizations.collect::<Vec<_>>(), "accounts": people(false) }],
        "root": { "accounts": people(true) },
        "administrator_roles": administrator_roles.collect::<Vec<_>>(),
        "scopes": scopes.collect::<Vec<_>>(),
        "grants": grants.collect::<Vec<_>>() })
}
