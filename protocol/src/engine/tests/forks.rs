//! One author, two entries with one number: a copied store that runs twice, a restored one, and authors that lie.

use serde_json::json;

use crate::{
    engine::Observation,
    feed::ForkProof,
    frame::Frame,
    ids::{FeedId, Seq},
    shelf::{Batch, Table},
    testing::{ByHand, NodeId, Pen, World},
};

fn forks_seen(world: &World, node: NodeId) -> usize {
    world.node(node).observed.iter().filter(|seen| matches!(seen, Observation::Forked { .. })).count()
}

fn write(world: &mut World, node: NodeId, count: usize, name: &str) {
    for number in 0..count {
        let record = world.create(node, &format!("{name} {number}"));
        world.patch(node, record, json!({"narrative": name}));
    }
}

/// An author's store is copied and runs twice; each copy has its own friend. When the friends meet, all find out.
#[test]
fn a_copied_store_that_runs_twice_is_found_out_and_ends_in_the_same_records_everywhere() {
    for (seed, (before, original, copied)) in
        [(0, 1, 1), (0, 3, 1), (2, 1, 20), (40, 20, 20), (70, 2, 2), (1, 0, 2), (3, 2, 0)].into_iter().enumerate()
    {
        println!("seed {seed}: {before} records, then {original} and {copied}");
        let mut world = World::of(seed as u64, 3);
        let [author, left, right] = [0, 1, 2].map(NodeId);
        let shared = world.create(author, "shared");
        write(&mut world, author, before, "before");
        let copy = world.add_copy(author);
        write(&mut world, author, original, "original");
        world.patch(author, shared, json!({"persons_affected": 1}));
        if copied > 0 {
            write(&mut world, copy, copied, "copy");
            world.patch(copy, shared, json!({"persons_affected": 2}));
        }
        let (to_author, to_copy) = (world.link(author, left), world.link(copy, right));
        world.settle();
        // Someone builds on what only one branch holds.
        let news = world.patch(left, shared, json!({"aliases": ["seen by left"]}));
        world.link(left, right);
        world.settle();
        let forked = copied > 0;
        for node in [author, left, right, copy] {
            assert_eq!(forks_seen(&world, node), usize::from(forked), "node {}", node.0);
            assert_eq!(world.ended(node), []);
        }
        world.assert_converged();
        assert!(world.views(right).contains_key(&news.record));
        assert_eq!(world.view(right, shared).fields.get("aliases"), Some(&json!(["seen by left"])));
        // Both go on without a fork.
        let old = world.engine(left).ledger().feeds().count();
        write(&mut world, author, 1, "after, by the original");
        write(&mut world, copy, 1, "after, by the copy");
        world.settle();
        world.assert_converged();
        assert_eq!(forks_seen(&world, left), usize::from(forked));
        assert_eq!(world.engine(left).ledger().feeds().count(), old + if forked { 2 } else { 1 });
        [to_author, to_copy].into_iter().for_each(|link| assert!(world.is_linked(link)));
    }
}

#[test]
fn three_copies_make_three_branches_whoever_hears_first() {
    for seed in 0..6 {
        println!("seed {seed}");
        let mut world = World::of(seed, 4);
        let [author, a, b, c] = [0, 1, 2, 3].map(NodeId);
        write(&mut world, author, 2, "before");
        let copies = [author, world.add_copy(author), world.add_copy(author)];
        for (number, copy) in copies.into_iter().enumerate() {
            write(&mut world, copy, 1 + number, &format!("apart {number}"));
        }
        for (one, other) in [(copies[0], a), (copies[1], b), (copies[2], c), (a, b), (b, c)] {
            world.link(one, other);
        }
        world.settle();
        world.assert_converged();
        let branches = world.engine(b).ledger().feeds().filter(|feed| feed.is_branch()).count();
        assert_eq!(branches, 3);
    }
}

#[test]
fn a_store_restored_from_an_old_copy_goes_on_without_a_fork() {
    for (seed, doubt) in [(1, true), (2, false)] {
        let mut world = World::of(seed, 2);
        let [author, friend] = [0, 1].map(NodeId);
        write(&mut world, author, 1, "old");
        let backup = world.node(author).shelf.copy();
        write(&mut world, author, 3, "lost");
        world.link(author, friend);
        world.settle();
        let before = world.engine(author).own_feed();
        world.crash(author);
        world.node_mut(author).shelf = backup;
        world.start(author, doubt);
        if doubt {
            // The tip file told: even without any link nothing is written to the old feed.
            write(&mut world, author, 1, "new");
        }
        world.link(author, friend);
        world.settle();
        write(&mut world, author, 1, "newer");
        world.settle();
        world.assert_converged();
        assert_ne!(world.engine(author).own_feed(), before);
        assert_eq!(forks_seen(&world, friend), 0);
        assert!(world.views(author).values().any(|view| view.fields["title"] == json!("lost 2")));
        // And it stays so after another start.
        let own = world.engine(author).own_feed();
        world.stop(author);
        world.start(author, false);
        assert_eq!(world.engine(author).own_feed(), own);
    }
}

#[test]
fn claims_about_our_own_feed_cost_no_more_feeds_than_we_write_entries() {
    let mut world = World::of(1, 1);
    let node = NodeId(0);
    world.create(node, "one");
    let mut peer = ByHand::enter(&mut world, node, Pen::new(50).author());
    for number in 0..100 {
        let own = world.engine(node).own_feed();
        peer.say(&mut world, &Frame::Have(vec![(own, Seq(1_000 + number))], None));
    }
    world.settle();
    assert_eq!(world.engine(node).ledger().feeds().count(), 1);
    let own = world.engine(node).own_feed();
    world.create(node, "two");
    world.create(node, "three");
    assert_ne!(world.engine(node).own_feed(), own);
    assert_eq!(world.engine(node).ledger().feeds().count(), 2);
    // Closed for ever, also where we stop before writing anything.
    let own = world.engine(node).own_feed();
    peer.say(&mut world, &Frame::Have(vec![(own, Seq(1_000))], None));
    world.stop(node);
    world.start(node, false);
    assert_ne!(world.engine(node).own_feed(), own);
}

/// Two pens that part after `base` entries, and the proof of it.
fn parted(seed: u8, base: usize, lengths: [usize; 2]) -> ([Pen; 2], ForkProof) {
    let mut one = Pen::new(seed);
    one.scribble(base, 0);
    let mut other = one.clone();
    one.scribble(lengths[0], 1);
    other.scribble(lengths[1], 2);
    let proof = ForkProof::join(one.genesis, one.at(base), one.side(base), other.side(base)).expect("they part");
    ([one, other], proof)
}

/// Tells a node of a fork by hand, in a given order of five pieces; twice, as a peer does that was told to wait.
fn tell(world: &mut World, node: NodeId, order: [usize; 5], base: usize) {
    for patient in [false, true] {
        tell_once(world, node, order, base, patient);
    }
}

fn tell_once(world: &mut World, node: NodeId, order: [usize; 5], base: usize, patient: bool) {
    let ([one, other], proof) = parted(60, base, [2, 3]);
    let branch = |pen: &Pen| FeedId(pen.at(base + 1).hash.0);
    let mut peer = ByHand::enter(world, node, Pen::new(61).author());
    peer.say(world, &Frame::Frontier(crate::frontier::Digest([0; 16]), vec![]));
    for piece in order {
        let frame = match piece {
            0 if base > 0 => Frame::plain(&one.run(one.feed(), 0, base)),
            1 => Frame::plain(&one.run(one.feed(), base, base + 2)),
            2 => Frame::Fork(proof.clone()),
            3 => Frame::plain(&one.run(branch(&one), base, base + 2)),
            4 => Frame::plain(&other.run(branch(&other), base, base + 3)),
            _ => continue,
        };
        peer.say(world, &frame);
        if patient || world.chance.once_in(2) {
            while world.write_next(node) {}
        }
    }
    world.cut(peer.link);
    while world.write_next(node) {}
    assert_eq!(world.ended(node), []);
}

#[test]
fn proof_and_entries_may_come_in_any_order_and_at_the_very_first_entry() {
    for base in [0, 1, 5] {
        for (seed, order) in
            [[0, 1, 2, 3, 4], [0, 2, 1, 3, 4], [2, 0, 4, 3, 1], [2, 4, 3, 0, 1]].into_iter().enumerate()
        {
            println!("base {base}, order {order:?}");
            let mut world = World::of(seed as u64, 3);
            let [first, second, third] = [0, 1, 2].map(NodeId);
            tell(&mut world, first, order, base);
            tell(&mut world, second, [0, 2, 4, 3, 1], base);
            world.link(first, third);
            world.link(third, second);
            world.settle();
            world.assert_converged();
            let ([one, other], _) = parted(60, base, [2, 3]);
            let held = world.engine(third).ledger();
            let length = |pen: &Pen| held.feed(&FeedId(pen.at(base + 1).hash.0)).map(|feed| feed.tip.seq.0);
            assert_eq!((length(&one), length(&other)), (Some(base as u64 + 2), Some(base as u64 + 3)));
            assert_eq!(held.feed(&one.feed()).and_then(|feed| feed.end), Some(Seq(base as u64)));
        }
    }
}

#[test]
fn forks_within_branches_are_the_same_whichever_is_proved_first() {
    let ([one, other], outer) = parted(70, 4, [6, 2]);
    let mut third = one.clone();
    third.entries.truncate(7);
    third.scribble(2, 3);
    let inner = ForkProof::join(one.genesis, one.at(7), one.side(7), third.side(7)).expect("they part");
    let mut digests = Vec::new();
    for proofs in [[&outer, &inner], [&inner, &outer]] {
        let mut world = World::of(5, 1);
        let node = NodeId(0);
        let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
        peer.say(&mut world, &Frame::plain(&one.run(one.feed(), 0, 10)));
        while world.write_next(node) {}
        for proof in proofs {
            peer.say(&mut world, &Frame::Fork(proof.clone()));
            while world.write_next(node) {}
        }
        let branch = |pen: &Pen, base: usize| FeedId(pen.at(base + 1).hash.0);
        peer.say(&mut world, &Frame::plain(&other.run(branch(&other, 4), 4, 6)));
        peer.say(&mut world, &Frame::plain(&third.run(branch(&third, 7), 7, 9)));
        while world.write_next(node) {}
        let engine = world.engine(node);
        let own = engine.own_feed();
        let mut held: Vec<_> = engine
            .ledger()
            .feeds()
            .filter(|feed| feed.id != own)
            .map(|feed| (feed.id, feed.start, feed.tip, feed.end))
            .collect();
        held.sort_by_key(|feed| feed.0);
        assert_eq!(held.len(), 5);
        digests.push(held);
        world.cut(peer.link);
        world.stop(node);
        world.start(node, false);
        assert_eq!(world.engine(node).ledger().feeds().count(), 6, "the forks are stored");
    }
    assert_eq!(digests[0], digests[1]);
}

/// A chunk carries one signature, over its last entry: where the fork lies before it, nobody but the author has one.
#[test]
fn a_fork_inside_a_signed_run_reaches_who_comes_later() {
    for base in 0..4 {
        println!("base {base}");
        let mut world = World::of(base as u64, 3);
        let [left, right, late] = [0, 1, 2].map(NodeId);
        let mut one = Pen::new(60);
        one.scribble(base, 0);
        let mut other = one.clone();
        one.scribble(3, 1);
        other.scribble(3, 2);
        for (node, pen) in [(left, &one), (right, &other)] {
            let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
            peer.say(&mut world, &Frame::plain(&pen.run(pen.feed(), 0, base + 3)));
            world.settle();
            world.cut(peer.link);
        }
        world.link(left, right);
        world.settle();
        world.link(right, late);
        world.settle();
        world.assert_converged();
        for node in [left, right, late] {
            assert_eq!(forks_seen(&world, node), 1);
            let check = world.engine(node).ledger().check(&mut |_| {}).expect("memory can be read");
            assert_eq!(check.faults, vec![]);
        }
    }
}

#[test]
fn a_feed_that_ended_at_a_fork_is_got_again_after_a_loss() {
    for lost in 1..=3 {
        println!("entry {lost}");
        let mut world = World::of(lost, 2);
        let [node, friend] = [0, 1].map(NodeId);
        let mut one = Pen::new(60);
        one.scribble(3, 0);
        let mut other = one.clone();
        one.scribble(3, 1);
        other.scribble(3, 2);
        for (node, pen) in [(node, &one), (friend, &other)] {
            let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
            peer.say(&mut world, &Frame::plain(&pen.run(pen.feed(), 0, 6)));
            world.settle();
            world.cut(peer.link);
        }
        let link = world.link(node, friend);
        world.settle();
        world.cut(link);
        world.stop(node);
        let mut batch = Batch::default();
        batch.remove(Table::Entries, [&one.feed().0[..], &lost.to_be_bytes()].concat());
        world.node(node).shelf.apply(batch, true);
        world.start(node, true);
        world.link(node, friend);
        world.settle();
        world.assert_converged();
        assert!(world.views(node).is_empty());
    }
}

/// The branches and their proofs are still there, and tell where the feed ends that is to be got again.
#[test]
fn a_forked_feed_whose_row_was_lost_ends_at_the_same_place_again() {
    for base in [0, 1, 3] {
        let ([one, other], outer) = parted(70, base, [6, 2]);
        let mut third = one.clone();
        third.entries.truncate(base + 3);
        third.scribble(2, 3);
        let inner = ForkProof::join(one.genesis, one.at(base + 3), one.side(base + 3), third.side(base + 3));
        let inner = inner.expect("they part");
        let branch = |pen: &Pen, base: usize| FeedId(pen.at(base + 1).hash.0);
        let (outer_id, inner_id) = (branch(&other, base), branch(&third, base + 3));
        for lost in [one.feed(), branch(&one, base), outer_id, branch(&one, base + 3), inner_id] {
            println!("base {base}, lost {lost}");
            let mut world = World::of(5, 2);
            let [node, friend] = [0, 1].map(NodeId);
            let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
            peer.say(&mut world, &Frame::plain(&one.run(one.feed(), 0, base + 6)));
            while world.write_next(node) {}
            for frame in [
                Frame::Fork(outer.clone()),
                Frame::Fork(inner.clone()),
                Frame::plain(&other.run(outer_id, base, base + 2)),
                Frame::plain(&third.run(inner_id, base + 3, base + 5)),
            ] {
                peer.say(&mut world, &frame);
                while world.write_next(node) {}
            }
            world.cut(peer.link);
            let link = world.link(node, friend);
            world.settle();
            world.assert_converged();
            let all = world.engine(node).ledger().feeds().count();
            world.cut(link);
            world.stop(node);
            let mut batch = Batch::default();
            batch.remove(Table::Feeds, lost.0.to_vec());
            world.node(node).shelf.apply(batch, true);
            world.start(node, true);
            world.link(node, friend);
            world.settle();
            world.assert_converged();
            // All that there was, but for a root of which nothing is left to hold; and the new incarnation's.
            let nothing = base == 0 && lost == one.feed();
            assert_eq!(world.engine(node).ledger().feeds().count(), all + 1 - usize::from(nothing));
        }
    }
}

/// Both remember a feed of which nothing is left since it forked at its very beginning; one has heard of that.
#[test]
fn a_remembered_feed_of_which_nothing_is_left_is_not_taken_to_be_held() {
    let ([one, _], proof) = parted(60, 0, [2, 3]);
    let mut world = World::of(1, 2);
    let [node, friend] = [0, 1].map(NodeId);
    let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
    peer.say(&mut world, &Frame::plain(&one.run(one.feed(), 0, 2)));
    world.settle();
    let link = world.link(node, friend);
    world.settle();
    world.assert_converged();
    world.cut(link);
    peer.say(&mut world, &Frame::Fork(proof));
    world.settle();
    world.cut(peer.link);
    for _ in 0..2 {
        let link = world.link(node, friend);
        world.settle();
        world.assert_converged();
        assert_eq!(forks_seen(&world, friend), 1);
        world.cut(link);
    }
    // Both remember that they were level: nothing but hellos is said.
    let link = world.link(node, friend);
    world.settle();
    assert_eq!([0, 1].map(|from| world.sent(link, from).len()), [1, 1]);
}
