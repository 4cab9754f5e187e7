//! What an office notes for itself and nobody else sees: when its reviews were, and which settlements of others it has
//! agreed to. A small file of its own, which outlives a restart.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use toguna_protocol::ids::{Arrival, EntryHash, Epoch, UnixSeconds};

use crate::durable;

/// The file in the node's directory.
const FILE: &str = "noted.json";

/// Reviews that are remembered.
const REVIEWS: usize = 50;

/// Settlements that are remembered to have been agreed to, the latest.
const AGREED: usize = 2_000;

/// A moment up to which everything was looked through together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Review {
    /// Who marked it.
    pub(super) by: String,
    /// By this office's clock.
    pub(super) at: UnixSeconds,
    /// The last arrival that was looked at.
    pub(super) arrival: Arrival,
    /// In which store: in another, arrivals are counted anew.
    pub(super) epoch: Epoch,
}

/// A settlement: the entry that made it, and the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Agreed {
    entry: EntryHash,
    field: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Notes {
    reviews: Vec<Review>,
    agreed: Vec<Agreed>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Noted {
    dir: PathBuf,
    notes: Mutex<Notes>,
}

impl Noted {
    /// The notes in a node's directory. A file that cannot be read is begun anew: it only saved somebody some looking.
    pub(super) fn within(dir: &Path) -> Self {
        let notes = match durable::read_closed(&dir.join(FILE)) {
            Ok((contents, _)) => serde_json::from_slice(&contents).unwrap_or_else(|_| {
                tracing::warn!("the office's notes cannot be read and are begun anew");
                Notes::default()
            }),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "the office's notes cannot be read");
                }
                Notes::default()
            }
        };
        Noted { dir: dir.to_owned(), notes: Mutex::new(notes) }
    }

    /// The last review.
    pub(super) fn last_review(&self) -> Option<Review> {
        self.notes().reviews.last().cloned()
    }

    /// Notes a review; durable when this returns.
    ///
    /// # Errors
    /// If the file cannot be written. Then nothing is noted.
    pub(super) fn mark(&self, review: Review) -> io::Result<()> {
        self.change(|notes| {
            notes.reviews.push(review);
            let beyond = notes.reviews.len().saturating_sub(REVIEWS);
            notes.reviews.drain(..beyond);
        })
    }

    /// Notes that the office agrees to a settlement; durable when this returns.
    ///
    /// # Errors
    /// If the file cannot be written. Then nothing is noted.
    pub(super) fn agree(&self, entry: EntryHash, field: &str) -> io::Result<()> {
        if self.has_agreed(&entry, field) {
            return Ok(());
        }
        self.change(|notes| {
            notes.agreed.push(Agreed { entry, field: field.to_owned() });
            let beyond = notes.agreed.len().saturating_sub(AGREED);
            notes.agreed.drain(..beyond);
        })
    }

    /// Whether the office has agreed to a settlement.
    pub(super) fn has_agreed(&self, entry: &EntryHash, field: &str) -> bool {
        self.notes().agreed.iter().any(|agreed| agreed.entry == *entry && agreed.field == field)
    }

    fn change(&self, change: impl FnOnce(&mut Notes)) -> io::Result<()> {
        let mut notes = self.notes();
        let mut changed = notes.clone();
        change(&mut changed);
        durable::replace(&self.dir, FILE, &serde_json::to_vec(&changed)?)?;
        *notes = changed;
        Ok(())
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // A panic in between has changed nothing.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_outlive_a_restart_and_a_damaged_file_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let review = |at: i64| Review {
            by: "Awa".into(),
            at: UnixSeconds(at),
            arrival: Arrival(at as u64),
            epoch: Epoch([1; 8]),
        };
        let noted = Noted::within(dir.path());
        assert_eq!(noted.last_review(), None);
        (0..60).for_each(|at| noted.mark(review(at)).unwrap());
        let (entry, field) = (EntryHash([7; 32]), "/phase");
        noted.agree(entry, field).unwrap();
        noted.agree(entry, field).unwrap();
        let reopened = Noted::within(dir.path());
        assert_eq!(reopened.last_review(), Some(review(59)));
        assert_eq!(reopened.notes().reviews.len(), REVIEWS);
        assert_eq!(reopened.notes().agreed.len(), 1);
        assert!(reopened.has_agreed(&entry, field) && !reopened.has_agreed(&entry, "/title"));
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert_eq!(Noted::within(dir.path()).last_review(), None);
        let gone = Noted { dir: dir.path().join("nowhere"), notes: Mutex::default() };
        assert!(gone.mark(review(1)).is_err());
        assert_eq!(gone.last_review(), None, "what is not durable is not noted");
    }
}
