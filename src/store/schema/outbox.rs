//! The tables of the outbox: subscribers, events, deliveries and their tries.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    outbox_subscribers (tenant, subscriber) {
        tenant -> Integer,
        subscriber -> Text,
        events -> Text,
        gone_url -> Nullable<Text>,
        gone_at -> Nullable<SqlTs>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    outbox_events (tenant, event_id) {
        tenant -> Integer,
        event_id -> SqlUid,
        subject -> SqlUid,
        dossier_code -> Nullable<Text>,
        kind -> Text,
        body -> Text,
        created_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    outbox_deliveries (tenant, delivery_id) {
        tenant -> Integer,
        delivery_id -> SqlUid,
        subscriber -> Text,
        event_id -> SqlUid,
        subject -> SqlUid,
        seq -> BigInt,
        state -> Text,
        tries -> Integer,
        round_from -> Integer,
        next_at -> SqlTs,
        last_status -> Nullable<Integer>,
        last_error -> Nullable<Text>,
        delivered_at -> Nullable<SqlTs>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    outbox_tries (tenant, delivery_id, nth) {
        tenant -> Integer,
        delivery_id -> SqlUid,
        nth -> Integer,
        tried_at -> SqlTs,
        millis -> BigInt,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        answer -> Text,
    }
}
