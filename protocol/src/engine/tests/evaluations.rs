//! Sealed evaluations: nobody's opinion is in any other store before every named evaluator has committed.

use serde_json::json;

use crate::{
    engine::{CommandError, Intent},
    record::Kind,
    shelf::{Shelf as _, Table},
    testing::{NodeId, World},
};

const EVALUATORS: [&str; 3] = ["Fatou", "Ibrahim", "Mariam"];

fn opinion(number: usize) -> serde_json::Value {
    json!({"relevance": format!("secret opinion {number}"), "verdict": "favourable"})
}

/// Whether an opinion can be read in a node's store, outside what never leaves it.
fn is_out(world: &World, node: NodeId, number: usize) -> bool {
    let text = format!("secret opinion {number}");
    world.node(node).shelf.holds_bytes(text.as_bytes(), &[Table::Private])
}

#[test]
fn opinions_come_out_on_every_node_after_the_last_commitment_and_never_before() {
    for seed in 0..6 {
        println!("seed {seed}");
        let mut world = World::of(seed, 3);
        let nodes = [0, 1, 2].map(NodeId);
        let fields = json!({"title": "Puits", "origin": "request", "evaluators": EVALUATORS});
        let command = world.command(nodes[0], Intent::Create(Kind::Project, fields));
        let project = world.saved(nodes[0], command).record;
        let links = [world.link(nodes[0], nodes[1]), world.link(nodes[1], nodes[2])];
        world.settle();
        for (number, evaluator) in EVALUATORS.iter().enumerate() {
            for node in nodes {
                assert!((0..3).all(|number| !is_out(&world, node, number)), "before the last commitment");
            }
            let intent = Intent::Evaluate(project, (*evaluator).to_owned(), opinion(number));
            let command = world.command(nodes[number], intent);
            world.saved(nodes[number], command);
            // After the last commitment the opening follows at once, and other commands wait for it.
            if number < 2 {
                let again = Intent::Evaluate(project, (*evaluator).to_owned(), opinion(number));
                let again = world.command(nodes[number], again);
                assert!(matches!(world.node(nodes[number]).replies[&again], Err(CommandError::Record(_))));
                world.settle();
            }
        }
        // The last evaluator's node stops before anyone has heard of the commitment, or before it has opened.
        if seed % 2 == 0 {
            links.into_iter().for_each(|link| world.cut(link));
            world.crash(nodes[2]);
            world.start(nodes[2], false);
            world.link(nodes[0], nodes[1]);
            world.link(nodes[1], nodes[2]);
        }
        world.settle();
        world.assert_converged();
        for node in nodes {
            assert!((0..3).all(|number| is_out(&world, node, number)), "after the last commitment");
            assert_eq!(world.node(node).shelf.count(Table::Private), 0);
            let view = world.view(node, project);
            let evaluations = view.fields["evaluations"].as_object().expect("a list").clone();
            assert_eq!(evaluations.len(), 3);
            assert!(evaluations.values().all(|evaluation| evaluation.get("opening").is_some()));
        }
    }
}

#[test]
fn the_last_opening_takes_an_eligible_request_on_to_evaluated_everywhere() {
    let mut world = World::of(7, 2);
    let nodes = [0, 1].map(NodeId);
    let fields = json!({"title": "Puits", "origin": "request", "status": "eligible", "evaluators": &EVALUATORS[..2]});
    let command = world.command(nodes[0], Intent::Create(Kind::Project, fields));
    let project = world.saved(nodes[0], command).record;
    world.link(nodes[0], nodes[1]);
    world.settle();
    for (number, evaluator) in EVALUATORS[..2].iter().enumerate() {
        assert_eq!(world.view(nodes[1], project).fields["status"], "eligible");
        let command = world.command(nodes[number], Intent::Evaluate(project, (*evaluator).to_owned(), opinion(number)));
        world.saved(nodes[number], command);
        world.settle();
    }
    world.assert_converged();
    for node in nodes {
        let view = world.view(node, project);
        assert_eq!((&view.fields["status"], view.concurrent.len()), (&json!("evaluated"), 0));
    }
}

#[test]
fn what_is_held_back_survives_a_crash_with_its_commitment() {
    let mut world = World::of(1, 1);
    let node = NodeId(0);
    let fields = json!({"title": "Puits", "origin": "request", "evaluators": EVALUATORS});
    let command = world.command(node, Intent::Create(Kind::Project, fields));
    let project = world.saved(node, command).record;
    let command = world.command(node, Intent::Evaluate(project, "Fatou".into(), opinion(0)));
    world.crash(node);
    world.start(node, false);
    let private = |world: &World| {
        let mut rows = 0;
        world
            .node(node)
            .shelf
            .scan(Table::Private, &[], None, &mut |_, _| {
                rows += 1;
                true
            })
            .expect("memory");
        rows
    };
    assert_eq!((private(&world), world.node(node).replies.contains_key(&command)), (0, false));
    let command = world.command(node, Intent::Evaluate(project, "Fatou".into(), opinion(0)));
    world.saved(node, command);
    world.crash(node);
    world.start(node, false);
    assert_eq!(private(&world), 1);
    assert_eq!(world.view(node, project).fields["evaluations"].as_object().map(serde_json::Map::len), Some(1));
}
