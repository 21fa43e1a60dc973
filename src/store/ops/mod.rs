//! What the house can ask of the store outside the hot path, one trait per family. The verbs are
//! fixed: `find_` (maybe), `get_` (must), `list_` (bounded), `insert_`, `mark_`, `count_`. Each
//! method can fail with any [`Failure`]; none decides anything.

use crate::domain::time::Day;
use crate::store::failure::Failure;
use crate::store::journal::Journal;
use crate::store::rows::{
    AnsweredRow, AttemptRow, BalanceRow, BillRow, BlockRow, ChainRow, DossierRow, FeeItemRow,
    ImportRow, NoticeRow, OfficerRow, PaymentHead, PaymentRow, PostingRow, ProcedureRow,
    ProviderSlotRow, QuarantinedHead, QuarantinedRow, TokenRow, UnitRow,
};
use crate::store::types::{Ts, Uid};

mod asking;
mod cases;
mod days;
mod outbox;
mod outcomes;
mod overview;
mod refunds;
mod reports;
mod settling;
mod staging;
mod statements;
mod suggestions;
mod tariffs;

pub use asking::{QueryFilter, StatusQueries};
pub use cases::{Cases, DifferenceFilter};
pub use days::{Days, PostedSum};
pub use outbox::{DeliveryCounts, DeliveryFilter, Outbox};
pub use outcomes::{Home, Outcomes};
pub use overview::{AccountEnds, Overview, UnprovenSum};
pub use refunds::{RefundFilter, Refunds};
pub use reports::{
    Aged, AgedSum, CaseSum, MatchSum, MoveSum, OpenedSum, PaymentSum, Reports, StockSum, UnitScope,
    Window,
};
pub use settling::{RemittanceFilter, Settling};
pub use staging::Staging;
pub use statements::{StatementFilter, Statements};
pub use suggestions::Suggestions;
pub use tariffs::Tariffs;

type Result<T> = std::result::Result<T, Failure>;

/// Everything a transaction can do.
pub trait Queries:
    Journal
    + Catalogue
    + Access
    + Dossiers
    + Payments
    + Books
    + Cases
    + Days
    + Refunds
    + Reports
    + Suggestions
    + Counts
    + Proof
    + Tariffs
    + StatusQueries
    + Outbox
    + Statements
    + Settling
    + Outcomes
    + Staging
    + Overview
{
}

/// Units, procedures, imported files and provider slots.
pub trait Catalogue {
    /// Every unit of a tenant, by code.
    fn list_units(&mut self, tenant: i32) -> Result<Vec<UnitRow>>;
    /// Every procedure of a tenant, by code.
    fn list_procedures(&mut self, tenant: i32) -> Result<Vec<ProcedureRow>>;
    /// Adds units, or replaces what is known of their codes.
    fn insert_units(&mut self, rows: &[UnitRow]) -> Result<()>;
    /// Adds procedures, or replaces what is known of their codes.
    fn insert_procedures(&mut self, rows: &[ProcedureRow]) -> Result<()>;
    /// The earlier import of the same bytes.
    fn find_import(
        &mut self,
        tenant: i32,
        kind: &str,
        file_hash: &[u8],
    ) -> Result<Option<ImportRow>>;
    /// Remembers an imported file.
    fn insert_import(&mut self, row: &ImportRow) -> Result<()>;
    /// The providers' bits.
    fn list_provider_slots(&mut self, tenant: i32) -> Result<Vec<ProviderSlotRow>>;
    /// Gives a provider its bit.
    fn insert_provider_slot(&mut self, row: &ProviderSlotRow) -> Result<()>;
}

/// Officers and API tokens.
pub trait Access {
    /// Adds an officer, or replaces the name, unit and state of a known code.
    fn insert_officer(&mut self, row: &OfficerRow) -> Result<()>;
    /// One officer.
    fn find_officer(&mut self, tenant: i32, code: &str) -> Result<Option<OfficerRow>>;
    /// Remembers a token's hash.
    fn insert_token(&mut self, row: &TokenRow) -> Result<()>;
    /// The token with this hash, whatever its tenant.
    fn find_token(&mut self, token_hash: &[u8]) -> Result<Option<TokenRow>>;
    /// Every token, also those that have ended, by the time they were made.
    fn list_tokens(&mut self, tenant: i32) -> Result<Vec<TokenRow>>;
    /// Ends a token.
    fn mark_token_ended(&mut self, tenant: i32, token_hash: &[u8], at: Ts) -> Result<()>;
    /// The answer a caller's request with this key got.
    fn find_answer(
        &mut self,
        tenant: i32,
        token_hash: &[u8],
        key: &str,
    ) -> Result<Option<AnsweredRow>>;
    /// Adds an answer, or replaces the one under its key.
    fn insert_answer(&mut self, row: &AnsweredRow) -> Result<()>;
    /// Forgets an answer.
    fn delete_answer(&mut self, tenant: i32, token_hash: &[u8], key: &str) -> Result<()>;
    /// Forgets what was begun before an instant.
    fn delete_old_answers(&mut self, tenant: i32, before: Ts) -> Result<()>;
}

/// Dossiers, their fee items, bills and attempts.
pub trait Dossiers {
    /// The dossiers whose squeezed codes are given, locked where the engine locks rows.
    fn list_dossiers_by_code(&mut self, tenant: i32, codes: &[String]) -> Result<Vec<DossierRow>>;
    /// One dossier by its squeezed code.
    fn find_dossier(&mut self, tenant: i32, code: &str) -> Result<Option<DossierRow>>;
    /// The dossiers of these ids, by id.
    fn list_dossiers_by_id(&mut self, tenant: i32, ids: &[Uid]) -> Result<Vec<DossierRow>>;
    /// All bills of these dossiers, by id.
    fn list_bills_of(&mut self, tenant: i32, dossier_ids: &[Uid]) -> Result<Vec<BillRow>>;
    /// All fee items of these dossiers, by dossier and position.
    fn list_fee_items_of(&mut self, tenant: i32, dossier_ids: &[Uid]) -> Result<Vec<FeeItemRow>>;
    /// The bill of a reference.
    fn find_bill(&mut self, tenant: i32, reference: &str) -> Result<Option<BillRow>>;
    /// The references among these that are in use.
    fn list_taken_references(&mut self, tenant: i32, references: &[String]) -> Result<Vec<String>>;
    /// The alias accounts among these that are in use, each with its bill.
    fn list_taken_accounts(
        &mut self,
        tenant: i32,
        accounts: &[String],
    ) -> Result<Vec<(String, Uid)>>;
    /// Bill, event and entry of every posting that opened or cancelled one of these bills.
    fn list_bill_moves(&mut self, tenant: i32, bill_ids: &[Uid])
    -> Result<Vec<(Uid, String, Uid)>>;
    /// Adds dossiers.
    fn insert_dossiers(&mut self, rows: &[DossierRow]) -> Result<()>;
    /// Replaces everything but the id of a known dossier.
    fn mark_dossier(&mut self, row: &DossierRow) -> Result<()>;
    /// Adds bills.
    fn insert_bills(&mut self, rows: &[BillRow]) -> Result<()>;
    /// Replaces due day, alias account, total, state and cancellation of a known bill.
    fn mark_bill(&mut self, row: &BillRow) -> Result<()>;
    /// Adds fee items.
    fn insert_fee_items(&mut self, rows: &[FeeItemRow]) -> Result<()>;
    /// Removes the fee items of a dossier that is being written anew.
    fn delete_fee_items(&mut self, tenant: i32, dossier_id: Uid) -> Result<()>;
    /// Adds attempts; one that is known stays as it is.
    fn insert_attempts(&mut self, rows: &[AttemptRow]) -> Result<()>;
}

/// How to list payments.
#[derive(Debug, Default, Clone)]
pub struct PaymentFilter {
    /// One channel only.
    pub channel: Option<String>,
    /// One provider transaction only.
    pub provider_txn_id: Option<String>,
    /// One status only.
    pub status: Option<String>,
    /// Dossiers of one unit only.
    pub unit_code: Option<String>,
    /// Recorded at or after the instant inside this id.
    pub from: Option<Uid>,
    /// Recorded before the instant inside this id.
    pub to: Option<Uid>,
    /// After this id.
    pub after: Option<Uid>,
    /// Paid from the first instant on and before the second, or at an instant nobody told.
    pub paid_within: Option<(Ts, Ts)>,
    /// At most so many.
    pub limit: i64,
}

/// Payments, notices and the quarantine.
pub trait Payments {
    /// Payments by id.
    fn list_payments(&mut self, tenant: i32, filter: &PaymentFilter) -> Result<Vec<PaymentRow>>;
    /// Payments by id, from the first id on and before the second, paid within two instants or at
    /// one nobody told: only what a comparison asks of them.
    fn list_payment_heads(
        &mut self,
        tenant: i32,
        ids: (Uid, Uid),
        paid_within: (Ts, Ts),
        limit: i64,
    ) -> Result<Vec<PaymentHead>>;
    /// The payments of a channel with these keys, whenever they were told.
    fn list_payment_heads_keyed(
        &mut self,
        tenant: i32,
        channel: &str,
        keys: &[&str],
    ) -> Result<Vec<PaymentHead>>;
    /// One payment.
    fn find_payment(&mut self, tenant: i32, id: Uid) -> Result<Option<PaymentRow>>;
    /// Payments that point at these dossiers, by id.
    fn list_payments_of(&mut self, tenant: i32, dossier_ids: &[Uid]) -> Result<Vec<PaymentRow>>;
    /// Notices by id after `after`, of one channel and verdict where given.
    fn list_notices(
        &mut self,
        tenant: i32,
        channel: Option<&str>,
        verdict: Option<&str>,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<NoticeRow>>;
    /// Notices not applied yet, oldest first.
    fn list_unsettled_notices(&mut self, tenant: i32, limit: i64) -> Result<Vec<NoticeRow>>;
    /// How many notices are not applied yet.
    fn count_unsettled_notices(&mut self, tenant: i32) -> Result<i64>;
    /// Refused calls after `after` that were not replayed, oldest first.
    fn list_quarantined(
        &mut self,
        tenant: i32,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<QuarantinedRow>>;
    /// The same without their bytes, from the oldest on, of one channel where given.
    fn list_quarantined_heads(
        &mut self,
        tenant: i32,
        channel: Option<&str>,
        limit: i64,
    ) -> Result<Vec<QuarantinedHead>>;
    /// Marks a refused call as replayed.
    fn mark_replayed(&mut self, tenant: i32, id: Uid, at: Ts) -> Result<()>;
    /// Keeps the newest refused calls, at most so many and of at most so many bytes, and returns how
    /// many went.
    fn delete_old_quarantined(&mut self, tenant: i32, rows: i64, bytes: i64) -> Result<usize>;
    /// How many refused calls are kept, and their bytes.
    fn measure_quarantined(&mut self, tenant: i32) -> Result<(i64, i64)>;
}

/// Chains, blocks, postings and balances.
pub trait Books {
    /// The chains of a tenant, locked where the engine locks rows.
    fn list_chains(&mut self, tenant: i32) -> Result<Vec<ChainRow>>;
    /// Adds a chain or replaces its lease.
    fn insert_chain(&mut self, row: &ChainRow) -> Result<()>;
    /// Lets go of the chains a process holds.
    fn mark_chains_free(&mut self, holder: &str) -> Result<()>;
    /// Balances summed over writers: account, currency, debits, credits.
    fn list_balances(&mut self, tenant: i32) -> Result<Vec<BalanceRow>>;
    /// Postings after (chain, height, seq), with the instant their block was sealed.
    fn list_postings(
        &mut self,
        tenant: i32,
        after: (i32, i64, i32),
        limit: i64,
    ) -> Result<Vec<(PostingRow, Ts)>>;
    /// Blocks after (chain, height).
    fn list_blocks(&mut self, tenant: i32, after: (i32, i64), limit: i64) -> Result<Vec<BlockRow>>;
    /// How many postings there are.
    fn count_postings(&mut self, tenant: i32) -> Result<i64>;
    /// The postings of some consecutive blocks of one chain.
    fn list_postings_between(
        &mut self,
        tenant: i32,
        chain: i32,
        from: i64,
        to: i64,
    ) -> Result<Vec<PostingRow>>;
    /// Every tenant that has rows.
    fn list_tenants(&mut self) -> Result<Vec<i32>>;
}

/// One range of counts: a grain (0 day, 1 month) and the first and last period, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountRange {
    /// 0 for days, 1 for months.
    pub grain: i32,
    /// First period.
    pub from: Day,
    /// Last period.
    pub to: Day,
}

/// By what a sum of counts is split; every sum is split by fee procedure and class besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountSplit {
    /// By executing unit.
    pub by_unit: bool,
    /// By procedure.
    pub by_procedure: bool,
    /// By period of the range's grain.
    pub by_period: bool,
}

/// A sum of counts. What it is not split by is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountSum {
    /// Executing unit.
    pub unit_code: String,
    /// Procedure.
    pub procedure_code: String,
    /// First day of the period.
    pub period: Option<Day>,
    /// Whether the procedure has a fee, by the catalogue of now.
    pub has_fee: bool,
    /// Class of the dossiers.
    pub class: i32,
    /// How many dossiers.
    pub n: i64,
}

/// What the indicators count.
pub trait Counts {
    /// Sums a range; `unit` narrows to one unit and those below.
    fn list_counts(
        &mut self,
        tenant: i32,
        range: CountRange,
        split: CountSplit,
        unit: Option<&str>,
    ) -> Result<Vec<CountSum>>;
}

/// A row that a recount found wrong: its name, and what is wrong.
pub type Wrong = (String, String);

/// Recounts for `verify`: each gives how many rows it looked at and the first wrong ones.
pub trait Proof {
    /// Balances against the sums of postings.
    fn list_wrong_balances(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// What each payment says it placed against its postings.
    fn list_wrong_payments(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// What each bill says was paid, and its total, against its postings and fee items.
    fn list_wrong_bills(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// Notices that name no payment that exists, or were never applied.
    fn list_wrong_notices(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// Refunds against their steps, what they posted, and what is set aside of their payments.
    fn list_wrong_refunds(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// Differences against their steps, what officers posted against the steps that name it, and
    /// money that is not placed against the differences that stand for it.
    fn list_wrong_cases(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// Entries that lines prove, and remittances, against what was posted.
    fn list_wrong_settled(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// Counts of both grains against the dossiers.
    fn list_wrong_counts(&mut self, tenant: i32) -> Result<(i64, Vec<Wrong>)>;
    /// Dossiers after `after`, by id, for reclassification.
    fn list_dossiers(
        &mut self,
        tenant: i32,
        after: Option<Uid>,
        limit: i64,
    ) -> Result<Vec<DossierRow>>;
}
