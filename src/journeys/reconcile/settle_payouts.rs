//! Payouts that the bank credited: what of their lines is agreed with payments of ours leaves clearing
//! for the bank and the provider's charges. What is not agreed stays out of the books, is told with the
//! lines it is about, and is posted by a later run as soon as it agrees. Never the same twice.

use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use super::bounds::Plan;
use super::reach::Reach;
use super::settle::{Left, Settling, account_of, bank_of, file_of};
use crate::domain::entry::Event;
use crate::domain::ids::EntryId;
use crate::journeys::compare_days::DaysCompared;
use crate::ledger::settlement::{self, SettlementError, provider_settled};
use crate::reconciliation::compare::batches::{Carried, carried};
use crate::reconciliation::compare::{BankFacts, ChannelNo, Item, OutcomeKind, Payout};
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{SettlementEntryRow, StatementPageHead};
use crate::store::types::{Ts, Uid};

/// How many entries one payout may have: what agrees first, and what agreed later.
const MOST_ENTRIES: usize = 9;
/// How many lines are named that do not agree.
const MOST_NAMED: usize = 5;

/// Batches that one credit pays and that are posted as one: a single one, or all of the credit when some
/// took more off than they brought.
struct Paid<'a> {
    /// The batch by which it is known: the largest.
    lead: &'a Payout,
    payouts: Vec<&'a Payout>,
    line: BankFacts<'a>,
    agreed: Carried,
}

/// An amount of each account that a payout moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Moved {
    gross: i64,
    fee: i64,
    net: i64,
}

/// Plans what the payouts of a day, and those paid on it, do to the books.
pub(super) fn payouts(
    queries: &mut dyn Queries,
    settling: &Settling<'_>,
    found: &DaysCompared,
    reach: &Reach,
    left: &mut Vec<Left>,
) -> Result<Vec<Plan>, Failure> {
    let is_paid = |payout: &Payout| payout.outcome.kind == OutcomeKind::PayoutMatched;
    if !found.comparison.payouts.iter().any(is_paid) {
        return Ok(Vec::new());
    }
    let agreed = carried(&found.input, &found.comparison);
    let paid = paid(found, &agreed);
    let subjects: Vec<String> = paid.iter().flat_map(|one| subjects(found, one)).collect();
    let known = queries.list_settlement_entries(settling.tenant.0, &subjects)?;
    let known: HashMap<String, SettlementEntryRow> = known
        .into_iter()
        .map(|row| (row.subject.clone(), row))
        .collect();
    let unsure = unsure(found, &paid, &known);
    let mut pages = Pages::default();
    let mut plans = Vec::new();
    for one in &paid {
        let mut days = one.payouts.iter().map(|payout| payout.day);
        if !days.any(|day| reach.covers(&[day, one.line.day])) {
            continue;
        }
        let subject = subject(found, one.lead, 1);
        let is_whole = pages.hold(queries, settling, found, one, &agreed)?;
        let told = if !is_whole {
            Err("its file reaches beyond the days compared".to_owned())
        } else if unsure.contains(&one.lead.channel) {
            Err("a line that was posted now repeats another one: a person decides which is paid out".to_owned())
        } else {
            plan(settling, found, one, &known)
        };
        match told {
            Ok(plan) => {
                plans.extend(plan);
                left.extend(not_agreed(found, one).map(|why| Left { subject, why }));
            }
            Err(why) => left.push(Left { subject, why }),
        }
    }
    Ok(plans)
}

/// The batches that were paid, with what of them is agreed.
fn paid<'a>(found: &'a DaysCompared, agreed: &[Carried]) -> Vec<Paid<'a>> {
    let payouts = &found.comparison.payouts;
    let mut by_line: BTreeMap<u32, Vec<(&Payout, &Carried)>> = BTreeMap::new();
    for (payout, agreed) in payouts.iter().zip(agreed) {
        if payout.outcome.kind == OutcomeKind::PayoutMatched
            && let Some((bank, _)) = bank_of(found, &payout.outcome)
        {
            by_line.entry(bank).or_default().push((payout, agreed));
        }
    }
    let mut paid = Vec::new();
    for (bank, payouts) in by_line {
        let Some(line) = found.input.bank_facts(bank) else {
            continue;
        };
        let brings = |(payout, _): &(&Payout, &Carried)| payout.gross > 0 && payout.net >= 0;
        let at_once = if payouts.iter().all(brings) {
            1
        } else {
            payouts.len()
        };
        for some in payouts.chunks(at_once) {
            let Some((lead, _)) = some.iter().max_by_key(|(payout, _)| payout.net) else {
                continue;
            };
            let mut sum = Carried::default();
            for (_, agreed) in some {
                sum.gross = sum.gross.saturating_add(agreed.gross);
                sum.fee = sum.fee.saturating_add(agreed.fee);
                sum.net = sum.net.saturating_add(agreed.net);
                sum.open.extend(&agreed.open);
            }
            paid.push(Paid {
                lead,
                payouts: some.iter().map(|(payout, _)| *payout).collect(),
                line,
                agreed: sum,
            });
        }
    }
    paid
}

/// What an entry of a payout is called; `number` above one for what agreed later.
fn subject(found: &DaysCompared, payout: &Payout, number: usize) -> String {
    let file = found.file_id(payout.file);
    let (channel, batch) = (found.channel(payout.channel), &payout.batch);
    match number {
        1 => format!("payout:{channel}:{file}:{batch}"),
        number => format!("payout#{number}:{channel}:{file}:{batch}"),
    }
}

/// What a payout without a named batch was called while a whole file was one.
fn former_subject(found: &DaysCompared, payout: &Payout) -> Option<String> {
    let (channel, file) = (found.channel(payout.channel), found.file_id(payout.file));
    payout
        .is_of_day
        .then(|| format!("payout:{channel}:{file}:"))
}

fn subjects(found: &DaysCompared, one: &Paid<'_>) -> Vec<String> {
    let own = (1..=MOST_ENTRIES).map(|number| subject(found, one.lead, number));
    own.chain(former_subject(found, one.lead)).collect()
}

/// What was posted of a payout before, in order.
fn entries<'k>(
    found: &DaysCompared,
    one: &Paid<'_>,
    known: &'k HashMap<String, SettlementEntryRow>,
) -> Vec<&'k SettlementEntryRow> {
    let own = (1..=MOST_ENTRIES).map_while(|number| known.get(&subject(found, one.lead, number)));
    own.collect()
}

/// What is agreed of a payout less what was posted.
fn still(agreed: &Carried, entries: &[&SettlementEntryRow]) -> Moved {
    let sum = |of: fn(&SettlementEntryRow) -> i64| {
        let all = entries.iter().map(|row| of(row));
        all.fold(0_i64, i64::saturating_add)
    };
    Moved {
        gross: agreed.gross.saturating_sub(sum(|row| row.gross_minor)),
        fee: agreed.fee.saturating_sub(sum(|row| row.fee_minor)),
        net: agreed.net.saturating_sub(sum(|row| row.net_minor)),
    }
}

/// The channels of which a line was posted whose payment another line has by now: that one may not be
/// posted on top.
fn unsure(
    found: &DaysCompared,
    paid: &[Paid<'_>],
    known: &HashMap<String, SettlementEntryRow>,
) -> BTreeSet<ChannelNo> {
    let repeats = |line: &u32| {
        let outcome = found.comparison.outcome(Item::Line(*line));
        outcome.is_some_and(|outcome| outcome.kind == OutcomeKind::DuplicatePayment)
    };
    let is_unsure = |one: &&Paid<'_>| {
        still(&one.agreed, &entries(found, one, known)).gross < 0
            && one.agreed.open.iter().any(repeats)
    };
    let unsure = paid.iter().filter(is_unsure);
    unsure.map(|one| one.lead.channel).collect()
}

/// The pages of files, so that each file is asked for once.
#[derive(Default)]
struct Pages(BTreeMap<Uid, Vec<StatementPageHead>>);

impl Pages {
    /// Whether all lines of the batches were compared.
    fn hold(
        &mut self,
        queries: &mut dyn Queries,
        settling: &Settling<'_>,
        found: &DaysCompared,
        one: &Paid<'_>,
        agreed: &[Carried],
    ) -> Result<bool, Failure> {
        for payout in &one.payouts {
            let file = Uid(found.file_id(payout.file));
            if let Vacant(entry) = self.0.entry(file) {
                entry.insert(queries.list_statement_page_heads_of(settling.tenant.0, file)?);
            }
            let is_of =
                |head: &&StatementPageHead| !payout.is_of_day || head.counts_on == payout.day;
            let heads = self.0.get(&file).into_iter().flatten().filter(is_of);
            let kept: i64 = heads.map(|head| i64::from(head.line_count)).sum();
            if u64::try_from(kept) != Ok(compared_of(found, payout, agreed)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// How many lines of a batch's day, or of its whole file, were compared.
fn compared_of(found: &DaysCompared, payout: &Payout, agreed: &[Carried]) -> u64 {
    let is_beside = |other: &Payout| {
        let is_of_day = payout.is_of_day && (!other.is_of_day || other.day != payout.day);
        (other.channel, other.file) == (payout.channel, payout.file) && !is_of_day
    };
    let all = found.comparison.payouts.iter().zip(agreed);
    all.filter(|(other, _)| is_beside(other))
        .map(|(_, agreed)| agreed.lines)
        .sum()
}

/// What is posted now; `None` when nothing is new, else why it cannot be.
fn plan(
    settling: &Settling<'_>,
    found: &DaysCompared,
    one: &Paid<'_>,
    known: &HashMap<String, SettlementEntryRow>,
) -> Result<Option<Plan>, String> {
    if former_subject(found, one.lead).is_some_and(|subject| known.contains_key(&subject)) {
        return Ok(None);
    }
    let entries = entries(found, one, known);
    let still = still(&one.agreed, &entries);
    if still == Moved::default() {
        return Ok(None);
    }
    let (Some(bank), Some((_, file_id))) = (
        account_of(settling, found, &one.line),
        file_of(found, one.line.file),
    ) else {
        return Ok(None);
    };
    let place = i64::from(one.line.place);
    if let Some(first) = entries.first() {
        let is_here = (first.file_id, first.place) == (file_id, place);
        let is_more = still.gross > 0 && still.fee >= 0 && still.net >= 0;
        if !is_here || !is_more || entries.len() == MOST_ENTRIES {
            return Err(
                "it was posted before, in another way: a person compares the two".to_owned(),
            );
        }
    }
    let subject = subject(found, one.lead, entries.len() + 1);
    let row = row(settling, found, (one, bank, file_id), subject, still);
    planned(found, one, row)
        .map(Some)
        .map_err(|error| error.to_string())
}

fn row(
    settling: &Settling<'_>,
    found: &DaysCompared,
    (one, bank, file_id): (&Paid<'_>, String, Uid),
    subject: String,
    still: Moved,
) -> SettlementEntryRow {
    SettlementEntryRow {
        tenant: settling.tenant.0,
        subject,
        event: Event::ProviderSettled.as_str().to_owned(),
        entry_id: Uid(EntryId::at(settling.now).0),
        channel: found.channel(one.lead.channel).to_owned(),
        bank: Some(bank),
        payment_id: None,
        gross_minor: still.gross,
        fee_minor: still.fee,
        net_minor: still.net,
        currency: one.line.currency.to_string(),
        day: one.line.day,
        file_id,
        place: i64::from(one.line.place),
        posted_at: Ts(settling.now),
    }
}

fn planned(
    found: &DaysCompared,
    one: &Paid<'_>,
    row: SettlementEntryRow,
) -> Result<Plan, SettlementError> {
    let entry = settlement::Payout {
        channel: &row.channel,
        bank: row.bank.as_deref().unwrap_or_default(),
        gross: row.gross_minor,
        fee: row.fee_minor,
        net: row.net_minor,
        currency: one.line.currency,
    };
    let postings = provider_settled(EntryId(row.entry_id.0), &entry)?;
    Ok(Plan {
        row,
        postings,
        of_file: file_of(found, one.lead.file).map(|(_, id)| id),
        line_minor: one.line.amount,
        payment_minor: None,
    })
}

/// Which lines of a payout are not agreed, and what of its credit stays out of the books for them.
fn not_agreed(found: &DaysCompared, one: &Paid<'_>) -> Option<String> {
    let open = &one.agreed.open;
    open.first()?;
    let net = one.payouts.iter().map(|payout| payout.net);
    let rest = net
        .fold(0_i64, i64::saturating_add)
        .saturating_sub(one.agreed.net);
    let mut why =
        format!("{rest} of its credit is not posted, because these lines are not agreed: ");
    for (place, line) in open.iter().take(MOST_NAMED).enumerate() {
        let item = Item::Line(*line);
        let outcome = found.comparison.outcome(item);
        let word = outcome.map_or("", |outcome| outcome.kind.as_str());
        let comma = if place == 0 { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(why, "{comma}{} ({word})", found.name(item));
    }
    if let Some(more) = open.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        let _ = write!(why, " and {more} more");
    }
    Some(why)
}
