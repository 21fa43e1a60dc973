//! `GET /quote`: what the fees of a procedure are in one case, with every rule that had a say. A
//! tariff is public; any token may ask about any unit. Codes of problems are stable.

use actix_web::{HttpRequest, web};
use chrono::NaiveDate;

use super::Answered;
use super::access::{Bearer, Need, read};
use super::page::ok;
use crate::domain::dossier::SubmittedVia;
use crate::domain::money::{Currency, Money};
use crate::domain::tariff::formula::{MOST_MINOR, MOST_PIECES};
use crate::domain::time::{Day, vietnam_day};
use crate::reporting::quotes::{Question, Unpriced, ask};
use crate::web::Gateway;
use crate::web::error::Problem;

/// `GET /api/v1/quote?procedure=&unit=&via=&on=&group=&quantity=&base=&fee=`; `group` may stand
/// several times, `on` is today where it is missing.
///
/// # Errors
/// 400 for a parameter that cannot be meant, 401, 403, 422 where there is no amount.
pub async fn show(gateway: web::Data<Gateway>, bearer: Bearer, request: HttpRequest) -> Answered {
    let query = request.query_string().to_owned();
    let today = vietnam_day(gateway.clock.now());
    let value = read(&gateway, bearer, Need::Dossiers, move |queries, caller| {
        let question = question(&query, caller.tenant, today)?;
        Ok(ask(queries, &question)?.to_value())
    });
    Ok(ok(&value.await?))
}

impl From<Unpriced> for Problem {
    fn from(unpriced: Unpriced) -> Self {
        match unpriced {
            Unpriced::Failure(failure) => Self::Failed(failure),
            wrong @ (Unpriced::Unknown { .. } | Unpriced::Refused { .. }) => {
                Self::Unpriced(wrong.code(), wrong.to_string())
            }
        }
    }
}

fn question(query: &str, tenant: i32, today: Day) -> Result<Question, Problem> {
    let mut given: Vec<(String, String)> = Vec::new();
    let mut groups = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        const KNOWN: [&str; 7] = ["procedure", "unit", "via", "on", "quantity", "base", "fee"];
        if name == "group" {
            let words = value.split(',').filter(|word| !word.is_empty());
            groups.extend(words.map(str::to_owned));
        } else if !KNOWN.contains(&name.as_str()) {
            return Err(Problem::NotValid(format!(
                "{name} is not a parameter of a quote"
            )));
        } else if given.iter().any(|(known, _)| *known == name) {
            return Err(Problem::NotValid(format!("{name} stands twice")));
        } else if value.is_empty() && !["procedure", "unit", "via"].contains(&name.as_str()) {
            return Err(Problem::NotValid(format!("{name} is empty: leave it out")));
        } else if !value.is_empty() {
            given.push((name, value));
        }
    }
    let find = |name: &str| {
        given
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, v)| v.clone())
    };
    let must =
        |name: &str| find(name).ok_or_else(|| Problem::NotValid(format!("{name} is missing")));
    Ok(Question {
        tenant,
        procedure: must("procedure")?,
        fee: find("fee"),
        unit: must("unit")?,
        via: way(&must("via")?)?,
        on: find("on").map_or(Ok(today), |text| day(&text))?,
        groups,
        quantity: find("quantity").map_or(Ok(1), |text| pieces(&text))?,
        base: find("base").map(|text| base(&text)).transpose()?,
    })
}

fn way(text: &str) -> Result<SubmittedVia, Problem> {
    SubmittedVia::parse(text)
        .ok_or_else(|| Problem::NotValid("via must be online, counter or post".to_owned()))
}

fn day(text: &str) -> Result<Day, Problem> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| Problem::NotValid("on must be a day such as 2026-01-31".to_owned()))
}

fn pieces(text: &str) -> Result<i64, Problem> {
    let pieces = text
        .parse()
        .ok()
        .filter(|pieces| (1..=MOST_PIECES).contains(pieces));
    pieces.ok_or_else(|| Problem::NotValid(format!("quantity must be 1 to {MOST_PIECES}")))
}

fn base(text: &str) -> Result<i64, Problem> {
    let money = Money::parse(text, Currency::VND)
        .map_err(|error| Problem::NotValid(format!("base: {error}")))?;
    if money.minor() > MOST_MINOR {
        return Err(Problem::NotValid(
            "base is larger than any value".to_owned(),
        ));
    }
    Ok(money.minor())
}
