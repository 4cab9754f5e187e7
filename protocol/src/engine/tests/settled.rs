//! Whoever entered a value that was not kept can be told who settled it, on what, and why.

use serde_json::{Value, json};

use crate::{
    engine::{Command, CommandId, Event, Intent, Settlement},
    ids::{Arrival, RecordId},
    record::Choice,
    testing::{NodeId, World},
};

const GAO: NodeId = NodeId(0);
const BAMAKO: NodeId = NodeId(1);

/// Two offices that came to know of each other's phase of a conflict.
fn apart(gao: &Value, bamako: &Value) -> (World, RecordId) {
    let mut world = World::of(1, 2);
    let record = world.create(GAO, "Puits");
    let link = world.link(GAO, BAMAKO);
    world.settle();
    world.cut(link);
    world.patch(GAO, record, gao.clone());
    world.patch(BAMAKO, record, bamako.clone());
    world.link(GAO, BAMAKO);
    world.settle();
    (world, record)
}

fn settle(world: &mut World, at: NodeId, record: RecordId, field: &str, choice: Choice, reason: &str) {
    let heads = world.view(at, record).heads;
    let intent = Intent::Settle(record, heads, field.to_owned(), choice);
    let command = Command { person: "Awa".into(), reason: Some(reason.into()), intent };
    world.handle(at, Event::Command(CommandId(9_000), command));
    world.saved(at, CommandId(9_000));
    world.node_mut(at).replies.remove(&CommandId(9_000));
    world.settle();
}

fn settled(world: &World, at: NodeId, record: RecordId) -> Vec<Settlement> {
    world.node(at).rows[&record].settled.clone()
}

#[test]
fn what_was_settled_is_told_the_same_everywhere_until_it_no_longer_stands() {
    // One of the two is shown meanwhile; to choose that one is written in another way.
    told_of(&json!({"is": "relapsed"}), &json!({"is": "de-escalating"}));
    told_of(&json!({"is": "de-escalating"}), &json!({"is": "relapsed"}));
}

fn told_of(relapsed: &Value, calmer: &Value) {
    let (mut world, record) = apart(&json!({"phase": relapsed}), &json!({"phase": calmer}));
    assert_eq!(settled(&world, GAO, record), []);
    let of_gao =
        world.view(GAO, record).concurrent[0].values.iter().find(|seen| seen.value == *relapsed).unwrap().clone();
    settle(&mut world, BAMAKO, record, "/phase", Choice::Value(calmer.clone()), "appel du gouvernorat");
    let told = settled(&world, GAO, record);
    assert_eq!(told, settled(&world, BAMAKO, record));
    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((one.field.as_str(), &one.chosen), ("/phase", calmer));
    assert_eq!(one.reason.as_deref(), Some("appel du gouvernorat"));
    assert_eq!(one.stamp.office, world.engine(BAMAKO).author());
    let lost: Vec<_> = one.values.iter().filter(|value| !value.kept).collect();
    assert_eq!((lost.len(), &lost[0].value, Some(&lost[0].stamp)), (1, relapsed, of_gao.stamp.as_ref()));
    // The history tells the choice, whether what was shown is another value since or not, and tells it once.
    let history = world.engine(GAO).history(record).unwrap();
    let steps: Vec<_> =
        history.iter().flat_map(|step| step.settled.iter().map(move |one| (&step.reason, one))).collect();
    let [(reason, step)] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!(
        (reason.as_deref(), step.field.as_str(), &step.chosen),
        (Some("appel du gouvernorat"), "/phase", calmer)
    );
    assert!(step.values.len() == 2 && step.values.contains(relapsed) && step.values.contains(calmer), "{step:?}");
    // Another field changes, and the record is made anew from its entries: it is told all the same.
    world.patch(GAO, record, json!({"aliases": ["Tin-Essako"]}));
    world.settle();
    assert_eq!(settled(&world, BAMAKO, record), told);
    let vocabulary = crate::record::Vocabulary::default();
    let rebuilt = crate::engine::rows::rebuild(record, world.engine(GAO).ledger(), &vocabulary).unwrap().unwrap();
    assert_eq!(rebuilt.settled, told);
    // The office takes its value back: then there is nothing to tell any more.
    world.patch(GAO, record, json!({"phase": relapsed}));
    world.settle();
    assert_eq!((settled(&world, GAO, record), settled(&world, BAMAKO, record)), (vec![], vec![]));
}

#[test]
fn whether_an_item_is_withdrawn_is_settled_like_a_value_and_long_texts_are_cut() {
    let mut world = World::of(1, 2);
    let record = world.create(GAO, "Puits");
    let saved = world.patch(GAO, record, json!({"incidents": {"new": {"response": "none"}}}));
    let item = saved.new_items["/incidents/new"].clone();
    let link = world.link(GAO, BAMAKO);
    world.settle();
    world.cut(link);
    let long = "é".repeat(1_000);
    world.patch(GAO, record, json!({"incidents": {item.as_str(): {"response": long}}}));
    world.patch(BAMAKO, record, json!({"incidents": {item.as_str(): {"response": "short"}}}));
    world.link(GAO, BAMAKO);
    world.settle();
    let field = format!("/incidents/{item}/response");
    settle(&mut world, BAMAKO, record, &field, Choice::Value(json!("short")), "x");
    let told = settled(&world, GAO, record);
    assert_eq!(told.len(), 1, "equal values beside each other were never a divergence: {told:?}");
    let lost = told[0].values.iter().find(|value| !value.kept).unwrap();
    assert_eq!(lost.value.as_str().unwrap().chars().count(), 401);

    world.cut_all(GAO);
    world.patch(GAO, record, json!({"incidents": {item.as_str(): {"deaths": 2}}}));
    world.patch(BAMAKO, record, json!({"incidents": {item.as_str(): null}}));
    world.link(GAO, BAMAKO);
    world.settle();
    settle(&mut world, BAMAKO, record, &format!("/incidents/{item}/withdrawn"), Choice::Value(json!(true)), "y");
    let told = settled(&world, GAO, record);
    let last = told.last().unwrap();
    assert_eq!((last.field.as_str(), &last.chosen), (&*format!("/incidents/{item}/withdrawn"), &json!(true)));
}

#[test]
fn a_row_says_which_office_wrote_when() {
    let (mut world, record) = apart(&json!({"aliases": ["a"]}), &json!({"aliases": ["b"]}));
    let (gao, bamako) = (world.engine(GAO).author(), world.engine(BAMAKO).author());
    let heard = world.node(BAMAKO).rows[&record].heard.clone();
    let of = |office| *heard.iter().find(|heard| heard.office == office).unwrap();
    assert_eq!(heard.len(), 2);
    assert!(of(gao).first < of(bamako).first, "{heard:?}");
    assert!(of(bamako).first == of(bamako).last && of(bamako).last < of(gao).last, "{heard:?}");
    assert_eq!(of(gao).last, world.node(BAMAKO).rows[&record].arrival.min(of(gao).last));
    assert!(of(gao).first > Arrival(0));
}

#[test]
fn a_record_is_shown_as_the_author_of_a_change_saw_it() {
    let mut world = World::of(1, 1);
    let record = world.create(GAO, "Puits");
    let saved = world.patch(GAO, record, json!({"title": "Puits de Tin-Essako"}));
    let engine = world.engine(GAO);
    let before = engine.record_before(record, saved.entry.unwrap()).unwrap();
    assert_eq!(before.fields["title"], "Puits");
    let created = engine.record(record).unwrap().created.entry;
    assert!(engine.record_before(record, created).is_err(), "before it, there was nothing");
}
