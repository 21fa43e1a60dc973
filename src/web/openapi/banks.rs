//! What banks say, as the document tells it: statement files, with the forms of their JSON.

use serde_json::json;

use super::operation::Operation;
use super::people::STEP;
use super::shape::{
    Members, Schema, amount, answer, body, count, day, hex, instant, list, named, open, or_null,
    page, plain, reason, small, text, told, uuid, whole, words, yes_no,
};
use crate::domain::dossier::FeeKind;
use crate::web::api::statements::STATES;

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    let decide = |id, path, summary| {
        Operation::post(id, path, summary)
            .with_id()
            .takes(named("Reason"))
            .gives("The file.", named("StatementFile"))
    };
    vec![
        Operation::post("importStatement", "/statements", "Takes a statement or settlement file in")
            .says(
                "The body is the file itself, of any format that its source may send, up to 20 MiB. The \
                 same file again is told as `duplicate_file` and adds nothing.",
            )
            .must("source", plain(), "The source that is configured for it.")
            .may("name", plain(), "The file's name, for people.")
            .may("preview", yes_no(), "Say what it would add and keep nothing.")
            .may("revise", plain(), "Why a statement that is known already comes again with other lines.")
            .takes_file()
            .creates("The file was taken in.", named("ImportReport"))
            .gives("Nothing was to be added: a preview or a repeat.", named("ImportReport")),
        Operation::get("listStatements", "/statements", "Lists the files, oldest first")
            .may("source", plain(), "Of this source.")
            .may("state", words(STATES), "In this state.")
            .may("day", day(), "With lines of this day.")
            .in_pages(uuid())
            .gives("A page of files.", page(named("StatementFile"))),
        Operation::get("getStatement", "/statements/{id}", "Shows a file with its statements and days")
            .with_id()
            .gives("The file.", named("StatementFileShown")),
        decide("overrideStatement", "/statements/{id}/override", "Lets a held file count"),
        decide("undoStatement", "/statements/{id}/undo", "Undoes an import"),
    ]
}

/// Operations of what is passed on.
pub(super) fn remittances() -> Vec<Operation> {
    vec![
        Operation::get(
            "listRemittances",
            "/remittances",
            "Lists what was passed on, oldest first",
        )
        .may("unit", plain(), "Of one unit.")
        .may(
            "unproven",
            yes_no(),
            "Only those that no bank line shows yet.",
        )
        .in_pages(uuid())
        .gives("A page of remittances.", page(named("Remittance"))),
        Operation::post(
            "recordRemittance",
            "/remittances",
            "Records a transfer to the Treasury or the collecting body",
        )
        .says(STEP)
        .takes(remittance_body())
        .creates("It is recorded.", named("RemittanceTold"))
        .gives("A preview.", named("RemittanceTold")),
    ]
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("Reason", body(vec![("reason", reason())], Vec::new())),
        ("StatementFile", answer(file())),
        ("StatementFileShown", file_shown()),
        ("ImportReport", import_report()),
        ("StatementLine", line()),
        ("Remittance", remittance()),
        ("RemittanceTold", remittance_told()),
    ]
}

fn file() -> Members {
    vec![
        ("id", uuid()),
        ("source", text()),
        ("name", text()),
        ("format", text()),
        ("profile", or_null(text())),
        ("state", words(STATES)),
        ("sha256", hex()),
        ("bytes", count()),
        ("entries", count()),
        ("new_entries", count()),
        ("skipped_as_known", count()),
        ("currency", text()),
        ("holds", told(list(text()), "Why an officer has to look.")),
        ("imported_by", text()),
        ("imported_at", instant()),
        ("overridden_by", or_null(text())),
        ("overridden_at", or_null(instant())),
        ("override_reason", or_null(text())),
        ("undone_by", or_null(text())),
        ("undone_at", or_null(instant())),
        ("undo_reason", or_null(text())),
        (
            "is_late",
            told(
                yes_no(),
                "Whether it came after the day it is about was compared.",
            ),
        ),
        ("matched_on", or_null(day())),
    ]
}

/// What is told of every statement.
fn statement() -> Members {
    vec![
        ("account", text()),
        ("number", or_null(text())),
        ("revision", small()),
        ("from", day()),
        ("to", day()),
        ("entries", count()),
        ("opening", or_null(amount())),
        ("closing", or_null(amount())),
        ("sum_credit", amount()),
        ("sum_debit", amount()),
        ("sum_fee", amount()),
    ]
}

fn file_shown() -> Schema {
    let added = answer(vec![
        ("day", day()),
        ("entries", count()),
        ("sum_credit", amount()),
        ("sum_debit", amount()),
    ]);
    let mut members = file();
    members.push(("statements", list(answer(statement()))));
    members.push(("days", list(added)));
    answer(members)
}

fn line() -> Schema {
    answer(vec![
        ("place", told(count(), "Line or row of the file.")),
        ("date", day()),
        ("amount", amount()),
        ("fee", or_null(amount())),
        ("reference", or_null(text())),
        ("order", or_null(text())),
        ("memo", or_null(text())),
    ])
}

fn import_report() -> Schema {
    let earlier = answer(vec![
        ("file", uuid()),
        ("name", text()),
        ("state", words(STATES)),
        ("imported_at", instant()),
        ("imported_by", text()),
    ]);
    let differing = answer(vec![
        ("known", list(named("StatementLine"))),
        ("file", list(named("StatementLine"))),
    ]);
    let outcomes = ["ok", "held", "duplicate_file", "duplicate", "conflict"];
    let mut members = vec![
        ("outcome", words(outcomes)),
        ("is_preview", yes_no()),
        ("says", told(text(), "The sentence for the officer.")),
        ("file", or_null(uuid())),
        ("source", text()),
        ("format", text()),
        ("account", or_null(text())),
        ("currency", text()),
        ("from", or_null(day())),
        ("to", or_null(day())),
    ];
    members.extend(
        ["entries", "new_entries", "skipped_as_known", "not_counted"].map(|name| (name, count())),
    );
    members.extend(["sum_credit", "sum_debit", "sum_fee"].map(|name| (name, text())));
    members.extend([
        ("opening", or_null(amount())),
        ("closing", or_null(amount())),
        ("statements", list(answer(statement()))),
        (
            "first",
            told(list(named("StatementLine")), "The first lines."),
        ),
        ("detected", told(open(), "Profile, columns, encoding.")),
        ("holds", list(text())),
        ("warnings", list(text())),
        ("earlier", or_null(earlier)),
        ("differing", or_null(differing)),
    ]);
    answer(members)
}

/// Amounts by the kind of their fee; at least one.
fn by_kind(amount: &Schema) -> Schema {
    let kinds = FeeKind::ALL.iter().map(|kind| kind.as_str());
    let members: serde_json::Map<String, Schema> = kinds
        .map(|kind| (kind.to_owned(), amount.clone()))
        .collect();
    json!({"type": "object", "properties": members, "additionalProperties": false})
}

fn remittance_body() -> Schema {
    let must = vec![
        ("unit", text()),
        ("bank", text()),
        ("amounts", by_kind(&text())),
        ("reference", text()),
        ("day", day()),
    ];
    let may = vec![("currency", or_null(text())), ("preview", yes_no())];
    body(must, may)
}

fn remittance() -> Schema {
    answer(vec![
        ("id", uuid()),
        ("unit", text()),
        ("bank", text()),
        ("reference", text()),
        ("day", day()),
        ("amount", amount()),
        ("amounts", by_kind(&amount())),
        ("currency", text()),
        ("entry", uuid()),
        ("recorded_by", text()),
        ("recorded_at", instant()),
        (
            "file",
            told(or_null(uuid()), "The bank statement that shows it."),
        ),
        ("place", or_null(whole())),
        ("proven_at", or_null(instant())),
    ])
}

fn remittance_told() -> Schema {
    answer(vec![
        ("remittance", named("Remittance")),
        ("entry", list(named("Posting"))),
        ("preview", yes_no()),
    ])
}
