//! What a report can be known by: short enough to be read over a telephone, long enough that no two have the same.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

/// Bytes of it.
const BYTES: usize = 20;

/// Letters that stand together where it is shown.
const GROUP: usize = 4;

/// The first 20 bytes of a hash over all that a report says and from which knowledge, in 32 letters of base32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; BYTES]);

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the fingerprint of a report: expected 32 letters of base32")]
pub struct NoFingerprint;

impl Fingerprint {
    /// Of a report's bytes.
    pub(super) fn of(report: &[u8]) -> Self {
        let hash = blake3::derive_key("toguna 2026 report", report);
        Fingerprint(std::array::from_fn(|at| hash[at]))
    }

    /// Its letters in groups of four, in capitals, as it is printed.
    pub fn groups(self) -> Vec<String> {
        let letters = BASE32_NOPAD.encode(&self.0);
        letters.as_bytes().chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned()).collect()
    }

    /// The first two groups, which tell two apart on one page.
    pub fn short(self) -> String {
        self.groups()[..2].join(" ")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_lowercase())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let letters: String = text.split_whitespace().collect::<String>().to_uppercase();
        let bytes = BASE32_NOPAD.decode(letters.as_bytes()).map_err(|_| NoFingerprint)?;
        bytes.try_into().map(Fingerprint).map_err(|_| NoFingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_is_printed_and_as_it_stands_in_an_address() {
        let one = Fingerprint::of(b"one");
        assert_eq!(one.to_string().len(), 32);
        assert_eq!(one.groups().len(), 8);
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(one.groups().join(" ").parse(), Ok(one));
        assert_ne!(one, Fingerprint::of(b"two"));
        for text in ["", "abcd", "0189", &format!("{one}aa")] {
            assert_eq!(text.parse::<Fingerprint>(), Err(NoFingerprint), "{text}");
        }
    }
}
