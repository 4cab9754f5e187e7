//! A store that cannot write, and power that fails: what was confirmed stays, what was not is as if it had never been.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    engine::{CommandError, Event, Intent},
    entry::PayloadKind,
    frame::Frame,
    ids::Seq,
    record::Kind,
    shelf::{Batch, Shelf as _, Table},
    testing::{ByHand, NodeId, Pen, World},
};

fn new_conflict(title: &str) -> Intent {
    Intent::Create(Kind::Conflict, json!({"title": title}))
}

#[test]
fn commands_on_one_record_wait_for_each_other_and_others_do_not() {
    let mut world = World::of(1, 1);
    let node = NodeId(0);
    let (one, other) = (world.create(node, "one"), world.create(node, "other"));
    world.node_mut(node).stuck = true;
    let heads = world.view(node, one).heads;
    let patch = |number| Intent::Patch(one, heads.clone(), json!({"aliases": {format!("name {number}"): true}}));
    let same: Vec<_> = (0..5).map(|number| world.command(node, patch(number))).collect();
    let heads = world.view(node, other).heads;
    let apart = world.command(node, Intent::Patch(other, heads, json!({"persons_affected": 7})));
    let made: Vec<_> = (0..5).map(|_| world.command(node, new_conflict("new"))).collect();
    assert!(world.node(node).replies.len() == 2, "nothing is confirmed before it is durable");
    world.node_mut(node).stuck = false;
    let saved: Vec<_> = same.into_iter().chain([apart]).chain(made).map(|id| world.saved(node, id)).collect();
    assert!(saved.iter().all(|saved| saved.entry.is_some()));
    assert_eq!(world.view(node, one).fields["aliases"].as_array().map(Vec::len), Some(5));
    // A save that changes nothing writes nothing.
    let tip = world.engine(node).ledger().last_arrival();
    assert_eq!(world.patch(node, other, json!({"persons_affected": 7})).entry, None);
    assert_eq!(world.engine(node).ledger().last_arrival(), tip);
}

#[test]
fn a_write_that_fails_is_refused_and_leaves_nothing_behind() {
    for seed in 0..8 {
        println!("seed {seed}");
        let mut world = World::of(seed, 2);
        let [node, friend] = [0, 1].map(NodeId);
        let record = world.create(node, "kept");
        for number in 0..40 {
            world.create(friend, &format!("theirs {number}"));
        }
        let link = world.link(node, friend);
        for _ in 0..seed * 2 {
            world.step();
        }
        world.node_mut(node).failing = true;
        let heads = world.view(node, record).heads;
        let ids = [
            world.command(node, Intent::Patch(record, heads.clone(), json!({"persons_affected": 1}))),
            world.command(node, Intent::Patch(record, heads, json!({"persons_affected": 2}))),
            world.command(node, new_conflict("lost")),
        ];
        world.pass(3);
        for id in ids {
            assert!(matches!(world.node(node).replies[&id], Err(CommandError::NotSaved(_))), "command {id:?}");
        }
        assert_eq!(world.view(node, record).fields.get("persons_affected"), None);
        // Reading and sending go on.
        assert!(world.views(friend).contains_key(&record));
        world.node_mut(node).failing = false;
        world.patch(node, record, json!({"persons_affected": 3}));
        world.tick(10_000);
        world.settle();
        world.assert_converged();
        assert!(world.is_linked(link), "the same session goes on");
        assert_eq!(world.views(node).len(), 41);
        assert_eq!(world.view(friend, record).fields["persons_affected"], json!(3));
    }
}

#[test]
fn a_node_whose_very_first_write_fails_begins_again() {
    let mut world = World::new(1);
    let node = world.add();
    world.node_mut(node).failing = true;
    assert!(world.write_next(node));
    world.node_mut(node).failing = false;
    world.create(node, "first");
    let own = world.engine(node).own_feed();
    world.stop(node);
    world.start(node, false);
    assert_eq!(world.engine(node).own_feed(), own, "the store knows its feed");
    assert!(world.engine(node).offices().iter().any(|office| office.name.is_some()));
}

#[test]
fn a_fork_that_could_not_be_written_is_written_later() {
    let mut world = World::of(1, 1);
    let node = NodeId(0);
    let mut one = Pen::new(60);
    one.scribble(3, 0);
    let mut other = one.clone();
    one.scribble(1, 1);
    other.scribble(1, 2);
    let proof = crate::feed::ForkProof::join(one.genesis, one.at(3), one.side(3), other.side(3)).expect("they part");
    let mut peer = ByHand::enter(&mut world, node, Pen::new(61).author());
    peer.say(&mut world, &Frame::plain(&one.run(one.feed(), 0, 4)));
    world.settle();
    world.node_mut(node).failing = true;
    peer.say(&mut world, &Frame::Fork(proof));
    while world.write_next(node) {}
    assert_eq!(world.engine(node).ledger().feed(&one.feed()).and_then(|feed| feed.end), None);
    world.node_mut(node).failing = false;
    world.settle();
    assert_eq!(world.engine(node).ledger().feed(&one.feed()).and_then(|feed| feed.end), Some(Seq(3)));
}

#[test]
fn what_was_confirmed_survives_a_crash_and_what_was_sent_is_never_written_again() {
    for seed in 0..30 {
        println!("seed {seed}");
        let mut world = World::of(seed, 2);
        let [node, friend] = [0, 1].map(NodeId);
        let mut confirmed = Vec::new();
        for round in 0..4 {
            world.link(node, friend);
            let ids: Vec<_> =
                (0..3).map(|number| world.command(node, new_conflict(&format!("{round} {number}")))).collect();
            for _ in 0..world.chance.below(30) {
                world.step();
            }
            if world.chance.once_in(2) {
                // Written, and the power fails before anyone hears of it.
                world.apply_next(node);
            }
            confirmed.extend(ids.iter().filter_map(|id| world.node(node).replies.get(id)?.as_ref().ok().cloned()));
            world.crash(node);
            world.start(node, false);
        }
        world.link(node, friend);
        world.settle();
        world.assert_converged();
        for saved in confirmed {
            assert_eq!(world.view(friend, saved.record).created.entry, saved.entry.expect("a creation writes"));
        }
        let forked = |feed: &crate::feed::Feed| feed.end.is_some();
        assert!(!world.engine(friend).ledger().feeds().any(forked), "nothing that was sent is written again");
        assert!(world.ended(friend).is_empty());
    }
}

#[test]
fn rows_survive_a_start_and_equal_those_made_anew() {
    for seed in 0..10 {
        let mut world = World::of(seed, 2);
        let [node, friend] = [0, 1].map(NodeId);
        world.link(node, friend);
        for number in 0..6 {
            let record = world.create(friend, &format!("record {number}"));
            for _ in 0..world.chance.below(40) {
                world.step();
            }
            world.patch(friend, record, json!({"persons_affected": number}));
        }
        let restarts = world.chance.below(3);
        for _ in 0..restarts {
            if world.chance.once_in(2) {
                world.crash(node);
            } else {
                world.stop(node);
            }
            world.start(node, false);
            world.link(node, friend);
            for _ in 0..world.chance.below(60) {
                world.step();
            }
            world.tick(1_000);
        }
        world.settle();
        world.assert_converged();
        // Rows as they are stored, against rows made from entries alone.
        world.stop(node);
        world.start(node, false);
        while world.engine(node).has_stale_rows() {
            world.handle(node, Event::Idle);
        }
        let stored = world.node(node).rows.clone();
        let fresh = world.add();
        world.link(fresh, friend);
        world.settle();
        for (record, row) in &world.node(fresh).rows {
            let stored = &stored[record];
            assert_eq!((&row.record, &row.created, &row.updated), (&stored.record, &stored.created, &stored.updated));
        }
        assert_eq!(world.node(fresh).rows.len(), 6);
    }
}

#[test]
fn an_entry_of_a_kind_that_only_a_newer_version_knows_is_passed_on() {
    let mut world = World::of(1, 3);
    let nodes = world.up();
    let mut pen = Pen::new(60);
    pen.scribble(3, 7);
    pen.write(PayloadKind(77), crate::ids::RecordId([9; 16]), b"from the future");
    let mut peer = ByHand::enter(&mut world, nodes[0], pen.author());
    peer.say(&mut world, &Frame::plain(&pen.run(pen.feed(), 0, 4)));
    world.link(nodes[0], nodes[1]);
    world.link(nodes[1], nodes[2]);
    world.settle();
    world.assert_converged();
    let feed = pen.feed();
    assert_eq!(world.engine(nodes[2]).ledger().frontier().get(&feed), Seq(4));
}

#[test]
fn a_store_that_lost_some_rows_starts_and_gets_them_again() {
    for table in [Table::Entries, Table::RecordEntries, Table::Arrivals, Table::Feeds, Table::Records] {
        for lost in 0..6 {
            println!("{table:?} {lost}");
            let mut world = World::of(lost as u64, 2);
            let [node, friend] = [0, 1].map(NodeId);
            let theirs = world.create(friend, "theirs");
            let link = world.link(node, friend);
            world.settle();
            world.patch(node, theirs, json!({"persons_affected": 1}));
            let ours = world.create(node, "ours");
            world.settle();
            world.cut(link);
            world.stop(node);
            let mut keys = Vec::new();
            let scanned = world.node(node).shelf.scan(table, &[], None, &mut |key, _| {
                keys.push(key.to_vec());
                true
            });
            scanned.expect("memory can be read");
            let mut batch = Batch::default();
            batch.remove(table, keys[lost % keys.len()].clone());
            world.node(node).shelf.apply(batch, true);
            world.start(node, true);
            world.link(node, friend);
            world.settle();
            world.assert_converged();
            assert_eq!(world.views(node).keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([ours, theirs]));
            let check = world.engine(node).ledger().check(&mut |_| {}).expect("memory can be read");
            assert_eq!(check.faults, vec![]);
        }
    }
}

/// The disk is full when a store that lost something starts: what the start finds out is written as soon as it can be,
/// so that the next start, which knows of no doubt, finds the feed to end where it is whole.
#[test]
fn a_loss_that_could_not_be_written_down_is_written_later() {
    let mut world = World::of(1, 1);
    let [node, author] = [NodeId(0), NodeId(1)];
    world.add();
    for number in 0..3 {
        world.create(author, &format!("{number}"));
    }
    let link = world.link(node, author);
    world.settle();
    world.cut(link);
    let feed = world.engine(author).own_feed();
    world.stop(node);
    let mut batch = Batch::default();
    batch.remove(Table::Entries, [&feed.0[..], &3u64.to_be_bytes()].concat());
    world.node(node).shelf.apply(batch, true);
    world.node_mut(node).failing = true;
    world.start(node, true);
    while world.write_next(node) {}
    let held = |world: &mut World| world.engine(node).ledger().feed(&feed).map(|feed| feed.tip.seq);
    // There is one signature, over the last of a run.
    assert_eq!(held(&mut world), Some(Seq(0)));
    world.node_mut(node).failing = false;
    world.pass(30);
    // The new feed answers the doubt.
    world.create(node, "ours");
    world.crash(node);
    world.start(node, false);
    assert_eq!(held(&mut world), Some(Seq(0)));
    world.link(node, author);
    world.settle();
    world.assert_converged();
}
