//! Conflicts as they stand, what changed in the period, incidents, agreements that end, decisions, alerts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toguna_protocol::{
    engine::past::PastRow,
    ids::{ItemId, RecordId, UnixSeconds},
    projection::ItemRow,
    record::{Date, common::Relation, date::Day},
};

use super::{
    Asked, LINES, Quoted, ReportKind, add_stated,
    period::{self, Lies},
};
use crate::{
    days,
    exchange::export::may_be_recent,
    views::{NATIONAL, UNSTATED},
};

/// Years after the period in which an agreement's end is announced.
const AHEAD_YEARS: u16 = 1;

/// Conflicts, each counted once where several records stand for the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conflicts {
    /// How many are known.
    pub total: u64,
    /// By phase.
    pub phases: BTreeMap<String, u64>,
    /// By region and phase. One that concerns several regions counts in each.
    pub regions: Vec<RegionPhases>,
    /// How many were first written down in the period, by the clock of the office.
    pub entered: u64,
    /// How many came into a phase in the period, by phase.
    pub moved: BTreeMap<String, u64>,
    /// Incidents of the period by type.
    pub incidents: BTreeMap<String, Incidents>,
    /// Mediation meetings of the period.
    pub meetings: u64,
    /// Agreements made in the period.
    pub agreements: u64,
    /// Agreements that end in the period or in the year after it, and still hold.
    pub endings: Vec<Ending>,
    /// Such endings that are counted only.
    pub endings_counted: u64,
    /// Agreements that still hold and of which nobody knows when they end.
    pub endless: u64,
    /// Decisions that were not carried out, by how they stand.
    pub decisions: BTreeMap<String, u64>,
}

/// Conflicts of one region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionPhases {
    /// The region's key; none for the whole country.
    pub region: Option<String>,
    /// By phase.
    pub phases: BTreeMap<String, u64>,
}

/// Incidents of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incidents {
    /// How many there were.
    pub count: u64,
    /// How many more there may have been: their dates are not exact enough.
    pub perhaps: u64,
    /// Deaths in those that there were, as far as they were stated; none where that was said of no incident.
    pub deaths: Option<u64>,
    /// People displaced by them, in the same way.
    pub displaced: Option<u64>,
}

/// An agreement that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The conflict.
    pub conflict: Quoted,
    /// When.
    pub ends: String,
}

impl Ending {
    /// What ends first comes first, also where there are more than are printed.
    fn rank(&self) -> (Option<Day>, Quoted, String) {
        (self.ends.parse::<Date>().ok().map(Date::earliest), self.conflict.clone(), self.ends.clone())
    }
}

impl Conflicts {
    /// Its figures, as the national picture has them.
    pub(super) fn figures(&self, note: &mut impl FnMut(String, u64)) {
        note("conflicts".into(), self.total);
        for (phase, count) in &self.phases {
            note(format!("conflicts/{phase}"), *count);
        }
        for RegionPhases { region, phases } in &self.regions {
            let region = region.as_deref().unwrap_or(NATIONAL);
            note(format!("conflicts/{region}/all"), phases.values().sum());
            for (phase, count) in phases {
                note(format!("conflicts/{region}/{phase}"), *count);
            }
        }
    }
}

/// A conflict, as far as groups need it.
struct One {
    phase: Option<String>,
    regions: Vec<String>,
    created: UnixSeconds,
    same: Vec<RecordId>,
    moved: bool,
    entered: bool,
}

/// Conflicts on their way into a report.
#[derive(Default)]
pub(super) struct Gathered {
    so_far: Conflicts,
    ones: BTreeMap<RecordId, One>,
}

impl Gathered {
    pub(super) fn take(&mut self, row: &PastRow, quoted: Option<&Quoted>, asked: &Asked) {
        let (record, period) = (&row.record, asked.period);
        let (from, to) = (period::seconds(period.first_day()) - 24 * 3600, period::seconds(period.last_day()));
        let same = record.items.iter().filter(|item| item.list == "links" && item.counts).filter_map(|item| {
            let is_same = item.text("relation") == Some(Relation::SameConflict.key());
            item.text("record").filter(|_| is_same)?.parse().ok()
        });
        let since = record.facts.phase_since;
        self.ones.insert(
            row.id,
            One {
                phase: record.status.clone(),
                regions: record.regions.clone(),
                created: row.created.at,
                same: same.collect(),
                moved: since.is_some_and(|since| period.holds(since) == Lies::Within),
                entered: (from..to).contains(&row.created.at.0),
            },
        );
        for item in record.items.iter().filter(|item| item.counts) {
            match item.list.as_str() {
                "incidents" => self.incident(item, asked),
                "mediation_meetings" => self.so_far.meetings += u64::from(is_within(item.date("date"), asked)),
                "agreements" => self.agreement(item, quoted, asked),
                "decisions" => {
                    if let Some(key @ ("not-carried-out" | "partly" | "contradicted")) = item.text("execution") {
                        *self.so_far.decisions.entry(key.to_owned()).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
    }

    fn incident(&mut self, item: &ItemRow, asked: &Asked) {
        let date = item.date("date");
        let Some(lies) = date.map(|date| asked.period.holds(date)).filter(|lies| *lies != Lies::Outside) else {
            return;
        };
        if asked.kind == ReportKind::Digest && date.is_none_or(|date| may_be_recent(date, asked.day)) {
            return;
        }
        let key = item.text("incident_type").unwrap_or(UNSTATED).to_owned();
        let of_type = self.so_far.incidents.entry(key).or_default();
        if lies == Lies::Perhaps {
            of_type.perhaps += 1;
            return;
        }
        of_type.count += 1;
        add_stated(&mut of_type.deaths, item.number("deaths"));
        add_stated(&mut of_type.displaced, item.number("displaced"));
    }

    fn agreement(&mut self, item: &ItemRow, quoted: Option<&Quoted>, asked: &Asked) {
        let signed = item.date("signed_date");
        self.so_far.agreements += u64::from(is_within(signed, asked));
        // What became of it is known: it no longer holds.
        if matches!(item.text("stage"), Some("expired" | "broken")) {
            return;
        }
        let by_term = || signed.zip(item.number("term_years")).and_then(|(signed, years)| signed.plus_years(years));
        let Some(ends) = item.date("end_date").or_else(by_term) else {
            self.so_far.endless += 1;
            return;
        };
        let (year, month, day) = asked.period.last_day();
        let until: Day = (year.saturating_add(AHEAD_YEARS), month, day);
        if period::lies(ends, asked.period.first_day(), until) == Lies::Outside {
            return;
        }
        match quoted {
            Some(conflict) => {
                self.so_far.endings.push(Ending { conflict: conflict.clone(), ends: ends.to_string() });
            }
            None => self.so_far.endings_counted += 1,
        }
    }

    /// The records that stand for one conflict: all that hang together through ties.
    fn groups(&self) -> Vec<Vec<RecordId>> {
        let mut tied: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
        for (id, one) in &self.ones {
            for other in one.same.iter().filter(|other| self.ones.contains_key(other)) {
                tied.entry(*id).or_default().insert(*other);
                tied.entry(*other).or_default().insert(*id);
            }
        }
        let mut seen = BTreeSet::new();
        let mut groups = Vec::new();
        for id in self.ones.keys() {
            let mut group = Vec::new();
            let mut ahead = vec![*id];
            while let Some(next) = ahead.pop() {
                if seen.insert(next) {
                    group.push(next);
                    ahead.extend(tied.get(&next).into_iter().flatten());
                }
            }
            groups.extend((!group.is_empty()).then_some(group));
        }
        groups
    }

    pub(super) fn finish(self) -> Conflicts {
        let groups = self.groups();
        let Gathered { so_far: mut conflicts, ones } = self;
        let mut regions: BTreeMap<Option<String>, BTreeMap<String, u64>> = BTreeMap::new();
        for group in groups {
            // Who speaks for a group is told in `views::groups`: of those whose phase is established the first made.
            let rank = |id: &RecordId| {
                let one = &ones[id];
                (one.phase.as_deref().is_none_or(|phase| phase == "unknown"), one.created.0, *id)
            };
            let Some(speaker) = group.iter().copied().min_by_key(rank).map(|id| &ones[&id]) else { continue };
            let phase = speaker.phase.as_deref().unwrap_or(UNSTATED);
            conflicts.total += 1;
            conflicts.entered += u64::from(group.iter().all(|id| ones[id].entered));
            *conflicts.phases.entry(phase.to_owned()).or_default() += 1;
            if speaker.moved {
                *conflicts.moved.entry(phase.to_owned()).or_default() += 1;
            }
            let named: BTreeSet<&String> = group.iter().flat_map(|id| &ones[id].regions).collect();
            let whole = named.is_empty().then_some(None);
            for region in named.into_iter().map(Some).chain(whole) {
                *regions.entry(region.cloned()).or_default().entry(phase.to_owned()).or_default() += 1;
            }
        }
        conflicts.regions = regions.into_iter().map(|(region, phases)| RegionPhases { region, phases }).collect();
        conflicts.endings.sort_by_cached_key(Ending::rank);
        conflicts.endings_counted += conflicts.endings.len().saturating_sub(LINES) as u64;
        conflicts.endings.truncate(LINES);
        conflicts
    }
}

fn is_within(date: Option<Date>, asked: &Asked) -> bool {
    date.is_some_and(|date| asked.period.holds(date) == Lies::Within)
}

/// Alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    /// How many were raised in the period.
    pub raised: u64,
    /// To how many of those somebody responded.
    pub answered: u64,
    /// Days from alert to response, for those of which both are known to the day: the median.
    pub median: Option<u64>,
    /// The longest of them.
    pub longest: Option<u64>,
    /// How many of them there are.
    pub measured: u64,
    /// How many are open, whenever they were raised.
    pub open: u64,
    /// How many of the open ones nobody responded to.
    pub unanswered: u64,
}

impl Alerts {
    /// Its figures, as the national picture has them.
    pub(super) fn figures(&self, note: &mut impl FnMut(String, u64)) {
        note("alerts/open".into(), self.open);
        note("alerts/unanswered".into(), self.unanswered);
    }
}

/// Alerts on their way into a report.
#[derive(Default)]
pub(super) struct GatheredAlerts {
    so_far: Alerts,
    took: Vec<u64>,
}

impl GatheredAlerts {
    pub(super) fn take(&mut self, row: &PastRow, asked: &Asked) {
        let counted = |list: &'static str| row.record.items.iter().filter(move |item| item.counts && item.list == list);
        let mut to: BTreeMap<&ItemId, Vec<&ItemRow>> = BTreeMap::new();
        for response in counted("alerts/responses") {
            if let Some(alert) = &response.parent {
                to.entry(alert).or_default().push(response);
            }
        }
        for alert in counted("alerts") {
            let responses = to.get(&alert.item).map_or(&[][..], Vec::as_slice);
            let is_open = alert.text("closed_date").is_none() && alert.text("closed_because").is_none();
            self.so_far.open += u64::from(is_open);
            self.so_far.unanswered += u64::from(is_open && responses.is_empty());
            let raised = alert.date("date");
            if !is_within(raised, asked) {
                continue;
            }
            self.so_far.raised += 1;
            self.so_far.answered += u64::from(!responses.is_empty());
            let first =
                responses.iter().filter_map(|response| response.date("date")).min_by_key(|date| date.earliest());
            let took = days::exact(raised).zip(days::exact(first)).and_then(|(from, to)| days::between(from, to));
            self.took.extend(took);
        }
    }

    pub(super) fn finish(mut self) -> Alerts {
        self.took.sort_unstable();
        let (median, longest) = (self.took.get(self.took.len() / 2).copied(), self.took.last().copied());
        Alerts { median, longest, measured: self.took.len() as u64, ..self.so_far }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_first_comes_first_whatever_its_record() {
        let ending = |id: u8, ends: &str| {
            let conflict = Quoted { id: RecordId([id; 16]), title: "Mare".into(), regions: Vec::new() };
            Ending { conflict, ends: ends.to_owned() }
        };
        let mut gathered = Gathered::default();
        gathered.so_far.endings = vec![ending(1, "2011-05"), ending(3, "2010-34"), ending(2, "2010-04-01")];
        let ends: Vec<String> = gathered.finish().endings.into_iter().map(|ending| ending.ends).collect();
        assert_eq!(ends, ["2010-04-01", "2010-34", "2011-05"]);
    }
}
