//! The evaluation of matching by free text: memos made from a seed, mangled as banks mangle them,
//! judged against books in memory through the program's own clues and rules. A link to a bill that
//! the memo does not name is wrong, whatever else is right.

mod banks;
mod book;
mod compose;
mod marked;
mod observed;
mod rng;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use banks::SHAPES;
use book::Book;
use compose::{CLASSES, Class, compose};
use observed::observed;
use rng::Rng;

/// Of ten thousand memos that name a bill whole, at least so many must be linked to it.
const LEAST_FOUND: usize = 9_990;

/// Memos made at a time, so that making them is not timed.
const CHUNK: usize = 20_000;

/// Memos shown of each kind of failure.
const SHOWN: usize = 8;

/// What to evaluate.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) memos: usize,
    pub(crate) bills: usize,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    memos: usize,
    right: usize,
    wrong: usize,
}

/// What came of it.
pub(crate) struct Report {
    plan: Plan,
    bills: usize,
    tallies: BTreeMap<(usize, Class), Tally>,
    observed: Tally,
    /// Time spent in clues, look-ups in memory and rules.
    spent: Duration,
    failures: Vec<String>,
}

/// Runs the evaluation.
pub(crate) fn evaluate(plan: Plan) -> Report {
    let mut rng = Rng::new(plan.seed);
    let book = Book::new(plan.seed, plan.bills);
    let mut report = Report {
        bills: book.len(),
        tallies: BTreeMap::new(),
        observed: Tally::default(),
        spent: Duration::ZERO,
        failures: Vec::new(),
        plan,
    };
    let mut left = report.plan.memos;
    while left > 0 {
        let chunk: Vec<_> = (0..left.min(CHUNK))
            .map(|_| compose(&mut rng, &book))
            .collect();
        let started = Instant::now();
        let linked: Vec<_> = chunk
            .iter()
            .map(|memo| book.linked(&memo.text, memo.amount))
            .collect();
        report.spent += started.elapsed();
        for (memo, bill) in chunk.iter().zip(linked) {
            report.count(memo, bill);
        }
        left -= chunk.len();
    }
    for memo in observed(&mut rng, &book) {
        let bill = book.linked(&memo.text, book::fee(&mut rng));
        report.observed.memos += 1;
        report.observed.right += usize::from(bill == memo.bill);
        report.observed.wrong += usize::from(bill.is_some() && bill != memo.bill);
        if bill != memo.bill {
            report.fails(&format!("observed memo {}: {}", memo.row, memo.text));
        }
    }
    report
}

impl Report {
    fn count(&mut self, memo: &compose::Memo, bill: Option<usize>) {
        let is_right = bill.is_some_and(|bill| memo.may_be.contains(&bill));
        let tally = self.tallies.entry((memo.shape, memo.class)).or_default();
        tally.memos += 1;
        tally.right += usize::from(is_right);
        tally.wrong += usize::from(bill.is_some() && !is_right);
        if bill.is_some() && !is_right {
            self.fails(&format!("wrong link ({:?}): {:?}", memo.class, memo.text));
        } else if bill.is_none() && memo.class.must_be_found() {
            self.fails(&format!("not found ({:?}): {:?}", memo.class, memo.text));
        }
    }

    fn fails(&mut self, what: &str) {
        if self.failures.len() < SHOWN {
            self.failures.push(what.to_owned());
        }
    }

    fn sum(&self, is_in: impl Fn(usize, Class) -> bool) -> Tally {
        let tallies = self
            .tallies
            .iter()
            .filter(|((shape, class), _)| is_in(*shape, *class));
        tallies.fold(Tally::default(), |sum, (_, tally)| Tally {
            memos: sum.memos + tally.memos,
            right: sum.right + tally.right,
            wrong: sum.wrong + tally.wrong,
        })
    }

    /// Every promise that was not kept; empty when all is well.
    pub(crate) fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let all = self.sum(|_, _| true);
        if all.wrong > 0 {
            broken.push(format!(
                "{} memos were linked to a bill they do not name",
                all.wrong
            ));
        }
        for (class, name) in CLASSES.iter().filter(|(class, _)| class.must_be_found()) {
            let tally = self.sum(|_, of| of == *class);
            if tally.memos == 0 || tally.right * 10_000 < tally.memos * LEAST_FOUND {
                broken.push(format!("{name}: {} of {} found", tally.right, tally.memos));
            }
        }
        if self.observed.right != self.observed.memos {
            broken.push(format!(
                "{} of {} observed memos are right",
                self.observed.right, self.observed.memos
            ));
        }
        broken
    }

    /// The figures as a table.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "seed {}, {} memos against {} bills\n\n{:<48} {:>9} {:>9} {:>9} {:>7}\n",
            self.plan.seed,
            self.plan.memos,
            self.bills,
            "what stands in the memo",
            "memos",
            "linked",
            "share",
            "wrong"
        );
        for (class, name) in CLASSES {
            let tally = self.sum(|_, of| of == class);
            line(&mut text, name, tally);
        }
        line(
            &mut text,
            "observed memos, as they are and with ours",
            self.observed,
        );
        let _ = writeln!(
            text,
            "\n{:<30} {:>8} {:>9} {:>8} {:>9} {:>9} {:>7} {:>6}",
            "on which way", "whole", "linked", "cut", "linked", "nameless", "linked", "wrong"
        );
        for (place, shape) in SHAPES.iter().enumerate() {
            let of = |is_in: fn(Class) -> bool| self.sum(|at, class| at == place && is_in(class));
            let (whole, cut, none) = (
                of(Class::must_be_found),
                of(Class::is_cut),
                of(Class::is_nameless),
            );
            let _ = writeln!(
                text,
                "{:<30} {:>8} {:>9} {:>8} {:>9} {:>9} {:>7} {:>6}",
                shape.name,
                whole.memos,
                share(whole),
                cut.memos,
                share(cut),
                none.memos,
                none.right + none.wrong,
                of(|_| true).wrong
            );
        }
        let micros = self.spent.as_micros().max(1);
        let rate = u128::try_from(self.plan.memos).unwrap() * 1_000_000 / micros;
        let _ = writeln!(
            text,
            "\n{rate} memos a second on one core: clues, look-ups in memory, rules"
        );
        for failure in &self.failures {
            let _ = writeln!(text, "{failure}");
        }
        text
    }
}

fn line(text: &mut String, name: &str, tally: Tally) {
    let _ = writeln!(
        text,
        "{name:<48} {:>9} {:>9} {:>9} {:>7}",
        tally.memos,
        tally.right,
        share(tally),
        tally.wrong
    );
}

/// Hundredths of a percent, rounded down.
fn share(tally: Tally) -> String {
    let share = tally.right * 10_000 / tally.memos.max(1);
    format!("{}.{:02} %", share / 100, share % 100)
}
