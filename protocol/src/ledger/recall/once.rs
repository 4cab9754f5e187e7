//! Runs that are packed and unpacked once for all nodes of a made-up world ([`crate::memo`]). What comes of that hangs on
//! the run, on the feed before it, which its hashes answer for, and on the places it leans on: those must be held here,
//! and by the other end, for what another node worked out to count here.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use automerge::{ActorId, ChangeHash};

use super::{Between, UnpackError};
use crate::{
    chunk::{Effort, Packed},
    entry::strip::{Known, Parent},
    feed::Feed,
    ids::{EntryHash, FeedId, RecordId, Seq},
    ledger::{Ledger, LedgerError},
    memo::{self, Memo},
    shelf::Shelf,
    verify::RawRun,
};

/// Places that a run leans on.
type Places = BTreeSet<(FeedId, Seq)>;

/// Where a run begins, and its signature.
type Start = (FeedId, Seq, [u8; 64]);
/// The hash before a run, the run as it came, and what came out of it.
type Unpacked = (EntryHash, Packed, RawRun, Places);

thread_local! {
    static PACKED: Memo<(Start, bool), (Packed, Places)> = Memo::default();
    static UNPACKED: Memo<Start, Unpacked> = Memo::default();
}

/// What we know, and a note of what was asked.
pub(super) struct Noting<K> {
    known: K,
    places: RefCell<Places>,
    /// Something was not known: elsewhere it may be.
    missed: Cell<bool>,
}

impl<K: Known> Noting<K> {
    fn of(known: K) -> Self {
        Noting { known, places: RefCell::default(), missed: Cell::new(false) }
    }

    fn note<T>(&self, place: impl FnOnce(&T) -> (FeedId, Seq), answer: Option<T>) -> Option<T> {
        match &answer {
            Some(found) => drop(self.places.borrow_mut().insert(place(found))),
            None => self.missed.set(true),
        }
        answer
    }

    fn places(&self) -> Option<Places> {
        (!self.missed.get()).then(|| self.places.borrow().clone())
    }
}

impl<K: Known> Known for Noting<K> {
    fn find(&self, change: &ChangeHash, record: RecordId) -> Option<(FeedId, Seq)> {
        self.note(|place| *place, self.known.find(change, record))
    }

    fn parent(&self, feed: FeedId, seq: Seq) -> Option<Parent> {
        self.note(|_| (feed, seq), self.known.parent(feed, seq))
    }

    fn feed_of(&self, actor: &ActorId) -> Option<FeedId> {
        self.note(|feed| (*feed, Seq(0)), self.known.feed_of(actor))
    }
}

fn holds<S: Shelf>(ledger: &Ledger<S>, (feed, seq): &(FeedId, Seq)) -> bool {
    ledger.verified_tip(feed).is_some_and(|tip| tip.seq >= *seq)
}

/// A run as it is packed for a peer that holds so much of each feed.
pub(super) fn packed<S: Shelf>(
    ledger: &Ledger<S>,
    feed: &Feed,
    run: &RawRun,
    peer: impl Fn(&FeedId) -> Seq,
    effort: Effort,
    pack: impl FnOnce(&Noting<Between<'_, S, &dyn Fn(&FeedId) -> Seq>>) -> Result<Packed, LedgerError>,
) -> Result<Packed, LedgerError> {
    let known = Noting::of(Between { ledger, holds: &peer as &dyn Fn(&FeedId) -> Seq });
    let both_hold = |place: &(FeedId, Seq)| holds(ledger, place) && peer(&place.0) >= place.1;
    PACKED.with(|memo| {
        memo.recall(
            || ((feed.id, run.first, run.signature.0), effort == Effort::Thin),
            |(packed, places)| places.iter().all(both_hold).then(|| Ok(packed.clone())),
            || pack(&known),
            |result| Some((result.as_ref().ok()?.clone(), known.places()?)),
        )
    })
}

/// A run as it comes out after the entry with this hash.
pub(super) fn unpacked<S: Shelf>(
    ledger: &Ledger<S>,
    before: &EntryHash,
    packed: Packed,
    unpack: impl FnOnce(
        Packed,
        &Noting<Between<'_, S, fn(&FeedId) -> Seq>>,
    ) -> Result<Result<RawRun, UnpackError>, LedgerError>,
) -> Result<Result<RawRun, UnpackError>, LedgerError> {
    let everything: fn(&FeedId) -> Seq = |_| Seq(u64::MAX);
    let known = Noting::of(Between { ledger, holds: everything });
    if !memo::is_on() {
        return unpack(packed, &known);
    }
    UNPACKED.with(|memo| {
        memo.recall(
            || (packed.feed, packed.first, packed.signature.0),
            |(hash, other, run, places)| {
                let same = hash == before && *other == packed && places.iter().all(|place| holds(ledger, place));
                same.then(|| Ok(Ok(run.clone())))
            },
            || unpack(packed.clone(), &known),
            |result| {
                let run = result.as_ref().ok()?.as_ref().ok()?.clone();
                Some((*before, packed.clone(), run, known.places()?))
            },
        )
    })
}
