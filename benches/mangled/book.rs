//! The books that memos are judged against: dossiers with their bills in memory, and the way of the
//! program itself from a memo to a decision. Numbers stand close together, as they do in an office.

use std::collections::{HashMap, HashSet};

use doisoat::domain::bill::Bill;
use doisoat::domain::dossier::DossierSummary;
use doisoat::domain::dossier_code::{DossierCode, squeeze};
use doisoat::domain::ids::{BillId, DossierId};
use doisoat::domain::money::Money;
use doisoat::domain::notice::Notice;
use doisoat::domain::payment::PaymentStatus;
use doisoat::domain::reference::PaymentReference;
use doisoat::domain::time::parse_rfc3339;
use doisoat::matching::clues::{Clues, clues};
use doisoat::matching::rules::{Candidate, Candidates, decide};
use uuid::Uuid;

use super::rng::Rng;

/// The fees that repeat all day: an amount tells nothing.
const FEES: [i64; 4] = [8_000, 10_000, 20_000, 50_000];

pub(crate) struct Book {
    bills: Vec<Bill>,
    dossiers: Vec<DossierSummary>,
    printed: Vec<String>,
    bills_of: Vec<Vec<usize>>,
    dossier_of: Vec<usize>,
    by_reference: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
    /// Dossiers whose number has five digits.
    pub(crate) long: Vec<usize>,
    /// Those whose code begins that of another, and the others.
    pub(crate) shadowed: HashSet<usize>,
}

impl Book {
    /// About as many bills as asked for.
    pub(crate) fn new(seed: u64, bills: usize) -> Self {
        let mut rng = Rng::new(seed ^ 0xB00C);
        let mut book = Self {
            bills: Vec::new(),
            dossiers: Vec::new(),
            printed: Vec::new(),
            bills_of: Vec::new(),
            dossier_of: Vec::new(),
            by_reference: HashMap::new(),
            by_code: HashMap::new(),
            long: Vec::new(),
            shadowed: HashSet::new(),
        };
        // Those of the observed memos.
        book.add(&mut rng, "000.00.19.H12-250701-0001");
        book.add(&mut rng, "H12.104-250701-0012");
        // Days with more than 9,999 dossiers, and an office that changed to five digits.
        for day in 10..20 {
            let numbers = (998..1_006).chain(9_995..10_060);
            for number in numbers {
                book.add(&mut rng, &format!("000.00.00.G12-2603{day}-{number:04}"));
            }
            for number in (1..5)
                .map(|n| format!("{n:04}"))
                .chain((12..46).map(|n| format!("{n:05}")))
            {
                book.add(&mut rng, &format!("H12.19-2603{day}-{number}"));
            }
        }
        while book.bills.len() < bills {
            let unit = unit(&mut rng);
            let day = format!("26{:02}{:02}", 1 + rng.below(9), 1 + rng.below(28));
            for number in 1..=8 + rng.below(25) {
                book.add(&mut rng, &format!("{unit}-{day}-{number:04}"));
            }
        }
        for long in book.long.clone() {
            if let Some(short) = book.beginning_of(long) {
                book.shadowed.extend([long, short]);
            }
        }
        book
    }

    fn add(&mut self, rng: &mut Rng, code: &str) {
        let squeezed = DossierCode::parse(code).unwrap().squeezed();
        let dossier = self.dossiers.len();
        if self.by_code.contains_key(&squeezed) {
            return;
        }
        if code.len() - code.rfind('-').unwrap() > 5 {
            self.long.push(dossier);
        }
        self.by_code.insert(squeezed.clone(), dossier);
        self.printed.push(code.to_owned());
        self.bills_of.push(Vec::new());
        let id = DossierId(Uuid::from_u128(u128::try_from(dossier).unwrap()));
        self.dossiers.push(DossierSummary {
            id,
            code_squeezed: squeezed,
            unit_code: String::new(),
            is_closed: rng.percent(1),
        });
        for ordinal in 0..if rng.percent(6) { 2 } else { 1 } {
            let reference = PaymentReference::derive(1, code, ordinal, 0).to_string();
            let total = rng.pick(&FEES);
            let paid = if rng.percent(10) { total } else { 0 };
            let bill = self.bills.len();
            self.by_reference.insert(reference.clone(), bill);
            self.dossier_of.push(dossier);
            self.bills_of[dossier].push(bill);
            self.bills.push(Bill {
                id: BillId(Uuid::from_u128(u128::try_from(bill).unwrap())),
                dossier_id: id,
                reference,
                virtual_account: None,
                total: Money::vnd(total),
                paid_minor: paid,
                state: Bill::state_of(total, paid, false),
                due_on: None,
                cancelled_at: None,
            });
        }
    }

    fn beginning_of(&self, long: usize) -> Option<usize> {
        let code = &self.dossiers[long].code_squeezed;
        self.by_code.get(&code[..code.len() - 1]).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.bills.len()
    }

    pub(crate) fn dossiers(&self) -> usize {
        self.dossiers.len()
    }

    pub(crate) fn reference(&self, bill: usize) -> &str {
        &self.bills[bill].reference
    }

    pub(crate) fn dossier_of(&self, bill: usize) -> usize {
        self.dossier_of[bill]
    }

    /// The code as printed.
    pub(crate) fn code(&self, dossier: usize) -> &str {
        &self.printed[dossier]
    }

    /// The bill that the code of a dossier names: the only one, or the only one to be paid.
    pub(crate) fn bill_of(&self, dossier: usize) -> Option<usize> {
        let bills = &self.bills_of[dossier];
        let open: Vec<usize> = bills
            .iter()
            .copied()
            .filter(|&bill| self.bills[bill].paid_minor == 0)
            .collect();
        match (bills.as_slice(), open.as_slice()) {
            ([only], _) | (_, [only]) => Some(*only),
            _ => None,
        }
    }

    pub(crate) fn has_single_bill(&self, dossier: usize) -> bool {
        self.bills_of[dossier].len() == 1
    }

    pub(crate) fn knows_reference(&self, reference: &str) -> bool {
        self.by_reference.contains_key(reference)
    }

    pub(crate) fn dossier_named(&self, code: &str) -> Option<usize> {
        self.by_code.get(&squeeze(code)).copied()
    }

    /// The bill that the program links a memo to: the clues, what a store finds for them, the rules.
    pub(crate) fn linked(&self, memo: &str, amount: i64) -> Option<usize> {
        let notice = notice(memo, amount);
        let decision = decide(&notice, &self.candidates(&clues(&notice)), &[]);
        decision
            .bill_id
            .map(|id| usize::try_from(id.0.as_u128()).unwrap())
    }

    fn candidates(&self, clues: &Clues) -> Candidates<'_> {
        let of_dossier = |code: &String| {
            self.by_code
                .get(code)
                .map(|&dossier| &self.bills_of[dossier])
        };
        Candidates {
            by_attempt: None,
            by_reference: clues
                .references
                .iter()
                .filter_map(|name| self.by_reference.get(name))
                .map(|&bill| self.candidate(bill))
                .collect(),
            by_virtual_account: None,
            by_dossier: clues
                .dossier_codes
                .iter()
                .filter_map(of_dossier)
                .flatten()
                .map(|&bill| self.candidate(bill))
                .collect(),
        }
    }

    fn candidate(&self, bill: usize) -> Candidate<'_> {
        Candidate {
            bill: &self.bills[bill],
            dossier: &self.dossiers[self.dossier_of[bill]],
        }
    }
}

fn unit(rng: &mut Rng) -> String {
    match rng.below(20) {
        0..10 => format!("H12.{}", 100 + rng.below(64)),
        10..13 => format!("H12.{:02}", 1 + rng.below(18)),
        13..17 => format!("000.00.{:02}.H12", 1 + rng.below(30)),
        17 => format!("{:03}.{:02}.15.H44", 1 + rng.below(30), 20 + rng.below(9)),
        18 => format!("H12.{}.{:02}", 100 + rng.below(64), 1 + rng.below(5)),
        _ => rng.pick(&["H12", "G09.20", "000.A0.01.H26"]).to_owned(),
    }
}

fn notice(memo: &str, amount: i64) -> Notice {
    Notice {
        event_id: None,
        provider_txn_id: None,
        payment_key: "1".to_owned(),
        order_ref: None,
        amount: Money::vnd(amount),
        refunded_minor: None,
        status: PaymentStatus::Succeeded,
        paid_at: parse_rfc3339("2026-10-05T02:00:00Z"),
        memo: Some(memo.to_owned()),
        virtual_account: None,
        account_number: None,
        bank_txn_id: None,
    }
}

pub(crate) fn fee(rng: &mut Rng) -> i64 {
    rng.pick(&FEES)
}
