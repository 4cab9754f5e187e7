//! What only a consultation's page has: its place in the tree, who took part, and the report in its four parts.

use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::record::{Kind, common::Relation, consultation::REPORT, schema::Field};

use super::{
    Page,
    show::{flag_text, line},
};
use crate::{
    pages::{
        form::inputs::id_of,
        sections::Section,
        speech::Speech,
        tree::{address_under, branches, lacking, path},
    },
    words,
};

/// Where a consultation's kind stands in paths of labels.
const PATH: [&str; 1] = ["consultation"];

/// What it stands under, what stands under it, and the ways to add to that.
pub(super) fn place(speech: Speech<'_>, page: &Page, here: &str) -> Markup {
    let Some(tree) = &page.tree else { return html! {} };
    let alone = tree.path.len() < 2 && tree.branches.is_empty();
    html! {
        section id="tree" {
            h2 { (speech.say("tree-place")) }
            @if alone { p { (speech.say("tree-alone")) } }
            @if let Some(own) = tree.path.last() {
                @if tree.path.len() > 1 || !own.also.is_empty() {
                    (path(speech, &tree.path))
                } @else {
                    @let lacking = lacking(speech, own);
                    @if !lacking.0.is_empty() { p { (lacking) } }
                }
            }
            @if !tree.branches.is_empty() {
                h3 { (speech.say("tree-under")) " (" (words::number(speech.lang, tree.total)) ")" }
                (branches(speech, tree.branches.iter().map(|(_, branch)| branch)))
                p { a href=(address_under(page.record.id)) { (speech.say("tree-open")) } }
            }
            @if page.may_write {
                p.add {
                    (speech.say("add-any")) " "
                    @for (at, relation) in [Relation::PartOf, Relation::Feeds, Relation::Restitutes, Relation::Series].into_iter().enumerate() {
                        @if at > 0 { " · " }
                        a href=(format!("{here}/new/{}", relation.key())) { (speech.say(&format!("tree-add-{}", relation.key()))) }
                    }
                }
                p.add { a href=(format!("{here}/tie")) { (speech.say("tree-tie")) } }
            }
        }
    }
}

/// A section that a consultation's page shows in its own way.
pub(super) fn section(speech: Speech<'_>, page: &Page, section: &Section, here: &str) -> Option<Markup> {
    match (page.record.kind, section.id) {
        (Kind::Consultation, "participants") => Some(participants(speech, page, section, here)),
        (Kind::Consultation, "report") => Some(report(speech, page, section, here)),
        _ => None,
    }
}

/// How many took part, how many of them were women and young, and who was there.
fn participants(speech: Speech<'_>, page: &Page, section: &Section, here: &str) -> Markup {
    let fields = &page.record.fields;
    let said: Vec<&&'static Field> = section.fields.iter().filter(|field| fields.contains_key(field.name)).collect();
    html! {
        section {
            h2 { (speech.say("section-participants")) }
            @if said.is_empty() {
                p.aside { (speech.say("participants-unsaid")) (write(speech, page, here, ("participants", "participants"), "participants-write")) }
            } @else {
                dl.compact {
                    @for field in said {
                        @match (field.name, count(fields, field.name)) {
                            ("participants_women" | "participants_youth", Some(some)) => {
                                dt { (speech.label(&[PATH[0], field.name])) }
                                dd { (part_of_all(speech, page, field.name, some)) }
                            },
                            _ => (line(speech, field, &PATH, &fields[field.name])),
                        }
                    }
                }
            }
        }
    }
}

fn count(fields: &Map<String, Value>, name: &str) -> Option<u64> {
    fields.get(name).and_then(Value::as_u64)
}

/// How many of those who took part; as a share too, where they can be a part of all.
fn part_of_all(speech: Speech<'_>, page: &Page, field: &str, some: u64) -> Markup {
    let share = match count(&page.record.fields, "participants") {
        Some(all) if some <= all => speech.share(some, all),
        _ => None,
    };
    let flag = page.record.flags.iter().find(|flag| flag.pointer.strip_prefix('/') == Some(field));
    html! {
        (words::number(speech.lang, some))
        @if let Some(share) = share { " (" (share) ")" }
        @if let Some(flag) = flag { " " span.mark { (flag_text(speech, &flag.code)) } }
    }
}

/// All four parts in their order, written or not, then what came out of it.
fn report(speech: Speech<'_>, page: &Page, section: &Section, here: &str) -> Markup {
    let fields = &page.record.fields;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let rest = section.fields.iter().filter(|field| !REPORT.contains(&field.name) && text(field.name).is_some());
    html! {
        section id="report" {
            h2 { (speech.say("section-report")) }
            @for (at, name) in REPORT.into_iter().enumerate() {
                h3 { (at + 1) ". " (speech.label(&[PATH[0], name])) }
                @match text(name) {
                    Some(text) => div.prose { (text) },
                    None => p.aside { (speech.say("report-part-empty")) (write(speech, page, here, ("report", name), "report-part-write")) },
                }
            }
            @for field in rest {
                h3 { (speech.label(&[PATH[0], field.name])) }
                div.prose { (text(field.name).unwrap_or_default()) }
            }
        }
    }
}

/// The way to the form, where a field stands unfolded, for those who may write.
fn write(speech: Speech<'_>, page: &Page, here: &str, (section, field): (&str, &str), id: &str) -> Markup {
    html! {
        @if page.may_write {
            " " a.add href=(format!("{here}/edit?unfold={section}#{}", id_of(field))) { (speech.say(id)) }
        }
    }
}
