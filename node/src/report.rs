//! Reports: what is printed for those who read on paper, made for a period from a named state of knowledge.
//!
//! ```text
//! knowledge ─▶ rows as they were ─▶ Gathering ─▶ Report ─▶ page, print, fingerprint, kept line
//! ```
//!
//! - A [`Report`] is plain data, and a function of the rows, of what was asked and of the day alone. Two offices that
//!   hold the same make the same, and so does one that makes it again a year later: its [`Fingerprint`] proves it.
//! - It holds keys and numbers; the words are put to it by whoever shows it, so that the fingerprint is the same in
//!   every language.
//! - What may not be printed never gets in: names of representatives, sources, opinions, coordinates, where missions
//!   are still to go; of a restricted record only that it counts. `digest` is what the public may read.

mod activities;
mod conflicts;
mod consultations;
pub mod digest;
pub mod dossier;
pub mod fingerprint;
pub mod kept;
mod money;
pub mod period;
mod reviews;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toguna_protocol::{
    engine::past::{PastOffice, PastRow},
    frontier::Frontier,
    ids::{AuthorKey, FeedId, RecordId, Seq, UnixSeconds},
    record::{Kind, date::Day},
};

pub use self::{
    activities::{Activities, Declared, PlanLine, Told},
    conflicts::{Alerts, Conflicts, Ending, Incidents, RegionPhases},
    consultations::{AtLevel, Themes},
    digest::Digest,
    dossier::Dossier,
    fingerprint::Fingerprint,
    money::{Money, PartnerMoney, partner_figure},
    period::Period,
    reviews::Review,
};
use crate::exchange::events::SOURCE_PREFIX;

/// What a report holds and how it is counted. A report of another version cannot be made again.
pub const VERSION: u32 = 1;

/// Lines of one list that are printed; what goes beyond is counted.
pub const LINES: usize = 400;

/// Partners that a brief names of each currency.
pub const PARTNERS_IN_BRIEF: usize = 6;

/// Seconds without an entry after which an office may have more to tell of a period than is known.
const SILENT_AFTER: i64 = 7 * 24 * 3600;

/// What kind of report it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportKind {
    /// One page of figures.
    Brief,
    /// Activities and money of a quarter.
    Quarterly,
    /// The year.
    Annual,
    /// What everybody may read.
    Digest,
    /// One record with its history.
    Dossier,
}

/// What a report is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A period.
    Period(Period),
    /// One record.
    Record(RecordId),
}

impl ReportKind {
    /// Every kind that is made for a period, in the order in which they are offered.
    pub const PERIODICAL: [ReportKind; 4] =
        [ReportKind::Annual, ReportKind::Quarterly, ReportKind::Brief, ReportKind::Digest];

    /// Its name in addresses, messages and kept lines.
    pub fn key(self) -> &'static str {
        match self {
            ReportKind::Brief => "brief",
            ReportKind::Quarterly => "quarterly",
            ReportKind::Annual => "annual",
            ReportKind::Digest => "digest",
            ReportKind::Dossier => "dossier",
        }
    }

    /// The kind of a key, of those that are made for a period.
    pub fn periodical(key: &str) -> Option<ReportKind> {
        ReportKind::PERIODICAL.into_iter().find(|kind| kind.key() == key)
    }
}

/// What is asked of a report on a period, beside the knowledge it is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Which report.
    pub kind: ReportKind,
    /// For which period.
    pub period: Period,
    /// The day on which it was first made: what is still to come, and what is recent, is counted from it.
    pub day: Day,
}

/// An office, as far as the knowledge of a report tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeThen {
    /// Its device key.
    pub author: AuthorKey,
    /// Its name.
    pub name: Option<String>,
    /// The key of its region; none for the national team.
    pub region: Option<String>,
    /// When it wrote the last entry that is in the report, by its own clock.
    pub until: Option<UnixSeconds>,
    /// Whether that is so long before the end of the period that more may have happened.
    pub silent: bool,
}

impl OfficeThen {
    fn of(office: PastOffice, due: i64) -> Self {
        let silent = office.last_entry_at.is_none_or(|last| last.0.saturating_add(SILENT_AFTER) < due);
        let PastOffice { author, name, region, last_entry_at } = office;
        OfficeThen { author, name, region, until: last_entry_at, silent }
    }
}

/// What is in a report on a period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Full {
    /// Activities, as declared and as told apart.
    pub activities: Activities,
    /// What was planned for the period, and what was not done and why.
    pub plan: Vec<PlanLine>,
    /// Lines of the plan that are counted only: there are too many, they are restricted, or the quarter is not over.
    pub plan_counted: u64,
    /// Consultations of the period by level.
    pub consultations: Vec<AtLevel>,
    /// Conflicts.
    pub conflicts: Conflicts,
    /// Alerts.
    pub alerts: Alerts,
    /// Recommendations by theme.
    pub recommendations: Vec<Themes>,
    /// Money by currency.
    pub money: BTreeMap<String, Money>,
    /// Difficulties, lessons and measures.
    pub reviews: Vec<Review>,
    /// Records that are counted and of which nothing is quoted.
    pub unnamed: u64,
}

/// What a report says, its head apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// On a period.
    Full(Box<Full>),
    /// For the public.
    Digest(Box<Digest>),
    /// On one record.
    Dossier(Box<Dossier>),
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// See [`VERSION`].
    pub version: u32,
    /// Which report.
    pub kind: ReportKind,
    /// What it is on.
    pub subject: Subject,
    /// From which state of knowledge: the number of the last entry of each feed.
    pub knowledge: Vec<(FeedId, Seq)>,
    /// How far each office's entries reach in it.
    pub offices: Vec<OfficeThen>,
    /// What it says.
    pub content: Content,
}

impl Report {
    fn new(
        kind: ReportKind,
        subject: Subject,
        day: Day,
        knowledge: &Frontier,
        offices: Vec<PastOffice>,
        content: Content,
    ) -> Self {
        let end = match subject {
            Subject::Period(period) => period.last_day().min(day),
            Subject::Record(_) => day,
        };
        let due = period::seconds(end);
        let offices = offices.into_iter().map(|office| OfficeThen::of(office, due)).collect();
        Report { version: VERSION, kind, subject, knowledge: knowledge.iter().collect(), offices, content }
    }

    /// What it can be known by: the same wherever and whenever the same report is made.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&serde_json::to_vec(self).expect("a report is plain data"))
    }

    /// Whether totals are "at least".
    pub fn at_least(&self) -> bool {
        self.offices.iter().any(|office| office.silent)
    }

    /// The figures that are printed in it by name, for what was printed last of each.
    pub fn figures(&self) -> BTreeMap<String, i64> {
        let Content::Full(full) = &self.content else { return BTreeMap::new() };
        let mut figures = BTreeMap::new();
        let mut note = |key: String, figure: u64| {
            figures.insert(key, i64::try_from(figure).unwrap_or(i64::MAX));
        };
        full.conflicts.figures(&mut note);
        full.activities.figures(&mut note);
        full.alerts.figures(&mut note);
        consultations::figures(&full.recommendations, &mut note);
        for (currency, money) in &full.money {
            let most = if self.kind == ReportKind::Brief { PARTNERS_IN_BRIEF } else { usize::MAX };
            figures.extend(money.figures(currency, most));
        }
        figures.retain(|figure, _| kept::is_printed(figure, self.kind));
        figures
    }
}

/// Who may see a record, for what of it gets into a report. Of several sensitivities the strictest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Openness {
    Public,
    Internal,
    Restricted,
}

impl Openness {
    fn of(strictest: Option<&str>) -> Self {
        match strictest {
            Some("public") => Openness::Public,
            None | Some("internal") => Openness::Internal,
            Some(_) => Openness::Restricted,
        }
    }
}

/// A record of which something is quoted: whose, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quoted {
    /// The record.
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// The keys of its regions.
    pub regions: Vec<String>,
}

impl Quoted {
    fn of(row: &PastRow) -> Self {
        Quoted { id: row.id, title: row.record.title.clone(), regions: row.record.regions.clone() }
    }
}

/// Adds what was stated: nothing stated is not none.
fn add_stated(sum: &mut Option<u64>, stated: Option<u64>) {
    if let Some(count) = stated {
        *sum = Some(sum.unwrap_or(0).saturating_add(count));
    }
}

/// Rows on their way into a report. They may come in any order.
pub struct Gathering {
    asked: Asked,
    full: Full,
    money: BTreeMap<String, money::Gathered>,
    conflicts: conflicts::Gathered,
    alerts: conflicts::GatheredAlerts,
    recommendations: BTreeMap<Option<String>, Themes>,
    consultations: BTreeMap<Option<String>, AtLevel>,
    /// Records that the public may not read of.
    left_out: u64,
}

impl Gathering {
    /// Nothing yet.
    pub fn new(asked: Asked) -> Self {
        Gathering {
            asked,
            full: Full::default(),
            money: BTreeMap::new(),
            conflicts: conflicts::Gathered::default(),
            alerts: conflicts::GatheredAlerts::default(),
            recommendations: BTreeMap::new(),
            consultations: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// Takes in one record.
    pub fn take(&mut self, row: &PastRow) {
        // What other sources tell is no part of what the programme reports.
        if row.record.source_ref.as_deref().is_some_and(|source| source.starts_with(SOURCE_PREFIX)) {
            return;
        }
        let openness = Openness::of(row.record.facts.strictest.as_deref());
        if self.asked.kind == ReportKind::Digest && openness != Openness::Public {
            self.left_out += 1;
            return;
        }
        let quoted = (openness != Openness::Restricted).then(|| Quoted::of(row));
        self.full.unnamed += u64::from(quoted.is_none());
        match row.record.kind {
            Kind::Consultation => {
                consultations::take(&mut self.consultations, row, &self.asked);
                consultations::take_recommendations(&mut self.recommendations, row);
            }
            Kind::Conflict => {
                self.conflicts.take(row, quoted.as_ref(), &self.asked);
                self.alerts.take(row, &self.asked);
            }
            Kind::Project => {
                self.full.activities.take(row, quoted.as_ref(), &self.asked);
                activities::take_plan(&mut self.full, row, quoted.as_ref(), &self.asked);
                money::take(&mut self.money, row, quoted.as_ref(), &self.asked);
                reviews::take(&mut self.full.reviews, row, quoted.as_ref(), &self.asked);
            }
        }
    }

    /// The report.
    pub fn finish(self, knowledge: &Frontier, offices: Vec<PastOffice>) -> Report {
        let Gathering { asked, mut full, money, conflicts, alerts, recommendations, consultations, left_out } = self;
        full.conflicts = conflicts.finish();
        full.alerts = alerts.finish();
        full.recommendations = recommendations.into_values().collect();
        full.consultations = consultations.into_values().collect();
        full.money = money.into_iter().map(|(currency, sums)| (currency, sums.finish())).collect();
        full.activities.finish();
        activities::finish_plan(&mut full);
        reviews::finish(&mut full.reviews);
        let content = match asked.kind {
            ReportKind::Digest => Content::Digest(Box::new(Digest::of(&full, left_out))),
            ReportKind::Brief => Content::Full(Box::new(full.in_brief())),
            ReportKind::Annual | ReportKind::Quarterly | ReportKind::Dossier => Content::Full(Box::new(full)),
        };
        Report::new(asked.kind, Subject::Period(asked.period), asked.day, knowledge, offices, content)
    }
}

impl Full {
    /// Without what one page does not hold.
    fn in_brief(mut self) -> Self {
        self.plan_counted += self.plan.len() as u64;
        self.plan.clear();
        self.reviews.clear();
        self.conflicts.endings_counted += self.conflicts.endings.len() as u64;
        self.conflicts.endings.clear();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_at_least_where_an_office_fell_silent_before_the_end_of_the_period_or_the_day() {
        let of = |last: Option<Day>, period: &str, day: Day| {
            let office = PastOffice {
                author: AuthorKey([1; 32]),
                name: Some("Kidal".into()),
                region: Some("ML-8".into()),
                last_entry_at: last.map(|last| UnixSeconds(period::seconds(last))),
            };
            let subject = Subject::Period(period.parse().unwrap());
            let content = Content::Full(Box::default());
            Report::new(ReportKind::Annual, subject, day, &Frontier::default(), vec![office], content).at_least()
        };
        let today = (2026, 11, 26);
        assert!(!of(Some((2026, 11, 25)), "2010", today), "all of the period was over when it wrote");
        assert!(!of(Some((2011, 1, 10)), "2010", today));
        assert!(of(Some((2010, 12, 1)), "2010", today));
        assert!(!of(Some((2026, 11, 20)), "2026", today), "a week is nothing");
        assert!(of(Some((2026, 11, 10)), "2026", today), "the year is not over, and nobody has heard of it since");
        assert!(of(None, "2010", today));
    }

    #[test]
    fn the_language_the_office_and_the_moment_are_no_part_of_a_fingerprint_and_all_else_is() {
        let report = |year: u16, knowledge: &Frontier| {
            let subject = Subject::Period(Period::year(year));
            let content = Content::Full(Box::default());
            Report::new(ReportKind::Annual, subject, (2026, 11, 26), knowledge, Vec::new(), content)
        };
        let known: Frontier = [(FeedId([1; 32]), Seq(7))].into_iter().collect();
        let one = report(2010, &known).fingerprint();
        assert_eq!(one, report(2010, &known).fingerprint());
        assert_ne!(one, report(2009, &known).fingerprint());
        assert_ne!(one, report(2010, &Frontier::default()).fingerprint());
    }
}
