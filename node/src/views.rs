//! The read models: what lists, search and the national picture are read from.
//!
//! An in-memory SQLite database, filled with the rows that the engine projects from documents. Nothing of it reaches
//! the disk, and all of it can be made anew, so it needs neither migrations nor repair: a start fills it from the
//! stored rows, and is usable meanwhile ([`Views::is_complete`] tells).

mod behind;
mod beyond;
mod changed;
mod groups;
mod likeness;
mod list;
mod matters;
mod outline;
mod picture;
mod places;
mod plan;
mod recommendations;
mod search;
mod sources;
mod tree;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;
use toguna_protocol::{engine::rows::Row, ids::RecordId, record::Kind};

pub use self::{
    behind::{Activities, AlertLine, ContributionLine, DeclaredActivities},
    beyond::Reach,
    changed::{Changed, OfficeChanges, SettledElsewhere, Since},
    groups::{Group, SameConflict},
    likeness::LikelySame,
    list::{AnyStake, Cursor, CursorError, Filter, ListedRecord, NATIONAL, Need, Page},
    matters::{Matter, MatterFilter, MatterPage, OpenMatter},
    outline::Outline,
    picture::{Contributions, PartnerSum, PhaseCount, Picture, ThemeCount, UNSTATED},
    places::{ConflictPlaces, PlacedConflict},
    plan::{PlannedLine, QuarterPlan, StatusGroup},
    recommendations::{LastFollowUp, ListedRecommendation, RecommendationFilter, RecommendationId, RecommendationPage},
    tree::{Branch, Restitution, TreeFilter, TreeGroup, TreePage, TreeRecord},
};
use crate::exchange::events::SOURCE_PREFIX;

/// The views could not be filled or read. Texts name tables and columns, never what they hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewsError {
    /// The database.
    #[error("the views failed: start the node again")]
    Database(#[from] rusqlite::Error),
    /// A row does not come back as it was kept.
    #[error("a row of the views cannot be read: start the node again")]
    Row(#[from] serde_json::Error),
}

/// How many there are of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Consultations.
    pub consultation: u64,
    /// Community conflicts.
    pub conflict: u64,
    /// Projects.
    pub project: u64,
    /// Recommendations of all consultations, without withdrawn ones.
    pub recommendation: u64,
}

/// What was not taken into the documents, over all records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unapplied {
    /// Entries that wait for others.
    pub waiting: u64,
    /// Entries that were set aside.
    pub set_aside: u64,
}

/// The database. Queries take milliseconds and one runs at a time; call them where a thread may block.
pub struct Views {
    db: Mutex<Connection>,
    likeness: Mutex<likeness::Likeness>,
    complete: AtomicBool,
}

impl Views {
    /// An empty database.
    pub fn new() -> Result<Self, ViewsError> {
        let db = Connection::open_in_memory()?;
        db.set_prepared_statement_cache_capacity(64);
        db.execute_batch(include_str!("views/schema.sql"))?;
        Ok(Views { db: Mutex::new(db), likeness: Mutex::default(), complete: AtomicBool::new(false) })
    }

    /// Shows rows, all or none. A row never replaces one with a higher arrival number.
    pub fn apply(&self, rows: &[Row]) -> Result<(), ViewsError> {
        let mut db = self.db();
        let tx = db.transaction()?;
        let mut changed = BTreeSet::new();
        rows.iter().try_for_each(|row| show(&tx, row, &mut changed))?;
        groups::renew(&tx, &changed)?;
        tx.commit()?;
        let mut likeness = self.likeness.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().for_each(|row| likeness.show(row));
        Ok(())
    }

    /// Shows a record no longer.
    pub fn forget(&self, record: RecordId) -> Result<(), ViewsError> {
        let mut db = self.db();
        let tx = db.transaction()?;
        let shown = tx
            .prepare_cached("SELECT n FROM records WHERE id = ?")?
            .query_row([&record.0[..]], |shown| shown.get(0))
            .optional()?;
        if let Some(n) = shown {
            let mut left = groups::together(&tx, n)?;
            left.remove(&n);
            hide_parts(&tx, n)?;
            tx.prepare_cached("DELETE FROM records WHERE n = ?")?.execute([n])?;
            groups::renew(&tx, &left)?;
        }
        tx.commit()?;
        self.likeness.lock().unwrap_or_else(PoisonError::into_inner).forget(record);
        Ok(())
    }

    /// Every stored row has been shown.
    pub fn set_complete(&self) {
        self.complete.store(true, Ordering::Release);
    }

    /// Whether every stored row has been shown. Until then totals are "at least".
    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// Records shown.
    pub fn count(&self) -> Result<u64, ViewsError> {
        Ok(self.db().query_row("SELECT count(*) FROM records", [], |row| row.get(0))?)
    }

    /// Records of each kind, and recommendations.
    pub fn counts(&self) -> Result<Counts, ViewsError> {
        let db = self.db();
        let of = |kind: Kind| -> rusqlite::Result<u64> {
            db.prepare_cached("SELECT count(*) FROM records WHERE kind = ?")?.query_row([kind.key()], |row| row.get(0))
        };
        Ok(Counts {
            consultation: of(Kind::Consultation)?,
            conflict: of(Kind::Conflict)?,
            project: of(Kind::Project)?,
            recommendation: db
                .prepare_cached("SELECT count(*) FROM items WHERE list = 'recommendations' AND counts")?
                .query_row([], |row| row.get(0))?,
        })
    }

    /// Entries that were not applied, over all records.
    pub fn unapplied(&self) -> Result<Unapplied, ViewsError> {
        let sums = "SELECT coalesce(sum(waiting), 0), coalesce(sum(set_aside), 0) FROM records
             WHERE waiting > 0 OR set_aside > 0";
        let read = |row: &rusqlite::Row<'_>| Ok(Unapplied { waiting: row.get(0)?, set_aside: row.get(1)? });
        Ok(self.db().prepare_cached(sums)?.query_row([], read)?)
    }

    /// Every record that is shown.
    pub fn ids(&self) -> Result<Vec<RecordId>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT id FROM records")?;
        let ids = query.query_map([], |row| row.get(0).map(RecordId))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// The digest of a record's row, to be compared with [`row_digest`] of one made anew; `None` if it is not shown.
    pub fn digest(&self, record: RecordId) -> Result<Option<[u8; 32]>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT digest FROM records WHERE id = ?")?;
        Ok(query.query_row([&record.0[..]], |row| row.get(0)).optional()?)
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic in between has rolled its transaction back.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of all that a row says of its record. Arrival numbers are left out: two rows made of the same
/// document at different times are equal.
pub fn row_digest(row: &Row) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let Row { id, record, created, updated, arrival: _, waiting, set_aside, settled, heard: _ } = row;
    serde_json::to_writer(&mut hasher, &(id, record, created, updated, waiting, set_aside, settled))
        .expect("a row is plain data, and hashing does not fail");
    *hasher.finalize().as_bytes()
}

/// Shows a row. `changed` then names every record whose group may be another.
fn show(tx: &Transaction<'_>, row: &Row, changed: &mut BTreeSet<i64>) -> Result<(), ViewsError> {
    let shown: Option<(i64, u64)> = tx
        .prepare_cached("SELECT n, arrival FROM records WHERE id = ?")?
        .query_row([&row.id.0[..]], |shown| Ok((shown.get(0)?, shown.get(1)?)))
        .optional()?;
    if shown.is_some_and(|(_, arrival)| arrival > row.arrival.0) {
        return Ok(());
    }
    if let Some((n, _)) = shown {
        changed.extend(groups::together(tx, n)?);
        hide_parts(tx, n)?;
    }
    let (record, listed) = (&row.record, ListedRecord::of(row));
    let place = record.place.as_ref().filter(|_| record.kind == Kind::Conflict);
    tx.prepare_cached(
        "INSERT INTO records (n, id, kind, status, source_ref, events, origin, announced, place, arrival, waiting,
             set_aside, digest, needs, listed, began, created, updated, office)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, status = excluded.status,
             source_ref = excluded.source_ref, events = excluded.events, origin = excluded.origin,
             announced = excluded.announced, place = excluded.place, arrival = excluded.arrival, waiting = excluded.waiting,
             set_aside = excluded.set_aside, digest = excluded.digest, needs = excluded.needs,
             listed = excluded.listed, began = excluded.began, created = excluded.created,
             updated = excluded.updated, office = excluded.office",
    )?
    .execute(params![
        shown.map(|(n, _)| n),
        &row.id.0[..],
        record.kind.key(),
        record.status,
        record.source_ref,
        record.source_ref.as_deref().is_some_and(|source| source.starts_with(SOURCE_PREFIX)),
        record.origin,
        record.announced,
        place.map(serde_json::to_string).transpose()?,
        row.arrival.0,
        row.waiting,
        row.set_aside,
        row_digest(row),
        list::needs_of(&listed),
        serde_json::to_string(&listed)?,
        changed::began(row).0,
        row.created.at.0,
        row.updated.at.0,
        &row.updated.office.0[..],
    ])?;
    let n = shown.map_or_else(|| tx.last_insert_rowid(), |(n, _)| n);
    changed.insert(n);
    show_parts(tx, n, row)
}

fn hide_parts(tx: &Transaction<'_>, n: i64) -> Result<(), ViewsError> {
    for table in [
        "regions", "stakes", "ties", "items", "matters", "tracked", "touched", "settled", "needs", "outlines",
        "meetings", "branches",
    ] {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE record = ?"))?.execute([n])?;
    }
    tx.prepare_cached("DELETE FROM search WHERE rowid = ?")?.execute([n])?;
    Ok(())
}

/// What hangs on a record's row.
fn show_parts(tx: &Transaction<'_>, n: i64, row: &Row) -> Result<(), ViewsError> {
    outline::show(tx, n, row)?;
    groups::show(tx, n, row)?;
    tree::show(tx, n, row)?;
    let record = &row.record;
    let mut add = tx.prepare_cached("INSERT OR IGNORE INTO regions (region, record) VALUES (?, ?)")?;
    for region in &record.regions {
        add.execute(params![region, n])?;
    }
    let mut add = tx.prepare_cached("INSERT OR IGNORE INTO stakes (stake, record) VALUES (?, ?)")?;
    for stake in &record.stakes {
        add.execute(params![stake, n])?;
    }
    let mut add =
        tx.prepare_cached("INSERT INTO items (record, list, item, parent, counts, fields) VALUES (?, ?, ?, ?, ?, ?)")?;
    let mut numbers = Vec::with_capacity(record.items.len());
    for item in &record.items {
        let (parent, fields) = (item.parent.as_ref().map(|id| id.as_str()), serde_json::to_string(&item.values)?);
        add.execute(params![n, item.list, item.item.as_str(), parent, item.counts, fields])?;
        numbers.push(tx.last_insert_rowid());
    }
    matters::show(tx, n, row, &numbers)?;
    recommendations::show(tx, n, row, &numbers)?;
    changed::show(tx, n, row)?;
    if let Some(need) = &record.need {
        tx.prepare_cached("INSERT INTO needs (record, currency, amount) VALUES (?, ?, ?)")?.execute(params![
            n,
            need.currency.0,
            need.amount.0
        ])?;
    }
    tx.prepare_cached("INSERT INTO search (rowid, body) VALUES (?, ?)")?.execute(params![n, record.search])?;
    Ok(())
}
