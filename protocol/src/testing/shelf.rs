//! A store in memory that can lose what was not synced.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::shelf::{Batch, Shelf, ShelfError, Table};

/// Tables in memory. Clones share them; [`MemoryShelf::copy`] does not.
#[derive(Debug, Clone, Default)]
pub struct MemoryShelf(Arc<Mutex<Tables>>);

#[derive(Debug, Clone, Default)]
struct Tables {
    rows: BTreeMap<Table, BTreeMap<Vec<u8>, Vec<u8>>>,
    /// What stood where writes took place that are not synced yet, the latest last.
    undo: Vec<(Table, Vec<u8>, Option<Vec<u8>>)>,
}

impl Tables {
    fn write(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let rows = self.rows.entry(table).or_default();
        match value {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        }
    }
}

impl MemoryShelf {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a batch. Unless it is durable, a crash before the next durable one undoes it.
    pub fn apply(&self, batch: Batch, durable: bool) {
        let mut tables = self.tables();
        for write in batch.writes {
            let before = tables.write(write.table, write.key.clone(), write.value);
            tables.undo.push((write.table, write.key, before));
        }
        if durable {
            tables.undo.clear();
        }
    }

    /// The power fails: what was not synced is gone.
    pub fn crash(&self) {
        let mut tables = self.tables();
        while let Some((table, key, before)) = tables.undo.pop() {
            tables.write(table, key, before);
        }
    }

    /// Another store that holds the same.
    pub fn copy(&self) -> Self {
        MemoryShelf(Arc::new(Mutex::new(self.tables().clone())))
    }

    /// How many keys a table has.
    pub fn count(&self, table: Table) -> usize {
        self.tables().rows.get(&table).map_or(0, BTreeMap::len)
    }

    /// Whether any value holds these bytes.
    pub fn holds_bytes(&self, bytes: &[u8], outside: &[Table]) -> bool {
        let tables = self.tables();
        let mut values =
            tables.rows.iter().filter(|(table, _)| !outside.contains(table)).flat_map(|(_, rows)| rows.values());
        values.any(|value| value.windows(bytes.len()).any(|window| window == bytes))
    }
}

impl Shelf for MemoryShelf {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError> {
        Ok(self.tables().rows.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), ShelfError> {
        let tables = self.tables();
        let Some(rows) = tables.rows.get(&table) else { return Ok(()) };
        for (key, value) in rows.range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Unbounded)) {
            if to.is_some_and(|to| key.as_slice() >= to) || !visit(key, value.clone()) {
                break;
            }
        }
        Ok(())
    }
}
