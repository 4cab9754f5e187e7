//! A peer that a test plays itself, frame by frame, honest or not; and an author that signs whatever it likes.

use super::{LinkId, NodeId, SECRET, World};
use crate::{
    entry::{PayloadKind, VerifiedEntry},
    feed::{Genesis, ProofHeader, ProofSide, Signer, Tip},
    frame::{Dictionary, Frame, Hello, VERSION, feeds_digest, hello_mac},
    frontier::Digest,
    ids::{AuthorKey, EntryHash, Epoch, FeedId, Incarnation, NetworkId, RecordId, UnixSeconds},
    verify::{Link, RawEntry, RawRun, first_eight},
};

/// A peer by hand.
pub struct ByHand {
    /// The node it talks to.
    pub node: NodeId,
    /// The link between them.
    pub link: LinkId,
    author: AuthorKey,
    sending: Dictionary,
}

impl ByHand {
    /// Links up, and says nothing yet.
    pub fn connect(world: &mut World, node: NodeId, author: AuthorKey) -> Self {
        ByHand { node, link: world.link_by_hand(node, author), author, sending: Dictionary::default() }
    }

    /// Links up and proves the secret as a node that holds nothing.
    pub fn enter(world: &mut World, node: NodeId, author: AuthorKey) -> Self {
        let mut by_hand = Self::connect(world, node, author);
        let hello = by_hand.hello(world, SECRET);
        by_hand.say(world, &hello);
        by_hand
    }

    /// A hello that proves a secret.
    pub fn hello(&self, world: &mut World, secret: &[u8]) -> Frame {
        let mut hello = Hello {
            version: VERSION,
            mac: [0; 16],
            epoch: Epoch([7; 8]),
            digest: Digest([9; 16]),
            feeds: feeds_digest([]),
            baseline: [0; 8],
            clock: UnixSeconds(1_795_000_000),
        };
        hello.mac = hello_mac(secret, &self.author, &world.engine(self.node).author(), &hello);
        Frame::Hello(hello)
    }

    /// Sends a frame.
    pub fn say(&mut self, world: &mut World, frame: &Frame) {
        let bytes = frame.encode(&mut self.sending);
        world.inject(self.node, self.link, bytes);
    }

    /// Every frame the node has sent, for a peer whose feeds were not the node's.
    pub fn heard(&self, world: &World) -> Vec<Frame> {
        let mut dictionary = Dictionary::default();
        let decode = |bytes: &Vec<u8>| Frame::decode(bytes, &mut dictionary).expect("nodes send proper frames");
        world.sent(self.link, 0).iter().map(decode).collect()
    }
}

/// An author of its own making. Clones go on from the same place: so two of them fork their feed.
#[derive(Clone)]
pub struct Pen {
    seed: [u8; 32],
    /// What begins its feed.
    pub genesis: Genesis,
    /// All it has written.
    pub entries: Vec<VerifiedEntry>,
}

impl Pen {
    /// An author that has written nothing.
    pub fn new(seed: u8) -> Self {
        let seed = [seed; 32];
        let genesis = Self::signer(&seed).genesis(Incarnation([seed[0]; 16]));
        Pen { seed, genesis, entries: Vec::new() }
    }

    fn signer(seed: &[u8; 32]) -> Signer {
        Signer::new(seed, NetworkId::of_secret(SECRET))
    }

    /// The author's key.
    pub fn author(&self) -> AuthorKey {
        self.genesis.author
    }

    /// The author's feed.
    pub fn feed(&self) -> FeedId {
        self.genesis.id()
    }

    /// The last entry.
    pub fn tip(&self) -> Tip {
        self.at(self.entries.len())
    }

    /// The entry with this number, counted from 1.
    pub fn at(&self, number: usize) -> Tip {
        match number.checked_sub(1).map(|at| &self.entries[at]) {
            Some(entry) => Tip { seq: entry.header().seq, hash: entry.hash() },
            None => Tip { seq: crate::ids::Seq(0), hash: EntryHash(self.feed().0) },
        }
    }

    /// Writes an entry.
    pub fn write(&mut self, kind: PayloadKind, record: RecordId, payload: &[u8]) {
        let tip = self.tip();
        self.entries.push(Self::signer(&self.seed).append(self.feed(), tip, kind, record, payload.to_vec()));
    }

    /// Writes entries that mean nothing to anyone.
    pub fn scribble(&mut self, count: usize, ink: u8) {
        (0..count).for_each(|_| self.write(PayloadKind(200), RecordId([1; 16]), &[ink; 20]));
    }

    /// The entries after `after` up to `to` as they travel, in `feed`: the author's, or a branch of it.
    pub fn run(&self, feed: FeedId, after: usize, to: usize) -> RawRun {
        let link = match after {
            0 => Link::Genesis(self.genesis),
            _ => Link::Entry(first_eight(&self.at(after).hash.0)),
        };
        let entries = &self.entries[after..to];
        let signature = *entries.last().expect("a run has entries").signature().expect("every entry is signed");
        let first = self.at(after).seq.next();
        RawRun { feed, first, link, entries: entries.iter().map(RawEntry::of).collect(), signature }
    }

    /// This author's side of a fork after the entry `base`.
    pub fn side(&self, base: usize) -> ProofSide {
        let entry = &self.entries[base];
        let signature = *entry.signature().expect("every entry is signed");
        ProofSide { headers: vec![ProofHeader::from(entry.header())], signature }
    }
}
