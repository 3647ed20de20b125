//! The migrations make the same of both databases, and `src/store/schema.rs` says what they make.

use crate::place::{Content, Place, Raw};
use bailiwick::{
    clock::{Chance, Clock},
    store::Db,
};
use diesel::{
    QueryableByName,
    sql_types::{Integer, Text},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Table → columns in order: name, kind of value, whether it may be missing.
type Tables = BTreeMap<String, Vec<(String, String, bool)>>;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn versions(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(repository().join("migrations").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    of: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Integer)]
    required: i32,
}

const SQLITE: &str = "SELECT m.name AS of, c.name, lower(c.type) AS kind, c.\"notnull\" OR c.pk > 0 AS required FROM sqlite_master m \
    JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'account_search%' \
    ORDER BY m.name, c.cid";
const POSTGRES: &str = "SELECT table_name::text AS of, column_name::text AS name, data_type::text AS kind, \
    CASE WHEN is_nullable = 'NO' THEN 1 ELSE 0 END AS required FROM information_schema.columns WHERE table_schema = 'public' \
    ORDER BY table_name, ordinal_position";

/// What a database has.
fn tables(raw: &mut Raw) -> Tables {
    let columns: Vec<Column> = match raw {
        Raw::Sqlite(_) => raw.load(SQLITE),
        Raw::Postgres(_) => raw.load(POSTGRES),
    };
    let mut tables = Tables::new();
    for column in columns.into_iter().filter(|column| column.of != "__diesel_schema_migrations") {
        tables.entry(column.of).or_default().push((column.name, column.kind, column.required == 0));
    }
    tables
}

/// What `schema.rs` says, in the words of a database.
fn declared(words: &[(&str, &str)]) -> Tables {
    let source = std::fs::read_to_string(repository().join("src/store/schema.rs")).unwrap();
    let mut tables = Tables::new();
    let (mut table, mut renamed) = (String::new(), None);
    for line in source.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            renamed = Some(name.trim_end_matches("\"]").to_owned());
        } else if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let (kind, nullable) = match kind.strip_prefix("Nullable<") {
                Some(inner) => (inner.trim_end_matches('>'), true),
                None => (kind, false),
            };
            let (_, kind) = words.iter().find(|(ours, _)| *ours == kind).unwrap_or_else(|| panic!("{line}: an unknown kind"));
            let name = renamed.take().unwrap_or_else(|| name.to_owned());
            tables.get_mut(&table).unwrap().push((name, (*kind).to_owned(), nullable));
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
            assert!(tables.insert(table.clone(), Vec::new()).is_none(), "{table} stands twice");
        }
    }
    tables
}

#[test]
fn both_folders_list_the_same_migrations_each_with_a_way_back() {
    let (sqlite, postgres) = (versions("sqlite"), versions("postgres"));
    assert_eq!(sqlite, postgres);
    assert!(!sqlite.is_empty());
    for folder in ["sqlite", "postgres"] {
        for version in versions(folder) {
            for file in ["up.sql", "down.sql"] {
                let path = repository().join("migrations").join(folder).join(&version).join(file);
                let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(!text.trim().is_empty(), "{} is empty", path.display());
            }
        }
    }
}

#[test]
fn the_declared_tables_are_those_that_the_migrations_make() {
    let sqlite = [("BigInt", "integer"), ("Integer", "integer"), ("Text", "text"), ("Bool", "integer")];
    let postgres = [("BigInt", "bigint"), ("Integer", "integer"), ("Text", "text"), ("Bool", "boolean")];
    let declared_names: BTreeSet<String> = declared(&sqlite).into_keys().collect();
    assert!(declared_names.len() > 20, "the reading of schema.rs finds its tables: {declared_names:?}");
    for place in Place::each(Content::Ground) {
        let mut raw = Raw::open(&place.url());
        let (found, expected) = match raw {
            Raw::Sqlite(_) => (tables(&mut raw), declared(&sqlite)),
            Raw::Postgres(_) => (tables(&mut raw), declared(&postgres)),
        };
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "tables at {}", kind(&raw));
        for (table, columns) in &expected {
            assert_eq!(&found[table], columns, "columns of {table} on {}", kind(&raw));
        }
    }
}

const fn kind(raw: &Raw) -> &'static str {
    match raw {
        Raw::Sqlite(_) => "SQLite",
        Raw::Postgres(_) => "PostgreSQL",
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Names of indexes that statements or migrations give, not those the databases make up for keys.
fn indexes(raw: &mut Raw) -> BTreeSet<String> {
    let found: Vec<Named> = match raw {
        Raw::Sqlite(_) => raw.load("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"),
        Raw::Postgres(_) => raw.load(
            "SELECT c.relname::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
        ),
    };
    found.into_iter().map(|row| row.name).collect()
}

#[test]
fn both_databases_have_the_same_indexes_of_ours() {
    let mut seen: Vec<BTreeSet<String>> = Vec::new();
    for place in Place::each(Content::Ground) {
        let mut raw = Raw::open(&place.url());
        let mut found = indexes(&mut raw);
        // Substring search is each database's own: an FTS table there, a trigram index here.
        if let Raw::Postgres(_) = raw {
            assert!(found.remove("accounts_search"));
        }
        seen.push(found);
    }
    assert!(seen[0].contains("accounts_store_name"));
    if let [sqlite, postgres] = seen.as_slice() {
        assert_eq!(sqlite, postgres);
    }
}

#[test]
fn texts_compare_bytewise_in_both_databases() {
    for place in Place::each(Content::Ground) {
        let mut raw = Raw::open(&place.url());
        let odd: Vec<Named> = match raw {
            Raw::Sqlite(_) => raw.load(
                "SELECT m.name || '.' || x.name AS name FROM sqlite_master m JOIN pragma_index_xinfo(m.name) x WHERE m.type = 'index' AND x.coll <> 'BINARY'",
            ),
            Raw::Postgres(_) => raw.load(
                "SELECT (table_name || '.' || column_name)::text AS name FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name <> '__diesel_schema_migrations' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
            ),
        };
        assert_eq!(odd.into_iter().map(|row| row.name).collect::<Vec<_>>(), Vec::<String>::new(), "on {}", kind(&raw));
    }
}

#[test]
fn sqlite_checks_types_and_every_database_its_foreign_keys() {
    let place = Place::sqlite(Content::Ground);
    let mut raw = Raw::open(&place.url());
    let lax: Vec<Named> = raw.load(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%' \
         AND name NOT LIKE 'account_search%' AND name <> '__diesel_schema_migrations'",
    );
    assert_eq!(lax.into_iter().map(|row| row.name).collect::<Vec<_>>(), Vec::<String>::new());
    let mut keys: Vec<BTreeSet<String>> = Vec::new();
    for place in Place::each(Content::Ground) {
        let mut raw = Raw::open(&place.url());
        let found: Vec<Named> = match raw {
            Raw::Sqlite(_) => raw.load(
                "SELECT m.name || '.' || f.\"from\" || ' ' || f.\"table\" || ' ' || f.on_delete AS name FROM sqlite_master m \
                 JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
            ),
            Raw::Postgres(_) => raw.load(
                "SELECT (c.conrelid::regclass || '.' || a.attname || ' ' || c.confrelid::regclass || ' ' || \
                 CASE c.confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END)::text AS name \
                 FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'",
            ),
        };
        keys.push(found.into_iter().map(|row| row.name).collect());
    }
    assert!(keys[0].contains("grants.through grants NO ACTION"), "{:?}", keys[0]);
    if let [sqlite, postgres] = keys.as_slice() {
        assert_eq!(sqlite, postgres);
    }
}

#[test]
fn every_migration_runs_back_to_nothing_and_forth_again() {
    for place in Place::each(Content::Nothing) {
        let open = || Db::open(&place.url(), 1, Clock::system(), Chance::system()).unwrap();
        let run = open().migrate().unwrap();
        let mut raw = Raw::open(&place.url());
        let folder = if let Raw::Sqlite(_) = raw { "sqlite" } else { "postgres" };
        assert_eq!(run.len(), versions(folder).len());
        assert_eq!(open().migrate().unwrap(), Vec::<String>::new(), "what was run is not run again");
        let (whole, named) = (tables(&mut raw), indexes(&mut raw));
        for version in versions(folder).iter().rev() {
            let down: PathBuf = [Path::new(folder), Path::new(version), Path::new("down.sql")].iter().collect();
            raw.run(&std::fs::read_to_string(repository().join("migrations").join(down)).unwrap());
        }
        assert_eq!(tables(&mut raw), Tables::new(), "nothing is left of it on {folder}");
        raw.run("DELETE FROM __diesel_schema_migrations");
        open().migrate().unwrap();
        assert_eq!((tables(&mut raw), indexes(&mut raw)), (whole, named));
    }
}
