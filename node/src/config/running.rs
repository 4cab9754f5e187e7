//! How one process of an office finds another: the lock says that somebody works in the directory, `node.json` where
//! to reach him.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::secrets;
use crate::certificate::Fingerprint;
use crate::store::lock::{DirLock, LockError};

/// The file's name in the data directory.
pub const NODE_FILE: &str = "node.json";

/// A node that runs on a data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Where its HTTP interface listens.
    pub http: SocketAddr,
    /// The certificate that it shows there; absent where it speaks plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Fingerprint>,
}

/// Whether a node runs could not be found out, or not be told to others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunningError {
    /// Another command works in the directory, and it is no node that could be asked.
    #[error(
        "the data directory is in use by {}: wait until it has ended",
        .0.map_or_else(|| "another command".to_owned(), |pid| format!("another command (process {pid})"))
    )]
    Busy(Option<u32>),
    /// The lock could not be tried.
    #[error("locking the data directory: {0}")]
    Lock(io::Error),
    /// `node.json` could not be written or removed.
    #[error("writing {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Running {
    /// The node that runs on `data_dir`, if one does. A file that a killed node left behind is removed.
    pub fn find(data_dir: &Path) -> Result<Option<Running>, RunningError> {
        let holder = match DirLock::take(data_dir) {
            Ok(_lock) => {
                // Nobody else can be about to write the file while we hold the lock.
                remove(data_dir)?;
                return Ok(None);
            }
            Err(LockError::Held { pid }) => pid,
            Err(LockError::Io(error)) => return Err(RunningError::Lock(error)),
        };
        let told = fs::read(data_dir.join(NODE_FILE)).ok();
        let told: Option<Running> = told.and_then(|text| serde_json::from_slice(&text).ok());
        match told {
            // The lock's holder wrote it, and not one that was killed before.
            Some(running) if holder.is_none_or(|pid| pid == running.pid) => Ok(Some(running)),
            _ => Err(RunningError::Busy(holder)),
        }
    }

    /// Tells other processes where this node is. The caller holds the lock on the directory.
    pub fn announce(&self, data_dir: &Path) -> Result<(), RunningError> {
        remove(data_dir)?;
        let path = data_dir.join(NODE_FILE);
        let text = serde_json::to_string(self).expect("plain fields always encode");
        // Under another name first, so that nobody reads half of it.
        let whole = data_dir.join(format!("{NODE_FILE}.new"));
        let failed = |source| RunningError::Write { path: path.clone(), source };
        if whole.exists() {
            fs::remove_file(&whole).map_err(failed)?;
        }
        secrets::write_new(&whole, text.as_bytes()).map_err(|error| failed(io::Error::other(error)))?;
        fs::rename(&whole, &path).map_err(failed)
    }

    /// Takes the word back.
    pub fn withdraw(data_dir: &Path) -> Result<(), RunningError> {
        remove(data_dir)
    }
}

fn remove(data_dir: &Path) -> Result<(), RunningError> {
    let path = data_dir.join(NODE_FILE);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(RunningError::Write { path, source }),
        _ => Ok(()),
    }
}
