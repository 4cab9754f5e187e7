//! The small files that open things. Each is made once, durably, and for its owner's eyes only.

use std::{
    io,
    path::{Path, PathBuf},
};

use data_encoding::BASE32_NOPAD;
use toguna_protocol::ids::NetworkId;
use zeroize::Zeroizing;

use crate::durable;

/// The file with what the offices of a network share.
pub const SECRET_FILE: &str = "network.secret";
const DEVICE_KEY_FILE: &str = "device.key";

/// Letters that 32 bytes take in base32.
const LETTERS: usize = 52;

/// A secret is missing, malformed, or could not be made. Never holds the secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file is not there.
    #[error("{} is missing: put it back from a copy, or ask another office of the network for it", .0.display())]
    Missing(PathBuf),
    /// The file does not hold what it must.
    #[error("{} does not hold {expected}: put it back from a copy", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What belongs there.
        expected: &'static str,
    },
    /// The file is there already, and is not overwritten.
    #[error("{} is there already: it is not overwritten", .0.display())]
    Exists(PathBuf),
    /// The file could not be read, written or closed to other people.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("asking the system for random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// What the offices of a network share: 32 random bytes, written as one line of base32 so that it can be read over a
/// telephone or printed.
pub struct NetworkSecret(Zeroizing<[u8; 32]>);

impl NetworkSecret {
    /// A new network.
    pub fn random() -> Result<Self, SecretError> {
        Ok(NetworkSecret(random()?))
    }

    /// Reads a secret file; blanks and case do not matter.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let malformed =
            || SecretError::Malformed { path: path.to_owned(), expected: "a network secret (one line of 52 letters)" };
        let text = read_line(path, malformed)?;
        let letters: Zeroizing<String> =
            Zeroizing::new(text.split_whitespace().collect::<String>().to_ascii_uppercase());
        if letters.len() != LETTERS {
            return Err(malformed());
        }
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(letters.as_bytes()).map_err(|_| malformed())?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed())?;
        Ok(NetworkSecret(Zeroizing::new(bytes)))
    }

    /// Writes it to a new file.
    pub fn write(&self, path: &Path) -> Result<(), SecretError> {
        write_new(path, format!("{}\n", &*letters(&*self.0)).as_bytes())
    }

    /// The network it opens.
    pub fn network(&self) -> NetworkId {
        NetworkId::of_secret(&*self.0)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

pub(super) fn write_device_key(data_dir: &Path) -> Result<(), SecretError> {
    write_new(&data_dir.join(DEVICE_KEY_FILE), &*random()?)
}

pub(super) fn read_device_key(data_dir: &Path) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    let path = data_dir.join(DEVICE_KEY_FILE);
    let bytes = read(&path)?;
    let key: Result<[u8; 32], _> = bytes.as_slice().try_into();
    key.map(Zeroizing::new).map_err(|_| SecretError::Malformed { path, expected: "a device key (32 bytes)" })
}

fn random() -> Result<Zeroizing<[u8; 32]>, SecretError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(bytes)
}

fn letters(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE32_NOPAD.encode(bytes).to_ascii_lowercase())
}

fn read_line(path: &Path, malformed: impl Fn() -> SecretError) -> Result<Zeroizing<String>, SecretError> {
    let bytes = read(path)?;
    str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| malformed())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    match durable::read_closed(path) {
        Ok((bytes, _)) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SecretError::Missing(path.to_owned())),
        Err(source) => Err(SecretError::Io { doing: "reading", path: path.to_owned(), source }),
    }
}

/// Makes a file that was not there, readable by its owner only; durable with its name when this returns.
pub(super) fn write_new(path: &Path, contents: &[u8]) -> Result<(), SecretError> {
    durable::create(path, contents).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => SecretError::Exists(path.to_owned()),
        _ => SecretError::Io { doing: "writing", path: path.to_owned(), source },
    })
}
