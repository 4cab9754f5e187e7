//! A small past that two real nodes share, made once: what targets take as known, and what seeds are made of.

use std::{collections::BTreeMap, sync::OnceLock};

use automerge::{ActorId, ChangeHash};
use serde_json::json;

use crate::{
    bundle::{self, Keys},
    change::hash_of,
    chunk::Packed,
    engine::Contents,
    entry::{
        PayloadKind, VerifiedEntry,
        strip::{Known, Parent},
    },
    feed::Feed,
    frame::{Dictionary, Frame},
    frontier::Digest,
    ids::{FeedId, RecordId, Seq},
    testing::{NodeId, Pen, SECRET, World},
};

/// Feeds with their entries, and what the nodes said to each other.
pub(super) struct Past {
    /// Each feed, and its entries from the first.
    pub(super) feeds: BTreeMap<FeedId, (Feed, Vec<VerifiedEntry>)>,
    frames: Vec<Frame>,
    bundle: Vec<u8>,
}

/// The past, the same in every run.
pub(super) fn past() -> &'static Past {
    static PAST: OnceLock<Past> = OnceLock::new();
    PAST.get_or_init(Past::make)
}

/// One of each frame that was said, each by itself.
pub(super) fn frames() -> Vec<Vec<u8>> {
    let mut frames: Vec<_> = past().frames.iter().map(|frame| frame.encode(&mut Dictionary::default())).collect();
    // What is said only of long feeds, and where both know the same ones.
    let mut pen = Pen::new(9);
    pen.scribble(5, 1);
    let ahead = Frame::Ahead(pen.genesis, pen.at(2).hash, Packed::plain(&pen.run(pen.feed(), 2, 5)));
    frames.extend([Frame::AskAhead(pen.feed()), ahead].map(|frame| frame.encode(&mut Dictionary::default())));
    let known = || (0..3).map(|feed| FeedId([feed; 32]));
    let numbers = known().zip([Seq(300), Seq(0), Seq(7)]).collect();
    frames.push(Frame::Frontier(Digest([1; 16]), numbers).encode(&mut Dictionary::with(known())));
    frames
}

/// A bundle of all that is held, as a file and opened.
pub(super) fn bundles() -> Vec<Vec<u8>> {
    let file = &past().bundle;
    let plain = bundle::open(Keys::of_secret(SECRET), file).expect("its own bundle opens");
    vec![file.clone(), plain]
}

/// The payloads of all entries that hold changes.
pub(super) fn payloads() -> Vec<Vec<u8>> {
    past().changes().map(|entry| entry.payload().to_vec()).collect()
}

impl Past {
    fn make() -> Self {
        let mut world = World::of(1, 2);
        let [a, b] = [0, 1].map(NodeId);
        let record = world.create(a, "Le puits de Hombori");
        world.patch(a, record, json!({"narrative": "Le puits est à sec depuis un an, dit-on."}));
        let link = world.link(a, b);
        world.settle();
        world.patch(b, record, json!({"aliases": ["Puits nord"], "persons_affected": 40}));
        world.patch(a, record, json!({"incidents": {"new": {"deaths": 2}}}));
        world.create(b, "Un autre");
        world.settle();
        world.patch(b, record, json!({"narrative": "Le puits est à sec depuis deux ans."}));
        world.settle();
        let mut frames = Vec::new();
        for from in 0..2 {
            let mut dictionary = Dictionary::default();
            let said = world.sent(link, from).iter().map(|bytes| Frame::decode(bytes, &mut dictionary));
            frames.extend(said.map(|frame| frame.expect("nodes send proper frames")));
        }
        let bundle = world.bundle(a, Contents::default());
        let ledger = world.engine(a).ledger();
        let entry =
            |feed: &Feed, seq| ledger.entry(&feed.id, Seq(seq)).expect("memory can be read").map(|found| found.0);
        let entries = |feed: &Feed| (1..=feed.tip.seq.0).filter_map(|seq| entry(feed, seq)).collect();
        let feeds = ledger.feeds().map(|feed| (feed.id, (feed.clone(), entries(feed)))).collect();
        Past { feeds, frames, bundle }
    }

    /// Entries that hold changes, feed by feed.
    pub(super) fn changes(&self) -> impl Iterator<Item = &VerifiedEntry> {
        let all = self.feeds.values().flat_map(|(_, entries)| entries);
        all.filter(|entry| entry.header().kind == PayloadKind::CHANGE)
    }
}

impl Known for Past {
    fn find(&self, change: &ChangeHash, record: RecordId) -> Option<(FeedId, Seq)> {
        let mut of_record = self.changes().filter(|entry| entry.header().record == record);
        let found = of_record.find(|entry| hash_of(entry.payload()) == *change)?;
        Some((found.header().feed, found.header().seq))
    }

    fn parent(&self, feed: FeedId, seq: Seq) -> Option<Parent> {
        let at = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        Parent::of(self.feeds.get(&feed)?.1.get(at)?)
    }

    fn feed_of(&self, actor: &ActorId) -> Option<FeedId> {
        self.feeds.keys().copied().find(|feed| feed.actor() == *actor)
    }
}
