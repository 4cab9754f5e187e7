//! What people and pages ask of one record: as it is, as it was, and how it came to be so.

use automerge::ChangeHash;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Engine, Office,
    rows::{Stamp, stamp},
    settled::ended,
};
use crate::{
    document::{ChangeEntry, Document, Placement},
    ids::{EntryHash, RecordId, Seq},
    ledger::{Ledger, LedgerError},
    record::{self, Flag, Kind, Reading},
    shelf::Shelf,
};

/// A record as it is, or as it was right after one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordView {
    /// The record.
    pub id: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The fields that hold something, in the shape of [`record::Reading`].
    pub fields: Map<String, Value>,
    /// The heads it was read at: what an edit of it must name.
    pub heads: Vec<ChangeHash>,
    /// The creating change.
    pub created: Stamp,
    /// The last change.
    pub updated: Stamp,
    /// Fields with concurrent values.
    pub concurrent: Vec<ConcurrentField>,
    /// Items that were withdrawn by one office and edited by another.
    pub decisions: Vec<String>,
    /// Workflow rules that do not hold.
    pub flags: Vec<Flag>,
    /// What is still missing.
    pub to_complete: Vec<Flag>,
    /// Fields only a newer version knows.
    pub unknown: Vec<String>,
    /// Entries that wait for others, or were set aside, and why.
    pub standstills: Vec<Standstill>,
}

/// A field that several offices set without having seen each other's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConcurrentField {
    /// JSON pointer of the field.
    pub field: String,
    /// The values.
    pub values: Vec<SeenValue>,
}

/// One of several concurrent values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenValue {
    /// The value.
    pub value: Value,
    /// Who set it.
    #[serde(flatten)]
    pub stamp: Option<Stamp>,
    /// Whether it is the one that is shown meanwhile.
    pub shown: bool,
}

/// An entry that is kept but not applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standstill {
    /// The entry.
    pub entry: EntryHash,
    /// `waiting`, or why it was set aside.
    pub code: &'static str,
}

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryStep {
    /// Who, where, when.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// Its number in its office's feed.
    pub seq: Seq,
    /// The reason given.
    pub reason: Option<String>,
    /// What its author saw, and what it made of it.
    pub changes: Vec<FieldStep>,
    /// The divergences that it ended, whether what was shown changed by that or not.
    pub settled: Vec<SettledStep>,
}

/// A divergence that a change ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettledStep {
    /// JSON pointer of the field.
    pub field: String,
    /// The values that stood beside each other; null for one that was cleared.
    pub values: Vec<Value>,
    /// What was chosen, one of them or another; null for nothing.
    pub chosen: Value,
}

/// A field before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldStep {
    /// JSON pointer of the field.
    pub field: String,
    /// What its author saw; null for nothing.
    pub before: Value,
    /// What it became; null for nothing.
    pub after: Value,
}

/// A record that cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// There is no such record, or no such entry of it.
    #[error("there is no such record or entry at this office")]
    NotFound,
    /// A newer version's kind of record.
    #[error(transparent)]
    Record(#[from] record::RecordError),
    /// The store cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl<S: Shelf> Engine<S> {
    /// A record as it is now.
    pub fn record(&mut self, id: RecordId) -> Result<RecordView, QueryError> {
        self.look(id, |_| Ok(None))
    }

    /// A record as it was right after one of its entries.
    pub fn record_at(&mut self, id: RecordId, entry: EntryHash) -> Result<RecordView, QueryError> {
        self.look(id, |document| {
            let applied = document.placement(&entry) == Some(Placement::Applied);
            let change = document.change_of(&entry).filter(|_| applied).ok_or(QueryError::NotFound)?;
            Ok(Some(vec![change.change]))
        })
    }

    /// A record as the author of one of its entries saw it who wrote that entry.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] also for the entry that created the record: before it, there was nothing.
    pub fn record_before(&mut self, id: RecordId, entry: EntryHash) -> Result<RecordView, QueryError> {
        self.look(id, |document| {
            let applied = document.placement(&entry) == Some(Placement::Applied);
            let change = document.change_of(&entry).filter(|change| applied && !change.deps.is_empty());
            Ok(Some(change.ok_or(QueryError::NotFound)?.deps.clone()))
        })
    }

    /// A record as it was at these heads: what somebody saw who edits it now.
    ///
    /// # Errors
    /// [`record::RecordError::UnknownHeads`] where one of them is not known here.
    pub fn record_seen(&mut self, id: RecordId, heads: Vec<ChangeHash>) -> Result<RecordView, QueryError> {
        self.look(id, |_| Ok(Some(heads)))
    }

    fn look(
        &mut self,
        id: RecordId,
        heads: impl FnOnce(&Document) -> Result<Option<Vec<ChangeHash>>, QueryError>,
    ) -> Result<RecordView, QueryError> {
        let document = self.documents.get(id, &self.ledger)?.ok_or(QueryError::NotFound)?;
        if document.is_blank() {
            return Err(QueryError::NotFound);
        }
        let ledger = &self.ledger;
        let heads = heads(document)?;
        let reading = record::read(document.automerge(), heads.as_deref())?;
        let made_by = |change: &ChangeEntry| stamp(change, ledger.feed(&change.feed));
        let history = document.history();
        let last = match heads.as_deref() {
            Some([head]) => document.change(head),
            _ => history.last().copied(),
        };
        let (Some(first), Some(last)) = (history.first(), last) else { return Err(QueryError::NotFound) };
        let standstills = document.placements().filter_map(|(entry, placement)| match placement {
            Placement::Applied => None,
            Placement::Waiting { .. } => Some(Standstill { entry, code: "waiting" }),
            Placement::SetAside(reason) => Some(Standstill { entry, code: reason.code() }),
        });
        Ok(RecordView {
            id,
            kind: reading.kind,
            heads: heads.unwrap_or_else(|| document.heads()),
            created: made_by(first),
            updated: made_by(last),
            concurrent: concurrent(&reading, document, &made_by),
            flags: record::flags(id, &reading, &self.settings.vocabulary),
            to_complete: record::to_complete(&reading),
            standstills: standstills.collect(),
            decisions: reading.decisions,
            unknown: reading.unknown,
            fields: reading.fields,
        })
    }

    /// A record's changes in an order that respects what each author had seen, the oldest first.
    pub fn history(&mut self, id: RecordId) -> Result<Vec<HistoryStep>, QueryError> {
        let document = self.documents.get(id, &self.ledger)?.ok_or(QueryError::NotFound)?;
        Ok(history_of(document, &self.ledger)?)
    }

    /// The offices of the network, as far as they are known here.
    pub fn offices(&self) -> Vec<Office> {
        self.offices.all(&self.ledger, &self.beacons)
    }
}

/// The changes of a document, each with what its author saw and what came of it.
pub(super) fn history_of<S: Shelf>(
    document: &Document,
    ledger: &Ledger<S>,
) -> Result<Vec<HistoryStep>, record::RecordError> {
    let mut steps = Vec::new();
    for change in document.history() {
        let after = record::read(document.automerge(), Some(&[change.change]))?;
        let (before, divergent) = match change.deps.as_slice() {
            [] => (Map::new(), Vec::new()),
            deps => {
                let seen = record::read(document.automerge(), Some(deps))?;
                (seen.fields, seen.concurrent)
            }
        };
        let settled = ended(divergent, &after).into_iter().map(|(field, chosen)| SettledStep {
            field: field.pointer,
            values: field.values.into_iter().map(|value| value.value).collect(),
            chosen,
        });
        let settled = settled.collect();
        let changes = record::diff(after.kind, &before, &after.fields);
        let step = |c: record::FieldChange| FieldStep { field: c.pointer, before: c.before, after: c.after };
        steps.push(HistoryStep {
            stamp: stamp(change, ledger.feed(&change.feed)),
            seq: change.seq,
            reason: change.reason.as_deref().map(record::readable_text),
            changes: changes.into_iter().map(step).collect(),
            settled,
        });
    }
    Ok(steps)
}

fn concurrent(
    reading: &Reading,
    document: &Document,
    made_by: &impl Fn(&ChangeEntry) -> Stamp,
) -> Vec<ConcurrentField> {
    let seen = |value: &record::ConcurrentValue| SeenValue {
        value: value.value.clone(),
        stamp: value.change.and_then(|change| document.change(&change)).map(made_by),
        shown: value.shown,
    };
    let field = |field: &record::Concurrent| ConcurrentField {
        field: field.pointer.clone(),
        values: field.values.iter().map(seen).collect(),
    };
    reading.concurrent.iter().map(field).collect()
}
