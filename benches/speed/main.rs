//! How fast it is, beside the bare limit, in one run:
//!
//! ```sh
//! cargo bench --bench speed                                             # a demo of 20,000 accounts
//! cargo bench --bench speed -- --accounts 1000000 --organizations 10000 --keep large.db
//! cargo bench --bench speed -- --database postgres://…                  # an empty one is filled, a demo is used
//! ```

mod bare;
mod client;
mod inside;

use anyhow::{Context, bail};
use bailiwick::{
    cli::demo,
    clock::{Chance, Clock},
    store::{
        Db,
        paging::{Cursor, Sorted},
    },
};
use clap::Parser;
use client::{Load, Visitor};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

#[derive(Parser)]
struct Asked {
    /// How many accounts
    #[arg(long, default_value_t = 20_000)]
    accounts: usize,
    /// How many organizations
    #[arg(long, default_value_t = 400)]
    organizations: usize,
    /// Make the demo in this SQLite file and keep it, or use it when it is there
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A database instead: sqlite:FILE or postgres://…
    #[arg(long)]
    database: Option<String>,
    /// Seconds for each page
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only pages whose name holds this
    #[arg(long, default_value = "")]
    only: String,
    /// Be the bare handler for this store
    #[arg(long, hide = true)]
    bare: Option<i64>,
    /// What cargo says
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let asked = Asked::parse();
    let folder = tempfile::tempdir()?;
    let file = asked.keep.clone().unwrap_or_else(|| folder.path().join("demo.db"));
    let database = asked.database.clone().unwrap_or_else(|| format!("sqlite:{}", file.display()));
    if let Some(store) = asked.bare {
        return bare::serve(&database, store);
    }
    let key = folder.path().join("key");
    fill(&database, &asked)?;
    let place = inside::Place::find(&database)?;
    println!("{} accounts, {} organizations, {}", place.accounts, place.organizations, database.split(':').next().unwrap_or_default());

    let time = Duration::from_secs_f64(asked.seconds);
    let bare = Server::start(Command::new(std::env::current_exe()?).args(["--database", &database, "--bare", &place.store.to_string()]))?;
    let before = Visitor::new(bare.port).load("/", time);
    let served = Server::start(&mut serve(&database, &key))?;
    println!("\nstart to first answer {} ms, resident {} MB", millis(served.first), served.memory("VmRSS"));
    let mut wide = Visitor::signed_in(served.port, "ines.ferreira@meridian.example", "lantern cobalt walnut sleigh");
    let mut narrow = Visitor::signed_in(served.port, "marta.silva@nordhavn.example", "copper kettle tundra waltz");
    println!("resident after signing in {} MB", served.memory("VmRSS"));

    println!("\n16 connections, each page for {} s; alone: over one connection, the slowest of 19 in 20", asked.seconds);
    println!("{:<44} {:>8} {:>8} {:>8} {:>8} {:>6} {:>8} {:>7}", "", "pages/s", "p50 ms", "p95", "p99", "bare", "alone", "bytes");
    line("a bare handler", &before, &before, None);
    for (name, path) in pages(&place).iter().filter(|(name, _)| name.contains(&asked.only)) {
        for (who, visitor) in [("", &mut wide), (", narrow", &mut narrow)] {
            if !who.is_empty() && name.starts_with("roles") {
                continue;
            }
            let load = visitor.load(path, time);
            line(&format!("{name}{who}"), &load, &before, Some(visitor.alone(path, 100)));
        }
    }
    println!("most resident under load {} MB, then {} MB", served.memory("VmHWM"), served.memory("VmRSS"));
    drop(served);
    let after = Visitor::new(bare.port).load("/", time);
    line("a bare handler, again", &after, &before, None);
    drop(bare);

    if asked.only.is_empty() {
        inside::assigning(&database, &place)?;
        inside::moving(&database, &place)?;
        inside::deciding(&database, &place)?;
        empty(folder.path())?;
    }
    Ok(())
}

/// What is loaded: a name and an address.
fn pages(place: &inside::Place) -> Vec<(&'static str, String)> {
    let base = format!("/admin/stores/{}", inside::STORE);
    let pair = format!("org={}&role={}", place.organization, place.role);
    let picker = format!("{base}/role-assignments/unassigned?{pair}&per=50");
    let deep = format!("page=150&after={}", Cursor(Sorted::Text("m".into()), 0).encode());
    vec![
        ("accounts", format!("{base}/accounts?per=50")),
        ("accounts, deep", format!("{base}/accounts?per=50&{deep}")),
        ("organizations", format!("{base}/organizations?view=list&per=50")),
        ("picker", picker.clone()),
        ("picker, deep", format!("{picker}&{deep}")),
        ("accounts, search, a hit", format!("{base}/accounts?per=50&q=ines+ferreira")),
        ("accounts, search, a miss", format!("{base}/accounts?per=50&q=zzqx")),
        ("accounts, search, two letters", format!("{base}/accounts?per=50&q=an")),
        ("accounts, search, many hits", format!("{base}/accounts?per=50&q=ana")),
        ("picker, search, many hits", format!("{picker}&q=ana")),
        ("pairs", format!("{base}/role-assignments?per=50")),
        ("holders", format!("{base}/role-assignments?{pair}&per=50")),
        ("roles", format!("{base}/roles?per=50")),
        ("home", "/admin".to_owned()),
    ]
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn line(name: &str, load: &Load, bare: &Load, alone: Option<Duration>) {
    println!(
        "{name:<44} {:>8.0} {:>8} {:>8} {:>8} {:>4.0} % {:>8} {:>7}",
        load.a_second,
        millis(load.p50),
        millis(load.p95),
        millis(load.p99),
        load.a_second / bare.a_second * 100.0,
        alone.map(millis).unwrap_or_default(),
        load.bytes
    );
}

/// Makes the demo, unless it is there.
fn fill(database: &str, asked: &Asked) -> anyhow::Result<()> {
    let db = Db::open(database, 4, Clock::system(), Chance::system())?;
    db.migrate()?;
    db.ensure_ground()?;
    if inside::Place::find(database).is_ok() {
        return Ok(());
    }
    let begun = Instant::now();
    demo::fill_with(&db, asked.accounts, asked.organizations)?;
    println!("made in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Our own program over a database.
fn serve(database: &str, key: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bailiwick"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", database, "--key-file"]).arg(key).env("BAILIWICK_LOG", "error");
    command
}

/// Start to first answer over a migrated database with nothing in it.
fn empty(folder: &Path) -> anyhow::Result<()> {
    let database = format!("sqlite:{}", folder.join("empty.db").display());
    let db = Db::open(&database, 1, Clock::system(), Chance::system())?;
    db.migrate()?;
    db.ensure_ground()?;
    drop(db);
    let key = folder.join("key");
    drop(Server::start(&mut serve(&database, &key))?);
    let served = Server::start(&mut serve(&database, &key))?;
    println!("\nempty: start to first answer {} ms, resident {} MB", millis(served.first), served.memory("VmRSS"));
    Ok(())
}

/// A process that serves; it ends with this.
struct Server {
    child: Child,
    port: u16,
    first: Duration,
}

impl Server {
    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let mut server = Self { child, port: 0, first: Duration::ZERO };
        for line in BufReader::new(stdout).lines() {
            if let Some(port) = line?.strip_prefix("Bailiwick is at http://localhost:").and_then(|rest| rest.parse().ok()) {
                server.port = port;
                Visitor::new(port).get("/signin");
                server.first = begun.elapsed();
                return Ok(server);
            }
        }
        bail!("the server does not start")
    }

    /// What the system says of its memory, in megabytes.
    fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
