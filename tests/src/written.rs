//! A maker of signed feeds: a history that another office wrote, ready to be sent, so that what is measured at the
//! receiving end holds nothing of what writing it cost.
//!
//! Records are made as an office makes them, by the record rules on an Automerge document. Making a change takes about
//! a millisecond and receiving it should take less, so a history has only so many *drafts*: its records take turns in
//! using their changes. A change says nothing of the record it belongs to, so that is still a proper history.

use serde_json::Value;
use toguna::{pack::Pack, sample::Samples};
use toguna_protocol::{
    document::{Authorship, Document, Standing},
    entry::{PayloadKind, VerifiedEntry},
    feed::{Feed, OfficeCard, Signer, Tip},
    frame::{Dictionary, Frame},
    ids::{FeedId, Incarnation, NetworkId, RecordId, Seq, UnixSeconds},
    limits::{CHUNK_ENTRIES, CHUNK_EXPANDED},
    record::{self, ItemIds, Kind, Vocabulary},
    verify::{Link, RawEntry, RawRun, first_eight},
};

use crate::office::SECRET;

/// When the made-up changes were made, in seconds since 1970.
const AT: i64 = 1_795_000_000;

/// The changes of some records, as one office made them.
pub struct Drafts {
    signer: Signer,
    feed: Feed,
    /// Of each draft the payloads of its changes, the creating one first.
    payloads: Vec<Vec<Vec<u8>>>,
}

/// A feed cut into frames.
pub struct Written {
    /// The feed.
    pub feed: FeedId,
    /// Its last number: how many entries it has. The first is the office's card, every other one a change.
    pub last: Seq,
    /// Frames of one chunk each, in order, with the number of the last entry in it. They are encoded for a session in
    /// which no feed was named before.
    pub frames: Vec<(Seq, Vec<u8>)>,
}

impl Drafts {
    /// Makes `count` records of `changes` changes each, by the office whose device key is made from `seed`.
    ///
    /// # Panics
    /// If a made-up record breaks a rule.
    pub fn make(pack: &Pack, seed: u8, count: usize, changes: usize) -> Self {
        let signer = Signer::new(&[seed; 32], NetworkId::of_secret(SECRET));
        let feed = Feed::begin(signer.genesis(Incarnation([seed; 16])));
        let vocabulary = pack.vocabulary();
        let mut samples = Samples::new(pack, seed.into());
        let payloads = (0..count)
            .map(|_| {
                let (draft, patches) = samples.with_edits(changes - 1);
                let mut history = History::new(&signer, &feed);
                history.save(&Edit::Create(draft.kind, Value::Object(draft.record)), &vocabulary);
                for patch in patches {
                    history.save(&Edit::Patch(patch), &vocabulary);
                }
                history.payloads
            })
            .collect();
        Drafts { signer, feed, payloads }
    }

    /// A history of so many records: all are created, then each is changed once, then each once more, and so on, which
    /// is the hardest for a node that keeps only some documents in memory.
    pub fn history(&self, records: usize) -> Written {
        let card = OfficeCard { name: "Mopti".to_owned(), region: None, at: AT };
        let mut writer = Writer::new(self);
        writer.write(PayloadKind::OFFICE, Some(RecordId([0; 16])), card.encode());
        let mut ids = Vec::with_capacity(records);
        for change in 0..self.payloads.first().map_or(0, Vec::len) {
            for record in 0..records {
                let payload = self.payloads[record % self.payloads.len()][change].clone();
                let id = writer.write(PayloadKind::CHANGE, ids.get(record).copied(), payload);
                if change == 0 {
                    ids.push(id);
                }
            }
        }
        writer.finish()
    }
}

enum Edit {
    Create(Kind, Value),
    Patch(Value),
}

/// One record while its changes are made.
struct History<'a> {
    signer: &'a Signer,
    feed: &'a Feed,
    tip: Tip,
    document: Document,
    payloads: Vec<Vec<u8>>,
}

impl<'a> History<'a> {
    fn new(signer: &'a Signer, feed: &'a Feed) -> Self {
        let document = Document::empty(RecordId::created_by(feed.id, Seq(1)));
        History { signer, feed, tip: feed.tip, document, payloads: Vec::new() }
    }

    fn save(&mut self, edit: &Edit, vocabulary: &Vocabulary) {
        let by = Authorship { person: "A. Maïga".to_owned(), reason: None, at: UnixSeconds(AT) };
        let mut ids = ItemIds::new(self.feed.id, self.tip.seq.next());
        let (record, heads) = (self.document.record(), self.document.heads());
        let edited = self.document.edit(self.feed.id, &by, |tx| match edit {
            Edit::Create(kind, fields) => record::create(tx, *kind, fields, &mut ids, vocabulary),
            Edit::Patch(patch) => record::patch(tx, record, &heads, patch, &mut ids, vocabulary),
        });
        let edited = edited.expect("made-up records keep the rules").expect("every edit changes something");
        let payload = edited.payload.clone();
        let entry = self.signer.append(self.feed.id, self.tip, PayloadKind::CHANGE, record, payload);
        self.tip = Tip { seq: entry.header().seq, hash: entry.hash() };
        self.document.insert(&entry, Standing::Trunk);
        self.payloads.push(entry.payload().to_vec());
    }
}

/// Writes a feed, and cuts it where a node would.
struct Writer<'a> {
    drafts: &'a Drafts,
    tip: Tip,
    /// The run that is being filled, what it continues, and its expanded length.
    run: Vec<RawEntry>,
    from: Tip,
    size: usize,
    /// The last entry, for its signature.
    last: Option<VerifiedEntry>,
    dictionary: Dictionary,
    frames: Vec<(Seq, Vec<u8>)>,
}

impl<'a> Writer<'a> {
    fn new(drafts: &'a Drafts) -> Self {
        let tip = drafts.feed.tip;
        let (dictionary, frames) = Default::default();
        Writer { drafts, tip, run: Vec::new(), from: tip, size: 0, last: None, dictionary, frames }
    }

    /// Writes an entry; without a record, one that creates it. Returns the record.
    fn write(&mut self, kind: PayloadKind, record: Option<RecordId>, payload: Vec<u8>) -> RecordId {
        let Drafts { signer, feed, .. } = self.drafts;
        let id = record.unwrap_or_else(|| RecordId::created_by(feed.id, self.tip.seq.next()));
        let raw = RawEntry { kind, record, payload };
        if self.run.len() == CHUNK_ENTRIES || self.size + raw.expanded_len() > CHUNK_EXPANDED {
            self.cut();
        }
        let entry = signer.append(feed.id, self.tip, kind, id, raw.payload.clone());
        self.tip = Tip { seq: entry.header().seq, hash: entry.hash() };
        self.size += raw.expanded_len();
        self.run.push(raw);
        self.last = Some(entry);
        id
    }

    /// Ends the run.
    fn cut(&mut self) {
        let Some(last) = self.last.take() else { return };
        let feed = &self.drafts.feed;
        let link = match self.from.seq {
            Seq(0) => Link::Genesis(feed.genesis),
            _ => Link::Entry(first_eight(&self.from.hash.0)),
        };
        let signature = *last.signature().expect("what is made here is signed");
        let entries = std::mem::take(&mut self.run);
        let run = RawRun { feed: feed.id, first: self.from.seq.next(), link, entries, signature };
        self.frames.push((self.tip.seq, Frame::plain(&run).encode(&mut self.dictionary)));
        self.from = self.tip;
        self.size = 0;
    }

    fn finish(mut self) -> Written {
        self.cut();
        Written { feed: self.drafts.feed.id, last: self.tip.seq, frames: self.frames }
    }
}
