//! Where something is, as people write it: by a name. What the gazetteer knows of the name follows by itself.

use serde_json::{Value, json};
use toguna_protocol::record::schema::Field;

use super::{Place, Places};

/// Whether the parts of a compound value say where something is.
pub(crate) fn is_place(parts: &[Field]) -> bool {
    parts.iter().any(|part| part.name == "precision")
}

/// What was typed, with what follows from its name. A name that is spelled like one place of the gazetteer gets its
/// key, and its coordinates unless others were typed; a name that no longer belongs to the key drops that key, and with
/// it what came from there. Where the name is as it was read, nothing follows.
pub(crate) fn placed(typed: Value, was: &Value, places: &Places) -> Value {
    if typed["name"] == was["name"] {
        return typed;
    }
    let Value::Object(mut place) = typed else { return typed };
    let name = place.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = place.get("key").and_then(Value::as_str).map(str::to_owned);
    if let Some(key) = key.filter(|key| !places.is_called(key, &name)) {
        place.remove("key");
        // What somebody measured stays.
        let came_along = places.get(&key).is_some_and(|known| {
            place.get("lat") == Some(&rounded(known.lat)) && place.get("lon") == Some(&rounded(known.lon))
        });
        if came_along {
            place.retain(|part, _| !["lat", "lon", "precision"].contains(&part.as_str()));
        }
    }
    if let Some(known) = places.named(&name).filter(|_| !place.contains_key("key")) {
        place.insert("key".to_owned(), json!(known.key));
        if !place.contains_key("lat") && !place.contains_key("lon") {
            locate(&mut place, known);
        }
    }
    if place.is_empty() { Value::Null } else { Value::Object(place) }
}

/// Puts a place of the gazetteer where it lies, no more exactly than that is known.
fn locate(place: &mut serde_json::Map<String, Value>, known: &Place) {
    place.insert("lat".to_owned(), rounded(known.lat));
    place.insert("lon".to_owned(), rounded(known.lon));
    place.entry("precision").or_insert_with(|| json!(known.kind.precision()));
}

/// Degrees as records hold them, to five decimals.
fn rounded(degrees: f64) -> Value {
    json!((degrees * 1e5).round() / 1e5)
}

/// The same as they stand in an input.
pub(crate) fn rounded_degrees(degrees: f64) -> String {
    rounded(degrees).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::Pack;

    #[test]
    fn a_name_brings_its_key_and_takes_it_away() {
        let pack = Pack::embedded();
        let tinzawatene = |name: &str| json!({"name": name, "key": "GN-2476086", "lat": 19.9625, "lon": 2.8575, "precision": "village"});
        let table = [
            // Typed or chosen.
            (json!({"name": "Tinzawatène"}), Value::Null, tinzawatene("Tinzawatène")),
            (json!({"name": "tinzwatene"}), Value::Null, tinzawatene("tinzwatene")),
            (json!({"name": "Puits sec"}), Value::Null, json!({"name": "Puits sec"})),
            (
                json!({"name": "Cercle de Kidal"}),
                Value::Null,
                json!({"name": "Cercle de Kidal", "key": "GN-7701465", "lat": 18.44389, "lon": 1.3354, "precision": "cercle"}),
            ),
            // What was measured stays.
            (
                json!({"name": "Kidal", "lat": 18.5, "lon": 1.5, "precision": "exact"}),
                Value::Null,
                json!({"name": "Kidal", "key": "GN-2455290", "lat": 18.5, "lon": 1.5, "precision": "exact"}),
            ),
            // As it was read, whether or not the gazetteer knows it.
            (json!({"name": "Kidal"}), json!({"name": "Kidal"}), json!({"name": "Kidal"})),
            (json!({"key": "GN-2476086"}), json!({"key": "GN-2476086"}), json!({"key": "GN-2476086"})),
            // Another spelling of the same, another place, no place of the gazetteer, none at all.
            (tinzawatene("Tin-Zaouaten"), tinzawatene("Tinzawatène"), tinzawatene("Tin-Zaouaten")),
            (
                json!({"name": "Kidal", "key": "GN-2476086", "lat": 19.9625, "lon": 2.8575, "precision": "village"}),
                tinzawatene("Tinzawatène"),
                json!({"name": "Kidal", "key": "GN-2455290", "lat": 18.44111, "lon": 1.40778, "precision": "village"}),
            ),
            (tinzawatene("Puits sec"), tinzawatene("Tinzawatène"), json!({"name": "Puits sec"})),
            (
                json!({"name": "Puits sec", "key": "GN-2476086", "lat": 19.5, "lon": 2.5}),
                json!({"name": "Tinzawatène", "key": "GN-2476086", "lat": 19.5, "lon": 2.5}),
                json!({"name": "Puits sec", "lat": 19.5, "lon": 2.5}),
            ),
            (
                json!({"key": "GN-2476086", "lat": 19.9625, "lon": 2.8575, "precision": "village"}),
                tinzawatene("Tinzawatène"),
                Value::Null,
            ),
            (Value::Null, tinzawatene("Tinzawatène"), Value::Null),
        ];
        for (typed, was, expected) in table {
            assert_eq!(placed(typed.clone(), &was, pack.places()), expected, "{typed} where {was} was read");
        }
    }
}
