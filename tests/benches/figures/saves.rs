//! Saves of an office's own, one after another.

use std::time::Instant;

use serde_json::Value;
use toguna::{pack::Pack, sample::Samples};
use toguna_protocol::engine::Intent;
use toguna_tests::office::Office;

use crate::{
    node::runtime,
    report::{Figure, percentile},
};

/// Saves in all.
const SAVES: usize = 1_000;
/// Saves of one record: the first creates it.
const OF_A_RECORD: usize = 5;

pub(crate) fn measure() -> Vec<Figure> {
    runtime().block_on(async {
        let pack = Pack::embedded();
        let mut office = Office::new("Gao");
        office.start().await;
        let (mut creations, mut edits) = (Vec::new(), Vec::new());
        let mut samples = Samples::new(&pack, 1);
        for _ in 0..SAVES / OF_A_RECORD {
            let (draft, patches) = samples.with_edits(OF_A_RECORD - 1);
            let start = Instant::now();
            let made = office.submit(Intent::Create(draft.kind, Value::Object(draft.record))).await;
            creations.push(start.elapsed());
            let mut saved = made.expect("a made-up record is saved");
            for patch in patches {
                let start = Instant::now();
                let patched = office.submit(Intent::Patch(saved.record, saved.heads, patch)).await;
                edits.push(start.elapsed());
                saved = patched.expect("a made-up edit is saved");
            }
        }
        office.stop().await;
        let all = [creations.clone(), edits.clone()].concat();
        vec![
            Figure::millis("a save, median", percentile(&all, 50)),
            Figure::millis("a save, p95", percentile(&all, 95)).at_most(15.0),
            Figure::millis("a new record, p95", percentile(&creations, 95)),
            Figure::millis("an edit, p95", percentile(&edits, 95)),
        ]
    })
}
