//! The search for the place where a feed forked: two nodes compare numbers and hashes until they know the last entry
//! that is the same on both sides and the first that is not. What both then show of it makes the proof.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{Session, SessionError};
use crate::{
    feed::Feed,
    frame::Frame,
    frontier,
    ids::{FeedId, Now, Seq},
    ledger::{Ledger, LedgerError},
    limits::MAX_PROBE,
    shelf::Shelf,
    verify::first_eight,
};

/// The feeds under suspicion: the last number known to be the same, and the first known to differ.
pub(super) type Suspects = BTreeMap<FeedId, Bounds>;

/// Between these the feed forked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    same: Seq,
    /// None while only the digests show that something differs somewhere.
    differs: Option<Seq>,
}

impl Session {
    /// Equal numbers under unequal digests: some feed forked, and we have to find which, and where.
    pub(super) fn suspect_all<S: Shelf>(&mut self, ledger: &Ledger<S>, now: Now) {
        let mut items = Vec::new();
        for feed in frontier::named(ledger.feeds()).filter(|feed| !feed.is_empty()) {
            self.suspects.insert(feed.id, Bounds { same: feed.start.seq, differs: None });
            items.push((feed.id, feed.tip.seq, first_eight(&feed.tip.hash.0)));
        }
        for some in items.chunks(MAX_PROBE) {
            self.send(&Frame::Compare(some.to_vec()), now);
        }
    }

    /// The peer sent an entry that differs from ours with the number `differs`. Asks which of our entries before it
    /// the peer shares; until the fork is found it sends no more of this feed.
    pub fn suspect<S: Shelf>(
        &mut self,
        feed: &Feed,
        differs: Seq,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), LedgerError> {
        self.hold(feed.id, feed.tip.seq, false, now);
        if let Entry::Vacant(unknown) = self.suspects.entry(feed.id) {
            unknown.insert(Bounds { same: feed.start.seq, differs: None });
            self.bound(feed, feed.start.seq, differs, ledger, now)?;
        }
        Ok(())
    }

    /// Goes on searching between two numbers; at the end our side of the fork goes to the peer, which can prove it.
    fn bound<S: Shelf>(
        &mut self,
        feed: &Feed,
        same: Seq,
        differs: Seq,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), LedgerError> {
        self.suspects.insert(feed.id, Bounds { same, differs: Some(differs) });
        if differs == same.next() {
            if let Some(side) = ledger.side_after(feed, same)? {
                self.send(&Frame::Side(feed.id, same, side), now);
            }
            return Ok(());
        }
        let between = differs.0 - same.0 - 1;
        let step = between.div_ceil(MAX_PROBE as u64);
        let mut items = Vec::new();
        for seq in (same.0 + 1..differs.0).rev().step_by(step as usize) {
            if let Some(hash) = ledger.hash_at(feed, Seq(seq))? {
                items.push((feed.id, Seq(seq), first_eight(&hash.0)));
            }
        }
        self.send(&Frame::Compare(items), now);
        Ok(())
    }

    pub(super) fn answer_compare<S: Shelf>(
        &mut self,
        items: &[(FeedId, Seq, [u8; 8])],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), LedgerError> {
        let mut compared = Vec::new();
        for (feed, seq, theirs) in items {
            let Some(held) = ledger.feed(feed) else { continue };
            if let Some(ours) = ledger.hash_at(held, *seq)? {
                compared.push((*feed, *seq, first_eight(&ours.0) == *theirs));
            }
        }
        self.send(&Frame::Compared(compared), now);
        Ok(())
    }

    /// Takes the answer to a comparison.
    pub(super) fn narrow<S: Shelf>(
        &mut self,
        items: &[(FeedId, Seq, bool)],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), SessionError> {
        let mut answers: BTreeMap<FeedId, Vec<(Seq, bool)>> = BTreeMap::new();
        for (feed, seq, same) in items {
            answers.entry(*feed).or_default().push((*seq, *same));
        }
        for (feed, answers) in answers {
            let (Some(bounds), Some(held)) = (self.suspects.get(&feed).copied(), ledger.feed(&feed)) else { continue };
            let within = |seq: Seq| {
                seq > bounds.same && seq <= held.tip.seq && bounds.differs.is_none_or(|differs| seq < differs)
            };
            let news = |wanted: bool| {
                answers.iter().filter(move |(seq, same)| *same == wanted && within(*seq)).map(|(seq, _)| *seq)
            };
            let same = news(true).max().unwrap_or(bounds.same);
            let differs = news(false).min().or(bounds.differs);
            match differs.filter(|differs| *differs > same) {
                // Nothing differs after all, or the peer contradicts itself.
                None => drop(self.suspects.remove(&feed)),
                Some(differs) if same != bounds.same || Some(differs) != bounds.differs => {
                    self.bound(held, same, differs, ledger, now)?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
