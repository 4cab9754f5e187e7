//! A store that may have lost rows, as after a salvage: each feed is held up to the first entry that is not there, and
//! what follows is asked of peers again.

use super::{Ledger, LedgerError, decode_feed, encode_feed, entry_key};
use crate::{
    entry::VerifiedEntry,
    feed::{Feed, Tip},
    shelf::{Batch, Shelf, Table},
    verify::{RawRun, VerifyError, stored, verify_run},
};

impl<S: Shelf> Ledger<S> {
    /// Reads every feed from its beginning, holds it no further than its entries follow each other up to a signature,
    /// and puts back what the indexes lack. The batch must be durable before anything is built on it.
    ///
    /// # Errors
    /// If the store cannot be read at all: then nothing is known of what is lost.
    pub fn mend(&mut self) -> Result<Batch, LedgerError> {
        let mut batch = Batch::default();
        let mut cut = Vec::new();
        for feed in self.held.values() {
            let whole = self.whole_part(feed, &mut batch)?;
            // By what is written, since an earlier attempt may have cut the feed here and failed to write that.
            let row = self.shelf.get(Table::Feeds, &feed.id.0)?;
            let written = row.and_then(|row| decode_feed(&row).ok()).map_or(feed.tip, |(written, _)| written.tip);
            if whole != feed.tip || whole != written {
                cut.push(Feed { tip: whole, ..feed.clone() });
            }
        }
        for feed in cut {
            batch.put(Table::Feeds, feed.id.0, encode_feed(&feed, self.arrival));
            self.held.insert(feed.id, feed);
        }
        self.recount();
        Ok(batch)
    }

    /// The last signed entry up to which a feed is whole. Index rows that are missing up to its end go into the batch.
    fn whole_part(&self, feed: &Feed, batch: &mut Batch) -> Result<Tip, LedgerError> {
        let (mut last, mut signed) = (feed.start, feed.start);
        while last.seq < feed.tip.seq {
            let seq = last.seq.next();
            let address = entry_key(feed.rows, seq);
            let Some(value) = self.shelf.get(Table::Entries, &address)? else { break };
            let Ok((entry, arrival)) = stored::decode(feed.root, seq, &value) else { break };
            if entry.header().backlink != last.hash {
                break;
            }
            let (record, arrival) = (entry.header().record, arrival.0.to_be_bytes());
            let by_record = [&record.0[..], &arrival].concat();
            for (table, key, row) in [
                (Table::RecordEntries, by_record, address.clone()),
                (Table::Arrivals, arrival.to_vec(), [&address[..], &record.0].concat()),
            ] {
                if self.shelf.get(table, &key)?.as_ref() != Some(&row) {
                    batch.put(table, key, row);
                }
            }
            last = Tip { seq, hash: entry.hash() };
            if entry.signature().is_some() {
                signed = last;
            }
        }
        // A feed may end at a fork before which no signature is held.
        Ok(if last == feed.tip { last } else { signed })
    }

    /// What a run holds of a feed up to the first fork on its way, where the run goes on into a branch since its sender
    /// knows of no fork there, or has no signature before it. Where a feed ends, a proof must answer for it.
    pub(super) fn up_to_a_fork(&self, feed: &Feed, from: Tip, run: RawRun) -> Result<Vec<VerifiedEntry>, VerifyError> {
        let forks = self.forks_of(feed);
        if forks.is_empty() {
            return verify_run(feed, from, run);
        }
        if forks.contains(&from) {
            return Err(VerifyError::PastEnd(from.seq));
        }
        let mut entries = verify_run(&Feed { end: None, ..feed.clone() }, from, run)?;
        let place = |entry: &VerifiedEntry| Tip { seq: entry.header().seq, hash: entry.hash() };
        if let Some(at) = entries.iter().position(|entry| forks.contains(&place(entry))) {
            entries.truncate(at + 1);
        }
        match feed.end {
            Some(end) if from.seq.0 + entries.len() as u64 > end.0 => Err(VerifyError::PastEnd(end)),
            _ => Ok(entries),
        }
    }

    /// Ends a feed whose last entry is the one before a fork. A store that lost the row of a feed still holds the
    /// branches of it, and the proofs with them.
    pub(super) fn end_at_a_fork(&self, feed: &mut Feed) {
        if feed.end.is_none() && self.forks_of(feed).contains(&feed.tip) {
            feed.end = Some(feed.tip.seq);
        }
    }

    /// The places before which the forks lie that are proved of a feed's root, and may lie on this feed.
    fn forks_of(&self, feed: &Feed) -> Vec<Tip> {
        let branches = self.held.values().filter(|branch| branch.is_branch() && branch.root == feed.root);
        let begins_here = |start: &Tip| feed.is_branch() && *start == feed.start;
        branches.map(|branch| branch.start).filter(|start| !begins_here(start)).collect()
    }
}
