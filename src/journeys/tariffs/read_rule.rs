//! Reading a rule of a tariff from a row with the column names of the tariff file: a checked rule out,
//! or the column that is wrong and why. Whether it contradicts other rules is looked at when it is
//! activated.

use std::collections::BTreeSet;

use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::money::{Currency, Money};
use crate::domain::tariff::formula::{Formula, MOST_MINOR, MOST_PIECES, Rate, Step};
use crate::domain::tariff::scope::{Place, Scope};
use crate::domain::tariff::{Effect, Role, Rule};
use crate::intake::json::Json;
use crate::journeys::read_catalogue::day;
use crate::journeys::read_dossier::{FieldError, Served, optional, unknown_field};

/// The columns of a tariff file.
pub(crate) const COLUMNS: &[&str] = &[
    "rule_id",
    "procedure_code",
    "fee_kind",
    "fee_code",
    "fee_name",
    "role",
    "submitted_via",
    "units",
    "groups",
    "amount",
    "steps",
    "percent",
    "floor",
    "cap",
    "percent_off",
    "legal_basis",
    "effective_from",
    "effective_to",
    "replaces",
    "prevails_over",
    "decision",
];

/// Longest identifier of a rule and code of a fee, in bytes.
const LONGEST_WORD: usize = 64;

fn required<'a>(json: &'a Json, field: &str) -> Result<&'a str, FieldError> {
    optional(json, field)?.ok_or_else(|| FieldError::new(field, "is missing"))
}

/// Text or a number; absent, null and empty are none.
pub(super) fn scalar<'a>(json: &'a Json, field: &str) -> Result<Option<&'a str>, FieldError> {
    match json.at(field) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text) | Json::Number(text)) => {
            Ok(Some(text.as_str()).filter(|text| !text.is_empty()))
        }
        Some(Json::Bool(_) | Json::List(_) | Json::Object(_)) => {
            Err(FieldError::new(field, "must be text or a number"))
        }
    }
}

/// An amount in đồng, if there is one.
pub(super) fn amount(json: &Json, field: &str) -> Result<Option<i64>, FieldError> {
    scalar(json, field)?
        .map(|text| minor(field, text))
        .transpose()
}

fn minor(field: &str, text: &str) -> Result<i64, FieldError> {
    let money = Money::parse(text, Currency::VND)
        .map_err(|error| FieldError::new(field, error.to_string()))?;
    if money.minor() > MOST_MINOR {
        return Err(FieldError::new(
            field,
            format!("{text} is larger than any fee"),
        ));
    }
    Ok(money.minor())
}

/// Words with spaces, commas or semicolons between them, or a JSON list of words.
pub(super) fn words(json: &Json, field: &str) -> Result<Vec<String>, FieldError> {
    let Some(Json::List(items)) = json.at(field) else {
        let text = optional(json, field)?.unwrap_or_default();
        let split = text.split([' ', ',', ';', '\t', '\n', '\r']);
        return Ok(split
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect());
    };
    let word = |item: &Json| match item {
        Json::Text(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.clone())
        }
        Json::Text(_)
        | Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::List(_)
        | Json::Object(_) => Err(FieldError::new(field, "must be a list of words")),
    };
    items.iter().map(word).collect()
}

fn one_of<T: Copy>(
    field: &str,
    text: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<T, FieldError> {
    let found = all.iter().copied().find(|word| as_str(*word) == text);
    found.ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|word| as_str(*word)).collect();
        FieldError::new(field, format!("\"{text}\" is none of {}", known.join(", ")))
    })
}

fn identifier(field: &str, text: &str) -> Result<String, FieldError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if text.len() <= LONGEST_WORD && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    let problem =
        format!("\"{text}\" is not a word of at most {LONGEST_WORD} letters, digits, . - _");
    Err(FieldError::new(field, problem))
}

/// Reads a rule.
///
/// # Errors
/// The first column that is wrong.
pub(crate) fn read_rule(json: &Json, served: &Served) -> Result<Rule, FieldError> {
    only_known_columns(json)?;
    let id = identifier("rule_id", required(json, "rule_id")?)?;
    let scope = scope(json, served)?;
    let effect = effect(json)?;
    let replaces = optional(json, "replaces")?
        .map(|text| identifier("replaces", text))
        .transpose()?;
    let prevails_over = words(json, "prevails_over")?;
    let decision = optional(json, "decision")?.unwrap_or_default().to_owned();
    if replaces.as_ref() == Some(&id) {
        return Err(FieldError::new("replaces", "names the rule itself"));
    }
    if prevails_over.contains(&id) {
        return Err(FieldError::new("prevails_over", "names the rule itself"));
    }
    if prevails_over.is_empty() != decision.is_empty() {
        let problem = "goes with prevails_over: which rules, and by which decision";
        return Err(FieldError::new("decision", problem));
    }
    Ok(Rule {
        id,
        fee_name: optional(json, "fee_name")?.unwrap_or_default().to_owned(),
        scope,
        effect,
        basis: required(json, "legal_basis")?.to_owned(),
        replaces,
        prevails_over,
        decision,
    })
}

fn only_known_columns(json: &Json) -> Result<(), FieldError> {
    let Json::Object(members) = json else {
        return Err(FieldError::new(
            "(whole line)",
            "must be a JSON object, one rule",
        ));
    };
    let mut names = members.iter().map(|(name, _)| name.as_str());
    match names.find(|name| !COLUMNS.contains(name)) {
        None => Ok(()),
        Some(name) => Err(unknown_field(name, COLUMNS)),
    }
}

fn scope(json: &Json, served: &Served) -> Result<Scope, FieldError> {
    let procedure_code = required(json, "procedure_code")?;
    if !served.procedures.contains(procedure_code) {
        let problem = format!("\"{procedure_code}\" is not an imported procedure");
        return Err(FieldError::new("procedure_code", problem));
    }
    let kind = optional(json, "fee_kind")?
        .map(|text| one_of("fee_kind", text, FeeKind::ALL, FeeKind::as_str))
        .transpose()?;
    let fee_code = optional(json, "fee_code")?
        .map(|text| identifier("fee_code", text))
        .transpose()?;
    if kind.is_none() && fee_code.is_none() {
        let problem = "is missing: name the fee by fee_code, fee_kind or both";
        return Err(FieldError::new("fee_code", problem));
    }
    let via = optional(json, "submitted_via")?
        .filter(|text| *text != "any")
        .map(|text| {
            one_of(
                "submitted_via",
                text,
                SubmittedVia::ALL,
                SubmittedVia::as_str,
            )
        })
        .transpose()
        .map_err(|error| FieldError::new(error.field, format!("{}, any", error.problem)))?;
    let from = day(json, "effective_from")?
        .ok_or_else(|| FieldError::new("effective_from", "is missing"))?;
    let to = day(json, "effective_to")?;
    if to.is_some_and(|to| to < from) {
        return Err(FieldError::new(
            "effective_to",
            "lies before effective_from",
        ));
    }
    Ok(Scope {
        procedure_code: procedure_code.to_owned(),
        kind,
        fee_code,
        via,
        places: places(json, served)?,
        groups: groups(json, "groups", served)?,
        from,
        to,
        ended_on: None,
    })
}

fn places(json: &Json, served: &Served) -> Result<Vec<Place>, FieldError> {
    let place = |word: &String| {
        let place = Place::parse(word).filter(|place| served.units.contains_key(place.code()));
        place.ok_or_else(|| {
            let problem = format!("\"{word}\" is not an imported unit, nor CODE.* of one");
            FieldError::new("units", problem)
        })
    };
    let places: BTreeSet<Place> = words(json, "units")?
        .iter()
        .map(place)
        .collect::<Result<_, _>>()?;
    Ok(places.into_iter().collect())
}

/// Groups of people, each an imported one.
pub(super) fn groups(
    json: &Json,
    field: &str,
    served: &Served,
) -> Result<BTreeSet<String>, FieldError> {
    let known = |word: String| {
        if served.groups.contains(&word) {
            return Ok(word);
        }
        let nearest = served
            .groups
            .iter()
            .min_by_key(|known| strsim::levenshtein(known, &word));
        let hint = nearest.map_or_else(
            || "; import person-groups first".to_owned(),
            |nearest| format!("; did you mean {nearest}?"),
        );
        let problem = format!("\"{word}\" is not an imported person group{hint}");
        Err(FieldError::new(field, problem))
    };
    words(json, field)?.into_iter().map(known).collect()
}

fn effect(json: &Json) -> Result<Effect, FieldError> {
    let role = required(json, "role")?;
    let role = one_of("role", role, Role::ALL, Role::as_str)?;
    let percent_off = rate(json, "percent_off")?;
    let formula = formula(json)?;
    match (role, percent_off, formula) {
        (Role::Price, None, Some(formula)) => Ok(Effect::Price(formula)),
        (Role::Price, Some(_), _) => {
            Err(FieldError::new("percent_off", "is for reliefs, not prices"))
        }
        (Role::Relief, None, Some(formula)) => Ok(Effect::Instead(formula)),
        (Role::Relief, Some(rate), None) => {
            if amount(json, "floor")?.is_some() {
                return Err(FieldError::new("floor", "does not go with percent_off"));
            }
            let most = amount(json, "cap")?;
            Ok(Effect::Off { rate, most })
        }
        (Role::Relief, Some(_), Some(_)) => {
            let problem = "goes alone: a relief takes a share off, or says another amount";
            Err(FieldError::new("percent_off", problem))
        }
        (_, None, None) => {
            let problem = "is missing: say amount, steps, percent or, in a relief, percent_off";
            Err(FieldError::new("amount", problem))
        }
    }
}

fn rate(json: &Json, field: &str) -> Result<Option<Rate>, FieldError> {
    let parse =
        |text| Rate::parse_percent(text).map_err(|error| FieldError::new(field, error.to_string()));
    scalar(json, field)?.map(parse).transpose()
}

/// The formula, where a row has one.
fn formula(json: &Json) -> Result<Option<Formula>, FieldError> {
    let flat = amount(json, "amount")?;
    let steps = steps(json)?;
    let rate = rate(json, "percent")?;
    if flat.is_none() && steps.is_empty() && rate.is_none() {
        return Ok(None);
    }
    if rate.is_some() && !steps.is_empty() {
        return Err(FieldError::new("percent", "does not go with steps"));
    }
    let (floor, cap) = (amount(json, "floor")?, amount(json, "cap")?);
    if floor.zip(cap).is_some_and(|(floor, cap)| cap < floor) {
        return Err(FieldError::new("cap", "lies below floor"));
    }
    Ok(Some(Formula {
        flat: flat.unwrap_or(0),
        steps,
        rate,
        floor,
        cap,
    }))
}

/// Steps as `1:2000 3:1000`: from which piece on, how much each.
fn steps(json: &Json) -> Result<Vec<Step>, FieldError> {
    let mut steps: Vec<Step> = Vec::new();
    for word in words(json, "steps")? {
        let wrong = |problem: &str| FieldError::new("steps", format!("\"{word}\" {problem}"));
        let (from, each) = word.split_once(':').ok_or_else(|| {
            wrong("is not a step such as 3:1000, from the 3rd piece on 1000 each")
        })?;
        let from: i64 = from
            .parse()
            .ok()
            .filter(|from| (1..=MOST_PIECES).contains(from))
            .ok_or_else(|| wrong("does not begin with a piece, counted from 1"))?;
        if steps.last().is_some_and(|before| from <= before.from) {
            return Err(wrong("does not begin after the step before it"));
        }
        let each = minor("steps", each)?;
        steps.push(Step { from, each });
    }
    Ok(steps)
}
