//! What every reader of XML shares: the five known entities, the limits, and errors in words.
//! Resolves nothing that a file defines for itself.

use quick_xml::Error;
use quick_xml::events::BytesRef;

use super::super::problem::{Problem, shown};

/// Elements inside each other, at most.
const DEPTH_MAX: usize = 64;

/// Refuses elements that stand too deep inside each other.
///
/// # Errors
/// Beyond the limit.
pub fn next_depth(depth: usize, line: u64) -> Result<(), Problem> {
    if depth < DEPTH_MAX {
        return Ok(());
    }
    Err(Problem::at(
        line,
        format!(
            "elements are nested deeper than the limit of {DEPTH_MAX}: damaged, or no statement"
        ),
    ))
}

/// The character that a reference stands for.
///
/// # Errors
/// When it is none of the five known entities and no character.
pub fn reference(name: &BytesRef<'_>, line: u64) -> Result<String, Problem> {
    let wrong =
        |text: &str| Problem::at(line, format!("the entity &{}; is not allowed", shown(text)));
    let text = name.xml10_content();
    if let Ok(Some(character)) = name.resolve_char_ref() {
        return Ok(character.to_string());
    }
    match text.as_ref() {
        "amp" => Ok("&".to_owned()),
        "lt" => Ok("<".to_owned()),
        "gt" => Ok(">".to_owned()),
        "quot" => Ok("\"".to_owned()),
        "apos" => Ok("'".to_owned()),
        other => Err(wrong(other)),
    }
}

/// An error of the XML reader in words.
#[must_use]
pub fn xml_problem(error: &Error, line: u64) -> Problem {
    if let Error::Io(error) = error
        && let Some(own) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Problem>())
    {
        return own.clone();
    }
    Problem::at(
        line,
        format!(
            "the XML is damaged or ends unexpectedly (truncated): {}",
            shown(&error.to_string())
        ),
    )
}
