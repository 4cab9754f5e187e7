//! Recommendations of all consultations: filters, pages, and what was done about each.

use std::{cmp::Ordering, fmt, str::FromStr};

use rusqlite::{Connection, params_from_iter, types::Value as Sql};
use serde_json::Value;
use toguna_protocol::{
    ids::{ItemId, RecordId},
    record::{Date, date::Day},
};

use super::{
    ListedRecord, UNSTATED, Views, ViewsError,
    behind::{date, text},
    places::of_json,
};

/// One recommendation of one consultation. Written `RECORD/ITEM`, as it stands in addresses and forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecommendationId {
    /// The consultation.
    pub record: RecordId,
    /// The recommendation.
    pub item: ItemId,
}

/// A text that names no recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a recommendation: expected the ids of a record and of an item with a slash between them")]
pub struct RecommendationIdError;

impl fmt::Display for RecommendationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.record, self.item)
    }
}

impl FromStr for RecommendationId {
    type Err = RecommendationIdError;

    fn from_str(text: &str) -> Result<Self, RecommendationIdError> {
        let (record, item) = text.split_once('/').ok_or(RecommendationIdError)?;
        let record = record.parse().map_err(|_| RecommendationIdError)?;
        Ok(RecommendationId { record, item: item.parse().map_err(|_| RecommendationIdError)? })
    }
}

/// Which recommendations are shown; what is absent does not narrow them. Keys may be [`UNSTATED`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecommendationFilter {
    /// Of this theme.
    pub theme: Option<String>,
    /// Addressed to this level.
    pub level: Option<String>,
    /// With this status.
    pub status: Option<String>,
    /// Of this priority.
    pub priority: Option<String>,
    /// Neither carried out nor dropped, and certainly due before this day.
    pub overdue_on: Option<Day>,
    /// Without any follow-up.
    pub without_follow_up: bool,
}

/// What the tracker shows of a recommendation.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRecommendation {
    /// Which one it is.
    pub id: RecommendationId,
    /// The consultation it was made by.
    pub consultation: ListedRecord,
    /// Number in the report.
    pub number: Option<String>,
    /// Wording in French.
    pub text_fr: Option<String>,
    /// Wording in English.
    pub text_en: Option<String>,
    /// Key of its theme.
    pub theme: Option<String>,
    /// What became of it.
    pub status: Option<String>,
    /// How soon it is wanted.
    pub priority: Option<String>,
    /// When it should be carried out.
    pub due: Option<Date>,
    /// How many follow-ups there are.
    pub follow_ups: u64,
    /// The latest of them; one without a date counts as older than any with one.
    pub last: Option<LastFollowUp>,
}

/// What was done last about a recommendation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LastFollowUp {
    /// When.
    pub date: Option<Date>,
    /// By which institution.
    pub by: Option<String>,
    /// What was done or found.
    pub note: Option<String>,
}

/// A part of the tracker.
#[derive(Debug, Clone, PartialEq)]
pub struct RecommendationPage {
    /// The recommendations: those with a due date first, the earliest before; then by consultation and number.
    pub recommendations: Vec<ListedRecommendation>,
    /// How many answer to the filter; "at least" until the views are complete.
    pub total: u64,
    /// The last one of this page, after which the next begins; `None` on the last page.
    pub next: Option<RecommendationId>,
    /// Whether the views were complete.
    pub complete: bool,
}

/// What recommendations are sorted by.
struct Placed {
    due: Option<Day>,
    record: RecordId,
    number: Option<String>,
    item: ItemId,
}

impl Placed {
    fn order(&self, other: &Self) -> Ordering {
        let due = |placed: &Self| (placed.due.is_none(), placed.due);
        let number = |placed: &Self| natural(placed.number.as_deref());
        due(self)
            .cmp(&due(other))
            .then_with(|| self.record.cmp(&other.record))
            .then_with(|| number(self).cmp(&number(other)))
            .then_with(|| self.item.cmp(&other.item))
    }
}

/// A number of a report as people order it: "2" before "10", letters after numbers; what has none comes last.
fn natural(number: Option<&str>) -> (bool, Vec<(u64, String)>) {
    let mut parts: Vec<(u64, String)> = Vec::new();
    for c in number.unwrap_or_default().chars() {
        match (c.to_digit(10).map(u64::from), parts.last_mut()) {
            (Some(digit), Some((number, text))) if text.is_empty() => {
                *number = number.saturating_mul(10).saturating_add(digit);
            }
            (Some(digit), _) => parts.push((digit, String::new())),
            (None, Some((_, text))) => text.push(c),
            (None, None) => parts.push((u64::MAX, c.to_string())),
        }
    }
    (number.is_none(), parts)
}

impl Views {
    /// A page of at most `limit` recommendations. One that was withdrawn since, or no longer answers to the filter, is as
    /// good as any to begin after, as long as it is known; else the list begins anew.
    pub fn recommendations(
        &self,
        filter: &RecommendationFilter,
        after: Option<&RecommendationId>,
        limit: usize,
    ) -> Result<RecommendationPage, ViewsError> {
        let complete = self.is_complete();
        let db = self.db();
        let mut placed = answering(&db, filter)?;
        placed.sort_by(Placed::order);
        let total = placed.len() as u64;
        let after = after.map(|id| one(&db, id)).transpose()?.flatten();
        let from = after.map_or(0, |after| placed.partition_point(|placed| placed.order(&after).is_le()));
        let shown = placed.iter().skip(from).take(limit);
        let recommendations = shown.map(|placed| listed(&db, placed)).collect::<Result<Vec<_>, _>>()?;
        let more = placed.len() > from.saturating_add(limit);
        let next = recommendations.last().filter(|_| more).map(|last| last.id.clone());
        Ok(RecommendationPage { recommendations, total, next, complete })
    }

    /// Consultations whose report announces another number of recommendations than are listed: the consultation, how
    /// many are announced, how many are listed.
    pub fn announced_otherwise(&self) -> Result<Vec<(ListedRecord, u64, u64)>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, announced, entered FROM (
                 SELECT listed, announced, arrival, id, (SELECT count(*) FROM items
                     WHERE record = n AND list = 'recommendations' AND counts) AS entered
                 FROM records WHERE kind = 'consultation' AND announced IS NOT NULL)
             WHERE announced <> entered ORDER BY arrival, id",
        )?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((of_json(row, 0)?, row.get(1)?, row.get(2)?));
        }
        Ok(found)
    }
}

/// Where the recommendations stand that answer to a filter, in no order.
fn answering(db: &Connection, filter: &RecommendationFilter) -> Result<Vec<Placed>, ViewsError> {
    let mut select = "SELECT id, item, fields ->> 'number', fields ->> 'due_date', fields ->> 'status'
         FROM items AS r JOIN records ON n = record WHERE list = 'recommendations' AND counts"
        .to_owned();
    let mut values = Vec::new();
    let keys = [
        ("theme", &filter.theme),
        ("addressee_level", &filter.level),
        ("status", &filter.status),
        ("priority", &filter.priority),
    ];
    for (field, key) in keys.into_iter().filter_map(|(field, key)| Some((field, key.as_ref()?))) {
        match key == UNSTATED {
            true => select.push_str(&format!(" AND fields ->> '{field}' IS NULL")),
            false => {
                select.push_str(&format!(" AND fields ->> '{field}' = ?"));
                values.push(Sql::Text(key.clone()));
            }
        }
    }
    if filter.without_follow_up {
        select.push_str(
            " AND NOT EXISTS (SELECT 1 FROM items AS f WHERE f.parent = r.item AND f.record = r.record AND f.counts
                 AND f.list = 'recommendations/follow_ups')",
        );
    }
    let mut query = db.prepare_cached(&select)?;
    let mut rows = query.query(params_from_iter(&values))?;
    let mut placed = Vec::new();
    while let Some(row) = rows.next()? {
        let (due, status): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
        let due = due.and_then(|due| due.parse::<Date>().ok());
        if filter.overdue_on.is_none_or(|today| is_overdue(due, status.as_deref(), today)) {
            placed.extend(place(row, due)?);
        }
    }
    Ok(placed)
}

/// Whether something should have been carried out before a day, by the latest that its due date can mean.
fn is_overdue(due: Option<Date>, status: Option<&str>, today: Day) -> bool {
    let ended = matches!(status, Some("done" | "dropped"));
    !ended && due.and_then(Date::latest).is_some_and(|latest| latest < today)
}

/// `None` for an item whose id is none.
fn place(row: &rusqlite::Row<'_>, due: Option<Date>) -> Result<Option<Placed>, ViewsError> {
    let (record, item): (_, String) = (RecordId(row.get(0)?), row.get(1)?);
    let Ok(item) = item.parse() else { return Ok(None) };
    Ok(Some(Placed { due: due.map(Date::earliest), record, number: row.get(2)?, item }))
}

/// Where one recommendation stands, whether it counts or not.
fn one(db: &Connection, id: &RecommendationId) -> Result<Option<Placed>, ViewsError> {
    let mut query = db.prepare_cached(
        "SELECT id, item, fields ->> 'number', fields ->> 'due_date' FROM items JOIN records ON n = record
         WHERE id = ? AND item = ? AND list = 'recommendations'",
    )?;
    let mut rows = query.query((&id.record.0[..], id.item.as_str()))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let due: Option<String> = row.get(3)?;
    place(row, due.and_then(|due| due.parse().ok()))
}

fn listed(db: &Connection, placed: &Placed) -> Result<ListedRecommendation, ViewsError> {
    let id = (&placed.record.0[..], placed.item.as_str());
    let mut query = db.prepare_cached(
        "SELECT listed, fields FROM items JOIN records ON n = record
         WHERE id = ? AND item = ? AND list = 'recommendations'",
    )?;
    let (consultation, fields) =
        query.query_row(id, |row| Ok((of_json::<ListedRecord>(row, 0), of_json::<Value>(row, 1))))?;
    let (consultation, fields) = (consultation?, fields?);
    let mut query = db.prepare_cached(
        "SELECT fields FROM items JOIN records ON n = record
         WHERE id = ? AND parent = ? AND list = 'recommendations/follow_ups' AND counts ORDER BY item",
    )?;
    let mut rows = query.query(id)?;
    let (mut follow_ups, mut last) = (0, None::<LastFollowUp>);
    while let Some(row) = rows.next()? {
        follow_ups += 1;
        let fields: Value = of_json(row, 0)?;
        let next = LastFollowUp { date: date(&fields, "date"), by: text(&fields, "by"), note: text(&fields, "note") };
        let day = |follow_up: &LastFollowUp| follow_up.date.map(|date| (date.earliest(), date.latest()));
        if last.as_ref().is_none_or(|last| day(last) <= day(&next)) {
            last = Some(next);
        }
    }
    Ok(ListedRecommendation {
        id: RecommendationId { record: placed.record, item: placed.item.clone() },
        consultation,
        number: text(&fields, "number"),
        text_fr: text(&fields, "text_fr"),
        text_en: text(&fields, "text_en"),
        theme: text(&fields, "theme"),
        status: text(&fields, "status"),
        priority: text(&fields, "priority"),
        due: date(&fields, "due_date"),
        follow_ups,
        last,
    })
}
