//! The map of conflicts: one figure for each region, points only where the place is well known, and a list of what no one
//! region stands for.

use axum::extract::State;
use maud::{Markup, html};

use super::{
    Shared,
    error::PageError,
    fresh::Situation,
    layout,
    map::{BaseMap, Map, Point, RegionFigure, Symbol, Words},
    record::address,
    speech::Speech,
    visitor::Visitor,
};
use crate::views::{ConflictPlaces, Picture, PlacedConflict, UNSTATED};

/// The shape of each phase. There are fewer shapes that can be told apart than phases, so near ones share one; what the
/// point says of itself names the phase.
const SHAPES: [(Symbol, &[&str]); 6] = [
    (Symbol::Star, &["violent"]),
    (Symbol::Triangle, &["relapsed"]),
    (Symbol::Square, &["open"]),
    (Symbol::Diamond, &["de-escalating", "truce"]),
    (Symbol::Cross, &["settled"]),
    (Symbol::Circle, &["latent", "unknown", UNSTATED]),
];

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    let (picture, places) = pages.read(|views| Ok((views.picture()?, views.conflict_places()?))).await?;
    let situation = Situation::now(&pages, picture.complete).await?;
    let speech = visitor.speech(&pages);
    let title = speech.say("conflict-map");
    let body = html! {
        p.crumbs { a href="/conflicts" { (speech.say("kind-conflict.plural")) } }
        h1 { (title) }
        p { (situation.line(speech)) }
        (situation.warning(speech))
        (figure(speech, &pages.base_map, &picture, &places, &situation, "conflicts"))
        (beside(speech, &places))
        p { a href="/national#conflicts" { (speech.say("nav-national")) } }
    };
    Ok(layout::page(speech, Some(&visitor), "/conflicts", &title, &body))
}

/// The map itself. `prefix`: what its ids begin with.
pub(super) fn figure(
    speech: Speech<'_>,
    base: &BaseMap,
    picture: &Picture,
    places: &ConflictPlaces,
    situation: &Situation,
    prefix: &str,
) -> Markup {
    let year = base.boundaries().unwrap_or_default();
    let mut caption = speech.say_of("boundaries-of", &[("year", year)]);
    if situation.at_least() {
        caption = format!("{caption}. {}", speech.say("at-least-why"));
    }
    let map = Map {
        title: speech.say("conflicts-by-region"),
        caption,
        regions: regions(speech, base, picture, situation.at_least()),
        points: places.conflicts.iter().filter_map(|placed| point(speech, placed)).collect(),
        symbols: SHAPES.map(|(symbol, phases)| (symbol, meaning(speech, phases))).to_vec(),
        selected: None,
        events: places.events.clone(),
        words: Words {
            events: speech.say("map-events"),
            drawn_with: speech.say("map-drawn-with"),
            off_map: speech.say("map-off"),
        },
    };
    html! { @if base.boundaries().is_some() { (base.figure(&map, prefix)) } }
}

/// The figure of every region that is drawn, and of those that records name besides. Where something may be missing, no
/// region says "none": nothing is known of it.
fn regions(speech: Speech<'_>, base: &BaseMap, picture: &Picture, at_least: bool) -> Vec<RegionFigure> {
    let drawn = speech.pack.gazetteers().iter().find(|version| Some(version.key.as_str()) == base.boundaries());
    let mut keys: Vec<&str> = drawn.into_iter().flat_map(|version| &version.regions).map(|r| r.key.as_str()).collect();
    for key in picture.conflicts.iter().filter_map(|cell| cell.region.as_deref()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let figure = |key: &str| {
        let here = picture.conflicts.iter().filter(|cell| cell.region.as_deref() == Some(key));
        let figure = here.map(|cell| cell.count).sum();
        let count = speech.count("conflicts-counted", figure);
        let name = short_name(speech, key);
        (figure > 0 || !at_least).then(|| RegionFigure {
            key: key.to_owned(),
            label: speech.say_of("region-figure", &[("region", &name), ("count", &count)]),
            name,
            figure,
            href: Some(address_of(Some(key), None)),
        })
    };
    keys.into_iter().filter_map(figure).collect()
}

/// A district goes by the name of its town.
fn short_name(speech: Speech<'_>, key: &str) -> String {
    match speech.pack.region(key) {
        Some(region) if region.kind == "district" => region.capital.clone(),
        _ => speech.region(key),
    }
}

/// The list of exactly the conflicts that a figure counts: of a region, [`NATIONAL`](crate::views::NATIONAL) where they
/// concern none, and of a phase.
pub(super) fn address_of(region: Option<&str>, phase: Option<&str>) -> String {
    let given = [("region", region), ("status", phase)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
    format!("/conflicts?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish())
}

/// A phase in words; one that nobody has stated says so.
pub(super) fn phase_name(speech: Speech<'_>, phase: Option<&str>) -> String {
    match phase {
        None | Some(UNSTATED) => speech.say("unstated"),
        Some(phase) => speech.choice(&["conflict", "phase", "is"], phase),
    }
}

fn meaning(speech: Speech<'_>, phases: &[&str]) -> String {
    phases.iter().map(|phase| phase_name(speech, Some(phase))).collect::<Vec<_>>().join(", ")
}

fn point(speech: Speech<'_>, placed: &PlacedConflict) -> Option<Point> {
    let (lat, lon) = placed.point()?;
    let phase = placed.record.status.as_deref();
    let shape = SHAPES.iter().find(|(_, phases)| phases.contains(&phase.unwrap_or(UNSTATED)));
    let phase = phase_name(speech, phase);
    let place = place_name(speech, placed);
    let title = if placed.record.title.is_empty() { speech.say("untitled") } else { placed.record.title.clone() };
    let parts: Vec<&str> = [title.as_str(), &place, &phase].into_iter().filter(|part| !part.is_empty()).collect();
    Some(Point {
        lat,
        lon,
        // A phase that only a newer version knows has the shape of one that is not established.
        shape: shape.map_or(Symbol::Circle, |(symbol, _)| *symbol),
        label: parts.join(" · "),
        href: Some(address(placed.record.kind, placed.record.id)),
    })
}

fn place_name(speech: Speech<'_>, placed: &PlacedConflict) -> String {
    let Some(place) = &placed.place else { return String::new() };
    let of_gazetteer = || speech.pack.places().get(&place.key.as_ref()?.0).map(|place| place.name.clone());
    place.name.as_ref().map(|name| name.0.clone()).or_else(of_gazetteer).unwrap_or_default()
}

/// The conflicts that no one region stands for, and that a point would only misplace.
fn beside(speech: Speech<'_>, places: &ConflictPlaces) -> Markup {
    let wide = || places.conflicts.iter().filter(|placed| placed.is_wide());
    let (none, several): (Vec<_>, Vec<_>) = wide().partition(|placed| placed.record.regions.is_empty());
    html! {
        @if wide().next().is_some() {
            section.beside {
                h2 { (speech.say("beside-map")) }
                @for (id, placed) in [("beside-country", none), ("beside-several", several)] {
                    @if !placed.is_empty() {
                        h3 { (speech.say(id)) }
                        ul { @for placed in placed { (line(speech, placed)) } }
                    }
                }
            }
        }
    }
}

fn line(speech: Speech<'_>, placed: &PlacedConflict) -> Markup {
    let record = &placed.record;
    let place = place_name(speech, placed);
    html! {
        li {
            a href=(address(record.kind, record.id)) {
                @if record.title.is_empty() { (speech.say("untitled")) } @else { (record.title) }
            }
            " – " (phase_name(speech, record.status.as_deref()))
            span.aside {
                @if !record.regions.is_empty() { " · " (speech.regions(record.regions.iter().map(String::as_str))) }
                @if !place.is_empty() { " · " (place) }
            }
        }
    }
}
