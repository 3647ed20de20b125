//! `backup` and `restore`: a whole copy while others write, and back again.

use crate::{database::Database, place::Content};
use bailiwick::{
    access::{Origin, system},
    clock::{Chance, Clock},
    store::{Backend, Db, backup, check},
};

fn world(db: &Db) -> String {
    let world = db.read(&system::world(Origin::default()), |view| bailiwick::store::world::export(view, true)).unwrap();
    serde_json::to_string(&world).unwrap()
}

#[test]
fn a_backup_made_while_others_write_is_whole_and_comes_back() {
    let at = Database::sqlite(Content::World);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (db, before) = (&at.db, world(&at.db));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut codes = 0;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) || codes == 0 {
                db.write(&system::set_up(Origin::default()), bailiwick::store::set_up::new_code).unwrap();
                codes += 1;
            }
        });
        backup::backup(db, &file).unwrap();
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        writer.join().unwrap();
    });
    assert!(backup::backup(db, &file).unwrap_err().to_string().contains("overwrites nothing"));
    // Another installation takes it in: the same world, nobody signed in, and the log goes on.
    let there = folder.path().join("there.db");
    let url = format!("sqlite:{}", there.display());
    let restore = || backup::restore(&url, &file, Clock::system(), Chance::system());
    assert_eq!(restore().unwrap(), None);
    {
        let copy = Db::open(&url, 2, Clock::system(), Chance::system()).unwrap();
        assert_eq!(world(&copy), before);
        assert_eq!(copy.read(&system::checking(Origin::default()), check::check).unwrap(), Vec::<String>::new());
        assert!(restore().unwrap_err().to_string().contains("is in use"), "while somebody has it open");
    }
    // What a killed process left beside its database belongs to that one, and must not be taken for the new one's.
    let beside = ["-wal", "-shm"].map(|end| folder.path().join(format!("there.db{end}")));
    let leave = || beside.iter().for_each(|stale| std::fs::write(stale, b"of the old database").unwrap());
    leave();
    let kept = restore().unwrap().unwrap();
    assert!(kept.is_file() && there.is_file());
    assert!(!beside.iter().any(|stale| stale.exists()), "beside what replaces a database");
    std::fs::remove_file(&there).unwrap();
    leave();
    assert_eq!(restore().unwrap(), None);
    assert!(!beside.iter().any(|stale| stale.exists()), "beside what comes where one was deleted");
    let copy = Db::open(&url, 1, Clock::system(), Chance::system()).unwrap();
    assert_eq!(world(&copy), before);
    drop(copy);
    let names: Vec<String> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains(".part")), "{names:?}");
}

#[test]
fn what_is_no_backup_is_refused_and_changes_nothing() {
    let at = Database::sqlite(Content::World);
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.db"), folder.path().join("bad.db"));
    backup::backup(&at.db, &good).unwrap();
    let url = format!("sqlite:{}", good.display());
    let before = std::fs::read(&good).unwrap();
    let whole = before.clone();
    for (words, bytes) in [
        ("no sound database", b"hello".to_vec()),
        ("no sound database", Vec::new()),
        ("no sound database", whole[..whole.len() / 2].to_vec()),
    ] {
        std::fs::write(&bad, bytes).unwrap();
        let refused = backup::restore(&url, &bad, Clock::system(), Chance::system()).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
        assert_eq!(std::fs::read(&good).unwrap(), before);
    }
    assert!(backup::restore(&url, &folder.path().join("nowhere"), Clock::system(), Chance::system()).is_err());
}

#[test]
fn on_postgresql_its_own_tools_are_named() {
    let Some(at) = Database::postgres(Content::Ground) else { return };
    assert_eq!(at.db.backend(), Backend::Postgres);
    let file = std::env::temp_dir().join("never-written.db");
    assert!(backup::backup(&at.db, &file).unwrap_err().to_string().contains("pg_dump"));
    assert!(backup::restore(&at.url(), &file, Clock::system(), Chance::system()).unwrap_err().to_string().contains("pg_dump"));
}
