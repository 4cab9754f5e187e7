//! A form that is sent twice is carried out once, whatever happens in between.

use serde_json::{Value, json};

use crate::{
    engine::{CommandError, CommandId, DraftStep, Event, Intent, OpenForm, Saved, SentForm},
    ids::RecordId,
    limits::MAX_SENT_FORMS,
    record::Kind,
    testing::{NodeId, World},
};

const NODE: NodeId = NodeId(0);
const FORM: &str = "/conflicts/new";

fn sent(mark: u64, intent: Intent) -> Intent {
    let open = OpenForm { mark, ..OpenForm::default() };
    Intent::Sent(SentForm { account: "awa".to_owned(), form: FORM.to_owned(), open }, Box::new(intent))
}

fn conflict(mark: u64, title: &str) -> Intent {
    sent(mark, Intent::Create(Kind::Conflict, json!({"title": title})))
}

fn save(world: &mut World, intent: Intent) -> Saved {
    let command = world.command(NODE, intent);
    world.saved(NODE, command)
}

fn count(world: &mut World) -> usize {
    world.views(NODE).len()
}

#[test]
fn two_that_are_sent_at_once_make_one_record_and_both_are_answered_once_it_is_durable() {
    let mut world = World::of(1, 1);
    world.node_mut(NODE).stuck = true;
    let both = [0, 1].map(|_| world.command(NODE, conflict(7, "Puits")));
    assert!(world.node(NODE).replies.is_empty(), "nothing is confirmed before it is durable");
    world.node_mut(NODE).stuck = false;
    let [first, second] = both.map(|command| world.saved(NODE, command));
    assert!(first.entry.is_some() && second.entry.is_none(), "{first:?} {second:?}");
    assert_eq!((first.record, first.heads), (second.record, second.heads));
    assert_eq!(count(&mut world), 1);
}

#[test]
fn a_form_that_was_saved_is_known_after_a_crash_and_its_draft_went_with_it() {
    let mut world = World::of(1, 1);
    let open = OpenForm { mark: 7, ..OpenForm::default() };
    let typed = vec![("title".to_owned(), "Puits".to_owned())];
    let keep = DraftStep::Keep("awa".to_owned(), FORM.to_owned(), open, typed);
    world.handle(NODE, Event::Draft(CommandId(1_000), keep));
    world.settle();
    let made = save(&mut world, conflict(7, "Puits"));
    world.crash(NODE);
    world.start(NODE, false);
    assert_eq!(world.engine(NODE).drafts_at("awa", FORM).unwrap(), []);
    let again = save(&mut world, conflict(7, "Puits"));
    assert_eq!((again.record, again.entry), (made.record, None));
    assert!(world.engine(NODE).drafts_of("awa").unwrap().is_empty());
}

#[test]
fn another_text_another_form_and_another_person_are_not_the_same() {
    let mut world = World::of(1, 1);
    save(&mut world, conflict(7, "Puits"));
    // Sent from the page before, after something else was typed: nothing that was typed is lost.
    save(&mut world, conflict(7, "Autre puits"));
    save(&mut world, conflict(8, "Puits"));
    let Intent::Sent(form, intent) = conflict(7, "Puits") else { panic!("it is sent") };
    save(&mut world, Intent::Sent(SentForm { account: "moussa".to_owned(), ..form.clone() }, intent.clone()));
    save(&mut world, Intent::Sent(SentForm { form: "/conflicts/new?".to_owned(), ..form }, intent));
    // Without a mark nobody knows.
    (0..2).for_each(|_| drop(save(&mut world, conflict(0, "Puits"))));
    assert_eq!(count(&mut world), 7);
}

#[test]
fn an_item_is_added_once_and_a_change_of_two_people_is_made_once() {
    let mut world = World::of(1, 1);
    let record = world.create(NODE, "Puits");
    let heads = world.view(NODE, record).heads;
    let incident = || {
        let patch = json!({"incidents": {"new": {"deaths": 0}}});
        sent(7, Intent::Patch(record, heads.clone(), patch))
    };
    assert!(save(&mut world, incident()).entry.is_some());
    assert!(save(&mut world, incident()).entry.is_none());
    assert_eq!(world.view(NODE, record).fields["incidents"].as_object().map(serde_json::Map::len), Some(1));
    // A title that somebody else changed after the form was saved is not changed back by sending it again.
    let title = |mark: u64, title: &str, world: &mut World| {
        let heads = world.view(NODE, record).heads;
        sent(mark, Intent::Patch(record, heads, json!({"title": title})))
    };
    let ours = title(8, "Puits de Tin-Essako", &mut world);
    save(&mut world, ours.clone());
    let theirs = title(9, "Puits du marché", &mut world);
    save(&mut world, theirs);
    assert_eq!(save(&mut world, ours).entry, None);
    assert_eq!(world.view(NODE, record).fields["title"], Value::from("Puits du marché"));
}

#[test]
fn what_was_refused_was_not_sent() {
    let mut world = World::of(1, 1);
    let refused = world.command(NODE, conflict(7, ""));
    assert!(matches!(world.node(NODE).replies.get(&refused), Some(Err(CommandError::Record(_)))));
    world.node_mut(NODE).failing = true;
    let both = [0, 1].map(|_| world.command(NODE, conflict(8, "Puits")));
    world.pass(3);
    for command in both {
        let reply = world.node(NODE).replies.get(&command);
        assert!(matches!(reply, Some(Err(CommandError::NotSaved(_)))), "{reply:?}");
    }
    world.node_mut(NODE).failing = false;
    assert_eq!(count(&mut world), 0);
    assert!(save(&mut world, conflict(8, "Puits")).entry.is_some());
    assert_eq!(count(&mut world), 1);
}

#[test]
fn only_the_latest_forms_are_remembered() {
    let mut world = World::of(1, 1);
    let records: Vec<RecordId> =
        (1..=MAX_SENT_FORMS as u64 + 1).map(|mark| save(&mut world, conflict(mark, "Puits")).record).collect();
    assert_eq!(save(&mut world, conflict(2, "Puits")).record, records[1]);
    assert!(save(&mut world, conflict(1, "Puits")).entry.is_some(), "it is long ago");
}
