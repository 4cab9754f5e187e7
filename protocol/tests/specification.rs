//! The byte examples of `README.md` are what this crate writes, and it reads them back.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use automerge::{ROOT, transaction::Transactable};
use data_encoding::HEXLOWER;
use toguna_protocol::{
    beacon::{Base, Beacon, Claim, Holdings},
    bundle::{self, Keys, Maker, Order, Origin},
    document::{Authorship, Document},
    entry::{PayloadKind, VerifiedEntry},
    feed::{Genesis, OfficeCard, Signer, Tip},
    frame::{Dictionary, Frame, Hello, Reason, VERSION, feeds_digest, hello_mac},
    frontier::Digest,
    ids::{AuthorKey, EntryHash, Epoch, FeedId, Incarnation, ItemId, NetworkId, RecordId, Seq, UnixSeconds},
    ledger::Ledger,
    shelf::{Batch, Shelf, ShelfError, Table},
    verify::{Link, RawEntry, RawRun, first_eight},
};

const SECRET: &[u8] = b"an example of a secret";

/// What the examples are made of, in the README's words.
struct Example {
    signer: Signer,
    card: VerifiedEntry,
    change: VerifiedEntry,
    tips: [Tip; 3],
}

fn example() -> Example {
    let signer = Signer::new(&[1; 32], NetworkId::of_secret(SECRET));
    let feed = signer.genesis(Incarnation([2; 16])).id();
    let start = Tip { seq: Seq(0), hash: EntryHash(feed.0) };
    let card = OfficeCard { name: "Gao".into(), region: Some("ML-7".into()), at: 1_795_000_000 };
    let card = signer.append(feed, start, PayloadKind::OFFICE, RecordId([0; 16]), card.encode());
    let first = Tip { seq: Seq(1), hash: card.hash() };
    let record = RecordId::created_by(feed, Seq(2));
    let by = Authorship { person: "Awa".into(), reason: None, at: UnixSeconds(1_795_000_060) };
    let edit = |tx: &mut automerge::transaction::Transaction<'_>| {
        tx.put(ROOT, "kind", "conflict")?;
        tx.put(ROOT, "title", "Puits")
    };
    let edited = Document::empty(record).edit::<_, automerge::AutomergeError>(feed, &by, edit);
    let payload = edited.expect("the edit is sound").expect("it writes something").payload;
    let change = signer.append(feed, first, PayloadKind::CHANGE, record, payload);
    let second = Tip { seq: Seq(2), hash: change.hash() };
    Example { signer, card, change, tips: [start, first, second] }
}

/// Every example by its name.
fn examples() -> BTreeMap<&'static str, Vec<u8>> {
    let Example { signer, card, change, tips } = example();
    let genesis = signer.genesis(Incarnation([2; 16]));
    let feed = genesis.id();
    let record = RecordId::created_by(feed, Seq(2));
    let mut out = BTreeMap::new();
    let mut add = |name, bytes: &[u8]| drop(out.insert(name, bytes.to_vec()));
    add("network id", &signer.network().0);
    add("genesis", &genesis.encode());
    add("feed id", &feed.0);
    add("actor", feed.actor().to_bytes());
    add("record id", &record.0);
    add("item id", ItemId::new(feed, Seq(2), 0).as_str().as_bytes());
    add("office card", card.payload());
    add("change", change.payload());
    add("header", &change.header().encode());
    add("payload hash", &change.header().payload_hash.0);
    add("entry hash", &change.hash().0);
    add("signature", &change.signature().expect("it is signed").0);
    add("digest", &Digest::of([(&feed, &tips[2])]).0);
    let (sender, receiver) = (signer.author(), AuthorKey([3; 32]));
    let (epoch, digest) = (Epoch([4; 8]), Digest::of([(&feed, &tips[2])]));
    let mut hello = Hello {
        version: VERSION,
        mac: [0; 16],
        epoch,
        digest,
        feeds: feeds_digest([&feed]),
        baseline: [0; 8],
        clock: UnixSeconds(1_795_000_120),
    };
    hello.mac = hello_mac(SECRET, &sender, &receiver, &hello);
    let run = |entry: &VerifiedEntry, first, link| RawRun {
        feed,
        first,
        link,
        entries: vec![RawEntry::of(entry)],
        signature: *entry.signature().expect("it is signed"),
    };
    let holds = Holdings::of([(feed, Seq(2))]);
    let beacon = Beacon::sign(&signer, Claim::new(1, UnixSeconds(1_795_000_180), "0.1.0"), holds.clone());
    add("beacon", &beacon.encode());
    let frames = [
        ("hello", Frame::Hello(hello)),
        ("frontier", Frame::Frontier(digest, vec![(feed, Seq(2))])),
        ("chunk", Frame::plain(&run(&card, Seq(1), Link::Genesis(genesis)))),
        ("second chunk", Frame::plain(&run(&change, Seq(2), Link::Entry(first_eight(&card.hash().0))))),
        ("have", Frame::Have(vec![(feed, Seq(2))], Some(digest))),
        ("hold", Frame::Hold(feed, Seq(1))),
        ("compare", Frame::Compare(vec![(feed, Seq(2), first_eight(&change.hash().0))])),
        ("compared", Frame::Compared(vec![(feed, Seq(2), true)])),
        ("beacons", Frame::Beacons(vec![(feed, beacon.told(Base::Sender, &holds))])),
        ("bye", Frame::Bye(Reason::Stopping)),
    ];
    let listed = Frame::Frontier(digest, vec![(feed, Seq(2))]);
    add("listed", &listed.encode(&mut Dictionary::with([feed])));
    // One after another, as they would go over one session: the feed is named in full once.
    let (mut sending, mut receiving) = (Dictionary::default(), Dictionary::default());
    for (name, frame) in frames {
        let bytes = frame.encode(&mut sending);
        assert_eq!(Frame::decode(&bytes, &mut receiving), Ok(frame), "{name}");
        add(name, &bytes);
    }
    let beacons = vec![(feed, beacon.clone())];
    let file = bundle_of(&genesis, [card, change], beacons);
    let (opened, sealed) = (bundle::open(Keys::of_secret(SECRET), &file).expect("it opens"), file);
    assert!(bundle::parse(&opened).is_ok() && bundle::decode(Keys::of_secret(SECRET), &sealed).is_ok());
    add("opened bundle", &opened);
    add("bundle", &sealed);
    out
}

/// Rows in memory.
#[derive(Clone, Default)]
struct Rows(Arc<Mutex<BTreeMap<Row, Vec<u8>>>>);

/// A table and a key in it.
type Row = (Table, Vec<u8>);

impl Shelf for Rows {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError> {
        Ok(self.0.lock().expect("nobody panics").get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), ShelfError> {
        let rows = self.0.lock().expect("nobody panics");
        let within = rows.range((table, from.to_vec())..).take_while(|((of, _), _)| *of == table);
        for ((_, key), value) in within.take_while(|((_, key), _)| to.is_none_or(|to| &key[..] < to)) {
            if !visit(key, value.clone()) {
                break;
            }
        }
        Ok(())
    }
}

/// A bundle of the second of two entries, for the holder of the first.
fn bundle_of(genesis: &Genesis, entries: [VerifiedEntry; 2], beacons: Vec<(FeedId, Beacon)>) -> Vec<u8> {
    let rows = Rows::default();
    let mut ledger = Ledger::open(rows.clone()).expect("it is empty");
    let feed = ledger.begin(*genesis).expect("there is room");
    let mut batch = Batch::default();
    let accepted = ledger.stage(feed, entries.into(), &mut batch);
    for write in batch.writes {
        rows.0.lock().expect("nobody panics").insert((write.table, write.key), write.value.unwrap_or_default());
    }
    ledger.persisted(&accepted);
    let order = Order {
        maker: genesis.author,
        made_at: UnixSeconds(1_795_000_180),
        addressee: Some(AuthorKey([3; 32])),
        part: 0,
        origin: Origin::Heard(UnixSeconds(1_795_000_060)),
        base: [(feed, Seq(1))].into_iter().collect(),
        limit: None,
    };
    let keys = Keys::of_secret(SECRET);
    let mut maker = Maker::begin(&keys, &[5; 32], order, beacons, &ledger).expect("it reads");
    let mut file = Vec::new();
    while let Some(piece) = maker.step(&ledger).expect("it reads") {
        file.extend(piece);
    }
    file
}

/// The examples in the README: a line `Example: name`, then a fenced block of hexadecimal digits.
fn written() -> BTreeMap<String, String> {
    let readme = include_str!("../README.md");
    let mut found = BTreeMap::new();
    for part in readme.split("\nExample: ").skip(1) {
        let (name, rest) = part.split_once('\n').expect("a name ends its line");
        let block = rest.trim_start().strip_prefix("```text\n").and_then(|rest| rest.split_once("```"));
        let (block, _) = block.unwrap_or_else(|| panic!("no block follows the example {name}"));
        found.insert(name.to_owned(), block.split_whitespace().collect());
    }
    found
}

#[test]
fn the_examples_of_the_specification_are_true() {
    let written = written();
    let examples = examples();
    let wrong: Vec<String> = examples
        .iter()
        .map(|(name, bytes)| (*name, HEXLOWER.encode(bytes)))
        .filter(|(name, hex)| written.get(*name) != Some(hex))
        .map(|(name, hex)| format!("{name}={hex}"))
        .collect();
    assert!(wrong.is_empty(), "these are otherwise:\n{}", wrong.join("\n"));
    // What the stripped chunk stands for is tested where chunks are unpacked: `ledger/tests.rs`.
    assert_eq!(written.len(), examples.len() + 1, "the README has an example that nothing checks");
}
