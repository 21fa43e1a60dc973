//! Printing: sentences and JSON go to standard output, complaints to standard error. A reader that
//! went away (`doisoat … | head`) is not a fault.

use std::io::Write;

/// Prints a line on standard output.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints bytes as they are, so that their hash stays what it was.
pub fn say_bytes(bytes: &[u8]) {
    let _ = std::io::stdout().write_all(bytes);
}

/// Prints one JSON document on standard output.
pub fn say_json(value: &serde_json::Value) {
    say(&value.to_string());
}

/// Prints a line on standard error.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
