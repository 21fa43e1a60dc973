//! The tables of statement files: the files, their original bytes, their statements and the pages of
//! lines they added, and what is written before it is published.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    statement_files (tenant, file_id) {
        tenant -> Integer,
        file_id -> SqlUid,
        source -> Text,
        file_hash -> Binary,
        file_name -> Text,
        format -> Text,
        profile -> Nullable<Text>,
        state -> Text,
        byte_count -> BigInt,
        line_count -> BigInt,
        new_count -> BigInt,
        known_count -> BigInt,
        currency -> Text,
        holds -> Text,
        imported_by -> Text,
        imported_at -> SqlTs,
        overridden_by -> Nullable<Text>,
        override_reason -> Nullable<Text>,
        overridden_at -> Nullable<SqlTs>,
        undone_by -> Nullable<Text>,
        undone_at -> Nullable<SqlTs>,
        undo_reason -> Nullable<Text>,
        is_late -> Bool,
        matched_on -> Nullable<Date>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    statement_originals (tenant, file_id, part) {
        tenant -> Integer,
        file_id -> SqlUid,
        part -> Integer,
        bytes -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    statements (tenant, file_id, position) {
        tenant -> Integer,
        file_id -> SqlUid,
        position -> Integer,
        account -> Text,
        currency -> Text,
        decimals -> Integer,
        from_day -> Date,
        to_day -> Date,
        number -> Nullable<Text>,
        reference -> Nullable<Text>,
        revision -> Integer,
        opening_minor -> Nullable<BigInt>,
        closing_minor -> Nullable<BigInt>,
        credit_minor -> BigInt,
        debit_minor -> BigInt,
        fees_minor -> BigInt,
        line_count -> BigInt,
        digest -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlUid;
    statement_pages (tenant, source, day, file_id, page) {
        tenant -> Integer,
        source -> Text,
        day -> Date,
        file_id -> SqlUid,
        page -> Integer,
        line_count -> Integer,
        credit_minor -> BigInt,
        debit_minor -> BigInt,
        data -> Binary,
        counts_on -> Date,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    statement_stages (tenant, file_id) {
        tenant -> Integer,
        file_id -> SqlUid,
        begun_at -> SqlTs,
    }
}

table! {
    use diesel::sql_types::*;
    statement_turns (tenant, source) {
        tenant -> Integer,
        source -> Text,
        turn -> BigInt,
    }
}
