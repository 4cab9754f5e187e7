//! One item of a feed: a header, whose hash is the entry's name, and a payload.
//!
//! The header is never sent as such: a run of entries carries what the receiver cannot derive, and the receiver
//! rebuilds each header and checks one signature over the last. Hashes are over the canonical expanded form, so wire
//! codecs can change without touching a single hash.

pub(crate) mod strip;

use std::{fmt, sync::Arc};

use crate::{
    ids::{EntryHash, FeedId, PayloadHash, RecordId, Seq},
    limits::{MAX_CHUNK_EXPANDED, MAX_PAYLOAD},
    wire::{self, Reader, WireError},
};

/// The only header layout so far.
pub const FORMAT: u8 = 1;

/// Length of a canonical header in bytes.
pub const HEADER_LEN: usize = 2 + 32 + 8 + 32 + 16 + 32;

/// What an entry's payload is. A node keeps and relays kinds it does not know, and applies none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadKind(pub u8);

impl PayloadKind {
    /// One Automerge change of one record, as a canonical uncompressed change chunk.
    pub const CHANGE: PayloadKind = PayloadKind(1);
    /// What an office says of itself: name and region ([`crate::feed::OfficeCard`]). Belongs to no record.
    pub const OFFICE: PayloadKind = PayloadKind(2);
}

/// All of an entry but its payload's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The feed the entry was written to: the root feed, also where the entry stands in a branch after a fork.
    pub feed: FeedId,
    /// Its number there, from 1.
    pub seq: Seq,
    /// The hash of the entry before it; for the first entry the feed's id.
    pub backlink: EntryHash,
    /// What the payload is.
    pub kind: PayloadKind,
    /// The record the payload belongs to; all zero for payloads that belong to none.
    pub record: RecordId,
    /// The payload's hash.
    pub payload_hash: PayloadHash,
}

impl Header {
    /// The canonical bytes, which are hashed: format, kind, feed, seq (big-endian), backlink, record, payload hash.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&[FORMAT, self.kind.0]);
        put(&self.feed.0);
        put(&self.seq.0.to_be_bytes());
        put(&self.backlink.0);
        put(&self.record.0);
        put(&self.payload_hash.0);
        out
    }

    /// The entry's hash.
    pub fn hash(&self) -> EntryHash {
        EntryHash(blake3::derive_key("toguna 2026 entry", &self.encode()))
    }

    /// Whether this entry creates its record.
    pub fn creates_record(&self) -> bool {
        self.kind == PayloadKind::CHANGE && self.record == RecordId::created_by(self.feed, self.seq)
    }
}

impl PayloadHash {
    /// The hash of a payload's canonical bytes.
    pub fn of(payload: &[u8]) -> Self {
        PayloadHash(blake3::derive_key("toguna 2026 payload", payload))
    }
}

/// An Ed25519 signature over an entry's hash, with a domain tag and the network's id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// An entry that is known to be its author's: made here, covered by a checked signature, or read back from our store.
///
/// Only [`crate::verify`] and [`crate::feed`] make one; the store and documents take nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    header: Header,
    hash: EntryHash,
    payload: Arc<[u8]>,
    signature: Option<Signature>,
}

impl VerifiedEntry {
    pub(crate) fn new(header: Header, payload: Vec<u8>, signature: Option<Signature>) -> Self {
        let hash = header.hash();
        VerifiedEntry { header, hash, payload: payload.into(), signature }
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The entry's hash.
    pub fn hash(&self) -> EntryHash {
        self.hash
    }

    /// The payload's canonical bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The author's signature, where this node holds it: on every entry made here, on the last of each run received.
    pub fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }
}

/// One entry as it travels: what the receiver cannot derive from its place in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    /// What the payload is.
    pub kind: PayloadKind,
    /// The record, or `None` where the entry creates it (the id then follows from feed and seq).
    pub record: Option<RecordId>,
    /// The payload's canonical bytes, at most [`MAX_PAYLOAD`].
    pub payload: Vec<u8>,
}

/// Flag of an encoded entry: the record id is left out because the entry creates it.
const CREATES: u8 = 1;

impl RawEntry {
    /// What must travel of an entry we hold.
    pub fn of(entry: &VerifiedEntry) -> Self {
        let header = entry.header();
        let record = (!header.creates_record()).then_some(header.record);
        RawEntry { kind: header.kind, record, payload: entry.payload().to_vec() }
    }

    /// The record of the entry, where it is number `seq` of a feed whose root is `root`.
    pub fn record_at(&self, root: FeedId, seq: Seq) -> RecordId {
        self.record.unwrap_or_else(|| RecordId::created_by(root, seq))
    }

    /// Appends all but the payload's bytes: kind, flags, record unless created here, payload length.
    pub(crate) fn write_fields(&self, out: &mut Vec<u8>) {
        out.push(self.kind.0);
        out.push(if self.record.is_none() { CREATES } else { 0 });
        if let Some(record) = &self.record {
            out.extend_from_slice(&record.0);
        }
        wire::put_number(out, self.payload.len() as u64);
    }

    /// Reads what [`Self::write_fields`] wrote: an entry without its payload, and the payload's length.
    pub(crate) fn read_fields(reader: &mut Reader<'_>) -> Result<(Self, usize), WireError> {
        let kind = PayloadKind(reader.byte("entry kind")?);
        let record = match reader.byte("entry flags")? {
            0 => Some(RecordId(reader.array("entry record")?)),
            CREATES => None,
            _ => return Err(WireError::Invalid("entry flags")),
        };
        let len = reader.number_up_to(MAX_PAYLOAD, "entry payload")?;
        Ok((RawEntry { kind, record, payload: Vec::new() }, len))
    }

    /// Appends the fields and the payload.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.write_fields(out);
        out.extend_from_slice(&self.payload);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (mut entry, len) = Self::read_fields(reader)?;
        entry.payload = reader.bytes(len, "entry payload")?.to_vec();
        Ok(entry)
    }

    /// Bytes of the entry in a chunk's expanded body.
    pub fn expanded_len(&self) -> usize {
        2 + self.record.map_or(0, |_| RecordId::LEN) + 3 + self.payload.len()
    }
}

const _: () = assert!(2 + RecordId::LEN + 4 + MAX_PAYLOAD <= MAX_CHUNK_EXPANDED, "one entry always fits a chunk");
