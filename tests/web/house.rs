//! The house that the tests visit: a fresh database with the small world of `world.json`, the application as the
//! server runs it, a clock that stands still until it is moved, and people who sign in for real.
//!
//! [`House::each`] gives one on SQLite and, where `BAILIWICK_TEST_POSTGRES` names a maintenance database whose role
//! may create others, one on PostgreSQL. When a house goes, its whole database is checked (`bailiwick check`).

use crate::person::Person;
use actix_web::{
    body::to_bytes,
    dev::Service,
    http::header::HeaderMap,
    test::{TestRequest, init_service},
};
use bailiwick::{
    access::{Origin, system},
    clock::{Chance, Clock},
    domain::{time::Time, world::World},
    store::{
        Db, check,
        sessions::Limits,
        set_up,
        world::{Imported, export},
    },
    web::{
        Outside,
        passwords::{self, Passwords},
        server,
    },
};
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU8, AtomicU32, Ordering},
    },
};

/// The one password of everybody who has one.
pub const PASSWORD: &str = "copper kettle sings 7 times";

/// Its hash, computed once for all tests.
static HASH: LazyLock<String> = LazyLock::new(|| passwords::hash(PASSWORD).unwrap());

/// The instant at which every test begins.
pub const START: &str = "2026-11-23T10:00:00Z";

/// What the application answered, whole.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

type Application = Rc<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// A running application over a database of its own.
pub struct House {
    /// The database, through the product's own doors.
    pub db: Db,
    application: Application,
    clock: Arc<AtomicI64>,
    raw: RefCell<Raw>,
    ids: RefCell<HashMap<String, String>>,
    addresses: AtomicU8,
    // The last one: it takes the database away.
    place: Place,
}

impl House {
    /// A house with the small world, on every database there is.
    pub async fn each() -> Vec<Self> {
        Self::on_each(Content::World, "http://localhost:8080").await
    }

    /// A house in which nobody has been yet, on every database there is.
    pub async fn each_empty() -> Vec<Self> {
        Self::on_each(Content::Ground, "http://localhost:8080").await
    }

    /// A house with the small world to which people come over TLS, on every database there is.
    pub async fn each_over_tls() -> Vec<Self> {
        Self::on_each(Content::World, "https://admin.brand.example").await
    }

    async fn on_each(content: Content, public_url: &str) -> Vec<Self> {
        let mut houses = vec![Self::open(Place::sqlite(content), public_url).await];
        if let Some(place) = Place::postgres(content) {
            houses.push(Self::open(place, public_url).await);
        }
        houses
    }

    async fn open(place: Place, public_url: &str) -> Self {
        let time = Arc::new(AtomicI64::new(Time::parse(START).unwrap().micros()));
        let now = Arc::clone(&time);
        let clock = Clock::from_fn(move || Time::from_micros(now.load(Ordering::SeqCst)));
        let db = Db::open(&place.url(), 4, clock, Chance::system()).unwrap();
        let outside = Outside {
            public_url: public_url.to_owned(),
            secure: public_url.starts_with("https:"),
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            key: [7; 64],
        };
        let inside = bailiwick::web::House { db: db.clone(), outside: Arc::new(outside), passwords: Passwords::default() };
        let service = Rc::new(init_service(server::app(inside)).await);
        let application: Application = Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match service.call(request.to_request()).await {
                    Ok(answer) => {
                        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                        let Ok(body) = to_bytes(answer.into_body()).await else { panic!("the answer broke off") };
                        Answer { status, headers, body: body.to_vec() }
                    }
                    // The server would send this without our headers; the test of headers finds it.
                    Err(error) => {
                        let answer = error.error_response();
                        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body: Vec::new() }
                    }
                }
            })
        });
        let raw = RefCell::new(Raw::open(&place.url()));
        let house = Self { db, application, clock: time, raw, ids: RefCell::default(), addresses: AtomicU8::new(1), place };
        house.learn_ids();
        house
    }

    /// `SQLite` or `PostgreSQL`, for the words of a failing test.
    pub fn name(&self) -> &'static str {
        match self.place {
            Place::Sqlite { .. } => "SQLite",
            Place::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Sends a request.
    pub async fn answer(&self, request: TestRequest) -> Answer {
        (self.application)(request).await
    }

    /// Somebody with a browser who is not signed in.
    pub fn stranger(&self) -> Person<'_> {
        // Everybody comes from an address of their own, as waits are per address too.
        let number = self.addresses.fetch_add(1, Ordering::SeqCst);
        Person::new(self, IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)))
    }

    /// Somebody who has signed in, by e-mail or user name.
    pub async fn person(&self, identifier: &str) -> Person<'_> {
        let person = self.stranger();
        person.sign_in(identifier, PASSWORD).await.is(303);
        person
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
        import(&self.db, more);
        self.learn_ids();
    }

    /// A fresh code for the set-up page.
    pub fn set_up_code(&self) -> String {
        self.db.write(&system::set_up(Origin::default()), set_up::new_code).unwrap()
    }
}

/// Names of things, so that tests need no ids.
impl House {
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

    /// The same of another store.
    pub fn role_of(&self, store: &str, name: &str) -> String {
        self.id("role", store, name)
    }
}

/// What happened to the database, past the product's doors.
impl House {
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
        for table in ["identifiers", "memberships", "role_assignments", "account_group_members", "sessions", "preferences"] {
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
const PASSING: &[&str] = &["events", "event_subjects", "event_details", "sessions", "throttles", "once_keys"];

/// What [`House::state`] saw.
#[derive(Clone)]
pub struct State {
    world: String,
    done: i64,
    counts: BTreeMap<String, i64>,
}

impl State {
    /// Fails with what differs.
    pub fn assert_still(&self, house: &House, after: &str) {
        let now = house.state();
        if self.world != now.world {
            let (before, now): (Vec<&str>, Vec<&str>) = (self.world.lines().collect(), now.world.lines().collect());
            let first = before.iter().zip(&now).position(|(a, b)| a != b).unwrap_or(before.len().min(now.len()));
            let around = |lines: &[&str]| lines[first.saturating_sub(6)..(first + 3).min(lines.len())].join("\n");
            panic!("{} changed the world on {}.\nBefore:\n{}\nAfter:\n{}", after, house.name(), around(&before), around(&now));
        }
        assert_eq!(self.counts, now.counts, "{after} changed rows on {}", house.name());
        assert_eq!(self.done, now.done, "{after} left an event on {}", house.name());
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

/// A connection of the tests' own.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    fn open(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(file) => {
                let mut conn = SqliteConnection::establish(file).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF").unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(PgConnection::establish(url).unwrap()),
        }
    }

    fn load<R>(&mut self, sql: &str) -> Vec<R>
    where
        R: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
    {
        let found = match self {
            Self::Sqlite(conn) => diesel::sql_query(sql).load(conn),
            Self::Postgres(conn) => diesel::sql_query(sql).load(conn),
        };
        found.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    fn run(&mut self, sql: &str) {
        let done = match self {
            Self::Sqlite(conn) => conn.batch_execute(sql),
            Self::Postgres(conn) => conn.batch_execute(sql),
        };
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}

fn import(db: &Db, world: Value) {
    let file: World = serde_json::from_value(world).unwrap();
    let hash = |password: &str| passwords::hash(password);
    let imported = db.import(&system::world(Origin::default()), &file, false, &hash, &mut |_| {}).unwrap();
    assert!(matches!(imported, Imported::Done(_)), "{imported:#?}");
}

/// What a fresh database holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Content {
    /// What every installation has.
    Ground,
    /// The small world.
    World,
}

impl Content {
    fn fill(self, url: &str) {
        let now = Time::parse(START).unwrap();
        let db = Db::open(url, 1, Clock::from_fn(move || now), Chance::system()).unwrap();
        db.migrate().unwrap();
        db.ensure_ground().unwrap();
        if self == Self::World {
            import(&db, serde_json::from_str(&include_str!("world.json").replace("HASH", &HASH)).unwrap());
        }
    }
}

/// Where a database is. It goes with its house.
enum Place {
    Sqlite { folder: tempfile::TempDir },
    Postgres { server: String, name: String },
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite:{}", folder.path().join("b.db").display()),
            Self::Postgres { server, name } => format!("{server}/{name}"),
        }
    }

    /// A copy of the filled database.
    fn sqlite(content: Content) -> Self {
        static FILLED: [LazyLock<Vec<u8>>; 2] = [LazyLock::new(|| filled(Content::Ground)), LazyLock::new(|| filled(Content::World))];
        fn filled(content: Content) -> Vec<u8> {
            let folder = folder();
            let file = folder.path().join("b.db");
            content.fill(&format!("sqlite:{}", file.display()));
            let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            std::fs::read(file).unwrap()
        }
        let folder = folder();
        std::fs::write(folder.path().join("b.db"), &*FILLED[usize::from(content == Content::World)]).unwrap();
        Self::Sqlite { folder }
    }

    /// A copy of the filled database, where there is a server for it.
    fn postgres(content: Content) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let maintenance = std::env::var("BAILIWICK_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
        let (server, _) = maintenance.rsplit_once('/').unwrap();
        let template = template(&maintenance, server, content);
        let name = format!("bailiwick_web_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
        copy_database(&mut PgConnection::establish(&maintenance).unwrap(), &name, &template);
        Some(Self::Postgres { server: server.to_owned(), name })
    }

    fn take_away(&self) {
        if let Self::Postgres { server, name } = self {
            let maintenance = std::env::var("BAILIWICK_TEST_POSTGRES").unwrap_or_else(|_| format!("{server}/postgres"));
            let mut conn = PgConnection::establish(&maintenance).unwrap();
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        }
    }
}

/// In memory where the system has a place for that.
fn folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The database that others are copies of: one a process and content.
fn template(maintenance: &str, server: &str, content: Content) -> String {
    static TEMPLATES: std::sync::Mutex<Vec<(Content, String)>> = std::sync::Mutex::new(Vec::new());
    let mut templates = TEMPLATES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, name)) = templates.iter().find(|(of, _)| *of == content) {
        return name.clone();
    }
    let mut conn = PgConnection::establish(maintenance).unwrap();
    if templates.is_empty() {
        remove_those_of_the_dead(&mut conn);
    }
    let word = if content == Content::World { "world" } else { "ground" };
    let name = format!("bailiwick_template_{}_{word}", std::process::id());
    conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    content.fill(&format!("{server}/{name}"));
    templates.push((content, name.clone()));
    name
}

/// A process that ends takes its templates along only when the next one comes.
fn remove_those_of_the_dead(conn: &mut PgConnection) {
    let found: Vec<One> =
        diesel::sql_query("SELECT datname::text AS t FROM pg_database WHERE datname LIKE 'bailiwick\\_template\\_%'").load(conn).unwrap();
    for name in found.into_iter().filter_map(|row| row.t) {
        let process = name.split('_').nth(2).and_then(|number| number.parse::<u32>().ok());
        let dead = process.is_some_and(|process| !std::path::Path::new(&format!("/proc/{process}")).exists());
        if dead {
            // Another run may be faster.
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn copy_database(conn: &mut PgConnection, name: &str, template: &str) {
    for patience in (0..50).rev() {
        match conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")) {
            Ok(()) => return,
            // The connections that filled it may take a moment to go.
            Err(error) if patience == 0 => panic!("{error}"),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(100)),
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let wrong = (!std::thread::panicking())
            .then(|| self.db.read(&system::checking(Origin::default()), check::check).unwrap_or_else(|problem| vec![problem.to_string()]));
        self.place.take_away();
        if let Some(wrong) = wrong.filter(|wrong| !wrong.is_empty()) {
            panic!("after this test the database is not sound on {}:\n{}", self.name(), wrong.join("\n"));
        }
    }
}
