//! Which records wait, and which are nowhere else.

use serde_json::json;

use crate::{
    engine::{Contents, Event, Walk},
    frontier::Frontier,
    ids::{AuthorKey, RecordId, Seq},
    testing::{NodeId, World},
};

const GAO: NodeId = NodeId(0);
const KIDAL: NodeId = NodeId(1);
const BAMAKO: NodeId = NodeId(2);

/// The records with entries from one place to another.
fn between(world: &mut World, at: NodeId, from: &Frontier, until: &Frontier) -> Vec<RecordId> {
    let ledger = world.engine(at).ledger();
    let mut walk = Walk::new(from.clone(), until.clone(), ledger).unwrap();
    while walk.step(ledger).unwrap() {}
    walk.found().into_keys().collect()
}

fn held(world: &mut World, at: NodeId) -> Frontier {
    world.engine(at).ledger().frontier().clone()
}

/// The records of which something is known to be nowhere but here.
fn only_here(world: &mut World, at: NodeId) -> Vec<RecordId> {
    let everywhere = world.engine(at).known_elsewhere();
    let anywhere: Frontier = everywhere.values().flat_map(|held| held.iter()).collect();
    let all = held(world, at);
    let records = between(world, at, &anywhere, &all);
    let first = world.engine(at).first_beyond(&anywhere).unwrap();
    assert_eq!(first.is_some(), !records.is_empty(), "something is first where there is something");
    records
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
fn what_lies_beyond_a_place_has_a_beginning_and_what_lies_between_two_an_end() {
    let mut world = World::of(2, 2);
    world.settle();
    let records: Vec<RecordId> = (0..3).map(|number| world.create(GAO, &format!("Puits {number}"))).collect();
    let before = held(&mut world, GAO);
    let late = world.create(GAO, "Forage");
    world.patch(GAO, records[1], json!({"narrative": "Le puits est sec depuis mai."}));
    let all = held(&mut world, GAO);
    let mut expected = vec![records[1], late];
    expected.sort();
    assert_eq!(between(&mut world, GAO, &before, &all), expected);
    assert_eq!(between(&mut world, GAO, &Frontier::default(), &all).len(), 4);
    assert_eq!(between(&mut world, GAO, &Frontier::default(), &before).len(), 3);
    assert_eq!(between(&mut world, GAO, &all, &all), []);
    let engine = world.engine(GAO);
    let feed = engine.own_feed();
    let first = |place: &Frontier| engine.first_beyond(place).unwrap().map(|first| first.seq);
    // The office's card comes before its records, and is none.
    assert_eq!(first(&Frontier::default()), Some(Seq(2)));
    assert_eq!((first(&before), first(&all)), (Some(before.get(&feed).next()), None));
    let first_of = |record, place: &Frontier| engine.first_of_beyond(record, place).unwrap().map(|first| first.seq);
    assert_eq!(first_of(records[1], &before), Some(all.get(&feed)));
    assert_eq!(first_of(records[1], &Frontier::default()), Some(Seq(3)));
    assert_eq!(first_of(records[0], &before), None);
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
