use super::*;
use crate::{
    access::Origin,
    clock::{Chance, Clock},
    domain::world::World,
    store::check,
};
use diesel::prelude::*;
use serde_json::{Value, json};

/// The example of http.md.
const EXAMPLE: &str = r#"{ "bailiwick": 1,
  "identity_stores": [ { "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
      "attributes": [ { "key": "department", "label": "Department", "type": "text", "portal_visible": true, "portal_editable": false } ],
      "groups": [ { "name": "Beta testers" } ],
      "roles": [ { "name": "Customer support", "description": "", "auto_every": false, "auto_first": false,
                   "rights": ["account_management:READ", "account_authenticators:WRITE"] } ],
      "organizations": [ { "path": ["Acme"], "description": "", "status": "active" }, { "path": ["Acme", "North"] } ],
      "accounts": [ { "email": "ann@acme.example", "username": "ann", "name": "Ann", "password": "copper kettle sings 7 times", "status": "active",
                      "attributes": { "department": "IT" }, "groups": ["Beta testers"],
                      "memberships": [ { "organization": ["Acme", "North"], "status": "active" } ] } ],
      "role_assignments": [ { "role": "Customer support", "organization": ["Acme"], "account": "ann@acme.example",
                              "starts": null, "ends": null, "reason": "" } ] } ],
  "root": { "accounts": [ { "email": "su@brand.example", "name": "Su", "password": "seven brass lanterns at dusk" } ] },
  "administrator_roles": [ { "name": "User manager", "kind": "other", "description": "", "permissions": ["user.view", "user.edit"] } ],
  "scopes": [ { "name": "All of Acme", "store": "Customers", "organization": ["Acme"], "reach": "this_and_below", "access_roles": "all" } ],
  "grants": [ { "role": "Super administrator", "account": "su@brand.example" },
              { "role": "User manager", "account": "ann@acme.example", "store": "Customers", "cascading": true, "key": "g1", "through": null,
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" }, "starts": null, "ends": null, "reason": "" } ],
  "applications": [], "access_roles": [], "organization_access_roles": [], "access_role_assignments": [], "invitations": [] }"#;

/// Runs the test on a fresh SQLite database and, where `BAILIWICK_TEST_POSTGRES` names a maintenance database, on a
/// fresh PostgreSQL database.
pub(in crate::store) fn on_every(test: impl Fn(&Db)) {
    let dir = tempfile::tempdir().unwrap();
    test(&open(&format!("sqlite:{}", dir.path().join("t.db").display())));
    if let Ok(maintenance) = std::env::var("BAILIWICK_TEST_POSTGRES") {
        let name = Chance::system().id("bailiwick_test");
        let mut conn = diesel::PgConnection::establish(&maintenance).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (server, _) = maintenance.rsplit_once('/').unwrap();
        test(&open(&format!("{server}/{name}")));
        conn.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    }
}

fn open(url: &str) -> Db {
    let db = Db::open(url, 4, Clock::system(), Chance::system()).unwrap();
    db.migrate().unwrap();
    db.ensure_ground().unwrap();
    db
}

pub(in crate::store) fn example() -> World {
    serde_json::from_str(EXAMPLE).unwrap()
}

fn hash(password: &str) -> Result<String, Problem> {
    Ok(format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${:x}", password.len()))
}

pub(in crate::store) fn import(db: &Db, file: &World) -> Imported {
    db.import(&system::world(Origin::default()), file, false, &hash, &mut |_| {}).unwrap()
}

fn export_of(db: &Db, with_secrets: bool) -> World {
    db.read(&system::world(Origin::default()), |view| export(view, with_secrets)).unwrap()
}

fn sound(db: &Db) {
    assert_eq!(db.read(&system::checking(Origin::default()), check::check).unwrap(), Vec::<String>::new());
}

/// The example with one part other: a pointer and a value; a null takes the part away.
fn with(changes: &[(&str, Value)]) -> World {
    let mut value: Value = serde_json::from_str(EXAMPLE).unwrap();
    for (pointer, change) in changes {
        let (above, last) = pointer.rsplit_once('/').unwrap();
        match value.pointer_mut(above).unwrap() {
            Value::Object(object) if change.is_null() => drop(object.remove(last)),
            Value::Object(object) => drop(object.insert(last.into(), change.clone())),
            Value::Array(array) if last == "-" => array.push(change.clone()),
            Value::Array(array) => array[last.parse::<usize>().unwrap()] = change.clone(),
            _ => panic!("{pointer}"),
        }
    }
    serde_json::from_value(value).unwrap()
}

/// Without ids, which every installation makes for itself.
fn plain(world: &World) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.remove("id");
                object.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(world).unwrap();
    strip(&mut value);
    value
}

/// Something of everything.
fn rich() -> World {
    let mut world = with(&[
        ("/root/name", json!("Brand")),
        ("/root/accounts/-", json!({ "username": "kim", "name": "Kim", "memberships": [{ "organization": [], "status": "blocked" }] })),
        (
            "/identity_stores/-",
            json!({ "name": "Partners", "slug": "partners", "organizations": [{ "path": ["Acme"] }, { "path": ["Zeta", "Acme"] }, { "path": ["Zeta"], "status": "inactive" }],
            "accounts": [{ "email": "ann@acme.example", "name": "Ann of the partners" }] }),
        ),
        (
            "/identity_stores/0/attributes/-",
            json!({ "key": "size", "label": "Size", "type": "choice", "choices": ["S", "M"], "portal_visible": true, "portal_editable": true, "required": true, "personal": true }),
        ),
        (
            "/identity_stores/0/organizations/-",
            json!({ "path": ["Béta GmbH"], "description": "two\nlines", "external_id": "B-1", "metadata": { "crm.id": "7" }, "self_registration": false }),
        ),
        (
            "/identity_stores/0/accounts/-",
            json!({ "username": "bob", "name": "Bob", "status": "disabled", "locked_until": "2031-01-01T00:00:00Z", "last_sign_in": "2026-01-02T03:04:05.678901Z",
            "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", "change_password": true, "attributes": { "size": "M" },
            "memberships": [{ "organization": ["Béta GmbH"], "status": "blocked" }, { "organization": ["Acme"] }] }),
        ),
        (
            "/identity_stores/0/accounts/-",
            json!({ "email": "cara@acme.example", "username": "cara", "name": "Cara", "status": "active",
            "changes": [{ "kind": "email", "value": "cara.new@acme.example", "by": "Su", "asked": "2026-01-02T03:04:05.678901Z", "until": "2031-01-01T00:00:00Z" },
                { "kind": "username", "value": "cara.new", "until": "2031-01-01T00:00:00Z" }],
            "verification": { "status": "verified", "by": "Su", "how": "hand", "reason": "Showed her passport.", "at": "2026-01-02T03:04:05.678901Z" },
            "authenticators": [{ "type": "email", "value": "cara@home.example", "confirmed": "2026-01-02T03:04:05Z" },
                { "type": "phone", "value": "+4533123456", "added_by": "Su", "added": "2026-01-02T03:04:05Z" }] }),
        ),
        (
            "/identity_stores/0/accounts/-",
            json!({ "email": "dan@acme.example", "name": "Dan", "status": "active", "unconfirmed": ["email"],
            "changes": [{ "kind": "email", "value": "dan@acme.example", "by": "Su", "until": "2031-01-01T00:00:00Z" }],
            "verification": { "status": "revoked", "at": "2026-01-02T03:04:05Z" } }),
        ),
        ("/identity_stores/0/organizations/0/join_code", json!("ABCDE23456")),
        ("/identity_stores/0/organizations/-", json!({ "path": ["Left"], "peopled": true })),
        (
            "/invitations/-",
            json!({ "email": "Eve@new.example", "store": "Customers", "organization": ["Acme", "North"], "invited_by": "su@brand.example",
            "message": "Come and join us.", "roles": ["Customer support"], "attributes": { "size": "S" }, "groups": ["Beta testers"],
            "created": "2026-01-02T03:04:05.678901Z", "sent": "2026-01-03T03:04:05Z", "valid_until": "2031-01-01T00:00:00Z" }),
        ),
        (
            "/invitations/-",
            json!({ "email": "Eve@new.example", "store": "Customers", "organization": ["Acme", "North"], "status": "withdrawn",
            "invited_by": "ann", "invited_by_store": "Customers", "invited_by_name": "Ann Before", "portal": true,
            "created": "2026-01-01T03:04:05Z", "settled": "2026-01-02T03:04:05Z" }),
        ),
        (
            "/invitations/-",
            json!({ "email": "fay@new.example", "organization": [], "invited_by_name": "Somebody Gone", "created": "2026-01-01T03:04:05Z" }),
        ),
        (
            "/identity_stores/0/role_assignments/-",
            json!({ "role": "Customer support", "organization": ["Acme", "North"], "account": "bob", "starts": "2026-01-01T00:00:00Z", "ends": "2031-01-01T00:00:00Z", "reason": "holiday" }),
        ),
        ("/administrator_roles/-", json!({ "name": "Root helper", "kind": "root", "permissions": ["application.view", "user.view"] })),
        ("/scopes/-", json!({ "name": "Everything", "organization": [], "reach": "below" })),
        ("/scopes/-", json!({ "name": "North only", "store": "Customers", "organization": ["Acme", "North"], "reach": "this" })),
        (
            "/grants/-",
            json!({ "role": "Root helper", "account": "kim", "cascading": true, "key": "top", "scope": { "organization": [], "name": "Everything" } }),
        ),
        (
            "/grants/-",
            json!({ "role": "User manager", "account": "bob", "store": "Customers", "through": "g1", "ends": "2031-01-01T00:00:00Z", "reason": "cover",
            "scope": { "store": "Customers", "organization": ["Acme", "North"], "name": "North only" } }),
        ),
    ]);
    // Order does not matter: what is named comes later than what names it.
    world.grants.reverse();
    world.identity_stores[0].organizations.reverse();
    world
}

#[test]
fn the_example_goes_in_and_a_second_time_changes_nothing() {
    on_every(|db| {
        let mut file = example();
        let Imported::Done(summary) = import(db, &file) else { panic!("faulty") };
        assert_eq!(summary.counts().map(|(_, count)| count.added), [1, 1, 2, 2, 2, 1, 1, 1, 2, 0]);
        sound(db);
        for account in file.identity_stores.iter_mut().flat_map(|store| &mut store.accounts).chain(&mut file.root.accounts) {
            account.password = None;
        }
        assert_eq!(import(db, &file), Imported::Done(Summary::default()));
    });
}

#[test]
fn what_goes_out_goes_in_elsewhere_and_comes_out_the_same() {
    on_every(|db| {
        let imported = import(db, &rich());
        assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
        sound(db);
        let (secret, open) = (export_of(db, true), export_of(db, false));
        assert_eq!(import(db, &open), Imported::Done(Summary::default()), "its own export changes nothing");
        assert_eq!(import(db, &secret), Imported::Done(Summary::default()));
        assert!(!serde_json::to_string(&open).unwrap().contains("argon2id"));
        on_every(|other| {
            let imported = import(other, &serde_json::from_value(serde_json::to_value(&secret).unwrap()).unwrap());
            assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
            sound(other);
            assert_eq!(plain(&export_of(other, true)), plain(&secret));
            assert_eq!(plain(&export_of(other, false)), plain(&open));
        });
    });
}

#[test]
fn a_change_of_everything_is_found_and_written() {
    on_every(|db| {
        import(db, &rich());
        let mut file = export_of(db, false);
        file.root.name = Some("Brand new".into());
        let store = &mut file.identity_stores[0];
        store.self_registration = false;
        store.attributes[0].label = "Dept".into();
        store.groups[0].name = "Beta Testers".into();
        store.roles[0].description = "Helps.".into();
        store.organizations[0].description = "A rocket maker.".into();
        store.accounts[0].username = Some("anna".into());
        store.accounts[0].groups[0] = "Beta Testers".into();
        let bob = store.accounts.iter_mut().find(|account| account.username.as_deref() == Some("bob")).unwrap();
        bob.email = None;
        bob.memberships[0].status = "blocked".into();
        let cara = store.accounts.iter_mut().find(|account| account.username.as_deref() == Some("cara")).unwrap();
        cara.changes[0].value = "cara.other@acme.example".into();
        cara.verification.as_mut().unwrap().reason = "Showed her driving licence.".into();
        cara.authenticators[1].confirmed = Some("2026-01-03T00:00:00Z".into());
        store.role_assignments[0].reason = "changed".into();
        file.administrator_roles[1].permissions.push("user.block".into());
        file.scopes[0].description = "All.".into();
        file.grants[0].reason = "changed".into();
        let waits = file.invitations.iter_mut().find(|invitation| !invitation.roles.is_empty()).unwrap();
        waits.message = "Come soon.".into();
        waits.roles.clear();
        waits.groups[0] = "Beta Testers".into();
        let Imported::Done(summary) = import(db, &file) else { panic!("faulty") };
        assert_eq!(
            summary.counts().map(|(_, count)| (count.added, count.changed)),
            [(0, 1), (0, 1), (0, 2), (0, 2), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)]
        );
        sound(db);
        assert_eq!(plain(&export_of(db, false)), {
            let mut file = plain(&file);
            // Stored in the order of the tree.
            file["administrator_roles"][1]["permissions"] = json!(["user.view", "user.edit", "user.block"]);
            file
        });
    });
}

#[test]
fn an_identifier_that_one_account_gives_up_another_may_take_in_the_same_file() {
    on_every(|db| {
        import(db, &rich());
        let imported = import(
            db,
            &with(&[
                ("/identity_stores/0/accounts/-", json!({ "email": "new@acme.example", "username": "ann", "name": "Another Ann" })),
                ("/identity_stores/0/accounts/0/username", json!("ann.old")),
            ]),
        );
        assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
        sound(db);
    });
}

#[test]
fn no_file_brings_a_link_lets_count_what_waits_or_revives_what_is_over() {
    on_every(|db| {
        import(db, &rich());
        let number = |sql: &str| crate::store::sql::Sql::new(sql).number(&mut db.conn().unwrap()).unwrap();
        let run = |sql: &str| db.conn().unwrap().batch_execute(sql).unwrap();
        assert_eq!(number("SELECT count(*) AS n FROM invitations WHERE token IS NOT NULL"), 0);
        let counting = "SELECT count(*) AS n FROM identifiers WHERE confirmed AND folded IN ('cara@acme.example', 'cara')";
        let waiting = "SELECT count(*) AS n FROM identifiers WHERE NOT confirmed \
             AND folded IN ('cara.new@acme.example', 'cara.new', 'dan@acme.example')";
        assert_eq!((number(counting), number(waiting)), (2, 3));
        let mut old = export_of(db, false);
        run("UPDATE invitations SET status = 'withdrawn', settled_at = 1 WHERE status = 'pending' AND email = 'Eve@new.example'");
        run("UPDATE authenticators SET confirmed_at = 1 WHERE type = 'phone'");
        for organization in &mut old.identity_stores[0].organizations {
            organization.peopled = false;
        }
        assert_eq!(import(db, &old), Imported::Done(Summary::default()));
        assert_eq!(number("SELECT count(*) AS n FROM invitations WHERE status = 'pending'"), 1);
        assert_eq!(number("SELECT count(*) AS n FROM authenticators WHERE confirmed_at IS NULL"), 0);
        assert_eq!(number("SELECT count(*) AS n FROM organizations WHERE name = 'Left' AND peopled"), 1);
        // What is to become somebody's address names nobody yet.
        let taken = with(&[("/identity_stores/0/accounts/-", json!({ "email": "cara.new@acme.example", "name": "Somebody else" }))]);
        let Imported::Faulty(faults) = import(db, &taken) else { panic!("taken over") };
        assert_eq!(faults[0].at, "/identity_stores/0/accounts/1/email");
        sound(db);
    });
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    for pointer in ["/identity_stores/0/accounts/2/changes/0", "/identity_stores/0/accounts/2/verification", "/invitations/0"] {
        let mut world = serde_json::to_value(rich()).unwrap();
        world.pointer_mut(pointer).unwrap()["token"] = json!("x");
        assert!(serde_json::from_value::<World>(world).is_err(), "{pointer}");
    }
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    on_every(|db| {
        let dry = db.import(&system::world(Origin::default()), &example(), true, &hash, &mut |_| {}).unwrap();
        assert!(export_of(db, false).identity_stores.is_empty());
        assert_eq!(import(db, &example()), dry);
    });
}

#[test]
fn every_fault_is_named_with_its_place_and_nothing_is_stored() {
    let account = |more: Value| {
        let mut account = json!({ "email": "bob@acme.example", "name": "Bob" });
        account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/identity_stores/0/accounts/-", account)
    };
    let grant = |more: Value| {
        let mut grant = json!({ "role": "User manager", "account": "su@brand.example", "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } });
        grant.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/grants/-", grant)
    };
    let organization = |more: Value| {
        let mut organization = json!({ "path": ["Beta"] });
        organization.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/identity_stores/0/organizations/-", organization)
    };
    let assignment = |more: Value| {
        let mut assignment = json!({ "role": "Customer support", "organization": ["Acme", "North"], "account": "ann" });
        assignment.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/identity_stores/0/role_assignments/-", assignment)
    };
    let attribute = |more: Value| {
        let mut attribute = json!({ "key": "size", "label": "Size", "type": "text" });
        attribute.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/identity_stores/0/attributes/-", attribute)
    };
    let store = |more: Value| {
        let mut store = json!({ "name": "Other", "slug": "other" });
        store.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/identity_stores/-", store)
    };
    let invitation = |more: Value| {
        let mut invitation =
            json!({ "email": "new@acme.example", "store": "Customers", "organization": ["Acme"], "invited_by": "su@brand.example" });
        invitation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/invitations/-", invitation)
    };
    let many: serde_json::Map<String, Value> = (0..51).map(|number| (format!("k{number}"), json!("v"))).collect();
    let circle = [
        grant(json!({ "key": "a", "through": "b", "cascading": true })),
        grant(json!({ "account": "kim", "key": "b", "through": "a", "cascading": true })),
    ];
    let kim = ("/root/accounts/-", json!({ "username": "kim", "name": "Kim" }));
    let blocked = ("/root/accounts/0/memberships", json!([{ "organization": [], "status": "blocked" }]));
    let narrow = ("/scopes/-", json!({ "name": "Low", "store": "Customers", "organization": ["Acme", "North"], "reach": "this" }));
    type Case<'a> = (Vec<(&'a str, Value)>, &'a [&'a str]);
    let cases: Vec<Case> = vec![
        (vec![("/bailiwick", json!(2))], &["/bailiwick"]),
        (vec![("/applications", json!([{}]))], &["/applications"]),
        (vec![("/access_roles", json!([1]))], &["/access_roles"]),
        (vec![("/organization_access_roles", json!([1]))], &["/organization_access_roles"]),
        (vec![("/access_role_assignments", json!([1]))], &["/access_role_assignments"]),
        // Stores.
        (vec![store(json!({ "name": "administrators" }))], &["/identity_stores/1/name"]),
        (vec![store(json!({ "slug": "administrators" }))], &["/identity_stores/1/slug"]),
        (vec![store(json!({ "slug": "new" }))], &["/identity_stores/1/slug"]),
        (vec![store(json!({ "slug": "customers" }))], &["/identity_stores/1/slug"]),
        (vec![store(json!({ "name": "CUSTOMERS" }))], &["/identity_stores/1/name"]),
        (vec![store(json!({ "name": "x" }))], &["/identity_stores/1/name"]),
        (vec![attribute(json!({ "key": "Not good" }))], &["/identity_stores/0/attributes/1/key"]),
        (vec![attribute(json!({ "key": "department" }))], &["/identity_stores/0/attributes/1/key"]),
        (vec![attribute(json!({ "type": "colour" }))], &["/identity_stores/0/attributes/1/type"]),
        (vec![attribute(json!({ "type": "choice" }))], &["/identity_stores/0/attributes/1/choices"]),
        (vec![attribute(json!({ "label": "" }))], &["/identity_stores/0/attributes/1/label"]),
        (vec![attribute(json!({ "portal_editable": true }))], &["/identity_stores/0/attributes/1/portal_editable"]),
        (vec![("/identity_stores/0/groups/-", json!({ "name": "beta testers" }))], &["/identity_stores/0/groups/1/name"]),
        (vec![("/identity_stores/0/roles/0/rights", json!([]))], &["/identity_stores/0/roles/0/rights"]),
        (vec![("/identity_stores/0/roles/0/rights/0", json!("x:READ"))], &["/identity_stores/0/roles/0/rights/0"]),
        (
            vec![("/identity_stores/0/roles/-", json!({ "name": "CUSTOMER support", "rights": ["account_management:READ"] }))],
            &["/identity_stores/0/roles/1/name"],
        ),
        (vec![("/identity_stores/0/roles/0/description", json!("x".repeat(1025)))], &["/identity_stores/0/roles/0/description"]),
        // One fault is not said again by everything that names the thing.
        (vec![("/identity_stores/0/slug", json!("NO"))], &["/identity_stores/0/slug"]),
        (vec![("/identity_stores/0/organizations/0/status", json!("off"))], &["/identity_stores/0/organizations/0/status"]),
        (vec![("/identity_stores/0/accounts/0/name", json!(""))], &["/identity_stores/0/accounts/0/name"]),
        (vec![("/identity_stores/0/attributes/0/type", json!("colour"))], &["/identity_stores/0/attributes/0/type"]),
        (
            vec![("/identity_stores/0/groups/0/name", json!(""))],
            &["/identity_stores/0/groups/0/name", "/identity_stores/0/accounts/0/groups/0"],
        ),
        (vec![("/administrator_roles/0/kind", json!("x"))], &["/administrator_roles/0/kind"]),
        (vec![("/scopes/0/reach", json!("x"))], &["/scopes/0/reach"]),
        // Organizations.
        (vec![organization(json!({ "path": [] }))], &["/identity_stores/0/organizations/2/path"]),
        (vec![organization(json!({ "path": ["None", "Here"] }))], &["/identity_stores/0/organizations/2/path"]),
        (vec![organization(json!({ "path": ["ACME"] }))], &["/identity_stores/0/organizations/2/path"]),
        (vec![organization(json!({ "path": ["x"] }))], &["/identity_stores/0/organizations/2/path"]),
        (vec![organization(json!({ "status": "off" }))], &["/identity_stores/0/organizations/2/status"]),
        (vec![organization(json!({ "description": "x".repeat(1025) }))], &["/identity_stores/0/organizations/2/description"]),
        (vec![organization(json!({ "metadata": { "Bad/Key": "v" } }))], &["/identity_stores/0/organizations/2/metadata/Bad~1Key"]),
        (vec![organization(json!({ "metadata": { "k": 7 } }))], &["/identity_stores/0/organizations/2/metadata/k"]),
        (vec![organization(json!({ "metadata": { "k": "v".repeat(513) } }))], &["/identity_stores/0/organizations/2/metadata/k"]),
        (vec![organization(json!({ "metadata": many }))], &["/identity_stores/0/organizations/2/metadata"]),
        // Accounts.
        (vec![account(json!({ "email": "bob" }))], &["/identity_stores/0/accounts/1/email"]),
        (vec![account(json!({ "email": null }))], &["/identity_stores/0/accounts/1"]),
        (vec![account(json!({ "email": "ANN@acme.example" }))], &["/identity_stores/0/accounts/1/email"]),
        (vec![account(json!({ "username": "Ann" }))], &["/identity_stores/0/accounts/1/username"]),
        (vec![account(json!({ "username": "bob@acme.example" }))], &["/identity_stores/0/accounts/1/username"]),
        (vec![account(json!({ "name": " " }))], &["/identity_stores/0/accounts/1/name"]),
        (vec![account(json!({ "status": "gone" }))], &["/identity_stores/0/accounts/1/status"]),
        (
            vec![account(json!({ "status": "invited", "password": "copper kettle sings 7 times" }))],
            &["/identity_stores/0/accounts/1/status"],
        ),
        (vec![account(json!({ "password": "password1234" }))], &["/identity_stores/0/accounts/1/password"]),
        (vec![account(json!({ "password": "short" }))], &["/identity_stores/0/accounts/1/password"]),
        (vec![account(json!({ "password_hash": "$2b$12$abc" }))], &["/identity_stores/0/accounts/1/password_hash"]),
        (vec![account(json!({ "locked_until": "tomorrow" }))], &["/identity_stores/0/accounts/1/locked_until"]),
        (vec![account(json!({ "attributes": { "shoe": "42" } }))], &["/identity_stores/0/accounts/1/attributes/shoe"]),
        (vec![account(json!({ "attributes": { "department": 42 } }))], &["/identity_stores/0/accounts/1/attributes/department"]),
        (vec![account(json!({ "groups": ["Nobody"] }))], &["/identity_stores/0/accounts/1/groups/0"]),
        (vec![account(json!({ "memberships": [{ "organization": [] }] }))], &["/identity_stores/0/accounts/1/memberships/0/organization"]),
        (
            vec![account(json!({ "memberships": [{ "organization": ["Beta"] }] }))],
            &["/identity_stores/0/accounts/1/memberships/0/organization"],
        ),
        (
            vec![account(json!({ "memberships": [{ "organization": ["Acme"], "status": "x" }] }))],
            &["/identity_stores/0/accounts/1/memberships/0/status"],
        ),
        (vec![("/root/accounts/0/memberships", json!([{ "organization": ["Acme"] }]))], &["/root/accounts/0/memberships/0/organization"]),
        (vec![("/root/name", json!("x"))], &["/root/name"]),
        (vec![organization(json!({ "join_code": "short" }))], &["/identity_stores/0/organizations/2/join_code"]),
        (
            vec![
                organization(json!({ "join_code": "ABCDE23456" })),
                organization(json!({ "path": ["Gamma"], "join_code": "abcde 23456" })),
            ],
            &["/identity_stores/0/organizations/3/join_code"],
        ),
        (
            vec![account(json!({ "authenticators": [{ "type": "phone", "value": "+4533123456" }] }))],
            &["/identity_stores/0/accounts/1/authenticators"],
        ),
        (
            vec![account(json!({ "status": "active", "authenticators": [{ "type": "fax", "value": "+4533123456" }] }))],
            &["/identity_stores/0/accounts/1/authenticators/0/type"],
        ),
        (
            vec![account(json!({ "status": "active", "authenticators": [{ "type": "phone", "value": "33" }] }))],
            &["/identity_stores/0/accounts/1/authenticators/0/value"],
        ),
        (
            vec![account(json!({ "status": "active", "changes": [{ "kind": "name", "value": "Bob" }] }))],
            &["/identity_stores/0/accounts/1/changes/0/kind"],
        ),
        (
            vec![account(json!({ "status": "active", "changes": [{ "kind": "email", "value": "ANN@acme.example" }] }))],
            &["/identity_stores/0/accounts/1/changes/0/value"],
        ),
        // What waits never counts.
        (
            vec![account(json!({ "status": "active", "changes": [{ "kind": "email", "value": "bob@acme.example" }] }))],
            &["/identity_stores/0/accounts/1/changes/0/value"],
        ),
        (
            vec![account(
                json!({ "status": "active", "unconfirmed": ["email"], "changes": [{ "kind": "email", "value": "b@acme.example" }] }),
            )],
            &["/identity_stores/0/accounts/1/changes/0/value"],
        ),
        (vec![account(json!({ "verification": { "status": "maybe" } }))], &["/identity_stores/0/accounts/1/verification/status"]),
        (
            vec![account(json!({ "verification": { "status": "verified", "how": "guess" } }))],
            &["/identity_stores/0/accounts/1/verification/how"],
        ),
        // Invitations.
        (vec![invitation(json!({ "email": "new" }))], &["/invitations/0/email"]),
        (vec![invitation(json!({ "status": "gone" }))], &["/invitations/0/status"]),
        (vec![invitation(json!({ "store": null }))], &["/invitations/0/store"]),
        (vec![invitation(json!({ "organization": ["Beta"] }))], &["/invitations/0/organization"]),
        (vec![invitation(json!({ "invited_by": "nobody" }))], &["/invitations/0/invited_by"]),
        (vec![invitation(json!({ "invited_by_store": "None" }))], &["/invitations/0/invited_by_store"]),
        (vec![invitation(json!({ "roles": ["None"] }))], &["/invitations/0/roles/0"]),
        (vec![invitation(json!({ "roles": ["Customer support"], "portal": true }))], &["/invitations/0/roles/0"]),
        (vec![invitation(json!({ "groups": ["None"] }))], &["/invitations/0/groups/0"]),
        (vec![invitation(json!({ "attributes": { "shoe": "42" } }))], &["/invitations/0/attributes/shoe"]),
        (vec![invitation(json!({ "valid_until": "soon" }))], &["/invitations/0/valid_until"]),
        (vec![invitation(json!({})), invitation(json!({ "email": "NEW@acme.example" }))], &["/invitations/1/email"]),
        // Role assignments.
        (vec![assignment(json!({ "role": "None" }))], &["/identity_stores/0/role_assignments/1/role"]),
        (vec![assignment(json!({ "organization": [] }))], &["/identity_stores/0/role_assignments/1/organization"]),
        (vec![assignment(json!({ "organization": ["Beta"] }))], &["/identity_stores/0/role_assignments/1/organization"]),
        (vec![assignment(json!({ "account": "su@brand.example" }))], &["/identity_stores/0/role_assignments/1/account"]),
        (
            vec![assignment(json!({ "starts": "2026-01-02T00:00:00Z", "ends": "2026-01-02T00:00:00Z" }))],
            &["/identity_stores/0/role_assignments/1/ends"],
        ),
        (vec![assignment(json!({ "starts": "2026-01-02" }))], &["/identity_stores/0/role_assignments/1/starts"]),
        (vec![assignment(json!({ "reason": "x".repeat(513) }))], &["/identity_stores/0/role_assignments/1/reason"]),
        (vec![assignment(json!({ "organization": ["acme"] }))], &["/identity_stores/0/role_assignments/1"]),
        // Administrator roles.
        (
            vec![("/administrator_roles/-", json!({ "name": "super ADMINISTRATOR", "kind": "root", "permissions": ["user.view"] }))],
            &["/administrator_roles/1/name"],
        ),
        (
            vec![("/administrator_roles/-", json!({ "name": "user manager", "kind": "other", "permissions": ["user.view"] }))],
            &["/administrator_roles/1/name"],
        ),
        (
            vec![("/administrator_roles/-", json!({ "name": "More", "kind": "super", "permissions": ["user.view"] }))],
            &["/administrator_roles/1/kind"],
        ),
        (
            vec![("/administrator_roles/-", json!({ "name": "More", "kind": "root", "permissions": [] }))],
            &["/administrator_roles/1/permissions"],
        ),
        (
            vec![("/administrator_roles/-", json!({ "name": "More", "kind": "root", "permissions": ["user.fly"] }))],
            &["/administrator_roles/1/permissions/0"],
        ),
        (
            vec![("/administrator_roles/-", json!({ "name": "More", "kind": "other", "permissions": ["user.view", "application.view"] }))],
            &["/administrator_roles/1/permissions/1"],
        ),
        // Scopes.
        (vec![("/scopes/0/access_roles", json!([]))], &["/scopes/0/access_roles"]),
        (vec![("/scopes/-", json!({ "name": "More", "organization": ["Acme"], "reach": "this" }))], &["/scopes/1/store"]),
        (vec![("/scopes/-", json!({ "name": "More", "store": "None", "organization": ["Acme"], "reach": "this" }))], &["/scopes/1/store"]),
        (vec![("/scopes/-", json!({ "name": "More", "store": "Customers", "organization": [], "reach": "this" }))], &["/scopes/1/store"]),
        (
            vec![("/scopes/-", json!({ "name": "More", "store": "Customers", "organization": ["Beta"], "reach": "this" }))],
            &["/scopes/1/organization"],
        ),
        (vec![("/scopes/-", json!({ "name": "More", "organization": [], "reach": "far" }))], &["/scopes/1/reach"]),
        (
            vec![("/scopes/-", json!({ "name": "all of acme", "store": "Customers", "organization": ["Acme"], "reach": "this" }))],
            &["/scopes/1/name"],
        ),
        // Grants.
        (vec![grant(json!({ "role": "None" }))], &["/grants/2/role"]),
        (vec![grant(json!({ "account": "ann" }))], &["/grants/2/account"]),
        (vec![grant(json!({ "store": "None" }))], &["/grants/2/store"]),
        (vec![grant(json!({ "scope": null }))], &["/grants/2/scope"]),
        (vec![grant(json!({ "scope": { "store": "Customers", "organization": ["Acme"], "name": "None" } }))], &["/grants/2/scope/name"]),
        (vec![grant(json!({ "ends": "2026-01-01T00:00:00Z", "starts": "2027-01-01T00:00:00Z" }))], &["/grants/2/ends"]),
        (vec![grant(json!({ "account": "ann", "store": "Customers" }))], &["/grants/2"]),
        (vec![grant(json!({ "key": "g1" }))], &["/grants/2/key"]),
        (vec![grant(json!({ "through": "g7" }))], &["/grants/2/through"]),
        ([vec![kim.clone()], circle.to_vec()].concat(), &["/grants/2/through", "/grants/3/through"]),
        (vec![("/grants/1/cascading", json!(false)), grant(json!({ "through": "g1" }))], &["/grants/2/through"]),
        (
            vec![
                narrow.clone(),
                grant(
                    json!({ "account": "ann", "store": "Customers", "through": "g1", "scope": { "store": "Customers", "organization": ["Acme", "North"], "name": "Low" } }),
                ),
            ],
            &["/grants/2/account"],
        ),
        (
            vec![
                ("/scopes/0/reach", json!("this")),
                narrow.clone(),
                grant(json!({ "through": "g1", "scope": { "store": "Customers", "organization": ["Acme", "North"], "name": "Low" } })),
            ],
            &["/grants/2/scope"],
        ),
        (vec![("/grants/1/ends", json!("2027-01-01T00:00:00Z")), grant(json!({ "through": "g1" }))], &["/grants/2/ends"]),
        (vec![("/grants/1/starts", json!("2027-01-01T00:00:00Z")), grant(json!({ "through": "g1" }))], &["/grants/2/starts"]),
        (
            vec![
                ("/administrator_roles/-", json!({ "name": "More", "kind": "other", "permissions": ["user.view"] })),
                grant(json!({ "through": "g1", "role": "More" })),
            ],
            &["/grants/2/through"],
        ),
        (vec![("/grants/0/cascading", json!(true))], &["/grants/0/cascading"]),
        (vec![("/grants/0/scope", json!({ "store": "Customers", "organization": ["Acme"], "name": "All of Acme" }))], &["/grants/0/scope"]),
        (vec![("/grants/0/through", json!("g1"))], &["/grants/0/through"]),
        (vec![("/grants/0/account", json!("ann")), ("/grants/0/store", json!("Customers"))], &["/grants/0/account"]),
        (vec![blocked], &["/grants/0/account"]),
    ];
    on_every(|db| {
        for (changes, places) in &cases {
            let file = with(changes);
            match import(db, &file) {
                Imported::Faulty(faults) => {
                    assert_eq!(faults.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(), *places, "{changes:?}: {faults:?}");
                }
                Imported::Done(_) => panic!("{changes:?} went in"),
            }
        }
        let stored = export_of(db, true);
        assert!(
            stored.identity_stores.is_empty() && stored.root.accounts.is_empty() && stored.scopes.is_empty() && stored.grants.is_empty()
        );
        sound(db);
    });
}

#[test]
fn what_is_there_sets_limits_too() {
    let bare = |value: Value| -> World { serde_json::from_value(value).unwrap() };
    let cases = [
        (json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "other" }] }), "/identity_stores/0/slug"),
        (json!({ "bailiwick": 1, "identity_stores": [{ "name": "Other", "slug": "customers" }] }), "/identity_stores/0/slug"),
        (
            json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "attributes": [{ "key": "department", "label": "D", "type": "date" }] }] }),
            "/identity_stores/0/attributes/0/type",
        ),
        (
            json!({ "bailiwick": 1, "administrator_roles": [{ "name": "User manager", "kind": "root", "permissions": ["user.view"] }] }),
            "/administrator_roles/0/kind",
        ),
        // D-5: the last one that can be relied on.
        (json!({ "bailiwick": 1, "root": { "accounts": [{ "email": "su@brand.example", "name": "Su", "status": "disabled" }] } }), "/root"),
        (
            json!({ "bailiwick": 1, "root": { "accounts": [{ "email": "su@brand.example", "name": "Su", "memberships": [{ "organization": [], "status": "blocked" }] }] } }),
            "/root",
        ),
        (
            json!({ "bailiwick": 1, "grants": [{ "role": "Super administrator", "account": "su@brand.example", "ends": "2100-01-01T00:00:00Z" }] }),
            "/root",
        ),
        // D-9 for a grant that the file does not name: what it was made through, and the scope it has.
        (
            json!({ "bailiwick": 1, "grants": [{ "role": "User manager", "account": "ann@acme.example", "store": "Customers", "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }),
            "/grants/0",
        ),
        (
            json!({ "bailiwick": 1, "scopes": [{ "name": "North only", "store": "Customers", "organization": ["Acme", "North"], "reach": "this_and_below" }, { "name": "All of Acme", "store": "Customers", "organization": ["Acme"], "reach": "this" }] }),
            "/scopes/0/reach",
        ),
    ];
    on_every(|db| {
        import(db, &rich());
        let before = plain(&export_of(db, true));
        for (file, place) in &cases {
            match import(db, &bare(file.clone())) {
                Imported::Faulty(faults) => assert_eq!(faults[0].at, *place, "{faults:?}"),
                Imported::Done(summary) => panic!("{file} went in: {summary:?}"),
            }
        }
        assert_eq!(plain(&export_of(db, true)), before);
        let added = import(
            db,
            &bare(
                json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
            "organizations": [{ "path": ["Acme", "North", "Far"] }], "accounts": [{ "username": "eve", "name": "Eve", "memberships": [{ "organization": ["ACME", "north", "FAR"] }] }] }] }),
            ),
        );
        let Imported::Done(summary) = added else { panic!("{added:?}") };
        assert_eq!((summary.stores, summary.organizations.added, summary.memberships.added), (Count::default(), 1, 1));
        sound(db);
    });
}

#[test]
fn disabling_and_a_new_password_end_the_sessions() {
    use crate::store::schema::{accounts, sessions};
    on_every(|db| {
        import(db, &rich());
        let mut conn = db.conn().unwrap();
        let of = |conn: &mut Conn, username: &str| -> i64 {
            accounts::table.filter(accounts::username.eq(username)).select(accounts::key).first(conn).unwrap()
        };
        for name in ["ann", "kim"] {
            let key = of(&mut conn, name);
            diesel::insert_into(sessions::table)
                .values((
                    sessions::hash.eq(name),
                    sessions::id.eq(name),
                    sessions::account.eq(key),
                    sessions::state.eq("{}"),
                    sessions::created_at.eq(0_i64),
                    sessions::seen_at.eq(0_i64),
                ))
                .execute(&mut **conn)
                .unwrap();
        }
        drop(conn);
        let imported = import(db, &with(&[("/identity_stores/0/accounts/0/status", json!("disabled"))]));
        assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
        let left: Vec<String> = sessions::table.select(sessions::id).load(&mut **db.conn().unwrap()).unwrap();
        assert_eq!(left, ["kim"]);
    });
}

#[test]
fn an_import_leaves_one_event_with_its_stores() {
    use crate::store::schema::{event_subjects, events};
    on_every(|db| {
        let before: i64 = events::table.count().get_result(&mut **db.conn().unwrap()).unwrap();
        import(db, &example());
        let conn = &mut **db.conn().unwrap();
        let after: i64 = events::table.count().get_result(conn).unwrap();
        let (key, action): (i64, String) =
            events::table.order(events::key.desc()).select((events::key, events::action)).first(conn).unwrap();
        let subjects: Vec<(String, String)> = event_subjects::table
            .filter(event_subjects::event.eq(key))
            .select((event_subjects::noun, event_subjects::id))
            .load(conn)
            .unwrap();
        assert_eq!((after - before, action.as_str()), (1, "world.import"));
        assert_eq!(subjects, [("identity_store".to_owned(), "customers".to_owned())]);
    });
}

/// For a time at size: `ACCOUNTS=100000 cargo test --release --lib -- --nocapture a_large`
#[test]
fn a_large_world_goes_in_and_out_and_once_more_changes_nothing() {
    let count: usize = std::env::var("ACCOUNTS").ok().and_then(|number| number.parse().ok()).unwrap_or(3_000);
    let organizations: Vec<Value> = (0..count / 50)
        .map(|o| {
            if o < 40 {
                json!({ "path": [format!("Org {o}")] })
            } else {
                json!({ "path": [format!("Org {}", o % 40), format!("Unit {o}")] })
            }
        })
        .collect();
    let accounts: Vec<Value> = (0..count)
        .map(|a| {
            json!({ "email": format!("person.{:x}.{a}@firm{}.example", a.wrapping_mul(2_654_435_761) % 1_000_003, a % 977), "username": format!("user{a}"), "name": format!("Zoë Number {a}"),
            "attributes": { "department": "IT" }, "memberships": [{ "organization": organizations[a % organizations.len()]["path"] }] })
        })
        .collect();
    let assignments: Vec<Value> = (0..count / 10)
        .map(|a| json!({ "role": "Admin", "organization": organizations[a % organizations.len()]["path"], "account": format!("user{a}") }))
        .collect();
    let file: World = serde_json::from_value(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Big", "slug": "big", "attributes": [{ "key": "department", "label": "D", "type": "text" }],
        "roles": [{ "name": "Admin", "rights": ["account_management:READ"] }], "organizations": organizations, "accounts": accounts, "role_assignments": assignments }] }))
    .unwrap();
    on_every(|db| {
        let timed = |what: &str, work: &dyn Fn()| {
            let start = std::time::Instant::now();
            let queries = db.queries();
            work();
            println!("{:?} {what}: {:?}, {} statements", db.backend(), start.elapsed(), db.queries() - queries);
        };
        timed("import", &|| {
            assert!(matches!(
                db.import(&system::world(Origin::default()), &file, false, &hash, &mut |words| println!("{words}")).unwrap(),
                Imported::Done(_)
            ))
        });
        timed("import again", &|| assert_eq!(import(db, &file), Imported::Done(Summary::default())));
        timed("export", &|| assert_eq!(export_of(db, false).identity_stores[0].accounts.len(), count));
        timed("check", &|| sound(db));
    });
}
