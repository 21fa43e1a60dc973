//! The seal: one block per commit and chain, whose SHA-256 covers the previous block's hash, the
//! block's own head and every posting in it, as lines of text that an auditor can rebuild with a
//! database client and `sha256sum`. Where the lines come from is not decided here.
//!
//! ```text
//! doisoat-block-1|tenant|chain|height|previous hash, hex|sealed at, microseconds UTC|postings
//! seq|entry|event|debit|credit|amount, minor units|currency|payment or -|bill or -|corrects or -
//! ```
//! Every line ends in a line feed; the first block of a chain has 64 zeros as its previous hash.

use sha2::{Digest, Sha256};

use crate::domain::entry::Posting;
use crate::domain::ids::Tenant;
use crate::domain::time::{Instant, to_micros};
use crate::store::journal::SealedBlock;
use crate::store::rows::{BlockRow, ChainRow, PostingRow};
use crate::store::types::{Ts, Uid};

/// The hash before the first block.
pub const GENESIS: [u8; 32] = [0; 32];

/// Where a leased chain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The tenant.
    pub tenant: Tenant,
    /// The chain's number, which is also the writer's number in counts and balances.
    pub chain: i32,
    /// The epoch of our lease.
    pub epoch: i64,
    /// Height of the last block, 0 for none.
    pub height: i64,
    /// Hash of the last block.
    pub hash: Vec<u8>,
}

impl ChainHead {
    /// The head that a leased chain's row tells.
    #[must_use]
    pub fn of(row: &ChainRow) -> Self {
        Self {
            tenant: Tenant(row.tenant),
            chain: row.chain,
            epoch: row.epoch,
            height: row.height,
            hash: row.hash.clone(),
        }
    }

    /// Seals postings into the next block and moves the head; `None` when there are none. The head
    /// must be thrown away when the block is not committed.
    #[must_use]
    pub fn seal(&mut self, sealed_at: Instant, postings: &[Posting]) -> Option<SealedBlock> {
        if postings.is_empty() {
            return None;
        }
        self.height += 1;
        let rows: Vec<PostingRow> = (1..)
            .zip(postings)
            .map(|(seq, posting)| self.row(seq, posting))
            .collect();
        let hash = block_hash(
            self.tenant.0,
            self.chain,
            self.height,
            &self.hash,
            sealed_at,
            &rows,
        );
        self.hash = hash.to_vec();
        let row = BlockRow {
            tenant: self.tenant.0,
            chain: self.chain,
            height: self.height,
            sealed_at: Ts(sealed_at),
            posting_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
            hash: self.hash.clone(),
        };
        Some(SealedBlock {
            row,
            postings: rows,
            epoch: self.epoch,
            renewed_at: Ts(sealed_at),
        })
    }

    fn row(&self, seq: i32, posting: &Posting) -> PostingRow {
        PostingRow {
            tenant: self.tenant.0,
            chain: self.chain,
            height: self.height,
            seq,
            entry_id: Uid(posting.entry_id.0),
            event: posting.event.as_str().to_owned(),
            debit: posting.debit.to_string(),
            credit: posting.credit.to_string(),
            amount_minor: posting.amount.minor(),
            currency: posting.amount.currency().to_string(),
            payment_id: posting.payment_id.map(|id| Uid(id.0)),
            bill_id: posting.bill_id.map(|id| Uid(id.0)),
            corrects: posting.corrects.map(|id| Uid(id.0)),
        }
    }
}

/// The hash of a block, from its rows alone.
#[must_use]
pub fn block_hash(
    tenant: i32,
    chain: i32,
    height: i64,
    previous: &[u8],
    sealed_at: Instant,
    postings: &[PostingRow],
) -> [u8; 32] {
    use std::fmt::Write as _;
    let mut text = format!(
        "doisoat-block-1|{tenant}|{chain}|{height}|{}|{}|{}\n",
        hex::encode(previous),
        to_micros(sealed_at),
        postings.len()
    );
    for row in postings {
        let or_dash = |id: Option<Uid>| id.map_or_else(|| "-".to_owned(), |id| id.0.to_string());
        let _ = writeln!(
            text,
            "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            row.seq,
            row.entry_id.0,
            row.event,
            row.debit,
            row.credit,
            row.amount_minor,
            row.currency,
            or_dash(row.payment_id),
            or_dash(row.bill_id),
            or_dash(row.corrects),
        );
    }
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dossier::FeeKind;
    use crate::domain::entry::{Account, Event};
    use crate::domain::ids::{BillId, EntryId, PaymentId};
    use crate::domain::money::Money;
    use chrono::DateTime;
    use uuid::Uuid;

    fn head(height: i64) -> ChainHead {
        ChainHead {
            tenant: Tenant(7),
            chain: 2,
            epoch: 9,
            height,
            hash: vec![0xab; 32],
        }
    }

    fn postings() -> [Posting; 2] {
        let id = |number: u8| Uuid::from_u128(u128::from(number));
        let placed = Posting {
            entry_id: EntryId(id(0xaa)),
            event: Event::PaymentPlaced,
            debit: Account::Suspense,
            credit: Account::PayerCredit,
            amount: Money::vnd(5),
            payment_id: None,
            bill_id: None,
            corrects: Some(EntryId(id(0xdd))),
        };
        let recorded = Posting {
            event: Event::PaymentRecorded,
            debit: Account::Clearing("vnpay".to_owned()),
            credit: Account::Receivable("H12.101".to_owned()),
            amount: Money::vnd(90_000),
            payment_id: Some(PaymentId(id(0xbb))),
            bill_id: Some(BillId(id(0xcc))),
            corrects: None,
            ..placed.clone()
        };
        [recorded, placed]
    }

    fn sealed_at() -> Instant {
        DateTime::from_timestamp_micros(1_767_584_100_000_001).unwrap()
    }

    /// What `sha256sum` gives of the lines that the recipe says, written by hand:
    /// `doisoat-block-1|7|2|6|ab…ab|1767584100000001|2`, then `1|00000000-…-0000000000aa|payment_recorded|…`
    /// and `2|00000000-…-0000000000aa|payment_placed|suspense|payer_credit|5|VND|-|-|00000000-…-0000000000dd`.
    const BY_HAND: &str = "72e21f184cfc38a913df1ded567e84b6c04105517b429630c939388199f62a66";

    #[test]
    fn a_block_has_the_hash_of_the_recipe_and_moves_the_head() {
        let mut head = head(5);
        let block = head.seal(sealed_at(), &postings()).unwrap();
        assert_eq!(hex::encode(&block.row.hash), BY_HAND);
        assert_eq!((head.height, &head.hash), (6, &block.row.hash));
        let row = (block.row.tenant, block.row.chain, block.row.height);
        assert_eq!(row, (7, 2, 6));
        assert_eq!((block.row.posting_count, block.epoch), (2, 9));
        assert_eq!(block.row.sealed_at, Ts(sealed_at()));
        let seqs: Vec<(i64, i32)> = block
            .postings
            .iter()
            .map(|row| (row.height, row.seq))
            .collect();
        assert_eq!(seqs, [(6, 1), (6, 2)]);
        let next = head.seal(sealed_at(), &postings()).unwrap();
        assert_eq!(next.row.height, 7);
        assert_ne!(next.row.hash, block.row.hash);
    }

    #[test]
    fn nothing_posted_seals_nothing() {
        let mut head = head(5);
        assert!(head.seal(sealed_at(), &[]).is_none());
        assert_eq!(head, self::head(5));
    }

    #[test]
    fn every_fact_of_a_posting_changes_the_hash() {
        let hash = |posting: Posting| head(5).seal(sealed_at(), &[posting]).unwrap().row.hash;
        let [one, _] = postings();
        let changed = [
            Posting {
                event: Event::PaymentPlaced,
                ..one.clone()
            },
            Posting {
                debit: Account::Suspense,
                ..one.clone()
            },
            Posting {
                credit: Account::Due("H12.101".to_owned(), FeeKind::Phi),
                ..one.clone()
            },
            Posting {
                amount: Money::vnd(90_001),
                ..one.clone()
            },
            Posting {
                payment_id: None,
                ..one.clone()
            },
            Posting {
                bill_id: None,
                ..one.clone()
            },
            Posting {
                corrects: Some(one.entry_id),
                ..one.clone()
            },
        ];
        let own = hash(one);
        for posting in changed {
            assert_ne!(hash(posting.clone()), own, "{posting:?}");
        }
    }
}
