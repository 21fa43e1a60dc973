//! An operation of the API as the document tells it: method, address, parameters, body and answers.
//! Operations come out as JSON; what every operation has in common is added here.

use serde_json::{Map, Value, json};

use super::shape::{Schema, uuid};

/// A parameter.
#[derive(Debug, Clone)]
struct Parameter {
    name: &'static str,
    place: &'static str,
    is_required: bool,
    schema: Schema,
    says: &'static str,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `GET`, `PUT`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The address under `/api/v1`.
    pub path: &'static str,
    /// Which part of the API it belongs to.
    pub tag: &'static str,
    id: &'static str,
    summary: &'static str,
    says: String,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<(&'static str, &'static str, Value)>,
    more_problems: Vec<&'static str>,
}

/// What an operation is sent.
#[derive(Debug, Clone)]
struct Body {
    content: Value,
    is_required: bool,
}

const JSON: &str = "application/json";

fn json_of(schema: Schema) -> Value {
    json!({ JSON: {"schema": schema} })
}

impl Operation {
    fn new(
        method: &'static str,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            tag: "",
            id,
            summary,
            says: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            more_problems: Vec::new(),
        }
    }

    /// A read.
    pub(super) fn get(id: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self::new("GET", id, path, summary)
    }

    /// A write.
    pub(super) fn post(id: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self::new("POST", id, path, summary)
    }

    /// A write of what stands at the address.
    pub(super) fn put(id: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self::new("PUT", id, path, summary)
    }

    /// More than the summary says.
    pub(super) fn says(mut self, text: &str) -> Self {
        text.clone_into(&mut self.says);
        self
    }

    /// A part of the address.
    pub(super) fn in_path(
        mut self,
        name: &'static str,
        schema: Schema,
        says: &'static str,
    ) -> Self {
        self.parameters.push(Parameter {
            name,
            place: "path",
            is_required: true,
            schema,
            says,
        });
        self
    }

    /// The id in the address.
    pub(super) fn with_id(self) -> Self {
        self.in_path("id", uuid(), "Its id.")
    }

    /// A parameter that may be left out.
    pub(super) fn may(mut self, name: &'static str, schema: Schema, says: &'static str) -> Self {
        self.parameters.push(Parameter {
            name,
            place: "query",
            is_required: false,
            schema,
            says,
        });
        self
    }

    /// A parameter that must be there.
    pub(super) fn must(self, name: &'static str, schema: Schema, says: &'static str) -> Self {
        let mut operation = self.may(name, schema, says);
        if let Some(parameter) = operation.parameters.last_mut() {
            parameter.is_required = true;
        }
        operation
    }

    /// `limit` and `cursor` of a list.
    pub(super) fn in_pages(self, cursor: Schema) -> Self {
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 100});
        self.may("limit", limit, "Rows of a page.").may(
            "cursor",
            cursor,
            "`next` of the page before, as it was given.",
        )
    }

    /// The JSON it is sent.
    pub(super) fn takes(mut self, schema: Schema) -> Self {
        self.body = Some(Body {
            content: json_of(schema),
            is_required: true,
        });
        self
    }

    /// The JSON it may be sent.
    pub(super) fn may_take(mut self, schema: Schema) -> Self {
        self.body = Some(Body {
            content: json_of(schema),
            is_required: false,
        });
        self
    }

    /// The bytes of a file it is sent, whatever their type.
    pub(super) fn takes_file(mut self) -> Self {
        let bytes = json!({"schema": {"type": "string", "format": "binary"}});
        self.body = Some(Body {
            content: json!({"application/octet-stream": bytes}),
            is_required: true,
        });
        self
    }

    /// 200 with JSON.
    pub(super) fn gives(self, says: &'static str, schema: Schema) -> Self {
        self.answers_with("200", says, json_of(schema))
    }

    /// 201 with JSON.
    pub(super) fn creates(self, says: &'static str, schema: Schema) -> Self {
        self.answers_with("201", says, json_of(schema))
    }

    /// 202 with JSON.
    pub(super) fn accepts(self, says: &'static str, schema: Schema) -> Self {
        self.answers_with("202", says, json_of(schema))
    }

    /// An answer of several media types.
    pub(super) fn answers_with(
        mut self,
        status: &'static str,
        says: &'static str,
        content: Value,
    ) -> Self {
        self.answers.push((status, says, content));
        self
    }

    /// A refusal that others of its kind do not have.
    pub(super) fn refuses_also(mut self, statuses: &[&'static str]) -> Self {
        self.more_problems.extend(statuses);
        self
    }

    /// The same in a part of the API.
    pub(super) fn tagged(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }

    /// Whether it changes something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// The statuses it refuses with.
    fn problems(&self) -> Vec<&'static str> {
        let mut all = vec!["400", "401", "403", "429", "500", "503"];
        if self.parameters.iter().any(|one| one.place == "path") {
            all.push("404");
        }
        if self.is_write() {
            all.extend(["404", "408", "409", "413", "415", "422"]);
        }
        all.extend(&self.more_problems);
        all.sort_unstable();
        all.dedup();
        all
    }

    fn parameters(&self) -> Vec<Value> {
        let one = |parameter: &Parameter| {
            json!({
                "name": parameter.name, "in": parameter.place, "required": parameter.is_required,
                "schema": parameter.schema, "description": parameter.says,
            })
        };
        let mut all: Vec<Value> = self.parameters.iter().map(one).collect();
        if self.is_write() {
            all.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
        }
        all
    }

    fn responses(&self) -> Value {
        let mut all = Map::new();
        let is_write = self.is_write();
        for (status, says, content) in &self.answers {
            let mut answer = json!({"description": says, "content": content});
            if is_write && let Some(members) = answer.as_object_mut() {
                let replayed = json!({"$ref": "#/components/headers/IdempotencyReplayed"});
                members.insert(
                    "headers".to_owned(),
                    json!({"Idempotency-Replayed": replayed}),
                );
            }
            all.insert((*status).to_owned(), answer);
        }
        for status in self.problems() {
            let answer = json!({"$ref": format!("#/components/responses/Problem{status}")});
            all.insert(status.to_owned(), answer);
        }
        Value::Object(all)
    }

    /// The operation as the document has it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut told = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag],
            "parameters": self.parameters(),
            "responses": self.responses(),
        });
        if let Some(members) = told.as_object_mut() {
            if !self.says.is_empty() {
                members.insert("description".to_owned(), Value::from(self.says.as_str()));
            }
            if let Some(body) = &self.body {
                let body = json!({"required": body.is_required, "content": body.content});
                members.insert("requestBody".to_owned(), body);
            }
        }
        told
    }
}
