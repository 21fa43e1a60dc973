//! Rows to words of the house and back. A row that holds a text no version of this program writes
//! is a broken database, named by its id.

use super::failure::Failure;
use super::journal::Standing;
use super::rows::{
    AllocationRow, BillRow, FeeItemRow, NoticeRow, PaymentHead, PaymentRow, StatementRow,
};
use super::types::{Ts, Uid};
use crate::domain::bill::{Bill, BillState};
use crate::domain::classification::PaidBy;
use crate::domain::dossier::{FeeItem, FeeKind};
use crate::domain::ids::{BillId, DossierId, instant_of};
use crate::domain::money::{Currency, Money};
use crate::domain::notice::{Notice, Verdict};
use crate::domain::payment::PaymentStatus;
use crate::domain::statement::{Statement, StatementShown};
use crate::domain::time::Instant;

fn strange(table: &str, id: Uid, column: &str, value: &str) -> Failure {
    Failure::Broken(format!("{table} {} has the {column} \"{value}\"", id.0))
}

impl BillRow {
    /// The bill.
    ///
    /// # Errors
    /// [`Failure::Broken`] when state or currency is none we write.
    pub fn to_bill(&self) -> Result<Bill, Failure> {
        let strange = |column, value| strange("bill", self.bill_id, column, value);
        let currency =
            Currency::parse(&self.currency).map_err(|_| strange("currency", &self.currency))?;
        Ok(Bill {
            id: BillId(self.bill_id.0),
            dossier_id: DossierId(self.dossier_id.0),
            reference: self.reference.clone(),
            virtual_account: self.virtual_account.clone(),
            total: Money::new(self.total_minor - self.waived_minor, currency),
            paid_minor: self.paid_minor,
            state: BillState::parse(&self.state).ok_or_else(|| strange("state", &self.state))?,
            due_on: self.due_on,
            cancelled_at: self.cancelled_at.map(|at| at.0),
        })
    }
}

impl StatementRow {
    /// The statement as people and programs read it.
    #[must_use]
    pub fn to_shown(&self) -> StatementShown {
        let scale = Statement {
            decimals: u32::try_from(self.decimals).unwrap_or(0),
            ..Statement::default()
        };
        let text = |minor| scale.text(minor);
        StatementShown {
            account: self.account.clone(),
            number: self.number.clone(),
            revision: self.revision,
            from: self.from_day,
            to: self.to_day,
            entries: self.line_count,
            opening: self.opening_minor.map(text),
            closing: self.closing_minor.map(text),
            sum_credit: text(self.credit_minor),
            sum_debit: text(self.debit_minor),
            sum_fee: text(self.fees_minor),
        }
    }
}

impl FeeItemRow {
    /// The fee item.
    ///
    /// # Errors
    /// [`Failure::Broken`] when kind or currency is none we write.
    pub fn to_fee_item(&self) -> Result<FeeItem, Failure> {
        let strange =
            |column, value| strange("fee item of dossier", self.dossier_id, column, value);
        let currency =
            Currency::parse(&self.currency).map_err(|_| strange("currency", &self.currency))?;
        Ok(FeeItem {
            kind: FeeKind::parse(&self.kind).ok_or_else(|| strange("kind", &self.kind))?,
            code: self.code.clone(),
            name: self.name.clone(),
            amount: Money::new(self.amount_minor, currency),
            basis: self.basis.clone(),
        })
    }
}

fn paid_or_recorded_at(id: Uid, paid_at: Option<Ts>) -> Instant {
    let paid = paid_at.map(|at| at.0);
    paid.or_else(|| instant_of(id.0))
        .unwrap_or(Instant::UNIX_EPOCH)
}

impl PaymentHead {
    /// When it was paid, UTC: as its provider says, else when it was recorded.
    #[must_use]
    pub fn paid_or_recorded_at(&self) -> Instant {
        paid_or_recorded_at(self.payment_id, self.paid_at)
    }

    /// The status.
    ///
    /// # Errors
    /// [`Failure::Broken`] when it is none we write.
    pub fn to_status(&self) -> Result<PaymentStatus, Failure> {
        PaymentStatus::parse(&self.status)
            .ok_or_else(|| strange("payment", self.payment_id, "status", &self.status))
    }

    /// The currency.
    ///
    /// # Errors
    /// [`Failure::Broken`] when it is none we write.
    pub fn to_currency(&self) -> Result<Currency, Failure> {
        Currency::parse(&self.currency)
            .map_err(|_| strange("payment", self.payment_id, "currency", &self.currency))
    }
}

impl PaymentRow {
    /// When it was paid, UTC: as its provider says, else when it was recorded.
    #[must_use]
    pub fn paid_or_recorded_at(&self) -> Instant {
        paid_or_recorded_at(self.payment_id, self.paid_at)
    }

    /// The status.
    ///
    /// # Errors
    /// [`Failure::Broken`] when it is none we write.
    pub fn to_status(&self) -> Result<PaymentStatus, Failure> {
        PaymentStatus::parse(&self.status)
            .ok_or_else(|| strange("payment", self.payment_id, "status", &self.status))
    }

    /// The amount.
    ///
    /// # Errors
    /// [`Failure::Broken`] when the currency is none we write.
    pub fn to_amount(&self) -> Result<Money, Failure> {
        let currency = Currency::parse(&self.currency)
            .map_err(|_| strange("payment", self.payment_id, "currency", &self.currency))?;
        Ok(Money::new(self.amount_minor, currency))
    }

    /// The facts of the payment as a notice would tell them, for matching it later.
    ///
    /// # Errors
    /// As [`PaymentRow::to_status`] and [`PaymentRow::to_amount`].
    pub fn to_notice(&self) -> Result<Notice, Failure> {
        Ok(Notice {
            event_id: None,
            provider_txn_id: self.provider_txn_id.clone(),
            payment_key: self.payment_key.clone(),
            order_ref: self.order_ref.clone(),
            amount: self.to_amount()?,
            refunded_minor: (self.refunded_minor > 0).then_some(self.refunded_minor),
            status: self.to_status()?,
            paid_at: self.paid_at.map(|at| at.0),
            memo: self.memo.clone(),
            virtual_account: self.virtual_account.clone(),
            account_number: self.account_number.clone(),
            bank_txn_id: self.bank_txn_id.clone(),
        })
    }

    /// A payment as its first notice tells it, not yet matched.
    #[must_use]
    pub fn of_notice(tenant: i32, id: Uid, channel: &str, provider: &str, notice: &Notice) -> Self {
        Self {
            tenant,
            payment_id: id,
            channel: channel.to_owned(),
            provider: provider.to_owned(),
            payment_key: notice.payment_key.clone(),
            provider_txn_id: notice.provider_txn_id.clone(),
            order_ref: notice.order_ref.clone(),
            amount_minor: notice.amount.minor(),
            currency: notice.amount.currency().to_string(),
            status: notice.status.as_str().to_owned(),
            paid_at: notice.paid_at.map(Ts),
            memo: notice.memo.clone(),
            virtual_account: notice.virtual_account.clone(),
            account_number: notice.account_number.clone(),
            bank_txn_id: notice.bank_txn_id.clone(),
            bill_id: None,
            dossier_id: None,
            match_outcome: UNSETTLED.to_owned(),
            match_rule: None,
            match_reason: String::new(),
            allocated_minor: 0,
            credit_minor: 0,
            suspense_minor: 0,
            refunded_minor: 0,
            banked_minor: 0,
            refunding_minor: 0,
            returned_minor: 0,
            test_minor: 0,
        }
    }
}

/// Outcomes of matching that place money on a bill, and those that leave it with the payer.
const ON_BILL: [&str; 3] = ["exact", "short", "over"];
const WITH_PAYER: [&str; 2] = ["twice", "late"];

impl Standing {
    /// Money of a payment towards the bill that matching found; `None` without one.
    #[must_use]
    pub fn of_payment(row: &PaymentRow) -> Option<Self> {
        Some(Self {
            dossier_id: row.dossier_id?,
            bill_id: row.bill_id?,
            payment_id: row.payment_id,
            provider: row.provider.clone(),
            allocated_minor: row.allocated_minor,
            returned_minor: row.returned_minor,
            credit_minor: row.credit_minor,
            gone_minor: row.refunding_minor + row.refunded_minor,
            status: row.status.clone(),
            match_outcome: row.match_outcome.clone(),
        })
    }

    /// Money that an officer gave to a bill.
    #[must_use]
    pub fn of_allocation(row: &AllocationRow) -> Self {
        Self {
            dossier_id: row.dossier_id,
            bill_id: row.bill_id,
            payment_id: row.payment_id,
            provider: row.provider.clone(),
            allocated_minor: row.amount_minor,
            returned_minor: 0,
            credit_minor: 0,
            gone_minor: 0,
            status: String::new(),
            match_outcome: String::new(),
        }
    }

    /// The payment as classification sees it; `None` when nothing of it ever counted. What was in
    /// suspense, and what the provider took back as never made, never did.
    #[must_use]
    pub fn to_paid_by(&self, slot: u8) -> Option<PaidBy> {
        let outcome = self.match_outcome.as_str();
        let pays_bill = self.status.is_empty() || ON_BILL.contains(&outcome);
        let counted = (pays_bill || WITH_PAYER.contains(&outcome))
            && self.status != PaymentStatus::Reversed.as_str();
        let paid = PaidBy {
            slot,
            bill_id: BillId(self.bill_id.0),
            kept_minor: self.allocated_minor - self.returned_minor + self.credit_minor,
            returned_minor: self.returned_minor,
            gone_minor: if counted { self.gone_minor } else { 0 },
            pays_bill,
        };
        (paid.kept_minor > 0 || paid.gone_minor > 0).then_some(paid)
    }
}

/// The match outcome of a payment that is recorded and not yet looked at.
pub const UNSETTLED: &str = "unsettled";

impl NoticeRow {
    /// What the notice was answered by.
    ///
    /// # Errors
    /// [`Failure::Broken`] when it is none we write.
    pub fn to_verdict(&self) -> Result<Verdict, Failure> {
        Verdict::parse(&self.verdict)
            .ok_or_else(|| strange("notice", self.notice_id, "verdict", &self.verdict))
    }
}
