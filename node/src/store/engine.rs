//! What a storage engine has to do: keep small sealed values in key order, atomically and durably.
//!
//! Engines know nothing of tables, sealing or values larger than [`MAX_STORED`]; they see opaque bytes. Whatever one
//! engine gets wrong about power cuts or flipped bits is therefore caught above it, in one place, for all of them.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{redb::RedbEngine, sled::SledEngine};

/// Bytes of one stored value, sealing overhead included. sled moves larger ones into separate files that it never
/// syncs, so a power cut would lose them.
pub const MAX_STORED: usize = 4096;

/// Bytes of one stored key: a shelf key and what the sealing layer puts before and after it.
pub const MAX_STORED_KEY: usize = 80;

/// One write to an engine: a key and its new value, or `None` to remove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawWrite {
    /// At most [`MAX_STORED_KEY`] bytes.
    pub key: Vec<u8>,
    /// At most [`MAX_STORED`] bytes.
    pub value: Option<Vec<u8>>,
}

/// Why an engine could not do what was asked of it. Texts name neither keys nor values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The caller's mistake: nothing was written.
    #[error("a value of {size} bytes is over the engine's bound of {MAX_STORED} bytes: cut it into pieces")]
    ValueTooLarge {
        /// Bytes of the refused value.
        size: usize,
    },
    /// The caller's mistake: nothing was written.
    #[error("a key of {size} bytes is over the engine's bound of {MAX_STORED_KEY} bytes")]
    KeyTooLong {
        /// Bytes of the refused key.
        size: usize,
    },
    /// The operating system refused: full or failing disk, missing rights.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// What is on the disk is not what the engine wrote.
    #[error("{doing}: the database files are damaged ({detail})")]
    Damaged {
        /// What was being done.
        doing: &'static str,
        /// The engine's own words.
        detail: String,
    },
}

impl EngineError {
    /// Whether the files themselves are at fault, so that trying again cannot help and salvaging can.
    pub fn is_damage(&self) -> bool {
        matches!(self, EngineError::Damaged { .. })
    }

    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| EngineError::Io { doing, source }
    }
}

/// The raw layer under the sealed store. All methods may be called from several threads; writes come one at a time.
pub trait Engine: Send + Sync {
    /// Applies all writes or none, visible at once to every reader and not yet durable. Keys are distinct.
    fn write(&self, writes: Vec<RawWrite>) -> Result<(), EngineError>;

    /// Makes everything written so far survive a power cut. After an error nothing is known about what did; the
    /// caller must not try again (a second sync can succeed although the first one's pages are lost).
    fn sync(&self) -> Result<(), EngineError>;

    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Visits keys from `from` (inclusive) to `to` (exclusive; `None`: to the end) in ascending order, until `visit`
    /// returns false. Writes made meanwhile may or may not be seen.
    fn scan(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), EngineError>;

    /// Bytes taken on the disk.
    fn size(&self) -> Result<u64, EngineError>;
}

/// An engine chosen when the program runs.
pub(super) type AnyEngine = Box<dyn Engine>;

impl Engine for AnyEngine {
    fn write(&self, writes: Vec<RawWrite>) -> Result<(), EngineError> {
        (**self).write(writes)
    }

    fn sync(&self) -> Result<(), EngineError> {
        (**self).sync()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        (**self).get(key)
    }

    fn scan(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), EngineError> {
        (**self).scan(from, to, visit)
    }

    fn size(&self) -> Result<u64, EngineError> {
        (**self).size()
    }
}

/// The engines there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// sled: a log that is appended to.
    #[default]
    Sled,
    /// redb: a B-tree in one file, written copy on write.
    Redb,
}

impl EngineKind {
    /// Which engine a database directory belongs to; `None` where there is no database in it.
    pub fn of(dir: &Path) -> Option<Self> {
        let holds = |names: &[&str]| names.iter().any(|name| dir.join(name).exists());
        if holds(RedbEngine::FILES) {
            Some(EngineKind::Redb)
        } else {
            holds(SledEngine::FILES).then_some(EngineKind::Sled)
        }
    }

    /// Opens the database in `dir`, or creates one where there is none. The caller holds the lock on the data directory.
    pub(super) fn open(self, dir: &Path) -> Result<AnyEngine, EngineError> {
        Ok(match self {
            EngineKind::Sled => Box::new(SledEngine::open(dir)?),
            EngineKind::Redb => Box::new(RedbEngine::open(dir)?),
        })
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EngineKind::Sled => "sled",
            EngineKind::Redb => "redb",
        })
    }
}

/// Calls an engine's library, with a panic as damage: that is how they answer to some damaged files. The panic's
/// message is dropped, it may quote rows.
pub(super) fn guarded<T>(doing: &'static str, call: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    let panicked = |_| Err(EngineError::Damaged { doing, detail: "the engine panicked".to_owned() });
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(panicked)
}

/// Refuses writes over the engine's bounds, before any of them is applied.
pub(super) fn check_bounds(writes: &[RawWrite]) -> Result<(), EngineError> {
    for write in writes {
        if write.key.len() > MAX_STORED_KEY {
            return Err(EngineError::KeyTooLong { size: write.key.len() });
        }
        let size = write.value.as_ref().map_or(0, Vec::len);
        if size > MAX_STORED {
            return Err(EngineError::ValueTooLarge { size });
        }
    }
    Ok(())
}
