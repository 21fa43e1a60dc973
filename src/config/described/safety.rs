//! What could be fooled: text that could be cut elsewhere, a field that nobody signed, a payment that
//! nothing identifies, an answer that promises too much. Each rule refuses at the key to blame.

use std::collections::BTreeSet;

use super::description::{Field, Reply};
use super::rules::{Court, Judged};
use super::scheme::{ProofKind, Writing};
use super::template::Piece;
use crate::domain::payment::PaymentStatus;

impl Court<'_> {
    /// Values joined without escapes could be cut elsewhere under the same signature. So each has a
    /// form, but for one that stands last behind a border; and nothing stands behind a whole body.
    pub(super) fn joins(&self) -> Judged {
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
                Some(Piece::Id | Piece::Time) if !has_border || (at != last && !self.ends(*at)) => {
                    let reason = "has nothing between ${id} or ${time} and what stands beside it: \
                                  put a constant between";
                    return self.refuse("signature.signed", reason);
                }
                _ => {}
            }
        }
        self.raw_pairs()
    }

    /// Whether a constant stands behind a piece.
    fn ends(&self, at: usize) -> bool {
        let next = at.checked_add(1);
        let next = next.and_then(|next| self.description.proof.text.get(next));
        !next.is_some_and(Piece::varies)
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

    pub(super) fn meaning(&self) -> Judged {
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

    pub(super) fn covered(&self) -> Judged {
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

    pub(super) fn answers(&self) -> Judged {
        let answers = &self.description.answers;
        if !(200..300).contains(&answers.recorded.status) {
            let reason = "must be 200 to 299: providers take anything else for a failure";
            return self.refuse("answers.recorded.status", reason);
        }
        if !(200..300).contains(&answers.repeat.status) {
            let reason = "must be 200 to 299: the provider would never stop calling";
            return self.refuse("answers.repeat.status", reason);
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

    pub(super) fn secrets(&self) -> Judged {
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
