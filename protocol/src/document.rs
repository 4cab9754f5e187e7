//! The Automerge document of one record: which of its entries are applied, which wait, which are set aside and why.
//!
//! A document is a pure function of the set of its record's accepted entries and of which of them stand in branches
//! of a forked feed. The order of arrival never shows. To keep that promise every change is read and judged here,
//! against its causal past alone, before Automerge sees it (`change`, `rules`, `graph`): Automerge queues what it
//! cannot apply yet, panics on what it did not expect, and accepts references to objects the author cannot have seen.

mod edit;
mod graph;
mod placement;
mod rules;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use automerge::{Automerge, Change, ChangeHash, ReadDoc};

use self::graph::{Graph, Moved};
pub use self::{
    edit::{Authorship, EditError, Edited},
    placement::{Placement, SetAside, Standing},
};
use crate::{
    change::Head,
    entry::VerifiedEntry,
    ids::{EntryHash, FeedId, RecordId, Seq, UnixSeconds},
};

/// When the change in an entry was made, by its office's clock; `None` for an entry that holds no change.
pub fn written_at(entry: &VerifiedEntry) -> Option<UnixSeconds> {
    Head::time_of(entry.payload()).map(UnixSeconds)
}

/// What is known of one change: where it came from and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeEntry {
    /// The entry that carries it; the first, where several do.
    pub entry: EntryHash,
    /// The feed it was written to (the root feed, also in a branch).
    pub feed: FeedId,
    /// The entry's number there.
    pub seq: Seq,
    /// The change's hash.
    pub change: ChangeHash,
    /// The heads of the document its author saw.
    pub deps: Vec<ChangeHash>,
    /// Number of its last operation: greater than that of any change it rests on.
    pub max_op: u64,
    /// Who made it, as the office wrote it; empty when the change names nobody.
    pub person: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// When it was made, by its office's clock.
    pub at: UnixSeconds,
    /// Whether it may have put one value in the place of several: what settles a divergence does.
    pub joins: bool,
}

impl ChangeEntry {
    fn new(entry: &VerifiedEntry, change: ChangeHash, head: Head) -> Self {
        let (person, reason) = edit::read_message(&head.outline.message);
        ChangeEntry {
            entry: entry.hash(),
            feed: entry.header().feed,
            seq: entry.header().seq,
            change,
            max_op: head.max_op(),
            joins: head.joins(entry.payload()),
            deps: head.outline.deps,
            person,
            reason,
            at: UnixSeconds(head.outline.time),
        }
    }
}

/// An entry as it comes from the store.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// The entry.
    pub entry: VerifiedEntry,
    /// Where it stands.
    pub standing: Standing,
    /// Whether it was applied when the store recorded its placement: then it is not judged again.
    pub applied: bool,
}

/// The document of one record, with the standing of every entry that belongs to it.
#[derive(Debug, Clone)]
pub struct Document {
    record: RecordId,
    automerge: Automerge,
    graph: Graph,
}

/// An empty Automerge document. Its actor is random, but never writes: an edit sets the feed's own first, so the
/// operating system's randomness reaches nothing that is stored, sent or shown.
fn blank() -> Automerge {
    Automerge::new()
}

/// Reads an entry's change. With the reason for a refusal comes the change's hash, where it was found out.
fn read(entry: &VerifiedEntry) -> Result<(Head, Change), (SetAside, Option<ChangeHash>)> {
    let payload = entry.payload();
    let head = Head::parse(payload).map_err(|reason| (reason.into(), None))?;
    // Automerge reads untrusted bytes here: a panic must end this entry, not this node.
    let change = catch_unwind(|| Change::try_from(payload))
        .map_err(|_| (SetAside::Failed, None))?
        .map_err(|_| (SetAside::Malformed, None))?;
    let hash = change.hash();
    let refuse = |reason| Err((reason, Some(hash)));
    if Head::claimed_checksum(payload) != Some(&hash.0[..4]) {
        return refuse(SetAside::WrongChecksum);
    }
    if head.outline.actor != entry.header().feed.actor() {
        return refuse(SetAside::WrongActor);
    }
    match (entry.header().creates_record(), head.outline.deps.is_empty()) {
        (true, false) => refuse(SetAside::CreationDepends),
        (false, true) => refuse(SetAside::NotFromCreation),
        _ => Ok((head, change)),
    }
}

impl Document {
    /// The document of a record of which nothing is known yet.
    pub fn empty(record: RecordId) -> Self {
        Document { record, automerge: blank(), graph: Graph::default() }
    }

    /// Loads a document from the store. Entries recorded as applied were judged when they came and are trusted;
    /// what was recorded falsely all the same leads to [`Self::rebuild`].
    pub fn restore(record: RecordId, entries: impl IntoIterator<Item = StoredEntry>) -> Self {
        let entries: Vec<StoredEntry> = entries.into_iter().collect();
        let mut document = Document::empty(record);
        let mut applied: Vec<u32> = Vec::new();
        let mut changes = BTreeMap::new();
        for stored in entries.iter().filter(|stored| stored.applied) {
            let Ok((head, change)) = read(&stored.entry) else { return Self::judge_all(record, &entries) };
            let hash = change.hash();
            applied.push(document.graph.add(&stored.entry, stored.standing, head, hash));
            changes.insert(hash, change);
        }
        applied.sort_by_key(|at| document.graph.nodes[*at as usize].facts.max_op);
        for at in applied {
            document.graph.judge_from(at, true);
        }
        for stored in entries.iter().filter(|stored| !stored.applied) {
            document.add(&stored.entry, stored.standing, &mut changes);
        }
        let moved = document.graph.settle_all();
        document.apply(moved, changes);
        let stands = |stored: &StoredEntry| document.placement(&stored.entry.hash()) == Some(Placement::Applied);
        if entries.iter().filter(|stored| stored.applied).all(stands) {
            document
        } else {
            Self::judge_all(record, &entries)
        }
    }

    /// Makes the document anew with every check, trusting no record of what was applied.
    pub fn rebuild(record: RecordId, entries: impl IntoIterator<Item = (VerifiedEntry, Standing)>) -> Self {
        let stored = |(entry, standing)| StoredEntry { entry, standing, applied: false };
        Self::judge_all(record, &entries.into_iter().map(stored).collect::<Vec<_>>())
    }

    fn judge_all(record: RecordId, entries: &[StoredEntry]) -> Self {
        let mut document = Document::empty(record);
        let mut changes = BTreeMap::new();
        for stored in entries {
            document.add(&stored.entry, stored.standing, &mut changes);
        }
        let moved = document.graph.settle_all();
        document.apply(moved, changes);
        document
    }

    /// Adds one accepted entry; see [`Self::insert_all`].
    pub fn insert(&mut self, entry: &VerifiedEntry, standing: Standing) -> Vec<(EntryHash, Placement)> {
        self.insert_all([(entry, standing)])
    }

    /// Adds accepted entries, and returns every placement that changed: their own, and those of entries that waited
    /// for them, gave way to them, or are set aside with them. Adding an entry again changes nothing, unless its
    /// standing is another now. Together they cost far less than one by one, as Automerge is called once.
    pub fn insert_all<'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e VerifiedEntry, Standing)>,
    ) -> Vec<(EntryHash, Placement)> {
        let (mut changes, mut fresh) = (Vec::new(), BTreeMap::new());
        let mut touched: BTreeSet<EntryHash> = BTreeSet::new();
        let mut restood = false;
        for (entry, standing) in entries {
            debug_assert_eq!(entry.header().record, self.record, "an entry was given to another record's document");
            if self.graph.knows(&entry.hash()) {
                restood |= self.graph.restand(&entry.hash(), standing);
                continue;
            }
            changes.extend(self.add(entry, standing, &mut fresh));
            touched.extend(self.graph.carriers(&entry.hash()));
        }
        let moved = if restood { self.graph.settle_all() } else { self.graph.settle(&changes) };
        let mut changed: BTreeMap<EntryHash, Placement> = self.apply(moved, fresh).into_iter().collect();
        // A refusal has no node that could have moved, and of entries that carry one change only the first moves.
        for entry in touched {
            changed.extend(self.placement(&entry).map(|placement| (entry, placement)));
        }
        changed.into_iter().collect()
    }

    /// Tells where an entry stands now that a fork was found, and returns every placement that changed.
    pub fn restand(&mut self, entry: &EntryHash, standing: Standing) -> Vec<(EntryHash, Placement)> {
        if !self.graph.restand(entry, standing) {
            return Vec::new();
        }
        let moved = self.graph.settle_all();
        self.apply(moved, BTreeMap::new())
    }

    /// Adds an entry to the graph and judges it, without settling anything yet. Returns its change's hash, where there
    /// is one; the change itself joins those that need not be read again.
    fn add(
        &mut self,
        entry: &VerifiedEntry,
        standing: Standing,
        changes: &mut BTreeMap<ChangeHash, Change>,
    ) -> Option<ChangeHash> {
        match read(entry) {
            Ok((head, change)) => {
                let hash = change.hash();
                let at = self.graph.add(entry, standing, head, hash);
                self.graph.judge_from(at, false);
                changes.insert(hash, change);
                Some(hash)
            }
            Err((reason, change)) => {
                self.graph.refuse(entry.hash(), reason, change);
                change
            }
        }
    }

    /// Makes Automerge follow the placements. `read` holds changes that need not be read again.
    fn apply(&mut self, mut moved: Moved, mut read: BTreeMap<ChangeHash, Change>) -> Vec<(EntryHash, Placement)> {
        let (mut gained, mut lost) = (Vec::new(), false);
        for (at, before) in &moved.before {
            match (*before == Placement::Applied, self.graph.nodes[*at as usize].is_applied()) {
                (false, true) => gained.push(*at),
                (true, false) => lost = true,
                _ => {}
            }
        }
        let done = if lost { self.replay() } else { self.extend(&gained, &mut read).or_else(|Failed| self.replay()) };
        let mut offender = done.err();
        while let Some(at) = offender {
            self.graph.condemn(at, SetAside::Failed);
            moved.join(self.graph.settle_all());
            offender = self.replay().err();
        }
        let changed = moved.before.into_iter().map(|(at, before)| (before, &self.graph.nodes[at as usize]));
        changed
            .filter(|(before, node)| *before != node.placement)
            .map(|(_, node)| (node.facts.entry, node.placement.clone()))
            .collect()
    }

    /// Applies changes on top of what is there.
    fn extend(&mut self, nodes: &[u32], read: &mut BTreeMap<ChangeHash, Change>) -> Result<(), Failed> {
        let mut changes = Vec::new();
        for at in nodes {
            let node = &self.graph.nodes[*at as usize];
            let change = match read.remove(&node.facts.change) {
                Some(change) => change,
                None => self.graph.change(*at).ok_or(Failed)?,
            };
            changes.push(change);
        }
        if changes.is_empty() {
            return Ok(());
        }
        apply_to(&mut self.automerge, changes)
    }

    /// Makes the Automerge document anew from all applied changes; fails with the node that it fails on.
    fn replay(&mut self) -> Result<(), u32> {
        self.automerge = blank();
        let order = self.graph.applied();
        if self.extend(&order, &mut BTreeMap::new()).is_ok() {
            return Ok(());
        }
        // One by one, to find the one to blame. Should they all pass this time, then all is well.
        self.automerge = blank();
        for at in order {
            self.extend(&[at], &mut BTreeMap::new()).map_err(|Failed| at)?;
        }
        Ok(())
    }

    /// The record.
    pub fn record(&self) -> RecordId {
        self.record
    }

    /// The Automerge document, for reading.
    pub fn automerge(&self) -> &Automerge {
        &self.automerge
    }

    /// Whether no change is applied.
    pub fn is_blank(&self) -> bool {
        self.automerge.get_heads().is_empty()
    }

    /// The hashes of the applied changes that no applied change rests on, in ascending order.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.automerge.get_heads()
    }

    /// Where an entry of this record stands; `None` when it is not here.
    pub fn placement(&self, entry: &EntryHash) -> Option<Placement> {
        self.graph.placement(entry)
    }

    /// Every entry and where it stands, by entry hash.
    pub fn placements(&self) -> impl Iterator<Item = (EntryHash, Placement)> + '_ {
        let entries = self.graph.entries();
        entries.filter_map(|entry| Some((entry, self.placement(&entry)?)))
    }

    /// The entries that wait, and for which changes.
    pub fn waiting(&self) -> impl Iterator<Item = (EntryHash, Vec<ChangeHash>)> + '_ {
        self.placements().filter_map(|(entry, placement)| match placement {
            Placement::Waiting { missing } => Some((entry, missing)),
            _ => None,
        })
    }

    /// The entries that are set aside, and why.
    pub fn set_aside(&self) -> impl Iterator<Item = (EntryHash, SetAside)> + '_ {
        self.placements().filter_map(|(entry, placement)| match placement {
            Placement::SetAside(reason) => Some((entry, reason)),
            _ => None,
        })
    }

    /// What is known of a change, applied or not.
    pub fn change(&self, hash: &ChangeHash) -> Option<&ChangeEntry> {
        self.graph.node(hash).map(|node| &node.facts)
    }

    /// What is known of an entry's change, applied or not. Its `deps` are the heads of the document as its author
    /// saw it; its `change` alone is the heads right after it.
    pub fn change_of(&self, entry: &EntryHash) -> Option<&ChangeEntry> {
        self.graph.node_of_entry(entry).map(|node| &node.facts)
    }

    /// The applied changes, each after all it rests on, in the same order on every node.
    pub fn history(&self) -> Vec<&ChangeEntry> {
        self.graph.applied().into_iter().map(|at| &self.graph.nodes[at as usize].facts).collect()
    }

    /// Whether changes that were dropped for want of room could be judged now: load the record from the store anew
    /// ([`Self::restore`]).
    pub fn wants_reload(&self) -> bool {
        self.graph.starved
    }
}

/// Automerge returned an error, panicked, or left a change out.
#[derive(Debug)]
struct Failed;

fn apply_to(automerge: &mut Automerge, changes: Vec<Change>) -> Result<(), Failed> {
    // After a panic the document may be half changed: whoever gets `Failed` throws it away.
    let result = catch_unwind(AssertUnwindSafe(|| automerge.apply_changes(changes)));
    // What Automerge takes for incomplete goes silently into a queue of its own, which is always empty otherwise.
    let queued = || !automerge.get_missing_deps(&[]).is_empty();
    if matches!(result, Ok(Ok(()))) && !queued() { Ok(()) } else { Err(Failed) }
}

#[cfg(test)]
mod tests;
