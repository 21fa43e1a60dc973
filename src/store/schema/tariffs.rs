//! Rules of a tariff, the groups of people they name, and amounts that contradict them.

use diesel::table;

table! {
    use diesel::sql_types::*;
    person_groups (tenant, code) {
        tenant -> Integer,
        code -> Text,
        name_vi -> Text,
        name_en -> Text,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    tariff_rules (tenant, rule_id) {
        tenant -> Integer,
        rule_id -> Text,
        procedure_code -> Text,
        fee_kind -> Nullable<Text>,
        fee_code -> Nullable<Text>,
        fee_name -> Text,
        role -> Text,
        submitted_via -> Nullable<Text>,
        units -> Text,
        person_groups -> Text,
        flat_minor -> BigInt,
        steps -> Text,
        rate -> Nullable<BigInt>,
        floor_minor -> Nullable<BigInt>,
        cap_minor -> Nullable<BigInt>,
        off_rate -> Nullable<BigInt>,
        legal_basis -> Text,
        effective_from -> Date,
        effective_to -> Nullable<Date>,
        replaces -> Nullable<Text>,
        prevails_over -> Text,
        decision -> Text,
        drafted_at -> SqlTs,
        activated_at -> Nullable<SqlTs>,
        activated_by -> Nullable<Text>,
        activation_reason -> Nullable<Text>,
        ended_on -> Nullable<Date>,
        ended_at -> Nullable<SqlTs>,
        ended_by -> Nullable<Text>,
        end_reason -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{SqlTs, SqlUid};
    tariff_flags (tenant, dossier_id, position) {
        tenant -> Integer,
        dossier_id -> SqlUid,
        position -> Integer,
        asked_minor -> BigInt,
        tariff_minor -> Nullable<BigInt>,
        explanation -> Text,
        flagged_at -> SqlTs,
    }
}
