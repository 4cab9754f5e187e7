//! An earlier value of a field, or one that was not kept: shown beside what stands there now, and taken up again with a
//! reason. That is a change like any other: nothing is lost, and what somebody else saved meanwhile is told.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use toguna_protocol::{
    engine::{Engine, Intent, Office, QueryError, RecordView, rows::Stamp},
    ids::{EntryHash, ItemId, RecordId},
    record::{
        Kind,
        schema::{Field, Shape},
    },
};

use super::{address, crumbs, history::value, kind_of, plural, show::label_of, stamped, title};
use crate::pages::{
    Pages, Shared,
    edit::{Failed, problem, see_other, submit, version_of, version_text},
    error::PageError,
    layout,
    speech::Speech,
    visitor::{Posted, Visitor},
};

/// Before or after an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

impl Side {
    fn key(self) -> &'static str {
        match self {
            Side::Before => "before",
            Side::After => "after",
        }
    }

    fn of(key: &str) -> Option<Side> {
        [Side::Before, Side::After].into_iter().find(|side| side.key() == key)
    }
}

/// Where a value is taken up again.
pub(super) fn address_of(record: &RecordView, entry: EntryHash, side: Side, pointer: &str) -> String {
    format!("{}/earlier/{entry}/{}{pointer}", address(record.kind, record.id), side.key())
}

/// Whether a value of a field can take the place of what stands there now.
pub(super) fn can_return(record: &RecordView, pointer: &str, value: &Value) -> bool {
    value_at(&record.fields, pointer) != *value && patch_of(record.kind, &record.fields, pointer, value).is_some()
}

/// What stands at a pointer; null for nothing. An item that is not withdrawn says nothing of it, which reads as "no".
fn value_at(fields: &Map<String, Value>, pointer: &str) -> Value {
    let mut segments = pointer.split('/').skip(1);
    let found = segments.next().and_then(|first| fields.get(first));
    let found = segments.try_fold(found, |value, segment| value.map(|value| value.get(segment))).flatten();
    match found {
        None if pointer.ends_with("/withdrawn") => Value::Bool(false),
        found => found.cloned().unwrap_or(Value::Null),
    }
}

/// The change that puts a value at a pointer; `None` where none may: in a line of a ledger, which is reversed and never
/// edited, in a sealed opinion, for an item as a whole, and for no title.
fn patch_of(kind: Kind, now: &Map<String, Value>, pointer: &str, value: &Value) -> Option<Value> {
    let segments: Vec<&str> = pointer.strip_prefix('/')?.split('/').collect();
    let mut fields: Vec<&'static Field> = kind.schema().fields().collect();
    let mut at = 0;
    let mut within = Some(now);
    let inner = loop {
        let name = *segments.get(at)?;
        let last = at + 1 == segments.len();
        if at > 0 && last && name == "withdrawn" {
            break json!({"withdrawn": value});
        }
        let field = *fields.iter().find(|field| field.name == name)?;
        match field.shape {
            Shape::Items(inner) if field.name != "evaluations" => {
                let id = *segments.get(at + 1)?;
                // What is not there any more, or was never, cannot be edited.
                let item = within?.get(name)?.get(id)?.as_object()?;
                id.parse::<ItemId>().ok()?;
                (within, fields) = (Some(item), inner.iter().collect());
                at += 2;
            }
            Shape::Sheet(..) if at + 2 == segments.len() => break json!({name: {segments[at + 1]: value}}),
            Shape::Items(_) | Shape::Ledger(_) | Shape::Sheet(..) | Shape::Sealed(_) | Shape::Restricted => {
                return None;
            }
            _ if !last || (pointer == "/title" && value.is_null()) => return None,
            _ => break json!({name: value}),
        }
    };
    Some(segments[..at].iter().rev().fold(inner, |inner, segment| json!({*segment: inner})))
}

/// All that the page shows.
struct Page {
    record: RecordView,
    offices: Vec<Office>,
    pointer: String,
    side: Side,
    /// The change that the value was entered by, or that took its place.
    stamp: Stamp,
    value: Value,
    reason: String,
    /// Why it is not saved yet.
    refused: Vec<String>,
}

type Names = (String, String, String, String, String);

pub(in crate::pages) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(names): Path<Names>,
) -> Result<Response, PageError> {
    if !visitor.may_write() {
        return Err(PageError::ReadOnly);
    }
    match found(&pages, &names).await? {
        Ok(page) => Ok(page.page(visitor.speech(&pages), &visitor).into_response()),
        Err(elsewhere) => Ok(see_other(&elsewhere)),
    }
}

/// The value that an address names, and what stands there now. Where to go instead: where values diverge they are settled,
/// and what stands there already is not taken up.
async fn found(pages: &Pages, (kinds, id, entry, side, pointer): &Names) -> Result<Result<Page, String>, PageError> {
    let kind = kind_of(kinds)?;
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let entry: EntryHash = entry.parse().map_err(|_| PageError::NotFound)?;
    let side = Side::of(side).ok_or(PageError::NotFound)?;
    let asked = move |engine: &mut Engine<_>| {
        let after = engine.record_at(id, entry)?;
        let stamp = after.updated.clone();
        let then = if side == Side::Before { engine.record_before(id, entry)? } else { after };
        Ok::<_, QueryError>((engine.record(id)?, then, stamp, engine.offices()))
    };
    let (record, then, stamp, offices) = pages.app.ask(asked).await??;
    if record.kind != kind {
        return Err(PageError::NotFound);
    }
    let pointer = format!("/{pointer}");
    if record.concurrent.iter().any(|field| field.field == pointer) {
        return Ok(Err(format!("{}/settle{pointer}", address(kind, id))));
    }
    let value = value_at(&then.fields, &pointer);
    patch_of(kind, &record.fields, &pointer, &value).ok_or(PageError::NotFound)?;
    if value_at(&record.fields, &pointer) == value {
        return Ok(Err(address(kind, id)));
    }
    Ok(Ok(Page { record, offices, pointer, side, stamp, value, reason: String::new(), refused: Vec::new() }))
}

/// Puts the value in the place of what stands there now.
pub(in crate::pages) async fn save(
    State(pages): State<Shared>,
    Path(names): Path<Names>,
    posted: Posted,
) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let mut page = match found(&pages, &names).await? {
        Ok(page) => page,
        Err(elsewhere) => return Ok(see_other(&elsewhere)),
    };
    let speech = visitor.speech(&pages);
    let base = version_of(&given)?;
    page.reason = given.text("reason").unwrap_or_default().trim().to_owned();
    let (kind, id) = (page.record.kind, page.record.id);
    if page.reason.is_empty() {
        page.refused = vec![speech.say("earlier-why")];
        return Ok(page.page(speech, &visitor).into_response());
    }
    let patch = patch_of(kind, &page.record.fields, &page.pointer, &page.value).ok_or(PageError::NotFound)?;
    let reason = Some(page.reason.clone());
    page.refused = match submit(&pages, &visitor, Intent::Patch(id, base, patch), reason).await? {
        Ok(_) => return Ok(see_other(&format!("{}?saved=1", address(kind, id)))),
        Err(Failed::Changed(_)) => vec![speech.say("earlier-changed")],
        Err(Failed::Refused(problems)) => {
            problems.iter().map(|(_, code, detail)| problem(speech, code, detail)).collect()
        }
        Err(Failed::NotSaved) => vec![speech.say("not-saved-store")],
        Err(Failed::TooMuch) => vec![speech.say("not-saved-too-much")],
        Err(Failed::UnknownVersion) => vec![speech.say("not-saved-version")],
        Err(Failed::Typed(_) | Failed::Empty) => return Err(PageError::Internal),
    };
    Ok(page.page(speech, &visitor).into_response())
}

impl Page {
    fn page(&self, speech: Speech<'_>, visitor: &Visitor) -> Markup {
        let (kind, id) = (self.record.kind, self.record.id);
        let heading = speech.say("earlier-title");
        let now = value_at(&self.record.fields, &self.pointer);
        let from = speech.say_of(
            &format!("earlier-{}", self.side.key()),
            &[("stamp", &stamped(speech, &self.offices, &self.stamp))],
        );
        let body = html! {
            (crumbs(speech, kind, Some((id, &title(speech, &self.record.fields)))))
            h1 { (heading) " : " (label_of(speech, kind, &self.pointer)) }
            @if !self.refused.is_empty() {
                div.refused role="alert" { @for why in &self.refused { p { (why) } } }
            }
            dl {
                dt { (speech.say("value-there-now")) }
                dd { (value(speech, kind, &self.pointer, &now)) }
                dt { (speech.say("value-to-return")) }
                dd { (value(speech, kind, &self.pointer, &self.value)) " " span.aside { "· " (from) } }
            }
            form.record method="post" {
                input type="hidden" name="csrf" value=(visitor.csrf());
                input type="hidden" name="base" value=(version_text(&self.record.heads));
                div.field {
                    label for="reason" { (speech.say("because-label")) }
                    input id="reason" name="reason" maxlength="500" required value=(self.reason);
                }
                p.verbs {
                    button.button { (speech.say("return-value")) } " "
                    a href=(address(kind, id)) { (speech.say("cancel")) }
                }
            }
        };
        layout::page(speech, Some(visitor), &format!("/{}", plural(kind)), &heading, &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_put_back_wherever_fields_are_edited_and_nowhere_else() {
        let id = "abcdefghij-4-0";
        let now = json!({
            "alerts": {id: {"level": "watch", "responses": {id: {"by": "x"}}}},
            "contributions": {id: {}}, "evaluations": {id: {}},
        });
        let now = now.as_object().unwrap();
        for (kind, pointer, value, patch) in [
            (Kind::Conflict, "/phase", json!({"is": "open"}), Some(json!({"phase": {"is": "open"}}))),
            (Kind::Conflict, "/title", json!("a"), Some(json!({"title": "a"}))),
            (Kind::Conflict, "/title", Value::Null, None),
            (Kind::Conflict, "/narrative", Value::Null, Some(json!({"narrative": null}))),
            (Kind::Conflict, "/regions", json!(["ML-7"]), Some(json!({"regions": ["ML-7"]}))),
            (
                Kind::Conflict,
                &format!("/alerts/{id}/level"),
                json!("alert"),
                Some(json!({"alerts": {id: {"level": "alert"}}})),
            ),
            (
                Kind::Conflict,
                &format!("/alerts/{id}/responses/{id}/by"),
                Value::Null,
                Some(json!({"alerts": {id: {"responses": {id: {"by": null}}}}})),
            ),
            (
                Kind::Conflict,
                &format!("/alerts/{id}/withdrawn"),
                json!(false),
                Some(json!({"alerts": {id: {"withdrawn": false}}})),
            ),
            (Kind::Conflict, &format!("/alerts/{id}"), json!({}), None),
            (Kind::Conflict, "/alerts/bbbbbbbbbb-1-1/level", json!("alert"), None),
            (Kind::Conflict, "/nowhere", json!(1), None),
            (Kind::Conflict, "/withdrawn", json!(true), None),
            (Kind::Conflict, "/phase/is", json!("open"), None),
            (Kind::Conflict, "phase", json!(1), None),
            (Kind::Conflict, "/resource_persons", json!("x"), None),
            (Kind::Project, &format!("/contributions/{id}/note"), json!("x"), None),
            (Kind::Project, &format!("/evaluations/{id}/evaluator"), json!("x"), None),
            (
                Kind::Project,
                "/eligibility/local",
                json!({"met": true}),
                Some(json!({"eligibility": {"local": {"met": true}}})),
            ),
            (Kind::Project, "/eligibility", json!({}), None),
        ] {
            assert_eq!(patch_of(kind, now, pointer, &value), patch, "{pointer}");
        }
        assert_eq!(value_at(now, &format!("/alerts/{id}/level")), json!("watch"));
        assert_eq!(value_at(now, &format!("/alerts/{id}/withdrawn")), json!(false));
        assert_eq!(value_at(now, "/nowhere/at/all"), Value::Null);
    }
}
