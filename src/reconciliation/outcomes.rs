//! Outcomes packed into pages of bytes and read back: what became of an item, by which rule, what it
//! was matched with and what was turned down. An agreement takes some thirty bytes: files stand once
//! at the head of a page. Decides nothing.

use chrono::Datelike;
use uuid::Uuid;

use super::compare::{OutcomeKind, Role, Rule, Side};
use super::packed::{Packed, put, put_signed, put_text};
use super::pages::BrokenPage;
use crate::domain::time::Day;

/// The first byte of every page. Words are kept by their position among all, so whoever adds one adds
/// it at the end, or raises this.
const VERSION: u8 = 1;

/// Outcomes of a page, at most.
pub const PAGE_ITEMS: usize = 4096;

/// What an item is found again with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// A payment or a refund.
    Id(Uuid),
    /// A line: its file and its place in it.
    Place(Uuid, u32),
    /// A payout or a stated batch: its file and its name, empty when the whole file is one.
    Batch(Uuid, &'a str),
}

/// An item and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its side.
    pub side: Side,
    /// Which one.
    pub key: Key<'a>,
    /// What became of it.
    pub kind: OutcomeKind,
    /// By which rule.
    pub rule: Rule,
    /// The difference, minor units.
    pub difference: i64,
    /// While waiting: the first day on which it is a difference.
    pub turns_on: Option<Day>,
}

/// An item that an outcome names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its side.
    pub side: Side,
    /// Which one.
    pub key: Key<'a>,
    /// What it is to the outcome.
    pub role: Role,
    /// How much of its money belongs here, minor units.
    pub allocated: i64,
}

/// A page being filled.
#[derive(Debug, Default)]
pub struct Page {
    files: Vec<Uuid>,
    body: Vec<u8>,
    links: Vec<u8>,
    count: usize,
}

/// The position of a word among all of its kind.
fn code<T: Ord>(all: &[T], word: &T) -> u8 {
    let place = all.binary_search(word).ok();
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(u8::MAX)
}

impl Page {
    /// How many outcomes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds an outcome with what it names.
    pub fn push<'b>(&mut self, entry: &Entry<'_>, named: impl Iterator<Item = Named<'b>>) {
        let side = code(Side::ALL, &entry.side);
        let flags = u8::from(entry.difference != 0) << 3 | u8::from(entry.turns_on.is_some()) << 4;
        self.body.push(side | flags);
        self.body.push(code(OutcomeKind::ALL, &entry.kind));
        self.body.push(code(Rule::ALL, &entry.rule));
        let mut body = std::mem::take(&mut self.body);
        self.key(&mut body, &entry.key);
        if entry.difference != 0 {
            put_signed(&mut body, entry.difference);
        }
        if let Some(day) = entry.turns_on {
            put_signed(&mut body, i64::from(day.num_days_from_ce()));
        }
        let mut links = std::mem::take(&mut self.links);
        links.clear();
        let mut count = 0;
        for link in named {
            links.push(code(Side::ALL, &link.side) | code(Role::ALL, &link.role) << 3);
            self.key(&mut links, &link.key);
            if link.role == Role::Matched {
                put_signed(&mut links, link.allocated);
            }
            count += 1;
        }
        put(&mut body, count);
        body.extend_from_slice(&links);
        (self.body, self.links) = (body, links);
        self.count += 1;
    }

    fn key(&mut self, out: &mut Vec<u8>, key: &Key<'_>) {
        match key {
            Key::Id(id) => out.extend_from_slice(id.as_bytes()),
            Key::Place(file, place) => {
                put(out, self.file(*file));
                put(out, u64::from(*place));
            }
            Key::Batch(file, name) => {
                put(out, self.file(*file));
                put_text(out, name);
            }
        }
    }

    fn file(&mut self, file: Uuid) -> u64 {
        let known = self.files.iter().position(|one| *one == file);
        let place = known.unwrap_or_else(|| {
            self.files.push(file);
            self.files.len() - 1
        });
        u64::try_from(place).unwrap_or(u64::MAX)
    }

    /// The bytes of the page; it is empty again then.
    pub fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len() + 16 * self.files.len() + 4);
        bytes.push(VERSION);
        put(
            &mut bytes,
            u64::try_from(self.files.len()).unwrap_or(u64::MAX),
        );
        for file in self.files.drain(..) {
            bytes.extend_from_slice(file.as_bytes());
        }
        bytes.append(&mut self.body);
        self.count = 0;
        bytes
    }
}

/// The outcomes of a page, each with what it names.
///
/// # Errors
/// [`BrokenPage`] when the bytes are none that [`Page`] writes.
pub fn unpack(page: &[u8]) -> Result<Vec<(Entry<'_>, Vec<Named<'_>>)>, BrokenPage> {
    read(page).ok_or(BrokenPage)
}

fn read(page: &[u8]) -> Option<Vec<(Entry<'_>, Vec<Named<'_>>)>> {
    let mut rest = Packed(page);
    if rest.byte()? != VERSION {
        return None;
    }
    let count = usize::try_from(rest.number()?).ok()?;
    let mut files = Vec::new();
    for _ in 0..count {
        files.push(Uuid::from_slice(rest.bytes(16)?).ok()?);
    }
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let head = rest.byte()?;
        let side = *Side::ALL.get(usize::from(head & 7))?;
        let kind = *OutcomeKind::ALL.get(usize::from(rest.byte()?))?;
        let rule = *Rule::ALL.get(usize::from(rest.byte()?))?;
        let key = read_key(&mut rest, side, &files)?;
        let has = |bit: u8| head >> bit & 1 == 1;
        let difference = if has(3) { rest.signed()? } else { 0 };
        let turns_on = if has(4) {
            let days = i32::try_from(rest.signed()?).ok()?;
            Some(Day::from_num_days_from_ce_opt(days)?)
        } else {
            None
        };
        let mut named = Vec::new();
        for _ in 0..rest.number()? {
            let head = rest.byte()?;
            let side = *Side::ALL.get(usize::from(head & 7))?;
            let role = *Role::ALL.get(usize::from(head >> 3))?;
            let key = read_key(&mut rest, side, &files)?;
            let is_matched = role == Role::Matched;
            let allocated = if is_matched { rest.signed()? } else { 0 };
            named.push(Named {
                side,
                key,
                role,
                allocated,
            });
        }
        let entry = Entry {
            side,
            key,
            kind,
            rule,
            difference,
            turns_on,
        };
        entries.push((entry, named));
    }
    Some(entries)
}

fn read_key<'a>(rest: &mut Packed<'a>, side: Side, files: &[Uuid]) -> Option<Key<'a>> {
    let file = |rest: &mut Packed<'a>| {
        let place = usize::try_from(rest.number()?).ok()?;
        files.get(place).copied()
    };
    Some(match side {
        Side::Payment | Side::Refund => Key::Id(Uuid::from_slice(rest.bytes(16)?).ok()?),
        Side::Line | Side::Bank => {
            let of = file(rest)?;
            Key::Place(of, u32::try_from(rest.number()?).ok()?)
        }
        Side::Payout | Side::Batch => {
            let of = file(rest)?;
            Key::Batch(of, rest.text()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    type Owned = (Side, Uuid, u32, String);

    fn key((side, id, place, name): &Owned) -> Key<'_> {
        match side {
            Side::Payment | Side::Refund => Key::Id(*id),
            Side::Line | Side::Bank => Key::Place(*id, *place),
            Side::Payout | Side::Batch => Key::Batch(*id, name),
        }
    }

    fn owned() -> impl Strategy<Value = Owned> {
        let file = (0..4_u128).prop_map(Uuid::from_u128);
        (select(Side::ALL), file, any::<u32>(), ".{0,12}")
    }

    prop_compose! {
        fn outcome()(
            own in owned(),
            (kind, rule) in (select(OutcomeKind::ALL), select(Rule::ALL)),
            difference in any::<i64>(),
            turns_on in of(1..3_000_000_i32),
            named in prop::collection::vec((owned(), select(Role::ALL), any::<i64>()), 0..4),
        ) -> (Owned, OutcomeKind, Rule, i64, Option<i32>, Vec<(Owned, Role, i64)>) {
            (own, kind, rule, difference, turns_on, named)
        }
    }

    proptest! {
        #[test]
        fn outcomes_come_back_as_they_were(outcomes in prop::collection::vec(outcome(), 0..20)) {
            let told: Vec<(Entry<'_>, Vec<Named<'_>>)> = outcomes.iter().map(|(own, kind, rule, difference, turns_on, named)| {
                let entry = Entry {
                    side: own.0, key: key(own), kind: *kind, rule: *rule, difference: *difference,
                    turns_on: turns_on.map(|n| Day::from_num_days_from_ce_opt(n).unwrap()),
                };
                let named = named.iter().map(|(own, role, allocated)| Named {
                    side: own.0, key: key(own), role: *role,
                    allocated: if *role == Role::Matched { *allocated } else { 0 },
                });
                (entry, named.collect())
            }).collect();
            let mut page = Page::default();
            for (entry, named) in &told {
                page.push(entry, named.iter().copied());
            }
            prop_assert_eq!(page.len(), told.len());
            let bytes = page.take();
            prop_assert!(page.is_empty());
            prop_assert_eq!(unpack(&bytes).unwrap(), told);
            let cut = bytes.get(..bytes.len() - 1).unwrap();
            prop_assert!(outcomes.is_empty() || unpack(cut).is_err());
        }
    }

    #[test]
    fn an_agreement_takes_less_than_45_bytes() {
        let (payment, file) = (Uuid::from_u128(u128::MAX), Uuid::from_u128(7));
        let line = Key::Place(file, 1_000_000);
        let entry = |side, key| Entry {
            side,
            key,
            kind: OutcomeKind::MatchedSettlement,
            rule: Rule::TransactionId,
            difference: 0,
            turns_on: None,
        };
        let named = |side, key| Named {
            side,
            key,
            role: Role::Matched,
            allocated: 1_000_000_000,
        };
        let mut page = Page::default();
        for _ in 0..PAGE_ITEMS / 2 {
            let of_line = std::iter::once(named(Side::Line, line));
            page.push(&entry(Side::Payment, Key::Id(payment)), of_line);
            let of_payment = std::iter::once(named(Side::Payment, Key::Id(payment)));
            page.push(&entry(Side::Line, line), of_payment);
        }
        assert!(page.take().len() < 45 * PAGE_ITEMS);
    }

    #[test]
    fn what_is_no_page_is_refused_and_words_keep_their_places() {
        for bytes in [
            &b""[..],
            b"\x02\x00",
            b"\x01\x01\x00",
            b"\x01\x00\x00",
            b"\x01\x00\x07\x00\x00",
        ] {
            assert_eq!(unpack(bytes), Err(BrokenPage), "{bytes:?}");
        }
        assert_eq!(unpack(&Page::default().take()), Ok(Vec::new()));
        let last = |words: Vec<&'static str>| (words.len(), words.last().copied().unwrap());
        let kinds = OutcomeKind::ALL.iter().map(|one| one.as_str()).collect();
        let rules = Rule::ALL.iter().map(|one| one.as_str()).collect();
        let roles = Role::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(last(kinds), (31, "unclassified"), "raise VERSION");
        assert_eq!(last(rules), (11, "stated_totals"), "raise VERSION");
        assert_eq!(last(roles), (6, "same_amount_only"), "raise VERSION");
    }
}
