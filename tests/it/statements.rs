//! The contract of statement files: every sample in `tests/fixtures/statements` is read as its
//! expectation says, and a file that breaks off is never taken for a whole one in silence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use doisoat::domain::statement::Line;
use doisoat::reconciliation::input::Input;
use doisoat::reconciliation::problem::Problem;
use doisoat::reconciliation::reading::{Ask, Preview, Reading, read};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statements")
}

/// Every sample with its expectation.
fn samples() -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(file) = path.to_str().unwrap().strip_suffix(".expect.json") {
                let expected = fs::read_to_string(&path).unwrap();
                found.push((
                    PathBuf::from(file),
                    serde_json::from_str(&expected).unwrap(),
                ));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

struct Seen {
    reading: Reading,
    first: Option<Line>,
}

fn take(bytes: &[u8]) -> Result<Seen, Problem> {
    let mut preview = Preview {
        room: 1,
        ..Preview::default()
    };
    let reading = read(&Input::of(bytes), &Ask::default(), &mut preview)?;
    Ok(Seen {
        reading,
        first: preview.lines.into_iter().next(),
    })
}

fn decimal(text: &str) -> rust_decimal::Decimal {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn differences(expected: &Value, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, wanted: &Value, got: Option<String>| {
        let (Some(wanted), Some(got)) = (wanted.as_str(), got) else {
            return;
        };
        if decimal(wanted) != decimal(&got) {
            wrong.push(format!("{what} is {got}, not {wanted}"));
        }
    };
    let reading = &seen.reading;
    let (opening, closing) = reading.balances();
    compare(
        "sum_credit",
        &expected["sum_credit"],
        Some(reading.sum(|one| one.credit)),
    );
    compare(
        "sum_debit",
        &expected["sum_debit"],
        Some(reading.sum(|one| one.debit)),
    );
    compare(
        "sum_fee",
        &expected["sum_fee"],
        expected["sum_tax"]
            .is_null()
            .then(|| reading.sum(|one| one.fees)),
    );
    compare("opening", &expected["opening"], opening);
    compare("closing", &expected["closing"], closing);
    let first = seen.first.as_ref();
    let own = first.and_then(|line| reading.findings.statements.get(line.statement));
    let amount = first.zip(own).map(|(line, own)| own.text(line.amount));
    compare(
        "the first amount",
        &expected["first_entry"]["amount"],
        amount,
    );
    wrong.extend(other_differences(expected, seen));
    wrong
}

/// Differences in what is no amount.
fn other_differences(expected: &Value, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let (reading, first) = (&seen.reading, seen.first.as_ref());
    if expected["entries"].as_u64() != Some(reading.entries()) {
        wrong.push(format!(
            "{} entries, not {}",
            reading.entries(),
            expected["entries"]
        ));
    }
    if let (Some(wanted), Some(got)) = (expected["currency"].as_str(), reading.currency())
        && wanted != got.as_str()
    {
        wrong.push(format!("the currency is {got}, not {wanted}"));
    }
    let dates: Vec<&str> = ["date", "value_date", "booking_date"]
        .iter()
        .filter_map(|name| expected["first_entry"][name].as_str())
        .collect();
    if let Some(line) = first
        && !dates.is_empty()
        && !dates.contains(&line.date.to_string().as_str())
    {
        wrong.push(format!(
            "the first date is {}, not one of {dates:?}",
            line.date
        ));
    }
    wrong
}

/// What is wrong with how a sample was read.
fn judge(expected: &Value, seen: &Result<Seen, Problem>) -> Vec<String> {
    let outcome = expected["outcome"].as_str().unwrap();
    match (outcome, seen) {
        ("ok", Ok(seen)) if seen.reading.is_held() => {
            vec![format!("held: {:?}", seen.reading.findings.holds)]
        }
        ("ok" | "ok_or_error" | "ok_with_warning", Ok(seen)) if expected["entries"].is_u64() => {
            differences(expected, seen)
        }
        ("error", Err(problem)) => refusal(&expected["error"], problem),
        ("error", Ok(_)) => vec!["read, though it had to be refused".to_owned()],
        ("ok" | "ok_with_warning", Err(problem)) => vec![format!("refused: {problem}")],
        ("ok_or_error", _) => Vec::new(),
        (_, Ok(seen)) => {
            let findings = &seen.reading.findings;
            let is_silent = findings.holds.is_empty() && findings.warnings.is_empty();
            is_silent
                .then(|| "read without a word".to_owned())
                .into_iter()
                .collect()
        }
        (_, Err(_)) => Vec::new(),
    }
}

fn refusal(expected: &Value, problem: &Problem) -> Vec<String> {
    let mut wrong = Vec::new();
    if expected["line"].is_u64() && expected["line"].as_u64() != problem.line {
        wrong.push(format!(
            "names line {:?}, not {}",
            problem.line, expected["line"]
        ));
    }
    let message = problem.message.to_lowercase();
    let words = expected["mention_any_of"].as_array().unwrap();
    if !words
        .iter()
        .any(|word| message.contains(&word.as_str().unwrap().to_lowercase()))
    {
        wrong.push(format!("says none of {words:?}: {message}"));
    }
    wrong
}

#[test]
fn every_sample_is_read_or_refused_as_expected() {
    let samples = samples();
    assert!(samples.len() >= 156, "only {} samples", samples.len());
    let mut wrong = Vec::new();
    for (file, expected) in &samples {
        let seen = take(&fs::read(file).unwrap());
        let name = file.strip_prefix(root()).unwrap().display();
        wrong.extend(
            judge(expected, &seen)
                .into_iter()
                .map(|what| format!("{name}: {what}")),
        );
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// A file cut anywhere is refused, or held or warned about, or is one that proves itself whole: a
/// statement that ended, a table of rows that has no end.
#[test]
fn a_prefix_of_a_statement_is_never_taken_for_the_whole_in_silence() {
    for name in [
        "mt940/vn-vnd-h2h.sta",
        "camt053/vn-vnd-v8.xml",
        "ofx/asgrim-ofxdata.ofx",
        "csv/paypal-stl.csv",
    ] {
        let bytes = fs::read(root().join(name)).unwrap();
        let whole = take(&bytes).unwrap().reading;
        for cut in (1..bytes.len()).step_by(7) {
            let Ok(part) = take(&bytes[..cut]) else {
                continue;
            };
            let findings = &part.reading.findings;
            let is_silent = findings.holds.is_empty() && findings.warnings.is_empty();
            let is_same = part.reading.entries() == whole.entries()
                && part.reading.sum(|one| one.credit) == whole.sum(|one| one.credit)
                && part.reading.sum(|one| one.debit) == whole.sum(|one| one.debit);
            assert!(
                is_same || !is_silent,
                "{name} cut at {cut}: {} entries",
                part.reading.entries()
            );
        }
    }
}

#[test]
fn every_sample_cut_or_garbled_ends_in_an_answer() {
    for (file, _) in samples() {
        let bytes = fs::read(&file).unwrap();
        if bytes.len() > 20_000 {
            continue;
        }
        for at in (1..bytes.len()).step_by(bytes.len() / 12 + 1) {
            let _ = take(&bytes[..at]);
            let mut garbled = bytes.clone();
            garbled[at] ^= 0x15;
            let _ = take(&garbled);
        }
    }
}

#[test]
fn the_command_answers_with_one_json_object_and_needs_no_settings() {
    let run = |file: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_doisoat"))
            .args(["statement", "read", file, "--json"])
            .args(more)
            .current_dir(root())
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let value: Option<Value> = serde_json::from_str(text.trim()).ok();
        (output.status.code(), value)
    };
    let (status, answer) = run("xlsx/vn-acb.xlsx", &[]);
    let answer = answer.unwrap();
    assert_eq!((status, answer["outcome"].as_str()), (Some(0), Some("ok")));
    assert_eq!(answer["account"], "001817115");
    assert_eq!(answer["first"]["amount"], "2500000");
    let (status, answer) = run("bad/csv/impossible-date.csv", &[]);
    let answer = answer.unwrap();
    assert_eq!(
        (status, answer["error"]["line"].as_u64()),
        (Some(1), Some(7))
    );
    assert_eq!(answer["outcome"], "error");
    let (status, answer) = run("no-such-file.csv", &[]);
    assert_eq!(
        (status, answer.unwrap()["outcome"].as_str()),
        (Some(1), Some("error"))
    );
    assert_eq!(run("csv/n26.csv", &["--date-order", "ydm"]).0, Some(2));
    let (status, answer) = run("csv/n26.csv", &["--profile", "nonesuch"]);
    assert_eq!(
        (status, answer.unwrap()["outcome"].as_str()),
        (Some(1), Some("error"))
    );
}

#[test]
fn dates_that_read_both_ways_are_asked_about() {
    let file = b"Date,Amount,Reference\n05/03/2021,100,a\n06/03/2021,200,b\n";
    let seen = take(file).unwrap();
    assert!(
        seen.reading
            .findings
            .holds
            .iter()
            .any(|text| text.contains("--date-order"))
    );
    for (order, day) in [("dmy", "2021-03-05"), ("mdy", "2021-05-03")] {
        let ask = Ask {
            date_order: doisoat::reconciliation::text::dates::DateOrder::parse(order),
            ..Ask::default()
        };
        let mut preview = Preview {
            room: 1,
            ..Preview::default()
        };
        let reading = read(&Input::of(file), &ask, &mut preview).unwrap();
        assert!(!reading.is_held(), "{:?}", reading.findings);
        assert_eq!(preview.lines[0].date.to_string(), day);
    }
}

#[test]
fn formats_are_told_from_bytes_and_delimiters_from_headings() {
    let name = |text: &str| take(text.as_bytes()).unwrap().reading.format;
    assert_eq!(
        name("Ngày giao dịch|Số tiền|Nội dung\n13/10/2026|50.000|x\n"),
        "pipe"
    );
    assert_eq!(name("Date;Amount;Memo\n13/10/2026;1,5;a,b,c,d,e\n"), "csv");
    let strangers = [
        &b"%PDF-1.4"[..],
        b"\x1f\x8b\x08",
        b"   \n",
        b"",
        b"hello",
        b"<html><p>login</p></html>",
    ];
    for bytes in strangers {
        assert!(take(bytes).is_err(), "{bytes:?}");
    }
}

/// Days of one month, so that 13 and later show the order of day and month.
fn table_of(delimiter: char, group: &str, decimal: &str, order: &str) -> (String, i64, i64) {
    let money = |minor: i64| {
        let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.abs());
        let mut whole = (minor / 100).to_string();
        let mut at = whole.len();
        while at > 3 {
            at -= 3;
            whole.insert_str(at, group);
        }
        format!("\"{sign}{whole}{decimal}{:02}\"", minor % 100)
    };
    let mut text = format!(
        "Account number{delimiter}00112233\n\nDate{delimiter}Debit{delimiter}Credit{delimiter}Balance{delimiter}Reference\n"
    );
    let (mut balance, mut credit, mut debit) = (500_000_000_i64, 0, 0);
    for at in 1..=28_i64 {
        let amount = at * 1_234_567 % 90_000_001 + 1;
        let day = match order {
            "dmy" => format!("{at:02}/09/2026"),
            "mdy" => format!("09/{at:02}/2026"),
            _ => format!("2026-09-{at:02}"),
        };
        let (out, income) = if at % 3 == 0 {
            debit += amount;
            balance -= amount;
            (money(amount), String::new())
        } else {
            credit += amount;
            balance += amount;
            (String::new(), money(amount))
        };
        let cells = [day, out, income, money(balance), format!("R{at}")];
        text.push_str(&cells.join(&delimiter.to_string()));
        text.push('\n');
    }
    text.push_str(&format!(
        "Total{delimiter}{}{delimiter}{}\n",
        money(debit),
        money(credit)
    ));
    (text, credit, debit)
}

#[test]
fn a_table_reads_the_same_however_it_is_written_down() {
    for delimiter in [',', ';', '\t', '|'] {
        for (group, decimal) in [
            (",", "."),
            (".", ","),
            ("", "."),
            ("", ","),
            (" ", ","),
            ("'", "."),
        ] {
            for order in ["dmy", "mdy", "ymd"] {
                let (text, credit, debit) = table_of(delimiter, group, decimal, order);
                let wide: Vec<u8> = std::iter::once(0xFEFF)
                    .chain(text.encode_utf16())
                    .flat_map(u16::to_le_bytes)
                    .collect();
                for bytes in [
                    text.as_bytes(),
                    text.replace('\n', "\r\n").as_bytes(),
                    text.replace('\n', "\r").as_bytes(),
                    &wide,
                ] {
                    let what = format!("{delimiter:?} {group:?} {decimal:?} {order}");
                    let seen = take(bytes).unwrap_or_else(|problem| panic!("{what}: {problem}"));
                    let reading = &seen.reading;
                    assert!(!reading.is_held(), "{what}: {:?}", reading.findings);
                    assert_eq!(reading.entries(), 28, "{what}");
                    let sums = reading
                        .statements()
                        .next()
                        .map(|one| (one.credit, one.debit));
                    assert_eq!(sums, Some((credit, debit)), "{what}");
                    assert_eq!(reading.account(), Some("00112233"), "{what}");
                    assert_eq!(
                        reading.balances().0.as_deref(),
                        Some("5000000.00"),
                        "{what}"
                    );
                    assert_eq!(seen.first.unwrap().date.to_string(), "2026-09-01", "{what}");
                }
            }
        }
    }
}

#[test]
fn totals_that_are_not_the_sums_hold_the_file() {
    let (text, ..) = table_of(',', "", ".", "ymd");
    let last = text.rfind("Total").unwrap();
    let changed = format!("{}Total,1.00,2.00\n", &text[..last]);
    let findings = take(changed.as_bytes()).unwrap().reading.findings;
    assert!(
        findings.holds.iter().any(|text| text.contains("totals")),
        "{findings:?}"
    );
}

#[test]
fn sides_may_be_signs_words_or_columns() {
    let tables = [
        "Date,Amount,Reference\n2026-09-01,-5,a\n2026-09-02,8,b\n",
        "Date,Amount,D/C,Reference\n2026-09-01,5,D,a\n2026-09-02,8,C,b\n",
        "Date,Amount,Transaction type,Memo\n2026-09-01,5,Debit,a\n2026-09-02,8,Credit,b\n",
        "Date,Debit,Credit\n2026-09-01,-5,\n2026-09-02,,8\n",
        "Date,Amount,Memo\n2026-09-01,(5),a\n2026-09-02,8.00 CR,b\n",
        "Date,Debit,Credit,Balance,Memo\n2026-09-01,,,100,Opening balance\n2026-09-01,5,,95,a\n2026-09-02,,8,103,b\n",
    ];
    for text in tables {
        let reading = take(text.as_bytes())
            .unwrap_or_else(|problem| panic!("{text}: {problem}"))
            .reading;
        let sums = (
            reading.sum(|one| one.credit),
            reading.sum(|one| one.debit),
            reading.entries(),
        );
        assert_eq!(sums, ("8.00".to_owned(), "5.00".to_owned(), 2), "{text}");
    }
}

#[test]
fn amounts_that_read_two_ways_are_refused_with_their_line() {
    let tables = [
        (
            "Date,Amount,Memo\n2026-09-01,\"1.234\",a\n2026-09-02,\"2.500\",b\n2026-09-03,\"1,234\",c\n",
            4,
        ),
        (
            "Date,Amount,Memo\n2026-09-01,\"1,234\",a\n2026-09-02,\"1.234.567\",b\n2026-09-03,\"3.000\",c\n",
            2,
        ),
        ("Date,Amount,Memo\n2026-09-01,5,a\n2026-09-02,--5,b\n", 3),
        ("Date,Amount,Memo\n2026-09-01,5,a\n2026-09-02,+-5,b\n", 3),
        ("Date,Debit,Credit\n2026-09-01,5,\n2026-09-02,,5-+\n", 3),
        (
            "!Type:Bank\nD09/15/2026\nT1.234\n^\nD09/16/2026\nT2.000\n^\nD09/17/2026\nT1,234\n^\n",
            9,
        ),
    ];
    for (text, line) in tables {
        let refused = take(text.as_bytes()).map(|seen| seen.reading.entries());
        let problem = refused.expect_err(text);
        assert_eq!(problem.line, Some(line), "{text}: {problem}");
    }
}
