//! Figures: `cargo test --release -p toguna-protocol document::tests::speed -- --ignored --nocapture`.

use std::hint::black_box;

use super::*;

/// Twelve changes: a creation, then each time four fields and an item with one field, and, `wordy`, a sentence.
fn twelve(wordy: bool) -> Vec<VerifiedEntry> {
    let mut document = created();
    let mut entries = vec![creation()];
    for number in 2..=12u8 {
        let office = feed(1 + number % 3);
        let payload = payload(&document, office, i64::from(number), |tx| {
            for field in ["phase", "since", "region", "zone"] {
                tx.put(ROOT, field, format!("{field} {number}"))?;
            }
            let notes = tx.get(ROOT, "notes")?.unwrap().1;
            if wordy {
                let sentence = "Une phrase de plus sur ce qui s'est passé au puits.";
                tx.splice(&notes, 2, 1, sentence.split_inclusive(' '))?;
            }
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

/// The median of many runs, in microseconds for one of `per`.
#[expect(clippy::disallowed_methods, reason = "a figure needs a clock")]
fn time(name: &str, per: u32, mut run: impl FnMut()) {
    let mut rounds: Vec<u128> = (0..300)
        .map(|_| {
            let start = std::time::Instant::now();
            run();
            start.elapsed().as_nanos()
        })
        .collect();
    rounds.sort_unstable();
    println!("{name}: {:.1} µs", rounds[rounds.len() / 2] as f64 / 1_000.0 / f64::from(per));
}

#[test]
#[ignore = "prints figures, proves nothing; run it in release"]
fn figures() {
    for wordy in [false, true] {
        let entries = twelve(wordy);
        let of = if wordy { "with a sentence each" } else { "of fields and items" };
        let all = || entries.iter().map(|entry| (entry, Standing::Trunk));
        let stored =
            |entry: &VerifiedEntry| StoredEntry { entry: entry.clone(), standing: Standing::Trunk, applied: true };
        let stored: Vec<StoredEntry> = entries.iter().map(stored).collect();
        time(&format!("restore 12 changes {of}"), 1, || drop(black_box(Document::restore(record(), stored.clone()))));
        time(&format!("insert 12 changes {of} at once, each"), 12, || {
            drop(black_box(Document::empty(record()).insert_all(all())));
        });
        time(&format!("insert 12 changes {of} one by one, each"), 12, || {
            let mut document = Document::empty(record());
            all().for_each(|(entry, standing)| drop(document.insert(entry, standing)));
            black_box(document);
        });
        let changes: Vec<Change> = entries.iter().map(|entry| read(entry).unwrap().1).collect();
        time(&format!("of that, Automerge alone for 12 changes {of} at once"), 1, || {
            apply_to(&mut black_box(blank()), changes.clone()).unwrap();
        });
        let document = Document::restore(record(), stored.clone());
        time(&format!("copy of a document {of}"), 1, || drop(black_box(document.clone())));
        time(&format!("edit of one field {of}"), 1, || drop(black_box(set(&document, feed(2), 99, "phase", "truce"))));
    }
}
