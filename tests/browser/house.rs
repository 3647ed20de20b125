//! The house that browsers visit: a demo brand in a database of its own, served on a free port as the product serves
//! it, with a clock that can be put forward.
//!
//! The database is SQLite; [`House::each`] gives another one on PostgreSQL, where `BAILIWICK_TEST_POSTGRES` names a
//! maintenance database whose role may create others. When a house goes, its whole database is checked.

use crate::sink::{Mail, Sink};
use actix_web::{HttpServer, dev::ServerHandle};
use bailiwick::{
    access::{Origin, system},
    cli::demo,
    clock::{Chance, Clock},
    domain::{time::Time, world::World},
    store::{Db, check, set_up, world::Imported},
    web::{Outside, mail, passwords, passwords::Passwords, server},
};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::*};
use std::{
    net::TcpListener,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU32, Ordering},
        mpsc,
    },
};

/// Sees and changes everything.
pub const INES: &str = "ines.ferreira@meridian.example";
/// Manages Nordhavn Freight and all below it, and nothing else.
pub const MARTA: &str = "marta.silva@nordhavn.example";
/// May look at the assignments of Nordhavn Freight.
pub const AGNIESZKA: &str = "agnieszka.nowicka@nordhavn.example";

/// The store in which most of it happens.
pub const STORE: &str = "/admin/stores/partners";

/// The password of somebody of the demo.
pub fn password(identifier: &str) -> &'static str {
    demo::sign_ins().find(|(name, _)| *name == identifier).unwrap().1
}

/// What a fresh database holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// What every installation has.
    Ground,
    /// The demo brand, and a store in which nothing has happened yet.
    Demo,
}

/// A running server over a database of its own.
pub struct House {
    /// The database, through the product's own doors.
    pub db: Db,
    /// Where browsers find it.
    pub address: String,
    /// Where its mails go.
    pub sink: Sink,
    ahead: Arc<AtomicI64>,
    server: ServerHandle,
    place: Place,
}

impl House {
    /// The demo brand, on SQLite.
    pub fn demo() -> Self {
        Self::open(Place::sqlite(Content::Demo))
    }

    /// A house in which nobody has been yet.
    pub fn empty() -> Self {
        Self::open(Place::sqlite(Content::Ground))
    }

    /// The demo brand, on every database there is.
    pub fn each() -> Vec<Self> {
        let postgres = Place::postgres(Content::Demo);
        [Some(Place::sqlite(Content::Demo)), postgres].into_iter().flatten().map(Self::open).collect()
    }

    fn open(place: Place) -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let (system, ahead_too) = (Clock::system(), Arc::clone(&ahead));
        let clock = Clock::from_fn(move || Time::from_micros(system.now().micros() + ahead_too.load(Ordering::SeqCst)));
        let db = Db::open(&place.url(), 4, clock, Chance::system()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let sink = Sink::open();
        let outside = Outside { public_url: address.clone(), secure: false, trusted_proxies: Vec::new(), post: sink.post(), key: [7; 64] };
        let inside = bailiwick::web::House { db: db.clone(), outside: Arc::new(outside), passwords: Passwords::default() };
        let (tell, told) = mpsc::channel();
        // `server::run` would serve until the whole process is told to stop; this one goes with its house.
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let workers = mail::Workers::start(&inside);
                let serving = HttpServer::new(move || server::app(inside.clone())).workers(1).disable_signals();
                let serving = serving.listen(listener).unwrap().run();
                tell.send(serving.handle()).unwrap();
                serving.await.unwrap();
                workers.stop().await;
            });
        });
        Self { db, address, sink, ahead, server: told.recv().unwrap(), place }
    }

    /// `SQLite` or `PostgreSQL`, for the words of a failing test.
    pub fn name(&self) -> &'static str {
        match self.place {
            Place::Sqlite { .. } => "SQLite",
            Place::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Puts the clock forward.
    pub fn wait_minutes(&self, minutes: i64) {
        self.ahead.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }

    /// The newest mail to an address that is not among those seen already (`seen`: how many there were); it comes soon.
    pub fn mail_to(&self, address: &str, seen: usize) -> Mail {
        for _ in 0..100 {
            let mails = self.sink.mail_to(address);
            if mails.len() > seen {
                return mails[0].clone();
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("no mail came to {address}");
    }

    /// The address of the set-up page, with a fresh code.
    pub fn set_up_page(&self) -> String {
        let code = self.db.write(&system::set_up(Origin::default()), set_up::new_code).unwrap();
        format!("/setup?code={code}")
    }

    /// The number that a statement selects as `n`.
    pub fn number(&self, sql: &str) -> i64 {
        let sql = format!("SELECT CAST(found.n AS bigint) AS n FROM ({sql}) found");
        self.place.load::<Number>(&sql)[0].n
    }

    /// The texts that a statement selects as `t`.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        self.place.load::<One>(sql).into_iter().map(|row| row.t).collect()
    }

    /// The only text that a statement selects as `t`.
    pub fn text(&self, sql: &str) -> String {
        self.texts(sql).remove(0)
    }

    /// The id of an organization of the store, by name.
    pub fn organization(&self, name: &str) -> String {
        self.text(&format!("SELECT id AS t FROM organizations WHERE name = '{name}'"))
    }

    /// The id of a role of the store, by name.
    pub fn role(&self, name: &str) -> String {
        self.text(&format!(
            "SELECT r.id AS t FROM roles r JOIN identity_stores s ON s.key = r.store WHERE s.slug = 'partners' AND r.name = '{name}'"
        ))
    }

    /// The page of an administrator role, by name.
    pub fn administrator_role(&self, name: &str) -> String {
        format!("/admin/administrator-roles/{}", self.text(&format!("SELECT id AS t FROM administrator_roles WHERE name = '{name}'")))
    }

    /// The address of a pair on one of both tabs: `role-assignments` or `role-assignments/unassigned`.
    pub fn pair(&self, tab: &str, organization: &str, role: &str) -> String {
        format!("{STORE}/{tab}?org={}&role={}", self.organization(organization), self.role(role))
    }

    /// How many hold a role in an organization, assigned right there.
    pub fn held(&self, organization: &str, role: &str) -> i64 {
        let (organization, role) = (self.organization(organization), self.role(role));
        self.number(&format!(
            "SELECT count(*) AS n FROM role_assignments ra JOIN organizations o ON o.key = ra.organization \
             JOIN roles r ON r.key = ra.role WHERE o.id = '{organization}' AND r.id = '{role}'"
        ))
    }

    /// How many events of an action were done.
    pub fn events(&self, action: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS n FROM events WHERE action = '{action}' AND outcome = 'done'"))
    }

    /// Runs a statement: somebody else does something meanwhile.
    pub fn run(&self, sql: &str) {
        self.place.run(sql);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        let wrong = (!std::thread::panicking())
            .then(|| self.db.read(&system::checking(Origin::default()), check::check).unwrap_or_else(|problem| vec![problem.to_string()]));
        self.place.take_away();
        if let Some(wrong) = wrong.filter(|wrong| !wrong.is_empty()) {
            panic!("after this visit the database is not sound on {}:\n{}", self.name(), wrong.join("\n"));
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct One {
    #[diesel(sql_type = Text)]
    t: String,
}

/// Where a database is. It goes with its house.
enum Place {
    Sqlite { folder: tempfile::TempDir },
    Postgres { maintenance: String, server: String, name: String },
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite:{}", folder.path().join("b.db").display()),
            Self::Postgres { server, name, .. } => format!("{server}/{name}"),
        }
    }

    /// A copy of the filled database: filling takes seconds.
    fn sqlite(content: Content) -> Self {
        static FILLED: [LazyLock<Vec<u8>>; 2] = [LazyLock::new(|| filled(Content::Ground)), LazyLock::new(|| filled(Content::Demo))];
        fn filled(content: Content) -> Vec<u8> {
            let folder = folder();
            let file = folder.path().join("b.db");
            fill(&format!("sqlite:{}", file.display()), content);
            let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            std::fs::read(file).unwrap()
        }
        let folder = folder();
        std::fs::write(folder.path().join("b.db"), &*FILLED[usize::from(content == Content::Demo)]).unwrap();
        Self::Sqlite { folder }
    }

    /// A database of its own, where there is a server for it.
    fn postgres(content: Content) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let maintenance = std::env::var("BAILIWICK_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
        let server = maintenance.rsplit_once('/').unwrap().0.to_owned();
        let name = format!("bailiwick_browser_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
        PgConnection::establish(&maintenance).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let place = Self::Postgres { maintenance, server, name };
        fill(&place.url(), content);
        Some(place)
    }

    fn load<R>(&self, sql: &str) -> Vec<R>
    where
        R: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
    {
        let found = match self {
            Self::Sqlite { .. } => diesel::sql_query(sql).load(&mut self.sqlite_connection()),
            Self::Postgres { .. } => diesel::sql_query(sql).load(&mut PgConnection::establish(&self.url()).unwrap()),
        };
        found.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    fn run(&self, sql: &str) {
        let done = match self {
            Self::Sqlite { .. } => self.sqlite_connection().batch_execute(sql),
            Self::Postgres { .. } => PgConnection::establish(&self.url()).unwrap().batch_execute(sql),
        };
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    fn sqlite_connection(&self) -> SqliteConnection {
        let url = self.url();
        let mut conn = SqliteConnection::establish(url.trim_start_matches("sqlite:")).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        conn
    }

    fn take_away(&self) {
        if let Self::Postgres { maintenance, name, .. } = self {
            let mut conn = PgConnection::establish(maintenance).unwrap();
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        }
    }
}

fn fill(url: &str, content: Content) {
    let db = Db::open(url, 2, Clock::system(), Chance::system()).unwrap();
    db.migrate().unwrap();
    db.ensure_ground().unwrap();
    if content == Content::Ground {
        return;
    }
    demo::fill_with(&db, 900, 40).unwrap();
    let fresh: World = serde_json::from_value(serde_json::json!({
        "bailiwick": 1,
        "identity_stores": [{ "name": "Fresh start", "slug": "fresh", "organizations": [{ "path": ["Solo"] }] }],
    }))
    .unwrap();
    let imported = db.import(&system::world(Origin::default()), &fresh, false, &passwords::hash, &mut |_| {}).unwrap();
    assert!(matches!(imported, Imported::Done(_)), "{imported:?}");
}

/// In memory where the system has a place for that.
fn folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap() } else { tempfile::tempdir().unwrap() }
}
