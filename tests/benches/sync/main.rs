//! What sync costs in bytes and round trips, beside Automerge's own sync and the floor: `cargo bench -p toguna-tests
//! --bench sync`; `-- --json` prints the rows as JSON.

#![allow(clippy::print_stdout, reason = "the figures are what is asked for")]

use toguna_tests::budget::{Scale, measure};

fn main() {
    let rows = measure(Scale::YEAR, true);
    if std::env::args().any(|arg| arg == "--json") {
        println!("{}", serde_json::to_string_pretty(&rows).expect("rows are plain data"));
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
}
