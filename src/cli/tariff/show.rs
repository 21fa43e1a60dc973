//! What `doisoat tariff` shows: rules as a table or one by one, and fee items that contradict them,
//! for eyes and as JSON. Changes nothing.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{List, refuse};
use crate::cli::output::{say, say_json};
use crate::cli::{Context, End};
use crate::domain::money::Money;
use crate::domain::time::{Day, VIETNAM, vietnam_day};
use crate::journeys::tariffs::TariffError;
use crate::reporting::table::{Cell, Column, Kind, Table, to_text};
use crate::store::failure::Failure;
use crate::store::rows::{DossierRow, FeeItemRow};
use crate::store::rows::{TariffFlagRow, TariffRuleRow};
use crate::store::types::{Ts, Uid};

pub(super) fn list(tenant: i32, asked: &List, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let today = vietnam_day(context.clock.now());
    let mut rows = db.read(|queries| queries.list_tariff_rules(tenant))?;
    rows.retain(|row| {
        let is_asked = |code: &String| *code == row.procedure_code;
        asked.procedure.as_ref().is_none_or(is_asked)
            && asked.state.is_none_or(|state| row.state_on(today) == state)
    });
    if context.is_json {
        let items: Result<Vec<Value>, _> = rows.iter().map(|row| rule_json(row, today)).collect();
        say_json(&json!({ "items": items? }));
    } else if rows.is_empty() {
        say("there are no such rules; doisoat import tariffs FILE drafts some");
    } else {
        say(to_text(&rules_table(&rows, today)?).trim_end());
    }
    Ok(End::Done)
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn day_text(day: Option<Day>) -> String {
    day.map_or_else(|| "–".to_owned(), |day| day.to_string())
}

fn table(title: String, columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Table {
    let column = |key: &&'static str| Column {
        key,
        title: (*key).to_owned(),
        kind: Kind::Text,
    };
    Table {
        title,
        columns: columns.iter().map(column).collect(),
        rows,
        ..Table::default()
    }
}

fn rules_table(rows: &[TariffRuleRow], today: Day) -> anyhow::Result<Table> {
    let mut lines = Vec::new();
    for row in rows {
        let fee = row.fee_code.as_ref().or(row.fee_kind.as_ref());
        lines.push(vec![
            text(&row.rule_id),
            text(row.state_on(today).as_str()),
            text(&row.procedure_code),
            text(fee.cloned().unwrap_or_default()),
            text(row.to_rule()?.effect.in_words()),
            text(row.submitted_via.as_deref().unwrap_or("any")),
            text(&row.units),
            text(&row.person_groups),
            text(row.effective_from.to_string()),
            text(day_text(row.last_day())),
        ]);
    }
    let columns = [
        "rule",
        "state",
        "procedure",
        "fee",
        "says",
        "via",
        "units",
        "groups",
        "from",
        "last day",
    ];
    Ok(table(
        format!("{} rules on {today}", rows.len()),
        &columns,
        lines,
    ))
}

fn rule_json(row: &TariffRuleRow, today: Day) -> anyhow::Result<Value> {
    let words =
        |text: &str| -> Vec<String> { text.split_ascii_whitespace().map(str::to_owned).collect() };
    let instant = |at: Option<Ts>| at.map(|at| at.0.to_rfc3339());
    Ok(json!({
        "rule_id": row.rule_id,
        "state": row.state_on(today).as_str(),
        "procedure_code": row.procedure_code,
        "fee_kind": row.fee_kind,
        "fee_code": row.fee_code,
        "fee_name": row.fee_name,
        "role": row.role,
        "submitted_via": row.submitted_via.as_deref().unwrap_or("any"),
        "units": words(&row.units),
        "groups": words(&row.person_groups),
        "says": row.to_rule()?.effect.in_words(),
        "legal_basis": row.legal_basis,
        "effective_from": row.effective_from.to_string(),
        "effective_to": row.effective_to.map(|day| day.to_string()),
        "last_day": row.last_day().map(|day| day.to_string()),
        "replaces": row.replaces,
        "prevails_over": words(&row.prevails_over),
        "decision": row.decision,
        "drafted_at": row.drafted_at.0.to_rfc3339(),
        "activated_at": instant(row.activated_at),
        "activated_by": row.activated_by,
        "activation_reason": row.activation_reason,
        "ended_on": row.ended_on.map(|day| day.to_string()),
        "ended_at": instant(row.ended_at),
        "ended_by": row.ended_by,
        "end_reason": row.end_reason,
    }))
}

pub(super) fn show(tenant: i32, rule: &str, context: &Context) -> anyhow::Result<End> {
    let found = context
        .ready_db()?
        .read(|queries| queries.find_tariff_rule(tenant, rule))?;
    let Some(row) = found else {
        refuse(context, &TariffError::Unknown(rule.to_owned()));
        return Ok(End::Failed);
    };
    let today = vietnam_day(context.clock.now());
    if context.is_json {
        say_json(&rule_json(&row, today)?);
        return Ok(End::Done);
    }
    for (name, shown) in rule_lines(&row, today)? {
        if !shown.is_empty() {
            say(&format!("{name:16} {shown}"));
        }
    }
    Ok(End::Done)
}

/// The rule for eyes: what it says, then its life; empty where there is nothing to tell.
fn rule_lines(row: &TariffRuleRow, today: Day) -> anyhow::Result<Vec<(&'static str, String)>> {
    let maybe = |text: &Option<String>| text.clone().unwrap_or_default();
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let done = |at: Option<Ts>, by: &Option<String>, why: &Option<String>| {
        let Some(at) = at else { return String::new() };
        let local = at.0.with_timezone(&VIETNAM).format("%d/%m/%Y %H:%M");
        let by = by.as_ref().map(|by| format!(" by {by}"));
        let why = why.as_ref().map(|why| format!(": {why}"));
        format!(
            "{local}{}{}",
            by.unwrap_or_default(),
            why.unwrap_or_default()
        )
    };
    let fee = [&row.fee_kind, &row.fee_code].map(maybe).join(" ");
    Ok(vec![
        ("rule", row.rule_id.clone()),
        ("state", row.state_on(today).as_str().to_owned()),
        ("procedure", row.procedure_code.clone()),
        ("fee", format!("{} {}", fee.trim(), row.fee_name)),
        ("says", row.to_rule()?.effect.in_words()),
        (
            "submitted via",
            row.submitted_via.as_deref().unwrap_or("any").to_owned(),
        ),
        ("units", row.units.clone()),
        ("groups", row.person_groups.clone()),
        ("legal basis", row.legal_basis.clone()),
        ("first day", row.effective_from.to_string()),
        ("last day", day(row.last_day())),
        ("replaces", maybe(&row.replaces)),
        ("prevails over", row.prevails_over.clone()),
        ("decision", row.decision.clone()),
        ("drafted", done(Some(row.drafted_at), &None, &None)),
        (
            "activated",
            done(row.activated_at, &row.activated_by, &row.activation_reason),
        ),
        ("ended", done(row.ended_at, &row.ended_by, &row.end_reason)),
    ])
}

/// A flag with the dossier and the fee item it stands on.
type Flagged = (TariffFlagRow, Option<DossierRow>, Option<FeeItemRow>);

pub(super) fn flags(tenant: i32, limit: i64, context: &Context) -> anyhow::Result<End> {
    let found = context.ready_db()?.read(|queries| {
        let flags = queries.list_tariff_flags(tenant, None, limit)?;
        let mut ids: Vec<Uid> = flags.iter().map(|flag| flag.dossier_id).collect();
        ids.dedup();
        let dossiers = queries.list_dossiers_by_id(tenant, &ids)?.into_iter();
        let dossiers: HashMap<Uid, DossierRow> =
            dossiers.map(|row| (row.dossier_id, row)).collect();
        let items = queries.list_fee_items_of(tenant, &ids)?.into_iter();
        let items: HashMap<(Uid, i32), FeeItemRow> = items
            .map(|row| ((row.dossier_id, row.position), row))
            .collect();
        let with = |flag: TariffFlagRow| {
            let item = items.get(&(flag.dossier_id, flag.position)).cloned();
            let dossier = dossiers.get(&flag.dossier_id).cloned();
            (flag, dossier, item)
        };
        let flagged: Vec<Flagged> = flags.into_iter().map(with).collect();
        Ok::<_, Failure>(flagged)
    })?;
    if context.is_json {
        say_json(&json!({ "items": found.iter().map(flag_json).collect::<Vec<Value>>() }));
    } else if found.is_empty() {
        say("no fee item contradicts the tariff");
    } else {
        let columns = ["dossier", "unit", "item", "fee", "asked", "tariff", "why"];
        let rows = found.iter().map(flag_cells).collect();
        say(to_text(&table(format!("{} flags", found.len()), &columns, rows)).trim_end());
    }
    Ok(End::Done)
}

fn money(minor: i64) -> String {
    Money::vnd(minor).to_decimal_text()
}

fn flag_cells((flag, dossier, item): &Flagged) -> Vec<Cell> {
    let of_dossier = |part: fn(&DossierRow) -> &String| dossier.as_ref().map(part).cloned();
    vec![
        text(of_dossier(|row| &row.code).unwrap_or_default()),
        text(of_dossier(|row| &row.unit_code).unwrap_or_default()),
        text(flag.position.to_string()),
        text(item.as_ref().map_or("", |item| item.code.as_str())),
        text(money(flag.asked_minor)),
        text(flag.tariff_minor.map_or_else(|| "–".to_owned(), money)),
        text(&flag.explanation),
    ]
}

fn flag_json((flag, dossier, item): &Flagged) -> Value {
    json!({
        "dossier_code": dossier.as_ref().map(|row| &row.code),
        "unit_code": dossier.as_ref().map(|row| &row.unit_code),
        "procedure_code": dossier.as_ref().map(|row| &row.procedure_code),
        "position": flag.position,
        "fee_code": item.as_ref().map(|row| &row.code),
        "asked": money(flag.asked_minor),
        "tariff": flag.tariff_minor.map(money),
        "explanation": flag.explanation,
        "flagged_at": flag.flagged_at.0.to_rfc3339(),
    })
}
