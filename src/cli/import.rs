//! `doisoat import`: takes in a file of units, procedures, dossiers, person groups or tariff rules, all
//! of it or nothing, with a progress bar on a terminal. What the file may hold is the journey's knowledge.

use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::output::{complain, say, say_json};
use super::{Context, End};
use crate::domain::ids::Tenant;
use crate::domain::time::VIETNAM;
use crate::journeys::import_file::{Import, ImportError, Imported, Kind};

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "CSV (UTF-8, header by name, any column order) or JSON Lines with the same names.\n\n\
    units:      unit_code, name_vi, name_en, level, parent_code, valid_from, valid_to\n\
    procedures: procedure_code, name, field, level, has_fee\n\
    dossiers:   dossier_code, procedure_code, unit_code, received_on, submitted_via, status,\n            \
    applicant_name, fee_items, bill_due_on, bill_reference, bills, person_groups;\n            \
    a fee item may say quantity and base besides kind, code, name, amount, basis\n\
    person-groups: person_group, name_vi, name_en\n\
    tariffs:    rule_id, procedure_code, fee_kind, fee_code, fee_name, role, submitted_via, units,\n            \
    groups, amount, steps, percent, floor, cap, percent_off, legal_basis,\n            \
    effective_from, effective_to, replaces, prevails_over, decision\n\n\
    A file with one wrong row changes nothing; the same file again changes nothing and says so."
)]
pub struct Arguments {
    /// What the file holds
    #[arg(value_enum)]
    kind: Holds,
    /// The file
    file: PathBuf,
    /// The installation it belongs to
    #[arg(long, default_value_t = 1)]
    tenant: i32,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Holds {
    /// The units of the province
    Units,
    /// The procedures and whether they have fees
    Procedures,
    /// Dossiers with their fee items and bills
    Dossiers,
    /// The groups of people that tariff rules may name
    PersonGroups,
    /// Rules of a tariff; they become drafts
    Tariffs,
}

impl From<Holds> for Kind {
    fn from(holds: Holds) -> Self {
        match holds {
            Holds::Units => Self::Units,
            Holds::Procedures => Self::Procedures,
            Holds::Dossiers => Self::Dossiers,
            Holds::PersonGroups => Self::PersonGroups,
            Holds::Tariffs => Self::Tariffs,
        }
    }
}

/// A bar over the bytes of a file that is read twice: once checked, once written.
#[must_use]
pub fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(1);
    let style = "{msg:9} {bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// Shows how far an import is.
pub fn show_progress(bar: &ProgressBar, pass: u8, offset: u64, size: u64) {
    bar.set_message(if pass == 1 { "checking" } else { "writing" });
    bar.set_length(size);
    bar.set_position(offset);
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let bar = progress_bar();
    let import = Import {
        db,
        tenant: Tenant(arguments.tenant),
        provinces: &context.settings()?.office.provinces,
        holder: &context.holder,
        now: context.clock.now(),
        progress: &|pass, offset, size| show_progress(&bar, pass, offset, size),
    };
    let kind = Kind::from(arguments.kind);
    let outcome = import.run(kind, &arguments.file);
    bar.finish_and_clear();
    match outcome {
        Ok(imported) => {
            tell(context, kind, &imported);
            Ok(End::Done)
        }
        Err(ImportError::Failure(failure)) => Err(failure.into()),
        Err(wrong) => {
            if context.is_json {
                say_json(&problem(&wrong));
            }
            complain(&format!("doisoat: {wrong}"));
            complain("nothing was imported");
            Ok(End::Failed)
        }
    }
}

fn tell(context: &Context, kind: Kind, imported: &Imported) {
    let kind = kind.as_str();
    match imported {
        Imported::Done(put) if context.is_json => {
            say_json(&json!({
                "outcome": "imported", "kind": kind,
                "added": put.added, "changed": put.changed, "unchanged": put.unchanged,
            }));
        }
        Imported::Done(put) => say(&format!(
            "{kind}: {} added, {} changed, {} unchanged",
            put.added, put.changed, put.unchanged
        )),
        Imported::Before(at, rows) if context.is_json => {
            say_json(
                &json!({ "outcome": "imported_before", "kind": kind, "imported_at": at.to_rfc3339(), "rows": rows }),
            );
        }
        Imported::Before(at, rows) => {
            let local = at.with_timezone(&VIETNAM).format("%d/%m/%Y %H:%M");
            say(&format!(
                "{kind}: this file was imported on {local} ({rows} rows); nothing changed"
            ));
        }
    }
}

fn problem(wrong: &ImportError) -> serde_json::Value {
    match wrong {
        ImportError::Row { file, line, error } => json!({
            "outcome": "refused", "file": file, "line": line, "column": error.field, "problem": error.problem,
        }),
        ImportError::File { file, problem } => {
            json!({ "outcome": "refused", "file": file, "problem": problem })
        }
        ImportError::Failure(failure) => {
            json!({ "outcome": "failed", "problem": failure.to_string() })
        }
    }
}
