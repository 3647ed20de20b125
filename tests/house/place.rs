//! Where the tests' databases are: copies of one that is filled once a process.

use bailiwick::{
    access::{Origin, system},
    clock::{Chance, Clock},
    domain::{time::Time, world::World},
    store::{Db, world::Imported},
    web::passwords,
};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Text};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// The one password of everybody who has one.
pub const PASSWORD: &str = "copper kettle sings 7 times";

/// Its hash, computed once for all tests.
pub static HASH: LazyLock<String> = LazyLock::new(|| passwords::hash(PASSWORD).unwrap());

/// The instant at which every test begins.
pub const START: &str = "2026-11-23T10:00:00Z";

/// A connection of the tests' own.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    /// Opens one past the product's doors.
    pub fn open(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(file) => {
                let mut conn = SqliteConnection::establish(file).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF").unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(PgConnection::establish(url).unwrap()),
        }
    }

    /// Runs a statement and reads its rows.
    pub fn load<R>(&mut self, sql: &str) -> Vec<R>
    where
        R: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
    {
        let found = match self {
            Self::Sqlite(conn) => diesel::sql_query(sql).load(conn),
            Self::Postgres(conn) => diesel::sql_query(sql).load(conn),
        };
        found.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// Runs statements.
    pub fn run(&mut self, sql: &str) {
        let done = match self {
            Self::Sqlite(conn) => conn.batch_execute(sql),
            Self::Postgres(conn) => conn.batch_execute(sql),
        };
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}

pub fn import(db: &Db, world: Value) {
    let file: World = serde_json::from_value(world).unwrap();
    let hash = |password: &str| passwords::hash(password);
    let imported = db.import(&system::world(Origin::default()), &file, false, &hash, &mut |_| {}).unwrap();
    assert!(matches!(imported, Imported::Done(_)), "{imported:#?}");
}

/// What a fresh database holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Not even tables.
    Nothing,
    /// What every installation has.
    Ground,
    /// The small world.
    World,
    /// The small world grown: [`CROWD`] more accounts of Customers, most of them in Acme, and 300 more organizations.
    Crowd,
}

/// How many accounts the grown world has more than the small one.
pub const CROWD: usize = 10_200;

impl Content {
    fn fill(self, url: &str) {
        let now = Time::parse(START).unwrap();
        let db = Db::open(url, 1, Clock::from_fn(move || now), Chance::system()).unwrap();
        if self == Self::Nothing {
            return;
        }
        db.migrate().unwrap();
        db.ensure_ground().unwrap();
        if self != Self::Ground {
            import(&db, serde_json::from_str(&include_str!("world.json").replace("HASH", &HASH)).unwrap());
        }
        if self == Self::Crowd {
            import(&db, crowd());
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Ground => "ground",
            Self::World => "world",
            Self::Crowd => "crowd",
        }
    }
}

/// What makes the small world large. Names repeat, so that orders have to fall back on keys.
fn crowd() -> Value {
    const GIVEN: &[&str] = &["Ada", "Bjørn", "Chloé", "Dušan", "Eszter", "Fatou", "Goran", "Hana", "Ibrahim", "Jürgen"];
    const FAMILY: &[&str] = &["Almeida", "Bęben", "Cohen", "Dvořák", "Eriksen", "Fischer", "Gül", "Horváth"];
    let organizations = (0..300).map(|number| {
        // Ten countries of thirty towns each, half of them under Acme.
        let (country, town) = (number / 30, number % 30);
        let top = if country % 2 == 0 { "Acme" } else { "Globex" };
        let country = format!("Country {country}");
        let path = if town == 0 { vec![top.to_owned(), country] } else { vec![top.to_owned(), country, format!("Town {town}")] };
        json!({ "path": path })
    });
    let accounts = (0..CROWD).map(|number| {
        let organization: &[&str] = match number % 20 {
            0 => &["Globex"],
            1 => &["Globex", "Labs"],
            2..=5 => &["Acme", "South"],
            6..=9 => &["Acme", "North", "Plant 7"],
            _ => &["Acme", "North"],
        };
        let name = format!("{} {}", GIVEN[number % GIVEN.len()], FAMILY[number / 10 % FAMILY.len()]);
        let mut account = json!({ "username": format!("crowd{number:05}"), "name": name, "status": "active" });
        if number % 50 == 0 {
            account["status"] = "disabled".into();
        }
        if number % 100 != 99 {
            account["memberships"] = json!([{ "organization": organization }]);
        }
        account
    });
    let holders = (0..1_000).map(|number| {
        let organization: &[&str] = if number % 2 == 0 { &["Acme"] } else { &["Acme", "North"] };
        json!({ "role": "Greeter", "organization": organization, "account": format!("crowd{:05}", number * 10) })
    });
    let roles = (0..60).map(|number| json!({ "name": format!("Spare role {number:02}"), "rights": ["account_management:READ"] }));
    json!({ "bailiwick": 1, "identity_stores": [{
        "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
        "roles": roles.collect::<Vec<_>>(), "organizations": organizations.collect::<Vec<_>>(),
        "accounts": accounts.collect::<Vec<_>>(), "role_assignments": holders.collect::<Vec<_>>(),
    }] })
}

/// Where a database is. It goes with its house.
pub enum Place {
    Sqlite { folder: tempfile::TempDir },
    Postgres { server: String, name: String },
}

impl Place {
    /// One on every kind of database there is.
    pub fn each(content: Content) -> Vec<Self> {
        [Some(Self::sqlite(content)), Self::postgres(content)].into_iter().flatten().collect()
    }

    /// The address for the product.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite:{}", folder.path().join("b.db").display()),
            Self::Postgres { server, name } => format!("{server}/{name}"),
        }
    }

    /// A copy of the filled database.
    pub fn sqlite(content: Content) -> Self {
        static FILLED: [LazyLock<Vec<u8>>; 4] = [
            LazyLock::new(|| filled(Content::Nothing)),
            LazyLock::new(|| filled(Content::Ground)),
            LazyLock::new(|| filled(Content::World)),
            LazyLock::new(|| filled(Content::Crowd)),
        ];
        fn filled(content: Content) -> Vec<u8> {
            let folder = folder();
            let file = folder.path().join("b.db");
            content.fill(&format!("sqlite:{}", file.display()));
            let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            std::fs::read(file).unwrap()
        }
        let folder = folder();
        std::fs::write(folder.path().join("b.db"), &*FILLED[content as usize]).unwrap();
        Self::Sqlite { folder }
    }

    /// A copy of the filled database, where there is a server for it.
    pub fn postgres(content: Content) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let maintenance = std::env::var("BAILIWICK_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
        let (server, _) = maintenance.rsplit_once('/').unwrap();
        let template = template(&maintenance, server, content);
        let name = format!("bailiwick_test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
        copy_database(&mut PgConnection::establish(&maintenance).unwrap(), &name, &template);
        Some(Self::Postgres { server: server.to_owned(), name })
    }
}

impl Drop for Place {
    /// A file goes with its folder.
    fn drop(&mut self) {
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
    let name = format!("bailiwick_template_{}_{}", std::process::id(), content.word());
    conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    content.fill(&format!("{server}/{name}"));
    templates.push((content, name.clone()));
    name
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    t: String,
}

/// A process that ends takes its templates along only when the next one comes.
fn remove_those_of_the_dead(conn: &mut PgConnection) {
    let found: Vec<Named> =
        diesel::sql_query("SELECT datname::text AS t FROM pg_database WHERE datname LIKE 'bailiwick\\_template\\_%'").load(conn).unwrap();
    for name in found.into_iter().map(|row| row.t) {
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
