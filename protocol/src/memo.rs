//! What pure functions came to, remembered for all nodes of a made-up world: a signature that one node has checked need
//! not be checked by the thousand others, nor a run be packed anew for each. What they return is what they would return
//! without it. Compiled for tests only, and off until a test turns it on.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::Arc,
};

use crate::ids::Seq;

/// Results of one kind after which all of that kind are forgotten: the simulation must not grow without bound.
const MOST: usize = 500_000;

type Key = [u8; 32];
/// What a beacon says is held, by prefixes of feeds.
type Holdings = Arc<[([u8; 8], Seq)]>;
type Memo<T> = RefCell<BTreeMap<Key, T>>;

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
    static SIGNED: Memo<bool> = RefCell::default();
    static PACKED: Memo<Option<Arc<[u8]>>> = RefCell::default();
    static HOLDINGS: Memo<Holdings> = RefCell::default();
}

/// From now on, this thread remembers, or no longer does; what it knew is forgotten.
pub fn remember(on: bool) {
    ON.set(on);
    SIGNED.take();
    PACKED.take();
    HOLDINGS.take();
}

fn recall<T: Clone>(memo: &Memo<T>, parts: &[&[u8]], work: impl FnOnce() -> T) -> T {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let key = *hasher.finalize().as_bytes();
    if let Some(known) = memo.borrow().get(&key) {
        return known.clone();
    }
    let result = work();
    let mut memo = memo.borrow_mut();
    if memo.len() >= MOST {
        memo.clear();
    }
    memo.insert(key, result.clone());
    result
}

/// Whether a signature holds.
pub(crate) fn signed(parts: &[&[u8]], check: impl FnOnce() -> bool) -> bool {
    if ON.get() { SIGNED.with(|memo| recall(memo, parts, check)) } else { check() }
}

/// What a body packs to.
pub(crate) fn packed(parts: &[&[u8]], pack: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    if !ON.get() {
        return pack();
    }
    PACKED.with(|memo| recall(memo, parts, || pack().map(Arc::from))).map(|packed| packed.to_vec())
}

/// What the beacon with these bytes says is held, which all nodes share once it was checked.
pub(crate) fn shared(parts: &[&[u8]], holds: Holdings) -> Holdings {
    if ON.get() { HOLDINGS.with(|memo| recall(memo, parts, || holds)) } else { holds }
}
