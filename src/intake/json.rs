//! Strict JSON: no key twice at any depth, nothing after the end, numbers kept as their text and
//! never as floats. Bytes come in, a [`Json`] or a [`Refusal`] that names the place goes out. It
//! deliberately does not forgive: what two parsers could read differently is refused.

use std::borrow::Cow;

use super::json_reader;
use super::provider::Refusal;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The digits as sent.
    Number(String),
    /// Decoded text.
    Text(String),
    /// Items in order.
    List(Vec<Json>),
    /// Members in the order sent, no name twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole body.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] with line and column.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse_field("body", text),
            Err(fault) => Err(Refusal::malformed(
                "body",
                format!("is not UTF-8 after byte {}", fault.valid_up_to()),
            )),
        }
    }

    /// Reads JSON that came as the text of `field`, which a refusal then names.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] with line and column.
    pub fn parse_field(field: &str, text: &str) -> Result<Self, Refusal> {
        json_reader::read(field, text)
    }

    /// The value at a path such as `data.amount`, if there is one.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Json> {
        self.walk(path.split('.'))
    }

    /// The value behind names that are not to be cut, if there is one.
    #[must_use]
    pub fn at_names(&self, names: &[String]) -> Option<&Json> {
        self.walk(names.iter().map(String::as_str))
    }

    fn walk<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<&Json> {
        names.try_fold(self, |here, name| match here {
            Self::Object(members) => members
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        })
    }

    /// Text that must be there; may be empty.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when absent or null, [`Refusal::Malformed`] when not text.
    pub fn text(&self, path: &str) -> Result<&str, Refusal> {
        match self.at(path) {
            Some(Self::Text(text)) => Ok(text),
            Some(Self::Null) | None => Err(missing(path)),
            Some(Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Object(_)) => {
                Err(Refusal::malformed(path, "must be text"))
            }
        }
    }

    /// Text that may be absent; null and empty count as absent.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when there is something else than text.
    pub fn opt_text(&self, path: &str) -> Result<Option<&str>, Refusal> {
        match self.at(path) {
            None | Some(Self::Null) => Ok(None),
            Some(_) => Ok(Some(self.text(path)?).filter(|text| !text.is_empty())),
        }
    }

    /// Text that must be there and say something.
    ///
    /// # Errors
    /// As [`Json::text`], and [`Refusal::Missing`] when empty.
    pub fn filled_text(&self, path: &str) -> Result<&str, Refusal> {
        self.opt_text(path)?.ok_or_else(|| missing(path))
    }

    /// Text, or a number as its text: for fields that providers send either way. Null is empty.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when absent, [`Refusal::Malformed`] when neither.
    pub fn scalar_text(&self, path: &str) -> Result<&str, Refusal> {
        match self.at(path) {
            Some(Self::Text(text) | Self::Number(text)) => Ok(text),
            Some(Self::Null) => Ok(""),
            None => Err(missing(path)),
            Some(Self::Bool(_) | Self::List(_) | Self::Object(_)) => {
                Err(Refusal::malformed(path, "must be text or a number"))
            }
        }
    }

    /// A whole number, as the digits that were sent: as a number or as text of digits.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when absent or empty, [`Refusal::Malformed`] when not whole.
    pub fn integer_text(&self, path: &str) -> Result<&str, Refusal> {
        let text = self.scalar_text(path)?;
        if text.is_empty() {
            return Err(missing(path));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::malformed(path, "must be a whole number"));
        }
        Ok(text)
    }

    /// A whole number of at most 64 bits.
    ///
    /// # Errors
    /// As [`Json::integer_text`], and [`Refusal::Malformed`] when it does not fit.
    pub fn integer(&self, path: &str) -> Result<i64, Refusal> {
        let text = self.integer_text(path)?;
        text.parse()
            .map_err(|_| Refusal::malformed(path, "is too large"))
    }

    /// The object cut down to the members named: what was signed, without what merely travelled.
    #[must_use]
    pub fn only(self, names: &[&str]) -> Self {
        match self {
            Self::Object(mut members) => {
                members.retain(|(name, _)| names.contains(&name.as_str()));
                Self::Object(members)
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => self,
        }
    }

    /// One member, moved out of the object.
    #[must_use]
    pub fn take(self, name: &str) -> Option<Self> {
        match self {
            Self::Object(members) => members
                .into_iter()
                .find_map(|(known, value)| (known == name).then_some(value)),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The value without spaces, members in their order, text escaped as `JSON.stringify` does.
    #[must_use]
    pub fn to_compact_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// The value with the members of every object by name, as `JSON.stringify` of sorted objects:
    /// by UTF-16 code unit, lists as they are.
    #[must_use]
    pub fn sorted(self) -> Self {
        match self {
            Self::Object(members) => {
                let mut members: Vec<(String, Self)> = members
                    .into_iter()
                    .map(|(name, value)| (name, value.sorted()))
                    .collect();
                members
                    .sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
                Self::Object(members)
            }
            Self::List(items) => Self::List(items.into_iter().map(Self::sorted).collect()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => self,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn missing(path: &str) -> Refusal {
    Refusal::Missing(Cow::Owned(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &[u8]) -> String {
        Json::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn numbers_keep_their_text_and_members_their_order() {
        let text = r#"{"b":1.50,"a":-0,"c":1E+05,"d":123456789012345678901234567890}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.to_compact_text(), text);
        assert_eq!(json.scalar_text("b"), Ok("1.50"));
        let spaced = b" { \"a\" : [ 1 , {} , [] , \"x\" ] ,\r\n\t\"b\":null,\"c\":true } ";
        let json = Json::parse(spaced).unwrap();
        assert_eq!(
            json.to_compact_text(),
            r#"{"a":[1,{},[],"x"],"b":null,"c":true}"#
        );
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        let cases: &[&[u8]] = &[
            br#"{"a":1,"a":2}"#,
            br#"{"a":1,"\u0061":2}"#,
            br#"{"x":{"y":[{"a":1,"b":1,"a":1}]}}"#,
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\x01\"}",
            br#"{"a":"\ud800"}"#,
            br#"{"a":"\x"}"#,
            br#"{"a":1,}"#,
            br#"{"a":1"#,
            br#"{"a":"1"#,
            br#"{"a""#,
            br#"{a:1}"#,
            br#"{'a':1}"#,
            b"[1,]",
            b"{} {}",
            b"",
            b" ",
            b"nul",
            b"NaN",
            b"[01]",
            b"[1.]",
            b"[.5]",
            b"[+1]",
            b"[1e]",
            b"[--1]",
            b"[1 2]",
            br#"{"a":1 "b":2}"#,
        ];
        for case in cases {
            assert!(
                Json::parse(case).is_err(),
                "{}",
                String::from_utf8_lossy(case)
            );
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert!(why(deep.as_bytes()).contains("nested too deeply"));
        assert!(Json::parse(("[".repeat(32) + &"]".repeat(32)).as_bytes()).is_ok());
    }

    #[test]
    fn a_refusal_names_the_place() {
        assert_eq!(
            why(b"{\"a\":1,\n \"a\":2}"),
            "body has \"a\" twice in the object that ends here (line 2, column 8)"
        );
        assert_eq!(why(b"{\"a\":"), "body is cut short (line 1, column 6)");
        let json = Json::parse(br#"{"data":{"amount":true,"n":1.5,"t":""}}"#).unwrap();
        let reasons = [
            (json.text("data.x"), "data.x is missing"),
            (json.text("data.amount"), "data.amount must be text"),
            (json.integer_text("data.n"), "data.n must be a whole number"),
            (json.integer_text("data.t"), "data.t is missing"),
        ];
        for (answer, reason) in reasons {
            assert_eq!(answer.unwrap_err().to_string(), reason);
        }
        assert_eq!(json.opt_text("data.t"), Ok(None));
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        let text = "{\"a\":\"\\u00e9\\ud83d\\ude00\\n\\/ Nộp phí\",\"b\":[{\"c\":null},2e3]}";
        let ours = Json::parse(text.as_bytes()).unwrap().to_compact_text();
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&ours).unwrap(),
            theirs
        );
    }
}
