//! `doisoat difference list|show|resolve|undo|comment|acknowledge`: what needs a person, and what an
//! officer does about it. What may be done is decided by the journeys; here it is only asked.

mod show;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use uuid::Uuid;

use show::{show_list, show_one};

use super::output::{say, say_json};
use super::{Context, End, Usage};
use crate::domain::difference::{DifferenceKind, DifferenceState, WayOut};
use crate::domain::ids::{Tenant, uuid_at};
use crate::journeys::case_desk::{CaseDesk, CaseError, CaseOutcome};
use crate::journeys::note_difference::{Note, note_difference};
use crate::journeys::reopen_difference::{Reopening, reopen_difference};
use crate::journeys::resolve_difference::{BillPart, Resolution, resolve_difference};
use crate::store::types::Uid;
use crate::web::api::decide_differences::outcome_json;

/// Arguments of `difference`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The installation
    #[arg(long, default_value_t = 1, global = true)]
    tenant: i32,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show differences that stand, the oldest first
    List(List),
    /// Show one with its steps, the ways out and suggestions
    Show(One),
    /// Take a way out
    Resolve(Resolve),
    /// Undo the last step that had an effect
    Undo(Undo),
    /// Leave a remark
    Comment(Words),
    /// Take it on
    Acknowledge(Acknowledge),
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> PossibleValuesParser {
    let words: Vec<&'static str> = all.iter().map(|one| word(*one)).collect();
    PossibleValuesParser::new(words)
}

#[derive(Debug, clap::Args)]
struct List {
    /// One state only; without it, all that stand
    #[arg(long, value_parser = words(DifferenceState::ALL, DifferenceState::as_str))]
    state: Option<String>,
    /// One kind only
    #[arg(long, value_parser = words(DifferenceKind::ALL, DifferenceKind::as_str))]
    kind: Option<String>,
    /// Those of one unit only
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// One channel only
    #[arg(long)]
    channel: Option<String>,
    /// One payment only
    #[arg(long, value_name = "ID")]
    payment: Option<Uuid>,
    /// Only those whose time has ended
    #[arg(long)]
    overdue: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The difference
    id: Uuid,
}

#[derive(Debug, clap::Args)]
struct Resolve {
    /// The difference
    id: Uuid,
    /// The way out
    #[arg(value_parser = words(WayOut::ALL, WayOut::as_str))]
    way: String,
    /// A bill that gets money, as REFERENCE or REFERENCE=AMOUNT; may be given several times
    #[arg(long = "bill", value_name = "REFERENCE[=AMOUNT]")]
    bills: Vec<String>,
    /// The last day to wait for a top-up
    #[arg(long, value_name = "DAY", value_parser = crate::cli::context::read_day)]
    until: Option<NaiveDate>,
    /// The unit to hand it to; "" for the province
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    #[command(flatten)]
    deciding: Deciding,
}

#[derive(Debug, clap::Args)]
struct Undo {
    /// The difference
    id: Uuid,
    #[command(flatten)]
    deciding: Deciding,
}

#[derive(Debug, clap::Args)]
struct Deciding {
    /// Why
    #[arg(long)]
    reason: String,
    /// The officer who decides
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// The revision the decision was made on; the present one by default
    #[arg(long)]
    revision: Option<i32>,
    /// Only show what would be posted
    #[arg(long)]
    preview: bool,
}

#[derive(Debug, clap::Args)]
struct Words {
    /// The difference
    id: Uuid,
    /// The remark
    text: String,
    /// The officer who remarks
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
}

#[derive(Debug, clap::Args)]
struct Acknowledge {
    /// The difference
    id: Uuid,
    /// The officer who takes it on
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
}

/// Runs the command.
///
/// # Errors
/// When the database cannot be used, or the step is refused.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let tenant = arguments.tenant;
    match &arguments.action {
        Action::List(list) => show_list(list, tenant, context),
        Action::Show(one) => show_one(one, tenant, context),
        Action::Resolve(resolve) => decide(resolve, tenant, context),
        Action::Undo(undo) => {
            let reopening = Reopening {
                reason: undo.deciding.reason.clone(),
                revision: revision(&undo.deciding, undo.id, tenant, context)?,
                is_preview: undo.deciding.preview,
            };
            step(context, tenant, &undo.deciding.officer, |desk| {
                reopen_difference(context.ready_db()?, desk, undo.id, &reopening)
                    .map_err(anyhow::Error::from)
            })
        }
        Action::Comment(words) => step(context, tenant, &words.officer, |desk| {
            note_difference(
                context.ready_db()?,
                desk,
                words.id,
                Note::Comment,
                &words.text,
            )
            .map_err(anyhow::Error::from)
        }),
        Action::Acknowledge(one) => step(context, tenant, &one.officer, |desk| {
            note_difference(context.ready_db()?, desk, one.id, Note::Acknowledgement, "")
                .map_err(anyhow::Error::from)
        }),
    }
}

fn decide(resolve: &Resolve, tenant: i32, context: &Context) -> anyhow::Result<End> {
    let way = WayOut::parse(&resolve.way)
        .ok_or_else(|| Usage(format!("{} is no way out", resolve.way)))?;
    let part = |text: &String| match text.split_once('=') {
        Some((reference, amount)) => BillPart {
            reference: reference.to_owned(),
            amount: Some(amount.to_owned()),
        },
        None => BillPart {
            reference: text.clone(),
            amount: None,
        },
    };
    let resolution = Resolution {
        way,
        reason: resolve.deciding.reason.clone(),
        revision: revision(&resolve.deciding, resolve.id, tenant, context)?,
        bills: resolve.bills.iter().map(part).collect(),
        until: resolve.until,
        unit: resolve.unit.clone(),
        is_preview: resolve.deciding.preview,
    };
    step(context, tenant, &resolve.deciding.officer, |desk| {
        resolve_difference(context.ready_db()?, desk, resolve.id, &resolution)
            .map_err(anyhow::Error::from)
    })
}

/// The revision that was given, or the present one.
fn revision(deciding: &Deciding, id: Uuid, tenant: i32, context: &Context) -> anyhow::Result<i32> {
    if let Some(revision) = deciding.revision {
        return Ok(revision);
    }
    let db = context.ready_db()?;
    let row = db.read(|queries| queries.find_difference(tenant, Uid(id)))?;
    let row = row.with_context(|| format!("there is no difference {id}"))?;
    Ok(row.revision)
}

/// Sits an officer at the desk. Whoever runs commands on the server may approve as well; the unit is
/// the officer's own.
fn step(
    context: &Context,
    tenant: i32,
    officer: &str,
    story: impl FnOnce(&CaseDesk<'_>) -> anyhow::Result<CaseOutcome>,
) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let known = db.read(|queries| queries.find_officer(tenant, officer))?;
    let unit = known.and_then(|row| row.unit_code);
    let now = context.clock.now();
    let holder = uuid_at(now).to_string();
    let desk = CaseDesk {
        tenant: Tenant(tenant),
        holder: &holder,
        now,
        officer,
        unit: unit.as_deref(),
        may_approve: true,
    };
    match story(&desk) {
        Ok(told) => {
            tell(context, &told);
            Ok(End::Done)
        }
        Err(error) => refused(context, error),
    }
}

/// A refusal in JSON carries its stable code; otherwise it is a sentence.
fn refused(context: &Context, error: anyhow::Error) -> anyhow::Result<End> {
    match error.downcast_ref::<CaseError>() {
        Some(CaseError::Refused(refusal)) if context.is_json => {
            say_json(&json!({ "refused": refusal.code(), "detail": refusal.to_string() }));
            Ok(End::Failed)
        }
        Some(_) | None => Err(error),
    }
}

fn tell(context: &Context, told: &CaseOutcome) {
    if context.is_json {
        say_json(&outcome_json(told));
        return;
    }
    let would = if told.is_preview { "would be" } else { "is" };
    let state = told.state.as_str();
    say(&format!("the difference {would} {state}"));
    for posting in &told.postings {
        say(&format!(
            "  {}: debit {}, credit {}, {}",
            posting.event.as_str(),
            posting.debit,
            posting.credit,
            posting.amount
        ));
    }
    for refund in &told.refunds {
        say(&format!("  refund {refund} {would} asked for"));
    }
}
