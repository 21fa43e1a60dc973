//! What each rule names: the four rules in order, each gives nothing, one bill or several. Takes a
//! notice and what the store found for its clues; a candidate that the notice does not name is
//! dropped here. Amounts are never looked at.

use super::memo::{Named, are_rivals};
use super::rules::{Candidate, Candidates, Rule};
use crate::domain::bill::BillState;
use crate::domain::notice::Notice;

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

/// What the texts of a notice name, read once for all rules.
pub(super) struct Texts<'a> {
    order_ref: Option<&'a str>,
    order: Named,
    memo: Named,
}

impl<'a> Texts<'a> {
    pub(super) fn of(notice: &'a Notice) -> Self {
        let read = |text: Option<&str>| text.map(Named::in_text).unwrap_or_default();
        Self {
            order_ref: notice.order_ref.as_deref(),
            order: read(notice.order_ref.as_deref()),
            memo: read(notice.memo.as_deref()),
        }
    }

    fn place(&self, names: impl Fn(&Named) -> bool) -> Option<&'static str> {
        if names(&self.order) {
            Some("order reference")
        } else {
            names(&self.memo).then_some("memo")
        }
    }

    /// Where a bill's reference stands: a reference given from outside has no check character, so
    /// only the whole order reference can name it; ours may stand anywhere.
    pub(super) fn place_of_reference(&self, reference: &str) -> Option<&'static str> {
        if !reference.is_empty() && self.order_ref == Some(reference) {
            return Some("order reference");
        }
        self.place(|named| named.references.iter().any(|name| name == reference))
    }

    /// Whether a bill's reference was read without its fixed letters.
    pub(super) fn is_headless(&self, reference: &str) -> bool {
        let with_them = |named: &Named| {
            !named.is_headless && named.references.iter().any(|name| name == reference)
        };
        self.order_ref != Some(reference) && !with_them(&self.order) && !with_them(&self.memo)
    }

    /// Where a squeezed dossier code stands.
    pub(super) fn place_of_code(&self, code: &str) -> Option<&'static str> {
        self.place(|named| named.codes.iter().any(|name| name == code))
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
/// bill, paid or cancelled as it may be. A dossier with a rival is not the only one: the bank may
/// have cut the rival's code, or glued a digit to it.
fn by_dossier<'a>(texts: &Texts<'_>, found: &[Candidate<'a>]) -> Gave<'a> {
    let is_named = |candidate: &&Candidate<'a>| {
        texts
            .place_of_code(&candidate.dossier.code_squeezed)
            .is_some()
    };
    let is_meant = |candidate: &&Candidate<'a>| {
        let mut named = found.iter().filter(is_named);
        is_named(candidate)
            || named.any(|other| {
                are_rivals(
                    &candidate.dossier.code_squeezed,
                    &other.dossier.code_squeezed,
                )
            })
    };
    let mut named: Vec<Candidate<'a>> = found.iter().filter(is_meant).copied().collect();
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
