//! What the comparison of a day gives to its closing: the files that were counted and those that are not
//! there, what waits, and the way from the provider's total to ours, channel by channel. Decides
//! nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::settings::Settings;
use crate::domain::ids::Tenant;
use crate::journeys::compare_days::DaysCompared;
use crate::journeys::reconcile::outcomes::counts_json;
use crate::reconciliation::close::found::{ComparedRows, CountedFile, amount};
use crate::reconciliation::compare::bridge::{Bridge, bridge_of};
use crate::reconciliation::compare::{ChannelNo, Item, OutcomeKind};

/// The rows of a day that follow from its comparison; `kept` is the hash of the outcomes on record.
pub(super) fn compared_rows(
    settings: &Settings,
    tenant: Tenant,
    compared: &DaysCompared,
    kept: Option<&[u8]>,
) -> ComparedRows {
    let of_tenant = settings
        .sources
        .values()
        .filter(|source| source.tenant == tenant);
    let channels = of_tenant.flat_map(|source| source.channel.iter().chain(&source.channels));
    let missing = compared.expected.missing.iter().map(|(source, _)| source);
    let missing = missing.chain(&compared.expected.awaited);
    let mut waiting_payments = BTreeSet::new();
    let mut waiting = 0;
    for (item, outcome) in compared.of_the_day() {
        if outcome.kind != OutcomeKind::Waiting {
            continue;
        }
        match (item, compared.known(item).and_then(|known| known.id)) {
            (Item::Payment(_), Some(id)) => drop(waiting_payments.insert(id)),
            (_, _) => waiting += 1,
        }
    }
    let (settlement, unexplained) = settlement(compared);
    ComparedRows {
        files: files(settings, compared),
        missing: missing.cloned().collect(),
        reported: channels.cloned().collect(),
        waiting_payments,
        waiting,
        settlement,
        unexplained,
        outcomes: json!({ "sha256": kept.map(hex::encode), "counts": counts_json(compared) }),
    }
}

fn files(settings: &Settings, compared: &DaysCompared) -> Vec<CountedFile> {
    let files = compared.files_of_the_day().into_iter();
    let counted = files.map(|file| {
        let source = settings.sources.get(&file.source);
        let channels = source.map(|source| {
            let all = source.channel.iter().chain(&source.channels);
            all.map(String::as_str).collect::<Vec<_>>().join(", ")
        });
        CountedFile {
            source: file.source.clone(),
            channel: channels.unwrap_or_default(),
            name: file.file_name.clone(),
            sha256: hex::encode(&file.file_hash),
            is_late: file.is_late,
        }
    });
    counted.collect()
}

/// The bridges of the day's items, and the channels of which something is left.
#[must_use]
pub fn settlement(compared: &DaysCompared) -> (Value, Vec<String>) {
    let (mut told, mut unexplained) = (Vec::new(), Vec::new());
    for (name, number) in &compared.channels {
        let one = of_the_day(compared, *number);
        let is_empty = one.spans.is_empty() && one.elsewhere.0 == 0;
        if is_empty && one.provider_total == 0 && one.ledger_total == 0 {
            continue;
        }
        if one.residual != 0 {
            unexplained.push(name.clone());
        }
        told.push(bridge_json(compared, name, &one));
    }
    (Value::from(told), unexplained)
}

fn of_the_day(compared: &DaysCompared, channel: ChannelNo) -> Bridge {
    let is_in = |item| compared.day_of(item) == Some(compared.day);
    bridge_of(&compared.input, &compared.comparison, channel, &is_in)
}

fn bridge_json(compared: &DaysCompared, name: &str, one: &Bridge) -> Value {
    let contract = compared.input.contract(one.channel);
    let currency = contract.map_or_else(
        || "VND".to_owned(),
        |contract| contract.currency.to_string(),
    );
    let text = |minor| amount(minor, &currency);
    let (count, minor) = one.elsewhere;
    let elsewhere = (count > 0).then_some(("settled_on_another_day", count, minor));
    let spans = one.spans.iter();
    let spans = spans.map(|span| (span.kind.as_str(), span.count, span.amount));
    let explained = spans.chain(elsewhere).map(
        |(outcome, count, minor)| json!({ "outcome": outcome, "count": count, "amount": text(minor) }),
    );
    json!({
        "channel": name,
        "currency": currency,
        "provider_total": text(one.provider_total),
        "ledger_total": text(one.ledger_total),
        "explained": explained.collect::<Vec<_>>(),
        "residual": text(one.residual),
    })
}
