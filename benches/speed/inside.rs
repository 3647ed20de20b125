//! What needs no page: giving a role to ten thousand accounts, moving a thousand organizations, and deciding what somebody may do.

use anyhow::{Context, bail, ensure};
use bailiwick::{
    access::{
        Ground, Origin, Permit,
        effective::{Assigned, Hold},
        system,
    },
    clock::{Chance, Clock},
    domain::{
        account::Status,
        key::{AccountKey, OrganizationKey, RoleKey},
        permissions::{OrganizationEdit, RoleAssignmentEdit, RoleAssignmentView},
        rights::{Cell, Rights},
        time::Period,
    },
    problem::Problem,
    store::{
        Db, actors, effective, identity_stores,
        organizations::{self, Moved},
        role_assignments::{self, Gave, Wanted},
        roles,
    },
};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Integer, Text},
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// The largest store of the demo.
pub const STORE: &str = "partners";

/// The database past our own doors.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    fn open(database: &str) -> anyhow::Result<Self> {
        Ok(match database.strip_prefix("sqlite:") {
            Some(file) => Self::Sqlite(SqliteConnection::establish(file)?),
            None => Self::Postgres(PgConnection::establish(database)?),
        })
    }

    fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(sql)?,
            Self::Postgres(conn) => conn.batch_execute(sql)?,
        }
        Ok(())
    }

    fn load(&mut self, sql: &str) -> anyhow::Result<Vec<Line>> {
        let query = diesel::sql_query(sql);
        Ok(match self {
            Self::Sqlite(conn) => query.load(conn)?,
            Self::Postgres(conn) => query.load(conn)?,
        })
    }

    fn one(&mut self, sql: &str) -> anyhow::Result<Line> {
        self.load(sql)?.pop().context("the database holds no demo")
    }
}

/// Whatever is read: a number and a text.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Text)]
    t: String,
}

/// What the demo holds.
pub struct Place {
    pub store: i64,
    pub accounts: i64,
    pub organizations: i64,
    pub organization: String,
    pub role: String,
    wide: AccountKey,
}

impl Place {
    /// In a database that holds a demo.
    pub fn find(database: &str) -> anyhow::Result<Self> {
        let mut raw = Raw::open(database)?;
        let store = raw.one(&format!("SELECT key AS n, slug AS t FROM identity_stores WHERE slug = '{STORE}'"))?.n;
        Ok(Self {
            store,
            accounts: raw.one("SELECT count(*) AS n, '' AS t FROM accounts")?.n,
            organizations: raw.one("SELECT count(*) AS n, '' AS t FROM organizations")?.n,
            organization: raw
                .one(&format!("SELECT key AS n, id AS t FROM organizations WHERE store = {store} AND name = 'Nordhavn Freight'"))?
                .t,
            role: raw.one(&format!("SELECT key AS n, id AS t FROM roles WHERE store = {store} AND name = 'Customer support'"))?.t,
            wide: AccountKey(raw.one("SELECT key AS n, '' AS t FROM accounts WHERE email = 'ines.ferreira@meridian.example'")?.n),
        })
    }

    fn permit<G: Ground>(&self, db: &Db) -> anyhow::Result<Permit<G>> {
        let actor =
            db.read(&system::signing_in(Origin::default()), |view| actors::find(view, self.wide))?.context("the account is gone")?;
        Ok(Arc::new(actor).permit::<G>(Origin::default()).map_err(Problem::from)?)
    }
}

/// Ten thousand accounts get a role in one transaction, with rights judged, rank looked at and events written; beside
/// the bare statement without any trigger.
pub fn assigning(database: &str, place: &Place) -> anyhow::Result<()> {
    let mut raw = Raw::open(database)?;
    let db = Db::open(database, 2, Clock::system(), Chance::system())?;
    let permit = place.permit::<RoleAssignmentEdit>(&db)?;
    let wanted = db.read(&permit, |view| {
        let store = identity_stores::find_with_roles(view, STORE)?;
        Ok(Wanted {
            organization: organizations::find(view, store.key, &place.organization)?,
            role: roles::find(view, &store, &place.role)?,
        })
    })?;
    let (organization, role) = (wanted.organization.key.0, wanted.role.key.0);
    let free = format!(
        "FROM accounts a WHERE a.store = {} AND NOT EXISTS (SELECT 1 FROM role_assignments ra WHERE ra.organization = {organization} \
         AND ra.role = {role} AND ra.account = a.key) ORDER BY a.key LIMIT 10000",
        place.store
    );
    let ids: Vec<String> = raw.load(&format!("SELECT a.key AS n, a.id AS t {free}"))?.into_iter().map(|line| line.t).collect();
    println!("\ngiving a role to {} accounts in one transaction", ids.len());

    let insert = format!(
        "INSERT INTO role_assignments (organization, role, account, starts, ends, reason, given, given_by, given_at) \
         SELECT {organization}, {role}, a.key, NULL, NULL, '', 'hand', 'Ines', 1 {free}"
    );
    let mut bare = Duration::MAX;
    for _ in 0..3 {
        raw.run("BEGIN")?;
        match raw {
            Raw::Postgres(_) => raw.run("ALTER TABLE role_assignments DISABLE TRIGGER USER")?,
            Raw::Sqlite(_) => {
                for trigger in
                    raw.load("SELECT 0 AS n, name AS t FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'role_assignments'")?
                {
                    raw.run(&format!("DROP TRIGGER {}", trigger.t))?;
                }
            }
        }
        let begun = Instant::now();
        raw.run(&insert)?;
        bare = bare.min(begun.elapsed());
        raw.run("ROLLBACK")?;
    }
    let (mut whole, mut taken) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let begun = Instant::now();
        let gave = db.write(&permit, |tx| role_assignments::add(tx, &wanted, &ids, 0, Period::ALWAYS, ""))?;
        whole = whole.min(begun.elapsed());
        assert!(matches!(gave, Gave::Done { given, .. } if given == ids.len()), "{gave:?}");
        let begun = Instant::now();
        db.write(&permit, |tx| role_assignments::remove(tx, &wanted, &ids))?;
        taken = taken.min(begun.elapsed());
    }
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "  INSERT … SELECT alone {:.0} ms; the whole act {:.0} ms; taking it from them again {:.0} ms",
        millis(bare),
        millis(whole),
        millis(taken)
    );
    Ok(())
}

/// Below how many an organization is that is moved.
const MOVED: i64 = 1_000;

/// A thousand organizations move to another place of the tree and back: the look at what it would do, and the act, which
/// judges that again. The largest trees are put below one organization for it, and back where they were afterwards.
pub fn moving(database: &str, place: &Place) -> anyhow::Result<()> {
    let mut raw = Raw::open(database)?;
    let db = Db::open(database, 2, Clock::system(), Chance::system())?;
    let permit = place.permit::<OrganizationEdit>(&db)?;
    let store = db.read(&permit, |view| identity_stores::find(view, STORE))?;
    let tops = raw.load(&format!(
        "SELECT count(*) AS n, o.id AS t FROM organizations o JOIN organization_closure c ON c.ancestor = o.key \
         WHERE o.store = {} AND o.depth = 1 AND o.active GROUP BY o.id ORDER BY count(*) DESC, o.id",
        place.store
    ))?;
    let [moved, other, rest @ ..] = tops.as_slice() else { bail!("too few organizations to move any") };
    let shift = |id: &str, to: &str| -> anyhow::Result<(Duration, Duration)> {
        let begun = Instant::now();
        let (_, effect) = db.read(&permit, |view| organizations::move_effect(view, &store, id, to))?;
        let looked = begun.elapsed();
        let begun = Instant::now();
        let done = db.write(&permit, |tx| organizations::relocate(tx, &store, id, to, Some(&effect.mark())))?;
        ensure!(matches!(done, Moved::Done(_)), "{done:?}");
        Ok((looked, begun.elapsed()))
    };
    let (mut below, mut gathered) = (moved.n, Vec::new());
    for top in rest.iter().take_while(|top| top.n > 1) {
        if below >= MOVED {
            break;
        }
        shift(&top.t, &moved.t)?;
        gathered.push(&top.t);
        below += top.n;
    }
    let (mut look, mut act) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        for to in [other.t.as_str(), ""] {
            let (looked, acted) = shift(&moved.t, to)?;
            (look, act) = (look.min(looked), act.min(acted));
        }
    }
    for id in gathered {
        shift(id, "")?;
    }
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("\nmoving {below} organizations: the look at it {:.0} ms, the act {:.0} ms", millis(look), millis(act));
    Ok(())
}

/// How many times a second one core says what an account may do at an organization, inherited.
pub fn deciding(database: &str, place: &Place) -> anyhow::Result<()> {
    let mut raw = Raw::open(database)?;
    let parents: HashMap<i64, i64> = raw
        .load("SELECT key AS n, CAST(coalesce(parent, 0) AS text) AS t FROM organizations")?
        .into_iter()
        .map(|line| (line.n, line.t.parse().unwrap_or(0)))
        .collect();
    let held: Vec<(i64, i64, u16)> = Assignment::load(&mut raw)?;
    println!("\nmay this account do this there, inherited? {} organizations, {} assignments, one core", parents.len(), held.len());

    // The bare way: a map from account and organization to rights, and a walk to the top.
    let mut map: HashMap<(i64, i64), u16> = HashMap::new();
    for (account, organization, rights) in &held {
        *map.entry((*account, *organization)).or_default() |= rights;
    }
    let mut below: HashMap<i64, i64> = HashMap::new();
    for (child, parent) in &parents {
        below.insert(*parent, *child);
    }
    // Asked one level below the place where it is held, where there is one.
    let asked: Vec<(i64, i64)> =
        held.iter().map(|(account, organization, _)| (*account, *below.get(organization).unwrap_or(organization))).collect();
    let cell = Rights::from_iter([Cell::ManagementRead]).bits();
    let walk = |account: i64, organization: i64| {
        let (mut here, mut rights) = (organization, 0);
        while here != 0 {
            rights |= map.get(&(account, here)).copied().unwrap_or(0);
            here = parents.get(&here).copied().unwrap_or(0);
        }
        rights & cell != 0
    };
    println!(
        "  a hash map and a walk up the parents: {:.1} million/s",
        rate(&asked, |(account, organization)| walk(*account, *organization)) / 1e6
    );

    // Ours, over what was read: status, activity, dates and blocks of every assignment are looked at.
    let now = Clock::system().now();
    let holds: Vec<Hold> = asked
        .iter()
        .map(|(account, organization)| {
            let mut assigned = Vec::new();
            let (mut here, mut distance) = (*organization, 0);
            while here != 0 {
                if let Some(rights) = map.get(&(*account, here)) {
                    let (role, at) = (RoleKey(1), OrganizationKey(here));
                    assigned.push(Assigned {
                        role,
                        rights: Rights::from_bits(*rights),
                        at,
                        distance,
                        period: Period::ALWAYS,
                        blocked: false,
                    });
                }
                here = parents.get(&here).copied().unwrap_or(0);
                distance += 1;
            }
            Hold { status: Status::Active, active: true, assigned }
        })
        .collect();
    println!("  ours, over what was read: {:.1} million/s", rate(&holds, |hold| hold.rights(now).has(Cell::ManagementRead)) / 1e6);

    let db = Db::open(database, 1, Clock::system(), Chance::system())?;
    let permit = place.permit::<RoleAssignmentView>(&db)?;
    let store = db.read(&permit, |view| identity_stores::find_with_roles(view, STORE))?;
    let organization = db.read(&permit, |view| organizations::find(view, store.key, &place.organization))?;
    let accounts: Vec<AccountKey> = asked.iter().take(20_000).map(|(account, _)| AccountKey(*account)).collect();
    let fresh = rate(&accounts, |account| {
        db.read(&permit, |view| effective::at(view, *account, &organization)).is_ok_and(|hold| hold.rights(now).has(Cell::ManagementRead))
    });
    println!("  ours, read from the database each time: {:.1} thousand/s", fresh / 1e3);
    Ok(())
}

/// How many of these a second, over about a second.
fn rate<T>(of: &[T], mut decide: impl FnMut(&T) -> bool) -> f64 {
    let (begun, mut done, mut yes) = (Instant::now(), 0_usize, 0_usize);
    while begun.elapsed() < Duration::from_secs(1) {
        for one in of.iter().cycle().skip(done % of.len().max(1)).take(1_000) {
            yes += usize::from(decide(one));
        }
        done += 1_000;
    }
    let taken = begun.elapsed();
    std::hint::black_box(yes);
    done as f64 / taken.as_secs_f64()
}

#[derive(QueryableByName)]
struct Assignment {
    #[diesel(sql_type = BigInt)]
    account: i64,
    #[diesel(sql_type = BigInt)]
    organization: i64,
    #[diesel(sql_type = Integer)]
    rights: i32,
}

impl Assignment {
    /// Up to a hundred thousand.
    fn load(raw: &mut Raw) -> anyhow::Result<Vec<(i64, i64, u16)>> {
        let query = diesel::sql_query(
            "SELECT ra.account, ra.organization, r.rights FROM role_assignments ra JOIN roles r ON r.key = ra.role ORDER BY ra.account LIMIT 100000",
        );
        let rows: Vec<Self> = match raw {
            Raw::Sqlite(conn) => query.load(conn)?,
            Raw::Postgres(conn) => query.load(conn)?,
        };
        Ok(rows.into_iter().map(|row| (row.account, row.organization, row.rights as u16)).collect())
    }
}
