//! Rows of comparisons: what one found of a day, and pages of outcomes. They carry data and decide
//! nothing.

use diesel::prelude::*;

use crate::domain::time::Day;
use crate::store::schema::*;
use crate::store::types::Ts;

/// The comparison of a day.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = comparisons)]
pub struct ComparisonRow {
    pub tenant: i32,
    pub day: Day,
    pub compared_at: Ts,
    pub compared_by: String,
    pub counts: String,
    pub digest: Vec<u8>,
}

/// A page of outcomes of a day.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = outcome_pages)]
pub struct OutcomePageRow {
    pub tenant: i32,
    pub day: Day,
    pub page: i32,
    pub item_count: i32,
    pub data: Vec<u8>,
}
