//! A node's store and its writer, on a disk that fails: writes take time, a crash falls between any two steps, values
//! can be damaged, and an old copy can take the place of the whole.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use toguna::store::tip::{Home, Tip, continuity};
use toguna_protocol::{
    engine::{Event, PersistId, own_tip},
    feed::Tip as FeedTip,
    ids::FeedId,
    shelf::{Batch, Shelf, ShelfError, Table},
    testing::{Chance, MemoryShelf},
};

use super::{clock::Time, options::Plant};
use crate::check::Written;

/// Places of values that cannot be read.
type Damaged = BTreeSet<(Table, Vec<u8>)>;

/// A shelf some of whose values cannot be read.
#[derive(Debug, Clone, Default)]
pub struct WornShelf {
    rows: MemoryShelf,
    damaged: Arc<Mutex<Damaged>>,
}

impl WornShelf {
    fn damaged(&self) -> MutexGuard<'_, Damaged> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, table: Table, key: &[u8]) -> Result<(), ShelfError> {
        match self.damaged().contains(&(table, key.to_vec())) {
            true => Err(ShelfError("a value is damaged".to_owned())),
            false => Ok(()),
        }
    }

    fn keys(&self, table: Table) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        let scanned = self.rows.scan(table, &[], None, &mut |key, _| {
            keys.push(key.to_vec());
            true
        });
        scanned.map(|()| keys).unwrap_or_default()
    }
}

impl Shelf for WornShelf {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfError> {
        self.check(table, key)?;
        self.rows.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), ShelfError> {
        let mut result = Ok(());
        self.rows.scan(table, from, to, &mut |key, value| {
            result = self.check(table, key);
            result.is_ok() && visit(key, value)
        })?;
        result
    }
}

/// A batch on its way to the disk.
pub struct Job {
    /// Its number.
    pub id: PersistId,
    /// What it writes.
    pub batch: Batch,
    /// Whether it is synced.
    pub durable: bool,
    /// The end of the own feed after it.
    pub own: Option<(FeedId, FeedTip)>,
    /// The entries in it, for the checkers.
    pub written: Vec<Written>,
}

enum Order {
    Write(Job),
    Resume,
}

/// How far the writer has come with the first order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Writing,
    Syncing,
    Noting,
}

/// What a step of the writer came to.
pub enum Step {
    /// There is nothing to do.
    Rest,
    /// The next step is due after this long.
    Next(Time),
    /// Entries are on the disk for good; the next step is due after this long.
    Durable(Vec<Written>, Time),
    /// To be reported, and the entries that may be told of from now on; the next step is due after this long.
    Report(Event, Vec<Written>, Time),
    /// The power fails before this step.
    Crash,
}

/// What the node's tip file holds, and where the store lives.
#[derive(Debug, Clone, Copy)]
struct TipNote {
    tip: Tip,
    home: Home,
}

/// A copy of a data directory.
pub struct Backup {
    rows: MemoryShelf,
    note: Option<TipNote>,
}

/// A node's disk.
pub struct Store {
    /// What the engine reads.
    pub shelf: WornShelf,
    /// Nothing more can be written.
    pub full: bool,
    /// So many steps from now the power fails.
    pub crash_in: Option<u32>,
    note: Option<TipNote>,
    home: Home,
    orders: VecDeque<Order>,
    stage: Stage,
    refusing: bool,
    /// Values were lost in a salvage, and the engine has not answered that yet.
    doubt: bool,
    plant: Option<Plant>,
}

impl Store {
    /// An empty disk, the `number`th of the world.
    pub fn new(number: usize, plant: Option<Plant>) -> Self {
        Store {
            shelf: WornShelf::default(),
            full: false,
            crash_in: None,
            note: None,
            home: Home { machine: [0; 32], device: number as u64, inode: 0, born: 0 },
            orders: VecDeque::new(),
            stage: Stage::Waiting,
            refusing: false,
            doubt: false,
            plant,
        }
    }

    /// Takes a batch. Returns what is reported of it at once, which an honest store never does.
    pub fn write(&mut self, job: Job) -> Option<Event> {
        let early = match self.plant {
            Some(Plant::EarlyAck) => job.own.is_some(),
            Some(Plant::ApplyUnaccepted) => job.own.is_none() && !job.written.is_empty(),
            _ => false,
        };
        let id = job.id;
        self.orders.push_back(Order::Write(job));
        early.then_some(Event::Persisted(id))
    }

    /// After a failure: what comes now is new.
    pub fn resume(&mut self) {
        self.orders.push_back(Order::Resume);
    }

    /// Whether nothing is to be written.
    pub fn is_at_rest(&self) -> bool {
        self.orders.is_empty()
    }

    /// Does one step of writing.
    pub fn step(&mut self, chance: &mut Chance) -> Step {
        let Some(order) = self.orders.front() else { return Step::Rest };
        if self.crash_in == Some(0) {
            return Step::Crash;
        }
        self.crash_in = self.crash_in.map(|steps| steps - 1);
        // A slow laptop's disk: mostly some milliseconds, now and then a second.
        let time = if chance.once_in(50) { chance.draw() % 1_000 } else { 1 + chance.draw() % 12 };
        let Order::Write(job) = order else {
            self.refusing = false;
            self.orders.pop_front();
            return Step::Next(0);
        };
        match self.stage {
            Stage::Waiting if self.full || self.refusing => {
                self.refusing = true;
                let event = Event::NotPersisted(job.id, "the disk is full".to_owned());
                self.orders.pop_front();
                return Step::Report(event, Vec::new(), time);
            }
            Stage::Waiting => self.stage = Stage::Writing,
            Stage::Writing => {
                self.shelf.rows.apply(job.batch.clone(), false);
                self.stage = if job.durable { Stage::Syncing } else { Stage::Noting };
            }
            Stage::Syncing => {
                self.shelf.rows.apply(Batch::default(), true);
                self.stage = Stage::Noting;
                return Step::Durable(job.written.clone(), time);
            }
            Stage::Noting => {
                if let Some((feed, tip)) = job.own {
                    let tip = Tip { feed, seq: tip.seq, hash: tip.hash };
                    self.note = Some(TipNote { tip, home: self.home });
                    // As the node's driver does: the new feed answers the doubt, and nothing before it.
                    self.doubt = false;
                }
                let (event, written) = (Event::Persisted(job.id), job.written.clone());
                self.orders.pop_front();
                self.stage = Stage::Waiting;
                return Step::Report(event, written, time);
            }
        }
        Step::Next(time)
    }

    /// Syncs what was written, as the writer does at the end.
    pub fn sync(&mut self) {
        self.shelf.rows.apply(Batch::default(), true);
    }

    /// The power fails: what was not synced is gone, or by luck it is not.
    pub fn crash(&mut self, chance: &mut Chance) {
        self.orders.clear();
        (self.stage, self.refusing, self.crash_in) = (Stage::Waiting, false, None);
        match chance.once_in(3) {
            true => self.shelf.rows.apply(Batch::default(), true),
            false => self.shelf.rows.crash(),
        }
    }

    /// Whether the store may hold less than was announced: values were lost, or the rule of the node's tip file says so.
    /// If not, the tip file is brought up to the store, as the node does before it announces anything.
    pub fn may_have_lost(&mut self) -> bool {
        if self.doubt {
            return true;
        }
        if self.plant == Some(Plant::ForgetTip) {
            return false;
        }
        let own = own_tip(&self.shelf).ok().flatten();
        let own = own.map(|(feed, tip)| Tip { feed, seq: tip.seq, hash: tip.hash });
        let note = self.note.as_ref().map(|note| (&note.tip, &note.home));
        let Some(own) = own else { return false };
        let lost = continuity(note, Some(&own), &self.home).demands_new_incarnation();
        if !lost {
            self.note = Some(TipNote { tip: own, home: self.home });
        }
        lost
    }

    /// Copies what is on the disk.
    pub fn back_up(&self) -> Backup {
        let rows = self.shelf.rows.copy();
        rows.crash();
        Backup { rows, note: self.note }
    }

    /// Puts a copy in the place of what is there: with the tip file of that time, or beside the one of now.
    pub fn restore(&mut self, backup: Backup, whole: bool) {
        self.shelf = WornShelf { rows: backup.rows, ..WornShelf::default() };
        self.doubt = false;
        self.home.born += 1;
        if whole {
            self.note = backup.note;
        } else if let Some(note) = &mut self.note {
            // The directory stayed, and only what is in it was put back: nothing but the tip tells.
            note.home = self.home;
        }
    }

    /// Makes one value unreadable. Returns false if there is none.
    pub fn damage(&mut self, chance: &mut Chance) -> bool {
        let tables = [
            Table::Entries,
            Table::Entries,
            Table::Feeds,
            Table::Records,
            Table::RecordEntries,
            Table::Arrivals,
            Table::Node,
        ];
        let table = tables[chance.below(tables.len())];
        let keys = self.shelf.keys(table);
        if keys.is_empty() {
            return false;
        }
        let key = keys[chance.below(keys.len())].clone();
        self.shelf.damaged().insert((table, key))
    }

    /// Whether a value cannot be read.
    pub fn is_damaged(&self) -> bool {
        !self.shelf.damaged().is_empty()
    }

    /// Carries over what can still be read, as a node does that finds its store damaged at the start.
    pub fn salvage(&mut self) {
        let damaged = std::mem::take(&mut *self.shelf.damaged());
        if damaged.is_empty() {
            return;
        }
        let mut batch = Batch::default();
        damaged.into_iter().for_each(|(table, key)| batch.remove(table, key));
        // What can be worked out anew is not carried over.
        for table in [Table::Peers, Table::Records] {
            self.shelf.keys(table).into_iter().for_each(|key| batch.remove(table, key));
        }
        self.shelf.rows.apply(batch, true);
        self.doubt = true;
    }
}
