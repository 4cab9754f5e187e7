//! One peer: who it is, what it holds, what we owe it.
//!
//! ```text
//! both:  Hello                        proof of the network first, and one digest of all that is held
//! both:  Frontier                     only if the digests differ
//! both:  Chunk, Chunk, …              what the other lacks, without waiting
//! both:  Have                         what became durable here
//! ```
//!
//! A session knows feeds, numbers and hashes, and nothing of records. It reads the [`Ledger`], takes frames, and fills
//! an outbox; what must be decided or stored goes to the engine as [`Incoming`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    feed::{Feed, ForkProof, Genesis, ProofSide},
    frame::{Dictionary, Frame, Hello, Reason, feeds_digest, hello_mac},
    frontier::Frontier,
    ids::{Arrival, AuthorKey, Epoch, FeedId, Moment, Now, Seq, UnixSeconds},
    ledger::{Ledger, LedgerError},
    limits::{MAX_FRAME_BEFORE_HELLO, MAX_PROBE, MAX_WINDOW, MIN_WINDOW},
    shelf::Shelf,
    verify::RawRun,
    wire::WireError,
};

/// Milliseconds without a frame after which a sign of life is sent.
const ALIVE_AFTER: u64 = 45_000;

/// Milliseconds without a frame after which the peer is taken for gone: the link may have died without a word.
const SILENT_AFTER: u64 = 150_000;

/// Milliseconds without any frame while entries are under way, after which the connection is taken for stalled.
const STALLED_AFTER: u64 = 30_000;

/// A link whose chunks are acknowledged within this many milliseconds can take more at once.
const BRISK: u64 = 2_000;

/// What this node is to its peers.
pub struct Identity<'a> {
    /// Our device key.
    pub author: AuthorKey,
    /// The network's secret.
    pub secret: &'a [u8],
    /// The mark of our store.
    pub epoch: Epoch,
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
    /// A feed we may not know.
    Genesis(Genesis),
    /// Entries.
    Run(RawRun),
    /// A proof that a feed forked.
    Fork(ForkProof),
    /// The peer's side of a fork after an entry that both hold.
    Side(FeedId, Seq, ProofSide),
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
    Greeting { hello: Hello, frontier: Frontier, feeds: Vec<FeedId> },
    /// Both hellos hold. `heard` tells whether we know what the peer has.
    Live { heard: bool },
}

/// A chunk that is under way.
#[derive(Debug)]
struct Flight {
    feed: FeedId,
    last: Seq,
    bytes: usize,
    sent: Moment,
}

/// The search for the place where a feed forked: the last number known to be the same, the first known to differ.
#[derive(Debug, Clone, Copy)]
struct Bisection {
    same: Seq,
    differs: Option<Seq>,
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
    /// What the peer has said it holds.
    confirmed: Frontier,
    /// The same with what is under way to it.
    expected: Frontier,
    flights: VecDeque<Flight>,
    window: usize,
    /// Feeds in which the peer cannot go on from what we have.
    held: BTreeSet<FeedId>,
    /// Feeds the peer knows, because it named them or we introduced them.
    known: BTreeSet<FeedId>,
    suspects: BTreeMap<FeedId, Bisection>,
    /// Feeds in which we told the peer to wait, and whether our next frontier is to make it try again.
    waiting: BTreeMap<FeedId, bool>,
    opened: Moment,
    last_heard: Moment,
    last_sent: Moment,
}

impl Session {
    /// Opens a session: the hello is in the outbox.
    pub fn open<S: Shelf>(us: &Identity<'_>, peer: AuthorKey, dialled: bool, ledger: &Ledger<S>, now: Now) -> Self {
        let feeds: Vec<FeedId> = ledger.feeds().map(|feed| feed.id).collect();
        let mut hello = Hello {
            mac: [0; 16],
            epoch: us.epoch,
            digest: ledger.digest(),
            feeds: feeds_digest(&feeds),
            clock: now.wall,
        };
        hello.mac = hello_mac(us.secret, &us.author, &peer, &hello);
        let mut session = Session {
            peer,
            ours: us.author,
            dialled,
            stage: Stage::Greeting { hello, frontier: ledger.frontier(), feeds },
            sending: Dictionary::default(),
            receiving: Dictionary::default(),
            outbox: VecDeque::new(),
            confirmed: Frontier::default(),
            expected: Frontier::default(),
            flights: VecDeque::new(),
            window: MIN_WINDOW,
            held: BTreeSet::new(),
            known: BTreeSet::new(),
            suspects: BTreeMap::new(),
            waiting: BTreeMap::new(),
            opened: now.moment,
            last_heard: now.moment,
            last_sent: now.moment,
        };
        session.send(&Frame::Hello(hello), now);
        session
    }

    /// The peer's device key.
    pub fn peer(&self) -> AuthorKey {
        self.peer
    }

    /// Whether the peer has proved that it belongs to the network.
    pub fn is_admitted(&self) -> bool {
        matches!(self.stage, Stage::Live { .. })
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
        match Frame::decode(bytes, &mut self.receiving)? {
            Frame::Hello(_) => Err(SessionError::Offence(Reason::OutOfTurn)),
            Frame::Bye(reason) => Err(SessionError::Bye(reason)),
            Frame::Frontier(numbers) => {
                self.hear_frontier(&numbers);
                self.compare_if_alike(ledger, now);
                Ok(Some(Incoming::Holds(numbers)))
            }
            Frame::Genesis(genesis) => Ok(Some(Incoming::Genesis(genesis))),
            Frame::Fork(proof) => Ok(Some(Incoming::Fork(proof))),
            Frame::Chunk(run) => {
                self.hear_of(run.feed, run.last());
                Ok(Some(Incoming::Run(run)))
            }
            Frame::Have(numbers) => {
                numbers.iter().for_each(|(feed, seq)| self.hear_have(*feed, *seq, now));
                Ok(Some(Incoming::Holds(numbers)))
            }
            Frame::Hold(feed, seq) => {
                self.hear_hold(feed, seq);
                Ok(None)
            }
            Frame::Compare(feed, items) => {
                self.answer_compare(feed, &items, ledger, now)?;
                Ok(None)
            }
            Frame::Compared(feed, items) => {
                self.narrow(feed, &items, ledger, now)?;
                Ok(None)
            }
            Frame::Side(feed, base, side) => Ok(Some(Incoming::Side(feed, base, side))),
        }
    }

    fn greet<S: Shelf>(
        &mut self,
        us: &Identity<'_>,
        bytes: &[u8],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<Incoming, SessionError> {
        if bytes.len() > MAX_FRAME_BEFORE_HELLO {
            return Err(SessionError::Offence(Reason::Stranger));
        }
        let hello = match Frame::decode(bytes, &mut self.receiving)? {
            Frame::Hello(hello) => hello,
            Frame::Bye(reason) => return Err(SessionError::Bye(reason)),
            _ => return Err(SessionError::Offence(Reason::Stranger)),
        };
        if self.peer == self.ours {
            return Err(SessionError::Offence(Reason::Ourselves));
        }
        if hello.mac != hello_mac(us.secret, &self.peer, &self.ours, &hello) {
            return Err(SessionError::Offence(Reason::Stranger));
        }
        let Stage::Greeting { hello: ours, frontier, feeds } =
            std::mem::replace(&mut self.stage, Stage::Live { heard: false })
        else {
            return Err(SessionError::Offence(Reason::OutOfTurn));
        };
        if hello.feeds == ours.feeds {
            self.known.extend(feeds.iter().copied());
            self.sending = Dictionary::with(feeds.iter().copied());
            self.receiving = Dictionary::with(feeds);
        }
        if hello.digest == ours.digest {
            self.stage = Stage::Live { heard: true };
            self.known.extend(frontier.iter().map(|(feed, _)| feed));
            (self.confirmed, self.expected) = (frontier.clone(), frontier);
        } else {
            self.send_frontier(ledger, now);
        }
        Ok(Incoming::Admitted { clock: hello.clock })
    }

    /// Says all that we hold: at the start, and whenever the peer should try again what we could not take.
    pub fn send_frontier<S: Shelf>(&mut self, ledger: &Ledger<S>, now: Now) {
        if !self.is_admitted() {
            return;
        }
        self.waiting.clear();
        let numbers: Vec<_> = ledger.frontier().iter().collect();
        self.send(&Frame::Frontier(numbers), now);
    }

    fn hear_frontier(&mut self, numbers: &[(FeedId, Seq)]) {
        self.stage = Stage::Live { heard: true };
        self.confirmed = numbers.iter().copied().collect();
        self.expected = self.confirmed.clone();
        self.known.extend(numbers.iter().map(|(feed, _)| *feed));
        self.flights.clear();
        self.held.clear();
    }

    /// The peer holds this much of a feed, because it sent it.
    fn hear_of(&mut self, feed: FeedId, seq: Seq) {
        self.known.insert(feed);
        self.expected.raise(feed, seq);
    }

    fn hear_have(&mut self, feed: FeedId, seq: Seq, now: Now) {
        self.known.insert(feed);
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
        if acknowledged > 0 && slowest <= BRISK {
            self.window = (self.window * 2).min(MAX_WINDOW);
        } else if acknowledged > 0 {
            self.window = (self.window / 2).max(MIN_WINDOW);
        }
    }

    fn hear_hold(&mut self, feed: FeedId, seq: Seq) {
        self.flights.retain(|flight| flight.feed != feed);
        self.confirmed.raise(feed, seq);
        self.held.insert(feed);
    }

    /// A feed can go on again: a fork of it was proved, or an earlier part of it arrived.
    pub fn release(&mut self, feed: &FeedId) {
        self.held.remove(feed);
        self.suspects.remove(feed);
        self.waiting.remove(feed);
    }

    /// Tells the peer what became durable here, except what it will see anyway when we send it on.
    pub fn have(&mut self, changed: &[(FeedId, Seq)], now: Now) {
        let expected = &self.expected;
        let news: Vec<_> = changed.iter().copied().filter(|(feed, seq)| expected.get(feed) >= *seq).collect();
        if self.is_admitted() && !news.is_empty() {
            self.send(&Frame::Have(news), now);
        }
    }

    /// Tells the peer that a feed ended at a fork.
    pub fn tell_fork(&mut self, proof: &ForkProof, now: Now) {
        if self.is_admitted() {
            self.known.extend(proof.first_hashes().map(|hash| FeedId(hash.0)));
            self.send(&Frame::Fork(proof.clone()), now);
        }
    }

    /// Fills the outbox with what the peer lacks, as far as the window goes.
    pub fn pump<S: Shelf>(&mut self, ledger: &Ledger<S>, now: Now) -> Result<(), LedgerError> {
        if !matches!(self.stage, Stage::Live { heard: true }) {
            return Ok(());
        }
        let mut under_way: usize = self.flights.iter().map(|flight| flight.bytes).sum();
        let mut next = self.next_in_each_feed(ledger)?;
        while under_way < self.window {
            // The entry that arrived here first goes first: dependencies tend to travel before what needs them.
            let Some((feed, _)) = next.iter().min_by_key(|(_, arrival)| **arrival).map(|(f, a)| (*f, *a)) else {
                break;
            };
            let held = ledger.feed(&feed).expect("the feed was found in the ledger");
            self.introduce(held, now);
            let Some(run) = ledger.run_after(held, self.expected.get(&feed))? else {
                next.remove(&feed);
                continue;
            };
            let last = run.last();
            let frame = Frame::Chunk(run).encode(&mut self.sending);
            under_way += frame.len();
            self.flights.push_back(Flight { feed, last, bytes: frame.len(), sent: now.moment });
            self.outbox.push_back(frame);
            self.last_sent = now.moment;
            self.expected.raise(feed, last);
            match Self::next_arrival(held, last, ledger)? {
                Some(arrival) => drop(next.insert(feed, arrival)),
                None => drop(next.remove(&feed)),
            }
        }
        Ok(())
    }

    fn next_in_each_feed<S: Shelf>(&self, ledger: &Ledger<S>) -> Result<BTreeMap<FeedId, Arrival>, LedgerError> {
        let mut next = BTreeMap::new();
        for feed in ledger.feeds().filter(|feed| !self.held.contains(&feed.id)) {
            if let Some(arrival) = Self::next_arrival(feed, self.expected.get(&feed.id), ledger)? {
                next.insert(feed.id, arrival);
            }
        }
        Ok(next)
    }

    fn next_arrival<S: Shelf>(feed: &Feed, after: Seq, ledger: &Ledger<S>) -> Result<Option<Arrival>, LedgerError> {
        let next = after.max(feed.start.seq).next();
        Ok(ledger.entry(&feed.id, next)?.map(|(_, arrival)| arrival))
    }

    /// Sends what begins a feed, once, if the peer has not named it.
    fn introduce(&mut self, feed: &Feed, now: Now) {
        if self.known.insert(feed.id) {
            match &feed.proof {
                Some(proof) => self.send(&Frame::Fork((**proof).clone()), now),
                None => self.send(&Frame::Genesis(feed.genesis), now),
            }
        }
    }

    /// Equal numbers under unequal digests: some feed forked, and we have to find which, and where.
    fn compare_if_alike<S: Shelf>(&mut self, ledger: &Ledger<S>, now: Now) {
        if self.confirmed != ledger.frontier() {
            return;
        }
        let tips: Vec<_> =
            ledger.feeds().filter(|feed| !feed.is_empty()).map(|feed| (feed.id, feed.start, feed.tip)).collect();
        for (feed, start, tip) in tips {
            self.suspects.insert(feed, Bisection { same: start.seq, differs: None });
            self.send(&Frame::Compare(feed, vec![(tip.seq, first_eight(&tip.hash.0))]), now);
        }
    }

    /// A run continues another entry than ours: asks the peer which of our entries it shares. Until that is settled
    /// the peer sends no more of this feed.
    pub fn suspect<S: Shelf>(&mut self, feed: FeedId, ledger: &Ledger<S>, now: Now) -> Result<(), LedgerError> {
        let Some(held) = ledger.feed(&feed) else { return Ok(()) };
        self.send(&Frame::Hold(feed, held.tip.seq), now);
        self.waiting.insert(feed, false);
        if !self.suspects.contains_key(&feed) {
            let (start, end) = (held.start.seq, held.tip.seq);
            self.suspects.insert(feed, Bisection { same: start, differs: None });
            self.ask(held, start, end.next(), ledger, now)?;
        }
        Ok(())
    }

    /// The peer sent entries we have no place for now: it keeps them until our next frontier.
    pub fn hold(&mut self, feed: FeedId, seq: Seq, now: Now) {
        if self.waiting.insert(feed, true).is_none() {
            self.send(&Frame::Hold(feed, seq), now);
        }
    }

    /// Whether we told the peer to wait in this feed: what it had already sent of it is no offence.
    pub fn is_waiting(&self, feed: &FeedId) -> bool {
        self.waiting.contains_key(feed)
    }

    /// Whether the peer keeps entries for us until our next frontier.
    pub fn wants_frontier(&self) -> bool {
        self.waiting.values().any(|again| *again)
    }

    fn ask<S: Shelf>(
        &mut self,
        feed: &Feed,
        same: Seq,
        differs: Seq,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), LedgerError> {
        let between = differs.0 - same.0 - 1;
        let step = between.div_ceil(MAX_PROBE as u64).max(1);
        let mut items = Vec::new();
        for seq in (same.0 + 1..differs.0).rev().step_by(step as usize) {
            if let Some(hash) = ledger.hash_at(feed, Seq(seq))? {
                items.push((Seq(seq), first_eight(&hash.0)));
            }
        }
        self.send(&Frame::Compare(feed.id, items), now);
        Ok(())
    }

    fn answer_compare<S: Shelf>(
        &mut self,
        feed: FeedId,
        items: &[(Seq, [u8; 8])],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), LedgerError> {
        let Some(held) = ledger.feed(&feed) else { return Ok(()) };
        let mut compared = Vec::new();
        for (seq, theirs) in items {
            if let Some(ours) = ledger.hash_at(held, *seq)? {
                compared.push((*seq, first_eight(&ours.0) == *theirs));
            }
        }
        self.send(&Frame::Compared(feed, compared), now);
        Ok(())
    }

    /// Narrows the search; at its end our side of the fork goes to the peer, which can then prove it.
    fn narrow<S: Shelf>(
        &mut self,
        feed: FeedId,
        items: &[(Seq, bool)],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), SessionError> {
        let (Some(search), Some(held)) = (self.suspects.get(&feed).copied(), ledger.feed(&feed)) else {
            return Ok(());
        };
        let within = |seq: Seq| seq > search.same && search.differs.is_none_or(|differs| seq < differs);
        let news = || items.iter().filter(|(seq, _)| within(*seq) && *seq <= held.tip.seq);
        let same = news().filter(|(_, same)| *same).map(|(seq, _)| *seq).max().unwrap_or(search.same);
        let differs = news().filter(|(_, same)| !*same).map(|(seq, _)| *seq).min().or(search.differs);
        let Some(differs) = differs.filter(|differs| *differs > same) else {
            self.suspects.remove(&feed);
            return Ok(());
        };
        let progress = same != search.same || Some(differs) != search.differs;
        self.suspects.insert(feed, Bisection { same, differs: Some(differs) });
        if differs == same.next() {
            if let Some(side) = ledger.side_after(held, same)? {
                self.send(&Frame::Side(feed, same, side), now);
            }
        } else if progress {
            self.ask(held, same, differs, ledger, now)?;
        }
        Ok(())
    }

    /// What time alone brings: a sign of life, or the end of a session that is no longer heard.
    pub fn tick(&mut self, now: Now) -> Result<(), SessionError> {
        let since = |moment: Moment| now.moment.0.saturating_sub(moment.0);
        let quiet = since(self.last_heard);
        let stalled = self.flights.front().is_some_and(|flight| since(flight.sent) > STALLED_AFTER);
        if quiet > SILENT_AFTER || stalled && quiet > STALLED_AFTER {
            return Err(SessionError::Offence(Reason::Silent));
        }
        if self.is_admitted() && since(self.last_sent) >= ALIVE_AFTER {
            self.send(&Frame::Have(Vec::new()), now);
        }
        Ok(())
    }

    /// The last frame of a session that we end.
    pub fn bye(&mut self, reason: Reason) -> Vec<u8> {
        Frame::Bye(reason).encode(&mut self.sending)
    }
}

fn first_eight(hash: &[u8; 32]) -> [u8; 8] {
    hash[..8].try_into().expect("a hash has 32 bytes")
}
