//! The tables of what needs a person: differences, allocations made by officers, refunds.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    differences (tenant, difference_id) {
        tenant -> Integer,
        difference_id -> SqlUid,
        kind -> Text,
        state -> Text,
        unit_code -> Text,
        channel -> Text,
        payment_id -> Nullable<SqlUid>,
        bill_id -> Nullable<SqlUid>,
        dossier_id -> Nullable<SqlUid>,
        notice_id -> Nullable<SqlUid>,
        amount_minor -> BigInt,
        currency -> Text,
        evidence -> Text,
        opened_at -> SqlTs,
        due_at -> SqlTs,
        revision -> Integer,
        resolution -> Nullable<Text>,
        resolved_by -> Nullable<Text>,
        resolved_at -> Nullable<SqlTs>,
        day -> Nullable<Date>,
        subject -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    difference_steps (tenant, difference_id, revision) {
        tenant -> Integer,
        difference_id -> SqlUid,
        revision -> Integer,
        action -> Text,
        officer -> Nullable<Text>,
        reason -> Text,
        state -> Text,
        detail -> Text,
        entry_id -> Nullable<SqlUid>,
        undoes -> Nullable<Integer>,
        taken_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    allocations (tenant, payment_id, bill_id) {
        tenant -> Integer,
        payment_id -> SqlUid,
        bill_id -> SqlUid,
        dossier_id -> SqlUid,
        provider -> Text,
        amount_minor -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    refunds (tenant, refund_id) {
        tenant -> Integer,
        refund_id -> SqlUid,
        payment_id -> SqlUid,
        bill_id -> Nullable<SqlUid>,
        dossier_id -> Nullable<SqlUid>,
        unit_code -> Text,
        channel -> Text,
        difference_id -> Nullable<SqlUid>,
        rule -> Text,
        source -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        reason -> Text,
        state -> Text,
        revision -> Integer,
        opened_at -> SqlTs,
        requested_by -> Nullable<Text>,
        requested_at -> Nullable<SqlTs>,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<SqlTs>,
        sent_at -> Nullable<SqlTs>,
        ended_at -> Nullable<SqlTs>,
        fee_items -> Nullable<Text>,
        paid_minor -> BigInt,
        provider_refund_id -> Nullable<Text>,
        bank_reference -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    refund_steps (tenant, refund_id, revision) {
        tenant -> Integer,
        refund_id -> SqlUid,
        revision -> Integer,
        action -> Text,
        officer -> Nullable<Text>,
        reason -> Text,
        evidence -> Nullable<Text>,
        entry_id -> Nullable<SqlUid>,
        state -> Text,
        amount_minor -> BigInt,
        taken_at -> SqlTs,
    }
}
