//! What comes from a peer: verified, made durable, applied and shown.

use std::time::{Duration, Instant};

use serde_json::json;
use toguna::pack::Pack;
use toguna_protocol::{engine::Intent, ids::RecordId};
use toguna_tests::{
    office::Office,
    stranger::Stranger,
    written::{Drafts, Written},
};

use crate::{
    node::runtime,
    report::{Figure, median},
};

/// Each is measured so many times, on a new office.
const RUNS: usize = 3;
/// Records whose changes are really made: see [`Drafts`].
const DRAFTS: usize = 250;

pub(crate) fn measure() -> Vec<Figure> {
    let pack = Pack::embedded();
    let many_changes = Drafts::make(&pack, 21, DRAFTS, 12).history(1_000);
    let many_records = Drafts::make(&pack, 22, 2 * DRAFTS, 1).history(4_000);
    let cases = [
        ("received, 1,000 records × 12 changes", 1_000, many_changes, 5_000.0),
        ("received, every entry another record", 4_000, many_records, 1_500.0),
    ];
    let mut figures = Vec::new();
    for (what, records, written, target) in cases {
        let runs: Vec<Intake> = (0..RUNS).map(|_| runtime().block_on(one(&written, records))).collect();
        let rate = |time: fn(&Intake) -> Duration| {
            median(&runs.iter().map(|run| written.last.0 as f64 / time(run).as_secs_f64()).collect::<Vec<_>>())
        };
        figures.push(Figure::new(format!("{what}: durable"), rate(|run| run.durable), "entries/s"));
        figures.push(Figure::new(format!("{what}: shown"), rate(|run| run.shown), "entries/s").at_least(target));
    }
    figures
}

/// From the first byte sent.
pub(crate) struct Intake {
    /// Until all was acknowledged as durable.
    pub(crate) durable: Duration,
    /// Until the views showed all of it.
    pub(crate) shown: Duration,
}

async fn one(written: &Written, records: u64) -> Intake {
    let mut office = Office::new("Gao");
    office.start().await;
    let intake = take_in(&office, written, records).await;
    office.stop().await;
    intake
}

/// Has an office receive a feed.
pub(crate) async fn take_in(office: &Office, written: &Written, records: u64) -> Intake {
    let mut peer = Stranger::connect(77, office.address).await;
    peer.enter().await;
    let start = Instant::now();
    peer.pour(written).await;
    let durable = start.elapsed();
    while office.app().status().await.expect("the node answers").behind {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // An answer comes after all that was to be shown before it, also a refusal.
    let nothing = Intent::Patch(RecordId([0; 16]), Vec::new(), json!({}));
    assert!(office.submit(nothing).await.is_err(), "there is no such record");
    let shown = start.elapsed();
    let status = office.app().status().await.expect("the node answers");
    assert!(status.frontier.contains(&(written.feed, written.last)), "every entry is held");
    assert_eq!(office.app().views().count().expect("the views answer"), records, "every record is shown");
    Intake { durable, shown }
}
