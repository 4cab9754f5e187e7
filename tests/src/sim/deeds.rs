//! What is done in a world: work, meetings, faults, lies; and the end of it, when everybody must come to agree.

use toguna_protocol::{
    engine::{ConnId, Event},
    testing::Chance,
};

use super::{
    clock::{MINUTE, SECOND, Time},
    office::Office,
    options::{Plant, Profile},
    plan::{Deed, What},
    users,
    world::{Happening, PATIENCE, World},
};
use crate::check::{
    Violation,
    agreement::{self, Shown},
    bounds, held,
};

impl World {
    pub(super) fn deed(&mut self, deed: Deed) -> Result<(), Violation> {
        let mut chance = Chance::new(deed.seed);
        match deed.what {
            What::Work(node) => return self.work(node, &mut chance),
            What::Meet(road, lasts) => self.meet(road, lasts),
            What::Stick(road, side) => {
                let ends = self.plan.roads[road].ends;
                self.set_out(ends[side], ends[1 - side], &mut chance);
                return self.carry_out(ends[side]);
            }
            What::Cut(road) => {
                let standing = self.links.on(road);
                self.fault("cuts", !standing.is_empty());
                standing.into_iter().for_each(|conn| self.break_off(conn));
            }
            What::Crash(node, steps, down) => {
                self.fault("crashes", true);
                if self.offices[node].store.is_at_rest() && steps == 0 {
                    // Nothing is being written: it falls between two writes.
                    self.crash(node)?;
                    self.agenda.after(down, Happening::Start(node));
                } else {
                    self.offices[node].store.crash_in = Some(steps);
                }
            }
            What::Stop(node, down) => {
                self.fault("stops", self.offices[node].engine.is_some());
                self.stop(node)?;
                self.agenda.after(down, Happening::Start(node));
            }
            What::Restore(node, after) => {
                self.fault("restores", true);
                self.offices[node].backup = Some(self.offices[node].store.back_up());
                self.agenda.after(after, Happening::PutBack(node, chance.once_in(2)));
            }
            What::Full(node, lasts) => {
                self.fault("full disks", true);
                self.offices[node].store.full = true;
                self.agenda.after(lasts, Happening::Room(node));
            }
            What::Damage(node, after) => {
                let damaged = self.offices[node].store.damage(&mut chance);
                self.fault("damaged values", damaged);
                if damaged {
                    self.agenda.after(after, Happening::Repair(node));
                }
            }
            What::Jump(node, by) => {
                self.fault("clocks that jump", true);
                self.offices[node].clock_ahead += by;
            }
            What::Lie(liar, node) => return self.lie(liar, node, &mut chance),
        }
        Ok(())
    }

    pub(super) fn fault(&mut self, name: &'static str, took_place: bool) {
        *self.faults.entry(name).or_default() += u64::from(took_place);
    }

    fn work(&mut self, node: usize, chance: &mut Chance) -> Result<(), Violation> {
        for _ in 0..1 + chance.below(3) {
            let office = &mut self.offices[node];
            let Some(engine) = &mut office.engine else { return Ok(()) };
            if let Some(command) = users::wish(chance, engine, &office.rows, &mut office.form) {
                self.command(node, command)?;
            }
        }
        Ok(())
    }

    fn meet(&mut self, road: usize, lasts: Time) {
        let until = self.now() + lasts;
        if self.up_until[road] <= self.now() {
            self.agenda.after(0, Happening::Dial(road));
        }
        self.up_until[road] = self.up_until[road].max(until);
        self.agenda.at(until, Happening::Down(road));
    }

    /// Stops a node in good order: what it has given to its writer is still written.
    fn stop(&mut self, node: usize) -> Result<(), Violation> {
        self.handle(node, Event::Stop)?;
        while self.offices[node].engine.is_some() && !self.offices[node].store.is_at_rest() {
            self.disk(node)?;
        }
        self.end_node(node);
        let office = &mut self.offices[node];
        office.store.crash_in = None;
        office.store.sync();
        Ok(())
    }

    /// Stops a node and puts an old copy in the place of its store, then starts it as its tip file tells.
    pub(super) fn put_back(&mut self, node: usize, whole: bool) -> Result<(), Violation> {
        if self.offices[node].backup.is_none() {
            return Ok(());
        }
        self.crash(node)?;
        let office = &mut self.offices[node];
        if let Some(backup) = office.backup.take() {
            office.store.restore(backup, whole);
        }
        self.start_on_another_past(node)
    }

    /// Stops a node whose store is damaged, and carries over what can be read.
    pub(super) fn repair(&mut self, node: usize) -> Result<(), Violation> {
        self.end_node(node);
        let office = &mut self.offices[node];
        office.store.crash(&mut office.chance);
        office.store.crash_in = None;
        office.store.salvage();
        self.start_on_another_past(node)
    }

    fn start_on_another_past(&mut self, node: usize) -> Result<(), Violation> {
        let held = held(&self.offices[node].store.shelf);
        self.durable.replaced(node, &held);
        let doubt = self.offices[node].store.may_have_lost();
        self.start(node, doubt)
    }

    fn lie(&mut self, liar: u8, node: usize, chance: &mut Chance) -> Result<(), Violation> {
        let (boot, conn) = (self.offices[node].boot, ConnId(self.links.number()));
        let Some(engine) = &self.offices[node].engine else { return Ok(()) };
        let lies = self.liars.lies(liar, engine, chance);
        self.fault("lies", true);
        self.lies.insert(conn, node);
        let mut after = 0;
        for lie in lies {
            after += chance.draw() % 300;
            self.agenda.after(after, Happening::Lie(node, boot, conn, lie));
        }
        let peer = self.liars.key(liar);
        self.handle(node, Event::Connected { conn, peer, dialled: chance.once_in(2) })
    }

    /// Faults are over: disks have room, nodes are up, and all roads stay up.
    pub(super) fn end_faults(&mut self) -> Result<(), Violation> {
        self.over = Some(self.now());
        for node in 0..self.offices.len() {
            let store = &mut self.offices[node].store;
            (store.full, store.crash_in) = (false, None);
            self.offices[node].backup = None;
            // Whoever is down comes up; whose store is damaged is started anew.
            self.repair_if_needed(node)?;
        }
        match self.options.profile {
            Profile::Usb => self.agenda.after(0, Happening::Round),
            _ => (0..self.plan.roads.len()).for_each(|road| self.meet(road, 2 * PATIENCE)),
        }
        let lies: Vec<(ConnId, usize)> = std::mem::take(&mut self.lies).into_iter().collect();
        for (conn, node) in lies {
            self.handle(node, Event::Closed(conn))?;
        }
        self.agenda.after(SECOND, Happening::Look);
        Ok(())
    }

    fn repair_if_needed(&mut self, node: usize) -> Result<(), Violation> {
        if self.offices[node].engine.is_none() || self.offices[node].store.is_damaged() {
            return self.repair(node);
        }
        Ok(())
    }

    /// Whether nobody has anything left to do.
    pub(super) fn are_at_rest(&self) -> bool {
        !self.reads() && self.offices.iter().all(|office| office.is_at_rest())
    }

    /// Whether all hold the same and have nothing left to do.
    pub(super) fn look(&mut self) -> Result<(), Violation> {
        let now = self.now();
        let mut digests = self.offices.iter().map(|office| office.engine.as_ref().map(|e| e.ledger().digest()));
        let first = digests.next().flatten();
        let same = first.is_some() && digests.all(|digest| digest == first);
        // Sticks that bring nothing but acknowledgements keep stores busy.
        let rests = self.options.profile == Profile::Usb && self.same_since.is_some() || self.are_at_rest();
        self.same_since = (same && rests).then(|| self.same_since.unwrap_or(now));
        let over = self.over.unwrap_or_default();
        if self.same_since.is_none() && now > over + PATIENCE {
            let held: Vec<String> = self.offices.iter().map(|office| told(office, &self.offices[0])).collect();
            let minutes = PATIENCE / MINUTE;
            return Err(Violation::liveness("converges", format!("after {minutes} minutes: {}", held.join(", "))));
        }
        self.agenda.after(SECOND, Happening::Look);
        Ok(())
    }

    /// Everything that must hold once all are at rest.
    pub(super) fn check_at_rest(&mut self) -> Result<(), Violation> {
        self.durable.at_rest(0..self.offices.len())?;
        let mut all = Vec::new();
        for (number, office) in self.offices.iter_mut().enumerate() {
            let Some(engine) = &mut office.engine else { continue };
            agreement::whole(number, engine)?;
            let mut shown = Shown { office: number, rows: office.rows.clone(), views: Default::default() };
            for record in office.rows.keys() {
                let view = engine.record(*record);
                let mut view = view.map_err(|error| Violation::safety("whole", format!("office {number}: {error}")))?;
                if self.options.plant == Some(Plant::DropConcurrent) {
                    view.concurrent.iter_mut().for_each(|field| drop(field.values.pop()));
                }
                shown.views.insert(*record, view);
            }
            agreement::says(&shown, engine.ledger(), self.durable.acknowledged(), self.durable.is_lost())?;
            all.push(shown);
        }
        agreement::same(&all)?;
        if self.options.profile == Profile::Usb {
            self.all_know()?;
        }
        let first = all.first().map(|shown| &shown.views);
        self.records = [
            first.map_or(0, |views| views.len()),
            first.map_or(0, |views| views.values().map(|view| view.concurrent.len()).sum()),
        ];
        let offices = self.offices.len() as u64;
        bounds::spends(self.bytes.total(), self.received, self.connections, offices)
    }
}

/// What an office holds, in a few words: its digest, and where its feeds differ from those of another.
fn told(office: &Office, other: &Office) -> String {
    let Some(engine) = &office.engine else { return "down".to_owned() };
    let busy = if office.is_at_rest() { "" } else { " and is busy" };
    let mut text = format!("{}{busy}", engine.ledger().digest());
    for feed in engine.ledger().feeds() {
        let theirs = other.engine.as_ref().and_then(|other| other.ledger().feed(&feed.id));
        if theirs.is_none_or(|theirs| (theirs.tip, theirs.end) != (feed.tip, feed.end)) {
            let kind = if feed.is_branch() { "branch" } else { "feed" };
            text += &format!(" {kind} {} at {}, end {:?};", feed.id.short(), feed.tip.seq, feed.end.map(|end| end.0));
        }
    }
    text
}
