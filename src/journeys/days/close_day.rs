//! Closing a day: another officer than the one who proposed it looks at the same, and it is signed.
//! The trial balance is frozen and no block is sealed into the day any more; of two who close at
//! once, one does.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::artefact::{build, earlier};
use super::clocks::must_be_over;
use super::find_day::{DayFound, find_day};
use super::{DayDesk, DayError, DayRefusal, state_of};
use crate::config::settings::Settings;
use crate::domain::calendar::ends;
use crate::domain::day::DayState;
use crate::domain::time::{Day, vietnam_day};
use crate::journeys::lease_chain::lease_in;
use crate::ledger::signing::SigningKey;
use crate::reconciliation::close::canonical::canonical;
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::{ArtefactRow, DayRow};
use crate::store::types::Ts;

/// Closes a proposed day and signs it.
///
/// # Errors
/// [`DayError`]; nothing was changed then.
pub fn close_day(
    db: &Db,
    desk: &DayDesk<'_>,
    settings: &Settings,
    day: Day,
) -> Result<DayRow, DayError> {
    db.write(|queries| {
        desk.must_act(queries)?;
        let row = proposed(queries, desk, day)?;
        must_be_over(queries, desk, day)?;
        let key = key(settings.signing.key_file.as_deref())?;
        must_follow(queries, desk, &row)?;
        let found = find_day(queries, settings, desk.tenant, day, desk.now)?;
        must_be_same(&row, &found)?;
        if !found.is_kept {
            return Err(DayRefusal::Changed("outcomes".to_owned()).into());
        }
        if let Some(channel) = found.unexplained.first() {
            return Err(DayRefusal::Residual(channel.clone()).into());
        }
        close(queries, desk, row, &found, &key)
    })
}

/// The day, proposed by somebody else.
fn proposed(queries: &mut dyn Queries, desk: &DayDesk<'_>, day: Day) -> Result<DayRow, DayError> {
    let known = queries.find_day(desk.tenant.0, day)?;
    let state = state_of(known.as_ref())?;
    let row = match (state, known) {
        (DayState::Proposed, Some(row)) => row,
        (DayState::Closed, Some(row)) => {
            let by = row.closed_by.unwrap_or_default();
            return Err(DayRefusal::AlreadyClosed(day, by).into());
        }
        (_, _) => return Err(DayRefusal::NotProposed(day, state.as_str()).into()),
    };
    if row.proposed_by.as_deref() == Some(desk.officer) {
        return Err(DayRefusal::SameOfficer(desk.officer.to_owned()).into());
    }
    Ok(row)
}

/// Days that the first closing may lie before the books begin.
const FIRST_REACHES_BACK: i64 = 31;

fn key(file: Option<&Path>) -> Result<SigningKey, DayRefusal> {
    let Some(file) = file else {
        let text = "make a key with doisoat key create and name it in [signing] key_file";
        return Err(DayRefusal::NoKey(text.to_owned()));
    };
    SigningKey::read(file).map_err(|error| DayRefusal::NoKey(error.to_string()))
}

/// Days are closed in their order: the next after the last one closed, or one that was reopened.
fn must_follow(
    queries: &mut dyn Queries,
    desk: &DayDesk<'_>,
    row: &DayRow,
) -> Result<(), DayError> {
    let tenant = desk.tenant.0;
    let before = queries.find_last_closed_day(tenant, Some(row.day))?;
    let Some(before) = before else {
        let any = queries.find_last_closed_day(tenant, None)?;
        return match any {
            Some(any) if row.revision == 0 => Err(DayRefusal::BeforeFirst(row.day, any.day).into()),
            Some(_) => Ok(()),
            None => not_long_before(queries, desk, row.day),
        };
    };
    if state_of(Some(&before))? != DayState::Closed {
        return Err(DayRefusal::OutOfOrder(before.day).into());
    }
    match before.day.succ_opt() {
        Some(next) if next < row.day => Err(DayRefusal::OutOfOrder(next).into()),
        Some(_) | None => Ok(()),
    }
}

/// The first day that is closed binds all that follow: a slip in its year must not.
fn not_long_before(
    queries: &mut dyn Queries,
    desk: &DayDesk<'_>,
    day: Day,
) -> Result<(), DayError> {
    let blocks = queries.list_blocks(desk.tenant.0, (0, 0), 1)?;
    let first = blocks.first().map_or(desk.now, |block| block.sealed_at.0);
    let first = vietnam_day(first);
    if first.signed_duration_since(day).num_days() > FIRST_REACHES_BACK {
        return Err(DayRefusal::LongBefore(day, first).into());
    }
    Ok(())
}

/// Refuses when something else is found now than was proposed. The ageing follows from the trial
/// balances, and from which days before are closed, so it is not compared.
fn must_be_same(row: &DayRow, found: &DayFound) -> Result<(), DayError> {
    let text = row.result.as_deref().unwrap_or("");
    let mut proposed: Value = serde_json::from_str(text)
        .map_err(|error| Failure::Broken(format!("what was proposed of {}: {error}", row.day)))?;
    let mut now = found.value.clone();
    for value in [&mut proposed, &mut now] {
        if let Some(Value::Object(ledger)) = value.get_mut("ledger") {
            ledger.remove("in_transit");
        }
    }
    if proposed == now {
        return Ok(());
    }
    let members = now.as_object().into_iter().flatten();
    let differ = members.filter(|(name, member)| proposed.get(name.as_str()) != Some(member));
    let names: Vec<&str> = differ.map(|(name, _)| name.as_str()).collect();
    Err(DayRefusal::Changed(names.join(", ")).into())
}

fn close(
    queries: &mut dyn Queries,
    desk: &DayDesk<'_>,
    row: DayRow,
    found: &DayFound,
    key: &SigningKey,
) -> Result<DayRow, DayError> {
    let (tenant, day) = (desk.tenant.0, row.day);
    let row = DayRow {
        state: DayState::Closed.as_str().to_owned(),
        revision: row.revision + 1,
        verdict: Some(found.verdict.as_str().to_owned()),
        result: Some(canonical(&found.value)),
        closed_by: Some(desk.officer.to_owned()),
        closed_at: Some(Ts(desk.now)),
        ..row
    };
    let earlier = earlier(queries, &row, None)?;
    let artefact = build(&row, &found.value, &earlier)?;
    if queries.list_chains(tenant)?.is_empty() {
        // Nothing was ever posted: the mark needs a chain to stand on.
        lease_in(queries, desk.tenant, desk.holder, desk.now)?;
        queries.mark_chains_free(desk.holder)?;
    }
    queries.mark_chains_closed(tenant, Ts(ends(day)))?;
    // Whoever imports at the same time sees the day closed, or is seen here.
    queries.mark_turn(tenant, "")?;
    queries.insert_day_balances(tenant, day, &found.trial.balances)?;
    queries.insert_artefact(&ArtefactRow {
        tenant,
        day,
        revision: row.revision,
        sha256: Sha256::digest(&artefact.bytes).to_vec(),
        signature: key.sign(&artefact.bytes),
        public_key: key.public_key(),
        bytes: artefact.bytes,
        printable: artefact.printable,
        previous_sha256: artefact.previous_sha256,
    })?;
    desk.take(queries, &row, DayState::Closed, "")?;
    Ok(row)
}
