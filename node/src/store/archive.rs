//! A whole store as one stream, in clear: for backups, for moving to another engine, for looking inside.
//!
//! ```text
//! magic    "toguna store 1\n"
//! row      table(1) ‖ length of key(1) ‖ length of value(4) ‖ key ‖ value         tables and keys ascending
//! end      0(1) ‖ number of rows(8) ‖ BLAKE3 of everything before(32)
//! ```
//!
//! Numbers are big-endian. Whoever holds such a file reads everything the office knows.

use std::io::{self, Read, Write};

use toguna_protocol::shelf::{Batch, Table};

use super::{
    Doubt, Durability, Engine, MAX_BATCH, MAX_KEY, SealedStore, Store, StoreError,
    open::{DOUBT, IMPORTING},
    sealed::OWN_TABLE,
};

const MAGIC: &[u8; 15] = b"toguna store 1\n";

/// Stands where a row's table would: the end follows.
const END: u8 = 0;

/// Bytes of rows committed together while importing: small enough for memory, large enough to be fast.
const IMPORT_BATCH: usize = 256 * 1024;

/// Why an export could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The stream failed.
    #[error("{doing} the export: {source}")]
    Io {
        /// "writing" or "reading".
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The stream does not begin as an export does.
    #[error("this is no export of a Toguna store, or one of another version")]
    Unknown,
    /// The stream is cut short or changed.
    #[error("the export is damaged: {0}")]
    Damaged(&'static str),
    /// Importing over what is there would mix two histories.
    #[error("an export can only be imported into an empty store: give a new data directory")]
    NotEmpty,
}

/// A stream and the hash of what passed through it.
struct Hashed<S> {
    stream: S,
    hasher: blake3::Hasher,
}

impl<W: Write> Hashed<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        let written = self.stream.write_all(bytes);
        written.map_err(|source| ArchiveError::Io { doing: "writing", source }.into())
    }
}

impl<R: Read> Hashed<R> {
    fn take(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => ArchiveError::Damaged("it ends too early"),
            _ => ArchiveError::Io { doing: "reading", source },
        })?;
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were asked for"))
    }
}

pub(super) fn export<E: Engine>(store: &SealedStore<E>, out: &mut dyn Write) -> Result<u64, StoreError> {
    let mut out = Hashed { stream: out, hasher: blake3::Hasher::new() };
    out.put(MAGIC)?;
    let mut rows = 0_u64;
    let mut failed = None;
    store.visit(&[OWN_TABLE + 1], None, &mut |place, value| {
        let written = value.and_then(|value| {
            out.put(&[place.table, place.key.len() as u8])?;
            out.put(&(value.len() as u32).to_be_bytes())?;
            out.put(place.key)?;
            out.put(&value)
        });
        rows += 1;
        failed = written.err();
        failed.is_none()
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    out.put(&[END])?;
    out.put(&rows.to_be_bytes())?;
    let hash = out.hasher.finalize();
    out.put(hash.as_bytes())?;
    out.stream.flush().map_err(|source| ArchiveError::Io { doing: "writing", source })?;
    Ok(rows)
}

pub(super) fn import<E: Engine>(store: &SealedStore<E>, from: &mut dyn Read) -> Result<u64, StoreError> {
    let mut empty = true;
    store.visit(&[OWN_TABLE + 1], None, &mut |_, _| {
        empty = false;
        false
    })?;
    if !empty {
        return Err(ArchiveError::NotEmpty.into());
    }
    let mut from = Hashed { stream: from, hasher: blake3::Hasher::new() };
    if from.take(MAGIC.len())? != MAGIC {
        return Err(ArchiveError::Unknown.into());
    }
    store.write_own(&[(IMPORTING, Some(&[]))])?;
    let rows = import_rows(store, &mut from)?;
    let expected = from.hasher.finalize();
    if from.take_array()? != *expected.as_bytes() {
        return Err(ArchiveError::Damaged("its contents were changed").into());
    }
    store.write_own(&[(IMPORTING, None), (DOUBT, Some(&Doubt::Imported.encode()))])?;
    Ok(rows)
}

/// Reads rows up to the end and commits them; durable with the next durable write.
fn import_rows<E: Engine>(store: &SealedStore<E>, from: &mut Hashed<&mut dyn Read>) -> Result<u64, StoreError> {
    let mut rows = 0_u64;
    let mut batch = Batch::default();
    loop {
        let [table] = from.take_array()?;
        if table == END || batch.size() >= IMPORT_BATCH {
            store.commit(&std::mem::take(&mut batch), Durability::Deferred)?;
        }
        if table == END {
            break;
        }
        let table = Table::ALL.into_iter().find(|known| *known as u8 == table);
        let table = table.ok_or(ArchiveError::Damaged("it has a table that this version does not know"))?;
        let [key_length] = from.take_array()?;
        let value_length = u32::from_be_bytes(from.take_array()?) as usize;
        if usize::from(key_length) > MAX_KEY || usize::from(key_length) + value_length > MAX_BATCH {
            return Err(ArchiveError::Damaged("a row is too long").into());
        }
        let key = from.take(usize::from(key_length))?;
        let value = from.take(value_length)?;
        if key.len() + value.len() + batch.size() > MAX_BATCH {
            store.commit(&std::mem::take(&mut batch), Durability::Deferred)?;
        }
        batch.put(table, key, value);
        rows += 1;
    }
    if u64::from_be_bytes(from.take_array()?) != rows {
        return Err(ArchiveError::Damaged("rows are missing").into());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{FreeSpace, key::DataKey, memory::MemoryEngine};

    /// A store under a key of its own.
    fn store(key: u8) -> SealedStore<MemoryEngine> {
        let nowhere = std::path::Path::new("/nonexistent/1");
        SealedStore::new(
            MemoryEngine::default(),
            &DataKey::new([key; 32]),
            nowhere,
            0,
            FreeSpace::from_fn(|_| Ok(u64::MAX)),
        )
    }

    fn filled(largest: usize) -> SealedStore<MemoryEngine> {
        let store = store(1);
        let mut batch = Batch::default();
        for (index, table) in Table::ALL.into_iter().enumerate() {
            batch.put(table, [index as u8; 64], vec![index as u8; index * 2_000]);
        }
        batch.put(Table::Entries, [], vec![7; largest]);
        store.commit(&batch, Durability::Durable).unwrap();
        store
    }

    fn exported(store: &SealedStore<MemoryEngine>) -> Vec<u8> {
        let mut out = Vec::new();
        store.export(&mut out).unwrap();
        out
    }

    #[test]
    fn an_export_fills_an_empty_store_under_another_key_and_puts_it_in_doubt() {
        let source = filled(900_000);
        let archive = exported(&source);
        let target = store(2);
        assert_eq!(target.import(&mut &archive[..]).unwrap(), Table::ALL.len() as u64 + 1);
        assert_eq!(exported(&target), archive);
        assert_eq!(target.own(DOUBT).unwrap(), Some(Doubt::Imported.encode()));
        assert_eq!(target.own(IMPORTING).unwrap(), None);
        target.clear_doubt().unwrap();
        assert_eq!(target.own(DOUBT).unwrap(), None);
        assert!(matches!(target.import(&mut &archive[..]), Err(StoreError::Archive(ArchiveError::NotEmpty))));
    }

    #[test]
    fn a_damaged_export_is_refused_and_leaves_the_store_marked() {
        let archive = exported(&filled(9_000));
        let length = archive.len();
        for at in (0..length).step_by(4_001).chain(length - 45..length) {
            let mut changed = archive.clone();
            changed[at] ^= 4;
            for damaged in [&changed[..], &archive[..at]] {
                let target = store(2);
                assert!(target.import(&mut &*damaged).is_err(), "byte {at} of {length}");
                assert!(target.own(DOUBT).unwrap().is_none());
                assert!(at < MAGIC.len() || target.own(IMPORTING).unwrap().is_some(), "byte {at} of {length}");
            }
        }
    }
}
