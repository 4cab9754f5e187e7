//! What shades, symbols and circles mean.

use maud::{Markup, html};

use super::{Symbol, events, px};

/// Shades for regions that count something. With the white of none they are five, as many as a printer without colours
/// keeps apart.
const SHADES: u64 = 4;

/// The classes of the shades, from none to most.
const CLASSES: [&str; 5] = ["map-step-0", "map-step-1", "map-step-2", "map-step-3", "map-step-4"];

/// Which figure gets which shade: none is white, and the rest up to the greatest is cut into equal parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    most: u64,
}

impl Steps {
    pub(super) fn up_to(most: u64) -> Self {
        Steps { most }
    }

    /// The greatest figure that has at most this shade. In u128, so that no figure is too great to be multiplied.
    fn end(self, step: u64) -> u64 {
        u64::try_from(u128::from(self.most) * u128::from(step) / u128::from(SHADES)).unwrap_or(self.most)
    }

    /// The class of a region with this figure.
    pub(super) fn class(self, figure: u64) -> &'static str {
        let step = (0..SHADES).find(|step| figure <= self.end(*step)).unwrap_or(SHADES);
        CLASSES[step as usize]
    }

    /// Every shade that a figure can have, with the least and the greatest such figure.
    fn ranges(self) -> Vec<(&'static str, u64, u64)> {
        let shades = (1..=SHADES).map(|step| (self.end(step - 1).saturating_add(1), self.end(step)));
        let ranges = std::iter::once((0, 0)).chain(shades).zip(CLASSES);
        ranges.filter(|((least, most), _)| least <= most).map(|((least, most), class)| (class, least, most)).collect()
    }
}

/// A line of the legend.
pub(super) struct Entry {
    mark: Mark,
    pub(super) text: String,
}

enum Mark {
    Shade(&'static str),
    Symbol(Symbol),
    /// A circle of this radius.
    Circle(f64),
}

/// The legend of the shades, of the symbols with their meanings, and of the circles from one event to the most.
pub(super) fn entries(steps: Steps, symbols: &[(Symbol, String)], circles: Option<(String, u64)>) -> Vec<Entry> {
    let shades = steps.ranges().into_iter().map(|(class, least, most)| Entry {
        mark: Mark::Shade(class),
        text: if least == most { least.to_string() } else { format!("{least}–{most}") },
    });
    let symbols = symbols.iter().map(|(symbol, text)| Entry { mark: Mark::Symbol(*symbol), text: text.clone() });
    let mut entries: Vec<Entry> = shades.chain(symbols).collect();
    if let Some((label, most)) = circles {
        let circle = |count| Mark::Circle(events::radius(count, most));
        entries.push(Entry { mark: circle(1), text: format!("{label} – 1") });
        if most > 1 {
            entries.push(Entry { mark: circle(most), text: format!("{label} – {most}") });
        }
    }
    entries
}

impl Entry {
    /// The sample, around a middle.
    pub(super) fn sample(&self, x: f64, y: f64) -> Markup {
        html! {
            @match &self.mark {
                Mark::Shade(class) => {
                    g class=(class) {
                        rect.map-outline x=(px(x - 13.0)) y=(px(y - 9.0)) width="26" height="18" {}
                    }
                }
                Mark::Symbol(symbol) => { path.map-symbol d=(symbol.path(x, y)) {} }
                Mark::Circle(radius) => { g.map-events { circle cx=(px(x)) cy=(px(y)) r=(radius) {} } }
            }
        }
    }
}

/// The legend under a map of a page.
pub(super) fn list(entries: &[Entry]) -> Markup {
    html! {
        ul.map-legend {
            @for entry in entries {
                li {
                    svg.map-sample width="36" height="36" viewBox="0 0 36 36" aria-hidden="true" {
                        (entry.sample(18.0, 18.0))
                    }
                    span { (entry.text) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_the_shade_the_legend_says() {
        for most in [0, 1, 2, 3, 4, 5, 10, 97, 1_358] {
            let steps = Steps::up_to(most);
            let ranges = steps.ranges();
            assert_eq!((ranges[0], ranges.last().map(|range| range.2)), (("map-step-0", 0, 0), Some(most)), "{most}");
            for figure in 0..=most {
                let class = steps.class(figure);
                let holding: Vec<_> = ranges.iter().filter(|range| (range.1..=range.2).contains(&figure)).collect();
                assert_eq!(holding.iter().map(|range| range.0).collect::<Vec<_>>(), [class], "{figure} of {most}");
            }
        }
        assert_eq!(Steps::up_to(u64::MAX).class(u64::MAX), "map-step-4");
    }
}
