//! The file as strangers see it: a clear head, and segments that only the network's secret opens.
//!
//! The segments are those of STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: *Online Authenticated-Encryption and its
//! Nonce-Reuse Misuse-Resistance*, 2015) with a 32-bit counter and a mark on the last, over XChaCha20-Poly1305: none can
//! be altered, left out, put elsewhere or cut off unnoticed.

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::XChaCha20Poly1305;

use super::BundleError;
use crate::ids::BundleName;

/// What every bundle begins with.
pub const MAGIC: &[u8; 8] = b"tgbundle";

/// The only version so far.
pub const VERSION: u8 = 1;

/// 32 random bytes, new for each bundle: key, nonces and name follow from them.
pub type Salt = [u8; 32];

/// Bytes of the clear head: magic, version, salt, check of the key, check of the head.
pub const HEAD: usize = 8 + 1 + 32 + 8 + 8;

const TAG: usize = 16;
/// Bytes of a sealed segment; only the last may be shorter.
pub(super) const SEALED: usize = 64 * 1024;
const SEGMENT: usize = SEALED - TAG;
/// Bytes of a nonce before counter and mark.
const NONCE: usize = 19;

/// What opens the bundles of one network.
#[derive(Clone)]
pub struct Keys([u8; 32]);

impl Keys {
    /// Of the network's secret.
    pub fn of_secret(secret: &[u8]) -> Self {
        Keys(blake3::derive_key("toguna 2026 bundle", secret))
    }

    fn stream(&self, salt: &Salt) -> StreamBE32<XChaCha20Poly1305> {
        let key = blake3::keyed_hash(&self.0, &[b"seal", &salt[..]].concat());
        let nonce: [u8; NONCE] = salt[..NONCE].try_into().expect("a salt has 32 bytes");
        StreamBE32::new(key.as_bytes().into(), &nonce.into())
    }

    /// Tells those who have the secret that the bundle is theirs, and nobody else anything.
    fn check(&self, salt: &Salt) -> [u8; 8] {
        first_eight(blake3::keyed_hash(&self.0, &[b"check", &salt[..]].concat()).as_bytes())
    }
}

/// The name of the bundle with this salt.
pub(super) fn name(salt: &Salt) -> BundleName {
    let hash = blake3::derive_key("toguna 2026 bundle name", salt);
    BundleName::from_slice(&hash[..BundleName::LEN]).expect("a hash has 32 bytes")
}

fn first_eight(hash: &[u8; 32]) -> [u8; 8] {
    crate::verify::first_eight(hash)
}

fn head_check(head: &[u8]) -> [u8; 8] {
    first_eight(&blake3::derive_key("toguna 2026 bundle head", head))
}

/// Bytes of a bundle with so many bytes in it.
pub(super) fn sealed_len(plain: u64) -> u64 {
    HEAD as u64 + plain + plain.div_ceil(SEGMENT as u64).max(1) * TAG as u64
}

/// Seals what is pushed.
pub(super) struct Sealer {
    stream: StreamBE32<XChaCha20Poly1305>,
    position: u32,
    pending: Vec<u8>,
}

impl Sealer {
    /// Begins: the head goes to `out`.
    pub(super) fn new(keys: &Keys, salt: &Salt, out: &mut Vec<u8>) -> Self {
        let from = out.len();
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(salt);
        out.extend_from_slice(&keys.check(salt));
        let check = head_check(&out[from..]);
        out.extend_from_slice(&check);
        Sealer { stream: keys.stream(salt), position: 0, pending: Vec::new() }
    }

    pub(super) fn push(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        self.pending.extend_from_slice(plain);
        // The last segment is known as such only when nothing follows.
        while self.pending.len() > SEGMENT {
            let rest = self.pending.split_off(SEGMENT);
            self.seal(false, out);
            self.pending = rest;
        }
    }

    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        self.seal(true, out);
    }

    fn seal(&mut self, last: bool, out: &mut Vec<u8>) {
        let sealed = self.stream.encrypt(self.position, last, &self.pending[..]);
        out.extend(sealed.expect("only segments of 256 GB and more are refused"));
        self.position = self.position.checked_add(1).expect("a bundle is far below 256 TB");
    }
}

/// Opens what [`Sealer`] sealed.
pub(super) struct Opener {
    keys: Keys,
    stream: Option<StreamBE32<XChaCha20Poly1305>>,
    position: u32,
    pending: Vec<u8>,
}

impl Opener {
    pub(super) fn new(keys: Keys) -> Self {
        Opener { keys, stream: None, position: 0, pending: Vec::new() }
    }

    /// Takes further bytes of the file and appends what they hold to `plain`. Returns the bundle's name with its head.
    pub(super) fn push(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> Result<Option<BundleName>, BundleError> {
        self.pending.extend_from_slice(bytes);
        let mut named = None;
        if self.stream.is_none() {
            if !self.pending.starts_with(&MAGIC[..self.pending.len().min(MAGIC.len())]) {
                return Err(BundleError::NotOne);
            }
            if self.pending.len() < HEAD {
                return Ok(None);
            }
            named = Some(self.open_head()?);
        }
        while self.pending.len() > SEALED {
            let rest = self.pending.split_off(SEALED);
            let segment = std::mem::replace(&mut self.pending, rest);
            plain.extend(self.open(&segment, false).ok_or_else(|| self.damaged())?);
            self.position = self.position.checked_add(1).ok_or_else(|| self.damaged())?;
        }
        Ok(named)
    }

    fn open_head(&mut self) -> Result<BundleName, BundleError> {
        let rest = self.pending.split_off(HEAD);
        let head = std::mem::replace(&mut self.pending, rest);
        let (fields, check) = head.split_at(HEAD - 8);
        if check != head_check(fields) {
            return Err(BundleError::Head);
        }
        // Every later version keeps this head.
        if fields[MAGIC.len()] != VERSION {
            return Err(BundleError::Newer);
        }
        let salt: Salt = fields[9..41].try_into().expect("the slice has 32 bytes");
        if fields[41..] != self.keys.check(&salt) {
            return Err(BundleError::AnotherNetwork);
        }
        self.stream = Some(self.keys.stream(&salt));
        Ok(name(&salt))
    }

    fn open(&self, segment: &[u8], last: bool) -> Option<Vec<u8>> {
        self.stream.as_ref()?.decrypt(self.position, last, segment).ok()
    }

    fn damaged(&self) -> BundleError {
        let from = HEAD as u64 + u64::from(self.position) * SEALED as u64;
        BundleError::Damaged { from, to: from + SEALED as u64 }
    }

    /// The file has ended.
    pub(super) fn finish(&mut self, plain: &mut Vec<u8>) -> Result<(), BundleError> {
        let segment = std::mem::take(&mut self.pending);
        if segment.is_empty() && self.stream.is_none() {
            return Err(BundleError::NotOne);
        }
        plain.extend(self.open(&segment, true).ok_or(BundleError::CutShort)?);
        Ok(())
    }
}
