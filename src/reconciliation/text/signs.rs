//! What stands beside the digits of an amount: sign, side and currency, and which currencies each sign
//! may mean: a dollar sign is that of many, and of none but dollars.

use super::amounts::is_digit;
use crate::domain::money::Currency;

const DOLLARS: [&str; 7] = ["USD", "AUD", "CAD", "SGD", "NZD", "HKD", "TWD"];

/// Currency signs and codes that may stand beside an amount, with what they may mean.
const SIGNS: [(&str, &[&str]); 20] = [
    ("VND", &["VND"]),
    ("VNĐ", &["VND"]),
    ("USD", &["USD"]),
    ("EUR", &["EUR"]),
    ("GBP", &["GBP"]),
    ("JPY", &["JPY"]),
    ("CHF", &["CHF"]),
    ("AUD", &["AUD"]),
    ("CAD", &["CAD"]),
    ("SGD", &["SGD"]),
    ("CNY", &["CNY"]),
    ("KRW", &["KRW"]),
    ("₫", &["VND"]),
    ("đ", &["VND"]),
    ("Đ", &["VND"]),
    ("$", &DOLLARS),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("¥", &["JPY", "CNY"]),
    ("₩", &["KRW"]),
];

/// A sign that was found beside an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// As it is written.
    pub text: &'static str,
    means: &'static [&'static str],
}

impl Sign {
    fn new((text, means): (&'static str, &'static [&'static str])) -> Self {
        Self { text, means }
    }
}

/// What the amounts of a table may be in, by the signs seen so far.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    first: Option<&'static str>,
    means: Vec<&'static str>,
}

impl Signs {
    /// Notes a sign beside an amount in this currency, or where no currency is known.
    ///
    /// # Errors
    /// The currency, or the sign noted before, against which this one stands.
    pub fn note(&mut self, sign: Sign, own: Option<Currency>) -> Result<(), String> {
        if let Some(own) = own {
            let is_own = sign.means.contains(&own.as_str());
            return if is_own { Ok(()) } else { Err(own.to_string()) };
        }
        let Some(first) = self.first else {
            self.first = Some(sign.text);
            self.means = sign.means.to_vec();
            return Ok(());
        };
        self.means.retain(|one| sign.means.contains(one));
        if self.means.is_empty() {
            return Err(first.to_owned());
        }
        Ok(())
    }
}

/// Words of credit and debit that may stand beside an amount.
const SIDES: [(&str, bool); 6] = [
    ("CR", false),
    ("DR", true),
    ("DB", true),
    ("C", false),
    ("D", true),
    ("N", true),
];

/// The digits without currency, side and sign; whether these say that money goes out; and whether
/// they say it once. Of two signs, or two sides, it is not to be guessed which is meant. What
/// currencies stood there is added to the list.
pub(super) fn stripped<'a>(clean: &'a str, currencies: &mut Vec<Sign>) -> (&'a str, bool, bool) {
    let mut rest = clean.trim().trim_start_matches('\'').trim();
    let mut is_negative = false;
    let (mut signs, mut sides) = (0, 0);
    loop {
        let before = rest;
        for sign in SIGNS {
            let text = sign.0;
            while let Some(left) = rest.strip_prefix(text).or_else(|| rest.strip_suffix(text)) {
                currencies.push(Sign::new(sign));
                rest = left.trim();
            }
        }
        for (side, takes) in SIDES {
            let without = rest.strip_suffix(side).or_else(|| rest.strip_prefix(side));
            if let Some(without) =
                without.filter(|left| left.ends_with(is_digit) || left.trim().starts_with(is_digit))
            {
                is_negative ^= takes;
                sides += 1;
                rest = without.trim();
            }
        }
        if let Some(inside) = rest
            .strip_prefix('(')
            .and_then(|left| left.strip_suffix(')'))
        {
            is_negative = true;
            rest = inside.trim();
        }
        for (sign, takes) in [('-', true), ('+', false)] {
            let without = rest.strip_prefix(sign).or_else(|| rest.strip_suffix(sign));
            if let Some(without) = without {
                is_negative |= takes;
                signs += 1;
                rest = without.trim();
            }
        }
        if rest == before {
            break;
        }
    }
    (rest, is_negative, signs <= 1 && sides <= 1)
}

/// With plain spaces and signs.
pub(super) fn cleaned(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' | '\n' | '\r' => ' ',
            '\u{2212}' | '\u{2013}' => '-',
            other => other,
        })
        .collect()
}

/// The currencies that an amount names.
#[must_use]
pub fn currencies(text: &str) -> Vec<Sign> {
    let mut found = Vec::new();
    let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | ' ');
    if !text.chars().all(is_plain) && text.contains(is_digit) {
        stripped(&cleaned(text), &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(text: &str) -> Sign {
        Sign::new(*SIGNS.iter().find(|(own, _)| *own == text).unwrap())
    }

    #[test]
    fn a_sign_fits_its_own_currencies_and_those_before_it() {
        let fits = |text, own| Signs::default().note(sign(text), Some(own)).is_ok();
        for text in ["VND", "VNĐ", "₫", "đ", "Đ"] {
            assert!(fits(text, Currency::VND), "{text}");
            assert!(!fits(text, Currency::parse("USD").unwrap()), "{text}");
        }
        assert!(!fits("$", Currency::VND));
        assert!(fits("$", Currency::parse("SGD").unwrap()));
        let mut signs = Signs::default();
        assert_eq!(signs.note(sign("$"), None), Ok(()));
        assert_eq!(signs.note(sign("USD"), None), Ok(()));
        assert_eq!(signs.note(sign("AUD"), None), Err("$".to_owned()));
    }
}
