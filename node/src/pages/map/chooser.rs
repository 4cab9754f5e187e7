//! The map as an image on which somebody clicks where something is: the whole country, or one region enlarged. It has
//! shapes and attributes only, no styles and no links, since it is shown inside a form.

use maud::{Markup, html};

use super::{Area, BaseMap, HEIGHT, WIDTH, legible, px};

/// A region is shown at most so many times larger than on the map of the country: enough for the capital's district.
const MOST: f64 = 24.0;
/// Part of the image that stays free around a region.
const AIR: f64 = 0.06;
/// Pixels of a letter's width, for telling whether two names would lie over each other.
const LETTER: f64 = 7.5;
/// Pixels that a region must be wide for its name to stand on it.
const SPOT: f64 = 24.0;
/// Pixels from one line of text to the next.
const LINE: f64 = 16.0;

/// A place that is drawn for orientation.
#[derive(Debug, Clone, PartialEq)]
pub struct Landmark {
    /// Latitude (WGS84).
    pub lat: f64,
    /// Longitude (WGS84).
    pub lon: f64,
    /// Its name. Earlier ones are written where there is no room for all.
    pub name: String,
}

/// Which part of the map an image shows.
#[derive(Debug, Clone, Copy)]
struct View {
    left: f64,
    top: f64,
    /// Pixels of the image for one of the map.
    scale: f64,
}

impl BaseMap {
    /// The key of the region that is drawn at a point; `None` outside of the country.
    pub fn region_at(&self, lat: f64, lon: f64) -> Option<&str> {
        let (x, y) = self.projection.project(lat, lon);
        self.areas.iter().find(|area| area.outline.holds(x, y)).map(|area| area.key.as_str())
    }

    /// The keys and names of the regions as they are drawn.
    pub fn regions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.areas.iter().map(|area| (area.key.as_str(), area.name.as_str()))
    }

    /// Latitude and longitude of a pixel of [`Self::chooser`], from the upper left of [`WIDTH`] by [`HEIGHT`].
    pub fn chosen(&self, region: Option<&str>, x: f64, y: f64) -> (f64, f64) {
        let View { left, top, scale } = self.view(region);
        self.place_at(left + x / scale, top + y / scale)
    }

    /// The image, of one region if that is drawn. Which is larger than [`WIDTH`] by [`HEIGHT`] on no side.
    pub fn chooser(&self, region: Option<&str>, landmarks: &[Landmark]) -> Markup {
        let view = self.view(region);
        let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
        let at = |x: f64, y: f64| ((x - view.left) * view.scale, (y - view.top) * view.scale);
        let turned = format!("scale({}) translate({} {})", px3(view.scale), px3(-view.left), px3(-view.top));
        html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
                rect width=(WIDTH) height=(HEIGHT) fill="#e8e8e8" {}
                g transform=(turned) stroke="#333" stroke-linejoin="round" fill-rule="evenodd" {
                    @for area in &self.areas {
                        @let picked = region.is_none_or(|key| key == area.key);
                        path d=(area.path) fill=(if picked { "#fff" } else { "#f3f3f3" }) stroke-width=(px3(1.2 / view.scale)) {}
                    }
                }
                g font-family="system-ui, 'DejaVu Sans', Arial, sans-serif" font-size="14" fill="#111" {
                    @if region.is_none() {
                        @for area in &self.areas {
                            @let (x, y) = at(area.middle.x, area.middle.y);
                            @if is_spot(area) { text x=(px(x + 8.0)) y=(px(y + 5.0)) { (legible(&area.name)) } }
                            @else { text x=(px(x)) y=(px(y + 5.0)) text-anchor="middle" { (legible(&area.name)) } }
                        }
                    }
                    @let spots = landmarks.iter().map(|landmark| (self.projection.project(landmark.lat, landmark.lon), landmark));
                    @let spots = spots.map(|((x, y), landmark)| (at(x, y), landmark));
                    @let inside: Vec<_> = spots.filter(|((x, y), _)| (0.0..width).contains(x) && (0.0..height).contains(y)).collect();
                    @for ((x, y), _) in &inside { circle cx=(px(*x)) cy=(px(*y)) r="3" fill="#14508c" {} }
                    @for (x, y, name) in written(&inside) { text x=(px(x)) y=(px(y)) { (legible(name)) } }
                }
            }
        }
    }

    fn view(&self, region: Option<&str>) -> View {
        let area = region.and_then(|key| self.areas.iter().find(|area| area.key == key));
        area.and_then(View::of).unwrap_or(View { left: 0.0, top: 0.0, scale: 1.0 })
    }
}

impl View {
    /// The part of the map that holds a region, with some air around.
    fn of(area: &Area) -> Option<View> {
        let ((left, top), (right, bottom)) = area.outline.corners()?;
        let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
        let across = width * (1.0 - 2.0 * AIR) / (right - left).max(1.0);
        let scale = across.min(height * (1.0 - 2.0 * AIR) / (bottom - top).max(1.0)).min(MOST);
        let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        Some(View { left: middle.0 - width / scale / 2.0, top: middle.1 - height / scale / 2.0, scale })
    }
}

/// Whether a region is hardly more than a spot on the map of the country: its name stands beside it, so that it can be
/// seen.
fn is_spot(area: &Area) -> bool {
    area.outline.corners().is_some_and(|((left, _), (right, _))| right - left < SPOT)
}

/// Names beside their spots, as far as none lies over another or over the edge.
fn written<'l>(spots: &[((f64, f64), &'l Landmark)]) -> Vec<(f64, f64, &'l str)> {
    let mut written: Vec<(f64, f64, &str)> = Vec::new();
    let width = |name: &str| name.chars().count() as f64 * LETTER;
    for ((x, y), landmark) in spots {
        let (x, y, name) = (x + 6.0, y + 5.0, landmark.name.as_str());
        let apart = |(ox, oy, other): &(f64, f64, &str)| {
            (oy - y).abs() > LINE || ox + width(other) < x || x + width(name) < *ox
        };
        if x + width(name) < f64::from(WIDTH) && written.iter().all(apart) {
            written.push((x, y, name));
        }
    }
    written
}

/// Three decimals: what is enlarged many times must not jump.
fn px3(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::Pack;

    /// Where a place stands on the image.
    fn pixel(base: &BaseMap, region: Option<&str>, lat: f64, lon: f64) -> (f64, f64) {
        let view = base.view(region);
        let (x, y) = base.projection.project(lat, lon);
        ((x - view.left) * view.scale, (y - view.top) * view.scale)
    }

    #[test]
    fn a_click_on_a_town_finds_its_region_and_itself() {
        let pack = Pack::embedded();
        let base = BaseMap::of(&pack);
        for place in pack.places().as_slice().iter().filter(|place| place.population.is_some_and(|p| p > 30_000)) {
            let (x, y) = pixel(&base, None, place.lat, place.lon);
            let (lat, lon) = base.chosen(None, x.round(), y.round());
            assert!((lat - place.lat).abs() < 0.05 && (lon - place.lon).abs() < 0.05, "{}: {lat} {lon}", place.name);
            let (x, y) = pixel(&base, Some(&place.region), place.lat, place.lon);
            assert!((0.0..800.0).contains(&x) && (0.0..720.0).contains(&y), "{}: {x} {y}", place.name);
            let (lat, lon) = base.chosen(Some(&place.region), x.round(), y.round());
            assert!((lat - place.lat).abs() < 0.02 && (lon - place.lon).abs() < 0.02, "{}: {lat} {lon}", place.name);
        }
        for (name, region) in [("Kidal", "ML-8"), ("Gao", "ML-7"), ("Tombouctou", "ML-6"), ("Kayes", "ML-1")] {
            let place = pack.places().named(name).unwrap();
            assert_eq!(base.region_at(place.lat, place.lon), Some(region), "{name}");
        }
        for (lat, lon) in [(0.0, 0.0), (36.75, 3.06), (14.7, -17.4), (f64::NAN, 0.0), (1e300, -1e300)] {
            assert_eq!(base.region_at(lat, lon), None, "{lat} {lon}");
        }
    }

    #[test]
    fn the_image_brings_nothing_that_a_page_forbids() {
        let base = BaseMap::of(&Pack::embedded());
        let landmark = |lat: f64, name: &str| Landmark { lat, lon: 1.4, name: name.into() };
        let landmarks = [landmark(18.44, "Kidal & <b>"), landmark(18.44, "Kidal-bis"), landmark(60.0, "Ailleurs")];
        let image = base.chooser(Some("ML-8"), &landmarks).into_string();
        assert!(image.contains("Kidal &amp; &lt;b&gt;") && !image.contains("Kidal-bis") && !image.contains("Ailleurs"));
        assert_eq!(image.matches("<circle").count(), 2);
        for forbidden in ["<style", "style=", "<script", "<a ", "href"] {
            assert!(!image.contains(forbidden), "{forbidden}");
        }
        // What is no region is the country.
        assert!(base.chooser(Some("nowhere"), &[]).into_string().contains("scale(1)"));
        let country = base.chooser(None, &[]).into_string();
        assert!(country.contains("text-anchor=\"middle\">Tombouctou"));
        let beside = country.split("District de Bamako").next().and_then(|before| before.rsplit("<text").next());
        assert!(beside.is_some_and(|attributes| !attributes.contains("middle")), "a name would lie over its region");
    }
}
