//! Whether the feeds in a store are whole: every entry follows the one before it, every signature that is held is its
//! author's, and the two indexes lead to every entry.

use std::collections::BTreeSet;

use super::{Ledger, LedgerError, entry_key};
use crate::{
    entry::{PayloadKind, VerifiedEntry},
    feed::{Feed, signature_holds},
    ids::{Arrival, FeedId, RecordId, Seq},
    shelf::{Shelf, Table},
};

/// What a check of the feeds found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerCheck {
    /// Entries that were looked at.
    pub entries: u64,
    /// The records they belong to.
    pub records: BTreeSet<RecordId>,
    /// What is wrong.
    pub faults: Vec<LedgerFault>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerFault {
    /// The feed or branch.
    pub feed: FeedId,
    /// The entry.
    pub seq: Seq,
    /// `genesis`, `missing`, `unreadable`, `backlink`, `signature`, `unsigned-end`, `tip`, `arrival-index` or
    /// `record-index`.
    pub code: &'static str,
}

impl<S: Shelf> Ledger<S> {
    /// Reads every entry of every feed from its beginning. `progress` is told, after each, how many were read.
    ///
    /// # Errors
    /// Only if the store cannot be read at all.
    pub fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<LedgerCheck, LedgerError> {
        let mut check = LedgerCheck::default();
        for feed in self.feeds() {
            self.check_feed(feed, &mut check, progress)?;
        }
        Ok(check)
    }

    fn check_feed(
        &self,
        feed: &Feed,
        check: &mut LedgerCheck,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), LedgerError> {
        let mut fault = |seq, code| check.faults.push(LedgerFault { feed: feed.id, seq, code });
        if feed.root != feed.genesis.id() {
            fault(feed.start.seq, "genesis");
        }
        let (mut before, mut signed) = (feed.start, true);
        while before.seq < feed.tip.seq {
            let seq = before.seq.next();
            let (entry, arrival) = match self.entry(&feed.id, seq) {
                Ok(Some(found)) => found,
                Ok(None) | Err(LedgerError::Missing(_)) => {
                    fault(seq, "missing");
                    return Ok(());
                }
                Err(LedgerError::Row(..)) => {
                    fault(seq, "unreadable");
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if entry.header().backlink != before.hash {
                fault(seq, "backlink");
            }
            signed = entry.signature().is_some();
            if entry.signature().is_some_and(|held| !signature_holds(&feed.genesis, &entry.hash(), held)) {
                fault(seq, "signature");
            }
            self.misplaced(feed, &entry, arrival)?.into_iter().for_each(|code| fault(seq, code));
            if entry.header().kind == PayloadKind::CHANGE {
                check.records.insert(entry.header().record);
            }
            (before.seq, before.hash) = (seq, entry.hash());
            check.entries += 1;
            progress(check.entries);
        }
        // Where a feed ended at a fork, the proof's signatures answer for its end.
        if !signed && feed.end != Some(before.seq) {
            fault(before.seq, "unsigned-end");
        }
        if before != feed.tip {
            fault(before.seq, "tip");
        }
        Ok(())
    }

    /// Which indexes do not lead to an entry.
    fn misplaced(
        &self,
        feed: &Feed,
        entry: &VerifiedEntry,
        arrival: Arrival,
    ) -> Result<Vec<&'static str>, LedgerError> {
        let (address, record) = (entry_key(feed.rows, entry.header().seq), entry.header().record);
        let (by_arrival, arrival) = ([&address[..], &record.0].concat(), arrival.0.to_be_bytes());
        let mut codes = Vec::new();
        if self.shelf.get(Table::Arrivals, &arrival)?.as_ref() != Some(&by_arrival) {
            codes.push("arrival-index");
        }
        let by_record = self.shelf.get(Table::RecordEntries, &[&record.0[..], &arrival].concat())?;
        if by_record.as_ref() != Some(&address) {
            codes.push("record-index");
        }
        Ok(codes)
    }
}
