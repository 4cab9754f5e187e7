//! `accounts.json`: how it is read, checked, and changed by one process at a time.

use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Account, AccountsError,
    account::{AccountId, folded},
    password::PasswordHash,
};
use crate::durable;

/// The file with the accounts.
pub const ACCOUNTS_FILE: &str = "accounts.json";
/// The file with the key of all cookies.
pub const SESSIONS_KEY_FILE: &str = "sessions.key";
/// Held by whoever changes either.
const LOCK_FILE: &str = "accounts.lock";

/// The format that this program writes.
const VERSION: u32 = 1;

/// How long somebody else's change is waited for. It takes a write to the disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the file holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roll {
    /// The recovery code's hash; absent until the first account is made.
    pub(super) recovery: Option<PasswordHash>,
    pub(super) accounts: Vec<Account>,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    rest: T,
}

/// By what a file that was read is told from one that took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Stamp { inode: metadata.ino(), bytes: metadata.size(), modified }
    }

    /// The stamp of the file as it is now; `None` where there is none.
    pub(super) fn now(dir: &Path) -> Result<Option<Self>, AccountsError> {
        match std::fs::metadata(dir.join(ACCOUNTS_FILE)) {
            Ok(metadata) => Ok(Some(Stamp::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(AccountsError::io("looking at", &dir.join(ACCOUNTS_FILE))(error)),
        }
    }
}

impl Roll {
    /// Reads and checks the file; `None` where there is none.
    pub(super) fn read(dir: &Path) -> Result<Option<(Self, Stamp)>, AccountsError> {
        let path = dir.join(ACCOUNTS_FILE);
        let (text, file) = match durable::read_closed(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(AccountsError::io("reading", &path))?,
        };
        let stamp = Stamp::of(&file.metadata().map_err(AccountsError::io("reading", &path))?);
        let damaged = |problem: String| AccountsError::Damaged { path: path.clone(), problem };
        let whole: Versioned<serde_json::Value> =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if whole.version != VERSION {
            return Err(AccountsError::Version { path, version: whole.version });
        }
        let roll: Roll = serde_json::from_value(whole.rest).map_err(|error| damaged(error.to_string()))?;
        roll.check().map_err(|problem| damaged(problem.to_owned()))?;
        Ok(Some((roll, stamp)))
    }

    fn check(&self) -> Result<(), &'static str> {
        for (at, account) in self.accounts.iter().enumerate() {
            let before = &self.accounts[..at];
            if before.iter().any(|other| other.name.folded() == account.name.folded()) {
                return Err("two accounts have the same name");
            }
            if before.iter().any(|other| other.id == account.id) {
                return Err("two accounts have the same id");
            }
        }
        if !self.accounts.is_empty() && self.recovery.is_none() {
            return Err("the recovery code's hash is missing");
        }
        Ok(())
    }

    /// Writes the file whole, durably. The caller holds the lock.
    pub(super) fn write(&self, dir: &Path) -> Result<Stamp, AccountsError> {
        let mut text = serde_json::to_vec_pretty(&Versioned { version: VERSION, rest: self })
            .expect("texts and numbers always encode");
        text.push(b'\n');
        let written = durable::replace(dir, ACCOUNTS_FILE, &text).and_then(|file| file.metadata());
        Ok(Stamp::of(&written.map_err(AccountsError::io("writing", &dir.join(ACCOUNTS_FILE)))?))
    }

    /// The account of a name, in any case.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let name = folded(name);
        self.accounts.iter().position(|account| account.name.folded() == name)
    }

    pub(super) fn with_id(&self, id: AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }
}

/// Keeps other processes, and other threads of this one, from changing the files until it is dropped.
pub(super) fn lock(dir: &Path) -> Result<File, AccountsError> {
    let path = dir.join(LOCK_FILE);
    let failed = |source| AccountsError::io("locking", &path)(source);
    let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => return Err(AccountsError::Busy),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

/// The secret that all cookies hang on, made at first need.
pub(super) fn sessions_key(dir: &Path) -> Result<Zeroizing<[u8; 32]>, AccountsError> {
    if let Some(key) = read_key(dir)? {
        return Ok(key);
    }
    let _lock = lock(dir)?;
    // Somebody may have made it meanwhile.
    if let Some(key) = read_key(dir)? {
        return Ok(key);
    }
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key)?;
    durable::replace(dir, SESSIONS_KEY_FILE, &*key)
        .map_err(AccountsError::io("writing", &dir.join(SESSIONS_KEY_FILE)))?;
    Ok(key)
}

fn read_key(dir: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, AccountsError> {
    let path = dir.join(SESSIONS_KEY_FILE);
    match durable::read_closed(&path) {
        Ok((bytes, _)) => match bytes.as_slice().try_into() {
            Ok(key) => Ok(Some(Zeroizing::new(key))),
            Err(_) => Err(AccountsError::SessionsKey(path)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AccountsError::io("reading", &path)(error)),
    }
}
