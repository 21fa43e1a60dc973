//! The tables and rows of status queries, one definition for both engines.
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the columns and their meaning are explained in migrations/"
)]

use diesel::prelude::*;
use diesel::{allow_tables_to_appear_in_same_query, table};

use super::schema::{attempts, payments};
use super::types::{Ts, Uid};

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    status_queries (tenant, channel, order_ref) {
        tenant -> Integer,
        channel -> Text,
        order_ref -> Text,
        payment_id -> Nullable<SqlUid>,
        ordered_at -> SqlTs,
        next_at -> SqlTs,
        tries -> Integer,
        last_chance_at -> SqlTs,
        state -> Text,
        last_outcome -> Nullable<Text>,
        last_asked_at -> Nullable<SqlTs>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    status_query_channels (tenant, channel) {
        tenant -> Integer,
        channel -> Text,
        next_at -> SqlTs,
        failures -> Integer,
        last_outcome -> Nullable<Text>,
    }
}

allow_tables_to_appear_in_same_query!(status_queries, attempts);
allow_tables_to_appear_in_same_query!(status_queries, payments);

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
