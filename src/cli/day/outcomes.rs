//! `doisoat day outcomes`: what the comparison that is kept found of each item of a day.

use anyhow::Context as _;
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::text;
use crate::cli::output::{say, say_json};
use crate::cli::{Context, End};
use crate::domain::ids::Tenant;
use crate::journeys::reconcile::read_outcomes::{
    OutcomeFilter, kind_named, read_outcomes, side_named,
};
use crate::reconciliation::compare::{OutcomeKind, Side};

#[derive(Debug, clap::Args)]
pub(super) struct Outcomes {
    /// The day, such as 2026-01-05
    #[arg(value_parser = crate::cli::context::read_day)]
    day: NaiveDate,
    /// One outcome only, such as amount_mismatch
    #[arg(long, value_parser = kind_named)]
    outcome: Option<OutcomeKind>,
    /// One side only: payment, settlement_line, bank_line, refund, payout or batch
    #[arg(long, value_parser = side_named)]
    side: Option<Side>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used, or the day was not compared yet.
pub(super) fn run(asked: &Outcomes, tenant: Tenant, context: &Context) -> anyhow::Result<End> {
    let filter = OutcomeFilter {
        kind: asked.outcome,
        side: asked.side,
        limit: asked.limit,
        ..OutcomeFilter::default()
    };
    let found = context.ready_db()?.read(|queries| {
        let Some(row) = queries.find_comparison(tenant.0, asked.day)? else {
            return Ok(None);
        };
        let (items, next) = read_outcomes(queries, &row, &filter)?;
        Ok::<_, crate::store::failure::Failure>(Some((row, items, next.is_some())))
    })?;
    let (row, items, has_more) = found.with_context(|| {
        let day = asked.day;
        format!("{day} was not compared yet: run reconcile --day {day}")
    })?;
    if context.is_json {
        say_json(&json!({
            "day": row.day.to_string(), "compared_by": row.compared_by,
            "compared_at": row.compared_at.0.to_rfc3339(),
            "sha256": hex::encode(&row.digest), "items": items, "has_more": has_more,
        }));
        return Ok(End::Done);
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["side", "item", "outcome", "by", "difference", "with"]);
    for item in &items {
        let with = item.pointer("/with").and_then(Value::as_array);
        let with = with.into_iter().flatten();
        let with = with.map(|one| format!("{} {}", text(one, "/role"), item_name(one)));
        table.add_row([
            text(item, "/side"),
            item_name(item),
            text(item, "/outcome"),
            text(item, "/rule"),
            text(item, "/difference_minor"),
            with.collect::<Vec<_>>().join("\n"),
        ]);
    }
    say(&table.to_string());
    if has_more {
        say("there are more: raise --limit");
    }
    Ok(End::Done)
}

/// An item by its id, or by its file and line.
fn item_name(told: &Value) -> String {
    let at = |path: &str| text(told, path);
    let is_given = |path: &str| told.pointer(path).is_some();
    if is_given("/item/id") {
        at("/item/id")
    } else if is_given("/item/line") {
        format!("{} line {}", at("/item/name"), at("/item/line"))
    } else {
        match at("/item/batch") {
            unnamed if unnamed.is_empty() => format!("{}, the whole file", at("/item/name")),
            batch => format!("{} batch \"{batch}\"", at("/item/name")),
        }
    }
}
