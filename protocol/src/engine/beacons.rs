//! The beacons that are kept here, our own among them, and when we make a new one.
//!
//! Our own is kept like all others, and the greatest rank counts: so after a restore the one that the network still
//! holds of us comes back, says what we no longer hold, and the next one we make counts on from it.

mod kept;

use std::collections::{BTreeMap, BTreeSet};

use self::kept::Kept;
pub use self::kept::{Carrier, Word};
use super::{ConnId, Engine, Observation, Work};
use crate::{
    beacon::{Beacon, Claim, Holdings, Rank, Told},
    feed::Feed,
    frame::Reason,
    frontier::Digest,
    ids::{AuthorKey, Epoch, FeedId, Moment, Now},
    ledger::{Ledger, LedgerError},
    limits::{MAX_BEACON_BYTES, MAX_FEEDS},
    session::SessionError,
    shelf::{Batch, Shelf, Table},
    wire::{self, Reader},
};

/// Seconds after which a node says again what it has already said.
const DAY: u64 = 86_400;

/// Milliseconds for which what we hold must be unchanged before we say so: one beacon for a whole exchange.
const STILL: u64 = 2_000;

/// Milliseconds after which we say so all the same.
const AT_LATEST: u64 = 60_000;

/// Beacons a node may make at once, and milliseconds until it may make one more: on links that are always up, sixty
/// offices that never rest stay below ten bytes a second.
const AT_ONCE: u32 = 10;
const ONE_MORE_AFTER: u64 = 600_000;

/// Feeds for which that is so. In a larger network there are more beacons, each goes to more nodes and names more feeds:
/// the pace falls with the square of their number, so that all beacons together take no more of a link than before.
const FEW_FEEDS: u64 = 60;

/// Milliseconds after which one more may be made in any network: a week, which is reached with some 1 900 feeds. With 4 096,
/// as many as nodes take, all beacons may come to forty bytes a second, half a percent of the thinnest link.
const ONE_MORE_AT_LATEST: u64 = 7 * 86_400_000;

/// Milliseconds between two writes of what no peer is thanked for, such as our own beacon: losing it costs little, and
/// every write takes some kilobytes of disk.
const WRITE_AFTER: u64 = 30_000;

/// Before the author in the keys of [`Table::Beacons`]: its beacon.
const BEACON: u8 = b'b';
/// Before a peer: which beacons it has.
const PEER: u8 = b'p';

/// All beacons that are kept, and which of them each peer has.
#[derive(Default)]
pub(super) struct Beacons {
    kept: BTreeMap<AuthorKey, Kept>,
    order: BTreeMap<u64, AuthorKey>,
    /// The number of the last that came.
    last: u64,
    bytes: usize,
    peers: BTreeMap<AuthorKey, (Epoch, u64)>,
    /// Keys of rows that are not written yet.
    unwritten: BTreeSet<(u8, AuthorKey)>,
    /// When rows were last written.
    written: Moment,
    pace: Pace,
}

impl Beacons {
    /// Reads what is stored. A row that cannot be read counts as lost, as all of them may be.
    pub(super) fn load<S: Shelf>(ledger: &Ledger<S>) -> Result<Self, LedgerError> {
        let mut beacons = Beacons::default();
        let mut unreadable = Vec::new();
        ledger.shelf().scan(Table::Beacons, &[], None, &mut |key, row| {
            if beacons.read_row(key, &row).is_none() {
                unreadable.extend(key.split_first().and_then(|(kind, key)| Some((*kind, AuthorKey::from_slice(key)?))));
            }
            true
        })?;
        beacons.unwritten.extend(unreadable);
        Ok(beacons)
    }

    fn read_row(&mut self, key: &[u8], row: &[u8]) -> Option<()> {
        let (kind, author) = key.split_first()?;
        let author = AuthorKey::from_slice(author)?;
        if *kind == PEER {
            let mut reader = Reader::new(row);
            let epoch = Epoch(reader.array("epoch").ok()?);
            let since = reader.number("beacon number").ok()?;
            self.last = self.last.max(since);
            self.peers.insert(author, (epoch, since));
        } else {
            let kept = Kept::decode(row).ok().filter(|kept| kept.beacon.author() == author)?;
            self.last = self.last.max(kept.number);
            self.bytes += kept.size();
            self.order.insert(kept.number, author);
            self.kept.insert(author, kept);
        }
        Some(())
    }

    pub(super) fn get(&self, author: &AuthorKey) -> Option<&Kept> {
        self.kept.get(author)
    }

    /// All that are kept, by author.
    pub(super) fn all(&self) -> impl Iterator<Item = (&AuthorKey, &Kept)> {
        self.kept.iter()
    }

    /// Keeps a beacon if it is newer than what is kept of its author.
    fn take(&mut self, beacon: Beacon, word: Word) {
        let author = beacon.author();
        let old = self.kept.get(&author);
        let freed = old.map_or(0, Kept::size);
        let newer = old.is_none_or(|old| old.beacon.rank() < beacon.rank());
        if !newer || self.bytes - freed + beacon.encode().len() > MAX_BEACON_BYTES {
            return;
        }
        let old = self.kept.remove(&author);
        if let Some(old) = &old {
            self.order.remove(&old.number);
        }
        self.last += 1;
        let kept = Kept::after(old, beacon, self.last, word);
        self.bytes = self.bytes - freed + kept.size();
        self.order.insert(self.last, author);
        self.kept.insert(author, kept);
        self.unwritten.insert((BEACON, author));
    }

    fn in_order(&self) -> impl Iterator<Item = (u64, &Beacon)> {
        self.order.iter().map(|(number, author)| (*number, &self.kept[author].beacon))
    }

    /// Takes note of which beacons a peer has.
    fn note_peer(&mut self, peer: AuthorKey, told: (Epoch, u64)) {
        let room = self.peers.len() < MAX_FEEDS || self.peers.contains_key(&peer);
        if room && self.peers.get(&peer) != Some(&told) {
            self.peers.insert(peer, told);
            self.unwritten.insert((PEER, peer));
        }
    }

    /// Nothing that was given to the store since the start is sure to be there.
    pub(super) fn write_again(&mut self) {
        self.unwritten.extend(self.kept.keys().map(|author| (BEACON, *author)));
        self.unwritten.extend(self.peers.keys().map(|peer| (PEER, *peer)));
    }

    fn write(&mut self) -> Batch {
        let mut batch = Batch::default();
        for (kind, author) in std::mem::take(&mut self.unwritten) {
            let row = match kind {
                PEER => self.peers.get(&author).map(|(epoch, since)| {
                    let mut row = epoch.0.to_vec();
                    wire::put_number(&mut row, *since);
                    row
                }),
                _ => self.kept.get(&author).map(Kept::encode),
            };
            let key = [&[kind], &author.0[..]].concat();
            match row {
                Some(row) => batch.put(Table::Beacons, key, row),
                None => batch.remove(Table::Beacons, key),
            }
        }
        batch
    }
}

/// When the next beacon of ours may be made.
struct Pace {
    holds: Option<Digest>,
    /// Whether our newest beacon says what is held: asked with every tick, and long to work out.
    says: Option<(Rank, Digest, bool)>,
    still_since: Moment,
    due_since: Option<Moment>,
    allowance: u32,
    counted: Moment,
}

impl Default for Pace {
    fn default() -> Self {
        let (holds, says, due_since, still_since, counted) = Default::default();
        Pace { holds, says, still_since, due_since, allowance: AT_ONCE, counted }
    }
}

/// How many beacons a node may make at once, and the milliseconds until one more, where it holds so many feeds.
fn measures(feeds: usize) -> (u32, u64) {
    let (few, square) = (FEW_FEEDS.pow(2), (feeds as u64).max(FEW_FEEDS).pow(2));
    let at_once = u64::from(AT_ONCE) * few / square;
    (at_once.max(1) as u32, (ONE_MORE_AFTER * square / few).min(ONE_MORE_AT_LATEST))
}

impl Pace {
    /// Whether a beacon that is due is to be made now.
    fn is_time(&mut self, holds: Digest, feeds: usize, now: Moment) -> bool {
        let (at_once, one_more_after) = measures(feeds);
        self.allowance = self.allowance.min(at_once);
        if self.holds.replace(holds) != Some(holds) {
            self.still_since = now;
        }
        if self.allowance >= at_once {
            self.counted = now;
        } else if now.0.saturating_sub(self.counted.0) >= one_more_after {
            self.allowance += 1;
            self.counted.0 += one_more_after;
        }
        let due_since = *self.due_since.get_or_insert(now);
        let since = |then: Moment| now.0.saturating_sub(then.0);
        self.allowance > 0 && (since(self.still_since) >= STILL || since(due_since) >= AT_LATEST)
    }

    fn made(&mut self) {
        self.allowance -= 1;
        self.due_since = None;
    }
}

impl<S: Shelf> Engine<S> {
    /// A node's newest beacon; our own included.
    pub fn beacon(&self, author: &AuthorKey) -> Option<&Beacon> {
        self.beacons.get(author).map(|kept| &kept.beacon)
    }

    /// Beacons came from a peer. Only those of authors with a feed get here, which bounds their number.
    pub(super) fn learn_beacons(
        &mut self,
        conn: ConnId,
        beacons: Vec<(AuthorKey, Told, Holdings)>,
        now: Now,
    ) -> Result<(), SessionError> {
        let (via, mut news) = (self.sessions[&conn].peer(), 0);
        for (author, told, holds) in beacons {
            if self.beacons.get(&author).is_some_and(|kept| kept.beacon.rank() >= told.rank()) {
                continue;
            }
            // Whoever passes a beacon on has checked it.
            let beacon = Beacon::verify(&self.signer.network(), author, told, holds)
                .ok_or(SessionError::Offence(Reason::Signature))?;
            let carrier = if via == author { Carrier::Link } else { Carrier::Office { via } };
            let word = Word { stated_at: beacon.claim().clock, heard_at: now.wall, carrier };
            self.beacons.take(beacon, word);
            news += 1;
        }
        self.thank_when_durable(conn, now);
        if news > 0 {
            self.observe(Observation::BeaconsHeard { peer: via, beacons: news });
        }
        Ok(())
    }

    /// A peer that is thanked does not bring the same beacons again, and their authors may be silent for weeks.
    fn thank_when_durable(&mut self, conn: ConnId, now: Now) {
        let batch = self.beacons.write();
        let writing = self.pending.iter().any(|pending| matches!(pending.work, Work::Beacons { .. }));
        if !batch.is_empty() || writing {
            self.persist(batch, true, Work::Beacons { thank: Some(conn) });
        } else if let Some(session) = self.sessions.get_mut(&conn) {
            session.thank_for_beacons(now);
        }
    }

    /// Makes a beacon of ours whatever was said before: somebody carries it away now.
    pub(super) fn make_beacon_at_once(&mut self, now: Now) {
        if self.ledger.feed(&self.own).is_none_or(Feed::is_empty) {
            return;
        }
        let newest = self.beacons.get(&self.signer.author()).map(|kept| &kept.beacon);
        let counter = newest.map_or(1, |newest| newest.claim().counter.saturating_add(1));
        let claim = Claim::new(counter, now.wall, &self.settings.version);
        let word = Word { stated_at: claim.clock, heard_at: now.wall, carrier: Carrier::Here };
        let holds = Holdings::of(self.ledger.frontier().iter());
        self.beacons.take(Beacon::sign(&self.signer, claim, holds), word);
    }

    /// All beacons whose authors have entries here, the newest first, each with a feed of its author.
    pub(super) fn beacons_to_carry(&self) -> Vec<(FeedId, Beacon)> {
        let known = self.ledger.feeds().filter(|feed| !feed.is_branch() && !feed.is_empty());
        let names: BTreeMap<AuthorKey, FeedId> = known.map(|feed| (feed.genesis.author, feed.id)).collect();
        let named = |beacon: &Beacon| Some((*names.get(&beacon.author())?, beacon.clone()));
        let mut carried: Vec<_> = self.beacons.in_order().filter_map(|(_, beacon)| named(beacon)).collect();
        carried.reverse();
        carried
    }

    /// A beacon came in a bundle that `via` made. Whether it is its author's and news to us; `None` if it is not its author's.
    pub(super) fn carried_beacon(
        &mut self,
        via: AuthorKey,
        author: AuthorKey,
        (told, holds): (Told, Holdings),
        now: Now,
    ) -> Option<bool> {
        if self.beacons.get(&author).is_some_and(|kept| kept.beacon.rank() >= told.rank()) {
            return Some(false);
        }
        let beacon = Beacon::verify(&self.signer.network(), author, told, holds)?;
        let word = Word { stated_at: beacon.claim().clock, heard_at: now.wall, carrier: Carrier::Bundle { via } };
        self.beacons.take(beacon, word);
        Some(true)
    }

    /// Writes down what is new, before anything that is given to the store after it counts as durable.
    pub(super) fn keep_beacons(&mut self) {
        let batch = self.beacons.write();
        if !batch.is_empty() {
            self.persist(batch, true, Work::Beacons { thank: None });
        }
    }

    /// Makes a beacon of ours if the newest that is known says something else, or is a day old.
    pub(super) fn make_beacon(&mut self, now: Now) {
        if self.ledger.feed(&self.own).is_none_or(Feed::is_empty) {
            // Nobody could tell yet whose it is.
            return;
        }
        let says_what_is_held = self.own_beacon_says_what_is_held();
        let newest = self.beacons.get(&self.signer.author()).map(|kept| &kept.beacon);
        let counter = newest.map_or(1, |newest| newest.claim().counter.saturating_add(1));
        let claim = Claim::new(counter, now.wall, &self.settings.version);
        let due = newest.is_none_or(|newest| {
            // A clock that was far ahead must not silence us until it is reached again.
            let age = newest.claim().clock.0.abs_diff(claim.clock.0);
            !says_what_is_held || newest.claim().version != claim.version || age >= DAY
        });
        if !due {
            self.beacons.pace.due_since = None;
        } else if self.beacons.pace.is_time(self.ledger.digest(), self.ledger.frontier().len(), now.moment) {
            self.beacons.pace.made();
            let word = Word { stated_at: claim.clock, heard_at: now.wall, carrier: Carrier::Here };
            let holds = Holdings::of(self.ledger.frontier().iter());
            self.beacons.take(Beacon::sign(&self.signer, claim, holds), word);
        }
    }

    fn own_beacon_says_what_is_held(&mut self) -> bool {
        let Some(newest) = self.beacons.get(&self.signer.author()).map(|kept| &kept.beacon) else { return false };
        let (rank, digest) = (newest.rank(), self.ledger.digest());
        match self.beacons.pace.says {
            Some((of, at, says)) if (of, at) == (rank, digest) => says,
            _ => {
                let says = *newest.holds() == Holdings::of(self.ledger.frontier().iter());
                self.beacons.pace.says = Some((rank, digest, says));
                says
            }
        }
    }

    /// Goes on from where the last session with this peer came to.
    pub(super) fn remember_beacons(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        if let Some((epoch, since)) = self.beacons.peers.get(&session.peer()) {
            session.remember_beacons(*epoch, *since);
        }
    }

    /// Tells a peer of beacons that it may not have.
    pub(super) fn tell_beacons(&mut self, conn: ConnId, now: Now) {
        let last = self.beacons.last;
        if let Some(session) = self.sessions.get_mut(&conn).filter(|session| session.may_tell_beacons(last)) {
            session.tell_beacons(self.beacons.in_order(), last, &self.ledger, now);
        }
    }

    /// What time brings: a beacon of our own, and what is to be told and written.
    pub(super) fn tick_beacons(&mut self, now: Now) {
        self.make_beacon(now);
        let all: Vec<ConnId> = self.sessions.keys().copied().collect();
        all.into_iter().for_each(|conn| self.tell_beacons(conn, now));
        for session in self.sessions.values().filter(|session| session.is_admitted()) {
            self.beacons.note_peer(session.peer(), session.beacons_told());
        }
        // A store that cannot write is not tried for this.
        if self.retry_at.is_none() && now.moment.0.saturating_sub(self.beacons.written.0) >= WRITE_AFTER {
            self.beacons.written = now.moment;
            self.write_beacons();
        }
    }

    /// Writes down what is new, without waiting for it.
    pub(super) fn write_beacons(&mut self) {
        let batch = self.beacons.write();
        if !batch.is_empty() {
            self.persist(batch, false, Work::Beacons { thank: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beacons that a node makes in thirty days in which it never holds the same for a minute.
    fn made_in_a_month(feeds: usize) -> usize {
        let (mut pace, mut made) = (Pace::default(), 0);
        for minute in 0_u64..30 * 24 * 60 {
            let holds = Digest([minute as u8; 16]);
            if pace.is_time(holds, feeds, Moment(minute * 60_000)) {
                pace.made();
                made += 1;
            }
        }
        made
    }

    #[test]
    fn the_larger_the_network_the_fewer_beacons_a_node_makes() {
        assert_eq!(measures(1), (AT_ONCE, ONE_MORE_AFTER));
        assert_eq!(measures(60), (AT_ONCE, ONE_MORE_AFTER));
        for (feeds, least, most) in [(10, 4_000, 4_330), (60, 4_000, 4_330), (100, 1_500, 1_560), (1_000, 14, 17)] {
            let made = made_in_a_month(feeds);
            assert!((least..=most).contains(&made), "{made} with {feeds} feeds");
        }
        // Those of all nodes together, with 70 bytes and 10 bits for each feed: bytes a second.
        for (feeds, most) in [(60, 20), (100, 20), (300, 20), (1_000, 20), (4_096, 45)] {
            let bytes = made_in_a_month(feeds) * feeds * (70 + feeds * 10 / 8);
            assert!(bytes / (30 * 86_400) <= most, "{} bytes a second with {feeds} feeds", bytes / (30 * 86_400));
        }
    }
}
