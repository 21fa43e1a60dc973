//! Suggestions for money that names no bill: which bills it may have been meant for, the likeliest
//! first, each with what speaks for it and what against. Nothing is ever accepted from here by
//! itself; the amount only ranks.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;

use crate::domain::dossier_code::squeeze;
use crate::domain::reference::{LENGTH, PREFIX, PaymentReference};
use crate::domain::time::{Day, Instant, vietnam_day};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{BillRow, DossierRow, PaymentRow};
use crate::store::types::Uid;

/// Suggestions given, at most.
const MOST: usize = 10;

/// Bills looked at for each reason, at most.
const CANDIDATES: i64 = 40;

/// Characters of a text that are looked at.
const LOOKED_AT: usize = 400;

/// Characters of a cut reference, the fixed letters among them, that still say something.
const CUT_REFERENCE: usize = 7;

/// Letters of a name, without spaces, that say something.
const SHORTEST_NAME: usize = 6;

/// Letters and digits of a base-32 reference.
const LETTERS: &str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// One thing that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What: `reference`, `dossier_code`, `payer_name`, `amount`, `day`, `unit`.
    pub field: &'static str,
    /// Whether it matches.
    pub is_matched: bool,
    /// What the money says; nothing where it is not to be shown.
    pub money: Option<String>,
    /// What the bill says.
    pub bill: Option<String>,
}

/// A bill the money may have been meant for.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The bill.
    pub bill: BillRow,
    /// Its dossier.
    pub dossier: DossierRow,
    /// What was compared, in a fixed order.
    pub marks: Vec<Mark>,
    weight: u32,
}

/// The bills that the money of a payment may have been meant for. `unit` is the unit that owns the
/// difference; empty for none.
///
/// # Errors
/// Any [`Failure`].
pub fn suggest(
    queries: &mut dyn Queries,
    payment: &PaymentRow,
    unit: &str,
    opened_at: Instant,
) -> Result<Vec<Suggestion>, Failure> {
    let clues = Clues::of(payment, unit, opened_at);
    let tenant = payment.tenant;
    let mut bills: BTreeMap<Uid, BillRow> = BTreeMap::new();
    let mut add = |rows: Vec<BillRow>| bills.extend(rows.into_iter().map(|row| (row.bill_id, row)));
    add(queries.list_bills_by_reference(tenant, &clues.references)?);
    if let Some(start) = &clues.cut_reference {
        add(queries.list_bills_beginning(tenant, start, CANDIDATES)?);
    }
    if let Some(start) = &clues.code_start {
        add(queries.list_bills_of_code(tenant, start, CANDIDATES)?);
    }
    if let Some(dossier) = payment.dossier_id {
        add(queries.list_bills_of(tenant, &[dossier])?);
    }
    // A dossier is often told to us some hours after the citizen was given the bill.
    let until = clues.paid_at + TimeDelta::days(1);
    add(queries.list_bills_by_total(tenant, payment.amount_minor, until, CANDIDATES)?);
    bills.retain(|_, bill| matches!(bill.state.as_str(), "open" | "part_paid") && rest(bill) > 0);
    let ids: Vec<Uid> = bills.values().map(|bill| bill.dossier_id).collect();
    let dossiers = queries.list_dossiers_by_id(tenant, &ids)?;
    let dossiers: HashMap<Uid, DossierRow> = dossiers
        .into_iter()
        .map(|row| (row.dossier_id, row))
        .collect();
    let judged = bills.into_values().filter_map(|bill| {
        let dossier = dossiers.get(&bill.dossier_id)?.clone();
        Some(clues.judge(bill, dossier))
    });
    let mut found: Vec<Suggestion> = judged.filter(|found| found.weight > 0).collect();
    found.sort_by_key(|found| (std::cmp::Reverse(found.weight), found.bill.bill_id));
    found.truncate(MOST);
    Ok(found)
}

/// What a bill still needs, minor units.
#[must_use]
pub fn rest(bill: &BillRow) -> i64 {
    bill.total_minor
        .saturating_sub(bill.waived_minor)
        .saturating_sub(bill.paid_minor)
        .max(0)
}

/// What the money says.
struct Clues<'a> {
    payment: &'a PaymentRow,
    unit: &'a str,
    text: String,
    /// The same without the marks of Vietnamese letters, which banks drop.
    names: String,
    /// References that one slip away stand in the text.
    references: Vec<String>,
    cut_reference: Option<String>,
    /// The start of a dossier code, its last digits left off.
    code_start: Option<String>,
    paid_at: Instant,
    day: Day,
}

impl<'a> Clues<'a> {
    fn of(payment: &'a PaymentRow, unit: &'a str, opened_at: Instant) -> Self {
        let texts = [payment.order_ref.as_deref(), payment.memo.as_deref()];
        let told: Vec<&str> = texts.into_iter().flatten().collect();
        let cut: String = told.join(" ").chars().take(LOOKED_AT).collect();
        let (text, names) = (squeeze(&cut), squeeze(&plain(&cut)));
        let paid_at = payment.paid_at.map_or(opened_at, |at| at.0);
        Self {
            payment,
            unit,
            references: near_references(&text),
            cut_reference: cut_reference(&text),
            code_start: code_start(&text),
            text,
            names,
            paid_at,
            day: vietnam_day(paid_at),
        }
    }

    fn judge(&self, bill: BillRow, dossier: DossierRow) -> Suggestion {
        let is = self.compare(&bill, &dossier);
        // What only happened on the same day in the same unit says nothing.
        let says_something = is.near || is.code || is.near_code || is.name || is.amount;
        let weights = [
            (is.near, 100),
            (is.code, 80),
            (is.near_code && !is.code, 40),
            (is.name, 30),
            (is.amount, 10),
            (is.day, 4),
            (is.unit, 4),
        ];
        let matched = weights.iter().filter(|(is, _)| *is && says_something);
        Suggestion {
            weight: matched.map(|(_, weight)| weight).sum(),
            marks: self.marks(&is, &bill, &dossier),
            bill,
            dossier,
        }
    }

    fn compare(&self, bill: &BillRow, dossier: &DossierRow) -> Compared {
        let starts = |start: &Option<String>, text: &str| {
            let start = start.as_ref();
            start.is_some_and(|start| text.starts_with(start.as_str()))
        };
        let name = squeeze(&plain(&dossier.applicant_name));
        let is_same_money = bill.currency == self.payment.currency;
        Compared {
            near: self.references.contains(&bill.reference)
                || starts(&self.cut_reference, &bill.reference),
            code: self.text.contains(&dossier.code_squeezed),
            near_code: starts(&self.code_start, &dossier.code_squeezed),
            name: name.len() >= SHORTEST_NAME && self.names.contains(&name),
            amount: is_same_money && rest(bill) == self.payment.amount_minor,
            day: vietnam_day(bill.opened_at.0) == self.day,
            unit: !self.unit.is_empty() && dossier.unit_code == self.unit,
        }
    }

    fn marks(&self, is: &Compared, bill: &BillRow, dossier: &DossierRow) -> Vec<Mark> {
        let mark = |field, is_matched, money: Option<String>, bill: Option<String>| Mark {
            field,
            is_matched,
            money,
            bill,
        };
        let (asked, has) = (
            rest(bill).to_string(),
            self.payment.amount_minor.to_string(),
        );
        let opened = vietnam_day(bill.opened_at.0).to_string();
        let unit = (!self.unit.is_empty()).then(|| self.unit.to_owned());
        let (order_ref, reference) = (self.payment.order_ref.clone(), bill.reference.clone());
        let (is_code, code) = (is.code || is.near_code, dossier.code.clone());
        vec![
            mark("reference", is.near, order_ref, Some(reference)),
            mark("dossier_code", is_code, None, Some(code)),
            mark("payer_name", is.name, None, None),
            mark("amount", is.amount, Some(has), Some(asked)),
            mark("day", is.day, Some(self.day.to_string()), Some(opened)),
            mark("unit", is.unit, unit, Some(dossier.unit_code.clone())),
        ]
    }
}

/// What of the money and of a bill is the same.
struct Compared {
    near: bool,
    code: bool,
    near_code: bool,
    name: bool,
    amount: bool,
    day: bool,
    unit: bool,
}

/// A text without the marks of Vietnamese letters.
fn plain(text: &str) -> String {
    const LETTERS: [(char, &str); 7] = [
        ('a', "àáảãạăằắẳẵặâầấẩẫậ"),
        ('d', "đ"),
        ('e', "èéẻẽẹêềếểễệ"),
        ('i', "ìíỉĩị"),
        ('o', "òóỏõọôồốổỗộơờớởỡợ"),
        ('u', "ùúủũụưừứửữự"),
        ('y', "ỳýỷỹỵ"),
    ];
    let bare = |letter: char| {
        let known = LETTERS.iter().find(|(_, marked)| marked.contains(letter));
        known.map_or(letter, |(bare, _)| *bare)
    };
    text.to_lowercase().chars().map(bare).collect()
}

/// Every reference that one slip away stands in a squeezed text: a letter wrong, left out, doubled or
/// swapped with its neighbour. The check character leaves a handful.
fn near_references(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |candidate: String| {
        if let Some(good) = PaymentReference::parse(&candidate) {
            found.push(good.as_str().to_owned());
        }
    };
    for (at, _) in text.match_indices(PREFIX) {
        for length in [LENGTH - 1, LENGTH, LENGTH + 1] {
            let Some(window) = text.get(at..at + length) else {
                continue;
            };
            for place in PREFIX.len()..=length {
                let (head, tail) = (window.get(..place), window.get(place..));
                let (Some(head), Some(tail)) = (head, tail) else {
                    continue;
                };
                let rest = tail.get(1..).unwrap_or("");
                if length == LENGTH + 1 {
                    add(format!("{head}{rest}"));
                    continue;
                }
                let kept = if length == LENGTH { rest } else { tail };
                for letter in LETTERS.chars() {
                    add(format!("{head}{letter}{kept}"));
                }
                if let (Some(first), Some(second)) = (tail.chars().next(), rest.chars().next()) {
                    let after = rest.get(1..).unwrap_or("");
                    add(format!("{head}{second}{first}{after}"));
                }
            }
        }
    }
    // The fixed letters themselves may be wrong: what follows them still proves itself.
    let starts = (0..text.len()).filter_map(|at| text.get(at..at + LENGTH));
    for window in starts.filter(|window| !window.starts_with(PREFIX)) {
        if let Some(tail) = window.get(PREFIX.len()..) {
            add(format!("{PREFIX}{tail}"));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A reference that was cut off at the end of a text.
fn cut_reference(text: &str) -> Option<String> {
    let (at, _) = text.match_indices(PREFIX).last()?;
    let tail = text.get(at..)?;
    let is_cut = (CUT_REFERENCE..LENGTH).contains(&tail.len());
    is_cut.then(|| tail.to_owned())
}

/// The first dossier code in a text without the last two digits of its running number.
fn code_start(text: &str) -> Option<String> {
    let starts = text.match_indices(['H', 'G']);
    starts
        .filter_map(|(at, _)| {
            let digits = text.get(at + 1..)?;
            let digits = digits.split(|c: char| !c.is_ascii_digit()).next()?;
            // Province, day and running number are 12 digits, a unit three more.
            let kept = digits.len().min(15).checked_sub(2)?;
            (digits.len() >= 12).then(|| text.get(at..=at + kept))?
        })
        .next()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_behind_one_slip_and_not_behind_two() {
        let good = PaymentReference::derive(1, "H12.104-260105-0001", 0, 0);
        let text = good.as_str().to_owned();
        let letter = |at: usize| text.get(at..=at).unwrap();
        let other = |at: usize| if letter(at) == "Q" { "R" } else { "Q" };
        let (head, tail) = (&text[..5], &text[6..]);
        let slips = [
            format!("NOPPHI{head}{}{tail}X", other(5)),
            format!("{head}{tail}"),
            format!("{head}{}{}{tail}", letter(5), letter(5)),
            format!("{}{}{}{}", &text[..7], letter(8), letter(7), &text[9..]),
            format!("D5{}", &text[2..]),
        ];
        for slip in slips {
            assert!(near_references(&slip).contains(&text), "{slip} {text}");
        }
        let two = format!("{}{}{}{}", &text[..5], other(5), other(6), &text[7..]);
        assert!(!near_references(&two).contains(&text), "{two}");
        assert!(near_references(&"DS".repeat(100)).len() < 100);
    }

    #[test]
    fn a_name_reads_the_same_with_and_without_its_marks() {
        assert_eq!(squeeze(&plain("Đỗ Thị Hường")), "DOTHIHUONG");
        assert_eq!(plain("NGUYEN VAN A"), "nguyen van a");
    }

    #[test]
    fn what_was_cut_off_is_read_as_a_start() {
        assert_eq!(
            cut_reference("NOPPHIDS2345678").as_deref(),
            Some("DS2345678")
        );
        assert_eq!(cut_reference("NOPPHIDS23"), None);
        assert_eq!(cut_reference("DS23456789ABC"), None);
        assert_eq!(
            code_start("NOPH121042601050017A").as_deref(),
            Some("H1210426010500")
        );
        assert_eq!(code_start("H12104"), None);
    }
}
