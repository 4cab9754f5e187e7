//! What sync costs in bytes and round trips, beside Automerge's own sync and the floor, and how fast it packs: `cargo bench
//! -p toguna-tests --bench sync`; `-- --json` prints the rows as JSON, `-- --packing` only how fast it packs, `-- --records 100000`
//! only what it takes where nothing is new among so many records.

#![allow(clippy::print_stdout, reason = "the figures are what is asked for")]

mod packing;

use toguna_tests::budget::{Scale, measure, nothing_new};

fn main() {
    if std::env::args().any(|arg| arg == "--packing") {
        println!("{}", serde_json::to_string_pretty(&packing::measure()).expect("a row is plain data"));
        return;
    }
    if let Some(records) = std::env::args().skip_while(|arg| arg != "--records").nth(1) {
        let records = records.parse().expect("--records takes a number");
        println!("{}", serde_json::to_string_pretty(&nothing_new(records)).expect("a row is plain data"));
        return;
    }
    let rows = measure(Scale::YEAR, true);
    let packing = packing::measure();
    if std::env::args().any(|arg| arg == "--json") {
        let mut all: Vec<serde_json::Value> = rows.iter().map(|row| serde_json::json!(row)).collect();
        all.push(serde_json::json!(packing));
        println!("{}", serde_json::to_string_pretty(&all).expect("rows are plain data"));
        return;
    }
    println!("{:36} {:>10} {:>6} {:>10} {:>10} {:>10}", "", "bytes", "trips", "budget", "floor", "Automerge");
    for row in rows {
        let optional = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
        println!(
            "{:36} {:>10} {:>6} {:>10} {:>10} {:>10}  {}",
            row.work,
            row.bytes,
            row.round_trips,
            row.budget,
            optional(row.floor),
            optional(row.automerge),
            if row.within { "within" } else { "OVER" },
        );
    }
    let packing::Packing { work, changes_a_second, bytes, zstd_changes_a_second, zstd_bytes, budget, within } = packing;
    println!(
        "{work}: {changes_a_second:.0} changes/s to {bytes} bytes, budget {budget}: {}; Zstandard alone \
         {zstd_changes_a_second:.0} to {zstd_bytes}",
        if within { "within" } else { "OVER" },
    );
}
