//! A compressed run of entries: the unit that is sent, verified, made durable and acknowledged as a whole.
//!
//! Every chunk ends at a signature, so nothing is ever half accepted: a cut in its middle costs that chunk and no
//! more. A codec id says how the body is packed; hashes and signatures are over the expanded entries, so a later codec
//! changes nothing but bytes.

use crate::{
    entry::Signature,
    feed::Genesis,
    ids::{FeedId, Seq},
    limits::{CHUNK_ENTRIES, MAX_CHUNK_EXPANDED, MAX_SEQ},
    verify::{Link, RawEntry, RawRun},
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
}

/// Zstandard's level: 16 KiB take about half a millisecond on an office laptop, and a second of waiting on a thin link
/// is worth far more.
const ZSTD_LEVEL: i32 = 9;

/// Appends a run without its feed: first number, count, link, signature, codec, expanded length, body. The link is the
/// genesis where the first number is 1, so that whoever gets a feed's first entry gets all it takes to check it.
pub(crate) fn write(run: &RawRun, out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(run.entries.iter().map(RawEntry::expanded_len).sum());
    run.entries.iter().for_each(|entry| entry.write(&mut body));
    wire::put_number(out, run.first.0);
    wire::put_number(out, run.entries.len() as u64);
    match &run.link {
        Link::Genesis(genesis) => out.extend_from_slice(&genesis.encode()),
        Link::Entry(prefix) => out.extend_from_slice(prefix),
    }
    out.extend_from_slice(&run.signature.0);
    let packed = zstd::bulk::compress(&body, ZSTD_LEVEL).ok().filter(|packed| packed.len() < body.len());
    let codec = if packed.is_some() { Codec::ZSTD } else { Codec::PLAIN };
    out.push(codec.0);
    wire::put_number(out, body.len() as u64);
    out.extend_from_slice(packed.as_deref().unwrap_or(&body));
}

/// Reads a run of `feed` to the end of the bytes. Its expanded length is announced, checked against
/// [`MAX_CHUNK_EXPANDED`], and never exceeded while unpacking.
pub(crate) fn read(feed: FeedId, mut reader: Reader<'_>) -> Result<RawRun, WireError> {
    let first = Seq(reader.number_up_to(MAX_SEQ, "chunk first")? as u64);
    let count = reader.number_up_to(CHUNK_ENTRIES, "chunk count")?;
    let link = match first {
        Seq(1) => Link::Genesis(Genesis::read(&mut reader)?),
        _ => Link::Entry(reader.array("chunk link")?),
    };
    let signature = Signature(reader.array("chunk signature")?);
    let codec = Codec(reader.byte("chunk codec")?);
    let expanded = reader.number_up_to(MAX_CHUNK_EXPANDED, "chunk length")?;
    if count == 0 || first.0 == 0 {
        return Err(WireError::Invalid("chunk numbers"));
    }
    let body = match codec {
        Codec::PLAIN => reader.rest().to_vec(),
        Codec::ZSTD => zstd::bulk::decompress(reader.rest(), expanded).map_err(|_| WireError::Invalid("chunk body"))?,
        _ => return Err(WireError::Invalid("chunk codec")),
    };
    if body.len() != expanded {
        return Err(WireError::Invalid("chunk length"));
    }
    let mut reader = Reader::new(&body);
    let entries = (0..count).map(|_| RawEntry::read(&mut reader)).collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(RawRun { feed, first, link, entries, signature })
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

    #[test]
    fn chunks_read_back_packed_or_plain() {
        for (payload, codec) in [(vec![0; 4_000], Codec::ZSTD), (vec![1, 2, 3], Codec::PLAIN)] {
            let run = run(payload);
            let mut bytes = Vec::new();
            write(&run, &mut bytes);
            assert_eq!(bytes[2 + 8 + 64], codec.0);
            assert_eq!(read(run.feed, Reader::new(&bytes)), Ok(run));
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = zstd::bulk::compress(&vec![0; 20_000_000], 19).unwrap();
        assert!(bomb.len() < 20_000);
        for announced in [20_000_000u64, 1_000] {
            let mut bytes = Vec::new();
            write(&run(vec![0; 4_000]), &mut bytes);
            bytes.truncate(2 + 8 + 64 + 1);
            wire::put_number(&mut bytes, announced);
            bytes.extend_from_slice(&bomb);
            assert!(read(FeedId([5; 32]), Reader::new(&bytes)).is_err());
        }
    }

    #[test]
    fn no_cut_or_altered_chunk_panics() {
        let mut bytes = Vec::new();
        write(&run(vec![0; 4_000]), &mut bytes);
        for len in 0..bytes.len() {
            assert!(read(FeedId([5; 32]), Reader::new(&bytes[..len])).is_err(), "cut at {len}");
            let mut altered = bytes.clone();
            altered[len] ^= 0x55;
            let _ = read(FeedId([5; 32]), Reader::new(&altered));
        }
    }
}
