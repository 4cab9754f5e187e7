//! Making a change: a person's edit, on a copy, until its entry is durable.

use automerge::{
    ChangeHash,
    transaction::{CommitOptions, Transactable, Transaction},
};

use super::{Document, SetAside};
use crate::{
    change::Head,
    ids::{FeedId, UnixSeconds},
};

/// Stands between the person and the reason in a change's message.
const SEPARATOR: char = '\u{1f}';

/// Who makes a change, why and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// The person at the keyboard, as the office calls them.
    pub person: String,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// When, by the office's clock.
    pub at: UnixSeconds,
}

impl Authorship {
    fn message(&self) -> String {
        let plain = |text: &str| text.replace(SEPARATOR, " ");
        match &self.reason {
            Some(reason) => format!("{}{SEPARATOR}{}", plain(&self.person), plain(reason)),
            None => plain(&self.person),
        }
    }
}

/// The person and the reason in a change's message.
pub(super) fn read_message(message: &str) -> (String, Option<String>) {
    match message.split_once(SEPARATOR) {
        Some((person, reason)) => (person.to_owned(), Some(reason.to_owned())),
        None => (message.to_owned(), None),
    }
}

/// An edit that was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError<E> {
    /// What the edit itself said.
    #[error(transparent)]
    Refused(E),
    /// Every other node would set the change aside.
    #[error("this edit cannot be saved, since other offices would have to set it aside ({0}); save less at once")]
    Unacceptable(SetAside),
}

/// A change that was made on a copy of the document. It takes effect once its entry is durable and inserted.
#[derive(Debug)]
pub struct Edited<T> {
    /// What the edit returned.
    pub value: T,
    /// The payload for the entry.
    pub payload: Vec<u8>,
    /// The change's hash.
    pub change: ChangeHash,
}

impl Document {
    /// Makes one change, on a copy. `Ok(None)` when `edit` wrote nothing.
    ///
    /// # Errors
    /// Whatever `edit` returns; or that the change would be set aside everywhere, because it is too large.
    pub fn edit<T, E>(
        &self,
        feed: FeedId,
        by: &Authorship,
        edit: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<Option<Edited<T>>, EditError<E>> {
        let mut automerge = self.automerge.clone();
        automerge.set_actor(feed.actor());
        let mut transaction = automerge.transaction();
        let value = edit(&mut transaction).map_err(EditError::Refused)?;
        if transaction.pending_ops() == 0 {
            return Ok(None);
        }
        transaction.commit_with(CommitOptions::default().with_message(by.message()).with_time(by.at.0));
        let change = automerge.get_last_local_change().expect("a transaction with operations makes a change");
        let payload = change.raw_bytes().to_vec();
        self.examine(&payload).map_err(EditError::Unacceptable)?;
        Ok(Some(Edited { value, payload, change: change.hash() }))
    }

    /// Judges a change of our own as every other node will.
    fn examine(&self, payload: &[u8]) -> Result<(), SetAside> {
        let head = Head::parse(payload)?;
        self.graph.examine(&head, payload)
    }
}
