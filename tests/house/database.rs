//! A database that tests visit: fresh, with the small world of `world.json`, the product's own doors, a clock that
//! stands still until it is moved, names instead of ids, and a look past the doors.
//!
//! There is one on SQLite and, where `BAILIWICK_TEST_POSTGRES` names a maintenance database whose role may create
//! others, one on PostgreSQL. When a database goes, the whole of it is checked (`bailiwick check`).

use crate::place::{Content, Place, Raw, START};
use bailiwick::{
    access::{Origin, system},
    clock::{Chance, Clock},
    domain::{time::Time, world::World},
    store::{Db, check, set_up, world::export},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// A database of one's own.
pub struct Database {
    /// Through the product's own doors.
    pub db: Db,
    clock: Arc<AtomicI64>,
    raw: RefCell<Raw>,
    ids: RefCell<HashMap<String, String>>,
    unsound: bool,
    // The last one: it takes the database away.
    place: Place,
}

impl Database {
    /// One with this content on every kind of database there is.
    pub fn on_each(content: Content) -> Vec<Self> {
        [Some(Self::sqlite(content)), Self::postgres(content)].into_iter().flatten().collect()
    }

    /// One on SQLite.
    pub fn sqlite(content: Content) -> Self {
        Self::open(Place::sqlite(content))
    }

    /// One on PostgreSQL, where there is a server.
    pub fn postgres(content: Content) -> Option<Self> {
        Place::postgres(content).map(Self::open)
    }

    /// With the small world.
    pub fn each() -> Vec<Self> {
        Self::on_each(Content::World)
    }

    /// In which nobody has been yet.
    pub fn each_empty() -> Vec<Self> {
        Self::on_each(Content::Ground)
    }

    fn open(place: Place) -> Self {
        let time = Arc::new(AtomicI64::new(Time::parse(START).unwrap().micros()));
        let db = Self::door(&place, &time);
        let raw = RefCell::new(Raw::open(&place.url()));
        let database = Self { db, clock: time, raw, ids: RefCell::default(), unsound: false, place };
        database.learn_ids();
        database
    }

    fn door(place: &Place, time: &Arc<AtomicI64>) -> Db {
        let now = Arc::clone(time);
        Db::open(&place.url(), 4, Clock::from_fn(move || Time::from_micros(now.load(Ordering::SeqCst))), Chance::system()).unwrap()
    }

    /// A second way in, with connections of its own: what another process has.
    pub fn another_door(&self) -> Db {
        Self::door(&self.place, &self.clock)
    }

    /// `SQLite` or `PostgreSQL`, for the words of a failing test.
    pub fn name(&self) -> &'static str {
        match self.place {
            Place::Sqlite { .. } => "SQLite",
            Place::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Where it is, for a second way in.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// What is done to it breaks rules on purpose, so it is not checked in the end.
    pub fn may_be_unsound(&mut self) {
        self.unsound = true;
    }

    /// Moves the clock.
    pub fn wait_minutes(&self, minutes: i64) {
        self.wait_seconds(minutes * 60);
    }

    /// Moves the clock.
    pub fn wait_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.db.clock.now()
    }

    /// Takes in more of a world; sections of `world.json`'s form.
    pub fn import(&self, more: Value) {
        crate::place::import(&self.db, more);
        self.learn_ids();
    }

    /// A fresh code for the set-up page.
    pub fn set_up_code(&self) -> String {
        self.db.write(&system::set_up(Origin::default()), set_up::new_code).unwrap()
    }
}

/// Names of things, so that tests need no ids.
impl Database {
    fn learn_ids(&self) {
        let mut ids = HashMap::new();
        let organizations: Vec<OrganizationRow> = self
            .raw
            .borrow_mut()
            .load("SELECT o.key, o.parent, o.id, o.name, s.slug FROM organizations o JOIN identity_stores s ON s.key = o.store");
        let by_key: HashMap<i64, &OrganizationRow> = organizations.iter().map(|row| (row.key, row)).collect();
        for organization in &organizations {
            let mut path = Vec::new();
            let mut step = Some(organization);
            while let Some(row) = step {
                // The root organization is no step of a path.
                path.extend(row.parent.map(|_| row.name.as_str()));
                step = row.parent.and_then(|parent| by_key.get(&parent).copied());
            }
            path.reverse();
            ids.insert(format!("organization {}/{}", organization.slug, path.join("/")), organization.id.clone());
        }
        for (text, id) in self.pairs(
            "SELECT 'account ' || s.slug || '/' || coalesce(a.email, a.username) AS t, a.id AS u \
             FROM accounts a JOIN identity_stores s ON s.key = a.store",
        ) {
            ids.insert(text, id);
        }
        for (text, id) in
            self.pairs("SELECT 'role ' || s.slug || '/' || r.name AS t, r.id AS u FROM roles r JOIN identity_stores s ON s.key = r.store")
        {
            ids.insert(text, id);
        }
        for (text, id) in self.pairs("SELECT 'administrator role /' || name AS t, id AS u FROM administrator_roles") {
            ids.insert(text, id);
        }
        *self.ids.borrow_mut() = ids;
    }

    fn id(&self, kind: &str, store: &str, name: &str) -> String {
        let key = format!("{kind} {store}/{name}");
        self.ids.borrow().get(&key).cloned().unwrap_or_else(|| panic!("there is no {key}"))
    }

    /// The id of an organization of Customers, by its path: `Acme/North`.
    pub fn org(&self, path: &str) -> String {
        self.id("organization", "customers", path)
    }

    /// The same of another store.
    pub fn org_of(&self, store: &str, path: &str) -> String {
        self.id("organization", store, path)
    }

    /// The id of an account of Customers, by its e-mail or user name.
    pub fn acc(&self, identifier: &str) -> String {
        self.id("account", "customers", identifier)
    }

    /// The same of another store.
    pub fn acc_of(&self, store: &str, identifier: &str) -> String {
        self.id("account", store, identifier)
    }

    /// The id of a role of Customers.
    pub fn role(&self, name: &str) -> String {
        self.id("role", "customers", name)
    }

    /// The id of an administrator role.
    pub fn administrator_role(&self, name: &str) -> String {
        self.id("administrator role", "", name)
    }

    /// The same of another store.
    pub fn role_of(&self, store: &str, name: &str) -> String {
        self.id("role", store, name)
    }
}

/// What happened to the database, past the product's doors.
impl Database {
    /// The texts that a statement selects as `t`.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        self.raw.borrow_mut().load::<One>(sql).into_iter().map(|row| row.t.unwrap_or_default()).collect()
    }

    /// The pairs of texts that a statement selects as `t` and `u`.
    pub fn pairs(&self, sql: &str) -> Vec<(String, String)> {
        self.raw.borrow_mut().load::<Two>(sql).into_iter().map(|row| (row.t, row.u)).collect()
    }

    /// The number that a statement selects as `n`.
    pub fn number(&self, sql: &str) -> i64 {
        // PostgreSQL tells short numbers from long ones.
        self.raw.borrow_mut().load::<Number>(&format!("SELECT CAST(found.n AS bigint) AS n FROM ({sql}) found"))[0].n
    }

    /// Runs statements.
    pub fn run(&self, sql: &str) {
        self.raw.borrow_mut().run(sql);
    }

    /// Who holds a pair of Customers now, by identifier; ended rows are not held.
    pub fn holders(&self, path: &str, role: &str) -> Vec<String> {
        self.texts(&format!(
            "SELECT coalesce(a.email, a.username) AS t FROM role_assignments ra JOIN accounts a ON a.key = ra.account \
             JOIN organizations o ON o.key = ra.organization JOIN roles r ON r.key = ra.role \
             WHERE o.id = '{}' AND r.id = '{}' AND (ra.ends IS NULL OR ra.ends > {}) ORDER BY 1",
            self.org(path),
            self.role(role),
            self.now().micros()
        ))
    }

    /// Takes an account of Customers away, as its deletion will one day.
    pub fn vanish(&self, identifier: &str) {
        let key = self.number(&format!("SELECT key AS n FROM accounts WHERE id = '{}'", self.acc(identifier)));
        for table in [
            "identifiers",
            "memberships",
            "role_assignments",
            "account_group_members",
            "sessions",
            "preferences",
            "mails",
            "codes",
            "authenticators",
        ] {
            self.run(&format!("DELETE FROM {table} WHERE account = {key}"));
        }
        self.run(&format!("UPDATE identity_stores SET accounts = accounts - 1 WHERE key = (SELECT store FROM accounts WHERE key = {key})"));
        self.run(&format!("DELETE FROM accounts WHERE key = {key}"));
    }

    /// The events with this action, first to last.
    pub fn events(&self, action: &str) -> Vec<Happened> {
        let rows: Vec<EventRow> = self.raw.borrow_mut().load(&format!(
            "SELECT e.outcome, e.actor_name, d.body, e.address, e.through FROM events e JOIN event_details d ON d.event = e.key \
             WHERE e.action = '{action}' ORDER BY e.key"
        ));
        rows.into_iter()
            .map(|row| Happened {
                outcome: row.outcome,
                actor: row.actor_name,
                detail: serde_json::from_str(&row.body).unwrap(),
                address: row.address,
                through: row.through,
            })
            .collect()
    }

    /// Everything that a right can depend on, and how many rows each table has.
    pub fn state(&self) -> State {
        let world: World = self.db.read(&system::world(Origin::default()), |view| export(view, true)).unwrap();
        let world = serde_json::to_string_pretty(&world).unwrap();
        let done = self.number("SELECT count(*) AS n FROM events WHERE outcome = 'done' AND action NOT LIKE 'session.%'");
        let counts = self.counts().into_iter().filter(|(table, _)| !PASSING.contains(&table.as_str())).collect();
        State { world, done, counts }
    }

    /// How many rows each table has.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let tables = match self.place {
            Place::Sqlite { .. } => self.texts(
                "SELECT name AS t FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'account_search%'",
            ),
            Place::Postgres { .. } => self.texts("SELECT tablename::text AS t FROM pg_tables WHERE schemaname = 'public'"),
        };
        let counted = tables.into_iter().map(|table| {
            let count = self.number(&format!("SELECT count(*) AS n FROM {table}"));
            (table, count)
        });
        counted.collect()
    }
}

/// Tables that come and go with visits; no right depends on them.
const PASSING: &[&str] = &[
    "events",
    "event_subjects",
    "event_details",
    "event_briefs",
    "sessions",
    "throttles",
    "once_keys",
    "account_imports",
    "jobs",
    "codes",
];

/// What [`Database::state`] saw.
#[derive(Clone)]
pub struct State {
    world: String,
    done: i64,
    counts: BTreeMap<String, i64>,
}

impl State {
    /// Fails with what differs.
    pub fn assert_still(&self, database: &Database, after: &str) {
        let now = database.state();
        if self.world != now.world {
            let (before, now): (Vec<&str>, Vec<&str>) = (self.world.lines().collect(), now.world.lines().collect());
            let first = before.iter().zip(&now).position(|(a, b)| a != b).unwrap_or(before.len().min(now.len()));
            let around = |lines: &[&str]| lines[first.saturating_sub(6)..(first + 3).min(lines.len())].join("\n");
            panic!("{} changed the world on {}.\nBefore:\n{}\nAfter:\n{}", after, database.name(), around(&before), around(&now));
        }
        assert_eq!(self.counts, now.counts, "{after} changed rows on {}", database.name());
        assert_eq!(self.done, now.done, "{after} left an event on {}", database.name());
    }
}

/// An event of the log.
#[derive(Clone, Debug)]
pub struct Happened {
    pub outcome: String,
    pub actor: String,
    pub detail: Value,
    pub address: Option<String>,
    pub through: Option<String>,
}

#[derive(QueryableByName)]
struct One {
    #[diesel(sql_type = Nullable<Text>)]
    t: Option<String>,
}

#[derive(QueryableByName)]
struct Two {
    #[diesel(sql_type = Text)]
    t: String,
    #[diesel(sql_type = Text)]
    u: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct OrganizationRow {
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent: Option<i64>,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    slug: String,
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Text)]
    actor_name: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    through: Option<String>,
}

impl Drop for Database {
    fn drop(&mut self) {
        let wrong = (!std::thread::panicking() && !self.unsound)
            .then(|| self.db.read(&system::checking(Origin::default()), check::check).unwrap_or_else(|problem| vec![problem.to_string()]));
        if let Some(wrong) = wrong.filter(|wrong| !wrong.is_empty()) {
            panic!("after this test the database is not sound on {}:\n{}", self.name(), wrong.join("\n"));
        }
    }
}
