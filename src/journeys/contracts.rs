//! What is agreed with a provider or a bank about a channel, as the sources in the settings say it: fees,
//! grace, account, marks of payouts. Reads settings only.

use rust_decimal::Decimal;

use crate::config::source::{Fee, Source};
use crate::domain::money::Currency;
use crate::reconciliation::compare::{Contract, Rounding, Terms};

/// What is agreed about a channel, as its sources say.
pub(super) fn contract(sources: &[&Source], channel: &str) -> Contract {
    let settles = |source: &&&Source| source.channel.as_deref() == Some(channel);
    let settlement = sources.iter().find(settles);
    let receives = |source: &&&Source| source.channels.iter().any(|name| name == channel);
    let bank = sources.iter().find(receives);
    let marks = sources
        .iter()
        .filter_map(|source| source.payouts.get(channel).cloned());
    let own = settlement.or(bank);
    Contract {
        channel: channel.to_owned(),
        terms: settlement.and_then(|source| source.fee.as_ref()).map(terms),
        grace_days: own.map_or(1, |source| u64::from(source.grace_days)),
        currency: own.map_or(Currency::VND, |source| source.currency),
        account: bank.and_then(|source| source.account.clone()),
        payout_marks: marks.collect(),
    }
}

fn terms(fee: &Fee) -> Terms {
    Terms {
        basis_points: Decimal::from(fee.basis_points.unwrap_or(0)),
        fixed: fee.fixed.unwrap_or(0),
        min: fee.min,
        max: fee.max,
        vat_percent: Decimal::from(fee.vat_percent.unwrap_or(0)),
        rounding: Rounding::HalfUp,
    }
}
