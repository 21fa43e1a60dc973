//! The differences of a day after a comparison: wanted ones are opened, or keep their ids; those no
//! longer wanted settle by themselves, and so do those of days before whose item agrees by now. What a
//! person resolved stays so while its amount is the same. Moves no money.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::subjects::{Subjects, of_file};
use super::wanted::{Wanted, differing, wanted};
use super::{DifferenceCounts, Reconciling};
use crate::domain::difference::{DifferenceKind, DifferenceState, StepAction};
use crate::domain::ids::DifferenceId;
use crate::journeys::case_desk::{kind_of, state_of};
use crate::journeys::compare_days::DaysCompared;
use crate::journeys::difference_steps::{Step, StepDetail, taken};
use crate::journeys::outbox::tell_opened;
use crate::reconciliation::close::canonical::canonical;
use crate::reconciliation::compare::OutcomeKind;
use crate::store::failure::Failure;
use crate::store::ops::{Home, Queries};
use crate::store::rows::{DifferenceRow, DifferenceStepRow};
use crate::store::types::{Ts, Uid};

/// What is to be written.
#[derive(Default)]
struct Writing {
    new: Vec<DifferenceRow>,
    changed: Vec<DifferenceRow>,
    steps: Vec<DifferenceStepRow>,
    counts: DifferenceCounts,
}

/// Opens, keeps and settles the differences that follow from a comparison.
pub(super) fn keep(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    compared: &DaysCompared,
) -> Result<DifferenceCounts, Failure> {
    let tenant = run.tenant.0;
    let standing = queries.list_standing_between(tenant, compared.from, compared.day)?;
    let items = differing(compared);
    let known: Vec<&str> = standing
        .iter()
        .filter_map(|row| row.subject.as_deref())
        .collect();
    let days: BTreeSet<_> = standing.iter().filter_map(|row| row.day).collect();
    let days = days.into_iter().chain([compared.day]).collect();
    let subjects = Subjects::find(compared, &items, &known, &days);
    let wanted = wanted(compared, &items, &subjects);
    let mut writing = Writing::default();
    let still = open(queries, run, compared, &wanted, &mut writing)?;
    for row in standing {
        if !still.contains(&row.difference_id)
            && let Some(reason) = why_settled(compared, &subjects, &row)?
        {
            let step = Step {
                action: StepAction::SettledItself,
                officer: None,
                reason: &reason,
                state: DifferenceState::Resolved,
                detail: StepDetail::default(),
                entry_id: None,
                undoes: None,
            };
            writing.counts.settled += 1;
            writing.take(taken(row, run.now, step));
        }
    }
    queries.insert_cases(&[], &writing.new, &[])?;
    queries.mark_differences(&writing.changed)?;
    queries.insert_difference_steps(&writing.steps)?;
    // What is settled as it is opened needs nobody.
    let resolved = DifferenceState::Resolved.as_str();
    writing.new.retain(|row| row.state != resolved);
    tell_opened(queries, tenant, run.now, &writing.new)?;
    Ok(writing.counts)
}

impl Writing {
    fn take(&mut self, (row, step): (DifferenceRow, DifferenceStepRow)) {
        self.changed.push(row);
        self.steps.push(step);
    }
}

/// Opens what is wanted and not known yet, and takes up what was settled; gives the ids of all that
/// is wanted and known.
fn open(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    compared: &DaysCompared,
    wanted: &[Wanted],
    writing: &mut Writing,
) -> Result<HashSet<Uid>, Failure> {
    let tenant = run.tenant.0;
    let texts: Vec<&str> = wanted.iter().map(|one| one.subject.as_str()).collect();
    let known = queries.list_differences_about(tenant, &texts)?;
    let mut known: HashMap<(String, String), DifferenceRow> = known
        .into_iter()
        .filter_map(|row| Some(((row.subject.clone()?, row.kind.clone()), row)))
        .collect();
    let mut still = HashSet::new();
    let mut unknown = Vec::new();
    for one in wanted {
        let key = (one.subject.clone(), one.kind.as_str().to_owned());
        match known.remove(&key) {
            Some(row) => {
                still.insert(row.difference_id);
                find_again(queries, run, compared, one, row, writing)?;
            }
            None => unknown.push(one),
        }
    }
    let payments: Vec<Uid> = unknown
        .iter()
        .filter_map(|one| one.payment.map(Uid))
        .collect();
    let homes = queries.list_homes(tenant, &payments)?;
    let homes: HashMap<Uid, Home> = homes
        .into_iter()
        .map(|home| (home.payment_id, home))
        .collect();
    for one in unknown {
        let home = one.payment.and_then(|id| homes.get(&Uid(id)));
        let row = new_row(run, compared, one, home);
        writing.counts.opened += 1;
        if one.is_told_only {
            let (row, step) = taken(row, run.now, told());
            writing.new.push(row);
            writing.steps.push(step);
        } else {
            writing.new.push(row);
        }
    }
    Ok(still)
}

/// The step of what is only told.
fn told() -> Step<'static> {
    Step {
        action: StepAction::SettledItself,
        officer: None,
        reason: "the file is there by now",
        state: DifferenceState::Resolved,
        detail: StepDetail::default(),
        entry_id: None,
        undoes: None,
    }
}

fn new_row(
    run: &Reconciling<'_>,
    compared: &DaysCompared,
    one: &Wanted,
    home: Option<&Home>,
) -> DifferenceRow {
    let unit = home.and_then(|home| home.unit_code.clone());
    DifferenceRow {
        tenant: run.tenant.0,
        difference_id: Uid(DifferenceId::at(run.now).0),
        kind: one.kind.as_str().to_owned(),
        state: DifferenceState::Open.as_str().to_owned(),
        unit_code: unit.unwrap_or_default(),
        channel: one.channel.clone(),
        payment_id: one.payment.map(Uid),
        bill_id: home.and_then(|home| home.bill_id),
        dossier_id: home.and_then(|home| home.dossier_id),
        notice_id: None,
        amount_minor: one.minor,
        currency: one.currency.to_string(),
        evidence: canonical(&one.evidence),
        opened_at: Ts(run.now),
        due_at: Ts(one.kind.due_at(run.now)),
        revision: 1,
        resolution: None,
        resolved_by: None,
        resolved_at: None,
        day: Some(compared.day),
        subject: Some(one.subject.clone()),
    }
}

/// A difference that is known already: it keeps its id whatever happened to it.
fn find_again(
    queries: &mut dyn Queries,
    run: &Reconciling<'_>,
    compared: &DaysCompared,
    one: &Wanted,
    mut row: DifferenceRow,
    writing: &mut Writing,
) -> Result<(), Failure> {
    if one.is_told_only {
        return Ok(());
    }
    let evidence = canonical(&one.evidence);
    let (before, minor) = (state_of(&row)?, row.amount_minor);
    let is_same = minor == one.minor && row.day == Some(compared.day) && row.evidence == evidence;
    let was_person = row.resolution.as_deref() != Some(StepAction::SettledItself.as_str());
    let is_resolved = before == DifferenceState::Resolved;
    let stays = if is_resolved {
        was_person && minor == one.minor
    } else {
        is_same
    };
    if stays {
        return Ok(());
    }
    row.day = Some(compared.day);
    row.amount_minor = one.minor;
    row.evidence = evidence;
    let reason = if minor == one.minor {
        format!("compared again for {}", compared.day)
    } else {
        format!(
            "compared again for {}: it was {minor}, it is {}",
            compared.day, one.minor
        )
    };
    let mut undoes = None;
    if is_resolved {
        row.due_at = Ts(one.kind.due_at(run.now));
        undoes = last_resolving(queries, &row)?;
        writing.counts.reopened += 1;
    } else {
        writing.counts.changed += 1;
    }
    let (action, state) = if is_resolved {
        (StepAction::FoundAgain, DifferenceState::Reopened)
    } else {
        (StepAction::FoundChanged, before)
    };
    let step = Step {
        action,
        officer: None,
        reason: &reason,
        state,
        detail: StepDetail::default(),
        entry_id: None,
        undoes,
    };
    writing.take(taken(row, run.now, step));
    Ok(())
}

/// The step that resolved a difference: taken up again, it is undone.
fn last_resolving(queries: &mut dyn Queries, row: &DifferenceRow) -> Result<Option<i32>, Failure> {
    let steps = queries.list_difference_steps(row.tenant, row.difference_id)?;
    let resolved = DifferenceState::Resolved.as_str();
    let is_resolving = |step: &&DifferenceStepRow| {
        let action = StepAction::parse(&step.action);
        step.state == resolved && action.is_some_and(StepAction::has_effect)
    };
    let last = steps.iter().rev().find(is_resolving);
    Ok(last.map(|step| step.revision))
}

/// Why a difference that is not wanted any more ends; one of a day before only when its item agrees.
fn why_settled(
    compared: &DaysCompared,
    subjects: &Subjects,
    row: &DifferenceRow,
) -> Result<Option<String>, Failure> {
    let (Some(subject), Some(day)) = (&row.subject, row.day) else {
        return Ok(None);
    };
    let is_of_day = day == compared.day;
    if kind_of(row)? == DifferenceKind::MissingFile {
        let lines = &compared.expected.lines_on;
        let came = lines
            .iter()
            .any(|(source, on)| *on == day && of_file(source, day) == *subject);
        let reason = if came {
            "lines of the day are known by now"
        } else {
            "no file is expected any more"
        };
        return Ok((came || is_of_day).then(|| reason.to_owned()));
    }
    let item = subjects.item(subject);
    let outcome = item.and_then(|item| compared.comparison.outcome(item));
    let agrees = outcome.is_some_and(|outcome| {
        !outcome.kind.is_difference() && outcome.kind != OutcomeKind::Waiting
    });
    if !is_of_day && !agrees {
        return Ok(None);
    }
    let reason = item.and_then(|item| compared.reason(item));
    Ok(Some(match (outcome, reason) {
        (Some(outcome), Some(reason)) if agrees && !reason.matched.is_empty() => {
            let with = reason.matched.join(", ");
            format!(
                "{} by now, by {}, with {with}",
                outcome.kind.as_str(),
                reason.rule.as_str()
            )
        }
        (Some(outcome), _) => format!("{} by now", outcome.kind.as_str()),
        (None, _) => "nothing of the kind is found any more".to_owned(),
    }))
}
