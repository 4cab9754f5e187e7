//! What must hold whatever happens. The checkers know the protocol's types and what they are told; they know nothing of
//! the simulator that tells them, and use as little of the engine's own reasoning as they can.
//!
//! - [`durable`]: nothing is shown, announced or acknowledged before it is durable; nothing acknowledged is lost.
//! - [`authors`]: what stands in an honest author's feed is what that author wrote, and wrote once.
//! - [`agreement`]: at rest all hold, show and compute the same, every concurrent value included.
//! - [`bounds`]: frames, windows, sessions and feeds stay within `limits`, and bytes within what there was to send.

pub mod agreement;
pub mod authors;
pub mod bounds;
pub mod durable;

use std::fmt;

use toguna_protocol::{
    feed::Feed,
    ids::{EntryHash, FeedId, Seq},
    ledger::Ledger,
    shelf::{Batch, Shelf, Table},
    verify::stored,
};

/// What kind of promise was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The program panicked.
    Crash,
    /// Something happened that must never happen.
    Safety,
    /// Something did not happen that must happen in the end.
    Liveness,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What kind.
    pub broken: Broken,
    /// The rule, in a word that is the same for all its violations.
    pub rule: &'static str,
    /// What was found.
    pub found: String,
}

impl Violation {
    /// Something that must never happen.
    pub fn safety(rule: &'static str, found: impl Into<String>) -> Self {
        Violation { broken: Broken::Safety, rule, found: found.into() }
    }

    /// Something that did not happen.
    pub fn liveness(rule: &'static str, found: impl Into<String>) -> Self {
        Violation { broken: Broken::Liveness, rule, found: found.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}: {}", self.broken, self.rule, self.found)
    }
}

/// An entry in a batch or a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The feed its header names.
    pub feed: FeedId,
    /// Its number.
    pub seq: Seq,
    /// Its hash.
    pub hash: EntryHash,
}

/// The entries that a batch writes. `root` names the feed that the entries under a feed's rows belong to.
pub fn written(batch: &Batch, root: impl Fn(FeedId) -> FeedId) -> Vec<Written> {
    let entries = batch.writes.iter().filter(|write| write.table == Table::Entries);
    let read = |write: &toguna_protocol::shelf::Write| {
        let (rows, seq) = write.key.split_at_checked(FeedId::LEN)?;
        let (feed, seq) = (root(FeedId::from_slice(rows)?), Seq(u64::from_be_bytes(seq.try_into().ok()?)));
        let (entry, _) = stored::decode(feed, seq, write.value.as_ref()?).ok()?;
        Some(Written { feed, seq, hash: entry.hash() })
    };
    entries.filter_map(read).collect()
}

/// The entries that a store can be read to hold. Of a feed that cannot be read to its end: those up to the last
/// signature before the first that is missing, since nothing answers for what comes after.
pub fn held<S: Shelf>(shelf: S) -> Vec<Written> {
    let Ok(ledger) = Ledger::open(shelf) else { return Vec::new() };
    let of = |feed: &Feed| {
        let (mut found, mut signed) = (Vec::new(), 0);
        for seq in (feed.start.seq.0 + 1..=feed.tip.seq.0).map(Seq) {
            let Some((entry, _)) = ledger.entry(&feed.id, seq).ok().flatten() else {
                found.truncate(signed);
                break;
            };
            found.push(Written { feed: feed.root, seq, hash: entry.hash() });
            if entry.signature().is_some() {
                signed = found.len();
            }
        }
        found
    };
    ledger.feeds().flat_map(of).collect()
}
