//! Figures, as the document tells them: indicators and reports, with the form that every table has.

use serde_json::json;

use super::operation::Operation;
use super::shape::{
    Schema, answer, answer_with, count, day, filled, instant, list, named, of, open, or_null, text,
    told, words, yes_no,
};
use crate::domain::refund::RefundedRule;
use crate::reporting::ask::By;
use crate::reporting::{indicators, reports};

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    let ids: Vec<&str> = indicators::ROSTER.iter().map(|one| one.id).collect();
    let names: Vec<&str> = reports::ROSTER.iter().flat_map(|one| one.names()).collect();
    let indicator = Operation::get(
        "getIndicator",
        "/indicators/{id}",
        "Tells one figure with its definition",
    )
    .says("Public figures: whoever may read payments may ask for any unit.")
    .in_path("id", words(ids), "Which figure.");
    let report = Operation::get("getReport", "/reports/{name}", "Writes a report").in_path(
        "name",
        words(names),
        "Which report.",
    );
    let bytes = json!({"schema": {"type": "string", "format": "binary"}});
    let content = json!({
        "application/json": {"schema": named("Table")},
        "text/csv": {"schema": text()},
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": bytes,
    });
    vec![
        question(indicator).gives("The figure.", named("Indicator")),
        question(report)
            .may(
                "format",
                words(["json", "csv", "xlsx"]),
                "JSON unless given.",
            )
            .answers_with("200", "The report.", content),
    ]
}

fn question(operation: Operation) -> Operation {
    operation
        .may(
            "from",
            day(),
            "First day; that of the quarter unless given.",
        )
        .may("to", day(), "Last day.")
        .may("by", of(By::ALL, By::as_str), "By what it is broken down.")
        .may("unit", filled(), "One unit and those below it.")
        .may(
            "lang",
            words(["vi", "en"]),
            "The language of titles and notes.",
        )
        .refuses_also(&["422"])
}

/// Components.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![("Table", table()), ("Indicator", indicator())]
}

fn table_members() -> Vec<(&'static str, Schema)> {
    let column = answer(vec![
        ("key", text()),
        ("title", text()),
        (
            "kind",
            words(["text", "integer", "percent", "number", "money"]),
        ),
    ]);
    vec![
        ("title", text()),
        ("columns", list(column)),
        (
            "rows",
            told(
                list(open()),
                "A member for each column: whole numbers, null, or decimal text.",
            ),
        ),
        ("notes", list(text())),
    ]
}

fn scope() -> Schema {
    answer(vec![("unit", or_null(text())), ("name", or_null(text()))])
}

fn period() -> Schema {
    answer(vec![("from", day()), ("to", day())])
}

fn table() -> Schema {
    let mut must = table_members();
    must.extend([("scope", scope()), ("captured_at", instant())]);
    let may = vec![
        ("id", text()),
        ("period", period()),
        ("by", of(By::ALL, By::as_str)),
    ];
    let mut table = answer_with(must, may);
    if let Some(members) = table.as_object_mut() {
        // Each report tells facts of its own beside its rows.
        members.insert("additionalProperties".to_owned(), json!(true));
    }
    table
}

fn indicator() -> Schema {
    let mut members = table_members();
    members.extend([
        ("id", text()),
        ("version", json!({})),
        ("period", period()),
        ("scope", scope()),
        ("captured_at", instant()),
        ("by", of(By::ALL, By::as_str)),
        ("refunded", of(RefundedRule::ALL, RefundedRule::as_str)),
        ("numerator", count()),
        ("denominator", count()),
        ("excluded", count()),
        ("outside", count()),
        (
            "percent",
            told(
                or_null(text()),
                "Decimal text with two places; null without a denominator.",
            ),
        ),
        (
            "additive",
            told(yes_no(), "Whether the rows add up to the total."),
        ),
    ]);
    members.extend(
        [
            "name_vi",
            "name_en",
            "formula_vi",
            "formula_en",
            "numerator_vi",
            "numerator_en",
            "denominator_vi",
            "denominator_en",
            "exclusions_vi",
            "exclusions_en",
            "date_basis_vi",
            "date_basis_en",
        ]
        .map(|name| (name, text())),
    );
    answer(members)
}
