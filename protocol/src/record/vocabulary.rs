//! What the country pack lists by key: regions, stakes, areas of intervention and the like. Data, not code, so that
//! another country is set up by files alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::{Shape, Shaped};

/// The lists of a country pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// Regions of the country, and foreign places that count as such.
    Regions,
    /// The gazetteer.
    Places,
    /// Themes of consultations and recommendations.
    Themes,
    /// Kinds of actor: customary chiefs, women's associations, security forces.
    Actors,
    /// What conflicts are about.
    Stakes,
    /// The Programme's objectives.
    Objectives,
    /// Areas of intervention of projects.
    Areas,
    /// What makes a request eligible.
    EligibilityCriteria,
    /// Sections of a project proposal.
    ProposalSections,
}

impl List {
    /// Every list.
    pub const ALL: [List; 9] = [
        List::Regions,
        List::Places,
        List::Themes,
        List::Actors,
        List::Stakes,
        List::Objectives,
        List::Areas,
        List::EligibilityCriteria,
        List::ProposalSections,
    ];

    /// The list's name in country packs and in the API.
    pub fn key(self) -> &'static str {
        match self {
            List::Regions => "regions",
            List::Places => "places",
            List::Themes => "themes",
            List::Actors => "actors",
            List::Stakes => "stakes",
            List::Objectives => "objectives",
            List::Areas => "areas",
            List::EligibilityCriteria => "eligibility-criteria",
            List::ProposalSections => "proposal-sections",
        }
    }
}

/// The keys that records of this network may use. Labels stay with the pack.
///
/// What is written here must use a known key; what comes from elsewhere is shown whatever its key, because packs of
/// two offices need not be of one version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The keys of each list.
    pub keys: BTreeMap<List, BTreeSet<String>>,
    /// Those eligibility criteria that every request must meet.
    pub required_criteria: BTreeSet<String>,
}

impl Vocabulary {
    /// Whether the list has the key.
    pub fn has(&self, list: List, key: &str) -> bool {
        self.keys.get(&list).is_some_and(|keys| keys.contains(key))
    }

    /// Adds a key to a list.
    pub fn add(&mut self, list: List, key: impl Into<String>) {
        self.keys.entry(list).or_default().insert(key.into());
    }
}

/// A key of one particular list.
pub trait PackKey {
    /// The list.
    const LIST: List;
}

macro_rules! pack_key {
    ($(#[$doc:meta])* $name:ident, $list:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl PackKey for $name {
            const LIST: List = List::$list;
        }

        impl Shaped for $name {
            const SHAPE: Shape = Shape::Key(List::$list);
        }
    };
}

pack_key! {
    /// A key of [`List::Regions`].
    RegionKey, Regions
}
pack_key! {
    /// A key of [`List::Places`].
    PlaceKey, Places
}
pack_key! {
    /// A key of [`List::Themes`].
    ThemeKey, Themes
}
pack_key! {
    /// A key of [`List::Actors`].
    ActorKey, Actors
}
pack_key! {
    /// A key of [`List::Stakes`].
    StakeKey, Stakes
}
pack_key! {
    /// A key of [`List::Objectives`].
    ObjectiveKey, Objectives
}
pack_key! {
    /// A key of [`List::Areas`].
    AreaKey, Areas
}
pack_key! {
    /// A key of [`List::EligibilityCriteria`].
    CriterionKey, EligibilityCriteria
}
pack_key! {
    /// A key of [`List::ProposalSections`].
    SectionKey, ProposalSections
}
