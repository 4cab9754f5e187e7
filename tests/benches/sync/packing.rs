//! How many changes a second one core strips and compresses as on a fast link, beside Zstandard alone.

use std::{hint::black_box, sync::Arc, time::Instant};

use serde::Serialize;
use serde_json::Value;
use toguna::{pack::Pack, sample::Samples};
use toguna_protocol::{chunk::Effort, ids::Seq, verify::RawRun};
use toguna_tests::pair::Desk;

/// Records of one office, and changes of each.
const RECORDS: usize = 250;
const CHANGES: usize = 12;

/// Zstandard's level on fast links, as `chunk::Effort::Fast` has it.
const LEVEL: i32 = 3;

/// Changes a second that one slow core must reach.
const BUDGET: f64 = 20_000.0;

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Packing {
    /// What was done.
    pub(crate) work: &'static str,
    /// Changes a second, and their bytes packed.
    pub(crate) changes_a_second: f64,
    pub(crate) bytes: usize,
    /// The same of Zstandard on the payloads as they are, a run at a time.
    pub(crate) zstd_changes_a_second: f64,
    pub(crate) zstd_bytes: usize,
    /// The least it must be.
    pub(crate) budget: f64,
    pub(crate) within: bool,
}

/// One office's feed of realistic records, cut into runs as it would be sent.
fn office() -> Desk {
    let pack = Pack::embedded();
    let mut desk = Desk::new("Kidal", 1, Arc::new(pack.vocabulary()));
    let mut samples = Samples::new(&pack, 1);
    for _ in 0..RECORDS {
        let (draft, patches) = samples.with_edits(CHANGES - 1);
        let mut saved = desk.create(draft.kind, Value::Object(draft.record));
        for patch in patches {
            saved = desk.patch(&saved, patch);
        }
    }
    desk
}

/// Changes a second of the best of some rounds, and bytes: other programs only ever make a round slower.
fn best(changes: usize, mut round: impl FnMut() -> usize) -> (f64, usize) {
    let mut best = (0.0, 0);
    for _ in 0..5 {
        let start = Instant::now();
        let bytes = black_box(round());
        let speed = changes as f64 / start.elapsed().as_secs_f64();
        if speed > best.0 {
            best = (speed, bytes);
        }
    }
    best
}

/// Measures.
pub(crate) fn measure() -> Packing {
    let mut desk = office();
    let engine = desk.engine();
    let (ledger, own) = (engine.ledger(), engine.own_feed());
    let feed = ledger.feed(&own).expect("the office has written");
    let mut runs: Vec<RawRun> = Vec::new();
    while let Some(run) =
        ledger.run_after(feed, runs.last().map_or(Seq(0), RawRun::last)).expect("the store is in memory")
    {
        runs.push(run);
    }
    let changes = runs.iter().map(|run| run.entries.len()).sum();
    let (changes_a_second, bytes) = best(changes, || {
        let pack = |run| ledger.pack(feed, run, |_| Seq(u64::MAX), Effort::Fast).expect("the store is in memory");
        runs.iter().map(|run| pack(run).packed_len()).sum()
    });
    let bodies: Vec<Vec<u8>> =
        runs.iter().map(|run| run.entries.iter().flat_map(|entry| entry.payload.clone()).collect()).collect();
    let (zstd_changes_a_second, zstd_bytes) = best(changes, || {
        bodies.iter().map(|body| zstd::bulk::compress(body, LEVEL).expect("it compresses").len()).sum()
    });
    Packing {
        work: "strip and compress on a fast link",
        changes_a_second,
        bytes,
        zstd_changes_a_second,
        zstd_bytes,
        budget: BUDGET,
        within: changes_a_second >= BUDGET,
    }
}
