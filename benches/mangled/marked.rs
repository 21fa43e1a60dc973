//! Text in which every character of a name remembers where it came from, so that what survived is
//! known without asking the program that is judged.

use super::rng::Rng;

/// A character; `name` is 0 for those of no name, `place` counts letters and digits of the name.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    letter: char,
    name: u8,
    place: usize,
}

#[derive(Clone, Default)]
pub(crate) struct Marked(Vec<Mark>);

/// What became of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All of it is there, in order.
    Whole,
    /// All of it is there, but an end on which its meaning hangs is torn or joined to other digits.
    Torn,
    /// The first one or two characters are lost, nothing else.
    Headless,
    /// More is lost.
    Cut,
}

impl Marked {
    pub(crate) fn text(text: &str) -> Self {
        let mark = |letter| Mark {
            letter,
            name: 0,
            place: 0,
        };
        Self(text.chars().map(mark).collect())
    }

    pub(crate) fn name(name: u8, text: &str) -> Self {
        let mut place = 0;
        let mark = |letter: char| {
            let mark = Mark {
                letter,
                name,
                place,
            };
            place += usize::from(letter.is_alphanumeric());
            mark
        };
        Self(text.chars().map(mark).collect())
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn cut_end(mut self, keep: usize) -> Self {
        self.0.truncate(keep);
        self
    }

    pub(crate) fn cut_start(mut self, lost: usize) -> Self {
        self.0.drain(..lost.min(self.0.len()));
        self
    }

    pub(crate) fn mapped(self, mut change: impl FnMut(char) -> char) -> Self {
        let marks = self.0.into_iter();
        Self(
            marks
                .map(|mark| Mark {
                    letter: change(mark.letter),
                    ..mark
                })
                .collect(),
        )
    }

    pub(crate) fn without(mut self, is_lost: impl Fn(char) -> bool) -> Self {
        self.0.retain(|mark| !is_lost(mark.letter));
        self
    }

    /// A line of so many characters, then `end`, as statements break lines inside words.
    pub(crate) fn broken(self, line: usize, end: char) -> Self {
        let mut broken = Vec::new();
        for (place, mark) in self.0.into_iter().enumerate() {
            if place > 0 && place % line == 0 {
                broken.push(Mark {
                    letter: end,
                    name: 0,
                    place: 0,
                });
            }
            broken.push(mark);
        }
        Self(broken)
    }

    /// Spaces at the end up to so many characters.
    pub(crate) fn padded(mut self, width: usize) -> Self {
        let space = Mark {
            letter: ' ',
            name: 0,
            place: 0,
        };
        self.0.resize(width.max(self.0.len()), space);
        self
    }

    /// A space at a random place.
    pub(crate) fn torn(mut self, rng: &mut Rng) -> Self {
        let at = rng.below(self.0.len() + 1);
        self.0.insert(
            at,
            Mark {
                letter: ' ',
                name: 0,
                place: 0,
            },
        );
        self
    }

    pub(crate) fn shown(&self) -> String {
        self.0.iter().map(|mark| mark.letter).collect()
    }

    fn places(&self, name: u8) -> Vec<(usize, usize)> {
        let is_of = |mark: &Mark| mark.name == name && mark.letter.is_alphanumeric();
        let marks = self.0.iter().enumerate().filter(|(_, mark)| is_of(mark));
        marks.map(|(at, mark)| (at, mark.place)).collect()
    }

    /// How what is left of a name may be read: with the letter before it and the digits behind it,
    /// without that letter, up to its last gap, from its first gap on.
    pub(crate) fn left_of(&self, name: u8) -> [String; 4] {
        let places: Vec<usize> = self.places(name).iter().map(|(at, _)| *at).collect();
        let (Some(&first), Some(&last)) = (places.first(), places.last()) else {
            return Default::default();
        };
        let text = |places: &[usize]| -> String {
            places.iter().map(|&at| narrow(self.0[at].letter)).collect()
        };
        let is_gap = |pair: &[usize]| pair[0] + 1 != pair[1];
        let first_gap = places.windows(2).position(is_gap).map_or(0, |at| at + 1);
        let last_gap = places.windows(2).rposition(is_gap).map_or(0, |at| at + 1);
        let after = (last + 1..).take_while(|&at| self.digit(Some(at)));
        let touched: Vec<usize> = places.iter().copied().chain(after).collect();
        let before = first.checked_sub(1).map(|at| self.0[at].letter);
        [
            before.into_iter().chain(text(&touched).chars()).collect(),
            text(&touched),
            text(&places[..last_gap]),
            text(&touched[first_gap..]),
        ]
    }

    /// Digits in one piece that are the last letters before a place.
    fn digits_before(&self, first: usize) -> usize {
        let last = (0..first).rfind(|&at| self.0[at].letter.is_alphanumeric());
        last.map_or(0, |last| {
            let back = (0..=last).rev();
            back.take_while(|&at| self.digit(Some(at))).count()
        })
    }

    /// Digits in one piece that are the next letters after a place.
    fn digits_after(&self, last: usize) -> usize {
        let next = (last + 1..self.0.len()).find(|&at| self.0[at].letter.is_alphanumeric());
        next.map_or(0, |next| {
            (next..).take_while(|&at| self.digit(Some(at))).count()
        })
    }

    fn digit(&self, at: Option<usize>) -> bool {
        let mark = at.and_then(|at| self.0.get(at));
        mark.is_some_and(|mark| mark.letter.is_numeric())
    }

    /// What became of a reference of twelve characters.
    pub(crate) fn fate_of_reference(&self, name: u8) -> Fate {
        let places = self.places(name);
        match (places.first(), places.last()) {
            (Some((_, 0)), Some((_, 11))) => Fate::Whole,
            (Some((_, 1 | 2)), Some((_, 11))) => Fate::Headless,
            _ => Fate::Cut,
        }
    }

    /// What became of a dossier code, printed as `code`. Its number has to be in one piece and end
    /// by itself, without one or two digits next that may belong to it; so has the province, which
    /// must not look like the end of a word, and the first group of a classic code. The code of a
    /// province itself is what every classic code ends in.
    pub(crate) fn fate_of_code(&self, name: u8, code: &str) -> Fate {
        let places = self.places(name);
        let length = code.chars().filter(|c| c.is_alphanumeric()).count();
        if places.len() != length {
            return Fate::Cut;
        }
        let is_piece =
            |part: &[(usize, usize)]| part.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        let number = code.len() - code.rfind('-').unwrap() - 1;
        let (first, last) = (places[0].0, places[length - 1].0);
        let is_joined = self.digit(Some(last + 1))
            || matches!(number + self.digits_after(last), 5 | 6) && self.digits_after(last) > 0;
        let is_classic = code.as_bytes()[3] == b'.'
            && code.as_bytes()[6] == b'.'
            && !code.starts_with(['H', 'G']);
        let is_bare = code.as_bytes()[3] == b'-';
        let province = if is_classic { 7 } else { 0 };
        let before = first.checked_sub(1).and_then(|at| self.0.get(at));
        let ends_word = before.is_some_and(|mark| "NCnc".contains(mark.letter));
        let is_torn = (is_classic
            && (!is_piece(&places[..3])
                || self.digit(first.checked_sub(1))
                || matches!(self.digits_before(first), 1 | 2)))
            || is_bare
            || !is_piece(&places[province..province + 3])
            || (!is_classic && ends_word);
        if is_joined || is_torn || !is_piece(&places[length - number..]) {
            Fate::Torn
        } else {
            Fate::Whole
        }
    }
}

/// A full-width form as the ASCII character it stands for.
pub(crate) fn narrow(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap(),
        other => other,
    }
}
