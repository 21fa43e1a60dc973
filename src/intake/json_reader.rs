//! The reader behind [`Json::parse`]: one pass over text, strict to the letter of RFC 8259. Only
//! escapes inside text are left to `serde_json`. It gives values and does not know what they mean.

use super::json::Json;
use super::provider::Refusal;

/// How many lists and objects may stand inside each other. Providers use three.
const DEEPEST: usize = 32;

/// Reads the whole text; a refusal names `field`, line and column.
pub(super) fn read(field: &str, text: &str) -> Result<Json, Refusal> {
    let mut reader = Reader {
        field,
        text,
        at: 0,
        depth: 0,
    };
    let value = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.fault("goes on after its end")),
    }
}

/// How far the text is read.
struct Reader<'a> {
    field: &'a str,
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, reason: &str) -> Refusal {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        Refusal::malformed(
            self.field,
            format!("{reason} (line {line}, column {column})"),
        )
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Steps over `byte` and the space before it, if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self) -> Result<Json, Refusal> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.fault("is not JSON")),
            None => Err(self.fault("is cut short")),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Refusal> {
        if !self.rest().starts_with(word) {
            return Err(self.fault("is not JSON"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, Refusal>) -> Result<Json, Refusal> {
        if self.depth == DEEPEST {
            return Err(self.fault("is nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Json, Refusal> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.take(b']') {
                return Ok(Json::List(items));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self) -> Result<Json, Refusal> {
        let mut members = Vec::with_capacity(16);
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.fault_of_form());
            }
            let name = self.string()?;
            self.expect(b':')?;
            members.push((name, self.value()?));
            if self.take(b'}') {
                break;
            }
            self.expect(b',')?;
        }
        self.refuse_twins(&members)?;
        Ok(Json::Object(members))
    }

    /// Sorted rather than compared pair by pair, so that a huge object costs no square of time.
    fn refuse_twins(&self, members: &[(String, Json)]) -> Result<(), Refusal> {
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        for (one, next) in names.iter().zip(names.iter().skip(1)) {
            if one == next {
                return Err(
                    self.fault(&format!("has \"{one}\" twice in the object that ends here"))
                );
            }
        }
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.fault_of_form())
        }
    }

    fn fault_of_form(&self) -> Refusal {
        match self.peek() {
            Some(_) => self.fault("is not JSON"),
            None => self.fault("is cut short"),
        }
    }

    fn string(&mut self) -> Result<String, Refusal> {
        let rest = self.rest().get(1..).unwrap_or("");
        let mut end = 0;
        let mut has_escape = false;
        loop {
            let left = rest.as_bytes().get(end..).unwrap_or(&[]);
            let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let Some(stop) = left.iter().position(is_stop) else {
                return Err(self.fault("is cut short in the text that begins here"));
            };
            end += stop;
            match left.get(stop) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escape = true;
                    end += 2;
                }
                _ => return Err(self.fault("has a control character in a text")),
            }
        }
        let text = if has_escape {
            let quoted = self.rest().get(..end + 2).unwrap_or("");
            serde_json::from_str(quoted)
                .map_err(|_| self.fault("has a bad escape in the text that begins here"))?
        } else {
            rest.get(..end).unwrap_or("").to_owned()
        };
        self.at += end + 2;
        Ok(text)
    }

    fn number(&mut self) -> Result<Json, Refusal> {
        let rest = self.rest();
        let belongs = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        let length = rest
            .bytes()
            .position(|byte| !belongs(byte))
            .unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or("");
        if !is_number(text) {
            return Err(self.fault("has a number that JSON does not allow"));
        }
        self.at += length;
        Ok(Json::Number(text.to_owned()))
    }
}

/// The grammar of RFC 8259: no leading zero, no bare point, an exponent with digits.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}
