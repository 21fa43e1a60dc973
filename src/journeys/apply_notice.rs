//! Applying one notice to the books: new or repeat, conflict, permitted change of state, decision,
//! entry. Works on the workbook of a batch; nothing is written here.

use super::consequences::{
    after_conflict, after_placing, after_recording_only, after_refund, after_reversal, after_review,
};
use super::incoming::Incoming;
use super::known_payment::{Known, known_payment, payment_of};
use super::refunds::taken_back;
use super::workbook::Workbook;
use crate::domain::bill::Bill;
use crate::domain::entry::Event;
use crate::domain::ids::{BillId, EntryId, NoticeId, PaymentId};
use crate::domain::notice::{Notice, Verdict};
use crate::domain::payment::{Change, PaymentStatus, change};
use crate::ledger::postings::{PaymentEntry, Placement, payment_recorded};
use crate::matching::rules::{Decision, MatchOutcome, decide};
use crate::store::UNSETTLED;
use crate::store::failure::Failure;
use crate::store::rows::{NoticeRow, PaymentRow};
use crate::store::types::{Ts, Uid};

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) is_repeat: bool,
    pub(super) verdict: Verdict,
}

/// Applies a notice to the book.
pub(super) fn apply_notice(
    book: &mut Workbook<'_>,
    incoming: &Incoming<'_>,
) -> Result<Applied, Failure> {
    let is_swept = incoming.recorded_as.is_some();
    if let Some(seen) = book
        .seen(&incoming.channel.name, &incoming.key_hash)
        .filter(|_| !is_swept)
    {
        if seen.facts_hash == incoming.facts_hash {
            let verdict = Verdict::parse(&seen.verdict).unwrap_or(Verdict::Recorded);
            return Ok(Applied {
                is_repeat: true,
                verdict,
            });
        }
        return Ok(keep_conflict(book, incoming));
    }
    let (payment_id, verdict) = match known_payment(book, incoming)? {
        Known::New => record_payment(book, incoming)?,
        Known::Same(row) => change_payment(book, incoming, *row)?,
        Known::Contradicted => return Ok(keep_conflict(book, incoming)),
    };
    match incoming.recorded_as {
        Some(notice_id) => {
            Incoming::name(notice_id, Some(payment_id), verdict);
            book.settled.push(notice_id);
        }
        None => {
            let row = notice_row(book, incoming, verdict);
            Incoming::name(row.notice_id, Some(payment_id), verdict);
            incoming.tell(row.notice_id, payment_id, verdict);
            book.add_notice(NoticeRow {
                payment_id: Some(payment_id),
                ..row
            });
        }
    }
    Ok(Applied {
        is_repeat: false,
        verdict,
    })
}

/// Records a notice and its payment without any effect, for `sweep` to apply later.
pub(super) fn record_only(book: &mut Workbook<'_>, incoming: &Incoming<'_>) -> Applied {
    let notice = incoming.notice;
    if let Some(seen) = book.seen(&incoming.channel.name, &incoming.key_hash) {
        let verdict = Verdict::parse(&seen.verdict).unwrap_or(Verdict::Recorded);
        return Applied {
            is_repeat: true,
            verdict,
        };
    }
    let known = payment_of(book, incoming).map(|row| row.payment_id);
    let payment_id = known.unwrap_or_else(|| {
        let row = new_payment(book, incoming);
        let id = row.payment_id;
        book.add_payment(row);
        id
    });
    let row = notice_row(book, incoming, Verdict::Recorded);
    let channel = &incoming.channel.name;
    Incoming::name(row.notice_id, Some(payment_id), Verdict::Recorded);
    after_recording_only(book, payment_id, channel, notice, row.notice_id);
    book.add_notice(NoticeRow {
        payment_id: Some(payment_id),
        is_settled: false,
        facts: Some(facts_text(notice)),
        ..row
    });
    Applied {
        is_repeat: false,
        verdict: Verdict::Recorded,
    }
}

fn new_payment(book: &Workbook<'_>, incoming: &Incoming<'_>) -> PaymentRow {
    let id = Uid(PaymentId::at(book.now).0);
    let channel = incoming.channel;
    PaymentRow::of_notice(
        book.tenant.0,
        id,
        &channel.name,
        &channel.provider,
        incoming.notice,
    )
}

fn record_payment(
    book: &mut Workbook<'_>,
    incoming: &Incoming<'_>,
) -> Result<(Uid, Verdict), Failure> {
    let mut row = new_payment(book, incoming);
    let verdict = place(book, incoming, &mut row)?;
    let id = row.payment_id;
    book.add_payment(row);
    Ok((id, verdict))
}

fn change_payment(
    book: &mut Workbook<'_>,
    incoming: &Incoming<'_>,
    mut row: PaymentRow,
) -> Result<(Uid, Verdict), Failure> {
    let notice = incoming.notice;
    let step = change(row.to_status()?, notice.status);
    let is_unsettled = row.match_outcome == UNSETTLED;
    if step != Change::Forward && !is_unsettled {
        return Ok((row.payment_id, verdict_of(&row)));
    }
    let held_money = row.to_status()?.is_money() && !is_unsettled;
    if step == Change::Forward {
        notice.status.as_str().clone_into(&mut row.status);
        row.paid_at = notice.paid_at.map(Ts).or(row.paid_at);
        if !notice.is_unnamed() {
            row.provider_txn_id.clone_from(&notice.provider_txn_id);
        }
    }
    // What was never placed cannot be taken back: it is placed as if the payment began like this.
    let verdict = match row.to_status()? {
        PaymentStatus::Reversed if held_money => {
            let taken = taken_back(book, &mut row, Event::PaymentReversed, None)?;
            after_reversal(book, &row, &taken);
            after_refund(book, &row, taken.twice);
            Verdict::Recorded
        }
        PaymentStatus::Refunded if held_money => {
            let taken = taken_back(book, &mut row, Event::PaymentRefunded, None)?;
            after_refund(book, &row, taken.unasked);
            Verdict::Recorded
        }
        PaymentStatus::PartiallyRefunded if held_money => {
            let refunded = notice.refunded_minor;
            let taken = taken_back(book, &mut row, Event::PaymentRefunded, refunded)?;
            after_refund(book, &row, taken.unasked);
            Verdict::Recorded
        }
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Review
        | PaymentStatus::Reversed
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Outgoing => place(book, incoming, &mut row)?,
    };
    let id = row.payment_id;
    book.put_back(row);
    Ok((id, verdict))
}

/// Decides where a payment belongs; posts it when it is money.
fn place(
    book: &mut Workbook<'_>,
    incoming: &Incoming<'_>,
    row: &mut PaymentRow,
) -> Result<Verdict, Failure> {
    let notice = incoming.notice;
    let status = row.to_status()?;
    let candidates = book.candidates(&incoming.channel.name, &incoming.clues);
    let decision = decide(notice, &candidates, &incoming.channel.accounts);
    let decision = book.without_lost_items(decision);
    row.bill_id = decision.bill_id.map(|id| Uid(id.0));
    row.dossier_id = decision.dossier_id.map(|id| Uid(id.0));
    row.match_rule = decision.rule.map(|rule| rule.as_str().to_owned());
    if !status.took_money() {
        let is_unknown = row.bill_id.is_none() && status != PaymentStatus::Outgoing;
        "none".clone_into(&mut row.match_outcome);
        row.match_reason = format!(
            "{}: there is no money to place; {}",
            status.as_str(),
            decision.reason
        );
        if status == PaymentStatus::Review {
            after_review(book, row);
        }
        return Ok(if is_unknown {
            Verdict::UnknownOrder
        } else {
            Verdict::Recorded
        });
    }
    let verdict = verdict_for(decision.outcome);
    decision.outcome.as_str().clone_into(&mut row.match_outcome);
    let due = row.bill_id.and_then(|bill| book.bill(bill));
    let due = due.map(Bill::rest_minor);
    post(book, row, &decision)?;
    row.match_reason = decision.reason;
    after_placing(book, row, decision.outcome, due);
    give_back(book, row, notice)?;
    Ok(verdict)
}

/// Takes back of a payment what the notice that is its first says went back already: by the entry
/// that the same word would have made later, so that the order of arrival does not show in the books.
fn give_back(
    book: &mut Workbook<'_>,
    row: &mut PaymentRow,
    notice: &Notice,
) -> Result<(), Failure> {
    let refunded = match row.to_status()? {
        PaymentStatus::Refunded => None,
        PaymentStatus::PartiallyRefunded => Some(notice.refunded_minor.unwrap_or(0)),
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Review
        | PaymentStatus::Reversed
        | PaymentStatus::Outgoing => return Ok(()),
    };
    let taken = taken_back(book, row, Event::PaymentRefunded, refunded)?;
    after_refund(book, row, taken.unasked);
    Ok(())
}

fn post(book: &mut Workbook<'_>, row: &mut PaymentRow, decision: &Decision) -> Result<(), Failure> {
    let placed = Placement {
        allocated: decision.allocated_minor,
        credit: decision.credit_minor,
        suspense: decision.suspense_minor,
    };
    row.allocated_minor = placed.allocated;
    row.credit_minor = placed.credit;
    row.suspense_minor = placed.suspense;
    let unit_code = row
        .bill_id
        .map_or_else(String::new, |bill| book.unit_of(bill));
    let postings = payment_recorded(&entry(book, row, &unit_code)?, placed);
    book.postings.extend(postings);
    if let Some(bill) = row.bill_id.filter(|_| placed.allocated > 0) {
        book.reopen(bill);
        book.pay(bill, placed.allocated)?;
    }
    book.stand(row);
    Ok(())
}

fn entry<'a>(
    book: &Workbook<'_>,
    row: &'a PaymentRow,
    unit_code: &'a str,
) -> Result<PaymentEntry<'a>, Failure> {
    Ok(PaymentEntry {
        entry_id: EntryId::at(book.now),
        channel: &row.channel,
        unit_code,
        payment_id: PaymentId(row.payment_id.0),
        bill_id: row.bill_id.map(|id| BillId(id.0)),
        currency: row.to_amount()?.currency(),
    })
}

/// The answer's word for what matching found.
fn verdict_for(outcome: MatchOutcome) -> Verdict {
    match outcome {
        MatchOutcome::Exact => Verdict::Recorded,
        MatchOutcome::Short | MatchOutcome::Over | MatchOutcome::WrongCurrency => {
            Verdict::AmountDiffers
        }
        MatchOutcome::Twice | MatchOutcome::Late | MatchOutcome::Closed => Verdict::AlreadyFinal,
        MatchOutcome::Unknown | MatchOutcome::Ambiguous | MatchOutcome::WrongAccount => {
            Verdict::UnknownOrder
        }
    }
}

/// The word for a further notice about a payment that was matched before.
fn verdict_of(row: &PaymentRow) -> Verdict {
    match MatchOutcome::parse(&row.match_outcome) {
        Some(outcome) => verdict_for(outcome),
        None if row.bill_id.is_none() => Verdict::UnknownOrder,
        None => Verdict::Recorded,
    }
}

/// Keeps a notice that contradicts what its key, or its payment, said before; changes nothing. The
/// key of a kept conflict covers its facts, so that its retries are repeats.
fn keep_conflict(book: &mut Workbook<'_>, incoming: &Incoming<'_>) -> Applied {
    let key_hash = incoming.notice.conflict_key_hash().to_vec();
    let channel = &incoming.channel.name;
    let payment = payment_of(book, incoming);
    let is_repeat = book.seen(channel, &key_hash).is_some();
    if let Some(notice_id) = incoming.recorded_as {
        book.settled.push(notice_id);
    }
    if !is_repeat {
        let row = notice_row(book, incoming, Verdict::Conflict);
        let facts = Some(facts_text(incoming.notice));
        let channel = &incoming.channel.name;
        let payment_id = payment.as_ref().map(|payment| payment.payment_id);
        Incoming::name(row.notice_id, payment_id, Verdict::Conflict);
        after_conflict(
            book,
            payment.as_ref(),
            channel,
            incoming.notice,
            row.notice_id,
        );
        book.add_notice(NoticeRow {
            key_hash,
            payment_id,
            facts,
            ..row
        });
    }
    Applied {
        is_repeat,
        verdict: Verdict::Conflict,
    }
}

fn notice_row(book: &Workbook<'_>, incoming: &Incoming<'_>, verdict: Verdict) -> NoticeRow {
    NoticeRow {
        tenant: book.tenant.0,
        notice_id: Uid(NoticeId::at(book.now).0),
        channel: incoming.channel.name.clone(),
        key_hash: incoming.key_hash.clone(),
        facts_hash: incoming.facts_hash.clone(),
        payment_id: None,
        status: incoming.notice.status.as_str().to_owned(),
        verdict: verdict.as_str().to_owned(),
        is_settled: true,
        raw: incoming.raw.to_vec(),
        facts: None,
    }
}

/// The facts as JSON, from which `sweep` reads the notice again.
fn facts_text(notice: &Notice) -> String {
    serde_json::to_string(notice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::config::channel::Channel;
    use crate::domain::entry::Posting;
    use crate::domain::ids::Tenant;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::parse_rfc3339;
    use crate::journeys::workbook::HeldDifference;
    use crate::store::journal::Found;

    fn channel() -> Channel {
        Channel {
            name: "bank".to_owned(),
            provider: "standardwebhooks".to_owned(),
            tenant: Tenant(1),
            door: crate::config::door::ChannelDoor::default(),
            secrets: BTreeMap::new(),
            scheme: None,
            hash: None,
            replay_window: Duration::from_secs(300),
            order_ref_field: None,
            order_ref_pattern: None,
            order_ref_pattern_field: None,
            accounts: Vec::new(),
            query_url: None,
            described: None,
        }
    }

    fn notice(status: PaymentStatus) -> Notice {
        let is_part = status == PaymentStatus::PartiallyRefunded;
        Notice {
            event_id: Some(format!("evt-{}", status.as_str())),
            provider_txn_id: Some("T1".to_owned()),
            payment_key: "T1".to_owned(),
            order_ref: Some("ORDER1".to_owned()),
            amount: Money::new(778, Currency::VND),
            refunded_minor: is_part.then_some(500),
            status,
            paid_at: None,
            memo: None,
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        }
    }

    /// What the books hold after these words in this order: status and placement of the payment, its
    /// postings without the names of their entries, and what stands open.
    type End = (String, [i64; 4], Vec<String>, Vec<String>);

    fn end_of(order: &[Notice]) -> End {
        let (channel, slots) = (channel(), HashMap::new());
        let now = parse_rfc3339("2026-01-05T03:35:00Z").unwrap();
        let mut book = Workbook::open(Tenant(1), now, &slots, Found::default()).unwrap();
        for notice in order {
            let incoming = Incoming::new(&channel, notice, b"", None);
            let applied = apply_notice(&mut book, &incoming).unwrap();
            assert!(!applied.is_repeat, "{order:?}");
        }
        let tell = |posting: &Posting| {
            let (event, minor) = (posting.event.as_str(), posting.amount.minor());
            format!("{event} {} < {} {minor}", posting.debit, posting.credit)
        };
        let postings = book.postings.iter().map(tell).collect();
        let tell = |held: &HeldDifference| format!("{} {}", held.row.kind, held.row.amount_minor);
        let mut differences: Vec<String> = book.differences.iter().map(tell).collect();
        differences.sort();
        let row = &book.payment("bank", "T1").unwrap().row;
        let placed = [
            row.allocated_minor,
            row.credit_minor,
            row.suspense_minor,
            row.refunded_minor,
        ];
        (row.status.clone(), placed, postings, differences)
    }

    fn owed(postings: &[String]) -> i64 {
        let minor = |line: &str| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
        let signed = |line: &String| {
            let is_debit = line.contains(" clearing:bank < ");
            if is_debit { minor(line) } else { -minor(line) }
        };
        postings.iter().map(signed).sum()
    }

    #[test]
    fn no_order_of_arrival_changes_where_the_money_ends() {
        use PaymentStatus as S;
        for (last, stands) in [
            (S::Refunded, 0),
            (S::PartiallyRefunded, 278),
            (S::Reversed, 0),
        ] {
            for order in [
                [S::Pending, S::Succeeded, last],
                [S::Pending, last, S::Succeeded],
                [S::Succeeded, S::Pending, last],
                [S::Succeeded, last, S::Pending],
                [last, S::Pending, S::Succeeded],
                [last, S::Succeeded, S::Pending],
            ] {
                let (status, placed, postings, _) = end_of(&order.map(notice));
                assert_eq!(status, last.as_str(), "{order:?}");
                assert_eq!(placed[..3], [0, 0, stands], "{order:?}");
                assert_eq!(owed(&postings), stands, "{order:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_refund_that_is_told_first_makes_the_entries_of_one_told_last(
            amount in 1..1_000_i64, share in 1..=1_000_i64,
        ) {
            let back = (amount * share / 1_000).max(1);
            let told = |status, refunded_minor| Notice {
                amount: Money::new(amount, Currency::VND),
                refunded_minor,
                ..notice(status)
            };
            let taken = told(PaymentStatus::Succeeded, None);
            let refund = if back == amount {
                told(PaymentStatus::Refunded, None)
            } else {
                told(PaymentStatus::PartiallyRefunded, Some(back))
            };
            let last = end_of(&[taken.clone(), refund.clone()]);
            prop_assert_eq!(last.1[3], back);
            prop_assert_eq!(&last.2[0], &format!("payment_recorded clearing:bank < suspense {amount}"));
            prop_assert_eq!(&end_of(&[refund.clone(), taken]), &last);
            prop_assert_eq!(&end_of(&[refund]), &last);
        }
    }
}
