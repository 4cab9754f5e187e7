//! Nothing is shown, announced or acknowledged before it is durable, and nothing that was acknowledged is lost.

use std::collections::{BTreeMap, BTreeSet};

use toguna_protocol::{
    engine::{Engine, Saved, rows::Row},
    frontier::Digest,
    ids::{EntryHash, RecordId},
    shelf::Shelf,
};

use super::{Violation, Written};

/// What is on whose disk, and what was promised to whom.
#[derive(Debug)]
pub struct Durable {
    /// Of each office what its disk holds for good.
    disks: Vec<BTreeSet<EntryHash>>,
    /// The digest that was last looked at, of each office.
    seen: Vec<Option<Digest>>,
    /// Entries of acknowledged commands, and their records.
    acknowledged: BTreeMap<EntryHash, RecordId>,
    /// Whether the media lost something that was acknowledged.
    lost: bool,
}

impl Durable {
    /// Offices with empty disks.
    pub fn of(offices: usize) -> Self {
        let acknowledged = BTreeMap::new();
        Durable { disks: vec![BTreeSet::new(); offices], seen: vec![None; offices], acknowledged, lost: false }
    }

    /// Entries are on a disk for good.
    pub fn durable(&mut self, office: usize, entries: &[Written]) {
        self.disks[office].extend(entries.iter().map(|entry| entry.hash));
    }

    /// The power failed. `held` is what the store can be read to hold.
    pub fn crashed(&mut self, office: usize, held: &[Written]) -> Result<(), Violation> {
        let held: BTreeSet<EntryHash> = held.iter().map(|entry| entry.hash).collect();
        let lost = self.disks[office].iter().find(|entry| !held.contains(*entry));
        if let Some(entry) = lost {
            return Err(Violation::safety("durable", format!("office {office} lost entry {entry} in a power cut")));
        }
        // What was written and not synced may have survived.
        self.disks[office] = held;
        self.seen[office] = None;
        Ok(())
    }

    /// The medium lost what it held, or went back to what it held before: a promise is kept as long as anyone can.
    pub fn replaced(&mut self, office: usize, held: &[Written]) {
        self.disks[office] = held.iter().map(|entry| entry.hash).collect();
        self.seen[office] = None;
        let (disks, before) = (&self.disks, self.acknowledged.len());
        self.acknowledged.retain(|entry, _| disks.iter().any(|disk| disk.contains(entry)));
        self.lost |= self.acknowledged.len() < before;
    }

    /// A command was confirmed.
    pub fn confirmed(&mut self, office: usize, saved: &Saved) -> Result<(), Violation> {
        let Some(entry) = saved.entry else { return Ok(()) };
        self.must_hold(office, &entry, "confirmed")?;
        self.acknowledged.insert(entry, saved.record);
        Ok(())
    }

    /// A row was shown.
    pub fn shown(&self, office: usize, row: &Row) -> Result<(), Violation> {
        self.must_hold(office, &row.created.entry, "showed")?;
        self.must_hold(office, &row.updated.entry, "showed")
    }

    /// An event was handled: what the engine says it holds, in digests, numbers and acknowledgements, it must hold.
    pub fn announces<S: Shelf>(&mut self, office: usize, engine: &Engine<S>) -> Result<(), Violation> {
        let digest = engine.ledger().digest();
        if self.seen[office].replace(digest) == Some(digest) {
            return Ok(());
        }
        for feed in engine.ledger().feeds().filter(|feed| !feed.is_empty()) {
            self.must_hold(office, &feed.tip.hash, "announced")?;
        }
        Ok(())
    }

    fn must_hold(&self, office: usize, entry: &EntryHash, did: &str) -> Result<(), Violation> {
        match self.disks[office].contains(entry) {
            true => Ok(()),
            false => Err(Violation::safety(
                "durable",
                format!("office {office} {did} entry {entry} before its disk held it"),
            )),
        }
    }

    /// Everything that was promised and that some disk still held.
    pub fn acknowledged(&self) -> &BTreeMap<EntryHash, RecordId> {
        &self.acknowledged
    }

    /// Whether the media lost something that was acknowledged: what rests on it then waits for ever.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// At rest: every office holds what anyone was promised.
    pub fn at_rest(&self, offices: impl IntoIterator<Item = usize>) -> Result<(), Violation> {
        for office in offices {
            if let Some(entry) = self.acknowledged.keys().find(|entry| !self.disks[office].contains(*entry)) {
                return Err(Violation::safety("kept", format!("office {office} lacks the acknowledged entry {entry}")));
            }
        }
        Ok(())
    }
}
