//! `doisoat remittance …`: records, for an officer, a bank transfer that passed money on to the Treasury
//! or the collecting body, and lists what was passed on. `--preview` shows the entry and does nothing.

use chrono::NaiveDate;
use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End, Usage};
use crate::domain::dossier::FeeKind;
use crate::domain::ids::Tenant;
use crate::domain::money::{Currency, Money};
use crate::journeys::reconcile::pass_on::{Remitted, Transfer, pass_on};
use crate::journeys::refunds::Hand;
use crate::reporting::table::{Cell, Column, Kind, Table, to_text};
use crate::store::ops::RemittanceFilter;
use crate::store::rows::RemittanceRow;
use crate::web::api::remittances::{remittances_json, remitted_json};

/// Arguments of `remittance`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The installation
    #[arg(long, value_name = "T", default_value_t = 1, global = true)]
    tenant: i32,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record a bank transfer that passed a unit's fees on, and post it
    #[command(
        after_help = "Never more than the unit owes of a fee kind, than was received for it, or than stands on the\n\
        account; a reference counts once per account. The debit on a bank statement that carries the\n\
        reference proves it when its day is reconciled.\n\n\
        Exit status: 0 when it was recorded, 1 when it is refused."
    )]
    Record(Record),
    /// List what was passed on, oldest first
    List(List),
}

#[derive(Debug, clap::Args)]
struct Record {
    /// The officer who records it
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// The unit whose fees it is
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account it left
    #[arg(long, value_name = "ACCOUNT")]
    bank: String,
    /// How much of a fee kind (phi, le_phi, tax, other), such as phi=50000; once for each kind
    #[arg(long = "amount", value_name = "KIND=AMOUNT", required = true)]
    amounts: Vec<String>,
    /// In what
    #[arg(long, value_name = "CODE", default_value = "VND")]
    currency: String,
    /// The bank's reference of the transfer
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// The day on which the bank paid it, such as 2026-01-07
    #[arg(long, value_parser = crate::cli::context::read_day)]
    day: NaiveDate,
    /// Show the entry, and do nothing
    #[arg(long)]
    preview: bool,
}

#[derive(Debug, clap::Args)]
struct List {
    /// One unit only
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Those that no bank statement shows yet only
    #[arg(long)]
    unproven: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

/// Runs the command.
///
/// # Errors
/// When the record is refused, or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    match &arguments.action {
        Action::Record(asked) => record(asked, arguments.tenant, context),
        Action::List(asked) => list(asked, arguments.tenant, context),
    }
}

fn record(asked: &Record, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let amounts: Result<Vec<(FeeKind, String)>, Usage> =
        asked.amounts.iter().map(|one| part(one)).collect();
    let currency = Currency::parse(&asked.currency)
        .map_err(|error| Usage(format!("--currency {}: {error}", asked.currency)))?;
    let transfer = Transfer {
        unit: asked.unit.clone(),
        bank: asked.bank.clone(),
        amounts: amounts?,
        currency,
        reference: asked.reference.clone(),
        day: asked.day,
    };
    let hand = Hand {
        tenant: Tenant(tenant),
        officer: &asked.officer,
        unit: None,
        holder: &context.holder,
        now: context.clock.now(),
        is_preview: asked.preview,
    };
    let remitted = match pass_on(context.ready_db()?, &hand, &transfer) {
        Ok(remitted) => remitted,
        Err(refusal) if context.is_json => {
            let (code, detail) = (refusal.code(), refusal.to_string());
            say_json(&json!({ "code": code, "detail": detail }));
            return Ok(End::Failed);
        }
        Err(refusal) => return Err(refusal.into()),
    };
    if context.is_json {
        say_json(&remitted_json(remitted, asked.preview));
    } else {
        tell(&remitted, asked.preview);
    }
    Ok(End::Done)
}

fn part(text: &str) -> Result<(FeeKind, String), Usage> {
    let known = text.split_once('=');
    let known = known.and_then(|(kind, amount)| Some((FeeKind::parse(kind.trim())?, amount)));
    let wrong = || {
        let kinds: Vec<&str> = FeeKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let kinds = kinds.join(", ");
        Usage(format!(
            "--amount {text}: write a fee kind ({kinds}) and how much, such as phi=50000"
        ))
    };
    let (kind, amount) = known.ok_or_else(wrong)?;
    Ok((kind, amount.trim().to_owned()))
}

fn tell(remitted: &Remitted, is_preview: bool) {
    if is_preview {
        say("nothing was done; this would be:");
    }
    let row = &remitted.row;
    let (id, reference, bank) = (row.remittance_id.0, &row.reference, &row.bank);
    say(&format!(
        "remittance {id}: {reference} of account {bank}, {}",
        row.day
    ));
    for posting in &remitted.entry {
        let (debit, credit) = (&posting.debit, &posting.credit);
        let amount = posting.amount.to_decimal_text();
        say(&format!("  {debit} < {credit}  {amount}"));
    }
}

fn list(asked: &List, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let filter = RemittanceFilter {
        unit_code: asked.unit.clone(),
        days: None,
        is_unproven: asked.unproven,
        after: None,
        limit: asked.limit.max(0),
    };
    let db = context.ready_db()?;
    let rows = db.read(|queries| queries.list_remittances(tenant, &filter))?;
    if context.is_json {
        let items = db.read(|queries| remittances_json(queries, tenant, rows.clone()))?;
        say_json(&json!({ "items": items }));
    } else if rows.is_empty() {
        say("there are no such remittances");
    } else {
        say(to_text(&table_of(&rows)).trim_end());
    }
    Ok(End::Done)
}

fn table_of(rows: &[RemittanceRow]) -> Table {
    let cells = |row: &RemittanceRow| {
        let currency = Currency::parse(&row.currency).unwrap_or(Currency::VND);
        let proven = row.file_id.zip(row.place);
        let proven = proven.map_or(Cell::Empty, |(file, place)| {
            Cell::Text(format!("line {place} of {}", file.0))
        });
        vec![
            Cell::Text(row.remittance_id.0.to_string()),
            Cell::Text(row.day.to_string()),
            Cell::Text(row.unit_code.clone()),
            Cell::Text(row.bank.clone()),
            Cell::Text(row.reference.clone()),
            Cell::Money(Money::new(row.total_minor, currency)),
            Cell::Text(row.recorded_by.clone()),
            proven,
        ]
    };
    let column = |(key, title, kind): (&'static str, &str, Kind)| Column {
        key,
        title: title.to_owned(),
        kind,
    };
    let columns = [
        ("id", "Remittance", Kind::Text),
        ("day", "Day", Kind::Text),
        ("unit", "Unit", Kind::Text),
        ("bank", "Account", Kind::Text),
        ("reference", "Reference", Kind::Text),
        ("amount", "Amount", Kind::Money),
        ("recorded_by", "Recorded by", Kind::Text),
        ("proven", "Shown by", Kind::Text),
    ];
    Table {
        title: "Remittances".to_owned(),
        columns: columns.into_iter().map(column).collect(),
        rows: rows.iter().map(cells).collect(),
        ..Table::default()
    }
}
