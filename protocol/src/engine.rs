//! The whole node without its hands: events in, effects out.
//!
//! The caller owns the clock, the store and the links. It gives every event to [`Engine::handle`], then carries out
//! what [`Engine::poll_effect`] returns, in order, until there is nothing more:
//!
//! ```text
//! Event::Command ──▶ document (on a copy) ──▶ feed ──▶ Effect::Persist ──▶ Event::Persisted ──▶ Effect::Reply
//! Event::Frame ──▶ session ──▶ ledger, verify ──▶ Effect::Persist ──▶ Event::Persisted ──▶ Effect::Send (have)
//!                                                                   └──▶ Event::Idle ──▶ Effect::Changed (a row)
//! ```
//!
//! Nothing is shown, announced, sent or acknowledged before its `Persisted`. What is derived (documents, rows) is
//! brought up to date when there is time, and never delays sync.

mod beacons;
mod beyond;
mod bundles;
mod commands;
mod documents;
mod drafts;
mod forks;
mod intake;
mod intent;
mod lanes;
mod offices;
mod own;
pub mod past;
mod queries;
mod receipts;
mod refresh;
pub mod rows;
mod sent;
mod settled;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use self::{
    beacons::Beacons, commands::OwnEdit, documents::Documents, drafts::Drafts, lanes::Lanes, offices::Offices,
    rows::Row, sent::SentForms,
};
pub use self::{
    beacons::{Carrier, Word},
    beyond::Walk,
    bundles::{BundleRefusal, BundleStep, Contents, Lack, Taken},
    commands::HeldBack,
    drafts::{Draft, DraftError, DraftNote, DraftStep, Kept, OpenForm},
    intent::{Command, CommandError, Intent, Saved},
    offices::Office,
    queries::{ConcurrentField, FieldStep, HistoryStep, QueryError, RecordView, SeenValue, SettledStep, Standstill},
    receipts::{Freshness, Receipt, ReceiptState},
    sent::SentForm,
    settled::{Contender, Settlement},
};
use crate::{
    document::Authorship,
    entry::VerifiedEntry,
    feed::{Feed, ForkProof, OfficeCard, Signer, Tip},
    frame::Reason,
    ids::{AuthorKey, EntryHash, Epoch, FeedId, Moment, NetworkId, Now, RecordId, Seq, UnixSeconds},
    ledger::{Accepted, ForkOutcome, Ledger, LedgerError},
    record::Vocabulary,
    session::{Baseline, Identity, Session},
    shelf::{Batch, Shelf, ShelfError, Table},
};

/// A connection, as the caller numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A command, as the caller numbers it, to find its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

impl CommandId {
    /// A command that the engine gave itself: nobody waits for its reply.
    const OURS: CommandId = CommandId(u64::MAX);
}

/// A batch on its way into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersistId(pub u64);

/// What an engine needs to know at the start.
pub struct Settings {
    /// The device's Ed25519 secret key.
    pub device_key: [u8; 32],
    /// What opens the network to a node.
    pub network_secret: Vec<u8>,
    /// The office at this node.
    pub name: String,
    /// The key of its region; absent for the national team.
    pub region: Option<String>,
    /// The program's version, for others to see.
    pub version: String,
    /// The highest version of the session protocol to speak: [`VERSION`](crate::frame::VERSION), but where an older node
    /// is to be imitated.
    pub speaks: u8,
    /// The keys that records may use.
    pub vocabulary: Arc<Vocabulary>,
    /// 32 random bytes, new at every start: incarnations and epochs are drawn from them.
    pub entropy: [u8; 32],
    /// The store may not hold all that was ever written: it was salvaged, restored, copied or moved. Opens a new
    /// epoch, and a new incarnation of our own feed.
    pub doubt: bool,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A person wants something written.
    Command(CommandId, Command),
    /// A link to a peer is up; the transport has proved its key. `dialled`: by us.
    Connected {
        /// The connection.
        conn: ConnId,
        /// The peer.
        peer: AuthorKey,
        /// Whether we dialled it, and not the peer us.
        dialled: bool,
    },
    /// A frame came.
    Frame(ConnId, Vec<u8>),
    /// Something of a bundle came; answered by [`Effect::Bundled`].
    Bundle(CommandId, BundleStep),
    /// What somebody types is to be kept or dropped; answered by [`Effect::Drafted`].
    Draft(CommandId, DraftStep),
    /// The link is gone.
    Closed(ConnId),
    /// A batch is durable. Batches become durable in the order they were given.
    Persisted(PersistId),
    /// A batch could not be written, and none given after it was.
    NotPersisted(PersistId, String),
    /// There is nothing else to do: time for what is derived.
    Idle,
    /// Time has passed. Due about once a second.
    Tick,
    /// The node is about to stop: sessions end, and what is derived is written down.
    Stop,
}

/// What is to be done, in order.
#[derive(Debug)]
pub enum Effect {
    /// Write a batch and report it. A durable one is synced first; `own` is then noted in the tip file.
    Persist {
        /// To be named in [`Event::Persisted`].
        id: PersistId,
        /// What to write.
        batch: Batch,
        /// Whether to sync before reporting; what is derived may wait for the next that does.
        durable: bool,
        /// The end of our own feed after this batch.
        own: Option<(FeedId, Tip)>,
    },
    /// After [`Event::NotPersisted`]: what was given before this was refused, what comes after is new.
    ResumePersisting,
    /// Send a frame.
    Send(ConnId, Vec<u8>),
    /// The peer belongs to the network: it may send large frames.
    Admit(ConnId),
    /// End a connection, after what was sent.
    Disconnect(ConnId, Reason),
    /// The answer to a command.
    Reply(CommandId, Result<Saved, CommandError>),
    /// The answer to something of a bundle: what was taken is durable.
    Bundled(CommandId, Result<Taken, BundleRefusal>),
    /// The answer about a draft, durable: what was kept; `None` if it was dropped.
    Drafted(CommandId, Result<Option<Kept>, DraftError>),
    /// A record's row is new or has changed.
    Changed(Box<Row>),
    /// Nothing of a record is applied, so it has no row: its creation has not arrived, or was set aside because its
    /// author's feed forked.
    Gone(RecordId),
    /// For logs, metrics and the office's health.
    Observed(Observation),
}

/// Something worth telling an operator. Never holds content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// A peer proved that it belongs here.
    Admitted {
        /// The connection.
        conn: ConnId,
        /// The peer.
        peer: AuthorKey,
        /// How far its clock is ahead of ours, in seconds.
        clock_ahead: i64,
    },
    /// A session ended through a fault, and whose.
    SessionEnded {
        /// The connection.
        conn: ConnId,
        /// The peer.
        peer: AuthorKey,
        /// Why.
        reason: Reason,
        /// More about it.
        detail: String,
    },
    /// Entries became durable that a peer sent.
    Received {
        /// From where.
        peer: AuthorKey,
        /// How many.
        entries: usize,
    },
    /// A peer told what it and others hold.
    BeaconsHeard {
        /// The peer.
        peer: AuthorKey,
        /// How many beacons were news.
        beacons: usize,
    },
    /// An entry was kept but not applied.
    SetAside {
        /// The entry.
        entry: EntryHash,
        /// [`crate::document::SetAside::code`].
        code: &'static str,
    },
    /// A feed ended at a proven fork.
    Forked {
        /// The feed.
        feed: FeedId,
        /// Its last good number.
        end: Seq,
    },
    /// Our own feed goes on in a new incarnation, and why.
    NewIncarnation(&'static str),
    /// Nothing more is written to our own feed, and why.
    OwnFeedClosed(&'static str),
    /// The store could not write.
    NotPersisted(String),
    /// The store could not be read.
    Unreadable(String),
}

/// What follows when a batch is durable.
enum Work {
    /// One of our own commands.
    Own(Box<OwnEdit>),
    /// Entries from a peer, or our own card.
    Received { peer: Option<AuthorKey>, accepted: Vec<Accepted>, bytes: usize },
    /// Entries from the end of a feed that we lack much of.
    Ahead(Vec<VerifiedEntry>),
    /// A fork.
    Forked(Box<ForkOutcome>, Box<ForkProof>),
    /// What the store had lost and could be put back: everything derived is made anew.
    Mended,
    /// Nothing: it was derived, or only had to be noted.
    Noted,
    /// Beacons, and thanks to who brought them.
    Beacons { thank: Option<ConnId> },
    /// An answer about a bundle.
    Bundle(CommandId, Box<Taken>),
    /// An answer about a draft.
    Draft(CommandId, Option<Kept>),
}

struct Pending {
    id: PersistId,
    work: Work,
}

/// A node.
pub struct Engine<S> {
    settings: Settings,
    signer: Signer,
    epoch: Epoch,
    ledger: Ledger<S>,
    own: FeedId,
    /// Whether our next entry may go to `own`.
    own_is_open: bool,
    drawn: u64,
    documents: Documents,
    offices: Offices,
    drafts: Drafts,
    sent: SentForms,
    lanes: Lanes,
    beacons: Beacons,
    sessions: BTreeMap<ConnId, Session>,
    /// When a peer last told the time as its link opened, by our clock, and how far its own was ahead.
    clocks: BTreeMap<AuthorKey, (UnixSeconds, i64)>,
    pending: VecDeque<Pending>,
    next_persist: u64,
    /// Commands that wait until the change before them on the same record is durable.
    waiting: BTreeMap<RecordId, VecDeque<(CommandId, Command)>>,
    /// Records with opinions that are held back here.
    held_back: BTreeSet<RecordId>,
    /// What is remembered of peers, and of which that is not written down yet.
    baselines: BTreeMap<AuthorKey, Baseline>,
    unwritten_baselines: BTreeSet<AuthorKey>,
    /// Bytes of entries from peers that the store is still writing.
    writing: usize,
    /// Proofs of forks in what is not held here yet, or is still being written.
    early_forks: VecDeque<ForkProof>,
    /// Stored rows that are behind.
    unwritten_rows: BTreeMap<RecordId, Option<Vec<u8>>>,
    /// A failed write took rows with it: until the next start they are not to be relied on.
    rows_lost: bool,
    /// What the store had lost could not be put back yet.
    unmended: bool,
    /// After a failed write: when peers are asked again for what was refused.
    retry_at: Option<Moment>,
    effects: VecDeque<Effect>,
}

/// Rows of [`Table::Node`].
mod node_row {
    /// The mark of the store.
    pub(super) const EPOCH: &[u8] = b"epoch";
    /// The feed we write to.
    pub(super) const OWN: &[u8] = b"own";
    /// The arrival up to which the rows of [`super::Table::Records`] speak. Its name grows with what rows hold: after an
    /// update all of them are made anew.
    pub(super) const REFLECTED: &[u8] = b"reflected 2";
}

/// The engine could not start on this store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The office's name is missing or too long.
    #[error("the office needs a name of 1 to 80 characters")]
    Name,
}

impl From<ShelfError> for OpenError {
    fn from(error: ShelfError) -> Self {
        OpenError::Ledger(error.into())
    }
}

/// The end of the own feed that a store was last written with, before anything is opened on it: to be compared with
/// the tip file, which tells a restored or copied store. `None` for a new store.
pub fn own_tip<S: Shelf>(shelf: &S) -> Result<Option<(FeedId, Tip)>, LedgerError> {
    let Some(own) = shelf.get(Table::Node, node_row::OWN)?.and_then(|bytes| FeedId::from_slice(&bytes)) else {
        return Ok(None);
    };
    let ledger = Ledger::open(shelf)?;
    Ok(ledger.feed(&own).map(|feed| (own, feed.tip)))
}

impl<S: Shelf> Engine<S> {
    /// Starts on a store. The first effects write what a new store needs.
    pub fn open(settings: Settings, shelf: S, now: Now) -> Result<Self, OpenError> {
        let network = NetworkId::of_secret(&settings.network_secret);
        let signer = Signer::new(&settings.device_key, network);
        let card = OfficeCard { name: settings.name.clone(), region: settings.region.clone(), at: now.wall.0 };
        if settings.name.trim().is_empty() || OfficeCard::decode(&card.encode()).is_none() {
            return Err(OpenError::Name);
        }
        let epoch = shelf.get(Table::Node, node_row::EPOCH)?.and_then(|bytes| Epoch::from_slice(&bytes));
        let own = shelf.get(Table::Node, node_row::OWN)?.and_then(|bytes| FeedId::from_slice(&bytes));
        let reflected = shelf.get(Table::Node, node_row::REFLECTED)?.and_then(|bytes| bytes.try_into().ok());
        let ledger = Ledger::open(shelf)?;
        let baselines = refresh::read_baselines(ledger.shelf())?;
        let mut engine = Engine {
            epoch: epoch.unwrap_or(Epoch([0; 8])),
            own: own.unwrap_or(FeedId([0; 32])),
            signer,
            ledger,
            own_is_open: true,
            drawn: 0,
            documents: Documents::new(),
            offices: Offices::default(),
            drafts: Drafts::default(),
            sent: SentForms::default(),
            lanes: Lanes::default(),
            beacons: Beacons::default(),
            sessions: BTreeMap::new(),
            clocks: BTreeMap::new(),
            pending: VecDeque::new(),
            next_persist: 0,
            waiting: BTreeMap::new(),
            held_back: BTreeSet::new(),
            baselines,
            unwritten_baselines: BTreeSet::new(),
            writing: 0,
            early_forks: VecDeque::new(),
            unwritten_rows: BTreeMap::new(),
            rows_lost: false,
            unmended: false,
            retry_at: None,
            effects: VecDeque::new(),
            settings,
        };
        if engine.settings.doubt {
            engine.mend()?;
        }
        engine.offices = Offices::load(&engine.ledger)?;
        engine.lanes = Lanes::load(&engine.ledger)?;
        engine.beacons = Beacons::load(&engine.ledger)?;
        if epoch.is_none() || engine.settings.doubt {
            engine.epoch = Epoch(engine.draw()[..8].try_into().expect("a hash has 32 bytes"));
        }
        let usable = own.and_then(|own| engine.ledger.feed(&own)).is_some_and(|feed| feed.end.is_none());
        if !usable || engine.settings.doubt {
            let why = match (epoch, engine.settings.doubt) {
                (None, false) => "the first of this store",
                (Some(_), false) => "the one before was closed",
                (_, true) => "the store may not hold all that was written",
            };
            engine.open_own_feed(why);
        }
        let held = engine.offices.card(&engine.signer.author());
        let is_new = held.is_none_or(|held| (&held.name, &held.region) != (&card.name, &card.region));
        if is_new || engine.ledger.feed(&engine.own).is_none_or(Feed::is_empty) {
            engine.write_card(card);
        }
        engine.catch_up(crate::ids::Arrival(reflected.map_or(0, u64::from_be_bytes)))?;
        Ok(engine)
    }

    /// Takes in an event. [`Self::poll_effect`] then returns what is to be done.
    pub fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Command(id, command) => self.command(id, command, now),
            Event::Connected { conn, peer, dialled } => self.connected(conn, peer, dialled, now),
            Event::Frame(conn, bytes) => self.frame(conn, &bytes, now),
            Event::Closed(conn) => self.closed(conn),
            Event::Bundle(id, step) => self.bundle(id, step, now),
            Event::Draft(id, step) => self.draft(id, step, now),
            Event::Persisted(id) => self.persisted(id, now),
            Event::NotPersisted(id, why) => self.not_persisted(id, &why, now),
            Event::Idle => self.refresh(now),
            Event::Tick => self.tick(now),
            Event::Stop => self.stop(),
        }
        self.drain_sessions();
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether rows are behind.
    pub fn has_stale_rows(&self) -> bool {
        self.documents.stale().next().is_some()
    }

    /// Whether [`Event::Idle`] is welcome now: rows are behind, and no entries are being written that would soon put
    /// them behind again. While entries pour in, rows follow a few with every tick.
    pub fn has_time_for_rows(&self) -> bool {
        self.has_stale_rows() && self.writing == 0
    }

    /// From now on, what peers send is checked, kept, passed on and acknowledged, and not applied: for worlds of more
    /// nodes than a machine can show records for.
    #[cfg(any(test, feature = "testing"))]
    pub fn hold_only(&mut self) {
        self.documents.follows = false;
    }

    /// The ledger, for reading.
    pub fn ledger(&self) -> &Ledger<S> {
        &self.ledger
    }

    /// Our own device key.
    pub fn author(&self) -> AuthorKey {
        self.signer.author()
    }

    /// The network.
    pub fn network(&self) -> NetworkId {
        self.signer.network()
    }

    /// The feed we write to, or wrote to last.
    pub fn own_feed(&self) -> FeedId {
        self.own
    }

    /// The mark of this store.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The open sessions.
    pub fn sessions(&self) -> impl Iterator<Item = (ConnId, &Session)> {
        self.sessions.iter().map(|(conn, session)| (*conn, session))
    }

    /// What is remembered of peers.
    pub fn baselines(&self) -> impl Iterator<Item = (&AuthorKey, &Baseline)> {
        self.baselines.iter()
    }

    /// 32 bytes that nobody else can guess, different each time.
    fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        *blake3::keyed_hash(&self.settings.entropy, &self.drawn.to_be_bytes()).as_bytes()
    }

    fn persist(&mut self, batch: Batch, durable: bool, work: Work) {
        let id = PersistId(self.next_persist);
        self.next_persist += 1;
        let own = match &work {
            Work::Own(_) | Work::Received { peer: None, .. } => {
                self.ledger.verified_tip(&self.own).map(|tip| (self.own, tip))
            }
            _ => None,
        };
        self.pending.push_back(Pending { id, work });
        self.effects.push_back(Effect::Persist { id, batch, durable, own });
    }

    fn observe(&mut self, observation: Observation) {
        self.effects.push_back(Effect::Observed(observation));
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            author: self.signer.author(),
            secret: &self.settings.network_secret,
            epoch: self.epoch,
            speaks: self.settings.speaks,
        }
    }

    fn authorship(&self, command: &Command, at: UnixSeconds) -> Authorship {
        Authorship { person: command.person.trim().to_owned(), reason: command.reason.clone(), at }
    }
}

#[cfg(test)]
mod tests;
