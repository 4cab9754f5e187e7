//! Some hundred made-up worlds, and the checkers themselves: every bug that is planted must be found.

use std::{collections::BTreeSet, thread, time::Duration};

use toguna_tests::{
    check::{Broken, Violation},
    sim::{
        options::{Options, Plant, Profile},
        run,
        smaller::smallest,
    },
};

/// Worlds of each kind; together they must stay under two minutes on two cores without optimisation.
const SEEDS: u64 = 120;

/// Where seeds begin; `sim --minutes` goes on from others.
const FIRST: u64 = 1;

/// What repeats a run, before its options.
const REPEAT: &str = "cargo run --release -p toguna-tests --bin sim --";

fn options(seed: u64, profile: Profile) -> Options {
    let nodes = 2 + (seed % 3) as usize;
    Options { seed, nodes, days: 1, profile, plant: None, only: None }
}

/// Runs worlds on two threads and tells of every one that broke a promise.
fn failures(worlds: Vec<Options>) -> Vec<(Options, Violation)> {
    let half = worlds.len().div_ceil(2);
    let failed = |worlds: &[Options]| -> Vec<(Options, Violation)> {
        worlds.iter().filter_map(|options| Some((options.clone(), run(options).err()?))).collect()
    };
    thread::scope(|scope| {
        let workers: Vec<_> = worlds.chunks(half).map(|half| scope.spawn(move || failed(half))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a panic in a world is a violation")).collect()
    })
}

fn all_keep_their_promises(profile: Profile, seeds: u64) {
    let failed = failures((FIRST..FIRST + seeds).map(|seed| options(seed, profile)).collect());
    let Some((options, violation)) = failed.first() else { return };
    let (options, violation) = smallest(options, violation.clone(), Duration::from_secs(30));
    let all: Vec<String> = failed.iter().map(|(options, violation)| format!("{options}: {violation}")).collect();
    let all = all.join("\n  ");
    panic!("{all}\nthe first, made smaller: {violation}\n  {REPEAT} {options}");
}

#[test]
fn offices_on_thin_links_and_failing_disks_come_to_agree() {
    all_keep_their_promises(Profile::Mali, SEEDS);
}

#[test]
fn members_that_lie_change_nothing_for_the_others() {
    all_keep_their_promises(Profile::Hostile, SEEDS);
}

#[test]
fn offices_that_only_have_usb_sticks_come_to_agree_and_know_it() {
    all_keep_their_promises(Profile::Usb, SEEDS / 2);
}

#[test]
fn many_offices_come_to_agree() {
    let options = Options { seed: 1, nodes: 20, days: 1, profile: Profile::Scale, plant: None, only: None };
    assert_eq!(run(&options).err(), None);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for profile in [Profile::Mali, Profile::Hostile] {
        let options = options(4, profile);
        let (one, other) = (run(&options).expect("it keeps its promises"), run(&options).expect("so it does again"));
        assert_eq!(one, other);
        assert_ne!(one, run(&Options { seed: 5, ..options }).expect("so does another"));
    }
}

/// The first seed in which a planted bug is found.
fn found(plant: Plant, profile: Profile) -> (Options, Violation) {
    let planted = |seed| Options { nodes: 3, plant: Some(plant), ..options(seed, profile) };
    let first = (1..60).map(planted).find_map(|options| Some((options.clone(), run(&options).err()?)));
    first.unwrap_or_else(|| panic!("{plant:?} was not found"))
}

#[test]
fn every_planted_bug_is_found() {
    let cases = [
        (Plant::EarlyAck, Profile::Mali, &["durable"][..]),
        (Plant::ForgetTip, Profile::Mali, &["one feed"]),
        (Plant::ApplyUnaccepted, Profile::Mali, &["durable"]),
        (Plant::DropConcurrent, Profile::Mali, &["concurrent"]),
        // Forged in an honest author's name, or in a liar's.
        (Plant::SkipSignature, Profile::Hostile, &["verified", "whole"]),
    ];
    for (plant, profile, rules) in cases {
        let (_, violation) = found(plant, profile);
        assert_eq!(violation.broken, Broken::Safety, "{violation}");
        assert!(rules.contains(&violation.rule), "{violation}");
    }
    // What a peer is wrongly taken to hold never reaches it.
    let (_, violation) = found(Plant::KeepBaseline, Profile::Mali);
    assert_eq!((violation.broken, violation.rule), (Broken::Liveness, "converges"), "{violation}");
}

#[test]
fn a_failure_is_made_smaller_and_still_fails() {
    let (options, violation) = found(Plant::ForgetTip, Profile::Mali);
    let (small, still) = smallest(&options, violation.clone(), Duration::from_secs(20));
    assert_eq!((still.broken, still.rule), (violation.broken, violation.rule));
    assert_eq!(run(&small).err(), Some(still));
    assert!(small.only.as_ref().map_or(usize::MAX, BTreeSet::len) < 10, "{small}");
}
