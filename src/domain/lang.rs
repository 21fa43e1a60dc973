//! The languages people read: Vietnamese first, English second. Knows which one to take; holds no
//! translations except short texts that stand in both languages side by side.

/// A language of pages and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// The tag used in addresses and `lang` attributes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// Reads the tag; `None` when unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The first language of an `Accept-Language` value that is ours; browsers write the dearest
    /// first, so weights are not compared. Vietnamese when none is.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        header
            .split(',')
            .filter_map(|part| part.trim().get(..2))
            .find_map(|tag| Self::parse(&tag.to_ascii_lowercase()))
            .unwrap_or_default()
    }
}

/// A short text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Vietnamese.
    pub vi: &'static str,
    /// English.
    pub en: &'static str,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.vi,
            Lang::En => self.en,
        }
    }
}

/// The letters of Vietnamese in dictionary order, with the foreign ones where English has them.
const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";

/// Vowels under the five tone marks, and the vowel itself.
const TONES: [(&str, char); 12] = [
    ("àảãáạ", 'a'),
    ("ằẳẵắặ", 'ă'),
    ("ầẩẫấậ", 'â'),
    ("èẻẽéẹ", 'e'),
    ("ềểễếệ", 'ê'),
    ("ìỉĩíị", 'i'),
    ("òỏõóọ", 'o'),
    ("ồổỗốộ", 'ô'),
    ("ờởỡớợ", 'ơ'),
    ("ùủũúụ", 'u'),
    ("ừửữứự", 'ư'),
    ("ỳỷỹýỵ", 'y'),
];

/// A key that sorts names as a Vietnamese dictionary does: by letters first (`d` before `đ`, `o`
/// before `ô`), tone marks aside. Digits and signs come before letters.
#[must_use]
pub fn collation_key(name: &str) -> Vec<usize> {
    let place = |letter: char| {
        let toneless = TONES
            .iter()
            .find(|(marked, _)| marked.contains(letter))
            .map_or(letter, |(_, plain)| *plain);
        let letters = usize::try_from(u32::from(char::MAX)).unwrap_or(usize::MAX);
        match ALPHABET.chars().position(|known| known == toneless) {
            Some(position) => letters + position,
            None => usize::try_from(u32::from(toneless)).unwrap_or(0),
        }
    };
    name.to_lowercase().chars().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_in_a_vietnamese_dictionary() {
        let sorted = [
            "Phường 2",
            "Phường An Xuyên",
            "Phường Bạc Liêu",
            "Phường Dân",
            "Phường Đất Mũi",
            "Phường Hòa Thành",
            "Phường Hồ Thị Kỷ",
            "Phường Tắc Vân",
            "Phường Tân Thành",
            "Xã Ninh",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_cached_key(|name| collation_key(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn the_first_language_that_is_ours_is_taken() {
        for (header, lang) in [
            ("", Lang::Vi),
            ("en", Lang::En),
            ("en-GB,en;q=0.9,vi;q=0.8", Lang::En),
            ("fr-FR, vi-VN;q=0.8, en;q=0.5", Lang::Vi),
            ("EN-us", Lang::En),
            ("*, đ", Lang::Vi),
        ] {
            assert_eq!(Lang::accepted(header), lang, "{header}");
        }
    }
}
