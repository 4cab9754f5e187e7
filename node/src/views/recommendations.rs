//! Recommendations of all consultations: filters, pages, and what was done about each.

use std::{collections::BTreeSet, fmt, str::FromStr};

use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter, types::Value as Sql};
use serde_json::Value;
use toguna_protocol::{
    engine::rows::Row,
    ids::{ItemId, RecordId},
    record::{Date, date::Day},
};

use super::{
    ListedRecord, UNSTATED, Views, ViewsError,
    behind::{date, text},
    matters::number_of,
    places::of_json,
};
use crate::pack::fold;

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
    /// Addressed to an institution whose name holds this, whatever its accents, case and signs.
    pub addressee: Option<String>,
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
    /// Level of those it is addressed to.
    pub level: Option<String>,
    /// Institutions it is addressed to.
    pub addressees: Vec<String>,
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
        let (narrowed, mut values) = narrowed(filter);
        let count = format!("SELECT count(*) FROM tracked WHERE {narrowed}");
        let total = db.prepare_cached(&count)?.query_row(params_from_iter(&values), |row| row.get(0))?;
        let from = after.map(|id| place_of(&db, id)).transpose()?.flatten();
        values.push(Sql::Blob(from.unwrap_or_default()));
        let select = format!(
            "SELECT records.id, items.item, items.record, listed, fields FROM tracked
             JOIN items ON items.number = tracked.item JOIN records ON n = tracked.record
             WHERE {narrowed} AND tracked.place > ? ORDER BY tracked.place LIMIT {}",
            limit.saturating_add(1)
        );
        let mut query = db.prepare_cached(&select)?;
        let mut rows = query.query(params_from_iter(&values))?;
        let mut recommendations = Vec::new();
        while let Some(row) = rows.next()? {
            // Of an item whose id is none nobody could say anything either.
            recommendations.extend(listed(&db, row)?);
        }
        let more = recommendations.len() > limit;
        recommendations.truncate(limit);
        let next = recommendations.last().filter(|_| more).map(|last| last.id.clone());
        Ok(RecommendationPage { recommendations, total, next, complete })
    }

    /// Consultations whose report announces another number of recommendations than are listed: the consultation, how
    /// many are announced, how many are listed.
    pub fn announced_otherwise(&self) -> Result<Vec<(ListedRecord, u64, u64)>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, announced, entered FROM (
                 SELECT listed, announced, arrival, id, (SELECT count(*) FROM tracked
                     WHERE record = n AND counts) AS entered
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

/// What a filter asks of the table `tracked`, in SQL.
fn narrowed(filter: &RecommendationFilter) -> (String, Vec<Sql>) {
    let (mut terms, mut values) = (vec!["tracked.counts".to_owned()], Vec::new());
    let keys = [
        ("theme", &filter.theme),
        ("level", &filter.level),
        ("status", &filter.status),
        ("priority", &filter.priority),
    ];
    for (column, key) in keys.into_iter().filter_map(|(column, key)| Some((column, key.as_ref()?))) {
        if key == UNSTATED {
            terms.push(format!("tracked.{column} IS NULL"));
        } else {
            terms.push(format!("tracked.{column} = ?"));
            values.push(Sql::Text(key.clone()));
        }
    }
    if let Some(addressee) = filter.addressee.as_ref().map(|typed| fold(typed)).filter(|typed| !typed.is_empty()) {
        terms.push("instr(tracked.addressees, ?) > 0".to_owned());
        values.push(Sql::Text(addressee));
    }
    if let Some(today) = filter.overdue_on {
        terms.push("tracked.last < ? AND coalesce(tracked.status, '') NOT IN ('done', 'dropped')".to_owned());
        values.push(Sql::Integer(number_of(today)));
    }
    if filter.without_follow_up {
        terms.push("silent".to_owned());
    }
    (terms.join(" AND "), values)
}

/// Writes down by what the tracker narrows and sorts a record's recommendations. `numbers`: of each of its items in the
/// table of items, in their order.
pub(super) fn show(tx: &Transaction<'_>, n: i64, row: &Row, numbers: &[i64]) -> rusqlite::Result<()> {
    let items = &row.record.items;
    let followed: BTreeSet<&ItemId> = items
        .iter()
        .filter(|item| item.counts && item.list == "recommendations/follow_ups")
        .filter_map(|item| item.parent.as_ref())
        .collect();
    let mut add = tx.prepare_cached(
        "INSERT OR REPLACE INTO tracked (place, record, item, counts, theme, level, addressees, status, priority, last,
             silent)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (item, number) in items.iter().zip(numbers).filter(|(item, _)| item.list == "recommendations") {
        let text = |name: &str| item.values.get(name).and_then(Value::as_str);
        let due: Option<Date> = text("due_date").and_then(|due| due.parse().ok());
        add.execute(params![
            place(due, row.id, text("number"), &item.item),
            n,
            number,
            item.counts,
            text("theme"),
            text("addressee_level"),
            addressees(item.values.get("addressees")).map(fold).collect::<Vec<_>>().join(" "),
            text("status"),
            text("priority"),
            due.and_then(Date::latest).map(number_of),
            !followed.contains(&item.item),
        ])?;
    }
    Ok(())
}

/// The institutions that a recommendation is addressed to.
fn addressees(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Where a recommendation stands among all, as bytes that sort so: those with a due date first, the earliest before; then
/// by consultation and number.
fn place(due: Option<Date>, record: RecordId, number: Option<&str>, item: &ItemId) -> Vec<u8> {
    let mut place = vec![u8::from(due.is_none())];
    if let Some(due) = due {
        // With the sign turned round, so that what lies before the year 0 stands first.
        place.extend((number_of(due.earliest()) ^ i64::MIN).to_be_bytes());
    }
    place.extend(record.0);
    let (unnumbered, parts) = natural(number);
    place.push(u8::from(unnumbered));
    for (number, text) in parts {
        place.push(1);
        place.extend(number.to_be_bytes());
        place.extend(text.bytes().chain([0]));
    }
    place.push(0);
    place.extend(item.as_str().bytes());
    place
}

/// The place of one recommendation, whether it counts or not.
fn place_of(db: &Connection, id: &RecommendationId) -> Result<Option<Vec<u8>>, ViewsError> {
    let mut query = db.prepare_cached(
        "SELECT tracked.place FROM records JOIN tracked ON tracked.record = n JOIN items ON items.number = tracked.item
         WHERE id = ? AND items.item = ?",
    )?;
    Ok(query.query_row((&id.record.0[..], id.item.as_str()), |row| row.get(0)).optional()?)
}

/// A recommendation with what was done about it last; `None` for an item whose id is none.
fn listed(db: &Connection, row: &rusqlite::Row<'_>) -> Result<Option<ListedRecommendation>, ViewsError> {
    let (item, n): (String, i64) = (row.get(1)?, row.get(2)?);
    let (consultation, fields): (_, Value) = (of_json(row, 3)?, of_json(row, 4)?);
    let mut query = db.prepare_cached(
        "SELECT fields FROM items WHERE parent = ? AND record = ? AND list = 'recommendations/follow_ups' AND counts
         ORDER BY item",
    )?;
    let mut rows = query.query((&item, n))?;
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
    let Ok(item) = item.parse() else { return Ok(None) };
    Ok(Some(ListedRecommendation {
        id: RecommendationId { record: RecordId(row.get(0)?), item },
        consultation,
        number: text(&fields, "number"),
        text_fr: text(&fields, "text_fr"),
        text_en: text(&fields, "text_en"),
        level: text(&fields, "addressee_level"),
        addressees: addressees(fields.get("addressees")).map(str::to_owned).collect(),
        theme: text(&fields, "theme"),
        status: text(&fields, "status"),
        priority: text(&fields, "priority"),
        due: date(&fields, "due_date"),
        follow_ups,
        last,
    }))
}
