//! The read model's row of a record as it is stored, so that views fill quickly after a start. Derived: a row says
//! up to which arrival it speaks, and what lies beyond is worked out anew.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{documents::entries_of, refresh::make_row, settled::Settlement};
use crate::{
    document::{ChangeEntry, Document, Placement},
    feed::Feed,
    ids::{Arrival, AuthorKey, EntryHash, FeedId, RecordId, Seq, UnixSeconds},
    ledger::{Ledger, LedgerError},
    projection::RecordRow,
    record::{self, Vocabulary},
    shelf::Shelf,
    wire::{self, Reader, WireError},
};

/// Who made a change, where and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The person.
    pub by: String,
    /// The office's device key.
    pub office: AuthorKey,
    /// By that office's clock.
    pub at: UnixSeconds,
    /// The entry.
    pub entry: EntryHash,
}

/// All that the read models show of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The record.
    pub id: RecordId,
    /// What the document says.
    #[serde(flatten)]
    pub record: RecordRow,
    /// The creating change.
    pub created: Stamp,
    /// The last change in the document's own order.
    pub updated: Stamp,
    /// The last arrival that the row reflects: "changed since" counts by it.
    pub arrival: Arrival,
    /// Entries that wait for others.
    pub waiting: usize,
    /// Entries that were set aside.
    pub set_aside: usize,
    /// Divergences that somebody settled, where it stayed so; the latest last.
    pub settled: Vec<Settlement>,
    /// In which feeds something of it stands, and when that came: as the arrival above, a matter of this node alone.
    pub heard: Vec<Heard>,
}

/// What stands of a record in one feed, as it came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The feed.
    pub feed: FeedId,
    /// The device key of the office that writes it.
    pub office: AuthorKey,
    /// The number of the last of its entries. Whoever holds it holds all of them.
    pub seq: Seq,
    /// The arrival of the first of its entries.
    pub first: Arrival,
    /// The arrival of the last of them.
    pub last: Arrival,
}

/// In which feeds something of a record stands, in the order of their ids.
pub(super) fn heard<S: Shelf>(record: RecordId, ledger: &Ledger<S>) -> Result<Vec<Heard>, LedgerError> {
    let mut heard: BTreeMap<FeedId, Heard> = BTreeMap::new();
    for place in ledger.record_places(record, Arrival(0))? {
        let Some(office) = ledger.feed(&place.feed).map(|feed| feed.genesis.author) else { continue };
        let first = Heard { feed: place.feed, office, seq: place.seq, first: place.arrival, last: place.arrival };
        let so_far = heard.entry(place.feed).or_insert(first);
        so_far.last = place.arrival;
        so_far.seq = place.seq.max(so_far.seq);
    }
    Ok(heard.into_values().collect())
}

/// What a stored row says about the entries of its record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// Entries that arrived up to here were judged.
    pub(super) reflects: Arrival,
    /// Those of them that are not applied.
    pub(super) not_applied: BTreeSet<EntryHash>,
}

impl Judged {
    fn of(document: &Document, reflects: Arrival) -> Self {
        let not_applied = document.placements().filter(|(_, placement)| *placement != Placement::Applied);
        Judged { reflects, not_applied: not_applied.map(|(entry, _)| entry).collect() }
    }

    fn read_from(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let reflects = Arrival(reader.number("arrival")?);
        let count = reader.number_up_to(usize::MAX, "entries")?;
        let not_applied =
            (0..count).map(|_| Ok(EntryHash(reader.array("entry")?))).collect::<Result<_, WireError>>()?;
        Ok(Judged { reflects, not_applied })
    }

    /// The beginning of a stored row; `None` where it cannot be read, and so must be made anew.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        Self::read_from(&mut Reader::new(value)).ok()
    }
}

/// Encodes a stored row: reflected arrival, number of entries not applied, their hashes, the row as JSON.
pub(super) fn encode(row: &Row, document: &Document) -> Vec<u8> {
    let judged = Judged::of(document, row.arrival);
    let mut out = Vec::with_capacity(2048);
    wire::put_number(&mut out, judged.reflects.0);
    wire::put_number(&mut out, judged.not_applied.len() as u64);
    judged.not_applied.iter().for_each(|entry| out.extend_from_slice(&entry.0));
    serde_json::to_writer(&mut out, row).expect("a row is plain data");
    out
}

/// Reads a stored row; `None` where it is not one that this version wrote.
pub fn decode(value: &[u8]) -> Option<Row> {
    let mut reader = Reader::new(value);
    Judged::read_from(&mut reader).ok()?;
    serde_json::from_slice(reader.rest()).ok()
}

/// A record's row made anew from its stored entries alone, for comparing it with what is shown; `None` if there are
/// none, or the record is of a kind that only a newer version knows.
pub fn rebuild<S: Shelf>(
    record: RecordId,
    ledger: &Ledger<S>,
    vocabulary: &Vocabulary,
) -> Result<Option<Row>, LedgerError> {
    let entries = entries_of(record, Arrival(0), ledger)?;
    let document = Document::rebuild(record, entries.into_iter().map(|held| (held.entry, held.standing)));
    Ok(make_row(record, &document, ledger, vocabulary))
}

/// The stamp of a change.
pub(super) fn stamp(change: &ChangeEntry, feed: Option<&Feed>) -> Stamp {
    Stamp {
        by: record::readable_text(&change.person),
        office: feed.map_or(AuthorKey([0; 32]), |feed| feed.genesis.author),
        at: change.at,
        entry: change.entry,
    }
}
