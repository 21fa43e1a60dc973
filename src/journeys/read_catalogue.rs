//! Reading units and procedures from rows with the column names of their files, and what an office
//! serves from the database. Trees are not checked for cycles; a unit names only its parent.

use chrono::NaiveDate;

use super::read_dossier::{FieldError, Served};
use crate::domain::catalogue::{Unit, UnitLevel};
use crate::domain::ids::Tenant;
use crate::domain::time::Day;
use crate::intake::json::Json;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::PersonGroupRow;
use crate::store::rows::{ProcedureRow, UnitRow};

fn text<'a>(json: &'a Json, field: &str) -> Result<Option<&'a str>, FieldError> {
    json.opt_text(field)
        .map_err(|refusal| FieldError::new(field, refusal.to_string()))
}

fn required(json: &Json, field: &str) -> Result<String, FieldError> {
    let text = text(json, field)?.ok_or_else(|| FieldError::new(field, "is missing"))?;
    Ok(text.to_owned())
}

pub(super) fn day(json: &Json, field: &str) -> Result<Option<Day>, FieldError> {
    let parse = |text: &str| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
            FieldError::new(field, format!("\"{text}\" is not a day such as 2025-07-01"))
        })
    };
    text(json, field)?.map(parse).transpose()
}

/// Reads a unit: `unit_code, name_vi, name_en, level, parent_code, valid_from, valid_to`.
///
/// # Errors
/// The first field that is wrong.
pub(super) fn read_unit(tenant: Tenant, json: &Json) -> Result<UnitRow, FieldError> {
    let code = required(json, "unit_code")?;
    let is_code = |group: &str| {
        (2..=3).contains(&group.len())
            && group
                .bytes()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    };
    if !code.split('.').all(is_code) {
        return Err(FieldError::new(
            "unit_code",
            format!("\"{code}\" is not a unit code such as H12.104"),
        ));
    }
    let level = required(json, "level")?;
    if UnitLevel::parse(&level).is_none() {
        return Err(FieldError::new(
            "level",
            format!("\"{level}\" is none of province, department, commune"),
        ));
    }
    let name_vi = required(json, "name_vi")?;
    let row = UnitRow {
        tenant: tenant.0,
        code,
        name_en: text(json, "name_en")?.map_or_else(|| name_vi.clone(), str::to_owned),
        name_vi,
        level,
        parent: text(json, "parent_code")?.map(str::to_owned),
        valid_from: day(json, "valid_from")?,
        valid_to: day(json, "valid_to")?,
    };
    if row
        .valid_from
        .zip(row.valid_to)
        .is_some_and(|(from, to)| to < from)
    {
        return Err(FieldError::new("valid_to", "lies before valid_from"));
    }
    Ok(row)
}

/// Reads a procedure: `procedure_code, name, field, level, has_fee`.
///
/// # Errors
/// The first field that is wrong.
pub(super) fn read_procedure(tenant: Tenant, json: &Json) -> Result<ProcedureRow, FieldError> {
    let code = required(json, "procedure_code")?;
    let is_code = code.len() == 8
        && code.bytes().enumerate().all(|(place, b)| {
            if place == 1 {
                b == b'.'
            } else {
                b.is_ascii_digit()
            }
        });
    if !is_code {
        return Err(FieldError::new(
            "procedure_code",
            format!("\"{code}\" is not a procedure code such as 2.000815"),
        ));
    }
    let has_fee = match json.at("has_fee") {
        Some(Json::Bool(has_fee)) => *has_fee,
        _ => match required(json, "has_fee")?.as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            other => {
                return Err(FieldError::new(
                    "has_fee",
                    format!("\"{other}\" is neither true nor false"),
                ));
            }
        },
    };
    Ok(ProcedureRow {
        tenant: tenant.0,
        code,
        name: required(json, "name")?,
        field: text(json, "field")?.unwrap_or_default().to_owned(),
        has_fee,
    })
}

/// Reads a group of people: `person_group, name_vi, name_en`.
///
/// # Errors
/// The first field that is wrong.
pub(super) fn read_person_group(tenant: Tenant, json: &Json) -> Result<PersonGroupRow, FieldError> {
    let code = required(json, "person_group")?;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if code.len() > 64 || !code.bytes().all(is_plain) {
        let problem = format!("\"{code}\" is not a word such as poor_household");
        return Err(FieldError::new("person_group", problem));
    }
    let name_vi = required(json, "name_vi")?;
    Ok(PersonGroupRow {
        tenant: tenant.0,
        code,
        name_en: text(json, "name_en")?.map_or_else(|| name_vi.clone(), str::to_owned),
        name_vi,
    })
}

/// What a tenant serves. Where the office names `provinces`, dossiers of others are not taken.
///
/// # Errors
/// Any [`Failure`].
pub fn served(
    queries: &mut dyn Queries,
    tenant: Tenant,
    provinces: &[String],
) -> Result<Served, Failure> {
    let mut served = Served::default();
    for row in queries.list_units(tenant.0)? {
        let province = row.code.split('.').next().unwrap_or_default();
        if provinces.is_empty() || provinces.iter().any(|named| named == province) {
            served.provinces.insert(province.to_owned());
        }
        let unit = Unit {
            code: row.code.clone(),
            name_vi: row.name_vi,
            name_en: row.name_en,
            level: UnitLevel::parse(&row.level).unwrap_or(UnitLevel::Commune),
            parent: row.parent,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        };
        served.units.insert(row.code, unit);
    }
    let groups = queries.list_person_groups(tenant.0)?;
    served.groups = groups.into_iter().map(|row| row.code).collect();
    let procedures = queries.list_procedures(tenant.0)?;
    served.procedures = procedures.into_iter().map(|row| row.code).collect();
    Ok(served)
}
