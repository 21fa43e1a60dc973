//! Mapping profiles: which words head which column, for tables in general and for the files of each
//! bank and provider. Data stands in `config/profiles/` and is compiled in; a profile of one's own can
//! be given as a file. Describes tables; reads none.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use serde::Deserialize;

use super::problem::Problem;
use super::table::heading::{fold, heading};
use super::text::amounts::Mark;
use super::text::dates::DateOrder;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Money out.
    Debit,
    /// Money in.
    Credit,
    /// Balance after the row.
    Balance,
    /// A fee beside the amount.
    Fee,
    /// A tax beside the amount.
    Tax,
    /// What is paid out: amount less fee.
    Net,
    /// The amount, signed or with a side.
    Amount,
    /// Credit or debit in words.
    Side,
    /// A kind of transaction, which may say credit or debit and may say something else.
    Kind,
    /// The day.
    Date,
    /// The value day.
    ValueDate,
    /// Whether it succeeded.
    Status,
    /// The bank's or provider's reference.
    Reference,
    /// The merchant's order.
    Order,
    /// The memo.
    Memo,
    /// The other party.
    Counterparty,
    /// The currency.
    Currency,
}

/// As profiles write it: `value_date`.
impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in format!("{self:?}").char_indices() {
            if at > 0 && letter.is_ascii_uppercase() {
                out.write_char('_')?;
            }
            out.write_char(letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// How one role's column is found: by words, the first best, or by its number from 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Find {
    /// The column whose heading is one of these.
    Words(Vec<String>),
    /// The column with this number.
    Number(usize),
}

impl Find {
    /// A column that both name.
    fn shared(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Number(one), Self::Number(two)) if one == two => Some(format!("column {one}")),
            (Self::Words(one), Self::Words(two)) => {
                let folded: Vec<String> = two.iter().map(|word| fold(word)).collect();
                let both = one.iter().find(|word| folded.contains(&fold(word)));
                both.map(|word| format!("the column \"{word}\""))
            }
            (Self::Number(_) | Self::Words(_), _) => None,
        }
    }
}

/// A mapping profile.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, for `--profile`.
    pub name: String,
    /// What it is, for people.
    #[serde(default)]
    pub title: String,
    /// Headings that all occur in such a file and together in no other.
    #[serde(default)]
    pub signature: Vec<String>,
    /// Words that occur above the heading or in it.
    #[serde(default)]
    pub above: Vec<String>,
    /// Columns that are not where the general words say.
    #[serde(default)]
    pub columns: BTreeMap<Role, Find>,
    /// The order of day, month and year.
    #[serde(default)]
    pub date_order: Option<String>,
    /// The mark before the fraction: `.` or `,`.
    #[serde(default)]
    pub decimal: Option<String>,
    /// The currency, where the file does not say.
    #[serde(default)]
    pub currency: Option<String>,
    /// Whether an empty date is that of the row above.
    #[serde(default)]
    pub fill_down: bool,
    /// Whether fee and tax move the balance too.
    #[serde(default)]
    pub fees_move_balance: bool,
    /// Whether rows may be in several currencies, so that the file has none of its own.
    #[serde(default)]
    pub any_currency: bool,
    /// Whether the bank or provider gives a reference once, by contract, so that the same one with the
    /// same amount on another day is the same money.
    #[serde(default)]
    pub unique_references: bool,
    /// Words of the status column that mean that money moved, beside the general ones.
    #[serde(default)]
    pub succeeded: Vec<String>,
    /// Words of the status column that mean that none did, beside the general ones.
    #[serde(default)]
    pub failed: Vec<String>,
    /// Whether the file has no heading at all; columns are then given by number.
    #[serde(default)]
    pub no_heading: bool,
    /// Whether it is a provider's settlement file, not a statement of a bank; told by the shelf it stands on.
    #[serde(skip)]
    pub is_settlement: bool,
}

impl Profile {
    /// The order of dates that the profile states.
    #[must_use]
    pub fn order(&self) -> Option<DateOrder> {
        self.date_order.as_deref().and_then(DateOrder::parse)
    }

    /// The mark before the fraction that the profile states.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        match self.decimal.as_deref() {
            Some(".") => Some(Mark::Dot),
            Some(",") => Some(Mark::Comma),
            _ => None,
        }
    }

    fn judge(&self) -> Result<(), String> {
        let is_order = self.date_order.is_none() || self.order().is_some();
        if !is_order {
            return Err("date_order must be dmy, mdy or ymd".to_owned());
        }
        if self.decimal.is_some() && self.mark().is_none() {
            return Err("decimal must be \".\" or \",\"".to_owned());
        }
        if let Some(word) = self.failed.iter().find(|one| self.succeeded.contains(one)) {
            return Err(format!(
                "the status \"{word}\" stands under succeeded and under failed"
            ));
        }
        let is_numbered = |find: &Find| matches!(find, Find::Number(1..));
        if self.no_heading && !self.columns.values().all(is_numbered) {
            return Err("no_heading needs columns by number, from 1".to_owned());
        }
        let fields = self.columns.iter().collect::<Vec<_>>();
        for (at, (role, find)) in fields.iter().enumerate() {
            for (other, same) in fields.iter().skip(at + 1) {
                if let Some(column) = find.shared(same) {
                    let names = format!("{role} and {other}");
                    return Err(format!(
                        "{names} both name {column}: one column is one field"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The words of all tables.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Headings of each role, the best first.
    pub columns: BTreeMap<Role, Vec<String>>,
    /// Labels of what stands around a table.
    pub labels: BTreeMap<Label, Vec<String>>,
    /// What a row of totals begins with.
    pub totals: Vec<String>,
    /// Words of a column of sides that mean credit.
    pub credit: Vec<String>,
    /// Words of a column of sides that mean debit.
    pub debit: Vec<String>,
    /// Words of a status that mean success.
    pub succeeded: Vec<String>,
    /// Words of a status that mean no money moved.
    pub failed: Vec<String>,
    /// Headings that only Vietnamese files have; such files write the day first.
    pub vietnamese: Vec<String>,
}

/// What stands around a table under a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The account.
    Account,
    /// The currency.
    Currency,
    /// The opening balance.
    Opening,
    /// The closing balance.
    Closing,
    /// The first day, or the whole period.
    Period,
    /// How many rows there are.
    Count,
    /// Sum of money in.
    CreditSum,
    /// Sum of money out.
    DebitSum,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shelf {
    profile: Vec<Profile>,
}

/// Everything that is compiled in.
#[derive(Debug, Default)]
pub struct Library {
    /// The words of all tables, folded.
    pub words: Words,
    /// Every built-in profile.
    pub profiles: Vec<Profile>,
}

const WORDS: &str = include_str!("../../config/profiles/words.toml");
const SHELVES: [(&str, bool); 2] = [
    (include_str!("../../config/profiles/banks.toml"), false),
    (include_str!("../../config/profiles/providers.toml"), true),
];

/// The built-in words and profiles.
#[must_use]
pub fn library() -> &'static Library {
    static LIBRARY: LazyLock<Library> = LazyLock::new(|| match built_in() {
        Ok(library) => library,
        Err(error) => panic!("the built-in profiles must be right: {error}"),
    });
    &LIBRARY
}

fn built_in() -> Result<Library, String> {
    let mut words: Words = toml::from_str(WORDS).map_err(|error| error.to_string())?;
    let lists = words.columns.values_mut().chain(words.labels.values_mut());
    let others = [
        &mut words.totals,
        &mut words.credit,
        &mut words.debit,
        &mut words.succeeded,
        &mut words.failed,
        &mut words.vietnamese,
    ];
    for list in lists.chain(others) {
        for word in list {
            *word = fold(word);
        }
    }
    let mut profiles = Vec::new();
    for (text, is_settlement) in SHELVES {
        let mut found = shelf(text)?;
        for profile in &mut found {
            profile.is_settlement = is_settlement;
        }
        profiles.extend(found);
    }
    Ok(Library { words, profiles })
}

fn shelf(text: &str) -> Result<Vec<Profile>, String> {
    let mut shelf: Shelf = toml::from_str(text).map_err(|error| {
        let text = error.to_string();
        if text.contains("enum Find") {
            return format!(
                "{text}: a field is one column, given by its headings or by its number from 1"
            );
        }
        text
    })?;
    for profile in &mut shelf.profile {
        for word in profile.succeeded.iter_mut().chain(&mut profile.failed) {
            *word = fold(word);
        }
        profile
            .judge()
            .map_err(|why| format!("profile {}: {why}", profile.name))?;
        let finds = profile.columns.values_mut().filter_map(|find| match find {
            Find::Words(words) => Some(words),
            Find::Number(_) => None,
        });
        for list in finds.chain([&mut profile.signature, &mut profile.above]) {
            for word in list {
                *word = heading(word).names.swap_remove(0);
            }
        }
    }
    Ok(shelf.profile)
}

/// The profile of this name, or in the file of this name when it ends in `.toml`.
///
/// # Errors
/// When there is none, with the names there are; or when the file is wrong.
pub fn named(name: &str) -> Result<Profile, Problem> {
    if std::path::Path::new(name)
        .extension()
        .is_some_and(|end| end == "toml")
    {
        let text = std::fs::read_to_string(name).map_err(|error| {
            Problem::file(format!("the profile {name} cannot be read: {error}"))
        })?;
        let mut profiles = shelf(&text)
            .map_err(|why| Problem::file(format!("the profile {name} is wrong: {why}")))?;
        if profiles.len() == 1
            && let Some(profile) = profiles.pop()
        {
            return Ok(profile);
        }
        return Err(Problem::file(format!(
            "the profile {name} must hold exactly one [[profile]]"
        )));
    }
    let known = &library().profiles;
    known
        .iter()
        .find(|profile| profile.name == name)
        .cloned()
        .ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|profile| profile.name.as_str()).collect();
            Problem::file(format!(
                "there is no profile {name}; there are: {}",
                names.join(", ")
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;
    use std::collections::BTreeSet;

    #[test]
    fn every_built_in_profile_is_right_and_has_its_own_name() {
        let library = built_in().unwrap();
        let names: BTreeSet<&str> = library
            .profiles
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names.len(), library.profiles.len());
        for profile in &library.profiles {
            assert!(!profile.title.is_empty(), "{}", profile.name);
            assert!(!profile.signature.is_empty(), "{}", profile.name);
            if let Some(currency) = &profile.currency {
                Currency::parse(currency).unwrap();
            }
        }
        for words in library.words.columns.values() {
            assert!(words.iter().all(|word| !word.is_empty()));
        }
    }

    #[test]
    fn a_profile_of_ones_own_is_read_and_judged() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| {
            let file = folder.path().join("bank.toml");
            std::fs::write(&file, text).unwrap();
            named(file.to_str().unwrap())
        };
        let own =
            write("[[profile]]\nname = \"x\"\ncolumns.date = [\"Ngày\"]\ncolumns.amount = 3\n")
                .unwrap();
        assert_eq!(
            own.columns.get(&Role::Date),
            Some(&Find::Words(vec!["ngay".into()]))
        );
        assert_eq!(own.columns.get(&Role::Amount), Some(&Find::Number(3)));
        for wrong in [
            "",
            "[[profile]]\nname = 1\n",
            "[[profile]]\nname = \"x\"\ndate_order = \"ydm\"\n",
            "[[profile]]\nname = \"x\"\nfoo = 1\n",
            "[[profile]]\nname = \"x\"\nsucceeded = [\"Xong\"]\nfailed = [\"XONG\"]\n",
            "[[profile]]\nname = \"x\"\ncolumns.memo = [\"Nội dung\"]\ncolumns.order = [\"noi dung\"]\n",
            "[[profile]]\nname = \"x\"\ncolumns.debit = 3\ncolumns.credit = 3\n",
            "[[profile]]\nname = \"x\"\ncolumns.debit = 3\ncolumns.debit = 4\n",
            "[[profile]]\nname = \"x\"\ncolumns.debit = [3, 4]\n",
        ] {
            assert!(write(wrong).is_err(), "{wrong}");
        }
        assert!(named("nonesuch").unwrap_err().message.contains("momo"));
    }
}
