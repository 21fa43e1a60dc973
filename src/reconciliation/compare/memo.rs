//! Which references a bank memo holds: texts are squeezed to letters and digits, so that spaces,
//! marks and case do not matter; the longest one wins, and a piece of a longer number is none. Texts
//! come in, numbers of what they name go out. Corrects no typing errors: a near miss is a miss.

use std::collections::{HashMap, HashSet};

use crate::reconciliation::table::heading::fold;

/// Shorter references stand in texts by chance.
const SHORTEST: usize = 6;
const PREFIX: usize = 4;

/// A text as letters and digits only.
pub(super) struct Squeezed {
    letters: String,
    /// For each byte whether something stood before it that was left out.
    gaps: Vec<bool>,
}

impl Squeezed {
    pub(super) fn of(text: &str) -> Self {
        let mut letters = String::new();
        let mut gaps = Vec::new();
        for word in fold(text).split(' ') {
            for (place, letter) in word.char_indices() {
                gaps.push(place == 0);
                gaps.extend(std::iter::repeat_n(false, letter.len_utf8() - 1));
                letters.push(letter);
            }
        }
        Self { letters, gaps }
    }

    pub(super) fn holds(&self, mark: &str) -> bool {
        !mark.is_empty() && self.letters.contains(mark)
    }

    /// Whether the piece from `start` to `end` is cut out of a longer number.
    fn cuts_number(&self, start: usize, end: usize) -> bool {
        let bytes = self.letters.as_bytes();
        let is_digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
        let is_joined = |place: usize| {
            place > 0
                && is_digit(place - 1)
                && is_digit(place)
                && self.gaps.get(place) == Some(&false)
        };
        is_joined(start) || is_joined(end)
    }
}

/// A text as letters and digits only, for comparing.
pub(super) fn squeeze(text: &str) -> String {
    Squeezed::of(text).letters
}

/// References and the numbers of what each of them names.
#[derive(Default)]
pub(super) struct Names {
    named: HashMap<String, Vec<u32>>,
    lengths: Vec<usize>,
    beginnings: HashSet<Vec<u8>>,
}

impl Names {
    /// Adds a reference.
    pub(super) fn add(&mut self, text: &str, number: u32) {
        let squeezed = squeeze(text);
        if squeezed.len() < SHORTEST {
            return;
        }
        if let Some(beginning) = squeezed.as_bytes().get(..PREFIX) {
            self.beginnings.insert(beginning.to_vec());
        }
        if let Err(place) = self.lengths.binary_search_by(|one| squeezed.len().cmp(one)) {
            self.lengths.insert(place, squeezed.len());
        }
        let named = self.named.entry(squeezed).or_default();
        if !named.contains(&number) {
            named.push(number);
        }
    }

    /// What the references in this text name: one list for each.
    pub(super) fn find(&self, memo: &Squeezed) -> Vec<&[u32]> {
        let bytes = memo.letters.as_bytes();
        let starts: Vec<usize> = (0..bytes.len())
            .filter(|start| {
                let beginning = bytes.get(*start..start + PREFIX);
                beginning.is_some_and(|beginning| self.beginnings.contains(beginning))
            })
            .collect();
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut found: Vec<&[u32]> = Vec::new();
        for length in &self.lengths {
            for start in &starts {
                let (start, end) = (*start, start + length);
                let is_inside = taken.iter().any(|(from, to)| *from <= start && end <= *to);
                let Some(piece) = memo.letters.get(start..end).filter(|_| !is_inside) else {
                    continue;
                };
                if let Some(named) = self.named.get(piece)
                    && !memo.cuts_number(start, end)
                {
                    taken.push((start, end));
                    found.push(named);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_whatever_banks_make_of_them() {
        let mut names = Names::default();
        for (number, text) in [
            "DH2609220009",
            "DH26092200091",
            "H12.104-250701-0012",
            "DS23AB45",
            "AB1",
            "20260922AB",
        ]
        .iter()
        .enumerate()
        {
            names.add(text, u32::try_from(number).unwrap());
        }
        let table: [(&str, &[u32]); 16] = [
            ("DH2609220009 NGUYEN VAN MAU chuyen tien", &[0]),
            ("CKDH2609220009NGUYENVANMAU", &[0]),
            ("dh 2609 2200 09 ck", &[0]),
            ("DH2609220009 500000d", &[0]),
            ("DH26092200091", &[1]),
            ("DH260922000915", &[]),
            ("DH260922000", &[]),
            ("DH2609220008", &[]),
            ("nộp phí H12.104.250701.0012.", &[2]),
            ("phi h12104 2507010012", &[2]),
            ("phi h12104 25070100123", &[]),
            ("DS23AB45/DH2609220009", &[0, 3]),
            ("AB1", &[]),
            // Only digits join digits: a letter before, or one at the end, cuts nothing.
            ("CK20260922AB500", &[5]),
            ("120260922AB", &[]),
            ("1 20260922AB", &[5]),
        ];
        for (memo, expected) in table {
            let found = names.find(&Squeezed::of(memo));
            let mut found: Vec<u32> = found.into_iter().flatten().copied().collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{memo}");
        }
    }
}
