//! Forms: a new record, a record's own fields, one item of a list; and taking an item back.
//!
//! A form names the version that it was made from. What was typed is compared with that version, so that only what the
//! person changed is written; where somebody else changed the same meanwhile, the form comes back with both.

mod begin;
mod show;
mod under;

use automerge::ChangeHash;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::BASE32_NOPAD;
use maud::Markup;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toguna_protocol::{
    engine::{Command, CommandError, Intent, RecordView, Saved},
    ids::{ItemId, RecordId},
    record::{Changed, Kind, RecordError},
};

use self::under::Under;
pub(super) use self::{
    show::{Sheet, problem},
    under::relation_of,
};
use super::{
    Pages, Shared,
    drafts::{self, Desk},
    error::PageError,
    form::{self, Fault, Given},
    part::Part,
    place_map,
    record::{address, kind_of},
    visitor::{Posted, Visitor},
};
use crate::app::SubmitError;

/// Heads of a document that a form may name: every office may have written once without the others.
const MAX_HEADS: usize = 4_096;

/// A version of a record, as it stands in a form.
pub(super) fn version_text(heads: &[ChangeHash]) -> String {
    let bytes: Vec<u8> = heads.iter().flat_map(|head| head.0).collect();
    BASE32_NOPAD.encode(&bytes).to_lowercase()
}

/// The version that a form was made from.
pub(super) fn version_of(given: &Given) -> Result<Vec<ChangeHash>, PageError> {
    let text = given.text("base").unwrap_or_default();
    let bytes = BASE32_NOPAD.decode(text.to_uppercase().as_bytes()).map_err(|_| PageError::Form)?;
    let (heads, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || heads.is_empty() || heads.len() > MAX_HEADS {
        return Err(PageError::Form);
    }
    Ok(heads.iter().map(|head| ChangeHash(*head)).collect())
}

/// What the address of a form says beside the record.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The one before was saved; this is the next.
    saved: Option<String>,
    /// The number of the draft that it is filled with.
    draft: Option<u64>,
    /// The section that stands unfolded.
    unfold: Option<String>,
    /// Where a new project comes from.
    origin: Option<String>,
}

fn may_write(visitor: &Visitor) -> Result<(), PageError> {
    if visitor.may_write() { Ok(()) } else { Err(PageError::ReadOnly) }
}

/// An empty form for a new record.
pub(super) async fn new(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(kinds): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    may_write(&visitor)?;
    let kind = kind_of(&kinds)?;
    let sheet = Sheet::new(Part::whole(kind), kind).following(asked.saved.is_some());
    let begun = begin::begin(Given::default(), kind, asked.origin.as_deref().unwrap_or_default());
    let sheet = sheet.holding(begun);
    opened(&pages, &visitor, sheet, &asked).await
}

/// An empty form for a new consultation that is to stand under another.
pub(super) async fn new_under(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((id, relation)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    may_write(&visitor)?;
    let (kind, under) = (Kind::Consultation, Under::of(&pages, &id, &relation).await?);
    let sheet = Sheet::new(Part::whole(kind), kind).standing(under).following(asked.saved.is_some());
    opened(&pages, &visitor, sheet, &asked).await
}

/// Makes a record of what was typed.
pub(super) async fn create(
    State(pages): State<Shared>,
    Path(kinds): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    create_one(&pages, kind_of(&kinds)?, None, posted).await
}

/// Makes a consultation that stands under another.
pub(super) async fn create_under(
    State(pages): State<Shared>,
    Path((id, relation)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let under = Under::of(&pages, &id, &relation).await?;
    create_one(&pages, Kind::Consultation, Some(under), posted).await
}

async fn create_one(pages: &Pages, kind: Kind, under: Option<Under>, posted: Posted) -> Result<Response, PageError> {
    let part = Part::whole(kind);
    let Posted { visitor, mut given } = posted;
    let links = under.as_ref().map(Under::links);
    let sheet = match under {
        Some(under) => Sheet::new(part.clone(), kind).standing(under),
        None => Sheet::new(part.clone(), kind),
    };
    if place_map::is_asked(&given) {
        return place_map::answer(pages, &visitor, sheet, given).await;
    }
    begin::sections_looked_at(&mut given, pages.app.pack());
    let next = given.names("next");
    let form = sheet.form();
    let failed = match form::patch(&part.fields, &given, &Map::new(), pages.app.pack()) {
        Err(faults) => Failed::Typed(faults),
        Ok(mut fields) => {
            fields.extend(links.map(|links| ("links".to_owned(), links)));
            let intent = drafts::once(&visitor, &form, &given, Intent::Create(kind, Value::Object(fields)));
            match submit(pages, &visitor, intent, None).await? {
                Ok(saved) => {
                    return Ok(see_other(&match next {
                        true => format!("{form}?saved={}{}", saved.record, begin::asked_again(&given)),
                        false => format!("{}?saved=1", address(kind, saved.record)),
                    }));
                }
                Err(failed) => failed,
            }
        }
    };
    let desk = Desk::failed(pages, &visitor, &form, &given).await?;
    Ok(sheet.holding(given).after(failed).at(desk).page(pages, &visitor).into_response())
}

/// The form of a record's own fields.
pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    form_of(&pages, &visitor, &kinds, &id, None, &asked).await
}

/// The form of an item.
pub(super) async fn show_part(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id, part)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    form_of(&pages, &visitor, &kinds, &id, Some(&part), &asked).await
}

async fn form_of(
    pages: &Pages,
    visitor: &Visitor,
    kinds: &str,
    id: &str,
    part: Option<&str>,
    asked: &Asked,
) -> Result<Markup, PageError> {
    may_write(visitor)?;
    let (part, record) = found(pages, kinds, id, part).await?;
    let sheet = Sheet::of(part, &record, pages.app.pack()).following(asked.saved.is_some());
    opened(pages, visitor, sheet, asked).await
}

/// A form that somebody opens, filled with a draft where one is named.
async fn opened(pages: &Pages, visitor: &Visitor, sheet: Sheet, asked: &Asked) -> Result<Markup, PageError> {
    let (desk, draft) = Desk::open(pages, visitor, &sheet.form(), asked.draft).await?;
    let sheet = match draft {
        Some(draft) => sheet.resuming(draft)?,
        None => sheet,
    };
    Ok(sheet.unfolding(asked.unfold.clone()).at(desk).page(pages, visitor))
}

/// The record, and the part of it that an address names.
async fn found(pages: &Pages, kinds: &str, id: &str, part: Option<&str>) -> Result<(Part, RecordView), PageError> {
    let kind = kind_of(kinds)?;
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let record = pages.app.record(id).await?;
    let part = match part {
        None => Some(Part::whole(kind)),
        Some(address) => Part::of(kind, address).filter(|part| !part.in_ledger || part.is_new),
    };
    let part = part.filter(|part| record.kind == kind && (part.is_new || values_at(&record, part).is_some()));
    Ok((part.ok_or(PageError::NotFound)?, record))
}

/// What a record holds at a part of it.
fn values_at<'r>(record: &'r RecordView, part: &Part) -> Option<&'r Map<String, Value>> {
    let segments = part.name.split('/').filter(|segment| !segment.is_empty());
    segments.into_iter().try_fold(&record.fields, |values, segment| values.get(segment)?.as_object())
}

/// Saves a record's own fields.
pub(super) async fn save(
    State(pages): State<Shared>,
    Path((kinds, id)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    save_at(&pages, (&kinds, &id, None), posted).await
}

/// Saves an item.
pub(super) async fn save_part(
    State(pages): State<Shared>,
    Path((kinds, id, part)): Path<(String, String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    save_at(&pages, (&kinds, &id, Some(&part)), posted).await
}

async fn save_at(
    pages: &Pages,
    (kinds, id, part_address): (&str, &str, Option<&str>),
    posted: Posted,
) -> Result<Response, PageError> {
    let (part, now) = found(pages, kinds, id, part_address).await?;
    let Posted { visitor, given } = posted;
    if place_map::is_asked(&given) {
        return place_map::answer(pages, &visitor, Sheet::of(part, &now, pages.app.pack()), given).await;
    }
    let base = version_of(&given)?;
    let (id, kind) = (now.id, now.kind);
    let seen = base.clone();
    let read = pages.app.ask(move |engine| engine.record_seen(id, seen)).await??;
    let schema: Vec<_> = kind.schema().fields().collect();
    let back = address(kind, id);
    let (is_new, name) = (part.is_new, part.name.clone());
    let sheet = Sheet::of(part, &read, pages.app.pack());
    let form = sheet.form();
    let failed = match form::patch(&schema, &given, &read.fields, pages.app.pack()) {
        Err(faults) => Failed::Typed(faults),
        Ok(patch) if patch.is_empty() && !is_new => {
            drafts::saved(pages, &visitor, &form, &given).await;
            return Ok(see_other(&back));
        }
        Ok(patch) if patch.is_empty() => Failed::Empty,
        Ok(patch) => {
            let reason = given.text("reason").map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
            let intent = drafts::once(&visitor, &form, &given, Intent::Patch(id, base, Value::Object(patch)));
            match submit(pages, &visitor, intent, reason).await? {
                Ok(saved) => {
                    // All of it was so already: there was nothing for the draft to go with.
                    if saved.entry.is_none() {
                        drafts::saved(pages, &visitor, &form, &given).await;
                    }
                    return Ok(match given.names("next") {
                        true => see_other(&format!("{form}?saved=1")),
                        false => back_to(&back, &name, Some(&saved)),
                    });
                }
                Err(failed) => failed,
            }
        }
    };
    let desk = Desk::failed(pages, &visitor, &form, &given).await?;
    let sheet = sheet.holding(given);
    // Whoever sees both values and saves again means it: the form then goes on from what stands there now.
    let sheet = match failed {
        Failed::Changed(_) => sheet.made_from(&schema, &read, &now, pages.app.pack()),
        _ => sheet,
    };
    Ok(sheet.after(failed).at(desk).page(pages, &visitor).into_response())
}

/// Takes an item back, or a line of a ledger by a line that reverses it.
pub(super) async fn withdraw(
    State(pages): State<Shared>,
    Path((kinds, id, part)): Path<(String, String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    change_item(&pages, (&kinds, &id, &part), posted, |part, item| {
        let (list, key) = part.name.rsplit_once('/').unwrap_or_default();
        if !part.in_ledger {
            return nested(&part.name, Value::Null);
        }
        let mut reversal = item.clone();
        reversal.insert("reverses".to_owned(), json!(key));
        nested(&format!("{list}/new"), Value::Object(reversal))
    })
    .await
}

/// Takes a withdrawal back.
pub(super) async fn restore(
    State(pages): State<Shared>,
    Path((kinds, id, part)): Path<(String, String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    change_item(&pages, (&kinds, &id, &part), posted, |part, _| nested(&part.name, json!({"withdrawn": false}))).await
}

async fn change_item(
    pages: &Pages,
    (kinds, id, address_of): (&str, &str, &str),
    posted: Posted,
    change: impl FnOnce(&Part, &Map<String, Value>) -> Value,
) -> Result<Response, PageError> {
    let kind = kind_of(kinds)?;
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let record = pages.app.record(id).await?;
    let part = Part::of(kind, address_of).filter(|part| record.kind == kind && !part.is_new);
    let part = part.ok_or(PageError::NotFound)?;
    let item = values_at(&record, &part).ok_or(PageError::NotFound)?;
    if part.in_ledger && is_reversed(&record, &part) {
        return Ok(see_other(&address(kind, id)));
    }
    let patch = change(&part, item);
    let intent = Intent::Patch(id, record.heads.clone(), patch);
    let back = address(kind, id);
    match submit(pages, &posted.visitor, intent, None).await? {
        Ok(_) => Ok(back_to(&back, address_of, None)),
        Err(failed) => {
            let sheet = Sheet::of(part, &record, pages.app.pack()).after(failed);
            Ok(sheet.page(pages, &posted.visitor).into_response())
        }
    }
}

/// Whether another line takes a line of a ledger back already: pressing twice is not meant as two reversals.
fn is_reversed(record: &RecordView, part: &Part) -> bool {
    let Some((list, key)) = part.name.rsplit_once('/') else { return false };
    let lines = record.fields.get(list).and_then(Value::as_object);
    lines.is_some_and(|lines| lines.values().any(|line| line["reverses"] == key))
}

/// Back to the record's page, where the item that was saved stands.
fn back_to(back: &str, part: &str, saved: Option<&Saved>) -> Response {
    let new = saved.and_then(|saved| saved.new_items.get(&format!("/{part}")));
    let item =
        new.map(ItemId::as_str).or_else(|| part.rsplit('/').next()).filter(|item| item.parse::<ItemId>().is_ok());
    match item {
        Some(item) => see_other(&format!("{back}?saved=1&at={item}#item-{item}")),
        None => see_other(&format!("{back}?saved=1")),
    }
}

/// A patch that holds a value at the end of a path.
fn nested(path: &str, value: Value) -> Value {
    path.rsplit('/').fold(value, |inner, segment| json!({segment: inner}))
}

/// Why what was typed is not saved yet. All of it stays in the form.
pub(super) enum Failed {
    /// It cannot be understood.
    Typed(Vec<Fault>),
    /// Nothing was filled in.
    Empty,
    /// It breaks rules: pointers and codes, with the words for what has no message.
    Refused(Vec<(String, &'static str, &'static str)>),
    /// Somebody else changed the same meanwhile.
    Changed(Vec<Changed>),
    /// The store could not keep it.
    NotSaved,
    /// It is more than one save may hold.
    TooMuch,
    /// The version that the form was made from is not known here.
    UnknownVersion,
}

pub(super) async fn submit(
    pages: &Pages,
    visitor: &Visitor,
    intent: Intent,
    reason: Option<String>,
) -> Result<Result<Saved, Failed>, PageError> {
    let command = Command { person: visitor.name().to_owned(), reason, intent };
    let error = match pages.app.submit(command).await {
        Ok(saved) => return Ok(Ok(saved)),
        Err(SubmitError::Stopped(_)) => return Err(PageError::Stopping),
        Err(SubmitError::Refused(error)) => error,
    };
    Ok(Err(match error {
        CommandError::NotFound => return Err(PageError::NotFound),
        CommandError::Record(RecordError::Invalid(problems)) => {
            Failed::Refused(problems.into_iter().map(|p| (p.pointer, p.code, p.detail)).collect())
        }
        CommandError::Record(RecordError::Changed(changed)) => Failed::Changed(changed),
        CommandError::Record(RecordError::UnknownHeads) => Failed::UnknownVersion,
        CommandError::Record(RecordError::UnknownKind) => return Err(PageError::UnknownKind),
        CommandError::TooMuch(_) => Failed::TooMuch,
        CommandError::NotSaved(_) => Failed::NotSaved,
        error => {
            tracing::error!(%error, "a form could not be saved");
            return Err(PageError::Internal);
        }
    }))
}

/// After a form was saved, the browser asks for the page by itself: reloading it saves nothing twice.
pub(super) fn see_other(address: &str) -> Response {
    Redirect::to(address).into_response()
}
