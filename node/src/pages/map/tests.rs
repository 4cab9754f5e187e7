//! The map of Mali as it comes out.

use geo::{BoundingRect, Contains, LineString, Point as GeoPoint, Polygon};

use super::*;

fn base() -> (Pack, BaseMap) {
    let pack = Pack::embedded();
    let base = BaseMap::of(&pack);
    (pack, base)
}

fn words() -> Words {
    Words {
        events: "Événements (UCDP)".to_owned(),
        drawn_with: "Sans tracé propre, comptées avec la région d'origine".to_owned(),
        off_map: "Hors de la carte".to_owned(),
    }
}

/// Every region of a version, the first with 1, the next with 2 and so on.
fn map_of(pack: &Pack, version: &str) -> Map {
    let version = pack.gazetteers().iter().find(|known| known.key == version).expect("a version");
    let regions = (1..).zip(&version.regions).map(|(figure, region)| RegionFigure {
        key: region.key.clone(),
        name: region.fr.clone(),
        figure,
        href: Some(format!("/conflits?region={}", region.key)),
        label: format!("{} : {figure} conflits", region.fr),
    });
    Map {
        title: "Conflits par région".to_owned(),
        caption: "Limites de 2010".to_owned(),
        regions: regions.collect(),
        words: words(),
        ..Map::default()
    }
}

fn point(lat: f64, lon: f64, shape: Symbol) -> Point {
    Point { lat, lon, shape, label: format!("{shape:?}"), href: Some("/conflits/1".to_owned()) }
}

/// The real events of the pack.
fn events(pack: &Pack) -> Vec<(f64, f64, u64)> {
    let file = pack.events().expect("events");
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("a column");
    let (lat, lon) = (column("latitude"), column("longitude"));
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| (row[lat].parse().expect("a number"), row[lon].parse().expect("a number"), 1)).collect()
}

/// Everything that a map can show.
fn full(pack: &Pack) -> Map {
    let all = [Symbol::Circle, Symbol::Square, Symbol::Triangle, Symbol::Diamond, Symbol::Cross, Symbol::Star];
    Map {
        points: all.into_iter().zip(14..).map(|(shape, lat)| point(f64::from(lat), -4.0, shape)).collect(),
        symbols: all.map(|symbol| (symbol, format!("{symbol:?}"))).to_vec(),
        selected: Some("ML-7".to_owned()),
        events: events(pack),
        ..map_of(pack, "2023")
    }
}

fn polygon(rings: Vec<Vec<(f64, f64)>>) -> Polygon {
    let mut rings = rings.into_iter().map(LineString::from);
    Polygon::new(rings.next().expect("a ring"), rings.collect())
}

/// The regions of a drawing, read back from its paths.
fn drawn_polygons(svg: &str) -> Vec<Polygon> {
    let paths =
        svg.split("<path class=\"map-outline\" d=\"").skip(1).map(|rest| &rest[..rest.find('"').expect("an end")]);
    paths.map(|path| polygon(path.split('M').skip(1).map(ring).collect())).collect()
}

fn ring(path: &str) -> Vec<(f64, f64)> {
    let mut numbers: Vec<String> = Vec::new();
    for c in path.chars() {
        match (c, numbers.last_mut()) {
            (' ' | 'l' | 'z' | '-', _) | (_, None) => {
                numbers.push(if c == '-' || c.is_ascii_digit() || c == '.' { c.to_string() } else { String::new() });
            }
            (c, Some(number)) => number.push(c),
        }
    }
    let numbers: Vec<f64> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let steps = numbers.chunks_exact(2).scan((0.0, 0.0), |at, step| {
        *at = (at.0 + step[0], at.1 + step[1]);
        Some(*at)
    });
    steps.collect()
}

/// The text of every element with a class, in their order.
fn texts(svg: &str, class: &str) -> Vec<String> {
    let opening = format!("class=\"{class}\"");
    let inside = svg.split(&opening).skip(1).map(|rest| {
        let text = &rest[rest.find('>').expect("an end") + 1..];
        text[..text.find('<').expect("a closing")].to_owned()
    });
    inside.collect()
}

#[test]
fn every_region_of_2010_has_a_path_a_link_and_its_figure() {
    let (pack, base) = base();
    let html = base.figure(&map_of(&pack, "2010"), "a").into_string();
    assert_eq!(base.boundaries(), Some("2010"));
    assert_eq!(drawn_polygons(&html).len(), 9);
    for region in &pack.gazetteers()[0].regions {
        assert!(html.contains(&format!("href=\"/conflits?region={}\"", region.key)), "{}", region.key);
        assert!(html.contains(&format!("<title>{} : ", region.fr)), "{}", region.fr);
    }
    assert_eq!(texts(&html, "map-figure"), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert!(!html.contains("map-notes"), "nothing is left over");
}

#[test]
fn chief_towns_and_figures_lie_inside_their_region() {
    let (pack, base) = base();
    let shapes = pack.region_shapes("2010").expect("outlines");
    let svg = base.figure(&map_of(&pack, "2010"), "a").into_string();
    for ((shape, area), drawn) in shapes.iter().zip(&base.areas).zip(drawn_polygons(&svg)) {
        let region = pack.region(&shape.region).expect("a region");
        let truth = polygon(shape.rings.clone());
        let (x, y) = base.projection.project(region.lat, region.lon);
        assert!(truth.contains(&GeoPoint::new(region.lon, region.lat)), "{}", region.capital);
        assert!(drawn.contains(&GeoPoint::new(x, y)), "{} as drawn", region.capital);
        assert!(drawn.contains(&GeoPoint::new(area.middle.x, area.middle.y)), "the figure of {}", region.fr);
        let (lat, lon) = base.place_at(area.middle.x, area.middle.y);
        assert!(truth.contains(&GeoPoint::new(lon, lat)), "the figure of {} in degrees", region.fr);
        assert_eq!(area.middle.is_tight(), region.key == "ML-BKO", "{}", region.fr);
        let paper = drawn.bounding_rect().expect("a box");
        assert!(paper.min().x >= 0.0 && paper.min().y >= 0.0, "{}", region.fr);
        assert!(paper.max().x <= f64::from(WIDTH) && paper.max().y <= f64::from(HEIGHT), "{}", region.fr);
    }
}

#[test]
fn no_gap_opens_between_neighbours() {
    let (pack, base) = base();
    let drawn = drawn_polygons(&base.figure(&map_of(&pack, "2010"), "a").into_string());
    let mut uses: BTreeMap<[u64; 4], usize> = BTreeMap::new();
    for ring in pack.region_shapes("2010").expect("outlines").iter().flat_map(|shape| &shape.rings) {
        for pair in ring.windows(2) {
            let [a, b] = if pair[0] < pair[1] { [pair[0], pair[1]] } else { [pair[1], pair[0]] };
            *uses.entry([a.0, a.1, b.0, b.1].map(f64::to_bits)).or_default() += 1;
        }
    }
    let shared: Vec<[f64; 4]> =
        uses.iter().filter(|used| *used.1 == 2).map(|used| used.0.map(f64::from_bits)).collect();
    assert_eq!(shared.len(), 500);
    // Where a border between regions ends at the country's own, a point beside it may lie abroad.
    let ends = |edge: [f64; 4]| [(edge[0], edge[1]), (edge[2], edge[3])];
    let abroad: Vec<(f64, f64)> =
        uses.iter().filter(|used| *used.1 == 1).flat_map(|used| ends(used.0.map(f64::from_bits))).collect();
    let inner: Vec<_> = shared.into_iter().filter(|edge| !ends(*edge).iter().any(|end| abroad.contains(end))).collect();
    assert!(inner.len() > 480, "{} borders", inner.len());
    for [lon, lat, other_lon, other_lat] in inner {
        let (x, y) = base.projection.project((lat + other_lat) / 2.0, (lon + other_lon) / 2.0);
        // Closely around a border between two regions, every point lies in exactly one of them.
        for (right, down) in [(0.03, 0.05), (-0.03, 0.07), (0.05, -0.03), (-0.07, -0.05)] {
            let point = GeoPoint::new(x + right, y + down);
            let holding = drawn.iter().filter(|region| region.contains(&point)).count();
            assert_eq!(holding, 1, "at {point:?}, near {lat}, {lon}");
        }
    }
}

#[test]
fn regions_without_an_outline_count_with_the_one_they_were_cut_out_of() {
    let (pack, base) = base();
    let map = map_of(&pack, "2023");
    let html = base.figure(&map, "a").into_string();
    let given: u64 = map.regions.iter().map(|region| region.figure).sum();
    let drawn: u64 = texts(&html, "map-figure").iter().map(|figure| figure.parse::<u64>().expect("a number")).sum();
    assert_eq!(drawn, given);
    // Gao is 7th, Ménaka 9th.
    assert!(html.contains("<title>Gao : 7 conflits · Ménaka : 9 conflits</title>"));
    assert!(html.contains("<a href=\"/conflits?region=ML-9\"><bdi>Ménaka (9)</bdi></a> → <bdi>Gao</bdi>"));
    assert_eq!(html.matches(" → ").count(), 11);
}

#[test]
fn what_has_no_place_on_the_map_is_listed_under_it() {
    let (pack, base) = base();
    let mut map = map_of(&pack, "2010");
    map.regions[0].key = "ML-99".to_owned();
    map.points.push(point(48.85, 2.35, Symbol::Star));
    map.events = vec![(0.0, 0.0, 4), (14.0, -4.0, 5)];
    let html = base.figure(&map, "a").into_string();
    for listed in ["Kayes (1)", "Star", "Événements (UCDP) (4)"] {
        assert!(html.contains(&format!("<bdi>{listed}</bdi>")), "{listed}");
    }
    // The region of which nothing is known has its name, no figure and no shade.
    assert_eq!((html.matches("map-blank").count(), texts(&html, "map-figure").len()), (1, 8));
    assert_eq!(html.matches("class=\"map-point\"").count(), 0);
}

#[test]
fn a_click_is_turned_back_into_the_place() {
    let (pack, base) = base();
    for place in pack.places().as_slice() {
        let (x, y) = base.projection.project(place.lat, place.lon);
        let (lat, lon) = base.place_at(x, y);
        assert!((lat - place.lat).abs() < 1e-9 && (lon - place.lon).abs() < 1e-9, "{}", place.name);
        // A click hits a whole pixel: some two kilometres.
        let (lat, lon) = base.place_at(x.round(), y.round());
        assert!((lat - place.lat).abs() < 0.02 && (lon - place.lon).abs() < 0.02, "{}", place.name);
    }
}

#[test]
fn the_fullest_map_stays_small_and_without_styles_or_scripts() {
    let (pack, base) = base();
    let html = base.figure(&full(&pack), "a").into_string();
    let svg = &html[..html.find("<figcaption>").expect("a caption")];
    assert!(svg.len() < 40_000, "{} bytes", svg.len());
    for forbidden in ["style=", "<style", "<script", "javascript:", "onclick"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(html.matches("map-selected").count(), 1);
    assert_eq!(html.matches("aria-current=\"true\"").count(), 1);
    // The only ids are those that begin with the prefix.
    assert_eq!(html.matches(" id=\"").count(), html.matches(" id=\"a-map-").count());
    for used in ["a-map-title", "a-map-caption"] {
        assert!(html.contains(&format!(" id=\"{used}\"")) && html.contains(&format!("=\"{used}\"")), "{used}");
    }
}

#[test]
fn every_class_has_a_rule_and_shades_get_darker() {
    let (pack, base) = base();
    let markup = base.figure(&full(&pack), "a").into_string() + &base.file(&full(&pack)).into_string();
    for class in markup.split("class=\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap_or("").split(' ')) {
        let plain = ["map-region", "map-point", "map-sample"].contains(&class);
        let rule = || STYLESHEET.split(|c: char| !(c == '.' || c == '-' || c.is_alphanumeric()));
        assert!(plain || rule().any(|word| word.strip_prefix('.') == Some(class)), "{class}");
    }
    let light = |step: &str| {
        let colour = STYLESHEET.split(&format!(".{step} .map-outline {{ fill: #")).nth(1).expect("a rule");
        let full: String = colour.chars().take_while(|c| c.is_ascii_hexdigit()).collect();
        let full = if full.len() == 3 { full.chars().flat_map(|c| [c, c]).collect() } else { full };
        let part = |at: usize| f64::from(u8::from_str_radix(&full[at..at + 2], 16).expect("a colour"));
        0.299 * part(0) + 0.587 * part(2) + 0.114 * part(4)
    };
    let grey = ["map-step-0", "map-step-1", "map-step-2", "map-step-3", "map-step-4"].map(light);
    assert!(grey.windows(2).all(|pair| pair[0] - pair[1] > 20.0) && grey[4] > 110.0, "{grey:?}");
}

#[test]
fn hostile_labels_stay_text() {
    let (pack, base) = base();
    let hostile = "</title><script>alert(1)</script>\" onclick=\"x\u{202e}\u{2066}\u{7}é";
    let mut map = full(&pack);
    map.regions.iter_mut().for_each(|region| {
        region.name = hostile.to_owned();
        region.label = hostile.to_owned();
        region.href = Some(format!("/x?{hostile}"));
    });
    map.points.iter_mut().for_each(|point| point.label = hostile.to_owned());
    map.symbols.iter_mut().for_each(|symbol| symbol.1 = hostile.to_owned());
    map.title = hostile.to_owned();
    map.caption = hostile.to_owned();
    map.words.events = hostile.to_owned();
    for markup in [base.figure(&map, "a").into_string(), base.file(&map).into_string()] {
        assert!(!markup.contains("<script") && !markup.contains("\" onclick"));
        assert!(markup.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&quot;x é"));
        // Links are not shown, so they are kept as they came.
        let shown = markup.replace("&quot;x\u{202e}\u{2066}\u{7}é\"", "");
        assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{7}']));
    }
}

#[test]
fn a_map_with_links_is_a_group_and_one_without_is_an_image() {
    let (pack, base) = base();
    let mut map = map_of(&pack, "2010");
    assert!(base.figure(&map, "a").into_string().contains("role=\"group\" aria-labelledby=\"a-map-title\""));
    map.regions.iter_mut().for_each(|region| region.href = None);
    let html = base.figure(&map, "a").into_string();
    assert!(html.contains("role=\"img\" aria-labelledby=\"a-map-title\"") && !html.contains("<a "));
}

#[test]
fn marks_of_one_place_do_not_hide_each_other() {
    let (pack, base) = base();
    let mut map = map_of(&pack, "2010");
    map.points = vec![point(19.952, 2.967, Symbol::Circle); 3];
    let html = base.figure(&map, "a").into_string();
    let mut paths: Vec<&str> = html.split("<path class=\"map-symbol\" d=\"").skip(1).collect();
    assert_eq!(paths.len(), 3);
    paths.iter_mut().for_each(|path| *path = path.split('m').next().expect("a start"));
    paths.dedup();
    assert_eq!(paths.len(), 3, "{paths:?}");
}

#[test]
fn a_file_stands_by_itself() {
    let (pack, base) = base();
    let file = base.file(&full(&pack)).into_string();
    assert!(file.starts_with("<svg ") && file.contains("xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(!file.contains("href=") && !file.contains("style="));
    for text in ["Conflits par région</text>", "Limites de 2010</text>", "Diamond</text>", "Ménaka (9) → Gao · "] {
        assert!(file.contains(&format!(">{text}")), "{text}");
    }
    // Nothing lies below the lower edge.
    let number = |text: &str| text.split('"').next().and_then(|number| number.parse::<u32>().ok());
    let height = file.split(" height=\"").nth(1).and_then(number).expect("a height");
    let lowest = file.split(" y=\"").skip(1).filter_map(number).max().expect("lines");
    assert!(lowest > HEIGHT && lowest < height, "{lowest} of {height}");
}
