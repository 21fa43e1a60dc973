//! What banks, phones and keyboards make of a letter: any character in, a plain capital letter or
//! digit, a mark that stands on its neighbour, or a gap out. Vietnamese letters lose their marks
//! whether composed or not, full-width forms become narrow. Knows nothing of words or codes.

/// What a character is worth in a memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// A capital ASCII letter or a digit.
    Letter(char),
    /// Belongs to the letter before it, or shows nothing: as if it were not there.
    Mark,
    /// Anything that can separate words.
    Gap,
}

/// How far a full-width form stands from its narrow one.
const FULL_WIDTH: u32 = 0xFEE0;

/// Reads one character.
pub(super) fn plain(letter: char) -> Plain {
    if letter.is_ascii() {
        return narrow(letter);
    }
    match letter {
        // Combining marks; soft hyphen, joiners, direction marks, variation selectors, BOM.
        '\u{300}'..='\u{36F}'
        | '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' => Plain::Mark,
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(letter) - FULL_WIDTH).map_or(Plain::Gap, narrow)
        }
        other => base(other).map_or(Plain::Gap, Plain::Letter),
    }
}

fn narrow(letter: char) -> Plain {
    if letter.is_ascii_alphanumeric() {
        Plain::Letter(letter.to_ascii_uppercase())
    } else {
        Plain::Gap
    }
}

/// The plain letter under the marks of a Vietnamese one. The Icelandic and African letters that
/// look like Đ are written for it.
fn base(letter: char) -> Option<char> {
    Some(match letter {
        'À'..='Å' | 'à'..='å' | 'Ă' | 'ă' | 'Ạ'..='ặ' => 'A',
        'È'..='Ë' | 'è'..='ë' | 'Ẹ'..='ệ' => 'E',
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ' | 'ĩ' | 'Ỉ'..='ị' => 'I',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ơ' | 'ơ' | 'Ọ'..='ợ' => 'O',
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ' | 'ũ' | 'Ư' | 'ư' | 'Ụ'..='ự' => 'U',
        'Ý' | 'ý' | 'ÿ' | 'Ỳ'..='ỹ' => 'Y',
        'Đ' | 'đ' | 'Ð' | 'ð' | 'Ɖ' => 'D',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let show = |letter| match plain(letter) {
            Plain::Letter(plain) => Some(plain),
            Plain::Mark => None,
            Plain::Gap => Some('.'),
        };
        text.chars().filter_map(show).collect()
    }

    #[test]
    fn every_vietnamese_letter_is_read_composed_or_not() {
        // Composed, and what stands under all its marks; each in both cases.
        let table = [
            ("ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ", 'A'),
            ("ÈÉẺẼẸÊỀẾỂỄỆ", 'E'),
            ("ÌÍỈĨỊ", 'I'),
            ("ÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ", 'O'),
            ("ÙÚỦŨỤƯỪỨỬỮỰ", 'U'),
            ("ỲÝỶỸỴ", 'Y'),
            ("Đ", 'D'),
        ];
        for (letters, under) in table {
            for letter in letters.chars().chain(letters.to_lowercase().chars()) {
                assert_eq!(plain(letter), Plain::Letter(under), "{letter}");
            }
        }
        let apart = "No\u{323}\u{302}p phi\u{301} ho\u{302}\u{300} so\u{31b} DS\u{200b}23";
        assert_eq!(read(apart), "NOP.PHI.HO.SO.DS23");
    }

    #[test]
    fn full_width_forms_are_narrow_and_the_rest_separates() {
        assert_eq!(read("ＤＳ２３ａｚ．－"), "DS23AZ..");
        assert_eq!(read("a-b_c\n中?\u{fffd}٣×"), "A.B.C......");
    }
}
