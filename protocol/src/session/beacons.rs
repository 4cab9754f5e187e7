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
    wire::WireError,
};

/// A session's part in the spreading of beacons.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// What we first said that we hold, and what the peer did. Fixed, so that both always mean the same by it.
    ours: Option<Holdings>,
    theirs: Option<Holdings>,
    /// The holdings of the last beacon that went to the peer, and of the last that came.
    last_sent: Holdings,
    last_heard: Holdings,
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
        self.ours.get_or_insert_with(|| Holdings::of(frontier));
    }

    /// The peer has said that it holds this.
    pub(super) fn peer_holds(&mut self, frontier: impl IntoIterator<Item = (FeedId, Seq)>) {
        self.theirs.get_or_insert_with(|| Holdings::of(frontier));
    }

    /// The beacon against the base from which it differs least.
    fn tell(&mut self, beacon: &Beacon) -> Told {
        let nothing = Holdings::default();
        let told = Base::ALL.map(|base| {
            let holds = match base {
                Base::Sender => self.ours.as_ref().unwrap_or(&nothing),
                Base::Receiver => self.theirs.as_ref().unwrap_or(&nothing),
                Base::Last => &self.last_sent,
            };
            beacon.told(base, holds)
        });
        self.last_sent = beacon.holds().clone();
        told.into_iter().min_by_key(Told::bytes).expect("there are bases")
    }

    /// What a beacon of the peer says it holds.
    fn heard(&mut self, told: &Told) -> Result<Holdings, WireError> {
        let nothing = Holdings::default();
        let base = match told.base {
            Base::Sender => self.theirs.as_ref().unwrap_or(&nothing),
            Base::Receiver => self.ours.as_ref().unwrap_or(&nothing),
            Base::Last => &self.last_heard,
        };
        self.last_heard = told.delta.apply(base)?;
        Ok(self.last_heard.clone())
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
        self.version() >= 2
            && matches!(self.stage, Stage::Live { heard: true })
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
        let (mut since, mut bytes, mut chosen) = (last, 0, Vec::new());
        for (number, beacon) in kept {
            if !self.beacons.needs(beacon, number) {
                continue;
            }
            since = since.min(number - 1);
            if chosen.len() == MAX_BEACONS_AT_ONCE || bytes >= BEACON_FRAME {
                break;
            }
            let names = names.get_or_insert_with(|| names_of(ledger, &self.confirmed));
            let Some(feed) = names.get(&beacon.author()) else { continue };
            bytes += beacon.told(Base::Sender, self.beacons.ours.as_ref().unwrap_or(&Holdings::default())).bytes();
            chosen.push((*feed, beacon));
        }
        self.beacons.since = since;
        if chosen.is_empty() {
            self.beacons.caught_up = Some(last);
            return;
        }
        self.beacons.under_way = chosen.iter().map(|(_, beacon)| (beacon.author(), beacon.rank())).collect();
        // The newest is the most like what is held now, and each older one the most like the one after it.
        let told = chosen.into_iter().rev().map(|(feed, beacon)| (feed, self.beacons.tell(beacon)));
        let frame = Frame::Beacons(told.collect());
        self.send(&frame, now);
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
            let holds = self.beacons.heard(&told)?;
            let Some(author) = ledger.feed(&feed).map(|feed| feed.genesis.author) else { continue };
            // Even one that is older than ours: ours then goes back to the peer.
            self.beacons.has.insert(author, told.rank());
            heard.push((author, told, holds));
        }
        Ok(Some(Incoming::Beacons(heard)))
    }

    /// Thanks for a frame of beacons: they are durable here.
    pub fn thank_for_beacons(&mut self, now: Now) {
        self.send(&Frame::Beacons(Vec::new()), now);
    }
}

/// For each author of whom the peer holds something, a feed to name it by.
fn names_of<S: Shelf>(ledger: &Ledger<S>, peer: &Frontier) -> BTreeMap<AuthorKey, FeedId> {
    let known = ledger.feeds().filter(|feed| !feed.is_branch() && peer.get(&feed.id) > Seq(0));
    known.map(|feed| (feed.genesis.author, feed.id)).collect()
}
