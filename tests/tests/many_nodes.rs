//! Many offices, for some days, on thin links: they come to hold the same, and what each sends grows with what is new.

use toguna_tests::scale::{Options, Outcome, run};

/// Kinds of frames with entries, and with beacons.
const ENTRIES: [u8; 2] = [3, 12];
const BEACONS: [u8; 1] = [11];

fn outcome(nodes: usize, entries: usize) -> Outcome {
    let options = Options { seed: 2, nodes, days: 3, entries, applied: 2, once: true };
    let (outcome, _) = run(&options).unwrap_or_else(|violation| panic!("{options:?}: {violation}"));
    outcome
}

#[test]
fn what_a_node_sends_grows_with_what_is_new() {
    let (few, many) = (outcome(10, 80), outcome(40, 320));
    for outcome in [&few, &many] {
        assert!(outcome.entries >= 80 && outcome.records > 0, "{outcome:?}");
    }
    // Each office writes as much, and so each entry should take as much wherever it goes.
    let an_entry =
        |outcome: &Outcome| outcome.bytes_of(&ENTRIES) as f64 / (outcome.nodes as u64 * outcome.entries) as f64;
    assert!(an_entry(&many) < 1.2 * an_entry(&few), "{few}\n{many}");
    let a_beacon = many.bytes_of(&BEACONS) as f64 / many.beacons as f64;
    assert!(a_beacon <= 120.0, "{a_beacon} bytes a beacon");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    assert_eq!(outcome(6, 40), outcome(6, 40));
}

#[test]
fn what_is_worked_out_once_for_all_changes_nothing() {
    let options = Options { seed: 5, nodes: 8, days: 3, entries: 160, applied: 2, once: true };
    let [once, each] = [options, Options { once: false, ..options }]
        .map(|options| run(&options).unwrap_or_else(|violation| panic!("{options:?}: {violation}")).0);
    assert_eq!(once, each);
}
