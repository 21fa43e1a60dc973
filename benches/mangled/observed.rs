//! The observed memos: each as it is, and each that carried somebody's reference with one of ours
//! in its place.

use std::path::Path;

use super::book::Book;
use super::rng::Rng;

/// References tried in the place of each observed one.
const TRIED: usize = 100;

/// A memo and the bill it has to be linked to.
pub(crate) struct Observed {
    pub(crate) row: String,
    pub(crate) text: String,
    pub(crate) bill: Option<usize>,
}

/// Every observed memo in both ways.
pub(crate) fn observed(rng: &mut Rng, book: &Book) -> Vec<Observed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/memos.csv");
    let mut rows = csv::Reader::from_path(path).unwrap();
    let mut found = Vec::new();
    for row in rows.records() {
        let row = row.unwrap();
        let (number, text, original, seen) = (
            &row[0],
            &row[1],
            &row[3],
            row[4].trim_start_matches(|c: char| c == '…' || c.is_ascii_digit()),
        );
        let dossier = Some(original)
            .filter(|code| !code.is_empty())
            .and_then(|code| book.dossier_named(code));
        found.push(Observed {
            row: number.to_owned(),
            text: text.to_owned(),
            bill: dossier.and_then(|dossier| book.bill_of(dossier)),
        });
        if seen.is_empty() || dossier.is_some() {
            continue;
        }
        assert!(
            text.contains(seen),
            "row {number}: {seen} does not stand in the memo"
        );
        for _ in 0..TRIED {
            let bill = rng.below(book.len());
            found.push(Observed {
                row: format!("{number} with ours"),
                text: text.replacen(seen, &as_seen(seen, book.reference(bill)), 1),
                bill: Some(bill),
            });
        }
    }
    found
}

/// A reference of ours in the case and with the punctuation of the one seen.
fn as_seen(seen: &str, reference: &str) -> String {
    let text = match seen.find(|c: char| c.is_ascii_punctuation() || c == ' ') {
        Some(at) if at > 0 && at < reference.len() => {
            format!("{}{}{}", &reference[..at], &seen[at..=at], &reference[at..])
        }
        _ => reference.to_owned(),
    };
    if seen.chars().any(|c| c.is_ascii_lowercase()) && !seen.chars().any(|c| c.is_ascii_uppercase())
    {
        text.to_lowercase()
    } else {
        text
    }
}
