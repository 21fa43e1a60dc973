//! The fields of a SWIFT statement: balances, entries and details. One field's text comes in, its
//! parts go out; what a field belongs to is the format's business.

use rust_decimal::Decimal;

use super::amounts::parse_plain;
use crate::domain::money::Currency;
use crate::domain::time::Day;
use chrono::Datelike;

/// A balance of `:60F:`, `:62F:` and their kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The day.
    pub day: Day,
    /// The currency.
    pub currency: Currency,
    /// The signed amount.
    pub amount: Decimal,
}

/// An entry of `:61:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value day.
    pub value_date: Day,
    /// The booking day, when it is named.
    pub booked_on: Option<Day>,
    /// The signed amount: credit and reversed debit bring money.
    pub amount: Decimal,
    /// The four letters of its type; empty when there are none.
    pub kind: String,
    /// The customer's reference.
    pub reference: String,
    /// The bank's reference.
    pub bank_reference: String,
    /// The second line.
    pub extra: String,
    /// Whether the value day was a 29 or 30 February that does not exist, as in interest by 30/360.
    pub is_clamped: bool,
}

fn split(text: &str, at: usize) -> Option<(&str, &str)> {
    text.split_at_checked(at)
}

fn two(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|_| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
}

/// A day of a month; 29 and 30 February become the last of February.
fn day(year: i32, month: u32, day: u32) -> Option<(Day, bool)> {
    if let Some(found) = Day::from_ymd_opt(year, month, day) {
        return Some((found, false));
    }
    let is_interest_day = month == 2 && (day == 29 || day == 30);
    let last = Day::from_ymd_opt(year, 3, 1)
        .filter(|_| is_interest_day)?
        .pred_opt()?;
    Some((last, true))
}

fn six(text: &str) -> Option<(Day, bool)> {
    let (year, rest) = split(text, 2)?;
    let (month, of_month) = split(rest, 2)?;
    let year = i32::try_from(two(year)?).ok()?;
    let century = if year < 70 { 2000 } else { 1900 };
    day(century + year, two(month)?, two(of_month)?)
}

/// Reads a balance.
///
/// # Errors
/// What is wrong with it, to follow the field's name.
pub fn balance(text: &str) -> Result<Balance, String> {
    let text = text.trim();
    let too_short = || format!("is incomplete or truncated: \"{text}\"");
    let (mark, rest) = split(text, 1).ok_or_else(too_short)?;
    let is_negative = match mark {
        "C" => false,
        "D" => true,
        _ => return Err(format!("has no mark of credit or debit: \"{text}\"")),
    };
    let (date, rest) = split(rest, 6).ok_or_else(too_short)?;
    let (currency, amount) = split(rest, 3).ok_or_else(too_short)?;
    let (day, is_clamped) =
        six(date).ok_or_else(|| format!("has the date {date}, which is no day"))?;
    if is_clamped {
        return Err(format!("has the date {date}, which is no day"));
    }
    let currency = Currency::parse(currency).map_err(|_| format!("has no currency: \"{text}\""))?;
    let amount = parse_plain(amount.trim())
        .map_err(|why| format!("has an amount \"{amount}\" that {why}"))?;
    let amount = if is_negative { -amount } else { amount };
    Ok(Balance {
        day,
        currency,
        amount,
    })
}

/// The entry's month and day in the year that puts it nearest to the value day.
fn near(value: Day, text: &str) -> Option<Day> {
    let (month, of_month) = split(text, 2)?;
    let (month, of_month) = (two(month)?, two(of_month)?);
    let years = [value.year() - 1, value.year(), value.year() + 1];
    let days = years
        .iter()
        .filter_map(|year| Some(day(*year, month, of_month)?.0));
    days.min_by_key(|found| (*found - value).num_days().abs())
}

/// Reads an entry.
///
/// # Errors
/// What is wrong with it, to follow the field's name.
pub fn entry(text: &str) -> Result<Entry, String> {
    let (first, extra) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim_end();
    let cut = || format!("is incomplete or truncated: \"{first}\"");
    let (date, rest) = split(first, 6).ok_or_else(cut)?;
    let (value_date, is_clamped) =
        six(date).ok_or_else(|| format!("has the date {date}, which is no day"))?;
    let head = rest.get(..4).unwrap_or_default();
    let is_named = head.len() == 4 && head.bytes().all(|byte| byte.is_ascii_digit());
    let (booked_on, rest) = if is_named {
        let booked = near(value_date, head)
            .ok_or_else(|| format!("has the booking date {head}, which is no day"))?;
        (Some(booked), rest.get(4..).unwrap_or_default())
    } else {
        (None, rest.trim_start())
    };
    let (is_negative, rest) = side(rest.trim_start()).ok_or_else(|| {
        if rest.trim().is_empty() {
            cut()
        } else {
            format!("has no mark of credit or debit: \"{first}\"")
        }
    })?;
    let funds = rest.starts_with(|c: char| c.is_ascii_uppercase());
    let rest = if funds {
        rest.get(1..).unwrap_or_default()
    } else {
        rest
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.')
        .unwrap_or(rest.len());
    let (digits, rest) = split(rest, end).ok_or_else(cut)?;
    if digits.is_empty() && rest.is_empty() {
        return Err(cut());
    }
    let word = || format!("{digits}{}", rest.chars().take(8).collect::<String>());
    let amount =
        parse_plain(digits).map_err(|why| format!("has the amount \"{}\", which {why}", word()))?;
    let (kind, references) = kind(rest)
        .ok_or_else(|| format!("has the amount \"{}\", which is not an amount", word()))?;
    let (reference, bank_reference) = references.split_once("//").unwrap_or((references, ""));
    Ok(Entry {
        value_date,
        booked_on,
        amount: if is_negative { -amount } else { amount },
        kind: kind.to_owned(),
        reference: reference.trim().to_owned(),
        bank_reference: bank_reference.trim().to_owned(),
        extra: extra.trim().to_owned(),
        is_clamped,
    })
}

/// The mark: whether it takes money, and what follows. A reversed credit takes, a reversed debit brings.
fn side(text: &str) -> Option<(bool, &str)> {
    let marks = [
        ("RC", true),
        ("RD", false),
        ("EC", false),
        ("ED", true),
        ("C", false),
        ("D", true),
    ];
    marks
        .iter()
        .find_map(|(mark, takes)| Some((*takes, text.strip_prefix(mark)?)))
}

/// The type, a letter and three signs, and what follows it; a missing type is empty.
fn kind(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.is_empty() || text.starts_with("//") {
        return Some(("", text));
    }
    let end = text.char_indices().nth(4).map_or(text.len(), |(at, _)| at);
    let (kind, rest) = split(text, end)?;
    let mut signs = kind.chars();
    let is_letter = signs.next().is_some_and(|c| c.is_ascii_uppercase());
    let are_signs = signs.all(|c| c.is_ascii_alphanumeric() || c == ' ');
    (is_letter && are_signs).then_some((kind, rest))
}

/// What `:86:` tells: the memo and the other party.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Details {
    /// The purpose.
    pub memo: String,
    /// The other party.
    pub name: String,
}

/// Lines as one text: a full line goes on in the next one, a shorter one ended with a space.
#[must_use]
pub fn unwrapped(text: &str) -> String {
    let mut whole = String::new();
    for line in text.split('\n') {
        whole.push_str(line);
        if line.chars().count() < 65 {
            whole.push(' ');
        }
    }
    whole.trim().to_owned()
}

/// Reads details, in sub-fields (`?20`, `>20`) or as plain text.
#[must_use]
pub fn details(text: &str) -> Details {
    let joined: String = text.split('\n').collect();
    let mut letters = joined.trim_start().chars();
    let has_code = (0..3).all(|_| letters.next().is_some_and(|c| c.is_ascii_digit()));
    let mark = letters
        .next()
        .filter(|c| has_code && matches!(c, '?' | '>'));
    let Some(mark) = mark else {
        return Details {
            memo: unwrapped(text),
            name: String::new(),
        };
    };
    let mut details = Details::default();
    let mut title = String::new();
    for part in joined.split(mark).skip(1) {
        let Some((number, value)) = split(part, 2) else {
            continue;
        };
        match two(number) {
            Some(20..=29 | 60..=69) => details.memo.push_str(value),
            Some(32 | 33) => details.name.push_str(value),
            Some(0) => title.push_str(value),
            Some(_) => {}
            None => {
                // The mark belonged to the text.
                details.memo.push(mark);
                details.memo.push_str(part);
            }
        }
    }
    if details.memo.trim().is_empty() {
        details.memo = title;
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_with_their_quirks() {
        let table = "\
2610041004C445000,NTRFDH2610045204//MBVCB.1811377783|445000|NTRF|DH2610045204|2026-10-04
131017D6800,NCHK16703074|-6800|NCHK|16703074|2013-10-17
0211021102CR3000,NTRFNONREF//55555|3000|NTRF|NONREF|2002-11-02
0909290929DK829419,78NTRFDansken|-829419.78|NTRF|Dansken|2009-09-29
1710111011DF2402,00S   X|-2402|S   |X|2017-10-11
2006080608D12,35 NRTIKREF+//2016021783252833|-12.35|NRTI|KREF+|2020-06-08
2609140914RC5,NTRFX|-5|NTRF|X|2026-09-14
2609140914RD5,NTRFX|5|NTRF|X|2026-09-14
260914    C500|500|||2026-09-14
1602300301DR6,00N024NONREF|-6|N024|NONREF|2016-03-01
2601011231C1,NTRFX|1|NTRF|X|2025-12-31
131018CR1.50NMSCN|1.50|NMSC|N|2013-10-18";
        for row in table.lines() {
            let [text, amount, kind, reference, date] =
                <[&str; 5]>::try_from(row.split('|').collect::<Vec<_>>()).unwrap();
            let found = entry(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(found.amount, amount.parse().unwrap(), "{text}");
            assert_eq!(
                (found.kind.as_str(), found.reference.as_str()),
                (kind, reference),
                "{text}"
            );
            let day = found.booked_on.unwrap_or(found.value_date);
            assert_eq!(day.to_string(), date, "{text}");
        }
        let wrong = "2609140914D12A,00NTRF|2609140914D1,2,3NTRF|2613990914C5,NTRF|2609150915|2609150915C|26091||260914X5,";
        for text in wrong.split('|') {
            assert!(entry(text).is_err(), "{text}");
        }
    }

    #[test]
    fn balances_read_or_say_what_is_wrong() {
        let found = balance("C260914EUR1000,00").unwrap();
        assert_eq!(
            (found.amount.to_string(), found.currency.to_string()),
            ("1000.0".into(), "EUR".into())
        );
        assert_eq!(
            balance("D260914VND900000000,").unwrap().amount,
            "-900000000".parse().unwrap()
        );
        for text in [
            "C021131EUR1,",
            "C260914EU",
            "X260914EUR1,",
            "C260914EUR1,2,3",
            "",
        ] {
            assert!(balance(text).is_err(), "{text}");
        }
    }

    #[test]
    fn details_give_memo_and_name() {
        let found = details("166?00GUTSCHRIFT?100399?20EREF+1?21 SVWZ+RE\nCHNUNG 7?32KARL?33 MANN");
        assert_eq!(found.memo, "EREF+1 SVWZ+RECHNUNG 7");
        assert_eq!(found.name, "KARL MANN");
        assert_eq!(details("Chuyen tien\nDH1").memo, "Chuyen tien DH1");
        assert_eq!(
            details(&format!("{}\nNNN", "N".repeat(65))).memo,
            "N".repeat(68)
        );
    }
}
