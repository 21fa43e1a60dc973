//! `doisoat key create`: a new key with which closed days are signed, and the public key beside it.
//! A file that is there is never written over.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::ledger::signing::{SigningKey, new_private_pem, public_pem};

/// Arguments of `key`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a new key and write it, and the public key beside it
    Create(Create),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The file of the private key; the public key gets the same name with .pub at its end
    #[arg(long, value_name = "FILE", default_value = "doisoat-key.pem")]
    output: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When a file exists or cannot be written.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let Action::Create(create) = &arguments.action;
    let private = new_private_pem()?;
    let key = SigningKey::of_pem(&private).context("the new key cannot be read")?;
    let public = public_pem(&key.public_key());
    // Appended: two keys whose names differ in what follows the last dot have two public keys.
    let mut public_file = create.output.clone().into_os_string();
    public_file.push(".pub");
    let public_file = PathBuf::from(public_file);
    anyhow::ensure!(
        !public_file.exists(),
        "{} exists already; it is not written over",
        public_file.display()
    );
    write_new(&create.output, &private, 0o600)?;
    write_new(&public_file, &public, 0o644)?;
    if context.is_json {
        say_json(&json!({
            "private_key_file": create.output.display().to_string(),
            "public_key_file": public_file.display().to_string(),
            "public_key": public,
        }));
    } else {
        say(&format!(
            "private key: {} (keep it secret and keep a copy; name it in [signing] key_file)",
            create.output.display()
        ));
        say(&format!(
            "public key:  {} (give it to whoever verifies)",
            public_file.display()
        ));
    }
    Ok(End::Done)
}

/// Writes a file that does not exist yet.
fn write_new(file: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut open = options.open(file).map_err(|error| {
        let why = if error.kind() == std::io::ErrorKind::AlreadyExists {
            "exists already; it is not written over".to_owned()
        } else {
            format!("cannot be written: {error}")
        };
        anyhow::anyhow!("{} {why}", file.display())
    })?;
    open.write_all(text.as_bytes())
        .and_then(|()| open.sync_all())
        .with_context(|| format!("{} cannot be written", file.display()))
}
