//! From degrees to the paper and back.

use crate::pack::Bounds;

/// Width of every map, in pixels of its `viewBox`.
pub const WIDTH: u32 = 800;
/// Height of every map, in pixels of its `viewBox`.
pub const HEIGHT: u32 = 720;

/// Kept free on all four sides, so that no line is cut off at the edge.
const MARGIN: f64 = 4.0;

/// Equirectangular, with the cosine of the middle latitude: at the middle of the country a pixel is as far to the east
/// as to the north. Over the latitudes of one country no reader sees the rest of the distortion, and the inverse is
/// exact. The country is drawn as large as the paper allows, in its middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    west: f64,
    north: f64,
    left: f64,
    top: f64,
    per_lon: f64,
    per_lat: f64,
}

impl Projection {
    pub(super) fn of(bounds: Bounds) -> Self {
        let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
        let shrink = ((bounds.south + bounds.north) / 2.0).to_radians().cos();
        let (across, down) = ((bounds.east - bounds.west) * shrink, bounds.north - bounds.south);
        let per_lat = ((width - 2.0 * MARGIN) / across).min((height - 2.0 * MARGIN) / down);
        Projection {
            west: bounds.west,
            north: bounds.north,
            left: (width - across * per_lat) / 2.0,
            top: (height - down * per_lat) / 2.0,
            per_lon: per_lat * shrink,
            per_lat,
        }
    }

    /// Where a place stands, in pixels from the upper left.
    pub(super) fn project(&self, lat: f64, lon: f64) -> (f64, f64) {
        (self.left + (lon - self.west) * self.per_lon, self.top + (self.north - lat) * self.per_lat)
    }

    /// The latitude and longitude of a point.
    pub(super) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.north - (y - self.top) / self.per_lat, self.west + (x - self.left) / self.per_lon)
    }
}
