//! Strict queries and forms: the text as received comes in, its pairs go out, decoded and raw side
//! by side, because some providers sign what they sent and some what it decodes to. It does not
//! guess: a name given twice, a broken escape or bytes that are not UTF-8 are refused.

use std::borrow::Cow;

use super::provider::Refusal;

/// One `name=value` of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The pair exactly as received.
    pub raw: &'a str,
    /// The name, decoded.
    pub name: Cow<'a, str>,
    /// The value, decoded; empty also when there was no `=`.
    pub value: Cow<'a, str>,
}

/// Reads a query or a form body.
///
/// # Errors
/// [`Refusal::Malformed`] for a name given twice or text that cannot be decoded.
pub fn parse(text: &str) -> Result<Vec<Pair<'_>>, Refusal> {
    let mut pairs = Vec::with_capacity(16);
    for raw in text.split('&').filter(|raw| !raw.is_empty()) {
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        pairs.push(Pair {
            raw,
            name: decode(name).ok_or_else(|| undecodable(name))?,
            value: decode(value).ok_or_else(|| undecodable(name))?,
        });
    }
    refuse_twins(&pairs)?;
    Ok(pairs)
}

/// Appends `name=value` in form encoding, after `&` when something stands there already.
pub fn push_encoded(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.extend(form_urlencoded::byte_serialize(name.as_bytes()));
    out.push('=');
    out.extend(form_urlencoded::byte_serialize(value.as_bytes()));
}

fn undecodable(name: &str) -> Refusal {
    Refusal::malformed(name, "is not form-encoded UTF-8 text")
}

fn refuse_twins(pairs: &[Pair<'_>]) -> Result<(), Refusal> {
    let mut names: Vec<&str> = pairs.iter().map(|pair| pair.name.as_ref()).collect();
    names.sort_unstable();
    for (one, next) in names.iter().zip(names.iter().skip(1)) {
        if one == next {
            return Err(Refusal::malformed(*one, "is given twice"));
        }
    }
    Ok(())
}

/// Undoes form encoding. The usual decoders keep a broken `%` as it stands and replace bytes that
/// are not UTF-8; two readers could then see two values, so this one gives up instead.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => (hex_value(bytes.next()?)? << 4) | hex_value(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_decoded_and_raw() {
        let pairs = parse("a=1+2%2B3&&b=&c&d=N%E1%BB%99p&e=x=y").unwrap();
        let seen: Vec<(&str, &str, &str)> = pairs
            .iter()
            .map(|pair| (pair.raw, pair.name.as_ref(), pair.value.as_ref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("a=1+2%2B3", "a", "1 2+3"),
                ("b=", "b", ""),
                ("c", "c", ""),
                ("d=N%E1%BB%99p", "d", "Nộp"),
                ("e=x=y", "e", "x=y"),
            ]
        );
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn ambiguous_text_is_refused() {
        for text in [
            "a=1&a=2",
            "a=1&%61=2",
            "a=%",
            "a=%4",
            "a=%zz",
            "a=%+1",
            "a=%ff",
            "%C3=1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn encoding_is_that_of_forms() {
        let mut out = String::new();
        push_encoded(&mut out, "a", "5/7 (ộ)*~");
        push_encoded(&mut out, "b", "");
        assert_eq!(out, "a=5%2F7+%28%E1%BB%99%29*%7E&b=");
    }
}
