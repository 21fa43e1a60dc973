//! The tables of the main job: what is owed, what was reported, the books and the counts.

use diesel::table;

table! {
    use diesel::sql_types::*;
    units (tenant, code) {
        tenant -> Integer,
        code -> Text,
        name_vi -> Text,
        name_en -> Text,
        level -> Text,
        parent -> Nullable<Text>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
    }
}

table! {
    use diesel::sql_types::*;
    procedures (tenant, code) {
        tenant -> Integer,
        code -> Text,
        name -> Text,
        field -> Text,
        has_fee -> Bool,
    }
}

table! {
    use diesel::sql_types::*;
    provider_slots (tenant, provider) {
        tenant -> Integer,
        provider -> Text,
        slot -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    officers (tenant, code) {
        tenant -> Integer,
        code -> Text,
        name -> Text,
        unit_code -> Nullable<Text>,
        is_active -> Bool,
        created_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    tokens (tenant, token_hash) {
        tenant -> Integer,
        token_hash -> Binary,
        role -> Text,
        officer -> Nullable<Text>,
        unit_code -> Nullable<Text>,
        created_at -> SqlTs,
        expires_at -> Nullable<SqlTs>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    answered_requests (tenant, token_hash, idempotency_key) {
        tenant -> Integer,
        token_hash -> Binary,
        idempotency_key -> Text,
        request_hash -> Binary,
        begun_at -> SqlTs,
        status -> Nullable<Integer>,
        content_type -> Text,
        body -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    dossiers (tenant, dossier_id) {
        tenant -> Integer,
        dossier_id -> SqlUid,
        code -> Text,
        code_squeezed -> Text,
        procedure_code -> Text,
        unit_code -> Text,
        received_on -> Date,
        submitted_via -> Text,
        status -> Text,
        applicant_name -> Text,
        class -> Integer,
        facts_hash -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    bills (tenant, bill_id) {
        tenant -> Integer,
        bill_id -> SqlUid,
        dossier_id -> SqlUid,
        reference -> Text,
        virtual_account -> Nullable<Text>,
        total_minor -> BigInt,
        currency -> Text,
        paid_minor -> BigInt,
        waived_minor -> BigInt,
        state -> Text,
        due_on -> Nullable<Date>,
        opened_at -> SqlTs,
        cancelled_at -> Nullable<SqlTs>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    fee_items (tenant, dossier_id, position) {
        tenant -> Integer,
        dossier_id -> SqlUid,
        position -> Integer,
        kind -> Text,
        code -> Text,
        name -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        basis -> Text,
        bill_id -> Nullable<SqlUid>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    attempts (tenant, channel, order_ref) {
        tenant -> Integer,
        channel -> Text,
        order_ref -> Text,
        bill_id -> SqlUid,
        opened_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    imports (tenant, kind, file_hash) {
        tenant -> Integer,
        kind -> Text,
        file_hash -> Binary,
        file_name -> Text,
        row_count -> BigInt,
        imported_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    notices (tenant, notice_id) {
        tenant -> Integer,
        notice_id -> SqlUid,
        channel -> Text,
        key_hash -> Binary,
        facts_hash -> Binary,
        payment_id -> Nullable<SqlUid>,
        status -> Text,
        verdict -> Text,
        is_settled -> Bool,
        raw -> Binary,
        facts -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    payments (tenant, payment_id) {
        tenant -> Integer,
        payment_id -> SqlUid,
        channel -> Text,
        provider -> Text,
        payment_key -> Text,
        provider_txn_id -> Nullable<Text>,
        order_ref -> Nullable<Text>,
        amount_minor -> BigInt,
        currency -> Text,
        status -> Text,
        paid_at -> Nullable<SqlTs>,
        memo -> Nullable<Text>,
        virtual_account -> Nullable<Text>,
        account_number -> Nullable<Text>,
        bank_txn_id -> Nullable<Text>,
        bill_id -> Nullable<SqlUid>,
        dossier_id -> Nullable<SqlUid>,
        match_outcome -> Text,
        match_rule -> Nullable<Text>,
        match_reason -> Text,
        allocated_minor -> BigInt,
        credit_minor -> BigInt,
        suspense_minor -> BigInt,
        refunded_minor -> BigInt,
        banked_minor -> BigInt,
        refunding_minor -> BigInt,
        returned_minor -> BigInt,
        test_minor -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    postings (tenant, chain, height, seq) {
        tenant -> Integer,
        chain -> Integer,
        height -> BigInt,
        seq -> Integer,
        entry_id -> SqlUid,
        event -> Text,
        debit -> Text,
        credit -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        payment_id -> Nullable<SqlUid>,
        bill_id -> Nullable<SqlUid>,
        corrects -> Nullable<SqlUid>,
    }
}

table! {
    use diesel::sql_types::*;
    account_balances (tenant, account, currency, writer) {
        tenant -> Integer,
        account -> Text,
        currency -> Text,
        writer -> Integer,
        debit_minor -> BigInt,
        credit_minor -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    seal_chains (tenant, chain) {
        tenant -> Integer,
        chain -> Integer,
        epoch -> BigInt,
        holder -> Nullable<Text>,
        renewed_at -> SqlTs,
        height -> BigInt,
        hash -> Binary,
        closed_before -> SqlTs,
        counted_epoch -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    seal_blocks (tenant, chain, height) {
        tenant -> Integer,
        chain -> Integer,
        height -> BigInt,
        sealed_at -> SqlTs,
        posting_count -> Integer,
        hash -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    dossier_counts (tenant, grain, period, unit_code, procedure_code, class, writer) {
        tenant -> Integer,
        grain -> Integer,
        period -> Date,
        unit_code -> Text,
        procedure_code -> Text,
        class -> Integer,
        writer -> Integer,
        n -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    unit_counts (tenant, period, unit_code, has_fee, class, writer) {
        tenant -> Integer,
        period -> Date,
        unit_code -> Text,
        has_fee -> Bool,
        class -> Integer,
        writer -> Integer,
        n -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    quarantined_calls (tenant, quarantine_id) {
        tenant -> Integer,
        quarantine_id -> SqlUid,
        channel -> Text,
        reason -> Text,
        detail -> Text,
        raw -> Binary,
        arrived_at -> SqlTs,
        replayed_at -> Nullable<SqlTs>,
    }
}
