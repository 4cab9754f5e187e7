//! What must hold in a pack beyond the shape of its files.

use std::collections::BTreeSet;

use serde_json::Value;
use toguna_protocol::record::conflict::IncidentType;

use super::{Pack, PackError, Shape, Term};

/// Characters of a key: it is written into every record that uses it.
const MAX_KEY: usize = 40;

/// Checks a pack as a whole, and reports the first thing that is wrong.
pub(super) fn all(pack: &Pack) -> Result<(), PackError> {
    main(pack)?;
    regions(pack)?;
    places(pack)?;
    lists(pack)?;
    references(pack)
}

fn fault(file: &str, field: impl Into<String>, problem: impl Into<String>) -> PackError {
    PackError::Value { file: file.to_owned(), field: field.into(), problem: problem.into() }
}

fn main(pack: &Pack) -> Result<(), PackError> {
    let main = &pack.main;
    let file = "pack.json";
    for (field, text) in [("/key", &main.key), ("/fr", &main.fr), ("/en", &main.en)] {
        if text.trim().is_empty() {
            return Err(fault(file, field, "is empty"));
        }
    }
    if main.country.len() != 2 || !main.country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(fault(file, "/country", "is not a code of two capital letters (ISO 3166-1)"));
    }
    let b = &main.bounds;
    if !(b.south < b.north && b.west < b.east) {
        return Err(fault(file, "/bounds", "south must be less than north, and west less than east"));
    }
    if main.currencies.is_empty() {
        return Err(fault(file, "/currencies", "is empty; name at least the country's own currency"));
    }
    list(file, "/currencies", &main.currencies)?;
    for (at, currency) in main.currencies.iter().enumerate() {
        if currency.key.len() != 3 || !currency.key.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(fault(file, format!("/currencies/{at}/key"), "is not a code of three letters (ISO 4217)"));
        }
    }
    geojson(&main.outline, &pack.outline, None)
}

fn regions(pack: &Pack) -> Result<(), PackError> {
    let file = "regions.json";
    let versions = &pack.regions.versions;
    for (v, version) in versions.iter().enumerate() {
        let here = format!("/versions/{v}");
        if version.follows.as_deref() != v.checked_sub(1).map(|before| versions[before].key.as_str()) {
            return Err(fault(file, format!("{here}/follows"), "must name the version that stands before this one"));
        }
        list(file, &format!("{here}/regions"), &version.regions)?;
        for (r, region) in version.regions.iter().enumerate() {
            if !pack.main.bounds.contains(region.lat, region.lon) {
                return Err(fault(file, format!("{here}/regions/{r}/lat"), "lies outside the country's bounds"));
            }
            let known_before = |key: &str| versions[..v].iter().any(|before| before.region(key).is_some());
            let split = region.split_from.as_deref();
            if split.is_some_and(|from| !known_before(from)) {
                let problem = "names no region of an earlier version";
                return Err(fault(file, format!("{here}/regions/{r}/split_from"), problem));
            }
            if v > 0 && split.is_none() && !known_before(&region.key) {
                let problem = "is missing: a new region says which one it was cut out of";
                return Err(fault(file, format!("{here}/regions/{r}/split_from"), problem));
            }
        }
        if let (Some(name), Some(text)) = (&version.outlines, pack.region_outlines(&version.key)) {
            let keys: BTreeSet<&str> = version.regions.iter().map(|region| region.key.as_str()).collect();
            geojson(name, text, Some(&keys))?;
            shapes(pack, name, pack.region_shapes(&version.key).unwrap_or_default())?;
        }
    }
    if !versions.iter().any(|version| version.key == pack.main.gazetteer) {
        return Err(fault("pack.json", "/gazetteer", "names no version of regions.json"));
    }
    if pack.gazetteer().region(&pack.main.capital_region).is_none() {
        return Err(fault("pack.json", "/capital_region", "names no region of the current gazetteer"));
    }
    Ok(())
}

fn places(pack: &Pack) -> Result<(), PackError> {
    let file = &pack.main.places;
    let mut keys = BTreeSet::new();
    for (at, place) in pack.places.as_slice().iter().enumerate() {
        if !keys.insert(&place.key) {
            return Err(fault(file, format!("/{at}/key"), format!("{} stands twice", place.key)));
        }
        if place.name.trim().is_empty() {
            return Err(fault(file, format!("/{at}/name"), "is empty"));
        }
        if pack.region(&place.region).is_none() {
            return Err(fault(file, format!("/{at}/region"), "names no region"));
        }
        if !pack.main.bounds.contains(place.lat, place.lon) {
            return Err(fault(file, format!("/{at}/lat"), "lies outside the country's bounds"));
        }
    }
    Ok(())
}

fn lists(pack: &Pack) -> Result<(), PackError> {
    list("conflicts.json", "/stake_groups", pack.stake_groups())?;
    list("conflicts.json", "/stakes", pack.stakes())?;
    list("conflicts.json", "/incident_types", pack.incident_types())?;
    list("projects.json", "/objectives", pack.objectives())?;
    list("projects.json", "/areas", pack.areas())?;
    list("projects.json", "/eligibility_criteria", pack.eligibility_criteria())?;
    list("projects.json", "/proposal_sections", pack.proposal_sections())?;
    list("themes.json", "/sections", pack.theme_sections())?;
    list("themes.json", "/themes", pack.themes())?;
    list("actors.json", "/groups", pack.actor_groups())?;
    list("actors.json", "/oversight", pack.oversight())?;
    list("actors.json", "/actors", pack.actors())
}

/// Keys are well formed and unique, and every entry has a name in both languages.
fn list<T: Term>(file: &str, field: &str, terms: &[T]) -> Result<(), PackError> {
    let mut keys = BTreeSet::new();
    for (at, term) in terms.iter().enumerate() {
        let key = term.key();
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let problem = format!("must be 1 to {MAX_KEY} letters, digits and hyphens, without accents");
            return Err(fault(file, format!("{field}/{at}/key"), problem));
        }
        if !keys.insert(key) {
            return Err(fault(file, format!("{field}/{at}/key"), format!("{key} stands twice")));
        }
        for (language, label) in [("fr", term.fr()), ("en", term.en())] {
            if label.trim().is_empty() {
                return Err(fault(file, format!("{field}/{at}/{language}"), "is empty"));
            }
        }
    }
    Ok(())
}

/// What names another entry must find it.
fn references(pack: &Pack) -> Result<(), PackError> {
    let has = |terms: &[super::Plain], key: &str| terms.iter().any(|term| term.key == key);
    for (at, stake) in pack.stakes().iter().enumerate() {
        if stake.group.as_ref().is_some_and(|group| !has(pack.stake_groups(), group)) {
            return Err(fault("conflicts.json", format!("/stakes/{at}/group"), "names no group of stakes"));
        }
        // Lists are asked for one or the other by the same word.
        if has(pack.stake_groups(), &stake.key) {
            return Err(fault("conflicts.json", format!("/stakes/{at}/key"), "is the key of a group too"));
        }
    }
    // Kinds of incident are known to the program; the pack gives them their names.
    for key in IncidentType::KEYS {
        if !pack.incident_types().iter().any(|incident| incident.key == *key) {
            return Err(fault("conflicts.json", "/incident_types", format!("lacks {key}")));
        }
    }
    for (at, theme) in pack.themes().iter().enumerate() {
        if !has(pack.theme_sections(), &theme.section) {
            return Err(fault("themes.json", format!("/themes/{at}/section"), "names no section"));
        }
    }
    let actors: BTreeSet<&str> = pack.actors().iter().map(|actor| actor.key.as_str()).collect();
    for (at, actor) in pack.actors().iter().enumerate() {
        if actor.parent.as_ref().is_some_and(|parent| !actors.contains(parent.as_str())) {
            return Err(fault("actors.json", format!("/actors/{at}/parent"), "names no actor"));
        }
    }
    Ok(())
}

/// Rings are closed and lie inside the country's bounds, which also finds longitude and latitude exchanged.
fn shapes(pack: &Pack, file: &str, shapes: &[Shape]) -> Result<(), PackError> {
    for (at, shape) in shapes.iter().enumerate() {
        let here = format!("/features/{at}");
        if shape.rings.is_empty() {
            return Err(fault(file, here, "has no ring"));
        }
        for ring in &shape.rings {
            if ring.len() < 4 || ring.first() != ring.last() {
                return Err(fault(file, here, "a ring is not closed, or has fewer than four positions"));
            }
            if !ring.iter().all(|(lon, lat)| pack.main.bounds.contains(*lat, *lon)) {
                return Err(fault(file, here, "a position lies outside the country's bounds"));
            }
        }
    }
    Ok(())
}

/// The text is a feature collection; with `keys`, it has one feature for each of them and no other.
fn geojson(file: &str, text: &str, keys: Option<&BTreeSet<&str>>) -> Result<(), PackError> {
    let parsed: Value = serde_json::from_str(text)
        .map_err(|error| PackError::Shape { file: file.to_owned(), problem: error.to_string() })?;
    let Some(features) = parsed["features"].as_array() else {
        return Err(fault(file, "/features", "is missing; a GeoJSON feature collection is expected"));
    };
    let Some(keys) = keys else { return Ok(()) };
    let found: BTreeSet<&str> = features.iter().filter_map(|feature| feature["id"].as_str()).collect();
    match keys.symmetric_difference(&found).next() {
        Some(key) => {
            Err(fault(file, "/features", format!("{key} is in the outlines or in the regions, but not in both")))
        }
        None => Ok(()),
    }
}
