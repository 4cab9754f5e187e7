//! What goes first over a thin link: the records with an alert that nobody has closed, then what the offices of the
//! peer's own region wrote, then the rest, each in the order in which it arrived here.
//!
//! Feeds are prefixes, so a feed goes first as a whole, up to the last entry of such a record in it. All the changes a
//! record's changes rest on are of that record, so once they have passed it can be read, whatever else is to come.

use std::collections::BTreeMap;

use super::{offices::Offices, rows::Row};
use crate::{
    feed::Feed,
    ids::{Arrival, AuthorKey, FeedId, RecordId, Seq},
    ledger::{Ledger, LedgerError},
    limits::MAX_PRESSING,
    record::Kind,
    shelf::{Batch, Shelf, Table},
};

/// The row of [`Table::Node`] that names the records that press, so that a start need not read every row.
const PRESSING: &[u8] = b"pressing";

/// Levels of an alert that does not wait (`record::conflict::AlertLevel`).
const LEVELS: [&str; 2] = ["alert", "emergency"];

/// The lane of records that press, of the peer's own region, and of the rest.
const FIRST: u8 = 0;
const NEAR: u8 = 1;
const REST: u8 = 2;

/// The records that press, and up to where each feed has entries of them.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pressing: BTreeMap<RecordId, BTreeMap<FeedId, Seq>>,
    changed: bool,
}

impl Lanes {
    pub(super) fn load<S: Shelf>(ledger: &Ledger<S>) -> Result<Self, LedgerError> {
        let mut lanes = Lanes::default();
        let known = ledger.shelf().get(Table::Node, PRESSING)?.unwrap_or_default();
        for record in known.chunks(RecordId::LEN).filter_map(RecordId::from_slice).take(MAX_PRESSING) {
            lanes.note(record, ledger)?;
        }
        Ok(lanes)
    }

    fn note<S: Shelf>(&mut self, record: RecordId, ledger: &Ledger<S>) -> Result<(), LedgerError> {
        let ends = self.pressing.entry(record).or_default();
        for place in ledger.record_places(record, Arrival(0))? {
            let end = ends.entry(place.feed).or_default();
            *end = place.seq.max(*end);
        }
        Ok(())
    }

    /// A record was made anew from its entries.
    pub(super) fn saw<S: Shelf>(&mut self, row: &Row, ledger: &Ledger<S>) -> Result<(), LedgerError> {
        if !presses(row) {
            self.forget(row.id);
            return Ok(());
        }
        let is_new = !self.pressing.contains_key(&row.id);
        if is_new && self.pressing.len() >= MAX_PRESSING {
            return Ok(());
        }
        self.changed |= is_new;
        self.note(row.id, ledger)
    }

    /// A record presses no more.
    pub(super) fn forget(&mut self, record: RecordId) {
        self.changed |= self.pressing.remove(&record).is_some();
    }

    /// Writes down what presses, if that is news. What a power cut takes of it only changes an order.
    pub(super) fn write_news(&mut self, batch: &mut Batch) {
        if std::mem::take(&mut self.changed) {
            let records: Vec<u8> = self.pressing.keys().flat_map(|record| record.0).collect();
            batch.put(Table::Node, PRESSING, records);
        }
    }

    /// In which lane a feed goes to a peer that holds it up to a number: the lower goes first.
    pub(super) fn order<'a>(&'a self, offices: &'a Offices, peer: AuthorKey) -> impl Fn(&Feed, Seq) -> u8 + 'a {
        let region = |author: &AuthorKey| offices.card(author).and_then(|card| card.region.as_ref());
        let home = region(&peer);
        move |feed, held| {
            let lacks = |ends: &BTreeMap<FeedId, Seq>| ends.get(&feed.id).is_some_and(|end| held < *end);
            if self.pressing.values().any(lacks) {
                FIRST
            } else if home.is_some() && region(&feed.genesis.author) == home {
                NEAR
            } else {
                REST
            }
        }
    }
}

/// Whether somebody waits for this record: a conflict with an alert that was not closed.
fn presses(row: &Row) -> bool {
    let is_open =
        |key: &str, values: &serde_json::Map<String, serde_json::Value>| values.get(key).is_none_or(|v| v.is_null());
    row.record.kind == Kind::Conflict
        && row.record.items.iter().any(|item| {
            let level = item.values.get("level").and_then(|level| level.as_str());
            item.list == "alerts"
                && !item.withdrawn
                && level.is_some_and(|level| LEVELS.contains(&level))
                && ["closed_date", "closed_because"].iter().all(|key| is_open(key, &item.values))
        })
}
