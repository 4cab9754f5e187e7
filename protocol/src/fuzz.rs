//! What must hold of every decoder for any bytes at all: targets, written once and used twice.
//!
//! `tests/tests/fuzzing.rs` replays the kept corpus and mutations of it on a stable toolchain; `fuzz/` beside this crate
//! runs the same functions under libFuzzer. A target panics where a promise is broken: what is read is written back as
//! it came, what is expanded stays within its bound, and nothing hostile stops honest nodes from agreeing.

mod decoders;
mod past;
mod runs;
mod sessions;

/// One function that takes any bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its directory in the corpus.
    pub name: &'static str,
    /// Panics if bytes break what must hold.
    pub run: fn(&[u8]),
    /// Inputs made of what real nodes say, to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Relative cost: mutations per unit of work in the tests.
    pub share: usize,
}

/// All targets. A decoder that takes bytes from outside belongs here.
pub const TARGETS: [Target; 12] = [
    Target { name: "frame", run: decoders::frame, seeds: past::frames, share: 40 },
    Target { name: "proof", run: decoders::proof, seeds: decoders::proofs, share: 20 },
    Target { name: "card", run: decoders::card, seeds: decoders::cards, share: 40 },
    Target { name: "beacon", run: decoders::beacon, seeds: decoders::beacons, share: 40 },
    Target { name: "baseline", run: decoders::baseline, seeds: decoders::baselines, share: 40 },
    Target { name: "stored", run: decoders::stored, seeds: decoders::stored_entries, share: 20 },
    Target { name: "bundle", run: decoders::bundle, seeds: past::bundles, share: 20 },
    Target { name: "chunk", run: runs::chunk, seeds: runs::chunks, share: 20 },
    Target { name: "stripped", run: runs::stripped, seeds: runs::stripped_bodies, share: 20 },
    Target { name: "operations", run: runs::operations, seeds: runs::compact_operations, share: 20 },
    Target { name: "change", run: runs::change, seeds: past::payloads, share: 5 },
    Target { name: "session", run: sessions::session, seeds: sessions::scripts, share: 1 },
];
