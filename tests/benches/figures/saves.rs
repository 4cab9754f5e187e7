//! Saves through the API, one after another.

use std::time::Instant;

use serde_json::Value;
use toguna::{pack::Pack, sample::Samples};
use toguna_tests::office::Office;

use crate::{
    api,
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
        let (client, serving) = api::serve(&office).await;
        let (mut creations, mut edits) = (Vec::new(), Vec::new());
        let mut samples = Samples::new(&pack, 1);
        for _ in 0..SAVES / OF_A_RECORD {
            let (draft, patches) = samples.with_edits(OF_A_RECORD - 1);
            let record = Value::Object(draft.record);
            let start = Instant::now();
            let mut saved = client.create(&record).await;
            creations.push(start.elapsed());
            for patch in patches {
                let start = Instant::now();
                saved = client.patch(&saved, &patch).await;
                edits.push(start.elapsed());
            }
        }
        serving.abort();
        office.stop().await;
        let all = [creations.clone(), edits.clone()].concat();
        vec![
            Figure::millis("a save through the API, median", percentile(&all, 50)),
            Figure::millis("a save through the API, p95", percentile(&all, 95)).at_most(15.0),
            Figure::millis("… of a new record, p95", percentile(&creations, 95)),
            Figure::millis("… of an edit, p95", percentile(&edits, 95)),
        ]
    })
}
