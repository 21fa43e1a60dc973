//! Currency signs and codes beside amounts, and which currencies each of them may mean: a dollar sign
//! is that of many, and of none but dollars.

use crate::domain::money::Currency;

const DOLLARS: [&str; 7] = ["USD", "AUD", "CAD", "SGD", "NZD", "HKD", "TWD"];

/// Currency signs and codes that may stand beside an amount, with what they may mean.
pub(super) const SIGNS: [(&str, &[&str]); 20] = [
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
    pub(super) fn new((text, means): (&'static str, &'static [&'static str])) -> Self {
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
