//! The merged national picture: conflicts, recommendations and money, as far as this office holds them.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;
use toguna_protocol::limits::MAX_AMOUNT;

use super::{Views, ViewsError};

/// Stands for a status, stage or phase that nobody has stated.
pub const UNSTATED: &str = "unstated";

/// The national picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Picture {
    /// Whether every stored record is in it; until then all numbers are "at least".
    pub complete: bool,
    /// Conflicts by region and phase. One that concerns several regions counts in each of them, and records that are tied
    /// as the same conflict count once in each region that any of them names. Records that hold events of another source
    /// are none of the programme's, and not counted.
    pub conflicts: Vec<PhaseCount>,
    /// Conflicts by phase, each counted once.
    pub conflict_phases: BTreeMap<String, u64>,
    /// Recommendations by theme.
    pub recommendations: Vec<ThemeCount>,
    /// Contributions by currency. Amounts of different currencies are never added.
    pub contributions: BTreeMap<String, Contributions>,
}

/// Conflicts of one region in one phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PhaseCount {
    /// The region's key; null for the whole country.
    pub region: Option<String>,
    /// The phase, or `unstated`.
    pub phase: String,
    /// How many.
    pub count: u64,
}

/// Recommendations of one theme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ThemeCount {
    /// The theme's key; null where none was stated.
    pub theme: Option<String>,
    /// How many.
    pub count: u64,
    /// How many of each status, `unstated` included.
    pub by_status: BTreeMap<String, u64>,
    /// How many without any follow-up.
    pub without_follow_up: u64,
}

/// Money in one currency, in its minor unit. Reversed ledger lines and their reversals are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Contributions {
    /// What all projects together need.
    pub need: i64,
    /// What partners have pledged, committed or paid. A pledge that was paid is one line that was reversed and one new.
    pub cumulative: i64,
    /// What is still to be found; never below zero.
    pub balance: i64,
    /// What exceeds the need; never below zero.
    pub surplus: i64,
    /// The cumulative sum by stage, `unstated` included.
    pub by_stage: BTreeMap<String, i64>,
    /// The cumulative sum by partner, the greatest first.
    pub partners: Vec<PartnerSum>,
}

/// What one partner gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PartnerSum {
    /// The partner; null where none was stated.
    pub partner: Option<String>,
    /// In the currency's minor unit.
    pub amount: i64,
}

impl Views {
    /// The national picture.
    pub fn picture(&self) -> Result<Picture, ViewsError> {
        let complete = self.is_complete();
        let db = self.db();
        Ok(Picture {
            complete,
            conflicts: conflicts(&db)?,
            conflict_phases: conflict_phases(&db)?,
            recommendations: recommendations(&db)?,
            contributions: contributions(&db)?,
        })
    }
}

fn conflicts(db: &Connection) -> Result<Vec<PhaseCount>, ViewsError> {
    let mut query = db.prepare_cached(
        "SELECT region, coalesce(status, ?) AS phase, count(*) FROM records LEFT JOIN (
             SELECT DISTINCT m.grp AS one, region FROM regions JOIN records AS m ON m.n = regions.record
             WHERE m.kind = 'conflict'
         ) ON one = n
         WHERE kind = 'conflict' AND NOT events AND n = grp GROUP BY region, phase ORDER BY region, phase",
    )?;
    let rows = query
        .query_map([UNSTATED], |row| Ok(PhaseCount { region: row.get(0)?, phase: row.get(1)?, count: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn conflict_phases(db: &Connection) -> Result<BTreeMap<String, u64>, ViewsError> {
    let mut query = db.prepare_cached(
        "SELECT coalesce(status, ?) AS phase, count(*) FROM records WHERE kind = 'conflict' AND NOT events
         AND n = grp GROUP BY phase",
    )?;
    Ok(query.query_map([UNSTATED], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

fn recommendations(db: &Connection) -> Result<Vec<ThemeCount>, ViewsError> {
    let mut query = db.prepare_cached(
        "SELECT theme, coalesce(status, ?) AS status, count(*), sum(silent) FROM tracked WHERE counts
         GROUP BY 1, 2 ORDER BY 1, 2",
    )?;
    let mut rows = query.query([UNSTATED])?;
    let mut themes: Vec<ThemeCount> = Vec::new();
    while let Some(row) = rows.next()? {
        let (theme, status, count): (Option<String>, String, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if themes.last().is_none_or(|last| last.theme != theme) {
            themes.push(ThemeCount { theme, ..ThemeCount::default() });
        }
        let last = themes.last_mut().expect("one was pushed");
        last.count += count;
        last.without_follow_up += row.get::<_, u64>(3)?;
        last.by_status.insert(status, count);
    }
    Ok(themes)
}

fn contributions(db: &Connection) -> Result<BTreeMap<String, Contributions>, ViewsError> {
    let mut all: BTreeMap<String, Contributions> = BTreeMap::new();
    let mut query = db.prepare_cached("SELECT currency, amount FROM needs")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let sums = all.entry(row.get(0)?).or_default();
        sums.need = sums.need.saturating_add(row.get(1)?);
    }
    let mut partners: BTreeMap<(String, Option<String>), i64> = BTreeMap::new();
    let mut query = db.prepare_cached("SELECT fields FROM items WHERE list = 'contributions' AND counts")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let line: serde_json::Value = serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        let text = |pointer: &str| line.pointer(pointer).and_then(serde_json::Value::as_str).map(str::to_owned);
        let amount = line.pointer("/money/amount").and_then(serde_json::Value::as_i64);
        // Lines without an amount are on the record's list of what is to be completed.
        let (Some(currency), Some(amount)) = (text("/money/currency"), amount) else { continue };
        let amount = amount.clamp(0, MAX_AMOUNT);
        let sums = all.entry(currency.clone()).or_default();
        sums.cumulative = sums.cumulative.saturating_add(amount);
        let stage = sums.by_stage.entry(text("/stage").unwrap_or_else(|| UNSTATED.to_owned())).or_default();
        *stage = stage.saturating_add(amount);
        let partner = partners.entry((currency, text("/partner"))).or_default();
        *partner = partner.saturating_add(amount);
    }
    for ((currency, partner), amount) in partners {
        all.entry(currency).or_default().partners.push(PartnerSum { partner, amount });
    }
    for sums in all.values_mut() {
        sums.balance = sums.need.saturating_sub(sums.cumulative).max(0);
        sums.surplus = sums.cumulative.saturating_sub(sums.need).max(0);
        sums.partners.sort_by_key(|sum| std::cmp::Reverse(sum.amount));
    }
    Ok(all)
}
