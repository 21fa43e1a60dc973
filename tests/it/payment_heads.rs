//! What a comparison reads of payments: those paid within two instants, or at one nobody told, page
//! after page, and nothing of them is another than in the whole row.

use doisoat::domain::time::parse_rfc3339;
use doisoat::store::ops::PaymentFilter;
use doisoat::store::rows::{PaymentHead, PaymentRow};
use doisoat::store::types::{Ts, Uid};
use uuid::Uuid;

use crate::support::office::transfer;
use crate::support::{TestApp, both};

fn head(row: &PaymentRow) -> PaymentHead {
    let row = row.clone();
    PaymentHead {
        payment_id: row.payment_id,
        channel: row.channel,
        provider_txn_id: row.provider_txn_id,
        order_ref: row.order_ref,
        amount_minor: row.amount_minor,
        currency: row.currency,
        status: row.status,
        paid_at: row.paid_at,
        bank_txn_id: row.bank_txn_id,
    }
}

/// The heads of a window, two at a time.
fn heads(app: &TestApp, ids: (Uid, Uid), paid: (Ts, Ts)) -> Vec<PaymentHead> {
    let (mut first, behind) = ids;
    let mut found = Vec::new();
    loop {
        let page = app
            .db
            .read(|queries| queries.list_payment_heads(1, (first, behind), paid, 2))
            .unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        first = Uid(Uuid::from_u128(last.payment_id.0.as_u128() + 1));
        found.extend(page);
    }
}

both!(fn the_payments_of_a_window_are_read_and_no_others(app) {
    app.has_office();
    app.clock.advance_to(parse_rfc3339("2026-01-10T02:00:00Z").unwrap());
    for (number, at) in [(1, "04 23:59:59"), (2, "05 00:00:00"), (3, "05 12:00:00"), (4, "06 00:00:00"), (5, "09 08:00:00")] {
        let mut call = transfer(number, 10_000, "NOP PHI");
        call["transactionDate"] = format!("2026-01-{at}").into();
        assert_eq!(app.bank_says(call.to_string().as_bytes()).status, 200);
    }
    assert_eq!(app.vnpay_pays("1001", "O1", 50_000, "k-vnpay").status, 200);
    app.database.run("UPDATE payments SET paid_at = NULL WHERE provider_txn_id = '1001'");
    let everything = PaymentFilter { limit: 100, ..PaymentFilter::default() };
    let rows = app.db.read(|queries| queries.list_payments(1, &everything)).unwrap();
    assert_eq!(rows.len(), 6);
    let all = (Uid(Uuid::nil()), Uid(Uuid::max()));
    let instants = ["2026-01-04T17:00:00Z", "2026-01-05T17:00:00Z", "2026-01-09T01:00:00Z", "2026-02-01T00:00:00Z"];
    let instants = instants.map(|at| Ts(parse_rfc3339(at).unwrap()));
    let mut sizes = Vec::new();
    for (place, from) in instants.iter().enumerate() {
        for to in &instants[place..] {
            let is_in = |row: &&PaymentRow| row.paid_at.is_none_or(|at| from.0 <= at.0 && at.0 < to.0);
            let expected: Vec<PaymentHead> = rows.iter().filter(is_in).map(head).collect();
            sizes.push(expected.len());
            assert_eq!(heads(app, all, (*from, *to)), expected);
            let filter = PaymentFilter { paid_within: Some((*from, *to)), ..everything.clone() };
            let whole = app.db.read(|queries| queries.list_payments(1, &filter)).unwrap();
            assert_eq!(whole.iter().map(head).collect::<Vec<_>>(), expected);
        }
    }
    assert_eq!(sizes, [1, 3, 4, 5, 1, 2, 3, 1, 2, 1]);
    let some = (rows[1].payment_id, rows[4].payment_id);
    let paid = (Ts(parse_rfc3339("2026-01-01T00:00:00Z").unwrap()), instants[3]);
    let ids = |heads: Vec<PaymentHead>| heads.into_iter().map(|one| one.payment_id).collect::<Vec<_>>();
    assert_eq!(ids(heads(app, some, paid)), [rows[1].payment_id, rows[2].payment_id, rows[3].payment_id]);
});
