//! What banks say, as the document tells it: statement files, with the forms of their JSON.

use super::operation::Operation;
use super::shape::{
    Members, Schema, amount, answer, body, count, day, hex, instant, list, named, open, or_null,
    page, plain, reason, small, text, told, uuid, words, yes_no,
};
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
            .in_pages(uuid())
            .gives("A page of files.", page(named("StatementFile"))),
        Operation::get("getStatement", "/statements/{id}", "Shows a file with its statements and days")
            .with_id()
            .gives("The file.", named("StatementFileShown")),
        decide("overrideStatement", "/statements/{id}/override", "Lets a held file count"),
        decide("undoStatement", "/statements/{id}/undo", "Undoes an import"),
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
    ]
}

fn file_shown() -> Schema {
    let mut with_fees = statement();
    with_fees.push(("sum_fee", amount()));
    let added = answer(vec![
        ("day", day()),
        ("entries", count()),
        ("sum_credit", amount()),
        ("sum_debit", amount()),
    ]);
    let mut members = file();
    members.push(("statements", list(answer(with_fees))));
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
