//! The tables of comparisons: what one found of a day, and the packed outcomes of its items.

use diesel::table;

table! {
    use diesel::sql_types::*;
    use crate::store::types::SqlTs;
    comparisons (tenant, day) {
        tenant -> Integer,
        day -> Date,
        compared_at -> SqlTs,
        compared_by -> Text,
        counts -> Text,
        digest -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    outcome_pages (tenant, day, page) {
        tenant -> Integer,
        day -> Date,
        page -> Integer,
        item_count -> Integer,
        data -> Binary,
    }
}
