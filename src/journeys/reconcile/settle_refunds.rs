//! Refunds that a line shows: the provider's settlement file, or a debit on our account, tells that a
//! refund which was sent is paid. It is settled as if the provider or the bank had told it; a refund
//! that nobody asked for is left as the difference it is.

use super::reach::Reach;
use super::settle::{Left, Settled, Settling, account_of, file_of};
use crate::domain::entry::Event;
use crate::domain::ids::RefundId;
use crate::domain::time::Day;
use crate::journeys::compare_days::DaysCompared;
use crate::journeys::refunds::pay::{Payer, paid_as_shown};
use crate::journeys::refunds::{Hand, RefundError};
use crate::reconciliation::compare::{Item, Outcome, OutcomeKind, Role};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::SettlementEntryRow;
use crate::store::types::{Ts, Uid};

/// A line that shows a refund.
struct Shown {
    payer: Payer,
    bank: Option<String>,
    minor: i64,
    currency: String,
    day: Day,
    file_id: Uid,
    place: u32,
    source: String,
}

/// Settles the refunds of a day, and those paid on it, that are sent and that a line shows.
pub(super) fn refunds(
    queries: &mut dyn Queries,
    settling: &Settling<'_>,
    found: &DaysCompared,
    reach: &Reach,
    settled: &mut Settled,
) -> Result<(), Failure> {
    for (number, outcome) in (0..).zip(&found.comparison.refunds) {
        if outcome.kind != OutcomeKind::RefundMatched {
            continue;
        }
        let (Some(refund), Some(shown)) = (
            found.input.refund_facts(number),
            shown(settling, found, outcome),
        ) else {
            continue;
        };
        let days = [Some(shown.day), found.day_of(Item::Refund(number))];
        let days: Vec<Day> = days.into_iter().flatten().collect();
        if !reach.covers(&days) {
            continue;
        }
        let channel = found.channel(refund.channel);
        let subject = format!("refund:{}", refund.id);
        match pay(queries, settling, (refund.id, channel), &shown) {
            Ok(row) => settled.entries.extend(row),
            Err(RefundError::Failed(failure)) => return Err(failure),
            Err(refusal) => settled.left.push(Left {
                subject,
                why: refusal.to_string(),
            }),
        }
    }
    Ok(())
}

/// The line that a refund is matched with.
fn shown(settling: &Settling<'_>, found: &DaysCompared, outcome: &Outcome) -> Option<Shown> {
    let mut links = found.comparison.links(outcome);
    let link = links.find(|link| link.role == Role::Matched)?;
    match link.item {
        Item::Line(number) => {
            let line = found.input.line_facts(number)?;
            let (source, file_id) = file_of(found, line.file)?;
            Some(Shown {
                payer: Payer::Provider,
                bank: None,
                minor: line.gross.checked_abs()?,
                currency: line.currency.to_string(),
                day: line.day,
                file_id,
                place: line.place,
                source: source.to_owned(),
            })
        }
        Item::Bank(number) => {
            let line = found.input.bank_facts(number)?;
            let (source, file_id) = file_of(found, line.file)?;
            let bank = account_of(settling, found, &line)?;
            Some(Shown {
                payer: Payer::Bank(bank.clone()),
                bank: Some(bank),
                minor: line.amount.checked_abs()?,
                currency: line.currency.to_string(),
                day: line.day,
                file_id,
                place: line.place,
                source: source.to_owned(),
            })
        }
        Item::Payment(_) | Item::Refund(_) | Item::Payout(_) | Item::Batch(_) => None,
    }
}

fn pay(
    queries: &mut dyn Queries,
    settling: &Settling<'_>,
    (id, channel): (uuid::Uuid, &str),
    shown: &Shown,
) -> Result<Option<SettlementEntryRow>, RefundError> {
    let tenant = settling.tenant.0;
    let (file_id, place) = (shown.file_id, i64::from(shown.place));
    let refund = queries.find_refund(tenant, Uid(id))?;
    if refund.is_none_or(|row| row.currency != shown.currency) {
        let problem = format!("the line is in {}", shown.currency);
        return Err(RefundError::WrongAmount(problem));
    }
    // A line pays one refund: what it showed before stays with that one.
    let subject = format!("refund:{id}");
    let mut of_line = queries.list_entries_of_line(tenant, file_id, place)?;
    of_line.retain(|row| row.subject != subject);
    if !of_line.is_empty() {
        let problem = "the line shows another refund already";
        return Err(RefundError::NoEvidence(problem));
    }
    let hand = Hand {
        tenant: settling.tenant,
        officer: "",
        unit: None,
        holder: settling.holder,
        now: settling.now,
        is_preview: false,
    };
    let (source, file) = (&shown.source, file_id.0);
    let evidence = format!("line {place} of file {file} of {source}");
    let paid = (shown.payer.clone(), shown.minor, evidence);
    let Some(told) = paid_as_shown(queries, &hand, RefundId(id), paid)? else {
        return Ok(None);
    };
    let Some(posting) = told.entry.first() else {
        return Ok(None);
    };
    let row = SettlementEntryRow {
        tenant,
        subject,
        event: Event::RefundPaid.as_str().to_owned(),
        entry_id: Uid(posting.entry_id.0),
        channel: channel.to_owned(),
        bank: shown.bank.clone(),
        payment_id: Some(told.refund.payment_id),
        gross_minor: shown.minor,
        fee_minor: 0,
        net_minor: shown.minor,
        currency: shown.currency.clone(),
        day: shown.day,
        file_id,
        place,
        posted_at: Ts(settling.now),
    };
    queries.insert_settlement_entries(std::slice::from_ref(&row))?;
    Ok(Some(row))
}
