//! The payment reference: what a payer carries through a bank's memo. Two fixed letters, nine
//! base-32 characters without 0, O, 1 and I, and a check character that catches every single
//! wrong character, every swap of two, and look-alikes taken for each other at one, two or any odd
//! number of places. References given from outside stay as they are.

use sha2::{Digest, Sha256};
use std::fmt;

/// The fixed letters every reference of ours begins with.
pub const PREFIX: &str = "DS";

/// Characters of a whole reference.
pub const LENGTH: usize = 12;

/// Each of the first sixteen stands sixteen places before the one it is most easily taken for, so
/// every such mistake changes a value by the same bit.
const ALPHABET: &[u8; 32] = b"23456789UMFHJCRXZEASGTBQVNPKLDWY";
const PAYLOAD: usize = 9;

/// One weight for each place of the payload and, last, for the check character. All differ, and
/// each has an odd number of bits: so no two of them, nor any odd number, cancel each other.
const WEIGHTS: [u8; PAYLOAD + 1] = [2, 4, 7, 8, 11, 13, 14, 16, 19, 1];

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

/// The value that makes the weighted sum of all places zero.
fn check_value(payload: impl Iterator<Item = u8>) -> u8 {
    payload
        .zip(WEIGHTS)
        .fold(0, |sum, (value, weight)| sum ^ multiply(value, weight))
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
        Self::with_body(text.strip_prefix(PREFIX)?)
    }

    /// The reference with this body: the ten characters behind the fixed letters, capitals only.
    #[must_use]
    pub fn with_body(body: &str) -> Option<Self> {
        if body.len() != PAYLOAD + 1 {
            return None;
        }
        let values: Option<Vec<u8>> = body.bytes().map(value_of).collect();
        let values = values?;
        let (check, payload) = values.split_last()?;
        let is_right = check_value(payload.iter().copied()) == *check;
        is_right.then(|| Self(format!("{PREFIX}{body}")))
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

    /// Characters that are taken for each other by eye, by hand or by a scanner.
    const LOOK_ALIKES: [&str; 12] = [
        "2Z", "3E", "4A", "5S", "6G", "7T", "8B", "9Q", "UV", "MN", "HK", "JL",
    ];

    /// With this and the three tests that follow it, what the check character catches is proven for
    /// every reference there can be: the sum is linear, so a change of values by `d` at a place
    /// moves it by `d` times the weight of that place, whatever stands elsewhere.
    #[test]
    fn the_sum_is_linear_and_nothing_but_zero_gives_zero() {
        for a in 0..32 {
            for b in 0..32 {
                assert_eq!(multiply(a, b) == 0, a == 0 || b == 0);
                for weight in 0..32 {
                    let apart = multiply(a, weight) ^ multiply(b, weight);
                    assert_eq!(multiply(a ^ b, weight), apart);
                }
            }
        }
        for value in 0..32 {
            assert_eq!(multiply(value, WEIGHTS[PAYLOAD]), value);
            assert_eq!(
                value_of(u8::try_from(letter_of(value)).unwrap()),
                Some(value)
            );
        }
        for byte in (0..=u8::MAX).filter(|byte| !ALPHABET.contains(byte)) {
            assert_eq!(value_of(byte), None);
        }
        assert!(!ALPHABET.iter().any(|letter| b"01OI".contains(letter)));
    }

    #[test]
    fn any_one_wrong_character_moves_the_sum() {
        for weight in WEIGHTS {
            for change in 1..32 {
                assert_ne!(multiply(change, weight), 0);
            }
        }
    }

    /// A swap changes two places by the same difference, and so does one mistake made twice.
    #[test]
    fn any_swap_and_any_mistake_made_twice_move_the_sum() {
        for (place, one) in WEIGHTS.into_iter().enumerate() {
            for other in WEIGHTS.into_iter().skip(place + 1) {
                for change in 1..32 {
                    assert_ne!(multiply(change, one) ^ multiply(change, other), 0);
                }
            }
        }
    }

    #[test]
    fn look_alikes_at_one_two_or_any_odd_number_of_places_move_the_sum() {
        for pair in LOOK_ALIKES {
            let values: Vec<u8> = pair
                .bytes()
                .map(|letter| value_of(letter).unwrap())
                .collect();
            assert_eq!(values[0] ^ values[1], 16, "{pair}");
        }
        for places in 1_u32..1 << WEIGHTS.len() {
            let chosen = (0..WEIGHTS.len()).filter(|place| places & (1 << place) != 0);
            let sum = chosen.fold(0, |sum, place| sum ^ multiply(16, WEIGHTS[place]));
            if places.count_ones() % 2 == 1 || places.count_ones() == 2 {
                assert_ne!(sum, 0, "{places:b}");
            }
        }
    }

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
        let body = good.as_str().strip_prefix(PREFIX).unwrap();
        assert_eq!(PaymentReference::with_body(body), Some(good.clone()));
        assert_eq!(PaymentReference::with_body(good.as_str()), None);
    }
}
