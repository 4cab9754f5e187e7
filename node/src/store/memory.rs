//! An engine in memory that fails on demand: what disks do too seldom to test with.

use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::engine::{Engine, EngineError, RawWrite, check_bounds};

/// Rows in memory; `durable` is what a power cut would leave.
#[derive(Default)]
pub(super) struct MemoryEngine {
    pub(super) rows: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(super) durable: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(super) fail_next_sync: AtomicBool,
    pub(super) syncs: AtomicUsize,
}

impl Engine for MemoryEngine {
    fn write(&self, writes: Vec<RawWrite>) -> Result<(), EngineError> {
        check_bounds(&writes)?;
        let mut rows = self.rows.lock().unwrap();
        for write in writes {
            match write.value {
                Some(value) => rows.insert(write.key, value),
                None => rows.remove(&write.key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), EngineError> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        if self.fail_next_sync.swap(false, Ordering::SeqCst) {
            return Err(EngineError::Io { doing: "syncing", source: io::Error::from_raw_os_error(5) });
        }
        *self.durable.lock().unwrap() = self.rows.lock().unwrap().clone();
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.rows.lock().unwrap().get(key).cloned())
    }

    fn scan(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), EngineError> {
        // Row by row, so that `visit` may read and others may write meanwhile.
        let next = |from: Bound<Vec<u8>>| {
            let rows = self.rows.lock().unwrap();
            rows.range((from, Bound::Unbounded)).next().map(|(key, value)| (key.clone(), value.clone()))
        };
        let mut row = next(Bound::Included(from.to_vec()));
        while let Some((key, value)) = row.take_if(|(key, _)| to.is_none_or(|to| &key[..] < to)) {
            if !visit(&key, &value) {
                break;
            }
            row = next(Bound::Excluded(key));
        }
        Ok(())
    }

    fn size(&self) -> Result<u64, EngineError> {
        Ok(self.rows.lock().unwrap().iter().map(|(key, value)| (key.len() + value.len()) as u64).sum())
    }
}
