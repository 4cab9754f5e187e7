//! Open matters: what is due, what has passed, and what nobody has done anything about. They are picked from a record's
//! items when it is shown, so that a page that lists them reads nothing else.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params, params_from_iter, types::Value as Sql};
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::rows::Row,
    ids::ItemId,
    projection::ItemRow,
    record::{Date, common::Level, conflict::AlertLevel, date::Day},
};

use super::{
    Filter, ListedRecord, Views, ViewsError,
    list::{Conditions, conditions},
    places::of_json,
};

/// What is open about an item of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// A recommendation that is neither carried out nor dropped has a due date.
    Recommendation,
    /// A mediation meeting named the date of the next, and no later one is entered.
    Meeting,
    /// An agreement ends, or has ended without anybody having said what became of it.
    AgreementEnd,
    /// An agreement was to be looked at again by a date, and no follow-up since is entered.
    AgreementReview,
    /// A project's plan names a quarter, and nobody has said whether what was planned was done.
    Plan,
    /// A recommendation was adopted, and nothing was ever heard of it.
    Unheard,
    /// The end of an agreement cannot be known: its term or the date of its signature is missing.
    EndUnknown,
    /// A decision that was not carried out, only in part, or that another one contradicts.
    Decision,
    /// An open alert to which nobody has responded.
    Alert,
    /// An open alert with a response.
    AnsweredAlert,
}

impl Matter {
    /// Every kind.
    pub const ALL: [Matter; 10] = [
        Matter::Recommendation,
        Matter::Meeting,
        Matter::AgreementEnd,
        Matter::AgreementReview,
        Matter::Plan,
        Matter::Unheard,
        Matter::EndUnknown,
        Matter::Decision,
        Matter::Alert,
        Matter::AnsweredAlert,
    ];

    /// Those that have a date by which something is to happen.
    pub const DATED: [Matter; 5] =
        [Matter::Recommendation, Matter::Meeting, Matter::AgreementEnd, Matter::AgreementReview, Matter::Plan];

    /// Its name in messages.
    pub fn key(self) -> &'static str {
        match self {
            Matter::Recommendation => "recommendation",
            Matter::Meeting => "meeting",
            Matter::AgreementEnd => "agreement-end",
            Matter::AgreementReview => "agreement-review",
            Matter::Plan => "plan",
            Matter::Unheard => "unheard",
            Matter::EndUnknown => "end-unknown",
            Matter::Decision => "decision",
            Matter::Alert => "alert",
            Matter::AnsweredAlert => "answered-alert",
        }
    }

    fn of_number(number: i64) -> Option<Matter> {
        Matter::ALL.into_iter().find(|matter| matter.number() == number)
    }

    /// What stands for it in the table.
    fn number(self) -> i64 {
        self as i64
    }
}

/// Which open matters are asked for; what is absent does not narrow them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatterFilter {
    /// Of these kinds; none of them for an empty list.
    pub matters: Vec<Matter>,
    /// Of records that concern this region, or [`NATIONAL`](super::NATIONAL) for the whole country.
    pub region: Option<String>,
    /// That may be due on this day or before it.
    pub until: Option<Day>,
    /// That were certainly due before this day.
    pub passed_on: Option<Day>,
    /// That are not, or need not be, overdue on this day.
    pub in_time_on: Option<Day>,
}

/// Something that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenMatter {
    /// The record.
    pub record: ListedRecord,
    /// The item.
    pub item: ItemId,
    /// What is open about it.
    pub matter: Matter,
    /// When it is due; of a decision or an alert, when it was made or raised.
    pub date: Option<Date>,
    /// When an alert was first answered; `None` where no response is dated.
    pub answered: Option<Date>,
    /// The item's own fields, without what is nested in it.
    pub fields: Map<String, Value>,
}

impl OpenMatter {
    /// Whether its date has certainly passed: one that is known to the year only passes with the year.
    pub fn has_passed(&self, today: Day) -> bool {
        self.date.and_then(Date::latest).is_some_and(|latest| latest < today)
    }
}

/// A part of a list of open matters.
#[derive(Debug, Clone, PartialEq)]
pub struct MatterPage {
    /// The most pressing first: decisions and alerts by how they stand, then everything by date, the earliest first.
    pub matters: Vec<OpenMatter>,
    /// How many answer to the filter.
    pub total: u64,
}

impl Views {
    /// At most `limit` open matters, after the first `skip` of them.
    pub fn open_matters(&self, filter: &MatterFilter, skip: u64, limit: usize) -> Result<MatterPage, ViewsError> {
        let region = Filter { region: filter.region.clone(), ..Filter::default() };
        let Some(Conditions { terms, mut values }) = conditions(&region) else {
            return Ok(MatterPage { matters: Vec::new(), total: 0 });
        };
        let kinds: Vec<String> = filter.matters.iter().map(|matter| matter.number().to_string()).collect();
        let mut narrowed =
            format!("FROM matters JOIN records ON n = matters.record WHERE matter IN ({})", kinds.join(","));
        terms.iter().for_each(|term| narrowed.extend([" AND ", term]));
        let bounds = [
            (" AND first <= ?", filter.until),
            (" AND last < ?", filter.passed_on),
            (" AND (last IS NULL OR last >= ?)", filter.in_time_on),
        ];
        for (bound, day) in bounds.into_iter().filter_map(|(bound, day)| Some((bound, day?))) {
            narrowed.push_str(bound);
            values.push(Sql::Integer(number_of(day)));
        }
        let db = self.db();
        let count = format!("SELECT count(*) {narrowed}");
        let total = db.prepare_cached(&count)?.query_row(params_from_iter(&values), |row| row.get(0))?;
        let select = format!(
            "SELECT listed, matter, date, answered,
                 (SELECT item FROM items WHERE number = matters.item), (SELECT fields FROM items WHERE number = matters.item)
             {narrowed} ORDER BY rank, coalesce(last, first) NULLS LAST, first, id, matters.item LIMIT {limit} OFFSET {skip}"
        );
        let mut query = db.prepare_cached(&select)?;
        let mut rows = query.query(params_from_iter(&values))?;
        let mut matters = Vec::new();
        while let Some(row) = rows.next()? {
            let date =
                |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.and_then(|d| d.parse().ok()));
            let (Some(matter), Ok(item)) = (Matter::of_number(row.get(1)?), row.get::<_, String>(4)?.parse()) else {
                continue;
            };
            let (date, answered) = (date(2)?, date(3)?);
            matters.push(OpenMatter {
                record: of_json(row, 0)?,
                item,
                matter,
                date,
                answered,
                fields: of_json(row, 5)?,
            });
        }
        Ok(MatterPage { matters, total })
    }
}

/// A day as a number that sorts as days do.
pub(super) fn number_of((year, month, day): Day) -> i64 {
    i64::from(year) * 10_000 + i64::from(month) * 100 + i64::from(day)
}

/// One open matter of a record, before it is written down.
struct Found {
    matter: Matter,
    /// The number of the item in the table of items.
    item: i64,
    date: Option<Date>,
    answered: Option<Date>,
    /// Among others of the same kind; the lowest is shown first.
    rank: i64,
}

/// Writes down what is open in a record. `numbers`: of each of its items in the table of items, in their order.
pub(super) fn show(tx: &Transaction<'_>, n: i64, row: &Row, numbers: &[i64]) -> Result<(), ViewsError> {
    let mut add = tx.prepare_cached(
        "INSERT INTO matters (record, item, matter, date, answered, first, last, rank) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for Found { matter, item, date, answered, rank } in found(row, numbers) {
        let (first, last) = (date.map(Date::earliest).map(number_of), date.and_then(Date::latest).map(number_of));
        let texts = [date, answered].map(|date| date.map(|date| date.to_string()));
        add.execute(params![n, item, matter.number(), texts[0], texts[1], first, last, rank])?;
    }
    Ok(())
}

fn found(row: &Row, numbers: &[i64]) -> Vec<Found> {
    let items = &row.record.items;
    let counted = || items.iter().filter(|item| item.counts);
    let mut nested: BTreeMap<&ItemId, Vec<&ItemRow>> = BTreeMap::new();
    for item in counted() {
        if let Some(parent) = &item.parent {
            nested.entry(parent).or_default().push(item);
        }
    }
    let meetings: Vec<&ItemRow> = counted().filter(|item| item.list == "mediation_meetings").collect();
    let over = matches!(row.record.status.as_deref(), Some("closed" | "abandoned" | "rejected"));
    let mut all = Vec::new();
    for (item, number) in items.iter().zip(numbers).filter(|(item, _)| item.counts) {
        let mut add = |matter, date, answered, rank| all.push(Found { matter, item: *number, date, answered, rank });
        match item.list.as_str() {
            "recommendations" => recommendation(item, &within(&nested, item, "follow_ups"), &mut add),
            "mediation_meetings" => meeting(item, &meetings, &mut add),
            "agreements" => agreement(item, &within(&nested, item, "follow_ups"), &mut add),
            "decisions" => decision(item, &mut add),
            "alerts" => alert(item, &within(&nested, item, "responses"), &mut add),
            "plan" if !over && item.text("executed").is_none() => {
                item.date("quarter").into_iter().for_each(|quarter| add(Matter::Plan, Some(quarter), None, 0));
            }
            _ => {}
        }
    }
    all
}

/// The items of one list that are nested in an item.
fn within<'i>(nested: &BTreeMap<&ItemId, Vec<&'i ItemRow>>, item: &ItemRow, list: &str) -> Vec<&'i ItemRow> {
    let of_list = |nested: &&ItemRow| nested.list.rsplit_once('/').is_some_and(|(_, name)| name == list);
    nested.get(&item.item).into_iter().flatten().copied().filter(of_list).collect()
}

/// Takes note of a matter: its kind, date, first answer and rank.
type Add<'a> = dyn FnMut(Matter, Option<Date>, Option<Date>, i64) + 'a;

fn recommendation(item: &ItemRow, follow_ups: &[&ItemRow], add: &mut Add<'_>) {
    let status = item.text("status");
    if let Some(due) = item.date("due_date").filter(|_| !matches!(status, Some("done" | "dropped"))) {
        add(Matter::Recommendation, Some(due), None, 0);
    }
    if status == Some("adopted") && follow_ups.is_empty() {
        // Of those that nobody speaks of, the ones that the whole country waits for come first.
        let level = position(Level::KEYS, item.text("addressee_level"));
        add(Matter::Unheard, None, None, -level);
    }
}

fn meeting(item: &ItemRow, meetings: &[&ItemRow], add: &mut Add<'_>) {
    let Some(next) = item.date("next_date") else { return };
    let this = item.date("date").map(Date::earliest);
    let is_later = |other: &&ItemRow| {
        let on = other.date("date").map(Date::earliest);
        other.item != item.item && on.is_some() && (on >= Some(next.earliest()) || this.is_some() && on > this)
    };
    if !meetings.iter().any(is_later) {
        add(Matter::Meeting, Some(next), None, 0);
    }
}

fn agreement(item: &ItemRow, follow_ups: &[&ItemRow], add: &mut Add<'_>) {
    // What became of it is known: it no longer holds.
    if matches!(item.text("stage"), Some("expired" | "broken")) {
        return;
    }
    let years = item.number("term_years");
    let signed = item.date("signed_date");
    match item.date("end_date").or_else(|| signed?.plus_years(years?)) {
        Some(end) => add(Matter::AgreementEnd, Some(end), None, 0),
        // One of which at least the term is known can be completed most easily.
        None => add(Matter::EndUnknown, None, None, i64::from(years.is_none())),
    }
    if let Some(due) = item.date("follow_up_due") {
        let since = |follow_up: &&ItemRow| follow_up.date("date").is_some_and(|on| on.earliest() >= due.earliest());
        if !follow_ups.iter().any(since) {
            add(Matter::AgreementReview, Some(due), None, 0);
        }
    }
}

fn decision(item: &ItemRow, add: &mut Add<'_>) {
    let open = ["not-carried-out", "contradicted", "partly"];
    if let Some(rank) = open.iter().position(|execution| item.text("execution") == Some(execution)) {
        add(Matter::Decision, item.date("date"), None, rank as i64);
    }
}

fn alert(item: &ItemRow, responses: &[&ItemRow], add: &mut Add<'_>) {
    if item.values.contains_key("closed_date") || item.values.contains_key("closed_because") {
        return;
    }
    let matter = if responses.is_empty() { Matter::Alert } else { Matter::AnsweredAlert };
    let answered = responses.iter().filter_map(|response| response.date("date")).min_by_key(|date| date.earliest());
    // The most pressing first; what is not stated comes last.
    add(matter, item.date("date"), answered, -position(AlertLevel::KEYS, item.text("level")));
}

/// Where a key stands among those of its choice, from 1; 0 for none of them.
fn position(keys: &[&str], key: Option<&str>) -> i64 {
    keys.iter().position(|known| Some(*known) == key).map_or(0, |at| at as i64 + 1)
}
