//! Entries of a feed that came before those between: its newest, asked for by a node that lacks much of it, so that what
//! offices wrote last can be read before a year of history has passed the link.
//!
//! They are signed like any others, and stored before anything is shown of them. But they are held for reading only:
//! they are no part of the feed here, are not announced, acknowledged or sent on, and come again with the rest in their
//! turn, when they are let go.

use std::collections::BTreeMap;

use super::{Ledger, LedgerError};
use crate::{
    entry::VerifiedEntry,
    feed::{Feed, Genesis, Tip},
    ids::{Arrival, EntryHash, FeedId, RecordId, Seq},
    limits::{AHEAD_AFTER, AHEAD_ENTRIES, AHEAD_EXPANDED, MAX_AHEAD},
    shelf::{Batch, Shelf, Table},
    verify::{Link, RawEntry, RawRun, VerifyError, first_eight, stored, verify_run},
};

/// Before feed and number in the keys of [`Table::Node`].
const AHEAD: &[u8] = b"ahead ";

/// The entries that are held ahead, by feed and number.
pub(super) type Ahead = BTreeMap<FeedId, BTreeMap<Seq, VerifiedEntry>>;

fn key(feed: FeedId, seq: Seq) -> Vec<u8> {
    [AHEAD, &feed.0, &seq.0.to_be_bytes()].concat()
}

impl<S: Shelf> Ledger<S> {
    /// Reads what is held ahead. What cannot be read comes again in its turn.
    pub(super) fn read_ahead(shelf: &S) -> Result<Ahead, LedgerError> {
        let mut ahead = Ahead::default();
        shelf.scan(Table::Node, AHEAD, None, &mut |key, value| {
            let Some(key) = key.strip_prefix(AHEAD) else { return false };
            if let Some((feed, seq)) = key.split_first_chunk::<32>()
                && let Ok(seq) = seq.try_into().map(|seq| Seq(u64::from_be_bytes(seq)))
                && let Ok((entry, _)) = stored::decode(FeedId(*feed), seq, &value)
            {
                ahead.entry(FeedId(*feed)).or_default().insert(seq, entry);
            }
            true
        })?;
        Ok(ahead)
    }

    /// Whether a feed is known to have forked.
    fn has_forked(&self, root: &FeedId) -> bool {
        self.held.values().any(|held| held.root == *root && (held.is_branch() || held.end.is_some()))
    }

    /// Nothing is held ahead of a feed that forked, also where its rows were on their way when that became known.
    pub(super) fn forget_ahead_of_forks(&mut self) {
        let forked: Vec<FeedId> = self.ahead.keys().filter(|feed| self.has_forked(feed)).copied().collect();
        forked.iter().for_each(|feed| drop(self.ahead.remove(feed)));
    }

    /// Whether it is worth asking a peer that holds a feed up to `theirs` for the end of it.
    pub fn wants_ahead(&self, feed: &FeedId, theirs: Seq) -> bool {
        let held = self.held.get(feed);
        let ours = self.verified_tip(feed).map_or(Seq(0), |tip| tip.seq);
        theirs.0.saturating_sub(ours.0) > AHEAD_AFTER
            && held.is_none_or(|held| !held.is_branch() && held.end.is_none())
            && self.ahead.len() < MAX_AHEAD
            && !self.ahead.contains_key(feed)
    }

    /// The last entries of a feed with the place before them; `None` of a feed that forked, or is not much longer.
    pub fn last_run(&self, feed: &FeedId) -> Result<Option<(Genesis, EntryHash, RawRun)>, LedgerError> {
        let Some(feed) = self.held.get(feed).filter(|feed| !feed.is_branch() && feed.end.is_none()) else {
            return Ok(None);
        };
        let Some((last, _)) = self.entry(&feed.id, feed.tip.seq)? else { return Ok(None) };
        // A feed may stand at an entry without a signature only where it ends.
        let Some(signature) = last.signature().copied() else { return Ok(None) };
        let (mut entries, mut size, mut first) = (Vec::new(), 0, feed.tip);
        let mut entry = last;
        loop {
            let raw = RawEntry::of(&entry);
            size += raw.expanded_len();
            if !entries.is_empty() && (size > AHEAD_EXPANDED || entries.len() == AHEAD_ENTRIES) {
                break;
            }
            first = Tip { seq: entry.header().seq, hash: entry.header().backlink };
            entries.push(raw);
            match self.entry(&feed.id, Seq(first.seq.0 - 1))? {
                Some((before, _)) if first.seq.0 > 2 => entry = before,
                _ => return Ok(None),
            }
        }
        entries.reverse();
        let link = Link::Entry(first_eight(&first.hash.0));
        Ok(Some((feed.genesis, first.hash, RawRun { feed: feed.id, first: first.seq, link, entries, signature })))
    }

    /// Checks entries from the end of a feed and gives the rows to write. None are returned that are of no use here:
    /// those we have come to hold meanwhile, or of a feed that is known to have forked.
    pub fn stage_ahead(
        &self,
        genesis: Genesis,
        before: EntryHash,
        run: RawRun,
        batch: &mut Batch,
    ) -> Result<Vec<VerifiedEntry>, VerifyError> {
        let feed = Feed::begin(genesis);
        let from = Tip { seq: Seq(run.first.0 - 1), hash: before };
        let last = run.last();
        let entries = verify_run(&feed, from, run)?;
        let passed = self.verified_tip(&feed.id).is_some_and(|tip| tip.seq >= last);
        if self.has_forked(&feed.id) || passed || self.ahead.len() >= MAX_AHEAD || self.ahead.contains_key(&feed.id) {
            return Ok(Vec::new());
        }
        for entry in &entries {
            batch.put(Table::Node, key(feed.id, entry.header().seq), stored::encode(entry, Arrival(0)));
        }
        Ok(entries)
    }

    /// The rows of these entries are durable.
    pub fn hold_ahead(&mut self, entries: Vec<VerifiedEntry>) {
        for entry in entries {
            let header = entry.header();
            self.ahead.entry(header.feed).or_default().insert(header.seq, entry);
        }
    }

    /// The entries of a record that are held ahead.
    pub fn ahead_of(&self, record: RecordId) -> impl Iterator<Item = &VerifiedEntry> {
        let entries = self.ahead.values().flat_map(BTreeMap::values);
        let tip = |feed: &FeedId| self.held.get(feed).map_or(Seq(0), |feed| feed.tip.seq);
        entries.filter(move |entry| entry.header().record == record && entry.header().seq > tip(&entry.header().feed))
    }

    /// The rows to remove once a feed is verified up to here: what was held ahead of it is let go when it is reached,
    /// and when the feed goes another way.
    pub(super) fn overtake(&self, feed: &FeedId, tip: Tip, batch: &mut Batch) {
        if self.is_overtaken(feed, tip) {
            self.let_go(feed, batch);
        }
    }

    fn is_overtaken(&self, feed: &FeedId, tip: Tip) -> bool {
        let Some(entries) = self.ahead.get(feed) else { return false };
        let all = entries.last_key_value().is_none_or(|(last, _)| *last <= tip.seq);
        all || entries.get(&tip.seq.next()).is_some_and(|entry| entry.header().backlink != tip.hash)
    }

    /// The rows to remove when nothing more is to be held ahead of a feed.
    pub(super) fn let_go(&self, feed: &FeedId, batch: &mut Batch) {
        let keys = self.ahead.get(feed).into_iter().flat_map(BTreeMap::keys);
        keys.for_each(|seq| batch.remove(Table::Node, key(*feed, *seq)));
    }

    /// Entries up to here are durable. Returns the records whose entries are no longer held ahead: they have come in
    /// their turn, or the feed went another way.
    pub(super) fn overtaken(&mut self, feed: &FeedId, tip: Tip) -> Vec<RecordId> {
        if self.is_overtaken(feed, tip) {
            return self.gone(feed);
        }
        let arrived = self.ahead.get(feed).and_then(|entries| entries.get(&tip.seq));
        arrived.map(|entry| entry.header().record).into_iter().collect()
    }

    /// Nothing more is held ahead of a feed. Returns the records that this concerns.
    pub(super) fn gone(&mut self, feed: &FeedId) -> Vec<RecordId> {
        let entries = self.ahead.remove(feed).unwrap_or_default();
        entries.values().map(|entry| entry.header().record).collect()
    }
}
