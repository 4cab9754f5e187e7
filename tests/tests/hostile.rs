//! Peers that do not belong here, or do not behave: the session ends with a named reason, and nothing wrong is kept.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use automerge::{Change, ExpandedChange};
use serde_json::{Value, json};
use toguna_protocol::{
    document::{Authorship, Document, Standing},
    entry::{PayloadKind, Signature, VerifiedEntry},
    feed::{Feed, Tip},
    frame::{Dictionary, Frame, Reason},
    frontier::Digest,
    ids::{FeedId, Incarnation, RecordId, Seq, UnixSeconds},
    limits::MAX_FRAME,
    record::{self, ItemIds, Kind, Vocabulary},
    verify::{Link, RawEntry, RawRun},
};
use toguna_tests::{eventually, office::Office, stranger::Stranger};

/// The digest of someone who does not care.
const NOTHING: Digest = Digest([9; 16]);

async fn office_with_a_record() -> (Office, RecordId, String) {
    let mut gao = Office::new("Gao");
    gao.start().await;
    let record = gao.conflict("Sentinel title", "Sentinel narrative.").await;
    let digest = gao.digest().await;
    (gao, record, digest)
}

fn goodbye(heard: &[Frame]) -> Option<Reason> {
    heard.iter().find_map(|frame| match frame {
        Frame::Bye(reason) => Some(*reason),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn another_networks_office_gets_no_session_and_no_data() {
    let (gao, record, digest) = office_with_a_record().await;
    let mut other = Office::new("Other").with_secret(b"another network").dials(gao.address);
    other.start().await;
    let theirs = other.conflict("Theirs", "Not ours.").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!other.holds(record).await && !gao.holds(theirs).await);
    assert_eq!(gao.digest().await, digest);
    assert!(gao.app().status().await.unwrap().sessions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_hears_one_hello_and_a_goodbye() {
    let (gao, _, digest) = office_with_a_record().await;
    let mut stranger = Stranger::connect(1, gao.address).await;
    let hello = stranger.hello(b"a guess");
    stranger.say(&hello);
    let heard = stranger.hear_out().await;
    assert!(matches!(heard[0], Frame::Hello(_)), "{heard:?}");
    assert_eq!(heard[1..], [Frame::Bye(Reason::Stranger)]);
    assert_eq!(gao.digest().await, digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_before_a_proper_hello_end_the_connection() {
    let (gao, _, _) = office_with_a_record().await;
    let cases: [(&str, Vec<u8>); 5] = [
        ("garbage", vec![0xff; 40]),
        ("empty frontier", vec![2, 0]),
        ("half a hello", vec![1, 1, 0, 0]),
        ("a version of no time", [vec![1, 0], vec![0; 50]].concat()),
        ("oversized", vec![1; 60_000]),
    ];
    for (name, bytes) in cases {
        let mut stranger = Stranger::connect(2, gao.address).await;
        stranger.say_bytes(bytes);
        let heard = stranger.hear_out().await;
        assert!(heard.len() <= 2 && heard.iter().skip(1).all(|f| matches!(f, Frame::Bye(_))), "{name}: {heard:?}");
    }
}

/// A feed of the handmade peer and a run of its first entries, properly signed, each of a record of its own.
fn run(stranger: &Stranger, payloads: &[&[u8]]) -> (Feed, RawRun) {
    let mut pen = Pen::new(stranger);
    payloads.iter().for_each(|payload| drop(pen.write(None, payload)));
    (pen.feed.clone(), pen.run())
}

/// Writes the handmade peer's feed.
struct Pen<'a> {
    stranger: &'a Stranger,
    feed: Feed,
    tip: Tip,
    entries: Vec<VerifiedEntry>,
}

impl<'a> Pen<'a> {
    fn new(stranger: &'a Stranger) -> Self {
        let feed = Feed::begin(stranger.signer.genesis(Incarnation([5; 16])));
        Pen { stranger, tip: feed.tip, feed, entries: Vec::new() }
    }

    /// An entry of a record, or without one the entry that creates its own.
    fn write(&mut self, record: Option<RecordId>, payload: &[u8]) -> VerifiedEntry {
        let record = record.unwrap_or_else(|| RecordId::created_by(self.feed.id, self.tip.seq.next()));
        let signer = &self.stranger.signer;
        let entry = signer.append(self.feed.id, self.tip, PayloadKind::CHANGE, record, payload.to_vec());
        self.tip = Tip { seq: entry.header().seq, hash: entry.hash() };
        self.entries.push(entry.clone());
        entry
    }

    fn run(&self) -> RawRun {
        RawRun {
            feed: self.feed.id,
            first: Seq(1),
            link: Link::Genesis(self.feed.genesis),
            signature: *self.entries.last().unwrap().signature().unwrap(),
            entries: self.entries.iter().map(RawEntry::of).collect(),
        }
    }
}

type Alter = fn(&mut RawRun);

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_breaks_the_rules_is_told_why_and_dropped() {
    let (gao, _, digest) = office_with_a_record().await;
    let cases: [(&str, Alter, Reason); 4] = [
        ("wrong signature", |run| run.signature = Signature([9; 64]), Reason::Signature),
        ("altered payload", |run| run.entries[0].payload.push(1), Reason::Signature),
        ("gap", |run| (run.first, run.link) = (Seq(5), Link::Entry([1; 8])), Reason::OutOfTurn),
        ("entry left out", |run| drop(run.entries.remove(0)), Reason::Signature),
    ];
    for (name, alter, reason) in cases {
        let mut member = Stranger::connect(3, gao.address).await;
        member.enter().await;
        let (feed, mut run) = run(&member, &[b"one", b"two"]);
        alter(&mut run);
        member.say(&Frame::Frontier(NOTHING, vec![(feed.id, Seq(2))]));
        member.say(&Frame::plain(&run));
        let heard = member.hear_out().await;
        assert_eq!(goodbye(&heard), Some(reason), "{name}: {heard:?}");
        assert_eq!(gao.digest().await, digest, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_frames_of_a_member_end_the_session() {
    let (gao, _, digest) = office_with_a_record().await;
    let cases: [(&str, Throw); 5] = [
        ("garbage", |_| vec![0xaa; 1_000]),
        ("a frontier of a million feeds", |_| vec![2, 0xc0, 0x84, 0x3d]),
        ("a feed number never given", |_| vec![6, 1, 9, 1]),
        ("a compressed bomb", |member| bomb_of(member, &zstd_bomb())),
        ("trailing bytes", |_| vec![6, 0, 0]),
    ];
    for (name, bytes) in cases {
        let mut member = Stranger::connect(4, gao.address).await;
        member.enter().await;
        member.say(&Frame::Frontier(NOTHING, Vec::new()));
        let mut sent = bytes(&member);
        sent.truncate(MAX_FRAME);
        member.say_bytes(sent);
        let heard = member.hear_out().await;
        assert_eq!(goodbye(&heard), Some(Reason::Malformed), "{name}: {heard:?}");
    }
    assert_eq!(gao.digest().await, digest);
}

/// What a member throws at an office.
type Throw = fn(&Stranger) -> Vec<u8>;

/// A chunk whose body unpacks to far more than it announces.
fn bomb_of(member: &Stranger, packed: &[u8]) -> Vec<u8> {
    let (_, run) = run(member, &[&[0; 2_000]]);
    let mut bytes = Frame::plain(&run).encode(&mut Dictionary::default());
    // Type, feed, first, count, genesis, signature: then codec, length, body.
    bytes.truncate(1 + 33 + 1 + 1 + 97 + 64);
    bytes.push(1);
    bytes.extend_from_slice(&[0x80, 0x80, 0x08]); // 128 KiB announced
    bytes.extend_from_slice(packed);
    bytes
}

/// 200 MB of zeros, compressed.
fn zstd_bomb() -> Vec<u8> {
    zstd::bulk::compress(&vec![0; 200_000_000], 3).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_properly_signed_payload_that_is_no_change_is_kept_set_aside_and_passed_on() {
    let (gao, record, _) = office_with_a_record().await;
    let mut bamako = Office::new("Bamako").dials(gao.address);
    bamako.start().await;
    let mut member = Stranger::connect(5, gao.address).await;
    member.enter().await;
    let (feed, run) = run(&member, &[b"no change at all", &[0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 1, 200], &[0; 5_000]]);
    member.say(&Frame::Frontier(NOTHING, vec![(feed.id, Seq(3))]));
    member.say(&Frame::plain(&run));
    let holds = async |office: &Office, feed: FeedId| {
        let frontier = office.app().status().await.unwrap().frontier;
        frontier.contains(&(feed, Seq(3)))
    };
    eventually("the entries are kept here", async || holds(&gao, feed.id).await).await;
    eventually("and passed on", async || holds(&bamako, feed.id).await).await;
    // Nothing of it is shown, and everything else goes on.
    assert_eq!(gao.view(record).await.fields["title"], "Sentinel title");
    assert!(!gao.holds(RecordId::created_by(feed.id, Seq(1))).await);
    let next = gao.conflict("Another", "Goes on.").await;
    eventually("records still travel", async || bamako.holds(next).await).await;
}

/// A change rewritten in Automerge's own JSON form.
fn forge(payload: &[u8], rewrite: impl FnOnce(&mut Value)) -> Vec<u8> {
    let change = Change::try_from(payload).unwrap();
    let mut json = serde_json::to_value(change.decode()).unwrap();
    rewrite(&mut json);
    Change::from(serde_json::from_value::<ExpandedChange>(json).unwrap()).raw_bytes().to_vec()
}

type Forge = fn(Vec<u8>) -> Vec<u8>;

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_would_upset_a_document_are_set_aside_by_name_and_cost_nothing_else() {
    let cases: [(&str, Forge); 5] = [
        ("unknown-actor", |payload| {
            forge(&payload, |json| json["ops"][0]["obj"] = json!("7@00112233445566778899aabbccddeeff"))
        }),
        ("unknown-object", |payload| {
            forge(&payload, |json| json["ops"][0]["obj"] = json!(format!("999@{}", json["actor"].as_str().unwrap())))
        }),
        ("wrong-start-op", |payload| forge(&payload, |json| json["startOp"] = json!(u32::MAX))),
        ("wrong-change-seq", |payload| forge(&payload, |json| json["seq"] = json!(9))),
        ("wrong-checksum", |mut payload| {
            payload[5] ^= 1;
            payload
        }),
    ];
    for (seed, (code, forge)) in (20..).zip(cases) {
        let (gao, record, _) = office_with_a_record().await;
        let mut member = Stranger::connect(seed, gao.address).await;
        member.enter().await;
        let mut pen = Pen::new(&member);
        let theirs = RecordId::created_by(pen.feed.id, Seq(1));
        let mut document = Document::empty(theirs);
        let by = Authorship { person: "F.".to_owned(), reason: None, at: UnixSeconds(1_795_000_000) };
        let fields = json!({"title": "Theirs"});
        let (mut ids, vocabulary) = (ItemIds::new(pen.feed.id, Seq(1)), Vocabulary::default());
        let creation = document
            .edit(pen.feed.id, &by, |tx| record::create(tx, Kind::Conflict, &fields, &mut ids, &vocabulary))
            .unwrap()
            .unwrap();
        document.insert(&pen.write(None, &creation.payload), Standing::Trunk);
        let heads = document.heads();
        let edit = json!({"notes": "x", "event_count": 3});
        let honest = document
            .edit(pen.feed.id, &by, |tx| record::patch(tx, theirs, &heads, &edit, &mut ids, &vocabulary))
            .unwrap()
            .unwrap();
        let forged = pen.write(Some(theirs), &forge(honest.payload)).hash();
        let (feed, run) = (pen.feed.id, pen.run());
        member.say(&Frame::Frontier(NOTHING, vec![(feed, Seq(2))]));
        member.say(&Frame::plain(&run));
        eventually("the forged change is set aside", async || match gao.app().record(theirs).await {
            Ok(view) => view.standstills.iter().any(|still| still.entry == forged),
            Err(_) => false,
        })
        .await;
        let view = gao.view(theirs).await;
        assert_eq!(view.standstills.iter().map(|still| still.code).collect::<Vec<_>>(), [code]);
        assert_eq!((view.fields.get("title"), view.fields.get("notes")), (Some(&json!("Theirs")), None), "{code}");
        // The office goes on, with its own record and with theirs.
        gao.patch(theirs, json!({"notes": "y"})).await.expect("the record can still be edited");
        assert_eq!(gao.view(record).await.fields["title"], "Sentinel title");
    }
}

/// A line of a process's memory, in megabytes (proc(5)).
fn memory(process: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let found = status.lines().find_map(|found| found.strip_prefix(line)).expect("every process has this line");
    found.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_thrown_at_it_an_office_takes_no_more_memory() {
    let (gao, nobody) = (Office::new("Gao"), Office::new("Nobody"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_office"))
        .arg(gao.directory())
        .args([&gao.name, &gao.address.to_string(), &nobody.address.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("the office starts");
    let throw = async |seed: u8, admitted: bool, bytes: &dyn Fn(&Stranger) -> Vec<u8>| {
        let mut peer = Stranger::connect(seed, gao.address).await;
        if admitted {
            peer.enter().await;
        }
        let bytes = bytes(&peer);
        peer.say_bytes(bytes);
        peer.hear_for(Duration::from_secs(1)).await;
    };
    throw(40, true, &|_| vec![0xaa; 100]).await;
    let bomb = zstd_bomb();
    let before = memory(child.id(), "VmHWM:");
    for round in 0..8 {
        throw(41 + round, true, &|member| bomb_of(member, &bomb)).await;
        throw(61 + round, true, &|_| vec![0xaa; MAX_FRAME]).await;
        throw(81 + round, false, &|_| vec![1; MAX_FRAME]).await;
    }
    let after = memory(child.id(), "VmHWM:");
    child.kill().expect("it runs");
    child.wait().expect("it can be waited for");
    // Two hundred megabytes unpack from each bomb. The office meanwhile writes records of its own.
    assert!(after < before + 48, "{before} MB before, {after} MB after");
}
