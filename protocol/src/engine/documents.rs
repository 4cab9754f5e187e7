//! Documents in memory: the few that are in use, and what has arrived for them and is not in them yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
};

use lru::LruCache;

use super::rows;
use crate::{
    document::{Document, Placement, Standing, StoredEntry},
    entry::{PayloadKind, VerifiedEntry},
    ids::{EntryHash, RecordId},
    ledger::{Accepted, Ledger, LedgerError},
    limits::LOADED_DOCUMENTS,
    shelf::{Shelf, Table},
};

/// A placement that changed, with the record it happened in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) entry: EntryHash,
    pub(super) placement: Placement,
}

/// Loaded documents, and durable entries that wait to be applied to them.
pub(super) struct Documents {
    loaded: LruCache<RecordId, Document>,
    /// Entries that arrived for a loaded document since it was last brought up to date.
    unapplied: BTreeMap<RecordId, Vec<(VerifiedEntry, Standing)>>,
    /// Records whose document or row is behind what is durable.
    stale: BTreeSet<RecordId>,
}

impl Documents {
    pub(super) fn new() -> Self {
        let size = NonZeroUsize::new(LOADED_DOCUMENTS).expect("the bound is not zero");
        Documents { loaded: LruCache::new(size), unapplied: BTreeMap::new(), stale: BTreeSet::new() }
    }

    /// An entry became durable: its record is behind until it is next looked at.
    pub(super) fn arrived(&mut self, accepted: &Accepted, standing: Standing) {
        let header = accepted.entry.header();
        if header.kind != PayloadKind::CHANGE {
            return;
        }
        self.stale.insert(header.record);
        if self.loaded.contains(&header.record) {
            self.unapplied.entry(header.record).or_default().push((accepted.entry.clone(), standing));
        }
    }

    /// What is known of the record's document is no longer true: it is made anew from its entries when next needed.
    pub(super) fn forget(&mut self, record: RecordId) {
        self.loaded.pop(&record);
        self.unapplied.remove(&record);
        self.stale.insert(record);
    }

    /// Records whose row is behind.
    pub(super) fn stale(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.stale.iter().copied()
    }

    /// The record's row has been made from its present document.
    pub(super) fn refreshed(&mut self, record: RecordId) {
        self.stale.remove(&record);
    }

    /// Whether the loaded document has nothing to catch up with and stands at these heads.
    pub(super) fn is_at(&self, record: RecordId, heads: &[automerge::ChangeHash]) -> bool {
        let loaded = self.loaded.peek(&record);
        !self.unapplied.contains_key(&record) && loaded.is_some_and(|document| document.heads() == heads)
    }

    /// Puts a document in place that already holds its newest own entry.
    pub(super) fn replace(&mut self, record: RecordId, document: Document) {
        self.stale.insert(record);
        self.loaded.put(record, document);
    }

    /// The record's document, up to date with all that is durable, and the placements that changed on the way;
    /// `None` for a record of which nothing is held.
    pub(super) fn get<S: Shelf>(
        &mut self,
        record: RecordId,
        ledger: &Ledger<S>,
    ) -> Result<Option<(&Document, Vec<Moved>)>, LedgerError> {
        let mut moved = Vec::new();
        let note = |moved: &mut Vec<Moved>, changes: Vec<(EntryHash, Placement)>| {
            moved.extend(changes.into_iter().map(|(entry, placement)| Moved { entry, placement }));
        };
        if !self.loaded.contains(&record) {
            let Some((document, known)) = load(record, ledger)? else { return Ok(None) };
            let unknown = document.placements().filter(|(entry, _)| !known.contains(entry));
            note(&mut moved, unknown.collect());
            self.loaded.put(record, document);
            self.unapplied.remove(&record);
        }
        let document = self.loaded.get_mut(&record).expect("it was loaded above");
        for (entry, standing) in self.unapplied.remove(&record).unwrap_or_default() {
            note(&mut moved, document.insert(&entry, standing));
        }
        if document.wants_reload() {
            let entries = entries_of(record, ledger)?;
            *document = Document::rebuild(record, entries.into_iter().map(|(entry, standing, _)| (entry, standing)));
        }
        Ok(Some((document, moved)))
    }
}

type Held = (VerifiedEntry, Standing, crate::ids::Arrival);

fn entries_of<S: Shelf>(record: RecordId, ledger: &Ledger<S>) -> Result<Vec<Held>, LedgerError> {
    let mut entries = Vec::new();
    for place in ledger.record_places(record)? {
        let branch = ledger.feed(&place.feed).is_some_and(|feed| feed.is_branch());
        let standing = if branch { Standing::Branch } else { Standing::Trunk };
        match ledger.entry(&place.feed, place.seq)? {
            Some((entry, arrival)) if entry.header().kind == PayloadKind::CHANGE => {
                entries.push((entry, standing, arrival));
            }
            _ => {}
        }
    }
    Ok(entries)
}

/// Loads a document from its entries, and names those whose placement was already known when its row was written.
fn load<S: Shelf>(
    record: RecordId,
    ledger: &Ledger<S>,
) -> Result<Option<(Document, BTreeSet<EntryHash>)>, LedgerError> {
    let entries = entries_of(record, ledger)?;
    if entries.is_empty() {
        return Ok(None);
    }
    let row = ledger.shelf().get(Table::Records, &record.0)?;
    let judged = row.as_deref().and_then(rows::Judged::read).unwrap_or_default();
    let mut known = BTreeSet::new();
    let stored = entries.into_iter().map(|(entry, standing, arrival)| {
        let reflected = arrival <= judged.reflects;
        if reflected {
            known.insert(entry.hash());
        }
        let applied = reflected && !judged.not_applied.contains(&entry.hash());
        StoredEntry { entry, standing, applied }
    });
    let document = Document::restore(record, stored.collect::<Vec<_>>());
    Ok(Some((document, known)))
}
