//! Passwords, and what is kept of them: Argon2id hashes (RFC 9106) as PHC strings, which name their own parameters.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc},
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The fewest characters of a password.
pub const MIN_PASSWORD: usize = 8;
/// The most characters of a password.
pub const MAX_PASSWORD: usize = 200;

/// The most memory that a hash of our file may ask for, in KiB: beyond that the file was not written here.
const MOST_MEMORY: u32 = 1024 * 1024;
/// The most passes that a hash of our file may ask for.
const MOST_PASSES: u32 = 64;

/// A text is no password. Never holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters, and this one has {}", counted(.0))]
pub struct PasswordError(usize);

fn counted(length: &usize) -> String {
    if *length > MAX_PASSWORD { "more".to_owned() } else { length.to_string() }
}

/// A password that somebody chose. Wiped from memory when dropped; never printed.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a text for a password: any 8 to 200 characters.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let text = composed(text);
        let length = text.chars().count();
        if (MIN_PASSWORD..=MAX_PASSWORD).contains(&length) { Ok(Password(text)) } else { Err(PasswordError(length)) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The same letters in the same code points, whatever keyboard they came from (as RFC 8265, section 4.2, has it), and
/// never more than one character beyond the longest password.
fn composed(text: &str) -> Zeroizing<String> {
    // At its full length from the start: a text that grows leaves copies behind.
    let mut whole = Zeroizing::new(String::with_capacity(4 * (MAX_PASSWORD + 1)));
    whole.extend(text.nfc().take(MAX_PASSWORD + 1));
    whole
}

/// What one hash takes of memory and time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// The least that OWASP's Password Storage Cheat Sheet allows for Argon2id: 19 MiB, two passes, one lane.
    pub(super) const USUAL: Cost = Cost { memory_kib: 19 * 1024, passes: 2 };
    /// For tests, which hash much and guard nothing.
    #[cfg(test)]
    pub(super) const TRIFLING: Cost = Cost { memory_kib: 8, passes: 1 };

    /// Hashes a secret with a new salt.
    pub(super) fn hash(self, secret: &Password) -> Result<PasswordHash, HashError> {
        self.hash_bytes(secret.0.as_bytes())
    }

    /// As [`Cost::hash`], for a secret that is no password.
    pub(super) fn hash_bytes(self, secret: &[u8]) -> Result<PasswordHash, HashError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        let params = Params::new(self.memory_kib, self.passes, 1, None).map_err(password_hash::Error::from)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(PasswordHash(argon2.hash_password_with_salt(secret, &salt)?.to_string()))
    }

    /// A hash that no known password has, and that takes as long to compare with as one of this cost.
    pub(super) fn decoy(self) -> PasswordHash {
        let Cost { memory_kib, passes } = self;
        PasswordHash(format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${}${}", "A".repeat(22), "A".repeat(43)))
    }
}

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The system gave no random bytes.
    #[error("asking the system for random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Most likely there was not enough memory.
    #[error("hashing a password: {0}")]
    Argon2(#[from] password_hash::Error),
}

/// What is kept of a password: a PHC string of Argon2id. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct PasswordHash(String);

impl PasswordHash {
    /// Whether a text that somebody typed is the password. Takes the same time for every wrong one.
    pub(super) fn is_of(&self, typed: &str) -> Result<bool, HashError> {
        self.is_of_bytes(composed(typed).as_bytes())
    }

    /// As [`PasswordHash::is_of`], for a secret that is no password.
    pub(super) fn is_of_bytes(&self, secret: &[u8]) -> Result<bool, HashError> {
        match Argon2::default().verify_password(secret, self.0.as_str()) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "a password's hash is not a PHC string of Argon2id";
        let hash = phc::PasswordHash::new(&text).map_err(|_| wrong)?;
        let params = Params::try_from(&hash).map_err(|_| wrong)?;
        let is_whole = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some();
        let is_cheap = params.m_cost() <= MOST_MEMORY && params.t_cost() <= MOST_PASSES;
        if is_whole && is_cheap { Ok(PasswordHash(text)) } else { Err(wrong) }
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> String {
        hash.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_a_length_and_no_other_rule() {
        for (text, expected) in [
            ("1234567".to_owned(), Err(PasswordError(7))),
            ("12345678".to_owned(), Ok(())),
            ("éééééééé".to_owned(), Ok(())),
            // Seven letters, however many code points they were typed with.
            ("e\u{301}".repeat(7), Err(PasswordError(7))),
            ("        ".to_owned(), Ok(())),
            ("é".repeat(200), Ok(())),
            ("é".repeat(201), Err(PasswordError(201))),
            ("é".repeat(100_000), Err(PasswordError(201))),
        ] {
            assert_eq!(Password::new(&text).map(drop), expected, "{text:.20}");
        }
        assert_eq!(PasswordError(201).to_string(), "a password has 8 to 200 characters, and this one has more");
        assert_eq!(format!("{:?}", Password::new("correct horse")), "Ok(Password(…))");
    }

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = Cost::TRIFLING.hash(&Password::new("bien gardé").unwrap()).unwrap();
        let again = Cost::TRIFLING.hash(&Password::new("bien gardé").unwrap()).unwrap();
        assert!(hash != again, "each has a salt of its own");
        for (typed, expected) in [
            ("bien gardé", true),
            ("bien garde\u{301}", true),
            ("Bien gardé", false),
            ("bien gardé ", false),
            ("", false),
        ] {
            assert_eq!(hash.is_of(typed).unwrap(), expected, "{typed:?}");
        }
        let longest = "a".repeat(MAX_PASSWORD);
        let hash = Cost::TRIFLING.hash(&Password::new(&longest).unwrap()).unwrap();
        assert!(!hash.is_of(&format!("{longest}b")).unwrap(), "what is too long is not cut to fit");
        assert!(!Cost::TRIFLING.decoy().is_of("bien gardé").unwrap());
    }

    #[test]
    fn the_usual_cost_is_what_owasp_asks_for() {
        let password = Password::new("bien gardé").unwrap();
        let hash = Cost::USUAL.hash(&password).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(hash.is_of("bien gardé").unwrap());
        let decoy = Cost::USUAL.decoy();
        let shape = |hash: &PasswordHash| hash.0.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(shape(&decoy), shape(&hash), "comparing with it is the same work");
        assert!(PasswordHash::try_from(decoy.0).is_ok());
    }

    #[test]
    fn what_is_no_hash_of_ours_is_refused() {
        let good = String::from(Cost::TRIFLING.hash(&Password::new("bien gardé").unwrap()).unwrap());
        assert!(PasswordHash::try_from(good.clone()).is_ok());
        let no_hash = good.rsplit_once('$').unwrap().0.to_owned();
        for bad in [
            String::new(),
            "bien gardé".to_owned(),
            no_hash,
            good.replace("argon2id", "argon2d"),
            good.replace("m=8", "m=4000000"),
            good.replace("t=1", "t=4000000"),
            good[..good.len() - 1].to_owned(),
        ] {
            assert!(PasswordHash::try_from(bad.clone()).is_err(), "{bad}");
        }
    }
}
