//! Which records have entries beyond a place: what others are not known to hold.

use std::collections::BTreeMap;

use rusqlite::params;
use toguna_protocol::{
    frontier::Frontier,
    ids::{Arrival, FeedId, RecordId, Seq},
};

use super::{Views, ViewsError};

/// How far a record goes on beyond a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The last number in each feed that goes beyond it. Whoever holds all these holds all that lies beyond.
    pub feeds: BTreeMap<FeedId, Seq>,
    /// When the last of these entries came here.
    pub last: Arrival,
}

impl Reach {
    /// Whether somebody with these numbers holds all of it.
    pub fn is_held_by(&self, numbers: &Frontier) -> bool {
        self.feeds.iter().all(|(feed, seq)| numbers.get(feed) >= *seq)
    }
}

impl Views {
    /// The records with entries beyond a place. Looks at those alone, and at no entry.
    pub fn beyond(&self, place: &Frontier) -> Result<BTreeMap<RecordId, Reach>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT DISTINCT feed FROM touched")?;
        let feeds = query.query_map([], |row| row.get(0).map(FeedId))?.collect::<Result<Vec<_>, _>>()?;
        let select = "SELECT id, seq, last FROM touched JOIN records ON n = record WHERE feed = ? AND seq > ?";
        let mut query = db.prepare_cached(select)?;
        let mut beyond: BTreeMap<RecordId, Reach> = BTreeMap::new();
        for feed in feeds {
            let mut rows = query.query(params![&feed.0[..], place.get(&feed).0])?;
            while let Some(row) = rows.next()? {
                let reach = beyond.entry(RecordId(row.get(0)?)).or_default();
                reach.feeds.insert(feed, Seq(row.get(1)?));
                reach.last = reach.last.max(Arrival(row.get(2)?));
            }
        }
        Ok(beyond)
    }
}
