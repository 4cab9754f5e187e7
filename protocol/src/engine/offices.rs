//! The offices of the network, as their cards and entries show them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    entry::{PayloadKind, VerifiedEntry},
    feed::OfficeCard,
    ids::{Arrival, AuthorKey, RecordId},
    ledger::{Ledger, LedgerError},
    shelf::Shelf,
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
}

/// The cards that count.
#[derive(Debug, Default)]
pub(super) struct Offices {
    cards: BTreeMap<AuthorKey, OfficeCard>,
}

impl Offices {
    pub(super) fn load<S: Shelf>(ledger: &Ledger<S>) -> Result<Self, LedgerError> {
        let mut offices = Offices::default();
        for place in ledger.record_places(RecordId([0; 16]), Arrival(0))? {
            if let (Some(feed), Some((entry, _))) = (ledger.feed(&place.feed), ledger.entry(&place.feed, place.seq)?) {
                offices.arrived(feed.genesis.author, &entry);
            }
        }
        Ok(offices)
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

    pub(super) fn card(&self, author: &AuthorKey) -> Option<&OfficeCard> {
        self.cards.get(author)
    }

    pub(super) fn all<S: Shelf>(&self, ledger: &Ledger<S>) -> Vec<Office> {
        let mut entries: BTreeMap<AuthorKey, u64> = BTreeMap::new();
        for feed in ledger.feeds() {
            *entries.entry(feed.genesis.author).or_default() += feed.tip.seq.0 - feed.start.seq.0;
        }
        let office = |(author, entries)| {
            let card = self.cards.get(&author);
            Office {
                author,
                name: card.map(|card| card.name.clone()),
                region: card.and_then(|card| card.region.clone()),
                entries,
            }
        };
        entries.into_iter().map(office).collect()
    }
}
