//! A record's page: what needs a person, who has it, then everything it says, part by part.

use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::RecordView,
    record::{
        Flag, Kind, List,
        schema::{Field, Shape},
    },
};

use super::{Page, address, crumbs, head, meeting, project, receipts, timeline, title};
use crate::pages::{
    evaluate::opinions,
    live, reports,
    sections::{Section, sections},
    speech::Speech,
    step,
    tie::ties,
    today::end_unknown,
};

pub(super) fn body(speech: Speech<'_>, page: &Page) -> Markup {
    let record = &page.record;
    let (kind, here) = (record.kind, address(record.kind, record.id));
    html! {
        (crumbs(speech, kind, None))
        h1 { (title(speech, &record.fields)) }
        @if page.just_saved {
            p.saved role="status" { (speech.say_of("saved-at", &[("office", &page.own_name(speech))])) }
        }
        (live::line(speech, Some(record.id)))
        (receipts::list(speech, &here, &page.receipts, &page.offices))
        (needs(speech, page, &here))
        p.verbs {
            @if page.may_write { a.button href=(format!("{here}/edit")) { (speech.say("edit")) } " " }
            a href=(format!("{here}/history")) { (speech.say("history")) }
            form method="post" action=(reports::ADDRESS) {
                input type="hidden" name="csrf" value=(page.csrf);
                input type="hidden" name="kind" value="dossier";
                input type="hidden" name="record" value=(record.id);
                (page.dossier_mark)
                button.plain { (speech.say("dossier-make")) }
            }
        }
        (step::part(speech, record, &page.standing, page.may_write.then_some(page.csrf.as_str())))
        @if kind == Kind::Conflict {
            (head::head(speech, page))
            (head::same_conflict(speech, page))
            (timeline::timeline(speech, page, &here, page.only.as_deref()))
        }
        @for (at, section) in sections(kind).into_iter().filter(|section| project::passes(page, section)).enumerate() {
            (part(speech, page, &elsewhere(section, kind), &here))
            @if at == 0 && kind == Kind::Consultation { (meeting::place(speech, page, &here)) }
        }
        (ties(speech, record, &page.named, &page.group, page.may_write.then_some(&page.csrf)))
        (last_change(speech, page))
    }
}

/// A section without what stands further up the page.
fn elsewhere(section: Section, kind: Kind) -> Section {
    let Section { id, mut fields } = section;
    let stands_elsewhere =
        |name: &str| head::says(kind, name) || timeline::holds(kind, name) || project::holds(kind, name);
    fields.retain(|field| !stands_elsewhere(field.name));
    Section { id, fields }
}

/// What waits for somebody: divergent values, withdrawn items that were edited, broken rules, what is to be completed.
fn needs(speech: Speech<'_>, page: &Page, here: &str) -> Markup {
    let record = &page.record;
    let of = |pointer: &str| label_of(speech, record.kind, pointer);
    html! {
        @if !record.concurrent.is_empty() || !record.decisions.is_empty() {
            section.needs {
                h2 { (speech.say("divergent")) }
                ul {
                    @for field in &record.concurrent {
                        li {
                            (of(&field.field)) " : "
                            a href=(format!("{here}/settle{}", field.field)) { (speech.say("look-and-settle")) }
                        }
                    }
                    @for pointer in &record.decisions {
                        li {
                            (of(pointer)) " : " (speech.say("withdrawn-and-edited")) " "
                            a href=(format!("{here}/settle{pointer}/withdrawn")) { (speech.say("look-and-settle")) }
                        }
                    }
                }
            }
        }
        @if !record.flags.is_empty() {
            section.needs {
                h2 { (speech.say("to-look-at")) }
                ul { @for flag in &record.flags { li { (of(&flag.pointer)) " : " (flag_text(speech, &flag.code)) } } }
            }
        }
        @if !record.to_complete.is_empty() {
            details.complete {
                summary { (speech.count("to-complete", record.to_complete.len() as u64)) }
                ul { @for flag in &record.to_complete { li { (to_complete(speech, record, flag)) } } }
            }
        }
    }
}

/// What is to be completed, and where.
fn to_complete(speech: Speech<'_>, record: &RecordView, flag: &Flag) -> String {
    let mut segments = flag.pointer.split('/').skip(1);
    let item = segments.next().zip(segments.next());
    let agreement = item.and_then(|(list, id)| record.fields.get(list)?.get(id)?.as_object());
    match agreement.filter(|_| flag.code == "end-unknown") {
        Some(agreement) => end_unknown(speech, agreement),
        None => format!("{} : {}", label_of(speech, record.kind, &flag.pointer), flag_text(speech, &flag.code)),
    }
}

pub(super) fn flag_text(speech: Speech<'_>, code: &str) -> String {
    speech.say(&format!("flag-{code}"))
}

/// The label of what a pointer names: the field, and of an item the list it stands in.
pub(in crate::pages) fn label_of(speech: Speech<'_>, kind: toguna_protocol::record::Kind, pointer: &str) -> String {
    let mut path = vec![kind.key()];
    let mut labels = Vec::new();
    let mut fields: Vec<&'static Field> = kind.schema().fields().collect();
    let mut segments = pointer.split('/').skip(1);
    while let Some(name) = segments.next() {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            if name == "withdrawn" {
                labels.push(speech.say("was-withdrawn"));
            }
            break;
        };
        path.push(field.name);
        labels.push(speech.label(&path));
        match field.shape {
            Shape::Items(inner) | Shape::Ledger(inner) => {
                segments.next();
                fields = inner.iter().collect();
            }
            Shape::Sheet(list, _) => {
                labels.extend(segments.next().map(|key| speech.term(list, key)));
                break;
            }
            _ => break,
        }
    }
    labels.join(" – ")
}

fn part(speech: Speech<'_>, page: &Page, section: &Section, here: &str) -> Markup {
    if let Some(own) = meeting::section(speech, page, section, here) {
        return own;
    }
    let path = [page.record.kind.key()];
    let fields = &page.record.fields;
    let known = |field: &&&'static Field| field.name != "title" && is_filled(fields, field);
    let lists = section.fields.iter().filter(|field| is_list(field) && is_filled(fields, field));
    let values: Vec<&&'static Field> =
        section.fields.iter().filter(|field| field.shape.item_fields().is_none()).filter(known).collect();
    let has_lists = section.fields.iter().any(|field| is_list(field));
    html! {
        @if !values.is_empty() || has_lists || project::is_in(page.record.kind, section.id) {
            section {
                h2 { (speech.say(&format!("section-{}", section.id))) }
                @if !values.is_empty() {
                    dl { @for field in values { (line(speech, field, &path, &fields[field.name])) } }
                }
                (project::part(speech, page, section.id, here))
                @for field in lists { (list(speech, page, field, &path, fields, (here, field.name))) }
                (to_add(speech, page, section.fields.iter().copied().filter(|f| !is_filled(fields, f)), &path, (here, "")))
                @if section.id == "selection" { (opinions(speech, &page.record, page.may_write)) }
            }
        }
    }
}

/// Opinions and ties are lists too, and are shown in their own way.
pub(in crate::pages) fn is_list(field: &Field) -> bool {
    matches!(field.shape, Shape::Items(_) | Shape::Ledger(_)) && field.name != "evaluations" && field.name != "links"
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(members) => !members.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

pub(in crate::pages) fn line(speech: Speech<'_>, field: &Field, path: &[&str], value: &Value) -> Markup {
    let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
    html! {
        dt { (speech.label(&path)) }
        dd {
            @match (&field.shape, value) {
                (Shape::Narrative | Shape::Paragraph, Value::String(text)) => div.prose { (text) },
                (Shape::Sheet(list, inner), Value::Object(rows)) => (sheet(speech, *list, inner, &path, rows)),
                _ => (speech.value(field, &path, value)),
            }
        }
    }
}

fn sheet(speech: Speech<'_>, list: List, inner: &Shape, path: &[&str], rows: &Map<String, Value>) -> Markup {
    let Shape::Compound { parts, .. } = inner else { return html! {} };
    html! {
        table {
            tbody {
                @for (key, label) in speech.terms(list) {
                    @if let Some(Value::Object(row)) = rows.get(&key) {
                        tr {
                            th scope="row" { (label) }
                            @for part in *parts {
                                @let path: Vec<&str> = path.iter().copied().chain([part.name]).collect();
                                td { (row.get(part.name).map(|value| speech.value(part, &path, value)).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn is_filled(values: &Map<String, Value>, field: &Field) -> bool {
    values.get(field.name).is_some_and(is_something)
}

/// What may be added to the lists among some fields, in one line. `place`: the record's address, and the pointer of what
/// the lists stand in.
pub(super) fn to_add(
    speech: Speech<'_>,
    page: &Page,
    fields: impl Iterator<Item = &'static Field>,
    path: &[&str],
    (here, before): (&str, &str),
) -> Markup {
    let lists: Vec<&'static Field> = fields.filter(|field| is_list(field)).collect();
    let one = |field: &Field| {
        let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
        speech.words.one(speech.lang, &path)
    };
    html! {
        @if page.may_write && !lists.is_empty() {
            p.add {
                (speech.say("add-any")) " "
                @for (at, field) in lists.iter().enumerate() {
                    @if at > 0 { " · " }
                    a href=(format!("{here}/edit/{before}{}/new", field.name)) { (one(field)) }
                }
            }
        }
    }
}

/// A list with its items, and the way to add one. `place`: the record's address, and the pointer of the list.
fn list(
    speech: Speech<'_>,
    page: &Page,
    field: &Field,
    path: &[&str],
    values: &Map<String, Value>,
    (here, pointer): (&str, &str),
) -> Markup {
    let path: Vec<&str> = path.iter().copied().chain([field.name]).collect();
    let Some(items) = values.get(field.name).and_then(Value::as_object) else { return html! {} };
    let inner = field.shape.item_fields().unwrap_or_default();
    let one = speech.words.one(speech.lang, &path);
    let mut sorted: Vec<(&String, &Map<String, Value>)> =
        items.iter().filter_map(|(id, item)| Some((id, item.as_object()?))).collect();
    sorted.sort_by_key(|(id, item)| (date_of(item), (*id).clone()));
    html! {
        div.list {
            h3 { (speech.label(&path)) " (" (items.len()) ")" }
            ol.items {
                @for (id, item) in sorted { (self::item(speech, page, (field, inner), &path, item, &Within { here, pointer: &format!("{pointer}/{id}") })) }
            }
            @if page.may_write {
                p { a.add href=(format!("{here}/edit/{pointer}/new")) { (speech.say_of("add-one", &[("what", &one)])) } }
            }
        }
    }
}

/// By what the items of a list are sorted: their date, as the protocol writes it.
pub(in crate::pages) fn date_of(item: &Map<String, Value>) -> String {
    let first = ["date", "signed_date", "quarter", "received_date", "number"].iter().find_map(|name| item.get(*name));
    first.and_then(Value::as_str).unwrap_or("~").to_owned()
}

fn item(
    speech: Speech<'_>,
    page: &Page,
    (field, fields): (&Field, &'static [Field]),
    path: &[&str],
    item: &Map<String, Value>,
    within: &Within<'_>,
) -> Markup {
    let withdrawn = item.get("withdrawn") == Some(&Value::Bool(true));
    let id = within.pointer.rsplit('/').next().unwrap_or_default();
    html! {
        li id=(format!("item-{id}")) .withdrawn[withdrawn] {
            @if page.is_new(id) { p.saved role="status" { (page.saved_here(speech)) } }
            @if withdrawn {
                p.aside { (speech.say("withdrawn-item")) }
                (values(speech, fields, path, item))
            } @else { (item_rest(speech, page, fields, path, item, within)) }
            (item_verbs(speech, page, field, withdrawn, within))
        }
    }
}

/// Where an item stands: the record's address, and the item's pointer without the first slash.
pub(super) struct Within<'a> {
    pub(super) here: &'a str,
    pub(super) pointer: &'a str,
}

fn values(speech: Speech<'_>, fields: &'static [Field], path: &[&str], item: &Map<String, Value>) -> Markup {
    let known = |field: &&Field| field.shape.item_fields().is_none() && is_filled(item, field);
    html! { dl.inline { @for field in fields.iter().filter(known) { (line(speech, field, path, &item[field.name])) } } }
}

/// All that an item says, with its lists and the ways to add to them.
pub(super) fn item_rest(
    speech: Speech<'_>,
    page: &Page,
    fields: &'static [Field],
    path: &[&str],
    item: &Map<String, Value>,
    &Within { here, pointer }: &Within<'_>,
) -> Markup {
    let own_lines = |field: &Field| timeline::has_own_lines(path, field);
    html! {
        (values(speech, fields, path, item))
        @for nested in fields.iter().filter(|field| is_list(field) && !own_lines(field)) {
            (list(speech, page, nested, path, item, (here, &format!("{pointer}/{}", nested.name))))
        }
        @let open = fields.iter().filter(|field| own_lines(field) || !is_filled(item, field));
        (to_add(speech, page, open, path, (here, &format!("{pointer}/"))))
    }
}

/// What may be done with an item.
pub(super) fn item_verbs(
    speech: Speech<'_>,
    page: &Page,
    field: &Field,
    withdrawn: bool,
    &Within { here, pointer }: &Within<'_>,
) -> Markup {
    let verb = |verb: &str, id: &str| {
        html! {
            form method="post" action=(format!("{here}/{verb}/{pointer}")) {
                input type="hidden" name="csrf" value=(page.csrf);
                button.plain { (speech.say(id)) }
            }
        }
    };
    html! {
        @if page.may_write {
            div.verbs {
                @if withdrawn { (verb("restore", "restore")) }
                @else if matches!(field.shape, Shape::Ledger(_)) { (verb("withdraw", "withdraw")) }
                @else {
                    a href=(format!("{here}/edit/{pointer}")) { (speech.say("edit")) }
                    (verb("withdraw", "withdraw"))
                }
            }
        }
    }
}

fn last_change(speech: Speech<'_>, page: &Page) -> Markup {
    html! { p.aside { (speech.say_of("last-change", &[("stamp", &super::stamped(speech, &page.offices, &page.record.updated))])) } }
}
