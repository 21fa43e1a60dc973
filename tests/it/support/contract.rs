//! The API's document as a judge: every answer that a test gets from the API must be one that the
//! document tells of, in status, type and form, and every request that was done must be one that it
//! permits. Members that the document does not name are breaches too, wherever it closes a form.

use doisoat::web::openapi::{BASE, document};
use serde_json::{Map, Value};

use super::http::Reply;

/// Fails when an exchange is not as the document says.
pub(crate) fn judge(request: &[u8], reply: &Reply) {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else { return };
    let Ok(head) = std::str::from_utf8(&request[..end]) else {
        return;
    };
    let mut words = head.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return;
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !path.starts_with(&format!("{BASE}/")) {
        return;
    }
    let told = || format!("{method} {target} -> {} {}", reply.status, reply.body);
    if reply.status >= 400 && method != "HEAD" {
        let kind = reply.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{}", told());
        let problem = schema("Problem");
        check(&reply.json(), &problem, "problem").unwrap_or_else(|why| panic!("{why}: {}", told()));
    }
    let Some(operation) = operation(method, path) else {
        assert!(
            reply.status >= 400 || method == "HEAD",
            "not in the document: {}",
            told()
        );
        return;
    };
    let Some(answer) = operation["responses"].get(reply.status.to_string()) else {
        panic!("the status is not in the document: {}", told());
    };
    let kind = reply.header("content-type").unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("");
    let Some(media) = behind(answer)["content"].get(kind) else {
        panic!("the type \"{kind}\" is not in the document: {}", told());
    };
    if kind.ends_with("json") {
        check(&reply.json(), &media["schema"], "answer")
            .unwrap_or_else(|why| panic!("{why}: {}", told()));
    }
    if reply.status < 300 {
        permitted(operation, query, &request[end + 4..])
            .unwrap_or_else(|why| panic!("done, though {why}: {}", told()));
    }
}

fn schema(name: &str) -> Value {
    serde_json::json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The operation of an address.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let paths = document()["paths"].as_object().unwrap();
    let fits = |template: &str| {
        let (template, given) = (template.split('/'), path.split('/'));
        template.clone().count() == given.clone().count()
            && template
                .zip(given)
                .all(|(one, other)| one == other || one.starts_with('{'))
    };
    let mut fitting: Vec<&String> = paths.keys().filter(|path| fits(path)).collect();
    // What is written out goes before what is variable, as in the table of addresses.
    fitting.sort_by_key(|path| path.matches('{').count());
    let method = method.to_lowercase();
    let mut fitting = fitting.into_iter();
    fitting.find_map(|template| paths[template].get(&method))
}

fn behind(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(pointer) => document().pointer(pointer.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Whether the document permits what was sent.
fn permitted(operation: &Value, query: &str, body: &[u8]) -> Result<(), String> {
    let none = Vec::new();
    let parameters = operation["parameters"].as_array().unwrap_or(&none);
    let known = |name: &str| {
        let is_it = |one: &&Value| one["in"] == "query" && one["name"] == name;
        parameters.iter().find(is_it)
    };
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    for (name, value) in &pairs {
        let parameter = known(name).ok_or_else(|| format!("{name} is no parameter"))?;
        if value.trim().is_empty() {
            continue; // a field of a form that was left empty
        }
        let schema = &parameter["schema"];
        let value = match schema["type"].as_str() {
            Some("integer" | "boolean") => serde_json::from_str(value).unwrap_or(Value::Null),
            Some("array") => Value::from(vec![value.clone()]),
            _ => Value::from(value.replace(' ', "+")),
        };
        check(&value, schema, name)?;
    }
    for parameter in parameters
        .iter()
        .filter(|one| one["required"] == true && one["in"] == "query")
    {
        let is_there = pairs.iter().any(|(name, _)| parameter["name"] == *name);
        if !is_there {
            return Err(format!("{} is missing", parameter["name"]));
        }
    }
    if let Some(media) = operation["requestBody"]["content"].get("application/json") {
        let is_required = operation["requestBody"]["required"] == true;
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => check(&value, &media["schema"], "body")?,
            Err(_) if body.is_empty() && !is_required => {}
            Err(error) => return Err(format!("the body is not JSON: {error}")),
        }
    }
    Ok(())
}

/// Whether a value is of a form; of an object that the form closes, or whose answer's members it lists,
/// no other member may be there.
pub(crate) fn check(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    let wrong = |why: String| Err(format!("{at} {why}: {value}"));
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        let target = document().pointer(pointer.trim_start_matches('#'));
        return check(value, target.ok_or(format!("nothing at {pointer}"))?, at);
    }
    if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
        // The first says the whole form, the others narrow members of it.
        check(value, &all[0], at)?;
        for narrow in &all[1..] {
            for (name, schema) in narrow["properties"].as_object().unwrap() {
                check(&value[name], schema, &format!("{at}.{name}"))?;
            }
        }
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let tries: Vec<_> = any.iter().map(|one| check(value, one, at)).collect();
        if tries.iter().all(Result::is_err) {
            return wrong(format!("is none of {any:?}"));
        }
    }
    check_words(value, schema).map_err(|why| format!("{at} {why}: {value}"))?;
    match value {
        Value::String(text) => {
            check_text(text, schema).map_err(|why| format!("{at} {why}: {value}"))
        }
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or(i64::MAX);
            let least = schema
                .get("minimum")
                .and_then(Value::as_i64)
                .unwrap_or(i64::MIN);
            let most = schema
                .get("maximum")
                .and_then(Value::as_i64)
                .unwrap_or(i64::MAX);
            if number < least || number > most {
                return wrong(format!("is not from {least} to {most}"));
            }
            Ok(())
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else {
                return Ok(());
            };
            let mut each = items.iter().enumerate();
            each.try_for_each(|(n, item)| check(item, schema, &format!("{at}.{n}")))
        }
        Value::Object(members) => check_object(members, schema, at),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

/// Whether a value is the constant, among the words and of the type that are told.
fn check_words(value: &Value, schema: &Value) -> Result<(), String> {
    if let Some(constant) = schema.get("const")
        && constant != value
    {
        return Err(format!("is not {constant}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        return Err(format!("is none of {words:?}"));
    }
    if let Some(kinds) = schema.get("type") {
        let is = |kind: &Value| is_a(value, kind.as_str().unwrap());
        let fits = kinds
            .as_array()
            .map_or_else(|| is(kinds), |kinds| kinds.iter().any(is));
        if !fits {
            return Err(format!("is not {kinds}"));
        }
    }
    Ok(())
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no such type: {other}"),
    }
}

fn check_text(text: &str, schema: &Value) -> Result<(), String> {
    let length = text.chars().count() as u64;
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let most = schema
        .get("maxLength")
        .and_then(Value::as_u64)
        .unwrap_or(u64::MAX);
    if length < least || length > most {
        return Err(format!("is not {least} to {most} long"));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let pattern = regex_lite::Regex::new(&pattern.replace("\\u0000", "\\x00")).unwrap();
        if !pattern.is_match(text) {
            return Err(format!("does not fit {pattern}"));
        }
    }
    let is_meant = match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => uuid::Uuid::parse_str(text).is_ok(),
        Some("date") => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        Some("uri") => text.contains(':'),
        Some("binary") | None => true,
        Some(other) => panic!("no such format: {other}"),
    };
    if is_meant {
        Ok(())
    } else {
        Err(format!("is no {}", schema["format"]))
    }
}

fn check_object(members: &Map<String, Value>, schema: &Value, at: &str) -> Result<(), String> {
    let none = Vec::new();
    for name in schema
        .get("required")
        .and_then(Value::as_array)
        .unwrap_or(&none)
    {
        if !members.contains_key(name.as_str().unwrap()) {
            return Err(format!("{at}: {name} is missing"));
        }
    }
    let Some(known) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(());
    };
    let is_open = schema.get("additionalProperties") == Some(&Value::Bool(true));
    for (name, value) in members {
        match known.get(name) {
            Some(schema) => check(value, schema, &format!("{at}.{name}"))?,
            None if is_open => {}
            None => return Err(format!("{at}: {name} is not in the document")),
        }
    }
    Ok(())
}
