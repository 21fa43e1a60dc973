//! The way back: asking that money goes back to the payer. A refund is asked for here and nothing
//! moves; approving and paying it are stories of their own.

use super::{Done, Taking, must_wait};
use crate::domain::difference::{DifferenceState, StepAction};
use crate::domain::refund::{RefundAction, RefundRule, RefundSource, RefundState};
use crate::journeys::case_desk::{CaseError, CaseRefusal};
use crate::journeys::refunds::{Step, proposed, step_row};
use crate::journeys::workbook::Workbook;
use crate::store::rows::{PaymentRow, RefundRow, RefundStepRow};
use crate::store::types::Ts;

impl Taking<'_> {
    /// Asks for all that waits to go back. A refund that a rule proposed is asked for itself.
    pub(super) fn ask_return(&self, book: &Workbook<'_>) -> Result<Done, CaseError> {
        let payment = self.payment(book)?;
        must_wait(&payment)?;
        if let Some(standing) = self.known.refunds.iter().find(|row| is_asked(row)) {
            return Err(CaseRefusal::RefundStands(standing.refund_id.0).into());
        }
        let mut done = Done::new(StepAction::AskedReturn, DifferenceState::Waiting);
        let proposal = self.proposal();
        if let Some(proposal) = proposal.filter(|_| payment.credit_minor > 0) {
            let action = RefundAction::Request;
            done.proposals
                .push(self.changed(proposal, action, payment.credit_minor));
        }
        for (source, minor) in [
            (RefundSource::Credit, payment.credit_minor),
            (RefundSource::Suspense, payment.suspense_minor),
        ] {
            let is_asked = source == RefundSource::Credit && !done.proposals.is_empty();
            if minor > 0 && !is_asked {
                done.new_refunds.push(self.refund(&payment, source, minor));
            }
        }
        done.detail.refunds = done.refund_ids();
        Ok(done)
    }

    fn refund(&self, payment: &PaymentRow, source: RefundSource, minor: i64) -> RefundRow {
        let unit = self.row.unit_code.clone();
        RefundRow {
            bill_id: self.row.bill_id,
            dossier_id: self.row.dossier_id,
            difference_id: Some(self.row.difference_id),
            rule: RefundRule::ByHand.as_str().to_owned(),
            reason: self.resolution.reason.clone(),
            state: RefundState::Requested.as_str().to_owned(),
            requested_by: Some(self.desk.officer.to_owned()),
            requested_at: Some(Ts(self.desk.now)),
            ..proposed(payment, unit, source, minor, self.desk.now)
        }
    }

    fn proposal(&self) -> Option<&RefundRow> {
        let proposed = RefundState::Proposed.as_str();
        let credit = RefundSource::Credit.as_str();
        let mut refunds = self.known.refunds.iter();
        refunds.find(|row| row.state == proposed && row.source == credit)
    }

    /// What becomes of a proposed refund when only so much is left of the payer's money.
    pub(super) fn proposals(&self, credit_left: i64) -> Vec<(RefundRow, RefundStepRow)> {
        let lower = |row: &RefundRow| match credit_left {
            0 => Some(self.changed(row, RefundAction::Withdraw, row.amount_minor)),
            left if left < row.amount_minor => Some(self.changed(row, RefundAction::Lower, left)),
            _ => None,
        };
        self.proposal().and_then(lower).into_iter().collect()
    }

    fn changed(
        &self,
        row: &RefundRow,
        action: RefundAction,
        minor: i64,
    ) -> (RefundRow, RefundStepRow) {
        let mut row = row.clone();
        row.revision += 1;
        // Only proposals come here, and a proposal takes every step that is asked of it.
        let state = RefundState::Proposed.after(action);
        let state = state.unwrap_or(RefundState::Proposed);
        state.as_str().clone_into(&mut row.state);
        row.amount_minor = minor;
        if state == RefundState::Requested {
            row.reason.clone_from(&self.resolution.reason);
            row.requested_by = Some(self.desk.officer.to_owned());
            row.requested_at = Some(Ts(self.desk.now));
        }
        if state == RefundState::Withdrawn {
            row.ended_at = Some(Ts(self.desk.now));
        }
        let step = Step {
            action,
            state,
            reason: &self.resolution.reason,
            evidence: None,
            entry_id: None,
            minor: 0,
        };
        let step = step_row(&row, Some(self.desk.officer), self.desk.now, step);
        (row, step)
    }
}

/// A refund that an officer asked for and that has not ended.
pub(in crate::journeys) fn is_asked(row: &RefundRow) -> bool {
    match RefundState::parse(&row.state) {
        Some(
            RefundState::Requested | RefundState::ToSend | RefundState::Sent | RefundState::Failed,
        )
        | None => true,
        Some(
            RefundState::Proposed
            | RefundState::Withdrawn
            | RefundState::Succeeded
            | RefundState::ByHand
            | RefundState::CalledOff,
        ) => false,
    }
}
