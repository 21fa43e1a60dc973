//! The bridge of a day: from what payers paid on it to what the books took in on it, channel by
//! channel. What was told on another day, or paid on another, is named; what is left is the residual,
//! which must be zero.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::payment::PaymentStatus;
use crate::store::UNSETTLED;
use crate::store::failure::Failure;
use crate::store::rows::PaymentRow;
use crate::store::types::Uid;

/// What the books took in of a payment on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The payment.
    pub payment_id: Uid,
    /// The channel it came by.
    pub channel: String,
    /// The currency.
    pub currency: String,
    /// How much, minor units.
    pub minor: i64,
}

/// The bridge of one channel and currency, minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// Paid on the day, by the payments.
    pub paid: i64,
    /// Of it, told and booked on another day.
    pub booked_elsewhere: i64,
    /// Paid on another day, told and booked on this one.
    pub paid_elsewhere: i64,
    /// Of what was paid on the day, given back by the provider before its first word and so never
    /// posted: rows that versions before the gross booking wrote.
    pub booked_net: i64,
    /// Taken in by the books on the day.
    pub ledger: i64,
    /// Payments that the books do not hold as they should.
    pub unexplained: BTreeSet<Uid>,
}

impl Span {
    /// What nothing explains; must be zero.
    #[must_use]
    pub fn residual(&self) -> i64 {
        self.paid - self.booked_elsewhere - self.booked_net + self.paid_elsewhere - self.ledger
    }

    /// Whether every payment is explained. A sum of zero is not enough: two faults may cancel out.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.residual() == 0 && self.unexplained.is_empty()
    }
}

/// Builds the bridges of a day from the payments paid on it and what the books took in on it.
///
/// # Errors
/// [`Failure::Broken`] when a payment is in a status we never write.
pub fn bridge(
    paid: &[PaymentRow],
    received: &[Received],
) -> Result<BTreeMap<(String, String), Span>, Failure> {
    let mut spans: BTreeMap<(String, String), Span> = BTreeMap::new();
    let mut booked: HashMap<Uid, i64> = HashMap::new();
    for part in received {
        let span = spans.entry((part.channel.clone(), part.currency.clone()));
        span.or_default().ledger += part.minor;
        *booked.entry(part.payment_id).or_default() += part.minor;
    }
    let mut own = BTreeSet::new();
    for row in paid {
        let key = (row.channel.clone(), row.currency.clone());
        let booked = booked.get(&row.payment_id).copied();
        let is_money = row.to_status()?.is_money();
        if booked.is_none() && !is_money {
            continue;
        }
        own.insert(row.payment_id);
        let span = spans.entry(key).or_default();
        span.paid += row.amount_minor;
        match booked {
            Some(minor) if minor == row.amount_minor => {}
            Some(minor) if is_net(row, minor) => span.booked_net += row.amount_minor - minor,
            None if row.match_outcome != UNSETTLED => span.booked_elsewhere += row.amount_minor,
            Some(_) | None => {
                span.unexplained.insert(row.payment_id);
            }
        }
    }
    for part in received {
        if !own.contains(&part.payment_id) {
            let span = spans.entry((part.channel.clone(), part.currency.clone()));
            span.or_default().paid_elsewhere += part.minor;
        }
    }
    Ok(spans)
}

/// Whether what was booked of a payment lacks no more than its provider gave back. That the rest was
/// given back before it was first told of, and not lost, is what `verify` recomputes.
fn is_net(row: &PaymentRow, booked: i64) -> bool {
    let by_provider = row.refunded_minor - row.banked_minor;
    booked < row.amount_minor && row.amount_minor - booked <= by_provider
}

/// Whether a payment waits for its provider.
///
/// # Errors
/// As [`bridge`].
pub fn is_waiting(row: &PaymentRow) -> Result<bool, Failure> {
    use PaymentStatus as S;
    let status = row.to_status()?;
    Ok(matches!(status, S::Pending | S::Authorized | S::Review))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Currency, Money};
    use crate::domain::notice::Notice;
    use uuid::Uuid;

    fn payment(id: u128, minor: i64, status: PaymentStatus, outcome: &str) -> PaymentRow {
        let notice = Notice {
            event_id: None,
            provider_txn_id: None,
            payment_key: id.to_string(),
            order_ref: None,
            amount: Money::new(minor, Currency::VND),
            refunded_minor: None,
            status,
            paid_at: None,
            memo: None,
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        };
        let row = PaymentRow::of_notice(1, Uid(Uuid::from_u128(id)), "vnpay", "vnpay", &notice);
        PaymentRow {
            match_outcome: outcome.to_owned(),
            ..row
        }
    }

    fn received(id: u128, minor: i64) -> Received {
        Received {
            payment_id: Uid(Uuid::from_u128(id)),
            channel: "vnpay".to_owned(),
            currency: "VND".to_owned(),
            minor,
        }
    }

    #[test]
    fn what_was_booked_net_is_named() {
        let refunded = |minor| PaymentRow {
            refunded_minor: minor,
            ..payment(1, 100, PaymentStatus::PartiallyRefunded, "exact")
        };
        let by_bank = PaymentRow {
            banked_minor: 40,
            ..refunded(40)
        };
        // The row, what was booked; booked net, residual, whether it is sound.
        let table = [
            (refunded(40), 60, (40, 0, true)),
            (refunded(100), 60, (40, 0, true)),
            (refunded(40), 100, (0, 0, true)),
            (refunded(39), 60, (0, 40, false)),
            (by_bank, 60, (0, 40, false)),
            (refunded(40), 120, (0, -20, false)),
        ];
        for (row, minor, expected) in table {
            let spans = bridge(&[row], &[received(1, minor)]).unwrap();
            let span = &spans[&("vnpay".to_owned(), "VND".to_owned())];
            let told = (span.booked_net, span.residual(), span.is_sound());
            assert_eq!(told, expected, "{minor}");
        }
    }

    #[test]
    fn every_payment_is_explained_or_stays_as_residual() {
        use PaymentStatus::{Failed, Reversed, Succeeded};
        let money = |id| payment(id, 100, Succeeded, "exact");
        // What was paid, what was booked; the bridge: paid, elsewhere, from elsewhere, ledger, residual.
        let table = [
            (
                vec![money(1)],
                vec![received(1, 100)],
                (100, 0, 0, 100, 0, true),
            ),
            (vec![money(1)], vec![], (100, 100, 0, 0, 0, true)),
            (vec![], vec![received(2, 70)], (0, 0, 70, 70, 0, true)),
            (
                vec![money(1)],
                vec![received(1, 60), received(1, 40)],
                (100, 0, 0, 100, 0, true),
            ),
            (
                vec![payment(1, 100, Reversed, "exact")],
                vec![received(1, 100)],
                (100, 0, 0, 100, 0, true),
            ),
            (
                vec![payment(1, 100, Failed, "none"), money(3)],
                vec![received(3, 100)],
                (100, 0, 0, 100, 0, true),
            ),
            (
                vec![payment(1, 100, Succeeded, UNSETTLED)],
                vec![],
                (100, 0, 0, 0, 100, false),
            ),
            (
                vec![money(1)],
                vec![received(1, 90)],
                (100, 0, 0, 90, 10, false),
            ),
            (
                vec![money(1), money(2)],
                vec![received(1, 90), received(2, 110)],
                (200, 0, 0, 200, 0, false),
            ),
        ];
        for (paid, booked, expected) in table {
            let spans = bridge(&paid, &booked).unwrap();
            let span = &spans[&("vnpay".to_owned(), "VND".to_owned())];
            let told = (
                span.paid,
                span.booked_elsewhere,
                span.paid_elsewhere,
                span.ledger,
                span.residual(),
                span.is_sound(),
            );
            assert_eq!(told, expected, "{booked:?}");
        }
        assert!(
            bridge(&[payment(1, 100, Failed, "none")], &[])
                .unwrap()
                .is_empty()
        );
    }
}
