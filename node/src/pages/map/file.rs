//! A map as a file of its own: for an export, and as an image inside a form.

use maud::{Markup, PreEscaped, html};

use super::{BaseMap, HEIGHT, Map, STYLESHEET, Sheet, WIDTH, legible};

/// Characters that fit beside each other under the map. SVG does not break lines by itself.
const LINE: usize = 90;
/// Pixels from one line under the map to the next.
const LINE_HEIGHT: u32 = 24;
/// Pixels from one row of the legend to the next: the greatest circle fits in.
const ROW_HEIGHT: u32 = 36;
/// Samples in a row of the legend.
const COLUMNS: u32 = 2;
/// Pixels from the left edge to the text.
const INDENT: u32 = 20;

impl BaseMap {
    /// The map as a whole SVG file. Title, caption, legend and notes stand below the map, which therefore keeps its
    /// place: [`BaseMap::place_at`] holds for it, too. It has no links, because it may be opened anywhere, and brings its
    /// own stylesheet, because an image cannot load one.
    pub fn file(&self, map: &Map) -> Markup {
        let sheet = Sheet::of(self, map);
        let titles = wrapped(&legible(&map.title));
        let captions = wrapped(&legible(&map.caption));
        let notes = note_lines(&sheet);
        let caption_at = HEIGHT + titles.len() as u32 * LINE_HEIGHT;
        let legend_at = caption_at + captions.len() as u32 * LINE_HEIGHT + LINE_HEIGHT / 2;
        let notes_at = legend_at + (sheet.legend.len() as u32).div_ceil(COLUMNS) * ROW_HEIGHT;
        let height = notes_at + (notes.len() as u32 + 1) * LINE_HEIGHT;
        html! {
            svg.map-drawing xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(height)
                viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby="map-title" {
                title id="map-title" { (legible(&map.title)) }
                style { (PreEscaped(STYLESHEET)) }
                rect.map-paper width=(WIDTH) height=(height) {}
                (sheet.drawing(false))
                (lines("map-line map-line-title", &titles, HEIGHT))
                (lines("map-line", &captions, caption_at))
                @for (at, entry) in (0..).zip(&sheet.legend) {
                    @let left = INDENT + at % COLUMNS * (WIDTH / COLUMNS);
                    @let middle = legend_at + at / COLUMNS * ROW_HEIGHT + ROW_HEIGHT / 2;
                    (entry.sample(f64::from(left + 18), f64::from(middle)))
                    text.map-line x=(left + 44) y=(middle + 5) { (entry.text) }
                }
                (lines("map-line", &notes, notes_at))
            }
        }
    }
}

/// Lines of text, the first one below `top`.
fn lines(class: &str, lines: &[String], top: u32) -> Markup {
    html! {
        @for (at, line) in (1..).zip(lines) {
            text class=(class) x=(INDENT) y=(top + at * LINE_HEIGHT) { (line) }
        }
    }
}

fn note_lines(sheet: &Sheet<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (heading, notes) in sheet.notes() {
        lines.extend(wrapped(&legible(heading)));
        let notes = notes.iter().map(|note| match &note.with {
            Some(with) => format!("{} → {with}", note.text),
            None => note.text.clone(),
        });
        lines.extend(wrapped(&notes.collect::<Vec<_>>().join(" · ")));
    }
    lines
}

/// A text in lines that fit under the map, broken between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
