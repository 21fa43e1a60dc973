//! Refunds, as the document tells them: their steps and the forms of their JSON.

use serde_json::json;

use super::operation::Operation;
use super::people::STEP;
use super::shape::{
    Members, Schema, amount, answer, body, currency, fee_kind, instant, list, named, of, or_null,
    page, plain, reason, small, text, told, uuid, yes_no,
};
use crate::domain::entry::Event;
use crate::domain::refund::{RefundAction, RefundRule, RefundSource, RefundState};

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get("listRefunds", "/refunds", "Lists refunds, oldest first")
            .may(
                "state",
                of(RefundState::ALL, RefundState::as_str),
                "In this state.",
            )
            .may("standing", yes_no(), "Only those that have not ended.")
            .may(
                "rule",
                of(RefundRule::ALL, RefundRule::as_str),
                "Proposed by this rule.",
            )
            .may("unit", plain(), "Of one unit.")
            .may("channel", plain(), "Of one channel.")
            .may("payment", uuid(), "Of one payment.")
            .may(
                "provider_refund_id",
                plain(),
                "With this number of the provider's.",
            )
            .may(
                "bank_reference",
                plain(),
                "With this reference of the bank's.",
            )
            .in_pages(uuid())
            .gives("A page of refunds.", page(named("Refund"))),
        Operation::get(
            "getRefund",
            "/refunds/{id}",
            "Shows a refund with its steps",
        )
        .with_id()
        .gives("The refund.", named("RefundInFull")),
        Operation::post(
            "requestRefund",
            "/refunds",
            "Asks for a refund, or takes up a proposal",
        )
        .says(STEP)
        .takes(request())
        .creates("A refund of the own accord.", named("RefundTold"))
        .gives("A proposal taken up, or a preview.", named("RefundTold")),
    ];
    all.extend(steps());
    all
}

fn steps() -> Vec<Operation> {
    let step = |id, path, summary, body| {
        Operation::post(id, path, summary)
            .with_id()
            .says(STEP)
            .takes(body)
            .gives("What was done, or would be.", named("RefundTold"))
    };
    vec![
        step(
            "approveRefund",
            "/refunds/{id}/approval",
            "Approves, by another officer",
            named("RefundStep"),
        ),
        step(
            "withdrawRefund",
            "/refunds/{id}/withdrawal",
            "Withdraws it",
            named("RefundStep"),
        ),
        step(
            "sendRefund",
            "/refunds/{id}/sending",
            "Says that it was sent",
            sending(),
        ),
        step(
            "settleRefund",
            "/refunds/{id}/outcome",
            "Says what came of it",
            outcome(),
        ),
    ]
}

/// What every step of a refund may say.
fn step_members() -> Members {
    vec![
        ("reason", reason()),
        ("revision", or_null(small())),
        ("preview", yes_no()),
    ]
}

fn request() -> Schema {
    let item = body(
        vec![("position", small())],
        vec![("amount", or_null(text()))],
    );
    let mut may = step_members();
    may.extend([
        (
            "proposal",
            told(
                or_null(uuid()),
                "A refund that a rule proposes; else `payment` and `source`.",
            ),
        ),
        ("payment", or_null(uuid())),
        (
            "source",
            or_null(of(RefundSource::ALL, RefundSource::as_str)),
        ),
        ("amount", or_null(text())),
        ("items", list(item)),
    ]);
    body(Vec::new(), may)
}

fn sending() -> Schema {
    let mut may = step_members();
    may.extend([
        ("provider_refund_id", or_null(text())),
        ("bank_reference", or_null(text())),
    ]);
    body(Vec::new(), may)
}

fn outcome() -> Schema {
    let words = json!({"type": "string", "enum": ["succeeded", "failed", "by_hand", "called_off"]});
    let payer = json!({"type": ["string", "null"], "enum": ["provider", "bank", null]});
    let mut may = step_members();
    may.extend([
        (
            "paid_by",
            told(
                payer,
                "Who paid it out, where it succeeded; the provider unless said.",
            ),
        ),
        (
            "account",
            told(or_null(text()), "The account our bank paid from."),
        ),
        ("evidence", or_null(text())),
    ]);
    body(vec![("outcome", words)], may)
}

fn refund() -> Members {
    let item = answer(vec![
        ("position", small()),
        ("kind", fee_kind()),
        ("code", text()),
        ("name", text()),
        ("amount", amount()),
    ]);
    vec![
        ("id", uuid()),
        ("payment", uuid()),
        ("bill", or_null(text())),
        ("dossier", or_null(text())),
        ("unit", text()),
        ("channel", text()),
        ("difference", or_null(uuid())),
        ("rule", of(RefundRule::ALL, RefundRule::as_str)),
        ("source", of(RefundSource::ALL, RefundSource::as_str)),
        ("amount", amount()),
        ("paid", amount()),
        ("currency", currency()),
        ("items", or_null(list(item))),
        ("reason", text()),
        ("state", of(RefundState::ALL, RefundState::as_str)),
        ("revision", small()),
        ("opened_at", instant()),
        ("requested_by", or_null(text())),
        ("requested_at", or_null(instant())),
        ("approved_by", or_null(text())),
        ("approved_at", or_null(instant())),
        ("sent_at", or_null(instant())),
        ("ended_at", or_null(instant())),
        ("provider_refund_id", or_null(text())),
        ("bank_reference", or_null(text())),
    ]
}

fn refund_step() -> Schema {
    answer(vec![
        ("revision", small()),
        ("action", of(RefundAction::ALL, RefundAction::as_str)),
        ("state", of(RefundState::ALL, RefundState::as_str)),
        ("officer", or_null(text())),
        ("reason", text()),
        ("evidence", or_null(text())),
        ("set_aside", amount()),
        ("entry", or_null(uuid())),
        ("taken_at", instant()),
    ])
}

fn refund_told() -> Schema {
    answer(vec![
        ("refund", named("RefundInFull")),
        ("entry", list(named("Posting"))),
        ("preview", yes_no()),
    ])
}

fn posting() -> Schema {
    answer(vec![
        ("event", of(Event::ALL, Event::as_str)),
        ("debit", text()),
        ("credit", text()),
        ("amount", amount()),
        ("corrects", or_null(uuid())),
    ])
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    let mut in_full = refund();
    in_full.push(("steps", list(refund_step())));
    vec![
        ("Refund", answer(refund())),
        ("RefundInFull", answer(in_full)),
        ("RefundStep", body(Vec::new(), step_members())),
        ("RefundTold", refund_told()),
        ("Posting", posting()),
    ]
}
