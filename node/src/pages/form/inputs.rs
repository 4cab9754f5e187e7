//! The inputs of a form, one for each field, by its shape: what stands in them, what is wrong with it, what helps.

use maud::{Markup, html};
use toguna_protocol::{
    limits::{MAX_PARAGRAPH, MAX_SHORT_TEXT},
    record::{
        List,
        schema::{Field, Shape},
    },
};

use super::{Given, join};
use crate::pages::speech::Speech;

/// A form on its way to a page.
pub(in crate::pages) struct Inputs<'a> {
    pub(in crate::pages) speech: Speech<'a>,
    pub(in crate::pages) given: &'a Given,
    /// What is wrong: pointer, and why in words.
    pub(in crate::pages) faults: &'a [(String, String)],
}

/// More choices than this are shown folded.
const MANY: usize = 24;

/// What is not typed into a form of fields: lists have forms of their own, opinions are sealed, ties are made from lists.
pub(in crate::pages) fn is_typed(field: &Field) -> bool {
    !matches!(
        field.shape,
        Shape::Items(_) | Shape::Ledger(_) | Shape::Sealed(_) | Shape::Restricted | Shape::Record | Shape::Item
    ) && field.name != "source_ref"
}

impl Inputs<'_> {
    /// The input of a field. `path`: where its label is found; `before`: what its name begins with.
    pub(in crate::pages) fn field(&self, field: &Field, path: &[&str], before: &str) -> Markup {
        let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        let name = join(before, field.name);
        match field.shape {
            Shape::Compound { parts, .. } => self.compound(parts, &path, &name),
            Shape::Set(inner) => self.set(inner, &path, &name),
            Shape::Sheet(list, inner) => self.sheet(list, inner, &path, &name),
            shape => self.labelled(&shape, &path, &name),
        }
    }

    /// The input of a choice, with some of its keys only.
    pub(in crate::pages) fn some_of(&self, field: &Field, path: &[&str], keys: &[&str]) -> Markup {
        let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        let options = keys.iter().map(|key| ((*key).to_owned(), self.speech.choice(&path, key))).collect();
        html! {
            div.field {
                label for=(id_of(field.name)) { (self.speech.label(&path)) }
                (self.select(&id_of(field.name), field.name, options, self.described(&path, field.name)))
                (self.beneath(&path, field.name))
            }
        }
    }

    /// A sheet of which the first part is ticked for what is there, with the other parts beside it.
    pub(in crate::pages) fn ticked(&self, field: &Field, path: &[&str]) -> Markup {
        let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        let Shape::Sheet(list, Shape::Compound { parts: [tick, rest @ ..], .. }) = field.shape else {
            return html! {};
        };
        let of = |part: &Field| path.iter().copied().chain([part.name]).collect::<Vec<&str>>();
        html! {
            fieldset.sheet id=(id_of(field.name)) {
                legend { (self.speech.label(&path)) }
                p.hint { (self.speech.say("sections-tick")) }
                table.ticked {
                    thead {
                        tr {
                            th scope="col" { (self.speech.label(&of(tick))) }
                            @for part in rest { th scope="col" { (self.speech.label(&of(part))) } }
                        }
                    }
                    tbody {
                        @for (key, label) in self.speech.terms(list) {
                            @let row = join(field.name, &key);
                            @let name = join(&row, tick.name);
                            tr {
                                th scope="row" {
                                    label.tick {
                                        input type="checkbox" id=(id_of(&name)) name=(name) value="yes" checked[self.text(&name) == "yes"];
                                        " " (label)
                                    }
                                }
                                @for part in rest { (self.cell(part, &of(part), &join(&row, part.name), &label, None)) }
                            }
                        }
                    }
                }
                (self.beneath(&path, field.name))
            }
        }
    }

    /// Whether a field of the record holds something, or something is wrong with it.
    pub(in crate::pages) fn matters(&self, field: &Field) -> bool {
        let at_fault = |pointer: &str| pointer.split('/').nth(1) == Some(field.name);
        self.given.is_filled(field.name) || self.faults.iter().any(|(pointer, _)| at_fault(pointer))
    }

    fn text(&self, name: &str) -> &str {
        self.given.text(name).unwrap_or_default()
    }

    fn fault(&self, name: &str) -> Option<&str> {
        let at = |pointer: &str| pointer.strip_prefix('/') == Some(name);
        self.faults.iter().find(|(pointer, _)| at(pointer)).map(|(_, why)| why.as_str())
    }

    /// What stands beneath an input: a line of help, and what is wrong.
    fn beneath(&self, path: &[&str], name: &str) -> Markup {
        html! {
            @if let Some(hint) = self.speech.words.hint(self.speech.lang, path) {
                p.hint id=(format!("{}-hint", id_of(name))) { (hint) }
            }
            @if let Some(fault) = self.fault(name) {
                p.fault id=(format!("{}-fault", id_of(name))) { (fault) }
            }
        }
    }

    fn described(&self, path: &[&str], name: &str) -> Option<String> {
        let hint = self.speech.words.hint(self.speech.lang, path).map(|_| format!("{}-hint", id_of(name)));
        let ids: Vec<String> = self.fault_id(name).into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn fault_id(&self, name: &str) -> Option<String> {
        self.fault(name).map(|_| format!("{}-fault", id_of(name)))
    }

    fn labelled(&self, shape: &Shape, path: &[&str], name: &str) -> Markup {
        html! {
            div.field {
                label for=(id_of(name)) { (self.speech.label(path)) }
                (self.input(shape, path, name, self.described(path, name)))
                (self.beneath(path, name))
            }
        }
    }

    /// The input alone. `described`: the ids of what tells more of it.
    fn input(&self, shape: &Shape, path: &[&str], name: &str, described: Option<String>) -> Markup {
        let (id, text) = (id_of(name), self.text(name));
        let invalid = self.fault(name).map(|_| "true");
        match shape {
            Shape::Paragraph => html! {
                textarea id=(id) name=(name) rows="3" maxlength=(MAX_PARAGRAPH) aria-describedby=[described]
                    aria-invalid=[invalid] { "\n" (text) }
            },
            Shape::Narrative => html! {
                textarea.long id=(id) name=(name) rows="8" aria-describedby=[described] aria-invalid=[invalid] { "\n" (text) }
            },
            Shape::Choice(keys) => {
                let options = keys.iter().map(|key| ((*key).to_owned(), self.speech.choice(path, key)));
                self.select(&id, name, options.collect(), described)
            }
            Shape::Key(list) => self.select(&id, name, self.speech.terms(*list), described),
            Shape::Flag => {
                let options = ["yes", "no"].map(|key| (key.to_owned(), self.speech.say(key)));
                self.select(&id, name, options.to_vec(), described)
            }
            Shape::Currency => {
                let currencies =
                    self.speech.pack.currencies().iter().map(|known| (known.key.clone(), known.key.clone()));
                self.select(&id, name, currencies.collect(), described)
            }
            Shape::Count | Shape::Amount | Shape::Degrees(_) => html! {
                input.short id=(id) name=(name) value=(text) inputmode=(if matches!(shape, Shape::Count) { "numeric" } else { "decimal" })
                    maxlength="30" autocomplete="off" aria-describedby=[described] aria-invalid=[invalid];
            },
            Shape::Date => html! {
                input.short id=(id) name=(name) value=(text) placeholder=(self.speech.say("date-typed")) maxlength="60"
                    autocomplete="off" aria-describedby=[described] aria-invalid=[invalid];
            },
            _ => html! {
                input id=(id) name=(name) value=(text) maxlength=(MAX_SHORT_TEXT) required[name == "title"] autocomplete="off"
                    list=[name.ends_with("place/name").then_some("places")] aria-describedby=[described]
                    aria-invalid=[invalid];
            },
        }
    }

    /// A choice of one. What stands in it stays, even if only a newer version knows it.
    fn select(&self, id: &str, name: &str, options: Vec<(String, String)>, described: Option<String>) -> Markup {
        let chosen = self.text(name);
        let unknown = !chosen.is_empty() && !options.iter().any(|(key, _)| key == chosen);
        html! {
            select id=(id) name=(name) aria-describedby=[described] {
                option value="" { "—" }
                @for (key, label) in &options {
                    option value=(key) selected[key == chosen] { (label) }
                }
                @if unknown {
                    option value=(chosen) selected { (chosen) }
                }
            }
        }
    }

    fn compound(&self, parts: &'static [Field], path: &[&str], name: &str) -> Markup {
        let part = |part: &Field| {
            let path: Vec<&str> = path.iter().copied().chain([part.name]).collect();
            self.labelled(&part.shape, &path, &join(name, part.name))
        };
        let is_place = parts.iter().any(|part| part.name == "precision");
        let exact = |field: &&Field| is_place && matches!(field.name, "lat" | "lon" | "precision");
        html! {
            fieldset.parts {
                legend { (self.speech.label(path)) }
                @for field in parts.iter().filter(|field| !(exact(field) || is_place && field.name == "key")) { (part(field)) }
                @if is_place {
                    // The key follows from the name; it travels along so that a place stays the same when it is not touched.
                    input type="hidden" name=(join(name, "key")) value=(self.text(&join(name, "key")));
                    @if self.speech.pack.is_drawn() {
                        button.pick name="pick" value=(name) formnovalidate { (self.speech.say("place-on-map")) }
                    }
                    @let at_fault = self.faults.iter().any(|(pointer, _)| pointer.starts_with(&format!("/{name}/l")));
                    details open[at_fault || !self.text(&join(name, "lat")).is_empty()] {
                        summary { (self.speech.say("place-exact")) }
                        @for field in parts.iter().filter(exact) { (part(field)) }
                    }
                }
                @if let Some(fault) = self.fault(name) { p.fault { (fault) } }
            }
        }
    }

    fn set(&self, inner: &Shape, path: &[&str], name: &str) -> Markup {
        let options = match inner {
            Shape::Choice(keys) => keys.iter().map(|key| ((*key).to_owned(), self.speech.choice(path, key))).collect(),
            Shape::Key(list) => self.speech.terms(*list),
            _ => return self.lines(path, name),
        };
        let chosen: Vec<&str> = self.given.all(name).collect();
        let unknown = chosen.iter().filter(|key| !options.iter().any(|(known, _)| known == *key));
        let boxes = html! {
            // Tells an empty set from a form that does not have it.
            input type="hidden" name=(name) value="";
            div.boxes {
                @for (key, label) in &options {
                    label { input type="checkbox" name=(name) value=(key) checked[chosen.contains(&key.as_str())]; " " (label) }
                }
                @for key in unknown {
                    label { input type="checkbox" name=(name) value=(key) checked; " " (key) }
                }
            }
        };
        html! {
            fieldset.set {
                legend { (self.speech.label(path)) }
                @if options.len() > MANY {
                    details open[!chosen.is_empty()] { summary { (self.speech.say("choose")) } (boxes) }
                } @else { (boxes) }
                (self.beneath(path, name))
            }
        }
    }

    /// A set of lines, one on each line.
    fn lines(&self, path: &[&str], name: &str) -> Markup {
        html! {
            div.field {
                label for=(id_of(name)) { (self.speech.label(path)) " " span.aside { (self.speech.say("one-a-line")) } }
                textarea id=(id_of(name)) name=(name) rows="2" aria-describedby=[self.described(path, name)] { "\n" (self.text(name)) }
                (self.beneath(path, name))
            }
        }
    }

    /// One row for each key of a list of the pack. What helps with a column stands at its head, once.
    fn sheet(&self, list: List, inner: &Shape, path: &[&str], name: &str) -> Markup {
        let Shape::Compound { parts, .. } = inner else { return html! {} };
        let of = |part: &Field| path.iter().copied().chain([part.name]).collect::<Vec<&str>>();
        let hint = |part: &Field| self.speech.words.hint(self.speech.lang, &of(part));
        let hint_id = |part: &Field| format!("{}-hint", id_of(&join(name, part.name)));
        html! {
            fieldset.sheet id=(id_of(name)) {
                legend { (self.speech.label(path)) }
                table {
                    thead {
                        tr {
                            td {}
                            @for part in *parts {
                                th scope="col" {
                                    (self.speech.label(&of(part)))
                                    @if let Some(hint) = hint(part) { p.hint id=(hint_id(part)) { (hint) } }
                                }
                            }
                        }
                    }
                    tbody {
                        @for (key, label) in self.speech.terms(list) {
                            tr {
                                th scope="row" { (label) }
                                @for part in *parts { (self.cell(part, &of(part), &join(&join(name, &key), part.name), &label, hint(part).map(|_| hint_id(part)))) }
                            }
                        }
                    }
                }
                (self.beneath(path, name))
            }
        }
    }

    /// One input of a sheet. `row`: what the row is called; `hint`: the id of what helps with the column.
    fn cell(&self, part: &Field, path: &[&str], name: &str, row: &str, hint: Option<String>) -> Markup {
        let ids: Vec<String> = self.fault_id(name).into_iter().chain(hint).collect();
        let described = (!ids.is_empty()).then(|| ids.join(" "));
        html! {
            td data-label=(self.speech.label(path)) {
                label.unseen for=(id_of(name)) { (row) " : " (self.speech.label(path)) }
                (self.input(&part.shape, path, name, described))
                @if let Some(fault) = self.fault(name) { p.fault id=(format!("{}-fault", id_of(name))) { (fault) } }
            }
        }
    }
}

/// An id for an input of this name.
pub(in crate::pages) fn id_of(name: &str) -> String {
    format!("f-{}", name.replace('/', "-"))
}
