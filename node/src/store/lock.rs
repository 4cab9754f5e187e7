//! One process per data directory.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long a lock may be held before it is called held: a process that was just ended lets go a little later, and a
/// program that the holder starts has a copy of the lock until it runs.
const PATIENCE: Duration = Duration::from_millis(300);

/// The lock on a data directory, held as long as this lives. The system gives it up if the process dies.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

/// Why a data directory could not be locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process works in the directory, named by its process id where that could be read.
    #[error(
        "the data directory is in use by {}: stop that one first, or give another data directory",
        .pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    Held {
        /// The holder.
        pid: Option<u32>,
    },
    /// The lock file cannot be made or locked.
    #[error("locking the data directory: {0}")]
    Io(#[from] io::Error),
}

impl DirLock {
    /// Locks `dir`. sled has a lock of its own, but its refusal names nobody, and other engines and
    /// the tip file need one too.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(dir.join("lock"))?;
        let give_up = Instant::now() + PATIENCE;
        let mut locked = file.try_lock();
        while matches!(locked, Err(TryLockError::WouldBlock)) && Instant::now() < give_up {
            thread::sleep(Duration::from_millis(10));
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                return Err(LockError::Held { pid: holder.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(DirLock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_with_the_pid_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let lock = DirLock::take(dir.path()).unwrap();
        let refusal = DirLock::take(dir.path()).unwrap_err();
        assert!(refusal.to_string().contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(lock);
        DirLock::take(dir.path()).unwrap();
    }
}
