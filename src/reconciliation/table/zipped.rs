//! The archive of a workbook: its parts with their sizes, judged before anything is unpacked, its
//! shared texts, its date formats and its sheets. What is unpacked is counted again while it is read.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use zip::{CompressionMethod, ZipArchive};

use crate::reconciliation::input::Input;
use crate::reconciliation::problem::Problem;
use crate::reconciliation::text::Counted;
use crate::reconciliation::text::xml::{next_depth, reference, xml_problem};

/// Bytes all parts may have when unpacked.
const UNPACKED_MAX: u64 = 200 * 1024 * 1024;
/// Parts an archive may have.
const PARTS_MAX: usize = 2_000;
/// How many times larger than packed a large part may be.
const RATIO_MAX: u64 = 200;
/// Bytes of shared texts, and of formats, that are kept.
const TEXTS_MAX: usize = 48 * 1024 * 1024;

#[derive(Debug, Clone, Copy)]
struct Part {
    start: u64,
    packed: u64,
    size: u64,
    is_stored: bool,
}

/// A workbook.
pub struct Workbook<'a> {
    input: &'a Input,
    parts: BTreeMap<String, Part>,
    /// Texts that cells point to.
    pub texts: Vec<String>,
    /// Whether the style of each number shows a date.
    pub dates: Vec<bool>,
    /// Whether days are counted from 1904.
    pub is_1904: bool,
    sheets: Vec<(String, String)>,
}

/// A part as XML, read piece by piece.
pub struct Pieces {
    reader: Reader<Counted<Box<dyn BufRead>>>,
    position: crate::reconciliation::text::Position,
    buffer: Vec<u8>,
    depth: usize,
}

/// A piece of XML.
pub enum Piece {
    /// An element begins: its local name and attributes.
    Start(String, Vec<(String, String)>),
    /// An element ends.
    End(String),
    /// Text.
    Text(String),
}

impl Pieces {
    /// The next piece, none at the end.
    ///
    /// # Errors
    /// When the part is damaged, has a DTD or is nested too deep.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, Problem> {
        loop {
            self.buffer.clear();
            self.position.begin();
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = event.map_err(|error| {
                let problem = xml_problem(&error, self.position.line());
                Problem::file(format!("the workbook is damaged: {}", problem.message))
            })?;
            let piece = match event {
                Event::Start(tag) => {
                    next_depth(self.depth, self.position.line())?;
                    self.depth += 1;
                    Piece::Start(tag.local_name().as_ref().to_owned(), attributes(&tag))
                }
                Event::End(tag) => {
                    self.depth = self.depth.saturating_sub(1);
                    Piece::End(tag.local_name().as_ref().to_owned())
                }
                Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(name) => Piece::Text(reference(&name, self.position.line())?),
                Event::DocType(_) => {
                    return Err(Problem::file(
                        "the workbook has a DTD (DOCTYPE) with its entities, which is not allowed",
                    ));
                }
                Event::Eof if self.depth > 0 => {
                    return Err(Problem::file(
                        "the workbook is damaged: a part of it is truncated",
                    ));
                }
                Event::Eof => return Ok(None),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            };
            return Ok(Some(piece));
        }
    }
}

fn attributes(tag: &BytesStart<'_>) -> Vec<(String, String)> {
    let all = tag.attributes().flatten();
    all.map(|one| {
        let value = unescape(&one.value).unwrap_or_default().into_owned();
        (one.key.local_name().as_ref().to_owned(), value)
    })
    .collect()
}

/// The value of an attribute.
#[must_use]
pub fn value<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

impl<'a> Workbook<'a> {
    /// Opens a workbook and reads what its sheets refer to.
    ///
    /// # Errors
    /// When the archive is damaged, too large, or no workbook.
    pub fn open(input: &'a Input) -> Result<Self, Problem> {
        let parts = parts(input)?;
        let mut workbook = Self {
            input,
            parts,
            texts: Vec::new(),
            dates: Vec::new(),
            is_1904: false,
            sheets: Vec::new(),
        };
        if !workbook.parts.contains_key("xl/workbook.xml") {
            return Err(Problem::file(
                "this is a ZIP archive, not a workbook (.xlsx): unpack it first",
            ));
        }
        let targets = workbook.targets()?;
        workbook.read_sheets(&targets)?;
        workbook.read_texts()?;
        workbook.read_styles()?;
        Ok(workbook)
    }

    /// Names and parts of the visible sheets, in order.
    pub fn sheets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sheets
            .iter()
            .map(|(name, part)| (name.as_str(), part.as_str()))
    }

    /// A part, from its beginning.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn pieces(&self, name: &str) -> Result<Pieces, Problem> {
        let part = self.parts.get(name).ok_or_else(|| {
            Problem::file(format!(
                "the workbook is damaged: its part {name} is missing"
            ))
        })?;
        let mut file = self.input.open()?;
        file.seek(SeekFrom::Start(part.start))?;
        let packed = BufReader::new(file).take(part.packed);
        let bytes: Box<dyn BufRead> = if part.is_stored {
            Box::new(BufReader::new(packed.take(part.size)))
        } else {
            Box::new(BufReader::new(DeflateDecoder::new(packed).take(part.size)))
        };
        let (text, position) = Counted::new(bytes);
        let mut reader = Reader::from_reader(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Pieces {
            reader,
            position,
            buffer: Vec::new(),
            depth: 0,
        })
    }

    fn targets(&self) -> Result<BTreeMap<String, String>, Problem> {
        let mut targets = BTreeMap::new();
        let mut pieces = self.pieces("xl/_rels/workbook.xml.rels")?;
        while let Some(piece) = pieces.next_piece()? {
            if let Piece::Start(name, attributes) = piece
                && name == "Relationship"
                && let (Some(id), Some(target)) =
                    (value(&attributes, "Id"), value(&attributes, "Target"))
            {
                let path = target
                    .strip_prefix('/')
                    .map_or_else(|| format!("xl/{target}"), str::to_owned);
                targets.insert(id.to_owned(), path);
            }
        }
        Ok(targets)
    }

    fn read_sheets(&mut self, targets: &BTreeMap<String, String>) -> Result<(), Problem> {
        let mut pieces = self.pieces("xl/workbook.xml")?;
        while let Some(piece) = pieces.next_piece()? {
            let Piece::Start(name, attributes) = piece else {
                continue;
            };
            if name == "workbookPr" {
                self.is_1904 = matches!(value(&attributes, "date1904"), Some("1" | "true"));
            }
            let is_visible = matches!(value(&attributes, "state"), None | Some("visible"));
            if name == "sheet"
                && is_visible
                && let Some(part) = value(&attributes, "id").and_then(|id| targets.get(id))
            {
                let title = value(&attributes, "name").unwrap_or_default();
                self.sheets.push((title.to_owned(), part.clone()));
            }
        }
        Ok(())
    }

    fn read_texts(&mut self) -> Result<(), Problem> {
        if !self.parts.contains_key("xl/sharedStrings.xml") {
            return Ok(());
        }
        let mut pieces = self.pieces("xl/sharedStrings.xml")?;
        let (mut text, mut size, mut is_text, mut is_sound) =
            (String::new(), 0_usize, false, false);
        while let Some(piece) = pieces.next_piece()? {
            match piece {
                Piece::Start(name, _) if name == "si" => text = String::new(),
                Piece::Start(name, _) => {
                    is_sound |= name == "rPh";
                    is_text = name == "t" && !is_sound;
                }
                Piece::Text(more) if is_text => {
                    size = size.saturating_add(more.len() + 32);
                    text.push_str(&more);
                    if size > TEXTS_MAX {
                        return Err(Problem::file(
                            "the workbook's texts are too large: the limit is 48 MB; export a shorter period",
                        ));
                    }
                }
                Piece::End(name) if name == "si" => self.texts.push(std::mem::take(&mut text)),
                Piece::End(name) => {
                    is_sound &= name != "rPh";
                    is_text = false;
                }
                Piece::Text(_) => {}
            }
        }
        Ok(())
    }

    fn read_styles(&mut self) -> Result<(), Problem> {
        if !self.parts.contains_key("xl/styles.xml") {
            return Ok(());
        }
        let mut own: BTreeMap<u32, bool> = BTreeMap::new();
        let mut is_cells = false;
        let mut pieces = self.pieces("xl/styles.xml")?;
        while let Some(piece) = pieces.next_piece()? {
            let (name, attributes) = match piece {
                Piece::Start(name, attributes) => (name, attributes),
                Piece::End(name) => {
                    is_cells &= name != "cellXfs";
                    continue;
                }
                Piece::Text(_) => continue,
            };
            let id = value(&attributes, "numFmtId")
                .and_then(|id| id.parse().ok())
                .unwrap_or(0);
            match name.as_str() {
                "numFmt" if own.len() < 10_000 => {
                    own.insert(
                        id,
                        shows_date(value(&attributes, "formatCode").unwrap_or_default()),
                    );
                }
                "cellXfs" => is_cells = true,
                "xf" if is_cells && self.dates.len() < 100_000 => {
                    let is_known = matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58);
                    self.dates.push(own.get(&id).copied().unwrap_or(is_known));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a number format shows a day: letters of year or day outside quotes and brackets.
fn shows_date(code: &str) -> bool {
    let (mut is_quoted, mut is_bracketed, mut is_escaped) = (false, false, false);
    for letter in code.chars() {
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match letter {
            '"' => is_quoted = !is_quoted,
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            '\\' | '_' | '*' => is_escaped = true,
            'y' | 'Y' | 'd' | 'D' if !is_quoted && !is_bracketed => return true,
            _ => {}
        }
    }
    false
}

/// The parts of the archive, within the limits.
fn parts(input: &Input) -> Result<BTreeMap<String, Part>, Problem> {
    let damaged = |error: &dyn std::fmt::Display| {
        Problem::file(format!(
            "the workbook is damaged or truncated and cannot be opened: {error}"
        ))
    };
    let mut archive =
        ZipArchive::new(BufReader::new(input.open()?)).map_err(|error| damaged(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(Problem::file(format!(
            "the workbook is too large: more than {PARTS_MAX} parts"
        )));
    }
    let mut parts = BTreeMap::new();
    let mut total = 0_u64;
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(|error| damaged(&error))?;
        let (packed, size) = (file.compressed_size(), file.size());
        total = total.saturating_add(size);
        let is_bomb = size > 1024 * 1024 && size / packed.max(1) > RATIO_MAX;
        if total > UNPACKED_MAX || is_bomb {
            return Err(Problem::file(
                "the workbook is too large: unpacked it passes the limit of 200 MB or 200 times its size; export a shorter period",
            ));
        }
        if file.encrypted() {
            return Err(Problem::file(
                "the workbook is protected with a password: remove the password and save it again",
            ));
        }
        let packing = file.compression();
        let is_stored = packing == CompressionMethod::Stored;
        if !is_stored && packing != CompressionMethod::Deflated {
            return Err(damaged(&format!("packed in an unknown way ({packing})")));
        }
        let start = file
            .data_start()
            .ok_or_else(|| damaged(&"a part has no place"))?;
        let name = file
            .name()
            .map_err(|error| damaged(&error))?
            .trim_start_matches('/')
            .to_owned();
        parts.insert(
            name,
            Part {
                start,
                packed,
                size,
                is_stored,
            },
        );
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_formats_are_told_from_number_formats() {
        for code in [
            "yyyy-mm-dd",
            "dd/mm/yyyy hh:mm",
            "[$-42A]d mmmm yyyy",
            "d/m/yy;@",
        ] {
            assert!(shows_date(code), "{code}");
        }
        for code in [
            "General",
            "#,##0.00",
            "#,##0 \"đồng Việt Nam d\"",
            "[Red]#,##0",
            "_(* #,##0_);_(* (#,##0)",
            "#,##0 [$đ-42A]",
            "0\\d",
        ] {
            assert!(!shows_date(code), "{code}");
        }
    }
}
