//! What is owed, as the document tells it: dossiers, bills and quotes, with the forms of their JSON.

use serde_json::json;

use super::operation::Operation;
use super::shape::{
    Members, Schema, amount, answer, body, count, currency, day, dossier_status, fee_kind, filled,
    instant, list, named, of, or_null, plain, small, submitted_via, such_as, text, told, words,
    yes_no,
};
use crate::domain::bill::BillState;
use crate::domain::tariff::formula::MOST_PIECES;

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    let code = "The dossier's code, however it is punctuated.";
    vec![
        Operation::put("putDossier", "/dossiers/{code}", "Puts one dossier")
            .says(
                "Takes the words of the dossier file. Saying the same again changes nothing, so it can be \
                 sent again at any time.",
            )
            .in_path("code", plain(), code)
            .takes(named("Dossier"))
            .creates("The dossier was not known.", put())
            .gives("It was known.", put()),
        Operation::get("getDossier", "/dossiers/{code}", "Shows a dossier with its bills and payments")
            .in_path("code", plain(), code)
            .gives("The dossier.", named("DossierShown")),
        Operation::post("putDossiers", "/dossiers/batch", "Puts many dossiers, all or none")
            .takes(list(named("DossierInBatch")))
            .gives(
                "What was done.",
                answer(vec![("added", count()), ("changed", count()), ("unchanged", count())]),
            ),
        Operation::get("getBill", "/bills/{reference}", "Shows a bill with its payments")
            .in_path("reference", plain(), "The bill's payment reference.")
            .gives("The bill.", named("BillShown")),
        quote(),
    ]
}

fn put() -> Schema {
    answer(vec![("outcome", words(["added", "changed", "unchanged"]))])
}

fn quote() -> Operation {
    let pieces = json!({"type": "integer", "minimum": 1, "maximum": MOST_PIECES, "default": 1});
    let group = json!({"type": "array", "items": plain()});
    let money = json!({"type": "string", "pattern": "^[0-9]{1,15}$"});
    Operation::get("getQuote", "/quote", "Says what the fees of a procedure are")
        .says("Every rule that had a say is named with its legal basis. A tariff is public: any token may ask.")
        .must("procedure", filled(), "The procedure's code.")
        .must("unit", filled(), "The code of the unit that takes the dossier in.")
        .must("via", submitted_via(), "How the dossier is handed in.")
        .may("on", day(), "The day it is handed in; today unless given.")
        .may("group", group, "A group the person belongs to; may stand several times.")
        .may("quantity", pieces, "Pieces, for fees by the piece.")
        .may("base", money, "The value a fee is reckoned from, whole đồng.")
        .may("fee", filled(), "One fee of the procedure; all unless given.")
        .refuses_also(&["422"])
        .gives("The quote.", named("Quote"))
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("Dossier", dossier(false)),
        ("DossierInBatch", dossier(true)),
        ("DossierFeeItem", fee_item()),
        ("DossierBill", dossier_bill()),
        ("DossierShown", dossier_shown()),
        ("Bill", answer(bill_members())),
        ("BillShown", bill_shown()),
        ("Quote", quote_shown()),
    ]
}

/// A dossier as it is sent: to its own address, or in a batch, where it must say its code.
fn dossier(is_in_batch: bool) -> Schema {
    let listed = |items: Schema| json!({"anyOf": [{"type": "array", "items": items}, {"type": ["string", "null"]}]});
    let groups = listed(text());
    let code = such_as(text(), "H12.104-260105-0001");
    let code = told(code, "The same as in the address, where there is one.");
    let mut must = vec![
        ("procedure_code", such_as(text(), "2.000815")),
        ("unit_code", such_as(text(), "H12.104")),
        ("received_on", such_as(day(), "2026-01-05")),
        ("submitted_via", submitted_via()),
        ("status", dossier_status()),
    ];
    let mut may = vec![
        ("applicant_name", or_null(text())),
        (
            "fee_items",
            told(
                listed(named("DossierFeeItem")),
                "A list, also as JSON text.",
            ),
        ),
        (
            "bill_due_on",
            told(or_empty(day()), "Asks for one bill over every fee item."),
        ),
        ("bill_reference", or_empty(reference())),
        (
            "bills",
            told(
                listed(named("DossierBill")),
                "Asks for several bills, each over some fee items.",
            ),
        ),
        (
            "person_groups",
            told(
                groups,
                "Groups of the person that a tariff may name; `[]` says none.",
            ),
        ),
    ];
    let place = if is_in_batch { &mut must } else { &mut may };
    place.push(("dossier_code", code));
    body(must, may)
}

/// Four to forty letters, digits, dots, dashes, underscores.
fn reference() -> Schema {
    json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{4,40}$"})
}

/// The same, or nothing: null or empty text.
fn or_empty(schema: Schema) -> Schema {
    json!({"anyOf": [schema, {"type": ["string", "null"], "maxLength": 0}]})
}

/// An amount as it may be sent: decimal text or a number.
fn sent_amount() -> Schema {
    json!({"anyOf": [
        {"type": "string", "pattern": "^[0-9]+$"},
        {"type": "integer", "minimum": 0, "maximum": 1_000_000_000_000_000_i64},
    ]})
}

fn fee_item() -> Schema {
    let pieces = json!({"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MOST_PIECES},
        {"type": "string", "pattern": "^([1-9][0-9]*)?$"},
        {"type": "null"},
    ]});
    let must = vec![("kind", fee_kind()), ("amount", sent_amount())];
    let may = vec![
        ("code", or_null(text())),
        ("name", or_null(text())),
        (
            "basis",
            told(or_null(text()), "The legal basis of the amount."),
        ),
        ("quantity", pieces),
        (
            "base",
            json!({"anyOf": [sent_amount(), {"type": "null"}, {"type": "string", "maxLength": 0}]}),
        ),
    ];
    body(must, may)
}

fn dossier_bill() -> Schema {
    let positions = json!({"anyOf": [
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": true},
        {"type": ["string", "null"]},
    ]});
    let may = vec![
        ("reference", or_empty(reference())),
        ("due_on", or_empty(day())),
        (
            "items",
            told(positions, "Positions of fee items, counted from 0."),
        ),
        ("virtual_account", or_null(text())),
        ("is_cancelled", or_null(yes_no())),
    ];
    body(Vec::new(), may)
}

fn dossier_shown() -> Schema {
    let flag = answer(vec![
        ("asked", amount()),
        ("tariff", or_null(amount())),
        ("explanation", text()),
        ("flagged_at", instant()),
    ]);
    let item = answer(vec![
        ("kind", fee_kind()),
        ("code", text()),
        ("name", text()),
        ("amount", amount()),
        ("currency", currency()),
        ("basis", text()),
        (
            "tariff_flag",
            told(
                or_null(flag),
                "What the tariff says against the amount, if it does.",
            ),
        ),
    ]);
    answer(vec![
        ("dossier_code", text()),
        ("procedure_code", text()),
        ("unit_code", text()),
        ("received_on", day()),
        ("submitted_via", submitted_via()),
        ("status", dossier_status()),
        ("applicant_name", text()),
        ("fee_items", list(item)),
        ("bills", list(named("Bill"))),
        ("payments", list(named("Payment"))),
    ])
}

fn bill_members() -> Members {
    vec![
        ("reference", text()),
        ("dossier", text()),
        ("total", amount()),
        ("currency", currency()),
        ("paid", amount()),
        ("waived", amount()),
        ("rest", amount()),
        ("state", of(BillState::ALL, BillState::as_str)),
        ("due_on", or_null(day())),
        ("opened_at", instant()),
        ("cancelled_at", or_null(instant())),
        ("virtual_account", or_null(text())),
        (
            "items",
            told(
                list(small()),
                "Positions among the dossier's fee items, counted from 0.",
            ),
        ),
    ]
}

fn bill_shown() -> Schema {
    let mut members = bill_members();
    members.push(("payments", list(named("Payment"))));
    answer(members)
}

fn quote_shown() -> Schema {
    let step = answer(vec![
        ("rule_id", text()),
        ("did", text()),
        ("amount_after", amount()),
        ("legal_basis", text()),
    ]);
    let lost = answer(vec![
        ("rule_id", text()),
        ("why", text()),
        ("detail", text()),
        ("legal_basis", text()),
    ]);
    let fee = answer(vec![
        ("fee_code", or_null(text())),
        ("fee_kind", or_null(fee_kind())),
        ("fee_name", text()),
        ("amount", amount()),
        ("steps", list(step)),
        (
            "lost",
            told(
                list(lost),
                "Rules that were asked and did not apply, each with why.",
            ),
        ),
    ]);
    answer(vec![
        ("procedure_code", text()),
        ("unit_code", text()),
        ("submitted_via", submitted_via()),
        ("on", day()),
        ("groups", list(text())),
        ("quantity", count()),
        ("base", or_null(amount())),
        (
            "amount",
            told(
                or_null(amount()),
                "Null where the procedure has several fees.",
            ),
        ),
        ("currency", currency()),
        ("rounding", text()),
        ("fees", list(fee)),
    ])
}
