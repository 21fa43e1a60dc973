//! The document docs/a-day.md is a transcript: its world is made here by real calls and real files, its
//! commands are run as they stand there, and each must say what the document says. With
//! DOISOAT_WRITE_DOCS=1 the document is written anew instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex_lite::Regex;

use crate::support::TestApp;
use crate::support::app::settings;
use crate::support::database::Engine;
use crate::support::office::HERE;

const SOURCES: &str = r#"
[signing]
key_file = "office.pem"
[sources.vnpay]
kind = "settlement"
channel = "vnpay"
profile = "vnpay-fee"
expected = "daily"
fee = { basis_points = 100 }
[sources.vcb]
kind = "bank"
account = "1017588888"
expected = "daily"
channels = ["bank"]
payouts = { vnpay = "VNPAY TT GD" }
"#;

const HEADINGS: &str = "Thời gian GD,Mã giao dịch,Mã đơn hàng,Số tiền trước KM,Số tiền khuyến mại,\
    Số tiền sau KM,Số tiền hạch toán thu hộ,Số tiền phí thu hộ,Trạng thái";

/// Four payments through VNPAY, of which the call of one is lost, and two transfers. The settlement
/// file brings them all; the bank pays the batch out and shows the transfers, and a third that nobody
/// told us of.
fn has_a_day(app: &TestApp, folder: &Path) {
    app.has_office();
    let bill = |number: u32, dong| app.has_bill(HERE, &format!("{HERE}-260105-{number:04}"), dong);
    let bills: Vec<String> = (1..=6)
        .map(|number| bill(number, 10_000 * i64::from(number)))
        .collect();
    let mut lines = format!("{HEADINGS}\n");
    for (number, order) in (1..=4_i64).zip(&bills) {
        let (txn, dong, fee) = (1000 + number, 10_000 * number, 100 * number);
        lines +=
            &format!("05/01/2026 10:30:15,{txn},{order},{dong},0,{dong},{dong},{fee},Thành công\n");
        if number < 4 {
            assert_eq!(
                app.vnpay_pays(&txn.to_string(), order, dong, "k-vnpay")
                    .status,
                200
            );
        }
    }
    assert_eq!(
        app.transfer(77, 50_000, &format!("NOP PHI {}", bills[4]))
            .status,
        200
    );
    assert_eq!(
        app.transfer(78, 60_000, &format!("{} nop phi", bills[5]))
            .status,
        200
    );
    std::fs::write(folder.join("vnpay-0501.csv"), lines).unwrap();
    let statement = |opening: i64, lines: &[(&str, i64, &str, &str)]| {
        let mut text =
            format!(":20:S1\r\n:25:1017588888\r\n:28C:5/1\r\n:60F:C260105VND{opening},\r\n");
        let mut balance = opening;
        for (day, dong, reference, memo) in lines {
            balance += dong;
            text +=
                &format!(":61:2601{day}01{day}C{dong},NTRFNONREF//{reference}\r\n:86:{memo}\r\n");
        }
        text + &format!(":62F:C260106VND{balance},\r\n-\r\n")
    };
    let text = statement(
        0,
        &[
            ("05", 50_000, "FT77", &format!("NOP PHI {}", bills[4])),
            ("05", 60_000, "FT78", &format!("{} nop phi", bills[5])),
            ("05", 15_000, "FT79", "chuyen tien"),
            ("06", 99_000, "FT80", "VNPAY TT GD NGAY 05012026"),
        ],
    );
    std::fs::write(folder.join("vcb-0601.sta"), text).unwrap();
}

/// What stands for a time of the machine's clock.
const CLOCK: &str = "…";

/// What differs from run to run, made equal: ids, hashes, and times of the machine's clock; one id
/// keeps one name throughout.
struct Same {
    patterns: Vec<(Regex, &'static str)>,
    names: BTreeMap<String, String>,
}

impl Same {
    fn new() -> Self {
        let id = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
        let patterns = [
            (id, "id"),
            (r"\b[0-9a-f]{64}\b", "sha256"),
            (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", CLOCK),
            (r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d( \+07:00)?", CLOCK),
            (r"\d\d/\d\d/20\d\d \d\d:\d\d", CLOCK),
        ];
        let patterns = patterns.map(|(text, name)| (Regex::new(text).unwrap(), name));
        Self {
            patterns: patterns.into(),
            names: BTreeMap::new(),
        }
    }

    fn of(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, name) in &self.patterns {
            let mut same = String::new();
            let mut rest = 0;
            for found in pattern.find_iter(&text) {
                let count = self
                    .names
                    .values()
                    .filter(|known| known.starts_with(name))
                    .count();
                let given = || {
                    if *name == CLOCK {
                        CLOCK.to_owned()
                    } else {
                        format!("{name}-{}", count + 1)
                    }
                };
                let short = self
                    .names
                    .entry(found.as_str().to_owned())
                    .or_insert_with(given);
                same += &text[rest..found.start()];
                same += short;
                rest = found.end();
                // In a table the columns stay where they are.
                if ["  ", " ┆", " │"]
                    .iter()
                    .any(|next| text[rest..].starts_with(next))
                {
                    same += &" ".repeat(found.as_str().chars().count() - short.chars().count());
                }
            }
            same += &text[rest..];
            text = same;
        }
        text
    }
}

fn say(folder: &Path, command: &str) -> String {
    let program = env!("CARGO_BIN_EXE_doisoat");
    let script =
        format!("doisoat() {{ {program} --config doisoat.toml \"$@\"; }}\nexec 2>&1\n{command}");
    let output = Command::new("bash")
        .current_dir(folder)
        .env("COLUMNS", "110")
        .args(["-c", &script])
        .output()
        .unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        said += &format!("(exit status {})\n", output.status.code().unwrap());
    }
    said
}

#[test]
fn the_document_of_a_day_says_what_the_program_says() {
    let folder = tempfile::tempdir().unwrap();
    let sources = SOURCES.replace(
        "office.pem",
        folder.path().join("office.pem").to_str().unwrap(),
    );
    let app = TestApp::start(Engine::Sqlite, &sources);
    has_a_day(&app, folder.path());
    let text = format!("{}{SOURCES}", settings(&app.database.url));
    std::fs::write(folder.path().join("doisoat.toml"), text).unwrap();

    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/a-day.md");
    let document = std::fs::read_to_string(&file).unwrap();
    let mut same = Same::new();
    let mut written = String::new();
    let mut lines = document.lines().peekable();
    let mut is_console = false;
    while let Some(line) = lines.next() {
        written += line;
        written.push('\n');
        if line.starts_with("```") {
            is_console = line == "```console";
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| is_console) {
            while lines
                .peek()
                .is_some_and(|next| !next.starts_with("$ ") && !next.starts_with("```"))
            {
                lines.next();
            }
            let said = same.of(&say(folder.path(), command));
            for line in said.lines() {
                written += line.trim_end();
                written.push('\n');
            }
        }
    }
    if std::env::var_os("DOISOAT_WRITE_DOCS").is_some() {
        std::fs::write(&file, written).unwrap();
        return;
    }
    let differs = document
        .lines()
        .zip(written.lines())
        .find(|(told, said)| told != said);
    assert_eq!(differs, None, "what the document tells, and what is said");
    assert_eq!(document.len(), written.len(), "{written}");
}
