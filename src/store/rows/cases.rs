//! Rows of what needs a person: differences and their steps, allocations made by officers, refunds
//! and their steps. They carry data and decide nothing.

use diesel::prelude::*;

use crate::domain::time::Day;
use crate::store::schema::*;
use crate::store::types::{Ts, Uid};

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = differences, treat_none_as_default_value = false)]
pub struct DifferenceRow {
    pub tenant: i32,
    pub difference_id: Uid,
    pub kind: String,
    pub state: String,
    pub unit_code: String,
    pub channel: String,
    pub payment_id: Option<Uid>,
    pub bill_id: Option<Uid>,
    pub dossier_id: Option<Uid>,
    pub notice_id: Option<Uid>,
    pub amount_minor: i64,
    pub currency: String,
    pub evidence: String,
    pub opened_at: Ts,
    pub due_at: Ts,
    pub revision: i32,
    pub resolution: Option<String>,
    pub resolved_by: Option<String>,
    pub resolved_at: Option<Ts>,
    pub day: Option<Day>,
    pub subject: Option<String>,
}

/// A step taken on a difference.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = difference_steps, treat_none_as_default_value = false)]
pub struct DifferenceStepRow {
    pub tenant: i32,
    pub difference_id: Uid,
    pub revision: i32,
    pub action: String,
    pub officer: Option<String>,
    pub reason: String,
    pub state: String,
    pub detail: String,
    pub entry_id: Option<Uid>,
    pub undoes: Option<i32>,
    pub taken_at: Ts,
}

/// A part of a payment that an officer gave to a bill.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = allocations, treat_none_as_default_value = false)]
pub struct AllocationRow {
    pub tenant: i32,
    pub payment_id: Uid,
    pub bill_id: Uid,
    pub dossier_id: Uid,
    pub provider: String,
    pub amount_minor: i64,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = refunds, treat_none_as_default_value = false)]
pub struct RefundRow {
    pub tenant: i32,
    pub refund_id: Uid,
    pub payment_id: Uid,
    pub bill_id: Option<Uid>,
    pub dossier_id: Option<Uid>,
    pub unit_code: String,
    pub channel: String,
    pub difference_id: Option<Uid>,
    pub rule: String,
    pub source: String,
    pub amount_minor: i64,
    pub currency: String,
    pub reason: String,
    pub state: String,
    pub revision: i32,
    pub opened_at: Ts,
    pub requested_by: Option<String>,
    pub requested_at: Option<Ts>,
    pub approved_by: Option<String>,
    pub approved_at: Option<Ts>,
    pub sent_at: Option<Ts>,
    pub ended_at: Option<Ts>,
    pub fee_items: Option<String>,
    pub paid_minor: i64,
    pub provider_refund_id: Option<String>,
    pub bank_reference: Option<String>,
}

/// A step taken on a refund.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = refund_steps, treat_none_as_default_value = false)]
pub struct RefundStepRow {
    pub tenant: i32,
    pub refund_id: Uid,
    pub revision: i32,
    pub action: String,
    pub officer: Option<String>,
    pub reason: String,
    pub evidence: Option<String>,
    pub entry_id: Option<Uid>,
    pub state: String,
    pub amount_minor: i64,
    pub taken_at: Ts,
}
