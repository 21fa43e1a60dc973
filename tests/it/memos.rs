//! The evaluation of matching by free text in small, with a fixed seed: no memo is ever linked to a
//! bill it does not name, and whoever is named is found. `cargo bench --bench memos` runs it at size.

#[path = "../../benches/mangled/mod.rs"]
mod mangled;

use mangled::{Plan, evaluate};

#[test]
fn no_mangled_memo_is_linked_to_a_bill_it_does_not_name_and_whole_names_are_found() {
    let report = evaluate(Plan {
        seed: 20_260_705,
        memos: 8_000,
        bills: 6_000,
    });
    let broken = report.broken_promises();
    assert!(broken.is_empty(), "{broken:#?}\n{}", report.table());
}
