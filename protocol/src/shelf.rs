//! What the engine asks of a store, and what it tells one to write: ordered tables of keys and values, nothing more.
//!
//! Reads are calls on a [`Shelf`], because every store here answers them from memory or one page. Writes are
//! [`Batch`]es that leave the engine as effects and come back as *persisted*: nothing is shown, sent or
//! acknowledged in between.

/// A table of the store. Keys hold no names, places or titles; values are sealed by the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// `name` → value: what the node knows of itself (format, epoch, own feed).
    Node = 1,
    /// `feed id` → genesis, tip, closing.
    Feeds = 2,
    /// `feed id ‖ seq` → header remainder, payload, signature. The truth.
    Entries = 3,
    /// `record id ‖ arrival` → `feed id ‖ seq`: which entries make a record.
    RecordEntries = 4,
    /// `arrival` → `feed id ‖ seq ‖ record id`: what came when, here.
    Arrivals = 5,
    /// `author key` → acknowledged baselines. Can be rebuilt.
    Peers = 6,
    /// `record id` → what was waiting or set aside, and the read model's row. Can be rebuilt.
    Records = 7,
    /// Texts that must not leave this node yet, such as an opinion before every evaluator has committed.
    Private = 8,
    /// What the node keeps for the person at the keyboard: unfinished forms, and which forms were saved.
    Drafts = 9,
    /// `b ‖ author key` → its beacon, and how it came; `p ‖ peer's key` → which beacons it has. Can be lost.
    Beacons = 10,
}

impl Table {
    /// Every table, in the order of their numbers.
    pub const ALL: [Table; 10] = [
        Table::Node,
        Table::Feeds,
        Table::Entries,
        Table::RecordEntries,
        Table::Arrivals,
        Table::Peers,
        Table::Records,
        Table::Private,
        Table::Drafts,
        Table::Beacons,
    ];
}

/// Writes that take effect together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// In order; a later write to a key wins over an earlier one.
    pub writes: Vec<Write>,
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The table written to.
    pub table: Table,
    /// The key, at most 64 bytes.
    pub key: Vec<u8>,
    /// The new value, or `None` to remove the key.
    pub value: Option<Vec<u8>>,
}

impl Batch {
    /// Adds a key or replaces its value.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push(Write { table, key: key.into(), value: Some(value.into()) });
    }

    /// Removes a key, where it exists.
    pub fn remove(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.writes.push(Write { table, key: key.into(), value: None });
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Bytes of keys and values.
    pub fn size(&self) -> usize {
        self.writes.iter().map(|w| w.key.len() + w.value.as_ref().map_or(0, Vec::len)).sum()
    }
}

/// A store could not be read: the medium failed, or a value no longer opens under its seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading the store: {0}")]
pub struct ShelfError(pub String);

/// The read verbs of a store. Sees every batch that was reported as persisted. Several threads may read at once.
pub trait Shelf: Send + Sync {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError>;

    /// Visits keys from `from` (inclusive) to `to` (exclusive; `None`: to the table's end) in ascending order, until
    /// `visit` returns false.
    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), ShelfError>;
}

macro_rules! shelf_behind {
    ($pointer:ty) => {
        impl<S: Shelf + ?Sized> Shelf for $pointer {
            fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError> {
                (**self).get(table, key)
            }

            fn scan(
                &self,
                table: Table,
                from: &[u8],
                to: Option<&[u8]>,
                visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
            ) -> Result<(), ShelfError> {
                (**self).scan(table, from, to, visit)
            }
        }
    };
}

shelf_behind!(&S);
shelf_behind!(std::sync::Arc<S>);
