//! Bundles from hand to hand: what the addressee lacks and no more, refused where the base is not held, and never lost.

use serde_json::json;

use crate::{
    bundle::{self, Closing, Item, Keys, Opening, Origin},
    engine::{BundleRefusal, Carrier, Contents, Observation, ReceiptState},
    ids::{AuthorKey, Seq},
    limits::CHUNK_ENTRIES,
    testing::{NodeId, SECRET, World},
};

fn key(world: &mut World, node: NodeId) -> AuthorKey {
    world.engine(node).author()
}

fn for_(addressee: AuthorKey) -> Contents {
    Contents { addressee: Some(addressee), ..Contents::default() }
}

fn items(file: &[u8]) -> Vec<Item> {
    bundle::decode(Keys::of_secret(SECRET), file).expect("it opens")
}

fn ends(file: &[u8]) -> (Opening, Closing) {
    match (items(file).remove(0), items(file).pop()) {
        (Item::Opened(opening), Some(Item::Closed(closing))) => (*opening, *closing),
        _ => panic!("a bundle begins and ends"),
    }
}

fn write(world: &mut World, node: NodeId, count: usize) {
    for number in 0..count {
        let record = world.create(node, &format!("Puits {number}"));
        world.patch(node, record, json!({"narrative": "Le puits est sec depuis mai."}));
    }
}

#[test]
fn three_offices_without_any_link_come_to_hold_the_same_and_know_it() {
    let mut world = World::of(1, 3);
    world.settle();
    let nodes = world.up();
    nodes.iter().for_each(|node| write(&mut world, *node, 5));
    let record = world.create(nodes[0], "Forage");
    // Once round with everything, and once more for those who came late; then what each lacks.
    for round in 0..2 {
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            let to_key = key(&mut world, nodes[to]);
            let contents = if round == 0 { Contents::default() } else { for_(to_key) };
            let file = world.bundle(nodes[from], contents);
            let taken = world.carry(&file, nodes[to]).expect("nothing is lacking");
            assert_eq!((taken.astray, taken.apart), (0, false));
            world.pass(3);
        }
    }
    world.settle();
    world.assert_converged();
    // The first has heard of the second from the third.
    let via = key(&mut world, nodes[2]);
    let second = key(&mut world, nodes[1]);
    let receipts = world.engine(nodes[0]).receipts(record).expect("it is there");
    let receipt = receipts.iter().find(|receipt| receipt.office == second).expect("it is known");
    let carrier = receipt.since.map(|since| since.carrier);
    assert_eq!((receipt.state, carrier), (ReceiptState::Has, Some(Carrier::Bundle { via })));
    // Whoever holds all gets a bundle with words only, and the same one again changes nothing.
    let file = world.bundle(nodes[1], for_(via));
    let (opening, closing) = ends(&file);
    assert_eq!((closing.entries, closing.beacons, closing.more), (0, 3, false));
    assert!(matches!(opening.origin, Origin::Heard(at) if at.0 > 0));
    assert!(file.len() < 1_500, "{} bytes", file.len());
    for expected in [1, 0] {
        let taken = world.carry(&file, nodes[2]).unwrap();
        assert_eq!((taken.new, taken.held, taken.said.len()), (0, 0, expected));
    }
}

#[test]
fn a_bundle_whose_base_is_not_held_is_refused_by_name_and_changes_nothing() {
    let mut world = World::of(2, 3);
    world.settle();
    let [gao, kidal, bamako] = [0, 1, 2].map(NodeId);
    write(&mut world, gao, 4);
    let first = world.bundle(gao, Contents::default());
    let (opening, closing) = ends(&first);
    write(&mut world, gao, 2);
    let since = Some((opening.name, closing.reach));
    let second = world.bundle(gao, Contents { since, ..Contents::default() });
    assert_eq!(ends(&second).0.origin, Origin::After(opening.name));
    let before = world.engine(kidal).ledger().digest();
    let Err(BundleRefusal::Lacks(lacks)) = world.carry(&second, kidal) else { panic!("it is refused") };
    assert_eq!((lacks.len(), lacks[0].after, lacks[0].held, lacks[0].author), (1, Seq(9), Seq(0), None));
    assert_eq!(world.engine(kidal).ledger().digest(), before);
    assert_eq!(world.carry(&first, kidal).unwrap().new, 9);
    assert_eq!(world.carry(&second, kidal).unwrap().new, 4);
    // Twice the same, in any order.
    assert_eq!(world.carry(&second, kidal).map(|taken| (taken.new, taken.held)), Ok((0, 4)));
    assert_eq!(world.carry(&first, kidal).map(|taken| (taken.new, taken.held)), Ok((0, 9)));
    assert_eq!(world.carry(&first, bamako).unwrap().new, 9);
    assert_eq!(world.carry(&second, bamako).unwrap().new, 4);
}

#[test]
fn parts_of_a_split_keep_to_their_size_and_go_on_from_each_other() {
    let mut world = World::of(3, 2);
    world.settle();
    let [gao, kidal] = [0, 1].map(NodeId);
    for number in 0..3 * CHUNK_ENTRIES {
        let record = world.create(gao, &format!("Puits {number}"));
        let words: Vec<String> = (0..30).map(|_| format!("{:x}", world.chance.draw())).collect();
        world.patch(gao, record, json!({"narrative": words.join(" ")}));
    }
    let limit = 40 * 1024;
    let mut parts = Vec::new();
    let mut since = None;
    loop {
        let part = parts.len() as u32 + 1;
        let file = world.bundle(gao, Contents { since, part, limit: Some(limit), ..Contents::default() });
        assert!(file.len() as u64 <= limit, "{} bytes", file.len());
        let (opening, closing) = ends(&file);
        since = Some((opening.name, closing.reach));
        parts.push(file);
        if !closing.more {
            break;
        }
    }
    assert!(parts.len() > 2, "{} parts", parts.len());
    assert!(matches!(world.carry(&parts[1], kidal), Err(BundleRefusal::Lacks(_))));
    for part in &parts {
        world.carry(part, kidal).expect("in order they are taken");
    }
    assert_eq!(world.engine(kidal).ledger().feeds().count(), 2);
    let feed = world.engine(gao).own_feed();
    assert_eq!(world.engine(kidal).ledger().frontier().get(&feed), world.engine(gao).ledger().frontier().get(&feed));
}

#[test]
fn a_bundle_that_shows_more_of_our_feed_than_we_hold_closes_it() {
    let mut world = World::of(4, 2);
    world.settle();
    let [gao, kidal] = [0, 1].map(NodeId);
    write(&mut world, gao, 2);
    let old = world.node(gao).shelf.copy();
    write(&mut world, gao, 2);
    let all = world.bundle(gao, Contents::default());
    world.carry(&all, kidal).unwrap();
    world.crash(gao);
    world.node_mut(gao).shelf = old;
    world.start(gao, false);
    let feed = world.engine(gao).own_feed();
    let gao_key = key(&mut world, gao);
    // What is made on the ground of its old word is refused, and yet tells enough.
    let file = world.bundle(kidal, for_(gao_key));
    assert!(matches!(world.carry(&file, gao), Err(BundleRefusal::Lacks(_))));
    let closed = |world: &World| world.node(gao).observed.iter().any(|o| matches!(o, Observation::OwnFeedClosed(_)));
    assert!(closed(&world));
    write(&mut world, gao, 1);
    assert_ne!(world.engine(gao).own_feed(), feed);
    let all = world.bundle(kidal, Contents::default());
    assert_eq!(world.carry(&all, gao).unwrap().astray, 0);
    let all = world.bundle(gao, Contents::default());
    assert_eq!(world.carry(&all, kidal).unwrap().astray, 0);
    world.settle();
    world.assert_converged();
}

#[test]
fn copies_of_a_store_that_never_have_a_link_are_found_out_by_bundles() {
    for (original, copied) in [(1, 1), (40, 40), (2, 90), (90, 2), (3, 0)] {
        let mut world = World::of(5, 2);
        world.settle();
        let (author, other) = (NodeId(0), NodeId(1));
        write(&mut world, author, 3);
        let copy = world.add_copy(author);
        world.settle();
        write(&mut world, author, original);
        write(&mut world, copy, copied);
        let nodes = [author, other, copy];
        for _ in 0..4 {
            for (from, to) in [(0, 1), (1, 2), (2, 1), (1, 0)] {
                let file = world.bundle(nodes[from], Contents::default());
                world.carry(&file, nodes[to]).expect("it goes on from nothing");
                world.pass(3);
            }
        }
        world.settle();
        world.assert_converged();
    }
}

#[test]
fn a_store_that_cannot_write_takes_nothing_and_goes_on_when_it_can() {
    let mut world = World::of(6, 2);
    world.settle();
    let [gao, kidal] = [0, 1].map(NodeId);
    write(&mut world, gao, 4);
    let file = world.bundle(gao, Contents::default());
    world.node_mut(kidal).failing = true;
    assert!(matches!(world.carry(&file, kidal), Err(BundleRefusal::NotSaved(_))));
    world.node_mut(kidal).failing = false;
    world.pass(15);
    assert_eq!(world.carry(&file, kidal).unwrap().new, 9);
}
