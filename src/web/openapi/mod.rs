//! The API's own description: every operation and form of JSON, each beside its neighbours in one of
//! the files here, becomes one OpenAPI 3.1 document at `/api/openapi.json` and pages at `/api/docs`. An
//! address without an operation here, or the other way round, fails a test, and so does every answer
//! of a test that is not of the form told.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use serde_json::{Map, Value, json};

mod banks;
pub mod codes;
mod days;
mod figures;
mod hooks;
pub mod operation;
mod owed;
pub mod pages;
mod paid;
mod people;
mod refunds;
mod shape;

use operation::Operation;

/// Where the API stands.
pub const BASE: &str = "/api/v1";

const ABOUT: &str = "Reads and writes what the gateway knows of dossiers, bills, payments, differences, \
refunds, statements and days.\n\n\
**Who asks** is told by a bearer token (`doisoat token create`). What a token may see and do follows from \
its role, its unit and its officer.\n\n\
**Lists** take `limit` and `cursor` and answer `items` and `next`, the cursor of the page after it.\n\n\
**Writes** take an `Idempotency-Key`: the same key and the same request get the same answer for a day and \
do nothing again, with `Idempotency-Replayed: true`. The same key on another request is refused with 409 \
`key_reused`; while the first is being done, a second is told 409 `under_way`. A request that was refused \
or failed leaves its key free.\n\n\
**Refusals** are problems of RFC 9457 with a stable `code`. 400 is for what cannot be read, 422 for what \
can be read and cannot be meant, 409 for what does not fit how things stand.\n\n\
**Money** is decimal text in the currency's own unit, an instant is RFC 3339, a day is a day of the \
office in Vietnam.\n\n\
Providers call `/webhooks/{channel}`, by contracts of their own; they are not part of this document. \
What subscribers are sent stands under webhooks.";

/// Every operation, part by part. A new address is one line in `web/api/mod.rs` and one operation here.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let parts = [
        ("What is owed", owed::operations()),
        ("What was paid", paid::operations()),
        ("Differences", people::operations()),
        ("Refunds", refunds::operations()),
        ("Statements", banks::operations()),
        ("Remittances", banks::remittances()),
        ("Days", days::operations()),
        ("Outbox", days::outbox()),
        ("Figures", figures::operations()),
    ];
    let tagged = |(tag, operations): (&'static str, Vec<Operation>)| {
        operations.into_iter().map(move |one| one.tagged(tag))
    };
    parts.into_iter().flat_map(tagged).collect()
}

fn paths() -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for operation in operations() {
        let members = paths
            .entry(format!("{BASE}{}", operation.path))
            .or_default();
        members.insert(operation.method.to_lowercase(), operation.to_json());
    }
    json!(paths)
}

fn schemas() -> Value {
    let mut all = vec![("Problem", problem())];
    all.extend(owed::schemas());
    all.extend(paid::schemas());
    all.extend(people::schemas());
    all.extend(refunds::schemas());
    all.extend(banks::schemas());
    all.extend(days::schemas());
    all.extend(figures::schemas());
    all.extend(hooks::schemas());
    let all: Map<String, Value> = all
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    Value::Object(all)
}

fn problem() -> Value {
    let codes: Vec<&str> = codes::ROSTER.iter().map(|one| one.code).collect();
    let must = vec![
        ("type", json!({"type": "string", "format": "uri"})),
        ("title", shape::text()),
        (
            "status",
            json!({"type": "integer", "minimum": 400, "maximum": 599}),
        ),
        ("detail", shape::text()),
        ("code", shape::words(codes)),
    ];
    let may = vec![
        (
            "field",
            shape::told(shape::text(), "The field that is wrong, as a path."),
        ),
        (
            "index",
            shape::told(
                shape::count(),
                "In a batch, the part that is wrong, from 0.",
            ),
        ),
        ("report", shape::named("ImportReport")),
    ];
    shape::answer_with(must, may)
}

/// The answers of each status that refuses.
fn responses() -> Value {
    let mut by_status: BTreeMap<u16, Vec<&codes::Code>> = BTreeMap::new();
    for code in codes::ROSTER {
        for &status in code.statuses {
            by_status.entry(status).or_default().push(code);
        }
    }
    let one = |(status, codes): (u16, Vec<&codes::Code>)| {
        let words: Vec<&str> = codes.iter().map(|one| one.code).collect();
        let lines: Vec<String> = codes
            .iter()
            .map(|one| format!("- `{}`: {}", one.code, one.means))
            .collect();
        let narrowed = json!({"type": "object", "properties": {
            "status": {"const": status}, "code": {"enum": words},
        }});
        let schema = json!({"allOf": [shape::named("Problem"), narrowed]});
        let answer = json!({
            "description": lines.join("\n"),
            "content": {"application/problem+json": {"schema": schema}},
        });
        (format!("Problem{status}"), answer)
    };
    let all: Map<String, Value> = by_status.into_iter().map(one).collect();
    Value::Object(all)
}

/// The document.
#[must_use]
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(build);
    &DOCUMENT
}

fn build() -> Value {
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A name of your own for this request, kept for a day; spaces around it do not count.",
        "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    });
    let replayed = json!({
        "description": "Set on an answer that was given before.",
        "schema": {"type": "string", "enum": ["true"]},
    });
    let bearer = json!({
        "type": "http", "scheme": "bearer",
        "description": "A token of `doisoat token create`; the gateway keeps its hash only.",
    });
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "doisoat", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": tags(),
        "paths": paths(),
        "webhooks": hooks::all(),
        "components": {
            "schemas": schemas(),
            "responses": responses(),
            "parameters": {"IdempotencyKey": key},
            "headers": {"IdempotencyReplayed": replayed},
            "securitySchemes": {"bearer": bearer},
        },
    })
}

fn tags() -> Vec<Value> {
    let mut tags: Vec<&str> = Vec::new();
    for operation in operations() {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
    }
    tags.into_iter().map(|tag| json!({"name": tag})).collect()
}

/// `/api/openapi.json`.
pub async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .json(document())
}
