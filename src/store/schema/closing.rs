//! The tables of the day: its state, its steps, what was signed, and its trial balance.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    days (tenant, day) {
        tenant -> Integer,
        day -> Date,
        state -> Text,
        revision -> Integer,
        verdict -> Nullable<Text>,
        result -> Nullable<Text>,
        proposed_by -> Nullable<Text>,
        proposed_at -> Nullable<SqlTs>,
        closed_by -> Nullable<Text>,
        closed_at -> Nullable<SqlTs>,
        reopened_by -> Nullable<Text>,
        reopened_at -> Nullable<SqlTs>,
        reopen_reason -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    day_steps (tenant, day, seq) {
        tenant -> Integer,
        day -> Date,
        seq -> Integer,
        action -> Text,
        officer -> Text,
        reason -> Text,
        revision -> Integer,
        taken_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    day_artefacts (tenant, day, revision) {
        tenant -> Integer,
        day -> Date,
        revision -> Integer,
        bytes -> Binary,
        printable -> Binary,
        sha256 -> Binary,
        signature -> Binary,
        public_key -> Binary,
        previous_sha256 -> Nullable<Binary>,
    }
}

table! {
    use diesel::sql_types::*;
    day_balances (tenant, day, account, currency) {
        tenant -> Integer,
        day -> Date,
        account -> Text,
        currency -> Text,
        debit_minor -> BigInt,
        credit_minor -> BigInt,
    }
}
