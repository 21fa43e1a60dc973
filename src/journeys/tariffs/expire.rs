//! Ending a rule: it prices nothing that is received after its last day. It stays, with who ended it,
//! when and why. A last day in the past needs a reason; a later last day than the rule has is refused.

use super::{Act, TariffError, must_be_officer};
use crate::domain::time::{Day, vietnam_day};
use crate::store::Db;
use crate::store::types::Ts;

/// Ends a rule with this last day, today where none is given, and returns it.
///
/// # Errors
/// [`TariffError`].
pub fn expire(
    db: &Db,
    act: &Act<'_>,
    rule_id: &str,
    last_day: Option<Day>,
) -> Result<Day, TariffError> {
    let today = vietnam_day(act.now);
    let last = last_day.unwrap_or(today);
    db.write(|queries| {
        must_be_officer(queries, act)?;
        let known = queries.find_tariff_rule(act.tenant.0, rule_id)?;
        let mut row = known.ok_or_else(|| TariffError::Unknown(rule_id.to_owned()))?;
        let cannot = |problem: String| TariffError::CannotEnd {
            rule: rule_id.to_owned(),
            problem,
        };
        if row.activated_at.is_none() {
            return Err(cannot("it is a draft".to_owned()));
        }
        if let Some(day) = row.last_day().filter(|day| *day <= last) {
            return Err(cannot(format!("its last day is {day} already")));
        }
        if last < today && act.reason.is_none() {
            return Err(TariffError::Past {
                rule: rule_id.to_owned(),
                day: last,
                today,
            });
        }
        row.ended_on = Some(last);
        row.ended_at = Some(Ts(act.now));
        row.ended_by = Some(act.officer.to_owned());
        row.end_reason = act.reason.map(str::to_owned);
        queries.mark_tariff_rule(&row)?;
        Ok(last)
    })
}
