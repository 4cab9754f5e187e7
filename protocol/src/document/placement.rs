//! What can become of an accepted entry, and the names of the reasons.

use automerge::ChangeHash;

use crate::{change::Unreadable, ids::EntryHash};

/// Whether an entry stands where its feed is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In no branch.
    Trunk,
    /// In a branch of a forked feed: counts only as far as an entry in no branch depends on it.
    Branch,
}

/// What became of an accepted entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// It is part of the document.
    Applied,
    /// It is in order as far as one can tell, but rests on changes that are not applied here yet.
    Waiting {
        /// Those of its direct dependencies that are missing or wait themselves.
        missing: Vec<ChangeHash>,
    },
    /// It is kept, passed on and shown to a person, and not applied.
    SetAside(SetAside),
}

/// Why an entry is not applied. Only its author is to blame, or nobody; never who passed it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetAside {
    /// The payload is larger than [`crate::limits::MAX_PAYLOAD`].
    #[error("the payload is larger than any save can be")]
    TooLarge,
    /// The payload is no change in the one encoding we accept.
    #[error("the payload is not a well-formed change")]
    Malformed,
    /// A deflated change: twenty kilobytes can stand for twenty megabytes.
    #[error("the change is compressed, which entries must not be")]
    Compressed,
    /// The change's checksum is not that of its bytes.
    #[error("the change's checksum is wrong")]
    WrongChecksum,
    /// Bytes follow the change: a second change, or an extension we do not know.
    #[error("something follows the change")]
    TrailingBytes,
    /// A kind of operation or column that records do not use.
    #[error("the change uses a kind of operation this version does not know; a newer version may apply it")]
    Unsupported,
    /// More than [`crate::limits::MAX_CHANGE_OPS`] operations or predecessors, or too long keys.
    #[error("the change has too many operations")]
    TooManyOperations,
    /// More than [`crate::limits::MAX_CHANGE_DEPS`] dependencies or foreign actors.
    #[error("the change has too many dependencies")]
    TooManyDependencies,
    /// The change's actor is not that of the feed it stands in.
    #[error("the change was made under another feed's name")]
    WrongActor,
    /// The creating entry's change rests on another change.
    #[error("the entry creates the record, yet its change depends on another")]
    CreationDepends,
    /// A change that rests on nothing, in an entry that does not create the record.
    #[error("the change does not depend on the record's creation")]
    NotFromCreation,
    /// The change's seq does not follow the actor's previous one in its causal past.
    #[error("the change's number does not follow its author's previous one")]
    WrongChangeSeq,
    /// The first operation's number does not follow the greatest of the causal past, or is out of bounds.
    #[error("the change's first operation has the wrong number")]
    WrongStartOp,
    /// An operation names an actor that has no change in the causal past.
    #[error("the change refers to an author it cannot have seen")]
    UnknownActor,
    /// An operation writes to an object that does not exist in the causal past.
    #[error("the change writes to something it cannot have seen")]
    UnknownObject,
    /// An operation names an element that does not exist in its object in the causal past.
    #[error("the change refers to an element it cannot have seen")]
    UnknownElement,
    /// An operation overwrites something that is not at its place in the causal past.
    #[error("the change overwrites a value it cannot have seen")]
    UnknownPredecessor,
    /// A map written to like a sequence, or a sequence like a map.
    #[error("the change takes a map for a list, or a list for a map")]
    MisplacedKey,
    /// A dependency is set aside.
    #[error("the change depends on one that is set aside, in entry {0}")]
    DependsOnSetAside(EntryHash),
    /// It stands in a branch of a forked feed, and no entry outside the branches depends on it.
    #[error("the entry stands in a branch of a forked feed that nobody built upon")]
    UnsupportedBranch,
    /// Another change of the same author has the same number; that entry's is applied.
    #[error("the author made another change with the same number, and entry {0} takes precedence")]
    ClashLost(EntryHash),
    /// The same change stands in another entry.
    #[error("the same change stands in entry {0}")]
    Repeats(EntryHash),
    /// Automerge failed on it in spite of all checks. Please report: a check is missing.
    #[error("the change could not be applied, although it passed every check; please report this")]
    Failed,
    /// More than [`crate::limits::MAX_WAITING_PER_RECORD`] changes of this record wait for others.
    #[error("too many changes of this record wait for others")]
    TooManyWaiting,
}

impl From<Unreadable> for SetAside {
    fn from(reason: Unreadable) -> Self {
        match reason {
            Unreadable::TooLarge => SetAside::TooLarge,
            Unreadable::Malformed => SetAside::Malformed,
            Unreadable::Compressed => SetAside::Compressed,
            Unreadable::TrailingBytes => SetAside::TrailingBytes,
            Unreadable::Unsupported => SetAside::Unsupported,
            Unreadable::TooManyOperations => SetAside::TooManyOperations,
            Unreadable::TooManyDependencies => SetAside::TooManyDependencies,
        }
    }
}

impl SetAside {
    /// A name for this reason that never changes, for interfaces and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            SetAside::TooLarge => "too-large",
            SetAside::Malformed => "malformed",
            SetAside::Compressed => "compressed",
            SetAside::WrongChecksum => "wrong-checksum",
            SetAside::TrailingBytes => "trailing-bytes",
            SetAside::Unsupported => "unsupported",
            SetAside::TooManyOperations => "too-many-operations",
            SetAside::TooManyDependencies => "too-many-dependencies",
            SetAside::WrongActor => "wrong-actor",
            SetAside::CreationDepends => "creation-depends",
            SetAside::NotFromCreation => "not-from-creation",
            SetAside::WrongChangeSeq => "wrong-change-seq",
            SetAside::WrongStartOp => "wrong-start-op",
            SetAside::UnknownActor => "unknown-actor",
            SetAside::UnknownObject => "unknown-object",
            SetAside::UnknownElement => "unknown-element",
            SetAside::UnknownPredecessor => "unknown-predecessor",
            SetAside::MisplacedKey => "misplaced-key",
            SetAside::DependsOnSetAside(_) => "depends-on-set-aside",
            SetAside::UnsupportedBranch => "unsupported-branch",
            SetAside::ClashLost(_) => "clash-lost",
            SetAside::Repeats(_) => "repeats",
            SetAside::Failed => "failed",
            SetAside::TooManyWaiting => "too-many-waiting",
        }
    }
}
