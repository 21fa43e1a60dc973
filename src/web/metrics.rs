//! Metrics: counts of calls come in from the doors and the writer, `/metrics` gives them in the
//! OpenMetrics text form. Labels are channels and stable words, never anything a caller sent.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use actix_web::{HttpResponse, web};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use tokio::time::timeout;

use super::Gateway;
use super::door::traces::SpanCounts;
use super::health::PATIENCE;
use super::standing::Standing;
use crate::journeys::ask_statuses::AskCounts;
use crate::journeys::sweep::waiting;
use crate::journeys::take_notices::Tally;
use crate::store::failure::Failure;

type Labels = [(&'static str, String); 2];
type Count = Counter<u64, AtomicU64>;
type Level = Gauge<i64, AtomicI64>;
type Times = Family<[(&'static str, String); 1], Histogram, fn() -> Histogram>;
type OfSubscriber = Family<[(&'static str, String); 1], Level>;

/// The registry and its handles.
pub(super) struct Metrics {
    registry: Registry,
    refused: Family<Labels, Count>,
    answered: Family<Labels, Count>,
    waiting: Gauge<i64, AtomicI64>,
    batches: Count,
    calls: Count,
    failed: Count,
    dropped: Count,
    largest_batch: Gauge<i64, AtomicI64>,
    questions: Family<Labels, Count>,
    orders: Family<Labels, Gauge<i64, AtomicI64>>,
    times: Times,
    waiting_of: Family<[(&'static str, String); 1], Level>,
    room: Level,
    batch_sizes: Histogram,
    standing: Standing,
    spans: SpanCounts,
    outbox: OutboxMetrics,
    unsettled: Level,
    unsettled_age_s: Level,
}

/// What an answer may be counted as.
const OUTCOMES: [&str; 6] = ["new", "repeat", "refused", "try_later", "too_many", "asked"];

/// Seconds in which calls are answered: from a commit that was just under way to the end of a
/// provider's patience.
fn seconds() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

/// What stands in the outbox, by subscriber.
#[derive(Default)]
struct OutboxMetrics {
    waiting: OfSubscriber,
    given_up: OfSubscriber,
    oldest_s: OfSubscriber,
    gone: OfSubscriber,
}

impl Metrics {
    /// Every channel's figures are there from the start: what was never counted is 0, not missing.
    pub(super) fn new<'a>(
        channels: impl Iterator<Item = &'a String>,
        queue: usize,
        batch_sizes: Histogram,
    ) -> Self {
        let mut metrics = Self {
            times: Family::new_with_constructor(seconds),
            waiting_of: Family::default(),
            room: Gauge::default(),
            batch_sizes,
            standing: Standing::default(),
            spans: SpanCounts::default(),
            registry: Registry::with_prefix("doisoat"),
            refused: Family::default(),
            answered: Family::default(),
            waiting: Gauge::default(),
            batches: Count::default(),
            calls: Count::default(),
            failed: Count::default(),
            dropped: Count::default(),
            largest_batch: Gauge::default(),
            questions: Family::default(),
            orders: Family::default(),
            outbox: OutboxMetrics::default(),
            unsettled: Gauge::default(),
            unsettled_age_s: Gauge::default(),
        };
        metrics.register();
        metrics.room.set(i64::try_from(queue).unwrap_or(i64::MAX));
        for channel in channels {
            let label = [("channel", channel.clone())];
            drop(metrics.times.get_or_create(&label));
            metrics.waiting_of.get_or_create(&label).set(0);
            for outcome in OUTCOMES {
                let labels = [
                    ("channel", channel.clone()),
                    ("outcome", outcome.to_owned()),
                ];
                drop(metrics.answered.get_or_create(&labels));
            }
        }
        metrics
    }

    /// Counts how long a call of a channel took.
    pub(super) fn time(&self, channel: &str, time: std::time::Duration) {
        let times = self.times.get_or_create(&[("channel", channel.to_owned())]);
        times.observe(time.as_secs_f64());
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "refused_calls",
            "Calls refused, by channel and reason",
            self.refused.clone(),
        );
        registry.register(
            "answers",
            "Webhook answers, by channel and outcome",
            self.answered.clone(),
        );
        registry.register(
            "queue_length",
            "Verified calls that wait for the writer",
            self.waiting.clone(),
        );
        registry.register(
            "batches",
            "Batches of calls that were committed",
            self.batches.clone(),
        );
        registry.register("calls", "Calls that were committed", self.calls.clone());
        registry.register(
            "calls_not_durable",
            "Calls answered \"try later\" by the writer",
            self.failed.clone(),
        );
        registry.register(
            "refused_calls_not_kept",
            "Refused calls dropped because too many came at once",
            self.dropped.clone(),
        );
        registry.register(
            "largest_batch",
            "Most calls committed in one batch since the start",
            self.largest_batch.clone(),
        );
        registry.register(
            "status_queries",
            "Status queries made, by channel and outcome",
            self.questions.clone(),
        );
        registry.register(
            "status_query_orders",
            "Orders that wait for an answer, and orders that were given up",
            self.orders.clone(),
        );
        registry.register(
            "unsettled_notices",
            "Notices that were recorded and are not applied yet",
            self.unsettled.clone(),
        );
        registry.register(
            "unsettled_oldest_seconds",
            "Age of the oldest notice that is not applied yet, 0 without one",
            self.unsettled_age_s.clone(),
        );
        self.outbox.register(registry);
        self.register_load();
    }

    /// How long calls take, and how full everything is.
    fn register_load(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "call_seconds",
            "Seconds in which webhook calls were answered, by channel",
            self.times.clone(),
        );
        registry.register(
            "channel_queue_length",
            "Verified calls that wait for the writer, by channel",
            self.waiting_of.clone(),
        );
        registry.register(
            "queue_capacity",
            "Verified calls that may wait for the writer",
            self.room.clone(),
        );
        registry.register(
            "batch_calls",
            "Calls committed in one transaction",
            self.batch_sizes.clone(),
        );
        self.standing.register(registry);
        self.spans.register(registry);
    }

    pub(super) fn count_refused(&self, channel: &str, reason: &'static str) {
        let labels = [
            ("channel", channel.to_owned()),
            ("reason", reason.to_owned()),
        ];
        self.refused.get_or_create(&labels).inc();
    }

    pub(super) fn count_answered(&self, channel: &str, outcome: &'static str) {
        let labels = [
            ("channel", channel.to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        self.answered.get_or_create(&labels).inc();
    }

    /// Copies the writer's counters, which are its own so that it needs to know no registry.
    fn read(&self, tally: &Tally) {
        let copy = |from: &AtomicU64, to: &Count| {
            to.inner()
                .store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        };
        copy(&tally.batches, &self.batches);
        copy(&tally.calls, &self.calls);
        copy(&tally.failed, &self.failed);
        copy(&tally.refusals_dropped, &self.dropped);
        let show = |from: &AtomicU64, to: &Gauge<i64, AtomicI64>| {
            to.set(i64::try_from(from.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        };
        show(&tally.waiting, &self.waiting);
        show(&tally.largest_batch, &self.largest_batch);
        for (channel, count) in tally.shares.counts() {
            let level = self.waiting_of.get_or_create(&[("channel", channel)]);
            level.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

impl Metrics {
    /// Reads what was recorded and waits to be applied, whichever process wrote it.
    fn read_unsettled(&self, gateway: &Gateway) -> Result<(), Failure> {
        let waiting = waiting(&gateway.db, &gateway.settings.channels)?;
        let now = gateway.clock.now();
        let age = waiting.since.map(|at| now.signed_duration_since(at));
        self.unsettled.set(waiting.count);
        self.unsettled_age_s
            .set(age.map_or(0, |age| age.num_seconds().max(0)));
        Ok(())
    }

    /// Copies the counts of whoever asks.
    fn read_asked(&self, counts: &AskCounts) {
        for ((channel, outcome), count) in &counts.questions {
            let labels = [("channel", channel.clone()), ("outcome", outcome.clone())];
            let counter = self.questions.get_or_create(&labels);
            counter.inner().store(*count, Ordering::Relaxed);
        }
        for ((channel, state), count) in &counts.orders {
            let labels = [("channel", channel.clone()), ("state", state.clone())];
            self.orders.get_or_create(&labels).set(*count);
        }
    }
}

impl OutboxMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "outbox_waiting",
            "Deliveries that a subscriber has not taken yet",
            self.waiting.clone(),
        );
        registry.register(
            "outbox_given_up",
            "Deliveries that were given up after the last try",
            self.given_up.clone(),
        );
        registry.register(
            "outbox_oldest_seconds",
            "Age of the oldest event that a subscriber has not taken yet",
            self.oldest_s.clone(),
        );
        registry.register(
            "outbox_switched_off",
            "1 when a subscriber answered 410 and is sent nothing",
            self.gone.clone(),
        );
    }

    /// Reads what stands in the database, whichever process wrote it.
    fn read(&self, gateway: &Gateway) -> Result<(), Failure> {
        let now = gateway.clock.now();
        for subscriber in gateway.settings.subscribers.values() {
            let tenant = subscriber.tenant.0;
            let (counts, known) = gateway.db.read(|queries| {
                let counts = queries.count_deliveries(tenant, &subscriber.name)?;
                Ok::<_, Failure>((counts, queries.list_subscribers(tenant)?))
            })?;
            let is_gone = known.iter().any(|row| {
                row.subscriber == subscriber.name && row.gone_url.as_ref() == Some(&subscriber.url)
            });
            let oldest = counts.oldest_waiting;
            let age = oldest.map_or(0, |at| now.signed_duration_since(at.0).num_seconds());
            let labels = [("subscriber", subscriber.name.clone())];
            self.waiting.get_or_create(&labels).set(counts.waiting);
            self.given_up.get_or_create(&labels).set(counts.given_up);
            self.oldest_s.get_or_create(&labels).set(age.max(0));
            self.gone.get_or_create(&labels).set(i64::from(is_gone));
        }
        Ok(())
    }
}

/// `/metrics`.
pub async fn show(gateway: web::Data<Gateway>) -> HttpResponse {
    let asked = gateway.clone();
    let read = web::block(move || {
        asked.metrics.standing.read(&asked)?;
        asked.metrics.read_unsettled(&asked)?;
        asked.metrics.outbox.read(&asked)
    });
    // The other figures are told all the same.
    let is_read = match timeout(PATIENCE, read).await {
        Ok(Ok(Ok(()))) => true,
        Ok(Ok(Err(failure))) => {
            tracing::warn!(%failure, "what stands in the database could not be counted");
            false
        }
        Ok(Err(_)) | Err(_) => false,
    };
    gateway.metrics.standing.tell_reached(is_read);
    gateway.metrics.spans.read(&gateway.traces);
    gateway.metrics.read(gateway.intake.tally());
    gateway.metrics.read_asked(&gateway.asked.counts());
    let mut text = String::new();
    if encode(&mut text, &gateway.metrics.registry).is_err() {
        return HttpResponse::InternalServerError().finish();
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text)
}
