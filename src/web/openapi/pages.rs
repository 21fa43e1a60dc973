//! `/api/docs`: the document as a page for people, rendered here, without scripts and without anything
//! from other hosts. Says only what the document says.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

use super::{ABOUT, codes, document, operations};
use crate::domain::lang::Lang;
use crate::web::error::Problem;
use crate::web::page::answer;

/// The page.
#[derive(Template)]
#[template(path = "api.html", config = ".askama.toml")]
struct Page {
    about: Vec<String>,
    parts: Vec<Part>,
    hooks: Vec<Entry>,
    codes: Vec<CodeRow>,
    schemas: Vec<Entry>,
}

/// A part of the API.
struct Part {
    name: &'static str,
    operations: Vec<Shown>,
}

/// An operation.
struct Shown {
    id: String,
    method: &'static str,
    path: String,
    summary: String,
    says: String,
    parameters: Vec<Parameter>,
    body: String,
    answers: Vec<Answer>,
    problems: String,
}

struct Parameter {
    name: String,
    place: String,
    is_required: bool,
    says: String,
    schema: String,
}

struct Answer {
    status: String,
    says: String,
    content: Vec<Entry>,
}

/// A name with JSON.
struct Entry {
    name: String,
    says: String,
    json: String,
}

struct CodeRow {
    code: &'static str,
    statuses: String,
    means: &'static str,
}

/// Text at a path of the document, empty where there is none.
fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// What stands behind a reference into the document.
fn behind<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value.get("$ref").and_then(Value::as_str);
    let pointer = pointer.and_then(|text| text.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

fn members(value: Option<&Value>) -> Vec<(&String, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect()
}

fn parameter(value: &Value) -> Parameter {
    Parameter {
        name: text(value, "/name"),
        place: text(value, "/in"),
        is_required: value.get("required") == Some(&Value::Bool(true)),
        says: text(value, "/description"),
        schema: value
            .get("schema")
            .map(Value::to_string)
            .unwrap_or_default(),
    }
}

fn content(value: &Value) -> Vec<Entry> {
    members(value.get("content"))
        .into_iter()
        .map(|(name, media)| Entry {
            name: name.clone(),
            says: String::new(),
            json: media.get("schema").map(pretty).unwrap_or_default(),
        })
        .collect()
}

fn shown(document: &Value, method: &'static str, path: String, told: &Value) -> Shown {
    let listed = told.get("parameters").and_then(Value::as_array);
    let parameters = listed.into_iter().flatten();
    let body = told.get("requestBody").map(content).unwrap_or_default();
    let mut answers = Vec::new();
    let mut problems = Vec::new();
    for (status, value) in members(told.get("responses")) {
        if value.get("$ref").is_some() {
            problems.push(status.as_str());
            continue;
        }
        answers.push(Answer {
            status: status.clone(),
            says: text(value, "/description"),
            content: content(value),
        });
    }
    Shown {
        id: text(told, "/operationId"),
        method,
        path,
        summary: text(told, "/summary"),
        says: plain(&text(told, "/description")),
        parameters: parameters
            .map(|one| parameter(behind(document, one)))
            .collect(),
        body: body
            .iter()
            .map(|one| format!("{}\n{}", one.name, one.json))
            .collect(),
        answers,
        problems: problems.join(", "),
    }
}

/// Words without the marks of emphasis.
fn plain(text: &str) -> String {
    text.replace("**", "").replace('`', "")
}

fn parts(document: &Value) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for operation in operations() {
        let path = format!("{}{}", super::BASE, operation.path);
        let shown = shown(document, operation.method, path, &operation.to_json());
        match parts.last_mut().filter(|part| part.name == operation.tag) {
            Some(part) => part.operations.push(shown),
            None => parts.push(Part {
                name: operation.tag,
                operations: vec![shown],
            }),
        }
    }
    parts
}

fn hooks(document: &Value) -> Vec<Entry> {
    members(document.get("webhooks"))
        .into_iter()
        .map(|(name, hook)| Entry {
            name: name.clone(),
            says: text(hook, "/post/summary"),
            json: String::new(),
        })
        .collect()
}

fn schemas(document: &Value) -> Vec<Entry> {
    members(document.pointer("/components/schemas"))
        .into_iter()
        .map(|(name, schema)| Entry {
            name: name.clone(),
            says: String::new(),
            json: pretty(schema),
        })
        .collect()
}

fn codes() -> Vec<CodeRow> {
    let one = |code: &codes::Code| {
        let statuses: Vec<String> = code.statuses.iter().map(u16::to_string).collect();
        CodeRow {
            code: code.code,
            statuses: statuses.join(", "),
            means: code.means,
        }
    };
    codes::ROSTER.iter().map(one).collect()
}

/// Answers with the page.
pub async fn show() -> HttpResponse {
    let document = document();
    let page = Page {
        about: ABOUT.split("\n\n").map(plain).collect(),
        parts: parts(document),
        hooks: hooks(document),
        codes: codes(),
        schemas: schemas(document),
    };
    match page.render() {
        Ok(html) => answer(StatusCode::OK, Lang::En, html),
        Err(error) => Problem::broken(error.to_string()).into(),
    }
}
