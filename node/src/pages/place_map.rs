//! Saying where something is by a click on the map, from within a form and back into it.
//!
//! ```text
//! form ─(pick)─▶ country ─(click, or a region's button)─▶ region ─(click)─▶ how exactly? ─▶ form, filled in
//! ```
//!
//! Each page is a form that holds all that was typed and is sent to the form's own address, so nothing is lost on the way,
//! whether the session ends or the power fails: it is kept as a draft at each step. A browser sends where an image was
//! clicked (HTML, "image button state") without any script.

mod show;

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use maud::Markup;
use serde::Deserialize;

use self::show::{Step, page};
use super::{
    Pages, Shared,
    drafts::Desk,
    edit::Sheet,
    error::PageError,
    form::{Given, rounded_degrees},
    map::{HEIGHT, Landmark, WIDTH},
    speech::Speech,
    visitor::Visitor,
};
use crate::pack::{Pack, Place, PlaceKind};

/// The address of the images.
pub(super) const IMAGE_PATH: &str = "/places/map.svg";

/// Inputs of these pages, which are none of the form's.
const OWN: [&str; 14] = [
    "pick", "picking", "zoomed", "region", "wide.x", "wide.y", "small.x", "small.y", "known", "take", "chosen",
    "at-lat", "at-lon", "back",
];

/// How many times smaller the image is that small screens show.
const SMALL: f64 = 2.5;

/// Known places that are offered for a click.
const OFFERED: usize = 3;
/// Kilometres beyond which a known place says nothing of a click.
const FAR: f64 = 30.0;

/// Whether a form was sent to choose a place, and not to be saved.
pub(super) fn is_asked(given: &Given) -> bool {
    ["pick", "picking"].into_iter().any(|name| given.names(name))
}

/// What a click means in a form that was sent for it: the next page on the way, or the form with the place in it.
///
/// # Errors
/// [`PageError::Form`] where the form has no such place.
pub(super) async fn answer(
    pages: &Pages,
    visitor: &Visitor,
    sheet: Sheet,
    given: Given,
) -> Result<Response, PageError> {
    let name = given.text("pick").or_else(|| given.text("picking")).unwrap_or_default().to_owned();
    if !sheet.places().contains(&name) {
        return Err(PageError::Form);
    }
    let step = step(pages, visitor.speech(pages), &given, &name);
    let mut typed = given.without(&OWN);
    if let Step::Back(Some(place)) = &step {
        place.fill(&name, &mut typed);
    }
    let form = sheet.form();
    let desk = Desk::failed(pages, visitor, &form, &typed).await?;
    let taken = matches!(step, Step::Back(Some(_)));
    Ok(match step {
        Step::Back(_) => sheet.resuming(typed)?.at(desk).with_place(taken).page(pages, visitor).into_response(),
        step => page(pages, visitor, &sheet, (&form, &name), &typed, &desk, &step).into_response(),
    })
}

/// A place as it goes into a form.
#[derive(Debug, Clone, PartialEq)]
struct Chosen {
    /// Key and name, where it is a known one; a name only takes an empty input's place.
    known: Option<(String, String)>,
    name: Option<String>,
    point: Option<(f64, f64)>,
    precision: &'static str,
}

impl Chosen {
    fn known(place: &Place) -> Self {
        Chosen {
            known: Some((place.key.clone(), place.name.clone())),
            name: None,
            point: Some((place.lat, place.lon)),
            precision: place.kind.precision(),
        }
    }

    /// A click, no more exactly than somebody says it is meant.
    fn clicked(choice: &str, (lat, lon): (f64, f64), region: Option<&str>) -> Option<Self> {
        let to = |digits: i32| {
            let unit = 10_f64.powi(digits);
            Some(((lat * unit).round() / unit, (lon * unit).round() / unit))
        };
        let (precision, point) = match choice {
            "exact" => ("exact", to(5)),
            "village" => ("village", to(3)),
            "commune" => ("commune", to(2)),
            "cercle" => ("cercle", to(1)),
            "region" => ("region", None),
            _ => return None,
        };
        let name = region.filter(|_| choice == "region").map(str::to_owned);
        Some(Chosen { known: None, name, point, precision })
    }

    fn fill(&self, name: &str, given: &mut Given) {
        let mut set = |part: &str, value: String| given.put(&format!("{name}/{part}"), value);
        let (lat, lon) = self.point.map(|(lat, lon)| (rounded_degrees(lat), rounded_degrees(lon))).unzip();
        set("lat", lat.unwrap_or_default());
        set("lon", lon.unwrap_or_default());
        set("precision", self.precision.to_owned());
        if let Some((key, called)) = &self.known {
            set("key", key.clone());
            set("name", called.clone());
        } else if let Some(called) = &self.name
            && given.text(&format!("{name}/name")).is_none_or(|typed| typed.trim().is_empty())
        {
            given.put(&format!("{name}/name"), called.clone());
        }
    }
}

/// A point that was clicked, and what is known around it.
struct Spot {
    point: (f64, f64),
    /// Key of the region.
    region: String,
    /// Known places, the nearest first, with the kilometres to them.
    near: Vec<(Place, f64)>,
}

/// Where somebody is on the way.
fn step(pages: &Pages, speech: Speech<'_>, given: &Given, name: &str) -> Step {
    let (base, pack) = (&pages.base_map, speech.pack);
    let drawn = |key: &str| base.regions().any(|(known, _)| known == key);
    if given.names("back") {
        return Step::Back(None);
    }
    if given.names("pick") {
        return Step::Country { outside: false };
    }
    if given.names("take") {
        let known = given.text("known").and_then(|key| pack.places().get(key));
        return Step::Back(known.map(Chosen::known));
    }
    let zoomed = given.text("zoomed").filter(|key| drawn(key));
    if let Some(choice) = given.text("chosen") {
        let number = |input: &str| given.text(input)?.parse::<f64>().ok();
        let point = number("at-lat").zip(number("at-lon"));
        let spot = point.and_then(|point| spot(pages, pack, point));
        let chosen = spot.and_then(|spot| match choice.strip_prefix("known:") {
            Some(key) => pack.places().get(key).map(Chosen::known),
            None => Chosen::clicked(choice, spot.point, Some(&speech.region(&spot.region))),
        });
        return chosen.map_or(Step::Country { outside: true }, |chosen| Step::Back(Some(chosen)));
    }
    if let Some(region) = given.text("region").filter(|key| drawn(key)) {
        return Step::Region { key: region.to_owned(), outside: false };
    }
    let point = click(given).map(|(x, y)| base.chosen(zoomed, x, y));
    match (point.and_then(|point| spot(pages, pack, point)), zoomed) {
        (Some(spot), Some(_)) => Step::Spot(spot),
        (Some(spot), None) => Step::Region { key: spot.region, outside: false },
        (None, Some(zoomed)) => Step::Region { key: zoomed.to_owned(), outside: true },
        (None, None) => Step::Country { outside: given.text("picking") == Some(name) },
    }
}

/// The pixel of the large image that was clicked; `None` where there is no such pixel.
fn click(given: &Given) -> Option<(f64, f64)> {
    let pixel = |image: &str, times: f64| {
        let number = |axis: &str| given.text(&format!("{image}.{axis}"))?.parse::<f64>().ok();
        Some((number("x")? * times, number("y")? * times))
    };
    let (x, y) = pixel("wide", 1.0).or_else(|| pixel("small", SMALL))?;
    let inside = (0.0..=f64::from(WIDTH)).contains(&x) && (0.0..=f64::from(HEIGHT)).contains(&y);
    // A key pressed on an image is no click, and sends its corner.
    (inside && (x, y) != (0.0, 0.0)).then_some((x, y))
}

fn spot(pages: &Pages, pack: &Pack, point: (f64, f64)) -> Option<Spot> {
    let region = pages.base_map.region_at(point.0, point.1)?.to_owned();
    let mut near: Vec<(Place, f64)> = pack
        .places()
        .as_slice()
        .iter()
        // The middle of a cercle is no place where anybody is.
        .filter(|place| place.kind != PlaceKind::Cercle)
        .map(|place| (place.clone(), kilometres(point, (place.lat, place.lon))))
        .filter(|(_, far)| *far <= FAR)
        .collect();
    near.sort_by(|a, b| a.1.total_cmp(&b.1));
    near.truncate(OFFERED);
    Some(Spot { point, region, near })
}

/// Kilometres between two points, on a sphere: half a per cent off at most.
fn kilometres(one: (f64, f64), other: (f64, f64)) -> f64 {
    const RADIUS: f64 = 6_371.0;
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let flat = one.0.to_radians().cos() * other.0.to_radians().cos();
    2.0 * RADIUS * (half(one.0 - other.0) + flat * half(one.1 - other.1)).sqrt().min(1.0).asin()
}

/// Which part of the map an image shows.
#[derive(Deserialize)]
pub(super) struct Asked {
    region: Option<String>,
}

/// The image that is clicked on.
pub(super) async fn image(State(pages): State<Shared>, _: Visitor, Query(asked): Query<Asked>) -> impl IntoResponse {
    let region = asked.region.as_deref();
    let landmarks = match region {
        Some(key) => landmarks(pages.app.pack(), key),
        None => Vec::new(),
    };
    let image: Markup = pages.base_map.chooser(region, &landmarks);
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, max-age=3600")], image.into_string())
}

/// The places of a region, the greater ones first.
fn landmarks(pack: &Pack, region: &str) -> Vec<Landmark> {
    let here = |place: &&Place| place.region == region && place.kind != PlaceKind::Cercle;
    let mut places: Vec<&Place> = pack.places().as_slice().iter().filter(here).collect();
    places.sort_by_key(|place| (place.kind, std::cmp::Reverse(place.population)));
    places.into_iter().map(|place| Landmark { lat: place.lat, lon: place.lon, name: place.name.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_earth() {
        let (bamako, kidal) = ((12.65, -8.0), (18.441, 1.408));
        assert!((kilometres(bamako, kidal) - 1_190.0).abs() < 20.0, "{}", kilometres(bamako, kidal));
        assert_eq!(kilometres(kidal, kidal), 0.0);
    }

    #[test]
    fn only_a_pixel_of_the_image_is_a_click() {
        let given = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Given::of_pairs(pairs.collect()).unwrap()
        };
        for (pairs, expected) in [
            (&[("wide.x", "10"), ("wide.y", "20")][..], Some((10.0, 20.0))),
            (&[("small.x", "10"), ("small.y", "20")], Some((25.0, 50.0))),
            (&[("wide.x", "800"), ("wide.y", "720")], Some((800.0, 720.0))),
            (&[("wide.x", "0"), ("wide.y", "0")], None),
            (&[("wide.x", "801"), ("wide.y", "20")], None),
            (&[("wide.x", "-1"), ("wide.y", "20")], None),
            (&[("wide.x", "NaN"), ("wide.y", "inf")], None),
            (&[("wide.x", "1e999"), ("wide.y", "1")], None),
            (&[("wide.x", "10")], None),
            (&[("wide.x", "x"), ("wide.y", "<script>")], None),
            (&[], None),
        ] {
            assert_eq!(click(&given(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_click_is_kept_no_more_exactly_than_it_is_meant() {
        let point = (18.441_237, 1.407_891);
        for (choice, expected) in [
            ("exact", Some((18.44124, 1.40789))),
            ("village", Some((18.441, 1.408))),
            ("commune", Some((18.44, 1.41))),
            ("cercle", Some((18.4, 1.4))),
            ("region", None),
        ] {
            let chosen = Chosen::clicked(choice, point, Some("Kidal")).unwrap();
            assert_eq!((chosen.point, chosen.precision), (expected, choice));
        }
        assert_eq!(Chosen::clicked("country", point, None), None);
    }
}
