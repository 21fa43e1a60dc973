//! Which parts of a description go together: each rule looks at a whole description that was read
//! without a fault and refuses it at the key to blame. What could be fooled is judged by `safety`.

use super::description::{Description, Format};
use super::scheme::{KeyForm, Place, ProofKind, Spelling, Writing};
use super::sheet::Sheet;
use super::template::Piece;
use crate::config::error::ConfigError;

pub(super) type Judged = Result<(), ConfigError>;

/// Refuses what could be fooled.
pub(super) fn judge(sheet: &Sheet<'_>, description: &Description) -> Judged {
    let court = Court { sheet, description };
    court.request()?;
    court.kind_and_place()?;
    court.digest()?;
    court.pieces()?;
    court.time()?;
    court.joins()?;
    court.meaning()?;
    court.covered()?;
    court.answers()?;
    court.secrets()
}

/// A description before its judges.
pub(super) struct Court<'a> {
    pub(super) sheet: &'a Sheet<'a>,
    pub(super) description: &'a Description,
}

impl Court<'_> {
    pub(super) fn refuse(&self, key: &str, reason: impl Into<String>) -> Judged {
        Err(self.sheet.wrong(key, reason))
    }

    /// Refuses when the key is given.
    fn no(&self, key: &str, reason: &str) -> Judged {
        if self.sheet.has(key) {
            return self.refuse(key, reason);
        }
        Ok(())
    }

    pub(super) fn has_piece(&self, wanted: &Piece) -> bool {
        self.description.proof.text.contains(wanted)
    }

    fn request(&self) -> Judged {
        let request = &self.description.request;
        match request.format {
            Format::Json if request.takes_get => {
                self.refuse("request.method", "is GET, which carries pairs and no JSON")
            }
            Format::Json => Ok(()),
            Format::Pairs => {
                let reason = "is for JSON; a query or form has one payment in its pairs";
                self.no("request.items", reason)?;
                let reason = "is for JSON; in pairs the signature is a field: signature.field";
                self.no("signature.query", reason)?;
                if request.envelope.is_some() && request.takes_get {
                    return self.refuse("request.envelope", "is for a body, and a GET has none");
                }
                Ok(())
            }
        }
    }

    /// A key shown as such belongs into a header, which is never written down; whatever belongs to
    /// digests makes no sense beside it.
    fn kind_and_place(&self) -> Judged {
        let proof = &self.description.proof;
        if self.description.token.is_some() && proof.kind != ProofKind::Token {
            let reason = "is for jwt-hs512: nobody would look at the token";
            return self.refuse("token.action", reason);
        }
        let shown = match proof.kind {
            ProofKind::Digest(_) => return Ok(()),
            ProofKind::StaticKey => "static-key",
            ProofKind::Token => "jwt-hs512",
        };
        if !matches!(proof.place, Place::Header(_)) {
            let reason = format!(
                "does not go with {shown}: calls are kept as evidence, and a key would be kept with \
                 them; it must stand in a header"
            );
            return self.refuse(self.key_of_place(), reason);
        }
        if proof.key.is_none() {
            return self.refuse("signature.key", "is missing: name the secret");
        }
        for key in [
            "signature.signed",
            "signature.encoding",
            "signature.key_form",
            "signature.key_prefix",
            "signature.separator",
            "signature.tag",
            "signature.time_tag",
            "signature.id_header",
        ] {
            let reason = format!("is for digests and does not go with {shown}");
            self.no(key, &reason)?;
        }
        if proof.time.is_some() {
            let reason = format!("does not go with {shown}: nobody signed the time");
            return self.refuse(self.key_of_time(), reason);
        }
        Ok(())
    }

    fn key_of_place(&self) -> &'static str {
        match self.description.proof.place {
            Place::Header(_) => "signature.header",
            Place::Field(_) => "signature.field",
            Place::Query(_) => "signature.query",
        }
    }

    fn digest(&self) -> Judged {
        let proof = &self.description.proof;
        let ProofKind::Digest(digest) = proof.kind else {
            return Ok(());
        };
        if proof.text.is_empty() {
            return self.refuse("signature.signed", "is missing: say what text is signed");
        }
        let has_secret = proof.text.iter().any(|piece| piece.secret().is_some());
        if digest.is_keyed() && proof.key.is_none() {
            return self.refuse(
                "signature.key",
                "is missing: name the secret that is the key",
            );
        }
        if !digest.is_keyed() {
            let reason =
                "does not go with a plain hash: write ${secret:NAME} into signature.signed";
            self.no("signature.key", reason)?;
            if !has_secret {
                let reason = "holds no ${secret:NAME}, so anybody could compute the hash";
                return self.refuse("signature.signed", reason);
            }
        }
        let has_key_form = proof.key_form != KeyForm::Text || !proof.key_prefix.is_empty();
        if !digest.is_keyed() && has_key_form {
            return self.refuse("signature.key_form", "does not go with a plain hash");
        }
        if proof.separator.is_none() && !proof.tag.is_empty() {
            let reason =
                "marks one part of several: give signature.separator, or write it as prefix";
            return self.refuse("signature.tag", reason);
        }
        if proof.separator.is_none() && proof.time_tag.is_some() {
            let reason = "marks one part of several: give signature.separator";
            return self.refuse("signature.time_tag", reason);
        }
        if proof.separator.is_some() && proof.tag.is_empty() {
            let reason = "is missing: say what marks a signature among the parts, such as \"v1=\"";
            return self.refuse("signature.tag", reason);
        }
        let clashes = proof.separator.as_deref() == Some("=") && proof.spelling == Spelling::Base64;
        if clashes {
            return self.refuse(
                "signature.separator",
                "stands in Base64 too: it cannot separate",
            );
        }
        Ok(())
    }

    fn pieces(&self) -> Judged {
        let description = self.description;
        let request = &description.request;
        let key = "signature.signed";
        if self.has_piece(&Piece::Json) && request.format != Format::Json {
            return self.refuse(key, "holds ${json}, and request.format is not json");
        }
        if self.has_piece(&Piece::Envelope) && request.envelope.is_none() {
            return self.refuse(key, "holds ${envelope} without request.envelope");
        }
        if request.envelope.is_some() && self.has_piece(&Piece::Pairs) {
            return self.refuse(key, "holds ${pairs}, which are not those of an envelope");
        }
        if self.has_piece(&Piece::Body) && request.takes_get {
            return self.refuse(key, "holds ${body}, and a GET has none");
        }
        if self.has_piece(&Piece::Id) != description.proof.id_header.is_some() {
            let reason = "and ${id} in signature.signed go together: the id must be signed";
            return self.refuse("signature.id_header", reason);
        }
        let is_received = description
            .proof
            .pairs
            .as_ref()
            .is_some_and(|rule| rule.writing == Writing::Received);
        if is_received && request.format == Format::Json {
            return self.refuse("signature.pairs.encoding", "is received, which JSON is not");
        }
        let of = description
            .proof
            .pairs
            .as_ref()
            .and_then(|rule| rule.of.as_ref());
        if of.is_some() && request.format == Format::Pairs {
            return self.refuse("signature.pairs.of", "is for objects in JSON");
        }
        Ok(())
    }

    fn time(&self) -> Judged {
        let description = self.description;
        let Some(rule) = &description.proof.time else {
            if self.has_piece(&Piece::Time) {
                let reason = "holds ${time}, and nothing says where the time stands: give time.header, \
                              time.field or signature.time_tag";
                return self.refuse("signature.signed", reason);
            }
            return Ok(());
        };
        let is_signed = match &rule.place {
            Some(Place::Field(field)) => self.has_piece(&Piece::Time) || description.covers(field),
            Some(Place::Header(_) | Place::Query(_)) | None => self.has_piece(&Piece::Time),
        };
        if is_signed {
            return Ok(());
        }
        let reason = "is not signed, so anybody could write another time into an old call: put \
                      ${time} into signature.signed";
        self.refuse(self.key_of_time(), reason)
    }

    fn key_of_time(&self) -> &'static str {
        let time = self.description.proof.time.as_ref();
        match time.and_then(|rule| rule.place.as_ref()) {
            Some(Place::Header(_)) => "time.header",
            Some(Place::Field(_)) => "time.field",
            Some(Place::Query(_)) => "time.query",
            None => "signature.time_tag",
        }
    }
}
