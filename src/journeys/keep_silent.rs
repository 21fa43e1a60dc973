//! Keeping genuine calls that speak of no payment (an agreement, a probe): the bytes and the reason
//! come in, a notice without a payment goes out. The same words are kept once; nothing moves.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::take_notices::{Call, Taken};
use super::write_batch::BatchWriter;
use crate::domain::ids::NoticeId;
use crate::domain::notice::Verdict;
use crate::domain::time::Instant;
use crate::store::failure::Failure;
use crate::store::journal::{Batch, Lookup};
use crate::store::rows::NoticeRow;
use crate::store::types::Uid;

/// The status of a notice that speaks of no payment.
const NONE: &str = "none";

/// Writes one such call.
pub(super) fn keep_silent(writer: &mut BatchWriter, call: &Call) -> Taken {
    match keep(writer, call) {
        Ok(taken) => taken,
        Err(failure) => {
            tracing::error!(%failure, "a call without a payment could not be kept");
            Taken::TryLater
        }
    }
}

fn keep(writer: &mut BatchWriter, call: &Call) -> Result<Taken, Failure> {
    let tenant = call.channel.tenant;
    let row = row(call, writer.clock.now());
    let lookup = Lookup {
        tenant: tenant.0,
        notice_keys: vec![(row.channel.clone(), row.key_hash.clone())],
        ..Lookup::default()
    };
    let batch = Batch {
        notices: vec![row],
        ..Batch::default()
    };
    writer.connection()?.commit(|journal| {
        if !journal.find(&lookup)?.notices.is_empty() {
            return Ok(Taken::Repeat(Verdict::Recorded));
        }
        journal.write(tenant.0, &batch)?;
        Ok(Taken::New(Verdict::Recorded))
    })
}

/// What the call says: method, query and body. Its headers tell when it was sent, and come in any
/// order.
fn words(raw: &[u8]) -> Vec<u8> {
    let text = |at: Option<usize>| at.unwrap_or(raw.len());
    let first_line = text(raw.windows(2).position(|two| two == b"\r\n"));
    let body = text(raw.windows(4).position(|four| four == b"\r\n\r\n"));
    let parts = [raw.get(..first_line), raw.get(body..)];
    parts.into_iter().flatten().collect::<Vec<_>>().concat()
}

fn row(call: &Call, now: Instant) -> NoticeRow {
    let facts_hash = Sha256::digest(words(&call.raw)).to_vec();
    let key_hash = Sha256::new_with_prefix("silent:").chain_update(&facts_hash);
    NoticeRow {
        tenant: call.channel.tenant.0,
        notice_id: Uid(NoticeId::at(now).0),
        channel: call.channel.name.clone(),
        key_hash: key_hash.finalize().to_vec(),
        facts_hash,
        payment_id: None,
        status: NONE.to_owned(),
        verdict: Verdict::Recorded.as_str().to_owned(),
        is_settled: true,
        raw: call.raw.clone(),
        facts: Some(json!({ "nothing_because": call.silent_because }).to_string()),
    }
}
