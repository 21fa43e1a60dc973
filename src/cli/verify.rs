//! `doisoat verify`: recomputes everything from the rows and prints one line per check with its
//! count; names every row that does not come out the same. Exit status 1 when one does not.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::ledger::verify::{Check, verify_signed_by};
use crate::store::ops::Wrong;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One installation only; all of them by default
    #[arg(long)]
    tenant: Option<i32>,
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let db = context.ready_db()?;
    let tenants = match arguments.tenant {
        Some(tenant) => vec![tenant],
        None => db.read(|queries| queries.list_tenants())?,
    };
    let keys = context.known_keys()?;
    let mut is_good = true;
    let mut told = Vec::new();
    for tenant in tenants {
        let checks = verify_signed_by(db, tenant, Some(&keys))?;
        is_good &= checks.iter().all(|check| check.wrong.is_empty());
        if context.is_json {
            told.push(json!({ "tenant": tenant, "checks": checks.iter().map(check_json).collect::<Vec<_>>() }));
        } else {
            tell(tenant, &checks);
        }
    }
    if context.is_json {
        say_json(&json!({ "ok": is_good, "tenants": told }));
    }
    Ok(if is_good { End::Done } else { End::Failed })
}

/// Prints one line per check, and one per wrong row below it.
pub fn tell(tenant: i32, checks: &[Check]) {
    say(&format!("tenant {tenant}"));
    for check in checks {
        let mark = if check.wrong.is_empty() { "✔" } else { "✘" };
        say(&format!("{mark} {} ({} rows)", check.proves, check.rows));
        for (name, problem) in &check.wrong {
            say(&format!("    {name}: {problem}"));
        }
    }
}

fn check_json(check: &Check) -> serde_json::Value {
    let wrong = |(name, problem): &Wrong| json!({ "row": name, "problem": problem });
    json!({
        "proves": check.proves,
        "rows": check.rows,
        "ok": check.wrong.is_empty(),
        "wrong": check.wrong.iter().map(wrong).collect::<Vec<_>>(),
    })
}
