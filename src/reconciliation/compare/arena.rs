//! Texts kept in little room: one behind the other in an arena, or, when they are short as transaction
//! ids are, inside the record itself, so that two of them are compared without a look anywhere else.
//! Knows nothing of what the texts mean.

/// Bytes that a word keeps in itself.
const SHORT: usize = 15;
/// The length that marks a word kept in the arena.
const LONG: u8 = u8::MAX;
/// Room made ahead for the texts of one record.
const BYTES_AHEAD: usize = 20;

/// A text in an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Where it lies when its arena was put behind so many bytes of another.
    pub(super) fn behind(self, bytes: u32) -> Self {
        Self {
            start: self.start.saturating_add(bytes),
            ..self
        }
    }
}

/// A text that is mostly short: its length, then its bytes or where they lie.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word([u8; SHORT + 1]);

impl Word {
    fn len(&self) -> u8 {
        let [len, ..] = self.0;
        len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are the same text; `None` when that cannot be told from the words alone.
    pub(super) fn same(&self, other: &Self) -> Option<bool> {
        let is_told = self.len() != LONG || other.len() != LONG;
        is_told.then(|| u128::from_le_bytes(self.0) == u128::from_le_bytes(other.0))
    }

    /// The same word when its arena was put behind so many bytes of another.
    pub(super) fn behind(self, bytes: u32) -> Self {
        match self.len() {
            LONG => Self::long(self.span().behind(bytes)),
            _ => self,
        }
    }

    fn long(span: Span) -> Self {
        let mut word = [0; SHORT + 1];
        let Span { start, len } = span;
        let numbers = start.to_le_bytes().into_iter().chain(len.to_le_bytes());
        for (slot, byte) in word.iter_mut().skip(1).zip(numbers) {
            *slot = byte;
        }
        set_len(&mut word, LONG);
        Self(word)
    }

    fn span(&self) -> Span {
        let [_, a, b, c, d, e, f, g, h, ..] = self.0;
        Span {
            start: u32::from_le_bytes([a, b, c, d]),
            len: u32::from_le_bytes([e, f, g, h]),
        }
    }
}

/// Texts, one behind the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Arena(Vec<u8>);

impl Arena {
    pub(super) fn put(&mut self, text: Option<&str>) -> Span {
        let text = trimmed(text.unwrap_or(""));
        let start = self.0.len();
        self.0.extend_from_slice(text.as_bytes());
        // An arena beyond 4 GB is refused as a bug: a comparison is one window of days.
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        assert!(
            start != u32::MAX,
            "one comparison has less than 4 GB of texts"
        );
        let len = u32::try_from(text.len()).unwrap_or(0);
        Span { start, len }
    }

    /// Puts all texts of another behind its own; gives how many bytes stand before them.
    pub(super) fn append(&mut self, other: Self) -> u32 {
        let before = self.put(None).start;
        if before == 0 {
            *self = other;
        } else {
            self.0.extend(other.0);
            self.put(None);
        }
        before
    }

    pub(super) fn put_joined(&mut self, texts: &[&str]) -> Span {
        let whole = self.put(None);
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            self.put(Some(text));
            self.0.push(b' ');
        }
        let end = u32::try_from(self.0.len()).unwrap_or(whole.start);
        Span {
            start: whole.start,
            len: end.saturating_sub(whole.start),
        }
    }

    /// Keeps a text without spaces around it.
    pub(super) fn word(&mut self, text: &str) -> Word {
        let mut word = [0; SHORT + 1];
        if let Some(room) = word.get_mut(1..=text.len()) {
            room.copy_from_slice(text.as_bytes());
            set_len(&mut word, u8::try_from(text.len()).unwrap_or(LONG));
            return Word(word);
        }
        Word::long(self.put(Some(text)))
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let len = usize::try_from(span.len).unwrap_or(0);
        let end = start.saturating_add(len);
        self.0.get(start..end).unwrap_or(&[])
    }

    pub(super) fn text(&self, span: Span) -> &str {
        std::str::from_utf8(self.bytes(span)).unwrap_or("")
    }

    pub(super) fn word_bytes<'a>(&'a self, word: &'a Word) -> &'a [u8] {
        match word.len() {
            LONG => self.bytes(word.span()),
            len => word.0.get(1..=usize::from(len)).unwrap_or(&[]),
        }
    }

    pub(super) fn word_text<'a>(&'a self, word: &'a Word) -> &'a str {
        std::str::from_utf8(self.word_bytes(word)).unwrap_or("")
    }

    /// Makes room for the texts of so many records.
    pub(super) fn reserve(&mut self, records: usize) {
        self.0.reserve_exact(records.saturating_mul(BYTES_AHEAD));
    }
}

/// A text without spaces around it; most have none, which two looks tell.
pub(super) fn trimmed(text: &str) -> &str {
    let is_mark = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_mark(bytes.first()) && is_mark(bytes.last()) {
        return text;
    }
    text.trim()
}

fn set_len(word: &mut [u8; SHORT + 1], len: u8) {
    let [first, ..] = word;
    *first = len;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_length_come_back() {
        let mut arena = Arena::default();
        let texts: Vec<String> = (0..40).map(|len| "é9".repeat(len)).collect();
        let words: Vec<Word> = texts.iter().map(|text| arena.word(text)).collect();
        for (word, next) in words.iter().zip(words.iter().skip(1)) {
            assert_ne!(word.same(next), Some(true));
        }
        for (text, word) in texts.iter().zip(&words) {
            assert_eq!(arena.word_text(word), text);
            assert_eq!(word.is_empty(), text.is_empty());
            let again = arena.word(text);
            assert_eq!(word.same(&again), (text.len() <= SHORT).then_some(true));
        }
    }

    #[test]
    fn a_short_word_and_a_long_one_are_told_apart_by_themselves() {
        let mut arena = Arena::default();
        let (short, long) = (arena.word("T1"), arena.word("TRANSACTION-2026-0001"));
        assert_eq!(
            (short.same(&long), long.same(&short)),
            (Some(false), Some(false))
        );
        assert_eq!(long.same(&long), None);
    }

    #[test]
    fn a_text_loses_the_spaces_around_it_and_no_others() {
        for text in ["T 1", " T 1", "T 1 ", "\u{3000}T 1\u{3000}", "T 1\t"] {
            assert_eq!(trimmed(text), "T 1", "{text:?}");
        }
        assert_eq!(
            [trimmed(""), trimmed(" "), trimmed("Đ "), trimmed(" Đ")],
            ["", "", "Đ", "Đ"]
        );
        let mut arena = Arena::default();
        let one = arena.put(Some(" one "));
        let joined = arena.put_joined(&["two", " ", "three "]);
        let none = arena.put(None);
        assert_eq!((arena.text(one), arena.text(joined)), ("one", "two three "));
        assert!(none.is_empty() && !one.is_empty() && arena.put_joined(&[]).is_empty());
    }

    #[test]
    fn room_for_many_records_is_made_at_once() {
        let mut arena = Arena::default();
        arena.reserve(100);
        assert!(arena.0.capacity() >= 100 * BYTES_AHEAD);
    }
}
