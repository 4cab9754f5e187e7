//! What sync may cost, in bytes and round trips, on records as offices write them: the bench prints these figures beside
//! others', and a test fails when one exceeds its budget. They are the same on every machine.
//!
//! Bytes are those of the sync layer's frames, without the transport's. The *floor* is what a sync could send that knew
//! beforehand who lacks what: each side's new operations as compact JSON, a short number for each record, under
//! Zstandard's level 19.

mod feeds;

use std::sync::Arc;

use automerge::{Automerge, sync::SyncDoc};
use serde::Serialize;
use serde_json::{Value, json};
use toguna::{pack::Pack, sample::Samples};
use toguna_protocol::{
    document::{Document, Standing},
    engine::Saved,
    ids::{Arrival, RecordId},
    record::Kind,
    testing::MemoryShelf,
};

use crate::pair::{Desk, Taken, join, thin};

/// How large a network is measured on.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Records that both offices share.
    pub records: usize,
    /// Changes of each.
    pub changes: usize,
    /// Records that each office edits meanwhile; a sixth of them the other edits too.
    pub edited: usize,
    /// Records that each office creates meanwhile.
    pub created: usize,
}

impl Scale {
    /// That of the programme after a year.
    pub const YEAR: Scale = Scale { records: 1_000, changes: 12, edited: 60, created: 20 };
    /// A tenth of it, for tests.
    pub const MONTH: Scale = Scale { records: 100, changes: 12, edited: 60, created: 20 };
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was done.
    pub work: &'static str,
    /// Bytes of our frames.
    pub bytes: usize,
    /// Round trips of the sync layer until both held the same.
    pub round_trips: f64,
    /// The floor, where there is one.
    pub floor: Option<usize>,
    /// Bytes of Automerge's own sync of the same documents, where it was measured.
    pub automerge: Option<usize>,
    /// The most bytes it may take.
    pub budget: usize,
    /// The most round trips.
    pub trips_allowed: f64,
    /// Whether both are kept.
    pub within: bool,
}

impl Row {
    fn new(work: &'static str, bytes: usize, taken: Taken, floor: Option<usize>, budget: usize, trips: f64) -> Self {
        let round_trips = taken.round_trips();
        let within = bytes <= budget && round_trips <= trips;
        Row { work, bytes, round_trips, floor, automerge: None, budget, trips_allowed: trips, within }
    }

    /// A work on a thin link that is cut again and again, beside the same where it is not: see [`thin`].
    fn cut(work: &'static str, (a, b): (&Desk, &Desk), flaps: (u64, u64)) -> Self {
        let whole = thin::join(&mut a.again(), &mut b.again(), None);
        let cut = thin::join(&mut a.again(), &mut b.again(), Some(flaps));
        assert!(whole.took > 0, "the two have something to tell each other");
        let budget = whole.bytes * 105 / 100;
        let within = cut.bytes <= budget;
        let (round_trips, trips_allowed) = (cut.took as f64 / thin::ROUND_TRIP as f64, f64::INFINITY);
        Row { work, bytes: cut.bytes, round_trips, floor: None, automerge: None, budget, trips_allowed, within }
    }

    fn beside(self, automerge: Option<usize>) -> Self {
        Row { automerge, ..self }
    }
}

/// Two offices with a shared past, and how to go on.
struct Network<'a> {
    a: Desk,
    b: Desk,
    pack: &'a Pack,
    /// Each record as it was last saved, by which office, and its long text.
    records: Vec<Record>,
    /// Saves of three fields so far: no two are the same.
    saves: usize,
}

struct Record {
    kind: Kind,
    saved: Saved,
    text: String,
}

/// The long text of a kind.
fn long_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Conflict => "narrative",
        Kind::Consultation => "outputs",
        Kind::Project => "description",
    }
}

fn text_in(fields: &Value, kind: Kind) -> Option<String> {
    fields.get(long_text(kind)).and_then(Value::as_str).map(str::to_owned)
}

impl<'a> Network<'a> {
    /// Every other record belongs to the other office. Both hold all, and have been level since.
    fn new(pack: &'a Pack, scale: Scale, operations: &mut Vec<Value>) -> Self {
        let vocabulary = Arc::new(pack.vocabulary());
        let desks = (Desk::new("Kidal", 1, vocabulary.clone()), Desk::new("Bamako", 2, vocabulary));
        Network::of(desks, pack, scale, operations)
    }

    fn of((a, b): (Desk, Desk), pack: &'a Pack, scale: Scale, operations: &mut Vec<Value>) -> Self {
        let mut network = Network { a, b, pack, records: Vec::new(), saves: 0 };
        let mut samples = Samples::new(pack, 1);
        let histories: Vec<_> = (0..scale.records).map(|_| samples.with_edits(scale.changes - 1)).collect();
        for (n, (draft, _)) in histories.iter().enumerate() {
            let fields = Value::Object(draft.record.clone());
            operations.push(json!({"n": n, "new": fields}));
            let text = text_in(&fields, draft.kind).unwrap_or_default();
            let saved = network.desk(n % 2).create(draft.kind, fields);
            network.records.push(Record { kind: draft.kind, saved, text });
        }
        for change in 0..scale.changes - 1 {
            for (n, (draft, patches)) in histories.iter().enumerate() {
                let patch = patches[change].clone();
                let record = &mut network.records[n];
                operations.push(as_operation(n, &record.text, long_text(draft.kind), &patch));
                if let Some(text) = text_in(&patch, draft.kind) {
                    record.text = text;
                }
                let seen = record.saved.clone();
                network.records[n].saved = network.desk(n % 2).patch(&seen, patch);
            }
        }
        network
    }

    fn desk(&mut self, side: usize) -> &mut Desk {
        if side == 0 { &mut self.a } else { &mut self.b }
    }

    fn level(&mut self) -> Taken {
        join(&mut self.a, &mut self.b)
    }

    /// A save of three fields.
    fn three_fields(&mut self, side: usize, n: usize) -> Value {
        self.saves += 1;
        let m = self.saves;
        let patch = json!({
            "event_count": 2 + m,
            "start_date": format!("2026-{:02}-{:02}", 1 + m % 12, 1 + m * 7 % 28),
            "paper_reference": format!("PV n° {}/2026/CR", 100 + m * 3),
        });
        self.edit(side, n, patch.clone());
        json!({"n": n, "set": patch})
    }

    /// A sentence more in the middle of the long text.
    fn splice(&mut self, side: usize, n: usize) -> Value {
        let Record { kind, text, .. } = &self.records[n];
        let (kind, at) =
            (*kind, text.char_indices().skip(text.len() / 3).find(|(_, c)| *c == ' ').map_or(0, |(at, _)| at));
        let mut samples = Samples::new(self.pack, 7_000 + n as u64 * 2 + side as u64);
        let (draft, _) = samples.with_edits(0);
        let fields = Value::Object(draft.record);
        let longest = fields.as_object().into_iter().flatten().filter_map(|(_, v)| v.as_str()).max_by_key(|t| t.len());
        let sentence = longest.and_then(|text| text.split_inclusive('.').next()).unwrap_or("Rien.").to_owned();
        let wanted = format!("{} {}{}", &text[..at], sentence.trim(), &text[at..]);
        self.edit(side, n, json!({long_text(kind): wanted}));
        json!({"n": n, "text": long_text(kind), "at": at, "insert": format!(" {}", sentence.trim())})
    }

    fn edit(&mut self, side: usize, n: usize, patch: Value) {
        let record = self.records[n].saved.record;
        let desk = self.desk(side);
        let heads = desk.engine().record(record).expect("both offices hold every record").heads;
        desk.patch(&Saved { record, entry: None, heads, new_items: Default::default() }, patch);
    }

    /// What an office does in a week. Returns its operations.
    fn week(&mut self, side: usize, scale: Scale) -> Vec<Value> {
        let common = scale.edited / 6;
        let own = |n: usize| if n < common { n } else { n + side * (scale.edited - common) };
        let mut operations = Vec::new();
        for n in (0..scale.edited).map(own) {
            let n = n * scale.records / (2 * scale.edited);
            operations.push(self.three_fields(side, n));
            operations.push(self.splice(side, n));
        }
        let mut samples = Samples::new(self.pack, 90 + side as u64);
        for _ in 0..scale.created {
            let (draft, _) = samples.with_edits(0);
            let fields = Value::Object(draft.record);
            operations.push(json!({"new": fields}));
            self.desk(side).create(draft.kind, fields);
        }
        operations
    }

    /// The Automerge documents of both offices.
    fn documents(&mut self) -> Vec<(Automerge, Automerge)> {
        let mut ids: Vec<RecordId> = records_of(&mut self.a);
        ids.extend(records_of(&mut self.b));
        ids.sort();
        ids.dedup();
        ids.into_iter().map(|id| (document(&mut self.a, id), document(&mut self.b, id))).collect()
    }
}

/// Two offices after a year together and a week apart.
pub struct Apart {
    /// Both.
    pub offices: [Desk; 2],
    /// What the second holds once both hold the same.
    pub whole: MemoryShelf,
    /// The record that each made last.
    pub newest: [RecordId; 2],
}

/// Makes two offices that were level after a year and have worked apart for a week since, as [`measure`] does it.
pub fn week_apart(pack: &Pack, desks: (Desk, Desk), scale: Scale) -> Apart {
    let mut network = Network::of(desks, pack, scale, &mut Vec::new());
    network.level();
    let newest = [0, 1].map(|side| {
        network.week(side, scale);
        let arrivals = network.desk(side).engine().ledger().arrivals_after(Arrival(0), usize::MAX);
        arrivals.expect("memory can be read").last().expect("records were made").1
    });
    let offices = [network.a.again(), network.b.again()];
    network.level();
    Apart { offices, whole: network.b.shelf().copy(), newest }
}

fn records_of(desk: &mut Desk) -> Vec<RecordId> {
    let arrivals = desk.engine().ledger().arrivals_after(Arrival(0), usize::MAX).expect("memory can be read");
    arrivals.into_iter().map(|(_, record)| record).filter(|record| *record != RecordId([0; 16])).collect()
}

fn document(desk: &mut Desk, record: RecordId) -> Automerge {
    let ledger = desk.engine().ledger();
    let places = ledger.record_places(record, Arrival(0)).expect("memory can be read");
    let entry = |place: toguna_protocol::ledger::Place| {
        let (entry, _) = ledger.entry(&place.feed, place.seq).expect("memory can be read").expect("it is held");
        (entry, Standing::Trunk)
    };
    Document::rebuild(record, places.into_iter().map(entry)).automerge().clone()
}

/// A patch as a person's operations: of a long text only what was added.
fn as_operation(n: usize, before: &str, text: &str, patch: &Value) -> Value {
    match patch.get(text).and_then(Value::as_str).and_then(|now| now.strip_prefix(before)) {
        Some(added) => json!({"n": n, "text": text, "at": before.chars().count(), "insert": added}),
        None => json!({"n": n, "set": patch}),
    }
}

fn floor(operations: &[Value]) -> usize {
    let json = serde_json::to_vec(operations).expect("operations are plain data");
    zstd::bulk::compress(&json, 19).expect("memory suffices").len()
}

/// Bytes that Automerge's own sync takes for documents, each for itself.
fn automerge_sync(documents: Vec<(Automerge, Automerge)>) -> usize {
    let mut bytes = 0;
    for (mut a, mut b) in documents {
        let (mut of_a, mut of_b) = (automerge::sync::State::new(), automerge::sync::State::new());
        loop {
            let (there, back) = (a.generate_sync_message(&mut of_a), b.generate_sync_message(&mut of_b));
            if there.is_none() && back.is_none() {
                break;
            }
            if let Some(message) = there {
                bytes += message.clone().encode().len();
                b.receive_sync_message(&mut of_b, message).expect("its own messages");
            }
            if let Some(message) = back {
                bytes += message.clone().encode().len();
                a.receive_sync_message(&mut of_a, message).expect("its own messages");
            }
        }
    }
    bytes
}

/// Two offices meet that hold so many records, and nothing is new.
pub fn nothing_new(records: usize) -> Row {
    let pack = Pack::embedded();
    let mut network = Network::new(&pack, Scale { records, changes: 1, edited: 0, created: 0 }, &mut Vec::new());
    network.level();
    let taken = network.level();
    Row::new("nothing new", taken.bytes(), taken, None, 128, 1.0)
}

/// Measures everything. `compare`: Automerge's own sync too, which takes most of the time.
pub fn measure(scale: Scale, compare: bool) -> Vec<Row> {
    let pack = Pack::embedded();
    let mut rows = Vec::new();
    let mut history = Vec::new();
    let mut network = Network::new(&pack, scale, &mut history);
    let automerge = |network: &mut Network<'_>| compare.then(|| automerge_sync(network.documents()));
    network.level();

    let beside = automerge(&mut network);
    let taken = network.level();
    rows.push(Row::new("nothing new", taken.bytes(), taken, None, 128, 1.0).beside(beside));

    let edits: Vec<Value> =
        (0..scale.edited).map(|n| network.three_fields(0, n * scale.records / scale.edited)).collect();
    let beside = automerge(&mut network);
    let taken = network.level();
    rows.push(
        Row::new("60 records changed, on one side", taken.there, taken, Some(floor(&edits)), 1_850, 1.0).beside(beside),
    );

    let (ours, theirs) = (network.week(0, scale), network.week(1, scale));
    let beside = automerge(&mut network);
    let cut = Row::cut("… with the link up 4 s, down 5 s", (&network.a, &network.b), (4_000, 5_000));
    let taken = network.level();
    let least = floor(&ours) + floor(&theirs);
    rows.push(Row::new("a week apart", taken.bytes(), taken, Some(least), least, 1.0).beside(beside));
    rows.push(cut);

    let mut empty = Network {
        a: Desk::new("Gao", 3, Arc::new(pack.vocabulary())),
        b: network.b,
        pack: &pack,
        records: Vec::new(),
        saves: 0,
    };
    history.extend(edits.into_iter().chain(ours).chain(theirs));
    let beside = automerge(&mut empty);
    let cut = Row::cut("… with the link up 20 s, down 25 s", (&empty.a, &empty.b), (20_000, 25_000));
    let taken = empty.level();
    let least = floor(&history);
    let streaming = f64::INFINITY;
    rows.push(
        Row::new("an empty office, the whole history", taken.bytes(), taken, Some(least), least * 17 / 10, streaming)
            .beside(beside),
    );
    rows.push(cut);
    rows.push(feeds::a_hundred_offices(scale.records / 10));
    rows
}
