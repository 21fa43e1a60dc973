//! One memo after the other: a payer's words with or without a name, what the way does to them, and
//! what may be concluded, known from how the memo was made.

use super::banks::{Damage, SHAPES};
use super::book::{Book, fee};
use super::marked::{Fate, Marked, narrow};
use super::rng::Rng;
use super::words::{near_code, near_reference, separator, typed, words};

/// What stands in a memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    ReferenceWhole,
    CodeWhole,
    ReferenceHeadless,
    ReferenceCut,
    CodeTorn,
    CodeCut,
    CodeOfSeveral,
    TwoBills,
    NearReference,
    NearCode,
    NoName,
}

pub(crate) const CLASSES: [(Class, &str); 11] = [
    (
        Class::ReferenceWhole,
        "reference whole, however glued or torn",
    ),
    (Class::CodeWhole, "dossier code whole"),
    (
        Class::ReferenceHeadless,
        "reference without its first letters",
    ),
    (Class::ReferenceCut, "reference cut deeper, or at its end"),
    (
        Class::CodeTorn,
        "code torn, joined to digits, or part of another",
    ),
    (Class::CodeCut, "code cut"),
    (
        Class::CodeOfSeveral,
        "code of a dossier with several open bills",
    ),
    (Class::TwoBills, "two bills named"),
    (Class::NearReference, "one mistake away from a reference"),
    (Class::NearCode, "one mistake away from a code"),
    (Class::NoName, "no name, only other numbers"),
];

impl Class {
    /// Whether the bill has to be found.
    pub(crate) fn must_be_found(self) -> bool {
        matches!(self, Self::ReferenceWhole | Self::CodeWhole)
    }

    /// Whether a part of a name is lost.
    pub(crate) fn is_cut(self) -> bool {
        matches!(
            self,
            Self::ReferenceHeadless | Self::ReferenceCut | Self::CodeTorn | Self::CodeCut
        )
    }

    /// Whether no bill is named.
    pub(crate) fn is_nameless(self) -> bool {
        matches!(self, Self::NearReference | Self::NearCode | Self::NoName)
    }
}

pub(crate) struct Memo {
    pub(crate) text: String,
    pub(crate) shape: usize,
    pub(crate) class: Class,
    /// The bills it may be linked to.
    pub(crate) may_be: Vec<usize>,
    pub(crate) amount: i64,
}

/// The next memo.
pub(crate) fn compose(rng: &mut Rng, book: &Book) -> Memo {
    loop {
        let shape = rng.below(SHAPES.len());
        let made = match rng.below(100) {
            0..45 => of_reference(rng, book, shape),
            45..62 => {
                let dossier = rng.below(book.dossiers());
                of_code(rng, book, shape, dossier)
            }
            62..65 => {
                let long = rng.pick(&book.long);
                of_code(rng, book, shape, long)
            }
            65..70 => of_two(rng, book, shape),
            70..79 => of_near_reference(rng, book, shape),
            79..87 => of_near_code(rng, book, shape),
            _ => {
                let text = words(rng, book);
                let all = sent(rng, book, shape, Marked::text(&text));
                Some((all, Class::NoName, Vec::new()))
            }
        };
        if let Some((marked, class, may_be)) = made {
            let (text, amount) = (marked.shown(), fee(rng));
            return Memo {
                text,
                shape,
                class,
                may_be,
                amount,
            };
        }
    }
}

type Made = Option<(Marked, Class, Vec<usize>)>;

fn of_reference(rng: &mut Rng, book: &Book, shape: usize) -> Made {
    let bill = rng.below(book.len());
    let mut name = Marked::name(1, &typed(rng, book.reference(bill)));
    let dossier = book.dossier_of(bill);
    if rng.percent(15) && book.has_single_bill(dossier) {
        name = name.and(Marked::text(&format!(" HS {}", book.code(dossier))));
    }
    let all = sent(rng, book, shape, name);
    let class = match all.fate_of_reference(1) {
        Fate::Whole | Fate::Torn => Class::ReferenceWhole,
        Fate::Headless => Class::ReferenceHeadless,
        Fate::Cut => Class::ReferenceCut,
    };
    Some((all, class, vec![bill]))
}

fn of_code(rng: &mut Rng, book: &Book, shape: usize, dossier: usize) -> Made {
    let code = book.code(dossier);
    let name = Marked::name(1, &typed(rng, code));
    let all = sent(rng, book, shape, name);
    let Some(bill) = book.bill_of(dossier) else {
        return Some((all, Class::CodeOfSeveral, Vec::new()));
    };
    let class = match all.fate_of_code(1, code) {
        Fate::Whole if !book.shadowed.contains(&dossier) => Class::CodeWhole,
        Fate::Whole | Fate::Torn => Class::CodeTorn,
        Fate::Headless | Fate::Cut => Class::CodeCut,
    };
    Some((all, class, vec![bill]))
}

/// Two references or two codes; where one of them is lost, the other may be followed.
fn of_two(rng: &mut Rng, book: &Book, shape: usize) -> Made {
    let bills = [rng.below(book.len()), rng.below(book.len())];
    let dossiers = bills.map(|bill| book.dossier_of(bill));
    let by_code = rng.percent(50);
    if dossiers[0] == dossiers[1]
        || dossiers
            .iter()
            .any(|&dossier| !book.has_single_bill(dossier))
    {
        return None;
    }
    let name = |place: usize| match by_code {
        true => book.code(dossiers[place]),
        false => book.reference(bills[place]),
    };
    let between = rng.pick(&[" ", ", ", " va ", "+", "-", " HS "]);
    let both = Marked::name(1, &typed(rng, name(0)))
        .and(Marked::text(between))
        .and(Marked::name(2, &typed(rng, name(1))));
    let all = sent(rng, book, shape, both);
    let is_whole = |number: u8, place: usize| match by_code {
        true => all.fate_of_code(number, name(place)) == Fate::Whole,
        false => all.fate_of_reference(number) == Fate::Whole,
    };
    let are_both = is_whole(1, 0) && is_whole(2, 1);
    let may_be = if are_both { Vec::new() } else { bills.to_vec() };
    Some((all, Class::TwoBills, may_be))
}

/// None where what the way added has repaired the mistake.
fn of_near_reference(rng: &mut Rng, book: &Book, shape: usize) -> Made {
    let bill = rng.below(book.len());
    let near = near_reference(rng, book, bill);
    let name = Marked::name(1, &typed(rng, &near));
    let all = sent(rng, book, shape, name);
    let letters = all.shown().to_uppercase();
    let letters: String = letters
        .chars()
        .map(|letter| if letter == 'Đ' { 'D' } else { narrow(letter) })
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let is_repaired = letters.contains(&book.reference(bill)[2..]);
    (!is_repaired).then_some((all, Class::NearReference, Vec::new()))
}

/// None where what is left spells the code of a dossier: nobody could know that it was not meant.
fn of_near_code(rng: &mut Rng, book: &Book, shape: usize) -> Made {
    let dossier = rng.below(book.dossiers());
    let near = near_code(rng, book, dossier);
    let name = Marked::name(1, &typed(rng, &near));
    let all = sent(rng, book, shape, name);
    let mut left = all.left_of(1).into_iter();
    let is_another = left.any(|left| book.dossier_named(&left).is_some());
    (!is_another).then_some((all, Class::NearCode, Vec::new()))
}

/// The name among the payer's words, wrapped and damaged on the way.
fn sent(rng: &mut Rng, book: &Book, shape: usize, name: Marked) -> Marked {
    let mut text = name;
    if rng.percent(45) {
        let before = words(rng, book) + separator(rng);
        text = Marked::text(&before).and(text);
    }
    if rng.percent(50) {
        let after = separator(rng).to_owned() + &words(rng, book);
        text = text.and(Marked::text(&after));
    }
    let shape = &SHAPES[shape];
    let before_wrapping = shape.damage == Damage::Fields || rng.percent(50);
    if before_wrapping {
        text = worn(rng, text);
    }
    text = shape.wrap(rng, text);
    if !before_wrapping {
        text = worn(rng, text);
    }
    if shape.damage == Damage::Glued {
        text = text.without(|c| !c.is_alphanumeric());
    }
    text
}

/// Case, marks, punctuation and spaces, as systems on the way change them.
fn worn(rng: &mut Rng, text: Marked) -> Marked {
    let text = match rng.below(10) {
        0..3 => text.mapped(|c| c.to_uppercase().next().unwrap()),
        3 => text.mapped(|c| c.to_ascii_lowercase()),
        _ => text,
    };
    let text = match rng.below(20) {
        0..2 => text.mapped(|c| if c.is_ascii_punctuation() { ' ' } else { c }),
        2 => text.without(|c| c.is_ascii_punctuation()),
        3 => text.without(|c| c.is_ascii_whitespace()),
        4 => text.mapped(|c| {
            if ('\u{80}'..'\u{2000}').contains(&c) {
                '?'
            } else {
                c
            }
        }),
        _ => text,
    };
    match rng.below(10) {
        0 => text.torn(rng),
        1 => {
            let line = 16 + rng.below(40);
            text.broken(line, ' ')
        }
        _ => text,
    }
}
