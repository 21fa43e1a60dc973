//! `doisoat reconcile`: compares a day's payments with the settlement files and bank statements that
//! were imported, recovers payments that a line proves, keeps what became of every item and says why,
//! opens and settles differences and posts what agrees. It can be asked as often as files come in, until
//! the day is closed.

use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::output::{say, say_json};
use super::{Context, End};
use crate::domain::ids::Tenant;
use crate::journeys::compare_days::DaysCompared;
use crate::journeys::days::DayError;
use crate::journeys::days::compared_rows::settlement;
use crate::journeys::reconcile::outcomes::counts;
use crate::journeys::reconcile::recover::Recovered;
use crate::journeys::reconcile::settle::Settled;
use crate::journeys::reconcile::{DifferenceCounts, Reconciling, preview_day, reconcile_day};
use crate::reconciliation::compare::{Item, Outcome, OutcomeKind};
use crate::web::api::outcomes::followed_json;

/// Arguments of `reconcile`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Payments, settlement lines and bank lines of the days around are compared too, so that a payout\n\
    of tomorrow finds its batch; what is shown and kept belongs to the day. Files come in by `statement import`.\n\
    Running it again replaces what was found; differences keep their ids, and nothing is posted twice.\n\n\
    Exit status: 0 when nothing needs a person, 1 when there are differences or a file that was due is missing."
)]
pub struct Arguments {
    /// The day, such as 2026-01-05
    #[arg(long, value_parser = crate::cli::context::read_day)]
    day: NaiveDate,
    /// The officer who asks for it; without one it counts as done by the machine
    #[arg(long = "as", value_name = "OFFICER")]
    officer: Option<String>,
    /// Keep and post nothing
    #[arg(long)]
    preview: bool,
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
/// When the configuration or the database cannot be used, or the day may not be reconciled.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let run = Reconciling {
        db: context.ready_db()?,
        settings: context.settings()?,
        tenant: Tenant(arguments.tenant),
        officer: arguments.officer.as_deref(),
        now: context.clock.now(),
    };
    let done = if arguments.preview {
        preview_day(&run, arguments.day).map(|compared| (compared, None))
    } else {
        let kept = reconcile_day(&run, arguments.day);
        kept.map(|kept| {
            let followed = (kept.recovered, kept.settled);
            (
                kept.compared,
                Some((kept.differences, kept.digest, followed)),
            )
        })
    };
    let (compared, kept) = match done {
        Ok(done) => done,
        Err(DayError::Refused(refusal)) if context.is_json => {
            say_json(&json!({ "refused": refusal.code(), "detail": refusal.to_string() }));
            return Ok(End::Failed);
        }
        Err(error) => return Err(error.into()),
    };
    let found = Found::on(&compared);
    if context.is_json {
        say_json(&found.to_json(&compared, arguments, kept.as_ref()));
    } else {
        found.in_words(&compared, arguments);
        if let Some((counts, _, (recovered, settled))) = &kept {
            say(&format!(
                "kept, of items and of files: {} differences opened, {} settled, {} found again, {} changed",
                counts.opened, counts.settled, counts.reopened, counts.changed
            ));
            tell(recovered, settled);
        }
    }
    Ok(
        if found.differences() == 0 && compared.expected.missing.is_empty() {
            End::Done
        } else {
            End::Failed
        },
    )
}

/// What became of differences, the hash of the outcomes that are kept, and what followed for money.
type Kept = (DifferenceCounts, Vec<u8>, (Vec<Recovered>, Settled));

/// What became of the items of one day.
struct Found<'a> {
    items: Vec<(Item, &'a Outcome)>,
}

impl<'a> Found<'a> {
    fn on(compared: &'a DaysCompared) -> Self {
        Self {
            items: compared.of_the_day().collect(),
        }
    }

    fn differences(&self) -> usize {
        let is_difference = |(_, outcome): &&(Item, &Outcome)| outcome.kind.is_difference();
        self.items.iter().filter(is_difference).count()
    }

    fn shown(&self, is_all: bool) -> impl Iterator<Item = &(Item, &'a Outcome)> {
        self.items.iter().filter(move |(_, outcome)| {
            is_all || outcome.kind.is_difference() || outcome.kind == OutcomeKind::Waiting
        })
    }

    fn to_json(
        &self,
        compared: &DaysCompared,
        arguments: &Arguments,
        kept: Option<&Kept>,
    ) -> Value {
        let counts = counts(compared).into_iter().map(
            |((side, kind), count)| json!({ "side": side.as_str(), "outcome": kind.as_str(), "count": count }),
        );
        let kept = kept.map(|(counts, digest, (recovered, settled))| {
            json!({
                "money": followed_json(recovered, settled),
                "opened": counts.opened, "settled": counts.settled, "reopened": counts.reopened,
                "changed": counts.changed, "sha256": hex::encode(digest),
            })
        });
        let items = self.shown(arguments.all).map(|(item, outcome)| {
            json!({
                "side": item.side().as_str(),
                "item": compared.name(*item),
                "outcome": outcome.kind.as_str(),
                "difference_minor": outcome.difference,
                "turns_on": outcome.turns_on.map(|day| day.to_string()),
                "reason": compared.reason(*item),
            })
        });
        json!({
            "day": arguments.day.to_string(),
            "differences": self.differences(),
            "counts": counts.collect::<Vec<_>>(),
            "items": items.collect::<Vec<_>>(),
            "missing_files": missing(compared),
            "settlement": settlement(compared).0,
            "kept": kept,
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
        let mut told = table(["side", "outcome", "count"]);
        for ((side, kind), count) in counts(compared) {
            told.add_row([
                side.as_str().to_owned(),
                kind.as_str().to_owned(),
                count.to_string(),
            ]);
        }
        right(&mut told, 2);
        say(&told.to_string());
        let mut items = table(["item", "outcome", "difference", "by", "with"]);
        for (item, outcome) in self.shown(arguments.all) {
            let Some(why) = compared.reason(*item) else {
                continue;
            };
            let rejected = why.rejected.iter().map(|one| format!("({})", one.item));
            let with: Vec<String> = why.matched.iter().cloned().chain(rejected).collect();
            items.add_row([
                compared.name(*item),
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
        let items = match self.differences() {
            0 => String::new(),
            1 => "1 item needs a person".to_owned(),
            count => format!("{count} items need a person"),
        };
        let files = match compared.expected.missing.len() {
            0 => String::new(),
            1 => "1 file is missing".to_owned(),
            count => format!("{count} files are missing"),
        };
        say(&match (items.is_empty(), files.is_empty()) {
            (true, true) => "nothing needs a person".to_owned(),
            (true, false) => format!("no difference so far, but {files}"),
            (false, true) => items,
            (false, false) => format!("{items}, and {files}"),
        });
    }
}

/// What followed for money, in words.
fn tell(recovered: &[Recovered], settled: &Settled) {
    for one in recovered {
        let (channel, place) = (&one.channel, one.place);
        let order = one.order_ref.as_deref().unwrap_or("-");
        let amount = one.amount.to_decimal_text();
        say(&format!(
            "recovered: {amount} of order {order} on {channel}, by line {place} of file {}: payment {}",
            one.file_id.0, one.payment_id
        ));
    }
    for one in &settled.left {
        say(&format!("not posted: {}: {}", one.subject, one.why));
    }
    let (posted, proven) = (settled.entries.len(), settled.proven.len());
    if posted + proven > 0 {
        say(&format!(
            "entries posted: {posted}; remittances proven: {proven}"
        ));
    }
}

fn missing(compared: &DaysCompared) -> Vec<Value> {
    let told = compared.expected.missing.iter();
    told.map(|(source, due)| json!({ "source": source, "due": due.to_string() }))
        .collect()
}

fn files(compared: &DaysCompared) -> Vec<Value> {
    let used = compared.files_of_the_day().into_iter();
    used.map(|file| json!({ "source": file.source, "name": file.file_name, "id": file.file_id.0 }))
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
