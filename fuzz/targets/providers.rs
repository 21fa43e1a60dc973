//! Provider calls: every provider's check as it is, and its normalisation of content that a check
//! would have let through, which no mutation could sign. Every refusal and notice is also answered.

#![no_main]

use std::sync::{Arc, LazyLock};

use doisoat::config::channel::Channel;
use doisoat::domain::notice::{Notice, Verdict};
use doisoat::intake::json::Json;
use doisoat::intake::provider::{Answer, Normalised, Outcome, Provider, RawCall, Refusal};
use doisoat::intake::providers;
use doisoat::intake::verify::{Checked, Content, Verified, read};
use doisoat::matching::clues::clues;
use doisoat_fuzz::{now, recorded};
use libfuzzer_sys::{Corpus, fuzz_target};

static CHANNELS: LazyLock<Vec<Arc<Channel>>> = LazyLock::new(|| recorded().0);

/// A provider whose proof is taken on trust.
struct Trusting<'a>(&'a dyn Provider, u8);

impl Provider for Trusting<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn secrets(&self) -> Vec<(&str, bool)> {
        self.0.secrets()
    }

    fn check(&self, call: &RawCall, _: &Channel) -> Result<Checked, Refusal> {
        let pairs = |text: &[u8]| Content::Pairs(doisoat_fuzz::pairs(text));
        let content = match self.1 % 5 {
            0 => Content::Json(Json::parse(&call.body)?),
            1 => Content::Json(Json::parse(&call.body)?.take("data").unwrap_or(Json::Null)),
            2 => pairs(&call.body),
            3 => pairs(call.query.as_bytes()),
            _ => Content::Nothing,
        };
        Ok(Checked { content, event_id: Some("event".to_owned()) })
    }

    fn normalise(&self, verified: &Verified, channel: &Channel) -> Result<Normalised, Refusal> {
        self.0.normalise(verified, channel)
    }

    fn answer(&self, outcome: Outcome<'_>, channel: &Channel, now: doisoat::domain::time::Instant) -> Answer {
        self.0.answer(outcome, channel, now)
    }
}

fn answered(provider: &dyn Provider, channel: &Channel, told: Result<Normalised, Refusal>) {
    match told {
        Err(refusal) => drop(provider.answer(Outcome::Refused(&refusal), channel, now())),
        Ok(normalised) => {
            let first: Option<&Notice> = normalised.notices.first();
            for &verdict in Verdict::ALL {
                drop(provider.answer(Outcome::New(verdict, first), channel, now()));
                drop(provider.answer(Outcome::Repeat(verdict, first), channel, now()));
            }
            for notice in &normalised.notices {
                let _ = (notice.key_hash(), notice.conflict_key_hash(), clues(notice));
            }
        }
    }
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let [which, mode, wire @ ..] = data else {
        return Corpus::Reject;
    };
    let channel = &CHANNELS[usize::from(*which) % CHANNELS.len()];
    let provider = providers::of(channel).expect("a provider");
    let Some(call) = RawCall::from_wire(wire, now()) else {
        return Corpus::Reject;
    };
    let kept = call.to_wire(&channel.name, provider.credential());
    drop(kept);
    answered(provider, channel, read(provider, &call, channel));
    answered(provider, channel, read(&Trusting(provider, *mode), &call, channel));
    Corpus::Keep
});
