//! The words of ISO 20022 account messages: an entry and a balance with the elements that belong to
//! them. Where an element stands and its text come in; reads no XML itself.

use rust_decimal::Decimal;

use super::super::book::filled;
use super::super::problem::{Problem, shown};
use super::LONGEST;
use crate::domain::money::Currency;
use crate::domain::time::Day;

/// Where an element stands: the local names from the root, the line, and the currency it names.
#[derive(Debug, Default)]
pub struct Place {
    /// Local names, the root first, the element itself last.
    pub path: Vec<String>,
    /// The line of its end.
    pub line: u64,
    /// The currency of its attribute.
    pub currency: Option<Currency>,
}

impl Place {
    /// Whether the element stands under these, the last of them itself.
    #[must_use]
    pub fn is_at(&self, tail: &[&str]) -> bool {
        let mut path = self.path.iter().rev();
        tail.iter()
            .rev()
            .all(|name| path.next().is_some_and(|own| own == name))
    }

    /// Whether an element of this name is open.
    #[must_use]
    pub fn is_in(&self, name: &str) -> bool {
        self.path.iter().any(|own| own == name)
    }

    /// A plain decimal number with its currency.
    fn amount(&self, value: &str) -> Result<(Decimal, Currency), Problem> {
        let wrong = || {
            let text = format!(
                "the amount \"{}\" is not a plain decimal number above zero with its currency",
                shown(value)
            );
            Problem::at(self.line, text)
        };
        let digits = value
            .strip_prefix('-')
            .filter(|_| self.is_at(&["Bal", "Amt"]))
            .unwrap_or(value);
        let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && digits.bytes().any(|b| b.is_ascii_digit());
        let is_short = digits.len() <= 26;
        let number = value.parse().ok().filter(|_| is_plain && is_short);
        number.zip(self.currency).ok_or_else(wrong)
    }

    fn day(&self, value: &str) -> Result<Option<Day>, Problem> {
        let wrong = || {
            Problem::at(
                self.line,
                format!("the date \"{}\" is no day", shown(value)),
            )
        };
        day(value).map(Some).ok_or_else(wrong)
    }

    fn side(&self, value: &str) -> Result<bool, Problem> {
        match value {
            "CRDT" => Ok(false),
            "DBIT" => Ok(true),
            _ => Err(Problem::at(
                self.line,
                format!("CdtDbtInd is \"{}\": neither CRDT nor DBIT", shown(value)),
            )),
        }
    }
}

/// An entry.
#[derive(Debug, Default)]
pub struct Entry {
    /// The line of its beginning.
    pub place: u64,
    /// The amount and its currency.
    pub amount: Option<(Decimal, Currency)>,
    /// Whether it takes money.
    pub is_debit: Option<bool>,
    /// Whether it is booked.
    pub status: String,
    /// The booking day.
    pub booked_on: Option<Day>,
    /// The value day.
    pub value_date: Option<Day>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// The number of the entry.
    pub entry_reference: Option<String>,
    /// The reference from end to end.
    pub reference: Option<String>,
    /// The creditor's structured reference.
    pub structured: Option<String>,
    /// Unstructured remittance information.
    pub memo: String,
    /// Further information.
    pub note: Option<String>,
    /// Who paid.
    pub debtor: Option<String>,
    /// Who was paid.
    pub creditor: Option<String>,
    /// How many transactions it holds.
    pub transactions: u64,
}

/// A balance.
#[derive(Debug, Default)]
pub struct Balance {
    /// The code of its type.
    pub kind: String,
    /// The amount and its currency.
    pub amount: Option<(Decimal, Currency)>,
    /// Whether it takes money.
    pub is_debit: bool,
    /// The day.
    pub day: Option<Day>,
}

impl Balance {
    /// Takes the text of an element inside it.
    ///
    /// # Errors
    /// When it is not what the element must hold.
    pub fn field(&mut self, at: &Place, value: &str) -> Result<(), Problem> {
        if at.is_at(&["CdOrPrtry", "Cd"]) {
            value.clone_into(&mut self.kind);
        } else if at.is_at(&["Bal", "Amt"]) {
            self.amount = Some(at.amount(value)?);
        } else if at.is_at(&["Bal", "CdtDbtInd"]) {
            self.is_debit = at.side(value)?;
        } else if at.is_at(&["Dt", "Dt"]) || at.is_at(&["Dt", "DtTm"]) {
            self.day = at.day(value)?;
        }
        Ok(())
    }
}

impl Entry {
    /// Takes the text of an element inside it.
    ///
    /// # Errors
    /// When it is not what the element must hold.
    pub fn field(&mut self, at: &Place, value: &str) -> Result<(), Problem> {
        let is_first = self.transactions <= 1;
        if at.is_at(&["Ntry", "Amt"]) {
            self.amount = Some(at.amount(value)?);
        } else if at.is_at(&["Ntry", "CdtDbtInd"]) {
            self.is_debit = Some(at.side(value)?);
        } else if at.is_at(&["Ntry", "Sts"])
            || at.is_at(&["Ntry", "Sts", "Cd"])
            || at.is_at(&["Ntry", "Sts", "Prtry"])
        {
            if !value.is_empty() {
                value.clone_into(&mut self.status);
            }
        } else if at.is_at(&["Ntry", "BookgDt", "Dt"]) || at.is_at(&["Ntry", "BookgDt", "DtTm"]) {
            self.booked_on = at.day(value)?;
        } else if at.is_at(&["Ntry", "ValDt", "Dt"]) || at.is_at(&["Ntry", "ValDt", "DtTm"]) {
            self.value_date = at.day(value)?;
        } else if at.is_at(&["Ntry", "AcctSvcrRef"]) {
            self.bank_reference = filled(value);
        } else if at.is_at(&["Ntry", "NtryRef"]) {
            self.entry_reference = filled(value);
        } else if at.is_at(&["AddtlNtryInf"]) || at.is_at(&["AddtlTxInf"]) {
            self.note = self.note.take().or(filled(value));
        } else if is_first {
            self.transaction_field(at, value)?;
        }
        Ok(())
    }

    fn transaction_field(&mut self, at: &Place, value: &str) -> Result<(), Problem> {
        let entry = self;
        let mut path = at.path.iter().rev().map(String::as_str);
        match (path.next(), path.next(), path.next()) {
            (Some("EndToEndId"), Some("Refs"), _) if value != "NOTPROVIDED" => {
                entry.reference = entry.reference.take().or(filled(value));
            }
            (Some("Ref"), Some("CdtrRefInf"), _) => {
                entry.structured = entry.structured.take().or(filled(value));
            }
            (Some("Ustrd"), Some("RmtInf"), _) => {
                entry.memo.push_str(value);
                entry.memo.push(' ');
                if entry.memo.len() > LONGEST {
                    return Err(super::too_long(at.line));
                }
            }
            (Some("Nm"), Some("Dbtr"), _) | (Some("Nm"), Some("Pty"), Some("Dbtr")) => {
                entry.debtor = entry.debtor.take().or(filled(value));
            }
            (Some("Nm"), Some("Cdtr"), _) | (Some("Nm"), Some("Pty"), Some("Cdtr")) => {
                entry.creditor = entry.creditor.take().or(filled(value));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The day of a date or of a date with time, as written.
#[must_use]
pub fn day(value: &str) -> Option<Day> {
    Day::parse_from_str(value.get(..10)?, "%Y-%m-%d").ok()
}
