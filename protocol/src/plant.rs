//! A known bug that can only be planted inside this crate, to see whether the simulation finds it. Compiled for tests
//! only: a product does not have the switch.

use std::cell::Cell;

thread_local! {
    static SIGNATURES_SKIPPED: Cell<bool> = const { Cell::new(false) };
}

/// From now on, this thread takes every signature of an entry for right, or no longer does.
pub fn skip_signatures(skip: bool) {
    SIGNATURES_SKIPPED.set(skip);
}

/// Whether it does.
pub(crate) fn skips_signatures() -> bool {
    SIGNATURES_SKIPPED.get()
}
