//! The feeds this node holds: what is durable, what is on its way there, and the runs that can be sent from it.
//!
//! The ledger reads the store through a [`Shelf`] and answers with [`Batch`]es to write. It tells apart the *durable*
//! end of each feed, which is shown, sent and acknowledged, and the *verified* end, on which the next entries build
//! while the store is still writing.

mod ahead;
mod check;
mod mend;
mod recall;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, OnceLock},
};

use crate::{
    entry::{PayloadKind, VerifiedEntry},
    feed::{Feed, ForkProof, Genesis, ProofHeader, ProofSide, Tip},
    frontier::{self, Digest, Frontier},
    ids::{Arrival, EntryHash, FeedId, RecordId, Seq},
    limits::{CHUNK_ENTRIES, CHUNK_EXPANDED, MAX_BRANCHES, MAX_FEEDS},
    shelf::{Batch, Shelf, ShelfError, Table},
    verify::{self, Link, RawEntry, RawRun, VerifyError, first_eight, stored},
    wire::{self, Reader, WireError},
};

use self::{ahead::Ahead, recall::Recall};
pub use self::{
    check::{LedgerCheck, LedgerFault},
    recall::UnpackError,
};

/// What is wrong with the feeds in a store, or with reading them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A row is not what this version writes.
    #[error("a row of {0:?} cannot be read: {1}; check the store with `toguna check`")]
    Row(Table, WireError),
    /// A row that others point to is missing.
    #[error("a row of {0:?} is missing; check the store with `toguna check`")]
    Missing(Table),
}

/// Why a feed or a fork that a peer told us of was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedRefusal {
    /// More feeds or branches than a node keeps.
    #[error("more feeds than a node keeps")]
    TooMany,
    /// The place where the feed is said to fork is not held here yet.
    #[error("a fork after the end of what is held")]
    NotYet,
}

/// An entry on its way into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The feed or branch.
    pub feed: FeedId,
    /// Its place in the order of arrival here.
    pub arrival: Arrival,
    /// The entry.
    pub entry: VerifiedEntry,
}

/// An entry's address in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The feed or branch it belongs to.
    pub feed: FeedId,
    /// Its number there.
    pub seq: Seq,
    /// When it arrived here.
    pub arrival: Arrival,
}

/// The feeds of one store.
pub struct Ledger<S> {
    shelf: S,
    held: BTreeMap<FeedId, Feed>,
    /// Verified ends of feeds that the store is still writing.
    verified: BTreeMap<FeedId, Tip>,
    /// The entries between.
    unwritten: BTreeMap<(FeedId, Seq), VerifiedEntry>,
    /// Entries that came before those between, for reading only.
    ahead: Ahead,
    recall: Mutex<Recall>,
    /// What is held durably, and its digest once someone asked.
    frontier: Frontier,
    digest: OnceLock<Digest>,
    /// The last arrival number given out, and the last that is durable.
    arrival: Arrival,
    durable: Arrival,
}

impl<S: Shelf> Ledger<S> {
    /// Reads the feeds of a store.
    pub fn open(shelf: S) -> Result<Self, LedgerError> {
        let mut rows = Vec::new();
        shelf.scan(Table::Feeds, &[], None, &mut |_, value| {
            rows.push(value);
            true
        })?;
        let mut held = BTreeMap::new();
        let mut arrival = Arrival(0);
        for row in rows {
            let (feed, last) = decode_feed(&row).map_err(|error| LedgerError::Row(Table::Feeds, error))?;
            arrival = arrival.max(last);
            held.insert(feed.id, feed);
        }
        let ahead = Self::read_ahead(&shelf)?;
        let (verified, unwritten, recall, frontier, digest) = Default::default();
        let durable = arrival;
        let mut ledger = Ledger { shelf, held, verified, unwritten, ahead, recall, frontier, digest, arrival, durable };
        ledger.forget_ahead_of_forks();
        ledger.recount();
        Ok(ledger)
    }

    fn recount(&mut self) {
        self.frontier = frontier::named(self.held.values()).map(|feed| (feed.id, feed.tip.seq)).collect();
        self.digest.take();
    }

    /// The store's read verbs.
    pub fn shelf(&self) -> &S {
        &self.shelf
    }

    /// A feed or branch, as far as it is durable.
    pub fn feed(&self, feed: &FeedId) -> Option<&Feed> {
        self.held.get(feed)
    }

    /// All feeds and branches, in the order of their ids.
    pub fn feeds(&self) -> impl Iterator<Item = &Feed> + Clone {
        self.held.values()
    }

    /// What is held durably.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The digest of what is held durably.
    pub fn digest(&self) -> Digest {
        let digest = || Digest::of(frontier::named(self.feeds()).map(|feed| (&feed.id, &feed.tip)));
        *self.digest.get_or_init(digest)
    }

    /// The arrival number of the last durable entry.
    pub fn last_arrival(&self) -> Arrival {
        self.durable
    }

    /// The verified end of a feed, durable or not.
    pub fn verified_tip(&self, feed: &FeedId) -> Option<Tip> {
        self.verified.get(feed).copied().or_else(|| self.held.get(feed).map(|feed| feed.tip))
    }

    /// Whether the store is still writing entries of this feed.
    pub fn is_writing(&self, feed: &FeedId) -> bool {
        self.verified.contains_key(feed)
    }

    /// Makes a feed known whose first entries have been verified. It is kept in memory until they are durable.
    pub fn begin(&mut self, genesis: Genesis) -> Result<FeedId, FeedRefusal> {
        let id = genesis.id();
        if !self.held.contains_key(&id) && self.held.len() >= MAX_FEEDS {
            return Err(FeedRefusal::TooMany);
        }
        Ok(self.begin_own(genesis))
    }

    /// The same for a feed of our own, for which there is always room.
    pub fn begin_own(&mut self, genesis: Genesis) -> FeedId {
        let mut feed = Feed::begin(genesis);
        self.end_at_a_fork(&mut feed);
        let id = feed.id;
        self.held.entry(id).or_insert(feed);
        id
    }

    /// Checks a run of `feed` against what is held and returns the entries that are new. What overlaps with what is
    /// held is compared; [`VerifyError::Differs`] names an entry that both sides hold and that is not the same.
    pub fn check_run(&self, feed: &Feed, run: RawRun) -> Result<Result<Vec<VerifiedEntry>, VerifyError>, LedgerError> {
        let tip = self.verified.get(&feed.id).copied().unwrap_or(feed.tip);
        let before = Seq(run.first.0 - 1);
        if before > tip.seq || before < feed.start.seq {
            return Ok(Err(VerifyError::Gap { first: run.first, expected: tip.seq.next() }));
        }
        let known = if before == tip.seq { Some(tip.hash) } else { self.hash_at(feed, before)? };
        // The overlap is still being written: the peer will hear what we hold.
        let Some(hash) = known else { return Ok(Ok(Vec::new())) };
        let from = Tip { seq: before, hash };
        let verified = match feed.end {
            Some(end) if end <= tip.seq => verify::verify_run(feed, from, run),
            _ => self.up_to_a_fork(feed, from, run),
        };
        let mut entries = match verified {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(error)),
        };
        let last = Seq(before.0 + entries.len() as u64);
        let new = entries.split_off((tip.seq.min(last).0 - before.0) as usize);
        let durable = feed.tip.seq.min(last);
        if durable > before {
            let theirs = entries[(durable.0 - before.0) as usize - 1].hash();
            if self.hash_at(feed, durable)? != Some(theirs) {
                return Ok(Err(VerifyError::Differs(durable)));
            }
        }
        match new.first() {
            Some(entry) if entry.header().backlink != tip.hash => Ok(Err(VerifyError::Differs(tip.seq))),
            _ => Ok(Ok(new)),
        }
    }

    /// Gives entries that continue the verified end of `feed` their arrival numbers and the rows to write.
    pub fn stage(&mut self, feed: FeedId, entries: Vec<VerifiedEntry>, batch: &mut Batch) -> Vec<Accepted> {
        let mut next = self.held.get(&feed).expect("the caller has begun the feed").clone();
        next.tip = self.verified_tip(&feed).expect("the feed is held");
        let accepted: Vec<Accepted> = entries
            .into_iter()
            .map(|entry| {
                self.arrival = Arrival(self.arrival.0 + 1);
                let (header, arrival) = (entry.header(), self.arrival);
                assert_eq!(header.backlink, next.tip.hash, "entries continue the verified end");
                next.tip = Tip { seq: header.seq, hash: entry.hash() };
                let address = entry_key(next.rows, header.seq);
                batch.put(Table::Entries, address.clone(), stored::encode(&entry, arrival));
                let key = [&header.record.0[..], &arrival.0.to_be_bytes()].concat();
                batch.put(Table::RecordEntries, key, address.clone());
                batch.put(Table::Arrivals, arrival.0.to_be_bytes(), [&address[..], &header.record.0].concat());
                self.unwritten.insert((feed, header.seq), entry.clone());
                Accepted { feed, arrival, entry }
            })
            .collect();
        self.end_at_a_fork(&mut next);
        batch.put(Table::Feeds, feed.0, encode_feed(&next, self.arrival));
        self.overtake(&feed, next.tip, batch);
        self.verified.insert(feed, next.tip);
        accepted
    }

    /// The store has made these entries durable. Returns the records whose documents must be made anew, since entries of
    /// theirs are no longer held ahead.
    pub fn persisted(&mut self, accepted: &[Accepted]) -> Vec<RecordId> {
        let mut anew = Vec::new();
        for Accepted { feed, arrival, entry } in accepted {
            let tip = Tip { seq: entry.header().seq, hash: entry.hash() };
            self.unwritten.remove(&(*feed, tip.seq));
            if let Some(held) = self.held.get_mut(feed) {
                held.tip = tip;
                self.frontier.raise(*feed, tip.seq);
                self.digest.take();
            }
            if self.verified.get(feed) == Some(&tip) {
                self.verified.remove(feed);
                if let Some(mut held) = self.held.get(feed).cloned() {
                    self.end_at_a_fork(&mut held);
                    self.held.insert(*feed, held);
                }
            }
            anew.extend(self.overtaken(feed, tip));
            self.durable = (*arrival).max(self.durable);
        }
        anew
    }

    /// The store could not write: everything that is not durable is forgotten. Arrival numbers are not given twice.
    pub fn roll_back(&mut self) {
        self.verified.clear();
        self.unwritten.clear();
        self.forget();
    }

    /// The entry `seq` of a feed or branch; `None` where it is not held.
    pub fn entry(&self, feed: &FeedId, seq: Seq) -> Result<Option<(VerifiedEntry, Arrival)>, LedgerError> {
        let Some(feed) = self.held.get(feed) else { return Ok(None) };
        if seq <= feed.start.seq || seq > feed.tip.seq {
            return Ok(None);
        }
        let value =
            self.shelf.get(Table::Entries, &entry_key(feed.rows, seq))?.ok_or(LedgerError::Missing(Table::Entries))?;
        stored::decode(feed.root, seq, &value).map(Some).map_err(|error| LedgerError::Row(Table::Entries, error))
    }

    /// The hash of the entry `seq`, or of the place a feed starts from.
    pub fn hash_at(&self, feed: &Feed, seq: Seq) -> Result<Option<EntryHash>, LedgerError> {
        if seq == feed.start.seq {
            return Ok(Some(feed.start.hash));
        }
        if seq == feed.tip.seq {
            return Ok(Some(feed.tip.hash));
        }
        Ok(self.entry(&feed.id, seq)?.map(|(entry, _)| entry.hash()))
    }

    /// When the entry `seq` arrived here; `None` where it is not held.
    pub fn arrival_of(&self, feed: &Feed, seq: Seq) -> Result<Option<Arrival>, LedgerError> {
        if seq <= feed.start.seq || seq > feed.tip.seq {
            return Ok(None);
        }
        let value =
            self.shelf.get(Table::Entries, &entry_key(feed.rows, seq))?.ok_or(LedgerError::Missing(Table::Entries))?;
        stored::decode_arrival(&value).map(Some).map_err(|error| LedgerError::Row(Table::Entries, error))
    }

    /// The addresses of a record's entries that arrived after `after`, in the order they arrived.
    pub fn record_places(&self, record: RecordId, after: Arrival) -> Result<Vec<Place>, LedgerError> {
        let mut rows = Vec::new();
        let from = [&record.0[..], &(after.0 + 1).to_be_bytes()].concat();
        let end = successor(&record.0);
        self.shelf.scan(Table::RecordEntries, &from, end.as_deref(), &mut |key, value| {
            rows.push((key.to_vec(), value));
            true
        })?;
        let mut places = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let read = || {
                let mut key = Reader::new(&key[RecordId::LEN..]);
                let arrival = Arrival(u64::from_be_bytes(key.array("arrival")?));
                Ok((arrival, read_address(&mut Reader::new(&value))?))
            };
            let (arrival, (rows, seq)) = read().map_err(|error| LedgerError::Row(Table::RecordEntries, error))?;
            if let Some(feed) = self.feed_of_row(rows, seq) {
                places.push(Place { feed, seq, arrival });
            }
        }
        Ok(places)
    }

    /// The places and records of entries that arrived after `after`, at most `limit`, in order of arrival.
    pub fn arrivals_after(&self, after: Arrival, limit: usize) -> Result<Vec<(Place, RecordId)>, LedgerError> {
        let mut rows = Vec::new();
        let from = (after.0 + 1).to_be_bytes();
        self.shelf.scan(Table::Arrivals, &from, None, &mut |key, value| {
            rows.push((key.to_vec(), value));
            rows.len() < limit
        })?;
        let mut found = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let read = || {
                let arrival = Arrival(u64::from_be_bytes(Reader::new(&key).array("arrival")?));
                let mut reader = Reader::new(&value);
                let (rows, seq) = read_address(&mut reader)?;
                Ok((arrival, rows, seq, RecordId(reader.array("record")?)))
            };
            let (arrival, rows, seq, record) = read().map_err(|error| LedgerError::Row(Table::Arrivals, error))?;
            if let Some(feed) = self.feed_of_row(rows, seq) {
                found.push((Place { feed, seq, arrival }, record));
            }
        }
        Ok(found)
    }

    /// The feed or branch whose entry `seq` is kept under `rows`; `None` for a row that a cut write left behind.
    fn feed_of_row(&self, rows: FeedId, seq: Seq) -> Option<FeedId> {
        let holds = |feed: &&Feed| feed.rows == rows && seq > feed.start.seq && seq <= feed.tip.seq;
        self.held.get(&rows).filter(holds).or_else(|| self.held.values().find(holds)).map(|feed| feed.id)
    }

    /// The run that continues a feed after `after`: as many entries as a chunk takes, ending at a signature.
    pub fn run_after(&self, feed: &Feed, after: Seq) -> Result<Option<RawRun>, LedgerError> {
        let after = after.max(feed.start.seq);
        if after >= feed.tip.seq {
            return Ok(None);
        }
        let Some(before) = self.hash_at(feed, after)? else { return Ok(None) };
        let (mut entries, mut end, mut size) = (Vec::new(), None, 0);
        let (mut seq, mut segment) = (after, feed);
        while entries.len() < CHUNK_ENTRIES {
            if seq == segment.tip.seq {
                // A feed may end at a fork before which we hold no signature. The run then goes on into our own side,
                // as it was when we got it; who receives it learns of the fork by the proof.
                match self.our_side_of(segment).filter(|_| end.is_none()) {
                    Some(branch) => segment = branch,
                    None => break,
                }
            }
            seq = seq.next();
            let (entry, _) = self.entry(&segment.id, seq)?.ok_or(LedgerError::Missing(Table::Entries))?;
            let raw = RawEntry::of(&entry);
            size += raw.expanded_len();
            if size > CHUNK_EXPANDED && end.is_some() {
                break;
            }
            entries.push(raw);
            if let Some(signature) = entry.signature() {
                end = Some((entries.len(), *signature));
                if segment.id != feed.id {
                    break;
                }
            }
        }
        let Some((len, signature)) = end else { return Ok(None) };
        entries.truncate(len);
        let link = match after {
            Seq(0) => Link::Genesis(feed.genesis),
            _ => Link::Entry(first_eight(&before.0)),
        };
        Ok(Some(RawRun { feed: feed.id, first: after.next(), link, entries, signature }))
    }

    /// Of a feed that ended at a fork, the branch that we had taken for the feed until then; or, if the fork was placed
    /// before we got that far, any of its branches that is here.
    fn our_side_of(&self, ended: &Feed) -> Option<&Feed> {
        ended.end.filter(|end| *end == ended.tip.seq)?;
        let side = |feed: &&Feed| feed.root == ended.root && feed.start == ended.tip && !feed.is_empty();
        self.held.values().filter(side).min_by_key(|feed| feed.rows != ended.rows)
    }

    /// The headers after `after` up to the next signature: our side of a fork proof.
    pub fn side_after(&self, feed: &Feed, after: Seq) -> Result<Option<ProofSide>, LedgerError> {
        let mut headers = Vec::new();
        let mut seq = after;
        while headers.len() < CHUNK_ENTRIES {
            seq = seq.next();
            let Some((entry, _)) = self.entry(&feed.id, seq)? else { break };
            headers.push(ProofHeader::from(entry.header()));
            if let Some(signature) = entry.signature() {
                return Ok(Some(ProofSide { headers, signature: *signature }));
            }
        }
        Ok(None)
    }

    /// The segment of a forked or whole feed that holds `place`.
    fn segment_at(&self, root: FeedId, place: Tip) -> Result<Option<&Feed>, LedgerError> {
        for feed in self.held.values().filter(|feed| feed.root == root) {
            let within = place.seq >= feed.start.seq && place.seq <= feed.tip.seq;
            if within
                && self.hash_at(feed, place.seq)? == Some(place.hash)
                && !(feed.is_branch() && place == feed.start)
            {
                return Ok(Some(feed));
            }
        }
        Ok(None)
    }

    /// Ends the feed at the fork that `proof` proves and begins its branches; what we held beyond becomes one of
    /// them. Nothing may be on its way into the store for this feed. Returns the rows to write, and the branch that
    /// took over what we held. The caller has checked that the proof holds.
    pub fn fork(&self, proof: &ForkProof) -> Result<Result<ForkOutcome, FeedRefusal>, LedgerError> {
        let root = proof.feed();
        let segment = match self.segment_at(root, proof.base)? {
            Some(segment) => segment.clone(),
            None if proof.base.seq == Seq(0) && !self.held.contains_key(&root) => Feed::begin(proof.genesis),
            None => return Ok(Err(FeedRefusal::NotYet)),
        };
        let mut changed: BTreeMap<FeedId, Feed> = BTreeMap::new();
        let mut took_over = None;
        if segment.tip.seq > proof.base.seq {
            let branch = self.takes_over(&segment, proof)?;
            took_over = Some(branch.id);
            changed.insert(branch.id, branch);
        }
        let ended = Feed { tip: proof.base, end: Some(proof.base.seq), ..segment };
        changed.insert(ended.id, ended);
        for side in &proof.sides {
            let branch = Feed::branch(proof, side);
            if !self.held.contains_key(&branch.id) {
                changed.entry(branch.id).or_insert(branch);
            }
        }
        changed.retain(|id, feed| self.held.get(id) != Some(feed));
        let begun = changed.keys().filter(|id| !self.held.contains_key(*id)).count();
        let branches = self.held.values().filter(|feed| feed.root == root && feed.is_branch()).count();
        if branches + begun > MAX_BRANCHES || self.held.len() + begun > MAX_FEEDS {
            return Ok(Err(FeedRefusal::TooMany));
        }
        let mut batch = Batch::default();
        for feed in changed.values() {
            batch.put(Table::Feeds, feed.id.0, encode_feed(feed, self.durable));
        }
        self.let_go(&root, &mut batch);
        Ok(Ok(ForkOutcome { batch, changed: changed.into_values().collect(), took_over }))
    }

    /// The branch that what we hold beyond the fork becomes: one of the two proved ones, or a third.
    fn takes_over(&self, segment: &Feed, proof: &ForkProof) -> Result<Feed, LedgerError> {
        let missing = LedgerError::Missing(Table::Entries);
        let ours = self.hash_at(segment, proof.base.seq.next())?.ok_or(missing.clone())?;
        let own_proof = if proof.first_hashes().contains(&ours) {
            proof.clone()
        } else {
            let side = self.side_after(segment, proof.base.seq)?.ok_or(missing.clone())?;
            ForkProof::join(proof.genesis, proof.base, side, proof.sides[0].clone()).ok_or(missing)?
        };
        let (id, proof) = (FeedId(ours.0), Some(Box::new(own_proof)));
        Ok(Feed { id, start: proof.as_ref().map_or(segment.start, |proof| proof.base), proof, ..segment.clone() })
    }

    /// The rows of a fork are durable: from now on the feeds stand as it left them. Returns the records of which entries
    /// were held ahead.
    pub fn forked(&mut self, outcome: &ForkOutcome) -> Vec<RecordId> {
        for feed in &outcome.changed {
            self.held.insert(feed.id, feed.clone());
        }
        self.forget();
        self.recount();
        outcome.changed.first().map(|feed| self.gone(&feed.root)).unwrap_or_default()
    }

    /// The records with entries in a feed or branch.
    pub fn records_of(&self, feed: &Feed) -> Result<Vec<RecordId>, LedgerError> {
        let mut records = BTreeSet::new();
        let mut seq = feed.start.seq;
        while seq < feed.tip.seq {
            seq = seq.next();
            if let Some((entry, _)) = self.entry(&feed.id, seq)?
                && entry.header().kind == PayloadKind::CHANGE
            {
                records.insert(entry.header().record);
            }
        }
        Ok(records.into_iter().collect())
    }
}

/// What a fork changes.
#[derive(Debug, Clone)]
pub struct ForkOutcome {
    /// The rows to write, together.
    pub batch: Batch,
    /// The feeds as they stand once the rows are durable. Empty when the fork was known.
    pub changed: Vec<Feed>,
    /// The branch that took over what we held beyond the fork.
    pub took_over: Option<FeedId>,
}

/// `feed id ‖ seq`, the seq big-endian so that keys sort by number.
fn entry_key(rows: FeedId, seq: Seq) -> Vec<u8> {
    [&rows.0[..], &seq.0.to_be_bytes()].concat()
}

fn read_address(reader: &mut Reader<'_>) -> Result<(FeedId, Seq), WireError> {
    Ok((FeedId(reader.array("feed")?), Seq(u64::from_be_bytes(reader.array("seq")?))))
}

/// The least key that is greater than every key with this prefix.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if last < u8::MAX {
            next.push(last + 1);
            return Some(next);
        }
    }
    None
}

/// A row of [`Table::Feeds`]: id, root, rows, genesis, start, tip, end (0 for none, else seq + 1), last arrival, proof.
fn encode_feed(feed: &Feed, arrival: Arrival) -> Vec<u8> {
    let mut out = Vec::with_capacity(320);
    for id in [feed.id, feed.root, feed.rows] {
        out.extend_from_slice(&id.0);
    }
    out.extend_from_slice(&feed.genesis.encode());
    for tip in [feed.start, feed.tip] {
        wire::put_number(&mut out, tip.seq.0);
        out.extend_from_slice(&tip.hash.0);
    }
    wire::put_number(&mut out, feed.end.map_or(0, |end| end.0 + 1));
    wire::put_number(&mut out, arrival.0);
    if let Some(proof) = &feed.proof {
        proof.write(&mut out);
    }
    out
}

fn decode_feed(row: &[u8]) -> Result<(Feed, Arrival), WireError> {
    let mut reader = Reader::new(row);
    let mut id = || Ok(FeedId(reader.array("feed")?));
    let (id, root, rows) = (id()?, id()?, id()?);
    let genesis = Genesis::read(&mut reader)?;
    let mut tip = || Ok(Tip { seq: Seq(reader.number("seq")?), hash: EntryHash(reader.array("hash")?) });
    let (start, tip) = (tip()?, tip()?);
    let end = reader.number("end")?.checked_sub(1).map(Seq);
    let arrival = Arrival(reader.number("arrival")?);
    let proof = if reader.is_empty() { None } else { Some(Box::new(ForkProof::read(&mut reader)?)) };
    reader.end()?;
    Ok((Feed { id, root, rows, genesis, start, tip, end, proof }, arrival))
}

#[cfg(test)]
mod tests;
