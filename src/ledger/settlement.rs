//! What statements do to the books: one small function per event, each giving the postings of one
//! entry. Amounts must add up to the last unit; nothing is rounded to make them.
//!
//! | event | debit | credit |
//! |---|---|---|
//! | settled by the provider | bank (net), charges (fee) | clearing (gross) |
//! | credited by the bank for a channel | bank | clearing |
//! | passed on to the Treasury or the collecting body | due | bank |

use thiserror::Error;

use crate::domain::dossier::FeeKind;
use crate::domain::entry::{Account, Event, Posting};
use crate::domain::ids::EntryId;
use crate::domain::money::{Currency, Money};

/// Why an entry was not made; nothing is posted then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettlementError {
    /// Net and fee are not the gross amount.
    #[error(
        "net {net} and fee {fee} make {sum}, the lines {gross}: nothing is rounded away; find the {difference} that is missing"
    )]
    DoesNotAddUp {
        /// What came to the bank, minor units.
        net: i64,
        /// What the provider kept, minor units.
        fee: i64,
        /// Their sum.
        sum: i64,
        /// What the lines say.
        gross: i64,
        /// Gross less the sum.
        difference: i64,
    },
    /// An amount that is zero or less, or too large to be added.
    #[error("{0} is {1}: it must be above zero and fit")]
    WrongAmount(&'static str, i64),
}

/// A provider's payout of what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The bank account it came to.
    pub bank: &'a str,
    /// The sum of the settled lines, minor units.
    pub gross: i64,
    /// What the provider kept, minor units, zero or more.
    pub fee: i64,
    /// What came to the bank, minor units.
    pub net: i64,
    /// The currency of all of them.
    pub currency: Currency,
}

fn posting(
    entry_id: EntryId,
    event: Event,
    (debit, credit): (Account, Account),
    amount: Money,
) -> Posting {
    Posting {
        entry_id,
        event,
        debit,
        credit,
        amount,
        payment_id: None,
        bill_id: None,
        corrects: None,
    }
}

fn above_zero(name: &'static str, minor: i64) -> Result<(), SettlementError> {
    if minor > 0 {
        return Ok(());
    }
    Err(SettlementError::WrongAmount(name, minor))
}

/// The provider paid out what it had taken, less its fee.
///
/// # Errors
/// [`SettlementError`]; a payout that does not add up is a difference, not an entry.
pub fn provider_settled(
    entry_id: EntryId,
    payout: &Payout<'_>,
) -> Result<Vec<Posting>, SettlementError> {
    let &Payout {
        gross, fee, net, ..
    } = payout;
    above_zero("gross", gross)?;
    if fee < 0 || net < 0 {
        let (name, minor) = if fee < 0 { ("fee", fee) } else { ("net", net) };
        return Err(SettlementError::WrongAmount(name, minor));
    }
    let too_large = SettlementError::WrongAmount("net", net);
    let sum = net.checked_add(fee).ok_or(too_large)?;
    if sum != gross {
        return Err(SettlementError::DoesNotAddUp {
            net,
            fee,
            sum,
            gross,
            difference: gross - sum,
        });
    }
    let clearing = || Account::Clearing(payout.channel.to_owned());
    let parts = [
        (Account::Bank(payout.bank.to_owned()), net),
        (Account::Charges(payout.channel.to_owned()), fee),
    ];
    let of = |(debit, minor): (Account, i64)| {
        let amount = Money::new(minor, payout.currency);
        (minor > 0).then(|| {
            posting(
                entry_id,
                Event::ProviderSettled,
                (debit, clearing()),
                amount,
            )
        })
    };
    Ok(parts.into_iter().filter_map(of).collect())
}

/// A bank told us of a payment and its statement shows the credit: what the channel took stands on
/// the account.
///
/// # Errors
/// [`SettlementError::WrongAmount`].
pub fn bank_credited(
    entry_id: EntryId,
    channel: &str,
    bank: &str,
    amount: Money,
) -> Result<Vec<Posting>, SettlementError> {
    above_zero("amount", amount.minor())?;
    let accounts = (
        Account::Bank(bank.to_owned()),
        Account::Clearing(channel.to_owned()),
    );
    Ok(vec![posting(
        entry_id,
        Event::BankCredited,
        accounts,
        amount,
    )])
}

/// Money of a unit's fees was passed on to the Treasury or the collecting body, by fee kind.
///
/// # Errors
/// [`SettlementError::WrongAmount`] when a part is not above zero.
pub fn passed_on(
    entry_id: EntryId,
    unit_code: &str,
    bank: &str,
    currency: Currency,
    parts: &[(FeeKind, i64)],
) -> Result<Vec<Posting>, SettlementError> {
    let of = |&(kind, minor): &(FeeKind, i64)| {
        above_zero("amount", minor)?;
        let accounts = (
            Account::Due(unit_code.to_owned(), kind),
            Account::Bank(bank.to_owned()),
        );
        let amount = Money::new(minor, currency);
        Ok(posting(entry_id, Event::PassedOn, accounts, amount))
    };
    parts.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn told(postings: &[Posting]) -> Vec<String> {
        let tell = |p: &Posting| format!("{} < {} {}", p.debit, p.credit, p.amount.minor());
        postings.iter().map(tell).collect()
    }

    fn settled(gross: i64, fee: i64, net: i64) -> Result<Vec<String>, String> {
        let payout = Payout {
            channel: "vnpay",
            bank: "0011",
            gross,
            fee,
            net,
            currency: Currency::VND,
        };
        let entry = EntryId::at(Utc::now());
        provider_settled(entry, &payout)
            .map(|postings| told(&postings))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_payout_leaves_clearing_by_its_gross_amount() {
        let both = [
            "bank:0011 < clearing:vnpay 98900",
            "charges:vnpay < clearing:vnpay 1100",
        ];
        assert_eq!(settled(100_000, 1_100, 98_900).unwrap(), both);
        assert_eq!(
            settled(100_000, 0, 100_000).unwrap(),
            ["bank:0011 < clearing:vnpay 100000"]
        );
        assert_eq!(
            settled(1_100, 1_100, 0).unwrap(),
            ["charges:vnpay < clearing:vnpay 1100"]
        );
    }

    #[test]
    fn a_payout_that_does_not_add_up_is_refused_and_never_rounded() {
        let table = [
            (100_000, 1_100, 98_901, "find the -1 that"),
            (100_000, 1_100, 98_899, "find the 1 that"),
            (0, 0, 0, "gross is 0"),
            (100, -1, 101, "fee is -1"),
            (100, 101, -1, "net is -1"),
            (100, 0, -1, "net is -1"),
            (i64::MAX, i64::MAX, 1, "net is 1"),
        ];
        for (gross, fee, net, why) in table {
            let error = settled(gross, fee, net).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn credits_and_remittances_go_where_the_table_says() {
        let entry = EntryId::at(Utc::now());
        let credited = bank_credited(entry, "bank", "0011", Money::vnd(50)).unwrap();
        assert_eq!(told(&credited), ["bank:0011 < clearing:bank 50"]);
        let parts = [(FeeKind::Phi, 30), (FeeKind::LePhi, 20)];
        let passed = passed_on(entry, "H12.104", "0011", Currency::VND, &parts).unwrap();
        let expected = [
            "due:H12.104:phi < bank:0011 30",
            "due:H12.104:le_phi < bank:0011 20",
        ];
        assert_eq!(told(&passed), expected);
        assert!(bank_credited(entry, "bank", "0011", Money::vnd(0)).is_err());
        assert!(
            passed_on(
                entry,
                "H12.104",
                "0011",
                Currency::VND,
                &[(FeeKind::Phi, 0)]
            )
            .is_err()
        );
    }
}
