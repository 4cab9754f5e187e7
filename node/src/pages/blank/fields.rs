//! One field on paper: boxes to tick, boxes for digits, lines to write on.

use maud::{Markup, html};
use toguna_protocol::record::{
    List,
    schema::{Field, Shape},
};

use crate::pages::{
    form::{inputs::is_typed, is_place},
    speech::Speech,
};

/// Longer lists of the pack are not printed: whoever enters the paper looks the name up.
const MANY: usize = 40;
/// Lines for a paragraph, a long text, and a set of names.
const PARAGRAPH: usize = 2;
const NARRATIVE: usize = 6;
const NAMES: usize = 3;
/// Digits of a number.
const DIGITS: usize = 6;
/// Empty rows for items of a list.
const ROWS: usize = 3;

/// Puts fields on paper.
pub(super) struct Paper<'a> {
    pub(super) speech: Speech<'a>,
}

impl Paper<'_> {
    /// A field with its label and what helps.
    pub(super) fn field(&self, field: &Field, path: &[&str]) -> Markup {
        let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        match field.shape {
            Shape::Compound { parts, .. } => self.compound(parts, &path),
            Shape::Sheet(list, Shape::Compound { parts, .. }) => self.sheet(list, parts, &path),
            shape => self.labelled(&shape, &path),
        }
    }

    fn labelled(&self, shape: &Shape, path: &[&str]) -> Markup {
        // What takes little room stands beside its neighbour.
        let is_short = matches!(shape, Shape::Count | Shape::Degrees(_));
        html! {
            div.entry.half[is_short] {
                p.label { (self.speech.label(path)) }
                (self.room(shape, path))
                (self.hint(path))
            }
        }
    }

    fn hint(&self, path: &[&str]) -> Markup {
        html! { @if let Some(hint) = self.speech.words.hint(self.speech.lang, path) { p.hint { (hint) } } }
    }

    /// Room for a value.
    fn room(&self, shape: &Shape, path: &[&str]) -> Markup {
        match shape {
            Shape::Choice(keys) => ticks(keys.iter().map(|key| self.speech.choice(path, key))),
            Shape::Key(list) => self.keys(*list),
            Shape::Flag => ticks(["yes", "no"].map(|key| self.speech.say(key)).into_iter()),
            Shape::Currency => ticks(self.speech.pack.currencies().iter().map(|known| known.key.clone())),
            Shape::Date => html! { (date()) (self.precision()) },
            Shape::Count => cells(DIGITS),
            Shape::Paragraph => lines(PARAGRAPH),
            Shape::Narrative => lines(NARRATIVE),
            Shape::Set(inner) => match inner {
                Shape::Choice(_) | Shape::Key(_) => self.room(inner, path),
                _ => lines(NAMES),
            },
            _ => lines(1),
        }
    }

    /// How well a date is known.
    fn precision(&self) -> Markup {
        let known = ["day", "month", "quarter", "year", "after", "unknown"];
        let ticked = known.map(|key| self.speech.say(&format!("blank-date-{key}")));
        html! {
            (ticks(ticked.into_iter()))
            p.between { (self.speech.say("blank-date-between")) " " (date()) }
        }
    }

    fn keys(&self, list: List) -> Markup {
        if list == List::Stakes {
            return html! {
                @for of in self.speech.stakes() {
                    @if let Some((_, name)) = &of.group { p.group { (name) } }
                    (ticks(of.stakes.into_iter().map(|(_, name)| name)))
                }
            };
        }
        let terms = self.speech.terms(list);
        if terms.is_empty() || terms.len() > MANY {
            return lines(1);
        }
        ticks(terms.into_iter().map(|(_, name)| name))
    }

    fn compound(&self, parts: &'static [Field], path: &[&str]) -> Markup {
        let of = |part: &Field| path.iter().copied().chain([part.name]).collect::<Vec<&str>>();
        // The key of a place follows from its name, when it is entered.
        let written = |part: &&Field| !(is_place(parts) && part.name == "key");
        html! {
            div.compound {
                p.label { (self.speech.label(path)) }
                (self.hint(path))
                @for part in parts.iter().filter(written) { (self.labelled(&part.shape, &of(part))) }
            }
        }
    }

    /// One row for each key of a list of the pack.
    fn sheet(&self, list: List, parts: &'static [Field], path: &[&str]) -> Markup {
        let of = |part: &Field| path.iter().copied().chain([part.name]).collect::<Vec<&str>>();
        html! {
            div.entry {
                p.label { (self.speech.label(path)) }
                table {
                    thead { tr { th {} @for part in parts { th scope="col" { (self.speech.label(&of(part))) } } } }
                    tbody {
                        @for (_, name) in self.speech.terms(list) {
                            tr {
                                th scope="row" { (name) }
                                @for part in parts {
                                    td { @if matches!(part.shape, Shape::Flag | Shape::Choice(_)) { (self.room(&part.shape, &of(part))) } }
                                }
                            }
                        }
                    }
                }
                (self.hint(path))
            }
        }
    }

    /// Some empty rows for the items of a list.
    pub(super) fn rows(&self, field: &Field, inner: &'static [Field], path: &[&str]) -> Markup {
        let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        let of = |part: &Field| path.iter().copied().chain([part.name]).collect::<Vec<&str>>();
        let columns: Vec<&Field> = inner.iter().filter(|field| is_typed(field)).collect();
        html! {
            @if !columns.is_empty() {
                div.entry {
                    p.label { (self.speech.label(&path)) }
                    table.rows {
                        thead { tr { @for part in &columns { th scope="col" { (self.speech.label(&of(part))) } } } }
                        tbody { @for _ in 0..ROWS { tr { @for _ in &columns { td {} } } } }
                    }
                    @for part in &columns { (self.hint(&of(part))) }
                }
            }
        }
    }
}

/// Boxes to tick, each with what it says.
fn ticks(labels: impl Iterator<Item = String>) -> Markup {
    html! { ul.ticks { @for label in labels { li { "☐ " (label) } } } }
}

/// Boxes for digits.
fn cells(count: usize) -> Markup {
    html! { span.cells { @for _ in 0..count { span.cell {} } } }
}

/// Boxes for a day of the calendar.
pub(super) fn date() -> Markup {
    html! { span.date { (cells(2)) "/" (cells(2)) "/" (cells(4)) } }
}

/// Lines to write on.
fn lines(count: usize) -> Markup {
    html! { @for _ in 0..count { div.rule {} } }
}
