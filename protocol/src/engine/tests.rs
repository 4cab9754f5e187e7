//! Nodes in a world of their own: see [`crate::testing`].

mod ahead;
mod anything;
mod beacons;
mod beyond;
mod bundles;
mod convergence;
mod drafts;
mod evaluations;
mod failures;
mod forks;
mod hostile;
mod lanes;
mod past;
mod plan;
mod sent;
mod settled;
mod speed;

use super::Saved;
use crate::{ids::Arrival, ledger::Ledger, testing::MemoryShelf};

/// Whether a store holds the entry that was confirmed.
fn holds(shelf: &MemoryShelf, saved: &Saved) -> bool {
    let ledger = Ledger::open(shelf.clone()).expect("the store opens");
    let places = ledger.record_places(saved.record, Arrival(0)).expect("memory can be read");
    let hash = |place: &crate::ledger::Place| ledger.entry(&place.feed, place.seq).ok().flatten().map(|e| e.0.hash());
    places.iter().any(|place| hash(place) == saved.entry)
}
