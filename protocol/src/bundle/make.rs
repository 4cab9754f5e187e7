//! Writing a bundle piece by piece, from a ledger that may grow meanwhile.

use std::collections::BTreeSet;

use super::{
    Closing, Keys, Opening, Origin, Salt,
    seal::{self, Sealer},
};
use crate::{
    beacon::{Base, Beacon, Holdings, Told},
    chunk::{Effort, Packed},
    feed::ForkProof,
    frame::{Dictionary, Frame},
    frontier::Frontier,
    ids::{Arrival, AuthorKey, BundleName, FeedId, UnixSeconds},
    ledger::{Ledger, LedgerError},
    limits::{BEACON_FRAME, MAX_BEACONS_AT_ONCE},
    shelf::Shelf,
    wire,
};

/// Bytes after which [`Maker::step`] returns: little enough that whoever owns the ledger is not held up.
const STEP: usize = 128 * 1024;

/// The same in runs.
const STEP_RUNS: usize = 32;

/// More than a frame takes beside a run's body, the feeds that it names and its length.
const AROUND_A_BODY: usize = 256;

/// What is to be made.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who makes it.
    pub maker: AuthorKey,
    /// When.
    pub made_at: UnixSeconds,
    /// For whom, if for one.
    pub addressee: Option<AuthorKey>,
    /// Which part of a split.
    pub part: u32,
    /// What it goes on from.
    pub origin: Origin,
    /// The same in numbers, none of them beyond the ledger's.
    pub base: Frontier,
    /// Bytes the file may have. It holds at least one run all the same.
    pub limit: Option<u64>,
}

/// Makes one bundle.
pub struct Maker {
    name: BundleName,
    sealer: Option<Sealer>,
    /// Sealed and not yet handed out.
    out: Vec<u8>,
    /// Bytes in it before they are sealed.
    plain: u64,
    limit: Option<u64>,
    /// Bytes that what follows the runs will take.
    reserved: u64,
    dictionary: Dictionary,
    base: Holdings,
    reach: Frontier,
    /// What arrived later is left for the next bundle.
    until: Arrival,
    next: BTreeSet<(Arrival, FeedId)>,
    beacons: Vec<(FeedId, Beacon)>,
    entries: u64,
    said: u64,
}

impl Maker {
    /// Begins with the opening and the forks that the base does not know of. `beacons`: each with a feed of its author.
    pub fn begin<S: Shelf>(
        keys: &Keys,
        salt: &Salt,
        order: Order,
        beacons: Vec<(FeedId, Beacon)>,
        ledger: &Ledger<S>,
    ) -> Result<Self, LedgerError> {
        let mut out = Vec::new();
        let sealer = Some(Sealer::new(keys, salt, &mut out));
        let Order { maker, made_at, addressee, part, origin, base, limit } = order;
        let name = seal::name(salt);
        let opening = Opening { name, maker, made_at, addressee, part, origin, base };
        let mut record = Vec::new();
        opening.write(&mut record);
        let mut making = Maker {
            name,
            sealer,
            out,
            plain: 0,
            limit,
            reserved: 64,
            dictionary: Dictionary::default(),
            base: Holdings::of(opening.base.iter()),
            reach: opening.base,
            until: ledger.last_arrival(),
            next: BTreeSet::new(),
            beacons,
            entries: 0,
            said: 0,
        };
        making.reserved += making.told().iter().map(|told| told.bytes() as u64 + FeedId::LEN as u64 + 1).sum::<u64>();
        making.put(&record);
        making.put_forks(ledger);
        for feed in ledger.feeds() {
            making.put_next(feed.id, ledger)?;
        }
        Ok(making)
    }

    /// The bundle's name.
    pub fn name(&self) -> BundleName {
        self.name
    }

    /// The next bytes of the file, which may be none for now; `None` after the last.
    pub fn step<S: Shelf>(&mut self, ledger: &Ledger<S>) -> Result<Option<Vec<u8>>, LedgerError> {
        if self.sealer.is_none() {
            return Ok(None);
        }
        for _ in 0..STEP_RUNS {
            let Some((arrival, feed)) = self.next.pop_first() else {
                self.close(ledger);
                break;
            };
            if !self.put_run(feed, ledger)? {
                self.next.insert((arrival, feed));
                self.close(ledger);
                break;
            }
            if self.out.len() >= STEP {
                break;
            }
        }
        Ok(Some(std::mem::take(&mut self.out)))
    }

    fn put(&mut self, record: &[u8]) {
        let mut bytes = Vec::with_capacity(record.len() + 4);
        wire::put_bytes(&mut bytes, record);
        self.plain += bytes.len() as u64;
        if let Some(sealer) = &mut self.sealer {
            sealer.push(&bytes, &mut self.out);
        }
    }

    fn put_frame(&mut self, frame: &Frame) {
        let record = frame.encode(&mut self.dictionary);
        self.put(&record);
    }

    fn put_forks<S: Shelf>(&mut self, ledger: &Ledger<S>) {
        let mut proofs: Vec<ForkProof> = Vec::new();
        for branch in ledger.feeds().filter(|feed| !self.reach.names(&feed.id)) {
            proofs.extend(branch.proof.as_deref().filter(|proof| !proofs.contains(proof)).cloned());
        }
        for proof in proofs {
            proof.branches().into_iter().for_each(|branch| self.reach.raise(branch, proof.base.seq));
            self.put_frame(&Frame::Fork(proof));
        }
    }

    /// Takes note of where a feed goes on, if it does.
    fn put_next<S: Shelf>(&mut self, feed: FeedId, ledger: &Ledger<S>) -> Result<(), LedgerError> {
        let Some(held) = ledger.feed(&feed) else { return Ok(()) };
        let after = self.reach.get(&feed).max(held.start.seq);
        if let Some(arrival) = ledger.arrival_of(held, after.next())?.filter(|arrival| *arrival <= self.until) {
            self.next.insert((arrival, feed));
        }
        Ok(())
    }

    /// Puts the next run of a feed; false if there is no room for it.
    fn put_run<S: Shelf>(&mut self, feed: FeedId, ledger: &Ledger<S>) -> Result<bool, LedgerError> {
        let Some(held) = ledger.feed(&feed) else { return Ok(true) };
        let Some(run) = ledger.run_after(held, self.reach.get(&feed))? else { return Ok(true) };
        // Where the run goes on into a branch, it brings the feed only to its end.
        let last = held.end.map_or(run.last(), |end| run.last().min(end));
        // Fast: a stick has room, and a person waits for it.
        let packed = ledger.pack(held, &run, |feed| self.reach.get(feed), Effort::Fast)?;
        let taken = self.entries > 0;
        if taken && self.limit.is_some_and(|limit| self.length_with(&packed) > limit) {
            return Ok(false);
        }
        self.entries += packed.count as u64;
        self.put_frame(&Frame::Chunk(packed));
        self.reach.raise(feed, last);
        self.put_next(feed, ledger)?;
        Ok(true)
    }

    /// Bytes of the file if it ended after this run.
    fn length_with(&self, run: &Packed) -> u64 {
        let run = run.body.len() + (run.named.len() + 1) * (FeedId::LEN + 1) + AROUND_A_BODY;
        seal::sealed_len(self.plain + run as u64 + self.reserved)
    }

    /// The beacons as they travel, the newest first, which is the most like what is held now.
    fn told(&self) -> Vec<Told> {
        let mut last = Holdings::default();
        let mut all = Vec::with_capacity(self.beacons.len());
        for (_, beacon) in &self.beacons {
            let after = beacon.told(Base::Last, &last);
            let against = beacon.told(Base::Receiver, &self.base);
            all.push(if against.bytes() < after.bytes() { against } else { after });
            last = beacon.holds().clone();
        }
        all
    }

    fn close<S: Shelf>(&mut self, ledger: &Ledger<S>) {
        let told = self.told();
        let mut frame = Vec::new();
        let mut bytes = 0;
        for (feed, told) in std::mem::take(&mut self.beacons).into_iter().map(|(feed, _)| feed).zip(told) {
            bytes += told.bytes();
            frame.push((feed, told));
            if frame.len() == MAX_BEACONS_AT_ONCE || bytes >= BEACON_FRAME {
                self.put_beacons(&mut frame);
                bytes = 0;
            }
        }
        self.put_beacons(&mut frame);
        let closing = Closing {
            more: !self.next.is_empty(),
            entries: self.entries,
            beacons: self.said,
            digest: Some(ledger.digest()).filter(|_| self.reach == *ledger.frontier()),
            reach: Frontier::default(),
        };
        let mut record = Vec::new();
        closing.write(&mut record);
        self.put(&record);
        if let Some(sealer) = self.sealer.take() {
            sealer.finish(&mut self.out);
        }
    }

    fn put_beacons(&mut self, told: &mut Vec<(FeedId, Told)>) {
        if !told.is_empty() {
            self.said += told.len() as u64;
            let frame = Frame::Beacons(std::mem::take(told));
            self.put_frame(&frame);
        }
    }
}
