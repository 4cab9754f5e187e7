//! At the head of a conflict's page: where it stands, who is party to it and what it is about, in a few lines; and the
//! records that are the same conflict.

use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::{
    ids::RecordId,
    record::{Kind, conflict::PartyRole},
};

use super::{Page, address};
use crate::{
    pages::{conflict_map::phase_name, speech::Speech},
    views::{Group, ListedRecord},
};

/// Fields that the head says whole.
const SAID: [&str; 4] = ["phase", "regions", "place", "stakes"];

/// Whether the head of a kind's page says a field.
pub(super) fn says(kind: Kind, field: &str) -> bool {
    kind == Kind::Conflict && SAID.contains(&field)
}

/// The head of a conflict's page.
pub(super) fn head(speech: Speech<'_>, page: &Page) -> Markup {
    let record = &page.record;
    let said = |name: &str, value: &Value| -> Option<String> {
        let field = record.kind.schema().fields().find(|field| field.name == name)?;
        let said = speech.value(field, &["conflict", name], value);
        (!said.is_empty()).then_some(said)
    };
    let of = |name: &str| record.fields.get(name).and_then(|value| said(name, value));
    let whole_country = || speech.say("whole-country");
    html! {
        dl.compact {
            dt { (speech.label(&["conflict", "phase"])) } dd { (of("phase").unwrap_or_else(|| speech.say("unstated"))) }
            dt { (speech.label(&["conflict", "regions"])) } dd { (of("regions").unwrap_or_else(whole_country)) }
            @for name in ["place", "stakes"] {
                @if let Some(said) = of(name) { dt { (speech.label(&["conflict", name])) } dd { (said) } }
            }
            @for role in PartyRole::KEYS.iter().map(|key| Some(*key)).chain([None]) {
                @let parties = parties(&record.fields, role);
                @if !parties.is_empty() {
                    dt { (speech.say(&format!("parties-{}", role.unwrap_or("unstated")))) }
                    dd {
                        @for (at, (id, party)) in parties.iter().enumerate() {
                            @if at > 0 { " · " }
                            a href=(format!("#item-{id}")) { (party_name(speech, party)) }
                        }
                    }
                }
            }
        }
    }
}

/// The parties of one role that stand; of none, or one that only a newer version knows.
fn parties<'f>(fields: &'f Map<String, Value>, role: Option<&str>) -> Vec<(&'f String, &'f Value)> {
    let all = fields.get("parties").and_then(Value::as_object).into_iter().flatten();
    let stands = |party: &Value| party.get("withdrawn") != Some(&Value::Bool(true));
    let known = |party: &Value| {
        let of = party.get("role").and_then(Value::as_str);
        of.filter(|of| PartyRole::KEYS.contains(of)).map(str::to_owned)
    };
    all.filter(|(_, party)| stands(party) && known(party).as_deref() == role).collect()
}

fn party_name(speech: Speech<'_>, party: &Value) -> String {
    let name = party.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    name.map_or_else(|| speech.say("untitled"), str::to_owned)
}

/// The other records of the same conflict, each with what ties it to this one.
pub(super) fn same_conflict(speech: Speech<'_>, page: &Page) -> Markup {
    let (group, own) = (&page.group, page.record.id);
    let others: Vec<&ListedRecord> = group.records.iter().filter(|record| record.id != own).collect();
    let Some(speaker) = group.records.first().filter(|_| !others.is_empty()) else { return html! {} };
    html! {
        section.same id="same-conflict" {
            h2 { (speech.say("same-conflict")) }
            p {
                (speech.count("same-conflict-explained", group.records.len() as u64)) " "
                @if speaker.id == own { (speech.say("same-conflict-speaks-here")) }
            }
            ul.ties {
                @for other in others {
                    li {
                        a href=(address(other.kind, other.id)) {
                            @if other.title.is_empty() { (speech.say("untitled")) } @else { (other.title) }
                        }
                        span.aside {
                            " · " (phase_name(speech, other.status.as_deref()))
                            " · " (speech.regions(other.regions.iter().map(String::as_str)))
                            @if other.id == speaker.id { " · " (speech.say("same-conflict-speaks")) }
                        }
                        (untie(speech, page, group, other.id))
                    }
                }
            }
        }
    }
}

/// The ties between this record and another, from either end, each with the way to take it back. A record that is tied
/// through a third has none.
fn untie(speech: Speech<'_>, page: &Page, group: &Group, other: RecordId) -> Markup {
    let own = page.record.id;
    let direct = group.ties.iter().filter(|tie| [(own, other), (other, own)].contains(&(tie.holder, tie.other)));
    html! {
        @for tie in direct {
            @if tie.holder == own {
                @if let Some(note) = page.record.fields["links"][tie.item.as_str()]["note"].as_str() { " – " (note) }
            }
            @if page.may_write {
                form.verbs method="post" action=(format!("{}/withdraw/links/{}", address(page.record.kind, tie.holder), tie.item)) {
                    input type="hidden" name="csrf" value=(page.csrf);
                    button.plain { (speech.say("untie")) }
                }
            }
        }
    }
}
