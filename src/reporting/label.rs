//! The rows of a breakdown: which keys a sum of dossiers belongs to, and what a key is called in
//! both languages. Adds nothing up.

use super::ask::By;
use super::count::Names;
use super::period::Step;
use crate::domain::catalogue::UnitLevel;
use crate::domain::classification::{Class, KINDS, PROVIDER_SLOTS};
use crate::domain::dossier::{FeeKind, SubmittedVia};
use crate::domain::lang::{Lang, Text};
use crate::domain::time::Day;
use crate::store::ops::CountSum;

/// The key of dossiers that have no value: no fee item above zero.
const NOTHING: &str = "none";

/// The kinds of the fee items above zero.
pub(super) fn kinds(class: Class) -> impl Iterator<Item = FeeKind> {
    KINDS.into_iter().filter(move |&kind| class.has_kind(kind))
}

/// The keys a sum counts under: one, except by fee kind and provider, where a dossier can have
/// several values.
pub(super) fn keys(by: By, sum: &CountSum, names: &Names) -> Vec<String> {
    let class = Class(sum.class);
    match by {
        By::None => Vec::new(),
        By::Unit => vec![sum.unit_code.clone()],
        By::Level => {
            let unit = names.units.get(&sum.unit_code);
            vec![unit.map_or_else(String::new, |unit| unit.level.clone())]
        }
        By::Procedure | By::Field => vec![procedure_key(by, &sum.procedure_code, names)],
        By::Kind => {
            let mut keys: Vec<String> = kinds(class).map(|kind| kind.as_str().into()).collect();
            if keys.is_empty() {
                keys.push(NOTHING.to_owned());
            }
            keys
        }
        By::Provider => (0..PROVIDER_SLOTS)
            .filter(|&slot| class.has_provider(slot))
            .map(|slot| provider(slot, names))
            .collect(),
        By::Via => vec![class.submitted_via().as_str().to_owned()],
        By::Day | By::Week | By::Month | By::Quarter | By::Year => {
            let step = by.step().zip(sum.period);
            step.map(|(step, day)| step.key(step.start(day)))
                .into_iter()
                .collect()
        }
    }
}

fn provider(slot: u8, names: &Names) -> String {
    let name = names.providers.get(&slot);
    name.cloned().unwrap_or_else(|| format!("slot-{slot}"))
}

/// The row of a procedure: itself, or its field.
pub(super) fn procedure_key(by: By, code: &str, names: &Names) -> String {
    match names.procedures.get(code) {
        Some(procedure) if by == By::Field => procedure.field.clone(),
        Some(_) | None => code.to_owned(),
    }
}

/// What a key is called.
pub(super) fn name(by: By, key: &str, names: &Names, lang: Lang) -> String {
    match by {
        By::Unit => unit_name(key, names, lang),
        By::Level => level_name(key).map(|text| text.of(lang).to_owned()),
        By::Procedure => names.procedures.get(key).map(|row| row.name.clone()),
        By::Kind => kind_name(key).map(|text| text.of(lang).to_owned()),
        By::Via => via_name(key).map(|text| text.of(lang).to_owned()),
        By::None
        | By::Field
        | By::Provider
        | By::Day
        | By::Week
        | By::Month
        | By::Quarter
        | By::Year => None,
    }
    .unwrap_or_else(|| key.to_owned())
}

/// The name of a unit, `None` when it is not in the catalogue.
pub(super) fn unit_name(code: &str, names: &Names, lang: Lang) -> Option<String> {
    let unit = names.units.get(code)?;
    Some(match lang {
        Lang::Vi => unit.name_vi.clone(),
        Lang::En => unit.name_en.clone(),
    })
}

fn level_name(key: &str) -> Option<Text> {
    Some(match UnitLevel::parse(key)? {
        UnitLevel::Province => Text {
            vi: "Cấp tỉnh",
            en: "Province",
        },
        UnitLevel::Department => Text {
            vi: "Sở, ngành",
            en: "Departments",
        },
        UnitLevel::Commune => Text {
            vi: "Xã, phường",
            en: "Communes and wards",
        },
    })
}

fn kind_name(key: &str) -> Option<Text> {
    if key == NOTHING {
        return Some(Text {
            vi: "Không có khoản thu trên 0 đồng",
            en: "No fee item above zero",
        });
    }
    Some(match FeeKind::parse(key)? {
        FeeKind::Phi => Text {
            vi: "Phí",
            en: "Charge (phí)",
        },
        FeeKind::LePhi => Text {
            vi: "Lệ phí",
            en: "Administrative fee (lệ phí)",
        },
        FeeKind::Tax => Text {
            vi: "Thuế, nghĩa vụ đất đai",
            en: "Tax or land obligation",
        },
        FeeKind::Other => Text {
            vi: "Khoản thu khác",
            en: "Other",
        },
    })
}

fn via_name(key: &str) -> Option<Text> {
    Some(match SubmittedVia::parse(key)? {
        SubmittedVia::Online => Text {
            vi: "Trực tuyến",
            en: "Online",
        },
        SubmittedVia::Counter => Text {
            vi: "Tại quầy",
            en: "At the counter",
        },
        SubmittedVia::Post => Text {
            vi: "Qua bưu chính",
            en: "By post",
        },
    })
}

/// The steps from the first to the last day seen, both included, as key and name, so that a series
/// has no holes.
pub(super) fn series(step: Step, seen: &[CountSum], lang: Lang) -> Vec<(String, String)> {
    let days = || seen.iter().filter_map(|sum| sum.period);
    let (Some(first), Some(last)) = (days().min(), days().max()) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    let mut start: Day = step.start(first);
    while start <= last {
        steps.push((step.key(start), step.label(start, lang)));
        start = step.next(start);
    }
    steps
}
