//! The desk at which officers work on differences: who works, for whom and when; what may be refused
//! and by which stable code. Reads the case and the officer; changes nothing.

use thiserror::Error;
use uuid::Uuid;

use super::open_book::Desk;
use crate::domain::difference::{DifferenceKind, DifferenceState, WAYS_OUT_COMPARED, WayOut};
use crate::domain::entry::Posting;
use crate::domain::ids::Tenant;
use crate::domain::time::Instant;
use crate::store::AsFailure;
use crate::store::failure::Failure;
use crate::store::ops::Queries;
use crate::store::rows::DifferenceRow;
use crate::store::types::Uid;

/// Who works on a difference, for whom and when.
#[derive(Debug, Clone, Copy)]
pub struct CaseDesk<'a> {
    /// The installation.
    pub tenant: Tenant,
    /// The name under which a seal chain is leased, one for each request.
    pub holder: &'a str,
    /// Now, UTC.
    pub now: Instant,
    /// The officer's code.
    pub officer: &'a str,
    /// The one unit whose differences and bills may be touched; none for all.
    pub unit: Option<&'a str>,
    /// Whether less than was due may be accepted.
    pub may_approve: bool,
}

/// What became of a difference, and what it did to the books.
#[derive(Debug, Clone)]
pub struct CaseOutcome {
    /// The difference.
    pub difference_id: Uuid,
    /// Where it stands then.
    pub state: DifferenceState,
    /// Its revision then.
    pub revision: i32,
    /// What was posted, or would be.
    pub postings: Vec<Posting>,
    /// Refunds that were asked for.
    pub refunds: Vec<Uuid>,
    /// Nothing of this was written: it was only asked what would happen.
    pub is_preview: bool,
}

/// Why a step was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaseRefusal {
    /// No reason was given.
    #[error("say why: every step needs a reason")]
    NoReason,
    /// The officer is unknown or disabled.
    #[error("there is no active officer {0}")]
    UnknownOfficer(String),
    /// Accepting less takes an approver.
    #[error("accepting less than is due takes an approver")]
    NeedsApprover,
    /// Somebody took a step meanwhile.
    #[error("the difference is at revision {is} and no longer at {given}: look at it again")]
    ChangedMeanwhile {
        /// The revision now.
        is: i32,
        /// The one the step was decided on.
        given: i32,
    },
    /// It is resolved.
    #[error("the difference is resolved; reopen it first")]
    AlreadyResolved,
    /// Not a way out of this kind.
    #[error("a difference of the kind {0} has these ways out: {1}")]
    WrongWayOut(&'static str, String),
    /// No money of the payment can be moved.
    #[error("no money of this payment waits to be placed")]
    NothingThere,
    /// No bill, or a bill named twice, or an amount that is none.
    #[error("{0}")]
    WrongBills(String),
    /// No bill of this installation has the reference.
    #[error("there is no bill {0}")]
    UnknownBill(String),
    /// The bill belongs to a unit the officer does not work for.
    #[error("bill {0} belongs to {1}, for which this officer does not act")]
    OtherUnit(String, String),
    /// The bill was cancelled.
    #[error("bill {0} was cancelled")]
    BillClosed(String),
    /// The dossier was refused, withdrawn or stopped.
    #[error("the dossier of bill {0} is closed")]
    DossierClosed(String),
    /// The bill is paid.
    #[error("nothing is due on bill {0}")]
    NothingDue(String),
    /// More than the bill needs.
    #[error("bill {bill} needs {due}, not {asked}")]
    MoreThanDue {
        /// The bill's reference.
        bill: String,
        /// What it needs, minor units.
        due: i64,
        /// What was asked for, minor units.
        asked: i64,
    },
    /// More than is there.
    #[error("{asked} was asked for, {there} is there")]
    MoreThanThere {
        /// What is there, minor units.
        there: i64,
        /// What was asked for, minor units.
        asked: i64,
    },
    /// The bill asks for another currency.
    #[error("bill {0} is in {1}, the money in {2}")]
    OtherCurrency(String, String, String),
    /// Accepted short before.
    #[error("less was accepted for bill {0} before; undo that first")]
    AlreadyWaived(String),
    /// No day to wait until, or one that is over.
    #[error("say until which day to wait, from today on")]
    NoUntil,
    /// No such unit.
    #[error("there is no unit {0}")]
    UnknownUnit(String),
    /// It belongs to the unit already.
    #[error("the difference belongs to {0} already")]
    SameUnit(String),
    /// Money of the payment is approved to go back.
    #[error("money of this payment is on its way back to the payer")]
    GoingBack,
    /// The provider took the money back.
    #[error("the provider says of the payment: {0}; its money is gone")]
    MoneyGone(String),
    /// A refund stands.
    #[error("refund {0} stands for this money; withdraw it first")]
    RefundStands(Uuid),
    /// A refund was paid out.
    #[error("refund {0} was paid out")]
    RefundPaid(Uuid),
    /// Its cause went away by itself: reopened it would wait for nothing.
    #[error("the cause is gone: {0}")]
    CauseGone(String),
    /// No step has an effect that stands.
    #[error("nothing was done that could be undone")]
    NothingToUndo,
}

impl CaseRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoReason => "no_reason",
            Self::UnknownOfficer(_) => "unknown_officer",
            Self::NeedsApprover => "needs_approver",
            Self::ChangedMeanwhile { .. } => "changed_meanwhile",
            Self::AlreadyResolved => "already_resolved",
            Self::WrongWayOut(..) => "wrong_way_out",
            Self::NothingThere => "nothing_there",
            Self::WrongBills(_) => "wrong_bills",
            Self::UnknownBill(_) => "unknown_bill",
            Self::OtherUnit(..) => "other_unit",
            Self::BillClosed(_) => "bill_closed",
            Self::DossierClosed(_) => "dossier_closed",
            Self::NothingDue(_) => "nothing_due",
            Self::MoreThanDue { .. } => "more_than_due",
            Self::MoreThanThere { .. } => "more_than_there",
            Self::OtherCurrency(..) => "other_currency",
            Self::AlreadyWaived(_) => "already_waived",
            Self::NoUntil => "no_until",
            Self::UnknownUnit(_) => "unknown_unit",
            Self::SameUnit(_) => "same_unit",
            Self::GoingBack => "going_back",
            Self::MoneyGone(_) => "money_gone",
            Self::RefundStands(_) => "refund_stands",
            Self::RefundPaid(_) => "refund_paid",
            Self::CauseGone(_) => "cause_gone",
            Self::NothingToUndo => "nothing_to_undo",
        }
    }

    /// Whether the caller may not do it at all, as it stands.
    #[must_use]
    pub fn is_about_rights(&self) -> bool {
        matches!(
            self,
            Self::UnknownOfficer(_) | Self::NeedsApprover | Self::OtherUnit(..)
        )
    }

    /// Whether the request itself is wrong, whatever the books hold.
    #[must_use]
    pub fn is_about_request(&self) -> bool {
        matches!(self, Self::NoReason | Self::WrongBills(_) | Self::NoUntil)
    }
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum CaseError {
    /// There is no such difference, or none this officer sees.
    #[error("there is no such difference")]
    Unknown,
    /// It may not be done.
    #[error(transparent)]
    Refused(#[from] CaseRefusal),
    /// Only asked what would happen: undone on purpose.
    #[error("nothing was written: it was only asked what would happen")]
    Preview(Box<CaseOutcome>),
    /// The database.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl AsFailure for CaseError {
    fn as_failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::Unknown | Self::Refused(_) | Self::Preview(_) => None,
        }
    }
}

impl CaseDesk<'_> {
    pub(super) fn desk(&self) -> Desk<'_> {
        Desk {
            tenant: self.tenant,
            holder: self.holder,
            now: self.now,
        }
    }

    /// The difference an active officer with a reason works on.
    pub(super) fn case(
        &self,
        queries: &mut dyn Queries,
        id: Uuid,
        reason: &str,
    ) -> Result<DifferenceRow, CaseError> {
        if reason.trim().is_empty() {
            return Err(CaseRefusal::NoReason.into());
        }
        let officer = queries.find_officer(self.tenant.0, self.officer)?;
        if !officer.is_some_and(|officer| officer.is_active) {
            return Err(CaseRefusal::UnknownOfficer(self.officer.to_owned()).into());
        }
        let row = queries.find_difference(self.tenant.0, Uid(id))?;
        let is_own = |row: &DifferenceRow| self.unit.is_none_or(|unit| unit == row.unit_code);
        row.filter(is_own).ok_or(CaseError::Unknown)
    }
}

/// The kind of a difference in a row.
pub(super) fn kind_of(row: &DifferenceRow) -> Result<DifferenceKind, Failure> {
    DifferenceKind::parse(&row.kind)
        .ok_or_else(|| Failure::Broken(format!("difference of the kind \"{}\"", row.kind)))
}

/// The state of a difference in a row.
pub(super) fn state_of(row: &DifferenceRow) -> Result<DifferenceState, Failure> {
    DifferenceState::parse(&row.state)
        .ok_or_else(|| Failure::Broken(format!("difference in the state \"{}\"", row.state)))
}

/// Refuses a step decided on another revision than the one that stands.
pub(super) fn must_be_current(row: &DifferenceRow, given: i32) -> Result<(), CaseRefusal> {
    if row.revision == given {
        return Ok(());
    }
    let is = row.revision;
    Err(CaseRefusal::ChangedMeanwhile { is, given })
}

/// Refuses a way out that a difference does not have.
pub(super) fn must_lead_out(row: &DifferenceRow, way: WayOut) -> Result<(), CaseError> {
    let kind = kind_of(row)?;
    let ways = match row.subject {
        Some(_) => WAYS_OUT_COMPARED,
        None => kind.ways_out(),
    };
    if ways.contains(&way) {
        return Ok(());
    }
    let ways: Vec<&str> = ways.iter().map(|way| way.as_str()).collect();
    Err(CaseRefusal::WrongWayOut(kind.as_str(), ways.join(", ")).into())
}
