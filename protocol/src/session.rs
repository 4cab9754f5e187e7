//! One peer: who it is, what it holds, what we owe it.
//!
//! ```text
//! both:  Hello                        proof of the network first, and one digest of all that is held
//! both:  Frontier                     only if the digests differ
//! both:  Chunk, Chunk, …              what the other lacks, without waiting
//! both:  Have                         what became durable here, with a digest once both hold the same numbers
//! ```
//!
//! Equal numbers under unequal digests mean that a feed forked: `suspects` then searches for the place.
//!
//! A session knows feeds, numbers and hashes, and nothing of records. It reads the [`Ledger`], takes frames, and fills
//! an outbox; what must be decided or stored goes to the engine as [`Incoming`].

mod ahead;
mod baseline;
mod beacons;
mod numbers;
mod suspects;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use self::baseline::Baseline;
use self::{baseline::Mark, beacons::Talk, suspects::Suspects};
use crate::{
    beacon::{Holdings, Told},
    chunk::{Codec, Effort, Packed},
    feed::{Feed, ForkProof, Genesis, ProofSide},
    frame::{Dictionary, Frame, Hello, Reason, feeds_digest, hello_mac},
    frontier::Frontier,
    ids::{Arrival, AuthorKey, EntryHash, Epoch, FeedId, Moment, Now, Seq, UnixSeconds},
    ledger::{Ledger, LedgerError},
    limits::{MAX_FRAME, MAX_QUESTIONS, MAX_WINDOW, MIN_WINDOW, QUESTIONS_PER_TICK},
    shelf::Shelf,
    wire::WireError,
};

/// Milliseconds without a frame after which a sign of life is sent.
const ALIVE_AFTER: u64 = 45_000;

/// Milliseconds without a frame after which the peer is taken for gone: the link may have died without a word.
const SILENT_AFTER: u64 = 150_000;

/// Milliseconds without any frame while a hello or entries are under way, after which the connection is taken for
/// stalled.
const STALLED_AFTER: u64 = 30_000;

/// A link whose chunks are acknowledged within this many milliseconds can take more at once.
const BRISK: u64 = 2_000;

/// A link that answers within this many milliseconds is fast: packing hard would take longer than it saves.
const FAST: u64 = 150;

/// What this node is to its peers.
pub struct Identity<'a> {
    /// Our device key.
    pub author: AuthorKey,
    /// The network's secret.
    pub secret: &'a [u8],
    /// The mark of our store.
    pub epoch: Epoch,
    /// The highest version of the protocol that we speak.
    pub speaks: u8,
}

/// What a frame asks of the engine.
#[derive(Debug)]
pub enum Incoming {
    /// The peer has proved that it belongs here.
    Admitted {
        /// Its clock as its hello gave it.
        clock: UnixSeconds,
    },
    /// The peer holds these; our own feed may be among them, further than we hold it.
    Holds(Vec<(FeedId, Seq)>),
    /// Entries.
    Run(Packed),
    /// The last entries of a feed that we lack much of, and what stands before them.
    Ahead(Genesis, EntryHash, Packed),
    /// A proof that a feed forked.
    Fork(ForkProof),
    /// The peer's side of a fork after an entry that both hold.
    Side(FeedId, Seq, ProofSide),
    /// What nodes say they hold: who is to have said so, and what it comes to.
    Beacons(Vec<(AuthorKey, Told, Holdings)>),
}

/// Why a frame ends the session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The peer broke a rule.
    #[error("the peer {0}")]
    Offence(Reason),
    /// The frame does not follow the format.
    #[error("the peer sent a malformed frame: {0}")]
    Malformed(#[from] WireError),
    /// The peer ended the session.
    #[error("the peer ended the session: we are {0}")]
    Bye(Reason),
    /// Our own store cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl SessionError {
    /// What the peer is told.
    pub fn reason(&self) -> Reason {
        match self {
            SessionError::Offence(reason) | SessionError::Bye(reason) => *reason,
            SessionError::Malformed(WireError::Invalid("version")) => Reason::Version,
            SessionError::Malformed(_) => Reason::Malformed,
            SessionError::Ledger(_) => Reason::Stopping,
        }
    }
}

#[derive(Debug)]
enum Stage {
    /// Our hello is out; theirs has not come. Holds what we said in ours.
    Greeting { hello: Box<Hello>, frontier: Frontier, feeds: Vec<FeedId> },
    /// Both hellos hold. `heard` tells whether we know what the peer has.
    Live { heard: bool },
    /// Both hellos hold, and the peer holds at least what it did at the mark that both know.
    Supposed,
}

/// A chunk that is under way.
#[derive(Debug)]
struct Flight {
    feed: FeedId,
    last: Seq,
    bytes: usize,
    sent: Moment,
}

/// The sync with one peer over one connection.
#[derive(Debug)]
pub struct Session {
    /// The peer's device key, as the transport proved it.
    peer: AuthorKey,
    ours: AuthorKey,
    /// Whether we dialled the connection.
    dialled: bool,
    stage: Stage,
    sending: Dictionary,
    receiving: Dictionary,
    outbox: VecDeque<Vec<u8>>,
    /// What the peer has said it holds, or has sent.
    confirmed: Frontier,
    /// The same with what is under way to it.
    expected: Frontier,
    /// How far the peer may take us to hold each feed: what we said, and what it has sent. A chunk beyond is an offence.
    reach: Frontier,
    flights: VecDeque<Flight>,
    window: usize,
    /// Feeds in which the peer cannot go on from what we have.
    held: BTreeSet<FeedId>,
    /// Branches whose proof is under way to the peer.
    introduced: BTreeSet<FeedId>,
    suspects: Suspects,
    /// What is remembered of the peer, and whether that is news.
    baseline: Option<Baseline>,
    baseline_is_news: bool,
    /// How hard it pays to pack on this link.
    effort: Effort,
    /// Feeds that the peer wants plain, and those that we want plain from it.
    plain: BTreeSet<FeedId>,
    asked_plain: BTreeSet<FeedId>,
    beacons: Talk,
    /// Feeds whose last entries we asked for.
    asked_ahead: BTreeSet<FeedId>,
    /// Feeds in which we told the peer to wait, and whether our next frontier is to make it try again.
    waiting: BTreeMap<FeedId, bool>,
    /// The last arrival here after which there was nothing to send, until the peer says something of what it lacks.
    idle_at: Option<Arrival>,
    /// How many more questions the peer may ask at once.
    questions: u32,
    opened: Moment,
    last_heard: Moment,
    last_sent: Moment,
}

impl Session {
    /// Opens a session: the hello is in the outbox.
    pub fn open<S: Shelf>(
        us: &Identity<'_>,
        (peer, dialled): (AuthorKey, bool),
        baseline: Option<&Baseline>,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Self {
        let baseline = baseline.filter(|baseline| baseline.is_of(us.epoch)).cloned();
        let agreed = baseline.as_ref().and_then(|baseline| baseline.agreed.as_ref());
        let feeds: Vec<FeedId> = ledger.feeds().map(|feed| feed.id).collect();
        let mut hello = Hello {
            version: us.speaks,
            mac: [0; 16],
            epoch: us.epoch,
            digest: ledger.digest(),
            feeds: feeds_digest(&feeds),
            baseline: agreed.map_or([0; 8], Mark::id),
            clock: now.wall,
        };
        hello.mac = hello_mac(us.secret, &us.author, &peer, &hello);
        let mut session = Session {
            peer,
            ours: us.author,
            dialled,
            stage: Stage::Greeting { hello: Box::new(hello), frontier: ledger.frontier().clone(), feeds },
            sending: Dictionary::default(),
            receiving: Dictionary::default(),
            outbox: VecDeque::new(),
            confirmed: Frontier::default(),
            expected: Frontier::default(),
            reach: Frontier::default(),
            flights: VecDeque::new(),
            window: MIN_WINDOW,
            held: BTreeSet::new(),
            introduced: BTreeSet::new(),
            suspects: Suspects::default(),
            baseline,
            baseline_is_news: false,
            effort: Effort::Thin,
            plain: BTreeSet::new(),
            asked_plain: BTreeSet::new(),
            beacons: Talk::default(),
            asked_ahead: BTreeSet::new(),
            waiting: BTreeMap::new(),
            idle_at: None,
            questions: MAX_QUESTIONS,
            opened: now.moment,
            last_heard: now.moment,
            last_sent: now.moment,
        };
        session.send(&Frame::Hello(hello), now);
        session
    }

    /// The version of the protocol that both speak.
    fn version(&self) -> u8 {
        self.sending.version()
    }

    /// The peer's device key.
    pub fn peer(&self) -> AuthorKey {
        self.peer
    }

    /// Whether the peer has proved that it belongs to the network.
    pub fn is_admitted(&self) -> bool {
        !matches!(self.stage, Stage::Greeting { .. })
    }

    /// What the peer has said it holds; `None` until it has.
    pub fn confirmed(&self) -> Option<&Frontier> {
        matches!(self.stage, Stage::Live { heard: true }).then_some(&self.confirmed)
    }

    /// Whether the connection was dialled by the one of the two with the lower key.
    pub fn dialled_by_lower(&self) -> bool {
        self.dialled == (self.ours < self.peer)
    }

    /// When the session was opened.
    pub fn opened(&self) -> Moment {
        self.opened
    }

    /// When the last frame came.
    pub fn last_heard(&self) -> Moment {
        self.last_heard
    }

    /// Whether entries are under way that the peer has not acknowledged.
    pub fn is_sending(&self) -> bool {
        !self.flights.is_empty()
    }

    /// The next frame to send, in order.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    fn send(&mut self, frame: &Frame, now: Now) {
        let bytes = frame.encode(&mut self.sending);
        self.outbox.push_back(bytes);
        self.last_sent = now.moment;
    }

    /// Takes a frame. An error ends the session; the peer is told its [`SessionError::reason`].
    pub fn receive<S: Shelf>(
        &mut self,
        us: &Identity<'_>,
        bytes: &[u8],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<Option<Incoming>, SessionError> {
        self.last_heard = now.moment;
        if !self.is_admitted() {
            return self.greet(us, bytes, ledger, now).map(Some);
        }
        if bytes.len() > MAX_FRAME {
            return Err(SessionError::Offence(Reason::Limit));
        }
        match Frame::decode(bytes, &mut self.receiving)? {
            Frame::Hello(_) => Err(SessionError::Offence(Reason::OutOfTurn)),
            Frame::Bye(reason) => Err(SessionError::Bye(reason)),
            Frame::Frontier(digest, numbers) => self.hear_numbers(digest, numbers, ledger, now).map(Some),
            Frame::Changed(digest, changed) => {
                let numbers = self.changed_since(changed)?;
                self.hear_numbers(digest, numbers, ledger, now).map(Some)
            }
            Frame::Chunk(packed) => {
                self.hear_chunk(&packed, now)?;
                let again = packed.codec == Codec::STRIPPED && self.asked_plain.contains(&packed.feed);
                Ok((!again).then_some(Incoming::Run(packed)))
            }
            Frame::Plain(feed, seq) => {
                self.count_question()?;
                self.hear_plain(feed, seq);
                Ok(None)
            }
            Frame::Have(numbers, digest) => {
                self.hear_all_it_has(&numbers, digest, ledger, now);
                Ok(Some(Incoming::Holds(numbers)))
            }
            Frame::Hold(feed, seq) => {
                self.hear_hold(feed, seq);
                Ok(None)
            }
            Frame::Compare(items) => {
                self.count_question()?;
                self.answer_compare(&items, ledger, now)?;
                Ok(None)
            }
            Frame::Compared(items) => {
                self.narrow(&items, ledger, now)?;
                Ok(None)
            }
            Frame::AskAhead(feed) => {
                self.answer_ahead(&feed, ledger, now)?;
                Ok(None)
            }
            Frame::Ahead(genesis, before, packed) => self.hear_ahead(genesis, before, packed).map(Some),
            Frame::Beacons(told) => self.hear_beacons(told, ledger),
            Frame::Side(feed, base, side) => Ok(Some(Incoming::Side(feed, base, side))),
            Frame::Fork(proof) => {
                for branch in proof.branches() {
                    self.reach.raise(branch, proof.base.seq);
                    self.hear_have(branch, proof.base.seq, now);
                }
                Ok(Some(Incoming::Fork(proof)))
            }
        }
    }

    /// Every answer costs us more than the peer its question.
    fn count_question(&mut self) -> Result<(), SessionError> {
        self.questions = self.questions.checked_sub(1).ok_or(SessionError::Offence(Reason::Limit))?;
        Ok(())
    }

    /// The peer holds what it sends.
    fn hear_chunk(&mut self, run: &Packed, now: Now) -> Result<(), SessionError> {
        if run.first > self.reach.get(&run.feed).next() {
            return Err(SessionError::Offence(Reason::OutOfTurn));
        }
        self.reach.raise(run.feed, run.last());
        self.hear_have(run.feed, run.last(), now);
        Ok(())
    }

    /// The peer holds this much, since it says so or sends it.
    fn hear_have(&mut self, feed: FeedId, seq: Seq, now: Now) {
        self.confirmed.raise(feed, seq);
        self.expected.raise(feed, seq);
        let mut acknowledged = 0;
        let mut slowest = 0;
        self.flights.retain(|flight| {
            let arrived = flight.feed == feed && flight.last <= seq;
            if arrived {
                acknowledged += flight.bytes;
                slowest = slowest.max(now.moment.0.saturating_sub(flight.sent.0));
            }
            !arrived
        });
        // Two seconds of the rate at which chunks get through: enough to keep a link busy, little enough that what is
        // urgent does not wait behind what is not.
        if acknowledged > 0 {
            self.effort = if slowest <= FAST { Effort::Fast } else { Effort::Thin };
        }
        if acknowledged > 0 && slowest <= BRISK {
            self.window = (self.window * 2).min(MAX_WINDOW);
        } else if acknowledged > 0 {
            self.window = (self.window / 2).max(MIN_WINDOW);
        }
    }

    /// The peer could not unpack what we sent of a feed after this number.
    fn hear_plain(&mut self, feed: FeedId, seq: Seq) {
        self.plain.insert(feed);
        self.flights.retain(|flight| flight.feed != feed);
        self.confirmed.lower(feed, seq);
        self.expected.lower(feed, seq);
        self.idle_at = None;
    }

    /// A run of this feed came that cannot be unpacked, or not to what it should be: what follows `after` is to come
    /// again, plain.
    pub fn ask_plain(&mut self, feed: FeedId, after: Seq, now: Now) {
        if self.asked_plain.insert(feed) {
            self.send(&Frame::Plain(feed, after), now);
        }
    }

    fn hear_hold(&mut self, feed: FeedId, seq: Seq) {
        self.flights.retain(|flight| flight.feed != feed);
        if seq.0 > 0 {
            self.confirmed.raise(feed, seq);
        }
        self.introduced.remove(&feed);
        self.held.insert(feed);
    }

    /// These feeds can go on again: a fork of them was proved.
    pub fn release(&mut self, feeds: impl IntoIterator<Item = FeedId>) {
        for feed in feeds {
            self.held.remove(&feed);
            self.suspects.remove(&feed);
            self.waiting.remove(&feed);
        }
        self.idle_at = None;
    }

    /// Tells the peer what became durable here, except what it will see anyway when we send it on.
    pub fn have<S: Shelf>(&mut self, changed: &[(FeedId, Seq)], ledger: &Ledger<S>, now: Now) {
        let expected = &self.expected;
        let news: Vec<_> = changed.iter().copied().filter(|(feed, seq)| expected.get(feed) >= *seq).collect();
        if self.is_admitted() && !news.is_empty() {
            news.iter().for_each(|(feed, seq)| self.reach.raise(*feed, *seq));
            let digest = self.is_level(ledger).then(|| self.tell(ledger));
            self.send(&Frame::Have(news, digest), now);
        }
    }

    /// Fills the outbox with what the peer lacks, as far as the window goes. `lane` tells where a feed belongs of which
    /// the peer holds so much: what is in a lower lane goes first.
    pub fn pump<S: Shelf>(
        &mut self,
        ledger: &Ledger<S>,
        lane: &impl Fn(&Feed, Seq) -> u8,
        now: Now,
    ) -> Result<(), LedgerError> {
        let may_send = matches!(self.stage, Stage::Live { heard: true } | Stage::Supposed);
        if !may_send || self.idle_at == Some(ledger.last_arrival()) {
            return Ok(());
        }
        if !matches!(self.stage, Stage::Supposed) {
            self.introduce(ledger, now);
        }
        let mut under_way: usize = self.flights.iter().map(|flight| flight.bytes).sum();
        if under_way >= self.window {
            return Ok(());
        }
        let mut next = self.next_in_each_feed(ledger, lane)?;
        while under_way < self.window {
            // In a lane, the entry that arrived here first goes first: dependencies tend to travel before what needs them.
            let Some((_, _, feed)) = next.pop_first() else {
                self.idle_at = Some(ledger.last_arrival());
                return Ok(());
            };
            let held = ledger.feed(&feed).expect("the feed was found in the ledger");
            let Some(run) = ledger.run_after(held, self.expected.get(&feed))? else { continue };
            // Where the run goes on into a branch, the peer acknowledges the feed only to its end.
            let last = held.end.map_or(run.last(), |end| run.last().min(end));
            let packed = if self.plain.contains(&feed) || self.version() < 2 {
                Packed::plain(&run)
            } else {
                let holds = |feed: &FeedId| match self.held.contains(feed) {
                    true => self.confirmed.get(feed),
                    false => self.expected.get(feed),
                };
                ledger.pack(held, &run, holds, self.effort)?
            };
            let frame = Frame::Chunk(packed).encode(&mut self.sending);
            under_way += frame.len();
            self.flights.push_back(Flight { feed, last, bytes: frame.len(), sent: now.moment });
            self.outbox.push_back(frame);
            self.last_sent = now.moment;
            self.expected.raise(feed, last);
            self.reach.raise(feed, last);
            if let Some(arrival) = ledger.arrival_of(held, last.next())? {
                next.insert((lane(held, last), arrival, feed));
            }
        }
        Ok(())
    }

    /// The first entry the peer lacks of each feed, by lane and arrival.
    fn next_in_each_feed<S: Shelf>(
        &self,
        ledger: &Ledger<S>,
        lane: &impl Fn(&Feed, Seq) -> u8,
    ) -> Result<BTreeSet<(u8, Arrival, FeedId)>, LedgerError> {
        let mut next = BTreeSet::new();
        // Of what the peer holds we only suppose the least: others may have brought it the rest, but not ours.
        let supposed = matches!(self.stage, Stage::Supposed);
        let surely = |feed: &&Feed| !supposed || feed.genesis.author == self.ours && !feed.is_branch();
        for (feed, expected) in self.expected.outrun_by(ledger.feeds()) {
            if self.held.contains(&feed.id) || !surely(&feed) {
                continue;
            }
            let after = expected.max(feed.start.seq);
            if let Some(arrival) = ledger.arrival_of(feed, after.next())? {
                next.insert((lane(feed, after), arrival, feed.id));
            }
        }
        Ok(next)
    }

    /// Sends the proofs of forks that the peer does not know of. It keeps those in mind whose place it does not hold
    /// yet.
    fn introduce<S: Shelf>(&mut self, ledger: &Ledger<S>, now: Now) {
        let unknown = |branch: &&Feed| {
            branch.proof.is_some() && !self.expected.names(&branch.id) && !self.introduced.contains(&branch.id)
        };
        let proofs: Vec<ForkProof> =
            ledger.feeds().filter(unknown).filter_map(|branch| branch.proof.as_deref().cloned()).collect();
        for proof in proofs {
            // One proof may introduce two branches.
            if proof.branches().map(|branch| self.introduced.insert(branch)).contains(&true) {
                self.send(&Frame::Fork(proof), now);
            }
        }
    }

    /// The peer sent entries we have no place for now: it keeps them until our next frontier, which follows by itself
    /// if `again`.
    pub fn hold(&mut self, feed: FeedId, seq: Seq, again: bool, now: Now) {
        if !self.is_admitted() {
            return;
        }
        let told = self.waiting.contains_key(&feed);
        *self.waiting.entry(feed).or_default() |= again;
        if !told {
            self.reach.raise(feed, seq);
            self.send(&Frame::Hold(feed, seq), now);
        }
    }

    /// Whether the peer keeps entries for us until our next frontier.
    pub fn wants_frontier(&self) -> bool {
        self.waiting.values().any(|again| *again)
    }

    /// What time alone brings: a sign of life, or the end of a session that is no longer heard.
    pub fn tick(&mut self, now: Now) -> Result<(), SessionError> {
        let since = |moment: Moment| now.moment.0.saturating_sub(moment.0);
        let quiet = since(self.last_heard);
        self.questions = (self.questions + QUESTIONS_PER_TICK).min(MAX_QUESTIONS);
        let stalled = self.flights.front().is_some_and(|flight| since(flight.sent) > STALLED_AFTER);
        if quiet > SILENT_AFTER || (stalled || !self.is_admitted()) && quiet > STALLED_AFTER {
            return Err(SessionError::Offence(Reason::Silent));
        }
        self.look_again_for_beacons();
        if self.is_admitted() && since(self.last_sent) >= ALIVE_AFTER {
            self.send(&Frame::Have(Vec::new(), None), now);
        }
        Ok(())
    }

    /// The last frame of a session that we end.
    pub fn bye(&mut self, reason: Reason) -> Vec<u8> {
        Frame::Bye(reason).encode(&mut self.sending)
    }
}
