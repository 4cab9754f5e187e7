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
    /// Where one small count alone is left out, the total would tell it; of several it would where each is the smallest
    /// there can be, or the greatest.
    fn of(counts: impl Iterator<Item = (String, u64)>) -> Self {
        let counts: Vec<(String, u64)> = counts.filter(|(_, count)| *count > 0).collect();
        let small: Vec<u64> = counts.iter().map(|(_, count)| *count).filter(|count| *count < FEW).collect();
        let (few, of_small) = (small.len() as u64, small.iter().sum::<u64>());
        let tells = few == 1 || (few > 1 && (of_small == few || of_small == few * (FEW - 1)));
        let sum = counts.iter().map(|(_, count)| count).sum();
        let total = if tells && counts.len() > 1 { Told::Withheld } else { Told::of(sum) };
        let is_empty = counts.is_empty();
        let parts = counts.into_iter().map(|(key, count)| (key, Told::of(count))).collect();
        Spread { parts, total: (!is_empty).then_some(total) }
    }

    /// Of two tables of the same whole: where one leaves a small count out, what the other comes to would tell it. So the
    /// other then leaves out its total, and the smallest of its parts unless one is left out already.
    fn beside(mut self, other: &Spread) -> Self {
        if !other.leaves_out() {
            return self;
        }
        self.total = self.total.map(|_| Told::Withheld);
        if !self.leaves_out() {
            let count = |told: &Told| if let Told::Number(count) = told { *count } else { 0 };
            if let Some(smallest) = self.parts.values_mut().min_by_key(|told| count(told)) {
                *smallest = Told::Withheld;
            }
        }
        self
    }

    fn leaves_out(&self) -> bool {
        self.parts.values().any(|told| *told == Told::Few)
    }
}

impl Digest {
    /// What of a report on public records the public may read.
    pub(super) fn of(full: &Full, left_out: u64) -> Self {
        let own = |counts: &BTreeMap<String, u64>| counts.clone().into_iter();
        let level = |level: &Option<String>| level.clone().unwrap_or_else(|| crate::views::UNSTATED.to_owned());
        let of_region = |region: &super::RegionPhases| {
            let key = region.region.clone().unwrap_or_else(|| crate::views::NATIONAL.to_owned());
            (key, region.phases.values().sum())
        };
        let phases = Spread::of(own(&full.conflicts.phases));
        let regions = Spread::of(full.conflicts.regions.iter().map(of_region));
        let mut recommendations = BTreeMap::new();
        for (status, count) in full.recommendations.iter().flat_map(|theme| &theme.by_status) {
            *recommendations.entry(status.clone()).or_default() += count;
        }
        let mut activities = full.activities.clone();
        for declared in &mut activities.declared {
            (declared.label, declared.source) = (None, None);
        }
        Digest {
            regions: regions.clone().beside(&phases).parts,
            phases: phases.beside(&regions),
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
        assert_eq!(spread(&[("a", 8), ("b", 1), ("c", 1)]).total, Some(Told::Withheld), "both are one");
        assert_eq!(spread(&[("a", 8), ("b", 4), ("c", 4)]).total, Some(Told::Withheld), "both are four");
        assert_eq!(spread(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]).total, Some(Told::Withheld));
        assert_eq!(spread(&[("a", 3)]).total, Some(Told::Few));
        assert_eq!(spread(&[("a", 8), ("b", 0)]).total, Some(Told::Number(8)));
        assert_eq!(spread(&[]).total, None);
        assert_eq!(spread(&[("a", 4)]).parts["a"], Told::Few);
    }

    #[test]
    fn a_small_count_cannot_be_found_out_from_the_table_beside() {
        let spread = |counts: &[(&str, u64)]| Spread::of(counts.iter().map(|(key, count)| ((*key).to_owned(), *count)));
        let (phases, regions) = (spread(&[("open", 9), ("truce", 7)]), spread(&[("ML-7", 13), ("ML-8", 3)]));
        let shown = phases.clone().beside(&regions);
        assert_eq!(shown.total, Some(Told::Withheld), "16 less 13");
        assert_eq!(shown.parts["open"], Told::Number(9));
        assert_eq!(shown.parts["truce"], Told::Withheld, "9 and 7 less 13");
        assert_eq!(regions.clone().beside(&phases), regions, "nothing is left out beside it");
        let few = spread(&[("open", 12), ("truce", 2), ("settled", 2)]);
        let shown = few.clone().beside(&regions);
        assert_eq!((shown.total, shown.parts), (Some(Told::Withheld), few.parts), "one is left out already");
    }
}
