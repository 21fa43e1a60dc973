//! Reading free text that passed through a bank: text in, payment references and dossier codes out.
//! A reference checks itself, so it may stand anywhere: punctuation, spaces and word boundaries mean
//! nothing, because banks lose, move and invent them. A code does not, so what stands beside it
//! counts. Does not know which references or dossiers exist.

use chrono::NaiveDate;

use super::letters::{Plain, plain};
use crate::domain::reference::{LENGTH, PREFIX, PaymentReference};

/// Characters of a text that are looked at; no bank carries as many.
const LOOKED_AT: usize = 1_000;

/// A text that names more references than this is a list and names nothing: with a part of a list
/// one bill would seem to be the only one.
const MOST_REFERENCES: usize = 7;

/// The same for dossier codes. Some are chance readings: a code after the number of a procedure
/// (`2.000815.000.00.00.H55`) reads in two more ways.
const MOST_CODES: usize = 8;

/// Characters of the unit levels between province and day: up to three levels of two or three in a
/// short code, none in a classic one.
const LEVELS: [usize; 9] = [0, 2, 3, 4, 5, 6, 7, 8, 9];

/// Characters of the three groups that stand before the province in a classic code.
const CLASSIC_GROUPS: usize = 7;

/// Characters of the first of them.
const FIRST_GROUP: usize = 3;

const PROVINCE: usize = 3;
const DAY: usize = 6;

/// Digits of the running number at the end of a code.
const SEQUENCES: std::ops::RangeInclusive<usize> = 4..=6;

/// Digits of the time, to the second, that the National Payment Platform writes behind a code to
/// make the number of a request.
const REQUEST_TIME: usize = 14;

/// What the platform writes before the code there.
const REQUEST_MARK: &str = "DVC";

/// A text reduced to capital letters and digits, with the places where something else stood.
struct Text {
    letters: String,
    /// For each letter, whether something stood between it and the one before it.
    gaps: Vec<bool>,
    /// Whether the text went on where we stopped reading.
    is_cut: bool,
}

/// What a text names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Payment references of ours, each once.
    pub(super) references: Vec<String>,
    /// Whether the fixed letters of those references are lost.
    pub(super) is_headless: bool,
    /// Dossier codes without punctuation, each once.
    pub(super) codes: Vec<String>,
}

impl Named {
    /// Reads a text.
    pub(super) fn in_text(text: &str) -> Self {
        let text = Text::of(text);
        let is_headless = text.references().next().is_none();
        let references = if is_headless {
            few(text.headless(), MOST_REFERENCES)
        } else {
            few(text.references(), MOST_REFERENCES)
        };
        Self {
            references,
            is_headless,
            codes: few(text.codes(), MOST_CODES),
        }
    }
}

/// The names without repeats; none when there are too many of them.
fn few(names: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut kept = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
        if kept.len() > most {
            return Vec::new();
        }
    }
    kept
}

/// The codes that would read like `code` if the last digit of their number had been cut off, or if
/// one or two digits of somebody else had been glued to it. Where one of them exists beside this
/// one, nobody can tell which was meant.
pub(super) fn rivals(code: &str) -> impl Iterator<Item = String> {
    let spare = 1..=SEQUENCES.end() - SEQUENCES.start();
    let ends = spare.filter_map(|lost| code.len().checked_sub(lost));
    let shorter = ends.filter_map(|end| code.get(..end)).map(str::to_owned);
    shorter.chain(('0'..='9').map(move |digit| format!("{code}{digit}")))
}

/// Whether one of two codes continues the other with digits, as rivals do.
pub(super) fn are_rivals(one: &str, other: &str) -> bool {
    let rest = one.strip_prefix(other).or(other.strip_prefix(one));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

impl Text {
    fn of(text: &str) -> Self {
        let mut read = Self {
            letters: String::with_capacity(text.len().min(LOOKED_AT)),
            gaps: Vec::with_capacity(text.len().min(LOOKED_AT)),
            is_cut: false,
        };
        let mut is_gap = true;
        for (place, letter) in text.chars().enumerate() {
            if place == LOOKED_AT {
                read.is_cut = true;
                break;
            }
            match plain(letter) {
                Plain::Letter(letter) => {
                    read.letters.push(letter);
                    read.gaps.push(is_gap);
                    is_gap = false;
                }
                Plain::Mark => {}
                Plain::Gap => is_gap = true,
            }
        }
        read
    }

    /// Whether nothing joins what stands before a place to what stands there.
    fn is_gap(&self, at: usize) -> bool {
        self.gaps.get(at).copied().unwrap_or(!self.is_cut)
    }

    fn digit(&self, at: usize) -> bool {
        let letter = self.letters.as_bytes().get(at);
        letter.is_some_and(u8::is_ascii_digit)
    }

    /// References whole and with the right check character, however glued or torn.
    fn references(&self) -> impl Iterator<Item = String> {
        let at = self.letters.match_indices(PREFIX).map(|(at, _)| at);
        at.filter_map(|at| PaymentReference::parse(self.letters.get(at..at + LENGTH)?))
            .map(|reference| reference.as_str().to_owned())
    }

    /// References that lost one or both of their fixed letters where a bank cut off the beginning of
    /// a text. The ten characters that tell one from another are whole and checked, so nothing is
    /// guessed. Without the fixed letters a hundred stretches of every memo would be tried, and one
    /// of them might be a reference by chance; so it has to be a word of its own, and neither a
    /// plain word nor a plain number, of which the same come again and again. A reference cut at its
    /// end is not read: without the check character it cannot be told from one written wrongly.
    fn headless(&self) -> impl Iterator<Item = String> {
        self.words().filter_map(|word| {
            let body = match LENGTH.checked_sub(word.len())? {
                1 => word.strip_prefix(PREFIX.get(1..)?)?,
                2 => word,
                _ => return None,
            };
            let is_mixed = body.bytes().any(|b| b.is_ascii_digit())
                && body.bytes().any(|b| b.is_ascii_uppercase());
            let reference = PaymentReference::with_body(body).filter(|_| is_mixed)?;
            Some(reference.as_str().to_owned())
        })
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        (1..=self.letters.len()).filter_map(move |end| {
            if !self.is_gap(end) {
                return None;
            }
            let word = self.letters.get(start..end);
            start = end;
            word
        })
    }

    /// Dossier codes: a province, unit levels, a day that exists and a running number.
    fn codes(&self) -> impl Iterator<Item = String> {
        let provinces = self.letters.match_indices(['H', 'G']).map(|(at, _)| at);
        provinces
            .filter(|&at| (at + 1..at + PROVINCE).all(|at| self.digit(at) && !self.is_gap(at)))
            .filter(|&at| !self.ends_word(at))
            .flat_map(move |at| {
                LEVELS
                    .iter()
                    .filter_map(move |levels| self.code(at, *levels))
            })
    }

    fn code(&self, province: usize, levels: usize) -> Option<String> {
        let day = province + PROVINCE + levels;
        let number = day + DAY;
        if !self.letters.get(day..number).is_some_and(is_day) {
            return None;
        }
        let start = match levels {
            0 => self.first_group(province)?,
            _ => province,
        };
        let end = number + self.sequence(number)?;
        Some(self.letters.get(start..end)?.to_owned())
    }

    /// Whether the H or G at a place may be the end of a word glued before it: Vietnamese words end in
    /// nh, ch and ng, as many names do, and whose number follows would be anybody's.
    fn ends_word(&self, at: usize) -> bool {
        let before = self.letters.get(..at).filter(|_| !self.is_gap(at));
        before.is_some_and(|word| word.ends_with(['N', 'C']) && !word.ends_with(REQUEST_MARK))
    }

    /// Where a classic code begins, whose province stands at a place. Its first group has to be whole
    /// and by itself: torn, joined to a digit, or with one or two digits before it that may belong to
    /// it, it may be the rest of another group. What a classic code ends in reads as the short code
    /// of the province itself; that one is never read, because it may be the rest of a classic one.
    fn first_group(&self, province: usize) -> Option<usize> {
        let start = province.checked_sub(CLASSIC_GROUPS)?;
        let is_group = (start..start + FIRST_GROUP).all(|at| self.digit(at));
        let is_torn = (start + 1..start + FIRST_GROUP).any(|at| self.is_gap(at));
        let before = self.run_before(start);
        let is_joined = before > 0 && (before <= 2 || !self.is_gap(start));
        (is_group && !is_torn && !is_joined).then_some(start)
    }

    /// Digits of the running number that begins at a place. It is read only where it is in one
    /// piece and ends by itself: a number that was cut off or torn apart, with other digits behind
    /// it, would be the number of somebody else.
    fn sequence(&self, number: usize) -> Option<usize> {
        let run = self.run(number);
        let tail = number + run;
        if self.is_cut && tail == self.letters.len() {
            return None;
        }
        if SEQUENCES.contains(&run) {
            let rest = self.run(tail);
            let is_torn = rest > 0 && SEQUENCES.contains(&(run + rest));
            return (!is_torn).then_some(run);
        }
        let length = run.checked_sub(REQUEST_TIME)?;
        let time = self.letters.get(number + length..tail)?;
        (SEQUENCES.contains(&length) && is_time(time)).then_some(length)
    }

    /// Digits from a place on that nothing separates.
    fn run(&self, start: usize) -> usize {
        let is_next = |at: &usize| self.digit(*at) && (*at == start || !self.is_gap(*at));
        (start..).take_while(is_next).count()
    }

    /// Digits before a place that nothing separates.
    fn run_before(&self, end: usize) -> usize {
        let is_next = |at: &usize| self.digit(*at) && (*at + 1 == end || !self.is_gap(*at + 1));
        (0..end).rev().take_while(is_next).count()
    }
}

/// Whether six characters are a day, YYMMDD of this century.
fn is_day(text: &str) -> bool {
    let pair = |at: usize| {
        let digits = text.get(at..at + 2)?;
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| is_number)
    };
    let (Some(year), Some(month), Some(day)) = (pair(0), pair(2), pair(4)) else {
        return false;
    };
    NaiveDate::from_ymd_opt(2_000 + i32::from(year), month.into(), day.into()).is_some()
}

/// Whether fourteen digits are a time of this century, YYYYMMDDhhmmss.
fn is_time(text: &str) -> bool {
    let below = |at: usize, end: u8| {
        let pair = text
            .get(at..at + 2)
            .and_then(|pair| pair.parse::<u8>().ok());
        pair.is_some_and(|value| value < end)
    };
    let is_in_century = text.starts_with("20") && text.get(2..8).is_some_and(is_day);
    is_in_century && below(8, 24) && below(10, 60) && below(12, 60)
}
