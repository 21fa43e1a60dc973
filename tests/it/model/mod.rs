//! A reference model beside the real journeys, over histories at random: repeats, calls out of order,
//! contradictions, several calls in one batch, refunds, reversals, officers, and several writers at once.
//! After every history both say the same. DOISOAT_MODEL_CASES says how many, DOISOAT_MODEL_SEED which.

mod office;
mod race;
mod world;

use doisoat::domain::payment::PaymentStatus as Status;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{Engine, TestApp};
use office::Office;
use world::Word;

/// Bills and payments of one history.
const BILLS: usize = 3;
const PAYMENTS: usize = 5;

/// One thing that happens; numbers are of this history.
#[derive(Debug, Clone)]
enum Happens {
    Heard { words: Vec<Word>, is_one_call: bool },
    HeardAgain(usize),
    Raised(usize, i64),
    Cancelled(usize),
    Assigned(usize, usize),
    Returned(usize, i64, Option<bool>),
}

fn word() -> impl Strategy<Value = Word> {
    use Status as S;
    let status = prop::sample::select(vec![
        S::Pending,
        S::Authorized,
        S::Failed,
        S::Review,
        S::Succeeded,
        S::Succeeded,
        S::Succeeded,
        S::Succeeded,
        S::Succeeded,
        S::PartiallyRefunded,
        S::Refunded,
        S::Reversed,
    ]);
    let often = prop::bool::weighted;
    (0..PAYMENTS, status, 1..9_i64, often(0.4), often(0.06)).prop_map(
        |(payment, status, part, is_late, contradicts)| Word {
            payment,
            status,
            back: part * 1_000,
            is_late,
            contradicts,
        },
    )
}

fn happens() -> impl Strategy<Value = Happens> {
    let heard = (prop::collection::vec(word(), 1..4), any::<bool>());
    let back = (
        0..PAYMENTS,
        prop::sample::select(vec![30_i64, 50, 100]),
        prop::option::of(any::<bool>()),
    );
    prop_oneof![
        9 => heard.prop_map(|(words, is_one_call)| Happens::Heard { words, is_one_call }),
        3 => any::<usize>().prop_map(Happens::HeardAgain),
        2 => (0..BILLS, 1..9_i64).prop_map(|(at, part)| Happens::Raised(at, part * 10_000)),
        2 => (0..BILLS).prop_map(Happens::Cancelled),
        4 => (0..PAYMENTS, 0..BILLS).prop_map(|(number, at)| Happens::Assigned(number, at)),
        2 => back.prop_map(|(number, percent, by)| Happens::Returned(number, percent, by)),
    ]
}

type History = (Vec<(i64, Option<usize>)>, Vec<Happens>);

fn history() -> impl Strategy<Value = History> {
    let plan = (1..10_i64, prop::option::weighted(0.8, 0..BILLS));
    let plan = plan.prop_map(|(part, bill)| (part * 10_000, bill));
    (
        prop::collection::vec(plan, PAYMENTS),
        prop::collection::vec(happens(), 6..22),
    )
}

fn live(office: &mut Office<'_>, (plans, happenings): History) {
    let (bill, payment) = (office.world.bills.len(), office.world.plans.len());
    for part in 0..BILLS {
        office.has_bill(20_000 + 10_000 * i64::try_from(part).unwrap());
    }
    let shifted = plans
        .into_iter()
        .map(|(amount, at)| (amount, at.map(|at| bill + at)));
    office.world.plans.extend(shifted);
    for happening in happenings {
        match happening {
            Happens::Heard {
                mut words,
                is_one_call,
            } => {
                for word in &mut words {
                    word.payment += payment;
                }
                office.hears(&words, is_one_call);
            }
            Happens::HeardAgain(which) => office.hears_again(which),
            Happens::Raised(at, total) => office.raises(bill + at, total),
            Happens::Cancelled(at) => office.cancels(bill + at),
            Happens::Assigned(number, at) => office.assigns(payment + number, bill + at),
            Happens::Returned(number, percent, by) => {
                office.returns(payment + number, percent, by);
            }
        }
    }
}

fn given(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

fn runner() -> TestRunner {
    let seed = given("DOISOAT_MODEL_SEED").unwrap_or(1);
    eprintln!("DOISOAT_MODEL_SEED={seed} plays this again");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

fn cases(usual: u64) -> u64 {
    given("DOISOAT_MODEL_CASES").unwrap_or(usual)
}

fn histories(engine: Engine, usual: u64) {
    let app = TestApp::start(engine, "");
    let mut office = Office::of(&app);
    let mut runner = runner();
    let count = cases(usual);
    for _ in 0..count {
        let history = history().new_tree(&mut runner).unwrap().current();
        // Shown when something below fails.
        println!("{history:#?}");
        live(&mut office, history);
        office.agrees();
    }
    let taken = &office.taken;
    for what in ["raised", "cancelled", "assigned", "returned"] {
        let often = taken.get(what).copied().unwrap_or(0);
        assert!(often > 0, "no history {what} anything: {taken:?}");
    }
}

#[test]
fn no_history_tells_the_model_from_the_books_on_sqlite() {
    histories(Engine::Sqlite, 40);
}

#[test]
fn no_history_tells_the_model_from_the_books_on_postgres() {
    histories(Engine::Postgres, 15);
}
