//! Why an outcome is what it is, for people and for the record: the rule, the fields that were
//! compared with both values, and the alternatives with why they were turned down. Reads what was
//! found; decides nothing.

use serde::Serialize;

use super::facts::FileNo;
use super::input::Input;
use super::join::at;
use super::known::known;
use super::outcome::{Comparison, Item, OutcomeKind, Role, Rule, Side};

/// A field that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name.
    pub field: &'static str,
    /// Its value on this side.
    pub own: String,
    /// Its value on the other side.
    pub other: String,
    /// Whether they agree.
    pub agrees: bool,
}

/// An item that was looked at and not matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// What it is, such as `line 12 of file 3`.
    pub item: String,
    /// Why it was not matched.
    pub why: Role,
}

/// Why an outcome is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What became of it.
    pub kind: OutcomeKind,
    /// By which rule.
    pub rule: Rule,
    /// What it was matched with.
    pub matched: Vec<String>,
    /// The fields compared.
    pub compared: Vec<Compared>,
    /// The alternatives turned down, and the candidates left to a person.
    pub rejected: Vec<Rejected>,
}

/// The fields of an item that can be compared.
#[derive(Default)]
struct Fields {
    txn: String,
    order: String,
    memo: String,
    amount: i64,
    currency: String,
    account: String,
}

/// Puts an outcome into words, files called by their numbers; `None` when there is no such item.
#[must_use]
pub fn reason(input: &Input, comparison: &Comparison, item: Item) -> Option<Reason> {
    reason_naming(input, comparison, item, &numbered)
}

/// Puts an outcome into words, each file called as `file` calls it.
#[must_use]
pub fn reason_naming(
    input: &Input,
    comparison: &Comparison,
    item: Item,
    file: &dyn Fn(FileNo) -> String,
) -> Option<Reason> {
    let outcome = comparison.outcome(item)?;
    let own = fields(input, comparison, item);
    let mut reason = Reason {
        kind: outcome.kind,
        rule: outcome.rule,
        matched: Vec::new(),
        compared: Vec::new(),
        rejected: Vec::new(),
    };
    for link in comparison.links(outcome) {
        let name = name_of(input, comparison, link.item, file);
        if link.role == Role::Matched {
            if reason.matched.is_empty() {
                reason.compared = compare(&own, &fields(input, comparison, link.item));
            }
            reason.matched.push(name);
        } else {
            reason.rejected.push(Rejected {
                item: name,
                why: link.role,
            });
        }
    }
    Some(reason)
}

fn compare(own: &Fields, other: &Fields) -> Vec<Compared> {
    let amounts = (own.amount.to_string(), other.amount.to_string());
    let pairs = [
        ("transaction", &own.txn, &other.txn),
        ("order", &own.order, &other.order),
        ("memo", &own.memo, &other.memo),
        ("amount", &amounts.0, &amounts.1),
        ("currency", &own.currency, &other.currency),
        ("account", &own.account, &other.account),
    ];
    let known = pairs.into_iter().filter(|(field, own, other)| {
        let both = !own.is_empty() && !other.is_empty();
        both || (*field == "memo" && (!own.is_empty() || !other.is_empty()))
    });
    known
        .map(|(field, own, other)| Compared {
            field,
            own: own.clone(),
            other: other.clone(),
            agrees: own == other,
        })
        .collect()
}

fn numbered(file: FileNo) -> String {
    format!("file {}", file.0)
}

/// What an item is called: by what it can be found again with, files by their numbers.
#[must_use]
pub fn name(input: &Input, comparison: &Comparison, item: Item) -> String {
    name_of(input, comparison, item, &numbered)
}

/// What an item is called, its file as `file` calls it.
#[must_use]
pub fn name_of(
    input: &Input,
    comparison: &Comparison,
    item: Item,
    file: &dyn Fn(FileNo) -> String,
) -> String {
    let Some(known) = known(input, comparison, item) else {
        return String::new();
    };
    let of = known.file.map(file).unwrap_or_default();
    let id = known.id.unwrap_or_default();
    match item.side() {
        Side::Payment => format!("payment {id}"),
        Side::Refund => format!("refund {id}"),
        Side::Line => format!("line {} of {of}", known.place),
        Side::Bank => format!("bank line {} of {of}", known.place),
        Side::Payout => format!("batch \"{}\" of {of}", known.batch),
        Side::Batch if known.batch.is_empty() => format!("totals of {of}"),
        Side::Batch => format!("totals of batch \"{}\" of {of}", known.batch),
    }
}

fn fields(input: &Input, comparison: &Comparison, item: Item) -> Fields {
    let (ours, theirs) = (&input.ours, &input.theirs);
    match item {
        Item::Payment(number) => input.payments.get(at(number)).map(|one| Fields {
            txn: ours.word_text(&one.txn).to_owned(),
            order: ours.text(one.order).to_owned(),
            memo: input.references(one).trim().to_owned(),
            amount: one.amount,
            currency: one.currency.to_string(),
            account: input
                .contract(one.channel)
                .and_then(|contract| contract.account.clone())
                .unwrap_or_default(),
        }),
        Item::Line(number) => input.lines.get(at(number)).map(|one| Fields {
            txn: theirs.word_text(&one.txn).to_owned(),
            order: theirs.text(one.order).to_owned(),
            amount: one.gross,
            currency: one.currency.to_string(),
            ..Fields::default()
        }),
        Item::Bank(number) => input.banks.get(at(number)).map(|one| Fields {
            memo: theirs.text(one.memo).to_owned(),
            amount: one.amount,
            currency: one.currency.to_string(),
            account: theirs.text(one.account).to_owned(),
            ..Fields::default()
        }),
        Item::Refund(number) => input.refunds.get(at(number)).map(|one| Fields {
            txn: ours.text(one.provider_id).to_owned(),
            order: ours.text(one.order).to_owned(),
            amount: one.amount,
            ..Fields::default()
        }),
        Item::Payout(number) => comparison.payouts.get(at(number)).map(|one| Fields {
            amount: one.net,
            ..Fields::default()
        }),
        Item::Batch(number) => input.batches.get(at(number)).map(|one| Fields {
            amount: one.total.unwrap_or(0),
            ..Fields::default()
        }),
    }
    .unwrap_or_default()
}
