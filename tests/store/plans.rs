//! Every list and every question of every request goes through an index, on both databases (quality.md).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
    place::{CROWD, Content, Raw},
};
use bailiwick::{
    access::{InConsole, Myself, Origin, system},
    domain::{
        event::Event,
        permissions::{
            AdministratorRoleView, AdministratorView, OrganizationActivate, OrganizationRoleView, OrganizationView, RoleAssignmentEdit,
            RoleAssignmentView, ScopeView, UserView,
        },
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        accounts::{self, Filter, Sort},
        actors, administrator_roles, effective, events, organizations,
        paging::{Cursor, Paging, Sorted},
        role_assignments, roles, scopes,
        selections::{self, Change},
        sessions, sign_in,
    },
};
use diesel::{QueryableByName, sql_types::Text};
use std::{cell::RefCell, fmt::Debug, sync::Once};
use tracing::{Event as Trace, Metadata, Subscriber, field, span};

/// Hears the statements that the store sends, which it traces without their values.
struct Listener;

thread_local! {
    /// What this thread's work sent, while somebody listens.
    static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("bailiwick::store")
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Trace<'_>) {
        struct Statement;
        impl field::Visit for Statement {
            fn record_str(&mut self, field: &field::Field, value: &str) {
                if field.name() == "statement" {
                    HEARD.with_borrow_mut(|heard| heard.iter_mut().for_each(|heard| heard.push(value.to_owned())));
                }
            }
            fn record_debug(&mut self, _: &field::Field, _: &dyn Debug) {}
        }
        event.record(&mut Statement);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The statements of some work that read or change rows.
fn statements(work: impl FnOnce()) -> Vec<String> {
    // One for the whole process: whether anybody listens is remembered where statements are traced, for all threads.
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
    HEARD.set(Some(Vec::new()));
    work();
    let heard = HEARD.take().unwrap();
    let reads = |statement: &String| ["SELECT", "WITH", "UPDATE", "DELETE"].iter().any(|word| statement.trim_start().starts_with(word));
    heard
        .into_iter()
        .filter(reads)
        .filter(|statement| statement.to_lowercase().contains(" from ") || !statement.starts_with("SELECT"))
        .collect()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How the database would go about a statement, a line a step.
fn plan(raw: &mut Raw, statement: &str) -> Vec<String> {
    let lines: Vec<Line> = match raw {
        Raw::Sqlite(_) => raw.load(&format!("EXPLAIN QUERY PLAN {statement}")),
        Raw::Postgres(_) => {
            // Whatever the values are: the plan that serves all of them. Each value fits its type.
            let values = (1..).take_while(|number| statement.contains(&format!("${number}"))).map(|_| "''1''").collect::<Vec<_>>();
            raw.run(&format!("DEALLOCATE ALL; PREPARE asked AS {statement}"));
            let arguments = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
            raw.load(&format!("SELECT detail FROM pg_temp.plan('EXECUTE asked{arguments}') AS detail"))
        }
    };
    lines.into_iter().map(|line| line.detail).collect()
}

/// Tables of which everything is never read to find something.
const LARGE: &[&str] = &[
    "accounts",
    "identifiers",
    "memberships",
    "organizations",
    "organization_closure",
    "role_assignments",
    "pairs",
    "grants",
    "sessions",
    "events",
    "event_subjects",
    "event_details",
    "event_briefs",
    "selection_items",
    "selection_drafts",
    "account_group_members",
    "once_keys",
    "preferences",
    "authenticators",
    "verifications",
];

/// The step that goes through a whole table, if one does.
fn walks<'p>(raw: &Raw, plan: &'p [String], statement: &str) -> Option<&'p String> {
    // The first few in the order of the key.
    if statement.contains(" LIMIT ") && !statement.contains(" WHERE ") {
        return None;
    }
    plan.iter().find(|line| match raw {
        Raw::Sqlite(_) => line.strip_prefix("SCAN ").is_some_and(|rest| {
            let name = rest.split(' ').next().unwrap();
            // By its own name or by the one that the statement gives it.
            LARGE.iter().any(|table| {
                name == *table || statement.contains(&format!("{table} {name}")) || statement.contains(&format!("{table} AS {name}"))
            })
        }),
        Raw::Postgres(_) => line.contains("Seq Scan on ") && LARGE.iter().any(|table| line.contains(&format!("Seq Scan on {table} "))),
    })
}

/// The step that looks through what belongs to a store or a role although the statement names one account, or the rows
/// themselves. SQLite has no statistics here: of two indexes it may take the one that finds a million.
fn detour<'p>(plan: &'p [String], statement: &str) -> Option<&'p String> {
    plan.iter().find(|line| {
        let Some((name, how)) = line.strip_prefix("SEARCH ").and_then(|rest| rest.split_once(' ')) else { return false };
        let named = |column: &str| [" = ", " IN "].iter().any(|op| statement.contains(&format!(" {name}.{column}{op}")));
        let by = |column: &str| how.contains(&format!("({column}="));
        (by("store") || by("role")) && ["account", "id", "key"].into_iter().any(named)
    })
}

/// The statements inside SQLite's triggers on assignments, with values in place of the row.
fn in_triggers(raw: &mut Raw) -> Vec<String> {
    let triggers: Vec<Line> =
        raw.load("SELECT sql AS detail FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'role_assignments' ORDER BY name");
    triggers
        .iter()
        .flat_map(|Line { detail }| detail.split_once(" BEGIN").unwrap().1.trim_end_matches("END").split(';'))
        .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|statement| !statement.is_empty())
        .map(|statement| {
            statement.split(' ').fold(String::new(), |text, word| {
                let bare = word.trim_start_matches('(');
                let row = bare.starts_with("new.") || bare.starts_with("old.");
                let word = if row { word.replacen(bare.trim_end_matches([',', ')', ';']), "?", 1) } else { word.to_owned() };
                format!("{text} {word}")
            })
        })
        .collect()
}

struct Asked {
    name: &'static str,
    statements: Vec<String>,
    /// An index that the last but the counting statement must go through; nothing: any.
    through: &'static str,
}

/// Everything that pages ask, each with the index that its list must go through.
fn everything(at: &Database) -> Vec<Asked> {
    let store = at.customers().key;
    let wanted = at.wanted("Acme/North", "Greeter");
    let (acme, north) = (at.organization("Acme"), at.organization("Acme/North"));
    let paul = at.account_key("paul@acme.example");
    let mut asked = Vec::new();
    let mut ask = |name: &'static str, through: &'static str, work: &dyn Fn() -> Result<(), Problem>| {
        // Nothing of it is kept in memory yet.
        at.run("UPDATE freshness SET mark = mark + 1");
        asked.push(Asked { name, through, statements: statements(|| work().unwrap_or_else(|problem| panic!("{name}: {problem:?}"))) });
    };
    let cursor = |sorted: Sorted| Paging { per: 25, number: 2, after: Some(Cursor(sorted, 5)), before: None };
    let by_name = cursor(Sorted::Text("ada".into()));
    let su = at.permit::<UserView>(SUPER);
    let ina = at.permit::<UserView>(INSIDE);
    let filter = |q: &str| Filter { q: q.to_owned(), ..Filter::default() };
    let list = |permit, filter: &Filter, sort, paging: &Paging| {
        at.db.read(permit, |view| accounts::list::<InConsole>(view, store, filter, None, sort, paging)).map(|_| ())
    };
    // Whoever reaches few gets theirs gathered from the organizations; whoever reaches all walks the names.
    let (walk, gather) = (["accounts_store_name", "accounts_store_last"], ["memberships_organization"; 2]);
    for (name, permit, [names, visits]) in [("accounts, everywhere", &su, walk), ("accounts, in Acme", &ina, gather)] {
        ask(name, names, &|| list(permit, &filter(""), Sort::Name, &Paging::first(25)));
        ask(name, names, &|| list(permit, &filter(""), Sort::NameDown, &by_name));
        ask(name, visits, &|| list(permit, &filter(""), Sort::LastDown, &cursor(Sorted::Int(9))));
        ask(name, "", &|| list(permit, &filter("ada a"), Sort::Name, &by_name));
        ask(name, "", &|| list(permit, &filter("ad"), Sort::Name, &by_name));
        let narrow = Filter { authn: "disabled".into(), authz: "active".into(), ..Filter::default() };
        ask(name, "accounts_not_active", &|| list(permit, &narrow, Sort::Name, &by_name));
        let none = Filter::default();
        for (through, narrow) in [
            ("pairs_role", Filter { role: at.role("Org auditor"), ..none.clone() }),
            ("verifications_verified", Filter { verified: "yes".into(), ..none.clone() }),
            ("verifications_verified", Filter { verified: "revoked".into(), ..none.clone() }),
            ("", Filter { verified: "no".into(), ..none.clone() }),
            // PostgreSQL chooses by how many they are, and here they are all.
            (if at.name() == "SQLite" { "accounts_without_factor" } else { "" }, Filter { factor: "none".into(), ..none.clone() }),
            ("accounts_created", Filter { from: Some(Time::from_micros(5)), ..none.clone() }),
            ("accounts_created", Filter { from: Some(Time::from_micros(5)), to: Some(Time::from_micros(6)), ..none.clone() }),
            ("accounts_locked", Filter { authn: "locked".into(), ..none.clone() }),
            ("memberships_blocked", Filter { authz: "blocked".into(), ..none.clone() }),
        ] {
            ask(name, through, &|| list(permit, &narrow, Sort::Name, &by_name));
            ask(name, through, &|| list(permit, &narrow, Sort::LastDown, &cursor(Sorted::Int(9))));
        }
        ask("candidates", names, &|| {
            at.db.read(permit, |view| role_assignments::candidates(view, &wanted, &filter(""), None, Sort::Name, &by_name)).map(|_| ())
        });
        for member in ["inside", "outside", "none"] {
            let narrow = Filter { member: member.into(), ..Filter::default() };
            ask("candidates by membership", "", &|| {
                at.db.read(permit, |view| role_assignments::candidates(view, &wanted, &narrow, None, Sort::Name, &by_name)).map(|_| ())
            });
        }
    }
    ask("accounts of an organization", "", &|| {
        at.db.read(&su, |view| accounts::list::<InConsole>(view, store, &filter(""), Some((&acme, true)), Sort::Name, &by_name)).map(|_| ())
    });
    ask("an account", "", &|| {
        at.db.read(&ina, |view| accounts::detail::<InConsole>(view, store, &at.acc("paul@acme.example"))).map(|_| ())
    });
    let assignments = at.permit::<RoleAssignmentView>(INSIDE);
    ask("holders", "", &|| {
        at.db.read(&assignments, |view| role_assignments::holders(view, &north, wanted.role.key, "", &by_name)).map(|_| ())
    });
    ask("org admins", "", &|| at.db.read(&assignments, |view| role_assignments::org_admins(view, &north)).map(|_| ()));
    ask("effective rights", "", &|| at.db.read(&assignments, |view| effective::at(view, paul, &north)).map(|_| ()));
    let scoped = at.permit::<ScopeView>(SUPER);
    for filter in [scopes::Filter::default(), scopes::Filter { unused: true, by_change: true, ..scopes::Filter::default() }] {
        ask("scopes", "", &|| at.db.read(&scoped, |view| scopes::list(view, &filter, &Paging::first(25))).map(|_| ()));
    }
    ask("owners of scopes", "", &|| at.db.read(&scoped, |view| scopes::owners(view, "no", &at.org("Acme"))).map(|_| ()));
    for (who, through) in [(SUPER, "organizations_store_name"), (INSIDE, "")] {
        let permit = at.permit::<OrganizationView>(who);
        let narrow = organizations::Filter::default();
        ask("an organization", "", &|| at.db.read(&permit, |view| organizations::detail(view, store, &north.id)).map(|_| ()));
        ask("organizations", through, &|| at.db.read(&permit, |view| organizations::list(view, store, &narrow, &by_name)).map(|_| ()));
        let narrow = organizations::Filter { by: organizations::By::Accounts, descending: true, ..narrow };
        // PostgreSQL sorts so few organizations.
        let walked = if who == SUPER && at.name() == "SQLite" { "organizations_store_members" } else { "" };
        let counted = cursor(Sorted::Int(3));
        ask("organizations by accounts", walked, &|| {
            at.db.read(&permit, |view| organizations::list(view, store, &narrow, &counted)).map(|_| ())
        });
        let permit = at.permit::<OrganizationActivate>(if who == SUPER { SUPER } else { "mona@brand.example" });
        ask("organizations to switch", "", &|| {
            let ids = vec![at.org("Acme/North"), at.org("Acme/South")];
            at.db.read(&permit, |view| organizations::together(view, &at.customers(), &ids, false)).map(|_| ())
        });
        let permit = at.permit::<RoleAssignmentView>(who);
        // PostgreSQL sorts so few organizations.
        let through = if at.name() == "SQLite" { through } else { "" };
        ask("pairs", through, &|| {
            at.db.read(&permit, |view| role_assignments::pairs(view, store, None, None, &Paging::first(25))).map(|_| ())
        });
        ask("organizations to choose from", through, &|| {
            at.db.read(&permit, |view| organizations::choices_for(view, store, "", None)).map(|_| ())
        });
    }
    let permit = at.permit::<OrganizationRoleView>(SUPER);
    ask("roles", "", &|| at.db.read(&permit, |view| roles::list(view, store, &roles::Filter::default(), &by_name)).map(|_| ()));
    ask("a role's uses", "", &|| at.db.read(&permit, |view| roles::used(view, wanted.role.key, 50)).map(|_| ()));
    let permit = at.permit::<AdministratorRoleView>(SUPER);
    let all = administrator_roles::Filter::default();
    ask("administrator roles", "", &|| at.db.read(&permit, |view| administrator_roles::list(view, &all, &by_name)).map(|_| ()));
    let helper = at.db.read(&permit, |view| administrator_roles::find(view, &at.administrator_role("Helper"))).unwrap().role.key;
    let permit = at.permit::<AdministratorView>(SUPER);
    ask("who holds an administrator role", "", &|| at.db.read(&permit, |view| administrator_roles::holders(view, helper, 5)).map(|_| ()));

    // Every request.
    ask("who asks", "", &|| at.db.read(&system::signing_in(Origin::default()), |view| actors::find(view, paul)).map(|_| ()));
    let ina_key = at.account_key(INSIDE);
    ask("which administrator asks", "", &|| {
        at.db.read(&system::signing_in(Origin::default()), |view| actors::find(view, ina_key)).map(|_| ())
    });
    ask("a session", "", &|| at.db.read(&system::signing_in(Origin::default()), |view| sessions::state(view, "x")).map(|_| ()));
    ask("one's sessions", "", &|| at.db.read(&at.permit::<Myself>(INSIDE), |view| sessions::list(view)).map(|_| ()));
    ask("use of a session", "", &|| at.db.note(|note| sessions::touch(note, "x")));
    for slug in [None, Some("customers")] {
        ask("signing in", "", &|| {
            at.db.read(&system::signing_in(Origin::default()), |view| sign_in::candidate(view, slug, "paul@acme.example")).map(|_| ())
        });
    }
    // PostgreSQL chooses among the indexes of the log by how long it is, and here it is short.
    let refused = if at.name() == "SQLite" { "events_refused" } else { "events_" };
    ask("a refused act", refused, &|| {
        let actor = at.actor(INSIDE);
        at.db.write(&system::refusing(Origin::default()), |tx| events::record_refusal(tx, &actor, Event::refused("test.refused")))
    });

    // A selection, and what is done with it.
    let key = at.account_key(SUPER);
    let everybody = Change { replace: Some(Some(filter("ada"))), ..Change::default() };
    let draft = at.db.note(|note| selections::change(note, &at.db.chance, key, None, wanted.purpose(), &everybody)).unwrap();
    let tick = Change { seen: vec![paul], ticked: vec![paul], replace: None };
    ask("a tick", "", &|| {
        at.db.note(|note| selections::change(note, &at.db.chance, key, Some(&draft), wanted.purpose(), &tick)).map(|_| ())
    });
    ask("a selection", "", &|| {
        let found = at.db.read(&su, |view| selections::find(view, store, &draft))?.ok_or(Problem::NotFound)?;
        at.db.read(&su, |view| selections::read(view, &found, &wanted, &[paul])).map(|_| ())
    });
    ask("a selection settled", "", &|| {
        let found = at.db.read(&su, |view| selections::find(view, store, &draft))?.ok_or(Problem::NotFound)?;
        let all = at.db.read(&su, |view| selections::resolve(view, &found, &wanted))?;
        at.db.note(|note| selections::freeze(note, &draft, &all.iter().map(|(key, _)| *key).collect::<Vec<_>>()))?;
        at.db.read(&su, |view| selections::frozen(view, &found)).map(|_| ())
    });
    let edit = at.permit::<RoleAssignmentEdit>(INSIDE);
    let ids = at.accounts(["paul@acme.example", "p01@acme.example"]);
    ask("giving", "", &|| at.db.write_or_stop(&edit, |tx| role_assignments::add(tx, &wanted, &ids, 0, Period::ALWAYS, "")).map(|_| ()));
    // However many: with thousands SQLite weighs its indexes otherwise. Nobody has these ids.
    ask("giving many", "", &|| {
        let ids: Vec<String> = (0..5_000).map(|number| format!("acc_{number}")).collect();
        at.db.write_or_stop(&edit, |tx| role_assignments::add(tx, &wanted, &ids, 0, Period::ALWAYS, "")).map(|_| ())
    });
    ask("taking", "", &|| at.db.write(&edit, |tx| role_assignments::remove(tx, &wanted, &ids)).map(|_| ()));
    asked
}

#[test]
fn nothing_that_pages_ask_walks_through_a_large_table() {
    for at in Database::on_each(Content::Crowd) {
        let mut raw = Raw::open(&at.url());
        if let Raw::Postgres(_) = raw {
            raw.run(
                "ANALYZE; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                 CREATE FUNCTION pg_temp.plan(asked text) RETURNS SETOF text LANGUAGE plpgsql AS \
                 $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || asked; END $$",
            );
        }
        let mut wrong = Vec::new();
        for Asked { name, statements, through } in everything(&at) {
            assert!(!statements.is_empty(), "{name}: no statement was heard");
            let mut plans = Vec::new();
            for statement in &statements {
                let plan = plan(&mut raw, statement);
                if let Some(step) = walks(&raw, &plan, statement) {
                    wrong.push(format!("{name}: “{step}” in\n  {statement}\n  {}", plan.join("\n  ")));
                }
                if let Some(step) = detour(&plan, statement) {
                    wrong.push(format!("{name}: the wrong index, “{step}” in\n  {statement}\n  {}", plan.join("\n  ")));
                }
                plans.push(plan);
            }
            if !through.is_empty() && !plans.iter().flatten().any(|step| step.contains(through)) {
                wrong.push(format!("{name} does not go through {through}:\n  {statements:#?}\n  {plans:#?}"));
            }
        }
        assert!(wrong.is_empty(), "on {}:\n{}", at.name(), wrong.join("\n\n"));
    }
}

#[test]
fn the_counts_that_triggers_keep_look_at_one_account_only() {
    let at = Database::sqlite(Content::Crowd);
    let mut raw = Raw::open(&at.url());
    let statements = in_triggers(&mut raw);
    let looking: Vec<&String> = statements.iter().filter(|statement| statement.contains("NOT EXISTS")).collect();
    assert_eq!(looking.len(), 3, "giving, changing and taking each look whether the account holds the role elsewhere: {statements:#?}");
    for statement in looking {
        let plan = plan(&mut raw, statement);
        let through = |step: &String| step.contains("role_assignments_account (account=?");
        assert!(plan.iter().any(through) && detour(&plan, statement).is_none(), "{statement}\n  {}", plan.join("\n  "));
    }
}

#[test]
fn a_list_by_name_or_last_visit_is_read_in_order_and_never_sorted() {
    for at in Database::on_each(Content::Crowd) {
        let mut raw = Raw::open(&at.url());
        if let Raw::Postgres(_) = raw {
            raw.run(
                "ANALYZE; SET plan_cache_mode = force_generic_plan; SET enable_sort = off; \
                 CREATE FUNCTION pg_temp.plan(asked text) RETURNS SETOF text LANGUAGE plpgsql AS \
                 $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || asked; END $$",
            );
        }
        let (store, permit) = (at.customers().key, at.permit::<UserView>(SUPER));
        // Also where a filter finds more than is sorted.
        let wide = [
            Filter::default(),
            Filter { from: Some(Time::from_micros(1)), to: Some(at.now().plus_seconds(60)), ..Filter::default() },
            Filter { factor: "none".into(), verified: "no".into(), ..Filter::default() },
        ];
        let sorts = [Sort::Name, Sort::NameDown, Sort::Last, Sort::LastDown];
        for (sort, filter) in sorts.into_iter().flat_map(|sort| wide.iter().map(move |filter| (sort, filter))) {
            let value = if matches!(sort, Sort::Name | Sort::NameDown) { Sorted::Text("ada".into()) } else { Sorted::Int(9) };
            let paging = Paging { per: 25, number: 2, after: Some(Cursor(value, 5)), before: None };
            let heard = statements(|| {
                at.db.read(&permit, |view| accounts::list::<InConsole>(view, store, filter, None, sort, &paging)).unwrap();
            });
            let page = heard
                .iter()
                .find(|statement| statement.contains("ORDER BY a.name_sort") || statement.contains("ORDER BY coalesce"))
                .unwrap();
            let plan = plan(&mut raw, page).join("\n");
            let sorted = match raw {
                Raw::Sqlite(_) => plan.contains("TEMP B-TREE"),
                Raw::Postgres(_) => plan.contains("Sort"),
            };
            assert!(!sorted, "{sort:?} {filter:?} on {}:\n{page}\n{plan}", at.name());
        }
    }
}

/// PostgreSQL would count by itself within a minute or so; a first page must not wait for that.
#[test]
fn postgresql_knows_how_many_there_are_as_soon_as_they_are_taken_in() {
    let Some(at) = Database::postgres(Content::Crowd) else { return };
    assert!(at.number("SELECT reltuples AS n FROM pg_class WHERE relname = 'accounts'") > CROWD as i64);
}
