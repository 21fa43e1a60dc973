//! Money: a whole number of minor units and a currency, with checked arithmetic. Text is read and
//! printed through `rust_decimal`; nothing is ever rounded silently and no float is used.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A currency, as its three ISO 4217 letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not plain decimal digits.
    #[error("\"{0}\" is not an amount: write digits only, such as 150000")]
    NotANumber(String),
    /// Below zero where only zero or more makes sense.
    #[error("{0} is negative")]
    Negative(String),
    /// More decimals than the currency has; đồng has none.
    #[error("{0} has a fraction that {1} does not have")]
    Fraction(String, Currency),
    /// Does not fit into 64 bits of minor units.
    #[error("{0} is too large")]
    TooLarge(String),
    /// Not three capital letters.
    #[error("\"{0}\" is not a currency code")]
    NotACurrency(String),
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    CurrencyDiffers(Currency, Currency),
}

impl Currency {
    /// Vietnamese đồng, which has no minor unit.
    pub const VND: Currency = Currency(*b"VND");

    /// Reads three ASCII capital letters.
    ///
    /// # Errors
    /// [`MoneyError::NotACurrency`].
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(MoneyError::NotACurrency(text.to_owned())),
        }
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals an amount has (ISO 4217).
    #[must_use]
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"VND" | b"JPY" | b"KRW" => 0,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// An amount in minor units of a currency (for đồng: whole đồng).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` minor units of `currency`.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// `dong` whole đồng.
    #[must_use]
    pub fn vnd(dong: i64) -> Self {
        Self::new(dong, Currency::VND)
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Reads decimal text, zero or more: digits with an optional fraction of zeros or of the
    /// currency's decimals. Signs, exponents, spaces and separators are refused.
    ///
    /// # Errors
    /// Every [`MoneyError`] but the two about currencies.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::parse_scaled(text, currency, 0)
    }

    /// Reads text in which the provider multiplied the amount by ten to the `power` (VNPAY and
    /// OnePAY send đồng times 100). An amount that does not divide back exactly is refused.
    ///
    /// # Errors
    /// As [`Money::parse`].
    pub fn parse_scaled(text: &str, currency: Currency, power: u32) -> Result<Self, MoneyError> {
        if let Some(rest) = text.strip_prefix('-') {
            let negative =
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            return Err(if negative {
                MoneyError::Negative(text.to_owned())
            } else {
                MoneyError::NotANumber(text.to_owned())
            });
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(MoneyError::NotANumber(text.to_owned()));
        }
        let too_large = || MoneyError::TooLarge(text.to_owned());
        let significant = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        if significant.len() > 20 {
            return Err(too_large());
        }
        if fraction.len() > 8 {
            return Err(MoneyError::Fraction(text.to_owned(), currency));
        }
        let sent: Decimal = format!("0{significant}.{fraction}0")
            .parse()
            .map_err(|_| too_large())?;
        let scale = Decimal::from(
            10_i64
                .checked_pow(currency.decimals())
                .ok_or_else(too_large)?,
        );
        let power = Decimal::from(10_i64.checked_pow(power).ok_or_else(too_large)?);
        let minor = sent.checked_mul(scale).ok_or_else(too_large)? / power;
        if !minor.fract().is_zero() {
            return Err(MoneyError::Fraction(text.to_owned(), currency));
        }
        let minor = i64::try_from(minor).map_err(|_| too_large())?;
        Ok(Self { minor, currency })
    }

    /// The sum, `None` when the currencies differ or the result does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        let minor = self.minor.checked_add(other.minor)?;
        Some(Self { minor, ..self })
    }

    /// The amount as plain decimal text without separators, such as `150000`.
    #[must_use]
    pub fn to_decimal_text(self) -> String {
        Decimal::new(self.minor, self.currency.decimals()).to_string()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal_text(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_to_the_last_unit_or_not_at_all() {
        use MoneyError as E;
        let vnd = |text: &str| Money::parse(text, Currency::VND);
        let amounts = [
            ("0", 0),
            ("150000", 150_000),
            ("150000.00", 150_000),
            ("0000150000", 150_000),
            ("9223372036854775807", i64::MAX),
        ];
        for (text, minor) in amounts {
            assert_eq!(vnd(text), Ok(Money::vnd(minor)), "{text}");
        }
        for text in [
            "", " 1", "1,000", "1e5", "+5", "1.", ".5", "NaN", "-", "--1", "1.2.3", "１",
        ] {
            assert_eq!(vnd(text), Err(E::NotANumber(text.into())), "{text}");
        }
        assert_eq!(vnd("-5"), Err(E::Negative("-5".into())));
        assert_eq!(vnd("-1.5"), Err(E::Negative("-1.5".into())));
        // Twenty digits are looked at, and eight decimals; beyond that nothing is even tried.
        let usd = |text: &str| Money::parse(text, Currency::parse("USD").unwrap());
        for (whole, digits) in [("1", 19), ("1", 20)] {
            let text = format!("{whole}{}", "0".repeat(digits));
            assert_eq!(vnd(&text), Err(E::TooLarge(text)), "{digits}");
        }
        let scaled = Money::parse_scaled("10000000000000000000", Currency::VND, 2);
        assert_eq!(scaled, Ok(Money::vnd(100_000_000_000_000_000)));
        assert_eq!(usd("1.25"), Ok(Money::new(125, Currency(*b"USD"))));
        // What would be lost when so many decimals are made a number is refused as well.
        let tiny = format!("1.{}1", "0".repeat(40));
        for text in ["1.255", "1.00000001", "1.000000001", &tiny] {
            let expected = E::Fraction(text.into(), Currency(*b"USD"));
            assert_eq!(usd(text), Err(expected), "{text}");
        }
        assert_eq!(vnd("1.5"), Err(E::Fraction("1.5".into(), Currency::VND)));
        assert!(matches!(vnd("9223372036854775808"), Err(E::TooLarge(_))));
        assert!(matches!(vnd(&"9".repeat(60)), Err(E::TooLarge(_))));
    }

    #[test]
    fn scaled_text_must_divide_back_exactly() {
        let scaled = |text: &str| Money::parse_scaled(text, Currency::VND, 2);
        assert_eq!(scaled("15000000"), Ok(Money::vnd(150_000)));
        assert!(matches!(scaled("15000050"), Err(MoneyError::Fraction(..))));
    }

    #[test]
    fn a_currency_is_three_capital_letters_and_is_written_as_them() {
        let usd = Currency::parse("USD").unwrap();
        for text in ["", "US", "USDT", "usd", "Vnd", "U$D", "VN1", "VNĐ"] {
            assert_eq!(
                Currency::parse(text),
                Err(MoneyError::NotACurrency(text.into()))
            );
        }
        assert_eq!((usd.as_str(), usd.decimals()), ("USD", 2));
        assert_eq!(
            format!("{usd} {usd:?} {}", String::from(usd)),
            "USD USD USD"
        );
        let decimals = ["VND", "JPY", "KRW", "EUR"].map(|text| Currency::parse(text).unwrap());
        assert_eq!(decimals.map(Currency::decimals), [0, 0, 0, 2]);
        let read: Currency = serde_json::from_str("\"EUR\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"EUR\"");
        assert!(serde_json::from_str::<Currency>("\"eur\"").is_err());
    }

    #[test]
    fn an_amount_is_told_in_its_currency() {
        let amounts = [(150_000, "VND"), (-7, "VND"), (-150, "USD"), (5, "USD")]
            .map(|(minor, currency)| Money::new(minor, Currency::parse(currency).unwrap()));
        assert_eq!(amounts.map(Money::minor), [150_000, -7, -150, 5]);
        let told = amounts.map(|amount| amount.to_string());
        assert_eq!(told, ["150000 VND", "-7 VND", "-1.50 USD", "0.05 USD"]);
    }

    #[test]
    fn sums_never_mix_currencies_or_overflow() {
        let usd = Money::new(1, Currency(*b"USD"));
        assert_eq!(Money::vnd(1).checked_add(usd), None);
        assert_eq!(Money::vnd(i64::MAX).checked_add(Money::vnd(1)), None);
        assert_eq!(
            Money::vnd(2).checked_add(Money::vnd(3)),
            Some(Money::vnd(5))
        );
        assert_eq!(Money::new(150, Currency(*b"USD")).to_decimal_text(), "1.50");
    }
}
