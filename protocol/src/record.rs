//! Records: consultations, community conflicts and projects, and how they lie in an Automerge document.
//!
//! Each kind is declared once, as a struct ([`Consultation`], [`Conflict`], [`Project`]). The declaration gives both
//! the typed struct and the table of fields ([`schema::Field`]) by which generic code does everything else:
//! [`create()`], [`patch()`], [`read()`], [`settle()`], [`diff()`], and the projection to rows. [`reference()`] writes the
//! table out.
//!
//! # Layout
//! One document per record. The root map holds `kind` and one key per
//! field:
//!
//! | shape | in the document | two offices at once |
//! |---|---|---|
//! | single value | a scalar; null once it was cleared | both values are kept, one is shown, a person settles |
//! | value of several parts (place, money, phase) | one scalar: canonical JSON | as above; parts never mix |
//! | narrative | a list of words | both edits survive |
//! | set | a map of member → true | additions survive |
//! | sheet | a map of the pack's key → scalar | each row as a single value |
//! | items, ledger | a map of item id → map | both additions survive; fields of one item as above |
//!
//! The creating change makes every map and list of the kind, and the change that adds an item those of the item. A
//! field that is newer than its record has no container yet: whoever first writes it makes one. Two offices may do so
//! at once; Automerge then keeps both maps under the one key, and reading and writing take them as one map
//! (two narratives made so are concurrent values). This needs no second layout for late fields.
//!
//! An item is withdrawn by `withdrawn` = true and never removed. Every edit inside an item puts `withdrawn` = false
//! there and on the items around it, so a withdrawal that was made apart shows as concurrent values and comes up for
//! a decision; until then the item is shown.
//!
//! Keys of an enumeration and fields that only a newer version knows are kept untouched: a patch writes the fields it
//! names, and no other.

pub mod schema;
pub mod vocabulary;

pub mod common;
pub mod date;

pub mod conflict;
pub mod consultation;
pub mod project;

pub mod complete;
pub mod diff;
pub mod evaluation;
pub mod plan;
pub mod read;
pub mod reference;
pub mod settle;
pub mod workflow;
pub mod write;

mod text;
mod value;
mod view;

use std::fmt;

use automerge::{AutomergeError, ChangeHash, transaction::Transactable};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use common::Common;
pub use complete::{missing_sections, to_complete};
pub use conflict::Conflict;
pub use consultation::Consultation;
pub use date::Date;
pub use diff::{FieldChange, diff};
pub use project::Project;
pub use read::{Concurrent, ConcurrentValue, Reading, kind_of, read};
pub use reference::reference;
pub use settle::{Choice, settle};
pub use text::has_forbidden;
pub(crate) use text::readable_text;
pub use value::canonical_json;
pub use view::RecordDoc;
pub use vocabulary::{List, Vocabulary};
pub use workflow::{Flag, flags};
pub use write::Written;

use schema::{Field, Fields};

use crate::ids::{FeedId, ItemId, RecordId, Seq};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A meeting, mission or conference.
    Consultation,
    /// A community conflict.
    Conflict,
    /// A request, activity or programme.
    Project,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Consultation, Kind::Conflict, Kind::Project];

    /// The key in documents and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Consultation => "consultation",
            Kind::Conflict => "conflict",
            Kind::Project => "project",
        }
    }

    /// The kind of a key; `None` for a kind that only a newer version knows.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The fields of this kind, the shared ones first.
    pub fn schema(self) -> Schema {
        let own = match self {
            Kind::Consultation => Consultation::FIELDS,
            Kind::Conflict => Conflict::FIELDS,
            Kind::Project => Project::FIELDS,
        };
        Schema { kind: self.key(), parts: [Common::FIELDS, own] }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A kind's key and fields. All generic code takes one as an argument, so that tests can be an older or newer version.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The kind's key.
    pub kind: &'static str,
    /// The shared fields, then the kind's own.
    pub parts: [&'static [Field]; 2],
}

impl Schema {
    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.parts.into_iter().flatten()
    }
}

/// Gives out the ids of the items that one entry creates.
#[derive(Debug, Clone)]
pub struct ItemIds {
    feed: FeedId,
    seq: Seq,
    next: u32,
}

impl ItemIds {
    /// For the entry `seq` of `feed`, which is about to be made.
    pub fn new(feed: FeedId, seq: Seq) -> Self {
        ItemIds { feed, seq, next: 0 }
    }

    /// The next unused id.
    pub fn next_id(&mut self) -> ItemId {
        let id = ItemId::new(self.feed, self.seq, self.next);
        self.next += 1;
        id
    }
}

/// Something wrong with a request: which field, and why; never what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer of the field at fault.
    pub pointer: String,
    /// Why, in words for programs: `unknown-field`, `too-long`, `eligibility-not-verified`.
    pub code: &'static str,
    /// Why, in words for people, and what to do.
    pub detail: &'static str,
}

impl Problem {
    /// A problem with the field at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: &'static str) -> Self {
        Problem { pointer: pointer.into(), code, detail }
    }
}

/// A field that changed between reading and writing. Holds record content: for the person who writes, not for logs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// JSON pointer of the field.
    pub pointer: String,
    /// What the person had read; null for nothing.
    pub read: Value,
    /// What stands there now.
    pub now: Value,
    /// What the person wants to write.
    pub wanted: Value,
}

/// Why a record could not be read or written. Texts never hold record content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The request itself is at fault; all that is wrong with it.
    #[error("the request has {} field(s) at fault: correct them and send it again", .0.len())]
    Invalid(Vec<Problem>),
    /// Fields changed since the person read them.
    #[error("{} field(s) changed since they were read: look at both values and choose", .0.len())]
    Changed(Vec<Changed>),
    /// The record is of a kind that only a newer version knows, or is none at all.
    #[error("this version knows no record of this kind: update it")]
    UnknownKind,
    /// The version of the record that the request names is not known here.
    #[error("the version of the record that was read is not known here: read it again")]
    UnknownHeads,
    /// Automerge refused an operation.
    #[error("writing to the record's document failed: read the record again and retry")]
    Document(#[from] AutomergeError),
}

/// Writes a new record into an empty document. Only a title is required; every map and list of the kind is made.
///
/// The status may be any, because records are entered from paper; what it lacks is listed by [`flags`].
///
/// # Errors
/// [`RecordError::Invalid`] with all that is wrong. Roll back the transaction then.
pub fn create<T: Transactable + RecordDoc>(
    tx: &mut T,
    kind: Kind,
    fields: &Value,
    ids: &mut ItemIds,
    vocabulary: &Vocabulary,
) -> Result<Written, RecordError> {
    write::create_by(&kind.schema(), tx, fields, ids, vocabulary)
}

/// Applies a JSON merge patch that was made against the record as it was at `base`.
///
/// - A single value that changed since `base` is answered with both values, unless it is what the person wants.
/// - Long texts are diffed against `base` and moved to now, so that two people's edits both survive.
/// - Sets: an array is the whole set, an object adds (true) and removes (null) members.
/// - Lists are objects by item id: keys starting with `new` add, null withdraws, `{"withdrawn": false}` restores.
/// - Places, money and other values of several parts are replaced as a whole, so that parts never mix.
///
/// # Errors
/// [`RecordError::Invalid`] with all that is wrong, [`RecordError::Changed`] with all that changed since. Roll back the
/// transaction then: some of the patch may stand in it.
pub fn patch<T: Transactable + RecordDoc>(
    tx: &mut T,
    record: RecordId,
    base: &[ChangeHash],
    patch: &Value,
    ids: &mut ItemIds,
    vocabulary: &Vocabulary,
) -> Result<Written, RecordError> {
    let kind = kind_of(tx)?;
    let touches = |field: &str| patch.get(field).is_some();
    let rules_apply = kind != Kind::Conflict && (touches("status") || touches("evaluations"));
    let before = if rules_apply { Some(read(tx, None)?) } else { None };
    let written = write::patch_by(&kind.schema(), tx, base, patch, ids, vocabulary)?;
    if let Some(before) = before.filter(|_| written.changed) {
        let after = read(tx, None)?;
        let mut problems = workflow::refused_step(record, &before, &after, vocabulary);
        if before.fields.get("evaluations") != after.fields.get("evaluations") {
            problems.extend(workflow::refused_evaluations(record, &before));
        }
        if !problems.is_empty() {
            return Err(RecordError::Invalid(problems));
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
