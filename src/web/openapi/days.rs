//! Days and the outbox, as the document tells them, with the forms of their JSON.

use serde_json::json;

use super::operation::Operation;
use super::paid::moment;
use super::shape::{
    Members, Schema, answer, answer_with, body, count, day, hex, instant, list, named, of, open,
    or_null, page, plain, small, text, told, uuid, whole, words, yes_no,
};
use crate::domain::day::{DayState, DayVerdict};
use crate::domain::outbox::{DeliveryState, EventType};
use crate::journeys::reconcile::read_outcomes::{outcome_words, side_words};

/// Operations of the outbox.
pub(super) fn outbox() -> Vec<Operation> {
    vec![
        Operation::get(
            "listDeliveries",
            "/outbox",
            "Lists what subscribers are told, oldest first",
        )
        .may("subscriber", plain(), "To this subscriber.")
        .may(
            "state",
            of(DeliveryState::ALL, DeliveryState::as_str),
            "In this state.",
        )
        .may("dossier", plain(), "About this dossier.")
        .may(
            "since",
            moment(),
            "Of events of this day or instant, and later.",
        )
        .in_pages(uuid())
        .gives("A page of deliveries.", page(named("Delivery"))),
        Operation::get(
            "getDelivery",
            "/outbox/{id}",
            "Shows a delivery with its tries",
        )
        .with_id()
        .gives("The delivery.", named("Delivery")),
        Operation::post(
            "redeliver",
            "/outbox/{id}/redelivery",
            "Asks for a delivery again",
        )
        .with_id()
        .accepts("It will be tried again.", named("Delivery")),
    ]
}

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    let step = |id, path, summary| {
        Operation::post(id, path, summary)
            .says("Needs an officer behind the token; the second step needs another one than the first.")
            .in_path("date", day(), "The day.")
            .gives("Where the day stands.", named("DayStands"))
    };
    let nothing = || body(Vec::new(), Vec::new());
    vec![
        Operation::get(
            "getDay",
            "/days/{date}",
            "Shows a day and what was signed of it",
        )
        .in_path("date", day(), "The day.")
        .gives("The day.", named("DayShown")),
        Operation::post("compareDay", "/days/{date}/comparison", "Compares a day with what was imported for it")
            .says("Payments beside settlement files and statements. What is found is kept and opens differences.")
            .in_path("date", day(), "The day.")
            .may_take(nothing())
            .gives("What was found.", named("DayCompared")),
        Operation::get("listOutcomes", "/days/{date}/outcomes", "Lists what the comparison found, item by item")
            .in_path("date", day(), "The day.")
            .may("outcome", words(outcome_words()), "With this outcome.")
            .may("side", words(side_words()), "Of this side.")
            .in_pages(json!({"type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,9}$"}))
            .gives("A page of outcomes.", page(named("Outcome"))),
        step("proposeDay", "/days/{date}/proposal", "Proposes a day").may_take(nothing()),
        step("closeDay", "/days/{date}/closing", "Closes and signs a day").may_take(nothing()),
        step(
            "reopenDay",
            "/days/{date}/reopening",
            "Reopens a closed day",
        )
        .takes(named("Reason")),
    ]
}

fn day_members() -> Members {
    vec![
        ("day", day()),
        ("state", of(DayState::ALL, DayState::as_str)),
        ("revision", small()),
        ("verdict", or_null(of(DayVerdict::ALL, DayVerdict::as_str))),
        ("proposed_by", or_null(text())),
        ("proposed_at", or_null(instant())),
        ("closed_by", or_null(text())),
        ("closed_at", or_null(instant())),
        ("reopened_by", or_null(text())),
        ("reopened_at", or_null(instant())),
        ("reopen_reason", or_null(text())),
    ]
}

/// A bank account beside our books.
fn bank() -> Schema {
    answer(vec![
        ("source", text()),
        ("account", told(text(), "As the ledger names it.")),
        ("currency", text()),
        (
            "statement_day",
            told(
                day(),
                "The last day of the last statement up to the day asked for.",
            ),
        ),
        ("statement", told(text(), "What that closes with.")),
        (
            "books",
            told(text(), "What our books hold at the end of the day."),
        ),
        ("gap", told(text(), "The statement less our books.")),
        (
            "before_first_statement",
            told(
                or_null(text()),
                "What the first statement that was imported opens with: it was there before.",
            ),
        ),
        (
            "not_posted",
            told(
                or_null(text()),
                "The rest of the gap: lines not posted, less what was recorded and no statement shows yet.",
            ),
        ),
    ])
}

/// Remittances of a currency that no statement shows.
fn unproven() -> Schema {
    answer(vec![
        ("currency", text()),
        ("count", small()),
        ("amount", text()),
        ("oldest_day", day()),
        ("oldest_age_days", small()),
    ])
}

fn day_shown() -> Schema {
    let step = answer(vec![
        ("action", text()),
        ("officer", or_null(text())),
        ("reason", or_null(text())),
        ("revision", small()),
        ("at", instant()),
    ]);
    let artefact = answer(vec![
        ("revision", small()),
        ("sha256", hex()),
        ("signature", told(text(), "Base64.")),
        ("public_key", hex()),
        ("signed", told(text(), "The bytes that were signed.")),
    ]);
    let mut must = Vec::new();
    let mut may = Vec::new();
    for member in day_members() {
        let is_always = ["day", "state", "revision", "verdict"].contains(&member.0);
        if is_always {
            must.push(member)
        } else {
            may.push(member)
        }
    }
    must.extend([
        (
            "found",
            told(
                open(),
                "What the day holds: as it was proposed, else as it is now.",
            ),
        ),
        ("banks", list(bank())),
        ("unproven_remittances", list(unproven())),
        ("steps", list(step)),
        (
            "artefact",
            told(or_null(artefact), "What was signed at its last closing."),
        ),
    ]);
    answer_with(must, may)
}

fn delivery() -> Schema {
    let one_try = answer(vec![
        ("nth", small()),
        ("at", instant()),
        ("millis", whole()),
        ("status", or_null(small())),
        ("error", or_null(text())),
        ("answer", told(text(), "The first bytes of the answer.")),
    ]);
    answer(vec![
        ("id", uuid()),
        ("subscriber", text()),
        (
            "event",
            told(
                uuid(),
                "The event's id, the `webhook-id` that the subscriber sees.",
            ),
        ),
        ("type", or_null(of(EventType::ALL, EventType::as_str))),
        ("dossier", or_null(text())),
        ("created_at", or_null(instant())),
        ("state", of(DeliveryState::ALL, DeliveryState::as_str)),
        ("tries", small()),
        ("next_at", or_null(instant())),
        ("last_status", or_null(small())),
        ("last_error", or_null(text())),
        ("delivered_at", or_null(instant())),
        (
            "body",
            told(
                or_null(named("Event")),
                "What is sent; null when the event is gone.",
            ),
        ),
        ("history", list(one_try)),
    ])
}

fn day_compared() -> Schema {
    let counted = answer(vec![
        ("side", words(side_words())),
        ("outcome", words(outcome_words())),
        ("count", count()),
    ]);
    let missing = answer(vec![("source", text()), ("due", text())]);
    let differences = ["opened", "settled", "reopened", "changed"];
    let differences = differences.map(|name| (name, count())).to_vec();
    answer(vec![
        ("day", day()),
        ("counts", list(counted)),
        ("missing_files", list(missing)),
        ("differences", answer(differences)),
        ("money", money()),
        ("sha256", hex()),
    ])
}

/// What followed for money.
fn money() -> Schema {
    let recovered = answer(vec![
        ("payment", uuid()),
        ("channel", text()),
        ("order_ref", or_null(text())),
        ("provider_txn_id", or_null(text())),
        ("amount_minor", whole()),
        ("currency", text()),
        ("file", uuid()),
        ("place", count()),
        ("verdict", text()),
    ]);
    let posted = answer(vec![
        ("subject", text()),
        ("event", text()),
        ("entry", uuid()),
        ("gross_minor", or_null(whole())),
        ("fee_minor", or_null(whole())),
        ("net_minor", or_null(whole())),
        ("currency", text()),
        ("file", uuid()),
        ("place", or_null(whole())),
    ]);
    let left = answer(vec![("subject", text()), ("why", text())]);
    answer(vec![
        ("recovered", list(recovered)),
        ("posted", list(posted)),
        ("proven_remittances", list(uuid())),
        ("not_posted", list(left)),
    ])
}

fn outcome() -> Schema {
    let may = vec![
        ("id", uuid()),
        ("file", uuid()),
        ("name", or_null(text())),
        ("line", count()),
        ("batch", text()),
    ];
    let item = || answer_with(Vec::new(), may.clone());
    let with = answer(vec![
        ("side", words(side_words())),
        ("item", item()),
        ("role", text()),
        ("allocated_minor", or_null(whole())),
    ]);
    answer(vec![
        ("side", words(side_words())),
        (
            "item",
            told(
                item(),
                "A payment or refund by its id, or a place of a file.",
            ),
        ),
        ("outcome", words(outcome_words())),
        ("is_difference", yes_no()),
        ("rule", text()),
        ("difference_minor", or_null(whole())),
        (
            "turns_on",
            told(
                or_null(day()),
                "The day on which waiting becomes a difference.",
            ),
        ),
        ("with", list(with)),
    ])
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("DayStands", answer(day_members())),
        ("DayShown", day_shown()),
        ("DayCompared", day_compared()),
        ("Outcome", outcome()),
        ("Delivery", delivery()),
    ]
}
