//! The API's document: complete beside the table of addresses, sound in itself, and at one with what
//! the code accepts and refuses. That every answer is of the form told is judged in every test.

use std::collections::BTreeSet;
use std::path::Path;

use doisoat::web::api::addresses;
use doisoat::web::openapi::codes::ROSTER;
use doisoat::web::openapi::{document, operations};
use serde_json::Value;
use syn::visit::Visit;

#[test]
fn every_address_has_its_operations_and_every_operation_its_address() {
    let served: BTreeSet<(&str, &str)> = addresses()
        .all()
        .iter()
        .flat_map(|address| address.methods.iter().map(|method| (*method, address.path)))
        .collect();
    let operations = operations();
    let told: BTreeSet<(&str, &str)> = operations
        .iter()
        .map(|one| (one.method, one.path))
        .collect();
    assert_eq!(told.len(), operations.len(), "an operation stands twice");
    let untold: Vec<_> = served.difference(&told).collect();
    assert!(
        untold.is_empty(),
        "add an operation in src/web/openapi for {untold:?}"
    );
    let unserved: Vec<_> = told.difference(&served).collect();
    assert!(
        unserved.is_empty(),
        "no address in src/web/api/mod.rs for {unserved:?}"
    );
}

#[test]
fn the_document_is_sound() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap()),
                "{method} {path}"
            );
            let placeholders = path.split('/').filter(|part| part.starts_with('{'));
            let placeholders: BTreeSet<&str> = placeholders
                .map(|part| part.trim_matches(['{', '}']))
                .collect();
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters.iter().filter(|one| one["in"] == "path");
            let in_path: BTreeSet<&str> =
                in_path.map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(in_path, placeholders, "{method} {path}");
        }
    }
    let mut references = Vec::new();
    collect(document, &mut references);
    let mut unused: BTreeSet<&str> = BTreeSet::new();
    for (name, _) in document["components"]["schemas"].as_object().unwrap() {
        unused.insert(name);
    }
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "nothing stands at {reference}"
        );
        unused.remove(pointer.rsplit('/').next().unwrap());
    }
    assert!(unused.is_empty(), "schemas nobody refers to: {unused:?}");
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// Texts inside functions that say codes.
struct Said(BTreeSet<String>);

impl Visit<'_> for Said {
    fn visit_lit_str(&mut self, text: &syn::LitStr) {
        let text = text.value();
        let is_code = |c: char| c.is_ascii_lowercase() || c == '_';
        if !text.is_empty() && text.chars().all(is_code) {
            self.0.insert(text);
        }
    }

    /// Patterns are compared with, not said.
    fn visit_pat(&mut self, _: &syn::Pat) {}
}

/// The codes that a file's functions of a name say.
fn said_in(path: &str, function: &str) -> BTreeSet<String> {
    struct Functions<'a>(&'a str, Said);
    impl Visit<'_> for Functions<'_> {
        fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
            if item.sig.ident == self.0 {
                self.1.visit_block(&item.block);
            }
        }
    }
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut functions = Functions(function, Said(BTreeSet::new()));
    functions.visit_file(&syn::parse_file(&text).unwrap());
    let said = functions.1.0;
    assert!(
        !said.is_empty(),
        "{path} has no fn {function} that says a code"
    );
    said
}

#[test]
fn every_code_of_a_problem_is_documented_and_every_documented_code_is_said() {
    let mut said = said_in("src/web/error.rs", "kind");
    for path in [
        "src/journeys/days/mod.rs",
        "src/journeys/case_desk.rs",
        "src/journeys/refunds/mod.rs",
        "src/journeys/statements/mod.rs",
        "src/journeys/reconcile/pass_on.rs",
        "src/reporting/quotes.rs",
        "src/domain/tariff/answer.rs",
    ] {
        said.extend(said_in(path, "code"));
    }
    // Why a rule of a tariff lost stands in a quote, not in a problem.
    let lost = [
        "day",
        "submitted_via",
        "place",
        "person",
        "overruled",
        "everybody",
        "wider",
        "dearer",
        "same",
        "no_less",
    ];
    said.retain(|code| !lost.contains(&code.as_str()));
    let documented: BTreeSet<String> = ROSTER.iter().map(|one| one.code.to_owned()).collect();
    assert_eq!(documented.len(), ROSTER.len(), "a code stands twice");
    let untold: Vec<_> = said.difference(&documented).collect();
    assert!(
        untold.is_empty(),
        "add to src/web/openapi/codes.rs: {untold:?}"
    );
    let unsaid: Vec<_> = documented.difference(&said).collect();
    assert!(unsaid.is_empty(), "nothing says these codes: {unsaid:?}");
}
