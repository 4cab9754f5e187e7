//! Anything at any time: writing, linking, cutting, crashes, full disks, copied and restored stores, by chance. In the
//! end everybody holds the same, and nothing that was confirmed is lost.

use serde_json::json;

use crate::{
    engine::{Intent, Saved},
    record::Kind,
    testing::{NodeId, World},
};

/// Runs that are tried; each takes some hundredths of a second.
const SEEDS: u64 = 150;

struct Run {
    world: World,
    /// Nodes whose store was copied, and the copies: with these a fork is to be expected.
    copied: Vec<NodeId>,
    commands: Vec<(NodeId, crate::engine::CommandId)>,
    confirmed: Vec<Saved>,
}

impl Run {
    fn collect(&mut self) {
        let world = &self.world;
        let saved = |(node, command): &(NodeId, _)| world.node(*node).replies.get(command)?.as_ref().ok().cloned();
        self.confirmed.extend(self.commands.iter().filter_map(saved).filter(|saved| saved.entry.is_some()));
        self.commands.retain(|(node, command)| !world.node(*node).replies.contains_key(command));
    }

    fn write(&mut self, node: NodeId, seed: u64) {
        let number = self.world.chance.draw() % 1_000;
        let records: Vec<_> = self.world.node(node).rows.keys().copied().collect();
        let intent = if records.is_empty() || self.world.chance.once_in(3) {
            Intent::Create(Kind::Conflict, json!({"title": format!("{seed} {number} by {}", node.0)}))
        } else {
            let record = records[self.world.chance.below(records.len())];
            let Ok(view) = self.world.engine(node).record(record) else { return };
            let patch = match number % 3 {
                0 => json!({"persons_affected": number}),
                1 => json!({"aliases": {format!("{number} by {}", node.0): true}}),
                _ => json!({"incidents": {"new": {"deaths": number}}}),
            };
            Intent::Patch(record, view.heads, patch)
        };
        let command = self.world.command(node, intent);
        self.commands.push((node, command));
    }

    fn something(&mut self, seed: u64) {
        let nodes = self.world.up();
        let node = nodes[self.world.chance.below(nodes.len())];
        let other = nodes[self.world.chance.below(nodes.len())];
        match self.world.chance.below(40) {
            0..20 => self.write(node, seed),
            20..26 if node != other => {
                self.world.link(node, other);
            }
            26..29 => {
                let links = self.world.links();
                if !links.is_empty() {
                    let link = links[self.world.chance.below(links.len())];
                    self.world.cut(link);
                }
            }
            29..31 => {
                self.collect();
                self.world.crash(node);
                self.world.start(node, self.world.now.moment.0.is_multiple_of(5));
            }
            31 => {
                self.collect();
                self.world.stop(node);
                self.world.start(node, false);
            }
            32..34 => self.world.node_mut(node).failing ^= true,
            34 if self.copied.is_empty() && seed.is_multiple_of(4) => {
                let copy = self.world.add_copy(node);
                self.copied.extend([node, copy]);
            }
            35 if seed.is_multiple_of(3) && self.copied.is_empty() => {
                // An old copy of the store comes back, and its tip file tells so.
                let backup = self.world.node(node).shelf.copy();
                self.write(node, seed);
                for _ in 0..20 {
                    self.world.step();
                }
                self.collect();
                self.world.crash(node);
                // What only the newer store held is gone with it.
                let others = self.world.up();
                self.world.node_mut(node).shelf = backup;
                let world = &self.world;
                let held =
                    |saved: &Saved| others.iter().chain([&node]).any(|id| super::holds(&world.node(*id).shelf, saved));
                self.confirmed.retain(held);
                self.world.start(node, true);
            }
            _ => {
                let time = 100 + self.world.chance.below(3_000) as u64;
                self.world.tick(time);
            }
        }
    }
}

#[test]
fn whatever_happens_all_come_to_hold_the_same_and_nothing_confirmed_is_lost() {
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let count = 2 + (seed % 4) as usize;
        let mut run = Run { world: World::of(seed, count), copied: vec![], commands: vec![], confirmed: vec![] };
        for _ in 0..60 {
            run.something(seed);
            for _ in 0..run.world.chance.below(25) {
                run.world.step();
            }
        }
        let world = &mut run.world;
        let nodes = world.up();
        for node in &nodes {
            world.node_mut(*node).failing = false;
        }
        world.links().into_iter().for_each(|link| world.cut(link));
        world.tick(11_000);
        // A line, so that most reach each other through others. Two copies of one store have one key, and so nobody
        // talks to both at once.
        let line: Vec<NodeId> = nodes.iter().copied().filter(|node| !run.copied.contains(node)).collect();
        for pair in line.windows(2) {
            world.link(pair[0], pair[1]);
        }
        world.settle();
        for copy in run.copied.iter().chain(&run.copied) {
            let link = world.link(*copy, line[0]);
            world.settle();
            world.cut(link);
        }
        world.assert_converged();
        run.collect();
        let forked = run.world.engine(nodes[0]).ledger().feeds().any(|feed| feed.end.is_some());
        assert!(!forked || !run.copied.is_empty(), "nobody's store was copied, and yet a feed forked");
        for node in nodes {
            for saved in &run.confirmed {
                assert!(super::holds(&run.world.node(node).shelf, saved), "node {} lost an entry", node.0);
            }
            let changes = |place: &crate::engine::rows::Row| place.set_aside == 0 || forked;
            assert!(run.world.node(node).rows.values().all(changes), "something was set aside");
        }
    }
}
