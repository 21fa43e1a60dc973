//! The tables of status queries: orders whose fate is asked for, and how channels stand with it.

use diesel::table;

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
