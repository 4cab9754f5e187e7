//! What sync may cost: the same figures that the bench `sync` prints, on fewer records, so that they are soon known.

use std::sync::Arc;

use toguna::pack::Pack;
use toguna_tests::{
    budget::{Scale, measure, week_apart},
    pair::{Desk, thin},
};

/// Bytes with which two offices that know each other meet again: two hellos, and what changed.
const GREETING: usize = 400;

/// Bytes of an ordinary chunk at most, packed.
const CHUNK: usize = 5 * 1024;

#[test]
fn sync_keeps_within_its_budgets() {
    let over: Vec<String> = measure(Scale::MONTH, false)
        .iter()
        .filter(|row| !row.within)
        .map(|row| format!("{}: {} of {} bytes, {} round trips", row.work, row.bytes, row.budget, row.round_trips))
        .collect();
    assert!(over.is_empty(), "{over:#?}");
}

#[test]
fn a_cut_costs_no_more_than_a_greeting_and_the_chunk_that_it_hits() {
    let pack = Pack::embedded();
    let scale = Scale { created: 100, ..Scale::MONTH };
    let office = |name, key| Desk::new(name, key, Arc::new(pack.vocabulary()));
    let [a, b] = week_apart(&pack, (office("Kidal", 1), office("Bamako", 2)), scale).offices;
    let over = |flaps| thin::join(&mut a.again(), &mut b.again(), flaps);
    let whole = over(None);
    println!("a week apart: {whole:?}");
    for up in [3_500, 4_000] {
        let cut = over(Some((up, 5_000)));
        println!("up {up} ms, down 5 s: {cut:?}");
        assert!(cut.cuts > 0);
        assert!(cut.bytes <= whole.bytes + cut.cuts * (GREETING + 2 * CHUNK), "{cut:?} for {whole:?}");
    }
}
