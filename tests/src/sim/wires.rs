//! Between the offices: frames that leave and arrive, connections that come up and break.

use toguna_protocol::engine::{ConnId, Event};

use super::{
    clock::SECOND,
    links::{End, notices_after},
    world::{Happening, World},
};
use crate::check::{Violation, bounds};

impl World {
    pub(super) fn connected(&mut self, conn: u64, end: usize) -> Result<(), Violation> {
        let Some(found) = self.links.get(conn) else { return Ok(()) };
        let (us, them) = (found.ends[end], found.ends[1 - end]);
        if !us.open || found.broken {
            return Ok(());
        }
        let peer = self.author(them.node);
        self.handle(us.node, Event::Connected { conn: ConnId(conn), peer, dialled: end == 0 })
    }

    pub(super) fn arrive(&mut self, conn: u64, end: usize, frame: Vec<u8>) -> Result<(), Violation> {
        let Some(found) = self.links.get(conn) else { return Ok(()) };
        found.under_way[1 - end] -= frame.len();
        let to: End = found.ends[end];
        if found.broken || !to.open || !self.is_up(to.node, to.boot) {
            return Ok(());
        }
        self.handle(to.node, Event::Frame(ConnId(conn), frame))
    }

    pub(super) fn gone(&mut self, conn: u64, end: usize) -> Result<(), Violation> {
        let Some(found) = self.links.get(conn) else { return Ok(()) };
        let us = found.ends[end];
        found.ends[end].open = false;
        self.links.forget_if_over(conn);
        if us.open && self.is_up(us.node, us.boot) {
            return self.handle(us.node, Event::Closed(ConnId(conn)));
        }
        Ok(())
    }

    pub(super) fn send(&mut self, node: usize, conn: ConnId, frame: Vec<u8>) -> Result<(), Violation> {
        let (now, boot) = (self.now(), self.offices[node].boot);
        let Some(found) = self.links.get(conn.0) else { return Ok(()) };
        let Some(end) = found.end_at(node, boot) else { return Ok(()) };
        self.bytes.count(&frame);
        if found.broken {
            return Ok(());
        }
        let road = found.road;
        let arrives = found.send(end, frame.len(), &self.plan.roads[road], now, &mut self.road_chance[road]);
        bounds::sends(node, &frame, found.under_way[end])?;
        self.agenda.at(arrives, Happening::Arrive(conn.0, 1 - end, frame));
        Ok(())
    }

    /// A node ends a connection: the other end hears of it after all that was sent.
    pub(super) fn hang_up(&mut self, node: usize, conn: ConnId) {
        self.lies.remove(&conn);
        let (now, boot) = (self.now(), self.offices[node].boot);
        let Some(found) = self.links.get(conn.0) else { return };
        let Some(end) = found.end_at(node, boot) else { return };
        found.ends[end].open = false;
        let heard = found.end_of(end, &self.plan.roads[found.road], now);
        self.agenda.at(heard, Happening::Gone(conn.0, 1 - end));
        self.links.forget_if_over(conn.0);
    }

    /// A connection breaks: what is under way is lost, and each end notices when it does.
    pub(super) fn break_off(&mut self, conn: u64) {
        let Some(found) = self.links.get(conn) else { return };
        found.broken = true;
        let chance = &mut self.road_chance[found.road];
        for end in 0..2 {
            self.agenda.after(notices_after(chance), Happening::Gone(conn, end));
        }
    }

    pub(super) fn dial(&mut self, road: usize) {
        let now = self.now();
        if self.up_until[road] <= now {
            return;
        }
        let chance = &mut self.road_chance[road];
        self.agenda.after(4 * SECOND + chance.draw() % (8 * SECOND), Happening::Dial(road));
        let ends = self.plan.roads[road].ends;
        let offices = &self.offices;
        if ends.iter().any(|node| offices[*node].engine.is_none()) {
            return;
        }
        // A node dials where it believes that nothing stands; now and then both do.
        let lacks = ends.map(|node| !self.links.believes(road, node, offices[node].boot));
        let both = chance.once_in(6);
        let first = chance.below(2);
        let latency = self.plan.roads[road].latency;
        let mut dialled = false;
        for dialler in [first, 1 - first] {
            if !lacks[dialler] || (dialled && !both) {
                continue;
            }
            dialled = true;
            let end = |node: usize| End { node, boot: offices[node].boot, open: true };
            let conn = self.links.stand(road, [end(ends[dialler]), end(ends[1 - dialler])]);
            self.connections += 1;
            let stands = 4 * latency + self.road_chance[road].draw() % 50;
            self.agenda.after(stands, Happening::Connected(conn, 0));
            self.agenda.after(stands + latency, Happening::Connected(conn, 1));
        }
    }
}
