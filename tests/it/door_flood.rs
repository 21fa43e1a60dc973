//! A flood of forgeries beside honest calls of the same provider: what is kept stays within its
//! bounds, no honest call is turned away, and how much longer the honest ones wait is printed:
//! `cargo test --release --test it flood -- --nocapture`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::app::BANK_KEY;
use crate::support::http::exchange;
use crate::support::office::{bank_request, transfer};
use crate::support::{TestApp, both};

/// Honest calls that are measured each time.
const HONEST: u64 = 300;
/// Callers who forge, and how long each rests between two calls: some hundreds in a second, beside which
/// there is time left, so that what is measured is not the machine being full.
const FORGERS: u64 = 4;
const REST: Duration = Duration::from_millis(8);

/// How long honest calls take, sorted.
fn measure(app: &TestApp, first: u64) -> Vec<Duration> {
    let mut times: Vec<Duration> = (first..first + HONEST)
        .map(|id| {
            let body = transfer(id, 1000, "memo").to_string();
            let bytes = bank_request(body.as_bytes(), BANK_KEY);
            let began = Instant::now();
            let reply = exchange(app.address(), &bytes);
            assert_eq!(reply.status, 200, "{reply:?}");
            began.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn of_a_hundred(times: &[Duration], place: usize) -> Duration {
    times[(times.len() * place / 100).min(times.len() - 1)]
}

both!(
    fn a_flood_of_forgeries_leaves_honest_calls_alone(
        app,
        "[quarantine]\nmax_per_second = 50\nmax_rows = 100\nmax_bytes = 400000\n"
    ) {
        let app = &*app;
        measure(app, 1);
        let quiet = measure(app, 1 + HONEST);
        let began = Instant::now();
        let (ends, forged) = (AtomicBool::new(false), AtomicU64::new(0));
        let flooded = std::thread::scope(|scope| {
            for forger in 0..FORGERS {
        let (ends, forged) = (&ends, &forged);
                scope.spawn(move || {
                    let body = transfer(forger, 1000, &"x".repeat(12_000)).to_string();
                    let bytes = bank_request(body.as_bytes(), "forged");
                    while !ends.load(Ordering::SeqCst) {
                        let status = exchange(app.address(), &bytes).status;
                        assert!(matches!(status, 401 | 429), "{status}");
                        forged.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(REST);
                    }
                });
            }
            let flooded = measure(app, 1 + 2 * HONEST);
            ends.store(true, Ordering::SeqCst);
            flooded
        });
        let forged = forged.into_inner();
        let a_second = u128::from(forged) * 1000 / began.elapsed().as_millis().max(1);
        let (rows, bytes) = app.db.read(|queries| queries.measure_quarantined(1)).unwrap();
        let ratio = |place| {
            let (with, without) = (of_a_hundred(&flooded, place), of_a_hundred(&quiet, place));
            let tenths = with.as_micros() * 10 / without.as_micros().max(1);
            format!("{}.{}", tenths / 10, tenths % 10)
        };
        println!(
            "{}: {a_second} forgeries a second beside {HONEST} honest calls: half of these in {} times, 99 of 100 in \
             {} times what they take alone ({:?} and {:?}); {rows} rows, {bytes} bytes kept",
            app.db.engine(), ratio(50), ratio(99), of_a_hundred(&quiet, 50), of_a_hundred(&quiet, 99),
        );
        assert!(forged > 20, "no flood: {forged}");
        // Each of the writers cuts back every 64 refused calls, so by so many it may be beyond.
        assert!(rows <= 100 + 2 * 64 && bytes <= 400_000 + 2 * 64 * 13_000, "{rows} rows, {bytes} bytes");
        assert!(flooded.last().unwrap() < &Duration::from_secs(5), "{:?}", flooded.last());
    }
);
