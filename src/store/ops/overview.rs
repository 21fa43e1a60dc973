//! What the house can ask of the store to see at a glance how things stand: where statements begin and
//! end, what no bank has shown yet, how many differences stand. Decides nothing.

use super::Result;
use crate::domain::time::Day;

/// The statements of one account: where the first opens, and where the last closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEnds {
    /// The account.
    pub account: String,
    /// Its currency.
    pub currency: String,
    /// The first day of the first statement.
    pub from: Day,
    /// What that opens with, minor units, where it says so.
    pub opening_minor: Option<i64>,
    /// The last day of the last statement.
    pub to: Day,
    /// What that closes with, minor units.
    pub closing_minor: i64,
}

/// Remittances of one currency that no bank statement shows yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprovenSum {
    /// Currency.
    pub currency: String,
    /// How many.
    pub n: i64,
    /// Their amount.
    pub minor: i64,
    /// The earliest day on which one should have left the bank.
    pub oldest: Day,
}

/// How things stand.
pub trait Overview {
    /// The first day on which lines of a source count.
    fn find_first_day_of_lines(&mut self, tenant: i32, source: &str) -> Result<Option<Day>>;
    /// The accounts of a source of which an imported statement ends by a day and states a balance.
    fn list_account_ends(
        &mut self,
        tenant: i32,
        source: &str,
        until: Day,
    ) -> Result<Vec<AccountEnds>>;
    /// Remittances due by a day that no bank statement shows, by currency.
    fn list_unproven_sums(&mut self, tenant: i32, until: Day) -> Result<Vec<UnprovenSum>>;
    /// How many differences of each kind are not resolved.
    fn count_standing_differences(&mut self, tenant: i32) -> Result<Vec<(String, i64)>>;
}
