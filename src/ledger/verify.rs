//! Verify: everything that is kept is recomputed from the rows it follows from, and every row that
//! does not come out the same is named. Reads one consistent snapshot; mends nothing.

use std::collections::HashMap;

use super::seal::{GENESIS, block_hash};
use super::verify_days::wrong_days;
use super::verify_outcomes::wrong_outcomes;
use crate::domain::bill::Bill;
use crate::domain::classification::{Class, PaidBy};
use crate::domain::dossier::{FeeItem, SubmittedVia};
use crate::store::Db;
use crate::store::failure::Failure;
use crate::store::journal::Standing;
use crate::store::ops::{Queries, Wrong};
use crate::store::rows::{BillRow, BlockRow, DossierRow, FeeItemRow, PostingRow};
use crate::store::types::Uid;

/// One check: what it proves, how many rows it looked at, and the first wrong ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The sentence it proves.
    pub proves: &'static str,
    /// Rows looked at.
    pub rows: i64,
    /// Rows that are wrong, at most some twenty per kind.
    pub wrong: Vec<Wrong>,
}

/// Blocks, and dossiers, read at a time.
const PAGE: i64 = 500;

/// Payments whose allocations are read at a time.
const AT_ONCE: usize = 400;

/// Wrong rows named per check.
const NAMED: usize = 20;

/// Runs every check over one tenant, in one snapshot. Whose keys signed the days is not asked.
///
/// # Errors
/// Any [`Failure`] of reading.
pub fn verify(db: &Db, tenant: i32) -> Result<Vec<Check>, Failure> {
    verify_signed_by(db, tenant, None)
}

/// The same, and every day must be signed with one of these public keys.
///
/// # Errors
/// Any [`Failure`] of reading.
pub fn verify_signed_by(
    db: &Db,
    tenant: i32,
    keys: Option<&[Vec<u8>]>,
) -> Result<Vec<Check>, Failure> {
    db.read(|queries| {
        Ok(vec![
            check(
                "every block's hash covers its postings and the block before",
                seals(queries, tenant)?,
            ),
            check(
                "debits equal credits in every currency",
                sums(queries, tenant)?,
            ),
            check(
                "balances equal postings",
                queries.list_wrong_balances(tenant)?,
            ),
            check(
                "payments are placed where their postings say",
                queries.list_wrong_payments(tenant)?,
            ),
            check(
                "bills equal their allocations and fee items",
                queries.list_wrong_bills(tenant)?,
            ),
            check(
                "refunds hold what is set aside for them, as their steps and entries say",
                queries.list_wrong_refunds(tenant)?,
            ),
            check(
                "differences stand where their steps and the money say",
                queries.list_wrong_cases(tenant)?,
            ),
            check(
                "notices are applied and name their payments",
                queries.list_wrong_notices(tenant)?,
            ),
            check(
                "settlements, credits and remittances are what was posted, each once",
                queries.list_wrong_settled(tenant)?,
            ),
            check(
                "closed days are what was signed, and hold what their postings give",
                wrong_days(queries, tenant, keys)?,
            ),
            check(
                "outcomes are those that a comparison found and a closed day signed",
                wrong_outcomes(queries, tenant)?,
            ),
            check(
                "dossiers are classed as their rows say",
                classes(queries, tenant)?,
            ),
            check(
                "indicator counts equal a recount",
                queries.list_wrong_counts(tenant)?,
            ),
        ])
    })
}

fn check(proves: &'static str, (rows, wrong): (i64, Vec<Wrong>)) -> Check {
    Check {
        proves,
        rows,
        wrong,
    }
}

/// Recomputes every chain from its first block; also finds postings that belong to no block.
fn seals(queries: &mut dyn Queries, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
    let mut wrong = Vec::new();
    let (mut blocks, mut sealed) = (0, 0);
    for chain in queries.list_chains(tenant)? {
        let mut walk = Walk {
            tenant,
            chain: chain.chain,
            height: 0,
            hash: GENESIS.to_vec(),
            sealed: 0,
            wrong: &mut wrong,
        };
        while walk.page(queries)? {}
        if chain.height != walk.height || chain.hash != walk.hash {
            let problem = format!(
                "says its head is block {}, its blocks end at {} or hash otherwise",
                chain.height, walk.height
            );
            walk.wrong(None, problem);
        }
        blocks += walk.height;
        sealed += walk.sealed;
    }
    let kept = queries.count_postings(tenant)?;
    if kept != sealed {
        wrong.push((
            "postings".to_owned(),
            format!("{kept} are kept, {sealed} stand in blocks"),
        ));
    }
    wrong.truncate(NAMED);
    Ok((blocks, wrong))
}

/// A walk along one chain, block by block.
struct Walk<'a> {
    tenant: i32,
    chain: i32,
    height: i64,
    hash: Vec<u8>,
    sealed: i64,
    wrong: &'a mut Vec<Wrong>,
}

impl Walk<'_> {
    fn wrong(&mut self, block: Option<i64>, problem: String) {
        let name = match block {
            Some(height) => format!("block {}/{height}", self.chain),
            None => format!("chain {}", self.chain),
        };
        self.wrong.push((name, problem));
    }

    /// Walks over the next page of blocks; false at the end of the chain.
    fn page(&mut self, queries: &mut dyn Queries) -> Result<bool, Failure> {
        let page = queries.list_blocks(self.tenant, (self.chain, self.height), PAGE)?;
        let blocks: Vec<BlockRow> = page
            .into_iter()
            .filter(|block| block.chain == self.chain)
            .collect();
        let Some(last) = blocks.last() else {
            return Ok(false);
        };
        let postings =
            queries.list_postings_between(self.tenant, self.chain, self.height + 1, last.height)?;
        let mut by_height: HashMap<i64, Vec<PostingRow>> = HashMap::new();
        for posting in postings {
            by_height.entry(posting.height).or_default().push(posting);
        }
        for block in &blocks {
            let rows = by_height.remove(&block.height).unwrap_or_default();
            self.block(block, &rows);
        }
        Ok(true)
    }

    fn block(&mut self, block: &BlockRow, rows: &[PostingRow]) {
        if block.height != self.height + 1 {
            self.wrong(
                Some(block.height),
                format!("follows block {}: a block is missing", self.height),
            );
        }
        let hash = block_hash(
            self.tenant,
            self.chain,
            block.height,
            &self.hash,
            block.sealed_at.0,
            rows,
        );
        let count = i64::try_from(rows.len()).unwrap_or(0);
        if hash.as_slice() != block.hash {
            let problem =
                format!("its {count} postings or its head are not those that were sealed");
            self.wrong(Some(block.height), problem);
        } else if i64::from(block.posting_count) != count {
            let problem = format!(
                "says it has {} postings, {count} are kept",
                block.posting_count
            );
            self.wrong(Some(block.height), problem);
        }
        self.sealed += count;
        self.hash.clone_from(&block.hash);
        self.height = block.height;
    }
}

/// A posting moves an amount between two accounts, so this can only fail when balances were altered.
fn sums(queries: &mut dyn Queries, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
    let balances = queries.list_balances(tenant)?;
    let mut by_currency: HashMap<&str, i128> = HashMap::new();
    for row in &balances {
        *by_currency.entry(&row.currency).or_default() +=
            i128::from(row.debit_minor) - i128::from(row.credit_minor);
    }
    let off = by_currency.into_iter().filter(|(_, sum)| *sum != 0);
    let wrong = off
        .map(|(currency, sum)| {
            (
                currency.to_owned(),
                format!("debits less credits are {sum}"),
            )
        })
        .collect();
    Ok((i64::try_from(balances.len()).unwrap_or(i64::MAX), wrong))
}

/// Classifies every dossier anew from its fee items, bills and payments.
fn classes(queries: &mut dyn Queries, tenant: i32) -> Result<(i64, Vec<Wrong>), Failure> {
    let slots = queries.list_provider_slots(tenant)?;
    let slots: HashMap<String, u8> = slots
        .into_iter()
        .map(|row| (row.provider, u8::try_from(row.slot).unwrap_or(u8::MAX)))
        .collect();
    let (mut count, mut after, mut wrong) = (0, None, Vec::new());
    loop {
        let page = queries.list_dossiers(tenant, after, PAGE)?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.dossier_id);
        count += i64::try_from(page.len()).unwrap_or(0);
        let ids: Vec<Uid> = page.iter().map(|row| row.dossier_id).collect();
        let items = by_dossier(queries.list_fee_items_of(tenant, &ids)?, |row| {
            Some(row.dossier_id)
        });
        let bills = by_dossier(queries.list_bills_of(tenant, &ids)?, |row| {
            Some(row.dossier_id)
        });
        let money = by_dossier(standing(queries, tenant, &ids)?, |row| Some(row.dossier_id));
        for row in &page {
            let rows = (
                items.get(&row.dossier_id),
                bills.get(&row.dossier_id),
                money.get(&row.dossier_id),
            );
            let class = class_of(row, rows, &slots)?;
            if class.0 != row.class && wrong.len() < NAMED {
                wrong.push((
                    format!("dossier {}", row.code),
                    format!("has class {}, its rows give {}", row.class, class.0),
                ));
            }
        }
    }
    Ok((count, wrong))
}

fn by_dossier<T>(rows: Vec<T>, of: fn(&T) -> Option<Uid>) -> HashMap<Uid, Vec<T>> {
    let mut by_id: HashMap<Uid, Vec<T>> = HashMap::new();
    for row in rows {
        if let Some(id) = of(&row) {
            by_id.entry(id).or_default().push(row);
        }
    }
    by_id
}

type Rows<'a> = (
    Option<&'a Vec<FeeItemRow>>,
    Option<&'a Vec<BillRow>>,
    Option<&'a Vec<Standing>>,
);

/// Money towards these dossiers, from the payments that matching gave them and what officers did.
fn standing(queries: &mut dyn Queries, tenant: i32, ids: &[Uid]) -> Result<Vec<Standing>, Failure> {
    let payments = queries.list_payments_of(tenant, ids)?;
    let mut rows: Vec<Standing> = payments.iter().filter_map(Standing::of_payment).collect();
    for some in rows.chunks_mut(AT_ONCE) {
        let of: Vec<Uid> = some.iter().map(|row| row.payment_id).collect();
        for given in queries.list_allocations(tenant, &of)? {
            let row = some
                .iter_mut()
                .find(|row| row.payment_id == given.payment_id);
            if let Some(row) = row {
                row.allocated_minor -= given.amount_minor;
            }
        }
    }
    let given = queries.list_allocations_on(tenant, ids)?;
    rows.extend(given.iter().map(Standing::of_allocation));
    Ok(rows)
}

fn class_of(
    row: &DossierRow,
    (items, bills, money): Rows<'_>,
    slots: &HashMap<String, u8>,
) -> Result<Class, Failure> {
    let items: Result<Vec<FeeItem>, Failure> = items
        .into_iter()
        .flatten()
        .map(FeeItemRow::to_fee_item)
        .collect();
    let bills: Result<Vec<Bill>, Failure> =
        bills.into_iter().flatten().map(BillRow::to_bill).collect();
    let paid = |row: &Standing| {
        let slot = slots.get(&row.provider).copied().unwrap_or(u8::MAX);
        row.to_paid_by(slot)
    };
    let paid_by: Vec<PaidBy> = money.into_iter().flatten().filter_map(paid).collect();
    let via = SubmittedVia::parse(&row.submitted_via).ok_or_else(|| {
        Failure::Broken(format!(
            "dossier {} was submitted via \"{}\"",
            row.code, row.submitted_via
        ))
    })?;
    Ok(Class::of(via, &items?, &bills?, &paid_by))
}
