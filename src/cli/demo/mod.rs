//! `doisoat demo`: an embedded database is made, a quarter of Cà Mau is invented from a seed and
//! played over HTTP into the program's own webhooks, and what came of it is compared with what must
//! and with the published figures. Nothing outside this machine is called.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant as Stopwatch;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::say;
use super::{Context, End};
use crate::config::clock::Clock;
use crate::web::server::Running;
use calendar::Calendar;
use dossiers::Dossier;
use expect::Outcome;
use gateway::House;
use plan::Plan;
use proof::{Evidence, grouped, prove};
use score::Score;
use sign::Signer;

mod answer;
mod calendar;
mod compose;
mod dossiers;
mod expect;
mod extras;
mod gateway;
mod keys;
mod people;
pub mod plan;
mod play;
mod proof;
mod rng;
mod score;
mod sign;
mod wire;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// End after the proof; exit status 1 when something does not hold
    #[arg(long)]
    headless: bool,
    /// The number from which everything is invented
    #[arg(long, value_name = "N", default_value_t = 20_250_701)]
    seed: u64,
    /// The folder to work in, without a database; a temporary one when not given
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where to serve; any free port of this machine when headless
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

/// What was invented before anything is played.
struct Story {
    plan: Plan,
    calendar: Calendar,
    dossiers: Vec<Dossier>,
    score: Score,
    outcome: Outcome,
}

/// Runs the command.
///
/// # Errors
/// When the folder, the address or the database cannot be used, or the gateway breaks off.
pub fn run(arguments: &Arguments, _: &Context) -> Result<End> {
    let watch = Stopwatch::now();
    let story = invent(arguments.seed)?;
    say(&format!(
        "A quarter of Cà Mau from seed {}: {} dossiers at {} units, {} payments, {} calls.",
        arguments.seed,
        count(story.dossiers.len()),
        story.plan.communes.len() + 1,
        count(story.score.payments.len()),
        count(story.score.calls.len()),
    ));
    let temporary = std::env::temp_dir().join(format!("doisoat-demo-{}", std::process::id()));
    let folder = arguments.dir.as_deref().unwrap_or(&temporary);
    let port = if arguments.headless { 0 } else { 8080 };
    let listen = arguments
        .listen
        .unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)));
    let clock = Clock::simulated(story.calendar.start());
    let signer = Signer::new(arguments.seed);
    let house = House::build(folder, listen, signer.genuine(), clock)?;
    let (mut doors, is_proven) = perform(&story, &house, &signer)?;
    say(&format!("All of it took {} s.", watch.elapsed().as_secs()));
    if !arguments.headless {
        invite(&house, &doors)?;
    }
    doors.stop()?;
    drop(house);
    // What failed is kept, so that it can be looked at.
    if is_proven && arguments.headless && arguments.dir.is_none() {
        std::fs::remove_dir_all(&temporary)?;
    }
    Ok(if is_proven { End::Done } else { End::Failed })
}

/// Invents dossiers and calls, and what must come of them.
fn invent(seed: u64) -> Result<Story> {
    let plan = Plan::load()?;
    let calendar = Calendar::of(&plan.quarter);
    let dossiers = dossiers::generate(&plan, &calendar, seed)?;
    let composer = compose::compose(&plan, &calendar, &dossiers, seed);
    let score = extras::finish(composer, &plan.calls, &calendar, &dossiers);
    let charged = plan.procedures.iter().filter(|procedure| procedure.has_fee);
    let charged: BTreeSet<&str> = charged.map(|one| one.procedure_code.as_str()).collect();
    let outcome = expect::expect(&dossiers, &score, &charged, calendar.start());
    Ok(Story {
        plan,
        calendar,
        dossiers,
        score,
        outcome,
    })
}

/// Fills the database, opens the doors, plays, and proves; gives the doors, still open.
fn perform(story: &Story, house: &House, signer: &Signer) -> Result<(Running, bool)> {
    house.import_catalogues()?;
    let watch = Stopwatch::now();
    let bar = bar("dossiers", story.dossiers.len());
    house.put(&story.dossiers, &story.score.attempts, &bar)?;
    bar.finish_and_clear();
    say(&rate(
        "dossiers put into the books",
        story.dossiers.len(),
        watch,
    ));
    let doors = house.serve()?;
    let watch = Stopwatch::now();
    let bar = self::bar("calls", story.score.calls.len());
    let played = play::play(&play::Stage {
        address: doors.address,
        clock: &house.clock,
        calendar: &story.calendar,
        score: &story.score,
        signer,
        bar: &bar,
    })?;
    bar.finish_and_clear();
    say(&rate(
        "calls played into the webhooks",
        played.answered,
        watch,
    ));
    say("");
    let verdicts = prove(&Evidence {
        plan: &story.plan,
        house,
        outcome: &story.outcome,
        played: &played,
    })?;
    say("");
    let is_proven = verdicts.all_hold();
    say(if is_proven {
        "✔ ledger in balance, seal intact, the published figures come out of the books"
    } else {
        "✘ something does not hold; the lines marked ✘ say what"
    });
    Ok((doors, is_proven))
}

/// A bar with the rate; hidden where nobody looks.
fn bar(what: &str, length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(0));
    let style = "{prefix:>9} {bar:40} {human_pos}/{human_len}  {per_sec}  {eta}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}

fn rate(what: &str, number: usize, watch: Stopwatch) -> String {
    let millis = watch.elapsed().as_millis().max(1);
    let wide = u128::try_from(number).unwrap_or(0);
    let a_second = i64::try_from(wide * 1_000 / millis).unwrap_or(i64::MAX);
    let (tenths, number) = (millis / 100, count(number));
    format!(
        "{number} {what} in {}.{} s, {} a second",
        tenths / 10,
        tenths % 10,
        grouped(a_second)
    )
}

fn count(number: usize) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Pages to open, and what they show.
const PAGES: &[(&str, &str)] = &[
    (
        "/indicators?from=2025-07-01&to=2025-09-30",
        "the published figures, by unit and day",
    ),
    ("/metrics", "what the doors counted"),
    (
        "/api/v1/payments",
        "every payment (with a token, see below)",
    ),
    ("/api/v1/bills/REFERENCE", "one bill (with a token)"),
];

/// Commands to try.
const COMMANDS: &[&str] = &[
    "report indicators --from 2025-07-01 --by level",
    "report online-payment-rate --from 2025-07-01 --by unit",
    "quarantine list",
    "verify",
    "token create --role auditor",
];

/// Says where to look and keeps the doors open until the process is told to stop.
fn invite(house: &House, doors: &Running) -> Result<()> {
    let folder: &Path = &house.folder;
    let folder = folder.display();
    say("");
    say(&format!(
        "The gateway goes on serving on http://{}",
        doors.address
    ));
    for (page, shows) in PAGES {
        say(&format!("  http://{}{page}  {shows}", doors.address));
    }
    let doisoat = format!("doisoat --config {folder}/doisoat.toml");
    say("Ask its books from another terminal:");
    for command in COMMANDS {
        say(&format!("  {doisoat} {command}"));
    }
    say("Ctrl-C ends it; the folder stays.");
    actix_web::rt::System::new().block_on(tokio::signal::ctrl_c())?;
    Ok(())
}
