//! A node's signed statement of what it holds: its frontier, its clock, its program's version.
//!
//! Of a node's beacons the one with the greatest [`Rank`] counts, wherever it was heard. Nodes pass them on to each
//! other, so that everyone knows how far everyone was, also over links they never have. Beacons are for people and
//! their receipts: what is sent, accepted and applied never depends on one, and all of them may be lost without losing
//! data.
//!
//! A beacon names feeds by the first eight bytes of their ids. Over a session it travels as a [`Delta`] against
//! something both sides know, and is put together again before its signature is checked.

mod bits;

use std::{collections::BTreeMap, sync::Arc};

use self::bits::{BitReader, BitWriter};
use crate::{
    entry::Signature,
    feed::{self, Signer},
    ids::{AuthorKey, FeedId, NetworkId, Seq, UnixSeconds},
    limits::{MAX_BEACON_FEEDS, MAX_SEQ, MAX_VERSION},
    verify::first_eight,
    wire::{self, Reader, WireError},
};

/// The only layout so far.
const FORMAT: u8 = 1;

/// A feed as a beacon names it.
pub type Prefix = [u8; 8];

/// What a node says it holds: feeds and their numbers, in order. Feeds of which it holds nothing are left out. Copies
/// share what they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings(Arc<[(Prefix, Seq)]>);

impl Holdings {
    /// Of a frontier. What no beacon has room for is left out: it says less than there is, never more.
    pub fn of(numbers: impl IntoIterator<Item = (FeedId, Seq)>) -> Self {
        let mut held: BTreeMap<Prefix, Seq> = BTreeMap::new();
        for (feed, seq) in numbers.into_iter().filter(|(_, seq)| *seq > Seq(0)) {
            // Two feeds with one prefix: the lower number holds for both.
            held.entry(first_eight(&feed.0)).and_modify(|other| *other = seq.min(*other)).or_insert(seq);
        }
        Holdings(held.into_iter().take(MAX_BEACON_FEEDS).collect())
    }

    /// How far a feed is held; 0 where it is not named.
    pub fn get(&self, feed: &FeedId) -> Seq {
        self.at(&first_eight(&feed.0))
    }

    fn at(&self, prefix: &Prefix) -> Seq {
        self.0.binary_search_by_key(prefix, |(known, _)| *known).map_or(Seq(0), |at| self.0[at].1)
    }

    /// The feeds and their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix, Seq)> + '_ {
        self.0.iter().copied()
    }
}

/// How holdings differ from others that both sides know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// For each feed of the base with another number: how many feeds are passed over before it, and by how much the
    /// number is greater. What comes to 0 is not held.
    changes: Vec<(u64, i64)>,
    /// Feeds that the base does not name.
    added: Vec<(Prefix, Seq)>,
}

impl Delta {
    /// What makes `target` of `base`.
    pub fn between(base: &Holdings, target: &Holdings) -> Self {
        let (mut changes, mut added, mut passed) = (Vec::new(), Vec::new(), 0);
        // Both are in order: one walk over the two, since thousands of these are made of a thousand feeds each.
        let mut rest = target.iter().peekable();
        for (prefix, seq) in base.iter() {
            added.extend(std::iter::from_fn(|| rest.next_if(|(next, _)| *next < prefix)));
            let held = rest.next_if(|(next, _)| *next == prefix).map_or(0, |(_, seq)| seq.0);
            match held as i64 - seq.0 as i64 {
                0 => passed += 1,
                change => changes.push((std::mem::take(&mut passed), change)),
            }
        }
        added.extend(rest);
        Delta { changes, added }
    }

    /// What this makes of `base`. An error if it cannot have been made from it.
    pub fn apply(&self, base: &Holdings) -> Result<Holdings, WireError> {
        let mut held: Vec<(Prefix, Seq)> = base.0.to_vec();
        let mut at = 0_usize;
        for (passed, change) in &self.changes {
            let place = usize::try_from(*passed).ok().and_then(|passed| at.checked_add(passed));
            let place = place.filter(|place| *place < held.len()).ok_or(WireError::Invalid("beacon feed"))?;
            let changed = (held[place].1.0 as i64).checked_add(*change).and_then(|seq| u64::try_from(seq).ok());
            let changed = changed.filter(|seq| *seq <= MAX_SEQ as u64).ok_or(WireError::TooLarge("beacon seq"))?;
            held[place].1 = Seq(changed);
            at = place + 1;
        }
        held.retain(|(_, seq)| *seq > Seq(0));
        for (prefix, seq) in &self.added {
            if base.at(prefix) > Seq(0) {
                return Err(WireError::Invalid("beacon feed"));
            }
            held.push((*prefix, *seq));
        }
        held.sort_unstable();
        if held.len() > MAX_BEACON_FEEDS { Err(WireError::TooLarge("beacon feeds")) } else { Ok(Holdings(held.into())) }
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.changes.len() + self.added.len()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.changes.len() as u64);
        let mut bits = BitWriter::new(out);
        for (passed, change) in &self.changes {
            bits.gamma(passed + 1);
            // Zigzag: −1, 1, −2, 2, … become 1, 2, 3, 4, …
            bits.gamma(((change << 1) ^ (change >> 63)) as u64);
        }
        write_held(&self.added, out);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let count = reader.number_up_to(MAX_BEACON_FEEDS, "beacon changes")?;
        let mut changes = Vec::new();
        let mut bits = BitReader::new(reader);
        for _ in 0..count {
            let passed = bits.gamma("beacon feed")? - 1;
            let zigzag = bits.gamma("beacon change")?;
            changes.push((passed, (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)));
        }
        bits.end("beacon changes")?;
        Ok(Delta { changes, added: read_held(reader)? })
    }
}

fn write_held(held: &[(Prefix, Seq)], out: &mut Vec<u8>) {
    wire::put_number(out, held.len() as u64);
    for (prefix, seq) in held {
        out.extend_from_slice(prefix);
        wire::put_number(out, seq.0);
    }
}

/// Feeds in ascending order, each with a number above 0.
fn read_held(reader: &mut Reader<'_>) -> Result<Vec<(Prefix, Seq)>, WireError> {
    let count = reader.number_up_to(MAX_BEACON_FEEDS, "beacon feeds")?;
    let mut held: Vec<(Prefix, Seq)> = Vec::new();
    for _ in 0..count {
        let prefix = reader.array("beacon feed")?;
        let seq = reader.number_up_to(MAX_SEQ, "beacon seq")? as u64;
        if seq == 0 || held.last().is_some_and(|(last, _)| *last >= prefix) {
            return Err(WireError::Invalid("beacon feed"));
        }
        held.push((prefix, Seq(seq)));
    }
    Ok(held)
}

/// Which of two beacons of a node counts: the one with the greater counter; of two copies of a node that counted alike,
/// the one whose signature is greater, so that everyone keeps the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u64, [u8; 8]);

/// What a beacon says beside what is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Greater than in any beacon of this node that it has made or heard of.
    pub counter: u64,
    /// The node's clock.
    pub clock: UnixSeconds,
    /// The program's version.
    pub version: String,
}

impl Claim {
    /// A claim whose parts are within their bounds.
    pub fn new(counter: u64, clock: UnixSeconds, version: &str) -> Self {
        let version = version.chars().filter(char::is_ascii_graphic).take(MAX_VERSION).collect();
        Claim { counter: counter.min(MAX_SEQ as u64), clock: UnixSeconds(clock.0.max(0)), version }
    }

    fn write(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.counter);
        wire::put_number(out, self.clock.0 as u64);
        wire::put_bytes(out, self.version.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let counter = reader.number_up_to(MAX_SEQ, "beacon counter")? as u64;
        let clock = reader.number_up_to(i64::MAX as usize, "beacon clock")? as i64;
        let len = reader.number_up_to(MAX_VERSION, "beacon version")?;
        let version = reader.bytes(len, "beacon version")?;
        if !version.iter().all(u8::is_ascii_graphic) {
            return Err(WireError::Invalid("beacon version"));
        }
        Ok(Claim { counter, clock: UnixSeconds(clock), version: String::from_utf8_lossy(version).into_owned() })
    }
}

/// A beacon on its way over a session, before its author and its base are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it claims.
    pub claim: Claim,
    /// The base of the delta.
    pub base: Base,
    /// What makes its holdings of the base's.
    pub delta: Delta,
    /// The author's signature over the whole.
    pub signature: Signature,
}

/// What a delta is made against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Base {
    /// What the sender first said in this session that it holds: in its first frontier, or by a digest that was equal.
    Sender = 0,
    /// The same of the receiver.
    Receiver = 1,
    /// The holdings of the last beacon that the sender sent in this session; nothing before the first.
    Last = 2,
}

impl Base {
    /// All bases, in the order of their numbers.
    pub const ALL: [Base; 3] = [Base::Sender, Base::Receiver, Base::Last];
}

impl Told {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.claim.write(out);
        out.push(self.base as u8);
        self.delta.write(out);
        out.extend_from_slice(&self.signature.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let claim = Claim::read(reader)?;
        let base = usize::from(reader.byte("beacon base")?);
        let base = *Base::ALL.get(base).ok_or(WireError::Invalid("beacon base"))?;
        let delta = Delta::read(reader)?;
        Ok(Told { claim, base, delta, signature: Signature(reader.array("beacon signature")?) })
    }

    /// Which of the node's beacons this is.
    pub fn rank(&self) -> Rank {
        rank(&self.claim, &self.signature)
    }

    /// The bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let mut out = Vec::new();
        self.write(&mut out);
        out.len()
    }
}

fn rank(claim: &Claim, signature: &Signature) -> Rank {
    Rank(claim.counter, signature.0[..8].try_into().expect("a signature has 64 bytes"))
}

/// A beacon that is known to be its author's: made here, checked, or read back from our store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beacon {
    author: AuthorKey,
    claim: Claim,
    holds: Holdings,
    signature: Signature,
}

impl Beacon {
    /// Makes a beacon of this device.
    pub fn sign(signer: &Signer, claim: Claim, holds: Holdings) -> Self {
        let author = signer.author();
        let signature = signer.sign(&signed_bytes(&signer.network(), &body(&author, &claim, &holds)));
        Beacon { author, claim, holds, signature }
    }

    /// A beacon as a peer told it; `None` if the author did not sign it.
    pub fn verify(network: &NetworkId, author: AuthorKey, told: Told, holds: Holdings) -> Option<Self> {
        let Told { claim, signature, .. } = told;
        let signed = signed_bytes(network, &body(&author, &claim, &holds));
        if !feed::is_signed(&author, &signed, &signature) {
            return None;
        }
        #[cfg(any(test, feature = "testing"))]
        let holds = Holdings(crate::memo::shared(&[&signed], holds.0));
        Some(Beacon { author, claim, holds, signature })
    }

    /// Who says so.
    pub fn author(&self) -> AuthorKey {
        self.author
    }

    /// What it claims beside what is held.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// What the author held.
    pub fn holds(&self) -> &Holdings {
        &self.holds
    }

    /// Which of the author's beacons this is.
    pub fn rank(&self) -> Rank {
        rank(&self.claim, &self.signature)
    }

    /// As it travels against a base.
    pub fn told(&self, base: Base, holds: &Holdings) -> Told {
        let delta = Delta::between(holds, &self.holds);
        Told { claim: self.claim.clone(), base, delta, signature: self.signature }
    }

    /// The canonical bytes, by themselves: the body and the signature.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = body(&self.author, &self.claim, &self.holds);
        out.extend_from_slice(&self.signature.0);
        out
    }

    /// Reads what our own store keeps: the signature was checked when it came.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        if reader.byte("beacon format")? != FORMAT {
            return Err(WireError::Invalid("beacon format"));
        }
        let author = AuthorKey(reader.array("beacon author")?);
        let claim = Claim::read(reader)?;
        let holds = Holdings(read_held(reader)?.into());
        Ok(Beacon { author, claim, holds, signature: Signature(reader.array("beacon signature")?) })
    }
}

fn body(author: &AuthorKey, claim: &Claim, holds: &Holdings) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + holds.0.len() * 12);
    out.push(FORMAT);
    out.extend_from_slice(&author.0);
    claim.write(&mut out);
    write_held(&holds.0, &mut out);
    out
}

/// What is signed: a domain tag, the network, a hash of the body.
fn signed_bytes(network: &NetworkId, body: &[u8]) -> Vec<u8> {
    let hash = blake3::derive_key("toguna 2026 beacon", body);
    [&b"toguna beacon 1"[..], &network.0, &hash].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: NetworkId = NetworkId([5; 32]);

    fn holdings(numbers: &[(u8, u64)]) -> Holdings {
        Holdings::of(numbers.iter().map(|(feed, seq)| (FeedId([*feed; 32]), Seq(*seq))))
    }

    fn beacon(numbers: &[(u8, u64)]) -> Beacon {
        let claim = Claim::new(3, UnixSeconds(1_795_000_000), "0.1.0");
        Beacon::sign(&Signer::new(&[1; 32], NETWORK), claim, holdings(numbers))
    }

    #[test]
    fn holdings_come_back_from_any_base() {
        let some = [&[][..], &[(1, 5)], &[(1, 5), (2, 7), (9, 1)], &[(2, 300), (4, 1)], &[(1, 6), (2, 7), (9, 1)]];
        for base in some.map(holdings) {
            for target in some.map(holdings) {
                let delta = Delta::between(&base, &target);
                assert_eq!(delta.apply(&base), Ok(target.clone()));
                assert_eq!(delta.is_empty(), base == target);
                let mut bytes = Vec::new();
                delta.write(&mut bytes);
                assert_eq!(Delta::read(&mut Reader::new(&bytes)), Ok(delta));
            }
        }
    }

    #[test]
    fn a_beacon_reads_back_and_is_checked_against_author_network_and_content() {
        let beacon = beacon(&[(1, 5), (2, 7)]);
        let bytes = beacon.encode();
        assert_eq!(Beacon::read(&mut Reader::new(&bytes)), Ok(beacon.clone()));
        let told = beacon.told(Base::Last, &Holdings::default());
        let verify = |network, author, told: &Told, holds: &Holdings| {
            Beacon::verify(network, author, told.clone(), holds.clone())
        };
        assert_eq!(verify(&NETWORK, beacon.author(), &told, beacon.holds()), Some(beacon.clone()));
        assert_eq!(verify(&NetworkId([6; 32]), beacon.author(), &told, beacon.holds()), None);
        assert_eq!(verify(&NETWORK, AuthorKey([1; 32]), &told, beacon.holds()), None);
        assert_eq!(verify(&NETWORK, beacon.author(), &told, &holdings(&[(1, 5), (2, 8)])), None);
        let newer = Told { claim: Claim { counter: 4, ..told.claim.clone() }, ..told.clone() };
        assert_eq!(verify(&NETWORK, beacon.author(), &newer, beacon.holds()), None);
    }

    #[test]
    fn no_cut_or_altered_beacon_panics() {
        let base = holdings(&[(1, 5), (3, 9)]);
        let mut bytes = Vec::new();
        beacon(&[(1, 4), (2, 7)]).told(Base::Sender, &base).write(&mut bytes);
        for at in 0..bytes.len() {
            assert!(Told::read(&mut Reader::new(&bytes[..at])).is_err());
            for flip in [0x01, 0x80, 0xff] {
                let mut altered = bytes.clone();
                altered[at] ^= flip;
                if let Ok(told) = Told::read(&mut Reader::new(&altered)) {
                    let _ = told.delta.apply(&base);
                }
            }
        }
        let beyond = Delta { changes: vec![(7, 1)], added: Vec::new() };
        assert!(beyond.apply(&base).is_err());
        for change in [i64::MIN, i64::MAX, -6] {
            assert!(Delta { changes: vec![(0, change)], added: Vec::new() }.apply(&base).is_err());
        }
        let mut too_many = Vec::new();
        wire::put_number(&mut too_many, MAX_BEACON_FEEDS as u64 + 1);
        assert_eq!(Delta::read(&mut Reader::new(&too_many)), Err(WireError::TooLarge("beacon changes")));
    }
}
