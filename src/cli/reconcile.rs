//! `doisoat reconcile`: compares a day's payments with the settlement files and bank statements that
//! were imported, and says of every item what became of it and why. Stores nothing, so that it can be
//! asked as often as files come in.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::output::{say, say_json};
use super::{Context, End};
use crate::domain::ids::Tenant;
use crate::domain::time::vietnam_day;
use crate::journeys::compare_days::{DaysCompared, compare_days};
use crate::reconciliation::compare::bridge::bridge;
use crate::reconciliation::compare::reason::{name, reason};
use crate::reconciliation::compare::{Item, Outcome, OutcomeKind};

/// Arguments of `reconcile`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Payments, settlement lines and bank lines of the days around are compared too, so that a payout\n\
    of tomorrow finds its batch; what is shown belongs to the day. Files come in by `statement import`.\n\n\
    Exit status: 0 when nothing needs a person, 1 when there are differences or a file that was due is missing."
)]
pub struct Arguments {
    /// The day, such as 2026-01-05
    #[arg(long)]
    day: NaiveDate,
    /// Show what agrees too, not only what differs or waits
    #[arg(long)]
    all: bool,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

/// Runs the command; fails when something needs a person.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let settings = context.settings()?;
    let db = context.ready_db()?;
    let today = vietnam_day(context.clock.now());
    let tenant = Tenant(arguments.tenant);
    let compared =
        db.read(|queries| compare_days(queries, settings, tenant, arguments.day, today))?;
    let found = Found::on(&compared, arguments.day);
    if context.is_json {
        say_json(&found.to_json(&compared, arguments));
    } else {
        found.in_words(&compared, arguments);
    }
    Ok(
        if found.differences() == 0 && compared.expected.missing.is_empty() {
            End::Done
        } else {
            End::Failed
        },
    )
}

/// What became of the items of one day.
struct Found<'a> {
    items: Vec<(Item, &'a Outcome)>,
}

impl<'a> Found<'a> {
    fn on(compared: &'a DaysCompared, day: NaiveDate) -> Self {
        let of_day = |(item, _): &(Item, &Outcome)| compared.day_of(*item) == Some(day);
        Self {
            items: compared.comparison.all().filter(of_day).collect(),
        }
    }

    fn differences(&self) -> usize {
        let is_difference = |(_, outcome): &&(Item, &Outcome)| outcome.kind.is_difference();
        self.items.iter().filter(is_difference).count()
    }

    /// How many there are of each side and kind.
    fn counts(&self) -> BTreeMap<(&'static str, OutcomeKind), u64> {
        let mut counts = BTreeMap::new();
        for (item, outcome) in &self.items {
            *counts.entry((side(*item), outcome.kind)).or_default() += 1;
        }
        counts
    }

    fn shown(&self, is_all: bool) -> impl Iterator<Item = &(Item, &'a Outcome)> {
        self.items.iter().filter(move |(_, outcome)| {
            is_all || outcome.kind.is_difference() || outcome.kind == OutcomeKind::Waiting
        })
    }

    fn to_json(&self, compared: &DaysCompared, arguments: &Arguments) -> Value {
        let counts = self.counts().into_iter().map(
            |((side, kind), count)| json!({ "side": side, "outcome": kind.as_str(), "count": count }),
        );
        let items = self.shown(arguments.all).map(|(item, outcome)| {
            json!({
                "side": side(*item),
                "item": name(&compared.input, &compared.comparison, *item),
                "outcome": outcome.kind.as_str(),
                "difference_minor": outcome.difference,
                "turns_on": outcome.turns_on.map(|day| day.to_string()),
                "reason": reason(&compared.input, &compared.comparison, *item),
            })
        });
        json!({
            "day": arguments.day.to_string(),
            "differences": self.differences(),
            "counts": counts.collect::<Vec<_>>(),
            "items": items.collect::<Vec<_>>(),
            "missing_files": missing(compared),
            "bridges_of_days_around": bridges(compared),
            "files": files(compared),
        })
    }

    fn in_words(&self, compared: &DaysCompared, arguments: &Arguments) {
        for (source, due) in &compared.expected.missing {
            say(&format!(
                "incomplete: no line of {source} is known for {}, and its file was due on {due}",
                arguments.day
            ));
        }
        if self.items.is_empty() {
            say(&format!(
                "{}: no payment and no line of a file is known; import files with `statement import`",
                arguments.day
            ));
            return;
        }
        let mut counts = table(["side", "outcome", "count"]);
        for ((side, kind), count) in self.counts() {
            counts.add_row([side.to_owned(), kind.as_str().to_owned(), count.to_string()]);
        }
        right(&mut counts, 2);
        say(&counts.to_string());
        let mut items = table(["item", "outcome", "difference", "by", "with"]);
        for (item, outcome) in self.shown(arguments.all) {
            let Some(why) = reason(&compared.input, &compared.comparison, *item) else {
                continue;
            };
            let rejected = why.rejected.iter().map(|one| format!("({})", one.item));
            let with: Vec<String> = why.matched.iter().cloned().chain(rejected).collect();
            items.add_row([
                name(&compared.input, &compared.comparison, *item),
                outcome.kind.as_str().to_owned(),
                outcome.difference.to_string(),
                outcome.rule.as_str().to_owned(),
                with.join(", "),
            ]);
        }
        right(&mut items, 2);
        if items.row_count() > 0 {
            say("");
            say(&items.to_string());
        }
        for (number, file) in compared.files.iter().enumerate() {
            say(&format!(
                "file {number}: {} of {}",
                file.file_name, file.source
            ));
        }
        say(&match self.differences() {
            0 if compared.expected.missing.is_empty() => "nothing needs a person".to_owned(),
            0 => "no difference so far, but a file is missing".to_owned(),
            count => format!("{count} items need a person"),
        });
    }
}

fn side(item: Item) -> &'static str {
    match item {
        Item::Payment(_) => "payment",
        Item::Line(_) => "settlement_line",
        Item::Bank(_) => "bank_line",
        Item::Refund(_) => "refund",
        Item::Payout(_) => "payout",
        Item::Batch(_) => "batch",
    }
}

/// The bridge of every channel over all the days compared.
fn bridges(compared: &DaysCompared) -> Vec<Value> {
    let told = compared.channels.iter().map(|(channel, number)| {
        let one = bridge(&compared.input, &compared.comparison, *number);
        let spans = one.spans.iter().map(|span| {
            json!({ "outcome": span.kind.as_str(), "count": span.count, "amount_minor": span.amount })
        });
        json!({
            "channel": channel,
            "provider_total_minor": one.provider_total,
            "ledger_total_minor": one.ledger_total,
            "explained": spans.collect::<Vec<_>>(),
            "residual_minor": one.residual,
        })
    });
    told.collect()
}

fn missing(compared: &DaysCompared) -> Vec<Value> {
    let told = compared.expected.missing.iter();
    told.map(|(source, due)| json!({ "source": source, "due": due.to_string() }))
        .collect()
}

fn files(compared: &DaysCompared) -> Vec<Value> {
    let told = compared.files.iter().enumerate();
    told.map(|(number, file)| json!({ "number": number, "source": file.source, "name": file.file_name, "id": file.file_id.0 }))
        .collect()
}

fn table<const COLUMNS: usize>(heading: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(heading);
    table
}

fn right(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
