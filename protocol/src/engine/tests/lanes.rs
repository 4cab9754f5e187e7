//! Over a thin link what presses goes first, and then what is of the peer's own region.

use serde_json::json;

use crate::{
    engine::Intent,
    ids::{Arrival, RecordId},
    record::Kind,
    testing::{NodeId, World},
};

const NARRATIVE: &str = "Les éleveurs revenus du nord trouvent le couloir fermé par des champs neufs. ";

/// How many offices have written, besides the first.
const WRITERS: usize = 6;

/// A hub that holds what others have written, one after another: more together than goes out at once. Returns the hub
/// and the last record of the last of them, whose region is ML-6.
fn world() -> (World, NodeId, RecordId) {
    let mut world = World::of(3, 1);
    let hub = NodeId(0);
    let mut last = None;
    for number in 1..=WRITERS {
        let node = add(&mut world, if number == WRITERS { "ML-6" } else { "ML-5" });
        for round in 0..12 {
            // Words that no other record has, so that packing does not make nothing of them.
            let words: Vec<String> = (0..60).map(|_| world.chance.draw().to_string()).collect();
            let record = world.create(node, &format!("{number}, {round}"));
            world.patch(node, record, json!({"narrative": format!("{NARRATIVE}{}", words.join(" "))}));
            last = Some(record);
        }
        let link = world.link(hub, node);
        world.settle();
        world.cut(link);
    }
    (world, hub, last.expect("they have written"))
}

fn add(world: &mut World, region: &str) -> NodeId {
    let node = world.add();
    world.stop(node);
    world.node_mut(node).region = Some(region.to_owned());
    world.start(node, false);
    while world.write_next(node) {}
    node
}

/// How many entries an office of a region holds when it first holds all that the hub has of a record. It has told the
/// hub its region before.
fn before(world: &mut World, hub: NodeId, region: &str, record: RecordId) -> usize {
    let late = add(world, region);
    let card = world.engine(late).own_feed();
    let first = world.link(hub, late);
    // Hello, and what each holds.
    (0..2).for_each(|_| assert!(world.deliver(first, 1) && world.deliver(first, 0)));
    while world.engine(hub).ledger().feed(&card).is_none_or(|feed| feed.is_empty()) {
        assert!(world.deliver(first, 1) || world.write_next(hub), "it tells its card");
    }
    world.cut(first);
    // What goes first must not hang on what the hub remembers from before its start.
    world.stop(hub);
    world.start(hub, false);
    world.link(hub, late);
    let entries =
        |world: &mut World, node| world.engine(node).ledger().record_places(record, Arrival(0)).unwrap().len();
    let all = entries(world, hub);
    while entries(world, late) < all {
        assert!(world.step(), "it comes sometime");
    }
    let held = world.engine(late).ledger().frontier().iter().map(|(_, seq)| seq.0 as usize).sum();
    world.settle();
    assert_eq!(world.engine(late).ledger().digest(), world.engine(hub).ledger().digest());
    world.stop(late);
    held
}

#[test]
fn a_record_with_an_open_alert_does_not_wait_for_the_rest() {
    let (mut world, hub, last) = world();
    let all = world.engine(hub).ledger().last_arrival().0 as usize;
    let is_early = |held: usize| held < all / 2;
    assert!(!is_early(before(&mut world, hub, "ML-1", last)));
    // The hub raises an alert on it: it now is of two feeds.
    let alert = json!({"alerts": {"new": {"level": "emergency", "text": "Des hommes armés au puits."}}});
    let saved = world.patch(hub, last, alert);
    assert!(is_early(before(&mut world, hub, "ML-1", last)));
    // Closed, it waits like any other.
    let alert = saved.new_items.values().next().expect("an alert was added").to_string();
    world.patch(hub, last, json!({"alerts": {alert: {"closed_because": "calmed"}}}));
    assert!(!is_early(before(&mut world, hub, "ML-1", last)));
}

#[test]
fn what_is_of_the_peers_own_region_goes_before_the_rest() {
    let (mut world, hub, last) = world();
    let all = world.engine(hub).ledger().last_arrival().0 as usize;
    for (region, is_near) in [("ML-6", true), ("ML-9", false)] {
        let held = before(&mut world, hub, region, last);
        assert_eq!(held < all / 2, is_near, "{region}: {held} of {all}");
    }
}

#[test]
fn more_alerts_than_stand_out_do_no_harm() {
    let mut world = World::of(1, 2);
    let [a, b] = [0, 1].map(NodeId);
    for number in 0..crate::limits::MAX_PRESSING + 3 {
        let fields = json!({"title": format!("{number}"), "alerts": {"new": {"level": "alert", "text": "a"}}});
        let command = world.command(a, Intent::Create(Kind::Conflict, fields));
        world.saved(a, command);
    }
    world.link(a, b);
    world.settle();
    world.assert_converged();
}
