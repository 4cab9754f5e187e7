//! The files of a pack and their shapes. What they mean is told in `packs/mali/README.md`.

use std::path::{Component, Path};

use serde::Deserialize;

use super::PackError;
use super::terms::{Actor, ActorGroup, Bounds, Criterion, Currency, Gazetteer, IncidentType, Plain, Stake, Theme};

/// The files of Mali's pack, by their path in it.
pub(super) const MALI: &[(&str, &str)] = &[
    ("pack.json", include_str!("../../packs/mali/pack.json")),
    ("regions.json", include_str!("../../packs/mali/regions.json")),
    ("conflicts.json", include_str!("../../packs/mali/conflicts.json")),
    ("projects.json", include_str!("../../packs/mali/projects.json")),
    ("themes.json", include_str!("../../packs/mali/themes.json")),
    ("actors.json", include_str!("../../packs/mali/actors.json")),
    ("geo/places.json", include_str!("../../packs/mali/geo/places.json")),
    ("geo/outline.geojson", include_str!("../../packs/mali/geo/outline.geojson")),
    ("geo/regions-2010.geojson", include_str!("../../packs/mali/geo/regions-2010.geojson")),
    ("history/consultations.jsonl", include_str!("../../packs/mali/history/consultations.jsonl")),
    ("history/conflicts.jsonl", include_str!("../../packs/mali/history/conflicts.jsonl")),
    ("history/projects.jsonl", include_str!("../../packs/mali/history/projects.jsonl")),
    ("events/ucdp-ged-25.1-mali.csv", include_str!("../../packs/mali/events/ucdp-ged-25.1-mali.csv")),
];

/// `pack.json`: what the country is, and where the rest of the pack lies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MainFile {
    pub(super) key: String,
    pub(super) version: u32,
    pub(super) fr: String,
    pub(super) en: String,
    pub(super) country: String,
    /// The version of the gazetteer that new records use.
    pub(super) gazetteer: String,
    pub(super) capital_region: String,
    pub(super) bounds: Bounds,
    pub(super) currencies: Vec<Currency>,
    pub(super) youth_age_limit: u8,
    pub(super) outline: String,
    pub(super) places: String,
    pub(super) history: Vec<String>,
    pub(super) events: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionsFile {
    pub(super) versions: Vec<Gazetteer>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConflictsFile {
    pub(super) stake_groups: Vec<Plain>,
    pub(super) stakes: Vec<Stake>,
    pub(super) incident_types: Vec<IncidentType>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectsFile {
    pub(super) objectives: Vec<Plain>,
    pub(super) areas: Vec<Plain>,
    pub(super) eligibility_criteria: Vec<Criterion>,
    pub(super) proposal_sections: Vec<Plain>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemesFile {
    pub(super) sections: Vec<Plain>,
    pub(super) themes: Vec<Theme>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActorsFile {
    pub(super) groups: Vec<ActorGroup>,
    pub(super) oversight: Vec<Plain>,
    pub(super) actors: Vec<Actor>,
}

/// A pack may come from elsewhere: it names files of its own directory and no others.
pub(super) fn stays_inside(name: &str) -> Result<(), PackError> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if plain && !name.is_empty() {
        return Ok(());
    }
    Err(PackError::Value {
        file: "pack.json or regions.json".to_owned(),
        field: format!("\"{name}\""),
        problem: "is not the name of a file inside the pack".to_owned(),
    })
}
