//! Which records have entries beyond some place: what an office lacks, what no other office is known to hold, what a
//! bundle brings. People count records; feeds only count entries.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use crate::{
    frontier::Frontier,
    ids::{Arrival, AuthorKey, FeedId, RecordId},
    ledger::{Ledger, LedgerError, Place},
    shelf::Shelf,
};

/// Rows of the index of arrivals that one step reads.
const AT_ONCE: usize = 4_096;

/// Rows that are read where the first few will do.
const A_FEW: usize = 64;

/// The record that entries name which are of none, such as the cards of offices.
pub(super) const NO_RECORD: RecordId = RecordId([0; 16]);

/// The arrival of the first entry here that lies beyond a place; `None` where none does. It may belong to no record.
fn first_arrival<S: Shelf>(place: &Frontier, ledger: &Ledger<S>) -> Result<Option<Arrival>, LedgerError> {
    let mut first: Option<Arrival> = None;
    for feed in ledger.feeds() {
        let next = feed.start.seq.max(place.get(&feed.id)).next();
        if let Some(arrival) = ledger.arrival_of(feed, next)? {
            first = Some(first.map_or(arrival, |earliest| earliest.min(arrival)));
        }
    }
    Ok(first)
}

/// A walk over all that arrived here between two places: which records it belongs to, and in which feeds it stands. It
/// reads the index of arrivals and no entries.
pub struct Walk {
    from: Frontier,
    until: Frontier,
    /// The arrival after which the walk goes on; `None` at its end.
    after: Option<Arrival>,
    found: BTreeMap<RecordId, BTreeSet<FeedId>>,
}

impl Walk {
    /// Begins behind `from`. Entries beyond `until` are passed over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new<S: Shelf>(from: Frontier, until: Frontier, ledger: &Ledger<S>) -> Result<Self, LedgerError> {
        let after = first_arrival(&from, ledger)?.map(|first| Arrival(first.0 - 1));
        Ok(Walk { from, until, after, found: BTreeMap::new() })
    }

    /// Goes on for some thousand entries. Whether there may be more.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn step<S: Shelf>(&mut self, ledger: &Ledger<S>) -> Result<bool, LedgerError> {
        let Some(after) = self.after else { return Ok(false) };
        let arrivals = ledger.arrivals_after(after, AT_ONCE)?;
        self.after = arrivals.last().map(|(place, _)| place.arrival);
        for (place, record) in arrivals {
            let between = place.seq > self.from.get(&place.feed) && place.seq <= self.until.get(&place.feed);
            if between && record != NO_RECORD {
                self.found.entry(record).or_default().insert(place.feed);
            }
        }
        Ok(self.after.is_some())
    }

    /// The records, each with the feeds in which something of it was found.
    pub fn found(self) -> BTreeMap<RecordId, BTreeSet<FeedId>> {
        self.found
    }
}

impl<S: Shelf> Engine<S> {
    /// The first entry that arrived here and lies beyond a place, and belongs to a record.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn first_beyond(&self, place: &Frontier) -> Result<Option<Place>, LedgerError> {
        let mut after = first_arrival(place, &self.ledger)?.map(|first| Arrival(first.0 - 1));
        while let Some(last) = after {
            let arrivals = self.ledger.arrivals_after(last, A_FEW)?;
            let is_beyond = |(at, record): &&(Place, RecordId)| *record != NO_RECORD && at.seq > place.get(&at.feed);
            if let Some((found, _)) = arrivals.iter().find(is_beyond) {
                return Ok(Some(*found));
            }
            after = arrivals.last().map(|(place, _)| place.arrival);
        }
        Ok(None)
    }

    /// The first entry of a record that arrived here and lies beyond a place.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn first_of_beyond(&self, record: RecordId, place: &Frontier) -> Result<Option<Place>, LedgerError> {
        let places = self.ledger.record_places(record, Arrival(0))?;
        Ok(places.into_iter().find(|at| at.seq > place.get(&at.feed)))
    }

    /// All offices but this one.
    fn others(&self) -> BTreeSet<AuthorKey> {
        let authors = self.ledger.feeds().map(|feed| feed.genesis.author);
        let peers = self.sessions.values().map(|session| session.peer());
        authors.chain(peers).filter(|author| *author != self.author()).collect()
    }

    /// What an office is known to hold of what is held here: by its last word, by what was agreed with it, and by what it
    /// has said since over a link that is open. `None` where it has not been heard of.
    pub fn known_to_hold(&self, office: &AuthorKey) -> Option<Frontier> {
        let open = self.sessions.values().filter(|session| session.peer() == *office);
        let confirmed = open.filter_map(|session| session.confirmed()).map(|said| self.within(said.iter()));
        self.last_known(office).into_iter().chain(confirmed).reduce(|mut all, said| {
            said.iter().for_each(|(feed, seq)| all.raise(feed, seq));
            all
        })
    }

    /// What each other office that has been heard of is known to hold.
    pub fn known_elsewhere(&self) -> BTreeMap<AuthorKey, Frontier> {
        self.others().into_iter().filter_map(|office| Some((office, self.known_to_hold(&office)?))).collect()
    }

    /// Seconds by which an office's clock is ahead of ours, negative where it is behind; `None` where nothing tells.
    ///
    /// A link tells when it opens. What came by other hands may have been on its way for weeks, so it only tells of a
    /// clock that is ahead: nothing is heard before it is said.
    pub fn clock_ahead(&self, office: &AuthorKey) -> Option<i64> {
        let word = self.beacons.get(office).map(|kept| kept.word);
        let lead = word.map(|word| (word.heard_at, word.stated_at.0.saturating_sub(word.heard_at.0)));
        let told = self.clocks.get(office).copied();
        match (told, lead.filter(|(_, lead)| *lead > 0)) {
            (Some((at, _)), Some((heard, lead))) if heard > at => Some(lead),
            (Some((_, ahead)), _) => Some(ahead),
            (None, lead) => lead.map(|(_, lead)| lead),
        }
    }
}
