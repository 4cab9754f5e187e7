//! What changed since some moment, by the office that changed it; and what was settled elsewhere than an office had it.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params, types::Value};
use toguna_protocol::{
    engine::{
        Settlement,
        rows::{Heard, Row},
    },
    ids::{Arrival, AuthorKey, UnixSeconds},
    record::Kind,
};

use super::{ListedRecord, Views, ViewsError, places::of_json};

/// From when on changes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// What came here after this arrival, whenever it was written.
    Arrival(Arrival),
    /// What was written at this moment or after it, by the clock of the office that wrote it.
    Moment(UnixSeconds),
}

/// Records that changed since some moment; of one office, those that it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// From when on.
    pub since: Since,
    /// By which office; `None` for any.
    pub office: Option<AuthorKey>,
}

/// How many records of each kind an office changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeChanges {
    /// Records that were not there before.
    pub new: BTreeMap<Kind, u64>,
    /// Records that were.
    pub changed: BTreeMap<Kind, u64>,
}

impl OfficeChanges {
    /// Records in all.
    pub fn total(&self) -> u64 {
        self.new.values().chain(self.changed.values()).sum()
    }
}

/// A divergence that another office settled.
#[derive(Debug, Clone, PartialEq)]
pub struct SettledElsewhere {
    /// The record.
    pub record: ListedRecord,
    /// What was settled, on what, by whom.
    pub settlement: Settlement,
}

impl Changed {
    /// What it asks for, in SQL on the table of records.
    pub(super) fn condition(&self) -> (String, Vec<Value>) {
        let office = self.office.map(|office| Value::Blob(office.0.to_vec()));
        match self.since {
            Since::Arrival(arrival) => {
                let by = if office.is_some() { " AND touched.office = ?" } else { "" };
                let term = format!("n IN (SELECT record FROM touched WHERE last > ?{by})");
                (term, [number(arrival)].into_iter().chain(office).collect())
            }
            Since::Moment(at) => {
                let by = if office.is_some() { " AND office = ?" } else { "" };
                (format!("updated >= ?{by}"), [Value::Integer(at.0)].into_iter().chain(office).collect())
            }
        }
    }
}

/// Arrival numbers stay far below what a signed number holds; one that a person makes up may not.
fn number(arrival: Arrival) -> Value {
    Value::Integer(i64::try_from(arrival.0).unwrap_or(i64::MAX))
}

impl Views {
    /// How many records each office changed since some moment. A record that two offices changed counts for both; since a
    /// moment rather than an arrival, for the one that changed it last only.
    pub fn changes_by_office(&self, since: Since) -> Result<BTreeMap<AuthorKey, OfficeChanges>, ViewsError> {
        let (select, from) = match since {
            Since::Arrival(arrival) => (
                "SELECT touched.office, kind, began > ?1, count(DISTINCT n) FROM touched JOIN records ON n = record
                 WHERE last > ?1 GROUP BY 1, 2, 3",
                number(arrival),
            ),
            Since::Moment(at) => (
                "SELECT office, kind, created >= ?1, count(*) FROM records WHERE updated >= ?1 GROUP BY 1, 2, 3",
                Value::Integer(at.0),
            ),
        };
        let db = self.db();
        let mut query = db.prepare_cached(select)?;
        let mut rows = query.query([from])?;
        let mut offices: BTreeMap<AuthorKey, OfficeChanges> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let Some(kind) = Kind::from_key(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?) else { continue };
            let of_office = offices.entry(AuthorKey(row.get(0)?)).or_default();
            let counts = if row.get(2)? { &mut of_office.new } else { &mut of_office.changed };
            counts.insert(kind, row.get(3)?);
        }
        Ok(offices)
    }

    /// Divergences in which a value came from an office and that another office settled, the latest first. Those that no
    /// longer stand are not among them.
    pub fn settled_elsewhere(&self, office: AuthorKey) -> Result<Vec<SettledElsewhere>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, settlement FROM settled JOIN records ON n = record WHERE settled.office = ?",
        )?;
        let mut rows = query.query([&office.0[..]])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(SettledElsewhere { record: of_json(row, 0)?, settlement: of_json(row, 1)? });
        }
        all.sort_by_key(|one: &SettledElsewhere| {
            (std::cmp::Reverse(one.settlement.stamp.at), one.record.id, one.settlement.field.clone())
        });
        Ok(all)
    }
}

/// When the first entry of a record came here.
pub(super) fn began(row: &Row) -> Arrival {
    row.heard.iter().map(|heard| heard.first).min().unwrap_or(row.arrival)
}

/// What of a row is about who changed and settled what.
pub(super) fn show(tx: &Transaction<'_>, n: i64, row: &Row) -> Result<(), ViewsError> {
    let mut add = tx.prepare_cached("INSERT INTO touched (record, feed, office, seq, last) VALUES (?, ?, ?, ?, ?)")?;
    for Heard { feed, office, seq, first: _, last } in &row.heard {
        add.execute(params![n, &feed.0[..], &office.0[..], seq.0, last.0])?;
    }
    let mut add = tx.prepare_cached("INSERT INTO settled (record, office, settlement) VALUES (?, ?, ?)")?;
    for settlement in &row.settled {
        let mut told: Vec<AuthorKey> = settlement.values.iter().map(|value| value.stamp.office).collect();
        told.sort_unstable();
        told.dedup();
        let text = serde_json::to_string(settlement)?;
        for office in told.into_iter().filter(|office| *office != settlement.stamp.office) {
            add.execute(params![n, &office.0[..], text])?;
        }
    }
    Ok(())
}
