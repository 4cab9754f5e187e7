//! The dossier of a record, as it is printed.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::{
    ids::AuthorKey,
    record::schema::{Field, Shape},
};

use crate::{
    pages::{
        record::{date_of, label_of, line, title},
        sections::sections,
        speech::Speech,
    },
    report::{Dossier, OfficeThen},
};

pub(super) fn body(speech: Speech<'_>, dossier: &Dossier, offices: &[OfficeThen]) -> Markup {
    let kind = dossier.kind;
    html! {
        // A title is a text.
        h2 { (speech.say(&format!("kind-{}", kind.key()))) @if !dossier.restricted { " : " (title(speech, &dossier.fields)) } }
        @if dossier.restricted { p { strong { (speech.say("dossier-restricted")) } } }
        @for section in sections(kind) {
            @let known: Vec<&Field> = section.fields.iter().copied().filter(|field| field.name != "title" && dossier.fields.contains_key(field.name)).collect();
            @if !known.is_empty() {
                section {
                    h2 { (speech.say(&format!("section-{}", section.id))) }
                    (fields(speech, &known, &[kind.key()], &dossier.fields))
                }
            }
        }
        section {
            h2 { (speech.say("history")) }
            ol {
                @for step in &dossier.history {
                    li {
                        (step.stamp.by) ", " (office(speech, offices, &step.stamp.office)) ", " (speech.moment(step.stamp.at))
                        @if let Some(reason) = &step.reason { " – " (speech.say_of("because", &[("reason", reason)])) }
                        @let labels: BTreeSet<String> = step.fields.iter().map(|pointer| label_of(speech, kind, pointer)).collect();
                        @if !labels.is_empty() { " : " (labels.into_iter().collect::<Vec<_>>().join(" · ")) }
                    }
                }
            }
        }
    }
}

fn office(speech: Speech<'_>, offices: &[OfficeThen], author: &AuthorKey) -> String {
    let office = offices.iter().find(|office| office.author == *author);
    office.and_then(|office| office.name.clone()).unwrap_or_else(|| speech.say("office-unnamed"))
}

/// Fields that hold something, lists after all others.
fn fields(speech: Speech<'_>, fields: &[&Field], path: &[&str], values: &Map<String, Value>) -> Markup {
    let known = || fields.iter().filter_map(|field| Some((*field, values.get(field.name)?)));
    html! {
        dl {
            @for (field, value) in known().filter(|(field, _)| field.shape.item_fields().is_none()) { (line(speech, field, path, value)) }
        }
        @for (field, items) in known() {
            @if let (Shape::Items(inner) | Shape::Ledger(inner), Value::Object(items)) = (field.shape, items) {
                @let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
                @let inner: Vec<&Field> = inner.iter().collect();
                h3 { (speech.label(&path)) " (" (items.len()) ")" }
                ol { @for item in sorted(items) { li { (self::fields(speech, &inner, &path, item)) } } }
            }
        }
    }
}

/// Items in the order of a record's page: by their dates.
fn sorted(items: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    let mut sorted: Vec<(&String, &Map<String, Value>)> =
        items.iter().filter_map(|(id, item)| Some((id, item.as_object()?))).collect();
    sorted.sort_by_key(|(id, item)| (date_of(item), (*id).clone()));
    sorted.into_iter().map(|(_, item)| item).collect()
}
