//! Many nodes, for a month: what grows with the number of offices, and what only with what they write.
//!
//! Every node runs the real engine, with its real sessions, frontiers, baselines, beacons and signatures, on the roads
//! of the `mali` profile: thin, lossy, up for minutes a day, cut. Made up are
//!
//! - the store ([`shelf`]): bytes of entries are shared by all nodes, and every write takes place at once;
//! - documents: all but some nodes keep, pass on and acknowledge what comes, and apply only what they write themselves;
//! - the processor: whether a signature holds, what a run packs to and what comes out of it is worked out once for all
//!   nodes ([`toguna_protocol::memo`]). What comes of it is the same, byte for byte.
//!
//! Nothing fails here but links; faults are what [`crate::sim`] is for.

pub mod shelf;
mod nodes;
pub mod world;

use std::{fmt, time::Instant};

use crate::{check::Violation, sim::bytes::Bytes, sim::clock::Time};

/// What decides how a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Where chance comes from.
    pub seed: u64,
    /// Offices.
    pub nodes: usize,
    /// Days of work; after them all links stay up.
    pub days: u64,
    /// Entries that all offices together are to write.
    pub entries: usize,
    /// Offices that apply what they receive.
    pub applied: usize,
    /// Whether what is a pure function is worked out once for all ([`toguna_protocol::memo`]). The outcome is the same.
    pub once: bool,
}

/// What came of a run in which all came to hold the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Offices.
    pub nodes: usize,
    /// Days of work.
    pub days: u64,
    /// Entries that were written, the offices' cards included.
    pub entries: u64,
    /// Records that the offices show that apply what they receive.
    pub records: usize,
    /// What went over the roads.
    pub bytes: Bytes,
    /// Connections that stood.
    pub sessions: u64,
    /// Beacons that were sent, each counted as often as it was.
    pub beacons: u64,
    /// Virtual milliseconds from the end of work until all held the same.
    pub converged_after: Time,
}

/// Runs one world to its end. Returns what came of it, and how many seconds that took.
///
/// # Errors
/// If the offices do not come to hold the same, or those that apply it do not show the same.
pub fn run(options: &Options) -> Result<(Outcome, f64), Violation> {
    let start = Instant::now();
    toguna_protocol::memo::remember(options.once);
    let outcome = world::World::new(options).and_then(|mut world| world.run());
    toguna_protocol::memo::remember(false);
    Ok((outcome?, start.elapsed().as_secs_f64()))
}

/// Frames by what they are for: the name, and the first bytes of its frames.
const PARTS: [(&str, &[u8]); 6] = [
    ("entries", &[3, 12, 17]),
    ("numbers", &[2, 14, 15]),
    ("beacons", &[11]),
    ("have", &[4]),
    ("hello", &[1]),
    ("other", &[5, 6, 7, 8, 9, 10, 13, 16]),
];

impl Outcome {
    /// The heading over rows of [`Outcome`].
    pub fn heading() -> String {
        let mut line =
            format!("{:>6} {:>8} {:>9} {:>10} {:>10}", "nodes", "entries", "sessions", "kB a node", "B an entry");
        PARTS.iter().for_each(|(name, _)| line += &format!(" {name:>9}"));
        line + &format!(" {:>9} {:>10}", "B/beacon", "converged")
    }

    /// Bytes of some kinds of frames.
    pub fn bytes_of(&self, kinds: &[u8]) -> u64 {
        kinds.iter().map(|kind| self.bytes.of(*kind).bytes).sum()
    }

    /// Bytes for each entry that came to a node.
    pub fn bytes_an_entry(&self) -> f64 {
        self.bytes.total() as f64 / (self.nodes as u64 * self.entries) as f64
    }
}

impl fmt::Display for Outcome {
    /// A row: all bytes are of frames sent, for each node in kB, and for each node and entry in bytes; the parts for
    /// each node in kB.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let a_node = |bytes: u64| bytes as f64 / 1_000.0 / self.nodes as f64;
        let Outcome { nodes, entries, sessions, .. } = self;
        let (total, an_entry) = (a_node(self.bytes.total()), self.bytes_an_entry());
        write!(f, "{nodes:>6} {entries:>8} {sessions:>9} {total:>10.1} {an_entry:>10.1}")?;
        for (_, kinds) in PARTS {
            write!(f, " {:>9.1}", a_node(self.bytes_of(kinds)))?;
        }
        let a_beacon = self.bytes_of(&[11]) as f64 / self.beacons.max(1) as f64;
        write!(f, " {a_beacon:>9.1} {:>8.0} s", self.converged_after as f64 / 1_000.0)
    }
}
