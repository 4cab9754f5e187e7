//! Which records have entries beyond some place: what an office lacks, what no other office is known to hold, what a
//! bundle brings. People count records; feeds only count entries.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use crate::{
    frontier::Frontier,
    ids::{Arrival, AuthorKey, FeedId, RecordId, Seq},
    ledger::{Ledger, LedgerError, Place},
    shelf::Shelf,
};

/// Rows of the index of arrivals that one step reads.
const AT_ONCE: usize = 4_096;

/// Rows that are read where the first few will do.
const A_FEW: usize = 64;

/// The record that entries name which are of none, such as the cards of offices.
pub(super) const NO_RECORD: RecordId = RecordId([0; 16]);

/// What of a record lies beyond a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// The entry of it that arrived here first.
    pub first: Place,
    /// How far it goes on in each feed. Whoever holds all this holds all that lies beyond.
    pub reach: BTreeMap<FeedId, Seq>,
}

/// A walk over all that arrived here since the first entry beyond any of some places, once for all of them. It reads the
/// index of arrivals and no entries.
pub struct Walk {
    /// Feed → its number at each of the places.
    from: BTreeMap<FeedId, Vec<Seq>>,
    until: Option<Frontier>,
    /// The arrival after which the walk goes on; `None` at its end.
    after: Option<Arrival>,
    found: Vec<BTreeMap<RecordId, Beyond>>,
}

impl Walk {
    /// Begins behind `places`. `until`: entries beyond these numbers are passed over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new<S: Shelf>(
        places: &[Frontier],
        until: Option<Frontier>,
        ledger: &Ledger<S>,
    ) -> Result<Self, LedgerError> {
        let numbers = |feed: &FeedId| places.iter().map(|place| place.get(feed)).collect::<Vec<_>>();
        let from = ledger.feeds().map(|feed| (feed.id, numbers(&feed.id))).collect::<BTreeMap<_, _>>();
        let mut begin: Option<Arrival> = None;
        for feed in ledger.feeds() {
            let first = from[&feed.id].iter().min().map(|seq| feed.start.seq.max(*seq).next());
            if let Some(arrival) = first.map(|first| ledger.arrival_of(feed, first)).transpose()?.flatten() {
                begin = Some(begin.map_or(arrival, |earliest| earliest.min(arrival)));
            }
        }
        let after = begin.map(|begin| Arrival(begin.0 - 1));
        Ok(Walk { from, until, after, found: vec![BTreeMap::new(); places.len()] })
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
            self.see(place, record);
        }
        Ok(self.after.is_some())
    }

    fn see(&mut self, place: Place, record: RecordId) {
        if record == NO_RECORD || self.until.as_ref().is_some_and(|until| place.seq > until.get(&place.feed)) {
            return;
        }
        // A feed that came while the walk was under way is left for the next.
        let Some(from) = self.from.get(&place.feed) else { return };
        for (from, found) in from.iter().zip(&mut self.found) {
            if place.seq > *from {
                let beyond = found.entry(record).or_insert_with(|| Beyond { first: place, reach: BTreeMap::new() });
                let reach = beyond.reach.entry(place.feed).or_default();
                *reach = place.seq.max(*reach);
            }
        }
    }

    /// What was found beyond each of the places, in their order.
    pub fn found(self) -> Vec<BTreeMap<RecordId, Beyond>> {
        self.found
    }
}

impl<S: Shelf> Engine<S> {
    /// The first entry that arrived here and lies beyond a place, and belongs to a record.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn first_beyond(&self, place: &Frontier) -> Result<Option<Place>, LedgerError> {
        let ledger = &self.ledger;
        let mut walk = Walk::new(std::slice::from_ref(place), None, ledger)?;
        while let Some(after) = walk.after {
            let arrivals = ledger.arrivals_after(after, A_FEW)?;
            let is_beyond = |(at, record): &&(Place, RecordId)| *record != NO_RECORD && at.seq > place.get(&at.feed);
            if let Some((found, _)) = arrivals.iter().find(is_beyond) {
                return Ok(Some(*found));
            }
            walk.after = arrivals.last().map(|(place, _)| place.arrival);
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
