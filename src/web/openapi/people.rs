//! What needs a person, as the document tells it: differences with their steps, and the forms of their
//! JSON.

use serde_json::json;

use super::operation::Operation;
use super::shape::{
    Members, Schema, amount, answer, anything, body, currency, day, instant, list, named, of,
    or_null, page, plain, reason, small, text, told, uuid, whole, yes_no,
};
use crate::domain::bill::BillState;
use crate::domain::difference::{DifferenceKind, DifferenceState, StepAction, WayOut};
use crate::domain::entry::Event;

/// What every step has in common.
pub(super) const STEP: &str = "Every step needs an officer behind the token. With `\"preview\": true` it is shown what \
                    would be posted, and nothing is done.";

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![listed(), shown()];
    all.extend(steps());
    all
}

fn listed() -> Operation {
    let states = DifferenceState::ALL.iter().map(|one| one.as_str());
    let states: Vec<&str> = states.chain(["standing"]).collect();
    Operation::get(
        "listDifferences",
        "/differences",
        "Lists differences, oldest first",
    )
    .may(
        "state",
        json!({"type": "string", "enum": states}),
        "In this state; `standing` is all but resolved.",
    )
    .may(
        "kind",
        of(DifferenceKind::ALL, DifferenceKind::as_str),
        "Of this kind.",
    )
    .may("unit", plain(), "Owned by this unit.")
    .may("channel", plain(), "Of one channel.")
    .may("payment", uuid(), "About this payment.")
    .may("overdue", yes_no(), "Only those whose time has ended.")
    .in_pages(uuid())
    .gives("A page of differences.", page(named("Difference")))
}

fn shown() -> Operation {
    Operation::get(
        "getDifference",
        "/differences/{id}",
        "Shows a difference with its ways out",
    )
    .with_id()
    .gives("The difference.", named("DifferenceInFull"))
}

fn steps() -> Vec<Operation> {
    let step = |id, path, summary| Operation::post(id, path, summary).with_id().says(STEP);
    let done =
        |operation: Operation| operation.gives("What became of it.", named("DifferenceStepTaken"));
    vec![
        done(
            step(
                "resolveDifference",
                "/differences/{id}/resolution",
                "Takes a way out",
            )
            .takes(resolution()),
        ),
        done(
            step(
                "reopenDifference",
                "/differences/{id}/reopening",
                "Undoes a way out",
            )
            .takes(reopening()),
        ),
        done(
            step(
                "acknowledgeDifference",
                "/differences/{id}/acknowledgement",
                "Takes note",
            )
            .may_take(named("DifferenceNote")),
        ),
        done(
            step(
                "commentDifference",
                "/differences/{id}/comments",
                "Writes a comment",
            )
            .takes(named("DifferenceNote")),
        ),
    ]
}

fn resolution() -> Schema {
    let bill = body(vec![("bill", text())], vec![("amount", or_null(text()))]);
    let must = vec![
        ("action", of(WayOut::ALL, WayOut::as_str)),
        ("reason", reason()),
        ("revision", told(small(), "The revision the officer saw.")),
    ];
    let may = vec![
        ("bills", list(bill)),
        ("until", or_null(day())),
        ("unit", or_null(text())),
        ("preview", yes_no()),
    ];
    body(must, may)
}

fn reopening() -> Schema {
    let must = vec![("reason", reason()), ("revision", small())];
    body(must, vec![("preview", yes_no())])
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("Difference", answer(difference())),
        ("DifferenceInFull", difference_in_full()),
        ("DifferenceStepTaken", step_taken()),
        ("DifferenceNote", body(Vec::new(), vec![("text", text())])),
    ]
}

fn difference() -> Members {
    vec![
        ("id", uuid()),
        ("kind", of(DifferenceKind::ALL, DifferenceKind::as_str)),
        ("state", of(DifferenceState::ALL, DifferenceState::as_str)),
        (
            "unit",
            told(or_null(text()), "Whose it is; null for the province's."),
        ),
        ("channel", text()),
        (
            "day",
            told(or_null(day()), "The day whose comparison found it."),
        ),
        (
            "subject",
            told(or_null(text()), "What the comparison found it about."),
        ),
        ("payment", or_null(uuid())),
        ("bill", or_null(text())),
        ("dossier", or_null(text())),
        ("notice", or_null(uuid())),
        ("amount", amount()),
        ("currency", currency()),
        (
            "evidence",
            told(anything(), "What was found, as it was found."),
        ),
        ("opened_at", instant()),
        ("age_hours", whole()),
        ("due_at", instant()),
        ("is_overdue", yes_no()),
        ("revision", small()),
        ("resolution", or_null(text())),
        ("resolved_by", or_null(text())),
        ("resolved_at", or_null(instant())),
    ]
}

fn difference_in_full() -> Schema {
    let step = answer(vec![
        ("revision", small()),
        ("action", of(StepAction::ALL, StepAction::as_str)),
        ("officer", or_null(text())),
        ("reason", text()),
        ("state", of(DifferenceState::ALL, DifferenceState::as_str)),
        ("detail", anything()),
        ("entry", or_null(uuid())),
        ("undoes", or_null(small())),
        ("taken_at", instant()),
    ]);
    let waits = answer(vec![
        ("payer_credit", amount()),
        ("suspense", amount()),
        ("going_back", amount()),
    ]);
    let mark = answer(vec![
        ("field", text()),
        ("is_matched", yes_no()),
        ("money", or_null(text())),
        ("bill", or_null(text())),
    ]);
    let suggestion = answer(vec![
        ("bill", text()),
        ("dossier", text()),
        ("unit", text()),
        ("state", of(BillState::ALL, BillState::as_str)),
        ("rest", amount()),
        ("currency", currency()),
        ("due_on", or_null(day())),
        ("marks", list(mark)),
    ]);
    let mut members = difference();
    members.extend([
        ("steps", list(step)),
        ("ways_out", list(of(WayOut::ALL, WayOut::as_str))),
        ("waits_to_be_placed", or_null(waits)),
        ("suggestions", list(suggestion)),
    ]);
    answer(members)
}

fn step_taken() -> Schema {
    let posting = answer(vec![
        ("entry", uuid()),
        ("event", of(Event::ALL, Event::as_str)),
        ("debit", text()),
        ("credit", text()),
        ("amount", amount()),
        ("currency", currency()),
        ("corrects", or_null(uuid())),
    ]);
    answer(vec![
        ("id", uuid()),
        ("state", of(DifferenceState::ALL, DifferenceState::as_str)),
        ("revision", small()),
        ("preview", yes_no()),
        ("postings", list(posting)),
        (
            "refunds",
            told(list(uuid()), "Refunds that were asked for by it."),
        ),
    ])
}
