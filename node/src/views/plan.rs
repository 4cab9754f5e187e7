//! The plan of one quarter over all projects, and projects by status.

use std::collections::{BTreeMap, HashSet};

use rusqlite::params_from_iter;
use serde_json::Value;
use toguna_protocol::{ids::ItemId, record::Date};

use super::{
    Filter, ListedRecord, UNSTATED, Views, ViewsError,
    behind::{date, text},
    list::{conditions, where_all},
    places::of_json,
};

/// What one quarter was to bring, and what it brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QuarterPlan {
    /// A part of the lines, by the titles of their projects.
    pub lines: Vec<PlannedLine>,
    /// How many there are in all.
    pub total: u64,
    /// How many of them were executed, in part or not, [`UNSTATED`] included.
    pub by_outcome: BTreeMap<String, u64>,
    /// Projects that are agreed or active and have no line: the first of them, the latest change first.
    pub without: Vec<ListedRecord>,
    /// How many there are of those.
    pub without_total: u64,
    /// Whether the views were complete.
    pub complete: bool,
}

/// One line of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedLine {
    /// The project.
    pub record: ListedRecord,
    /// The line in it.
    pub item: ItemId,
    /// What was planned.
    pub planned: Option<String>,
    /// What came of it.
    pub executed: Option<String>,
    /// When.
    pub executed_date: Option<Date>,
    /// Why it was not executed.
    pub why_not: Option<String>,
}

/// Projects of one origin in one status.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusGroup {
    /// The origin, or [`UNSTATED`].
    pub origin: String,
    /// The status, or [`UNSTATED`].
    pub status: String,
    /// How many.
    pub total: u64,
    /// The first of them, the latest change first.
    pub records: Vec<ListedRecord>,
}

/// Projects without a line that are named.
const WITHOUT: usize = 100;

impl Views {
    /// The plan of a quarter, year and 1 to 4: at most `limit` lines after the first `from`.
    pub fn plan(&self, quarter: (u16, u8), from: usize, limit: usize) -> Result<QuarterPlan, ViewsError> {
        let mut plan = QuarterPlan { complete: self.is_complete(), ..QuarterPlan::default() };
        let db = self.db();
        // However a date within a quarter is written, as one of its days or months too, it begins with the year.
        let mut query = db.prepare_cached(
            "SELECT number, record, fields ->> 'quarter', fields ->> 'executed', listed ->> 'title'
             FROM items JOIN records ON n = record WHERE list = 'plan' AND counts AND kind = 'project'
             AND substr(fields ->> 'quarter', 1, 4) = ?",
        )?;
        let mut rows = query.query([format!("{:04}", quarter.0)])?;
        let (mut found, mut planned): (Vec<(String, i64)>, HashSet<i64>) = Default::default();
        while let Some(row) = rows.next()? {
            let date: Option<String> = row.get(2)?;
            if date.and_then(|date| date.parse().ok()).and_then(Date::quarter) != Some(quarter) {
                continue;
            }
            planned.insert(row.get(1)?);
            let outcome: Option<String> = row.get(3)?;
            *plan.by_outcome.entry(outcome.unwrap_or_else(|| UNSTATED.to_owned())).or_default() += 1;
            let title: Option<String> = row.get(4)?;
            found.push((title.unwrap_or_default().to_lowercase(), row.get(0)?));
        }
        found.sort();
        plan.total = found.len() as u64;
        let mut query =
            db.prepare_cached("SELECT listed, item, fields FROM items JOIN records ON n = record WHERE number = ?")?;
        for (_, number) in found.iter().skip(from).take(limit) {
            let mut rows = query.query([number])?;
            let Some(row) = rows.next()? else { continue };
            // An item whose id is none has no form.
            let Ok(item) = row.get::<_, String>(1)?.parse() else { continue };
            let fields: Value = of_json(row, 2)?;
            plan.lines.push(PlannedLine {
                record: of_json(row, 0)?,
                item,
                planned: text(&fields, "planned"),
                executed: text(&fields, "executed"),
                executed_date: date(&fields, "executed_date"),
                why_not: text(&fields, "why_not"),
            });
        }
        let mut query = db.prepare_cached(
            "SELECT n, listed FROM records WHERE kind = 'project' AND status IN ('agreed', 'active')
             ORDER BY arrival DESC, id DESC",
        )?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if planned.contains(&row.get(0)?) {
                continue;
            }
            plan.without_total += 1;
            if plan.without.len() < WITHOUT {
                plan.without.push(of_json(row, 1)?);
            }
        }
        Ok(plan)
    }

    /// Projects by origin and status, with the first `limit` of each. Whatever the filter names narrows them as it does a
    /// list, origin and status too.
    pub fn projects_by_status(&self, filter: &Filter, limit: usize) -> Result<Vec<StatusGroup>, ViewsError> {
        let Some(all) = conditions(filter) else { return Ok(Vec::new()) };
        let select = format!(
            "SELECT o, s, total, listed FROM (
                 SELECT n AS of, coalesce(origin, '{UNSTATED}') AS o, coalesce(status, '{UNSTATED}') AS s,
                     count(*) OVER (PARTITION BY origin, status) AS total,
                     row_number() OVER (PARTITION BY origin, status ORDER BY arrival DESC, id DESC) AS nth
                 FROM records{}
             ) JOIN records ON n = of WHERE nth <= {limit} ORDER BY o, s, nth",
            where_all(&all.terms)
        );
        let db = self.db();
        let mut query = db.prepare_cached(&select)?;
        let mut rows = query.query(params_from_iter(&all.values))?;
        let mut groups: Vec<StatusGroup> = Vec::new();
        while let Some(row) = rows.next()? {
            let (origin, status): (String, String) = (row.get(0)?, row.get(1)?);
            if groups.last().is_none_or(|last| (&last.origin, &last.status) != (&origin, &status)) {
                groups.push(StatusGroup { origin, status, total: row.get(2)?, records: Vec::new() });
            }
            let last = groups.last_mut().expect("one was pushed");
            last.records.push(of_json(row, 3)?);
        }
        Ok(groups)
    }
}
