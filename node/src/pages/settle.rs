//! Two offices entered different values without having seen each other's: both side by side, and a person's choice.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::{ConcurrentField, Intent, Office, RecordView},
    ids::{EntryHash, RecordId},
    record::{Choice, Kind},
};

use super::{
    Pages, Shared,
    drafts::{self, Desk},
    edit::{Failed, see_other, submit, version_of, version_text},
    error::PageError,
    form::{self, Given, inputs::Inputs},
    layout,
    record::{address, crumbs, field_of, kind_of, label_of, plural, stamped, title, value},
    speech::Speech,
    visitor::{Posted, Visitor},
};

/// All that the page shows.
struct Page {
    kind: Kind,
    record: RecordView,
    field: ConcurrentField,
    offices: Vec<Office>,
    given: Given,
    desk: Desk,
    /// The message that says why it is not settled yet.
    refused: Option<&'static str>,
}

/// What the address says beside the field.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The number of the draft that the form is filled with.
    draft: Option<u64>,
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id, pointer)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let page = match found(&pages, &kinds, &id, &pointer).await? {
        Ok(page) => page,
        Err(settled) => {
            // There is nothing left that a draft could settle.
            if let Some(number) = asked.draft {
                drafts::void(&pages, &visitor, &format!("{settled}/settle/{pointer}"), number).await;
            }
            return Ok(see_other(&settled));
        }
    };
    if !visitor.may_write() {
        return Ok(page.page(&pages, &visitor).into_response());
    }
    let (desk, draft) = Desk::open(&pages, &visitor, &page.form(), asked.draft).await?;
    let page = Page { desk, given: draft.unwrap_or_default(), ..page };
    Ok(page.page(&pages, &visitor).into_response())
}

/// The divergent field; the record's address if somebody has settled it meanwhile.
async fn found(pages: &Pages, kinds: &str, id: &str, pointer: &str) -> Result<Result<Page, String>, PageError> {
    let kind = kind_of(kinds)?;
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let asked = move |engine: &mut toguna_protocol::engine::Engine<_>| (engine.record(id), engine.offices());
    let (record, offices) = pages.app.ask(asked).await?;
    let record: RecordView = record?;
    if record.kind != kind {
        return Err(PageError::NotFound);
    }
    let pointer = format!("/{pointer}");
    let Some(field) = record.concurrent.iter().find(|field| field.field == pointer).cloned() else {
        return Ok(Err(address(kind, id)));
    };
    Ok(Ok(Page { kind, record, field, offices, given: Given::default(), desk: Desk::default(), refused: None }))
}

/// Settles by one of the values, or by a third.
pub(super) async fn save(
    State(pages): State<Shared>,
    Path((kinds, id, pointer)): Path<(String, String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let page = match found(&pages, &kinds, &id, &pointer).await? {
        Ok(page) => Page { given, ..page },
        Err(settled) => return Ok(see_other(&settled)),
    };
    let seen = version_of(&page.given)?;
    let reason = page.given.text("reason").map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    let refused = match choice(&pages, &page).await? {
        None => "settle-choose",
        Some(choice) => {
            let intent = Intent::Settle(page.record.id, seen, page.field.field.clone(), choice);
            match submit(&pages, &visitor, intent, reason).await? {
                Ok(_) => {
                    drafts::saved(&pages, &visitor, &page.form(), &page.given).await;
                    return Ok(see_other(&format!("{}?saved=1", address(page.kind, page.record.id))));
                }
                Err(Failed::Changed(_)) => "settle-changed",
                Err(Failed::NotSaved) => "not-saved-store",
                Err(_) => "settle-refused",
            }
        }
    };
    let desk = Desk::failed(&pages, &visitor, &page.form(), &page.given).await?;
    Ok(Page { refused: Some(refused), desk, ..page }.page(&pages, &visitor).into_response())
}

/// What was chosen: the value of an entry, or a third one that was typed. `None` where that is not clear.
async fn choice(pages: &Pages, page: &Page) -> Result<Option<Choice>, PageError> {
    let Some(chosen) = page.given.text("choice") else { return Ok(None) };
    if chosen == "third" {
        let schema: Vec<_> = page.kind.schema().fields().collect();
        let typed = form::patch(&schema, &page.given, &Map::new(), pages.app.pack());
        let value = typed.ok().and_then(|typed| Value::Object(typed).pointer(&page.field.field).cloned());
        return Ok(value.filter(|value| !value.is_null()).map(Choice::Value));
    }
    let entry = chosen.parse::<EntryHash>().ok();
    let is_of = |entry: &EntryHash| {
        page.field.values.iter().any(|value| value.stamp.as_ref().is_some_and(|stamp| stamp.entry == *entry))
    };
    let Some(entry) = entry.filter(is_of) else { return Ok(None) };
    // The version right after an entry has that entry's change as its only head.
    let then = pages.app.record_at(page.record.id, entry).await?;
    Ok(then.heads.first().copied().map(Choice::Existing))
}

impl Page {
    /// The address at which the form stands and is sent to.
    fn form(&self) -> String {
        format!("{}/settle{}", address(self.kind, self.record.id), self.field.field)
    }

    fn page(&self, pages: &Pages, visitor: &Visitor) -> Markup {
        let speech = visitor.speech(pages);
        let (kind, id) = (self.kind, self.record.id);
        let name = title(speech, &self.record.fields);
        let body = html! {
            (crumbs(speech, kind, Some((id, &name))))
            h1 { (speech.say("divergent")) " : " (label_of(speech, kind, &self.field.field)) }
            p { (speech.say("divergent-explained")) }
            @if let Some(refused) = self.refused { div.refused role="alert" { p { (speech.say(refused)) } } }
            (self.desk.above(speech, &visitor.csrf()))
            form.record method="post" action=(self.form()) data-draft=[self.desk.address()] {
                input type="hidden" name="csrf" value=(visitor.csrf());
                (self.desk.input())
                input type="hidden" name="base" value=(version_text(&self.record.heads));
                (self.values(speech))
                @if visitor.may_write() {
                    (self.third(speech))
                    div.field {
                        label for="reason" { (speech.say("because-label")) }
                        input id="reason" name="reason" maxlength="500" value=(self.given.text("reason").unwrap_or_default());
                    }
                    p.verbs {
                        button.button { (speech.say("settle")) } " "
                        a href=(address(kind, id)) { (speech.say("cancel")) }
                        (self.desk.line(speech))
                    }
                }
            }
        };
        layout::page(speech, Some(visitor), &format!("/{}", plural(kind)), &speech.say("divergent"), &body)
    }

    fn values(&self, speech: Speech<'_>) -> Markup {
        html! {
            fieldset.values {
                legend { (speech.say("values-entered")) }
                @for seen in &self.field.values {
                    @if let Some(stamp) = &seen.stamp {
                        @let entry = stamp.entry.to_string();
                        label.value {
                            input type="radio" name="choice" value=(entry) checked[self.given.text("choice") == Some(&entry)];
                            " " (value(speech, self.kind, &self.field.field, &seen.value))
                            span.aside {
                                " " (stamped(speech, &self.offices, stamp))
                                @if seen.shown { " · " (speech.say("shown-meanwhile")) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// An input for another value than those that were entered, where the field has one.
    fn third(&self, speech: Speech<'_>) -> Markup {
        let Some((field, path)) = field_of(self.kind, &self.field.field) else { return html! {} };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let before = self.field.field.trim_start_matches('/').trim_end_matches(field.name).trim_end_matches('/');
        let inputs = Inputs { speech, given: &self.given, faults: &[] };
        html! {
            fieldset.third {
                legend {
                    label {
                        input type="radio" name="choice" value="third" checked[self.given.text("choice") == Some("third")];
                        " " (speech.say("third-value"))
                    }
                }
                (inputs.field(field, &path[..path.len() - 1], before))
            }
        }
    }
}
