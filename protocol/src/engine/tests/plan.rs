//! An agreement enters the plan in the change that signs it, whoever writes it and wherever.

use serde_json::{Value, json};

use crate::{
    engine::Intent,
    record::{Kind, settle::Choice},
    testing::{NodeId, World},
};

fn project(status: &str) -> Intent {
    Intent::Create(Kind::Project, json!({"title": "Puits", "status": status, "agreement_signed_date": "2009-10-02"}))
}

fn quarters(fields: &serde_json::Map<String, Value>) -> Vec<Value> {
    let lines = fields.get("plan").and_then(Value::as_object);
    lines.into_iter().flatten().map(|(_, line)| line["quarter"].clone()).collect()
}

#[test]
fn what_is_entered_as_agreed_has_its_line() {
    let mut world = World::of(3, 1);
    for (status, expected) in [("agreed", vec![json!("2010-33")]), ("active", vec![])] {
        let command = world.command(NodeId(0), project(status));
        let record = world.saved(NodeId(0), command).record;
        assert_eq!(quarters(&world.view(NodeId(0), record).fields), expected, "{status}");
    }
}

#[test]
fn offices_that_sign_apart_and_one_that_settles_have_one_line() {
    for (from, apart, shown) in [("active", ["agreed", "agreed"], 0), ("eligible", ["submitted", "abandoned"], 1)] {
        let mut world = World::of(4, 2);
        let nodes = [0, 1].map(NodeId);
        let command = world.command(nodes[0], project(from));
        let record = world.saved(nodes[0], command).record;
        let link = world.link(nodes[0], nodes[1]);
        world.settle();
        world.cut(link);
        for (node, status) in nodes.into_iter().zip(apart) {
            let base = world.view(node, record).heads;
            let command = world.command(node, Intent::Patch(record, base, json!({"status": status})));
            world.saved(node, command);
        }
        world.link(nodes[0], nodes[1]);
        world.settle();
        let view = world.view(nodes[0], record);
        assert_eq!(view.concurrent.len(), shown, "{apart:?}");
        if shown > 0 {
            let choice = Choice::Value(json!("agreed"));
            let command = world.command(nodes[0], Intent::Settle(record, view.heads, "/status".to_owned(), choice));
            world.saved(nodes[0], command);
            world.settle();
        }
        world.assert_converged();
        for node in nodes {
            let view = world.view(node, record);
            assert_eq!((quarters(&view.fields), view.concurrent.len()), (vec![json!("2010-33")], 0), "{apart:?}");
        }
    }
}
