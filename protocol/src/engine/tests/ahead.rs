//! Who lacks much of a feed reads its end before the rest has come.

use serde_json::json;

use crate::{
    chunk::Packed,
    feed::ForkProof,
    frame::{Frame, Reason},
    ids::{RecordId, Seq},
    limits::AHEAD_AFTER,
    testing::{ByHand, NodeId, Pen, World},
};

const OLD: &str = "Les éleveurs revenus du nord trouvent le couloir fermé par des champs neufs. ";

/// A node with a long history, and its newest record.
fn historian(seed: u64) -> (World, NodeId, RecordId) {
    let mut world = World::of(seed, 1);
    let node = NodeId(0);
    let mut records = Vec::new();
    for number in 0..AHEAD_AFTER / 10 {
        records.push(world.create(node, &format!("{number}")));
    }
    for round in 0..10 {
        for record in &records {
            // Words that no other record has, so that packing does not make nothing of them.
            let words: Vec<String> = (0..8).map(|_| world.chance.draw().to_string()).collect();
            let text = format!("{OLD} {}", words.join(" "));
            world.patch(node, *record, json!({"narrative": text, "event_count": round + 1}));
        }
    }
    let newest = world.create(node, "the newest");
    world.patch(node, newest, json!({"narrative": OLD}));
    (world, node, newest)
}

fn held(world: &mut World, node: NodeId, of: NodeId) -> u64 {
    let feed = world.engine(of).own_feed();
    world.engine(node).ledger().feed(&feed).map_or(0, |feed| feed.tip.seq.0)
}

/// Lets things happen until a node shows a record. Returns how much it then holds of the other's feed.
fn until_shown(world: &mut World, node: NodeId, of: NodeId, record: RecordId) -> u64 {
    while !world.node(node).rows.contains_key(&record) {
        assert!(world.step(), "it is shown sometime");
    }
    held(world, node, of)
}

#[test]
fn the_newest_record_is_read_long_before_the_whole_history_is_there() {
    let (mut world, old, newest) = historian(1);
    let late = world.add();
    let link = world.link(old, late);
    let all = held(&mut world, old, old);
    let early = until_shown(&mut world, late, old, newest);
    assert!(early < all / 2, "{early} of {all}");
    assert_eq!(world.view(late, newest).fields["narrative"], json!(OLD));
    // Nobody is told that it is held, and nobody gets it from here.
    let third = world.add();
    let other = world.link(late, third);
    world.cut(link);
    world.settle();
    assert!(!world.node(third).rows.contains_key(&newest));
    world.cut(other);
    // It outlives a start, and is edited like any other.
    world.stop(late);
    world.start(late, false);
    world.patch(late, newest, json!({"aliases": ["Puits"]}));
    // Asked for once, whatever breaks off.
    let link = world.link(old, late);
    world.settle();
    let asked = world.sent(link, 1).iter().filter(|frame| frame[0] == 16).count();
    assert_eq!(asked, 0);
    assert_eq!(world.view(old, newest).fields["aliases"], json!(["Puits"]));
    let row = &world.node(late).rows[&newest];
    assert_eq!((row.waiting, row.set_aside), (0, 0));
    // Nothing is left of what was held ahead.
    world.stop(late);
    world.start(late, false);
    assert_eq!(world.engine(late).ledger().ahead_of(newest).count(), 0);
    world.link(late, third);
    world.link(old, late);
    world.settle();
    world.assert_converged();
}

#[test]
fn a_link_cut_again_and_again_brings_it_all_the_same() {
    for seed in 0..2 {
        let (mut world, old, newest) = historian(seed);
        let late = world.add();
        for _ in 0..60 {
            let link = world.link(old, late);
            for _ in 0..40 + world.chance.below(60) {
                world.step();
            }
            world.cut(link);
            if world.chance.once_in(5) {
                world.crash(late);
                world.start(late, false);
            }
        }
        world.link(old, late);
        world.settle();
        world.assert_converged();
        assert!(world.views(late).contains_key(&newest));
    }
}

/// An author that lies: the end it shows is not of the history that follows.
#[test]
fn an_end_that_the_feed_does_not_come_to_is_let_go() {
    let length = AHEAD_AFTER as usize + 200;
    let mut pen = Pen::new(60);
    pen.scribble(100, 0);
    let mut other = pen.clone();
    pen.scribble(length, 1);
    other.scribble(length, 2);
    let mut world = World::of(1, 1);
    let node = NodeId(0);
    let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
    peer.say(&mut world, &Frame::Frontier(crate::frontier::Digest([0; 16]), vec![(pen.feed(), Seq(length as u64))]));
    assert!(peer.heard(&world).contains(&Frame::AskAhead(pen.feed())));
    let end = other.run(pen.feed(), length - 5, length);
    peer.say(&mut world, &Frame::Ahead(pen.genesis, other.at(length - 5).hash, Packed::plain(&end)));
    while world.write_next(node) {}
    let held = |world: &mut World| world.engine(node).ledger().ahead_of(RecordId([1; 16])).count();
    assert_eq!(held(&mut world), 5);
    for after in (0..length).step_by(100) {
        peer.say(&mut world, &Frame::plain(&pen.run(pen.feed(), after, after + 100)));
        while world.write_next(node) {}
    }
    assert_eq!(held(&mut world), 0);
    assert_eq!(world.ended(node), []);
}

#[test]
fn what_nobody_asked_for_or_nobody_signed_ends_the_session() {
    let length = AHEAD_AFTER as usize + 200;
    let mut pen = Pen::new(60);
    pen.scribble(length, 1);
    let ahead = |pen: &Pen| {
        let run = pen.run(pen.feed(), length - 5, length);
        (pen.genesis, pen.at(length - 5).hash, run)
    };
    for (name, asked, altered, reason) in
        [("not asked for", false, false, Reason::OutOfTurn), ("signed by nobody", true, true, Reason::Signature)]
    {
        let mut world = World::of(1, 1);
        let node = NodeId(0);
        let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
        if asked {
            let all = vec![(pen.feed(), Seq(length as u64))];
            peer.say(&mut world, &Frame::Frontier(crate::frontier::Digest([0; 16]), all));
        }
        let (genesis, before, mut run) = ahead(&pen);
        run.entries[1].payload[0] ^= u8::from(altered);
        peer.say(&mut world, &Frame::Ahead(genesis, before, Packed::plain(&run)));
        assert_eq!(world.ended(node), [reason], "{name}");
        assert_eq!(world.engine(node).ledger().ahead_of(RecordId([1; 16])).count(), 0);
    }
}

/// Whichever of a fork and the end of the feed is stored first, nothing is held ahead of a feed that forked.
#[test]
fn nothing_is_held_ahead_of_a_feed_that_forks_meanwhile() {
    let length = AHEAD_AFTER as usize + 200;
    let mut pen = Pen::new(60);
    let mut other = pen.clone();
    pen.scribble(length, 1);
    other.scribble(1, 2);
    let proof = ForkProof::join(pen.genesis, pen.at(0), pen.side(0), other.side(0)).expect("they part");
    for fork_first in [true, false] {
        let mut world = World::of(1, 1);
        let node = NodeId(0);
        let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
        let all = vec![(pen.feed(), Seq(length as u64))];
        peer.say(&mut world, &Frame::Frontier(crate::frontier::Digest([0; 16]), all));
        let run = pen.run(pen.feed(), length - 5, length);
        let ahead = Frame::Ahead(pen.genesis, pen.at(length - 5).hash, Packed::plain(&run));
        let fork = Frame::Fork(proof.clone());
        let order = if fork_first { [&fork, &ahead] } else { [&ahead, &fork] };
        order.into_iter().for_each(|frame| peer.say(&mut world, frame));
        while world.write_next(node) {}
        assert_eq!(world.engine(node).ledger().ahead_of(RecordId([1; 16])).count(), 0, "fork first: {fork_first}");
        world.cut(peer.link);
        world.stop(node);
        world.start(node, false);
        assert_eq!(world.engine(node).ledger().ahead_of(RecordId([1; 16])).count(), 0, "fork first: {fork_first}");
    }
}
