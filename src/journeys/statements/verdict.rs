//! The verdict on a file: what is new, what holds it up, whether it came before or contradicts what came
//! before, and the report that says so. Only reads.

use super::StatementError;
use super::chain;
use super::closed::{Closed, closed_of, sentences};
use super::compare::{Compared, Own, compare};
use super::far::far;
use super::fit::profile_of;
use super::identity::{Judged, judge, replaced};
use super::import_statement::Upload;
use super::report::{Differing, Earlier, Report, shown, when};
use super::sorting::Leaf;
use super::take_in::Sorted;
use super::{HELD, must_say};
use crate::config::source::{Source, SourceKind};
use crate::domain::statement::{Line, StatementShown, decimals_of};
use crate::domain::time::Day;
use crate::reconciliation::profiles::named;
use crate::store::ops::Queries;
use crate::store::rows::{StatementFileRow, StatementRow};
use crate::store::types::Uid;

/// What is to be stored.
pub(super) struct Verdict {
    pub(super) report: Report,
    pub(super) compared: Compared,
    pub(super) judged: Vec<Judged>,
    pub(super) replaced: Vec<StatementFileRow>,
    /// What it rests on.
    pub(super) ground: Ground,
}

/// What a verdict rests on beside the file: as long as it stands, the verdict does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ground {
    turn: i64,
    closed: Closed,
    elsewhere: Vec<Uid>,
}

impl Ground {
    /// What a verdict on new lines of these days of reconciliation rests on now.
    pub(super) fn of(
        queries: &mut dyn Queries,
        source: &Source,
        hash: &[u8],
        days: impl Iterator<Item = Day>,
    ) -> Result<(Self, Vec<StatementFileRow>), StatementError> {
        let tenant = source.tenant.0;
        let mut same = queries.list_statement_files_of_bytes(tenant, hash)?;
        same.retain(|file| file.source != source.name);
        let ground = Self {
            turn: queries.find_turn(tenant, &source.name)?,
            closed: closed_of(queries, tenant, days)?,
            elsewhere: same.iter().map(|file| file.file_id).collect(),
        };
        Ok((ground, same))
    }
}

/// What the file is beside what is stored.
pub(super) fn verdict(
    queries: &mut dyn Queries,
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    today: Day,
) -> Result<Verdict, StatementError> {
    let mut judged = judge(queries, &source.name, sorted.statements.clone())?;
    let replaced = match &upload.revise {
        Some(reason) => {
            must_say(reason)?;
            replaced(queries, &judged)?
        }
        None => Vec::new(),
    };
    let without: Vec<Uid> = replaced.iter().map(|file| file.file_id).collect();
    let own = Own {
        tenant: source.tenant.0,
        source: &source.name,
        file: sorted.id,
        spool: &sorted.spool,
        accounts: &sorted.accounts,
        without: &without,
    };
    let compared = compare(queries, &own, &sorted.leaves)?;
    let days = compared.days().into_iter().map(|day| source.day_of(day));
    let (ground, elsewhere) = Ground::of(queries, source, &sorted.original.hash, days)?;
    for one in &mut judged {
        if let Some(other) = &one.other {
            one.row.revision = other.revision.saturating_add(1);
        }
    }
    let mut holds = sorted.reading.findings.holds.clone();
    let known = &compared.of_statement;
    holds.extend(chain::prove(queries, source, &judged, known, &without)?);
    holds.extend(of_lines(source, &compared));
    let far = far(queries, &own, &lines_of_days(sorted), &compared, today)?;
    holds.extend(far.holds);
    holds.extend(sentences(&ground.closed));
    holds.extend(elsewhere.iter().map(elsewhere_too));
    let is_moved = compared.moved.first.is_some();
    let is_unique = is_moved && is_unique(source, sorted, &compared);
    if is_unique {
        holds.push(format!(
            "{}: such a reference is given once, so that the money would count twice",
            compared.moved.sentence()
        ));
    }
    let mut report = told(source, upload, sorted, &judged, &compared, holds);
    report.warnings.extend(far.warnings);
    if is_moved && !is_unique {
        report.warnings.push(format!(
            "{}: they count as new, because banks use references again",
            compared.moved.sentence()
        ));
    }
    answer(queries, upload, &judged, &compared, &mut report)?;
    Ok(Verdict {
        report,
        compared,
        judged,
        replaced,
        ground,
    })
}

/// How many lines each day of the file has.
fn lines_of_days(sorted: &Sorted) -> Vec<(Day, u64)> {
    let lines = |leaves: &Vec<Leaf>| leaves.iter().map(|leaf| u64::from(leaf.lines)).sum();
    let days = sorted.leaves.iter();
    days.map(|(day, leaves)| (*day, lines(leaves))).collect()
}

fn elsewhere_too(file: &StatementFileRow) -> String {
    format!(
        "these very bytes came before for source {}, {}: of which of the two are they?",
        file.source,
        when(file)
    )
}

/// What its lines beside the known ones hold it up for.
fn of_lines(source: &Source, compared: &Compared) -> Vec<String> {
    let mut holds = Vec::new();
    if source.kind == SourceKind::Bank {
        holds.extend(compared.changed.iter().map(|day| {
            format!(
                "on {} lines are known that this file does not have, beside others that it has: was it corrected?",
                day.format("%d/%m/%Y")
            )
        }));
    }
    holds.extend(compared.rivals.iter().map(|day| {
        format!(
            "on {} a line has the reference of one that is known and differs from it, so that its money would count \
             twice: undo the earlier file first if this one corrects it, or override if both are real",
            day.format("%d/%m/%Y")
        )
    }));
    holds
}

/// Whether a line that is known on another day must be the same one: a provider gives a transaction
/// its number once; of a bank only a profile can say so, because banks use references again. What goes
/// back may go in parts, all under the number of the payment.
fn is_unique(source: &Source, sorted: &Sorted, compared: &Compared) -> bool {
    let by_contract = || {
        let own = source.profile.as_deref().and_then(|name| named(name).ok());
        let own = own.is_some_and(|profile| profile.unique_references);
        own || profile_of(&sorted.reading).is_some_and(|profile| profile.unique_references)
    };
    compared.moved.credits > 0 && (source.kind == SourceKind::Settlement || by_contract())
}

fn name(row: &StatementRow) -> String {
    match &row.number {
        Some(number) => format!("statement {number} of account {}", row.account),
        None => format!("the period {} to {}", row.from_day, row.to_day),
    }
}

/// The outcome, and the sentence for it.
fn answer(
    queries: &mut dyn Queries,
    upload: &Upload,
    judged: &[Judged],
    compared: &Compared,
    report: &mut Report,
) -> Result<(), StatementError> {
    let conflict = judged
        .iter()
        .find_map(|one| Some((&one.row, one.other.as_ref()?)));
    if let (Some((row, other)), None) = (conflict, &upload.revise) {
        let file = queries.find_statement_file(row.tenant, other.file_id)?;
        let before = file.as_ref().map_or_else(String::new, when);
        report.outcome = "conflict";
        report.says = format!(
            "{} was imported {before} with other contents; nothing was replaced. Compare the entries that differ, \
             and give a reason to revise it if this file is right",
            name(row)
        );
        report.earlier = file.as_ref().map(Earlier::of);
        let decimals = u32::try_from(row.decimals).unwrap_or(0);
        let lines = |lines: &[Line]| lines.iter().map(|line| shown(line, decimals)).collect();
        report.differing = Some(Differing {
            known: lines(&compared.only_known),
            file: lines(&compared.only_here),
        });
        (report.new_entries, report.skipped_as_known) = (0, compared.known);
        return Ok(());
    }
    if conflict.is_none() && repeats(queries, judged, compared, report)? {
        return Ok(());
    }
    counted(upload, compared, report);
    Ok(())
}

/// Whether the file adds nothing, and what is said then.
fn repeats(
    queries: &mut dyn Queries,
    judged: &[Judged],
    compared: &Compared,
    report: &mut Report,
) -> Result<bool, StatementError> {
    let is_all_same = judged.iter().all(|one| one.same.is_some());
    let has_new_number = judged
        .iter()
        .any(|one| one.same.is_none() && one.row.number.is_some());
    let adds_nothing = compared.new == 0 && compared.known > 0 && !has_new_number;
    if !(is_all_same || adds_nothing) {
        return Ok(false);
    }
    let same = judged
        .iter()
        .find_map(|one| Some((&one.row, &one.same.as_ref()?.0)));
    let file = match same {
        Some((row, same)) => queries.find_statement_file(row.tenant, same.file_id)?,
        None => None,
    };
    report.outcome = "duplicate";
    report.says = match (same, &file) {
        (Some((row, _)), Some(file)) if file.state == HELD => format!(
            "{} with the same entries came {} and waits for a second officer, as file {}; nothing was added",
            name(row),
            when(file),
            file.file_id.0
        ),
        (Some((row, _)), Some(file)) => format!(
            "{} was already imported {} with the same entries, although the bytes differ; nothing was added",
            name(row),
            when(file)
        ),
        _ => "every entry of this file is known from earlier files; nothing was added".to_owned(),
    };
    report.earlier = file.as_ref().map(Earlier::of);
    (report.new_entries, report.skipped_as_known) = (0, report.entries);
    Ok(true)
}

/// The outcome of a file that is stored, or would be.
fn counted(upload: &Upload, compared: &Compared, report: &mut Report) {
    let is_held = !report.holds.is_empty();
    report.outcome = if is_held { "held" } else { "ok" };
    let counts = format!("{} new, {} known", compared.new, compared.known);
    report.says = match (is_held, upload.is_preview) {
        (true, true) => format!("{counts}; it would be held until a second officer looks"),
        (true, false) => format!("{counts}; held until a second officer looks"),
        (false, true) => format!("{counts}; nothing was stored"),
        (false, false) => format!("{counts}; imported"),
    };
}

fn told(
    source: &Source,
    upload: &Upload,
    sorted: &Sorted,
    judged: &[Judged],
    compared: &Compared,
    holds: Vec<String>,
) -> Report {
    let reading = &sorted.reading;
    let rows = || judged.iter().map(|one| &one.row);
    let statements: Vec<StatementShown> = rows().map(StatementRow::to_shown).collect();
    let account = rows().next().map(|row| row.account.clone());
    let account = account.filter(|one| !one.is_empty() && rows().all(|row| row.account == *one));
    let decimals = decimals_of(source.currency);
    Report {
        outcome: "",
        is_preview: upload.is_preview,
        says: String::new(),
        file: None,
        source: source.name.clone(),
        format: reading.format.to_owned(),
        currency: source.currency.to_string(),
        from: rows().map(|row| row.from_day).min(),
        to: rows().map(|row| row.to_day).max(),
        entries: reading.entries(),
        new_entries: compared.new,
        skipped_as_known: compared.known,
        not_counted: reading.findings.skipped,
        sum_credit: reading.sum(|one| one.credit),
        sum_debit: reading.sum(|one| one.debit),
        sum_fee: reading.sum(|one| one.fees),
        opening: account
            .as_ref()
            .and(statements.first())
            .and_then(|one| one.opening.clone()),
        closing: account
            .as_ref()
            .and(statements.last())
            .and_then(|one| one.closing.clone()),
        account,
        statements,
        first: sorted
            .first
            .iter()
            .map(|line| shown(line, decimals))
            .collect(),
        detected: reading.findings.detected.iter().cloned().collect(),
        holds,
        warnings: reading.findings.warnings.clone(),
        earlier: None,
        differing: None,
    }
}
