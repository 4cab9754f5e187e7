//! From a data directory to a store that can be trusted, or to a reason why not.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    EngineError, FREE_FLOOR, FreeSpace, SealedStore, Store, StoreError, files,
    generations::{Found, Generations},
    key::{DataKey, KeyError},
    lock::{DirLock, LockError},
    salvage,
    sealed::suspect_file,
    sled::SledEngine,
    space::Floor,
};

/// Own row: the layout of everything in the store.
pub(super) const FORMAT: &[u8] = b"format";
/// The only layout so far.
pub(super) const FORMAT_1: &[u8] = b"1";
/// Own row: a [`Doubt`] that was not cleared yet.
pub(super) const DOUBT: &[u8] = b"doubt";
/// Own row: an import began and did not end.
pub(super) const IMPORTING: &[u8] = b"importing";

/// Bytes of the largest database that is copied before it is opened: a tenth of a second.
const UNTOUCHED_LIMIT: u64 = 64 * 1024 * 1024;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Free bytes below which writes are refused.
    pub free_floor: u64,
    /// How free bytes are measured.
    pub free_space: FreeSpace,
}

impl Default for Options {
    fn default() -> Self {
        Options { free_floor: FREE_FLOOR, free_space: FreeSpace::of_the_system() }
    }
}

/// An opened store.
pub struct Opened {
    /// The store; it keeps the data directory locked while it lives.
    pub store: Arc<dyn Store>,
    /// Why the store may hold less than it once did. The caller opens a new epoch and incarnation, makes them durable,
    /// and then calls [`Store::clear_doubt`].
    pub doubt: Option<Doubt>,
}

/// Why a store may hold less, or other things, than this office once wrote and announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Doubt {
    /// The database was damaged. What could be read was carried over; the rest has to come back from peers.
    Salvaged {
        /// The damaged database's name under `store/`, kept for a specialist.
        set_aside: String,
        /// Values carried over.
        kept: u64,
        /// Values there had been more than that; `None` if their number cannot be told.
        lost: Option<u64>,
    },
    /// The store was filled from an export, which is older than whatever was announced since.
    Imported,
}

impl Doubt {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain fields always encode")
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is no usable key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No value opens under the key: another office's key, or nothing is left to salvage.
    #[error(
        "no value of the store opens with data.key: put the right key back; \
         if it is the right one, move the directory `store` away to begin anew and fetch from peers"
    )]
    WrongKey,
    /// `CURRENT` names a database that is not there.
    #[error("the database {} is missing: put it back, or move the directory `store` away to begin anew", .0.display())]
    Missing(PathBuf),
    /// A newer Toguna wrote it.
    #[error("the store was written by a newer version of Toguna: install that version")]
    Newer,
    /// It was to be filled from an export, and that never ended.
    #[error("an import into this store was interrupted: move the directory `store` away and import again")]
    UnfinishedImport,
    /// The database is damaged, and there is no room to salvage it into a new one.
    #[error("the store is damaged; salvaging it needs {needed} bytes free, {free} are: make space and start again")]
    NoSpaceToSalvage {
        /// Bytes free.
        free: u64,
        /// Bytes that salvaging needs.
        needed: u64,
    },
    /// A file or directory could not be made, read or renamed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The engine failed for a reason that is not damage.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The first reads or writes failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// Whether the database is at fault, and salvaging may help.
    fn is_damage(&self) -> bool {
        match self {
            OpenError::Store(StoreError::Damaged { .. }) => true,
            OpenError::Engine(error) | OpenError::Store(StoreError::Engine(error)) => error.is_damage(),
            _ => false,
        }
    }

    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| OpenError::Io { doing, source }
    }
}

/// Opens the store of a data directory, making both where they are missing and salvaging what is damaged.
pub fn open(data_dir: &Path, options: &Options) -> Result<Opened, OpenError> {
    std::fs::create_dir_all(data_dir).map_err(OpenError::io("creating the data directory"))?;
    let lock = DirLock::take(data_dir)?;
    let (generations, found) =
        Generations::tidy(&data_dir.join("store")).map_err(OpenError::io("looking through the store"))?;
    // A new key never comes to an old store: it would open nothing.
    let key = match found {
        Found::Nothing => DataKey::read_or_create(data_dir)?,
        Found::Begun(_) | Found::InUse(_) => DataKey::read(data_dir)?,
    };
    let opening = Opening { generations, key, options: options.clone() };
    let store = match found {
        Found::Nothing => opening.begin(1)?,
        Found::Begun(number) => opening.begin(number)?,
        Found::InUse(number) => opening.resume(number)?,
    };
    if store.own(IMPORTING)?.is_some() {
        return Err(OpenError::UnfinishedImport);
    }
    let doubt = store.own(DOUBT)?.and_then(|doubt| serde_json::from_slice(&doubt).ok());
    Ok(Opened { store: Arc::new(store.holding(lock)), doubt })
}

/// What every step of opening needs.
pub(super) struct Opening {
    pub(super) generations: Generations,
    pub(super) key: DataKey,
    pub(super) options: Options,
}

impl Opening {
    /// Seals over an opened engine whose files are in `dir`.
    pub(super) fn seal<E: super::Engine>(&self, engine: E, dir: &Path) -> SealedStore<E> {
        SealedStore::new(engine, &self.key, dir, self.options.free_floor, self.options.free_space.clone())
    }

    /// The first database of a data directory, or one whose `CURRENT` was lost.
    fn begin(&self, number: u32) -> Result<SealedStore<SledEngine>, OpenError> {
        let dir = self.generations.dir(number);
        let store = self.seal(SledEngine::open(&dir)?, &dir);
        let mut empty = true;
        store.visit(&[], None, &mut |_, _| {
            empty = false;
            false
        })?;
        if empty {
            store.write_own(&[(FORMAT, Some(FORMAT_1))])?;
        }
        self.generations.switch(number).map_err(OpenError::io("naming the database in use"))?;
        drop(store);
        self.resume(number)
    }

    /// A database that was in use before.
    fn resume(&self, number: u32) -> Result<SealedStore<SledEngine>, OpenError> {
        let dir = self.generations.dir(number);
        if !dir.is_dir() {
            return Err(OpenError::Missing(dir));
        }
        if suspect_file(&dir).exists() {
            return salvage::salvage(self, number);
        }
        self.keep_untouched(number).map_err(OpenError::io("copying the database"))?;
        let opened = self.try_resume(&dir);
        match &opened {
            Err(error) if !error.is_damage() => {}
            Err(_) => {
                let restored = self.generations.restore_untouched(number);
                restored.map_err(OpenError::io("restoring the database from its copy"))?;
                return salvage::salvage(self, number);
            }
            Ok(_) => {}
        }
        self.generations.forget_untouched(number).map_err(OpenError::io("tidying up"))?;
        opened
    }

    fn try_resume(&self, dir: &Path) -> Result<SealedStore<SledEngine>, OpenError> {
        let store = self.seal(SledEngine::open(dir)?, dir);
        let format = store.own(FORMAT)?;
        if format.as_ref().is_some_and(|format| format != FORMAT_1) {
            return Err(OpenError::Newer);
        }
        // A database that was in use has that row, and all that was durable: if not, sled took a damaged file for an
        // empty or an older one.
        if format.is_some() && store.take_stock()? {
            return Ok(store);
        }
        let detail = "it has gone back to an older state".to_owned();
        Err(EngineError::Damaged { doing: "opening the database", detail }.into())
    }

    /// On damage sled clears what it takes for the torn end of its log before it gives up, up to the whole of the
    /// file. While a copy costs next to nothing, one is kept until the database is open.
    fn keep_untouched(&self, number: u32) -> io::Result<()> {
        let dir = self.generations.dir(number);
        let size = files::size_of_dir(&dir)?;
        let floor = Floor::new(&dir, self.options.free_floor, self.options.free_space.clone());
        if size > UNTOUCHED_LIMIT || floor.admits(size)?.is_err() {
            return Ok(());
        }
        self.generations.keep_untouched(number)
    }
}
