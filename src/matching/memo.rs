//! Reading free text that passed through a bank: letters and digits in, payment references and
//! readings of dossier codes out. Punctuation, spaces and word boundaries mean nothing here,
//! because banks lose, move and invent them. Does not know which references or dossiers exist.

use std::cmp::Reverse;

use chrono::NaiveDate;

use crate::domain::dossier_code::squeeze;
use crate::domain::reference::{LENGTH, PREFIX, PaymentReference};

/// Characters of a text that are looked at; no bank carries as many.
const LOOKED_AT: usize = 1_000;

/// How many clues of one kind are offered to the store.
pub(super) const MOST_CLUES: usize = 16;

/// Characters of the unit levels between province and day: up to three levels of two or three.
const LEVELS: [usize; 9] = [0, 2, 3, 4, 5, 6, 7, 8, 9];

/// Characters of the three groups that stand before the province in a classic code.
const CLASSIC_GROUPS: usize = 7;

const PROVINCE: usize = 3;
const DAY: usize = 6;

/// Digits of the running number at the end of a code, the usual four first.
const SEQUENCES: std::ops::RangeInclusive<usize> = 4..=6;

/// Capital letters and digits of the first thousand characters.
pub(super) fn squeezed(text: &str) -> String {
    let cut = text.char_indices().nth(LOOKED_AT);
    squeeze(cut.map_or(text, |(end, _)| text.get(..end).unwrap_or(text)))
}

/// Every text in `squeezed` that is a payment reference with the right check character.
pub(super) fn references(squeezed: &str) -> impl Iterator<Item = PaymentReference> {
    squeezed
        .match_indices(PREFIX)
        .filter_map(|(at, _)| PaymentReference::parse(squeezed.get(at..at + LENGTH)?))
}

/// One way to read a dossier code.
pub(super) struct Reading<'a> {
    code: &'a str,
    sequence: usize,
}

/// The codes of `readings`, best first: four digits of running number before more, then the
/// longest, because a classic code ends in what reads as a short one.
pub(super) fn best_codes(mut readings: Vec<Reading<'_>>) -> Vec<String> {
    readings.sort_by_key(|reading| (reading.sequence, Reverse(reading.code.len())));
    let mut codes: Vec<String> = Vec::new();
    for reading in readings {
        if codes.len() == MOST_CLUES {
            break;
        }
        if !codes.iter().any(|known| known == reading.code) {
            codes.push(reading.code.to_owned());
        }
    }
    codes
}

/// Adds every reading of a dossier code in `squeezed`: a province, unit levels, a day that exists
/// and a running number.
pub(super) fn read_codes<'a>(squeezed: &'a str, readings: &mut Vec<Reading<'a>>) {
    for (at, _) in squeezed.match_indices(['H', 'G']) {
        let digits = squeezed.get(at + 1..at + PROVINCE);
        if digits.is_some_and(is_digits) {
            for levels in LEVELS {
                read_at(squeezed, at, levels, readings);
            }
        }
    }
}

fn read_at<'a>(squeezed: &'a str, at: usize, levels: usize, readings: &mut Vec<Reading<'a>>) {
    let day = at + PROVINCE + levels;
    let number = day + DAY;
    if !squeezed.get(day..number).is_some_and(is_day) {
        return;
    }
    let tail = squeezed.get(number..).unwrap_or("");
    let run = tail.bytes().take_while(u8::is_ascii_digit).count();
    for sequence in SEQUENCES.take_while(|&length| length <= run) {
        let end = number + sequence;
        let classic = at.checked_sub(CLASSIC_GROUPS).filter(|_| levels == 0);
        for start in classic.into_iter().chain([at]) {
            if let Some(code) = squeezed.get(start..end) {
                readings.push(Reading { code, sequence });
            }
        }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether six characters are a day, YYMMDD of this century.
fn is_day(text: &str) -> bool {
    let pair = |at: usize| {
        let digits = text.get(at..at + 2).filter(|pair| is_digits(pair))?;
        digits.parse::<u16>().ok()
    };
    let (Some(year), Some(month), Some(day)) = (pair(0), pair(2), pair(4)) else {
        return false;
    };
    NaiveDate::from_ymd_opt(2_000 + i32::from(year), month.into(), day.into()).is_some()
}
