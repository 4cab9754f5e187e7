//! Stores in memory for a thousand nodes: the bytes of an entry are kept once for all of them, and a node remembers of
//! entries that came together which they are, and since when it holds them. What only a restart would read (feeds, peers,
//! beacons) is not kept, since nothing is restarted in this world.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use toguna_protocol::shelf::{Batch, Shelf, ShelfError, Table};

/// A row of the table of entries is named by its feed, 32 bytes, and its number, 8 bytes.
const FEED: usize = 32;
/// Bytes of a record's id.
const RECORD: usize = 16;
/// In a stored entry the arrival is followed by the hash before it (32 bytes) and its kind, the record, and a byte that
/// tells whether a signature follows.
const RECORD_AT: usize = 33;
const FLAGS_AT: usize = RECORD_AT + RECORD;

/// The entries of all nodes, each once; where some nodes hold its signature and others do not, once with and once
/// without.
#[derive(Default)]
pub struct Archive {
    /// The feeds by number, and the numbers of feeds.
    feeds: Vec<Archived>,
    numbers: HashMap<[u8; FEED], u32>,
    by_record: HashMap<[u8; RECORD], Vec<Place>>,
}

/// A feed, and for each of its entries from number 1 what was written down: unsigned, signed.
struct Archived {
    feed: [u8; FEED],
    entries: Vec<[Option<Box<[u8]>>; 2]>,
}

/// An entry: the feed's number here, and its own number.
type Place = (u32, u32);

impl Archive {
    /// Enters what a node wrote down, all but the arrival. Returns where, and whether it is signed.
    fn enter(&mut self, key: &[u8], value: &[u8]) -> (Place, bool) {
        let (feed, seq) = split_key(key).expect("a key of an entry");
        let number = *self.numbers.entry(feed).or_insert_with(|| {
            self.feeds.push(Archived { feed, entries: Vec::new() });
            self.feeds.len() as u32 - 1
        });
        let entries = &mut self.feeds[number as usize].entries;
        if entries.len() < seq as usize {
            entries.resize_with(seq as usize, Default::default);
            let record: [u8; RECORD] = value[RECORD_AT..FLAGS_AT].try_into().expect("a stored entry names its record");
            self.by_record.entry(record).or_default().push((number, seq));
        }
        let signed = value[FLAGS_AT] != 0;
        let kept = entries[seq as usize - 1][usize::from(signed)].get_or_insert_with(|| value.into());
        assert_eq!(**kept, *value, "nobody writes a number twice in this world");
        ((number, seq), signed)
    }

    fn key(&self, (feed, seq): Place) -> Vec<u8> {
        [&self.feeds[feed as usize].feed[..], &u64::from(seq).to_be_bytes()].concat()
    }

    fn value(&self, (feed, seq): Place, signed: bool) -> &[u8] {
        let kept = &self.feeds[feed as usize].entries[seq as usize - 1][usize::from(signed)];
        kept.as_ref().expect("what a node holds was entered")
    }
}

/// Entries of one feed that came one after another, of which no other came between.
#[derive(Clone, Copy)]
struct Run {
    feed: u32,
    first: u32,
    arrival: u32,
    count: u32,
}

/// What one node holds.
#[derive(Default)]
struct Holdings {
    /// In the order of arrival.
    runs: Vec<Run>,
    /// For each feed, which of these runs are of it, and which of its entries are signed here.
    feeds: HashMap<u32, (Vec<u32>, Vec<u32>)>,
    /// Everything else that is read while a node runs.
    rest: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
}

impl Holdings {
    fn last_arrival(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.arrival + run.count - 1)
    }

    /// Takes the next entry to arrive, which is the next of its feed.
    fn take(&mut self, (feed, seq): Place, signed: bool) {
        let next = self.last_arrival() + 1;
        let (of_feed, signatures) = self.feeds.entry(feed).or_default();
        let held = of_feed.last().map_or(0, |run| self.runs[*run as usize].first + self.runs[*run as usize].count - 1);
        assert_eq!(seq, held + 1, "entries of a feed arrive one after another");
        match self.runs.last_mut().filter(|run| run.feed == feed) {
            Some(run) => run.count += 1,
            None => {
                of_feed.push(self.runs.len() as u32);
                self.runs.push(Run { feed, first: seq, arrival: next, count: 1 });
            }
        }
        if signed {
            signatures.push(seq);
        }
    }

    /// When an entry arrived, and whether it is signed here; `None` where it is not held.
    fn find(&self, (feed, seq): Place) -> Option<(u32, bool)> {
        let (of_feed, signatures) = self.feeds.get(&feed)?;
        let after = of_feed.partition_point(|run| self.runs[*run as usize].first <= seq);
        let run = self.runs[*of_feed.get(after.checked_sub(1)?)? as usize];
        (seq < run.first + run.count).then(|| (run.arrival + (seq - run.first), signatures.binary_search(&seq).is_ok()))
    }

    /// The entries that arrived from this one on.
    fn from(&self, arrival: u32) -> impl Iterator<Item = (u32, Place)> + '_ {
        let after = self.runs.partition_point(|run| run.arrival + run.count <= arrival);
        let entries = |run: &Run| {
            let Run { feed, first, arrival, count } = *run;
            (0..count).map(move |at| (arrival + at, (feed, first + at)))
        };
        self.runs[after..].iter().flat_map(entries).skip_while(move |(found, _)| *found < arrival)
    }
}

/// A node's store. Clones share it. Where both are locked, the archive is first.
#[derive(Clone)]
pub struct SharedShelf {
    archive: Arc<Mutex<Archive>>,
    holdings: Arc<Mutex<Holdings>>,
}

fn split_key(key: &[u8]) -> Option<([u8; FEED], u32)> {
    let (feed, seq) = key.split_first_chunk::<FEED>()?;
    Some((*feed, u32::try_from(u64::from_be_bytes(seq.try_into().ok()?)).ok()?))
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
        let (mut archive, mut holdings) = (open(&self.archive), open(&self.holdings));
        for write in batch.writes {
            match (write.table, write.value) {
                (Table::Entries, Some(value)) => {
                    let (arrival, rest) = split_arrival(&value);
                    assert_eq!(u64::from(holdings.last_arrival()) + 1, arrival, "entries arrive one after another");
                    let (place, signed) = archive.enter(&write.key, rest);
                    holdings.take(place, signed);
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
    fn of_record(&self, record: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let (archive, holdings) = (open(&self.archive), open(&self.holdings));
        let written = archive.by_record.get(record).map(Vec::as_slice).unwrap_or_default();
        let held = |place: &Place| holdings.find(*place).map(|(arrival, _)| (arrival, archive.key(*place)));
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
        let (archive, holdings) = (open(&self.archive), open(&self.holdings));
        if table != Table::Entries {
            return Ok(holdings.rest.get(&(table, key.to_vec())).cloned());
        }
        let place = split_key(key).and_then(|(feed, seq)| Some((*archive.numbers.get(&feed)?, seq)));
        let found = place.and_then(|place| Some((place, holdings.find(place)?)));
        let Some((place, (arrival, signed))) = found else { return Ok(None) };
        let kept = archive.value(place, signed);
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
                let row = |(arrival, key): (u32, Vec<u8>)| ([record, &u64::from(arrival).to_be_bytes()].concat(), key);
                rows.extend(self.of_record(record).into_iter().map(row));
            }
            Table::Arrivals => {
                let (archive, holdings) = (open(&self.archive), open(&self.holdings));
                let first = from.try_into().map_or(0, u64::from_be_bytes).max(1) as u32;
                for (arrival, place) in holdings.from(first) {
                    let (_, signed) = holdings.find(place).expect("it arrived");
                    let mut value = archive.key(place);
                    value.extend_from_slice(&archive.value(place, signed)[RECORD_AT..FLAGS_AT]);
                    let key = u64::from(arrival).to_be_bytes();
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
