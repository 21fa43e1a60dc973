//! What each rule names: the four rules in order, each gives nothing, one bill or several. Takes a
//! notice and what the store found for its clues; a candidate that the notice does not name is
//! dropped here. Amounts are never looked at.

use super::memo::squeezed;
use super::rules::{Candidate, Candidates, Rule};
use crate::domain::bill::BillState;
use crate::domain::notice::Notice;
use crate::domain::reference::PaymentReference;

/// What one rule gave.
#[derive(Debug, Clone)]
pub(super) enum Gave<'a> {
    /// No bill.
    Nothing,
    /// Exactly one.
    One(Candidate<'a>),
    /// Several with equal right, sorted by id.
    Several(Vec<Candidate<'a>>),
}

/// The texts of a notice, squeezed once for all rules.
pub(super) struct Texts<'a> {
    order_ref: Option<&'a str>,
    squeezed_order: String,
    squeezed_memo: String,
}

impl<'a> Texts<'a> {
    pub(super) fn of(notice: &'a Notice) -> Self {
        let squeeze_of = |text: Option<&str>| text.map(squeezed).unwrap_or_default();
        Self {
            order_ref: notice.order_ref.as_deref(),
            squeezed_order: squeeze_of(notice.order_ref.as_deref()),
            squeezed_memo: squeeze_of(notice.memo.as_deref()),
        }
    }

    fn holds(&self, code: &str) -> Option<&'static str> {
        if code.is_empty() {
            None
        } else if self.squeezed_order.contains(code) {
            Some("order reference")
        } else if self.squeezed_memo.contains(code) {
            Some("memo")
        } else {
            None
        }
    }

    /// Where a bill's reference stands: a reference given from outside has no check character, so
    /// only the whole order reference can name it; ours may stand anywhere.
    pub(super) fn place_of_reference(&self, reference: &str) -> Option<&'static str> {
        if reference.is_empty() {
            None
        } else if self.order_ref == Some(reference) {
            Some("order reference")
        } else {
            PaymentReference::parse(reference).and_then(|ours| self.holds(ours.as_str()))
        }
    }

    /// Where a squeezed dossier code stands.
    pub(super) fn place_of_code(&self, code: &str) -> Option<&'static str> {
        self.holds(code)
    }
}

/// Every rule with what it gave, in the order in which they are followed.
pub(super) fn every_rule<'a>(
    notice: &Notice,
    texts: &Texts<'_>,
    candidates: &Candidates<'a>,
) -> [(Rule, Gave<'a>); 4] {
    let one = |candidate: Option<Candidate<'a>>| candidate.map_or(Gave::Nothing, Gave::One);
    let has_alias = |candidate: &Candidate<'_>| {
        let alias = candidate.bill.virtual_account.as_deref();
        alias.is_some() && alias == notice.virtual_account.as_deref()
    };
    let named = candidates
        .by_reference
        .iter()
        .filter(|found| texts.place_of_reference(&found.bill.reference).is_some());
    [
        (Rule::OrderReference, one(candidates.by_attempt)),
        (Rule::PaymentReference, sole(named.copied().collect())),
        (
            Rule::VirtualAccount,
            one(candidates.by_virtual_account.filter(has_alias)),
        ),
        (Rule::DossierCode, by_dossier(texts, &candidates.by_dossier)),
    ]
}

/// One bill, however often it was found; several where they differ.
fn sole(mut found: Vec<Candidate<'_>>) -> Gave<'_> {
    found.sort_by_key(|candidate| candidate.bill.id);
    found.dedup_by_key(|candidate| candidate.bill.id);
    match found.as_slice() {
        [] => Gave::Nothing,
        [only] => Gave::One(*only),
        _ => Gave::Several(found),
    }
}

/// Something can still be paid on the bill. A bill of zero asks for nothing, so it never stands in
/// the way of the one that does.
fn is_payable(candidate: &Candidate<'_>) -> bool {
    match candidate.bill.state {
        BillState::Open | BillState::PartPaid => candidate.bill.rest_minor() > 0,
        BillState::Paid | BillState::Cancelled => false,
    }
}

/// The only payable bill of the only dossier named; where a dossier has one bill in all, that
/// bill, paid or cancelled as it may be.
fn by_dossier<'a>(texts: &Texts<'_>, found: &[Candidate<'a>]) -> Gave<'a> {
    let mut named: Vec<Candidate<'a>> = found
        .iter()
        .filter(|candidate| {
            let code = &candidate.dossier.code_squeezed;
            // A classic code ends in what reads as a short code: the longer one was meant.
            let is_tail = |other: &Candidate<'_>| {
                let longer = &other.dossier.code_squeezed;
                longer.len() > code.len()
                    && longer.ends_with(code.as_str())
                    && texts.place_of_code(longer).is_some()
            };
            texts.place_of_code(code).is_some() && !found.iter().any(is_tail)
        })
        .copied()
        .collect();
    named.sort_by_key(|candidate| candidate.bill.id);
    named.dedup_by_key(|candidate| candidate.bill.id);
    let is_one_dossier = named
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.dossier.id == b.dossier.id));
    let mut payable = named.iter().filter(|candidate| is_payable(candidate));
    match (named.as_slice(), payable.next(), payable.next()) {
        ([], _, _) => Gave::Nothing,
        ([only], _, _) => Gave::One(*only),
        (_, Some(only), None) if is_one_dossier => Gave::One(*only),
        _ => Gave::Several(named),
    }
}
