//! The store: what this office knows, kept through power cuts, sealed against whoever takes the machine.
//!
//! - [`Store`] is the whole of what the rest of the node sees: a few verbs over `protocol::shelf`'s tables.
//! - [`open`] finds the store of a data directory, mends what can be mended and says what is in [`Doubt`].
//! - What sled was seen to do to damaged files (not to open, to open without a part, to wipe what it cannot read) is met
//!   by counting, by a copy made before opening, and by finding values in the bytes of the files.
//! - [`rebuild`] builds the database anew, smaller or with another engine, and switches to it once it is whole.
//! - [`SealedStore`] cuts values into pieces, seals each to its place and hands them to an [`Engine`].
//! - [`TipFile`] remembers, beside the store, how far this office's own feed had come.
//!
//! ```text
//! DATA_DIR/lock           held by the process that works here; names its pid
//!          data.key       32 bytes, owner only: opens every stored value
//!          tip            how far our own feed is, on which machine and directory
//!          store/CURRENT  the number of the database in use
//!          store/1/       a database; once it was replaced 2/ is in use, and it is gone or, if damaged, 1.damaged/
//!          store/1.mark   how many commits were once durable; 1.suspect asks the next opening to salvage
//! ```

mod archive;
mod build;
pub mod engine;
mod files;
mod generations;
pub mod key;
pub mod lock;
mod open;
pub mod redb;
mod salvage;
mod seal;
mod sealed;
pub mod sled;
mod space;
mod tally;
pub mod tip;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod memory;

use std::io::{Read, Write};

use toguna_protocol::shelf::{Batch, Shelf, ShelfError, Table};

pub use self::{
    archive::ArchiveError,
    build::{BLOATED, Progress, RebuildError, Rebuilt, Step, rebuild},
    engine::{Engine, EngineError, EngineKind},
    open::{Doubt, OpenError, Opened, Options, open},
    sealed::SealedStore,
    space::{FREE_FLOOR, FreeSpace},
    tip::TipFile,
};

/// Bytes of keys and values in one batch: four entries at their limit, and far below what an engine's log segments
/// or a slow disk's write cache make noticeable.
pub const MAX_BATCH: usize = 1024 * 1024;

/// Bytes of one key.
pub const MAX_KEY: usize = 64;

/// When a commit returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once the writes, and all deferred ones before them, survive a power cut.
    Durable,
    /// Once they can be read here; the next durable commit or sync makes them durable. A power cut before loses them,
    /// whole batches and the newest first.
    Deferred,
}

/// Why a store could not do what was asked of it. Texts name tables and keys, never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing was written.
    #[error("a batch of {size} bytes is over the bound of {MAX_BATCH} bytes: commit it in parts")]
    BatchTooLarge {
        /// Bytes of keys and values.
        size: usize,
    },
    /// Nothing was written.
    #[error("a key of {size} bytes in table {table:?} is over the bound of {MAX_KEY} bytes")]
    KeyTooLong {
        /// Where it was to go.
        table: Table,
        /// Its length in bytes.
        size: usize,
    },
    /// Nothing was written; reading goes on. Gone as soon as there is space.
    #[error("the disk is nearly full ({free} bytes free, {needed} needed): make space, nothing is saved until then")]
    DiskFull {
        /// Bytes free.
        free: u64,
        /// Bytes that must be free for this write.
        needed: u64,
    },
    /// An earlier write or sync failed, so nobody knows what reached the disk. Reading goes on; writing needs the
    /// store to be opened anew.
    #[error("the store only reads since a write failed ({reason}): check the disk, then start again")]
    ReadOnly {
        /// The failure.
        reason: String,
    },
    /// A value is not what was written. It is salvaged around when the store is next opened.
    #[error("the value of {place} is damaged: start again to salvage the store")]
    Damaged {
        /// Table and key, as in `key 0a1b in table Entries`.
        place: String,
    },
    /// The engine failed while reading.
    #[error("the storage engine failed: {0}")]
    Engine(#[from] EngineError),
    /// An export could not be written or read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The system gave no random bytes to seal with.
    #[error("asking the system for random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Free space could not be measured.
    #[error("measuring free space: {0}")]
    Measure(std::io::Error),
}

impl From<StoreError> for ShelfError {
    fn from(error: StoreError) -> Self {
        ShelfError(error.to_string())
    }
}

/// What [`Store::check`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Values that opened.
    pub sound: u64,
    /// Values that did not, as in `key 0a1b in table Entries`. The next opening salvages around them.
    pub damaged: Vec<String>,
    /// Values that were written and are not there any more. The next opening looks for them.
    pub missing: u64,
}

/// A place that keeps batches. All methods may be called from several threads; commits queue up.
pub trait Store: Shelf + Send + Sync {
    /// Applies a batch, whole or not at all.
    fn commit(&self, batch: &Batch, durability: Durability) -> Result<(), StoreError> {
        self.commit_all(std::slice::from_ref(batch), durability)
    }

    /// Applies several batches in order, each whole or not at all, with one sync for all of them: a sync costs
    /// milliseconds, a batch microseconds. After an error a first part of them may stand.
    fn commit_all(&self, batches: &[Batch], durability: Durability) -> Result<(), StoreError>;

    /// Makes every deferred batch durable.
    fn sync(&self) -> Result<(), StoreError>;

    /// Reads every value; `progress` is told, after each, how many were read.
    fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<Checked, StoreError>;

    /// Writes every row **in clear** to `out`; returns how many.
    fn export(&self, out: &mut dyn Write) -> Result<u64, StoreError>;

    /// Fills this store, which must be empty, from an export; returns how many rows came. The store is in doubt
    /// afterwards ([`Doubt::Imported`]); if the import fails, it refuses to be opened again and has to be removed.
    fn import(&self, from: &mut dyn Read) -> Result<u64, StoreError>;

    /// Bytes taken on the disk.
    fn size(&self) -> Result<u64, StoreError>;

    /// Forgets the [`Doubt`] that opening reported. Called once a new epoch and incarnation are durable; until then
    /// every opening reports it again.
    fn clear_doubt(&self) -> Result<(), StoreError>;
}
