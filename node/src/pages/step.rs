//! Steps: where a consultation or project stands on its way, a button for each step that the workflow allows now, and for
//! the others what is missing and where it is filled in. What is needed for one step only is asked for beside its button.

mod show;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::Markup;
use serde_json::Value;
use toguna_protocol::{
    engine::{Intent, RecordView},
    ids::RecordId,
    record::{
        Changed, Kind,
        schema::{Field, Shape},
        workflow::{self, Step},
    },
};

pub(super) use self::show::part;
use super::{
    Pages, Shared, drafts,
    edit::{Failed, see_other, submit, version_of},
    error::PageError,
    form::{self, Fault, Given},
    record::{self, address, kind_of},
    visitor::Posted,
};

/// What a record's page shows of its steps.
pub(super) struct Standing {
    way: Vec<&'static str>,
    steps: Vec<Step>,
    /// Those that the record may have at all.
    statuses: Vec<&'static str>,
    /// By what the form is known when it is sent again.
    mark: Markup,
    refused: Option<Refused>,
}

/// A step that was not carried out, and what was typed with it.
pub(super) struct Refused {
    why: Vec<Why>,
    given: Given,
}

/// Why a step was not carried out.
enum Why {
    /// The workflow or the record does not allow it: code, and the engine's own words for it.
    Code(String, &'static str),
    /// Something that was typed cannot be understood.
    Typed(Fault),
    /// Somebody else changed the same meanwhile.
    Changed(Changed),
    /// A message of its own.
    Told(&'static str),
}

/// What a step asks for beside its button.
struct Ask {
    field: &'static str,
    /// Without it the step is refused for this.
    code: &'static str,
    when: When,
}

/// At which of the steps to a status its field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// At each, and nothing that was said before serves.
    Anew,
    /// At each; what was said before stands there.
    Always,
    /// Where it is missing.
    Missing,
}

/// The field that is asked for at a step to this status.
fn ask(kind: Kind, to: &str) -> Option<Ask> {
    let ask = |field, code, when| Some(Ask { field, code, when });
    match (kind, to) {
        (Kind::Project, "returned") => ask("returned_missing", "missing-parts-not-stated", When::Always),
        (Kind::Project, "agreed") => ask("agreement_signed_date", "agreement-not-signed", When::Missing),
        (Kind::Project, "suspended" | "abandoned") => ask("status_reason", "step-without-reason", When::Anew),
        _ => None,
    }
}

fn field(kind: Kind, name: &str) -> Option<&'static Field> {
    kind.schema().fields().find(|field| field.name == name)
}

/// The keys of a kind's statuses, in their order; none where it has no workflow.
fn statuses(kind: Kind) -> &'static [&'static str] {
    match field(kind, "status").map(|field| field.shape) {
        Some(Shape::Choice(keys)) => keys,
        _ => &[],
    }
}

impl Standing {
    /// Where a record stands, and why it does not stand elsewhere if somebody has just tried.
    pub(super) fn of(pages: &Pages, record: &RecordView, refused: Option<Refused>) -> Result<Self, PageError> {
        let given = refused.as_ref().map(|refused| refused.given.clone()).unwrap_or_default();
        Ok(Standing {
            way: workflow::way(record.kind, &record.fields),
            steps: workflow::steps(record.id, record.kind, &record.fields, &pages.vocabulary),
            statuses: workflow::statuses(record.kind, &record.fields),
            mark: drafts::mark(&given)?,
            refused,
        })
    }
}

/// The address of the form; whoever asks for it is shown the record.
pub(super) async fn back(Path((kinds, id)): Path<(String, String)>) -> Result<Response, PageError> {
    let (kind, id): (_, RecordId) = (kind_of(&kinds)?, id.parse().map_err(|_| PageError::NotFound)?);
    Ok(see_other(&address(kind, id)))
}

/// Goes a step on, or back.
pub(super) async fn save(
    State(pages): State<Shared>,
    Path((kinds, id)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let kind = kind_of(&kinds)?;
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let Posted { visitor, mut given } = posted;
    let now = pages.app.record(id).await?;
    let to = statuses(kind).iter().find(|key| Some(**key) == given.text("to"));
    let (true, Some(to)) = (now.kind == kind, to) else { return Err(PageError::NotFound) };
    let base = version_of(&given)?;
    let seen = base.clone();
    let read = pages.app.ask(move |engine| engine.record_seen(id, seen)).await??;
    let asked = ask(kind, to);
    let filled = |given: &Given, name: &str| given.text(name).is_some_and(|text| !text.trim().is_empty());
    // The form that has every status has one input for a reason.
    if let Some(ask) = asked.as_ref().filter(|ask| ask.when == When::Anew && !filled(&given, ask.field)) {
        let reason = given.text("reason").unwrap_or_default().to_owned();
        given.put(ask.field, reason);
    }
    let fields: Vec<&'static Field> = asked.iter().filter_map(|ask| field(kind, ask.field)).collect();
    let why = match form::patch(&fields, &given, &read.fields, pages.app.pack()) {
        Err(faults) => faults.into_iter().map(Why::Typed).collect(),
        Ok(mut patch) => {
            // A step says something, and takes nothing back that was said.
            patch.retain(|_, value| !value.is_null());
            match asked.filter(|ask| ask.when == When::Anew && !filled(&given, ask.field)) {
                Some(ask) => {
                    // A reason is no use where the workflow refuses the step all the same.
                    let codes = workflow::refused(id, kind, &now.fields, to, &pages.vocabulary);
                    let codes = if codes.is_empty() { vec![ask.code] } else { codes };
                    codes.into_iter().map(|code| Why::Code(code.to_owned(), "")).collect()
                }
                None => {
                    patch.insert("status".to_owned(), Value::String((*to).to_owned()));
                    let intent = Intent::Patch(id, base, Value::Object(patch));
                    let intent = drafts::once(&visitor, &format!("{}/step", address(kind, id)), &given, intent);
                    let because = given.text("reason").map(str::trim).filter(|reason| !reason.is_empty());
                    match submit(&pages, &visitor, intent, because.map(str::to_owned)).await? {
                        Ok(_) => return Ok(see_other(&format!("{}?saved=1", address(kind, id)))),
                        Err(failed) => why(failed),
                    }
                }
            }
        }
    };
    let refused = Refused { why, given };
    Ok(record::page(&pages, &visitor, (kind, id), record::Shown::default(), Some(refused)).await?.into_response())
}

fn why(failed: Failed) -> Vec<Why> {
    match failed {
        Failed::Refused(problems) => {
            problems.into_iter().map(|(_, code, detail)| Why::Code(code.to_owned(), detail)).collect()
        }
        Failed::Changed(changed) => changed.into_iter().map(Why::Changed).collect(),
        Failed::Typed(faults) => faults.into_iter().map(Why::Typed).collect(),
        Failed::Empty => vec![Why::Told("not-saved-empty")],
        Failed::NotSaved => vec![Why::Told("not-saved-store")],
        Failed::TooMuch => vec![Why::Told("not-saved-too-much")],
        Failed::UnknownVersion => vec![Why::Told("not-saved-version")],
    }
}
