//! Who changed what of a record, where, when and why; the newest first.

use axum::extract::{Path, State};
use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::{Engine, FieldStep, HistoryStep, Office, QueryError, RecordView, SettledStep},
    record::{Kind, schema::Field},
};

use super::{
    address, crumbs,
    earlier::{Side, address_of, can_return},
    kind_of, plural,
    show::label_of,
    stamped, title,
};
use crate::pages::{Shared, error::PageError, layout, speech::Speech, visitor::Visitor};

/// Characters of a value that are shown before the rest is folded away.
const SHORT: usize = 160;

pub(in crate::pages) async fn history(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id)): Path<(String, String)>,
) -> Result<Markup, PageError> {
    let (kind, id) = (kind_of(&kinds)?, id.parse().map_err(|_| PageError::NotFound)?);
    let asked =
        move |engine: &mut Engine<_>| Ok::<_, QueryError>((engine.record(id)?, engine.history(id)?, engine.offices()));
    let (record, steps, offices): (RecordView, Vec<HistoryStep>, Vec<Office>) = pages.app.ask(asked).await??;
    if record.kind != kind {
        return Err(PageError::NotFound);
    }
    let speech = visitor.speech(&pages);
    let name = title(speech, &record.fields);
    let body = html! {
        (crumbs(speech, kind, Some((id, &name))))
        h1 { (speech.say("history")) }
        ol.history reversed {
            @for (at, step) in steps.iter().enumerate().rev() {
                @let restores = visitor.may_write().then_some(Restores { nothing: at > 0 });
                (self::step(speech, &record, step, &offices, restores))
            }
        }
        p { a href=(address(kind, id)) { (speech.say("back-to-record")) } }
    };
    Ok(layout::page(speech, Some(&visitor), &format!("/{}", plural(kind)), &speech.say("history"), &body))
}

/// What of a step whoever may write can take up again.
#[derive(Clone, Copy)]
struct Restores {
    /// Also that nothing stood there. Of a record that was made just then that goes without saying.
    nothing: bool,
}

/// `restores`: `None` for whoever may only read.
fn step(
    speech: Speech<'_>,
    record: &RecordView,
    step: &HistoryStep,
    offices: &[Office],
    restores: Option<Restores>,
) -> Markup {
    let kind = record.kind;
    let shown = |change: &FieldStep, side: Side| {
        let earlier = if side == Side::Before { &change.before } else { &change.after };
        html! {
            (value(speech, kind, &change.field, earlier))
            @if restores.is_some_and(|may| may.nothing || !earlier.is_null()) && can_return(record, &change.field, earlier) {
                " " a.aside href=(address_of(record, step.stamp.entry, side, &change.field)) { (speech.say("return-value")) }
            }
        }
    };
    html! {
        li {
            p.stamp {
                (stamped(speech, offices, &step.stamp))
                @if let Some(reason) = &step.reason { " – " (speech.say_of("because", &[("reason", reason)])) }
            }
            ul {
                @for change in &step.changes {
                    li {
                        strong { (label_of(speech, kind, &change.field)) } " : "
                        (shown(change, Side::Before)) " → " (shown(change, Side::After))
                    }
                }
                @for SettledStep { field, values, chosen } in &step.settled {
                    li {
                        strong { (label_of(speech, kind, field)) } " – " (speech.say("history-settled")) " "
                        (value(speech, kind, field, chosen))
                        span.aside {
                            " · " (speech.say("values-entered")) " : "
                            @for (at, entered) in values.iter().enumerate() {
                                @if at > 0 { " · " }
                                (value(speech, kind, field, entered))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A value of the field that a pointer names, as it reads.
pub(in crate::pages) fn value(speech: Speech<'_>, kind: Kind, pointer: &str, value: &Value) -> Markup {
    if value.is_null() {
        return html! { span.aside { (speech.say("nothing")) } };
    }
    let text = said(speech, kind, pointer, value);
    if text.chars().count() <= SHORT {
        return html! { q { (text) } };
    }
    let short: String = text.chars().take(SHORT).collect();
    html! { details.value { summary { (short) "…" } div.prose { (text) } } }
}

/// A value of the field that a pointer names, in words.
pub(in crate::pages) fn said(speech: Speech<'_>, kind: Kind, pointer: &str, value: &Value) -> String {
    if value.is_null() {
        return speech.say("nothing");
    }
    match field_of(kind, pointer) {
        Some((field, path)) => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            speech.value(field, &path, value)
        }
        None => match value {
            Value::Bool(flag) => speech.say(if *flag { "yes" } else { "no" }),
            Value::String(text) => text.clone(),
            Value::Object(item) => summary(speech, kind, pointer, item),
            other => other.to_string(),
        },
    }
}

/// What an item says, in one line.
fn summary(speech: Speech<'_>, kind: Kind, pointer: &str, item: &Map<String, Value>) -> String {
    let (fields, path) = walk(kind, pointer);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let said = fields.iter().filter(|field| field.shape.item_fields().is_none()).filter_map(|field| {
        let of: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        let value = item.get(field.name).filter(|value| !value.is_null())?;
        Some(format!("{} : {}", speech.label(&of), speech.value(field, &of, value)))
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { speech.say("an-item") } else { said.join(" · ") }
}

/// The fields among which a pointer ends, with the path of their labels: those of the last item that it names.
fn walk(kind: Kind, pointer: &str) -> (Vec<&'static Field>, Vec<String>) {
    let mut path = vec![kind.key().to_owned()];
    let mut fields: Vec<&'static Field> = kind.schema().fields().collect();
    let segments: Vec<&str> = pointer.split('/').skip(1).collect();
    for step in segments.chunks_exact(2) {
        let list = fields.iter().find(|field| field.name == step[0]);
        let Some((list, inner)) = list.and_then(|list| Some((list.name, list.shape.item_fields()?))) else { break };
        path.push(list.to_owned());
        fields = inner.iter().collect();
    }
    (fields, path)
}

/// The field that a pointer names, with the path of its label; `None` where it names an item or nothing.
pub(in crate::pages) fn field_of(kind: Kind, pointer: &str) -> Option<(&'static Field, Vec<String>)> {
    let (fields, mut path) = walk(kind, pointer);
    let segments: Vec<&str> = pointer.split('/').skip(1).collect();
    let (last, lists) = segments.split_last()?;
    // As many lists were entered as there are pairs before the last segment.
    let field = fields.into_iter().find(|field| field.name == *last).filter(|_| lists.len() == 2 * (path.len() - 1))?;
    path.push(field.name.to_owned());
    Some((field, path))
}
