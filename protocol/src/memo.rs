//! What was worked out once, remembered for all nodes of a made-up world: a signature that one node has checked need not
//! be checked by the thousand others, nor a run be packed, unpacked or read anew by each. What is returned is what would
//! be returned without it: whoever asks says what it hangs on, and what is remembered counts only where that is the same.
//! Compiled for tests only, and off until a test turns it on.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::Arc,
};

use crate::ids::Seq;

/// Results of one kind after which all of that kind are forgotten: the simulation must not grow without bound.
const MOST: usize = 4_000_000;

thread_local! {
    /// How often this was turned on or off: odd while it is on.
    static TURNS: Cell<u64> = const { Cell::new(0) };
    static SIGNED: Memo<Hash, bool> = Memo::default();
    static PACKED: Memo<Hash, Option<Arc<[u8]>>> = Memo::default();
    static TAILS: Memo<Hash, Arc<[u8]>> = Memo::default();
    static HOLDINGS: Memo<Hash, Holdings> = Memo::default();
}

type Hash = [u8; 32];
/// What a beacon says is held, by prefixes of feeds.
type Holdings = Arc<[([u8; 8], Seq)]>;

/// From now on, this thread remembers, or no longer does; what it knew is forgotten.
pub fn remember(on: bool) {
    if is_on() != on {
        TURNS.set(TURNS.get() + 1);
    }
}

/// Whether this thread remembers.
pub(crate) fn is_on() -> bool {
    TURNS.get() % 2 == 1
}

/// Results of one kind, by what they are found under.
pub(crate) struct Memo<K, V> {
    turn: Cell<u64>,
    known: RefCell<BTreeMap<K, V>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo { turn: Cell::new(0), known: RefCell::default() }
    }
}

impl<K: Ord, V> Memo<K, V> {
    /// What `read` finds in what is remembered under the key; or, where it finds nothing, what `work` comes to, of which
    /// is remembered what `keep` makes of it.
    pub(crate) fn recall<R>(
        &self,
        key: impl FnOnce() -> K,
        read: impl FnOnce(&V) -> Option<R>,
        work: impl FnOnce() -> R,
        keep: impl FnOnce(&R) -> Option<V>,
    ) -> R {
        if !is_on() {
            return work();
        }
        if self.turn.replace(TURNS.get()) != TURNS.get() {
            self.known.take();
        }
        let key = key();
        if let Some(known) = self.known.borrow().get(&key).and_then(read) {
            return known;
        }
        let result = work();
        if let Some(kept) = keep(&result) {
            let mut known = self.known.borrow_mut();
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(key, kept);
        }
        result
    }
}

impl<V: Clone> Memo<Hash, V> {
    /// The same for what hangs on nothing but some bytes.
    fn recall_of(&self, parts: &[&[u8]], work: impl FnOnce() -> V) -> V {
        let key = || {
            let mut hasher = blake3::Hasher::new();
            for part in parts {
                hasher.update(&(part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
            *hasher.finalize().as_bytes()
        };
        self.recall(key, |known| Some(known.clone()), work, |result| Some(result.clone()))
    }
}

/// Whether a signature holds.
pub(crate) fn signed(parts: &[&[u8]], check: impl FnOnce() -> bool) -> bool {
    SIGNED.with(|memo| memo.recall_of(parts, check))
}

/// What a body packs to.
pub(crate) fn packed(parts: &[&[u8]], pack: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    if !is_on() {
        return pack();
    }
    PACKED.with(|memo| memo.recall_of(parts, || pack().map(Arc::from))).map(|packed| packed.to_vec())
}

/// What is left of a payload that is stripped, which all nodes share.
pub(crate) fn tail(payload: &[u8], work: impl FnOnce() -> Arc<[u8]>) -> Arc<[u8]> {
    TAILS.with(|memo| memo.recall_of(&[payload], work))
}

/// What the beacon with these bytes says is held, which all nodes share once it was checked.
pub(crate) fn shared(parts: &[&[u8]], holds: Holdings) -> Holdings {
    HOLDINGS.with(|memo| memo.recall_of(parts, || holds))
}
