//! A raw call as bytes and back: what `raw` columns hold. The form is that of HTTP (request line
//! without a path, headers, empty line, body), so that a person can read it. Nothing in it is
//! judged; bytes that are not of this form give no call.

use super::call::{Method, RawCall};
use crate::domain::time::Instant;

/// Headers that carry a credential itself rather than a proof made with one.
const CREDENTIALS: &[&str] = &["authorization", "x-secret-key"];

/// The end of the headers.
const END: &[u8] = b"\r\n\r\n";

impl RawCall {
    /// The whole call as bytes, for the quarantine: a replay needs every header.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        self.to_bytes(|_| true)
    }

    /// The call as bytes without credentials, to keep beside its notices: a provider that proves
    /// itself with a static key sends the key, and a key must not be copied into rows.
    #[must_use]
    pub fn to_evidence(&self) -> Vec<u8> {
        self.to_bytes(|name| !CREDENTIALS.contains(&name))
    }

    fn to_bytes(&self, keep: impl Fn(&str) -> bool) -> Vec<u8> {
        let mut head = format!("{} ?{}", self.method.as_str(), self.query);
        for (name, value) in self.headers.iter().filter(|(name, _)| keep(name)) {
            head.push_str("\r\n");
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
        }
        let mut wire = head.into_bytes();
        wire.extend_from_slice(END);
        wire.extend_from_slice(&self.body);
        wire
    }

    /// The call that [`RawCall::to_wire`] wrote, as if it had arrived at `arrived_at`; `None` for
    /// other bytes.
    #[must_use]
    pub fn from_wire(wire: &[u8], arrived_at: Instant) -> Option<Self> {
        let end = wire.windows(END.len()).position(|four| four == END)?;
        let (head, rest) = wire.split_at_checked(end)?;
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let (method, query) = lines.next()?.split_once(" ?")?;
        let method = [Method::Get, Method::Post]
            .into_iter()
            .find(|known| known.as_str() == method)?;
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        };
        Some(Self {
            method,
            query: query.to_owned(),
            headers: lines.map(header).collect::<Option<_>>()?,
            body: rest.get(END.len()..)?.to_vec(),
            arrived_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn call() -> RawCall {
        RawCall {
            method: Method::Post,
            query: "a=1&b=%20 ?".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("authorization".to_owned(), "Apikey k: 1".to_owned()),
                ("webhook-id".to_owned(), String::new()),
            ],
            body: b"{\"x\": \"\r\n\r\n\xff\"}".to_vec(),
            arrived_at: parse_rfc3339("2026-01-05T03:35:00Z").unwrap(),
        }
    }

    #[test]
    fn a_call_comes_back_byte_for_byte() {
        let call = call();
        let wire = call.to_wire();
        let back = RawCall::from_wire(&wire, call.arrived_at).unwrap();
        assert_eq!(back.to_wire(), wire);
        assert_eq!((back.method, back.query), (call.method, call.query));
        assert_eq!((back.headers, back.body), (call.headers, call.body));
    }

    #[test]
    fn evidence_holds_no_credential() {
        let evidence = String::from_utf8_lossy(&call().to_evidence()).into_owned();
        assert!(!evidence.contains("Apikey"), "{evidence}");
        assert!(evidence.contains("webhook-id"), "{evidence}");
    }

    #[test]
    fn other_bytes_are_no_call() {
        let at = call().arrived_at;
        for wire in [
            &b""[..],
            b"GET ?a=1",
            b"PUT ?\r\n\r\n",
            b"GET /\r\n\r\n",
            b"GET ?\r\nno colon\r\n\r\n",
        ] {
            assert!(RawCall::from_wire(wire, at).is_none(), "{wire:?}");
        }
    }
}
