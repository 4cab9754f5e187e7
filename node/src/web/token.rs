//! The token that opens the API: a file in the data directory, so that whoever may read the office's files may use it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use data_encoding::BASE32_NOPAD;
use subtle::ConstantTimeEq;

/// The file's name in the data directory.
pub const TOKEN_FILE: &str = "api.token";

/// Letters of a token: 32 random bytes in base32.
const LETTERS: usize = 52;

/// What a request must show as `Authorization: Bearer …`.
#[derive(Clone)]
pub struct Token(String);

/// The token could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file.
    #[error("{doing} `{path}`: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others may read it.
    #[error("`{0}` can be read by others than its owner: run `chmod 600` on it, or remove it to get a new token")]
    Open(PathBuf),
    /// It holds something else.
    #[error("`{0}` holds no token: remove it to get a new one")]
    NoToken(PathBuf),
    /// The system gave no random bytes.
    #[error("asking the system for random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl Token {
    /// The token of a data directory, made if there is none yet.
    pub fn of(data_dir: &Path) -> Result<Self, TokenError> {
        let path = data_dir.join(TOKEN_FILE);
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let token = Token(BASE32_NOPAD.encode(&bytes).to_lowercase());
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(token.0.as_bytes()).and_then(|()| file.write_all(b"\n"));
                written.and_then(|()| file.sync_all()).map_err(|source| TokenError::File {
                    doing: "writing",
                    path,
                    source,
                })?;
                Ok(token)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(data_dir),
            Err(source) => Err(TokenError::File { doing: "creating", path, source }),
        }
    }

    /// The token that stands in a data directory.
    pub fn read(data_dir: &Path) -> Result<Self, TokenError> {
        let path = data_dir.join(TOKEN_FILE);
        let failed = |doing| {
            let path = path.clone();
            move |source| TokenError::File { doing, path, source }
        };
        let mode = fs::metadata(&path).map_err(failed("looking at"))?.mode();
        if mode & 0o077 != 0 {
            return Err(TokenError::Open(path));
        }
        let text = fs::read_to_string(&path).map_err(failed("reading"))?;
        let text = text.trim();
        let is_token = text.len() == LETTERS && BASE32_NOPAD.decode(text.to_uppercase().as_bytes()).is_ok();
        if is_token { Ok(Token(text.to_owned())) } else { Err(TokenError::NoToken(path)) }
    }

    /// The token as text, for a request's header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `shown` is this token. Takes the same time wherever the two differ.
    pub(super) fn admits(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let token = Token::of(dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(TOKEN_FILE)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Token::of(dir.path()).unwrap().as_str(), token.as_str());
        assert_eq!(Token::read(dir.path()).unwrap().as_str(), token.as_str());
        assert!(token.admits(token.as_str().as_bytes()));
        for other in ["", "a", &token.as_str()[1..], &"a".repeat(52)] {
            assert!(!token.admits(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_file_that_others_read_or_that_holds_no_token_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(TOKEN_FILE);
        assert!(matches!(Token::read(dir.path()), Err(TokenError::File { .. })));
        Token::of(dir.path()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Token::of(dir.path()), Err(TokenError::Open(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "secret", &"1".repeat(52)] {
            fs::write(&path, text).unwrap();
            assert!(matches!(Token::of(dir.path()), Err(TokenError::NoToken(_))), "{text}");
        }
    }
}
