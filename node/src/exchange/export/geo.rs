//! GeoJSON (RFC 7946): one feature for each record that has a point, and one for each of its incidents that has.

use std::io::Write;

use geojson::{Feature, Geometry, GeometryValue};
use serde_json::{Map, Value, json};
use toguna_protocol::record::common::Precision;

use super::{
    ExportError,
    shape::{Count, Held, PlacedIncident, Shown, counted},
    table::{FEWER, Tongue, day},
};

/// What stands behind the features.
pub(super) const TAIL: &[u8] = b"\n]}\n";

/// What stands before the features: the note is a member of its own (section 6.1).
pub(super) fn head(note: &[String]) -> Result<Vec<u8>, ExportError> {
    let note = serde_json::to_string(note)?;
    Ok(format!("{{\"type\":\"FeatureCollection\",\"note\":{note},\"features\":[\n").into_bytes())
}

/// Writes features.
pub(super) struct Features<W: Write> {
    out: W,
    begun: bool,
}

impl<W: Write> Features<W> {
    pub(super) fn new(out: W) -> Self {
        Features { out, begun: false }
    }

    /// Writes what of a record has a point; says whether anything had.
    pub(super) fn record(&mut self, shown: &Shown, tongue: &Tongue<'_>) -> Result<bool, ExportError> {
        if let Some(point) = shown.point {
            self.feature(point, of_record(shown, tongue))?;
        }
        for incident in &shown.incidents {
            self.feature(incident.point, of_incident(shown, incident))?;
        }
        Ok(shown.point.is_some() || !shown.incidents.is_empty())
    }

    fn feature(&mut self, (lat, lon): (f64, f64), properties: Map<String, Value>) -> Result<(), ExportError> {
        let point = GeometryValue::new_point([rounded(lon), rounded(lat)]);
        let feature =
            Feature { geometry: Some(Geometry::new(point)), properties: Some(properties), ..Feature::default() };
        if self.begun {
            self.out.write_all(b",\n")?;
        }
        self.begun = true;
        serde_json::to_writer(&mut self.out, &feature)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}

/// To about a metre, as records have it.
fn rounded(degrees: f64) -> f64 {
    (degrees * 100_000.0).round() / 100_000.0
}

/// Keys and not words: a map is made of it by a program.
fn of_record(shown: &Shown, tongue: &Tongue<'_>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| drop(properties.insert(name.to_owned(), value));
    put("feature", json!("record"));
    put("id", json!(shown.id.to_string()));
    put("kind", json!(shown.kind.key()));
    put("title", held(&shown.title));
    put("status", json!(shown.status));
    put("regions", json!(shown.regions));
    put(
        "date",
        match &shown.date {
            Held::Given(date) => json!(date.to_string()),
            Held::Unstated | Held::Withheld => Value::Null,
        },
    );
    put("place", held(&shown.place));
    put("precision", json!(shown.precision.map(Precision::key)));
    for (path, count) in counted(shown.kind).iter().zip(&shown.counts) {
        put(path.last().copied().unwrap_or_default(), of_count(*count));
    }
    for (name, stamp) in [("created", &shown.created), ("updated", &shown.updated)] {
        put(&format!("{name}_office"), json!(tongue.office(&stamp.office)));
        put(&format!("{name}_on"), json!(day(stamp.at)));
    }
    put("to_complete", json!(shown.to_complete));
    put("sensitivity", json!(shown.sensitivity));
    properties
}

fn of_incident(shown: &Shown, incident: &PlacedIncident) -> Map<String, Value> {
    let properties = json!({
        "feature": "incident",
        "record": shown.id.to_string(),
        "incident_type": incident.incident_type,
        "date": incident.date,
        "place": incident.place,
        "precision": incident.precision.map(Precision::key),
        "deaths": of_count(incident.deaths),
        "displaced": of_count(incident.displaced),
    });
    match properties {
        Value::Object(properties) => properties,
        _ => Map::new(),
    }
}

fn held(text: &Held<String>) -> Value {
    match text {
        Held::Given(text) => json!(text),
        Held::Unstated | Held::Withheld => Value::Null,
    }
}

fn of_count(count: Count) -> Value {
    match count {
        Count::Unstated => Value::Null,
        Count::Few => json!(FEWER),
        Count::Number(number) => json!(number),
    }
}
