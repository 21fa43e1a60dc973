//! The schema that the program brings: the same tables and columns on both databases, nothing left
//! to do the second time, and the tenant first in every key.

use std::collections::BTreeMap;

use doisoat::store::Db;

use crate::support::Engine;
use crate::support::database::TestDatabase;

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A database that was migrated.
fn migrated(engine: Engine) -> TestDatabase {
    let database = TestDatabase::new(engine);
    let applied = Db::open(&database.url).unwrap().migrate().unwrap();
    assert!(!applied.is_empty(), "{engine:?}");
    database
}

/// Every line `name|value…` as its name and the rest, in the order of the query.
fn grouped(lines: Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once('|').unwrap();
        groups
            .entry(name.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    groups
}

/// The columns of every table, in their order, with whether each may be empty.
fn columns(engine: Engine) -> BTreeMap<String, Vec<String>> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT m.name || '|' || c.name || CASE WHEN c.\"notnull\" = 1 THEN ' required' ELSE '' END AS t \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid"
        }
        Engine::Postgres => {
            "SELECT table_name || '|' || column_name || CASE WHEN is_nullable = 'NO' THEN ' required' ELSE '' END AS t \
             FROM information_schema.columns WHERE table_schema = current_schema() \
             ORDER BY table_name, ordinal_position"
        }
    };
    let mut tables = grouped(migrated(engine).texts(sql));
    // Diesel's own.
    assert!(tables.remove("__diesel_schema_migrations").is_some());
    tables
}

/// The columns of every primary key and unique index, in their order, as `table` and `a,b,c`.
fn unique_keys(engine: Engine) -> Vec<(String, Vec<String>)> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT m.name || ' ' || i.name || '|' || c.name AS t FROM sqlite_master m \
             JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c \
             WHERE m.type = 'table' AND i.\"unique\" = 1 ORDER BY m.name, i.name, c.seqno"
        }
        Engine::Postgres => {
            "SELECT t.relname || ' ' || i.relname || '|' || a.attname AS t FROM pg_index x \
             JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
             JOIN pg_namespace n ON n.oid = t.relnamespace \
             CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k (attnum, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum \
             WHERE x.indisunique AND n.nspname = current_schema() ORDER BY t.relname, i.relname, k.place"
        }
    };
    let keys = grouped(migrated(engine).texts(sql)).into_iter();
    let mut keys: Vec<(String, Vec<String>)> = keys
        .map(|(name, columns)| (name.split(' ').next().unwrap().to_owned(), columns))
        .filter(|(table, _)| table != "__diesel_schema_migrations")
        .collect();
    keys.sort();
    keys
}

#[test]
fn both_databases_have_the_same_tables_with_the_same_columns_in_the_same_order() {
    let [sqlite, postgres] = ENGINES.map(columns);
    assert!(sqlite.len() >= 18, "{:?}", sqlite.keys());
    assert!(sqlite["payments"].contains(&"amount_minor required".to_owned()));
    let names = |tables: &BTreeMap<String, Vec<String>>| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (table, columns) in &sqlite {
        assert_eq!(columns, &postgres[table], "{table}");
    }
}

#[test]
fn both_databases_keep_the_same_things_unique() {
    let [sqlite, postgres] = ENGINES.map(unique_keys);
    assert_eq!(sqlite, postgres);
}

#[test]
fn the_tenant_stands_first_in_every_primary_key_and_unique_index() {
    for engine in ENGINES {
        let keys = unique_keys(engine);
        let tables: Vec<String> = columns(engine).into_keys().collect();
        for table in &tables {
            assert!(
                keys.iter().any(|(of, _)| of == table),
                "{engine:?}: {table} has no key"
            );
        }
        for (table, columns) in keys {
            assert_eq!(columns[0], "tenant", "{engine:?}: {table} {columns:?}");
        }
    }
}

/// The columns of every foreign key, in their order, as `table` and `a,b,c`.
fn foreign_keys(engine: Engine) -> Vec<(String, Vec<String>)> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT m.name || ' ' || f.id || '|' || f.\"from\" AS t FROM sqlite_master m \
             JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"
        }
        Engine::Postgres => {
            "SELECT t.relname || ' ' || c.conname || '|' || a.attname AS t FROM pg_constraint c \
             JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
             CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (attnum, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum \
             WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY t.relname, c.conname, k.place"
        }
    };
    let keys = grouped(migrated(engine).texts(sql)).into_iter();
    keys.map(|(name, columns)| (name.split(' ').next().unwrap().to_owned(), columns))
        .collect()
}

#[test]
fn the_schema_can_be_spread_over_many_machines_by_tenant() {
    for engine in ENGINES {
        for (table, columns) in foreign_keys(engine) {
            assert_eq!(
                columns[0], "tenant",
                "{engine:?}: a reference of {table} {columns:?}"
            );
        }
    }
    let triggers = migrated(Engine::Sqlite);
    let sqlite =
        "SELECT type || ' ' || name AS t FROM sqlite_master WHERE type IN ('trigger', 'view')";
    assert_eq!(triggers.texts(sqlite), [""; 0]);
    let postgres = migrated(Engine::Postgres);
    // Triggers of our own, rules, views, sequences, generated or identity columns, and defaults that
    // are no constants: each is refused by an engine that spreads tables, or gives one id twice.
    for (what, sql) in [
        (
            "triggers",
            "SELECT t.tgname::text AS t FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE NOT t.tgisinternal AND n.nspname = current_schema()",
        ),
        (
            "sequences, views and tables without a log",
            "SELECT c.relname::text AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() \
             AND (c.relkind NOT IN ('r', 'i', 't') OR c.relpersistence <> 'p')",
        ),
        (
            "columns that make their own values",
            "SELECT table_name || '.' || column_name AS t FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name <> '__diesel_schema_migrations' \
             AND (is_identity = 'YES' OR is_generated <> 'NEVER' OR column_default LIKE '%(%')",
        ),
    ] {
        assert_eq!(postgres.texts(sql), [""; 0], "{what}");
    }
}

#[test]
fn migrating_again_applies_nothing() {
    for engine in ENGINES {
        let database = TestDatabase::new(engine);
        let db = Db::open(&database.url).unwrap();
        let pending = db.pending_migrations().unwrap();
        let applied = db.migrate().unwrap();
        assert!(
            !applied.is_empty() && applied.len() == pending.len(),
            "{engine:?}: {applied:?}"
        );
        assert_eq!(db.migrate().unwrap(), [""; 0], "{engine:?}");
        assert_eq!(db.pending_migrations().unwrap(), [""; 0], "{engine:?}");
        let other = Db::open(&database.url).unwrap();
        assert_eq!(other.migrate().unwrap(), [""; 0], "{engine:?}");
    }
}
