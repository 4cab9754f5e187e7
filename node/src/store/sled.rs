//! sled 0.34.7 behind [`Engine`], used as testing showed to be necessary.
//!
//! - sled's own `flush` is not safe against power cuts on Linux (it ends in `sync_file_range`, which neither waits for
//!   the disk's cache nor for metadata), so every sync here is sled's flush and then our own `fdatasync` of its file.
//! - Everything lives in **one** tree, told apart by key prefix: `apply_batch` on one tree is atomic across a crash
//!   by the same log mechanism as a cross-tree transaction, without that one's conflict detection and retry loop,
//!   which one writer does not need.
//! - sled panics on some damaged files where it should return an error, so every call into it is guarded.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    engine::{self, Engine, EngineError, RawWrite, check_bounds},
    files,
};

/// Bytes of pages that sled keeps in memory.
const CACHE: u64 = 32 * 1024 * 1024;

/// How long to wait for the threads of a database that this process has just closed: they hold sled's file lock a
/// little longer than the database. Other processes are kept out by our own lock, taken before.
const CLOSING: Duration = Duration::from_secs(5);

/// A sled database in a directory of its own.
pub struct SledEngine {
    db: ::sled::Db,
    /// The database file, a second time: what sled flushed, this syncs.
    file: File,
    dir: PathBuf,
}

impl SledEngine {
    /// What a directory with a database of this engine holds.
    pub(super) const FILES: &[&str] = &["db", "conf"];

    /// Opens the database in `dir`, or creates one where there is none. The caller holds the lock on the directory.
    pub fn open(dir: &Path) -> Result<Self, EngineError> {
        let io = EngineError::io;
        fs::create_dir_all(dir).map_err(io("creating the database directory"))?;
        remove_unfinished_snapshots(dir).map_err(io("removing an unfinished snapshot"))?;
        let db = open_database(dir)?;
        // sled syncs none of these when it creates them.
        let file = File::options().read(true).write(true).open(dir.join("db")).map_err(io("opening the database"))?;
        File::open(dir.join("conf"))
            .and_then(|conf| conf.sync_all())
            .and_then(|()| file.sync_all())
            .and_then(|()| files::sync_dir(dir))
            .and_then(|()| dir.parent().map_or(Ok(()), files::sync_dir))
            .map_err(io("syncing the opened database"))?;
        Ok(SledEngine { db, file, dir: dir.to_owned() })
    }
}

impl Engine for SledEngine {
    fn write(&self, writes: Vec<RawWrite>) -> Result<(), EngineError> {
        check_bounds(&writes)?;
        let mut batch = ::sled::Batch::default();
        for write in writes {
            match write.value {
                Some(value) => batch.insert(write.key, value),
                None => batch.remove(write.key),
            }
        }
        guarded("writing", || self.db.apply_batch(batch))
    }

    fn sync(&self) -> Result<(), EngineError> {
        guarded("flushing", || self.db.flush())?;
        self.file.sync_data().map_err(EngineError::io("syncing the database file"))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(guarded("reading", || self.db.get(key))?.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), EngineError> {
        if to.is_some_and(|to| to <= from) {
            return Ok(());
        }
        let mut rows = match to {
            Some(to) => self.db.range(from..to),
            None => self.db.range(from..),
        };
        while let Some((key, value)) = guarded("scanning", || rows.next().transpose())? {
            if !visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn size(&self) -> Result<u64, EngineError> {
        files::size_of_dir(&self.dir).map_err(EngineError::io("measuring the database"))
    }
}

/// A snapshot that was being written when the power went is never read again, and sled may trip over its name.
fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn open_database(dir: &Path) -> Result<::sled::Db, EngineError> {
    let config = ::sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(None);
    let give_up = Instant::now() + CLOSING;
    loop {
        match guarded("opening the database", || config.open()) {
            Err(EngineError::Io { source, .. })
                if source.to_string().contains("could not acquire lock") && Instant::now() < give_up =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// Calls sled, with its errors and panics as ours.
fn guarded<T>(doing: &'static str, call: impl FnOnce() -> ::sled::Result<T>) -> Result<T, EngineError> {
    engine::guarded(doing, || {
        call().map_err(|error| match error {
            ::sled::Error::Io(source) if !speaks_of_damage(&source) => EngineError::Io { doing, source },
            error => EngineError::Damaged { doing, detail: error.to_string() },
        })
    })
}

/// sled reports files that end too early or make no sense as input errors of these kinds.
fn speaks_of_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}
