//! Real conflict events (UCDP GED) for demonstrations: volume and a map. They are no part of the programme's record,
//! and every record made from them says so in its title.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use toguna_protocol::record::{Date, Kind};

use super::{Draft, Fault, Position};
use crate::pack::{Pack, TextFile};

/// One row of the table. Other columns are not read.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    year: u16,
    date_start: String,
    type_of_violence: u8,
    adm_1: String,
    latitude: f64,
    longitude: f64,
    best: u64,
    low: u64,
    high: u64,
    nearest_place: String,
    nearest_place_km: f64,
}

/// How the source keys of records made from these events begin.
pub const SOURCE_PREFIX: &str = "UCDP-";

/// Points of whole and half degrees are middles of large areas, which UCDP uses for places that are roughly known.
const ROUGH_DEGREES: f64 = 0.5;

/// The events of a pack, as one conflict record for each region and year that holds that year's events as incidents. A
/// record for each event would bury the programme's own, and so the lists stay well below their bound.
pub fn events(pack: &Pack, file: &TextFile) -> Result<Vec<Draft>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut groups: BTreeMap<(String, u16), Vec<(Position, Row)>> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    for (at, row) in reader.deserialize::<Row>().enumerate() {
        // The first line names the columns.
        let at = Position { file: file.name.clone(), line: at + 2 };
        match row.map_err(|error| at.fault(column(&error), "is missing or not of the expected kind")) {
            Ok(row) => match fault_in(pack, &row) {
                Some((column, problem)) => faults.push(at.fault(column, problem)),
                None => groups.entry((row.adm_1.clone(), row.year)).or_default().push((at, row)),
            },
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(groups.into_iter().map(|((region, year), rows)| draft(pack, &region, year, rows)).collect())
}

fn column(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.field().map_or(String::new(), |n| format!("column {}", n + 1)),
        _ => String::new(),
    }
}

fn fault_in(pack: &Pack, row: &Row) -> Option<(&'static str, &'static str)> {
    if pack.region(&row.adm_1).is_none() {
        return Some(("adm_1", "is not a region of the country pack"));
    }
    if row.date_start.parse::<Date>().is_err() || !row.date_start.starts_with(&row.year.to_string()) {
        return Some(("date_start", "is not a date of that year"));
    }
    if !(1..=3).contains(&row.type_of_violence) {
        return Some(("type_of_violence", "must be 1, 2 or 3"));
    }
    if !pack.bounds().contains(row.latitude, row.longitude) {
        return Some(("latitude", "lies outside the country's bounds"));
    }
    None
}

fn draft(pack: &Pack, region: &str, year: u16, rows: Vec<(Position, Row)>) -> Draft {
    let name = pack.region(region).map_or(region, |region| region.fr.as_str());
    let deaths: u64 = rows.iter().map(|(_, row)| row.best).sum();
    let at = rows[0].0.clone();
    let incidents: Map<String, Value> =
        rows.iter().enumerate().map(|(n, (_, row))| (format!("new-{}", n + 1), incident(row))).collect();
    let source_ref = format!("{SOURCE_PREFIX}{year}-{region}");
    let record = json!({
        "kind": Kind::Conflict.key(),
        "source_ref": source_ref,
        "title": format!("Événements UCDP {year} : {name} (données de démonstration)"),
        "regions": [region],
        "phase": {"is": "unknown"},
        "stakes": ["unspecified"],
        "start_date": year.to_string(),
        "event_count": rows.len(),
        "narrative": format!(
            "{} événements et {deaths} morts (meilleure estimation) selon l'Uppsala Conflict Data Program, \
             Georeferenced Event Dataset 25.1, CC BY 4.0. Données réelles pour la démonstration, étrangères aux \
             fiches du Programme.",
            rows.len()
        ),
        "incidents": incidents,
    });
    let Value::Object(record) = record else { unreachable!("written as an object above") };
    Draft { source_ref, kind: Kind::Conflict, record, links: Vec::new(), at }
}

fn incident(row: &Row) -> Value {
    let (incident_type, violence) = match row.type_of_violence {
        1 => ("other", "Violence impliquant l'État"),
        2 => ("community-clash", "Violence entre groupes non étatiques"),
        _ => ("settlement-attack", "Violence contre des civils"),
    };
    let (least, most) = (row.low.min(row.high), row.low.max(row.high));
    json!({
        "date": row.date_start,
        "incident_type": incident_type,
        "place": place(row),
        "deaths": row.best,
        "known": "several-sources",
        "text": format!("{violence} (UCDP, {}). Morts : {least} à {most}.", row.id),
    })
}

fn place(row: &Row) -> Value {
    let rough = |degrees: f64| (degrees / ROUGH_DEGREES).fract() == 0.0;
    if rough(row.latitude) && rough(row.longitude) {
        return json!({"name": row.nearest_place, "precision": "region"});
    }
    let round = |degrees: f64| (degrees * 1e5).round() / 1e5;
    let name = match row.nearest_place_km {
        near if near < 1.0 => row.nearest_place.clone(),
        far => format!("{} (à {far:.0} km)", row.nearest_place),
    };
    json!({"name": name, "lat": round(row.latitude), "lon": round(row.longitude), "precision": "village"})
}

#[cfg(test)]
mod tests {
    use toguna_protocol::limits;

    use super::*;

    fn drafts() -> Vec<Draft> {
        let pack = Pack::embedded();
        events(&pack, pack.events().expect("events")).expect("a good table")
    }

    #[test]
    fn every_event_becomes_an_incident_of_a_labelled_record() {
        let drafts = drafts();
        let incidents = |draft: &Draft| draft.record["incidents"].as_object().expect("incidents").clone();
        let all: Vec<Value> = drafts.iter().flat_map(|draft| incidents(draft).into_values()).collect();
        assert_eq!(all.len(), 1_358);
        assert_eq!(all.iter().filter_map(|incident| incident["deaths"].as_u64()).sum::<u64>(), 8_930);
        for draft in &drafts {
            assert!(draft.source_ref.starts_with(SOURCE_PREFIX), "{}", draft.source_ref);
            assert!(draft.record["title"].as_str().is_some_and(|title| title.contains("données de démonstration")));
            assert!(incidents(draft).len() <= limits::MAX_ITEMS / 4, "{}", draft.source_ref);
        }
    }

    #[test]
    fn a_faulty_row_is_named_by_line_and_column() {
        let pack = Pack::embedded();
        let good = pack.events().expect("events").clone();
        let cases = [
            ("2020-01-04", "2021-01-04", "line 3, date_start"),
            ("ML-5,,14.872351", "ML-55,,14.872351", "line 3, adm_1"),
            ("14.872351", "north", "line 3, column 11"),
        ];
        for (from, to, expected) in cases {
            let text = good.text.replacen(from, to, 1);
            let faults = events(&pack, &TextFile { text, ..good.clone() }).expect_err(to);
            assert_eq!(faults.len(), 1, "{to}");
            assert!(faults[0].to_string().contains(expected), "{}", faults[0]);
        }
    }
}
