//! Figures: `cargo test --release -p toguna-protocol document::tests::speed -- --ignored --nocapture`.

use std::hint::black_box;

use super::*;

/// Twelve changes, as a record of some weeks has them: a creation with the usual fields, then fields, text and items.
fn twelve() -> Vec<VerifiedEntry> {
    let mut document = created();
    let mut entries = vec![creation()];
    for number in 2..=12u8 {
        let office = feed(1 + number % 3);
        let payload = payload(&document, office, i64::from(number), |tx| {
            for field in ["phase", "since", "region", "zone"] {
                tx.put(ROOT, field, format!("{field} {number}"))?;
            }
            let notes = tx.get(ROOT, "notes")?.unwrap().1;
            tx.splice_text(&notes, 4, 2, "Une phrase de plus sur ce qui s'est passé au puits.")?;
            let items = tx.get(ROOT, "items")?.unwrap().1;
            let item = tx.put_object(&items, format!("item-{number}"), automerge::ObjType::Map)?;
            tx.put(&item, "by", "Awa")
        });
        let entry = entry(office, u64::from(number), &payload);
        document.insert(&entry, Standing::Trunk);
        entries.push(entry);
    }
    entries
}

#[test]
#[ignore = "prints figures, proves nothing; run it in release"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a figure needs a clock and a place to stand")]
fn figures() {
    const ROUNDS: u32 = 300;
    let entries = twelve();
    let stored: Vec<StoredEntry> = entries
        .iter()
        .map(|entry| StoredEntry { entry: entry.clone(), standing: Standing::Trunk, applied: true })
        .collect();
    let time = |name: &str, per: u32, run: &mut dyn FnMut()| {
        let mut rounds: Vec<u128> = (0..ROUNDS)
            .map(|_| {
                let start = std::time::Instant::now();
                run();
                start.elapsed().as_nanos()
            })
            .collect();
        rounds.sort_unstable();
        println!("{name}: {:.1} µs", rounds[rounds.len() / 2] as f64 / 1_000.0 / f64::from(per));
    };
    time("restore of 12 changes", 1, &mut || drop(black_box(Document::restore(record(), stored.clone()))));
    time("insert, one of 12", 12, &mut || {
        let mut document = Document::empty(record());
        entries.iter().for_each(|entry| drop(document.insert(entry, Standing::Trunk)));
        black_box(document);
    });
    let document = Document::restore(record(), stored.clone());
    time("copy of a document", 1, &mut || drop(black_box(document.clone())));
    time("edit of one field", 1, &mut || drop(black_box(set(&document, feed(2), 99, "phase", "truce"))));
    time("rebuild of 12 changes", 1, &mut || {
        let entries = entries.iter().map(|entry| (entry.clone(), Standing::Trunk));
        drop(black_box(Document::rebuild(record(), entries)));
    });
    println!("payload of 12 changes: {} bytes", entries.iter().map(|entry| entry.payload().len()).sum::<usize>());
}
