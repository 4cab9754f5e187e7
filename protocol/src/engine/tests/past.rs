//! An earlier state of knowledge is read back at every office as it was shown, in whatever order what came since came.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    engine::{
        Event,
        past::{Past, PastRow},
    },
    frontier::Frontier,
    ids::RecordId,
    testing::{NodeId, World},
};

const GAO: NodeId = NodeId(0);
const KIDAL: NodeId = NodeId(1);
const BAMAKO: NodeId = NodeId(2);

/// What a node shows, and how much it holds.
struct Noted {
    knowledge: Frontier,
    rows: BTreeMap<RecordId, PastRow>,
}

fn noted(world: &mut World, at: NodeId) -> Noted {
    world.handle(at, Event::Idle);
    let knowledge = world.engine(at).ledger().frontier().clone();
    let shown = world.node(at).rows.values();
    let rows =
        shown.map(|row| (row.id, PastRow { id: row.id, record: row.record.clone(), created: row.created.clone() }));
    Noted { knowledge, rows: rows.collect() }
}

fn read_back(world: &mut World, at: NodeId, knowledge: &Frontier) -> BTreeMap<RecordId, PastRow> {
    let vocabulary = world.engine(at).settings.vocabulary.clone();
    let ledger = world.engine(at).ledger();
    let past = Past::new(ledger, knowledge);
    assert_eq!(past.lacking(), []);
    let mut rows = BTreeMap::new();
    past.rows(&vocabulary, |row| assert!(rows.insert(row.id, row).is_none(), "each record once")).unwrap();
    rows
}

#[test]
fn every_state_that_any_office_was_in_is_read_back_at_every_other() {
    let mut world = World::of(7, 3);
    world.settle();
    let mut states = vec![noted(&mut world, GAO)];
    let wells = world.create(GAO, "Puits");
    states.push(noted(&mut world, GAO));
    let first = world.link(GAO, KIDAL);
    world.settle();
    world.cut(first);
    // Apart: what one knows the other does not, and a state is no point on a line.
    for round in 0..4 {
        world.patch(GAO, wells, json!({"narrative": format!("À Gao, tour {round}.")}));
        states.push(noted(&mut world, GAO));
        let own = world.create(KIDAL, &format!("Forage {round}"));
        world.patch(KIDAL, own, json!({"phase": {"is": "open"}}));
        world.patch(KIDAL, wells, json!({"incidents": {"new": {"date": "2010-05", "deaths": round}}}));
        states.push(noted(&mut world, KIDAL));
    }
    // Bamako hears both at once, Kidal hears of Gao through Bamako.
    world.link(BAMAKO, GAO);
    world.link(BAMAKO, KIDAL);
    world.settle();
    states.push(noted(&mut world, BAMAKO));
    world.patch(BAMAKO, wells, json!({"phase": {"is": "settled"}}));
    world.settle();
    world.assert_converged();
    for at in [GAO, KIDAL, BAMAKO] {
        for (state, noted) in states.iter().enumerate() {
            let rows = read_back(&mut world, at, &noted.knowledge);
            assert_eq!(rows, noted.rows, "state {state} at {at:?}");
        }
    }
    // The same from stored rows, which a start leaves as they are.
    world.stop(BAMAKO);
    world.start(BAMAKO, false);
    for noted in &states {
        assert_eq!(read_back(&mut world, BAMAKO, &noted.knowledge), noted.rows);
    }
}

#[test]
fn offices_are_known_by_what_they_had_written_then() {
    let mut world = World::of(7, 2);
    world.settle();
    let before = world.engine(GAO).ledger().frontier().clone();
    world.pass(100);
    let link = world.link(GAO, KIDAL);
    world.create(KIDAL, "Forage");
    world.settle();
    world.cut(link);
    let after = world.engine(GAO).ledger().frontier().clone();
    let offices = |world: &mut World, at: NodeId, knowledge: &Frontier| {
        let ledger = world.engine(at).ledger();
        Past::new(ledger, knowledge).offices().unwrap()
    };
    assert_eq!(offices(&mut world, GAO, &before).len(), 1, "nothing of Kidal was known");
    let then = offices(&mut world, GAO, &after);
    assert_eq!(then, offices(&mut world, KIDAL, &after), "the same everywhere");
    let kidal = world.engine(KIDAL).author();
    let of_kidal = then.iter().find(|office| office.author == kidal).unwrap();
    assert!(of_kidal.name.is_some() && of_kidal.last_entry_at.is_some());
    assert!(of_kidal.last_entry_at > then.iter().find(|office| office.author != kidal).unwrap().last_entry_at);
}

#[test]
fn what_a_state_names_and_an_office_does_not_hold_is_told_by_the_office_that_wrote_it() {
    let mut world = World::of(7, 2);
    world.settle();
    let link = world.link(GAO, KIDAL);
    world.settle();
    world.cut(link);
    world.create(KIDAL, "Forage");
    world.create(KIDAL, "Puits");
    let (knowledge, kidal) = (world.engine(KIDAL).ledger().frontier().clone(), world.engine(KIDAL).author());
    let ledger = world.engine(GAO).ledger();
    let lacking = Past::new(ledger, &knowledge).lacking();
    assert_eq!(lacking.iter().map(|lacking| (lacking.office, lacking.entries)).collect::<Vec<_>>(), [(Some(kidal), 2)]);
}
