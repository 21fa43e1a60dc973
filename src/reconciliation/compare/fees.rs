//! What a payment may cost: contracted terms and a gross amount come in, the fee goes out, in whole
//! minor units. Whole numbers only, because it is asked for every line of a file.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::facts::{LineKind, Rounding, Terms};
use super::input::Line;

/// Ten thousandths of a basis point in one whole.
const RATE_UNITS: i64 = 100_000_000;
/// Ten thousandths of a percent in one whole.
const VAT_UNITS: i64 = 1_000_000;

/// Terms as whole numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tariff {
    rate: i64,
    vat: i64,
    terms: Terms,
}

impl Tariff {
    /// Prepares terms. Rates are kept to four decimals.
    pub(super) fn of(terms: Terms) -> Self {
        let scaled = |rate: Decimal| (rate * Decimal::from(10_000)).round().to_i64().unwrap_or(0);
        Self {
            rate: scaled(terms.basis_points),
            vat: scaled(terms.vat_percent),
            terms,
        }
    }

    /// The fee of one payment of this gross amount.
    pub(super) fn fee(&self, gross: i64) -> i64 {
        let rounding = self.terms.rounding;
        let share = share(gross, self.rate, RATE_UNITS, rounding);
        let fee = share.saturating_add(self.terms.fixed);
        let fee = fee.max(self.terms.min.unwrap_or(fee));
        let fee = fee.min(self.terms.max.unwrap_or(fee));
        fee.saturating_add(self::share(fee, self.vat, VAT_UNITS, rounding))
    }
}

/// `amount × rate / units`, made whole.
fn share(amount: i64, rate: i64, units: i64, rounding: Rounding) -> i64 {
    let half = match rounding {
        Rounding::HalfUp => units / 2,
        Rounding::Down => 0,
    };
    if let Some(sum) = amount
        .checked_mul(rate)
        .and_then(|product| product.checked_add(half))
    {
        return sum.div_euclid(units);
    }
    let product = i128::from(amount) * i128::from(rate) + i128::from(half);
    i64::try_from(product.div_euclid(i128::from(units))).unwrap_or(i64::MAX)
}

/// What a line is paid out with: its own net, or its gross less the fee it names, or less the
/// contracted fee.
pub(super) fn net(line: &Line, tariff: Option<&Tariff>) -> (i64, i64) {
    let contracted = match line.kind {
        LineKind::Payment => tariff.map(|tariff| tariff.fee(line.gross)),
        LineKind::Refund | LineKind::Fee | LineKind::Failed | LineKind::Unknown => None,
    };
    let fee = line.fee().or(contracted).unwrap_or(0);
    let net = line.net().unwrap_or(line.gross.saturating_sub(fee));
    (net, line.gross.saturating_sub(net))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(basis_points: &str) -> Terms {
        Terms {
            basis_points: basis_points.parse().unwrap(),
            ..Terms::default()
        }
    }

    #[test]
    fn fees_are_whole_and_halves_go_up() {
        let table = [
            // 1.65 % of 680,288 is 11,224.752.
            (680_288, "165", Rounding::HalfUp, 11_225),
            (680_288, "165", Rounding::Down, 11_224),
            (1_000, "5", Rounding::HalfUp, 1),
            (999, "5", Rounding::HalfUp, 0),
            (100_000, "110.25", Rounding::HalfUp, 1_103),
            (
                9_000_000_000_000_000,
                "165",
                Rounding::HalfUp,
                148_500_000_000_000,
            ),
        ];
        for (gross, rate, rounding, expected) in table {
            let terms = Terms {
                rounding,
                ..terms(rate)
            };
            assert_eq!(Tariff::of(terms).fee(gross), expected, "{gross} × {rate}");
        }
    }

    #[test]
    fn bounds_come_before_tax() {
        let bounded = Terms {
            fixed: 500,
            min: Some(1_000),
            max: Some(5_000),
            vat_percent: Decimal::TEN,
            ..terms("100")
        };
        let tariff = Tariff::of(bounded);
        let fees = [10_000, 100_000, 1_000_000].map(|gross| tariff.fee(gross));
        assert_eq!(fees, [1_100, 1_650, 5_500]);
    }
}
