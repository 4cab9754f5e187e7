//! The small files that open things. Each is made once, durably, and for its owner's eyes only.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use data_encoding::BASE32_NOPAD;
use toguna_protocol::ids::NetworkId;
use zeroize::Zeroizing;

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
    let bytes = Zeroizing::new(read(&path)?);
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
    String::from_utf8(read(path)?).map(Zeroizing::new).map_err(|_| malformed())
}

/// Reads a file, and closes it to other people of the machine where it was open to them.
fn read(path: &Path) -> Result<Vec<u8>, SecretError> {
    let failed = |doing| move |source| SecretError::Io { doing, path: path.to_owned(), source };
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SecretError::Missing(path.to_owned())),
        other => other.map_err(failed("reading"))?,
    };
    let mode = fs::metadata(path).map_err(failed("reading"))?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed("closing to other people"))?;
    }
    Ok(bytes)
}

/// Makes a file that was not there, readable by its owner only; durable with its name when this returns.
pub(super) fn write_new(path: &Path, contents: &[u8]) -> Result<(), SecretError> {
    let failed = |source| SecretError::Io { doing: "writing", path: path.to_owned(), source };
    let mut file = match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(SecretError::Exists(path.to_owned())),
        other => other.map_err(failed)?,
    };
    file.write_all(contents).and_then(|()| file.sync_all()).map_err(failed)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)
}
