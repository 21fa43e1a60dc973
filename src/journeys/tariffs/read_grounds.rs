//! Reading what a dossier may say of how its fees came about: `person_groups` of the dossier,
//! `quantity` and `base` of a fee item. All of it is optional; nothing said is not the same as none.
//! None of it is kept.

use super::read_rule::{amount, groups, scalar};
use crate::domain::tariff::formula::MOST_PIECES;
use crate::domain::tariff::judge::Measure;
use crate::intake::json::Json;
use crate::journeys::read_dossier::{FieldError, Served, list};

/// The groups of the person: a JSON list, also as text in a cell, or words; an empty list says that
/// the person belongs to none.
pub(crate) fn read_groups(json: &Json, served: &Served) -> Result<Option<Vec<String>>, FieldError> {
    const FIELD: &str = "person_groups";
    let told = match json.at(FIELD) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Json::Text(text)) if text.trim_start().starts_with('[') => {
            let list = Json::List(list(json, FIELD)?);
            groups(&Json::Object(vec![(FIELD.to_owned(), list)]), FIELD, served)?
        }
        Some(_) => groups(json, FIELD, served)?,
    };
    Ok(Some(told.into_iter().collect()))
}

/// What a fee item says of its quantity and base value.
pub(crate) fn read_measure(item: &Json) -> Result<Measure, FieldError> {
    let quantity = scalar(item, "quantity")?.map(|text| {
        let pieces = text
            .parse()
            .ok()
            .filter(|pieces| (1..=MOST_PIECES).contains(pieces));
        pieces.ok_or_else(|| {
            let problem = format!("\"{text}\" is not a number of pieces from 1 to {MOST_PIECES}");
            FieldError::new("quantity", problem)
        })
    });
    Ok(Measure {
        quantity: quantity.transpose()?,
        base: amount(item, "base")?,
    })
}
