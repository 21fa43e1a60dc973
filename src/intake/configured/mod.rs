//! The provider without code: a call and a [`Description`] come in, and the four abilities of a
//! provider go out. Which descriptions are safe was judged when they were loaded; here they are
//! followed to the letter, and nothing about any one provider is known.

mod answer;
pub mod describe;
mod notices;
mod payload;
mod prove;
mod signed_text;
mod token;

#[cfg(test)]
mod tests;

use crate::config::channel::Channel;
use crate::config::described::description::Description;
use crate::config::described::scheme::{Place, ProofKind};
use crate::domain::time::Instant;
use crate::intake::fields;
use crate::intake::provider::{Answer, Method, Normalised, Outcome, Provider, RawCall, Refusal};
use crate::intake::verify::{Checked, Content, Verified};

impl Provider for Description {
    fn name(&self) -> &str {
        &self.name
    }

    /// Known where the payment is identified by the transaction id itself.
    fn settled_key(&self, txn_id: &str, order_ref: &str) -> Option<String> {
        let told = &self.fields;
        let is_txn = told.payment_key == told.provider_txn_id;
        is_txn.then(|| fields::payment_key(txn_id, order_ref))
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        self.secrets
            .iter()
            .map(|(name, needed)| (name.as_str(), *needed))
            .collect()
    }

    fn schemes(&self) -> Vec<&str> {
        if self.scheme == self.name {
            Vec::new()
        } else {
            vec![&self.scheme]
        }
    }

    fn headers(&self) -> Vec<&str> {
        let time = self
            .proof
            .time
            .as_ref()
            .and_then(|rule| rule.place.as_ref());
        let id = self.proof.id_header.as_deref();
        let places = [Some(&self.proof.place), time].into_iter().flatten();
        places.filter_map(header_of).chain(id).collect()
    }

    fn credential(&self) -> Option<&str> {
        match self.proof.kind {
            ProofKind::StaticKey | ProofKind::Token => header_of(&self.proof.place),
            ProofKind::Digest(_) => None,
        }
    }

    fn static_headers(&self, channel: &Channel) -> Vec<(String, String)> {
        let (ProofKind::StaticKey, Place::Header(name), Some(key)) =
            (self.proof.kind, &self.proof.place, &self.proof.key)
        else {
            return Vec::new();
        };
        let header = |value: &str| (name.clone(), format!("{}{value}", self.proof.prefix));
        let keys = channel.secret(key).iter();
        keys.map(|key| header(key.text())).collect()
    }

    fn check(&self, call: &RawCall, channel: &Channel) -> Result<Checked, Refusal> {
        if let Some(token) = self.asked_for_token(call)? {
            call.must_be(Method::Post)?;
            token::must_know_us(call, token, channel)?;
            return Ok(Checked {
                content: Content::Nothing,
                event_id: None,
            });
        }
        self.must_have_form(call)?;
        let (content, event_id) = prove::prove(self, call, channel)?;
        Ok(Checked {
            content: Content::Json(content),
            event_id,
        })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        match (verified.content(), &self.token) {
            (Content::Nothing, Some(rule)) => {
                let now = verified.arrived_at();
                let reply = token::issue(rule, self.proof.key.as_deref(), channel, now)?;
                Ok(Normalised::asked(reply))
            }
            _ => notices::notices(self, verified, channel),
        }
    }

    fn answer(&self, outcome: Outcome<'_>, _channel: &Channel, _now: Instant) -> Answer {
        answer::answer(self, outcome)
    }
}

fn header_of(place: &Place) -> Option<&str> {
    match place {
        Place::Header(name) => Some(name),
        Place::Field(_) | Place::Query(_) => None,
    }
}
