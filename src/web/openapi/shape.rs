//! JSON Schema in a few words: the forms that amounts, days, ids and words of the domain have in the
//! API, and objects made of them. Schemas come out as JSON; nothing is checked against them here.

use serde_json::{Map, Value, json};

use crate::domain::dossier::{DossierStatus, FeeKind, SubmittedVia};

/// A schema.
pub(super) type Schema = Value;

/// Text without NUL, which neither database keeps.
pub(super) fn text() -> Schema {
    json!({"type": "string"})
}

/// Text of a parameter in an address.
pub(super) fn plain() -> Schema {
    json!({"type": "string", "pattern": "^[^\\u0000]*$"})
}

/// Text of a parameter that says something.
pub(super) fn filled() -> Schema {
    json!({"type": "string", "minLength": 1, "pattern": "^[^\\u0000]+$"})
}

/// Why an officer does something: text that says something.
pub(super) fn reason() -> Schema {
    json!({"type": "string", "pattern": "\\S"})
}

/// The same with an example of it.
pub(super) fn such_as(mut schema: Schema, example: &str) -> Schema {
    if let Some(members) = schema.as_object_mut() {
        members.insert("examples".to_owned(), json!([example]));
    }
    schema
}

/// A UUID.
pub(super) fn uuid() -> Schema {
    json!({"type": "string", "format": "uuid"})
}

/// A day of the office.
pub(super) fn day() -> Schema {
    json!({"type": "string", "format": "date"})
}

/// An instant.
pub(super) fn instant() -> Schema {
    json!({"type": "string", "format": "date-time"})
}

/// An amount of money, decimal text in the currency's own unit.
pub(super) fn amount() -> Schema {
    json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
           "description": "Decimal text in the currency's own unit: \"150000\" is 150,000 đồng."})
}

/// Currency, ISO 4217.
pub(super) fn currency() -> Schema {
    json!({"type": "string", "pattern": "^[A-Z]{3}$"})
}

/// A whole number.
pub(super) fn whole() -> Schema {
    json!({"type": "integer", "format": "int64"})
}

/// A whole number that a revision or a position can be.
pub(super) fn small() -> Schema {
    json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX})
}

/// A count.
pub(super) fn count() -> Schema {
    json!({"type": "integer", "format": "int64", "minimum": 0})
}

/// Yes or no.
pub(super) fn yes_no() -> Schema {
    json!({"type": "boolean"})
}

/// Anything: what is kept as it was found.
pub(super) fn anything() -> Schema {
    json!({})
}

/// An object whose members depend on the case.
pub(super) fn open() -> Schema {
    json!({"type": "object", "additionalProperties": true})
}

/// Hexadecimal text.
pub(super) fn hex() -> Schema {
    json!({"type": "string", "pattern": "^[0-9a-f]*$"})
}

/// One of some words.
pub(super) fn words<'a>(all: impl IntoIterator<Item = &'a str>) -> Schema {
    let all: Vec<&str> = all.into_iter().collect();
    json!({"type": "string", "enum": all})
}

/// One of the words of a list of the domain.
pub(super) fn of<T: Copy>(all: &[T], as_str: fn(T) -> &'static str) -> Schema {
    words(all.iter().map(|&one| as_str(one)))
}

/// Ways of handing in.
pub(super) fn submitted_via() -> Schema {
    of(SubmittedVia::ALL, SubmittedVia::as_str)
}

/// Where a dossier stands.
pub(super) fn dossier_status() -> Schema {
    of(DossierStatus::ALL, DossierStatus::as_str)
}

/// Kinds of fees.
pub(super) fn fee_kind() -> Schema {
    of(FeeKind::ALL, FeeKind::as_str)
}

/// A list of something.
pub(super) fn list(items: Schema) -> Schema {
    json!({"type": "array", "items": items})
}

/// A schema of the components.
pub(super) fn named(name: &str) -> Schema {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The same, or null.
pub(super) fn or_null(mut schema: Schema) -> Schema {
    let Some(members) = schema
        .as_object_mut()
        .filter(|members| members.contains_key("type"))
    else {
        return json!({"anyOf": [schema, {"type": "null"}]});
    };
    if let Some(kind) = members.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(Value::Array(all)) = members.get_mut("enum") {
        all.push(Value::Null);
    }
    schema
}

/// The same with a sentence about it.
pub(super) fn told(mut schema: Schema, sentence: &str) -> Schema {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), Value::from(sentence));
    }
    schema
}

/// Members of an object.
pub(super) type Members = Vec<(&'static str, Schema)>;

fn object(must: Members, may: Members) -> Map<String, Value> {
    let required: Vec<&str> = must.iter().map(|(name, _)| *name).collect();
    let members = must.into_iter().chain(may);
    let members: Map<String, Value> = members
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), Value::from("object"));
    object.insert("properties".to_owned(), Value::Object(members));
    if !required.is_empty() {
        object.insert("required".to_owned(), Value::from(required));
    }
    object
}

/// An object that we answer: every member is there, null where it says nothing. More may come with a
/// later version.
pub(super) fn answer(members: Members) -> Schema {
    Value::Object(object(members, Vec::new()))
}

/// An object that we answer, some of whose members may be missing.
pub(super) fn answer_with(must: Members, may: Members) -> Schema {
    Value::Object(object(must, may))
}

/// An object that we are sent: what must be there and what may; anything else is refused.
pub(super) fn body(must: Members, may: Members) -> Schema {
    let mut object = object(must, may);
    object.insert("additionalProperties".to_owned(), Value::from(false));
    Value::Object(object)
}

/// A page of a list.
pub(super) fn page(items: Schema) -> Schema {
    let next = told(
        or_null(text()),
        "The cursor of the next page, to be handed back as it is; null on the last.",
    );
    answer(vec![("items", list(items)), ("next", next)])
}
