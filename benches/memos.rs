//! How well bills are found in memos as banks leave them, how often a wrong one is (never), and how
//! fast. Prints two tables; the exit status says whether the promises were kept.
//!
//! `cargo bench --bench memos -- [--seed N] [--memos N] [--bills N]`
//!
//! The figures are explained in `docs/matching.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark may stop at the first surprise"
)]

use std::process::ExitCode;

mod mangled;

use mangled::{Plan, evaluate};

// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Some(plan) = plan() else {
        eprintln!("usage: cargo bench --bench memos -- [--seed N] [--memos N] [--bills N]");
        return ExitCode::from(2);
    };
    eprintln!(
        "making and judging {} memos; this takes some seconds",
        plan.memos
    );
    let report = evaluate(plan);
    println!("{}", report.table());
    let broken = report.broken_promises();
    for promise in &broken {
        println!("BROKEN: {promise}");
    }
    if broken.is_empty() {
        println!("no wrong link, every promise kept");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What the command line asks for; none when it cannot be read.
fn plan() -> Option<Plan> {
    let mut plan = Plan {
        seed: 1,
        memos: 400_000,
        bills: 100_000,
    };
    // Cargo itself adds `--bench`.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--seed" => plan.seed = value.parse().ok()?,
            "--memos" => plan.memos = value.parse().ok()?,
            "--bills" => plan.bills = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(plan)
}
