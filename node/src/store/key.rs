//! The data key: 32 random bytes in a file of their own, under which every stored value is sealed.

use std::{io, path::Path};

use zeroize::Zeroizing;

use crate::durable;

/// The key file's name in the data directory.
pub const KEY_FILE: &str = "data.key";

/// The key that opens a store's values. Wiped from memory when dropped; never printed.
pub struct DataKey(Zeroizing<[u8; 32]>);

/// Why there is no data key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is a store but no key to it. A new key would open nothing.
    #[error(
        "the key file {KEY_FILE} is missing from the data directory: put it back from a copy, the store cannot be read without it"
    )]
    Missing,
    /// The file is not 32 bytes long.
    #[error("the key file {KEY_FILE} has {found} bytes where 32 belong: put it back from a copy")]
    Malformed {
        /// Its length in bytes.
        found: usize,
    },
    /// The key file could not be read, written or closed to other people.
    #[error("reading or making the key file {KEY_FILE}: {0}")]
    Io(#[from] io::Error),
    /// The system gave no random bytes.
    #[error("asking the system for random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl DataKey {
    /// A key from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        DataKey(Zeroizing::new(bytes))
    }

    /// A key derived for one purpose (BLAKE3 `derive_key`), so that no two uses share one.
    pub(super) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(purpose, &*self.0))
    }

    /// Reads the key of `dir`. Where other people of the machine may read the file, that is ended.
    pub fn read(dir: &Path) -> Result<Self, KeyError> {
        let path = dir.join(KEY_FILE);
        let bytes = match durable::read_closed(&path) {
            Ok((bytes, _)) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyError::Missing),
            Err(error) => return Err(error.into()),
        };
        let key = bytes.as_slice().try_into().map_err(|_| KeyError::Malformed { found: bytes.len() })?;
        Ok(DataKey::new(key))
    }

    /// Reads the key of `dir`, or makes one where there is none, durably and for its owner's eyes only.
    ///
    /// It is written under another name first, so that a power cut never leaves half a key. The caller holds the lock
    /// on the directory.
    pub fn read_or_create(dir: &Path) -> Result<Self, KeyError> {
        match Self::read(dir) {
            Err(KeyError::Missing) => {}
            other => return other,
        }
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        durable::replace(dir, KEY_FILE, &*key)?;
        Ok(DataKey(key))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

    use super::*;

    fn mode(dir: &Path) -> u32 {
        fs::metadata(dir.join(KEY_FILE)).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(DataKey::read(dir.path()), Err(KeyError::Missing)));
        let key = DataKey::read_or_create(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o600);
        fs::set_permissions(dir.path().join(KEY_FILE), Permissions::from_mode(0o644)).unwrap();
        let again = DataKey::read_or_create(dir.path()).unwrap();
        assert_eq!(key.0, again.0);
        assert_eq!(mode(dir.path()), 0o600, "an open key file is closed to others");
    }

    #[test]
    fn a_cut_key_is_refused_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(KEY_FILE), [1; 31]).unwrap();
        assert!(matches!(DataKey::read_or_create(dir.path()), Err(KeyError::Malformed { found: 31 })));
        assert_eq!(fs::read(dir.path().join(KEY_FILE)).unwrap().len(), 31);
    }
}
