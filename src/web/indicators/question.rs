//! Reads a question about indicators from an address: period, unit, breakdown, order. What is
//! left out gets a default; what cannot be meant is refused with the word that was wrong.

use serde::Deserialize;

use crate::domain::lang::Lang;
use crate::domain::refund::RefundedRule;
use crate::domain::time::{Day, Instant, vietnam_day};
use crate::reporting::ask::{Ask, By, Refusal};
use crate::reporting::period::{Period, Step};
use crate::store::failure::Failure;

/// The installation whose figures are public.
pub const PUBLIC_TENANT: i32 = 1;

/// The parameters as written.
#[derive(Debug, Default, Clone, Deserialize)]
pub struct Parameters {
    /// First day of reception.
    pub from: Option<String>,
    /// Last day of reception.
    pub to: Option<String>,
    /// The breakdown.
    pub by: Option<String>,
    /// One unit and those below.
    pub unit: Option<String>,
    /// The language.
    pub lang: Option<String>,
    /// The indicator the charts show.
    pub indicator: Option<String>,
    /// `rate` or `name`.
    pub sort: Option<String>,
    /// `csv` for a file instead of a page.
    pub format: Option<String>,
}

/// Why an address cannot be answered.
#[derive(Debug)]
pub enum Wrong {
    /// A date that is none.
    Date(String),
    /// What reporting refuses.
    Refused(Refusal),
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure.into())
    }
}

impl Parameters {
    /// The question, with the quarter of `now` where no period is given.
    ///
    /// # Errors
    /// [`Wrong`], with the word that was wrong.
    pub fn ask(
        &self,
        tenant: i32,
        now: Instant,
        by: By,
        lang: Lang,
        refunded: RefundedRule,
    ) -> Result<Ask, Wrong> {
        let from = day(self.from.as_deref())?;
        let to = day(self.to.as_deref())?;
        let anchor = from.or(to).unwrap_or_else(|| vietnam_day(now));
        let quarter = Period::around(anchor, Step::Quarter);
        let from = from.unwrap_or(quarter.from());
        let period = Period::new(from, to.unwrap_or(quarter.to()))?;
        Ok(Ask {
            tenant,
            period,
            unit: written(self.unit.as_deref()).map(str::to_owned),
            is_own: false,
            by,
            captured_at: now,
            lang,
            refunded,
        })
    }

    /// The breakdown, `otherwise` when none is given.
    ///
    /// # Errors
    /// [`Refusal::Breakdown`].
    pub fn by(&self, otherwise: By) -> Result<By, Wrong> {
        match written(self.by.as_deref()) {
            Some(word) => Ok(By::named(word)?),
            None => Ok(otherwise),
        }
    }
}

/// A field left empty in a form is one that was not given.
pub(super) fn written(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn day(text: Option<&str>) -> Result<Option<Day>, Wrong> {
    let Some(text) = written(text) else {
        return Ok(None);
    };
    let day = Day::parse_from_str(text, "%Y-%m-%d");
    day.map(Some).map_err(|_| Wrong::Date(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn asked(from: &str, to: &str) -> Result<(String, String), Wrong> {
        let parameters = Parameters {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            ..Parameters::default()
        };
        // Half past midnight of 1 October in Vietnam.
        let now = parse_rfc3339("2026-09-30T17:30:00Z").unwrap();
        let ask = parameters.ask(PUBLIC_TENANT, now, By::None, Lang::Vi, RefundedRule::Leaves)?;
        let period = ask.period;
        Ok((period.from().to_string(), period.to().to_string()))
    }

    #[test]
    fn the_period_is_the_quarter_of_what_is_known() {
        for (from, to, first, last) in [
            ("", "", "2026-10-01", "2026-12-31"),
            ("2026-02-05", "", "2026-02-05", "2026-03-31"),
            ("", "2026-02-05", "2026-01-01", "2026-02-05"),
            (" 2025-01-01", "2026-02-05", "2025-01-01", "2026-02-05"),
        ] {
            let period = asked(from, to).unwrap();
            assert_eq!(period, (first.to_owned(), last.to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(matches!(asked("01/02/2026", ""), Err(Wrong::Date(_))));
        assert!(matches!(asked("2026-02-30", ""), Err(Wrong::Date(_))));
        let backwards = asked("2026-02-02", "2026-02-01");
        assert!(matches!(
            backwards,
            Err(Wrong::Refused(Refusal::Period { .. }))
        ));
    }
}
