//! The seeds of every target, from the samples of the tests.

use std::fs;
use std::path::{Path, PathBuf};

use super::{files_below, recorded, top};

/// Larger samples say nothing more and slow everything down.
const LARGEST: usize = 8 * 1024;

/// Writes them into a folder for each target and ends the process, where FUZZ_SEEDS names a folder. A
/// program of its own could not be linked: everything here is built to be watched by a fuzzer.
pub fn write_if_asked() {
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        write(Path::new(&folder));
        std::process::exit(0);
    }
}

fn write(folder: &Path) {
    let mut count = 0;
    let mut put = |target: &str, bytes: &[u8]| {
        if bytes.len() <= LARGEST {
            let place = folder.join(target);
            fs::create_dir_all(&place).expect("a folder");
            fs::write(place.join(format!("seed-{count:05}")), bytes).expect("a seed");
            count += 1;
        }
    };
    let mut files: Vec<PathBuf> = Vec::new();
    files_below(&top().join("tests/fixtures/statements"), &mut files);
    files.sort();
    for path in &files {
        let is_sample = path.extension().is_none_or(|end| end != "json" && end != "md");
        let bytes = fs::read(path).expect("a sample");
        if is_sample {
            put("statements", &[&[0], bytes.as_slice()].concat());
        }
    }
    for sheet in SHEETS {
        put("statements", &[&[1], sheet.as_bytes()].concat());
    }
    for call in recorded().1 {
        if let Some((wire, body)) = as_kept(&call.wire) {
            let channel = u8::try_from(call.channel).expect("few channels");
            for mode in 0..4 {
                put("providers", &[&[channel, mode], wire.as_slice()].concat());
            }
            put("json", body);
        }
    }
    let mut files = Vec::new();
    files_below(&top().join("config"), &mut files);
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    for path in files {
        put("loader", &fs::read(path).expect("settings"));
    }
    for text in LOADER {
        put("loader", text.as_bytes());
    }
    let memos = fs::read_to_string(top().join("tests/fixtures/memos.csv")).expect("memos");
    for line in memos.lines() {
        put("memos", line.as_bytes());
    }
    for body in BODIES {
        put("json", body.as_bytes());
        for operation in 0..24_u8 {
            put("api", &[&[operation], body.as_bytes()].concat());
        }
    }
    println!("{count} seeds");
}

/// A recorded call in the form in which calls are kept, and its body.
fn as_kept(wire: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let end = wire.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&wire[..end]).ok()?, &wire[end + 4..]);
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let action = path.split('/').nth(3).unwrap_or("");
    let headers: String = lines.map(|line| format!("\r\n{line}")).collect();
    let kept = format!("{method} {action}?{query}{headers}\r\n\r\n");
    Some(([kept.as_bytes(), body].concat(), body))
}

const SHEETS: [&str; 2] = [
    r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Ngày giao dịch</t></is></c><c r="B1" t="inlineStr"><is><t>Số tiền ghi có</t></is></c><c r="C1" t="inlineStr"><is><t>Số tiền ghi nợ</t></is></c><c r="D1" t="inlineStr"><is><t>Nội dung</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>05/01/2026</t></is></c><c r="B2"><v>150000</v></c><c r="C2"/><c r="D2" t="inlineStr"><is><t>HSK7M2Q9TX4F</t></is></c></row>"#,
    r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Date</t></is></c><c r="B1" t="inlineStr"><is><t>Amount</t></is></c><c r="C1" t="inlineStr"><is><t>Description</t></is></c></row><row r="2"><c r="A2"><v>46027</v></c><c r="B2"><v>-1.5E3</v></c><c r="C2" t="b"><v>1</v></c></row>"#,
];

const LOADER: [&str; 3] = [
    "[channels.a]\nprovider = \"own\"\n[providers.own]\n",
    "[database]\nurl = \"sqlite://x.db\"\n[channels.vnpay]\nprovider = \"vnpay\"\nsecrets.tmn_code = \"A\"\nsecrets.hash_secret = [\"a\", \"b\"]\n",
    "[subscribers.a]\nurl = \"https://a.example/\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n[sources.giro]\nkind = \"bank\"\n",
];

const BODIES: [&str; 9] = [
    r#"{"procedure_code":"2.000815","unit_code":"H12.104","received_on":"2026-01-05","submitted_via":"online","status":"awaiting_payment","applicant_name":"A","fee_items":[{"kind":"phi","code":"P1","name":"x","amount":"50000","basis":"y","quantity":1,"base":"0"}],"bill_due_on":"2026-02-05","person_groups":["poor"]}"#,
    r#"[{"dossier_code":"H12.104-260105-0001","procedure_code":"2.000815","unit_code":"H12.104","received_on":"2026-01-05","submitted_via":"post","status":"new","fee_items":"[]","bills":[{"items":[],"reference":"HS-0001","due_on":"2026-02-05","is_cancelled":true,"virtual_account":"1"}]}]"#,
    r#"{"channel":"bank","order_ref":"1","bill_reference":"HSK7M2Q9TX4F","opened_at":"2026-01-05T10:30:00+07:00"}"#,
    r#"{"action":"assign","reason":"x","revision":1,"bills":[{"bill":"HSK7M2Q9TX4F","amount":"1"}],"until":"2026-02-05","unit":"H12.104","preview":true}"#,
    r#"{"payment":"019b8c2b-61f8-7a51-8a0c-6d3c1c2f9e10","source":"fee","amount":"1","items":[{"position":0,"amount":"1"}],"reason":"x","revision":1,"preview":true}"#,
    r#"{"outcome":"succeeded","paid_by":"bank","account":"1","evidence":"x","reason":"y"}"#,
    r#"{"provider_refund_id":"1","bank_reference":"2","reason":"x"}"#,
    r#"{"reason":"x"}"#,
    r#"{"text":"x"}"#,
];
