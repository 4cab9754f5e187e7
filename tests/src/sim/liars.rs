//! Members of the network that say what an honest node never would. They know everything: what they forge is made from
//! what their victim holds.

use toguna_protocol::{
    entry::{PayloadKind, Signature},
    feed::Feed,
    frame::{Dictionary, Frame, Hello, Reason, VERSION, feeds_digest, hello_mac},
    frontier::Digest,
    ids::{AuthorKey, Epoch, FeedId, RecordId, Seq, UnixSeconds},
    limits::MAX_FRAME,
    shelf::Shelf,
    testing::{Chance, Pen, SECRET},
    verify::{Link, RawEntry, RawRun, first_eight},
};

use super::plan::LIARS;
use toguna_protocol::engine::Engine;

/// A liar and both stories that it tells of its own feed.
struct Liar {
    pens: [Pen; 2],
}

/// All of them.
pub struct Liars(Vec<Liar>);

impl Default for Liars {
    fn default() -> Self {
        Liars((0..LIARS).map(|number| Liar { pens: [Pen::new(200 + number), Pen::new(200 + number)] }).collect())
    }
}

impl Liars {
    /// A liar's key.
    pub fn key(&self, liar: u8) -> AuthorKey {
        self.0[usize::from(liar)].pens[0].author()
    }

    /// What a liar says over one connection to a node, frame by frame.
    pub fn lies<S: Shelf>(&mut self, liar: u8, victim: &Engine<S>, chance: &mut Chance) -> Vec<Vec<u8>> {
        let mut mouth = Mouth { sending: Dictionary::default(), said: Vec::new() };
        if chance.once_in(8) {
            mouth.noise(chance);
            return mouth.said;
        }
        mouth.say(&hello(&self.key(liar), &victim.author()));
        for _ in 0..1 + chance.below(4) {
            match chance.below(10) {
                0 => mouth.noise(chance),
                1..4 => mouth.forge(victim, chance),
                4..6 => self.0[usize::from(liar)].fork(&mut mouth, chance),
                6 => mouth.claim(victim, chance),
                7 => mouth.said.push(vec![3; MAX_FRAME + 1 + chance.below(100_000)]),
                8 => mouth.skip(victim, chance),
                _ => mouth.ask(victim, chance),
            }
        }
        mouth.say(&Frame::Bye(Reason::Stopping));
        mouth.said
    }
}

/// A member's hello.
fn hello(from: &AuthorKey, to: &AuthorKey) -> Frame {
    let (epoch, clock) = (Epoch([7; 8]), UnixSeconds(1_795_000_000));
    let mut hello = Hello {
        version: VERSION,
        mac: [0; 16],
        epoch,
        digest: Digest([9; 16]),
        feeds: feeds_digest([]),
        baseline: [0; 8],
        clock,
    };
    hello.mac = hello_mac(SECRET, from, to, &hello);
    Frame::Hello(hello)
}

impl Liar {
    /// Writes on, and tells one of two stories.
    fn fork(&mut self, mouth: &mut Mouth, chance: &mut Chance) {
        let story = chance.below(2);
        let pen = &mut self.pens[story];
        // The first entries are the same in both stories.
        if pen.entries.len() < 2 {
            pen.scribble(2, 1);
        }
        match chance.below(3) {
            0 => pen.scribble(1 + chance.below(3), 10 + story as u8),
            1 => pen.write(PayloadKind::CHANGE, RecordId([5; 16]), b"no change at all"),
            _ => {}
        }
        mouth.say(&Frame::plain(&pen.run(pen.feed(), 0, pen.entries.len())));
    }
}

/// One connection of a liar.
struct Mouth {
    sending: Dictionary,
    said: Vec<Vec<u8>>,
}

impl Mouth {
    fn say(&mut self, frame: &Frame) {
        self.said.push(frame.encode(&mut self.sending));
    }

    /// Bytes that mean nothing, or nearly something.
    fn noise(&mut self, chance: &mut Chance) {
        let mut bytes: Vec<u8> = match self.said.last() {
            Some(last) if chance.once_in(2) => last.clone(),
            _ => (0..chance.below(300)).map(|_| chance.draw() as u8).collect(),
        };
        if !bytes.is_empty() {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        self.said.push(bytes);
    }

    /// Somebody else's feed, with a signature that is nobody's: a new entry, or another one than the victim holds.
    fn forge<S: Shelf>(&mut self, victim: &Engine<S>, chance: &mut Chance) {
        let ledger = victim.ledger();
        let feeds: Vec<&Feed> = ledger.feeds().filter(|feed| !feed.is_empty() && !feed.is_branch()).collect();
        let Some(feed) = feeds.get(chance.below(feeds.len().max(1))) else { return };
        let after = if chance.once_in(3) { chance.below(feed.tip.seq.0 as usize + 1) as u64 } else { feed.tip.seq.0 };
        let Ok(Some(before)) = ledger.hash_at(feed, Seq(after)) else { return };
        let link = if after == 0 { Link::Genesis(feed.genesis) } else { Link::Entry(first_eight(&before.0)) };
        let record = (!chance.once_in(3)).then_some(RecordId([6; 16]));
        let entries = vec![RawEntry { kind: PayloadKind::CHANGE, record, payload: vec![chance.draw() as u8; 60] }];
        let mut signature = [0; 64];
        signature.iter_mut().for_each(|byte| *byte = chance.draw() as u8);
        self.claim_to_hold(feed.id, after);
        let run = RawRun { feed: feed.id, first: Seq(after + 1), link, entries, signature: Signature(signature) };
        self.say(&Frame::plain(&run));
    }

    fn claim_to_hold(&mut self, feed: FeedId, seq: u64) {
        self.say(&Frame::Have(vec![(feed, Seq(seq))], None));
    }

    /// Numbers of feeds that it does not hold: more than anyone wrote, and of feeds that do not exist.
    fn claim<S: Shelf>(&mut self, victim: &Engine<S>, chance: &mut Chance) {
        let mut numbers: Vec<(FeedId, Seq)> =
            victim.ledger().frontier().iter().map(|(feed, seq)| (feed, Seq(seq.0 + chance.below(5) as u64))).collect();
        numbers.push((FeedId([chance.draw() as u8; 32]), Seq(chance.draw() % 1_000)));
        match chance.once_in(2) {
            true => self.say(&Frame::Frontier(Digest([8; 16]), numbers)),
            false => self.say(&Frame::Have(numbers, Some(victim.ledger().digest()))),
        }
    }

    /// Entries after a gap.
    fn skip<S: Shelf>(&mut self, victim: &Engine<S>, chance: &mut Chance) {
        let mut pen = Pen::new(220 + chance.below(8) as u8);
        pen.scribble(6, 3);
        let after = 2 + chance.below(3);
        if chance.once_in(2) {
            self.say(&Frame::plain(&pen.run(pen.feed(), 0, 1)));
        }
        self.say(&Frame::plain(&pen.run(pen.feed(), after, 6)));
        self.say(&Frame::Hold(victim.own_feed(), Seq(0)));
    }

    /// More questions than anyone answers.
    fn ask<S: Shelf>(&mut self, victim: &Engine<S>, chance: &mut Chance) {
        let items: Vec<_> = victim.ledger().frontier().iter().map(|(feed, seq)| (feed, seq, [3; 8])).take(64).collect();
        for _ in 0..chance.below(300) {
            self.say(&Frame::Compare(items.clone()));
        }
        self.say(&Frame::Compared(items.iter().map(|(feed, seq, _)| (*feed, *seq, chance.once_in(2))).collect()));
    }
}
