//! Two offices' engines joined by a link on which time and bytes are counted: no sockets, no disk, the same on every
//! machine. What is sent in one direction while frames are under way in the other arrives together: one *crossing*.
//! Where the rate of the link counts, or its cuts, see [`thin`].

pub mod thin;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use toguna_protocol::{
    engine::{Command, CommandError, CommandId, ConnId, Effect, Engine, Event, Intent, Saved, Settings},
    frame::VERSION,
    ids::{Moment, Now, UnixSeconds},
    record::{Kind, Vocabulary},
    testing::MemoryShelf,
};

use crate::office::SECRET;

/// Milliseconds that a crossing takes: the thin link of an office.
const CROSSING: u64 = 600;

/// Crossings after which two offices that still have something to say are taken to go on for ever.
const ENDLESS: usize = 10_000;

/// One office's engine with its store in memory.
pub struct Desk {
    engine: Engine<MemoryShelf>,
    maker: Maker,
    /// The connection that is used.
    conn: ConnId,
    shelf: MemoryShelf,
    now: Now,
    replies: BTreeMap<CommandId, Result<Saved, CommandError>>,
    next_command: u64,
    /// Frames on their way to the other office.
    outgoing: Vec<Vec<u8>>,
    closed: bool,
}

const CONN: ConnId = ConnId(1);

/// What an office is made of, beside its store.
#[derive(Clone)]
struct Maker {
    name: String,
    key: [u8; 32],
    secret: Vec<u8>,
    vocabulary: Arc<Vocabulary>,
}

impl Desk {
    /// A new office.
    ///
    /// # Panics
    /// If the engine does not start.
    pub fn new(name: &str, key: u8, vocabulary: Arc<Vocabulary>) -> Self {
        Desk::of(name, [key; 32], SECRET, vocabulary)
    }

    /// A new office with this device key, in the network that this secret opens.
    ///
    /// # Panics
    /// If the engine does not start.
    pub fn of(name: &str, key: [u8; 32], secret: &[u8], vocabulary: Arc<Vocabulary>) -> Self {
        let maker = Maker { name: name.to_owned(), key, secret: secret.to_vec(), vocabulary };
        let now = Now { wall: UnixSeconds(1_795_000_000), moment: Moment(1_000_000) };
        Desk::open(maker, MemoryShelf::default(), now)
    }

    /// The same office, started again on a copy of its store.
    ///
    /// # Panics
    /// If the engine does not start.
    pub fn again(&self) -> Self {
        Desk::open(self.maker.clone(), self.shelf.copy(), self.now)
    }

    fn open(maker: Maker, shelf: MemoryShelf, now: Now) -> Self {
        let settings = Settings {
            device_key: maker.key,
            network_secret: maker.secret.clone(),
            name: maker.name.clone(),
            region: None,
            vocabulary: maker.vocabulary.clone(),
            entropy: maker.key,
            version: "0.0.0".to_owned(),
            speaks: VERSION,
            doubt: false,
        };
        let engine = Engine::open(settings, shelf.clone(), now).expect("an engine starts on a sound store");
        let (replies, outgoing) = Default::default();
        let mut desk =
            Desk { engine, maker, conn: CONN, shelf, now, replies, next_command: 0, outgoing, closed: false };
        desk.carry_out();
        desk
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Persist { id, batch, durable, .. } => {
                    self.shelf.apply(batch, durable);
                    self.engine.handle(Event::Persisted(id), self.now);
                }
                Effect::Send(conn, frame) if conn == self.conn => self.outgoing.push(frame),
                Effect::Reply(id, result) => drop(self.replies.insert(id, result)),
                Effect::Disconnect(conn, _) if conn == self.conn => self.closed = true,
                _ => {}
            }
        }
    }

    fn handle(&mut self, event: Event) {
        self.engine.handle(event, self.now);
        self.carry_out();
    }

    /// Carries out a command as a person of this office.
    ///
    /// # Panics
    /// If it is refused.
    pub fn submit(&mut self, intent: Intent) -> Saved {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.now.wall.0 += 1_900;
        self.now.moment.0 += 1_900_000;
        self.handle(Event::Command(id, Command { person: "A. Maïga".to_owned(), reason: None, intent }));
        self.replies.remove(&id).expect("the store answers at once").expect("the command is a proper one")
    }

    /// Makes a record.
    pub fn create(&mut self, kind: Kind, fields: Value) -> Saved {
        self.submit(Intent::Create(kind, fields))
    }

    /// Changes a record as it was when it was last saved.
    pub fn patch(&mut self, seen: &Saved, patch: Value) -> Saved {
        self.submit(Intent::Patch(seen.record, seen.heads.clone(), patch))
    }

    /// The engine.
    pub fn engine(&mut self) -> &mut Engine<MemoryShelf> {
        &mut self.engine
    }

    /// What its store holds.
    pub fn shelf(&self) -> &MemoryShelf {
        &self.shelf
    }

    /// Lets time pass without anything happening.
    pub fn wait(&mut self, milliseconds: u64) {
        self.now.moment.0 += milliseconds;
        self.now.wall.0 += milliseconds as i64 / 1_000;
        self.handle(Event::Tick);
    }
}

/// What one connection took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Bytes of frames from the first office to the second, without the transport's.
    pub there: usize,
    /// And back.
    pub back: usize,
    /// Crossings until both held the same.
    pub crossings: usize,
}

impl Taken {
    /// Bytes in both directions.
    pub fn bytes(&self) -> usize {
        self.there + self.back
    }

    /// Round trips until both held the same.
    pub fn round_trips(&self) -> f64 {
        self.crossings as f64 / 2.0
    }
}

/// Joins two offices until they have nothing more to say, and cuts the link.
///
/// # Panics
/// If they do not come to hold the same.
pub fn join(a: &mut Desk, b: &mut Desk) -> Taken {
    let taken = join_until(a, b, |_| false);
    assert_eq!(a.engine.ledger().digest(), b.engine.ledger().digest(), "both hold the same");
    taken
}

/// Joins two offices until they have nothing more to say, or `cut` is true after a crossing.
///
/// # Panics
/// If one of them ends the session.
pub fn join_until(a: &mut Desk, b: &mut Desk, cut: impl Fn(&Taken) -> bool) -> Taken {
    let (key_a, key_b) = (a.engine.author(), b.engine.author());
    let later = a.now.moment.max(b.now.moment);
    (a.now.moment, b.now.moment) = (later, later);
    a.handle(Event::Connected { conn: CONN, peer: key_b, dialled: true });
    b.handle(Event::Connected { conn: CONN, peer: key_a, dialled: false });
    let mut taken = Taken::default();
    let mut level = None;
    for crossing in 1..ENDLESS {
        let (there, back) = (std::mem::take(&mut a.outgoing), std::mem::take(&mut b.outgoing));
        if there.is_empty() && back.is_empty() || cut(&taken) {
            break;
        }
        taken.there += there.iter().map(Vec::len).sum::<usize>();
        taken.back += back.iter().map(Vec::len).sum::<usize>();
        for desk in [&mut *a, &mut *b] {
            desk.now.moment.0 += CROSSING;
        }
        there.into_iter().for_each(|frame| b.handle(Event::Frame(CONN, frame)));
        back.into_iter().for_each(|frame| a.handle(Event::Frame(CONN, frame)));
        assert!(!a.closed && !b.closed, "two honest offices go on");
        if level.is_none() && a.engine.ledger().digest() == b.engine.ledger().digest() {
            level = Some(crossing);
        }
    }
    taken.crossings = level.unwrap_or(ENDLESS);
    a.handle(Event::Closed(CONN));
    b.handle(Event::Closed(CONN));
    a.outgoing.clear();
    b.outgoing.clear();
    taken
}
