//! What the reports about money ask of the store. Everything is added up there; a method gives sums,
//! never the rows behind them, and none decides anything.

use super::Result;
use crate::store::types::{Ts, Uid};

/// Whose rows a report takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitScope {
    /// One unit; empty for all.
    pub unit: String,
    /// How the codes of the units below it begin; empty when they are not to be seen.
    pub below: String,
}

/// The part of time a report is about: from the first instant on, before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Ts,
    /// First instant after.
    pub to: Ts,
    /// No id made before `from` is this or larger.
    pub first: Uid,
    /// No id made before `to` is this or larger.
    pub end: Uid,
}

/// What is added up by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aged {
    /// Differences not resolved.
    Differences,
    /// Money in suspense of payments with a difference not resolved.
    Suspense,
    /// Payers' credit of payments with a difference not resolved.
    PayerCredit,
    /// Refunds not ended.
    Refunds,
}

/// A sum of things of one unit, state, officer, age and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgedSum {
    /// The unit that owns them; empty for the province.
    pub unit_code: String,
    /// Their state; empty for money.
    pub state: String,
    /// Who asked for the refunds; empty otherwise.
    pub officer: String,
    /// 0 for the youngest, then up to the number of bounds.
    pub bucket: i32,
    /// Currency.
    pub currency: String,
    /// How many.
    pub n: i64,
    /// Their amount.
    pub minor: i64,
    /// What of it was paid out.
    pub paid_minor: i64,
    /// The oldest of them.
    pub oldest: Uid,
}

/// How a unit's payments of a window found their bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchSum {
    /// The unit; empty when none is known.
    pub unit_code: String,
    /// Payments with money.
    pub n: i64,
    /// Of them: given to a bill by a rule.
    pub by_rule: i64,
    /// Of the others: given to a bill by an officer.
    pub by_officer: i64,
}

/// A unit's differences that stand, and those opened or resolved in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSum {
    /// The unit; empty for the province.
    pub unit_code: String,
    /// How many stand.
    pub standing: i64,
    /// Their ages added up, seconds.
    pub age_seconds: i64,
    /// The age of the oldest that stands, seconds.
    pub oldest_seconds: i64,
    /// Opened in the window.
    pub opened: i64,
    /// Resolved in the window, and resolved still.
    pub resolved: i64,
}

/// What moved on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveSum {
    /// The account.
    pub account: String,
    /// Currency.
    pub currency: String,
    /// `payments`, `refunds`, `reversals`, `tests`, `payouts`, `charges` or `other`, as seen from an
    /// account of a provider.
    pub kind: String,
    /// Whether it was sealed after the window.
    pub is_later: bool,
    /// What the account received.
    pub debit_minor: i64,
    /// What it gave.
    pub credit_minor: i64,
}

/// What an account holds, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockSum {
    /// The account.
    pub account: String,
    /// Currency.
    pub currency: String,
    /// What it holds, above zero.
    pub held_minor: i64,
    /// What it received since the instant asked for.
    pub came_minor: i64,
    /// What of it came after each of four bounds, the latest bound first.
    pub after: [i64; 4],
    /// When the oldest part of what it holds came, when that was since the instant asked for.
    pub oldest: Option<Ts>,
}

/// Payments of a window, by channel, status and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentSum {
    /// The channel.
    pub channel: String,
    /// The provider's word.
    pub status: String,
    /// Currency.
    pub currency: String,
    /// How many.
    pub n: i64,
    /// Their amount.
    pub minor: i64,
    /// How many pay a bill with a part of their money.
    pub matched: i64,
    /// What pays bills.
    pub matched_minor: i64,
    /// How many have money that cannot be placed.
    pub suspended: i64,
    /// What cannot be placed.
    pub suspense_minor: i64,
    /// How many have money of the payer's.
    pub credited: i64,
    /// What is the payer's.
    pub credit_minor: i64,
}

/// Differences or refunds opened in a window, by kind or state and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSum {
    /// The kind of the differences, the state of the refunds.
    pub word: String,
    /// Currency.
    pub currency: String,
    /// How many.
    pub n: i64,
    /// Their amount.
    pub minor: i64,
    /// How many of them still stand.
    pub standing: i64,
    /// The amount of those.
    pub standing_minor: i64,
}

/// Sums for reports.
pub trait Reports {
    /// Adds up by unit, state, officer, age and currency; what was made at or after `bounds[i]` is
    /// younger than bucket `i + 1`.
    fn list_aged(
        &mut self,
        tenant: i32,
        what: Aged,
        bounds: [Uid; 3],
        scope: &UnitScope,
    ) -> Result<Vec<AgedSum>>;
    /// How the payments recorded in a window found their bills, by unit.
    fn list_matched(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<MatchSum>>;
    /// Differences by unit: those that stand, with their age at `now`; opened and resolved in a window.
    fn list_case_sums(
        &mut self,
        tenant: i32,
        window: Window,
        now: Ts,
        scope: &UnitScope,
    ) -> Result<Vec<CaseSum>>;
    /// What moved on the accounts whose name begins like this, sealed since `window.from` and before
    /// `until`.
    fn list_moves(
        &mut self,
        tenant: i32,
        accounts: &str,
        window: Window,
        until: Ts,
    ) -> Result<Vec<MoveSum>>;
    /// What the accounts of providers and banks hold, looking back to `since`.
    fn list_stock(&mut self, tenant: i32, since: Ts, bounds: [Ts; 4]) -> Result<Vec<StockSum>>;
    /// Payments recorded in a window.
    fn list_payment_sums(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<PaymentSum>>;
    /// Differences opened in a window, by kind.
    fn list_opened_differences(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<OpenedSum>>;
    /// Refunds opened in a window, by state.
    fn list_opened_refunds(
        &mut self,
        tenant: i32,
        window: Window,
        scope: &UnitScope,
    ) -> Result<Vec<OpenedSum>>;
}
