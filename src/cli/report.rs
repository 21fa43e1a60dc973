//! `doisoat report NAME`: asks a report and writes its table for a terminal, as CSV, JSON or a
//! spreadsheet. Takes the period, the breakdown and the unit; computes nothing itself.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use super::output::say;
use super::{Context, End, Usage};
use crate::domain::lang::Lang;
use crate::domain::refund::RefundedRule;
use crate::domain::time::{Day, vietnam_day};
use crate::reporting::ask::{Ask, By, Refusal};
use crate::reporting::period::Period;
use crate::reporting::reports;
use crate::reporting::table::{Table, to_csv, to_json, to_text, to_xlsx};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which report: `indicators`, the id of one indicator, `day-sheet`, `provider-settlement`,
    /// `in-transit`, `unmatched-by-age`, `refunds-outstanding` or `reconciliation-quality`
    #[arg(value_name = "NAME")]
    name: String,
    /// First day; without it, the first of this quarter (of a day sheet: today)
    #[arg(long, value_name = "D", value_parser = crate::cli::context::read_day)]
    from: Option<Day>,
    /// Last day; without it, the last of the quarter of the first (of a day sheet: the first)
    #[arg(long, value_name = "D", value_parser = crate::cli::context::read_day)]
    to: Option<Day>,
    /// none, unit, level, procedure, field, kind, provider, via, day, week, month, quarter or year
    #[arg(long, value_name = "DIM", default_value = "none")]
    by: String,
    /// One unit and those below it
    #[arg(long, value_name = "U")]
    unit: Option<String>,
    /// The installation
    #[arg(long, value_name = "T", default_value_t = 1)]
    tenant: i32,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The file to write; without it, standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The language of names and notes
    #[arg(long, value_enum, default_value_t = Language::Vi)]
    lang: Language,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for eyes.
    Table,
    /// One line per row, for spreadsheets and programs.
    Csv,
    /// One object, for programs.
    Json,
    /// A spreadsheet.
    Xlsx,
}

/// The languages of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// Runs the command.
///
/// # Errors
/// [`Usage`] for a question that cannot be meant; otherwise when the configuration, the database
/// or the file cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let format = if context.is_json {
        Format::Json
    } else {
        arguments.format
    };
    if format == Format::Xlsx && arguments.output.is_none() && std::io::stdout().is_terminal() {
        return Err(Usage("a spreadsheet is no text: give --output FILE".to_owned()).into());
    }
    let refunded = context.settings()?.indicators.refunded;
    let ask = question(arguments, context, refunded).map_err(explained)?;
    let name = arguments.name.as_str();
    let table = context
        .ready_db()?
        .read(|db| reports::answer(name, db, &ask))
        .map_err(explained)?;
    let bytes = written(&table, format)?;
    match &arguments.output {
        Some(path) => {
            std::fs::write(path, bytes)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            if !context.is_json {
                say(&format!("wrote {}", path.display()));
            }
        }
        None => {
            // A reader that went away is not a fault.
            let _ = std::io::stdout().write_all(&bytes);
        }
    }
    Ok(End::Done)
}

fn question(
    arguments: &Arguments,
    context: &Context,
    refunded: RefundedRule,
) -> Result<Ask, Refusal> {
    let now = context.clock.now();
    let day = arguments.from.or(arguments.to);
    let usual = Period::around(
        day.unwrap_or_else(|| vietnam_day(now)),
        reports::step(&arguments.name),
    );
    Ok(Ask {
        tenant: arguments.tenant,
        period: Period::new(
            arguments.from.unwrap_or(usual.from()),
            arguments.to.unwrap_or(usual.to()),
        )?,
        unit: arguments.unit.clone(),
        is_own: false,
        by: By::named(&arguments.by)?,
        captured_at: now,
        lang: match arguments.lang {
            Language::Vi => Lang::Vi,
            Language::En => Lang::En,
        },
        refunded,
    })
}

/// A wrong question is wrong usage; a database that fails is not.
fn explained(refusal: Refusal) -> anyhow::Error {
    match refusal {
        Refusal::Failure(failure) => failure.into(),
        wrong @ (Refusal::Report(_)
        | Refusal::Indicator(_)
        | Refusal::Breakdown(_)
        | Refusal::Unit(_)
        | Refusal::NotOfUnits(_)
        | Refusal::OneDay(_)
        | Refusal::Period { .. }) => Usage(wrong.to_string()).into(),
    }
}

fn written(table: &Table, format: Format) -> anyhow::Result<Vec<u8>> {
    Ok(match format {
        Format::Table => to_text(table).into_bytes(),
        Format::Csv => to_csv(table)?,
        Format::Json => to_json(table).into_bytes(),
        Format::Xlsx => to_xlsx(table)?,
    })
}
