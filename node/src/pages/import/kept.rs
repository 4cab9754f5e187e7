//! Files on their way in: kept for whoever sent them until they are imported, dropped, or too old.

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use toguna_protocol::record::Kind;
use tokio::sync::watch;

use crate::flow::Spool;

/// The directory in the node's own.
const DIRECTORY: &str = "imports";

/// Files that are kept at once, of all accounts; the oldest goes.
const KEPT: usize = 8;

/// How long one is kept.
const AGE: Duration = Duration::from_secs(3_600);

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not begun.
    Shown,
    /// Under way.
    Running {
        /// Records that are done.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// Done; the file is gone.
    Done(Outcome),
    /// Stopped half-way; the file is kept.
    Stopped(Outcome),
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) new: usize,
    pub(super) here: usize,
    /// Rows that were left out, as somebody has agreed to.
    pub(super) left: usize,
    /// The row at which it stopped, and why.
    pub(super) stopped: Option<(usize, String)>,
}

/// A file that was sent.
pub(super) struct Kept {
    /// Its name here, which is random.
    pub(super) id: String,
    /// Its name as it was sent, for whoever sent it.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whose it is.
    owner: String,
    file: Mutex<Option<Arc<Spool>>>,
    stage: watch::Sender<Stage>,
}

impl Kept {
    /// The file itself; `None` once it is gone.
    pub(super) fn file(&self) -> Option<Arc<Spool>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage.borrow().clone()
    }

    /// Begins the import, unless it runs or is done.
    pub(super) fn begin(&self) -> bool {
        self.stage.send_if_modified(|stage| {
            let may_begin = matches!(stage, Stage::Shown | Stage::Stopped(_));
            if may_begin {
                *stage = Stage::Running { done: 0, of: 0 };
            }
            may_begin
        })
    }

    pub(super) fn reached(&self, done: usize, of: usize) {
        self.stage.send_replace(Stage::Running { done, of });
    }

    /// Ends the import. A file that was imported is not needed any more.
    pub(super) fn ends(&self, stage: Stage) {
        if matches!(stage, Stage::Done(_)) {
            self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        self.stage.send_replace(stage);
    }

    /// Waits until the import has ended, or that long.
    pub(super) async fn ended(&self, patience: Duration) {
        let mut stage = self.stage.subscribe();
        let ended = stage.wait_for(|stage| !matches!(stage, Stage::Running { .. }));
        // Whether it has: the page will tell.
        let _ = tokio::time::timeout(patience, ended).await;
    }
}

/// See the module.
pub(in crate::pages) struct Imports {
    dir: PathBuf,
    kept: Arc<Mutex<VecDeque<Arc<Kept>>>>,
    turn: tokio::sync::Mutex<()>,
}

impl Imports {
    /// Removes what an earlier run left.
    pub(in crate::pages) fn within(data_dir: &Path) -> Self {
        let dir = data_dir.join(DIRECTORY);
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            // What cannot be removed is in nobody's way but that of the disk.
            let _ = fs::remove_file(entry.path());
        }
        Imports { dir, kept: Arc::default(), turn: tokio::sync::Mutex::new(()) }
    }

    /// A new file.
    pub(super) fn spool(&self) -> io::Result<Spool> {
        fs::create_dir_all(&self.dir)?;
        Spool::begin(&self.dir, &random()?)
    }

    /// Keeps a file for an account, in place of the oldest of all, for as long as files are kept.
    pub(super) fn keep(
        &self,
        owner: String,
        kind: Kind,
        name: String,
        file: Spool,
    ) -> Result<Arc<Kept>, super::PageError> {
        let id = random().map_err(|error| super::internal(&error))?;
        let (stage, _) = watch::channel(Stage::Shown);
        let kept = Arc::new(Kept { id, name, kind, owner, file: Mutex::new(Some(Arc::new(file))), stage });
        let mut all = self.all();
        all.push_front(kept.clone());
        all.truncate(KEPT);
        drop(all);
        let (all, id) = (Arc::downgrade(&self.kept), kept.id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(AGE).await;
            if let Some(all) = all.upgrade() {
                all.lock().unwrap_or_else(PoisonError::into_inner).retain(|kept| kept.id != id);
            }
        });
        Ok(kept)
    }

    /// A file that an account has sent.
    pub(super) fn of(&self, id: &str, owner: &str, kind: Kind) -> Option<Arc<Kept>> {
        self.all().iter().find(|kept| kept.id == id && kept.owner == owner && kept.kind == kind).cloned()
    }

    /// Keeps a file no longer.
    pub(super) fn drop_one(&self, kept: &Kept) {
        self.all().retain(|other| other.id != kept.id);
    }

    /// Waits until no other import runs.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<Kept>>> {
        // A panic while it was held left it whole: each change is one call.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random() -> io::Result<String> {
    let mut name = [0; 12];
    getrandom::fill(&mut name).map_err(io::Error::other)?;
    Ok(data_encoding::HEXLOWER.encode(&name))
}
