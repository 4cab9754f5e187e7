//! What people want written, and what came of it.

use std::collections::BTreeMap;

use automerge::ChangeHash;
use serde_json::Value;

use super::{HeldBack, SentForm};
use crate::{
    ids::{EntryHash, ItemId, RecordId},
    ledger::LedgerError,
    record::{Choice, Kind, RecordError},
};

/// A person's intent.
#[derive(Debug, Clone)]
pub struct Command {
    /// Who, and why where a reason is given. The time is the engine's.
    pub person: String,
    /// The reason, at most [`crate::limits::MAX_REASON`] characters.
    pub reason: Option<String>,
    /// What.
    pub intent: Intent,
}

/// What a command does. Fields, patches and values have the shape of [`crate::record`].
#[derive(Debug, Clone)]
pub enum Intent {
    /// A new record.
    Create(Kind, Value),
    /// Changes to a record, made by someone who saw it at these heads.
    Patch(RecordId, Vec<ChangeHash>, Value),
    /// A choice among the concurrent values of the field at a JSON pointer, seen at these heads.
    Settle(RecordId, Vec<ChangeHash>, String, Choice),
    /// An evaluator's opinion: its commitment is written, its text kept here until all have committed.
    Evaluate(RecordId, String, Value),
    /// An opinion that was held back here is published. The engine does so by itself.
    Open(RecordId, HeldBack),
    /// What a form asks for, however often it is sent: see [`SentForm`].
    Sent(SentForm, Box<Intent>),
}

impl Intent {
    /// The record that is written to; `None` where one is made.
    pub(super) fn record(&self) -> Option<RecordId> {
        match self {
            Intent::Create(..) => None,
            Intent::Patch(record, ..)
            | Intent::Settle(record, ..)
            | Intent::Evaluate(record, ..)
            | Intent::Open(record, _) => Some(*record),
            Intent::Sent(_, intent) => intent.record(),
        }
    }

    /// What is asked for, whether a form asks for it or not.
    pub(super) fn bare(&self) -> &Intent {
        match self {
            Intent::Sent(_, intent) => intent.bare(),
            other => other,
        }
    }
}

/// What a command brought about. It is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The record.
    pub record: RecordId,
    /// The entry; absent when everything asked for was already so.
    pub entry: Option<EntryHash>,
    /// The document's heads after it.
    pub heads: Vec<ChangeHash>,
    /// New items by the pointer under which they were asked for.
    pub new_items: BTreeMap<String, ItemId>,
}

/// Why a command was not carried out. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such record here.
    #[error("there is no such record at this office")]
    NotFound,
    /// The record refuses: fields at fault, values changed meanwhile, steps the workflow does not allow.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Other offices would have to set the change aside.
    #[error("this cannot be saved at once: {0}; save it in parts")]
    TooMuch(String),
    /// A name or a reason is missing or over its bound.
    #[error("{0} is missing or too long")]
    Authorship(&'static str),
    /// The store cannot write.
    #[error("not saved: {0}")]
    NotSaved(String),
    /// The store cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
