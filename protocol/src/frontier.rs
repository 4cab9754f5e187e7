//! Everyone's knowledge as one number per feed.
//!
//! A [`Frontier`] says how far each feed is held; two of them tell at once what either side lacks. A [`Digest`] is
//! 16 bytes over feeds, numbers and hashes: equal digests mean equal knowledge, and equal frontiers under unequal
//! digests mean that somewhere a feed forked.

use std::collections::BTreeMap;

use crate::{
    feed::{Feed, Tip},
    ids::{FeedId, Seq},
};

/// Feed → highest number held. Feeds of which nothing is held are left out; a branch stands here from the moment its
/// fork is proved, so that proofs spread like entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier(BTreeMap<FeedId, Seq>);

impl Frontier {
    /// How far `feed` is held; 0 where it is unknown.
    pub fn get(&self, feed: &FeedId) -> Seq {
        self.0.get(feed).copied().unwrap_or_default()
    }

    /// Whether the feed is named at all.
    pub fn names(&self, feed: &FeedId) -> bool {
        self.0.contains_key(feed)
    }

    /// Raises the number of `feed`; a frontier never goes back.
    pub fn raise(&mut self, feed: FeedId, seq: Seq) {
        let held = self.0.entry(feed).or_default();
        *held = seq.max(*held);
    }

    /// Takes back what was only supposed of `feed`.
    pub fn lower(&mut self, feed: FeedId, seq: Seq) {
        if let Some(held) = self.0.get_mut(&feed) {
            *held = seq.min(*held);
        }
    }

    /// The feeds and their numbers, in the order of the feeds' ids.
    pub fn iter(&self) -> impl Iterator<Item = (FeedId, Seq)> + '_ {
        self.0.iter().map(|(feed, seq)| (*feed, *seq))
    }

    /// How many feeds are named.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Entries that `self` holds and `other` lacks.
    pub fn lead_over(&self, other: &Frontier) -> u64 {
        self.iter().map(|(feed, seq)| seq.0.saturating_sub(other.get(&feed).0)).sum()
    }
}

impl FromIterator<(FeedId, Seq)> for Frontier {
    fn from_iter<I: IntoIterator<Item = (FeedId, Seq)>>(iter: I) -> Self {
        let mut frontier = Frontier::default();
        iter.into_iter().for_each(|(feed, seq)| frontier.raise(feed, seq));
        frontier
    }
}

/// 16 bytes over all that is held: (feed, number, entry hash) for every feed that a frontier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest of some feeds' tips. The order of the iterator must be that of the feeds' ids.
    pub fn of<'a>(tips: impl IntoIterator<Item = (&'a FeedId, &'a Tip)>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("toguna 2026 frontier digest");
        for (feed, tip) in tips {
            hasher.update(&feed.0);
            hasher.update(&tip.seq.0.to_be_bytes());
            hasher.update(&tip.hash.0);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Digest(digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The feeds that frontiers and digests name: those with entries, and every branch.
pub fn named<'a>(feeds: impl Iterator<Item = &'a Feed>) -> impl Iterator<Item = &'a Feed> {
    feeds.filter(|feed| !feed.is_empty() || feed.is_branch())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EntryHash;

    #[test]
    fn a_frontier_never_goes_back_and_counts_what_the_other_lacks() {
        let (a, b) = (FeedId([1; 32]), FeedId([2; 32]));
        let mut ours: Frontier = [(a, Seq(5)), (b, Seq(2))].into_iter().collect();
        ours.raise(a, Seq(3));
        let theirs: Frontier = [(a, Seq(1)), (b, Seq(9))].into_iter().collect();
        assert_eq!((ours.get(&a), ours.lead_over(&theirs), theirs.lead_over(&ours)), (Seq(5), 4, 7));
    }

    #[test]
    fn digests_tell_apart_what_frontiers_cannot() {
        let feed = FeedId([1; 32]);
        let tip = |hash| Tip { seq: Seq(4), hash: EntryHash([hash; 32]) };
        assert_eq!(Digest::of([(&feed, &tip(1))]), Digest::of([(&feed, &tip(1))]));
        assert_ne!(Digest::of([(&feed, &tip(1))]), Digest::of([(&feed, &tip(2))]));
    }
}
