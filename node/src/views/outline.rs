//! What an export needs of records: more than a list shows, and none of their texts.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::rows::Row,
    ids::RecordId,
    record::{Date, common::Place},
};

use super::{
    Filter, ListedRecord, Views, ViewsError,
    list::{Conditions, conditions, where_all},
};

/// A record without its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// What lists show of it.
    pub listed: ListedRecord,
    /// Whether another record speaks for it, as the same conflict.
    pub tied: bool,
    /// Who may see it, where that was said.
    pub sensitivity: Option<String>,
    /// Where it is, as it was entered.
    pub place: Option<Place>,
    /// When it began; else when it ended; for a conflict without either, since when its phase holds.
    pub date: Option<Date>,
    /// How many events it stands for.
    pub event_count: u64,
    /// How many items of each list count: neither withdrawn nor reversed. A nested list is named with the one it is in.
    pub items: BTreeMap<String, u64>,
    /// Fields of the incidents that count.
    pub incidents: Vec<Map<String, Value>>,
}

/// What the table `outlines` holds of a record, as JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    sensitivity: Option<String>,
    place: Option<Place>,
    date: Option<Date>,
    event_count: u64,
}

pub(super) fn show(tx: &Transaction<'_>, n: i64, row: &Row) -> Result<(), ViewsError> {
    let record = &row.record;
    let stored = Stored {
        sensitivity: record.sensitivity.clone(),
        place: record.place.clone(),
        date: record.date,
        event_count: record.event_count,
    };
    let mut add = tx.prepare_cached("INSERT INTO outlines (record, outline) VALUES (?, ?)")?;
    add.execute(params![n, serde_json::to_string(&stored)?])?;
    Ok(())
}

impl Views {
    /// Every record that a list of this filter shows, in the list's order: 16 bytes each, so that an export can go
    /// through them page by page while records change.
    pub fn matching(&self, filter: &Filter) -> Result<Vec<RecordId>, ViewsError> {
        let Some(Conditions { terms, values }) = conditions(filter) else { return Ok(Vec::new()) };
        let order = if filter.since.is_some() { "ASC" } else { "DESC" };
        let select = format!("SELECT id FROM records{} ORDER BY arrival {order}, id {order}", where_all(&terms));
        let db = self.db();
        let mut query = db.prepare_cached(&select)?;
        let ids = query.query_map(params_from_iter(&values), |row| row.get(0).map(RecordId))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Some records as they are now; those that are shown no longer are left out.
    pub fn outlines(&self, ids: &[RecordId]) -> Result<Vec<Outline>, ViewsError> {
        let db = self.db();
        ids.iter().filter_map(|id| outline(&db, *id).transpose()).collect()
    }
}

fn outline(db: &Connection, id: RecordId) -> Result<Option<Outline>, ViewsError> {
    let mut query =
        db.prepare_cached("SELECT n, n <> grp, listed, outline FROM records JOIN outlines ON record = n WHERE id = ?")?;
    let all = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found: Option<(i64, bool, String, String)> = query.query_row([&id.0[..]], all).optional()?;
    let Some((n, tied, listed, stored)) = found else { return Ok(None) };
    let Stored { sensitivity, place, date, event_count } = serde_json::from_str(&stored)?;
    let mut query = db.prepare_cached("SELECT list, count(*) FROM items WHERE record = ? AND counts GROUP BY list")?;
    let items = query.query_map([n], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut query = db.prepare_cached("SELECT fields FROM items WHERE record = ? AND counts AND list = 'incidents'")?;
    let mut rows = query.query([n])?;
    let mut incidents = Vec::new();
    while let Some(row) = rows.next()? {
        incidents.push(of_json(row)?);
    }
    let listed = serde_json::from_str(&listed)?;
    Ok(Some(Outline { listed, tied, sensitivity, place, date, event_count, items, incidents }))
}

fn of_json<T: DeserializeOwned>(row: &rusqlite::Row<'_>) -> Result<T, ViewsError> {
    Ok(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?)
}
