//! Names of things: every identifier is a type of its own, so that a feed is never taken for a record.
//!
//! All identifiers made of bytes are written as lower-case base32 without padding (RFC 4648, section 6): short,
//! safe in URLs and file names, and readable over a telephone (no `0`, `1`, `8` or `9`).

use std::{fmt, str::FromStr};

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// RFC 4648 base32 in lower case, without padding; decoding accepts upper case too.
fn base32() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut spec = Specification::new();
        spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
        spec.translate.from.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        spec.translate.to.push_str("abcdefghijklmnopqrstuvwxyz");
        spec.encoding().expect("the alphabet is RFC 4648's")
    });
    &ENCODING
}

/// A text that is not an identifier of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: expected {expected}")]
pub struct ParseIdError {
    kind: &'static str,
    expected: &'static str,
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The identifier's bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads exactly [`Self::LEN`] bytes; `None` for any other length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The first eight letters, enough to tell two apart on a screen.
            pub fn short(&self) -> String {
                self.to_string()[..8].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32().encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                base32()
                    .decode(text.as_bytes())
                    .ok()
                    .and_then(|bytes| Self::from_slice(&bytes))
                    .ok_or(ParseIdError { kind: stringify!($name), expected: $expected })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_id! {
    /// A network of offices: what keeps one programme's nodes apart from another's.
    NetworkId, 32, "52 letters of base32"
}
byte_id! {
    /// A device's Ed25519 public key: its libp2p identity and the signer of its entries.
    AuthorKey, 32, "52 letters of base32"
}
byte_id! {
    /// A feed: the hash of its genesis, or, for a branch of a forked feed, the hash of the branch's first entry.
    FeedId, 32, "52 letters of base32"
}
byte_id! {
    /// The hash of an entry's canonical header, which covers its payload's hash.
    EntryHash, 32, "52 letters of base32"
}
byte_id! {
    /// BLAKE3 of an entry's payload in its canonical, expanded form.
    PayloadHash, 32, "52 letters of base32"
}
byte_id! {
    /// A community conflict, consultation or project: derived from the feed and seq of its creating entry.
    RecordId, 16, "26 letters of base32"
}
byte_id! {
    /// The random part of a feed's genesis: new whenever an author can no longer be sure of its own past.
    Incarnation, 16, "26 letters of base32"
}
byte_id! {
    /// Who may read: all zero for the general compartment.
    CompartmentId, 16, "26 letters of base32"
}
byte_id! {
    /// A bundle: follows from its random salt.
    BundleName, 10, "16 letters of base32"
}
byte_id! {
    #[derive(Default)]
    /// A store's random mark, new after any doubt about what it holds; baselines never survive a change of epoch.
    Epoch, 8, "13 letters of base32"
}

impl CompartmentId {
    /// The compartment every office reads.
    pub const GENERAL: CompartmentId = CompartmentId([0; 16]);
}

impl NetworkId {
    /// The network that a shared secret opens: a hash, so that the id tells nothing of the secret.
    pub fn of_secret(secret: &[u8]) -> Self {
        NetworkId(blake3::derive_key("toguna 2026 network id", secret))
    }
}

impl RecordId {
    /// The record that the entry `seq` of `feed` creates.
    pub fn created_by(feed: FeedId, seq: Seq) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("toguna 2026 record id");
        hasher.update(feed.as_bytes());
        hasher.update(&seq.0.to_be_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        RecordId(id)
    }
}

impl FeedId {
    /// The Automerge actor under which this feed's changes are made: derived, so that it costs nothing on the wire
    /// and nobody can write as another.
    pub fn actor(&self) -> automerge::ActorId {
        let key = blake3::derive_key("toguna 2026 automerge actor", self.as_bytes());
        automerge::ActorId::from(&key[..16])
    }
}

/// The number of an entry in its feed, counted from 1; 0 stands for "none yet".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an entry arrived in this store, counted from 1: a local number that never leaves the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arrival(pub u64);

/// Seconds since 1970-01-01T00:00:00Z by some office's clock, right or wrong: shown to people, never used for order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixSeconds(pub i64);

/// Milliseconds by a clock that only goes forward, from any start: for waiting, never shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

/// The time, as the caller passes it in: one clock that people set, one that nobody can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// By the office's clock.
    pub wall: UnixSeconds,
    /// By the machine's.
    pub moment: Moment,
}

/// An item of a list inside a record: `feed prefix`-`seq`-`ordinal`, unique without asking anyone.
///
/// The feed prefix is the first 6 bytes of the creating feed's id in base32 (10 letters); seq and ordinal are
/// decimal. Only [`ItemId::planned`] follows from the record instead. At 1,000 feeds two equal prefixes have odds of
/// one in five hundred million.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ItemId(String);

impl ItemId {
    const EXPECTED: &'static str = "ten letters, a number and a number, joined by hyphens";

    /// The `ordinal`-th item that the entry `seq` of `feed` creates.
    pub fn new(feed: FeedId, seq: Seq, ordinal: u32) -> Self {
        ItemId(format!("{}-{seq}-{ordinal}", base32().encode(&feed.0[..6])))
    }

    /// The line that a project has in the plan of a quarter, year and 1 to 4, by its agreement: the same whoever writes it.
    /// No entry has the number 0, so that it is none that an entry gives.
    pub fn planned(record: RecordId, (year, quarter): (u16, u8)) -> Self {
        let prefix = base32().encode(&record.0[..6]);
        ItemId(format!("{prefix}-0-{}", u32::from(year) * 10 + u32::from(quarter)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ItemId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = ParseIdError { kind: "item id", expected: Self::EXPECTED };
        let number = |part: &str| part.len() <= 20 && part.parse::<u64>().is_ok_and(|n| n.to_string() == part);
        let parts: Vec<&str> = text.split('-').collect();
        match parts[..] {
            [feed, seq, ordinal]
                if feed.len() == 10
                    && feed.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
                    && number(seq)
                    && number(ordinal) =>
            {
                Ok(ItemId(text.to_owned()))
            }
            _ => Err(error),
        }
    }
}

impl<'de> Deserialize<'de> for ItemId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_write() {
        let id = RecordId([7; 16]);
        assert_eq!(id.to_string().len(), 26);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        let item = ItemId::new(FeedId([9; 32]), Seq(12), 3);
        assert_eq!(item.to_string().parse(), Ok(item));
        let line = ItemId::planned(id, (2010, 1));
        assert_eq!((line.as_str(), line.to_string().parse()), ("a4dqobyha4-0-20101", Ok(line.clone())));
    }

    #[test]
    fn other_texts_are_not_ids() {
        for text in ["", "a", "0000", "é", &"a".repeat(27), &"9".repeat(26)] {
            assert!(text.parse::<RecordId>().is_err(), "{text}");
        }
        for text in
            ["", "a-1-1", "aaaaaaaaaa-01-1", "aaaaaaaaaa-1", "aaaaaaaaaa-1-1-1", "AAAAAAAAAA-1-1", "aaaaaaaaaa-1--1"]
        {
            assert!(text.parse::<ItemId>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_actor_depends_on_the_feed_alone() {
        assert_eq!(FeedId([1; 32]).actor(), FeedId([1; 32]).actor());
        assert_ne!(FeedId([1; 32]).actor(), FeedId([2; 32]).actor());
    }
}
