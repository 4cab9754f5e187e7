//! At rest all hold the same and show the same, and what they show is what the changes say.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{AutoCommit, Change, ROOT, ReadDoc, Value};
use toguna_protocol::{
    engine::{
        Engine, RecordView,
        rows::{Heard, Row},
    },
    entry::PayloadKind,
    ids::{Arrival, EntryHash, RecordId},
    ledger::Ledger,
    shelf::Shelf,
};

use super::Violation;

/// Everything one office shows.
#[derive(Debug)]
pub struct Shown {
    /// Its number.
    pub office: usize,
    /// The rows it was told, by record.
    pub rows: BTreeMap<RecordId, Row>,
    /// The same records, looked at.
    pub views: BTreeMap<RecordId, RecordView>,
}

fn disagree(found: String) -> Violation {
    Violation::safety("agreement", found)
}

/// A row without what is each office's own affair: when an entry arrived.
fn timeless(row: &Row) -> Row {
    let heard = row.heard.iter().map(|heard| Heard { first: Arrival(0), last: Arrival(0), ..*heard });
    Row { arrival: Arrival(0), heard: heard.collect(), ..row.clone() }
}

/// All offices show the same.
pub fn same(all: &[Shown]) -> Result<(), Violation> {
    let Some((first, others)) = all.split_first() else { return Ok(()) };
    for other in others {
        let offices = format!("offices {} and {}", first.office, other.office);
        if !first.rows.keys().eq(other.rows.keys()) {
            return Err(disagree(format!("{offices} show different records")));
        }
        for (record, view) in &first.views {
            if other.views.get(record) != Some(view) {
                return Err(disagree(format!("{offices} show another record {record}")));
            }
        }
        for (record, row) in &first.rows {
            if timeless(row) != timeless(&other.rows[record]) {
                return Err(disagree(format!("{offices} have another row of record {record}")));
            }
        }
    }
    Ok(())
}

/// Whether an engine's store is whole: every backlink, every signature, every index.
pub fn whole<S: Shelf>(office: usize, engine: &Engine<S>) -> Result<(), Violation> {
    let unreadable = |error| Violation::safety("whole", format!("office {office}: {error}"));
    let check = engine.ledger().check(&mut |_| {}).map_err(unreadable)?;
    match check.faults.first() {
        None => Ok(()),
        Some(fault) => Err(Violation::safety("whole", format!("office {office} holds {fault:?}"))),
    }
}

/// What an office shows of its records is what their changes say, read by Automerge alone: every distinct concurrent
/// value of every field of the record itself, and every acknowledged entry applied. `may_wait`: some may wait for what
/// the media lost.
pub fn says<S: Shelf>(
    shown: &Shown,
    ledger: &Ledger<S>,
    acknowledged: &BTreeMap<EntryHash, RecordId>,
    may_wait: bool,
) -> Result<(), Violation> {
    let office = shown.office;
    for (entry, record) in acknowledged {
        let Some(view) = shown.views.get(record) else {
            if may_wait {
                continue;
            }
            return Err(Violation::safety("kept", format!("office {office} does not show record {record}")));
        };
        if let Some(standstill) = view.standstills.iter().find(|standstill| standstill.entry == *entry) {
            if may_wait && standstill.code == "waiting" {
                continue;
            }
            let found = format!("office {office}: the acknowledged entry {entry} is {}", standstill.code);
            return Err(Violation::safety("kept", found));
        }
    }
    for (record, view) in &shown.views {
        let expected = concurrent(*record, view, ledger);
        let told: BTreeMap<String, usize> =
            view.concurrent.iter().map(|field| (field.field.clone(), field.values.len())).collect();
        for (field, values) in expected {
            if told.get(&field).copied().unwrap_or(1) != values {
                let found =
                    format!("office {office} shows {told:?} of {values} concurrent values at {field} of {record}");
                return Err(Violation::safety("concurrent", found));
            }
        }
    }
    Ok(())
}

/// The scalar fields of the record itself that have several values, and how many.
fn concurrent<S: Shelf>(record: RecordId, view: &RecordView, ledger: &Ledger<S>) -> BTreeMap<String, usize> {
    let aside: BTreeSet<EntryHash> = view.standstills.iter().map(|standstill| standstill.entry).collect();
    let mut document = AutoCommit::new();
    for place in ledger.record_places(record, Arrival(0)).unwrap_or_default() {
        let Ok(Some((entry, _))) = ledger.entry(&place.feed, place.seq) else { continue };
        if entry.header().kind != PayloadKind::CHANGE || aside.contains(&entry.hash()) {
            continue;
        }
        if let Ok(change) = Change::from_bytes(entry.payload().to_vec()) {
            // A change that does not apply is missing in what is compared, which then tells.
            let _ = document.apply_changes([change]);
        }
    }
    let keys: Vec<String> = document.keys(ROOT).collect();
    let several = |key: String| {
        let values = document.get_all(ROOT, &key).ok()?;
        let scalars: Option<BTreeSet<String>> = values.iter().map(|(value, _)| scalar(value)).collect();
        let count = scalars?.len();
        (count > 1).then(|| (format!("/{key}"), count))
    };
    keys.into_iter().filter_map(several).collect()
}

fn scalar(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Scalar(scalar) => Some(format!("{scalar:?}")),
        Value::Object(_) => None,
    }
}
