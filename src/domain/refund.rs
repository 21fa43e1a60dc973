//! Refunds: money going back to a payer. Their states and the one table of permitted steps, what
//! proposes them, where the money is taken from, and what they are to the indicators; asking,
//! approving and paying are journeys.

use super::dossier::words;

words!(
    /// Where a refund stands.
    RefundState {
        /// A rule proposes it; nobody has asked yet.
        Proposed = "proposed",
        /// An officer asks for it; the money does not move.
        Requested = "requested",
        /// Not wanted any more; the money never moved.
        Withdrawn = "withdrawn",
        /// Another officer approved it; the money is set aside.
        ToSend = "to_send",
        /// Handed to the provider or the bank.
        Sent = "sent",
        /// Paid out.
        Succeeded = "succeeded",
        /// Refused by the provider or the bank; may be sent again or called off.
        Failed = "failed",
        /// Paid out by hand, with evidence.
        ByHand = "by_hand",
        /// Approved and then not wanted any more: what was not paid out stands where it came from.
        CalledOff = "called_off",
    }
);

words!(
    /// What is done to a refund.
    RefundAction {
        /// An officer asks for it, of the own accord or because a rule proposes it.
        Request = "request",
        /// It is not wanted any more; the money never moved.
        Withdraw = "withdraw",
        /// Another officer approves it.
        Approve = "approve",
        /// It is handed to the provider or the bank.
        Send = "send",
        /// It was paid out.
        Succeed = "succeed",
        /// The provider or the bank refused it.
        Fail = "fail",
        /// It was paid out by hand.
        PayByHand = "pay_by_hand",
        /// It is not wanted any more; the money moves back.
        CallOff = "call_off",
        /// The provider tells by itself that money went back.
        Tell = "tell",
    }
);

impl RefundState {
    /// The table of permitted steps; `None` for one that is not. What the provider tells may find a
    /// refund in any state in which money is set aside.
    #[must_use]
    pub fn after(self, action: RefundAction) -> Option<Self> {
        use RefundAction as A;
        Some(match (self, action) {
            (Self::Proposed, A::Request) => Self::Requested,
            (Self::Proposed | Self::Requested, A::Withdraw) => Self::Withdrawn,
            (Self::Requested, A::Approve) => Self::ToSend,
            (Self::ToSend | Self::Failed, A::Send) => Self::Sent,
            (Self::Sent, A::Fail) => Self::Failed,
            (Self::Sent, A::Succeed) | (Self::ToSend | Self::Sent | Self::Failed, A::Tell) => {
                Self::Succeeded
            }
            (Self::ToSend | Self::Failed, A::PayByHand) => Self::ByHand,
            (Self::ToSend | Self::Failed, A::CallOff) => Self::CalledOff,
            (
                Self::Proposed
                | Self::Requested
                | Self::Withdrawn
                | Self::ToSend
                | Self::Sent
                | Self::Succeeded
                | Self::Failed
                | Self::ByHand
                | Self::CalledOff,
                _,
            ) => return None,
        })
    }

    /// Whether money is set aside for it.
    #[must_use]
    pub fn holds_money(self) -> bool {
        matches!(self, Self::ToSend | Self::Sent | Self::Failed)
    }
}

words!(
    /// What a dossier whose online money all went back is to the indicators.
    RefundedRule {
        /// It leaves the numerator.
        Leaves = "leaves",
        /// It stays: it was paid online once.
        Stays = "stays",
    }
);

words!(
    /// What proposed a refund.
    RefundRule {
        /// The bill was paid again.
        Twice = "twice",
        /// More was paid than was due.
        Over = "over",
        /// Paid after the due day or a cancellation.
        Late = "late",
        /// The dossier was refused after it was paid.
        RefusedDossier = "refused_dossier",
        /// An officer.
        ByHand = "by_hand",
    }
);

words!(
    /// Where the money of a refund stands before it is approved.
    RefundSource {
        /// With the payer's credit.
        Credit = "credit",
        /// In suspense.
        Suspense = "suspense",
        /// A fee that was paid and is given back.
        Fee = "fee",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_table_permits_can_be_done() {
        use RefundAction as A;
        use RefundState as S;
        let permitted = [
            (S::Proposed, A::Request, S::Requested),
            (S::Proposed, A::Withdraw, S::Withdrawn),
            (S::Requested, A::Withdraw, S::Withdrawn),
            (S::Requested, A::Approve, S::ToSend),
            (S::ToSend, A::Send, S::Sent),
            (S::ToSend, A::PayByHand, S::ByHand),
            (S::ToSend, A::CallOff, S::CalledOff),
            (S::ToSend, A::Tell, S::Succeeded),
            (S::Sent, A::Succeed, S::Succeeded),
            (S::Sent, A::Fail, S::Failed),
            (S::Sent, A::Tell, S::Succeeded),
            (S::Failed, A::Send, S::Sent),
            (S::Failed, A::PayByHand, S::ByHand),
            (S::Failed, A::CallOff, S::CalledOff),
            (S::Failed, A::Tell, S::Succeeded),
        ];
        for &state in S::ALL {
            for &action in A::ALL {
                let row = permitted
                    .iter()
                    .find(|(from, by, _)| (*from, *by) == (state, action));
                let expected = row.map(|(_, _, to)| *to);
                assert_eq!(state.after(action), expected, "{state:?} {action:?}");
                assert!(action != A::Tell || state.holds_money() == expected.is_some());
            }
        }
    }
}
