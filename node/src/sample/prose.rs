//! What made-up records say: templates where `{a|b}` stands for one of the words, `{N}` for a number, `{R}` for the
//! region.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use toguna_protocol::record::Kind;

/// The templates, in French.
pub(super) static PROSE: LazyLock<Prose> =
    LazyLock::new(|| serde_json::from_str(include_str!("prose.json")).expect("every test of samples reads this file"));

/// Templates by what they tell of. Lists hold sentences that can stand in any order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prose {
    pub(super) titles: BTreeMap<Kind, String>,
    pub(super) parties: String,
    pub(super) applicants: String,
    pub(super) beneficiaries: String,
    pub(super) planned: String,
    pub(super) recommendations: String,
    pub(super) purposes: Vec<String>,
    pub(super) outcomes: Vec<String>,
    pub(super) causes: Vec<String>,
    pub(super) incidents: Vec<String>,
    pub(super) activities: Vec<String>,
    pub(super) difficulties: Vec<String>,
}
