//! Ties between records: this one is part of that one, restitutes it, is the same conflict. A tie is an item of the
//! record it was made on, and can be taken back like any other.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toguna_protocol::{
    engine::{Intent, RecordView},
    ids::RecordId,
    record::{Kind, common::Relation},
};

use super::{
    Pages, Shared,
    edit::{Failed, see_other, submit},
    error::PageError,
    layout,
    record::{address, crumbs, kind_of, plural, title},
    speech::Speech,
    visitor::{Posted, Visitor},
};
use crate::views::{Filter, Group, ListedRecord};

/// Records that are offered for a tie.
const OFFERED: usize = 20;

/// What is looked for.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    text: Option<String>,
}

/// All that the page shows.
struct Tie {
    record: RecordView,
    text: String,
    offered: Vec<ListedRecord>,
    /// The message that says why nothing is tied yet.
    refused: Option<&'static str>,
}

/// Looks for the other record.
pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    if !visitor.may_write() {
        return Err(PageError::ReadOnly);
    }
    let tie = found(&pages, &kinds, &id, asked.text.unwrap_or_default()).await?;
    Ok(page(&pages, &visitor, &tie))
}

async fn found(pages: &Pages, kinds: &str, id: &str, text: String) -> Result<Tie, PageError> {
    let kind = kind_of(kinds)?;
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let record = pages.app.record(id).await?;
    if record.kind != kind {
        return Err(PageError::NotFound);
    }
    let filter = Filter { text: Some(text.clone()).filter(|text| !text.trim().is_empty()), ..Filter::default() };
    let page = pages.read(move |views| views.list(&filter, None, OFFERED)).await?;
    let offered = page.records.into_iter().filter(|other| other.id != id).collect();
    Ok(Tie { record, text, offered, refused: None })
}

/// Ties this record to another.
pub(super) async fn save(
    State(pages): State<Shared>,
    Path((kinds, id)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let text = given.text("text").unwrap_or_default().to_owned();
    let tie = found(&pages, &kinds, &id, text).await?;
    let other = given.text("record").and_then(|id| id.parse::<RecordId>().ok());
    let relation = given.text("relation").filter(|key| Relation::KEYS.contains(key)).map(str::to_owned);
    let other = match other {
        Some(other) => Some(pages.app.record(other).await?),
        None => None,
    };
    let refused = match (other, relation) {
        (Some(other), _) if other.id == tie.record.id => "tie-refused",
        (Some(other), Some(relation)) if !may_be(&relation, tie.record.kind, other.kind) => "tie-only-conflicts",
        (Some(other), Some(relation)) => {
            let other = other.id;
            let link = json!({"record": other, "relation": relation, "note": given.text("note").filter(|n| !n.trim().is_empty())});
            let patch = json!({"links": {"new": link}});
            match submit(&pages, &visitor, Intent::Patch(tie.record.id, tie.record.heads.clone(), patch), None).await? {
                Ok(_) => return Ok(see_other(&format!("{}?saved=1", address(tie.record.kind, tie.record.id)))),
                Err(Failed::NotSaved) => "not-saved-store",
                Err(_) => "tie-refused",
            }
        }
        _ => "tie-choose",
    };
    Ok(page(&pages, &visitor, &Tie { refused: Some(refused), ..tie }).into_response())
}

fn page(pages: &Pages, visitor: &Visitor, tie: &Tie) -> Markup {
    let speech = visitor.speech(pages);
    let (kind, id) = (tie.record.kind, tie.record.id);
    let heading = speech.say("tie");
    let body = html! {
        (crumbs(speech, kind, Some((id, &title(speech, &tie.record.fields)))))
        h1 { (heading) }
        @if let Some(refused) = tie.refused { div.refused role="alert" { p { (speech.say(refused)) } } }
        form.filters method="get" role="search" {
            label { (speech.say("search-words")) " " input type="search" name="text" value=(tie.text) maxlength="200"; }
            button { (speech.say("show-list")) }
        }
        form.record method="post" {
            input type="hidden" name="csrf" value=(visitor.csrf());
            input type="hidden" name="text" value=(tie.text);
            fieldset {
                legend { (speech.label(&["links", "record"])) }
                @if tie.offered.is_empty() { p { (speech.say("tie-none")) } }
                @for other in &tie.offered {
                    label.value {
                        input type="radio" name="record" value=(other.id);
                        " " (other.title) span.aside { " · " (speech.say(&format!("kind-{}", other.kind.key()))) " · " (speech.regions(other.regions.iter().map(String::as_str))) }
                    }
                }
            }
            div.field {
                label for="relation" { (speech.label(&["links", "relation"])) }
                select id="relation" name="relation" required {
                    option value="" { "—" }
                    @for key in Relation::KEYS.iter().filter(|key| may_be(key, kind, kind)) { option value=(key) { (speech.choice(&["links", "relation"], key)) } }
                }
            }
            div.field { label for="note" { (speech.label(&["links", "note"])) } input id="note" name="note" maxlength="300"; }
            p.verbs { button.button { (speech.say("tie-verb")) } " " a href=(address(kind, id)) { (speech.say("cancel")) } }
        }
    };
    layout::page(speech, Some(visitor), &format!("/{}", plural(kind)), &heading, &body)
}

/// Whether records of these kinds may be tied so: what is the same conflict is a conflict.
fn may_be(relation: &str, one: Kind, other: Kind) -> bool {
    relation != Relation::SameConflict.key() || (one, other) == (Kind::Conflict, Kind::Conflict)
}

/// The other records that a record's ties name, as far as they are here: kind and title.
pub(super) type Named = BTreeMap<RecordId, (Kind, String)>;

/// The records that a record is tied to.
pub(super) fn others(fields: &Map<String, Value>) -> Vec<RecordId> {
    let ties = fields.get("links").and_then(Value::as_object).into_iter().flat_map(Map::values);
    ties.filter_map(|tie| tie.get("record")?.as_str()?.parse().ok()).collect()
}

/// On a record's page: what it is tied to, and how. The records of the same conflict stand further up.
pub(super) fn ties(
    speech: Speech<'_>,
    record: &RecordView,
    named: &Named,
    group: &Group,
    csrf: Option<&str>,
) -> Markup {
    let empty = Map::new();
    let ties = record.fields.get("links").and_then(Value::as_object).unwrap_or(&empty);
    let shown_above = |item: &str| group.ties.iter().any(|tie| tie.holder == record.id && tie.item.as_str() == item);
    let stands = |item: &str, tie: &Value| tie.get("withdrawn") != Some(&Value::Bool(true)) && !shown_above(item);
    let here = address(record.kind, record.id);
    html! {
        section {
            h2 { (speech.label(&["links"])) }
            ul.ties {
                @for (item, tie) in ties.iter().filter(|(item, tie)| stands(item, tie)) {
                    @let other = tie.get("record").and_then(Value::as_str).and_then(|id| id.parse::<RecordId>().ok());
                    li {
                        (tie.get("relation").and_then(Value::as_str).map(|key| speech.choice(&["links", "relation"], key)).unwrap_or_default()) " "
                        @match other.and_then(|id| Some((id, named.get(&id)?))) {
                            Some((id, (kind, title))) => a href=(address(*kind, id)) { (title) },
                            None => span.aside { (speech.say("tie-not-here")) },
                        }
                        @if let Some(note) = tie.get("note").and_then(Value::as_str) { " – " (note) }
                        @if let Some(csrf) = csrf {
                            form.verbs method="post" action=(format!("{here}/withdraw/links/{item}")) {
                                input type="hidden" name="csrf" value=(csrf);
                                button.plain { (speech.say("untie")) }
                            }
                        }
                    }
                }
            }
            @if csrf.is_some() { p { a.add href=(format!("{here}/tie")) { (speech.say("tie")) } } }
        }
    }
}
