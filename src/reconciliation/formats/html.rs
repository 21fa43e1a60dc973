//! A web page that a bank calls `.xls`: the cells of its tables, read with a forgiving eye for
//! tags. Runs nothing, fetches nothing; a page without a table is named as what it is.

use std::io::BufRead;

use super::{Format, Look};
use crate::reconciliation::book::Book;
use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::reading::Ask;
use crate::reconciliation::table::emit::emit;
use crate::reconciliation::table::{Cell, Row, Rows, Table};
use crate::reconciliation::text::encoding::Script;
use crate::reconciliation::text::{Counted, Position};

/// The format.
pub struct Html;

impl Format for Html {
    fn name(&self, _: &Look) -> &'static str {
        "xls-html"
    }

    fn knows(&self, look: &Look) -> bool {
        let start = look.start().to_ascii_lowercase();
        start.starts_with('<')
            && [
                "<!doctype html",
                "<html",
                "<table",
                "<meta",
                "<body",
                "<style",
            ]
            .iter()
            .any(|tag| start.contains(tag))
    }

    fn read(
        &self,
        input: &Input,
        look: &Look,
        ask: &Ask,
        book: &mut Book<'_>,
    ) -> Result<(), Problem> {
        let script = look.script()?;
        book.detect("encoding", script.name());
        let page = Page { input, script };
        if page.rows()?.next_row()?.is_none() {
            let text = "this is a web page (HTML) without a table, not a statement: log in again and download the file";
            return Err(Problem::at(1, text));
        }
        book.warn("the file is a web page (HTML), whatever its name says");
        emit(&page, ask, book)
    }
}

struct Page<'a> {
    input: &'a Input,
    script: Script,
}

impl Table for Page<'_> {
    fn rows(&self) -> Result<Box<dyn Rows + '_>, Problem> {
        let (text, position) = Counted::new(self.script.text(self.input)?);
        Ok(Box::new(PageRows {
            text,
            position,
            number: 0,
        }))
    }

    fn kind(&self) -> &'static str {
        "web page"
    }
}

struct PageRows<R> {
    text: Counted<R>,
    position: Position,
    number: u64,
}

impl<R: BufRead> PageRows<R> {
    fn until(&mut self, end: u8) -> Result<Option<String>, Problem> {
        self.position.begin();
        let mut bytes = Vec::new();
        if self.text.read_until(end, &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// A row being read and the cell that is open in it, with the columns the cell spans.
#[derive(Default)]
struct Open {
    row: Option<Row>,
    cell: Option<(String, usize)>,
}

impl Open {
    fn text(&mut self, text: &str) {
        if let Some((content, _)) = &mut self.cell {
            content.push_str(&plain(text));
        }
    }

    fn close_cell(&mut self) {
        if let (Some((content, span)), Some(row)) = (self.cell.take(), &mut self.row) {
            let text = content.trim().to_owned();
            row.cells.push(if text.is_empty() {
                Cell::Empty
            } else {
                Cell::Text(text)
            });
            row.cells
                .resize(row.cells.len() + span.min(100) - 1, Cell::Empty);
        }
    }

    fn begin_cell(&mut self, tag: &str, number: &mut u64) -> Result<(), Problem> {
        let row = self.row.get_or_insert_with(|| {
            *number += 1;
            Row {
                place: *number,
                cells: Vec::new(),
            }
        });
        if row.cells.len() > 2_000 {
            return Err(Problem::at(
                row.place,
                "more than 2000 columns: too many for a statement",
            ));
        }
        self.cell = Some((String::new(), span_of(tag)));
        Ok(())
    }

    fn break_line(&mut self) {
        if let Some((content, _)) = &mut self.cell {
            content.push('\n');
        }
    }
}

impl<R: BufRead> Rows for PageRows<R> {
    fn next_row(&mut self) -> Result<Option<Row>, Problem> {
        let mut open = Open::default();
        loop {
            let Some(text) = self.until(b'<')? else {
                if open.row.is_none() {
                    return Ok(None);
                }
                let text = "the web page ends inside a row: it is truncated; download it again";
                return Err(Problem::at(self.number, text));
            };
            open.text(&text);
            let Some(tag) = self.until(b'>')? else {
                continue;
            };
            let tag = tag.to_ascii_lowercase();
            match tag.split(char::is_whitespace).next().unwrap_or_default() {
                "td" | "th" => {
                    open.close_cell();
                    open.begin_cell(&tag, &mut self.number)?;
                }
                "/td" | "/th" => open.close_cell(),
                "br" | "br/" => open.break_line(),
                "/tr" | "tr" | "/table" => {
                    open.close_cell();
                    if open.row.is_some() {
                        return Ok(open.row);
                    }
                }
                _ => {}
            }
        }
    }
}

fn span_of(tag: &str) -> usize {
    let value = tag
        .split_once("colspan=")
        .map_or("", |(_, value)| value.trim_start_matches(['"', '\'']));
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(1).max(1)
}

/// Text without the entities that pages use and with spaces where lines broke.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let known = after
            .split_once(';')
            .filter(|(name, _)| name.len() <= 8)
            .and_then(|(name, tail)| Some((entity(name)?, tail)));
        if let Some((letter, tail)) = known {
            plain.push(letter);
            rest = tail;
        } else {
            plain.push('&');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain.replace(['\n', '\r', '\t'], " ")
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => return None,
    })
}
