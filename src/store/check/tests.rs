use super::*;
use crate::{
    access::Origin,
    store::{
        conn::Db,
        world::{
            Imported,
            tests::{example, import, on_every},
        },
    },
};
use diesel::connection::SimpleConnection;
use serde_json::json;

fn found(db: &Db) -> Vec<String> {
    db.read(&system::checking(Origin::default()), check).unwrap()
}

#[test]
fn a_database_that_was_tampered_with_is_found_out() {
    // Each breaks one thing; the words stand in the one sentence about it.
    let breaks: &[(&str, &str)] = &[
        ("DELETE FROM organization_closure WHERE depth = 2", "The closure lacks"),
        (
            "INSERT INTO organization_closure SELECT c.descendant, c.ancestor, 1 FROM organization_closure c WHERE c.depth = 2",
            "The closure says",
        ),
        ("UPDATE organizations SET depth = 7 WHERE name = 'North'", "has depth 7"),
        ("UPDATE organizations SET name_sort = 'x' WHERE name = 'North'", "folded names of the organization"),
        ("UPDATE identity_stores SET accounts = 9 WHERE slug = 'customers'", "says it has 9 accounts"),
        ("DELETE FROM identifiers WHERE kind = 'username'", "identifiers of the account"),
        ("UPDATE accounts SET search = 'x' WHERE username = 'ann'", "sort or search text"),
        (
            "INSERT INTO memberships SELECT a.key, o.key, 'active', 0 FROM accounts a, organizations o WHERE a.username = 'ann' AND o.parent IS NULL",
            "of another store",
        ),
        ("UPDATE organizations SET slug = 'Not a slug' WHERE name = 'North'", "is none (O-1)"),
        ("UPDATE organizations SET slug = 'root' WHERE parent IS NULL", "nobody registers there"),
        ("INSERT INTO organization_domains SELECT store, 'gmail.com', key FROM organizations WHERE name = 'North'", "none of its own"),
        ("INSERT INTO organization_domains SELECT store, 'Acme.example', key FROM organizations WHERE name = 'North'", "none of its own"),
        (
            "INSERT INTO organization_domains SELECT s.key, 'acme.example', o.key FROM organizations o, identity_stores s WHERE o.name = 'North' AND s.built_in",
            "which is not there",
        ),
        ("UPDATE accounts SET status = 'invited' WHERE username = 'ann'", "is invited, but has a password"),
        ("UPDATE roles SET rights = 4096", "holds no access right"),
        ("UPDATE roles SET name_folded = 'x'", "folded names of the role"),
        ("UPDATE role_assignments SET starts = 5, ends = 5", "ends before it starts"),
        ("UPDATE pairs SET lasting = lasting + 1", "The count of those who hold the role"),
        ("UPDATE pairs SET assignments = assignments - 1", "The count of those who hold the role"),
        ("DELETE FROM pairs", "The count of those who hold the role"),
        ("UPDATE roles SET lasting = lasting + 1", "The count of those who hold the role"),
        ("UPDATE identity_stores SET organizations = organizations + 1", "another number of organizations"),
        ("UPDATE organizations SET members = members + 1", "another number of members"),
        ("UPDATE accounts SET factors = factors + 1", "another number of second factors"),
        ("UPDATE organizations SET peopled = (1 = 0) WHERE name = 'North'", "could still be its first person"),
        ("UPDATE invitations SET email_folded = 'x'", "folded address of the invitation"),
        ("UPDATE invitations SET group_names = 'x'", "attributes or groups of the invitation"),
        ("UPDATE invitations SET status = 'accepted'", "does not say when it was answered"),
        ("UPDATE invitations SET portal = (1 = 1)", "which it cannot"),
        ("UPDATE accounts SET status = 'invited' WHERE username = 'bo'", "has the second factor"),
        ("DELETE FROM identifiers WHERE NOT confirmed", "is said to wait for its owner"),
        ("UPDATE administrator_roles SET permissions = 'user.fly' WHERE kind = 'other'", "unknown permission user.fly"),
        ("UPDATE administrator_roles SET permissions = 'settings.view' WHERE kind = 'other'", "that only root roles have"),
        ("UPDATE grants SET scope = NULL WHERE cascading", "needs a scope"),
        ("UPDATE grants SET through = key WHERE cascading", "lead back to themselves"),
        ("UPDATE accounts SET status = 'disabled' WHERE email = 'su@brand.example'", "No super administrator can be relied on"),
        ("UPDATE events SET actor_name = 'Mallory' WHERE action = 'world.import'", "was changed after it was written"),
        ("UPDATE event_details SET body = '{}'", "The detail of the event"),
        ("INSERT INTO event_briefs SELECT min(event), '{}' FROM event_details", "What lists say of the event"),
        ("UPDATE event_subjects SET id = 'x'", "was changed after it was written"),
        ("UPDATE events SET at = at + 1 WHERE key = (SELECT min(key) FROM events)", "was changed after it was written"),
        (
            "DELETE FROM event_details WHERE event = (SELECT min(key) FROM events); DELETE FROM event_subjects WHERE event = (SELECT min(key) FROM events); \
             DELETE FROM events WHERE key = (SELECT min(key) FROM events)",
            "An event is missing before",
        ),
    ];
    on_every(|db| {
        let mut file = example();
        file.identity_stores[0].accounts.push(
            serde_json::from_value(json!({ "username": "bo", "name": "Bo", "status": "active",
                "authenticators": [{ "type": "phone", "value": "+4533123456" }],
                "changes": [{ "kind": "email", "value": "bo@acme.example" }] }))
            .unwrap(),
        );
        file.invitations.push(
            serde_json::from_value(json!({ "email": "new@acme.example", "store": "Customers", "organization": ["Acme"],
                "invited_by": "su@brand.example", "roles": ["Customer support"] }))
            .unwrap(),
        );
        assert!(matches!(import(db, &file), Imported::Done(_)));
        assert_eq!(found(db), Vec::<String>::new());
        let mut conn = db.conn().unwrap();
        for (damage, words) in breaks {
            // Looked at from inside, so that the damage can be taken back.
            let start = if db.backend() == crate::store::Backend::Sqlite { "BEGIN" } else { "BEGIN; SET CONSTRAINTS ALL DEFERRED" };
            conn.batch_execute(start).unwrap();
            conn.batch_execute(damage).unwrap();
            let mut wrong = Wrong::default();
            all(&mut conn, &mut wrong).unwrap();
            let sentences = wrong.sentences();
            assert!(!sentences.is_empty() && sentences.iter().all(|sentence| sentence.contains(words)), "{damage}: {sentences:?}");
            conn.batch_execute("ROLLBACK").unwrap();
        }
        // An erased detail is no fault.
        conn.batch_execute("DELETE FROM event_details").unwrap();
        drop(conn);
        assert_eq!(found(db), Vec::<String>::new());
    });
}
