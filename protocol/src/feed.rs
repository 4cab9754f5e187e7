//! A feed: one author's entries, each naming the one before it, every one signed when it is made.
//!
//! A feed begins with a genesis, whose hash is the feed's id. When an author is shown to have signed two entries with
//! one number, the feed ends before them and each continuation becomes a **branch**: a feed of its own, whose id is
//! the hash of its first entry. Branches are numbered on from where they left, are held, compared and sent like any
//! other feed, and so nothing else in the protocol has to know of forks. What may still be applied from a branch is
//! decided in [`crate::document`].

use ed25519_dalek::{Signer as _, SigningKey, Verifier as _, VerifyingKey};

use crate::{
    entry::{Header, PayloadKind, Signature, VerifiedEntry},
    ids::{AuthorKey, CompartmentId, EntryHash, FeedId, Incarnation, NetworkId, PayloadHash, RecordId, Seq},
    limits::{MAX_OFFICE_NAME, MAX_PROOF_HEADERS, MAX_SEQ},
    wire::{self, Reader, WireError},
};

/// The only genesis layout so far.
const GENESIS_FORMAT: u8 = 1;

/// What begins a feed, and all that tells it from every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Genesis {
    /// The network it belongs to.
    pub network: NetworkId,
    /// Who signs its entries.
    pub author: AuthorKey,
    /// Random; new whenever the author can no longer be sure of its own past.
    pub incarnation: Incarnation,
    /// Who may read it.
    pub compartment: CompartmentId,
}

impl Genesis {
    /// Length of the canonical bytes.
    pub const LEN: usize = 1 + 32 + 32 + 16 + 16;

    /// The canonical bytes: format, network, author, incarnation, compartment.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[0] = GENESIS_FORMAT;
        out[1..33].copy_from_slice(&self.network.0);
        out[33..65].copy_from_slice(&self.author.0);
        out[65..81].copy_from_slice(&self.incarnation.0);
        out[81..].copy_from_slice(&self.compartment.0);
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        if reader.byte("genesis format")? != GENESIS_FORMAT {
            return Err(WireError::Invalid("genesis format"));
        }
        Ok(Genesis {
            network: NetworkId(reader.array("genesis network")?),
            author: AuthorKey(reader.array("genesis author")?),
            incarnation: Incarnation(reader.array("genesis incarnation")?),
            compartment: CompartmentId(reader.array("genesis compartment")?),
        })
    }

    /// The feed's id.
    pub fn id(&self) -> FeedId {
        FeedId(blake3::derive_key("toguna 2026 feed", &self.encode()))
    }
}

/// An entry's place: its number and hash. Before a feed's first entry: number 0 and the feed's id as hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// The entry's number.
    pub seq: Seq,
    /// The entry's hash.
    pub hash: EntryHash,
}

/// What is known of one feed: where it begins and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The feed's id; for a branch the hash of its first entry.
    pub id: FeedId,
    /// The feed its entries name in their headers: itself, or for a branch the feed that forked.
    pub root: FeedId,
    /// The feed under whose id our store keeps its entries: itself, or for a branch that we took for the feed until
    /// the fork was proved, the feed it parted from. So no row moves when a feed forks.
    pub rows: FeedId,
    /// The genesis of the root.
    pub genesis: Genesis,
    /// The place before the first entry.
    pub start: Tip,
    /// The last entry held.
    pub tip: Tip,
    /// The last number before a proven fork: nothing after it belongs to this feed.
    pub end: Option<Seq>,
    /// For a branch, the proof that made it.
    pub proof: Option<Box<ForkProof>>,
}

impl Feed {
    /// A feed of which no entry is held yet.
    pub fn begin(genesis: Genesis) -> Self {
        let id = genesis.id();
        let start = Tip { seq: Seq(0), hash: EntryHash(id.0) };
        Feed { id, root: id, rows: id, genesis, start, tip: start, end: None, proof: None }
    }

    /// The branch that one side of a fork proof begins, before its first entry.
    pub fn branch(proof: &ForkProof, side: &ProofSide) -> Self {
        let id = FeedId(proof.header(&proof.base, &side.headers[0]).hash().0);
        Feed {
            id,
            root: proof.feed(),
            rows: id,
            genesis: proof.genesis,
            start: proof.base,
            tip: proof.base,
            end: None,
            proof: Some(Box::new(proof.clone())),
        }
    }

    /// Whether this is a branch of a forked feed.
    pub fn is_branch(&self) -> bool {
        self.id != self.root
    }

    /// Whether no entry is held.
    pub fn is_empty(&self) -> bool {
        self.tip.seq == self.start.seq
    }
}

/// Whether `signature` is the author's over the entry `hash` in this network.
pub(crate) fn signature_holds(genesis: &Genesis, hash: &EntryHash, signature: &Signature) -> bool {
    is_signed(&genesis.author, &signed_bytes(&genesis.network, hash), signature)
}

/// Whether `signature` is the author's over these bytes, which begin with a domain tag and the network.
pub(crate) fn is_signed(author: &AuthorKey, bytes: &[u8], signature: &Signature) -> bool {
    let check = || {
        VerifyingKey::from_bytes(&author.0).is_ok_and(|key| {
            let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
            key.verify(bytes, &signature).is_ok()
        })
    };
    #[cfg(any(test, feature = "testing"))]
    return crate::memo::signed(&[&author.0, bytes, &signature.0], check);
    #[cfg(not(any(test, feature = "testing")))]
    check()
}

/// What is signed: a domain tag, the network, the entry's hash.
fn signed_bytes(network: &NetworkId, hash: &EntryHash) -> [u8; 14 + 32 + 32] {
    let mut out = [0; 78];
    out[..14].copy_from_slice(b"toguna entry 1");
    out[14..46].copy_from_slice(&network.0);
    out[46..].copy_from_slice(&hash.0);
    out
}

/// The device's key, which signs what this node writes.
pub struct Signer {
    key: SigningKey,
    network: NetworkId,
}

impl Signer {
    /// The signer of a device in a network; `seed` is the 32-byte Ed25519 secret key (RFC 8032).
    pub fn new(seed: &[u8; 32], network: NetworkId) -> Self {
        Signer { key: SigningKey::from_bytes(seed), network }
    }

    /// The device's public key.
    pub fn author(&self) -> AuthorKey {
        AuthorKey(self.key.verifying_key().to_bytes())
    }

    /// The network it signs for.
    pub fn network(&self) -> NetworkId {
        self.network
    }

    /// Begins a feed of this device in the general compartment.
    pub fn genesis(&self, incarnation: Incarnation) -> Genesis {
        let compartment = CompartmentId::GENERAL;
        Genesis { network: self.network, author: self.author(), incarnation, compartment }
    }

    /// Makes the entry after `tip` and signs it.
    pub fn append(
        &self,
        feed: FeedId,
        tip: Tip,
        kind: PayloadKind,
        record: RecordId,
        payload: Vec<u8>,
    ) -> VerifiedEntry {
        let payload_hash = PayloadHash::of(&payload);
        let header = Header { feed, seq: tip.seq.next(), backlink: tip.hash, kind, record, payload_hash };
        let signature = self.sign(&signed_bytes(&self.network, &header.hash()));
        VerifiedEntry::new(header, payload, Some(signature))
    }

    /// Signs bytes that begin with a domain tag and the network.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.key.sign(bytes).to_bytes())
    }
}

/// What an office says of itself, as an entry of its own feed; the newest one of an author counts. Certificates of
/// membership will take its place.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct OfficeCard {
    /// The office's name as people say it: `Gao`.
    #[n(0)]
    pub name: String,
    /// The key of the region it serves; absent for the national team.
    #[n(1)]
    pub region: Option<String>,
    /// When the card was written, in seconds since 1970 by the office's clock: of two cards the later one counts.
    #[n(2)]
    pub at: i64,
}

impl OfficeCard {
    /// The payload of an entry of kind [`PayloadKind::OFFICE`]: a CBOR map (RFC 8949), 0 → name, 1 → region,
    /// 2 → time.
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("writing to a vector does not fail")
    }

    /// Reads a payload; `None` when it is not a card or a name is over its bound.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let card: OfficeCard = minicbor::decode(payload).ok()?;
        let fits = |text: &str| text.chars().count() <= MAX_OFFICE_NAME && !text.chars().any(char::is_control);
        (fits(&card.name) && card.region.as_deref().is_none_or(fits)).then_some(card)
    }
}

/// Two signed continuations of one feed from one place: proof that its author signed two entries with one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    /// The genesis of the feed that forked (never a branch: headers name the root).
    pub genesis: Genesis,
    /// The last entry both sides share.
    pub base: Tip,
    /// The two sides, the one whose first entry has the lower hash first.
    pub sides: [ProofSide; 2],
}

/// One continuation: the headers after the base, in order, up to one that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofSide {
    /// At least one, at most [`MAX_PROOF_HEADERS`].
    pub headers: Vec<ProofHeader>,
    /// The author's signature over the last header's hash.
    pub signature: Signature,
}

/// What a proof carries of a header; feed, seq and backlink follow from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofHeader {
    /// The payload's kind.
    pub kind: PayloadKind,
    /// The record.
    pub record: RecordId,
    /// The payload's hash.
    pub payload_hash: PayloadHash,
}

impl From<&Header> for ProofHeader {
    fn from(header: &Header) -> Self {
        ProofHeader { kind: header.kind, record: header.record, payload_hash: header.payload_hash }
    }
}

impl ForkProof {
    /// Joins two sides seen by two nodes; `None` unless they really prove a fork.
    pub fn join(genesis: Genesis, base: Tip, one: ProofSide, other: ProofSide) -> Option<Self> {
        let mut proof = ForkProof { genesis, base, sides: [one, other] };
        let [first, second] = proof.first_hashes();
        if first > second {
            proof.sides.swap(0, 1);
        }
        proof.holds().then_some(proof)
    }

    /// The feed that forked.
    pub fn feed(&self) -> FeedId {
        self.genesis.id()
    }

    /// The branches that the two sides begin.
    pub fn branches(&self) -> [FeedId; 2] {
        self.first_hashes().map(|hash| FeedId(hash.0))
    }

    /// The hashes of the two entries that share a number.
    pub fn first_hashes(&self) -> [EntryHash; 2] {
        [0, 1].map(|side| self.header(&self.base, &self.sides[side].headers[0]).hash())
    }

    fn header(&self, before: &Tip, header: &ProofHeader) -> Header {
        let ProofHeader { kind, record, payload_hash } = *header;
        Header { feed: self.feed(), seq: before.seq.next(), backlink: before.hash, kind, record, payload_hash }
    }

    /// Whether the proof stands by itself: the sides part at their first header in canonical order, and each ends in a
    /// signature of the author. Where the base is no entry, it is the feed's beginning.
    pub fn holds(&self) -> bool {
        let [first, second] = self.first_hashes();
        (self.base.seq.0 > 0 || self.base.hash.0 == self.feed().0)
            && first < second
            && self.sides.iter().all(|side| {
                let mut tip = self.base;
                for header in &side.headers {
                    let header = self.header(&tip, header);
                    tip = Tip { seq: header.seq, hash: header.hash() };
                }
                signature_holds(&self.genesis, &tip.hash, &side.signature)
            })
    }

    /// Appends: genesis, base seq, base hash, then each side.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.genesis.encode());
        wire::put_number(out, self.base.seq.0);
        out.extend_from_slice(&self.base.hash.0);
        self.sides.iter().for_each(|side| side.write(out));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let genesis = Genesis::read(reader)?;
        // Bounded so that counting on from it cannot overflow.
        let seq = Seq(reader.number_up_to(MAX_SEQ, "proof seq")? as u64);
        let base = Tip { seq, hash: EntryHash(reader.array("proof base")?) };
        Ok(ForkProof { genesis, base, sides: [ProofSide::read(reader)?, ProofSide::read(reader)?] })
    }
}

impl ProofSide {
    /// Appends: number of headers, each header's kind, record and payload hash, signature.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.headers.len() as u64);
        for header in &self.headers {
            out.push(header.kind.0);
            out.extend_from_slice(&header.record.0);
            out.extend_from_slice(&header.payload_hash.0);
        }
        out.extend_from_slice(&self.signature.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let count = reader.number_up_to(MAX_PROOF_HEADERS, "proof headers")?;
        if count == 0 {
            return Err(WireError::Invalid("proof headers"));
        }
        let headers = (0..count).map(|_| {
            Ok(ProofHeader {
                kind: PayloadKind(reader.byte("proof kind")?),
                record: RecordId(reader.array("proof record")?),
                payload_hash: PayloadHash(reader.array("proof payload hash")?),
            })
        });
        let headers = headers.collect::<Result<_, WireError>>()?;
        Ok(ProofSide { headers, signature: Signature(reader.array("proof signature")?) })
    }
}
