//! What went over the roads, by kind of frame.

use std::{collections::BTreeMap, fmt};

/// Kinds of frames by their first byte, as `protocol/README.md` lists them. What it lists later is counted by number.
const KINDS: [(u8, &str); 17] = [
    (1, "hello"),
    (2, "frontier"),
    (3, "chunk"),
    (4, "have"),
    (5, "hold"),
    (6, "compare"),
    (7, "compared"),
    (8, "side"),
    (9, "fork"),
    (10, "bye"),
    (11, "beacons"),
    (12, "stripped"),
    (13, "plain"),
    (14, "changed"),
    (15, "listed"),
    (16, "ask ahead"),
    (17, "ahead"),
];

/// Frames and bytes of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub frames: u64,
    /// Their bytes, without what a transport adds.
    pub bytes: u64,
}

/// Counts by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(BTreeMap<u8, Count>);

impl Bytes {
    /// A frame was sent.
    pub fn count(&mut self, frame: &[u8]) {
        let count = self.0.entry(frame.first().copied().unwrap_or_default()).or_default();
        count.frames += 1;
        count.bytes += frame.len() as u64;
    }

    /// What was sent of one kind, by its first byte.
    pub fn of(&self, kind: u8) -> Count {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// All bytes.
    pub fn total(&self) -> u64 {
        self.0.values().map(|count| count.bytes).sum()
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, Count { frames, bytes }) in &self.0 {
            let known = KINDS.iter().find(|(byte, _)| byte == kind);
            let name = known.map_or_else(|| format!("type {kind}"), |(_, name)| (*name).to_owned());
            writeln!(f, "  {name:<9} {frames:>7} frames {bytes:>10} bytes")?;
        }
        write!(f, "  {:<9} {:>7}        {:>10} bytes", "all", "", self.total())
    }
}
