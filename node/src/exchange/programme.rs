//! The programme's history as the country pack carries it, and which office keeps which record of it.

use super::{Draft, Fault, lines};
use crate::pack::Pack;

/// All of the programme's history: conflicts, consultations with their recommendations, projects. Within a file what
/// a record links to stands before it, so most links are made when the record is.
pub fn history(pack: &Pack) -> Result<Vec<Draft>, Vec<Fault>> {
    let mut drafts = Vec::new();
    let mut faults = Vec::new();
    for file in pack.history() {
        match lines::records(&file.name, &file.text) {
            Ok(more) => drafts.extend(more),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(drafts) } else { Err(faults) }
}

/// The drafts that belong to the office of `region`, where `offices` are the regions that have an office.
///
/// A record of one region belongs to that region's office. What concerns several regions, the whole country, or a
/// region without an office is kept by the national team, in the office of the pack's capital region.
pub fn share_of(drafts: Vec<Draft>, region: &str, offices: &[&str], pack: &Pack) -> Vec<Draft> {
    let keeper = |draft: &Draft| match draft.regions()[..] {
        [only] => offices.iter().copied().find(|office| *office == only).map(str::to_owned),
        _ => None,
    };
    let capital = pack.capital_region();
    drafts.into_iter().filter(|draft| keeper(draft).as_deref().unwrap_or(capital) == region).collect()
}
