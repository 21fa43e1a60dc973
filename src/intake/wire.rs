//! A raw call as bytes and back: what `raw` columns hold. The form is that of HTTP (request line
//! without a path, headers, empty line, body), so that a person can read it. Nothing in it is
//! judged; bytes that are not of this form give no call. No credential is written in clear.

use super::call::{Method, RawCall};
use super::signature::{is_same, sha256, to_hex};
use crate::domain::time::Instant;

/// Headers that carry a credential itself rather than a proof made with one.
const CREDENTIALS: &[&str] = &["authorization", "x-secret-key"];

/// What a credential's value begins with once only its hash is left.
const HASHED: &str = "sha256:";

/// How much of a refused call is kept: so many bytes of its head and as many of its body.
pub const KEPT_BYTES: usize = 16 * 1024;

/// The end of the headers.
const END: &[u8] = b"\r\n\r\n";

impl RawCall {
    /// The call as bytes for the quarantine of a channel, with hashes in the place of credentials,
    /// and whether something was cut off to keep within [`KEPT_BYTES`]. A call that was cut is for
    /// people to look at and no longer itself. `credential` is the provider's own header with a key
    /// in it, where it has one.
    #[must_use]
    pub fn to_wire(&self, channel: &str, credential: Option<&str>) -> (Vec<u8>, bool) {
        let mut kept = self.clone();
        for (name, value) in &mut kept.headers {
            if is_credential(name, credential) {
                *value = hashed(channel, value);
            }
        }
        kept.body.truncate(KEPT_BYTES);
        let mut head = kept.to_head(|_| true);
        let is_cut = kept.body.len() < self.body.len() || head.len() > KEPT_BYTES;
        head.truncate(KEPT_BYTES);
        head.extend_from_slice(END);
        head.extend_from_slice(&kept.body);
        (head, is_cut)
    }

    /// Puts credentials back where their hashes stand: `known` are the headers that the channel's
    /// keys of today give. What fits none of them stays a hash, which no key equals.
    #[must_use]
    pub fn with_credentials(mut self, channel: &str, known: &[(String, String)]) -> Self {
        for (name, value) in &mut self.headers {
            let fits = |(header, text): &&(String, String)| {
                header == name && is_same(hashed(channel, text).as_bytes(), value.as_bytes())
            };
            if let Some((_, text)) = known.iter().find(fits) {
                text.clone_into(value);
            }
        }
        self
    }

    /// The call as bytes without credentials, to keep beside its notices: a provider that proves
    /// itself with a static key sends the key, and a key must not be copied into rows.
    #[must_use]
    pub fn to_evidence(&self, credential: Option<&str>) -> Vec<u8> {
        let mut wire = self.to_head(|name| !is_credential(name, credential));
        wire.extend_from_slice(END);
        wire.extend_from_slice(&self.body);
        wire
    }

    fn to_head(&self, keep: impl Fn(&str) -> bool) -> Vec<u8> {
        let mut head = format!("{} {}?{}", self.method.as_str(), self.action, self.query);
        for (name, value) in self.headers.iter().filter(|(name, _)| keep(name)) {
            head.push_str("\r\n");
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
        }
        head.into_bytes()
    }

    /// The call that [`RawCall::to_wire`] wrote, as if it had arrived at `arrived_at`; `None` for
    /// other bytes.
    #[must_use]
    pub fn from_wire(wire: &[u8], arrived_at: Instant) -> Option<Self> {
        let end = wire.windows(END.len()).position(|four| four == END)?;
        let (head, rest) = wire.split_at_checked(end)?;
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let (method, target) = lines.next()?.split_once(' ')?;
        let (action, query) = target.split_once('?')?;
        let method = [Method::Get, Method::Post]
            .into_iter()
            .find(|known| known.as_str() == method)?;
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        };
        Some(Self {
            method,
            action: action.to_owned(),
            query: query.to_owned(),
            headers: lines.map(header).collect::<Option<_>>()?,
            body: rest.get(END.len()..)?.to_vec(),
            arrived_at,
        })
    }
}

fn is_credential(name: &str, own: Option<&str>) -> bool {
    CREDENTIALS.contains(&name) || own == Some(name)
}

fn hashed(channel: &str, value: &str) -> String {
    let digest = sha256(&[channel.as_bytes(), value.as_bytes()]);
    format!("{HASHED}{}", to_hex(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn call() -> RawCall {
        RawCall {
            method: Method::Post,
            action: "sync".to_owned(),
            query: "a=1&b=%20 ?".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("authorization".to_owned(), "Apikey k: 1".to_owned()),
                ("webhook-id".to_owned(), String::new()),
                ("x-token".to_owned(), "tok-1".to_owned()),
            ],
            body: b"{\"x\": \"\r\n\r\n\xff\"}".to_vec(),
            arrived_at: parse_rfc3339("2026-01-05T03:35:00Z").unwrap(),
        }
    }

    #[test]
    fn a_call_comes_back_byte_for_byte() {
        let call = call();
        let (wire, is_cut) = call.to_wire("bank", Some("x-token"));
        assert!(!is_cut);
        let text = String::from_utf8_lossy(&wire);
        assert!(
            !text.contains("Apikey") && !text.contains("tok-1"),
            "{text}"
        );
        let back = RawCall::from_wire(&wire, call.arrived_at).unwrap();
        let other = [("authorization".to_owned(), "Apikey k: 2".to_owned())];
        let back = back.with_credentials("bank", &other);
        assert!(back.headers[1].1.starts_with(HASHED), "{:?}", back.headers);
        let known = [
            ("authorization".to_owned(), "Apikey k: 1".to_owned()),
            ("x-token".to_owned(), "tok-1".to_owned()),
        ];
        let elsewhere = back.clone().with_credentials("desk", &known);
        assert!(elsewhere.headers[1].1.starts_with(HASHED));
        let back = back.with_credentials("bank", &known);
        assert_eq!(back.to_wire("bank", Some("x-token")).0, wire);
        assert_eq!((back.method, back.query), (call.method, call.query));
        assert_eq!(back.action, call.action);
        assert_eq!((back.headers, back.body), (call.headers, call.body));
    }

    #[test]
    fn a_long_call_is_cut_on_its_way_to_the_quarantine() {
        let mut call = call();
        call.body = vec![b'x'; KEPT_BYTES];
        assert!(!call.to_wire("bank", Some("x-token")).1);
        call.body.push(b'x');
        let (wire, is_cut) = call.to_wire("bank", Some("x-token"));
        assert!(is_cut && wire.ends_with(b"x") && wire.len() < 2 * KEPT_BYTES);
        call.query = "q".repeat(3 * KEPT_BYTES);
        let (wire, is_cut) = call.to_wire("bank", Some("x-token"));
        assert!(is_cut && wire.len() == 2 * KEPT_BYTES + END.len());
    }

    #[test]
    fn evidence_holds_no_credential() {
        let evidence = String::from_utf8_lossy(&call().to_evidence(Some("x-token"))).into_owned();
        assert!(
            !evidence.contains("Apikey") && !evidence.contains("tok-1"),
            "{evidence}"
        );
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
