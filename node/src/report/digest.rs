//! What the public may read: figures of public records only, small counts left out, and no title or text of a record.
//!
//! The same rules as for exports (`exchange::export`). Small counts are left out here already, and not where a page is
//! made, so that a digest's fingerprint can tell nobody what they were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Activities, Full, Money};
use crate::exchange::export::FEW;

/// A count that the public may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It is given.
    Number(u64),
    /// It is fewer than five.
    Few,
    /// It is not given, since the others beside it would tell what is left out.
    Withheld,
}

/// Counts by key, and what they come to together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// By key; none of them is nought.
    pub parts: BTreeMap<String, Told>,
    /// Together.
    pub total: Option<Told>,
}

/// The public digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Conflicts by phase.
    pub phases: Spread,
    /// Conflicts by region. One that concerns several counts in each.
    pub regions: BTreeMap<String, Told>,
    /// Incidents of the period by type, without recent ones.
    pub incidents: Spread,
    /// Consultations of the period by level.
    pub consultations: Spread,
    /// Participants of those by level.
    pub participants: Spread,
    /// Recommendations by status. They stand in published reports.
    pub recommendations: BTreeMap<String, u64>,
    /// Activities as declared and as told apart.
    pub activities: Activities,
    /// Money by currency.
    pub money: BTreeMap<String, Money>,
    /// Records that are not public, and so not in it.
    pub left_out: Told,
}

impl Told {
    fn of(count: u64) -> Self {
        if count < FEW { Told::Few } else { Told::Number(count) }
    }
}

impl Spread {
    /// Where one small count alone is left out, the total would tell it.
    fn of(counts: impl Iterator<Item = (String, u64)>) -> Self {
        let counts: Vec<(String, u64)> = counts.filter(|(_, count)| *count > 0).collect();
        let few = counts.iter().filter(|(_, count)| *count < FEW).count();
        let sum = counts.iter().map(|(_, count)| count).sum();
        let total = if few == 1 && counts.len() > 1 { Told::Withheld } else { Told::of(sum) };
        let is_empty = counts.is_empty();
        let parts = counts.into_iter().map(|(key, count)| (key, Told::of(count))).collect();
        Spread { parts, total: (!is_empty).then_some(total) }
    }
}

impl Digest {
    /// What of a report on public records the public may read.
    pub(super) fn of(full: &Full, left_out: u64) -> Self {
        let own = |counts: &BTreeMap<String, u64>| counts.clone().into_iter();
        let level = |level: &Option<String>| level.clone().unwrap_or_else(|| crate::views::UNSTATED.to_owned());
        let of_region = |region: &super::RegionPhases| {
            let key = region.region.clone().unwrap_or_else(|| crate::views::NATIONAL.to_owned());
            (key, Told::of(region.phases.values().sum()))
        };
        let mut recommendations = BTreeMap::new();
        for (status, count) in full.recommendations.iter().flat_map(|theme| &theme.by_status) {
            *recommendations.entry(status.clone()).or_default() += count;
        }
        let mut activities = full.activities.clone();
        for declared in &mut activities.declared {
            (declared.label, declared.source) = (None, None);
        }
        Digest {
            phases: Spread::of(own(&full.conflicts.phases)),
            regions: full.conflicts.regions.iter().map(of_region).collect(),
            incidents: Spread::of(full.conflicts.incidents.iter().map(|(key, of)| (key.clone(), of.count))),
            consultations: Spread::of(full.consultations.iter().map(|at| (level(&at.level), at.held))),
            participants: Spread::of(
                full.consultations.iter().map(|at| (level(&at.level), at.participants.unwrap_or(0))),
            ),
            recommendations,
            activities,
            money: full.money.clone(),
            left_out: Told::of(left_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_count_cannot_be_found_out_from_the_total() {
        let spread = |counts: &[(&str, u64)]| Spread::of(counts.iter().map(|(key, count)| ((*key).to_owned(), *count)));
        assert_eq!(spread(&[("a", 8), ("b", 3)]).total, Some(Told::Withheld));
        assert_eq!(spread(&[("a", 8), ("b", 3), ("c", 1)]).total, Some(Told::Number(12)));
        assert_eq!(spread(&[("a", 3)]).total, Some(Told::Few));
        assert_eq!(spread(&[("a", 8), ("b", 0)]).total, Some(Told::Number(8)));
        assert_eq!(spread(&[]).total, None);
        assert_eq!(spread(&[("a", 4)]).parts["a"], Told::Few);
    }
}
