//! The plan of the demonstration: `config/data/demo.toml` and the compiled-in reference files come
//! in, counted wishes go out, checked against each other once. It invents nothing; that is the
//! generator's work.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::domain::dossier::words;
use crate::domain::time::Day;

const PLAN: &str = include_str!("../../../config/data/demo.toml");

/// Units of Cà Mau, as a file that can be imported.
pub(super) const UNITS: &str = include_str!("../../../config/data/camau_units.csv");
/// Procedures, as a file that can be imported.
pub(super) const PROCEDURES: &str = include_str!("../../../config/data/procedures.csv");
const FEES: &str = include_str!("../../../config/data/fees.csv");

words!(
    /// What happens to a dossier in the demonstration; the plan's file says what each word means.
    Fate {
        /// One bill, paid.
        Paid = "paid",
        /// Two bills, both paid.
        TwoPaid = "two-paid",
        /// One bill cancelled, its successor paid.
        CancelledAndPaid = "cancelled-and-paid",
        /// Too little, then the rest.
        TopUp = "top-up",
        /// Too much.
        Over = "over",
        /// The whole amount again.
        Twice = "twice",
        /// A failed attempt, then success.
        Retried = "retried",
        /// Pending, then success.
        PendingFirst = "pending-first",
        /// Success, then an older pending.
        OutOfOrder = "out-of-order",
        /// Too little for good.
        Short = "short",
        /// Two bills, one paid.
        OneOfTwo = "one-of-two",
        /// Paid after the due day.
        Late = "late",
        /// Paid after the bill was cancelled.
        LateCancelled = "late-cancelled",
        /// A bill nobody paid.
        Unpaid = "unpaid",
        /// Attempts that failed.
        FailedOnly = "failed-only",
        /// An attempt that never ended.
        PendingOnly = "pending-only",
        /// Refused or withdrawn before the money came.
        Closed = "closed",
        /// No fee item was synchronised.
        EmptyList = "empty-list",
        /// Paid in cash, never billed.
        Counter = "counter",
        /// The bill was cancelled, nobody paid.
        Cancelled = "cancelled",
        /// A fee procedure with items of zero.
        AllZero = "all-zero",
        /// A procedure without fees.
        NoFee = "no-fee",
    }
);

impl Fate {
    /// Whether the dossier is of a fee procedure and owes something or did not say what.
    pub(super) fn is_chargeable(self) -> bool {
        !matches!(self, Self::AllZero | Self::NoFee)
    }

    /// How many bills the dossier has.
    pub(super) fn bills(self) -> usize {
        match self {
            Self::TwoPaid | Self::OneOfTwo | Self::CancelledAndPaid => 2,
            Self::EmptyList | Self::Counter | Self::AllZero | Self::NoFee => 0,
            Self::Paid
            | Self::TopUp
            | Self::Over
            | Self::Twice
            | Self::Retried
            | Self::PendingFirst
            | Self::OutOfOrder
            | Self::Short
            | Self::Late
            | Self::LateCancelled
            | Self::Unpaid
            | Self::FailedOnly
            | Self::PendingOnly
            | Self::Closed
            | Self::Cancelled => 1,
        }
    }
}

words!(
    /// The channels of the demonstration, by their names in configuration.
    Way {
        /// VNPAY.
        Vnpay = "vnpay",
        /// MoMo.
        Momo = "momo",
        /// ZaloPay.
        ZaloPay = "zalopay",
        /// payOS.
        PayOs = "payos",
        /// SePay, transfers signed with a key.
        SePay = "sepay",
        /// A bank that speaks Standard Webhooks.
        BankHook = "bank-hook",
        /// The payment platform of the National Public Service Portal.
        Platform = "paymentplatform",
    }
);

impl Way {
    /// The provider's name in the roster.
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::BankHook => "standardwebhooks",
            Self::Vnpay
            | Self::Momo
            | Self::ZaloPay
            | Self::PayOs
            | Self::SePay
            | Self::Platform => self.as_str(),
        }
    }
}

/// How many dossiers share a fate.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    pub(super) count: u32,
    pub(super) online: u32,
}

/// The days and hours of the quarter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quarter {
    pub(super) first_day: Day,
    pub(super) last_day: Day,
    pub(super) holidays: BTreeSet<Day>,
    pub(super) hours: Vec<(u32, u32)>,
    pub(super) slot_minutes: u32,
    pub(super) due_days: u64,
}

/// How many dossiers there are, and where.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Volume {
    pub(super) received: u32,
    pub(super) at_communes: u32,
    pub(super) by_post: u32,
    pub(super) ward_weight: u32,
}

/// Calls beyond those the fates ask for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extras {
    pub(super) repeats: usize,
    pub(super) late_repeats: usize,
    pub(super) forged: usize,
    pub(super) stale: usize,
    pub(super) conflicts: usize,
    pub(super) unknown: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    published: BTreeMap<String, String>,
    quarter: Quarter,
    volume: Volume,
    fates: BTreeMap<Fate, Share>,
    calls: Extras,
    channels: BTreeMap<Way, u32>,
    procedures: BTreeMap<String, u32>,
    province_level: ProvinceLevel,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvinceLevel {
    unit: String,
}

/// A unit that takes dossiers.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Unit {
    pub(super) unit_code: String,
    pub(super) name_vi: String,
    pub(super) level: String,
}

/// A procedure, with how often it is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Procedure {
    pub(super) procedure_code: String,
    pub(super) level: String,
    pub(super) has_fee: bool,
    #[serde(skip)]
    pub(super) weight: u32,
}

/// One fee of a procedure.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Fee {
    pub(super) procedure_code: String,
    pub(super) kind: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) amount: i64,
    pub(super) amount_online: Option<i64>,
    pub(super) basis: String,
}

/// The whole plan, judged.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Published figures by indicator, percent as text.
    pub(super) published: BTreeMap<String, String>,
    pub(super) quarter: Quarter,
    pub(super) volume: Volume,
    pub(super) fates: BTreeMap<Fate, Share>,
    pub(super) calls: Extras,
    pub(super) channels: Vec<(u32, Way)>,
    pub(super) communes: Vec<Unit>,
    pub(super) province_unit: String,
    pub(super) procedures: Vec<Procedure>,
    pub(super) fees: Vec<Fee>,
}

fn rows<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

impl Plan {
    /// Reads the compiled-in files and checks them against each other.
    ///
    /// # Errors
    /// When a file cannot be read or its counts contradict each other.
    pub(super) fn load() -> Result<Self> {
        let file: File = toml::from_str(PLAN).context("config/data/demo.toml")?;
        let units: Vec<Unit> = rows(UNITS).context("config/data/camau_units.csv")?;
        let mut procedures: Vec<Procedure> =
            rows(PROCEDURES).context("config/data/procedures.csv")?;
        for procedure in &mut procedures {
            let weight = file.procedures.get(&procedure.procedure_code);
            procedure.weight = weight.copied().unwrap_or(0);
        }
        let is_commune = |unit: &Unit| unit.level == "commune";
        let plan = Self {
            published: file.published,
            quarter: file.quarter,
            volume: file.volume,
            fates: file.fates,
            calls: file.calls,
            channels: file.channels.into_iter().map(|(way, n)| (n, way)).collect(),
            communes: units.into_iter().filter(is_commune).collect(),
            province_unit: file.province_level.unit,
            procedures,
            fees: rows(FEES).context("config/data/fees.csv")?,
        };
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<()> {
        let total: u32 = self.fates.values().map(|share| share.count).sum();
        let received = self.volume.received;
        ensure!(
            total == received,
            "the fates are {total}, received {received}"
        );
        for (fate, share) in &self.fates {
            ensure!(
                share.online <= share.count,
                "{} has more online than all",
                fate.as_str()
            );
        }
        ensure!(
            self.volume.at_communes <= received,
            "more at communes than received"
        );
        let chargeable = self.fates.iter().filter(|(fate, _)| fate.is_chargeable());
        let chargeable: u32 = chargeable.map(|(_, share)| share.count).sum();
        ensure!(
            received - self.volume.at_communes <= chargeable,
            "province-level dossiers all owe fees, and there are not so many"
        );
        let slot = self.quarter.slot_minutes;
        ensure!((5..=60).contains(&slot), "a slot has 5 to 60 minutes");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_plan_is_sound() {
        let plan = Plan::load().unwrap();
        assert_eq!(plan.communes.len(), 64);
        assert_eq!(plan.published.len(), 3);
        assert_eq!(plan.fates.len(), Fate::ALL.len());
        assert_eq!(plan.channels.len(), Way::ALL.len());
        assert!(plan.procedures.iter().all(|one| one.weight > 0));
    }
}
