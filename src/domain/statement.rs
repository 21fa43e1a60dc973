//! A statement and its lines: what a bank or a provider says happened on an account or in a batch.
//! Amounts are whole numbers of minor units with the statement's decimals; nothing here reads a
//! file or decides what a line pays.

use rust_decimal::Decimal;
use serde::Serialize;

use super::money::Currency;
use super::time::Day;

/// One statement of a file: an account, a period, its balances and what its lines add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// The account as the file writes it.
    pub account: Option<String>,
    /// The currency of its amounts; none when the file does not say.
    pub currency: Option<Currency>,
    /// How many decimals its minor units have.
    pub decimals: u32,
    /// First day covered, where the file says so.
    pub from: Option<Day>,
    /// Last day covered, where the file says so.
    pub to: Option<Day>,
    /// The sender's reference or statement number with its page, such as `266/1`.
    pub number: Option<String>,
    /// The sender's reference of this statement, where it has one beside the number.
    pub reference: Option<String>,
    /// Balance before the first line, minor units.
    pub opening: Option<i64>,
    /// Balance after the last line, minor units.
    pub closing: Option<i64>,
    /// How many lines count.
    pub entries: u64,
    /// Sum of the lines that bring money, minor units, zero or more.
    pub credit: i64,
    /// Sum of the lines that take money, minor units, zero or more.
    pub debit: i64,
    /// Sum of fees and taxes named beside the lines, minor units.
    pub fees: i64,
    /// Whether it is an interim report, which must never be posted as final.
    pub is_interim: bool,
    /// Whether it repeats an earlier statement of the same file word for word; its lines do not count.
    pub is_repeat: bool,
}

/// A stored statement as people and programs read it, its amounts as decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementShown {
    /// Account.
    pub account: String,
    /// Number with page.
    pub number: Option<String>,
    /// Revision, 1 unless it replaces another.
    pub revision: i32,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Lines.
    pub entries: i64,
    /// Opening balance.
    pub opening: Option<String>,
    /// Closing balance.
    pub closing: Option<String>,
    /// Sum of money in.
    pub sum_credit: String,
    /// Sum of money out.
    pub sum_debit: String,
    /// Sum of fees.
    pub sum_fee: String,
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Line {
    /// Which statement of the file, from 0.
    pub statement: usize,
    /// Where it stands: the line of a text file or the row of a sheet, from 1.
    pub place: u64,
    /// The day it was booked or happened; the value day where there is no other.
    pub date: Day,
    /// The day from which it counts for interest, where it differs or is named.
    pub value_date: Option<Day>,
    /// Signed minor units: above zero brings money.
    pub amount: i64,
    /// The line's own currency, where the file names one.
    pub currency: Option<Currency>,
    /// The customer's or provider's reference.
    pub reference: Option<String>,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The merchant's order number, in settlement files.
    pub order: Option<String>,
    /// What the payer or the bank wrote.
    pub memo: Option<String>,
    /// The other party.
    pub counterparty: Option<String>,
    /// Balance after this line, minor units.
    pub balance: Option<i64>,
    /// Fee and tax named beside the amount, minor units; below zero when they were given back.
    pub fee: Option<i64>,
}

/// How many decimals amounts of this currency have (ISO 4217).
#[must_use]
pub fn decimals_of(currency: Currency) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "KMF" | "PYG" | "RWF" | "UGX" | "VUV" | "XAF"
        | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => currency.decimals(),
    }
}

/// The minor units of a decimal, `None` when it has more decimals than that or does not fit.
#[must_use]
pub fn to_minor(amount: Decimal, decimals: u32) -> Option<i64> {
    let scale = Decimal::from(10_i64.checked_pow(decimals)?);
    let minor = amount.normalize().checked_mul(scale)?;
    if !minor.fract().is_zero() {
        return None;
    }
    i64::try_from(minor).ok()
}

impl Statement {
    /// Minor units of this statement as plain decimal text, such as `-12.50`.
    #[must_use]
    pub fn text(&self, minor: i64) -> String {
        Decimal::new(minor, self.decimals).to_string()
    }

    /// What the opening balance and the lines come to, `None` without an opening balance or when
    /// it does not fit.
    #[must_use]
    pub fn expected_closing(&self, fees_move_balance: bool) -> Option<i64> {
        let sum = self
            .opening?
            .checked_add(self.credit)?
            .checked_sub(self.debit)?;
        if fees_move_balance {
            sum.checked_sub(self.fees)
        } else {
            Some(sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_exact_or_nothing() {
        let minor = |text: &str, decimals| to_minor(text.parse().unwrap(), decimals);
        assert_eq!(minor("8.850", 2), Some(885));
        assert_eq!(minor("-12.5", 2), Some(-1250));
        assert_eq!(minor("1250000.00", 0), Some(1_250_000));
        assert_eq!(minor("1.5", 0), None);
        assert_eq!(minor("0.001", 2), None);
        assert_eq!(minor("92233720368547758.08", 2), None);
    }

    #[test]
    fn the_expected_closing_adds_and_takes() {
        let mut statement = Statement {
            decimals: 2,
            opening: Some(1000),
            credit: 500,
            debit: 200,
            fees: 10,
            ..Statement::default()
        };
        assert_eq!(statement.expected_closing(false), Some(1300));
        assert_eq!(statement.expected_closing(true), Some(1290));
        assert_eq!(statement.text(-1250), "-12.50");
        statement.opening = None;
        assert_eq!(statement.expected_closing(false), None);
    }

    #[test]
    fn currencies_without_or_with_many_decimals_are_known() {
        let of = |code: &str| decimals_of(Currency::parse(code).unwrap());
        assert_eq!([of("VND"), of("EUR"), of("KWD"), of("XAF")], [0, 2, 3, 0]);
    }
}
