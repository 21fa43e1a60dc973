//! What must come of the score: dossiers and calls come in, counts, sums and figures go out, by
//! plain bookkeeping of its own. No database and no rule of matching is asked, so that the gateway
//! is compared with something else than itself.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::dossiers::Dossier;
use super::score::{Call, Payment, Proof, Says, Score};
use crate::domain::bill::{Bill, BillState};
use crate::domain::classification::{Class, PaidBy};
use crate::domain::dossier::SubmittedVia;
use crate::domain::ids::{BillId, DossierId};
use crate::domain::money::Money;
use crate::domain::notice::Verdict;
use crate::domain::time::{Instant, vietnam_day};

/// A numerator and its denominator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) numerator: i64,
    pub(super) denominator: i64,
}

/// What must come of the score.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) sent: i64,
    pub(super) recorded: i64,
    pub(super) repeated: i64,
    pub(super) refused: i64,
    /// Recorded calls by what they were to the books.
    pub(super) verdicts: BTreeMap<&'static str, i64>,
    /// Money that was taken, and where it went, in đồng.
    pub(super) taken: i64,
    pub(super) allocated: i64,
    pub(super) credit: i64,
    pub(super) suspense: i64,
    /// Figures by indicator.
    pub(super) figures: BTreeMap<&'static str, Figure>,
}

/// A dossier while the score is played in thought.
struct Standing {
    bills: Vec<Bill>,
    paid_by: Vec<PaidBy>,
}

/// Plays the score in thought. `fee_procedures` are those with a fee.
pub(super) fn expect(
    dossiers: &[Dossier],
    score: &Score,
    fee_procedures: &BTreeSet<&str>,
    start: Instant,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut standing: Vec<Standing> = dossiers.iter().map(|one| opened(one, start)).collect();
    let mut told: HashSet<(usize, Says)> = HashSet::new();
    for call in &score.calls {
        outcome.sent += 1;
        let Some(payment) = score.payments.get(call.payment) else {
            continue;
        };
        if call.proof != Proof::Genuine {
            outcome.refused += 1;
        } else if !told.insert((call.payment, call.says)) {
            outcome.repeated += 1;
        } else {
            outcome.recorded += 1;
            let verdict = take(&mut outcome, &mut standing, dossiers, payment, call);
            *outcome.verdicts.entry(verdict.as_str()).or_default() += 1;
        }
    }
    figures(&mut outcome, dossiers, &standing, fee_procedures);
    outcome
}

fn opened(dossier: &Dossier, start: Instant) -> Standing {
    let bills = (0..).zip(&dossier.facts.bills).map(|(place, asked)| Bill {
        id: BillId::at(start),
        dossier_id: DossierId::at(start),
        reference: String::new(),
        virtual_account: None,
        total: Money::vnd(super::score::total_of(dossier, place)),
        paid_minor: 0,
        state: BillState::Open,
        due_on: asked.due_on,
        cancelled_at: asked.is_cancelled.then_some(start),
    });
    Standing {
        bills: bills.collect(),
        paid_by: Vec::new(),
    }
}

/// One recorded call: moves money in thought and says what the call was to the books.
fn take(
    outcome: &mut Outcome,
    standing: &mut [Standing],
    dossiers: &[Dossier],
    payment: &Payment,
    call: &Call,
) -> Verdict {
    match call.says {
        Says::OtherAmount => return Verdict::Conflict,
        Says::Failed => return Verdict::Recorded,
        // An older word about a finished payment is answered like the payment.
        Says::Pending => return Verdict::Recorded,
        Says::Succeeded => outcome.taken += payment.amount,
    }
    let found = payment.target.and_then(|(dossier, bill)| {
        let is_closed = dossiers.get(dossier)?.facts.status.is_closed();
        let Standing { bills, paid_by } = standing.get_mut(dossier)?;
        Some((is_closed, bills.get_mut(bill)?, paid_by))
    });
    let Some((is_closed, bill, paid_by)) = found else {
        outcome.suspense += payment.amount;
        return Verdict::UnknownOrder;
    };
    if is_closed {
        outcome.suspense += payment.amount;
        return Verdict::AlreadyFinal;
    }
    paid_by.push(PaidBy::standing(0, bill.id, payment.amount));
    let is_late = bill.due_on.is_some_and(|due| vietnam_day(call.at) > due);
    let rest = bill.rest_minor();
    if is_late || bill.cancelled_at.is_some() || rest == 0 {
        outcome.credit += payment.amount;
        return Verdict::AlreadyFinal;
    }
    let allocated = payment.amount.min(rest);
    outcome.allocated += allocated;
    outcome.credit += payment.amount - allocated;
    bill.paid_minor += allocated;
    bill.state = Bill::state_of(bill.total.minor(), bill.paid_minor, false);
    if payment.amount == rest {
        Verdict::Recorded
    } else {
        Verdict::AmountDiffers
    }
}

fn figures(
    outcome: &mut Outcome,
    dossiers: &[Dossier],
    standing: &[Standing],
    fee_procedures: &BTreeSet<&str>,
) {
    let mut count = |id, is_asked: bool, is_reached: bool| {
        let figure = outcome.figures.entry(id).or_default();
        figure.denominator += i64::from(is_asked);
        figure.numerator += i64::from(is_asked && is_reached);
    };
    for (dossier, standing) in dossiers.iter().zip(standing) {
        let facts = &dossier.facts;
        let via = facts.submitted_via;
        let class = Class::of(via, &facts.fee_items, &standing.bills, &standing.paid_by);
        let has_fee = fee_procedures.contains(facts.procedure_code.as_str());
        count("online-submission-rate", true, via == SubmittedVia::Online);
        let owes = has_fee && !class.is_all_zero();
        count("online-payment-rate", owes, class.is_paid_online());
        count(
            "online-transaction-share",
            class.is_billed(),
            class.has_online_payment(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::{calendar::Calendar, compose, dossiers, extras, plan::Plan};
    use super::*;
    use crate::cli::demo::score::Expected;
    use crate::domain::dossier_code::squeeze;
    use rust_decimal::{Decimal, RoundingStrategy};

    /// Whether each call is planned to be answered as the bookkeeping says; gives the first that is not.
    fn first_misplanned(score: &Score, outcome: &Outcome) -> Option<String> {
        let mut planned: BTreeMap<&'static str, i64> = BTreeMap::new();
        for call in &score.calls {
            if let Expected::New(verdict) = call.expected {
                *planned.entry(verdict.as_str()).or_default() += 1;
            }
        }
        (planned != outcome.verdicts).then(|| format!("{planned:?} {:?}", outcome.verdicts))
    }

    /// Whether an answer is that of a call which is not taken.
    fn is_refused(call: &Call) -> bool {
        call.expected == Expected::Refused
    }

    fn invented(seed: u64) -> (Plan, Vec<Dossier>, Score, Outcome) {
        let plan = Plan::load().unwrap();
        let calendar = Calendar::of(&plan.quarter);
        let dossiers = dossiers::generate(&plan, &calendar, seed).unwrap();
        let composer = compose::compose(&plan, &calendar, &dossiers, seed);
        let score = extras::finish(composer, &plan.calls, &calendar, &dossiers);
        let outcome = {
            let fee = plan.procedures.iter().filter(|one| one.has_fee);
            let fee = fee.map(|one| one.procedure_code.as_str()).collect();
            expect(&dossiers, &score, &fee, calendar.start())
        };
        (plan, dossiers, score, outcome)
    }

    fn percent(figure: Figure) -> String {
        let ratio = Decimal::from(figure.numerator) * Decimal::ONE_HUNDRED;
        let ratio = ratio / Decimal::from(figure.denominator);
        let rounded = ratio.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        format!("{rounded:.2}")
    }

    #[test]
    fn the_plan_gives_the_published_figures_whatever_the_seed() {
        for seed in [1, 20_250_701] {
            let (plan, dossiers, score, outcome) = invented(seed);
            for (id, published) in &plan.published {
                let figure = outcome.figures[id.as_str()];
                assert_eq!(&percent(figure), published, "{id} {figure:?}");
            }
            assert_eq!(first_misplanned(&score, &outcome), None);
            let refused = score.calls.iter().filter(|call| is_refused(call)).count();
            assert_eq!(i64::try_from(refused).unwrap(), outcome.refused);
            assert_eq!(
                outcome.taken,
                outcome.allocated + outcome.credit + outcome.suspense
            );
            assert_eq!(
                outcome.sent,
                outcome.recorded + outcome.repeated + outcome.refused
            );
            let communes = dossiers
                .iter()
                .filter(|one| one.facts.unit_code != plan.province_unit);
            assert_eq!((dossiers.len(), communes.count()), (88_429, 80_848));
        }
    }

    #[test]
    fn the_score_is_the_same_for_the_same_seed_and_names_nothing_twice() {
        let (_, dossiers, score, _) = invented(5);
        let (_, again, replayed, _) = invented(5);
        assert_eq!(dossiers[999].facts, again[999].facts);
        assert_eq!(
            format!("{:?}", score.calls),
            format!("{:?}", replayed.calls)
        );
        let codes: HashSet<String> = dossiers
            .iter()
            .map(|one| squeeze(one.facts.code.as_str()))
            .collect();
        assert_eq!(codes.len(), dossiers.len());
        let numbers: HashSet<u64> = score.payments.iter().map(|one| one.number).collect();
        assert_eq!(numbers.len(), score.payments.len());
    }

    #[test]
    fn steps_about_one_payment_never_share_a_slot() {
        let (_, _, score, _) = invented(9);
        let mut told = HashSet::new();
        let genuine = score.calls.iter().filter(|call| !is_refused(call));
        for call in genuine {
            assert!(
                told.insert((call.payment, call.slot))
                    || matches!(call.expected, Expected::Repeat(_)),
                "{call:?}"
            );
            assert!(call.at < call.signed_at + chrono::TimeDelta::days(8));
        }
    }
}
