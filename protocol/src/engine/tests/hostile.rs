//! Peers that break the rules: the session ends with a reason an operator can read, or nothing happens at all.

use serde_json::json;

use crate::{
    entry::{PayloadKind, Signature},
    feed::{Genesis, Signer},
    frame::{Dictionary, Frame, Reason},
    frontier::Digest,
    ids::{CompartmentId, FeedId, Incarnation, NetworkId, RecordId, Seq},
    limits::{MAX_FEEDS, MAX_FRAME, MAX_FRAME_BEFORE_HELLO, MAX_PROBE},
    shelf::Table,
    testing::{ByHand, NodeId, Pen, World},
    verify::Link,
};

const NODE: NodeId = NodeId(0);

/// A node with one record, and a peer that has entered.
fn world() -> (World, ByHand, Pen) {
    let mut world = World::of(1, 1);
    world.create(NODE, "ours");
    world.settle();
    let mut pen = Pen::new(60);
    pen.scribble(12, 0);
    let peer = ByHand::enter(&mut world, NODE, pen.author());
    (world, peer, pen)
}

#[test]
fn before_the_hello_nothing_but_a_hello_is_answered() {
    let hello = |world: &mut World, peer: &ByHand| peer.hello(world, crate::testing::SECRET);
    type First = fn(&mut World, &ByHand, Frame) -> Vec<u8>;
    let cases: [(&str, First, Reason); 6] = [
        ("garbage", |_, _, _| vec![0xee; 40], Reason::Malformed),
        ("nothing", |_, _, _| vec![], Reason::Malformed),
        ("too large", |_, _, _| vec![1; MAX_FRAME_BEFORE_HELLO + 1], Reason::Stranger),
        (
            "another secret",
            |world, peer, _| peer.hello(world, b"another").encode(&mut Dictionary::default()),
            Reason::Stranger,
        ),
        (
            "a version that nobody speaks any more",
            |_, _, hello| {
                let mut bytes = hello.encode(&mut Dictionary::default());
                bytes[1] = 0;
                bytes
            },
            Reason::Version,
        ),
        (
            "a frontier",
            |_, _, _| Frame::Frontier(Digest([0; 16]), vec![]).encode(&mut Dictionary::default()),
            Reason::Stranger,
        ),
    ];
    for (name, first, reason) in cases {
        let mut world = World::of(1, 1);
        let peer = ByHand::connect(&mut world, NODE, Pen::new(60).author());
        let hello = hello(&mut world, &peer);
        let frame = first(&mut world, &peer, hello);
        world.inject(NODE, peer.link, frame);
        assert_eq!(world.ended(NODE), [reason], "{name}");
        assert!(matches!(peer.heard(&world)[..], [Frame::Hello(_), Frame::Bye(told)] if told == reason), "{name}");
    }
    // One's own key: a copied data directory.
    let mut world = World::of(1, 1);
    let author = world.engine(NODE).author();
    ByHand::enter(&mut world, NODE, author);
    assert_eq!(world.ended(NODE), [Reason::Ourselves]);
}

#[test]
fn a_frame_that_breaks_a_rule_ends_the_session_by_name() {
    type Say = fn(&Pen) -> Vec<u8>;
    let cases: [(&str, Say, Reason); 10] = [
        ("garbage", |_| vec![0xee; 40], Reason::Malformed),
        ("too large", |_| vec![3; MAX_FRAME + 1], Reason::Limit),
        ("a second hello", |_| [&[1, 1][..], &[0; 57]].concat(), Reason::OutOfTurn),
        ("a gap", |pen| frame(Frame::plain(&pen.run(pen.feed(), 3, 5))), Reason::OutOfTurn),
        (
            "a wrong signature",
            |pen| {
                let mut run = pen.run(pen.feed(), 0, 5);
                run.signature = Signature([7; 64]);
                frame(Frame::plain(&run))
            },
            Reason::Signature,
        ),
        (
            "an altered payload",
            |pen| {
                let mut run = pen.run(pen.feed(), 0, 5);
                run.entries[2].payload[0] ^= 1;
                frame(Frame::plain(&run))
            },
            Reason::Signature,
        ),
        (
            "a feed of another network",
            |pen| {
                let signer = Signer::new(&[9; 32], NetworkId([9; 32]));
                let genesis = signer.genesis(Incarnation([1; 16]));
                let run = pen.run(genesis.id(), 0, 2);
                frame(Frame::plain(&crate::verify::RawRun { link: Link::Genesis(genesis), ..run }))
            },
            Reason::OutOfTurn,
        ),
        (
            "a compartment we are not in",
            |pen| {
                let genesis = Genesis { compartment: CompartmentId([1; 16]), ..pen.genesis };
                let run = pen.run(genesis.id(), 0, 2);
                frame(Frame::plain(&crate::verify::RawRun { link: Link::Genesis(genesis), ..run }))
            },
            Reason::OutOfTurn,
        ),
        ("a bomb", |pen| bomb(pen), Reason::Malformed),
        (
            "a proof that proves nothing",
            |pen| {
                let side = pen.side(3);
                let sides = [side.clone(), side];
                frame(Frame::Fork(crate::feed::ForkProof { genesis: pen.genesis, base: pen.at(3), sides }))
            },
            Reason::Signature,
        ),
    ];
    for (name, say, reason) in cases {
        let (mut world, peer, pen) = world();
        let before = world.digests();
        world.inject(NODE, peer.link, say(&pen));
        assert_eq!(world.ended(NODE), [reason], "{name}");
        world.settle();
        assert_eq!(world.digests(), before, "{name}");
        assert_eq!(world.engine(NODE).ledger().feeds().count(), 1, "{name}");
    }
}

fn frame(frame: Frame) -> Vec<u8> {
    frame.encode(&mut Dictionary::default())
}

/// A chunk whose body unpacks to twenty megabytes.
fn bomb(pen: &Pen) -> Vec<u8> {
    let mut bytes = frame(Frame::plain(&pen.run(pen.feed(), 0, 1)));
    let head = 1 + 1 + 32 + 2 + Genesis::LEN + 64;
    bytes.truncate(head);
    bytes.push(crate::chunk::Codec::ZSTD.0);
    bytes.extend_from_slice(&[0x80, 0x80, 0x08]);
    bytes.extend_from_slice(&zstd::bulk::compress(&vec![0; 20_000_000], 19).expect("it packs"));
    bytes
}

#[test]
fn floods_leave_memory_as_it_was_or_end_the_session() {
    type Flood = fn(&mut World, &mut ByHand, &Pen);
    let cases: [(&str, Flood, &[Reason]); 6] = [
        (
            "beginnings of feeds without a signature",
            |world, peer, pen| {
                for number in 0..200 {
                    let genesis = Genesis { incarnation: Incarnation([number; 16]), ..pen.genesis };
                    let mut run = pen.run(genesis.id(), 0, 1);
                    run.link = Link::Genesis(genesis);
                    peer.say(world, &Frame::plain(&run));
                }
            },
            &[Reason::Signature],
        ),
        (
            "frontiers",
            |world, peer, _| {
                for _ in 0..2_000 {
                    peer.say(world, &Frame::Frontier(Digest([0; 16]), vec![]));
                }
            },
            &[Reason::Limit],
        ),
        (
            "comparisons",
            |world, peer, _| {
                let own = world.engine(NODE).own_feed();
                for _ in 0..2_000 {
                    peer.say(world, &Frame::Compare(vec![(own, Seq(1), [0; 8]); MAX_PROBE]));
                }
            },
            &[Reason::Limit],
        ),
        (
            "feeds that are not there",
            |world, peer, _| {
                let name = |number: u64| {
                    let mut feed = [0; 32];
                    feed[..8].copy_from_slice(&number.to_be_bytes());
                    FeedId(feed)
                };
                for some in 0..3 {
                    let all = (0..MAX_FEEDS as u64).map(|number| (name(number + some * MAX_FEEDS as u64), Seq(9)));
                    peer.say(world, &Frame::Have(all.collect(), None));
                }
            },
            &[Reason::Malformed],
        ),
        (
            "proofs of forks of feeds that nobody has",
            |world, peer, _| {
                for number in 0..200 {
                    let mut one = Pen::new(number);
                    one.scribble(1, 0);
                    let mut other = one.clone();
                    one.scribble(1, 1);
                    other.scribble(1, 2);
                    let sides = (one.side(1), other.side(1));
                    let proof = crate::feed::ForkProof::join(one.genesis, one.at(1), sides.0, sides.1);
                    peer.say(world, &Frame::Fork(proof.expect("they part")));
                }
            },
            &[],
        ),
        (
            "answers and sides that nobody asked for",
            |world, peer, pen| {
                let own = world.engine(NODE).own_feed();
                for number in 1..200 {
                    peer.say(world, &Frame::Compared(vec![(own, Seq(number), false); 8]));
                    peer.say(world, &Frame::Side(own, Seq(number), pen.side(1)));
                    peer.say(world, &Frame::Hold(own, Seq(number)));
                }
            },
            &[],
        ),
    ];
    for (name, flood, reasons) in cases {
        let (mut world, mut peer, pen) = world();
        flood(&mut world, &mut peer, &pen);
        let sent: usize = world.sent(peer.link, 0).iter().map(Vec::len).sum();
        assert!(sent < 512 * 1024, "{name}: {sent} bytes were sent");
        let ended = world.ended(NODE);
        assert_eq!(ended, reasons, "{name}");
        assert!(world.engine(NODE).ledger().feeds().count() <= 1, "{name}");
        assert!(world.node(NODE).shelf.count(Table::Feeds) == 1, "{name}");
    }
}

/// Frames cut short and altered at every byte: whatever follows, nothing panics and nothing is applied.
#[test]
fn altered_frames_never_panic_and_never_change_anything() {
    let mut pen = Pen::new(60);
    pen.scribble(4, 0);
    let mut other = pen.clone();
    pen.scribble(1, 1);
    other.scribble(1, 2);
    let proof = crate::feed::ForkProof::join(pen.genesis, pen.at(4), pen.side(4), other.side(4)).expect("they part");
    let frames = [
        Frame::plain(&pen.run(pen.feed(), 0, 3)),
        Frame::Fork(proof),
        Frame::Frontier(Digest([0; 16]), vec![(pen.feed(), Seq(3))]),
        Frame::Side(pen.feed(), Seq(2), pen.side(2)),
        Frame::Compare(vec![(pen.feed(), Seq(2), [1; 8])]),
        Frame::Hold(pen.feed(), Seq(2)),
    ];
    let mut world = World::of(3, 1);
    world.settle();
    let before = world.digests();
    for frame in frames {
        let bytes = frame.encode(&mut Dictionary::default());
        for at in (0..bytes.len()).step_by(3) {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << (at % 8);
            for bytes in [altered, bytes[..at].to_vec()] {
                let peer = ByHand::enter(&mut world, NODE, pen.author());
                world.inject(NODE, peer.link, bytes);
                world.cut(peer.link);
            }
        }
    }
    while world.write_next(NODE) {}
    assert_eq!(world.digests(), before);
}

/// Entries for records that are not theirs, before and after the record is made.
#[test]
fn entries_that_claim_a_record_of_ours_are_set_aside_and_harm_nothing() {
    let (mut world, mut peer, mut pen) = world();
    let own = world.engine(NODE).own_feed();
    let next = RecordId::created_by(own, Seq(world.engine(NODE).ledger().frontier().get(&own).0 + 1));
    pen.entries.clear();
    pen.write(PayloadKind::CHANGE, next, b"not a change");
    pen.write(PayloadKind::OFFICE, RecordId([0; 16]), &[0xff; 30]);
    peer.say(&mut world, &Frame::plain(&pen.run(pen.feed(), 0, 2)));
    world.settle();
    let record = world.create(NODE, "the next of ours");
    assert_eq!(record, next);
    world.patch(NODE, record, json!({"persons_affected": 5}));
    let view = world.view(NODE, record);
    assert_eq!((view.standstills.len(), &view.fields["persons_affected"]), (1, &json!(5)));
}
