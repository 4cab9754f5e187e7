//! Lists of records: filters, pages, totals.

use std::{collections::BTreeMap, fmt, str::FromStr};

use rusqlite::{Connection, params_from_iter, types::Value};
use serde::{Deserialize, Serialize};
use toguna_protocol::{
    engine::rows::{Row, Stamp},
    ids::{Arrival, RecordId},
    record::{Flag, Kind},
};

use super::{Changed, UNSTATED, Views, ViewsError, search};

/// The region by which records that concern the whole country are asked for.
pub const NATIONAL: &str = "national";

/// What a list shows of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedRecord {
    /// The record.
    pub id: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Status of a consultation or project, phase of a conflict.
    pub status: Option<String>,
    /// Keys of its regions; none means the whole country.
    pub regions: Vec<String>,
    /// The creating change.
    pub created: Stamp,
    /// The last change.
    pub updated: Stamp,
    /// "Changed since" counts by it.
    pub arrival: Arrival,
    /// How many fields have concurrent values.
    pub concurrent: usize,
    /// How many items were withdrawn by one office and edited by another.
    pub decisions: usize,
    /// Which rules of the workflow it breaks.
    pub flags: Vec<Flag>,
    /// How much is still to be filled in.
    pub to_complete: usize,
    /// Entries that wait for others.
    pub waiting: usize,
    /// Entries that were set aside.
    pub set_aside: usize,
}

impl ListedRecord {
    pub(super) fn of(row: &Row) -> Self {
        let record = &row.record;
        ListedRecord {
            id: row.id,
            kind: record.kind,
            title: record.title.clone(),
            status: record.status.clone(),
            regions: record.regions.clone(),
            created: row.created.clone(),
            updated: row.updated.clone(),
            arrival: row.arrival,
            concurrent: record.concurrent,
            decisions: record.decisions,
            flags: record.flags.clone(),
            to_complete: record.to_complete.len(),
            waiting: row.waiting,
            set_aside: row.set_aside,
        }
    }
}

/// What of a record needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Two offices entered different values.
    Divergence,
    /// One office withdrew an item that another edited.
    Decision,
    /// A rule of the workflow does not hold.
    Flag,
    /// Entries were set aside, or wait for others.
    Standstill,
    /// Something is still to be filled in.
    ToComplete,
}

impl Need {
    /// Every need, the most pressing first.
    pub const ALL: [Need; 5] = [Need::Divergence, Need::Decision, Need::Flag, Need::Standstill, Need::ToComplete];

    /// Its name in messages.
    pub fn key(self) -> &'static str {
        match self {
            Need::Divergence => "divergence",
            Need::Decision => "decision",
            Need::Flag => "flag",
            Need::Standstill => "standstill",
            Need::ToComplete => "to-complete",
        }
    }

    /// The bit of the column `needs` that stands for it.
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// All that a record needs, as one number.
pub(super) fn needs_of(record: &ListedRecord) -> u8 {
    let has = |need: Need| match need {
        Need::Divergence => record.concurrent > 0,
        Need::Decision => record.decisions > 0,
        Need::Flag => !record.flags.is_empty(),
        Need::Standstill => record.waiting > 0 || record.set_aside > 0,
        Need::ToComplete => record.to_complete > 0,
    };
    Need::ALL.into_iter().filter(|need| has(*need)).map(Need::bit).sum()
}

/// What conflicts are to be about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnyStake {
    /// What was asked for: the key of a stake, or of a group of them.
    pub asked: String,
    /// The keys of stakes, one of which must hold.
    pub stakes: Vec<String>,
}

/// Which records a list shows; what is absent does not narrow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Concerning this region, or [`NATIONAL`] for the whole country.
    pub region: Option<String>,
    /// With this status or phase, or [`UNSTATED`](super::UNSTATED) where none was stated.
    pub status: Option<String>,
    /// Projects of this origin.
    pub origin: Option<String>,
    /// Conflicts about this.
    pub stake: Option<AnyStake>,
    /// Records that are tied as the same conflict are taken for one (see `groups`): the list shows the one that speaks
    /// for them, and what narrows it may hold of any of them; its status is the speaker's.
    pub grouped: bool,
    /// Without records that hold events of another source, which are no records of the programme.
    pub without_events: bool,
    /// Holding all of these words or beginnings of words, whatever their accents and case.
    pub text: Option<String>,
    /// Imported with this source key.
    pub source_ref: Option<String>,
    /// Changed at this arrival or after it. Several records can share the last number that somebody has seen, so
    /// they come once more rather than never. The list then begins with the oldest change, otherwise with the newest.
    pub since: Option<Arrival>,
    /// Needing a person for this.
    pub need: Option<Need>,
    /// Changed since some moment, by any office or one.
    pub changed: Option<Changed>,
}

/// The place after a record of a list. Stays good while records change: a record that changes meanwhile moves to the
/// newer end, none is passed over for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    arrival: Arrival,
    id: RecordId,
}

/// A text that is not a cursor of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: pass `next` of the page before, or leave it out")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.arrival.0, self.id)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (arrival, id) = text.split_once('-').ok_or(CursorError)?;
        let arrival = Arrival(arrival.parse().map_err(|_| CursorError)?);
        Ok(Cursor { arrival, id: id.parse().map_err(|_| CursorError)? })
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records.
    pub records: Vec<ListedRecord>,
    /// How many the whole list has; "at least" until the views are complete.
    pub total: u64,
    /// How many records those speak for besides, where the list is grouped.
    pub tied: u64,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
    /// Whether the views were complete.
    pub complete: bool,
}

impl Views {
    /// A page of at most `limit` records.
    pub fn list(&self, filter: &Filter, after: Option<Cursor>, limit: usize) -> Result<Page, ViewsError> {
        let complete = self.is_complete();
        let Some(Conditions { mut terms, mut values }) = conditions(filter) else {
            return Ok(Page { records: Vec::new(), total: 0, tied: 0, next: None, complete });
        };
        let db = self.db();
        let (total, tied) = totals(&db, filter, &terms, &values)?;
        terms.extend(one_for_all(filter));
        let (beyond, order) = if filter.since.is_some() { (">", "ASC") } else { ("<", "DESC") };
        if let Some(after) = after {
            terms.push(format!("(arrival, id) {beyond} (?, ?)"));
            values.push(number(after.arrival));
            values.push(Value::Blob(after.id.0.to_vec()));
        }
        // Left to itself, the planner would collect and sort all that answers; in the order of arrival a page is full soon.
        let path = if filter.source_ref.is_none() { " INDEXED BY records_by_arrival" } else { "" };
        let select = format!(
            "SELECT listed FROM records{path}{} ORDER BY arrival {order}, id {order} LIMIT {}",
            where_all(&terms),
            limit.saturating_add(1)
        );
        let mut query = db.prepare_cached(&select)?;
        let mut rows = query.query(params_from_iter(&values))?;
        let mut records: Vec<ListedRecord> = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
        }
        let more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().filter(|_| more);
        let next = last.map(|record| Cursor { arrival: record.arrival, id: record.id });
        Ok(Page { records, total, tied, next, complete })
    }
}

impl Views {
    /// How many records of a list there are of each status or phase, [`UNSTATED`] included.
    pub fn by_status(&self, filter: &Filter) -> Result<BTreeMap<String, u64>, ViewsError> {
        let Some(Conditions { mut terms, values }) = conditions(filter) else { return Ok(BTreeMap::new()) };
        terms.extend(one_for_all(filter));
        let select = format!(
            "SELECT coalesce(status, '{UNSTATED}') AS of, count(*) FROM records{} GROUP BY of",
            where_all(&terms)
        );
        let db = self.db();
        let mut query = db.prepare_cached(&select)?;
        let counts = query.query_map(params_from_iter(&values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// These records in this order, without those that are not shown.
    pub fn listed(&self, ids: &[RecordId]) -> Result<Vec<ListedRecord>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT listed FROM records WHERE id = ?")?;
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(row) = query.query([&id.0[..]])?.next()? {
                records.push(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
            }
        }
        Ok(records)
    }
}

pub(super) struct Conditions {
    pub(super) terms: Vec<String>,
    pub(super) values: Vec<Value>,
}

/// How many records a list shows, and how many they speak for besides.
fn totals(db: &Connection, filter: &Filter, terms: &[String], values: &[Value]) -> rusqlite::Result<(u64, u64)> {
    let speaks = if filter.grouped { "n = grp" } else { "TRUE" };
    let count = format!("SELECT count(*), coalesce(sum({speaks}), 0) FROM records{}", where_all(terms));
    let (all, shown): (u64, u64) =
        db.prepare_cached(&count)?.query_row(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((shown, all.saturating_sub(shown)))
}

/// What narrows a list further where one record stands for its group.
fn one_for_all(filter: &Filter) -> Option<String> {
    filter.grouped.then(|| "n = grp".to_owned())
}

/// What the filter asks for, in SQL; `None` if nothing can answer to it.
pub(super) fn conditions(filter: &Filter) -> Option<Conditions> {
    let mut all = Conditions { terms: Vec::new(), values: Vec::new() };
    let mut require = |term: String, value: Option<Value>| {
        all.terms.push(term);
        all.values.extend(value);
    };
    let text = |text: &String| Some(Value::Text(text.clone()));
    // What may hold of any record of a group.
    let of_any = |term: String| match filter.grouped {
        true => format!("grp IN (SELECT grp FROM records WHERE {term})"),
        false => term,
    };
    if let Some(kind) = filter.kind {
        require("kind = ?".to_owned(), Some(Value::Text(kind.key().to_owned())));
    }
    match &filter.region {
        Some(region) if region == NATIONAL => {
            let named = of_any("n IN (SELECT record FROM regions)".to_owned());
            require(format!("NOT {named}"), None);
        }
        Some(region) => {
            require(of_any("n IN (SELECT record FROM regions WHERE region = ?)".to_owned()), text(region));
        }
        None => {}
    }
    let of_speaker = |term: &str| match filter.grouped {
        true => format!("grp IN (SELECT n FROM records WHERE {term})"),
        false => term.to_owned(),
    };
    match &filter.status {
        Some(status) if status == UNSTATED => require(of_speaker("status IS NULL"), None),
        Some(status) => require(of_speaker("status = ?"), text(status)),
        None => {}
    }
    match &filter.origin {
        Some(origin) if origin == UNSTATED => require("origin IS NULL".to_owned(), None),
        Some(origin) => require("origin = ?".to_owned(), text(origin)),
        None => {}
    }
    if let Some(stake) = &filter.stake {
        // As one value, however many keys there are.
        let keys = serde_json::to_string(&stake.stakes).unwrap_or_default();
        let about = "n IN (SELECT record FROM stakes WHERE stake IN (SELECT value FROM json_each(?)))";
        require(of_any(about.to_owned()), Some(Value::Text(keys)));
    }
    if filter.without_events {
        require("NOT events".to_owned(), None);
    }
    if let Some(source_ref) = &filter.source_ref {
        require("source_ref = ?".to_owned(), text(source_ref));
    }
    if let Some(need) = filter.need {
        require(of_any("needs & ? > 0".to_owned()), Some(Value::Integer(i64::from(need.bit()))));
    }
    if let Some(since) = filter.since {
        require("arrival >= ?".to_owned(), Some(number(since)));
    }
    if let Some(typed) = filter.text.as_ref().filter(|typed| !typed.trim().is_empty()) {
        let holds = "n IN (SELECT rowid FROM search WHERE search MATCH ?)".to_owned();
        require(of_any(holds), text(&search::expression(typed)?));
    }
    if let Some(changed) = filter.changed {
        let (term, values) = changed.condition();
        all.terms.push(term);
        all.values.extend(values);
    }
    Some(all)
}

pub(super) fn where_all(terms: &[String]) -> String {
    if terms.is_empty() { String::new() } else { format!(" WHERE {}", terms.join(" AND ")) }
}

/// Arrival numbers stay far below what a signed number holds; one that a person makes up may not.
fn number(arrival: Arrival) -> Value {
    Value::Integer(i64::try_from(arrival.0).unwrap_or(i64::MAX))
}
