//! The rules of the house, as data: a new room, keyholder, roster or exception is one line here.
//! Below the tables, one test per rule reads the repository and fails with every breach and what
//! to do instead. `house_checks` applies the rules and `house_proofs` breaks them on purpose; how
//! code is written inside a function is clippy's.

use std::collections::BTreeSet;

use crate::house_checks as checks;
use crate::house_source::{Breach, SourceFile, repository};

/// Who may know whom: a room, and the rooms it may import. Imports go down, never up or sideways.
pub(crate) const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("store", &["domain"]),
    ("intake", &["store", "domain", "config"]),
    ("matching", &["store", "domain"]),
    ("ledger", &["store", "domain"]),
    ("reconciliation", &["store", "domain", "config"]),
    ("checkout", &["store", "domain", "config"]),
    ("receipts", &["store", "domain", "config"]),
    ("reporting", &["store", "domain", "config"]),
    (
        "journeys",
        &[
            "intake",
            "matching",
            "ledger",
            "reconciliation",
            "checkout",
            "receipts",
            "store",
            "domain",
            "config",
        ],
    ),
    (
        "web",
        &[
            "journeys",
            "reporting",
            "intake",
            "store",
            "domain",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "web",
            "journeys",
            "reporting",
            "intake",
            "matching",
            "ledger",
            "reconciliation",
            "checkout",
            "receipts",
            "store",
            "domain",
            "config",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// What a room may use of a neighbour it must not know otherwise, by path: tools that know no call
/// and no provider. Both rooms speak with providers, and a rule of signing has one home.
pub(crate) const TOOLS: &[(&str, &[&str])] = &[(
    "checkout",
    &[
        "intake::signature",
        "intake::json",
        "intake::fields",
        "intake::query",
        "intake::provider::Refusal",
    ],
)];

/// Something only some places may name.
pub(crate) struct Keeper {
    pub(crate) names: &'static [&'static str],
    /// Files, and folders with a `/` at the end.
    pub(crate) homes: &'static [&'static str],
    /// Whether a home may offer it to others under its own name.
    pub(crate) passes_on: bool,
    pub(crate) instead: &'static str,
}

pub(crate) const KEEPERS: &[Keeper] = &[
    Keeper {
        names: &["diesel", "diesel_migrations", "libsqlite3_sys", "pq_sys"],
        homes: &["src/store/"],
        passes_on: false,
        instead: "the database is spoken to in `store` only: add an operation there and call it",
    },
    Keeper {
        names: &[
            "actix_web",
            "actix_rt",
            "actix_http",
            "actix_service",
            "tokio",
            "async",
        ],
        homes: &[
            "src/web/",
            "src/cli/serve.rs",
            "src/cli/demo.rs",
            "src/cli/demo/",
        ],
        passes_on: false,
        instead: "the server and everything async stay at the door: write a plain function and \
                  let `web` call it",
    },
    Keeper {
        names: &["hmac"],
        homes: &["src/intake/signature.rs"],
        passes_on: true,
        instead: "signatures are computed in `intake/signature.rs` only: use a scheme from there \
                  or add one",
    },
    Keeper {
        names: &["ring"],
        homes: &["src/ledger/signing.rs"],
        passes_on: false,
        instead: "what we sign ourselves is signed in `ledger/signing.rs` only",
    },
    Keeper {
        names: &["rustls", "actix_tls", "futures_core"],
        homes: &["src/web/door/"],
        passes_on: false,
        instead: "connections are encrypted at the door: `web/door/tls.rs` makes what they need",
    },
    Keeper {
        names: &["ureq"],
        homes: &[
            "src/checkout/http.rs",
            "src/journeys/outbox/post.rs",
            "src/cli/telemetry/carrier.rs",
        ],
        passes_on: false,
        instead: "calls to others leave where their time and their answers are bounded: send through \
                  `checkout/http.rs` or the outbox's post",
    },
    Keeper {
        names: &[
            "opentelemetry",
            "opentelemetry_http",
            "opentelemetry_otlp",
            "opentelemetry_sdk",
            "tracing_opentelemetry",
        ],
        homes: &["src/cli/telemetry/", "src/web/door/traces.rs"],
        passes_on: false,
        instead: "say it with `tracing`: whether somebody follows is known to `cli/telemetry` alone",
    },
    Keeper {
        names: &["anyhow"],
        homes: &["src/cli/", "src/main.rs"],
        passes_on: false,
        instead: "say what can go wrong in an enum of the room (`thiserror`); only `cli` may \
                  throw everything into one bag",
    },
    Keeper {
        names: &["include!"],
        homes: &[],
        passes_on: false,
        instead: "declare a module; an included file belongs to no room",
    },
];

/// Every way to ask for the time, as type and function.
pub(crate) const CLOCK_READS: &[(&str, &str)] = &[
    ("Utc", "now"),
    ("Local", "now"),
    ("SystemTime", "now"),
    ("UNIX_EPOCH", "elapsed"),
    ("Instant", "now"),
    ("Timestamp", "now"),
    ("Uuid", "now_v1"),
    ("Uuid", "now_v6"),
    ("Uuid", "now_v7"),
    ("dsl", "now"),
];
pub(crate) const CLOCK_HOME: &str = "src/config/clock.rs";
/// Where the monotonic clock may measure how long something took.
pub(crate) const STOPWATCH_HOMES: &[&str] = &["src/cli/", "src/web/door/gate.rs"];

/// Where every statement is run for every call.
pub(crate) const HOT_PATH: &str = "src/store/journal/";

/// Lines a file may have, its tests not counted.
pub(crate) const LINES_MAX: usize = 400;
/// Files that may be longer, each with its reason. Keep it short enough to be read.
pub(crate) const LONG_FILES: &[(&str, &str)] = &[];

/// Folders of like things whose `mod.rs` lists them all in a `ROSTER`.
pub(crate) const ROSTERS: &[&str] = &[
    "src/intake/providers",
    "src/checkout/providers",
    "src/reconciliation/formats",
    "src/reporting/indicators",
    "src/reporting/reports",
];
/// Files in those folders that are not one of the things, each with its reason.
pub(crate) const NOT_ON_ROSTER: &[(&str, &str)] = &[];

/// What may stand at the top of the repository, beside dotfiles.
pub(crate) const TOP_LEVEL: &[&str] = &[
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "config",
    "deploy",
    "docs",
    "fuzz",
    "migrations",
    "src",
    "tests",
];

/// Folders below `src/`, at most.
pub(crate) const DEPTH_MAX: usize = 2;
pub(crate) const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// Words nobody leaves behind, and what to do instead.
pub(crate) const REFUSED_WORDS: &[(&str, &str)] = &[
    ("TODO", "open work is an issue, not a comment"),
    ("FIXME", "mend it, or open an issue"),
    ("dbg!", "use `tracing`, or nothing"),
    ("todo!", "write it, or return a refusal"),
    ("unimplemented!", "write it, or return a refusal"),
];
/// Words of the workshop that the product must not carry. In two parts, so that this file passes.
pub(crate) const FOREIGN_WORDS: &[&str] = &[
    concat!("..", "/shared"),
    concat!("farm", "-"),
    concat!("C", "EO"),
];
/// The rules and their proofs have to name what they refuse.
pub(crate) const MAY_NAME_REFUSED: &[&str] = &["tests/it/house.rs", "tests/it/house_proofs.rs"];
/// What a search for words reads: text that people write.
pub(crate) const WRITTEN: &[&str] = &[
    "rs", "sql", "toml", "md", "html", "css", "js", "ftl", "xml", "yml", "yaml", "sh", "run",
];

fn nothing_breaks(check: fn(&[SourceFile]) -> Vec<Breach>) {
    let breaches = check(&repository());
    let list: Vec<String> = breaches.iter().map(Breach::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
}

macro_rules! rules {
    ($($sentence:ident: $check:path,)+) => {
        $(#[test]
        fn $sentence() {
            nothing_breaks($check);
        })+
    };
}

rules! {
    every_folder_is_a_room: checks::check_rooms,
    imports_go_down_never_up_never_sideways: checks::check_imports,
    only_keyholders_name_what_they_keep: checks::check_keepers,
    time_comes_from_the_clock_alone: checks::check_clock,
    files_are_short: checks::check_length,
    the_hot_path_binds_no_limit: checks::check_hot_limits,
    files_open_with_what_they_are: checks::check_module_docs,
    every_file_is_compiled: checks::check_declared,
    rosters_are_complete: checks::check_rosters,
    migrations_come_in_pairs: checks::check_migrations,
    no_reminders_are_left_behind: checks::check_refused_words,
    words_of_the_workshop_stay_there: checks::check_foreign_words,
    folders_are_shallow: checks::check_depth,
    the_top_level_is_known: checks::check_top_level,
}

#[test]
fn the_table_of_rooms_has_no_circle_and_no_stranger() {
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    for _ in ROOMS {
        for (room, below) in ROOMS {
            if below.iter().all(|other| settled.contains(other)) {
                settled.insert(room);
            }
        }
    }
    assert_eq!(settled.len(), ROOMS.len(), "settled: {settled:?}");
}
