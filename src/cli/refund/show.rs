//! Showing refunds: a list as a table or JSON, or one refund with its steps. Changes nothing.

use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::output::{say, say_json};
use crate::cli::{Context, End, Usage};
use crate::domain::money::{Currency, Money};
use crate::domain::refund::RefundState;
use crate::reporting::table::{Cell, Column, Kind, Table, to_text};
use crate::store::ops::RefundFilter;
use crate::store::rows::{RefundRow, RefundStepRow};
use crate::store::types::Uid;
use crate::web::api::refunds::{refunds_json, with_steps};

/// Which refunds to list.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// proposed, requested, withdrawn, to_send, sent, succeeded, failed, by_hand or called_off
    #[arg(long)]
    state: Option<String>,
    /// Those that are not ended only
    #[arg(long)]
    standing: bool,
    /// One unit only
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// One payment only
    #[arg(long, value_name = "ID")]
    payment: Option<Uuid>,
    /// The one the provider knows under this id
    #[arg(long, value_name = "ID")]
    provider_refund_id: Option<String>,
    /// Those the bank knows under this reference
    #[arg(long, value_name = "TEXT")]
    bank_reference: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

/// Which refund to show.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The refund
    id: Uuid,
}

pub(super) fn show_list(list: &List, tenant: i32, context: &Context) -> anyhow::Result<End> {
    if let Some(state) = &list.state
        && RefundState::parse(state).is_none()
    {
        let known: Vec<&str> = RefundState::ALL.iter().map(|one| one.as_str()).collect();
        let problem = format!("--state {state}: write one of {}", known.join(", "));
        return Err(Usage(problem).into());
    }
    let filter = RefundFilter {
        state: list.state.clone(),
        is_standing: list.standing,
        unit_code: list.unit.clone(),
        payment_id: list.payment.map(Uid),
        provider_refund_id: list.provider_refund_id.clone(),
        bank_reference: list.bank_reference.clone(),
        limit: list.limit.max(0),
        ..RefundFilter::default()
    };
    let db = context.ready_db()?;
    let rows = db.read(|queries| queries.list_refunds(tenant, &filter))?;
    if context.is_json {
        let items = db.read(|queries| refunds_json(queries, tenant, rows.clone()))?;
        say_json(&json!({ "items": items }));
    } else if rows.is_empty() {
        say("there are no such refunds");
    } else {
        say(to_text(&table_of(&rows)).trim_end());
    }
    Ok(End::Done)
}

fn columns(named: &[(&'static str, &str, Kind)]) -> Vec<Column> {
    let column = |(key, title, kind): &(&'static str, &str, Kind)| Column {
        key,
        title: (*title).to_owned(),
        kind: *kind,
    };
    named.iter().map(column).collect()
}

fn money(minor: i64, currency: &str) -> Cell {
    Cell::Money(Money::new(
        minor,
        Currency::parse(currency).unwrap_or(Currency::VND),
    ))
}

fn or_empty(text: Option<&String>) -> Cell {
    text.map_or(Cell::Empty, |text| Cell::Text(text.clone()))
}

fn table_of(rows: &[RefundRow]) -> Table {
    let cells = |row: &RefundRow| {
        vec![
            Cell::Text(row.refund_id.0.to_string()),
            Cell::Text(row.state.clone()),
            money(row.amount_minor, &row.currency),
            Cell::Text(row.source.clone()),
            Cell::Text(row.rule.clone()),
            Cell::Text(row.unit_code.clone()),
            or_empty(row.requested_by.as_ref()),
            or_empty(row.approved_by.as_ref()),
        ]
    };
    Table {
        title: "Refunds".to_owned(),
        columns: columns(&[
            ("id", "Refund", Kind::Text),
            ("state", "State", Kind::Text),
            ("amount", "Amount", Kind::Money),
            ("source", "From", Kind::Text),
            ("rule", "Rule", Kind::Text),
            ("unit", "Unit", Kind::Text),
            ("requested_by", "Asked by", Kind::Text),
            ("approved_by", "Approved by", Kind::Text),
        ]),
        rows: rows.iter().map(cells).collect(),
        ..Table::default()
    }
}

pub(super) fn show_one(show: &Show, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let row = db.read(|queries| queries.find_refund(tenant, Uid(show.id)))?;
    let row = row.context("there is no such refund")?;
    if context.is_json {
        let shown = db.read(|queries| with_steps(queries, row.clone()))?;
        say_json(&serde_json::to_value(shown).unwrap_or(Value::Null));
        return Ok(End::Done);
    }
    let steps = db.read(|queries| queries.list_refund_steps(tenant, row.refund_id))?;
    say(to_text(&table_of(std::slice::from_ref(&row))).trim_end());
    say(&format!("payment {}: {}", row.payment_id.0, row.reason));
    if steps.is_empty() {
        say("no step was taken yet");
    } else {
        say(to_text(&table_of_steps(&row.currency, &steps)).trim_end());
    }
    Ok(End::Done)
}

fn table_of_steps(currency: &str, steps: &[RefundStepRow]) -> Table {
    let cells = |step: &RefundStepRow| {
        vec![
            Cell::Integer(step.revision.into()),
            Cell::Text(step.taken_at.0.to_rfc3339()),
            Cell::Text(step.action.clone()),
            or_empty(step.officer.as_ref()),
            money(step.amount_minor, currency),
            Cell::Text(step.reason.clone()),
            or_empty(step.evidence.as_ref()),
        ]
    };
    Table {
        title: "Steps".to_owned(),
        columns: columns(&[
            ("revision", "No", Kind::Integer),
            ("taken_at", "At", Kind::Text),
            ("action", "Step", Kind::Text),
            ("officer", "Officer", Kind::Text),
            ("set_aside", "Set aside", Kind::Money),
            ("reason", "Reason", Kind::Text),
            ("evidence", "Evidence", Kind::Text),
        ]),
        rows: steps.iter().map(cells).collect(),
        ..Table::default()
    }
}
