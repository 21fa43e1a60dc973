//! What matched files do to the books: a payout leaves clearing for the bank and the provider's
//! charges, a credit that is a payment leaves it for the bank, a refund that a line shows is paid. Each
//! once and for good, inside the transaction of the caller; what does not add up posts nothing.

use super::bounds::{Plan, within_bounds};
use super::prove::prove;
use super::reach::Reach;
use super::settle_payouts::payouts;
use super::settle_refunds::refunds;
use crate::config::settings::Settings;
use crate::domain::entry::Event;
use crate::domain::ids::{EntryId, Tenant};
use crate::domain::money::Money;
use crate::domain::time::{Day, Instant};
use crate::journeys::compare_days::DaysCompared;
use crate::journeys::open_book::{Desk, with_book};
use crate::ledger::settlement::bank_credited;
use crate::reconciliation::compare::{BankFacts, FileNo, Item, Outcome, OutcomeKind, Role};
use crate::store::failure::Failure;
use crate::store::journal::Lookup;
use crate::store::ops::Queries;
use crate::store::rows::SettlementEntryRow;
use crate::store::types::{Ts, Uid};

/// Who settles, for whom and when.
#[derive(Clone, Copy)]
pub struct Settling<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The installation.
    pub tenant: Tenant,
    /// The name under which a seal chain is leased for this transaction alone.
    pub holder: &'a str,
    /// When, UTC.
    pub now: Instant,
}

/// Something that posted nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What it would have been.
    pub subject: String,
    /// Why it posted nothing.
    pub why: String,
}

/// What was settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The entries that were posted, each proven by a line.
    pub entries: Vec<SettlementEntryRow>,
    /// The remittances that a bank line shows now.
    pub proven: Vec<Uid>,
    /// The files that this rests on, with those of the payouts.
    pub files: Vec<Uid>,
    /// What matches and could not be posted.
    pub left: Vec<Left>,
}

/// Posts what the matched files of a day, and of closed days before it, did to the books. The same again
/// posts nothing.
///
/// # Errors
/// Any [`Failure`]; the caller's transaction must be undone then.
pub fn settle(
    queries: &mut dyn Queries,
    settling: &Settling<'_>,
    found: &DaysCompared,
    day: Day,
) -> Result<Settled, Failure> {
    let mut settled = Settled::default();
    let reach = Reach::of(queries, settling.tenant, found, day)?;
    let mut plans = payouts(queries, settling, found, &reach, &mut settled.left)?;
    plans.extend(credits(settling, found, &reach, &mut settled.left));
    let plans = within_bounds(queries, settling, plans, &mut settled.left)?;
    if !plans.is_empty() {
        let desk = Desk {
            tenant: settling.tenant,
            holder: settling.holder,
            now: settling.now,
        };
        let lookup = Lookup {
            tenant: settling.tenant.0,
            ..Lookup::default()
        };
        with_book(queries, desk, &lookup, |book| {
            let postings = plans.iter().flat_map(|plan| plan.postings.iter());
            book.postings.extend(postings.cloned());
            Ok::<(), Failure>(())
        })?;
        settled.files = plans.iter().filter_map(|plan| plan.of_file).collect();
        settled.entries = plans.into_iter().map(|plan| plan.row).collect();
        queries.insert_settlement_entries(&settled.entries)?;
    }
    refunds(queries, settling, found, &reach, &mut settled)?;
    prove(queries, settling, found, &mut settled)?;
    let lines = settled.entries.iter().map(|row| row.file_id);
    settled.files.extend(lines);
    settled.files.sort_unstable();
    settled.files.dedup();
    queries.mark_chains_free(settling.holder)?;
    for left in &settled.left {
        let (subject, why) = (&left.subject, &left.why);
        tracing::warn!(subject, why, "what matches was not posted");
    }
    Ok(settled)
}

/// The bank line a payout, a payment or a refund is matched with.
pub(super) fn bank_of<'a>(
    found: &'a DaysCompared,
    outcome: &Outcome,
) -> Option<(u32, BankFacts<'a>)> {
    let mut links = found.comparison.links(outcome);
    let of_bank = links.find_map(|link| match link.item {
        Item::Bank(number) if link.role == Role::Matched => Some(number),
        Item::Bank(_)
        | Item::Payment(_)
        | Item::Line(_)
        | Item::Refund(_)
        | Item::Payout(_)
        | Item::Batch(_) => None,
    })?;
    Some((of_bank, found.input.bank_facts(of_bank)?))
}

/// The source and the id of a file.
pub(super) fn file_of(found: &DaysCompared, file: FileNo) -> Option<(&str, Uid)> {
    let row = found.file(file)?;
    Some((row.source.as_str(), row.file_id))
}

/// The account a bank line stands on, without spaces: its source's, else its own.
pub(super) fn account_of(
    settling: &Settling<'_>,
    found: &DaysCompared,
    line: &BankFacts<'_>,
) -> Option<String> {
    let (source, _) = file_of(found, line.file)?;
    let source = settling.settings.sources.get(source);
    let account = source.and_then(|source| source.account.as_deref());
    let account: String = account
        .or(line.account)?
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    (!account.is_empty()).then_some(account)
}

/// Credits that are payments of their own: whole, in parts, or several in one.
fn credits(
    settling: &Settling<'_>,
    found: &DaysCompared,
    reach: &Reach,
    left: &mut Vec<Left>,
) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (number, outcome) in (0..).zip(&found.comparison.banks) {
        let is_matched = matches!(
            outcome.kind,
            OutcomeKind::Matched | OutcomeKind::MatchedSplit | OutcomeKind::Merged
        );
        let Some(line) = found.input.bank_facts(number) else {
            continue;
        };
        if !is_matched || line.amount <= 0 {
            continue;
        }
        for link in found.comparison.links(outcome) {
            let days = [Some(line.day), found.day_of(link.item)];
            let days: Vec<Day> = days.into_iter().flatten().collect();
            if link.role != Role::Matched || !reach.covers(&days) {
                continue;
            }
            match credit_plan(settling, found, &line, (link.item, link.allocated)) {
                Ok(plan) => plans.extend(plan),
                Err(one) => left.push(one),
            }
        }
    }
    plans
}

fn credit_plan(
    settling: &Settling<'_>,
    found: &DaysCompared,
    line: &BankFacts<'_>,
    (item, minor): (Item, i64),
) -> Result<Option<Plan>, Left> {
    let Item::Payment(number) = item else {
        return Ok(None);
    };
    let (Some(payment), Some((_, file_id)), Some(bank)) = (
        found.input.payment_facts(number),
        file_of(found, line.file),
        account_of(settling, found, line),
    ) else {
        return Ok(None);
    };
    let place = line.place;
    let subject = format!("bank:{}:{place}:{}", file_id.0, payment.id);
    if !payment.status.is_money() {
        let status = payment.status.as_str();
        let why = format!("the payment is {status}, so that nothing of it stands in clearing");
        return Err(Left { subject, why });
    }
    let channel = found.channel(payment.channel);
    let entry_id = EntryId::at(settling.now);
    let amount = Money::new(minor, line.currency);
    let postings = bank_credited(entry_id, channel, &bank, amount).map_err(|error| Left {
        subject: subject.clone(),
        why: error.to_string(),
    })?;
    Ok(Some(Plan {
        row: SettlementEntryRow {
            tenant: settling.tenant.0,
            subject,
            event: Event::BankCredited.as_str().to_owned(),
            entry_id: Uid(entry_id.0),
            channel: channel.to_owned(),
            bank: Some(bank),
            payment_id: Some(Uid(payment.id)),
            gross_minor: minor,
            fee_minor: 0,
            net_minor: minor,
            currency: line.currency.to_string(),
            day: line.day,
            file_id,
            place: i64::from(place),
            posted_at: Ts(settling.now),
        },
        postings,
        of_file: None,
        line_minor: line.amount,
        payment_minor: Some(payment.amount),
    }))
}
