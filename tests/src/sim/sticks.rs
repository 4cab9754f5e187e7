//! USB sticks: bundles made by the real code, carried from office to office, damaged, cut short, late, twice.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use toguna_protocol::{
    bundle::{self, Item, Keys},
    engine::{BundleRefusal, BundleStep, CommandId, Contents, Event, Taken},
    frontier::Frontier,
    ids::{AuthorKey, BundleName},
    testing::{Chance, SECRET},
};

use super::{
    clock::{DAY, HOUR, MINUTE, SECOND, Time},
    world::{Happening, World},
};
use crate::check::Violation;

/// Between two rounds of sticks once faults are over, and how long a stick then travels.
pub(super) const ROUND: Time = 60 * SECOND;
const TRAVELS: Time = 10 * SECOND;

/// Items that are given to a node at once.
const AT_ONCE: usize = 4;

/// Times that a node may give the same back before it is taken to do so for ever.
const PATIENCE: usize = 100;

/// A bundle on its way.
#[derive(Debug, Clone)]
pub(super) struct Stick {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) file: Rc<Vec<u8>>,
    /// Whether it is still as it was made.
    pub(super) whole: bool,
}

/// A bundle that is being read in.
struct Import {
    stick: Stick,
    boot: u32,
    maker: AuthorKey,
    items: VecDeque<Item>,
    given_back: usize,
}

/// All sticks of a world.
#[derive(Default)]
pub(super) struct Sticks {
    imports: BTreeMap<CommandId, Import>,
    /// Who asked whom for a bundle with everything in it, since the last could not be used.
    asked: BTreeSet<(usize, usize)>,
    /// What the last bundle from one office to another came to.
    last: BTreeMap<(usize, usize), (BundleName, Frontier)>,
    /// Bundles that were made, and bytes in them; bundles that were refused.
    pub(super) made: u64,
    pub(super) bytes: u64,
    pub(super) refused: u64,
}

impl World {
    /// Somebody copies a bundle to a stick at one office, and sets out for another.
    pub(super) fn set_out(&mut self, from: usize, to: usize, chance: &mut Chance) {
        let Some(file) = self.make_bundle(from, to, chance) else { return };
        let mut stick = Stick { from, to, file: Rc::new(file), whole: true };
        let travels = if chance.once_in(8) { chance.draw() % (2 * DAY) } else { MINUTE + chance.draw() % (6 * HOUR) };
        if chance.once_in(8) {
            // It stays in the drawer, and is read again.
            let later = travels + HOUR + chance.draw() % DAY;
            self.agenda.after(later, Happening::Stick(stick.clone()));
        }
        if chance.once_in(6) {
            let file = Rc::make_mut(&mut stick.file);
            match chance.once_in(2) {
                true => file.truncate(chance.below(file.len())),
                false => {
                    let at = chance.below(file.len());
                    file[at] ^= 1 << chance.below(8);
                }
            }
            stick.whole = false;
        }
        self.fault("damaged sticks", !stick.whole);
        self.agenda.after(travels, Happening::Stick(stick));
    }

    /// Once faults are over, sticks go round between all neighbours.
    pub(super) fn round_of_sticks(&mut self) {
        for road in 0..self.plan.roads.len() {
            let [a, b] = self.plan.roads[road].ends;
            for (from, to) in [(a, b), (b, a)] {
                let mut chance = Chance::new(self.road_chance[road].draw());
                if let Some(file) = self.make_bundle(from, to, &mut chance) {
                    let stick = Stick { from, to, file: Rc::new(file), whole: true };
                    self.agenda.after(TRAVELS, Happening::Stick(stick));
                }
            }
        }
        self.agenda.after(ROUND, Happening::Round);
    }

    fn make_bundle(&mut self, from: usize, to: usize, chance: &mut Chance) -> Option<Vec<u8>> {
        let addressee = self.author(to);
        let now = self.offices[from].now(self.now());
        let contents = if self.sticks.asked.remove(&(from, to)) || chance.once_in(8) {
            Contents::default()
        } else if let Some(last) = self.sticks.last.get(&(from, to)).filter(|_| chance.once_in(4)) {
            Contents { since: Some(last.clone()), ..Contents::default() }
        } else {
            Contents { addressee: Some(addressee), ..Contents::default() }
        };
        let mut salt = [0; 32];
        salt.chunks_mut(8).for_each(|eight| eight.copy_from_slice(&chance.draw().to_be_bytes()));
        let engine = self.offices[from].engine.as_mut()?;
        // A store that cannot be read makes no bundle: somebody comes again another day.
        let mut maker = engine.make_bundle(contents, &salt, now).ok()?;
        let mut file = Vec::new();
        while let Some(piece) = maker.step(engine.ledger()).ok()? {
            file.extend(piece);
        }
        self.sticks.made += 1;
        self.sticks.bytes += file.len() as u64;
        Some(file)
    }

    /// A stick has come to an office, and is read in.
    pub(super) fn stick(&mut self, stick: Stick) -> Result<(), Violation> {
        let to = stick.to;
        if self.offices[to].engine.is_none() {
            self.agenda.after(HOUR, Happening::Stick(stick));
            return Ok(());
        }
        let items = match bundle::decode(Keys::of_secret(SECRET), &stick.file[..]) {
            Ok(items) if stick.whole => items,
            Ok(_) => return Err(Violation::safety("bundles", format!("office {to} opened a damaged bundle"))),
            Err(_) if !stick.whole => {
                // Whoever brought it is asked for another.
                self.sticks.refused += 1;
                return Ok(());
            }
            Err(error) => return Err(Violation::safety("bundles", format!("a bundle does not open: {error}"))),
        };
        if let (Some(Item::Opened(opening)), Some(Item::Closed(closing))) = (items.first(), items.last()) {
            self.sticks.last.insert((stick.from, to), (opening.name, closing.reach.clone()));
        }
        let (boot, maker) = (self.offices[to].boot, AuthorKey([0; 32]));
        self.go_on_reading(Import { stick, boot, maker, items: items.into(), given_back: 0 })
    }

    fn go_on_reading(&mut self, mut import: Import) -> Result<(), Violation> {
        let step = match import.items.pop_front() {
            None => return Ok(()),
            Some(Item::Opened(opening)) => {
                import.maker = opening.maker;
                BundleStep::Open(opening)
            }
            Some(Item::Closed(closing)) => BundleStep::Close(closing),
            Some(item) => {
                let mut items = vec![item];
                while items.len() < AT_ONCE && !matches!(import.items.front(), None | Some(Item::Closed(_))) {
                    items.extend(import.items.pop_front());
                }
                BundleStep::Take(import.maker, items)
            }
        };
        let (id, node) = (self.next_command(), import.stick.to);
        self.sticks.imports.insert(id, import);
        self.handle(node, Event::Bundle(id, step))
    }

    /// An office has answered about a bundle.
    pub(super) fn bundled(
        &mut self,
        node: usize,
        id: CommandId,
        answer: Result<Taken, BundleRefusal>,
    ) -> Result<(), Violation> {
        let Some(mut import) = self.sticks.imports.remove(&id) else { return Ok(()) };
        match answer {
            Ok(taken) => {
                import.given_back = if taken.rest.is_empty() { 0 } else { import.given_back + 1 };
                if import.given_back > PATIENCE {
                    let what = format!("office {node} gives the same back for ever: {:?}", taken.rest.first());
                    return Err(Violation::liveness("bundles", what));
                }
                taken.rest.into_iter().rev().for_each(|item| import.items.push_front(item));
                self.go_on_reading(import)
            }
            Err(BundleRefusal::Lacks(_)) => {
                self.sticks.refused += 1;
                self.sticks.asked.insert((import.stick.from, node));
                Ok(())
            }
            // The disk is full, or damaged: somebody tries again.
            Err(_) => {
                self.agenda.after(10 * MINUTE, Happening::Stick(import.stick));
                Ok(())
            }
        }
    }

    /// A node is gone, and what it was reading is to be read again.
    pub(super) fn stop_reading(&mut self, node: usize) {
        let boot = self.offices[node].boot;
        let broken: Vec<CommandId> = self
            .sticks
            .imports
            .iter()
            .filter(|(_, import)| import.stick.to == node && import.boot < boot)
            .map(|(id, _)| *id)
            .collect();
        for id in broken {
            if let Some(import) = self.sticks.imports.remove(&id) {
                self.agenda.after(HOUR, Happening::Stick(import.stick));
            }
        }
    }

    /// Whether a bundle is being read in.
    pub(super) fn reads(&self) -> bool {
        !self.sticks.imports.is_empty()
    }

    /// Every office knows of every other that it has all: the acknowledgements went round as well.
    pub(super) fn all_know(&self) -> Result<(), Violation> {
        for (number, office) in self.offices.iter().enumerate() {
            let Some(engine) = &office.engine else { continue };
            for other in 0..self.offices.len() {
                let author = self.author(other);
                let said = engine.beacon(&author);
                let knows = |feed: &toguna_protocol::feed::Feed| {
                    feed.is_empty() || said.is_some_and(|beacon| beacon.holds().get(&feed.id) >= feed.tip.seq)
                };
                if let Some(feed) = engine.ledger().feeds().find(|feed| !knows(feed)) {
                    let what = format!("office {number} does not know that office {other} has {}", feed.id.short());
                    return Err(Violation::liveness("acknowledgements", what));
                }
            }
        }
        Ok(())
    }
}
