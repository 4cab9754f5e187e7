//! Activities planned and executed: as declared, and beside that, never mixed with it, as far as records tell them apart;
//! and the plan of the period.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toguna_protocol::{engine::past::PastRow, ids::RecordId, record::Date};

use super::{Asked, Full, LINES, Quoted, period::Lies};
use crate::views::UNSTATED;

/// Activities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Activities {
    /// Totals as printed, of periods that touch the report's.
    pub declared: Vec<Declared>,
    /// Activities of the Programme that have a record, whenever they were, by status.
    pub recorded: BTreeMap<String, u64>,
    /// Of those, the ones that went on in the period, or may have.
    pub told: Told,
    /// The same by region. One that concerns several counts in each.
    pub by_region: Vec<(Option<String>, Told)>,
    /// The same by objective.
    pub by_objective: Vec<(Option<String>, Told)>,
    /// Records of which nobody knows when they were.
    pub undated: u64,
}

/// Activities that records tell apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many.
    pub all: u64,
    /// How many of them are done: reported or closed.
    pub done: u64,
}

/// A declared total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// The record that it stands in, and its place there.
    pub at: (RecordId, String),
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

/// A line of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanLine {
    /// The project.
    pub project: Quoted,
    /// The quarter it stands in.
    pub quarter: Date,
    /// What was planned.
    pub planned: Option<String>,
    /// Whether it was done: a key.
    pub executed: Option<String>,
    /// When.
    pub executed_date: Option<Date>,
    /// Why it was not.
    pub why_not: Option<String>,
}

impl Told {
    fn add(&mut self, done: bool) {
        self.all += 1;
        self.done += u64::from(done);
    }
}

/// Counts one under a key, in a list that is put in order at the end.
fn add_under(list: &mut Vec<(Option<String>, Told)>, key: Option<&str>, done: bool) {
    match list.iter_mut().find(|(known, _)| known.as_deref() == key) {
        Some((_, told)) => told.add(done),
        None => {
            let mut told = Told::default();
            told.add(done);
            list.push((key.map(str::to_owned), told));
        }
    }
}

impl Activities {
    pub(super) fn take(&mut self, row: &PastRow, quoted: Option<&Quoted>, asked: &Asked) {
        let record = &row.record;
        for item in record.items.iter().filter(|item| item.list == "declared_totals" && item.counts) {
            let (planned, executed) = (item.number("planned"), item.number("executed"));
            let period = item.date("period");
            let touches = period.is_none_or(|period| asked.period.holds(period) != Lies::Outside);
            if touches && (planned.is_some() || executed.is_some()) {
                // Of a restricted record nothing is quoted.
                let text = |name: &str| item.text(name).filter(|_| quoted.is_some()).map(str::to_owned);
                self.declared.push(Declared {
                    at: (row.id, item.item.as_str().to_owned()),
                    label: text("label"),
                    period,
                    planned,
                    executed,
                    source: text("source"),
                });
            }
        }
        if record.origin.as_deref() != Some("own") {
            return;
        }
        let status = record.status.as_deref();
        *self.recorded.entry(status.unwrap_or(UNSTATED).to_owned()).or_default() += 1;
        let (began, ended) = (record.date, record.facts.end_date);
        self.undated += u64::from(began.or(ended).is_none());
        if !asked.period.may_hold(began, ended, matches!(status, Some("agreed" | "active" | "suspended"))) {
            return;
        }
        let done = matches!(status, Some("reported" | "closed"));
        self.told.add(done);
        for region in &record.regions {
            add_under(&mut self.by_region, Some(region), done);
        }
        if record.regions.is_empty() {
            add_under(&mut self.by_region, None, done);
        }
        add_under(&mut self.by_objective, record.facts.objective.as_deref(), done);
    }

    /// By keys, and not in the order of a pack: the next office may have another.
    pub(super) fn finish(&mut self) {
        self.declared.sort_by(|one, other| one.at.cmp(&other.at));
        for list in [&mut self.by_region, &mut self.by_objective] {
            list.sort_by(|(one, _), (other, _)| one.is_none().cmp(&other.is_none()).then(one.cmp(other)));
        }
    }

    /// Its figures, as the national picture has them.
    pub(super) fn figures(&self, note: &mut impl FnMut(String, u64)) {
        note("activities".into(), self.recorded.values().sum());
        for declared in &self.declared {
            let (record, item) = &declared.at;
            declared.planned.into_iter().for_each(|count| note(format!("declared/{record}/{item}/planned"), count));
            declared.executed.into_iter().for_each(|count| note(format!("declared/{record}/{item}/executed"), count));
        }
    }
}

pub(super) fn take_plan(full: &mut Full, row: &PastRow, quoted: Option<&Quoted>, asked: &Asked) {
    for item in row.record.items.iter().filter(|item| item.list == "plan" && item.counts) {
        let Some(quarter) = item.date("quarter").filter(|quarter| asked.period.holds(*quarter) != Lies::Outside) else {
            continue;
        };
        let text = |name: &str| item.text(name).map(str::to_owned);
        // Where somebody is still to go, and when, is told to nobody before it is over.
        let is_over = item.text("executed").is_some() || quarter.latest().is_some_and(|latest| latest < asked.day);
        match quoted.filter(|_| is_over) {
            Some(project) => full.plan.push(PlanLine {
                project: project.clone(),
                quarter,
                planned: text("planned"),
                executed: text("executed"),
                executed_date: item.date("executed_date"),
                why_not: text("why_not"),
            }),
            None => full.plan_counted += 1,
        }
    }
}

/// Puts the plan in order, what was not done first: of that the reader is to hear why.
pub(super) fn finish_plan(full: &mut Full) {
    full.plan.sort_by_cached_key(|line| {
        let rank = match line.executed.as_deref() {
            Some("not-done") => 0,
            Some("partly") => 1,
            None => 2,
            Some(_) => 3,
        };
        (rank, line.quarter.earliest(), line.project.clone(), line.planned.clone(), line.why_not.clone())
    });
    let beyond = full.plan.len().saturating_sub(LINES);
    full.plan.truncate(LINES);
    full.plan_counted += beyond as u64;
}
