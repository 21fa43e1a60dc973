//! Writers who are told of the same payments in orders of their own, each call by two of them. Where the
//! money of one payment ends depends on who is first; what bills, payers and accounts have does not.

use doisoat::domain::ids::Tenant;
use doisoat::domain::notice::Notice;
use doisoat::domain::payment::PaymentStatus as Status;
use doisoat::journeys::take_notices::{Call, Taken};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::office::{Office, call_of, writer_of};
use super::world::Word;
use super::{BILLS, cases, runner};
use crate::support::{Engine, TestApp};
use crate::unit_counts::imports_fees;

fn raced(engine: Engine, usual: u64) {
    let app = TestApp::start(engine, "");
    let mut office = Office::of(&app);
    let mut runner = runner();
    for _ in 0..cases(usual) {
        let plans = prop::collection::vec((1..6_i64, prop::option::weighted(0.9, 0..BILLS)), 24);
        let plans = plans.new_tree(&mut runner).unwrap().current();
        let (bill, payment) = (office.world.bills.len(), office.world.plans.len());
        for part in 0..BILLS {
            office.has_bill(60_000 + 30_000 * i64::try_from(part).unwrap());
        }
        let shifted = plans
            .into_iter()
            .map(|(part, at)| (part * 5_000, at.map(|at| bill + at)));
        office.world.plans.extend(shifted);
        let now = office.now();
        let mut notices = Vec::new();
        for number in payment..office.world.plans.len() {
            for status in [Status::Succeeded, Status::Pending] {
                let word = Word {
                    payment: number,
                    status,
                    back: 0,
                    is_late: false,
                    contradicts: false,
                };
                notices.push(office.notice(&word, office.said.len(), now));
                office.world.hears(&word, "");
                office.said.push((word, notices.last().unwrap().clone()));
            }
        }
        race(&office, &notices, &mut runner);
        office.agrees_in_sum(bill);
    }
}

fn race(office: &Office<'_>, notices: &[Notice], runner: &mut TestRunner) {
    let shuffled: Vec<Vec<Notice>> = (0..3)
        .map(|skip| {
            // Two of three writers hear of each.
            let own = notices.iter().enumerate();
            let own = own.filter(|(at, _)| at % 3 != skip);
            let own: Vec<Notice> = own.map(|(_, notice)| notice.clone()).collect();
            let tree = Just(own).prop_shuffle().new_tree(runner);
            tree.unwrap().current()
        })
        .collect();
    let (app, channel) = (office.app, &office.channel);
    let first_turn = office.said.len() * 10;
    std::thread::scope(|threads| {
        // Whether the procedure has a fee changes meanwhile, and is at the end what it was.
        threads.spawn(move || {
            for turn in 0..8 {
                imports_fees(app, first_turn + turn, [turn % 2 == 1, turn % 3 == 0]);
            }
        });
        for own in &shuffled {
            threads.spawn(move || {
                let mut writer = writer_of(app);
                for together in own.chunks(4) {
                    let one = |notice: &Notice| call_of(channel, vec![notice.clone()]);
                    let calls: Vec<Call> = together.iter().map(one).collect();
                    for taken in writer.take(Tenant(1), &calls) {
                        assert_ne!(taken, Taken::TryLater);
                    }
                }
                writer.close();
            });
        }
    });
}

#[test]
fn writers_who_race_come_to_the_same_sums_on_postgres() {
    raced(Engine::Postgres, 4);
}

#[test]
fn writers_who_race_come_to_the_same_sums_on_sqlite() {
    raced(Engine::Sqlite, 4);
}
