//! Memory and bytes stay within bounds.

use toguna_protocol::{
    engine::Engine,
    limits::{MAX_FEEDS, MAX_FRAME, MAX_SESSIONS, MAX_WINDOW},
    shelf::Shelf,
};

use super::Violation;

/// Bytes that may be under way beside chunks: answers, frontiers, and what was on its way when a window shrank.
const BESIDE: usize = 4 * MAX_FRAME;

/// A frame leaves a node. `under_way` is what its connection carries in this direction, the frame included.
pub fn sends(office: usize, frame: &[u8], under_way: usize) -> Result<(), Violation> {
    if frame.len() > MAX_FRAME {
        return Err(Violation::safety("bounds", format!("office {office} sent a frame of {} bytes", frame.len())));
    }
    if under_way > MAX_WINDOW + BESIDE {
        let found = format!("office {office} has {under_way} bytes under way on one connection");
        return Err(Violation::safety("bounds", found));
    }
    Ok(())
}

/// An event was handled.
pub fn holds<S: Shelf>(office: usize, engine: &Engine<S>) -> Result<(), Violation> {
    let (sessions, feeds) = (engine.sessions().count(), engine.ledger().feeds().count());
    if sessions > MAX_SESSIONS || feeds > MAX_FEEDS + 1 {
        let found = format!("office {office} has {sessions} sessions and {feeds} feeds");
        return Err(Violation::safety("bounds", found));
    }
    Ok(())
}

/// What honest nodes sent each other, against what there was to send: `entries` bytes that were received and kept,
/// over so many `connections`, each of which may have been cut with a window under way and costs its hellos and
/// frontiers.
pub fn spends(bytes: u64, entries: u64, connections: u64, offices: u64) -> Result<(), Violation> {
    let each = 32 * 1024 + offices * 1024;
    let most = 2 * entries + connections * each + 64 * 1024;
    if bytes > most {
        let found = format!("{bytes} bytes were sent for {entries} bytes of entries over {connections} connections");
        return Err(Violation::safety("spends", found));
    }
    Ok(())
}
