//! The `request`, `fields`, `status`, `identity`, `forms` and `answers` tables of a description: what
//! a call looks like, what it says and what it is told. Whether it may be believed is judged by
//! `safety`.

use super::description::{
    AmountForm, Answers, Condition, Field, Fields, Format, Reply, Request, States, Test, TimeForm,
    Wrapping,
};
use super::sheet::Sheet;
use super::template;
use crate::config::error::ConfigError;
use crate::config::layers::{Given, Value};
use crate::domain::payment::PaymentStatus;
use regex_lite::{Regex, RegexBuilder};

const FORMATS: [(&str, Format); 2] = [("pairs", Format::Pairs), ("json", Format::Json)];

const WRAPPINGS: [(&str, Wrapping); 2] = [("text", Wrapping::Text), ("base64", Wrapping::Base64)];

const AMOUNT_FORMS: [(&str, AmountForm); 3] = [
    ("units", AmountForm::Units),
    ("hundredths", AmountForm::Hundredths),
    ("minor", AmountForm::Minor),
];

const TIME_FORMS: [(&str, TimeForm); 5] = [
    ("compact", TimeForm::Compact),
    ("printed", TimeForm::Printed),
    ("rfc3339", TimeForm::Rfc3339),
    ("s", TimeForm::Seconds),
    ("ms", TimeForm::Millis),
];

/// What a code that no rule names may stand for.
const OTHERWISE: [(&str, PaymentStatus); 3] = [
    ("review", PaymentStatus::Review),
    ("failed", PaymentStatus::Failed),
    ("pending", PaymentStatus::Pending),
];

pub(super) fn request(sheet: &Sheet<'_>) -> Result<Request, ConfigError> {
    let methods = sheet.texts("request.method")?;
    if let Some(other) = methods.iter().find(|one| *one != "GET" && *one != "POST") {
        let reason = format!("is \"{other}\"; known are GET and POST");
        return Err(sheet.wrong("request.method", reason));
    }
    let why = "write \"json\", or \"pairs\" for a query or a form";
    let format = sheet.choice("request.format", &FORMATS)?;
    let format =
        format.ok_or_else(|| sheet.wrong("request.format", format!("is missing: {why}")))?;
    let envelope = sheet.opt_field("request.envelope")?;
    let wrapping = sheet.choice("request.envelope_form", &WRAPPINGS)?;
    if envelope.is_none() && wrapping.is_some() {
        return Err(sheet.wrong(
            "request.envelope_form",
            "is of no use without request.envelope",
        ));
    }
    let takes_get = methods.iter().any(|one| one == "GET");
    Ok(Request {
        takes_get,
        takes_post: !takes_get || methods.iter().any(|one| one == "POST"),
        format,
        envelope: envelope.map(|field| (field, wrapping.unwrap_or(Wrapping::Text))),
        items: sheet.opt_field("request.items")?,
        action: sheet.opt_text("request.action")?.map(str::to_owned),
    })
}

pub(super) fn fields(sheet: &Sheet<'_>) -> Result<Fields, ConfigError> {
    let field = |name: &str| sheet.opt_field(&format!("fields.{name}"));
    let list = |name: &str| sheet.fields(&format!("fields.{name}"));
    let negative = [("outgoing", true), ("refused", false)];
    Ok(Fields {
        amount: list("amount")?,
        amount_plus: list("amount_plus")?,
        amount_form: sheet
            .choice("fields.amount_form", &AMOUNT_FORMS)?
            .unwrap_or(AmountForm::Units),
        negative_is_outgoing: sheet
            .choice("fields.negative_amount", &negative)?
            .unwrap_or(false),
        currency: field("currency")?,
        currencies: currencies(sheet)?,
        order_ref: list("order_ref")?,
        order_ref_pattern: order_ref_pattern(sheet)?,
        order_ref_pattern_field: field("order_ref_pattern_field")?,
        provider_txn_id: list("provider_txn_id")?,
        event_id: field("event_id")?,
        payment_key: list("payment_key")?,
        bank_txn_id: field("bank_txn_id")?,
        memo: field("memo")?,
        virtual_account: field("virtual_account")?,
        account_number: field("account_number")?,
        paid_at: paid_at(sheet)?,
        refunded: field("refunded")?,
    })
}

fn currencies(sheet: &Sheet<'_>) -> Result<Vec<(String, String)>, ConfigError> {
    let mut currencies = Vec::new();
    for (word, given) in sheet.below("fields.currencies") {
        let code = given.value.text().unwrap_or("");
        if crate::domain::money::Currency::parse(code).is_err() {
            return Err(sheet.wrong(
                &format!("fields.currencies.{word}"),
                "must be the three capital letters of a currency, such as \"VND\"",
            ));
        }
        currencies.push((word, code.to_owned()));
    }
    Ok(currencies)
}

fn order_ref_pattern(sheet: &Sheet<'_>) -> Result<Option<Regex>, ConfigError> {
    let key = "fields.order_ref_pattern";
    let Some(text) = sheet.opt_text(key)? else {
        return Ok(None);
    };
    let regex = bounded(text).map_err(|reason| sheet.wrong(key, reason))?;
    if regex.captures_len() != 2 {
        return Err(sheet.wrong(
            key,
            "must have one group, which is the reference, such as \"HS([0-9]{6})\"",
        ));
    }
    Ok(Some(regex))
}

fn paid_at(sheet: &Sheet<'_>) -> Result<Option<(Field, TimeForm)>, ConfigError> {
    let form = sheet.choice("fields.paid_at_form", &TIME_FORMS)?;
    match (sheet.opt_field("fields.paid_at")?, form) {
        (None, None) => Ok(None),
        (Some(field), Some(form)) => Ok(Some((field, form))),
        (Some(_), None) => Err(sheet.wrong(
            "fields.paid_at_form",
            "is missing: say how fields.paid_at is written",
        )),
        (None, Some(_)) => {
            Err(sheet.wrong("fields.paid_at_form", "is of no use without fields.paid_at"))
        }
    }
}

pub(super) fn states(sheet: &Sheet<'_>) -> Result<States, ConfigError> {
    let mut rules = Vec::new();
    for &status in PaymentStatus::ALL {
        let conditions = conditions(sheet, &format!("status.{}", status.as_str()))?;
        if !conditions.is_empty() {
            rules.push((status, conditions));
        }
    }
    let key = "status.otherwise";
    if sheet.opt_text(key)?.is_some_and(|word| word == "succeeded") {
        let reason = "must not be succeeded: a code that nobody documents is never success";
        return Err(sheet.wrong(key, reason));
    }
    Ok(States {
        rules,
        otherwise: sheet
            .choice(key, &OTHERWISE)?
            .unwrap_or(PaymentStatus::Review),
        only: conditions(sheet, "only")?,
    })
}

fn conditions(sheet: &Sheet<'_>, key: &str) -> Result<Vec<Condition>, ConfigError> {
    let Some(given) = sheet.find(key) else {
        return Ok(Vec::new());
    };
    let wrong = || {
        let form = "must be a list of conditions, such as [{ code = \"00\" }]";
        sheet.wrong(key, form)
    };
    let Value::List(items) = &given.value else {
        return Err(wrong());
    };
    if items.is_empty() {
        return Err(wrong());
    }
    let mut conditions = Vec::new();
    for item in items {
        let Value::Table(table) = item else {
            return Err(wrong());
        };
        if table.is_empty() {
            let reason = "has a condition that every call meets: name the field and its value";
            return Err(sheet.wrong(key, reason));
        }
        let mut condition = Condition::new();
        flatten(sheet, "", item, &mut condition).map_err(|reason| sheet.wrong(key, reason))?;
        conditions.push(condition);
    }
    Ok(conditions)
}

/// A condition's fields: `"a.b" = "x"` and `a.b = "x"` are the same.
fn flatten(
    sheet: &Sheet<'_>,
    above: &str,
    value: &Value,
    condition: &mut Condition,
) -> Result<(), String> {
    let Value::Table(table) = value else {
        let test = test(value).ok_or_else(|| {
            format!(
                "has for {above} neither a value nor a list of texts (\"*\" is anything filled)"
            )
        })?;
        condition.push((sheet.field(above), test));
        return Ok(());
    };
    for (name, value) in table {
        let path = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        flatten(sheet, &path, value, condition)?;
    }
    Ok(())
}

fn test(value: &Value) -> Option<Test> {
    match value {
        // What is absent reads as empty: a state must be said.
        Value::Text(text) if text.is_empty() => None,
        Value::Text(text) if text == "*" => Some(Test::Filled),
        Value::Text(text) => Some(Test::OneOf(vec![text.clone()])),
        Value::Whole(number) => Some(Test::OneOf(vec![number.to_string()])),
        Value::Flag(flag) => Some(Test::OneOf(vec![flag.to_string()])),
        Value::List(_) => value
            .texts()
            .filter(|texts| !texts.is_empty() && texts.iter().all(|text| !text.is_empty()))
            .map(Test::OneOf),
        Value::Table(_) | Value::Other => None,
    }
}

pub(super) fn identity(sheet: &Sheet<'_>) -> Result<Vec<(Field, String)>, ConfigError> {
    let mut all = Vec::new();
    for (name, given) in sheet.below("identity") {
        let secret = text_of(sheet, "identity", &name, given, "the name of a secret")?;
        all.push((sheet.field(&name), secret.to_owned()));
    }
    Ok(all)
}

pub(super) fn forms(sheet: &Sheet<'_>) -> Result<Vec<(Field, Regex)>, ConfigError> {
    let mut all = Vec::new();
    for (name, given) in sheet.below("forms") {
        let text = text_of(sheet, "forms", &name, given, "a pattern")?;
        let whole = bounded(text)
            .and_then(|_| bounded(&format!("^(?:{text})$")))
            .map_err(|reason| sheet.wrong(&format!("forms.{name}"), reason))?;
        all.push((sheet.field(&name), whole));
    }
    Ok(all)
}

fn text_of<'a>(
    sheet: &Sheet<'_>,
    table: &str,
    name: &str,
    given: &'a Given,
    what: &str,
) -> Result<&'a str, ConfigError> {
    let text = given.value.text().filter(|text| !text.is_empty());
    text.ok_or_else(|| sheet.wrong(&format!("{table}.{name}"), format!("must be {what}")))
}

/// Three outcomes must be given; the others are like the nearest of these.
pub(super) fn answers(sheet: &Sheet<'_>) -> Result<Answers, ConfigError> {
    let needed = |outcome: &str| {
        let why = "say what the provider is told, at least its status";
        let answer = reply(sheet, outcome)?;
        answer.ok_or_else(|| {
            sheet.wrong(
                &format!("answers.{outcome}.status"),
                format!("is missing: {why}"),
            )
        })
    };
    let recorded = needed("recorded")?;
    let refused = needed("refused")?;
    let or = |outcome: &str, other: &Reply| {
        Ok::<_, ConfigError>(reply(sheet, outcome)?.unwrap_or_else(|| other.clone()))
    };
    Ok(Answers {
        repeat: or("repeat", &recorded)?,
        unknown_order: or("unknown_order", &recorded)?,
        amount_differs: or("amount_differs", &recorded)?,
        already_final: or("already_final", &recorded)?,
        bad_signature: or("bad_signature", &refused)?,
        try_later: needed("try_later")?,
        recorded,
        refused,
    })
}

fn reply(sheet: &Sheet<'_>, outcome: &str) -> Result<Option<Reply>, ConfigError> {
    let key = |part: &str| format!("answers.{outcome}.{part}");
    let status = sheet.opt_whole(&key("status"))?;
    let content_type = sheet.opt_text(&key("type"))?;
    let body = sheet.opt_text(&key("body"))?;
    let Some(status) = status else {
        return match (content_type, body) {
            (None, None) => Ok(None),
            _ => Err(sheet.wrong(&key("status"), "is missing beside its type and body")),
        };
    };
    let status = u16::try_from(status).ok();
    let status = status.filter(|status| (200..600).contains(status));
    let status = status
        .ok_or_else(|| sheet.wrong(&key("status"), "must be a status of HTTP, 200 to 599"))?;
    let body =
        template::answer(body.unwrap_or("")).map_err(|reason| sheet.wrong(&key("body"), reason))?;
    let has_body = !body.is_empty();
    if !has_body && content_type.is_some() {
        return Err(sheet.wrong(&key("type"), "is given for no body"));
    }
    let own = content_type.unwrap_or("application/json").to_owned();
    Ok(Some(Reply {
        status,
        content_type: if has_body { own } else { String::new() },
        body,
    }))
}

/// Characters a pattern may have.
const LONGEST: usize = 200;

/// How deep groups may stand inside each other.
const DEEPEST: u32 = 8;

/// The largest number in a counted repetition.
const MOST_TIMES: u32 = 100;

/// Bytes of the compiled pattern.
const LARGEST: usize = 32 * 1024;

/// A pattern of people's making within bounds: the engine takes time in proportion to pattern times
/// text, so a pattern is kept short and shallow and its counted repetitions small. The fault follows
/// the key in a sentence.
pub(in crate::config) fn bounded(pattern: &str) -> Result<Regex, String> {
    if pattern.chars().count() > LONGEST {
        return Err(format!(
            "is a pattern of more than {LONGEST} characters: shorten it"
        ));
    }
    if counts(pattern).any(|count| count > MOST_TIMES) {
        return Err(format!(
            "repeats something more than {MOST_TIMES} times: write a smaller number"
        ));
    }
    RegexBuilder::new(pattern)
        .nest_limit(DEEPEST)
        .size_limit(LARGEST)
        .build()
        .map_err(|error| format!("is no pattern that can be used: {error}"))
}

/// Every number in a counted repetition.
fn counts(pattern: &str) -> impl Iterator<Item = u32> {
    let inside = pattern.split('{').skip(1);
    inside
        .filter_map(|rest| rest.split_once('}'))
        .flat_map(|(numbers, _)| numbers.split(','))
        .filter(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .map(|number| number.parse().unwrap_or(u32::MAX))
}
