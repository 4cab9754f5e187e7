//! Divergences that somebody has settled, as a record's document tells them: who had entered what, what was chosen, by
//! whom and why. An office whose value was not kept is told so, and can take it back.

use automerge::ChangeHash;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rows::Stamp;
use crate::{
    document::{ChangeEntry, Document},
    record::{self, Concurrent, Reading},
};

/// Changes at most that are looked at for what they settled, the latest; each costs two readings of the record.
const MAX_LOOKED_AT: usize = 8;

/// Characters of a value that a row keeps: enough to know it again, the document has the whole.
const MAX_CHARS: usize = 400;

/// A divergence that was settled and has stayed so: the field still holds what was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settlement {
    /// JSON pointer of the field.
    pub field: String,
    /// The values that stood beside each other. Long texts are cut.
    pub values: Vec<Contender>,
    /// What was chosen, one of them or another; null for nothing. Long texts are cut.
    pub chosen: Value,
    /// Who settled it, where and when.
    pub stamp: Stamp,
    /// Why, where a reason was given.
    pub reason: Option<String>,
}

/// One of the values that stood beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contender {
    /// The value; null where the field was cleared.
    pub value: Value,
    /// Whether it is what was chosen.
    pub kept: bool,
    /// Who entered it, where and when.
    pub stamp: Stamp,
}

/// What was settled in a document and still stands, the latest last; of each field the latest only. `now`: the document
/// as it reads.
pub(super) fn settlements(
    document: &Document,
    now: &Reading,
    stamp: &impl Fn(&ChangeEntry) -> Stamp,
) -> Vec<Settlement> {
    // Few records have any such change, so that most cost nothing here.
    let joining: Vec<&ChangeEntry> = document.history().into_iter().filter(|change| change.joins).collect();
    let mut settled: Vec<Settlement> = Vec::new();
    for change in &joining[joining.len().saturating_sub(MAX_LOOKED_AT)..] {
        for (field, chosen) in settled_by(document, change).unwrap_or_default() {
            let stands = value_at(&now.fields, &field.pointer) == chosen;
            if !stands || is_among(&now.concurrent, &field.pointer) {
                continue;
            }
            let contender = |value: &record::ConcurrentValue| {
                let made = stamp(document.change(&value.change?)?);
                Some(Contender { value: cut(&value.value), kept: value.value == chosen, stamp: made })
            };
            settled.retain(|earlier| earlier.field != field.pointer);
            settled.push(Settlement {
                values: field.values.iter().filter_map(contender).collect(),
                field: field.pointer,
                chosen: cut(&chosen),
                stamp: stamp(change),
                reason: change.reason.as_deref().map(record::readable_text),
            });
        }
    }
    settled
}

/// The fields with several values that a change left with one, and which. `None` where the record cannot be read as its
/// author saw it.
fn settled_by(document: &Document, change: &ChangeEntry) -> Option<Vec<(Concurrent, Value)>> {
    let read = |heads: &[ChangeHash]| record::read(document.automerge(), Some(heads)).ok();
    let seen = read(&change.deps).filter(|seen| !seen.concurrent.is_empty())?;
    let after = read(&[change.change])?;
    Some(ended(seen.concurrent, &after))
}

/// Of fields with several values those that have one afterwards, and which.
pub(super) fn ended(before: Vec<Concurrent>, after: &Reading) -> Vec<(Concurrent, Value)> {
    let ended = before.into_iter().filter(|field| !is_among(&after.concurrent, &field.pointer));
    let with_choice = |field: Concurrent| {
        let chosen = value_at(&after.fields, &field.pointer);
        (field, chosen)
    };
    ended.map(with_choice).collect()
}

fn is_among(concurrent: &[Concurrent], pointer: &str) -> bool {
    concurrent.iter().any(|field| field.pointer == pointer)
}

/// What stands at a pointer. An item that is not withdrawn says nothing of it.
fn value_at(fields: &Map<String, Value>, pointer: &str) -> Value {
    let Some((first, rest)) =
        pointer.strip_prefix('/').map(|below| below.split_at(below.find('/').unwrap_or(below.len())))
    else {
        return Value::Null;
    };
    let found = fields.get(first).and_then(|value| value.pointer(rest));
    let nothing = if pointer.ends_with("/withdrawn") { Value::Bool(false) } else { Value::Null };
    found.cloned().unwrap_or(nothing)
}

fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > MAX_CHARS => {
            Value::from(format!("{}…", text.chars().take(MAX_CHARS).collect::<String>()))
        }
        other => other.clone(),
    }
}
