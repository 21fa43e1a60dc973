//! Rows of status queries: orders whose fate is asked for, and how channels stand with it. They carry
//! data and decide nothing.

use diesel::prelude::*;

use crate::store::schema::*;
use crate::store::types::{Ts, Uid};

/// An order that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = status_queries, treat_none_as_default_value = false)]
pub struct StatusQueryRow {
    pub tenant: i32,
    pub channel: String,
    pub order_ref: String,
    pub payment_id: Option<Uid>,
    pub ordered_at: Ts,
    pub next_at: Ts,
    pub tries: i32,
    pub last_chance_at: Ts,
    pub state: String,
    pub last_outcome: Option<String>,
    pub last_asked_at: Option<Ts>,
}

/// How a channel stands with our questions.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = status_query_channels, treat_none_as_default_value = false)]
pub struct QueryChannelRow {
    pub tenant: i32,
    pub channel: String,
    pub next_at: Ts,
    pub failures: i32,
    pub last_outcome: Option<String>,
}
