//! The callers: threads that take calls from the book, send them to any gateway that is open, and
//! write the answers down. They never give up; a scenario stops them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::book::{Book, Call, Tally};
use super::messages::{Meaning, meaning};
use super::wire::{Line, NoAnswer};

/// How long a scenario waits for what must come.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long a caller leaves a gateway alone that could not take its call.
const STANDING_BACK: Duration = Duration::from_millis(25);

/// Where gateways listen now.
#[derive(Default)]
pub(super) struct Doors(RwLock<Vec<SocketAddr>>);

impl Doors {
    pub(super) fn open(&self, address: SocketAddr) {
        self.0.write().unwrap().push(address);
    }

    pub(super) fn close(&self, address: SocketAddr) {
        self.0.write().unwrap().retain(|known| *known != address);
    }

    fn any(&self, turn: usize) -> Option<SocketAddr> {
        let doors = self.0.read().unwrap();
        let count = doors.len();
        (count > 0).then(|| doors[turn % count])
    }
}

/// Callers at work.
pub(super) struct Callers {
    book: Arc<Mutex<Book>>,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Callers {
    pub(super) fn start(book: Arc<Mutex<Book>>, doors: Arc<Doors>, count: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let threads = (0..count)
            .map(|number| {
                let (book, doors, is_over) =
                    (Arc::clone(&book), Arc::clone(&doors), Arc::clone(&is_over));
                std::thread::spawn(move || {
                    let mut line = Line::new();
                    let mut turn = number;
                    while !is_over.load(Ordering::SeqCst) {
                        turn += 1;
                        let Some(address) = doors.any(turn) else {
                            std::thread::sleep(Duration::from_millis(2));
                            continue;
                        };
                        let call = book.lock().unwrap().next();
                        send(&book, &mut line, address, &call);
                    }
                })
            })
            .collect();
        Self {
            book,
            is_over,
            threads,
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.book.lock().unwrap().tally
    }

    /// Waits until so many further calls were answered as recorded.
    pub(super) fn until_acked(&self, more: u64) {
        let before = self.tally().acked;
        self.until(&format!("{more} further acknowledgements"), |now| {
            now.acked >= before + more
        });
    }

    /// Waits until so many further calls were answered "try later".
    pub(super) fn until_put_off(&self, more: u64) {
        let before = self.tally().try_later;
        self.until(&format!("{more} further calls put off"), |now| {
            now.try_later >= before + more
        });
    }

    fn until(&self, what: &str, is_so: impl Fn(Tally) -> bool) {
        let began = Instant::now();
        while !is_so(self.tally()) {
            assert!(
                began.elapsed() < PATIENCE,
                "no {what} within {PATIENCE:?}: {:?}",
                self.tally()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Stops them; whatever is on its way is answered first.
    pub(super) fn stop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}

fn send(book: &Mutex<Book>, line: &mut Line, address: SocketAddr, call: &Call) {
    let bytes = call.payment.request(call.is_success, call.is_forged);
    let answer = line.ask(address, &bytes);
    let mut book = book.lock().unwrap();
    match answer {
        Ok(reply) => {
            let meaning = meaning(call.payment.way, &reply);
            book.answered(call, meaning, &format!("{reply:?}"));
            if meaning == Some(Meaning::TryLater) {
                drop(book);
                std::thread::sleep(STANDING_BACK);
            }
        }
        Err(NoAnswer::NotSent) => {
            book.unheard(call, false);
            drop(book);
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(NoAnswer::Lost) => book.unheard(call, true),
        Err(NoAnswer::Silence) => {
            let txn = call.payment.txn();
            book.wrong.push(format!("{txn} was never answered"));
            book.unheard(call, true);
        }
    }
}

/// Sends calls by several threads until each is answered as recorded.
pub(super) fn send_all(book: &Arc<Mutex<Book>>, address: SocketAddr, calls: &[Call]) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let next = &next;
            scope.spawn(move || {
                let mut line = Line::new();
                while let Some(call) = calls.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let began = Instant::now();
                    let acks = || {
                        let told = &book.lock().unwrap().told[call.place.unwrap()];
                        told.sent(call.is_success).acks
                    };
                    let before = acks();
                    while acks() == before {
                        assert!(
                            began.elapsed() < PATIENCE,
                            "{} is not taken any more",
                            call.payment.txn()
                        );
                        send(book, &mut line, address, call);
                    }
                }
            });
        }
    });
}
