//! The ways out of a difference, one small story each, told over an open book: what is refused, what
//! is moved, and where the difference stands then. Nothing is written here.

mod going_back;
mod money;

use chrono::{NaiveTime, TimeDelta, TimeZone, Utc};
use uuid::Uuid;

pub(super) use going_back::is_asked;

use super::case_desk::{CaseDesk, CaseError, CaseRefusal};
use super::difference_steps::StepDetail;
use super::move_money::MoveError;
use super::resolve_difference::{Known, Resolution};
use super::workbook::Workbook;
use crate::domain::difference::{DifferenceState, StepAction, WayOut};
use crate::domain::ids::EntryId;
use crate::domain::refund::RefundState;
use crate::domain::time::{VIETNAM, vietnam_day};
use crate::store::rows::{DifferenceRow, PaymentRow, RefundRow, RefundStepRow};
use crate::store::types::Ts;

/// What a way out did.
pub(in crate::journeys) struct Done {
    pub(in crate::journeys) action: StepAction,
    pub(in crate::journeys) state: DifferenceState,
    pub(in crate::journeys) detail: StepDetail,
    pub(in crate::journeys) entry_id: Option<EntryId>,
    pub(in crate::journeys) unit: Option<String>,
    pub(in crate::journeys) due_at: Option<Ts>,
    pub(in crate::journeys) new_refunds: Vec<RefundRow>,
    /// Proposed refunds that are asked for, lowered or withdrawn.
    pub(in crate::journeys) proposals: Vec<(RefundRow, RefundStepRow)>,
}

impl Done {
    fn new(action: StepAction, state: DifferenceState) -> Self {
        Self {
            action,
            state,
            detail: StepDetail::default(),
            entry_id: None,
            unit: None,
            due_at: None,
            new_refunds: Vec::new(),
            proposals: Vec::new(),
        }
    }

    /// The refunds that are asked for.
    pub(in crate::journeys) fn refund_ids(&self) -> Vec<Uuid> {
        let requested = RefundState::Requested.as_str();
        let proposals = self.proposals.iter().map(|(row, _)| row);
        let rows = proposals.chain(&self.new_refunds);
        rows.filter(|row| row.state == requested)
            .map(|row| row.refund_id.0)
            .collect()
    }
}

/// A way out being taken.
pub(in crate::journeys) struct Taking<'a> {
    pub(in crate::journeys) desk: &'a CaseDesk<'a>,
    pub(in crate::journeys) row: &'a DifferenceRow,
    pub(in crate::journeys) known: &'a Known,
    pub(in crate::journeys) resolution: &'a Resolution,
}

impl Taking<'_> {
    pub(in crate::journeys) fn take(&mut self, book: &mut Workbook<'_>) -> Result<Done, CaseError> {
        match self.resolution.way {
            WayOut::Assign => self.assign(book),
            WayOut::AcceptShort => self.accept_short(book),
            WayOut::AskTopUp => self.ask_top_up(),
            WayOut::Return => self.ask_return(book),
            WayOut::MarkTest => self.mark_test(book),
            WayOut::Close => Ok(Done::new(StepAction::Closed, DifferenceState::Resolved)),
            WayOut::MoveUnit => self.move_unit(),
        }
    }

    fn payment(&self, book: &Workbook<'_>) -> Result<PaymentRow, CaseError> {
        let id = self.row.payment_id;
        let row = id.and_then(|id| book.payment_of(id)).cloned();
        row.ok_or_else(|| CaseRefusal::NothingThere.into())
    }

    fn ask_top_up(&self) -> Result<Done, CaseError> {
        let today = vietnam_day(self.desk.now);
        let until = self.resolution.until.filter(|day| *day >= today);
        let end = until
            .and_then(|day| day.checked_add_signed(TimeDelta::days(1)))
            .and_then(|day| {
                VIETNAM
                    .from_local_datetime(&day.and_time(NaiveTime::MIN))
                    .single()
            })
            .ok_or(CaseRefusal::NoUntil)?;
        let mut done = Done::new(StepAction::AskedTopUp, DifferenceState::Waiting);
        done.due_at = Some(Ts(end.with_timezone(&Utc)));
        done.detail.until = until.map(|day| day.to_string());
        Ok(done)
    }

    fn move_unit(&self) -> Result<Done, CaseError> {
        let unit = self.resolution.unit.clone().unwrap_or_default();
        let is_known = self.known.units.iter().any(|row| row.code == unit);
        if !unit.is_empty() && !is_known || self.resolution.unit.is_none() {
            return Err(CaseRefusal::UnknownUnit(unit).into());
        }
        if unit == self.row.unit_code {
            return Err(CaseRefusal::SameUnit(unit).into());
        }
        let mut done = Done::new(StepAction::Moved, DifferenceState::Open);
        done.detail.unit = Some(unit.clone());
        done.unit = Some(unit);
        Ok(done)
    }
}

/// The refusal, or failure, behind money that was not moved.
pub(in crate::journeys) fn not_moved(error: MoveError) -> CaseError {
    match error {
        MoveError::NotThere { there, asked } => CaseRefusal::MoreThanThere { there, asked }.into(),
        MoveError::UnknownBill => CaseRefusal::NothingThere.into(),
        MoveError::Failure(failure) => failure.into(),
    }
}

/// Money of the payment waits to be placed, and none of it is on its way back.
fn must_wait(payment: &PaymentRow) -> Result<(), CaseRefusal> {
    if payment.refunding_minor > 0 {
        return Err(CaseRefusal::GoingBack);
    }
    if payment.credit_minor + payment.suspense_minor == 0 {
        return Err(CaseRefusal::NothingThere);
    }
    Ok(())
}

/// The officer acts for the unit of a bill.
pub(in crate::journeys) fn must_act_for(
    desk: &CaseDesk<'_>,
    unit: &str,
    reference: &str,
) -> Result<(), CaseRefusal> {
    if desk.unit.is_none_or(|own| own == unit) {
        return Ok(());
    }
    Err(CaseRefusal::OtherUnit(
        reference.to_owned(),
        unit.to_owned(),
    ))
}
