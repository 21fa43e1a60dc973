//! Lines packed into pages of bytes and read back: length-prefixed fields behind a version. A page is
//! read without copying its texts. What a line means is not known here.

use std::fmt;

use chrono::Datelike;

use super::packed::{Packed, put, put_signed, put_text};
use crate::domain::money::Currency;
use crate::domain::statement::Line;
use crate::domain::time::Day;

/// The first byte of every page.
const VERSION: u8 = 1;

/// Lines of a page, at most.
pub const PAGE_LINES: u32 = 4096;

/// Bytes after which a page is closed, though it may have fewer lines.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// A page that no version of this program wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenPage;

impl fmt::Display for BrokenPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of statement lines cannot be read")
    }
}

impl std::error::Error for BrokenPage {}

/// A line inside a page; its fields are those of [`Line`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are explained at Line")]
pub struct Entry<'a> {
    pub statement: usize,
    pub place: u64,
    pub date: Day,
    pub value_date: Option<Day>,
    pub amount: i64,
    pub currency: Option<Currency>,
    pub reference: Option<&'a str>,
    pub bank_reference: Option<&'a str>,
    pub order: Option<&'a str>,
    pub memo: Option<&'a str>,
    pub counterparty: Option<&'a str>,
    pub balance: Option<i64>,
    pub fee: Option<i64>,
}

impl<'a> Entry<'a> {
    /// A line without copying it.
    #[must_use]
    pub fn of(line: &'a Line) -> Self {
        Self {
            statement: line.statement,
            place: line.place,
            date: line.date,
            value_date: line.value_date,
            amount: line.amount,
            currency: line.currency,
            reference: line.reference.as_deref(),
            bank_reference: line.bank_reference.as_deref(),
            order: line.order.as_deref(),
            memo: line.memo.as_deref(),
            counterparty: line.counterparty.as_deref(),
            balance: line.balance,
            fee: line.fee,
        }
    }

    /// A line of its own.
    #[must_use]
    pub fn to_line(&self) -> Line {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Line {
            statement: self.statement,
            place: self.place,
            date: self.date,
            value_date: self.value_date,
            amount: self.amount,
            currency: self.currency,
            reference: own(self.reference),
            bank_reference: own(self.bank_reference),
            order: own(self.order),
            memo: own(self.memo),
            counterparty: own(self.counterparty),
            balance: self.balance,
            fee: self.fee,
        }
    }
}

/// An empty page.
#[must_use]
pub fn empty() -> Vec<u8> {
    vec![VERSION]
}

/// Adds a line to a page.
pub fn push(page: &mut Vec<u8>, entry: &Entry<'_>) {
    let texts = [
        entry.reference,
        entry.bank_reference,
        entry.order,
        entry.memo,
        entry.counterparty,
    ];
    let code = entry.currency.as_ref().map(Currency::as_str);
    let mut given = 0_u64;
    let present = texts.iter().map(Option::is_some).chain([
        code.is_some(),
        entry.value_date.is_some(),
        entry.balance.is_some(),
        entry.fee.is_some(),
    ]);
    for (bit, is_given) in present.enumerate() {
        given |= u64::from(is_given) << bit;
    }
    put(page, given);
    put(page, u64::try_from(entry.statement).unwrap_or(u64::MAX));
    put(page, entry.place);
    put_signed(page, i64::from(entry.date.num_days_from_ce()));
    put_signed(page, entry.amount);
    for text in texts.into_iter().chain([code]).flatten() {
        put_text(page, text);
    }
    let day = entry
        .value_date
        .map(|day| i64::from(day.num_days_from_ce()));
    for number in [day, entry.balance, entry.fee].into_iter().flatten() {
        put_signed(page, number);
    }
}

/// Packs lines.
#[must_use]
pub fn pack<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<u8> {
    let mut page = empty();
    for line in lines {
        push(&mut page, &Entry::of(line));
    }
    page
}

/// The lines of a page, one after the other.
#[must_use]
pub fn entries(page: &[u8]) -> Entries<'_> {
    match page.split_first() {
        Some((&VERSION, rest)) => Entries {
            rest: Packed(rest),
            is_broken: false,
        },
        Some(_) | None => Entries {
            rest: Packed(&[]),
            is_broken: true,
        },
    }
}

/// The lines of a page as lines of their own.
///
/// # Errors
/// [`BrokenPage`].
pub fn unpack(page: &[u8]) -> Result<Vec<Line>, BrokenPage> {
    entries(page)
        .map(|entry| entry.map(|entry| entry.to_line()))
        .collect()
}

/// Reads a page line by line; a broken page ends with [`BrokenPage`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    rest: Packed<'a>,
    is_broken: bool,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, BrokenPage>;

    fn next(&mut self) -> Option<Self::Item> {
        if std::mem::take(&mut self.is_broken) {
            self.rest = Packed(&[]);
            return Some(Err(BrokenPage));
        }
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            self.rest = Packed(&[]);
        }
        Some(entry.ok_or(BrokenPage))
    }
}

impl<'a> Entries<'a> {
    fn entry(&mut self) -> Option<Entry<'a>> {
        let given = self.rest.number()?;
        let has = |bit: u32| given >> bit & 1 == 1;
        let statement = usize::try_from(self.rest.number()?).ok()?;
        let place = self.rest.number()?;
        let date = self.day()?;
        let amount = self.rest.signed()?;
        let mut texts = [None; 6];
        for (text, bit) in texts.iter_mut().zip(0..) {
            if has(bit) {
                *text = Some(self.rest.text()?);
            }
        }
        let [reference, bank_reference, order, memo, counterparty, code] = texts;
        Some(Entry {
            statement,
            place,
            date,
            amount,
            reference,
            bank_reference,
            order,
            memo,
            counterparty,
            currency: match code {
                Some(code) => Some(Currency::parse(code).ok()?),
                None => None,
            },
            value_date: if has(6) { Some(self.day()?) } else { None },
            balance: if has(7) {
                Some(self.rest.signed()?)
            } else {
                None
            },
            fee: if has(8) {
                Some(self.rest.signed()?)
            } else {
                None
            },
        })
    }

    fn day(&mut self) -> Option<Day> {
        Day::from_num_days_from_ce_opt(i32::try_from(self.rest.signed()?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::option::of;
    use proptest::prelude::*;

    prop_compose! {
        fn line()(
            (statement, place, date, amount) in (0..9_usize, any::<u64>(), 1..3_000_000_i32, any::<i64>()),
            value_date in of(1..3_000_000_i32),
            currency in of("[A-Z]{3}"),
            texts in prop::array::uniform5(of(".{0,40}")),
            balance in of(any::<i64>()),
            fee in of(any::<i64>()),
        ) -> Line {
            let day = |n| Day::from_num_days_from_ce_opt(n).unwrap();
            let [reference, bank_reference, order, memo, counterparty] = texts;
            Line {
                statement, place, amount, reference, bank_reference, order, memo, counterparty, balance, fee,
                date: day(date),
                value_date: value_date.map(day),
                currency: currency.map(|code| Currency::parse(&code).unwrap()),
            }
        }
    }

    proptest! {
        #[test]
        fn lines_come_back_as_they_were(lines in prop::collection::vec(line(), 0..20)) {
            let page = pack(&lines);
            prop_assert_eq!(unpack(&page).unwrap(), lines);
            let cut = page.get(..page.len() - 1).unwrap();
            prop_assert!(page.len() == 1 || unpack(cut).is_err());
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for bytes in [
            &b""[..],
            b"\x02",
            b"\x01\x00",
            b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(unpack(bytes), Err(BrokenPage), "{bytes:?}");
        }
        assert_eq!(unpack(&empty()), Ok(Vec::new()));
    }
}
