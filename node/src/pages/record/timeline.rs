//! What happened in a conflict, in one line of time: incidents, alerts and what was done about them, mediation, decisions
//! and agreements, by their dates, and last what has none. Each line says the most in a few words and holds all the rest
//! folded; a link for each type narrows it, and a line that was saved just now says so where it stands.

mod told;

use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::record::{
    Date, Kind,
    schema::{Field, Shape},
};

use self::told::{Told, told};
use super::{
    Page,
    show::{Within, flag_text, item_rest, item_verbs, to_add},
};
use crate::pages::speech::Speech;

/// What stands in the line of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Incident,
    Alert,
    Response,
    Meeting,
    Decision,
    Agreement,
}

impl Type {
    /// In the order in which the page offers them.
    const ALL: [Type; 6] =
        [Type::Incident, Type::Alert, Type::Response, Type::Meeting, Type::Decision, Type::Agreement];

    /// As an address and the messages name it.
    fn key(self) -> &'static str {
        match self {
            Type::Incident => "incident",
            Type::Alert => "alert",
            Type::Response => "response",
            Type::Meeting => "meeting",
            Type::Decision => "decision",
            Type::Agreement => "agreement",
        }
    }

    /// The list whose items are of this type; responses stand in those of alerts.
    fn list(self) -> Option<&'static str> {
        match self {
            Type::Incident => Some("incidents"),
            Type::Alert => Some("alerts"),
            Type::Response => None,
            Type::Meeting => Some("mediation_meetings"),
            Type::Decision => Some("decisions"),
            Type::Agreement => Some("agreements"),
        }
    }

    /// The field that dates it.
    fn date(self) -> &'static str {
        if self == Type::Agreement { "signed_date" } else { "date" }
    }

    /// A shape beside the word, so that types are told apart at a glance.
    fn mark(self) -> &'static str {
        match self {
            Type::Incident => "▲",
            Type::Alert => "◆",
            Type::Response => "↳",
            Type::Meeting => "●",
            Type::Decision => "■",
            Type::Agreement => "✓",
        }
    }
}

/// Whether a field of a conflict is shown here, and so nowhere else on its page.
pub(super) fn holds(kind: Kind, field: &str) -> bool {
    kind == Kind::Conflict && Type::ALL.into_iter().any(|of| of.list() == Some(field))
}

/// One line.
struct Entry<'a> {
    of: Type,
    field: &'static Field,
    /// Where its words are found.
    path: Vec<&'static str>,
    id: &'a str,
    pointer: String,
    item: &'a Map<String, Value>,
    /// The alert that it responds to.
    alert: Option<&'a Map<String, Value>>,
    date: Option<Date>,
}

impl Entry<'_> {
    fn is_withdrawn(&self) -> bool {
        self.item.get("withdrawn") == Some(&Value::Bool(true))
    }
}

/// The date in a field of an item.
fn date_in(item: &Map<String, Value>, field: &str) -> Option<Date> {
    item.get(field)?.as_str()?.parse().ok()
}

/// Every line, those with a date first, the earliest before all.
fn entries(page: &Page) -> Vec<Entry<'_>> {
    let schema: Vec<&'static Field> = page.record.kind.schema().fields().collect();
    let mut entries = Vec::new();
    for of in Type::ALL {
        let Some(field) = of.list().and_then(|list| schema.iter().find(|field| field.name == list)) else { continue };
        for (id, item) in items(&page.record.fields, field) {
            let (path, pointer) = (vec!["conflict", field.name], format!("{}/{id}", field.name));
            let responses = field.shape.item_fields().unwrap_or_default().iter().find(|f| f.name == "responses");
            let entry = Entry { of, field, path, id, pointer, item, alert: None, date: date_in(item, of.date()) };
            if let Some(nested) = responses.filter(|_| of == Type::Alert && !entry.is_withdrawn()) {
                entries.extend(items(item, nested).map(|(id, response)| Entry {
                    of: Type::Response,
                    field: nested,
                    path: vec!["conflict", field.name, nested.name],
                    id,
                    pointer: format!("{}/{}/{id}", entry.pointer, nested.name),
                    item: response,
                    alert: Some(item),
                    date: date_in(response, Type::Response.date()),
                }));
            }
            entries.push(entry);
        }
    }
    entries.sort_by_key(|entry| (entry.date.is_none(), entry.date.map(|date| (date.earliest(), date.latest()))));
    entries
}

fn items<'a>(values: &'a Map<String, Value>, field: &Field) -> impl Iterator<Item = (&'a str, &'a Map<String, Value>)> {
    let items = values.get(field.name).and_then(Value::as_object).into_iter().flatten();
    items.filter_map(|(id, item)| Some((id.as_str(), item.as_object()?)))
}

/// The line of time, with the ways to add to it. `only`: the type that the address narrows it to.
pub(super) fn timeline(speech: Speech<'_>, page: &Page, here: &str, only: Option<&str>) -> Markup {
    let all = entries(page);
    let only = Type::ALL.into_iter().find(|of| Some(of.key()) == only);
    let shown = || all.iter().filter(|entry| only.is_none_or(|of| of == entry.of));
    let lists = page.record.kind.schema().fields().filter(|field| holds(page.record.kind, field.name));
    html! {
        section id="timeline" {
            h2 { (speech.say("timeline")) }
            @if all.is_empty() { p { (speech.say("timeline-empty")) } }
            @else { (chips(speech, &all, here, only)) }
            (to_add(speech, page, lists, &["conflict"], (here, "")))
            @if shown().any(|entry| entry.date.is_some()) {
                ol.timeline { @for entry in shown().filter(|entry| entry.date.is_some()) { (line(speech, page, entry, here)) } }
            }
            @if shown().any(|entry| entry.date.is_none()) {
                h3 { (speech.say("timeline-undated")) }
                ol.timeline { @for entry in shown().filter(|entry| entry.date.is_none()) { (line(speech, page, entry, here)) } }
            }
        }
    }
}

/// One link for each type that occurs, with how many there are.
fn chips(speech: Speech<'_>, all: &[Entry<'_>], here: &str, only: Option<Type>) -> Markup {
    let count = |of: Type| all.iter().filter(|entry| entry.of == of).count();
    let chip = |href: String, text: String, count: usize, current: bool| {
        html! { li { a href=(href) aria-current=[current.then_some("true")] { (text) " (" (count) ")" } } }
    };
    html! {
        ul.chips aria-label=(speech.say("timeline-show")) {
            (chip(format!("{here}#timeline"), speech.say("timeline-all"), all.len(), only.is_none()))
            @for of in Type::ALL.into_iter().filter(|of| count(*of) > 0) {
                @let text = format!("{} {}", of.mark(), speech.say(&format!("timeline-{}.several", of.key())));
                (chip(format!("{here}?only={}#timeline", of.key()), text, count(of), only == Some(of)))
            }
        }
    }
}

fn line(speech: Speech<'_>, page: &Page, entry: &Entry<'_>, here: &str) -> Markup {
    let withdrawn = entry.is_withdrawn();
    let Told { heading, facts, text } = told(speech, entry, page.today);
    let fields = entry.field.shape.item_fields().unwrap_or_default();
    let within = Within { here, pointer: &entry.pointer };
    let marks = marks(speech, page, entry, here);
    html! {
        li id=(format!("item-{}", entry.id)) .withdrawn[withdrawn] {
            p.when { @match &entry.date { Some(date) => (speech.date(date)), None => (speech.say("date-unknown")) } }
            div.what {
                @if page.is_new(entry.id) { p.saved role="status" { (page.saved_here(speech)) } }
                @if withdrawn { p.aside { (speech.say("withdrawn-item")) } }
                p.heading { span.type aria-hidden="true" { (entry.of.mark()) } " " strong { (heading) } }
                @if !facts.is_empty() { p.facts { (facts.join(" · ")) } }
                @if let Some(text) = text { p.text { (text) } }
                @if !withdrawn { (marks) }
                @if !withdrawn {
                    details open[page.is_new_inside(entry.item)] {
                        summary { (speech.say("timeline-rest")) }
                        (item_rest(speech, page, fields, &entry.path, entry.item, &within))
                    }
                }
                (item_verbs(speech, page, entry.field, withdrawn, &within))
            }
        }
    }
}

/// What of a line waits for somebody.
fn marks(speech: Speech<'_>, page: &Page, entry: &Entry<'_>, here: &str) -> Markup {
    let inside = format!("/{}/", entry.pointer);
    // Nested lists have lines or marks of their own.
    let of_line = |pointer: &str| pointer.strip_prefix(&inside).is_some_and(|field| !field.contains('/'));
    let missing = page.record.to_complete.iter().filter(|flag| of_line(&flag.pointer));
    // That the end of an agreement is unknown stands in its heading.
    let missing: Vec<String> =
        missing.filter(|flag| flag.code != "end-unknown").map(|flag| flag_text(speech, &flag.code)).collect();
    html! {
        @for field in page.record.concurrent.iter().filter(|field| of_line(&field.field)) {
            p.mark { a href=(format!("{here}/settle{}", field.field)) { (speech.say("divergent")) } }
        }
        @if !missing.is_empty() { p.aside { (speech.say("timeline-to-complete")) " " (missing.join(" · ")) } }
    }
}

/// Nested lists that have lines of their own.
pub(super) fn has_own_lines(path: &[&str], field: &Field) -> bool {
    matches!(field.shape, Shape::Items(_)) && path == ["conflict", "alerts"] && field.name == "responses"
}
