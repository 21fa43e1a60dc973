//! Which column of a heading row holds what, by the words of a profile and of all tables. A row that
//! names no date or no amount is not a heading.

use std::collections::{BTreeMap, BTreeSet};

use super::heading::{Heading, heading};
use super::{Cell, Row};
use crate::domain::money::Currency;
use crate::reconciliation::profiles::{Find, Library, Profile, Role};

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    at: BTreeMap<Role, usize>,
    /// How many columns the heading has.
    pub width: usize,
    /// Up to where cells belong to the table: the last column with a heading or a role. None for a
    /// table without a heading.
    reach: Option<usize>,
    /// Beside a column that was chosen, the others that its word heads as well.
    rivals: BTreeMap<usize, Vec<usize>>,
    /// The currency that an amount's heading names.
    pub currency: Option<Currency>,
    /// Whether the headings are Vietnamese.
    pub is_vietnamese: bool,
}

/// In which order roles choose their column.
const ROLES: [Role; 17] = [
    Role::Debit,
    Role::Credit,
    Role::Balance,
    Role::Fee,
    Role::Tax,
    Role::Amount,
    Role::Net,
    Role::Side,
    Role::Date,
    Role::ValueDate,
    Role::Status,
    Role::Reference,
    Role::Order,
    Role::Memo,
    Role::Counterparty,
    Role::Currency,
    Role::Kind,
];

fn headings(row: &Row) -> Vec<Heading> {
    let of = |cell: &Cell| match cell {
        Cell::Text(text) => serial(heading(text)),
        Cell::Empty | Cell::Number(_) | Cell::Moment(_) | Cell::Fault(_) | Cell::Formula => {
            Heading::default()
        }
    };
    row.cells.iter().map(of).collect()
}

/// A column of serial numbers (STT, No.) holds nothing of use, and its "No" is not "Nợ".
fn serial(heading: Heading) -> Heading {
    let is_serial = heading.names.iter().any(|name| name == "stt");
    if is_serial {
        Heading::default()
    } else {
        heading
    }
}

impl Columns {
    /// The columns of a heading row; `None` when it is none.
    #[must_use]
    pub fn of(row: &Row, profile: &Profile, library: &Library) -> Option<Self> {
        let headings = headings(row);
        let mut columns = Self {
            width: headings.len(),
            ..Self::default()
        };
        let mut taken = BTreeSet::new();
        for role in ROLES {
            let general = library.words.columns.get(&role);
            let found = match (profile.columns.get(&role), general) {
                (Some(Find::Number(number)), _) => number.checked_sub(1).map(|at| vec![at]),
                (Some(Find::Words(words)), _) | (None, Some(words)) => {
                    best(&headings, words, &taken)
                }
                (None, None) => None,
            };
            if let Some((at, others)) = found.as_deref().and_then(<[usize]>::split_first) {
                taken.insert(*at);
                columns.at.insert(role, *at);
                columns.rivals.insert(*at, others.to_vec());
            }
        }
        // What another field took by a word of its own is that field, unless the headings are the same.
        for (at, others) in &mut columns.rivals {
            others.retain(|other| {
                !taken.contains(other)
                    || headings.get(*at).map(|one| &one.names)
                        == headings.get(*other).map(|one| &one.names)
            });
        }
        let named = row.cells.iter().rposition(|cell| !cell.is_blank());
        columns.reach = named.max(columns.at.values().max().copied());
        columns.settle();
        let is_heading = columns.get(Role::Date).is_some() && columns.has_amounts();
        let names = || headings.iter().flat_map(|one| &one.names);
        columns.is_vietnamese = names().any(|name| library.words.vietnamese.contains(name));
        columns.currency = columns.unit(&headings);
        is_heading.then_some(columns)
    }

    /// The columns that a profile gives by number, for files without a heading.
    #[must_use]
    pub fn numbered(profile: &Profile) -> Self {
        let numbers = profile
            .columns
            .iter()
            .filter_map(|(role, find)| match find {
                Find::Number(number) => Some((*role, number.checked_sub(1)?)),
                Find::Words(_) => None,
            });
        let at: BTreeMap<Role, usize> = numbers.collect();
        let width = at.values().max().map_or(0, |last| last + 1);
        Self {
            at,
            width,
            ..Self::default()
        }
    }

    /// A value day alone is the day; what is paid out alone is the amount.
    fn settle(&mut self) {
        if !self.at.contains_key(&Role::Date)
            && let Some(at) = self.at.remove(&Role::ValueDate)
        {
            self.at.insert(Role::Date, at);
        }
        if !self.has_amounts()
            && let Some(at) = self.at.remove(&Role::Net)
        {
            self.at.insert(Role::Amount, at);
        }
        if self.at.contains_key(&Role::Debit) && self.at.contains_key(&Role::Credit) {
            self.at.remove(&Role::Amount);
        }
    }

    /// Whether there is a column of amounts.
    #[must_use]
    pub fn has_amounts(&self) -> bool {
        [Role::Amount, Role::Debit, Role::Credit]
            .iter()
            .any(|role| self.at.contains_key(role))
    }

    fn unit(&self, headings: &[Heading]) -> Option<Currency> {
        let roles = [Role::Amount, Role::Credit, Role::Debit, Role::Balance];
        let units = roles
            .iter()
            .filter_map(|role| headings.get(self.get(*role)?)?.unit.as_deref());
        units.filter_map(currency_of).next()
    }

    /// The column of a role, from 0.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<usize> {
        self.at.get(&role).copied()
    }

    /// The cell of a role.
    #[must_use]
    pub fn cell<'a>(&self, row: &'a Row, role: Role) -> &'a Cell {
        self.get(role).map_or(&Cell::Empty, |at| row.cell(at))
    }

    /// The fields of which several columns are headed alike, with these columns.
    #[must_use]
    pub fn alike(&self) -> Vec<(Role, Vec<usize>)> {
        // What is paid out is not read beside an amount.
        let read = self.at.iter().filter(|(role, _)| **role != Role::Net);
        let all = read.filter_map(|(role, at)| {
            let others = self.rivals.get(at).filter(|others| !others.is_empty())?;
            let list = std::iter::once(*at).chain(others.iter().copied());
            Some((*role, list.collect()))
        });
        all.collect()
    }

    /// Takes this column for the field.
    pub fn choose(&mut self, role: Role, at: usize) {
        self.at.insert(role, at);
    }

    /// The first cell that is filled beyond the heading: the cells before it may be shifted.
    #[must_use]
    pub fn beyond<'a>(&self, row: &'a Row) -> Option<&'a Cell> {
        let after = row.cells.iter().skip(self.reach? + 1);
        after.into_iter().find(|cell| !cell.is_blank())
    }

    /// How many roles have a column.
    #[must_use]
    pub fn count(&self) -> usize {
        self.at.len()
    }

    /// The roles and their columns, for people: `date A, amount D`.
    #[must_use]
    pub fn shown(&self) -> String {
        let list = self
            .at
            .iter()
            .map(|(role, at)| format!("{role} {}", at + 1));
        list.collect::<Vec<_>>().join(", ")
    }
}

/// The currency of a sign or code.
#[must_use]
pub fn currency_of(text: &str) -> Option<Currency> {
    let upper = text.trim().to_uppercase();
    let code = match upper.as_str() {
        "₫" | "Đ" | "VNĐ" | "ĐỒNG" | "ĐVT: VND" => "VND",
        "$" | "US$" => "USD",
        "€" => "EUR",
        other => other,
    };
    Currency::parse(code).ok()
}

/// The columns that the best word heads, the first one first.
fn best(headings: &[Heading], words: &[String], taken: &BTreeSet<usize>) -> Option<Vec<usize>> {
    words.iter().find_map(|word| {
        let free = headings
            .iter()
            .enumerate()
            .filter(|(at, _)| !taken.contains(at));
        let named = free.filter(|(_, one)| one.names.contains(word));
        let named: Vec<usize> = named.map(|(at, _)| at).collect();
        (!named.is_empty()).then_some(named)
    })
}

/// How well a profile fits a heading row and what stands above it: none when it does not.
#[must_use]
pub fn fit(row: &Row, above: &str, profile: &Profile) -> Option<usize> {
    let headings = headings(row);
    let has = |word: &String| headings.iter().any(|one| one.names.contains(word));
    let fits = !profile.signature.is_empty()
        && profile.signature.iter().all(has)
        && profile
            .above
            .iter()
            .all(|word| above.contains(word.as_str()));
    fits.then_some(profile.signature.len() + profile.above.len())
}
