//! A file read once: its lines are packed by day as they come, each statement gets the digest of its
//! entries, its days and, from running balances, its opening and closing. Full pages and the deflated
//! bytes go to the spool, so that memory stays bounded. Knows nothing of other files.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Datelike;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

use super::report::{Doing, Progress};
use super::spool::{Piece, Spool};
use crate::domain::money::Currency;
use crate::domain::statement::{Line, Statement};
use crate::domain::time::Day;
use crate::reconciliation::book::Sink;
use crate::reconciliation::input::Input;
use crate::reconciliation::pages::{Entry, PAGE_BYTES, PAGE_LINES, empty, push};
use crate::reconciliation::problem::Problem;

/// Bytes of a part of the original.
const PART: u64 = 1024 * 1024;

/// Lines between two calls that tell how far it is.
const STRIDE: u64 = 4096;

/// Bytes of pages that are not full and wait in memory.
const WAITING: usize = 16 * 1024 * 1024;

/// Lines that are shown to the officer.
const SHOWN: usize = 10;

/// Lines of one day, packed.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) day: Day,
    pub(super) lines: u32,
    pub(super) credit: i64,
    pub(super) debit: i64,
    pub(super) data: Vec<u8>,
}

/// A page that was put away: where its lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) day: Day,
    pub(super) lines: u32,
    pub(super) credit: i64,
    pub(super) debit: i64,
    pub(super) place: Place,
}

/// Where the lines of a page are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the spool.
    Spooled(Piece),
    /// Among the stored pages of the file, under this number.
    Stored(i32),
}

impl Page {
    /// Puts it away.
    pub(super) fn put(self, spool: &Spool) -> Result<Leaf, Problem> {
        Ok(Leaf {
            day: self.day,
            lines: self.lines,
            credit: self.credit,
            debit: self.debit,
            place: Place::Spooled(spool.push(&self.data)?),
        })
    }

    pub(super) fn of(day: Day) -> Self {
        Self {
            day,
            lines: 0,
            credit: 0,
            debit: 0,
            data: empty(),
        }
    }

    /// Adds a line; `None` when the sum of its day does not fit.
    pub(super) fn add(&mut self, entry: &Entry<'_>) -> Option<()> {
        let size = entry.amount.checked_abs()?;
        let side = if entry.amount < 0 {
            &mut self.debit
        } else {
            &mut self.credit
        };
        *side = side.checked_add(size)?;
        self.lines += 1;
        push(&mut self.data, entry);
        Some(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.lines >= PAGE_LINES || self.data.len() >= PAGE_BYTES
    }
}

/// What is known of a statement beside what the reader says.
#[derive(Default)]
pub(super) struct Seen {
    digest: Sha256,
    days: Option<(Day, Day)>,
    first: Option<(Day, i64, i64)>,
    last: Option<(Day, i64, i64)>,
}

impl Seen {
    pub(super) fn digest(&self) -> Vec<u8> {
        self.digest.clone().finalize().to_vec()
    }

    /// First and last day: what the statement says, widened to its lines.
    pub(super) fn days(&self, stated: &Statement) -> Option<(Day, Day)> {
        let (first, last) = self.days.unzip();
        let from = [stated.from, first].into_iter().flatten().min();
        let to = [stated.to, last].into_iter().flatten().max();
        let from = from.or(to)?;
        Some((from, to.unwrap_or(from).max(from)))
    }

    /// Balances that the statement states, or that its running balances give.
    pub(super) fn balances(&self, stated: &Statement) -> (Option<i64>, Option<i64>) {
        if stated.opening.is_some() || stated.closing.is_some() {
            return (stated.opening, stated.closing);
        }
        self.running(stated).unzip()
    }

    fn running(&self, stated: &Statement) -> Option<(i64, i64)> {
        let (first, last) = (self.first?, self.last?);
        let net = stated.credit.checked_sub(stated.debit)?;
        // Oldest first, or newest first: whichever the balances prove.
        [(first, last), (last, first)].into_iter().find_map(
            |((_, amount, after), (_, _, closing))| {
                let opening = after.checked_sub(amount)?;
                (opening.checked_add(net)? == closing).then_some((opening, closing))
            },
        )
    }
}

/// Who is told how far the reading is: the reader's place in the file, and the file's size.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) tell: &'a dyn Fn(Progress),
    pub(super) at: &'a AtomicU64,
    pub(super) size: u64,
}

/// Takes the lines of a file.
pub(super) struct Sorting<'a> {
    currency: Currency,
    spool: &'a Spool,
    watch: Watch<'a>,
    count: u64,
    open: BTreeMap<Day, Page>,
    waiting: usize,
    full: BTreeMap<Day, Vec<Leaf>>,
    pub(super) seen: Vec<Seen>,
    pub(super) first: Vec<Line>,
    /// A line in a currency that is not the source's.
    pub(super) other_currency: Option<(u64, Currency)>,
}

impl<'a> Sorting<'a> {
    pub(super) fn new(currency: Currency, spool: &'a Spool, watch: Watch<'a>) -> Self {
        Self {
            currency,
            spool,
            watch,
            count: 0,
            open: BTreeMap::new(),
            waiting: 0,
            full: BTreeMap::new(),
            seen: Vec::new(),
            first: Vec::new(),
            other_currency: None,
        }
    }

    /// The pages of every day, in the order of the file.
    pub(super) fn finish(&mut self) -> Result<BTreeMap<Day, Vec<Leaf>>, Problem> {
        self.put_all()?;
        Ok(std::mem::take(&mut self.full))
    }

    /// Puts every page away, full or not.
    fn put_all(&mut self) -> Result<(), Problem> {
        for (day, page) in std::mem::take(&mut self.open) {
            let leaf = page.put(self.spool)?;
            self.full.entry(day).or_default().push(leaf);
        }
        self.waiting = 0;
        Ok(())
    }
}

impl Sink for Sorting<'_> {
    fn take(&mut self, line: &Line) -> Result<(), Problem> {
        let entry = Entry::of(line);
        if self.other_currency.is_none()
            && let Some(other) = line.currency.filter(|own| *own != self.currency)
        {
            self.other_currency = Some((line.place, other));
        }
        if self.first.len() < SHOWN {
            self.first.push(line.clone());
        }
        while self.seen.len() <= line.statement {
            self.seen.push(Seen::default());
        }
        if let Some(seen) = self.seen.get_mut(line.statement) {
            note(seen, &entry);
        }
        let page = self
            .open
            .entry(line.date)
            .or_insert_with(|| Page::of(line.date));
        let before = page.data.len();
        page.add(&entry)
            .ok_or_else(|| Problem::at(line.place, "the sum of the amounts is too large"))?;
        self.waiting += page.data.len() - before;
        if page.is_full()
            && let Some(page) = self.open.remove(&line.date)
        {
            self.waiting = self.waiting.saturating_sub(page.data.len());
            let leaf = page.put(self.spool)?;
            self.full.entry(line.date).or_default().push(leaf);
        }
        if self.waiting > WAITING {
            self.put_all()?;
        }
        self.count += 1;
        if self.count.is_multiple_of(STRIDE) {
            let done = self.watch.at.load(Ordering::Relaxed);
            (self.watch.tell)(Progress {
                doing: Doing::Reading,
                done,
                of: self.watch.size,
            });
        }
        Ok(())
    }
}

fn note(seen: &mut Seen, entry: &Entry<'_>) {
    digest(&mut seen.digest, entry);
    let (first, last) = seen.days.unwrap_or((entry.date, entry.date));
    seen.days = Some((first.min(entry.date), last.max(entry.date)));
    let point = entry
        .balance
        .map(|balance| (entry.date, entry.amount, balance));
    if seen.first.is_none() {
        seen.first = point;
    }
    seen.last = point;
}

/// What tells an entry from others: its day, amount, fee, reference, memo and balance.
pub(super) fn digest(into: &mut Sha256, entry: &Entry<'_>) {
    let memo = entry.memo.unwrap_or_default();
    into.update(entry.date.num_days_from_ce().to_le_bytes());
    into.update(entry.amount.to_le_bytes());
    into.update(entry.fee.unwrap_or(0).to_le_bytes());
    let reference = entry.bank_reference.or(entry.reference);
    for text in [
        reference.unwrap_or_default(),
        entry.order.unwrap_or_default(),
    ] {
        into.update(text.as_bytes());
        into.update([0]);
    }
    for word in memo.split_whitespace() {
        into.update(word.as_bytes());
    }
    into.update([0]);
    match entry.balance {
        Some(balance) => into.update(balance.to_le_bytes()),
        None => into.update([1]),
    }
}

/// The bytes of a file: their hash, how many, and the parts to keep.
pub(super) struct Original {
    pub(super) hash: Vec<u8>,
    pub(super) bytes: u64,
    pub(super) parts: Vec<Piece>,
}

/// Hashes and deflates a file.
pub(super) fn original(
    input: &Input,
    spool: &Spool,
    tell: &dyn Fn(Progress),
) -> Result<Original, Problem> {
    let of = input.size()?;
    let mut file = input.open()?;
    let mut hash = Sha256::new();
    let mut parts = Vec::new();
    let mut bytes = 0_u64;
    loop {
        let mut part = Vec::new();
        let read = (&mut file).take(PART).read_to_end(&mut part)?;
        if read == 0 {
            break;
        }
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        hash.update(&part);
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&part)?;
        parts.push(spool.push(&packed.finish()?)?);
        tell(Progress {
            doing: Doing::Keeping,
            done: bytes,
            of,
        });
    }
    Ok(Original {
        hash: hash.finalize().to_vec(),
        bytes,
        parts,
    })
}
