//! Statements that name their values (`@unit`): each place becomes a bind of its own, which both
//! engines read alike. Holds no statement itself.

use diesel::Connection;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{BigInt, Integer, Text};

use super::Conn;
use crate::store::ops::{UnitScope, Window};
use crate::store::types::{SqlTs, SqlUid, Ts, Uid};

/// A value of a statement.
pub(super) enum Arg {
    Number(i32),
    Long(i64),
    Word(String),
    Id(Uid),
    At(Ts),
}

pub(super) type Asked = BoxedSqlQuery<'static, <Conn as Connection>::Backend, SqlQuery>;

/// The statement with `@name` replaced by binds. A name without a value stays, and the database
/// refuses it.
pub(super) fn asked(text: &str, values: Vec<(&str, Arg)>) -> Asked {
    let mut parts = text.split('@');
    let mut sql = parts.next().unwrap_or_default().to_owned();
    let mut places = Vec::new();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_alphanumeric());
        let (name, rest) = part.split_at(end.unwrap_or(part.len()));
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                places.push(value);
                sql.push_str(&format!("${}{rest}", places.len()));
            }
            None => sql.push_str(&format!("@{part}")),
        }
    }
    let query = diesel::sql_query(sql).into_boxed();
    places.into_iter().fold(query, |query, value| match value {
        Arg::Number(number) => query.bind::<Integer, _>(*number),
        Arg::Long(number) => query.bind::<BigInt, _>(*number),
        Arg::Word(word) => query.bind::<Text, _>(word.clone()),
        Arg::Id(id) => query.bind::<SqlUid, _>(*id),
        Arg::At(at) => query.bind::<SqlTs, _>(*at),
    })
}

/// Whether a unit is asked for.
pub(super) fn in_scope(column: &str) -> String {
    format!(
        "(@unit = '' OR {column} = @unit OR \
         (@below <> '' AND SUBSTR({column}, 1, LENGTH(@below)) = @below))"
    )
}

/// The values of a statement about a tenant and a scope.
pub(super) fn scoped(tenant: i32, scope: &UnitScope) -> Vec<(&'static str, Arg)> {
    vec![
        ("tenant", Arg::Number(tenant)),
        ("unit", Arg::Word(scope.unit.clone())),
        ("below", Arg::Word(scope.below.clone())),
    ]
}

/// The same and a window.
pub(super) fn within(tenant: i32, window: Window, scope: &UnitScope) -> Vec<(&'static str, Arg)> {
    let mut values = scoped(tenant, scope);
    values.extend([
        ("first", Arg::Id(window.first)),
        ("end", Arg::Id(window.end)),
        ("from", Arg::At(window.from)),
        ("to", Arg::At(window.to)),
    ]);
    values
}
