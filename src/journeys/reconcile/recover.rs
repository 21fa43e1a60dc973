//! Recovering payments whose webhooks were lost: a settlement line that proves one is put into the
//! words of its provider's notice and goes the way of a webhook, through the same writer, with the line
//! as its evidence. The notice that comes late after all finds its payment known. What a line does not
//! say for certain is left to a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::evidence::Evidence;
use super::reach::Reach;
use crate::config::channel::Channel;
use crate::config::clock::Clock;
use crate::config::settings::Settings;
use crate::config::source::Source;
use crate::domain::calendar::{Session, begins};
use crate::domain::ids::{PaymentId, Tenant};
use crate::domain::money::Money;
use crate::domain::notice::{Notice, ORDER_KEY, Verdict};
use crate::domain::payment::PaymentStatus;
use crate::domain::statement::Line;
use crate::domain::time::{Day, Instant};
use crate::intake::fields::real_id;
use crate::intake::providers;
use crate::journeys::compare_days::DaysCompared;
use crate::journeys::take_notices::{Call, Taken};
use crate::journeys::write_batch::BatchWriter;
use crate::reconciliation::compare::{
    Item, LineFacts, LineKind, Outcome, OutcomeKind, PaymentFacts, Role,
};
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::PaymentRow;
use crate::store::types::Uid;

/// Calls in one transaction.
const AT_ONCE: usize = 200;

/// The largest amount a line may speak of, minor units: as for calls.
const LARGEST_MINOR: i64 = 1_000_000_000_000_000;

/// A payment that was recorded because a line proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The channel.
    pub channel: String,
    /// The provider's transaction id.
    pub provider_txn_id: Option<String>,
    /// The order.
    pub order_ref: Option<String>,
    /// How much.
    pub amount: Money,
    /// The file of the line.
    pub file_id: Uid,
    /// Where the line stands in it.
    pub place: u32,
    /// The payment.
    pub payment_id: PaymentId,
    /// What the notice was answered by.
    pub verdict: Verdict,
}

/// Where payments are recovered.
pub struct Recovery<'a> {
    /// The database.
    pub db: &'a Db,
    /// The settings.
    pub settings: &'a Settings,
    /// The installation.
    pub tenant: Tenant,
    /// Now, UTC.
    pub now: Instant,
}

/// A line that proves a payment, and what its provider would have told.
struct Proof<'a> {
    channel: Arc<Channel>,
    line: LineFacts<'a>,
    file_id: Uid,
    notice: Notice,
}

impl Proof<'_> {
    /// File and place of the line.
    fn place(&self) -> (Uid, u64) {
        (self.file_id, u64::from(self.line.place))
    }
}

/// Records the payments of a day, and of closed days before it, that a settlement line proves and nobody
/// told us of, and those that we hold to be unpaid. Gives what was recovered, also when that is nothing
/// because it is known by now: then the comparison is out of date. `None` when no line proves anything.
///
/// # Errors
/// Any [`Failure`]; what was recorded before it stays recorded.
pub fn recover(
    recovery: &Recovery<'_>,
    day: Day,
    found: &DaysCompared,
) -> Result<Option<Vec<Recovered>>, Failure> {
    let proofs = proofs(recovery, day, found);
    if proofs.is_empty() {
        return Ok(None);
    }
    let (proofs, evidence) = recovery.db.read(|queries| {
        let reach = Reach::of(queries, recovery.tenant, found, day)?;
        let mut certain = Vec::new();
        for proof in &proofs {
            if reach.covers(&[proof.line.day])
                && !is_told_otherwise(queries, recovery.tenant, proof)?
            {
                certain.push(proof);
            }
        }
        let places = certain.iter().map(|proof| proof.place());
        let evidence = Evidence::of(queries, recovery.tenant, places)?;
        Ok::<_, Failure>((certain, evidence))
    })?;
    let names = providers::names(recovery.settings.channels.values());
    // The journey has one instant, as every one that an officer begins.
    let clock = Clock::simulated(recovery.now);
    let mut writer = BatchWriter::open(recovery.db, &clock, names)?;
    let mut recovered: Result<Vec<Recovered>, Failure> = Ok(Vec::new());
    for some in proofs.chunks(AT_ONCE) {
        let some: Vec<(&Proof<'_>, Call)> = some
            .iter()
            .filter_map(|proof| Some((*proof, call(recovery, proof, &evidence)?)))
            .collect();
        recovered = recovered.and_then(|mut all| {
            all.extend(take(recovery, &mut writer, some)?);
            Ok(all)
        });
    }
    writer.close();
    let recovered = recovered?;
    for one in &recovered {
        let (channel, order_ref) = (&one.channel, &one.order_ref);
        let (payment, file, place) = (one.payment_id, one.file_id.0, one.place);
        tracing::debug!(channel, ?order_ref, %payment, %file, place, "a payment is recovered from a settlement line");
    }
    Ok(Some(recovered))
}

/// The lines up to the day that prove a payment, one for each payment, by channel, file and place.
fn proofs<'a>(recovery: &Recovery<'_>, day: Day, found: &'a DaysCompared) -> Vec<Proof<'a>> {
    let mut by_key: BTreeMap<(String, String), Vec<Proof<'a>>> = BTreeMap::new();
    for (number, outcome) in (0..).zip(&found.comparison.lines) {
        if let Some(proof) = proof(recovery, found, number, outcome) {
            let key = (proof.channel.name.clone(), proof.notice.payment_key.clone());
            by_key.entry(key).or_default().push(proof);
        }
    }
    let mut chosen = Vec::new();
    for ((channel, key), mut lines) in by_key {
        lines.sort_by_key(|one| (one.line.day, one.file_id, one.line.place));
        let facts = |one: &Proof<'_>| (one.notice.amount, one.notice.order_ref.clone());
        let first = lines.first().map(facts);
        if lines.iter().any(|one| Some(facts(one)) != first) {
            let count = lines.len();
            tracing::warn!(
                channel,
                payment_key = key,
                count,
                "lines contradict each other: a person decides"
            );
            continue;
        }
        let of_day = lines.into_iter().next();
        chosen.extend(of_day.filter(|one| one.line.day <= day));
    }
    chosen.sort_by(|one, other| {
        let key = |proof: &Proof<'_>| (proof.file_id, proof.line.place);
        (&one.channel.name, key(one)).cmp(&(&other.channel.name, key(other)))
    });
    chosen
}

/// What a line proves; `None` when it is not certain.
fn proof<'a>(
    recovery: &Recovery<'_>,
    found: &'a DaysCompared,
    number: u32,
    outcome: &Outcome,
) -> Option<Proof<'a>> {
    let line = found.input.line_facts(number)?;
    let is_unpaid = outcome.kind == OutcomeKind::RecordedFailedButSettled;
    let is_lost = outcome.kind == OutcomeKind::NotRecorded && !is_of_another(found, outcome, &line);
    let ours = if is_lost {
        None
    } else if is_unpaid && outcome.difference == 0 {
        Some(matched(found, outcome).filter(|ours| may_succeed(ours.status))?)
    } else {
        return None;
    };
    let contract = found.input.contract(line.channel)?;
    let is_certain = line.kind == LineKind::Payment
        && line.currency == contract.currency
        && (1..=LARGEST_MINOR).contains(&line.gross);
    let channel = recovery.settings.channels.get(&contract.channel)?;
    let file_id = found.file(line.file)?.file_id;
    let (txn_id, order_ref) = names(&line, ours.as_ref())?;
    let key = providers::of(channel)?.settled_key(
        txn_id.as_deref().unwrap_or_default(),
        order_ref.as_deref().unwrap_or_default(),
    )?;
    is_certain.then(|| Proof {
        channel: Arc::new(channel.clone()),
        file_id,
        notice: Notice {
            event_id: None,
            provider_txn_id: txn_id,
            payment_key: key,
            order_ref,
            amount: Money::new(line.gross, line.currency),
            refunded_minor: None,
            status: PaymentStatus::Succeeded,
            paid_at: None,
            memo: None,
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        },
        line,
    })
}

/// Whether a payment of the same order and amount is there under another number: a second payment, or the
/// same one with its number spoiled on the way, which a person tells apart.
fn is_of_another(found: &DaysCompared, outcome: &Outcome, line: &LineFacts<'_>) -> bool {
    let mut links = found.comparison.links(outcome);
    links.any(|link| match link.item {
        Item::Payment(number) => {
            let ours = found.input.payment_facts(number);
            ours.is_some_and(|ours| ours.amount == line.gross)
        }
        Item::Line(_) | Item::Bank(_) | Item::Refund(_) | Item::Payout(_) | Item::Batch(_) => false,
    })
}

/// The payment that an outcome is about.
fn matched<'a>(found: &'a DaysCompared, outcome: &Outcome) -> Option<PaymentFacts<'a>> {
    let mut links = found.comparison.links(outcome);
    let link = links.find(|link| link.role == Role::Matched)?;
    match link.item {
        Item::Payment(number) => found.input.payment_facts(number),
        Item::Line(_) | Item::Bank(_) | Item::Refund(_) | Item::Payout(_) | Item::Batch(_) => None,
    }
}

/// Whether a payment of this status holds no money yet, and may come to.
fn may_succeed(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Failed
        | PaymentStatus::Review => true,
        PaymentStatus::Succeeded
        | PaymentStatus::Reversed
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Outgoing => false,
    }
}

/// Transaction id and order of the payment. A line of a payment that is not known must name both: without
/// an order the late notice, which has one, would contradict what was recovered, and without the number
/// it would be a second payment.
fn names(
    line: &LineFacts<'_>,
    ours: Option<&PaymentFacts<'_>>,
) -> Option<(Option<String>, Option<String>)> {
    let own = |text: Option<&str>| text.and_then(real_id).map(str::to_owned);
    let txn_id = own(line.txn_id).or(own(ours.and_then(|ours| ours.txn_id)));
    let said = line.order_ref.map(str::to_owned);
    let Some(ours) = ours else {
        return (txn_id.is_some() && said.is_some()).then_some((txn_id, said));
    };
    let known = ours.order_ref.map(str::to_owned);
    let agrees = said.is_none() || known.is_none() || said == known;
    let is_named = txn_id.is_some() || known.is_some();
    (agrees && is_named).then_some((txn_id, known))
}

/// Whether something is known by now that the line would contradict or count twice: the payment itself,
/// told meanwhile or long ago, or money of its order under no transaction id.
fn is_told_otherwise(
    queries: &mut dyn Queries,
    tenant: Tenant,
    proof: &Proof<'_>,
) -> Result<bool, Failure> {
    let (channel, notice) = (&proof.channel.name, &proof.notice);
    let holds_money = |row: &PaymentRow| Ok::<bool, Failure>(!may_succeed(row.to_status()?));
    let known = queries.find_payment_by_key(tenant.0, channel, &notice.payment_key)?;
    if let Some(row) = known {
        let is_same = row.to_amount()? == notice.amount && row.order_ref == notice.order_ref;
        return Ok(holds_money(&row)? || !is_same);
    }
    let Some(early) = notice.early_key() else {
        return Ok(false);
    };
    match queries.find_payment_by_key(tenant.0, channel, &early)? {
        Some(row) => holds_money(&row),
        None => Ok(false),
    }
}

/// The line as a call, with itself as evidence.
fn call(recovery: &Recovery<'_>, proof: &Proof<'_>, evidence: &Evidence) -> Option<Call> {
    let is_it = |line: &Line| {
        let reference = line.reference.as_deref().map(str::trim).and_then(real_id);
        line.amount == proof.line.gross && reference == proof.line.txn_id
    };
    let (line, raw) = evidence.line(proof.place(), is_it)?;
    let paid_at = paid_at(recovery, proof, line.date)?;
    let notice = Notice {
        paid_at: Some(paid_at),
        memo: line.memo.clone(),
        ..proof.notice.clone()
    };
    Some(Call {
        request_id: None,
        span: None,
        channel: Arc::clone(&proof.channel),
        notices: vec![notice.without_nul()],
        silent_because: None,
        raw,
        reply: Box::new(|_| {}),
    })
}

/// Noon of the line's day, or an instant of the session it was gathered into; `None` in the future.
fn paid_at(recovery: &Recovery<'_>, proof: &Proof<'_>, on: Day) -> Option<Instant> {
    let settings = recovery.settings;
    let of_channel =
        |source: &&Source| source.channel.as_deref() == Some(proof.channel.name.as_str());
    let source = settings.sources.values().find(of_channel);
    let session = source.map_or(Session::DAILY, Source::session);
    // Lines of a closed day count on a later one; they were paid when they say.
    let day = source.map_or(on, |source| source.day_of(on));
    let (begin, end) = settings.office.calendar.session_span(session, day);
    let noon = begins(on).checked_add_signed(TimeDelta::hours(12))?;
    let is_within = |at: &Instant| *at <= recovery.now && begin <= *at && *at < end;
    let last = end.checked_sub_signed(TimeDelta::seconds(1))?;
    [noon, last, begin].into_iter().find(is_within)
}

/// Commits some calls, and finds the payments they made.
fn take(
    recovery: &Recovery<'_>,
    writer: &mut BatchWriter,
    some: Vec<(&Proof<'_>, Call)>,
) -> Result<Vec<Recovered>, Failure> {
    let (proofs, calls): (Vec<&Proof<'_>>, Vec<Call>) = some.into_iter().unzip();
    let taken = writer.take(recovery.tenant, &calls);
    let mut recovered = Vec::new();
    for (proof, taken) in proofs.into_iter().zip(taken) {
        let verdict = match taken {
            Taken::New(Verdict::Conflict) | Taken::Repeat(_) => continue,
            Taken::New(verdict) => verdict,
            Taken::TryLater => {
                let text = "a payment that a settlement line proves could not be recorded";
                return Err(Failure::Unreachable(text.to_owned()));
            }
        };
        let notice = &proof.notice;
        let early = notice.order_ref.as_ref();
        let early = early.map(|order| format!("{ORDER_KEY}{order}"));
        let keys = [Some(notice.payment_key.clone()), early];
        let row = recovery.db.read(|queries| {
            for key in keys.iter().flatten() {
                let found =
                    queries.find_payment_by_key(recovery.tenant.0, &proof.channel.name, key)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok::<_, Failure>(None)
        })?;
        let Some(row) = row else { continue };
        recovered.push(Recovered {
            channel: proof.channel.name.clone(),
            provider_txn_id: notice.provider_txn_id.clone(),
            order_ref: notice.order_ref.clone(),
            amount: notice.amount,
            file_id: proof.file_id,
            place: proof.line.place,
            payment_id: PaymentId(row.payment_id.0),
            verdict,
        });
    }
    Ok(recovered)
}
