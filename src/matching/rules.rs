//! The decision: a notice and the bills found for its clues come in; which bill, what becomes of
//! every đồng and why go out. Amount alone never matches and never breaks a tie. Nothing is looked
//! up, changed or posted here.

use super::found::{Gave, Texts, every_rule};
use super::reason;
use crate::domain::bill::{Bill, BillState};
use crate::domain::dossier::{DossierSummary, words};
use crate::domain::ids::{BillId, DossierId};
use crate::domain::notice::Notice;
use crate::domain::time::vietnam_day;

words!(
    /// By what a bill was named; the order is the order in which the rules are followed.
    Rule {
        /// The provider's order reference, known as an attempt to pay a bill.
        OrderReference = "order_reference",
        /// The bill's own reference.
        PaymentReference = "payment_reference",
        /// The alias account opened for the bill.
        VirtualAccount = "virtual_account",
        /// The code of the dossier.
        DossierCode = "dossier_code",
    }
);

words!(
    /// What the money is to the bill it was sent for.
    MatchOutcome {
        /// Pays what is due.
        Exact = "exact",
        /// Pays a part.
        Short = "short",
        /// Pays more than is due.
        Over = "over",
        /// The bill was already paid.
        Twice = "twice",
        /// Paid after the due day or after the bill was cancelled.
        Late = "late",
        /// The dossier was refused, withdrawn or stopped.
        Closed = "closed",
        /// Nothing names a bill we know.
        Unknown = "unknown",
        /// Another currency than the bill's.
        WrongCurrency = "wrong_currency",
        /// Received on an account that is not the channel's.
        WrongAccount = "wrong_account",
        /// Several bills are named with equal right.
        Ambiguous = "ambiguous",
    }
);

/// A bill that a clue led to, with what matching asks of its dossier.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The bill, locked and as it stands now.
    pub bill: &'a Bill,
    /// The dossier the bill belongs to.
    pub dossier: &'a DossierSummary,
}

/// What the store found for the clues of one notice, in any order.
#[derive(Debug, Clone, Default)]
pub struct Candidates<'a> {
    /// The bill of the attempt with this channel and order reference.
    pub by_attempt: Option<Candidate<'a>>,
    /// Bills whose reference is among the clues.
    pub by_reference: Vec<Candidate<'a>>,
    /// The bill whose alias account received the money.
    pub by_virtual_account: Option<Candidate<'a>>,
    /// Every bill of every dossier whose squeezed code is among the clues.
    pub by_dossier: Vec<Candidate<'a>>,
}

/// Where the money goes and why; the three parts always sum to the amount of the notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What the money is to the bill.
    pub outcome: MatchOutcome,
    /// The rule that named the bill.
    pub rule: Option<Rule>,
    /// The bill named; where the money goes to suspense, a suggestion for an officer.
    pub bill_id: Option<BillId>,
    /// The dossier of that bill.
    pub dossier_id: Option<DossierId>,
    /// Minor units that pay the bill.
    pub allocated_minor: i64,
    /// Minor units that are the payer's.
    pub credit_minor: i64,
    /// Minor units that cannot be placed.
    pub suspense_minor: i64,
    /// One sentence for a finance officer.
    pub reason: String,
}

impl Decision {
    /// Everything to suspense.
    fn unplaced(outcome: MatchOutcome, notice: &Notice, reason: String) -> Self {
        Self {
            outcome,
            rule: None,
            bill_id: None,
            dossier_id: None,
            allocated_minor: 0,
            credit_minor: 0,
            suspense_minor: notice.amount.minor(),
            reason,
        }
    }
}

/// Decides for one notice. `accounts` are the channel's own receiving accounts, empty when not
/// configured. The status of the notice is not looked at: ask only for money that was taken.
///
/// Precedence: wrong account; unknown or ambiguous; wrong currency; closed; late; twice; then
/// over, exact or short by what is still due. Zero is exact where nothing is due, else short.
#[must_use]
pub fn decide(notice: &Notice, candidates: &Candidates<'_>, accounts: &[String]) -> Decision {
    if let Some(account) = foreign_account(notice, accounts) {
        let reason = reason::wrong_account(account);
        return Decision::unplaced(MatchOutcome::WrongAccount, notice, reason);
    }
    if notice.amount.minor() < 0 {
        let reason = reason::negative(notice);
        return Decision::unplaced(MatchOutcome::Unknown, notice, reason);
    }
    let texts = Texts::of(notice);
    let gave = every_rule(notice, &texts, candidates);
    let first = gave.iter().find(|(_, gave)| !matches!(gave, Gave::Nothing));
    match first {
        None | Some((_, Gave::Nothing)) => {
            Decision::unplaced(MatchOutcome::Unknown, notice, reason::unknown(notice))
        }
        Some((rule, Gave::Several(several))) => {
            let reason = reason::ambiguous(*rule, several, &gave);
            Decision::unplaced(MatchOutcome::Ambiguous, notice, reason)
        }
        Some((rule, Gave::One(candidate))) => {
            let (outcome, because) = judge(notice, candidate);
            let reason = reason::named(*rule, candidate, notice, &texts)
                + &because
                + &reason::others(*rule, candidate, &gave);
            place(outcome, *rule, candidate, notice, reason)
        }
    }
}

/// The receiving account, where it is none of ours. Grouping marks are not part of a number.
fn foreign_account<'a>(notice: &'a Notice, accounts: &[String]) -> Option<&'a str> {
    let account = notice
        .account_number
        .as_deref()
        .filter(|_| !accounts.is_empty())?;
    let marks_off =
        |text: &'_ str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let bare = marks_off(account);
    let is_ours = bare.is_empty() || accounts.iter().any(|ours| marks_off(ours) == bare);
    (!is_ours).then_some(account)
}

/// What the money is to the bill, with the comparison in words.
fn judge(notice: &Notice, candidate: &Candidate<'_>) -> (MatchOutcome, String) {
    let bill = candidate.bill;
    if notice.amount.currency() != bill.total.currency() {
        return (
            MatchOutcome::WrongCurrency,
            reason::wrong_currency(notice, bill),
        );
    }
    if candidate.dossier.is_closed {
        return (MatchOutcome::Closed, reason::closed(candidate));
    }
    if let Some(because) = lateness(notice, bill) {
        return (MatchOutcome::Late, because);
    }
    let outcome = if bill.state == BillState::Paid {
        MatchOutcome::Twice
    } else {
        match notice.amount.minor().cmp(&bill.rest_minor()) {
            std::cmp::Ordering::Less => MatchOutcome::Short,
            std::cmp::Ordering::Equal => MatchOutcome::Exact,
            std::cmp::Ordering::Greater => MatchOutcome::Over,
        }
    };
    (outcome, reason::amounts(outcome, notice, bill))
}

/// Why the money is late, by the provider's time of payment and never by its arrival. Without that
/// time it counts as in time, unless the bill is cancelled.
fn lateness(notice: &Notice, bill: &Bill) -> Option<String> {
    let after_due = notice.paid_at.zip(bill.due_on).and_then(|(at, due)| {
        let day = vietnam_day(at);
        (day > due).then(|| reason::after_due(day, due))
    });
    after_due.or_else(|| {
        let cancelled_at = bill.cancelled_at?;
        let is_after = notice.paid_at.is_none_or(|at| at >= cancelled_at);
        is_after.then(|| reason::after_cancellation(notice.paid_at, cancelled_at))
    })
}

fn place(
    outcome: MatchOutcome,
    rule: Rule,
    candidate: &Candidate<'_>,
    notice: &Notice,
    reason: String,
) -> Decision {
    let amount = notice.amount.minor();
    let (allocated, credit, suspense) = match outcome {
        MatchOutcome::Exact | MatchOutcome::Short | MatchOutcome::Over => {
            let allocated = amount.min(candidate.bill.rest_minor());
            (allocated, amount.saturating_sub(allocated), 0)
        }
        MatchOutcome::Twice | MatchOutcome::Late => (0, amount, 0),
        MatchOutcome::Closed
        | MatchOutcome::Unknown
        | MatchOutcome::WrongCurrency
        | MatchOutcome::WrongAccount
        | MatchOutcome::Ambiguous => (0, 0, amount),
    };
    Decision {
        outcome,
        rule: Some(rule),
        bill_id: Some(candidate.bill.id),
        dossier_id: Some(candidate.bill.dossier_id),
        allocated_minor: allocated,
        credit_minor: credit,
        suspense_minor: suspense,
        reason,
    }
}
