//! A node that holds 10,000 records of 12 changes: what it takes to fill it, to start it, and to read its lists.

use toguna::pack::Pack;
use toguna_tests::{office::Office, written::Drafts};

use crate::{
    intake::take_in,
    node::{runtime, told},
    report::{Figure, median},
};

const RECORDS: usize = 10_000;
const CHANGES: usize = 12;
/// Records whose changes are really made: see [`Drafts`].
const DRAFTS: usize = 500;
/// The node is started so many times.
const STARTS: usize = 3;

pub(crate) fn measure() -> Vec<Figure> {
    let written = Drafts::make(&Pack::embedded(), 23, DRAFTS, CHANGES).history(RECORDS);
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let directory = home.path().join("data");
    let (intake, size) = runtime().block_on(async {
        let mut office = Office::at("Gao", &directory);
        office.start().await;
        let intake = take_in(&office, &written, RECORDS as u64).await;
        let store = office.app().store().clone();
        office.stop().await;
        (intake, store.size().expect("the store can be measured"))
    });
    let bytes_sent: usize = written.frames.iter().map(|(_, frame)| frame.len()).sum();
    let rate = written.last.0 as f64 / intake.shown.as_secs_f64();
    drop(written);
    let starts: Vec<serde_json::Value> = (0..STARTS).map(|_| told(&directory)).collect();
    let middle = |name: &str| {
        median(&starts.iter().map(|told| told[name].as_f64().expect("the node tells it")).collect::<Vec<_>>())
    };
    assert!(starts.iter().all(|told| told["shown"] == RECORDS), "every record is shown after a start");
    let mut figures = vec![
        Figure::new("10,000 records × 12 changes: received", rate, "entries/s"),
        Figure::new("… sent over the link", bytes_sent as f64 / 1e6, "MB"),
        Figure::new("… on disk", size as f64 / 1e6, "MB"),
        Figure::new("… usable after a start", middle("usable_ms"), "ms").at_most(2_000.0),
        Figure::new("… views complete", middle("complete_ms"), "ms").at_most(6_000.0),
        Figure::new("… resident memory", middle("resident_mb"), "MB").at_most(250.0),
        Figure::new("… resident memory after lists", middle("resident_after_lists_mb"), "MB").at_most(250.0),
        Figure::new("… peak memory", middle("peak_mb"), "MB"),
    ];
    let lists = starts[0]["lists"].as_object().expect("the node tells of its lists");
    for (name, list) in lists {
        let p95 = |told: &serde_json::Value| told["lists"][name]["p95_ms"].as_f64().expect("the node tells it");
        let what = format!("a page of a list, {name} ({} records), p95", list["total"]);
        figures.push(Figure::new(what, median(&starts.iter().map(p95).collect::<Vec<_>>()), "ms").at_most(20.0));
    }
    figures
}
