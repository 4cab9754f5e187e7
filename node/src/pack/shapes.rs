//! The outlines of a pack as numbers: GeoJSON in, rings out.

use serde::{Deserialize, Deserializer, de};

/// Where one region lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The region's key.
    pub region: String,
    /// Closed lines of longitude and latitude (WGS84), in this order: the last position repeats the first. What lies
    /// inside an odd number of them belongs to the region, so a hole is a ring like any other.
    pub rings: Vec<Vec<(f64, f64)>>,
}

/// A GeoJSON feature collection whose features are regions (RFC 7946).
#[derive(Debug, Deserialize)]
pub(super) struct Shapes {
    pub(super) features: Vec<Shape>,
}

/// Nothing but what a map needs: a feature may have any other member besides.
#[derive(Deserialize)]
struct Feature {
    id: String,
    geometry: Geometry,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
}

/// Longitude, latitude, and perhaps a height.
type Position = Vec<f64>;

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Feature { id, geometry } = Feature::deserialize(deserializer)?;
        let rings = match geometry {
            Geometry::Polygon(rings) => rings,
            Geometry::MultiPolygon(polygons) => polygons.into_iter().flatten().collect(),
        };
        let pair = |position: Position| match position[..] {
            [lon, lat, ..] => Ok((lon, lat)),
            _ => Err(de::Error::custom(format!("a position of {id} lacks a number"))),
        };
        let rings = rings.into_iter().map(|ring| ring.into_iter().map(pair).collect());
        Ok(Shape { rings: rings.collect::<Result<_, _>>()?, region: id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(geometry: &str) -> Result<Shapes, serde_json::Error> {
        let feature = format!(r#"{{"type":"Feature","id":"A","properties":{{"x":1}},"geometry":{geometry}}}"#);
        serde_json::from_str(&format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#))
    }

    #[test]
    fn polygons_of_both_kinds_become_rings() {
        let ring = vec![(1.0, 2.0), (3.0, 4.0), (1.0, 5.0), (1.0, 2.0)];
        let text = "[[[1,2],[3,4,100],[1,5],[1,2]]]";
        for geometry in [
            format!(r#"{{"type":"Polygon","coordinates":{text}}}"#),
            format!(r#"{{"type":"MultiPolygon","coordinates":[{text}]}}"#),
        ] {
            let shapes = read(&geometry).expect("a collection").features;
            assert_eq!(shapes, [Shape { region: "A".to_owned(), rings: vec![ring.clone()] }]);
        }
    }

    #[test]
    fn what_is_no_area_is_refused() {
        for (geometry, problem) in [
            (r#"{"type":"Point","coordinates":[1,2]}"#, "unknown variant `Point`"),
            (r#"{"type":"Polygon","coordinates":[[[1,2],[3]]]}"#, "a position of A lacks a number"),
            ("null", "invalid type: null"),
        ] {
            let error = read(geometry).expect_err(geometry).to_string();
            assert!(error.contains(problem), "{geometry}: {error}");
        }
    }
}
