//! The dossiers of the quarter: the plan and a seed come in, exactly as many dossiers of every fate
//! as the plan asks for go out, in the order of their codes' days. What is paid on them, and when,
//! is planned elsewhere.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::{Datelike, Days};

use super::calendar::Calendar;
use super::people;
use super::plan::{Fate, Fee, Plan, Procedure};
use super::rng::Rng;
use crate::domain::dossier::{
    BillRequest, DossierFacts, DossierStatus, FeeItem, FeeKind, SubmittedVia,
};
use crate::domain::dossier_code::DossierCode;
use crate::domain::money::Money;
use crate::domain::tariff::judge::Grounds;

/// A dossier and what will happen to it.
#[derive(Debug, Clone)]
pub(super) struct Dossier {
    pub(super) facts: DossierFacts,
    pub(super) fate: Fate,
    /// Number of its reception day in the calendar.
    pub(super) day: usize,
}

/// One dossier before it has a code.
struct Draft {
    fate: Fate,
    via: SubmittedVia,
    at_commune: bool,
    day: usize,
}

/// Generates all dossiers.
///
/// # Errors
/// When the plan's reference data cannot give what a fate needs.
pub(super) fn generate(plan: &Plan, calendar: &Calendar, seed: u64) -> Result<Vec<Dossier>> {
    let mut drafts = drafts(plan, seed);
    let days = day_weights(calendar);
    let mut rng = Rng::new(seed, "days");
    for draft in &mut drafts {
        draft.day = rng.weighted(&days).copied().unwrap_or(0);
    }
    drafts.sort_by_key(|draft| draft.day);
    let mut maker = Maker::new(plan, calendar, seed);
    drafts.iter().map(|draft| maker.make(draft)).collect()
}

/// Fates, ways of submission and levels in the plan's numbers, in random order.
fn drafts(plan: &Plan, seed: u64) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (&fate, share) in &plan.fates {
        drafts.extend((0..share.count).map(|place| Draft {
            fate,
            via: if place < share.online {
                SubmittedVia::Online
            } else {
                SubmittedVia::Counter
            },
            at_commune: true,
            day: 0,
        }));
    }
    Rng::new(seed, "fates").shuffle(&mut drafts);
    let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let by_post = drafts
        .iter_mut()
        .filter(|draft| draft.via == SubmittedVia::Counter);
    for draft in by_post.take(count(plan.volume.by_post)) {
        draft.via = SubmittedVia::Post;
    }
    let above = plan.volume.received.saturating_sub(plan.volume.at_communes);
    let chargeable = drafts.iter_mut().filter(|draft| draft.fate.is_chargeable());
    for draft in chargeable.take(count(above)) {
        draft.at_commune = false;
    }
    Rng::new(seed, "order").shuffle(&mut drafts);
    drafts
}

/// Mondays are busiest, and the two-level administration took some weeks to get going.
fn day_weights(calendar: &Calendar) -> Vec<(u32, usize)> {
    let weight = |number: usize| {
        let weekday = calendar
            .day(number)
            .map_or(0, |day| day.weekday().num_days_from_monday());
        let start = u32::try_from(number.min(20)).unwrap_or(20);
        (60 + 2 * start + 5 * (4_u32.saturating_sub(weekday)), number)
    };
    (0..calendar.reception_days()).map(weight).collect()
}

/// Turns drafts into dossiers one after the other.
struct Maker<'a> {
    calendar: &'a Calendar,
    plan: &'a Plan,
    rng: Rng,
    communes: Vec<(u32, &'a str)>,
    sequences: BTreeMap<(&'a str, usize), u32>,
    accounts: u64,
}

impl<'a> Maker<'a> {
    fn new(plan: &'a Plan, calendar: &'a Calendar, seed: u64) -> Self {
        let mut rng = Rng::new(seed, "dossiers");
        let communes = plan.communes.iter().map(|unit| {
            let is_ward = unit.name_vi.starts_with("Phường");
            let size = if is_ward { plan.volume.ward_weight } else { 10 };
            let spread = u32::try_from(rng.between(5, 16)).unwrap_or(10);
            (size * spread, unit.unit_code.as_str())
        });
        Self {
            calendar,
            plan,
            communes: communes.collect(),
            rng,
            sequences: BTreeMap::new(),
            accounts: 0,
        }
    }

    fn make(&mut self, draft: &Draft) -> Result<Dossier> {
        let received_on = self
            .calendar
            .day(draft.day)
            .context("a day of the quarter")?;
        let (procedure, fee) = self.procedure(draft)?;
        let unit_code = if draft.at_commune {
            let picked = self.rng.weighted(&self.communes);
            picked.copied().context("a commune")?
        } else {
            self.plan.province_unit.as_str()
        };
        let sequence = self.sequences.entry((unit_code, draft.day)).or_default();
        *sequence += 1;
        let code = format!("{unit_code}-{}-{sequence:04}", received_on.format("%y%m%d"));
        let fee_items = self.fee_items(draft, fee)?;
        let due_on = received_on + Days::new(self.plan.quarter.due_days);
        let count = draft.fate.bills();
        let bills = (0..count).map(|ordinal| BillRequest {
            reference: None,
            due_on: Some(due_on),
            items: if count == 1 {
                (0..fee_items.len()).collect()
            } else {
                vec![ordinal]
            },
            virtual_account: self.virtual_account(draft.fate),
            is_cancelled: is_cancelled(draft.fate, ordinal),
        });
        let bills = bills.collect();
        let facts = DossierFacts {
            code: DossierCode::parse(&code)?,
            procedure_code: procedure.procedure_code.clone(),
            unit_code: unit_code.to_owned(),
            received_on,
            submitted_via: draft.via,
            status: self.status(draft.fate),
            applicant_name: people::name(&mut self.rng),
            fee_items,
            bills,
            grounds: Grounds::default(),
        };
        Ok(Dossier {
            facts,
            fate: draft.fate,
            day: draft.day,
        })
    }

    /// A procedure that suits the fate, with the fee that is asked for.
    fn procedure(&mut self, draft: &Draft) -> Result<(&'a Procedure, Option<&'a Fee>)> {
        let level = if draft.at_commune {
            "commune"
        } else {
            "province"
        };
        let mut suitable = Vec::new();
        for procedure in &self.plan.procedures {
            if procedure.level != level || procedure.has_fee == (draft.fate == Fate::NoFee) {
                continue;
            }
            let is_of = |fee: &&Fee| fee.procedure_code == procedure.procedure_code;
            let fees = self.plan.fees.iter().filter(is_of);
            let fees: Vec<&Fee> = fees.filter(|fee| suits(draft, fee)).collect();
            if fees.is_empty() && matches!(draft.fate, Fate::NoFee | Fate::EmptyList) {
                suitable.push((procedure.weight, (procedure, None)));
            }
            suitable.extend(
                fees.into_iter()
                    .map(|fee| (procedure.weight, (procedure, Some(fee)))),
            );
        }
        let picked = self.rng.weighted(&suitable).copied();
        picked.with_context(|| format!("no {level} procedure suits {}", draft.fate.as_str()))
    }

    /// What is asked for: nothing, items of zero, or a fee and at times its delivery by post.
    fn fee_items(&mut self, draft: &Draft, fee: Option<&Fee>) -> Result<Vec<FeeItem>> {
        let Some(fee) = fee.filter(|_| draft.fate != Fate::EmptyList) else {
            return Ok(Vec::new());
        };
        let is_free = !draft.fate.is_chargeable();
        let copies = match self.rng.below(4) {
            0 if fee.kind == "phi" && fee.amount <= COPIED_UP_TO => self.rng.between(2, 9),
            _ => 1,
        };
        let amount = if is_free {
            0
        } else {
            asked(fee, draft.via) * copies
        };
        // Names and texts of other provinces stand in the reference file as sources.
        let name = fee.name.split(" (").next().unwrap_or(&fee.name);
        let is_foreign = fee.basis.contains("Hà Nội");
        let basis = if is_foreign || is_free {
            LOCAL_BASIS
        } else {
            &fee.basis
        };
        let mut items = vec![FeeItem {
            kind: FeeKind::parse(&fee.kind).context("a fee kind of fees.csv")?,
            code: fee.code.clone(),
            name: name.to_owned(),
            amount: Money::vnd(amount),
            basis: basis.to_owned(),
        }];
        let is_delivered = draft.fate.is_chargeable() && self.rng.once_in(14);
        if draft.fate.bills() == 2 || is_delivered {
            items.push(FeeItem {
                kind: FeeKind::Other,
                code: "BCCI".to_owned(),
                name: "Cước chuyển trả kết quả qua bưu chính".to_owned(),
                amount: Money::vnd(26_000 + 1_000 * self.rng.between(0, 6)),
                basis: String::new(),
            });
        }
        Ok(items)
    }

    /// Some bills have an alias account of their own, where a payment by transfer is to be played.
    fn virtual_account(&mut self, fate: Fate) -> Option<String> {
        let by_transfer = matches!(
            fate,
            Fate::Paid | Fate::Short | Fate::Over | Fate::TopUp | Fate::Twice
        );
        if !by_transfer || !self.rng.once_in(14) {
            return None;
        }
        self.accounts += 1;
        Some(format!("96812{:07}", self.accounts))
    }

    fn status(&mut self, fate: Fate) -> DossierStatus {
        let is_waiting = matches!(
            fate,
            Fate::Unpaid | Fate::FailedOnly | Fate::PendingOnly | Fate::Short | Fate::OneOfTwo
        );
        if fate == Fate::Closed {
            let closed = [DossierStatus::Refused, DossierStatus::Withdrawn];
            self.rng.pick(&closed).copied()
        } else if is_waiting {
            Some(DossierStatus::AwaitingPayment)
        } else {
            let usual = [
                (6, DossierStatus::Returned),
                (3, DossierStatus::Done),
                (1, DossierStatus::Processing),
            ];
            self.rng.weighted(&usual).copied()
        }
        .unwrap_or(DossierStatus::Received)
    }
}

/// Which bills were withdrawn: where there are two, the second is the delivery's.
fn is_cancelled(fate: Fate, ordinal: usize) -> bool {
    matches!(fate, Fate::Cancelled | Fate::LateCancelled)
        || (fate == Fate::CancelledAndPaid && ordinal == 1)
}

/// Fees up to so many đồng are asked once for each copy.
const COPIED_UP_TO: i64 = 10_000;

/// Cà Mau's own resolution: nothing is asked online for fees within the province's power.
const LOCAL_BASIS: &str = "NQ 03/2025/NQ-HĐND tỉnh Cà Mau";

/// What a fee asks for by the way of submission.
fn asked(fee: &Fee, via: SubmittedVia) -> i64 {
    match via {
        SubmittedVia::Online => fee.amount_online.unwrap_or(fee.amount),
        SubmittedVia::Counter | SubmittedVia::Post => fee.amount,
    }
}

fn suits(draft: &Draft, fee: &Fee) -> bool {
    !draft.fate.is_chargeable() || asked(fee, draft.via) > 0
}
