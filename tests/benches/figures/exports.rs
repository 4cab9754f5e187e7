//! Exports of 50,000 rows, each in a process of its own, so that its memory is measured and nobody else's.

use std::{process::Command, time::Instant};

use automerge::AutoCommit;
use serde_json::{Value, json};
use toguna::{
    exchange::export::{Format, Order, export},
    pack::Pack,
    sample::Samples,
    views::Filter,
    words::Lang,
};
use toguna_protocol::{
    engine::rows::{Row, Stamp},
    ids::{Arrival, AuthorKey, EntryHash, FeedId, RecordId, Seq, UnixSeconds},
    projection::project,
    record::{self, ItemIds, Kind},
};
use toguna_tests::office::Office;

use crate::{
    node::{memory, runtime},
    report::Figure,
};

/// The first argument of a process that is to make an export; the second names the format.
pub(crate) const CHILD: &str = "--export";

/// Rows of the export.
const ROWS: usize = 50_000;

/// Conflicts that are really made; the rows take turns in showing them.
const MADE: usize = 200;

/// Megabytes that a process may grow by while it makes an export.
const FLAT_MB: f64 = 24.0;

/// The moment of all of it.
const NOW: UnixSeconds = UnixSeconds(1_795_000_000);

pub(crate) fn measure() -> Vec<Figure> {
    let mut figures = Vec::new();
    for format in Format::ALL {
        let binary = std::env::current_exe().expect("a process knows its program");
        let output = Command::new(binary).args([CHILD, format.key()]).output().expect("a process starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).expect("the process tells JSON");
        let number = |name: &str| told[name].as_f64().expect("the process tells it");
        assert_eq!(told["rows"], ROWS, "every row leaves");
        let name = format.name();
        figures.extend([
            Figure::new(format!("{name} of {ROWS} rows"), number("seconds"), "s").at_most(5.0),
            Figure::new("… memory it took", number("grown_mb"), "MB").at_most(FLAT_MB),
            Figure::new("… of the process before", number("before_mb"), "MB"),
        ]);
    }
    figures
}

/// Fills the views of an office, makes one export, and tells what that took.
pub(crate) fn run(format: &str) {
    let format: Format = format.parse().expect("a format that there is");
    runtime().block_on(async {
        let mut office = Office::new("Gao");
        office.start().await;
        let rows = rows();
        for (page, numbers) in (1..=ROWS).collect::<Vec<_>>().chunks(1_000).enumerate() {
            let shown: Vec<Row> = numbers.iter().map(|number| numbered(&rows[number % MADE], *number)).collect();
            office.app().views().apply(&shown).unwrap_or_else(|error| panic!("page {page}: {error}"));
        }
        let order = Order {
            kind: Kind::Conflict,
            filter: Filter::default(),
            format,
            lang: Lang::Fr,
            texts: false,
            now: NOW,
            by: "bench".to_owned(),
            role: None,
            way: "command",
        };
        let (before, begun) = (memory("VmHWM:"), Instant::now());
        let made = export(office.app(), order).await.expect("an export is made");
        let (seconds, grown) = (begun.elapsed().as_secs_f64(), memory("VmHWM:") - before);
        println!("{}", json!({"rows": made.rows, "seconds": seconds, "grown_mb": grown, "before_mb": before}));
        office.stop().await;
    });
}

/// Rows of made-up conflicts, public and placed in a town, so that every format has them.
fn rows() -> Vec<Row> {
    let pack = Pack::embedded();
    let vocabulary = pack.vocabulary();
    let town = pack.places().search("Gao", 1)[0];
    let stamp = Stamp { by: "Awa".into(), office: AuthorKey([1; 32]), at: NOW, entry: EntryHash([2; 32]) };
    let conflicts = Samples::new(&pack, 31).filter(|draft| draft.kind == Kind::Conflict).take(MADE);
    let row = |mut draft: toguna::exchange::Draft| {
        draft.record.insert("sensitivity".to_owned(), json!("public"));
        draft.record.insert("place".to_owned(), json!({"key": town.key, "name": "Gao", "precision": "village"}));
        let mut document = AutoCommit::new();
        let mut ids = ItemIds::new(FeedId([1; 32]), Seq(1));
        let fields = Value::Object(draft.record);
        record::create(&mut document, Kind::Conflict, &fields, &mut ids, &vocabulary).expect("a valid record");
        document.commit();
        let id = RecordId([7; 16]);
        let record = project(id, &record::read(&document, None).expect("a record"), &vocabulary);
        let (created, updated) = (stamp.clone(), stamp.clone());
        let (settled, heard) = (Vec::new(), Vec::new());
        Row { id, record, created, updated, arrival: Arrival(1), waiting: 0, set_aside: 0, settled, heard }
    };
    conflicts.map(row).collect()
}

fn numbered(row: &Row, number: usize) -> Row {
    let mut row = row.clone();
    row.id.0[8..].copy_from_slice(&(number as u64).to_be_bytes());
    row.arrival = Arrival(number as u64);
    row.record.title = format!("{}, affaire {number}", row.record.title);
    row
}
