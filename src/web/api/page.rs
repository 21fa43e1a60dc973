//! Lists: what `limit`, `cursor`, `from` and `to` mean, and the shape of a page. A cursor is the
//! last row's key, to be handed back as it is; it promises nothing about rows added meanwhile.

use actix_web::HttpResponse;
use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::time::{Instant, VIETNAM, parse_rfc3339};
use crate::store::types::Uid;
use crate::web::error::Problem;

/// Rows of a page when nothing is asked for, and at most.
const USUAL: i64 = 100;
const MOST: i64 = 500;

/// The `limit` that was asked for.
///
/// # Errors
/// [`Problem::NotValid`] outside 1–500.
pub fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    let limit = asked.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::NotValid(format!("limit must be 1 to {MOST}")))
}

/// A `cursor` that is an id.
///
/// # Errors
/// [`Problem::NotValid`] when we never gave it.
pub fn after(cursor: Option<&str>) -> Result<Option<Uid>, Problem> {
    let id = |text: &str| {
        Uuid::parse_str(text)
            .map(Uid)
            .map_err(|_| Problem::NotValid("the cursor is none that we gave".to_owned()))
    };
    cursor.map(id).transpose()
}

/// Which end of a range a day stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its first instant.
    From,
    /// The first instant after it.
    To,
}

/// An instant, or a day of the office: `from` a day is its first instant, `to` a day includes it.
///
/// # Errors
/// [`Problem::NotValid`].
pub fn instant(name: &str, asked: Option<&str>, end: End) -> Result<Option<Instant>, Problem> {
    let Some(text) = asked else {
        return Ok(None);
    };
    // A `+` in a query is a space to those who did not escape it.
    let at = parse_rfc3339(&text.replace(' ', "+")).or_else(|| day_end(text, end));
    at.map(Some).ok_or_else(|| {
        Problem::NotValid(format!(
            "{name} must be a day such as 2026-01-05 or an instant such as 2026-01-05T10:30:00+07:00"
        ))
    })
}

fn day_end(text: &str, end: End) -> Option<Instant> {
    let day: NaiveDate = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let first = VIETNAM
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .single()?;
    let at = match end {
        End::From => first,
        End::To => first.checked_add_signed(TimeDelta::days(1))?,
    };
    Some(at.with_timezone(&Utc))
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of rows of which one more than `limit` was read.
    pub fn of(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| has_more).map(cursor);
        Self { items: rows, next }
    }

    /// The same page with rows of another form.
    pub fn map<U>(self, form: impl Fn(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(form).collect(),
            next: self.next,
        }
    }
}

/// 200 with JSON.
pub fn ok(value: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_of_the_office() {
        let at = |text, end| {
            let read = instant("from", Some(text), end).ok().flatten();
            read.map(|at| at.to_rfc3339())
        };
        let first = Some("2026-01-04T17:00:00+00:00".to_owned());
        assert_eq!(at("2026-01-05", End::From), first);
        assert_eq!(at("2026-01-04", End::To), first);
        assert_eq!(at("2026-01-05T00:00:00+07:00", End::To), first);
        assert_eq!(at("2026-01-05T00:00:00 07:00", End::To), first);
        assert_eq!(at("5/1/2026", End::From), None);
    }

    #[test]
    fn there_is_a_next_page_only_when_there_is_more() {
        let page = Page::of(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!((page.items, page.next.as_deref()), (vec![1, 2], Some("2")));
        let page = Page::of(vec![1, 2], 2, ToString::to_string);
        assert_eq!((page.items.len(), page.next), (2, None));
    }
}
