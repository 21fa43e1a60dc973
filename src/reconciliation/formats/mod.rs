//! The roster of formats and nothing else: one line each, asked in this order, the most telling
//! first. A new format is one file here and one line below.

use std::io::Read;

use super::book::Book;
use super::input::Input;
use super::problem::Problem;
use super::reading::Ask;
use super::text::encoding::Script;

pub mod camt;
pub mod delimited;
pub mod html;
pub mod mt940;
pub mod ofx;
pub mod paypal;
pub mod qif;
pub mod xls;
pub mod xlsx;

/// A way to write statements down.
pub trait Format: Sync {
    /// Its name, as far as the first bytes tell.
    fn name(&self, look: &Look) -> &'static str;

    /// Whether a file that begins like this is of this format.
    fn knows(&self, look: &Look) -> bool;

    /// Reads the file into the book.
    ///
    /// # Errors
    /// Why the file is refused, with its line or row.
    fn read(
        &self,
        input: &Input,
        look: &Look,
        ask: &Ask,
        book: &mut Book<'_>,
    ) -> Result<(), Problem>;
}

/// Every format.
pub const ROSTER: &[&dyn Format] = &[
    &xlsx::Xlsx,
    &xls::Xls,
    &ofx::Ofx,
    &html::Html,
    &camt::Camt,
    &qif::Qif,
    &paypal::PayPal,
    &mt940::Mt940,
    &delimited::Delimited,
];

/// The beginning of a file, as bytes and, when it is one, as text.
#[derive(Debug)]
pub struct Look {
    /// The first bytes.
    pub head: Vec<u8>,
    /// The first characters; empty for files that are not text.
    pub text: String,
    /// How the text is written; none for files that are not text.
    pub script: Option<Script>,
}

impl Look {
    /// Looks at a file.
    ///
    /// # Errors
    /// When it is empty, cannot be read, or is text that is broken.
    pub fn at(input: &Input) -> Result<Self, Problem> {
        let head = input.head()?;
        if head.iter().all(u8::is_ascii_whitespace) {
            return Err(Problem::file(
                "the file is empty: download it again from the bank or the provider",
            ));
        }
        if [
            &b"PK\x03\x04"[..],
            b"PK\x05\x06",
            b"\xD0\xCF\x11\xE0",
            b"%PDF",
            b"\x1F\x8B",
            b"Rar!",
        ]
        .iter()
        .any(|magic| head.starts_with(magic))
        {
            return Ok(Self {
                head,
                text: String::new(),
                script: None,
            });
        }
        input.limit()?;
        let script = Script::of(input, declared(&head).as_deref())?;
        let mut text = String::new();
        let beginning = u64::try_from(head.len()).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        script
            .text(input)?
            .take(beginning)
            .read_to_end(&mut bytes)?;
        text.push_str(&String::from_utf8_lossy(&bytes));
        Ok(Self {
            head,
            text,
            script: Some(script),
        })
    }

    /// How the text is written.
    ///
    /// # Errors
    /// When the file is not text.
    pub fn script(&self) -> Result<Script, Problem> {
        self.script
            .ok_or_else(|| Problem::file("the file is not text"))
    }

    /// The text without leading space, for comparing.
    #[must_use]
    pub fn start(&self) -> &str {
        self.text
            .trim_start_matches(|c: char| c.is_whitespace() || c.is_control())
    }

    /// Whether these letters stand in the first characters, whatever their case.
    #[must_use]
    pub fn has(&self, letters: &str) -> bool {
        self.text
            .to_ascii_lowercase()
            .contains(&letters.to_ascii_lowercase())
    }
}

/// The encoding that the file names for itself: in an XML declaration or an OFX header.
fn declared(head: &[u8]) -> Option<String> {
    let text: String = head
        .iter()
        .take(1024)
        .map(|byte| char::from(*byte))
        .collect();
    let after = |key: &str| Some(text.split_once(key)?.1.trim_start());
    if let Some(value) = after("encoding=") {
        let value = value.trim_start_matches(['"', '\'']);
        return Some(value.split(['"', '\'']).next()?.to_owned());
    }
    let value = after("CHARSET:")?.split_whitespace().next()?;
    let is_number = value.chars().all(|c| c.is_ascii_digit());
    Some(if is_number {
        format!("windows-{value}")
    } else {
        value.to_owned()
    })
}

/// Names files that are certainly not statements, so that they are not read as tables.
///
/// # Errors
/// What the file is instead.
pub fn strangers(look: &Look) -> Result<(), Problem> {
    let what = |magic: &[u8]| look.head.starts_with(magic);
    if what(b"%PDF") {
        return Err(Problem::file(
            "this is a PDF, which cannot be read reliably: download the statement as a workbook, CSV or MT940",
        ));
    }
    if what(b"\x1F\x8B") || what(b"Rar!") {
        return Err(Problem::file(
            "this is a compressed archive: unpack it first",
        ));
    }
    Ok(())
}
