//! Who may work at this node: local accounts with passwords, and sessions for pages.
//!
//! Accounts belong to one node and never travel. They stand in `accounts.json`, which this process and the commands
//! `toguna user …` of others may change at any time: each change reads the file anew under a lock, writes it whole
//! beside the old one and renames it. [`Accounts`] notices a changed file by itself whenever somebody signs in or comes
//! with a cookie.
//!
//! ```text
//! DATA_DIR/accounts.json  names, roles, Argon2id hashes of passwords and of the recovery code; owner only
//!          sessions.key   32 bytes, owner only: makes and checks cookies; without it everyone signs in again
//!          accounts.lock  held while one of them is written
//! ```
//!
//! Time is always an argument. Hashing takes memory and tens of milliseconds on purpose: whoever serves many at once
//! calls [`Accounts::sign_in`] and what sets passwords from a thread that may block.

mod account;
mod code;
mod file;
mod own;
mod password;
mod role;
mod session;
mod throttle;
mod unguarded;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use toguna_protocol::ids::UnixSeconds;

pub use self::{
    account::{Account, AccountName, MAX_NAME, NameError},
    code::{CodeError, RecoveryCode},
    file::{ACCOUNTS_FILE, SESSIONS_KEY_FILE},
    password::{HashError, MAX_PASSWORD, MIN_PASSWORD, Password, PasswordError},
    role::Role,
    session::{SESSION_SECONDS, Session},
};
use self::{
    account::{AccountId, folded},
    file::{Roll, Stamp},
    password::Cost,
    session::{Claim, Keys},
    throttle::Throttle,
};
use crate::words::Lang;

/// Under what name failures of the recovery code are counted; no account can have it.
const RECOVERY: &str = "\n";

/// The accounts could not be read or changed. Meant for the person at the machine and not for a log: what is wrong with
/// a damaged file may quote it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// A file could not be read, written or locked.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file does not hold accounts.
    #[error(
        "{} is damaged ({problem}): put it back from a copy, or move it away and make the accounts anew with \
         `toguna user add`",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where that is known.
        problem: String,
    },
    /// The file was written by a program of another version.
    #[error("{} has format {version}, which this program does not know: run the newer program", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// The file was there and is there no more.
    #[error("{} is missing: put it back from a copy; a node that starts without it has no accounts", .0.display())]
    Missing(PathBuf),
    /// The key of cookies is not one.
    #[error("{} does not hold 32 bytes: remove it, and everyone signs in again", .0.display())]
    SessionsKey(PathBuf),
    /// Somebody else has been changing accounts for too long.
    #[error("another command is changing the accounts: wait until it has ended")]
    Busy,
    /// There is such an account already.
    #[error("there is an account of that name already; upper and lower case make no difference")]
    Taken,
    /// There is no such account.
    #[error("there is no account of that name: `toguna user list` shows them")]
    Unknown,
    /// A password opens the account, and so nobody gets in without it.
    #[error("that account has a password: nobody is signed in to it without")]
    Guarded,
    /// Nobody could manage accounts any more.
    #[error("it is the last account that may manage accounts: add another one first")]
    LastManager,
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The system gave no random bytes.
    #[error("asking the system for random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl AccountsError {
    fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> AccountsError + 'a {
        move |source| AccountsError::Io { doing, path: path.to_owned(), source }
    }
}

/// Nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The name or the password is wrong; which one is not told.
    #[error("the name or the password is wrong")]
    Wrong,
    /// There were too many wrong ones.
    #[error("too many attempts: try again in {seconds} s")]
    Wait {
        /// Seconds until the next attempt.
        seconds: i64,
    },
    /// The accounts could not be read.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// A recovery code set no new password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// It is not the node's code, or there is none yet.
    #[error("that is not this node's recovery code: see the paper it was last written on")]
    Wrong,
    /// There were too many wrong ones.
    #[error("too many attempts: try again in {seconds} s")]
    Wait {
        /// Seconds until the next attempt.
        seconds: i64,
    },
    /// The accounts could not be read or changed.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// What a new account is to be.
#[derive(Debug)]
pub struct NewAccount {
    /// The name by which the person signs in.
    pub name: AccountName,
    /// What the person is.
    pub role: Role,
    /// The person's language; absent for the browser's.
    pub language: Option<Lang>,
    /// The first password.
    pub password: Password,
}

/// An account was made.
#[derive(Debug)]
pub struct Added {
    /// The account.
    pub account: Account,
    /// The node's recovery code, if this is the first account: to be shown now, for it is kept nowhere.
    pub recovery: Option<RecoveryCode>,
}

/// The accounts of one data directory. May be shared between threads.
#[derive(Debug)]
pub struct Accounts {
    dir: PathBuf,
    cost: Cost,
    held: RwLock<Held>,
    /// Read, or made, when first needed.
    keys: Mutex<Option<Arc<Keys>>>,
    /// Held while a password is compared: one at a time, so that a flood of attempts takes 19 MiB and not all memory,
    /// and so that each attempt is counted before the next one is let through.
    throttle: Mutex<Throttle>,
}

/// The file as it was last read.
#[derive(Debug)]
struct Held {
    roll: Arc<Roll>,
    /// `None` if there was no file.
    stamp: Option<Stamp>,
}

impl Accounts {
    /// Reads the accounts of a data directory; where there is no file, there are none yet.
    pub fn open(data_dir: &Path) -> Result<Self, AccountsError> {
        Self::open_at(data_dir, Cost::USUAL)
    }

    /// As [`Accounts::open`], with hashes that take no time and guard nothing.
    #[cfg(test)]
    pub(crate) fn open_cheap(data_dir: &Path) -> Result<Self, AccountsError> {
        Self::open_at(data_dir, Cost::TRIFLING)
    }

    fn open_at(data_dir: &Path, cost: Cost) -> Result<Self, AccountsError> {
        let (roll, stamp) = Roll::read(data_dir)?.map_or_else(Default::default, |(roll, stamp)| (roll, Some(stamp)));
        Ok(Accounts {
            dir: data_dir.to_owned(),
            cost,
            held: RwLock::new(Held { roll: Arc::new(roll), stamp }),
            keys: Mutex::default(),
            throttle: Mutex::default(),
        })
    }

    /// Reads the file again if it is no longer the one that was read, and tells whether it was. If it cannot be read,
    /// what was read before stays, and the next call tries again.
    pub fn reload_if_changed(&self) -> Result<bool, AccountsError> {
        if Stamp::now(&self.dir)? == self.held().stamp {
            return Ok(false);
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, or an older file could take the place of one that another thread has just written.
        let (roll, stamp) = self.read(held.stamp)?;
        *held = Held { roll: Arc::new(roll), stamp };
        Ok(true)
    }

    /// All accounts, in the order in which they were made.
    pub fn list(&self) -> Result<Vec<Account>, AccountsError> {
        self.reload_if_changed()?;
        Ok(self.roll().accounts.clone())
    }

    /// The account of a name, in any case.
    pub fn named(&self, name: &str) -> Result<Option<Account>, AccountsError> {
        self.reload_if_changed()?;
        let roll = self.roll();
        Ok(roll.named(name).map(|at| roll.accounts[at].clone()))
    }

    /// Makes an account; durable when this returns.
    pub fn add(&self, new: NewAccount, now: UnixSeconds) -> Result<Added, AccountsError> {
        let hash = Some(self.cost.hash(&new.password)?);
        let NewAccount { name, role, language, .. } = new;
        let account = Account { id: AccountId::random()?, name, role, language, hash, generation: 1, created: now };
        self.change(|roll| {
            let recovery = self.insert(roll, account.clone())?;
            Ok(Added { account, recovery })
        })
    }

    /// Puts an account among the others; with the first one comes the node's recovery code.
    fn insert(&self, roll: &mut Roll, account: Account) -> Result<Option<RecoveryCode>, AccountsError> {
        if roll.named(account.name.as_str()).is_some() {
            return Err(AccountsError::Taken);
        }
        let recovery = match roll.recovery {
            Some(_) => None,
            None => {
                let code = RecoveryCode::random()?;
                roll.recovery = Some(self.cost.hash_bytes(code.as_bytes())?);
                Some(code)
            }
        };
        roll.accounts.push(account);
        Ok(recovery)
    }

    /// Sets a new password, and ends the account's sessions; durable when this returns. Whether the one who asks may
    /// do so is the caller's affair.
    pub fn set_password(&self, name: &str, password: &Password) -> Result<Account, AccountsError> {
        let hash = self.cost.hash(password)?;
        self.change(|roll| {
            let at = roll.named(name).ok_or(AccountsError::Unknown)?;
            let account = &mut roll.accounts[at];
            account.hash = Some(hash);
            account.generation = account.generation.wrapping_add(1);
            Ok(account.clone())
        })
    }

    /// Removes an account, and so ends its sessions; durable when this returns. The last account that may manage
    /// accounts stays.
    pub fn remove(&self, name: &str) -> Result<Account, AccountsError> {
        self.change(|roll| {
            let at = roll.named(name).ok_or(AccountsError::Unknown)?;
            let account = roll.accounts.remove(at);
            let others_manage = roll.accounts.iter().any(|other| other.role.may_manage_accounts());
            if account.role.may_manage_accounts() && !others_manage {
                return Err(AccountsError::LastManager);
            }
            Ok(account)
        })
    }

    /// Sets a new password by the recovery code, which is void from then on: the one that takes its place is to be
    /// shown now, for it is kept nowhere. A wrong code counts as a failed attempt.
    pub fn recover(
        &self,
        name: &str,
        code: &RecoveryCode,
        password: &Password,
        now: UnixSeconds,
    ) -> Result<RecoveryCode, RecoverError> {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = throttle.wait(RECOVERY, now);
        if seconds > 0 {
            return Err(RecoverError::Wait { seconds });
        }
        self.reload_if_changed()?;
        // Compared before the lock on the file is taken: whoever does not know the code holds nobody up.
        let known = self.roll().recovery.clone();
        let is_right = match &known {
            Some(known) => known.is_of_bytes(code.as_bytes()).map_err(AccountsError::from)?,
            None => false,
        };
        if !is_right {
            throttle.failed(RECOVERY.to_owned(), now);
            return Err(RecoverError::Wrong);
        }
        let hash = self.cost.hash(password).map_err(AccountsError::from)?;
        let next = RecoveryCode::random().map_err(AccountsError::from)?;
        let next_hash = self.cost.hash_bytes(next.as_bytes()).map_err(AccountsError::from)?;
        let was_used = self.change(|roll| {
            let at = roll.named(name).ok_or(AccountsError::Unknown)?;
            // Somebody else may have used the code meanwhile.
            if roll.recovery != known {
                return Ok(false);
            }
            let account = &mut roll.accounts[at];
            account.hash = Some(hash);
            account.generation = account.generation.wrapping_add(1);
            throttle.succeeded(&account.name.folded());
            roll.recovery = Some(next_hash);
            Ok(true)
        })?;
        if !was_used {
            return Err(RecoverError::Wrong);
        }
        throttle.succeeded(RECOVERY);
        Ok(next)
    }

    /// Signs a person in. A name that nobody has, or whose account no password opens, takes as long as a wrong password,
    /// and is told no differently.
    pub fn sign_in(&self, name: &str, password: &str, now: UnixSeconds) -> Result<Session, SignInError> {
        let keys = self.keys()?;
        let name = folded(name);
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = throttle.wait(&name, now);
        if seconds > 0 {
            return Err(SignInError::Wait { seconds });
        }
        let account = self.named(&name)?;
        let hash = account.as_ref().and_then(|account| account.hash.clone()).unwrap_or_else(|| self.cost.decoy());
        let is_right = hash.is_of(password).map_err(AccountsError::from)?;
        match account {
            Some(account) if is_right && account.has_password() => {
                throttle.succeeded(&name);
                Ok(Session::begin(account, keys, now).map_err(AccountsError::from)?)
            }
            _ => {
                throttle.failed(name, now);
                Err(SignInError::Wrong)
            }
        }
    }

    /// The session that a cookie's value stands for, if it was made here, has not expired, and the account is still
    /// there with the same password. Nobody is signed in while the accounts cannot be read.
    pub fn of_cookie(&self, value: &str, now: UnixSeconds) -> Option<Session> {
        match self.session(value, now) {
            Ok(session) => session,
            Err(_) => {
                // Not the error itself, which may quote the file, and so names.
                tracing::error!("accounts cannot be read, nobody is signed in: `toguna user list` says why");
                None
            }
        }
    }

    fn session(&self, value: &str, now: UnixSeconds) -> Result<Option<Session>, AccountsError> {
        let keys = self.keys()?;
        let Some(claim) = Claim::of_cookie(value, &keys, now) else { return Ok(None) };
        self.reload_if_changed()?;
        let account = self.roll().with_id(claim.account).cloned();
        let account = account.filter(|account| account.generation == claim.generation);
        Ok(account.map(|account| Session::of(account, claim, keys)))
    }

    /// Reads the file, changes what it holds and writes it, with no other process between.
    fn change<T>(&self, step: impl FnOnce(&mut Roll) -> Result<T, AccountsError>) -> Result<T, AccountsError> {
        let _lock = file::lock(&self.dir)?;
        let before = self.held().stamp;
        let (mut roll, _) = self.read(before)?;
        let done = step(&mut roll)?;
        let stamp = roll.write(&self.dir)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = Held { roll: Arc::new(roll), stamp: Some(stamp) };
        Ok(done)
    }

    /// Reads the file. Where one was read before, there must still be one.
    fn read(&self, before: Option<Stamp>) -> Result<(Roll, Option<Stamp>), AccountsError> {
        match (Roll::read(&self.dir)?, before) {
            (Some((roll, stamp)), _) => Ok((roll, Some(stamp))),
            (None, None) => Ok(Default::default()),
            (None, Some(_)) => Err(AccountsError::Missing(self.dir.join(ACCOUNTS_FILE))),
        }
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn roll(&self) -> Arc<Roll> {
        self.held().roll.clone()
    }

    fn keys(&self) -> Result<Arc<Keys>, AccountsError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = &*keys {
            return Ok(keys.clone());
        }
        let made = Arc::new(Keys::new(&*file::sessions_key(&self.dir)?));
        *keys = Some(made.clone());
        Ok(made)
    }
}

#[cfg(test)]
mod tests;
