//! What is carried by hand: bundles are made of what the ledger holds, and taken in like what a peer sends, but that
//! nobody can be asked for more.
//!
//! Whoever reads a bundle gives it step by step and waits for each answer, which comes when all that was taken is
//! durable: so no more than a step is ever on its way into the store.

use std::collections::{BTreeSet, VecDeque};

use super::{CommandId, Effect, Engine, Observation, Work, beyond::NO_RECORD};
use crate::{
    bundle::{Closing, Item, Keys, Maker, Opening, Order, Origin, Salt},
    chunk::Packed,
    feed::{Feed, ForkProof, ProofHeader, ProofSide, Tip},
    frontier::Frontier,
    ids::{AuthorKey, BundleName, FeedId, Now, RecordId, Seq, UnixSeconds},
    ledger::LedgerError,
    session::SessionError,
    shelf::{Batch, Shelf},
    verify::{self, VerifyError},
};

/// What a bundle is to hold.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// For whom: what this office lacks by what is known of it, unless `since` says otherwise.
    pub addressee: Option<AuthorKey>,
    /// What is held beyond the reach of that bundle.
    pub since: Option<(BundleName, Frontier)>,
    /// Its place in a split, from 1; 0 for one that stands alone.
    pub part: u32,
    /// Bytes that the file may have.
    pub limit: Option<u64>,
}

/// A part of a bundle, for the engine.
#[derive(Debug)]
pub enum BundleStep {
    /// Whether it can be taken here.
    Open(Box<Opening>),
    /// What is in it, and who made it.
    Take(AuthorKey, Vec<Item>),
    /// Its end.
    Close(Box<Closing>),
}

/// A feed of which a bundle's base holds more than we do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The feed.
    pub feed: FeedId,
    /// Whose it is; absent where nothing of it has arrived here.
    pub author: Option<AuthorKey>,
    /// The bundle goes on after this number.
    pub after: Seq,
    /// What is held here.
    pub held: Seq,
}

/// What came of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Entries that were new.
    pub new: u64,
    /// The records of which something was new.
    pub records: BTreeSet<RecordId>,
    /// Entries that were here already.
    pub held: u64,
    /// Entries that have no place here, since both sides hold something else before them.
    pub astray: u64,
    /// Whose beacons were news.
    pub said: Vec<AuthorKey>,
    /// What could not be taken before that which was is durable: to be given again.
    pub rest: Vec<Item>,
    /// All numbers of the bundle's reach are ours, and yet it is not the same that is held: some feed forked.
    pub apart: bool,
}

impl Taken {
    /// Counts what came of another step of the same bundle as well. What is to be given again is not counted.
    pub fn add(&mut self, other: Taken) {
        self.new += other.new;
        self.records.extend(other.records);
        self.held += other.held;
        self.astray += other.astray;
        self.said.extend(other.said);
        self.apart |= other.apart;
    }
}

/// Why nothing of a step was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleRefusal {
    /// We do not hold what the bundle goes on from.
    #[error("what this bundle goes on from is not held here")]
    Lacks(Vec<Lack>),
    /// The store cannot write.
    #[error("not saved: {0}")]
    NotSaved(String),
    /// The store cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What to do after an item.
enum Flow {
    On,
    /// It is to be given again when what was given to the store is durable.
    Again(Item),
}

impl<S: Shelf> Engine<S> {
    /// What opens the network's bundles.
    pub fn bundle_keys(&self) -> Keys {
        Keys::of_secret(&self.settings.network_secret)
    }

    /// Begins a bundle. [`Maker::step`] then goes on from this engine's ledger.
    pub fn make_bundle(&mut self, contents: Contents, salt: &Salt, now: Now) -> Result<Maker, LedgerError> {
        self.make_beacon_at_once(now);
        let Contents { addressee, since, part, limit } = contents;
        let (base, origin) = match (since, addressee) {
            (Some((name, reach)), _) => (self.within(reach.iter()), Origin::After(name)),
            (None, Some(addressee)) => self.known_of(&addressee),
            (None, None) => (Frontier::default(), Origin::Nothing),
        };
        let (maker, made_at) = (self.author(), now.wall);
        let order = Order { maker, made_at, addressee, part, origin, base, limit };
        Maker::begin(&self.bundle_keys(), salt, order, self.beacons_to_carry(), &self.ledger)
    }

    /// Of some numbers those that we hold ourselves.
    pub(super) fn within(&self, numbers: impl Iterator<Item = (FeedId, Seq)>) -> Frontier {
        numbers.filter_map(|(feed, seq)| Some((feed, seq.min(self.ledger.feed(&feed)?.tip.seq)))).collect()
    }

    /// What an office was last known to hold of what is held here; `None` where nothing has been heard of that.
    pub fn last_known(&self, office: &AuthorKey) -> Option<Frontier> {
        Some(self.known_of(office).0).filter(|held| !held.is_empty())
    }

    /// What an office holds of what is held here, by its own last word and by what we last agreed on with it.
    fn known_of(&self, office: &AuthorKey) -> (Frontier, Origin) {
        let kept = self.beacons.get(office);
        let said = kept.iter().flat_map(|kept| {
            let held = |feed: &Feed| Some((feed.id, kept.beacon.holds().get(&feed.id))).filter(|(_, seq)| seq.0 > 0);
            self.ledger.feeds().filter_map(held)
        });
        let agreed = self.baselines.get(office).and_then(|baseline| baseline.agreed());
        let base = self.within(said.chain(agreed.into_iter().flat_map(Frontier::iter)));
        let at = kept.map_or(UnixSeconds(0), |kept| kept.word.stated_at);
        let origin = if base.is_empty() { Origin::Nothing } else { Origin::Heard(at) };
        (base, origin)
    }

    pub(super) fn bundle(&mut self, id: CommandId, step: BundleStep, now: Now) {
        let answer = match step {
            BundleStep::Open(opening) => self.open_bundle(&opening).map(Some),
            BundleStep::Close(closing) => Ok(Some(self.close_bundle(&closing))),
            BundleStep::Take(maker, items) => self.take_items(id, maker, items, now).map(|()| None),
        };
        if let Some(answer) = answer.transpose() {
            self.effects.push_back(Effect::Bundled(id, answer));
        }
    }

    /// What of a bundle's base is not held here.
    pub fn lacks_of(&self, base: &Frontier) -> Vec<Lack> {
        let lack = |(feed, after): (FeedId, Seq)| {
            let held = self.ledger.feed(&feed);
            let lacks = match held {
                // What the maker holds beyond the end stands in a branch, and does not keep back all the rest.
                Some(held) => held.end.is_none() && held.tip.seq < after,
                None => after > Seq(0),
            };
            let tip = held.map_or(Seq(0), |held| held.tip.seq);
            lacks.then(|| Lack { feed, author: held.map(|held| held.genesis.author), after, held: tip })
        };
        base.iter().filter_map(lack).collect()
    }

    fn open_bundle(&mut self, opening: &Opening) -> Result<Taken, BundleRefusal> {
        self.see_own_feed(&opening.base);
        match self.lacks_of(&opening.base) {
            lacks if lacks.is_empty() => Ok(Taken::default()),
            lacks => Err(BundleRefusal::Lacks(lacks)),
        }
    }

    fn close_bundle(&mut self, closing: &Closing) -> Taken {
        self.see_own_feed(&closing.reach);
        let digest = closing.digest.filter(|_| closing.reach == *self.ledger.frontier());
        Taken { apart: digest.is_some_and(|digest| digest != self.ledger.digest()), ..Taken::default() }
    }

    /// If somebody holds more of our own feed than we do, it is closed.
    fn see_own_feed(&mut self, numbers: &Frontier) {
        let ours = self.ledger.verified_tip(&self.own).map_or(Seq(0), |tip| tip.seq);
        if numbers.get(&self.own) > ours {
            self.close_own_feed("a bundle holds more of it than we do");
        }
    }

    fn take_items(&mut self, id: CommandId, maker: AuthorKey, items: Vec<Item>, now: Now) -> Result<(), BundleRefusal> {
        if self.retry_at.is_some() {
            return Err(BundleRefusal::NotSaved("a write failed a moment ago".to_owned()));
        }
        let mut taken = Taken::default();
        let mut items = VecDeque::from(items);
        while let Some(item) = items.pop_front() {
            match self.take_item(maker, item, &mut taken, now)? {
                Flow::On => {}
                // Nothing is on its way that could make room for it.
                Flow::Again(item) if self.pending.is_empty() => taken.astray += entries_in(&item),
                Flow::Again(item) => {
                    items.push_front(item);
                    break;
                }
            }
        }
        taken.rest = items.into();
        if !taken.said.is_empty() {
            self.keep_beacons();
            self.observe(Observation::BeaconsHeard { peer: maker, beacons: taken.said.len() });
        }
        // Batches become durable in order: when this one is, all before it are.
        self.persist(Batch::default(), true, Work::Bundle(id, Box::new(taken)));
        Ok(())
    }

    fn take_item(&mut self, maker: AuthorKey, item: Item, taken: &mut Taken, now: Now) -> Result<Flow, LedgerError> {
        match item {
            Item::Fork(proof) => self.take_proof(*proof, now)?,
            Item::Run(run) => return self.take_run(maker, *run, taken, now),
            Item::Said(feed, told, holds) => {
                let author = self.ledger.feed(&feed).map(|feed| feed.genesis.author);
                if let Some(author) = author
                    && self.carried_beacon(maker, author, (*told, holds), now) == Some(true)
                {
                    taken.said.push(author);
                }
            }
            // They are asked about apart.
            Item::Opened(_) | Item::Closed(_) => {}
        }
        Ok(Flow::On)
    }

    /// What does not hold is the maker's fault and none of ours; it changes nothing.
    fn take_proof(&mut self, proof: ForkProof, now: Now) -> Result<(), LedgerError> {
        match self.learn_fork(proof, now) {
            Err(SessionError::Ledger(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn take_run(&mut self, maker: AuthorKey, packed: Packed, taken: &mut Taken, now: Now) -> Result<Flow, LedgerError> {
        let (id, count, last) = (packed.feed, packed.count as u64, packed.last());
        let feed = match self.feed_of(&packed) {
            Ok(Some(feed)) => feed,
            // A branch: its proof may be on its way into the store, or what that rests on.
            Ok(None) => return Ok(Flow::Again(Item::Run(Box::new(packed)))),
            Err(SessionError::Ledger(error)) => return Err(error),
            Err(_) => {
                taken.astray += count;
                return Ok(Flow::On);
            }
        };
        if self.is_forking(feed.root) {
            return Ok(Flow::Again(Item::Run(Box::new(packed))));
        }
        let run = match self.unpack(&feed, packed.clone()) {
            Ok(Ok(run)) => run,
            Err(SessionError::Ledger(error)) => return Err(error),
            Ok(Err(_)) | Err(_) => {
                taken.astray += count;
                return Ok(Flow::On);
            }
        };
        match self.ledger.check_run(&feed, run.clone())? {
            Ok(entries) if entries.is_empty() && last <= feed.tip.seq => taken.held += count,
            Ok(entries) if entries.is_empty() => return Ok(Flow::Again(Item::Run(Box::new(packed)))),
            Ok(entries) => {
                if self.ledger.feed(&id).is_none() && self.ledger.begin(feed.genesis).is_err() {
                    taken.astray += count;
                    return Ok(Flow::On);
                }
                if id == self.own {
                    self.close_own_feed("a bundle holds more of it than we do");
                }
                taken.new += entries.len() as u64;
                let records = entries.iter().map(|entry| entry.header().record);
                taken.records.extend(records.filter(|record| *record != NO_RECORD));
                taken.held += count - entries.len() as u64;
                let mut batch = Batch::default();
                let accepted = self.ledger.stage(id, entries, &mut batch);
                let bytes = batch.size();
                self.writing += bytes;
                self.persist(batch, true, Work::Received { peer: Some(maker), accepted, bytes });
            }
            Err(VerifyError::Differs(_)) if self.ledger.is_writing(&id) => {
                return Ok(Flow::Again(Item::Run(Box::new(packed))));
            }
            Err(error) => {
                taken.astray += count;
                if matches!(error, VerifyError::Differs(_))
                    && let Some(proof) = self.fork_in(&feed, run)?
                {
                    self.take_proof(proof, now)?;
                }
            }
        }
        Ok(Flow::On)
    }

    /// A run that is not what we hold proves a fork, if it begins where both are still the same.
    fn fork_in(&self, feed: &Feed, run: verify::RawRun) -> Result<Option<ForkProof>, LedgerError> {
        let before = Seq(run.first.0 - 1);
        let Some(hash) = self.ledger.hash_at(feed, before)? else { return Ok(None) };
        let signature = run.signature;
        let whole = Feed { end: None, ..feed.clone() };
        let Ok(theirs) = verify::verify_run(&whole, Tip { seq: before, hash }, run) else { return Ok(None) };
        let mut base = Tip { seq: before, hash };
        let mut same = 0;
        for entry in &theirs {
            let tip = Tip { seq: entry.header().seq, hash: entry.hash() };
            if tip.seq > feed.tip.seq || self.ledger.hash_at(feed, tip.seq)? != Some(tip.hash) {
                break;
            }
            (base, same) = (tip, same + 1);
        }
        let headers: Vec<ProofHeader> = theirs[same..].iter().map(|entry| ProofHeader::from(entry.header())).collect();
        let Some(ours) = self.ledger.side_after(feed, base.seq)? else { return Ok(None) };
        Ok(ForkProof::join(feed.genesis, base, ours, ProofSide { headers, signature }))
    }
}

fn entries_in(item: &Item) -> u64 {
    match item {
        Item::Run(run) => run.count as u64,
        _ => 0,
    }
}
