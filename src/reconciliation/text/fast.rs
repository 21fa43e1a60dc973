//! Delimited text split at the speed of memory. Quotes, doubled quotes and line breaks inside quotes
//! are read; what is unusual gives nothing, and the caller takes the general reader of tables. Records
//! of a file whose columns are known are handed over as borrowed fields, piece by piece, so that a file
//! of any length needs one buffer.

use std::borrow::Cow;
use std::io::Read;

use wide::u8x16;

use super::dates::DateOrder;
use crate::domain::time::Day;
use crate::reconciliation::problem::Problem;

/// How much is read at a time.
const PIECE: usize = 1 << 18;
/// So many digits always fit.
const DIGITS: usize = 18;
/// Bytes a record may have.
const LONGEST: usize = 1 << 24;

/// One record, whole in memory.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    text: &'a [u8],
    fields: &'a [Field],
}

/// Where a field lies in its record, without its quotes.
#[derive(Debug, Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
    has_doubled: bool,
}

impl<'a> Record<'a> {
    /// How many fields it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has no field at all. No record is: a blank one is not handed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A field, by its place from 0; empty when the record has fewer.
    #[must_use]
    #[inline]
    pub fn bytes(&self, place: usize) -> Cow<'a, [u8]> {
        let Some(field) = self.fields.get(place) else {
            return Cow::Borrowed(&[]);
        };
        let bytes = self.text.get(field.start..field.end).unwrap_or_default();
        if field.has_doubled {
            return Cow::Owned(halved(bytes));
        }
        Cow::Borrowed(bytes)
    }
}

/// A quoted text with its doubled quotes made one.
fn halved(bytes: &[u8]) -> Vec<u8> {
    let mut was_quote = false;
    let keep = |byte: &u8| {
        was_quote = *byte == b'"' && !was_quote;
        was_quote || *byte != b'"'
    };
    let mut bytes = bytes.to_vec();
    bytes.retain(keep);
    bytes
}

/// The fields of a line without its end, when it is a whole record with nothing unusual in it: quotes
/// only around whole fields, or doubled inside them.
#[must_use]
pub fn fields(line: &str, delimiter: char) -> Option<Vec<String>> {
    let delimiter = u8::try_from(delimiter).ok().filter(u8::is_ascii)?;
    let mut fields = Vec::new();
    let text = line.as_bytes();
    let is_whole = record(text, delimiter, true, &mut fields)? == text.len();
    if !is_whole || text.ends_with(b"\r") {
        return None;
    }
    let record = Record {
        text,
        fields: &fields,
    };
    let own = |place| String::from_utf8(record.bytes(place).into_owned()).ok();
    (0..record.len()).map(own).collect()
}

/// Hands over every record with the number it has in the file, from 1.
///
/// # Errors
/// When the file cannot be read, a quote is never closed, a record is too long, or the taker stops.
pub fn each_record(
    mut source: impl Read,
    delimiter: u8,
    mut take: impl FnMut(u32, Record<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut buffer = vec![0; PIECE];
    let mut fields = Vec::new();
    let (mut filled, mut number) = (0, 0_u32);
    loop {
        if filled == buffer.len() {
            if filled >= LONGEST {
                return Err(unclosed(number));
            }
            buffer.resize(filled * 2, 0);
        }
        let room = buffer.get_mut(filled..).unwrap_or_default();
        let read = source.read(room)?;
        filled += read;
        let mut rest = buffer.get(..filled).unwrap_or_default();
        while let Some(length) = record(rest, delimiter, read == 0, &mut fields) {
            let (text, behind) = rest.split_at(length);
            rest = behind;
            number += 1;
            let is_blank = matches!(fields.as_slice(), [only] if only.start == only.end);
            if !is_blank {
                let fields = fields.as_slice();
                take(number, Record { text, fields })?;
            }
        }
        let left = rest.len();
        if read == 0 {
            return if left == 0 {
                Ok(())
            } else {
                Err(unclosed(number))
            };
        }
        buffer.copy_within(filled - left..filled, 0);
        filled = left;
    }
}

fn unclosed(number: u32) -> Problem {
    Problem::at(
        u64::from(number) + 1,
        "a quote (\") stands inside this record or is never closed: mend the cell and export again",
    )
}

/// One record's fields and length with its line end; `None` when it is not whole, or nothing is left.
fn record(text: &[u8], delimiter: u8, is_last: bool, fields: &mut Vec<Field>) -> Option<usize> {
    fields.clear();
    if text.is_empty() {
        return None;
    }
    let mut marks = Marks::of(text, delimiter);
    let mut at = 0;
    loop {
        let is_quoted = text.get(at) == Some(&b'"');
        let (mut field, end) = if is_quoted {
            quoted(text, at, &mut marks)?
        } else {
            let end = marks.next().or(is_last.then_some(text.len()))?;
            let (start, has_doubled) = (at, false);
            (
                Field {
                    start,
                    end,
                    has_doubled,
                },
                end,
            )
        };
        let length = match text.get(end) {
            Some(mark) if *mark == delimiter => {
                fields.push(field);
                if is_quoted {
                    marks.next();
                }
                at = end + 1;
                continue;
            }
            Some(b'\n') => end + 1,
            Some(b'\r') if text.get(end + 1) == Some(&b'\n') => end + 2,
            None if is_last => end,
            _ => return None,
        };
        if !is_quoted && text.get(at..end)?.ends_with(b"\r") {
            field.end -= 1;
        }
        fields.push(field);
        return Some(length);
    }
}

/// The quoted field that begins here, and where its closing quote is behind it.
#[inline]
fn quoted(text: &[u8], at: usize, marks: &mut Marks<'_>) -> Option<(Field, usize)> {
    marks.next();
    let mut has_doubled = false;
    loop {
        let end = marks.next()?;
        if text.get(end) != Some(&b'"') {
            continue;
        }
        if text.get(end + 1) != Some(&b'"') {
            let start = at + 1;
            return Some((
                Field {
                    start,
                    end,
                    has_doubled,
                },
                end + 1,
            ));
        }
        marks.next();
        has_doubled = true;
    }
}

/// The places of delimiters, line feeds and quotes, found in sixty-four bytes at a time.
struct Marks<'a> {
    text: &'a [u8],
    wanted: [u8x16; 3],
    /// Where the sixty-four bytes begin.
    at: usize,
    /// One bit for each byte of them that is a mark and was not handed over.
    found: u64,
}

impl<'a> Marks<'a> {
    #[inline]
    fn of(text: &'a [u8], delimiter: u8) -> Self {
        let mut marks = Self {
            text,
            wanted: [delimiter, b'\n', b'"'].map(u8x16::splat),
            at: 0,
            found: 0,
        };
        marks.found = marks.look().unwrap_or(0);
        marks
    }

    /// The marks in the sixty-four bytes; `None` behind the end.
    #[inline]
    fn look(&self) -> Option<u64> {
        let rest = self.text.get(self.at..)?;
        if let Some(bytes) = rest.first_chunk() {
            return Some(self.among(bytes));
        }
        if rest.is_empty() {
            return None;
        }
        // No mark is a byte of this kind in UTF-8.
        let mut bytes = [0xff; 64];
        bytes.get_mut(..rest.len())?.copy_from_slice(rest);
        Some(self.among(&bytes))
    }

    #[inline]
    fn among(&self, bytes: &[u8; 64]) -> u64 {
        let [one, two, three] = self.wanted;
        let (parts, _) = bytes.as_chunks::<16>();
        parts.iter().rev().fold(0, |found, part| {
            let part = u8x16::new(*part);
            let is_mark = part.simd_eq(one) | part.simd_eq(two) | part.simd_eq(three);
            found << 16 | u64::from(is_mark.to_bitmask())
        })
    }

    /// The next one.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.at += 64;
            self.found = self.look()?;
        }
        let bit = usize::try_from(self.found.trailing_zeros()).ok()?;
        self.found &= self.found - 1;
        Some(self.at + bit)
    }
}

/// A whole amount: digits with an optional sign, and commas or dots only where they part thousands.
#[must_use]
#[inline]
pub fn whole_amount(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if (1..=DIGITS).contains(&digits.len()) {
        let (mut value, mut is_plain) = (0_i64, true);
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            is_plain &= digit < 10;
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        }
        if is_plain {
            return Some(if is_negative { -value } else { value });
        }
    }
    let (mut value, mut mark, mut group, mut count) = (0_i64, None, 0_u32, 0_u32);
    for byte in digits {
        if byte.is_ascii_digit() {
            value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
            (group, count) = (group + 1, count + 1);
        } else {
            let is_right = match mark {
                None => matches!(byte, b',' | b'.') && (1..=3).contains(&group),
                Some(known) => known == byte && group == 3,
            };
            if !is_right {
                return None;
            }
            (mark, group) = (Some(byte), 0);
        }
    }
    let is_whole = count > 0 && (mark.is_none() || group == 3);
    is_whole.then_some(if is_negative { -value } else { value })
}

/// A day written with two digits for day and month and four for the year, in this order; what stands
/// behind it, such as a time, must be parted by a space or `T`.
#[must_use]
#[inline]
pub fn day(text: &[u8], order: DateOrder) -> Option<Day> {
    let [a, b, c, d, e, f, g, h, i, j, rest @ ..] = text else {
        return None;
    };
    if !matches!(rest.first(), None | Some(b' ' | b'T')) {
        return None;
    }
    let (year, month, day, marks) = match order {
        DateOrder::Ymd => ([a, b, c, d], [f, g], [i, j], (e, h)),
        DateOrder::Dmy => ([g, h, i, j], [d, e], [a, b], (c, f)),
        DateOrder::Mdy => ([g, h, i, j], [a, b], [d, e], (c, f)),
    };
    if marks.0 != marks.1 || !matches!(marks.0, b'/' | b'-' | b'.') {
        return None;
    }
    let year = i32::try_from(digits(year)?).ok()?;
    Day::from_ymd_opt(year, digits(month)?, digits(day)?)
}

fn digits<const N: usize>(text: [&u8; N]) -> Option<u32> {
    let (mut value, mut is_plain) = (0_u32, true);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        is_plain &= digit < 10;
        value = value.wrapping_mul(10).wrapping_add(u32::from(digit));
    }
    is_plain.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every record is cut everywhere once.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            room[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn read(source: impl Read) -> Result<Vec<(u32, Vec<String>)>, Problem> {
        let mut all = Vec::new();
        each_record(source, b',', |number, record| {
            let text = |place| String::from_utf8(record.bytes(place).into_owned()).unwrap();
            all.push((number, (0..record.len()).map(text).collect()));
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn records_are_the_same_however_the_bytes_arrive() {
        let text = "a,\"b,\"\"c\"\"\",d\r\n\"x\ny\",z,\n\n,\n\"\",last";
        let expected = [
            (1, vec!["a", "b,\"c\"", "d"]),
            (2, vec!["x\ny", "z", ""]),
            (4, vec!["", ""]),
            (5, vec!["", "last"]),
        ];
        for all in [
            read(text.as_bytes()).unwrap(),
            read(Drops(text.as_bytes())).unwrap(),
        ] {
            assert_eq!(all.len(), expected.len());
            for (one, other) in all.iter().zip(&expected) {
                assert_eq!((one.0, one.1.iter().map(String::as_str).collect()), *other);
            }
        }
        // Wherever a mark lies in sixty-four bytes, in front of the end or behind it.
        for length in 0..80 {
            let word = "é".repeat(length) + &"x".repeat(length % 3);
            let text = format!("{word},\"{word},\"\"\",{word}\r\n,{word}");
            let expected = [
                vec![word.clone(), format!("{word},\""), word.clone()],
                vec![String::new(), word.clone()],
            ];
            let all = read(text.as_bytes()).unwrap();
            let fields: Vec<_> = all.into_iter().map(|(_, fields)| fields).collect();
            assert_eq!(fields, expected);
        }
        let problem = read("a,b\nc,\"d\ne".as_bytes()).unwrap_err();
        assert!(problem.to_string().contains('2'), "{problem}");
    }

    #[test]
    fn amounts_and_days_are_certain_or_nothing() {
        let amounts = [
            ("0", Some(0)),
            ("-602,846", Some(-602_846)),
            ("-999999999999999999", Some(-999_999_999_999_999_999)),
            ("9223372036854775807", Some(i64::MAX)),
            ("1.250.000", Some(1_250_000)),
            ("1250000", Some(1_250_000)),
            ("12,34", None),
            ("1,2345", None),
            ("1,234.567", None),
            (",123", None),
            ("", None),
            ("-", None),
            ("9223372036854775808", None),
        ];
        for (text, expected) in amounts {
            assert_eq!(whole_amount(text.as_bytes()), expected, "{text}");
        }
        let twelfth = Day::from_ymd_opt(2026, 9, 12);
        let days = [
            ("12/09/2026 06:34:26", DateOrder::Dmy, twelfth),
            ("09-12-2026", DateOrder::Mdy, twelfth),
            ("2026-09-12T06:34", DateOrder::Ymd, twelfth),
            ("31/02/2026", DateOrder::Dmy, None),
            ("1/9/2026", DateOrder::Dmy, None),
            ("12/09/20261", DateOrder::Dmy, None),
            ("12/09-2026", DateOrder::Dmy, None),
        ];
        for (text, order, expected) in days {
            assert_eq!(day(text.as_bytes(), order), expected, "{text}");
        }
    }
}
