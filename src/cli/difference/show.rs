//! Differences on a terminal: a list, or one with its steps, the ways out and suggestions. For eyes;
//! programs ask for JSON.

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use super::{List, One};
use crate::cli::output::{say, say_json};
use crate::cli::{Context, End};
use crate::reporting::differences::{difference_in_full, differences_json};
use crate::store::ops::DifferenceFilter;
use crate::store::types::{Ts, Uid};

pub(super) fn show_list(list: &List, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let now = context.clock.now();
    let filter = DifferenceFilter {
        state: list.state.clone(),
        is_standing: list.state.is_none(),
        kind: list.kind.clone(),
        unit_code: list.unit.clone(),
        channel: list.channel.clone(),
        payment_id: list.payment.map(Uid),
        overdue_at: list.overdue.then_some(Ts(now)),
        after: None,
        limit: list.limit.max(0),
    };
    let items = context.ready_db()?.read(|queries| {
        let rows = queries.list_differences(tenant, &filter)?;
        differences_json(queries, &rows, now)
    })?;
    if context.is_json {
        say_json(&json!({ "items": items }));
    } else if items.is_empty() {
        say("no difference stands that fits");
    } else {
        say(&table(&items).to_string());
    }
    Ok(End::Done)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn table(items: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "id", "kind", "state", "unit", "channel", "bill", "amount", "hours", "due",
    ]);
    for item in items {
        let is_overdue = member(item, "is_overdue") == &Value::Bool(true);
        let due = text(member(item, "due_at"));
        table.add_row([
            text(member(item, "id")),
            text(member(item, "kind")),
            text(member(item, "state")),
            text(member(item, "unit")),
            text(member(item, "channel")),
            text(member(item, "bill")),
            text(member(item, "amount")),
            text(member(item, "age_hours")),
            if is_overdue {
                format!("{due} (overdue)")
            } else {
                due
            },
        ]);
    }
    table
}

pub(super) fn show_one(one: &One, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let now = context.clock.now();
    let told = context.ready_db()?.read(|queries| {
        let row = queries.find_difference(tenant, Uid(one.id))?;
        row.map(|row| difference_in_full(queries, &row, now))
            .transpose()
    })?;
    let told = told.with_context(|| format!("there is no difference {}", one.id))?;
    if context.is_json {
        say_json(&told);
        return Ok(End::Done);
    }
    say(&table(std::slice::from_ref(&told)).to_string());
    let evidence = member(&told, "evidence");
    let reason = evidence.pointer("/match/reason").unwrap_or(&Value::Null);
    say(&format!("why: {}", text(reason)));
    let ways = member(&told, "ways_out")
        .as_array()
        .cloned()
        .unwrap_or_default();
    let ways: Vec<String> = ways.iter().map(text).collect();
    say(&format!("ways out: {}", ways.join(", ")));
    for step in list_of(&told, "steps") {
        say(&format!(
            "  {}  {} by {}: {}",
            text(member(step, "taken_at")),
            text(member(step, "action")),
            text(member(step, "officer")),
            text(member(step, "reason")),
        ));
    }
    let suggestions = list_of(&told, "suggestions");
    if suggestions.is_empty() {
        say("no bill is suggested");
    }
    for found in suggestions {
        let mark = |mark: &Value| {
            let is_matched = member(mark, "is_matched") == &Value::Bool(true);
            let sign = if is_matched { "✔" } else { "✘" };
            format!("{sign} {}", text(member(mark, "field")))
        };
        let marks: Vec<String> = list_of(found, "marks").iter().map(mark).collect();
        say(&format!(
            "  {} of dossier {}, {} due   {}",
            text(member(found, "bill")),
            text(member(found, "dossier")),
            text(member(found, "rest")),
            marks.join("  "),
        ));
    }
    Ok(End::Done)
}

fn list_of<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    member(value, name).as_array().map_or(&[], Vec::as_slice)
}
