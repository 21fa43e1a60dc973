//! Headings and labels made comparable: without accents, case, punctuation, line breaks, footnote
//! digits and units. Text comes in, plain words go out.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters and digits in lower case without accents, words parted by one space.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)) {
        let letter = if matches!(letter, 'đ' | 'Đ') {
            'd'
        } else {
            letter
        };
        if letter.is_alphanumeric() {
            folded.extend(letter.to_lowercase());
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// A heading taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heading {
    /// The whole and its parts in both languages, folded, the whole first.
    pub names: Vec<String>,
    /// What stands in brackets: a unit such as `VND` or `₫`.
    pub unit: Option<String>,
}

/// Takes a heading apart.
#[must_use]
pub fn heading(text: &str) -> Heading {
    let (bare, unit) = without_brackets(text);
    let mut names = vec![plain(&bare)];
    let parts = bare.split(['/', '\n', '|']).map(plain);
    for part in parts.filter(|part| !part.is_empty()) {
        if !names.contains(&part) {
            names.push(part);
        }
    }
    Heading { names, unit }
}

/// Folded, without the footnote digit at the end of a word.
fn plain(text: &str) -> String {
    let folded = fold(text);
    let words = folded.split(' ').map(|word| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if bare.is_empty() { word } else { bare }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn without_brackets(text: &str) -> (String, Option<String>) {
    let Some((before, rest)) = text.split_once('(') else {
        return (text.to_owned(), None);
    };
    let (inside, after) = rest.split_once(')').unwrap_or((rest, ""));
    (format!("{before} {after}"), Some(inside.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_compare_without_accents_case_breaks_and_units() {
        assert_eq!(fold("Số tiền GHI NỢ"), "so tien ghi no");
        assert_eq!(fold("Đơn vị: đồng"), "don vi dong");
        assert_eq!(
            fold(&"Mã đơn hàng gốc".nfd().collect::<String>()),
            "ma don hang goc"
        );
        let found = heading("Ngày1/\nTNX Date/ Số CT/ Doc No");
        assert!(found.names.contains(&"ngay".to_owned()), "{found:?}");
        assert!(found.names.contains(&"tnx date".to_owned()));
        let found = heading("Số tiền thanh toán (₫)");
        assert_eq!(
            (found.names, found.unit.as_deref()),
            (vec!["so tien thanh toan".to_owned()], Some("₫"))
        );
    }
}
