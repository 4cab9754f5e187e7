//! Who has what, as far as beacons tell: receipts of a record, and how fresh each office's entries are here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Engine, Office, QueryError,
    beacons::{Beacons, Word},
};
use crate::{
    beacon::{Holdings, Prefix},
    feed::Feed,
    frontier::Frontier,
    ids::{Arrival, AuthorKey, RecordId, Seq, UnixSeconds},
    ledger::Ledger,
    shelf::Shelf,
    verify::first_eight,
};

/// Whether an office has a record as we have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptState {
    /// It is this office.
    Here,
    /// It has every entry of the record that we hold.
    Has,
    /// It has some of them: an older state.
    Partial,
    /// By its last word it had none of them.
    Lacks,
    /// It has not been heard of.
    Unknown,
}

/// What an office has of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The office.
    pub office: AuthorKey,
    /// Its name; absent until its card has arrived.
    pub name: Option<String>,
    /// The key of its region; absent for the national team.
    pub region: Option<String>,
    /// Whether it has the record.
    pub state: ReceiptState,
    /// How many of the record's entries it has; absent where that is unknown.
    pub entries: Option<u64>,
    /// How many entries there are here.
    pub of: u64,
    /// For an office that has it, the first of its words by which it did; the oldest that is kept of it, where that is
    /// later.
    pub since: Option<Word>,
    /// Its last word.
    pub last_word: Option<Word>,
}

/// How fresh an office's entries are here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// By that office's clock: all that it had written by then is here. Absent where nothing tells.
    pub as_of: Option<UnixSeconds>,
    /// Entries of this office that others are known to hold and we lack; absent where nothing tells, which is not none.
    pub missing: Option<u64>,
    /// Its last word.
    pub last_word: Option<Word>,
    /// The version of its program by that word.
    pub version: Option<String>,
}

/// How far a beacon's author holds a feed. Where we know that the feed ended at a fork, what it has beyond is no part
/// of it.
fn held(holds: &Holdings, feed: &Feed) -> Seq {
    holds.get(&feed.id).min(feed.end.unwrap_or(Seq(u64::MAX)))
}

/// How far every feed goes, by what all offices have said.
pub(super) struct Known(BTreeMap<Prefix, Seq>);

impl Known {
    pub(super) fn of<S: Shelf>(beacons: &Beacons, ledger: &Ledger<S>) -> Self {
        let mut furthest: BTreeMap<Prefix, Seq> = BTreeMap::new();
        for (prefix, seq) in beacons.all().flat_map(|(_, kept)| kept.beacon.holds().iter()) {
            let known = furthest.entry(prefix).or_default();
            *known = seq.max(*known);
        }
        for feed in ledger.feeds() {
            if let (Some(end), Some(known)) = (feed.end, furthest.get_mut(&first_eight(&feed.id.0))) {
                *known = end.min(*known);
            }
        }
        Known(furthest)
    }

    /// How many entries of a feed others hold and we lack.
    fn missing(&self, feed: &Feed) -> u64 {
        let known = self.0.get(&first_eight(&feed.id.0)).map_or(0, |known| known.0);
        known.saturating_sub(feed.tip.seq.0)
    }

    /// The same of all feeds, those included of which nothing has arrived here.
    fn missing_in_all<S: Shelf>(&self, ledger: &Ledger<S>) -> u64 {
        let held: BTreeMap<Prefix, Seq> = ledger.feeds().map(|feed| (first_eight(&feed.id.0), feed.tip.seq)).collect();
        let lacking = |(prefix, seq): (&Prefix, &Seq)| seq.0.saturating_sub(held.get(prefix).map_or(0, |held| held.0));
        self.0.iter().map(lacking).sum()
    }

    /// How fresh an author's feeds are here. `written`: when it wrote the last entry that is held.
    pub(super) fn freshness(
        &self,
        beacons: &Beacons,
        author: &AuthorKey,
        feeds: &[&Feed],
        written: Option<UnixSeconds>,
    ) -> Freshness {
        let missing: u64 = feeds.iter().map(|feed| self.missing(feed)).sum();
        let Some(kept) = beacons.get(author) else {
            return Freshness { as_of: written, missing: (missing > 0).then_some(missing), ..Freshness::default() };
        };
        let whole = feeds.iter().all(|feed| held(kept.beacon.holds(), feed) <= feed.tip.seq);
        Freshness {
            as_of: written.max(whole.then_some(kept.word.stated_at)),
            missing: Some(missing),
            last_word: Some(kept.word),
            version: Some(kept.beacon.claim().version.clone()),
        }
    }
}

impl<S: Shelf> Engine<S> {
    /// What each office of the network has of a record, by its own last word.
    pub fn receipts(&mut self, id: RecordId) -> Result<Vec<Receipt>, QueryError> {
        let document = self.documents.get(id, &self.ledger)?.ok_or(QueryError::NotFound)?;
        if document.is_blank() {
            return Err(QueryError::NotFound);
        }
        let places = self.ledger.record_places(id, Arrival(0))?;
        let of = places.len() as u64;
        let entries =
            |holds: &Holdings| places.iter().filter(|place| holds.get(&place.feed) >= place.seq).count() as u64;
        let needs: Frontier = places.iter().map(|place| (place.feed, place.seq)).collect();
        let covers = |holds: &Holdings| needs.iter().all(|(feed, seq)| holds.get(&feed) >= seq);
        let us = self.author();
        let receipt = |office: Office| {
            let kept = self.beacons.get(&office.author);
            let (state, entries, since) = match kept {
                _ if office.author == us => (ReceiptState::Here, Some(of), None),
                None => (ReceiptState::Unknown, None, None),
                Some(kept) => {
                    let has = entries(kept.beacon.holds());
                    let state = match has {
                        0 => ReceiptState::Lacks,
                        _ if has == of => ReceiptState::Has,
                        _ => ReceiptState::Partial,
                    };
                    (state, Some(has), kept.since(covers))
                }
            };
            let Office { author, name, region, .. } = office;
            Receipt { office: author, name, region, state, entries, of, since, last_word: kept.map(|kept| kept.word) }
        };
        Ok(self.offices().into_iter().map(receipt).collect())
    }

    /// Entries that other offices are known to hold and we lack, those of feeds that nothing has arrived of included.
    /// Absent where no other office has been heard of.
    pub fn known_missing(&self) -> Option<u64> {
        let us = self.author();
        self.beacons.all().find(|(author, _)| **author != us)?;
        Some(Known::of(&self.beacons, &self.ledger).missing_in_all(&self.ledger))
    }
}
