//! The real thing beside the model: every step is taken in both, by the writer, the API or an officer's
//! journey, and both must say the same of it; then of everything.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doisoat::config::channel::Channel;
use doisoat::domain::difference::{DifferenceKind, DifferenceState, WayOut};
use doisoat::domain::ids::{PaymentId, RefundId, Tenant};
use doisoat::domain::money::{Currency, Money};
use doisoat::domain::notice::Notice;
use doisoat::domain::payment::PaymentStatus as Status;
use doisoat::domain::refund::RefundSource;
use doisoat::domain::time::{Instant, parse_rfc3339};
use doisoat::journeys::add_officer::add_officer;
use doisoat::journeys::case_desk::{CaseDesk, CaseError};
use doisoat::journeys::refunds::approve::approve_refund;
use doisoat::journeys::refunds::ask::{Asked, Wish, request_refund};
use doisoat::journeys::refunds::pay::{
    Outcome, Payer, Sending, Settling, send_refund, settle_refund,
};
use doisoat::journeys::refunds::{Hand, RefundError, Which};
use doisoat::journeys::resolve_difference::{BillPart, Resolution, resolve_difference};
use doisoat::journeys::take_notices::{Call, Taken};
use doisoat::journeys::write_batch::BatchWriter;
use doisoat::ledger::verify::verify;
use doisoat::store::ops::DifferenceFilter;
use doisoat::store::rows::DifferenceRow;
use serde_json::{Value, json};

use super::world::{Bill, OURS, Word, World};
use crate::matching::accounts;
use crate::support::TestApp;
use crate::support::office::{HERE, dossier};

pub(super) struct Office<'a> {
    pub(super) app: &'a TestApp,
    pub(super) world: World,
    pub(super) writer: BatchWriter,
    pub(super) channel: Arc<Channel>,
    pub(super) said: Vec<(Word, Notice)>,
    pub(super) taken: HashMap<&'static str, usize>,
}

pub(super) fn call_of(channel: &Arc<Channel>, notices: Vec<Notice>) -> Call {
    Call {
        channel: Arc::clone(channel),
        notices,
        silent_because: None,
        raw: Vec::new(),
        request_id: None,
        span: None,
        reply: Box::new(|_| {}),
    }
}

/// All that a notice says but the number of its event.
fn facts(notice: &Notice) -> String {
    let bare = Notice {
        event_id: None,
        ..notice.clone()
    };
    format!("{bare:?}")
}

pub(super) fn writer_of(app: &TestApp) -> BatchWriter {
    BatchWriter::open(&app.db, &app.clock, vec!["sepay".to_owned()]).unwrap()
}

fn hand(officer: &str, now: Instant) -> Hand<'_> {
    Hand {
        tenant: Tenant(1),
        officer,
        unit: None,
        holder: "refunds",
        now,
        is_preview: false,
    }
}

impl<'a> Office<'a> {
    pub(super) fn of(app: &'a TestApp) -> Self {
        app.has_office();
        for officer in ["CB01", "LD01"] {
            add_officer(&app.db, Tenant(1), officer, officer, None, app.clock.now()).unwrap();
        }
        Self {
            world: World::default(),
            writer: writer_of(app),
            channel: Arc::new(app.settings.channels["bank"].clone()),
            said: Vec::new(),
            taken: HashMap::new(),
            app,
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.app
            .set_clock(self.app.clock.now() + Duration::from_secs(1));
        self.app.clock.now()
    }

    fn code(at: usize) -> String {
        format!("H12.104-260105-{:04}", at + 1)
    }

    pub(super) fn has_bill(&mut self, total: i64) {
        self.now();
        let at = self.world.bills.len();
        let reference = self.app.has_bill(HERE, &Self::code(at), total);
        self.world.bills.push(Bill {
            reference,
            total,
            paid: 0,
            is_cancelled: false,
            was_cancelled: false,
        });
    }

    pub(super) fn notice(&self, word: &Word, event: usize, paid_late: Instant) -> Notice {
        let (amount, bill) = self.world.plans[word.payment];
        let memo = bill.map_or("khong ro", |at| self.world.bills[at].reference.as_str());
        let key = format!("T{}", word.payment);
        let before = parse_rfc3339("2026-01-05T03:30:00Z");
        let is_part = word.status == Status::PartiallyRefunded;
        Notice {
            event_id: Some(format!("E{event}")),
            provider_txn_id: Some(key.clone()),
            payment_key: key,
            order_ref: None,
            amount: Money::new(amount + i64::from(word.contradicts), Currency::VND),
            refunded_minor: is_part.then_some(word.back),
            status: word.status,
            paid_at: if word.is_late {
                Some(paid_late)
            } else {
                before
            },
            memo: Some(memo.to_owned()),
            virtual_account: None,
            account_number: None,
            bank_txn_id: None,
        }
    }

    /// Calls that arrive together, one or several notices each.
    pub(super) fn hears(&mut self, words: &[Word], is_one_call: bool) {
        let now = self.now();
        let mut notices = Vec::new();
        let mut repeats = Vec::new();
        for word in words {
            let notice = self.notice(word, self.said.len(), now);
            repeats.push(self.world.hears(word, &facts(&notice)));
            self.said.push((word.clone(), notice.clone()));
            notices.push(notice);
        }
        let calls: Vec<Call> = if is_one_call {
            vec![call_of(&self.channel, notices)]
        } else {
            let one = |notice| call_of(&self.channel, vec![notice]);
            notices.into_iter().map(one).collect()
        };
        if is_one_call {
            repeats = vec![repeats.iter().all(|is_repeat| *is_repeat)];
        }
        let taken = self.writer.take(Tenant(1), &calls);
        let told: Vec<bool> = taken
            .iter()
            .map(|taken| match taken {
                Taken::New(_) => false,
                Taken::Repeat(_) => true,
                Taken::TryLater => panic!("{words:?} was put off"),
            })
            .collect();
        assert_eq!(told, repeats, "{words:?}");
    }

    /// Something that was said before, byte for byte.
    pub(super) fn hears_again(&mut self, which: usize) {
        self.now();
        let Some((word, notice)) = self.said.get(which % self.said.len().max(1)) else {
            return;
        };
        let call = call_of(&self.channel, vec![notice.clone()]);
        let taken = self.writer.take(Tenant(1), &[call]);
        assert!(
            matches!(taken[..], [Taken::Repeat(_)]),
            "{taken:?}: {word:?}"
        );
    }

    fn puts(&self, at: usize, total: i64, more: &Value) -> bool {
        self.now();
        let mut body = dossier(HERE, total);
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let target = format!("/api/v1/dossiers/{}", Self::code(at));
        match self.app.put(&target, &body).status {
            200 => true,
            409 | 422 => false,
            other => panic!("{target}: {other}"),
        }
    }

    pub(super) fn raises(&mut self, at: usize, total: i64) {
        let expected = self.world.raises(at, total);
        assert_eq!(self.puts(at, total, &json!({})), expected, "raise {at}");
        self.counts("raised", expected);
    }

    pub(super) fn cancels(&mut self, at: usize) {
        let total = self.world.bills[at].total;
        let expected = self.world.cancels(at);
        let bills = json!([{ "items": [0], "is_cancelled": true, "due_on": "2026-02-05" }]);
        let more = json!({ "bill_due_on": null, "bills": bills });
        assert_eq!(self.puts(at, total, &more), expected, "cancel {at}");
        self.counts("cancelled", expected);
    }

    /// The difference behind which money of a payment waits, if it can be given to a bill.
    fn difference(&self, number: usize) -> Option<DifferenceRow> {
        let filter = DifferenceFilter {
            limit: 1_000_000,
            ..DifferenceFilter::default()
        };
        let id = self.payment_id(number)?;
        let rows = self
            .app
            .db
            .read(|queries| queries.list_differences(1, &filter))
            .unwrap();
        rows.into_iter().find(|row| {
            let kind = DifferenceKind::parse(&row.kind).unwrap();
            row.payment_id.is_some_and(|of| of.0 == id)
                && row.state != DifferenceState::Resolved.as_str()
                && kind.ways_out().contains(&WayOut::Assign)
        })
    }

    fn payment_id(&self, number: usize) -> Option<uuid::Uuid> {
        let target = format!("/api/v1/payments?provider_txn_id=T{number}");
        let found = self.app.items(&target);
        let id = found.first()?["id"].as_str().unwrap();
        Some(uuid::Uuid::parse_str(id).unwrap())
    }

    pub(super) fn assigns(&mut self, number: usize, at: usize) {
        let now = self.now();
        let Some(row) = self.difference(number) else {
            return;
        };
        let desk = CaseDesk {
            tenant: Tenant(1),
            holder: "desk",
            now,
            officer: "CB01",
            unit: None,
            may_approve: true,
        };
        let resolution = Resolution {
            way: WayOut::Assign,
            reason: "theo chứng từ".to_owned(),
            revision: row.revision,
            bills: vec![BillPart {
                reference: self.world.bills[at].reference.clone(),
                amount: None,
            }],
            until: None,
            unit: None,
            is_preview: false,
        };
        let done = resolve_difference(&self.app.db, &desk, row.difference_id.0, &resolution);
        let is_done = match &done {
            Ok(_) => true,
            Err(CaseError::Refused(_)) => false,
            Err(error) => panic!("{error}"),
        };
        let expected = self.world.assigns(number, at);
        assert_eq!(is_done, expected, "T{number} to bill {at}: {done:?}");
        self.counts("assigned", expected);
    }

    /// One officer asks for waiting money to go back, another approves; then, or never, the bank or the
    /// provider pays it out.
    pub(super) fn returns(&mut self, number: usize, percent: i64, paid_by: Option<bool>) {
        let now = self.now();
        let Some(payment) = self.world.payments.get(&number).cloned() else {
            return;
        };
        let (source, there) = if payment.credit > 0 {
            (RefundSource::Credit, payment.credit)
        } else {
            (RefundSource::Suspense, payment.suspense)
        };
        let minor = there * percent / 100;
        if minor == 0 {
            return;
        }
        let Some(which) = self.asks_back(number, source, minor, now) else {
            return;
        };
        let db = &self.app.db;
        let own = approve_refund(db, &hand("CB01", now), which, "tự duyệt");
        assert!(matches!(own, Err(RefundError::SameOfficer(_))), "{own:?}");
        approve_refund(db, &hand("LD01", now), which, "đủ giấy tờ").unwrap();
        self.world.sets_aside(number, minor);
        if let Some(by_bank) = paid_by {
            let payer = if by_bank {
                Payer::Bank(OURS.to_owned())
            } else {
                Payer::Provider
            };
            let settling = Settling {
                outcome: Outcome::Succeeded(payer),
                evidence: Some("FT-1".to_owned()),
                reason: "đã chi".to_owned(),
            };
            let sending = Sending {
                bank_reference: Some("FT-1".to_owned()),
                reason: "theo lệnh chi".to_owned(),
                ..Sending::default()
            };
            send_refund(db, &hand("CB01", now), which, &sending).unwrap();
            settle_refund(db, &hand("CB01", now), which, &settling).unwrap();
            self.world.pays_back(number, minor, by_bank);
        }
        self.counts("returned", true);
    }

    /// The refund that is asked for; none where another one that waits for approval has the money.
    fn asks_back(
        &self,
        number: usize,
        source: RefundSource,
        minor: i64,
        now: Instant,
    ) -> Option<Which> {
        let asked = Asked {
            payment_id: PaymentId(self.payment_id(number)?),
            source,
            wish: Wish {
                amount: Some(minor.to_string()),
                items: Vec::new(),
                reason: "nộp thừa".to_owned(),
            },
        };
        match request_refund(&self.app.db, &hand("CB01", now), &asked) {
            Ok(told) => Some(Which {
                id: RefundId(told.refund.refund_id.0),
                revision: None,
            }),
            Err(RefundError::AboveRest { .. }) => None,
            Err(error) => panic!("T{number} {minor}: {error}"),
        }
    }

    fn counts(&mut self, what: &'static str, is_done: bool) {
        *self.taken.entry(what).or_default() += usize::from(is_done);
    }

    /// Bills, accounts, notices and the books' own checks.
    fn agrees_on_bills(&self) {
        let bills = "SELECT reference || ' ' || total_minor || ' ' || paid_minor || ' ' || state \
                     AS t FROM bills";
        assert_eq!(self.sorted(bills), self.world.bills());
        assert_eq!(accounts(self.app), self.world.accounts());
        let notices = "SELECT COUNT(*) AS n FROM notices";
        assert_eq!(self.app.database.number(notices), self.world.notices);
        for check in verify(&self.app.db, 1).unwrap() {
            assert_eq!(check.wrong, [], "{}", check.proves);
        }
    }

    fn sorted(&self, sql: &str) -> Vec<String> {
        let mut told = self.app.database.texts(sql);
        told.sort();
        told
    }

    /// Everything is the same in both.
    pub(super) fn agrees(&self) {
        self.agrees_on_bills();
        let payments = "SELECT provider_txn_id || ' ' || status || ' ' || amount_minor || ': ' || \
             allocated_minor || ' ' || credit_minor || ' ' || suspense_minor || ' ' || \
             refunding_minor || ' ' || refunded_minor AS t FROM payments";
        assert_eq!(self.sorted(payments), self.world.payments());
        let target = "/api/v1/indicators/online-transaction-share?from=2026-01-01&to=2026-01-31";
        let told = self.app.get(target);
        let (paid, asked) = self.world.share();
        let figures = (&told["numerator"], &told["denominator"]);
        assert_eq!(figures, (&json!(paid), &json!(asked)));
    }

    /// The same in sum, where it is left open which payment was first.
    pub(super) fn agrees_in_sum(&self, first_bill: usize) {
        self.agrees_on_bills();
        for bill in &self.world.bills[first_bill..] {
            let sql = format!(
                "SELECT CAST(COALESCE(SUM(p.allocated_minor), 0) AS BIGINT) AS n FROM payments p \
                 JOIN bills b ON b.tenant = p.tenant AND b.bill_id = p.bill_id \
                 WHERE b.reference = '{}'",
                bill.reference
            );
            assert_eq!(self.app.database.number(&sql), bill.paid);
        }
    }
}
