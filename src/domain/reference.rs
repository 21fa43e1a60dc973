//! The payment reference: what a payer carries through a bank's memo. Two fixed letters, nine
//! base-32 characters without 0, O, 1 and I, and a check character that catches every single
//! wrong character and every swap of two. References given from outside stay as they are.

use sha2::{Digest, Sha256};
use std::fmt;

/// The fixed letters every reference of ours begins with.
pub const PREFIX: &str = "DS";

/// Characters of a whole reference.
pub const LENGTH: usize = 12;

const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const PAYLOAD: usize = 9;

/// A reference whose check character is right.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentReference(String);

fn value_of(letter: u8) -> Option<u8> {
    let place = ALPHABET.iter().position(|&known| known == letter)?;
    u8::try_from(place).ok()
}

fn letter_of(value: u8) -> char {
    ALPHABET
        .get(usize::from(value & 31))
        .copied()
        .map_or('2', char::from)
}

/// Multiplies in the field of 32 elements (x⁵ + x² + 1).
fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a <<= 1;
        if a & 32 != 0 {
            a ^= 0b10_0101;
        }
        b >>= 1;
    }
    product
}

/// Every place has its own non-zero weight other than one, so that one wrong character or two
/// swapped ones (the check character included) always change the sum.
fn check_value(payload: impl Iterator<Item = u8>) -> u8 {
    let mut weight = 2;
    payload.fold(0, |sum, value| {
        let term = multiply(value, weight);
        weight += 1;
        sum ^ term
    })
}

impl PaymentReference {
    /// The reference that belongs to a dossier's bill: the same inputs give the same reference,
    /// so a second import changes nothing. `attempt` moves on when a reference is taken.
    #[must_use]
    pub fn derive(tenant: i32, dossier_code: &str, ordinal: u32, attempt: u32) -> Self {
        let digest = Sha256::digest(format!("{tenant}|{dossier_code}|{ordinal}|{attempt}"));
        let values: Vec<u8> = digest.iter().take(PAYLOAD).map(|byte| byte & 31).collect();
        let mut text = String::from(PREFIX);
        text.extend(values.iter().map(|&value| letter_of(value)));
        text.push(letter_of(check_value(values.into_iter())));
        Self(text)
    }

    /// Reads exactly one reference, capital letters only.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?.as_bytes();
        if body.len() != PAYLOAD + 1 {
            return None;
        }
        let values: Option<Vec<u8>> = body.iter().map(|&letter| value_of(letter)).collect();
        let values = values?;
        let (check, payload) = values.split_last()?;
        (check_value(payload.iter().copied()) == *check).then(|| Self(text.to_owned()))
    }

    /// The twelve characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_character_and_every_swap_is_caught() {
        for ordinal in 0..50 {
            let good = PaymentReference::derive(1, "H12.104-250701-0012", ordinal, 0);
            assert_eq!(good.as_str().len(), LENGTH);
            assert_eq!(PaymentReference::parse(good.as_str()), Some(good.clone()));
            let letters: Vec<u8> = good.as_str().bytes().collect();
            for place in PREFIX.len()..LENGTH {
                for &other in ALPHABET.iter().filter(|&&other| other != letters[place]) {
                    let mut wrong = letters.clone();
                    wrong[place] = other;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(PaymentReference::parse(&wrong), None, "{good} {wrong}");
                }
                for second in place + 1..LENGTH {
                    let mut swapped = letters.clone();
                    swapped.swap(place, second);
                    if swapped != letters {
                        let swapped = String::from_utf8(swapped).unwrap();
                        assert_eq!(PaymentReference::parse(&swapped), None, "{good} {swapped}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_texts_are_not_references() {
        let good = PaymentReference::derive(1, "x", 0, 0);
        let longer = format!("{good}2");
        let lower = good.as_str().to_lowercase();
        for text in ["", "DS", "XX23456789AB", longer.as_str(), lower.as_str()] {
            assert_eq!(PaymentReference::parse(text), None, "{text}");
        }
    }
}
