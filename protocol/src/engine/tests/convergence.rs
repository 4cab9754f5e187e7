//! Nodes that are linked come to hold and show the same, whatever was written where and however often links fail.

use serde_json::json;

use crate::{
    frame::{Dictionary, Frame, OLDEST_VERSION, Reason, VERSION},
    testing::{LinkId, NodeId, World},
};

/// Every node writes: a record of its own, and an edit of the first node's.
fn write_everywhere(world: &mut World, nodes: &[NodeId]) {
    let shared = world.create(nodes[0], "Puits de Tin-Essako");
    for (number, node) in nodes.iter().enumerate() {
        let own = world.create(*node, &format!("Conflit {number}"));
        world.patch(*node, own, json!({"narrative": "Ce qui s'est passé.", "aliases": ["a", "b"]}));
    }
    world.patch(nodes[0], shared, json!({"phase": {"is": "open"}}));
}

/// How many frames of each kind went one way, by the first byte.
fn kinds(world: &World, link: LinkId, from: usize) -> Vec<u8> {
    world.sent(link, from).iter().map(|frame| frame[0]).collect()
}

#[test]
fn linked_nodes_come_to_hold_and_show_the_same() {
    type Links = [(usize, usize)];
    let shapes: [(&str, usize, &Links); 4] = [
        ("two", 2, &[(0, 1)]),
        ("three in a line", 3, &[(0, 1), (1, 2)]),
        ("a ring of four", 4, &[(0, 1), (1, 2), (2, 3), (3, 0)]),
        ("five, each with each", 5, &[(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]),
    ];
    for (name, count, links) in shapes {
        for seed in 0..4 {
            println!("{name}, seed {seed}");
            let mut world = World::of(seed, count);
            let nodes = world.up();
            write_everywhere(&mut world, &nodes);
            for (a, b) in links.iter() {
                world.link(nodes[*a], nodes[*b]);
            }
            world.settle();
            world.assert_converged();
            assert_eq!(world.views(nodes[count - 1]).len(), count + 1);
            // What is written while they are linked goes on.
            write_everywhere(&mut world, &nodes);
            world.settle();
            world.assert_converged();
            nodes.iter().for_each(|node| assert_eq!(world.ended(*node), [], "{name}"));
        }
    }
}

/// In a line whose middle was not updated yet, and then is.
#[test]
fn nodes_of_the_version_before_and_of_this_one_converge() {
    for old in [[false, true, false], [true, false, false], [true, true, false], [true, true, true]] {
        println!("old: {old:?}");
        let mut world = World::of(1, 3);
        let nodes = world.up();
        let restart = |world: &mut World, speaks: [u8; 3]| {
            for (node, speaks) in nodes.iter().zip(speaks) {
                world.stop(*node);
                world.node_mut(*node).speaks = speaks;
                world.start(*node, false);
            }
            [(0, 1), (1, 2)].map(|(a, b)| world.link(nodes[a], nodes[b]))
        };
        let links = restart(&mut world, old.map(|old| if old { OLDEST_VERSION } else { VERSION }));
        for _ in 0..2 {
            write_everywhere(&mut world, &nodes);
            world.settle();
            world.assert_converged();
        }
        for (link, ends) in links.into_iter().zip([[0, 1], [1, 2]]) {
            let is_of_1 = |from| kinds(&world, link, from).iter().all(|kind| *kind <= 10);
            assert_eq!(is_of_1(0) && is_of_1(1), ends.iter().any(|end| old[*end]));
            world.cut(link);
        }
        // Everybody is updated, and remembers where they were.
        restart(&mut world, [VERSION; 3]);
        write_everywhere(&mut world, &nodes);
        world.settle();
        world.assert_converged();
        nodes.iter().for_each(|node| assert!(!world.ended(*node).contains(&Reason::Malformed)));
    }
}

#[test]
fn nothing_new_costs_one_hello_each_way() {
    let mut world = World::of(1, 2);
    let nodes = world.up();
    write_everywhere(&mut world, &nodes);
    let first = world.link(nodes[0], nodes[1]);
    world.settle();
    world.cut(first);
    let again = world.link(nodes[0], nodes[1]);
    world.settle();
    for from in [0, 1] {
        assert_eq!(kinds(&world, again, from), [1]);
        assert!(world.sent_bytes(again, from) <= 64, "{} bytes", world.sent_bytes(again, from));
    }
}

#[test]
fn a_late_joiner_gets_everything_from_any_one_node() {
    let mut world = World::of(2, 3);
    let nodes = world.up();
    write_everywhere(&mut world, &nodes);
    world.link(nodes[0], nodes[1]);
    world.link(nodes[1], nodes[2]);
    world.settle();
    let late = world.add();
    world.link(late, nodes[2]);
    world.settle();
    world.assert_converged();
    assert_eq!(world.views(late).len(), 4);
}

/// The entries in the chunks that went one way over a link between nodes that now know the same feeds.
fn entries_sent(world: &mut World, link: LinkId, from: usize) -> usize {
    let hello = |from: usize| match Frame::decode(&world.sent(link, from)[0], &mut Dictionary::default()) {
        Ok(Frame::Hello(hello)) => hello,
        other => panic!("not a hello: {other:?}"),
    };
    let knew_the_same = hello(0).feeds == hello(1).feeds;
    let feeds: Vec<_> = world.engine(NodeId(from)).ledger().feeds().map(|feed| feed.id).collect();
    let mut dictionary = if knew_the_same { Dictionary::with(feeds) } else { Dictionary::default() };
    let frames = world.sent(link, from).iter();
    let entries = |frame: &Vec<u8>| match Frame::decode(frame, &mut dictionary).expect("nodes send proper frames") {
        Frame::Chunk(packed) => packed.count,
        _ => 0,
    };
    frames.map(entries).sum()
}

#[test]
fn a_link_cut_at_any_frame_costs_only_what_was_under_way() {
    for cut_after in 0..40 {
        println!("cut after {cut_after}");
        let mut world = World::of(3, 2);
        let nodes = world.up();
        let record = world.create(nodes[0], "Puits");
        for number in 0..150 {
            world.patch(nodes[0], record, json!({"persons_affected": number}));
        }
        let link = world.link(nodes[0], nodes[1]);
        let mut delivered = 0;
        while delivered < cut_after && world.step() {
            delivered += 1;
        }
        while world.write_next(nodes[1]) {}
        let feed = world.engine(nodes[0]).own_feed();
        let held = world.engine(nodes[1]).ledger().frontier().get(&feed);
        world.cut(link);
        let again = world.link(nodes[0], nodes[1]);
        world.settle();
        world.assert_converged();
        let lacking = 152 - held.0 as usize;
        assert_eq!(entries_sent(&mut world, again, 0), lacking, "what was accepted is not sent again");
    }
}
