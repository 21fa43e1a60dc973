//! What a day's payments, settlement files and bank statements come to side by side: rows of the days
//! around it are read and handed to [`compare`], so that a payout of tomorrow finds the batch of
//! today. What is open on the day itself is for the caller to pick. Changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use uuid::Uuid;

use super::contracts::contract;
pub use super::days_compared::{DaysCompared, FilesOfDay};
use super::expected_files::expect;
use super::known_remittances::add_remittances;
use crate::config::settings::Settings;
use crate::config::source::{Source, SourceKind};
use crate::domain::calendar::{Session, begins, ends};
use crate::domain::ids::{Tenant, lowest_uuid_at};
use crate::domain::payment::{PaymentStatus, TOLD_APART_DAYS};
use crate::domain::refund::RefundState;
use crate::domain::time::{Day, vietnam_day};
use crate::intake::fields::real_id;
use crate::reconciliation::compare::{
    BankFacts, ChannelNo, Comparison, FileNo, Input, LineFacts, LineKind, PaymentFacts,
    RefundFacts, compare,
};
use crate::reconciliation::pages::entries;
use crate::store::failure::Failure;
use crate::store::ops::{Queries, RefundFilter};
use crate::store::rows::{PaymentHead, StatementFileRow, StatementPageRow};
use crate::store::types::{Ts, Uid};

/// Days read before and after the day that is asked about: the longest weekend with its grace.
const DAYS_AROUND: i64 = 10;
/// Rows read at a time.
const PAGE: i64 = 5_000;

/// Compares what is known of the days around `day`; `today` decides what still waits.
///
/// # Errors
/// Any [`Failure`]; [`Failure::Broken`] when a stored row holds what we never write.
pub fn compare_days(
    queries: &mut dyn Queries,
    settings: &Settings,
    tenant: Tenant,
    day: Day,
    today: Day,
) -> Result<DaysCompared, Failure> {
    let mut gathering = Gathering::new(settings, tenant, day, today);
    gathering.payments(queries)?;
    gathering.refunds(queries)?;
    let days = (gathering.from, gathering.to);
    add_remittances(queries, tenant, days, &mut gathering.input)?;
    for source in gathering.sources.clone() {
        gathering.source(queries, source, (day, today))?;
    }
    let files = gathering.used(queries)?;
    let mut comparison = compare(&gathering.input);
    if gathering.payments_of_lines(queries, &comparison)? {
        comparison = compare(&gathering.input);
    }
    Ok(DaysCompared {
        day,
        from: gathering.from,
        to: gathering.to,
        comparison,
        input: gathering.input,
        channels: gathering.channels,
        files,
        expected: gathering.expected,
        payments: gathering.payment_days,
        lines: gathering.line_days,
        banks: gathering.bank_days,
        refunds: gathering.refund_days,
    })
}

struct Gathering<'a> {
    settings: &'a Settings,
    tenant: Tenant,
    sources: Vec<&'a Source>,
    from: Day,
    to: Day,
    input: Input,
    channels: BTreeMap<String, ChannelNo>,
    files: Vec<Uid>,
    expected: FilesOfDay,
    /// Days of which the source read last has lines.
    has_lines: BTreeSet<Day>,
    payment_days: Vec<Day>,
    line_days: Vec<Day>,
    bank_days: Vec<Day>,
    refund_days: Vec<Day>,
}

impl<'a> Gathering<'a> {
    fn new(settings: &'a Settings, tenant: Tenant, day: Day, today: Day) -> Self {
        let around = |days: i64| day.checked_add_signed(TimeDelta::days(days)).unwrap_or(day);
        let of_tenant = |source: &&Source| source.tenant == tenant;
        let sources: Vec<&Source> = settings.sources.values().filter(of_tenant).collect();
        let mut input = Input::on(today);
        let mut channels = BTreeMap::new();
        let mut expected = FilesOfDay::default();
        for channel in settings.channels.values() {
            if channel.tenant == tenant {
                let number = input.add_channel(contract(&sources, &channel.name));
                channels.insert(channel.name.clone(), number);
                if !sources.iter().any(|one| one.reports_on(&channel.name)) {
                    expected.unreported.insert(channel.name.clone());
                }
            }
        }
        Self {
            settings,
            tenant,
            sources,
            from: around(-DAYS_AROUND),
            to: around(DAYS_AROUND),
            input,
            channels,
            files: Vec::new(),
            expected,
            has_lines: BTreeSet::new(),
            payment_days: Vec::new(),
            line_days: Vec::new(),
            bank_days: Vec::new(),
            refund_days: Vec::new(),
        }
    }

    /// How the payments of a channel are gathered into days: as the source of its files says.
    fn session(&self, channel: &str) -> Session {
        let of = |source: &&&Source| source.channel.as_deref() == Some(channel);
        let source = self.sources.iter().find(of);
        source.map_or(Session::DAILY, |source| source.session())
    }

    /// The number of a channel; one that left the settings is compared like those that stayed.
    fn channel(&mut self, name: &str) -> ChannelNo {
        if let Some(number) = self.channels.get(name) {
            return *number;
        }
        let number = self.input.add_channel(contract(&self.sources, name));
        self.channels.insert(name.to_owned(), number);
        number
    }

    fn is_direct(&self, channel: &str) -> bool {
        let names = |source: &&Source| source.channels.iter().any(|name| name == channel);
        self.sources.iter().any(names)
    }

    fn payments(&mut self, queries: &mut dyn Queries) -> Result<(), Failure> {
        let around = |day: Day, days: i64| {
            let at = begins(day).checked_add_signed(TimeDelta::days(days));
            at.unwrap_or_else(|| begins(day))
        };
        let id = |at| Uid(lowest_uuid_at(at));
        let mut first = id(around(self.from, -TOLD_APART_DAYS));
        let behind = id(around(self.to, TOLD_APART_DAYS));
        let paid_within = self.paid_within();
        loop {
            let page =
                queries.list_payment_heads(self.tenant.0, (first, behind), paid_within, PAGE)?;
            for row in &page {
                let day = self.day_of(row);
                if day >= self.from && day <= self.to {
                    self.payment(row, day)?;
                }
            }
            let last = page.last().map(|row| row.payment_id.0.as_u128());
            match last.and_then(|last| last.checked_add(1)) {
                Some(next) => first = Uid(Uuid::from_u128(next)),
                None => return Ok(()),
            }
        }
    }

    /// The instants between which a payment of these days was paid, whatever its session: one that
    /// is late belongs to the next day, days off to the first of them.
    fn paid_within(&self) -> (Ts, Ts) {
        let first = self.from.pred_opt().unwrap_or(self.from);
        let last = self.settings.office.calendar.next_working_day(self.to);
        (Ts(begins(first)), Ts(ends(last)))
    }

    /// Adds the payments that lines name and that were told, or paid, at another time than those of
    /// these days are: what a line proves is often recorded long after. Gives whether there are any.
    fn payments_of_lines(
        &mut self,
        queries: &mut dyn Queries,
        found: &Comparison,
    ) -> Result<bool, Failure> {
        let keys = self.input.unknown_ids(found);
        let before = self.payment_days.len();
        for (name, number) in self.channels.clone() {
            let Some(keys) = keys.get(&number) else {
                continue;
            };
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let rows = queries.list_payment_heads_keyed(self.tenant.0, &name, &keys)?;
            let known = self.input.known_of(rows.iter().map(|row| row.payment_id.0));
            for row in rows.iter().filter(|row| !known.contains(&row.payment_id.0)) {
                self.payment(row, self.day_of(row))?;
            }
        }
        Ok(self.payment_days.len() > before)
    }

    fn day_of(&self, row: &PaymentHead) -> Day {
        let calendar = &self.settings.office.calendar;
        calendar.session_of(self.session(&row.channel), row.paid_or_recorded_at())
    }

    fn payment(&mut self, row: &PaymentHead, day: Day) -> Result<(), Failure> {
        let channel = self.channel(&row.channel);
        let status = row.to_status()?;
        if status == PaymentStatus::Outgoing {
            return Ok(());
        }
        self.input.add_payment(&PaymentFacts {
            id: row.payment_id.0,
            channel,
            txn_id: row.provider_txn_id.as_deref().and_then(real_id),
            order_ref: row.order_ref.as_deref(),
            bank_txn_id: row.bank_txn_id.as_deref(),
            references: row.order_ref.as_deref().as_slice(),
            amount: row.amount_minor,
            currency: row.to_currency()?,
            status,
            day,
            // Where nobody reports, nothing can be absent: the day says that it is incomplete.
            waits_until: self
                .expected
                .unreported
                .contains(&row.channel)
                .then_some(Day::MAX),
            is_direct: self.is_direct(&row.channel),
            is_expired: false,
        });
        self.payment_days.push(day);
        Ok(())
    }

    fn refunds(&mut self, queries: &mut dyn Queries) -> Result<(), Failure> {
        let mut filter = RefundFilter {
            approved_within: Some((Ts(begins(self.from)), Ts(ends(self.to)))),
            limit: PAGE,
            ..RefundFilter::default()
        };
        loop {
            let page = queries.list_refunds(self.tenant.0, &filter)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            filter.after = Some(last.refund_id);
            for row in &page {
                let state = RefundState::parse(&row.state)
                    .ok_or_else(|| broken("refund", row.refund_id, &row.state))?;
                let is_out = matches!(state, RefundState::Sent | RefundState::Succeeded);
                let (Some(approved_at), true) = (row.approved_at, is_out) else {
                    continue;
                };
                let channel = self.channel(&row.channel);
                let day = vietnam_day(approved_at.0);
                if day < self.from || day > self.to {
                    continue;
                }
                let grace = self.grace(&row.channel);
                self.input.add_refund(&RefundFacts {
                    id: row.refund_id.0,
                    payment: Some(row.payment_id.0),
                    channel,
                    provider_refund_id: row.provider_refund_id.as_deref(),
                    order_ref: None,
                    bank_reference: row.bank_reference.as_deref(),
                    amount: row.amount_minor,
                    waits_until: day.checked_add_signed(grace).unwrap_or(day),
                });
                self.refund_days.push(day);
            }
        }
    }

    fn grace(&self, channel: &str) -> TimeDelta {
        let number = self.channels.get(channel);
        let contract = number.and_then(|number| self.input.contract(*number));
        let days = contract.map_or(1, |contract| contract.grace_days);
        TimeDelta::days(i64::try_from(days).unwrap_or(1))
    }

    fn source(
        &mut self,
        queries: &mut dyn Queries,
        source: &Source,
        days: (Day, Day),
    ) -> Result<(), Failure> {
        let pages =
            queries.list_statement_pages(self.tenant.0, &source.name, self.from, self.to)?;
        self.has_lines.clear();
        for page in &pages {
            let file = self.file(page.file_id);
            match source.kind {
                SourceKind::Bank => self.bank(source, file, page)?,
                SourceKind::Settlement => self.settlement(source, file, page)?,
            }
        }
        let calendar = &self.settings.office.calendar;
        let found = (&self.has_lines, pages.as_slice());
        let expected = &mut self.expected;
        expect(queries, calendar, source, days, found, expected)
    }

    /// The rows of the files that were read, by their numbers.
    fn used(&self, queries: &mut dyn Queries) -> Result<Vec<StatementFileRow>, Failure> {
        let rows = queries.list_files(self.tenant.0, &self.files)?;
        let mut by_id: HashMap<Uid, StatementFileRow> =
            rows.into_iter().map(|row| (row.file_id, row)).collect();
        let mut used = Vec::with_capacity(self.files.len());
        for id in &self.files {
            let row = by_id.remove(id);
            used.push(row.ok_or_else(|| broken("file", *id, "no row"))?);
        }
        Ok(used)
    }

    fn file(&mut self, id: Uid) -> FileNo {
        let known = self.files.iter().rposition(|file| *file == id);
        let number = known.unwrap_or_else(|| {
            self.files.push(id);
            self.files.len() - 1
        });
        FileNo(u32::try_from(number).unwrap_or(u32::MAX))
    }

    fn bank(
        &mut self,
        source: &Source,
        file: FileNo,
        page: &StatementPageRow,
    ) -> Result<(), Failure> {
        for entry in entries(&page.data) {
            let line = entry.map_err(|_| broken("page of file", page.file_id, &source.name))?;
            self.input.add_bank(&BankFacts {
                file,
                place: u32::try_from(line.place).unwrap_or(u32::MAX),
                account: source.account.as_deref(),
                amount: line.amount,
                currency: line.currency.unwrap_or(source.currency),
                reference: line.bank_reference.or(line.reference),
                memo: line.memo,
                counterparty: line.counterparty,
                day: page.counts_on,
            });
            self.bank_days.push(page.counts_on);
            self.has_lines.insert(line.date);
        }
        Ok(())
    }

    fn settlement(
        &mut self,
        source: &Source,
        file: FileNo,
        page: &StatementPageRow,
    ) -> Result<(), Failure> {
        let name = source.channel.as_deref().unwrap_or_default();
        let channel = self.channel(name);
        // What counts on a later day, because its own was closed, is paid out with its own.
        let own = source.day_of(page.day);
        let late = (own != page.counts_on).then(|| own.to_string());
        for entry in entries(&page.data) {
            let line = entry.map_err(|_| broken("page of file", page.file_id, &source.name))?;
            self.input.add_line(&LineFacts {
                file,
                place: u32::try_from(line.place).unwrap_or(u32::MAX),
                channel,
                txn_id: line.reference.and_then(real_id),
                order_ref: line.order,
                batch: late.as_deref(),
                gross: line.amount,
                fee: line.fee,
                net: None,
                kind: if line.amount < 0 {
                    LineKind::Refund
                } else {
                    LineKind::Payment
                },
                currency: line.currency.unwrap_or(source.currency),
                day: page.counts_on,
            });
            self.line_days.push(page.counts_on);
            self.has_lines.insert(source.day_of(line.date));
        }
        Ok(())
    }
}

fn broken(what: &str, id: Uid, word: &str) -> Failure {
    Failure::Broken(format!("{what} {}: \"{word}\" is not understood", id.0))
}
