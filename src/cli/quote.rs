//! `doisoat quote`: what the fees of a procedure are in one case, rule by rule, and which rules lost.
//! Changes nothing.

use serde_json::json;

use super::output::{complain, say, say_json};
use super::{Context, End, Usage};
use crate::domain::dossier::SubmittedVia;
use crate::domain::money::{Currency, Money};
use crate::domain::tariff::formula::{MOST_MINOR, MOST_PIECES};
use crate::domain::time::{Day, vietnam_day};
use crate::reporting::quotes::{Question, Unpriced, ask};
use crate::reporting::table::to_text;

/// Arguments of `quote`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The procedure's code
    #[arg(long, value_name = "P")]
    procedure: String,
    /// One fee of it only, by its code
    #[arg(long, value_name = "CODE")]
    fee: Option<String>,
    /// The executing unit's code
    #[arg(long, value_name = "U")]
    unit: String,
    /// How the dossier is handed in: online, counter or post
    #[arg(long, value_name = "WAY")]
    via: String,
    /// The day of reception; today when not given
    #[arg(long, value_name = "D", value_parser = crate::cli::context::read_day)]
    on: Option<Day>,
    /// A group the person belongs to; may be given several times
    #[arg(long = "group", value_name = "G")]
    groups: Vec<String>,
    /// How many pieces, pages of one copy for instance
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=MOST_PIECES))]
    quantity: i64,
    /// The value that a percentage is taken of, in đồng
    #[arg(long, value_name = "AMOUNT")]
    base: Option<String>,
    /// The installation
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

/// Runs the command; fails when the rules give no amount.
///
/// # Errors
/// [`Usage`] for words that cannot be meant; otherwise when the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let question = question(arguments, context)?;
    let answer = context.ready_db()?.read(|queries| ask(queries, &question));
    match answer {
        Ok(quoted) if context.is_json => say_json(&quoted.to_value()),
        Ok(quoted) => say(to_text(&quoted.to_table()).trim_end()),
        Err(Unpriced::Failure(failure)) => return Err(failure.into()),
        Err(wrong @ Unpriced::Unknown { .. }) => return Err(Usage(wrong.to_string()).into()),
        Err(wrong @ Unpriced::Refused { .. }) => {
            if context.is_json {
                let problem = wrong.to_string();
                say_json(
                    &json!({ "outcome": "refused", "code": wrong.code(), "problem": problem }),
                );
            }
            complain(&format!("doisoat: {wrong}"));
            return Ok(End::Failed);
        }
    }
    Ok(End::Done)
}

fn question(arguments: &Arguments, context: &Context) -> Result<Question, Usage> {
    let via = SubmittedVia::parse(&arguments.via).ok_or_else(|| {
        Usage(format!(
            "\"{}\" is none of online, counter, post",
            arguments.via
        ))
    })?;
    let base = arguments.base.as_deref().map(base).transpose()?;
    Ok(Question {
        tenant: arguments.tenant,
        procedure: arguments.procedure.clone(),
        fee: arguments.fee.clone(),
        unit: arguments.unit.clone(),
        via,
        on: arguments
            .on
            .unwrap_or_else(|| vietnam_day(context.clock.now())),
        groups: arguments.groups.clone(),
        quantity: arguments.quantity,
        base,
    })
}

fn base(text: &str) -> Result<i64, Usage> {
    let money = Money::parse(text, Currency::VND).map_err(|error| Usage(error.to_string()))?;
    if money.minor() > MOST_MINOR {
        return Err(Usage(format!("{text} is larger than any base value")));
    }
    Ok(money.minor())
}
