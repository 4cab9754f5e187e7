//! Documents in memory: the few that are in use, and which records have entries that are not in them yet.

use std::{collections::BTreeSet, num::NonZeroUsize};

use lru::LruCache;

use super::rows;
use crate::{
    document::{Document, Placement, Standing, StoredEntry},
    entry::{PayloadKind, VerifiedEntry},
    ids::{Arrival, EntryHash, RecordId},
    ledger::{Ledger, LedgerError},
    limits::LOADED_DOCUMENTS,
    shelf::{Shelf, Table},
};

/// A document with the last arrival that it reflects.
struct Loaded {
    document: Document,
    reflects: Arrival,
}

/// Loaded documents, and the records they are behind in.
pub(super) struct Documents {
    loaded: LruCache<RecordId, Loaded>,
    /// Records whose document or row is behind what is durable.
    stale: BTreeSet<RecordId>,
    /// Placements that changed and were not told yet.
    moved: Vec<(EntryHash, Placement)>,
}

impl Documents {
    pub(super) fn new() -> Self {
        let size = NonZeroUsize::new(LOADED_DOCUMENTS).expect("the bound is not zero");
        Documents { loaded: LruCache::new(size), stale: BTreeSet::new(), moved: Vec::new() }
    }

    /// An entry became durable: its record is behind until it is next looked at.
    pub(super) fn arrived(&mut self, entry: &VerifiedEntry) {
        if entry.header().kind == PayloadKind::CHANGE {
            self.stale.insert(entry.header().record);
        }
    }

    /// What is known of the record's document is no longer true: it is made anew from its entries when next needed.
    pub(super) fn forget(&mut self, record: RecordId) {
        self.loaded.pop(&record);
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

    /// Placements that changed since this was last called.
    pub(super) fn take_moved(&mut self) -> Vec<(EntryHash, Placement)> {
        std::mem::take(&mut self.moved)
    }

    /// The record's document, up to date with all that is durable; `None` for a record of which nothing is held.
    pub(super) fn get<S: Shelf>(
        &mut self,
        record: RecordId,
        ledger: &Ledger<S>,
    ) -> Result<Option<&Document>, LedgerError> {
        let now = ledger.last_arrival();
        if !self.loaded.contains(&record) {
            let Some((document, known)) = load(record, ledger)? else { return Ok(None) };
            self.moved.extend(document.placements().filter(|(entry, _)| !known.contains(entry)));
            self.loaded.put(record, Loaded { document, reflects: now });
        }
        let Loaded { document, reflects } = self.loaded.get_mut(&record).expect("it was loaded above");
        if *reflects < now && self.stale.contains(&record) {
            let news = entries_of(record, *reflects, ledger)?;
            self.moved.extend(document.insert_all(news.iter().map(|held| (&held.entry, held.standing))));
        }
        *reflects = now;
        if document.wants_reload() {
            let entries = entries_of(record, Arrival(0), ledger)?;
            *document = Document::rebuild(record, entries.into_iter().map(|held| (held.entry, held.standing)));
        }
        Ok(Some(document))
    }
}

pub(super) struct Held {
    pub(super) entry: VerifiedEntry,
    pub(super) standing: Standing,
    pub(super) arrival: Arrival,
}

/// The record's changes that arrived after `after`.
pub(super) fn entries_of<S: Shelf>(
    record: RecordId,
    after: Arrival,
    ledger: &Ledger<S>,
) -> Result<Vec<Held>, LedgerError> {
    let mut entries = Vec::new();
    for place in ledger.record_places(record, after)? {
        let branch = ledger.feed(&place.feed).is_some_and(|feed| feed.is_branch());
        let standing = if branch { Standing::Branch } else { Standing::Trunk };
        let Some((entry, arrival)) = ledger.entry(&place.feed, place.seq)? else { continue };
        // A write that was reported as failed and took place all the same may have left an address behind.
        let is_this = entry.header().record == record && arrival == place.arrival;
        if is_this && entry.header().kind == PayloadKind::CHANGE {
            entries.push(Held { entry, standing, arrival });
        }
    }
    Ok(entries)
}

/// Loads a document from its entries, and names those whose placement was already known when its row was written.
fn load<S: Shelf>(
    record: RecordId,
    ledger: &Ledger<S>,
) -> Result<Option<(Document, BTreeSet<EntryHash>)>, LedgerError> {
    let entries = entries_of(record, Arrival(0), ledger)?;
    if entries.is_empty() {
        return Ok(None);
    }
    let row = ledger.shelf().get(Table::Records, &record.0)?;
    let judged = row.as_deref().and_then(rows::Judged::read).unwrap_or_default();
    let mut known = BTreeSet::new();
    let stored = entries.into_iter().map(|Held { entry, standing, arrival }| {
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
