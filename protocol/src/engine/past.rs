//! Records as they were at an earlier state of knowledge: as this node, or any other, showed them when it held so much
//! of each feed and no more. A report is made from such a state, and so can be made again.
//!
//! Most records are as they were: their stored rows are read. Only those with entries beyond the knowledge, or that
//! the stored rows do not reflect yet, are made anew from their entries, so that going back costs what changed since.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    documents::{entries_where, on_threads},
    node_row,
    offices::Offices,
    queries::{HistoryStep, QueryError, history_of},
    refresh::make_row,
    rows::{self, Stamp},
};
use crate::{
    document::Document,
    feed::Feed,
    frontier::Frontier,
    ids::{Arrival, AuthorKey, FeedId, RecordId, Seq, UnixSeconds},
    ledger::{Ledger, LedgerError, Place},
    projection::{RecordRow, strictest},
    record::{self, Kind, Vocabulary},
    shelf::{Shelf, Table},
};

/// Arrivals that are looked at in one go.
const ARRIVALS_AT_ONCE: usize = 4_096;

/// Records that are made anew in one go: their entries are in memory meanwhile.
const REMADE_AT_ONCE: usize = 64;

/// A record as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRow {
    /// The record.
    pub id: RecordId,
    /// What it said.
    pub record: RecordRow,
    /// The creating change.
    pub created: Stamp,
}

/// A record as it was, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRecord {
    /// Its kind.
    pub kind: Kind,
    /// The fields that held something, in the shape of [`record::Reading`].
    pub fields: Map<String, Value>,
    /// The strictest of the sensitivities that offices gave it.
    pub strictest: Option<String>,
    /// Its changes, the oldest first.
    pub history: Vec<HistoryStep>,
}

/// An office, as far as the knowledge tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOffice {
    /// Its device key.
    pub author: AuthorKey,
    /// Its name; absent where its card is not part of the knowledge.
    pub name: Option<String>,
    /// The key of its region; absent for the national team.
    pub region: Option<String>,
    /// When it wrote the last of its entries that are, by its own clock.
    pub last_entry_at: Option<UnixSeconds>,
}

/// What a knowledge names and this node does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking {
    /// The office whose entries they are; `None` where nothing of the feed is held.
    pub office: Option<AuthorKey>,
    /// The feed.
    pub feed: FeedId,
    /// How many entries.
    pub entries: u64,
}

/// A state of knowledge, on the ledger that it is read from.
pub struct Past<'l, S> {
    ledger: &'l Ledger<S>,
    knowledge: &'l Frontier,
}

impl<'l, S: Shelf> Past<'l, S> {
    /// The state in which so much of each feed is known. What of it is not held is told by [`Past::lacking`]; all else
    /// then shows less than there was.
    pub fn new(ledger: &'l Ledger<S>, knowledge: &'l Frontier) -> Self {
        Past { ledger, knowledge }
    }

    /// What the knowledge names and is not held here. A feed that turned out to fork ends sooner than it once did.
    pub fn lacking(&self) -> Vec<Lacking> {
        let lacking = |(feed, named): (FeedId, Seq)| {
            let held = self.ledger.feed(&feed);
            let entries = named.0.saturating_sub(held.map_or(0, |held| held.tip.seq.0));
            (entries > 0).then(|| Lacking { office: held.map(|held| held.genesis.author), feed, entries })
        };
        self.knowledge.iter().filter_map(lacking).collect()
    }

    /// Every record, as it was, in no order. Records of a kind that only a newer version knows are left out.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn rows(&self, vocabulary: &Vocabulary, mut each: impl FnMut(PastRow)) -> Result<(), LedgerError> {
        let since = self.arrived_since()?;
        let mut remade: BTreeSet<RecordId> = since.latest.keys().copied().collect();
        self.ledger.shelf().scan(Table::Records, &[], None, &mut |key, value| {
            let Some(record) = RecordId::from_slice(key) else { return true };
            let reflects = |row: &rows::Row| {
                since.rows_hold
                    && since.latest.get(&record).is_none_or(|latest| *latest <= row.arrival)
                    && row.heard.iter().all(|heard| heard.seq <= self.knowledge.get(&heard.feed))
                    && self.ledger.ahead_of(record).next().is_none()
            };
            match rows::decode(&value).filter(reflects) {
                Some(row) => {
                    remade.remove(&record);
                    each(PastRow { id: row.id, record: row.record, created: row.created });
                }
                None => drop(remade.insert(record)),
            }
            true
        })?;
        let remade: Vec<RecordId> = remade.into_iter().collect();
        for some in remade.chunks(REMADE_AT_ONCE) {
            let documents = some.iter().map(|record| Ok((*record, self.entries(*record)?)));
            let made = on_threads(documents.collect::<Result<_, LedgerError>>()?, |(record, entries)| {
                let document = Document::rebuild(record, entries);
                make_row(record, &document, self.ledger, vocabulary)
            });
            let rows = made.into_iter().flatten();
            rows.for_each(|row| each(PastRow { id: row.id, record: row.record, created: row.created }));
        }
        Ok(())
    }

    /// One record, as it was, with its history.
    ///
    /// # Errors
    /// Nothing of it was known, it is of a kind that only a newer version knows, or the store cannot be read.
    pub fn record(&self, record: RecordId) -> Result<PastRecord, QueryError> {
        let document = Document::rebuild(record, self.entries(record)?);
        if document.is_blank() {
            return Err(QueryError::NotFound);
        }
        let reading = record::read(document.automerge(), None)?;
        let history = history_of(&document, self.ledger)?;
        Ok(PastRecord { kind: reading.kind, strictest: strictest(&reading), fields: reading.fields, history })
    }

    /// The offices that had written something, in the order of their keys.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn offices(&self) -> Result<Vec<PastOffice>, LedgerError> {
        let mut offices = Offices::default();
        let mut authors = BTreeSet::new();
        for (feed, seq) in self.known_feeds() {
            authors.insert(feed.genesis.author);
            if let Some((entry, _)) = self.ledger.entry(&feed.id, seq)? {
                offices.wrote(feed.genesis.author, &entry);
            }
        }
        for place in self.ledger.record_places(super::beyond::NO_RECORD, Arrival(0))? {
            if let Some(feed) = self.ledger.feed(&place.feed).filter(|_| self.knows(&place))
                && let Some((entry, _)) = self.ledger.entry(&place.feed, place.seq)?
            {
                offices.arrived(feed.genesis.author, &entry);
            }
        }
        let office = |author: AuthorKey| {
            let card = offices.card(&author);
            PastOffice {
                author,
                name: card.map(|card| card.name.clone()),
                region: card.and_then(|card| card.region.clone()),
                last_entry_at: offices.written(&author),
            }
        };
        Ok(authors.into_iter().map(office).collect())
    }

    /// The feeds of which something is known and held, with their last number; without branches, of which nothing counts.
    fn known_feeds(&self) -> impl Iterator<Item = (&'l Feed, Seq)> {
        let feeds = self.ledger.feeds().filter(|feed| !feed.is_branch());
        let known = feeds.map(|feed| (feed, self.knowledge.get(&feed.id).min(feed.tip.seq)));
        known.filter(|(_, seq)| seq.0 > 0)
    }

    fn knows(&self, place: &Place) -> bool {
        place.seq <= self.knowledge.get(&place.feed)
    }

    fn entries(
        &self,
        record: RecordId,
    ) -> Result<Vec<(crate::entry::VerifiedEntry, crate::document::Standing)>, LedgerError> {
        let known = entries_where(record, Arrival(0), self.ledger, |place| self.knows(place))?;
        Ok(known.into_iter().map(|held| (held.entry, held.standing)).collect())
    }

    /// What arrived that stored rows may not reflect.
    fn arrived_since(&self) -> Result<Since, LedgerError> {
        let reflected = self.ledger.shelf().get(Table::Node, node_row::REFLECTED)?;
        let reflected = reflected.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        let mut since = Since { rows_hold: reflected.is_some(), latest: BTreeMap::new() };
        let mut after = Arrival(reflected.unwrap_or(0));
        loop {
            let arrivals = self.ledger.arrivals_after(after, ARRIVALS_AT_ONCE)?;
            let Some((last, _)) = arrivals.last() else { return Ok(since) };
            after = last.arrival;
            since.latest.extend(arrivals.into_iter().map(|(place, record)| (record, place.arrival)));
        }
    }
}

/// What arrived that stored rows may not reflect.
struct Since {
    /// Whether stored rows are to be relied on at all.
    rows_hold: bool,
    /// The records, each with its last arrival.
    latest: BTreeMap<RecordId, Arrival>,
}
