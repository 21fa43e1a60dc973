//! Amounts as people and programs write them: 1.234,56, 1,234.56, 1 234, (1,234), 1.234-, marks of
//! credit and debit, currency signs. Text comes in, an exact decimal or a reason goes out. A style is
//! found from a whole column; one amount alone is never stretched to fit.

use rust_decimal::Decimal;

use super::signs::{cleaned, stripped};

/// The mark before the fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// 1,234.56
    Dot,
    /// 1.234,56
    Comma,
}

impl Mark {
    fn sign(self) -> char {
        match self {
            Self::Dot => '.',
            Self::Comma => ',',
        }
    }

    /// How amounts look, for people.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Dot => "1,234.56",
            Self::Comma => "1.234,56",
        }
    }
}

struct Bare {
    digits: String,
    is_negative: bool,
}

fn bare(text: &str) -> Result<Option<Bare>, String> {
    let clean = cleaned(text);
    let (rest, is_negative, is_clear) = stripped(&clean, &mut Vec::new());
    if rest.is_empty() {
        return Ok(None);
    }
    if !is_clear {
        return Err("has two signs, so that it is not clear which way the money went".to_owned());
    }
    let is_amount = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\'' | '’');
    if !rest.chars().all(is_amount) || !rest.contains(is_digit) {
        let exponent = rest.to_ascii_uppercase();
        return Err(
            if exponent.split_once('E').is_some_and(|(a, b)| {
                !a.is_empty()
                    && a.chars().all(is_amount)
                    && b.trim_start_matches(['+', '-']).chars().all(is_digit)
            }) {
                "is in scientific notation, so digits may be lost: format the column as a number and export again".to_owned()
            } else {
                "is not an amount".to_owned()
            },
        );
    }
    let digits = rest.replace(['’', ' '], "'");
    Ok(Some(Bare {
        digits,
        is_negative,
    }))
}

pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// What one amount shows about the style of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    Nothing,
    /// Thousands are not marked, though there are some.
    Plain,
    /// The fraction has this mark; whether thousands are marked too.
    Fraction(Mark, bool),
    /// Thousands are marked and the fraction, if any, would have this mark.
    Thousands(Mark),
    /// Thousands are marked in a way that says nothing about fractions, or the mark is unclear.
    Grouped,
}

/// What this text shows about the style of its column.
#[must_use]
pub fn hint(text: &str) -> Hint {
    let Ok(Some(bare)) = bare(text) else {
        return Hint::Nothing;
    };
    let digits = bare.digits.as_str();
    let marks: Vec<char> = digits.chars().filter(|c| matches!(c, '.' | ',')).collect();
    let has_spaces = digits.contains('\'');
    let Some(last) = marks.last().copied() else {
        let is_long = digits.len() > 3 && !digits.starts_with('0');
        return match (has_spaces, is_long) {
            (true, _) => Hint::Grouped,
            (false, true) => Hint::Plain,
            (false, false) => Hint::Nothing,
        };
    };
    let as_fraction = if last == '.' { Mark::Dot } else { Mark::Comma };
    let as_thousands = if last == '.' { Mark::Comma } else { Mark::Dot };
    let (whole, fraction) = digits.rsplit_once(last).unwrap_or((digits, ""));
    let is_mixed = marks.iter().any(|mark| *mark != last);
    if is_mixed || has_spaces && marks.len() == 1 && fraction.len() != 3 {
        return Hint::Fraction(as_fraction, true);
    }
    if marks.len() > 1 {
        return Hint::Thousands(as_thousands);
    }
    if fraction.len() == 3 && !whole.is_empty() && whole.len() <= 3 && whole != "0" {
        return Hint::Grouped;
    }
    if whole.len() > 3 {
        Hint::Fraction(as_fraction, false)
    } else {
        // A whole part of up to three digits shows the mark, but not whether thousands are marked.
        Hint::Fraction(as_fraction, true)
    }
}

/// Reads an amount in a style; without one, a single mark followed by exactly three digits is a
/// thousands mark. `None` for an empty cell or a dash.
///
/// # Errors
/// Why it is not an amount in that style, to follow the text in a sentence.
pub fn parse(text: &str, style: Option<Mark>) -> Result<Option<Decimal>, String> {
    let Some(bare) = bare(text)? else {
        return Ok(None);
    };
    let decimal = style.unwrap_or_else(|| match hint(text) {
        Hint::Fraction(mark, _) | Hint::Thousands(mark) => mark,
        Hint::Grouped if bare.digits.contains('.') => Mark::Comma,
        Hint::Grouped | Hint::Plain | Hint::Nothing => Mark::Dot,
    });
    let (whole, fraction) = bare
        .digits
        .rsplit_once(decimal.sign())
        .unwrap_or((&bare.digits, ""));
    let other_style = || {
        format!(
            "is not an amount like {}, as the others here",
            decimal.shown()
        )
    };
    if !fraction.chars().all(is_digit) {
        return Err(other_style());
    }
    let groups: Vec<&str> = whole.split(['.', ',', '\'']).collect();
    let has_one_mark = {
        let mut marks: Vec<char> = whole.chars().filter(|c| !is_digit(*c)).collect();
        marks.dedup();
        marks.len() <= 1 && !marks.contains(&decimal.sign())
    };
    let is_grouped = groups.len() == 1
        || has_one_mark
            && groups
                .first()
                .is_some_and(|first| (1..=3).contains(&first.len()))
            && groups.iter().skip(1).all(|group| group.len() == 3);
    if !is_grouped {
        return Err(other_style());
    }
    number(&groups.concat(), fraction, bare.is_negative).map(Some)
}

/// Reads an amount whose only mark is the fraction's, a dot or a comma, as MT940, OFX and QIF write it.
///
/// # Errors
/// Why it is not an amount, to follow the text in a sentence.
pub fn parse_plain(text: &str) -> Result<Decimal, String> {
    let trimmed = text.trim();
    let is_negative = trimmed.starts_with('-');
    let digits = trimmed.trim_start_matches(['-', '+']);
    if trimmed.len() > digits.len() + 1 {
        return Err("is not an amount".to_owned());
    }
    let (whole, fraction) = digits.split_once([',', '.']).unwrap_or((digits, ""));
    let is_number = |part: &str| part.chars().all(is_digit);
    if !is_number(whole) || !is_number(fraction) || whole.is_empty() && fraction.is_empty() {
        return Err("is not an amount".to_owned());
    }
    number(whole, fraction, is_negative)
}

fn number(whole: &str, fraction: &str, is_negative: bool) -> Result<Decimal, String> {
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > 18 || fraction.len() > 8 {
        return Err("has too many digits for an amount".to_owned());
    }
    let sign = if is_negative { "-" } else { "" };
    format!("{sign}0{whole}.{fraction}0")
        .parse()
        .map_err(|_| "is not an amount".to_owned())
}

/// A number as a workbook keeps it, in its shortest text; refused when it cannot be exact.
///
/// # Errors
/// Why it is not an amount, to follow the text in a sentence.
pub fn parse_number(text: &str) -> Result<Decimal, String> {
    let value: f64 = text
        .trim()
        .parse()
        .map_err(|_| "is not a number".to_owned())?;
    if !value.is_finite() {
        return Err("is not a number".to_owned());
    }
    let shortest = value.to_string();
    let digits = shortest
        .chars()
        .filter(|c| is_digit(*c))
        .collect::<String>();
    if digits.trim_start_matches('0').trim_end_matches('0').len() > 15 {
        return Err(
            "has more digits than a workbook keeps exactly: format the column as text and export again"
                .to_owned(),
        );
    }
    parse_plain(&shortest)
}

/// The style of a column: what its amounts show together.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    dots: Count,
    commas: Count,
    plain: Count,
    grouped: Count,
    /// What may be, or is, a dot between thousands; and a comma.
    dot_groups: Count,
    comma_groups: Count,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    times: u64,
    first: u64,
}

impl Count {
    fn add(&mut self, place: u64) {
        if self.times == 0 {
            self.first = place;
        }
        self.times += 1;
    }

    fn join(&mut self, other: Self) {
        if self.times == 0 || other.times > 0 && other.first < self.first {
            self.first = other.first;
        }
        self.times += other.times;
    }

    fn rarer(self, other: Self) -> Option<u64> {
        (self.times > 0 && other.times > 0).then_some(if self.times < other.times {
            self.first
        } else {
            other.first
        })
    }
}

impl Tally {
    /// Notes an amount at a place.
    pub fn note(&mut self, text: &str, place: u64) {
        let mut mark = |mark| match mark {
            Mark::Dot => self.dots.add(place),
            Mark::Comma => self.commas.add(place),
        };
        match hint(text) {
            Hint::Nothing => {}
            Hint::Plain => self.plain.add(place),
            Hint::Fraction(as_is, true) => mark(as_is),
            Hint::Fraction(as_is, false) => {
                mark(as_is);
                self.plain.add(place);
            }
            Hint::Thousands(as_is) => {
                mark(as_is);
                self.grouped(text, place);
            }
            Hint::Grouped => self.grouped(text, place),
        }
        let is_long_mixed = text.contains('.') && text.contains(',');
        if is_long_mixed && hint(text) != Hint::Nothing {
            self.grouped.add(place);
        }
    }

    fn grouped(&mut self, text: &str, place: u64) {
        self.grouped.add(place);
        if text.contains('.') {
            self.dot_groups.add(place);
        } else if text.contains(',') {
            self.comma_groups.add(place);
        }
    }

    /// Adds the marks before fractions of another column, which may write thousands its own way.
    pub fn add_marks(&mut self, other: &Self) {
        self.dots.join(other.dots);
        self.commas.join(other.commas);
    }

    /// The style, none when nothing shows it.
    ///
    /// # Errors
    /// The place of the first amount that is written in another style than most.
    pub fn style(&self) -> Result<Option<Mark>, u64> {
        let odd = self
            .dots
            .rarer(self.commas)
            .or(self.plain.rarer(self.grouped))
            .or(self.dot_groups.rarer(self.comma_groups));
        match odd {
            Some(place) => Err(place),
            None if self.commas.times > 0 => Ok(Some(Mark::Comma)),
            None if self.dots.times > 0 => Ok(Some(Mark::Dot)),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_they_are_written() {
        let table = [
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1 234", "1234"),
            ("1\u{a0}234,50", "1234.50"),
            ("1'234.50", "1234.50"),
            ("(1,234)", "-1234"),
            ("1.234-", "-1234"),
            ("-149.350", "-149350"),
            ("50.000", "50000"),
            ("50,000", "50000"),
            ("1.250.000", "1250000"),
            ("90,000 ₫", "90000"),
            ("3,359,662,231 VND", "3359662231"),
            ("$878.47", "878.47"),
            ("-$5.10", "-5.10"),
            ("'579,68 USD", "579.68"),
            ("100.00 DR", "-100"),
            ("100.00 CR", "100"),
            ("0.00", "0"),
            ("1250000", "1250000"),
            ("149,670.00", "149670"),
            ("0.500", "0.5"),
            ("1234.5", "1234.5"),
        ];
        for (text, number) in table {
            let number: Decimal = number.parse().unwrap();
            assert_eq!(parse(text, None), Ok(Some(number)), "{text}");
        }
        for text in ["", " ", "-", "--", "VND"] {
            assert_eq!(parse(text, None), Ok(None), "{text}");
        }
        for text in [
            "1.2.3",
            "1,23,456",
            "12A",
            "1e5",
            "1.25E+06",
            "0x10",
            "#REF!",
            "1.234,567.8",
            "abc",
            "--5",
            "+-5",
            "-+5",
            "++5",
            "-5-",
            "\u{2212}-5",
            "- -5",
            "-$-5",
            "100 DR DR",
            "CR 100 DR",
        ] {
            assert!(parse(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn a_known_style_is_not_stretched() {
        assert_eq!(
            parse("1.250.000,00", Some(Mark::Comma))
                .unwrap()
                .unwrap()
                .to_string(),
            "1250000.0"
        );
        assert!(parse("1.250.000,00", Some(Mark::Dot)).is_err());
        assert!(parse("1.250.000", Some(Mark::Dot)).is_err());
        assert_eq!(
            parse("1.250", Some(Mark::Dot))
                .unwrap()
                .unwrap()
                .normalize()
                .to_string(),
            "1.25"
        );
    }

    #[test]
    fn plain_amounts_have_one_mark_at_most() {
        for (text, number) in [
            ("500,", "500"),
            ("500", "500"),
            ("0000000015,7", "15.7"),
            ("-12,34", "-12.34"),
        ] {
            assert_eq!(
                parse_plain(text).unwrap(),
                number.parse().unwrap(),
                "{text}"
            );
        }
        for text in ["1,2,3", "12A", "", ",", "--1", "1e3"] {
            assert!(parse_plain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_of_workbooks_are_exact_or_refused() {
        for (text, number) in [
            ("1000000000", "1000000000"),
            ("0.10000000000000001", "0.1"),
            ("1.25E6", "1250000"),
            ("-5.0", "-5"),
        ] {
            assert_eq!(
                parse_number(text).unwrap(),
                number.parse().unwrap(),
                "{text}"
            );
        }
        for text in [
            "0.30000000000000004",
            "1234567890123456789",
            "NaN",
            "inf",
            "x",
        ] {
            assert!(parse_number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_column_has_one_style() {
        let style = |texts: &[&str]| {
            let mut tally = Tally::default();
            for (at, text) in (1..).zip(texts) {
                tally.note(text, at);
            }
            tally.style()
        };
        assert_eq!(style(&["20.954", "2.020.954"]), Ok(Some(Mark::Comma)));
        assert_eq!(style(&["20,954", "149,670.00"]), Ok(Some(Mark::Dot)));
        assert_eq!(style(&["20,954", "0"]), Ok(None));
        assert_eq!(style(&["12.50", "1.234"]), Ok(Some(Mark::Dot)));
        assert_eq!(style(&["50395", "1250993", "1.250.000,00"]), Err(3));
        assert_eq!(style(&["12.50", "12.60", "12,50"]), Err(3));
        // Three digits after either mark: one of the two is not what it looks like.
        assert_eq!(style(&["1.234", "1.235", "1,234"]), Err(3));
        assert_eq!(style(&["1,234", "2,500", "1.234"]), Err(3));
        assert_eq!(style(&["1.234.567", "2.500", "1,234"]), Err(3));
        assert_eq!(style(&["1 234", "1.234"]), Ok(None));
    }
}
