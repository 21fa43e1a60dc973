//! Rows of the day: its state, its steps, what was signed, and its trial balance. They carry data and
//! decide nothing.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::store::schema::*;
use crate::store::types::Ts;

/// A day.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = days, primary_key(tenant, day))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct DayRow {
    pub tenant: i32,
    pub day: NaiveDate,
    pub state: String,
    pub revision: i32,
    pub verdict: Option<String>,
    pub result: Option<String>,
    pub proposed_by: Option<String>,
    pub proposed_at: Option<Ts>,
    pub closed_by: Option<String>,
    pub closed_at: Option<Ts>,
    pub reopened_by: Option<String>,
    pub reopened_at: Option<Ts>,
    pub reopen_reason: Option<String>,
}

/// A step taken on a day.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = day_steps, treat_none_as_default_value = false)]
pub struct DayStepRow {
    pub tenant: i32,
    pub day: NaiveDate,
    pub seq: i32,
    pub action: String,
    pub officer: String,
    pub reason: String,
    pub revision: i32,
    pub taken_at: Ts,
}

/// What was signed at a closing.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = day_artefacts, treat_none_as_default_value = false)]
pub struct ArtefactRow {
    pub tenant: i32,
    pub day: NaiveDate,
    pub revision: i32,
    pub bytes: Vec<u8>,
    pub printable: Vec<u8>,
    pub sha256: Vec<u8>,
    pub signature: Vec<u8>,
    pub public_key: Vec<u8>,
    pub previous_sha256: Option<Vec<u8>>,
}

/// What was moved on an account up to the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = day_balances, treat_none_as_default_value = false)]
pub struct DayBalanceRow {
    pub tenant: i32,
    pub day: NaiveDate,
    pub account: String,
    pub currency: String,
    pub debit_minor: i64,
    pub credit_minor: i64,
}
