//! The first way through a table: where the heading stands, which profile fits, which columns, the
//! order of dates, the style of amounts, the currency. Guesses nothing: what stays open is said.

use super::columns::{Columns, currency_of, fit};
use super::heading::fold;
use super::rivals::settled;
use super::{Cell, Row, Table};
use crate::domain::money::Currency;
use crate::reconciliation::book::Book;
use crate::reconciliation::problem::{Problem, shown};
use crate::reconciliation::profiles::{Library, Profile, Role, library, named};
use crate::reconciliation::reading::Ask;
use crate::reconciliation::text::amounts::{Mark, Tally};
use crate::reconciliation::text::dates::{self, DateOrder};
use std::collections::BTreeMap;

/// How far down a heading may stand.
const HEADING_MAX: usize = 200;

/// How a table is to be read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The profile; without a name when none fits.
    pub profile: Profile,
    /// The heading row; place 0 when the table has none.
    pub header: Row,
    /// Its columns.
    pub columns: Columns,
    /// The order of dates.
    pub order: DateOrder,
    /// Whether nothing shows the order.
    pub is_order_open: bool,
    /// The style of amounts.
    pub style: Option<Mark>,
    /// The currency of the first row that names one.
    pub row_currency: Option<Currency>,
    /// Whether money out is written below zero.
    pub has_negative_debits: bool,
}

struct Looks {
    days: dates::Tally,
    amounts: BTreeMap<Role, Tally>,
    currency: Option<Currency>,
    below: u64,
    above: u64,
}

/// Looks at a table.
///
/// # Errors
/// When it has no heading, an amount is written in another style than the others, or the file is damaged.
pub fn survey(table: &dyn Table, ask: &Ask) -> Result<Plan, Problem> {
    let asked = ask.profile.as_deref().map(named).transpose()?;
    let library = library();
    let mut rows = table.rows()?;
    let (profile, header, columns) = match &asked {
        Some(own) if own.no_heading => (own.clone(), Row::default(), Columns::numbered(own)),
        _ => {
            let mut before = Before::default();
            loop {
                let Some(row) = rows.next_row()?.filter(|_| before.count < HEADING_MAX) else {
                    return Err(before.problem(table.kind()));
                };
                if let Some((profile, columns)) =
                    choose(&row, &before.text, asked.as_ref(), library)
                {
                    break (profile, row, columns);
                }
                before.add(&row);
            }
        }
    };
    let columns = settled(table, &header, columns, &profile)?;
    let mut looks = Looks {
        days: dates::Tally::default(),
        amounts: BTreeMap::new(),
        currency: None,
        below: 0,
        above: 0,
    };
    while let Some(row) = rows.next_row()? {
        looks.row(&row, &columns);
    }
    let known = ask.date_order.or(profile.order()).or(looks.days.order());
    let known = known.or(columns.is_vietnamese.then_some(DateOrder::Dmy));
    let style = match profile.mark() {
        Some(mark) => Some(mark),
        None => style_of(&looks.amounts).map_err(|place| {
            let text = "the amount here is written in another style than most: mend it, or export the file again";
            Problem::at(place, text)
        })?,
    };
    Ok(Plan {
        profile,
        header,
        columns,
        order: known.unwrap_or_default(),
        is_order_open: known.is_none(),
        style,
        row_currency: looks.currency,
        has_negative_debits: looks.below > 0 && looks.above == 0,
    })
}

/// Tells the book how the table is read.
pub fn tell(plan: &Plan, book: &mut Book<'_>) {
    let name = &plan.profile.name;
    book.detect(
        "profile",
        if name.is_empty() {
            "none: by the general words".to_owned()
        } else {
            format!("{name} ({})", plan.profile.title)
        },
    );
    if plan.header.place > 0 {
        book.detect("heading row", plan.header.place.to_string());
    }
    book.detect("columns", plan.columns.shown());
    book.detect("date order", plan.order.shown());
    book.detect(
        "amounts",
        plan.style.map_or("no decimals seen", Mark::shown),
    );
    if plan.columns.get(Role::Debit).is_some() {
        let sign = if plan.has_negative_debits {
            "money out is written below zero"
        } else {
            "money out has a column of its own"
        };
        book.detect("sign", sign);
    }
    if plan.is_order_open {
        book.hold("every date reads as day/month and as month/day: say which with --date-order dmy or mdy");
    }
    book.fees_move_balance = plan.profile.fees_move_balance;
    if plan.profile.is_settlement {
        book.expect_numbers_once();
    }
}

/// The style that all columns have: each of its own, and none against another.
fn style_of(columns: &BTreeMap<Role, Tally>) -> Result<Option<Mark>, u64> {
    let mut all = Tally::default();
    for tally in columns.values() {
        tally.style()?;
        all.add_marks(tally);
    }
    all.style()
}

/// The profile and columns when the row is a heading.
fn choose(
    row: &Row,
    above: &str,
    asked: Option<&Profile>,
    library: &Library,
) -> Option<(Profile, Columns)> {
    if let Some(own) = asked {
        return Columns::of(row, own, library).map(|columns| (own.clone(), columns));
    }
    let fits = library
        .profiles
        .iter()
        .filter_map(|one| Some((fit(row, above, one)?, one)));
    let best = fits
        .max_by_key(|(score, _)| *score)
        .map(|(_, one)| one.clone());
    let profile = best.unwrap_or_default();
    Columns::of(row, &profile, library).map(|columns| (profile, columns))
}

#[derive(Default)]
struct Before {
    count: usize,
    text: String,
    first: Option<Row>,
    widest: Option<Row>,
}

impl Before {
    fn add(&mut self, row: &Row) {
        self.count += 1;
        for cell in &row.cells {
            if let Cell::Text(text) = cell
                && self.text.len() < 64 * 1024
            {
                self.text.push_str(&fold(text));
                self.text.push('\n');
            }
        }
        if row.is_blank() {
            return;
        }
        let filled = |row: &Row| row.cells.iter().filter(|cell| !cell.is_blank()).count();
        if self
            .widest
            .as_ref()
            .is_none_or(|widest| filled(row) > filled(widest))
        {
            self.widest = Some(row.clone());
        }
        if self.first.is_none() {
            self.first = Some(row.clone());
        }
    }

    fn problem(&self, kind: &str) -> Problem {
        let Some(row) = self.widest.as_ref().or(self.first.as_ref()) else {
            return Problem::file(format!("the {kind} is empty: it has no rows"));
        };
        let seen: Vec<String> = row
            .cells
            .iter()
            .filter(|cell| !cell.is_blank())
            .take(8)
            .map(|cell| shown(&cell.shown()))
            .collect();
        let text = format!(
            "no heading row with a column for the date and one for the amount was found in this {kind}; \
             seen: {}. Name the columns with --profile, or export with headings",
            seen.join(" | ")
        );
        Problem::at(row.place, text)
    }
}

impl Looks {
    fn row(&mut self, row: &Row, columns: &Columns) {
        let date = columns.cell(row, Role::Date);
        if let Cell::Text(text) = date {
            self.days.note(text);
        }
        if date.is_blank() || columns.beyond(row).is_some() {
            return;
        }
        for role in super::row::AMOUNTS {
            if let Cell::Text(text) = columns.cell(row, role) {
                self.amounts.entry(role).or_default().note(text, row.place);
            }
        }
        if let Ok(Some(debit)) = super::row::number(columns.cell(row, Role::Debit), None)
            && !debit.is_zero()
        {
            if debit.is_sign_negative() {
                self.below += 1;
            } else {
                self.above += 1;
            }
        }
        if self.currency.is_none() {
            self.currency = currency_of(&columns.cell(row, Role::Currency).shown());
        }
    }
}
