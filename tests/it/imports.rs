//! Files on their way into the books: what is taken, what is refused and where it says the fault
//! is, and that a refused file leaves nothing behind; at the end through the real command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use doisoat::domain::ids::Tenant;
use doisoat::journeys::import_file::{Import, ImportError, Imported, Kind};
use doisoat::journeys::put_dossiers::Put;
use tempfile::TempDir;

use crate::support::app::settings;
use crate::support::{Engine, TestApp, both};

const HEADER: &str =
    "dossier_code,procedure_code,unit_code,received_on,submitted_via,status,fee_items,bill_due_on";

/// One row of the file above: a dossier with a fee and a bill.
fn row(code: &str, dong: i64) -> String {
    format!(
        "{code},2.000815,H12.104,2025-07-01,online,processing,\
         \"[{{\"\"kind\"\":\"\"phi\"\",\"\"amount\"\":{dong}}}]\",2025-08-01"
    )
}

fn code(number: u32) -> String {
    format!("H12.104-250701-{number:04}")
}

/// A file of the header and these rows.
fn file_of(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// Files in a folder of their own.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn has(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

pub(crate) fn import(app: &TestApp, kind: Kind, path: &Path) -> Result<Imported, ImportError> {
    let import = Import {
        db: &app.db,
        tenant: Tenant(1),
        holder: "import",
        provinces: &[],
        now: app.clock.now(),
        progress: &|_, _, _| {},
    };
    import.run(kind, path)
}

fn dossiers(app: &TestApp, bytes: impl AsRef<[u8]>) -> Result<Imported, ImportError> {
    import(app, Kind::Dossiers, &Folder::new().has("dossiers", bytes))
}

pub(crate) fn put(added: u64, changed: u64, unchanged: u64) -> Imported {
    Imported::Done(Put {
        added,
        changed,
        unchanged,
    })
}

/// Line, column and problem of a refusal.
pub(crate) fn refusal(result: Result<Imported, ImportError>) -> (u64, String, String) {
    match result {
        Err(ImportError::Row { line, error, .. }) => (line, error.field, error.problem),
        other => panic!("{other:?}"),
    }
}

/// A file is refused at this line and column, with these words, and nothing of it is kept.
#[track_caller]
fn is_refused(app: &TestApp, bytes: impl AsRef<[u8]>, line: u64, column: &str, words: &str) {
    let before = kept(app);
    let (found, field, problem) = refusal(dossiers(app, bytes));
    assert_eq!((found, field.as_str()), (line, column), "{problem}");
    assert!(problem.contains(words), "{problem}");
    assert_eq!(kept(app), before);
}

/// How many rows stand in every table that an import writes.
fn kept(app: &TestApp) -> Vec<i64> {
    let tables = [
        "dossiers",
        "bills",
        "fee_items",
        "postings",
        "seal_blocks",
        "account_balances",
        "dossier_counts",
        "unit_counts",
        "imports",
        "seal_chains",
    ];
    let count = |table| {
        app.database
            .number(&format!("SELECT COUNT(*) AS n FROM {table}"))
    };
    tables.map(count).to_vec()
}

fn balance(app: &TestApp, account: &str) -> String {
    let rows = app.items("/api/v1/ledger/accounts");
    let found = rows.iter().find(|row| row["account"] == account);
    found.map_or("none".to_owned(), |row| {
        row["balance"].as_str().unwrap().to_owned()
    })
}

fn only_bill(app: &TestApp, code: &str) -> serde_json::Value {
    let told = app.get(&format!("/api/v1/dossiers/{code}"));
    assert_eq!(told["bills"].as_array().unwrap().len(), 1, "{told}");
    told["bills"][0].clone()
}

#[test]
fn one_bad_row_in_a_hundred_thousand_leaves_nothing_behind() {
    let app = TestApp::start(Engine::Sqlite, "");
    app.has_office();
    let before = kept(&app);
    let mut text = HEADER.to_owned();
    for number in 1..=100_000 {
        let code = format!("H12.104-250701-{number:06}");
        let dong = if number == 99_990 { -1 } else { 10_000 };
        text.push('\n');
        text.push_str(&row(&code, dong));
    }
    let (line, column, problem) = refusal(dossiers(&app, &text));
    assert_eq!(
        (line, column.as_str()),
        (99_991, "fee_items.0.amount"),
        "{problem}"
    );
    assert_eq!(kept(&app), before);
}

both!(fn a_row_that_contradicts_the_books_undoes_the_rows_that_were_written_before_it(app) {
    app.has_office();
    let paid = code(9_999);
    let paid_row = |dong| row(&paid, dong).replace("2025-08-01", "2026-02-05");
    assert_eq!(dossiers(app, file_of(&[paid_row(10_000)])).unwrap(), put(1, 0, 0));
    let reference = only_bill(app, &paid)["reference"].as_str().unwrap().to_owned();
    assert_eq!(app.transfer(1, 4_000, &reference).status, 200);
    let mut rows: Vec<String> = (1..=1_500).map(|number| row(&code(number), 10_000)).collect();
    rows.push(paid_row(12_000));
    is_refused(app, file_of(&rows), 1_502, "bills", "has money on it");
    assert_eq!(only_bill(app, &paid)["total"], "10000");
    // The due day may change, and so may the status.
    let later = paid_row(10_000).replace("processing", "done").replace("2026-02-05", "2026-03-05");
    assert_eq!(dossiers(app, file_of(&[later])).unwrap(), put(0, 1, 0));
    assert_eq!(only_bill(app, &paid)["due_on"], "2026-03-05");
});

both!(fn the_same_file_again_changes_nothing_and_says_when_it_came(app) {
    app.has_office();
    let folder = Folder::new();
    let text = file_of(&[row(&code(1), 10_000), row(&code(2), 20_000)]);
    let first = import(app, Kind::Dossiers, &folder.has("a.csv", &text)).unwrap();
    assert_eq!(first, put(2, 0, 0));
    let before = kept(app);
    let at = app.clock.now();
    app.set_clock(at + chrono::Duration::hours(1));
    let again = import(app, Kind::Dossiers, &folder.has("b.csv", &text)).unwrap();
    assert_eq!(again, Imported::Before(at, 2));
    assert_eq!(kept(app), before);
});

both!(fn another_file_of_the_same_rows_is_all_unchanged(app) {
    app.has_office();
    let rows = [row(&code(1), 10_000), row(&code(2), 20_000)];
    assert_eq!(dossiers(app, file_of(&rows)).unwrap(), put(2, 0, 0));
    let postings = app.database.number("SELECT COUNT(*) AS n FROM postings");
    let turned = [rows[1].clone(), rows[0].clone()];
    assert_eq!(dossiers(app, file_of(&turned)).unwrap(), put(0, 0, 2));
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM postings"), postings);
    assert_eq!(app.database.number("SELECT COUNT(*) AS n FROM imports"), 2);
});

both!(fn another_amount_changes_the_bill_and_the_books_follow(app) {
    app.has_office();
    dossiers(app, file_of(&[row(&code(1), 10_000), row(&code(2), 20_000)])).unwrap();
    assert_eq!(balance(app, "receivable:H12.104"), "30000");
    let reference = only_bill(app, &code(1))["reference"].clone();
    let more = file_of(&[row(&code(1), 15_000), row(&code(2), 20_000)]);
    assert_eq!(dossiers(app, more).unwrap(), put(0, 1, 1));
    let bill = only_bill(app, &code(1));
    assert_eq!((&bill["total"], &bill["rest"]), (&"15000".into(), &"15000".into()));
    assert_eq!(bill["reference"], reference);
    assert_eq!(balance(app, "receivable:H12.104"), "35000");
    assert_eq!(balance(app, "due:H12.104:phi"), "-35000");
    let less = file_of(&[row(&code(1), 0)]);
    assert_eq!(dossiers(app, less).unwrap(), put(0, 1, 0));
    assert_eq!(balance(app, "receivable:H12.104"), "20000");
});

both!(fn every_refusal_names_line_and_column_and_keeps_nothing(app) {
    app.has_office();
    let good = row(&code(1), 10_000);
    let with = |from: &str, to: &str| file_of(&[good.clone(), row(&code(2), 10_000).replace(from, to)]);
    let table = [
        (with("H12.104-250701-0002", "H47.104-250701-0002"), 3, "dossier_code", "this office serves H12"),
        (with("H12.104-250701-0002", "nonsense"), 3, "dossier_code", "nonsense"),
        (with("H12.104-250701-0002", &code(1)), 3, "dossier_code", "twice"),
        (with("2.000815", "2.000816"), 3, "procedure_code", "not an imported procedure"),
        (with(",H12.104,", ",H12.999,"), 3, "unit_code", "not an imported unit"),
        (with("2025-07-01", "01/07/2025"), 3, "received_on", "2025-07-01"),
        (with("online", "fax"), 3, "submitted_via", "online"),
        (with("10000", "1000.5"), 3, "fee_items.0.amount", ""),
        (with("}]", "}"), 3, "fee_items", ""),
        (with(",2025-08-01", ""), 3, "(whole line)", "has 7 columns where the header has 8"),
        (with(",2025-08-01", ",2025-08-01,x"), 3, "(whole line)", "has 9 columns where the header has 8"),
        (file_of(std::slice::from_ref(&good)).replace("unit_code", "unit_cod"), 1, "unit_cod", "did you mean unit_code?"),
        (file_of(std::slice::from_ref(&good)).replace("unit_code", "status"), 1, "status", "twice"),
    ];
    for (text, line, column, words) in table {
        is_refused(app, text, line, column, words);
    }
    let missing = "dossier_code,procedure_code\nH12.104-250701-0001,2.000815\n";
    is_refused(app, missing, 2, "received_on", "missing");
});

both!(fn the_line_is_right_after_cells_of_several_lines_blank_lines_and_windows_line_ends(app) {
    app.has_office();
    let header = format!("applicant_name,{HEADER}");
    let good = format!("\"Nguyễn\nVăn\nA\",{}", row(&code(1), 10_000));
    let bad = format!("B,{}", row(&code(2), 10_000).replace("online", "fax"));
    for (text, line) in [
        (format!("{header}\n{good}\n{bad}\n"), 5),
        (format!("{header}\n{good}\n\n\n{bad}\n"), 7),
        (format!("{header}\n{good}\n{bad}\n").replace('\n', "\r\n"), 5),
        (format!("{header}\n{good}\n\n{bad}\n").replace('\n', "\r\n"), 6),
    ] {
        is_refused(app, text, line, "submitted_via", "fax");
    }
    let short = format!("{header}\n{good}\nB,{}\n", code(2)).replace('\n', "\r\n");
    is_refused(app, short, 5, "(whole line)", "has 2 columns where the header has 9");
});

both!(fn a_byte_order_mark_and_any_order_of_columns_are_taken(app) {
    app.has_office();
    let text = "\u{feff}status,fee_items,unit_code,submitted_via, received_on ,procedure_code,dossier_code\r\n\
        done,\"[{\"\"kind\"\":\"\"le_phi\"\",\"\"amount\"\":\"\"5000\"\"}]\",H12.104,counter,2025-07-01, 2.000815 ,H12.104-250701-0001\r\n";
    assert_eq!(dossiers(app, text).unwrap(), put(1, 0, 0));
    let told = app.get(&format!("/api/v1/dossiers/{}", code(1)));
    assert_eq!((&told["status"], &told["submitted_via"]), (&"done".into(), &"counter".into()));
    assert_eq!(told["bills"], serde_json::json!([]));
});

both!(fn json_lines_say_the_same_as_csv(app) {
    app.has_office();
    let line = |number: u32, dong: i64| {
        format!(
            "{{\"dossier_code\":\"{}\",\"procedure_code\":\"2.000815\",\"unit_code\":\"H12.104\",\
             \"received_on\":\"2025-07-01\",\"submitted_via\":\"online\",\"status\":\"processing\",\
             \"fee_items\":[{{\"kind\":\"phi\",\"amount\":{dong}}}],\"bill_due_on\":\"2025-08-01\"}}",
            code(number)
        )
    };
    let text = format!("\u{feff}{}\n\n{}", line(1, 10_000), line(2, 20_000));
    assert_eq!(dossiers(app, text).unwrap(), put(2, 0, 0));
    let same = file_of(&[row(&code(1), 10_000), row(&code(2), 20_000)]);
    assert_eq!(dossiers(app, same).unwrap(), put(0, 0, 2));
    is_refused(app, format!("{}\n\n{}", line(3, 1), line(4, -1)), 3, "fee_items.0.amount", "");
    is_refused(app, format!("{}\n{{\"a\"", line(3, 1)), 2, "(whole line)", "");
    is_refused(app, format!("{}\n{}", line(3, 1), line(3, 1)), 2, "dossier_code", "twice");
    let unknown = line(3, 1).replace("\"status\"", "\"stutas\"");
    is_refused(app, unknown, 1, "stutas", "did you mean status?");
});

both!(fn a_file_that_is_not_utf_8_or_empty_is_refused_as_such(app) {
    app.has_office();
    let mut bytes = file_of(&[row(&code(1), 10_000)]).into_bytes();
    bytes.extend_from_slice(&row(&code(2), 10_000).replace("online", "\u{0}").into_bytes());
    let place = bytes.iter().rposition(|byte| *byte == 0).unwrap();
    bytes[place] = 0xff;
    is_refused(app, &bytes, 3, "(whole line)", "is not UTF-8");
    is_refused(app, b"{\"dossier_code\":\"\xff\"}\n", 1, "(whole line)", "");
    for empty in ["", "\u{feff}", " \r\n\n"] {
        match dossiers(app, empty) {
            Err(ImportError::File { problem, .. }) => assert!(problem.contains("empty"), "{problem}"),
            other => panic!("{other:?}"),
        }
    }
    let nowhere = import(app, Kind::Dossiers, Path::new("/nowhere/at all.csv")).unwrap_err();
    assert!(nowhere.to_string().starts_with("/nowhere/at all.csv: "), "{nowhere}");
});

both!(fn no_dossier_is_taken_before_units_and_procedures(app) {
    let refused = dossiers(app, file_of(&[row(&code(1), 10_000)])).unwrap_err();
    assert!(refused.to_string().contains("import units and procedures first"), "{refused}");
});

both!(fn units_and_procedures_are_taken_brought_up_to_date_and_checked(app) {
    let folder = Folder::new();
    let units = "unit_code,name_vi,name_en,level,parent_code\nH12,Tỉnh,Province,province,\nH12.104,Xã,Commune,commune,H12\n";
    let units_of = |text: &str| import(app, Kind::Units, &folder.has("units.csv", text));
    assert_eq!(units_of(units).unwrap(), put(2, 0, 0));
    assert_eq!(units_of(&units.replace("Xã", "Phường")).unwrap(), put(0, 1, 1));
    let names = app.database.texts("SELECT name_vi AS t FROM units ORDER BY code");
    assert_eq!(names, ["Tỉnh", "Phường"]);
    let (line, column, _) = refusal(units_of(&units.replace(",commune,", ",village,")));
    assert_eq!((line, column.as_str()), (3, "level"));
    let twice = format!("{units}H12,Tỉnh,Province,province,\n");
    let (line, column, problem) = refusal(units_of(&twice));
    assert_eq!((line, column.as_str()), (4, "unit_code"), "{problem}");
    let procedures = "procedure_code,name,field,has_fee\n2.000815,Chứng thực,Tư pháp,true\n";
    let path = folder.has("procedures.csv", procedures);
    assert_eq!(import(app, Kind::Procedures, &path).unwrap(), put(1, 0, 0));
    assert_eq!(dossiers(app, file_of(&[row(&code(1), 10_000)])).unwrap(), put(1, 0, 0));
});

/// The real program with these arguments on the test's database: exit status, output, complaints.
pub(crate) fn program(app: &TestApp, folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    let config = folder.has("settings.toml", settings(&app.database.url));
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_doisoat"))
        .arg("--config")
        .arg(config)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

both!(fn the_command_line_ends_with_0_for_done_1_for_refused_and_2_for_wrong_usage(app) {
    app.has_office();
    let folder = Folder::new();
    let good = folder.has("good.csv", file_of(&[row(&code(1), 10_000), row(&code(2), 10_000)]));
    let bad = folder.has("bad.csv", file_of(&[row(&code(3), 10_000), row("H47.1-250701-0001", 1)]));
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let missing = folder.0.path().join("missing.csv");
    let missing = missing.to_str().unwrap();

    let (status, told, complaint) = program(app, &folder, &["import", "dossiers", good]);
    assert_eq!((status, told.as_str()), (0, "dossiers: 2 added, 0 changed, 0 unchanged\n"), "{complaint}");
    let (status, told, _) = program(app, &folder, &["import", "dossiers", good]);
    assert_eq!(status, 0);
    assert!(told.contains("this file was imported on") && told.contains("(2 rows); nothing changed"), "{told}");

    let before = kept(app);
    let (status, told, complaint) = program(app, &folder, &["import", "dossiers", bad]);
    assert_eq!((status, told.as_str()), (1, ""), "{complaint}");
    assert!(complaint.contains(&format!("{bad}, line 3, column dossier_code: ")), "{complaint}");
    assert!(complaint.ends_with("nothing was imported\n"), "{complaint}");
    let (status, told, _) = program(app, &folder, &["--json", "import", "dossiers", bad]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["outcome"], &told["line"]), (1, &"refused".into(), &3.into()), "{told}");
    assert_eq!(kept(app), before);

    let (status, _, complaint) = program(app, &folder, &["import", "dossiers", missing]);
    assert_eq!(status, 1);
    assert!(complaint.contains(missing) && complaint.contains("No such file"), "{complaint}");

    for wrong in [&["improt"][..], &["import", "weather", good], &["import", "dossiers"], &[]] {
        let (status, told, complaint) = program(app, &folder, wrong);
        assert_eq!((status, told.as_str()), (2, ""), "{wrong:?}: {complaint}");
        assert!(complaint.contains("--help"), "{wrong:?}: {complaint}");
    }
    let (_, _, complaint) = program(app, &folder, &["improt"]);
    assert!(complaint.contains("'improt'") && complaint.contains("'import'"), "{complaint}");

    let (status, told, _) = program(app, &folder, &["verify"]);
    assert_eq!(status, 0, "{told}");
    app.expects_broken_books();
    app.database.run("UPDATE bills SET state = 'paid' WHERE state = 'open'");
    let (status, told, _) = program(app, &folder, &["verify"]);
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("state paid with 0 of 10000 paid"), "{told}");
});
