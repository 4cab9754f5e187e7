//! Where conflicts are, for a map.

use serde::de::DeserializeOwned;
use toguna_protocol::record::common::{Place, Precision};

use super::{ListedRecord, Views, ViewsError};

/// A conflict that a map says more of than a figure of its region.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedConflict {
    /// What lists show of it.
    pub record: ListedRecord,
    /// The place as it was entered.
    pub place: Option<Place>,
}

impl PlacedConflict {
    /// Latitude and longitude, where the place is known well enough to be drawn as a point: exactly, or by its village,
    /// fraction or camp. Anything coarser would put a mark where nothing happened.
    pub fn point(&self) -> Option<(f64, f64)> {
        let place = self.place.as_ref()?;
        let drawn = matches!(place.precision, Some(Precision::Exact | Precision::Village));
        drawn.then_some((place.lat?.0, place.lon?.0))
    }

    /// Whether no one region stands for it: it concerns several, the whole country, or a place abroad.
    pub fn is_wide(&self) -> bool {
        self.record.regions.len() != 1
    }
}

/// What a map of conflicts shows beside the figures of regions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConflictPlaces {
    /// The conflicts that have a point, or that no one region stands for; the newest change first.
    pub conflicts: Vec<PlacedConflict>,
    /// Events of another source: latitude, longitude, how many. Empty where none were brought in.
    pub events: Vec<(f64, f64, u64)>,
}

impl Views {
    /// What a map shows of conflicts and of another source's events.
    pub fn conflict_places(&self) -> Result<ConflictPlaces, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, place FROM records INDEXED BY records_by_arrival WHERE kind = 'conflict' AND NOT events
             AND (place IS NOT NULL OR (SELECT count(*) FROM regions WHERE record = n) <> 1)
             ORDER BY arrival DESC, id DESC",
        )?;
        let mut rows = query.query([])?;
        let mut conflicts = Vec::new();
        while let Some(row) = rows.next()? {
            let place: Option<String> = row.get(1)?;
            let place = place.map(|place| serde_json::from_str(&place)).transpose()?;
            let conflict = PlacedConflict { record: of_json(row, 0)?, place };
            if conflict.is_wide() || conflict.point().is_some() {
                conflicts.push(conflict);
            }
        }
        let mut query = db.prepare_cached(
            "SELECT fields ->> '$.place.lat' AS lat, fields ->> '$.place.lon' AS lon, count(*)
             FROM items JOIN records ON n = record WHERE events AND list = 'incidents' AND counts
             AND json_type(fields, '$.place.lat') IN ('real', 'integer')
             AND json_type(fields, '$.place.lon') IN ('real', 'integer') GROUP BY lat, lon ORDER BY lat, lon",
        )?;
        let events = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(ConflictPlaces { conflicts, events: events.collect::<Result<_, _>>()? })
    }
}

/// What a column holds as JSON.
pub(super) fn of_json<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> Result<T, ViewsError> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)?)
}
