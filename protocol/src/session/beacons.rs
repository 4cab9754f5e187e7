//! What passes between two peers in beacons: those the other may not have, a frame at a time, each frame thanked for.
//!
//! Which beacons a peer has is remembered in one number: every beacon gets one when it comes here, and the peer has all
//! up to its own. The number outlives sessions, and is forgotten when the peer's store changed its mark. Where it is
//! wrong, a beacon goes twice, or not before that node's next one.

use std::collections::BTreeMap;

use super::{Incoming, Session, SessionError, Stage};
use crate::{
    beacon::{Base, Beacon, Holdings, Rank, Told},
    frame::Frame,
    frontier::Frontier,
    ids::{AuthorKey, Epoch, FeedId, Now, Seq},
    ledger::Ledger,
    limits::{BEACON_FRAME, MAX_BEACONS_AT_ONCE},
    shelf::Shelf,
};

/// What one direction's deltas are made against.
#[derive(Debug, Default)]
struct Bases {
    said: Holdings,
    last: Holdings,
}

impl Bases {
    fn get(&self, base: Base) -> &Holdings {
        match base {
            Base::Said => &self.said,
            Base::Last => &self.last,
        }
    }

    /// The beacon against the base from which it differs least.
    fn tell(&mut self, beacon: &Beacon) -> Told {
        let [said, last] = [Base::Said, Base::Last].map(|base| beacon.told(base, self.get(base)));
        self.last = beacon.holds().clone();
        if said.delta.bytes() <= last.delta.bytes() { said } else { last }
    }
}

/// A session's part in the spreading of beacons.
#[derive(Debug, Default)]
pub(super) struct Talk {
    ours: Bases,
    theirs: Bases,
    /// The mark of the peer's store.
    epoch: Epoch,
    /// Beacons that the peer is known to have.
    has: BTreeMap<AuthorKey, Rank>,
    /// Of all others the peer has those that came here up to this one.
    since: u64,
    /// Sent, and not yet thanked for.
    under_way: Vec<(AuthorKey, Rank)>,
    /// The last that had come here when there was nothing to tell.
    caught_up: Option<u64>,
}

impl Talk {
    /// We have said that we hold this.
    pub(super) fn we_hold(&mut self, frontier: impl IntoIterator<Item = (FeedId, Seq)>) {
        self.ours.said = Holdings::of(frontier);
    }

    /// The peer has said that it holds this.
    pub(super) fn peer_holds(&mut self, frontier: impl IntoIterator<Item = (FeedId, Seq)>) {
        self.theirs.said = Holdings::of(frontier);
    }

    /// The peer's store has this mark.
    pub(super) fn is_at(&mut self, epoch: Epoch) {
        self.epoch = epoch;
    }

    fn needs(&self, beacon: &Beacon, number: u64) -> bool {
        match self.has.get(&beacon.author()) {
            Some(rank) => *rank < beacon.rank(),
            None => number > self.since,
        }
    }
}

impl Session {
    /// Where an earlier session with this peer came to; of no use if the peer's store is no longer the same.
    pub fn remember_beacons(&mut self, epoch: Epoch, since: u64) {
        if self.beacons.epoch == epoch {
            self.beacons.since = since;
        }
    }

    /// What the next session with this peer is to remember.
    pub fn beacons_told(&self) -> (Epoch, u64) {
        (self.beacons.epoch, self.beacons.since)
    }

    /// Whether there may be something to tell, when the last beacon to come here had this number.
    pub fn may_tell_beacons(&self, last: u64) -> bool {
        matches!(self.stage, Stage::Live { heard: true })
            && self.beacons.under_way.is_empty()
            && self.beacons.caught_up != Some(last)
    }

    /// Sends a frame of beacons that the peer may not have; `kept` are all there are, in the order in which they came.
    /// Those of authors unknown to the peer wait until it holds something of theirs.
    pub fn tell_beacons<'a, S: Shelf>(
        &mut self,
        kept: impl Iterator<Item = (u64, &'a Beacon)>,
        last: u64,
        ledger: &Ledger<S>,
        now: Now,
    ) {
        let mut names = None;
        let (mut since, mut bytes, mut told) = (last, 0, Vec::new());
        for (number, beacon) in kept {
            if !self.beacons.needs(beacon, number) {
                continue;
            }
            since = since.min(number - 1);
            if told.len() == MAX_BEACONS_AT_ONCE || bytes >= BEACON_FRAME {
                break;
            }
            let names = names.get_or_insert_with(|| names_of(ledger, &self.confirmed));
            let Some(feed) = names.get(&beacon.author()) else { continue };
            let one = self.beacons.ours.tell(beacon);
            bytes += one.bytes();
            told.push((*feed, one));
            self.beacons.under_way.push((beacon.author(), beacon.rank()));
        }
        self.beacons.since = since;
        if told.is_empty() {
            self.beacons.caught_up = Some(last);
        } else {
            self.send(&Frame::Beacons(told), now);
        }
    }

    /// Looks again from time to time: the peer may meanwhile know authors that it did not know.
    pub(super) fn look_again_for_beacons(&mut self) {
        if self.beacons.caught_up.is_some_and(|last| self.beacons.since < last) {
            self.beacons.caught_up = None;
        }
    }

    /// Takes beacons, or the thanks for ours. Whose they are and whether they are signed is for the engine to see.
    pub(super) fn hear_beacons<S: Shelf>(
        &mut self,
        told: Vec<(FeedId, Told)>,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<Option<Incoming>, SessionError> {
        self.beacons.caught_up = None;
        if told.is_empty() {
            let thanked = std::mem::take(&mut self.beacons.under_way);
            self.beacons.has.extend(thanked);
            return Ok(None);
        }
        self.count_question()?;
        let mut heard = Vec::new();
        for (feed, told) in told {
            let holds = told.delta.apply(self.beacons.theirs.get(told.base))?;
            self.beacons.theirs.last = holds.clone();
            let Some(author) = ledger.feed(&feed).map(|feed| feed.genesis.author) else { continue };
            // Even one that is older than ours: ours then goes back to the peer.
            self.beacons.has.insert(author, told.rank());
            heard.push((author, told, holds));
        }
        self.send(&Frame::Beacons(Vec::new()), now);
        Ok(Some(Incoming::Beacons(heard)))
    }
}

/// For each author of whom the peer holds something, a feed to name it by.
fn names_of<S: Shelf>(ledger: &Ledger<S>, peer: &Frontier) -> BTreeMap<AuthorKey, FeedId> {
    let known = ledger.feeds().filter(|feed| !feed.is_branch() && peer.get(&feed.id) > Seq(0));
    known.map(|feed| (feed.genesis.author, feed.id)).collect()
}
