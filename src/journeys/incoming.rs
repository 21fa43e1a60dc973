//! A notice on its way into the books: the channel, the facts and the raw call come in, its keys and the
//! clues in it are worked out once. Decides nothing.

use tracing::field::{Empty, display};
use tracing::{Level, Span};
use uuid::Uuid;

use crate::config::channel::Channel;
use crate::domain::notice::{Notice, Verdict};
use crate::matching::clues::{Clues, clues};
use crate::store::types::Uid;

/// A notice on its way into the books, with what is worked out from it once: a batch may be tried
/// several times.
pub(super) struct Incoming<'a> {
    pub(super) channel: &'a Channel,
    pub(super) notice: &'a Notice,
    /// The call as received.
    pub(super) raw: &'a [u8],
    /// The notice row that recorded it before it could be applied, when it is swept.
    pub(super) recorded_as: Option<Uid>,
    /// The name of the request that brought it, where one did.
    pub(super) request_id: Option<Uuid>,
    /// What is followed of the call that brought it.
    pub(super) span: Option<&'a Span>,
    pub(super) key_hash: Vec<u8>,
    pub(super) facts_hash: Vec<u8>,
    pub(super) clues: Clues,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(
        channel: &'a Channel,
        notice: &'a Notice,
        raw: &'a [u8],
        recorded_as: Option<Uid>,
    ) -> Self {
        Self {
            channel,
            notice,
            raw,
            recorded_as,
            request_id: None,
            span: None,
            key_hash: notice.key_hash().to_vec(),
            facts_hash: notice.facts_hash().to_vec(),
            clues: clues(notice),
        }
    }

    /// What is followed while it is applied; its ids are told once they are known.
    pub(super) fn following(&self) -> Span {
        tracing::debug_span!(
            parent: self.span.and_then(Span::id),
            "notice",
            channel = self.channel.name,
            notice_id = Empty,
            payment_id = Empty,
            verdict = Empty,
        )
    }

    /// Tells whoever follows what it is called.
    pub(super) fn name(notice_id: Uid, payment_id: Option<Uid>, verdict: Verdict) {
        if tracing::enabled!(Level::DEBUG) {
            let span = Span::current();
            span.record("notice_id", display(notice_id.0));
            span.record("payment_id", payment_id.map(|id| display(id.0)));
            span.record("verdict", verdict.as_str());
        }
    }

    /// Logs what it is called from now on, beside the request that brought it.
    pub(super) fn tell(&self, notice_id: Uid, payment_id: Uid, verdict: Verdict) {
        tracing::debug!(
            request_id = self.request_id.map(tracing::field::display),
            channel = self.channel.name,
            notice_id = %notice_id.0,
            payment_id = %payment_id.0,
            verdict = verdict.as_str(),
            "a notice is applied"
        );
    }
}
