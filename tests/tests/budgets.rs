//! What sync may cost: the same figures that the bench `sync` prints, on fewer records, so that they are soon known.

use toguna_tests::budget::{Scale, measure};

#[test]
fn sync_keeps_within_its_budgets() {
    let over: Vec<String> = measure(Scale::MONTH, false)
        .iter()
        .filter(|row| !row.within)
        .map(|row| format!("{}: {} of {} bytes, {} round trips", row.work, row.bytes, row.budget, row.round_trips))
        .collect();
    assert!(over.is_empty(), "{over:#?}");
}
