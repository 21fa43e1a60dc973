//! Putting dossiers into the books: new ones are added with their bills, known ones are brought up
//! to date, what has not changed is left alone. One block is sealed per call, counts and balances
//! move with it. Checked facts come in; reading files and requests is done elsewhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use thiserror::Error;

use super::dossier_rows::{class_of, dossier_row, facts_hash, fee_item_rows, must_be_same_code};
use super::lease_chain::lease_in;
use super::put_bills::{BillPutter, Taken, attempts, owners};
use super::read_dossier::FieldError;
use super::refunds::proposals_for_refused;
use super::sums::{balances, count_moves, summed_counts};
use super::tariffs::flag_fees::FeeFlags;
use crate::domain::classification::{Class, PaidBy};
use crate::domain::dossier::{DossierFacts, DossierStatus};
use crate::domain::entry::{Event, Posting};
use crate::domain::ids::{DossierId, Tenant};
use crate::domain::time::Instant;
use crate::ledger::seal::ChainHead;
use crate::store::failure::Failure;
use crate::store::journal::{Batch, Lookup};
use crate::store::ops::Queries;
use crate::store::rows::{BillRow, CountRow, DossierRow, FeeItemRow};
use crate::store::types::Uid;
use crate::store::{AsFailure, Db};

/// How many dossiers of each sort there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Put {
    /// Not known before.
    pub added: u64,
    /// Known, with other facts.
    pub changed: u64,
    /// Known, with the same facts.
    pub unchanged: u64,
}

/// Why dossiers were not put; nothing of the call was.
#[derive(Debug, Error)]
pub enum PutError {
    /// One of them contradicts what the books hold.
    #[error("dossier {index}: {error}")]
    Dossier {
        /// Which one, counted from 0.
        index: usize,
        /// The field and what is wrong.
        error: FieldError,
    },
    /// One of them belongs to another unit than the caller may write.
    #[error("dossier {index} belongs to another unit")]
    OtherUnit {
        /// Which one, counted from 0.
        index: usize,
    },
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl AsFailure for PutError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::Dossier { .. } | Self::OtherUnit { .. } => None,
        }
    }
}

/// Puts dossiers in one transaction: all or none. With a `unit`, dossiers known to belong to another
/// one are refused.
///
/// # Errors
/// [`PutError`] names the dossier and the field.
pub fn put_dossiers(
    db: &Db,
    tenant: Tenant,
    holder: &str,
    now: Instant,
    unit: Option<&str>,
    facts: &[DossierFacts],
) -> Result<Put, PutError> {
    db.write(|queries| {
        let mut putter = Putter::begin(queries, tenant, holder, now)?;
        putter.unit = unit.map(str::to_owned);
        putter.put(queries, facts, 0)?;
        Ok(putter.finish(queries, holder)?)
    })
}

/// Puts chunk after chunk inside one transaction.
pub(super) struct Putter {
    tenant: Tenant,
    now: Instant,
    /// The one unit whose dossiers may be written; none for all.
    unit: Option<String>,
    head: ChainHead,
    slots: HashMap<String, u8>,
    flags: FeeFlags,
    put: Put,
}

/// What a chunk writes, gathered dossier by dossier.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) new_dossiers: Vec<DossierRow>,
    pub(super) changed_dossiers: Vec<DossierRow>,
    pub(super) new_bills: Vec<BillRow>,
    pub(super) changed_bills: Vec<BillRow>,
    pub(super) fee_items: Vec<FeeItemRow>,
    pub(super) counts: Vec<CountRow>,
    pub(super) postings: Vec<Posting>,
    /// Known dossiers that are refused from now on, with their units.
    refused: Vec<(Uid, String)>,
}

/// What the books hold of a dossier.
#[derive(Default)]
pub(super) struct Known {
    pub(super) row: Option<DossierRow>,
    pub(super) bills: Vec<BillRow>,
    pub(super) fee_items: Vec<FeeItemRow>,
    pub(super) paid_by: Vec<PaidBy>,
    /// Bills with money that were cancelled once, and reopened by it.
    pub(super) reopened: HashSet<Uid>,
}

impl Known {
    /// The unit the dossier belongs to so far; empty for a new one.
    pub(super) fn unit_code(&self) -> &str {
        self.row.as_ref().map_or("", |row| row.unit_code.as_str())
    }
}

impl Putter {
    pub(super) fn begin(
        queries: &mut dyn Queries,
        tenant: Tenant,
        holder: &str,
        now: Instant,
    ) -> Result<Self, Failure> {
        let head = lease_in(queries, tenant, holder, now)?;
        let slots = queries.list_provider_slots(tenant.0)?;
        let slot = |slot: i32| u8::try_from(slot).unwrap_or(u8::MAX);
        let slots = slots
            .into_iter()
            .map(|row| (row.provider, slot(row.slot)))
            .collect();
        Ok(Self {
            tenant,
            now,
            unit: None,
            head,
            slots,
            flags: FeeFlags::new(tenant, now),
            put: Put::default(),
        })
    }

    pub(super) fn finish(self, queries: &mut dyn Queries, holder: &str) -> Result<Put, Failure> {
        queries.mark_chains_free(holder)?;
        Ok(self.put)
    }

    /// Puts one chunk; `first` is the index of its first dossier, for errors.
    pub(super) fn put(
        &mut self,
        queries: &mut dyn Queries,
        facts: &[DossierFacts],
        first: usize,
    ) -> Result<(), PutError> {
        let mut known = self.known(queries, facts)?;
        let mut taken = self.taken(queries, facts, &known)?;
        let mut changes = Changes::default();
        let mut seen = HashSet::new();
        let mut put = Vec::with_capacity(facts.len());
        for (index, facts) in (first..).zip(facts) {
            let squeezed = facts.code.squeezed();
            let wrong = |error| PutError::Dossier { index, error };
            if !seen.insert(squeezed.clone()) {
                let problem = format!("{} stands here twice", facts.code.as_str());
                return Err(wrong(FieldError::new("dossier_code", problem)));
            }
            let known = known.remove(&squeezed).unwrap_or_default();
            let is_foreign = |unit: &String| known.row.is_some() && known.unit_code() != unit;
            if self.unit.as_ref().is_some_and(is_foreign) {
                return Err(PutError::OtherUnit { index });
            }
            let id = self.put_one(facts, &known, &mut taken, &mut changes);
            put.push((id.map_err(wrong)?, known.row.is_some(), facts));
        }
        self.write(queries, changes)?;
        Ok(self.flags.flag(queries, &put)?)
    }

    /// Locks and reads what the books hold of these dossiers, by squeezed code.
    fn known(
        &self,
        queries: &mut dyn Queries,
        facts: &[DossierFacts],
    ) -> Result<HashMap<String, Known>, Failure> {
        let dossier_codes = facts.iter().map(|facts| facts.code.squeezed()).collect();
        let lookup = Lookup {
            tenant: self.tenant.0,
            dossier_codes,
            ..Lookup::default()
        };
        let found = queries.find(&lookup)?;
        let ids: Vec<Uid> = found.dossiers.iter().map(|row| row.dossier_id).collect();
        let mut by_id: BTreeMap<Uid, Known> = BTreeMap::new();
        for row in found.dossiers {
            let id = row.dossier_id;
            by_id.entry(id).or_default().row = Some(row);
        }
        for row in found.bills {
            by_id.entry(row.dossier_id).or_default().bills.push(row);
        }
        for row in queries.list_fee_items_of(self.tenant.0, &ids)? {
            by_id.entry(row.dossier_id).or_default().fee_items.push(row);
        }
        for row in found.standing {
            let slot = self.slots.get(&row.provider).copied().unwrap_or(u8::MAX);
            let known = by_id.entry(row.dossier_id).or_default();
            known.paid_by.extend(row.to_paid_by(slot));
        }
        for bill_id in self.reopened(queries, facts, &by_id)? {
            let of_bill = |known: &&mut Known| known.bills.iter().any(|b| b.bill_id == bill_id);
            if let Some(known) = by_id.values_mut().find(of_bill) {
                known.reopened.insert(bill_id);
            }
        }
        let by_code = |known: Known| {
            known
                .row
                .as_ref()
                .map(|row| row.code_squeezed.clone())
                .map(|code| (code, known))
        };
        Ok(by_id.into_values().filter_map(by_code).collect())
    }

    /// The bills with money on them that were cancelled once: an entry took them off the books and
    /// put nothing in their place. Looked up only when a bill is called cancelled.
    fn reopened(
        &self,
        queries: &mut dyn Queries,
        facts: &[DossierFacts],
        known: &BTreeMap<Uid, Known>,
    ) -> Result<HashSet<Uid>, Failure> {
        let mut asked = facts.iter().flat_map(|facts| &facts.bills);
        if !asked.any(|bill| bill.is_cancelled) {
            return Ok(HashSet::new());
        }
        let with_money: Vec<Uid> = known
            .values()
            .flat_map(|known| &known.bills)
            .filter(|bill| bill.paid_minor > 0 && bill.cancelled_at.is_none())
            .map(|bill| bill.bill_id)
            .collect();
        let moves = queries.list_bill_moves(self.tenant.0, &with_money)?;
        let (opened, cancelled): (Vec<_>, Vec<_>) = moves
            .into_iter()
            .partition(|(_, event, _)| event == Event::BillOpened.as_str());
        let opened: HashSet<Uid> = opened.into_iter().map(|(_, _, entry)| entry).collect();
        Ok(cancelled
            .into_iter()
            .filter(|(_, _, entry)| !opened.contains(entry))
            .map(|(bill_id, _, _)| bill_id)
            .collect())
    }

    /// What stands on bills already among the references and alias accounts that are asked for or
    /// derived. Further attempts at a reference are looked up only where the first is not free.
    fn taken(
        &self,
        queries: &mut dyn Queries,
        facts: &[DossierFacts],
        known: &HashMap<String, Known>,
    ) -> Result<Taken, Failure> {
        let bills = self.bills();
        let asked = || {
            facts.iter().flat_map(|facts| {
                (0..)
                    .zip(&facts.bills)
                    .map(move |(at, bill)| (facts, at, bill))
            })
        };
        let first: Vec<String> = asked()
            .map(|(facts, at, bill)| bills.reference(facts, at, bill, 0))
            .collect();
        let stored = queries.list_taken_references(self.tenant.0, &first)?;
        let mut references: HashSet<String> = stored.into_iter().collect();
        let mut once = HashSet::new();
        let twice: HashSet<&String> = first.iter().filter(|text| !once.insert(*text)).collect();
        let is_own = |facts: &DossierFacts, reference: &String| {
            let known = known.get(&facts.code.squeezed());
            known.is_some_and(|known| known.bills.iter().any(|bill| bill.reference == *reference))
        };
        let further: Vec<String> = asked()
            .zip(&first)
            .filter(|((facts, ..), text)| {
                (references.contains(*text) || twice.contains(text)) && !is_own(facts, text)
            })
            .flat_map(|((facts, at, bill), _)| {
                attempts(bill)
                    .skip(1)
                    .map(move |attempt| bills.reference(facts, at, bill, attempt))
            })
            .collect();
        references.extend(queries.list_taken_references(self.tenant.0, &further)?);
        let wanted: Vec<String> = asked()
            .filter_map(|(_, _, bill)| bill.virtual_account.clone())
            .collect();
        let accounts = queries.list_taken_accounts(self.tenant.0, &wanted)?;
        Ok(Taken {
            references,
            accounts: accounts.into_iter().collect(),
        })
    }

    fn bills(&self) -> BillPutter {
        BillPutter {
            tenant: self.tenant,
            now: self.now,
        }
    }

    fn put_one(
        &mut self,
        facts: &DossierFacts,
        known: &Known,
        taken: &mut Taken,
        changes: &mut Changes,
    ) -> Result<Uid, FieldError> {
        must_be_same_code(facts, known)?;
        let facts_hash = facts_hash(facts);
        let is_same = |row: &&DossierRow| row.facts_hash == facts_hash;
        if let Some(row) = known.row.as_ref().filter(is_same) {
            self.put.unchanged += 1;
            return Ok(row.dossier_id);
        }
        let dossier_id = known
            .row
            .as_ref()
            .map_or_else(|| Uid(DossierId::at(self.now).0), |row| row.dossier_id);
        let bills = self
            .bills()
            .bills(facts, known, dossier_id, taken, changes)?;
        let class = class_of(facts, &bills, &known.paid_by)?;
        let row = dossier_row(self.tenant, dossier_id, facts, class, facts_hash);
        if let Some(before) = &known.row {
            self.put.changed += 1;
            let refused = DossierStatus::Refused;
            if facts.status == refused && before.status != refused.as_str() {
                changes.refused.push((dossier_id, facts.unit_code.clone()));
            }
            changes.counts.extend(count_moves(
                before,
                Class(before.class),
                -1,
                self.head.chain,
            ));
            changes.changed_dossiers.push(row.clone());
        } else {
            self.put.added += 1;
            changes.new_dossiers.push(row.clone());
        }
        changes
            .counts
            .extend(count_moves(&row, class, 1, self.head.chain));
        let owners = owners(facts, &bills);
        changes
            .fee_items
            .extend(fee_item_rows(self.tenant, dossier_id, facts, &owners));
        Ok(dossier_id)
    }

    fn write(&mut self, queries: &mut dyn Queries, changes: Changes) -> Result<(), Failure> {
        queries.insert_dossiers(&changes.new_dossiers)?;
        for row in &changes.changed_dossiers {
            queries.delete_fee_items(row.tenant, row.dossier_id)?;
            queries.mark_dossier(row)?;
        }
        queries.insert_bills(&changes.new_bills)?;
        for row in &changes.changed_bills {
            queries.mark_bill(row)?;
        }
        queries.insert_fee_items(&changes.fee_items)?;
        let refunds = proposals_for_refused(queries, self.tenant, self.now, &changes.refused)?;
        let batch = Batch {
            refunds,
            counts: summed_counts(changes.counts),
            balances: balances(self.tenant, self.head.chain, &changes.postings),
            block: self.head.seal(self.now, &changes.postings),
            ..Batch::default()
        };
        queries.write(self.tenant.0, &batch)
    }
}
