//! Amounts from pieces and base values, in whole numbers: a fixed part, a price per piece in steps,
//! a share of a base value, and the bounds of the result. Rounds once, half up to whole đồng.

use rust_decimal::Decimal;
use thiserror::Error;

/// Amounts and base values above this many minor units are mistakes.
pub const MOST_MINOR: i64 = 1_000_000_000_000_000;

/// More pieces than this are a mistake.
pub const MOST_PIECES: i64 = 1_000_000;

/// The name of the only rounding rule there is, as answers carry it.
pub const ROUNDING: &str = "half_up_to_dong";

/// A whole in millionths.
const WHOLE: i64 = 1_000_000;

/// A share between nothing and the whole, in millionths: 0.15 % is 1,500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate(i64);

/// A text that is no share.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a percentage from 0 to 100 with at most 4 decimals, such as 0.15")]
pub struct NotARate(String);

impl Rate {
    /// So many millionths; `None` outside 0 to the whole.
    #[must_use]
    pub fn of_millionths(millionths: i64) -> Option<Self> {
        (0..=WHOLE)
            .contains(&millionths)
            .then_some(Self(millionths))
    }

    /// Reads per cent: digits with at most four decimals.
    ///
    /// # Errors
    /// [`NotARate`].
    pub fn parse_percent(text: &str) -> Result<Self, NotARate> {
        let wrong = || NotARate(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_number(whole, 3) || !is_number(fraction, 4) {
            return Err(wrong());
        }
        let millionths: i64 = format!("{whole}{fraction:0<4}")
            .parse()
            .map_err(|_| wrong())?;
        Self::of_millionths(millionths).ok_or_else(wrong)
    }

    /// The share in millionths.
    #[must_use]
    pub fn millionths(self) -> i64 {
        self.0
    }

    /// The share in per cent, such as `0.15`.
    #[must_use]
    pub fn to_percent_text(self) -> String {
        Decimal::new(self.0, 4).normalize().to_string()
    }

    /// This share of an amount that is not negative, half up.
    #[must_use]
    pub fn share(self, minor: i64) -> i64 {
        let whole = i128::from(WHOLE);
        let share = (i128::from(minor.max(0)) * i128::from(self.0) + whole / 2) / whole;
        i64::try_from(share).unwrap_or(i64::MAX)
    }

    /// What is left of an amount without this share, half up.
    #[must_use]
    pub fn rest(self, minor: i64) -> i64 {
        Self(WHOLE - self.0).share(minor)
    }
}

/// From which piece on each piece costs how much, until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The first piece, counted from 1.
    pub from: i64,
    /// Minor units for each piece.
    pub each: i64,
}

/// How an amount comes about. All parts are added, then held between floor and cap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Formula {
    /// A fixed part, minor units.
    pub flat: i64,
    /// Prices of pieces, by growing first piece.
    pub steps: Vec<Step>,
    /// The share of a base value.
    pub rate: Option<Rate>,
    /// The least it gives, minor units.
    pub floor: Option<i64>,
    /// The most it gives, minor units.
    pub cap: Option<i64>,
}

impl Formula {
    /// A fixed amount.
    #[must_use]
    pub fn fixed(minor: i64) -> Self {
        Self {
            flat: minor,
            ..Self::default()
        }
    }

    /// The amount for so many pieces and this base value, minor units; none of them negative.
    /// `None` when it is larger than any fee.
    #[must_use]
    pub fn amount(&self, pieces: i64, base: i64) -> Option<i64> {
        let share = self.rate.map_or(0, |rate| rate.share(base));
        let sum = i128::from(self.flat) + self.of_pieces(pieces) + i128::from(share);
        let least = i128::from(self.floor.unwrap_or(0));
        let most = i128::from(self.cap.unwrap_or(i64::MAX));
        let held = sum.max(least).min(most);
        i64::try_from(held)
            .ok()
            .filter(|minor| *minor <= MOST_MINOR)
    }

    fn of_pieces(&self, pieces: i64) -> i128 {
        let ends = self.steps.iter().skip(1).map(|next| next.from - 1);
        let ends = ends.chain([i64::MAX]);
        self.steps
            .iter()
            .zip(ends)
            .map(|(step, last)| {
                let count = (pieces.min(last) - step.from).saturating_add(1).max(0);
                i128::from(count) * i128::from(step.each)
            })
            .sum()
    }

    /// Whether it depends on how many pieces there are.
    #[must_use]
    pub fn counts_pieces(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The formula in words, amounts in đồng.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if self.flat > 0 || (self.steps.is_empty() && self.rate.is_none()) {
            parts.push(self.flat.to_string());
        }
        let steps: Vec<String> = self
            .steps
            .iter()
            .map(|step| format!("{} per piece from no. {}", step.each, step.from))
            .collect();
        if !steps.is_empty() {
            parts.push(steps.join(", then "));
        }
        parts.extend(
            self.rate
                .map(|rate| format!("{}% of the base value", rate.to_percent_text())),
        );
        let mut text = parts.join(" + ");
        if let Some(floor) = self.floor {
            text.push_str(&format!(", at least {floor}"));
        }
        if let Some(cap) = self.cap {
            text.push_str(&format!(", at most {cap}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact_to_four_decimals_or_refused() {
        let table = [
            ("0.15", 1_500),
            ("100", 1_000_000),
            ("0", 0),
            ("0.0001", 1),
            ("33.3333", 333_333),
            ("50.0", 500_000),
        ];
        for (text, millionths) in table {
            assert_eq!(
                Rate::parse_percent(text).map(Rate::millionths),
                Ok(millionths),
                "{text}"
            );
        }
        assert_eq!(
            Rate::parse_percent("0.150").unwrap().to_percent_text(),
            "0.15"
        );
        assert_eq!(Rate::parse_percent("100").unwrap().to_percent_text(), "100");
        for text in [
            "", "-1", "101", "0.00001", "1e2", "0,15", "5%", "100.0001", ".5", "1.", "１",
        ] {
            assert!(Rate::parse_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn halves_are_rounded_up() {
        let half = Rate::parse_percent("50").unwrap();
        let table = [
            (0, 0, 0),
            (1, 1, 1),
            (2, 1, 1),
            (3, 2, 2),
            (7_000, 3_500, 3_500),
        ];
        for (minor, share, rest) in table {
            assert_eq!(
                (half.share(minor), half.rest(minor)),
                (share, rest),
                "{minor}"
            );
        }
        let tenth = Rate::parse_percent("10").unwrap();
        assert_eq!(
            (tenth.share(14), tenth.share(15), tenth.rest(15)),
            (1, 2, 14)
        );
    }

    #[test]
    fn steps_add_up_piece_by_piece() {
        let copies = Formula {
            steps: vec![
                Step {
                    from: 1,
                    each: 2_000,
                },
                Step {
                    from: 3,
                    each: 1_000,
                },
            ],
            cap: Some(200_000),
            ..Formula::default()
        };
        let table = [
            (1, 2_000),
            (2, 4_000),
            (3, 5_000),
            (198, 200_000),
            (199, 200_000),
        ];
        for (pieces, minor) in table {
            assert_eq!(copies.amount(pieces, 0), Some(minor), "{pieces}");
        }
        assert_eq!(copies.amount(197, 0), Some(199_000));
        let words = "2000 per piece from no. 1, then 1000 per piece from no. 3, at most 200000";
        assert_eq!(copies.in_words(), words);
        let huge = Formula {
            steps: vec![Step {
                from: 1,
                each: MOST_MINOR,
            }],
            ..Formula::default()
        };
        assert_eq!(huge.amount(MOST_PIECES, 0), None);
    }
}
