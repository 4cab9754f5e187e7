//! Known bugs that can only be planted inside this crate, to see whether the simulation finds them. Compiled for tests
//! only: a product does not have the switches.

use std::cell::Cell;

thread_local! {
    static SIGNATURES_SKIPPED: Cell<bool> = const { Cell::new(false) };
    static BASELINES_KEPT: Cell<bool> = const { Cell::new(false) };
}

/// From now on, this thread takes every signature of an entry for right, or no longer does.
pub fn skip_signatures(skip: bool) {
    SIGNATURES_SKIPPED.set(skip);
}

/// Whether it does.
pub(crate) fn skips_signatures() -> bool {
    SIGNATURES_SKIPPED.get()
}

/// From now on, this thread goes on with a peer from where it remembers to have come with it, whatever became of the
/// peer's store since, or no longer does.
pub fn keep_baselines(keep: bool) {
    BASELINES_KEPT.set(keep);
}

/// Whether it does.
pub(crate) fn keeps_baselines() -> bool {
    BASELINES_KEPT.get()
}
