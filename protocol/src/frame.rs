//! The wire units of a session. A frame is a type byte and fields; the transport carries its length.
//!
//! Each direction keeps a [`Dictionary`] of feeds: the first time a feed is named its 32 bytes are sent, afterwards a
//! number of one or two bytes. Where both hellos show that the two nodes know the same feeds, both dictionaries start
//! with all of them.

mod dictionary;

pub use self::dictionary::Dictionary;
use crate::{
    beacon::Told,
    chunk::{Codec, Packed},
    entry::strip::MAX_NAMED,
    feed::{ForkProof, Genesis, ProofSide},
    frontier::Digest,
    ids::{AuthorKey, EntryHash, Epoch, FeedId, Seq, UnixSeconds},
    limits::{CHUNK_WINDOW, MAX_BEACONS_AT_ONCE, MAX_SEQ},
    verify::RawRun,
    wire::{self, Reader, WireError},
};

/// Version of the session protocol. Two nodes speak the lower of the versions that their hellos give.
pub const VERSION: u8 = 2;

/// The oldest version that is still spoken: the frames up to *bye*, and chunks that are not stripped. A hello of an older
/// one is refused by name.
pub const OLDEST_VERSION: u8 = 1;

/// A unit on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The first frame of each side, and the only one answered before it has been checked.
    Hello(Hello),
    /// All that the sender holds, and its digest. Later frontiers of a session replace the earlier ones.
    Frontier(Digest, Vec<(FeedId, Seq)>),
    /// The same, as far as it is otherwise than at the mark that the receiver named in its hello.
    Changed(Digest, Vec<(FeedId, Seq)>),
    /// Entries.
    Chunk(Packed),
    /// Asks for the last entries of a feed ahead of those between.
    AskAhead(FeedId),
    /// The last entries of a feed, in a plain chunk, with the feed's genesis and the hash of the entry before them.
    Ahead(Genesis, EntryHash, Packed),
    /// The sender could not unpack a run of this feed: it is to be sent anew from after this number, plain.
    Plain(FeedId, Seq),
    /// What the sender now holds, durably: acknowledges chunks, and saves the receiver from sending the same again.
    /// With its digest where, as far as the sender knows, both hold the same numbers.
    Have(Vec<(FeedId, Seq)>, Option<Digest>),
    /// The sender cannot go on in a feed from what it was sent; it holds the feed up to this number.
    Hold(FeedId, Seq),
    /// Entries the sender holds, by number and the first eight bytes of their hash; asks which differ.
    Compare(Vec<(FeedId, Seq, [u8; 8])>),
    /// The numbers of a [`Frame::Compare`] at which the sender holds the same (true), and at which another entry.
    Compared(Vec<(FeedId, Seq, bool)>),
    /// The sender's side of a fork: its entries after the number, which both sides hold alike.
    Side(FeedId, Seq, ProofSide),
    /// Ends a feed at a fork and begins its branches.
    Fork(ForkProof),
    /// The sender ends the session, and why.
    Bye(Reason),
    /// Beacons that the receiver may not know, each with a feed of its author; none: thanks for those that came.
    Beacons(Vec<(FeedId, Told)>),
}

/// The opening of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The highest version that the sender speaks.
    pub version: u8,
    /// Proof of the network secret, over both peers' keys: [`hello_mac`].
    pub mac: [u8; 16],
    /// The sender's store.
    pub epoch: Epoch,
    /// All that the sender holds.
    pub digest: Digest,
    /// The feeds that the sender knows, in the order of their ids: [`feeds_digest`].
    pub feeds: [u8; 8],
    /// The mark up to which both held the same when they last met, by the first eight bytes of its digest; zeros for none.
    pub baseline: [u8; 8],
    /// The sender's clock.
    pub clock: UnixSeconds,
}

/// Why a session ends, as both operators read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[repr(u8)]
pub enum Reason {
    /// The hello does not prove the network secret.
    #[error("not of this network: the network secrets differ")]
    Stranger = 1,
    /// Another protocol version.
    #[error("speaks another version of the protocol; update the older node")]
    Version = 2,
    /// Bytes that do not follow the format.
    #[error("sent a malformed frame")]
    Malformed = 3,
    /// A frame where it has no place.
    #[error("sent a frame out of turn")]
    OutOfTurn = 4,
    /// A signature that is not the author's.
    #[error("sent an entry whose signature is wrong")]
    Signature = 5,
    /// More than a bound allows.
    #[error("sent more than the limits allow")]
    Limit = 6,
    /// A newer session of the same peer.
    #[error("replaced by a newer connection")]
    Replaced = 7,
    /// Nothing was heard for too long.
    #[error("not heard from in time")]
    Silent = 8,
    /// The node stops.
    #[error("stopping")]
    Stopping = 9,
    /// The same device key: a second copy of this node.
    #[error("has this node's own key: a copied data directory is running twice")]
    Ourselves = 10,
}

impl Reason {
    const ALL: [Reason; 10] = [
        Reason::Stranger,
        Reason::Version,
        Reason::Malformed,
        Reason::OutOfTurn,
        Reason::Signature,
        Reason::Limit,
        Reason::Replaced,
        Reason::Silent,
        Reason::Stopping,
        Reason::Ourselves,
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == byte)
    }
}

/// The proof of the network secret in a hello: keyed BLAKE3 over the sender's key, the receiver's key, the version and the
/// other fields of the hello, first 16 bytes. The transport has authenticated both keys, so it is of no use to anyone else.
pub fn hello_mac(secret: &[u8], from: &AuthorKey, to: &AuthorKey, hello: &Hello) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key("toguna 2026 hello", secret));
    hasher.update(&from.0);
    hasher.update(&to.0);
    let mut rest = vec![hello.version];
    hello.write_body(&mut rest);
    hasher.update(&rest);
    let mut mac = [0; 16];
    mac.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    mac
}

/// Eight bytes over the known feeds' ids in order.
pub fn feeds_digest<'a>(feeds: impl IntoIterator<Item = &'a FeedId>) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key("toguna 2026 feed list");
    for feed in feeds {
        hasher.update(&feed.0);
    }
    hasher.finalize().as_bytes()[..8].try_into().expect("a hash has 32 bytes")
}

impl Hello {
    fn write_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.epoch.0);
        out.extend_from_slice(&self.digest.0);
        out.extend_from_slice(&self.feeds);
        out.extend_from_slice(&self.baseline);
        wire::put_number(out, self.clock.0.max(0) as u64);
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, WireError> {
        let version = reader.byte("version")?;
        if version < OLDEST_VERSION {
            return Err(WireError::Invalid("version"));
        }
        let hello = Hello {
            version,
            mac: reader.array("hello proof")?,
            epoch: Epoch(reader.array("hello epoch")?),
            digest: Digest(reader.array("hello digest")?),
            feeds: reader.array("hello feeds")?,
            baseline: reader.array("hello baseline")?,
            clock: UnixSeconds(reader.number_up_to(i64::MAX as usize, "hello clock")? as i64),
        };
        // What a later version adds is not for us.
        if version <= VERSION {
            reader.end()?;
        }
        Ok(hello)
    }
}

fn write_chunk(packed: &Packed, dictionary: &mut Dictionary, out: &mut Vec<u8>) {
    let stripped = packed.codec == Codec::STRIPPED;
    out.push(if stripped { tag::STRIPPED } else { tag::CHUNK });
    dictionary.write(packed.feed, out);
    if stripped {
        out.push(packed.window.trailing_zeros() as u8);
        out.push(packed.named.len() as u8);
        packed.named.iter().for_each(|feed| dictionary.write(*feed, out));
    }
    packed.write(out);
}

fn read_stripped(dictionary: &mut Dictionary, mut reader: Reader<'_>) -> Result<Packed, WireError> {
    let feed = dictionary.read(&mut reader)?;
    let bits = u32::from(reader.byte("chunk window")?);
    let window = 1usize.checked_shl(bits).filter(|window| *window <= CHUNK_WINDOW);
    let window = window.ok_or(WireError::TooLarge("chunk window"))?;
    let count = reader.number_up_to(MAX_NAMED, "chunk feeds")?;
    let named = (0..count).map(|_| dictionary.read(&mut reader)).collect::<Result<_, _>>()?;
    Packed::read_stripped(feed, window, named, reader)
}

fn read_seq(reader: &mut Reader<'_>) -> Result<Seq, WireError> {
    Ok(Seq(reader.number_up_to(MAX_SEQ, "seq")? as u64))
}

mod tag {
    pub(super) const HELLO: u8 = 1;
    pub(super) const FRONTIER: u8 = 2;
    pub(super) const CHUNK: u8 = 3;
    pub(super) const HAVE: u8 = 4;
    pub(super) const HOLD: u8 = 5;
    pub(super) const COMPARE: u8 = 6;
    pub(super) const COMPARED: u8 = 7;
    pub(super) const SIDE: u8 = 8;
    pub(super) const FORK: u8 = 9;
    pub(super) const BYE: u8 = 10;
    pub(super) const BEACONS: u8 = 11;
    pub(super) const STRIPPED: u8 = 12;
    pub(super) const PLAIN: u8 = 13;
    pub(super) const CHANGED: u8 = 14;
    pub(super) const LISTED: u8 = 15;
    pub(super) const ASK_AHEAD: u8 = 16;
    pub(super) const AHEAD: u8 = 17;

    /// The last that the first version has.
    pub(super) const LAST_OF_1: u8 = BYE;
}

impl Frame {
    /// A run in a chunk that can be unpacked without knowing anything else.
    pub fn plain(run: &RawRun) -> Self {
        Frame::Chunk(Packed::plain(run))
    }

    /// The frame's bytes, which may add to the sender's dictionary: frames must be sent in the order they were made.
    pub fn encode(&self, dictionary: &mut Dictionary) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Frame::Hello(hello) => {
                out.extend_from_slice(&[tag::HELLO, hello.version]);
                out.extend_from_slice(&hello.mac);
                hello.write_body(&mut out);
            }
            Frame::Frontier(digest, numbers) if dictionary.lists(numbers) => {
                out.push(tag::LISTED);
                out.extend_from_slice(&digest.0);
                dictionary.write_listed(numbers, &mut out);
            }
            Frame::Frontier(digest, numbers) | Frame::Changed(digest, numbers) => {
                out.push(if matches!(self, Frame::Changed(..)) { tag::CHANGED } else { tag::FRONTIER });
                out.extend_from_slice(&digest.0);
                dictionary.write_numbers(numbers, &mut out);
            }
            Frame::AskAhead(feed) => {
                out.push(tag::ASK_AHEAD);
                dictionary.write(*feed, &mut out);
            }
            Frame::Ahead(genesis, before, packed) => {
                out.push(tag::AHEAD);
                out.extend_from_slice(&genesis.encode());
                out.extend_from_slice(&before.0);
                packed.write(&mut out);
            }
            Frame::Chunk(packed) => write_chunk(packed, dictionary, &mut out),
            Frame::Have(numbers, digest) => {
                out.push(tag::HAVE);
                dictionary.write_numbers(numbers, &mut out);
                out.extend_from_slice(digest.as_ref().map_or(&[], |digest| &digest.0[..]));
            }
            Frame::Hold(feed, seq) | Frame::Plain(feed, seq) => {
                out.push(if matches!(self, Frame::Plain(..)) { tag::PLAIN } else { tag::HOLD });
                dictionary.write(*feed, &mut out);
                wire::put_number(&mut out, seq.0);
            }
            Frame::Compare(items) => {
                out.push(tag::COMPARE);
                dictionary.write_items(items, &mut out, |hash, out| out.extend_from_slice(hash));
            }
            Frame::Compared(items) => {
                out.push(tag::COMPARED);
                dictionary.write_items(items, &mut out, |same, out| out.push(u8::from(*same)));
            }
            Frame::Side(feed, seq, side) => {
                out.push(tag::SIDE);
                dictionary.write(*feed, &mut out);
                wire::put_number(&mut out, seq.0);
                side.write(&mut out);
            }
            Frame::Fork(proof) => {
                out.push(tag::FORK);
                proof.write(&mut out);
            }
            Frame::Bye(reason) => out.extend_from_slice(&[tag::BYE, *reason as u8]),
            Frame::Beacons(beacons) => {
                out.push(tag::BEACONS);
                wire::put_number(&mut out, beacons.len() as u64);
                for (feed, told) in beacons {
                    dictionary.write(*feed, &mut out);
                    told.write(&mut out);
                }
            }
        }
        out
    }

    /// Reads one frame. The caller has bounded its length.
    pub fn decode(bytes: &[u8], dictionary: &mut Dictionary) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.byte("frame type")?;
        if dictionary.version() < 2 && kind > tag::LAST_OF_1 {
            return Err(WireError::Invalid("frame type"));
        }
        let frame = match kind {
            tag::HELLO => return Hello::read(reader).map(Frame::Hello),
            tag::FRONTIER => {
                let digest = Digest(reader.array("digest")?);
                let numbers = dictionary.read_numbers(&mut reader)?;
                // One frontier has one encoding.
                if dictionary.lists(&numbers) {
                    return Err(WireError::Invalid("frontier"));
                }
                Frame::Frontier(digest, numbers)
            }
            tag::LISTED => {
                let digest = Digest(reader.array("digest")?);
                return Ok(Frame::Frontier(digest, dictionary.read_listed(reader)?));
            }
            tag::CHANGED => {
                let digest = Digest(reader.array("digest")?);
                Frame::Changed(digest, dictionary.read_numbers(&mut reader)?)
            }
            tag::CHUNK => {
                let feed = dictionary.read(&mut reader)?;
                return Packed::read(feed, reader).map(Frame::Chunk);
            }
            tag::STRIPPED => return read_stripped(dictionary, reader).map(Frame::Chunk),
            tag::ASK_AHEAD => Frame::AskAhead(dictionary.read(&mut reader)?),
            tag::AHEAD => {
                let genesis = Genesis::read(&mut reader)?;
                let before = EntryHash(reader.array("hash before")?);
                return Packed::read(genesis.id(), reader).map(|packed| Frame::Ahead(genesis, before, packed));
            }
            tag::PLAIN => Frame::Plain(dictionary.read(&mut reader)?, read_seq(&mut reader)?),
            tag::HAVE => {
                let numbers = dictionary.read_numbers(&mut reader)?;
                let digest = if reader.is_empty() { None } else { Some(Digest(reader.array("digest")?)) };
                Frame::Have(numbers, digest)
            }
            tag::HOLD => Frame::Hold(dictionary.read(&mut reader)?, read_seq(&mut reader)?),
            tag::COMPARE => Frame::Compare(dictionary.read_items(&mut reader, |reader| reader.array("hash"))?),
            tag::COMPARED => {
                Frame::Compared(dictionary.read_items(&mut reader, |reader| match reader.byte("same")? {
                    same @ (0 | 1) => Ok(same == 1),
                    _ => Err(WireError::Invalid("same")),
                })?)
            }
            tag::SIDE => {
                let feed = dictionary.read(&mut reader)?;
                Frame::Side(feed, read_seq(&mut reader)?, ProofSide::read(&mut reader)?)
            }
            tag::FORK => Frame::Fork(ForkProof::read(&mut reader)?),
            tag::BEACONS => {
                let count = reader.number_up_to(MAX_BEACONS_AT_ONCE, "beacons")?;
                let mut beacons = Vec::new();
                for _ in 0..count {
                    beacons.push((dictionary.read(&mut reader)?, Told::read(&mut reader)?));
                }
                Frame::Beacons(beacons)
            }
            tag::BYE => Frame::Bye(Reason::of(reader.byte("reason")?).ok_or(WireError::Invalid("reason"))?),
            _ => return Err(WireError::Invalid("frame type")),
        };
        reader.end()?;
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        beacon::{Base, Beacon, Claim, Holdings},
        entry::{PayloadKind, Signature},
        feed::{Genesis, ProofHeader, Signer, Tip},
        ids::{CompartmentId, EntryHash, Incarnation, NetworkId, PayloadHash, RecordId},
        verify::{Link, RawEntry},
    };

    pub(crate) fn one_of_each() -> Vec<Frame> {
        let (a, b) = (FeedId([1; 32]), FeedId([2; 32]));
        let header =
            ProofHeader { kind: PayloadKind::CHANGE, record: RecordId([4; 16]), payload_hash: PayloadHash([5; 32]) };
        let side = ProofSide { headers: vec![header], signature: Signature([6; 64]) };
        let base = Tip { seq: Seq(7), hash: EntryHash([8; 32]) };
        let entry = RawEntry { kind: PayloadKind::CHANGE, record: None, payload: b"payload".to_vec() };
        let genesis = Genesis {
            network: NetworkId([1; 32]),
            author: AuthorKey([2; 32]),
            incarnation: Incarnation([3; 16]),
            compartment: CompartmentId::GENERAL,
        };
        let (first, link, signature) = (Seq(2), Link::Entry([9; 8]), Signature([7; 64]));
        let run = RawRun { feed: b, first, link, entries: vec![entry], signature };
        let ahead = RawRun { feed: genesis.id(), ..run.clone() };
        let ahead = Frame::Ahead(genesis, EntryHash([9; 32]), Packed::plain(&ahead));
        let signer = Signer::new(&[1; 32], NetworkId([1; 32]));
        let beacon = |numbers: &[(FeedId, Seq)]| {
            Beacon::sign(&signer, Claim::new(4, UnixSeconds(9), "0.1.0"), Holdings::of(numbers.iter().copied()))
        };
        let said = Holdings::of([(a, Seq(300)), (b, Seq(2))]);
        let told = beacon(&[(a, Seq(299)), (b, Seq(2))]).told(Base::Sender, &said);
        let other = beacon(&[(a, Seq(300))]).told(Base::Last, &Holdings::default());
        vec![
            Frame::Hello(Hello {
                version: VERSION,
                mac: [1; 16],
                epoch: Epoch([2; 8]),
                digest: Digest([3; 16]),
                feeds: [4; 8],
                baseline: [6; 8],
                clock: UnixSeconds(1_795_000_000),
            }),
            Frame::Frontier(Digest([5; 16]), vec![(a, Seq(300)), (b, Seq(1))]),
            Frame::Changed(Digest([5; 16]), vec![(a, Seq(301))]),
            Frame::plain(&RawRun { feed: b, first: Seq(1), link: Link::Genesis(genesis), ..run.clone() }),
            Frame::plain(&run),
            Frame::AskAhead(b),
            ahead,
            Frame::Have(vec![(b, Seq(2))], None),
            Frame::Have(vec![], Some(Digest([5; 16]))),
            Frame::Hold(a, Seq(300)),
            Frame::Compare(vec![(a, Seq(1), [1; 8]), (b, Seq(300), [2; 8])]),
            Frame::Compared(vec![(a, Seq(1), true), (b, Seq(300), false)]),
            Frame::Side(a, Seq(7), side.clone()),
            Frame::Fork(ForkProof { genesis, base, sides: [side.clone(), side] }),
            Frame::Bye(Reason::Stopping),
            Frame::Beacons(vec![(b, told), (a, other)]),
            Frame::Beacons(vec![]),
        ]
    }

    #[test]
    fn frames_read_back_and_name_each_feed_once() {
        let (mut ours, mut theirs) = (Dictionary::default(), Dictionary::default());
        for frame in one_of_each() {
            let bytes = frame.encode(&mut ours);
            assert_eq!(Frame::decode(&bytes, &mut theirs), Ok(frame));
        }
        let again = Frame::Have(vec![(FeedId([1; 32]), Seq(5))], None).encode(&mut ours);
        assert_eq!(again, [tag::HAVE, 1, 1, 5]);
    }

    #[test]
    fn nothing_new_costs_less_than_64_bytes_each_way() {
        let hello = one_of_each().remove(0).encode(&mut Dictionary::default());
        assert!(hello.len() < 64, "{} bytes", hello.len());
    }

    #[test]
    fn a_hello_of_a_later_version_is_read_as_far_as_it_is_known() {
        let frame = one_of_each().remove(0);
        let mut bytes = frame.encode(&mut Dictionary::default());
        bytes[1] = VERSION + 1;
        bytes.extend([1, 2, 3]);
        let Frame::Hello(hello) = frame else { unreachable!() };
        let later = Frame::Hello(Hello { version: VERSION + 1, ..hello });
        assert_eq!(Frame::decode(&bytes, &mut Dictionary::default()), Ok(later));
        bytes[1] = OLDEST_VERSION - 1;
        assert_eq!(Frame::decode(&bytes, &mut Dictionary::default()), Err(WireError::Invalid("version")));
        bytes[1] = VERSION;
        assert_eq!(Frame::decode(&bytes, &mut Dictionary::default()), Err(WireError::Trailing));
    }

    #[test]
    fn what_could_be_said_in_another_way_too_is_refused() {
        let decode = |bytes: &[u8]| Frame::decode(bytes, &mut Dictionary::default());
        let named = [&[0][..], &[1; 32], &[5]].concat();
        let twice = [&[tag::HAVE, 2][..], &named, &named].concat();
        assert_eq!(decode(&twice), Err(WireError::Invalid("feed named twice")));
        // A stripped run in the frame of plain ones.
        let chunk = one_of_each().into_iter().find(|frame| matches!(frame, Frame::Chunk(_))).expect("there is one");
        let Frame::Chunk(packed) = chunk else { unreachable!() };
        let mut bytes = vec![tag::CHUNK];
        Dictionary::default().write(packed.feed, &mut bytes);
        packed.write(&mut bytes);
        let at = bytes.len() - packed.body.len() - 2;
        assert!(decode(&bytes).is_ok() && bytes[at] == packed.codec.0);
        bytes[at] = Codec::STRIPPED.0;
        assert_eq!(decode(&bytes), Err(WireError::Invalid("chunk codec")));
        let mut hello = one_of_each().remove(0).encode(&mut Dictionary::default());
        hello.truncate(hello.len() - 5);
        hello.extend([0xff; 9]);
        hello.push(1);
        assert_eq!(decode(&hello), Err(WireError::TooLarge("hello clock")));
    }

    #[test]
    fn no_cut_or_altered_frame_panics() {
        for frame in one_of_each() {
            let bytes = frame.encode(&mut Dictionary::default());
            for at in 0..bytes.len() {
                // A `Have` without its digest is one that never had it.
                // What a cut chunk lacks shows when it is unpacked.
                let whole = |cut: &Result<Frame, _>| match cut {
                    Ok(Frame::Chunk(packed) | Frame::Ahead(_, _, packed)) => packed.clone().unpack_plain().is_err(),
                    cut => matches!(cut, Ok(Frame::Have(_, None))),
                };
                let cut = Frame::decode(&bytes[..at], &mut Dictionary::default());
                assert!(cut.is_err() || whole(&cut));
                let mut altered = bytes.clone();
                altered[at] ^= 0xff;
                let _ = Frame::decode(&altered, &mut Dictionary::default());
            }
        }
    }

    #[test]
    fn the_proof_in_a_hello_is_of_use_to_nobody_else() {
        let Frame::Hello(hello) = one_of_each().remove(0) else { unreachable!() };
        let (a, b) = (AuthorKey([1; 32]), AuthorKey([2; 32]));
        let mac = hello_mac(b"secret", &a, &b, &hello);
        assert_eq!(mac, hello_mac(b"secret", &a, &b, &Hello { mac: [0; 16], ..hello }));
        for other in [
            hello_mac(b"another", &a, &b, &hello),
            hello_mac(b"secret", &b, &a, &hello),
            hello_mac(b"secret", &a, &a, &hello),
            hello_mac(b"secret", &a, &b, &Hello { version: 1, ..hello }),
            hello_mac(b"secret", &a, &b, &Hello { epoch: Epoch([0; 8]), ..hello }),
        ] {
            assert_ne!(mac, other);
        }
    }
}
