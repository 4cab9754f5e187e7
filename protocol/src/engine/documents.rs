//! Documents in memory: the few that are in use, and which records have entries that are not in them yet.

use std::{collections::BTreeSet, num::NonZeroUsize};

use lru::LruCache;

use super::rows;
use crate::{
    document::{Document, Placement, Standing, StoredEntry},
    entry::{PayloadKind, VerifiedEntry},
    ids::{Arrival, EntryHash, RecordId},
    ledger::{Ledger, LedgerError, Place},
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
    /// Whether what peers send is applied; what is not is read when somebody asks for the record.
    pub(super) follows: bool,
}

impl Documents {
    pub(super) fn new() -> Self {
        let size = NonZeroUsize::new(LOADED_DOCUMENTS).expect("the bound is not zero");
        Documents { loaded: LruCache::new(size), stale: BTreeSet::new(), moved: Vec::new(), follows: true }
    }

    /// An entry became durable: its record is behind until it is next looked at.
    pub(super) fn arrived(&mut self, entry: &VerifiedEntry) {
        if entry.header().kind == PayloadKind::CHANGE {
            self.stale.insert(entry.header().record);
        }
    }

    /// An entry of a peer became durable.
    pub(super) fn arrived_from_peer(&mut self, entry: &VerifiedEntry) {
        if self.follows {
            self.arrived(entry);
        } else {
            self.loaded.pop(&entry.header().record);
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

    /// Brings the documents of some records up to date with all that is durable, on several threads: documents do not
    /// depend on each other, and applying changes is most of what an entry costs that a peer sent. Of several that
    /// cannot be read the first error is told; the others are brought up to date all the same.
    pub(super) fn prepare<S: Shelf>(&mut self, records: &[RecordId], ledger: &Ledger<S>) -> Result<(), LedgerError> {
        let mut jobs = Vec::with_capacity(records.len());
        let mut result = Ok(());
        for record in records {
            match self.job(*record, ledger) {
                Ok(job) => jobs.extend(job.map(|job| (*record, job))),
                Err(error) => {
                    // What is loaded is behind, and nobody must take it for the present.
                    self.loaded.pop(record);
                    result = result.and(Err(error));
                }
            }
        }
        let reflects = ledger.last_arrival();
        for (record, (mut document, moved)) in on_threads(jobs, |(record, job)| (record, job.carry_out(record))) {
            if document.wants_reload() {
                let entries = entries_of(record, Arrival(0), ledger)?;
                document = Document::rebuild(record, entries.into_iter().map(|held| (held.entry, held.standing)));
            }
            self.moved.extend(moved);
            self.loaded.put(record, Loaded { document, reflects });
        }
        result
    }

    /// What it takes to bring a record's document up to date; `None` where it is, or nothing of the record is held.
    fn job<S: Shelf>(&mut self, record: RecordId, ledger: &Ledger<S>) -> Result<Option<Job>, LedgerError> {
        let stale = self.stale.contains(&record);
        let Some(loaded) = self.loaded.get_mut(&record) else {
            return load(record, ledger);
        };
        let since = std::mem::replace(&mut loaded.reflects, ledger.last_arrival());
        if since == loaded.reflects || !stale {
            return Ok(None);
        }
        let loaded = self.loaded.pop(&record).expect("it was looked at");
        Ok(Some(Job::Insert(Box::new(loaded.document), entries_of(record, since, ledger)?)))
    }

    /// The documents of those records that are loaded, as they were last brought up to date.
    pub(super) fn loaded(&self, records: &[RecordId]) -> Vec<(RecordId, &Document)> {
        records.iter().filter_map(|record| Some((*record, &self.loaded.peek(record)?.document))).collect()
    }

    /// The record's document, up to date with all that is durable; `None` for a record of which nothing is held.
    pub(super) fn get<S: Shelf>(
        &mut self,
        record: RecordId,
        ledger: &Ledger<S>,
    ) -> Result<Option<&Document>, LedgerError> {
        self.prepare(&[record], ledger)?;
        Ok(self.loaded.peek(&record).map(|loaded| &loaded.document))
    }
}

/// Threads that documents are worked on by: an office laptop has two cores.
const THREADS: usize = 2;

/// Documents for which it is not worth to start a thread.
const WORTH_A_THREAD: usize = 4;

/// Does some work that does not depend on each other, this thread among several, and returns what came of it in order.
pub(super) fn on_threads<W: Send, D: Send>(work: Vec<W>, act: impl Fn(W) -> D + Sync) -> Vec<D> {
    let share = work.len().div_ceil(THREADS).max(WORTH_A_THREAD);
    let act = &act;
    let mut rest = work.into_iter();
    std::thread::scope(|scope| {
        let ours: Vec<W> = rest.by_ref().take(share).collect();
        let mut others = Vec::new();
        while rest.len() > 0 {
            let theirs: Vec<W> = rest.by_ref().take(share).collect();
            others.push(scope.spawn(move || theirs.into_iter().map(act).collect::<Vec<D>>()));
        }
        let mut done: Vec<D> = ours.into_iter().map(act).collect();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

/// What it takes to bring a document up to date.
enum Job {
    Restore(Vec<StoredEntry>, BTreeSet<EntryHash>),
    Insert(Box<Document>, Vec<Held>),
}

impl Job {
    /// The document, and the placements that are news.
    fn carry_out(self, record: RecordId) -> (Document, Vec<(EntryHash, Placement)>) {
        match self {
            Job::Restore(entries, known) => {
                let document = Document::restore(record, entries);
                let moved = document.placements().filter(|(entry, _)| !known.contains(entry)).collect();
                (document, moved)
            }
            Job::Insert(mut document, news) => {
                let moved = document.insert_all(news.iter().map(|held| (&held.entry, held.standing)));
                (*document, moved)
            }
        }
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
    if after == Arrival(0) {
        // They have no place in the order of arrivals: what is written down of a document never reflects them.
        let held = |entry: &VerifiedEntry| Held {
            entry: entry.clone(),
            standing: Standing::Trunk,
            arrival: Arrival(u64::MAX),
        };
        entries.extend(ledger.ahead_of(record).filter(|entry| entry.header().kind == PayloadKind::CHANGE).map(held));
    }
    entries.extend(entries_where(record, after, ledger, |_| true)?);
    Ok(entries)
}

/// The record's changes that arrived after `after` in their feeds' turn, at those places alone that are wanted.
pub(super) fn entries_where<S: Shelf>(
    record: RecordId,
    after: Arrival,
    ledger: &Ledger<S>,
    wanted: impl Fn(&Place) -> bool,
) -> Result<Vec<Held>, LedgerError> {
    let mut entries = Vec::new();
    for place in ledger.record_places(record, after)?.into_iter().filter(wanted) {
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

/// What it takes to load a document from its entries, with those whose placement was already known when its row was
/// written.
fn load<S: Shelf>(record: RecordId, ledger: &Ledger<S>) -> Result<Option<Job>, LedgerError> {
    let entries = entries_of(record, Arrival(0), ledger)?;
    let row = ledger.shelf().get(Table::Records, &record.0)?;
    // Where a row is left of what is no longer held, there is a document: an empty one.
    if entries.is_empty() && row.is_none() {
        return Ok(None);
    }
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
    Ok(Some(Job::Restore(stored.collect(), known)))
}
