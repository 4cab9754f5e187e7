//! From a data directory to a store that can be trusted, or to a reason why not.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    EngineError, EngineKind, FREE_FLOOR, FreeSpace, SealedStore, Store, StoreError, build,
    engine::AnyEngine,
    files,
    generations::{Found, Generations},
    key::{DataKey, KeyError},
    lock::{DirLock, LockError},
    salvage,
    sealed::suspect_file,
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
    /// What a new store is made with; absent: the default. A store that is there keeps its engine until it is
    /// converted ([`super::rebuild`]).
    pub engine: Option<EngineKind>,
    /// The smallest database, in bytes, that is built anew when it takes more than [`super::BLOATED`] times what it
    /// holds; absent: none is.
    pub compact_above: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Options { free_floor: FREE_FLOOR, free_space: FreeSpace::of_the_system(), engine: None, compact_above: None }
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
    /// There is no room for another database beside the one in use.
    #[error("{doing} needs {needed} bytes free, {free} are: make space and start again")]
    NoSpace {
        /// What was to be done.
        doing: &'static str,
        /// Bytes free.
        free: u64,
        /// Bytes that it needs.
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
    let (lock, opening, in_use) = find(data_dir, options)?;
    let InUse { number, store } = opening.compact_if_bloated(in_use)?;
    let engine = opening.engine_of(number);
    if options.engine.is_some_and(|wanted| wanted != engine) {
        tracing::warn!(
            engine.in_use = %engine,
            "the settings name another store engine than the one in use: convert the store, or change store.engine"
        );
    }
    let doubt = store.own(DOUBT)?.and_then(|doubt| serde_json::from_slice(&doubt).ok());
    Ok(Opened { store: Arc::new(store.holding(lock)), doubt })
}

/// Locks a data directory and opens the database in use, making or mending it first.
pub(super) fn find(data_dir: &Path, options: &Options) -> Result<(DirLock, Opening, InUse), OpenError> {
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
    let in_use = match found {
        Found::Nothing => opening.begin(1)?,
        Found::Begun(number) => opening.begin(number)?,
        Found::InUse(number) => opening.resume(number)?,
    };
    if in_use.store.own(IMPORTING)?.is_some() {
        return Err(OpenError::UnfinishedImport);
    }
    Ok((lock, opening, in_use))
}

/// What every step of opening needs.
pub(super) struct Opening {
    pub(super) generations: Generations,
    pub(super) key: DataKey,
    pub(super) options: Options,
}

/// The database in use, opened.
pub(super) struct InUse {
    /// Its generation.
    pub(super) number: u32,
    pub(super) store: SealedStore<AnyEngine>,
}

impl Opening {
    /// The engine of a generation; of one that is yet to be made, the one asked for.
    pub(super) fn engine_of(&self, number: u32) -> EngineKind {
        EngineKind::of(&self.generations.dir(number)).or(self.options.engine).unwrap_or_default()
    }

    /// Seals over an opened engine whose files are in `dir`.
    pub(super) fn seal<E: super::Engine>(&self, engine: E, dir: &Path) -> SealedStore<E> {
        SealedStore::new(engine, &self.key, dir, self.options.free_floor, self.options.free_space.clone())
    }

    /// Opens a generation.
    pub(super) fn open_generation(&self, number: u32) -> Result<SealedStore<AnyEngine>, OpenError> {
        let dir = self.generations.dir(number);
        Ok(self.seal(self.engine_of(number).open(&dir)?, &dir))
    }

    /// Refuses what would leave too little free.
    pub(super) fn make_sure_of_space(&self, bytes: u64, doing: &'static str) -> Result<(), OpenError> {
        let floor = Floor::new(self.generations.root(), self.options.free_floor, self.options.free_space.clone());
        let admitted = floor.admits(bytes).map_err(OpenError::io("measuring free space"))?;
        admitted.map_err(|full| OpenError::NoSpace { doing, free: full.free, needed: full.needed })
    }

    /// The first database of a data directory, or one whose `CURRENT` was lost.
    fn begin(&self, number: u32) -> Result<InUse, OpenError> {
        let store = self.open_generation(number)?;
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
    fn resume(&self, number: u32) -> Result<InUse, OpenError> {
        let dir = self.generations.dir(number);
        if !dir.is_dir() {
            return Err(OpenError::Missing(dir));
        }
        let salvage = || Ok(InUse { number: number + 1, store: salvage::salvage(self, number)? });
        if suspect_file(&dir).exists() {
            return salvage();
        }
        self.keep_untouched(number).map_err(OpenError::io("copying the database"))?;
        let opened = self.try_resume(number);
        match &opened {
            Err(error) if !error.is_damage() => {}
            Err(_) => {
                let restored = self.generations.restore_untouched(number);
                restored.map_err(OpenError::io("restoring the database from its copy"))?;
                return salvage();
            }
            Ok(_) => {}
        }
        self.generations.forget_untouched(number).map_err(OpenError::io("tidying up"))?;
        Ok(InUse { number, store: opened? })
    }

    fn try_resume(&self, number: u32) -> Result<SealedStore<AnyEngine>, OpenError> {
        let store = self.open_generation(number)?;
        let format = store.own(FORMAT)?;
        if format.as_ref().is_some_and(|format| format != FORMAT_1) {
            return Err(OpenError::Newer);
        }
        // A database that was in use has that row, and all that was durable: if not, the engine took a damaged file
        // for an empty or an older one.
        if format.is_some() && store.take_stock()? {
            return Ok(store);
        }
        let detail = "it has gone back to an older state".to_owned();
        Err(EngineError::Damaged { doing: "opening the database", detail }.into())
    }

    /// On damage sled clears what it takes for the torn end of its log before it gives up, up to the whole of the
    /// file. While a copy costs next to nothing, one is kept until the database is open.
    fn keep_untouched(&self, number: u32) -> io::Result<()> {
        let size = files::size_of_dir(&self.generations.dir(number))?;
        if size > UNTOUCHED_LIMIT || self.make_sure_of_space(size, "copying the database").is_err() {
            return Ok(());
        }
        self.generations.keep_untouched(number)
    }

    /// Builds a database anew that takes far more room than what it holds. Where that cannot be done, the one in use
    /// goes on being used.
    fn compact_if_bloated(&self, in_use: InUse) -> Result<InUse, OpenError> {
        let Some(floor) = self.options.compact_above else { return Ok(in_use) };
        let built = match build::is_bloated(&in_use.store, floor) {
            Ok(false) => return Ok(in_use),
            Ok(true) => {
                tracing::info!("the store takes many times what it holds: it is being compacted");
                build::build_anew(self, &in_use, self.engine_of(in_use.number), &mut |_, _, _| ())
            }
            Err(error) => Err(error.into()),
        };
        match built {
            Ok(built) if built.is_gain() => {
                tracing::info!(bytes.before = built.before, bytes.after = built.after, "the store was compacted");
                build::replace(self, in_use)
            }
            Ok(_) => Ok(in_use),
            Err(error) => {
                tracing::warn!(%error, "the store could not be compacted, and stays as it is");
                Ok(in_use)
            }
        }
    }
}
