//! The tables of what statements did to the books: entries that a line proves, and remittances.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    settlement_entries (tenant, subject) {
        tenant -> Integer,
        subject -> Text,
        event -> Text,
        entry_id -> SqlUid,
        channel -> Text,
        bank -> Nullable<Text>,
        payment_id -> Nullable<SqlUid>,
        gross_minor -> BigInt,
        fee_minor -> BigInt,
        net_minor -> BigInt,
        currency -> Text,
        day -> Date,
        file_id -> SqlUid,
        place -> BigInt,
        posted_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    remittances (tenant, remittance_id) {
        tenant -> Integer,
        remittance_id -> SqlUid,
        unit_code -> Text,
        bank -> Text,
        reference -> Text,
        day -> Date,
        total_minor -> BigInt,
        currency -> Text,
        entry_id -> SqlUid,
        recorded_by -> Text,
        recorded_at -> SqlTs,
        file_id -> Nullable<SqlUid>,
        place -> Nullable<BigInt>,
        proven_at -> Nullable<SqlTs>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    remittance_parts (tenant, remittance_id, kind) {
        tenant -> Integer,
        remittance_id -> SqlUid,
        kind -> Text,
        amount_minor -> BigInt,
    }
}
