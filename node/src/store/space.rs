//! Writes stop before the disk is full, so that reading, and the tip file, go on.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Free bytes below which nothing more is written: room for the engine's own housekeeping, logs, and the person who
/// has to log in and make space.
pub const FREE_FLOOR: u64 = 64 * 1024 * 1024;

type Probe = dyn Fn(&Path) -> io::Result<u64> + Send + Sync;

/// How many bytes are left for us on the file system that holds a path.
#[derive(Clone)]
pub struct FreeSpace(Arc<Probe>);

impl FreeSpace {
    /// Asks the operating system (`statvfs`: blocks open to ordinary users).
    pub fn of_the_system() -> Self {
        Self::from_fn(|path| {
            let answer = rustix::fs::statvfs(path)?;
            Ok(answer.f_bavail.saturating_mul(answer.f_frsize))
        })
    }

    /// Asks `probe` instead, for tests.
    pub fn from_fn(probe: impl Fn(&Path) -> io::Result<u64> + Send + Sync + 'static) -> Self {
        FreeSpace(Arc::new(probe))
    }
}

impl fmt::Debug for FreeSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreeSpace(..)")
    }
}

/// Free bytes that do not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooFull {
    pub(super) free: u64,
    pub(super) needed: u64,
}

/// The floor under one directory.
pub(super) struct Floor {
    dir: PathBuf,
    floor: u64,
    free: FreeSpace,
}

impl Floor {
    pub(super) fn new(dir: &Path, floor: u64, free: FreeSpace) -> Self {
        Floor { dir: dir.to_owned(), floor, free }
    }

    /// Whether `bytes` more can be written and the floor still be kept.
    pub(super) fn admits(&self, bytes: u64) -> io::Result<Result<(), TooFull>> {
        let free = (self.free.0)(&self.dir)?;
        let needed = self.floor.saturating_add(bytes);
        Ok(if free < needed { Err(TooFull { free, needed }) } else { Ok(()) })
    }
}
