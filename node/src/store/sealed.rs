//! [`Store`] over any [`Engine`]: the rules that hold whatever lies below.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use toguna_protocol::shelf::{Batch, Shelf, ShelfError, Table};

use super::{
    Checked, Durability, Engine, EngineError, FreeSpace, MAX_BATCH, MAX_KEY, Store, StoreError, archive,
    engine::RawWrite,
    key::DataKey,
    lock::DirLock,
    seal::{Piece, Place, Sealer},
    space::Floor,
    tally::{Mark, Tally},
};

/// The number of the table in which the store keeps what it knows of itself; no shelf table has it.
pub(super) const OWN_TABLE: u8 = 0;

/// Rows to be written, by table number and key; a later write to a key has replaced the earlier one.
pub(super) type Rows<'a> = BTreeMap<(u8, &'a [u8]), Option<&'a [u8]>>;

/// Takes a place and its value; returns whether to go on.
type Visit<'a> = dyn FnMut(Place<'_>, Result<Vec<u8>, StoreError>) -> bool + 'a;

/// A store that keeps its values sealed in an engine.
pub struct SealedStore<E> {
    // Dropped first, so that the directory's lock outlives the database.
    engine: E,
    sealer: Sealer,
    floor: Floor,
    /// One commit at a time: which pieces a value leaves behind, and what it adds to the tally, depends on what was
    /// there before.
    writer: Mutex<Writer>,
    /// Why nothing is written any more.
    failed: OnceLock<String>,
    /// Made when a value turns out to be damaged, so that the next opening salvages.
    suspect: PathBuf,
    _lock: Option<DirLock>,
}

/// What only the commit at hand may touch.
struct Writer {
    tally: Tally,
    mark: Mark,
}

impl<E: Engine> SealedStore<E> {
    /// A store over an opened engine whose files are in `dir`.
    pub(super) fn new(engine: E, key: &DataKey, dir: &Path, floor: u64, free: FreeSpace) -> Self {
        SealedStore {
            engine,
            sealer: Sealer::new(key),
            floor: Floor::new(dir.parent().unwrap_or(dir), floor, free),
            writer: Mutex::new(Writer { tally: Tally::default(), mark: Mark::of(dir) }),
            failed: OnceLock::new(),
            suspect: suspect_file(dir),
            _lock: None,
        }
    }

    /// Keeps the data directory locked for as long as the store lives.
    pub(super) fn holding(self, lock: DirLock) -> Self {
        SealedStore { _lock: Some(lock), ..self }
    }

    /// The engine, for tests and for salvage, which copy stored bytes as they are.
    pub(super) fn engine(&self) -> &E {
        &self.engine
    }

    /// A row of the store's own table.
    pub(super) fn own(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(Place { table: OWN_TABLE, key })
    }

    /// Durably writes rows of the store's own table.
    pub(super) fn write_own(&self, rows: &[(&[u8], Option<&[u8]>)]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|(key, value)| ((OWN_TABLE, *key), *value)).collect();
        let mut writer = self.writer()?;
        self.write(&mut writer.tally, &rows)?;
        self.sync_engine(&mut writer)
    }

    /// Reads what the store has counted so far. Returns whether it holds all that was once durable.
    pub(super) fn take_stock(&self) -> Result<bool, StoreError> {
        let row = self.own(Tally::KEY)?;
        let mut writer = self.writer()?;
        writer.tally = row.and_then(|row| Tally::decode(&row)).unwrap_or_default();
        Ok(writer.mark.read() <= writer.tally.commits)
    }

    /// How many values the store has counted in the shelf's tables.
    pub(super) fn values(&self) -> u64 {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).tally.values
    }

    /// Sets the counts of a store that was filled piece by piece.
    pub(super) fn set_tally(&self, tally: Tally) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).tally = tally;
    }

    /// The right to write, or the reason why there is none.
    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let guard = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.failed.get() {
            Some(reason) => Err(StoreError::ReadOnly { reason: reason.clone() }),
            None => Ok(guard),
        }
    }

    /// Writes rows, and the tally after them, as one atomic engine write.
    fn write(&self, tally: &mut Tally, rows: &Rows<'_>) -> Result<(), StoreError> {
        let mut next = Tally { commits: tally.commits + 1, ..*tally };
        let mut writes = Vec::with_capacity(rows.len() + 1);
        for ((table, key), value) in rows {
            let place = Place { table: *table, key };
            let old = self.heed(self.engine.get(&place.piece(0)))?;
            let before = old.as_deref().and_then(Piece::parse).map_or(0, |first| first.count);
            let mut after = 0;
            match value {
                Some(value) => {
                    let pieces = self.sealer.seal(place, next.commits, value)?;
                    after = pieces.len() as u16;
                    writes.extend(pieces);
                }
                None => writes.push(RawWrite { key: place.piece(0), value: None }),
            }
            writes.extend((after.max(1)..before).map(|index| RawWrite { key: place.piece(index), value: None }));
            if *table != OWN_TABLE {
                next.values = next.values + u64::from(value.is_some()) - u64::from(old.is_some());
            }
        }
        let place = Place { table: OWN_TABLE, key: Tally::KEY };
        writes.extend(self.sealer.seal(place, next.commits, &next.encode())?);
        self.engine.write(writes).map_err(|error| self.fail(error))?;
        *tally = next;
        Ok(())
    }

    fn sync_engine(&self, writer: &mut Writer) -> Result<(), StoreError> {
        self.engine.sync().map_err(|error| self.fail(error))?;
        if let Err(error) = writer.mark.write(writer.tally.commits) {
            // The commit is durable all the same; only the means to notice its loss is.
            tracing::debug!(%error, "the mark beside the database could not be written");
        }
        Ok(())
    }

    /// After a failed write or sync nothing is written until the store is opened anew: the system may have dropped
    /// the pages that it could not write, and a second sync would succeed all the same.
    fn fail(&self, error: EngineError) -> StoreError {
        let reason = self.failed.get_or_init(|| error.to_string());
        StoreError::ReadOnly { reason: reason.clone() }
    }

    /// Passes on what the engine answered to a read, and remembers damage for the next opening.
    fn heed<T>(&self, answer: Result<T, EngineError>) -> Result<T, EngineError> {
        answer.inspect_err(|error| {
            if error.is_damage() {
                self.suspect();
            }
        })
    }

    fn admit(&self, bytes: usize) -> Result<(), StoreError> {
        match self.floor.admits(bytes as u64).map_err(StoreError::Measure)? {
            Ok(()) => Ok(()),
            Err(full) => Err(StoreError::DiskFull { free: full.free, needed: full.needed }),
        }
    }

    fn read(&self, place: Place<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        match self.heed(self.engine.get(&place.piece(0)))? {
            Some(first) => self.open(place, &first).map(Some).or_else(|error| self.read_again(place, error)),
            None => Ok(None),
        }
    }

    fn open(&self, place: Place<'_>, first: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealer
            .open(place, first, |index| self.heed(self.engine.get(&place.piece(index))))?
            .ok_or_else(|| StoreError::Damaged { place: place.name() })
    }

    /// The value that these stored pieces make, if they are sound and none is missing.
    pub(super) fn unseal(&self, place: Place<'_>, first: &[u8], pieces: &[RawWrite]) -> Option<Vec<u8>> {
        let piece = |index: u16| Ok::<_, Infallible>(pieces.get(usize::from(index)).and_then(|w| w.value.clone()));
        self.sealer.open(place, first, piece).unwrap_or_else(|never| match never {})
    }

    /// Whether a piece, wherever it was found, is one that this store sealed.
    pub(super) fn opens(&self, piece: &Piece<'_>) -> bool {
        self.sealer.open_piece(piece).is_some()
    }

    /// The pieces of a value are read one after the other, so a commit in between looks like damage. Nothing is called
    /// damaged that was not read again with commits held off.
    fn read_again(&self, place: Place<'_>, error: StoreError) -> Result<Option<Vec<u8>>, StoreError> {
        if !matches!(error, StoreError::Damaged { .. }) {
            return Err(error);
        }
        let _no_commits = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = self.heed(self.engine.get(&place.piece(0)))? else { return Ok(None) };
        self.open(place, &first).map(Some).inspect_err(|_| {
            self.suspect();
        })
    }

    /// Asks the next opening to salvage.
    fn suspect(&self) {
        // Best effort: on a disk that cannot even take an empty file, the next reading finds the same again.
        let _ = File::create(&self.suspect).and_then(|file| file.sync_all());
    }

    /// Visits the values between two engine keys of first pieces; a value removed meanwhile is passed over.
    pub(super) fn visit(&self, from: &[u8], to: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let scanned = self.engine.scan(from, to, &mut |raw, first| {
            let Some(place) = Place::of_first(raw) else { return false };
            match self.open(place, first).map(Some).or_else(|error| self.read_again(place, error)).transpose() {
                Some(value) => visit(place, value),
                None => true,
            }
        });
        Ok(self.heed(scanned)?)
    }

    /// How many values there are fewer than were written, if `seen` were found.
    fn missing(&self, seen: u64) -> Result<u64, StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.tally.values == seen {
            return Ok(0);
        }
        // Perhaps commits came while they were counted: once more, with commits held off, and keys only.
        let mut held = 0;
        self.engine.scan(&[OWN_TABLE + 1], None, &mut |raw, _| {
            let first = Place::of_first(raw).is_some();
            held += u64::from(first);
            first
        })?;
        if held < writer.tally.values {
            self.suspect();
        }
        Ok(writer.tally.values.saturating_sub(held))
    }

    fn commit_rows(&self, batches: &[Batch], durability: Durability) -> Result<(), StoreError> {
        batches.iter().try_for_each(check_batch)?;
        let mut writer = self.writer()?;
        self.admit(batches.iter().map(Batch::size).sum())?;
        for batch in batches.iter().filter(|batch| !batch.is_empty()) {
            let rows: Rows<'_> =
                batch.writes.iter().map(|w| ((w.table as u8, &w.key[..]), w.value.as_deref())).collect();
            self.write(&mut writer.tally, &rows)?;
        }
        match durability {
            Durability::Durable => self.sync_engine(&mut writer),
            Durability::Deferred => Ok(()),
        }
    }
}

/// The mark beside a database directory that asks for salvage.
pub(super) fn suspect_file(dir: &Path) -> PathBuf {
    dir.with_extension("suspect")
}

fn check_batch(batch: &Batch) -> Result<(), StoreError> {
    if batch.size() > MAX_BATCH {
        return Err(StoreError::BatchTooLarge { size: batch.size() });
    }
    match batch.writes.iter().find(|write| write.key.len() > MAX_KEY) {
        Some(write) => Err(StoreError::KeyTooLong { table: write.table, size: write.key.len() }),
        None => Ok(()),
    }
}

impl<E: Engine> Shelf for SealedStore<E> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError> {
        Ok(self.read(Place { table: table as u8, key })?)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), ShelfError> {
        let table = table as u8;
        let from = Place { table, key: from }.piece(0);
        let to = to.map_or_else(|| vec![table + 1], |key| Place { table, key }.piece(0));
        let mut failed = None;
        self.visit(&from, Some(&to), &mut |place, value| match value {
            Ok(value) => visit(place.key, value),
            Err(error) => {
                failed = Some(error);
                false
            }
        })?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl<E: Engine> Store for SealedStore<E> {
    fn commit_all(&self, batches: &[Batch], durability: Durability) -> Result<(), StoreError> {
        self.commit_rows(batches, durability)
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        self.sync_engine(&mut writer)
    }

    fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let mut failed = None;
        self.visit(&[OWN_TABLE + 1], None, &mut |_, value| {
            match value {
                Ok(_) => checked.sound += 1,
                Err(StoreError::Damaged { place }) => checked.damaged.push(place),
                Err(error) => failed = Some(error),
            }
            progress(checked.sound + checked.damaged.len() as u64);
            failed.is_none()
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        checked.missing = self.missing(checked.sound + checked.damaged.len() as u64)?;
        Ok(checked)
    }

    fn export(&self, out: &mut dyn Write) -> Result<u64, StoreError> {
        archive::export(self, out)
    }

    fn import(&self, from: &mut dyn Read) -> Result<u64, StoreError> {
        archive::import(self, from)
    }

    fn size(&self) -> Result<u64, StoreError> {
        Ok(self.engine.size()?)
    }

    fn clear_doubt(&self) -> Result<(), StoreError> {
        self.write_own(&[(super::open::DOUBT, None)])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    };

    use super::*;
    use crate::store::{memory::MemoryEngine, seal::PIECE};

    fn store() -> (tempfile::TempDir, SealedStore<MemoryEngine>) {
        let dir = tempfile::tempdir().unwrap();
        let store = store_in(dir.path(), FreeSpace::from_fn(|_| Ok(u64::MAX)));
        (dir, store)
    }

    fn store_in(dir: &Path, free: FreeSpace) -> SealedStore<MemoryEngine> {
        SealedStore::new(MemoryEngine::default(), &DataKey::new([1; 32]), &dir.join("1"), 1_000, free)
    }

    fn put(key: &[u8], value: Vec<u8>) -> Batch {
        let mut batch = Batch::default();
        batch.put(Table::Entries, key, value);
        batch
    }

    fn scanned(store: &dyn Shelf, from: &[u8], to: Option<&[u8]>, at_most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        let mut visit = |key: &[u8], value| {
            rows.push((key.to_vec(), value));
            rows.len() < at_most
        };
        store.scan(Table::Entries, from, to, &mut visit).unwrap();
        rows
    }

    /// Changes a stored byte behind the store's back.
    fn damage(store: &SealedStore<MemoryEngine>, key: &[u8]) {
        let raw = Place { table: Table::Entries as u8, key }.piece(0);
        store.engine.rows.lock().unwrap().get_mut(&raw).unwrap()[40] ^= 1;
    }

    #[test]
    fn scans_see_one_table_in_key_order_between_their_bounds() {
        let (_dir, store) = store();
        let long = vec![9; 3 * PIECE];
        let mut batch = Batch::default();
        for key in ["b", "a", "a\0", "c", ""] {
            batch.put(Table::Entries, key, long.clone());
        }
        batch.put(Table::Feeds, "b", "of another table");
        batch.put(Table::RecordEntries, "b", "of another table");
        store.commit(&batch, Durability::Durable).unwrap();
        let cases: [(&str, Option<&str>, usize, &[&str]); 6] = [
            ("", None, 9, &["", "a", "a\0", "b", "c"]),
            ("a", Some("b"), 9, &["a", "a\0"]),
            ("aa", None, 9, &["b", "c"]),
            ("a", None, 2, &["a", "a\0"]),
            ("b", Some("b"), 9, &[]),
            ("c", Some("a"), 9, &[]),
        ];
        for (from, to, at_most, expected) in cases {
            let rows = scanned(&store, from.as_bytes(), to.map(str::as_bytes), at_most);
            assert_eq!(
                rows.iter().map(|row| &row.0[..]).collect::<Vec<_>>(),
                expected.iter().map(|k| k.as_bytes()).collect::<Vec<_>>(),
                "{from:?}..{to:?}"
            );
            assert!(rows.iter().all(|row| row.1 == long));
        }
    }

    #[test]
    fn a_shorter_value_leaves_nothing_of_the_longer_one() {
        let (_dir, store) = store();
        let stored = || store.engine.rows.lock().unwrap().len();
        for (length, pieces) in [(5 * PIECE, 5), (2 * PIECE, 2), (10, 1), (3 * PIECE, 3)] {
            store.commit(&put(b"k", vec![1; length]), Durability::Durable).unwrap();
            assert_eq!(store.get(Table::Entries, b"k").unwrap(), Some(vec![1; length]));
            assert_eq!(stored(), pieces + 1, "{length}, and the tally");
        }
        let mut batch = put(b"k", vec![1; 9 * PIECE]);
        batch.remove(Table::Entries, *b"k");
        store.commit(&batch, Durability::Durable).unwrap();
        assert_eq!((store.get(Table::Entries, b"k").unwrap(), stored()), (None, 1), "the later write wins");
    }

    #[test]
    fn what_is_over_a_bound_is_refused_whole() {
        let (_dir, store) = store();
        let largest = put(b"k", vec![0; MAX_BATCH - 1]);
        store.commit(&largest, Durability::Durable).unwrap();
        let group = [put(b"small", vec![1]), put(b"k", vec![0; MAX_BATCH])];
        assert!(matches!(
            store.commit_all(&group, Durability::Durable),
            Err(StoreError::BatchTooLarge { size }) if size == MAX_BATCH + 1
        ));
        let group = [put(b"small", vec![1]), put(&[0; MAX_KEY + 1], vec![])];
        assert!(matches!(store.commit_all(&group, Durability::Durable), Err(StoreError::KeyTooLong { size: 65, .. })));
        assert_eq!(store.get(Table::Entries, b"small").unwrap(), None);
    }

    #[test]
    fn one_sync_makes_a_group_and_what_was_deferred_durable() {
        let (_dir, store) = store();
        let durable = || store.engine.durable.lock().unwrap().len();
        store.commit(&put(b"deferred", vec![1]), Durability::Deferred).unwrap();
        assert_eq!(store.get(Table::Entries, b"deferred").unwrap(), Some(vec![1]));
        assert_eq!((durable(), store.engine.syncs.load(Ordering::SeqCst)), (0, 0));
        let group: Vec<Batch> = (0..50).map(|i| put(&[i], vec![i])).collect();
        store.commit_all(&group, Durability::Durable).unwrap();
        assert_eq!((durable(), store.engine.syncs.load(Ordering::SeqCst)), (52, 1));
        store.commit(&put(b"again", vec![1]), Durability::Deferred).unwrap();
        store.sync().unwrap();
        assert_eq!(durable(), 53);
    }

    #[test]
    fn after_a_failed_sync_nothing_is_written_or_synced_again() {
        let (_dir, store) = store();
        store.commit(&put(b"before", vec![1]), Durability::Durable).unwrap();
        store.engine.fail_next_sync.store(true, Ordering::SeqCst);
        let refused = |result| matches!(result, Err(StoreError::ReadOnly { .. }));
        assert!(refused(store.commit(&put(b"lost", vec![1]), Durability::Durable)));
        let syncs = store.engine.syncs.load(Ordering::SeqCst);
        // The engine would succeed now, and hide that the first sync's pages are gone.
        assert!(refused(store.sync()));
        assert!(refused(store.commit(&put(b"after", vec![1]), Durability::Deferred)));
        assert_eq!(store.engine.syncs.load(Ordering::SeqCst), syncs);
        assert_eq!(store.get(Table::Entries, b"after").unwrap(), None);
        assert_eq!(store.get(Table::Entries, b"before").unwrap(), Some(vec![1]), "reading goes on");
    }

    #[test]
    fn a_nearly_full_disk_refuses_writes_and_keeps_reading() {
        let dir = tempfile::tempdir().unwrap();
        let free = Arc::new(AtomicU64::new(1_600));
        let probe = free.clone();
        let store = store_in(dir.path(), FreeSpace::from_fn(move |_| Ok(probe.load(Ordering::SeqCst))));
        store.commit(&put(b"a", vec![1; 500]), Durability::Durable).unwrap();
        free.store(1_200, Ordering::SeqCst);
        let group = [put(b"b", vec![1; 150]), put(b"c", vec![1; 150])];
        let refusal = store.commit_all(&group, Durability::Durable).unwrap_err();
        assert!(matches!(refusal, StoreError::DiskFull { free: 1_200, needed: 1_302 }), "{refusal}");
        assert_eq!(store.get(Table::Entries, b"b").unwrap(), None);
        assert_eq!(store.get(Table::Entries, b"a").unwrap(), Some(vec![1; 500]));
        free.store(2_000, Ordering::SeqCst);
        store.commit_all(&group, Durability::Durable).unwrap();
    }

    #[test]
    fn a_damaged_value_is_an_error_that_names_its_place_only() {
        let (dir, store) = store();
        let secret = b"what was said at the well".to_vec();
        for key in [b"\x0a", b"\x0b", b"\x0c"] {
            store.commit(&put(key, secret.clone()), Durability::Durable).unwrap();
        }
        assert!(!dir.path().join("1.suspect").exists());
        damage(&store, b"\x0b");
        let error = store.get(Table::Entries, b"\x0b").unwrap_err().to_string();
        assert!(error.contains("key 0b in table Entries") && !error.contains("well"), "{error}");
        assert!(store.scan(Table::Entries, &[], None, &mut |_, _| true).is_err());
        assert_eq!(store.get(Table::Entries, b"\x0c").unwrap(), Some(secret), "others are still read");
        let mut told = 0;
        let checked = store.check(&mut |so_far| told = so_far).unwrap();
        let damaged = vec!["key 0b in table Entries".to_owned()];
        assert_eq!(checked, Checked { sound: 2, damaged, missing: 0 });
        assert_eq!(told, 3);
        assert!(dir.path().join("1.suspect").exists(), "the next opening is to salvage");
    }

    #[test]
    fn rows_that_silently_vanish_are_missed() {
        let (dir, store) = store();
        let group: Vec<Batch> = (0..9).map(|i| put(&[i % 6], vec![i])).collect();
        store.commit_all(&group, Durability::Durable).unwrap();
        let mut removal = Batch::default();
        removal.remove(Table::Entries, [5]);
        removal.remove(Table::Entries, [50]);
        store.commit(&removal, Durability::Durable).unwrap();
        assert_eq!(store.check(&mut |_| ()).unwrap(), Checked { sound: 5, ..Checked::default() });
        assert!(store.take_stock().unwrap());
        assert!(!dir.path().join("1.suspect").exists());

        let earlier = store.engine.rows.lock().unwrap().clone();
        store.engine.rows.lock().unwrap().remove(&[Table::Entries as u8, 3][..]);
        assert_eq!(store.check(&mut |_| ()).unwrap(), Checked { sound: 4, missing: 1, ..Checked::default() });
        assert!(dir.path().join("1.suspect").exists(), "the next opening is to salvage");

        store.commit(&put(b"new", vec![1]), Durability::Durable).unwrap();
        assert!(store.take_stock().unwrap());
        *store.engine.rows.lock().unwrap() = earlier;
        assert!(!store.take_stock().unwrap(), "the engine forgot the last commit");
    }

    #[test]
    fn a_value_overwritten_while_it_is_read_is_not_called_damaged() {
        let (_dir, store) = store();
        let done = AtomicBool::new(false);
        let value = |round: u8| vec![round; (3 + usize::from(round % 3)) * PIECE];
        store.commit(&put(b"k", value(0)), Durability::Durable).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..250 {
                    store.commit(&put(b"k", value(round)), Durability::Deferred).unwrap();
                }
                done.store(true, Ordering::SeqCst);
            });
            while !done.load(Ordering::SeqCst) {
                let read = store.get(Table::Entries, b"k").unwrap().unwrap();
                assert_eq!(read, value(read[0]));
                assert_eq!(scanned(&store, b"", None, 9).len(), 1);
            }
        });
    }
}
