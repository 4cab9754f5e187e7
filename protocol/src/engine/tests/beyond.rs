//! Which records wait, and which are nowhere else.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    engine::{Beyond, Contents, Event, Walk},
    frontier::Frontier,
    ids::{AuthorKey, RecordId},
    testing::{NodeId, World},
};

const GAO: NodeId = NodeId(0);
const KIDAL: NodeId = NodeId(1);
const BAMAKO: NodeId = NodeId(2);

fn walk(world: &mut World, at: NodeId, places: &[Frontier]) -> Vec<BTreeMap<RecordId, Beyond>> {
    let ledger = world.engine(at).ledger();
    let mut walk = Walk::new(places, None, ledger).unwrap();
    while walk.step(ledger).unwrap() {}
    walk.found()
}

/// The records of which something is known to be nowhere but here.
fn only_here(world: &mut World, at: NodeId) -> Vec<RecordId> {
    let everywhere = world.engine(at).known_elsewhere();
    let all: Frontier = everywhere.values().flat_map(|held| held.iter()).collect();
    walk(world, at, &[all]).remove(0).into_keys().collect()
}

fn key(world: &mut World, node: NodeId) -> AuthorKey {
    world.engine(node).author()
}

#[test]
fn records_are_only_here_until_somebody_is_known_to_have_their_newest_entry() {
    let mut world = World::of(1, 3);
    world.settle();
    let link = world.link(GAO, KIDAL);
    let shared = world.create(GAO, "Puits");
    world.settle();
    assert!(only_here(&mut world, GAO).is_empty());
    world.cut(link);
    let own = world.create(GAO, "Forage");
    world.patch(GAO, shared, json!({"narrative": "Le puits est sec depuis mai."}));
    let mut expected = vec![shared, own];
    expected.sort();
    assert_eq!(only_here(&mut world, GAO), expected);
    // Kidal has nothing that Gao is not known to hold.
    assert!(only_here(&mut world, KIDAL).is_empty());
    // What Bamako has taken in comes back as its word.
    let file = world.bundle(GAO, Contents::default());
    let taken = world.carry(&file, BAMAKO).unwrap();
    assert_eq!(taken.records.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(world.carry(&file, BAMAKO).unwrap().records.len(), 0);
    assert_eq!(only_here(&mut world, GAO), expected, "nobody has said so yet");
    let gao = key(&mut world, GAO);
    let back = world.bundle(BAMAKO, Contents { addressee: Some(gao), ..Contents::default() });
    world.carry(&back, GAO).unwrap();
    assert!(only_here(&mut world, GAO).is_empty());
}

#[test]
fn one_walk_tells_what_each_office_lacks_and_where_it_begins() {
    let mut world = World::of(2, 2);
    world.settle();
    let records: Vec<RecordId> = (0..3).map(|number| world.create(GAO, &format!("Puits {number}"))).collect();
    let before: Frontier = world.engine(GAO).ledger().frontier().clone();
    let late = world.create(GAO, "Forage");
    world.patch(GAO, records[1], json!({"narrative": "Le puits est sec depuis mai."}));
    let found = walk(&mut world, GAO, &[Frontier::default(), before.clone()]);
    assert_eq!(found[0].len(), 4);
    let mut expected = vec![records[1], late];
    expected.sort();
    assert_eq!(found[1].keys().copied().collect::<Vec<_>>(), expected);
    assert!(found[0][&records[1]].first.arrival < found[1][&records[1]].first.arrival);
    let all = world.engine(GAO).ledger().frontier().clone();
    for beyond in found[1].values() {
        let is_held_by = |numbers: &Frontier| beyond.reach.iter().all(|(feed, seq)| numbers.get(feed) >= *seq);
        assert!(is_held_by(&all) && !is_held_by(&before));
    }
    // Up to a place, as a bundle goes.
    let ledger = world.engine(GAO).ledger();
    let mut walk = Walk::new(&[Frontier::default()], Some(before), ledger).unwrap();
    while walk.step(ledger).unwrap() {}
    assert_eq!(walk.found().remove(0).len(), 3);
}

#[test]
fn a_clock_that_is_behind_shows_when_a_link_opens_and_one_that_is_ahead_in_every_word() {
    let mut world = World::of(3, 3);
    world.settle();
    world.link(GAO, KIDAL);
    world.settle();
    let (gao, kidal, bamako) = (key(&mut world, GAO), key(&mut world, KIDAL), key(&mut world, BAMAKO));
    assert_eq!(world.engine(GAO).clock_ahead(&kidal), Some(0));
    assert_eq!(world.engine(GAO).clock_ahead(&bamako), None);
    // A word that was on its way for a month tells nothing, one from next month does.
    let file = world.bundle(KIDAL, Contents::default());
    world.now.wall.0 += 30 * 86_400;
    world.carry(&file, BAMAKO).unwrap();
    assert_eq!(world.engine(BAMAKO).clock_ahead(&kidal), None);
    let file = world.bundle(GAO, Contents::default());
    world.now.wall.0 -= 30 * 86_400;
    world.handle(BAMAKO, Event::Tick);
    world.carry(&file, BAMAKO).unwrap();
    assert_eq!(world.engine(BAMAKO).clock_ahead(&gao), Some(30 * 86_400));
}
