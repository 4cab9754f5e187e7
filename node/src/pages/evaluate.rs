//! An evaluator's opinion of a request. It stays at this office until every named evaluator has given one; until then
//! nobody reads it, here neither.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use toguna_protocol::{
    engine::{Intent, RecordView},
    ids::RecordId,
    record::{
        Kind, Project,
        evaluation::{self, Opinion, Seal},
        read::typed,
        schema::{Field, Fields},
    },
};

use super::{
    Pages, Shared,
    edit::{Failed, problem, see_other, submit},
    error::PageError,
    form::{self, Given, inputs::Inputs},
    layout,
    record::{address, crumbs, title},
    speech::Speech,
    visitor::{Posted, Visitor},
};

/// Where the labels of an opinion stand.
const PATH: [&str; 4] = ["project", "evaluations", "opening", "opinion"];

fn fields() -> Vec<&'static Field> {
    Opinion::FIELDS.iter().collect()
}

async fn found(pages: &Pages, id: &str) -> Result<RecordView, PageError> {
    let id: RecordId = id.parse().map_err(|_| PageError::NotFound)?;
    let record = pages.app.record(id).await?;
    if record.kind == Kind::Project { Ok(record) } else { Err(PageError::NotFound) }
}

/// An empty form, for the visitor if a request names him.
pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Markup, PageError> {
    if !visitor.may_write() {
        return Err(PageError::ReadOnly);
    }
    let record = found(&pages, &id).await?;
    Ok(page(&pages, &visitor, &record, &Given::default(), &[]))
}

/// Seals an opinion.
pub(super) async fn save(
    State(pages): State<Shared>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    let record = found(&pages, &id).await?;
    let Posted { visitor, given } = posted;
    let speech = visitor.speech(&pages);
    let evaluator = given.text("evaluator").unwrap_or_default().to_owned();
    let opinion = form::patch(&fields(), &given, &Map::new(), pages.app.pack()).unwrap_or_default();
    let told = |id: &str| vec![(String::new(), speech.say(id))];
    let faults = match evaluation::checked_opinion(&Value::Object(opinion)) {
        _ if evaluator.is_empty() => told("evaluate-who"),
        Err(_) => told("evaluate-empty"),
        // Committed to in the form in which it will be published, or the two would not agree.
        Ok(opinion) => match submit(&pages, &visitor, Intent::Evaluate(record.id, evaluator, opinion), None).await? {
            Ok(_) => {
                published(&pages, &visitor, record.id).await?;
                return Ok(see_other(&format!("{}?saved=1", address(Kind::Project, record.id))));
            }
            Err(Failed::Refused(problems)) => {
                problems.into_iter().map(|(pointer, code, detail)| (pointer, problem(speech, code, detail))).collect()
            }
            Err(Failed::NotSaved) => told("not-saved-store"),
            Err(_) => told("not-saved-version"),
        },
    };
    Ok(page(&pages, &visitor, &record, &given, &faults).into_response())
}

/// Waits until the opinions that this office holds back are published, if the last one was just given, so that the page
/// that follows shows them. Each has its turn before what is asked for next, even where that is nothing.
async fn published(pages: &Pages, visitor: &Visitor, id: RecordId) -> Result<(), PageError> {
    let given = names(&pages.app.record(id).await?).len();
    for _ in 0..=given {
        let record = pages.app.record(id).await?;
        let ready = evaluation::ready_to_open(&typed::<Project>(&record.fields));
        let sealed = evaluation::seals(id, &record.fields).into_values().flatten().any(|seal| seal == Seal::Closed);
        if !(ready && sealed) {
            break;
        }
        // Whatever became of that, the opinion itself is saved.
        let _turn = submit(pages, visitor, Intent::Patch(id, record.heads, json!({})), None).await?;
    }
    Ok(())
}

fn page(pages: &Pages, visitor: &Visitor, record: &RecordView, given: &Given, faults: &[(String, String)]) -> Markup {
    let speech = visitor.speech(pages);
    let evaluators = names(record);
    let chosen = given.text("evaluator").unwrap_or(visitor.name());
    let inputs = Inputs { speech, given, faults };
    let heading = speech.say_of("add-one", &[("what", &speech.words.one(speech.lang, &["evaluations"]))]);
    let body = html! {
        (crumbs(speech, Kind::Project, Some((record.id, &title(speech, &record.fields)))))
        h1 { (heading) }
        p { (speech.say("evaluate-explained")) }
        @if !faults.is_empty() {
            div.refused role="alert" { ul { @for (_, why) in faults { li { (why) } } } }
        }
        @if evaluators.is_empty() {
            p { (speech.say("evaluate-nobody")) " " a href=(format!("{}/edit", address(Kind::Project, record.id))) { (speech.say("edit")) } }
        } @else {
            form.record method="post" {
                input type="hidden" name="csrf" value=(visitor.csrf());
                div.field {
                    label for="evaluator" { (speech.label(&["evaluations", "evaluator"])) }
                    select id="evaluator" name="evaluator" required {
                        option value="" { "—" }
                        @for name in &evaluators { option value=(name) selected[name == chosen] { (name) } }
                    }
                }
                @for field in fields() { (inputs.field(field, &PATH, "")) }
                p.verbs {
                    button.button { (speech.say("evaluate-seal")) } " "
                    a href=(address(Kind::Project, record.id)) { (speech.say("cancel")) }
                }
            }
        }
    };
    layout::page(speech, Some(visitor), "/projects", &heading, &body)
}

/// Who is to give an opinion.
fn names(record: &RecordView) -> Vec<String> {
    let names = record.fields.get("evaluators").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// On a project's page: who has given an opinion, and what it says once all may be read.
pub(super) fn opinions(speech: Speech<'_>, record: &RecordView, may_write: bool) -> Markup {
    let evaluators = names(record);
    let seals = evaluation::seals(record.id, &record.fields);
    let seal = |name: &String| seals.get(name).and_then(|seals| seals.first()).copied();
    html! {
        @if record.kind == Kind::Project && !evaluators.is_empty() {
            div.list {
                h3 { (speech.label(&["evaluations"])) }
                ul {
                    @for name in &evaluators {
                        li {
                            (name) " : "
                            @match seal(name) {
                                None => (speech.say("opinion-awaited")),
                                Some(Seal::Closed) => (speech.say("opinion-sealed")),
                                Some(Seal::Broken) => strong { (speech.say("opinion-broken")) },
                                Some(Seal::Opened) => (opened(speech, record, name)),
                            }
                        }
                    }
                }
                @if may_write && evaluators.iter().any(|name| seal(name).is_none()) {
                    p { a href=(format!("{}/evaluate", address(Kind::Project, record.id))) {
                        (speech.say_of("add-one", &[("what", &speech.words.one(speech.lang, &["evaluations"]))]))
                    } }
                }
            }
        }
    }
}

fn opened(speech: Speech<'_>, record: &RecordView, name: &str) -> Markup {
    let items = record.fields.get("evaluations").and_then(Value::as_object);
    let own = |item: &&Value| item.get("evaluator").and_then(Value::as_str) == Some(name);
    let opinion = items.into_iter().flat_map(Map::values).find(own).and_then(|item| item.pointer("/opening/opinion"));
    html! {
        dl.inline {
            @for field in fields() {
                @if let Some(value) = opinion.and_then(|opinion| opinion.get(field.name)) {
                    @let path: Vec<&str> = PATH.iter().copied().chain([field.name]).collect();
                    dt { (speech.label(&path)) }
                    dd { (speech.value(field, &path, value)) }
                }
            }
        }
    }
}
