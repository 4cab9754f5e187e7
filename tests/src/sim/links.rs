//! Connections over roads: frames take their time, arrive in order, and are lost when the connection breaks under them.

use std::collections::{BTreeMap, BTreeSet};

use toguna_protocol::testing::Chance;

use super::{
    clock::{MINUTE, SECOND, Time},
    plan::Road,
};

/// Bytes of a packet, for counting what is lost on the way.
const PACKET: usize = 1_200;

/// Bytes that every packet and every frame costs below the frames is left out: the figures are of frames.
const BITS: u64 = 8;

/// One end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// The office.
    pub node: usize,
    /// Which start of its node the connection belongs to.
    pub boot: u32,
    /// Whether its node was told of the connection, and not yet that it is gone.
    pub open: bool,
}

/// One direction: what is on its way is delivered by the agenda.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// When the sender's line is free again.
    free_at: Time,
    /// When the last frame arrives: none overtakes another.
    last_arrival: Time,
}

/// A connection.
#[derive(Debug)]
pub struct Conn {
    /// The road it stands on.
    pub road: usize,
    /// Its ends; the first dialled.
    pub ends: [End; 2],
    /// Nothing arrives any more.
    pub broken: bool,
    /// Bytes under way, each way.
    pub under_way: [usize; 2],
    ways: [Way; 2],
}

impl Conn {
    /// When a frame sent now arrives at the other end, by the road's rate, its latency, and what is lost on the way.
    pub fn send(&mut self, from: usize, bytes: usize, road: &Road, now: Time, chance: &mut Chance) -> Time {
        let way = &mut self.ways[from];
        way.free_at = way.free_at.max(now) + (bytes as u64 * BITS * 1_000).div_ceil(road.rate);
        let lost = (0..bytes.div_ceil(PACKET)).filter(|_| chance.below(1_000) < road.loss).count() as u64;
        // A lost packet is sent again when its acknowledgement fails to come.
        let again = lost * (2 * road.latency + SECOND / 5);
        way.last_arrival = way.last_arrival.max(way.free_at + road.latency + again);
        self.under_way[from] += bytes;
        way.last_arrival
    }

    /// When the other end hears that this one has closed: after all that was sent.
    pub fn end_of(&self, from: usize, road: &Road, now: Time) -> Time {
        self.ways[from].last_arrival.max(now + road.latency)
    }

    /// Which end is this start of this office, where it is open.
    pub fn end_at(&self, node: usize, boot: u32) -> Option<usize> {
        self.ends.iter().position(|end| (end.node, end.boot, end.open) == (node, boot, true))
    }
}

/// All connections there are.
#[derive(Debug, Default)]
pub struct Links {
    last: u64,
    conns: BTreeMap<u64, Conn>,
    /// Connections by road: a world may have thousands.
    by_road: BTreeMap<usize, BTreeSet<u64>>,
}

impl Links {
    /// A number for a connection.
    pub fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Enters a connection that stands, though neither end knows of it yet.
    pub fn stand(&mut self, road: usize, ends: [End; 2]) -> u64 {
        let number = self.number();
        let (under_way, ways) = Default::default();
        self.conns.insert(number, Conn { road, ends, broken: false, under_way, ways });
        self.by_road.entry(road).or_default().insert(number);
        number
    }

    /// A connection.
    pub fn get(&mut self, number: u64) -> Option<&mut Conn> {
        self.conns.get_mut(&number)
    }

    /// Connections that stand on a road, by number.
    pub fn on(&self, road: usize) -> Vec<u64> {
        self.of_road(road).filter(|(_, conn)| !conn.broken).map(|(number, _)| number).collect()
    }

    fn of_road(&self, road: usize) -> impl Iterator<Item = (u64, &Conn)> {
        let numbers = self.by_road.get(&road).into_iter().flatten();
        numbers.filter_map(|number| Some((*number, self.conns.get(number)?)))
    }

    /// Connections that stand and end at an office.
    pub fn at(&self, node: usize) -> Vec<u64> {
        let ends = |conn: &Conn| conn.ends.iter().any(|end| end.node == node);
        self.conns.iter().filter(|(_, conn)| ends(conn) && !conn.broken).map(|(number, _)| *number).collect()
    }

    /// Whether a node believes to be linked over a road.
    pub fn believes(&self, road: usize, node: usize, boot: u32) -> bool {
        self.of_road(road).any(|(_, conn)| conn.end_at(node, boot).is_some())
    }

    /// Forgets a connection of which both ends are closed.
    pub fn forget_if_over(&mut self, number: u64) {
        if self.conns.get(&number).is_some_and(|conn| conn.ends.iter().all(|end| !end.open)) {
            let over = self.conns.remove(&number);
            if let Some(others) = over.and_then(|over| self.by_road.get_mut(&over.road)) {
                others.remove(&number);
            }
        }
    }
}

/// How long an end takes to notice that its connection broke: often at once, sometimes only by its silence.
pub fn notices_after(chance: &mut Chance) -> Time {
    match chance.below(3) {
        0 => chance.draw() % (2 * MINUTE),
        _ => chance.draw() % (2 * SECOND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_its_time_and_none_overtakes_another() {
        let road = Road { ends: [0, 1], rate: 64_000, latency: 300, loss: 0 };
        let end = |node| End { node, boot: 0, open: true };
        let mut links = Links::default();
        let number = links.stand(0, [end(0), end(1)]);
        let conn = links.get(number).expect("it stands");
        let mut chance = Chance::new(1);
        assert_eq!(conn.send(0, 8_000, &road, 0, &mut chance), 1_300);
        assert_eq!(conn.send(0, 800, &road, 100, &mut chance), 1_400, "the line was busy");
        assert_eq!(conn.send(1, 800, &road, 100, &mut chance), 500, "the other way was free");
        let lossy = Road { loss: 1_000, ..road };
        let late = conn.send(0, 8, &lossy, 5_000, &mut chance);
        assert!(late > 5_301, "what is lost is sent again");
        assert_eq!(conn.send(0, 8, &road, 5_100, &mut chance), late, "and all behind it waits");
    }
}
