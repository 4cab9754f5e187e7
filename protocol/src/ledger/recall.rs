//! What is kept in mind of entries so that runs can be packed and unpacked without reading their feed again: the
//! tails before the place where each feed goes on, and what changes tell of those that rest on them.
//!
//! Nothing here is the truth: all of it can be read from the store, and is, whenever it is not at hand.

#[cfg(any(test, feature = "testing"))]
mod once;

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, PoisonError},
};

use automerge::{ActorId, ChangeHash};
use lru::LruCache;

use super::{Ledger, LedgerError};
use crate::{
    chunk::{Before, Effort, Packed},
    entry::{
        VerifiedEntry,
        strip::{self, ExpandError, Known, Parent, Trail},
    },
    feed::Feed,
    ids::{Arrival, EntryHash, FeedId, RecordId, Seq},
    limits::{CHUNK_WINDOW, MAX_LOOK_BACK, PARENTS, WINDOWS},
    shelf::Shelf,
    verify::RawRun,
};

/// The tails of the entries of one feed before a place.
#[derive(Debug, Default)]
struct Window {
    /// The place: the number of the entry that would come next.
    before: Seq,
    tails: VecDeque<Arc<[u8]>>,
    bytes: usize,
    trail: Trail,
}

impl Window {
    fn at(before: Seq) -> Self {
        Window { before, ..Window::default() }
    }

    fn push(&mut self, entry: &VerifiedEntry) {
        let tail = tail(entry);
        self.bytes += tail.len();
        self.tails.push_back(tail);
        while self.bytes > CHUNK_WINDOW {
            self.bytes -= self.tails.pop_front().map_or(0, |tail| tail.len());
        }
        self.trail = Trail::of(entry.payload());
        self.before = entry.header().seq.next();
    }
}

fn tail(entry: &VerifiedEntry) -> Arc<[u8]> {
    let tail = || strip::tail(entry.payload()).into();
    #[cfg(any(test, feature = "testing"))]
    return crate::memo::tail(entry.payload(), tail);
    #[cfg(not(any(test, feature = "testing")))]
    tail()
}

/// Entries after a window for which it is worth to go on from it.
const WORTH_GOING_ON: u64 = 1_024;

/// Actors that are kept in mind with their feeds.
const ACTORS: usize = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Recall {
    windows: LruCache<FeedId, Window>,
    parents: LruCache<(FeedId, Seq), Parent>,
    places: LruCache<ChangeHash, (FeedId, Seq)>,
    /// Whose actors were asked for: finding one takes a hash of every feed.
    actors: LruCache<ActorId, FeedId>,
}

impl Default for Recall {
    fn default() -> Self {
        let size = |size| NonZeroUsize::new(size).expect("the bounds are not zero");
        Recall {
            windows: LruCache::new(size(WINDOWS)),
            parents: LruCache::new(size(PARENTS)),
            places: LruCache::new(size(PARENTS)),
            actors: LruCache::new(size(ACTORS)),
        }
    }
}

/// Why a run that came packed could not be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// It follows after a place that is not held here.
    #[error("a run was sent after entries that are not here")]
    Gap,
    /// It leans on what is not here, or is not here as it is there. Sent plain it tells more.
    #[error("a packed run could not be put together again")]
    Astray,
}

impl<S: Shelf> Ledger<S> {
    /// Forgets what was kept in mind: entries gave way to others, or may.
    pub(super) fn forget(&mut self) {
        *self.recall.get_mut().unwrap_or_else(PoisonError::into_inner) = Recall::default();
    }

    fn recall<T>(&self, act: impl FnOnce(&mut Recall) -> T) -> T {
        act(&mut self.recall.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The entry `seq` of a feed, durable or still being written.
    fn verified_entry(&self, feed: &FeedId, seq: Seq) -> Result<Option<VerifiedEntry>, LedgerError> {
        match self.unwritten.get(&(*feed, seq)) {
            Some(entry) => Ok(Some(entry.clone())),
            None => Ok(self.entry(feed, seq)?.map(|(entry, _)| entry)),
        }
    }

    /// What both ends hold of a feed before its entry `first`; `None` where we do not hold all of it.
    fn before(&self, feed: &Feed, first: Seq) -> Result<Option<Before>, LedgerError> {
        let mut window = match self.recall(|recall| recall.windows.pop(&feed.id)) {
            Some(window) if window.before <= first && first.0 - window.before.0 <= WORTH_GOING_ON => window,
            _ => Window::at(feed.start.seq.next()),
        };
        // Backwards over what the window may hold, then forwards into it.
        let (mut seq, mut bytes, mut entries) = (first, 0, Vec::new());
        while seq > window.before && bytes <= CHUNK_WINDOW {
            seq = Seq(seq.0 - 1);
            let Some(entry) = self.verified_entry(&feed.id, seq)? else { return Ok(None) };
            bytes += tail(&entry).len();
            entries.push(entry);
        }
        if seq > window.before {
            window = Window::at(seq);
        }
        entries.iter().rev().for_each(|entry| window.push(entry));
        let whole = window.before == first;
        let before = Before { tails: window.tails.iter().cloned().collect(), trail: window.trail.clone() };
        self.recall(|recall| recall.windows.put(feed.id, window));
        Ok(whole.then_some(before))
    }

    /// Packs a run of a feed for someone who holds all that came before it, and of other feeds what `holds` says.
    pub fn pack(
        &self,
        feed: &Feed,
        run: &RawRun,
        holds: impl Fn(&FeedId) -> Seq,
        effort: Effort,
    ) -> Result<Packed, LedgerError> {
        #[cfg(any(test, feature = "testing"))]
        return once::packed(self, feed, run, &holds, effort, |known| self.pack_anew(feed, run, known, effort));
        #[cfg(not(any(test, feature = "testing")))]
        self.pack_anew(feed, run, &Between { ledger: self, holds }, effort)
    }

    fn pack_anew(&self, feed: &Feed, run: &RawRun, known: &impl Known, effort: Effort) -> Result<Packed, LedgerError> {
        let Some(before) = self.before(feed, run.first)? else { return Ok(Packed::plain(run)) };
        Ok(Packed::stripped(run, feed.root, &before, known, effort))
    }

    /// Unpacks a stripped run of `feed`.
    pub fn unpack(&self, feed: &Feed, packed: Packed) -> Result<Result<RawRun, UnpackError>, LedgerError> {
        let place = Seq(packed.first.0 - 1);
        let tip = self.verified.get(&feed.id).copied().unwrap_or(feed.tip);
        let hash = match place {
            place if place == tip.seq => Some(tip.hash),
            place => match self.unwritten.get(&(feed.id, place)) {
                Some(entry) => Some(entry.hash()),
                None => self.hash_at(feed, place)?,
            },
        };
        let Some(hash) = hash else { return Ok(Err(UnpackError::Gap)) };
        #[cfg(any(test, feature = "testing"))]
        return once::unpacked(self, &hash, packed, |packed, known| self.unpack_anew(feed, packed, &hash, known));
        #[cfg(not(any(test, feature = "testing")))]
        // Whatever the sender knows that we hold, we hold.
        self.unpack_anew(feed, packed, &hash, &Between { ledger: self, holds: |_: &FeedId| Seq(u64::MAX) })
    }

    fn unpack_anew(
        &self,
        feed: &Feed,
        packed: Packed,
        hash: &EntryHash,
        known: &impl Known,
    ) -> Result<Result<RawRun, UnpackError>, LedgerError> {
        let Some(before) = self.before(feed, packed.first)? else { return Ok(Err(UnpackError::Gap)) };
        Ok(packed.unpack_stripped(feed, hash, &before, known).map_err(|error| match error {
            ExpandError::Unknown | ExpandError::Wire(_) => UnpackError::Astray,
        }))
    }
}

/// What we know of entries, as far as the other end holds them too.
struct Between<'a, S, H> {
    ledger: &'a Ledger<S>,
    holds: H,
}

impl<S: Shelf, H: Fn(&FeedId) -> Seq> Known for Between<'_, S, H> {
    fn find(&self, change: &ChangeHash, record: RecordId) -> Option<(FeedId, Seq)> {
        let held = |(feed, seq): &(FeedId, Seq)| (self.holds)(feed) >= *seq;
        if let Some(place) = self.ledger.recall(|recall| recall.places.get(change).copied()) {
            return Some(place).filter(held);
        }
        // A store that cannot be read will be noticed where it matters; here it only costs bytes.
        let places = self.ledger.record_places(record, Arrival(0)).ok()?;
        places.iter().rev().take(MAX_LOOK_BACK).map(|place| (place.feed, place.seq)).find_map(|(feed, seq)| {
            let found = self.parent(feed, seq)?.change == *change;
            found.then_some((feed, seq)).filter(held)
        })
    }

    fn parent(&self, feed: FeedId, seq: Seq) -> Option<Parent> {
        if let Some(parent) = self.ledger.recall(|recall| recall.parents.get(&(feed, seq)).cloned()) {
            return Some(parent);
        }
        let parent = Parent::of(&self.ledger.verified_entry(&feed, seq).ok()??)?;
        self.ledger.recall(|recall| {
            recall.places.put(parent.change, (feed, seq));
            recall.parents.put((feed, seq), parent.clone());
        });
        Some(parent)
    }

    fn feed_of(&self, actor: &ActorId) -> Option<FeedId> {
        if let Some(feed) = self.ledger.recall(|recall| recall.actors.get(actor).copied()) {
            return Some(feed);
        }
        let mut roots = self.ledger.feeds().filter(|feed| !feed.is_branch()).map(|feed| feed.id);
        let feed = roots.find(|feed| feed.actor() == *actor)?;
        self.ledger.recall(|recall| recall.actors.put(actor.clone(), feed));
        Some(feed)
    }
}
