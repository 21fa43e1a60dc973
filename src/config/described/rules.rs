//! What makes a description unsafe: each rule looks at a whole description that was read without a
//! fault and refuses it at the key that is to blame. A rule that is not here is not kept anywhere.

use std::collections::BTreeSet;

use super::description::{
    AmountForm, Description, Field, Format, KeyForm, Place, ProofKind, Reply, Spelling, Writing,
};
use super::sheet::Sheet;
use super::template::Piece;
use crate::config::error::ConfigError;
use crate::domain::payment::PaymentStatus;

type Judged = Result<(), ConfigError>;

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

struct Court<'a> {
    sheet: &'a Sheet<'a>,
    description: &'a Description,
}

impl Court<'_> {
    fn refuse(&self, key: &str, reason: impl Into<String>) -> Judged {
        Err(self.sheet.wrong(key, reason))
    }

    /// Refuses when the key is given.
    fn no(&self, key: &str, reason: &str) -> Judged {
        if self.sheet.has(key) {
            return self.refuse(key, reason);
        }
        Ok(())
    }

    fn has_piece(&self, wanted: &Piece) -> bool {
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
        let has_secret = proof
            .text
            .iter()
            .any(|piece| matches!(piece, Piece::Secret(_)));
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

    /// Values joined without escapes could be cut elsewhere under the same signature. So each has a
    /// form, but for one that stands last behind a border; and nothing stands behind a whole body.
    fn joins(&self) -> Judged {
        let text = &self.description.proof.text;
        let varying: Vec<usize> = (0..text.len())
            .filter(|at| text.get(*at).is_some_and(Piece::varies))
            .collect();
        let Some(last) = varying.last() else {
            return match self.description.proof.kind {
                ProofKind::Digest(_) => self.refuse(
                    "signature.signed",
                    "is the same for every call: it must hold what the call says",
                ),
                ProofKind::StaticKey | ProofKind::Token => Ok(()),
            };
        };
        for at in &varying {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let has_border = !before.is_some_and(Piece::varies);
            match text.get(*at) {
                Some(Piece::Field { field, .. }) => {
                    let is_safe_end = at == last && has_border;
                    if !is_safe_end && !self.has_form(field) {
                        let reason = format!(
                            "is missing: signature.signed joins {} to others without escapes, so \
                             text could be moved between them; say what form it has",
                            field.shown
                        );
                        return self.refuse(&format!("forms.{}", field.shown), reason);
                    }
                }
                Some(Piece::Body | Piece::Json | Piece::Pairs | Piece::Envelope) if at != last => {
                    let reason = "has something that varies behind a whole body: it could be cut \
                                  elsewhere";
                    return self.refuse("signature.signed", reason);
                }
                Some(Piece::Body | Piece::Json | Piece::Pairs | Piece::Envelope) if !has_border => {
                    let reason = "has no border before the body: put a constant between";
                    return self.refuse("signature.signed", reason);
                }
                _ => {}
            }
        }
        self.raw_pairs()
    }

    /// The same for pairs that are not escaped: every fact but free text needs a form.
    fn raw_pairs(&self) -> Judged {
        let rule = self.description.proof.pairs.as_ref();
        if rule.is_none_or(|rule| rule.writing != Writing::Raw) {
            return Ok(());
        }
        for (key, field) in self.read() {
            let is_free = matches!(
                key.as_str(),
                "fields.memo" | "fields.order_ref_pattern_field"
            );
            if !is_free && !self.has_form(field) {
                let reason = format!(
                    "is missing: {key} is one of pairs that are signed without escapes, so text \
                     could be moved between them; say what form it has"
                );
                return self.refuse(&format!("forms.{}", field.shown), reason);
            }
        }
        Ok(())
    }

    fn has_form(&self, field: &Field) -> bool {
        let path = self.description.path_of(field);
        let mut forms = self.description.forms.iter();
        forms.any(|(known, _)| self.description.path_of(known) == path)
    }

    fn meaning(&self) -> Judged {
        let fields = &self.description.fields;
        if fields.amount.is_empty() {
            return self.refuse(
                "fields.amount",
                "is missing: name the field with the amount",
            );
        }
        if fields.payment_key.is_empty() {
            let reason = "is missing: without what identifies a payment, one sent twice would be \
                          booked twice; name the provider's transaction id";
            return self.refuse("fields.payment_key", reason);
        }
        let states = &self.description.states;
        let has_success = |(status, _): &(PaymentStatus, _)| *status == PaymentStatus::Succeeded;
        if !states.rules.iter().any(has_success) {
            let reason = "is missing: say which code means that money was taken";
            return self.refuse("status.succeeded", reason);
        }
        let is_part =
            |(status, _): &(PaymentStatus, _)| *status == PaymentStatus::PartiallyRefunded;
        if states.rules.iter().any(is_part) && fields.refunded.is_none() {
            let reason = "is missing: a refund in part needs the field that says how much";
            return self.refuse("fields.refunded", reason);
        }
        let has_pattern = fields.order_ref_pattern.is_some();
        if has_pattern && fields.order_ref_pattern_field.is_none() {
            let reason = "is missing: name the free text that holds the reference";
            return self.refuse("fields.order_ref_pattern_field", reason);
        }
        if fields.currency.is_none() && !fields.currencies.is_empty() {
            return self.refuse(
                "fields.currency",
                "is missing: name the field of the currency",
            );
        }
        let is_hundredfold = fields.amount_form == AmountForm::Hundredths;
        if is_hundredfold && !fields.amount_plus.is_empty() {
            return self.refuse("fields.amount_plus", "does not go with hundredths");
        }
        Ok(())
    }

    /// Every field that is read, with the key that says so.
    fn read(&self) -> Vec<(String, &Field)> {
        let description = self.description;
        let fields = &description.fields;
        let mut all: Vec<(String, &Field)> = Vec::new();
        let mut add = |key: &str, field| all.push((key.to_owned(), field));
        for (key, list) in [
            ("fields.amount", &fields.amount),
            ("fields.amount_plus", &fields.amount_plus),
            ("fields.order_ref", &fields.order_ref),
            ("fields.provider_txn_id", &fields.provider_txn_id),
            ("fields.payment_key", &fields.payment_key),
        ] {
            list.iter().for_each(|field| add(key, field));
        }
        for (key, field) in [
            ("fields.currency", &fields.currency),
            (
                "fields.order_ref_pattern_field",
                &fields.order_ref_pattern_field,
            ),
            ("fields.event_id", &fields.event_id),
            ("fields.bank_txn_id", &fields.bank_txn_id),
            ("fields.memo", &fields.memo),
            ("fields.virtual_account", &fields.virtual_account),
            ("fields.account_number", &fields.account_number),
            ("fields.refunded", &fields.refunded),
        ] {
            field.iter().for_each(|field| add(key, field));
        }
        if let Some((field, _)) = &fields.paid_at {
            add("fields.paid_at", field);
        }
        for (field, _) in &description.identity {
            add(&format!("identity.{}", field.shown), field);
        }
        for (status, conditions) in &description.states.rules {
            let key = format!("status.{}", status.as_str());
            let fields = conditions.iter().flatten();
            fields.for_each(|(field, _)| add(&key, field));
        }
        let only = description.states.only.iter().flatten();
        only.for_each(|(field, _)| add("only", field));
        all
    }

    fn covered(&self) -> Judged {
        for (key, field) in self.read() {
            if !self.description.covers(field) {
                let reason = format!(
                    "reads {}, which is not signed: anybody could have written it",
                    field.shown
                );
                return self.refuse(&key, reason);
            }
        }
        Ok(())
    }

    fn answers(&self) -> Judged {
        let answers = &self.description.answers;
        if !(200..300).contains(&answers.recorded.status) {
            let reason = "must be 200 to 299: providers take anything else for a failure";
            return self.refuse("answers.recorded.status", reason);
        }
        let told = |reply: &Reply| *reply == answers.recorded;
        let cases = [
            ("try_later", &answers.try_later),
            ("refused", &answers.refused),
            ("bad_signature", &answers.bad_signature),
        ];
        for (outcome, reply) in cases {
            if told(reply) {
                let reason = "is the same answer as answers.recorded: the provider would believe \
                              that we have the payment";
                return self.refuse(&format!("answers.{outcome}.status"), reason);
            }
        }
        Ok(())
    }

    fn secrets(&self) -> Judged {
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let mut seen = BTreeSet::new();
        for (name, _) in &self.description.secrets {
            seen.insert(name.as_str());
            if name.is_empty() || !name.bytes().all(is_letter) {
                let reason = format!("names the secret \"{name}\": write a-z, 0-9 and _");
                return self.refuse(self.key_of_secret(name), reason);
            }
        }
        let doubled = seen.iter().find(|name| {
            name.strip_prefix("previous_")
                .is_some_and(|base| seen.contains(base))
        });
        match doubled {
            None => Ok(()),
            Some(name) => {
                let reason = format!("names {name}, which is what an older key is called");
                self.refuse(self.key_of_secret(name), reason)
            }
        }
    }

    fn key_of_secret(&self, name: &str) -> &'static str {
        if self.description.proof.key.as_deref() == Some(name) {
            "signature.key"
        } else if self.has_piece(&Piece::Secret(name.to_owned())) {
            "signature.signed"
        } else {
            "other_secrets"
        }
    }
}
