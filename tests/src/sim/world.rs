//! The world of a run: offices, roads, time, and everything that happens between them.

use std::collections::BTreeMap;

use toguna_protocol::{
    engine::{CommandError, CommandId, ConnId, Effect, Event},
    ids::AuthorKey,
    testing::Chance,
};

use super::{
    bytes::Bytes,
    clock::{Agenda, HOUR, SECOND, Time},
    liars::Liars,
    links::Links,
    office::Office,
    options::{Options, Profile},
    plan::{Deed, Plan},
    sticks::{ROUND, Stick, Sticks},
    store::{Job, Step, Store},
};
use crate::check::{Violation, authors::Authors, bounds, durable::Durable, held, written};

/// The longest that offices whose links all stay up may take until they hold the same: the hour within which the
/// slowest road carries ten times what an office of a run has written.
pub const PATIENCE: Time = HOUR;

/// For how long all must have held the same before it is called rest: longer than any timer of the engine that makes
/// it ask again.
const AT_REST_FOR: Time = 15 * SECOND;

/// Happenings after which a run is going round in circles, for each office and day.
const MOST_HAPPENINGS: u64 = 3_000_000;

/// Something on the agenda. Offices, roads and connections go by their numbers.
#[derive(Debug)]
pub(super) enum Happening {
    Deed(Deed),
    /// A frame arrives at one end of a connection.
    Arrive(u64, usize, Vec<u8>),
    /// A connection stands, and one end is told.
    Connected(u64, usize),
    /// One end of a connection notices that it is gone.
    Gone(u64, usize),
    /// Somebody dials over a road, where nothing stands.
    Dial(usize),
    /// A road goes down, unless it came up again since.
    Down(usize),
    /// A node's writer takes its next step.
    Disk(usize, u32),
    Tick(usize, u32),
    Idle(usize, u32),
    /// A node that is down is started.
    Start(usize),
    /// A node is stopped, and its disk is put back or repaired before it starts again.
    PutBack(usize, bool),
    Repair(usize),
    /// There is room on a disk again.
    Room(usize),
    /// A liar's next frame, over a connection that only its victim knows.
    Lie(usize, u32, ConnId, Vec<u8>),
    /// A bundle has come to an office.
    Stick(Stick),
    /// Once faults are over: bundles go between all neighbours.
    Round,
    /// Faults are over.
    End,
    /// Somebody looks whether all hold the same.
    Look,
}

/// Everything.
pub struct World {
    pub(super) agenda: Agenda<Happening>,
    pub(super) offices: Vec<Office>,
    pub(super) links: Links,
    pub(super) plan: Plan,
    pub(super) liars: Liars,
    pub(super) durable: Durable,
    pub(super) authors: Authors,
    /// Until when each road is up.
    pub(super) up_until: Vec<Time>,
    /// Of each road its own source of chance.
    pub(super) road_chance: Vec<Chance>,
    /// Connections of liars that their victims still know.
    pub(super) lies: BTreeMap<ConnId, usize>,
    /// What went over the roads.
    pub bytes: Bytes,
    /// Bytes of batches with entries from peers.
    pub(super) received: u64,
    /// Connections that stood.
    pub(super) connections: u64,
    /// Commands that were confirmed, refused, and could not be written.
    pub commands: [u64; 3],
    /// Records at rest, and fields of theirs with concurrent values.
    pub records: [usize; 2],
    /// What did go wrong of what was planned, by name.
    pub faults: BTreeMap<&'static str, u64>,
    /// When faults were over.
    pub(super) over: Option<Time>,
    pub(super) same_since: Option<Time>,
    pub(super) options: Options,
    /// Bundles under way.
    pub(super) sticks: Sticks,
    next_command: u64,
}

impl World {
    /// A world at its beginning: all offices are new and up, no road is.
    pub fn new(options: &Options) -> Result<Self, Violation> {
        let plan = Plan::of(options);
        let mut source = Chance::new(options.seed ^ 0x746f_6775_6e61);
        let office = |number| Office::new(number, Store::new(number, options.plant), Chance::new(source.draw()));
        let offices: Vec<Office> = (0..options.nodes).map(office).collect();
        let road_chance =
            plan.roads.iter().map(|road| Chance::new(options.seed ^ (road.ends[1] as u64) << 32)).collect();
        let mut world = World {
            agenda: Agenda::default(),
            links: Links::default(),
            liars: Liars::default(),
            durable: Durable::of(options.nodes),
            authors: Authors::default(),
            up_until: vec![0; plan.roads.len()],
            road_chance,
            lies: BTreeMap::new(),
            bytes: Bytes::default(),
            received: 0,
            connections: 0,
            commands: [0; 3],
            records: [0; 2],
            faults: BTreeMap::new(),
            over: None,
            same_since: None,
            options: options.clone(),
            sticks: Sticks::default(),
            next_command: 0,
            offices,
            plan,
        };
        (0..options.nodes).try_for_each(|node| world.start(node, false))?;
        for (_, deed) in world.plan.asked_for(options) {
            world.agenda.at(deed.at, Happening::Deed(deed));
        }
        world.agenda.at(world.plan.end, Happening::End);
        Ok(world)
    }

    /// Lets everything happen, until all are at rest. Returns how long that took after the last fault.
    pub fn run(&mut self) -> Result<Time, Violation> {
        let most = MOST_HAPPENINGS * (self.options.nodes as u64) * (self.options.days + 1);
        for _ in 0..most {
            let happening = self.agenda.next_happening().expect("somebody always looks again");
            self.happen(happening)?;
            if let (Some(over), Some(since)) = (self.over, self.same_since)
                && self.agenda.now() >= since + self.at_rest_for()
                && self.are_at_rest()
            {
                self.check_at_rest()?;
                return Ok(since - over);
            }
        }
        Err(Violation::liveness("rest", format!("{most} things happened, and still more is to come")))
    }

    /// For how long all must have held the same. Acknowledgements on sticks go from neighbour to neighbour too.
    fn at_rest_for(&self) -> Time {
        match self.options.profile {
            Profile::Usb => AT_REST_FOR + (self.offices.len() as u64 + 2) * ROUND,
            _ => AT_REST_FOR,
        }
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.agenda.now()
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        match happening {
            Happening::Deed(deed) => self.deed(deed)?,
            Happening::Arrive(conn, end, frame) => self.arrive(conn, end, frame)?,
            Happening::Connected(conn, end) => self.connected(conn, end)?,
            Happening::Gone(conn, end) => self.gone(conn, end)?,
            Happening::Dial(road) => self.dial(road),
            Happening::Down(road) if self.up_until[road] <= self.now() => {
                self.links.on(road).into_iter().for_each(|conn| self.break_off(conn));
            }
            Happening::Down(_) => {}
            Happening::Disk(node, boot) if self.is_up(node, boot) => self.disk(node)?,
            Happening::Tick(node, boot) if self.is_up(node, boot) => self.tick(node)?,
            Happening::Idle(node, boot) if self.is_up(node, boot) => {
                self.offices[node].idling = false;
                self.handle(node, Event::Idle)?;
            }
            Happening::Disk(..) | Happening::Tick(..) | Happening::Idle(..) => {}
            Happening::Start(node) => self.start_if_down(node)?,
            Happening::PutBack(node, whole) => self.put_back(node, whole)?,
            Happening::Repair(node) => self.repair(node)?,
            Happening::Room(node) => self.offices[node].store.full = false,
            Happening::Lie(node, boot, conn, frame) => {
                if self.is_up(node, boot) && self.lies.contains_key(&conn) {
                    self.handle(node, Event::Frame(conn, frame))?;
                }
            }
            Happening::Stick(stick) => self.stick(stick)?,
            Happening::Round => {
                self.round_of_sticks();
                (0..self.offices.len()).try_for_each(|node| self.carry_out(node))?;
            }
            Happening::End => self.end_faults()?,
            Happening::Look => self.look()?,
        }
        Ok(())
    }

    pub(super) fn is_up(&self, node: usize, boot: u32) -> bool {
        self.offices[node].engine.is_some() && self.offices[node].boot == boot
    }

    /// Gives an event to a node and carries out what follows.
    pub(super) fn handle(&mut self, node: usize, event: Event) -> Result<(), Violation> {
        let now = self.now();
        let is_tick = matches!(event, Event::Tick);
        let office = &mut self.offices[node];
        let clock = office.now(now);
        let Some(engine) = &mut office.engine else { return Ok(()) };
        engine.handle(event, clock);
        self.carry_out(node)?;
        let office = &mut self.offices[node];
        let Some(engine) = &office.engine else { return Ok(()) };
        self.durable.announces(node, engine)?;
        bounds::holds(node, engine)?;
        if !is_tick {
            office.awake_until = now + 20 * SECOND;
        }
        let awake = now < office.awake_until || engine.sessions().next().is_some();
        if awake && !std::mem::replace(&mut office.ticking, true) {
            self.agenda.after(SECOND, Happening::Tick(node, office.boot));
        }
        office.ticking &= awake;
        if engine.has_time_for_rows() && !std::mem::replace(&mut office.idling, true) {
            self.agenda.after(5, Happening::Idle(node, office.boot));
        }
        Ok(())
    }

    fn tick(&mut self, node: usize) -> Result<(), Violation> {
        self.offices[node].ticking = false;
        self.handle(node, Event::Tick)
    }

    pub(super) fn carry_out(&mut self, node: usize) -> Result<(), Violation> {
        while let Some(effect) = self.offices[node].engine.as_mut().and_then(|engine| engine.poll_effect()) {
            match effect {
                Effect::Persist { id, batch, durable, own } => {
                    self.persist(node, Job { id, written: Vec::new(), batch, durable, own })?
                }
                Effect::ResumePersisting => {
                    self.offices[node].store.resume();
                    self.wake_disk(node);
                }
                Effect::Send(conn, frame) => self.send(node, conn, frame)?,
                Effect::Admit(_) => {}
                Effect::Disconnect(conn, _) => self.hang_up(node, conn),
                Effect::Reply(_, Ok(saved)) => {
                    self.commands[0] += 1;
                    self.durable.confirmed(node, &saved)?;
                }
                Effect::Reply(_, Err(CommandError::NotSaved(_))) => self.commands[2] += 1,
                Effect::Reply(_, Err(_)) => self.commands[1] += 1,
                // Sticks are carried in no world yet.
                Effect::Bundled(id, answer) => self.bundled(node, id, answer)?,
                // Nobody fills in forms.
                Effect::Drafted(..) => {}
                Effect::Changed(row) => {
                    self.durable.shown(node, &row)?;
                    self.offices[node].rows.insert(row.id, *row);
                }
                Effect::Gone(record) => drop(self.offices[node].rows.remove(&record)),
                Effect::Observed(observation) => self.authors.observed(&observation)?,
            }
        }
        Ok(())
    }

    fn persist(&mut self, node: usize, mut job: Job) -> Result<(), Violation> {
        let office = &mut self.offices[node];
        let Some(engine) = &office.engine else { return Ok(()) };
        engine.ledger().feeds().for_each(|feed| self.authors.know(&feed.genesis));
        job.written = written(&job.batch, |rows| engine.ledger().feed(&rows).map_or(rows, |feed| feed.root));
        if job.own.is_none() && !job.written.is_empty() {
            self.received += job.batch.size() as u64;
        }
        let early = office.store.write(job);
        self.wake_disk(node);
        match early {
            Some(event) => self.handle(node, event),
            None => Ok(()),
        }
    }

    fn wake_disk(&mut self, node: usize) {
        let office = &mut self.offices[node];
        if !std::mem::replace(&mut office.writing, true) {
            self.agenda.after(1, Happening::Disk(node, office.boot));
        }
    }

    pub(super) fn disk(&mut self, node: usize) -> Result<(), Violation> {
        let office = &mut self.offices[node];
        let boot = office.boot;
        let next = match office.store.step(&mut office.chance) {
            Step::Rest => {
                office.writing = false;
                return Ok(());
            }
            Step::Crash => {
                let down = SECOND + office.chance.draw() % HOUR;
                self.crash(node)?;
                self.agenda.after(down, Happening::Start(node));
                return Ok(());
            }
            Step::Next(next) => next,
            Step::Durable(written, next) => {
                self.durable.durable(node, &written);
                next
            }
            Step::Report(event, written, next) => {
                // Only now does the node tell anybody of it: what a store lost before was never written.
                let author = self.author(node);
                self.authors.durable(&author, &written)?;
                self.handle(node, event)?;
                next
            }
        };
        if self.is_up(node, boot) {
            self.agenda.after(next, Happening::Disk(node, boot));
        }
        Ok(())
    }

    pub(super) fn author(&self, node: usize) -> AuthorKey {
        self.offices[node].author()
    }

    pub(super) fn command(&mut self, node: usize, command: toguna_protocol::engine::Command) -> Result<(), Violation> {
        let id = self.next_command();
        self.handle(node, Event::Command(id, command))
    }

    pub(super) fn next_command(&mut self) -> CommandId {
        self.next_command += 1;
        CommandId(self.next_command)
    }

    /// The power fails at an office.
    pub(super) fn crash(&mut self, node: usize) -> Result<(), Violation> {
        self.end_node(node);
        let office = &mut self.offices[node];
        office.store.crash(&mut office.chance);
        if office.store.is_damaged() {
            // What is left of it shows when it is repaired.
            return Ok(());
        }
        let held = held(&office.store.shelf);
        self.durable.crashed(node, &held)
    }

    /// A node is gone, and with it what stood to it.
    pub(super) fn end_node(&mut self, node: usize) {
        self.offices[node].end();
        self.stop_reading(node);
        self.lies.retain(|_, victim| *victim != node);
        for conn in self.links.at(node) {
            self.break_off(conn);
        }
    }

    pub(super) fn start(&mut self, node: usize, doubt: bool) -> Result<(), Violation> {
        let now = self.now();
        let opened = self.offices[node].start(now, doubt);
        opened.map_err(|error| Violation::safety("opens", format!("office {node} does not start: {error}")))?;
        let author = self.author(node);
        // What it finds it goes on from, and tells of.
        self.authors.durable(&author, &held(&self.offices[node].store.shelf))?;
        self.authors.trust(author);
        // An empty event, so that what the start wants done is carried out and looked at.
        self.carry_out(node)?;
        self.handle(node, Event::Tick)
    }

    fn start_if_down(&mut self, node: usize) -> Result<(), Violation> {
        if self.offices[node].engine.is_some() {
            return Ok(());
        }
        if self.offices[node].store.is_damaged() {
            return self.repair(node);
        }
        let doubt = self.offices[node].store.may_have_lost();
        self.start(node, doubt)
    }
}
