//! Delimited text as records: quotes, doubled quotes, line breaks inside quotes, any delimiter. Our
//! own, because a stray quote must be named with its line and not swallow the rest of the file.

use std::io::BufRead;

use crate::reconciliation::problem::Problem;
use crate::reconciliation::text::{LONGEST, Lines, fast, too_long};

/// The records of a text.
pub struct Records<R> {
    lines: Lines<R>,
    delimiter: char,
}

impl<R: BufRead> Records<R> {
    /// The records of this text with this delimiter.
    pub fn new(text: R, delimiter: char) -> Self {
        Self {
            lines: Lines::new(text),
            delimiter,
        }
    }

    /// The next record with the line on which it begins, none at the end.
    ///
    /// # Errors
    /// When a quote is stray or never closed, a record is too long, or the file cannot be read.
    pub fn next_record(&mut self) -> Result<Option<(u64, Vec<String>)>, Problem> {
        let Some((begun, text)) = self.lines.next_line()? else {
            return Ok(None);
        };
        if let Some(fields) = fast::fields(&text, self.delimiter) {
            return Ok(Some((begun, fields)));
        }
        let mut state = State {
            line: begun,
            ..State::default()
        };
        state.line(&text, self.delimiter)?;
        while state.is_quoted {
            let Some((number, text)) = self.lines.next_line()? else {
                return Err(stray(state.quoted_at));
            };
            state.field.push('\n');
            state.line = number;
            state.line(&text, self.delimiter)?;
            if state.field.len() > LONGEST {
                return Err(too_long(state.quoted_at));
            }
        }
        state.fields.push(state.field);
        Ok(Some((begun, state.fields)))
    }
}

#[derive(Default)]
struct State {
    fields: Vec<String>,
    field: String,
    is_quoted: bool,
    quoted_at: u64,
    line: u64,
}

impl State {
    fn line(&mut self, text: &str, delimiter: char) -> Result<(), Problem> {
        let mut letters = text.chars().peekable();
        let mut loose = 0_u32;
        let mut was_quoted = self.is_quoted;
        while let Some(letter) = letters.next() {
            if self.is_quoted {
                if letter != '"' {
                    self.field.push(letter);
                } else if letters.peek() == Some(&'"') {
                    letters.next();
                    self.field.push('"');
                } else {
                    self.is_quoted = false;
                }
            } else if letter == delimiter {
                if loose % 2 == 1 {
                    return Err(stray(self.line));
                }
                (loose, was_quoted) = (0, false);
                self.fields.push(std::mem::take(&mut self.field));
            } else if letter == '"' && self.field.trim().is_empty() && !was_quoted {
                self.field.clear();
                (self.is_quoted, was_quoted, self.quoted_at) = (true, true, self.line);
            } else {
                loose += u32::from(letter == '"');
                self.field.push(letter);
            }
        }
        if loose % 2 == 1 {
            return Err(stray(self.line));
        }
        Ok(())
    }
}

fn stray(line: u64) -> Problem {
    Problem::at(
        line,
        "a quote (\") is opened here and never closed: mend the cell and export again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>, Problem> {
        let mut records = Records::new(text.as_bytes(), ',');
        let mut all = Vec::new();
        while let Some(record) = records.next_record()? {
            all.push(record);
        }
        Ok(all)
    }

    #[test]
    fn quotes_keep_delimiters_and_line_breaks() {
        let all = read("a,\"b,\"\"c\"\"\",d\n\"x\ny\",z\n,\n").unwrap();
        let texts = |record: &(u64, Vec<String>)| (record.0, record.1.join("|"));
        let all: Vec<_> = all.iter().map(texts).collect();
        let wanted = [(1, "a|b,\"c\"|d"), (2, "x\ny|z"), (4, "|")];
        assert_eq!(all, wanted.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(read("a 5\"\" disk,\"say \"\"hi\"\"\"\n").unwrap().len(), 1);
    }

    proptest! {
        /// Where the fast way gives fields, the general one gives the same.
        #[test]
        fn both_ways_split_alike(line in "[a\"\r ,;é]{0,12}", delimiter in prop::sample::select(vec![',', ';', '|'])) {
            let mut state = State { line: 1, ..State::default() };
            let general = state.line(&line, delimiter);
            if let Some(fields) = fast::fields(&line, delimiter) {
                prop_assert_eq!(general, Ok(()));
                prop_assert!(!state.is_quoted);
                state.fields.push(state.field);
                prop_assert_eq!(fields, state.fields);
            }
        }
    }

    #[test]
    fn what_is_usual_is_split_the_fast_way() {
        for (line, fields) in [
            ("a,,b", vec!["a", "", "b"]),
            ("\"a, b\",c", vec!["a, b", "c"]),
            ("\"say \"\"hi\"\"\",", vec!["say \"hi\"", ""]),
        ] {
            let own = fields.into_iter().map(str::to_owned).collect();
            assert_eq!(fast::fields(line, ','), Some(own), "{line}");
        }
        for line in ["a \"b\",c", " \"a\"", "\"a\"b,c", "\"a", "a\""] {
            assert_eq!(fast::fields(line, ','), None, "{line}");
        }
    }

    #[test]
    fn a_stray_quote_is_named_with_its_line() {
        for (text, line) in [
            ("a,b\nc,d \"e\nf,g\n", 2),
            ("a\n\"b,c\nd\n", 2),
            ("a,\"b", 1),
        ] {
            assert_eq!(read(text).unwrap_err().line, Some(line), "{text}");
        }
    }
}
