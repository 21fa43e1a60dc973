//! Rows of what statements did to the books: entries that a line proves, and remittances with their
//! parts. They carry data and decide nothing.

use diesel::prelude::*;

use crate::domain::time::Day;
use crate::store::schema::*;
use crate::store::types::{Ts, Uid};

/// An entry that a line of a file proves.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = settlement_entries, treat_none_as_default_value = false)]
pub struct SettlementEntryRow {
    pub tenant: i32,
    pub subject: String,
    pub event: String,
    pub entry_id: Uid,
    pub channel: String,
    pub bank: Option<String>,
    pub payment_id: Option<Uid>,
    pub gross_minor: i64,
    pub fee_minor: i64,
    pub net_minor: i64,
    pub currency: String,
    pub day: Day,
    pub file_id: Uid,
    pub place: i64,
    pub posted_at: Ts,
}

/// Money passed on by one bank transfer.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = remittances, treat_none_as_default_value = false)]
pub struct RemittanceRow {
    pub tenant: i32,
    pub remittance_id: Uid,
    pub unit_code: String,
    pub bank: String,
    pub reference: String,
    pub day: Day,
    pub total_minor: i64,
    pub currency: String,
    pub entry_id: Uid,
    pub recorded_by: String,
    pub recorded_at: Ts,
    pub file_id: Option<Uid>,
    pub place: Option<i64>,
    pub proven_at: Option<Ts>,
}

/// How much of a remittance is of one fee kind.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = remittance_parts)]
pub struct RemittancePartRow {
    pub tenant: i32,
    pub remittance_id: Uid,
    pub kind: String,
    pub amount_minor: i64,
}
