//! A packed run of entries: the unit that is sent, verified, made durable and acknowledged as a whole.
//!
//! Every chunk ends at a signature, so nothing is ever half accepted: a cut in its middle costs that chunk and no
//! more. A codec id says how the body is packed; hashes and signatures are over the expanded entries, so a later codec
//! changes nothing but bytes.

use std::sync::Arc;

use zstd::zstd_safe::{CCtx, CParameter, DCtx, compress_bound};

use crate::{
    entry::{
        RawEntry, Signature,
        strip::{self, ExpandError, Known, MAX_NAMED, Stripped, Trail},
    },
    feed::{Feed, Genesis},
    ids::{EntryHash, FeedId, Seq},
    limits::{CHUNK_ENTRIES, CHUNK_WINDOW, MAX_CHUNK_EXPANDED, MAX_SEQ},
    verify::{Link, RawRun, first_eight},
    wire::{self, Reader, WireError},
};

/// How a chunk's body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec(pub u8);

impl Codec {
    /// The entries one after another, as they are.
    pub const PLAIN: Codec = Codec(0);
    /// The same under Zstandard (RFC 8878), without a dictionary.
    pub const ZSTD: Codec = Codec(1);
    /// Stripped entries ([`crate::entry`]) under Zstandard, after the tails of the feed's preceding entries.
    pub const STRIPPED: Codec = Codec(2);
}

/// How hard a sender tries, by the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Bytes are dear: a second of a thin link is worth far more than a tenth of one of the processor.
    Thin,
    /// The link takes more than the processor gives.
    Fast,
}

impl Effort {
    /// Zstandard's level, and the bytes of preceding tails that it looks at.
    fn measures(self) -> (i32, usize) {
        match self {
            Effort::Thin => (19, CHUNK_WINDOW),
            Effort::Fast => (3, CHUNK_WINDOW / 4),
        }
    }
}

/// Zstandard's level without a dictionary: 16 KiB take about half a millisecond on an office laptop.
const ZSTD_LEVEL: i32 = 9;

/// What each Zstandard frame begins with (RFC 8878, section 3.1.1), and so need not travel.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A run as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The feed, or the branch.
    pub feed: FeedId,
    /// The number of the first entry.
    pub first: Seq,
    /// How many entries there are.
    pub count: usize,
    /// What it continues; absent in stripped runs that do not begin their feed, where it shows in the signature.
    pub link: Option<Link>,
    /// The author's signature over the last entry.
    pub signature: Signature,
    /// How the body is packed.
    pub codec: Codec,
    /// Feeds that a stripped run names beside its own.
    pub(crate) named: Vec<FeedId>,
    /// Bytes of preceding tails that a stripped run was packed with, at most.
    pub(crate) window: usize,
    /// Length of the unpacked body.
    pub(crate) expanded: usize,
    pub(crate) body: Vec<u8>,
}

/// What both ends hold of a feed before a run of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Before {
    /// The tails of the entries before it, of at most [`CHUNK_WINDOW`] bytes: whole entries, the latest last.
    pub(crate) tails: Vec<Arc<[u8]>>,
    pub(crate) trail: Trail,
}

impl Before {
    /// As many whole tails as fit into a window, joined.
    fn within(&self, window: usize) -> Vec<u8> {
        let mut room = window;
        let fits = |tail: &&Arc<[u8]>| {
            let fits = tail.len() <= room;
            room = room.saturating_sub(tail.len());
            fits
        };
        let count = self.tails.iter().rev().take_while(fits).count();
        self.tails[self.tails.len() - count..].concat()
    }
}

impl Packed {
    /// The number of the last entry.
    pub fn last(&self) -> Seq {
        Seq(self.first.0 + self.count as u64 - 1)
    }

    /// Bytes of the packed body.
    pub fn packed_len(&self) -> usize {
        self.body.len()
    }

    /// Packs a run so that it can be read without knowing anything else.
    pub fn plain(run: &RawRun) -> Self {
        let mut body = Vec::with_capacity(run.entries.iter().map(RawEntry::expanded_len).sum());
        run.entries.iter().for_each(|entry| entry.write(&mut body));
        let expanded = body.len();
        let packed = zstd::bulk::compress(&body, ZSTD_LEVEL).ok().filter(|packed| packed.len() < body.len());
        let codec = if packed.is_some() { Codec::ZSTD } else { Codec::PLAIN };
        Packed {
            feed: run.feed,
            first: run.first,
            count: run.entries.len(),
            link: Some(run.link),
            signature: run.signature,
            codec,
            named: Vec::new(),
            window: 0,
            expanded,
            body: packed.unwrap_or(body),
        }
    }

    /// Packs a run for someone who holds all that came before it in its feed.
    pub(crate) fn stripped<K: Known>(run: &RawRun, root: FeedId, before: &Before, known: &K, effort: Effort) -> Self {
        let Stripped { named, body } =
            strip::strip(&run.entries, (run.feed, root, run.first), before.trail.clone(), known);
        let (level, window) = effort.measures();
        match compress(&before.within(window), &body, level).filter(|_| body.len() <= MAX_CHUNK_EXPANDED) {
            Some(packed) => Packed {
                feed: run.feed,
                first: run.first,
                count: run.entries.len(),
                link: Some(run.link).filter(|link| matches!(link, Link::Genesis(_))),
                signature: run.signature,
                codec: Codec::STRIPPED,
                named,
                window,
                expanded: body.len(),
                body: packed,
            },
            None => Packed::plain(run),
        }
    }

    /// Unpacks a run of a codec that needs nothing else.
    pub(crate) fn unpack_plain(self) -> Result<RawRun, WireError> {
        let body = match self.codec {
            Codec::PLAIN => self.body,
            Codec::ZSTD => {
                zstd::bulk::decompress(&self.body, self.expanded).map_err(|_| WireError::Invalid("chunk body"))?
            }
            _ => return Err(WireError::Invalid("chunk codec")),
        };
        if body.len() != self.expanded {
            return Err(WireError::Invalid("chunk length"));
        }
        let mut reader = Reader::new(&body);
        let entries = (0..self.count).map(|_| RawEntry::read(&mut reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        let link = self.link.ok_or(WireError::Invalid("chunk link"))?;
        Ok(RawRun { feed: self.feed, first: self.first, link, entries, signature: self.signature })
    }

    /// Unpacks a stripped run of `feed`, in which `hash` stands before it.
    pub(crate) fn unpack_stripped<K: Known>(
        self,
        feed: &Feed,
        hash: &EntryHash,
        before: &Before,
        known: &K,
    ) -> Result<RawRun, ExpandError> {
        let body = decompress(&before.within(self.window), &self.body, self.expanded)
            .filter(|body| body.len() == self.expanded)
            .ok_or(WireError::Invalid("chunk body"))?;
        let stripped = Stripped { named: self.named, body };
        let place = (self.feed, feed.root, self.first);
        let entries = strip::expand(&stripped, self.count, place, before.trail.clone(), known)?;
        let link = self.link.unwrap_or(Link::Entry(first_eight(&hash.0)));
        Ok(RawRun { feed: self.feed, first: self.first, link, entries, signature: self.signature })
    }

    /// Appends a run without its feed: first number, count, link, signature, codec, expanded length, body. The link is
    /// the genesis where the first number is 1, so that whoever gets a feed's first entry gets all it takes to check it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.first.0);
        wire::put_number(out, self.count as u64);
        match &self.link {
            Some(Link::Genesis(genesis)) => out.extend_from_slice(&genesis.encode()),
            Some(Link::Entry(prefix)) => out.extend_from_slice(prefix),
            None => {}
        }
        out.extend_from_slice(&self.signature.0);
        if self.codec != Codec::STRIPPED {
            out.push(self.codec.0);
        }
        wire::put_number(out, self.expanded as u64);
        out.extend_from_slice(&self.body);
    }

    /// Reads a run of `feed` to the end of the bytes. Its expanded length is announced, checked against
    /// [`MAX_CHUNK_EXPANDED`], and never exceeded while unpacking.
    pub(crate) fn read(feed: FeedId, mut reader: Reader<'_>) -> Result<Self, WireError> {
        let mut packed = Packed::read_place(feed, &mut reader)?;
        packed.link = Some(match packed.first {
            Seq(1) => Link::Genesis(Genesis::read(&mut reader)?),
            _ => Link::Entry(reader.array("chunk link")?),
        });
        packed.signature = Signature(reader.array("chunk signature")?);
        packed.codec = Codec(reader.byte("chunk codec")?);
        if packed.codec == Codec::STRIPPED {
            // It has a frame of its own, with the window and the feeds that it needs.
            return Err(WireError::Invalid("chunk codec"));
        }
        packed.read_body(reader)
    }

    /// The same for a stripped run, whose codec, window and list of feeds the frame holds.
    pub(crate) fn read_stripped(
        feed: FeedId,
        window: usize,
        named: Vec<FeedId>,
        mut reader: Reader<'_>,
    ) -> Result<Self, WireError> {
        let mut packed = Packed { window, named, ..Packed::read_place(feed, &mut reader)? };
        if packed.first == Seq(1) {
            packed.link = Some(Link::Genesis(Genesis::read(&mut reader)?));
        }
        packed.signature = Signature(reader.array("chunk signature")?);
        packed.read_body(reader)
    }

    fn read_place(feed: FeedId, reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let first = Seq(reader.number_up_to(MAX_SEQ, "chunk first")? as u64);
        let count = reader.number_up_to(CHUNK_ENTRIES, "chunk count")?;
        if count == 0 || first.0 == 0 {
            return Err(WireError::Invalid("chunk numbers"));
        }
        let (link, signature, codec) = (None, Signature([0; 64]), Codec::STRIPPED);
        let (named, window, expanded, body) = (Vec::new(), 0, 0, Vec::new());
        Ok(Packed { feed, first, count, link, signature, codec, named, window, expanded, body })
    }

    fn read_body(mut self, mut reader: Reader<'_>) -> Result<Self, WireError> {
        self.expanded = reader.number_up_to(MAX_CHUNK_EXPANDED, "chunk length")?;
        self.body = reader.rest().to_vec();
        Ok(self)
    }
}

const _: () = assert!(MAX_NAMED < 256 && CHUNK_WINDOW.is_power_of_two(), "both travel in a byte");

/// Compresses after a prefix; `None` if the library refuses.
fn compress(prefix: &[u8], body: &[u8], level: i32) -> Option<Vec<u8>> {
    #[cfg(any(test, feature = "testing"))]
    return crate::memo::packed(&[prefix, body, &level.to_be_bytes()], || compress_anew(prefix, body, level));
    #[cfg(not(any(test, feature = "testing")))]
    compress_anew(prefix, body, level)
}

fn compress_anew(prefix: &[u8], body: &[u8], level: i32) -> Option<Vec<u8>> {
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ] {
        context.set_parameter(parameter).ok()?;
    }
    context.ref_prefix(prefix).ok()?;
    let mut packed: Vec<u8> = Vec::with_capacity(compress_bound(body.len()));
    context.compress2(&mut packed, body).ok()?;
    packed.strip_prefix(&MAGIC).map(<[u8]>::to_vec)
}

/// The reverse, into at most `expanded` bytes.
fn decompress(prefix: &[u8], packed: &[u8], expanded: usize) -> Option<Vec<u8>> {
    let mut context = DCtx::create();
    context.ref_prefix(prefix).ok()?;
    let mut body: Vec<u8> = Vec::with_capacity(expanded);
    context.decompress(&mut body, &[&MAGIC, packed].concat()).ok()?;
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entry::PayloadKind, ids::RecordId};

    fn run(payload: Vec<u8>) -> RawRun {
        let entry = RawEntry { kind: PayloadKind::CHANGE, record: Some(RecordId([1; 16])), payload };
        let created = RawEntry { record: None, ..entry.clone() };
        let entries = vec![entry, created];
        RawRun {
            feed: FeedId([5; 32]),
            first: Seq(9),
            link: Link::Entry([7; 8]),
            entries,
            signature: Signature([3; 64]),
        }
    }

    fn unpack(feed: FeedId, bytes: &[u8]) -> Result<RawRun, WireError> {
        Packed::read(feed, Reader::new(bytes))?.unpack_plain()
    }

    #[test]
    fn chunks_read_back_packed_or_plain() {
        for (payload, codec) in [(vec![0; 4_000], Codec::ZSTD), (vec![1, 2, 3], Codec::PLAIN)] {
            let run = run(payload);
            let mut bytes = Vec::new();
            Packed::plain(&run).write(&mut bytes);
            assert_eq!(bytes[2 + 8 + 64], codec.0);
            assert_eq!(unpack(run.feed, &bytes), Ok(run));
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = zstd::bulk::compress(&vec![0; 20_000_000], 19).unwrap();
        assert!(bomb.len() < 20_000);
        for announced in [20_000_000u64, 1_000] {
            let mut bytes = Vec::new();
            Packed::plain(&run(vec![0; 4_000])).write(&mut bytes);
            bytes.truncate(2 + 8 + 64 + 1);
            wire::put_number(&mut bytes, announced);
            bytes.extend_from_slice(&bomb);
            assert!(unpack(FeedId([5; 32]), &bytes).is_err());
        }
    }

    #[test]
    fn no_cut_or_altered_chunk_panics() {
        let mut bytes = Vec::new();
        Packed::plain(&run(vec![0; 4_000])).write(&mut bytes);
        for len in 0..bytes.len() {
            assert!(unpack(FeedId([5; 32]), &bytes[..len]).is_err(), "cut at {len}");
            let mut altered = bytes.clone();
            altered[len] ^= 0x55;
            let _ = unpack(FeedId([5; 32]), &altered);
        }
    }
}
