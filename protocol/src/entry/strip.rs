//! Entries without what their receiver can derive.
//!
//! A change is stripped of its magic, checksum and actor, which follow from the feed; of its dependencies' hashes and
//! its record, where the receiver holds the entries it rests on; of its first operation's number and mostly its own,
//! which follow from those; and of the person's name, where it is that of the entry before. What remains is put
//! together again byte for byte. A change that does not come out as it was travels raw.
//!
//! The fields of all entries of a run stand first and their operations ([`tail`]) after them: like beside like packs
//! better, and the tails of a feed's preceding entries are the dictionary they are packed with.

use std::collections::BTreeMap;

use automerge::{ActorId, ChangeHash};

use super::{PayloadKind, RawEntry, VerifiedEntry};
use crate::{
    change::{self, Head, Outline},
    ids::{FeedId, RecordId, Seq},
    limits::{MAX_CHANGE_DEPS, MAX_PAYLOAD, MAX_SEQ},
    wire::{self, Reader, WireError},
};

/// What a change tells of those that rest on it.
#[derive(Debug, Clone)]
pub(crate) struct Parent {
    pub(crate) change: ChangeHash,
    record: RecordId,
    actor: ActorId,
    others: Vec<ActorId>,
    seq: u64,
    max_op: u64,
}

impl Parent {
    /// `None` for an entry that holds no change.
    pub(crate) fn of(entry: &VerifiedEntry) -> Option<Self> {
        let head = Head::parse(entry.payload()).ok().filter(|_| entry.header().kind == PayloadKind::CHANGE)?;
        Some(Self::new(head, entry.header().record, entry.payload()))
    }

    fn new(head: Head, record: RecordId, payload: &[u8]) -> Self {
        let max_op = head.max_op();
        let Outline { actor, others, seq, .. } = head.outline;
        Parent { change: change::hash_of(payload), record, actor, others, seq, max_op }
    }
}

/// What both ends of a link know beside the run itself.
pub(crate) trait Known {
    /// The place of the change with this hash in a record, if the other end holds it too.
    fn find(&self, change: &ChangeHash, record: RecordId) -> Option<(FeedId, Seq)>;
    /// The change at a place.
    fn parent(&self, feed: FeedId, seq: Seq) -> Option<Parent>;
    /// The feed whose changes are made under this actor.
    fn feed_of(&self, actor: &ActorId) -> Option<FeedId>;
}

/// What an entry leaves to the one after it: when the change in it was made, and by whom and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    time: i64,
    message: String,
}

impl Trail {
    /// Nothing, for an entry that holds no change.
    pub(crate) fn of(payload: &[u8]) -> Self {
        Self::left_by(Head::parse(payload).ok().as_ref())
    }

    fn left_by(head: Option<&Head>) -> Self {
        head.map_or_else(Trail::default, |head| Trail {
            time: head.outline.time,
            message: head.outline.message.clone(),
        })
    }
}

/// What travels of a payload beside its fields: a change's operations, compact if they come out as they were, else as
/// they stand in it (false); all of any other payload.
pub(crate) fn tail(payload: &[u8]) -> Vec<u8> {
    Head::parse(payload).map_or_else(|_| payload.to_vec(), |head| tail_of(&head, payload).0)
}

fn tail_of(head: &Head, payload: &[u8]) -> (Vec<u8>, bool) {
    match change::compact(head, payload) {
        Some(compact) => (compact, true),
        None => (head.columns(payload).to_vec(), false),
    }
}

/// Bits of the byte that an entry begins with.
mod bit {
    /// Not stripped: kind, flags, record and the whole payload follow.
    pub(super) const RAW: u8 = 1;
    /// Creates its record: no dependencies, first operation 1, change number 1.
    pub(super) const CREATES: u8 = 2;
    /// The message of the change before it in the feed.
    pub(super) const SAME_MESSAGE: u8 = 4;
    /// Its own number follows that of the greatest of its dependencies made by the same actor; 1 without such.
    pub(super) const SEQ_FOLLOWS: u8 = 8;
    /// It names all the other actors that its dependencies were made by or name.
    pub(super) const ALL_OTHERS: u8 = 16;
    /// One dependency, in the same feed.
    pub(super) const ONE_HERE: u8 = 32;
    /// The record is given: no dependency tells it.
    pub(super) const RECORD: u8 = 64;
    /// The first operation's number is given: it does not follow from the dependencies at hand.
    pub(super) const START: u8 = 128;
    /// The bits that a raw entry may have.
    pub(super) const OF_RAW: u8 = RAW;
}

/// How a dependency is named.
mod dep {
    /// By its hash.
    pub(super) const HASH: usize = 0;
    /// In the same feed: how far back.
    pub(super) const HERE: usize = 1;
    /// In a feed of the run's list, counted from here: the seq.
    pub(super) const NAMED: usize = 2;
}

/// Feeds that a run names beside its own; more do not pay.
pub(crate) const MAX_NAMED: usize = 64;

/// A run without what its receiver derives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stripped {
    /// The feeds it names beside its own.
    pub(crate) named: Vec<FeedId>,
    /// Length of the fields, fields, tails.
    pub(crate) body: Vec<u8>,
}

/// Why a stripped run could not be put together again. The sender may know more than we thought, or we less than it
/// thought: it is asked to send the run raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpandError {
    #[error("the run rests on an entry that is not here")]
    Unknown,
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Where in a feed the entry that is being stripped or expanded stands, and what came before.
struct Line<'a, K> {
    known: &'a K,
    feed: FeedId,
    root: FeedId,
    seq: Seq,
    trail: Trail,
    /// Changes of this very run.
    within: BTreeMap<Seq, Parent>,
}

impl<K: Known> Line<'_, K> {
    fn parent(&self, feed: FeedId, seq: Seq) -> Option<Parent> {
        let here = (feed == self.feed).then(|| self.within.get(&seq).cloned()).flatten();
        here.or_else(|| self.known.parent(feed, seq))
    }

    /// Moves on past an entry.
    fn pass(&mut self, kind: PayloadKind, record: RecordId, payload: &[u8]) {
        let head = Head::parse(payload).ok();
        self.trail = Trail::left_by(head.as_ref());
        if let Some(head) = head.filter(|_| kind == PayloadKind::CHANGE) {
            self.within.insert(self.seq, Parent::new(head, record, payload));
        }
        self.seq = self.seq.next();
    }
}

/// What a change's dependencies let one derive.
struct Derived {
    start_op: u64,
    seq: u64,
    /// In ascending order.
    others: Vec<ActorId>,
}

impl Derived {
    fn from(actor: &ActorId, parents: &[Parent]) -> Self {
        let mut others: Vec<ActorId> =
            parents.iter().flat_map(|parent| std::iter::once(&parent.actor).chain(&parent.others)).cloned().collect();
        others.retain(|other| other != actor);
        others.sort();
        others.dedup();
        Derived {
            start_op: parents.iter().map(|parent| parent.max_op).max().unwrap_or(0).saturating_add(1),
            seq: parents.iter().filter(|p| p.actor == *actor).map(|p| p.seq).max().unwrap_or(0).saturating_add(1),
            others,
        }
    }
}

/// Strips a run of `feed`, whose entries name `root`, that begins at `first` after an entry that left `trail`.
pub(crate) fn strip<K: Known>(
    entries: &[RawEntry],
    (feed, root, first): (FeedId, FeedId, Seq),
    trail: Trail,
    known: &K,
) -> Stripped {
    let line = Line { known, feed, root, seq: first, trail, within: BTreeMap::new() };
    let (fields, tails, named) = Default::default();
    let mut stripper = Stripper { line, actor: root.actor(), fields, tails, named, last: BTreeMap::new() };
    for entry in entries {
        stripper.entry(entry);
    }
    let Stripper { fields, tails, named, .. } = stripper;
    let mut body = Vec::with_capacity(fields.len() + tails.len() + 4);
    wire::put_bytes(&mut body, &fields);
    body.extend_from_slice(&tails);
    Stripped { named, body }
}

struct Stripper<'a, K> {
    line: Line<'a, K>,
    actor: ActorId,
    fields: Vec<u8>,
    tails: Vec<u8>,
    named: Vec<FeedId>,
    /// The seq that was last named in each feed of the list.
    last: BTreeMap<usize, u64>,
}

/// A dependency as it is named.
enum Name {
    Hash(ChangeHash),
    Here(u64),
    Named(usize, Seq),
}

impl<K: Known> Stripper<'_, K> {
    fn entry(&mut self, entry: &RawEntry) {
        let record = entry.record_at(self.line.root, self.line.seq);
        let head = Head::parse(&entry.payload).ok().filter(|_| entry.kind == PayloadKind::CHANGE);
        let fields = head.and_then(|head| {
            let columns = head.columns(&entry.payload);
            // What does not come out as it was is found out here, and not by a receiver.
            let rebuilt = change::build(&head.outline, columns) == entry.payload && head.outline.actor == self.actor;
            let creates = entry.record.is_none();
            let Outline { deps, seq, start_op, others, .. } = &head.outline;
            let regular = !creates || deps.is_empty() && others.is_empty() && (*seq, *start_op) == (1, 1);
            (rebuilt && regular).then(|| {
                let (tail, compact) = tail_of(&head, &entry.payload);
                (self.change(&head.outline, creates, record, (tail.len(), compact)), tail)
            })
        });
        match fields {
            Some((fields, tail)) => {
                self.fields.extend_from_slice(&fields);
                self.tails.extend_from_slice(&tail);
            }
            None => {
                self.fields.push(bit::RAW);
                entry.write_fields(&mut self.fields);
                self.tails.extend_from_slice(&entry.payload);
            }
        }
        self.line.pass(entry.kind, record, &entry.payload);
    }

    fn change(&mut self, outline: &Outline, creates: bool, record: RecordId, tail: (usize, bool)) -> Vec<u8> {
        let (mut bits, mut out) = (0, Vec::new());
        wire::put_zigzag(&mut out, outline.time.wrapping_sub(self.line.trail.time));
        if outline.message == self.line.trail.message {
            bits |= bit::SAME_MESSAGE;
        } else {
            wire::put_bytes(&mut out, outline.message.as_bytes());
        }
        if creates {
            bits |= bit::CREATES;
        } else {
            let (names, parents): (Vec<Name>, Vec<Option<Parent>>) =
                outline.deps.iter().map(|dep| self.name(dep, record)).unzip();
            let parents: Vec<Parent> = parents.into_iter().flatten().collect();
            let derived = Derived::from(&outline.actor, &parents);
            if parents.is_empty() {
                bits |= bit::RECORD;
                out.extend_from_slice(&record.0);
            }
            bits |= self.put_names(&names, &mut out);
            if outline.start_op != derived.start_op {
                bits |= bit::START;
                wire::put_number(&mut out, outline.start_op);
            }
            if outline.seq == derived.seq {
                bits |= bit::SEQ_FOLLOWS;
            } else {
                wire::put_number(&mut out, outline.seq);
            }
            bits |= self.put_others(&outline.others, &derived.others, &mut out);
        }
        let (len, compact) = tail;
        wire::put_number(&mut out, (len as u64) << 1 | u64::from(compact));
        out.insert(0, bits);
        out
    }

    fn name(&mut self, dep: &ChangeHash, record: RecordId) -> (Name, Option<Parent>) {
        let within = self.line.within.iter().find(|(_, parent)| parent.change == *dep && parent.record == record);
        let here = self.line.feed;
        let place = within.map(|(seq, _)| (here, *seq)).or_else(|| self.line.known.find(dep, record));
        let parent = place.and_then(|(feed, seq)| self.line.parent(feed, seq));
        match (place, parent) {
            (Some((feed, seq)), Some(parent)) if feed == here && seq < self.line.seq => {
                (Name::Here(self.line.seq.0 - seq.0), Some(parent))
            }
            (Some((feed, seq)), Some(parent)) if feed != here => match self.list(feed) {
                Some(at) => (Name::Named(at, seq), Some(parent)),
                None => (Name::Hash(*dep), None),
            },
            _ => (Name::Hash(*dep), None),
        }
    }

    /// The place of a feed in the run's list, where there is room for it.
    fn list(&mut self, feed: FeedId) -> Option<usize> {
        let at = self.named.iter().position(|named| *named == feed);
        at.or_else(|| {
            let room = self.named.len() < MAX_NAMED;
            room.then(|| self.named.push(feed)).map(|()| self.named.len() - 1)
        })
    }

    fn put_names(&mut self, names: &[Name], out: &mut Vec<u8>) -> u8 {
        if let [Name::Here(back)] = names {
            wire::put_number(out, *back);
            return bit::ONE_HERE;
        }
        wire::put_number(out, names.len() as u64);
        for name in names {
            match name {
                Name::Hash(hash) => {
                    wire::put_number(out, dep::HASH as u64);
                    out.extend_from_slice(&hash.0);
                }
                Name::Here(back) => {
                    wire::put_number(out, dep::HERE as u64);
                    wire::put_number(out, *back);
                }
                Name::Named(at, seq) => {
                    wire::put_number(out, (dep::NAMED + at) as u64);
                    let last = self.last.insert(*at, seq.0).unwrap_or(0);
                    wire::put_zigzag(out, seq.0.wrapping_sub(last) as i64);
                }
            }
        }
        0
    }

    fn put_others(&mut self, others: &[ActorId], derived: &[ActorId], out: &mut Vec<u8>) -> u8 {
        if others == derived {
            return bit::ALL_OTHERS;
        }
        // A mask of those that can be derived, then the rest by feed, or by themselves.
        let derived = &derived[..derived.len().min(63)];
        let mask =
            (0..).zip(derived).filter(|(_, other)| others.contains(other)).fold(0u64, |mask, (n, _)| mask | 1 << n);
        wire::put_number(out, mask);
        let rest: Vec<&ActorId> = others.iter().filter(|other| !derived.contains(other)).collect();
        wire::put_number(out, rest.len() as u64);
        for other in rest {
            let feed = self.line.known.feed_of(other).and_then(|feed| self.list(feed));
            wire::put_number(out, feed.map_or(0, |at| at as u64 + 1));
            if feed.is_none() {
                out.extend_from_slice(other.to_bytes());
            }
        }
        0
    }
}

/// Puts `count` entries together again.
pub(crate) fn expand<K: Known>(
    stripped: &Stripped,
    count: usize,
    (feed, root, first): (FeedId, FeedId, Seq),
    trail: Trail,
    known: &K,
) -> Result<Vec<RawEntry>, ExpandError> {
    let mut tails = Reader::new(&stripped.body);
    let len = tails.number_up_to(stripped.body.len(), "run fields")?;
    let fields = Reader::new(tails.bytes(len, "run fields")?);
    let line = Line { known, feed, root, seq: first, trail, within: BTreeMap::new() };
    let actor = root.actor();
    let mut expander = Expander { line, actor, fields, tails, named: &stripped.named, last: BTreeMap::new() };
    let entries = (0..count).map(|_| expander.entry()).collect::<Result<_, _>>()?;
    expander.fields.end()?;
    expander.tails.end()?;
    Ok(entries)
}

struct Expander<'a, K> {
    line: Line<'a, K>,
    actor: ActorId,
    fields: Reader<'a>,
    tails: Reader<'a>,
    named: &'a [FeedId],
    last: BTreeMap<usize, u64>,
}

impl<'a, K: Known> Expander<'a, K> {
    fn entry(&mut self) -> Result<RawEntry, ExpandError> {
        let bits = self.fields.byte("entry bits")?;
        let entry = if bits & bit::RAW != 0 {
            if bits != bit::OF_RAW {
                return Err(WireError::Invalid("entry bits").into());
            }
            let (mut entry, len) = RawEntry::read_fields(&mut self.fields)?;
            entry.payload = self.tails.bytes(len, "entry payload")?.to_vec();
            entry
        } else {
            self.change(bits)?
        };
        let record = entry.record_at(self.line.root, self.line.seq);
        self.line.pass(entry.kind, record, &entry.payload);
        Ok(entry)
    }

    fn change(&mut self, bits: u8) -> Result<RawEntry, ExpandError> {
        let time = self.line.trail.time.wrapping_add(self.fields.zigzag("entry time")?);
        let message = if bits & bit::SAME_MESSAGE != 0 {
            self.line.trail.message.clone()
        } else {
            let len = self.fields.number_up_to(MAX_PAYLOAD, "entry message")?;
            let bytes = self.fields.bytes(len, "entry message")?;
            String::from_utf8(bytes.to_vec()).map_err(|_| WireError::Invalid("entry message"))?
        };
        let mut outline = Outline {
            deps: Vec::new(),
            actor: self.actor.clone(),
            seq: 1,
            start_op: 1,
            time,
            message,
            others: Vec::new(),
        };
        let record = if bits & bit::CREATES != 0 { None } else { Some(self.rest_on(bits, &mut outline)?) };
        let len = self.fields.number_up_to(MAX_PAYLOAD * 2 + 1, "entry tail")?;
        let tail = self.tails.bytes(len >> 1, "entry tail")?;
        let payload = match len & 1 {
            1 => change::build(&outline, &change::expand_columns(tail, outline.start_op)?),
            _ => change::build(&outline, tail),
        };
        if payload.len() > MAX_PAYLOAD {
            return Err(WireError::TooLarge("entry payload").into());
        }
        Ok(RawEntry { kind: PayloadKind::CHANGE, record, payload })
    }

    /// Reads what a change rests on, and returns its record.
    fn rest_on(&mut self, bits: u8, outline: &mut Outline) -> Result<RecordId, ExpandError> {
        let given = bits & bit::RECORD != 0;
        let record = if given { Some(RecordId(self.fields.array("entry record")?)) } else { None };
        let parents = self.read_names(bits, outline)?;
        let derived = Derived::from(&self.actor, &parents);
        outline.start_op =
            if bits & bit::START != 0 { self.fields.number("entry first operation")? } else { derived.start_op };
        outline.seq = if bits & bit::SEQ_FOLLOWS != 0 { derived.seq } else { self.fields.number("entry change")? };
        outline.others = if bits & bit::ALL_OTHERS != 0 { derived.others } else { self.read_others(&derived.others)? };
        record.or(parents.first().map(|parent| parent.record)).ok_or(WireError::Invalid("entry record").into())
    }

    fn read_names(&mut self, bits: u8, outline: &mut Outline) -> Result<Vec<Parent>, ExpandError> {
        let mut parents = Vec::new();
        if bits & bit::ONE_HERE != 0 {
            parents.push(self.here()?);
        } else {
            for _ in 0..self.fields.number_up_to(MAX_CHANGE_DEPS, "entry dependencies")? {
                match self.fields.number_up_to(dep::HERE + self.named.len(), "dependency")? {
                    dep::HASH => outline.deps.push(ChangeHash(self.fields.array("dependency")?)),
                    dep::HERE => parents.push(self.here()?),
                    named => parents.push(self.there(named - dep::NAMED)?),
                }
            }
        }
        outline.deps.extend(parents.iter().map(|parent| parent.change));
        outline.deps.sort();
        Ok(parents)
    }

    fn here(&mut self) -> Result<Parent, ExpandError> {
        let back = self.fields.number_up_to(MAX_SEQ, "dependency")? as u64;
        let seq = self.line.seq.0.checked_sub(back).filter(|_| back > 0).ok_or(WireError::Invalid("dependency"))?;
        self.line.parent(self.line.feed, Seq(seq)).ok_or(ExpandError::Unknown)
    }

    fn there(&mut self, at: usize) -> Result<Parent, ExpandError> {
        let feed = *self.named.get(at).ok_or(WireError::Invalid("dependency"))?;
        let seq = self.last.get(&at).copied().unwrap_or(0).wrapping_add(self.fields.zigzag("dependency")? as u64);
        self.last.insert(at, seq);
        self.line.parent(feed, Seq(seq)).ok_or(ExpandError::Unknown)
    }

    fn read_others(&mut self, derived: &[ActorId]) -> Result<Vec<ActorId>, ExpandError> {
        let mask = self.fields.number("entry actors")?;
        let chosen = (0..63).zip(derived).filter(|(n, _)| mask >> n & 1 == 1);
        let mut others: Vec<ActorId> = chosen.map(|(_, other)| other.clone()).collect();
        for _ in 0..self.fields.number_up_to(MAX_CHANGE_DEPS, "entry actors")? {
            others.push(match self.fields.number_up_to(self.named.len(), "entry actor")? {
                0 => ActorId::from(self.fields.bytes(16, "entry actor")?),
                at => self.named[at - 1].actor(),
            });
        }
        others.sort();
        Ok(others)
    }
}

#[cfg(test)]
mod tests;
