//! Unfinished forms: kept until they are saved or dropped, whatever happens to the node meanwhile.

use crate::{
    engine::{CommandId, DraftError, DraftStep, Event, Kept, OpenForm},
    limits::{MAX_DRAFT, MAX_DRAFTS},
    testing::{NodeId, World},
};

const NODE: NodeId = NodeId(0);
const FORM: &str = "/conflicts/new";

fn open(mark: u64, resumed: u64, seen: u64) -> OpenForm {
    OpenForm { mark, resumed, seen }
}

fn keep(form: &str, open: OpenForm, text: &str) -> DraftStep {
    let inputs = vec![("title".to_owned(), text.to_owned())];
    DraftStep::Keep("awa".to_owned(), form.to_owned(), open, inputs)
}

/// Gives a step to the node, and lets the store write.
fn take(world: &mut World, number: u64, step: DraftStep) -> Result<Option<Kept>, DraftError> {
    world.handle(NODE, Event::Draft(CommandId(number), step));
    world.settle();
    world.node_mut(NODE).drafted.remove(&CommandId(number)).expect("it is answered")
}

fn kept(world: &mut World, number: u64, step: DraftStep) -> (u64, bool) {
    let kept = take(world, number, step).expect("it can be kept").expect("it is kept");
    (kept.number, kept.elsewhere)
}

/// Numbers and titles of the drafts of a form.
fn drafts(world: &mut World, form: &str) -> Vec<(u64, String)> {
    let drafts = world.engine(NODE).drafts_at("awa", form).expect("memory can be read");
    drafts.into_iter().map(|draft| (draft.number, draft.inputs[0].1.clone())).collect()
}

#[test]
fn a_draft_is_confirmed_once_it_is_durable_and_survives_a_crash() {
    let mut world = World::of(1, 1);
    world.node_mut(NODE).stuck = true;
    world.handle(NODE, Event::Draft(CommandId(1), keep(FORM, open(7, 0, 0), "Puits")));
    assert!(world.node(NODE).drafted.is_empty(), "nothing is confirmed before it is durable");
    world.crash(NODE);
    world.node_mut(NODE).stuck = false;
    world.start(NODE, false);
    world.settle();
    assert_eq!(drafts(&mut world, FORM), []);
    assert_eq!(kept(&mut world, 2, keep(FORM, open(7, 0, 0), "Puits de")), (1, false));
    assert_eq!(kept(&mut world, 3, keep(FORM, open(7, 0, 1), "Puits de Tin-Essako")), (2, false));
    world.crash(NODE);
    world.start(NODE, false);
    assert_eq!(drafts(&mut world, FORM), [(2, "Puits de Tin-Essako".to_owned())]);
    let notes = world.engine(NODE).drafts_of("awa").unwrap();
    assert_eq!((notes.len(), notes[0].form.as_str(), notes[0].number), (1, FORM, 2));
    assert!(world.engine(NODE).drafts_of("moussa").unwrap().is_empty(), "nobody has another's");
    assert!(world.engine(NODE).drafts_at("moussa", FORM).unwrap().is_empty());

    // Filled in again from it, and then saved.
    assert_eq!(kept(&mut world, 4, keep(FORM, open(8, 2, 2), "Puits de Ménaka")), (3, false));
    assert_eq!(drafts(&mut world, FORM), [(3, "Puits de Ménaka".to_owned())]);
    let saved = DraftStep::Drop("awa".to_owned(), FORM.to_owned(), open(8, 2, 3));
    assert_eq!(take(&mut world, 5, saved).unwrap(), None);
    assert_eq!(drafts(&mut world, FORM), []);
    assert!(world.engine(NODE).drafts_of("awa").unwrap().is_empty());
}

#[test]
fn what_an_account_left_goes_with_it() {
    let mut world = World::of(1, 1);
    for (number, form) in [(1, FORM), (2, "/projects/new")] {
        kept(&mut world, number, keep(form, open(7, 0, 0), "Puits"));
    }
    let of_moussa = DraftStep::Keep("moussa".to_owned(), FORM.to_owned(), open(8, 0, 0), Vec::new());
    kept(&mut world, 3, of_moussa);
    assert_eq!(take(&mut world, 4, DraftStep::DropAll("awa".to_owned())).unwrap(), None);
    assert!(world.engine(NODE).drafts_of("awa").unwrap().is_empty());
    world.crash(NODE);
    world.start(NODE, false);
    assert_eq!(drafts(&mut world, FORM), []);
    assert_eq!(world.engine(NODE).drafts_at("moussa", FORM).unwrap().len(), 1, "another's stay");
}

#[test]
fn what_belongs_to_no_account_any_more_goes() {
    let mut world = World::of(1, 1);
    for (number, account) in [(1, "awa"), (2, "moussa"), (3, "binta")] {
        let inputs = vec![("title".to_owned(), "Puits".to_owned())];
        kept(&mut world, number, DraftStep::Keep(account.to_owned(), FORM.to_owned(), open(7, 0, 0), inputs));
    }
    // One more is still being written when the others are looked for.
    world.node_mut(NODE).stuck = true;
    world.handle(NODE, Event::Draft(CommandId(4), keep("/projects/new", open(9, 0, 0), "École")));
    let there = ["moussa", "fanta"].map(str::to_owned).to_vec();
    world.handle(NODE, Event::Draft(CommandId(5), DraftStep::DropOthers(there)));
    world.node_mut(NODE).stuck = false;
    world.settle();
    world.crash(NODE);
    world.start(NODE, false);
    for (account, left) in [("awa", 0), ("moussa", 1), ("binta", 0)] {
        assert_eq!(world.engine(NODE).drafts_of(account).unwrap().len(), left, "{account}");
    }
}

#[test]
fn two_that_are_open_keep_both_and_each_is_told_of_the_other() {
    let mut world = World::of(1, 1);
    assert_eq!(kept(&mut world, 1, keep(FORM, open(1, 0, 0), "one")), (1, false));
    assert_eq!(kept(&mut world, 2, keep(FORM, open(2, 0, 0), "other")), (2, true));
    assert_eq!(kept(&mut world, 3, keep(FORM, open(1, 0, 1), "one more")), (3, true));
    assert_eq!(drafts(&mut world, FORM), [(3, "one more".to_owned()), (2, "other".to_owned())]);
    // Whoever knows of a draft when the form is opened, and leaves it, is not told of it again.
    assert_eq!(kept(&mut world, 4, keep(FORM, open(3, 0, 3), "third")), (4, false));
    assert_eq!(drafts(&mut world, FORM), [(4, "third".to_owned()), (3, "one more".to_owned())]);
    let saved = DraftStep::Drop("awa".to_owned(), FORM.to_owned(), open(3, 0, 4));
    assert_eq!(take(&mut world, 5, saved).unwrap(), None);
    assert_eq!(drafts(&mut world, FORM), [(3, "one more".to_owned())], "the other's stays");
}

#[test]
fn drafts_are_bounded_and_what_the_store_refuses_is_told() {
    let mut world = World::of(1, 1);
    let most = "a".repeat(MAX_DRAFT - FORM.len() - "title".len());
    assert_eq!(kept(&mut world, 1, keep(FORM, open(1, 0, 0), &most)), (1, false));
    let more = take(&mut world, 2, keep(FORM, open(1, 0, 1), &(most + "a")));
    assert!(matches!(more, Err(DraftError::TooLarge)), "{more:?}");
    world.tick(1_000);
    for number in 0..MAX_DRAFTS as u64 {
        assert_eq!(kept(&mut world, 10 + number, keep(&format!("/form {number}"), open(1, 0, 0), "x")), (1, false));
    }
    assert_eq!(drafts(&mut world, FORM), [], "the oldest made room");
    assert_eq!(world.engine(NODE).drafts_of("awa").unwrap().len(), MAX_DRAFTS);

    world.node_mut(NODE).failing = true;
    world.handle(NODE, Event::Draft(CommandId(3), keep("/form 7", open(1, 0, 1), "lost")));
    world.pass(3);
    let refused = world.node_mut(NODE).drafted.remove(&CommandId(3));
    assert!(matches!(refused, Some(Err(DraftError::NotSaved(_)))), "{refused:?}");
    world.node_mut(NODE).failing = false;
    assert_eq!(kept(&mut world, 4, keep("/form 7", open(1, 0, 1), "kept")), (2, false));
    assert_eq!(drafts(&mut world, "/form 7"), [(2, "kept".to_owned())]);
}
