//! What was paid, as the document tells it: attempts, payments, notices and the ledger, with the
//! forms of their JSON.

use serde_json::json;

use super::operation::Operation;
use super::shape::{
    Schema, amount, answer, body, count, currency, hex, instant, list, named, of, or_null, page,
    plain, small, text, told, uuid, words, yes_no,
};
use crate::domain::entry::Event;
use crate::domain::notice::Verdict;
use crate::domain::payment::PaymentStatus;
use crate::domain::status_query::QueryState;

fn status() -> Schema {
    of(PaymentStatus::ALL, PaymentStatus::as_str)
}

/// What a notice says of its payment; `none` where it is about none.
fn told_status() -> Schema {
    let statuses = PaymentStatus::ALL.iter().map(|one| one.as_str());
    words(statuses.chain(["none"]))
}

/// A day or an instant.
pub(super) fn moment() -> Schema {
    json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]})
}

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("openAttempt", "/attempts", "Says under which order a payer goes to pay a bill")
            .says("Sent before the payer goes, so that the provider can be asked if its call never comes.")
            .takes(named("Attempt"))
            .creates("The attempt is new.", named("AttemptShown"))
            .gives("It was said before.", named("AttemptShown")),
        Operation::get("getAttempt", "/attempts/{channel}/{order_ref}", "Shows an attempt")
            .in_path("channel", plain(), "The channel's name.")
            .in_path("order_ref", plain(), "The order reference.")
            .gives("The attempt.", named("AttemptShown")),
        Operation::get("listPayments", "/payments", "Lists payments, oldest first")
            .may("channel", plain(), "Of one channel.")
            .may("provider_txn_id", plain(), "With this number of the provider's.")
            .may("status", status(), "In this status.")
            .may("from", moment(), "Recorded at this instant or later, or from this day on.")
            .may("to", moment(), "Recorded before this instant, or up to this day and on it.")
            .in_pages(uuid())
            .gives("A page of payments.", page(named("Payment"))),
        Operation::get("getPayment", "/payments/{id}", "Shows a payment")
            .with_id()
            .gives("The payment.", named("Payment")),
        Operation::get("listNotices", "/notices", "Lists what providers told us")
            .says(
                "For a caller of one unit a page may be shorter than its limit, even empty; the cursor \
                 leads on all the same.",
            )
            .may("channel", plain(), "Of one channel.")
            .may("outcome", of(Verdict::ALL, Verdict::as_str), "Answered by this word.")
            .in_pages(uuid())
            .gives("A page of notices.", page(named("Notice"))),
        Operation::get("listAccounts", "/ledger/accounts", "Lists the accounts with their balances")
            .gives("Every account, on one page.", page(named("Account"))),
        Operation::get("listEntries", "/ledger/entries", "Lists entries in the order of their sealing")
            .in_pages(json!({"type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,18}-[0-9]{1,9}$"}))
            .gives("A page of entries.", page(named("Entry"))),
    ]
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    let notice = answer(vec![
        ("id", uuid()),
        ("channel", text()),
        ("outcome", of(Verdict::ALL, Verdict::as_str)),
        ("status", told_status()),
        ("payment", or_null(uuid())),
        (
            "is_applied",
            told(yes_no(), "Whether its money stands in the books."),
        ),
        ("recorded_at", or_null(instant())),
        ("key", told(hex(), "The hash by which a repeat is known.")),
    ]);
    let account = answer(vec![
        ("account", text()),
        ("currency", currency()),
        ("debit", amount()),
        ("credit", amount()),
        ("balance", told(amount(), "Debit less credit.")),
    ]);
    vec![
        ("Attempt", attempt()),
        ("AttemptShown", attempt_shown()),
        ("Payment", payment()),
        ("Notice", notice),
        ("Account", account),
        ("Entry", entry()),
    ]
}

fn attempt() -> Schema {
    let order_ref = json!({"type": "string", "minLength": 1, "maxLength": 100});
    let must = vec![
        ("channel", text()),
        ("order_ref", order_ref),
        ("bill_reference", text()),
    ];
    let at = told(
        or_null(instant()),
        "When the order was made at the provider; now unless given, never in the future.",
    );
    body(must, vec![("opened_at", at)])
}

fn attempt_shown() -> Schema {
    let query = answer(vec![
        ("state", of(QueryState::ALL, QueryState::as_str)),
        ("tries", small()),
        ("next_at", or_null(instant())),
        ("last_chance_at", instant()),
        ("last_asked_at", or_null(instant())),
        ("last_outcome", or_null(text())),
    ]);
    answer(vec![
        ("channel", text()),
        ("order_ref", text()),
        ("bill", text()),
        ("opened_at", instant()),
        (
            "status_query",
            told(or_null(query), "Where the asking of the provider stands."),
        ),
    ])
}

fn payment() -> Schema {
    let matched = answer(vec![
        ("outcome", text()),
        ("rule", or_null(text())),
        ("reason", text()),
    ]);
    let allocation = answer(vec![
        ("bill", or_null(text())),
        ("amount", amount()),
        ("by", words(["matching", "officer"])),
    ]);
    let mut members = vec![
        ("id", uuid()),
        ("channel", text()),
        ("provider", text()),
        ("provider_txn_id", or_null(text())),
        ("order_ref", or_null(text())),
        ("amount", amount()),
        ("currency", currency()),
        ("status", status()),
        ("paid_at", or_null(instant())),
        ("recorded_at", or_null(instant())),
        ("bill", or_null(text())),
        ("dossier", or_null(text())),
        ("unit", or_null(text())),
        ("match", matched),
        ("bank_txn_id", or_null(text())),
        ("allocations", list(allocation)),
        ("differences", list(uuid())),
    ];
    for (name, says) in [
        ("allocated", "On bills."),
        ("payer_credit", "The payer's, not yet placed."),
        ("suspense", "Nobody knows whose."),
        ("refunded", "Given back."),
        ("refunding", "On its way back."),
        ("fee_returned", "Taken off bills again to be given back."),
        ("test", "Marked as a test."),
    ] {
        members.push((name, told(amount(), says)));
    }
    answer(members)
}

fn entry() -> Schema {
    let posting = answer(vec![
        ("debit", text()),
        ("credit", text()),
        ("amount", amount()),
        ("currency", currency()),
    ]);
    answer(vec![
        ("id", uuid()),
        ("event", of(Event::ALL, Event::as_str)),
        ("sealed_at", instant()),
        ("chain", small()),
        ("height", count()),
        ("payment", or_null(uuid())),
        ("corrects", or_null(uuid())),
        ("postings", list(posting)),
    ])
}
