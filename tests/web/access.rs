//! Every route × every kind of person, compared with `tests/access.txt`, a table that people review.

use crate::{house::House, person::Person};
use actix_web::http::Method;
use bailiwick::web::routes;
use serde_json::{Value, json};
use std::fmt::Write;

/// Everybody of the table: the column's head, who signs in, and what they are.
const PEOPLE: &[(&str, Option<&str>, &str)] = &[
    ("stranger", None, "not signed in"),
    ("plain", Some("paul@acme.example"), "an account that holds nothing"),
    ("auditor", Some("aud@acme.example"), "org auditor at Acme"),
    ("support", Some("sam@acme.example"), "customer support at Acme"),
    ("orgadm", Some("oda@acme.example"), "org admin of Acme: every access right there"),
    ("inside", Some("ina@acme.example"), "other administrator, whose scope Acme holds what is asked for"),
    ("outside", Some("uwe@globex.example"), "the same with the scope Globex, which does not, and cascading rights"),
    ("deputy", Some("dana@brand.example"), "other administrator of Acme with cascading rights: scopes and administrators too"),
    ("viewer", Some("vera@acme.example"), "other administrator of Acme who may only look: accounts, organizations, role assignments"),
    ("manager", Some("mona@brand.example"), "other administrator of Acme with everything that accounts and organizations need"),
    ("keeper", Some("rita@brand.example"), "root administrator: roles and role assignments, sees accounts and organizations everywhere"),
    ("reader", Some("otto@brand.example"), "root administrator with “View role” alone"),
    ("steward", Some("stan@brand.example"), "root administrator: identity stores, the event log, looks at root"),
    ("outroot", Some("pia@zeta.example"), "holds a root role, but is no member of root"),
    ("expired", Some("ezra@acme.example"), "was an administrator of Acme; the grant has ended"),
    ("future", Some("fay@acme.example"), "will be one; the grant has not started"),
    ("blocked", Some("bo@acme.example"), "would be one, but is blocked at Acme, which owns the scope"),
    ("super", Some("su@brand.example"), "super administrator"),
    ("super2", Some("sy@brand.example"), "a second one"),
];

/// A list that adds an account, another one for each request.
fn list(name: &str, request: &str) -> String {
    format!("email,name,organizations\n{request}-{name}@listed.example,Listed,Acme > North\n")
}

/// An act on Dora, chosen from the list; she is disabled already. A post is of a draft that never was, so that nobody is acted
/// on, and whoever may is led back to choose.
async fn chosen(house: &House, person: &Person<'_>, method: &str, base: &str, route: &str) -> (String, Vec<(&'static str, String)>) {
    let act = route.rsplit('/').next().unwrap();
    let never = "draft_aaaaaaaaaaaaaaaa";
    if method == "post" {
        return (format!("{base}/accounts/{act}"), vec![("d", never.to_owned())]);
    }
    let made = person.post(&format!("{base}/accounts/selection"), &[("sel", &house.acc("dora@acme.example")), ("go", act)]).await;
    let path = match made.leads_to() {
        Some(to) if made.status == 303 && to.contains(&format!("/accounts/{act}?")) => to.to_owned(),
        _ => format!("{base}/accounts/{act}?d={never}"),
    };
    (path, Vec::new())
}

/// A request that makes sense at a route: path, and for a POST its fields.
pub struct Request {
    pub path: String,
    pub fields: Vec<(&'static str, String)>,
}

/// What is asked for: a thing of Acme that already is as the request wants it, or that the request cannot change,
/// so that one person's request leaves the next one's alone.
pub async fn request(house: &House, person: &Person<'_>, name: &str, method: &str, route: &str) -> Request {
    let (north, role) = (house.org("Acme/North"), house.role("Org auditor"));
    let base = "/admin/stores/customers";
    let pair = format!("org={north}&role={role}");
    let pair_fields = |account: String| vec![("org", north.clone()), ("role", role.clone()), ("account", account)];
    let (path, fields) = match (method, route) {
        ("get", "/static/{hash}/{name:.*}") => ("/static/x/bailiwick.css".to_owned(), Vec::new()),
        ("get", "/setup") => ("/setup?code=x".to_owned(), Vec::new()),
        ("post", "/setup") => (route.to_owned(), vec![("code", "x".to_owned())]),
        ("post", "/signin") => (route.to_owned(), vec![("identifier", String::new())]),
        ("get", "/signin/{store}") => ("/signin/customers".to_owned(), Vec::new()),
        ("post", "/signin/{store}") => ("/signin/customers".to_owned(), vec![("identifier", String::new())]),
        ("post", "/me") => {
            let mine = person.get("/me").await;
            let fields = match mine.status {
                200 => vec![("name", mine.attribute("#name", "value")), ("rev", mine.attribute("input[name=rev]", "value"))],
                _ => Vec::new(),
            };
            (route.to_owned(), fields)
        }
        ("post", "/me/password") => (route.to_owned(), vec![("current", "not my password".to_owned()), ("password", "x".to_owned())]),
        ("post", "/me/settings") => (route.to_owned(), vec![("per", "25".to_owned())]),
        // A link that never was.
        (_, "/signin/reset/{token}" | "/confirm/{token}" | "/cancel/{token}" | "/invite/{token}" | "/join/confirm/{token}") => {
            (route.replace("{token}", "never"), Vec::new())
        }
        (_, "/join/{store}/{organization}") => (format!("/join/customers/{north}"), Vec::new()),
        (_, route) if route.starts_with("/join/{store}") => (route.replace("{store}", "customers"), Vec::new()),
        ("post", "/signin/reset") => (route.to_owned(), vec![("identifier", String::new())]),
        ("post", "/me/identifiers") => (route.to_owned(), vec![("proof", "not my password".to_owned())]),
        ("get", "/admin/stores/{store}") => (base.to_owned(), Vec::new()),
        ("get", "/admin/stores/{store}/organizations/{organization}") => (format!("{base}/organizations/{north}"), Vec::new()),
        ("get", "/admin/stores/{store}/accounts/{account}") => (format!("{base}/accounts/{}", house.acc("paul@acme.example")), Vec::new()),
        ("post", "/admin/stores/{store}/invitations") => {
            (format!("{base}/invitations"), vec![("emails", format!("asked-by-{name}@new.example")), ("org", north.clone())])
        }
        (_, route) if route.starts_with("/admin/stores/{store}/invitations/{invitation}") => {
            // One waits for each person to send again, another one to withdraw.
            let act = route.rsplit('/').next().unwrap();
            let id = &house.texts(&format!("SELECT id AS t FROM invitations WHERE email = '{name}-{act}@invited.example'"))[0];
            (format!("{base}/invitations/{id}/{act}"), Vec::new())
        }
        ("post", "/admin/stores/{store}/roles") => {
            (format!("{base}/roles"), vec![("name", format!("Made by {name}")), ("right", "account_management:READ".to_owned())])
        }
        ("get", "/admin/stores/{store}/roles/{role}") => (format!("{base}/roles/{role}"), Vec::new()),
        ("post", "/admin/stores/{store}/roles/{role}") => {
            let rev = house.number(&format!("SELECT rev AS n FROM roles WHERE id = '{role}'"));
            let mut fields = vec![("name", "Org auditor".to_owned()), ("description", format!("Seen by {name}")), ("rev", rev.to_string())];
            for right in ["account_authenticators", "account_identities", "account_management", "personal_data_download"] {
                fields.push(("right", format!("{right}:READ")));
            }
            (format!("{base}/roles/{role}"), fields)
        }
        // It is held, so nobody can delete it now.
        (_, "/admin/stores/{store}/roles/{role}/delete") => (format!("{base}/roles/{role}/delete"), Vec::new()),
        ("post", "/admin/administrator-roles") => {
            (route.to_owned(), vec![("kind", "other".to_owned()), ("name", format!("Made by {name}")), ("perm", "user.view".to_owned())])
        }
        (_, "/admin/administrator-roles/new/{kind}") => (route.replace("{kind}", "root"), Vec::new()),
        ("post", "/admin/administrator-roles/{role}") => {
            let helper = house.administrator_role("Helper");
            let rev = house.number(&format!("SELECT rev AS n FROM administrator_roles WHERE id = '{helper}'"));
            let mut fields = vec![("name", "Helper".to_owned()), ("description", format!("Seen by {name}")), ("rev", rev.to_string())];
            for code in ["user.view", "user.view_authenticators", "user.download_data", "organization.view", "role_assignment.view"] {
                fields.push(("perm", code.to_owned()));
            }
            fields.push(("perm", "role_assignment.edit".to_owned()));
            (route.replace("{role}", &helper), fields)
        }
        // It is held, so nobody can delete it now; its holders may read it.
        (_, route) if route.starts_with("/admin/administrator-roles/{role}") => {
            (route.replace("{role}", &house.administrator_role("Helper")), Vec::new())
        }
        ("post", "/admin/stores/{store}/role-assignments") => {
            (format!("{base}/role-assignments"), pair_fields(house.acc("tess@acme.example")))
        }
        ("get", "/admin/stores/{store}/role-assignments/unassigned") => (format!("{base}/role-assignments/unassigned?{pair}"), Vec::new()),
        ("post", "/admin/stores/{store}/role-assignments/selection") => (
            format!("{base}/role-assignments/selection"),
            vec![("org", north.clone()), ("role", role.clone()), ("sel", house.acc("paul@acme.example"))],
        ),
        ("get", "/admin/stores/{store}/role-assignments/confirm") => {
            let chosen = [("org", north.as_str()), ("role", role.as_str()), ("sel", &house.acc("paul@acme.example")), ("go", "confirm")];
            let made = person.post(&format!("{base}/role-assignments/selection"), &chosen).await;
            let path = match made.leads_to() {
                Some(to) if made.status == 303 => to.to_owned(),
                _ => format!("{base}/role-assignments/confirm?d=draft_aaaaaaaaaaaaaaaa"),
            };
            (path, Vec::new())
        }
        ("get", "/admin/stores/{store}/role-assignments/remove") => {
            (format!("{base}/role-assignments/remove?{pair}&account={}", house.acc("tess@acme.example")), Vec::new())
        }
        // Paul does not hold it, so there is nothing to take.
        ("post", "/admin/stores/{store}/role-assignments/remove") => {
            (format!("{base}/role-assignments/remove"), pair_fields(house.acc("paul@acme.example")))
        }
        ("get", "/admin/why") => {
            let asked = format!("account={}&org={north}&right=account_management:READ", house.acc("tess@acme.example"));
            (format!("{route}?{asked}"), Vec::new())
        }
        ("post", "/admin/scopes") => {
            let name = format!("Made by {name}");
            (route.to_owned(), vec![("name", name), ("org", north.clone()), ("reach", "this".to_owned())])
        }
        ("get", "/admin/scopes/preview") => (format!("{route}?org={north}&reach=this_and_below"), Vec::new()),
        // It keeps its reach; and administrators use it, so nobody can delete it now.
        (_, route) if route.starts_with("/admin/scopes/{scope}") => {
            let (id, rev) = house.pairs("SELECT id AS t, CAST(rev AS text) AS u FROM scopes WHERE name = 'All of Acme'")[0].clone();
            let fields =
                vec![("name", "All of Acme".to_owned()), ("org", house.org("Acme")), ("reach", "this_and_below".to_owned()), ("rev", rev)];
            (route.replace("{scope}", &id), fields)
        }
        ("post", "/admin/stores") => (route.to_owned(), vec![("name", format!("Made by {name}")), ("slug", format!("made-by-{name}"))]),
        // Nothing is changed, so that nothing is saved.
        ("post", "/admin/stores/{store}/attributes") => (format!("{base}/attributes"), vec![("label.department", department(house))]),
        ("post", "/admin/stores/{store}/groups") => {
            let group = house.texts("SELECT name AS t FROM account_groups")[0].clone();
            (format!("{base}/groups"), vec![("op", "rename".to_owned()), ("group", group.clone()), ("name", group)])
        }
        ("post", "/admin/stores/{store}/settings") => {
            let rev = house.number("SELECT rev AS n FROM identity_stores WHERE slug = 'customers'");
            let fields = vec![
                ("name", "Customers".to_owned()),
                ("self_registration", "on".to_owned()),
                ("organization_registration", "on".to_owned()),
                ("rev", rev.to_string()),
            ];
            (format!("{base}/settings"), fields)
        }
        // People live in it, so nobody can delete it now.
        (_, "/admin/stores/{store}/delete") => (format!("{base}/delete"), vec![("confirm", "Customers".to_owned())]),
        ("post", "/admin/stores/{store}/organizations") => {
            (format!("{base}/organizations"), vec![("name", format!("Made by {name}")), ("parent", north.clone())])
        }
        ("post", "/admin/stores/{store}/organizations/{organization}") => {
            let rev = house.number(&format!("SELECT rev AS n FROM organizations WHERE id = '{north}'"));
            (
                format!("{base}/organizations/{north}"),
                vec![("name", "North".to_owned()), ("rev", rev.to_string()), ("self_registration", "on".to_owned())],
            )
        }
        (method, "/admin/stores/{store}/organizations/activate" | "/admin/stores/{store}/organizations/deactivate") => {
            // Without the mark of its effect a post is only asked to confirm.
            let path = route.replace("{store}", "customers");
            if method == "get" {
                (format!("{path}?organization={north}"), Vec::new())
            } else {
                (path, vec![("organization", north.clone())])
            }
        }
        // It is active, it is asked for confirmation, and people are members of it.
        (_, route) if route.starts_with("/admin/stores/{store}/organizations/{organization}/") => {
            (format!("{base}/organizations/{north}/{}", route.rsplit('/').next().unwrap()), Vec::new())
        }
        ("post", "/admin/stores/{store}/accounts") => {
            let fields = vec![("name", format!("Made by {name}")), ("email", format!("{name}@made.example")), ("org", north.clone())];
            (format!("{base}/accounts"), fields)
        }
        (_, "/admin/stores/{store}/accounts/selection") => {
            (format!("{base}/accounts/selection"), vec![("sel", house.acc("paul@acme.example"))])
        }
        (
            method,
            "/admin/stores/{store}/accounts/disable"
            | "/admin/stores/{store}/accounts/enable"
            | "/admin/stores/{store}/accounts/end-sessions"
            | "/admin/stores/{store}/accounts/assign",
        ) => chosen(house, person, method, base, route).await,
        (_, route) if route.starts_with("/admin/stores/{store}/accounts/{account}/") => {
            let act = &route["/admin/stores/{store}/accounts/{account}/".len()..];
            let (tess, acme) = (house.acc("tess@acme.example"), house.org("Acme"));
            let rev = |id: &str| house.number(&format!("SELECT rev AS n FROM accounts WHERE id = '{id}'")).to_string();
            let (account, fields) = match act {
                "profile" => (tess.clone(), vec![("name", "Tess Holder".to_owned()), ("rev", rev(&tess))]),
                "identifiers" => (tess.clone(), vec![("email", "tess@acme.example".to_owned()), ("rev", rev(&tess))]),
                // Dora is disabled already, Tess is not; Bo is blocked already.
                "disable" => (house.acc("dora@acme.example"), Vec::new()),
                "memberships/block" => (house.acc("bo@acme.example"), vec![("org", acme)]),
                "memberships" | "memberships/unblock" => (tess, vec![("org", north.clone())]),
                // Weak, and without a reason: the form comes back to whoever may. The data is there for whoever may.
                "password" if method == "post" => (tess, vec![("password", "weak".to_owned())]),
                "unverify" => (house.acc("dora@acme.example"), Vec::new()),
                "memberships/remove" if method == "get" => (format!("{tess}/memberships/remove?org={north}"), Vec::new()),
                // She is no member there.
                "memberships/remove" => (tess, vec![("org", house.org("Acme/South"))]),
                "delete" if method == "post" => (house.acc(&format!("{name}@gone.example")), Vec::new()),
                _ => (tess, Vec::new()),
            };
            let path = format!("{base}/accounts/{account}");
            let act = &act.replace("{authenticator}", &factor(house, "tess@acme.example"));
            (if path.contains('?') { path } else { format!("{path}/{act}") }, fields)
        }
        // Ina holds it already; Dana may not give this role, but another.
        ("post", "/admin/administrators") => (route.to_owned(), grant_fields(house)),
        ("get", "/admin/administrators/confirm") => {
            let fields: Vec<String> = grant_fields(house).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            (format!("{route}?{}", fields.join("&")), Vec::new())
        }
        ("get", "/admin/administrators/new/role") => (format!("{route}?account={}", house.acc("paul@acme.example")), Vec::new()),
        ("get", "/admin/administrators/{account}") => (format!("/admin/administrators/{}", house.acc("ina@acme.example")), Vec::new()),
        (_, "/admin/grants/{grant}") => {
            let (id, rev) = ina_grant(house);
            (format!("/admin/grants/{id}"), if method == "post" { vec![("rev", rev)] } else { Vec::new() })
        }
        // What hangs on it has changed, so it stays.
        (_, "/admin/grants/{grant}/revoke") => (
            format!("/admin/grants/{}/revoke", ina_grant(house).0),
            if method == "post" { vec![("confirmed", "old".to_owned())] } else { Vec::new() },
        ),
        // The portal at Acme: what the console asks of an account of a store, asked there.
        ("post", "/portal/o/{organization}/organizations") => {
            (route.replace("{organization}", &house.org("Acme")), vec![("name", format!("Founded by {name}")), ("parent", north.clone())])
        }
        ("post", "/portal/o/{organization}/accounts/{account}/delete") => {
            (format!("/portal/o/{}/accounts/{}/delete", house.org("Acme"), house.acc(&format!("{name}@left.example"))), Vec::new())
        }
        (_, route) if route.starts_with("/portal/o/{organization}/invitations/{invitation}") => {
            let asked =
                Box::pin(request(house, person, name, method, &route.replace("/portal/o/{organization}", "/admin/stores/{store}"))).await;
            (asked.path.replace(base, &format!("/portal/o/{}", house.org("Acme"))), asked.fields)
        }
        ("post", "/portal/o/{organization}/invitations") => {
            let fields = vec![("emails", format!("asked-at-portal-by-{name}@new.example")), ("org", north.clone())];
            (route.replace("{organization}", &house.org("Acme")), fields)
        }
        (_, "/portal/o/{organization}/events/{event}/undo") => {
            let event = house.texts("SELECT id AS t FROM events WHERE action = 'role_assignment.add' ORDER BY key")[0].clone();
            (route.replace("{organization}", &house.org("Acme")).replace("{event}", &event), Vec::new())
        }
        (_, "/portal/o/{organization}/accounts/selection") => {
            (route.replace("{organization}", &house.org("Acme")), vec![("sel", house.acc("paul@acme.example"))])
        }
        (
            method,
            "/portal/o/{organization}/accounts/disable"
            | "/portal/o/{organization}/accounts/enable"
            | "/portal/o/{organization}/accounts/end-sessions",
        ) => chosen(house, person, method, &format!("/portal/o/{}", house.org("Acme")), route).await,
        (_, route) if route.starts_with("/portal/o/{organization}/accounts/{account}") => {
            let console = route.replace("/portal/o/{organization}", "/admin/stores/{store}");
            let asked = Box::pin(request(house, person, name, method, &console)).await;
            (asked.path.replace(base, &format!("/portal/o/{}", house.org("Acme"))), asked.fields)
        }
        (_, route) if route.starts_with("/portal/o/{organization}") && !route["/portal/o/{organization}".len()..].contains('{') => {
            (route.replace("{organization}", &house.org("Acme")), Vec::new())
        }
        // Everybody has a list of their own, as far as they may bring one.
        (_, route) if route.starts_with("/admin/stores/{store}/accounts/import/{list}") => {
            let list = person
                .upload(
                    &format!("{base}/accounts/import"),
                    "list.csv",
                    &list(name, if route.ends_with("/result") { "result" } else { method }),
                )
                .await;
            let list = list.leads_to().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
            let list = if list.starts_with("list_") { list } else { "list_aaaaaaaaaaaaaaaa".to_owned() };
            let preview = format!("{base}/accounts/import/{list}");
            let shown = person.get(&preview).await;
            let fields = match shown.status {
                200 if shown.has("[name=confirmed]") => vec![("confirmed", shown.attribute("[name=confirmed]", "value"))],
                _ => Vec::new(),
            };
            match (method, route.ends_with("/result")) {
                ("get", true) => {
                    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    person.post(&preview, &fields).await;
                    (format!("{preview}/result"), Vec::new())
                }
                _ => (preview, fields),
            }
        }
        // Paul's, which he has not confirmed.
        (_, route) if route.starts_with("/me/authenticators/{authenticator}/") => {
            (route.replace("{authenticator}", &factor(house, "paul@acme.example")), Vec::new())
        }
        ("post", "/admin/settings/mail/test") => (route.to_owned(), vec![("email", "somebody@brand.example".to_owned())]),
        // It waits, and is sent as soon as anybody sends.
        ("post", "/admin/settings/mail/{mail}/again") => {
            let mail = house.texts("SELECT id AS t FROM mails ORDER BY key")[0].clone();
            (route.replace("{mail}", &mail), Vec::new())
        }
        // It was given, and taken again since.
        (_, route) if route.starts_with("/admin/events/{event}") => {
            let event = house.texts("SELECT id AS t FROM events WHERE action = 'role_assignment.add' ORDER BY key")[0].clone();
            (route.replace("{event}", &event), Vec::new())
        }
        (_, route) if route.starts_with("/admin/stores/{store}") && !route["/admin/stores/{store}".len()..].contains('{') => {
            (route.replace("{store}", "customers"), Vec::new())
        }
        (_, route) if !route.contains('{') => (route.to_owned(), Vec::new()),
        (method, route) => panic!("{method} {route} has no request here yet: say in tests/web/access.rs what to ask for"),
    };
    Request { path, fields }
}

/// What the person meets, in a few letters.
async fn outcome(house: &House, person: &Person<'_>, name: &str, method: &str, route: &str) -> String {
    let Request { path, fields } = request(house, person, name, method, route).await;
    let page = match method {
        "get" => person.get(&path).await,
        "post" if route.ends_with("/accounts/import") => person.upload(&path, "list.csv", &list(name, "kept")).await,
        "post" => {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            person.post(&path, &fields).await
        }
        other => panic!("{other} is no method of ours"),
    };
    match page.leads_to() {
        Some(to) if page.status == 303 && to.starts_with("/signin?next=") => "in".into(),
        _ => page.status.to_string(),
    }
}

/// A second factor of somebody's; it is added anew where somebody took it away.
fn factor(house: &House, email: &str) -> String {
    let id = format!("factor_of_{email}");
    house.run(&format!(
        "INSERT INTO authenticators (id, account, type, value, created_at) SELECT '{id}', key, 'email', 'second-{email}', 0 FROM accounts \
         WHERE id = '{}' AND NOT EXISTS (SELECT 1 FROM authenticators WHERE id = '{id}')",
        house.acc(email)
    ));
    id
}

/// What gives Ina the role that she holds.
fn grant_fields(house: &House) -> Vec<(&'static str, String)> {
    let one = |sql: &str| house.texts(sql)[0].clone();
    vec![
        ("account", house.acc("ina@acme.example")),
        ("role", one("SELECT id AS t FROM administrator_roles WHERE name = 'Helper'")),
        ("scope", one("SELECT id AS t FROM scopes WHERE name = 'All of Acme'")),
    ]
}

/// Ina's grant and its version.
fn ina_grant(house: &House) -> (String, String) {
    let of = format!("FROM grants g JOIN accounts a ON a.key = g.account WHERE a.id = '{}'", house.acc("ina@acme.example"));
    let id = house.texts(&format!("SELECT g.id AS t {of}"))[0].clone();
    (id, house.number(&format!("SELECT g.rev AS n {of}")).to_string())
}

/// The label of the attribute that the world has.
fn department(house: &House) -> String {
    house.texts("SELECT label AS t FROM attributes WHERE name = 'department'")[0].clone()
}

/// What the requests of the table need beside the world: an account for each person to delete, and an event.
pub async fn prepare(house: &House) {
    let gone: Vec<Value> = PEOPLE
        .iter()
        .flat_map(|(name, ..)| [(name, "gone"), (name, "left")])
        .map(|(name, why)| {
            json!({ "email": format!("{name}@{why}.example"), "name": format!("Gone by {name}"), "memberships": [{ "organization": ["Acme", "North"] }] })
        })
        .collect();
    house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
        "organization_registration": true, "accounts": gone }] }));
    let su = house.person("su@brand.example").await;
    let invited: Vec<String> =
        PEOPLE.iter().flat_map(|(name, ..)| ["resend", "withdraw"].map(|act| format!("{name}-{act}@invited.example"))).collect();
    let fields = [("emails", invited.join("\n")), ("org", house.org("Acme/North"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    su.post("/admin/stores/customers/invitations", &fields).await.is(303);
    let (north, role, account) = (house.org("Acme/North"), house.role("Greeter"), house.acc("p01@acme.example"));
    let pair = [("org", north.as_str()), ("role", role.as_str()), ("account", account.as_str())];
    su.post("/admin/stores/customers/role-assignments", &pair).await.is(303);
    su.post("/admin/stores/customers/role-assignments/remove", &pair).await.is(303);
    su.post("/admin/settings/mail/test", &[("email", "first@brand.example")]).await.is(303);
    for who in ["paul@acme.example", "tess@acme.example"] {
        factor(house, who);
    }
}

const HEAD: &str = "\
# Who meets what: every route × every kind of person, as tests/web/access.rs finds it. UPDATE_ACCESS=1 with the command
# of the tests writes this file anew; then read what changed, line by line, before you keep it.
#
# 200 the page; 303 done, and led on; in: asked to sign in first (GET) and 401 (POST); 404 nothing here, as far as they
# may know; 403 they may see it, but not do this; 409 the state forbids it; 422 the form comes back.
#
";

async fn table(house: &House) -> String {
    prepare(house).await;
    let mut table = HEAD.to_owned();
    for (name, _, what) in PEOPLE {
        writeln!(table, "# {name:<9}{what}").unwrap();
    }
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); routes::TABLE.len()];
    for (name, identifier, _) in PEOPLE {
        let person = match identifier {
            Some(identifier) => house.person(identifier).await,
            None => house.stranger(),
        };
        for (row, (method, route)) in routes::TABLE.iter().enumerate() {
            if *route != "/signout" {
                cells[row].push(outcome(house, &person, name, method, route).await);
            }
        }
        // The last thing that they do.
        let row = routes::TABLE.iter().position(|(_, route)| *route == "/signout").unwrap();
        cells[row].push(outcome(house, &person, name, "post", "/signout").await);
    }
    let wide = routes::TABLE.iter().map(|(_, route)| route.len()).max().unwrap_or_default();
    write!(table, "\n{:<wide$}", "# Route", wide = wide + 5).unwrap();
    for (name, ..) in PEOPLE {
        write!(table, " {name:<8}").unwrap();
    }
    for ((method, route), cells) in routes::TABLE.iter().zip(cells) {
        write!(table, "\n{method:<4} {route:<wide$}").unwrap();
        for cell in cells {
            write!(table, " {cell:<8}").unwrap();
        }
    }
    table.push('\n');
    table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[actix_web::test]
async fn everybody_meets_what_the_table_says() {
    for house in House::each().await {
        let found = table(&house).await;
        compare("access.txt", &found, house.name());
    }
}

/// Compares what was found with what is kept for people to review; with `UPDATE_ACCESS=1` it is kept.
fn compare(name: &str, found: &str, on: &str) {
    let file = format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_ACCESS").is_some_and(|value| value == "1") {
        std::fs::write(&file, found).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    if kept != found {
        let line = |mark: char, line: &str| format!("{mark} {line}\n");
        let gone = kept.lines().filter(|kept| !found.lines().any(|found| found == *kept)).map(|kept| line('-', kept));
        let new = found.lines().filter(|found| !kept.lines().any(|kept| kept == *found)).map(|found| line('+', found));
        panic!(
            "tests/{name} says other than what people meet on {on}:\n{}{}\nIf this is meant: UPDATE_ACCESS=1 cargo test --test web access",
            gone.collect::<String>(),
            new.collect::<String>()
        );
    }
}

const SINGLE: &str = "\
# What a root administrator with a single permission, for everything, can open and do besides what any administrator can.
# As tests/access.txt: UPDATE_ACCESS=1 writes this file anew; then read what changed.
#
";

#[actix_web::test]
async fn a_single_permission_opens_what_it_is_for_and_nothing_else() {
    use bailiwick::domain::permissions::LEAVES;
    // The decision is the same on either database.
    for house in House::each().await.into_iter().take(1) {
        prepare(&house).await;
        house.run(
            "UPDATE grants SET scope = (SELECT key FROM scopes WHERE name = 'Everything') \
             WHERE account = (SELECT key FROM accounts WHERE email = 'otto@brand.example')",
        );
        let mut every = Vec::new();
        for leaf in LEAVES {
            house.run(&format!("UPDATE administrator_roles SET permissions = '{}' WHERE name = 'Role reader'", leaf.code));
            let otto = house.person("otto@brand.example").await;
            let mut opened = std::collections::BTreeSet::new();
            for (method, route) in routes::TABLE {
                let signs = ["/signin", "/signout", "/me", "/setup", "/join", "/invite", "/confirm", "/cancel"]
                    .iter()
                    .any(|start| route.starts_with(start));
                if !signs && !["401", "403", "404", "in"].contains(&outcome(&house, &otto, "super", method, route).await.as_str()) {
                    opened.insert(format!("{method} {route}"));
                }
            }
            every.push((leaf.code, opened));
        }
        let all = every.iter().skip(1).fold(every[0].1.clone(), |all, (_, opened)| all.intersection(opened).cloned().collect());
        let mut table = SINGLE.to_owned();
        for (code, opened) in every {
            writeln!(table, "{code}").unwrap();
            for route in opened.difference(&all) {
                writeln!(table, "  {route}").unwrap();
            }
        }
        compare("permissions.txt", &table, house.name());
    }
}

#[actix_web::test]
async fn nothing_is_posted_without_a_token_or_from_another_site() {
    for house in House::each().await {
        prepare(&house).await;
        let (su, stranger) = (house.person("su@brand.example").await, house.stranger());
        let oda = house.person("oda@acme.example").await;
        let before = house.state();
        for (method, route) in routes::TABLE.iter().filter(|(method, _)| *method == "post") {
            let able = if route.starts_with("/portal") { &oda } else { &su };
            for (person, signed_in) in [(able, true), (&stranger, false)] {
                let token = person.token().await;
                let Request { path, fields } = request(&house, person, "super", method, route).await;
                let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let open = ["/signin", "/setup", "/confirm", "/cancel", "/invite", "/join"].iter().any(|start| path.starts_with(start));
                let refused = if signed_in || open { 403 } else { 401 };
                person.post_raw(&path, &[], &fields).await.is(refused);
                fields.push(("csrf", "bm90IGEgdG9rZW4"));
                person.post_raw(&path, &[], &fields).await.is(refused);
                fields.pop();
                fields.push(("csrf", &token));
                for site in ["cross-site", "same-site"] {
                    person.post_raw(&path, &[("Sec-Fetch-Site", site)], &fields).await.is(403).says("another site");
                }
                person.post_raw(&path, &[("Origin", "https://evil.example")], &fields).await.is(403).says("another site");
            }
        }
        before.assert_still(&house, "A refused post");
        assert!(su.session().is_some());
        su.get("/me").await.is(200);
        // One person's token is not another's.
        let sy = house.person("sy@brand.example").await;
        let foreign = su.token().await;
        sy.post_raw("/me/settings", &[], &[("csrf", &foreign), ("per", "50")]).await.is(403);
        // As a header it counts too.
        let own = sy.token().await;
        sy.post_raw("/me/settings", &[("X-CSRF-Token", &own)], &[("per", "50")]).await.is(303);
    }
}

#[actix_web::test]
async fn no_other_method_reaches_anything() {
    for house in House::each().await {
        prepare(&house).await;
        let su = house.person("su@brand.example").await;
        let mut paths = Vec::new();
        for (_, route) in routes::TABLE.iter().filter(|(method, _)| *method == "get") {
            paths.push(request(&house, &su, "super", "get", route).await.path);
        }
        let before = house.state();
        for path in paths {
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                let page = su.send(method, &path, &[("Sec-Fetch-Site", "same-origin")], Some(String::new())).await;
                assert!([404, 405].contains(&page.status), "{}: {}", page.asked, page.status);
            }
        }
        before.assert_still(&house, "Another method");
    }
}
