//! What payers write: words, the ways to type a name, names written wrongly, and numbers that mean
//! something else.

use doisoat::domain::reference::PaymentReference;

use super::banks::filled;
use super::book::Book;
use super::rng::Rng;

/// Words around a name; some composed, some with combining marks.
const WORDS: [&str; 14] = [
    "Nộp phí hồ sơ",
    "No\u{323}\u{302}p phi\u{301} ho\u{302}\u{300} so\u{31b}",
    "nop phi",
    "Lệ phí đăng ký đất đai",
    "LE PHI",
    "thanh toan",
    "Thanh toán",
    "CK",
    "chuyen tien",
    "TT ho so",
    "Đóng tiền",
    "UBND xa",
    "phi+le phi",
    "ho so",
];

const SEPARATORS: [&str; 14] = [
    " ", " ", " ", " ", " ", " ", "-", ".", "_", ":", "/", "  ", "; ", "",
];

pub(crate) fn separator(rng: &mut Rng) -> &'static str {
    rng.pick(&SEPARATORS)
}

/// Words, a person, or a number that names nothing.
pub(crate) fn words(rng: &mut Rng, book: &Book) -> String {
    match rng.below(10) {
        0..4 => rng.pick(&WORDS).to_owned(),
        4..6 => super::banks::name(rng),
        _ => noise(rng, book),
    }
}

/// Something that looks as if it could be a name, and is none of ours.
fn noise(rng: &mut Rng, book: &Book) -> String {
    let bill = rng.below(book.len());
    let (reference, code) = (book.reference(bill), book.code(book.dossier_of(bill)));
    match rng.below(16) {
        0 => filled(rng, "<P>"),
        1 => filled(rng, "STK <A>"),
        2 => filled(rng, "Trace <6>"),
        3 => filled(rng, "<D>"),
        4 => filled(rng, "01/07/2026 <T>"),
        5 => format!("{} VND", rng.pick(&["10000", "20.000", "8,000", "150000"])),
        6 => filled(rng, "2.00<4>.000.00.00.H55"),
        7 => filled(rng, "H57.132-2608<2>-<4>"),
        8 => filled(rng, "000.00.<2>.G22-26<4>-<4>"),
        9 => filled(rng, "PAY2DA6BC<7>"),
        10 => filled(rng, "<F>"),
        11 => PaymentReference::derive(9, code, 7, 0).to_string(),
        // Parts of other bills' references and of other dossiers' codes.
        12 => reference[4..].to_owned(),
        13 => reference[..7].to_owned(),
        14 => code[code.find('-').unwrap() + 1..].to_owned(),
        // Not last: with the digits of what follows it would spell the code of another dossier.
        _ => format!("{} nop", &code[..code.rfind('-').unwrap()]),
    }
}

/// A name as somebody types it.
pub(crate) fn typed(rng: &mut Rng, name: &str) -> String {
    let is_code = name.contains('-');
    let text = match rng.below(12) {
        0 => grouped(name, 4, rng.pick(&[" ", "-", ".", "_"])),
        1 if is_code => name.replace(['.', '-'], ""),
        2..5 if is_code => name.replace(['.', '-'], " "),
        5 if is_code => name.replace('.', "_"),
        6 => {
            let at = 1 + rng.below(name.len() - 1);
            let mark = rng.pick(&[" ", "-", ".", "\u{200b}"]);
            format!("{}{mark}{}", &name[..at], &name[at..])
        }
        7 if rng.percent(30) => name.chars().map(full_width).collect(),
        _ => name.to_owned(),
    };
    match rng.below(8) {
        0..2 => text.to_lowercase(),
        2 => {
            let mixed = |c: char| {
                if rng.percent(50) {
                    c.to_ascii_lowercase()
                } else {
                    c
                }
            };
            text.chars().map(mixed).collect()
        }
        _ => text,
    }
}

fn grouped(name: &str, size: usize, mark: &str) -> String {
    if name.contains('-') {
        return name.to_owned();
    }
    let letters: Vec<char> = name.chars().collect();
    let groups: Vec<String> = letters
        .chunks(size)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(mark)
}

fn full_width(letter: char) -> char {
    char::from_u32(u32::from(letter) + 0xFEE0).unwrap()
}

/// A text one mistake away: another character, two neighbours swapped, one lost, one added.
fn mistaken(rng: &mut Rng, text: &str, from: usize, alphabet: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = from + rng.below(letters.len() - from);
    match rng.below(4) {
        0 => letters[at] = rng.text(1, alphabet).chars().next().unwrap(),
        1 if at > from => letters.swap(at - 1, at),
        2 => letters.insert(at, rng.text(1, alphabet).chars().next().unwrap()),
        _ => {
            letters.remove(at);
        }
    }
    letters.into_iter().collect()
}

/// A reference that is none, one mistake away from that of a bill. The fixed letters stay: without
/// them what is left still names the bill.
pub(crate) fn near_reference(rng: &mut Rng, book: &Book, bill: usize) -> String {
    loop {
        let near = mistaken(
            rng,
            book.reference(bill),
            2,
            "23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
        );
        if near != book.reference(bill)
            && !book.knows_reference(&near)
            && !near.contains(&book.reference(bill)[2..])
        {
            return near;
        }
    }
}

/// A code one mistake away from that of a dossier, and the code of none.
pub(crate) fn near_code(rng: &mut Rng, book: &Book, dossier: usize) -> String {
    loop {
        let near = mistaken(rng, book.code(dossier), 0, "0123456789");
        if book.dossier_named(&near).is_none() && !near.ends_with(book.code(dossier)) {
            return near;
        }
    }
}
