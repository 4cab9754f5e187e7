//! Peers that do not belong here, or do not behave: the session ends with a named reason, and nothing wrong is kept.

use std::time::Duration;

use toguna_protocol::{
    entry::{PayloadKind, Signature},
    feed::{Feed, Tip},
    frame::{Frame, Reason},
    frontier::Digest,
    ids::{FeedId, Incarnation, RecordId, Seq},
    limits::MAX_FRAME,
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
        ("another version", [vec![1, 99], vec![0; 50]].concat()),
        ("oversized", vec![1; 60_000]),
    ];
    for (name, bytes) in cases {
        let mut stranger = Stranger::connect(2, gao.address).await;
        stranger.say_bytes(bytes);
        let heard = stranger.hear_out().await;
        assert!(heard.len() <= 2 && heard.iter().skip(1).all(|f| matches!(f, Frame::Bye(_))), "{name}: {heard:?}");
    }
}

/// A feed of the handmade peer and a run of its first entries, properly signed.
fn run(stranger: &Stranger, payloads: &[&[u8]]) -> (Feed, RawRun) {
    let feed = Feed::begin(stranger.signer.genesis(Incarnation([5; 16])));
    let mut tip = feed.tip;
    let mut entries = Vec::new();
    for payload in payloads {
        let record = RecordId::created_by(feed.id, tip.seq.next());
        let entry = stranger.signer.append(feed.id, tip, PayloadKind::CHANGE, record, payload.to_vec());
        tip = Tip { seq: entry.header().seq, hash: entry.hash() };
        entries.push(entry);
    }
    let run = RawRun {
        feed: feed.id,
        first: Seq(1),
        link: Link::Genesis(feed.genesis),
        signature: *entries.last().unwrap().signature().unwrap(),
        entries: entries.iter().map(RawEntry::of).collect(),
    };
    (feed, run)
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
        member.say(&Frame::Chunk(run));
        let heard = member.hear_out().await;
        assert_eq!(goodbye(&heard), Some(reason), "{name}: {heard:?}");
        assert_eq!(gao.digest().await, digest, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_frames_of_a_member_end_the_session() {
    let (gao, _, digest) = office_with_a_record().await;
    let bomb = {
        let packed = zstd_bomb();
        let mut bytes = vec![5, 0];
        bytes.extend_from_slice(&[7; 32]); // a feed
        bytes.extend_from_slice(&[1, 1]); // first, count
        bytes.extend_from_slice(&[0; 72]); // backlink, signature
        bytes.push(1); // codec
        bytes.extend_from_slice(&[0x80, 0x80, 0x08]); // 128 KiB announced
        bytes.extend_from_slice(&packed);
        bytes
    };
    let cases: [(&str, Vec<u8>); 5] = [
        ("garbage", vec![0xaa; 1_000]),
        ("a frontier of a million feeds", vec![2, 0xc0, 0x84, 0x3d]),
        ("a feed number never given", vec![6, 1, 9, 1]),
        ("a compressed bomb", bomb),
        ("trailing bytes", vec![6, 0, 0]),
    ];
    for (name, bytes) in cases {
        let mut member = Stranger::connect(4, gao.address).await;
        member.enter().await;
        member.say(&Frame::Frontier(NOTHING, Vec::new()));
        let mut sent = bytes;
        sent.truncate(MAX_FRAME);
        member.say_bytes(sent);
        let heard = member.hear_out().await;
        assert_eq!(goodbye(&heard), Some(Reason::Malformed), "{name}: {heard:?}");
    }
    assert_eq!(gao.digest().await, digest);
}

/// 20 MB of zeros, compressed.
fn zstd_bomb() -> Vec<u8> {
    zstd::bulk::compress(&vec![0; 20_000_000], 19).unwrap()
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
    member.say(&Frame::Chunk(run));
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
