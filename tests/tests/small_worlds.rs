//! Everything that can happen in small worlds of what is subtle: what two offices remember of each other when one is put
//! back from an old copy, a feed that is closed and goes on anew, forks in every order.
//!
//! `TOGUNA_PATHS` is the number of paths walked of each world; without it as many as a quick test allows.

use serde_json::json;
use toguna_protocol::{
    engine::{Intent, own_tip},
    record::Kind,
    shelf::{Batch, Table},
    testing::{NodeId, World},
};
use toguna_tests::small::{Deed, Small, explore, forks, level};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

/// Paths of a world in a quick test.
const PATHS: usize = 250;

/// How many paths of each world are walked.
fn paths() -> usize {
    std::env::var("TOGUNA_PATHS").ok().and_then(|paths| paths.parse().ok()).unwrap_or(PATHS)
}

fn write(world: &mut World, node: NodeId, title: &str) {
    world.create(node, title);
}

const WRITES: Deed = Deed {
    name: "A writes",
    act: |world| {
        if !world.is_up(A) {
            return false;
        }
        let fields = json!({"kind": "conflict", "title": "while linked"});
        world.command(A, Intent::Create(Kind::Conflict, fields));
        true
    },
};

const CUT: Deed = Deed {
    name: "the link is cut and comes up again",
    act: |world| {
        let Some(link) = world.links().first().copied() else { return false };
        world.cut(link);
        world.link(A, B);
        true
    },
};

const POWER_FAILS: Deed = Deed {
    name: "the power fails at B",
    act: |world| {
        world.cut_all(B);
        let own = world.engine(B).own_feed();
        world.crash(B);
        // A store's doubt is forgotten once the new feed that answers it is durable, and not before.
        let stored = own_tip(&world.node(B).shelf).expect("memory can be read");
        world.start(B, stored.is_none_or(|(feed, _)| feed != own));
        world.link(A, B);
        true
    },
};

/// Both have held the same, and remember it. Then A is put back from a copy older than that.
fn restored() -> World {
    let mut world = World::of(1, 2);
    write(&mut world, A, "old");
    let link = world.link(A, B);
    world.settle();
    world.cut(link);
    world.stop(A);
    let backup = world.node(A).shelf.copy();
    world.start(A, false);
    write(&mut world, A, "lost at A");
    let link = world.link(A, B);
    world.settle();
    world.cut(link);
    write(&mut world, B, "since");
    world.stop(B);
    world.node_mut(A).shelf = backup;
    world
}

/// `doubt`: the tip file at A tells that something was lost.
fn meet(world: &mut World, doubt: bool) {
    world.start(A, doubt);
    meet_b(world);
}

fn meet_b(world: &mut World) {
    world.start(B, false);
    world.link(A, B);
}

fn nothing_is_lost(world: &mut World) {
    level(world);
    let titles: Vec<_> = world.views(A).into_values().map(|view| view.fields["title"].clone()).collect();
    for title in ["old", "lost at A", "since"] {
        assert!(titles.contains(&json!(title)), "{title} is lost");
    }
    assert_eq!(forks(world), 0, "nobody writes a number twice");
}

#[test]
fn a_restored_office_that_knows_it() {
    let small =
        Small { past: restored, begin: |world| meet(world, true), deeds: &[WRITES, CUT], check: nothing_is_lost };
    println!("{:?}", explore(&small, paths()));
}

#[test]
fn a_restored_office_that_does_not_know_it() {
    let small =
        Small { past: restored, begin: |world| meet(world, false), deeds: &[CUT, POWER_FAILS], check: nothing_is_lost };
    println!("{:?}", explore(&small, paths()));
}

/// A's own feed is shown to be longer elsewhere while A writes: it must be closed before anything goes out on it.
#[test]
fn an_own_feed_is_closed_and_goes_on_anew() {
    const OPENS: Deed = Deed {
        name: "A starts again",
        act: |world| {
            world.cut_all(A);
            world.stop(A);
            world.start(A, false);
            world.link(A, B);
            true
        },
    };
    fn check(world: &mut World) {
        nothing_is_lost(world);
        world.create(A, "after");
        world.settle();
        nothing_is_lost(world);
    }
    let small = Small { past: restored, begin: |world| meet(world, false), deeds: &[OPENS], check };
    println!("{:?}", explore(&small, paths()));
}

/// B's store lost a row, and has a new epoch: what A remembers of it counts no more.
#[test]
fn a_store_with_a_new_epoch_is_not_taken_for_the_old_one() {
    fn past() -> World {
        let mut world = World::of(1, 2);
        write(&mut world, A, "old");
        write(&mut world, A, "lost at A");
        let link = world.link(A, B);
        world.settle();
        world.cut(link);
        let feed = world.engine(A).own_feed();
        write(&mut world, A, "since");
        world.stop(A);
        world.stop(B);
        let mut batch = Batch::default();
        let key = [&feed.0[..], &2u64.to_be_bytes()].concat();
        batch.remove(Table::Entries, key);
        world.node(B).shelf.apply(batch, true);
        world
    }
    fn begin(world: &mut World) {
        world.start(A, false);
        world.start(B, true);
        world.link(A, B);
    }
    let small = Small { past, begin, deeds: &[CUT, POWER_FAILS], check: nothing_is_lost };
    println!("{:?}", explore(&small, paths()));
}

/// A's store was copied and both copies wrote. B has the one's, C the other's. They meet in a line.
#[test]
fn a_fork_is_the_same_in_whatever_order_it_is_seen() {
    fn past() -> World {
        let mut world = World::of(1, 3);
        write(&mut world, A, "old");
        let copy = world.add_copy(A);
        write(&mut world, A, "one");
        write(&mut world, copy, "other");
        for (from, to) in [(A, B), (copy, C)] {
            let link = world.link(from, to);
            world.settle();
            world.cut(link);
        }
        [A, B, C, copy].into_iter().for_each(|node| world.stop(node));
        world
    }
    fn begin(world: &mut World) {
        [A, B, C].into_iter().for_each(|node| world.start(node, false));
        world.link(A, B);
        world.link(B, C);
    }
    const C_WRITES: Deed = Deed {
        name: "C writes",
        act: |world| {
            let fields = json!({"kind": "conflict", "title": "while linked"});
            world.command(C, Intent::Create(Kind::Conflict, fields));
            true
        },
    };
    fn check(world: &mut World) {
        level(world);
        assert_eq!(forks(world), 1);
    }
    let small = Small { past, begin, deeds: &[C_WRITES], check };
    println!("{:?}", explore(&small, paths()));
}

/// Whether some path of a world fails.
fn is_found(small: Small) -> bool {
    std::panic::catch_unwind(|| explore(&small, PATHS)).is_err()
}

#[test]
fn a_feed_that_goes_on_after_an_unnoticed_restore_is_found() {
    // As if the tip file had not been looked at, and A writes at once.
    let begin: fn(&mut World) = |world| {
        world.start(A, false);
        write(world, A, "again");
        meet_b(world);
    };
    assert!(is_found(Small { past: restored, begin, deeds: &[], check: nothing_is_lost }));
}

#[test]
fn a_baseline_kept_across_incarnations_is_found() {
    toguna_protocol::plant::keep_baselines(true);
    let found =
        is_found(Small { past: restored, begin: |world| meet(world, true), deeds: &[], check: nothing_is_lost });
    toguna_protocol::plant::keep_baselines(false);
    assert!(found);
}
