//! The world of many nodes: roads, time, and what happens between them.

use std::sync::Arc;

use toguna_protocol::{
    engine::{CommandId, ConnId, Effect, Event},
    testing::Chance,
};

use super::{
    Options, Outcome,
    nodes::{Node, at},
};
use crate::{
    check::{
        Violation,
        agreement::{self, Shown},
    },
    sim::{
        self,
        bytes::Bytes,
        clock::{Agenda, DAY, HOUR, MINUTE, SECOND, Time},
        links::{End, Links, notices_after},
        options::Profile,
        plan::{self, Deed, Road, What},
        users,
    },
};

/// The longest that offices whose links all stay up may take until they hold the same: a line of a thousand offices
/// needs a minute of the thinnest road for each.
const PATIENCE: Time = 16 * HOUR;

/// Between two looks whether all hold the same.
const LOOK_AGAIN: Time = 10 * SECOND;

/// Entries that somebody writes in one visit to the office, at least: people who come in have some things to enter.
const A_VISIT: usize = 4;

/// The first byte of a frame of beacons; the number of them follows.
const BEACONS: u8 = 11;

/// Something on the agenda.
enum Happening {
    Meet(usize, Time),
    Cut(usize),
    Visit(usize, usize),
    Arrive(u64, usize, Vec<u8>),
    Connected(u64, usize),
    Gone(u64, usize),
    Dial(usize),
    Down(usize),
    Tick(usize),
    Idle(usize),
    End,
    Look,
}

/// Everything.
pub struct World {
    agenda: Agenda<Happening>,
    nodes: Vec<Node>,
    links: Links,
    roads: Vec<Road>,
    road_chance: Vec<Chance>,
    up_until: Vec<Time>,
    bytes: Bytes,
    beacons: u64,
    sessions: u64,
    over: Option<Time>,
    options: Options,
    next_command: u64,
}

impl World {
    /// A world at its beginning.
    ///
    /// # Errors
    /// If an engine does not start.
    pub fn new(options: &Options) -> Result<Self, Violation> {
        let Options { seed, nodes, days, .. } = *options;
        let thin = sim::options::Options { seed, nodes, days, profile: Profile::Mali, plant: None, only: None };
        let roads = plan::roads(&thin);
        let archive = Arc::default();
        let mut source = Chance::new(seed ^ 0x0073_6361_6c65);
        let apart = nodes.div_ceil(options.applied.max(1));
        let made = (0..nodes).map(|number| {
            let applies = options.applied > 0 && number % apart == 0;
            Node::new(number, applies, &archive, Chance::new(source.draw()))
        });
        let mut world = World {
            agenda: Agenda::default(),
            nodes: made.collect::<Result<_, _>>()?,
            links: Links::default(),
            road_chance: (0..roads.len()).map(|road| Chance::new(seed ^ (road as u64 + 1) << 32)).collect(),
            up_until: vec![0; roads.len()],
            roads,
            bytes: Bytes::default(),
            beacons: 0,
            sessions: 0,
            over: None,
            options: *options,
            next_command: 0,
        };
        world.lay_out(&thin);
        (0..nodes).for_each(|node| world.handle(node, Event::Tick));
        Ok(world)
    }

    /// Enters what will happen: meetings and cuts as in the smaller worlds, and visits to each office spread over the
    /// days.
    fn lay_out(&mut self, thin: &sim::options::Options) {
        let Options { nodes, days, entries, .. } = self.options;
        let mut deeds = Vec::new();
        for day in 0..days {
            (0..self.roads.len()).for_each(|road| plan::on_a_road(thin, road, day, &mut deeds));
        }
        for Deed { at, what, .. } in deeds {
            match what {
                What::Meet(road, lasts) => self.agenda.at(at, Happening::Meet(road, lasts)),
                What::Cut(road) => self.agenda.at(at, Happening::Cut(road)),
                _ => {}
            }
        }
        for node in 0..nodes {
            let wanted = entries / nodes + usize::from(node < entries % nodes);
            let a_visit = wanted.div_ceil(days as usize).max(A_VISIT);
            for written in (0..wanted).step_by(a_visit) {
                let at = self.nodes[node].chance.draw() % (days * DAY);
                self.agenda.at(at, Happening::Visit(node, a_visit.min(wanted - written)));
            }
        }
        self.agenda.at(days * DAY, Happening::End);
    }

    /// Lets everything happen until all hold the same.
    ///
    /// # Errors
    /// If they do not come to, or those that apply it do not show the same.
    pub fn run(&mut self) -> Result<Outcome, Violation> {
        while let Some(happening) = self.agenda.next_happening() {
            if let Some(converged_after) = self.happen(happening)? {
                return self.outcome(converged_after);
            }
        }
        Err(Violation::liveness("converges", "nothing more happens".to_owned()))
    }

    fn outcome(&mut self, converged_after: Time) -> Result<Outcome, Violation> {
        let mut all = Vec::new();
        for (office, node) in self.nodes.iter_mut().enumerate().filter(|(_, node)| node.applies) {
            agreement::whole(office, &node.engine)?;
            all.push(Shown { office, rows: node.rows.clone(), views: Default::default() });
        }
        agreement::same(&all)?;
        Ok(Outcome {
            nodes: self.options.nodes,
            days: self.options.days,
            entries: self.written(),
            records: all.first().map_or(0, |shown| shown.rows.len()),
            bytes: self.bytes.clone(),
            sessions: self.sessions,
            beacons: self.beacons,
            converged_after,
        })
    }

    fn happen(&mut self, happening: Happening) -> Result<Option<Time>, Violation> {
        match happening {
            Happening::Meet(road, lasts) => self.meet(road, lasts),
            Happening::Cut(road) => self.cut(road),
            Happening::Down(road) if self.up_until[road] <= self.agenda.now() => self.cut(road),
            Happening::Down(_) => {}
            Happening::Visit(node, count) => self.visit(node, count),
            Happening::Arrive(conn, end, frame) => self.arrive(conn, end, frame),
            Happening::Connected(conn, end) => self.connected(conn, end),
            Happening::Gone(conn, end) => self.gone(conn, end),
            Happening::Dial(road) => self.dial(road),
            Happening::Tick(node) => {
                self.nodes[node].ticking = false;
                self.handle(node, Event::Tick);
            }
            Happening::Idle(node) => {
                self.nodes[node].idling = false;
                self.handle(node, Event::Idle);
            }
            Happening::End => {
                self.over = Some(self.agenda.now());
                (0..self.roads.len()).for_each(|road| self.meet(road, 2 * PATIENCE));
                self.agenda.after(LOOK_AGAIN, Happening::Look);
            }
            Happening::Look => return self.look(),
        }
        Ok(None)
    }

    /// Gives an event to a node and carries out what follows.
    fn handle(&mut self, node: usize, event: Event) {
        let now = self.agenda.now();
        let is_tick = matches!(event, Event::Tick);
        self.nodes[node].engine.handle(event, at(now));
        self.carry_out(node);
        let node_number = node;
        let node = &mut self.nodes[node];
        if !is_tick {
            node.awake_until = now + 20 * SECOND;
        }
        let awake = now < node.awake_until || node.engine.sessions().next().is_some();
        if awake && !std::mem::replace(&mut node.ticking, true) {
            self.agenda.after(SECOND, Happening::Tick(node_number));
        }
        if node.engine.has_time_for_rows() && !std::mem::replace(&mut node.idling, true) {
            self.agenda.after(5, Happening::Idle(node_number));
        }
    }

    fn carry_out(&mut self, node: usize) {
        while let Some(effect) = self.nodes[node].engine.poll_effect() {
            match effect {
                // Nothing is carried by hand here, and nobody fills in forms.
                Effect::Bundled(..) | Effect::Drafted(..) => {}
                Effect::Persist { id, batch, .. } => {
                    let now = at(self.agenda.now());
                    self.nodes[node].shelf.apply(batch);
                    self.nodes[node].engine.handle(Event::Persisted(id), now);
                }
                Effect::Send(conn, frame) => self.send(node, conn, frame),
                Effect::Disconnect(conn, _) => self.hang_up(node, conn),
                Effect::Reply(_, Ok(saved)) => self.nodes[node].written += usize::from(saved.entry.is_some()),
                Effect::Changed(row) => drop(self.nodes[node].rows.insert(row.id, *row)),
                Effect::Gone(record) => drop(self.nodes[node].rows.remove(&record)),
                Effect::ResumePersisting | Effect::Admit(_) | Effect::Reply(..) | Effect::Observed(_) => {}
            }
        }
    }

    /// Somebody comes to an office and writes so many entries. What is refused is tried in another way.
    fn visit(&mut self, node: usize, count: usize) {
        let until = self.nodes[node].written + count;
        for _ in 0..4 * count {
            if self.nodes[node].written >= until {
                break;
            }
            let Node { engine, rows, chance, .. } = &mut self.nodes[node];
            if let Some(command) = users::wish(chance, engine, rows, &mut None) {
                self.next_command += 1;
                self.handle(node, Event::Command(CommandId(self.next_command), command));
            }
        }
    }

    fn meet(&mut self, road: usize, lasts: Time) {
        let now = self.agenda.now();
        if self.up_until[road] <= now {
            self.agenda.after(0, Happening::Dial(road));
        }
        self.up_until[road] = self.up_until[road].max(now + lasts);
        self.agenda.at(now + lasts, Happening::Down(road));
    }

    fn dial(&mut self, road: usize) {
        if self.up_until[road] <= self.agenda.now() {
            return;
        }
        let chance = &mut self.road_chance[road];
        self.agenda.after(4 * SECOND + chance.draw() % (8 * SECOND), Happening::Dial(road));
        let ends = self.roads[road].ends;
        // A node dials where it believes that nothing stands.
        let Some(dialler) = ends.iter().position(|node| !self.links.believes(road, *node, 0)) else { return };
        let end = |node: usize| End { node, boot: 0, open: true };
        let conn = self.links.stand(road, [end(ends[dialler]), end(ends[1 - dialler])]);
        self.sessions += 1;
        let latency = self.roads[road].latency;
        self.agenda.after(4 * latency, Happening::Connected(conn, 0));
        self.agenda.after(5 * latency, Happening::Connected(conn, 1));
    }

    fn connected(&mut self, conn: u64, end: usize) {
        let Some(found) = self.links.get(conn) else { return };
        let (us, them) = (found.ends[end], found.ends[1 - end]);
        if us.open && !found.broken {
            let peer = self.nodes[them.node].author;
            self.handle(us.node, Event::Connected { conn: ConnId(conn), peer, dialled: end == 0 });
        }
    }

    fn arrive(&mut self, conn: u64, end: usize, frame: Vec<u8>) {
        let Some(found) = self.links.get(conn) else { return };
        found.under_way[1 - end] -= frame.len();
        let to: End = found.ends[end];
        if !found.broken && to.open {
            self.handle(to.node, Event::Frame(ConnId(conn), frame));
        }
    }

    fn send(&mut self, node: usize, conn: ConnId, frame: Vec<u8>) {
        let Some(found) = self.links.get(conn.0) else { return };
        let Some(end) = found.end_at(node, 0) else { return };
        self.bytes.count(&frame);
        if frame.first() == Some(&BEACONS) {
            self.beacons += u64::from(frame[1]);
        }
        if found.broken {
            return;
        }
        let (road, now) = (found.road, self.agenda.now());
        let arrives = found.send(end, frame.len(), &self.roads[road], now, &mut self.road_chance[road]);
        self.agenda.at(arrives, Happening::Arrive(conn.0, 1 - end, frame));
    }

    fn hang_up(&mut self, node: usize, conn: ConnId) {
        let now = self.agenda.now();
        let Some(found) = self.links.get(conn.0) else { return };
        let Some(end) = found.end_at(node, 0) else { return };
        found.ends[end].open = false;
        let heard = found.end_of(end, &self.roads[found.road], now);
        self.agenda.at(heard, Happening::Gone(conn.0, 1 - end));
        self.links.forget_if_over(conn.0);
    }

    /// What stands on a road breaks, and each end notices when it does.
    fn cut(&mut self, road: usize) {
        for conn in self.links.on(road) {
            let Some(found) = self.links.get(conn) else { continue };
            found.broken = true;
            let chance = &mut self.road_chance[road];
            (0..2).for_each(|end| self.agenda.after(notices_after(chance), Happening::Gone(conn, end)));
        }
    }

    fn gone(&mut self, conn: u64, end: usize) {
        let Some(found) = self.links.get(conn) else { return };
        let us = found.ends[end];
        found.ends[end].open = false;
        self.links.forget_if_over(conn);
        if us.open {
            self.handle(us.node, Event::Closed(ConnId(conn)));
        }
    }

    /// Entries that were written in all.
    fn written(&self) -> u64 {
        let own = |node: &Node| node.engine.ledger().feed(&node.engine.own_feed()).map_or(0, |feed| feed.tip.seq.0);
        self.nodes.iter().map(own).sum()
    }

    /// Whether all hold the same and have nothing left to show; then how long that took.
    fn look(&mut self) -> Result<Option<Time>, Violation> {
        let (now, written) = (self.agenda.now(), self.written());
        let after = now - self.over.unwrap_or_default();
        let lacks = |node: &&Node| node.engine.ledger().last_arrival().0 != written;
        let lacking = self.nodes.iter().filter(lacks).count();
        if lacking == 0 && !self.nodes.iter().any(|node| node.engine.has_stale_rows()) {
            let mut digests = self.nodes.iter().map(|node| node.engine.ledger().digest());
            let first = digests.next();
            return match digests.all(|digest| Some(digest) == first) {
                true => Ok(Some(after)),
                false => Err(Violation::safety("agreement", "all hold as much and not the same".to_owned())),
            };
        }
        if after > PATIENCE {
            let found = format!("after {} minutes {lacking} offices lack entries", PATIENCE / MINUTE);
            return Err(Violation::liveness("converges", found));
        }
        self.agenda.after(LOOK_AGAIN, Happening::Look);
        Ok(None)
    }
}
