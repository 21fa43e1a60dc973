//! Remittances that a bank statement shows: a debit of exactly the amount, on the account, that
//! carries the reference. Marks which line it is; posts nothing, because passing on was posted when an
//! officer recorded it.

use super::settle::{Left, Settled, Settling, account_of, file_of};
use crate::journeys::compare_days::DaysCompared;
use crate::reconciliation::compare::BankFacts;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RemittanceFilter};
use crate::store::rows::RemittanceRow;
use crate::store::types::Ts;

/// Remittances looked at in one run, oldest first.
const MOST: i64 = 5_000;

/// Shorter references are looked for in the bank's own reference alone, not in the memo.
const SHORTEST_IN_MEMO: usize = 6;

/// Marks the remittances that exactly one debit among the days compared shows.
pub(super) fn prove(
    queries: &mut dyn Queries,
    settling: &Settling<'_>,
    found: &DaysCompared,
    settled: &mut Settled,
) -> Result<(), Failure> {
    let debits = debits(settling, found);
    if debits.is_empty() {
        return Ok(());
    }
    let filter = RemittanceFilter {
        is_unproven: true,
        limit: MOST,
        ..RemittanceFilter::default()
    };
    let tenant = settling.tenant.0;
    for row in queries.list_remittances(tenant, &filter)? {
        let named: Vec<&(String, BankFacts<'_>)> = debits
            .iter()
            .filter(|(account, line)| *account == row.bank && names(line, &row.reference))
            .collect();
        let mut exact = Vec::new();
        for (_, line) in &named {
            let place = i64::from(line.place);
            let Some((_, file_id)) = file_of(found, line.file) else {
                continue;
            };
            if is_amount(line, &row) && !queries.is_line_of_remittance(tenant, file_id, place)? {
                exact.push((file_id, place));
            }
        }
        match exact.as_slice() {
            [(file_id, place)] => {
                queries.mark_remittance_proven(&row, *file_id, *place, Ts(settling.now))?;
                settled.proven.push(row.remittance_id);
                settled.files.push(*file_id);
            }
            [] if named.is_empty() => {}
            _ => settled.left.push(Left {
                subject: format!("remittance:{}", row.remittance_id.0),
                why: "the debits that carry its reference are of another amount, or several"
                    .to_owned(),
            }),
        }
    }
    Ok(())
}

/// The debits among the days compared, with their accounts.
fn debits<'a>(settling: &Settling<'_>, found: &'a DaysCompared) -> Vec<(String, BankFacts<'a>)> {
    (0..u32::try_from(found.comparison.banks.len()).unwrap_or(u32::MAX))
        .filter_map(|number| found.input.bank_facts(number))
        .filter(|line| line.amount < 0)
        .filter_map(|line| Some((account_of(settling, found, &line)?, line)))
        .collect()
}

fn is_amount(line: &BankFacts<'_>, row: &RemittanceRow) -> bool {
    line.amount == -row.total_minor && line.currency.as_str() == row.currency
}

/// Whether a debit carries a reference, as its own or somewhere in its memo.
fn names(line: &BankFacts<'_>, reference: &str) -> bool {
    let squeezed = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_ascii_alphanumeric());
        kept.map(|c| c.to_ascii_uppercase()).collect()
    };
    let reference = squeezed(reference);
    if reference.is_empty() {
        return false;
    }
    let own = line.reference.map(squeezed);
    let memo = line.memo.map(squeezed).unwrap_or_default();
    own.as_deref() == Some(reference.as_str())
        || (reference.len() >= SHORTEST_IN_MEMO && memo.contains(&reference))
}
