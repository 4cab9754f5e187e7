//! Stores in memory for a thousand nodes: the bytes of an entry are kept once for all of them, and a node remembers of
//! it in eight bytes that it holds it, and since when. What only a restart would read (feeds, peers, beacons) is not
//! kept, since nothing is restarted in this world.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use toguna_protocol::shelf::{Batch, Shelf, ShelfError, Table};

/// A row of the table of entries is named by its feed, 32 bytes, and its number, 8 bytes.
const FEED: usize = 32;
/// Bytes of a record's id.
const RECORD: usize = 16;
/// In a stored entry the record follows its arrival, the hash before it (32 bytes) and its kind.
const RECORD_AT: usize = 33;

/// An entry as some node wrote it down: with a signature or without, as it came there.
struct Kept {
    key: [u8; FEED + 8],
    /// All but the arrival, which is the node's own.
    value: Box<[u8]>,
}

/// The entries of all nodes, each once.
#[derive(Default)]
pub struct Archive {
    kept: Vec<Kept>,
    by_content: HashMap<[u8; 32], u32>,
    by_record: HashMap<[u8; RECORD], Vec<u32>>,
}

impl Archive {
    fn enter(&mut self, key: &[u8], value: &[u8]) -> u32 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(key);
        hasher.update(value);
        let content = *hasher.finalize().as_bytes();
        if let Some(known) = self.by_content.get(&content) {
            return *known;
        }
        let number = u32::try_from(self.kept.len()).expect("fewer than four thousand million entries");
        let record: [u8; RECORD] =
            value[RECORD_AT..RECORD_AT + RECORD].try_into().expect("a stored entry names its record");
        self.kept.push(Kept { key: key.try_into().expect("a key of an entry"), value: value.into() });
        self.by_content.insert(content, number);
        self.by_record.entry(record).or_default().push(number);
        number
    }
}

/// What one node holds.
#[derive(Default)]
struct Holdings {
    /// By feed, for each number from 1: which entry of the archive, and its arrival here.
    feeds: HashMap<[u8; FEED], Vec<(u32, u32)>>,
    /// For each arrival from 1, which entry.
    arrivals: Vec<u32>,
    /// Everything else that is read while a node runs.
    rest: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
}

impl Holdings {
    fn find(&self, key: &[u8]) -> Option<(u32, u32)> {
        let (feed, seq) = key.split_at_checked(FEED)?;
        let seq = u64::from_be_bytes(seq.try_into().ok()?);
        self.feeds.get(feed)?.get(usize::try_from(seq).ok()?.checked_sub(1)?).copied()
    }
}

/// A node's store. Clones share it.
#[derive(Clone)]
pub struct SharedShelf {
    archive: Arc<Mutex<Archive>>,
    holdings: Arc<Mutex<Holdings>>,
}

/// A stored entry begins with its arrival, in LEB128: that, and what follows.
fn split_arrival(value: &[u8]) -> (u64, &[u8]) {
    let end = value.iter().position(|byte| *byte < 0x80).expect("a stored entry begins with its arrival");
    let (number, rest) = value.split_at(end + 1);
    (number.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f)), rest)
}

fn put_arrival(out: &mut Vec<u8>, mut arrival: u32) {
    while arrival >= 0x80 {
        out.push(arrival as u8 | 0x80);
        arrival >>= 7;
    }
    out.push(arrival as u8);
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SharedShelf {
    /// An empty store beside the others of a world.
    pub fn new(archive: Arc<Mutex<Archive>>) -> Self {
        SharedShelf { archive, holdings: Arc::default() }
    }

    /// Writes a batch.
    ///
    /// # Panics
    /// If an entry is written out of turn: in this world every write succeeds, so none is.
    pub fn apply(&self, batch: Batch) {
        let mut holdings = open(&self.holdings);
        for write in batch.writes {
            match (write.table, write.value) {
                (Table::Entries, Some(value)) => {
                    let (arrival, rest) = split_arrival(&value);
                    let number = open(&self.archive).enter(&write.key, rest);
                    holdings.arrivals.push(number);
                    assert_eq!(holdings.arrivals.len() as u64, arrival, "entries arrive one after another");
                    let feed = write.key[..FEED].try_into().expect("a key of an entry");
                    let held = holdings.feeds.entry(feed).or_default();
                    held.push((number, arrival as u32));
                    assert_eq!(write.key[FEED..], (held.len() as u64).to_be_bytes(), "entries of a feed do so too");
                }
                // These two follow from the entries.
                (Table::RecordEntries | Table::Arrivals, Some(_)) => {}
                (Table::Feeds | Table::Peers | Table::Beacons, _) => {}
                (table, Some(value)) => drop(holdings.rest.insert((table, write.key), value)),
                (table, None) => drop(holdings.rest.remove(&(table, write.key))),
            }
        }
    }

    /// The entries of a record that are held, with their arrivals, in the order of these.
    fn of_record(&self, record: &[u8]) -> Vec<(u32, [u8; FEED + 8])> {
        let (archive, holdings) = (open(&self.archive), open(&self.holdings));
        let written = archive.by_record.get(record).map(Vec::as_slice).unwrap_or_default();
        let held = |number: &u32| {
            let key = archive.kept[*number as usize].key;
            holdings.find(&key).filter(|(ours, _)| ours == number).map(|(_, arrival)| (arrival, key))
        };
        let mut found: Vec<_> = written.iter().filter_map(held).collect();
        found.sort_unstable();
        found
    }
}

impl Shelf for SharedShelf {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError> {
        if matches!(table, Table::RecordEntries | Table::Arrivals) {
            let mut value = None;
            self.scan(table, key, None, &mut |found, row| {
                value = (found == key).then_some(row);
                false
            })?;
            return Ok(value);
        }
        let holdings = open(&self.holdings);
        if table != Table::Entries {
            return Ok(holdings.rest.get(&(table, key.to_vec())).cloned());
        }
        let Some((number, arrival)) = holdings.find(key) else { return Ok(None) };
        let archive = open(&self.archive);
        let kept = &archive.kept[number as usize].value;
        let mut value = Vec::with_capacity(kept.len() + 5);
        put_arrival(&mut value, arrival);
        value.extend_from_slice(kept);
        Ok(Some(value))
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), ShelfError> {
        let mut rows: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        match table {
            Table::RecordEntries => {
                let record = from.get(..RECORD).ok_or_else(|| ShelfError("of no record".to_owned()))?;
                let row = |(arrival, key): (u32, [u8; FEED + 8])| {
                    ([record, &u64::from(arrival).to_be_bytes()].concat(), key.to_vec())
                };
                rows.extend(self.of_record(record).into_iter().map(row));
            }
            Table::Arrivals => {
                let (archive, holdings) = (open(&self.archive), open(&self.holdings));
                let first = from.try_into().map_or(0, u64::from_be_bytes).saturating_sub(1) as usize;
                for (number, arrival) in holdings.arrivals.iter().zip(1_u64..).skip(first) {
                    let kept = &archive.kept[*number as usize];
                    let value = [&kept.key[..], &kept.value[RECORD_AT..RECORD_AT + RECORD]].concat();
                    let key = arrival.to_be_bytes();
                    if to.is_some_and(|to| &key[..] >= to) || !visit(&key, value) {
                        break;
                    }
                }
                return Ok(());
            }
            _ => {
                let from = (table, from.to_vec());
                let held = open(&self.holdings);
                let ours = held.rest.range(from..).take_while(|((other, _), _)| *other == table);
                rows.extend(ours.map(|((_, key), value)| (key.clone(), value.clone())));
            }
        }
        for (key, value) in rows {
            if key.as_slice() >= from && (to.is_some_and(|to| key.as_slice() >= to) || !visit(&key, value)) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use toguna_protocol::{
        engine::{Effect, Engine, Event, Settings},
        frame::VERSION,
        ids::{Moment, Now, UnixSeconds},
        testing::{MemoryShelf, SECRET},
    };

    use super::*;
    use crate::sim::users;

    /// All that a shelf says of the tables that are read while a node runs.
    fn told(shelf: &impl Shelf, records: &[Vec<u8>]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        let mut scan = |table, from: &[u8], to: Option<&[u8]>| {
            let scanned = shelf.scan(table, from, to, &mut |key, value| {
                rows.push((key.to_vec(), value));
                true
            });
            scanned.expect("it is in memory");
        };
        scan(Table::Arrivals, &2_u64.to_be_bytes(), None);
        scan(Table::Node, &[], None);
        for record in records {
            let mut to = record.clone();
            to.extend([255; 8]);
            scan(Table::RecordEntries, record, Some(&to));
        }
        let keys: Vec<Vec<u8>> = rows.iter().map(|(_, value)| value.clone()).filter(|key| key.len() == 40).collect();
        rows.extend(keys.into_iter().map(|key| {
            let value = shelf.get(Table::Entries, &key).expect("it is in memory").expect("it is held");
            (key, value)
        }));
        rows
    }

    #[test]
    fn a_shared_shelf_says_what_a_shelf_of_its_own_says() {
        let own = MemoryShelf::default();
        let shared = SharedShelf::new(Arc::default());
        let now = Now { wall: UnixSeconds(1_795_000_000), moment: Moment(0) };
        let settings = Settings {
            speaks: VERSION,
            device_key: [1; 32],
            network_secret: SECRET.to_vec(),
            name: "Gao".to_owned(),
            region: None,
            version: "0.1.0".to_owned(),
            vocabulary: users::vocabulary(),
            entropy: [1; 32],
            doubt: false,
        };
        let mut engine = Engine::open(settings, own.clone(), now).expect("it starts");
        let mut chance = toguna_protocol::testing::Chance::new(1);
        let mut shown = BTreeMap::new();
        for number in 0..40 {
            while let Some(effect) = engine.poll_effect() {
                match effect {
                    Effect::Persist { id, batch, durable, .. } => {
                        own.apply(batch.clone(), durable);
                        shared.apply(batch);
                        engine.handle(Event::Persisted(id), now);
                    }
                    Effect::Changed(row) => drop(shown.insert(row.id, *row)),
                    _ => {}
                }
            }
            if let Some(command) = users::wish(&mut chance, &mut engine, &shown, &mut None) {
                engine.handle(Event::Command(toguna_protocol::engine::CommandId(number), command), now);
            }
        }
        let records: Vec<Vec<u8>> = shown.keys().map(|record| record.0.to_vec()).collect();
        assert!(records.len() > 5);
        assert_eq!(told(&shared, &records), told(&own, &records));
    }
}
