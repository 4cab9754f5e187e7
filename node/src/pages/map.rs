//! A map of the country as SVG: figures by region, points by shape, and a layer of events. Drawn on the server, so that
//! a page shows it without a script, paper shows it as the screen does, and a file of it needs nothing else.
//!
//! Knows the country pack and nothing of records: values come in plain, markup goes out.

mod chooser;
mod events;
mod file;
mod legend;
mod outline;
mod projection;
mod symbol;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::pack::{Bounds, Pack};
pub use chooser::Landmark;
use events::Spot;
use legend::{Entry, Steps};
use outline::{Middle, Outline};
use projection::Projection;
pub use projection::{HEIGHT, WIDTH};
pub use symbol::Symbol;

/// The rules for the classes of a map: they belong into the page's stylesheet. The markup has no styles of its own, which
/// a strict content security policy forbids.
pub const STYLESHEET: &str = include_str!("map/map.css");

/// Radius of the ring around a region that is too small for its figure, in pixels.
const RING: f64 = 9.0;

/// What a map shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map {
    /// What it is a map of.
    pub title: String,
    /// Stands under it: of which year the boundaries are, and how fresh the figures.
    pub caption: String,
    /// Figures by region. A region without one is drawn without a shade: nothing is known of it, which is not zero.
    pub regions: Vec<RegionFigure>,
    /// Marks at places.
    pub points: Vec<Point>,
    /// What the shapes of the points mean, in the order of the legend.
    pub symbols: Vec<(Symbol, String)>,
    /// The key of the region that is picked out.
    pub selected: Option<String>,
    /// Events of another source: latitude, longitude, how many.
    pub events: Vec<(f64, f64, u64)>,
    /// What the map itself has to say.
    pub words: Words,
}

/// The figure of one region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionFigure {
    /// The region's key, of any version of the gazetteer.
    pub key: String,
    /// Its name, as short as it may be.
    pub name: String,
    /// How many.
    pub figure: u64,
    /// Where a click on it leads, on this server.
    pub href: Option<String>,
    /// Name and figure in words, for the pointer and for readers by ear: "Gao : 3 conflits".
    pub label: String,
}

/// A mark at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Latitude (WGS84).
    pub lat: f64,
    /// Longitude (WGS84).
    pub lon: f64,
    /// Its shape, which says what it is.
    pub shape: Symbol,
    /// What stands there, for the pointer and for readers by ear.
    pub label: String,
    /// Where a click on it leads, on this server.
    pub href: Option<String>,
}

/// Words of the map itself, in the reader's language.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    /// Names the layer of events: "Événements (UCDP)".
    pub events: String,
    /// Heads the list of regions whose figure stands on the region they were cut out of.
    pub drawn_with: String,
    /// Heads the list of what has no place on the map.
    pub off_map: String,
}

/// The country on paper: what all its maps have in common. Made once from the pack.
#[derive(Debug, Clone)]
pub struct BaseMap {
    projection: Projection,
    bounds: Bounds,
    boundaries: Option<String>,
    areas: Vec<Area>,
    /// Which area shows a region of any version.
    shown_by: BTreeMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Area {
    key: String,
    name: String,
    path: String,
    outline: Outline,
    middle: Middle,
}

impl BaseMap {
    /// The map of a pack's country, in the newest boundaries that the pack has outlines of.
    pub fn of(pack: &Pack) -> Self {
        let projection = Projection::of(pack.bounds());
        let newest = pack.gazetteers().iter().rev();
        let drawn = newest.filter_map(|version| Some((version, pack.region_shapes(&version.key)?))).next();
        let mut base = BaseMap {
            projection,
            bounds: pack.bounds(),
            boundaries: drawn.map(|(version, _)| version.key.clone()),
            areas: Vec::new(),
            shown_by: BTreeMap::new(),
        };
        let Some((version, shapes)) = drawn else { return base };
        for shape in shapes {
            let outline = Outline::of(shape, &projection);
            let name = version.region(&shape.region).map_or(&shape.region, |region| &region.fr);
            base.areas.push(Area {
                key: shape.region.clone(),
                name: name.clone(),
                path: outline.path(),
                middle: outline.middle(),
                outline,
            });
        }
        for region in pack.gazetteers().iter().flat_map(|version| &version.regions) {
            let shown = pack.drawn_as(&region.key, &version.key).map(|shown| &shown.key);
            if let Some(at) = base.areas.iter().position(|area| Some(&area.key) == shown) {
                base.shown_by.insert(region.key.clone(), at);
            }
        }
        base
    }

    /// The version of the gazetteer whose boundaries are drawn, for the caption; `None` if the pack has no outlines.
    pub fn boundaries(&self) -> Option<&str> {
        self.boundaries.as_deref()
    }

    /// The latitude and longitude of a point of the map, in pixels from the upper left of [`WIDTH`] by [`HEIGHT`]. A
    /// browser that sends where an image was clicked counts in pixels of the screen: show the image in its own size.
    pub fn place_at(&self, x: f64, y: f64) -> (f64, f64) {
        self.projection.place(x, y)
    }

    /// The map for a page, with its legend and its notes. Ids begin with `prefix`, so that two maps can stand on one page.
    pub fn figure(&self, map: &Map, prefix: &str) -> Markup {
        let sheet = Sheet::of(self, map);
        // What is inside an image does not exist for readers by ear; with links inside, it is a group of links.
        let links = sheet.drawn.iter().any(|drawn| drawn.href.is_some()) || map.points.iter().any(|p| p.href.is_some());
        let (title, caption) = (format!("{prefix}-map-title"), format!("{prefix}-map-caption"));
        html! {
            figure.map {
                svg.map-drawing xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) }
                    role=(if links { "group" } else { "img" })
                    aria-labelledby=(title) aria-describedby=(caption) { (sheet.drawing(true)) }
                figcaption {
                    p.map-title id=(title) { bdi { (legible(&map.title)) } }
                    p.map-caption id=(caption) { bdi { (legible(&map.caption)) } }
                    (legend::list(&sheet.legend))
                    @for (heading, notes) in sheet.notes() {
                        p.map-remark { (heading) }
                        ul.map-notes { @for note in notes { li { (note.line()) } } }
                    }
                }
            }
        }
    }

    fn area_of(&self, region: &str) -> Option<&Area> {
        self.shown_by.get(region).map(|at| &self.areas[*at])
    }
}

/// A region as it is drawn: its own figure, and those of regions that were cut out of it.
struct Drawn<'a> {
    area: &'a Area,
    name: String,
    /// `None` where nothing is known.
    figure: Option<u64>,
    title: String,
    href: Option<&'a str>,
    selected: bool,
}

/// What a list under the map says of something that is not drawn by itself.
struct Note<'a> {
    text: String,
    href: Option<&'a str>,
    /// The region it is drawn with.
    with: Option<String>,
}

/// A map with everything in its place.
struct Sheet<'a> {
    map: &'a Map,
    base: &'a BaseMap,
    drawn: Vec<Drawn<'a>>,
    spots: Vec<Spot>,
    steps: Steps,
    legend: Vec<Entry>,
    drawn_with: Vec<Note<'a>>,
    off_map: Vec<Note<'a>>,
}

impl<'a> Sheet<'a> {
    fn of(base: &'a BaseMap, map: &'a Map) -> Self {
        let selected = map.selected.as_deref().and_then(|key| base.area_of(key));
        let drawn = |area: &'a Area| Drawn::of(area, base, map, selected.is_some_and(|s| s.key == area.key));
        let mut drawn: Vec<Drawn<'a>> = base.areas.iter().map(drawn).collect();
        // Later ones are drawn over earlier ones: the line around what is picked out stays whole.
        drawn.sort_by_key(|drawn| drawn.selected);
        let inside = |lat: f64, lon: f64| base.bounds.contains(lat, lon);
        let on_map = map.events.iter().filter(|event| inside(event.0, event.1));
        let spots = events::spots(on_map.map(|(lat, lon, count)| {
            let (x, y) = base.projection.project(*lat, *lon);
            (x, y, *count)
        }));
        let steps = Steps::up_to(drawn.iter().filter_map(|drawn| drawn.figure).max().unwrap_or(0));
        let used = map.symbols.iter().filter(|(symbol, _)| map.points.iter().any(|point| point.shape == *symbol));
        let symbols: Vec<_> = used.map(|(symbol, text)| (*symbol, legible(text))).collect();
        let most = spots.iter().map(|spot| spot.count).max();
        let drawn_with = map.regions.iter().filter_map(|region| {
            let area = base.area_of(&region.key).filter(|area| area.key != region.key)?;
            let with = drawn.iter().find(|drawn| drawn.area.key == area.key)?.name.clone();
            Some(Note { with: Some(with), ..Note::of_region(region) })
        });
        Sheet {
            legend: legend::entries(steps, &symbols, most.map(|most| (legible(&map.words.events), most))),
            drawn_with: drawn_with.collect(),
            off_map: Note::of_what_is_off(base, map),
            map,
            base,
            drawn,
            spots,
            steps,
        }
    }

    /// The lists under the map that have something in them, with their headings.
    fn notes(&self) -> impl Iterator<Item = (&str, &[Note<'a>])> {
        let words = &self.map.words;
        let lists = [(words.drawn_with.as_str(), &self.drawn_with[..]), (words.off_map.as_str(), &self.off_map[..])];
        lists.into_iter().filter(|(_, notes)| !notes.is_empty())
    }

    /// What stands inside the `<svg>`: regions below, then events, figures and points.
    fn drawing(&self, links: bool) -> Markup {
        let most = self.spots.iter().map(|spot| spot.count).max().unwrap_or(0);
        html! {
            @for drawn in &self.drawn { (drawn.region(self.steps, links)) }
            @if !self.spots.is_empty() {
                g.map-events role="img" aria-label=(legible(&self.map.words.events)) {
                    @for spot in &self.spots {
                        circle cx=(spot.x.round()) cy=(spot.y.round()) r=(events::radius(spot.count, most)) {}
                    }
                }
            }
            // The title of each region says the same in words.
            g.map-figures aria-hidden="true" { @for drawn in &self.drawn { (drawn.text()) } }
            (self.points(links))
        }
    }

    fn points(&self, links: bool) -> Markup {
        // Marks of one place would hide each other: the second and later ones go round it on a spiral.
        let mut before: BTreeMap<(i64, i64), u32> = BTreeMap::new();
        let inside = self.map.points.iter().filter(|point| self.base.bounds.contains(point.lat, point.lon));
        let placed = inside.map(|point| {
            let (x, y) = self.base.projection.project(point.lat, point.lon);
            let nth = before.entry((x.round() as i64, y.round() as i64)).or_default();
            let (way, angle) = (12.0 * f64::from(*nth).sqrt(), 2.4 * f64::from(*nth));
            *nth += 1;
            (point, point.shape.path(x + way * angle.cos(), y + way * angle.sin()))
        });
        html! {
            @for (point, path) in placed {
                (linked(point.href.as_deref().filter(|_| links), "map-point", false, html! {
                    title { (legible(&point.label)) }
                    path.map-symbol d=(path) {}
                }))
            }
        }
    }
}

impl<'a> Drawn<'a> {
    fn of(area: &'a Area, base: &'a BaseMap, map: &'a Map, selected: bool) -> Self {
        let here = |region: &&RegionFigure| base.area_of(&region.key).is_some_and(|shown| shown.key == area.key);
        let mut regions: Vec<&RegionFigure> = map.regions.iter().filter(here).collect();
        regions.sort_by_key(|region| region.key != area.key);
        let own = regions.first().filter(|region| region.key == area.key);
        let labels: Vec<String> = regions.iter().map(|region| legible(&region.label)).collect();
        let name = own.map_or_else(|| area.name.clone(), |own| legible(&own.name));
        let leading = own.or_else(|| regions.first().filter(|_| regions.len() == 1));
        Drawn {
            area,
            figure: regions.iter().map(|region| region.figure).reduce(u64::saturating_add),
            title: if labels.is_empty() { name.clone() } else { labels.join(" · ") },
            name,
            href: leading.and_then(|region| region.href.as_deref()),
            selected,
        }
    }

    fn region(&self, steps: Steps, links: bool) -> Markup {
        let shade = self.figure.map_or("map-blank", |figure| steps.class(figure));
        let class = format!("map-region {shade}{}", if self.selected { " map-selected" } else { "" });
        let Middle { x, y, .. } = self.area.middle;
        linked(
            self.href.filter(|_| links),
            &class,
            self.selected,
            html! {
                title { (self.title) }
                @if self.area.middle.is_tight() { circle.map-outline cx=(px(x)) cy=(px(y)) r=(RING) {} }
                path.map-outline d=(self.area.path) {}
            },
        )
    }

    /// Name and figure: inside the region, or beside the ring of one that is too small.
    fn text(&self) -> Markup {
        let Middle { x, y, .. } = self.area.middle;
        let tight = self.area.middle.is_tight();
        let x = px(if tight { x + RING + 4.0 } else { x });
        html! {
            g class=[tight.then_some("map-beside")] {
                @if let Some(figure) = self.figure { text.map-figure x=(x) y=(px(y + 7.0)) { (figure) } }
                text.map-name x=(x) y=(px(y + 23.0)) { (self.name) }
            }
        }
    }
}

impl<'a> Note<'a> {
    fn of_region(region: &'a RegionFigure) -> Self {
        let text = format!("{} ({})", legible(&region.name), region.figure);
        Note { text, href: region.href.as_deref(), with: None }
    }

    /// What was given but has no place on the map: nothing is lost without a word.
    fn of_what_is_off(base: &BaseMap, map: &'a Map) -> Vec<Self> {
        let outside = |lat: f64, lon: f64| !base.bounds.contains(lat, lon);
        let regions = map.regions.iter().filter(|region| base.area_of(&region.key).is_none()).map(Note::of_region);
        let points = map.points.iter().filter(|point| outside(point.lat, point.lon)).map(|point| Note {
            text: legible(&point.label),
            href: point.href.as_deref(),
            with: None,
        });
        let events = map.events.iter().filter(|event| outside(event.0, event.1)).map(|event| event.2);
        let events = events.reduce(u64::saturating_add).map(|count| Note {
            text: format!("{} ({count})", legible(&map.words.events)),
            href: None,
            with: None,
        });
        regions.chain(points).chain(events).collect()
    }

    fn line(&self) -> Markup {
        html! {
            @match self.href {
                Some(href) => { a href=(href) { bdi { (self.text) } } }
                None => { bdi { (self.text) } }
            }
            @if let Some(with) = &self.with { " → " bdi { (with) } }
        }
    }
}

/// A part of the drawing that leads somewhere, or else a group.
fn linked(href: Option<&str>, class: &str, current: bool, inside: Markup) -> Markup {
    html! {
        @match href {
            Some(href) => { a class=(class) href=(href) aria-current=[current.then_some("true")] { (inside) } }
            None => { g class=(class) { (inside) } }
        }
    }
}

/// Rounds to a tenth of a pixel, which is as fine as anybody sees.
fn px(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A text as it may stand in a drawing. Titles and text of SVG cannot fence off the marks that change the direction of
/// what follows, and a file of SVG is not well formed with control characters in it: both are left out.
fn legible(text: &str) -> String {
    let directs =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = text.chars().filter(|c| !directs(*c) && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    kept.map(|c| if c.is_control() { ' ' } else { c }).collect()
}
