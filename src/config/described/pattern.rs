//! Patterns from people: text comes in, a bounded regular expression goes out, or why not. The engine
//! takes time in proportion to pattern times text, so a pattern is kept short and shallow and its
//! counted repetitions small; nothing is matched here.

use regex_lite::{Regex, RegexBuilder};

/// Characters a pattern may have.
const LONGEST: usize = 200;

/// How deep groups may stand inside each other.
const DEEPEST: u32 = 8;

/// The largest number in a counted repetition.
const MOST_TIMES: u32 = 100;

/// Bytes of the compiled pattern.
const LARGEST: usize = 32 * 1024;

/// A pattern within bounds; the fault continues the sentence "… is".
pub(in crate::config) fn bounded(pattern: &str) -> Result<Regex, String> {
    if pattern.chars().count() > LONGEST {
        return Err(format!(
            "is a pattern of more than {LONGEST} characters: shorten it"
        ));
    }
    if counts(pattern).any(|count| count > MOST_TIMES) {
        return Err(format!(
            "repeats something more than {MOST_TIMES} times: write a smaller number"
        ));
    }
    RegexBuilder::new(pattern)
        .nest_limit(DEEPEST)
        .size_limit(LARGEST)
        .build()
        .map_err(|error| format!("is no pattern that can be used: {error}"))
}

/// Every number in a counted repetition.
fn counts(pattern: &str) -> impl Iterator<Item = u32> {
    let inside = pattern.split('{').skip(1);
    inside
        .filter_map(|rest| rest.split_once('}'))
        .flat_map(|(numbers, _)| numbers.split(','))
        .filter(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .map(|number| number.parse().unwrap_or(u32::MAX))
}
