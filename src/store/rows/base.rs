//! Rows of the main job: what is owed, what was reported, the books and the counts. They carry data
//! and decide nothing.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::store::schema::*;
use crate::store::types::{Ts, Uid};

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = units, treat_none_as_default_value = false)]
pub struct UnitRow {
    pub tenant: i32,
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
    pub level: String,
    pub parent: Option<String>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = procedures, treat_none_as_default_value = false)]
pub struct ProcedureRow {
    pub tenant: i32,
    pub code: String,
    pub name: String,
    pub field: String,
    pub has_fee: bool,
}

/// A provider's bit in a class.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = provider_slots, treat_none_as_default_value = false)]
pub struct ProviderSlotRow {
    pub tenant: i32,
    pub provider: String,
    pub slot: i32,
}

/// An officer.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = officers, treat_none_as_default_value = false)]
pub struct OfficerRow {
    pub tenant: i32,
    pub code: String,
    pub name: String,
    pub unit_code: Option<String>,
    pub is_active: bool,
    pub created_at: Ts,
}

/// An API token, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = tokens, treat_none_as_default_value = false)]
pub struct TokenRow {
    pub tenant: i32,
    pub token_hash: Vec<u8>,
    pub role: String,
    pub officer: Option<String>,
    pub unit_code: Option<String>,
    pub created_at: Ts,
    pub expires_at: Option<Ts>,
}

/// The answer to a request that carried a key.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = answered_requests, treat_none_as_default_value = false)]
pub struct AnsweredRow {
    pub tenant: i32,
    pub token_hash: Vec<u8>,
    pub idempotency_key: String,
    pub request_hash: Vec<u8>,
    pub begun_at: Ts,
    pub status: Option<i32>,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// A dossier.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = dossiers, treat_none_as_default_value = false)]
pub struct DossierRow {
    pub tenant: i32,
    pub dossier_id: Uid,
    pub code: String,
    pub code_squeezed: String,
    pub procedure_code: String,
    pub unit_code: String,
    pub received_on: NaiveDate,
    pub submitted_via: String,
    pub status: String,
    pub applicant_name: String,
    pub class: i32,
    pub facts_hash: Vec<u8>,
}

/// A bill.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = bills, treat_none_as_default_value = false)]
pub struct BillRow {
    pub tenant: i32,
    pub bill_id: Uid,
    pub dossier_id: Uid,
    pub reference: String,
    pub virtual_account: Option<String>,
    pub total_minor: i64,
    pub currency: String,
    pub paid_minor: i64,
    pub waived_minor: i64,
    pub state: String,
    pub due_on: Option<NaiveDate>,
    pub opened_at: Ts,
    pub cancelled_at: Option<Ts>,
}

/// A fee item.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = fee_items, treat_none_as_default_value = false)]
pub struct FeeItemRow {
    pub tenant: i32,
    pub dossier_id: Uid,
    pub position: i32,
    pub kind: String,
    pub code: String,
    pub name: String,
    pub amount_minor: i64,
    pub currency: String,
    pub basis: String,
    pub bill_id: Option<Uid>,
}

/// An attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub struct AttemptRow {
    pub tenant: i32,
    pub channel: String,
    pub order_ref: String,
    pub bill_id: Uid,
    pub opened_at: Ts,
}

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = imports, treat_none_as_default_value = false)]
pub struct ImportRow {
    pub tenant: i32,
    pub kind: String,
    pub file_hash: Vec<u8>,
    pub file_name: String,
    pub row_count: i64,
    pub imported_at: Ts,
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub struct NoticeRow {
    pub tenant: i32,
    pub notice_id: Uid,
    pub channel: String,
    pub key_hash: Vec<u8>,
    pub facts_hash: Vec<u8>,
    pub payment_id: Option<Uid>,
    pub status: String,
    pub verdict: String,
    pub is_settled: bool,
    pub raw: Vec<u8>,
    pub facts: Option<String>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
pub struct PaymentRow {
    pub tenant: i32,
    pub payment_id: Uid,
    pub channel: String,
    pub provider: String,
    pub payment_key: String,
    pub provider_txn_id: Option<String>,
    pub order_ref: Option<String>,
    pub amount_minor: i64,
    pub currency: String,
    pub status: String,
    pub paid_at: Option<Ts>,
    pub memo: Option<String>,
    pub virtual_account: Option<String>,
    pub account_number: Option<String>,
    pub bank_txn_id: Option<String>,
    pub bill_id: Option<Uid>,
    pub dossier_id: Option<Uid>,
    pub match_outcome: String,
    pub match_rule: Option<String>,
    pub match_reason: String,
    pub allocated_minor: i64,
    pub credit_minor: i64,
    pub suspense_minor: i64,
    pub refunded_minor: i64,
    pub banked_minor: i64,
    pub refunding_minor: i64,
    pub returned_minor: i64,
    pub test_minor: i64,
}

/// What a comparison asks of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = payments)]
pub struct PaymentHead {
    pub payment_id: Uid,
    pub channel: String,
    pub provider_txn_id: Option<String>,
    pub order_ref: Option<String>,
    pub amount_minor: i64,
    pub currency: String,
    pub status: String,
    pub paid_at: Option<Ts>,
    pub bank_txn_id: Option<String>,
}

/// A posting.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = postings, treat_none_as_default_value = false)]
pub struct PostingRow {
    pub tenant: i32,
    pub chain: i32,
    pub height: i64,
    pub seq: i32,
    pub entry_id: Uid,
    pub event: String,
    pub debit: String,
    pub credit: String,
    pub amount_minor: i64,
    pub currency: String,
    pub payment_id: Option<Uid>,
    pub bill_id: Option<Uid>,
    pub corrects: Option<Uid>,
}

/// What one writer moved on an account.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = account_balances, treat_none_as_default_value = false)]
pub struct BalanceRow {
    pub tenant: i32,
    pub account: String,
    pub currency: String,
    pub writer: i32,
    pub debit_minor: i64,
    pub credit_minor: i64,
}

/// A hash chain.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = seal_chains, treat_none_as_default_value = false)]
pub struct ChainRow {
    pub tenant: i32,
    pub chain: i32,
    pub epoch: i64,
    pub holder: Option<String>,
    pub renewed_at: Ts,
    pub height: i64,
    pub hash: Vec<u8>,
    /// The epoch under which the holder keeps the counts by unit; another when it knows nothing of them.
    pub counted_epoch: i64,
}

/// A sealed block.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = seal_blocks, treat_none_as_default_value = false)]
pub struct BlockRow {
    pub tenant: i32,
    pub chain: i32,
    pub height: i64,
    pub sealed_at: Ts,
    pub posting_count: i32,
    pub hash: Vec<u8>,
}

/// A count of dossiers.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = dossier_counts, treat_none_as_default_value = false)]
pub struct CountRow {
    pub tenant: i32,
    pub grain: i32,
    pub period: NaiveDate,
    pub unit_code: String,
    pub procedure_code: String,
    pub class: i32,
    pub writer: i32,
    pub n: i64,
}

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = quarantined_calls, treat_none_as_default_value = false)]
pub struct QuarantinedRow {
    pub tenant: i32,
    pub quarantine_id: Uid,
    pub channel: String,
    pub reason: String,
    pub detail: String,
    pub raw: Vec<u8>,
    pub arrived_at: Ts,
    pub replayed_at: Option<Ts>,
}

/// A refused call without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct QuarantinedHead {
    pub quarantine_id: Uid,
    pub channel: String,
    pub reason: String,
    pub detail: String,
    pub arrived_at: Ts,
    pub bytes: i32,
}
