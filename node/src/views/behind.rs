//! What stands behind the national picture's figures: declared totals of activities and the records that can be told
//! apart, lines of contributions, alerts.

use std::collections::BTreeMap;

use serde_json::Value;
use toguna_protocol::{
    limits::MAX_AMOUNT,
    record::{
        Date,
        common::{Amount, Currency, Money},
        conflict::AlertLevel,
    },
};

use super::{ListedRecord, UNSTATED, Views, ViewsError, places::of_json};

/// Activities as declared, and as far as they can be told apart. The two are never mixed: nobody knows which of the
/// declared ones the records are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activities {
    /// Totals as printed.
    pub declared: Vec<DeclaredActivities>,
    /// Activities of the Programme that have a record, by status, [`UNSTATED`] included.
    pub recorded: BTreeMap<String, u64>,
}

/// A declared total that counts something planned or executed.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredActivities {
    /// The record that it stands in.
    pub record: ListedRecord,
    /// Its place there.
    pub item: String,
    /// What is counted.
    pub label: Option<String>,
    /// The period it covers.
    pub period: Option<Date>,
    /// How many were planned.
    pub planned: Option<u64>,
    /// How many were executed.
    pub executed: Option<u64>,
    /// Where it is printed.
    pub source: Option<String>,
}

/// One contribution that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct ContributionLine {
    /// The record that it stands in.
    pub record: ListedRecord,
    /// Who gives; `None` where that was not stated.
    pub partner: Option<String>,
    /// When, or for which year.
    pub date: Option<Date>,
    /// How sure it is.
    pub stage: Option<String>,
    /// How much.
    pub money: Money,
}

/// One alert, and the first that was done about it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertLine {
    /// The conflict.
    pub record: ListedRecord,
    /// How pressing it is.
    pub level: Option<String>,
    /// When it was raised.
    pub date: Option<Date>,
    /// When it was first answered; `None` where no response is dated.
    pub answered: Option<Date>,
    /// How many responses there are.
    pub responses: u64,
    /// Whether it is neither closed by a date nor by a reason.
    pub open: bool,
}

impl Views {
    /// Activities as declared and as recorded.
    pub fn activities(&self) -> Result<Activities, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, fields, item FROM items JOIN records ON n = record WHERE list = 'declared_totals' AND counts
             AND (fields ->> 'planned' IS NOT NULL OR fields ->> 'executed' IS NOT NULL) ORDER BY id, item",
        )?;
        let mut rows = query.query([])?;
        let mut declared = Vec::new();
        while let Some(row) = rows.next()? {
            let fields: Value = of_json(row, 1)?;
            declared.push(DeclaredActivities {
                record: of_json(row, 0)?,
                item: row.get(2)?,
                label: text(&fields, "label"),
                period: date(&fields, "period"),
                planned: fields["planned"].as_u64(),
                executed: fields["executed"].as_u64(),
                source: text(&fields, "source"),
            });
        }
        let mut query = db.prepare_cached(
            "SELECT coalesce(status, ?) AS status, count(*) FROM records WHERE kind = 'project' AND origin = 'own'
             GROUP BY 1",
        )?;
        let recorded = query.query_map([UNSTATED], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Activities { declared, recorded: recorded.collect::<Result<_, _>>()? })
    }

    /// The lines that the sums of contributions are made of, by their dates.
    pub fn contribution_lines(&self) -> Result<Vec<ContributionLine>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, fields FROM items JOIN records ON n = record WHERE list = 'contributions' AND counts
             ORDER BY fields ->> 'date', id, item",
        )?;
        let mut rows = query.query([])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let fields: Value = of_json(row, 1)?;
            // As in the sums, a line without an amount is left for its record's list of what is to be completed.
            let Some(money) = money(&fields["money"]) else { continue };
            lines.push(ContributionLine {
                record: of_json(row, 0)?,
                partner: text(&fields, "partner"),
                date: date(&fields, "date"),
                stage: text(&fields, "stage"),
                money,
            });
        }
        Ok(lines)
    }

    /// Every alert that counts: the open ones first, the most pressing and then the oldest of them first.
    pub fn alerts(&self) -> Result<Vec<AlertLine>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT listed, fields, record, item FROM items JOIN records ON n = record
             WHERE list = 'alerts' AND counts",
        )?;
        let mut answers = db.prepare_cached(
            "SELECT fields FROM items WHERE parent = ? AND record = ? AND list = 'alerts/responses' AND counts",
        )?;
        let mut rows = query.query([])?;
        let mut alerts = Vec::new();
        while let Some(row) = rows.next()? {
            let fields: Value = of_json(row, 1)?;
            let (mut responses, mut answered) = (0, None);
            let mut of_alert = answers.query((row.get::<_, String>(3)?, row.get::<_, i64>(2)?))?;
            while let Some(answer) = of_alert.next()? {
                responses += 1;
                let on = date(&of_json(answer, 0)?, "date");
                answered = match (answered, on) {
                    (Some(first), Some(on)) => Some(if earlier(&on, &first) { on } else { first }),
                    (first, on) => first.or(on),
                };
            }
            alerts.push(AlertLine {
                record: of_json(row, 0)?,
                level: text(&fields, "level"),
                date: date(&fields, "date"),
                answered,
                responses,
                open: fields["closed_date"].is_null() && fields["closed_because"].is_null(),
            });
        }
        alerts.sort_by_key(|alert| {
            (
                !alert.open,
                std::cmp::Reverse(rank(alert.level.as_deref())),
                alert.date.map(Date::earliest),
                alert.record.id,
            )
        });
        Ok(alerts)
    }
}

fn earlier(one: &Date, other: &Date) -> bool {
    one.earliest() < other.earliest()
}

/// An amount that is added; `None` where it or its currency is not stated.
fn money(value: &Value) -> Option<Money> {
    let amount = value["amount"].as_i64()?.clamp(0, MAX_AMOUNT);
    Some(Money { amount: Amount(amount), currency: Currency(value["currency"].as_str()?.to_owned()) })
}

/// How pressing a level is; what is not stated comes last.
fn rank(level: Option<&str>) -> Option<usize> {
    AlertLevel::KEYS.iter().position(|key| Some(*key) == level)
}

pub(super) fn text(fields: &Value, name: &str) -> Option<String> {
    fields[name].as_str().map(str::to_owned)
}

pub(super) fn date(fields: &Value, name: &str) -> Option<Date> {
    fields[name].as_str().and_then(|date| date.parse().ok())
}
