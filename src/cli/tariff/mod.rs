//! `doisoat tariff list|show|activate|expire|flags`: the rules of a tariff, their life, and the
//! dossiers whose amounts they contradict. Rules come in through `doisoat import tariffs`.

use serde_json::{Value, json};

use super::output::{complain, say, say_json};
use super::{Context, End};
use crate::domain::ids::Tenant;
use crate::domain::tariff::life::State;
use crate::domain::time::Day;
use crate::journeys::tariffs::activate::{Activated, activate};
use crate::journeys::tariffs::expire::expire;
use crate::journeys::tariffs::{Act, TariffError};

mod show;

/// Arguments of `tariff`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The installation
    #[arg(long, default_value_t = 1, global = true)]
    tenant: i32,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List rules and where they stand
    List(List),
    /// Show one rule, its grounds and its life
    Show {
        /// The rule
        rule: String,
    },
    /// Put drafts in force; rules they replace end the day before
    Activate(Activate),
    /// End a rule; what was received until its last day keeps its price
    Expire(Expire),
    /// List fee items that ask for what the tariff cannot give
    Flags {
        /// At most so many
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// One procedure only
    #[arg(long, value_name = "P")]
    procedure: Option<String>,
    /// One state only: draft, active or expired
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
}

#[derive(Debug, clap::Args)]
struct Activate {
    /// The rules
    #[arg(required_unless_present = "is_all", conflicts_with = "is_all")]
    rules: Vec<String>,
    /// Every draft there is
    #[arg(long = "all")]
    is_all: bool,
    /// The officer who answers for it
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// Why; needed where a first day lies in the past
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Expire {
    /// The rule
    rule: String,
    /// Its last day; today when not given
    #[arg(long, value_name = "D", value_parser = crate::cli::context::read_day)]
    on: Option<Day>,
    /// The officer who answers for it
    #[arg(long = "as", value_name = "OFFICER")]
    officer: String,
    /// Why; needed where the last day lies in the past
    #[arg(long)]
    reason: Option<String>,
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| "is none of draft, active, expired".to_owned())
}

/// Runs the command.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<End> {
    let tenant = arguments.tenant;
    match &arguments.action {
        Action::List(asked) => show::list(tenant, asked, context),
        Action::Show { rule } => show::show(tenant, rule, context),
        Action::Flags { limit } => show::flags(tenant, *limit, context),
        Action::Activate(asked) => {
            let act = Act {
                tenant: Tenant(tenant),
                officer: &asked.officer,
                reason: asked.reason.as_deref(),
                now: context.clock.now(),
            };
            let only = (!asked.is_all).then_some(asked.rules.as_slice());
            let done = activate(context.ready_db()?, &act, only);
            told(context, done, tell_activated)
        }
        Action::Expire(asked) => {
            let act = Act {
                tenant: Tenant(tenant),
                officer: &asked.officer,
                reason: asked.reason.as_deref(),
                now: context.clock.now(),
            };
            let done = expire(context.ready_db()?, &act, &asked.rule, asked.on);
            told(context, done, |context, last| {
                if context.is_json {
                    say_json(&json!({ "rule_id": asked.rule, "last_day": last.to_string() }));
                } else {
                    say(&format!("{}: its last day is {last}", asked.rule));
                }
            })
        }
    }
}

/// Tells what was done, or why nothing was.
fn told<T>(
    context: &Context,
    done: Result<T, TariffError>,
    tell: impl FnOnce(&Context, T),
) -> anyhow::Result<End> {
    match done {
        Ok(done) => {
            tell(context, done);
            Ok(End::Done)
        }
        Err(TariffError::Failed(failure)) => Err(failure.into()),
        Err(wrong) => {
            refuse(context, &wrong);
            complain("nothing was changed");
            Ok(End::Failed)
        }
    }
}

fn refuse(context: &Context, wrong: &TariffError) {
    if context.is_json {
        let problem = wrong.to_string();
        say_json(&json!({ "outcome": "refused", "code": wrong.code(), "problem": problem }));
    }
    complain(&format!("doisoat: {wrong}"));
}

fn tell_activated(context: &Context, done: Vec<Activated>) {
    if context.is_json {
        let item = |one: &Activated| {
            let replaced = one.replaced.as_ref();
            json!({
                "rule_id": one.rule,
                "replaced": replaced.map(|(id, last)| json!({ "rule_id": id, "last_day": last.to_string() })),
            })
        };
        say_json(&json!({ "activated": done.iter().map(item).collect::<Vec<Value>>() }));
        return;
    }
    if done.is_empty() {
        say("there is no draft");
    }
    for one in done {
        match one.replaced {
            None => say(&format!("{} is active", one.rule)),
            Some((id, last)) => say(&format!(
                "{} is active; the last day of {id} is {last}",
                one.rule
            )),
        }
    }
}
