//! redb 4 behind [`Engine`].
//!
//! - One table of bytes to bytes. A write is a commit that is not durable yet; a sync is an empty one that is, which
//!   carries all before it: redb writes pages, then the header that names them, and syncs.
//! - redb checks the checksums of its pages only when it is asked to. A flipped bit in an inner page could otherwise
//!   hide rows without a word, so every opening asks: that reads the whole file.
//! - After a failed write or sync redb itself refuses all others, which is what the caller wants anyway.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use ::redb::{Builder, Database, Durability, ReadableDatabase, StorageBackend, TableDefinition, backends::FileBackend};

use super::{
    engine::{Engine, EngineError, RawWrite, check_bounds, guarded},
    files,
};

/// The database file's name.
pub(super) const FILE: &str = "store.redb";

/// All rows.
const ROWS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("rows");

/// Bytes of pages that redb keeps in memory.
const CACHE: usize = 32 * 1024 * 1024;

/// A redb database in a directory of its own.
pub struct RedbEngine {
    db: Database,
    dir: PathBuf,
}

impl RedbEngine {
    /// What a directory with a database of this engine holds.
    pub(super) const FILES: &[&str] = &[FILE];

    /// Opens the database in `dir`, or creates one where there is none. The caller holds the lock on the directory.
    pub fn open(dir: &Path) -> Result<Self, EngineError> {
        let io = EngineError::io;
        fs::create_dir_all(dir).map_err(io("creating the database directory"))?;
        let path = dir.join(FILE);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(io("opening the database"))?;
        let doing = "opening the database";
        let backend = guarded(doing, || FileBackend::new(file).map_err(told(doing)))?;
        let engine = Self::over(backend, dir)?;
        // redb syncs the file, and not its name.
        files::sync_dir(dir)
            .and_then(|()| dir.parent().map_or(Ok(()), files::sync_dir))
            .map_err(io("syncing the opened database"))?;
        Ok(engine)
    }

    /// Opens the database that `backend` holds for the directory `dir`.
    pub(super) fn over(backend: impl StorageBackend, dir: &Path) -> Result<Self, EngineError> {
        let doing = "opening the database";
        guarded(doing, || {
            let mut builder = Builder::new();
            builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
            let db = builder.create_with_backend(backend).map_err(told(doing))?;
            let engine = RedbEngine { db, dir: dir.to_owned() };
            // The table is made at once, so that reading never has to do without it.
            engine.commit(doing, Durability::Immediate, Vec::new())?;
            Ok(engine)
        })
    }

    fn commit(&self, doing: &'static str, durability: Durability, writes: Vec<RawWrite>) -> Result<(), EngineError> {
        guarded(doing, || {
            let mut transaction = self.db.begin_write().map_err(told(doing))?;
            transaction.set_durability(durability).map_err(told(doing))?;
            {
                let mut rows = transaction.open_table(ROWS).map_err(told(doing))?;
                for write in &writes {
                    match &write.value {
                        Some(value) => rows.insert(&write.key[..], &value[..]).map_err(told(doing))?,
                        None => rows.remove(&write.key[..]).map_err(told(doing))?,
                    };
                }
            }
            transaction.commit().map_err(told(doing))
        })
    }
}

impl Engine for RedbEngine {
    fn write(&self, writes: Vec<RawWrite>) -> Result<(), EngineError> {
        check_bounds(&writes)?;
        self.commit("writing", Durability::None, writes)
    }

    fn sync(&self) -> Result<(), EngineError> {
        self.commit("syncing", Durability::Immediate, Vec::new())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let doing = "reading";
        guarded(doing, || {
            let rows = self.db.begin_read().map_err(told(doing))?.open_table(ROWS).map_err(told(doing))?;
            Ok(rows.get(key).map_err(told(doing))?.map(|value| value.value().to_vec()))
        })
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
        let doing = "scanning";
        let mut rows = guarded(doing, || {
            let rows = self.db.begin_read().map_err(told(doing))?.open_table(ROWS).map_err(told(doing))?;
            match to {
                Some(to) => rows.range(from..to),
                None => rows.range(from..),
            }
            .map_err(told(doing))
        })?;
        while let Some((key, value)) = guarded(doing, || rows.next().transpose().map_err(told(doing)))? {
            if !visit(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }

    fn size(&self) -> Result<u64, EngineError> {
        files::size_of_dir(&self.dir).map_err(EngineError::io("measuring the database"))
    }
}

/// redb's errors as ours.
fn told<E: Into<::redb::Error>>(doing: &'static str) -> impl FnOnce(E) -> EngineError {
    move |error| match error.into() {
        ::redb::Error::Io(source) if !speaks_of_damage(&source) => EngineError::Io { doing, source },
        error @ (::redb::Error::PreviousIo | ::redb::Error::DatabaseAlreadyOpen) => {
            EngineError::Io { doing, source: io::Error::other(error.to_string()) }
        }
        error => EngineError::Damaged { doing, detail: error.to_string() },
    }
}

/// A file that ends too early, or does not begin as a database does.
fn speaks_of_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}
