//! Figures: `cargo test --release -p toguna-protocol engine::tests::speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    engine::Event,
    testing::{NodeId, World},
};

/// How long the receiving node works, from frames to rows, while everything goes from one node to an empty one.
#[expect(clippy::disallowed_methods, reason = "a figure needs a clock")]
fn receive(records: usize, changes: usize) -> (usize, [Duration; 4]) {
    let mut world = World::of(1, 1);
    let giver = NodeId(0);
    for number in 0..records {
        let record = world.create(giver, &format!("Conflit {number}"));
        for change in 1..changes {
            let patch = match change % 3 {
                0 => json!({"persons_affected": change}),
                1 => json!({"narrative": format!("Ce qui s'est passé au puits, {change} fois déjà.")}),
                _ => json!({"incidents": {"new": {"deaths": change, "text": "Vu par l'office."}}}),
            };
            world.patch(giver, record, patch);
        }
    }
    let taker = world.add();
    let link = world.link(giver, taker);
    let mut spent = [Duration::ZERO; 4];
    let mut timed = |part: usize, world: &mut World, act: &mut dyn FnMut(&mut World) -> bool| {
        let start = Instant::now();
        let busy = act(world);
        spent[part] += start.elapsed();
        busy
    };
    loop {
        let heard = timed(0, &mut world, &mut |world| world.deliver(link, 0));
        let wrote = timed(1, &mut world, &mut |world| world.write_next(taker));
        let answered = timed(3, &mut world, &mut |world| world.deliver(link, 1));
        let derived = world.engine(taker).has_stale_rows() && !heard && !wrote && !answered;
        if derived {
            timed(2, &mut world, &mut |world| {
                world.handle(taker, Event::Idle);
                true
            });
        }
        if !heard && !wrote && !answered && !derived {
            break;
        }
    }
    timed(2, &mut world, &mut |world| {
        world.handle(taker, Event::Tick);
        while world.write_next(taker) {}
        true
    });
    assert_eq!(world.views(taker).len(), records);
    (records * changes, spent)
}

#[test]
#[ignore = "prints figures, proves nothing; run it in release"]
fn entries_received_in_a_second() {
    for (records, changes) in [(1_000, 12), (6_000, 1)] {
        let (entries, [heard, wrote, derived, sent]) = receive(records, changes);
        let per = |time: Duration| entries as f64 / time.as_secs_f64();
        println!(
            "{records} records × {changes}: {:.0} entries/s (frames {:.0}, store {:.0}, rows {:.0}); giver {:.0}",
            per(heard + wrote + derived),
            per(heard),
            per(wrote),
            per(derived),
            per(sent),
        );
    }
}
