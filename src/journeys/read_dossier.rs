//! Reading a dossier as the one-stop system writes it: JSON with the field names of the dossier
//! file in, checked facts out, or the field that is wrong and why. What is already known of the
//! dossier is not looked at here.

use std::collections::{BTreeSet, HashMap};

use chrono::{Duration, NaiveDate};
use thiserror::Error;

use super::read_bills::bills;
use super::tariffs::read_grounds::{read_groups, read_measure};
use crate::domain::catalogue::Unit;
use crate::domain::dossier::{DossierFacts, DossierStatus, FeeItem, FeeKind, SubmittedVia};
use crate::domain::dossier_code::DossierCode;
use crate::domain::money::{Currency, Money};
use crate::domain::tariff::judge::{Grounds, Measure};
use crate::domain::time::{Day, Instant, vietnam_day};
use crate::intake::json::Json;
use crate::intake::provider::Refusal;

/// Every field of a dossier, the columns of the dossier file.
pub const FIELDS: &[&str] = &[
    "dossier_code",
    "procedure_code",
    "unit_code",
    "received_on",
    "submitted_via",
    "status",
    "applicant_name",
    "fee_items",
    "bill_due_on",
    "bill_reference",
    "bills",
    "person_groups",
];

/// More fee items than this on one dossier are a mistake.
const MOST_ITEMS: usize = 500;

/// Amounts above this many minor units are mistakes, on a fee item as on a whole bill.
pub(super) const MOST_MINOR: i64 = 1_000_000_000_000_000;

/// A field that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// The field, as a path such as `fee_items.0.amount`.
    pub field: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl FieldError {
    /// A field and what is wrong with it.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }

    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Malformed { field, reason } => Self::new(field.clone(), reason.clone()),
            Refusal::Missing(field) => Self::new(field.to_string(), "is missing"),
            Refusal::WrongMethod(_)
            | Refusal::WrongContentType(_)
            | Refusal::SignatureMismatch
            | Refusal::OutsideWindow(_)
            | Refusal::NotOurs(_)
            | Refusal::NotConfigured(_) => Self::new("body", refusal.to_string()),
        }
    }
}

/// What an office serves: its units and procedures.
#[derive(Debug, Default)]
pub struct Served {
    /// Units by code.
    pub units: HashMap<String, Unit>,
    /// Procedure codes.
    pub procedures: BTreeSet<String>,
    /// Letters and digits that a dossier code may have, such as `H12`: those of the units, and only
    /// those the office is set to where it names any.
    pub provinces: BTreeSet<String>,
    /// Groups of people that its tariff may name.
    pub groups: BTreeSet<String>,
}

/// Reads one dossier.
///
/// # Errors
/// The first field that is wrong.
pub fn read_dossier(
    json: &Json,
    served: &Served,
    now: Instant,
) -> Result<DossierFacts, FieldError> {
    only_known_fields(json)?;
    let today = vietnam_day(now);
    let code = DossierCode::parse(required(json, "dossier_code")?)
        .map_err(|error| FieldError::new("dossier_code", error.to_string()))?;
    if !served.provinces.contains(&code.province) {
        let ours: Vec<&str> = served.provinces.iter().map(String::as_str).collect();
        let problem = format!(
            "{} belongs to {}, this office serves {}",
            code.as_str(),
            code.province,
            ours.join(", ")
        );
        return Err(FieldError::new("dossier_code", problem));
    }
    let received_on = required_day(json, "received_on", today)?;
    let (fee_items, items) = fee_items(json)?;
    let bills = bills(json, &fee_items)?;
    Ok(DossierFacts {
        code,
        procedure_code: procedure(json, served)?,
        unit_code: unit(json, served, received_on)?,
        received_on,
        submitted_via: word(
            json,
            "submitted_via",
            SubmittedVia::parse,
            &words(SubmittedVia::ALL, SubmittedVia::as_str),
        )?,
        status: word(
            json,
            "status",
            DossierStatus::parse,
            &words(DossierStatus::ALL, DossierStatus::as_str),
        )?,
        applicant_name: optional(json, "applicant_name")?
            .unwrap_or_default()
            .to_owned(),
        fee_items,
        bills,
        grounds: Grounds {
            groups: read_groups(json, served)?,
            items,
        },
    })
}

fn only_known_fields(json: &Json) -> Result<(), FieldError> {
    let Json::Object(members) = json else {
        return Err(FieldError::new(
            "body",
            "must be a JSON object, one dossier",
        ));
    };
    match members
        .iter()
        .find(|(name, _)| !FIELDS.contains(&name.as_str()))
    {
        None => Ok(()),
        Some((name, _)) => Err(unknown_field(name, FIELDS)),
    }
}

/// The error for a field nobody knows, with the nearest known name.
#[must_use]
pub fn unknown_field(name: &str, known: &[&str]) -> FieldError {
    let nearest = known
        .iter()
        .min_by_key(|known| strsim::levenshtein(known, name));
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    FieldError::new(name, format!("is not a known field{hint}"))
}

pub(super) fn optional<'a>(json: &'a Json, field: &str) -> Result<Option<&'a str>, FieldError> {
    let text = json
        .opt_text(field)
        .map_err(|refusal| FieldError::of(&refusal))?;
    // PostgreSQL cannot keep it, and no name has it.
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(FieldError::new(field, "holds a NUL character"));
    }
    Ok(text)
}

fn required<'a>(json: &'a Json, field: &str) -> Result<&'a str, FieldError> {
    optional(json, field)?.ok_or_else(|| FieldError::new(field, "is missing"))
}

fn words<T: Copy>(all: &[T], as_str: fn(T) -> &'static str) -> String {
    all.iter()
        .map(|&word| as_str(word))
        .collect::<Vec<_>>()
        .join(", ")
}

fn word<T>(
    json: &Json,
    field: &str,
    parse: fn(&str) -> Option<T>,
    known: &str,
) -> Result<T, FieldError> {
    let text = required(json, field)?;
    parse(text).ok_or_else(|| FieldError::new(field, format!("\"{text}\" is none of {known}")))
}

/// Reads a day as `2025-07-01`; before 2000 or later than a year from `today` is a mistake.
fn day(field: &str, text: &str, latest: Day) -> Result<Day, FieldError> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        FieldError::new(field, format!("\"{text}\" is not a day such as 2025-07-01"))
    })?;
    let earliest = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    if day < earliest || day > latest {
        return Err(FieldError::new(
            field,
            format!("{day} is not between {earliest} and {latest}"),
        ));
    }
    Ok(day)
}

fn required_day(json: &Json, field: &str, today: Day) -> Result<Day, FieldError> {
    day(field, required(json, field)?, today + Duration::days(1))
}

/// A due day may lie far ahead, but not absurdly.
pub(super) fn due_day(json: &Json, path: &str) -> Result<Option<Day>, FieldError> {
    let latest = NaiveDate::from_ymd_opt(2100, 12, 31).unwrap_or_default();
    optional(json, path)?
        .map(|text| day(path, text, latest))
        .transpose()
}

fn procedure(json: &Json, served: &Served) -> Result<String, FieldError> {
    let text = required(json, "procedure_code")?;
    // Provincial and service codes append to the national one: 2.000815.000.00.00.H12, 2.000815.01.
    let national = text.get(..8).unwrap_or(text);
    let is_variant = text.as_bytes().get(8).is_none_or(|&next| next == b'.');
    if is_variant && served.procedures.contains(national) {
        return Ok(national.to_owned());
    }
    Err(FieldError::new(
        "procedure_code",
        format!("\"{text}\" is not an imported procedure"),
    ))
}

fn unit(json: &Json, served: &Served, received_on: Day) -> Result<String, FieldError> {
    let text = required(json, "unit_code")?;
    let unit = served.units.get(text).ok_or_else(|| {
        FieldError::new("unit_code", format!("\"{text}\" is not an imported unit"))
    })?;
    let is_valid = unit.valid_from.is_none_or(|from| from <= received_on)
        && unit.valid_to.is_none_or(|to| received_on <= to);
    if !is_valid {
        return Err(FieldError::new(
            "unit_code",
            format!("{text} was not valid on {received_on}"),
        ));
    }
    Ok(text.to_owned())
}

/// A list that stands as JSON, or as JSON text inside a CSV cell; absent and empty are both empty.
pub(super) fn list(json: &Json, field: &str) -> Result<Vec<Json>, FieldError> {
    let not_a_list = || FieldError::new(field, "must be a JSON list");
    match json.at(field) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::List(items)) => Ok(items.clone()),
        Some(Json::Text(text)) if text.trim().is_empty() => Ok(Vec::new()),
        Some(Json::Text(text)) => match Json::parse_field(field, text) {
            Ok(Json::List(items)) => Ok(items),
            Ok(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Object(_)) => {
                Err(not_a_list())
            }
            Err(refusal) => Err(FieldError::of(&refusal)),
        },
        Some(Json::Bool(_) | Json::Number(_) | Json::Object(_)) => Err(not_a_list()),
    }
}

fn fee_items(json: &Json) -> Result<(Vec<FeeItem>, Vec<Measure>), FieldError> {
    let items = list(json, "fee_items")?;
    if items.len() > MOST_ITEMS {
        let problem = format!("are {}, more than {MOST_ITEMS}", items.len());
        return Err(FieldError::new("fee_items", problem));
    }
    (0..)
        .zip(items.iter())
        .map(|(position, item): (usize, &Json)| fee_item(position, item))
        .collect()
}

fn fee_item(position: usize, item: &Json) -> Result<(FeeItem, Measure), FieldError> {
    let path = |field: &str| format!("fee_items.{position}.{field}");
    let at = |error: FieldError| FieldError::new(path(&error.field), error.problem);
    let text = |field: &str| {
        optional(item, field)
            .map(|text| text.unwrap_or_default().to_owned())
            .map_err(at)
    };
    let known = words(FeeKind::ALL, FeeKind::as_str);
    let sent = item
        .scalar_text("amount")
        .map_err(|refusal| at(FieldError::of(&refusal)))?;
    let amount = Money::parse(sent, Currency::VND)
        .map_err(|error| FieldError::new(path("amount"), error.to_string()))?;
    if amount.minor() > MOST_MINOR {
        return Err(FieldError::new(
            path("amount"),
            format!("{sent} is larger than any fee"),
        ));
    }
    let fee_item = FeeItem {
        kind: word(item, "kind", FeeKind::parse, &known).map_err(at)?,
        code: text("code")?,
        name: text("name")?,
        amount,
        basis: text("basis")?,
    };
    Ok((fee_item, read_measure(item).map_err(at)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::UnitLevel;
    use chrono::{TimeZone, Utc};

    fn served() -> Served {
        let unit = Unit {
            code: "H12.101".into(),
            name_vi: String::new(),
            name_en: String::new(),
            level: UnitLevel::Commune,
            parent: Some("H12".into()),
            valid_from: NaiveDate::from_ymd_opt(2025, 7, 1),
            valid_to: None,
        };
        Served {
            units: HashMap::from([(unit.code.clone(), unit)]),
            procedures: BTreeSet::from(["2.000815".to_owned()]),
            provinces: BTreeSet::from(["H12".to_owned()]),
            groups: BTreeSet::from(["poor".to_owned()]),
        }
    }

    fn read(change: &[(&str, &str)]) -> Result<DossierFacts, FieldError> {
        let mut fields = vec![
            ("dossier_code", r#""H12.101-250701-0001""#),
            ("procedure_code", r#""2.000815.000.00.00.H12""#),
            ("unit_code", r#""H12.101""#),
            ("received_on", r#""2025-07-01""#),
            ("submitted_via", r#""online""#),
            ("status", r#""processing""#),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":2000},{"kind":"le_phi","amount":"8000"}]"#,
            ),
        ];
        for &(name, value) in change {
            fields.retain(|(known, _)| *known != name);
            fields.push((name, value));
        }
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        let json = Json::parse(format!("{{{}}}", body.join(",")).as_bytes()).unwrap();
        let now = Utc.with_ymd_and_hms(2025, 7, 10, 3, 0, 0).unwrap();
        read_dossier(&json, &served(), now)
    }

    #[test]
    fn a_good_dossier_is_read_and_a_bill_is_made_only_when_asked_for() {
        let facts = read(&[]).unwrap();
        assert_eq!(facts.procedure_code, "2.000815");
        assert_eq!(facts.fee_items.len(), 2);
        assert_eq!(facts.bills, []);
        let facts = read(&[("bill_due_on", r#""2025-07-08""#)]).unwrap();
        assert_eq!(facts.bills[0].items, [0, 1]);
        let facts = read(&[(
            "bills",
            r#"[{"items":[1],"is_cancelled":true},{"items":[0],"reference":"HS-0001"}]"#,
        )])
        .unwrap();
        assert_eq!(facts.bills.len(), 2);
        assert!(facts.bills[0].is_cancelled);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let table = [
            ("dossier_code", r#""H12.101-251301-0001""#, "dossier_code"),
            ("dossier_code", r#""H47.101-250701-0001""#, "dossier_code"),
            ("procedure_code", r#""2.0008155""#, "procedure_code"),
            ("unit_code", r#""H12.999""#, "unit_code"),
            ("received_on", r#""1025-07-01""#, "received_on"),
            ("received_on", r#""2025-06-30""#, "unit_code"),
            ("received_on", r#""2025-08-01""#, "received_on"),
            ("received_on", r#""01/07/2025""#, "received_on"),
            ("submitted_via", r#""fax""#, "submitted_via"),
            ("status", "null", "status"),
            ("fee_items", r#"{"kind":"phi"}"#, "fee_items"),
            ("fee_items", r#""[{""#, "fee_items"),
            (
                "fee_items",
                r#"[{"kind":"fine","amount":1}]"#,
                "fee_items.0.kind",
            ),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":-1}]"#,
                "fee_items.0.amount",
            ),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":1.5}]"#,
                "fee_items.0.amount",
            ),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":99999999999999999999}]"#,
                "fee_items.0.amount",
            ),
            ("bill_due_on", r#""2999-01-01""#, "bill_due_on"),
            ("bill_reference", r#""a b""#, "bill_reference"),
            ("bills", r#"[{"items":[2]}]"#, "bills.0.items"),
            ("bills", r#"[{"items":[0]},{"items":[0]}]"#, "bills.1.items"),
            ("bills", r#"[{"item":[0]}]"#, "bills.0.item"),
            ("unit", r#""x""#, "unit"),
            ("applicant_name", r#""A\u0000B""#, "applicant_name"),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":1,"name":"\u0000"}]"#,
                "fee_items.0.name",
            ),
            (
                "bills",
                r#"[{"items":[0],"virtual_account":"1\u0000"}]"#,
                "bills.0.virtual_account",
            ),
        ];
        for (field, value, named) in table {
            let error = read(&[(field, value)]).unwrap_err();
            assert_eq!(error.field, named, "{field} {value}: {error}");
        }
    }

    #[test]
    fn wrong_grounds_of_an_amount_are_named() {
        let table = [
            ("person_groups", r#""rich""#, "person_groups"),
            ("person_groups", r#"[1]"#, "person_groups"),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":1,"quantity":0}]"#,
                "fee_items.0.quantity",
            ),
            (
                "fee_items",
                r#"[{"kind":"phi","amount":1,"base":-1}]"#,
                "fee_items.0.base",
            ),
        ];
        for (field, value, named) in table {
            assert_eq!(read(&[(field, value)]).unwrap_err().field, named, "{value}");
        }
        let groups = |value| read(&[("person_groups", value)]).unwrap().grounds.groups;
        let poor = Some(vec!["poor".to_owned()]);
        for (value, told) in [
            (r#""""#, None),
            ("null", None),
            ("[]", Some(Vec::new())),
            (r#""[]""#, Some(Vec::new())),
            (r#"["poor"]"#, poor.clone()),
            (r#""[\"poor\"]""#, poor.clone()),
            (r#""poor""#, poor),
        ] {
            assert_eq!(groups(value), told, "{value}");
        }
    }

    #[test]
    fn too_many_fee_items_and_too_large_bills_are_refused() {
        let items = |n: usize, minor: i64| {
            let one = format!(r#"{{"kind":"phi","amount":{minor}}}"#);
            format!("[{}]", vec![one; n].join(","))
        };
        let all = r#"[{"items":[0,1]}]"#;
        let due = ("bill_due_on", r#""2025-07-08""#);
        let (many, large) = (items(501, 1), items(2, MOST_MINOR));
        let named = |change: &[(&str, &str)]| read(change).unwrap_err().field;
        assert_eq!(named(&[("fee_items", &many)]), "fee_items");
        assert_eq!(named(&[("fee_items", &large), due]), "fee_items");
        assert_eq!(
            named(&[("fee_items", &large), ("bills", all)]),
            "bills.0.items"
        );
        assert!(read(&[("fee_items", &items(500, 1)), due]).is_ok());
    }

    #[test]
    fn an_unknown_field_is_told_the_nearest_known_one() {
        assert!(
            read(&[("unit_cod", r#""x""#)])
                .unwrap_err()
                .problem
                .contains("did you mean unit_code?")
        );
    }
}
