//! Where conflicts are, for a map.

use rusqlite::Connection;
use serde::de::DeserializeOwned;
use toguna_protocol::record::common::{Place, Precision};

use super::{ListedRecord, Views, ViewsError};

/// A conflict that a map says more of than a figure of its region.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedConflict {
    /// What lists show of it; where it speaks for others, with their regions.
    pub record: ListedRecord,
    /// The place as it was entered: its own, or that of one it speaks for.
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

    /// Takes up what the other records of its group say: their regions, and a point where it has none itself.
    fn stand_for(&mut self, db: &Connection, speaker: i64) -> Result<(), ViewsError> {
        let mut query = db.prepare_cached(
            "SELECT DISTINCT region FROM regions JOIN records ON n = record WHERE grp = ? ORDER BY region",
        )?;
        self.record.regions = query.query_map([speaker], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut query = db.prepare_cached("SELECT place FROM records WHERE grp = ? AND n <> grp ORDER BY id")?;
        let mut rows = query.query([speaker])?;
        while let Some(row) = rows.next()?.filter(|_| self.point().is_none()) {
            let other = PlacedConflict { record: self.record.clone(), place: place(row, 0)? };
            if other.point().is_some() {
                self.place = other.place;
            }
        }
        Ok(())
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
            "SELECT listed, place, n, (SELECT count(*) FROM records AS m WHERE m.grp = records.n) AS together
             FROM records INDEXED BY records_by_arrival WHERE kind = 'conflict' AND NOT events AND n = grp
             AND (place IS NOT NULL OR together > 1 OR (SELECT count(*) FROM regions WHERE record = n) <> 1)
             ORDER BY arrival DESC, id DESC",
        )?;
        let mut rows = query.query([])?;
        let mut conflicts = Vec::new();
        while let Some(row) = rows.next()? {
            let mut conflict = PlacedConflict { record: of_json(row, 0)?, place: place(row, 1)? };
            if row.get::<_, u64>(3)? > 1 {
                conflict.stand_for(&db, row.get(2)?)?;
            }
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

fn place(row: &rusqlite::Row<'_>, column: usize) -> Result<Option<Place>, ViewsError> {
    let text: Option<String> = row.get(column)?;
    Ok(text.map(|place| serde_json::from_str(&place)).transpose()?)
}

/// What a column holds as JSON.
pub(super) fn of_json<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> Result<T, ViewsError> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)?)
}
