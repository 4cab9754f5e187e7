//! Consultations of the period by level, and recommendations by theme as they stand.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toguna_protocol::engine::past::PastRow;

use super::{Asked, add_stated, period::Lies};
use crate::views::UNSTATED;

/// Consultations of one level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLevel {
    /// The level's key; none where it was not stated.
    pub level: Option<String>,
    /// How many took place in the period.
    pub held: u64,
    /// How many may have: their dates are not exact enough.
    pub perhaps: u64,
    /// Participants of those that took place in the period, as far as they were counted; none where nobody was.
    pub participants: Option<u64>,
    /// Women among them, in the same way.
    pub women: Option<u64>,
    /// The young among them, in the same way.
    pub youth: Option<u64>,
    /// Records of those that say nothing of participants.
    pub uncounted: u64,
}

/// Whether a consultation has taken place.
fn is_held(status: Option<&str>) -> bool {
    matches!(status, Some("held" | "reported" | "validated" | "restituted"))
}

pub(super) fn take(levels: &mut BTreeMap<Option<String>, AtLevel>, row: &PastRow, asked: &Asked) {
    let (record, facts) = (&row.record, &row.record.facts);
    let Some(lies) = record.date.map(|date| asked.period.holds(date)).filter(|_| is_held(record.status.as_deref()))
    else {
        return;
    };
    if lies == Lies::Outside {
        return;
    }
    let at = levels.entry(facts.level.clone()).or_default();
    at.level.clone_from(&facts.level);
    if lies == Lies::Perhaps {
        at.perhaps += record.event_count;
        return;
    }
    at.held += record.event_count;
    add_stated(&mut at.participants, facts.participants);
    add_stated(&mut at.women, facts.participants_women);
    add_stated(&mut at.youth, facts.participants_youth);
    at.uncounted += u64::from(facts.participants.is_none() && record.event_count > 0);
}

/// Recommendations of one theme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Themes {
    /// The theme's key; none where it was not stated.
    pub theme: Option<String>,
    /// How many.
    pub count: u64,
    /// How many of each status, `unstated` included.
    pub by_status: BTreeMap<String, u64>,
    /// How many of which nothing was heard.
    pub silent: u64,
}

/// The figures of recommendations, as the national picture has them: of each theme, and of all together.
pub(super) fn figures(themes: &[Themes], note: &mut impl FnMut(String, u64)) {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for of in themes {
        let theme = of.theme.as_deref().unwrap_or(UNSTATED);
        let by_status = of.by_status.iter().map(|(status, count)| (status.as_str(), *count));
        for (name, count) in by_status.chain([("count", of.count), ("silent", of.silent)]) {
            note(format!("recommendations/{theme}/{name}"), count);
            *all.entry(format!("recommendations/all/{name}")).or_default() += count;
        }
    }
    all.into_iter().for_each(|(name, count)| note(name, count));
}

pub(super) fn take_recommendations(themes: &mut BTreeMap<Option<String>, Themes>, row: &PastRow) {
    let counted = || row.record.items.iter().filter(|item| item.counts);
    let heard_of: BTreeSet<_> = counted()
        .filter(|item| item.list == "recommendations/follow_ups")
        .filter_map(|item| item.parent.as_ref())
        .collect();
    for item in counted().filter(|item| item.list == "recommendations") {
        let theme = item.text("theme").map(str::to_owned);
        let of_theme = themes.entry(theme.clone()).or_default();
        of_theme.theme = theme;
        of_theme.count += 1;
        of_theme.silent += u64::from(!heard_of.contains(&item.item));
        *of_theme.by_status.entry(item.text("status").unwrap_or(UNSTATED).to_owned()).or_default() += 1;
    }
}
