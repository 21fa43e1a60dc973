//! Judging the sources of statement files: the settings under `sources` and the channels come in,
//! checked sources go out, or the first fault with its place.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use chrono::NaiveTime;

use super::named::{Table, tables};
use crate::config::channel::Channel;
use crate::config::error::{ConfigError, Hint, nearest};
use crate::config::layers::{Layer, Value};
use crate::config::source::{Expected, Fee, Source, SourceKind};
use crate::domain::calendar::Calendar;
use crate::domain::ids::Tenant;
use crate::domain::money::Currency;

const KEYS: [&str; 16] = [
    "kind",
    "channel",
    "account",
    "channels",
    "payouts",
    "profile",
    "date_order",
    "currency",
    "tenant",
    "expected",
    "due_days",
    "due_at",
    "cut_off",
    "rolls_holidays",
    "grace_days",
    "fee",
];

const FEES: [&str; 5] = ["basis_points", "fixed", "min", "max", "vat_percent"];

/// The kind a value under `sources` has, where it is not text.
pub(in crate::config) fn kind_of(path: &[String]) -> Option<Value> {
    match path {
        [_, _, fee, _] if fee == "fee" => Some(Value::Whole(0)),
        [_, _, key] => match key.as_str() {
            "tenant" | "due_days" | "grace_days" => Some(Value::Whole(0)),
            "rolls_holidays" => Some(Value::Flag(false)),
            "channels" => Some(Value::List(Vec::new())),
            _ => None,
        },
        _ => None,
    }
}

/// Every source by name.
pub(in crate::config) fn judge(
    layer: &Layer,
    channels: &BTreeMap<String, Channel>,
    calendar: &Calendar,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, Source>, ConfigError> {
    let calendar = Arc::new(calendar.clone());
    let mut sources = BTreeMap::new();
    for table in tables(layer, "sources")? {
        let name = table.name.to_owned();
        let one = One {
            table,
            channels,
            calendar: &calendar,
        };
        let source = one.judge()?;
        one.must_be_alone(&source, &sources)?;
        if source.kind == SourceKind::Bank && source.account.is_none() {
            warnings.push(format!(
                "sources.{name} names no account: statements of any account are taken in there"
            ));
        }
        sources.insert(name, source);
    }
    Ok(sources)
}

impl<'a> Deref for One<'a> {
    type Target = Table<'a>;

    fn deref(&self) -> &Table<'a> {
        &self.table
    }
}

/// One source while it is judged.
struct One<'a> {
    table: Table<'a>,
    channels: &'a BTreeMap<String, Channel>,
    calendar: &'a Arc<Calendar>,
}

impl<'a> One<'a> {
    fn judge(&self) -> Result<Source, ConfigError> {
        self.check_name("source")?;
        self.check_keys()?;
        let kind = self.kind()?;
        let tenant = Tenant(
            i32::try_from(self.whole("tenant", 1, i64::from(i32::MAX))?.unwrap_or(1)).unwrap_or(1),
        );
        let channel = self.channel(kind, tenant)?;
        let days = |key| Ok::<u32, ConfigError>(self.days(key)?.unwrap_or(1));
        Ok(Source {
            name: self.name.to_owned(),
            kind,
            tenant,
            provider: channel.map(|channel| channel.provider.clone()),
            channel: channel.map(|channel| channel.name.clone()),
            account: self.text("account")?.map(str::to_owned),
            channels: self.single_channels(tenant)?,
            payouts: self.payouts(tenant)?,
            profile: self.text("profile")?.map(str::to_owned),
            date_order: self.date_order()?,
            currency: self.currency()?,
            expected: self.expected()?,
            due_days: days("due_days")?,
            due_at: self.time("due_at")?.unwrap_or(TEN),
            cut_off: self.time("cut_off")?,
            rolls_holidays: self.flag("rolls_holidays")?,
            grace_days: days("grace_days")?,
            fee: self.fee()?,
            calendar: Arc::clone(self.calendar),
        })
    }

    /// An account's statements have one source: taken in through two, each line would count twice.
    fn must_be_alone(
        &self,
        source: &Source,
        others: &BTreeMap<String, Source>,
    ) -> Result<(), ConfigError> {
        let key = |one: &Source| (one.tenant, one.account.clone(), one.currency);
        let same = |one: &&Source| one.account.is_some() && key(one) == key(source);
        match others.values().find(same) {
            None => Ok(()),
            Some(other) => {
                let reason = format!("is the account of sources.{} already", other.name);
                Err(self.wrong("account", reason))
            }
        }
    }

    fn check_keys(&self) -> Result<(), ConfigError> {
        for (key, given) in &self.part {
            let is_known = match key.split_once('.') {
                None => key.is_empty() || KEYS.contains(&key.as_str()),
                Some(("fee", rest)) => FEES.contains(&rest),
                Some(("payouts", rest)) => !rest.contains('.'),
                Some(_) => false,
            };
            if !is_known {
                let own = |known: &str| self.key(known);
                let fees = FEES.iter().map(|fee| own(&format!("fee.{fee}")));
                let known: Vec<String> = KEYS.iter().map(|key| own(key)).chain(fees).collect();
                return Err(ConfigError::unknown_key(
                    &given.origin,
                    &self.key(key),
                    &known,
                ));
            }
        }
        Ok(())
    }

    fn text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let text = value.text().map(str::trim).filter(|text| !text.is_empty());
        text.map(Some)
            .ok_or_else(|| self.wrong(key, "must be text"))
    }

    fn whole(&self, key: &str, least: i64, most: i64) -> Result<Option<i64>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let number = value
            .whole()
            .filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| {
            let reason = format!("must be a whole number, {least} to {most}");
            self.wrong(key, reason)
        })
    }

    fn days(&self, key: &str) -> Result<Option<u32>, ConfigError> {
        let days = self.whole(key, 0, 31)?;
        Ok(days.and_then(|days| u32::try_from(days).ok()))
    }

    fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.value(key) {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(
                Value::Text(_) | Value::Whole(_) | Value::List(_) | Value::Table(_) | Value::Other,
            ) => Err(self.wrong(key, "must be true or false")),
        }
    }

    fn time(&self, key: &str) -> Result<Option<NaiveTime>, ConfigError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        if text == "24:00" {
            return Ok(None);
        }
        let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
        time.map(Some)
            .ok_or_else(|| self.wrong(key, "must be a time such as \"10:00\""))
    }

    fn kind(&self) -> Result<SourceKind, ConfigError> {
        match self.text("kind")? {
            Some("bank") => Ok(SourceKind::Bank),
            Some("settlement") => Ok(SourceKind::Settlement),
            Some(_) => Err(self.wrong("kind", "must be \"bank\" or \"settlement\"")),
            None => Err(self.wrong("kind", "is missing: write \"bank\" or \"settlement\"")),
        }
    }

    fn known(&self, key: &str, name: &str, tenant: Tenant) -> Result<&'a Channel, ConfigError> {
        let found = self.channels.get(name);
        let Some(channel) = found.filter(|channel| channel.tenant == tenant) else {
            let names: Vec<String> = self.channels.keys().cloned().collect();
            let hint = Hint(nearest(name, &names));
            let reason = format!(
                "names the channel \"{name}\", which tenant {} does not have{hint}",
                tenant.0
            );
            return Err(self.wrong(key, reason));
        };
        Ok(channel)
    }

    fn channel(
        &self,
        kind: SourceKind,
        tenant: Tenant,
    ) -> Result<Option<&'a Channel>, ConfigError> {
        let foreign: &[&str] = match kind {
            SourceKind::Settlement => &["account", "channels"],
            SourceKind::Bank => &["channel", "cut_off", "rolls_holidays", "fee"],
        };
        for key in foreign {
            let below = format!("{key}.");
            if self
                .part
                .keys()
                .any(|one| one == key || one.starts_with(&below))
            {
                let reason = format!("has no meaning for a source of the kind {}", kind.as_str());
                return Err(self.wrong(key, reason));
            }
        }
        match (kind, self.text("channel")?) {
            (SourceKind::Bank, _) => Ok(None),
            (SourceKind::Settlement, Some(name)) => self.known("channel", name, tenant).map(Some),
            (SourceKind::Settlement, None) => {
                Err(self.wrong("channel", "is missing: a settlement settles one channel"))
            }
        }
    }

    fn single_channels(&self, tenant: Tenant) -> Result<Vec<String>, ConfigError> {
        let Some(value) = self.value("channels") else {
            return Ok(Vec::new());
        };
        let names = value
            .texts()
            .ok_or_else(|| self.wrong("channels", "must be a list of channels"))?;
        for name in &names {
            self.known("channels", name, tenant)?;
        }
        Ok(names)
    }

    fn payouts(&self, tenant: Tenant) -> Result<BTreeMap<String, String>, ConfigError> {
        if let Some(value) = self.value("payouts")
            && !value.is_table()
        {
            let reason = "must be a table: { vnpay = \"VNPAY TT GD\" }";
            return Err(self.wrong("payouts", reason));
        }
        let mut payouts = BTreeMap::new();
        for key in self.part.keys() {
            let Some(channel) = key.strip_prefix("payouts.") else {
                continue;
            };
            self.known(key, channel, tenant)?;
            let text = self.text(key)?.unwrap_or_default();
            payouts.insert(channel.to_owned(), text.to_owned());
        }
        Ok(payouts)
    }

    fn date_order(&self) -> Result<Option<String>, ConfigError> {
        match self.text("date_order")? {
            None => Ok(None),
            Some(order @ ("dmy" | "mdy" | "ymd")) => Ok(Some(order.to_owned())),
            Some(_) => Err(self.wrong("date_order", "must be dmy, mdy or ymd")),
        }
    }

    fn currency(&self) -> Result<Currency, ConfigError> {
        let Some(text) = self.text("currency")? else {
            return Ok(Currency::VND);
        };
        Currency::parse(text)
            .map_err(|_| self.wrong("currency", "must be three capital letters such as VND"))
    }

    fn expected(&self) -> Result<Expected, ConfigError> {
        match self.text("expected")? {
            None | Some("none") => Ok(Expected::None),
            Some("daily") => Ok(Expected::Daily),
            Some("working_days") => Ok(Expected::WorkingDays),
            Some(_) => Err(self.wrong("expected", "must be daily, working_days or none")),
        }
    }

    fn fee(&self) -> Result<Option<Fee>, ConfigError> {
        if self.value("fee").is_some_and(|value| !value.is_table()) {
            return Err(self.wrong("fee", "must be a table: { basis_points = 110 }"));
        }
        if !self.part.keys().any(|key| key.starts_with("fee.")) {
            return Ok(None);
        }
        let of = |name: &str, most| self.whole(&format!("fee.{name}"), 0, most);
        let fee = Fee {
            basis_points: of("basis_points", 10_000)?,
            fixed: of("fixed", MOST_MINOR)?,
            min: of("min", MOST_MINOR)?,
            max: of("max", MOST_MINOR)?,
            vat_percent: of("vat_percent", 100)?,
        };
        if let (Some(min), Some(max)) = (fee.min, fee.max)
            && min > max
        {
            return Err(self.wrong("fee.min", "is above fee.max"));
        }
        Ok(Some(fee))
    }
}

/// No fee of one payment is larger.
const MOST_MINOR: i64 = 1_000_000_000_000;

/// When a file is due if nothing is said.
const TEN: NaiveTime = match NaiveTime::from_hms_opt(10, 0, 0) {
    Some(time) => time,
    None => panic!("ten o'clock is a time"),
};
