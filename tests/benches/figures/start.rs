//! A node that holds 10,000 records of 12 changes: what it takes to fill it, to start it, and to read its lists.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use toguna::pack::Pack;
use toguna_tests::{office::Office, written::Drafts};

use crate::{
    api::Client,
    intake::take_in,
    node::{Node, runtime},
    report::{Figure, median, percentile},
};

const RECORDS: usize = 10_000;
const CHANGES: usize = 12;
/// Records whose changes are really made: see [`Drafts`].
const DRAFTS: usize = 500;
/// The node is started so many times.
const STARTS: usize = 3;
/// Pages read of each list: deeper and deeper, and from the top again after the last.
const PAGES: usize = 100;

/// What people look for, by name, as queries of `/records`.
const LISTS: [(&str, &str); 7] = [
    ("all", "limit=50"),
    ("kind and region", "kind=conflict&region=ML-7&limit=50"),
    ("kind and status", "kind=consultation&status=held&limit=50"),
    ("changed since", "since=60000&limit=50"),
    ("a word", "text=puits&limit=50"),
    ("beginning of a word", "text=p%C3%A2t&limit=50"),
    ("two words and region", "text=comite+village&region=ML-7&limit=50"),
];

pub(crate) fn measure() -> Vec<Figure> {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let directory = home.path().join("data");
    let mut figures = fill(&directory);
    let runtime = runtime();
    let (mut starts, mut ends, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let node = Node::start(&directory);
        assert_eq!(node.told["shown"], RECORDS, "every record is shown after a start");
        lists.push(runtime.block_on(read_lists(&node.client)));
        starts.push(node.told.clone());
        ends.push(node.end());
    }
    let middle = |told: &[Value], name: &str| {
        median(&told.iter().map(|told| told[name].as_f64().expect("the node tells it")).collect::<Vec<_>>())
    };
    figures.extend([
        Figure::new("… usable after a start", middle(&starts, "usable_ms"), "ms").at_most(2_000.0),
        Figure::new("… views complete", middle(&starts, "complete_ms"), "ms").at_most(6_000.0),
        Figure::new("… resident once complete", middle(&starts, "resident_mb"), "MB").at_most(250.0),
        Figure::new("… resident after lists were read", middle(&ends, "resident_after_lists_mb"), "MB").at_most(250.0),
        Figure::new("… peak memory", middle(&ends, "peak_mb"), "MB"),
    ]);
    for (at, (name, _)) in LISTS.iter().enumerate() {
        let times: Vec<f64> = lists.iter().map(|lists| lists[at].p95).collect();
        let what = format!("a page of a list ({name}: {} records), p95", lists[0][at].total);
        figures.push(Figure::new(what, median(&times), "ms").at_most(20.0));
    }
    figures
}

/// Has a new node receive the records.
pub(crate) fn fill(directory: &Path) -> Vec<Figure> {
    let written = Drafts::make(&Pack::embedded(), 23, DRAFTS, CHANGES).history(RECORDS);
    let (intake, size) = runtime().block_on(async {
        let mut office = Office::at("Gao", directory);
        office.start().await;
        let intake = take_in(&office, &written, RECORDS as u64).await;
        let store = office.app().store().clone();
        office.stop().await;
        let size = store.size().expect("the store can be measured");
        // The directory is free once the last holder of the store is gone.
        while Arc::strong_count(&store) > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (intake, size)
    });
    let sent: usize = written.frames.iter().map(|(_, frame)| frame.len()).sum();
    let rate = written.last.0 as f64 / intake.shown.as_secs_f64();
    vec![
        Figure::new("10,000 records × 12 changes: received", rate, "entries/s"),
        Figure::new("… sent over the link", sent as f64 / 1e6, "MB"),
        Figure::new("… on disk", size as f64 / 1e6, "MB"),
    ]
}

struct List {
    /// Milliseconds.
    p95: f64,
    total: u64,
}

async fn read_lists(client: &Client) -> Vec<List> {
    let mut lists = Vec::new();
    for (_, query) in LISTS {
        let (mut times, mut total, mut after) = (Vec::with_capacity(PAGES), 0, String::new());
        for _ in 0..PAGES {
            let start = Instant::now();
            let page = client.get(&format!("records?{query}{after}")).await;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            total = page["total"].as_u64().expect("a page tells the total");
            after = page["next"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
        }
        lists.push(List { p95: percentile(&times, 95), total });
    }
    lists
}
