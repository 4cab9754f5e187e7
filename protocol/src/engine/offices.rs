//! The offices of the network, as their cards and entries show them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    beacons::Beacons,
    receipts::{Freshness, Known},
};
use crate::{
    document,
    entry::{PayloadKind, VerifiedEntry},
    feed::{Feed, OfficeCard},
    ids::{Arrival, AuthorKey, RecordId, UnixSeconds},
    ledger::{Ledger, LedgerError},
    shelf::{Batch, Shelf, Table},
};

/// An office, as far as anything is known of it here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Office {
    /// Its device key.
    pub author: AuthorKey,
    /// Its name; absent until its card has arrived.
    pub name: Option<String>,
    /// The key of its region; absent for the national team.
    pub region: Option<String>,
    /// Entries of all its feeds that are held here.
    pub entries: u64,
    /// When it wrote the last of them, by its own clock.
    pub last_entry_at: Option<UnixSeconds>,
    /// When the last of them became durable here, by our clock; absent if the note of it was lost.
    pub last_arrived_at: Option<UnixSeconds>,
    /// How fresh they are, by what it and others have said.
    pub fresh: Freshness,
}

/// The cards that count, and how fresh each office's entries are.
#[derive(Debug, Default)]
pub(super) struct Offices {
    cards: BTreeMap<AuthorKey, OfficeCard>,
    written: BTreeMap<AuthorKey, UnixSeconds>,
    heard: BTreeMap<AuthorKey, UnixSeconds>,
    /// Authors heard of since that was last written down.
    news: BTreeSet<AuthorKey>,
}

/// Before the author in the keys of [`Table::Node`]: when its last entry came.
const HEARD: &[u8] = b"heard ";

impl Offices {
    pub(super) fn load<S: Shelf>(ledger: &Ledger<S>) -> Result<Self, LedgerError> {
        let mut offices = Offices::default();
        for place in ledger.record_places(RecordId([0; 16]), Arrival(0))? {
            if let (Some(feed), Some((entry, _))) = (ledger.feed(&place.feed), ledger.entry(&place.feed, place.seq)?) {
                offices.arrived(feed.genesis.author, &entry);
            }
        }
        for feed in ledger.feeds() {
            if let Some((entry, _)) = ledger.entry(&feed.id, feed.tip.seq)? {
                offices.wrote(feed.genesis.author, &entry);
            }
        }
        ledger.shelf().scan(Table::Node, HEARD, None, &mut |key, value| {
            let Some(author) = key.strip_prefix(HEARD) else { return false };
            if let (Some(author), Ok(at)) = (AuthorKey::from_slice(author), value.try_into()) {
                offices.heard.insert(author, UnixSeconds(i64::from_be_bytes(at)));
            }
            true
        })?;
        Ok(offices)
    }

    /// Takes note of the last of some entries of an author that became durable here.
    pub(super) fn heard(&mut self, author: AuthorKey, last: &VerifiedEntry, now: UnixSeconds) {
        self.wrote(author, last);
        self.heard.insert(author, now);
        self.news.insert(author);
    }

    /// Writes down when offices were last heard of. What a power cut takes of it is only a note.
    pub(super) fn write_news(&mut self, batch: &mut Batch) {
        for author in std::mem::take(&mut self.news) {
            if let Some(at) = self.heard.get(&author) {
                batch.put(Table::Node, [HEARD, &author.0].concat(), at.0.to_be_bytes());
            }
        }
    }

    /// An author's entries reach at least this far. An office whose clock was set back is not taken for older.
    pub(super) fn wrote(&mut self, author: AuthorKey, entry: &VerifiedEntry) {
        let at = match entry.header().kind {
            PayloadKind::OFFICE => OfficeCard::decode(entry.payload()).map(|card| UnixSeconds(card.at)),
            PayloadKind::CHANGE => document::written_at(entry),
            _ => None,
        };
        if let Some(at) = at {
            let written = self.written.entry(author).or_insert(at);
            *written = at.max(*written);
        }
    }

    /// Takes note of a card; of two the later counts, and of two at one time the greater, so that every node agrees.
    pub(super) fn arrived(&mut self, author: AuthorKey, entry: &VerifiedEntry) {
        if entry.header().kind != PayloadKind::OFFICE {
            return;
        }
        let Some(card) = OfficeCard::decode(entry.payload()) else { return };
        let rank = |card: &OfficeCard| (card.at, card.name.clone(), card.region.clone());
        if self.cards.get(&author).is_none_or(|held| rank(held) < rank(&card)) {
            self.cards.insert(author, card);
        }
    }

    /// When the last of an author's entries that was taken note of was written, by its own clock.
    pub(super) fn written(&self, author: &AuthorKey) -> Option<UnixSeconds> {
        self.written.get(author).copied()
    }

    pub(super) fn card(&self, author: &AuthorKey) -> Option<&OfficeCard> {
        self.cards.get(author)
    }

    pub(super) fn all<S: Shelf>(&self, ledger: &Ledger<S>, beacons: &Beacons) -> Vec<Office> {
        let mut feeds: BTreeMap<AuthorKey, Vec<&Feed>> = BTreeMap::new();
        for feed in ledger.feeds() {
            feeds.entry(feed.genesis.author).or_default().push(feed);
        }
        let known = Known::of(beacons, ledger);
        let office = |(author, feeds): (AuthorKey, Vec<&Feed>)| {
            let card = self.cards.get(&author);
            let last_entry_at = self.written(&author);
            Office {
                author,
                name: card.map(|card| card.name.clone()),
                region: card.and_then(|card| card.region.clone()),
                entries: feeds.iter().map(|feed| feed.tip.seq.0 - feed.start.seq.0).sum(),
                last_entry_at,
                last_arrived_at: self.heard.get(&author).copied(),
                fresh: known.freshness(beacons, &author, &feeds, last_entry_at),
            }
        };
        feeds.into_iter().map(office).collect()
    }
}
