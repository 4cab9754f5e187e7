//! [`Store`] over any [`Engine`]: the rules that hold whatever lies below.

use std::{
    collections::BTreeMap,
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
    seal::{Head, Place, Sealer},
    space::Floor,
};

/// The number of the table in which the store keeps what it knows of itself; no shelf table has it.
pub(super) const OWN_TABLE: u8 = 0;

/// Rows to be written, by table number and key; a later write to a key has replaced the earlier one.
pub(super) type Rows<'a> = BTreeMap<(u8, &'a [u8]), Option<&'a [u8]>>;

/// A store that keeps its values sealed in an engine.
pub struct SealedStore<E> {
    // Dropped first, so that the directory's lock outlives the database.
    engine: E,
    sealer: Sealer,
    floor: Floor,
    /// One commit at a time: which tails a value leaves behind depends on what was there before.
    writer: Mutex<()>,
    /// Why nothing is written any more.
    failed: OnceLock<String>,
    /// Made when a value turns out to be damaged, so that the next opening salvages.
    suspect: PathBuf,
    _lock: Option<DirLock>,
}

impl<E: Engine> SealedStore<E> {
    /// A store over an opened engine whose files are in `dir`.
    pub(super) fn new(engine: E, key: &DataKey, dir: &Path, floor: u64, free: FreeSpace) -> Self {
        SealedStore {
            engine,
            sealer: Sealer::new(key),
            floor: Floor::new(dir.parent().unwrap_or(dir), floor, free),
            writer: Mutex::new(()),
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
        let _writer = self.writer()?;
        self.write(&rows)?;
        self.sync_engine()
    }

    /// The right to write, or the reason why there is none.
    fn writer(&self) -> Result<MutexGuard<'_, ()>, StoreError> {
        let guard = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.failed.get() {
            Some(reason) => Err(StoreError::ReadOnly { reason: reason.clone() }),
            None => Ok(guard),
        }
    }

    /// Writes rows as one atomic engine write.
    fn write(&self, rows: &Rows<'_>) -> Result<(), StoreError> {
        let mut writes = Vec::with_capacity(rows.len());
        for ((table, key), value) in rows {
            let place = Place { table: *table, key };
            let head = self.engine.get(&place.head())?;
            let before = head.as_deref().and_then(Head::parse).map_or(0, |head| head.count);
            let mut after = 0;
            match value {
                Some(value) => {
                    let pieces = self.sealer.seal(place, value)?;
                    after = pieces.len() as u16;
                    writes.extend(pieces);
                }
                None => writes.push(RawWrite { key: place.head(), value: None }),
            }
            writes.extend((after.max(1)..before).map(|index| RawWrite { key: place.tail(index), value: None }));
        }
        self.engine.write(writes).map_err(|error| self.fail(error))
    }

    fn sync_engine(&self) -> Result<(), StoreError> {
        self.engine.sync().map_err(|error| self.fail(error))
    }

    /// After a failed write or sync nothing is written until the store is opened anew: the system may have dropped
    /// the pages that it could not write, and a second sync would succeed all the same.
    fn fail(&self, error: EngineError) -> StoreError {
        let reason = self.failed.get_or_init(|| error.to_string());
        StoreError::ReadOnly { reason: reason.clone() }
    }

    fn admit(&self, bytes: usize) -> Result<(), StoreError> {
        match self.floor.admits(bytes as u64).map_err(StoreError::Measure)? {
            Ok(()) => Ok(()),
            Err(full) => Err(StoreError::DiskFull { free: full.free, needed: full.needed }),
        }
    }

    fn read(&self, place: Place<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        match self.engine.get(&place.head())? {
            Some(head) => self.open(place, &head).map(Some).or_else(|error| self.read_again(place, error)),
            None => Ok(None),
        }
    }

    pub(super) fn open(&self, place: Place<'_>, head: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealer
            .open(place, head, |index| self.engine.get(&place.tail(index)))?
            .ok_or_else(|| StoreError::Damaged { place: place.name() })
    }

    /// A head and its tails are read one after the other, so a commit in between looks like damage. Nothing is called
    /// damaged that was not read again with commits held off.
    fn read_again(&self, place: Place<'_>, error: StoreError) -> Result<Option<Vec<u8>>, StoreError> {
        if !matches!(error, StoreError::Damaged { .. }) {
            return Err(error);
        }
        let _no_commits = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(head) = self.engine.get(&place.head())? else { return Ok(None) };
        self.open(place, &head).map(Some).inspect_err(|_| {
            // Best effort: on a disk that cannot even take an empty file, the next reading says the same again.
            let _ = File::create(&self.suspect).and_then(|file| file.sync_all());
        })
    }

    /// Visits the values of the places between two engine keys of heads; a value removed meanwhile is passed over.
    pub(super) fn visit(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(Place<'_>, Result<Vec<u8>, StoreError>) -> bool,
    ) -> Result<(), StoreError> {
        self.engine.scan(from, to, &mut |raw, head| {
            let Some(place) = Place::of_head(raw) else { return false };
            match self.open(place, head).map(Some).or_else(|error| self.read_again(place, error)).transpose() {
                Some(value) => visit(place, value),
                None => true,
            }
        })?;
        Ok(())
    }

    fn commit_rows(&self, batches: &[Batch], durability: Durability) -> Result<(), StoreError> {
        batches.iter().try_for_each(check_batch)?;
        let _writer = self.writer()?;
        self.admit(batches.iter().map(Batch::size).sum())?;
        for batch in batches.iter().filter(|batch| !batch.is_empty()) {
            let rows: Rows<'_> =
                batch.writes.iter().map(|w| ((w.table as u8, &w.key[..]), w.value.as_deref())).collect();
            self.write(&rows)?;
        }
        match durability {
            Durability::Durable => self.sync_engine(),
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
        let from = Place { table, key: from }.head();
        let to = to.map_or_else(|| vec![table + 1], |key| Place { table, key }.head());
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
        let _writer = self.writer()?;
        self.sync_engine()
    }

    fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let mut failed = None;
        self.visit(&[], None, &mut |_, value| {
            match value {
                Ok(_) => checked.sound += 1,
                Err(StoreError::Damaged { place }) => checked.damaged.push(place),
                Err(error) => failed = Some(error),
            }
            progress(checked.sound + checked.damaged.len() as u64);
            failed.is_none()
        })?;
        failed.map_or(Ok(checked), Err)
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
