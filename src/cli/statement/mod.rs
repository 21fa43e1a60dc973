//! `doisoat statement`: files of banks and providers are read, imported, shown, let in or undone. One
//! file for reading, one for importing, one for what is done with files that were imported.

use super::{Context, End};

mod files;
mod import;
mod read;

/// Arguments of `statement`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read a file and show what was understood; nothing is stored
    #[command(
        after_help = "Formats, told from the bytes and never from the name: MT940, MT942, CAMT.052/053/054, OFX, QIF,\n\
        CSV and other delimited text, XLSX, XLS, HTML saved as .xls, PayPal STL.\n\n\
        Exit status: 0 when the file could be read (also when it is held for an officer), 1 when it is refused."
    )]
    Read(read::ReadArguments),
    /// Show what a file would add, then import it: all of it or nothing
    #[command(
        after_help = "Exit status: 0 when the file was imported or held, or was imported before; 1 when it is refused or\n\
        contradicts what was imported."
    )]
    Import(import::ImportArguments),
    /// List files that were imported
    List(files::List),
    /// Show a file: its statements, and why it is held
    Show(files::One),
    /// Let a held file count; another officer than the one who imported it
    Override(files::Deciding),
    /// Undo an import while nothing of it is matched
    Undo(files::Deciding),
    /// Write the original bytes of a file
    Original(files::Original),
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    match &arguments.action {
        Action::Read(arguments) => read::run(arguments, context),
        Action::Import(arguments) => import::run(arguments, context),
        Action::List(list) => files::list(list, context),
        Action::Show(one) => files::show(one, context),
        Action::Override(deciding) => files::override_it(deciding, context),
        Action::Undo(deciding) => files::undo(deciding, context),
        Action::Original(original) => files::original(original, context),
    }
}
