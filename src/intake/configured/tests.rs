//! The signed text of every kind, piece by piece, and the promise that no byte of a signed call can
//! be changed: descriptions are read as settings are, calls are signed here as a bank would.

use proptest::prelude::*;

use super::payload::Payload;
use super::signed_text::{Outside, Part, signed_text};
use crate::config::channel::Channel;
use crate::config::load::load;
use crate::domain::notice::Notice;
use crate::domain::payment::PaymentStatus;
use crate::domain::time::parse_rfc3339;
use crate::intake::provider::{Method, RawCall, Refusal};
use crate::intake::signature::{hmac_sha256, sha256, to_base64, to_hex};
use crate::intake::{providers, verify};

const REST: &str = r#"
answers.recorded = { status = 200, body = "ok" }
answers.refused.status = 400
answers.try_later.status = 503
[channels.bank]
provider = "bank"
secrets.secret = ["k-new", "k-old"]
"#;

const FACTS: &str = r#"
fields = { amount = "amount", payment_key = "id", memo = "memo" }
status.succeeded = [{ code = "00" }]
"#;

const FORMS: &str =
    "forms = { none = \"x\", id = \"[0-9]+\", amount = \"[0-9]+\", code = \"[0-9]{2}\" }\n";

/// The channel of a bank that is described by these lines.
fn bank(lines: &str) -> Channel {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.toml");
    std::fs::write(&file, format!("[providers.bank]\n{lines}\n{REST}")).unwrap();
    let loaded = load(&[file], [], &[]).unwrap_or_else(|why| panic!("{why}\n{lines}"));
    loaded.settings.channels["bank"].clone()
}

fn call(method: Method, query: &str, headers: &[(&str, &str)], body: &str) -> RawCall {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    RawCall {
        method,
        action: String::new(),
        query: query.to_owned(),
        headers: headers.iter().map(own).collect(),
        body: body.as_bytes().to_vec(),
        arrived_at: parse_rfc3339("2026-01-05T03:30:15Z").unwrap(),
    }
}

fn read(channel: &Channel, call: &RawCall) -> Result<Vec<Notice>, Refusal> {
    let provider = providers::of(channel).unwrap();
    Ok(verify::read(provider, call, channel)?.notices)
}

/// The text that a bank signs for a call, `<name>` in the place of secrets.
fn text(lines: &str, call: &RawCall) -> Result<String, Refusal> {
    let channel = bank(&format!("{lines}{FACTS}{FORMS}"));
    let description = channel.described.as_deref().unwrap();
    let payload: Payload = description.payload(call)?;
    let outside = Outside {
        time: Some("1767583815"),
        id: Some("m.1"),
    };
    let parts = signed_text(description, call, &payload, &outside)?;
    let part = |part: &Part<'_>| match part {
        Part::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Part::Secret(name) => format!("<{name}>"),
    };
    Ok(parts.iter().map(part).collect())
}

fn json(signed: &str) -> String {
    format!(
        "request = {{ format = \"json\" }}\nsignature = {{ kind = \"hmac-sha256\", field = \"sign\", \
         key = \"secret\", signed = \"{signed}\" }}\n"
    )
}

fn pairs(rule: &str) -> String {
    format!(
        "request = {{ method = [\"GET\", \"POST\"], format = \"pairs\" }}\nsignature = {{ kind = \
         \"hmac-sha256\", field = \"sign\", key = \"secret\", signed = \"${{pairs}}\", pairs = {{ \
         {rule} }} }}\n"
    )
}

#[test]
fn the_signed_text_is_put_together_piece_by_piece() {
    let body = r#"{"code":"00","b":{"d":1.50,"c":["y",{"f":true,"e":"ộ/\""}]},"amount":5,"id":"7","memo":"x","sign":"s"}"#;
    let post = call(Method::Post, "", &[], body);
    let cases = [
        (json("${body}"), body.to_owned()),
        (
            json("${json}"),
            r#"{"amount":5,"b":{"c":["y",{"e":"ộ/\"","f":true}],"d":1.50},"code":"00","id":"7","memo":"x","sign":"s"}"#.to_owned(),
        ),
        (
            json("${pairs}"),
            r#"amount=5&b={"c":["y",{"e":"ộ/\"","f":true}],"d":1.50}&code=00&id=7&memo=x"#.to_owned(),
        ),
        (
            json("${field:id}|${amount}|${code?}|${none?}${secret:secret}|${memo}"),
            "7|5|00|<secret>|x".to_owned(),
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(text(&lines, &post), Ok(expected), "{lines}");
    }
}

#[test]
fn pairs_are_sorted_filtered_and_written_as_their_rule_says() {
    let query = "sign=s&v_b=1%2B+2&v_a=&amount=5&id=7&code=00&v_c=%c4%91&memo=x";
    let get = call(Method::Get, query, &[], "");
    let cases = [
        ("", "amount=5&code=00&id=7&memo=x&v_b=1+ 2&v_c=đ"),
        (
            "empty = \"keep\"",
            "amount=5&code=00&id=7&memo=x&v_a=&v_b=1+ 2&v_c=đ",
        ),
        (
            "encoding = \"form\"",
            "amount=5&code=00&id=7&memo=x&v_b=1%2B+2&v_c=%C4%91",
        ),
        (
            "encoding = \"received\"",
            "amount=5&code=00&id=7&memo=x&v_b=1%2B+2&v_c=%c4%91",
        ),
        (
            "without = [\"v_b\", \"v_c\"]",
            "amount=5&code=00&id=7&memo=x",
        ),
        (
            "names = [\"amount\", \"code\", \"id\", \"memo\"]",
            "amount=5&code=00&id=7&memo=x",
        ),
    ];
    for (rule, expected) in cases {
        assert_eq!(text(&pairs(rule), &get), Ok(expected.to_owned()), "{rule}");
    }
    let form = call(Method::Post, "amount=9", &[], query);
    assert_eq!(text(&pairs(""), &form), Ok(cases[0].1.to_owned()));
}

#[test]
fn text_that_could_be_cut_elsewhere_is_refused() {
    for (lines, body) in [
        (
            json("${memo}|${amount}|${code}|${field:id}"),
            r#"{"code":"00","amount":5,"id":"7","memo":"x|1"}"#,
        ),
        (
            json("${pairs}"),
            r#"{"code":"00","amount":5,"id":"7","memo":"x&id=8"}"#,
        ),
        (
            json("${pairs}"),
            r#"{"code":"00","amount":5,"id":"7","memo&id":"8"}"#,
        ),
    ] {
        let forms = FORMS.replace("{ none", "{ memo = \".*\", none");
        let channel = bank(&format!("{lines}{FACTS}{forms}"));
        let description = channel.described.as_deref().unwrap();
        let call = call(Method::Post, "", &[], body);
        let payload = description.payload(&call).unwrap();
        let outside = Outside {
            time: None,
            id: None,
        };
        let parts = signed_text(description, &call, &payload, &outside);
        assert!(
            matches!(parts, Err(Refusal::Malformed { .. })),
            "{body} {parts:?}"
        );
    }
}

#[test]
fn envelopes_of_both_kinds_are_opened_and_nothing_else_is_read() {
    let inner = r#"{"id":"7","amount":"5000","code":"00"}"#;
    for (form, wrapped) in [
        ("text", inner.to_owned()),
        ("base64", to_base64(inner.as_bytes())),
    ] {
        let channel = bank(&format!(
            "request = {{ format = \"json\", envelope = \"data\", envelope_form = \"{form}\" }}\n\
             signature = {{ kind = \"sha256\", field = \"checksum\", encoding = \"hex-upper\", signed \
             = \"${{envelope}}${{secret:secret}}\" }}\n{FACTS}"
        ));
        let sum = to_hex(&sha256(&[wrapped.as_bytes(), b"k-old"])).to_uppercase();
        let outer = serde_json::json!({ "data": wrapped, "checksum": sum, "amount": "9" });
        let call = call(Method::Post, "", &[], &outer.to_string());
        let notices = read(&channel, &call).unwrap();
        assert_eq!(notices[0].amount.minor(), 5_000, "{form}");
        assert_eq!(notices[0].payment_key, "7");
        let small = outer.to_string().replace(&sum, &sum.to_lowercase());
        let small = RawCall {
            body: small.into_bytes(),
            ..call
        };
        assert_eq!(read(&channel, &small), Err(Refusal::SignatureMismatch));
    }
}

/// A channel that signs `${id}.${time}.${body}` in a list of signatures, as many standards do.
fn signing_bank() -> Channel {
    bank(&format!(
        "request = {{ format = \"json\" }}\nsignature = {{ kind = \"hmac-sha256\", header = \"X-Sign\", \
         prefix = \"s \", separator = \" \", tag = \"v1,\", encoding = \"base64\", key = \"secret\", \
         key_prefix = \"k-\", id_header = \"X-Id\", signed = \"${{id}}.${{time}}.${{body}}\" }}\ntime = \
         {{ header = \"X-Time\", window_s = 60 }}\n{FACTS}fields.refunded = \"back\"\n\
         fields.negative_amount = \"outgoing\"\nfields.currency = \"cur\"\nfields.currencies = {{ 704 \
         = \"VND\", 840 = \"USD\" }}\nfields.amount_form = \"minor\"\nstatus.failed = [{{ code = \
         [\"01\", \"00\"], state = \"*\" }}]\nstatus.partially_refunded = [{{ code = \"R\" }}]\n\
         only = [{{ kind = \"pay\" }}]\n"
    ).replace(
        "fields = { amount = \"amount\", payment_key = \"id\", memo = \"memo\" }",
        "fields.amount = \"amount\"\nfields.payment_key = \"id\"\nfields.memo = \"memo\"",
    ))
}

fn signed(key: &str, body: &str) -> RawCall {
    let mac = to_base64(&hmac_sha256(
        key.as_bytes(),
        &[b"m1.1767583815.", body.as_bytes()],
    ));
    let claim = format!("s v1,AAAA v1,{mac} v2,x");
    let headers = [
        ("x-sign", claim.as_str()),
        ("x-time", "1767583815"),
        ("x-id", "m1"),
    ];
    call(Method::Post, "", &headers, body)
}

#[test]
fn codes_amounts_and_currencies_are_read_as_described_and_never_guessed() {
    let channel = signing_bank();
    let told = |more: &str| {
        let body = format!(r#"{{"kind":"pay","id":"7","amount":5000,"cur":"704",{more}}}"#);
        read(&channel, &signed("new", &body)).map(|mut notices| notices.remove(0))
    };
    use PaymentStatus as S;
    for (more, status) in [
        (r#""code":"00""#, S::Succeeded),
        (r#""code":"01""#, S::Review),
        (r#""code":"01","state":"x""#, S::Failed),
        (r#""code":"00","state":"x""#, S::Review),
        (r#""code":"zz""#, S::Review),
        (r#""x":1"#, S::Review),
        (r#""code":"R","back":"20""#, S::PartiallyRefunded),
    ] {
        assert_eq!(told(more).unwrap().status, status, "{more}");
    }
    assert!(told(r#""code":"R""#).is_err() && told(r#""code":"R","back":"5001""#).is_err());
    let body = |amount: &str, cur: &str| {
        let body =
            format!(r#"{{"kind":"pay","id":"7","amount":{amount},"cur":"{cur}","code":"00"}}"#);
        read(&channel, &signed("old", &body)).map(|mut notices| notices.remove(0))
    };
    assert_eq!(body("-5000", "704").unwrap().status, S::Outgoing);
    assert_eq!(body("-5000", "704").unwrap().amount.minor(), 5_000);
    assert_eq!(
        body("1999", "840").unwrap().amount.to_decimal_text(),
        "19.99"
    );
    for (amount, cur) in [
        ("5000", "VND"),
        ("1.5", "704"),
        ("\"5e3\"", "704"),
        ("null", "704"),
    ] {
        assert!(body(amount, cur).is_err(), "{amount} {cur}");
    }
    let event = body("5000", "704").unwrap();
    assert_eq!(event.event_id.as_deref(), Some("m1"));
    let other = signed("new", r#"{"kind":"ping"}"#);
    let provider = providers::of(&channel).unwrap();
    let nothing = verify::read(provider, &other, &channel).unwrap();
    assert!(nothing.notices.is_empty() && nothing.nothing_because.is_some());
}

#[test]
fn a_time_an_id_and_a_signature_are_all_needed() {
    let channel = signing_bank();
    let body = r#"{"kind":"pay","id":"7","amount":5000,"cur":"704","code":"00"}"#;
    let good = signed("new", body);
    assert!(read(&channel, &good).is_ok());
    for header in ["x-sign", "x-time", "x-id"] {
        let mut call = good.clone();
        call.headers.retain(|(name, _)| name != header);
        let missing = Refusal::Missing(header.into());
        assert_eq!(read(&channel, &call), Err(missing));
        let mut twice = good.clone();
        let again = twice
            .headers
            .iter()
            .find(|(name, _)| name == header)
            .unwrap()
            .clone();
        twice.headers.push(again);
        assert!(read(&channel, &twice).is_err(), "{header}");
    }
    let mut late = good.clone();
    late.arrived_at += chrono::TimeDelta::seconds(60);
    assert!(read(&channel, &late).is_ok());
    late.arrived_at += chrono::TimeDelta::seconds(1);
    assert_eq!(read(&channel, &late), Err(Refusal::OutsideWindow(61)));
    assert_eq!(
        read(&channel, &signed("other", body)),
        Err(Refusal::SignatureMismatch)
    );
}

proptest! {
    #[test]
    fn no_changed_byte_of_a_signed_call_verifies(
        memo in "\\PC{0,40}", id in "[1-9][0-9]{0,12}", at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let channel = signing_bank();
        let memo = serde_json::Value::from(memo).to_string();
        let body = format!(r#"{{"kind":"pay","id":"{id}","amount":5,"cur":"704","code":"00","memo":{memo}}}"#);
        let mut call = signed("old", &body);
        prop_assert!(read(&channel, &call).is_ok());
        let place = at.index(call.body.len());
        call.body[place] ^= 1 << bit;
        prop_assert_eq!(read(&channel, &call), Err(Refusal::SignatureMismatch));
    }

    #[test]
    fn other_values_of_raw_pairs_never_share_a_text(
        one in proptest::collection::vec("[ab&=|]{0,4}", 3),
        other in proptest::collection::vec("[ab&=|]{0,4}", 3),
    ) {
        let forms = "forms = { a = \"[ab&=|]*\", b = \"[ab&=|]*\" }\n";
        let facts = FACTS.replace("amount\"", "a\"").replace("= \"id\"", "= \"b\"");
        let facts = facts.replace("memo = \"memo\"", "memo = \"c\"").replace("code =", "a =");
        for signed in ["${a}|${b}|${field:c}", "${pairs}"] {
            let channel = bank(&format!("{}{facts}{forms}", json(signed)));
            let description = channel.described.as_deref().unwrap();
            let text = |values: &[String]| {
                let body = serde_json::json!({ "a": values[0], "b": values[1], "c": values[2] });
                let call = call(Method::Post, "", &[], &body.to_string());
                let payload = description.payload(&call).unwrap();
                let outside = Outside { time: None, id: None };
                let parts = signed_text(description, &call, &payload, &outside).ok()?;
                let bytes: Vec<u8> = parts
                    .iter()
                    .flat_map(|part| match part {
                        Part::Bytes(bytes) => bytes.to_vec(),
                        Part::Secret(_) => Vec::new(),
                    })
                    .collect();
                Some(bytes)
            };
            if let (Some(first), Some(second)) = (text(&one), text(&other)) {
                prop_assert_eq!(first == second, one == other, "{:?} {:?}", one, other);
            }
        }
    }
}

#[test]
fn a_signature_in_the_query_and_a_time_in_a_field_are_found() {
    let channel = bank(&format!(
        "request = {{ format = \"json\" }}\nsignature = {{ kind = \"hmac-sha256\", query = \"sig\", \
         key = \"secret\", signed = \"${{body}}\" }}\ntime = {{ field = \"at\", unit = \"ms\" }}\n{FACTS}"
    ));
    let told = |at: &str| {
        let body = format!(r#"{{"id":"7","amount":5,"code":"00","at":{at}}}"#);
        let mac = to_hex(&hmac_sha256(b"k-new", &[body.as_bytes()]));
        let query = format!("x=1&sig={mac}");
        read(&channel, &call(Method::Post, &query, &[], &body))
    };
    assert!(told("1767583815123").is_ok());
    assert!(told("1767584115000").is_ok());
    assert_eq!(told("1767584115001"), Err(Refusal::OutsideWindow(-300)));
    assert!(told("1767583815.5").is_err() && told("null").is_err());
    let unsigned = call(Method::Post, "x=1", &[], "{\"at\":1}");
    assert_eq!(
        read(&channel, &unsigned),
        Err(Refusal::Missing("sig".into()))
    );
}
