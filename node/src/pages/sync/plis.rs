//! Bundles on their way through this node: made and kept for a while to be fetched, and what those that were opened
//! brought. Both outlive a page, not a restart; only the note of the last stick does.

use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use toguna_protocol::ids::{AuthorKey, UnixSeconds};

use crate::{durable, flow::Spool};

/// The directory in the node's own.
const DIRECTORY: &str = "plis";

/// The note of the last stick in it.
const LAST: &str = "last.json";

/// Bundles that are kept to be fetched: each may take as much room as the store.
const MADE: usize = 2;

/// Openings whose outcome can be looked at again.
const OPENED: usize = 16;

/// A bundle that was made here, and the note that goes with it.
#[derive(Debug)]
pub(super) struct Slip {
    /// Its name, which is random.
    pub(super) id: String,
    /// The name of the file, without place or community.
    pub(super) file_name: String,
    pub(super) file: Spool,
    pub(super) made_at: UnixSeconds,
    pub(super) maker: AuthorKey,
    /// The office for which it was made; absent for any.
    pub(super) addressee: Option<AuthorKey>,
    /// Records in it.
    pub(super) records: u64,
    /// How many of them each office has written in.
    pub(super) by_office: BTreeMap<AuthorKey, u64>,
    /// Whether it leaves out what the addressee is known to hold.
    pub(super) goes_on: bool,
    /// Words of offices on what they hold.
    pub(super) acknowledgements: u64,
}

/// What a bundle brought that was opened here.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) at: UnixSeconds,
    pub(super) maker: AuthorKey,
    /// By its maker's clock.
    pub(super) made_at: UnixSeconds,
    /// The other office for which it was made.
    pub(super) for_another: Option<AuthorKey>,
    /// Records of which something was new.
    pub(super) records: u64,
    /// Whether anything was, be it the card of an office.
    pub(super) is_news: bool,
    /// Both sides hold something else in the same place, or as much and yet not the same.
    pub(super) apart: bool,
    /// Another part follows.
    pub(super) more: bool,
    pub(super) code: String,
    pub(super) acknowledged: Vec<Acknowledged>,
    /// Records that are nowhere but here after it.
    pub(super) only_here: u64,
}

/// An office whose word on what it holds came in a bundle.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub(super) office: AuthorKey,
    /// By its clock.
    pub(super) stated_at: UnixSeconds,
    /// Records that were only here, and that it has said it holds.
    pub(super) records: u64,
}

/// What the page tells of sticks for as long as the node lives.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LastSticks {
    pub(super) opened: Option<Stick>,
    pub(super) made: Option<Stick>,
}

/// A stick, in numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stick {
    pub(super) at: UnixSeconds,
    /// Who made the bundle that was opened, or for whom one was made.
    pub(super) office: Option<AuthorKey>,
    pub(super) records: u64,
}

/// See the module.
pub(in crate::pages) struct Plis {
    dir: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    made: VecDeque<Arc<Slip>>,
    opened: VecDeque<(String, Arc<Outcome>)>,
    last: LastSticks,
}

impl Plis {
    /// Removes what an earlier run left, but for the note of the last stick.
    pub(in crate::pages) fn within(data_dir: &Path) -> Self {
        let dir = data_dir.join(DIRECTORY);
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_name() != LAST {
                // What cannot be removed is in nobody's way but that of the disk.
                let _ = fs::remove_file(entry.path());
            }
        }
        let noted = fs::read(dir.join(LAST)).ok().and_then(|note| serde_json::from_slice(&note).ok());
        let inner = Inner { last: noted.unwrap_or_default(), ..Inner::default() };
        Plis { dir, inner: Mutex::new(inner) }
    }

    /// A new file for a bundle.
    pub(super) fn spool(&self) -> io::Result<Spool> {
        let mut name = [0; 12];
        getrandom::fill(&mut name).map_err(io::Error::other)?;
        fs::create_dir_all(&self.dir)?;
        Spool::begin(&self.dir, &data_encoding::HEXLOWER.encode(&name))
    }

    /// Keeps a bundle to be fetched, in place of the oldest.
    pub(super) fn keep(&self, slip: Slip) {
        let mut inner = self.inner();
        inner.last.made = Some(Stick { at: slip.made_at, office: slip.addressee, records: slip.records });
        inner.made.push_front(Arc::new(slip));
        inner.made.truncate(MADE);
        self.note(&inner.last);
    }

    pub(super) fn made(&self) -> Vec<Arc<Slip>> {
        self.inner().made.iter().cloned().collect()
    }

    /// Keeps what a bundle brought, and tells under which name.
    pub(super) fn brought(&self, outcome: Outcome) -> io::Result<String> {
        let mut name = [0; 10];
        getrandom::fill(&mut name).map_err(io::Error::other)?;
        let id = data_encoding::HEXLOWER.encode(&name);
        let mut inner = self.inner();
        inner.last.opened = Some(Stick { at: outcome.at, office: Some(outcome.maker), records: outcome.records });
        inner.opened.push_front((id.clone(), Arc::new(outcome)));
        inner.opened.truncate(OPENED);
        self.note(&inner.last);
        Ok(id)
    }

    pub(super) fn outcome(&self, id: &str) -> Option<Arc<Outcome>> {
        self.inner().opened.iter().find(|(named, _)| named == id).map(|(_, outcome)| outcome.clone())
    }

    pub(super) fn last(&self) -> LastSticks {
        self.inner().last.clone()
    }

    fn note(&self, last: &LastSticks) {
        let noted = serde_json::to_vec(last).map_err(io::Error::other);
        if let Err(error) = noted.and_then(|note| durable::replace(&self.dir, LAST, &note)) {
            tracing::warn!(%error, "the last stick could not be noted");
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while it was held left it whole: each change is one assignment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
