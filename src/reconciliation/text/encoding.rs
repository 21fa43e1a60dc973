//! Which characters the bytes of a text file stand for: looked at once from end to end, then decoded
//! as a stream into UTF-8. Knows UTF-8, UTF-16, Windows-1252 and -1258 and TCVN3; a file that claims
//! UTF-8 and breaks it is refused with the line, never repaired.

use std::io::{self, BufReader, Read};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::super::input::Input;
use super::super::problem::Problem;
use super::super::table::heading::fold;

/// How the bytes of a file are to be read.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    charset: Charset,
    /// Whether lines end with a lone carriage return.
    is_cr_only: bool,
    /// Whether another reading of the bytes is as likely.
    pub is_unsure: bool,
}

#[derive(Debug, Clone, Copy)]
enum Charset {
    Known(&'static Encoding),
    Tcvn3,
}

/// Words of headings that show a reading of Vietnamese to be the right one.
const WORDS: [&str; 12] = [
    "ngày",
    "giao dịch",
    "số",
    "tiền",
    "nội dung",
    "có",
    "nợ",
    "dư",
    "tài khoản",
    "mã",
    "phí",
    "ghi",
];

/// TCVN3 (ABC, TCVN 5712:1993 VN3) from byte 0xA1; a space stands for a byte it does not use.
const TCVN3: &str =
    "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ";

fn tcvn3(byte: u8) -> char {
    let known = byte
        .checked_sub(0xA1)
        .and_then(|at| TCVN3.chars().nth(usize::from(at)));
    match known {
        Some(' ') | None => char::from(byte),
        Some(letter) => letter,
    }
}

#[derive(Default)]
struct Seen {
    letters: u64,
    broken: u64,
    first_broken: Option<(u64, u8)>,
    line_feeds: u64,
    returns: u64,
    has_nul: Option<u64>,
}

impl Seen {
    fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.line_feeds += 1,
                b'\r' => self.returns += 1,
                0 if self.has_nul.is_none() => self.has_nul = Some(self.line_feeds + 1),
                0xC0..=0xFF => self.letters += 1,
                _ => {}
            }
        }
    }

    /// Counts as much of the bytes as is complete; gives back what may go on in the next piece.
    fn look(&mut self, mut bytes: &[u8], is_last: bool) -> Vec<u8> {
        loop {
            let Err(error) = std::str::from_utf8(bytes) else {
                self.count(bytes);
                return Vec::new();
            };
            let (good, rest) = bytes
                .split_at_checked(error.valid_up_to())
                .unwrap_or((bytes, &[]));
            self.count(good);
            let Some(wrong) = error.error_len().or(is_last.then_some(1)) else {
                return rest.to_vec();
            };
            self.broken += 1;
            if self.first_broken.is_none() {
                self.first_broken = rest.first().map(|byte| (self.line_feeds + 1, *byte));
            }
            bytes = rest.get(wrong..).unwrap_or_default();
        }
    }
}

fn survey(input: &Input) -> Result<Seen, Problem> {
    let mut source = input.open()?;
    let mut seen = Seen::default();
    let mut held = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = source.read(&mut piece)?;
        held.extend_from_slice(piece.get(..read).unwrap_or_default());
        held = seen.look(&held, read == 0);
        if read == 0 {
            return Ok(seen);
        }
    }
}

impl Script {
    /// Looks at the whole file and says how to read it. `declared` is the name of an encoding that
    /// the file itself gives, for files that are not UTF-8.
    ///
    /// # Errors
    /// When the file is binary, or UTF-8 with broken characters.
    pub fn of(input: &Input, declared: Option<&str>) -> Result<Self, Problem> {
        let head = input.head()?;
        let plain = |charset| Self {
            charset,
            is_cr_only: false,
            is_unsure: false,
        };
        if let Some((encoding, _)) = Encoding::for_bom(&head)
            && encoding != UTF_8
        {
            return Ok(plain(Charset::Known(encoding)));
        }
        if let Some(encoding) = wide(&head) {
            return Ok(plain(Charset::Known(encoding)));
        }
        let seen = survey(input)?;
        if let Some(line) = seen.has_nul {
            let message = "binary data: a NUL character (0x00) stands in the text; \
                           the file was damaged or is no statement";
            return Err(Problem::at(line, message));
        }
        let mut script = plain(Charset::Known(UTF_8));
        script.is_cr_only = seen.line_feeds == 0 && seen.returns > 0;
        let Some((line, byte)) = seen.first_broken else {
            return Ok(script);
        };
        if seen.letters.saturating_sub(seen.broken) > seen.broken {
            return Err(Problem::at(
                line,
                format!(
                    "a broken character (byte 0x{byte:02X}) in a UTF-8 file: \
                     export it again with the encoding UTF-8"
                ),
            ));
        }
        (script.charset, script.is_unsure) = legacy(&head, declared);
        Ok(script)
    }

    /// The encoding's name, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.charset {
            Charset::Known(encoding) => encoding.name(),
            Charset::Tcvn3 => "TCVN3",
        }
    }

    /// The file's text as UTF-8, without a byte order mark.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn text(&self, input: &Input) -> Result<BufReader<Decoded>, Problem> {
        let decoder = match self.charset {
            Charset::Known(encoding) => Some(encoding.new_decoder_with_bom_removal()),
            Charset::Tcvn3 => None,
        };
        Ok(BufReader::with_capacity(
            32 * 1024,
            Decoded {
                source: input.open()?,
                decoder,
                is_cr_only: self.is_cr_only,
                ready: Vec::new(),
                at: 0,
                is_done: false,
            },
        ))
    }
}

/// UTF-16 without a mark: every other byte of ASCII text is zero.
fn wide(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |odd: usize| {
        let bytes = head.iter().skip(odd).step_by(2).take(64);
        bytes.filter(|byte| **byte == 0).count()
    };
    if head.len() < 64 {
        return None;
    }
    match (zeros(0), zeros(1)) {
        (0..=2, 24..) => Some(UTF_16LE),
        (24.., 0..=2) => Some(UTF_16BE),
        _ => None,
    }
}

fn legacy(head: &[u8], declared: Option<&str>) -> (Charset, bool) {
    let named = declared.and_then(|name| Encoding::for_label(name.trim().as_bytes()));
    if let Some(encoding) = named.filter(|encoding| *encoding != UTF_8) {
        return (Charset::Known(encoding), false);
    }
    let hits = |text: &str| {
        let text = composed(text).to_lowercase();
        WORDS.iter().filter(|word| text.contains(*word)).count()
    };
    let abc: String = head.iter().map(|byte| tcvn3(*byte)).collect();
    let cp1258 = WINDOWS_1258.decode_without_bom_handling(head).0;
    let (abc, cp1258) = (hits(&abc), hits(&cp1258));
    let plain = hits(&WINDOWS_1252.decode_without_bom_handling(head).0);
    if abc > cp1258 && abc > plain {
        (Charset::Tcvn3, abc < 3)
    } else if cp1258 > plain {
        (Charset::Known(WINDOWS_1258), cp1258 < 3)
    } else {
        let looks_vietnamese = fold(&String::from_utf8_lossy(head)).contains("vnd");
        (Charset::Known(WINDOWS_1252), looks_vietnamese)
    }
}

/// The text in composed form, so that a letter and its tone are one character.
#[must_use]
pub fn composed(text: &str) -> String {
    if is_nfc(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

/// Bytes of a file as UTF-8.
pub struct Decoded {
    source: Box<dyn super::super::input::Bytes>,
    decoder: Option<Decoder>,
    is_cr_only: bool,
    ready: Vec<u8>,
    at: usize,
    is_done: bool,
}

impl Decoded {
    fn fill(&mut self) -> io::Result<()> {
        let mut raw = vec![0; 16 * 1024];
        let read = self.source.read(&mut raw)?;
        raw.truncate(read);
        self.is_done = read == 0;
        self.at = 0;
        self.ready = match &mut self.decoder {
            None => {
                let text: String = raw.iter().map(|byte| tcvn3(*byte)).collect();
                text.into_bytes()
            }
            Some(decoder) => {
                let room = decoder
                    .max_utf8_buffer_length(raw.len())
                    .unwrap_or(64 * 1024);
                let mut out = vec![0; room];
                let (_, _, written, _) = decoder.decode_to_utf8(&raw, &mut out, self.is_done);
                out.truncate(written);
                out
            }
        };
        if self.is_cr_only {
            for byte in &mut self.ready {
                if *byte == b'\r' {
                    *byte = b'\n';
                }
            }
        }
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.ready.len() && !self.is_done {
            self.fill()?;
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, &'static str) {
        let input = Input::of(bytes);
        let script = Script::of(&input, None).unwrap();
        let mut text = String::new();
        script
            .text(&input)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        (composed(&text), script.name())
    }

    #[test]
    fn every_encoding_reads_to_the_same_words() {
        let words = "Ngày giao dịch;Số tiền ghi nợ;Số dư;Nội dung\n";
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let text = if mark {
                format!("\u{feff}{words}{words}")
            } else {
                format!("{words}{words}")
            };
            text.encode_utf16()
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        let twice = words.repeat(2);
        assert_eq!(read(twice.as_bytes()), (twice.clone(), "UTF-8"));
        assert_eq!(
            read(format!("\u{feff}{twice}").as_bytes()),
            (twice.clone(), "UTF-8")
        );
        assert_eq!(read(&utf16(false, true)), (twice.clone(), "UTF-16LE"));
        assert_eq!(read(&utf16(true, true)), (twice.clone(), "UTF-16BE"));
        let abc: Vec<u8> = words
            .chars()
            .map(|letter| {
                let at = TCVN3
                    .chars()
                    .position(|known| known == letter && known != ' ');
                at.map_or_else(
                    || u8::try_from(u32::from(letter)).unwrap(),
                    |at| u8::try_from(at + 0xA1).unwrap(),
                )
            })
            .collect();
        assert_eq!(read(&abc), (words.to_owned(), "TCVN3"));
        let tones: String = words.nfd().collect();
        let tones = tones
            .replace("a\u{306}", "ă")
            .replace("a\u{302}", "â")
            .replace("o\u{302}", "ô")
            .replace("e\u{302}", "ê")
            .replace("o\u{31b}", "ơ")
            .replace("u\u{31b}", "ư")
            .replace("o\u{323}\u{302}", "ô\u{323}")
            .replace("o\u{31b}\u{323}", "ơ\u{323}")
            .replace("e\u{323}\u{302}", "ê\u{323}");
        let (bytes, _, failed) = WINDOWS_1258.encode(&tones);
        assert!(!failed, "{tones:?}");
        assert_eq!(read(&bytes), (words.to_owned(), "windows-1258"));
        assert_eq!(
            read(b"M\xfcller GmbH"),
            ("Müller GmbH".to_owned(), "windows-1252")
        );
    }

    #[test]
    fn broken_utf8_and_binary_data_are_named_with_their_line() {
        let of = |bytes: &[u8]| Script::of(&Input::of(bytes), None).unwrap_err();
        let broken = of("Nguyễn Văn Mẫu\nNguy\u{1ec5}n "
            .as_bytes()
            .iter()
            .copied()
            .chain([0xE1, b'n'])
            .collect::<Vec<_>>()
            .as_slice());
        assert_eq!(broken.line, Some(2));
        assert!(broken.message.contains("UTF-8"));
        assert_eq!(of(b"a\nb\0c").line, Some(2));
    }

    #[test]
    fn lone_carriage_returns_end_lines() {
        assert_eq!(read(b"a\rb\r").0, "a\nb\n");
    }
}
