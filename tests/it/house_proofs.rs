//! Breaks every rule of the house on purpose: each planted source compiles as Rust and must be
//! caught, and each look-alike beside it must pass. Nothing here touches the real files.

use crate::house::{LINES_MAX, ROSTERS};
use crate::house_checks::*;
use crate::house_source::{Breach, SourceFile};

type Check = fn(&[SourceFile]) -> Vec<Breach>;
type Planted = (&'static str, &'static str);

fn breaches(check: Check, planted: &[(&str, &str)]) -> Vec<Breach> {
    let files: Vec<SourceFile> = planted
        .iter()
        .map(|(path, text)| SourceFile::new(path, text))
        .collect();
    for file in files.iter().filter(|file| file.is_program()) {
        assert!(file.syntax.is_some(), "does not parse: {}", file.text);
    }
    check(&files)
}

fn catches(check: Check, cases: &[Planted]) {
    for case in cases {
        assert!(!breaches(check, &[*case]).is_empty(), "got past: {case:?}");
    }
}

fn passes(check: Check, cases: &[Planted]) {
    for case in cases {
        assert_eq!(breaches(check, &[*case]), [], "stopped: {case:?}");
    }
}

#[test]
fn an_import_that_goes_up_or_sideways_is_caught() {
    const CONFIG: &str = "src/config/load.rs";
    catches(
        check_imports,
        &[
            (
                "src/domain/money.rs",
                "use crate::{domain::ids, store::Db};",
            ),
            ("src/domain/money.rs", "use crate::store::{self as s};"),
            ("src/matching/rules.rs", "use crate::ledger::post;"),
            ("src/store/mod.rs", "use crate::journeys::close_day;"),
            ("src/reporting/table.rs", "use crate::journeys::close_day;"),
            ("src/journeys/close_day.rs", "use crate::web::state::State;"),
            ("src/web/desk.rs", "use crate::ledger::post;"),
            (CONFIG, "fn f() { crate::store::find_bill(); }"),
            (CONFIG, "fn f() { super::super::store::find_bill(); }"),
            (CONFIG, "fn f(_: &self::super::super::store::Db) {}"),
            (CONFIG, "struct S; impl crate::store::Journal for S {}"),
            (
                CONFIG,
                "fn f(x: u8) { match x { crate::store::ONE => {} _ => {} } }",
            ),
            (CONFIG, "pub use crate::store::Db;"),
        ],
    );
}

#[test]
fn an_import_in_disguise_is_caught() {
    const CONFIG: &str = "src/config/load.rs";
    const DOOR: &str = "src/config/mod.rs";
    catches(
        check_imports,
        &[
            (CONFIG, "use crate as house; fn f() { house::store::g(); }"),
            (
                CONFIG,
                "use crate::{self as house}; fn f() { house::store::g(); }",
            ),
            (CONFIG, "use crate::*; fn f() { store::g(); }"),
            (CONFIG, "use super::super::*; fn f() { store::g(); }"),
            (DOOR, "use super::*; fn f() { store::g(); }"),
            (DOOR, "use super as house; fn f() { house::store::g(); }"),
            (
                CONFIG,
                "extern crate self as house; fn f() { house::store::g(); }",
            ),
            (CONFIG, "mod inner { use super::super::super::store::Db; }"),
            (CONFIG, "fn f() { vec![crate::store::find_bill()]; }"),
            (
                CONFIG,
                "fn f() { vec![{ use crate::{domain, store::g}; g() }]; }",
            ),
            (CONFIG, "macro_rules! m { () => { $crate::store::g() }; }"),
            (CONFIG, "#[serde(with = \"crate::store::text\")] struct S;"),
            (CONFIG, "#[crate::store::table] struct S;"),
            (CONFIG, "use r#crate_free::x; use crate::r#store::g;"),
            (
                CONFIG,
                "#[cfg(not(test))] mod real { use crate::store::Db; }",
            ),
            (
                CONFIG,
                "#[cfg(any(test, unix))] mod real { use crate::store::Db; }",
            ),
            (CONFIG, "#[path = \"../store/schema.rs\"] mod schema;"),
            (CONFIG, "pub use crate::domain::money::Money;"),
            ("src/main.rs", "fn main() { doisoat::store::open(); }"),
            ("src/lib.rs", "pub mod store; fn f() { store::open(); }"),
        ],
    );
}

#[test]
fn a_room_uses_the_tools_of_a_neighbour_and_nothing_else_of_it() {
    const QUERY: &str = "src/checkout/providers/vnpay.rs";
    catches(
        check_imports,
        &[
            (QUERY, "use crate::intake::verify::Verified;"),
            (QUERY, "use crate::intake::provider::Provider;"),
            (QUERY, "use crate::intake::provider::{Refusal, Provider};"),
            (QUERY, "use crate::intake::providers::vnpay::sign_query;"),
            (QUERY, "use crate::intake::{signature::to_hex, verify};"),
            (QUERY, "use crate::intake;"),
            (QUERY, "use crate::intake::*;"),
            (QUERY, "fn f() { crate::intake::signature_of::g(); }"),
            (QUERY, "pub use crate::intake::signature::to_hex;"),
            (
                "src/ledger/seal.rs",
                "use crate::intake::signature::sha256;",
            ),
        ],
    );
    passes(
        check_imports,
        &[
            (
                QUERY,
                "use crate::intake::signature::{hmac_sha512, to_hex};",
            ),
            (QUERY, "use crate::intake::{json::Json, provider::Refusal};"),
            (QUERY, "fn f() { crate::intake::signature::sha256(&[]); }"),
        ],
    );
}

#[test]
fn what_only_looks_like_an_import_passes() {
    const CONFIG: &str = "src/config/load.rs";
    passes(
        check_imports,
        &[
            (
                CONFIG,
                "use crate::domain::money::Money; use super::accounts::Account;",
            ),
            (
                CONFIG,
                "// crate::store::Db\n/// See [`crate::store::Db`].\nfn f() {}",
            ),
            (CONFIG, "const S: &str = \"use crate::store::Db;\";"),
            (CONFIG, "fn f() { println!(\"crate::store::Db\"); }"),
            (CONFIG, "#[cfg(test)] mod tests { use crate::store::Db; }"),
            (
                CONFIG,
                "#[cfg(all(test, unix))] mod tests { use crate::store::Db; }",
            ),
            (CONFIG, "#[cfg(test)] use crate::store::Db;"),
            (
                CONFIG,
                "mod store { pub fn g() {} } fn f() { store::g(); self::store::g(); }",
            ),
            (CONFIG, "fn f(x: S) { x.store(); x.web.intake(); }"),
            (
                CONFIG,
                "pub(crate) fn f() {} pub(in crate::config) fn g() {}",
            ),
            (CONFIG, "pub(super) use crate::domain::money::Money;"),
            (
                "src/journeys/close_day.rs",
                "use crate::{store::Db, ledger::post};",
            ),
            ("src/web/desk.rs", "use crate::intake::provider::RawCall;"),
            ("src/cli/serve.rs", "use crate::{web, journeys, store::Db};"),
            ("src/main.rs", "fn main() { doisoat::cli::run(); }"),
            ("tests/it/day.rs", "use doisoat::store::Db;"),
        ],
    );
}

#[test]
fn a_file_mounted_elsewhere_is_read_from_where_it_is_mounted() {
    let queries = "fn f() { super::super::super::schema::g(); }";
    let tree = |queries| {
        [
            ("src/lib.rs", "pub mod store;"),
            ("src/store/mod.rs", "mod postgres; mod schema;"),
            (
                "src/store/postgres.rs",
                "#[path = \"queries/mod.rs\"] mod queries;",
            ),
            ("src/store/queries/mod.rs", "mod bills;"),
            ("src/store/queries/bills.rs", queries),
            ("src/store/schema.rs", ""),
        ]
    };
    assert_eq!(breaches(check_imports, &tree(queries)), []);
    let stray = "fn f() { super::super::super::super::web::g(); }";
    assert_eq!(breaches(check_imports, &tree(stray)).len(), 1);
}

#[test]
fn a_test_module_in_a_file_of_its_own_is_still_a_test_module() {
    let tree = |declaration| {
        [
            ("src/lib.rs", "pub mod config;"),
            ("src/config/mod.rs", declaration),
            ("src/config/tests.rs", "use crate::store::Db;"),
        ]
    };
    assert_eq!(
        breaches(check_imports, &tree("#[cfg(test)] mod tests;")),
        []
    );
    assert_eq!(breaches(check_imports, &tree("mod tests;")).len(), 1);
}

#[test]
fn a_crate_named_outside_its_keyholder_is_caught() {
    const JOURNEY: &str = "src/journeys/close_day.rs";
    catches(
        check_keepers,
        &[
            (JOURNEY, "use diesel::prelude::*;"),
            (JOURNEY, "use diesel as d; fn f() { d::g(); }"),
            (JOURNEY, "use {chrono::Utc, diesel::{self as d}};"),
            (JOURNEY, "use ::diesel::Connection;"),
            (JOURNEY, "extern crate diesel as d;"),
            (JOURNEY, "fn f(_: &mut diesel::PgConnection) {}"),
            (
                JOURNEY,
                "fn f() { <diesel::PgConnection as diesel::Connection>::g(); }",
            ),
            (JOURNEY, "#[derive(Clone, diesel::Queryable)] struct S;"),
            (JOURNEY, "macro_rules! m { () => { diesel::select(1) }; }"),
            (JOURNEY, "fn f() { vec![{ use diesel as d; d::g() }]; }"),
            (JOURNEY, "fn f() { diesel::select!(1); }"),
            (JOURNEY, "use tokio::sync::mpsc;"),
            (JOURNEY, "async fn f() {}"),
            (JOURNEY, "fn f() { let later = async { 1 }; }"),
            (JOURNEY, "trait T { async fn f(); }"),
            (JOURNEY, "use anyhow::Context;"),
            (
                "src/checkout/providers/momo.rs",
                "fn f() { ureq::get(ADDRESS); }",
            ),
            (JOURNEY, "include!(\"../store/schema.rs\");"),
            ("src/cli/report.rs", "use actix_web::App;"),
            ("src/intake/providers/vnpay.rs", "use hmac::Hmac;"),
            ("src/store/mod.rs", "pub use diesel::prelude as language;"),
            ("src/store/mod.rs", "pub(crate) use diesel::prelude::*;"),
            ("src/store/mod.rs", "pub extern crate diesel;"),
        ],
    );
}

#[test]
fn a_keyholder_uses_its_key_and_others_may_speak_of_it() {
    const JOURNEY: &str = "src/journeys/close_day.rs";
    passes(
        check_keepers,
        &[
            ("src/store/queries/bills.rs", "use diesel::prelude::*;"),
            (
                "src/store/postgres.rs",
                "pub(super) type Conn = diesel::PgConnection;",
            ),
            (
                "src/store/postgres.rs",
                "pub(super) use diesel::PgConnection as Conn;",
            ),
            ("src/web/mod.rs", "use actix_web::App; async fn f() {}"),
            (
                "src/cli/serve.rs",
                "fn f() { actix_web::rt::System::new(); }",
            ),
            ("src/cli/mod.rs", "use anyhow::Result;"),
            ("src/intake/signature.rs", "pub use hmac::Mac;"),
            (
                JOURNEY,
                "//! As diesel::prelude would.\n// use diesel;\nfn f() {}",
            ),
            (JOURNEY, "const S: &str = \"diesel::prelude\";"),
            (
                JOURNEY,
                "fn f(diesel: u8, x: S) -> u8 { x.hmac(); x.tokio; diesel }",
            ),
            (
                JOURNEY,
                "use crate::intake::signature::hmac; fn f() { hmac(); }",
            ),
            (
                JOURNEY,
                "#[cfg(test)] mod tests { use diesel::prelude::*; }",
            ),
            (JOURNEY, "const S: &str = include_str!(\"close_day.sql\");"),
        ],
    );
}

#[test]
fn reading_the_clock_anywhere_else_is_caught() {
    const CONFIG: &str = "src/config/seal.rs";
    catches(
        check_clock,
        &[
            (CONFIG, "fn f() { chrono::Utc::now(); }"),
            (CONFIG, "use chrono::Utc as U; fn f() { U::now(); }"),
            (CONFIG, "type U = chrono::Utc; fn f() { U::now(); }"),
            (CONFIG, "use chrono::Utc; fn f() { <Utc>::now(); }"),
            (
                CONFIG,
                "use chrono::Utc; fn f() { None.unwrap_or_else(Utc::now); }",
            ),
            (
                CONFIG,
                "use chrono::Utc; fn f() { println!(\"{}\", Utc::now()); }",
            ),
            (CONFIG, "use chrono::Local; fn f() { Local::now(); }"),
            (CONFIG, "fn f() { std::time::SystemTime::now(); }"),
            (
                CONFIG,
                "use std::time::UNIX_EPOCH; fn f() { UNIX_EPOCH.elapsed(); }",
            ),
            (CONFIG, "use uuid::Uuid; fn f() { Uuid::now_v7(); }"),
            (CONFIG, "use std::time::Instant; fn f() { Instant::now(); }"),
            ("src/store/queries/bills.rs", "use diesel::dsl::now;"),
            (
                "src/cli/verify.rs",
                "use chrono::Utc; fn f() { Utc::now(); }",
            ),
        ],
    );
}

#[test]
fn time_given_by_a_clock_passes() {
    const CONFIG: &str = "src/config/seal.rs";
    passes(
        check_clock,
        &[
            ("src/config/clock.rs", "fn f() { chrono::Utc::now(); }"),
            (
                "src/cli/verify.rs",
                "use std::time::Instant; fn f() { Instant::now(); }",
            ),
            (
                CONFIG,
                "fn f(clock: &Clock) { clock.now(); Clock::now(clock); }",
            ),
            (CONFIG, "// Utc::now()\nconst S: &str = \"Utc::now()\";"),
            (
                CONFIG,
                "use chrono::{TimeZone, Utc}; fn f() { Utc.timestamp_micros(0); }",
            ),
            (
                CONFIG,
                "#[cfg(test)] mod tests { fn f() { chrono::Utc::now(); } }",
            ),
        ],
    );
}

#[test]
fn a_file_outside_every_room_is_caught() {
    catches(
        check_rooms,
        &[
            ("src/utils/mod.rs", ""),
            ("src/helper.rs", ""),
            ("src/store.rs", ""),
        ],
    );
    passes(
        check_rooms,
        &[
            ("src/store/mod.rs", ""),
            ("src/lib.rs", ""),
            ("tests/it/utils.rs", ""),
        ],
    );
}

#[test]
fn a_long_file_is_caught_and_its_tests_are_not_counted() {
    let code = "fn f() {}\n".repeat(LINES_MAX);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
    let long = format!("{code}fn g() {{}}\n");
    let tested = format!("{code}{tests}");
    assert_eq!(
        breaches(check_length, &[("src/store/mod.rs", &long)]).len(),
        1
    );
    assert_eq!(breaches(check_length, &[("src/store/mod.rs", &tested)]), []);
    assert_eq!(breaches(check_length, &[("tests/it/day.rs", &long)]), []);
}

#[test]
fn a_bound_limit_on_the_hot_path_is_caught() {
    let limited =
        "fn f() { rows.first(conn); }\nfn g() { rows.first::<Uid>(conn); rows.limit(1); }\n";
    let hot = breaches(
        check_hot_limits,
        &[("src/store/journal/sqlite.rs", limited)],
    );
    assert_eq!(hot.len(), 2);
    assert_eq!(
        breaches(check_hot_limits, &[("src/store/queries/days.rs", limited)]),
        []
    );
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_caught() {
    catches(
        check_module_docs,
        &[
            ("src/store/mod.rs", "fn f() {}"),
            (
                "src/store/mod.rs",
                "// MEMORY. The only room that knows the database.\n",
            ),
            ("src/store/mod.rs", "\n//! MEMORY.\n"),
            ("src/store/mod.rs", "//!\n//! MEMORY.\n"),
            ("src/store/mod.rs", "//! store\n"),
            ("src/store/mod.rs", "//! One. Two. Three. Four. Five.\n"),
            ("tests/it/day.rs", "fn f() {}"),
        ],
    );
    passes(
        check_module_docs,
        &[
            ("src/store/mod.rs", "//! MEMORY.\nfn f() {}"),
            (
                "src/store/mod.rs",
                "//! One, e.g. `a.b`. Two! Three? Four.\n//!\n//! Why. So. It. Is. This.\n",
            ),
            ("tests/fixtures/any.rs", "fn f() {}"),
        ],
    );
}

#[test]
fn a_file_that_is_never_compiled_is_caught() {
    let tree = |declaration| {
        [
            ("src/lib.rs", "pub mod config;"),
            ("src/config/mod.rs", declaration),
            ("src/config/seal.rs", "fn f() {}"),
        ]
    };
    assert_eq!(breaches(check_declared, &tree("mod seal;")), []);
    assert_eq!(breaches(check_declared, &tree("// mod seal;")).len(), 1);
    let other = tree("#[path = \"seal.rs\"] mod wax;");
    assert_eq!(breaches(check_declared, &other), []);
    let broken = SourceFile::new("src/lib.rs", "fn (");
    assert_eq!(check_declared(&[broken]).len(), 1);
}

#[test]
fn a_file_that_stands_in_no_roster_is_caught() {
    let folder = ROSTERS[0];
    let (door, file) = (format!("{folder}/mod.rs"), format!("{folder}/vnpay.rs"));
    let with = |text| breaches(check_rosters, &[(&door, text), (&file, "")]);
    for complete in [
        "mod vnpay; pub const ROSTER: &[&dyn P] = &[&vnpay::Vnpay];",
        "mod vnpay; use vnpay::Vnpay; pub static ROSTER: &[&dyn P] = &[&Vnpay];",
        "mod vnpay; use self::vnpay::Vnpay as V; pub const ROSTER: &[&dyn P] = &[&V];",
    ] {
        assert_eq!(with(complete), [], "{complete}");
    }
    for lacking in [
        "mod vnpay;",
        "mod vnpay; use vnpay::Vnpay; pub const ROSTER: &[&dyn P] = &[];",
        "mod vnpay; pub const ROSTER: &[&str] = &[\"vnpay\"];",
        "mod vnpay; pub const OTHERS: &[&dyn P] = &[&vnpay::Vnpay];",
        "mod vnpay; // ROSTER = vnpay",
    ] {
        assert_eq!(with(lacking).len(), 1, "{lacking}");
    }
}

#[test]
fn a_migration_without_its_counterpart_is_caught() {
    let paths = |paths: &[&'static str]| {
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
        breaches(check_migrations, &files).len()
    };
    let (lite, post) = (
        "migrations/sqlite/0001_bills/up.sql",
        "migrations/postgres/0001_bills/up.sql",
    );
    assert_eq!(paths(&[lite, post, "migrations/README.md"]), 0);
    assert_eq!(paths(&[lite]), 1);
    assert_eq!(paths(&[lite, "migrations/postgres/0001_bill/up.sql"]), 2);
    assert_eq!(
        paths(&[
            "migrations/sqlite/1_bills/up.sql",
            "migrations/postgres/1_bills/up.sql"
        ]),
        2
    );
    assert_eq!(paths(&["migrations/sqlite/0001_bills/down.sql", post]), 1);
    let (twice, too) = (
        "migrations/sqlite/0001_days/up.sql",
        "migrations/postgres/0001_days/up.sql",
    );
    assert_eq!(paths(&[lite, post, twice, too]), 2);
    assert_eq!(
        paths(&[lite, post, "migrations/mysql/0001_bills/up.sql"]),
        1
    );
}

#[test]
fn a_reminder_is_caught_in_code_and_in_comments() {
    catches(
        check_refused_words,
        &[
            ("src/store/mod.rs", "// TODO: later"),
            ("src/store/mod.rs", "/// FIXME\nfn f() {}"),
            ("src/store/mod.rs", "fn f() { dbg!(1); }"),
            ("src/store/mod.rs", "fn f() { todo!() }"),
            ("src/store/mod.rs", "fn f() { unimplemented!(\"so\") }"),
            ("migrations/sqlite/0001_bills/up.sql", "-- TODO index"),
            ("tests/it/day.rs", "// FIXME"),
        ],
    );
    passes(
        check_refused_words,
        &[
            (
                "src/store/mod.rs",
                "struct TodoList; // a todo, METODOS, FIXMES",
            ),
            (
                "src/store/mod.rs",
                "macro_rules! my_dbg { () => {} } my_dbg!();",
            ),
            ("tests/fixtures/memos.csv", "TODO"),
        ],
    );
}

#[test]
fn a_word_of_the_workshop_is_caught() {
    let with = |text: &str| breaches(check_foreign_words, &[("README.md", text)]).len();
    assert_eq!(with(concat!("see ../", "shared/notes.md")), 1);
    assert_eq!(with(concat!("the ", "farm", "-", "hand")), 1);
    assert_eq!(with(concat!("the C", "EO says\nthe C", "EO")), 2);
    assert_eq!(with("a shared folder, a farm, an OCEOLA"), 0);
}

#[test]
fn a_third_level_of_folders_is_caught() {
    catches(check_depth, &[("src/web/api/v1/bills.rs", "")]);
    passes(
        check_depth,
        &[("src/web/api/bills.rs", ""), ("tests/a/b/c/d/e.txt", "")],
    );
}

#[test]
fn an_unknown_entry_at_the_top_is_caught() {
    catches(
        check_top_level,
        &[("scripts/run", ""), ("NOTES.md", ""), ("Makefile", "")],
    );
    passes(
        check_top_level,
        &[("src/lib.rs", ""), (".deny.toml", ""), ("LICENSE", "")],
    );
}
