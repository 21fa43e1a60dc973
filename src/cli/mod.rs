//! The command line: arguments come in, one command runs, its end becomes the exit status (0 done,
//! 1 failed, 2 wrong usage). A command is one file here with its arguments and its `run`, and one
//! line in `Command`. Nothing is decided here that a door could not decide as well.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod check;
pub mod context;
pub mod day;
pub mod demo;
pub mod difference;
pub mod import;
pub mod key;
pub mod migrate;
pub mod officer;
pub mod outbox;
pub mod output;
pub mod quarantine;
pub mod quote;
pub mod reconcile;
pub mod refund;
pub mod remittance;
pub mod report;
pub mod serve;
pub mod statement;
pub mod status_queries;
pub mod sweep;
pub mod tariff;
pub mod telemetry;
pub mod token;
pub mod verify;

pub use context::{Context, End, Usage};

/// Reconciles online payments of public-administration fees.
#[derive(Debug, Parser)]
#[command(name = "doisoat", version, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes, before or after its name.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Globals {
    /// A settings file; may be given several times, later ones win
    #[arg(long = "config", value_name = "FILE", global = true, action = clap::ArgAction::Append)]
    pub config: Vec<PathBuf>,
    /// Print one JSON document instead of sentences
    #[arg(long = "json", global = true)]
    pub is_json: bool,
}

/// Every command, in the order in which one meets them.
#[derive(Debug, Subcommand)]
enum Command {
    /// Play a quarter of payments into a gateway of its own and prove what came of it
    Demo(demo::Arguments),
    /// Take webhooks and answer the API until told to stop
    Serve(serve::Arguments),
    /// Bring the database schema up to date
    Migrate(migrate::Arguments),
    /// Say what is configured, what is missing and what that means
    Check(check::Arguments),
    /// Apply notices that were recorded and could not be applied
    Sweep(sweep::Arguments),
    /// Show refused calls, or take them again after a key was mended
    Quarantine(quarantine::Arguments),
    /// Ask providers what became of payments, or show what they are asked about
    StatusQueries(status_queries::Arguments),
    /// Show what subscribers were told, or tell them again
    Outbox(outbox::Arguments),
    /// Show what needs a person, and do something about it
    Difference(difference::Arguments),
    /// Add or disable officers
    Officer(officer::Arguments),
    /// Make tokens for the API, show them or end them
    Token(token::Arguments),
    /// Show refunds, ask for them, approve them and say what came of them
    Refund(refund::Arguments),
    /// Record what was passed on to the Treasury or the collecting body, or list it
    Remittance(remittance::Arguments),
    /// Compare a day's payments with settlement files and bank statements
    Reconcile(reconcile::Arguments),
    /// Show a day, propose it, close it, reopen it, replay what was signed
    Day(day::Arguments),
    /// Make the key with which closed days are signed
    Key(key::Arguments),
    /// Show figures of a period
    Report(report::Arguments),
    /// Take in a file of units, procedures, dossiers, person groups or tariff rules
    Import(import::Arguments),
    /// Read a bank statement or settlement file
    Statement(statement::Arguments),
    /// Show the rules of a tariff, put them in force, end them; show what contradicts them
    Tariff(tariff::Arguments),
    /// Say what a procedure's fees are in one case, and why
    Quote(quote::Arguments),
    /// Recompute everything and name what does not come out the same
    Verify(verify::Arguments),
}

impl Command {
    fn run(self, context: &Context) -> anyhow::Result<End> {
        match self {
            Self::Demo(arguments) => demo::run(&arguments, context),
            Self::Serve(arguments) => serve::run(&arguments, context),
            Self::Check(arguments) => check::run(&arguments, context),
            Self::Sweep(arguments) => sweep::run(&arguments, context),
            Self::Quarantine(arguments) => quarantine::run(&arguments, context),
            Self::StatusQueries(arguments) => status_queries::run(&arguments, context),
            Self::Outbox(arguments) => outbox::run(&arguments, context),
            Self::Difference(arguments) => difference::run(&arguments, context),
            Self::Officer(arguments) => officer::run(&arguments, context),
            Self::Token(arguments) => token::run(&arguments, context),
            Self::Refund(arguments) => refund::run(&arguments, context),
            Self::Remittance(arguments) => remittance::run(&arguments, context),
            Self::Migrate(arguments) => migrate::run(&arguments, context),
            Self::Import(arguments) => import::run(&arguments, context),
            Self::Statement(arguments) => statement::run(&arguments, context),
            Self::Tariff(arguments) => tariff::run(&arguments, context),
            Self::Quote(arguments) => quote::run(&arguments, context),
            Self::Verify(arguments) => verify::run(&arguments, context),
            Self::Reconcile(arguments) => reconcile::run(&arguments, context),
            Self::Day(arguments) => day::run(&arguments, context),
            Self::Key(arguments) => key::run(&arguments, context),
            Self::Report(arguments) => report::run(&arguments, context),
        }
    }
}

/// The arguments, with every settings file in the order given: on its own the parser forgets those
/// before the command's name when others follow it.
fn read(given: Vec<OsString>) -> Result<Arguments, clap::Error> {
    let files = config_files(&given);
    let mut arguments = Arguments::try_parse_from(given)?;
    if files.len() > arguments.globals.config.len() {
        arguments.globals.config = files;
    }
    Ok(arguments)
}

fn config_files(given: &[OsString]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut rest = given.iter().skip(1).take_while(|word| *word != "--");
    while let Some(word) = rest.next() {
        if word == "--config" {
            files.extend(rest.next().map(PathBuf::from));
        } else if let Some(file) = word
            .to_str()
            .and_then(|text| text.strip_prefix("--config="))
        {
            files.push(PathBuf::from(file));
        }
    }
    files
}

/// Reads the arguments of this process and runs the command they name.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match read(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(answer) => {
            // Help and version are answers too; nothing can be done when they cannot be printed.
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
    };
    let context = Context::new(arguments.globals);
    let ended = arguments.command.run(&context);
    if let Some(traces) = context.traces() {
        traces.end();
    }
    match ended {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::from(1),
        Err(error) => {
            output::complain(&format!("doisoat: {error:#}"));
            let is_usage = error.downcast_ref::<Usage>().is_some();
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_settings_file_counts_wherever_it_stands() {
        let files = |words: &[&str]| {
            let given = words.iter().map(OsString::from).collect();
            read(given).unwrap().globals.config
        };
        let both = ["a.toml", "b.toml"].map(PathBuf::from);
        let orders = [
            &["doisoat", "--config", "a.toml", "check", "--config=b.toml"][..],
            &["doisoat", "--config=a.toml", "--config", "b.toml", "check"],
            &[
                "doisoat", "check", "--config", "a.toml", "--config", "b.toml",
            ],
        ];
        for words in orders {
            assert_eq!(files(words), both, "{words:?}");
        }
        assert!(files(&["doisoat", "check"]).is_empty());
    }
}
