use std::time::Instant;

use super::*;

/// Rows of the large export.
const ROWS: u64 = 50_000;

/// Kilobytes of memory that this process has held at most so far.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
#[ignore = "takes a minute in a debug build; run it alone, since it measures the memory of the process"]
async fn fifty_thousand_rows_take_no_more_memory_than_a_few() {
    let office = Office::new().await;
    let fields = json!({
        "title": "Éleveurs et agriculteurs", "regions": ["ML-7"], "sensitivity": "public", "place": place("Gao", "village"),
        "phase": {"is": "open", "since": "2009"}, "incidents": {"new-1": {"date": "2009-11-02", "deaths": 7}},
    });
    let model = row(Kind::Conflict, fields);
    for numbers in (1..=ROWS).collect::<Vec<_>>().chunks(1_000) {
        let rows: Vec<Row> = numbers
            .iter()
            .map(|number| {
                let mut row = model.clone();
                row.id.0[8..].copy_from_slice(&number.to_be_bytes());
                row.arrival = Arrival(*number);
                row.record.title = format!("Éleveurs et agriculteurs, affaire {number}");
                row
            })
            .collect();
        office.app.views().apply(&rows).unwrap();
    }
    for format in [Format::Xlsx, Format::Csv, Format::GeoJson] {
        let (before, begun) = (peak(), Instant::now());
        let made = export(&office.app, office.order(Kind::Conflict, format, false)).await.unwrap();
        let grown = peak() - before;
        println!("{format:?}: {} rows, {} bytes, {:?}, {grown} kB more memory", made.rows, made.bytes, begun.elapsed());
        assert_eq!(made.rows, ROWS);
        assert!(grown < 24 * 1024, "{format:?} took {grown} kB more");
    }
    office.app.stop().await;
}
